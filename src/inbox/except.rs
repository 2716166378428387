//! The dates that a series leaves out: `except:` with dates, spans of dates and files of dates.
//!
//! A file has one date or span on each line, or it is a calendar (.ics) such as authorities publish
//! for public holidays. Of a calendar its whole days count. Chinese calendars also contain the
//! weekend days on which people work instead (班): those are no holidays, and are not left out.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use icalendar::{Calendar, CalendarComponent, Component as _, DatePerhapsTime, Event, EventStatus};

use super::media::check_path;
use super::reader::Reader;
use super::time::{FieldError, date};
use crate::l10n::{Sentence, t};
use crate::yaml::diagnostic::{Location, quote};
use crate::yaml::{Entry, Node, Value};

/// How many dates one item may leave out.
const DATES_MOST: usize = 10_000;
const FORM: Sentence = || t!("inbox-write-dates-2027-10-01");
/// How Apple's calendars tell days off and working days from other events.
const SPECIAL_DAY: &str = "X-APPLE-SPECIAL-DAY";
const DAY_OFF: &str = "WORK-HOLIDAY";
/// What Chinese calendars call a weekend day on which people work.
const WORKING_DAY: char = '班';

impl Reader<'_, '_> {
    /// Returns the dates that `except` names; they are valid only if no problem was reported.
    pub(super) fn except(
        &mut self,
        entry: &Entry<'_>,
        notes: &mut Vec<String>,
    ) -> BTreeSet<NaiveDate> {
        let items: Vec<&Node<'_>> = match &entry.node.value {
            Value::List(items) => items.iter().collect(),
            Value::Text { .. } => vec![&entry.node],
            Value::Empty | Value::Map(_) => {
                let message = t!("inbox-except-must-dates-not", describe = %entry.node.describe());
                self.report.say_with(entry.node.location, message, FORM());
                return BTreeSet::new();
            }
        };
        let mut dates = BTreeSet::new();
        for item in items {
            let Value::Text { text, .. } = &item.value else {
                let message = t!("inbox-exception-text-not", describe = %item.describe());
                self.report.say_with(item.location, message, FORM());
                continue;
            };
            // A file's name has an ending; a date has none.
            let found = if text.contains('.') && !text.contains("..") {
                self.dates_of_file(text, item.location, notes)
            } else {
                self.told(item.location, span(text))
            };
            dates.extend(found.unwrap_or_default());
        }
        dates
    }

    fn dates_of_file(
        &mut self,
        path: &str,
        location: Location,
        notes: &mut Vec<String>,
    ) -> Option<BTreeSet<NaiveDate>> {
        let named =
            check_path(path).map_err(|message| (message, t!("inbox-name-file-job-own-folder")));
        self.told(location, named)?;
        let bytes = match self.lists.list(path) {
            Ok(bytes) => bytes,
            Err(message) => {
                self.report.say(location, message);
                return None;
            }
        };
        let is_calendar = path.to_ascii_lowercase().ends_with(".ics");
        let read = match std::str::from_utf8(&bytes) {
            Ok(text) if is_calendar => calendar(path, text),
            Ok(text) => lines(path, text).map(Found::of),
            Err(_) => Err((t!("inbox-not-text-utf-8", path = %quote(path)), FORM())),
        };
        let Found { dates, working } = self.told(location, read)?;
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else {
            let message = t!("inbox-contains-no-date", path = %quote(path));
            self.report.say_with(location, message, FORM());
            return None;
        };
        let mut note = t!(
            "inbox-leaves-out",
            path = path,
            count = dates.len(),
            first = %first,
            last = %last
        );
        if working > 0 {
            note.push_str(&t!("inbox-working-days", days = working));
        }
        notes.push(note);
        Some(dates)
    }

    /// Returns a value, or reports what is wrong with it.
    fn told<T>(&mut self, location: Location, value: Result<T, FieldError>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err((message, help)) => {
                self.report.say_with(location, message, help);
                None
            }
        }
    }
}

/// The dates of a file.
#[derive(Default)]
struct Found {
    dates: BTreeSet<NaiveDate>,
    /// How many days of the file are working days.
    working: usize,
}

impl Found {
    fn of(dates: BTreeSet<NaiveDate>) -> Self {
        Self { dates, working: 0 }
    }
}

/// Returns the dates of `2027-10-01`, or of a span `2027-10-01..2027-10-07`.
fn span(text: &str) -> Result<BTreeSet<NaiveDate>, FieldError> {
    let text = text.trim();
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (date(first.trim())?, date(last.trim())?);
    if last < first {
        return Err((t!("inbox-ends-before-begins", text = %quote(text)), FORM()));
    }
    let dates: BTreeSet<_> =
        first.iter_days().take_while(|date| *date <= last).take(DATES_MOST + 1).collect();
    if dates.len() > DATES_MOST {
        return Err((
            t!("inbox-longer-than-days", text = %quote(text), dates_most = %DATES_MOST),
            FORM(),
        ));
    }
    Ok(dates)
}

/// Returns the dates of a text file: one or a span on each line, `#` begins a comment.
fn lines(path: &str, text: &str) -> Result<BTreeSet<NaiveDate>, FieldError> {
    let mut dates = BTreeSet::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let found = span(line).map_err(|(message, help)| {
            (t!("inbox-line", path = %path, number = %number, message = %message), help)
        })?;
        dates.extend(found);
    }
    Ok(dates)
}

/// Returns the whole days of a calendar.
fn calendar(path: &str, text: &str) -> Result<Found, FieldError> {
    let calendar: Calendar =
        text.trim_start_matches('\u{feff}').parse().map_err(|error: String| {
            let message = t!("inbox-no-calendar", path = %quote(path), error = %error);
            (message, t!("inbox-export-again-icalendar-ics"))
        })?;
    let events = calendar.components.iter().filter_map(CalendarComponent::as_event);
    let events: Vec<_> =
        events.filter(|event| event.get_status() != Some(EventStatus::Cancelled)).collect();
    let marks_days_off = events.iter().any(|event| event.property_value(SPECIAL_DAY).is_some());
    let mut found = Found::default();
    for event in events {
        let dates = days_of(path, event)?;
        let is_off = match event.property_value(SPECIAL_DAY) {
            Some(mark) => mark == DAY_OFF,
            None => {
                !marks_days_off && !event.get_summary().unwrap_or_default().contains(WORKING_DAY)
            }
        };
        if is_off {
            found.dates.extend(dates);
        } else if event.get_summary().unwrap_or_default().contains(WORKING_DAY) {
            found.working += dates.len();
        }
    }
    Ok(found)
}

/// Returns the whole days of an event; none if it has a time of day.
fn days_of(path: &str, event: &Event) -> Result<BTreeSet<NaiveDate>, FieldError> {
    let Some(DatePerhapsTime::Date(first)) = event.get_start() else { return Ok(BTreeSet::new()) };
    if event.property_value("RRULE").is_some() || event.property_value("RDATE").is_some() {
        let name = event.get_summary().map_or_else(|| t!("inbox-event"), str::to_owned);
        let message = t!("inbox-recurs", name = %quote(&name), path = %quote(path));
        return Err((message, t!("inbox-use-calendar-each-date-own")));
    }
    // The end of a whole-day event is the day after its last one.
    let end = match event.get_end() {
        Some(DatePerhapsTime::Date(end)) if end > first => end,
        _ => first.checked_add_days(Days::new(1)).unwrap_or(first),
    };
    Ok(first.iter_days().take_while(|date| *date < end).take(DATES_MOST).collect())
}
