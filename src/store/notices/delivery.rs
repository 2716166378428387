//! Deliveries: which message goes to whom next, and what became of it.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use super::{Routing, SELECT, not_read, read, receivers};
use crate::alert::{Event, Message, pace};
use crate::calendar::json::maybe_rfc3339;
use crate::store::view::AlertView;
use crate::store::{Result, StoreError, Tx, instant, millis};
use crate::text::alert;

/// A message that is due for a receiver.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its number.
    pub number: i64,
    /// The message.
    pub message: Message,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver has it.
    Delivered,
    /// It may not have it, for this reason.
    Failed(String),
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried, or will be.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It is tried no more.
    GivenUp,
}

/// One delivery in a list.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryView {
    /// The receiver's name.
    pub receiver: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub next: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub ended: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

impl Tx<'_> {
    /// Writes a delivery of a message for each of its receivers.
    pub(super) fn deliver(
        &self,
        notice: i64,
        message: &Message,
        routing: Routing<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let text = serde_json::to_string(message)
            .map_err(|error| StoreError::Corrupt(format!("a message cannot be stored: {error}")))?;
        for (receiver, at) in receivers(routing(message)) {
            self.run(
                "INSERT INTO notice_delivery (receiver, notice, event, message, made_at, state, next_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6) ON CONFLICT DO NOTHING",
                params![receiver, notice, message.event.as_str(), text, millis(now), millis(at)],
            )?;
        }
        Ok(())
    }

    /// Returns the next messages for a receiver, in their order; none if it is too early.
    ///
    /// Messages that wait for the end of quiet hours let later ones pass. A message that failed lets
    /// none pass, except a test.
    pub fn due_deliveries(
        &self,
        receiver: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Delivery>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, message, next_at, notice, event FROM notice_delivery
             WHERE receiver = ?1 AND state = 'waiting' AND (attempts > 0 OR next_at <= ?2)
             ORDER BY event <> 'test', id LIMIT ?3",
        )?;
        let rows = statement.query_map(params![receiver, millis(now), most], |row| {
            let (message, event): (String, String) = (row.get(1)?, row.get(4)?);
            let of = (row.get::<_, i64>(3)?, Event::parse(&event));
            Ok((row.get::<_, i64>(0)?, message, instant(row.get(2)?), of))
        })?;
        let mut due = Vec::new();
        for row in rows {
            let (number, message, next_at, of) = row?;
            if next_at > now {
                break;
            }
            let message = match serde_json::from_str(&message) {
                Ok(message) => message,
                // It keeps its place: the others of this receiver wait behind it.
                Err(_) => self.not_read(of)?,
            };
            due.push(Delivery { number, message });
        }
        Ok(due)
    }

    fn not_read(&self, (notice, event): (i64, Option<Event>)) -> Result<Message> {
        let sql = format!("{SELECT} WHERE id = ?1");
        let notice = self.db.prepare_cached(&sql)?.query_row([notice], read)?;
        Ok(not_read(&notice, event.unwrap_or(Event::Raised)))
    }

    /// Records what became of an attempt with these deliveries.
    pub fn record_deliveries(
        &self,
        numbers: &[i64],
        outcome: &DeliveryOutcome,
        now: DateTime<Utc>,
    ) -> Result<()> {
        for number in numbers {
            match outcome {
                DeliveryOutcome::Delivered => self.run(
                    "UPDATE notice_delivery SET state = 'delivered', attempts = attempts + 1,
                         next_at = NULL, ended_at = ?2, error = NULL
                     WHERE id = ?1 AND state = 'waiting'",
                    params![number, millis(now)],
                )?,
                DeliveryOutcome::Failed(error) => self.fail_delivery(*number, error, now)?,
            }
        }
        Ok(())
    }

    fn fail_delivery(&self, number: i64, error: &str, now: DateTime<Utc>) -> Result<()> {
        let known = self
            .db
            .prepare_cached(
                "SELECT attempts + 1, made_at, event = 'test' FROM notice_delivery
                 WHERE id = ?1 AND state = 'waiting'",
            )?
            .query_row([number], |row| Ok((row.get(0)?, instant(row.get(1)?), row.get(2)?)))
            .optional()?;
        let Some((attempts, made_at, is_test)): Option<(u32, _, bool)> = known else {
            return Ok(());
        };
        let next = pace::next_attempt(attempts, made_at, now).filter(|_| !is_test);
        let (state, ended) =
            if next.is_some() { ("waiting", None) } else { ("given_up", Some(millis(now))) };
        self.run(
            "UPDATE notice_delivery SET state = ?2, attempts = ?3, next_at = ?4, ended_at = ?5, error = ?6
             WHERE id = ?1",
            params![number, state, attempts, next.map(millis), ended, error],
        )
    }

    /// Gives up what waits for receivers that the config no longer has.
    pub fn drop_deliveries_except(&self, known: &[&str], now: DateTime<Utc>) -> Result<()> {
        let mut statement = self
            .db
            .prepare("SELECT DISTINCT receiver FROM notice_delivery WHERE state = 'waiting'")?;
        let waiting = statement.query_map([], |row| row.get(0))?;
        let waiting: Vec<String> = waiting.collect::<rusqlite::Result<_>>()?;
        for receiver in waiting.iter().filter(|receiver| !known.contains(&receiver.as_str())) {
            self.run(
                "UPDATE notice_delivery SET state = 'given_up', next_at = NULL, ended_at = ?2,
                     error = ?3 WHERE receiver = ?1 AND state = 'waiting'",
                params![receiver, millis(now), alert::receiver_gone()],
            )?;
        }
        Ok(())
    }

    pub(super) fn deliveries(&self, notice: i64) -> Result<Vec<DeliveryView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT receiver, state, attempts, next_at, ended_at, error FROM notice_delivery
             WHERE notice = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([notice], |row| {
            let state: String = row.get(1)?;
            Ok(DeliveryView {
                receiver: row.get(0)?,
                state: match state.as_str() {
                    "delivered" => DeliveryState::Delivered,
                    "given_up" => DeliveryState::GivenUp,
                    _ => DeliveryState::Waiting,
                },
                attempts: row.get(2)?,
                next: row.get::<_, Option<i64>>(3)?.map(instant),
                ended: row.get::<_, Option<i64>>(4)?.map(instant),
                error: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the first message that was made of a notice.
    pub(super) fn told_message(&self, notice: i64) -> Result<Option<Message>> {
        let found: Option<String> = self
            .db
            .prepare_cached(
                "SELECT message FROM notice_delivery WHERE notice = ?1 ORDER BY id LIMIT 1",
            )?
            .query_row([notice], |row| row.get(0))
            .optional()?;
        Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Returns an alert for each receiver that is not reached, or was not.
    pub(crate) fn unreached(&self, now: DateTime<Utc>) -> Result<Vec<AlertView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT receiver, min(made_at), max(error), state = 'given_up'
             FROM notice_delivery WHERE (state = 'waiting' AND attempts >= ?1)
                 OR (state = 'given_up' AND event <> 'test' AND ended_at > ?2)
             GROUP BY receiver, state = 'given_up'",
        )?;
        let since = millis(crate::store::view::named_since(now));
        let rows = statement.query_map(params![pace::SHOWN_AFTER, since], |row| {
            let (receiver, error): (String, Option<String>) = (row.get(0)?, row.get(2)?);
            let error = error.unwrap_or_default();
            let (what, advice) = alert::unreached(&receiver, &error, row.get(3)?);
            Ok(AlertView {
                id: None,
                account: None,
                kind: "delivery".to_owned(),
                since: instant(row.get(1)?),
                what,
                why: None,
                file: None,
                advice,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts the deliveries in each state.
    pub fn delivery_counts(&self) -> Result<Vec<(String, u64)>> {
        let mut statement = self.db.prepare_cached(
            "SELECT state, count(*) FROM notice_delivery GROUP BY state ORDER BY state",
        )?;
        let rows = statement.query_map([], |row| {
            let count: i64 = row.get(1)?;
            Ok((row.get(0)?, count.unsigned_abs()))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
