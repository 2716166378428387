//! Renders that a job has another time because another one changed.

use chrono::{DateTime, Utc};

use super::reason;
use crate::calendar;
use crate::l10n::t;
use crate::reason::{NamedJob, Reason};

/// Returns a sentence on a job that has another time, or none any more.
pub fn sentence(
    job: &NamedJob,
    (from, to): (DateTime<Utc>, Option<DateTime<Utc>>),
    why: &Reason,
) -> String {
    let (name, was) = (reason::job_name(job), minute(from));
    match to {
        Some(to) if to == from => t!("reason-has-its-time-again", job = %name, was = %was),
        Some(to) if to < from => {
            t!("reason-comes-forward", job = %name, was = %was, to = %minute(to))
        }
        Some(to) => t!(
            "reason-moves",
            job = %name,
            was = %was,
            to = %minute(to),
            because = %reason::sentence(why.behind_deferral())
        ),
        None => {
            t!("reason-not-sent", job = %name, was = %was, because = %reason::sentence(why))
        }
    }
}

fn minute(at: DateTime<Utc>) -> String {
    let full = calendar::beijing(at);
    full.get(..16).unwrap_or(&full).to_owned()
}
