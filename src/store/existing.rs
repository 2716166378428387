//! What stands already where a job is taken.

use chrono::{DateTime, Utc};

use crate::model::JobId;

/// The version of a job whose place a new one takes.
#[derive(Clone, Copy)]
pub(super) struct Replaced<'a> {
    pub(super) id: &'a JobId,
    /// Of the new version's batches.
    pub(super) generation: u32,
    pub(super) now: DateTime<Utc>,
}

pub(super) enum Existing {
    No,
    Same,
    Editable(JobId),
    /// A restore left it in question, as it is offered or otherwise.
    Lost {
        same: bool,
    },
    Refuse(String),
}
