//! API calls that are not mass sends: previews, speed, deletes, menus, QR codes, drafts and media.
//!
//! All of them may be repeated without harm, so none needs a `clientmsgid`.

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ConditionalMenu, JobId, Medium, Menu, OpenIds, Picture, Qrcode};

/// The most articles that one broadcast has.
pub const ARTICLES_MOST: u32 = 8;

/// Who receives a preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Viewer {
    /// A follower, by OpenID.
    Openid(String),
    /// Anybody, by WeChat name (微信号).
    Wxname(String),
}

impl Viewer {
    /// Returns the viewer that a name means.
    ///
    /// 28 characters that begin with `o` are an OpenID and anything else is a WeChat name, unless
    /// it has the prefix `openid:` or `wxname:`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (viewer, name): (fn(String) -> Self, &str) =
            match (text.strip_prefix("openid:"), text.strip_prefix("wxname:")) {
                (Some(id), _) => (Self::Openid, id),
                (_, Some(name)) => (Self::Wxname, name),
                (None, None) if is_openid(text) => (Self::Openid, text),
                (None, None) => (Self::Wxname, text),
            };
        let fits = !name.is_empty() && name.len() <= 64 && !name.contains(char::is_whitespace);
        (fits && !name.contains(char::is_control)).then(|| viewer(name.to_owned()))
    }
}

impl fmt::Display for Viewer {
    /// Shows only the ends of an OpenID: output about a job must not identify a follower.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Openid(id) => {
                let letters: Vec<char> = id.chars().collect();
                let ends = if letters.len() < OpenIds::USUAL_LENGTH { 1 } else { 4 };
                let first: String = letters.iter().take(ends).collect();
                let last: String =
                    letters.iter().skip(letters.len().saturating_sub(ends)).collect();
                write!(f, "OpenID {first}..{last}")
            }
            Self::Wxname(name) => write!(f, "WeChat name {name}"),
        }
    }
}

fn is_openid(text: &str) -> bool {
    text.starts_with('o') && OpenIds::Usual.takes(text)
}

/// The preview that a job requests before its broadcast, and its viewers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Who receives it, each once.
    pub to: Vec<Viewer>,
    /// How long before the job's time.
    #[serde(with = "super::seconds")]
    pub before: TimeDelta,
    /// What a coupon's preview needs in addition to its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_ext: Option<String>,
}

/// Which broadcast is deleted, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// The job whose broadcast it is.
    pub job: JobId,
    /// One article, from 1; 0 means all of them, explicitly; none if the author gave no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article_idx: Option<u32>,
    /// Whether it is made even if it deletes other broadcasts, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

impl Deletion {
    /// Returns the one article that is named, if one is.
    pub fn article(&self) -> Option<u32> {
        self.article_idx.filter(|article| *article > 0)
    }
}

impl fmt::Display for Deletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.article() {
            Some(article) => write!(f, "article {article} of job {}", self.job),
            None => write!(f, "the broadcast of job {}", self.job),
        }
    }
}

/// A mass-send speed, 0 (the fastest) to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Speed(u8);

impl Speed {
    /// Every speed, the fastest first.
    pub const ALL: [Self; 5] = [Self(0), Self(1), Self(2), Self(3), Self(4)];

    /// Returns the speed of this level.
    pub fn new(level: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|speed| speed.level() == level)
    }

    /// Returns its level.
    pub fn level(self) -> i64 {
        i64::from(self.0)
    }

    /// Returns how many followers a minute it reaches, by the documents' table.
    pub fn a_minute(self) -> u32 {
        [800_000, 600_000, 450_000, 300_000, 100_000][usize::from(self.0)]
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}w a minute)", self.0, self.a_minute() / 10_000)
    }
}

/// One call that is not a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiCall {
    /// A job's content to one viewer; with the data that a coupon needs.
    Preview(Viewer, Option<String>),
    /// The deletion of a broadcast, or of one article of it.
    Delete(Deletion),
    /// The account's speed is queried.
    SpeedGet,
    /// The account's speed is set.
    SpeedSet(Speed),
    /// The account's menu is replaced.
    Menu(Menu),
    /// The account's menu is deleted, with the menus for some followers only.
    MenuDelete,
    /// The menu that followers see is queried.
    MenuRead {
        /// Whether the job cannot go on without the answer.
        needed: bool,
    },
    /// A menu for some followers only is created.
    MenuConditional(ConditionalMenu),
    /// One of those is deleted.
    MenuConditionalDelete {
        /// The platform's number of it.
        menuid: String,
    },
    /// The menu that one follower sees is queried.
    MenuTry(Viewer),
    /// A QR code is created.
    Qrcode(Qrcode),
    /// The picture of a QR code is fetched.
    Picture(Picture),
    /// A page of the draft box is read.
    Drafts {
        /// How many drafts come before it.
        offset: u32,
    },
    /// Whether the platform still has what a media id names is queried.
    MediaCheck(Medium),
}

impl ApiCall {
    /// Returns the word used in JSON and schema.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Preview(..) => "preview",
            Self::Delete(_) => "delete",
            Self::SpeedGet => "speed_get",
            Self::SpeedSet(_) => "speed_set",
            Self::Menu(_) => "menu",
            Self::MenuDelete => "menu_delete",
            Self::MenuRead { .. } => "menu_read",
            Self::MenuConditional(_) => "menu_conditional",
            Self::MenuConditionalDelete { .. } => "menu_conditional_delete",
            Self::MenuTry(_) => "menu_try",
            Self::Qrcode(_) => "qrcode",
            Self::Picture(_) => "picture",
            Self::Drafts { .. } => "drafts",
            Self::MediaCheck(_) => "media_check",
        }
    }

    /// Returns whether its request belongs to the mass family, which the rule for a minute counts.
    pub fn is_of_the_mass_family(&self) -> bool {
        match self {
            Self::Preview(..) | Self::Delete(_) | Self::SpeedGet | Self::SpeedSet(_) => true,
            Self::Menu(_)
            | Self::MenuDelete
            | Self::MenuRead { .. }
            | Self::MenuConditional(_)
            | Self::MenuConditionalDelete { .. }
            | Self::MenuTry(_)
            | Self::Qrcode(_)
            | Self::Picture(_)
            | Self::Drafts { .. }
            | Self::MediaCheck(_) => false,
        }
    }

    /// Returns whether its response may be a file, which nothing can read as JSON.
    pub fn brings_files(&self) -> bool {
        match self {
            Self::Picture(_) | Self::MediaCheck(_) => true,
            Self::Preview(..)
            | Self::Delete(_)
            | Self::SpeedGet
            | Self::SpeedSet(_)
            | Self::Menu(_)
            | Self::MenuDelete
            | Self::MenuRead { .. }
            | Self::MenuConditional(_)
            | Self::MenuConditionalDelete { .. }
            | Self::MenuTry(_)
            | Self::Qrcode(_)
            | Self::Drafts { .. } => false,
        }
    }

    /// Returns what is stored beside that word.
    pub fn parameters(&self) -> Value {
        match self {
            Self::Preview(to, card_ext) => json!({ "to": to, "card_ext": card_ext }),
            Self::Delete(deletion) => json!(deletion),
            Self::SpeedGet | Self::MenuDelete => json!({}),
            Self::MenuConditional(menu) => json!(menu),
            Self::MenuConditionalDelete { menuid } => json!({ "menuid": menuid }),
            Self::MenuRead { needed } => json!({ "needed": needed }),
            Self::SpeedSet(speed) => json!({ "speed": speed }),
            Self::Menu(menu) => json!(menu),
            Self::MenuTry(viewer) => json!({ "as": viewer }),
            Self::Qrcode(code) => json!(code),
            Self::Picture(picture) => json!(picture),
            Self::Drafts { offset } => json!({ "offset": offset }),
            Self::MediaCheck(medium) => json!(medium),
        }
    }

    /// Parses the stored form; none if another program wrote it.
    pub fn parse(kind: &str, parameters: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(parameters).ok()?;
        match kind {
            "preview" => {
                let to = Viewer::deserialize(&value["to"]).ok()?;
                Some(Self::Preview(to, value["card_ext"].as_str().map(str::to_owned)))
            }
            "delete" => Deletion::deserialize(&value).ok().map(Self::Delete),
            "speed_get" => Some(Self::SpeedGet),
            "speed_set" => Speed::new(value["speed"].as_i64()?).map(Self::SpeedSet),
            "menu" => Menu::deserialize(&value).ok().map(Self::Menu),
            "menu_delete" => Some(Self::MenuDelete),
            "menu_read" => Some(Self::MenuRead { needed: value["needed"].as_bool()? }),
            "menu_conditional" => {
                ConditionalMenu::deserialize(&value).ok().map(Self::MenuConditional)
            }
            "menu_conditional_delete" => {
                let menuid = value["menuid"].as_str()?.to_owned();
                Some(Self::MenuConditionalDelete { menuid })
            }
            "menu_try" => Viewer::deserialize(&value["as"]).ok().map(Self::MenuTry),
            "qrcode" => Qrcode::deserialize(&value).ok().map(Self::Qrcode),
            "picture" => Picture::deserialize(&value).ok().map(Self::Picture),
            "drafts" => {
                let offset = u32::try_from(value["offset"].as_u64()?).ok()?;
                Some(Self::Drafts { offset })
            }
            "media_check" => Medium::deserialize(&value).ok().map(Self::MediaCheck),
            _ => None,
        }
    }
}

impl fmt::Display for ApiCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preview(to, _) => write!(f, "preview to {to}"),
            Self::Delete(deletion) => write!(f, "deletion of {deletion}"),
            Self::SpeedGet => f.write_str("question for the speed"),
            Self::SpeedSet(speed) => write!(f, "setting of speed {speed}"),
            Self::Menu(menu) => write!(f, "menu {menu}"),
            Self::MenuDelete => f.write_str("deletion of the menu"),
            Self::MenuRead { .. } => f.write_str("question for the menu"),
            Self::MenuConditional(menu) => write!(f, "menu {menu}"),
            Self::MenuConditionalDelete { menuid } => write!(f, "deletion of menu {menuid}"),
            Self::MenuTry(viewer) => write!(f, "question for the menu of {viewer}"),
            Self::Qrcode(code) => code.fmt(f),
            Self::Picture(picture) => write!(f, "picture of {}", picture.scene),
            Self::Drafts { offset } => write!(f, "question for the drafts after {offset}"),
            Self::MediaCheck(medium) => write!(f, "check of {medium}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MediaUse, Scene};

    #[test]
    fn a_name_is_an_openid_if_it_looks_like_one_or_says_so() {
        let openid = |id: &str| Some(Viewer::Openid(id.to_owned()));
        let wxname = |name: &str| Some(Viewer::Wxname(name.to_owned()));
        let id = "oAbCdEfGhIjKlMnOpQrStUvWxY_-";
        for (text, expected) in [
            (id, openid(id)),
            ("oAbCdEfGhIjKlMnOpQrStUvWxY_", wxname("oAbCdEfGhIjKlMnOpQrStUvWxY_")),
            ("xAbCdEfGhIjKlMnOpQrStUvWxY_-", wxname("xAbCdEfGhIjKlMnOpQrStUvWxY_-")),
            ("示例的微信号", wxname("示例的微信号")),
            (" anne ", wxname("anne")),
            ("openid:oShort", openid("oShort")),
            ("wxname:oAbCdEfGhIjKlMnOpQrStUvWxY_-", wxname("oAbCdEfGhIjKlMnOpQrStUvWxY_-")),
            ("", None),
            ("openid:", None),
            ("two names", None),
        ] {
            assert_eq!(Viewer::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn an_openid_is_shown_by_its_ends() {
        let shown = |id: &str| Viewer::Openid(id.to_owned()).to_string();

        assert_eq!(shown("oAbCdEfGhIjKlMnOpQrStUvWxY01"), "OpenID oAbC..xY01");
        assert_eq!(shown("oSecret"), "OpenID o..t");
    }

    #[test]
    fn every_api_call_reads_back_as_it_was_stored() {
        let deletion = |article_idx, force| Deletion {
            job: JobId::parse("spring").unwrap(),
            article_idx,
            force,
        };
        let menu = json!({ "button": [{ "type": "view", "name": "搜索", "url": "https://a" }] });
        let menu = serde_json::from_value(menu).unwrap();
        for api_call in [
            ApiCall::Preview(Viewer::Wxname("示例".into()), None),
            ApiCall::Preview(Viewer::Openid("o1".into()), Some("{\"code\":\"\"}".into())),
            ApiCall::Delete(deletion(None, false)),
            ApiCall::Delete(deletion(Some(2), true)),
            ApiCall::SpeedGet,
            ApiCall::SpeedSet(Speed::new(4).unwrap()),
            ApiCall::Menu(menu),
            ApiCall::MenuDelete,
            ApiCall::MenuConditionalDelete { menuid: "208379533".into() },
            ApiCall::MenuRead { needed: true },
            ApiCall::MenuTry(Viewer::Wxname("示例".into())),
            ApiCall::Drafts { offset: 20 },
            ApiCall::MediaCheck(Medium { used_as: MediaUse::Articles, media_id: "D".into() }),
            ApiCall::Qrcode(Qrcode { expire_seconds: Some(60), scene: Scene::Id(7), renew: false }),
            ApiCall::Qrcode(Qrcode {
                expire_seconds: None,
                scene: Scene::Text("门店".into()),
                renew: false,
            }),
            ApiCall::Picture(Picture {
                scene: Scene::Id(7),
                ticket: "gQ+/==".into(),
                file: "doors/7.jpg".into(),
            }),
        ] {
            let parameters = api_call.parameters().to_string();

            assert_eq!(
                ApiCall::parse(api_call.kind(), &parameters),
                Some(api_call),
                "{parameters}"
            );
        }
        assert_eq!(ApiCall::parse("speed_set", r#"{"speed":5}"#), None);
    }

    #[test]
    fn speeds_are_those_of_the_documents_table() {
        let table: Vec<_> = Speed::ALL.iter().map(ToString::to_string).collect();

        let expected = ["0 (80w", "1 (60w", "2 (45w", "3 (30w", "4 (10w"];
        assert_eq!(table, expected.map(|start| format!("{start} a minute)")));
        assert_eq!((Speed::new(5), Speed::new(-1)), (None, None));
    }
}
