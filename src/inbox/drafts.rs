//! Drafts that a job file names by their titles (`mpnews: {draft: 标题}`).
//!
//! The inbox takes media ids only, so that what is sent is what was checked, also from a file that
//! is read back years later. `submit` looks the titles up, and writes the media ids beside them into
//! the file that it submits.

use std::collections::{BTreeMap, BTreeSet};

use strsim::jaro_winkler;

use crate::model::Draft;

/// How many titles are named if there is none.
const NEAREST: usize = 3;

/// A draft of an account, by its title, and the job that sends it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedDraft {
    /// The job's id, as far as it can be read.
    pub job: Option<String>,
    /// The account's name.
    pub account: String,
    /// The draft's title.
    pub title: String,
}

/// What the draft box has of a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundDraft {
    /// One draft, with this media id.
    One(String),
    /// More than one: the media id of each, and when it was last changed.
    Several(Vec<String>),
    /// None; the titles that are the most like it.
    None(Vec<String>),
}

impl FoundDraft {
    /// Looks for a title in a draft box.
    ///
    /// `shown` writes a draft for people, with its time.
    pub fn of(title: &str, drafts: &[Draft], shown: impl Fn(&Draft) -> String) -> Self {
        let found: Vec<_> = drafts.iter().filter(|draft| draft.title().trim() == title).collect();
        match found.as_slice() {
            [] => Self::None(nearest(title, drafts)),
            [one] => Self::One(one.media_id.clone()),
            several => Self::Several(several.iter().map(|draft| shown(draft)).collect()),
        }
    }
}

fn nearest(title: &str, drafts: &[Draft]) -> Vec<String> {
    let titles: BTreeSet<_> = drafts.iter().map(|draft| draft.title().trim()).collect();
    let mut titles: Vec<_> = titles.into_iter().filter(|other| !other.is_empty()).collect();
    titles.sort_by(|one, other| jaro_winkler(title, other).total_cmp(&jaro_winkler(title, one)));
    titles.into_iter().take(NEAREST).map(str::to_owned).collect()
}

/// What is known of the drafts that a file names.
#[derive(Clone, Debug, Default)]
pub struct DraftBook {
    known: BTreeMap<NamedDraft, FoundDraft>,
    /// Whether the others are looked up later: the rest of the file is read as if they were there.
    is_rest_later: bool,
}

/// What a book says of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookEntry {
    /// Nothing: the inbox takes media ids only.
    Nothing,
    /// That it is looked up later.
    Later,
    /// What the draft box has.
    Found(FoundDraft),
}

impl DraftBook {
    /// Returns a book of drafts that were looked up.
    pub fn of(known: BTreeMap<NamedDraft, FoundDraft>) -> Self {
        Self { known, is_rest_later: false }
    }

    /// Returns a book for a file of which nothing is kept.
    pub fn for_rehearsal(known: BTreeMap<NamedDraft, FoundDraft>) -> Self {
        Self { known, is_rest_later: true }
    }

    pub(super) fn find(&self, named: &NamedDraft) -> BookEntry {
        match self.known.get(named) {
            Some(found) => BookEntry::Found(found.clone()),
            None if self.is_rest_later => BookEntry::Later,
            None => BookEntry::Nothing,
        }
    }
}

/// A place in a job file where a draft is named without its media id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(super) named: NamedDraft,
    /// Where its key begins.
    pub(super) start: usize,
    /// Where the mapping with the key begins.
    pub(super) mapping: usize,
    /// The media id, if one was found.
    pub(super) media_id: Option<String>,
}
