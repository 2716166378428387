//! Beijing days and months, the minutes around midnight, and local times in other zones.
//!
//! The platform counts in Asia/Shanghai, which has been UTC+8 without daylight saving since 1991,
//! so a [`Window`] is arithmetic and never uses the machine's zone. A job's own zone matters only
//! for its time of day, which a deferral keeps.

mod dates;
pub mod json;
mod recurrence;
mod template;

use std::borrow::Cow;
use std::fmt;

use crate::l10n::t;
use chrono::{
    DateTime, Datelike, FixedOffset, LocalResult, Months, NaiveDate, NaiveDateTime, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use dates::{DateChange, DateChanges, SeriesDates};
pub use recurrence::{Bounds, Cron, CronError, Date, DateKey, Recurrence};
pub use template::{DateValues, Template, TemplateError};

/// No mass request is sent in the first two minutes of a Beijing day: a request under way at
/// midnight may be counted on either side.
pub const GUARD_AFTER_MIDNIGHT: TimeDelta = TimeDelta::minutes(2);
/// From two minutes before midnight on, a request may be counted in the next day.
pub const GUARD_BEFORE_MIDNIGHT: TimeDelta = TimeDelta::minutes(2);

const BEIJING: FixedOffset = FixedOffset::east_opt(8 * 3600).expect("eight hours is an offset");

/// The length of the span that a rule counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Span {
    /// A Beijing day.
    Day,
    /// A Beijing calendar month.
    Month,
    /// All of time: what was used stays used.
    Ever,
}

/// The written form of the one window that never ends.
const EVER: &str = "ever";
/// Its end for arithmetic.
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");

/// One Beijing day or month, or all of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    span: Span,
    first: NaiveDate,
}

impl Window {
    /// Returns the window of this span that contains an instant.
    pub fn containing(span: Span, at: DateTime<Utc>) -> Self {
        let day = at.with_timezone(&BEIJING).date_naive();
        let first = match span {
            Span::Day => day,
            Span::Month => day.with_day(1).expect("every month has a first day"),
            Span::Ever => NaiveDate::default(),
        };
        Self { span, first }
    }

    /// Returns whether it is a day, a month or all of time.
    pub fn span(self) -> Span {
        self.span
    }

    /// Returns the weekday of its first day, for display.
    pub fn start_weekday(self) -> String {
        self.first.format("%A").to_string()
    }

    /// Returns its first instant.
    pub fn start(self) -> DateTime<Utc> {
        midnight(self.first)
    }

    /// Returns the first instant after it; of all of time, one that nothing waits for.
    pub fn end(self) -> DateTime<Utc> {
        match self.span {
            Span::Day | Span::Month => self.next().start(),
            Span::Ever => midnight(LAST_DAY),
        }
    }

    /// Returns the window after it; all of time has no other.
    pub fn next(self) -> Self {
        let first = match self.span {
            Span::Day => self.first.succ_opt(),
            Span::Month => self.first.checked_add_months(Months::new(1)),
            Span::Ever => Some(self.first),
        };
        Self { span: self.span, first: first.expect("the calendar ends in the year 262143") }
    }

    /// Returns the window before it.
    pub fn previous(self) -> Self {
        Self::containing(self.span, self.start() - TimeDelta::seconds(1))
    }

    /// Returns whether an instant is in it.
    pub fn contains(self, at: DateTime<Utc>) -> bool {
        Self::containing(self.span, at) == self
    }

    /// Returns the window written as [`Display`](fmt::Display) does.
    pub fn parse(text: &str) -> Option<Self> {
        if text == EVER {
            return Some(Self { span: Span::Ever, first: NaiveDate::default() });
        }
        if let Ok(first) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Self { span: Span::Day, first });
        }
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
        Some(Self { span: Span::Month, first })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            Span::Day => write!(f, "{}", self.first.format("%Y-%m-%d")),
            Span::Month => write!(f, "{}", self.first.format("%Y-%m")),
            Span::Ever => f.write_str(EVER),
        }
    }
}

impl Serialize for Window {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("this is no window"))
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let naive = day.and_hms_opt(0, 0, 0).expect("midnight exists");
    BEIJING.from_local_datetime(&naive).single().expect("a fixed offset has no gaps").to_utc()
}

/// Returns the Beijing midnight at or before an instant.
pub fn last_midnight(at: DateTime<Utc>) -> DateTime<Utc> {
    Window::containing(Span::Day, at).start()
}

/// Returns when the guard after midnight ends, if the instant is in it.
pub fn guard_end(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let end = last_midnight(at) + GUARD_AFTER_MIDNIGHT;
    (at < end).then_some(end)
}

/// Returns the coming midnight, if a request made now could be counted after it.
pub fn midnight_ahead(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = Window::containing(Span::Day, at).end();
    (at >= next - GUARD_BEFORE_MIDNIGHT).then_some(next)
}

/// Returns an instant in Beijing time, for display.
pub fn beijing(at: DateTime<Utc>) -> String {
    at.with_timezone(&BEIJING).format("%Y-%m-%d %H:%M:%S +08:00").to_string()
}

/// Returns a span in one or two units, for display.
pub fn long(span: TimeDelta) -> String {
    let (days, hours, minutes) = (span.num_days(), span.num_hours(), span.num_minutes());
    match (days, hours, minutes) {
        (2.., _, _) => t!("span-days", days = days),
        (1, _, _) if hours % 24 == 0 => t!("span-days", days = 1),
        (1, _, _) => t!("span-day-hours", hours = hours % 24),
        (_, 1.., _) if minutes % 60 == 0 => t!("span-hours", hours = hours),
        (_, 1.., _) => t!("span-hours-minutes", hours = hours, minutes = minutes % 60),
        (_, _, 2..) => t!("span-minutes", minutes = minutes),
        _ => t!("span-seconds", seconds = span.num_seconds()),
    }
}

/// Returns an instant in Beijing's offset, for programs.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.with_timezone(&BEIJING).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
}

/// Why a wall-clock time in a zone is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalTimeError {
    /// The clocks are put forward over it.
    #[error("{}", t!("time-skipped", zone = %.0))]
    Skipped(Tz),
}

/// Returns the instant of a wall-clock time; of two, the first.
///
/// # Errors
/// If the zone's clocks skip that time.
pub fn instant(local: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>, LocalTimeError> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(at.to_utc()),
        LocalResult::None => Err(LocalTimeError::Skipped(zone)),
    }
}

/// Returns the same wall-clock time so many days later in a zone.
///
/// If the clocks skip that time, the first time after the gap (in steps of a quarter hour, of which
/// every zone's gaps are made).
pub fn days_later(at: DateTime<Utc>, days: u32, zone: Tz) -> DateTime<Utc> {
    let local = at.with_timezone(&zone).naive_local() + TimeDelta::days(i64::from(days));
    let mut candidate = local;
    loop {
        match instant(candidate, zone) {
            Ok(at) => return at,
            Err(LocalTimeError::Skipped(_)) => candidate += TimeDelta::minutes(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn a_day_begins_at_16_utc() {
        for (at, day) in [
            ("2027-03-19T15:59:59Z", "2027-03-19"),
            ("2027-03-19T16:00:00Z", "2027-03-20"),
            ("2027-12-31T16:00:00Z", "2028-01-01"),
            ("2028-02-28T16:00:00Z", "2028-02-29"),
        ] {
            assert_eq!(Window::containing(Span::Day, utc(at)).to_string(), day, "{at}");
        }
    }

    #[test]
    fn a_month_begins_at_16_utc_of_the_day_before() {
        for (at, month) in [
            ("2027-03-31T15:59:59Z", "2027-03"),
            ("2027-03-31T16:00:00Z", "2027-04"),
            ("2027-12-31T16:00:00Z", "2028-01"),
        ] {
            assert_eq!(Window::containing(Span::Month, utc(at)).to_string(), month, "{at}");
        }
    }

    #[test]
    fn windows_join_without_a_gap() {
        let mut day = Window::containing(Span::Day, utc("2027-12-30T00:00:00Z"));
        for _ in 0..800 {
            assert_eq!(day.end(), day.next().start());
            assert_eq!(day.next().previous(), day);
            assert_eq!(day.end() - day.start(), TimeDelta::days(1));
            day = day.next();
        }
    }

    #[test]
    fn all_of_time_is_one_window() {
        let [now, later] = ["2027-12-31T16:00:00Z", "2099-01-01T00:00:00Z"].map(utc);
        let ever = Window::containing(Span::Ever, now);

        assert_eq!(ever, Window::containing(Span::Ever, later));
        assert_eq!((ever.next(), ever.previous()), (ever, ever));
        assert!(ever.contains(later) && ever.start() < now && ever.end() > later);
    }

    #[test]
    fn a_window_reads_back_as_it_is_written() {
        for text in ["2027-03-20", "2027-03"] {
            assert_eq!(Window::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Window::parse("2027-13"), None);
    }

    #[test]
    fn the_guard_is_two_minutes_on_each_side_of_midnight() {
        assert_eq!(guard_end(utc("2027-03-19T16:00:00Z")), Some(utc("2027-03-19T16:02:00Z")));
        assert_eq!(guard_end(utc("2027-03-19T16:01:59Z")), Some(utc("2027-03-19T16:02:00Z")));
        assert_eq!(guard_end(utc("2027-03-19T16:02:00Z")), None);
        assert_eq!(midnight_ahead(utc("2027-03-19T15:57:59Z")), None);
        assert_eq!(midnight_ahead(utc("2027-03-19T15:58:00Z")), Some(utc("2027-03-19T16:00:00Z")));
    }

    #[test]
    fn a_later_day_keeps_the_wall_clock_through_daylight_saving() {
        let new_york = chrono_tz::America::New_York;
        let before = utc("2026-03-07T13:00:00Z"); // 08:00 EST

        assert_eq!(days_later(before, 1, new_york), utc("2026-03-08T12:00:00Z")); // 08:00 EDT
        assert_eq!(days_later(before, 1, chrono_tz::Asia::Shanghai), utc("2026-03-08T13:00:00Z"));
    }

    #[test]
    fn a_time_of_day_that_is_skipped_becomes_the_first_after_the_gap() {
        let new_york = chrono_tz::America::New_York;
        let half_past_two = utc("2026-03-07T07:30:00Z");

        assert_eq!(days_later(half_past_two, 1, new_york), utc("2026-03-08T07:00:00Z"));
    }

    #[test]
    fn a_wall_clock_time_that_comes_twice_is_the_first() {
        let new_york = chrono_tz::America::New_York;
        let local = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap().and_hms_opt(1, 30, 0).unwrap();

        assert_eq!(instant(local, new_york), Ok(utc("2026-11-01T05:30:00Z")));
    }

    #[test]
    fn every_zone_finds_an_instant_on_every_later_day() {
        for zone in chrono_tz::TZ_VARIANTS {
            for days in 0..400 {
                let at = utc("2026-11-21T12:00:00Z");
                let moved = days_later(at, days, zone) - at;

                assert!((moved - TimeDelta::days(i64::from(days))).abs() <= TimeDelta::hours(2));
            }
        }
    }
}
