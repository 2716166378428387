//! Callbacks on their way into the loop: an event is answered once it is on disk.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use crate::daemon::{Input, Now, RunError};
use crate::engine::Engine;
use crate::wechat::listener::{self, Inlet, Received};

/// The listener's way to the loop.
pub(super) struct Desk {
    accounts: HashMap<String, (usize, SecretString)>,
    to: mpsc::Sender<Input>,
    now: Now,
}

impl Desk {
    pub(super) fn new(engine: &Engine, to: mpsc::Sender<Input>, now: Now) -> Self {
        let with_callback = engine.accounts().enumerate().filter_map(|(lane, config)| {
            let token = config.callback.as_ref()?.token.clone();
            Some((config.account.name.clone(), (lane, token)))
        });
        Self { accounts: with_callback.collect(), to, now }
    }
}

impl Inlet for Desk {
    fn token(&self, account: &str) -> Option<SecretString> {
        self.accounts.get(account).map(|(_, token)| token.clone())
    }

    fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    async fn store(&self, account: &str, event: Received) -> Result<(), ()> {
        let Some((lane, _)) = self.accounts.get(account) else {
            return Err(());
        };
        let (stored, on_disk) = oneshot::channel();
        let input = match event.parsed {
            Ok(parsed) => Input::Event(*lane, event.raw, parsed, stored),
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
