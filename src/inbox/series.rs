//! Jobs that are a series: `cron:` instead of `at:`, with `from:` and `until:`.
//!
//! Everything else that the job file says applies to each of its occurrences. What cannot apply to
//! more than one is refused here: a fixed `expires`, a deletion, an id without room for a date.

use chrono::{DateTime, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::reader::Reader;
use super::time::{FieldError, wall};
use crate::calendar::{CronError, Recurrence};
use crate::model::{Action, Content, Expires, JobId, OnQuota};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields};

/// How much longer an occurrence's id is than its series' id.
const AT_DATE: usize = "@2027-03-05".len();
/// How many occurrences are checked for how close they are.
const GAPS: usize = 32;
/// The maximum length of a series' id.
const ID_MOST: usize = 64 - AT_DATE;

impl Reader<'_, '_> {
    /// Returns when a job recurs, if it is a series; what is wrong is reported.
    pub(crate) fn recurrence(&mut self, fields: &Fields<'_, '_>, zone: Tz) -> Option<Recurrence> {
        let Some(entry) = fields.get("cron") else {
            for key in ["from", "until"] {
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
        let mut bound = |key, end| {
            let entry = fields.get(key)?;
            self.value(entry, |text| wall(text, zone, end))
        };
        let (from, until) = (bound("from", false), bound("until", true));
        let text = entry.text(self.report)?;
        match Recurrence::new(text, zone, from, until) {
            Ok(recurrence) if self.report.count() == before => {
                self.has_dates(entry, &recurrence)?;
                Some(recurrence)
            }
            Ok(_) => None,
            Err(error) => {
                let (message, help) = told(text, &error);
                self.report.say_with(entry.node.location, message, help);
                None
            }
        }
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
        (id, expires, action): (Option<&JobId>, Option<&Expires>, Option<&Action>),
    ) {
        if let (Some(id), Some(entry)) = (id, fields.get("id")) {
            if id.as_str().len() > ID_MOST {
                let message = format!("the id of a series has at most {ID_MOST} characters");
                let help = "each of its dates gets an id of its own, such as weekly@2027-03-05";
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
        match action {
            Some(Action::Delete(_)) => {
                let location =
                    fields.get("delete").map_or(fields.location, |entry| entry.key_location);
                let message = "`delete` cannot be a series";
                self.report.say_with(location, message, "a broadcast is deleted once");
            }
            Some(other @ (Action::Menu(_) | Action::Qrcode(_))) => {
                let name = other.name();
                let location = fields.get(name).map_or(fields.location, |entry| entry.key_location);
                let message = format!("`{name}` cannot be a series in this version");
                self.report.say_with(location, message, "write one job with `at` for each date");
            }
            Some(Action::Broadcast(_) | Action::Speed(_)) | None => {}
        }
    }
}

/// Returns notes on the series for its author.
pub(crate) fn notes(
    recurrence: &Recurrence,
    (action, expires): (&Action, Expires),
    (on_quota, approval): (OnQuota, bool),
) -> Vec<String> {
    let mut notes = Vec::new();
    let deferrable = match expires {
        Expires::After(span) if on_quota == OnQuota::Defer => span,
        Expires::After(_) | Expires::At(_) => TimeDelta::zero(),
    };
    let dates: Vec<_> = recurrence.after(DateTime::UNIX_EPOCH).take(GAPS).collect();
    if dates.windows(2).any(|pair| pair[1].at - pair[0].at < deferrable) {
        notes.push(
            "a date that is deferred takes the place of the next one, which is deferred in its turn: \
             with an `expires` shorter than from date to date it expires instead"
                .to_owned(),
        );
    }
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
    let date = id.rsplit_once('@').map_or("", |(_, date)| date);
    date.len() == 10 && NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok()
}

fn told(text: &str, error: &CronError) -> FieldError {
    let message = match error {
        CronError::ManyTimes => format!("{} {error}, and a series comes at one", quote(text)),
        CronError::Fields(_)
        | CronError::NoTime
        | CronError::BothDays
        | CronError::Unreadable(_)
        | CronError::Never => format!("{} {error}", quote(text)),
    };
    let help = match error {
        CronError::Fields(6) => "leave the seconds out: minute, hour, day, month, day of the week",
        CronError::Fields(_) => "write minute, hour, day, month, day of the week: 0 20 * * FRI",
        CronError::ManyTimes => "write minute and hour as one number each; a series for each time",
        CronError::NoTime => "write minute and hour first, as numbers: 0 20 * * FRI is 20:00",
        CronError::BothDays => {
            "it is not clear whether either or both must hold: write `*` for one of them"
        }
        CronError::Unreadable(_) => "days are 1-31 or L, months 1-12 or JAN-DEC, weekdays MON-SUN",
        CronError::Never => "no month has such a day",
    };
    (message, help.to_owned())
}
