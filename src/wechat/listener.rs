//! The HTTP listener for the platform's callbacks, hardened against strangers.
//!
//! The response is `success` only once an event is stored; any earlier fault makes the platform
//! push again. A connection carries one request, is open for a few seconds and reads a few tens of
//! kilobytes. Of the connections that have proven nothing, some are closed to make room for new
//! ones. So no stranger can keep the daemon from sending, nor an event from being received. What an
//! event means is decided elsewhere. Other pushes are forwarded to the handler that the account had
//! before, if the config names one.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
pub use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use http_body::Body as _;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit};

use self::auth::{FRESH, Signed};
use self::exposition::Exposition;
use self::forward::{Forwarder, Push};
use self::limits::{ConnectionHandle, ConnectionLimiter};
use self::replay::ReplayCache;
use super::callback::{self, BODY_MAX, ComponentEvent, Incoming, MassEvent, ParseError, ScanEvent};
use crate::model::Credence;

mod auth;
mod component;
mod exposition;
mod forward;
pub(crate) mod limits;
mod replay;

pub use auth::{Authenticator, Refusal};
pub use forward::ForwardError;

/// What the listener needs from the daemon.
pub trait EventSink: Send + Sync + 'static {
    /// Returns the credentials that check an account's pushes, or `None` if it has no callback.
    fn authenticator(&self, account: &str) -> Option<Arc<Authenticator>>;

    /// Returns the time, against which timestamps are checked.
    fn now(&self) -> DateTime<Utc>;

    /// Stores an event; `Ok` means that it is on disk.
    ///
    /// Called again for an event that the platform pushes again. The future is dropped when it
    /// takes too long or the connection ends, which may be after the event was stored.
    fn store(&self, account: &str, event: Received) -> impl Future<Output = Result<(), ()>> + Send;

    /// Returns the credentials that check the pushes to a component, or `None` if there is none.
    fn component(&self, name: &str) -> Option<Arc<Authenticator>>;

    /// Returns the name of the account with an appid that a component acts for.
    fn authorizer(&self, component: &str, appid: &str) -> Option<String>;

    /// Stores a push to a component; `Ok` means that it is on disk.
    fn store_component(
        &self,
        component: &str,
        event: ComponentEvent,
    ) -> impl Future<Output = Result<(), ()>> + Send;

    /// Returns the page from which an administrator goes to the platform to authorise a component; `None`
    /// if there is no such link, or no longer.
    fn authorize_page(
        &self,
        component: &str,
        key: String,
    ) -> impl Future<Output = Option<String>> + Send;

    /// Takes the authorization code with which an administrator comes back, and returns the page that is
    /// shown; `None` if there is no such link, or no longer.
    fn land(
        &self,
        component: &str,
        key: String,
        code: SecretString,
    ) -> impl Future<Output = Option<String>> + Send;

    /// Receives the outcome of a push, for the operator. It must not wait.
    fn note(&self, account: &str, note: Note);

    /// Returns whether all is well, and a line about it, which anybody may read.
    fn health(&self) -> (bool, String);

    /// Returns whether the daemon can do its work now, and a line about it, which anybody may read.
    fn readiness(&self) -> (bool, String);

    /// Returns the numbers that a monitoring system reads, as `OpenMetrics` text; `None` if they
    /// cannot be read now.
    fn metrics(&self) -> impl Future<Output = Option<String>> + Send;
}

/// The outcome of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The platform wrote it.
    Taken,
    /// It was refused.
    Refused(Refusal),
    /// A user scanned a code; the handler behind the daemon gets it, too.
    Scanned(ScanEvent),
    /// It was not an event of ours, and the handler behind the daemon returned this status, or
    /// failed.
    Forwarded(Result<StatusCode, ForwardError>),
}

/// A genuine push that concerns a mass send, or that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The body as received; of an encrypted push, the decrypted text.
    pub raw: Vec<u8>,
    /// How far its content can be trusted.
    pub credence: Credence,
    /// Its content.
    pub parsed: Result<MassEvent, ParseError>,
}

/// The resources that a stranger may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The lifetime of a connection, from its start to the last byte of the response.
    pub connection: Duration,
    /// How long storing may take. The platform gives up after 5 s in all.
    pub store: Duration,
    /// The connections that are open at once.
    pub connections: usize,
    /// The bytes that a connection may send.
    pub bytes: usize,
    /// How long a connection keeps its place against later ones.
    pub young: Duration,
    /// The bytes of all connections together that have proven nothing yet.
    pub unproven_bytes: usize,
    /// The pushes, proven to be the platform's, that are processed at once.
    pub pushes: usize,
    /// How long the handler behind the daemon may take for a forwarded push.
    pub forwarder: Duration,
    /// The pushes that wait for handlers at once; fewer than `pushes`, to leave room for our own
    /// events.
    pub relays: usize,
    /// The pushes of one account that do so.
    pub relays_of_one: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connection: Duration::from_secs(5),
            store: Duration::from_secs(4),
            connections: 512,
            bytes: limits::BYTES_MAX,
            young: Duration::from_millis(250),
            unproven_bytes: 4 * 1024 * 1024,
            pushes: 64,
            forwarder: Duration::from_millis(4_500),
            relays: 48,
            relays_of_one: 32,
        }
    }
}

/// The headers that a proxy adds to a request.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves callbacks until `stop`, and then until the open connections have ended (at most 5 s).
pub async fn serve<I: EventSink>(
    listener: TcpListener,
    sink: Arc<I>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    serve_within(Limits::default(), listener, sink, stop).await;
}

/// Serves like [`serve`], within other limits.
pub async fn serve_within<I: EventSink>(
    limits: Limits,
    listener: TcpListener,
    sink: Arc<I>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let forwarder = Forwarder::new(limits);
    let pushes = Semaphore::new(limits.pushes);
    let handler = Arc::new(CallbackHandler {
        sink,
        limits,
        forwarder,
        pushes,
        replay_cache: Mutex::default(),
    });
    let app = Router::new()
        .route("/callback/{account}", get(echo::<I>).post(receive::<I>))
        .route("/component/{component}/events", post(component::events::<I>))
        .route(
            "/component/{component}/callback/{appid}",
            get(component::echo::<I>).post(component::receive::<I>),
        )
        .route("/component/{component}/authorize/{key}", get(component::authorize::<I>))
        .route("/component/{component}/authorized/{key}", get(component::authorized::<I>))
        .route("/healthz", get(health::<I>))
        .route("/readyz", get(readiness::<I>))
        .route("/metrics", get(metrics::<I>))
        .layer(axum::middleware::map_response(last))
        .with_state(handler);
    let app = app.into_make_service_with_connect_info::<ConnectionHandle>();
    let served =
        axum::serve(ConnectionLimiter::new(listener, limits), app).with_graceful_shutdown(stop);
    // Accepting is retried without end, so there is no error to report.
    served.await.ok();
}

/// What all requests share.
struct CallbackHandler<I> {
    sink: Arc<I>,
    limits: Limits,
    forwarder: Forwarder,
    pushes: Semaphore,
    replay_cache: Mutex<ReplayCache>,
}

/// Closes the connection after its response, so that its limits are those of one request.
async fn last(mut response: Response) -> Result<Response, Infallible> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}

async fn health<I: EventSink>(State(handler): State<Arc<CallbackHandler<I>>>) -> Response {
    condition(handler.sink.health())
}

async fn readiness<I: EventSink>(State(handler): State<Arc<CallbackHandler<I>>>) -> Response {
    condition(handler.sink.readiness())
}

fn condition((well, line): (bool, String)) -> Response {
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, line).into_response()
}

/// Responds with the numbers, but refuses a client from outside, which comes through a proxy.
async fn metrics<I: EventSink>(
    State(handler): State<Arc<CallbackHandler<I>>>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    if FORWARDED.iter().any(|name| headers.contains_key(*name)) {
        return Err(StatusCode::FORBIDDEN);
    }
    let page = handler.sink.metrics().await.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    let (content_type, page) = match exposition::wanted(&headers) {
        Exposition::OpenMetrics => (OPENMETRICS, page),
        Exposition::Prometheus => (PROMETHEUS, exposition::prometheus(&page)),
    };
    Ok(([(CONTENT_TYPE, content_type)], page).into_response())
}

/// Responds to the platform's check of the callback's address, which is never encrypted.
async fn echo<I: EventSink>(
    State(handler): State<Arc<CallbackHandler<I>>>,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, StatusCode> {
    answer_check(&handler, &account, &uri)
}

fn answer_check<I: EventSink>(
    handler: &CallbackHandler<I>,
    account: &str,
    uri: &Uri,
) -> Result<Response, StatusCode> {
    let authenticator = handler.sink.authenticator(account).ok_or(StatusCode::NOT_FOUND)?;
    let signed = handler.judge(account, query(uri))?;
    handler.judge(account, authenticator.check(&signed, handler.sink.now()))?;
    let echo = signed.echostr.clone().ok_or(StatusCode::FORBIDDEN)?;
    // Recorded like a push, or its signature would be valid for anybody's push.
    handler.judge(account, handler.admit(account, &signed, format!("GET {echo}").as_bytes()))?;
    Ok(([(CONTENT_TYPE, "text/plain")], echo).into_response())
}

/// Accepts a push. No part of a body counts before its signature is verified.
async fn receive<I: EventSink>(
    State(handler): State<Arc<CallbackHandler<I>>>,
    Path(account): Path<String>,
    ConnectInfo(connection_handle): ConnectInfo<ConnectionHandle>,
    request: Request,
) -> Result<Response, StatusCode> {
    take(&handler, account, connection_handle, request).await
}

async fn take<I: EventSink>(
    handler: &CallbackHandler<I>,
    account: String,
    connection_handle: ConnectionHandle,
    request: Request,
) -> Result<Response, StatusCode> {
    let authenticator = handler.sink.authenticator(&account).ok_or(StatusCode::NOT_FOUND)?;
    let (parts, mut body) = request.into_parts();
    let signed = handler.judge(&account, query(&parts.uri))?;
    if authenticator.is_plain() {
        handler.judge(&account, authenticator.check(&signed, handler.sink.now()))?;
    }
    let raw = read(&mut body, BODY_MAX).await?;
    let opened = authenticator.open(&signed, raw.clone(), handler.sink.now());
    let message = handler.judge(&account, opened)?;
    handler.judge(&account, handler.admit(&account, &signed, &message.text))?;
    handler.sink.note(&account, Note::Taken);
    let _turn = handler.turn(&connection_handle).await?;

    let parsed = match callback::parse(&message.text) {
        Ok(incoming @ (Incoming::Other | Incoming::Scan(_))) => {
            if let Incoming::Scan(scan) = incoming {
                handler.sink.note(&account, Note::Scanned(scan));
            }
            return Ok(handler.pass_on(&account, &authenticator, &parts, raw).await);
        }
        Ok(Incoming::MassSendJobFinish(event)) => Ok(event),
        Err(error) => Err(error),
    };
    let ours = parsed.is_ok();
    let event = Received { raw: message.text, credence: message.credence, parsed };
    let stored =
        tokio::time::timeout(handler.limits.store, handler.sink.store(&account, event)).await;
    match stored {
        Ok(Ok(())) if ours => Ok(success()),
        // The handler may understand a push that we cannot read.
        Ok(Ok(())) => Ok(handler.pass_on(&account, &authenticator, &parts, raw).await),
        // The platform pushes again unless the response is success.
        Ok(Err(())) | Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn success() -> Response {
    "success".into_response()
}

fn query(uri: &Uri) -> Result<Signed, Refusal> {
    Query::try_from_uri(uri).map(|Query(signed)| signed).map_err(|_| Refusal::Noise)
}

impl<I: EventSink> CallbackHandler<I> {
    /// Gives every refusal the same response, and reports to the operator which it was.
    fn judge<T>(&self, account: &str, checked: Result<T, Refusal>) -> Result<T, StatusCode> {
        checked.map_err(|refusal| {
            self.sink.note(account, Note::Refused(refusal));
            StatusCode::FORBIDDEN
        })
    }

    /// Refuses a message whose timestamp and nonce were used for another one.
    fn admit(&self, account: &str, signed: &Signed, text: &[u8]) -> Result<(), Refusal> {
        let key = [account, &signed.timestamp, &signed.nonce];
        let oldest = self.sink.now() - FRESH;
        let sent = signed.sent_at().ok_or(Refusal::Stale)?;
        // A panic can leave nothing in the cache half done.
        let mut replay_cache = self.replay_cache.lock().unwrap_or_else(PoisonError::into_inner);
        replay_cache.forget(oldest);
        if replay_cache.admits(sent, key, text) { Ok(()) } else { Err(Refusal::Used) }
    }

    /// Waits until a push that is proven to be the platform's may be processed.
    async fn turn(
        &self,
        connection_handle: &ConnectionHandle,
    ) -> Result<SemaphorePermit<'_>, StatusCode> {
        if !connection_handle.prove() {
            // Its connection was closed for another: nobody receives the response.
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        self.pushes.acquire().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    /// Lets the handler behind the daemon respond to pushes that are not our events.
    async fn pass_on(
        &self,
        account: &str,
        authenticator: &Authenticator,
        parts: &Parts,
        raw: Vec<u8>,
    ) -> Response {
        let Some(to) = &authenticator.forward_to else {
            return success();
        };
        let content_type = parts.headers.get(CONTENT_TYPE).cloned();
        let push = Push { account, uri: &parts.uri, content_type, body: raw };
        match self.forwarder.pass(to, push).await {
            Ok(reply) => {
                self.sink.note(account, Note::Forwarded(Ok(reply.status)));
                let mut answer = (reply.status, reply.body).into_response();
                answer.headers_mut().remove(CONTENT_TYPE);
                answer.headers_mut().extend(reply.content_type.map(|kind| (CONTENT_TYPE, kind)));
                answer
            }
            Err(error) => {
                let status = error.status();
                self.sink.note(account, Note::Forwarded(Err(error)));
                status.into_response()
            }
        }
    }
}

/// Reads a whole body of at most so many bytes.
pub(crate) async fn read(body: &mut Body, most: usize) -> Result<Vec<u8>, StatusCode> {
    if body.size_hint().lower() > most as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let mut raw = Vec::new();
    loop {
        match std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => return Ok(raw),
            Some(Err(_)) => return Err(StatusCode::BAD_REQUEST),
            Some(Ok(frame)) => raw.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
        }
        if raw.len() > most {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
}

#[cfg(test)]
mod tests;
