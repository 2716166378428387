//! A person's decisions: to hold, and what becomes of one job.
//!
//! Each is stored with who said it, when and why. What was asked of the platform cannot be taken
//! back here: a decision only stops what is certainly not out, or says what nobody else knows.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::model::{Account, BatchState, JobId, JobState};
use crate::plan::{Batch, Job};
use crate::store::{Move, Result, Step, StoreError, instant};

/// Who said something, and why.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The person, as the system knows them.
    pub who: &'a str,
    /// Their reason, if they gave one.
    pub why: Option<&'a str>,
}

impl Said<'_> {
    /// Returns what is stored of it.
    pub fn line(self, what: &str) -> String {
        match self.why {
            Some(why) => format!("{} said {what}: {why}", self.who),
            None => format!("{} said {what}", self.who),
        }
    }
}

impl Step<'_> {
    /// Returns since when and why an account itself is held, or all of them are.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn hold_of(&self, account: Option<&str>) -> Result<Option<(DateTime<Utc>, String)>> {
        let read = |row: &rusqlite::Row<'_>| {
            let since: Option<i64> = row.get(0)?;
            Ok(since.zip(row.get::<_, Option<String>>(1)?))
        };
        let held = match account {
            Some(name) => self
                .db
                .prepare_cached("SELECT hold_since_at, hold_why FROM account WHERE name = ?1")?
                .query_row([name], read),
            None => self
                .db
                .prepare_cached("SELECT hold_since_at, hold_why FROM daemon")?
                .query_row([], read),
        };
        Ok(held.optional()?.flatten().map(|(since, why)| (instant(since), why)))
    }

    /// Lets a held job go at its time; its place stays as it is.
    ///
    /// # Errors
    /// Where the job waits for no approval, or SQLite fails.
    pub fn approve(&self, id: &JobId, said: Said<'_>, now: DateTime<Utc>) -> Result<()> {
        let job = self.job(id)?;
        let hint = match job.state {
            JobState::Held => None,
            JobState::Planned | JobState::Releasing => Some("it goes by itself, at its time"),
            JobState::Accepted | JobState::Sent | JobState::Uncertain => {
                Some("it was asked for already")
            }
            JobState::Failed | JobState::Partial | JobState::Missed => {
                Some("`qunfa retry` asks again for what was not accepted")
            }
            JobState::Cancelled | JobState::Expired => Some("plan it anew under another id"),
        };
        if let Some(hint) = hint {
            return Err(StoreError::Guard(format!(
                "job {id} is {} and waits for no approval: {hint}",
                job.state
            )));
        }
        let reason: Option<String> = self
            .db
            .prepare_cached("SELECT reason FROM job WHERE id = ?1")?
            .query_row(params![id.as_str()], |row| row.get(0))?;
        let to = Move {
            state: JobState::Planned,
            wake_at: Some(job.due_at),
            reason: reason.as_deref(),
            why: &said.line("approve"),
        };
        self.move_job(id, JobState::Held, to, now)
    }
}

impl Step<'_> {
    /// Calls a job off, as far as it is certainly not out.
    ///
    /// Of a job being released, the batches not yet begun are stopped; what was accepted stays,
    /// and what is under way or in doubt is settled as ever.
    ///
    /// # Errors
    /// Where nothing of it can be stopped, or SQLite fails.
    pub fn cancel(
        &self,
        id: &JobId,
        account: &Account,
        said: Said<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        let line = said.line("cancel");
        let hint = match job.state {
            JobState::Planned | JobState::Held => {
                return self.end_for(&job, account, JobState::Cancelled, &line, now);
            }
            JobState::Releasing => return self.stop_batches(&job, account, &line, now),
            JobState::Uncertain => {
                "it may have gone out, and is not asked for any more: `qunfa resolve` says what became of it"
            }
            JobState::Accepted | JobState::Sent | JobState::Partial => {
                "what the platform accepted cannot be called back"
            }
            JobState::Failed | JobState::Cancelled | JobState::Expired | JobState::Missed => {
                "nothing of it goes out any more"
            }
        };
        Err(StoreError::Guard(format!("job {id} is {} and cannot be cancelled: {hint}", job.state)))
    }

    /// Stops the batches of a job in release that the platform certainly does not have.
    fn stop_batches(
        &self,
        job: &Job,
        account: &Account,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let id = &job.id;
        let batches = self.batches(id)?;
        let waiting = |batch: &&Batch| batch.state == BatchState::Planned;
        if !batches.iter().any(|batch| waiting(&batch)) {
            let asking = batches.iter().any(|batch| batch.state == BatchState::Asking);
            let hint = if asking {
                "a request for it is under way, so say it again in a moment"
            } else {
                "it may have gone out, and is asked for until the platform says so"
            };
            return Err(StoreError::Guard(format!(
                "nothing of job {id} can be stopped now: {hint}"
            )));
        }
        for batch in batches.iter().filter(waiting) {
            self.move_batch(batch.id, BatchState::Planned, BatchState::Refused)?;
            self.return_reserved(batch.id)?;
        }
        self.follow(id, account, JobState::Cancelled, why, now)?;
        self.give_up_claims(id, account, now)
    }
}
