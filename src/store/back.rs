//! Imports jobs from `accepted/` into a lost or older database.
//!
//! A job that is read back is recorded as missed, in its newest file's version: its outcome is
//! unknown. `accepted/` may also be a copy that lacks the last edits, and one of those may have
//! moved the job forward, so its time alone never shows that it was not sent. The platform surely
//! remembers what was sent of it for a while after its file was taken; later an operator must run
//! `resume` before `retry`.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::l10n::t;
use crate::model::console;
use crate::model::{JobId, JobSpec, JobState};
use crate::quota::margins;
use crate::reason::Reason;
use crate::store::incoming::{Existing, Replaced};
use crate::store::{Move, Result, SeriesInput, Source, Tx, instant, millis};
use crate::text::reason;

/// The file that a job is read back from.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// The file and line of its job.
    pub source: Source<'a>,
    /// When it was taken last, by its receipt.
    pub accepted_at: DateTime<Utc>,
    /// Whether this database did not have it.
    pub is_new: bool,
    /// Whether `accepted/` lacks files that the lost database had taken.
    pub is_incomplete: bool,
    /// The job's generations by batch, as far as the mark beside the database contains them.
    pub generations: &'a [(u32, u32)],
}

impl Back<'_> {
    /// Returns what is known about a job that is read back; nothing else decides that.
    fn reason(&self, planned_at: DateTime<Utc>, now: DateTime<Utc>) -> Reason {
        let in_time = planned_at > now + margins::CLOCK_APART;
        if in_time && !self.is_incomplete {
            Reason::DatabaseLostBeforeDue
        } else {
            Reason::DatabaseLost
        }
    }

    /// Returns until when the platform surely remembers what was sent of a job: it was not sent
    /// before its file was taken.
    fn recall_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.source.first_taken_at.min(now) + margins::ASK_WITHIN
    }
}

impl Tx<'_> {
    /// Records a job from the newest file that a lost database had accepted; returns whether this
    /// database did not have it in that form.
    ///
    /// It may have been sent, so it is recorded as missed and is never released by itself. If this
    /// database has it in an older version, and to its knowledge nothing of that was sent, the job
    /// takes the newest version: a retry should send that one.
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

    /// Records a job as missed, in a newer file's version.
    pub(super) fn miss_as(
        &self,
        spec: &JobSpec,
        by: SeriesInput<'_>,
        (source, why): (Source<'_>, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let generation = self.edit_away(&spec.id, now)?;
        let replaced = Replaced { id: &spec.id, generation, now };
        self.insert_job(spec, by.account, &by.bodies_of(spec), source, Some(replaced))?;
        self.miss_taken(spec, why, now)?;
        self.replan(by.account, now)
    }

    fn miss_taken(&self, spec: &JobSpec, why: &Reason, now: DateTime<Utc>) -> Result<()> {
        let from = self.job(&spec.id)?.state;
        let to = Move { state: JobState::Missed, wake_at: None, reason: Some(why), why };
        self.move_job(&spec.id, from, to, now)
    }

    /// Returns whether this database has a job in an older version than a file has, and nothing of
    /// it that was sent or is in doubt.
    fn is_outdated(&self, spec: &JobSpec, back: Back<'_>) -> Result<bool> {
        let (is_open, written_at): (bool, Option<i64>) = self
            .db
            .prepare_cached(
                "SELECT account = ?2 AND pruned_at IS NULL AND CASE WHEN action <> 'broadcast'
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

    /// Removes the batches that only the mark beside the database contained: they have the newest
    /// version's ids, which that version gets from the mark again.
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

    /// Records an id that a lost database had and whose job cannot be read any more; returns
    /// whether it was unknown.
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

    /// Returns whether only a job's id is known.
    pub fn is_known_by_id_alone(&self, id: &JobId) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?1 AND audience = 'unknown'
                     AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.job = job.id))",
            )?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Returns whether only the operator who runs `retry` can know that a job was not sent: it was
    /// read back, and the platform may no longer remember it.
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

    /// Returns why dropping a job again does not correct it after it was read back.
    pub(super) fn why_lost(&self, id: &JobId) -> Result<String> {
        let why = self.reason_of(id)?.map(|why| reason::sentence(&why));
        let why = why.unwrap_or_default();
        if self.is_known_by_id_alone(id)? {
            return Ok(t!("store-lost-by-id", id = %id, why = %why, history = %console::history()));
        }
        Ok(t!("store-lost", id = %id, why = %why, history = %console::history()))
    }

    fn reason_of(&self, id: &JobId) -> Result<Option<Reason>> {
        Ok(self
            .db
            .prepare_cached("SELECT reason FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Adds the jobs that were read back to the reason for a hold on all accounts.
    pub fn name_in_hold(&self, found: &[JobId]) -> Result<()> {
        let Some((_, why)) = self.hold_of(None)? else { return Ok(()) };
        self.run("UPDATE daemon SET hold_why = ?1", params![why.with_read_back(self.named(found)?)])
    }
}
