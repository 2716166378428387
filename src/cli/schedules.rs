//! The schedules that an answer reads: one for each account, made once.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::calendar::Window;
use crate::model::{Account, JobId};
use crate::quota::Rule;
pub(super) use crate::schedule::Owned;
use crate::schedule::{self, Placement};
use crate::store::{DateAhead, StoreError, Tx};

/// The schedules as of one time.
pub(super) struct Schedules {
    pub(super) now: DateTime<Utc>,
    /// Up to when dates of series that have no job yet are of interest.
    until: DateTime<Utc>,
    made: RefCell<HashMap<String, Rc<AccountSchedule>>>,
}

/// The schedule of one account.
pub(super) struct AccountSchedule {
    pub(super) placements: HashMap<JobId, Placement>,
    /// What the jobs own of each window.
    pub(super) owned: BTreeMap<(Rule, Window), Owned>,
    /// The dates of series that have no job yet.
    pub(super) ahead: Vec<DateAhead>,
}

impl Schedules {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { now, until: now, made: RefCell::default() }
    }

    /// The same with all dates of series before `until`.
    pub(super) fn until(self, until: DateTime<Utc>) -> Self {
        Self { until, ..self }
    }

    /// Returns the schedule of an account.
    pub(super) fn of(
        &self,
        tx: &Tx<'_>,
        account: &Account,
    ) -> Result<Rc<AccountSchedule>, StoreError> {
        if let Some(known) = self.made.borrow().get(&account.name) {
            return Ok(Rc::clone(known));
        }
        let made = tx.schedule(account, self.until, self.now)?;
        let owned = schedule::owned(account, &made.jobs, self.now);
        let placed = made.jobs.into_iter();
        let placements = placed.map(|(waiting, placement)| (waiting.job.id, placement)).collect();
        let made = Rc::new(AccountSchedule { placements, owned, ahead: made.ahead });
        self.made.borrow_mut().insert(account.name.clone(), Rc::clone(&made));
        Ok(made)
    }
}
