//! Characters inserted before parsing, so that a text is read as its author meant it.
//!
//! `*` between numbers multiplies, and `%%` after a number belongs to the number: both get an
//! escape. The parser does not see an address in `<…>` at a paragraph's end; an empty title after
//! it helps.

use super::outline::Outline;
use super::{Insertion, definitions};

/// How often a text is read again because an escape paired other marks.
const ROUNDS: usize = 8;

/// Reads a text for the first time, and finds what must be inserted into it.
pub(super) fn first_reading(source: &str, start: usize) -> (Outline, Vec<Insertion>) {
    let mut outline = Outline::new(source, start, &[]);
    let mut insertions = Vec::new();
    for end in definitions::bare_ends(source, start, &outline) {
        insertions.extend(" \"\"".chars().map(|c| (end, c)));
    }
    let mut is_changed = !insertions.is_empty();
    for _ in 0..ROUNDS {
        // Inside an inline footnote the parser counts from another start.
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
