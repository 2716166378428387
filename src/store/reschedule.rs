//! Moves a job that waits to another time, by an operator's decision.
//!
//! The file that planned it stays as it is: dropped again unchanged it changes nothing, and with
//! other content the job becomes as written there. A job that was ever requested is never moved:
//! the platform remembers its clientmsgid from its own time on.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::calendar;
use crate::l10n::t;
use crate::model::{Account, JobId, JobState};
use crate::reason::Operation;
use crate::store::{DecidedBy, Result, StoreError, Tx, millis};
use crate::text::names;

impl Tx<'_> {
    /// Moves a job to another time; a date of a series stays moved when the series is edited.
    ///
    /// # Errors
    /// If the job does not wait, was ever requested, or the time has passed; or if SQLite fails.
    pub fn reschedule_job(
        &self,
        id: &JobId,
        account: &Account,
        at: DateTime<Utc>,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        let refuse = |why: String| Err(StoreError::Refused(why));
        let state = names::job_state(job.state);
        match job.state {
            JobState::Planned | JobState::Held if !job.asked => {}
            JobState::Planned | JobState::Held => {
                return refuse(t!("store-asked-before", id = %id, state = %state));
            }
            JobState::Releasing
            | JobState::Accepted
            | JobState::Sent
            | JobState::Failed
            | JobState::Partial
            | JobState::Uncertain
            | JobState::Cancelled
            | JobState::Expired
            | JobState::Missed => {
                return refuse(t!("store-not-movable", id = %id, state = %state));
            }
        }
        if at <= now {
            return refuse(t!("store-moved-to-past", id = %id, at = %calendar::beijing(at)));
        }
        self.keep_moved_date(id, at, said, now)?;
        let expires_at = at + (job.expires_at - job.planned_at);
        self.run(
            "UPDATE job SET written_at = ?2, planned_at = ?2, due_at = ?2, wake_at = ?2,
                 expires_at = ?3, not_before_at = NULL, reason = NULL, prepare_after_at = 0,
                 seq = (SELECT max(seq) + 1 FROM job) WHERE id = ?1",
            params![id.as_str(), millis(at), millis(expires_at)],
        )?;
        self.run(
            "UPDATE batch SET next_at = ?2 WHERE job = ?1 AND state = 'planned' AND replaced = 0",
            params![id.as_str(), millis(at)],
        )?;
        let why = said.that(Operation::Reschedule { to: at });
        self.tell(id, Some(job.state), job.state, &why, now)?;
        self.has_no_place((&account.name, id), true);
        self.place_taken(account, now)
    }
}
