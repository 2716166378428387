//! How what several lists show of a job reads.

use chrono::{DateTime, Utc};

use super::text::Tone;
use crate::model::JobState;
use crate::store::JobView;

/// Returns how a state reads at a glance.
pub(super) fn tone(state: JobState) -> Tone {
    match state {
        JobState::Planned | JobState::Releasing | JobState::Accepted => Tone::Plain,
        JobState::Held => Tone::Warn,
        JobState::Sent => Tone::Good,
        JobState::Failed | JobState::Partial | JobState::Uncertain | JobState::Missed => {
            Tone::Alarm
        }
        JobState::Expired => Tone::Warn,
        JobState::Cancelled => Tone::Quiet,
    }
}

/// Returns how a job's due time reads: one that has passed without a release stands out.
pub(super) fn lateness(job: &JobView, now: DateTime<Utc>) -> Tone {
    if job.state.waits() && job.due < now { Tone::Warn } else { Tone::Plain }
}
