//! Whether the daemon can do its work now. That the process answers at all is another question.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::daemon::heartbeat::{Heartbeat, LockedOut};
use crate::engine::clocks_agree;

/// How old the loop's last report may be. It reports every two seconds, or four before a release.
const TURNED_WITHIN: TimeDelta = TimeDelta::seconds(15);

/// Where the daemon's condition is read.
#[derive(Clone)]
pub(super) struct Readiness {
    heartbeat: watch::Receiver<Heartbeat>,
    locked_out: watch::Receiver<Option<LockedOut>>,
}

/// Why the daemon cannot do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotReady {
    /// Its loop has not turned yet.
    Starting,
    /// Another program keeps the database locked.
    DatabaseLocked(LockedOut),
    /// Its loop stands still, for so many seconds.
    LoopStands(i64),
    /// Its clock is so many seconds behind the platform's, or ahead if that is negative.
    Clock(i64),
}

impl NotReady {
    /// Every word of [`Self::reason`].
    pub(super) const REASONS: [&str; 4] = ["clock", "database_locked", "loop", "starting"];

    /// Returns the word for it in the metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Clock(_) => "clock",
            Self::DatabaseLocked(_) => "database_locked",
            Self::LoopStands(_) => "loop",
            Self::Starting => "starting",
        }
    }

    /// Returns it as a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Starting => "the daemon is starting".to_owned(),
            Self::DatabaseLocked(locked_out) => locked_out.sentence(),
            Self::LoopStands(seconds) => {
                format!("the daemon's loop has stood still for {seconds} s")
            }
            Self::Clock(apart) => {
                let side = if *apart > 0 { "behind" } else { "ahead of" };
                let apart = apart.abs();
                format!("this machine's clock is {apart} s {side} the platform's, so jobs wait")
            }
        }
    }
}

impl Readiness {
    /// Returns where the condition is read; the loop must not have reported yet.
    pub(super) fn new(
        heartbeat: watch::Receiver<Heartbeat>,
        locked_out: watch::Receiver<Option<LockedOut>>,
    ) -> Self {
        Self { heartbeat, locked_out }
    }

    /// Returns the loop's last report; none while the daemon is starting.
    pub(super) fn heartbeat(&self) -> Option<Heartbeat> {
        self.has_reported().then(|| self.heartbeat.borrow().clone())
    }

    fn has_reported(&self) -> bool {
        // Nothing here marks a report as seen. The loop may have ended since.
        self.heartbeat.has_changed().unwrap_or(true)
    }

    /// Returns whether the daemon can do its work, or why it cannot.
    pub(super) fn check(&self, now: DateTime<Utc>) -> Result<(), NotReady> {
        let has_reported = self.has_reported();
        // Strangers may ask, and the loop must not wait while many clocks are copied.
        let heartbeat = self.heartbeat.borrow();
        let reported = has_reported.then_some(&*heartbeat);
        judge(reported, self.locked_out.borrow().as_ref(), now)
    }
}

fn judge(
    heartbeat: Option<&Heartbeat>,
    locked_out: Option<&LockedOut>,
    now: DateTime<Utc>,
) -> Result<(), NotReady> {
    if let Some(locked_out) = locked_out {
        return Err(NotReady::DatabaseLocked(locked_out.clone()));
    }
    let Some(heartbeat) = heartbeat else { return Err(NotReady::Starting) };
    // After a step of the clock the report may be of the future.
    let since = (now - heartbeat.turned_at).abs();
    if since > TURNED_WITHIN {
        return Err(NotReady::LoopStands(since.num_seconds()));
    }
    // An account whose platform has another clock than the others concerns that account only.
    if heartbeat.clocks.values().any(|clock| clocks_agree(clock.read_at, clock.platform_at)) {
        return Ok(());
    }
    let last = heartbeat.clocks.values().max_by_key(|clock| clock.read_at);
    last.map_or(Ok(()), |clock| Err(NotReady::Clock(clock.offset().num_seconds())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::daemon::heartbeat::Clock;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    /// A report of a loop that turned so many seconds ago, with clocks that are so far off.
    fn heartbeat(turned_s: i64, clocks_off_s: &[i64]) -> Heartbeat {
        let clock = |(number, off): (usize, &i64)| {
            let clock = Clock { read_at: now(), platform_at: now() + TimeDelta::seconds(*off) };
            (number.to_string(), clock)
        };
        Heartbeat {
            pid: 1,
            turned_at: now() - TimeDelta::seconds(turned_s),
            listen: None,
            clocks: clocks_off_s.iter().enumerate().map(clock).collect::<BTreeMap<_, _>>(),
            locked_out: None,
        }
    }

    #[test]
    fn it_is_ready_only_if_its_loop_turns_and_a_clock_and_the_database_can_be_used() {
        let locked =
            LockedOut { since: now(), by: Some("sqlite3, pid 7".to_owned()), unreachable: false };
        for (report, locked_out, expected) in [
            (None, None, Err("the daemon is starting")),
            (Some(heartbeat(0, &[])), None, Ok(())),
            (Some(heartbeat(4, &[0, 59])), None, Ok(())),
            (Some(heartbeat(16, &[])), None, Err("the daemon's loop has stood still for 16 s")),
            // The clock was put back, and the loop has not turned since.
            (Some(heartbeat(-60, &[])), None, Err("the daemon's loop has stood still for 60 s")),
            (
                Some(heartbeat(0, &[61])),
                None,
                Err("this machine's clock is 61 s behind the platform's, so jobs wait"),
            ),
            (
                Some(heartbeat(0, &[-90])),
                None,
                Err("this machine's clock is 90 s ahead of the platform's, so jobs wait"),
            ),
            (Some(heartbeat(0, &[-90, 0])), None, Ok(())),
            (
                Some(heartbeat(0, &[])),
                Some(&locked),
                Err("another program (sqlite3, pid 7) keeps the database locked, so nothing is \
                     sent or taken"),
            ),
        ] {
            let told = judge(report.as_ref(), locked_out, now());
            let told = told.map_err(|why| why.sentence());

            assert_eq!(told.as_ref().map_err(String::as_str), expected.as_ref().map_err(|s| *s));
        }
    }

    #[test]
    fn it_is_starting_until_the_loop_has_reported() {
        let (reports, heard) = watch::channel(heartbeat(0, &[]));
        let (_locks, locked_out) = watch::channel(None);
        let readiness = Readiness::new(heard, locked_out);
        assert_eq!(readiness.check(now()), Err(NotReady::Starting));

        reports.send_replace(heartbeat(0, &[]));

        assert_eq!(readiness.check(now()), Ok(()));
        assert_eq!(readiness.check(now()), Ok(()), "however often it is read");
    }
}
