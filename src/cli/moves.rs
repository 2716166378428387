//! How a command tells which other jobs it moved.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::text;
use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::reason::{NamedJob, Reason};
use crate::store::Rescheduled;
use crate::text::{moved, reason};

/// How many moves an answer tells one by one.
pub(super) const SHOWN: usize = 12;

/// A waiting job that has another time because of the command.
#[derive(Debug, Serialize)]
pub(super) struct MoveView {
    #[serde(flatten)]
    job: NamedJob,
    #[serde(serialize_with = "rfc3339")]
    from: DateTime<Utc>,
    /// None if it is not sent any more.
    #[serde(serialize_with = "maybe_rfc3339")]
    to: Option<DateTime<Utc>>,
    #[serde(flatten, serialize_with = "reason::as_why")]
    why: Reason,
}

impl MoveView {
    /// Returns the sentence on it.
    pub(super) fn sentence(&self) -> String {
        let Self { job, from, to, why } = self;
        text::visible(&moved::sentence(job, (*from, *to), why))
    }

    /// Returns whether the job is sent later than before, or not at all.
    pub(super) fn loses_its_time(&self) -> bool {
        self.to.is_none_or(|to| to > self.from)
    }
}

impl From<Rescheduled> for MoveView {
    fn from(Rescheduled { job, from, to, why }: Rescheduled) -> Self {
        Self { job, from, to, why }
    }
}

/// Returns the moves as an answer has them.
pub(super) fn views(moved: Vec<Rescheduled>) -> Vec<MoveView> {
    moved.into_iter().map(Into::into).collect()
}

/// Returns the moves as lines of an answer.
pub(super) fn lines(moves: &[MoveView]) -> String {
    told(moves, "qunfa plan")
}

/// Returns the moves as lines, before a file makes them.
pub(super) fn lines_before(moves: &[MoveView]) -> String {
    told(moves, "qunfa plan --with FILE")
}

/// Returns the moves as lines, with the command that shows the others.
fn told(moves: &[MoveView], others: &str) -> String {
    let mut lines = String::new();
    for one in moves.iter().take(SHOWN) {
        writeln!(lines, "{}.", one.sentence()).expect("a String takes everything");
    }
    if moves.len() > SHOWN {
        let more = text::plural(moves.len() - SHOWN, "more job moves", "more jobs move");
        writeln!(lines, "{more}: `{others}`.").expect("a String takes everything");
    }
    lines
}
