//! Releasing: the intent before the request, and what came of it.
//!
//! [`Step::begin`] is the promise of this program: attempt, charges and state stand in one
//! committed step before a byte leaves. Everything after it only ever learns.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest, Sha256};

use crate::calendar::{self, Span, Window};
use crate::model::{
    Account, BatchState, JobId, JobState, OnFullReceivers, batch_lengths, hex, job_state,
};
use crate::plan::{self, Batch, Job, Step as Next};
use crate::quota::{self, Block, Demand, Need, Rule};
use crate::store::place::{Deferral, Respect, standing};
use crate::store::take::{JOB_COLUMNS, is_slot, read_job};
use crate::store::{Move, Result, Step, StoreError, instant, millis};

/// An intent on disk: what the request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The attempt that the answer settles.
    pub attempt: i64,
    /// Whether it goes to a list (`mass/send`) rather than to everyone or a tag.
    pub list: bool,
    /// The fixed body without its clientmsgid.
    pub body: String,
    /// The id it is asked with.
    pub clientmsgid: String,
}

/// Why no intent was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A rule has no room.
    Blocked(Block),
    /// Every receiver (or, where its author wants all of them, one) had the four of this month.
    Receivers(Block),
}

/// What an answer means for the batch it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The platform took it now.
    Accepted,
    /// The platform had taken it before (45065).
    Adopted,
    /// It may have been taken, or not.
    InDoubt,
    /// Certainly not taken; asked again after this pause.
    Later(TimeDelta),
    /// Refused for its token: no attempt of its clientmsgid.
    Token,
    /// Certainly not taken, and never will be.
    Refused,
    /// Certainly not taken; the job moves to a later window.
    NextWindow,
}

/// What an answer said, for the record.
#[derive(Clone, Debug, Default)]
pub struct Word<'a> {
    /// The platform's code.
    pub errcode: Option<i64>,
    /// Its message.
    pub errmsg: &'a str,
    /// The broadcast's number.
    pub msg_id: Option<i64>,
    /// The article statistics' number.
    pub msg_data_id: Option<i64>,
    /// The `Date` on the answer.
    pub dated: Option<DateTime<Utc>>,
    /// Whether the request certainly never reached the platform.
    pub not_sent: bool,
    /// How long after acceptance `mass/get` is asked first.
    pub ask_after: TimeDelta,
}

/// What settling an answer brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing unusual.
    Plainly,
    /// Adopted, but this database never asked for it before.
    AdoptedUnseen(JobId),
    /// The `msg_id` belongs to another broadcast of ours, or another body was asked with this id.
    Collision(String),
}

struct Asked {
    batch: i64,
    job: JobId,
    in_doubt: bool,
    clientmsgid: String,
    body_sha256: String,
}

impl Step<'_> {
    /// Returns the account's job that is to be looked at first.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn due_job(&self, account: &str, now: DateTime<Utc>) -> Result<Option<Job>> {
        Ok(self
            .db
            .prepare_cached(&format!(
                "SELECT {JOB_COLUMNS} FROM job WHERE account = ?1 AND wake_at <= ?2
                 ORDER BY wake_at, priority DESC, taken LIMIT 1"
            ))?
            .query_row(params![account, millis(now)], read_job)
            .optional()?)
    }

    /// Returns when the account's next job is to be looked at.
    ///
    /// # Errors
    /// Where SQLite fails.
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

    /// Lets a job sleep until its times or batches say more.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn sleep(&self, id: &JobId, until: DateTime<Utc>, reason: Option<&str>) -> Result<()> {
        self.run(
            "UPDATE job SET wake_at = ?2, reason = ifnull(?3, reason) WHERE id = ?1 AND wake_at IS NOT NULL",
            params![id.as_str(), millis(until), reason],
        )
    }

    /// Returns when the sliding minute has room for one more call, keeping some back.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn minute_free_at(
        &self,
        account: &str,
        kept_back: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let quota::Counted::Sliding(span) = Rule::PerMinute.row().counted else {
            return Ok(None);
        };
        let room = Rule::PerMinute.row().limit.saturating_sub(kept_back);
        // The room-th latest call decides; one without an end still counts, as if it ended now.
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

    /// Writes the intent to ask for a batch: after the commit, and only then, it may be asked.
    ///
    /// # Errors
    /// Where SQLite fails, or the batch is not where the caller believes.
    pub fn begin(
        &self,
        job: &Job,
        account: &Account,
        batch: &Batch,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<Begun, Refusal>> {
        let first = job.first_asked_at.is_none();
        if first && let Some(block) = self.full_receivers(job, account, now)? {
            return Ok(Err(Refusal::Receivers(block)));
        }
        let open = self.open_batches(&job.id)?;
        let demand = Demand { calls: if first { open } else { 1 }, ..job.demand };
        let needs = quota::needs(account, demand, now);
        for need in &needs {
            if is_slot(need.rule) && self.holds(&job.id, *need)? {
                continue;
            }
            // A repeat that would need a new window yields to everybody who waits for it.
            let own = first || self.holds(&job.id, *need)? || self.claims(&job.id, *need)?;
            let respect =
                if own { Respect::Ahead(standing(job), &job.id) } else { Respect::Others(&job.id) };
            if let Err(block) = self.room(job, account, *need, respect, now)? {
                return Ok(Err(Refusal::Blocked(block)));
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
        let rest = self.open_batches(&job.id)?.saturating_sub(1);
        self.keep_calls_for_the_rest(job, rest)?;
        Ok(Ok(begun))
    }

    fn claims(&self, id: &JobId, need: Need) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM claim WHERE job = ?1 AND rule = ?2 AND \"window\" = ?3)",
            )?
            .query_row(
                params![id.as_str(), need.rule.name(), need.window.to_string()],
                |row| row.get(0),
            )?)
    }

    fn write_attempt(&self, job: &Job, batch: &Batch, now: DateTime<Utc>) -> Result<Begun> {
        let (body, receivers): (String, Option<u32>) = self
            .db
            .prepare_cached("SELECT body, receivers FROM batch WHERE id = ?1")?
            .query_row([batch.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
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
        let asked = Job { first_asked_at: Some(job.first_asked_at.unwrap_or(now)), ..job.clone() };
        self.run(
            "UPDATE job SET asked = 1, yields = 0, first_asked_at = ?2 WHERE id = ?1",
            params![job.id.as_str(), asked.first_asked_at.map(millis)],
        )?;
        self.run(
            "DELETE FROM claim WHERE job = ?1 AND rule <> ?2",
            params![job.id.as_str(), Rule::DailyCalls.name()],
        )?;
        if job.state == JobState::Planned {
            let to = Move {
                state: JobState::Releasing,
                wake_at: Some(plan::deadline(&asked)),
                reason: None,
                why: "its time has come and the rules have room",
            };
            self.move_job(&job.id, JobState::Planned, to, now)?;
        } else {
            self.sleep(&job.id, plan::deadline(&asked), None)?;
        }
        let clientmsgid = batch.clientmsgid.clone();
        Ok(Begun { attempt, list: receivers.is_some(), body, clientmsgid })
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

    /// Says whether a batch is charged to a window; what an earlier generation used is its own.
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
            let slot = is_slot(need.rule);
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

    /// The batches of a job not yet asked for keep their calls against any priority.
    fn keep_calls_for_the_rest(&self, job: &Job, rest: u32) -> Result<()> {
        if rest == 0 {
            return self.run("DELETE FROM claim WHERE job = ?1", params![job.id.as_str()]);
        }
        self.run(
            "UPDATE claim SET amount = ?2, behind = ?3 WHERE job = ?1",
            params![job.id.as_str(), rest, i32::MIN],
        )
    }

    /// Returns reservations of a job that was certainly not accepted in windows that are past.
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

    fn asked(&self, attempt: i64) -> Result<Asked> {
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
            .ok_or_else(|| StoreError::Guard(format!("attempt {attempt} is not open")))?;
        let job = JobId::parse(&job)
            .ok_or_else(|| StoreError::Guard(format!("the job id {job:?} is not one of ours")))?;
        Ok(Asked { batch, job, in_doubt: since.is_some(), clientmsgid, body_sha256 })
    }

    /// Returns whether an open attempt's batch was in doubt before it, and its job.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn before_attempt(&self, attempt: i64) -> Result<(JobId, bool)> {
        let asked = self.asked(attempt)?;
        Ok((asked.job, asked.in_doubt))
    }

    fn end_attempt(
        &self,
        attempt: i64,
        outcome: &str,
        word: &Word<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "UPDATE attempt SET ended_at = ?2, outcome = ?3, errcode = ?4, errmsg = ?5, dated_at = ?6
             WHERE id = ?1 AND ended_at IS NULL",
            params![attempt, millis(now), outcome, word.errcode, word.errmsg, word.dated.map(millis)],
        )?;
        self.run(
            "UPDATE call SET ended_at = ?2 WHERE attempt = ?1 AND ended_at IS NULL",
            params![attempt, millis(now)],
        )?;
        // A call is a call, whatever came of it, unless it certainly never arrived.
        let calls = if word.not_sent { "returned" } else { "kept" };
        self.run(
            "UPDATE charge SET state = ?2 WHERE attempt = ?1 AND state = 'reserved' AND rule = ?3
             AND provisional = 0",
            params![attempt, calls, Rule::DailyCalls.name()],
        )
    }

    /// Settles an attempt whose batch the platform has, now or from before.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn accept(
        &self,
        attempt: i64,
        account: &Account,
        word: &Word<'_>,
        adopted: bool,
        now: DateTime<Utc>,
    ) -> Result<Settled> {
        let asked = self.asked(attempt)?;
        let msg_id = word.msg_id.ok_or_else(|| StoreError::Guard("no msg_id to accept".into()))?;
        let mut settled = Settled::Plainly;
        if let Some(other) = self.other_with(account, msg_id, asked.batch)? {
            return Ok(Settled::Collision(format!(
                "the platform says that {} is broadcast {msg_id}, which is job {other}",
                asked.job
            )));
        }
        if adopted {
            match self.seen_body(&asked, attempt)? {
                Some(false) => {
                    return Ok(Settled::Collision(format!(
                        "broadcast {msg_id} was asked for with another body than job {} has now",
                        asked.job
                    )));
                }
                Some(true) => {}
                None => settled = Settled::AdoptedUnseen(asked.job.clone()),
            }
        }
        self.end_attempt(attempt, if adopted { "adopted" } else { "accepted" }, word, now)?;
        self.run(
            "UPDATE batch SET state = 'accepted', msg_id = ?2, msg_data_id = ?3, accepted_at = ?4,
                 in_doubt_since_at = NULL, result_at = ?5, result_asks = 1
             WHERE id = ?1 AND state = 'asking'",
            params![
                asked.batch,
                msg_id,
                word.msg_data_id,
                millis(now),
                millis(now + word.ask_after)
            ],
        )?;
        self.keep_charges(attempt, asked.batch, adopted, word.dated.unwrap_or(now))?;
        self.note_deliveries(account, asked.batch)?;
        self.return_unconfirmed_disproved(account, asked.batch, now)?;
        self.match_events(account, asked.batch, msg_id, now)?;
        let how = if adopted { "adopted: the platform had it already" } else { "accepted" };
        let why = format!("batch {} {how}, msg_id {msg_id}", self.batch_number(asked.batch)?);
        self.follow(&asked.job, account, JobState::Failed, &why, now)?;
        Ok(settled)
    }

    fn batch_number(&self, batch: i64) -> Result<u32> {
        Ok(self
            .db
            .prepare_cached("SELECT number + 1 FROM batch WHERE id = ?1")?
            .query_row([batch], |row| row.get(0))?)
    }

    fn other_with(&self, account: &Account, msg_id: i64, batch: i64) -> Result<Option<String>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT job FROM batch WHERE account = ?1 AND msg_id = ?2 AND id <> ?3",
            )?
            .query_row(params![account.name, msg_id, batch], |row| row.get(0))
            .optional()?)
    }

    /// Says whether earlier attempts under this id had the same body; `None` if there were none.
    fn seen_body(&self, asked: &Asked, attempt: i64) -> Result<Option<bool>> {
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

    /// Decides which windows an accepted batch stays charged in.
    fn keep_charges(
        &self,
        attempt: i64,
        batch: i64,
        adopted: bool,
        dated: DateTime<Utc>,
    ) -> Result<()> {
        let reserved = self
            .db
            .prepare_cached(
                "SELECT charge.id, \"window\", attempt FROM charge WHERE batch = ?1 AND state = 'reserved'",
            )?
            .query_map([batch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String, Option<i64>)>>>()?;
        let earlier = reserved.iter().any(|(_, _, by)| *by != Some(attempt));
        let stays = |window: &str, by: Option<i64>| {
            if adopted && earlier {
                // An earlier attempt was the one accepted, in one of the windows it charged.
                by != Some(attempt)
            } else if adopted {
                true
            } else {
                Window::parse(window).is_none_or(|window| quota::keeps(window, dated))
            }
        };
        let any = reserved.iter().any(|(_, window, by)| stays(window, *by));
        for (charge, window, by) in &reserved {
            let state = if !any || stays(window, *by) { "kept" } else { "returned" };
            self.run(
                "UPDATE charge SET state = ?2, provisional = 0 WHERE id = ?1",
                params![charge, state],
            )?;
        }
        Ok(())
    }

    /// Counts one delivery for each OpenID of an accepted list, in the months it is charged in.
    fn note_deliveries(&self, account: &Account, batch: i64) -> Result<()> {
        self.run(
            "INSERT OR IGNORE INTO delivery (account, month, openid, batch)
             SELECT ?1, substr(c.\"window\", 1, 7), r.value, ?2
             FROM batch, json_each(batch.body, '$.touser') r,
                  (SELECT \"window\" FROM charge WHERE batch = ?2 AND rule = ?3 AND state = 'kept'
                   ORDER BY id DESC LIMIT 1) c
             WHERE batch.id = ?2 AND batch.receivers IS NOT NULL",
            params![account.name, batch, Rule::DailyCalls.name()],
        )
    }

    /// Records an attempt without a clear answer.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn doubt(&self, attempt: i64, why: &str, now: DateTime<Utc>) -> Result<()> {
        self.doubt_with(attempt, &Word { errmsg: why, ..Word::default() }, now)
    }

    /// The same, with what the answer said.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn doubt_with(&self, attempt: i64, word: &Word<'_>, now: DateTime<Utc>) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "in_doubt", word, now)?;
        let next = now + self.pause_of(&asked)?;
        self.run(
            "UPDATE batch SET state = 'in_doubt', in_doubt_since_at = ifnull(in_doubt_since_at, ?2),
                 next_at = ?3 WHERE id = ?1 AND state = 'asking'",
            params![asked.batch, millis(now), millis(next)],
        )?;
        self.return_provisional(attempt, Some(now))?;
        let why = format!("in doubt: {}; asked again with the same clientmsgid", said(word));
        self.carry_on(&asked.job, &why, now)
    }

    /// Records a certain refusal that passes by itself: the batch is asked again.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn later(
        &self,
        attempt: i64,
        word: &Word<'_>,
        after: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "later", word, now)?;
        let next = now + after.max(self.pause_of(&asked)?);
        self.rest_batch(&asked, next)?;
        self.return_provisional(attempt, None)?;
        let why = format!("not accepted: {}; asked again", said(word));
        self.carry_on(&asked.job, &why, now)
    }

    /// Records a refusal for the token, which is no attempt of the clientmsgid.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn refused_token(&self, attempt: i64, word: &Word<'_>, now: DateTime<Utc>) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "token", word, now)?;
        if asked.in_doubt {
            self.move_batch(asked.batch, BatchState::Asking, BatchState::InDoubt)?;
            self.run(
                "UPDATE batch SET next_at = ?2 WHERE id = ?1",
                params![asked.batch, millis(now)],
            )?;
        } else {
            self.rest_batch(&asked, now)?;
        }
        self.return_provisional(attempt, None)?;
        self.carry_on(&asked.job, "the access token was refused; asked again with a new one", now)
    }

    fn rest_batch(&self, asked: &Asked, next: DateTime<Utc>) -> Result<()> {
        self.move_batch(asked.batch, BatchState::Asking, BatchState::Planned)?;
        self.run("UPDATE batch SET next_at = ?2 WHERE id = ?1", params![asked.batch, millis(next)])
    }

    fn pause_of(&self, asked: &Asked) -> Result<TimeDelta> {
        let attempts: u32 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM attempt WHERE batch = ?1 AND outcome IS NOT 'token'",
            )?
            .query_row([asked.batch], |row| row.get(0))?;
        Ok(plan::backoff(&asked.clientmsgid, attempts))
    }

    /// Takes tomorrow's charges of an attempt back: of a refused one all, of one in doubt those
    /// that it ended before.
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

    /// Lets a job in release be looked at when its next batch may be asked.
    fn carry_on(&self, id: &JobId, why: &str, now: DateTime<Utc>) -> Result<()> {
        let job = self.job(id)?;
        let batches = self.batches(id)?;
        let wake = plan::wake_at(&job, &batches, now).unwrap_or(now);
        self.sleep(id, wake, Some(why))?;
        self.tell(id, Some(job.state), job.state, why, now)
    }

    /// Records a refusal for good: what the batch had reserved goes back.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn refuse(
        &self,
        attempt: i64,
        account: &Account,
        word: &Word<'_>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "refused", word, now)?;
        self.move_batch(asked.batch, BatchState::Asking, BatchState::Refused)?;
        self.return_reserved(asked.batch)?;
        self.follow(&asked.job, account, JobState::Failed, why, now)
    }

    /// Records a refusal for want of quota, and moves what is left of the job to a later window.
    ///
    /// # Errors
    /// Where SQLite fails, or the attempt is not open.
    pub fn refuse_window(
        &self,
        attempt: i64,
        account: &Account,
        word: &Word<'_>,
        (after, why): (DateTime<Utc>, &str),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked(attempt)?;
        self.end_attempt(attempt, "refused", word, now)?;
        self.rest_batch(&asked, now)?;
        self.return_reserved(asked.batch)?;
        let job = self.job(&asked.job)?;
        self.defer(&job, account, Deferral { after, why, yields: false }, now)?;
        // Its old slot may serve another: our own count never held it.
        self.come_forward(account, now)
    }

    /// Says whether some batch of the job is in doubt.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn any_in_doubt(&self, id: &JobId) -> Result<bool> {
        Ok(self.batches(id)?.iter().any(|batch| batch.in_doubt_since.is_some()))
    }

    pub(super) fn return_reserved(&self, batch: i64) -> Result<()> {
        self.run(
            "UPDATE charge SET state = 'returned' WHERE batch = ?1 AND state = 'reserved'",
            params![batch],
        )
    }

    /// Moves a job to where its batches stand.
    pub(super) fn follow(
        &self,
        id: &JobId,
        account: &Account,
        refused_as: JobState,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        let batches = self.batches(id)?;
        let states: Vec<_> = batches.iter().map(|batch| batch.state).collect();
        let derived = job_state(&states, refused_as);
        // Out of time already: what is still in doubt waits for a person.
        let waits = derived == JobState::Releasing && job.state == JobState::Uncertain;
        let next = if waits { job.state } else { derived };
        if next == job.state {
            if next == JobState::Releasing {
                return self.carry_on(id, why, now);
            }
            return self.tell(id, Some(next), next, why, now);
        }
        if job.state.is_final() && !job.state.may_become(next) {
            // Results that come after the end are kept with the batch.
            return self.tell(id, Some(job.state), job.state, why, now);
        }
        let wake = match next {
            JobState::Planned | JobState::Held | JobState::Releasing => Some(now),
            JobState::Accepted
            | JobState::Sent
            | JobState::Failed
            | JobState::Partial
            | JobState::Uncertain
            | JobState::Cancelled
            | JobState::Expired
            | JobState::Missed => None,
        };
        let good = matches!(next, JobState::Accepted | JobState::Sent | JobState::Releasing);
        let reason = (!good).then_some(why);
        self.move_job(id, job.state, Move { state: next, wake_at: wake, reason, why }, now)?;
        self.give_up_claims(id, account, now)
    }

    /// Ends a job that a rule or its times end, keeping what of it was accepted.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn end_for(
        &self,
        job: &Job,
        account: &Account,
        state: JobState,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let under_way = job.state == JobState::Releasing || self.any_accepted(&job.id)?;
        for batch in self.batches(&job.id)? {
            let asked = batch.attempts > 0 || under_way;
            if batch.state == BatchState::Planned && asked {
                self.move_batch(batch.id, BatchState::Planned, BatchState::Refused)?;
            }
            if batch.state != BatchState::InDoubt {
                self.return_reserved(batch.id)?;
            }
        }
        if under_way {
            return self.follow(&job.id, account, state, why, now);
        }
        self.move_job(
            &job.id,
            job.state,
            Move { state, wake_at: None, reason: Some(why), why },
            now,
        )?;
        self.give_up_claims(&job.id, account, now)
    }

    /// Ends the asking for a job whose time has run out.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn run_out(&self, job: &Job, account: &Account, now: DateTime<Utc>) -> Result<()> {
        if !self.any_in_doubt(&job.id)? {
            let why = "it was not accepted in the time it had";
            return self.end_for(job, account, JobState::Missed, why, now);
        }
        for batch in self.batches(&job.id)? {
            if batch.state == BatchState::Planned {
                self.move_batch(batch.id, BatchState::Planned, BatchState::Refused)?;
                self.return_reserved(batch.id)?;
            }
        }
        let why = "it may have gone out or not, and may not be asked again: look at the account's \
                   history on the website";
        let to = Move { state: JobState::Uncertain, wake_at: None, reason: Some(why), why };
        self.move_job(&job.id, job.state, to, now)?;
        self.give_up_claims(&job.id, account, now)
    }

    /// Returns the block where a list's receivers had their four of the month.
    fn full_receivers(
        &self,
        job: &Job,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Option<Block>> {
        let window = Window::containing(Span::Month, now);
        let (full, total) = self.count_full(&job.id, account, window)?;
        let block = Block { rule: Rule::MonthlyReceiver, window, because: quota::Because::Used };
        let wanted_whole = job.on_full_receivers == OnFullReceivers::Defer;
        Ok((full > 0 && (full == total || wanted_whole)).then_some(block))
    }

    /// Counts a list's receivers that certainly had their four of a month, and all of them.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn count_full(&self, id: &JobId, account: &Account, month: Window) -> Result<(u32, u32)> {
        let limit = quota::limit(Rule::MonthlyReceiver, account).unwrap_or(u32::MAX);
        let sends: u32 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM charge JOIN batch ON batch.id = charge.batch
                 WHERE charge.account = ?1 AND rule = ?2 AND \"window\" BETWEEN ?3 || '-00' AND ?3 || '-99'
                   AND charge.state = 'kept' AND batch.receivers IS NOT NULL LIMIT ?4)",
            )?
            .query_row(
                params![account.name, Rule::DailyCalls.name(), month.to_string(), limit],
                |row| row.get(0),
            )?;
        if sends < limit {
            return Ok((0, 0));
        }
        Ok(self
            .db
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE (SELECT count(*) FROM delivery d
                        WHERE d.account = ?2 AND d.month = ?3 AND d.openid = r.value) >= ?4), count(*)
                 FROM batch, json_each(batch.body, '$.touser') r
                 WHERE batch.job = ?1 AND replaced = 0 AND receivers IS NOT NULL
                   AND state IN ('planned', 'asking', 'in_doubt')",
            )?
            .query_row(params![id.as_str(), account.name, month.to_string(), limit], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?)
    }

    /// Makes a list's batches anew without its full receivers, where its author wants that.
    ///
    /// Only before the body is first asked with, and never later.
    fn drop_full(&self, job: &Job, account: &Account, now: DateTime<Utc>) -> Result<()> {
        if job.asked || job.on_full_receivers != OnFullReceivers::Drop {
            return Ok(());
        }
        let month = Window::containing(Span::Month, now);
        if self.count_full(&job.id, account, month)?.0 == 0 {
            return Ok(());
        }
        let limit = quota::limit(Rule::MonthlyReceiver, account).unwrap_or(u32::MAX);
        let receivers = self
            .db
            .prepare_cached(
                "SELECT r.value, (SELECT count(*) FROM delivery d WHERE d.account = ?2 AND d.month = ?3
                        AND d.openid = r.value) >= ?4
                 FROM batch, json_each(batch.body, '$.touser') r
                 WHERE batch.job = ?1 AND replaced = 0 ORDER BY batch.number, r.key",
            )?
            .query_map(params![job.id.as_str(), account.name, month.to_string(), limit], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<Vec<(String, bool)>>>()?;
        let (full, mut free): (Vec<_>, Vec<_>) = receivers.into_iter().partition(|(_, full)| *full);
        let dropped = full.len();
        // The platform takes no list of one: a full one keeps the last free one company, and is
        // filtered there.
        if free.len() == 1 {
            free.extend(full.into_iter().take(1));
        }
        let names: Vec<_> = free.into_iter().map(|(openid, _)| openid).collect();
        let mut rest = names.as_slice();
        let batches = self.batches(&job.id)?;
        for (batch, length) in batches
            .iter()
            .zip(batch_lengths(names.len()).into_iter().map(Some).chain(std::iter::repeat(None)))
        {
            let Some(length) = length else {
                self.run("DELETE FROM batch WHERE id = ?1", params![batch.id])?;
                continue;
            };
            let (these, others) = rest.split_at(length);
            rest = others;
            let list = serde_json::to_string(these).map_err(|error| {
                StoreError::Guard(format!("a list of OpenIDs is not JSON: {error}"))
            })?;
            self.run(
                "UPDATE batch SET body = json_set(body, '$.touser', json(?2)), receivers = ?3 WHERE id = ?1",
                params![batch.id, list, u32::try_from(these.len()).unwrap_or(u32::MAX)],
            )?;
        }
        self.run(
            "UPDATE job SET calls = (SELECT count(*) FROM batch WHERE job = ?1) WHERE id = ?1",
            params![job.id.as_str()],
        )?;
        let why = format!("{dropped} receivers had their four of {month} and were taken out");
        self.tell(&job.id, Some(job.state), job.state, &why, now)
    }

    /// Returns what a look at the job's times says, for callers that only have its id.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn next_step(&self, job: &Job, now: DateTime<Utc>) -> Result<(Next, Vec<Batch>)> {
        let batches = self.batches(&job.id)?;
        Ok((plan::next_step(job, &batches, now), batches))
    }
}

fn said(word: &Word<'_>) -> String {
    match word.errcode {
        Some(code) => format!("the platform answered {code} ({})", word.errmsg),
        None => word.errmsg.to_owned(),
    }
}
