//! Turns the YAML tree of a job file into checked jobs.
//!
//! Every mistake of a file is collected, so that its author corrects it in one go. A key that is
//! left out has its default. A key without a value is an error, because `at:` with its time deleted
//! must not mean "as soon as allowed".

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::dated::Span;
use super::line::TITLE_MOST;
use super::menu::MenuTimes;
use super::reader::{ArticleRemark, Reader};
use super::time::{FieldError, duration, instant, zone};
use super::{article, series, template};
use crate::calendar::{DateKey, Recurrence};
use crate::l10n::{Sentence, t};
use crate::model::{
    ASK_WITHIN, Account, Action, Audience, Content, Expires, JobId, JobSpec, OnFullReceivers,
    OnQuota, batch_lengths,
};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Node, Shape, Value};

/// How long before a job's time its uploads begin.
const PREPARE: TimeDelta = TimeDelta::minutes(10);
/// The longest such span: the platform keeps an upload for three days, and a job may be requested
/// for 20 h.
const PREPARE_MOST: TimeDelta = TimeDelta::days(2);
/// The shortest such span, and what each call adds to it.
const PREPARE_LEAST: TimeDelta = TimeDelta::seconds(60);
const PREPARE_A_CALL: TimeDelta = TimeDelta::seconds(5);
/// How long a job may be deferred; this only keeps sums of times in range.
const EXPIRES_MOST: TimeDelta = TimeDelta::days(3650);

pub(super) const FILE: Shape = Shape {
    what: || t!("inbox-job-file"),
    known: &["jobs"],
    refused: &[
        ("id", || t!("inbox-job-stands-list-jobs"), || t!("inbox-start-file-jobs-id")),
        ("job", || t!("inbox-unknown-key-job-job-file"), || t!("inbox-did-you-mean-jobs")),
    ],
};

pub(super) const JOB: Shape = Shape {
    what: || t!("inbox-job"),
    known: &[
        "id",
        "account",
        "title",
        "at",
        "cron",
        "from",
        "until",
        "count",
        "except",
        "timezone",
        "grace",
        "retry_for",
        "expires",
        "on_quota",
        "priority",
        "approval",
        "on_full_receivers",
        "preview",
        "prepare",
        "broadcast",
        "delete",
        "speed",
        "menu",
        "qrcode",
    ],
    refused: &[],
};

const NOTHING_TO_PREPARE: Sentence = || t!("inbox-nothing-prepare");
const TO_PREPARE: Sentence = || t!("inbox-articles-local-files-leave-out");
/// The keys that say what a job does; `speed` may be combined with a broadcast.
const ACTIONS: [&str; 5] = ["broadcast", "delete", "menu", "qrcode", "speed"];

/// One job of a file, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedJob {
    /// The job itself; for a series, what each of its occurrences is except for its id and its
    /// time.
    pub spec: JobSpec,
    /// When it recurs, if it is a series.
    pub recurrence: Option<Recurrence>,
    /// What the dates of a series do that have files of their own.
    pub dated: BTreeMap<DateKey, Action>,
    /// What the texts of these dates have of `remarks`.
    pub dated_remarks: BTreeMap<DateKey, Vec<ArticleRemark>>,
    /// The line of its id.
    pub line: usize,
    /// Notes for its author, about what is allowed but may not be meant.
    pub notes: Vec<String>,
    /// What was removed from its articles, or will not look there as meant.
    pub remarks: Vec<ArticleRemark>,
}

impl ParsedJob {
    /// Returns what it does, also on the dates that have files of their own.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        std::iter::once(&self.spec.action).chain(self.dated.values())
    }
}

impl<'r> Reader<'r, '_> {
    /// Returns the jobs of a file; they are valid only if no problem was reported.
    pub(crate) fn file(&mut self, root: &Node<'_>) -> Vec<ParsedJob> {
        let Some(fields) = root.fields(root.location, &FILE, self.report) else {
            return Vec::new();
        };
        let Some(jobs) = self.list(root, &fields) else { return Vec::new() };
        let mut lines = HashMap::new();
        let mut parsed = Vec::with_capacity(jobs.len());
        for node in jobs {
            self.note_id(node, &mut lines);
            parsed.extend(self.job(node));
        }
        parsed
    }

    fn list<'n, 'a>(&mut self, root: &Node<'_>, fields: &Fields<'n, 'a>) -> Option<&'n [Node<'a>]> {
        let help = || t!("inbox-job-file-jobs-list-least");
        let entry = fields.get("jobs");
        match entry.map(|entry| &entry.node.value) {
            Some(Value::List(jobs)) if !jobs.is_empty() => return Some(jobs),
            Some(Value::Map(_) | Value::Text { .. }) => {
                let location = entry.map_or(root.location, |entry| entry.key_location);
                self.report.say_with(
                    location,
                    t!("inbox-jobs-must-list"),
                    t!("inbox-start-each-job"),
                );
            }
            // An unknown key was reported already, and was probably meant as `jobs`.
            None if self.report.count() > 0 => {}
            Some(Value::List(_) | Value::Empty) | None => {
                self.report.say_with(root.location, t!("inbox-no-job-file"), help());
            }
        }
        None
    }

    /// Reports an id that the file already used.
    fn note_id(&mut self, node: &Node<'_>, lines: &mut HashMap<String, usize>) {
        let Some((id, entry)) = id_of(node) else { return };
        let line = self.report.line(entry.node.location.start);
        if let Some(first) = lines.get(id) {
            let message = t!("inbox-id-already-used-line", id = %quote(id), first = %first);
            self.report.say_with(entry.node.location, message, t!("inbox-each-job-needs-id-own"));
        } else {
            lines.insert(id.to_owned(), line);
        }
    }

    fn job(&mut self, node: &Node<'_>) -> Option<ParsedJob> {
        let fields = node.fields(node.location, &JOB, self.report)?;
        let before = self.report.count();
        let id = self.id(&fields);
        self.job = id.as_ref().map(|(id, _)| id.clone());
        let account = self.account(&fields);
        let title = self.title(&fields);
        let schedule = self.schedule(&fields);
        let zone = schedule.as_ref().map_or(Tz::Asia__Shanghai, |schedule| schedule.timezone);
        let mut notes = Vec::new();
        let recurrence = self.recurrence(&fields, zone, &mut notes);
        let choices = self.choices(&fields);
        let at = schedule.as_ref().and_then(|schedule| schedule.at);
        let recurs = fields.get("cron").is_some();
        let times = MenuTimes { zone, at, id: id.as_ref().map(|(id, _)| id), recurs };
        self.begin_dated(&fields, recurrence.as_ref());
        let action = self.action(&fields, (account, times), &mut notes);
        let of_draft = self.draft_title.take().filter(|title| is_title(title));
        let title = title.or(of_draft);
        let (preview, speed) = self.pre_sends(&fields, (action.as_ref(), account));
        let ahead = preview.as_ref().map_or(TimeDelta::zero(), |preview| preview.before);
        let action = self.prepare(&fields, (action, ahead), &mut notes);
        let remarks = std::mem::take(&mut self.remarks);
        if recurs {
            let expires = schedule.as_ref().map(|schedule| &schedule.expires);
            let id = id.as_ref().map(|(id, _)| id);
            self.series_limits(&fields, recurrence.as_ref(), (id, expires, action.as_ref()));
            notes.extend(action.iter().flat_map(|of| series::notes(of, choices.approval)));
        }
        if self.report.count() > before {
            return None;
        }
        let (schedule, (id, line)) = (schedule?, id?);
        let anytime = schedule.at.is_none() && recurrence.is_none();
        notes.extend(choices.notes(action.as_ref(), preview.is_some() && anytime));
        let mut spec = JobSpec {
            id,
            account: account?.name.clone(),
            at: schedule.at,
            timezone: schedule.timezone,
            grace: schedule.grace,
            retry_for: schedule.retry_for,
            expires: schedule.expires,
            on_quota: choices.on_quota,
            priority: choices.priority,
            approval: choices.approval,
            on_full_receivers: choices.on_full_receivers,
            preview,
            speed,
            title,
            templated: false,
            submitted_by: None,
            action: action?,
        };
        let (dated, dated_remarks) = match &recurrence {
            Some(recurrence) => {
                self.templates(&fields, (&mut spec, recurrence));
                let span = Span { account, ahead, expires: spec.expires };
                self.dated(&fields, recurrence, span, &mut notes)
            }
            None => {
                notes.extend(template::note(&mut spec));
                Default::default()
            }
        };
        if self.report.count() > before {
            return None;
        }
        Some(ParsedJob { spec, recurrence, dated, dated_remarks, line, notes, remarks })
    }

    /// Returns what the job does; a speed with a broadcast is the speed of that broadcast.
    fn action(
        &mut self,
        fields: &Fields<'_, '_>,
        (account, times): (Option<&Account>, MenuTimes<'_>),
        notes: &mut Vec<String>,
    ) -> Option<Action> {
        let mut named = ACTIONS.iter().filter_map(|key| fields.get(key));
        let Some(entry) = named.next() else {
            fields.require("broadcast", || t!("inbox-job-action-broadcast"), self.report);
            return None;
        };
        let other = named.find(|other| &*entry.key != "broadcast" || &*other.key != "speed");
        if let Some(other) = other {
            let sole = if &*entry.key == "broadcast" { other } else { entry };
            let message = t!("inbox-cannot-stand-beside-another-action", key = %sole.key);
            let help = t!("inbox-write-job-own");
            self.report.say_with(sole.key_location, message, help);
            return None;
        }
        match &*entry.key {
            "broadcast" => self.broadcast(entry, account, notes).map(Action::Broadcast),
            "delete" => self.deletion(entry).map(Action::Delete),
            "menu" => self.menu(entry, times, notes).map(Action::Menu),
            "qrcode" => self.qrcodes(entry),
            _ => self.speed(entry).map(Action::Speed),
        }
    }

    /// Decides when the uploads of a broadcast begin, if it has any; its preview is sent `ahead` of
    /// it.
    pub(super) fn prepare(
        &mut self,
        fields: &Fields<'_, '_>,
        (action, ahead): (Option<Action>, TimeDelta),
        notes: &mut Vec<String>,
    ) -> Option<Action> {
        let entry = fields.get("prepare");
        let span = self.span(fields, "prepare", PREPARE);
        let location = entry.map_or(fields.location, |entry| entry.node.location);
        if span.is_some_and(|span| span < TimeDelta::zero() || span > PREPARE_MOST) {
            let help = t!("inbox-platform-forgets-what-uploaded-after");
            self.report.say_with(location, t!("inbox-prepare-must-most-2d"), help);
        }
        let mut action = action?;
        let Some(broadcast) = action.broadcast_mut() else {
            if entry.is_some() {
                self.report.say_with(location, NOTHING_TO_PREPARE(), TO_PREPARE());
            }
            return Some(action);
        };
        let batches = match &broadcast.audience {
            Audience::List(list) => batch_lengths(list.len()).len(),
            Audience::Everyone | Audience::Tag(_) => 1,
        };
        match &mut broadcast.content {
            Content::Prepared { material, .. } => {
                let calls = i32::try_from(material.calls(batches)).unwrap_or(i32::MAX);
                let least = PREPARE_LEAST + PREPARE_A_CALL * calls;
                let seconds = span?.max(least).min(PREPARE_MOST).num_seconds();
                material.prepare_s = u32::try_from(seconds).unwrap_or(u32::MAX);
                notes.push(article::told(material, batches, ahead));
            }
            Content::Awaited { .. } => {}
            Content::Text { .. }
            | Content::Mpnews { .. }
            | Content::Image { .. }
            | Content::Images(_)
            | Content::Voice { .. }
            | Content::Mpvideo { .. }
            | Content::Wxcard { .. } => {
                if entry.is_some() {
                    self.report.say_with(location, NOTHING_TO_PREPARE(), TO_PREPARE());
                }
            }
        }
        Some(action)
    }

    fn id(&mut self, fields: &Fields<'_, '_>) -> Option<(JobId, usize)> {
        let entry = fields.require("id", || t!("inbox-id-form"), self.report)?;
        let text = entry.text(self.report)?;
        let Some(id) = JobId::parse(text) else {
            let message = t!("inbox-cannot-id", text = %quote(text));
            self.report.say_with(entry.node.location, message, t!("inbox-an-id-is"));
            return None;
        };
        Some((id, self.report.line(entry.node.location.start)))
    }

    fn account(&mut self, fields: &Fields<'_, '_>) -> Option<&'r Account> {
        let entry = fields.require("account", || self.accounts.help(), self.report)?;
        let text = entry.text(self.report)?;
        let found = self.accounts.by_name.get(text).copied();
        if found.is_none() {
            let message = t!("inbox-no-account", text = %quote(text));
            self.report.say_with(entry.node.location, message, self.accounts.help());
        }
        found
    }

    fn title(&mut self, fields: &Fields<'_, '_>) -> Option<String> {
        let entry = fields.get("title")?;
        let title = entry.text(self.report)?.trim();
        let wrong = if is_title(title) {
            return Some(title.to_owned());
        } else if title.chars().count() > TITLE_MOST {
            t!("inbox-title-must-most-64-characters")
        } else {
            t!("inbox-title-must-stand-one-line")
        };
        let help = || t!("inbox-names-job-lists-not-sent");
        self.report.say_with(entry.node.location, wrong, help());
        None
    }

    fn choices(&mut self, fields: &Fields<'_, '_>) -> Choices {
        const ON_QUOTA: [(&str, OnQuota); 2] = [("defer", OnQuota::Defer), ("fail", OnQuota::Fail)];
        const ON_FULL: [(&str, OnFullReceivers); 3] = [
            ("send", OnFullReceivers::Send),
            ("drop", OnFullReceivers::Drop),
            ("defer", OnFullReceivers::Defer),
        ];
        let on_quota = fields.get("on_quota").and_then(|e| e.choice(&ON_QUOTA, self.report));
        let on_full = fields.get("on_full_receivers").and_then(|e| e.choice(&ON_FULL, self.report));
        let priority = fields.get("priority").and_then(|e| e.number(-100, 100, self.report));
        let approval = fields.get("approval").and_then(|e| e.boolean(self.report));
        Choices {
            on_quota: on_quota.unwrap_or_default(),
            on_full_receivers: on_full.unwrap_or_default(),
            priority: priority.and_then(|number| i8::try_from(number).ok()).unwrap_or_default(),
            approval: approval.unwrap_or_default(),
        }
    }

    fn schedule(&mut self, fields: &Fields<'_, '_>) -> Option<Schedule> {
        let timezone = match fields.get("timezone") {
            Some(entry) => self.value(entry, zone),
            None => Some(Tz::Asia__Shanghai),
        };
        let at = match fields.get("at") {
            // Without a zone its text cannot be checked; the zone's own problem is reported.
            Some(entry) => {
                let zone = timezone.unwrap_or(Tz::UTC);
                self.value(entry, |text| instant(text, zone)).map(Some)
            }
            None => Some(None),
        };
        let grace = self.span(fields, "grace", TimeDelta::minutes(30));
        let retry_for = self.span(fields, "retry_for", TimeDelta::hours(2));
        let (grace, retry_for) = (grace?, retry_for?);
        self.order(fields, grace, retry_for);
        let (timezone, at) = (timezone?, at?);
        let expires = match fields.get("expires") {
            Some(entry) => self.expires(entry, timezone, at, grace)?,
            None => Expires::After(TimeDelta::days(7)),
        };
        Some(Schedule { at, timezone, grace, retry_for, expires })
    }

    fn span(
        &mut self,
        fields: &Fields<'_, '_>,
        key: &str,
        default: TimeDelta,
    ) -> Option<TimeDelta> {
        match fields.get(key) {
            Some(entry) => self.value(entry, duration),
            None => Some(default),
        }
    }

    /// Reports spans that would let a retry be made after the platform has dropped the first
    /// request.
    fn order(&mut self, fields: &Fields<'_, '_>, grace: TimeDelta, retry_for: TimeDelta) {
        let location = |key: &str, other: &str| {
            let entry = fields.get(key).or_else(|| fields.get(other));
            entry.map_or(fields.location, |entry| entry.node.location)
        };
        if grace <= TimeDelta::zero() {
            self.report.say(location("grace", "grace"), t!("inbox-grace-must-longer-than-nothing"));
        }
        if retry_for > ASK_WITHIN {
            self.report.say_with(
                location("retry_for", "retry_for"),
                t!("inbox-retry-must-most-20h"),
                t!("inbox-platform-forgets-request-after-24"),
            );
        } else if grace >= retry_for {
            self.report.say_with(
                location("grace", "retry_for"),
                t!("inbox-grace-must-shorter-than-retry"),
                t!("inbox-left-out-grace-30m-retry"),
            );
        }
    }

    fn expires(
        &mut self,
        entry: &Entry<'_>,
        timezone: Tz,
        at: Option<DateTime<Utc>>,
        grace: TimeDelta,
    ) -> Option<Expires> {
        let location = entry.node.location;
        let expires = self.value(entry, |text| match duration(text) {
            Ok(span) => Ok(Expires::After(span)),
            Err(wrong) if !text.contains('-') => Err(wrong),
            Err(_) => instant(text, timezone).map(Expires::At),
        })?;
        let left = match expires {
            Expires::After(span) => span,
            Expires::At(end) => at.map_or(grace, |at| end - at),
        };
        if left < grace {
            let message = t!("inbox-expires-must-least-grace-after");
            self.report.say_with(location, message, t!("inbox-left-out-7d-after"));
        }
        if left > EXPIRES_MOST {
            self.report.say(location, t!("inbox-expires-must-most-ten-years"));
        }
        Some(expires)
    }

    /// Returns what `read` makes of the value's text, or reports what is wrong with it.
    pub(crate) fn value<T>(
        &mut self,
        entry: &Entry<'_>,
        read: impl FnOnce(&str) -> Result<T, FieldError>,
    ) -> Option<T> {
        let text = entry.text(self.report)?;
        match read(text) {
            Ok(value) => Some(value),
            Err((message, help)) => {
                self.report.say_with(entry.node.location, message, help);
                None
            }
        }
    }
}

struct Choices {
    on_quota: OnQuota,
    on_full_receivers: OnFullReceivers,
    priority: i8,
    approval: bool,
}

impl Choices {
    /// Returns notes on what it chooses to no effect; `late` if its preview comes as it goes.
    fn notes(&self, action: Option<&Action>, late: bool) -> Vec<String> {
        let late = late && !self.approval;
        let audience = action.and_then(Action::broadcast).map(|broadcast| &broadcast.audience);
        let no_drop = audience.and_then(|audience| no_drop(self.on_full_receivers, audience));
        let late = late.then(|| t!("inbox-without-preview-comes-when-goes"));
        late.into_iter().chain(no_drop).collect()
    }
}

struct Schedule {
    at: Option<DateTime<Utc>>,
    timezone: Tz,
    grace: TimeDelta,
    retry_for: TimeDelta,
    expires: Expires,
}

/// Returns a note if `on_full_receivers` has no effect, because only the platform knows the
/// receivers.
fn no_drop(wish: OnFullReceivers, audience: &Audience) -> Option<String> {
    if wish != OnFullReceivers::Drop {
        return None;
    }
    match audience {
        Audience::List(_) => None,
        Audience::Everyone => Some(t!("inbox-no-drop-everyone")),
        Audience::Tag(_) => Some(t!("inbox-no-drop-tag")),
    }
}

/// Returns the text of a key of a mapping, if it is there and is text.
fn text_of<'n, 'a>(node: &'n Node<'a>, key: &str) -> Option<(&'n str, &'n Entry<'a>)> {
    let Value::Map(entries) = &node.value else { return None };
    let entry = entries.iter().find(|entry| entry.key == key)?;
    let Value::Text { text, .. } = &entry.node.value else { return None };
    Some((text.trim(), entry))
}

/// Returns whether a text can be a job's title.
fn is_title(text: &str) -> bool {
    text.chars().count() <= TITLE_MOST && !text.chars().any(char::is_control)
}

fn id_of<'n, 'a>(node: &'n Node<'a>) -> Option<(&'n str, &'n Entry<'a>)> {
    text_of(node, "id")
}

/// Returns the job of a tree that has this id.
pub(crate) fn node_of<'n, 'a>(root: &'n Node<'a>, id: &JobId) -> Option<&'n Node<'a>> {
    let Value::Map(entries) = &root.value else { return None };
    let jobs = entries.iter().find(|entry| entry.key == "jobs")?;
    let Value::List(jobs) = &jobs.node.value else { return None };
    jobs.iter().find(|job| id_of(job).is_some_and(|(text, _)| text == id.as_str()))
}

/// Returns every id of a tree with its account's name, whatever else the tree holds.
pub(crate) fn ids(root: &Node<'_>) -> Vec<(JobId, String)> {
    let Value::Map(entries) = &root.value else { return Vec::new() };
    let Some(jobs) = entries.iter().find(|entry| entry.key == "jobs") else { return Vec::new() };
    let Value::List(jobs) = &jobs.node.value else { return Vec::new() };
    jobs.iter()
        .filter_map(|job| {
            let id = JobId::parse(id_of(job)?.0)?;
            Some((id, text_of(job, "account")?.0.to_owned()))
        })
        .collect()
}
