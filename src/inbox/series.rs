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
                    let message = format!("`{key}` needs `cron`");
                    self.report.say_with(entry.key_location, message, "it bounds a series' dates");
                }
            }
            return None;
        };
        if let Some(at) = fields.get("at") {
            let message = "`at` cannot stand beside `cron`";
            self.report.say_with(
                at.key_location,
                message,
                "a series has its time of day in `cron`",
            );
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
            let help = "give the first date: the dates are counted from there";
            self.report.say_with(count.key_location, "`count` needs `from`", help);
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
            let help = "write `cron: 0 20 * * FRI`, or a list of such expressions";
            self.report.say_with(entry.node.location, "`cron` is empty", help);
        }
        let mut crons = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Value::Text { text, .. } = &node.value else {
                let message = format!("an expression is text, not {}", node.describe());
                self.report.say(node.location, message);
                continue;
            };
            match Cron::parse(text) {
                Ok(cron) if crons.contains(&cron) => {
                    let message = format!("`{text}` stands twice");
                    let help = "write each expression once: a time comes once";
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
            let message = "no date of `cron` lies between `from` and `until`";
            self.report.say_with(cron.node.location, message, "both are included");
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
                let message = format!("the id of this series has at most {room} characters");
                let help = format!("each of its dates gets an id of its own, such as {date}");
                self.report.say_with(entry.node.location, message, help);
            } else if ends_in_a_date(id.as_str()) {
                let message = format!("{} reads like one date of a series", quote(id.as_str()));
                self.report.say_with(entry.node.location, message, "leave `@` and the date out");
            }
        }
        if let (Some(Expires::At(_)), Some(entry)) = (expires, fields.get("expires")) {
            let message = "`expires` of a series must be a duration";
            let help = "it counts from each date; `until` ends the series";
            self.report.say_with(entry.node.location, message, help);
        }
        let Some(once) = action.and_then(Action::once) else { return };
        let (message, help) = match once {
            Once::Deletion => ("`delete` cannot be a series", "a broadcast is deleted once"),
            Once::PermanentCode => (
                "a permanent code cannot be a series",
                "it is valid for ever; each date would use up one of the 100,000",
            ),
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
        notes.push(
            "a draft goes with its first broadcast: unless this media_id is permanent material, the \
             platform refuses it from the second date on; `articles:` are made anew for each date"
                .to_owned(),
        );
    }
    if approval {
        notes.push("each of its dates waits for an approval of its own".to_owned());
    }
    notes
}

fn ends_in_a_date(id: &str) -> bool {
    id.rsplit_once('@').is_some_and(|(_, date)| DateKey::parse(date).is_some())
}

fn told(text: &str, error: &CronError) -> FieldError {
    let message = format!("{} {error}", quote(text));
    let help = match error {
        CronError::Fields(6) => "leave the seconds out: minute, hour, day, month, day of the week",
        CronError::Fields(_) => "write minute, hour, day, month, day of the week: 0 20 * * FRI",
        CronError::Pattern => {
            "write the minute as one number and each hour as a number: 0 8,20 * * *; for other times \
             write a list of expressions"
        }
        CronError::NoTime => "write minute and hour first, as numbers: 0 20 * * FRI is 20:00",
        CronError::BothDays => {
            "it is not clear whether either or both must hold: write `*` for one of them"
        }
        CronError::Unreadable(_) => "days are 1-31 or L, months 1-12 or JAN-DEC, weekdays MON-SUN",
        CronError::Never => "no month has such a day",
    };
    (message, help.to_owned())
}
