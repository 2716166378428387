//! How a command tells which other jobs it moved.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::text;
use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::reason::{NamedJob, Reason};
use crate::store::Rescheduled;
use crate::text::{Lang, moved, reason};

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
        text::visible(&moved::sentence(job, (*from, *to), why, Lang::En))
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
    let mut lines = String::new();
    for one in moves.iter().take(SHOWN) {
        writeln!(lines, "{}.", one.sentence()).expect("a String takes everything");
    }
    if moves.len() > SHOWN {
        let more = text::plural(moves.len() - SHOWN, "more job moves", "more jobs move");
        writeln!(lines, "{more}: `qunfa plan`.").expect("a String takes everything");
    }
    lines
}
