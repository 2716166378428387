//! The schedules that an answer reads: one for each account, made once.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::calendar::Window;
use crate::model::{Account, JobId};
use crate::plan::Job;
use crate::quota::Rule;
use crate::reason::Reason;
pub(super) use crate::schedule::Owned;
use crate::schedule::receivers::{Fate, Planned};
use crate::schedule::{self, Placement, pace};
use crate::store::{DateAhead, Refusal, StoreError, Tx};

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
    /// When jobs are sent that have to wait for a minute with room.
    pub(super) paced: HashMap<JobId, DateTime<Utc>>,
    /// What the jobs own of each window.
    pub(super) owned: BTreeMap<(Rule, Window), Owned>,
    /// The dates of series that have no job yet.
    pub(super) ahead: Vec<DateAhead>,
    /// Its broadcasts if some are lists, and what becomes of these: made once it is asked.
    broadcasts: Vec<Planned>,
    fates: OnceCell<HashMap<JobId, Fate>>,
}

/// A job that its receivers keep back.
pub(super) struct KeptBack {
    pub(super) fate: Fate,
    pub(super) why: Reason,
    pub(super) month: Window,
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
        let paced = pace::paced(&made.jobs, self.now);
        let jobs = made.jobs.len() - made.ahead.len();
        let broadcasts = tx.planned_broadcasts(account, &made.jobs[..jobs], self.now)?;
        let placed = made.jobs.into_iter();
        let placements = placed.map(|(waiting, placement)| (waiting.job.id, placement)).collect();
        let (ahead, fates) = (made.ahead, OnceCell::new());
        let made = Rc::new(AccountSchedule { placements, paced, owned, ahead, broadcasts, fates });
        self.made.borrow_mut().insert(account.name.clone(), Rc::clone(&made));
        Ok(made)
    }

    /// Returns what becomes of a job that is due at this time, if its receivers keep it back.
    pub(super) fn kept_back(
        &self,
        tx: &Tx<'_>,
        (job, account): (&Job, &Account),
        at: DateTime<Utc>,
    ) -> Result<Option<KeptBack>, StoreError> {
        let of_lists = self.fate_of_list(tx, (&job.id, account))?;
        if of_lists == Some(Fate::Goes) {
            return Ok(None);
        }
        let full = tx.full_receivers(job, account, at)?;
        let by_now = full.map(|block| (block.window, Reason::from(Refusal::Receivers(block))));
        Ok(match (of_lists, by_now) {
            (Some(fate), by_now) => fate.month().map(|month| {
                let rule = Rule::MonthlyReceiver;
                let by_then = Reason::ReceiversFullByThen { rule, window: month };
                KeptBack { fate, month, why: by_now.map_or(by_then, |(_, why)| why) }
            }),
            (None, Some((month, why))) => {
                Some(KeptBack { fate: Fate::kept_back(job, month), month, why })
            }
            (None, None) => None,
        })
    }

    /// Returns what becomes of a list; none if the job is no list, or too far ahead.
    fn fate_of_list(
        &self,
        tx: &Tx<'_>,
        (job, account): (&JobId, &Account),
    ) -> Result<Option<Fate>, StoreError> {
        let schedule = self.of(tx, account)?;
        if schedule.broadcasts.is_empty() {
            return Ok(None);
        }
        if let Some(fates) = schedule.fates.get() {
            return Ok(fates.get(job).copied());
        }
        let fates = tx.fates_of_lists(account, schedule.broadcasts.clone(), self.now)?;
        Ok(schedule.fates.get_or_init(|| fates).get(job).copied())
    }
}
