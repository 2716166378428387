//! The tone of job fields that several lists show.

use chrono::{DateTime, Utc};

use super::text::Tone;
use crate::model::JobState;
use crate::store::JobView;

/// Returns the tone of a state.
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

/// Returns the tone of a job's due time: one that has passed without a release is highlighted.
pub(super) fn lateness(job: &JobView, now: DateTime<Utc>) -> Tone {
    if job.state.waits() && job.due < now { Tone::Warn } else { Tone::Plain }
}
