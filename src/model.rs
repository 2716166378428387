//! The domain's types: accounts, jobs, broadcasts, batches, and their states.
//!
//! A job is what its author planned; a batch is one mass-send call of it. Both are small state
//! machines with only the transitions of [`JobState::may_become`] and [`BatchState::may_become`];
//! the store refuses every other. No code here uses a clock, a socket or a database.

pub mod console;

mod api_call;

mod draft;

mod failure;

mod material;

mod menu;
mod menu_change;
mod named_media;

mod qrcode;

mod texts;

mod title;

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use api_call::{ARTICLES_MOST, ApiCall, Deletion, Preview, Speed, Viewer};
pub use draft::{DRAFTS_PAGE, Draft, DraftArticle, DraftPage, MediaUse, Medium};

#[cfg(test)]
pub(crate) use failure::tests::samples as failures;
pub use failure::{Failure, Plain};

pub use material::{
    Article, ArticlesVia, Asset, Caption, Format, Material, Media, NEWS, UploadKind, key,
    placeholder,
};

pub use menu::{BUTTONS_MOST, Button, ButtonType, Menu, Press, SUB_BUTTONS_MOST};
pub use menu_change::{
    ConditionalMenu, MatchRule, MenuChange, MenuDifference, NewMenu, ReportedMenu, differences,
};

pub use qrcode::{
    EXPIRE_SECONDS_MOST, PERMANENT_SCENE_MOST, Picture, Qrcode, Qrcodes, SCENES_MOST, Scene,
    Scenes, file_word, renewal_id,
};

pub use texts::TextOf;

/// The shortest list of OpenIDs that one `mass/send` accepts (40130 below it).
pub const LIST_MIN: usize = 2;
/// The longest list of OpenIDs that one `mass/send` accepts.
pub const LIST_MAX: usize = 10_000;

/// Every request of a batch is made within this span after its due time.
///
/// The platform deletes a clientmsgid after 24 h, and a second request after that would be a second
/// broadcast. `schema.sql` holds the same bound (`retry_for_s`).
pub const ASK_WITHIN: TimeDelta = TimeDelta::hours(20);

/// The platform's type of the account, which decides its quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 订阅号: one mass send a day.
    Subscription,
    /// 服务号: four a month for each follower.
    Service,
}

impl Kind {
    /// Returns the word used in config, JSON and schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The form of an account's OpenIDs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenIds {
    /// 28 characters of `A-Z a-z 0-9 _ -`.
    #[default]
    Usual,
    /// 1 to 64 of those characters.
    Any,
}

impl OpenIds {
    /// The length of an OpenID unless an account says otherwise.
    pub const USUAL_LENGTH: usize = 28;
    /// The longest that is accepted at all.
    pub const LONGEST: usize = 64;

    /// Returns whether a text can be an OpenID.
    pub fn takes(self, text: &str) -> bool {
        let length = match self {
            Self::Usual => Self::USUAL_LENGTH..=Self::USUAL_LENGTH,
            Self::Any => 1..=Self::LONGEST,
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        length.contains(&text.len()) && text.bytes().all(allowed)
    }
}

/// One Official Account, with the data that rules and requests need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name that config and job files use.
    pub name: String,
    /// The platform's id of the account.
    pub appid: String,
    /// The type, which decides its quotas.
    pub kind: Kind,
    /// Mass-send calls a day (service accounts; the platform grants more with more followers).
    pub daily_calls: u32,
    /// History entries a day; `None` switches the newer rule off for a service account.
    pub history_per_day: Option<u32>,
    /// Whether it has WeChat Pay, which allows links in articles.
    pub payment: bool,
    /// How its articles are uploaded to the platform.
    pub articles_via: ArticlesVia,
    /// The form of its followers' OpenIDs.
    pub openids: OpenIds,
    /// How many people must approve each of its jobs; 0 leaves it to the job file.
    pub approvals: u32,
}

impl Account {
    /// Returns a stand-in for an account that the config does not describe, if only its name
    /// matters: to end its jobs, never to make a request for one.
    pub fn undescribed(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            appid: String::new(),
            kind: Kind::Subscription,
            daily_calls: 0,
            history_per_day: Some(1),
            approvals: 0,
            payment: false,
            articles_via: ArticlesVia::Draft,
            openids: OpenIds::Any,
        }
    }
}

/// An id chosen by the job's author: `[A-Za-z0-9._@-]`, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct JobId(String);

impl TryFrom<String> for JobId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("this is no job id")
    }
}

impl JobId {
    /// Returns the id, or `None` if it breaks the rule above.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
        let fits = (1..=64).contains(&text.len()) && text.chars().all(allowed);
        fits.then(|| Self(text.to_owned()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When a job stops being deferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expires {
    /// This long after the job's own time.
    After(#[serde(with = "seconds")] TimeDelta),
    /// At this instant.
    At(DateTime<Utc>),
}

/// A span as a whole number of seconds.
mod seconds {
    use chrono::TimeDelta;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        span: &TimeDelta,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(span.num_seconds())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        deserializer: D,
    ) -> Result<TimeDelta, D::Error> {
        let count = i64::deserialize(deserializer)?;
        TimeDelta::try_seconds(count).ok_or_else(|| D::Error::custom("this is no span of time"))
    }
}

/// What to do with a job whose window has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnQuota {
    /// Move it to the next window with room.
    #[default]
    Defer,
    /// End it as failed.
    Fail,
}

/// What to do about receivers who already had their four of the month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFullReceivers {
    /// Send; the platform filters them.
    #[default]
    Send,
    /// Take them out of an OpenID list.
    Drop,
    /// Wait for the month in which all of them can receive.
    Defer,
}

/// One planned action as its author wrote it, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The idempotency key.
    pub id: JobId,
    /// The account's name in the config.
    pub account: String,
    /// The planned instant; `None` is "as soon as allowed".
    pub at: Option<DateTime<Utc>>,
    /// The zone whose time of day a deferral keeps.
    pub timezone: Tz,
    /// How late the first request may be.
    #[serde(with = "seconds")]
    pub grace: TimeDelta,
    /// How long after the first request it is retried.
    #[serde(with = "seconds")]
    pub retry_for: TimeDelta,
    /// When deferring ends.
    pub expires: Expires,
    /// What to do if its window is full.
    pub on_quota: OnQuota,
    /// -100 to 100; a higher one takes the slot of a lower one.
    pub priority: i8,
    /// Whether an operator must approve it first.
    pub approval: bool,
    /// What to do about full receivers.
    pub on_full_receivers: OnFullReceivers,
    /// Who receives a preview before it is sent. Left out of the digest if nobody does, as the
    /// speed is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
    /// The speed at which a broadcast is sent; none for the account's own speed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// Its author's name for it in lists. Left out of the digest if it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether its texts are templates that each date of a series fills in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub templated: bool,
    /// The agent that submitted it, as `agent:NAME`; none if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<String>,
    /// What it does.
    pub action: Action,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl JobSpec {
    /// Returns the names of its files that have not come yet.
    pub fn awaited(&self) -> &[String] {
        self.action.broadcast().map_or(&[], |broadcast| broadcast.content.awaited())
    }

    /// Returns its state when it is taken.
    pub fn first_state(&self) -> JobState {
        if self.approval || !self.awaited().is_empty() { JobState::Held } else { JobState::Planned }
    }

    /// Returns its name in lists: the author's, or one made from its action; none if that shows
    /// nothing (a media id).
    pub fn title(&self) -> Option<String> {
        self.title.clone().or_else(|| self.action.title())
    }

    /// Returns the digest that distinguishes two versions of one job, whoever submitted them.
    pub fn digest(&self) -> String {
        let written = match self.submitted_by {
            Some(_) => Cow::Owned(Self { submitted_by: None, ..self.clone() }),
            None => Cow::Borrowed(self),
        };
        let json = serde_json::to_vec(&written).expect("a checked job is always JSON");
        hex(&Sha256::digest(json))
    }
}

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A mass send.
    Broadcast(Broadcast),
    /// The deletion of a broadcast that was sent.
    Delete(Deletion),
    /// The account's mass-send speed.
    Speed(Speed),
    /// The account's menu, whole.
    Menu(MenuChange),
    /// A QR code with a scene.
    Qrcode(Qrcode),
    /// QR codes with scenes, and their pictures.
    Qrcodes(Qrcodes),
}

impl Action {
    /// Returns the word used in JSON and schema.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Broadcast(_) => "broadcast",
            Self::Delete(_) => "delete",
            Self::Speed(_) => "speed",
            Self::Menu(_) => "menu",
            Self::Qrcode(_) | Self::Qrcodes(_) => "qrcode",
        }
    }

    /// Returns what is stored beside that word; none for a broadcast, which is stored in batches.
    pub fn parameters(&self) -> Option<Value> {
        match self {
            Self::Broadcast(_) => None,
            Self::Delete(deletion) => Some(json!(deletion)),
            Self::Speed(speed) => Some(json!({ "speed": speed })),
            Self::Menu(change) => Some(json!(change)),
            Self::Qrcode(code) => Some(json!(code)),
            Self::Qrcodes(codes) => Some(json!(codes)),
        }
    }

    /// Parses the stored form; none if another program wrote it, or for a broadcast.
    pub fn parse(name: &str, parameters: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(parameters).ok()?;
        match name {
            "delete" => Deletion::deserialize(&value).ok().map(Self::Delete),
            "speed" => Speed::new(value["speed"].as_i64()?).map(Self::Speed),
            "menu" => MenuChange::deserialize(&value).ok().map(Self::Menu),
            "qrcode" if value.get("scenes").is_some() => {
                Qrcodes::deserialize(&value).ok().map(Self::Qrcodes)
            }
            "qrcode" => Qrcode::deserialize(&value).ok().map(Self::Qrcode),
            _ => None,
        }
    }

    /// Returns the broadcast, if it is one.
    pub fn broadcast(&self) -> Option<&Broadcast> {
        match self {
            Self::Broadcast(broadcast) => Some(broadcast),
            Self::Delete(_)
            | Self::Speed(_)
            | Self::Menu(_)
            | Self::Qrcode(_)
            | Self::Qrcodes(_) => None,
        }
    }

    /// Returns why it cannot recur, if it cannot.
    pub fn once(&self) -> Option<Once> {
        let of_codes = |expire_seconds: Option<u32>, renew: bool| match expire_seconds {
            None => Some(Once::PermanentCode),
            Some(_) => renew.then_some(Once::RenewedCode),
        };
        match self {
            Self::Delete(_) => Some(Once::Deletion),
            Self::Qrcode(code) => of_codes(code.expire_seconds, code.renew),
            Self::Qrcodes(codes) => of_codes(codes.expire_seconds, codes.renew),
            Self::Broadcast(_) | Self::Speed(_) | Self::Menu(_) => None,
        }
    }

    /// Returns the OpenIDs that it is sent to, if it names them.
    pub fn list(&self) -> Option<&[String]> {
        match &self.broadcast()?.audience {
            Audience::List(list) => Some(list),
            Audience::Everyone | Audience::Tag(_) => None,
        }
    }

    /// Returns the broadcast to change it, if it is one.
    pub fn broadcast_mut(&mut self) -> Option<&mut Broadcast> {
        match self {
            Self::Broadcast(broadcast) => Some(broadcast),
            Self::Delete(_)
            | Self::Speed(_)
            | Self::Menu(_)
            | Self::Qrcode(_)
            | Self::Qrcodes(_) => None,
        }
    }
}

/// Why an action makes no sense a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// A broadcast is deleted once.
    Deletion,
    /// A code is valid for ever.
    PermanentCode,
    /// A code is made anew by itself.
    RenewedCode,
}

/// A mass send: to whom, and what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broadcast {
    /// Who receives it.
    pub audience: Audience,
    /// What they receive.
    pub content: Content,
    /// Whether an article judged a reprint is still sent (`mpnews` only).
    pub send_ignore_reprint: bool,
}

/// Who receives a broadcast. There is no default: everyone must be named explicitly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// `is_to_all: true`; enters the account's history.
    Everyone,
    /// The followers with one tag.
    Tag(i64),
    /// OpenIDs, each once, in the author's order; at least [`LIST_MIN`].
    List(Vec<String>),
}

/// The content of a broadcast, by the platform's own message types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// Plain text.
    Text {
        /// The text itself.
        content: String,
    },
    /// Articles that were uploaded before.
    Mpnews {
        /// A draft's or a permanent article's id.
        media_id: String,
    },
    /// One picture (the older form).
    Image {
        /// The picture's id.
        media_id: String,
    },
    /// One or more pictures (the newer form; its `msgtype` is still `image`).
    Images(Images),
    /// A recording.
    Voice {
        /// The recording's id.
        media_id: String,
    },
    /// A video that went through `uploadvideo`.
    Mpvideo {
        /// The id that `uploadvideo` returned.
        media_id: String,
        /// Shown with the video; `mass/send` only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Shown with the video; `mass/send` only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// A coupon.
    Wxcard {
        /// The coupon's id.
        card_id: String,
    },
    /// Content of which files have not come yet: such a broadcast has no requests.
    Awaited {
        /// The platform's `msgtype` of the content to come.
        msgtype: String,
        /// Its title in lists.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The names of the files that are missing.
        files: Vec<String>,
    },
    /// Content that is uploaded first: local files, articles.
    Prepared {
        /// The final content, with placeholders for ids that do not exist yet.
        content: Box<Self>,
        /// The material to upload.
        material: Material,
    },
}

/// The newer picture message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The pictures' ids.
    pub media_ids: Vec<String>,
    /// The line shown with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommend: Option<String>,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether comments are open (0 or 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need_open_comment: Option<u8>,
    /// Whether only followers may comment (0 or 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_fans_can_comment: Option<u8>,
}

impl Content {
    /// Returns the platform's `msgtype`.
    pub fn msgtype(&self) -> &str {
        match self {
            Self::Awaited { msgtype, .. } => msgtype,
            Self::Text { .. } => "text",
            Self::Mpnews { .. } => "mpnews",
            Self::Image { .. } | Self::Images(_) => "image",
            Self::Voice { .. } => "voice",
            Self::Mpvideo { .. } => "mpvideo",
            Self::Wxcard { .. } => "wxcard",
            Self::Prepared { content, .. } => content.msgtype(),
        }
    }

    /// Returns what is uploaded before it can be sent, if anything is.
    pub fn material(&self) -> Option<&Material> {
        match self {
            Self::Prepared { material, .. } => Some(material),
            Self::Text { .. }
            | Self::Mpnews { .. }
            | Self::Image { .. }
            | Self::Images(_)
            | Self::Voice { .. }
            | Self::Mpvideo { .. }
            | Self::Wxcard { .. }
            | Self::Awaited { .. } => None,
        }
    }

    /// Returns the names of the files that have not come yet.
    pub fn awaited(&self) -> &[String] {
        match self {
            Self::Awaited { files, .. } => files,
            Self::Text { .. }
            | Self::Mpnews { .. }
            | Self::Image { .. }
            | Self::Images(_)
            | Self::Voice { .. }
            | Self::Mpvideo { .. }
            | Self::Wxcard { .. }
            | Self::Prepared { .. } => &[],
        }
    }
}

/// Splits a list into as few batches as possible, none longer than [`LIST_MAX`] and none of one
/// receiver.
///
/// The platform refuses a list of one (40130), so a remainder of one takes a second receiver from
/// the batch before it.
pub fn batch_lengths(receivers: usize) -> Vec<usize> {
    let mut lengths = vec![LIST_MAX; receivers / LIST_MAX];
    match receivers % LIST_MAX {
        0 => {}
        1 if !lengths.is_empty() => {
            *lengths.last_mut().expect("just checked") -= 1;
            lengths.push(2);
        }
        rest => lengths.push(rest),
    }
    lengths
}

/// Returns the `clientmsgid` of one batch: 32 hex characters.
///
/// It is a pure function of the job file's contents, and of how often an operator remade the batch.
/// So a restarted daemon, a restored one and a second machine all derive the same one, and the
/// platform's record of it prevents the second broadcast. The documents allow 64 bytes, but more
/// than 32 are refused in practice (45067).
pub fn clientmsgid(appid: &str, job: &JobId, batch: u32, generation: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("qunfa\0{appid}\0{job}\0{batch}\0{generation}"));
    hex(&hash.finalize()[..16])
}

/// Returns lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

/// Declares a state enum with its words, and the table of its transitions.
macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal -> [$($to:ident),*];)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_meta])* $variant),* }

        impl $name {
            /// Every state, in the usual order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the word used in JSON, schema and logs.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Returns the state with this word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|state| state.as_str() == word)
            }

            /// Returns whether the daemon, an event or an operator may move it to that state.
            pub fn may_become(self, next: Self) -> bool {
                let allowed: &[Self] = match self { $(Self::$variant => &[$(Self::$to),*]),* };
                allowed.contains(&next)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&word).ok_or_else(|| serde::de::Error::custom("this is no state"))
            }
        }
    };
}

/// How far an event can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credence {
    /// Its signature does not cover its content (plain mode): it causes a query, and settles
    /// nothing.
    Hint,
    /// It came encrypted with the account's key: only the platform can have written it.
    Proof,
}

states! {
    /// The state of a job.
    JobState {
        /// Waiting for its time, or for the next request after a certain refusal.
        Planned = "planned" -> [Releasing, Held, Cancelled, Expired, Missed, Failed, Partial];
        /// Waiting for an operator's approval.
        Held = "held" -> [Planned, Cancelled, Expired, Missed, Failed];
        /// At least one batch was requested, and not all have a certain outcome.
        Releasing = "releasing" -> [Planned, Accepted, Sent, Failed, Partial, Uncertain, Missed, Cancelled, Expired];
        /// The platform accepted every batch; their results are not known yet.
        Accepted = "accepted" -> [Sent, Failed, Partial];
        /// The platform reports that it was sent.
        Sent = "sent" -> [];
        /// Refused permanently, or stopped by the platform after it was accepted.
        Failed = "failed" -> [Planned, Held, Uncertain];
        /// Some batches were sent, others certainly were not.
        Partial = "partial" -> [Planned, Uncertain];
        /// A batch may have been sent and may not be repeated: an operator, or its event, settles
        /// it.
        Uncertain = "uncertain" -> [Releasing, Accepted, Sent, Failed, Partial, Missed];
        /// An operator cancelled it.
        Cancelled = "cancelled" -> [];
        /// Its next window was after its `expires`.
        Expired = "expired" -> [];
        /// It could not be released in time; an operator decides.
        Missed = "missed" -> [Planned, Held, Uncertain];
    }
}

impl JobState {
    /// Returns whether the job waits to be released, or is being released.
    pub fn waits(self) -> bool {
        match self {
            Self::Planned | Self::Held | Self::Releasing => true,
            Self::Accepted
            | Self::Sent
            | Self::Failed
            | Self::Partial
            | Self::Uncertain
            | Self::Cancelled
            | Self::Expired
            | Self::Missed => false,
        }
    }

    /// Returns whether nothing will happen to the job any more without an operator's command.
    pub fn is_final(self) -> bool {
        match self {
            Self::Planned | Self::Held | Self::Releasing | Self::Accepted | Self::Uncertain => {
                false
            }
            Self::Sent
            | Self::Failed
            | Self::Partial
            | Self::Cancelled
            | Self::Expired
            | Self::Missed => true,
        }
    }
}

states! {
    /// The state of one mass-send call.
    BatchState {
        /// Not accepted, for certain: never requested, or refused for now.
        Planned = "planned" -> [Asking, Refused];
        /// A request is under way (or was, when the daemon ended).
        Asking = "asking" -> [Planned, InDoubt, Accepted, Refused];
        /// Some attempt has no clear outcome: it may have been accepted.
        InDoubt = "in_doubt" -> [Asking, Accepted, Sent, Refused];
        /// Certainly not accepted, or an operator stated so; not repeated by itself.
        Refused = "refused" -> [Planned, InDoubt];
        /// The platform accepted it and returned a `msg_id`.
        Accepted = "accepted" -> [Sent, Failed];
        /// The platform reports that it was sent.
        Sent = "sent" -> [];
        /// The platform stopped it after accepting (review, originality, administrator).
        Failed = "failed" -> [Planned];
    }
}

/// Derives a job's state from its batches once at least one of them was requested.
///
/// Total: any mixture has one result, so a restart derives the same state as the pass that saw it
/// happen. `refused_as` is the job's state when nothing of it was accepted.
pub fn job_state(batches: &[BatchState], refused_as: JobState) -> JobState {
    let any = |state| batches.contains(&state);
    let accepted = any(BatchState::Accepted) || any(BatchState::Sent);
    let ended_badly = any(BatchState::Refused) || any(BatchState::Failed);
    if any(BatchState::Planned) || any(BatchState::Asking) || any(BatchState::InDoubt) {
        return JobState::Releasing;
    }
    match (accepted, ended_badly) {
        (true, true) => JobState::Partial,
        (true, false) if any(BatchState::Accepted) => JobState::Accepted,
        (true, false) => JobState::Sent,
        (false, _) if any(BatchState::Failed) => JobState::Failed,
        (false, _) => refused_as,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_split_without_a_remainder_of_one() {
        for (receivers, expected) in [
            (2, vec![2]),
            (10_000, vec![10_000]),
            (10_001, vec![9_999, 2]),
            (10_002, vec![10_000, 2]),
            (20_001, vec![10_000, 9_999, 2]),
            (20_000, vec![10_000, 10_000]),
        ] {
            assert_eq!(batch_lengths(receivers), expected, "{receivers}");
        }
    }

    #[test]
    fn every_split_keeps_every_receiver_and_both_limits() {
        for receivers in 2..45_000 {
            let lengths = batch_lengths(receivers);

            assert_eq!(lengths.iter().sum::<usize>(), receivers);
            assert!(lengths.iter().all(|n| (LIST_MIN..=LIST_MAX).contains(n)), "{receivers}");
        }
    }

    #[test]
    fn a_clientmsgid_is_32_ascii_bytes_and_differs_by_each_of_its_parts() {
        let id = |appid: &str, job: &str, batch, generation| {
            clientmsgid(appid, &JobId::parse(job).unwrap(), batch, generation)
        };
        let all = [
            id("wx1", "a", 0, 0),
            id("wx2", "a", 0, 0),
            id("wx1", "b", 0, 0),
            id("wx1", "a", 1, 0),
            id("wx1", "a", 0, 1),
        ];

        assert!(all.iter().all(|id| id.len() == 32 && id.is_ascii()));
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len());
    }

    #[test]
    fn a_clientmsgid_never_changes_between_versions() {
        // A later version that derived another one would send every job in doubt a second time.
        let id = clientmsgid("wx0123456789abcdef", &JobId::parse("spring-launch").unwrap(), 0, 0);

        assert_eq!(id, "5bc1f3dca38a9cc0f32f5a125a6feb64");
    }

    #[test]
    fn job_ids_outside_the_rule_are_refused() {
        let long = "a".repeat(65);
        for text in ["", "a b", "春", "a/b", long.as_str()] {
            assert_eq!(JobId::parse(text), None, "{text}");
        }
        assert!(JobId::parse("weekly@2027-03-05").is_some());
    }

    #[test]
    fn a_jobs_state_follows_from_its_batches() {
        use BatchState::{Accepted, Asking, Failed, InDoubt, Planned, Refused, Sent};
        for (batches, expected) in [
            (vec![Asking], JobState::Releasing),
            (vec![Accepted, Planned], JobState::Releasing),
            (vec![Accepted, InDoubt], JobState::Releasing),
            (vec![Accepted, Accepted], JobState::Accepted),
            (vec![Accepted, Sent], JobState::Accepted),
            (vec![Sent, Sent], JobState::Sent),
            (vec![Accepted, Refused], JobState::Partial),
            (vec![Sent, Failed], JobState::Partial),
            (vec![Failed], JobState::Failed),
            (vec![Failed, Refused], JobState::Failed),
            (vec![Refused], JobState::Missed),
        ] {
            assert_eq!(job_state(&batches, JobState::Missed), expected, "{batches:?}");
        }
    }
}
