//! Compares the wall clock with a monotonic one, to detect steps, suspends and resumed images.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::LOOK_EVERY;

/// A clock that moves further than this against the monotonic one was stepped. Each wait is a
/// second longer than the platform requires, so a smaller step makes no wait too short.
const STEPPED: TimeDelta = TimeDelta::seconds(1);

/// Distinguishes a clock that jumped from a loop that was slow.
///
/// A clock jumps against the monotonic one when it is stepped, when the machine slept, and when an
/// image of this process resumes. It also jumped if a wait took longer than requested.
pub(super) struct ClockWatch {
    turned: (DateTime<Utc>, Instant),
    /// How long it took to read both clocks, so how far apart they may seem without a step.
    unsure: Duration,
    slept_at: DateTime<Utc>,
}

/// The clock samples at the beginning of a turn of the loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClockTick {
    /// How far the clock jumped since the last turn.
    pub jumped: TimeDelta,
    /// Whether it was stepped, independent of what the loop did meanwhile.
    pub stepped: bool,
}

impl ClockWatch {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { turned: (now, Instant::now()), unsure: Duration::ZERO, slept_at: now }
    }

    /// Begins a turn of the loop; the monotonic clock was read before the other one, too.
    pub(super) fn turn(&mut self, now: DateTime<Utc>, read_from: Instant) -> ClockTick {
        self.turn_at(now, (read_from, Instant::now()))
    }

    fn turn_at(
        &mut self,
        now: DateTime<Utc>,
        (read_from, steady): (Instant, Instant),
    ) -> ClockTick {
        let (before, steady_before) = self.turned;
        let unsure = steady.saturating_duration_since(read_from);
        let apart_unread = std::mem::replace(&mut self.unsure, unsure) + unsure;
        self.turned = (now, steady);
        let ran = TimeDelta::from_std(steady - steady_before).unwrap_or(TimeDelta::MAX);
        let against_steady = now - before - ran;
        let slept = now - self.slept_at;
        let beyond_wait = (slept - LOOK_EVERY).max(slept.min(TimeDelta::zero()));
        let is_late = beyond_wait.abs() > against_steady.abs();
        ClockTick {
            jumped: if is_late { beyond_wait } else { against_steady },
            stepped: (against_steady.abs() - STEPPED).to_std().is_ok_and(|far| far > apart_unread),
        }
    }

    /// Records that the loop waits from now on, never longer than [`LOOK_EVERY`].
    pub(super) fn sleep(&mut self, now: DateTime<Utc>) {
        self.slept_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_is_seen_whether_the_loop_works_or_waits() {
        let start = DateTime::UNIX_EPOCH;
        for (slept, jump) in [(true, 3_600), (false, 3_600), (true, -3_600), (false, -3_600)] {
            let mut watch = ClockWatch::new(start);
            if slept {
                watch.sleep(start);
            }

            let seen = watch.turn(start + TimeDelta::seconds(jump), Instant::now());

            let off = (seen.jumped - TimeDelta::seconds(jump)).num_seconds().abs();
            assert!(off < 60, "{slept} {jump}: {seen:?}");
            assert!(seen.stepped, "{slept} {jump}: {seen:?}");
        }
    }

    #[test]
    fn a_step_of_some_seconds_is_seen_in_a_loop_that_is_late() {
        let start = DateTime::UNIX_EPOCH;
        for (passed, reading, ahead, stepped) in [
            (1, 0, 0, false),
            (5, 0, 0, false),
            (1, 0, 2, true),
            (5, 0, 4, true),
            (5, 0, -3, true),
            // It was interrupted between its samples of the two clocks.
            (5, 4, -4, false),
            (5, 4, -6, true),
        ] {
            let mut watch = ClockWatch::new(start);
            watch.sleep(start);
            let steady = watch.turned.1 + Duration::from_secs(passed);
            let clock = start + TimeDelta::seconds(passed.cast_signed() + ahead);

            let seen = watch.turn_at(clock, (steady - Duration::from_secs(reading), steady));

            assert_eq!(seen.stepped, stepped, "{passed} {reading} {ahead}: {seen:?}");
        }
    }

    #[test]
    fn a_wait_of_its_usual_length_is_no_jump() {
        let start = DateTime::UNIX_EPOCH;
        let mut watch = ClockWatch::new(start);
        watch.sleep(start);
        let steady = watch.turned.1 + Duration::from_secs(1);

        let seen = watch.turn_at(start + LOOK_EVERY, (steady, steady));

        assert!(seen.jumped.is_zero() && !seen.stepped, "{seen:?}");
    }
}
