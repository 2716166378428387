//! What monitoring reads and no command shows. Each reading is short, however much is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension as _;

use crate::store::notices::CONFIRM_LEFT;
use crate::store::{Result, Tx, instant, millis};

/// The outcomes of a mass send, as the table `attempt` has them.
const OUTCOMES: [&str; 6] = ["accepted", "adopted", "in_doubt", "later", "refused", "token"];

/// How many mass sends have ended with each outcome since the count began.
///
/// A reading looks at the mass sends since the reading before it only.
#[derive(Debug)]
pub struct SendCount {
    /// Every mass send up to this row has ended, and is counted.
    upto: i64,
    ended: BTreeMap<String, u64>,
}

impl Tx<'_> {
    /// Begins a count: it has no mass send that ended before.
    pub fn begin_send_count(&self) -> Result<SendCount> {
        let ended = OUTCOMES.iter().map(|outcome| ((*outcome).to_owned(), 0)).collect();
        Ok(SendCount { upto: self.last_ended_send()?, ended })
    }

    /// Counts on, and returns how many mass sends ended with each outcome.
    pub fn count_sends(&self, count: &mut SendCount) -> Result<BTreeMap<String, u64>> {
        let upto = self.last_ended_send()?.max(count.upto);
        self.add_outcomes((count.upto, upto), &mut count.ended)?;
        count.upto = upto;
        let mut all = count.ended.clone();
        // One that is open keeps those after it from being counted for good.
        self.add_outcomes((upto, i64::MAX), &mut all)?;
        Ok(all)
    }

    /// Returns the row before the first mass send that is open, or the last row.
    fn last_ended_send(&self) -> Result<i64> {
        Ok(self
            .db
            .prepare_cached(
                // Without its index the first open one would be looked for from the first row on.
                "SELECT coalesce(
                     (SELECT min(id) - 1 FROM attempt INDEXED BY attempt_open WHERE ended_at IS NULL),
                     (SELECT max(id) FROM attempt), 0)",
            )?
            .query_row([], |row| row.get(0))?)
    }

    fn add_outcomes(
        &self,
        (after, upto): (i64, i64),
        counts: &mut BTreeMap<String, u64>,
    ) -> Result<()> {
        let mut statement = self.db.prepare_cached(
            "SELECT outcome, count(*) FROM attempt
             WHERE id > ?1 AND id <= ?2 AND outcome IS NOT NULL GROUP BY outcome",
        )?;
        let mut rows = statement.query([after, upto])?;
        while let Some(row) = rows.next()? {
            let count: i64 = row.get(1)?;
            *counts.entry(row.get(0)?).or_default() += count.unsigned_abs();
        }
        Ok(())
    }

    /// Returns when the event about an account's latest broadcast came.
    pub fn last_event(&self, account: &str) -> Result<Option<DateTime<Utc>>> {
        let last: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT received_at FROM event WHERE account = ?1 ORDER BY msg_id DESC LIMIT 1",
            )?
            .query_row([account], |row| row.get(0))
            .optional()?;
        Ok(last.map(instant))
    }

    /// Returns the kind and the account of each open alert that is a message only and needs a
    /// person, as long as something can be done about it.
    pub fn open_reminders(&self, now: DateTime<Utc>) -> Result<Vec<(String, Option<String>)>> {
        let mut statement = self.db.prepare_cached(
            "SELECT kind, account FROM notice
             WHERE kind IN ('approval_due', 'callback_silent', 'confirm', 'files_due')
               AND state IN ('new', 'open') AND (kind <> 'confirm' OR raised_at > ?1)",
        )?;
        let rows = statement
            .query_map([millis(now - CONFIRM_LEFT)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::*;
    use crate::store::Store;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn store() -> Store {
        let store = Store::in_memory(at(0)).unwrap();
        // The rows of one table are enough.
        store.db.pragma_update(None, "foreign_keys", false).unwrap();
        store
    }

    #[test]
    fn what_ended_out_of_order_is_counted_once() {
        let mut store = store();
        let begin = |store: &mut Store, id: i64, account: &str| {
            let sql = "INSERT INTO attempt (id, batch, account, begun_at, body_sha256)
                 VALUES (?1, 1, ?2, 0, '')";
            store.transaction(|tx| tx.run(sql, params![id, account])).unwrap();
        };
        let end = |store: &mut Store, id: i64, outcome: &str| {
            let sql = "UPDATE attempt SET ended_at = 1, outcome = ?2 WHERE id = ?1";
            store.transaction(|tx| tx.run(sql, params![id, outcome])).unwrap();
        };
        begin(&mut store, 1, "a");
        end(&mut store, 1, "refused");
        let mut count = store.read().begin_send_count().unwrap();
        let of = |store: &Store, count: &mut SendCount| {
            let counts = store.read().count_sends(count).unwrap();
            ["accepted", "in_doubt", "refused"].map(|outcome| counts[outcome])
        };

        begin(&mut store, 2, "a");
        begin(&mut store, 3, "b");
        end(&mut store, 3, "accepted");
        assert_eq!(of(&store, &mut count), [1, 0, 0], "and none that ended before");
        assert_eq!(of(&store, &mut count), [1, 0, 0]);
        end(&mut store, 2, "in_doubt");
        assert_eq!(of(&store, &mut count), [1, 1, 0]);
        // A mass send that was withdrawn leaves no row.
        begin(&mut store, 4, "a");
        assert_eq!(of(&store, &mut count), [1, 1, 0]);
        store.transaction(|tx| tx.run("DELETE FROM attempt WHERE id = 4", &[])).unwrap();
        assert_eq!(of(&store, &mut count), [1, 1, 0]);
        begin(&mut store, 5, "b");
        end(&mut store, 5, "accepted");
        assert_eq!(of(&store, &mut count), [2, 1, 0]);
        assert_eq!(of(&store, &mut count), [2, 1, 0]);
    }

    #[test]
    fn a_reminder_needs_a_person_as_long_as_something_can_be_done() {
        let mut store = store();
        let add = |store: &mut Store, kind: &str, state: &str| {
            let sql = "INSERT INTO notice (kind, account, raised_at, state)
                 VALUES (?1, 'club', ?2, ?3)";
            store.transaction(|tx| tx.run(sql, params![kind, millis(at(0)), state])).unwrap();
        };
        add(&mut store, "confirm", "open");
        add(&mut store, "approval_due", "ending");
        add(&mut store, "callback_silent", "open");
        add(&mut store, "sent", "open");
        let kinds = |now| {
            let open = store.read().open_reminders(now).unwrap();
            let mut kinds: Vec<_> = open.into_iter().map(|(kind, _)| kind).collect();
            kinds.sort_unstable();
            kinds
        };

        assert_eq!(kinds(at(60)), ["callback_silent", "confirm"]);
        assert_eq!(kinds(at(0) + CONFIRM_LEFT), ["callback_silent"], "it is too late to confirm");
    }

    #[test]
    fn the_last_event_is_that_of_the_latest_broadcast() {
        let mut store = store();
        let sql = "INSERT INTO event (account, received_at, raw, msg_id, created_at, status, words)
             VALUES (?1, ?2, x'', ?3, 0, 'send success', 'sent')";
        let rows = [("club", at(1), 7), ("club", at(9), 8), ("daily", at(20), 6)];
        for (account, at, msg_id) in rows {
            store.transaction(|tx| tx.run(sql, params![account, millis(at), msg_id])).unwrap();
        }

        assert_eq!(store.read().last_event("club").unwrap(), Some(at(9)));
        assert_eq!(store.read().last_event("none").unwrap(), None);
    }
}
