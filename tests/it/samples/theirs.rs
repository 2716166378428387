//! The sandbox's side: the samples themselves are posted, and what comes back is held against the
//! samples of answers and events.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::sandbox::{
    AccountSpec, FaultKind, Kind, Method, Platform, Request, Response, Review, openid,
};
use qunfa::wechat::callback;
use serde_json::{Value, json};

use super::{Before, Differs, Found, Sample, Stand, Theirs, json as sample, ours, path, text};
use crate::world::time;

const APPID: &str = "wx1";
/// The broadcast that stands for any.
const ARTICLES: &str = "sendall/1-mpnews.json";
const SENDALL: &str = "message/mass/sendall";

/// A service account at the sandbox.
pub(super) struct Bench {
    platform: Platform,
    token: String,
    now: DateTime<Utc>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let mut platform = Platform::new(7);
        platform.add_account(AccountSpec::new(APPID, Kind::Service));
        let mut bench = Self { platform, token: String::new(), now: time("2027-03-20 12:00") };
        let login = json!({"grant_type": "client_credential", "appid": APPID, "secret": "s"});
        let answer = bench.ask("stable_token", login.to_string().into_bytes());
        bench.token = answer["access_token"].as_str().unwrap().to_owned();
        bench
    }

    pub(super) fn ask(&mut self, call: &str, body: Vec<u8>) -> Value {
        let query = vec![("access_token".to_owned(), self.token.clone())];
        let request = Request { method: Method::Post, path: path(call), query, body };
        match self.platform.handle(&request, self.now) {
            Response::Answer { status: 200, body } => serde_json::from_slice(&body).unwrap(),
            other @ (Response::Answer { .. }
            | Response::Refused
            | Response::Lost
            | Response::Hang) => panic!("{call}: {other:?}"),
        }
    }

    /// Sends a sample, and returns its number.
    fn send(&mut self, call: &str, body: String) -> i64 {
        let answer = self.ask(call, body.into_bytes());
        assert_eq!(answer["errcode"], 0, "{answer}");
        self.now += TimeDelta::seconds(61);
        answer["msg_id"].as_i64().unwrap()
    }
}

/// The sandbox takes the sample as it is printed.
pub(super) fn assert_taken(theirs: &Theirs, call: &str, printed: &str, row: &str) {
    let mut bench = Bench::new();
    let broadcast = match theirs.before {
        Before::Nothing => None,
        Before::Sent => Some(bench.send(SENDALL, text(ARTICLES))),
        Before::Same => Some(bench.send(call, printed.to_owned())),
    };
    let body = theirs.stand.iter().fold(printed.to_owned(), |text, (word, stand)| {
        assert!(text.contains(word), "{row}: {word}");
        let found = match stand {
            Stand::Follower => openid(APPID, 0),
            Stand::Broadcast => broadcast.unwrap().to_string(),
        };
        text.replace(word, &found)
    });

    let answer = bench.ask(call, body.into_bytes());

    assert_answered(&sample(theirs.answer), &answer, theirs.differs, row);
    if let Before::Same = theirs.before {
        assert_eq!(answer["msg_id"].as_i64(), broadcast, "{row}");
    }
}

/// An answer has the sample's fields with values of the same types, and says the same.
pub(super) fn assert_answered(printed: &Value, answer: &Value, differs: &[Differs], row: &str) {
    let (mut printed, mut answer) = (said(printed), said(answer));
    for Differs { at, found, why, .. } in differs {
        let is_left_out = matches!(found, Found::Nothing) && super::take(&mut answer, at).is_none();
        assert!(is_left_out && super::take(&mut printed, at).is_some(), "{row}: {at} ({why})");
    }
    assert_eq!(answer, printed, "{row}");
}

/// An answer with its words, and with the type in place of each value that is the platform's own.
fn said(answer: &Value) -> Value {
    let fields = answer.as_object().unwrap().iter().map(|(name, value)| {
        let said = match (name.as_str(), value) {
            // Newer answers name the request after the words.
            ("errmsg", Value::String(words)) => words.split(" rid: ").next().unwrap().into(),
            ("errcode" | "msg_status" | "type", value) => value.clone(),
            (_, Value::Number(number)) if number.is_i64() => "a number".into(),
            (_, Value::String(_)) => "a text".into(),
            (_, other) => other.clone(),
        };
        (name.clone(), said)
    });
    Value::Object(fields.collect())
}

/// The sandbox takes a file as the curl command sends it.
pub(super) fn assert_form_taken(call: &str, command: &str, answer: &str) {
    let (form, url) = ours::curl(command);
    let (field, name) = form.split_once("=@").unwrap();
    let head = format!(
        "--curl\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let body = [head.as_bytes(), b"\xff\xd8\xff\xe0", b"\r\n--curl--\r\n"].concat();

    let answered = Bench::new().ask(call, body);

    assert_eq!(url.path(), path(call));
    assert_answered(&sample(answer), &answered, &[], command);
}

/// The sandbox takes an article whose text is the sample.
pub(super) fn assert_article_taken(html: &str) {
    let mut news = sample("uploadnews/1-request.json");
    news["articles"][0]["content"] = html.into();

    let answer = Bench::new().ask("media/uploadnews", news.to_string().into_bytes());

    assert_answered(&sample("uploadnews/5-answer.json"), &answer, &[], html);
}

/// The sandbox pushes what the sample reports, with all of its fields.
pub(super) fn assert_pushed(sample: &Sample) {
    let mut bench = Bench::new();
    bench.platform.inject(FaultKind::Review(Review::Rejected(30_003)));
    let msg_id = bench.send(SENDALL, text(ARTICLES));
    let [pushed] = &bench.platform.take_events(bench.now)[..] else { panic!("one event") };

    let as_json = callback::parse(pushed.json().as_bytes());
    assert_eq!(as_json, callback::parse(pushed.body.as_bytes()), "JSON says the same");
    let (printed, pushed) = (fields(&text(sample.file)), fields(&pushed.body));

    assert_eq!(names(&pushed), names(&printed), "{}", sample.name());
    let value = |name: &str| pushed.iter().find(|(field, _)| field == name).unwrap().1.clone();
    assert_eq!(value("xml/MsgID"), msg_id.to_string());
    // What the platform says of this broadcast, and not what it calls its things.
    for (name, said) in &printed {
        let own = ["ToUserName", "FromUserName", "CreateTime", "MsgID", "Count", "Url", "Idx"];
        if !own.iter().any(|own| name.ends_with(own)) {
            assert_eq!(&value(name), said, "{name}");
        }
    }
}

/// The elements without elements of their own, as paths, and what they hold.
fn fields(xml: &str) -> Vec<(String, String)> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let elements = document.descendants().filter(|node| node.is_element());
    let leaves = elements.filter(|node| !node.children().any(|child| child.is_element()));
    let path = |node: roxmltree::Node<'_, '_>| {
        let mut names: Vec<_> = node
            .ancestors()
            .filter(|node| node.is_element())
            .map(|node| node.tag_name().name().to_owned())
            .collect();
        names.reverse();
        names.join("/")
    };
    leaves.map(|node| (path(node), node.text().unwrap_or_default().to_owned())).collect()
}

fn names(fields: &[(String, String)]) -> BTreeSet<&str> {
    fields.iter().map(|(name, _)| name.as_str()).collect()
}

impl Theirs {
    /// The sandbox answers so without more ado.
    pub(super) const fn answers(answer: &'static str) -> Self {
        Self { before: Before::Nothing, stand: &[], answer, differs: &[] }
    }
}
