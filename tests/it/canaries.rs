//! No secret, token or reader's id is written down, whatever goes wrong and whoever repeats it.
//!
//! The platform here is a liar: it repeats in its answers all that it was asked, as real ones
//! sometimes repeat a part of it. The daemon logs at `trace`, and afterwards every byte that it
//! and the commands wrote is searched. Receivers and texts may stand where they must: in the job
//! file, in the request that is stored to be repeated, and in an error about that very line.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::rig::{CALLBACK_TOKEN, Rig, SECRET, files_under, real_now};

const TOKEN: &str = "77_access-token-canary_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";
const KEY: &str = "token-server-key-canary";
const AES_KEY: &str = "aeskeycanaryaeskeycanaryaeskeycanaryaeskeyc";
const RECEIVERS: [&str; 2] = ["oCanaryReceiver_AAAAAAAAAA01", "oCanaryReceiver-BBBBBBBBBB02"];
const TEXT: &str = "the words canary";
/// It stands in a line that is wrong, and in the error about it.
const WRONG_RECEIVER: &str = "oCanaryWrong!CCCCCCCCCCCC03";

/// What is never written down at all.
const SECRETS: [&str; 5] = [SECRET, CALLBACK_TOKEN, TOKEN, KEY, AES_KEY];

/// Accounts whose sends are answered with a code, and the words that answer brings about.
const CODES: [(&str, i64); 5] =
    [("c40003", 40_003), ("c40007", 40_007), ("c48001", 48_001), ("c40001", 40_001), ("busy", -1)];

/// A platform that repeats what it was asked; the first name in a path says how it misbehaves.
struct Liar {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), Arc::clone(&kept));
                // Whoever asked may be gone.
                thread::spawn(move || serve(stream, &kept).unwrap_or_default());
            }
        });
        Self { address, asked }
    }

    fn was_asked(&self, path: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|asked| asked == path)
    }
}

fn serve(mut stream: TcpStream, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let request = read_request(&mut stream)?;
    let target = request.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    asked.lock().unwrap().push(path.clone());
    let mut names = path.trim_start_matches('/').splitn(2, '/');
    let (account, endpoint) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    if account == "hangs" {
        // Until whoever asked has given up.
        return stream.read_to_end(&mut Vec::new()).map(drop);
    }
    let (status, body) = answer(account, endpoint, &request);
    let date = real_now().format("%a, %d %b %Y %H:%M:%S GMT");
    write!(
        stream,
        "HTTP/1.1 {status}\r\nDate: {date}\r\nLocation: {target}\r\nX-Asked: {target}\r\n\
         Set-Cookie: asked={target}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn answer(account: &str, endpoint: &str, request: &str) -> (&'static str, String) {
    let refuse = |code: i64| ("200 OK", json!({"errcode": code, "errmsg": request}).to_string());
    let token = || json!({"access_token": TOKEN, "expires_in": 7200}).to_string();
    match (account, endpoint) {
        ("badsecret", _) => refuse(40_125),
        ("redirects", _) => ("302 Found", request.to_owned()),
        ("cut", _) => ("200 OK", format!("{{\"access_token\":\"{TOKEN}\",\"errmsg\":\"{request}")),
        ("shared", "token") => refuse(40_001),
        ("tags", "cgi-bin/tags/get") => refuse(40_164),
        (_, "token" | "cgi-bin/token" | "cgi-bin/stable_token") => ("200 OK", token()),
        ("html", _) => ("502 Bad Gateway", format!("<html>{request}</html>")),
        ("moved", _) => ("301 Moved Permanently", request.to_owned()),
        ("words", _) => ("200 OK", format!("{{\"errcode\":\"{TOKEN}\",\"errmsg\":7}}")),
        ("accepts", "cgi-bin/message/mass/get") => refuse(40_164),
        ("accepts", _) => {
            ("200 OK", json!({"errcode": 0, "errmsg": request, "msg_id": 7}).to_string())
        }
        (name, _) => {
            refuse(CODES.iter().find(|(account, _)| *account == name).map_or(-1, |(_, code)| *code))
        }
    }
}

fn read_request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(text.into_owned());
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            // Whoever begins like this wants TLS.
            _ if part[0] == 0x16 => return Err(std::io::ErrorKind::InvalidData.into()),
            length => bytes.extend_from_slice(&part[..length]),
        }
    }
}

/// Each account, and the rest of its config.
fn accounts(liar: SocketAddr, aes_key: &str) -> Vec<(&'static str, String)> {
    let secret = "secret_file: secret, ";
    let base = |name: &str| format!("api_base: \"http://{liar}/{name}\"");
    let mut accounts: Vec<_> = ["badsecret", "redirects", "cut", "hangs", "html", "moved", "words"]
        .into_iter()
        .chain(CODES.map(|(name, _)| name))
        .map(|name| (name, format!("{secret}{}", base(name))))
        .collect();
    accounts.extend([
        ("classic", format!("{secret}token: classic, {}", base("redirects"))),
        (
            "shared",
            format!("token: {{url: \"http://{liar}/shared/token?key={KEY}\"}}, {}", base("shared")),
        ),
        (
            "tags",
            format!("token: {{url: \"http://{liar}/tags/token?key={KEY}\"}}, {}", base("tags")),
        ),
        ("closed", format!("{secret}api_base: \"http://127.0.0.1:1\"")),
        (
            "closedserver",
            format!("token: {{url: \"http://127.0.0.1:1/?key={KEY}\"}}, {}", base("x")),
        ),
        ("tls", format!("{secret}api_base: \"https://{liar}/\"")),
        ("accepts", format!("{secret}{}", base("accepts"))),
        (
            "hears",
            format!("{secret}{}, callback: {{token_file: callback-token{aes_key}}}", base("hears")),
        ),
    ]);
    accounts
}

fn write_config(rig: &Rig, liar: SocketAddr, aes_key: &str) {
    let mut text = format!("state_dir: state\ninbox: inbox\nlisten: {}\naccounts:\n", rig.listen);
    for (name, rest) in accounts(liar, aes_key) {
        writeln!(text, "  {name}: {{ kind: service, appid: wx00{name}, {rest} }}").unwrap();
    }
    fs::write(rig.path("config.yaml"), text).unwrap();
}

fn job(account: &str) -> String {
    let [first, second] = RECEIVERS;
    format!(
        "jobs:\n  - id: job-{account}\n    account: {account}\n    title: news\n    broadcast:\n      \
         touser:\n        - {first}\n        - {second}\n        - {first}\n      \
         text: {TEXT}\n...\n"
    )
}

/// The target of a callback, signed with this token.
fn callback(token: &str, nonce: &str) -> String {
    let timestamp = real_now().timestamp().to_string();
    let mut parts = [token, &timestamp, nonce];
    parts.sort_unstable();
    let signature: String =
        Sha1::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/callback/hears?signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

fn push(rig: &Rig, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(rig.listen).unwrap();
    let length = body.len();
    write!(stream, "POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    answer
}

/// A place where something was written, and what was.
type Found = (String, Vec<u8>);

/// Everything that was written below the rig's directory, but for what a person put there.
fn written(rig: &Rig) -> Vec<Found> {
    let planted = ["secret", "callback-token", "aes-key", "config.yaml"].map(|name| rig.path(name));
    files_under(rig.path("").as_path())
        .into_iter()
        .filter(|path| !planted.contains(path))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

/// Every text of the database, but for the columns that must hold receivers and words.
fn database(rig: &Rig) -> Vec<Found> {
    const MUST: [&str; 3] = ["body.body", "event.raw", "unread_event.raw"];
    let db = Connection::open(rig.path("state/qunfa.db")).unwrap();
    let mut tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut found = Vec::new();
    for table in tables {
        let mut rows = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let names: Vec<_> = rows.column_names().map(|name| format!("{table}.{name}")).collect();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (index, name) in names.iter().enumerate() {
                let (ValueRef::Text(bytes) | ValueRef::Blob(bytes)) = row.get_ref(index).unwrap()
                else {
                    continue;
                };
                if !MUST.contains(&name.as_str()) {
                    found.push((name.clone(), bytes.to_vec()));
                }
            }
        }
    }
    found
}

/// What the commands say.
fn said(rig: &Rig) -> Vec<Found> {
    let mut commands = vec![
        vec!["status".to_owned()],
        vec!["jobs".to_owned()],
        vec!["check".to_owned(), rig.path("check.yaml").display().to_string()],
    ];
    commands.extend(
        accounts(rig.listen, "")
            .iter()
            .map(|(name, _)| vec!["show".to_owned(), format!("job-{name}")]),
    );
    let mut found = Vec::new();
    for words in commands {
        for json in [None, Some("--json")] {
            let words: Vec<_> = words.iter().map(String::as_str).chain(json).collect();
            let said = rig.say(&words);
            found.push((words.join(" "), format!("{}{}", said.out, said.err).into_bytes()));
        }
    }
    found
}

fn assert_nowhere(found: &[Found], canaries: &[&str]) {
    assert!(!found.is_empty());
    let holds = |bytes: &[u8], canary: &str| {
        // What escapes would hide is searched for by a part that needs none.
        bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
    };
    let leaks: Vec<_> = found
        .iter()
        .flat_map(|(place, bytes)| {
            canaries.iter().filter(|canary| holds(bytes, canary)).map(move |canary| {
                let text = String::from_utf8_lossy(bytes);
                let line = text.lines().find(|line| line.contains(canary)).unwrap_or_default();
                format!("{canary} is in {place}: {line:.400}")
            })
        })
        .collect();
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

/// Drops a job for every account and two files that are wrong, and pushes events of all kinds.
fn drop_and_push(rig: &Rig, liar: SocketAddr) {
    for (name, _) in accounts(liar, "") {
        rig.drop_file(&format!("{name}.yaml"), &job(name));
    }
    rig.drop_file(
        "unknown.yaml",
        &job("accepts").replace("    broadcast:", "    gracee: 1m\n    broadcast:"),
    );
    rig.drop_file("wrong.yaml", &job("accepts").replacen(RECEIVERS[0], WRONG_RECEIVER, 1));
    let event = format!(
        "<xml><ToUserName>gh</ToUserName><FromUserName>{}</FromUserName><CreateTime>1</CreateTime>\
         <MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>9</MsgID><Status>{}</Status>\
         </xml>",
        RECEIVERS[0], "send success"
    );
    for target in [
        callback("another token", "7"),
        callback(CALLBACK_TOKEN, CALLBACK_TOKEN),
        callback(CALLBACK_TOKEN, "8"),
    ] {
        push(rig, &target, &event);
        push(rig, &target, &event[..event.len() - 4]);
    }
}

/// Waits until every account has met its trouble.
fn until_all_is_told(rig: &Rig, liar: &Liar) {
    for (name, path) in [
        ("badsecret", "cgi-bin/stable_token"),
        ("cut", "cgi-bin/stable_token"),
        ("redirects", "cgi-bin/token"),
        ("shared", "token"),
        ("tags", "cgi-bin/tags/get"),
        ("accepts", "cgi-bin/message/mass/get"),
    ] {
        let path = format!("/{name}/{path}");
        rig.until(&format!("{path} is asked"), || liar.was_asked(&path).then_some(()));
    }
    for name in ["html", "moved", "words"].into_iter().chain(CODES.map(|(name, _)| name)) {
        let path = format!("/{name}/cgi-bin/message/mass/send");
        rig.until(&format!("{path} is asked"), || liar.was_asked(&path).then_some(()));
    }
    for name in ["unknown.yaml.error.txt", "wrong.yaml.error.txt"] {
        rig.until_file("rejected", name);
    }
    let troubled = [
        "hangs",
        "closed",
        "closedserver",
        "tls",
        "badsecret",
        "shared",
        "tags",
        "c48001",
        "c40001",
        "accepts",
    ];
    rig.until("all that fails is told", || {
        let status = rig.ask(&["status", "--json"]);
        let notes = status["attention"].as_array()?.clone();
        let told = |name: &&str| notes.iter().any(|note| note["account"] == **name);
        troubled.iter().all(told).then_some(())
    });
    rig.until_state("job-c40007", "failed");
}

#[test]
fn what_a_lying_platform_repeats_is_written_down_nowhere() {
    let liar = Liar::start();
    let mut rig = Rig::new(&[]);
    fs::write(rig.path("aes-key"), AES_KEY).unwrap();
    fs::write(rig.path("check.yaml"), job("accepts").replace("job-", "another-")).unwrap();
    write_config(&rig, liar.address, ", encoding_aes_key_file: aes-key");
    if rig.say(&["jobs"]).code == Some(3) {
        // This version reads callbacks in plain mode only.
        write_config(&rig, liar.address, "");
    }
    for name in ["QUNFA_LOG", "RUST_LOG"] {
        rig.set_environment(name, "trace");
    }
    rig.start();
    rig.until_listening();

    drop_and_push(&rig, liar.address);
    until_all_is_told(&rig, &liar);
    assert!(rig.stop().success(), "{}", rig.log());

    let said = said(&rig);
    let everywhere = [written(&rig), database(&rig), said.clone()].concat();
    assert_nowhere(&everywhere, &SECRETS);
    let readers = [RECEIVERS[0], RECEIVERS[1], TEXT];
    let (files, told): (Vec<_>, Vec<_>) =
        written(&rig).into_iter().partition(|(name, _)| name.contains("qunfa.db"));
    assert!(!files.is_empty());
    // The job files themselves, which were moved.
    let told: Vec<_> = told.into_iter().filter(|(name, _)| !name.ends_with(".yaml")).collect();
    assert_nowhere(&[told.clone(), database(&rig), said].concat(), &readers);
    let not_about_it: Vec<_> =
        told.into_iter().filter(|(name, _)| !name.ends_with("wrong.yaml.error.txt")).collect();
    assert_nowhere(&not_about_it, &[WRONG_RECEIVER]);
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    let rig = Rig::new(&[]);
    for (key, value) in [
        ("api_base", format!("https://user:{KEY}@api.weixin.qq.com")),
        ("api_base", format!("https://{KEY}@api.weixin.qq.com")),
        ("api_base", format!("http://api.weixin.qq.com/?access_token={KEY}")),
        ("token", format!("{{url: \"http://tokens.example/?key={KEY}\"}}")),
        ("secret_file", format!("{KEY}/nowhere")),
    ] {
        let rest =
            if key == "secret_file" || key == "token" { "" } else { ", secret_file: secret" };
        let text = format!(
            "state_dir: state\naccounts:\n  club: {{ kind: service, appid: wx00club, {key}: {value}{rest} }}\n"
        );
        fs::write(rig.path("config.yaml"), text).unwrap();

        let said = rig.say(&["run"]);

        assert_eq!(said.code, Some(3), "{key}: {}", said.err);
        assert!(!said.err.contains(KEY), "{}", said.err);
    }
}
