//! Limits on stored events: a signed push costs its sender nothing.
//!
//! Only events that report nothing of ours are limited. An event that has a batch, or that a
//! refusal or an operator had already reported, is kept for ever. Of those that may belong to a
//! batch in doubt, the first and the last ones stay, so a flood before or after the true event does
//! not remove that event. The deleted ones are counted and reported; `mass/get` gives the result
//! that they would have reported. Of the others, plain ones are deleted before encrypted ones, and
//! the oldest first. What they recorded in the ledger stays.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use crate::alert::Told;
use crate::calendar::{Span, Window};
use crate::model::{Account, Credence};
use crate::store::{Alert, Result, Tx, instant, millis};

/// How many events without a match an account keeps.
const EVENTS_MOST: i64 = 2_000;
/// How many stay if there are more: so that this is not done for each event.
const EVENTS_LEFT: i64 = 1_800;
/// How many events may wait for a batch in doubt: plain ones, and encrypted ones. Neither kind uses
/// the other's room.
const CANDIDATES_MOST: [usize; 2] = [2_000, 20_000];
/// How far an event's time may be from its arrival: anybody could write any time into a plain body.
const FAR: TimeDelta = TimeDelta::hours(24);
/// How many events that cannot be read an account keeps.
const UNREAD_MOST: i64 = 100;
/// How many unconfirmed sends elsewhere are recorded a day: one is enough to make a window full,
/// and none of an account's quotas is larger.
const BOOKED_MOST: i64 = 20;

/// Returns whether an event's own time is plausible.
pub(super) fn is_near(created_at: DateTime<Utc>, received_at: DateTime<Utc>) -> bool {
    (created_at - received_at).abs() <= FAR
}

impl Tx<'_> {
    /// Deletes some of the events that wait for a batch in doubt, if there are too many: first
    /// those whose own time is wrong, then those between the first half and the newest.
    pub(super) fn bound_candidates(
        &self,
        account: &str,
        credence: Credence,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let proven = credence == Credence::Proof;
        let most = CANDIDATES_MOST[usize::from(proven)];
        let count: i64 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM event WHERE account = ?1 AND candidate = 1 AND proven = ?2",
            )?
            .query_row(params![account, proven], |row| row.get(0))?;
        if usize::try_from(count).is_ok_and(|count| count <= most) {
            return Ok(());
        }
        let waiting = self
            .db
            .prepare_cached(
                "SELECT id, msg_id, created_at, received_at FROM event
                 WHERE account = ?1 AND candidate = 1 AND proven = ?2 ORDER BY received_at, id",
            )?
            .query_map(params![account, proven], |row| {
                let near = is_near(instant(row.get(2)?), instant(row.get(3)?));
                Ok((near, (row.get(0)?, row.get(1)?)))
            })?
            .collect::<rusqlite::Result<Vec<(bool, (i64, i64))>>>()?;
        // Some more than necessary: so that this is not done for each event.
        let excess = waiting.len().saturating_sub(most - most / 10);
        let (near, far): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(near, _)| *near);
        let dropped = far.iter().chain(near.iter().skip(most / 2)).take(excess);
        for (_, event) in dropped {
            self.forget_event(account, *event)?;
        }
        self.tell_of_dropped(account, excess, now)
    }

    fn tell_of_dropped(&self, account: &str, dropped: usize, now: DateTime<Utc>) -> Result<()> {
        let in_all: i64 = self
            .db
            .prepare_cached(
                "UPDATE account SET events_dropped = events_dropped + ?2 WHERE name = ?1
                 RETURNING events_dropped",
            )?
            .query_row(params![account, i64::try_from(dropped).unwrap_or(i64::MAX)], |row| {
                row.get(0)
            })?;
        tracing::warn!(
            account,
            dropped,
            in_all,
            "too many events came while a broadcast is in doubt; some were dropped"
        );
        let told = Told::EventsDropped { events: in_all };
        let kind = "events_dropped";
        let note = Alert { account: Some(account), job: None, kind, told: &told };
        self.raise_alert_until(&note, now + TimeDelta::days(1), now)
    }

    fn forget_event(&self, account: &str, (id, msg_id): (i64, i64)) -> Result<()> {
        self.run("DELETE FROM event WHERE id = ?1", params![id])?;
        self.run(
            "DELETE FROM article_result WHERE account = ?1 AND msg_id = ?2
               AND NOT EXISTS (SELECT 1 FROM event WHERE account = ?1 AND msg_id = ?2)",
            params![account, msg_id],
        )
    }

    /// Returns whether so many unconfirmed sends are recorded for a day that one more adds nothing.
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

    /// Deletes the oldest events without a match, if there are too many of them.
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
        // The limit is on the events without a match: those with one are not counted.
        if i64::try_from(strangers.len()).unwrap_or(i64::MAX) <= EVENTS_MOST - EVENTS_LEFT {
            return Ok(());
        }
        for event in &strangers {
            self.forget_event(account, *event)?;
        }
        tracing::warn!(
            account,
            forgotten = strangers.len(),
            "events that match nothing came in masses"
        );
        let told = Told::EventFlood { most: EVENTS_MOST };
        let kind = "event_flood";
        let note = Alert { account: Some(account), job: None, kind, told: &told };
        self.raise_alert_until(&note, now + TimeDelta::days(1), now)
    }

    /// Deletes the oldest events that cannot be read, if there are too many of them.
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
                approvals: 0,
                payment: false,
                articles_via: ArticlesVia::Draft,
                openids: OpenIds::Usual,
            };
            let mut store = Store::in_memory(at(0)).unwrap();
            store.transaction(|tx| tx.ensure_account("club")).unwrap();
            Self { store, account }
        }

        /// Lets so many events come.
        fn push(&mut self, ids: std::ops::Range<i64>, credence: Credence) {
            self.push_made(ids, credence, at);
        }

        /// The same, with what each says of its time.
        fn push_made(
            &mut self,
            ids: std::ops::Range<i64>,
            credence: Credence,
            made_at: impl Fn(i64) -> DateTime<Utc>,
        ) {
            let Self { store, account } = self;
            let raw = vec![b'x'; 1_200];
            let take = |tx: &Tx<'_>| {
                for msg_id in ids {
                    let event = EventIn {
                        account: &account.name,
                        raw: &raw,
                        credence,
                        msg_id,
                        created_at: made_at(msg_id),
                        status: "send success",
                        word: SendStatus::Success,
                        words: "sent",
                        advice: "",
                        counts: [Some(msg_id), None, None, None],
                        articles: &[],
                    };
                    tx.receive(&event, account, at(msg_id))?;
                }
                Ok::<_, crate::store::StoreError>(())
            };
            store.transaction(take).unwrap();
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

        world.push(0..10_000, Credence::Hint);
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

    /// Puts a batch in doubt.
    const IN_DOUBT: &str = "PRAGMA foreign_keys = OFF;
         INSERT INTO batch (job, account, number, clientmsgid, state, next_at, in_doubt_since_at)
             VALUES ('a', 'club', 0, hex(zeroblob(16)), 'in_doubt', 0, 1);";

    #[test]
    fn a_flood_while_a_batch_is_in_doubt_drives_out_no_true_event_before_or_after_it() {
        let mut world = World::new();
        world.run(IN_DOUBT);
        // More than the plain ones have room for came encrypted.
        world.push(0..3_000, Credence::Proof);

        world.push(3_000..3_001, Credence::Hint);
        world.push(4_000..9_000, Credence::Hint);
        world.push(9_000..9_001, Credence::Hint);

        assert_eq!(world.count("event WHERE proven = 1 AND candidate = 1"), 3_000);
        assert_eq!(world.count("event WHERE msg_id IN (3000, 9000) AND candidate = 1"), 2);
        assert!(world.count("event WHERE proven = 0") <= 2_000);
        assert_eq!(world.count("external_send"), 0);
        let World { store, account } = &mut world;
        store.transaction(|tx| tx.match_events(account, 1, 9_000, at(9_000))).unwrap();
        assert_eq!(world.count("batch WHERE total_count = 9000"), 1);
    }

    #[test]
    fn an_event_from_another_time_goes_before_those_that_came_when_they_say() {
        let mut world = World::new();
        world.run(IN_DOUBT);
        let day = |msg_id: i64| at(msg_id) - TimeDelta::hours(25);
        world.push_made(0..1_500, Credence::Hint, day);
        world.push(1_500..3_000, Credence::Hint);
        world.push_made(3_000..9_000, Credence::Hint, day);

        assert_eq!(world.count("event WHERE msg_id >= 1500 AND msg_id < 3000"), 1_500);
    }

    #[test]
    fn what_had_to_be_dropped_is_counted_and_told_until_the_doubt_is_over() {
        let mut world = World::new();
        world.run(IN_DOUBT);
        world.push(0..2_000, Credence::Hint);
        assert_eq!(world.count("alert"), 0);

        world.push(2_000..5_000, Credence::Hint);

        let kept = world.count("event");
        let told = Told::EventsDropped { events: 5_000 - kept }.to_json();
        let told = format!("alert WHERE what = '{told}'");
        assert_eq!(world.count(&told), 1);
        world.run("UPDATE batch SET state = 'planned', in_doubt_since_at = NULL");
        let World { store, account } = &mut world;
        store.transaction(|tx| tx.book_candidates(account, at(5_000))).unwrap();
        assert_eq!(world.count("account WHERE events_dropped = 0"), 1);
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
