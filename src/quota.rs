//! The platform's limits as a table, and whether a demand fits into them.
//!
//! Each [`Row`] has the accounts that a rule binds, the window it counts in, what it counts, and
//! the source in the documents. To add a rule, add a row. The store keeps the ledger of what was
//! used: its figures ([`Usage`]) come in, and a decision is returned. There is no second copy of
//! these rules for display: `check`, `status` and the release all use this module.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::{Span, Window};
use crate::model::{Account, Kind, PERMANENT_SCENE_MOST};

/// Our distance from the platform's limits, in one place.
pub mod margins {
    use chrono::TimeDelta;

    /// Sixty calls are counted in this span instead of 60 s: the platform counts by its arrival
    /// times, which we do not see.
    pub const PER_MINUTE: TimeDelta = TimeDelta::seconds(62);
    /// Calls of the 60 that queries leave to mass sends.
    pub const KEPT_FOR_SENDS: u32 = 10;
    /// The least pause from a clientmsgid's last response to its repeat (45066 below 60 s).
    pub const SAME_CLIENTMSGID: TimeDelta = TimeDelta::seconds(61);
    /// At most this much is added to it, so that many accounts do not repeat at the same instant.
    pub const SAME_CLIENTMSGID_SPREAD_MS: u64 = 5_000;
    /// The longest pause between two requests of one batch.
    pub const BACKOFF_MAX: TimeDelta = TimeDelta::minutes(15);
    pub use crate::model::ASK_WITHIN;

    /// This long after the last request with a clientmsgid the platform has surely deleted it: as
    /// far after its 24 h as [`ASK_WITHIN`] is before them.
    pub const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(28);
    /// How far the platform's clock may be from ours.
    pub const CLOCK_APART: TimeDelta = TimeDelta::seconds(60);
    /// How old a sample of the platform's clock may be at a decision.
    pub const DATE_AGE_MAX: TimeDelta = TimeDelta::minutes(10);
    /// A sample older than this is renewed before a request.
    pub const DATE_AGE_RENEW: TimeDelta = TimeDelta::minutes(9);
    /// How long before a due time the preflight is made.
    pub const PREFLIGHT_AHEAD: TimeDelta = TimeDelta::seconds(60);
    /// A response dated this shortly after midnight charges both days.
    pub const BOTH_DAYS: TimeDelta = TimeDelta::seconds(5);
    /// A daemon that was stopped longer than this starts in hold: a restored machine looks like
    /// that.
    pub const DOWNTIME_MAX: TimeDelta = ASK_WITHIN;
    /// A gap of at most this is an ordinary restart, for which no operator has to act.
    pub const GAP_MAX: TimeDelta = TimeDelta::minutes(30);
    /// A token must be valid for this much longer when an intent is written.
    pub const TOKEN_LIFE_MIN: TimeDelta = TimeDelta::seconds(90);
    /// Forced token refreshes are this far apart (the platform's limit is 30 s).
    pub const FORCED_TOKEN_APART: TimeDelta = TimeDelta::seconds(60);
}

/// One limit of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A subscription account's mass send of the day.
    DailySend,
    /// What is added to the history in a day.
    DailyHistory,
    /// What is added to a service account's history in a month.
    MonthlyHistory,
    /// What one follower receives from a service account in a month.
    MonthlyReceiver,
    /// A service account's mass-send calls of the day.
    DailyCalls,
    /// Calls of the mass family in a sliding minute.
    PerMinute,
    /// Previews of the day.
    DailyPreviews,
    /// Deletions of the day.
    DailyDeletes,
    /// `stable_token` calls with `force_refresh`.
    ForcedToken,
    /// Pages of the list of followers.
    FollowerPages,
    /// `draft/add` calls of the day.
    DailyDrafts,
    /// `draft/get` calls of the day.
    DailyDraftReads,
    /// `draft/batchget` calls of the day.
    DailyDraftPages,
    /// `media/uploadnews` calls of the day.
    DailyUploadnews,
    /// `menu/create` calls of the day.
    DailyMenus,
    /// `qrcode/create` calls of the day.
    DailyQrcodes,
    /// Permanent QR codes, each scene once.
    PermanentQrcodes,
}

/// What a rule counts its figures in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// In windows of the Beijing calendar.
    In(Span),
    /// In a window that slides with the clock.
    Sliding(TimeDelta),
}

/// How much an account may use of a rule.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// The documents' figure.
    Fixed(u32),
    /// The figure in the account's config; `None` switches the rule off.
    Configured(fn(&Account) -> Option<u32>),
}

/// When a rule is shown beside an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Always: broadcasts need it.
    Always,
    /// Once something of its window is used or claimed: it does not concern other accounts.
    OnceUsed,
    /// Never: it is counted for each receiver, or by the daemon for itself.
    Never,
}

/// From which figure on a rule is shown as unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warns {
    /// Beyond the limit: a day with its one broadcast is an ordinary day.
    BeyondLimit,
    /// At the limit.
    AtLimit,
    /// At four fifths of the limit: what is counted in hundreds is reported before it is used up.
    FourFifths,
}

/// One row of the table of rules.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which rule.
    pub rule: Rule,
    /// Its name in JSON, schema and reasons.
    pub name: &'static str,
    /// Whether it binds subscription accounts.
    pub subscription: bool,
    /// Whether it binds service accounts.
    pub service: bool,
    /// The window it counts in.
    pub counted: Counted,
    /// How much of it an account may use.
    pub limit: Limit,
    /// How much of it a demand uses.
    pub uses: fn(Demand) -> u32,
    /// Whether a broadcast made on the website uses one of it.
    pub website: bool,
    /// Whether a job holds a slot of it, once, rather than a charge for each call.
    pub slots: bool,
    /// When `status` shows it.
    pub shown: Shown,
    /// From when on `status` marks it as unusual.
    pub warns: Warns,
    /// What charges it in the ledger, if that is neither a job's batch nor an API call.
    pub charged_by: &'static str,
    /// What it counts, for display.
    pub counts: &'static str,
    /// The source of the rule.
    pub source: &'static str,
}

/// No demand of a job uses it: its calls are charged one by one.
fn nothing(_: Demand) -> u32 {
    0
}

/// Every rule that applies to a request of ours.
pub const TABLE: &[Row] = &[
    Row {
        rule: Rule::DailySend,
        name: "daily_send",
        subscription: true,
        service: false,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(1),
        uses: |demand| u32::from(demand.calls > 0),
        website: false,
        slots: true,
        shown: Shown::Always,
        warns: Warns::BeyondLimit,
        charged_by: "other",
        counts: "accepted mass sends",
        source: "群发接口和原创校验, 请注意 1",
    },
    Row {
        rule: Rule::DailyHistory,
        name: "daily_history",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Configured(|account| account.history_per_day),
        uses: |demand| u32::from(demand.everyone),
        website: true,
        slots: true,
        shown: Shown::Always,
        warns: Warns::BeyondLimit,
        charged_by: "other",
        counts: "is_to_all sends, and for a subscription account website sends of any audience",
        source: "关于群发时使用is_to_all 2; for service accounts the newer guide (one is_to_all or one website send a day), can be switched off",
    },
    Row {
        rule: Rule::MonthlyHistory,
        name: "monthly_history",
        subscription: false,
        service: true,
        counted: Counted::In(Span::Month),
        limit: Limit::Fixed(4),
        uses: |demand| u32::from(demand.everyone),
        website: true,
        slots: true,
        shown: Shown::Always,
        warns: Warns::AtLimit,
        charged_by: "other",
        counts: "is_to_all sends and website sends of any audience",
        source: "关于群发时使用is_to_all 3",
    },
    Row {
        rule: Rule::MonthlyReceiver,
        name: "monthly_receiver",
        subscription: false,
        service: true,
        counted: Counted::In(Span::Month),
        limit: Limit::Fixed(4),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::Never,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "deliveries to one follower, website included",
        source: "群发接口和原创校验, 请注意 2",
    },
    Row {
        rule: Rule::DailyCalls,
        name: "daily_calls",
        subscription: false,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Configured(|account| Some(account.daily_calls)),
        uses: |demand| demand.calls,
        website: false,
        slots: false,
        shown: Shown::Always,
        warns: Warns::FourFifths,
        charged_by: "calls_gone",
        counts: "mass-send calls made",
        source: "群发接口和原创校验, 请注意 2; grows with the followers",
    },
    Row {
        rule: Rule::PerMinute,
        name: "per_minute",
        subscription: true,
        service: true,
        counted: Counted::Sliding(margins::PER_MINUTE),
        limit: Limit::Fixed(60),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::Always,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "calls of the mass family; sends go first",
        source: "群发接口和原创校验, 请注意 6",
    },
    Row {
        rule: Rule::DailyPreviews,
        name: "daily_previews",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(100),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "preview calls; the documents speak of those to WeChat names",
        source: "预览接口: 每日调用次数有限制(100次)",
    },
    Row {
        rule: Rule::DailyDeletes,
        name: "daily_deletes",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(10),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "delete calls",
        source: "接口调用频次限制说明: 删除图文 10",
    },
    Row {
        rule: Rule::ForcedToken,
        name: "forced_token",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(20),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::Never,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "stable_token calls with force_refresh",
        source: "stable_token: 20 a day, 30 s apart",
    },
    Row {
        rule: Rule::FollowerPages,
        name: "follower_pages",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(500),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::Never,
        warns: Warns::FourFifths,
        charged_by: "followers",
        counts: "user/get calls, a page of 10,000 followers each",
        source: "接口调用频次限制: 获取用户列表",
    },
    Row {
        rule: Rule::DailyDrafts,
        name: "daily_drafts",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(1_000),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "uploads",
        counts: "draft/add calls",
        source: "接口调用频次限制说明: 新建草稿",
    },
    Row {
        rule: Rule::DailyDraftReads,
        name: "daily_draft_reads",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(500),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "draft/get calls, by which a draft's media id is checked",
        source: "接口调用频次限制说明: 草稿箱 - 获取草稿",
    },
    Row {
        rule: Rule::DailyDraftPages,
        name: "daily_draft_pages",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(1_000),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "draft/batchget calls, a page of 20 drafts each",
        source: "接口调用频次限制说明: 草稿箱 - 获取草稿列表",
    },
    Row {
        rule: Rule::DailyUploadnews,
        name: "daily_uploadnews",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(10),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "uploads",
        counts: "media/uploadnews calls",
        source: "接口调用频次限制说明: 上传图文消息素材",
    },
    Row {
        rule: Rule::DailyMenus,
        name: "daily_menus",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(1_000),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "menu/create calls",
        source: "接口调用频次限制说明: 自定义菜单创建",
    },
    Row {
        rule: Rule::DailyQrcodes,
        name: "daily_qrcodes",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Day),
        limit: Limit::Fixed(100_000),
        uses: nothing,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "qrcode/create calls",
        source: "接口调用频次限制说明: 生成带参数的二维码",
    },
    Row {
        rule: Rule::PermanentQrcodes,
        name: "permanent_qrcodes",
        subscription: true,
        service: true,
        counted: Counted::In(Span::Ever),
        limit: Limit::Fixed(PERMANENT_SCENE_MOST),
        uses: |demand| demand.codes,
        website: false,
        slots: false,
        shown: Shown::OnceUsed,
        warns: Warns::FourFifths,
        charged_by: "other",
        counts: "permanent codes that may exist, one a scene: the documents number both up to \
                 100,000, and say of no second code for a scene",
        source: "生成带参数的二维码: 永久二维码 目前为最多10万个",
    },
];

impl Row {
    /// Returns whether waiting jobs own some of its windows.
    pub fn is_scheduled(&self) -> bool {
        (self.uses)(Demand { everyone: true, calls: 1, codes: 1 }) > 0
    }
}

impl Rule {
    /// Returns the rule's row.
    pub fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.rule == self).expect("every rule has a row")
    }

    /// Returns its name in JSON, schema and reasons.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the rule of this name.
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.rule)
    }

    /// Returns the window of the rule that contains an instant; none for a sliding one.
    pub fn window(self, at: DateTime<Utc>) -> Option<Window> {
        match self.row().counted {
            Counted::In(span) => Some(Window::containing(span, at)),
            Counted::Sliding(_) => None,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| serde::de::Error::custom("no rule has this name"))
    }
}

/// Returns what an account may use of a rule, or `None` if the rule does not bind it.
pub fn limit(rule: Rule, account: &Account) -> Option<u32> {
    let row = rule.row();
    let binds = match account.kind {
        Kind::Subscription => row.subscription,
        Kind::Service => row.service,
    };
    if !binds {
        return None;
    }
    match row.limit {
        Limit::Fixed(limit) => Some(limit),
        Limit::Configured(limit) => limit(account),
    }
}

/// The quota that a job needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Whether it is sent to everyone, and so added to the history.
    pub everyone: bool,
    /// How many mass-send calls it makes; none means that it is not a broadcast, and uses none of
    /// their quotas.
    pub calls: u32,
    /// How many permanent QR codes it creates.
    pub codes: u32,
}

/// A part of a rule's window that something uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The rule.
    pub rule: Rule,
    /// Its window.
    pub window: Window,
    /// How much of it.
    pub amount: u32,
}

/// Returns what a demand uses at an instant.
pub fn needs(account: &Account, demand: Demand, at: DateTime<Utc>) -> Vec<Need> {
    TABLE.iter().filter_map(|row| need(account, row.rule, (row.uses)(demand), at)).collect()
}

/// Returns what a broadcast made on the website uses: an account's history, whoever received it.
pub fn website_needs(account: &Account, at: DateTime<Utc>) -> Vec<Need> {
    TABLE.iter().filter_map(|row| need(account, row.rule, u32::from(row.website), at)).collect()
}

/// Returns the day's rule that a 45028 shows to be full, if the demand uses one.
///
/// A website send shares only the history with us, so a refused `is_to_all` proves nothing about
/// the day's other send.
pub fn refused_rule(account: &Account, demand: Demand) -> Option<Rule> {
    let rule = if demand.everyone { Rule::DailyHistory } else { Rule::DailySend };
    limit(rule, account).map(|_| rule)
}

fn need(account: &Account, rule: Rule, amount: u32, at: DateTime<Utc>) -> Option<Need> {
    limit(rule, account)?;
    let window = rule.window(at)?;
    (amount > 0).then_some(Need { rule, window, amount })
}

/// The ledger's figures for one window, without the requesting job's own share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Charges: reserved, kept, and confirmed external sends.
    pub used: u32,
    /// External sends that only a plain-mode event reports.
    pub unconfirmed: u32,
    /// Claims that the requesting job has to respect.
    pub claimed: u32,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The window is used up.
    Used,
    /// What is left belongs to other jobs.
    Claimed,
    /// The demand is more than the rule ever allows.
    TooMuch,
}

/// The rule and window that had no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The rule.
    pub rule: Rule,
    /// Its full window.
    pub window: Window,
    /// Why it is full.
    pub because: Because,
}

/// Room was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Whether an unconfirmed external send, if it was real, would leave no room: then this request
    /// also shows whether it was.
    pub asks_about_unconfirmed: bool,
}

/// Decides whether one need fits.
///
/// Unconfirmed external sends block nothing: anybody who can reach the callback could invent them,
/// and a broadcast that is never sent is worse than one refused request.
///
/// # Errors
/// The [`Block`], if it does not fit.
pub fn admit(account: &Account, need: Need, usage: Usage) -> Result<Room, Block> {
    let limit = limit(need.rule, account).unwrap_or(u32::MAX);
    let block = |because| Block { rule: need.rule, window: need.window, because };
    if need.amount > limit {
        return Err(block(Because::TooMuch));
    }
    if usage.used.saturating_add(need.amount) > limit {
        return Err(block(Because::Used));
    }
    let wanted = usage.used.saturating_add(usage.claimed).saturating_add(need.amount);
    if wanted > limit {
        return Err(block(Because::Claimed));
    }
    Ok(Room { asks_about_unconfirmed: wanted.saturating_add(usage.unconfirmed) > limit })
}

/// Returns whether a batch's charge in a window stays, by the platform's `Date` on the response
/// that accepted it.
///
/// A response dated within five seconds after midnight charges both days: no document says at which
/// instant of a request the platform counts.
pub fn keeps(window: Window, dated: DateTime<Utc>) -> bool {
    window.contains(dated) || (dated >= window.end() && dated - window.end() <= margins::BOTH_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticlesVia, OpenIds};

    fn account(kind: Kind) -> Account {
        Account {
            name: "brand".into(),
            appid: "wx1".into(),
            kind,
            daily_calls: 100,
            history_per_day: Some(1),
            approvals: 0,
            payment: false,
            articles_via: ArticlesVia::Draft,
            openids: OpenIds::Usual,
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    const EVERYONE: Demand = Demand { everyone: true, calls: 1, codes: 0 };
    const SOME: Demand = Demand { everyone: false, calls: 1, codes: 0 };

    #[test]
    fn a_demand_uses_the_rules_of_its_accounts_kind() {
        let noon = at("2027-03-20T04:00:00Z");
        for (kind, demand, expected) in [
            (Kind::Subscription, EVERYONE, vec!["daily_send", "daily_history"]),
            (Kind::Subscription, SOME, vec!["daily_send"]),
            (Kind::Service, EVERYONE, vec!["daily_history", "monthly_history", "daily_calls"]),
            (Kind::Service, SOME, vec!["daily_calls"]),
        ] {
            let names: Vec<_> =
                needs(&account(kind), demand, noon).iter().map(|need| need.rule.name()).collect();

            assert_eq!(names, expected, "{kind} {demand:?}");
        }
    }

    #[test]
    fn a_website_send_uses_the_history_only() {
        let noon = at("2027-03-20T04:00:00Z");
        let switched_off = Account { history_per_day: None, ..account(Kind::Service) };
        for (account, expected) in [
            (account(Kind::Subscription), vec!["daily_history"]),
            (account(Kind::Service), vec!["daily_history", "monthly_history"]),
            (switched_off, vec!["monthly_history"]),
        ] {
            let needs = website_needs(&account, noon);

            assert_eq!(needs.iter().map(|need| need.rule.name()).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn the_newer_history_rule_can_be_switched_off() {
        let account = Account { history_per_day: None, ..account(Kind::Service) };

        let needs = needs(&account, EVERYONE, at("2027-03-20T04:00:00Z"));

        assert!(needs.iter().all(|need| need.rule != Rule::DailyHistory));
    }

    #[test]
    fn admission_follows_the_figures() {
        let service = account(Kind::Service);
        let window = Window::parse("2027-03").unwrap();
        let need = |amount| Need { rule: Rule::MonthlyHistory, window, amount };
        let usage = |used, unconfirmed, claimed| Usage { used, unconfirmed, claimed };
        let sure = Ok(false);
        for (amount, figures, expected) in [
            (1, usage(0, 0, 0), sure),
            (1, usage(3, 0, 0), sure),
            (1, usage(4, 0, 0), Err(Because::Used)),
            (1, usage(3, 0, 1), Err(Because::Claimed)),
            (1, usage(3, 1, 0), Ok(true)),
            (1, usage(2, 1, 0), sure),
            (1, usage(2, 1, 1), Ok(true)),
            (5, usage(0, 0, 0), Err(Because::TooMuch)),
            (4, usage(1, 0, 0), Err(Because::Used)),
        ] {
            let answer = admit(&service, need(amount), figures)
                .map(|room| room.asks_about_unconfirmed)
                .map_err(|block| block.because);

            assert_eq!(answer, expected, "{amount} {figures:?}");
        }
    }

    #[test]
    fn an_answer_just_after_midnight_charges_both_days() {
        let old = Window::parse("2027-03-20").unwrap();
        let new = old.next();
        for (dated, keeps_old, keeps_new) in [
            ("2027-03-20T15:59:59Z", true, false),
            ("2027-03-20T16:00:00Z", true, true),
            ("2027-03-20T16:00:05Z", true, true),
            ("2027-03-20T16:00:06Z", false, true),
        ] {
            assert_eq!(keeps(old, at(dated)), keeps_old, "{dated}");
            assert_eq!(keeps(new, at(dated)), keeps_new, "{dated}");
        }
    }

    #[test]
    fn a_45028_shows_the_rule_that_the_demand_used() {
        for (kind, demand, expected) in [
            (Kind::Subscription, EVERYONE, Some(Rule::DailyHistory)),
            (Kind::Subscription, SOME, Some(Rule::DailySend)),
            (Kind::Service, EVERYONE, Some(Rule::DailyHistory)),
            (Kind::Service, SOME, None),
        ] {
            assert_eq!(refused_rule(&account(kind), demand), expected, "{kind} {demand:?}");
        }
    }

    #[test]
    fn every_rule_has_one_row_and_reads_back_by_its_name() {
        for row in TABLE {
            assert_eq!(Rule::parse(row.name), Some(row.rule));
        }
        let mut rules: Vec<_> = TABLE.iter().map(|row| row.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        assert_eq!(rules.len(), TABLE.len());
    }
}
