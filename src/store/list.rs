//! Lists of jobs in the order of their due times, read only as far as needed.
//!
//! Each state is one walk along an index, and the walks are merged: a million jobs are neither
//! sorted nor held in memory to show the few that are requested.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use crate::calendar::Window;
use crate::model::{BatchState, JobState};
use crate::quota::Rule;
use crate::reason::Reason;
use crate::store::job_row::state;
use crate::store::view::{BatchView, JobView};
use crate::store::{Result, StoreError, Tx, instant, millis, unreadable};

/// Which jobs are requested.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Only those of one account.
    pub account: Option<&'a str>,
    /// Only those in one of these states.
    pub states: &'a [JobState],
    /// Only those due before this time.
    pub before: Option<DateTime<Utc>>,
}

impl Wanted<'static> {
    /// Every job.
    pub const ALL: Self = Self { account: None, states: JobState::ALL, before: None };

    /// The jobs that wait to be released.
    pub const WAITING: Self = Self {
        account: None,
        states: &[JobState::Planned, JobState::Held, JobState::Releasing],
        before: None,
    };
}

impl Wanted<'_> {
    /// Returns one SELECT over each state's part of the index, merged into one order.
    ///
    /// `?1` is the account and `?2` the end; both are always bound.
    fn merged(&self, columns: &str, joined: &str, order: &str) -> String {
        let mut sql = String::new();
        for state in self.states {
            let link = if sql.is_empty() { "" } else { " UNION ALL " };
            write!(
                sql,
                "{link}SELECT {columns} FROM job INDEXED BY job_state {joined}
                 WHERE job.state = '{state}' AND {}",
                self.limits()
            )
            .expect("a String takes everything");
        }
        format!("{sql} ORDER BY {order}")
    }

    /// Without an account the index alone answers.
    fn limits(&self) -> &'static str {
        match self.account {
            Some(_) => "job.account = ?1 AND due_at < ?2",
            None => "?1 IS NULL AND due_at < ?2",
        }
    }

    fn end(&self) -> i64 {
        self.before.map_or(i64::MAX, millis)
    }
}

const JOB: &str = "job.id, job.account, action, job.state, written_at, due_at, expires_at,
    CASE WHEN wake_at IS NOT NULL AND due_at > recall_until_at
        THEN json_object('code', 'may_have_been_sent') ELSE reason END,
    audience, msgtype, file, everyone, ifnull(job.title, job.id)";

const BATCH: &str = "clientmsgid, batch.state, msg_id,
    (SELECT count(*) FROM attempt WHERE batch = batch.id), number + 1, generation, receivers,
    result, total_count, filter_count, sent_count, error_count, deleted, accepted_at,
    msg_data_id";

const WITH_BATCHES: &str = "LEFT JOIN batch ON batch.job = job.id AND replaced = 0";

fn read_job(row: &Row<'_>) -> rusqlite::Result<JobView> {
    Ok(JobView {
        id: row.get(0)?,
        account: row.get(1)?,
        action: row.get(2)?,
        state: state(row, 3)?,
        at: row.get::<_, Option<i64>>(4)?.map(instant),
        due: instant(row.get(5)?),
        expires: instant(row.get(6)?),
        reason: row.get(7)?,
        batches: Vec::new(),
        audience: row.get(8)?,
        msgtype: row.get(9)?,
        file: row.get(10)?,
        everyone: row.get(11)?,
        title: row.get(12)?,
        deleted: false,
    })
}

/// Adds the batch of a joined row, if there is one.
fn read_batch(job: &mut JobView, row: &Row<'_>) -> rusqlite::Result<()> {
    let Some(clientmsgid) = row.get(13)? else {
        return Ok(());
    };
    let word: String = row.get(14)?;
    job.batches.push(BatchView {
        clientmsgid,
        state: BatchState::parse(&word).ok_or_else(|| unreadable("batch.state", &word))?,
        msg_id: row.get(15)?,
        attempts: row.get(16)?,
        number: row.get(17)?,
        generation: row.get(18)?,
        receivers: row.get(19)?,
        result: row.get(20)?,
        total_count: row.get(21)?,
        filter_count: row.get(22)?,
        sent_count: row.get(23)?,
        error_count: row.get(24)?,
        deleted: row.get(25)?,
        accepted_at: row.get::<_, Option<i64>>(26)?.map(instant),
        msg_data_id: row.get(27)?,
    });
    let counts =
        |batch: &&BatchView| !matches!(batch.state, BatchState::Refused | BatchState::Failed);
    let mut counted = job.batches.iter().filter(counts).peekable();
    job.deleted = counted.peek().is_some() && counted.all(|batch| batch.deleted);
    Ok(())
}

/// A job that recently moved to a later window and still waits.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// The job.
    pub id: String,
    /// Its account.
    pub account: String,
    /// When it was moved.
    pub moved_at: DateTime<Utc>,
    /// When it is due now.
    pub due: DateTime<Utc>,
    /// Its state.
    pub state: JobState,
    /// Why.
    pub why: Reason,
}

/// How many of the newest lines of all histories are searched for deferrals.
const STORY_LINES: u32 = 5_000;

impl Tx<'_> {
    /// Passes jobs to `each` one by one, in the order of their due times, until it stops.
    ///
    /// # Errors
    /// Those of `each`, and if SQLite fails.
    pub fn each_job<E: From<StoreError>>(
        &self,
        wanted: Wanted<'_>,
        each: &mut dyn FnMut(JobView) -> std::result::Result<ControlFlow<()>, E>,
    ) -> std::result::Result<(), E> {
        let columns = format!("{JOB}, {BATCH}, due_at AS o1, seq AS o2, number AS o3");
        let sql = wanted.merged(&columns, WITH_BATCHES, "o1, o2, o3");
        let failed = |error| E::from(StoreError::from(error));
        let mut statement = self.db.prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query(params![wanted.account, wanted.end()]).map_err(failed)?;
        let mut sync: Option<JobView> = None;
        while let Some(row) = rows.next().map_err(failed)? {
            let id: String = row.get(0).map_err(failed)?;
            if sync.as_ref().is_none_or(|job| job.id != id) {
                let next = read_job(row).map_err(failed)?;
                if let Some(whole) = sync.replace(next)
                    && each(whole)?.is_break()
                {
                    return Ok(());
                }
            }
            if let Some(job) = &mut sync {
                read_batch(job, row).map_err(failed)?;
            }
        }
        if let Some(last) = sync {
            // No later row follows that could be stopped.
            let _: ControlFlow<()> = each(last)?;
        }
        Ok(())
    }

    /// Counts jobs.
    pub fn count_jobs(&self, wanted: Wanted<'_>) -> Result<u64> {
        let states: Vec<_> = wanted.states.iter().map(|state| format!("'{state}'")).collect();
        let sql = format!(
            "SELECT count(*) FROM job INDEXED BY job_state WHERE state IN ({}) AND {}",
            states.join(", "),
            wanted.limits()
        );
        let count: i64 = self
            .db
            .prepare_cached(&sql)?
            .query_row(params![wanted.account, wanted.end()], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Returns the jobs whose due times are nearest to a given time, in the order of their due
    /// times.
    pub fn jobs_near(
        &self,
        wanted: Wanted<'_>,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<JobView>> {
        let mut near = Vec::new();
        for (side, order) in [("due_at >= ?4", "o1, o2"), ("due_at < ?4", "o1 DESC, o2 DESC")] {
            let columns = "job.id, due_at AS o1, seq AS o2";
            let sql = wanted
                .merged(columns, "", order)
                .replace(wanted.limits(), &format!("{} AND {side}", wanted.limits()));
            let mut statement = self.db.prepare_cached(&format!("{sql} LIMIT ?3"))?;
            let values = params![wanted.account, wanted.end(), most, millis(now)];
            let rows = statement.query_map(values, |row| {
                Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(0)?))
            })?;
            near.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        near.sort_by_key(|(due, taken, _)| (due.abs_diff(millis(now)), *taken));
        near.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        near.sort();
        let mut jobs = Vec::with_capacity(near.len());
        for (_, _, id) in near {
            jobs.extend(self.job_view(&id)?);
        }
        Ok(jobs)
    }

    /// Returns the next jobs to be released, of one account if it is given.
    pub fn next_jobs(&self, account: Option<&str>, most: u32) -> Result<Vec<JobView>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut jobs = Vec::new();
        self.each_job::<StoreError>(Wanted { account, ..Wanted::WAITING }, &mut |job| {
            jobs.push(job);
            Ok(if jobs.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(jobs)
    }

    /// Returns one job as the lists show it.
    pub fn job_view(&self, id: &str) -> Result<Option<JobView>> {
        let sql = format!(
            "SELECT {JOB}, {BATCH} FROM job {WITH_BATCHES} WHERE job.id = ?1 ORDER BY number"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([id])?;
        let mut job = None;
        while let Some(row) = rows.next()? {
            let job = match &mut job {
                Some(job) => job,
                None => job.insert(read_job(row)?),
            };
            read_batch(job, row)?;
        }
        Ok(job)
    }

    /// Returns whether an account has any job.
    pub fn has_jobs(&self, account: &str) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM job WHERE account = ?1)")?
            .query_row([account], |row| row.get(0))?)
    }

    /// Returns the jobs that moved to a later window since a given time and still wait, the newest
    /// first.
    pub fn deferred_since(&self, since: DateTime<Utc>, most: u32) -> Result<Vec<Deferred>> {
        let mut statement = self.db.prepare_cached(
            "SELECT job.id, job.account, max(at), due_at, job.state, ifnull(reason, why)
             FROM (SELECT job, at, why FROM history ORDER BY id DESC LIMIT ?3) reported
             JOIN job ON job.id = reported.job
             WHERE at > ?1 AND iif(json_valid(why), why ->> 'code', '') = 'deferred' AND due_at > planned_at
               AND job.state IN ('planned', 'held')
             GROUP BY job.id ORDER BY 3 DESC, job.id LIMIT ?2",
        )?;
        let rows = statement.query_map(params![millis(since), most, STORY_LINES], |row| {
            Ok(Deferred {
                id: row.get(0)?,
                account: row.get(1)?,
                moved_at: instant(row.get(2)?),
                due: instant(row.get(3)?),
                state: state(row, 4)?,
                why: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns when the last event about an account's broadcast came.
    pub fn last_event_at(&self, account: &str) -> Result<Option<DateTime<Utc>>> {
        let at: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT max(received_at) FROM (SELECT received_at FROM event WHERE account = ?1
                 ORDER BY msg_id DESC LIMIT 20)",
            )?
            .query_row([account], |row| row.get(0))?;
        Ok(at.map(instant))
    }

    /// Returns what uses a window: our jobs by id, and how many sends made elsewhere.
    pub fn used_by(
        &self,
        account: &str,
        (rule, window): (Rule, Window),
        most: u32,
    ) -> Result<(Vec<String>, u32)> {
        let window = window.to_string();
        let mut statement = self.db.prepare_cached(
            "SELECT DISTINCT batch.job FROM charge JOIN batch ON batch.id = charge.batch
             WHERE charge.account = ?1 AND rule = ?2 AND \"window\" = ?3
               AND charge.state <> 'returned' LIMIT ?4",
        )?;
        let rows = statement.query_map(params![account, rule.name(), window, most], |row| {
            row.get::<_, String>(0)
        })?;
        let ours = rows.collect::<rusqlite::Result<_>>()?;
        let elsewhere = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM charge WHERE account = ?1 AND rule = ?2 AND \"window\" = ?3
                 AND state <> 'returned' AND external_send IS NOT NULL",
            )?
            .query_row(params![account, rule.name(), window], |row| row.get(0))?;
        Ok((ours, elsewhere))
    }
}
