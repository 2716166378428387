//! The schedule of an account: when each of its waiting jobs is sent.
//!
//! [`schedule`] is a pure function of the waiting jobs, the ledger and the present time. The store
//! applies its result after every change, the release takes what is due from it, and everything
//! that people see reads the same value.
//!
//! A job owns its own time: the one its author wrote, or a later one that the platform or an
//! operator set. The jobs are placed in this order:
//!
//! 1. jobs that were attempted, which keep their place against any priority;
//! 2. jobs whose own time has room beside those of better rank, on its own day;
//! 3. the others, in the order of their ranks, each in the first window after its own that nobody
//!    owns, at the same time of day;
//! 4. new jobs without a time of their own, which take no slot from another job.
//!
//! So a job that loses its day moves alone: it never takes the own day of a third job.

pub mod pace;
pub mod receivers;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::calendar::{self, Span, Window};
use crate::model::{Account, JobId, JobState, OnQuota};
use crate::plan::{self, Job, Rank};
use crate::quota::{self, Because, Block, Demand, Need, Rule, Usage};
use crate::reason::{NamedJob, Reason};

/// How many of the jobs that own a full window are named.
const NAMED: usize = 3;
/// How often jobs without a time of their own may move forward in one schedule: each round gives
/// others a chance that the moved jobs made.
const ROUNDS: usize = 16;

/// A job that waits, or is in release.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The job.
    pub job: Job,
    /// Its name for people.
    pub title: Option<String>,
    /// How many of its calls are still to be made.
    pub calls_left: u32,
    /// Whether it has a place in the present schedule; only a job that was just taken has none.
    pub placed: bool,
    /// Whether the present schedule has no place for it, and it waits for its own time all the same.
    pub without_place: bool,
    /// Whether the platform may have accepted a request of it.
    pub in_doubt: bool,
}

impl Waiting {
    /// Returns what the job needs if it is due at a time; in release, what it still needs.
    pub fn needs(&self, account: &Account, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Need> {
        let Job { demand, asked, state, .. } = &self.job;
        let in_release = *state == JobState::Releasing;
        let calls = match (in_release, self.job.is_broadcast() && *asked) {
            (true, _) => self.calls_left,
            (false, true) => self.calls_left.max(1),
            (false, false) => demand.calls,
        };
        let at = if in_release { now } else { at.max(now) };
        let at = calendar::guard_end(at).unwrap_or(at);
        let mut needs = quota::needs(account, Demand { calls, ..*demand }, at);
        // The slot of a job in release is charged already; its codes are, one by one.
        needs.retain(|need| !in_release || !need.rule.row().slots);
        needs
    }
}

/// What is charged in the windows of an account's rules, as of now.
#[derive(Clone, Debug, Default)]
pub struct Ledger(HashMap<(Rule, Window), u32>);

impl Ledger {
    /// Adds a charge.
    pub fn charge(&mut self, rule: Rule, window: Window, amount: u32) {
        let used = self.0.entry((rule, window)).or_default();
        *used = used.saturating_add(amount);
    }

    fn used(&self, rule: Rule, window: Window) -> u32 {
        self.0.get(&(rule, window)).copied().unwrap_or(0)
    }
}

/// What kept a job from its own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The rule and window of its own time that had no room.
    pub own: Block,
    /// The jobs that own that window, the first in rank first.
    pub by: Vec<NamedJob>,
    /// The first and the last of the other windows without room.
    pub others: Option<(Window, Window)>,
}

impl Cause {
    /// Returns why a job has no place that it may wait for.
    pub fn beyond_expiry(cause: Option<Self>) -> Reason {
        cause.map_or(Reason::ExpiresBeforeDue, |cause| Reason::from(cause).beyond_expiry())
    }
}

impl From<Cause> for Reason {
    fn from(Cause { own: Block { rule, window, because }, by, others }: Cause) -> Self {
        let own = match because {
            Because::Used => Self::QuotaUsed { rule, window },
            Because::Claimed => Self::ReservedByOthers { rule, window, jobs: by },
            Because::TooMuch => Self::NeedsMoreThanLimit { rule },
        };
        match others {
            None => own,
            Some((from, to)) => Self::NoRoomUntil { cause: Box::new(own), from, to },
        }
    }
}

/// The place of one job in the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// It is in release, or its time is over: its own times decide.
    Stays,
    /// It is sent at this time; `Cause` if that is not its own.
    At(DateTime<Utc>, Option<Cause>),
    /// Its own time has no room, and it may not be deferred.
    Fails(Cause),
    /// The next window with room is after its `expires`.
    Expires(Option<Cause>),
    /// No window will ever have room.
    Never(Cause),
}

/// Makes the schedule of one account: one placement for each job, in the same order.
pub fn schedule(
    account: &Account,
    ledger: &Ledger,
    waiting: &[Waiting],
    now: DateTime<Utc>,
) -> Vec<Placement> {
    let mut board = Board::new(account, ledger, waiting, now);
    for _ in 0..ROUNDS {
        board.place_all();
        if !board.advance_anytime() {
            break;
        }
    }
    board.placements
}

/// What the jobs of a schedule own of one window.
#[derive(Clone, Debug, Default)]
pub struct Owned {
    /// How much.
    pub amount: u32,
    /// Which jobs, the first in rank first.
    pub by: Vec<JobId>,
}

/// Returns what the jobs of a schedule own of the windows.
pub fn owned(
    account: &Account,
    schedule: &[(Waiting, Placement)],
    now: DateTime<Utc>,
) -> BTreeMap<(Rule, Window), Owned> {
    let (waiting, placements): (Vec<_>, Vec<_>) = schedule.iter().cloned().unzip();
    let ledger = Ledger::default();
    let mut board = Board::new(account, &ledger, &waiting, now);
    board.placements = placements;
    board.own_all();
    let owned = board.owned.into_iter();
    owned
        .map(|(window, Share { amount, by })| {
            let by = by.into_iter().map(|index| schedule[index].0.job.id.clone()).collect();
            (window, Owned { amount, by })
        })
        .collect()
}

/// Returns the rank of a job: one that was attempted keeps its place against any priority.
fn rank(job: &Job) -> Rank {
    if job.asked { Rank { neg_priority: i32::MIN, ..job.rank } } else { job.rank }
}

/// What waiting jobs own of one window, by their indexes.
#[derive(Debug, Default)]
struct Share {
    amount: u32,
    by: Vec<usize>,
}

/// The windows while jobs are placed in them.
struct Board<'a> {
    account: &'a Account,
    ledger: &'a Ledger,
    waiting: &'a [Waiting],
    now: DateTime<Utc>,
    /// The jobs' indexes, the first in rank first.
    order: Vec<usize>,
    /// The own time of each job.
    own: Vec<DateTime<Utc>>,
    owned: HashMap<(Rule, Window), Share>,
    /// For a full window, the next one that may have room. Windows only fill up until a job leaves
    /// one of them.
    next: HashMap<(Rule, Window), Window>,
    placements: Vec<Placement>,
}

impl<'a> Board<'a> {
    fn new(
        account: &'a Account,
        ledger: &'a Ledger,
        waiting: &'a [Waiting],
        now: DateTime<Utc>,
    ) -> Self {
        let mut order: Vec<_> = (0..waiting.len()).collect();
        order.sort_by_key(|index| rank(&waiting[*index].job));
        let own = waiting.iter().map(own_time).collect();
        let placements = vec![Placement::Stays; waiting.len()];
        let (owned, next) = (HashMap::new(), HashMap::new());
        Self { account, ledger, waiting, now, order, own, owned, next, placements }
    }

    fn place_all(&mut self) {
        self.owned.clear();
        self.next.clear();
        let order = std::mem::take(&mut self.order);
        let mut displaced = Vec::new();
        let mut unplaced = Vec::new();
        for index in order.iter().copied() {
            let Waiting { job, placed, .. } = &self.waiting[index];
            if job.state == JobState::Releasing {
                self.own(index, self.now);
            } else if self.is_fixed(index) {
                self.own(index, job.due_at);
                self.placements[index] = Placement::At(job.due_at, None);
            } else if self.now > plan::deadline(job) {
                self.placements[index] = Placement::Stays;
            } else if job.asked {
                self.place_from(index, job.due_at, None);
            } else if job.anytime && !placed {
                unplaced.push(index);
            } else {
                match self.place_on_own_day(index) {
                    Ok(()) => {}
                    Err(cause) => displaced.push((index, cause)),
                }
            }
        }
        let unplaced = unplaced.into_iter().map(|index| (index, None));
        for (index, cause) in displaced.into_iter().chain(unplaced) {
            self.place_late(index, cause);
        }
        self.order = order;
    }

    fn own_all(&mut self) {
        for index in self.order.clone() {
            if self.waiting[index].job.state == JobState::Releasing {
                self.own(index, self.now);
            } else if let Placement::At(at, _) = self.placements[index] {
                self.own(index, at);
            }
        }
    }

    /// Returns whether a job's next request is decided by itself, whatever the ledger holds: one
    /// that was attempted and is due, or that may have been accepted. Asked for at any other time,
    /// the latter could be sent twice.
    fn is_fixed(&self, index: usize) -> bool {
        let Waiting { job, in_doubt, .. } = &self.waiting[index];
        *in_doubt || job.asked && job.due_at <= self.now
    }

    fn needs(&self, index: usize, at: DateTime<Utc>) -> Vec<Need> {
        self.waiting[index].needs(self.account, at, self.now)
    }

    fn own(&mut self, index: usize, at: DateTime<Utc>) {
        for need in self.needs(index, at) {
            self.add(index, need);
        }
    }

    fn add(&mut self, index: usize, need: Need) {
        let owned = self.owned.entry((need.rule, need.window)).or_default();
        owned.amount = owned.amount.saturating_add(need.amount);
        owned.by.push(index);
    }

    fn blocked(&self, index: usize, at: DateTime<Utc>) -> Option<Block> {
        self.needs(index, at).into_iter().find_map(|need| {
            quota::admit(self.account, need, self.usage(need.rule, need.window)).err()
        })
    }

    /// Places a job at its own time, if that is still on its own day and has room.
    ///
    /// # Errors
    /// What keeps it from that, if it is not the time itself.
    fn place_on_own_day(&mut self, index: usize) -> Result<(), Option<Cause>> {
        let (job, at) = (&self.waiting[index].job, self.own[index]);
        let in_time = self.now <= calendar::guard_end(at).unwrap_or(at) + job.grace;
        let day = |at| Window::containing(Span::Day, at);
        let request_at = at.max(self.now);
        let request_at = calendar::guard_end(request_at).unwrap_or(request_at);
        let on_its_day = day(request_at) == day(at);
        if !in_time || !on_its_day {
            return Err(None);
        }
        if let Some(block) = self.blocked(index, at) {
            return Err(Some(self.cause(block)));
        }
        self.own(index, at);
        self.placements[index] = Placement::At(at, None);
        Ok(())
    }

    /// Places a job that cannot have its own day.
    fn place_late(&mut self, index: usize, cause: Option<Cause>) {
        let (job, at) = (&self.waiting[index].job, self.own[index]);
        if job.on_quota == OnQuota::Fail {
            self.placements[index] = match self.blocked(index, at) {
                Some(block) => Placement::Fails(cause.unwrap_or_else(|| self.cause(block))),
                None => {
                    self.own(index, at);
                    Placement::At(at, None)
                }
            };
            return;
        }
        // A time that its grace has passed would only make it missed.
        self.place_from(index, at.max(self.now - job.grace), cause);
    }

    /// Places a job in its first window with room from this time on, at its own time of day.
    ///
    /// `known` is what kept it from its own time, if that was found before.
    fn place_from(&mut self, index: usize, earliest: DateTime<Utc>, known: Option<Cause>) {
        let (job, own) = (&self.waiting[index].job, self.own[index]);
        let mut cause: Option<Cause> = None;
        let mut at = first_from(job, own, earliest);
        self.placements[index] = loop {
            if at > job.expires_at && (cause.is_some() || at > own) {
                break Placement::Expires(cause);
            }
            let Some(block) = self.blocked(index, at) else {
                self.own(index, at);
                break Placement::At(at, cause);
            };
            if block.because == Because::TooMuch || block.window.span() == Span::Ever {
                break Placement::Never(self.cause(block));
            }
            let next = self.next_window(block.rule, block.window);
            let last = next.previous();
            cause = Some(match cause {
                None => {
                    let others = (last > block.window).then(|| (block.window.next(), last));
                    let own = known.clone().unwrap_or_else(|| self.cause(block));
                    Cause { others, ..own }
                }
                Some(Cause { own, by, others }) => {
                    let first = others.map_or(block.window, |(first, _)| first);
                    Cause { own, by, others: Some((first, last)) }
                }
            });
            at = first_from(job, own, next.start());
        };
    }

    /// Returns the first window after one without room that may have some.
    fn next_window(&mut self, rule: Rule, window: Window) -> Window {
        let mut next = window.next();
        while let Some(later) = self.next.get(&(rule, next)) {
            next = *later;
        }
        let least = Need { rule, window, amount: 1 };
        if quota::admit(self.account, least, self.usage(rule, window)).is_err() {
            self.next.insert((rule, window), next);
        }
        next
    }

    fn usage(&self, rule: Rule, window: Window) -> Usage {
        let claimed = self.owned.get(&(rule, window)).map_or(0, |owned| owned.amount);
        Usage { used: self.ledger.used(rule, window), unconfirmed: 0, claimed }
    }

    fn cause(&self, own: Block) -> Cause {
        let owned = self.owned.get(&(own.rule, own.window));
        let by = match (own.because, owned) {
            (Because::Claimed, Some(owned)) => {
                let named = owned.by.iter().take(NAMED).map(|index| &self.waiting[*index]);
                named.map(|Waiting { job, title, .. }| (job.id.clone(), title.clone())).collect()
            }
            (Because::Claimed | Because::Used | Because::TooMuch, _) => Vec::new(),
        };
        let by = by.into_iter().map(|(id, title)| NamedJob { id, title }).collect();
        Cause { own, by, others: None }
    }

    /// Moves jobs without a time of their own into earlier windows that nobody owns, and returns
    /// whether some moved.
    fn advance_anytime(&mut self) -> bool {
        let mut moved = false;
        for index in self.order.clone() {
            moved |= self.advance(index);
        }
        moved
    }

    fn advance(&mut self, index: usize) -> bool {
        let Waiting { job, placed, .. } = &self.waiting[index];
        let Placement::At(present, _) = self.placements[index] else { return false };
        if !job.anytime || !placed || job.asked {
            return false;
        }
        self.disown(index, present);
        let allowed = job.not_before.map_or(job.planned_at, |from| from.max(job.planned_at));
        let mut at = first_from(job, allowed, allowed.max(self.now - job.grace));
        while at < present {
            let Some(block) = self.blocked(index, at) else {
                self.own[index] = at;
                self.own(index, at);
                self.placements[index] = Placement::At(at, None);
                self.next.clear();
                return true;
            };
            let next = self.next_window(block.rule, block.window);
            at = first_from(job, allowed, next.start());
        }
        self.own(index, present);
        false
    }

    fn disown(&mut self, index: usize, at: DateTime<Utc>) {
        for need in self.needs(index, at) {
            if let Some(owned) = self.owned.get_mut(&(need.rule, need.window)) {
                owned.amount -= need.amount;
                owned.by.retain(|by| *by != index);
            }
        }
    }
}

/// Returns the time that a job owns: its author's, a later one that the platform or an operator
/// set, or for a job without a time the place that it has.
fn own_time(Waiting { job, placed, .. }: &Waiting) -> DateTime<Utc> {
    if job.asked || (job.anytime && *placed) {
        return job.due_at;
    }
    job.not_before.map_or(job.planned_at, |from| from.max(job.planned_at))
}

/// Returns the first time at or after `earliest` at which a job may be sent: its own, or the same
/// time of day on a later day.
pub fn first_from(job: &Job, own: DateTime<Utc>, earliest: DateTime<Utc>) -> DateTime<Utc> {
    if own >= earliest {
        return own;
    }
    // A day less: where the clocks change, the times of day are not 24 hours apart.
    let days = (earliest - job.planned_at).num_days().saturating_sub(1).max(0);
    let first = u32::try_from(days).unwrap_or(u32::MAX);
    (first..)
        .map(|days| calendar::days_later(job.planned_at, days, job.zone))
        .find(|at| *at >= earliest)
        .expect("the days never end")
}

#[cfg(test)]
mod tests;
