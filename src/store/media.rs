//! Whether the platform still has the media ids that jobs name.
//!
//! Each is queried about a day before its job's time, and once a day at most, whoever asks: a job
//! that names a medium which another one asked for gets that answer. A medium that is gone stops
//! nothing: the operator is told, and the platform decides at the job's time.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::alert::Told;
use crate::calls::State;
use crate::model::{ApiCall, JobId, Medium};
use crate::reason::Reason;
use crate::store::{Alert, Result, Tx, instant, millis, unreadable};

/// How long before its job's time a medium is queried.
pub(super) const AHEAD: TimeDelta = TimeDelta::hours(24);
/// In the last minutes before a release nothing is queried: its own request tells as much.
const NOT_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// How long an answer holds.
const HOLDS: TimeDelta = TimeDelta::hours(24);

/// The kind of the alert about a medium that is gone.
const KIND: &str = "media";

/// What the platform said of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediumState {
    /// It has it.
    There,
    /// It does not have it any more, or never had it.
    Gone,
    /// It gave no answer.
    Unknown,
    /// The question is open.
    Asked,
}

/// What follows for a check whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// It is made.
    Query,
    /// It is not made for this time of its job.
    Leave,
    /// Another job's check is open, and answers this one too.
    Wait,
}

impl Tx<'_> {
    /// Returns what the platform said of a medium within the last day, and when it was asked.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn medium_state(
        &self,
        account: &str,
        medium: &Medium,
        now: DateTime<Utc>,
    ) -> Result<Option<(MediumState, DateTime<Utc>)>> {
        let parameters = ApiCall::MediaCheck(medium.clone()).parameters().to_string();
        let last: Option<(String, i64, Option<bool>)> = self
            .db
            .prepare_cached(
                "SELECT state, ifnull(ended_at, made_at), json_extract(answer, '$.exists')
                 FROM api_call WHERE account = ?1 AND kind = 'media_check' AND parameters = ?2
                   AND state NOT IN ('waiting', 'dropped') AND ifnull(ended_at, ?3) > ?4
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row(params![account, parameters, millis(now), millis(now - HOLDS)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((state, at, exists)) = last else { return Ok(None) };
        let state = State::parse(&state).ok_or_else(|| unreadable("api_call.state", &state))?;
        let state = match (state, exists) {
            (State::Done, Some(true)) => MediumState::There,
            (State::Done, Some(false)) => MediumState::Gone,
            (State::Done, None) | (State::Failed, _) => MediumState::Unknown,
            (
                State::Waiting | State::Planned | State::InFlight | State::InDoubt | State::Dropped,
                _,
            ) => MediumState::Asked,
        };
        Ok(Some((state, instant(at))))
    }

    /// Decides about a check whose time has come, and uses an answer that is known.
    pub(super) fn begin_media_check(
        &self,
        call: i64,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Begin> {
        if due_at - now < NOT_WITHIN {
            return Ok(Begin::Leave);
        }
        let check = self.api_call(call)?;
        let (ApiCall::MediaCheck(medium), Some(job)) = (&check.api_call, &check.job) else {
            return Ok(Begin::Query);
        };
        let account = self.account_of(job)?.unwrap_or_default();
        Ok(match self.medium_state(&account, medium, now)? {
            None => Begin::Query,
            Some((MediumState::Asked, _)) => Begin::Wait,
            Some((MediumState::Gone, _)) => {
                self.medium_is_gone(job, medium, now)?;
                Begin::Leave
            }
            Some((MediumState::There | MediumState::Unknown, _)) => Begin::Leave,
        })
    }

    /// Records in a job's history that a medium is gone, and tells the operator.
    pub(super) fn medium_is_gone(
        &self,
        id: &JobId,
        medium: &Medium,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        let line = Reason::MediaGone { media_id: medium.media_id.clone() };
        self.tell(id, Some(job.state), job.state, &line, now)?;
        let title = self.title(id.as_str())?;
        let told =
            Told::MediaGone { media_id: medium.media_id.clone(), title, used_as: medium.used_as };
        let (account, job) = (Some(job.account.as_str()), Some(id.as_str()));
        self.raise_alert(&Alert { account, job, kind: KIND, told: &told }, now)
    }

    /// Clears the alert about a job's media: they are others now.
    pub(super) fn forget_media(&self, job: &JobId) -> Result<()> {
        self.run("DELETE FROM alert WHERE job = ?1 AND kind = ?2", params![job.as_str(), KIND])
    }

    /// Clears the alerts about the media of jobs that have ended.
    pub(super) fn forget_media_of_ended(&self, account: &str) -> Result<()> {
        self.run(
            "DELETE FROM alert WHERE account = ?1 AND kind = ?2
               AND EXISTS (SELECT 1 FROM job WHERE id = alert.job AND wake_at IS NULL)",
            params![account, KIND],
        )
    }
}
