//! Inline content: text, pictures, links and marks.
#![expect(clippy::wildcard_enum_match_arm, reason = "most kinds of nodes do not matter here")]

use std::borrow::Cow;
use std::ops::Range;

use comrak::Node;
use comrak::nodes::{NodeLink, NodeMath, NodeValue};

use super::leftovers::{self, Raw};
use super::marks::{is_index, is_inside_word, is_single};
use super::prose::{self, Picture, Piece};
use super::writer::{Inside, Writer, escape, formula, is_alert, is_contents};
use super::{FieldError, tags};
use crate::inbox::html::hidden;
use crate::l10n::t;
use crate::yaml;
use crate::yaml::diagnostic::{Location, quote};

impl Writer<'_, '_> {
    /// Writes the beginning of a node.
    pub(super) fn inline<'a>(&mut self, node: Node<'a>) -> Inside {
        let ast = node.data();
        let location = self.location(node);
        match &ast.value {
            NodeValue::Text(text) => self.words(node, text, location),
            NodeValue::SoftBreak => self.soft_break(node, location),
            NodeValue::LineBreak => self.open("<br>"),
            NodeValue::Code(code) => {
                self.open("<code>");
                self.escaped(&code.literal);
                self.push("</code>");
            }
            NodeValue::HtmlInline(html) => {
                self.mark(location);
                self.push(html);
            }
            NodeValue::Emph => self.push("<em>"),
            NodeValue::Strong => self.push("<strong>"),
            NodeValue::Strikethrough => {
                let is_single = is_single(node);
                if is_single && is_index(node) {
                    let shown = quote(self.text.at(location));
                    self.tell(location, t!("inbox-shown-stands", shown = %shown));
                }
                self.push(if is_single { "~" } else { "<del>" });
            }
            NodeValue::Highlight => {
                let tag = if is_inside_word(node) { "==" } else { "<mark>" };
                self.push(tag);
            }
            NodeValue::Link(link) => self.link(link, location),
            NodeValue::Image(link) => {
                self.image(node, link, location);
                return Inside::Skipped;
            }
            NodeValue::FootnoteReference(reference) => {
                let mark = format!("<sup>[{}]</sup>", reference.ix);
                self.written.accounted.push_str(&reference.name);
                self.push(&mark);
            }
            NodeValue::Math(math) => self.math(math, location),
            NodeValue::Escaped => {}
            NodeValue::CommentInline(comment) => self.comment(&comment.literal, location),
            _ => self.wrong(location, t!("inbox-cannot-shown"), t!("inbox-write-otherwise")),
        }
        Inside::Written
    }

    /// Writes a text of one line.
    fn words<'a>(&mut self, node: Node<'a>, text: &str, location: Location) {
        let mut text = text;
        // After a paragraph's last line there is nothing to break.
        if let Some(rest) = text.strip_suffix('\\')
            && node.next_sibling().is_none()
            && rest.chars().last().is_some_and(|c| c == ' ' || !c.is_ascii())
        {
            text = rest.trim_end();
        }
        if let Some((rest, name)) = heading_name(node, text) {
            self.written.accounted.push_str(name);
            self.tell(location, t!("inbox-name-headline-taken-out", name = %quote(name)));
            text = rest;
        }
        let mut location = location;
        if let Some(before) = node.previous_sibling()
            && matches!(before.data().value, NodeValue::Image(_))
            && let Some((length, _, says_more)) = prose::attributes(text)
        {
            self.attributes(&text[..length], says_more, location);
            text = &text[length..];
            location.start = (location.start + length).min(location.end);
        }
        if is_line_start(node) && text.starts_with('#') && !text.trim_end().ends_with('#') {
            let message = t!("inbox-shown-headline-space-behind");
            self.tell(location, message);
        }
        if is_line_start(node) {
            self.line_start(node, location);
        }
        let is_escaped =
            node.parent().is_some_and(|parent| matches!(parent.data().value, NodeValue::Escaped));
        let mut skip = 0;
        let without = self.refuse_hidden(text, location);
        let text = &*without;
        for piece in prose::pieces(text) {
            let here =
                |range: &Range<usize>| within(self.text.at(location) == text, location, range);
            match piece {
                Piece::Text(range) => {
                    let range = range.start.max(skip)..range.end.max(skip);
                    // What has an escape is meant as text.
                    if !is_escaped {
                        self.raw(text, range.clone(), location);
                    }
                    self.escaped(&text[range]);
                }
                Piece::Picture(picture, range) => {
                    let location = here(&range);
                    let mut size = picture.size.clone();
                    if let Some((length, found, says_more)) = prose::attributes(&text[range.end..])
                    {
                        self.attributes(&text[range.end..range.end + length], says_more, location);
                        skip = range.end + length;
                        size = found.or(size);
                    }
                    self.picture(&Picture { size, ..picture }, location);
                }
                Piece::FieldError(range, message, help) => {
                    self.wrong(here(&range), message, help);
                }
            }
        }
    }

    /// Refuses characters that no text may have, and returns the text without them: they need not be
    /// found again in the HTML.
    fn refuse_hidden<'t>(&mut self, text: &'t str, location: Location) -> Cow<'t, str> {
        let mut found = hidden::find(self.text.at(location));
        found.retain(|(_, c)| text.contains([*c, char::REPLACEMENT_CHARACTER]));
        if found.is_empty() {
            return text.into();
        }
        for (range, c) in found {
            let (message, help) = hidden::message(c);
            self.wrong(within(true, location, &range), message, help);
        }
        text.chars().filter(|c| !yaml::is_refused(*c)).collect()
    }

    /// Checks the beginning of a paragraph's line for the mark of a block that stayed raw.
    fn line_start<'a>(&mut self, node: Node<'a>, location: Location) {
        let source = self.text.source.get(location.start..).unwrap_or_default();
        let line = source.lines().next().unwrap_or_default().trim_end();
        let is_in = |location: Location| Location { end: location.start + line.len(), ..location };
        let quoted = node.ancestors().nth(2).is_some_and(|around| {
            matches!(around.data().value, NodeValue::BlockQuote)
                && node.previous_sibling().is_none()
        });
        if quoted && let Some(name) = box_name(line) {
            let message = t!("inbox-no-box-words-stand-behind", name = %quote(name));
            return self.wrong(is_in(location), message, t!("inbox-put-words-next-line"));
        }
        let contents = is_contents(line).then_some((0..line.len(), Raw::Shown));
        match contents.or_else(|| leftovers::block(line)) {
            Some((_, Raw::Invalid((message, help)))) => {
                self.wrong(is_in(location), message(), help());
            }
            Some((found, Raw::Shown)) if &line[found.clone()] == "|" => {
                self.tell(location, t!("inbox-shown-stands-table-below-first"));
            }
            Some((found, Raw::Shown)) => {
                self.tell(location, t!("inbox-shown-stands", shown = %quote(&line[found])));
            }
            None => {}
        }
    }

    /// Checks a part of a text for marks that stayed raw.
    fn raw(&mut self, text: &str, range: Range<usize>, location: Location) {
        let is_exact = self.text.at(location).ends_with(text);
        let start = location.end.saturating_sub(text.len()).max(location.start);
        let location = if is_exact { Location { start, end: location.end } } else { location };
        let part = &text[range.clone()];
        // What is written as `&lt;` is meant as text.
        let is_written = |(found, _): &(Range<usize>, Raw)| {
            self.text.at(location).contains(&part[found.clone()])
        };
        let tags = tags::raw(part).into_iter().filter(is_written);
        for (found, raw) in leftovers::raw(part).into_iter().chain(tags).collect::<Vec<_>>() {
            let shown = quote(&part[found.clone()]);
            let is_backquote = part[found.clone()].starts_with('`');
            let found = found.start + range.start..found.end + range.start;
            let here = within(is_exact, location, &found);
            match raw {
                Raw::Invalid((message, help)) => self.wrong(here, message(), help()),
                Raw::Shown if is_backquote => {
                    self.tell(here, t!("inbox-backquote-shown-stands-code-ends"));
                }
                Raw::Shown => self.tell(here, t!("inbox-shown-stands", shown = %shown)),
            }
        }
    }

    fn attributes(&mut self, text: &str, says_more: bool, location: Location) {
        self.written.accounted.push_str(text);
        if says_more {
            self.tell(location, t!("inbox-only-width-height-used", text = %quote(text)));
        }
    }

    fn soft_break<'a>(&mut self, node: Node<'a>, location: Location) {
        let after = node.next_sibling().and_then(first_character);
        let begins_point = node.next_sibling().is_some_and(begins_point);
        if !prose::joins(self.last, after) {
            self.push(" ");
        }
        if begins_point || [self.last, after].iter().flatten().any(|c| prose::is_wide(*c)) {
            self.joined.push(location);
        }
        if begins_point {
            let next = || node.next_sibling().map(|next| self.location(next));
            self.point = self.point.or_else(next);
        }
    }

    fn link(&mut self, link: &NodeLink, location: Location) {
        self.mark(location);
        let title = if link.title.is_empty() {
            String::new()
        } else {
            format!(" title=\"{}\"", escape(&link.title))
        };
        self.push(&format!("<a href=\"{}\"{title}>", escape(&link.url)));
    }

    fn image<'a>(&mut self, node: Node<'a>, link: &NodeLink, location: Location) {
        let mut alt = String::new();
        for inner in node.descendants().skip(1) {
            match &inner.data().value {
                NodeValue::Text(text) => alt.push_str(text),
                NodeValue::Code(code) => alt.push_str(&code.literal),
                NodeValue::Image(_) => {
                    let help = t!("inbox-give-each-picture-own-words");
                    self.wrong(location, t!("inbox-picture-cannot-stand-another-words"), help);
                }
                _ => {}
            }
        }
        let (alt, mut size) = prose::alt_and_size(&alt);
        if let Some(next) = node.next_sibling()
            && let NodeValue::Text(text) = &next.data().value
            && let Some((_, found, _)) = prose::attributes(text)
        {
            size = found.or(size);
        }
        self.picture(&Picture { name: &link.url, alt, title: &link.title, size }, location);
    }

    fn picture(&mut self, picture: &Picture<'_>, location: Location) {
        self.mark(location);
        let mut tag =
            format!("<img src=\"{}\" alt=\"{}\"", escape(picture.name), escape(picture.alt));
        let Picture { size, title, .. } = picture;
        let title = Some((*title).to_owned()).filter(|title| !title.is_empty());
        for (key, value) in [("title", &title), ("width", &size.width), ("height", &size.height)] {
            if let Some(value) = value {
                tag.extend([" ", key, "=\"", &escape(value), "\""]);
            }
        }
        tag.push('>');
        self.push(&tag);
        self.last = None;
    }

    /// Refuses a formula; what is between two prices is none.
    fn math(&mut self, math: &NodeMath, location: Location) {
        let is_text = math.dollar_math
            && !math.display_math
            && math.literal.chars().any(prose::is_wide)
            && !math.literal.contains(['\\', '^', '_', '=']);
        if is_text {
            let text = format!("${}$", math.literal.replace(['\r', '\n'], " "));
            self.raw(&text, 0..text.len(), location);
            return self.escaped(&text);
        }
        let location = self.first_line(location);
        self.written.out.problems.push(FieldError { location, ..formula() });
    }

    pub(super) fn comment(&mut self, comment: &str, location: Location) {
        self.written.accounted.push_str(comment);
        let words = comment.split_whitespace().collect::<Vec<_>>().join(" ");
        self.tell(location, t!("inbox-comment-taken-out", comment = %quote(&words)));
    }
}

/// Returns a part of a location if the location has exactly the text, otherwise all of it.
fn within(is_exact: bool, location: Location, range: &Range<usize>) -> Location {
    if is_exact {
        Location { start: location.start + range.start, end: location.start + range.end }
    } else {
        location
    }
}

/// Returns a headline's text without the name after it (`{#name}`), and that name.
fn heading_name<'t>(node: Node<'_>, text: &'t str) -> Option<(&'t str, &'t str)> {
    let is_last = node.next_sibling().is_none();
    let is_heading =
        node.parent().is_some_and(|parent| matches!(parent.data().value, NodeValue::Heading(_)));
    let start = text.rfind("{#").filter(|_| is_last && is_heading && text.ends_with('}'))?;
    Some((text[..start].trim_end(), &text[start..]))
}

/// Returns whether a text begins a line of a paragraph.
fn is_line_start(node: Node<'_>) -> bool {
    let is_in_paragraph =
        node.parent().is_some_and(|parent| matches!(parent.data().value, NodeValue::Paragraph));
    is_in_paragraph
        && node.previous_sibling().is_none_or(|before| {
            matches!(before.data().value, NodeValue::SoftBreak | NodeValue::LineBreak)
        })
}

/// Returns whether a node begins a line that is one of several: a number, a bullet or an emoji.
fn begins_point(node: Node<'_>) -> bool {
    let first = node.descendants().find_map(|inner| match &inner.data().value {
        NodeValue::Text(text) => Some(prose::begins_point(text)),
        _ => None,
    });
    first.unwrap_or_default()
}

/// Returns the name of the box that a line begins with, if words come after it.
fn box_name(line: &str) -> Option<&str> {
    let end = line.strip_prefix("[!")?.find(']')? + 3;
    let is_box = is_alert(&line[2..end - 1].to_lowercase());
    (is_box && end < line.len()).then_some(&line[..end])
}

/// Returns the first character that a node shows.
fn first_character(node: Node<'_>) -> Option<char> {
    node.descendants().find_map(|inner| match &inner.data().value {
        NodeValue::Text(text) => text.chars().next(),
        NodeValue::Code(code) => code.literal.chars().next(),
        _ => None,
    })
}
