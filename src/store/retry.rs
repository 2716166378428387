//! Operator retry: reopens refused or failed batches under a new generation.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::calendar;
use crate::l10n::t;
use crate::model::console;
use crate::model::{Account, BatchState, JobId, JobState, clientmsgid};
use crate::plan::{Again, Batch, Job};
use crate::quota::margins;
use crate::reason::{Operation, Reason};
use crate::store::{DecidedBy, Move, Result, StoreError, Tx, instant, millis};
use crate::text::names;

impl Tx<'_> {
    /// Refuses to plan a job once more under another id while it may have been sent: the new one
    /// has a clientmsgid of its own, so the platform could not tell that it is the same.
    ///
    /// # Errors
    /// If what became of it is not known; or if SQLite fails.
    pub fn refuse_again(&self, id: &JobId) -> Result<()> {
        let job = self.job(id)?;
        let was_sent = matches!(job.state, JobState::Accepted | JobState::Sent | JobState::Partial);
        if job.recall_until.is_some() && !was_sent {
            return Err(StoreError::Refused(
                t!("store-again-in-question", id = %id, history = %console::history(), account = %job.account),
            ));
        }
        let is_open = |batch: &Batch| match batch.state {
            BatchState::Asking | BatchState::InDoubt => true,
            BatchState::Planned => batch.in_doubt_since.is_some(),
            BatchState::Accepted | BatchState::Sent | BatchState::Failed | BatchState::Refused => {
                false
            }
        };
        if job.state == JobState::Uncertain || self.batches(id)?.iter().any(is_open) {
            return Err(StoreError::Refused(
                t!("store-again-in-doubt", id = %id, history = %console::history()),
            ));
        }
        Ok(())
    }

    /// Makes a job's refused and failed batches ready to be requested again, due now.
    ///
    /// A batch that was certainly refused gets a new generation, and so a new clientmsgid; a batch
    /// whose request never reached the platform keeps its own. A batch that was ever in doubt keeps
    /// its own too, however an operator resolved it since: it is in doubt again. Once the platform
    /// may no longer remember that id, nothing of the job can be requested until it certainly does
    /// not. A job that demands an approval and never had one for its present content waits for it
    /// again. A menu that was planned before the one that followers see is refused.
    ///
    /// # Errors
    /// If the job's state does not allow it, or SQLite fails.
    pub fn retry(
        &self,
        id: &JobId,
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        refuse_by_state(&job)?;
        self.refuse_pruned(id)?;
        self.refuse_without_files(id)?;
        self.refuse_old_menu(&job, now)?;
        if self.is_known_by_id_alone(id)? {
            return Err(StoreError::Refused(
                t!("store-retry-lost", id = %id, history = %console::history()),
            ));
        }
        if job.in_question(now.max(job.planned_at)) {
            return Err(StoreError::Refused(
                t!("store-retry-in-question", id = %id, history = %console::history(), account = %job.account),
            ));
        }
        self.refuse_another_account(&job, account)?;
        let batches = self.batches(id)?;
        // A job that a restore ended before its time waits for that time.
        let due = now.max(job.planned_at);
        refuse_to_guess(&job, &batches, due)?;
        if job.recall_until.is_some() {
            for batch in &batches {
                if self.needs_new_id(batch, batch.doubt.map(|doubt| doubt.again(due)))? {
                    return Err(StoreError::Refused(anew_in_question(&job)));
                }
            }
        }
        let mut kept = Vec::new();
        for batch in &batches {
            if self.reopen(batch, account, due, now)? {
                kept.push(batch.number + 1);
            }
        }
        let expires = job.expires_at.max(due + (job.expires_at - job.planned_at));
        self.run(
            "UPDATE job SET due_at = ?2, first_attempt_at = NULL, not_before_at = ?2, expires_at = ?3,
                 prepare_after_at = 0 WHERE id = ?1",
            params![id.as_str(), millis(due), millis(expires)],
        )?;
        self.reopen_pre_sends(id)?;
        let state = if self.lacks_approval(id)? { JobState::Held } else { JobState::Planned };
        let mut why = said.that(Operation::Retry);
        if !kept.is_empty() {
            why = Reason::KeepsClientmsgid { cause: Box::new(why), batches: kept };
        }
        let to = Move { state, wake_at: Some(due), reason: None, why: &why };
        self.move_job(id, job.state, to, now)?;
        self.replan(account, now)
    }

    /// Refuses a job that was planned for an account with another appid, before appids were
    /// recorded.
    fn refuse_another_account(&self, job: &Job, account: &Account) -> Result<()> {
        let ids = self
            .db
            .prepare_cached(
                "SELECT number, generation, clientmsgid FROM batch WHERE job = ?1 AND replaced = 0",
            )?
            .query_map([job.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<Vec<(u32, u32, String)>>>()?;
        let own = |(number, generation, id): &(u32, u32, String)| {
            *id == clientmsgid(&account.appid, &job.id, *number, *generation)
        };
        if ids.iter().all(own) {
            return Ok(());
        }
        let (id, name, appid) = (&job.id, &account.name, &account.appid);
        Err(StoreError::Refused(t!("store-other-readers", id = %id, name = %name, appid = %appid)))
    }

    /// Returns whether a batch can only be requested again with a new clientmsgid.
    fn needs_new_id(&self, batch: &Batch, again: Option<Again>) -> Result<bool> {
        match (batch.state, again) {
            (BatchState::Failed, _) | (BatchState::Refused, Some(Again::NewId)) => Ok(true),
            (BatchState::Refused, None) => self.answered(batch),
            (BatchState::Refused, Some(Again::SameId(_) | Again::NotBefore(_)))
            | (
                BatchState::Planned
                | BatchState::Asking
                | BatchState::InDoubt
                | BatchState::Accepted
                | BatchState::Sent,
                _,
            ) => Ok(false),
        }
    }

    /// Makes one batch ready to be requested, if it is to be; returns whether it is in doubt again.
    fn reopen(
        &self,
        batch: &Batch,
        account: &Account,
        due: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let again = batch.doubt.map(|doubt| doubt.again(due));
        // Another copy of the database may have used this id.
        let rested = due.max(batch.next_at.min(now + margins::SAME_CLIENTMSGID));
        let (since, next_at) = match (batch.state, again) {
            (BatchState::Planned, _) => (None, rested),
            (BatchState::Refused, Some(Again::SameId(at))) => {
                self.move_batch(batch.id, BatchState::Refused, BatchState::Planned)?;
                (batch.doubt, at.max(rested))
            }
            (BatchState::Refused, None) if !self.answered(batch)? => {
                self.move_batch(batch.id, BatchState::Refused, BatchState::Planned)?;
                (None, rested)
            }
            (BatchState::Refused, None | Some(Again::NewId)) | (BatchState::Failed, _) => {
                self.remake(batch, account, batch.generation + 1, now)?;
                return Ok(false);
            }
            (BatchState::Refused, Some(Again::NotBefore(_)))
            | (
                BatchState::Asking | BatchState::InDoubt | BatchState::Accepted | BatchState::Sent,
                _,
            ) => return Ok(false),
        };
        self.run(
            "UPDATE batch SET next_at = ?2, in_doubt_since_at = ?3 WHERE id = ?1",
            params![batch.id, millis(next_at), since.map(|doubt| millis(doubt.ended_at))],
        )?;
        Ok(since.is_some())
    }

    /// Refuses a menu that a later one has replaced, or is about to: an operator who reads that a
    /// menu was missed does not intend to lose the next one. Menus for some followers only replace
    /// nothing.
    fn refuse_old_menu(&self, job: &Job, now: DateTime<Utc>) -> Result<()> {
        let later: Option<(String, i64, bool)> = self
            .db
            .prepare_cached(
                "SELECT later.id, later.planned_at, later.state = 'sent'
                 FROM job JOIN job AS later USING (account, action)
                 WHERE job.id = ?1 AND action = 'menu'
                   AND coalesce(json_extract(job.parameters, '$.matchrule'),
                       json_extract(job.parameters, '$.delete_menuid'),
                       json_extract(later.parameters, '$.matchrule'),
                       json_extract(later.parameters, '$.delete_menuid')) IS NULL
                   AND (later.planned_at, later.seq) > (job.planned_at, job.seq)
                   AND (later.state = 'sent'
                     OR (later.state IN ('planned', 'releasing') AND later.due_at <= ?2))
                 ORDER BY later.planned_at DESC, later.seq DESC LIMIT 1",
            )?
            .query_row(params![job.id.as_str(), millis(now)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((later, at, is_there)) = later else { return Ok(()) };
        let (id, state) = (&job.id, names::job_state(job.state));
        let at = calendar::beijing(instant(at));
        Err(StoreError::Refused(if is_there {
            t!("store-menu-replaced", id = %id, state = %state, later = %later, at = %at)
        } else {
            t!("store-menu-to-be-replaced", id = %id, state = %state, later = %later, at = %at)
        }))
    }

    /// Returns whether a job demands an approval that its present content never had.
    fn lacks_approval(&self, id: &JobId) -> Result<bool> {
        // A job that is taken or changed and demands an approval becomes held. Only an approval, or
        // a change that demands none, leads from there to planned.
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM history WHERE job = ?1 AND to_state = 'held')
                    AND NOT EXISTS (SELECT 1 FROM history WHERE job = ?1 AND from_state = 'held'
                        AND to_state = 'planned' AND id > (SELECT max(id) FROM history
                            WHERE job = ?1 AND to_state = 'held'))",
            )?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    fn answered(&self, batch: &Batch) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM attempt WHERE batch = ?1 AND errcode IS NOT NULL AND outcome <> 'token')",
            )?
            .query_row([batch.id], |row| row.get(0))?)
    }

    fn remake(
        &self,
        batch: &Batch,
        account: &Account,
        generation: u32,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job: String = self
            .db
            .prepare_cached("SELECT job FROM batch WHERE id = ?1")?
            .query_row([batch.id], |row| row.get(0))?;
        let id = JobId::parse(&job)
            .ok_or_else(|| StoreError::Corrupt(format!("the job id {job:?} is not one of ours")))?;
        self.run("UPDATE batch SET replaced = 1 WHERE id = ?1", params![batch.id])?;
        self.forget_uploads(batch.id, now)?;
        self.run(
            "INSERT INTO batch (job, account, number, generation, clientmsgid, receivers, state, next_at,
                 prepared)
             SELECT job, account, number, ?2, ?3, receivers, 'planned', ?4,
                 (SELECT template IS NULL FROM body WHERE batch = ?1) FROM batch WHERE id = ?1",
            params![
                batch.id,
                generation,
                clientmsgid(&account.appid, &id, batch.number, generation),
                millis(now)
            ],
        )?;
        let remade = self.db.last_insert_rowid();
        self.run(
            "INSERT INTO body (batch, body, template)
             SELECT ?2, ifnull(template, body), template FROM body WHERE batch = ?1",
            params![batch.id, remade],
        )?;
        self.run(
            "INSERT INTO receiver (batch, part, keys)
             SELECT ?2, part, keys FROM receiver WHERE batch = ?1",
            params![batch.id, remade],
        )
    }

    /// Raises a batch to a generation that the mark beside the database contains.
    ///
    /// An older database would use the id of a generation that was refused, while a later one was
    /// accepted: only with the later id does the platform report that (45065).
    pub fn raise_generation(
        &self,
        (id, number, generation): (&JobId, u32, u32),
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let batches = self.batches(id)?;
        let Some(batch) = batches.iter().find(|batch| batch.number == number) else {
            return Ok(());
        };
        let settled = matches!(batch.state, BatchState::Accepted | BatchState::Sent);
        if batch.generation >= generation || settled {
            return Ok(());
        }
        // The old id is not used any more: the platform's response to the new one counts.
        match batch.state {
            BatchState::Planned | BatchState::Asking | BatchState::InDoubt => {
                self.run(
                    "UPDATE batch SET state = 'refused', in_doubt_since_at = NULL WHERE id = ?1",
                    params![batch.id],
                )?;
                self.return_reserved(batch.id)?;
            }
            BatchState::Refused | BatchState::Accepted | BatchState::Sent | BatchState::Failed => {}
        }
        self.remake(batch, account, generation, now)
    }

    /// Returns the account that a job belongs to, if the job exists.
    pub fn account_of(&self, id: &JobId) -> Result<Option<String>> {
        Ok(self
            .db
            .prepare_cached("SELECT account FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?)
    }

    /// Lets a batch wait if no window has room for it, though it may not be deferred.
    pub fn wait_batch(
        &self,
        id: &JobId,
        batch: &Batch,
        (until, why): (DateTime<Utc>, &Reason),
    ) -> Result<()> {
        self.run("UPDATE batch SET next_at = ?2 WHERE id = ?1", params![batch.id, millis(until)])?;
        self.sleep(id, until, Some(why))
    }
}

/// Refuses a job that continues by itself, or must not be requested again.
fn refuse_by_state(job: &Job) -> Result<()> {
    let id = &job.id;
    match job.state {
        JobState::Failed | JobState::Partial | JobState::Missed => Ok(()),
        JobState::Held => Err(StoreError::Refused(t!("store-held-approve", id = %id))),
        JobState::Planned | JobState::Releasing => Err(StoreError::Refused(
            t!("store-goes-by-itself", id = %id, state = %names::job_state(job.state)),
        )),
        JobState::Uncertain => Err(StoreError::Refused(
            t!("store-uncertain-resolve", id = %id, history = %console::history()),
        )),
        JobState::Accepted | JobState::Sent | JobState::Cancelled | JobState::Expired => {
            Err(StoreError::Refused(
                t!("store-not-retriable", id = %id, state = %names::job_state(job.state)),
            ))
        }
    }
}

/// Returns why a job is not requested with a new clientmsgid while it is not resolved what happened
/// in a gap: another copy may have remade it, and the platform has that under another id.
pub(super) fn anew_in_question(job: &Job) -> String {
    let (id, account) = (&job.id, &job.account);
    let next = if job.state.waits() {
        t!("store-anew-cancel", id = %id)
    } else {
        t!("store-anew-resume", account = %account)
    };
    t!("store-anew-in-question", id = %id, history = %console::history(), next = %next)
}

/// Refuses a retry without knowledge of the outcome: the platform may have accepted the batch, and
/// may or may not remember it.
fn refuse_to_guess(job: &Job, batches: &[Batch], due: DateTime<Utc>) -> Result<()> {
    let refused = batches.iter().filter(|batch| batch.state == BatchState::Refused);
    let waits = refused.filter_map(|batch| match batch.doubt?.again(due) {
        Again::NotBefore(until) => Some((until, batch.doubt?.first_at, batch.number + 1)),
        Again::SameId(_) | Again::NewId => None,
    });
    let Some((until, first_at, number)) = waits.max() else { return Ok(()) };
    let (until, first_at) = (calendar::beijing(until), calendar::beijing(first_at));
    Err(StoreError::Refused(
        t!("store-retry-not-before", id = %job.id, until = %until, number = %number, first_at = %first_at, history = %console::history()),
    ))
}
