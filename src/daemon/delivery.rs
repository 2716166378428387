//! Delivers alerts: each receiver in order, at least once, and never in the way of a release.
//!
//! The loop makes messages of the notices in the outbox, gives the next ones of each receiver to a
//! task, and records what became of them. The tasks talk to the outside with clients and time limits
//! of their own, and share nothing with the requests to the platform. What was under way when the
//! daemon ended is sent again by the next one, under the same id.

mod command;
mod email;
mod http;
mod ping;
mod robot;
mod sender;
mod webhook;

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, mpsc};

use crate::alert::{Fact, Message, deliver_at, pace::Rate};
use crate::calendar::{Span, Window};
use crate::config::Alerts;
use crate::daemon::Now;
use crate::daemon::input::{DeliveryAttempt, Input};
use crate::engine::Engine;
use crate::store::{StoreError, Timing, Told};

pub(super) use ping::ping;
use sender::Sender;

/// How many receivers are told at once.
const ABREAST: usize = 8;
/// How often the notices are looked for that follow from several rows.
const DERIVE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long messages wait at most for a loop that always has a request to send.
const WAIT_MOST: TimeDelta = TimeDelta::seconds(3);

/// The loop's side of the deliveries.
pub(super) struct Deliveries {
    alerts: Arc<Alerts>,
    lanes: Vec<Lane>,
    sender: Arc<Sender>,
    seats: Arc<Semaphore>,
    now: Now,
    to: mpsc::Sender<Input>,
    turned_at: DateTime<Utc>,
    derived_at: Option<DateTime<Utc>>,
}

/// One receiver's messages: one request at a time keeps their order.
#[derive(Default)]
struct Lane {
    busy: bool,
    /// When the last messages were sent.
    sent: Vec<DateTime<Utc>>,
}

impl Deliveries {
    /// Returns the deliveries of a config.
    pub(super) fn new(alerts: Alerts, now: &Now, to: mpsc::Sender<Input>) -> Self {
        let at = now();
        Self {
            lanes: alerts.receivers.iter().map(|_| Lane::default()).collect(),
            alerts: Arc::new(alerts),
            sender: Arc::new(Sender::default()),
            seats: Arc::new(Semaphore::new(ABREAST)),
            now: Arc::clone(now),
            to,
            turned_at: at,
            derived_at: None,
        }
    }

    /// Makes messages of new notices and sends what is due, unless a request is about to leave.
    pub(super) fn turn(
        &mut self,
        engine: &mut Engine,
        clear: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if !clear && (now - self.turned_at).abs() < WAIT_MOST {
            return Ok(());
        }
        self.turned_at = now;
        self.tell(engine, now)?;
        (0..self.lanes.len()).try_for_each(|lane| self.send(engine, lane, now))
    }

    fn tell(&mut self, engine: &mut Engine, now: DateTime<Utc>) -> Result<(), StoreError> {
        let timing = self.timing(now);
        let derives = self.derived_at.is_none_or(|at| (now - at).abs() >= DERIVE_EVERY);
        let read = engine.store().read();
        if !derives && !read.has_untold_notices(now)? && !read.has_timed_notices(&timing, now)? {
            return Ok(());
        }
        drop(read);
        let alerts = Arc::clone(&self.alerts);
        let known: Vec<_> = alerts.receivers.iter().map(|one| one.name.as_str()).collect();
        let routing = |message: &Message| route(&alerts, message, now);
        engine.change(|tx| {
            tx.raise_timed_notices(&timing, now)?;
            if derives {
                tx.derive_notices(now)?;
                tx.drop_deliveries_except(&known, now)?;
            }
            tx.tell_notices(&routing, now)
        })?;
        if derives {
            self.derived_at = Some(now);
        }
        Ok(())
    }

    fn timing(&self, now: DateTime<Utc>) -> Timing {
        let due = |at: NaiveTime| {
            let today = Window::containing(Span::Day, now);
            let since_midnight = now - today.start();
            let after = at.signed_duration_since(NaiveTime::MIN);
            let day = today.previous().start().with_timezone(&chrono_tz::Asia::Shanghai);
            (since_midnight >= after).then(|| day.date_naive())
        };
        Timing { approval: self.alerts.approval, summary: self.alerts.summary_at.and_then(due) }
    }

    /// Sends the next messages of a receiver, if it is idle and may be told now.
    fn send(&mut self, engine: &Engine, lane: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.lanes[lane].busy || !self.has_room(lane, now) {
            return Ok(());
        }
        let receiver = &self.alerts.receivers[lane];
        let most = sender::at_once(&receiver.channel);
        let due = engine.store().read().due_deliveries(&receiver.name, most, now)?;
        if due.is_empty() {
            return Ok(());
        }
        self.lanes[lane].busy = true;
        self.lanes[lane].sent.push(now);
        let (alerts, sender) = (Arc::clone(&self.alerts), Arc::clone(&self.sender));
        let (seats, to, clock) = (Arc::clone(&self.seats), self.to.clone(), self.now.clone());
        tokio::spawn(async move {
            // It is never closed.
            let _seat = seats.acquire().await;
            let receiver = &alerts.receivers[lane];
            let messages: Vec<_> = due.iter().map(|one| one.message.clone()).collect();
            let (count, told) = sender.send(&receiver.channel, &messages, clock()).await;
            let numbers = due.iter().take(count).map(|one| one.number).collect();
            let attempt = DeliveryAttempt { lane, numbers, told };
            // If the loop has ended, the next daemon sends them again.
            to.send(Input::Delivery(attempt)).await.unwrap_or_default();
        });
        Ok(())
    }

    fn has_room(&mut self, lane: usize, now: DateTime<Utc>) -> bool {
        let Some(rate) = sender::rate(&self.alerts.receivers[lane].channel) else {
            self.lanes[lane].sent.clear();
            return true;
        };
        let Rate { within, .. } = rate;
        let sent = &mut self.lanes[lane].sent;
        sent.retain(|at| *at <= now && now - *at < within);
        rate.next(sent, now) <= now
    }

    /// Records what became of an attempt, and sends the next messages of that receiver.
    pub(super) fn record(
        &mut self,
        engine: &mut Engine,
        attempt: &DeliveryAttempt,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let DeliveryAttempt { lane, numbers, told } = attempt;
        engine.change(|tx| tx.record_deliveries(numbers, told, now))?;
        if let Told::Failed(error) = told {
            let receiver = self.alerts.receivers[*lane].name.as_str();
            tracing::warn!(receiver, "a message was not delivered: {error}");
        }
        self.lanes[*lane].busy = false;
        self.send(engine, *lane, now)
    }
}

/// Returns who is told of a message, and when. A test goes to those whom it names, without a route.
fn route(alerts: &Alerts, message: &Message, now: DateTime<Utc>) -> Vec<(String, DateTime<Utc>)> {
    let names = alerts.receivers.iter().map(|receiver| &receiver.name);
    if let Fact::Test { receiver } = &message.fact {
        let asked = |name: &&String| receiver.as_ref().is_none_or(|asked| asked == *name);
        return names.filter(asked).map(|name| (name.clone(), now)).collect();
    }
    let when = |name: &String| deliver_at(&alerts.routes, name, message, now);
    names.filter_map(|name| Some((name.clone(), when(name)?))).collect()
}
