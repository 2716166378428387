//! What this database may have forgotten: how it stopped, whether it is a copy, and the jobs that
//! another copy may have sent since.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::view::named_since;
use super::{Result, Step, instant, millis};
use crate::calendar;
use crate::model::{JobId, JobState};
use crate::plan::{self, Gap};
use crate::quota::margins;

/// What the daemon knew of itself when it last ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// When it was last seen alive.
    pub seen_at: DateTime<Utc>,
    /// Whether it stopped in good order then.
    pub orderly: bool,
    /// When `backup` made this copy, if nothing ran on it since.
    pub copied_at: Option<DateTime<Utc>>,
    /// How many intents it had written.
    pub high_water: i64,
    /// How many files were taken.
    pub files: i64,
    /// Whether it knows any job or series at all.
    pub has_jobs: bool,
}

/// The jobs of one account that wait because the platform may have forgotten them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InQuestion {
    /// The account's name.
    pub account: String,
    /// How many jobs.
    pub jobs: u32,
    /// The first of them, by time.
    pub first: Vec<String>,
    /// The gap in which they may have been sent.
    pub gap: Gap,
}

/// How many jobs in question are named for an account.
const NAMED: usize = 5;

/// Broadcasts that wait, or that a person may ask for again.
const OPEN: &str = "action = 'broadcast'
    AND state IN ('planned', 'held', 'releasing', 'uncertain', 'failed', 'partial', 'missed')";

impl Step<'_> {
    /// Returns what the daemon last knew of itself.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn presence(&self) -> Result<Presence> {
        let has_jobs = self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM job) OR EXISTS (SELECT 1 FROM series)")?
            .query_row([], |row| row.get(0))?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Presence {
                seen_at: instant(row.get(0)?),
                orderly: row.get(1)?,
                copied_at: row.get::<_, Option<i64>>(2)?.map(instant),
                high_water: row.get(3)?,
                files: row.get(4)?,
                has_jobs,
            })
        };
        Ok(self
            .db
            .prepare_cached(
                "SELECT seen_at, stopped_at IS NOT NULL, copied_at, high_water,
                     (SELECT count(*) FROM file) FROM daemon",
            )?
            .query_row([], read)?)
    }

    /// Records that the daemon is alive, and so has not stopped.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn seen(&self, now: DateTime<Utc>) -> Result<()> {
        self.run("UPDATE daemon SET seen_at = ?1, stopped_at = NULL", params![millis(now)])
    }

    /// Records an orderly stop: from now on nothing of this database is sent.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn stopped(&self, now: DateTime<Utc>) -> Result<()> {
        self.run("UPDATE daemon SET seen_at = ?1, stopped_at = ?1", params![millis(now)])
    }

    /// Forgets that this database is a copy: the hold that follows from it is written down.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn copy_is_known(&self) -> Result<()> {
        self.run("UPDATE daemon SET copied_at = NULL", params![])
    }

    /// Returns when a file was last taken.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn last_taken_at(&self) -> Result<Option<DateTime<Utc>>> {
        let last: Option<i64> =
            self.db.query_row("SELECT max(taken_at) FROM file", [], |row| row.get(0))?;
        Ok(last.map(instant))
    }

    /// Bounds every broadcast that may have been sent in a gap by what the platform surely
    /// remembers of it, and writes into the story of those that lie beyond.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn bound_by_recall(&self, gap: Gap, now: DateTime<Utc>) -> Result<()> {
        let until = millis(gap.recall_until());
        self.run(
            "UPDATE daemon SET gap_from_at = ?1, gap_to_at = ?2",
            params![millis(gap.from), millis(gap.to)],
        )?;
        self.run(
            &format!(
                "UPDATE job SET recall_until_at = min(ifnull(recall_until_at, ?1), ?1) WHERE {OPEN}"
            ),
            params![until],
        )?;
        let why = format!("waits for `qunfa resume`: {}", gap_words(gap));
        let mut waiting = self.db.prepare_cached(
            "SELECT id, state FROM job WHERE recall_until_at IS NOT NULL AND due_at > recall_until_at
               AND state IN ('planned', 'held')",
        )?;
        let rows = waiting
            .query_map([], |row| Ok((row.get::<_, String>(0)?, super::take::state(row, 1)?)))?
            .collect::<rusqlite::Result<Vec<(String, JobState)>>>()?;
        for (id, state) in rows {
            if let Some(id) = JobId::parse(&id) {
                self.tell(&id, Some(state), state, &why, now)?;
            }
        }
        Ok(())
    }

    /// Keeps every clientmsgid that another copy of this database may have asked with until now as
    /// far from that as from a request of our own.
    ///
    /// A job whose time ends before is asked for just within it: too early an answer is better
    /// than none.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn rest_after_copy(&self, now: DateTime<Utc>) -> Result<()> {
        let rested = now + margins::SAME_CLIENTMSGID;
        let jobs = self
            .db
            .prepare_cached(&format!("SELECT id FROM job WHERE due_at <= ?1 AND {OPEN}"))?
            .query_map([millis(rested)], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        for id in jobs.iter().filter_map(|id| JobId::parse(id)) {
            let job = self.job(&id)?;
            let last = plan::deadline(&job) - TimeDelta::seconds(1);
            let at = if job.state.waits() { rested.min(last) } else { rested };
            self.run(
                "UPDATE batch SET next_at = max(next_at, ?2) WHERE job = ?1 AND replaced = 0
                   AND state IN ('planned', 'in_doubt', 'refused')",
                params![id.as_str(), millis(at)],
            )?;
        }
        Ok(())
    }

    /// Lets the jobs in question of an account, or of all, go on; says how many of them wait, and how
    /// many of those that `status` names may be asked for again from now on.
    ///
    /// One that the platform still remembers keeps its bound: it may be deferred beyond it.
    pub(super) fn lift_recall(
        &self,
        account: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<[usize; 2]> {
        const QUESTION: &str = "recall_until_at IS NOT NULL AND max(due_at, ?2) > recall_until_at
            AND (?1 IS NULL OR account = ?1)";
        let [waiting, ended]: [i64; 2] = self
            .db
            .prepare_cached(&format!(
                "SELECT count(*) FILTER (WHERE wake_at IS NOT NULL),
                     count(*) FILTER (WHERE state IN ('missed', 'failed', 'partial')
                         AND ended_at > ?3) FROM job WHERE {QUESTION}"
            ))?
            .query_row(params![account, millis(now), millis(named_since(now))], |row| {
                Ok([row.get(0)?, row.get(1)?])
            })?;
        self.run(
            &format!(
                "UPDATE job SET recall_until_at = NULL,
                     wake_at = CASE WHEN wake_at IS NULL THEN NULL ELSE min(wake_at, due_at) END
                 WHERE {QUESTION}"
            ),
            params![account, millis(now)],
        )?;
        Ok([waiting, ended].map(|count| usize::try_from(count).unwrap_or(usize::MAX)))
    }

    /// Returns the accounts with jobs that wait because the platform may have forgotten them.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn in_question(&self, now: DateTime<Utc>) -> Result<Vec<InQuestion>> {
        let gap: Option<(i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT gap_from_at, gap_to_at FROM daemon WHERE gap_from_at IS NOT NULL",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((from, to)) = gap else { return Ok(Vec::new()) };
        let mut found: Vec<InQuestion> = Vec::new();
        let mut statement = self.db.prepare_cached(
            "SELECT account, id FROM job WHERE recall_until_at IS NOT NULL AND wake_at IS NOT NULL
               AND max(due_at, ?1) > recall_until_at ORDER BY account, due_at",
        )?;
        let rows = statement.query_map([millis(now)], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        for row in rows {
            let (account, id) = row?;
            if found.last().is_none_or(|last| last.account != account) {
                let gap = Gap { from: instant(from), to: instant(to) };
                found.push(InQuestion { account, jobs: 0, first: Vec::new(), gap });
            }
            let last = found.last_mut().expect("just pushed");
            last.jobs += 1;
            if last.first.len() < NAMED {
                last.first.push(id);
            }
        }
        Ok(found)
    }

    /// Names the jobs that a restored database may have sent already: not ended, and planned for a
    /// time that has passed, or for one at which the platform may have forgotten them. What was
    /// deferred since may have come forward again.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn jobs_in_question(&self, gap: Gap, now: DateTime<Utc>) -> Result<Vec<JobId>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM job WHERE state IN ('planned', 'held', 'releasing', 'uncertain')
             AND (min(planned_at, due_at) <= ?1 OR (action = 'broadcast' AND due_at > ?2))
             ORDER BY due_at",
        )?;
        let values = [millis(now), millis(gap.recall_until())];
        let rows = statement.query_map(values, |row| row.get::<_, String>(0))?;
        let ids = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(ids.iter().filter_map(|id| JobId::parse(id)).collect())
    }
}

/// Tells of a gap.
pub(super) fn gap_words(gap: Gap) -> String {
    format!(
        "this database does not know what happened from {} to {}; if it was put back to an earlier \
         state, the job may have been sent meanwhile, and the platform may have forgotten that",
        calendar::beijing(gap.from),
        calendar::beijing(gap.to)
    )
}
