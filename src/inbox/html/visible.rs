//! Decides whether readers would see anything in a text.

use super::names::Kind;
use super::shape::{Kept, Part};
use super::style::Declaration;

/// Returns whether there is text, a picture, a card or a drawing; a line or a frame alone does not
/// count.
pub(super) fn is_any(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Text(text) => !text.chars().all(is_blank),
        Part::Element(kept) => !is_hidden(kept) && (is_shown(kept) || is_any(&kept.children)),
    })
}

/// Returns whether a character is invisible and at most takes room.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{3164}' | '\u{feff}')
}

fn is_hidden(kept: &Kept) -> bool {
    let is_none = |style: &Declaration| style.name == "display" && style.value.trim() == "none";
    kept.style.iter().any(is_none) || (kept.kind == Kind::Svg && is_unseen(&kept.name))
}

/// Returns whether a tag of a drawing only describes or names what others draw.
fn is_unseen(name: &str) -> bool {
    matches!(name, "defs" | "title" | "desc")
}

/// Returns whether a tag shows something by itself.
fn is_shown(kept: &Kept) -> bool {
    let has_picture = kept.style.iter().any(|style| style.value.contains("url("));
    has_picture
        || match kept.kind {
            Kind::Html => kept.name == "img",
            Kind::Platform => kept.name != "mp-style-type",
            Kind::Svg => !matches!(&*kept.name, "svg" | "g" | "foreignObject" | "text" | "tspan"),
        }
}
