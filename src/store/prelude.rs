//! What jobs want done before their broadcasts, and jobs that are nothing but an errand.
//!
//! A prelude is written down when its job is taken and becomes an errand at its time; it never
//! stops the broadcast. A job without batches makes one errand at its time and ends with it.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::model::{Errand, JobId, JobState};
use crate::plan;
use crate::store::errand::{NewErrand, Role};
use crate::store::{Move, Result, Step, StoreError, instant, millis, unreadable};

/// How long before a broadcast its speed is set.
pub(super) const SPEED_AHEAD: TimeDelta = TimeDelta::seconds(30);
/// How long a broadcast waits for its speed, from when that is asked for.
const SPEED_PATIENCE: TimeDelta = TimeDelta::seconds(28);

const WAITING_PRELUDES: &str = "FROM prelude p JOIN job ON job.id = p.job
    WHERE p.account = ?1 AND closed = 0 AND done_for_at IS NOT due_at
      AND (job.state = 'planned' OR (job.state = 'held' AND kind = 'preview'))
      AND (kind <> 'preview' OR NOT EXISTS
           (SELECT 1 FROM batch WHERE batch.job = job.id AND replaced = 0 AND prepared = 0))";

impl Step<'_> {
    /// Writes down what a job wants done before its broadcast.
    pub(super) fn write_preludes(
        &self,
        (job, account): (&JobId, &str),
        preludes: &[(Errand, TimeDelta)],
    ) -> Result<()> {
        self.run("DELETE FROM prelude WHERE job = ?1", params![job.as_str()])?;
        for (errand, ahead) in preludes {
            self.run(
                "INSERT INTO prelude (job, account, kind, parameters, ahead_s)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                params![
                    job.as_str(),
                    account,
                    errand.kind(),
                    errand.parameters().to_string(),
                    ahead.num_seconds(),
                ],
            )?;
        }
        Ok(())
    }

    /// Lets a job that is due anew set its speed anew.
    pub(super) fn reopen_preludes(&self, job: &JobId) -> Result<()> {
        self.run(
            "UPDATE prelude SET closed = 0, done_for_at = NULL WHERE job = ?1 AND kind = 'speed_set'",
            params![job.as_str()],
        )
    }

    /// Returns when the account's next prelude is to become an errand.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn next_prelude(&self, account: &str) -> Result<Option<DateTime<Utc>>> {
        let next: Option<i64> = self
            .db
            .prepare_cached(&format!("SELECT min(due_at - ahead_s * 1000) {WAITING_PRELUDES}"))?
            .query_row([account], |row| row.get(0))?;
        Ok(next.map(instant))
    }

    /// Returns what a job still wants done before its broadcast, in words.
    ///
    /// # Errors
    /// Where SQLite fails, or something else wrote it.
    pub fn preludes(&self, job: &str) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT kind, p.parameters, ahead_s FROM prelude p JOIN job ON job.id = p.job
             WHERE p.job = ?1 AND closed = 0 AND done_for_at IS NOT due_at
               AND job.state IN ('planned', 'held') ORDER BY ahead_s DESC, p.parameters",
        )?;
        let rows = statement.query_map([job], |row| {
            let (kind, parameters): (String, String) = (row.get(0)?, row.get(1)?);
            let errand = Errand::parse(&kind, &parameters)
                .ok_or_else(|| unreadable("prelude.parameters", &parameters))?;
            let ahead: i64 = row.get(2)?;
            Ok(match ahead {
                0..120 => format!("{errand}, {ahead} s before"),
                _ => format!("{errand}, {} min before", ahead / 60),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Turns the preludes whose time has come into errands.
    ///
    /// A preview is shown once, also of a job that waits for its approval, and not before its
    /// content is uploaded; the speed is set again for each time that a job is given.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn begin_preludes(&self, account: &str, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE prelude SET closed = 1 WHERE account = ?1 AND closed = 0
               AND EXISTS (SELECT 1 FROM job WHERE id = prelude.job AND wake_at IS NULL)",
            params![account],
        )?;
        let due = self
            .db
            .prepare_cached(&format!(
                "SELECT job.id, kind, p.parameters, due_at {WAITING_PRELUDES}
                   AND due_at - ahead_s * 1000 <= ?2 ORDER BY due_at, job.taken"
            ))?
            .query_map(params![account, millis(now)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<rusqlite::Result<Vec<(String, String, String, i64)>>>()?;
        for (job, kind, parameters, due_at) in due {
            let (Some(id), Some(errand)) = (JobId::parse(&job), Errand::parse(&kind, &parameters))
            else {
                return Err(unreadable("prelude.parameters", &parameters).into());
            };
            let role = Role::Prelude;
            let new = NewErrand {
                account,
                errand: &errand,
                role,
                job: Some(&id),
                batch: None,
                said: None,
            };
            self.write_errand(&new, now)?;
            self.run(
                "UPDATE prelude SET done_for_at = ?4, closed = (kind = 'preview')
                 WHERE job = ?1 AND kind = ?2 AND parameters = ?3",
                params![job, kind, parameters, due_at],
            )?;
        }
        Ok(())
    }

    /// Returns until when a broadcast waits for its speed to be set.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn waits_for_speed(
        &self,
        job: &JobId,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let made: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT max(made_at) FROM errand WHERE job = ?1 AND role = 'prelude'
                   AND kind = 'speed_set' AND ended_at IS NULL",
            )?
            .query_row([job.as_str()], |row| row.get(0))?;
        let until = made.map(|made| instant(made) + SPEED_PATIENCE);
        Ok(until.filter(|until| *until > now))
    }

    /// Returns the one call that a job is about; none for a broadcast.
    ///
    /// # Errors
    /// Where SQLite fails, or something else wrote it.
    pub fn errand_of_job(&self, id: &JobId) -> Result<Option<Errand>> {
        let (action, parameters): (String, Option<String>) = self
            .db
            .prepare_cached("SELECT action, parameters FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let kind = if action == "speed" { "speed_set" } else { action.as_str() };
        let Some(parameters) = parameters else { return Ok(None) };
        let errand = Errand::parse(kind, &parameters)
            .ok_or_else(|| unreadable("job.parameters", &parameters))?;
        Ok(Some(errand))
    }

    /// Begins a job that is nothing but an errand.
    ///
    /// # Errors
    /// Where it is no longer planned, or SQLite fails.
    pub fn begin_action(
        &self,
        id: &JobId,
        (errand, batch): (&Errand, Option<i64>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut job = self.job(id)?;
        let role = Role::Action;
        let new =
            NewErrand { account: &job.account, errand, role, job: Some(id), batch, said: None };
        self.write_errand(&new, now)?;
        self.run(
            "UPDATE job SET asked = 1, first_asked_at = ?2 WHERE id = ?1",
            params![id.as_str(), millis(now)],
        )?;
        job.first_asked_at = Some(now);
        let to = Move {
            state: JobState::Releasing,
            wake_at: Some(plan::deadline(&job)),
            reason: None,
            why: "its time has come",
        };
        self.move_job(id, JobState::Planned, to, now)
    }

    /// Ends a job that is nothing but an errand, if that is not under way.
    ///
    /// # Errors
    /// Where its request is under way, or SQLite fails.
    pub fn stop_action(
        &self,
        id: &JobId,
        (state, why): (JobState, &str),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let open = self
            .db
            .prepare_cached("SELECT id, state FROM errand WHERE job = ?1 AND role = 'action' AND ended_at IS NULL")?
            .query_map([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        if open.iter().any(|(_, state)| state == "asking") {
            return Err(StoreError::Guard(format!(
                "nothing of job {id} can be stopped now: its request is under way, so say it again in a moment"
            )));
        }
        for (errand, _) in open {
            self.run(
                "UPDATE errand SET state = 'failed', next_at = NULL, ended_at = ?2, errmsg = ?3
                 WHERE id = ?1",
                params![errand, millis(now), why],
            )?;
        }
        let from = self.job(id)?.state;
        self.move_job(id, from, Move { state, wake_at: None, reason: Some(why), why }, now)
    }

    /// Ends a job that is nothing but an errand and whose time has run out.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn run_out_action(&self, id: &JobId, now: DateTime<Utc>) -> Result<()> {
        let last: Option<(String, Option<String>)> = self
            .db
            .prepare_cached(
                "SELECT state, errmsg FROM errand WHERE job = ?1 AND role = 'action'
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (state, last) = last.unwrap_or_default();
        let last = last.map_or_else(String::new, |last| format!("; what was last heard: {last}"));
        let how = match state.as_str() {
            "in_doubt" => "nobody could say in the time it had whether it was done",
            _ => "it was not done in the time it had",
        };
        let why = format!("{how}{last}");
        match self.stop_action(id, (JobState::Failed, &why), now) {
            // Its answer ends it.
            Err(StoreError::Guard(_)) => self.sleep(id, now + TimeDelta::minutes(1), None),
            other => other,
        }
    }
}
