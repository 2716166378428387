//! When a receiver is tried again, and how many messages it takes in a minute.

use chrono::{DateTime, TimeDelta, Utc};

/// How long after a failed attempt the next one is made, in seconds; the last one is repeated.
const PAUSES_S: [i64; 9] = [5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

/// How long a message is tried before it is given up.
pub const TRIED_FOR: TimeDelta = TimeDelta::days(3);

/// After how many failed attempts in a row `status` shows that a receiver is not reached.
pub const SHOWN_AFTER: u32 = 5;

/// Returns when to try again after this many failed attempts; none once the message is given up.
pub fn next_attempt(
    attempts: u32,
    made_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1);
    let pause = PAUSES_S[place.min(PAUSES_S.len() - 1)];
    let next = now + TimeDelta::seconds(pause);
    (next < made_at + TRIED_FOR).then_some(next)
}

/// How many messages a channel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many ...
    pub messages: usize,
    /// ... in this time.
    pub within: TimeDelta,
}

impl Rate {
    /// Returns when the next message may be sent after those of the given times, oldest first.
    pub fn next(&self, sent: &[DateTime<Utc>], now: DateTime<Utc>) -> DateTime<Utc> {
        let counted = sent.len().checked_sub(self.messages).map(|place| sent[place] + self.within);
        counted.map_or(now, |free| free.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_pauses_grow_to_an_hour_and_end_after_days() {
        for (attempts, pause) in [(1, 5), (2, 10), (4, 60), (9, 3_600), (60, 3_600)] {
            assert_eq!(next_attempt(attempts, at(0), at(10)), Some(at(10 + pause)), "{attempts}");
        }
        let late = at(TRIED_FOR.num_seconds() - 3_600);
        assert_eq!(next_attempt(60, at(0), late), None);
    }

    #[test]
    fn a_full_minute_waits_until_its_oldest_message_is_a_minute_old() {
        let rate = Rate { messages: 3, within: TimeDelta::minutes(1) };
        for (sent, now, expected) in [
            (&[][..], 100, 100),
            (&[90, 95], 100, 100),
            (&[50, 90, 95], 100, 110),
            (&[20, 50, 90, 95], 100, 110),
            (&[20, 30, 35], 100, 100),
        ] {
            let sent: Vec<_> = sent.iter().map(|second| at(*second)).collect();
            assert_eq!(rate.next(&sent, at(now)), at(expected), "{sent:?}");
        }
    }
}
