//! Which of an account's API addresses its next request goes to.
//!
//! The first address of the config is used as long as it can be reached. After a request that could
//! not connect, so that it certainly was not sent, the next address is used. A spare is kept for
//! [`STAY`]; then a query tries the first again. Sends never try: they go where a query was answered
//! last. Whether a batch in doubt must stay at its address is not decided here, but by the engine.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a spare address is used before the first is tried again.
const STAY: TimeDelta = TimeDelta::minutes(5);

/// What a request shows about the address it went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// There was a whole response.
    Yes,
    /// No connection was made: nothing was sent.
    No,
    /// It failed in another way, or was not made.
    Unclear,
}

/// A spare address in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spare {
    index: usize,
    /// When the first address was last found unreachable.
    since: DateTime<Utc>,
}

/// The choice between the addresses of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseChoice {
    count: usize,
    spare: Option<Spare>,
}

impl BaseChoice {
    /// Returns the choice between so many addresses, of which the first is used.
    pub fn new(count: usize) -> Self {
        Self { count: count.max(1), spare: None }
    }

    /// Returns the address for a mass send.
    pub fn for_send(self) -> usize {
        self.spare.map_or(0, |spare| spare.index)
    }

    /// Returns the address for any other request.
    pub fn for_query(self, now: DateTime<Utc>) -> usize {
        let stays = |spare: &Spare| (now - spare.since).abs() < STAY;
        self.spare.filter(stays).map_or(0, |spare| spare.index)
    }

    /// Returns the choice after a request to an address.
    #[must_use]
    pub fn after(self, used: usize, reached: Reached, now: DateTime<Utc>) -> Self {
        let current = self.for_send();
        let spare = match reached {
            Reached::Yes if used == 0 => None,
            Reached::No if used == current => {
                let next = (used + 1) % self.count;
                (next > 0).then_some(Spare { index: next, since: now })
            }
            Reached::No if used == 0 => self.spare.map(|spare| Spare { since: now, ..spare }),
            // Another address was chosen since this request left.
            Reached::Yes | Reached::No | Reached::Unclear => self.spare,
        };
        Self { spare, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn the_next_address_follows_from_the_outcomes_and_the_time() {
        use Reached::{No, Unclear, Yes};
        // The outcomes as (minute, address, reached); then at a minute: for a query, for a send.
        type Row = (&'static [(i64, usize, Reached)], i64, (usize, usize));
        let rows: &[Row] = &[
            (&[], 0, (0, 0)),
            (&[(0, 0, Yes)], 0, (0, 0)),
            (&[(0, 0, No)], 0, (1, 1)),
            (&[(0, 0, Unclear)], 0, (0, 0)),
            // In turn, and round again.
            (&[(0, 0, No), (0, 1, No)], 0, (2, 2)),
            (&[(0, 0, No), (0, 1, No), (0, 2, No)], 0, (0, 0)),
            // A spare that answers is kept for a while; then a query tries the first, and no send.
            (&[(0, 0, No), (1, 1, Yes)], 4, (1, 1)),
            (&[(0, 0, No), (1, 1, Yes)], 5, (0, 1)),
            (&[(0, 0, No), (5, 0, Yes)], 5, (0, 0)),
            (&[(0, 0, No), (5, 0, No)], 9, (1, 1)),
            (&[(0, 0, No), (5, 0, No)], 10, (0, 1)),
            (&[(0, 0, No), (5, 0, Unclear)], 5, (0, 1)),
            // What an earlier address shows late changes nothing.
            (&[(0, 0, No), (0, 1, No), (1, 1, No)], 1, (2, 2)),
            (&[(0, 0, No), (0, 1, No), (1, 1, Yes)], 1, (2, 2)),
            // A clock that was set back does not keep the spare.
            (&[(60, 0, No)], 0, (0, 1)),
        ];
        for (outcomes, minute, expected) in rows {
            let choice =
                outcomes.iter().fold(BaseChoice::new(3), |choice, (minute, used, reached)| {
                    choice.after(*used, *reached, at(*minute))
                });

            let chosen = (choice.for_query(at(*minute)), choice.for_send());
            assert_eq!(chosen, *expected, "{outcomes:?} at minute {minute}");
        }
    }

    #[test]
    fn an_only_address_is_always_used() {
        let choice = BaseChoice::new(1).after(0, Reached::No, at(0));

        assert_eq!((choice.for_query(at(0)), choice.for_send()), (0, 0));
    }
}
