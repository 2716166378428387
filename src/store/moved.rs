//! What one transaction changed: the jobs' states, logged after the commit, and their times.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::{JobId, JobState};
use crate::reason::{NamedJob, Reason};
use crate::text::reason;

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
    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Forgets the latest changes: they were undone.
    pub(super) fn truncate(&self, len: usize) {
        self.0.borrow_mut().truncate(len);
    }

    /// Logs them, each at its level.
    pub(super) fn tell(self) {
        for Moved { job, account, from, to, sent, why } in self.0.into_inner() {
            let shown =
                |state: JobState| if state == JobState::Sent { sent } else { state.as_str() };
            let (id, was, is) = (job.as_str(), shown(from), shown(to));
            let (code, why) = (why.code(), reason::sentence(&why));
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
    pub(super) id: JobId,
    /// Whether it was known before: its old place is free.
    pub(super) edited: bool,
}

/// A waiting job that a new schedule moved.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Rescheduled {
    /// Returns each job once, from its first time to its last; not those that end as they began.
    pub fn in_all(moves: Vec<Self>) -> Vec<Self> {
        // Each with whether its first step gave it a place again that it had lost before.
        let mut jobs: Vec<(Self, bool)> = Vec::new();
        let mut known: HashMap<JobId, usize> = HashMap::new();
        for one in moves {
            match known.get(&one.job.id) {
                Some(index) => {
                    let earlier = &mut jobs[*index].0;
                    *earlier = Self { from: earlier.from, ..one };
                }
                None => {
                    known.insert(one.job.id.clone(), jobs.len());
                    let regained = one.ends_at_its_first_time();
                    jobs.push((one, regained));
                }
            }
        }
        jobs.retain(|(job, regained)| *regained || !job.ends_at_its_first_time());
        jobs.into_iter().map(|(job, _)| job).collect()
    }

    fn ends_at_its_first_time(&self) -> bool {
        self.to == Some(self.from)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// A job that moves between days, in each step from one to another; none is no day at all.
    fn moved(steps: &[(i64, Option<i64>)]) -> Vec<(i64, Option<i64>)> {
        let day = |day| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let step = |(from, to): &(i64, Option<i64>)| Rescheduled {
            job: NamedJob { id: JobId::parse("a").unwrap(), title: None },
            from: day(*from),
            to: to.map(day),
            why: Reason::ExpiresBeforeDue,
        };
        let moves = Rescheduled::in_all(steps.iter().map(step).collect());
        let days = |at: DateTime<Utc>| (at - day(0)).num_days();
        moves.into_iter().map(|one| (days(one.from), one.to.map(days))).collect()
    }

    #[test]
    fn of_many_moves_of_a_job_the_first_and_the_last_time_count() {
        for (steps, expected) in [
            (&[(1, Some(2))][..], &[(1, Some(2))][..]),
            (&[(1, Some(2)), (2, Some(3))], &[(1, Some(3))]),
            (&[(1, Some(2)), (2, None)], &[(1, None)]),
            (&[(1, Some(2)), (2, Some(1))], &[]),
            (&[(1, None), (1, Some(1))], &[]),
            (&[(1, Some(1))], &[(1, Some(1))]),
            (&[(1, Some(1)), (1, None)], &[(1, None)]),
            (&[(1, Some(1)), (1, None), (1, Some(1))], &[(1, Some(1))]),
        ] {
            assert_eq!(moved(steps), expected, "{steps:?}");
        }
    }
}
