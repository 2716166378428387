//! What this database may have missed: how it stopped, whether it is a copy, and which jobs another
//! copy may have sent.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::{Result, Tx, instant, millis};
use crate::model::{JobId, JobState};
use crate::plan::{self, Gap};
use crate::quota::margins;
use crate::reason::{NamedJobs, Reason};

/// What the daemon recorded about itself when it last ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    /// When it was last seen running.
    pub seen_at: DateTime<Utc>,
    /// Whether that was an orderly stop.
    pub orderly: bool,
    /// When the first daemon took over since that stopped before it could find out what had
    /// happened meanwhile.
    pub taken_over_at: Option<DateTime<Utc>>,
    /// When `backup` made this copy, if no daemon has run on it since.
    pub copied_at: Option<DateTime<Utc>>,
    /// How many intents it had recorded.
    pub high_water: i64,
    /// How many files were taken.
    pub files: i64,
    /// Whether it contains any job or series at all.
    pub has_jobs: bool,
}

/// The jobs of one account that wait, or cannot be retried, because the platform may no longer
/// remember them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InQuestion {
    /// The account's name.
    pub account: String,
    /// How many wait.
    pub jobs: u32,
    /// The first of them, by time.
    pub first: Vec<Named>,
    /// How many have ended.
    pub ended: u32,
    /// The last of them with their states.
    pub last: Vec<(Named, JobState)>,
    /// The gap in which they may have been sent.
    pub gap: Gap,
}

/// A job, or the dates of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its id, or that of the series.
    pub id: String,
    /// How many dates of the series are meant; none for a job.
    pub dates: Option<u32>,
}

/// How many jobs in question are named for an account.
const NAMED: usize = 5;

/// Those of them that wait, at ?2.
const WAITS: &str = "recall_until_at IS NOT NULL AND wake_at IS NOT NULL
    AND max(due_at, ?2) > recall_until_at";

/// Those of them that have ended, at ?2: a job that was attempted before may have been remade in
/// the gap, under an id that this database does not have.
const ENDED: &str = "recall_until_at IS NOT NULL AND wake_at IS NULL AND pruned_at IS NULL
    AND state IN ('uncertain', 'failed', 'partial', 'missed', 'expired')
    AND (max(planned_at, ?2) > recall_until_at
      OR EXISTS (SELECT 1 FROM attempt JOIN batch ON batch.id = attempt.batch
          WHERE batch.job = job.id))";

/// Broadcasts that wait, or that an operator may retry.
const OPEN: &str = "action = 'broadcast' AND pruned_at IS NULL
    AND state IN ('planned', 'held', 'releasing', 'uncertain', 'failed', 'partial', 'missed')";

impl InQuestion {
    fn of(account: String, gap: Gap) -> Self {
        Self { account, jobs: 0, first: Vec::new(), ended: 0, last: Vec::new(), gap }
    }
}

impl Tx<'_> {
    /// Returns what the daemon last recorded about itself.
    pub fn last_seen(&self) -> Result<LastSeen> {
        let has_jobs = self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM job) OR EXISTS (SELECT 1 FROM series)")?
            .query_row([], |row| row.get(0))?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(LastSeen {
                seen_at: instant(row.get(0)?),
                orderly: row.get(1)?,
                copied_at: row.get::<_, Option<i64>>(2)?.map(instant),
                high_water: row.get(3)?,
                files: row.get(4)?,
                taken_over_at: row.get::<_, Option<i64>>(5)?.map(instant),
                has_jobs,
            })
        };
        Ok(self
            .db
            .prepare_cached(
                "SELECT seen_at, stopped_at IS NOT NULL, copied_at, high_water,
                     (SELECT count(*) FROM file), taken_over_at FROM daemon",
            )?
            .query_row([], read)?)
    }

    /// Returns how many intents were recorded: each pass asks for that alone, however many files were
    /// taken.
    pub fn high_water(&self) -> Result<i64> {
        Ok(self
            .db
            .prepare_cached("SELECT high_water FROM daemon")?
            .query_row([], |row| row.get(0))?)
    }

    /// Records that the daemon runs, and so has not stopped.
    pub fn seen(&self, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE daemon SET seen_at = ?1, stopped_at = NULL, taken_over_at = NULL",
            params![millis(now)],
        )
    }

    /// Records an orderly stop: from now on nothing of this database is sent.
    pub fn stopped(&self, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE daemon SET seen_at = ?1, stopped_at = ?1, taken_over_at = NULL",
            params![millis(now)],
        )
    }

    /// Records that a daemon took this database over: an earlier orderly stop no longer counts.
    ///
    /// From now on this daemon may send. A daemon that took over earlier and stopped before it
    /// could find out what had happened meanwhile still counts.
    pub fn taken_over(&self, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE daemon SET taken_over_at = ifnull(taken_over_at, ?1)";
        self.run(sql, params![millis(now)])
    }

    /// Moves that time back if the clock was ahead then.
    pub fn taken_over_before(&self, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE daemon SET taken_over_at = min(taken_over_at, ?1)";
        self.run(sql, params![millis(now)])
    }

    /// Clears the mark of a copy: the hold that follows from it is recorded.
    pub fn copy_is_known(&self) -> Result<()> {
        self.run("UPDATE daemon SET copied_at = NULL", params![])
    }

    /// Returns when a file was last taken.
    pub fn last_taken_at(&self) -> Result<Option<DateTime<Utc>>> {
        let last: Option<i64> =
            self.db.query_row("SELECT max(taken_at) FROM file", [], |row| row.get(0))?;
        Ok(last.map(instant))
    }

    /// Records that a file was taken, even one whose content was known.
    pub fn took_file(&self, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE daemon SET file_at = max(ifnull(file_at, ?1), ?1)";
        self.run(sql, params![millis(now)])
    }

    /// Returns when that was last; none if it was never recorded.
    pub fn took_file_at(&self) -> Result<Option<DateTime<Utc>>> {
        let at: Option<i64> =
            self.db.query_row("SELECT file_at FROM daemon", [], |row| row.get(0))?;
        Ok(at.map(instant))
    }

    /// Bounds every broadcast that may have been sent in a gap by the time until which the platform
    /// surely remembers it, and records in the history which ones are beyond that time.
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
        let why = Reason::GapInQuestion { from: gap.from, to: gap.to };
        let mut waiting = self.db.prepare_cached(
            "SELECT id, state FROM job WHERE recall_until_at IS NOT NULL AND due_at > recall_until_at
               AND state IN ('planned', 'held')",
        )?;
        let rows = waiting
            .query_map([], |row| Ok((row.get::<_, String>(0)?, super::job_row::state(row, 1)?)))?
            .collect::<rusqlite::Result<Vec<(String, JobState)>>>()?;
        for (id, state) in rows {
            if let Some(id) = JobId::parse(&id) {
                self.tell(&id, Some(state), state, &why, now)?;
            }
        }
        Ok(())
    }

    /// Lets every clientmsgid that another copy of this database may have used until now rest as
    /// long as after a request of our own.
    ///
    /// A job whose time ends before that is requested just before its end: a response that comes
    /// too early is better than none.
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

    /// Releases the jobs in question of an account, or of all. Returns how many of them wait, and
    /// how many of those that `status` names may be retried from now on.
    ///
    /// Those are the jobs that the alert names. A job that the platform still remembers keeps its
    /// bound: it may be deferred beyond it, or be retried later.
    pub(super) fn lift_recall(
        &self,
        account: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<[usize; 2]> {
        const OF: &str = "(?1 IS NULL OR account = ?1)";
        let count = |which: &str| -> Result<i64> {
            let sql = format!("SELECT count(*) FROM job WHERE {which} AND {OF}");
            Ok(self
                .db
                .prepare_cached(&sql)?
                .query_row(params![account, millis(now)], |row| row.get(0))?)
        };
        let waiting = count(WAITS)?;
        let ended = count(&format!("{ENDED} AND state IN ('missed', 'failed', 'partial')"))?;
        self.run(
            &format!(
                "UPDATE job SET recall_until_at = NULL,
                     wake_at = CASE WHEN wake_at IS NULL THEN NULL ELSE min(wake_at, due_at) END
                 WHERE (({WAITS}) OR ({ENDED})) AND {OF}"
            ),
            params![account, millis(now)],
        )?;
        Ok([waiting, ended].map(|count| usize::try_from(count).unwrap_or(usize::MAX)))
    }

    /// Returns the accounts with jobs that wait or have ended, and that the platform may no longer
    /// remember.
    pub fn in_question(&self, now: DateTime<Utc>) -> Result<Vec<InQuestion>> {
        let gap: Option<(i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT gap_from_at, gap_to_at FROM daemon WHERE gap_from_at IS NOT NULL",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((from, to)) = gap else { return Ok(Vec::new()) };
        let gap = Gap { from: instant(from), to: instant(to) };
        let mut found: BTreeMap<String, InQuestion> = BTreeMap::new();
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT account, ifnull(series, id), series IS NOT NULL, count(*)
             FROM job LEFT JOIN occurrence ON occurrence.job = id WHERE ?1 IS NULL AND {WAITS}
             GROUP BY 1, 2, 3 ORDER BY min(due_at)"
        ))?;
        let mut rows = statement.query(params![None::<i64>, millis(now)])?;
        while let Some(row) = rows.next()? {
            let account: String = row.get(0)?;
            let of = found.entry(account.clone()).or_insert_with(|| InQuestion::of(account, gap));
            of.jobs += row.get::<_, u32>(3)?;
            if of.first.len() < NAMED {
                of.first.push(read_named(row)?);
            }
        }
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT account, ifnull(series, id), series IS NOT NULL, count(*), state,
                 max(ifnull(ended_at, 0)) >= ?1
             FROM job LEFT JOIN occurrence ON occurrence.job = id WHERE {ENDED}
             GROUP BY 1, 2, 3, 5 ORDER BY max(ended_at) DESC, min(id)"
        ))?;
        let mut rows = statement.query(params![from, millis(now)])?;
        while let Some(row) = rows.next()? {
            let account: String = row.get(0)?;
            // A job that had ended before the gap raises no alert by itself: its retry does.
            if !row.get::<_, bool>(5)? && !found.contains_key(&account) {
                continue;
            }
            let of = found.entry(account.clone()).or_insert_with(|| InQuestion::of(account, gap));
            of.ended += row.get::<_, u32>(3)?;
            if of.last.len() < NAMED {
                of.last.push((read_named(row)?, super::job_row::state(row, 4)?));
            }
        }
        Ok(found.into_values().collect())
    }

    /// Returns the ids of the jobs that a restored database may have sent already.
    ///
    /// They have not ended, and were planned for a time that has passed, or for one at which the
    /// platform may no longer remember them. A job that was deferred since may have moved forward
    /// again.
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

    /// Names jobs; the dates of a series count together.
    pub fn named(&self, jobs: &[JobId]) -> Result<NamedJobs> {
        let mut named = NamedJobs::default();
        let mut statement =
            self.db.prepare_cached("SELECT series FROM occurrence WHERE job = ?1")?;
        for job in jobs {
            let series = statement.query_row([job.as_str()], |row| row.get::<_, String>(0));
            named.add(job, series.optional()?.and_then(|series| JobId::parse(&series)));
        }
        Ok(named)
    }
}

fn read_named(row: &rusqlite::Row<'_>) -> rusqlite::Result<Named> {
    let dates = if row.get(2)? { Some(row.get(3)?) } else { None };
    Ok(Named { id: row.get(1)?, dates })
}
