//! The callback listener through the real binary: who is believed, and who is shown the door.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use qunfa::sandbox::{EventFate, FaultKind};
use sha1::{Digest as _, Sha1};

use crate::rig::{CALLBACK_TOKEN, Rig, club, real_now, started, to_tag};

#[test]
fn a_get_with_a_true_signature_is_answered_with_its_echo() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();

    let answer = say(&rig, "GET", &format!("{}&echostr=8071", signed("club", CALLBACK_TOKEN)), "");

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n8071"), "{answer}");
}

#[test]
fn a_wrong_signature_changes_nothing() {
    let rig = Rig::running(&[club()]);
    rig.platform().inject(FaultKind::Events(EventFate::Lost));
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    let job = rig.until_state("spring", "accepted");
    let event = finished(job["batches"][0]["msg_id"].as_i64().unwrap());

    let forged = say(&rig, "POST", &signed("club", "another token"), &event);
    let nobody = say(&rig, "POST", &signed("clubb", CALLBACK_TOKEN), &event);
    let bare = say(&rig, "POST", "/callback/club", &event);

    for answer in [&forged, &nobody, &bare] {
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let told = rig.ask(&["show", "spring", "--json"]);
    assert_eq!(told["state"], "accepted");
    assert_eq!(told["events"].as_array().map(Vec::len), Some(0), "{told}");
    let true_one = say(&rig, "POST", &signed("club", CALLBACK_TOKEN), &event);
    assert!(true_one.starts_with("HTTP/1.1 200"), "{true_one}");
    rig.until_state("spring", "sent");
}

#[test]
fn events_that_come_early_or_three_times_settle_once() {
    let rig = Rig::running(&[club()]);
    for (id, fate) in [("early", EventFate::Early), ("tripled", EventFate::Tripled)] {
        rig.platform().inject(FaultKind::Events(fate));

        rig.drop_file(&format!("{id}.yaml"), &to_tag(id, "club"));
        rig.until_state(id, "sent");
    }

    assert_eq!(rig.accepted().len(), 2);
    rig.answer_first("club");
    let status = rig.ask(&["status", "--json"]);
    assert_eq!(status["attention"].as_array().map(Vec::len), Some(0), "{status}");
}

#[test]
fn a_body_over_32_kib_is_refused() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();

    let answer = say(&rig, "POST", &signed("club", CALLBACK_TOKEN), &"x".repeat(33 * 1024));

    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[test]
fn slow_clients_are_dropped_and_delay_nobody() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    let since = started();
    let mut slow: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(rig.listen).unwrap();
            write!(stream, "POST {} HTTP/1.1\r\nhost: x\r\n", signed("club", "x")).unwrap();
            stream
        })
        .collect();

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until("it is sent", || (rig.accepted().len() == 1).then_some(()));
    let last = slow.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let end = last.read(&mut [0; 1_024]);

    let timed_out = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
    assert!(!end.as_ref().is_err_and(|error| timed_out(error.kind())), "{end:?}");
    assert!(since.elapsed() < Duration::from_secs(100), "{:?}", since.elapsed());
    rig.until_state("spring", "sent");
}

/// On a machine so slow that strangers are dropped for their age meanwhile, it is tried again.
#[test]
fn an_event_is_answered_while_400_strangers_stay_connected() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();

    rig.until("an event is answered before a stranger is dropped", || {
        let mut strangers: Vec<_> = (0..400).map(|number| stranger(&rig, number)).collect();
        let answer = say(&rig, "POST", &signed("club", CALLBACK_TOKEN), &finished(1));
        let all_stay = strangers.iter_mut().all(is_open);
        (answer.ends_with("success") && all_stay).then_some(())
    });
}

/// A connection that says nothing, half a head, or a head without its body.
fn stranger(rig: &Rig, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(rig.listen).unwrap();
    let target = signed("club", CALLBACK_TOKEN);
    let said = match number % 3 {
        0 => String::new(),
        1 => format!("POST {target} HTTP/1.1\r\nhost:"),
        _ => format!("POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx"),
    };
    stream.write_all(said.as_bytes()).unwrap();
    stream
}

fn is_open(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn metrics_tell_jobs_quotas_and_what_needs_a_person() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    assert_eq!(rig.say(&["hold", "club", "--why", "a test"]).code, Some(0));

    let answer = say(&rig, "GET", "/metrics", "");

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\r\ncontent-type: text/plain; version=0.0.4"), "{answer}");
    for line in [
        format!("qunfa_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
        r#"qunfa_jobs{state="sent"} 1"#.to_owned(),
        r#"qunfa_jobs{state="uncertain"} 0"#.to_owned(),
        "qunfa_oldest_due_seconds 0".to_owned(),
        r#"qunfa_attention{account="club",kind="hold",severity="look"} 1"#.to_owned(),
        r#"qunfa_account_stopped{account="club"} 1"#.to_owned(),
        r#"qunfa_rule_used{account="club",rule="daily_calls"} 1"#.to_owned(),
        r#"qunfa_rule_limit{account="club",rule="daily_calls"} 100"#.to_owned(),
        r#"qunfa_sends_total{outcome="accepted"} 1"#.to_owned(),
        r#"qunfa_sends_total{outcome="in_doubt"} 0"#.to_owned(),
        r#"qunfa_answers_total{request="mass_send",errcode="0"} 1"#.to_owned(),
        r#"qunfa_answers_total{request="upload",errcode="0"} 0"#.to_owned(),
        "qunfa_send_lateness_seconds_count 1".to_owned(),
        r#"qunfa_files_total{result="accepted"} 1"#.to_owned(),
        r#"qunfa_files_total{result="rejected"} 0"#.to_owned(),
        r#"qunfa_not_ready{reason="starting"} 0"#.to_owned(),
    ] {
        assert!(answer.lines().any(|found| found == line), "{line} in {answer}");
    }
    let event = "qunfa_last_event_timestamp_seconds{account=\"club\"} ";
    let event = answer.lines().find_map(|line| line.strip_prefix(event)).unwrap();
    let ago = real_now().timestamp() - event.parse::<i64>().unwrap();
    assert!((0..600).contains(&ago), "{event}");
}

#[test]
fn it_is_ready_once_its_loop_turns() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();

    rig.until("it is ready", || {
        say(&rig, "GET", "/readyz", "").ends_with("\r\n\r\nready").then_some(())
    });
}

/// The target of a push that is signed with this token.
pub(crate) fn signed(account: &str, token: &str) -> String {
    signed_with(account, token, "7")
}

/// A timestamp and a nonce are good for one body.
fn signed_with(account: &str, token: &str, nonce: &str) -> String {
    let timestamp = real_now().timestamp().to_string();
    let mut parts = [token, &timestamp, nonce];
    parts.sort_unstable();
    let digest = Sha1::digest(parts.concat());
    let signature: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/callback/{account}?signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

pub(crate) fn finished(msg_id: i64) -> String {
    let created = real_now().timestamp();
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>\
         <CreateTime>{created}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>{msg_id}</MsgID>\
         <Status><![CDATA[send success]]></Status><TotalCount>100</TotalCount>\
         <FilterCount>100</FilterCount><SentCount>100</SentCount><ErrorCount>0</ErrorCount></xml>"
    )
}

/// Says something over a connection of its own, and returns all that comes back.
pub(crate) fn say(rig: &Rig, method: &str, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(rig.listen).unwrap();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // Who is refused may be cut off before everything is written.
    stream.write_all(request.as_bytes()).ok();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    answer
}

#[test]
fn scans_of_codes_are_counted_by_code_and_day() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    let scan = |event: &str, key: &str, user: &str| {
        let now = real_now().timestamp();
        let body = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>{user}</FromUserName>\
             <CreateTime>{now}</CreateTime><MsgType>event</MsgType><Event>{event}</Event>\
             <EventKey>{key}</EventKey><Ticket>T</Ticket></xml>"
        );
        let answer = say(&rig, "POST", &signed_with("club", CALLBACK_TOKEN, user), &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };

    scan("subscribe", "qrscene_door-1", "o1");
    scan("SCAN", "door-1", "o2");
    scan("SCAN", "door-1", "o3");
    scan("subscribe", "", "o4");

    let code = rig.until("three scans", || {
        let told = rig.ask(&["qrcodes", "club", "--json"]);
        let code = told["codes"][0].clone();
        (code["scanned"] == 2).then_some(code)
    });
    assert_eq!((&code["scene"], &code["subscribed"]), (&"door-1".into(), &1.into()));
    assert_eq!(code["days"].as_array().map(Vec::len), Some(1), "{code}");
    let shown = rig.say(&["qrcodes", "club"]).out;
    assert!(shown.contains("made elsewhere"), "{shown}");
}
