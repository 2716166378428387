//! What alerts tell that follows from no job's state: values, which people read as sentences.
//!
//! The store keeps each as JSON, a stable code with its arguments, as it does with a [`Reason`]. What
//! happened and what an operator can do are both made at display time
//! ([`text::told`](crate::text::told)), in the language of whoever reads it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::Window;
use crate::model::MediaUse;
use crate::quota::Rule;
use crate::reason::Reason;

/// What an alert tells. The account and the job that it is about stand beside it.
///
/// A code, once released, keeps its meaning and the names of its arguments. What other programs and
/// libraries say of a failure is kept in their own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "arguments are named after what they are; the variants are told of"
)]
pub enum Told {
    // The platform and this machine.
    /// This machine's clock is so far before or after the platform's.
    ClockApart { seconds: i64, ahead: bool },
    /// The platform gave neither a token nor its clock.
    NoPreflight { why: String },
    /// The same for a response without what was asked for.
    EmptyPreflight { status: u16 },
    /// Response after response could not be read.
    Unreadable { times: u32, question: Question, why: String },
    /// The followers could not be read.
    FollowersUnread { why: String },

    // The config.
    /// The config gives the name of the account to another one.
    Appid { why: Reason, advice: Advice },
    /// The config lacks an account with planned jobs.
    Unconfigured,

    /// A changed config cannot be used.
    ConfigRefused { why: String },
    /// A changed config is in use, and warns of something.
    ConfigWarns { warning: String, more: usize },
    /// Changed keys of the config are not in use.
    NeedsRestart { keys: String },

    // The callback.
    /// Pushes are refused.
    CallbackRefused { refusal: String },
    /// The handler behind the callback fails.
    HandlerFails { host: String, times: u32, failure: String },
    /// A signed event could not be read.
    UnreadEvent { why: String },
    /// Events were dropped while a broadcast was in doubt.
    EventsDropped { events: i64 },
    /// More events without a broadcast came than are kept.
    EventFlood { most: i64 },
    /// Broadcasts went out, and no event of them came.
    CallbackSilent,

    // Quotas.
    /// Nobody said what was sent in the month before the account was known.
    FirstMonth { since: DateTime<Utc> },
    /// The same for a day.
    FirstDay { since: DateTime<Utc> },
    /// A window has little left.
    QuotaLow { rule: Rule, window: Window, used: u32, limit: u32 },
    /// Most of the permanent QR codes exist.
    QrcodesRunOut { used: u32, limit: u32 },

    // A job.
    /// The platform had a broadcast that this database never asked for.
    Adopted,
    /// The platform does not have what a media id of a job names.
    MediaGone { media_id: String, title: Option<String>, used_as: MediaUse },
    /// The codes of a job are not made anew before they expire.
    CodesNotRenewed { why: String },
    /// The menu of a job is not put back.
    MenuStays { why: String },
    /// The speed could not be set before a broadcast.
    SpeedNotSet { speed: String, cause: Reason },
    /// A preview before a broadcast failed.
    PreviewFailed { to: String, cause: Reason },
    /// Another call before a broadcast failed.
    CallFailed { call: String, cause: Reason },
    /// Dates of a series may have been sent by a lost database.
    SeriesLost,
    /// A date of a series cannot be planned.
    DateRefused { date: String, why: String },

    // The inbox.
    /// The directory cannot be used.
    InboxUnusable { why: String },
    /// An entry cannot be taken, and others neither.
    EntriesStuck { why: String, more: usize },
    /// An upload into a folder does not go on, and others neither.
    UploadsStalled { folder: String, path: String, more: usize },

    // The daemon.
    /// Another program keeps the database locked.
    DatabaseLocked { by: Option<String> },
    /// The daemon ended because its storage failed.
    StorageFailed { error: String },
    /// A backup was not made.
    BackupFailed { error: String },
    /// What happened cannot be read.
    NotRead,

    /// Sentences that an older version stored.
    Written { what: String, advice: Option<String> },
}

/// A kind of request, of which a response cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are named after what they are")]
pub enum Question {
    Token,
    Clock,
    Send,
    Result,
    Followers,
    Upload,
    ApiCall,
}

/// What an operator can do about an account that is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "arguments are named after what they are; the variants are told of"
)]
pub enum Advice {
    /// What the table of return codes says.
    OfCode { errcode: i64 },
    /// The same for the token's codes.
    OfTokenCode { errcode: i64 },
    /// The secret may be wrong; its place is known.
    Secret { source: String },
    /// Another program gives out the tokens.
    TokenServer,
    /// Two broadcasts have one number.
    BothBroadcasts,
    /// The account may have no right to mass-send.
    MassSendRight,
    /// The daemon crashed over it.
    Crashed,
    /// The config lacks it.
    PutBack,
    /// Its name means another account in the config.
    PutKnownBack { known: String, appid: String },
    /// The same, and the former appid is not known.
    PutEarlierBack,
    /// A sentence that an older version stored.
    Written { text: String },
}

impl Told {
    /// Parses the stored form: one of ours, or the two sentences of an older version.
    pub fn parse(what: &str, advice: Option<&str>) -> Self {
        serde_json::from_str(what).unwrap_or_else(|_| Self::Written {
            what: what.to_owned(),
            advice: advice.map(ToOwned::to_owned),
        })
    }

    /// Returns its stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("words, numbers and lists are JSON")
    }
}

impl Advice {
    /// Parses the stored form: one of ours, or a sentence of an older version.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::Written { text: text.to_owned() })
    }

    /// Returns its stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("words and numbers are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_back() {
        let cause = Reason::ApiCallAnswered { errcode: Some(45_009), errmsg: "m".to_owned() };
        for told in [
            Told::ClockApart { seconds: 70, ahead: true },
            Told::Unreadable { times: 3, question: Question::ApiCall, why: "no JSON".to_owned() },
            Told::SpeedNotSet { speed: "2 (45w a minute)".to_owned(), cause },
            Told::Appid { why: Reason::QuotaRefusedTwice, advice: Advice::PutEarlierBack },
            Told::DatabaseLocked { by: None },
        ] {
            assert_eq!(Told::parse(&told.to_json(), Some("")), told);
        }
        let advice = Advice::OfCode { errcode: 40_164 };
        assert_eq!(Advice::parse(&advice.to_json()), advice);
    }

    #[test]
    fn the_sentences_of_an_older_version_are_kept_as_they_are() {
        let (what, advice) = ("the clock is wrong: 5 s", "set the clock");

        let told = Told::parse(what, Some(advice));

        let kept = Told::Written { what: what.to_owned(), advice: Some(advice.to_owned()) };
        assert_eq!(told, kept);
        assert_eq!(Advice::parse("ask"), Advice::Written { text: "ask".to_owned() });
    }
}
