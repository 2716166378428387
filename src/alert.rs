//! Alerts as messages: what people must know, how urgent it is, and who is told when.
//!
//! A [`Message`] is a value, frozen when it is first due to be told, so that a repetition says the
//! same under the same id. Sentences are made at the edge ([`text::alert`](crate::text::alert)).
//! Absent on purpose: channels. What a robot or a mail server wants to hear is known only where it
//! is told.

pub mod gather;
pub mod pace;
pub mod redact;
mod route;
mod told;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::{JobState, hex};
use crate::reason::Reason;

pub use route::{QuietHours, Route, deliver_at};
pub use told::{Advice, Question, Told};

/// How soon an operator has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Now: nothing is sent, or something was not sent.
    Page,
    /// Today.
    Look,
    /// When there is time.
    Note,
}

impl Severity {
    /// Every one, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Page, Self::Look, Self::Note];

    /// Returns the word used in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Look => "look",
            Self::Note => "note",
        }
    }
}

/// Each kind of alert that is not [`Severity::Look`], and its severity.
const SEVERITIES: &[(Severity, &[&str])] = &[
    (
        Severity::Page,
        &[
            "approval_due",
            "clock",
            "confirm",
            "database_locked",
            "failed",
            "files_due",
            "gap",
            "inbox",
            "missed",
            "partial",
            "paused",
            "platform",
            "series",
            "storage",
            "stuck",
            "uncertain",
        ],
    ),
    (Severity::Note, &["first_day", "first_month", "moved", "sent", "summary", "test"]),
];

/// The kinds of alerts that an operator looks at today.
const LOOK: &[&str] = &[
    "adopted",
    "appid",
    "backup",
    "callback",
    "callback_silent",
    "config",
    "delivery",
    "event_flood",
    "events_dropped",
    "expired",
    "followers",
    "forward",
    "held",
    "hold",
    "media",
    "menu",
    "no_result",
    "preview",
    "qrcodes",
    "quota_low",
    "refused_file",
    "speed",
    "unconfigured",
    "unread_event",
    "unreadable",
    "upload_stalled",
    "zone_data",
];

/// Returns how soon an operator has to look at an alert of a kind.
///
/// Of a hold only its reason tells: an operator's own is no news.
pub fn severity(kind: &str, why: Option<&Reason>) -> Severity {
    if kind == "hold" && why.is_some_and(Reason::names_jobs_in_question) {
        return Severity::Page;
    }
    let row = SEVERITIES.iter().find(|(_, kinds)| kinds.contains(&kind));
    row.map_or(Severity::Look, |(severity, _)| *severity)
}

/// Returns whether a word is a kind of alert.
pub fn is_kind(word: &str) -> bool {
    LOOK.contains(&word) || SEVERITIES.iter().any(|(_, kinds)| kinds.contains(&word))
}

/// Returns every kind of alert.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    SEVERITIES.iter().flat_map(|(_, kinds)| kinds.iter()).chain(LOOK).copied()
}

/// Returns whether an alert of a kind lasts until its cause is over; the others tell of one instant.
pub fn lasts(kind: &str) -> bool {
    !matches!(kind, "moved" | "quota_low" | "sent" | "summary" | "test")
}

/// How many bytes of a digest are a message's id.
const ID_BYTES: usize = 8;

/// Returns the id of a message about these things.
pub fn id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hex(&hash.finalize()[..ID_BYTES])
}

/// What a message tells of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It began.
    Raised,
    /// It is over.
    Over,
    /// Nothing: somebody tries whether messages arrive.
    Test,
}

impl Event {
    /// Returns the word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Over => "over",
            Self::Test => "test",
        }
    }

    /// Returns the event with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Raised, Self::Over, Self::Test].into_iter().find(|event| event.as_str() == word)
    }
}

/// One message to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id: the same in each repetition, and in no other message.
    pub id: String,
    /// What it tells.
    pub event: Event,
    /// The kind of the alert.
    pub kind: String,
    /// How soon an operator has to look.
    pub severity: Severity,
    /// The account that it is about.
    pub account: Option<String>,
    /// The job that it is about.
    pub job: Option<String>,
    /// The job's title, unless that is a part of its text.
    pub title: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Until when something can be done.
    pub until: Option<DateTime<Utc>>,
    /// What happened.
    pub fact: Fact,
    /// What an operator can do.
    #[serde(rename = "do")]
    pub advice: Option<String>,
    /// Where the receiver can approve the job; it is made for each delivery and never stored.
    #[serde(skip)]
    pub link: Option<Link>,
}

/// An address that is a secret: whoever has it can approve a job.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Keeps an address.
    pub fn new(address: String) -> Self {
        Self(address)
    }

    /// Returns the address, for the receiver and nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(…)")
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are named after what they are")]
pub enum Fact {
    /// A job is in a state, for a reason.
    Job { state: JobState, why: Option<Reason> },
    /// A broadcast went out: how many followers it reached, as far as the platform said.
    Sent { receivers: Option<u64>, sent: Option<u64>, failed: Option<u64> },
    /// A job has another time, or none any more.
    Moved {
        #[serde(default)]
        from: Option<DateTime<Utc>>,
        to: DateTime<Utc>,
        why: Reason,
    },
    /// An account, or every one, is on hold or paused.
    Stopped { why: Reason },
    /// A job waits for an approval, and its time is near.
    ApprovalDue,
    /// A job waits for its files, and its time is near.
    FilesDue { files: Vec<String> },
    /// A broadcast was accepted and has no result: its administrator may have to confirm it.
    ConfirmDue,
    /// A file was refused.
    RefusedFile { name: String, problems: u64, line: u64 },
    /// What a day brought.
    Summary { day: String, sent: u64, reached: u64, moved: u64, undone: u64, waiting: u64 },
    /// What was stored with the alert.
    Told { told: Told },
    /// A sentence that an older version stored.
    Written { text: String },
    /// The alert is over; the state of its job, if it is about one.
    Over { state: Option<JobState> },
    /// Somebody tries whether messages arrive; at one receiver, if it is named.
    Test { receiver: Option<String> },
}

impl Message {
    /// Returns the code of its reason, for programs.
    pub fn reason_code(&self) -> Option<String> {
        match &self.fact {
            Fact::Job { why, .. } => why.as_ref().map(Reason::code),
            Fact::Moved { why, .. } | Fact::Stopped { why } => Some(why.code()),
            Fact::Sent { .. }
            | Fact::ApprovalDue
            | Fact::FilesDue { .. }
            | Fact::ConfirmDue
            | Fact::RefusedFile { .. }
            | Fact::Summary { .. }
            | Fact::Told { .. }
            | Fact::Written { .. }
            | Fact::Over { .. }
            | Fact::Test { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_severity() {
        let mut all: Vec<_> = kinds().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();

        assert_eq!(all.len(), count);
        assert!(all.iter().all(|kind| is_kind(kind)));
        for (kind, expected) in [
            ("uncertain", Severity::Page),
            ("approval_due", Severity::Page),
            ("hold", Severity::Look),
            ("sent", Severity::Note),
            ("something_new", Severity::Look),
        ] {
            assert_eq!(severity(kind, None), expected, "{kind}");
        }
    }
}
