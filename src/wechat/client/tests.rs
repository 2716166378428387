use std::io;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::wechat::protocol;

const OK: &str = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n{\"errcode\":0}";

/// What the far side does with a connection.
#[derive(Clone, Copy)]
enum Peer {
    /// Closes without reading.
    Closes,
    /// Reads a whole request, answers, and serves the next.
    Answers(&'static str),
    /// Reads a whole request, answers, closes.
    AnswersAndCloses(&'static str),
    /// Reads and never answers.
    Hangs,
}

/// Starts a far side; the receiver gets every whole request it read.
async fn peer(peer: Peer) -> (ApiBase, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = ApiBase::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (heard, requests) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let heard = heard.clone();
            tokio::spawn(async move {
                // The other end may go away at any time.
                serve(stream, peer, heard).await.ok();
            });
        }
    });
    (base, requests)
}

async fn serve(
    mut stream: TcpStream,
    peer: Peer,
    heard: tokio::sync::mpsc::UnboundedSender<String>,
) -> io::Result<()> {
    loop {
        let (reply, closes) = match peer {
            Peer::Closes => return Ok(()),
            Peer::Answers(reply) => (reply, false),
            Peer::AnswersAndCloses(reply) => (reply, true),
            Peer::Hangs => ("", false),
        };
        heard.send(read_request(&mut stream).await?).ok();
        stream.write_all(reply.as_bytes()).await?;
        if closes {
            return stream.shutdown().await;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let mut request = String::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        request.push(char::from(byte[0]));
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.map_or(0, |n| n.parse().unwrap()) {
            return Ok(request);
        }
    }
}

fn send() -> Request {
    protocol::mass(false, &SecretString::from("CANARY"), r#"{"a":1}"#.to_owned())
}

fn question() -> Request {
    protocol::tags_get(&SecretString::from("CANARY"))
}

fn hasty(request: Request) -> Request {
    Request { timeout: Duration::from_millis(200), ..request }
}

/// Asks with ever longer timeouts until the answer is one that the test is about, so that the
/// shortest timeout that works on this machine decides how long the test takes.
async fn until(base: &ApiBase, mut found: impl FnMut(&HttpResponse) -> bool) -> HttpResponse {
    let client = Client::new();
    let mut timeout = Duration::from_millis(100);
    loop {
        let response = client.perform(base, &Request { timeout, ..send() }).await;
        if found(&response) {
            return response;
        }
        timeout *= 2;
        assert!(timeout < Duration::from_secs(120), "{response:?}");
    }
}

#[tokio::test]
async fn a_whole_answer_comes_back_with_the_platforms_clock() {
    let (base, mut requests) = peer(Peer::Answers(OK)).await;

    let response = Client::new().perform(&base, &send()).await;

    let body = br#"{"errcode":0}"#.to_vec();
    assert_eq!(response.reply, Reply::Http { status: 200, body });
    assert_eq!(response.date.unwrap().to_rfc3339(), "1994-11-06T08:49:37+00:00");
    let request = requests.recv().await.unwrap();
    assert!(
        request.starts_with("POST /cgi-bin/message/mass/sendall?access_token=CANARY HTTP/1.1\r\n")
    );
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"));
    let head = request.to_ascii_lowercase();
    assert!(head.contains("content-length: 7\r\n") && !head.contains("chunked"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"));
}

#[tokio::test]
async fn a_request_that_became_too_old_on_its_way_never_leaves() {
    let (base, mut requests) = peer(Peer::Answers(OK)).await;

    let response = Client::new().perform_unless(&base, &send(), Arc::new(|| true)).await;

    assert!(matches!(response.reply, Reply::NotSent(_)), "{response:?}");
    // The far side reads a whole request or none.
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_that_repeats_the_token_comes_back_without_it() {
    const ECHO: &str =
        "HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{\"errcode\":1,\"errmsg\":\"no CANARY, no\"}";
    let (base, _requests) = peer(Peer::Answers(ECHO)).await;

    let response = Client::new().perform(&base, &send()).await;

    let body = r#"{"errcode":1,"errmsg":"no …, no"}"#.as_bytes().to_vec();
    assert_eq!(response.reply, Reply::Http { status: 200, body });
}

#[tokio::test]
async fn a_closed_port_means_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = ApiBase::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);

    let response = Client::new().perform(&base, &send()).await;

    assert!(matches!(response.reply, Reply::Unreachable(_)), "{response:?}");
}

#[tokio::test]
async fn a_tls_handshake_that_fails_or_stalls_means_not_sent() {
    for far_side in [Peer::AnswersAndCloses("no TLS here"), Peer::Closes, Peer::Hangs] {
        let (base, mut requests) = peer(far_side).await;
        let base = ApiBase::parse(&base.0.as_str().replace("http:", "https:")).unwrap();

        let response = Client::new().perform(&base, &hasty(send())).await;

        assert!(response.reply.is_not_sent(), "{response:?}");
        assert!(requests.try_recv().is_err());
    }
}

/// A proxy that refuses; its first request or greeting is what the receiver gets.
async fn proxy(scheme: &str) -> (SecretString, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://me:CANARY@{}", listener.local_addr().unwrap());
    let (heard, greetings) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut greeting = vec![0; 1024];
            let length = stream.read(&mut greeting).await.unwrap();
            greeting.truncate(length);
            heard.send(greeting).ok();
            // The other end may go away at any time.
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.ok();
        }
    });
    (url.into(), greetings)
}

#[tokio::test]
async fn requests_to_the_platform_go_through_the_proxy_and_no_error_shows_its_password() {
    let base = ApiBase::parse("https://api.weixin.qq.com").unwrap();
    for (scheme, start) in [
        ("http", &b"CONNECT api.weixin.qq.com:443 HTTP/1.1\r\n"[..]),
        ("socks5", &b"\x05"[..]),
        ("socks5h", &b"\x05"[..]),
    ] {
        let (url, mut greetings) = proxy(scheme).await;
        // `socks5` looks the name up here, and there may be no network: an address needs none.
        let base = if scheme == "socks5" {
            ApiBase::parse("https://192.0.2.1").unwrap()
        } else {
            base.clone()
        };
        let client = Client::new().through(url);
        for request in [send(), question()] {
            let response = client.perform(&base, &request).await;

            assert!(matches!(response.reply, Reply::Unreachable(_)), "{scheme}: {response:?}");
            assert!(!format!("{response:?} {client:?}").contains("CANARY"), "{scheme}");
            assert!(greetings.recv().await.unwrap().starts_with(start), "{scheme}");
        }
    }
}

#[tokio::test]
async fn requests_to_this_machine_do_not_go_through_the_proxy() {
    let (base, _requests) = peer(Peer::Answers(OK)).await;
    let (url, mut greetings) = proxy("http").await;

    let response = Client::new().through(url).perform(&base, &send()).await;

    assert!(matches!(response.reply, Reply::Http { .. }), "{response:?}");
    assert!(greetings.try_recv().is_err());
}

#[tokio::test]
async fn a_request_that_was_read_and_not_answered_is_unknown() {
    for far_side in [Peer::AnswersAndCloses(""), Peer::AnswersAndCloses("\0garbage")] {
        let (base, mut requests) = peer(far_side).await;

        let response = Client::new().perform(&base, &send()).await;

        assert!(matches!(response.reply, Reply::Unknown(_)), "{response:?}");
        assert!(requests.recv().await.is_some());
        assert!(requests.try_recv().is_err(), "asked twice");
    }
}

#[tokio::test]
async fn a_request_that_hangs_after_it_was_read_is_unknown() {
    let (base, mut requests) = peer(Peer::Hangs).await;

    let response = until(&base, |_| requests.try_recv().is_ok()).await;

    assert!(matches!(response.reply, Reply::Unknown(_)), "{response:?}");
}

#[tokio::test]
async fn an_answer_that_is_cut_or_stalls_is_unknown_but_keeps_its_date() {
    let cut = &OK[..OK.len() - 4];
    for far_side in [Peer::AnswersAndCloses(cut), Peer::Answers(cut)] {
        let (base, _requests) = peer(far_side).await;

        let response = until(&base, |response| response.date.is_some()).await;

        assert!(matches!(response.reply, Reply::Unknown(_)), "{response:?}");
    }
}

#[tokio::test]
async fn an_answer_of_over_a_mebibyte_is_unknown() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n";
    let long: &'static str = Box::leak(format!("{head}{}", "x".repeat(2_000_000)).into());
    let (base, _requests) = peer(Peer::Answers(long)).await;

    let response = Client::new().perform(&base, &send()).await;

    assert!(matches!(response.reply, Reply::Unknown(_)), "{response:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (target, mut followed) = peer(Peer::Answers(OK)).await;
    let redirect = format!("HTTP/1.1 307 X\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", target.0);
    let (base, _requests) = peer(Peer::Answers(Box::leak(redirect.into()))).await;
    let client = Client::new();

    for request in [send(), question()] {
        let response = client.perform(&base, &request).await;

        assert_eq!(response.reply, Reply::Http { status: 307, body: Vec::new() });
    }
    assert!(followed.try_recv().is_err());
}

#[tokio::test]
async fn a_dead_connection_is_never_asked_a_second_time() {
    // The far side lets the client believe that the connection stays open, and closes it.
    let (base, mut requests) = peer(Peer::AnswersAndCloses(OK)).await;
    let client = Client::new();

    for _ in 0..20 {
        let response = client.perform(&base, &send()).await;
        assert!(matches!(response.reply, Reply::Http { .. }), "{response:?}");
    }

    let mut heard = 0;
    while requests.try_recv().is_ok() {
        heard += 1;
    }
    assert_eq!(heard, 20);
}

#[tokio::test]
async fn no_outcome_shows_the_token() {
    let client = Client::new();
    for far_side in
        [Peer::Closes, Peer::Hangs, Peer::AnswersAndCloses("?"), Peer::Answers(&OK[..60])]
    {
        for scheme in ["http:", "https:"] {
            let (base, _requests) = peer(far_side).await;
            let base = ApiBase::parse(&base.0.as_str().replace("http:", scheme)).unwrap();
            for request in [send(), question()] {
                let response = client.perform(&base, &hasty(request)).await;

                assert!(!format!("{response:?}").contains("CANARY"), "{response:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_shared_token_server_is_asked_by_its_own_url() {
    let (server, mut requests) = peer(Peer::Answers(OK)).await;
    let elsewhere = ApiBase::parse("https://api.weixin.qq.com").unwrap();
    let request = protocol::shared_token(&format!("{}token?app=wx1", server.0));

    let response = Client::new().perform(&elsewhere, &request).await;

    assert!(matches!(response.reply, Reply::Http { status: 200, .. }));
    assert!(requests.recv().await.unwrap().starts_with("GET /token?app=wx1 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_token_server_in_the_clear_is_not_asked() {
    let base = ApiBase::parse("https://api.weixin.qq.com").unwrap();

    let request = protocol::shared_token("http://tokens.example/wx1");

    let response = Client::new().perform(&base, &request).await;
    assert!(matches!(response.reply, Reply::NotSent(_)), "{response:?}");
}

#[tokio::test]
async fn many_accounts_ask_at_once_with_one_client() {
    let (base, mut requests) = peer(Peer::Answers(OK)).await;
    let client = Arc::new(Client::new());

    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (client, base) = (Arc::clone(&client), base.clone());
            tokio::spawn(async move { client.perform(&base, &send()).await })
        })
        .collect();

    for task in tasks {
        assert!(matches!(task.await.unwrap().reply, Reply::Http { status: 200, .. }));
    }
    for _ in 0..50 {
        assert!(requests.recv().await.is_some());
    }
    assert!(requests.try_recv().is_err());
}

#[test]
fn the_platform_is_asked_over_https_and_this_machine_also_in_the_clear() {
    for good in [
        "https://api.weixin.qq.com",
        "https://api.weixin.qq.com/",
        "http://127.0.0.1:8080",
        "http://127.9.9.9:1/prefix/",
        "http://[::1]:8080",
        "http://localhost:8080",
    ] {
        assert!(ApiBase::parse(good).is_ok(), "{good}");
    }
    for (bad, error) in [
        ("", BaseError::NotAUrl),
        ("api.weixin.qq.com", BaseError::NotAUrl),
        ("http://api.weixin.qq.com", BaseError::NotSecret),
        ("http://127.0.0.1.example.com", BaseError::NotSecret),
        ("http://10.0.0.1", BaseError::NotSecret),
        ("http://0.0.0.0:80", BaseError::NotSecret),
        ("ftp://127.0.0.1", BaseError::NotSecret),
        ("https://user:pw@api.weixin.qq.com", BaseError::Surplus),
        ("https://api.weixin.qq.com/?x=1", BaseError::Surplus),
        ("https://api.weixin.qq.com/#x", BaseError::Surplus),
    ] {
        assert_eq!(ApiBase::parse(bad), Err(error), "{bad}");
    }
}

#[test]
fn a_base_may_have_a_path_of_its_own() {
    for base in ["http://127.0.0.1:1/wx", "http://127.0.0.1:1/wx/"] {
        let url = ApiBase::parse(base).unwrap().join("/cgi-bin/tags/get");

        assert_eq!(url.as_str(), "http://127.0.0.1:1/wx/cgi-bin/tags/get");
    }
}

#[test]
fn a_date_from_a_cache_or_without_sense_is_no_date() {
    let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    };
    let good = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    assert!(date(&headers(&[good])).is_some());
    assert_eq!(date(&headers(&[good, ("age", "7")])), None);
    assert_eq!(date(&headers(&[("date", "yesterday")])), None);
    assert_eq!(date(&headers(&[])), None);
}

#[test]
fn a_repeated_secret_is_cut_out_of_errmsgs_only() {
    let words = ["s3cret".to_owned(), "e".to_owned()];
    for (text, kept) in [
        (r#"{"access_token":"t-s3cret","expires_in":7200}"#, None),
        (
            r#"{"errmsg" : "bad s3cret \"s3cret\"", "access_token":"s3cret"}"#,
            Some(r#"{"errmsg" : "bad … \"…\"", "access_token":"s3cret"}"#),
        ),
        (r#"{"errcode":1,"errmsg":{"s3cret":1}}"#, Some(r#"{"errcode":1,"errmsg":{"…":1}}"#)),
        (r#"{"errmsg":"s3cret"#, Some(r#"{"errmsg":"…"#)),
        (r#"{"errmsg""#, None),
    ] {
        assert_eq!(without_in_errmsg(text, &words), kept.unwrap_or(text));
    }
}
