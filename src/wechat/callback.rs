//! The events that the platform pushes: checks the signature and parses the body.
//!
//! In plain mode the signature covers token, timestamp and nonce but not the body, so an event is
//! only a hint that makes the daemon query the platform. In safe mode and in compatible mode the
//! message is encrypted ([`crypto`]) and the signature covers it, so an event is a proof. Anything
//! beside the ciphertext in compatible mode is ignored. Parsing is strict if two parsers could
//! disagree (DTDs, a field that occurs twice) and tolerant if the platform varies (spaces,
//! full-width brackets, empty nodes, XML or JSON).

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;

use self::document::XmlDocument;
use crate::l10n::t;
use crate::model::console;
use crate::model::hex;

mod component;
pub mod crypto;
mod document;

pub use component::{ComponentEvent, parse_component};

/// The longest body that is read.
pub const BODY_MAX: usize = 32 * 1024;

/// Why a body is not a readable event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Longer than [`BODY_MAX`].
    #[error("longer than 32 KiB")]
    TooLong,
    /// Neither XML nor JSON, or damaged.
    #[error("neither XML nor JSON that can be read")]
    Malformed,
    /// A DTD, an entity or a comment, which the platform never writes.
    #[error("a declaration that no event has")]
    Declaration,
    /// Deeper or larger than any event.
    #[error("nested too deeply or in too many parts")]
    TooComplex,
    /// A field that occurs twice.
    #[error("the field {0} stands there twice")]
    Twice(&'static str),
    /// A field that is missing or cannot be read.
    #[error("the field {0} is missing or cannot be read")]
    Field(&'static str),
    /// An encrypted message at an account without a key.
    #[error("encrypted, but no key is configured")]
    Encrypted,
}

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The end of a mass send, ours or another's.
    MassSendJobFinish(MassEvent),
    /// A user scanned a code with a scene.
    Scan(ScanEvent),
    /// Any other message or event.
    Other,
}

/// A scan of a code with a scene.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScanEvent {
    /// The value of the code.
    pub scene: String,
    /// What the user did.
    pub kind: ScanKind,
    /// The platform's time of the event, in Unix seconds; 0 if it has none.
    pub create_time: i64,
    /// The user's OpenID.
    pub from_user: String,
}

/// What a user who scanned a code did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanKind {
    /// Began to follow the account.
    Subscribe,
    /// Followed it before.
    Scan,
}

impl ScanKind {
    /// Returns the word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Scan => "scan",
        }
    }
}

/// What the platform puts before the value of a code that brought a follower.
const NEW_FOLLOWER: &str = "qrscene_";
/// The longest value of a code that is counted; the platform's have at most 64 bytes.
const SCENE_MAX: usize = 64;

/// The platform's report on a mass send (MASSSENDJOBFINISH).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MassEvent {
    /// The id of the mass send; from 1 up.
    pub msg_id: i64,
    /// How it ended.
    pub status: Status,
    /// The status as it was written.
    pub status_text: String,
    /// The followers it was meant for. All counts are approximate: the job may still be running.
    pub total: Option<i64>,
    /// Those of them who could receive. Not always `sent + error`, although the documents say so.
    pub filter: Option<i64>,
    /// Those who received it.
    pub sent: Option<i64>,
    /// Those who did not.
    pub error: Option<i64>,
    /// The platform's time of the event, in Unix seconds; 0 if it has none.
    pub create_time: i64,
    /// An OpenID, in practice; "mphelper" in the documents. Never validated.
    pub from_user: String,
    /// The account that it concerns, by its original id (`gh_…`).
    pub to_user: String,
    /// The result of the originality check.
    pub copyright: Option<Copyright>,
    /// The addresses of the articles.
    pub article_urls: Vec<ArticleUrl>,
}

/// How a mass send ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was sent, though perhaps not to everybody.
    Success,
    /// It failed, without a reason.
    Fail,
    /// It was stopped for a reason with this number; unknown numbers occur in practice.
    Err(i64),
    /// Something else, as it was written.
    Other(String),
}

/// The originality check of the articles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copyright {
    /// 1: may be sent; 2: a reprint, may be sent; 3: a reprint, may not be sent; 0 occurs too.
    pub check_state: Option<i64>,
    /// The articles.
    pub articles: Vec<ArticleCheck>,
}

/// The originality check of one article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArticleCheck {
    /// Which article, from 1 up.
    pub article_idx: Option<i64>,
    /// What its author declared: 0 nothing, 1 original, 2 reprint.
    pub user_declare_state: Option<i64>,
    /// The platform's result: 0 not checked, 1 checking, 11 passed, others failed.
    pub audit_state: Option<i64>,
    /// The article that it resembles.
    pub original_article_url: String,
    /// What that article is: 1 original, 2 old and not original, 3 news, 4 banned.
    pub original_article_type: Option<i64>,
    /// Whether it may be reprinted (0 or 1).
    pub can_reprint: Option<i64>,
    /// Whether its content replaces ours (0 or 1).
    pub need_replace_content: Option<i64>,
    /// Whether its source is shown (0 or 1).
    pub need_show_reprint_source: Option<i64>,
}

/// The address of one article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArticleUrl {
    /// Which article, from 1 up.
    pub article_idx: Option<i64>,
    /// Its address.
    pub url: String,
}

/// Returns whether `signature` proves that the sender has the token, in constant time.
///
/// It proves nothing about a body, nor that the timestamp and nonce are fresh.
pub fn is_signed(token: &SecretString, timestamp: &str, nonce: &str, signature: &str) -> bool {
    is_signature_of([token.expose_secret(), timestamp, nonce], signature)
}

fn is_signature_of<const N: usize>(mut parts: [&str; N], signature: &str) -> bool {
    parts.sort_unstable();
    let expected = hex(&Sha1::digest(parts.concat()));
    expected.as_bytes().ct_eq(signature.as_bytes()).into()
}

/// Returns the ciphertext in a pushed body, and ignores its other fields.
///
/// # Errors
/// If the body cannot be read, or has no ciphertext.
pub fn ciphertext(body: &[u8]) -> Result<String, ParseError> {
    if body.len() > BODY_MAX {
        return Err(ParseError::TooLong);
    }
    let tree = XmlDocument::parse(body)?;
    let encrypt = tree.text("Encrypt")?.ok_or(ParseError::Field("Encrypt"))?;
    Ok(encrypt.to_owned())
}

/// Parses a pushed body, XML or JSON; of an encrypted push, the decrypted text.
pub fn parse(body: &[u8]) -> Result<Incoming, ParseError> {
    if body.len() > BODY_MAX {
        return Err(ParseError::TooLong);
    }
    let tree = XmlDocument::parse(body)?;
    let Some(kind) = tree.text("MsgType")? else {
        let encrypted = tree.one("Encrypt")?.is_some();
        return Err(if encrypted { ParseError::Encrypted } else { ParseError::Field("MsgType") });
    };
    let event = tree.text("Event")?.unwrap_or_default();
    if !kind.eq_ignore_ascii_case("event") {
        return Ok(Incoming::Other);
    }
    if event.eq_ignore_ascii_case("MASSSENDJOBFINISH") {
        return Ok(Incoming::MassSendJobFinish(mass_event(&tree)?));
    }
    // Whatever is wrong with it is for the handler behind the daemon to say.
    let scan = scan_event(&tree, event).unwrap_or_default();
    Ok(scan.map_or(Incoming::Other, Incoming::Scan))
}

fn scan_event(tree: &XmlDocument, event: &str) -> Result<Option<ScanEvent>, ParseError> {
    let key = tree.text("EventKey")?.unwrap_or_default();
    let (kind, scene) = if event.eq_ignore_ascii_case("subscribe") {
        let Some(scene) = key.strip_prefix(NEW_FOLLOWER) else { return Ok(None) };
        (ScanKind::Subscribe, scene)
    } else if event.eq_ignore_ascii_case("SCAN") {
        (ScanKind::Scan, key)
    } else {
        return Ok(None);
    };
    if !(1..=SCENE_MAX).contains(&scene.len()) || scene.contains(char::is_control) {
        return Ok(None);
    }
    Ok(Some(ScanEvent {
        scene: scene.to_owned(),
        kind,
        create_time: tree.number("CreateTime")?.unwrap_or(0),
        from_user: tree.text("FromUserName")?.unwrap_or_default().to_owned(),
    }))
}

fn mass_event(tree: &XmlDocument) -> Result<MassEvent, ParseError> {
    let status_text = tree.text("Status")?.unwrap_or_default();
    Ok(MassEvent {
        msg_id: msg_id(tree)?,
        status: Status::parse(status_text),
        status_text: status_text.to_owned(),
        total: tree.number("TotalCount")?,
        filter: tree.number("FilterCount")?,
        sent: tree.number("SentCount")?,
        error: tree.number("ErrorCount")?,
        create_time: tree.number("CreateTime")?.unwrap_or(0),
        from_user: tree.text("FromUserName")?.unwrap_or_default().to_owned(),
        to_user: tree.text("ToUserName")?.unwrap_or_default().to_owned(),
        copyright: copyright(tree)?,
        article_urls: article_urls(tree)?,
    })
}

/// Reads the id, which is `MsgID` here, although ordinary messages write `MsgId`.
fn msg_id(tree: &XmlDocument) -> Result<i64, ParseError> {
    if tree.one("MsgID")?.is_some() && tree.one("MsgId")?.is_some() {
        return Err(ParseError::Twice("MsgID"));
    }
    let id = tree.number("MsgID")?.or(tree.number("MsgId")?);
    id.filter(|id| *id >= 1).ok_or(ParseError::Field("MsgID"))
}

fn copyright(tree: &XmlDocument) -> Result<Option<Copyright>, ParseError> {
    let Some(node) = tree.one("CopyrightCheckResult")? else { return Ok(None) };
    let check_state = node.number("CheckState")?;
    let mut articles = Vec::new();
    for item in node.items("ResultList")? {
        articles.push(ArticleCheck {
            article_idx: item.number("ArticleIdx")?,
            user_declare_state: item.number("UserDeclareState")?,
            audit_state: item.number("AuditState")?,
            original_article_url: item.text("OriginalArticleUrl")?.unwrap_or_default().to_owned(),
            original_article_type: item.number("OriginalArticleType")?,
            can_reprint: item.number("CanReprint")?,
            need_replace_content: item.number("NeedReplaceContent")?,
            need_show_reprint_source: item.number("NeedShowReprintSource")?,
        });
    }
    let is_empty = check_state.is_none() && articles.is_empty();
    Ok((!is_empty).then_some(Copyright { check_state, articles }))
}

fn article_urls(tree: &XmlDocument) -> Result<Vec<ArticleUrl>, ParseError> {
    let Some(node) = tree.one("ArticleUrlResult")? else { return Ok(Vec::new()) };
    let mut urls = Vec::new();
    for item in node.items("ResultList")? {
        let url = item.text("ArticleUrl")?.unwrap_or_default().to_owned();
        urls.push(ArticleUrl { article_idx: item.number("ArticleIdx")?, url });
    }
    Ok(urls)
}

impl Status {
    /// Reads a status however it is spaced, cased or bracketed.
    pub fn parse(text: &str) -> Self {
        let narrow: String = text
            .chars()
            .map(half_width)
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_lowercase())
            .collect();
        match narrow.as_str() {
            "sendsuccess" => return Self::Success,
            "sendfail" => return Self::Fail,
            _ => {}
        }
        let number = narrow
            .strip_prefix("err(")
            .and_then(|rest| rest.strip_suffix(')'))
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        number.map_or_else(|| Self::Other(text.to_owned()), Self::Err)
    }

    /// Returns what it means; in English with the platform's own word.
    pub fn words(&self) -> String {
        match self {
            Self::Success => t!("outcome-sent"),
            Self::Fail => t!("outcome-failed"),
            Self::Err(10001) => t!("outcome-advertising"),
            Self::Err(20001) => t!("outcome-politics"),
            Self::Err(20002) => t!("outcome-pornography"),
            Self::Err(20004) => t!("outcome-social"),
            Self::Err(20006) => t!("outcome-crime"),
            Self::Err(20008) => t!("outcome-fraud"),
            Self::Err(20013) => t!("outcome-copyright"),
            Self::Err(21000) => t!("outcome-other"),
            Self::Err(22000) => t!("outcome-mutual-promotion"),
            Self::Err(30001) => t!("outcome-originality-broke"),
            Self::Err(30002) => t!("outcome-originality-forbids"),
            Self::Err(30003) => t!("outcome-reprint"),
            Self::Err(40001) => t!("outcome-refused"),
            Self::Err(40002) => t!("outcome-no-answer"),
            Self::Err(number) => t!("outcome-unknown-number", number = %number),
            Self::Other(text) => t!("outcome-unknown", status = %text.escape_debug()),
        }
    }

    /// Returns what an operator can do about it, if there is something.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Success | Self::Other(_) => return None,
            Self::Err(10001 | 20001 | 20002 | 20004 | 20006 | 20008 | 20013 | 21000 | 22000) => {
                t!("outcome-advice-other-content")
            }
            Self::Err(30001) => t!("outcome-advice-again"),
            Self::Err(30002) => t!("outcome-advice-reprint-owner"),
            Self::Err(30003) => t!("outcome-advice-reprint"),
            Self::Err(40001) => t!("outcome-advice-administrator"),
            Self::Err(40002) => t!("outcome-advice-answer"),
            Self::Fail | Self::Err(_) => t!(
                "outcome-advice-notices",
                notices = %console::notices()
            ),
        })
    }
}

/// Maps the full-width forms of ASCII to ASCII.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests;
