//! What of the past is still needed, and what may be removed.
//!
//! A job is *over* once nothing of it can change any more and it ended before the time that is kept.
//! Its content, attempts and history may go then. What stays is what refuses its id: the job, its
//! clientmsgids and its `msg_id`s. Ids are never forgotten, whatever the config says.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::JobState;

/// How much of the past is kept, unless the config says otherwise.
pub const DEFAULT: TimeDelta = TimeDelta::days(400);
/// The least that is kept: every window and every month of receivers is over by then.
pub const LEAST: TimeDelta = TimeDelta::days(62);
/// Nothing is removed if a job is due within this time: its transaction must not wait.
pub const CLEAR: TimeDelta = TimeDelta::minutes(1);

/// A job that has ended, as far as that decides whether it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedJob {
    /// Its state.
    pub state: JobState,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// When it was due at last.
    pub due_at: DateTime<Utc>,
    /// Whether a request of it is not settled.
    pub is_open: bool,
    /// Whether another copy of the database may have sent it.
    pub in_question: bool,
    /// Whether it is a date of a series that has dates to come.
    pub of_live_series: bool,
}

/// Returns whether a job is over, if what happened before this time is not kept.
pub fn is_over(job: &EndedJob, before: DateTime<Utc>) -> bool {
    let is_final = match job.state {
        JobState::Sent
        | JobState::Failed
        | JobState::Partial
        | JobState::Cancelled
        | JobState::Expired
        | JobState::Missed => true,
        JobState::Planned
        | JobState::Held
        | JobState::Releasing
        | JobState::Accepted
        | JobState::Uncertain => false,
    };
    let is_needed = job.is_open || job.in_question || job.of_live_series;
    is_final && !is_needed && job.ended_at.max(job.due_at) < before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(day)
    }

    #[test]
    fn only_what_ended_for_good_before_the_kept_time_is_over() {
        use JobState::{
            Accepted, Cancelled, Expired, Failed, Held, Missed, Partial, Planned, Releasing, Sent,
            Uncertain,
        };
        let sent = EndedJob {
            state: Sent,
            ended_at: day(99),
            due_at: day(99),
            is_open: false,
            in_question: false,
            of_live_series: false,
        };
        let of = |state| EndedJob { state, ..sent };
        // The kept time begins on day 100.
        let rows = [
            (sent, true),
            (of(Failed), true),
            (of(Partial), true),
            (of(Cancelled), true),
            (of(Expired), true),
            (of(Missed), true),
            (of(Uncertain), false),
            (of(Accepted), false),
            (of(Releasing), false),
            (of(Planned), false),
            (of(Held), false),
            (EndedJob { ended_at: day(100), ..sent }, false),
            // Cancelled long before its time.
            (EndedJob { due_at: day(100), ..of(Cancelled) }, false),
            (EndedJob { is_open: true, ..sent }, false),
            (EndedJob { in_question: true, ..of(Missed) }, false),
            (EndedJob { of_live_series: true, ..sent }, false),
        ];
        for (job, expected) in rows {
            assert_eq!(is_over(&job, day(100)), expected, "{job:?}");
        }
    }
}
