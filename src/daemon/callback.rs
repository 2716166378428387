//! Callbacks on their way into the loop: an event is answered once it is on disk.
//!
//! What is wrong with pushes, or with the handler behind us, is counted here and put before a
//! person's eyes once it means something: what only the platform can have caused at once, what any
//! stranger can cause after some repetitions, and each of it once until it is well again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use crate::daemon::{Input, Now, RunError};
use crate::engine::Engine;
use crate::wechat::listener::{self, Gate, Inlet, Note, Received, Refusal, RelayError};

/// How many pushes that any stranger could have made are refused before a person is told.
const STRANGERS: u32 = 10;
/// How many pushes in a row a handler fails to answer before a person is told.
const FAILURES: u32 = 5;

/// What is wrong with an account's callback, or that a kind of trouble is over.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) kind: &'static str,
    /// What happened, and what one can do.
    pub(super) told: Option<(String, &'static str)>,
}

/// The listener's way to the loop.
pub(super) struct Desk {
    accounts: HashMap<String, Account>,
    to: mpsc::Sender<Input>,
    now: Now,
}

struct Account {
    lane: usize,
    gate: Arc<Gate>,
    seen: Mutex<Seen>,
}

/// What was seen since it was well.
#[derive(Default)]
struct Seen {
    refused: u32,
    /// The refusal that a person was told of.
    told: Option<Refusal>,
    forwarded: u64,
    failures: u32,
    told_of_handler: bool,
}

impl Desk {
    pub(super) fn new(engine: &Engine, to: mpsc::Sender<Input>, now: Now) -> Self {
        let with_callback = engine.accounts().enumerate().filter_map(|(lane, config)| {
            let callback = config.callback.as_ref()?;
            let gate = Arc::new(Gate {
                appid: config.account.appid.clone(),
                token: callback.token.clone(),
                keys: callback.keys.clone(),
                forward_to: callback.forward_to.clone(),
            });
            let account = Account { lane, gate, seen: Mutex::default() };
            Some((config.account.name.clone(), account))
        });
        Self { accounts: with_callback.collect(), to, now }
    }

    /// Tells the loop, and says whether it will hear.
    fn tell(&self, lane: usize, trouble: Trouble) -> bool {
        // A full loop has other troubles; the next push tells again.
        self.to.try_send(Input::Trouble(lane, trouble)).is_ok()
    }

    fn taken(&self, account: &Account, seen: &mut Seen) {
        seen.refused = 0;
        let over = Trouble { kind: "callback", told: None };
        if seen.told.is_some() && self.tell(account.lane, over) {
            seen.told = None;
        }
    }

    fn refused(&self, (name, account): (&str, &Account), seen: &mut Seen, refusal: Refusal) {
        seen.refused = seen.refused.saturating_add(1);
        if seen.refused.is_power_of_two() {
            let refused = seen.refused;
            tracing::warn!(account = name, refused, "a push was refused: {refusal}");
        }
        let worth_telling = if refusal.is_strangers() {
            seen.refused >= STRANGERS && seen.told.is_none()
        } else {
            seen.told != Some(refusal)
        };
        let what = format!("pushes to the callback of {name} are refused: {refusal}");
        let trouble = Trouble { kind: "callback", told: Some((what, refusal.advice())) };
        if worth_telling && self.tell(account.lane, trouble) {
            seen.told = Some(refusal);
        }
    }

    fn forwarded(
        &self,
        (name, account): (&str, &Account),
        seen: &mut Seen,
        answered: Result<StatusCode, RelayError>,
    ) {
        seen.forwarded += 1;
        let failure = match answered {
            Ok(status) if status.is_success() => {
                seen.failures = 0;
                let over = Trouble { kind: "forward", told: None };
                if seen.told_of_handler && self.tell(account.lane, over) {
                    seen.told_of_handler = false;
                    tracing::info!(account = name, "the handler behind the callback answers again");
                }
                return;
            }
            Ok(status) => format!("it answered HTTP {}", status.as_u16()),
            Err(error) => error.to_string(),
        };
        seen.failures = seen.failures.saturating_add(1);
        let (forwarded, failures) = (seen.forwarded, seen.failures);
        if failures.is_power_of_two() {
            tracing::warn!(
                account = name,
                forwarded,
                failures_in_a_row = failures,
                "the handler behind the callback failed: {failure}"
            );
        }
        if failures < FAILURES || seen.told_of_handler {
            return;
        }
        let host = account.gate.forward_to.as_ref().and_then(|url| url.host_str());
        let what = format!(
            "the handler of {name} at {} failed {failures} times in a row; at last: {failure}",
            host.unwrap_or("forward_to")
        );
        let advice = "look after the handler: followers see an error meanwhile, and the platform \
                      gives a message up after three tries; qunfa's own events and releases are not \
                      affected";
        let trouble = Trouble { kind: "forward", told: Some((what, advice)) };
        seen.told_of_handler = self.tell(account.lane, trouble);
    }
}

impl Inlet for Desk {
    fn gate(&self, account: &str) -> Option<Arc<Gate>> {
        self.accounts.get(account).map(|account| Arc::clone(&account.gate))
    }

    fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    fn note(&self, name: &str, note: Note) {
        let Some(account) = self.accounts.get(name) else {
            return;
        };
        // Counts are as good after a panic as before.
        let mut seen = account.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match note {
            Note::Taken => self.taken(account, &mut seen),
            Note::Refused(refusal) => self.refused((name, account), &mut seen, refusal),
            Note::Forwarded(answered) => self.forwarded((name, account), &mut seen, answered),
        }
    }

    async fn store(&self, account: &str, event: Received) -> Result<(), ()> {
        let Some(Account { lane, .. }) = self.accounts.get(account) else {
            return Err(());
        };
        let (stored, on_disk) = oneshot::channel();
        let input = match event.parsed {
            Ok(parsed) => Input::Event(*lane, (event.raw, parsed, event.credence), stored),
            // The platform would only push the same bytes again: they are kept for a person.
            Err(error) => Input::Unread(*lane, event.raw, error.to_string(), stored),
        };
        self.to.send(input).await.map_err(drop)?;
        on_disk.await.map_err(drop)
    }

    fn health(&self) -> (bool, String) {
        // The loop takes every message, so a full channel is a loop that stands still.
        let well = self.to.capacity() > 0;
        (well, if well { "ok" } else { "the daemon's loop stands still" }.to_owned())
    }
}

pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|error| {
        RunError::Setup(format!(
            "cannot listen on {address} ({error}): another program uses it, or choose another `listen`"
        ))
    })
}

pub(super) async fn serve(listener: TcpListener, desk: Desk, mut ended: watch::Receiver<bool>) {
    let stop = async move {
        // An error means that the daemon is gone, which ends the listener as well.
        ended.wait_for(|ended| *ended).await.map(drop).unwrap_or_default();
    };
    listener::serve(listener, Arc::new(desk), stop).await;
}
