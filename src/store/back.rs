//! Imports jobs from `accepted/` into a lost or older database.
//!
//! A job that is read back stands as missed, as its newest file has it: nobody knows what became of
//! it. Also `accepted/` may be a copy that lacks the last edits, and one of those may have moved the
//! job forward; so its time alone never says that it was not sent. The platform surely remembers
//! what was sent of it for a while from when its file was taken; after that a person says `resume`
//! before they can say `retry`.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::model::console::HISTORY;
use crate::model::{JobId, JobSpec, JobState};
use crate::quota::margins;
use crate::reason::Reason;
use crate::store::incoming::{Existing, Replaced};
use crate::store::{Move, Result, SeriesInput, Source, Tx, instant, millis};
use crate::text::{Lang, reason};

/// The file that a job is read back from.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// Where its job stands.
    pub source: Source<'a>,
    /// When it was taken last, by its receipt.
    pub accepted_at: DateTime<Utc>,
    /// Whether this database did not know it.
    pub is_new: bool,
    /// Whether `accepted/` lacks files that the lost database had taken.
    pub is_incomplete: bool,
    /// The job's generations by batch, as far as the mark beside the database knows them.
    pub generations: &'a [(u32, u32)],
}

impl Back<'_> {
    /// Says what is known of a job that is read back; nothing else decides that.
    fn reason(&self, planned_at: DateTime<Utc>, now: DateTime<Utc>) -> Reason {
        let in_time = planned_at > now + margins::CLOCK_APART;
        if in_time && !self.is_incomplete {
            Reason::DatabaseLostBeforeDue
        } else {
            Reason::DatabaseLost
        }
    }

    /// Returns the last instant at which the platform surely remembers what was sent of a job: it
    /// was not sent before its file was taken.
    fn recall_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.source.first_taken_at.min(now) + margins::ASK_WITHIN
    }
}

impl Tx<'_> {
    /// Records a job as the newest file says that was accepted by a database which is lost; says
    /// whether this database did not know it so.
    ///
    /// It may have been sent, so it stands as missed and is never released by itself. One that this
    /// database knows in an older version, and of which nothing went out that it knows of, takes the
    /// newest: that is what a retry should send.
    pub fn import_accepted(
        &self,
        spec: &JobSpec,
        by: SeriesInput<'_>,
        back: Back<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let is_known = match self.known(spec)? {
            Existing::No => false,
            Existing::Same | Existing::Lost { same: true } => return Ok(false),
            Existing::Editable(_) | Existing::Lost { same: false } | Existing::Refuse(_) => true,
        };
        let planned_at = spec.at.unwrap_or(back.source.first_taken_at);
        let why = &back.reason(planned_at, now);
        if is_known {
            if !self.is_outdated(spec, back)? {
                return Ok(false);
            }
            self.forget_lifted(&spec.id, back.generations)?;
            self.miss_as(spec, by, (back.source, why), now)?;
        } else {
            self.insert_job(spec, by.account, by.bodies, back.source, None)?;
            self.miss_taken(spec, why, now)?;
        }
        let until = millis(back.recall_until(now));
        self.run(
            "UPDATE job SET recall_until_at = min(ifnull(recall_until_at, ?2), ?2)
             WHERE id = ?1 AND action = 'broadcast'",
            params![spec.id.as_str(), until],
        )?;
        Ok(true)
    }

    /// Misses a job as a newer file has it.
    pub(super) fn miss_as(
        &self,
        spec: &JobSpec,
        by: SeriesInput<'_>,
        (source, why): (Source<'_>, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let generation = self.edit_away(&spec.id, now)?;
        let replaced = Replaced { id: &spec.id, generation, now };
        self.insert_job(spec, by.account, by.bodies, source, Some(replaced))?;
        self.miss_taken(spec, why, now)?;
        self.advance_waiting(by.account, now)
    }

    fn miss_taken(&self, spec: &JobSpec, why: &Reason, now: DateTime<Utc>) -> Result<()> {
        let from = if spec.approval { JobState::Held } else { JobState::Planned };
        let to = Move { state: JobState::Missed, wake_at: None, reason: Some(why), why };
        self.move_job(&spec.id, from, to, now)
    }

    /// Says whether this database knows a job in an older version than a file has, and nothing of it
    /// that went out or is in doubt.
    fn is_outdated(&self, spec: &JobSpec, back: Back<'_>) -> Result<bool> {
        let (is_open, written_at): (bool, Option<i64>) = self
            .db
            .prepare_cached(
                "SELECT account = ?2 AND CASE WHEN action <> 'broadcast'
                        THEN state IN ('planned', 'held') AND attempted = 0
                        ELSE state IN ('planned', 'held', 'releasing', 'failed', 'missed', 'expired')
                     END
                     AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.job = job.id
                         AND (in_doubt_since_at IS NOT NULL OR accepted_at IS NOT NULL
                           OR batch.state NOT IN ('planned', 'refused')))
                     AND NOT EXISTS (SELECT 1 FROM attempt JOIN batch ON batch.id = attempt.batch
                         WHERE batch.job = job.id
                           AND ifnull(outcome, '') NOT IN ('refused', 'later', 'token')),
                     (SELECT max(at) FROM history WHERE history.job = job.id
                         AND iif(json_valid(history.why), history.why ->> 'code', '')
                             IN ('taken_from', 'changed_by'))
                 FROM job WHERE id = ?1",
            )?
            .query_row(params![spec.id.as_str(), spec.account], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let is_newer =
            back.is_new || written_at.is_none_or(|written| back.accepted_at > instant(written));
        Ok(is_open && is_newer)
    }

    /// Removes the batches that only the mark beside the database knew of: they have the newest
    /// version's ids, which that one gets from the mark again.
    fn forget_lifted(&self, id: &JobId, generations: &[(u32, u32)]) -> Result<()> {
        for (number, generation) in generations {
            self.run(
                "DELETE FROM batch WHERE job = ?1 AND number = ?2 AND generation = ?3
                 AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.batch = batch.id)
                 AND NOT EXISTS (SELECT 1 FROM charge WHERE charge.batch = batch.id)",
                params![id.as_str(), number, generation],
            )?;
        }
        Ok(())
    }

    /// Records an id that a lost database knew and whose job cannot be read any more; says whether it
    /// was unknown.
    ///
    /// It has no batches, so nothing of it can ever be sent; dropping the id again is refused.
    pub fn remember_id(
        &self,
        (id, account): (&JobId, &str),
        file: &str,
        taken_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        if self.account_of(id)?.is_some() {
            return Ok(false);
        }
        self.ensure_account(account)?;
        let new = self
            .db
            .prepare_cached(
                "INSERT INTO job (id, account, action, state, seq, priority, planned_at, due_at,
                     taken_at, zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file,
                     line, everyone, calls, audience, msgtype, reason, ended_at)
                 SELECT ?1, ?2, 'broadcast', 'missed', (SELECT ifnull(max(seq), 0) + 1 FROM job), 0,
                     ?3, ?3, ?3, 'Asia/Shanghai', 1800, 7200, ?3, 'defer', 'send', '', ?4, 1, 0, 1,
                     'unknown', 'unknown', ?5, ?6
                 WHERE NOT EXISTS (SELECT 1 FROM series WHERE id = ?1)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                id.as_str(),
                account,
                millis(taken_at),
                file,
                Reason::DatabaseLost,
                millis(now)
            ])?;
        if new == 0 {
            return Ok(false);
        }
        self.tell(id, None, JobState::Missed, &Reason::DatabaseLost, now)?;
        Ok(true)
    }

    /// Says whether nothing but a job's id is known.
    pub fn is_known_by_id_alone(&self, id: &JobId) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?1 AND audience = 'unknown'
                     AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.job = job.id))",
            )?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Says whether only the person who says `retry` knows that a job was not sent: it was read back,
    /// and the platform may have forgotten it.
    pub fn is_vouched_for(&self, id: &JobId) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?1 AND reason IN (?2, ?3)
                     AND recall_until_at IS NULL AND action = 'broadcast')",
            )?
            .query_row(
                params![id.as_str(), Reason::DatabaseLost, Reason::DatabaseLostBeforeDue],
                |row| row.get(0),
            )?)
    }

    /// Says why a job that was read back is not mended by dropping it again.
    pub(super) fn why_lost(&self, id: &JobId) -> Result<String> {
        let why = self.reason_of(id)?.map(|why| reason::sentence(&why, Lang::En));
        let why = why.unwrap_or_default();
        if self.is_known_by_id_alone(id)? {
            return Ok(format!(
                "job {id} may have been sent already ({why}), and its content is not known any more: \
                 look in the account's history ({HISTORY}), and give it a new id"
            ));
        }
        Ok(format!(
            "job {id} may have been sent already ({why}): look in the account's history \
             ({HISTORY}), then say `qunfa retry {id}` or give it a new id"
        ))
    }

    fn reason_of(&self, id: &JobId) -> Result<Option<Reason>> {
        Ok(self
            .db
            .prepare_cached("SELECT reason FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Adds the jobs that were read back to what a hold on all accounts says.
    pub fn name_in_hold(&self, found: &[JobId]) -> Result<()> {
        let Some((_, why)) = self.hold_of(None)? else { return Ok(()) };
        self.run("UPDATE daemon SET hold_why = ?1", params![why.with_read_back(found)])
    }
}
