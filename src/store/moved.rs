//! Logs each change of a job's state after its commit.

use std::cell::RefCell;

use crate::model::JobState;
use crate::store::{Result, Tx};

/// The changes of one step.
#[derive(Debug, Default)]
pub(super) struct Moves(RefCell<Vec<Moved>>);

#[derive(Debug)]
struct Moved {
    job: String,
    account: String,
    from: JobState,
    to: JobState,
    /// What a job of its kind is once it went out.
    sent: &'static str,
    why: String,
}

impl Tx<'_> {
    /// Remembers a change for the log, where anybody reads one.
    pub(super) fn note_move(
        &self,
        job: &str,
        (from, to): (JobState, JobState),
        why: &str,
    ) -> Result<()> {
        let Some(moves) = self.moves.filter(|_| from != to) else { return Ok(()) };
        let (account, is_broadcast) = self
            .db
            .prepare_cached("SELECT account, action = 'broadcast' FROM job WHERE id = ?1")?
            .query_row([job], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let sent = if is_broadcast { JobState::Sent.as_str() } else { "done" };
        let (job, why) = (job.to_owned(), why.to_owned());
        moves.0.borrow_mut().push(Moved { job, account, from, to, sent, why });
        Ok(())
    }
}

impl Moves {
    /// Tells them, each at the level that it deserves.
    pub(super) fn tell(self) {
        for Moved { job, account, from, to, sent, why } in self.0.into_inner() {
            let shown =
                |state: JobState| if state == JobState::Sent { sent } else { state.as_str() };
            let (id, was, is) = (job.as_str(), shown(from), shown(to));
            macro_rules! tell {
                ($level:ident) => {
                    tracing::$level!(
                        account,
                        job.id = id,
                        from = from.as_str(),
                        to = to.as_str(),
                        why,
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
