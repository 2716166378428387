//! Bounds on stored events: a signed push costs its sender nothing.
//!
//! Bounded is only what tells of nothing of ours. An event that has a batch, or that a refusal or a
//! person told of before, is kept for ever; so is one that may be a batch's in doubt, and where too
//! many of those come the later ones are not taken at all: the platform pushes them again, and
//! `mass/get` answers what they would have told. Of the others the plain ones go before the
//! encrypted ones, and the oldest first. What they booked in the ledger stays.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use crate::calendar::{Span, Window};
use crate::model::{Account, Credence};
use crate::store::{Alert, Result, Tx, millis};

/// How many events that match nothing an account keeps.
const EVENTS_MOST: i64 = 2_000;
/// How many stay when there are more: so that this is not done for each event.
const EVENTS_LEFT: i64 = 1_800;
/// How many events may wait for a batch in doubt: plain ones, and encrypted ones.
const CANDIDATES_MOST: [i64; 2] = [2_000, 20_000];
/// How many events that cannot be read an account keeps.
const UNREAD_MOST: i64 = 100;
/// How many unconfirmed sends elsewhere are booked a day: one is enough to make a window full, and
/// none of an account's quotas is larger.
const BOOKED_MOST: i64 = 20;

impl Tx<'_> {
    /// Says whether so many events wait for a batch in doubt that no more are taken.
    pub(super) fn has_too_many_candidates(
        &self,
        account: &str,
        credence: Credence,
    ) -> Result<bool> {
        let proven = credence == Credence::Proof;
        let count: i64 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM event WHERE account = ?1 AND candidate = 1 AND proven = ?2",
            )?
            .query_row(params![account, proven], |row| row.get(0))?;
        Ok(count >= CANDIDATES_MOST[usize::from(proven)])
    }

    /// Says whether so many unconfirmed sends are booked for a day that one more tells nothing.
    pub(super) fn has_booked_enough(&self, account: &Account, at: DateTime<Utc>) -> Result<bool> {
        let day = Window::containing(Span::Day, at);
        let count: i64 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM external_send WHERE account = ?1 AND at >= ?2 AND at < ?3
                   AND source = 'event' AND confirmed = 0",
            )?
            .query_row(params![account.name, millis(day.start()), millis(day.end())], |row| {
                row.get(0)
            })?;
        Ok(count >= BOOKED_MOST)
    }

    /// Forgets the oldest events that match nothing, where there are too many of them.
    pub(super) fn bound_events(&self, account: &str, now: DateTime<Utc>) -> Result<()> {
        let all: i64 = self
            .db
            .prepare_cached("SELECT count(*) FROM event WHERE account = ?1")?
            .query_row([account], |row| row.get(0))?;
        if all <= EVENTS_MOST {
            return Ok(());
        }
        let strangers = self
            .db
            .prepare_cached(
                "SELECT id, msg_id FROM event WHERE account = ?1 AND candidate = 0
                   AND NOT EXISTS (SELECT 1 FROM batch
                       WHERE batch.account = ?1 AND batch.msg_id = event.msg_id)
                   AND NOT EXISTS (SELECT 1 FROM external_send AS e
                       WHERE e.account = ?1 AND e.msg_id = event.msg_id AND e.source <> 'event')
                 ORDER BY proven DESC, received_at DESC, id DESC LIMIT -1 OFFSET ?2",
            )?
            .query_map(params![account, EVENTS_LEFT], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
        // As many as that match nothing: what matches is not counted.
        if i64::try_from(strangers.len()).unwrap_or(i64::MAX) <= EVENTS_MOST - EVENTS_LEFT {
            return Ok(());
        }
        for (id, msg_id) in &strangers {
            self.run("DELETE FROM event WHERE id = ?1", params![id])?;
            self.run(
                "DELETE FROM article_result WHERE account = ?1 AND msg_id = ?2
                   AND NOT EXISTS (SELECT 1 FROM event WHERE account = ?1 AND msg_id = ?2)",
                params![account, msg_id],
            )?;
        }
        tracing::warn!(
            account,
            forgotten = strangers.len(),
            "events that match nothing came in masses"
        );
        let what = format!(
            "over {EVENTS_MOST} events came to the callback of {account} that tell of broadcasts \
             which nobody here made; the oldest are no longer kept"
        );
        let advice = "if they are not the website's, somebody else knows the callback's token: \
                      change it at the platform and in the config, and use the encrypted mode";
        let kind = "event_flood";
        let note = Alert { account: Some(account), job: None, kind, what: &what, advice };
        self.raise_alert_until(&note, now + TimeDelta::days(1), now)
    }

    /// Forgets the oldest events that cannot be read, where there are too many of them.
    pub(super) fn bound_unread(&self, account: &str) -> Result<()> {
        self.run(
            "DELETE FROM unread_event WHERE account = ?1 AND id IN
                 (SELECT id FROM unread_event WHERE account = ?1
                  ORDER BY id DESC LIMIT -1 OFFSET ?2)",
            params![account, UNREAD_MOST],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticlesVia, Kind, OpenIds};
    use crate::store::{EventIn, SendStatus, Store};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    struct World {
        store: Store,
        account: Account,
    }

    impl World {
        fn new() -> Self {
            let account = Account {
                name: "club".to_owned(),
                appid: "wxclub".to_owned(),
                kind: Kind::Service,
                daily_calls: 2,
                history_per_day: Some(1),
                payment: false,
                articles_via: ArticlesVia::Draft,
                openids: OpenIds::Usual,
            };
            let mut store = Store::in_memory(at(0)).unwrap();
            store.transaction(|tx| tx.ensure_account("club")).unwrap();
            Self { store, account }
        }

        /// Lets so many events come, and returns how many were taken.
        fn push(&mut self, ids: std::ops::Range<i64>, credence: Credence) -> usize {
            let Self { store, account } = self;
            let raw = vec![b'x'; 1_200];
            let take = |tx: &Tx<'_>| {
                let mut taken = 0;
                for msg_id in ids {
                    let event = EventIn {
                        account: &account.name,
                        raw: &raw,
                        credence,
                        msg_id,
                        created_at: at(msg_id),
                        status: "send success",
                        word: SendStatus::Success,
                        words: "sent",
                        advice: "",
                        counts: [None; 4],
                        articles: &[],
                    };
                    taken += usize::from(tx.receive(&event, account, at(msg_id))?);
                }
                Ok::<_, crate::store::StoreError>(taken)
            };
            store.transaction(take).unwrap()
        }

        fn count(&self, what: &str) -> i64 {
            let sql = format!("SELECT count(*) FROM {what}");
            self.store.db.query_row(&sql, [], |row| row.get(0)).unwrap()
        }

        fn run(&self, sql: &str) {
            self.store.db.execute_batch(sql).unwrap();
        }

        fn bytes(&self) -> i64 {
            let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            self.store.db.query_row(sql, [], |row| row.get(0)).unwrap()
        }
    }

    #[test]
    fn events_that_match_nothing_are_bounded_and_the_newest_stay() {
        let mut world = World::new();

        assert_eq!(world.push(0..10_000, Credence::Hint), 10_000);
        let bytes = world.bytes();
        world.push(10_000..20_000, Credence::Hint);

        assert!(world.count("event") <= EVENTS_MOST);
        assert_eq!(world.count("event WHERE msg_id >= 18200"), 1_800);
        assert!(world.bytes() < bytes + bytes / 10, "{bytes} became {}", world.bytes());
        let booked = world.count("external_send");
        assert!(booked <= BOOKED_MOST * 2, "{booked} sends are booked");
        assert_eq!(world.count("alert WHERE kind = 'event_flood'"), 1);
    }

    #[test]
    fn what_matches_is_never_forgotten_and_encrypted_events_go_last() {
        let mut world = World::new();
        world.push(0..2, Credence::Hint);
        world.push(2..10, Credence::Proof);
        world.run(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO batch (job, account, number, clientmsgid, state, next_at, msg_id, accepted_at)
                 VALUES ('a', 'club', 0, hex(zeroblob(16)), 'accepted', 0, 0, 1);
             UPDATE external_send SET source = '45028' WHERE msg_id = 1;",
        );

        world.push(100..9_000, Credence::Hint);

        assert_eq!(world.count("event WHERE msg_id < 10"), 10);
        assert!(world.count("event") <= EVENTS_MOST + 2);
    }

    #[test]
    fn what_may_be_a_batchs_in_doubt_is_kept_and_no_more_than_that_is_taken() {
        let mut world = World::new();
        world.run(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO batch (job, account, number, clientmsgid, state, next_at, in_doubt_since_at)
                 VALUES ('a', 'club', 0, hex(zeroblob(16)), 'in_doubt', 0, 1);",
        );

        let taken = world.push(0..5_000, Credence::Hint);
        let proven = world.push(5_000..5_010, Credence::Proof);

        assert_eq!((taken, proven), (2_000, 10));
        assert_eq!(world.count("event WHERE msg_id < 2000 AND candidate = 1"), 2_000);
        assert_eq!(world.count("external_send"), 0);
    }

    #[test]
    fn events_that_cannot_be_read_are_bounded() {
        let mut world = World::new();
        for n in 0..1_000 {
            let raw = format!("{n:05}");
            let keep = |tx: &Tx<'_>| tx.keep_unread("club", raw.as_bytes(), "no XML", at(n));
            world.store.transaction(keep).unwrap();
        }

        assert_eq!(world.count("unread_event"), UNREAD_MOST);
        assert_eq!(world.count("unread_event WHERE raw = CAST('00999' AS BLOB)"), 1);
        world.run("INSERT INTO account (name) VALUES ('daily')");
        let keep = |tx: &Tx<'_>| tx.keep_unread("daily", b"x", "no XML", at(0));
        world.store.transaction(keep).unwrap();
        assert_eq!(world.count("unread_event"), UNREAD_MOST + 1);
    }
}
