//! What one transaction changed: the jobs' states, logged after the commit, and their times.

use std::cell::RefCell;

use chrono::{DateTime, Utc};

use crate::model::{JobId, JobState};
use crate::reason::{NamedJob, Reason};
use crate::text::{Lang, reason};

/// The changes of one transaction.
#[derive(Debug, Default)]
pub(super) struct Moves(pub(super) RefCell<Vec<Moved>>);

#[derive(Debug)]
pub(super) struct Moved {
    pub(super) job: String,
    pub(super) account: String,
    pub(super) from: JobState,
    pub(super) to: JobState,
    /// The word for a job of its kind that was sent.
    pub(super) sent: &'static str,
    pub(super) why: Reason,
}

impl Moves {
    /// Logs them, each at its level.
    pub(super) fn tell(self) {
        for Moved { job, account, from, to, sent, why } in self.0.into_inner() {
            let shown =
                |state: JobState| if state == JobState::Sent { sent } else { state.as_str() };
            let (id, was, is) = (job.as_str(), shown(from), shown(to));
            let (code, why) = (why.code(), reason::sentence(&why, Lang::En));
            macro_rules! tell {
                ($level:ident) => {
                    tracing::$level!(
                        account,
                        job.id = id,
                        from = from.as_str(),
                        to = to.as_str(),
                        why,
                        reason = code,
                        "job {id} was {was} and is {is}: {why}"
                    )
                };
            }
            match to {
                // An operator decides how to continue.
                JobState::Failed | JobState::Partial | JobState::Uncertain | JobState::Missed => {
                    tell!(error);
                }
                JobState::Expired => tell!(warn),
                JobState::Planned
                | JobState::Held
                | JobState::Releasing
                | JobState::Accepted
                | JobState::Sent
                | JobState::Cancelled => tell!(info),
            }
        }
    }
}

/// A job that was taken in this transaction and has no place yet.
#[derive(Debug)]
pub(super) struct Unplaced {
    pub(super) account: String,
    pub(super) id: JobId,
    /// Whether it was known before: its old place is free.
    pub(super) edited: bool,
}

/// A waiting job that a new schedule moved.
#[derive(Clone, Debug)]
pub struct Rescheduled {
    /// The job.
    pub job: NamedJob,
    /// When it was due.
    pub from: DateTime<Utc>,
    /// When it is due now; none if no window has room for it. The same as before if it had none.
    pub to: Option<DateTime<Utc>>,
    /// Why.
    pub why: Reason,
}
