//! The requests to the platform as values, and the exact bytes of a broadcast.
//!
//! The body of a broadcast is built once and kept, because the platform compares the requests under
//! one `clientmsgid`: the same broadcast must give the same bytes in every version of this program.
//! [`response`] reads the responses, [`upload`] has the requests before a broadcast, [`api_call`] has
//! the calls that are not broadcasts, [`media`] reads drafts and media, and [`diagnosis`] those that only look. Requests hold tokens and secrets, so their
//! `Debug` shows neither query nor body.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::model::{Audience, Broadcast, Content, Format, Images};

pub mod api_call;
pub mod diagnosis;
pub mod followers;
pub mod media;
pub mod response;
pub mod upload;

pub use upload::{UploadResponse, read_upload};

pub use response::{
    Counted, HttpResponse, QueryResponse, Reply, SendResponse, StatusResponse, TokenResponse,
    counted, read_query, read_send, read_status, read_token, unreadable,
};

/// How long a request of the mass family may take.
pub const MASS_TIMEOUT: Duration = Duration::from_secs(30);
/// How long any other request may take.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// The shortest value of a token server's URL that may be a key.
const KEY_MIN: usize = 8;

/// How much is read of a response whose beginning is enough. A refusal is far shorter.
pub const GLANCE: usize = 16 * 1024;

/// Requests a token that others may keep using.
const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
/// Mass send to everyone or a tag.
const SENDALL: &str = "/cgi-bin/message/mass/sendall";
/// Mass send to a list of OpenIDs.
const SEND: &str = "/cgi-bin/message/mass/send";

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Queries.
    Get,
    /// Queries or acts, with a body.
    Post,
}

/// One request, complete except for the host.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// A path of the platform, or the whole URL of a shared token server.
    pub path: Cow<'static, str>,
    /// The query, not yet encoded. It carries the token.
    pub query: Vec<(&'static str, String)>,
    /// The JSON body.
    pub body: Option<String>,
    /// A file to upload, in place of a body.
    pub form: Option<Form>,
    /// The files that the response is for; such a request goes to the platform's website.
    pub save: Option<Save>,
    /// Whether the beginning of the response is enough: [`GLANCE`] bytes.
    pub is_glance: bool,
    /// How long it may take, from the start of the host's look-up to the last byte of the response.
    pub timeout: Duration,
}

/// Files to write, inside the folder of all pictures, once a response is a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The picture's file.
    pub picture: String,
    /// A file that is written after it, and its text.
    pub list: Option<(String, String)>,
}

/// A file to upload as form data, in its one field `media`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The digest by which the file is stored.
    pub sha256: String,
    /// The file name in the upload.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// Its length.
    pub bytes: u64,
}

impl Request {
    /// Returns whether making the request twice could send twice.
    pub fn is_send(&self) -> bool {
        self.path == SENDALL || self.path == SEND
    }

    /// Returns whether it goes to the platform's API, and not to its website or a token server.
    pub fn is_for_api(&self) -> bool {
        self.path.starts_with('/') && self.save.is_none()
    }

    /// Returns the secrets that it carries, so that they can be removed from a response that
    /// repeats them.
    pub fn secrets(&self) -> Vec<String> {
        let body = self.body.as_deref().filter(|_| self.path == STABLE_TOKEN);
        let body = body.and_then(|body| serde_json::from_str::<Value>(body).ok());
        let of_body = body.and_then(|body| body["secret"].as_str().map(str::to_owned));
        let of_query =
            self.query.iter().filter(|(name, _)| matches!(*name, "access_token" | "secret"));
        let mut secrets: Vec<_> = of_query.map(|(_, value)| value.clone()).chain(of_body).collect();
        // A token server's URL may hold a key.
        if let Ok(url) = Url::parse(&self.path) {
            secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
            secrets.retain(|value| value.len() >= KEY_MIN);
        }
        secrets
    }

    fn get(path: &'static str, query: Vec<(&'static str, String)>) -> Self {
        let path = Cow::Borrowed(path);
        Self {
            method: Method::Get,
            path,
            query,
            body: None,
            form: None,
            save: None,
            is_glance: false,
            timeout: TIMEOUT,
        }
    }

    fn post(path: &'static str, token: Option<&SecretString>, body: String) -> Self {
        let query = token.map(with_token).into_iter().collect();
        let timeout =
            if path.starts_with("/cgi-bin/message/mass/") { MASS_TIMEOUT } else { TIMEOUT };
        let (method, path) = (Method::Post, Cow::Borrowed(path));
        Self {
            method,
            path,
            query,
            body: Some(body),
            form: None,
            save: None,
            is_glance: false,
            timeout,
        }
    }
}

impl fmt::Debug for Request {
    /// Shows method and path only: query and body carry secrets, and so may a token server's URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.starts_with('/') { &self.path } else { "a shared token server" };
        write!(f, "{:?} {path}", self.method)
    }
}

fn with_token(token: &SecretString) -> (&'static str, String) {
    ("access_token", token.expose_secret().to_owned())
}

/// Requests the account's token without invalidating an earlier one.
///
/// `force` invalidates it at the platform: at most 20 times a day, 30 s apart.
pub fn stable_token(appid: &str, secret: &SecretString, force: bool) -> Request {
    let mut body = json!({
        "grant_type": "client_credential",
        "appid": appid,
        "secret": secret.expose_secret(),
    });
    if force {
        body["force_refresh"] = true.into();
    }
    Request::post(STABLE_TOKEN, None, body.to_string())
}

/// Requests a new token; the earlier one is invalid after at most 5 minutes.
pub fn classic_token(appid: &str, secret: &SecretString) -> Request {
    let query = vec![
        ("grant_type", "client_credential".to_owned()),
        ("appid", appid.to_owned()),
        ("secret", secret.expose_secret().to_owned()),
    ];
    Request::get("/cgi-bin/token", query)
}

/// Requests the account's token from a token server that other programs share.
pub fn shared_token(url: &str) -> Request {
    Request { path: Cow::Owned(url.to_owned()), ..Request::get("", Vec::new()) }
}

/// Requests the account's tags: a harmless query that shows whether the token works.
pub fn tags_get(token: &SecretString) -> Request {
    Request::get("/cgi-bin/tags/get", vec![with_token(token)])
}

/// Sends a broadcast: `list` is a list of OpenIDs, otherwise everyone or a tag.
///
/// `body` is complete, with its `clientmsgid`, exactly as stored.
pub fn mass(list: bool, token: &SecretString, body: String) -> Request {
    Request::post(if list { SEND } else { SENDALL }, Some(token), body)
}

/// Queries the outcome of a broadcast.
pub fn mass_get(token: &SecretString, msg_id: i64) -> Request {
    let body = json!({ "msg_id": msg_id.to_string() }).to_string();
    Request::post("/cgi-bin/message/mass/get", Some(token), body)
}

/// Returns the JSON body of one batch, without its `clientmsgid`.
///
/// For a list, `receivers` is the batch's part of it (`None`: all of it). The result is a pure
/// function of its arguments, and must stay so across versions. Chinese text is written unescaped:
/// the platform refuses `\u` escapes (40033), which JSON needs only for control characters, and
/// these are refused when a job is taken. Only a video to a list carries its title.
pub fn body(broadcast: &Broadcast, receivers: Option<&[String]>) -> String {
    let (filter, touser) = match (&broadcast.audience, receivers) {
        (Audience::Everyone, None) => (Some(Filter { is_to_all: true, tag_id: None }), None),
        (Audience::Tag(tag), None) => (Some(Filter { is_to_all: false, tag_id: Some(*tag) }), None),
        (Audience::List(all), part) => (None, Some(part.unwrap_or(all))),
        (Audience::Everyone | Audience::Tag(_), Some(_)) => {
            panic!("only a list of OpenIDs is split into batches")
        }
    };
    let is_mpnews = broadcast.content.msgtype() == "mpnews";
    let message = Message {
        filter,
        content: fields(&broadcast.content, touser.is_some()),
        touser,
        msgtype: broadcast.content.msgtype(),
        send_ignore_reprint: is_mpnews.then_some(u8::from(broadcast.send_ignore_reprint)),
    };
    serde_json::to_string(&message).expect("text and numbers are always JSON")
}

/// Returns the content of a body made by [`body`].
pub fn content(body: &str) -> Option<Content> {
    let mut body: serde_json::Map<String, Value> = serde_json::from_str(body).ok()?;
    let msgtype = body.get("msgtype")?.as_str()?.to_owned();
    let key = if body.contains_key("images") { "images" } else { &msgtype };
    let variant = serde_json::Map::from_iter([(key.to_owned(), body.remove(key)?)]);
    match serde_json::from_value(variant.into()).ok()? {
        Stored::Text { content } => Some(Content::Text { content }),
        Stored::Mpnews { media_id } => Some(Content::Mpnews { media_id }),
        Stored::Image { media_id } => Some(Content::Image { media_id }),
        Stored::Images(images) => Some(Content::Images(images)),
        Stored::Voice { media_id } => Some(Content::Voice { media_id }),
        Stored::Mpvideo { media_id, title, description } => {
            Some(Content::Mpvideo { media_id, title, description })
        }
        Stored::Wxcard { card_id } => Some(Content::Wxcard { card_id }),
    }
}

/// [`Fields`], read back.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stored {
    Text { content: String },
    Mpnews { media_id: String },
    Image { media_id: String },
    Images(Images),
    Voice { media_id: String },
    Mpvideo { media_id: String, title: Option<String>, description: Option<String> },
    Wxcard { card_id: String },
}

/// Appends the `clientmsgid` as the last field of a body made by [`body`].
pub fn with_clientmsgid(body: &str, clientmsgid: &str) -> String {
    let open = body.strip_suffix('}').expect("a body is a JSON object");
    assert!(
        clientmsgid.bytes().all(|b| b.is_ascii_alphanumeric()),
        "a clientmsgid is hexadecimal digits"
    );
    format!(r#"{open},"clientmsgid":"{clientmsgid}"}}"#)
}

/// The fields of a mass send, in the order of the documents' samples.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    touser: Option<&'a [String]>,
    #[serde(flatten)]
    content: Fields<'a>,
    msgtype: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_ignore_reprint: Option<u8>,
}

#[derive(Serialize)]
struct Filter {
    is_to_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_id: Option<i64>,
}

/// The content under the platform's own key, which is the variant's name.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Fields<'a> {
    Text {
        content: &'a str,
    },
    Mpnews {
        media_id: &'a str,
    },
    Image {
        media_id: &'a str,
    },
    Images(&'a Images),
    Voice {
        media_id: &'a str,
    },
    Mpvideo {
        media_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
    },
    Wxcard {
        card_id: &'a str,
    },
}

fn fields(content: &Content, to_list: bool) -> Fields<'_> {
    match content {
        Content::Text { content } => Fields::Text { content },
        Content::Mpnews { media_id } => Fields::Mpnews { media_id },
        Content::Image { media_id } => Fields::Image { media_id },
        Content::Images(images) => Fields::Images(images),
        Content::Voice { media_id } => Fields::Voice { media_id },
        Content::Mpvideo { media_id, title, description } => Fields::Mpvideo {
            media_id,
            title: title.as_deref().filter(|_| to_list),
            description: description.as_deref().filter(|_| to_list),
        },
        Content::Wxcard { card_id } => Fields::Wxcard { card_id },
        Content::Prepared { content, .. } => fields(content, to_list),
        Content::Awaited { .. } => unreachable!("a broadcast has no body before its files"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(id: &str) -> String {
        id.to_owned()
    }

    fn to(audience: Audience, content: Content) -> Broadcast {
        Broadcast { audience, content, send_ignore_reprint: false }
    }

    fn two() -> Audience {
        Audience::List(vec!["OPENID1".to_owned(), "OPENID2".to_owned()])
    }

    fn contents() -> Vec<(Content, &'static str)> {
        let images = Images {
            media_ids: vec![media("A"), media("B")],
            recommend: Some("看".to_owned()),
            title: None,
            need_open_comment: Some(1),
            only_fans_can_comment: Some(0),
        };
        let video = Content::Mpvideo {
            media_id: media("V"),
            title: Some("TITLE".to_owned()),
            description: Some("DESCRIPTION".to_owned()),
        };
        vec![
            (
                Content::Mpnews { media_id: media("123dsdajkasd231jhksad") },
                r#""mpnews":{"media_id":"123dsdajkasd231jhksad"},"msgtype":"mpnews","send_ignore_reprint":0}"#,
            ),
            (
                Content::Text { content: "春天\n\"好\"".to_owned() },
                r#""text":{"content":"春天\n\"好\""},"msgtype":"text"}"#,
            ),
            (
                Content::Voice { media_id: media("S") },
                r#""voice":{"media_id":"S"},"msgtype":"voice"}"#,
            ),
            (
                Content::Image { media_id: media("P") },
                r#""image":{"media_id":"P"},"msgtype":"image"}"#,
            ),
            (
                Content::Images(images),
                r#""images":{"media_ids":["A","B"],"recommend":"看","need_open_comment":1,"only_fans_can_comment":0},"msgtype":"image"}"#,
            ),
            (video, r#""mpvideo":{"media_id":"V"},"msgtype":"mpvideo"}"#),
            (
                Content::Wxcard { card_id: media("C") },
                r#""wxcard":{"card_id":"C"},"msgtype":"wxcard"}"#,
            ),
        ]
    }

    #[test]
    fn a_body_for_a_tag_has_these_bytes_for_ever() {
        for (content, expected) in contents() {
            let start = r#"{"filter":{"is_to_all":false,"tag_id":2},"#;

            assert_eq!(body(&to(Audience::Tag(2), content), None), format!("{start}{expected}"));
        }
    }

    #[test]
    fn a_body_for_everyone_says_so_and_names_no_tag() {
        for (content, expected) in contents() {
            let start = r#"{"filter":{"is_to_all":true},"#;

            assert_eq!(body(&to(Audience::Everyone, content), None), format!("{start}{expected}"));
        }
    }

    #[test]
    fn a_body_for_a_list_carries_the_batchs_receivers_only() {
        let all: Vec<String> = (1..=5).map(|n| format!("OPENID{n}")).collect();
        let broadcast =
            to(Audience::List(all.clone()), Content::Text { content: "CONTENT".to_owned() });

        assert_eq!(
            body(&broadcast, Some(&all[..2])),
            r#"{"touser":["OPENID1","OPENID2"],"text":{"content":"CONTENT"},"msgtype":"text"}"#,
        );
    }

    #[test]
    fn a_videos_title_goes_with_a_list_only() {
        let (video, _) = contents().remove(5);

        assert_eq!(
            body(&to(two(), video), None),
            r#"{"touser":["OPENID1","OPENID2"],"mpvideo":{"media_id":"V","title":"TITLE","description":"DESCRIPTION"},"msgtype":"mpvideo"}"#,
        );
    }

    #[test]
    fn reprints_are_ignored_only_where_asked_and_only_for_articles() {
        let (mpnews, _) = contents().remove(0);
        let (text, _) = contents().remove(1);
        let asked = |content| {
            let broadcast = Broadcast { send_ignore_reprint: true, ..to(two(), content) };
            body(&broadcast, None)
        };

        assert!(asked(mpnews).ends_with(r#""msgtype":"mpnews","send_ignore_reprint":1}"#));
        assert!(asked(text).ends_with(r#""msgtype":"text"}"#));
    }

    #[test]
    fn the_clientmsgid_is_the_last_field_as_in_the_documents_sample() {
        let (mpnews, _) = contents().remove(0);
        let plain = body(&to(Audience::Tag(2), mpnews), None);

        let complete = with_clientmsgid(&plain, "5bc1f3dca38a9cc0f32f5a125a6feb64");

        assert!(complete.ends_with(
            r#","send_ignore_reprint":0,"clientmsgid":"5bc1f3dca38a9cc0f32f5a125a6feb64"}"#
        ));
        assert!(serde_json::from_str::<Value>(&complete).is_ok());
    }

    #[test]
    fn a_body_made_a_thousand_times_is_always_the_same() {
        for (content, _) in contents() {
            let broadcast = to(Audience::Tag(2), content);
            let first = body(&broadcast, None);

            assert!((0..1000).all(|_| body(&broadcast, None) == first));
        }
    }

    #[test]
    fn requests_go_where_the_documents_say() {
        let secret = SecretString::from("SECRET");
        let token = SecretString::from("TOKEN");
        for (request, method, path, timeout) in [
            (stable_token("wx1", &secret, false), Method::Post, "/cgi-bin/stable_token", 15),
            (classic_token("wx1", &secret), Method::Get, "/cgi-bin/token", 15),
            (tags_get(&token), Method::Get, "/cgi-bin/tags/get", 15),
            (mass(false, &token, "{}".into()), Method::Post, "/cgi-bin/message/mass/sendall", 30),
            (mass(true, &token, "{}".into()), Method::Post, "/cgi-bin/message/mass/send", 30),
            (mass_get(&token, 7), Method::Post, "/cgi-bin/message/mass/get", 30),
        ] {
            assert_eq!((request.method, &*request.path), (method, path));
            assert_eq!(request.timeout, Duration::from_secs(timeout), "{path}");
            let carries_token = request.query.contains(&("access_token", "TOKEN".to_owned()));
            assert_eq!(carries_token, !path.ends_with("token"), "{path}");
            assert_eq!(request.is_send(), path.contains("mass/send"), "{path}");
        }
    }

    #[test]
    fn the_bodies_of_questions_are_those_of_the_documents() {
        let secret = SecretString::from("SECRET");
        let body_of =
            |request: Request| -> Value { serde_json::from_str(&request.body.unwrap()).unwrap() };

        assert_eq!(mass_get(&secret, 3_147_494_522).body.unwrap(), r#"{"msg_id":"3147494522"}"#);
        assert_eq!(
            body_of(stable_token("wx1", &secret, false)),
            json!({"grant_type": "client_credential", "appid": "wx1", "secret": "SECRET"}),
        );
        assert_eq!(body_of(stable_token("wx1", &secret, true))["force_refresh"], json!(true));
    }

    #[test]
    fn a_request_knows_its_secrets() {
        let canary = SecretString::from("CANARY");
        for (request, secrets) in [
            (stable_token("wx1", &canary, true), vec!["CANARY"]),
            (classic_token("wx1", &canary), vec!["CANARY"]),
            (shared_token("https://tokens.example/t?of=wx1&key=CAN%2FARY8"), vec!["CAN/ARY8"]),
            (tags_get(&canary), vec!["CANARY"]),
            (mass(true, &canary, r#"{"secret":"no"}"#.to_owned()), vec!["CANARY"]),
        ] {
            assert_eq!(request.secrets(), secrets, "{request:?}");
        }
    }

    #[test]
    fn a_printed_request_shows_neither_token_nor_secret_nor_text() {
        let canary = SecretString::from("CANARY");
        for request in [
            stable_token("wx1", &canary, true),
            classic_token("wx1", &canary),
            shared_token("https://user:CANARY@tokens.example/wx1?key=CANARY"),
            tags_get(&canary),
            mass(true, &canary, r#"{"text":"CANARY"}"#.to_owned()),
        ] {
            assert!(!format!("{request:?}").contains("CANARY"), "{request:?}");
        }
    }
}
