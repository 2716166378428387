//! The daemon's side: real job files through the real inbox and engine, whose requests are kept.
//!
//! The platform is played from the samples of its answers, so that an id which one sample gives
//! out is the one that the next sample names.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use chrono::{DateTime, TimeDelta, Utc};
use html5gum::Tokenizer;
use qunfa::config::{AccountConfig, TokenSource};
use qunfa::engine::Engine;
use qunfa::inbox::{self, ListSource};
use qunfa::model::{self, Account, ArticlesVia, JobId, Kind, OpenIds};
use qunfa::store::Store;
use qunfa::wechat::client::{ApiBase, Client};
use qunfa::wechat::protocol::{HttpResponse, Method, Reply, Request, api_call};
use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Differs, Ours, Sample, Wish, assert_same, json as sample, path, text};
use crate::media::{jpg, mp4};
use crate::rig::runtime;
use crate::world::time;

const APPID: &str = "wx0123456789abcdef";
/// The job whose request is looked for.
const JOB: &str = "spring";

/// The files that the jobs name.
struct Files;

impl ListSource for Files {
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        match path.rsplit('.').next() {
            Some("jpg") => Ok(Cow::Owned([jpg(3, 3), path.as_bytes().to_vec()].concat())),
            Some("mp4") => Ok(Cow::Owned(mp4(path.as_bytes()))),
            Some(_) | None => Err(format!("no {path}")),
        }
    }
}

fn account(via: ArticlesVia) -> Account {
    Account {
        name: "brand".to_owned(),
        appid: APPID.to_owned(),
        kind: Kind::Service,
        daily_calls: 100,
        history_per_day: Some(1),
        approvals: 0,
        payment: false,
        articles_via: via,
        openids: OpenIds::Any,
    }
}

/// The id of the job's only batch.
pub(super) fn clientmsgid() -> String {
    model::clientmsgid(APPID, &JobId::parse(JOB).unwrap(), 0, 0)
}

/// A job file with a sample as its broadcast.
pub(super) fn pasted(sample: &str) -> String {
    format!(
        "{{\"jobs\": [{{\"id\": \"{JOB}\", \"account\": \"brand\", \"broadcast\": {sample}}}]}}"
    )
}

/// A job file with a sample as the text of its only article.
pub(super) fn article(html: &str) -> String {
    let article = json!({"title": "T", "thumb": "cover.jpg", "content": html.trim_end()});
    pasted(&json!({"filter": {"tag_id": 2}, "articles": [article]}).to_string())
}

/// Returns why a job file is refused.
pub(super) fn refused(jobs: &str, via: ArticlesVia) -> String {
    let problems = inbox::parse("jobs.json", jobs.as_bytes(), &Files, &[&account(via)]);
    problems.expect_err(jobs).iter().map(|problem| format!("{problem}\n")).collect()
}

/// Returns all that the daemon asks for a job file's sake, of a platform that gives this number.
fn asked(jobs: &str, via: ArticlesVia, msg_id: i64) -> Vec<Request> {
    let account = account(via);
    let parsed = inbox::parse("jobs.yaml", jobs.as_bytes(), &Files, &[&account]);
    let parsed = parsed.unwrap_or_else(|problems| panic!("{jobs}\n{problems:?}"));
    let config = AccountConfig {
        account,
        secret: Some(SecretString::from("APPSECRET")),
        secret_source: Some("`secret_env` SECRET".to_owned()),
        api_bases: vec!["https://api.weixin.qq.com".to_owned()],
        proxy: None,
        verified: true,
        token: TokenSource::Stable,
        callback: None,
        replaces: None,
    };
    let mut now = time("2027-03-20 12:00");
    let end = time("2027-03-20 22:00");
    let mut engine =
        Engine::open(Store::in_memory(now).unwrap(), vec![config], (None, false), now).unwrap();
    let offered: Vec<_> = parsed.jobs.iter().map(qunfa::daemon::offered).collect();
    engine.ingest_file(("digest", "jobs.yaml"), &offered, now).unwrap();
    let mut asked = Vec::new();
    while now < end {
        let outgoing = engine.pass(now).unwrap().outgoing;
        let answers: Vec<_> = outgoing
            .iter()
            .map(|one| (one.session, one.ticket, answer(&one.request, msg_id, now)))
            .collect();
        engine.settle(&answers, now).unwrap();
        asked.extend(outgoing.into_iter().map(|one| one.request));
        assert!(asked.len() < 100, "{asked:?}");
        let Some(wake) = engine.next_wake() else { break };
        now = wake.max(now + TimeDelta::milliseconds(1));
    }
    asked
}

/// The platform, as far as the samples show it.
fn answer(request: &Request, msg_id: i64, now: DateTime<Utc>) -> HttpResponse {
    let call = request.path.strip_prefix("/cgi-bin/").unwrap();
    let body = match call {
        "stable_token" => json!({"access_token": "ACCESS_TOKEN", "expires_in": 7200}),
        "tags/get" => json!({"tags": []}),
        "media/uploadimg" => sample("uploadimg/2-answer.json"),
        "media/uploadnews" => sample("uploadnews/5-answer.json"),
        "draft/get" => json!({"news_item": [{"title": "TITLE"}]}),
        "material/get_material" | "media/get" => json!({}),
        "draft/add" => json!({"media_id": "DRAFT"}),
        "material/add_material" => {
            let news = sample("uploadnews/1-request.json");
            json!({"media_id": news["articles"][0]["thumb_media_id"], "url": "http://mmbiz.qpic.cn/"})
        }
        "media/upload" => {
            let video = sample("sendall/5-uploadvideo.json");
            json!({"type": "video", "media_id": video["media_id"], "created_at": 1})
        }
        "media/uploadvideo" => sample("sendall/6-uploadvideo-answer.json"),
        "message/mass/sendall" | "message/mass/send" => {
            let mut answer = sample("sendall/9-answer.json");
            answer["msg_id"] = msg_id.into();
            answer
        }
        "message/mass/get" => json!({"msg_id": msg_id, "msg_status": "SEND_SUCCESS"}),
        "message/mass/delete" => sample("delete/2-answer.json"),
        "message/mass/preview" => sample("preview/8-answer.json"),
        "message/mass/speed/set" => json!({"errcode": 0, "errmsg": "ok"}),
        other => panic!("nobody answers {other}"),
    };
    let body = body.to_string().into_bytes();
    HttpResponse { reply: Reply::Http { status: 200, body }, date: Some(now) }
}

/// Returns the first request of a call, after checking all of it but the body.
fn first(asked: &[Request], call: &str, row: &str) -> Request {
    let found = asked.iter().find(|request| request.path == path(call));
    let found = found.unwrap_or_else(|| panic!("{row}: no {call} in {asked:?}"));
    assert_eq!(found.method, Method::Post, "{row}");
    assert_eq!(found.query, [("access_token", "ACCESS_TOKEN".to_owned())], "{row}");
    found.clone()
}

fn body(request: &Request) -> Value {
    serde_json::from_str(request.body.as_deref().unwrap()).unwrap()
}

/// The daemon asks what is printed, but for the differences.
pub(super) fn assert_asked(way: &Ours, call: &str, printed: &str, row: &str) {
    let jobs = match way.wish {
        Wish::Pasted => pasted(printed),
        Wish::Jobs(jobs) => format!("jobs:\n{jobs}"),
    };
    let printed: Value = serde_json::from_str(printed).unwrap();
    let msg_id = printed["msg_id"].as_i64();
    let msg_id = msg_id.or_else(|| printed["msg_id"].as_str()?.parse().ok()).unwrap_or(34_182);

    let asked = asked(&jobs, way.via, msg_id);

    let found = body(&first(&asked, way.instead.unwrap_or(call), row));
    assert_same(&printed, &found, way.differs, row);
}

/// Where the documents print no body, the daemon sends an empty object.
pub(super) fn assert_asked_without_a_body(call: &str) {
    let request = api_call::speed_get(&SecretString::from("ACCESS_TOKEN"));

    assert_eq!(body(&first(&[request], call, call)), json!({}));
}

/// The text of the only article is the sample's.
pub(super) fn assert_stands_in_an_article(sample: &Sample) {
    let (printed, row) = (text(sample.file), sample.name());

    let asked = asked(&article(&printed), ArticlesVia::Uploadnews, 34_182);

    let found = body(&first(&asked, "media/uploadnews", &row));
    let found = found["articles"][0]["content"].as_str().unwrap();
    // Attributes come in another order, which means nothing.
    let tokens = |html: &str| Tokenizer::new(html).map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(tokens(found), tokens(printed.trim_end()), "{row}: {found}");
}

/// The form and the address of a curl command.
pub(super) fn curl(command: &str) -> (String, Url) {
    let words: Vec<_> = command.split_whitespace().collect();
    let ["curl", "-F", form, url] = words[..] else { panic!("{command}") };
    (form.to_owned(), Url::parse(url.trim_matches('"')).unwrap())
}

/// A picture of an article goes where the command sends it, in the same field.
pub(super) fn assert_uploaded(call: &str, command: &str) {
    let (form, url) = curl(command);
    let (field, name) = form.split_once("=@").unwrap();
    let jobs = article(&format!("<img src=\"{name}\">"));

    let request = first(&asked(&jobs, ArticlesVia::Draft, 34_182), call, command);
    let heard = heard(&request, &Files.list(name).unwrap());

    assert_eq!(url.path(), request.path);
    let line = format!("POST {}?{} HTTP/1.1\r\n", url.path(), url.query().unwrap());
    assert!(heard.starts_with(&line), "{heard}");
    // The author's name for a file stays with the daemon: only its ending means something.
    let form = request.form.unwrap();
    let part = format!("form-data; name=\"{field}\"; filename=\"{}\"\r\n", form.name);
    assert!(heard.contains(&part) && form.name.ends_with(".jpg"), "{heard}");
}

/// Returns what the far side of the real client hears of an upload.
fn heard(request: &Request, file: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(&request.form.as_ref().unwrap().sha256), file).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = ApiBase::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"--\r\n") {
            let mut part = [0; 4_096];
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&heard));
            heard.extend(&part[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        String::from_utf8_lossy(&heard).into_owned()
    });
    let client = Client::with_files(folder.path().to_owned());
    let answer = runtime().block_on(client.perform(&base, request));
    assert!(matches!(answer.reply, Reply::Http { status: 200, .. }), "{answer:?}");
    peer.join().unwrap()
}

impl Ours {
    /// The sample itself is what the job's author wrote.
    pub(super) const fn pasted(differs: &'static [Differs]) -> Self {
        Self { wish: Wish::Pasted, via: ArticlesVia::Draft, instead: None, differs }
    }

    /// These jobs lead to it.
    pub(super) const fn jobs(jobs: &'static str, differs: &'static [Differs]) -> Self {
        Self { wish: Wish::Jobs(jobs), via: ArticlesVia::Draft, instead: None, differs }
    }
}
