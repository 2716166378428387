//! Syntax of other editors inside plain text: pictures and formulas.

use std::ops::Range;

use crate::l10n::{Sentence, t};

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Text(Range<usize>),
    Picture(Picture<'t>, Range<usize>),
    FieldError(Range<usize>, String, String),
}

/// A picture and the fields of its syntax.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture<'t> {
    pub(super) name: &'t str,
    pub(super) alt: &'t str,
    pub(super) title: &'t str,
    pub(super) size: Size,
}

/// Width and height, as attributes have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: Option<String>,
    pub(super) height: Option<String>,
}

impl Size {
    /// Returns the size itself, or the other one if it is empty.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::default() { other } else { self }
    }
}

/// How many bytes are searched for a closing mark.
const REACH: usize = 2_000;
/// The longest name in front of a colon, in characters.
const LABEL: usize = 8;
const PICTURE_HELP: Sentence = || t!("inbox-write-words-file-png-name");
const PICTURE_ENDINGS: [&str; 8] =
    [".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg", ".heic"];

/// Finds the pictures in a text that Markdown did not recognize.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find("![") {
        let start = at + found;
        let Some((piece, end)) = picture(text, start) else {
            at = start + 2;
            continue;
        };
        if from < start {
            pieces.push(Piece::Text(from..start));
        }
        pieces.push(piece);
        (from, at) = (end, end);
    }
    if from < text.len() {
        pieces.push(Piece::Text(from..text.len()));
    }
    pieces
}

/// Returns what begins with `![` and where it ends; `None` if it is no picture, like the `[鼓掌]` of
/// a chat after an exclamation mark.
fn picture(text: &str, start: usize) -> Option<(Piece<'_>, usize)> {
    let wrong = |end: usize, message| {
        let end = text.floor_char_boundary(end);
        Some((Piece::FieldError(start..end, message, PICTURE_HELP()), end))
    };
    if let Some(inside) = text[start..].strip_prefix("![[") {
        let Some(length) = inside.find("]]") else {
            return wrong(text.len(), t!("inbox-picture-begins-here-does-not"));
        };
        let end = start + 3 + length + 2;
        return Some((Piece::Picture(embedded(&inside[..length]), start..end), end));
    }
    let length = matching(&text[start + 1..], ('[', ']'))?;
    let alt = &text[start + 2..start + 1 + length];
    let behind = start + 1 + length + 1;
    let rest = &text[behind..];
    if rest.starts_with('[') {
        return wrong(text.len(), t!("inbox-nothing-says-which-file-picture"));
    }
    let open = rest.trim_start();
    if !open.starts_with(['(', '（']) {
        return None;
    }
    let is_close = rest.starts_with('(');
    let marks = if open.starts_with('(') { ('(', ')') } else { ('（', '）') };
    let Some(length) = matching(open, marks) else {
        return if is_close {
            wrong(text.len(), t!("inbox-picture-begins-here-does-not"))
        } else {
            None
        };
    };
    let inside = &open[marks.0.len_utf8()..length];
    let end = text.len() - open.len() + length + marks.1.len_utf8();
    if !is_close {
        let lower = inside.to_lowercase();
        let is_file = PICTURE_ENDINGS.iter().any(|ending| lower.contains(ending));
        return if is_file { wrong(end, t!("inbox-picture-misspelt")) } else { None };
    }
    let picture = Picture { alt, ..destination(inside) };
    if picture.name.is_empty() {
        return wrong(end, t!("inbox-picture-without-file"));
    }
    let (alt, size) = alt_and_size(picture.alt);
    let size = picture.size.clone().or(size);
    Some((Piece::Picture(Picture { alt, size, ..picture }, start..end), end))
}

/// Returns the part of a text that is searched.
pub(super) fn reach(text: &str) -> &str {
    &text[..text.floor_char_boundary(REACH)]
}

/// Returns the location of the mark that closes the one at the text's beginning.
fn matching(text: &str, (open, close): (char, char)) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in reach(text).char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Reads the content of `![[…]]`.
fn embedded(inside: &str) -> Picture<'_> {
    let mut parts = inside.split('|');
    let name = parts.next().unwrap_or_default().trim().trim_end_matches('\\');
    let mut picture = Picture { name, ..Picture::default() };
    for part in parts.map(str::trim) {
        match size(part) {
            Some(size) => picture.size = size,
            None => picture.alt = part,
        }
    }
    picture
}

/// Reads the content of the parentheses: a name, and after it a size and a title.
fn destination(inside: &str) -> Picture<'_> {
    let mut picture = Picture::default();
    let mut rest = inside.trim();
    loop {
        let quote = rest.chars().last().filter(|c| matches!(c, '"' | '\''));
        if let Some(quote) = quote
            && let Some(open) = rest[..rest.len() - 1].rfind(quote)
            && rest[..open].ends_with(char::is_whitespace)
        {
            picture.title = &rest[open + 1..rest.len() - 1];
            rest = rest[..open].trim_end();
        } else if let Some((before, last)) = rest.rsplit_once(char::is_whitespace)
            && let Some(found) = last.strip_prefix('=').and_then(size)
        {
            picture.size = found;
            rest = before.trim_end();
        } else {
            break;
        }
    }
    let bare = rest.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    picture.name = bare.unwrap_or(rest);
    picture
}

/// Returns the words for a picture without a size after them (`花|300`), and that size.
pub(super) fn alt_and_size(alt: &str) -> (&str, Size) {
    match alt.rsplit_once('|') {
        Some((words, last)) => match size(last.trim()) {
            Some(size) => (words.trim_end().trim_end_matches('\\'), size),
            None => (alt, Size::default()),
        },
        None => (alt, Size::default()),
    }
}

/// Reads `300`, `300x200`, `50%`, `300x` or `x200`.
fn size(text: &str) -> Option<Size> {
    let text = text.replace("px", "");
    let (width, height) = text.split_once(['x', 'X', '×', '*']).unwrap_or((&text, ""));
    let length = |text: &str| {
        let text = text.trim();
        let digits = text.strip_suffix('%').unwrap_or(text);
        let is_length = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_length.then(|| text.to_owned())
    };
    let size = Size { width: length(width), height: length(height) };
    let is_size = |text: &str, length: &Option<String>| text.trim().is_empty() || length.is_some();
    let are_sizes = is_size(width, &size.width) && is_size(height, &size.height);
    (are_sizes && size != Size::default()).then_some(size)
}

/// Reads `{width=300}` at a text's beginning: its length, the size, and whether it has other
/// fields.
pub(super) fn attributes(text: &str) -> Option<(usize, Size, bool)> {
    let inside = text.strip_prefix('{')?;
    let end = inside.find('}')?;
    let inside = &inside[..end];
    let is_attributes = inside.contains('=') || inside.starts_with([':', '.', '#']);
    let mut found = Size::default();
    let mut says_more = false;
    for part in inside.trim_start_matches(':').split_whitespace() {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = size(value.trim_matches(['"', '\''])).and_then(|size| size.width);
        match (key, value) {
            ("width" | "w", Some(value)) => found.width = Some(value),
            ("height" | "h", Some(value)) => found.height = Some(value),
            _ => says_more = true,
        }
    }
    is_attributes.then_some((end + 2, found, says_more))
}

/// Returns the locations of formulas that are written `\\(…\\)` or `\\[…\\]`.
///
/// An author who writes both backslashes means LaTeX, whatever is between them: Markdown shows a
/// bracket without any.
pub(super) fn formulas(text: &str) -> impl Iterator<Item = Range<usize>> {
    let formula = |(at, open): (usize, &str)| {
        let close = if open == "\\(" { "\\)" } else { "\\]" };
        let inside = reach(&text[at + 2..]).split_once(close)?.0;
        (!inside.contains(open)).then(|| at..at + 2 + inside.len() + 2)
    };
    let opens = text.match_indices("\\(").chain(text.match_indices("\\["));
    opens.filter(|(at, _)| !text[..*at].ends_with('\\')).filter_map(formula)
}

/// Returns whether a line feed between two characters is nothing, rather than a space.
pub(super) fn joins(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_punctuation = |c| matches!(c, '\u{3001}'..='\u{301f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}');
    is_punctuation(before)
        || is_punctuation(after)
        || (is_wide(before) && (is_wide(after) || is_shared(after)))
        || (is_shared(before) && is_wide(after))
}

/// Returns whether a line that begins with a text is one of several that belong below each other.
pub(super) fn begins_point(text: &str) -> bool {
    let is_emoji = |c| matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    let is_bullet = |c| matches!(c, '\u{2460}'..='\u{24ff}' | '\u{25a0}'..='\u{25ff}' | '•' | '·');
    if text.starts_with(is_emoji) || text.starts_with(is_bullet) {
        return true;
    }
    if is_labelled(text) {
        return true;
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if let Some(inside) = text.strip_prefix('(') {
        return (1..=2).contains(&digits(inside)) && inside[digits(inside)..].starts_with(')');
    }
    let rest = text.strip_prefix(['-', '*', '+']).or_else(|| {
        let rest = &text[digits(text)..];
        let rest = rest.strip_prefix(['.', ')', '、', '．', '）'])?;
        (1..=2).contains(&digits(text)).then_some(rest)
    });
    rest.is_some_and(|rest| rest.trim_start().starts_with(is_wide))
}

/// Returns whether a line begins with a short name and a colon (`地点：3楼`, `Tel: 1`).
fn is_labelled(line: &str) -> bool {
    let Some((label, value)) = line.split_once(['：', ':']) else { return false };
    let is_name = label.chars().all(|c| c.is_alphanumeric() || c == ' ');
    let is_wide = line[label.len()..].starts_with('：') || label.ends_with(is_wide);
    let is_short = (1..=LABEL).contains(&label.chars().count());
    is_name && is_short && (is_wide || value.starts_with(' '))
}

/// Returns whether a character belongs to a script that has no spaces.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{312f}' | '\u{3190}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Returns whether Chinese and Latin text share a punctuation mark.
fn is_shared(c: char) -> bool {
    matches!(c, '\u{2014}' | '\u{2018}'..='\u{201d}' | '\u{2026}' | '\u{b7}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_in_the_spellings_of_other_editors() {
        for (text, name, alt, width, height) in [
            ("![[a.png]]", "a.png", "", "", ""),
            ("![[图/a.png|300]]", "图/a.png", "", "300", ""),
            ("![[a.png|花|300x200]]", "a.png", "花", "300", "200"),
            ("![x](图 片/a.png)", "图 片/a.png", "x", "", ""),
            ("![x](图 (1).png)", "图 (1).png", "x", "", ""),
            ("![x](a.png =300x200)", "a.png", "x", "300", "200"),
            ("![x](a.png =300x)", "a.png", "x", "300", ""),
            ("![x](a.png =50%x)", "a.png", "x", "50%", ""),
            ("![x](a b.png \"题\" =x200)", "a b.png", "x", "", "200"),
            ("![x](<a b.png> =300x \"题\")", "a b.png", "x", "300", ""),
            ("![花|300](a b.png)", "a b.png", "花", "300", ""),
        ] {
            let pieces = pieces(text);
            let [Piece::Picture(picture, range)] = &pieces[..] else {
                panic!("{text}: {pieces:?}")
            };
            let length = |length: &Option<String>| length.clone().unwrap_or_default();
            let read = (picture.name, picture.alt, length(&picture.size.width));
            assert_eq!(
                (read, length(&picture.size.height)),
                ((name, alt, width.to_owned()), height.to_owned()),
                "{text}"
            );
            assert_eq!(*range, 0..text.len());
        }
    }

    #[test]
    fn what_is_no_picture_is_text_or_wrong() {
        for text in ["太好了![鼓掌]", "太好了![鼓掌] (笑)", "!x", "![", "![x"] {
            assert_eq!(pieces(text), [Piece::Text(0..text.len())], "{text}");
        }
        for text in
            ["![x][r]", "![x] (a.png)", "![x]（a.png）", "![x](a b.png", "![[a.png", "![x]( )"]
        {
            assert!(matches!(pieces(text)[..], [Piece::FieldError(..)]), "{text}");
        }
    }

    #[test]
    fn attributes_behind_a_picture_give_its_size() {
        let width = |text: &str| attributes(text).map(|(end, size, more)| (end, size.width, more));
        assert_eq!(width("{width=300}好"), Some((11, Some("300".to_owned()), false)));
        assert_eq!(width("{: width=\"50%\" .big}"), Some((20, Some("50%".to_owned()), true)));
        assert_eq!(width("{好}"), None);
        assert_eq!(width("好"), None);
    }

    #[test]
    fn a_point_of_a_list_begins_with_its_mark() {
        for text in [
            "1.第一",
            "2、第二",
            "10) 十",
            "(1) a",
            "①一",
            "-第一",
            "📅 时间",
            "•一",
            "地点：3楼",
            "地点:3楼",
            "Tel: 1",
        ] {
            assert!(begins_point(text), "{text}");
        }
        for text in [
            "1.5倍",
            "2027年",
            "2016. 春",
            "(see",
            "-a",
            "春",
            "1. x",
            "20:00",
            "他说，好：x",
            "a:b",
        ] {
            assert!(!begins_point(text), "{text}");
        }
    }

    #[test]
    fn a_line_end_between_chinese_characters_is_no_space() {
        for (before, after, expected) in [
            ('春', '天', true),
            ('，', 'E', true),
            ('春', '“', true),
            ('”', '春', true),
            ('春', 'E', false),
            ('a', 'b', false),
            ('”', 'a', false),
            ('한', '국', false),
        ] {
            assert_eq!(joins(Some(before), Some(after)), expected, "{before}{after}");
        }
    }
}
