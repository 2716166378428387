//! Settlement: records the outcome of each request, and the end of each job.
//!
//! A batch in doubt is settled by acceptance only. Charges follow: an accepted batch keeps those of
//! the windows it may have been counted in, a certain refusal returns them, and a batch in doubt
//! keeps all.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::calendar::Window;
use crate::model::{Account, BatchState, JobId, JobState, job_state};
use crate::plan::{self, Batch, Job};
use crate::quota::margins;
use crate::quota::{self, Rule};
use crate::reason::Reason;
use crate::store::schedule::Deferral;
use crate::store::{Move, Result, StoreError, Tx, millis};

/// What a response means for the batch in its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The platform accepted it now.
    Accepted,
    /// The platform had accepted it before (45065).
    Adopted,
    /// It may or may not have been accepted.
    InDoubt,
    /// Certainly not accepted; retried after this pause.
    Later(TimeDelta),
    /// Its token was refused: no attempt of its clientmsgid.
    Token,
    /// Certainly not accepted, and never will be.
    Refused,
    /// Certainly not accepted; the job moves to a later window.
    NextWindow,
}

impl SendOutcome {
    /// Returns its word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Adopted => "accepted before",
            Self::InDoubt => "in doubt",
            Self::Later(_) => "asked again",
            Self::Token => "invalid token",
            Self::Refused => "refused",
            Self::NextWindow => "deferred",
        }
    }
}

/// The content of a response, for the record.
#[derive(Clone, Debug, Default)]
pub struct ResponseFields<'a> {
    /// The platform's code.
    pub errcode: Option<i64>,
    /// Its message.
    pub errmsg: &'a str,
    /// The broadcast's number.
    pub msg_id: Option<i64>,
    /// The number for the article statistics.
    pub msg_data_id: Option<i64>,
    /// The `Date` header of the response.
    pub dated: Option<DateTime<Utc>>,
    /// Whether the request certainly never reached the platform.
    pub not_sent: bool,
    /// How long after acceptance the first `mass/get` is sent.
    pub ask_after: TimeDelta,
}

/// What settling a response revealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing unusual.
    Clean,
    /// Adopted, but this database had never requested it before.
    AdoptedUnseen(JobId),
    /// The `msg_id` belongs to another broadcast of ours, or this id was used with another body.
    Collision(Reason),
}

struct OpenAttempt {
    batch: i64,
    job: JobId,
    in_doubt: bool,
    clientmsgid: String,
    body_sha256: String,
}

impl Tx<'_> {
    fn asked(&self, attempt: i64) -> Result<OpenAttempt> {
        let (batch, job, since, clientmsgid, body_sha256): (
            i64,
            String,
            Option<i64>,
            String,
            String,
        ) = self
            .db
            .prepare_cached(
                "SELECT batch.id, batch.job, in_doubt_since_at, clientmsgid, body_sha256
                     FROM attempt JOIN batch ON batch.id = attempt.batch
                     WHERE attempt.id = ?1 AND ended_at IS NULL",
            )?
            .query_row([attempt], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?
            .ok_or_else(|| StoreError::Conflict(format!("attempt {attempt} is not open")))?;
        let job = JobId::parse(&job)
            .ok_or_else(|| StoreError::Corrupt(format!("the job id {job:?} is not one of ours")))?;
        Ok(OpenAttempt { batch, job, in_doubt: since.is_some(), clientmsgid, body_sha256 })
    }

    /// Returns whether an open attempt's batch was in doubt before it, and its job.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn before_attempt(&self, attempt: i64) -> Result<(JobId, bool)> {
        let asked = self.asked(attempt)?;
        Ok((asked.job, asked.in_doubt))
    }

    fn end_attempt(
        &self,
        attempt: i64,
        outcome: &str,
        fields: &ResponseFields<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "UPDATE attempt SET ended_at = ?2, outcome = ?3, errcode = ?4, errmsg = ?5, dated_at = ?6
             WHERE id = ?1 AND ended_at IS NULL",
            params![attempt, millis(now), outcome, fields.errcode, fields.errmsg, fields.dated.map(millis)],
        )?;
        self.run(
            "UPDATE call SET ended_at = ?2 WHERE attempt = ?1 AND ended_at IS NULL",
            params![attempt, millis(now)],
        )?;
        // A call counts whatever its outcome, unless it certainly never arrived.
        let calls = if fields.not_sent { "returned" } else { "kept" };
        self.run(
            "UPDATE charge SET state = ?2 WHERE attempt = ?1 AND state = 'reserved' AND rule = ?3
             AND provisional = 0",
            params![attempt, calls, Rule::DailyCalls.name()],
        )
    }

    /// Settles an attempt whose batch the platform has accepted, now or before.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn accept(
        &self,
        attempt: i64,
        account: &Account,
        fields: &ResponseFields<'_>,
        adopted: bool,
        now: DateTime<Utc>,
    ) -> Result<Settled> {
        let asked = self.asked(attempt)?;
        let msg_id =
            fields.msg_id.ok_or_else(|| StoreError::Corrupt("no msg_id to accept".into()))?;
        let mut settled = Settled::Clean;
        if let Some(other) = self.other_with(account, msg_id, asked.batch)? {
            let job = asked.job;
            return Ok(Settled::Collision(Reason::BroadcastOfOtherJob { job, msg_id, other }));
        }
        if adopted {
            match self.seen_body(&asked, attempt)? {
                Some(false) => {
                    let job = asked.job;
                    return Ok(Settled::Collision(Reason::BodyDiffers { job, msg_id }));
                }
                Some(true) => {}
                None => settled = Settled::AdoptedUnseen(asked.job.clone()),
            }
        }
        self.end_attempt(attempt, if adopted { "adopted" } else { "accepted" }, fields, now)?;
        self.run(
            "UPDATE batch SET state = 'accepted', msg_id = ?2, msg_data_id = ?3, accepted_at = ?4,
                 in_doubt_since_at = NULL, result_at = ?5, result_asks = 1
             WHERE id = ?1 AND state = 'asking'",
            params![
                asked.batch,
                msg_id,
                fields.msg_data_id,
                millis(now),
                millis(now + fields.ask_after)
            ],
        )?;
        let dated = fields.dated.unwrap_or(now);
        let next_day_is_charged = self.keep_charges(attempt, asked.batch, adopted, dated)?;
        self.note_deliveries(account, (asked.batch, attempt), adopted, dated)?;
        self.return_unconfirmed_disproved(account, asked.batch, now)?;
        self.match_events(account, asked.batch, msg_id, now)?;
        let batch = self.batch_number(asked.batch)?;
        let others_not_asked_of = match &settled {
            Settled::AdoptedUnseen(job) if self.set_unasked_aside(job)? => Some(job.clone()),
            Settled::AdoptedUnseen(_) | Settled::Clean | Settled::Collision(_) => None,
        };
        let why = match adopted {
            true => Reason::BatchAdopted { batch, msg_id, others_not_asked_of },
            false => Reason::BatchAccepted { batch, msg_id },
        };
        self.apply_job_state(&asked.job, account, JobState::Failed, &why, now)?;
        self.settle_by_event(account, asked.batch, now)?;
        if next_day_is_charged {
            self.replan(account, now)?;
        }
        Ok(settled)
    }

    /// Stops the batches of a job that were never requested, if there are any.
    ///
    /// Another copy of the database sent the job, perhaps in another version and in other batches:
    /// these would reach the same people again.
    fn set_unasked_aside(&self, id: &JobId) -> Result<bool> {
        let batches = self.batches(id)?;
        let unasked = |batch: &&Batch| batch.state == BatchState::Planned && batch.attempts == 0;
        for batch in batches.iter().filter(unasked) {
            self.set_aside(batch.id)?;
        }
        Ok(batches.iter().any(|batch| unasked(&batch)))
    }

    fn batch_number(&self, batch: i64) -> Result<u32> {
        Ok(self
            .db
            .prepare_cached("SELECT number + 1 FROM batch WHERE id = ?1")?
            .query_row([batch], |row| row.get(0))?)
    }

    pub(super) fn other_with(
        &self,
        account: &Account,
        msg_id: i64,
        batch: i64,
    ) -> Result<Option<String>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT job FROM batch WHERE account = ?1 AND msg_id = ?2 AND id <> ?3",
            )?
            .query_row(params![account.name, msg_id, batch], |row| row.get(0))
            .optional()?)
    }

    /// Returns whether earlier attempts under this id had the same body; `None` if there were none.
    fn seen_body(&self, asked: &OpenAttempt, attempt: i64) -> Result<Option<bool>> {
        let (count, same): (u32, u32) = self
            .db
            .prepare_cached(
                "SELECT count(*), count(*) FILTER (WHERE body_sha256 = ?3)
                 FROM attempt JOIN batch ON batch.id = attempt.batch
                 WHERE clientmsgid = ?1 AND attempt.id <> ?2 AND outcome IS NOT 'token'",
            )?
            .query_row(params![asked.clientmsgid, attempt, asked.body_sha256], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok((count > 0).then_some(count == same))
    }

    /// Decides which windows an accepted batch stays charged in, and returns whether a provisional
    /// charge became one for good.
    fn keep_charges(
        &self,
        attempt: i64,
        batch: i64,
        adopted: bool,
        dated: DateTime<Utc>,
    ) -> Result<bool> {
        let reserved = self
            .db
            .prepare_cached(
                "SELECT charge.id, \"window\", attempt, provisional FROM charge
                 WHERE batch = ?1 AND state = 'reserved'",
            )?
            .query_map([batch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String, Option<i64>, bool)>>>()?;
        let earlier = reserved.iter().any(|(_, _, by, _)| *by != Some(attempt));
        let stays = |window: &str, by: Option<i64>| {
            if adopted && earlier {
                // An earlier attempt was the accepted one, in one of the windows it charged.
                by != Some(attempt)
            } else if adopted {
                true
            } else {
                Window::parse(window).is_none_or(|window| quota::keeps(window, dated))
            }
        };
        let any = reserved.iter().any(|(_, window, by, _)| stays(window, *by));
        let mut provisional_is_kept = false;
        for (charge, window, by, provisional) in &reserved {
            let is_kept = !any || stays(window, *by);
            provisional_is_kept |= is_kept && *provisional;
            let state = if is_kept { "kept" } else { "returned" };
            self.run(
                "UPDATE charge SET state = ?2, provisional = 0 WHERE id = ?1",
                params![charge, state],
            )?;
        }
        Ok(provisional_is_kept)
    }

    /// Records an attempt without a clear response.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn doubt(&self, attempt: i64, why: &str, now: DateTime<Utc>) -> Result<()> {
        self.doubt_with(attempt, &ResponseFields { errmsg: why, ..ResponseFields::default() }, now)
    }

    /// The same, with the content of the response.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn doubt_with(
        &self,
        attempt: i64,
        fields: &ResponseFields<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "in_doubt", fields, now)?;
        let next = now + self.pause_of(&asked)?;
        self.run(
            "UPDATE batch SET state = 'in_doubt', in_doubt_since_at = ifnull(in_doubt_since_at, ?2),
                 next_at = ?3 WHERE id = ?1 AND state = 'asking'",
            params![asked.batch, millis(now), millis(next)],
        )?;
        // The platform's midnight may be that much before ours.
        self.return_provisional(attempt, Some(now + margins::CLOCK_APART))?;
        let errmsg = fields.errmsg.to_owned();
        let why = Reason::InDoubt { errcode: fields.errcode, errmsg };
        self.reschedule(&asked.job, &why, now)
    }

    /// Records a certain refusal that is temporary: the batch is retried.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn later(
        &self,
        attempt: i64,
        fields: &ResponseFields<'_>,
        after: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "later", fields, now)?;
        let next = now + after.max(self.pause_of(&asked)?);
        self.park_batch(&asked, next)?;
        self.return_provisional(attempt, None)?;
        let errmsg = fields.errmsg.to_owned();
        let why = Reason::NotAccepted { errcode: fields.errcode, errmsg };
        self.reschedule(&asked.job, &why, now)
    }

    /// Withdraws an intent whose request never left: all is as it was before.
    ///
    /// The caller must be sure: this holds only for a request that this very process still has.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn withdraw(&self, attempt: i64, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let asked = self.asked(attempt)?;
        let first: bool = self
            .db
            .prepare_cached(
                "SELECT first_attempt_at = begun_at FROM job, attempt WHERE job.id = ?1 AND attempt.id = ?2",
            )?
            .query_row(params![asked.job.as_str(), attempt], |row| row.get(0))?;
        for sql in [
            "DELETE FROM charge WHERE attempt = ?1",
            "DELETE FROM call WHERE attempt = ?1",
            "DELETE FROM attempt WHERE id = ?1",
        ] {
            self.run(sql, params![attempt])?;
        }
        // The first attempt of a retry had been resolved by an operator: not sent.
        if asked.in_doubt && !first {
            self.move_batch(asked.batch, BatchState::Asking, BatchState::InDoubt)?;
        } else {
            self.park_batch(&asked, now)?;
        }
        let why = &Reason::StoppedBeforeRequest;
        if first {
            self.plan_again(&asked.job, account, why, now)
        } else {
            self.reschedule(&asked.job, why, now)
        }
    }

    /// Plans a job again whose first request was about to be made.
    fn plan_again(
        &self,
        id: &JobId,
        account: &Account,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "UPDATE job SET first_attempt_at = NULL, attempted = EXISTS (SELECT 1 FROM attempt JOIN batch
                 ON batch.id = attempt.batch WHERE batch.job = job.id) WHERE id = ?1",
            params![id.as_str()],
        )?;
        let job = self.job(id)?;
        if job.state == JobState::Releasing && !self.any_accepted(id)? {
            let to =
                Move { state: JobState::Planned, wake_at: Some(job.due_at), reason: None, why };
            self.move_job(id, JobState::Releasing, to, now)?;
        }
        self.run(
            "UPDATE batch SET next_at = ?2 WHERE job = ?1 AND state = 'planned' AND replaced = 0",
            params![id.as_str(), millis(job.due_at)],
        )?;
        self.replan(account, now)
    }

    /// Records a refused token, which is no attempt of the clientmsgid.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn refused_token(
        &self,
        attempt: i64,
        fields: &ResponseFields<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "token", fields, now)?;
        if asked.in_doubt {
            self.move_batch(asked.batch, BatchState::Asking, BatchState::InDoubt)?;
            self.run(
                "UPDATE batch SET next_at = ?2 WHERE id = ?1",
                params![asked.batch, millis(now)],
            )?;
        } else {
            self.park_batch(&asked, now)?;
        }
        self.return_provisional(attempt, None)?;
        self.reschedule(&asked.job, &Reason::TokenRefused, now)
    }

    fn park_batch(&self, asked: &OpenAttempt, next: DateTime<Utc>) -> Result<()> {
        self.move_batch(asked.batch, BatchState::Asking, BatchState::Planned)?;
        self.run("UPDATE batch SET next_at = ?2 WHERE id = ?1", params![asked.batch, millis(next)])
    }

    fn pause_of(&self, asked: &OpenAttempt) -> Result<TimeDelta> {
        let attempts: u32 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM attempt WHERE batch = ?1 AND outcome IS NOT 'token'",
            )?
            .query_row([asked.batch], |row| row.get(0))?;
        Ok(plan::backoff(&asked.clientmsgid, attempts))
    }

    /// Marks tomorrow's charges of an attempt as returned: all if it was refused; if it is in
    /// doubt, those that it ended before.
    fn return_provisional(&self, attempt: i64, ended: Option<DateTime<Utc>>) -> Result<()> {
        let charges = self
            .db
            .prepare_cached(
                "SELECT id, \"window\" FROM charge
                 WHERE attempt = ?1 AND provisional = 1 AND state <> 'returned'",
            )?
            .query_map([attempt], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        for (charge, window) in charges {
            let begins = Window::parse(&window).map(Window::start);
            if ended.zip(begins).is_none_or(|(ended, begins)| ended < begins) {
                self.run("UPDATE charge SET state = 'returned' WHERE id = ?1", params![charge])?;
            }
        }
        Ok(())
    }

    /// Makes a job in release due when its next batch may be requested.
    fn reschedule(&self, id: &JobId, why: &Reason, now: DateTime<Utc>) -> Result<()> {
        let job = self.job(id)?;
        let batches = self.batches(id)?;
        let wake = plan::wake_at(&job, &batches, now).unwrap_or(now);
        self.sleep(id, wake, Some(why))?;
        self.tell(id, Some(job.state), job.state, why, now)
    }

    /// Records a final refusal: what the batch had reserved is returned.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn refuse(
        &self,
        attempt: i64,
        account: &Account,
        fields: &ResponseFields<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "refused", fields, now)?;
        self.move_batch(asked.batch, BatchState::Asking, BatchState::Refused)?;
        self.return_reserved(asked.batch)?;
        let errmsg = fields.errmsg.to_owned();
        let why = Reason::PlatformRefused { errcode: fields.errcode, errmsg };
        self.apply_job_state(&asked.job, account, JobState::Failed, &why, now)
    }

    /// Records a refusal for lack of quota, and moves the rest of the job to a later window.
    ///
    /// # Errors
    /// If SQLite fails, or the attempt is not open.
    pub fn refuse_window(
        &self,
        attempt: i64,
        account: &Account,
        fields: &ResponseFields<'_>,
        (after, why): (DateTime<Utc>, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "refused", fields, now)?;
        self.park_batch(&asked, now)?;
        self.return_reserved(asked.batch)?;
        let job = self.job(&asked.job)?;
        self.defer(&job, account, Deferral { after, why, by_ledger: false }, now)
    }

    /// Returns whether some batch of the job is in doubt, or is to be verified because it was.
    pub fn any_in_doubt(&self, id: &JobId) -> Result<bool> {
        Ok(self.batches(id)?.iter().any(|batch| batch.in_doubt_since.is_some()))
    }

    /// Stops requests for a batch that is certainly not accepted, or that was resolved as not sent.
    pub(super) fn set_aside(&self, batch: i64) -> Result<()> {
        self.move_batch(batch, BatchState::Planned, BatchState::Refused)?;
        self.run("UPDATE batch SET in_doubt_since_at = NULL WHERE id = ?1", params![batch])?;
        self.return_reserved(batch)
    }

    pub(super) fn return_reserved(&self, batch: i64) -> Result<()> {
        self.run(
            "UPDATE charge SET state = 'returned' WHERE batch = ?1 AND state = 'reserved'",
            params![batch],
        )
    }

    /// Moves a job to the state that its batches have.
    pub(super) fn apply_job_state(
        &self,
        id: &JobId,
        account: &Account,
        refused_as: JobState,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        let batches = self.batches(id)?;
        let states: Vec<_> = batches.iter().map(|batch| batch.state).collect();
        let derived = job_state(&states, refused_as);
        // Its time is already over: what is still in doubt waits for an operator.
        let waits = derived == JobState::Releasing && job.state == JobState::Uncertain;
        let next = if waits { job.state } else { derived };
        if next == job.state {
            if next == JobState::Releasing {
                return self.reschedule(id, why, now);
            }
            return self.tell(id, Some(next), next, why, now);
        }
        if job.state.is_final() && !job.state.may_become(next) {
            // Results that come after the end are kept with the batch.
            return self.tell(id, Some(job.state), job.state, why, now);
        }
        let wake = next.waits().then_some(now);
        let good = matches!(next, JobState::Accepted | JobState::Sent | JobState::Releasing);
        let reason = (!good).then_some(why);
        self.move_job(id, job.state, Move { state: next, wake_at: wake, reason, why }, now)?;
        self.replan_into_room(account, now)
    }

    /// Ends a job because of a rule or its times, keeping the part that was accepted.
    pub fn finish_job(
        &self,
        job: &Job,
        account: &Account,
        state: JobState,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let under_way = job.state == JobState::Releasing || self.any_accepted(&job.id)?;
        for batch in self.batches(&job.id)? {
            let asked = batch.attempts > 0 || under_way;
            if batch.state == BatchState::Planned && asked {
                self.set_aside(batch.id)?;
            } else if batch.state != BatchState::InDoubt {
                self.return_reserved(batch.id)?;
            }
        }
        if under_way {
            return self.apply_job_state(&job.id, account, state, why, now);
        }
        self.move_job(
            &job.id,
            job.state,
            Move { state, wake_at: None, reason: Some(why), why },
            now,
        )?;
        self.replan_into_room(account, now)
    }

    /// Stops requests for a job whose time is over.
    pub fn run_out(&self, job: &Job, account: &Account, now: DateTime<Utc>) -> Result<()> {
        if !job.is_broadcast() {
            return self.run_out_action(&job.id, now);
        }
        let batches = self.batches(&job.id)?;
        if batches.iter().all(|batch| batch.state != BatchState::InDoubt) {
            let over = batches
                .iter()
                .any(|batch| batch.state == BatchState::Planned && batch.in_doubt_since.is_some());
            let why = if over { Reason::ClientmsgidForgotten } else { Reason::RetryWindowOver };
            return self.finish_job(job, account, JobState::Missed, &why, now);
        }
        for batch in batches.iter().filter(|batch| batch.state == BatchState::Planned) {
            self.set_aside(batch.id)?;
        }
        let why = &Reason::MayHaveGoneOut;
        let to = Move { state: JobState::Uncertain, wake_at: None, reason: Some(why), why };
        self.move_job(&job.id, job.state, to, now)?;
        self.replan_into_room(account, now)
    }
}
