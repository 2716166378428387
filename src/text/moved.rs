//! Renders that a job has another time because another one changed.

use chrono::{DateTime, Utc};

use super::reason;
use crate::calendar;
use crate::reason::{NamedJob, Reason};

/// Returns a sentence on a job that has another time, or none any more.
pub fn sentence(
    job: &NamedJob,
    (from, to): (DateTime<Utc>, Option<DateTime<Utc>>),
    why: &Reason,
) -> String {
    let (name, was) = (reason::job_name(job), minute(from));
    match to {
        Some(to) if to == from => format!("{name} has its time again: {was}"),
        Some(to) if to < from => format!("{name} comes forward from {was} to {}", minute(to)),
        Some(to) => {
            let why = reason::sentence(why.behind_deferral());
            format!("{name} moves from {was} to {}: {why}", minute(to))
        }
        None => format!("{name} is not sent at {was}: {}", reason::sentence(why)),
    }
}

fn minute(at: DateTime<Utc>) -> String {
    let full = calendar::beijing(at);
    full.get(..16).unwrap_or(&full).to_owned()
}
