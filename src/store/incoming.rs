//! A job that is being taken: its bodies, its file, and the version that it replaces.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::model::{Account, JobId, JobSpec};
use crate::store::Receivers;

/// The fixed body of one batch.
#[derive(Clone, Debug)]
pub struct BatchBody {
    /// The request's JSON without the clientmsgid.
    pub body: String,
    /// The OpenIDs that it contains; none for everyone or a tag.
    pub receivers: Option<Receivers>,
}

/// The account that a series uses, and the fixed bodies of its dates.
#[derive(Clone, Copy, Debug)]
pub struct SeriesInput<'a> {
    /// The account.
    pub account: &'a Account,
    /// The bodies that all of its dates share, unless they fill in its texts.
    pub bodies: &'a [BatchBody],
    /// Makes the bodies of a date.
    pub make: fn(&JobSpec) -> Vec<BatchBody>,
}

impl<'a> SeriesInput<'a> {
    /// Returns the bodies of one date.
    pub(super) fn bodies_of(&self, date: &JobSpec) -> Cow<'a, [BatchBody]> {
        if date.templated { (self.make)(date).into() } else { self.bodies.into() }
    }
}

/// The source of a job.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The line at which its job begins.
    pub line: usize,
    /// When the file was first taken, which is the time of a job without one.
    pub first_taken_at: DateTime<Utc>,
}

/// The version of a job that a new one replaces.
#[derive(Clone, Copy)]
pub(super) struct Replaced<'a> {
    pub(super) id: &'a JobId,
    /// The generation of the new version's batches.
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
