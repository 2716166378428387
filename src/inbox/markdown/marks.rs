//! Decides which marks inside a line are meant as such.
#![expect(clippy::wildcard_enum_match_arm, reason = "only text is looked at")]

use comrak::Node;
use comrak::nodes::NodeValue;

/// The maximum length of an index.
const INDEX: usize = 4;

/// Returns whether there is a single `~`, which is a range or a tune and no deletion.
pub(super) fn is_single(deletion: Node<'_>) -> bool {
    let column = deletion.data().sourcepos.start.column;
    deletion.first_child().is_some_and(|inner| inner.data().sourcepos.start.column == column + 1)
}

/// Returns whether `~x~` is an index, as in `H~2~O`: a few letters as a part of a word, or as one
/// of their own. A tune has its last `~` at an end (`好呀~来吧~`).
pub(super) fn is_index(deletion: Node<'_>) -> bool {
    let text = |node: Option<Node<'_>>| match node.map(|node| node.data().value.clone()) {
        Some(NodeValue::Text(text)) => text.into_owned(),
        _ => String::new(),
    };
    let inside = text(deletion.first_child());
    let before = text(deletion.previous_sibling()).chars().last();
    let after = text(deletion.next_sibling()).chars().next();
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_short = inside.chars().count() <= INDEX && inside.chars().all(char::is_alphanumeric);
    let is_after_latin = before.is_some_and(|c| c.is_ascii_alphabetic()) && inside.is_ascii();
    // Numbers on both sides are a range.
    let is_range = before.is_some_and(|c| c.is_ascii_digit());
    is_short && (is_after_latin || (!is_range && is_word(before) == is_word(after)))
}

/// Returns whether `==` is between letters on both sides, as in `a==b`.
pub(super) fn is_inside_word(highlight: Node<'_>) -> bool {
    let is_letter = |node: Option<Node<'_>>, end: fn(&str) -> Option<char>| {
        node.is_some_and(|node| match &node.data().value {
            NodeValue::Text(text) => end(text).is_some_and(|c| c.is_ascii_alphanumeric()),
            _ => false,
        })
    };
    is_letter(highlight.previous_sibling(), |text| text.chars().last())
        && is_letter(highlight.next_sibling(), |text| text.chars().next())
}
