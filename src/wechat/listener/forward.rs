//! Forwards other pushes to the handler that the account's callback had before.
//!
//! The handler receives what the platform sent: body, query and content type, byte for byte. Its
//! response is returned unchanged, because some responses are replies to a follower. If a handler
//! fails, the platform sees the same failure as without the daemon, so that its retries reach the
//! handler. The number of pushes that wait for handlers at once is limited, in total and for each
//! account: the other connections are for our own events. Nothing is sent twice, no redirect is
//! followed, and an unsigned push never gets here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode, Uri};
use tokio::sync::Semaphore;
use url::Url;

use super::Limits;
use crate::wechat::client;

/// The longest response that is returned; the longest reply that the platform takes is far shorter.
const ANSWER_MAX: usize = 64 * 1024;

/// Why a handler's response is not returned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardError {
    /// Too many pushes wait for it already.
    #[error("too many pushes wait for it")]
    Busy,
    /// It did not respond in time.
    #[error("no answer in time")]
    TimedOut,
    /// It cannot be reached, or closed the connection early.
    #[error("{0}")]
    Broken(String),
    /// Longer than any reply that the platform takes.
    #[error("an answer of more than 64 KiB")]
    TooLong,
}

impl ForwardError {
    /// Returns the status of the response to the platform, which pushes again after each of them.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Broken(_) | Self::TooLong => StatusCode::BAD_GATEWAY,
        }
    }
}

/// A push as received.
pub(super) struct Push<'a> {
    pub(super) account: &'a str,
    pub(super) uri: &'a Uri,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

/// The handler's response.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

/// The connection to the handlers.
pub(super) struct Forwarder {
    limits: Limits,
    tls: OnceLock<reqwest::Client>,
    plain: OnceLock<reqwest::Client>,
    room: Semaphore,
    rooms: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Forwarder {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            tls: OnceLock::new(),
            plain: OnceLock::new(),
            room: Semaphore::new(limits.relays),
            rooms: Mutex::default(),
        }
    }

    /// Forwards a push, once, and returns the response.
    pub(super) async fn pass(&self, to: &Url, push: Push<'_>) -> Result<Reply, ForwardError> {
        let own = self.room_of(push.account);
        let seats = (own.try_acquire(), self.room.try_acquire());
        let (Ok(_own), Ok(_common)) = seats else {
            return Err(ForwardError::Busy);
        };
        let asked = tokio::time::timeout(self.limits.forwarder, self.ask(to, push)).await;
        asked.unwrap_or(Err(ForwardError::TimedOut))
    }

    fn room_of(&self, account: &str) -> Arc<Semaphore> {
        // A panic cannot leave a semaphore half created.
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms
            .entry(account.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(self.limits.relays_of_one)));
        Arc::clone(room)
    }

    async fn ask(&self, to: &Url, push: Push<'_>) -> Result<Reply, ForwardError> {
        let broken = |error| ForwardError::Broken(client::failure(error).to_string());
        let client = self.client(to.scheme() == "https").map_err(broken)?;
        let mut request = client.post(with_query(to, push.uri)).body(push.body);
        if let Some(content_type) = push.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let mut response = request.send().await.map_err(broken)?;
        let (status, content_type) =
            (response.status(), response.headers().get(CONTENT_TYPE).cloned());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(ForwardError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, content_type, body })
    }

    fn client(&self, tls: bool) -> Result<&reqwest::Client, reqwest::Error> {
        let cell = if tls { &self.tls } else { &self.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        // Each push has a connection of its own: one that the handler has just closed would lose a
        // push.
        let client = client::builder(tls).pool_max_idle_per_host(0).build()?;
        Ok(cell.get_or_init(|| client))
    }
}

/// Returns the handler's URL with its own query, if any, followed by the push's query as received.
fn with_query(to: &Url, uri: &Uri) -> Url {
    let mut url = to.clone();
    let query = match (to.query(), uri.query()) {
        (Some(own), Some(pushed)) => Some(format!("{own}&{pushed}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    };
    url.set_query(query.as_deref());
    url.set_fragment(None);
    url
}
