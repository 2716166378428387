//! Jobs that are a series: `cron:` instead of `at:`, with `from:`, `until:`, `count:` and `except:`.
//!
//! Everything else that the job file says applies to each of its occurrences. What cannot apply to
//! more than one is refused here: a fixed `expires`, a deletion, a permanent code, an id without
//! room for a date.

use chrono::DateTime;
use chrono_tz::Tz;

use super::reader::Reader;
use super::time::{FieldError, wall};
use crate::calendar::{Bounds, Cron, CronError, DateKey, Recurrence};
use crate::l10n::t;
use crate::model::{Action, Content, Expires, JobId, Once};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Node, Value};

/// How much longer an occurrence's id is than its series' id.
const AT_DATE: usize = "@2027-03-05".len();
/// The same with a time of day.
const AT_TIME: usize = "@2027-03-05-2000".len();
/// The maximum length of an id.
const ID_MOST: usize = 64;
/// The most dates that `count` may give.
const COUNT_MOST: i64 = 100_000;
/// The keys that mean something only beside `cron`.
const BESIDE_CRON: [&str; 4] = ["from", "until", "count", "except"];

impl Reader<'_, '_> {
    /// Returns when a job recurs, if it is a series; what is wrong is reported.
    pub(crate) fn recurrence(
        &mut self,
        fields: &Fields<'_, '_>,
        zone: Tz,
        notes: &mut Vec<String>,
    ) -> Option<Recurrence> {
        let Some(entry) = fields.get("cron") else {
            for key in BESIDE_CRON {
                if let Some(entry) = fields.get(key) {
                    let message = t!("inbox-needs-cron", key = %key);
                    self.report.say_with(
                        entry.key_location,
                        message,
                        t!("inbox-bounds-series-dates"),
                    );
                }
            }
            return None;
        };
        if let Some(at) = fields.get("at") {
            let message = t!("inbox-cannot-stand-beside-cron");
            self.report.say_with(at.key_location, message, t!("inbox-series-time-day-cron"));
        }
        let before = self.report.count();
        let bounds = self.bounds(fields, zone, notes);
        let crons = self.crons(entry);
        let recurrence = Recurrence::new(crons, zone, bounds);
        if self.report.count() > before {
            return None;
        }
        self.has_dates(entry, &recurrence)?;
        Some(recurrence)
    }

    fn bounds(&mut self, fields: &Fields<'_, '_>, zone: Tz, notes: &mut Vec<String>) -> Bounds {
        let mut bound = |key, end| {
            let entry = fields.get(key)?;
            self.value(entry, |text| wall(text, zone, end))
        };
        let (from, until) = (bound("from", false), bound("until", true));
        let count = fields.get("count");
        if let Some(count) = count.filter(|_| fields.get("from").is_none()) {
            let help = t!("inbox-give-first-date-dates-counted");
            self.report.say_with(count.key_location, t!("inbox-count-needs"), help);
        }
        let count = count.and_then(|entry| entry.number(1, COUNT_MOST, self.report));
        let count = count.and_then(|count| u32::try_from(count).ok());
        let except = fields.get("except").map(|entry| self.except(entry, notes));
        Bounds { from, until, count, except: except.unwrap_or_default() }
    }

    /// Returns the expressions of `cron`: one, or a list of them.
    fn crons(&mut self, entry: &Entry<'_>) -> Vec<Cron> {
        let nodes: Vec<&Node<'_>> = match &entry.node.value {
            Value::List(items) => items.iter().collect(),
            Value::Empty | Value::Text { .. } | Value::Map(_) => {
                let Some(_) = entry.text(self.report) else { return Vec::new() };
                vec![&entry.node]
            }
        };
        if nodes.is_empty() {
            let help = t!("inbox-write-cron-0-20-fri");
            self.report.say_with(entry.node.location, t!("inbox-cron-empty"), help);
        }
        let mut crons = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Value::Text { text, .. } = &node.value else {
                let message = t!("inbox-expression-text-not", describe = %node.describe());
                self.report.say(node.location, message);
                continue;
            };
            match Cron::parse(text) {
                Ok(cron) if crons.contains(&cron) => {
                    let message = t!("inbox-stands-twice", text = %text);
                    let help = t!("inbox-write-each-expression-once-time");
                    self.report.say_with(node.location, message, help);
                }
                Ok(cron) => crons.push(cron),
                Err(error) => {
                    let (message, help) = told(text, &error);
                    self.report.say_with(node.location, message, help);
                }
            }
        }
        crons
    }

    fn has_dates(&mut self, cron: &Entry<'_>, recurrence: &Recurrence) -> Option<()> {
        let first = recurrence.after(DateTime::UNIX_EPOCH).next();
        if first.is_none() {
            let message = t!("inbox-no-date-cron-lies-between");
            self.report.say_with(cron.node.location, message, t!("inbox-both-included"));
        }
        first.map(|_| ())
    }

    /// Reports what a series cannot have.
    pub(crate) fn series_limits(
        &mut self,
        fields: &Fields<'_, '_>,
        recurrence: Option<&Recurrence>,
        (id, expires, action): (Option<&JobId>, Option<&Expires>, Option<&Action>),
    ) {
        if let (Some(id), Some(entry)) = (id, fields.get("id")) {
            let (room, date) = match recurrence.is_some_and(Recurrence::has_several_times) {
                true => (ID_MOST - AT_TIME, "weekly@2027-03-05-2000"),
                false => (ID_MOST - AT_DATE, "weekly@2027-03-05"),
            };
            if id.as_str().len() > room {
                let message = t!("inbox-id-series-most-characters", room = %room);
                let help = t!("inbox-each-dates-gets-id-own", date = %date);
                self.report.say_with(entry.node.location, message, help);
            } else if ends_in_a_date(id.as_str()) {
                let message = t!("inbox-reads-like-one-date-series", id = %quote(id.as_str()));
                self.report.say_with(entry.node.location, message, t!("inbox-leave-date-out"));
            }
        }
        if let (Some(Expires::At(_)), Some(entry)) = (expires, fields.get("expires")) {
            let message = t!("inbox-expires-series-must-duration");
            let help = t!("inbox-counts-each-date-until-ends");
            self.report.say_with(entry.node.location, message, help);
        }
        let Some(once) = action.and_then(Action::once) else { return };
        let (message, help) = match once {
            Once::Deletion => {
                (t!("inbox-delete-cannot-series"), t!("inbox-broadcast-deleted-once"))
            }
            Once::PermanentCode => {
                (t!("inbox-permanent-code-cannot-series"), t!("inbox-valid-ever-each-date-would"))
            }
            Once::RenewedCode => (t!("inbox-renew-beside-cron"), t!("inbox-series-makes-it-anew")),
        };
        let key = action.map_or("", Action::name);
        let location = fields.get(key).map_or(fields.location, |entry| entry.key_location);
        self.report.say_with(location, message, help);
    }
}

/// Returns notes on the series for its author.
pub(crate) fn notes(action: &Action, approval: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let content = action.broadcast().map(|broadcast| &broadcast.content);
    if matches!(content, Some(Content::Mpnews { .. })) {
        notes.push(t!("inbox-draft-goes-first-broadcast-unless"));
    }
    if approval {
        notes.push(t!("inbox-each-dates-waits-approval-own"));
    }
    notes
}

fn ends_in_a_date(id: &str) -> bool {
    id.rsplit_once('@').is_some_and(|(_, date)| DateKey::parse(date).is_some())
}

fn told(text: &str, error: &CronError) -> FieldError {
    let message = t!("inbox-cron-error", text = quote(text), error = %error);
    let help = match error {
        CronError::Fields(6) => t!("inbox-leave-seconds-out-minute-hour"),
        CronError::Fields(_) => t!("inbox-write-minute-hour-day-month"),
        CronError::Pattern => {
            t!("inbox-write-minute-one-number-each")
        }
        CronError::NoTime => t!("inbox-write-minute-hour-first-numbers"),
        CronError::BothDays => {
            t!("inbox-not-clear-whether-either-both")
        }
        CronError::Unreadable(_) => t!("inbox-days-1-31-l-months"),
        CronError::Never => t!("inbox-no-month-such-day"),
    };
    (message, help)
}
