//! Wrong attempts to sign in, counted by who made them, so that nobody can try often.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// For how long a wrong attempt counts.
const WITHIN: TimeDelta = TimeDelta::minutes(1);
/// How many of those who made some are remembered.
const REMEMBERED: usize = 4_096;

/// The wrong attempts of the last minute.
pub(super) struct Attempts<K> {
    /// How many each may make.
    most: u32,
    by: Mutex<HashMap<K, Wrong>>,
}

#[derive(Clone, Copy)]
struct Wrong {
    since: DateTime<Utc>,
    count: u32,
}

impl Wrong {
    fn is_recent(self, now: DateTime<Utc>) -> bool {
        (now - self.since).abs() < WITHIN
    }
}

impl<K: Eq + Hash> Attempts<K> {
    pub(super) fn new(most: u32) -> Self {
        Self { most, by: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<K, Wrong>> {
        // A panic can leave nothing in the counts half done.
        self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a wrong attempt; returns whether it was one too many, and how many there were if that
    /// is worth a line in the log.
    pub(super) fn add(&self, by: K, now: DateTime<Utc>) -> (bool, Option<u32>) {
        let mut all = self.all();
        if all.len() >= REMEMBERED {
            all.retain(|_, wrong| wrong.is_recent(now));
        }
        if all.len() >= REMEMBERED && !all.contains_key(&by) {
            return (true, None);
        }
        let wrong = all.entry(by).or_insert(Wrong { since: now, count: 0 });
        if !wrong.is_recent(now) {
            *wrong = Wrong { since: now, count: 0 };
        }
        wrong.count = wrong.count.saturating_add(1);
        (wrong.count > self.most, wrong.count.is_power_of_two().then_some(wrong.count))
    }

    /// Forgets the attempts of somebody who was right at last.
    pub(super) fn forget(&self, by: &K) {
        self.all().remove(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    #[test]
    fn the_attempts_of_a_minute_are_counted_for_each() {
        let attempts = Attempts::new(2);
        assert_eq!(attempts.add("anne", at(0)), (false, Some(1)));
        assert_eq!(attempts.add("anne", at(1)), (false, Some(2)));

        assert_eq!(attempts.add("anne", at(59)), (true, None));
        assert_eq!(attempts.add("bert", at(59)), (false, Some(1)));
        assert_eq!(attempts.add("anne", at(60)), (false, Some(1)));
        attempts.forget(&"anne");
        assert_eq!(attempts.add("anne", at(60)), (false, Some(1)));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let attempts = Attempts::new(2);
        for one in 0..REMEMBERED {
            attempts.add(one, at(0));
        }

        assert_eq!(attempts.add(REMEMBERED, at(1)), (true, None));
        assert_eq!(attempts.add(REMEMBERED, at(60)), (false, Some(1)));
    }
}
