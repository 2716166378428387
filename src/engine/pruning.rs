//! Removes what is older than the history that is kept: a little in each transaction, and only while
//! no release is near.

use chrono::{DateTime, Utc};

use crate::engine::Engine;
use crate::retention::{self, is_over};
use crate::store::{EndedAfter, EndedJobs, ScansAfter, StoreError, Tx};

/// How many jobs one transaction looks at: a list of receivers alone may have 300 kB.
const JOBS: i64 = 20;

/// How far a walk through what is old has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pruning {
    /// At the jobs that have ended.
    Jobs(EndedAfter),
    /// At the rows that belong to no job.
    Rows,
    /// At the counts of scans.
    Scans(ScansAfter),
    /// Everything was looked at.
    Over,
}

impl Pruning {
    /// Returns where each walk begins.
    pub fn start() -> Self {
        Self::Jobs(EndedAfter::default())
    }

    /// Removes a little; returns where to continue.
    fn step(
        self,
        tx: &Tx<'_>,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        Ok(match self {
            Self::Jobs(after) => match tx.ended_before(before, &after, JOBS)? {
                Some(EndedJobs { jobs, next }) => {
                    for (id, _) in jobs.iter().filter(|(_, job)| is_over(job, before)) {
                        tx.prune_job(id, now)?;
                    }
                    Self::Jobs(next)
                }
                None => Self::Rows,
            },
            Self::Rows if tx.prune_rows(before)? => Self::Rows,
            Self::Rows => Self::Scans(ScansAfter::default()),
            Self::Scans(after) => match tx.prune_scans(before, &after)? {
                Some(next) => Self::Scans(next),
                None => Self::Over,
            },
            Self::Over => Self::Over,
        })
    }
}

impl Engine {
    /// Returns whether work that can wait may be done now: nothing is under way, and no job is due
    /// within a minute.
    ///
    /// # Errors
    /// If the store fails.
    pub fn is_idle(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let is_waiting = self.armed.is_empty() && !self.is_busy();
        let until = now + retention::CLEAR;
        Ok(is_waiting && !self.store.read().has_release_by(until, now)?)
    }

    /// Removes a little of what happened before a time, in a transaction of its own; returns where to
    /// continue.
    ///
    /// Without a recent sample of the platform's clock nothing is removed: by a wrong clock, all
    /// history would be old.
    ///
    /// # Errors
    /// If the store fails: then nothing was removed.
    pub fn prune(
        &mut self,
        at: Pruning,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Pruning, StoreError> {
        if !self.sessions.iter().any(|session| session.knows_the_day(now)) {
            return Ok(at);
        }
        self.store.transaction(|tx| at.step(tx, before, now))
    }
}
