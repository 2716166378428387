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

/// Returns whether `~x~` after a letter is an index, as in `H~2~O`.
pub(super) fn is_index(deletion: Node<'_>) -> bool {
    let text = |node: Option<Node<'_>>| match node.map(|node| node.data().value.clone()) {
        Some(NodeValue::Text(text)) => text.into_owned(),
        _ => String::new(),
    };
    let inside = text(deletion.first_child());
    text(deletion.previous_sibling()).ends_with(|c: char| c.is_ascii_alphabetic())
        && inside.len() <= INDEX
        && inside.bytes().all(|byte| byte.is_ascii_alphanumeric())
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
