//! Media that the platform keeps for an account: its drafts, and what a media id names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many drafts the platform lists in one response, at most.
pub const DRAFTS_PAGE: u32 = 20;

/// One article of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftArticle {
    /// Its title, safe to show.
    pub title: String,
    /// The media id of its cover.
    #[serde(default)]
    pub thumb_media_id: Option<String>,
    /// The address of its cover.
    #[serde(default)]
    pub thumb_url: Option<String>,
}

/// A draft of the account's draft box (草稿箱).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What a broadcast names it by.
    pub media_id: String,
    /// When it was last changed, in Unix seconds.
    pub updated_at: Option<i64>,
    /// Its articles, from the first.
    pub articles: Vec<DraftArticle>,
}

impl Draft {
    /// Returns its title: that of its first article.
    pub fn title(&self) -> &str {
        self.articles.first().map(|article| article.title.as_str()).unwrap_or_default()
    }
}

/// A page of the draft box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftPage {
    /// How many drafts the box has.
    pub total: u32,
    /// The drafts of this page, the last changed first.
    pub drafts: Vec<Draft>,
}

/// What a media id of a job is for, which decides where the platform keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaUse {
    /// Articles: a draft, or permanent material of older times.
    Articles,
    /// A picture, a recording or another file: permanent material, or uploaded for three days.
    File,
    /// Something that a menu sends or opens: permanent material.
    Material,
}

/// A media id that a job names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Medium {
    /// What it is for.
    #[serde(rename = "as")]
    pub used_as: MediaUse,
    /// The platform's id.
    pub media_id: String,
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "media id {}", self.media_id)
    }
}
