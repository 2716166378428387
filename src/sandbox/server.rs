//! The platform behind HTTP on loopback, for people to rehearse with and for client libraries.
//!
//! Every path goes to [`Platform::handle`] except `/sandbox/…`, through which tests inject faults
//! and read the oracle. The clock is an argument here too: the `Date` of an answer is the time
//! that the platform decided at.
//!
//! | endpoint | body | does |
//! |---|---|---|
//! | `POST /sandbox/fault` | `{"fault": "errcode=45066*2@sendall"}`, also `path`, `appid`, `times` | [`Platform::inject`] |
//! | `POST /sandbox/clear_faults` | | [`Platform::clear_faults`] |
//! | `GET /sandbox/fired` | | how often each fault happened |
//! | `POST /sandbox/website` | `{"appid"}` | a broadcast on the website: `{"errcode", "msg_id"}` |
//! | `POST /sandbox/media` | `{"appid", "media_id", "type"}` | [`Platform::add_media`] |
//! | `POST /sandbox/expire_tokens` | `{"appid"}` | [`Platform::expire_tokens`] |
//! | `GET /sandbox/accepted` | | an array of [`Accepted`](super::Accepted) |
//! | `GET /sandbox/requests` | | an array of [`Logged`](super::Logged) |

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::{self, StatusCode, Uri, header};
use axum::routing::any;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::connection::{Cut, Lines};
use super::push::Pusher;
use super::{Event, MediaKind, Method, Platform, Request, Response, parse_fault};

pub use super::push::Callback;

/// Where the server takes the time from.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The largest body that is read; 10,000 OpenIDs need 300 KiB.
const BODY_BYTES: usize = 16 << 20;
/// How long an answer waits for an event that is to overtake it.
const EARLY_PATIENCE: Duration = Duration::from_secs(2);
/// How often the server looks for events that are due. The clock may jump, so it cannot sleep
/// until the next one.
const TICK: Duration = Duration::from_millis(20);

/// Serves the platform on a listener until `shutdown` is done, and pushes its events.
///
/// At the end the listener is closed; connections that hang end with the runtime.
///
/// # Errors
///
/// Only when the client that pushes events cannot be built.
pub async fn serve(
    listener: TcpListener,
    platform: Arc<Mutex<Platform>>,
    clock: Clock,
    callback: Option<Callback>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let pusher = match callback {
        Some(callback) => {
            let pusher = Pusher::new(callback, Arc::clone(&clock)).map_err(io::Error::other)?;
            Some(Arc::new(pusher))
        }
        None => None,
    };
    let server = Arc::new(Server { platform: Arc::clone(&platform), clock, pusher });
    let router = Router::new()
        .route("/sandbox/{*command}", any(administer))
        .fallback(answer)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Arc::clone(&server))
        .into_make_service_with_connect_info::<Cut>();
    tokio::select! {
        ended = axum::serve(Lines::new(listener, platform), router) => ended,
        () = server.push_events() => Ok(()),
        () = shutdown => Ok(()),
    }
}

struct Server {
    platform: Arc<Mutex<Platform>>,
    clock: Clock,
    pusher: Option<Arc<Pusher>>,
}

impl Server {
    fn platform(&self) -> MutexGuard<'_, Platform> {
        lock(&self.platform)
    }

    /// Pushes whatever is due, for ever.
    async fn push_events(&self) {
        // Dropped with the server, and its pushes with it.
        let mut pushes = JoinSet::new();
        loop {
            let due = self.platform().take_events((self.clock)());
            self.spawn(due, &mut pushes);
            while pushes.try_join_next().is_some() {}
            tokio::time::sleep(TICK).await;
        }
    }

    fn spawn(&self, events: Vec<Event>, pushes: &mut JoinSet<()>) {
        let Some(pusher) = &self.pusher else { return };
        for event in events {
            pushes.spawn(Arc::clone(pusher).deliver(event));
        }
    }

    /// Lets the events that are due at the moment of a request overtake its answer.
    async fn push_early(&self, events: Vec<Event>) {
        let mut pushes = JoinSet::new();
        self.spawn(events, &mut pushes);
        let all = async { while pushes.join_next().await.is_some() {} };
        if tokio::time::timeout(EARLY_PATIENCE, all).await.is_err() {
            // Whoever listens is slow; the retries go on beside the answer.
            pushes.detach_all();
        }
    }
}

/// Takes the lock even after a panic: the state of a sandbox is worth looking at then.
pub(super) fn lock(platform: &Mutex<Platform>) -> MutexGuard<'_, Platform> {
    platform.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Any path of the platform.
async fn answer(
    State(server): State<Arc<Server>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: http::Method,
    uri: Uri,
    body: Bytes,
) -> http::Response<Body> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let is_get = [http::Method::GET, http::Method::HEAD].contains(&method);
    let request = Request {
        method: if is_get { Method::Get } else { Method::Post },
        path: uri.path().to_owned(),
        query: query.map_or_else(|_| Vec::new(), |Query(pairs)| pairs),
        body: body.to_vec(),
    };
    let now = (server.clock)();
    let (response, early) = {
        let mut platform = server.platform();
        (platform.handle(&request, now), platform.take_events(now))
    };
    if !early.is_empty() {
        server.push_early(early).await;
    }
    match response {
        Response::Answer { status, body } => {
            // As on the real platform, the type of an answer says little about it.
            let plain = request.path.ends_with("/get") || request.path.ends_with("/sendall");
            let kind = if plain { "text/plain" } else { "application/json; encoding=utf-8" };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            reply(status, kind, body, now)
        }
        Response::Refused | Response::Lost => {
            cut.cut();
            // Never written: the connection ends first.
            reply(StatusCode::OK, "text/plain", Vec::new(), now)
        }
        Response::Hang => std::future::pending().await,
    }
}

fn reply(
    status: StatusCode,
    kind: &'static str,
    body: Vec<u8>,
    now: DateTime<Utc>,
) -> http::Response<Body> {
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    http::Response::builder()
        .status(status)
        .header(header::DATE, date)
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body))
        .expect("a date and a constant are valid headers")
}

/// The tests' own door.
async fn administer(
    State(server): State<Arc<Server>>,
    Path(command): Path<String>,
    body: Bytes,
) -> http::Response<Body> {
    let now = (server.clock)();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let done = obey(&mut server.platform(), &command, &body, now);
    let (status, json) = match done {
        Ok(json) => (StatusCode::OK, json),
        Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error})),
    };
    reply(status, "application/json", json.to_string().into_bytes(), now)
}

fn obey(
    platform: &mut Platform,
    command: &str,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<Value, String> {
    let field =
        |name: &str| body[name].as_str().ok_or_else(|| format!("the body has no text `{name}`"));
    match command {
        "fault" => {
            let mut fault = parse_fault(field("fault")?)?;
            if let Some(path) = body["path"].as_str() {
                fault = fault.on_path(path);
            }
            if let Some(appid) = body["appid"].as_str() {
                fault = fault.for_appid(appid);
            }
            if let Some(times) = body["times"].as_u64() {
                fault = fault.times(u32::try_from(times).unwrap_or(super::FOREVER));
            }
            platform.inject(fault);
        }
        "clear_faults" => platform.clear_faults(),
        "fired" => return Ok(json!(platform.fired())),
        "website" => {
            return Ok(match platform.website_send(field("appid")?, now) {
                Ok(msg_id) => json!({"errcode": 0, "msg_id": msg_id}),
                Err(errcode) => json!({"errcode": errcode}),
            });
        }
        "media" => {
            let kind = media_kind(field("type")?)?;
            platform.add_media(field("appid")?, field("media_id")?, kind);
        }
        "expire_tokens" => platform.expire_tokens(field("appid")?),
        "accepted" => return Ok(json!(platform.accepted())),
        "requests" => return Ok(json!(platform.requests())),
        other => return Err(format!("there is no /sandbox/{other}")),
    }
    Ok(json!({"errcode": 0}))
}

fn media_kind(name: &str) -> Result<MediaKind, String> {
    match name {
        "news" => Ok(MediaKind::News),
        "draft" => Ok(MediaKind::Draft),
        "image" => Ok(MediaKind::Image),
        "voice" => Ok(MediaKind::Voice),
        "video" => Ok(MediaKind::Video),
        "mpvideo" => Ok(MediaKind::Mpvideo),
        other => Err(format!(
            "a type is `news`, `draft`, `image`, `voice`, `video` or `mpvideo`, not `{other}`"
        )),
    }
}
