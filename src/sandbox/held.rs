//! What an account has at the platform: what it uploaded, and its codes.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::account::MediaKind;

/// Something that the platform was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) kind: MediaKind,
    /// When it is forgotten.
    pub(super) until: Option<DateTime<Utc>>,
    /// When it was given or changed last.
    pub(super) at: DateTime<Utc>,
    pub(super) content: Content,
}

/// What was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    File(Vec<u8>),
    Articles(Vec<Value>),
    /// A video that was described anew: the platform gives no file back.
    Nothing,
}

impl Held {
    /// How many articles it has: none, unless it is articles.
    pub(super) fn articles(&self) -> u8 {
        match &self.content {
            Content::Articles(articles) => u8::try_from(articles.len()).expect("eight at most"),
            Content::File(_) | Content::Nothing => 0,
        }
    }

    pub(super) fn lives(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What a scan of a code brings along.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scene {
    Number(i64),
    Text(String),
}
