//! The `broadcast:` of a job: its audience and its content.
//!
//! The one mistake that must not happen here is a send to everyone that nobody requested. So there
//! is no default audience, and nothing that is empty, missing or misspelt turns into one.

use super::article;
use super::reader::Reader;
use crate::l10n::t;
use crate::model::{Account, Audience, Broadcast, Content, Images};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Node, Shape, Value};

/// A text longer than this is certainly a mistake; the platform's own limit is lower but
/// undocumented.
pub(super) const TEXT_MOST: usize = 20_000;

/// The longest text that the platform's own pages mention, in characters.
const TEXT_CHARACTERS: usize = 300;
/// The longest text that it takes in a message of another kind, in bytes.
const TEXT_BYTES: usize = 2_048;

const AUDIENCES: [&str; 3] = ["filter", "touser", "touser_file"];
pub(super) const CONTENTS: [&str; 8] =
    ["text", "mpnews", "articles", "image", "images", "voice", "mpvideo", "wxcard"];

pub(super) const BROADCAST: Shape = Shape {
    what: || t!("inbox-broadcast"),
    known: &[
        "filter",
        "touser",
        "touser_file",
        "text",
        "mpnews",
        "articles",
        "image",
        "images",
        "voice",
        "mpvideo",
        "wxcard",
        "msgtype",
        "send_ignore_reprint",
    ],
    refused: &[
        (
            "clientmsgid",
            || t!("inbox-clientmsgid-not-job-files"),
            || t!("inbox-leave-out-derived-account-job"),
        ),
        ("music", || t!("inbox-music-cannot-broadcast"), || t!("inbox-platform-documents-no-form")),
        (
            "video",
            || t!("inbox-video-cannot-broadcast"),
            || t!("inbox-use-mpvideo-id-uploadvideo-gave"),
        ),
        ("is_to_all", || t!("inbox-all-belongs-into-filter"), || t!("inbox-write-filter-all-true")),
        ("tag_id", || t!("inbox-tag-id-belongs-into-filter"), || t!("inbox-write-filter-tag-id")),
    ],
};

pub(super) const FILTER: Shape = Shape {
    what: || "`filter`".to_owned(),
    known: &["is_to_all", "tag_id"],
    refused: &[("group_id", || t!("inbox-group-id-old-name-tag"), || t!("inbox-write-tag-id"))],
};

pub(super) const TEXT: Shape =
    Shape { what: || "`text`".to_owned(), known: &["content"], refused: &[] };
pub(super) const MEDIA: Shape =
    Shape { what: || t!("inbox-content"), known: &["media_id"], refused: &[] };
pub(super) const MPVIDEO: Shape = Shape {
    what: || "`mpvideo`".to_owned(),
    known: &["media_id", "title", "description"],
    refused: &[],
};
pub(super) const WXCARD: Shape =
    Shape { what: || "`wxcard`".to_owned(), known: &["card_id"], refused: &[] };
pub(super) const IMAGES: Shape = Shape {
    what: || "`images`".to_owned(),
    known: &["media_ids", "recommend", "title", "need_open_comment", "only_fans_can_comment"],
    refused: &[(
        "media_id",
        || t!("inbox-images-media-ids"),
        || t!("inbox-write-media-ids-use-image"),
    )],
};

impl Reader<'_, '_> {
    /// Returns the broadcast, or `None` after reporting why.
    pub(crate) fn broadcast(
        &mut self,
        entry: &Entry<'_>,
        account: Option<&Account>,
        notes: &mut Vec<String>,
    ) -> Option<Broadcast> {
        let before = self.report.count();
        let fields = entry.node.fields(entry.key_location, &BROADCAST, self.report)?;
        let is_understood = self.report.count() == before;
        let audience = self.audience(&fields, account, notes);
        // A key that was refused was probably meant as the content.
        let has_content = CONTENTS.iter().any(|key| fields.get(key).is_some());
        let content =
            if is_understood || has_content { self.content(&fields, account, notes) } else { None };
        let send_ignore_reprint = self.reprint(&fields);
        if let Some(awaiting) = self.awaiting(&fields, audience.as_ref()) {
            return Some(Broadcast { send_ignore_reprint, ..awaiting });
        }
        let (audience, mut content) = (audience?, content?);
        keep_video_title(&mut content, &audience, notes);
        Some(Broadcast { audience, content, send_ignore_reprint })
    }

    /// Returns the one of `keys` that is there, or reports that there is none or more than one.
    fn only<'n, 'a>(
        &mut self,
        fields: &Fields<'n, 'a>,
        keys: &[&str],
        missing: impl FnOnce() -> (String, String),
    ) -> Option<&'n Entry<'a>> {
        let mut found = keys.iter().filter_map(|key| fields.get(key));
        let Some(first) = found.next() else {
            let (message, help) = missing();
            self.report.say_with(fields.location, message, help);
            return None;
        };
        let Some(second) = found.next() else { return Some(first) };
        let message = t!("inbox-cannot-stand-together", key = %first.key, key2 = %second.key);
        self.report.say_with(
            second.key_location,
            message,
            t!("inbox-keep-one-of", keys = keys.join(", ")),
        );
        None
    }

    fn audience(
        &mut self,
        fields: &Fields<'_, '_>,
        account: Option<&Account>,
        notes: &mut Vec<String>,
    ) -> Option<Audience> {
        let missing = || {
            (
                t!("inbox-broadcast-no-audience-everyone-must"),
                t!("inbox-write-filter-all-true-filter"),
            )
        };
        let entry = self.only(fields, &AUDIENCES, missing)?;
        if entry.key == "filter" {
            return self.filter(entry);
        }
        Some(self.receivers(entry, account, notes))
    }

    fn filter(&mut self, entry: &Entry<'_>) -> Option<Audience> {
        let fields = entry.node.fields(entry.key_location, &FILTER, self.report)?;
        let to_all = match fields.get("is_to_all") {
            Some(entry) => Some(entry.boolean(self.report)?),
            None => None,
        };
        let tag = match fields.get("tag_id") {
            Some(entry) => Some(self.tag(entry)?),
            None => None,
        };
        match (to_all, tag) {
            (Some(true), None) => Some(Audience::Everyone),
            (Some(false) | None, Some(tag)) => Some(Audience::Tag(tag)),
            (Some(true), Some(_)) => {
                let message = t!("inbox-all-true-tag-id-contradict");
                self.report.say_with(entry.key_location, message, t!("yaml-keep-one-two"));
                None
            }
            (Some(false) | None, None) => {
                let message = t!("inbox-filter-names-nobody-everyone-must");
                let help = t!("inbox-write-all-true-everyone-tag");
                self.report.say_with(entry.key_location, message, help);
                None
            }
        }
    }

    /// Returns a tag's id; the platform's documents write it with and without quotes.
    fn tag(&mut self, entry: &Entry<'_>) -> Option<i64> {
        let text = entry.text(self.report)?;
        let tag = text.parse().ok().filter(|tag: &i64| *tag > 0 && !text.starts_with('+'));
        if tag.is_none() {
            let message = t!("inbox-no-tag", text = %quote(text));
            self.report.say_with(entry.node.location, message, t!("inbox-tag-given-number"));
        }
        tag
    }

    fn content(
        &mut self,
        fields: &Fields<'_, '_>,
        account: Option<&Account>,
        notes: &mut Vec<String>,
    ) -> Option<Content> {
        let missing =
            || (t!("inbox-broadcast-no-content"), t!("inbox-write-one-text-mpnews-articles"));
        let named = fields.get("msgtype").and_then(|entry| self.msgtype(entry));
        let entry = self.only(fields, &CONTENTS, missing)?;
        let content = match &*entry.key {
            "articles" => self.articles(entry, account, notes)?,
            _ if article::is_local(entry) => self.local(entry)?,
            _ => self.content_of(entry, account, notes)?,
        };
        if let Some((entry, msgtype)) = named
            && msgtype != content.msgtype()
        {
            let message = t!("inbox-msgtype-content", msgtype = %quote(msgtype), msgtype2 = %content.msgtype());
            self.report.say_with(entry.node.location, message, t!("inbox-leave-msgtype-out"));
        }
        Some(content)
    }

    fn msgtype<'n, 'a>(&mut self, entry: &'n Entry<'a>) -> Option<(&'n Entry<'a>, &'n str)> {
        let text = entry.text(self.report)?;
        let help = match text {
            "music" => t!("inbox-platform-documents-no-form"),
            "video" => t!("inbox-use-mpvideo-id-uploadvideo-gave"),
            _ => return Some((entry, text)),
        };
        self.report.say_with(
            entry.node.location,
            t!("inbox-cannot-broadcast", text = %quote(text)),
            help,
        );
        None
    }

    fn content_of(
        &mut self,
        entry: &Entry<'_>,
        account: Option<&Account>,
        notes: &mut Vec<String>,
    ) -> Option<Content> {
        Some(match &*entry.key {
            "text" => Content::Text { content: self.text(entry, notes)? },
            "mpnews" => Content::Mpnews { media_id: self.mpnews(entry, account, notes)? },
            "image" => Content::Image { media_id: self.media_id(entry)? },
            "images" => Content::Images(self.images(entry)?),
            "voice" => Content::Voice { media_id: self.media_id(entry)? },
            "mpvideo" => {
                let fields = entry.node.fields(entry.key_location, &MPVIDEO, self.report)?;
                let media_id = self.word(&fields, "media_id");
                let title = self.caption(&fields, "title");
                let description = self.caption(&fields, "description");
                Content::Mpvideo { media_id: media_id?, title, description }
            }
            _ => {
                let fields = entry.node.fields(entry.key_location, &WXCARD, self.report)?;
                Content::Wxcard { card_id: self.word(&fields, "card_id")? }
            }
        })
    }

    fn text(&mut self, entry: &Entry<'_>, notes: &mut Vec<String>) -> Option<String> {
        let inner = match &entry.node.value {
            Value::Map(_) => {
                let fields = entry.node.fields(entry.key_location, &TEXT, self.report)?;
                fields.require("content", || t!("inbox-write-text-content"), self.report)?
            }
            Value::Empty | Value::Text { .. } | Value::List(_) => entry,
        };
        inner.text(self.report)?;
        let Value::Text { text, .. } = &inner.node.value else { return None };
        let length = text.chars().count();
        if length > TEXT_MOST {
            let message = t!("inbox-text-characters-too-many-already", length = %length, text_most = %TEXT_MOST);
            self.report.say(inner.node.location, message);
        }
        notes.extend(long_text(length, text.len()));
        // Unchanged: spaces around a text are meant by its author.
        Some(text.clone().into_owned())
    }

    fn media_id(&mut self, entry: &Entry<'_>) -> Option<String> {
        let fields = entry.node.fields(entry.key_location, &MEDIA, self.report)?;
        self.word(&fields, "media_id")
    }

    fn images(&mut self, entry: &Entry<'_>) -> Option<Images> {
        let fields = entry.node.fields(entry.key_location, &IMAGES, self.report)?;
        let media_ids = self.media_ids(&fields);
        let recommend = self.caption(&fields, "recommend");
        let title = self.caption(&fields, "title");
        let need_open_comment = self.flag(&fields, "need_open_comment");
        let only_fans_can_comment = self.flag(&fields, "only_fans_can_comment");
        let media_ids = media_ids?;
        Some(Images { media_ids, recommend, title, need_open_comment, only_fans_can_comment })
    }

    fn media_ids(&mut self, fields: &Fields<'_, '_>) -> Option<Vec<String>> {
        let help = || t!("inbox-write-media-ids");
        let entry = fields.require("media_ids", help, self.report)?;
        let items: &[Node<'_>] = match &entry.node.value {
            Value::List(items) => items,
            Value::Empty | Value::Text { .. } | Value::Map(_) => &[],
        };
        if items.is_empty() {
            self.report.say_with(entry.node.location, t!("inbox-media-ids-must-list-ids"), help());
            return None;
        }
        let ids = items.iter().map(|item| {
            let id = match &item.value {
                Value::Text { text, .. } => id_word(text),
                Value::Empty | Value::List(_) | Value::Map(_) => None,
            };
            if id.is_none() {
                self.report.say(item.location, t!("inbox-media-id-one-word"));
            }
            id
        });
        // Every invalid one is reported, so the whole list is read before it is refused.
        ids.collect::<Vec<_>>().into_iter().collect()
    }

    /// Returns an id: one word.
    pub(super) fn word(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<String> {
        let entry = fields.require(key, || t!("inbox-write", key = %key), self.report)?;
        let text = entry.text(self.report)?;
        let word = id_word(text);
        if word.is_none() {
            self.report.say(entry.node.location, t!("inbox-must-one-word", key = %key));
        }
        word
    }

    pub(super) fn caption(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<String> {
        let entry = fields.get(key)?;
        entry.text(self.report).map(str::to_owned)
    }

    /// Returns 0 or 1; the platform's flags are numbers, but authors write booleans.
    pub(super) fn flag(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<u8> {
        let entry = fields.get(key)?;
        if let Value::Text { text, plain: true } = &entry.node.value {
            match &**text {
                "0" | "false" => return Some(0),
                "1" | "true" => return Some(1),
                _ => {}
            }
        }
        self.report.say(entry.node.location, t!("inbox-must-0-1", key = %key));
        None
    }

    fn reprint(&mut self, fields: &Fields<'_, '_>) -> bool {
        let flag = self.flag(fields, "send_ignore_reprint");
        if let Some(entry) = fields.get("send_ignore_reprint")
            && fields.get("mpnews").is_none()
            && fields.get("articles").is_none()
        {
            let help = t!("inbox-leave-out-only-articles-can");
            self.report.say_with(entry.key_location, t!("inbox-send-ignore-reprint-mpnews"), help);
        }
        flag == Some(1)
    }
}

fn id_word(text: &str) -> Option<String> {
    let text = text.trim();
    let is_word = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    is_word.then(|| text.to_owned())
}

/// Returns a note about a text that the platform may refuse.
fn long_text(characters: usize, bytes: usize) -> Option<String> {
    if bytes > TEXT_BYTES {
        Some(t!("inbox-text-many-bytes", bytes = %bytes, most = %TEXT_BYTES))
    } else if characters > TEXT_CHARACTERS {
        Some(t!("inbox-text-many-characters", characters = %characters, most = %TEXT_CHARACTERS))
    } else {
        None
    }
}

/// Removes what the call for this audience has no field for, and returns a note about it.
fn keep_video_title(content: &mut Content, audience: &Audience, notes: &mut Vec<String>) {
    let by_list = match audience {
        Audience::List(_) => true,
        Audience::Everyone | Audience::Tag(_) => false,
    };
    if let Content::Prepared { content, .. } = content {
        // Its title and description are still sent to uploadvideo.
        return keep_video_title(content, audience, &mut Vec::new());
    }
    if let Content::Mpvideo { title, description, .. } = content
        && !by_list
        && (title.take().is_some() | description.take().is_some())
    {
        notes.push(t!("inbox-mpvideo-title-description-go-openid"));
    }
}
