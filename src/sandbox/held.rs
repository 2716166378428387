//! What an account has on the platform: what it uploaded, and its codes.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::account::MediaKind;

/// Something that the platform received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) kind: MediaKind,
    /// When it is deleted.
    pub(super) until: Option<DateTime<Utc>>,
    /// When it was uploaded or last changed.
    pub(super) at: DateTime<Utc>,
    pub(super) content: Content,
}

/// The content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    File(Vec<u8>),
    Articles(Vec<Value>),
    /// A video with a new description: the platform returns no file for it.
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

/// The value that a scan of a code reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scene {
    Number(i64),
    Text(String),
}
