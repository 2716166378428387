//! The platform's record of each `clientmsgid`.
//!
//! Two records: the last request with an id, for a minute, and the broadcast that it made, for 24
//! hours. A request that made no broadcast still counts for the minute, since the documents speak
//! of retrying too fast and not of an existing record.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::answer::Refusal;

const RETRY_GAP: TimeDelta = TimeDelta::seconds(60);
const MEMORY: TimeDelta = TimeDelta::hours(24);

#[derive(Clone, Copy, Debug)]
struct Seen {
    last_at: DateTime<Utc>,
    accepted: Option<(i64, DateTime<Utc>)>,
}

impl Seen {
    fn matters(&self, now: DateTime<Utc>) -> bool {
        now - self.last_at < RETRY_GAP
            || self.accepted.is_some_and(|(_, accepted_at)| now - accepted_at < MEMORY)
    }
}

/// The ids of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats {
    seen: BTreeMap<String, Seen>,
    pruned_at: Option<DateTime<Utc>>,
}

impl Repeats {
    /// Records a request with this id, and returns how an earlier one restricts it.
    pub(super) fn ask(&mut self, id: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.prune(now);
        let Some(seen) = self.seen.get_mut(id) else {
            self.seen.insert(id.to_owned(), Seen { last_at: now, accepted: None });
            return Ok(());
        };
        let gap = now - seen.last_at;
        seen.last_at = now;
        if gap < RETRY_GAP {
            return Err(Refusal::code(45_066));
        }
        match seen.accepted {
            Some((msg_id, at)) if now - at < MEMORY => Err(Refusal::exists(msg_id)),
            Some(_) | None => Ok(()),
        }
    }

    /// Records the broadcast that this id made.
    pub(super) fn accepted(&mut self, id: &str, msg_id: i64, now: DateTime<Utc>) {
        let record = Seen { last_at: now, accepted: Some((msg_id, now)) };
        self.seen.insert(id.to_owned(), record);
    }

    /// Deletes old ids, at most once an hour so that a request need not search the whole map.
    fn prune(&mut self, now: DateTime<Utc>) {
        if self.pruned_at.is_some_and(|at| now - at < TimeDelta::hours(1)) {
            return;
        }
        self.pruned_at = Some(now);
        self.seen.retain(|_, seen| seen.matters(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[test]
    fn an_id_is_bound_by_its_last_request_and_by_its_broadcast() {
        let fast = Err(Refusal::code(45_066));
        let exists = Err(Refusal::exists(7));
        let mut repeats = Repeats::default();
        assert_eq!(repeats.ask("a", at(0)), Ok(()));
        repeats.accepted("a", 7, at(0));

        // Each request restarts the minute, refused or not.
        for (second, expected) in [
            (59, fast),
            (118, fast),
            (178, exists),
            (237, fast),
            (86_399, exists),
            (86_458, fast),
            (86_518, Ok(())),
        ] {
            assert_eq!(repeats.ask("a", at(second)), expected, "{second}");
        }
        assert_eq!(repeats.ask("b", at(0)), Ok(()));
    }

    #[test]
    fn old_ids_are_forgotten() {
        let mut repeats = Repeats::default();
        for hour in 0..1_000 {
            let id = format!("id-{hour}");
            assert_eq!(repeats.ask(&id, at(hour * 3_600)), Ok(()));
            repeats.accepted(&id, hour, at(hour * 3_600));
        }

        assert!(repeats.seen.len() <= 26, "{}", repeats.seen.len());
    }
}
