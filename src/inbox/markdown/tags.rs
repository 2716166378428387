//! HTML tags that begin in Markdown and do not end.
//!
//! A browser takes the text after an open comment, tag or quote for a part of it, and Markdown
//! shows what it cannot read as a tag. Neither is what was written, so it is refused at the
//! location where it opens.

use std::ops::Range;

use super::leftovers::{Fault, Raw};
use super::prose;
use crate::inbox::html;
use crate::l10n::{Sentence, t};

/// The marks that begin and end a part of HTML, whatever is in it.
const SECTIONS: [(&str, &str, Fault); 3] = [
    (
        "<!--",
        "-->",
        (|| t!("inbox-comment-not-closed"), || t!("inbox-close-inside-other-html-before")),
    ),
    (
        "<![CDATA[",
        "]]>",
        (|| t!("inbox-cdata-section-not-closed"), || t!("inbox-close-text-write-lt-cdata")),
    ),
    ("<?", "?>", (|| t!("inbox-not-closed"), || t!("inbox-close-text-write-lt"))),
];
const DECLARATION: Fault = (|| t!("inbox-not-closed-2"), || t!("inbox-take-out-article-no-such"));
const TAG_HELP: Sentence = || t!("inbox-close-quotes-end-tag-text");
const TAG: Fault = (|| t!("inbox-tag-not-closed"), TAG_HELP);
const MISSPELT: Fault = (|| t!("inbox-tag-misspelt"), || t!("inbox-put-values-quotes-close-them"));
const QUOTE: Fault = (|| t!("inbox-quote-not-closed"), TAG_HELP);

/// Returns where something begins in a block of HTML that does not end in it.
pub(super) fn unclosed(html: &str) -> Option<(usize, Fault)> {
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        at += found;
        match length(&html[at..]) {
            Ok(length) => at += length,
            Err(fault) => return Some((at, fault)),
        }
    }
    None
}

/// Returns the length of what a `<` begins.
fn length(html: &str) -> Result<usize, Fault> {
    for (open, close, fault) in SECTIONS {
        if html.starts_with(open) {
            // `<!-->` is complete.
            return html[2..].find(close).map(|end| 2 + end + close.len()).ok_or(fault);
        }
    }
    let is_letter = |c: char| c.is_ascii_alphabetic();
    if html[1..].strip_prefix('!').is_some_and(|rest| rest.starts_with(is_letter)) {
        let end = html[1..].find(|c| matches!(c, '<' | '>') || prose::is_wide(c));
        let end = end.map(|end| end + 1).filter(|end| html[*end..].starts_with('>'));
        return end.map(|end| end + 1).ok_or(DECLARATION);
    }
    if !html[1..].trim_start_matches('/').starts_with(is_letter) {
        return Ok(1);
    }
    let (mut quote, mut before) = (None, '<');
    for (at, c) in html.char_indices().skip(1) {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '>') => return Ok(at + 1),
            (None, '<') => return Err(TAG),
            (None, '"' | '\'') if before == '=' => quote = Some(c),
            (None, _) => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    Err(if quote.is_some() { QUOTE } else { TAG })
}

/// Finds what begins like HTML in a text that is shown as it is written.
pub(super) fn raw(text: &str) -> Vec<(Range<usize>, Raw)> {
    let found = |(at, _): (usize, &str)| {
        let (length, raw) = beginning(&text[at..])?;
        Some((at..at + length, raw))
    };
    text.match_indices('<').filter_map(found).collect()
}

fn beginning(text: &str) -> Option<(usize, Raw)> {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    for (open, _, fault) in SECTIONS {
        if let Some(rest) = text.strip_prefix(open) {
            let is_meant = open != "<?" || rest.starts_with(is_letter);
            return is_meant.then_some((open.len(), Raw::Invalid(fault)));
        }
    }
    if text.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
        return Some((9, Raw::Invalid(DECLARATION)));
    }
    let start = if text.starts_with("</") { 2 } else { 1 };
    let inside = &text[start..];
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name = &inside[..inside.find(|c| !is_name(c)).unwrap_or(inside.len())];
    let rest = &inside[name.len()..];
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || "/>".contains(c));
    if !ends || !html::is_tag(&name.to_ascii_lowercase()) {
        return None;
    }
    let attribute = rest.trim_start().trim_start_matches(|c| is_name(c) || c == ':');
    let has_attribute = attribute.trim_start().starts_with('=')
        && rest.starts_with(char::is_whitespace)
        && rest.trim_start().starts_with(is_letter);
    // `a <b` compares two letters.
    let is_meant = start == 2 || name.len() > 1 || has_attribute;
    Some((start + name.len(), if is_meant { Raw::Invalid(MISSPELT) } else { Raw::Shown }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_found_where_it_begins() {
        for (html, expected) in [
            ("<p>春</p>\n<!-- 天", Some(11)),
            ("<![CDATA[ x", Some(0)),
            ("<?php 春 >", Some(0)),
            ("<!DOCTYPE x\n春\n<p>", Some(0)),
            ("<p class=\"a>春</p>", Some(0)),
            ("<p>a<b 好</p>", Some(4)),
            ("<p\n春\n", Some(0)),
            ("</p", Some(0)),
            ("<!DOCTYPE html>\n<p title='a>b'>5 < 6</p><br/><!-- < --><!-->", None),
            ("<p\n  class=a\n>x</p>", None),
        ] {
            assert_eq!(unclosed(html).map(|(at, _)| at), expected, "{html}");
        }
    }

    #[test]
    fn a_comparison_is_no_tag() {
        for text in ["a < b", "5 <6", "a<b", "a<bc", "a<-b", "List<int, p>", "<春>", "<https://x"]
        {
            let wrong = raw(text).into_iter().any(|(_, raw)| raw != Raw::Shown);
            assert!(!wrong, "{text}");
        }
    }
}
