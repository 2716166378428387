//! Encrypted callbacks and the handler behind them, through the real binary and real sockets.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};

use crate::rig::{AES_KEY, CALLBACK_TOKEN, Rig, club, daily, to_tag};

/// A handler that hears whole requests; it answers with bytes, or never.
struct Handler {
    at: SocketAddr,
    heard: mpsc::Receiver<String>,
}

impl Handler {
    fn answering(answer: Option<&'static str>) -> Self {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), answer)
    }

    fn on(listener: TcpListener, answer: Option<&'static str>) -> Self {
        let at = listener.local_addr().unwrap();
        let (hear, heard) = mpsc::channel();
        // Ends with the process: it waits for the next request.
        thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                match answer {
                    Some(answer) => stream.write_all(answer.as_bytes()).unwrap_or_default(),
                    None => hanging.push(stream),
                }
                if hear.send(request).is_err() {
                    return;
                }
            }
        });
        Self { at, heard }
    }

    fn hears(&self) -> String {
        self.heard.recv_timeout(std::time::Duration::from_secs(120)).expect("nothing came")
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).unwrap_or(0);
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let length = |head: &str| {
            let lines = head.lines().map(str::to_ascii_lowercase);
            let mut lengths = lines.filter_map(|line| {
                line.strip_prefix("content-length: ").map(|length| length.parse().unwrap())
            });
            lengths.next().unwrap_or(0)
        };
        match text.split_once("\r\n\r\n") {
            Some((head, body)) if body.len() >= length(head) => return text,
            _ if read == 0 => return text,
            _ => {}
        }
    }
}

const REPLY: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 12\r\n\r\n<xml>\n</xml>";

/// Asks the sandbox's own door.
fn sandbox(rig: &Rig, command: &str, body: &Value) -> Value {
    let mut stream = TcpStream::connect(rig.sandbox()).unwrap();
    let body = body.to_string();
    write!(
        stream,
        "POST /sandbox/{command} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// A follower of the account says something.
fn say(rig: &Rig, appid: &str, content: &str) -> Value {
    sandbox(rig, "message", &json!({"appid": appid, "content": content}))
}

/// Lets the sandbox push the account's events with another key.
fn use_key(rig: &Rig, appid: &str, key: &str) {
    let url = format!("http://{}/callback/club", rig.listen);
    let done = sandbox(
        rig,
        "callback",
        &json!({
            "appid": appid, "url": url, "token": CALLBACK_TOKEN, "mode": "safe",
            "encoding_aes_key": key,
        }),
    );
    assert_eq!(done, json!({"errcode": 0}));
}

fn attention(rig: &Rig, kind: &str) -> usize {
    let status = rig.ask(&["status", "--json"]);
    let notes = status["attention"].as_array().unwrap();
    notes.iter().filter(|note| note["kind"] == kind).count()
}

#[test]
fn encrypted_events_settle_by_themselves_in_every_mode_and_format() {
    for style in [("safe", "xml"), ("safe", "json"), ("compatible", "xml"), ("compatible", "json")]
    {
        let rig = Rig::running(&[club().pushing(style.0, style.1)]);

        rig.drop_file("spring.yaml", &to_tag("spring", "club"));
        rig.until_state("spring", "sent");

        let told = rig.ask(&["show", "spring", "--json"]);
        assert_eq!(told["events"][0]["proven"], true, "{style:?} {told}");
        let asked = rig.platform().requests().iter().any(|asked| asked.path.ends_with("/mass/get"));
        assert!(!asked, "{style:?}");
        assert!(!rig.log().contains(AES_KEY));
        assert_eq!(attention(&rig, "callback"), 0);
    }
}

#[test]
fn a_plain_account_reads_json_and_asks() {
    let rig = Rig::running(&[daily().pushing("plain", "json")]);

    rig.drop_file("spring.yaml", &to_tag("spring", "daily"));
    rig.until_state("spring", "sent");

    let told = rig.ask(&["show", "spring", "--json"]);
    assert_eq!(told["events"][0]["proven"], false, "{told}");
    assert!(rig.platform().requests().iter().any(|asked| asked.path.ends_with("/mass/get")));
}

#[test]
fn a_key_that_does_not_fit_is_told_until_one_does() {
    let club = club().pushing("safe", "xml");
    let rig = Rig::running(std::slice::from_ref(&club));
    rig.until_listening();
    use_key(&rig, &club.spec.appid, &"b".repeat(43));

    assert_eq!(say(&rig, &club.spec.appid, "hello")["status"], 403);
    let note = rig.until_attention("callback");
    assert!(note["what"].as_str().unwrap().contains("EncodingAESKey"), "{note}");
    assert!(note["do"].as_str().unwrap().contains("previous_aes_key_file"), "{note}");
    use_key(&rig, &club.spec.appid, AES_KEY);
    assert_eq!(say(&rig, &club.spec.appid, "hello"), json!({"status": 200, "body": "success"}));

    rig.until("it is well", || (attention(&rig, "callback") == 0).then_some(()));
}

#[test]
fn a_message_goes_on_encrypted_as_it_came_and_the_answer_back() {
    let handler = Handler::answering(Some(REPLY));
    let club = club().pushing("safe", "xml").forwarding_to(handler.at);
    let rig = Rig::running(std::slice::from_ref(&club));
    rig.until_listening();

    let answer = say(&rig, &club.spec.appid, "message-canary");

    assert_eq!(answer, json!({"status": 200, "body": "<xml>\n</xml>"}));
    let heard = handler.hears();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /wx?key=url-canary&signature="), "{head}");
    assert!(head.contains("&encrypt_type=aes&msg_signature="), "{head}");
    assert!(head.contains("content-type: text/xml"), "{head}");
    assert!(body.starts_with("<xml>\n<ToUserName>") && body.contains("<Encrypt>"), "{body}");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    assert!(handler.heard.try_recv().is_err(), "our own event went on");
    let log = rig.log();
    for canary in ["message-canary", "url-canary", AES_KEY, CALLBACK_TOKEN] {
        assert!(!log.contains(canary), "{log}");
    }
}

#[test]
fn our_events_are_handled_while_the_handler_hangs() {
    let handler = Handler::answering(None);
    let club = club().forwarding_to(handler.at);
    let rig = Rig::running(std::slice::from_ref(&club));
    rig.until_listening();

    let answer = thread::scope(|scope| {
        let saying: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn({
                    let (rig, appid) = (&rig, &club.spec.appid);
                    move || say(rig, appid, &format!("hello {n}"))
                })
            })
            .collect();
        handler.hears();
        rig.drop_file("spring.yaml", &to_tag("spring", "club"));
        rig.until_state("spring", "sent");
        saying.into_iter().map(|said| said.join().unwrap()).collect::<Vec<_>>()
    });

    // The sandbox gives up after 5 s as the platform does; on a slow machine that may come first.
    let patient = answer.iter().filter(|answer| answer["status"] == 504).count();
    let gave_up = answer.iter().filter(|answer| answer["error"].is_string()).count();
    assert_eq!(patient + gave_up, 8, "{answer:?}");
}

#[test]
fn a_handler_that_is_away_is_told_until_it_is_back() {
    // An address that nobody else takes while the handler is away.
    let listener = TcpListener::bind((Ipv4Addr::new(127, 72, 0, 1), 0)).unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    let club = club().forwarding_to(at);
    let rig = Rig::running(std::slice::from_ref(&club));
    rig.until_listening();

    for n in 0..5 {
        assert_eq!(say(&rig, &club.spec.appid, &format!("hello {n}"))["status"], 502);
    }
    let note = rig.until_attention("forward");
    assert!(note["what"].as_str().unwrap().contains("127.72.0.1 failed 5 times"), "{note}");
    let handler = Handler::on(TcpListener::bind(at).unwrap(), Some(REPLY));
    assert_eq!(say(&rig, &club.spec.appid, "again")["status"], 200);
    handler.hears();

    rig.until("it is well", || (attention(&rig, "forward") == 0).then_some(()));
}
