//! Logs each change of a job's state after its commit.

use std::cell::RefCell;

use crate::model::JobState;
use crate::reason::Reason;
use crate::text::{Lang, reason};

/// The changes of one step.
#[derive(Debug, Default)]
pub(super) struct Moves(pub(super) RefCell<Vec<Moved>>);

#[derive(Debug)]
pub(super) struct Moved {
    pub(super) job: String,
    pub(super) account: String,
    pub(super) from: JobState,
    pub(super) to: JobState,
    /// What a job of its kind is once it went out.
    pub(super) sent: &'static str,
    pub(super) why: Reason,
}

impl Moves {
    /// Tells them, each at the level that it deserves.
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
                // A person decides what becomes of it.
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
