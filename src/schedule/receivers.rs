//! Which planned lists will be kept back because lists before them will have filled their receivers.
//!
//! The release compares a due list with the lists that were accepted in its month. [`foretell`]
//! delivers the planned broadcasts one after the other in the order of their times, and so compares
//! each list with what will have been accepted by then. It assumes that every broadcast is accepted.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use chrono::{DateTime, Utc};

use super::first_from;
use crate::calendar::{self, Span, Window};
use crate::model::{JobId, OnFullReceivers, OnQuota};
use crate::plan::{Job, Rank};

/// How many receivers are read for one forecast; what is later than that is not foretold.
const READ_MOST: usize = 2_000_000;

/// A planned broadcast.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its job.
    pub job: Job,
    /// When the schedule sends it.
    pub at: DateTime<Utc>,
    /// Whether it goes to a list, and not to a tag or everyone.
    pub is_list: bool,
}

/// Which full receivers keep a list back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptBackBy {
    /// A single one.
    Any,
    /// All of them together. If a list of the month missed some receivers, none is certainly full.
    All,
}

impl KeptBackBy {
    /// Returns the rule of a job.
    pub fn of(policy: OnFullReceivers) -> Self {
        match policy {
            OnFullReceivers::Defer => Self::Any,
            OnFullReceivers::Send | OnFullReceivers::Drop => Self::All,
        }
    }
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

/// The deliveries of one month.
#[derive(Clone, Debug)]
pub struct Deliveries<K> {
    /// How many lists each receiver was in.
    lists: HashMap<K, u8>,
    /// How many broadcasts may have reached anybody.
    broad: u8,
    /// How many each may have.
    limit: u8,
    /// Whether a list missed some of its receivers: it is unknown whom, so nobody is certainly full.
    missed: bool,
    /// Whether the platform reports how many of a list it reached.
    reported: bool,
}

impl<K: Copy + Eq + Hash> Deliveries<K> {
    /// Begins a month with broadcasts that may have reached anybody.
    pub fn new(limit: u8, broad: u8, (missed, reported): (bool, bool)) -> Self {
        Self { lists: HashMap::new(), broad, limit, missed, reported }
    }

    /// Adds a list that is accepted.
    pub fn add(&mut self, list: &[K]) {
        for key in list {
            let count = self.lists.entry(*key).or_default();
            *count = count.saturating_add(1);
        }
    }

    fn add_broad(&mut self) {
        self.broad = self.broad.saturating_add(1);
    }

    fn had(&self, key: K) -> u8 {
        self.lists.get(&key).copied().unwrap_or_default()
    }

    /// Adds a list if it is sent, and returns whether it is.
    fn offer(&mut self, list: &[K], policy: OnFullReceivers) -> bool {
        let (full, free): (Vec<K>, Vec<K>) =
            list.iter().partition(|key| self.had(**key) >= self.limit);
        let blocked = match KeptBackBy::of(policy) {
            KeptBackBy::Any => !full.is_empty(),
            KeptBackBy::All => free.is_empty() && !self.missed,
        };
        if blocked {
            return false;
        }
        let drops = policy == OnFullReceivers::Drop && !free.is_empty();
        // The platform takes no list of one, so one full receiver stays in it.
        let sent = if drops && free.len() > 1 { &free } else { list };
        let misses = sent.iter().any(|key| self.had(*key).saturating_add(self.broad) >= self.limit);
        self.missed |= self.reported && misses;
        self.add(if drops { &free } else { list });
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

    /// Returns what was accepted in a month.
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

/// Returns what becomes of the planned lists of an account, from all of its planned broadcasts.
///
/// A list that is not in the answer is too far ahead to be foretold.
///
/// # Errors
/// If the source cannot be read.
pub fn foretell<S: Source>(
    planned: Vec<Planned>,
    (limit, now): (u8, DateTime<Utc>),
    source: &S,
) -> Result<HashMap<JobId, Fate>, S::Error> {
    let mut walk = Walk { queue: BTreeMap::new(), fates: HashMap::new(), now };
    for Planned { job, at, is_list } in planned {
        walk.expect(at, Next { job, is_list, kept: None });
    }
    let mut present: Option<(Window, Option<Deliveries<S::Key>>)> = None;
    let mut read = 0;
    while let Some(((at, _), next)) = walk.queue.pop_first() {
        let month = Window::containing(Span::Month, at);
        if present.as_ref().is_none_or(|(known, _)| *known != month) {
            // Nobody is full before so many lists were delivered.
            let lists = source.accepted(month)? + 1 + walk.planned_before(month.end());
            let matters = lists > usize::from(limit);
            present = Some((month, if matters { Some(source.month(month)?) } else { None }));
        }
        let Some((_, Some(deliveries))) = &mut present else {
            walk.sent(next, at);
            continue;
        };
        if !next.is_list {
            deliveries.add_broad();
            continue;
        }
        let list = source.receivers(&next.job.id)?;
        read += list.len();
        if read > READ_MOST {
            break;
        }
        if next.job.asked {
            deliveries.add(&list);
            walk.sent(next, at);
        } else if deliveries.offer(&list, next.job.on_full_receivers) {
            walk.sent(next, at);
        } else {
            walk.keep_back(next, month);
        }
    }
    Ok(walk.fates)
}

/// A broadcast that is still to be delivered.
struct Next {
    job: Job,
    is_list: bool,
    /// The first month that kept it back, if one did.
    kept: Option<Window>,
}

/// The broadcasts that are still to be delivered, in their order.
struct Walk {
    queue: BTreeMap<(DateTime<Utc>, Rank), Next>,
    fates: HashMap<JobId, Fate>,
    now: DateTime<Utc>,
}

impl Walk {
    fn expect(&mut self, at: DateTime<Utc>, next: Next) {
        let at = at.max(self.now);
        let at = calendar::guard_end(at).unwrap_or(at);
        self.queue.insert((at, next.job.rank), next);
    }

    fn planned_before(&self, end: DateTime<Utc>) -> usize {
        self.queue.keys().take_while(|(at, _)| *at < end).count()
    }

    fn sent(&mut self, Next { job, is_list, kept }: Next, at: DateTime<Utc>) {
        if is_list {
            self.fates.insert(job.id, kept.map_or(Fate::Goes, |month| Fate::Later(month, at)));
        }
    }

    /// Moves a list into the month after one in which it is not sent, if it may be.
    fn keep_back(&mut self, next: Next, month: Window) {
        let first = next.kept.unwrap_or(month);
        let end = match Fate::kept_back(&next.job, month) {
            Fate::Later(_, at) => return self.expect(at, Next { kept: Some(first), ..next }),
            Fate::Expires(_) => Fate::Expires(first),
            Fate::Fails(_) => Fate::Fails(first),
            Fate::Goes => Fate::Goes,
        };
        self.fates.insert(next.job.id, end);
    }
}

#[cfg(test)]
mod tests;
