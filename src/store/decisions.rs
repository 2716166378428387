//! An operator's decisions: holds, approvals, cancellations and resolutions.
//!
//! Each is stored with who decided it, when and why: about a job in its history, about an account
//! or the ledger in a table of their own. A request that the platform has received cannot be
//! withdrawn here: a decision only stops what is certainly not sent, or records what only the
//! operator knows.

use std::fmt;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::l10n::t;
use crate::model::{Account, BatchState, JobId, JobState};
use crate::plan::{Batch, Job};
use crate::reason::{Operation, Reason};
use crate::store::{Move, Result, StoreError, Tx, instant, millis};
use crate::text::{names, reason};

/// Who decided something, and why.
#[derive(Clone, Copy, Debug)]
pub struct DecidedBy<'a> {
    /// The operator's name in the system.
    pub who: &'a str,
    /// The reason, if one was given.
    pub why: Option<&'a str>,
}

impl DecidedBy<'_> {
    /// Returns the stored text, like `approved by alice (uid 1000): "text"`.
    pub fn line(self, what: &str) -> String {
        match self.why {
            Some(why) => format!("{what} by {}: \"{why}\"", self.who),
            None => format!("{what} by {}", self.who),
        }
    }

    /// Returns the reason that is stored in the job's history.
    pub fn that(self, what: Operation) -> Reason {
        let (who, why) = (self.who.to_owned(), self.why.map(ToOwned::to_owned));
        Reason::OperatorSaid { who, what, why }
    }
}

/// The kind of decision about an account or its ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is released.
    Hold,
    /// Releases continue.
    Resume,
    /// A send made elsewhere was recorded, or that there was none.
    Record(Option<i64>),
    /// An entry was returned.
    Return(Entry),
}

/// An entry of the ledger, as `quota return` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A charge of our own.
    Charge(i64),
    /// A send made elsewhere, with all that it charges.
    External(i64),
}

impl Entry {
    /// Returns the entry that this text names.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str| digits.parse().ok().filter(|number| *number > 0);
        match text.split_at_checked(1)? {
            ("c", digits) => number(digits).map(Self::Charge),
            ("s", digits) => number(digits).map(Self::External),
            _ => None,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Charge(number) => write!(f, "c{number}"),
            Self::External(number) => write!(f, "s{number}"),
        }
    }
}

impl Tx<'_> {
    /// Stores a decision about one account, or about all of them.
    pub fn decide(
        &self,
        decision: Decision,
        account: Option<&str>,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (what, charge, external) = match decision {
            Decision::Hold => ("hold", None, None),
            Decision::Resume => ("resume", None, None),
            Decision::Record(external) => ("record", None, external),
            Decision::Return(Entry::Charge(charge)) => ("return", Some(charge), None),
            Decision::Return(Entry::External(external)) => ("return", None, Some(external)),
        };
        self.run(
            "INSERT INTO decision (at, who, what, account, why, charge, external_send)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![millis(now), said.who, what, account, said.why, charge, external],
        )
    }

    /// Returns since when and why one account itself, or all of them, is held.
    pub fn hold_of(&self, account: Option<&str>) -> Result<Option<(DateTime<Utc>, Reason)>> {
        let read = |row: &rusqlite::Row<'_>| {
            let since: Option<i64> = row.get(0)?;
            Ok(since.zip(row.get::<_, Option<Reason>>(1)?))
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

    /// Returns what stops an account completely, and how to resume it; none if nothing does.
    pub fn what_stops(&self, account: &str) -> Result<Option<String>> {
        let on = |command: &str| t!("store-goes-after-resume", command = %command);
        let told = |why: &Reason| reason::sentence(why);
        if let Some((_, why)) = self.hold_of(None)? {
            let why = told(&why);
            return Ok(Some(t!("store-stops-all", why = %why, next = %on("--all"))));
        }
        if let Some((_, why)) = self.hold_of(Some(account))? {
            let why = told(&why);
            return Ok(Some(
                t!("store-stops-account", account = %account, why = %why, next = %on(account)),
            ));
        }
        let paused: Option<Reason> = self
            .db
            .prepare_cached("SELECT paused_why FROM account WHERE name = ?1")?
            .query_row([account], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(paused.map(|why| t!("store-stops-paused", account = %account, why = %told(&why), next = %on(account))))
    }

    /// Refuses to let a job go that has no content before its files come.
    pub(super) fn refuse_without_files(&self, id: &JobId) -> Result<()> {
        let files = self.awaited_files(id)?;
        if files.is_empty() {
            return Ok(());
        }
        let files = names::list(&files);
        Err(StoreError::Refused(t!("store-files-missing", id = %id, files = %files)))
    }

    /// Releases a job that is held.
    pub(super) fn approve_because(
        &self,
        id: &JobId,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let reason: Option<Reason> = self
            .db
            .prepare_cached("SELECT reason FROM job WHERE id = ?1")?
            .query_row(params![id.as_str()], |row| row.get(0))?;
        let wake_at = Some(self.job(id)?.due_at);
        let to = Move { state: JobState::Planned, wake_at, reason: reason.as_ref(), why };
        self.move_job(id, JobState::Held, to, now)
    }
}

impl Tx<'_> {
    /// Cancels a job, as far as it is certainly not sent.
    ///
    /// If the job is in release, the batches not yet begun are stopped. What was accepted stays,
    /// and open or doubtful requests are settled as usual.
    ///
    /// # Errors
    /// If nothing of it can be stopped, or SQLite fails.
    pub fn cancel(
        &self,
        id: &JobId,
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        let line = said.that(Operation::Cancel);
        let hint = match job.state {
            JobState::Planned | JobState::Held => {
                self.keep_skipped_date(id, &line, now)?;
                return self.finish_job(&job, account, JobState::Cancelled, &line, now);
            }
            JobState::Releasing if !job.is_broadcast() => {
                return self.stop_action(id, (JobState::Cancelled, &line), now);
            }
            JobState::Releasing => return self.stop_batches(&job, account, &line, now),
            JobState::Uncertain => {
                t!("store-hint-resolve")
            }
            JobState::Accepted | JobState::Sent | JobState::Partial => {
                t!("store-hint-no-recall")
            }
            JobState::Failed | JobState::Cancelled | JobState::Expired | JobState::Missed => {
                t!("store-hint-nothing-goes")
            }
        };
        Err(StoreError::Refused(
            t!("store-not-cancellable", id = %id, state = %names::job_state(job.state), hint = %hint),
        ))
    }

    /// Stops the batches of a job in release that the platform certainly does not have.
    fn stop_batches(
        &self,
        job: &Job,
        account: &Account,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let id = &job.id;
        let batches = self.batches(id)?;
        let waiting = |batch: &&Batch| batch.state == BatchState::Planned;
        if !batches.iter().any(|batch| waiting(&batch)) {
            let asking = batches.iter().any(|batch| batch.state == BatchState::Asking);
            let hint = match asking {
                true if now < job.due_at => t!("store-hint-request-ready", account = %job.account),
                true => t!("store-hint-under-way"),
                false => {
                    t!("store-hint-asked-until-told")
                }
            };
            return Err(StoreError::Refused(t!("store-not-stoppable", id = %id, hint = %hint)));
        }
        for batch in batches.iter().filter(waiting) {
            self.set_aside(batch.id)?;
        }
        self.apply_job_state(id, account, JobState::Cancelled, why, now)?;
        self.replan_into_room(account, now)
    }
}

/// The outcome of a batch in doubt, by an operator's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It was sent, with the platform's number if the operator has it.
    Sent(Option<i64>),
    /// It was not sent.
    NotSent,
}

/// An operator's decision on what cannot be found out otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The outcome.
    pub ruling: Ruling,
    /// The batch, from 1; all that are in doubt if left out.
    pub batch: Option<u32>,
}

impl Tx<'_> {
    /// Settles what is in doubt of an uncertain job.
    ///
    /// Sent batches keep their charges; batches not sent return them. The job becomes missed, or
    /// partial if other batches were accepted.
    ///
    /// # Errors
    /// If nothing of it is in doubt or still requested, the number is another broadcast's, or
    /// SQLite fails.
    pub fn resolve(
        &self,
        id: &JobId,
        account: &Account,
        resolution: Resolution,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Ruling::Sent(_) = resolution.ruling {
            self.take_not_sent_back(id, resolution.batch, said, now)?;
        }
        let job = self.job(id)?;
        let doubtful = self.doubtful(&job, resolution.batch)?;
        let batches: Vec<_> = doubtful.iter().map(|batch| batch.number + 1).collect();
        if let (Ruling::Sent(Some(_)), [_, _, ..]) = (resolution.ruling, doubtful.as_slice()) {
            let numbers: Vec<_> = batches.iter().map(u32::to_string).collect();
            return Err(StoreError::Refused(
                t!("store-name-the-batch", batches = %numbers.join(", "), id = %id),
            ));
        }
        let line = said.that(match resolution.ruling {
            Ruling::Sent(msg_id) => Operation::ResolveSent { batches, msg_id },
            Ruling::NotSent => Operation::ResolveNotSent { batches },
        });
        for batch in &doubtful {
            match resolution.ruling {
                Ruling::Sent(msg_id) => {
                    self.resolve_sent(batch.id, account, (msg_id, &line), now)?;
                }
                Ruling::NotSent => self.resolve_not_sent(batch.id)?,
            }
        }
        self.apply_job_state(id, account, JobState::Missed, &line, now)?;
        self.book_candidates(account, now)?;
        for batch in &doubtful {
            self.settle_by_event(account, batch.id, now)?;
            self.return_unconfirmed_disproved(account, batch.id, now)?;
        }
        self.replan(account, now)
    }

    /// Returns the batches that an operator may settle.
    fn doubtful(&self, job: &Job, number: Option<u32>) -> Result<Vec<Batch>> {
        let id = &job.id;
        let hint = match job.state {
            JobState::Uncertain => None,
            JobState::Releasing => Some(t!("store-hint-still-asked")),
            JobState::Planned
            | JobState::Held
            | JobState::Accepted
            | JobState::Sent
            | JobState::Failed
            | JobState::Partial
            | JobState::Cancelled
            | JobState::Expired
            | JobState::Missed => Some(t!("store-hint-not-in-doubt")),
        };
        let refuse = |hint: String| {
            Err(StoreError::Refused(
                t!("store-not-resolvable", id = %id, state = %names::job_state(job.state), hint = %hint),
            ))
        };
        if let Some(hint) = hint {
            return refuse(hint);
        }
        let mut batches = self.batches(id)?;
        batches.retain(|batch| number.is_none_or(|number| batch.number + 1 == number));
        if batches.iter().any(|batch| batch.state == BatchState::Asking) {
            return refuse(t!("store-hint-under-way"));
        }
        batches.retain(|batch| batch.state == BatchState::InDoubt);
        match number {
            Some(number) if batches.is_empty() => {
                refuse(t!("store-hint-batch-not-in-doubt", number = %number))
            }
            None if batches.is_empty() => refuse(t!("store-hint-no-batch-in-doubt")),
            Some(_) | None => Ok(batches),
        }
    }

    /// Records an operator's decision that the batch was sent.
    ///
    /// With a number, the platform is asked for the result at once; without one, nothing more can
    /// be found out.
    fn resolve_sent(
        &self,
        batch: i64,
        account: &Account,
        (msg_id, line): (Option<i64>, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Some(msg_id) = msg_id
            && let Some(other) = self.other_with(account, msg_id, batch)?
        {
            return Err(StoreError::Refused(
                t!("store-broadcast-of-other", msg_id = %msg_id, other = %other),
            ));
        }
        let (state, result) = match msg_id {
            Some(_) => (BatchState::Accepted, None),
            None => (BatchState::Sent, Some(line)),
        };
        let settled = self
            .db
            .prepare_cached(
                "UPDATE batch SET state = ?2, msg_id = ?3, accepted_at = ?4, result = ?5,
                     in_doubt_since_at = NULL, result_asks = 0,
                     result_at = CASE WHEN ?3 IS NULL THEN NULL ELSE ?4 END
                 WHERE id = ?1 AND state = 'in_doubt'",
            )?
            .execute(params![batch, state.as_str(), msg_id, millis(now), result])?;
        if settled == 0 {
            return Err(StoreError::Conflict(format!("batch {batch} is no longer in doubt")));
        }
        // It is unknown which of its attempts the platform accepted: every window stays charged.
        self.run(
            "UPDATE charge SET state = 'kept', provisional = 0 WHERE batch = ?1 AND state = 'reserved'",
            params![batch],
        )?;
        self.note_deliveries(account, (batch, i64::MAX), true, now)?;
        match msg_id {
            Some(msg_id) => self.match_events(account, batch, msg_id, now),
            None => Ok(()),
        }
    }

    /// Records an operator's decision that the batch was not sent.
    fn resolve_not_sent(&self, batch: i64) -> Result<()> {
        self.move_batch(batch, BatchState::InDoubt, BatchState::Refused)?;
        self.run("UPDATE batch SET in_doubt_since_at = NULL WHERE id = ?1", params![batch])?;
        self.return_reserved(batch)
    }
}
