//! Removes what is older than the history that is kept: rows a little at a time by the loop, and then
//! files by a thread of its own.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use crate::engine::{Engine, Pruning};
use crate::inbox::Inbox;
use crate::store::{Store, StoreError};
use crate::text::chain;

/// The walk through what is old: at the start, and then every hour.
pub(super) struct Pruner {
    keep: Option<TimeDelta>,
    inbox: (PathBuf, bool),
    at: Pruning,
}

impl Pruner {
    /// Keeps this much of the past, or all of it, with the inbox and whether it requires an end
    /// marker.
    pub(super) fn new(keep: Option<TimeDelta>, (inbox, end_marker): (&Path, bool)) -> Self {
        let mut pruner = Self { keep, inbox: (inbox.to_owned(), end_marker), at: Pruning::Over };
        pruner.begin();
        pruner
    }

    /// Keeps another part of the past from now on.
    pub(super) fn keep(&mut self, keep: Option<TimeDelta>) {
        self.keep = keep;
        self.at = Pruning::Over;
        self.begin();
    }

    /// Begins a walk, if something is not kept for ever, unless one is under way.
    pub(super) fn begin(&mut self) {
        if self.keep.is_some() && !self.has_work() {
            self.at = Pruning::start();
        }
    }

    pub(super) fn has_work(&self) -> bool {
        self.at != Pruning::Over
    }

    /// Removes a little.
    pub(super) fn pass(
        &mut self,
        engine: &mut Engine,
        database: &Path,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(before) = self.keep.map(|keep| now - keep).filter(|_| self.has_work()) else {
            return Ok(());
        };
        self.at = engine.prune(self.at.clone(), before, now)?;
        if !self.has_work() {
            let (inbox, database) = (self.inbox.clone(), database.to_owned());
            tokio::task::spawn_blocking(move || {
                if let Err(error) = remove_files(&inbox, &database, before, now) {
                    tracing::warn!("old job files cannot be removed: {error}");
                }
            });
        }
        Ok(())
    }
}

/// Removes the files in `accepted/` whose jobs are over, and what was refused long ago.
fn remove_files(
    (inbox, end_marker): &(PathBuf, bool),
    database: &Path,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let inbox = Inbox::open(inbox, *end_marker).map_err(|error| chain(&error))?;
    let store = Store::open_existing(database, now).map_err(|error| chain(&error))?;
    let Some(store) = store else { return Ok(()) };
    // What cannot be looked up is kept.
    let is_over = |ids: &[_]| store.read().are_over(ids).unwrap_or_default();
    let accepted = inbox.remove_accepted(before, is_over).map_err(|error| chain(&error))?;
    let rejected = inbox.remove_rejected(before).map_err(|error| chain(&error))?;
    if accepted + rejected > 0 {
        tracing::info!(accepted, rejected, "old job files were removed");
    }
    Ok(())
}
