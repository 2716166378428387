//! What the log is told of each change of a job's state, once it is true: after the commit.

use std::cell::RefCell;

use crate::model::JobState;

/// The changes of one step.
#[derive(Debug, Default)]
pub(super) struct Moves(pub(super) RefCell<Vec<Moved>>);

#[derive(Debug)]
pub(super) struct Moved {
    pub(super) job: String,
    pub(super) account: String,
    pub(super) from: JobState,
    pub(super) to: JobState,
    pub(super) why: String,
}

impl Moves {
    /// Tells them, each at the level that it deserves.
    pub(super) fn tell(self) {
        for Moved { job, account, from, to, why } in self.0.into_inner() {
            let (id, old, new) = (job.as_str(), from.as_str(), to.as_str());
            macro_rules! tell {
                ($level:ident) => {
                    tracing::$level!(
                        account,
                        job.id = id,
                        from = old,
                        to = new,
                        why,
                        "job {id} was {old} and is {new}: {why}"
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
