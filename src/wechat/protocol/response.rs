//! Parses the platform's responses strictly: a result is certain only if every part of it is.
//!
//! For a mass send anything unclear is [`Verdict::InDoubt`]: only a whole JSON object in a 2xx
//! response, with an integer `errcode`, is trusted, and `0` or `45065` only together with a
//! `msg_id` that can be read exactly. A field that occurs twice is unclear too. Responses to
//! queries and token calls are read the same way, but an unclear one only means that the request is
//! repeated.

mod controls;
mod redact;

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::model::{Failure, Plain};
use crate::wechat::codes::{self, Verdict, WAIT_S};

/// The longest errmsg that is kept, in characters.
const ERRMSG_MAX: usize = 300;
/// The longest token that is accepted: the documents require room for 512 bytes at least.
const TOKEN_MAX: usize = 4096;
/// The longest validity of a token, whatever a token server reports.
const TOKEN_LIFE_MAX_S: u64 = 7200;

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The outcome.
    pub reply: Reply,
    /// The platform's clock, from the `Date` header of the response, if there was one.
    pub date: Option<DateTime<Utc>>,
}

/// The outcome of a request, as far as the transport can tell.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// No byte of the body left this machine; why.
    NotSent(String),
    /// The same, because there was no connection to the address; why.
    Unreachable(String),
    /// It may have arrived, and no whole response came back; why.
    Unknown(String),
    /// A whole response.
    Http {
        /// The HTTP status.
        status: u16,
        /// The body. It may hold a token.
        body: Vec<u8>,
    },
}

impl Reply {
    /// Returns why the request certainly was not sent, if that is so.
    pub fn not_sent(&self) -> Option<&str> {
        match self {
            Self::NotSent(why) | Self::Unreachable(why) => Some(why),
            Self::Unknown(_) | Self::Http { .. } => None,
        }
    }

    /// Returns whether the request certainly was not sent.
    pub fn is_not_sent(&self) -> bool {
        self.not_sent().is_some()
    }
}

impl fmt::Debug for Reply {
    /// Shows no bodies: that of a token call is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) => write!(f, "not sent: {why}"),
            Self::Unreachable(why) => write!(f, "not reached: {why}"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
            Self::Http { status, body } => write!(f, "HTTP {status}, {} bytes", body.len()),
        }
    }
}

/// What the response to a mass send means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendResponse {
    /// What to do about it. [`Verdict::Accepted`] and [`Verdict::Adopt`] always have a `msg_id`.
    pub verdict: Verdict,
    /// The platform's return code, if there was one.
    pub code: Option<i64>,
    /// The platform's message, or the transport's error: safe to log, at most 300 characters.
    pub errmsg: String,
    /// The broadcast's id, from 1 up.
    pub msg_id: Option<i64>,
    /// The articles' id in the statistics (`mpnews` only; the platform omits it for an earlier
    /// send).
    pub msg_data_id: Option<i64>,
}

/// What the response of a token endpoint means.
#[derive(Clone, Debug)]
pub enum TokenResponse {
    /// A token.
    Token {
        /// The token.
        value: SecretString,
        /// How long it is valid, 1 to 7200.
        expires_in_s: u32,
    },
    /// The platform refused.
    Refused {
        /// What to do about it: retry, wait for the next day, or pause the account.
        verdict: Verdict,
        /// The return code.
        code: i64,
        /// The platform's message, safe to log. It names the address that 40164 concerns.
        errmsg: String,
    },
    /// No clear response: retry later.
    Unclear(String),
}

/// What `mass/get` reports about a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusResponse {
    /// It was sent.
    Success,
    /// It is being sent, in review, or waits for the administrator.
    Sending,
    /// The platform stopped it.
    Failed,
    /// It was deleted.
    Deleted,
    /// The API has no such broadcast: it was made on the website, or never.
    NotOurs,
    /// The token is not valid (any more).
    NewToken,
    /// The account can make no requests until an operator acts.
    Pause {
        /// The return code.
        code: i64,
        /// The platform's message, safe to log.
        errmsg: String,
    },
    /// No clear response: retry later.
    Unclear(String),
}

/// What the response to a harmless query shows about the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryResponse {
    /// The token works.
    Ok,
    /// The token is not valid (any more).
    NewToken,
    /// The account can make no requests until an operator acts.
    Pause {
        /// The return code.
        code: i64,
        /// The platform's message, safe to log.
        errmsg: String,
    },
    /// No clear response: retry later.
    Unclear(String),
}

/// The fields of any response. Unknown ones are ignored; serde refuses the same one twice.
#[derive(Deserialize)]
pub(super) struct Fields {
    pub(super) errcode: Option<Value>,
    errmsg: Option<Value>,
    pub(super) msg_id: Option<Value>,
    msg_data_id: Option<Value>,
    msg_status: Option<Value>,
    pub(super) speed: Option<Value>,
    pub(super) realspeed: Option<Value>,
    pub(super) ticket: Option<String>,
    pub(super) expire_seconds: Option<Value>,
    access_token: Option<String>,
    expires_in: Option<Value>,
    pub(super) media_id: Option<String>,
    pub(super) url: Option<String>,
    pub(super) menuid: Option<Value>,
    pub(super) button: Option<Value>,
    pub(super) is_menu_open: Option<Value>,
    pub(super) selfmenu_info: Option<Value>,
    pub(super) news_item: Option<IgnoredAny>,
    down_url: Option<IgnoredAny>,
    video_url: Option<IgnoredAny>,
}

impl Fields {
    /// Returns whether it has the address of a video.
    pub(super) fn has_video(&self) -> bool {
        self.down_url.is_some() || self.video_url.is_some()
    }
}

/// Reads the response to a mass send.
pub fn read_send(response: &HttpResponse) -> SendResponse {
    let unclear = |verdict, code, why: &str| {
        let errmsg = printable(why);
        SendResponse { verdict, code, errmsg, msg_id: None, msg_data_id: None }
    };
    if let Some(why) = response.reply.not_sent() {
        return unclear(Verdict::Retry { after_s: WAIT_S }, None, why);
    }
    let fields = match whole(&response.reply) {
        Ok(fields) => fields,
        Err(why) => return unclear(Verdict::InDoubt, None, &why),
    };
    let Some(code) = fields.errcode.as_ref().and_then(Value::as_i64) else {
        let why = Failure::no_field("errcode");
        return unclear(Verdict::InDoubt, None, &why.to_string());
    };
    let verdict = codes::for_send(code).verdict;
    let msg_id = fields.msg_id.as_ref().and_then(id);
    if matches!(verdict, Verdict::Accepted | Verdict::Adopt) && msg_id.is_none() {
        let why = Failure::NoMsgId { errcode: code };
        return unclear(Verdict::InDoubt, Some(code), &why.to_string());
    }
    SendResponse {
        verdict,
        code: Some(code),
        errmsg: errmsg(&fields),
        msg_id,
        msg_data_id: fields.msg_data_id.as_ref().and_then(id),
    }
}

/// Reads the response of a token endpoint, the platform's or a shared one.
pub fn read_token(response: &HttpResponse) -> TokenResponse {
    let fields = match whole(&response.reply) {
        Ok(fields) => fields,
        Err(why) => return TokenResponse::Unclear(printable(&why)),
    };
    match refusal(&fields) {
        Ok(Some(code)) => {
            let verdict = codes::for_token(code).verdict;
            return TokenResponse::Refused { verdict, code, errmsg: errmsg(&fields) };
        }
        Ok(None) => {}
        Err(why) => return TokenResponse::Unclear(why.to_string()),
    }
    let Some(token) = fields.access_token.filter(|token| is_token(token)) else {
        let why = Failure::no_field("token");
        return TokenResponse::Unclear(why.to_string());
    };
    let life = fields.expires_in.as_ref().and_then(id).and_then(|s| u64::try_from(s).ok());
    let Some(life) = life.and_then(|s| u32::try_from(s.min(TOKEN_LIFE_MAX_S)).ok()) else {
        return TokenResponse::Unclear(Plain::NoTokenLife.to_string());
    };
    TokenResponse::Token { value: token.into(), expires_in_s: life }
}

/// Reads the response to `mass/get` about `msg_id`.
///
/// A response about another broadcast is unclear: it must never settle this one.
pub fn read_status(response: &HttpResponse, msg_id: i64) -> StatusResponse {
    let fields = match question(&response.reply) {
        Ok(fields) => fields,
        Err(Refusal::NewToken { .. }) => return StatusResponse::NewToken,
        Err(Refusal::Code { code: codes::NO_SUCH_MSG_ID, .. }) => return StatusResponse::NotOurs,
        Err(Refusal::Code { code, pause: true, errmsg }) => {
            return StatusResponse::Pause { code, errmsg };
        }
        Err(Refusal::Code { code, pause: false, errmsg }) => {
            return StatusResponse::Unclear(answered(code, errmsg));
        }
        Err(Refusal::Unclear(why)) => return StatusResponse::Unclear(why),
    };
    if fields.msg_id.as_ref().is_some_and(|value| id(value) != Some(msg_id)) {
        return StatusResponse::Unclear(Plain::OtherBroadcast.to_string());
    }
    match fields.msg_status.as_ref().and_then(Value::as_str) {
        Some("SEND_SUCCESS") => StatusResponse::Success,
        Some("SENDING") => StatusResponse::Sending,
        Some("SEND_FAIL") => StatusResponse::Failed,
        Some("DELETE") => StatusResponse::Deleted,
        Some(other) => {
            let why = Failure::UnknownStatus { status: printable(other) };
            StatusResponse::Unclear(why.to_string())
        }
        None => {
            let why = Failure::no_field("msg_status");
            StatusResponse::Unclear(why.to_string())
        }
    }
}

/// Reads the response to a query that only shows whether the account works (`tags/get`).
pub fn read_query(response: &HttpResponse) -> QueryResponse {
    match question(&response.reply) {
        Ok(_) => QueryResponse::Ok,
        Err(Refusal::NewToken { .. }) => QueryResponse::NewToken,
        Err(Refusal::Code { code, pause: true, errmsg }) => QueryResponse::Pause { code, errmsg },
        Err(Refusal::Code { code, pause: false, errmsg }) => {
            QueryResponse::Unclear(answered(code, errmsg))
        }
        Err(Refusal::Unclear(why)) => QueryResponse::Unclear(why),
    }
}

/// Why a query has no result.
pub(super) enum Refusal {
    /// For its token.
    NewToken { code: i64, errmsg: String },
    /// With a code.
    Code { code: i64, pause: bool, errmsg: String },
    /// There is no readable response.
    Unclear(String),
}

/// Returns the fields of a response whose success needs no code.
pub(super) fn question(reply: &Reply) -> Result<Fields, Refusal> {
    let fields = whole(reply).map_err(|why| Refusal::Unclear(printable(&why)))?;
    let Some(code) = refusal(&fields).map_err(|why| Refusal::Unclear(why.to_string()))? else {
        return Ok(fields);
    };
    let errmsg = errmsg(&fields);
    match codes::for_query(code).verdict {
        Verdict::InvalidToken => Err(Refusal::NewToken { code, errmsg }),
        Verdict::PauseAccount => Err(Refusal::Code { code, pause: true, errmsg }),
        Verdict::Accepted
        | Verdict::Adopt
        | Verdict::InDoubt
        | Verdict::Retry { .. }
        | Verdict::NextWindow(_)
        | Verdict::Reject => Err(Refusal::Code { code, pause: false, errmsg }),
    }
}

/// Returns the fields of a whole 2xx JSON object, or why there are none.
pub(super) fn whole(reply: &Reply) -> Result<Fields, String> {
    match reply {
        Reply::NotSent(why) | Reply::Unreachable(why) | Reply::Unknown(why) => Err(why.clone()),
        Reply::Http { status: 200..=299, body } => object(body),
        Reply::Http { status, .. } => Err(Failure::Status { status: *status }.to_string()),
    }
}

fn object(body: &[u8]) -> Result<Fields, String> {
    // serde would accept a list with as many values as there are fields.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Plain::NoJsonObject.to_string());
    }
    // serde's own message may quote the value, and so a token.
    read_json(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::NoJson { line, column }.to_string()
    })
}

/// Reads JSON, even with raw control characters in its strings: the platform repeats what people
/// wrote, and not always in the form that JSON requires.
pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body).or_else(|error| match controls::escaped(body) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// Returns why a whole response cannot be read at all; none if it can, or if there was none.
pub fn unreadable(response: &HttpResponse) -> Option<String> {
    match &response.reply {
        Reply::NotSent(_) | Reply::Unreachable(_) | Reply::Unknown(_) => None,
        Reply::Http { status: 200..=299, body } => object(body).err(),
        Reply::Http { .. } => None,
    }
}

/// What a response is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A return code; a success without one is 0.
    Code(i64),
    /// An HTTP status other than 2xx.
    HttpError,
    /// A whole response that cannot be read.
    Unreadable,
    /// No whole response came.
    NoAnswer,
}

/// Returns what a response is counted as.
pub fn counted(response: &HttpResponse) -> Counted {
    #[derive(Deserialize)]
    struct Code {
        errcode: Option<Value>,
    }
    let body = match &response.reply {
        Reply::NotSent(_) | Reply::Unreachable(_) | Reply::Unknown(_) => return Counted::NoAnswer,
        Reply::Http { status: 200..=299, body } => body,
        Reply::Http { .. } => return Counted::HttpError,
    };
    // serde would accept a list with as many values as there are fields.
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    match read_json(body) {
        Ok(Code { errcode: None }) if is_object => Counted::Code(0),
        Ok(Code { errcode: Some(code) }) if is_object => {
            code.as_i64().map_or(Counted::Unreadable, Counted::Code)
        }
        Ok(_) | Err(_) => Counted::Unreadable,
    }
}

/// Returns the return code of a call whose success needs none.
fn refusal(fields: &Fields) -> Result<Option<i64>, Plain> {
    match &fields.errcode {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(0) => Ok(None),
            Some(code) => Ok(Some(code)),
            None => Err(Plain::ErrcodeIsNoInteger),
        },
    }
}

/// Returns that the platform answered with a code that settles nothing.
pub(super) fn answered(errcode: i64, errmsg: String) -> String {
    Failure::Answered { errcode, errmsg }.to_string()
}

/// Reads a positive integer exactly, written as a number or as its digits.
pub(super) fn id(value: &Value) -> Option<i64> {
    integer(value).filter(|id| *id >= 1)
}

/// Reads an integer exactly, written as a number or as its digits.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

fn is_token(token: &str) -> bool {
    (1..=TOKEN_MAX).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic())
}

pub(super) fn errmsg(fields: &Fields) -> String {
    match &fields.errmsg {
        Some(Value::String(text)) => printable(&redact::cut(text)),
        Some(other) => printable(&redact::cut_values(&other.to_string())),
        None => String::new(),
    }
}

/// Makes foreign text safe for logs and terminals, and short; the request's `rid` is kept.
///
/// Control characters are escaped, and so are the marks that reverse the direction of text.
pub(super) fn printable(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut safe = String::new();
    for c in text.chars().take(64 * ERRMSG_MAX) {
        if is_unsafe(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    let safe = safe.trim();
    if safe.chars().count() <= ERRMSG_MAX {
        return safe.to_owned();
    }
    let rid = safe.rfind("rid:").map(|at| safe[at..].chars().take(64).collect());
    let rid: String = rid.unwrap_or_default();
    let head = safe.chars().take(ERRMSG_MAX - 1 - rid.chars().count());
    head.chain(['…']).chain(rid.chars()).collect()
}

#[cfg(test)]
mod tests;
