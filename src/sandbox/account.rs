//! The accounts of the platform, their followers and their tags.
//!
//! Followers are numbered from 0 and their OpenIDs are a function of that number; a tag is every
//! nth follower. So an account of a million followers costs as much memory as one of ten.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

/// The type of an Official Account, which decides the platform's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 订阅号 (since 2025 also called 公众号): one mass send a day, none to OpenIDs.
    Subscription,
    /// 服务号: four history entries a month, four broadcasts a month for each follower.
    Service,
}

/// The type of content behind a media id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// Permanent articles: permanent material, or the result of `uploadnews`.
    News,
    /// Articles in the draft box: deleted once they were mass-sent.
    Draft,
    /// A picture.
    Image,
    /// A recording.
    Voice,
    /// A video as uploaded, which `mpvideo` does not accept.
    Video,
    /// A video that went through `uploadvideo`.
    Mpvideo,
}

/// The documented message types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Msgtype {
    Mpnews,
    Text,
    Voice,
    Image,
    Mpvideo,
    Wxcard,
}

/// Followers under one label: those whose number leaves `offset` when divided by `every`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The id that `tag_id` names.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// One follower in this many has it; 0 for a tag without followers.
    pub every: u32,
    /// The first follower that has it.
    pub offset: u32,
    /// Followers that received the tag one by one.
    pub added: BTreeSet<u32>,
    /// Followers that lost the tag one by one.
    pub removed: BTreeSet<u32>,
    /// How often its members were changed.
    pub version: u32,
}

impl Tag {
    /// A tag on every `every`th follower, from the first on.
    pub fn new(id: i64, name: &str, every: u32) -> Self {
        Self {
            id,
            name: name.to_owned(),
            every,
            offset: 0,
            added: BTreeSet::new(),
            removed: BTreeSet::new(),
            version: 0,
        }
    }

    pub(super) fn has(&self, follower: u32) -> bool {
        let by_number = follower.checked_rem(self.every) == Some(self.offset);
        (by_number || self.added.contains(&follower)) && !self.removed.contains(&follower)
    }

    pub(super) fn count(&self, followers: u32) -> u32 {
        // An offset that no remainder can have leaves the tag empty.
        let by_number = if self.offset >= self.every || self.offset >= followers {
            0
        } else {
            (followers - 1 - self.offset) / self.every + 1
        };
        let count = |set: &BTreeSet<u32>| u32::try_from(set.len()).expect("followers fit");
        by_number + count(&self.added) - count(&self.removed)
    }

    /// Adds it to a follower, or removes it.
    pub(super) fn set(&mut self, follower: u32, has: bool) {
        if self.has(follower) == has {
            return;
        }
        self.version += 1;
        let by_number = follower.checked_rem(self.every) == Some(self.offset);
        let (into, out_of) = if has {
            (&mut self.added, &mut self.removed)
        } else {
            (&mut self.removed, &mut self.added)
        };
        out_of.remove(&follower);
        // A result of the numbers needs no entry.
        if by_number != has {
            into.insert(follower);
        }
    }

    pub(super) fn members(&self, from: u32, followers: u32) -> impl Iterator<Item = u32> + '_ {
        (from..followers).filter(|follower| self.has(*follower))
    }
}

/// An account to be added, with what the platform granted it and its behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSpec {
    /// Its `appid`.
    pub appid: String,
    /// Its secret; `None` accepts any.
    pub secret: Option<String>,
    /// Subscription or service.
    pub kind: Kind,
    /// How many follow it: OpenIDs `openid(appid, 0)` to `openid(appid, followers - 1)`.
    pub followers: u32,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Mass-send calls a day, service accounts only; more return 45009.
    pub daily_calls: u32,
    /// Whether a service account has at most one `is_to_all` or website send a day (newer rule).
    pub one_history_a_day: bool,
    /// A test account (测试号), which may never mass-send: always 45028.
    pub test_account: bool,
    /// API群发保护: `is_to_all` sends wait for the administrator.
    pub protected: bool,
    /// Whether the articles of any sent mpnews are deleted, as drafts are.
    pub consumes_drafts: bool,
    /// Seconds from acceptance to the end that `mass/get` shows.
    pub job_s: u32,
    /// Seconds from that end to the event.
    pub event_delay_s: u32,
    /// How long a new token is valid, in seconds: 300 to 7200.
    pub token_life_s: u32,
    /// How many permanent QR codes it may have.
    pub permanent_codes: usize,
}

impl AccountSpec {
    /// An ordinary verified account of this kind, with 1,000 followers and a few tags.
    pub fn new(appid: &str, kind: Kind) -> Self {
        Self {
            appid: appid.to_owned(),
            secret: None,
            kind,
            followers: 1_000,
            tags: vec![
                Tag::new(2, "星标组", 10),
                Tag::new(100, "VIP", 100),
                Tag::new(101, "广东", 4),
                Tag::new(102, "空", 0),
            ],
            daily_calls: 100,
            one_history_a_day: true,
            test_account: false,
            protected: false,
            consumes_drafts: false,
            job_s: 5,
            event_delay_s: 5,
            token_life_s: 7_200,
            permanent_codes: 100_000,
        }
    }

    /// The number of the follower with this OpenID, if there is one.
    pub(super) fn follower(&self, id: &str) -> Option<u32> {
        let number = id.strip_prefix(&openid_start(&self.appid))?.strip_prefix('-')?;
        let number: u32 = number.parse().ok()?;
        (number < self.followers && openid(&self.appid, number) == id).then_some(number)
    }

    pub(super) fn tag(&self, id: i64) -> Option<&Tag> {
        self.tags.iter().find(|tag| tag.id == id)
    }
}

/// The length of an OpenID.
const OPENID: usize = 28;
/// The longest appid that an OpenID contains unchanged.
const APPID: usize = 18;

/// The OpenID of an account's follower number `n`, counted from 0.
pub fn openid(appid: &str, n: u32) -> String {
    let start = openid_start(appid);
    let width = OPENID - start.len() - 1;
    format!("{start}-{n:0width$}")
}

/// The common beginning of all OpenIDs of an account.
pub(super) fn openid_start(appid: &str) -> String {
    if appid.len() <= APPID {
        return format!("o{appid}");
    }
    format!("o{}", &super::hex(&Sha256::digest(appid))[..APPID])
}

/// Parses `APPID:KIND[:FOLLOWERS]`; the kind is `subscription`, `service`, 订阅号, 公众号 or 服务号.
///
/// # Errors
///
/// A sentence with the error and the correct form.
pub fn parse_account(text: &str) -> Result<AccountSpec, String> {
    let mut parts = text.split(':');
    let appid = parts.next().unwrap_or_default();
    let kind = parts.next().ok_or("expected APPID:KIND[:FOLLOWERS]")?;
    if appid.is_empty() {
        return Err("the appid is empty; expected APPID:KIND[:FOLLOWERS]".to_owned());
    }
    let kind = match kind {
        "subscription" | "订阅号" | "公众号" => Kind::Subscription,
        "service" | "服务号" => Kind::Service,
        other => return Err(format!("kind `{other}` is neither `subscription` nor `service`")),
    };
    let mut spec = AccountSpec::new(appid, kind);
    if let Some(followers) = parts.next() {
        spec.followers =
            followers.parse().map_err(|_| format!("`{followers}` is not a number of followers"))?;
    }
    match parts.next() {
        Some(rest) => Err(format!("`{rest}` is too much; expected APPID:KIND[:FOLLOWERS]")),
        None => Ok(spec),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_its_command_line_form() {
        let cases = [
            ("wx1:subscription", Ok((Kind::Subscription, 1_000))),
            ("wx1:service", Ok((Kind::Service, 1_000))),
            ("wx1:订阅号:7", Ok((Kind::Subscription, 7))),
            ("wx1:公众号", Ok((Kind::Subscription, 1_000))),
            ("wx1:服务号:1000000", Ok((Kind::Service, 1_000_000))),
            ("wx1", Err("expected APPID:KIND")),
            (":service", Err("the appid is empty")),
            ("wx1:test", Err("kind `test`")),
            ("wx1:service:many", Err("`many` is not a number")),
            ("wx1:service:1:2", Err("`2` is too much")),
        ];

        for (text, expected) in cases {
            let read = parse_account(text).map(|spec| (spec.kind, spec.followers));
            match (read, expected) {
                (Err(message), Err(start)) => assert!(message.starts_with(start), "{message}"),
                (read, expected) => assert_eq!(read, expected.map_err(str::to_owned), "{text}"),
            }
        }
    }

    #[test]
    fn only_the_platforms_own_openids_follow() {
        let spec = AccountSpec::new("wx1", Kind::Service);

        for n in [0, 1, 999] {
            assert_eq!(spec.follower(&openid("wx1", n)), Some(n));
        }
        for appid in ["wx1", "wx0123456789abcdef", "wx0123456789abcdefghijklmnopqrstuv"] {
            assert_eq!(openid(appid, 7).len(), 28, "{appid}");
        }
        for id in [
            "owx1-00000000000000000001000",
            "owx1-1",
            "owx2-00000000000000000000001",
            "wx1-0000001",
            "owx1-+000001",
            "",
            "o",
        ] {
            assert_eq!(spec.follower(id), None, "{id}");
        }
    }

    #[test]
    fn a_tag_counts_the_members_that_it_lists() {
        for (every, offset, followers) in
            [(1, 0, 5), (2, 1, 5), (3, 2, 3), (3, 2, 2), (0, 0, 9), (7, 0, 0), (4, 9, 20)]
        {
            let tag = Tag { offset, ..Tag::new(9, "t", every) };
            let listed = tag.members(0, followers).count();
            let counted = usize::try_from(tag.count(followers)).unwrap();
            assert_eq!(counted, listed, "{tag:?} of {followers}");
        }
    }
}
