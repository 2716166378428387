//! Serves the platform over HTTP on loopback.
//!
//! Every path is passed to [`Platform::handle`] except `/sandbox/…`, through which tests inject
//! faults and read the oracle. The clock is an argument here too: the `Date` of a response is the
//! time at which the platform decided.
//!
//! | endpoint | body | does |
//! |---|---|---|
//! | `POST /sandbox/fault` | `{"fault": "errcode=45066*2@sendall"}`, also `path`, `appid`, `times` | [`Platform::inject`] |
//! | `POST /sandbox/clear_faults` | | [`Platform::clear_faults`] |
//! | `GET /sandbox/fired` | | how often each fault happened |
//! | `POST /sandbox/website` | `{"appid"}` | a broadcast on the website: `{"errcode", "msg_id"}` |
//! | `POST /sandbox/media` | `{"appid", "media_id", "type"}` | [`Platform::add_media`] |
//! | `POST /sandbox/expire_tokens` | `{"appid"}` | [`Platform::expire_tokens`] |
//! | `POST /sandbox/callback` | `{"url", "token"}`, also `appid`, `mode` (`plain`, `compatible`, `safe`), `encoding_aes_key`, `format` (`xml`, `json`), `component` | sets where and how events are pushed; those to a component by its appid |
//! | `POST /sandbox/component` | `{"appid"}`, also `secret` | [`Platform::add_component`] |
//! | `POST /sandbox/authorize` | `{"component", "appid", "func_info": [7]}` | [`Platform::authorize`]: `{"errcode", "auth_code"}` |
//! | `POST /sandbox/unauthorize` | `{"component", "appid"}` | [`Platform::unauthorize`] |
//! | `POST /sandbox/message` | `{"appid", "content"}` | pushes a follower's message: `{"status", "body"}` of the response |
//! | `GET /sandbox/accepted` | | an array of [`Accepted`](super::Accepted) |
//! | `GET /sandbox/requests` | | an array of [`Logged`](super::Logged) |

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
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

use super::clock::lock;
use super::connection::{Cut, Lines};
use super::push::Pusher;
use super::upload::{self, Sort};
use super::{Event, MediaKind, Method, Platform, Request, Response, parse_fault};

pub use super::clock::Clock;
pub use super::push::{Callback, Style, Target};

/// The largest body that is read; 10,000 OpenIDs need 300 KiB.
const BODY_BYTES: usize = 16 << 20;
/// How long a response waits for an event that is to overtake it.
const EARLY_PATIENCE: Duration = Duration::from_secs(2);
/// How often the server looks for due events. The clock may jump, so it cannot sleep until the next
/// one.
const TICK: Duration = Duration::from_millis(20);

/// Serves the platform on a listener until `shutdown` is done, and pushes its events.
///
/// At the end the listener is closed; connections that hang end with the runtime.
///
/// # Errors
///
/// Only if the listener fails.
pub async fn serve(
    listener: TcpListener,
    platform: Arc<Mutex<Platform>>,
    clock: Clock,
    callback: Option<Callback>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let callback = callback.unwrap_or_default();
    for (appid, url) in callback.urls() {
        lock(&platform).set_callback_url(appid, url);
    }
    let pusher = Arc::new(Pusher::new(callback, Arc::clone(&clock)));
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
    pusher: Arc<Pusher>,
}

impl Server {
    fn platform(&self) -> MutexGuard<'_, Platform> {
        lock(&self.platform)
    }

    /// Pushes all due events, without end.
    async fn push_events(&self) {
        // Dropped with the server, and its pushes with it.
        let mut pushes = JoinSet::new();
        loop {
            let now = (self.clock)();
            let due = self.platform().take_events(now);
            self.spawn(due, &mut pushes);
            for push in self.platform().take_component_pushes(now) {
                pushes.spawn(Arc::clone(&self.pusher).deliver_to_component(push));
            }
            while pushes.try_join_next().is_some() {}
            tokio::time::sleep(TICK).await;
        }
    }

    fn spawn(&self, events: Vec<Event>, pushes: &mut JoinSet<()>) {
        for event in events {
            pushes.spawn(Arc::clone(&self.pusher).deliver(event));
        }
    }

    /// Lets the events that are due at the moment of a request overtake its response.
    async fn push_early(&self, events: Vec<Event>) {
        let mut pushes = JoinSet::new();
        self.spawn(events, &mut pushes);
        let all = async { while pushes.join_next().await.is_some() {} };
        if tokio::time::timeout(EARLY_PATIENCE, all).await.is_err() {
            // The receiver is slow; the retries continue beside the response.
            pushes.detach_all();
        }
    }
}

/// Handles any path of the platform.
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
            // The real platform labels some JSON as plain text. The paths of older client libraries
            // are excluded: some of them rely on the label.
            let plain = request.path.ends_with("/stable_token") || request.path.contains("/speed/");
            let kind = match kind_of(&body) {
                Some(kind) => kind,
                None if plain => "text/plain",
                None => "application/json; encoding=utf-8",
            };
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

/// The type of a file that is returned; none for JSON.
fn kind_of(body: &[u8]) -> Option<&'static str> {
    match upload::sort(body) {
        Sort::Jpg => Some("image/jpeg"),
        Sort::Png => Some("image/png"),
        Sort::Gif => Some("image/gif"),
        Sort::Bmp => Some("image/bmp"),
        Sort::Mp3 => Some("audio/mpeg"),
        Sort::Amr => Some("audio/amr"),
        Sort::Mp4 => Some("video/mp4"),
        Sort::Other => None,
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

/// The endpoint for tests.
async fn administer(
    State(server): State<Arc<Server>>,
    Path(command): Path<String>,
    body: Bytes,
) -> http::Response<Body> {
    let now = (server.clock)();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let done = match command.as_str() {
        "callback" => set_callback(&server, &body),
        "message" => push_message(&server.pusher, &body).await,
        other => obey(&mut server.platform(), other, &body, now),
    };
    let (status, json) = match done {
        Ok(json) => (StatusCode::OK, json),
        Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error})),
    };
    reply(status, "application/json", json.to_string().into_bytes(), now)
}

fn set_callback(server: &Server, body: &Value) -> Result<Value, String> {
    let text = |name: &str| body[name].as_str();
    let (Some(url), Some(token)) = (text("url"), text("token")) else {
        return Err("the body has no text `url` or no text `token`".to_owned());
    };
    let style = Style { mode: text("mode"), key: text("encoding_aes_key"), format: text("format") };
    let mut target = Target::new(url, token).styled(style)?;
    if let Some(component) = text("component") {
        target = target.of_component(component);
    }
    server.pusher.set(text("appid"), target);
    server.platform().set_callback_url(text("appid"), url);
    Ok(json!({"errcode": 0}))
}

async fn push_message(pusher: &Pusher, body: &Value) -> Result<Value, String> {
    let (Some(appid), Some(content)) = (body["appid"].as_str(), body["content"].as_str()) else {
        return Err("the body has no text `appid` or no text `content`".to_owned());
    };
    let (status, body) = pusher.say(appid, content).await?;
    Ok(json!({"status": status, "body": body}))
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
        "component" => platform.add_component(field("appid")?, body["secret"].as_str(), now),
        "authorize" => {
            let sets = body["func_info"].as_array().ok_or("the body has no list `func_info`")?;
            let sets: Vec<_> = sets.iter().filter_map(Value::as_i64).collect();
            let done = platform.authorize(field("component")?, field("appid")?, &sets, now);
            return Ok(match done {
                Ok(code) => json!({"errcode": 0, "auth_code": code}),
                Err(errcode) => json!({"errcode": errcode}),
            });
        }
        "unauthorize" => platform.unauthorize(field("component")?, field("appid")?, now),
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::{mpsc, oneshot};

    use super::super::push::sign;
    use super::super::{Fault, FaultKind};
    use super::*;

    const LOGIN: &str = "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s";

    fn noon() -> DateTime<Utc> {
        "2027-03-01T04:00:00Z".parse().unwrap()
    }

    /// A served platform whose clock does not move.
    struct Served {
        address: std::net::SocketAddr,
        platform: Arc<Mutex<Platform>>,
        _stop: oneshot::Sender<()>,
    }

    impl Served {
        async fn start(callback: Option<Callback>) -> Self {
            let platform = Arc::new(Mutex::new(Platform::new(1)));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (stop, stopped) = oneshot::channel::<()>();
            let shutdown = async {
                stopped.await.ok();
            };
            let served = Arc::clone(&platform);
            tokio::spawn(serve(listener, served, Arc::new(noon), callback, shutdown));
            Self { address, platform, _stop: stop }
        }

        /// Sends a request over a connection of its own and returns the whole response.
        async fn say(&self, method: &str, path: &str, body: &str) -> String {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            let length = body.len();
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                 content-length: {length}\r\n\r\n{body}"
            );
            // A refused connection may be closed before everything is written or read.
            stream.write_all(request.as_bytes()).await.ok();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.ok();
            String::from_utf8(answer).unwrap()
        }

        async fn json(&self, method: &str, path: &str, body: &str) -> Value {
            let answer = self.say(method, path, body).await;
            serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
        }

        async fn send(&self, id: &str) -> String {
            let login = self.json("GET", LOGIN, "").await;
            let token = login["access_token"].as_str().unwrap();
            let path = format!("/cgi-bin/message/mass/sendall?access_token={token}");
            let body = json!({
                "filter": {"is_to_all": false, "tag_id": 2}, "msgtype": "text",
                "text": {"content": "x"}, "clientmsgid": id,
            });
            self.say("POST", &path, &body.to_string()).await
        }
    }

    /// Listens as a daemon would; the response to the first `deaf` pushes is 500.
    async fn listen(deaf: usize) -> (String, mpsc::UnboundedReceiver<(Uri, String)>) {
        let (heard, pushes) = mpsc::unbounded_channel();
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let take = move |uri: Uri, body: String| async move {
            heard.send((uri, body)).unwrap();
            let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            if number < deaf { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback/wx1", listener.local_addr().unwrap());
        let router = Router::new().fallback(take);
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, pushes)
    }

    #[tokio::test]
    async fn an_answer_has_one_date_and_it_is_the_platforms() {
        let served = Served::start(None).await;

        let answer = served.say("GET", LOGIN, "").await.to_lowercase();

        assert!(answer.starts_with("http/1.1 200"), "{answer}");
        assert!(answer.contains("\r\ndate: mon, 01 mar 2027 04:00:00 gmt\r\n"), "{answer}");
        assert_eq!(answer.matches("\r\ndate:").count(), 1, "{answer}");
    }

    #[tokio::test]
    async fn a_lost_answer_ends_the_connection_without_a_byte() {
        let served = Served::start(None).await;
        let fault = Fault::new(FaultKind::AnswerLost).on_path("sendall");
        lock(&served.platform).inject(fault);

        assert_eq!(served.send("a").await, "");
        assert_eq!(lock(&served.platform).accepted().len(), 1);
        assert!(served.send("a").await.contains("45066"), "the next connection is whole");
    }

    #[tokio::test]
    async fn a_refused_connection_is_dropped_unread() {
        let served = Served::start(None).await;
        lock(&served.platform).inject(FaultKind::Refused);
        lock(&served.platform).inject(Fault::new(FaultKind::Refused).on_path("token"));

        assert_eq!(served.say("GET", LOGIN, "").await, "");
        assert_eq!(served.say("GET", LOGIN, "").await, "");
        assert!(lock(&served.platform).requests().is_empty());
        assert!(served.say("GET", LOGIN, "").await.contains("access_token"));
    }

    #[tokio::test]
    async fn a_hanging_request_is_never_answered() {
        let served = Served::start(None).await;
        lock(&served.platform).inject(FaultKind::Hang { processed: false });

        let answer = tokio::time::timeout(Duration::from_millis(100), served.say("GET", LOGIN, ""));

        assert!(answer.await.is_err());
    }

    #[tokio::test]
    async fn a_due_event_is_pushed_and_signed() {
        let (url, mut pushes) = listen(0).await;
        let served = Served::start(Some(Callback::to(&url, "token"))).await;
        let an_hour_ago = noon() - chrono::TimeDelta::hours(1);
        lock(&served.platform).website_send("wx1", an_hour_ago).unwrap();

        let (uri, body) = pushes.recv().await.unwrap();

        let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap();
        let get = |name| super::super::parameter(&query, name).unwrap();
        assert_eq!(uri.path(), "/callback/wx1");
        assert_eq!(get("timestamp"), noon().timestamp().to_string());
        assert_eq!(get("signature"), sign(&["token", get("timestamp"), get("nonce")]));
        assert!(body.contains("MASSSENDJOBFINISH"));
    }

    #[test]
    fn a_signature_is_of_the_sorted_parts() {
        // echo -n 12tok | sha1sum
        assert_eq!(sign(&["tok", "2", "1"]), sign(&["1", "tok", "2"]));
        assert_eq!(sign(&["tok", "2", "1"]), "865ab4720dd2cb687cfeb7cca144897b03682d7a");
    }

    #[tokio::test]
    async fn an_early_event_overtakes_the_answer() {
        let (url, mut pushes) = listen(0).await;
        let nowhere = Callback::to("http://127.0.0.1:1/", "other");
        let served = Served::start(Some(nowhere.for_appid("wx1", &url, "token"))).await;
        lock(&served.platform).inject(FaultKind::Events(super::super::EventFate::Early));

        assert!(served.send("a").await.contains("send job submission success"));

        assert!(pushes.try_recv().is_ok(), "it was there before the answer");
    }

    #[tokio::test]
    async fn a_push_is_tried_three_times() {
        for (deaf, heard) in [(0, 1), (2, 3), (9, 3)] {
            let (url, mut pushes) = listen(deaf).await;
            let callback = Callback::to(&url, "token");
            let mut pusher = Pusher::new(callback, Arc::new(noon));
            pusher.pause = Duration::ZERO;
            let mut platform = Platform::new(1);
            platform.website_send("wx1", noon()).unwrap();
            let event = platform.take_events(noon() + chrono::TimeDelta::hours(1)).remove(0);

            Arc::new(pusher).deliver(event).await;

            let mut count = 0;
            while pushes.try_recv().is_ok() {
                count += 1;
            }
            assert_eq!(count, heard, "{deaf}");
        }
    }

    #[tokio::test]
    async fn the_tests_own_door_drives_the_platform() {
        let served = Served::start(None).await;
        let ask = async |path: &str, body: &str| {
            let method = if body.is_empty() { "GET" } else { "POST" };
            served.json(method, &format!("/sandbox/{path}"), body).await
        };
        let done = json!({"errcode": 0});
        let wx1 = r#"{"appid":"wx1"}"#;

        let fault = r#"{"fault":"errcode=-1","path":"sendall","appid":"wx1","times":1}"#;
        assert_eq!(ask("fault", fault).await, done);
        assert!(served.send("a").await.contains("system error"));
        assert_eq!(ask("fired", "").await, json!({"errcode": 1}));
        assert_eq!(ask("fault", r#"{"fault":"errcode=-1*forever"}"#).await, done);
        assert_eq!(ask("clear_faults", "{}").await, done);
        assert!(served.send("b").await.contains("success"));
        assert_eq!(ask("website", wx1).await["errcode"], 0);
        assert_eq!(ask("website", r#"{"appid":""}"#).await, json!({"errcode": 40_013}));
        let accepted = ask("accepted", "").await;
        assert_eq!(
            (&accepted[0]["clientmsgid"], &accepted[1]["website"]),
            (&json!("b"), &json!(true))
        );
        assert_eq!(ask("requests", "").await[1]["errcode"], -1);
        let media = r#"{"appid":"wx1","media_id":"m","type":"news"}"#;
        assert_eq!(ask("media", media).await, done);
        assert_eq!(ask("expire_tokens", wx1).await, done);
        let here = r#"{"url":"http://127.0.0.1:1/","token":"t""#;
        assert_eq!(ask("callback", &format!("{here}}}")).await, done);
        let key = "a".repeat(43);
        let safe = format!(r#"{here},"appid":"wx1","encoding_aes_key":"{key}","format":"json"}}"#);
        assert_eq!(ask("callback", &safe).await, done);
        for (path, body, part) in [
            ("callback", "{}", "no text `url`"),
            ("callback", &format!(r#"{here},"mode":"safe"}}"#), "needs an encoding_aes_key"),
            ("callback", &format!(r#"{here},"mode":"open"}}"#), "not `open`"),
            ("callback", &format!(r#"{here},"format":"yaml"}}"#), "not `yaml`"),
            ("callback", &format!(r#"{here},"encoding_aes_key":"a"}}"#), "43 letters"),
            ("message", r#"{"appid":"wx1"}"#, "no text `content`"),
            ("fault", r#"{"fault":"x"}"#, "no fault `x`"),
            ("fault", "{}", "no text `fault`"),
            ("media", r#"{"appid":"wx1","media_id":"m","type":"x"}"#, "not `x`"),
            ("nothing", "", "no /sandbox/nothing"),
        ] {
            let error = ask(path, body).await;
            assert!(error["error"].as_str().unwrap().contains(part), "{error}");
        }
    }
}
