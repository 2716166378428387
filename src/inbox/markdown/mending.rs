//! Characters inserted before parsing, so that a text is read as its author meant it.
//!
//! `*` between numbers multiplies, and `%%` behind a number is a number's: both get an escape. The
//! parser does not see an address in `<…>` at a paragraph's end; an empty title behind it helps.

use comrak::nodes::Sourcepos;

use super::{Insertion, Outline, Text, definitions};

/// How often a text is read again because an escape made other marks a pair.
const ROUNDS: usize = 8;

/// Reads a text for the first time, and finds what must be put into it.
pub(super) fn first_reading(source: &str, start: usize) -> (Outline, Vec<Insertion>) {
    let mut outline = Outline::new(source, start, &[]);
    let mut insertions = Vec::new();
    for end in definitions::bare_ends(source, start, &outline) {
        insertions.extend(" \"\"".chars().map(|c| (end, c)));
    }
    let mut is_changed = !insertions.is_empty();
    for _ in 0..ROUNDS {
        // Inside of a footnote that stands in its line the parser counts from elsewhere.
        let is_new = |at: &usize| insertions.binary_search_by_key(at, |&(at, _)| at).is_err();
        let new = outline.misread.iter().copied().filter(is_new).map(|at| (at, '\\'));
        let mut new: Vec<_> = new.collect();
        if new.is_empty() && !is_changed {
            break;
        }
        new.sort_unstable();
        new.dedup();
        insertions.extend(new);
        insertions.sort_by_key(|&(at, _)| at);
        outline = Outline::new(source, start, &insertions);
        is_changed = false;
    }
    (outline, insertions)
}

/// Finds the marks of an emphasis that are signs of a product, as in `10*20*30`.
pub(super) fn product(
    text: &Text<'_>,
    (found, length): (Sourcepos, usize),
    misread: &mut Vec<usize>,
) {
    let location = text.location(found);
    let Some(close) = location.end.checked_sub(length).filter(|close| *close > location.start)
    else {
        return;
    };
    let marks = [location.start, close];
    let sides = marks.map(|at| {
        let behind = text.source.get(at..).and_then(|rest| rest.strip_prefix(&"**"[..length]));
        let before = behind.and_then(|_| text.source[..at].chars().last());
        (before, behind.and_then(|rest| rest.chars().next()))
    });
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '(' | ')');
    let between = |is_factor: fn(char) -> bool| {
        sides.map(|(before, after)| {
            before.is_some_and(|c| is_factor(c) || c == ')') && after.is_some_and(is_number)
        })
    };
    let numbers = between(|c| c.is_ascii_digit());
    // Units may stand in front of both (`10cm*20cm*30cm`); `Top*10*强` is emphasis.
    let units = between(|c| c.is_ascii_alphanumeric());
    let is_strong = length == 2;
    let are_signs = match (numbers, units) {
        (_, [true, true]) => [true, true],
        _ if is_strong => [false, false],
        (numbers, _) => numbers,
    };
    let signs = marks.into_iter().zip(are_signs).filter(|(_, is_sign)| *is_sign);
    misread.extend(signs.flat_map(|(at, _)| at..at + length));
}

/// Says whether what stands between two `%%` is a comment: it begins a word, or has blanks inside.
pub(super) fn is_comment(source: &str, at: usize, inside: &str) -> bool {
    if !source[at..].starts_with("%%") {
        return true;
    }
    let begins_word = source[..at].chars().last().is_none_or(|c| c.is_whitespace() || c == '>');
    let has_blanks =
        inside.starts_with(char::is_whitespace) && inside.ends_with(char::is_whitespace);
    begins_word || has_blanks
}
