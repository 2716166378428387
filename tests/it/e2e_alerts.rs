//! Alerts through the real binary: who is told what, in which order, over kills and outages, and
//! that no release waits for it.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use qunfa::sandbox::{FaultKind, openid};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::rig::{
    Rig, at_line, club, files_under, fill_the_disk, real_now, to_tag, to_tag_with, whole_second,
};

/// What is in every URL, and must be nowhere else.
const URL_KEY: &str = "url-key-canary";
/// The secret of a robot's signature.
const ROBOT_SECRET: &str = "SECrobot-secret-canary";
/// The key of the webhook's signature.
const WEBHOOK_KEY: &[u8] = b"webhook-key-canary";

/// How a receiver answers.
#[derive(Clone, Debug)]
enum Answer {
    /// With this body and status.
    With(u16, &'static str),
    /// It takes the request and says nothing.
    Never,
    /// It takes no request.
    Down,
}

const FINE: Answer = Answer::With(200, r#"{"errcode":0,"code":0}"#);

/// A request as received.
#[derive(Clone, Debug)]
struct Heard {
    target: String,
    head: String,
    body: String,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    fn query(&self, name: &str) -> String {
        let url = url::Url::parse(&format!("http://x{}", self.target)).unwrap();
        url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Somebody who is told.
struct Receiver {
    at: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Receiver {
    fn new(answer: Answer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = listener.local_addr().unwrap();
        let (heard, answer) = (Arc::default(), Arc::new(Mutex::new(answer)));
        let (hears, answers): (Arc<Mutex<Vec<_>>>, _) = (Arc::clone(&heard), Arc::clone(&answer));
        // Ends with the process: it waits for the next request.
        thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let answer: Answer = answers.lock().unwrap().clone();
                if matches!(answer, Answer::Down) {
                    continue;
                }
                let Some(request) = read_request(&mut stream) else { continue };
                hears.lock().unwrap().push(request);
                match answer {
                    Answer::With(status, body) => {
                        let length = body.len();
                        // A killed daemon hears no answer.
                        write!(
                            stream,
                            "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                        )
                        .ok();
                    }
                    Answer::Never | Answer::Down => hanging.push(stream),
                }
            }
        });
        Self { at, heard, answer }
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// The texts that a robot was told, whatever its form.
    fn texts(&self) -> Vec<String> {
        let text = |heard: &Heard| {
            let body = heard.json();
            let text = body.pointer("/text/content").or_else(|| body.pointer("/content/text"));
            text.unwrap().as_str().unwrap().to_owned()
        };
        self.heard().iter().map(text).collect()
    }

    /// The documents that a webhook was told.
    fn documents(&self) -> Vec<Value> {
        self.heard().iter().map(Heard::json).collect()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Heard> {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let target = head.split(' ').nth(1)?.to_owned();
    let heard = Heard { target, head, body: String::new() };
    let length = heard.header("content-length").trim().parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { body: String::from_utf8(body).ok()?, ..heard })
}

/// HMAC-SHA256 by its definition, not by the crate that the daemon uses.
fn hmac(key: &[u8], text: &[u8]) -> String {
    assert!(key.len() <= 64);
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    STANDARD.encode(Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize())
}

/// Adds `alerts` to the config of a rig, with each receiver's channel.
fn configure(rig: &Rig, receivers: &[(&str, String)], more: &str) {
    let mut text = fs::read_to_string(rig.path("config.yaml")).unwrap();
    text.push_str("alerts:\n  receivers:\n");
    for (name, channel) in receivers {
        writeln!(text, "    {name}: {{ {channel} }}").unwrap();
    }
    text.push_str(more);
    fs::write(rig.path("config.yaml"), text).unwrap();
}

/// A channel with a URL, and a file that holds it.
fn hook(rig: &Rig, kind: &str, at: SocketAddr, secret: Option<&str>) -> String {
    let file = format!("{kind}-{}", at.port());
    fs::write(rig.path(&file), format!("http://{at}/send?key={URL_KEY}")).unwrap();
    let secret = secret.map_or_else(String::new, |secret| {
        fs::write(rig.path(&format!("{file}-secret")), secret).unwrap();
        format!(", secret_file: {file}-secret")
    });
    format!("{kind}: {{ url_file: {file}{secret} }}")
}

fn webhook(rig: &Rig, receiver: &Receiver) -> (&'static str, String) {
    let secret = format!("whsec_{}", STANDARD.encode(WEBHOOK_KEY));
    ("hook", hook(rig, "webhook", receiver.at, Some(&secret)))
}

fn refuse(rig: &Rig, number: usize) {
    rig.drop_file(&format!("bad-{number:02}.yaml"), "jobs: 7\n...\n");
}

#[test]
fn a_reload_reads_the_url_of_a_receiver_again() {
    let mut rig = Rig::new(&[club()]);
    let (former, present) = (Receiver::new(FINE), Receiver::new(FINE));
    configure(&rig, &[("ops", hook(&rig, "webhook", former.at, None))], "");
    rig.start();
    rig.until_listening();
    refuse(&rig, 1);
    until_told(&rig, &former, "refused_file");
    let heard = former.heard().len();

    let url = format!("http://{}/send?key={URL_KEY}", present.at);
    fs::write(rig.path(&format!("webhook-{}", former.at.port())), url).unwrap();
    rig.reload("the config was reloaded");
    refuse(&rig, 2);

    until_told(&rig, &present, "refused_file");
    assert_eq!(former.heard().len(), heard);
}

/// A job that needs an approval soon.
fn awaiting_approval(id: &str) -> String {
    let due = whole_second(real_now()) + TimeDelta::minutes(40);
    to_tag_with(id, "club", &format!("{}\n    approval: true", at_line(due)))
}

fn until_told(rig: &Rig, receiver: &Receiver, kind: &str) -> Value {
    rig.until(&format!("{kind} is told"), || {
        receiver.documents().into_iter().find(|document| document["data"]["kind"] == kind)
    })
}

#[test]
fn what_needs_a_person_is_told_over_every_channel_and_names_no_secret_and_no_text() {
    let mut rig = Rig::new(&[club()]);
    let [hooked, wecom, feishu, dingtalk] = [(); 4].map(|()| Receiver::new(FINE));
    let mail = Mail::new();
    let told = rig.path("told.json");
    let receivers = [
        webhook(&rig, &hooked),
        ("wecom", hook(&rig, "wecom", wecom.at, None)),
        ("feishu", hook(&rig, "feishu", feishu.at, Some(ROBOT_SECRET))),
        ("dingtalk", hook(&rig, "dingtalk", dingtalk.at, Some(ROBOT_SECRET))),
        ("program", format!("command: [tee, -a, {}]", told.display())),
        (
            "mail",
            format!(
                "email: {{ server: 127.0.0.1, port: {}, security: none, from: qunfa@example.com, \
                 to: [ops@example.com] }}",
                mail.at.port()
            ),
        ),
    ];
    configure(&rig, &receivers, "");
    rig.start();
    rig.until_listening();
    rig.answer_first("club");

    rig.fault_on("/mass/send", FaultKind::Errcode(40_003));
    let [one, two] = [1, 2].map(|number| openid(&club().spec.appid, number));
    rig.drop_file(
        "marker.yaml",
        &format!(
            "jobs:\n  - id: marker\n    account: club\n    broadcast: {{ touser: [{one}, {two}], \
             text: text-canary of a broadcast }}\n...\n"
        ),
    );
    let document = until_told(&rig, &hooked, "failed");
    rig.drop_file("soon.yaml", &awaiting_approval("soon"));
    let due = until_told(&rig, &hooked, "approval_due");
    for robot in [&wecom, &feishu, &dingtalk] {
        rig.until("each robot is told", || {
            let texts = robot.texts().concat();
            (texts.contains("job marker of club") && texts.contains("approval due")).then_some(())
        });
    }
    let program = rig.until("the program is told", || {
        let text = fs::read_to_string(&told).ok()?;
        text.contains("approval_due").then_some(text)
    });
    let mailed = rig.until("the mail arrives", || {
        let text = mail.heard.lock().unwrap().clone();
        text.contains("job marker").then_some(text)
    });

    let data = &document["data"];
    assert_eq!(document["type"], "alert.raised");
    assert_eq!([&data["severity"], &data["account"], &data["job"]], ["page", "club", "marker"]);
    assert_eq!(data["title"], Value::Null, "its title would be the beginning of its text");
    assert!(data["do"].as_str().unwrap().contains("marker"), "{data}");
    assert_eq!(data["reason_code"], "platform_refused");
    assert!(
        due["data"]["until"].is_string()
            && due["data"]["do"].as_str().unwrap().contains("qunfa approve soon")
    );
    check_signatures([&hooked, &feishu, &dingtalk]);
    let bodies = [&hooked, &wecom, &feishu, &dingtalk].into_iter().flat_map(Receiver::heard);
    let all = bodies.map(|heard| heard.body).chain([program, mailed]).collect::<String>();
    for marker in ["canary", &one, &two, crate::rig::SECRET] {
        assert!(!all.contains(marker), "{marker} was told: {all}");
    }
    no_secret_is_kept(&mut rig);
}

/// Stops the daemon, and looks through what it listed, logged and stored.
fn no_secret_is_kept(rig: &mut Rig) {
    let listed = rig.say(&["alert", "list", "--json"]).out;
    assert!(listed.contains("marker") && !listed.contains("canary"), "{listed}");
    rig.stop();
    let kept = files_under(&rig.path("state")).into_iter().map(|path| fs::read(path).unwrap());
    for bytes in kept.chain([rig.log().into_bytes()]) {
        let has = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
        assert!(!has(URL_KEY) && !has(ROBOT_SECRET), "a secret was stored");
    }
}

fn check_signatures([hooked, feishu, dingtalk]: [&Receiver; 3]) {
    for heard in hooked.heard() {
        let [id, at] =
            ["webhook-id", "webhook-timestamp"].map(|name| heard.header(name).to_owned());
        let signed = hmac(WEBHOOK_KEY, format!("{id}.{at}.{}", heard.body).as_bytes());
        assert_eq!(heard.header("webhook-signature"), format!("v1,{signed}"));
        assert_eq!(id, heard.json()["data"]["id"]);
    }
    for heard in feishu.heard() {
        let body = heard.json();
        let at = body["timestamp"].as_str().unwrap();
        assert_eq!(body["sign"], json!(hmac(format!("{at}\n{ROBOT_SECRET}").as_bytes(), b"")));
    }
    for heard in dingtalk.heard() {
        let text = format!("{}\n{ROBOT_SECRET}", heard.query("timestamp"));
        assert_eq!(heard.query("sign"), hmac(ROBOT_SECRET.as_bytes(), text.as_bytes()));
        assert_eq!(heard.query("key"), URL_KEY);
    }
}

#[test]
fn kills_and_outages_lose_nothing_and_repeat_only_under_the_same_id() {
    const FILES: usize = 12;
    let mut rig = Rig::new(&[club()]);
    let hooked = Receiver::new(Answer::Down);
    let receivers = [webhook(&rig, &hooked)];
    configure(&rig, &receivers, "");
    for number in 0..FILES {
        rig.start();
        refuse(&rig, number);
        let name = format!("bad-{number:02}.yaml");
        rig.until_file("rejected", &name);
        // Every fourth time the receiver hears the message and the daemon dies before the answer.
        match number % 4 {
            1 => {
                let before = hooked.heard().len();
                hooked.answers(Answer::Never);
                rig.until("a message is under way", || {
                    (hooked.heard().len() > before).then_some(())
                });
            }
            2 => hooked.answers(Answer::With(503, "")),
            _ => hooked.answers(Answer::Down),
        }
        thread::sleep(Duration::from_millis(u64::try_from(number).unwrap() * 130));
        rig.kill();
    }
    hooked.answers(FINE);
    let heard_before = hooked.heard().len();
    rig.start();

    rig.until("every file is told", || {
        let heard = hooked.heard().split_off(heard_before);
        let all: String = heard.into_iter().map(|heard| heard.body).collect();
        (0..FILES).all(|number| all.contains(&format!("bad-{number:02}.yaml"))).then_some(())
    });

    let mut ids = std::collections::BTreeMap::new();
    let mut order = Vec::new();
    for document in hooked.documents() {
        let data = &document["data"];
        let id = data["id"].as_str().unwrap().to_owned();
        let what = data["what"].as_str().unwrap().to_owned();
        let same = ids.entry(id).or_insert_with(|| what.clone());
        assert_eq!(*same, what, "one id tells one thing");
        if data["kind"] == "refused_file" && order.last() != Some(&what) {
            order.push(what);
        }
    }
    let mut sorted = order.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(order, sorted, "they come in order, each first of its kind before the next");
    assert_eq!(order.len(), FILES);
}

#[test]
fn no_release_waits_for_a_receiver() {
    let mut rig = Rig::new(&[club()]);
    let slow: Vec<_> = (0..4).map(|_| Receiver::new(Answer::Never)).collect();
    let names = ["one", "two", "three", "four"];
    let kinds = ["webhook", "wecom", "feishu", "dingtalk"];
    let mut receivers: Vec<_> = (0..4)
        .map(|place| (names[place], hook(&rig, kinds[place], slow[place].at, None)))
        .collect();
    receivers.push(("program", "command: [sleep, '600'], timeout: 10m".to_owned()));
    configure(&rig, &receivers, "");
    rig.start();
    rig.until_listening();
    rig.answer_first("club");
    refuse(&rig, 1);
    for receiver in &slow {
        rig.until("each hears and says nothing", || (!receiver.heard().is_empty()).then_some(()));
    }

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    let shown = rig.ask(&["alert", "list", "--json"]);
    let delivered = shown.to_string().matches("\"delivered\"").count();
    assert_eq!(delivered, 0, "{shown}");
}

#[test]
fn a_hold_is_told_and_that_it_is_over_and_a_test_says_what_arrived() {
    let mut rig = Rig::new(&[club()]);
    let (good, bad) = (Receiver::new(FINE), Receiver::new(Answer::With(500, "no")));
    let receivers = [webhook(&rig, &good), ("broken", hook(&rig, "webhook", bad.at, None))];
    configure(
        &rig,
        &receivers,
        "  routes:\n  - { to: [hook] }\n  - { to: [broken], kinds: [clock] }\n",
    );
    rig.start();
    rig.until_listening();

    assert_eq!(rig.say(&["hold", "club"]).code, Some(0));
    let held = until_told(&rig, &good, "hold");
    assert_eq!(rig.say(&["resume", "club"]).code, Some(0));
    let over = rig.until("it is over", || {
        good.documents().into_iter().find(|document| document["type"] == "alert.over")
    });
    let fine = rig.say(&["alert", "test", "hook"]);
    let tested = rig.say(&["alert", "test", "--json"]);

    assert!(held["data"]["do"].as_str().unwrap().contains("qunfa resume club"), "{held}");
    assert_eq!([&over["data"]["kind"], &over["data"]["account"]], ["hold", "club"]);
    assert_ne!(over["data"]["id"], held["data"]["id"]);
    assert_eq!(fine.code, Some(0), "{fine:?}");
    assert!(fine.out.contains("hook: delivered"), "{fine:?}");
    assert_eq!(tested.code, Some(1), "{tested:?}");
    let tested: Value = serde_json::from_str(&tested.out).unwrap();
    assert_eq!(tested[0]["state"], "delivered");
    assert_eq!(tested[1]["state"], "given_up");
    assert_eq!(tested[1]["error"], "it answered HTTP 500");
    assert_eq!(rig.say(&["alert", "test", "nobody"]).code, Some(1));
}

#[test]
fn many_messages_are_gathered_for_a_robot_within_its_size() {
    const FILES: usize = 30;
    let mut rig = Rig::new(&[club()]);
    let robot =
        Receiver::new(Answer::With(200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#));
    let receivers = [("ops", hook(&rig, "wecom", robot.at, None))];
    configure(&rig, &receivers, "");
    rig.start();
    for number in 0..FILES {
        refuse(&rig, number);
    }
    rig.until("every file is refused", || {
        (0..FILES)
            .all(|number| rig.path("inbox/rejected").join(format!("bad-{number:02}.yaml")).exists())
            .then_some(())
    });
    robot.answers(FINE);
    let before = robot.heard().len();

    rig.until("every file is told", || {
        let all = robot.texts().split_off(before).concat();
        (0..FILES).all(|number| all.contains(&format!("bad-{number:02}.yaml"))).then_some(())
    });

    let texts = robot.texts().split_off(before);
    assert!(texts.len() < FILES / 2, "{} messages", texts.len());
    assert!(texts.iter().all(|text| text.len() <= 2_048));
}

#[test]
fn a_lock_and_a_full_disk_are_told_and_end_the_dead_man_requests() {
    let mut rig = Rig::new(&[club()]);
    let (service, hooked) = (Receiver::new(FINE), Receiver::new(FINE));
    fs::write(rig.path("ping"), format!("http://{}/ping?key={URL_KEY}", service.at)).unwrap();
    let receivers = [webhook(&rig, &hooked)];
    configure(&rig, &receivers, "  dead_man: { url_file: ping, every: 1s }\n");
    rig.start_with_errors_for_full_disks();
    let started = real_now();
    rig.until("it is requested again and again", || (service.heard().len() >= 3).then_some(()));

    let lock = rusqlite::Connection::open(rig.path("state/qunfa.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    rig.until("the daemon is locked out", || {
        let pulse = fs::read_to_string(rig.path("state/pulse")).ok()?;
        let pulse: Value = serde_json::from_str(&pulse).ok()?;
        (!pulse["locked_out"].is_null()).then_some(())
    });
    let told = until_told(&rig, &hooked, "database_locked");
    assert_eq!(told["data"]["severity"], "page");
    // One may be under way.
    thread::sleep(Duration::from_secs(2));
    let locked = service.heard().len();
    thread::sleep(Duration::from_secs(4));
    assert_eq!(service.heard().len(), locked, "nothing is requested meanwhile");
    lock.execute_batch("ROLLBACK").unwrap();
    rig.until("it is requested again", || (service.heard().len() > locked).then_some(()));
    rig.until("the lock is over", || {
        hooked.documents().into_iter().find(|document| document["type"] == "alert.over")
    });

    // A daemon that was only just started keeps its last words to itself.
    rig.until("the daemon has run for a while", || {
        (real_now() - started > TimeDelta::seconds(65)).then_some(())
    });
    fill_the_disk(rig.pid());
    refuse(&rig, 1);
    let told = until_told(&rig, &hooked, "storage");
    assert_eq!(rig.wait().code(), Some(4));
    assert_eq!(told["data"]["severity"], "page");
}

/// A mail server that takes everything.
struct Mail {
    at: SocketAddr,
    heard: Arc<Mutex<String>>,
}

impl Mail {
    fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (at, heard) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(String::new())));
        let hears = Arc::clone(&heard);
        // Ends with the process: it waits for the next connection.
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A connection may end as it likes.
                converse(&stream.unwrap(), &hears).ok();
            }
        });
        Self { at, heard }
    }
}

fn converse(mut stream: &TcpStream, heard: &Mutex<String>) -> std::io::Result<()> {
    stream.write_all(b"220 test\r\n")?;
    let mut is_data = false;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if is_data {
            is_data = line != ".";
            // A long line of a mail is folded with `=` at its end.
            let part = line.strip_suffix('=').map_or_else(|| format!("{line}\n"), str::to_owned);
            heard.lock().unwrap().push_str(&part);
            if !is_data {
                stream.write_all(b"250 taken\r\n")?;
            }
            continue;
        }
        is_data = line.eq_ignore_ascii_case("DATA");
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        stream.write_all(answer)?;
    }
    Ok(())
}
