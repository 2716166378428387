//! Which planned lists will be kept back because lists before them will have filled their receivers.
//!
//! The release compares a due list with the lists that were accepted in its month. [`foretell`]
//! delivers the planned lists one after the other in the order of their times, and so compares each
//! with what will have been accepted by then. It assumes that every list is accepted.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use chrono::{DateTime, Utc};

use super::first_from;
use crate::calendar::{self, Span, Window};
use crate::model::{JobId, OnFullReceivers, OnQuota};
use crate::plan::{Job, Rank};

/// How many receivers are read for one forecast; what is later than that is not foretold.
const READ_MOST: usize = 2_000_000;

/// A planned list.
#[derive(Clone, Debug)]
pub struct List {
    /// Its job.
    pub job: Job,
    /// When the schedule sends it.
    pub at: DateTime<Utc>,
}

/// What becomes of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent when the schedule says.
    Goes,
    /// Its receivers will have had their four of this month, so that it is sent at this time.
    Later(Window, DateTime<Utc>),
    /// The same, and the next month is after its `expires`.
    Expires(Window),
    /// The same, and it may not be deferred.
    Fails(Window),
}

impl Fate {
    /// Returns the month in which it is not sent, if there is one.
    pub fn month(self) -> Option<Window> {
        match self {
            Self::Goes => None,
            Self::Later(month, _) | Self::Expires(month) | Self::Fails(month) => Some(month),
        }
    }

    /// Returns what becomes of a job that is not sent in a month, because its receivers had their
    /// four of it.
    pub fn kept_back(job: &Job, month: Window) -> Self {
        let next = first_from(job, job.planned_at, month.end());
        match job.on_quota {
            OnQuota::Fail => Self::Fails(month),
            OnQuota::Defer if next > job.expires_at => Self::Expires(month),
            OnQuota::Defer => Self::Later(month, next),
        }
    }
}

/// The lists of one month.
#[derive(Clone, Debug)]
pub struct Deliveries<K> {
    counts: HashMap<K, u8>,
    /// How many each may have.
    limit: u8,
    /// Whether a list missed some of its receivers: it is unknown whom, so nobody is certainly full.
    missed: bool,
    /// Whether the platform reports how many of a list it reached.
    reported: bool,
}

impl<K: Copy + Eq + Hash> Deliveries<K> {
    /// Begins a month.
    pub fn new(limit: u8, (missed, reported): (bool, bool)) -> Self {
        Self { counts: HashMap::new(), limit, missed, reported }
    }

    /// Adds a list that is accepted whatever its receivers had.
    pub fn add(&mut self, list: &[K]) {
        for key in list {
            let count = self.counts.entry(*key).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Adds a list if it is sent, and returns whether it is.
    fn offer(&mut self, list: &[K], policy: OnFullReceivers) -> bool {
        let is_full = |key: &&K| self.counts.get(*key).is_some_and(|had| *had >= self.limit);
        let full = list.iter().filter(is_full).count();
        let all = full > 0 && full == list.len();
        let blocked = match policy {
            OnFullReceivers::Defer => full > 0,
            OnFullReceivers::Send | OnFullReceivers::Drop => all && !self.missed,
        };
        if blocked {
            return false;
        }
        if policy == OnFullReceivers::Drop && !all {
            let free: Vec<K> = list.iter().filter(|key| !is_full(key)).copied().collect();
            // The platform takes no list of one, so one full receiver stays in it.
            self.missed |= self.reported && full > 0 && free.len() == 1;
            self.add(&free);
        } else {
            self.missed |= self.reported && full > 0;
            self.add(list);
        }
        true
    }
}

/// Reads what [`foretell`] needs.
pub trait Source {
    /// What identifies a receiver.
    type Key: Copy + Eq + Hash;
    /// Why it cannot be read.
    type Error;

    /// Returns how many lists were accepted in a month.
    ///
    /// # Errors
    /// If they cannot be read.
    fn accepted(&self, month: Window) -> Result<usize, Self::Error>;

    /// Returns the lists that were accepted in a month.
    ///
    /// # Errors
    /// If they cannot be read.
    fn month(&self, month: Window) -> Result<Deliveries<Self::Key>, Self::Error>;

    /// Returns the receivers of a planned list.
    ///
    /// # Errors
    /// If they cannot be read.
    fn receivers(&self, job: &JobId) -> Result<Vec<Self::Key>, Self::Error>;
}

/// Returns what becomes of the planned lists of an account.
///
/// A list that is not in the answer is too far ahead to be foretold.
///
/// # Errors
/// If the source cannot be read.
pub fn foretell<S: Source>(
    lists: Vec<List>,
    (limit, now): (u8, DateTime<Utc>),
    source: &S,
) -> Result<HashMap<JobId, Fate>, S::Error> {
    let mut walk = Walk { queue: BTreeMap::new(), fates: HashMap::new(), now };
    for List { job, at } in lists {
        walk.expect(at, job, None);
    }
    let mut present: Option<(Window, Option<Deliveries<S::Key>>)> = None;
    let mut read = 0;
    while let Some(((at, _), (job, kept))) = walk.queue.pop_first() {
        let month = Window::containing(Span::Month, at);
        if present.as_ref().is_none_or(|(known, _)| *known != month) {
            // Nobody is full before so many lists were delivered.
            let lists = source.accepted(month)? + 1 + walk.planned_before(month.end());
            let matters = lists > usize::from(limit);
            present = Some((month, if matters { Some(source.month(month)?) } else { None }));
        }
        let Some((_, Some(deliveries))) = &mut present else {
            walk.sent(&job, (at, kept));
            continue;
        };
        let list = source.receivers(&job.id)?;
        read += list.len();
        if read > READ_MOST {
            break;
        }
        if job.asked {
            deliveries.add(&list);
            walk.sent(&job, (at, kept));
        } else if deliveries.offer(&list, job.on_full_receivers) {
            walk.sent(&job, (at, kept));
        } else {
            walk.keep_back(job, kept.unwrap_or(month), month);
        }
    }
    Ok(walk.fates)
}

/// The lists that are still to be delivered, in their order.
struct Walk {
    /// Each with the first month that kept it back, if one did.
    queue: BTreeMap<(DateTime<Utc>, Rank), (Job, Option<Window>)>,
    fates: HashMap<JobId, Fate>,
    now: DateTime<Utc>,
}

impl Walk {
    fn expect(&mut self, at: DateTime<Utc>, job: Job, kept: Option<Window>) {
        let at = at.max(self.now);
        let at = calendar::guard_end(at).unwrap_or(at);
        self.queue.insert((at, job.rank), (job, kept));
    }

    fn planned_before(&self, end: DateTime<Utc>) -> usize {
        self.queue.keys().take_while(|(at, _)| *at < end).count()
    }

    fn sent(&mut self, job: &Job, (at, kept): (DateTime<Utc>, Option<Window>)) {
        let fate = kept.map_or(Fate::Goes, |month| Fate::Later(month, at));
        self.fates.insert(job.id.clone(), fate);
    }

    /// Moves a list into the month after one in which it is not sent, if it may be.
    fn keep_back(&mut self, job: Job, first: Window, month: Window) {
        let end = match Fate::kept_back(&job, month) {
            Fate::Later(_, next) => return self.expect(next, job, Some(first)),
            Fate::Expires(_) => Fate::Expires(first),
            Fate::Fails(_) => Fate::Fails(first),
            Fate::Goes => Fate::Goes,
        };
        self.fates.insert(job.id, end);
    }
}

#[cfg(test)]
mod tests;
