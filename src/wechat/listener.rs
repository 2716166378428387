//! The HTTP listener for the platform's callbacks, built to be stood in front of strangers.
//!
//! `success` is answered only once an event is stored; whatever goes wrong before that makes the
//! platform push again. A connection carries one request, lives a few seconds and reads a few
//! tens of kilobytes, and few are open at once; the rest wait in the kernel. So nobody outside can
//! keep the daemon from sending. What an event means is not decided here, and safe mode and
//! forwarding are absent still.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use http_body::Body as _;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::net::TcpListener;

use self::guard::Doorman;
use self::memory::Memory;
use super::callback::{self, BODY_MAX, Incoming, MassEvent, ParseError};

mod guard;
mod memory;

/// How far the platform's timestamp may be from our clock.
const FRESH: TimeDelta = TimeDelta::minutes(10);

/// What the listener needs of the daemon.
pub trait Inlet: Send + Sync + 'static {
    /// Returns the callback token of an account, or `None` if it has no callback.
    fn token(&self, account: &str) -> Option<SecretString>;

    /// Returns the time, against which timestamps are checked.
    fn now(&self) -> DateTime<Utc>;

    /// Stores an event; `Ok` means that it is on disk.
    ///
    /// Called again for an event that the platform pushes again. The future is dropped when it
    /// takes too long or the connection ends, which may be after the event was stored.
    fn store(&self, account: &str, event: Received) -> impl Future<Output = Result<(), ()>> + Send;

    /// Says whether all is well, and a line about it, which anybody may read.
    fn health(&self) -> (bool, String);
}

/// A signed and fresh push that is about a mass send, or that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The body as it came.
    pub raw: Vec<u8>,
    /// What it says.
    pub parsed: Result<MassEvent, ParseError>,
    /// The signed timestamp, in Unix seconds.
    pub timestamp: String,
    /// The signed nonce.
    pub nonce: String,
    /// The signature.
    pub signature: String,
}

/// What a stranger may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The life of a connection, from its start to the last byte of the answer.
    pub connection: Duration,
    /// How long storing may take. The platform gives up after 5 s in all.
    pub store: Duration,
    /// The connections that are open at once.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connection: Duration::from_secs(5), store: Duration::from_secs(4), connections: 64 }
    }
}

/// Serves callbacks until `stop`, and then until the open connections have ended (at most 5 s).
pub async fn serve<I: Inlet>(
    listener: TcpListener,
    inlet: Arc<I>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    serve_within(Limits::default(), listener, inlet, stop).await;
}

/// Serves like [`serve`], within other limits.
pub async fn serve_within<I: Inlet>(
    limits: Limits,
    listener: TcpListener,
    inlet: Arc<I>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let desk = Arc::new(Desk { inlet, limits, memory: Mutex::default() });
    let app = Router::new()
        .route("/callback/{account}", get(echo::<I>).post(receive::<I>))
        .route("/healthz", get(health::<I>))
        .layer(axum::middleware::map_response(last))
        .with_state(desk);
    let served = axum::serve(Doorman::new(listener, limits), app).with_graceful_shutdown(stop);
    // Accepting is tried again for ever, so there is no error to report.
    served.await.ok();
}

/// What all requests share.
struct Desk<I> {
    inlet: Arc<I>,
    limits: Limits,
    memory: Mutex<Memory>,
}

/// The query of a callback. The one with a field twice is refused.
#[derive(Deserialize)]
struct Signed {
    signature: String,
    timestamp: String,
    nonce: String,
    echostr: Option<String>,
    encrypt_type: Option<String>,
    msg_signature: Option<String>,
}

/// Lets the connection end with its answer, so that its limits are those of one request.
async fn last(mut response: Response) -> Result<Response, Infallible> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}

async fn health<I: Inlet>(State(desk): State<Arc<Desk<I>>>) -> Response {
    let (well, line) = desk.inlet.health();
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, line).into_response()
}

/// Answers the platform's check of the callback's address.
async fn echo<I: Inlet>(
    State(desk): State<Arc<Desk<I>>>,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, StatusCode> {
    let signed = desk.check(&account, &uri)?;
    let echo = signed.echostr.clone().ok_or(StatusCode::FORBIDDEN)?;
    // Remembered like a push, or its signature would be good for anybody's push.
    desk.admit(&account, &signed, format!("GET {echo}").as_bytes())?;
    Ok(([(CONTENT_TYPE, "text/plain")], echo).into_response())
}

/// Takes a push. Nothing of a body is read before its signature is found good.
async fn receive<I: Inlet>(
    State(desk): State<Arc<Desk<I>>>,
    Path(account): Path<String>,
    request: Request,
) -> Result<&'static str, StatusCode> {
    let (parts, body) = request.into_parts();
    let signed = desk.check(&account, &parts.uri)?;
    let raw = read(body).await?;
    desk.admit(&account, &signed, &raw)?;
    let parsed = match callback::parse(&raw) {
        Ok(Incoming::Other) => return Ok("success"),
        Ok(Incoming::MassSendJobFinish(event)) => Ok(event),
        Err(error) => Err(error),
    };
    let Signed { timestamp, nonce, signature, .. } = signed;
    let event = Received { raw, parsed, timestamp, nonce, signature };
    let stored = tokio::time::timeout(desk.limits.store, desk.inlet.store(&account, event)).await;
    match stored {
        Ok(Ok(())) => Ok("success"),
        // The platform pushes again what is not answered with success.
        Ok(Err(())) | Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

impl<I: Inlet> Desk<I> {
    /// Checks that a query is signed by someone who knows the account's token, and fresh.
    ///
    /// All that can be wrong with it is answered alike.
    fn check(&self, account: &str, uri: &Uri) -> Result<Signed, StatusCode> {
        let token = self.inlet.token(account).ok_or(StatusCode::NOT_FOUND)?;
        let Ok(Query(signed)) = Query::<Signed>::try_from_uri(uri) else {
            return Err(StatusCode::FORBIDDEN);
        };
        let encrypted = signed.msg_signature.is_some()
            || signed.encrypt_type.as_deref().is_some_and(|kind| !["", "raw"].contains(&kind));
        let genuine =
            callback::is_signed(&token, &signed.timestamp, &signed.nonce, &signed.signature);
        let fresh =
            sent_at(&signed.timestamp).is_some_and(|sent| (self.inlet.now() - sent).abs() <= FRESH);
        if genuine && fresh && !encrypted { Ok(signed) } else { Err(StatusCode::FORBIDDEN) }
    }

    /// Refuses a body under a timestamp and nonce that were used for another one.
    fn admit(&self, account: &str, signed: &Signed, raw: &[u8]) -> Result<(), StatusCode> {
        let key = [account, &signed.timestamp, &signed.nonce];
        let oldest = self.inlet.now() - FRESH;
        let sent = sent_at(&signed.timestamp).ok_or(StatusCode::FORBIDDEN)?;
        // Nothing in the memory can be left half done by a panic.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.forget(oldest);
        if memory.admits(sent, key, raw) { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
    }
}

fn sent_at(timestamp: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(timestamp.parse().ok()?, 0)
}

/// Reads a whole body of at most [`BODY_MAX`] bytes.
async fn read(mut body: Body) -> Result<Vec<u8>, StatusCode> {
    if body.size_hint().lower() > BODY_MAX as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let mut raw = Vec::new();
    loop {
        match std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            None => return Ok(raw),
            Some(Err(_)) => return Err(StatusCode::BAD_REQUEST),
            Some(Ok(frame)) => raw.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
        }
        if raw.len() > BODY_MAX {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
}

#[cfg(test)]
mod tests;
