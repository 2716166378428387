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
use crate::store::{StoreError, Tx};

/// The schedules as of one time.
pub(super) struct Schedules {
    pub(super) now: DateTime<Utc>,
    made: RefCell<HashMap<String, Rc<AccountSchedule>>>,
}

/// The schedule of one account.
pub(super) struct AccountSchedule {
    pub(super) placements: HashMap<JobId, Placement>,
    /// What the jobs own of each window.
    pub(super) owned: BTreeMap<(Rule, Window), Owned>,
}

impl Schedules {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { now, made: RefCell::default() }
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
        let made = tx.schedule(account, self.now)?;
        let owned = schedule::owned(account, &made, self.now);
        let placements =
            made.into_iter().map(|(waiting, placement)| (waiting.job.id, placement)).collect();
        let made = Rc::new(AccountSchedule { placements, owned });
        self.made.borrow_mut().insert(account.name.clone(), Rc::clone(&made));
        Ok(made)
    }
}
