//! Characters inserted before parsing, so that a text is read as its author meant it.
//!
//! `*` between numbers multiplies, and `%%` after a number belongs to the number: both get an
//! escape, and so do other signs inside words. The parser does not see an address in `<…>` at a
//! paragraph's end; an empty title after it helps. Marks that it would turn the other way round get
//! a filler.

use super::outline::Outline;
use super::{Insertion, definitions, signs};
use crate::yaml::diagnostic::Location;

/// How often a text is read again because an escape paired other marks.
const ROUNDS: usize = 8;

/// What the first reading of a text gives.
pub(super) struct FirstReading {
    pub(super) outline: Outline,
    pub(super) insertions: Vec<Insertion>,
    /// Remarks about marks that are read otherwise than another author may mean.
    pub(super) told: Vec<(Location, String)>,
}

/// Reads a text for the first time, and finds what must be inserted into it.
pub(super) fn first_reading(source: &str, start: usize) -> FirstReading {
    let mut outline = Outline::new(source, start, &[]);
    let mut insertions: Vec<Insertion> = Vec::new();
    for end in definitions::bare_ends(source, start, &outline) {
        insertions.extend(" \"\"".chars().map(|c| (end, c)));
    }
    let mut is_changed = !insertions.is_empty();
    let mut told = Vec::new();
    for _ in 0..ROUNDS {
        // Inside an inline footnote the parser counts from another start.
        let is_new = |new: &Insertion| insertions.binary_search(new).is_err();
        let mut new: Vec<_> = outline.misread.iter().copied().filter(is_new).collect();
        if new.is_empty() && !is_changed {
            break;
        }
        told.extend(outline.signs.iter().map(|(at, mark)| (*at, signs::shown(*mark))));
        new.sort_unstable();
        new.dedup();
        insertions.extend(new);
        // An address keeps the order of what is inserted behind it: a blank, then quotes.
        insertions.sort_unstable();
        outline = Outline::new(source, start, &insertions);
        is_changed = false;
    }
    // Signs that an escape did not reach are emphasis still.
    let read = outline.doubts.iter().chain(&outline.signs);
    told.extend(read.map(|(at, mark)| (*at, signs::read(*mark))));
    FirstReading { outline, insertions, told }
}
