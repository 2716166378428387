//! Decides what happens to a job next, and when to check it again.
//!
//! [`next_action`] evaluates one job's times and batches, and always has a result; in which window a
//! job may be sent is decided by [`schedule`](crate::schedule). Two things are absent on purpose: the
//! requests (`wechat`), and the storage of the figures (`store`).

mod gap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use crate::calendar;
use crate::model::{BatchState, JobId, JobState, OnFullReceivers, OnQuota};
use crate::quota::{Demand, margins};

pub use gap::{Gap, GapEffect, Kind as GapKind};

/// How long before a broadcast its speed is set.
pub const SPEED_AHEAD: TimeDelta = TimeDelta::seconds(30);

/// The data of a job that a decision needs.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The account's name.
    pub account: String,
    /// Its state.
    pub state: JobState,
    /// Its rank among the account's jobs.
    pub rank: Rank,
    /// The instant its author wrote, or when its file was taken.
    pub planned_at: DateTime<Utc>,
    /// The instant it is due now: `planned_at`, or the instant it was deferred to.
    pub due_at: DateTime<Utc>,
    /// The earliest time for it, if the platform or an operator set one later than `planned_at`.
    pub not_before: Option<DateTime<Utc>>,
    /// The zone whose time of day a deferral keeps.
    pub zone: Tz,
    /// How late the first request may be.
    pub grace: TimeDelta,
    /// How long after the first request it is retried.
    pub retry_for: TimeDelta,
    /// The latest instant that it may be deferred to.
    pub expires_at: DateTime<Utc>,
    /// What to do if its window is full.
    pub on_quota: OnQuota,
    /// What to do about full receivers.
    pub on_full_receivers: OnFullReceivers,
    /// The quota that it uses.
    pub demand: Demand,
    /// The first request since it became due; none if it was deferred after.
    pub first_attempt_at: Option<DateTime<Utc>>,
    /// Whether a request of its own was ever made.
    pub asked: bool,
    /// Whether its author gave no time: it takes the first free slot.
    pub anytime: bool,
    /// Until when the platform surely has a record of what another copy of the database may have
    /// sent of it; none if there was no such copy.
    pub recall_until: Option<DateTime<Utc>>,
}

impl Job {
    /// Returns whether it is a broadcast, and not a single other call.
    pub fn is_broadcast(&self) -> bool {
        self.demand.calls > 0
    }

    /// Returns whether what it owns counts before what another job owns: one that was attempted keeps
    /// its place against any priority.
    pub fn precedes(&self, other: &Self) -> bool {
        (!self.asked, self.rank) < (!other.asked, other.rank)
    }

    /// Returns whether a request at this instant may repeat a broadcast: another copy of the
    /// database may have sent the job, and the platform may have deleted its record by then.
    pub fn in_question(&self, at: DateTime<Utc>) -> bool {
        self.recall_until.is_some_and(|until| at > until)
    }
}

/// A job's rank among those that want one window: the smaller one owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The negated priority.
    pub neg_priority: i32,
    /// The order in which jobs were taken.
    pub taken: i64,
}

/// The data of a batch that a decision needs.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its row.
    pub id: i64,
    /// Its place in the job.
    pub number: u32,
    /// How often an operator remade it.
    pub generation: u32,
    /// The id of its requests.
    pub clientmsgid: String,
    /// Its state.
    pub state: BatchState,
    /// The earliest instant of its next request.
    pub next_at: DateTime<Utc>,
    /// Attempts made under this id.
    pub attempts: u32,
    /// Since when its outcome is in doubt.
    pub in_doubt_since: Option<DateTime<Utc>>,
    /// What the platform may have on record of its clientmsgid, if it was ever in doubt.
    pub doubt: Option<Doubt>,
}

impl Batch {
    /// Returns whether it still waits to be requested.
    fn is_open(&self) -> bool {
        match self.state {
            BatchState::Planned | BatchState::InDoubt => true,
            BatchState::Asking
            | BatchState::Refused
            | BatchState::Accepted
            | BatchState::Sent
            | BatchState::Failed => false,
        }
    }

    /// Returns whether the platform may have deleted its record by then of what it accepted under
    /// this clientmsgid.
    fn is_over(&self, at: DateTime<Utc>) -> bool {
        self.doubt.is_some_and(|doubt| at >= doubt.first_at + margins::ASK_WITHIN)
    }
}

/// The requests under one clientmsgid of which the platform may have accepted one.
///
/// Neither the code in the response to a later request nor an operator's statement proves anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// When the first request was made that it may have accepted.
    pub first_at: DateTime<Utc>,
    /// When the last request was made.
    pub last_at: DateTime<Utc>,
    /// When that one was answered, or given up.
    pub ended_at: DateTime<Utc>,
}

/// How to repeat a batch that the platform may have accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// With its clientmsgid, from this instant: if the platform accepted it, the response says so.
    SameId(DateTime<Utc>),
    /// Not before this instant: it may have deleted the clientmsgid already, or not.
    NotBefore(DateTime<Utc>),
    /// Only a new clientmsgid is left: the platform can no longer report the outcome of the old
    /// one.
    NewId,
}

impl Doubt {
    /// Decides with which clientmsgid a batch may be repeated.
    ///
    /// The platform keeps a clientmsgid for 24 h from the request that it accepted, which is one of
    /// those in doubt. A repeat is safe only while even the first of them is surely on record. No
    /// document says whether a repeat renews that time, so the instant when it is surely deleted is
    /// counted from the last. A new clientmsgid sends again whatever the platform accepted under
    /// the old one. As long as the old one can be repeated, its response is a better proof than any
    /// operator's statement. After that, only an operator can check, in the account's history.
    pub fn again(self, now: DateTime<Utc>) -> Again {
        let next_at = now.max(self.ended_at + margins::SAME_CLIENTMSGID);
        let forgotten_at = self.last_at + margins::FORGOTTEN_AFTER;
        if next_at < self.first_at + margins::ASK_WITHIN {
            Again::SameId(next_at)
        } else if now < forgotten_at {
            Again::NotBefore(forgotten_at)
        } else {
            Again::NewId
        }
    }
}

/// The next step that a job's times and batches require.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextAction {
    /// Nothing before this instant.
    Wait(DateTime<Utc>),
    /// It was not released in time.
    MissedDeadline,
    /// Its time for requests is over.
    RetryWindowOver,
    /// Request this batch (an index), if the rules have room.
    Send(usize),
    /// Make its one API call.
    Execute,
    /// It waits for results or an operator.
    Nothing,
}

/// Decides what a job's times allow at `now`.
pub fn next_action(job: &Job, batches: &[Batch], now: DateTime<Utc>) -> NextAction {
    match job.state {
        JobState::Planned | JobState::Releasing => {}
        JobState::Held => return held_action(job, now),
        JobState::Accepted
        | JobState::Sent
        | JobState::Failed
        | JobState::Partial
        | JobState::Uncertain
        | JobState::Cancelled
        | JobState::Expired
        | JobState::Missed => return NextAction::Nothing,
    }
    if now < job.due_at {
        return NextAction::Wait(job.due_at);
    }
    let deadline = deadline(job);
    match job.first_attempt_at {
        None if now > deadline => return NextAction::MissedDeadline,
        Some(_) if now >= deadline => return NextAction::RetryWindowOver,
        None | Some(_) => {}
    }
    if !job.is_broadcast() {
        let begun = job.first_attempt_at.is_some();
        return if begun { NextAction::Wait(deadline) } else { NextAction::Execute };
    }
    if job.in_question(now) {
        return NextAction::Wait(deadline + TimeDelta::milliseconds(1));
    }
    let open = || batches.iter().enumerate().filter(|(_, batch)| batch.is_open());
    let next = open().filter(|(_, batch)| !batch.is_over(now));
    match next.min_by_key(|(_, batch)| (batch.next_at.max(now), batch.number)) {
        Some((index, batch)) if batch.next_at <= now => NextAction::Send(index),
        Some((_, batch)) => NextAction::Wait(batch.next_at.min(deadline)),
        // The remaining batches may have been accepted, and may not be repeated any more.
        None if open().next().is_some() => NextAction::RetryWindowOver,
        None => NextAction::Nothing,
    }
}

fn held_action(job: &Job, now: DateTime<Utc>) -> NextAction {
    let deadline = deadline(job);
    if now > deadline {
        NextAction::MissedDeadline
    } else {
        NextAction::Wait(deadline + TimeDelta::milliseconds(1))
    }
}

/// Returns the last instant at which a job's next request may be made.
///
/// `grace` limits the first request (counted from the end of the guard after midnight, if it is due
/// inside it), and `retry_for` the others. The time for which the platform keeps a clientmsgid
/// limits all of them, also for what another copy of the database may have sent.
pub fn deadline(job: &Job) -> DateTime<Utc> {
    let by_author = match job.first_attempt_at {
        None => calendar::guard_end(job.due_at).unwrap_or(job.due_at) + job.grace,
        Some(first) => {
            let until = first + job.retry_for;
            job.recall_until.map_or(until, |recall| recall.min(until))
        }
    };
    by_author.min(job.due_at + margins::ASK_WITHIN)
}

/// Returns when to check a job again after something happened to it.
pub fn wake_at(job: &Job, batches: &[Batch], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match next_action(job, batches, now) {
        NextAction::Wait(until) => Some(until),
        NextAction::MissedDeadline
        | NextAction::RetryWindowOver
        | NextAction::Send(_)
        | NextAction::Execute => Some(now),
        // A request is under way: its response, or the next start, will decide.
        NextAction::Nothing => job.state.waits().then(|| deadline(job)),
    }
}

/// Returns the pause before a batch is repeated after so many attempts.
///
/// It begins at 61 s plus up to 5 s, spread by the clientmsgid so that a restart derives the same,
/// and doubles up to 15 minutes.
pub fn backoff(clientmsgid: &str, attempts: u32) -> TimeDelta {
    let digest = Sha256::digest(format!("{clientmsgid}\0{attempts}"));
    let draw = u64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"));
    let spread = TimeDelta::milliseconds(
        i64::try_from(draw % margins::SAME_CLIENTMSGID_SPREAD_MS).expect("below 5,000"),
    );
    let doubled = margins::SAME_CLIENTMSGID * (1 << attempts.saturating_sub(1).min(4));
    doubled.min(margins::BACKOFF_MAX) + spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_taken_is_asked_about_then_left_alone_and_only_then_made_anew() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let after = |seconds| start + TimeDelta::seconds(seconds);
        let hours = |hours: i64, seconds| after(hours * 3_600 + seconds);
        // First requested at the start, last two hours later, answered 30 s after that.
        let doubt = Doubt { first_at: start, last_at: hours(2, 0), ended_at: hours(2, 30) };
        for (now, expected) in [
            (hours(2, 30), Again::SameId(hours(2, 91))),
            (hours(2, 91), Again::SameId(hours(2, 91))),
            (hours(3, 0), Again::SameId(hours(3, 0))),
            (hours(20, -1), Again::SameId(hours(20, -1))),
            (hours(20, 0), Again::NotBefore(hours(30, 0))),
            (hours(24, 0), Again::NotBefore(hours(30, 0))),
            (hours(30, -1), Again::NotBefore(hours(30, 0))),
            (hours(30, 0), Again::NewId),
        ] {
            assert_eq!(doubt.again(now), expected, "{now}");
        }
        // The minute after the last response reaches beyond what is surely on record.
        let late = Doubt { last_at: hours(20, -70), ended_at: hours(20, -40), ..doubt };
        assert_eq!(late.again(hours(20, -30)), Again::NotBefore(hours(48, -70)));
    }
}
