//! Gaps: spans in which another copy of the database may have run, and what the platform still has
//! on record.
//!
//! A database that is restored (a backup, a machine snapshot, a process image that resumes) lacks
//! what was sent since it was copied. Repeating a request with the same clientmsgid is safe as long
//! as the platform keeps that id. So a [`Gap`] limits every request after it: a request later than
//! its beginning plus [`margins::ASK_WITHIN`] waits for an operator.

use chrono::{DateTime, Utc};

use crate::quota::margins;

/// A span in which another copy of the database may have run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When this copy last ran before it.
    pub from: DateTime<Utc>,
    /// When this copy ran again.
    pub to: DateTime<Utc>,
}

/// How a gap began and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The daemon stopped in an orderly way, and was started.
    Stopped,
    /// It ended in another way, and was started.
    Ended,
    /// The clock of a running daemon jumped: the machine slept, or the process is an image that
    /// resumed.
    Jumped,
}

/// What a gap means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapEffect {
    /// An ordinary stop or restart: no operator has to act.
    Ordinary,
    /// Jobs whose record the platform may have deleted wait for `resume`, the others continue.
    Doubtful(Gap),
    /// So long that a restored machine is likely: everything waits for `resume`.
    Restored(Gap),
}

impl Gap {
    /// Returns the last instant at which the platform surely has a record of what was sent in the
    /// gap.
    pub fn recall_until(self) -> DateTime<Utc> {
        self.from + margins::ASK_WITHIN
    }

    /// Decides what a gap means; after an orderly stop only a very long one matters.
    ///
    /// A gap that ends before it began was measured by a clock ahead of the true one: its real
    /// length is unknown, so no record of the platform can be relied on.
    pub fn effect(self, kind: Kind) -> GapEffect {
        let length = self.to - self.from;
        if length > margins::DOWNTIME_MAX && kind != Kind::Jumped {
            GapEffect::Restored(self)
        } else if kind == Kind::Stopped || length.abs() <= margins::GAP_MAX {
            GapEffect::Ordinary
        } else {
            let unknown = Self { from: self.to - margins::ASK_WITHIN, ..self };
            GapEffect::Doubtful(if self.from < self.to { self } else { unknown })
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn gap(minutes: i64) -> Gap {
        Gap { from: START, to: START + TimeDelta::minutes(minutes) }
    }

    #[test]
    fn a_gap_means_more_the_longer_it_is_and_less_after_an_orderly_stop() {
        let long = 20 * 60;
        for (minutes, kind, expected) in [
            (0, Kind::Ended, GapEffect::Ordinary),
            (30, Kind::Ended, GapEffect::Ordinary),
            (31, Kind::Ended, GapEffect::Doubtful(gap(31))),
            (31, Kind::Jumped, GapEffect::Doubtful(gap(31))),
            (31, Kind::Stopped, GapEffect::Ordinary),
            (long, Kind::Ended, GapEffect::Doubtful(gap(long))),
            (long, Kind::Stopped, GapEffect::Ordinary),
            (long + 1, Kind::Ended, GapEffect::Restored(gap(long + 1))),
            (long + 1, Kind::Stopped, GapEffect::Restored(gap(long + 1))),
            (long + 1, Kind::Jumped, GapEffect::Doubtful(gap(long + 1))),
            (-30, Kind::Ended, GapEffect::Ordinary),
        ] {
            assert_eq!(gap(minutes).effect(kind), expected, "{minutes} {kind:?}");
        }
    }

    #[test]
    fn of_a_gap_that_ends_before_it_began_nothing_is_surely_remembered() {
        let GapEffect::Doubtful(doubtful) = gap(-31).effect(Kind::Ended) else {
            panic!("a clock that far ahead says nothing about the gap");
        };

        assert_eq!(doubtful.recall_until(), gap(-31).to);
    }
}
