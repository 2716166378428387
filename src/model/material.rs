//! The material of a broadcast: local files and articles that must be uploaded first.
//!
//! A job's body names what does not exist yet by a [`placeholder`]. Once everything is uploaded,
//! the platform's ids replace the placeholders, and the body is fixed. How an upload is requested,
//! and where the files are stored, is decided elsewhere.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hex;

/// How an account's articles are uploaded to the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArticlesVia {
    /// `draft/add`: a draft, which is deleted with the broadcast that uses it.
    #[default]
    Draft,
    /// `media/uploadnews`: the older call, ten times a day.
    Uploadnews,
}

/// What an upload is for, which decides its call and how long its result is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadKind {
    /// A picture inside an article: gives a URL.
    Picture,
    /// An article's cover: permanent material.
    Cover,
    /// A picture to broadcast.
    Image,
    /// A recording to broadcast.
    Voice,
    /// A video's file, which cannot be broadcast yet.
    Video,
    /// A video for `mpvideo`, made from its file.
    Mpvideo,
    /// Articles as a draft.
    Draft,
    /// Articles as temporary material.
    News,
}

impl UploadKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Picture,
        Self::Cover,
        Self::Image,
        Self::Voice,
        Self::Video,
        Self::Mpvideo,
        Self::Draft,
        Self::News,
    ];

    /// Returns the word used in JSON and schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Cover => "cover",
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::Mpvideo => "mpvideo",
            Self::Draft => "draft",
            Self::News => "news",
        }
    }

    /// Returns the kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Returns whether the platform deletes its result after three days.
    pub fn is_temporary(self) -> bool {
        match self {
            Self::Image | Self::Voice | Self::Video | Self::Mpvideo | Self::News => true,
            Self::Picture | Self::Cover | Self::Draft => false,
        }
    }
}

/// The format of a file, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG.
    Jpg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// MP3.
    Mp3,
    /// AMR.
    Amr,
    /// MP4.
    Mp4,
}

impl Format {
    /// Returns the usual ending of such a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Mp3 => "mp3",
            Self::Amr => "amr",
            Self::Mp4 => "mp4",
        }
    }

    /// Returns its media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Mp3 => "audio/mpeg",
            Self::Amr => "audio/amr",
            Self::Mp4 => "video/mp4",
        }
    }
}

/// One local file as it was when its job was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Its path in the job's folder, for display.
    pub file: String,
    /// The digest of its content, under which it is stored.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its format.
    pub format: Format,
}

/// A file, and the kind of its upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// The kind of its upload.
    pub kind: UploadKind,
    /// The file.
    pub media: Media,
}

/// The texts that a video is shown with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caption {
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
}

/// One article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Its title.
    pub title: String,
    /// Its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The text under its title in the conversation; left out, the beginning of its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its HTML, with placeholders for local pictures.
    pub content: String,
    /// The address behind 阅读原文.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_source_url: Option<String>,
    /// The placeholder of its cover.
    pub thumb: String,
    /// Whether the cover is in the text as well (0 or 1; `uploadnews` only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_cover_pic: Option<u8>,
    /// Whether comments are open (0 or 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need_open_comment: Option<u8>,
    /// Whether only followers may comment (0 or 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_fans_can_comment: Option<u8>,
}

/// Everything that is uploaded before a broadcast.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// How long before the job's time the uploads begin.
    pub prepare_s: u32,
    /// The files, each once for each kind of upload.
    pub assets: Vec<Asset>,
    /// The texts that a video is shown with, if the broadcast is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Caption>,
    /// The articles, if the broadcast has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<Article>,
}

impl Material {
    /// Adds a file unless it is present already, and returns its placeholder.
    pub fn add(&mut self, kind: UploadKind, media: Media) -> String {
        let placeholder = placeholder(kind, &media.sha256);
        let known = |asset: &Asset| asset.kind == kind && asset.media.sha256 == media.sha256;
        if !self.assets.iter().any(known) {
            self.assets.push(Asset { kind, media });
        }
        placeholder
    }

    /// Returns the key of the video that is made from the file and its caption.
    pub fn video_key(&self) -> Option<String> {
        let caption = self.caption.as_ref()?;
        let file = self.assets.iter().find(|asset| asset.kind == UploadKind::Video)?;
        let (title, description) = (&caption.title, &caption.description);
        Some(key(&[&file.media.sha256, title, description]))
    }

    /// Returns how many calls the uploads take for this many broadcasts of it.
    pub fn calls(&self, batches: usize) -> usize {
        let news = if self.articles.is_empty() { 0 } else { batches };
        self.assets.len() + usize::from(self.caption.is_some()) + news
    }
}

/// The placeholder of the articles in a body.
pub const NEWS: &str = "qunfa:news";

/// Returns the placeholder of an upload's result in a body.
pub fn placeholder(kind: UploadKind, key: &str) -> String {
    format!("qunfa:{}:{key}", kind.as_str())
}

/// Returns one key for several texts.
pub fn key(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_uploaded_once_for_each_purpose() {
        let media = |sha256: &str| Media {
            file: "a.png".to_owned(),
            sha256: sha256.to_owned(),
            bytes: 1,
            format: Format::Png,
        };
        let mut material = Material::default();

        let first = material.add(UploadKind::Picture, media("aa"));
        assert_eq!(material.add(UploadKind::Picture, media("aa")), first);
        material.add(UploadKind::Cover, media("aa"));

        assert_eq!(material.assets.len(), 2);
    }

    #[test]
    fn a_kinds_word_reads_back() {
        for kind in UploadKind::ALL {
            assert_eq!(UploadKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn texts_that_only_join_to_the_same_have_different_keys() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }
}
