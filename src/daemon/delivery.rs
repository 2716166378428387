//! Delivers alerts: each receiver in order, at least once, and never in the way of a release.
//!
//! The loop makes messages of the notices in the outbox, gives the next ones of each receiver to a
//! task, and records what became of them. The tasks talk to the outside with clients and time limits
//! of their own, and share nothing with the requests to the platform. What was under way when the
//! daemon ended is sent again by the next one, under the same id.

mod command;
mod email;
mod http;
mod link;
mod ping;
mod robot;
mod sender;
mod webhook;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, mpsc};

use crate::alert::Told;
use crate::alert::pace::{Rate, next_attempt};
use crate::alert::{Event, Fact, Message, deliver_at, id, severity};
use crate::calendar::{Span, Window};
use crate::config::{Alerts, Receiver};
use crate::daemon::input::{DeliveryAttempt, Input};
use crate::daemon::{LockedOut, Now};
use crate::engine::Engine;
use crate::l10n::{self, Lang};
use crate::model::Account;
use crate::store::{DeliveryOutcome, StoreError, Timing, Tx};

pub(super) use ping::ping;
use sender::Sender;

/// How many receivers are told at once.
const ABREAST: usize = 8;
/// How often the notices are looked for that follow from several rows.
const DERIVE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How many charges a start looks at again: the last daemon may have ended before it did.
const CHARGES_BEFORE: i64 = 200;
/// How long another program keeps the database locked before people are told.
const LOCKED_FOR: TimeDelta = TimeDelta::seconds(5);
/// How long the final alert of a daemon may take whose storage failed.
const FINAL_ALERT: Duration = Duration::from_secs(8);
/// How long a daemon runs before it sends a final alert: one that is started again and again sends none.
const FINAL_ALERT_AFTER: TimeDelta = TimeDelta::minutes(1);
/// How long nothing is told after an error that is a bug.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// How long messages wait at most for a loop that always has a request to send.
const WAIT_MOST: TimeDelta = TimeDelta::seconds(3);

/// The loop's side of the deliveries.
pub(super) struct Deliveries {
    alerts: Arc<Alerts>,
    /// Each account, and whether it has a callback.
    accounts: Vec<(Account, bool)>,
    queues: Vec<Queue>,
    sender: Arc<Sender>,
    permits: Arc<Semaphore>,
    now: Now,
    to: mpsc::Sender<Input>,
    passed_at: DateTime<Utc>,
    /// Until when nothing is told, after an error that is a bug.
    paused_until: Option<DateTime<Utc>>,
    derived_at: Option<DateTime<Utc>>,
    /// The last charge that was looked at.
    charge: Option<i64>,
    began_at: DateTime<Utc>,
    /// What was told of a lock, which the database cannot hold.
    locked: Option<Message>,
}

/// One receiver's messages: one request at a time keeps their order.
#[derive(Default)]
struct Queue {
    busy: bool,
    /// When the last messages were sent.
    sent: Vec<DateTime<Utc>>,
}

impl Deliveries {
    /// Returns the deliveries of a config.
    pub(super) fn new(
        (alerts, lang): (Alerts, Lang),
        engine: &Engine,
        now: &Now,
        to: mpsc::Sender<Input>,
    ) -> Self {
        let at = now();
        Self {
            accounts: accounts(engine),
            queues: alerts.receivers.iter().map(|_| Queue::default()).collect(),
            alerts: Arc::new(alerts),
            sender: Arc::new(Sender::new(lang)),
            permits: Arc::new(Semaphore::new(ABREAST)),
            now: Arc::clone(now),
            to,
            passed_at: at,
            paused_until: None,
            derived_at: None,
            charge: None,
            began_at: at,
            locked: None,
        }
    }

    /// Takes other receivers and accounts. What is under way to a receiver of the same name continues.
    pub(super) fn reload(&mut self, alerts: Alerts, engine: &Engine) {
        let mut former: HashMap<_, _> = self
            .alerts
            .receivers
            .iter()
            .zip(std::mem::take(&mut self.queues))
            .map(|(receiver, queue)| (receiver.name.as_str(), queue))
            .collect();
        let queue = |one: &Receiver| former.remove(one.name.as_str()).unwrap_or_default();
        self.queues = alerts.receivers.iter().map(queue).collect();
        self.alerts = Arc::new(alerts);
        self.accounts = accounts(engine);
        self.derived_at = None;
    }

    /// Makes messages of new notices and sends what is due, unless a request is about to leave.
    pub(super) fn pass(
        &mut self,
        engine: &mut Engine,
        clear: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let is_paused = self.paused_until.is_some_and(|until| now < until);
        if is_paused || !passes(clear, self.passed_at, now) {
            return Ok(());
        }
        self.passed_at = now;
        let lang = self.sender.lang();
        let passed = l10n::within(lang, || self.tell(engine, now)).and_then(|()| {
            (0..self.queues.len()).try_for_each(|queue| self.send(engine, queue, now))
        });
        self.contain(passed, now)
    }

    /// Keeps a bug in the alerts from ending the daemon, and so the releases.
    fn contain(
        &mut self,
        outcome: Result<(), StoreError>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match outcome {
            Err(error) if error.is_ours() => {
                tracing::error!("alerts cannot be told, and are tried again in a minute: {error}");
                self.paused_until = Some(now + PAUSE);
                Ok(())
            }
            other => other,
        }
    }

    fn tell(&mut self, engine: &mut Engine, now: DateTime<Utc>) -> Result<(), StoreError> {
        let timing = self.timing(now);
        let derives = self.derived_at.is_none_or(|at| (now - at).abs() >= DERIVE_EVERY);
        let read = engine.store().read();
        let is_charged = self.charge.is_some() && self.charge != Some(read.last_charge()?);
        let is_told = read.has_untold_notices(now)? || read.has_timed_notices(&timing, now)?;
        drop(read);
        if !derives && !is_charged && !is_told {
            return Ok(());
        }
        let routing = |message: &Message| route(&self.alerts, message, now);
        let charge = engine.change(|tx| {
            tx.raise_timed_notices(&timing, now)?;
            if derives {
                self.derive(tx, now)?;
            }
            let charge = if derives || is_charged { self.see_charges(tx, now)? } else { None };
            if self.alerts.receivers.is_empty() {
                tx.pass_over_notices(now)?;
            } else {
                tx.tell_notices(&routing, now)?;
            }
            Ok(charge)
        })?;
        self.charge = charge.or(self.charge);
        if derives {
            self.derived_at = Some(now);
        }
        Ok(())
    }

    /// Raises and ends what follows from several rows.
    fn derive(&self, tx: &Tx<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let known: Vec<_> = self.alerts.receivers.iter().map(|one| one.name.as_str()).collect();
        let with_callback = self.accounts.iter().filter(|(_, has_callback)| *has_callback);
        let with_callback: Vec<_> = with_callback.map(|(one, _)| one.name.as_str()).collect();
        tx.derive_notices(now)?;
        tx.watch_callbacks(&with_callback, now)?;
        tx.drop_deliveries_except(&known, now)
    }

    /// Raises what new charges nearly used up; returns the last charge that was looked at.
    fn see_charges(&self, tx: &Tx<'_>, now: DateTime<Utc>) -> Result<Option<i64>, StoreError> {
        let accounts: Vec<_> = self.accounts.iter().map(|(account, _)| account).collect();
        let after = match self.charge {
            Some(charge) => charge,
            None => tx.last_charge()? - CHARGES_BEFORE,
        };
        tx.raise_low_quotas(&accounts, after, now).map(Some)
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
    fn send(
        &mut self,
        engine: &mut Engine,
        queue: usize,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.queues[queue].busy || !self.has_room(queue, now) {
            return Ok(());
        }
        let alerts = Arc::clone(&self.alerts);
        let receiver = &alerts.receivers[queue];
        let most = sender::at_once(&receiver.channel);
        let due = engine.store().read().due_deliveries(&receiver.name, most, now)?;
        if due.is_empty() {
            return Ok(());
        }
        let mut messages: Vec<_> = due.iter().map(|one| one.message.clone()).collect();
        if let Some(approver) = &receiver.approver {
            let accounts = self.accounts.iter().map(|(account, _)| account);
            link::add(engine, (approver, accounts), &mut messages, now)?;
        }
        self.queues[queue].busy = true;
        self.queues[queue].sent.push(now);
        let (alerts, sender) = (Arc::clone(&self.alerts), Arc::clone(&self.sender));
        let (permits, to, clock) = (Arc::clone(&self.permits), self.to.clone(), self.now.clone());
        tokio::spawn(async move {
            // It is never closed.
            let _permit = permits.acquire().await;
            let Receiver { name, channel, .. } = &alerts.receivers[queue];
            let (count, outcome) = sender.send(channel, &messages, clock()).await;
            let outcome = link::withheld(outcome, &messages);
            let numbers = due.iter().take(count).map(|one| one.number).collect();
            let attempt = DeliveryAttempt { receiver: name.clone(), numbers, outcome };
            // If the loop has ended, the next daemon sends them again.
            to.send(Input::Delivery(attempt)).await.unwrap_or_default();
        });
        Ok(())
    }

    fn has_room(&mut self, queue: usize, now: DateTime<Utc>) -> bool {
        let Some(rate) = sender::rate(&self.alerts.receivers[queue].channel) else {
            self.queues[queue].sent.clear();
            return true;
        };
        let Rate { within, .. } = rate;
        let sent = &mut self.queues[queue].sent;
        sent.retain(|at| *at <= now && now - *at < within);
        rate.next(sent, now) <= now
    }

    /// Tells people that another program keeps the database locked, and later that it is free: the
    /// database can hold neither.
    pub(super) fn locked_out(&mut self, locked_out: Option<&LockedOut>, now: DateTime<Utc>) {
        match (locked_out, &self.locked) {
            (Some(by), None) if now - by.since >= LOCKED_FOR => {
                let message = trouble(("database_locked", by.since), by.told());
                self.send_unstored(&message);
                self.locked = Some(message);
            }
            (None, Some(_)) => {
                let Some(told) = self.locked.take() else { return };
                let over = id(&[&told.id, Event::Over.as_str()]);
                let fact = Fact::Over { state: None };
                self.send_unstored(&Message {
                    id: over,
                    event: Event::Over,
                    at: now,
                    fact,
                    advice: None,
                    ..told
                });
            }
            (Some(_), _) | (None, None) => {}
        }
    }

    /// Sends a message that is not stored, until each receiver has it or it is given up.
    fn send_unstored(&self, message: &Message) {
        let now = (self.now)();
        for (name, _) in route(&self.alerts, message, now) {
            let (alerts, sender) = (Arc::clone(&self.alerts), Arc::clone(&self.sender));
            let (clock, message) = (Arc::clone(&self.now), [message.clone()]);
            tokio::spawn(async move {
                let Some(receiver) = alerts.receivers.iter().find(|one| one.name == name) else {
                    return;
                };
                for attempt in 1.. {
                    let (_, outcome) = sender.send(&receiver.channel, &message, clock()).await;
                    let next = next_attempt(attempt, now, clock());
                    let Some(next) = next.filter(|_| outcome != DeliveryOutcome::Delivered) else {
                        return;
                    };
                    tokio::time::sleep((next - clock()).to_std().unwrap_or_default()).await;
                }
            });
        }
    }

    /// Tells people, once, that the daemon ends because its storage failed.
    pub(super) async fn send_final_alert(&self, error: String) {
        let now = (self.now)();
        if now - self.began_at < FINAL_ALERT_AFTER {
            return;
        }
        let message = trouble(("storage", now), Told::StorageFailed { error });
        let mut sending = tokio::task::JoinSet::new();
        for (name, _) in route(&self.alerts, &message, now) {
            let (alerts, sender) = (Arc::clone(&self.alerts), Arc::clone(&self.sender));
            let message = [message.clone()];
            sending.spawn(async move {
                if let Some(receiver) = alerts.receivers.iter().find(|one| one.name == name) {
                    sender.send(&receiver.channel, &message, now).await;
                }
            });
        }
        let all = async { while sending.join_next().await.is_some() {} };
        // Whoever is not reached by then has a dead-man URL, or the log.
        tokio::time::timeout(FINAL_ALERT, all).await.unwrap_or_default();
    }

    /// Records what became of an attempt, and sends the next messages of that receiver.
    pub(super) fn record(
        &mut self,
        engine: &mut Engine,
        attempt: &DeliveryAttempt,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let DeliveryAttempt { receiver, numbers, outcome } = attempt;
        if let DeliveryOutcome::Failed(error) = outcome {
            tracing::warn!(receiver, "a message was not delivered: {error}");
        }
        // A reload may have removed it.
        let queue = self.alerts.receivers.iter().position(|one| one.name == *receiver);
        if let Some(queue) = queue {
            self.queues[queue].busy = false;
        }
        let recorded = engine
            .change(|tx| tx.record_deliveries(numbers, outcome, now))
            .and_then(|()| queue.map_or(Ok(()), |queue| self.send(engine, queue, now)));
        self.contain(recorded, now)
    }
}

/// Returns whether a look of the loop tells people: at once, unless requests leave all the time.
fn passes(clear: bool, passed_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    clear || (now - passed_at).abs() >= WAIT_MOST
}

/// Returns each account of the config, and whether it has a callback.
fn accounts(engine: &Engine) -> Vec<(Account, bool)> {
    engine.accounts().map(|one| (one.account.clone(), one.callback.is_some())).collect()
}

/// Returns a message about trouble that the database cannot hold.
fn trouble((kind, at): (&str, DateTime<Utc>), told: Told) -> Message {
    Message {
        id: id(&[kind, &at.to_rfc3339()]),
        event: Event::Raised,
        kind: kind.to_owned(),
        severity: severity(kind, None),
        account: None,
        job: None,
        title: None,
        at,
        until: None,
        fact: Fact::Told { told },
        advice: None,
        link: None,
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

#[cfg(test)]
mod tests;
