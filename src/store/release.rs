//! Releases: which jobs are due, and the intent before the request.
//!
//! [`Tx::begin`] is the guarantee of this program: attempt, charges and state are committed in one
//! transaction before a byte leaves.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest, Sha256};

use crate::calendar;
use crate::model::{Account, BatchState, JobId, JobState, hex};
use crate::plan::{self, Batch, Job, NextAction as Next};
use crate::quota::{self, Because, Block, Demand, Need, Rule};
use crate::reason::Reason;
use crate::store::job_row::{JOB_COLUMNS, read_job};
use crate::store::{Move, Result, StoreError, Tx, instant, millis};

/// An intent on disk: what the request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The attempt that the response settles.
    pub attempt: i64,
    /// Whether it is sent to a list (`mass/send`) rather than to everyone or a tag.
    pub list: bool,
    /// The fixed body without its clientmsgid.
    pub body: String,
    /// The id that the request uses.
    pub clientmsgid: String,
}

/// Whether a request for a batch may be made.
#[derive(Debug)]
pub enum Start {
    /// It may, once its intent is committed.
    Begun(Begun),
    /// The rules have no room.
    Refused(Refusal),
}

/// Why no intent was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A rule has no room.
    Blocked(Block),
    /// Every receiver had the four of this month; if its author wants all of them, one had.
    Receivers(Block),
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Blocked(block) => block.into(),
            Refusal::Receivers(Block { rule, window, .. }) => Self::ReceiversFull { rule, window },
        }
    }
}

impl Tx<'_> {
    /// Returns the account's job that is due first.
    pub fn due_job(&self, account: &str, now: DateTime<Utc>) -> Result<Option<Job>> {
        Ok(self
            .db
            .prepare_cached(&format!(
                "SELECT {JOB_COLUMNS} FROM job WHERE account = ?1 AND wake_at <= ?2
                 ORDER BY wake_at, priority DESC, seq LIMIT 1"
            ))?
            .query_row(params![account, millis(now)], read_job)
            .optional()?)
    }

    /// Returns when the account's next job is due.
    pub fn next_wake(&self, account: &str) -> Result<Option<DateTime<Utc>>> {
        let next: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT wake_at FROM job WHERE account = ?1 AND wake_at IS NOT NULL
                 ORDER BY wake_at LIMIT 1",
            )?
            .query_row([account], |row| row.get(0))
            .optional()?;
        Ok(next.map(instant))
    }

    /// Lets a job wait until its times or batches change something.
    pub fn sleep(&self, id: &JobId, until: DateTime<Utc>, reason: Option<&Reason>) -> Result<()> {
        self.run(
            "UPDATE job SET wake_at = ?2, reason = ifnull(?3, reason) WHERE id = ?1 AND wake_at IS NOT NULL",
            params![id.as_str(), millis(until), reason],
        )
    }

    /// Returns when the sliding minute has room for one more call, with some calls reserved.
    pub fn minute_free_at(
        &self,
        account: &str,
        kept_back: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let row = Rule::PerMinute.row();
        let (quota::Counted::Sliding(span), quota::Limit::Fixed(limit)) = (row.counted, row.limit)
        else {
            return Ok(None);
        };
        let room = limit.saturating_sub(kept_back);
        // The room-th latest call decides; an open call still counts, as if it ended now.
        let oldest: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT min(ifnull(ended_at, ?2), ?2) FROM call WHERE account = ?1
                   AND (ended_at IS NULL OR ended_at > ?3)
                 ORDER BY min(ifnull(ended_at, ?2), ?2) DESC LIMIT 1 OFFSET ?4",
            )?
            .query_row(
                params![account, millis(now), millis(now - span), room.saturating_sub(1)],
                |row| row.get(0),
            )
            .optional()?;
        Ok(oldest.map(|ended| instant(ended) + span))
    }

    /// Records the intent to request a batch: the request may leave only after the commit.
    ///
    /// # Errors
    /// If SQLite fails, or the batch is not in the state that the caller expects.
    pub fn begin(
        &self,
        job: &Job,
        account: &Account,
        batch: &Batch,
        now: DateTime<Utc>,
    ) -> Result<Start> {
        let first = job.first_attempt_at.is_none();
        // What the platform may have accepted is verified whatever the ledger says: if it was
        // accepted, this very batch may fill the window, and if it was not, a refusal costs
        // nothing.
        let asks_what_became = first && batch.in_doubt_since.is_some();
        if first
            && !asks_what_became
            && let Some(block) = self.full_receivers(job, account, now)?
        {
            return Ok(Start::Refused(Refusal::Receivers(block)));
        }
        if first
            && !asks_what_became
            && let Some(block) = self.without_place(job, account, now)?
        {
            return Ok(Start::Refused(Refusal::Blocked(block)));
        }
        let open = self.open_batches(&job.id)?;
        let demand = Demand { calls: if first { open } else { 1 }, ..job.demand };
        let needs = quota::needs(account, demand, now);
        for need in &needs {
            if need.rule.row().slots && self.holds(&job.id, *need)? {
                continue;
            }
            // A retry that would need a new window yields to every job that waits for it.
            // The schedule gave it the window of its due time, and of its first request. In any
            // other one the others come first.
            let planned_at = job.first_attempt_at.unwrap_or(job.due_at);
            let own = need.rule.window(planned_at) == Some(need.window);
            let usage = self.usage_beside(account, *need, now, |other| {
                other.id != job.id && (!own || other.state == JobState::Releasing)
            })?;
            if let Err(block) = quota::admit(account, *need, usage) {
                if asks_what_became && need.rule.row().slots && block.because == Because::Used {
                    continue;
                }
                return Ok(Start::Refused(Refusal::Blocked(block)));
            }
        }
        if first {
            self.drop_full(job, account, now)?;
        }
        let begun = self.write_attempt(job, batch, now)?;
        if batch.in_doubt_since.is_none() {
            self.return_charges_outside(&job.id, &needs)?;
        }
        self.charge_needs(job, account, (batch.id, begun.attempt), now)?;
        Ok(Start::Begun(begun))
    }

    fn write_attempt(&self, job: &Job, batch: &Batch, now: DateTime<Utc>) -> Result<Begun> {
        let (body, receivers, prepared): (String, Option<u32>, bool) = self
            .db
            .prepare_cached(
                "SELECT body, receivers, prepared FROM batch JOIN body ON body.batch = batch.id
                 WHERE id = ?1",
            )?
            .query_row([batch.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if !prepared {
            return Err(StoreError::Conflict(format!("batch {} has no body yet", batch.id)));
        }
        self.move_batch(batch.id, batch.state, BatchState::Asking)?;
        self.run(
            "INSERT INTO attempt (batch, account, begun_at, body_sha256) VALUES (?1, ?2, ?3, ?4)",
            params![batch.id, job.account, millis(now), hex(&Sha256::digest(&body))],
        )?;
        let attempt = self.db.last_insert_rowid();
        self.run(
            "INSERT INTO call (account, attempt, begun_at) VALUES (?1, ?2, ?3)",
            params![job.account, attempt, millis(now)],
        )?;
        self.run("UPDATE daemon SET high_water = high_water + 1", params![])?;
        let asked =
            Job { first_attempt_at: Some(job.first_attempt_at.unwrap_or(now)), ..job.clone() };
        self.run(
            "UPDATE job SET attempted = 1, first_attempt_at = ?2 WHERE id = ?1",
            params![job.id.as_str(), asked.first_attempt_at.map(millis)],
        )?;
        if job.state == JobState::Planned {
            let to = Move {
                state: JobState::Releasing,
                wake_at: Some(plan::deadline(&asked)),
                reason: None,
                why: &Reason::ReleaseBegins,
            };
            self.move_job(&job.id, JobState::Planned, to, now)?;
        } else {
            self.sleep(&job.id, plan::deadline(&asked), None)?;
        }
        let clientmsgid = batch.clientmsgid.clone();
        Ok(Begun { attempt, list: receivers.is_some(), body, clientmsgid })
    }

    /// Records the API address that an attempt goes to.
    pub fn goes_to(&self, attempt: i64, api_base: &str) -> Result<()> {
        self.run(
            "UPDATE attempt SET api_base = ?2 WHERE id = ?1 AND ended_at IS NULL",
            params![attempt, api_base],
        )
    }

    /// Returns the API address at which a batch may have arrived, if it may have; within, none if
    /// an older version did not record it.
    pub fn base_in_doubt(&self, batch: i64) -> Result<Option<Option<String>>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT api_base FROM attempt WHERE batch = ?1
                   AND (outcome IS NULL OR outcome = 'in_doubt') ORDER BY id LIMIT 1",
            )?
            .query_row([batch], |row| row.get(0))
            .optional()?)
    }

    pub(super) fn open_batches(&self, id: &JobId) -> Result<u32> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT count(*) FROM batch WHERE job = ?1 AND replaced = 0
                 AND state IN ('planned', 'in_doubt', 'asking')",
            )?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    fn holds(&self, id: &JobId, need: Need) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM charge JOIN batch ON batch.id = charge.batch
                 WHERE batch.job = ?1 AND rule = ?2 AND \"window\" = ?3 AND charge.state <> 'returned')",
            )?
            .query_row(
                params![id.as_str(), need.rule.name(), need.window.to_string()],
                |row| row.get(0),
            )?)
    }

    /// Returns whether a batch is charged to a window; an earlier generation's charges are its own.
    fn is_charged(&self, batch: i64, need: Need) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM charge WHERE batch = ?1 AND rule = ?2 AND \"window\" = ?3
                 AND state <> 'returned')",
            )?
            .query_row(
                params![batch, need.rule.name(), need.window.to_string()],
                |row| row.get(0),
            )?)
    }

    /// Charges an attempt: what it needs today, and near midnight tomorrow's as well.
    fn charge_needs(
        &self,
        job: &Job,
        account: &Account,
        (batch, attempt): (i64, i64),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let demand = Demand { calls: 1, ..job.demand };
        let today = quota::needs(account, demand, now);
        let tomorrow = calendar::midnight_ahead(now)
            .map(|midnight| quota::needs(account, demand, midnight))
            .unwrap_or_default();
        let later = tomorrow.into_iter().filter(|need| !today.contains(need));
        let all = today.iter().map(|need| (*need, false)).chain(later.map(|need| (need, true)));
        for (need, provisional) in all {
            let slot = need.rule.row().slots;
            if slot && self.is_charged(batch, need)? {
                continue;
            }
            let slot = if slot { self.free_slot(account, need)? } else { None };
            self.run(
                "INSERT INTO charge (account, rule, \"window\", amount, state, batch, attempt, slot, provisional)
                 VALUES (?1, ?2, ?3, 1, 'reserved', ?4, ?5, ?6, ?7)",
                params![
                    account.name,
                    need.rule.name(),
                    need.window.to_string(),
                    batch,
                    attempt,
                    slot,
                    provisional
                ],
            )?;
        }
        Ok(())
    }

    fn free_slot(&self, account: &Account, need: Need) -> Result<Option<u32>> {
        let taken = self
            .db
            .prepare_cached(
                "SELECT slot FROM charge WHERE account = ?1 AND rule = ?2 AND \"window\" = ?3
                 AND slot IS NOT NULL AND state <> 'returned'",
            )?
            .query_map(params![account.name, need.rule.name(), need.window.to_string()], |row| {
                row.get::<_, u32>(0)
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let limit = quota::limit(need.rule, account).unwrap_or(0);
        Ok((0..limit).find(|slot| !taken.contains(slot)))
    }

    /// Marks the reservations in past windows of a job that was certainly not accepted as returned.
    fn return_charges_outside(&self, id: &JobId, needs: &[Need]) -> Result<()> {
        let held = self
            .db
            .prepare_cached(
                "SELECT charge.id, \"window\" FROM charge JOIN batch ON batch.id = charge.batch
                 WHERE batch.job = ?1 AND charge.state = 'reserved' AND slot IS NOT NULL",
            )?
            .query_map([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        for (charge, window) in held {
            if needs.iter().all(|need| need.window.to_string() != window) {
                self.run("UPDATE charge SET state = 'returned' WHERE id = ?1", params![charge])?;
            }
        }
        Ok(())
    }

    /// Returns the next action by the job's times, for callers that only have its id.
    pub fn next_action(&self, job: &Job, now: DateTime<Utc>) -> Result<(Next, Vec<Batch>)> {
        let batches = self.batches(&job.id)?;
        Ok((plan::next_action(job, &batches, now), batches))
    }
}
