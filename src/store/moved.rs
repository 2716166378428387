//! What the log is told of each change of a job's state, once it is true: after the commit.

use std::cell::RefCell;

use crate::model::JobState;
use crate::reason::Reason;
use crate::store::{Result, Tx};
use crate::text::{Lang, reason};

/// The changes of one step.
#[derive(Debug, Default)]
pub(super) struct Moves(RefCell<Vec<Moved>>);

#[derive(Debug)]
struct Moved {
    job: String,
    account: String,
    from: JobState,
    to: JobState,
    why: Reason,
}

impl Tx<'_> {
    /// Remembers a change for the log, where anybody reads one.
    pub(super) fn note_move(
        &self,
        job: &str,
        (from, to): (JobState, JobState),
        why: &Reason,
    ) -> Result<()> {
        let Some(moves) = self.moves.filter(|_| from != to) else { return Ok(()) };
        let account = self
            .db
            .prepare_cached("SELECT account FROM job WHERE id = ?1")?
            .query_row([job], |row| row.get(0))?;
        let (job, why) = (job.to_owned(), why.clone());
        moves.0.borrow_mut().push(Moved { job, account, from, to, why });
        Ok(())
    }
}

impl Moves {
    /// Tells them, each at the level that it deserves.
    pub(super) fn tell(self) {
        for Moved { job, account, from, to, why } in self.0.into_inner() {
            let (id, old, new) = (job.as_str(), from.as_str(), to.as_str());
            let (code, why) = (why.code(), reason::sentence(&why, Lang::En));
            macro_rules! tell {
                ($level:ident) => {
                    tracing::$level!(
                        account,
                        job.id = id,
                        from = old,
                        to = new,
                        why,
                        reason = code,
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
