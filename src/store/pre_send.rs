//! API calls that a job makes before its broadcast, and jobs that are a single API call.
//!
//! A pre-send call waits from when its job is taken until its time; it never stops the broadcast.
//! The time moves with the job's. A job without batches makes one API call at its time and ends with it.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::calls::{Event, Role, State};
use crate::l10n::t;
use crate::model::{Action, ApiCall, JobId, JobState};
use crate::plan;
use crate::reason::Reason;
use crate::store::api_call::{NewApiCall, word_after};
use crate::store::media::Begin;
use crate::store::{Move, Result, StoreError, Tx, instant, millis, unreadable};
use crate::text::stored;

/// How long a broadcast waits for its speed, from the request for it.
const SPEED_PATIENCE: TimeDelta = TimeDelta::seconds(28);

const WAITING_PRE_SENDS: &str = "FROM api_call p JOIN job ON job.id = p.job
    WHERE p.account = ?1 AND p.state = 'waiting' AND served_at IS NOT due_at
      AND (job.state = 'planned' OR (job.state = 'held' AND kind IN ('preview', 'media_check')))
      AND (kind <> 'preview' OR NOT EXISTS
           (SELECT 1 FROM batch WHERE batch.job = job.id AND replaced = 0 AND prepared = 0))";

impl Tx<'_> {
    /// Stores a job's calls before its broadcast.
    pub(super) fn write_pre_sends(
        &self,
        (job, account): (&JobId, &str),
        pre_sends: &[(ApiCall, TimeDelta)],
        taken_at: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "DELETE FROM api_call WHERE job = ?1 AND state IN ('waiting', 'dropped')",
            params![job.as_str()],
        )?;
        self.forget_media(job)?;
        for (api_call, ahead) in pre_sends {
            self.run(
                "INSERT INTO api_call (job, account, kind, role, parameters, made_at, state, ahead_s)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
                params![
                    job.as_str(),
                    account,
                    api_call.kind(),
                    Role::PreSend.as_str(),
                    api_call.parameters().to_string(),
                    millis(taken_at),
                    State::Waiting.as_str(),
                    ahead.num_seconds(),
                ],
            )?;
        }
        Ok(())
    }

    /// Lets a job that is due again set its speed and query its media again.
    pub(super) fn reopen_pre_sends(&self, job: &JobId) -> Result<()> {
        self.run(
            "UPDATE api_call SET state = ?2, ended_at = NULL, served_at = NULL
             WHERE job = ?1 AND kind IN ('speed_set', 'media_check') AND state IN ('waiting', 'dropped')",
            params![job.as_str(), word_after(State::Dropped, Event::JobReturns)],
        )
    }

    /// Returns when the account's next pre-send call is to become an API call.
    pub fn next_pre_send(&self, account: &str) -> Result<Option<DateTime<Utc>>> {
        let next: Option<i64> = self
            .db
            .prepare_cached(&format!("SELECT min(due_at - ahead_s * 1000) {WAITING_PRE_SENDS}"))?
            .query_row([account], |row| row.get(0))?;
        Ok(next.map(instant))
    }

    /// Returns a job's remaining calls before its broadcast, in words.
    ///
    /// # Errors
    /// If SQLite fails, or something else wrote it.
    pub fn pre_sends(&self, job: &str) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT kind, p.parameters, ahead_s FROM api_call p JOIN job ON job.id = p.job
             WHERE p.job = ?1 AND p.state = 'waiting' AND served_at IS NOT due_at
               AND job.state IN ('planned', 'held') ORDER BY ahead_s DESC, p.parameters",
        )?;
        let rows = statement.query_map([job], |row| {
            let (kind, parameters): (String, String) = (row.get(0)?, row.get(1)?);
            let api_call = ApiCall::parse(&kind, &parameters)
                .ok_or_else(|| unreadable("api_call.parameters", &parameters))?;
            let (api_call, ahead) =
                (stored::api_call(&api_call.to_string()), row.get::<_, i64>(2)?);
            Ok(match ahead {
                0..120 => t!("store-pre-send-seconds", api_call = api_call, ahead = %ahead),
                7_200.. => {
                    t!("store-pre-send-hours", api_call = api_call, hours = %(ahead / 3_600))
                }
                _ => t!("store-pre-send-minutes", api_call = api_call, minutes = %(ahead / 60)),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Plans the pre-send calls whose time has come, and drops those of jobs that ended.
    ///
    /// A preview is shown once, also for a job that waits for its approval, and not before its
    /// content is uploaded; the speed is set again for each new time of the job, and its media are
    /// queried again.
    pub fn begin_pre_sends(&self, account: &str, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE api_call SET state = ?2, ended_at = ?3
             WHERE account = ?1 AND state = 'waiting'
               AND EXISTS (SELECT 1 FROM job WHERE id = api_call.job AND wake_at IS NULL)",
            params![account, word_after(State::Waiting, Event::JobEnds), millis(now)],
        )?;
        self.forget_media_of_ended(account)?;
        let due = self
            .db
            .prepare_cached(&format!(
                "SELECT p.id, kind, due_at {WAITING_PRE_SENDS}
                   AND due_at - ahead_s * 1000 <= ?2 ORDER BY due_at, job.seq, p.id"
            ))?
            .query_map(params![account, millis(now)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<rusqlite::Result<Vec<(i64, String, i64)>>>()?;
        for (call, kind, due_at) in due {
            if kind == "media_check" {
                match self.begin_media_check(call, instant(due_at), now)? {
                    Begin::Query => {}
                    Begin::Leave => {
                        self.run(
                            "UPDATE api_call SET served_at = ?2 WHERE id = ?1",
                            params![call, due_at],
                        )?;
                        continue;
                    }
                    Begin::Wait => continue,
                }
            }
            let state = self.call_after(call, Event::Due)?;
            self.run(
                "UPDATE api_call SET state = ?2, made_at = ?3, next_at = ?3 WHERE id = ?1",
                params![call, state.as_str(), millis(now)],
            )?;
            if kind != "preview" {
                self.run(
                    "INSERT INTO api_call (job, account, kind, role, parameters, made_at, state,
                         ahead_s, served_at)
                     SELECT job, account, kind, role, parameters, made_at, ?2, ahead_s, ?3
                     FROM api_call WHERE id = ?1",
                    params![call, State::Waiting.as_str(), due_at],
                )?;
            }
        }
        Ok(())
    }

    /// Returns until when a broadcast waits for its speed to be set.
    pub fn waits_for_speed(
        &self,
        job: &JobId,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let made: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT max(made_at) FROM api_call WHERE job = ?1 AND role = 'pre_send'
                   AND kind = 'speed_set' AND state <> 'waiting' AND ended_at IS NULL",
            )?
            .query_row([job.as_str()], |row| row.get(0))?;
        let until = made.map(|made| instant(made) + SPEED_PATIENCE);
        Ok(until.filter(|until| *until > now))
    }

    /// Returns what a job does; none for a broadcast.
    ///
    /// # Errors
    /// If SQLite fails, or something else wrote it.
    pub fn action_of_job(&self, id: &JobId) -> Result<Option<Action>> {
        let (action, parameters): (String, Option<String>) = self
            .db
            .prepare_cached("SELECT action, parameters FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some(parameters) = parameters else { return Ok(None) };
        let found = Action::parse(&action, &parameters)
            .ok_or_else(|| unreadable("job.parameters", &parameters))?;
        Ok(Some(found))
    }

    /// Begins a job that is only an API call.
    ///
    /// # Errors
    /// If it is no longer planned, or SQLite fails.
    pub fn begin_action(
        &self,
        id: &JobId,
        (api_call, batch): (&ApiCall, Option<i64>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut job = self.job(id)?;
        let role = Role::Action;
        let new =
            NewApiCall { account: &job.account, api_call, role, job: Some(id), batch, said: None };
        self.write_api_call(&new, now)?;
        self.run(
            "UPDATE job SET attempted = 1, first_attempt_at = ?2 WHERE id = ?1",
            params![id.as_str(), millis(now)],
        )?;
        job.first_attempt_at = Some(now);
        let to = Move {
            state: JobState::Releasing,
            wake_at: Some(plan::deadline(&job)),
            reason: None,
            why: &Reason::ApiCallBegins,
        };
        self.move_job(id, JobState::Planned, to, now)
    }

    /// Ends a job that is only an API call, if its request is not open.
    ///
    /// # Errors
    /// If its request is open, or SQLite fails.
    pub fn stop_action(
        &self,
        id: &JobId,
        (state, why): (JobState, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let open = self
            .db
            .prepare_cached("SELECT id, state FROM api_call WHERE job = ?1 AND role = 'action' AND ended_at IS NULL")?
            .query_map([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        if open.iter().any(|(_, state)| State::parse(state) == Some(State::InFlight)) {
            return Err(StoreError::Refused(t!("store-action-under-way", id = %id)));
        }
        for (api_call, _) in open {
            let state = self.call_after(api_call, Event::Fails)?;
            self.run(
                "UPDATE api_call SET state = ?2, next_at = NULL, ended_at = ?3, errmsg = ?4
                 WHERE id = ?1",
                params![api_call, state.as_str(), millis(now), why],
            )?;
        }
        let from = self.job(id)?.state;
        self.move_job(id, from, Move { state, wake_at: None, reason: Some(why), why }, now)
    }

    /// Ends a job that is only an API call and whose time is over.
    pub fn run_out_action(&self, id: &JobId, now: DateTime<Utc>) -> Result<()> {
        let last: Option<(String, Option<Reason>)> = self
            .db
            .prepare_cached(
                "SELECT state, errmsg FROM api_call WHERE job = ?1 AND role = 'action'
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (state, last) = last.unwrap_or_default();
        let cause = last.map(Box::new);
        let why = Reason::ApiCallTimeOver { in_doubt: state == "in_doubt", cause };
        match self.stop_action(id, (JobState::Failed, &why), now) {
            // The response ends it.
            Err(StoreError::Refused(_)) => self.sleep(id, now + TimeDelta::minutes(1), None),
            other => other,
        }
    }
}
