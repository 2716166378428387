//! Delivers events to the callbacks, as the platform does in plain mode.
//!
//! A push waits 5 s for its answer and is tried three times in all; after that the event is gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha1::{Digest, Sha1};

use super::job::Event;
use super::server::Clock;
use super::{hex, mix};

const TRIES: u64 = 3;
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
struct Target {
    url: String,
    token: String,
}

/// Where events go, and the token that signs them.
#[derive(Clone, Debug, Default)]
pub struct Callback {
    everyone: Option<Target>,
    accounts: BTreeMap<String, Target>,
}

impl Callback {
    /// Sends the events of every account to this URL.
    pub fn to(url: &str, token: &str) -> Self {
        let target = Target { url: url.to_owned(), token: token.to_owned() };
        Self { everyone: Some(target), accounts: BTreeMap::new() }
    }

    /// Sends the events of this account to a URL of its own.
    #[must_use]
    pub fn for_appid(mut self, appid: &str, url: &str, token: &str) -> Self {
        let target = Target { url: url.to_owned(), token: token.to_owned() };
        self.accounts.insert(appid.to_owned(), target);
        self
    }

    fn target(&self, appid: &str) -> Option<&Target> {
        self.accounts.get(appid).or(self.everyone.as_ref())
    }
}

/// Pushes events over HTTP.
pub(super) struct Pusher {
    callback: Callback,
    client: reqwest::Client,
    clock: Clock,
    /// Between two tries; the platform's is as long as its patience.
    pub(super) pause: Duration,
}

impl Pusher {
    pub(super) fn new(callback: Callback, clock: Clock) -> Result<Self, reqwest::Error> {
        // Fails only where a provider is installed already, which is just as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { callback, client, clock, pause: PATIENCE })
    }

    /// Pushes one event until it is taken or the platform gives up.
    pub(super) async fn deliver(self: Arc<Self>, event: Event) {
        let Some(target) = self.callback.target(&event.appid) else { return };
        for number in 0..TRIES {
            if number > 0 {
                tokio::time::sleep(self.pause).await;
            }
            if self.push(target, &event, number).await {
                return;
            }
        }
        tracing::debug!(msg.id = event.msg_id, url = target.url, "nobody took an event");
    }

    async fn push(&self, target: &Target, event: &Event, number: u64) -> bool {
        let timestamp = (self.clock)().timestamp().to_string();
        let nonce = (mix(event.msg_id.unsigned_abs(), number) % 1_000_000_000).to_string();
        let signature = sign(&target.token, &timestamp, &nonce);
        let query = [("signature", &signature), ("timestamp", &timestamp), ("nonce", &nonce)];
        let request = self.client.post(&target.url).query(&query);
        let answer =
            request.header("content-type", "text/xml").body(event.body.clone()).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

/// The signature of a push in plain mode, which does not cover the body.
pub(super) fn sign(token: &str, timestamp: &str, nonce: &str) -> String {
    let mut parts = [token, timestamp, nonce];
    parts.sort_unstable();
    hex(&Sha1::digest(parts.concat()))
}
