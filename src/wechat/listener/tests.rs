use std::net::SocketAddr;

use secrecy::{ExposeSecret as _, SecretString};
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;
use crate::model::hex;

mod component;
mod forwarded;
mod sealed;

const NOW: i64 = 1_481_013_459;
const TOKEN: &str = "qunfa";
/// The key of a link to authorise a component.
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const EVENT: &str = "<xml><MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>7</MsgID><Status>send success</Status></xml>";

/// Limits that no working machine is too slow for.
const PATIENT: Limits = Limits {
    connection: Duration::from_secs(120),
    store: Duration::from_secs(60),
    connections: 8,
    bytes: 1024 * 1024,
    young: Duration::from_secs(120),
    unproven_bytes: 1024 * 1024,
    pushes: 8,
    forwarder: Duration::from_secs(60),
    relays: 4,
    relays_of_one: 2,
};
/// Limits that tests wait for.
const HASTY: Limits = Limits { connection: Duration::from_millis(200), ..PATIENT };

#[derive(Clone, Copy)]
enum Store {
    Works,
    Fails,
    Hangs,
}

struct Fake {
    store: Store,
    well: bool,
    authenticator: Arc<Authenticator>,
    stored: Mutex<Vec<(String, Received)>>,
    notes: Mutex<Vec<Note>>,
    pushes: Mutex<Vec<ComponentEvent>>,
}

impl EventSink for Fake {
    fn authenticator(&self, account: &str) -> Option<Arc<Authenticator>> {
        ["brand-daily", "品牌"].contains(&account).then(|| Arc::clone(&self.authenticator))
    }

    fn note(&self, _: &str, note: Note) {
        self.notes.lock().unwrap().push(note);
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }

    async fn store(&self, account: &str, event: Received) -> Result<(), ()> {
        match self.store {
            Store::Works => {}
            Store::Fails => return Err(()),
            Store::Hangs => std::future::pending().await,
        }
        self.stored.lock().unwrap().push((account.to_owned(), event));
        Ok(())
    }

    fn component(&self, name: &str) -> Option<Arc<Authenticator>> {
        (name == "agency").then(|| Arc::clone(&self.authenticator))
    }

    fn authorizer(&self, component: &str, appid: &str) -> Option<String> {
        (component == "agency" && appid == "wx1").then(|| "brand-daily".to_owned())
    }

    async fn store_component(&self, _: &str, event: ComponentEvent) -> Result<(), ()> {
        if matches!(self.store, Store::Fails) {
            return Err(());
        }
        self.pushes.lock().unwrap().push(event);
        Ok(())
    }

    async fn authorize_page(&self, _: &str, key: String) -> Option<String> {
        (key == KEY).then(|| "before".to_owned())
    }

    async fn land(&self, _: &str, key: String, code: SecretString) -> Option<String> {
        (key == KEY).then(|| code.expose_secret().to_owned())
    }

    fn health(&self) -> (bool, String) {
        (self.well, "a line".to_owned())
    }

    fn readiness(&self) -> (bool, String) {
        (self.well, "another line".to_owned())
    }

    async fn metrics(&self) -> Option<String> {
        self.well.then(|| "# TYPE a counter\na_total 1\n# EOF\n".to_owned())
    }
}

impl Fake {
    fn new(store: Store, authenticator: Authenticator) -> Arc<Self> {
        let (stored, notes, pushes) = (Mutex::default(), Mutex::default(), Mutex::default());
        let authenticator = Arc::new(authenticator);
        Arc::new(Self { store, well: true, authenticator, stored, notes, pushes })
    }

    fn notes(&self) -> Vec<Note> {
        std::mem::take(&mut *self.notes.lock().unwrap())
    }

    fn stored(&self) -> usize {
        self.stored.lock().unwrap().len()
    }
}

/// A listener that serves until the test ends.
struct Served {
    at: SocketAddr,
    fake: Arc<Fake>,
    _stop: oneshot::Sender<()>,
}

/// An account in plain mode.
fn plain() -> Authenticator {
    let (appid, token) = ("wx1".to_owned(), SecretString::from(TOKEN));
    Authenticator { appid, token, keys: Vec::new(), forward_to: None }
}

async fn served(limits: Limits, store: Store) -> Served {
    served_with(limits, store, plain()).await
}

async fn served_with(limits: Limits, store: Store, authenticator: Authenticator) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let fake = Fake::new(store, authenticator);
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(serve_within(limits, listener, Arc::clone(&fake), async {
        stopped.await.ok();
    }));
    Served { at, fake, _stop: stop }
}

impl Served {
    /// Writes a request and returns the status, the rest of the answer's head, and its body.
    async fn ask(&self, request: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        read_answer(&mut stream).await
    }

    async fn push(&self, query: &str, body: &str) -> u16 {
        self.ask(&post("/callback/brand-daily", query, body)).await.0
    }
}

async fn read_answer(stream: &mut TcpStream) -> (u16, String, String) {
    let mut answer = Vec::new();
    // A listener that refuses a body may reset the connection after its answer.
    stream.read_to_end(&mut answer).await.ok();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// Reads until the connection ends, however it ends.
async fn until_dropped(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
    end.await.expect("never dropped").ok();
    answer
}

fn signed_by(token: &str, timestamp: i64, nonce: &str) -> String {
    let timestamp = timestamp.to_string();
    let mut parts = [token, &timestamp, nonce];
    parts.sort_unstable();
    let signature = hex(&Sha1::digest(parts.concat()));
    format!("signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

fn signed(nonce: &str) -> String {
    signed_by(TOKEN, NOW, nonce)
}

fn post(path: &str, query: &str, body: &str) -> String {
    format!(
        "POST {path}?{query} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(path: &str, query: &str) -> String {
    format!("GET {path}?{query} HTTP/1.1\r\nHost: x\r\n\r\n")
}

#[tokio::test]
async fn an_event_is_answered_with_success_after_it_was_stored_as_it_came() {
    let served = served(PATIENT, Store::Works).await;

    let (status, head, body) =
        served.ask(&post("/callback/brand-daily", &signed("1847"), EVENT)).await;

    assert_eq!((status, body.as_str()), (200, "success"));
    assert!(head.contains("connection: close"), "{head}");
    let (account, event) = served.fake.stored.lock().unwrap().remove(0);
    assert_eq!((account.as_str(), event.raw.as_slice()), ("brand-daily", EVENT.as_bytes()));
    assert_eq!(event.parsed.unwrap().msg_id, 7);
    assert_eq!(event.credence, Credence::Hint);
}

#[tokio::test]
async fn an_event_that_could_not_be_stored_is_answered_so_that_it_comes_again() {
    let brief = Limits { store: Duration::from_millis(20), ..PATIENT };
    for (limits, store) in [(PATIENT, Store::Fails), (brief, Store::Hangs)] {
        let served = served(limits, store).await;

        assert_eq!(served.push(&signed("1"), EVENT).await, 500);
        assert_eq!(served.fake.stored(), 0);
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_stored_all_the_same() {
    let served = served(PATIENT, Store::Works).await;

    assert_eq!(served.push(&signed("1"), "<xml>").await, 200);

    let (_, event) = served.fake.stored.lock().unwrap().remove(0);
    assert_eq!((event.parsed, event.raw), (Err(ParseError::Malformed), b"<xml>".to_vec()));
}

#[tokio::test]
async fn other_messages_are_answered_with_success_and_not_stored() {
    let served = served(PATIENT, Store::Hangs).await;
    let text = "<xml><MsgType>text</MsgType><Content>hello</Content></xml>";

    assert_eq!(served.push(&signed("1"), text).await, 200);
}

#[tokio::test]
async fn the_platforms_check_of_the_address_is_echoed() {
    let served = served(PATIENT, Store::Works).await;
    let query = format!("{}&echostr=5837%2B1", signed("1"));

    for path in ["/callback/brand-daily", "/callback/%E5%93%81%E7%89%8C"] {
        let (status, head, body) = served.ask(&get(path, &query)).await;

        assert_eq!((status, body.as_str()), (200, "5837+1"));
        assert!(head.contains("content-type: text/plain"), "{head}");
    }
    assert_eq!(served.ask(&get("/callback/brand-daily", &signed("2"))).await.0, 403);
}

#[tokio::test]
async fn the_signature_of_a_check_is_not_good_for_a_push() {
    let served = served(PATIENT, Store::Works).await;
    let query = format!("{}&echostr=1", signed("1"));

    assert_eq!(served.ask(&get("/callback/brand-daily", &query)).await.0, 200);

    assert_eq!(served.push(&signed("1"), EVENT).await, 403);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_signature_is_answered_alike() {
    let served = served(PATIENT, Store::Works).await;
    let good = signed("1");
    for query in [
        String::new(),
        "signature=&timestamp=&nonce=".to_owned(),
        signed_by("guess", NOW, "1"),
        good.replace("nonce=1", "nonce=2"),
        good.replacen("signature=", "signature=0", 1),
        signed_by(TOKEN, NOW - 601, "1"),
        signed_by(TOKEN, NOW + 601, "1"),
        signed_by(TOKEN, i64::MAX, "1"),
        format!("{good}&nonce=1"),
        good.replace(&format!("timestamp={NOW}"), &format!("timestamp=+{NOW}")),
    ] {
        for request in [
            post("/callback/brand-daily", &query, EVENT),
            get("/callback/brand-daily", &format!("{query}&echostr=1")),
        ] {
            let (status, _, body) = served.ask(&request).await;

            assert_eq!((status, body.as_str()), (403, ""), "{request}");
        }
    }
    assert_eq!(served.fake.stored(), 0);
}

#[tokio::test]
async fn a_timestamp_within_ten_minutes_is_fresh() {
    let served = served(PATIENT, Store::Works).await;

    for (nonce, timestamp) in [("1", NOW - 600), ("2", NOW + 600)] {
        assert_eq!(served.push(&signed_by(TOKEN, timestamp, nonce), EVENT).await, 200);
    }
}

#[tokio::test]
async fn a_signature_is_good_for_one_body_however_often_that_comes() {
    let served = served(PATIENT, Store::Works).await;

    for (body, status) in
        [(EVENT, 200), (EVENT, 200), (&EVENT.replace('7', "8"), 403), (EVENT, 200)]
    {
        assert_eq!(served.push(&signed("1"), body).await, status);
    }

    assert_eq!(served.fake.stored(), 3);
}

#[tokio::test]
async fn unknown_accounts_paths_and_methods_are_refused() {
    let served = served(PATIENT, Store::Works).await;
    for (request, status) in [
        (post("/callback/other", &signed("1"), EVENT), 404),
        (get("/callback/other", &signed("1")), 404),
        (get("/callback/", ""), 404),
        (get("/callback/brand-daily/x", ""), 404),
        (get("/", ""), 404),
        (post("/healthz", "", ""), 405),
        (post("/callback/brand-daily", &signed("1"), EVENT).replacen("POST", "PUT", 1), 405),
        (get("/callback/brand-daily", "").replacen("GET", "DELETE", 1), 405),
    ] {
        assert_eq!(served.ask(&request).await.0, status, "{request}");
    }
}

#[tokio::test]
async fn health_is_a_status_and_a_line_and_metrics_are_a_page() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut fake = Fake::new(Store::Works, plain());
    Arc::get_mut(&mut fake).unwrap().well = false;
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(serve(listener, Arc::clone(&fake), async {
        stopped.await.ok();
    }));
    let ill = Served { at, fake, _stop: stop };
    let well = served(PATIENT, Store::Works).await;

    assert_eq!(well.ask(&get("/healthz", "")).await.0, 200);
    let (status, _, line) = ill.ask(&get("/healthz", "")).await;
    assert_eq!((status, line.as_str()), (503, "a line"));
    assert_eq!(well.ask(&get("/readyz", "")).await.0, 200);
    let (status, _, line) = ill.ask(&get("/readyz", "")).await;
    assert_eq!((status, line.as_str()), (503, "another line"));
    let (status, head, page) = well.ask(&get("/metrics", "")).await;
    assert_eq!((status, page.as_str()), (200, "# TYPE a_total counter\na_total 1\n"));
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    let accept = "\r\nAccept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n";
    let request = get("/metrics", "").replacen("\r\n\r\n", accept, 1);
    let (status, head, page) = well.ask(&request).await;
    assert_eq!((status, page.as_str()), (200, "# TYPE a counter\na_total 1\n# EOF\n"));
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert_eq!(ill.ask(&get("/metrics", "")).await.0, 503);
}

#[tokio::test]
async fn metrics_are_not_for_those_who_come_through_a_proxy() {
    let served = served(PATIENT, Store::Works).await;

    for header in ["X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Real-IP: ::1"] {
        let request = get("/metrics", "").replacen("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"), 1);
        assert_eq!(served.ask(&request).await.0, 403, "{header}");
    }
}

#[tokio::test]
async fn a_body_of_over_32_kib_is_refused_announced_or_not() {
    let served = served(PATIENT, Store::Works).await;
    let query = signed("1");

    let announced = post("/callback/brand-daily", &query, &"x".repeat(BODY_MAX + 1));
    let head = announced.split_once("\r\n\r\n").unwrap().0;
    assert_eq!(served.ask(&format!("{head}\r\n\r\n")).await.0, 413);

    let chunk = format!("{:x}\r\n{}\r\n", BODY_MAX + 1, "x".repeat(BODY_MAX + 1));
    let head = head.split_once("Content-Length").unwrap().0;
    assert_eq!(
        served.ask(&format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}")).await.0,
        413
    );
    assert_eq!(served.fake.stored(), 0);
}

#[tokio::test]
async fn a_body_of_32_kib_is_read() {
    let served = served(PATIENT, Store::Works).await;

    assert_eq!(served.push(&signed("1"), &" ".repeat(BODY_MAX)).await, 200);
}

#[tokio::test]
async fn a_body_in_tiny_chunks_for_ever_is_dropped_by_its_bytes() {
    let served = served(PATIENT, Store::Works).await;
    let head = post("/callback/brand-daily", &signed("1"), "");
    let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();

    // Ends only if the listener ends the connection.
    while stream.write_all(b"1\r\nx\r\n").await.is_ok() {}

    assert_eq!(served.fake.stored(), 0);
}

#[tokio::test]
async fn headers_without_end_are_dropped_by_their_bytes() {
    let served = served(PATIENT, Store::Works).await;
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ").await.unwrap();

    while stream.write_all(&[b'x'; 1024]).await.is_ok() {}
}

#[tokio::test]
async fn a_request_that_does_not_come_to_its_end_is_dropped_in_time() {
    let served = served(HASTY, Store::Works).await;
    let lying = post("/callback/brand-daily", &signed("1"), EVENT).replace("Length: ", "Length: 9");
    let chunked = lying.replace("Content-Length: 9", "Transfer-Encoding: chunked\r\nX: ");
    for unfinished in ["", "P", "POST /callback/brand-daily HTTP/1.1\r\nHost:", &lying, &chunked] {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        stream.write_all(unfinished.as_bytes()).await.unwrap();

        let answer = until_dropped(&mut stream).await;

        assert!(!answer.windows(7).any(|part| part == b"success"), "{unfinished}");
    }
    assert_eq!(served.fake.stored(), 0);
}

#[tokio::test]
async fn a_client_that_drips_is_dropped_in_time() {
    let served = served(HASTY, Store::Works).await;
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").await.unwrap();

    let mut drops = 0;
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        drops += 1;
        assert!(drops < 10_000, "never dropped");
    }
}

#[tokio::test]
async fn an_idle_connection_delays_others_only_until_it_is_dropped() {
    let served = served(Limits { connections: 1, ..HASTY }, Store::Works).await;
    let idle = TcpStream::connect(served.at).await.unwrap();

    // On a slow machine a request may itself run out of time, and the platform pushes again.
    let mut tries = 0;
    while served.push(&signed("1"), EVENT).await != 200 {
        tries += 1;
        assert!(tries < 100, "never served");
    }
    drop(idle);
}

#[tokio::test]
async fn a_full_house_keeps_the_next_one_waiting_and_then_serves_it() {
    let served = served(Limits { connections: 2, ..PATIENT }, Store::Works).await;
    let guests = [
        TcpStream::connect(served.at).await.unwrap(),
        TcpStream::connect(served.at).await.unwrap(),
    ];
    let mut waiting = TcpStream::connect(served.at).await.unwrap();
    waiting.write_all(post("/callback/brand-daily", &signed("1"), EVENT).as_bytes()).await.unwrap();
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(50), waiting.peek(&mut byte)).await;
    assert!(early.is_err(), "served beyond the limit");

    drop(guests);

    assert_eq!(read_answer(&mut waiting).await.0, 200);
}

/// What strangers write and never end, at an address that is right and with a signature.
fn unfinished() -> [String; 3] {
    let lying = post("/callback/brand-daily", &signed("1"), EVENT).replace("Length: ", "Length: 9");
    [String::new(), "POST /callback/brand-daily HTTP/1.1\r\nHost:".to_owned(), lying]
}

#[tokio::test]
async fn strangers_end_where_an_event_needs_their_place() {
    let impatient = Limits { young: Duration::ZERO, ..PATIENT };
    let served = served(impatient, Store::Works).await;
    let mut strangers = Vec::new();
    for unfinished in unfinished().iter().cycle().take(10 * impatient.connections) {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        // It may have been ended already.
        stream.write_all(unfinished.as_bytes()).await.ok();
        strangers.push(stream);
    }

    assert_eq!(served.push(&signed("7"), EVENT).await, 200);
}

#[tokio::test]
async fn pushes_that_are_worked_on_keep_their_places() {
    let impatient = Limits { young: Duration::ZERO, connections: 2, ..PATIENT };
    let served = served(impatient, Store::Hangs).await;
    let mut worked_on = Vec::new();
    for nonce in ["1", "2"] {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        stream
            .write_all(post("/callback/brand-daily", &signed(nonce), EVENT).as_bytes())
            .await
            .unwrap();
        while !served.fake.notes().contains(&Note::Taken) {
            tokio::task::yield_now().await;
        }
        worked_on.push(stream);
    }

    let stranger = TcpStream::connect(served.at).await.unwrap();

    for stream in &mut worked_on {
        let mut byte = [0];
        let end = tokio::time::timeout(Duration::from_millis(50), stream.peek(&mut byte)).await;
        assert!(end.is_err(), "{end:?}");
    }
    drop(stranger);
}

#[tokio::test]
async fn one_connection_carries_one_request() {
    let served = served(PATIENT, Store::Works).await;
    let first = post("/callback/brand-daily", &signed("1"), EVENT);
    let second = post("/callback/brand-daily", &signed("2"), EVENT);

    served.ask(&format!("{first}{second}")).await;

    assert_eq!(served.fake.stored(), 1);
}

#[tokio::test]
async fn stopping_waits_for_open_connections_no_longer_than_they_live() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let fake = Fake::new(Store::Works, plain());
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(serve_within(HASTY, listener, fake, async {
        stopped.await.ok();
    }));
    let mut open = TcpStream::connect(at).await.unwrap();
    open.write_all(b"POST /").await.unwrap();

    stop.send(()).unwrap();

    serving.await.unwrap();
    assert!(TcpStream::connect(at).await.is_err());
}
