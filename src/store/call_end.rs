//! What the end of an API call means for its job.

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Told;
use crate::calls::Role;
use crate::model::{ApiCall, JobId, JobState};
use crate::plan::Job;
use crate::reason::Reason;
use crate::store::api_call::OpenApiCall;
use crate::store::{Alert, CodesProgress, Move, Result, Tx};

/// How long the alert about a failed pre-send call stays.
const TOLD_FOR: TimeDelta = TimeDelta::days(7);

/// The progress of the API calls of one release of a job.
#[derive(Debug)]
struct Run {
    all: u32,
    open: u32,
    failed: u32,
    /// Why one of those failed.
    why: Option<Reason>,
}

impl Tx<'_> {
    /// A pre-send call that fails never stops its broadcast; it raises an alert.
    pub(super) fn alert_pre_send_failure(
        &self,
        api_call: &OpenApiCall,
        job: &JobId,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let ApiCall::MediaCheck(_) = api_call.api_call {
            // Without an answer nothing is known, and the broadcast needs none.
            return Ok(());
        }
        let account = self.account_of(job)?;
        let cause = why.clone();
        let (kind, told) = match &api_call.api_call {
            ApiCall::SpeedSet(speed) => {
                ("speed", Told::SpeedNotSet { speed: speed.to_string(), cause })
            }
            ApiCall::Preview(to, _) => {
                ("preview", Told::PreviewFailed { to: to.to_string(), cause })
            }
            other @ (ApiCall::Delete(_)
            | ApiCall::SpeedGet
            | ApiCall::Menu(_)
            | ApiCall::MenuDelete
            | ApiCall::MenuRead { .. }
            | ApiCall::MenuConditional(_)
            | ApiCall::MenuConditionalDelete { .. }
            | ApiCall::MenuTry(_)
            | ApiCall::Qrcode(_)
            | ApiCall::Picture(_)
            | ApiCall::Drafts { .. }
            | ApiCall::MediaCheck(_)) => {
                ("preview", Told::CallFailed { call: other.to_string(), cause })
            }
        };
        let (account, job) = (account.as_deref(), Some(job.as_str()));
        let note = Alert { account, job, kind, told: &told };
        self.raise_alert_until(&note, now + TOLD_FOR, now)
    }

    /// Records an API call's end in its job's history, and ends a job that is only this call.
    pub(super) fn follow_api_call(
        &self,
        api_call: &OpenApiCall,
        (state, line): (JobState, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(id) = &api_call.job else { return Ok(()) };
        let job = self.job(id)?;
        match api_call.role {
            Role::Action if job.state == JobState::Releasing => {
                let run = self.run_of(api_call)?;
                let codes = self.codes_progress(id)?;
                if run.open > 0 {
                    // Many codes are shown by their number, not by a line for each.
                    if codes.is_some() {
                        return Ok(());
                    }
                    return self.tell(id, Some(job.state), job.state, line, now);
                }
                if let Some(CodesProgress { made, all, .. }) = codes {
                    return self.end_codes(&job, (made, all), (state, line), now);
                }
                let Run { failed, all, why, .. } = run;
                let state = if failed > 0 { JobState::Failed } else { state };
                let line = if all > 1 && failed > 0 {
                    self.tell(id, Some(job.state), job.state, line, now)?;
                    let cause = Box::new(why.unwrap_or_else(|| line.clone()));
                    &Reason::ApiCallsFailed { failed, all, cause }
                } else {
                    line
                };
                let reason = (state != JobState::Sent).then_some(line);
                self.move_job(id, job.state, Move { state, wake_at: None, reason, why: line }, now)
            }
            Role::Action | Role::Command | Role::Daemon => {
                self.tell(id, Some(job.state), job.state, line, now)
            }
            Role::PreSend => {
                self.tell(id, Some(job.state), job.state, line, now)?;
                // It may have waited for this.
                if job.state == JobState::Planned
                    && matches!(api_call.api_call, ApiCall::SpeedSet(_))
                {
                    self.sleep(id, job.due_at.max(now), None)?;
                }
                Ok(())
            }
        }
    }

    /// Ends a job of many codes.
    fn end_codes(
        &self,
        job: &Job,
        (made, all): (usize, usize),
        (state, line): (JobState, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let is_done = state == JobState::Sent;
        let why = if is_done {
            Reason::CodesMade { made, all }
        } else {
            Reason::CodesStopped { made, all, cause: Box::new(line.clone()) }
        };
        let reason = (!is_done).then_some(&why);
        self.move_job(&job.id, job.state, Move { state, wake_at: None, reason, why: &why }, now)
    }

    /// Returns the progress of a job's API calls of one release. Reading the menu is not what the
    /// job is for: it may fail alone.
    fn run_of(&self, api_call: &OpenApiCall) -> Result<Run> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE kind <> 'menu_read'),
                        count(*) FILTER (WHERE ended_at IS NULL),
                        count(*) FILTER (WHERE state = 'failed' AND kind <> 'menu_read'),
                        max(errmsg) FILTER (WHERE state = 'failed' AND kind <> 'menu_read')
                 FROM api_call JOIN (SELECT job AS of, made_at AS begun FROM api_call WHERE id = ?1)
                     ON job = of AND made_at = begun
                 WHERE role = 'action'",
            )?
            .query_row([api_call.id], |row| {
                Ok(Run {
                    all: row.get(0)?,
                    open: row.get(1)?,
                    failed: row.get(2)?,
                    why: row.get(3)?,
                })
            })?)
    }
}
