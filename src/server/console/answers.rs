//! What the commands answer as JSON, as far as pages show it.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::Deserialize;

use crate::calendar;
use crate::l10n::t;
use crate::model::{BatchState, JobState};
use crate::quota::Rule;
use crate::text::names;

/// An instant, which answers give in Beijing's time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
pub(super) struct At(DateTime<FixedOffset>);

impl At {
    /// Returns an instant in Beijing's time.
    pub(super) fn of(at: DateTime<Utc>) -> Self {
        Self(at.with_timezone(&chrono_tz::Asia::Shanghai).fixed_offset())
    }

    /// Returns it for programs.
    pub(super) fn iso(&self) -> String {
        self.0.to_rfc3339()
    }

    /// Returns its day.
    pub(super) fn day(&self) -> NaiveDate {
        self.0.date_naive()
    }

    /// Returns its time of day.
    pub(super) fn clock(&self) -> String {
        self.0.format("%H:%M").to_string()
    }

    /// Returns it with its day, without the year.
    pub(super) fn short(&self) -> String {
        self.0.format("%m-%d %H:%M").to_string()
    }

    /// Returns it to the second.
    pub(super) fn full(&self) -> String {
        self.0.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Returns how far it is.
    pub(super) fn distance(&self, now: &DateTime<Utc>) -> String {
        let span = self.0.to_utc() - *now;
        if span.num_seconds() >= 0 {
            t!("console-in", span = %calendar::long(span))
        } else {
            t!("console-ago", span = %calendar::long(-span))
        }
    }

    /// Returns it as commands take it.
    pub(super) fn written(&self) -> String {
        self.0.format("%Y-%m-%d %H:%M%:z").to_string()
    }
}

/// A job's state.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub(super) struct State(pub(super) String);

impl State {
    pub(super) fn words(&self) -> String {
        JobState::parse(&self.0).map_or_else(|| self.0.clone(), names::job_state)
    }

    /// Returns how it is coloured.
    pub(super) fn class(&self) -> &'static str {
        match JobState::parse(&self.0) {
            Some(JobState::Planned | JobState::Releasing | JobState::Accepted) => "plain",
            Some(JobState::Held | JobState::Uncertain | JobState::Partial) => "warn",
            Some(JobState::Sent) => "good",
            Some(JobState::Failed | JobState::Missed | JobState::Expired) => "alarm",
            Some(JobState::Cancelled) | None => "quiet",
        }
    }

    pub(super) fn is(&self, state: &str) -> bool {
        self.0 == state
    }
}

/// One of the platform's quotas.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Quota {
    pub(super) rule: String,
    pub(super) window: Option<String>,
    pub(super) used: u32,
    pub(super) unconfirmed: u32,
    pub(super) claimed: u32,
    pub(super) limit: u32,
    pub(super) resets_at: Option<At>,
}

impl Quota {
    pub(super) fn name(&self) -> String {
        Rule::parse(&self.rule).map_or_else(|| self.rule.clone(), names::rule)
    }

    /// Returns whether it limits broadcasts, and so is worth a place on each page.
    pub(super) fn is_of_broadcasts(&self) -> bool {
        ["daily_send", "daily_history", "monthly_history"].contains(&self.rule.as_str())
    }

    /// Returns how many of a hundred parts are used.
    pub(super) fn used_part(&self) -> u32 {
        self.part(self.used)
    }

    /// Returns how many of a hundred parts are for jobs that wait.
    pub(super) fn claimed_part(&self) -> u32 {
        self.part(self.used.saturating_add(self.claimed)) - self.used_part()
    }

    fn part(&self, of: u32) -> u32 {
        (of.min(self.limit) * 100).checked_div(self.limit).unwrap_or(100)
    }

    pub(super) fn is_full(&self) -> bool {
        self.used.saturating_add(self.claimed) >= self.limit
    }
}

/// When a job goes, and why not sooner.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Outlook {
    pub(super) outlook: String,
    pub(super) goes_at: Option<At>,
    pub(super) not_after: At,
    #[serde(default)]
    pub(super) why: Vec<String>,
}

impl Outlook {
    /// Returns what it says besides the time; nothing for a job that simply goes.
    pub(super) fn words(&self) -> String {
        match self.outlook.as_str() {
            "goes" => String::new(),
            "under_way" => t!("console-outlook-under-way"),
            "interrupted" => t!("console-outlook-interrupted"),
            "runs_out" => t!("console-outlook-runs-out"),
            "needs_approval" => t!("console-outlook-needs-approval"),
            "needs_files" => t!("console-outlook-needs-files"),
            "stopped" => t!("console-outlook-stopped"),
            "too_late" => t!("console-outlook-too-late"),
            "will_defer" => t!("console-outlook-will-defer"),
            "will_fail" => t!("console-outlook-will-fail"),
            "will_expire" => t!("console-outlook-will-expire"),
            other => other.to_owned(),
        }
    }

    pub(super) fn class(&self) -> &'static str {
        match self.outlook.as_str() {
            "goes" | "under_way" => "plain",
            "stopped" | "too_late" | "will_fail" | "will_expire" => "alarm",
            _ => "warn",
        }
    }
}

/// `status --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Status {
    pub(super) daemon: Daemon,
    pub(super) accounts: Vec<Account>,
    pub(super) jobs: BTreeMap<String, u64>,
    pub(super) next: Vec<Next>,
    pub(super) to_approve: Vec<Next>,
    pub(super) awaited: Vec<Awaited>,
    pub(super) attention: Vec<Note>,
    pub(super) lately: Vec<Late>,
}

impl Status {
    /// Adds what another account has.
    pub(super) fn add(&mut self, other: Self) {
        self.accounts.extend(other.accounts);
        for (state, count) in other.jobs {
            *self.jobs.entry(state).or_default() += count;
        }
        self.next.extend(other.next);
        self.next.sort_by_key(Next::at);
        self.to_approve.extend(other.to_approve);
        self.to_approve.sort_by_key(Next::at);
        self.awaited.extend(other.awaited);
        self.attention.extend(other.attention);
        self.attention.sort_by_key(|note| note.since);
        self.lately.extend(other.lately);
        self.lately.sort_by_key(|late| std::cmp::Reverse(late.since));
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Daemon {
    pub(super) running: bool,
    pub(super) stuck: bool,
    pub(super) version: Option<String>,
    pub(super) since: Option<At>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) paused: bool,
    pub(super) held: bool,
    pub(super) clock: Option<Clock>,
    pub(super) spare_api_base: Option<String>,
    pub(super) callback: bool,
    pub(super) last_event_at: Option<At>,
    pub(super) rules: Vec<Quota>,
}

impl Account {
    pub(super) fn kind(&self) -> String {
        kind(&self.kind)
    }
}

/// Returns the words for the kind of an account.
pub(super) fn kind(kind: &str) -> String {
    match kind {
        "service" => t!("console-service"),
        "subscription" => t!("console-subscription"),
        other => other.to_owned(),
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Clock {
    pub(super) platform_at: At,
    pub(super) age_s: i64,
    pub(super) ahead_s: i64,
}

/// A job that waits.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Next {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) action: String,
    pub(super) state: State,
    pub(super) due: At,
    #[serde(flatten)]
    pub(super) outlook: Option<Outlook>,
    pub(super) approvals: Option<Approvals>,
}

/// The approvals of a job.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Approvals {
    pub(super) needed: u32,
    pub(super) given: Vec<Approval>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Approval {
    pub(super) who: String,
    pub(super) at: At,
}

impl Approvals {
    /// Returns how many there are, if more than one is needed.
    pub(super) fn words(&self) -> Option<String> {
        let given = self.given.len();
        (self.needed > 1)
            .then(|| t!("console-approvals-count", given = given, needed = self.needed))
    }
}

impl Next {
    /// Returns when it goes, or would.
    pub(super) fn at(&self) -> At {
        self.outlook.as_ref().and_then(|outlook| outlook.goes_at).unwrap_or(self.due)
    }

    /// Returns the last moment at which it can still go.
    pub(super) fn deadline(&self) -> At {
        self.outlook.as_ref().map_or(self.due, |outlook| outlook.not_after)
    }

    pub(super) fn action(&self) -> String {
        action(&self.action)
    }
}

/// Returns the words for what a job does.
pub(super) fn action(action: &str) -> String {
    match action {
        "broadcast" => t!("console-broadcast"),
        "delete" => t!("console-delete"),
        "menu" => t!("console-menu"),
        "qrcode" => t!("console-qrcode"),
        "speed" => t!("console-speed"),
        other => other.to_owned(),
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Awaited {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) what: String,
}

/// Something that needs a person.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Note {
    pub(super) id: Option<String>,
    pub(super) account: Option<String>,
    pub(super) since: At,
    pub(super) what: String,
    #[serde(rename = "do")]
    pub(super) advice: String,
    pub(super) severity: String,
    pub(super) title: Option<String>,
}

impl Note {
    pub(super) fn class(&self) -> &'static str {
        if self.severity == "page" { "alarm" } else { "warn" }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Late {
    pub(super) id: String,
    pub(super) account: Option<String>,
    pub(super) kind: String,
    pub(super) since: At,
    pub(super) what: String,
}

impl Late {
    pub(super) fn kind(&self) -> String {
        if self.kind == "deferred" {
            t!("console-deferred")
        } else {
            State(self.kind.clone()).words()
        }
    }
}

/// One of `jobs --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) action: String,
    pub(super) state: State,
    pub(super) at: Option<At>,
    pub(super) due: At,
    pub(super) expires: At,
    pub(super) reason: Option<String>,
    pub(super) batches: Vec<Batch>,
    pub(super) audience: String,
    pub(super) msgtype: String,
    pub(super) file: String,
    pub(super) deleted: bool,
}

impl Job {
    pub(super) fn action(&self) -> String {
        action(&self.action)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Batch {
    pub(super) number: u32,
    pub(super) state: String,
    pub(super) msg_id: Option<i64>,
    pub(super) attempts: u32,
    pub(super) receivers: Option<u32>,
    pub(super) result: Option<String>,
    pub(super) total_count: Option<i64>,
    pub(super) filter_count: Option<i64>,
    pub(super) sent_count: Option<i64>,
    pub(super) error_count: Option<i64>,
}

impl Batch {
    pub(super) fn state(&self) -> String {
        BatchState::parse(&self.state).map_or_else(|| self.state.clone(), names::batch_state)
    }
}

/// What `show --json` answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Shown {
    Job(Box<Story>),
    Series(Box<Series>),
}

/// A job's whole story.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Story {
    #[serde(flatten)]
    pub(super) job: Job,
    pub(super) digest: String,
    pub(super) outlook: Option<Outlook>,
    pub(super) approvals: Option<Approvals>,
    pub(super) history: Vec<Step>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) uploads: Vec<Upload>,
    pub(super) charges: Vec<Charge>,
    pub(super) events: Vec<Event>,
    pub(super) decisions: Vec<Decision>,
    pub(super) candidates: Vec<Event>,
    #[serde(rename = "errands")]
    pub(super) api_calls: Vec<ApiCall>,
    #[serde(rename = "preludes")]
    pub(super) pre_sends: Vec<String>,
    pub(super) articles: Vec<Article>,
    pub(super) receivers: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Step {
    pub(super) at: At,
    pub(super) from: Option<State>,
    pub(super) to: State,
    pub(super) why: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Attempt {
    pub(super) batch: u32,
    pub(super) at: At,
    pub(super) errcode: Option<i64>,
    pub(super) errmsg: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) clientmsgid: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) outcome: Option<String>,
    pub(super) errcode: Option<i64>,
    pub(super) errmsg: Option<String>,
    pub(super) at: At,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Charge {
    pub(super) rule: String,
    pub(super) window: String,
    pub(super) state: String,
    pub(super) amount: u32,
}

/// Returns the words for the state of what is charged.
fn charge_state(state: &str) -> String {
    match state {
        "reserved" => t!("console-reserved"),
        "kept" => t!("console-kept"),
        "unconfirmed" => t!("console-not-confirmed"),
        "returned" => t!("console-returned"),
        other => other.to_owned(),
    }
}

impl Charge {
    pub(super) fn state(&self) -> String {
        charge_state(&self.state)
    }

    pub(super) fn name(&self) -> String {
        Rule::parse(&self.rule).map_or_else(|| self.rule.clone(), names::rule)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Event {
    pub(super) at: At,
    pub(super) msg_id: i64,
    pub(super) words: String,
    pub(super) proven: bool,
}

/// Somebody's decision.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Decision {
    pub(super) at: At,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) account: Option<String>,
    pub(super) why: Option<String>,
    #[serde(default)]
    pub(super) entry: Option<String>,
    #[serde(default)]
    pub(super) job: Option<String>,
    #[serde(default)]
    pub(super) title: Option<String>,
}

impl Decision {
    pub(super) fn what(&self) -> String {
        match self.what.as_str() {
            "approve" => t!("console-did-approve"),
            "cancel" => t!("console-did-cancel"),
            "retry" => t!("console-did-retry"),
            "reschedule" => t!("console-did-reschedule"),
            "hold" => t!("console-did-hold"),
            "resume" | "let_go_on" => t!("console-did-resume"),
            "record" => t!("console-did-record"),
            "return" => t!("console-did-return"),
            "acknowledge" => t!("console-did-acknowledge"),
            "resolve_sent" => t!("console-did-resolve-sent"),
            "resolve_not_sent" => t!("console-did-resolve-not-sent"),
            other => other.to_owned(),
        }
    }
}

/// A call besides the broadcast.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ApiCall {
    pub(super) what: String,
    pub(super) state: String,
    pub(super) at: At,
    pub(super) errcode: Option<i64>,
    pub(super) errmsg: Option<String>,
}

/// What the platform said of an article.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Article {
    pub(super) article_idx: i64,
    pub(super) url: Option<String>,
}

impl Article {
    /// Returns the address, if it is one of the web.
    pub(super) fn link(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    }
}

/// `show --json` of a series.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Series {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) action: String,
    pub(super) state: String,
    pub(super) cron: String,
    pub(super) words: String,
    pub(super) timezone: String,
    pub(super) approved_until: Option<NaiveDate>,
    pub(super) cancelled_from: Option<NaiveDate>,
    pub(super) changes: Vec<Change>,
    pub(super) file: String,
    pub(super) why: Option<String>,
    pub(super) occurrences: Vec<Job>,
    pub(super) next: Vec<Date>,
}

impl Series {
    pub(super) fn action(&self) -> String {
        action(&self.action)
    }
}

/// Returns the words for the state of a series.
pub(super) fn series_state(state: &str) -> String {
    match state {
        "active" => t!("console-series-active"),
        "ended" => t!("console-series-ended"),
        "cancelled" => t!("console-series-cancelled"),
        "lost" => t!("console-series-lost"),
        other => other.to_owned(),
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Change {
    pub(super) date: String,
    pub(super) moved_to: Option<At>,
    pub(super) decided_at: At,
    pub(super) why: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Date {
    pub(super) date: String,
    pub(super) at: At,
}

/// One of `series --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SeriesLine {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) state: String,
    pub(super) words: String,
    pub(super) timezone: String,
    pub(super) next: Option<At>,
}

/// `plan --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Plan {
    pub(super) from: At,
    pub(super) jobs: Vec<Planned>,
    pub(super) grid: Vec<AccountDays>,
    pub(super) followers: Vec<FollowersOfMonth>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Planned {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) due: At,
    #[serde(flatten)]
    pub(super) outlook: Outlook,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct AccountDays {
    pub(super) account: String,
    pub(super) days: Vec<Day>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Day {
    pub(super) day: String,
    pub(super) free: bool,
    pub(super) jobs: Vec<String>,
    pub(super) used_by: Vec<String>,
    pub(super) elsewhere: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct FollowersOfMonth {
    pub(super) account: String,
    pub(super) what: String,
}

/// One of `quota --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ledger {
    pub(super) entries: Vec<LedgerEntry>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LedgerEntry {
    pub(super) entry: String,
    pub(super) at: Option<At>,
    pub(super) source: String,
    pub(super) job: Option<String>,
    pub(super) title: Option<String>,
    pub(super) state: String,
    pub(super) charges: Vec<Charge>,
}

impl LedgerEntry {
    pub(super) fn state(&self) -> String {
        charge_state(&self.state)
    }
}

/// `followers --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Followers {
    pub(super) read_at: Option<At>,
    pub(super) followers: Option<u64>,
    pub(super) tags: Vec<Tag>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) followers: u64,
}

/// What became of a file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fate {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) receipt: Option<Receipt>,
    pub(super) error: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Receipt {
    pub(super) jobs: Vec<ReceiptJob>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ReceiptJob {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) note: Option<String>,
}

impl ReceiptJob {
    pub(super) fn due(&self) -> String {
        self.due.map(calendar::beijing).unwrap_or_default()
    }
}

/// `check --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Checked {
    pub(super) ok: bool,
    pub(super) files: Vec<CheckedFile>,
    pub(super) moved: Vec<Moved>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckedFile {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) jobs: Vec<CheckedJob>,
    pub(super) series: Vec<CheckedSeries>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Diagnostic {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckedJob {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) due: Option<At>,
    pub(super) audience: String,
    pub(super) msgtype: String,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckedSeries {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) words: String,
    pub(super) notes: Vec<String>,
}

/// `drafts --json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Drafts {
    pub(super) drafts: Vec<Draft>,
}

/// A draft of an account.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Draft {
    pub(super) media_id: String,
    pub(super) title: String,
    pub(super) articles: Vec<String>,
    cover: Option<String>,
    pub(super) updated: Option<At>,
}

impl Draft {
    pub(super) fn title(&self) -> String {
        if self.title.is_empty() { t!("drafts-untitled") } else { self.title.clone() }
    }

    /// Returns the address of its cover, if it is one of the platform's.
    pub(super) fn cover(&self) -> Option<String> {
        let mut url = url::Url::parse(self.cover.as_deref()?).ok()?;
        url.set_scheme("https").ok()?;
        let is_theirs = url.host_str() == Some("mmbiz.qpic.cn") && url.port().is_none();
        is_theirs.then(|| url.into())
    }
}

/// A job that others move.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Moved {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) from: Option<At>,
    pub(super) to: Option<At>,
    pub(super) why: Option<String>,
}
