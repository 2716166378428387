//! What is not ours goes on to the handler behind us, and its answer back.

use tokio::sync::mpsc;

use super::*;

const TEXT: &str =
    "<xml><MsgType>text</MsgType>\r\n<Content><![CDATA[你好 & <b>]]></Content></xml>\n";

/// A handler of one's own making: it hears whole requests and answers with bytes.
struct Handler {
    at: SocketAddr,
    heard: mpsc::UnboundedReceiver<String>,
}

/// A handler that answers each request with these bytes; with none it never answers.
async fn handler(answer: Option<String>) -> Handler {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (hear, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, hear) = (answer.clone(), hear.clone());
            tokio::spawn(async move {
                hear.send(read_request(&mut stream).await).ok();
                match answer {
                    Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap_or_default(),
                    None => std::future::pending().await,
                }
            });
        }
    });
    Handler { at, heard }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap_or(0);
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(read > 0, "half a request");
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
        });
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return text.into_owned();
        }
    }
}

fn answer(status: &str, head: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\n{head}Content-Length: {length}\r\n\r\n{body}"))
}

async fn forwarding(limits: Limits, store: Store, to: &str) -> Served {
    served_with(limits, store, Authenticator { forward_to: Some(to.parse().unwrap()), ..plain() })
        .await
}

#[tokio::test]
async fn a_push_goes_on_and_its_answer_comes_back_byte_for_byte() {
    let reply = "<xml><Content><![CDATA[答]]></Content>\r\n</xml> ";
    let mut handler =
        handler(answer("201 Created", "Content-Type: Text/XML; charset=utf-8\r\n", reply)).await;
    let served =
        forwarding(PATIENT, Store::Works, &format!("http://{}/wx?k=%2B1", handler.at)).await;
    let query = format!("{}&openid=o_1-%E5%A5%BD+x&encrypt_type=raw", signed("9"));
    let push = post("/callback/brand-daily", &query, TEXT)
        .replace("Host: x", "Host: x\r\nContent-Type: text/xml;x=Y");

    let (status, head, body) = served.ask(&push).await;

    let heard = handler.heard.recv().await.unwrap();
    let (first, rest) = heard.split_once("\r\n").unwrap();
    assert_eq!(first, format!("POST /wx?k=%2B1&{query} HTTP/1.1"));
    let (sent_head, sent_body) = rest.split_once("\r\n\r\n").unwrap();
    assert_eq!(sent_body, TEXT);
    assert!(sent_head.contains("content-type: text/xml;x=Y\r\n"), "{sent_head}");
    assert_eq!((status, body.as_str()), (201, reply));
    assert!(head.contains("content-type: text/xml; charset=utf-8"), "{head}");
    assert_eq!(head.matches("content-type").count(), 1, "{head}");
    let forwarded = Note::Forwarded(Ok(StatusCode::CREATED));
    assert_eq!(served.fake.notes(), [Note::Taken, forwarded]);
}

#[tokio::test]
async fn an_answer_without_content_comes_back_without() {
    for (given, status) in [("200 OK", 200), ("404 Not Found", 404), ("500 x", 500)] {
        let handler = handler(answer(given, "", "")).await;
        let served = forwarding(PATIENT, Store::Works, &format!("http://{}/", handler.at)).await;

        let (got, head, body) =
            served.ask(&post("/callback/brand-daily", &signed("1"), TEXT)).await;

        assert_eq!((got, body.as_str()), (status, ""));
        assert!(!head.contains("content-type"), "{head}");
    }
}

#[tokio::test]
async fn our_own_event_stays_here_and_waits_for_nobody() {
    let mut handler = handler(None).await;
    let served = forwarding(PATIENT, Store::Works, &format!("http://{}/", handler.at)).await;
    let mut hanging = TcpStream::connect(served.at).await.unwrap();
    hanging.write_all(post("/callback/brand-daily", &signed("1"), TEXT).as_bytes()).await.unwrap();
    handler.heard.recv().await.unwrap();

    assert_eq!(served.push(&signed("2"), EVENT).await, 200);

    assert_eq!(served.fake.stored(), 1);
    assert!(handler.heard.try_recv().is_err(), "it went on");
}

#[tokio::test]
async fn only_what_is_signed_goes_on() {
    let mut handler = handler(answer("200 OK", "", "success")).await;
    let served = forwarding(PATIENT, Store::Works, &format!("http://{}/", handler.at)).await;

    for query in ["", &signed_by("guess", NOW, "1"), &signed_by(TOKEN, NOW - 601, "1")] {
        assert_eq!(served.push(query, TEXT).await, 403);
    }
    let check = format!("{}&echostr=1", signed("2"));
    assert_eq!(served.ask(&get("/callback/brand-daily", &check)).await.2, "1");

    assert!(handler.heard.try_recv().is_err(), "it went on");
}

#[tokio::test]
async fn a_handler_that_fails_looks_to_the_platform_as_it_would_without_us() {
    let redirect = "Location: http://127.0.0.1:1/\r\n";
    let long = "x".repeat(64 * 1024 + 1);
    for (given, status) in [
        (answer("302 Found", redirect, "away"), 302),
        (answer("200 OK", "", &long), 502),
        (Some("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_owned()), 502),
        (Some("nonsense\r\n\r\n".to_owned()), 502),
        (Some(String::new()), 502),
    ] {
        let handler = handler(given.clone()).await;
        let served = forwarding(PATIENT, Store::Works, &format!("http://{}/", handler.at)).await;

        assert_eq!(served.push(&signed("1"), TEXT).await, status, "{given:?}");
    }
}

#[tokio::test]
async fn a_handler_that_is_away_or_slow_is_told_of() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let away = forwarding(PATIENT, Store::Works, &format!("http://{nobody}/")).await;
    assert_eq!(away.push(&signed("1"), TEXT).await, 502);
    let notes = away.fake.notes();
    let [Note::Taken, Note::Forwarded(Err(ForwardError::Broken(why)))] = &notes[..] else {
        panic!("{notes:?}")
    };
    assert!(!why.contains("http://"), "{why}");

    let handler = handler(None).await;
    let brief = Limits { forwarder: Duration::from_millis(50), ..PATIENT };
    let slow = forwarding(brief, Store::Works, &format!("http://{}/", handler.at)).await;
    assert_eq!(slow.push(&signed("1"), TEXT).await, 504);
    let timed_out = Note::Forwarded(Err(ForwardError::TimedOut));
    assert_eq!(slow.fake.notes(), [Note::Taken, timed_out]);
}

#[tokio::test]
async fn only_so_many_pushes_wait_for_a_handler() {
    let mut handler = handler(None).await;
    let served = forwarding(PATIENT, Store::Works, &format!("http://{}/", handler.at)).await;
    let mut waiting = Vec::new();
    for nonce in ["1", "2"] {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        let push = post("/callback/brand-daily", &signed(nonce), TEXT);
        stream.write_all(push.as_bytes()).await.unwrap();
        waiting.push(stream);
        handler.heard.recv().await.unwrap();
    }

    assert_eq!(served.push(&signed("3"), TEXT).await, 503);

    assert_eq!(served.push(&signed("4"), EVENT).await, 200);
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_goes_on_too() {
    let mut handler = handler(answer("200 OK", "", "theirs")).await;
    let served = forwarding(PATIENT, Store::Works, &format!("http://{}/", handler.at)).await;

    let (status, _, body) = served.ask(&post("/callback/brand-daily", &signed("1"), "<xml>")).await;

    assert_eq!((status, body.as_str()), (200, "theirs"));
    assert_eq!(served.fake.stored(), 1);
    assert!(handler.heard.recv().await.unwrap().ends_with("<xml>"));
}
