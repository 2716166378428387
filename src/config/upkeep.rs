//! `retention` and `backup`: what the daemon removes, and what it copies.

use chrono::TimeDelta;

use super::Loader;
use crate::backups::{self, Backups};
use crate::l10n::t;
use crate::retention;
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Shape};

pub(super) const RETENTION: Shape =
    Shape { what: || "`retention`".to_owned(), known: &["history"], refused: &[] };

pub(super) const BACKUP: Shape =
    Shape { what: || "`backup`".to_owned(), known: &["dir", "at", "keep"], refused: &[] };

/// The most backups that can be kept.
const KEEP_MOST: i64 = 1000;
/// The word for history that is never removed.
const FOREVER: &str = "forever";

impl Loader<'_, '_> {
    /// Returns how much history is kept; none inside means all of it.
    pub(super) fn retention(&mut self, entry: &Entry<'_>) -> Option<Option<TimeDelta>> {
        let fields = entry.node.fields(entry.key_location, &RETENTION, self.report)?;
        match fields.get("history") {
            Some(entry) => self.history(entry),
            None => Some(Some(retention::DEFAULT)),
        }
    }

    fn history(&mut self, entry: &Entry<'_>) -> Option<Option<TimeDelta>> {
        let text = entry.text(self.report)?;
        if text == FOREVER {
            return Some(None);
        }
        let span = humantime::parse_duration(text).ok();
        let span = span.and_then(|span| TimeDelta::from_std(span).ok());
        let span = span.filter(|span| *span >= retention::LEAST);
        if span.is_none() {
            let message = t!("config-no-history", text = %quote(text));
            self.report.say_with(entry.node.location, message, t!("config-write-400d"));
        }
        span.map(Some)
    }

    /// Returns the backups that `backup` asks for.
    pub(super) fn backup(&mut self, entry: &Entry<'_>) -> Option<Backups> {
        let fields = entry.node.fields(entry.key_location, &BACKUP, self.report)?;
        let help = || t!("config-write-backup-dir");
        let dir = fields.require("dir", help, self.report).and_then(|entry| self.path(entry));
        let at = match fields.get("at") {
            Some(entry) => self.time_of_day(entry),
            None => Some(backups::AT),
        };
        let keep = match fields.get("keep") {
            Some(entry) => entry
                .number(1, KEEP_MOST, self.report)
                .and_then(|number| usize::try_from(number).ok()),
            None => Some(backups::KEEP),
        };
        Some(Backups { dir: dir?, at: at?, keep: keep? })
    }
}
