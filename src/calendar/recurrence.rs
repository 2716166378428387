//! The dates of a series: a five-field cron expression in the series' own time zone.
//!
//! An occurrence has the id `ID@DATE`, so a series has at most one on a local date: its minute and
//! its hour are one number each, and only the three fields of the day are patterns. `croner`
//! matches those against dates and not against instants. The time of day is then put into the zone
//! as `at` is, so that no clock change gives a date two occurrences or none: of a time that occurs
//! twice the first, and for a skipped time the first after the gap. A date that the zone does not
//! have at all (Samoa had no 30 December 2011) has no occurrence.
//!
//! Cron reads a day of the month beside a day of the week as "either", and half of its users read
//! it as "both". One broadcast too many cannot be undone, so that is refused.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use serde::Serialize;

use super::{LocalTimeError, instant};

/// The last year that job files may use.
const LAST_YEAR: i32 = 2199;

/// Why an expression gives no dates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// It has seconds, or too few fields.
    #[error("has {0} instead of five fields")]
    Fields(usize),
    /// Its minute or hour is more than one number.
    #[error("comes at more than one time of a day")]
    ManyTimes,
    /// Its minute or hour is not a number of a clock.
    #[error("has no time of a day")]
    NoTime,
    /// It names days of the month and days of the week.
    #[error("names days of the month and days of the week")]
    BothDays,
    /// A field cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is an expression, but no date matches it.
    #[error("never comes")]
    Never,
}

/// One date of a series, and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The local date, which is part of the occurrence's id.
    pub date: NaiveDate,
    /// The instant.
    pub at: DateTime<Utc>,
}

/// The dates and time of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recurrence {
    /// The expression, its fields one space apart.
    cron: String,
    zone: Tz,
    /// The first wall-clock time that counts; none means the time when it is taken.
    from: Option<NaiveDateTime>,
    /// The last one that counts.
    until: Option<NaiveDateTime>,
    #[serde(skip)]
    time: NaiveTime,
    /// The expression at midnight, which gives the dates.
    #[serde(skip)]
    days: croner::Cron,
}

impl Recurrence {
    /// Parses an expression.
    ///
    /// # Errors
    /// If it has not exactly one time of a day, or no date.
    pub fn new(
        cron: &str,
        zone: Tz,
        from: Option<NaiveDateTime>,
        until: Option<NaiveDateTime>,
    ) -> Result<Self, CronError> {
        let fields: Vec<_> = cron.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(CronError::Fields(fields.len()));
        };
        let (minute, hour) = (number(minute)?, number(hour)?);
        let time = NaiveTime::from_hms_opt(hour, minute, 0).ok_or(CronError::NoTime)?;
        if ![day, weekday].iter().any(|field| matches!(*field, "*" | "?")) {
            return Err(CronError::BothDays);
        }
        let days = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(&format!("0 0 {day} {month} {weekday}"))
            .map_err(|error| CronError::Unreadable(sentence(&error)))?;
        let recurrence = Self { cron: fields.join(" "), zone, from, until, time, days };
        // The calendar repeats within the years that are searched, 29 February included.
        let early = NaiveDate::from_ymd_opt(2000, 1, 1).expect("it is in the calendar");
        recurrence.days_from(early).next().ok_or(CronError::Never)?;
        Ok(recurrence)
    }

    /// Returns the expression.
    pub fn cron(&self) -> &str {
        &self.cron
    }

    /// Returns the zone of its dates.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Returns the first wall-clock time that counts, if one was given.
    pub fn from(&self) -> Option<NaiveDateTime> {
        self.from
    }

    /// Returns the last wall-clock time that counts, if one was given.
    pub fn until(&self) -> Option<NaiveDateTime> {
        self.until
    }

    /// Returns the expression in words.
    pub fn words(&self) -> String {
        let days = self.days.describe();
        let days = days.trim_end_matches('.');
        let days = days.strip_prefix("At 00:00").unwrap_or(days).trim_start_matches(", ");
        let days = if days.is_empty() { "every day" } else { days };
        format!("at {}, {days}", self.time.format("%H:%M"))
    }

    /// Returns its instant on a local date, if that is one of its dates.
    pub fn on(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let named = self.days_from(date).next() == Some(date);
        named.then(|| self.place(date)).flatten().map(|date| date.at)
    }

    /// Returns its dates after an instant, in order.
    pub fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = Date> + '_ {
        let first = instant.with_timezone(&self.zone).date_naive();
        let first = self.from.map_or(first, |from| first.max(from.date()));
        self.days_from(first)
            .take_while(|date| self.until.is_none_or(|until| date.and_time(self.time) <= until))
            .filter_map(|date| self.place(date))
            .filter(move |date| date.at > instant)
    }

    /// Returns the dates that the expression matches, from a first one on.
    fn days_from(&self, first: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        let mut next = Some(first);
        std::iter::from_fn(move || {
            let from = next?.and_time(NaiveTime::MIN).and_utc();
            let found = self.days.find_next_occurrence(&from, true).ok()?.date_naive();
            next = found.checked_add_days(Days::new(1));
            (found.year() <= LAST_YEAR).then_some(found)
        })
    }

    /// Puts the time of day into the zone, if it counts and the zone has that date.
    fn place(&self, date: NaiveDate) -> Option<Date> {
        let local = date.and_time(self.time);
        let counts = self.from.is_none_or(|from| from <= local)
            && self.until.is_none_or(|until| local <= until);
        let noon = date.and_hms_opt(12, 0, 0).expect("every date has a noon to ask for");
        if !counts || instant(noon, self.zone).is_err() {
            return None;
        }
        let mut candidate = local;
        loop {
            match instant(candidate, self.zone) {
                Ok(at) => return Some(Date { date, at }),
                // In Nuuk a gap ends with the date itself: then the next midnight is used.
                Err(LocalTimeError::Skipped(_)) => candidate += TimeDelta::minutes(15),
            }
        }
    }
}

/// Returns the one number of a field.
fn number(field: &str) -> Result<u32, CronError> {
    if field.len() <= 2 && field.bytes().all(|byte| byte.is_ascii_digit()) {
        return field.parse().map_err(|_| CronError::NoTime);
    }
    let pattern = |byte: u8| byte.is_ascii_digit() || b"*,-/?".contains(&byte);
    Err(if field.bytes().all(pattern) { CronError::ManyTimes } else { CronError::NoTime })
}

/// Returns the parser's error as part of a sentence.
fn sentence(error: &croner::errors::CronError) -> String {
    let text = error.to_string();
    let text = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
    text.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Asia, Pacific};

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    fn series(cron: &str, zone: Tz) -> Recurrence {
        Recurrence::new(cron, zone, None, None).unwrap()
    }

    /// The first dates after an instant, written in UTC.
    fn dates(recurrence: &Recurrence, after: &str, count: usize) -> Vec<String> {
        let dates = recurrence.after(utc(after)).take(count);
        dates.map(|date| format!("{} {}", date.date, date.at.format("%d %H:%M"))).collect()
    }

    #[test]
    fn a_date_is_due_at_its_time_of_day_in_the_zone() {
        for (cron, expected) in [
            ("0 20 * * FRI", ["2027-03-05 05 12:00", "2027-03-12 12 12:00"]),
            ("30 9 * * 1-5", ["2027-03-02 02 01:30", "2027-03-03 03 01:30"]),
            ("0 0 1 * *", ["2027-04-01 31 16:00", "2027-05-01 30 16:00"]),
            ("0 20 L * *", ["2027-03-31 31 12:00", "2027-04-30 30 12:00"]),
            ("5 8 * * MON#2", ["2027-03-08 08 00:05", "2027-04-12 12 00:05"]),
            ("0 20 29 2 *", ["2028-02-29 29 12:00", "2032-02-29 29 12:00"]),
            ("0 20 */10 * ?", ["2027-03-11 11 12:00", "2027-03-21 21 12:00"]),
            ("0  20 * * 7", ["2027-03-07 07 12:00", "2027-03-14 14 12:00"]),
        ] {
            let recurrence = series(cron, Asia::Shanghai);
            assert_eq!(dates(&recurrence, "2027-03-01T12:00:00Z", 2), expected, "{cron}");
        }
    }

    #[test]
    fn an_expression_without_one_time_a_day_or_without_days_is_refused() {
        for (cron, expected) in [
            ("0 0 20 * * FRI", CronError::Fields(6)),
            ("@daily", CronError::Fields(1)),
            ("", CronError::Fields(0)),
            ("0 8,20 * * *", CronError::ManyTimes),
            ("*/15 20 * * *", CronError::ManyTimes),
            ("0 * * * *", CronError::ManyTimes),
            ("0-0 20 * * *", CronError::ManyTimes),
            ("0 24 * * *", CronError::NoTime),
            ("60 20 * * *", CronError::NoTime),
            ("-1 x * * *", CronError::ManyTimes),
            ("0 x * * *", CronError::NoTime),
            ("０ 20 * * *", CronError::NoTime),
            ("0 20 13 * FRI", CronError::BothDays),
            ("0 20 30 2 *", CronError::Never),
            ("0 20 31 4,6,9,11 *", CronError::Never),
        ] {
            let found = Recurrence::new(cron, Asia::Shanghai, None, None);
            assert_eq!(found.unwrap_err(), expected, "{cron}");
        }
        for cron in ["0 20 32 * *", "0 20 * 13 *", "0 20 * * 8", "0 20 * * FREITAG", "0 20 1-x * *"]
        {
            let found = Recurrence::new(cron, Asia::Shanghai, None, None);
            assert!(matches!(found, Err(CronError::Unreadable(_))), "{cron}: {found:?}");
        }
    }

    #[test]
    fn what_counts_lies_between_its_bounds_both_included() {
        let bounds = (Some(local("2027-03-05 20:00")), Some(local("2027-03-07 20:00")));
        let recurrence = Recurrence::new("0 20 * * *", Asia::Shanghai, bounds.0, bounds.1).unwrap();

        let found = dates(&recurrence, "2027-01-01T00:00:00Z", 9);
        let days = ["2027-03-05 05 12:00", "2027-03-06 06 12:00", "2027-03-07 07 12:00"];
        assert_eq!(found, days);
        assert_eq!(dates(&recurrence, "2027-03-06T12:00:00Z", 9), days[2..]);
        assert_eq!(
            recurrence.on(days[0][..10].parse().unwrap()),
            Some(utc("2027-03-05T12:00:00Z"))
        );
        assert_eq!(recurrence.on("2027-03-08".parse().unwrap()), None);
    }

    #[test]
    fn a_time_that_is_skipped_is_the_first_after_the_gap_and_one_that_comes_twice_the_first() {
        let skipped = series("30 2 * * *", America::New_York);
        let twice = series("30 1 * * *", America::New_York);

        assert_eq!(
            dates(&skipped, "2026-03-07T12:00:00Z", 2),
            ["2026-03-08 08 07:00", "2026-03-09 09 06:30"]
        );
        assert_eq!(
            dates(&twice, "2026-10-31T12:00:00Z", 2),
            ["2026-11-01 01 05:30", "2026-11-02 02 06:30"]
        );
        // Within the second pass of that hour its date is over.
        assert_eq!(dates(&twice, "2026-11-01T06:10:00Z", 1), ["2026-11-02 02 06:30"]);
    }

    #[test]
    fn a_date_that_the_zone_does_not_have_is_left_out_and_the_series_goes_on() {
        let recurrence = series("0 20 * * *", Pacific::Apia);

        let found: Vec<_> = recurrence.after(utc("2011-12-29T00:00:00Z")).take(3).collect();
        let days: Vec<_> = found.iter().map(|date| date.date.to_string()).collect();
        assert_eq!(days, ["2011-12-28", "2011-12-29", "2011-12-31"]);
    }

    #[test]
    fn every_zone_has_one_occurrence_a_date_and_in_order() {
        for zone in chrono_tz::TZ_VARIANTS {
            for cron in ["30 2 * * *", "0 0 * * *", "45 23 * * *"] {
                let recurrence = series(cron, zone);
                let found: Vec<_> =
                    recurrence.after(utc("2026-01-01T12:00:00Z")).take(800).collect();
                for pair in found.windows(2) {
                    assert_eq!(pair[1].date, pair[0].date.succ_opt().unwrap(), "{zone} {cron}");
                    assert!(pair[0].at < pair[1].at, "{zone} {cron}");
                    assert_eq!(recurrence.on(pair[0].date), Some(pair[0].at));
                }
            }
        }
    }

    #[test]
    fn an_expression_reads_in_words() {
        for (cron, words) in [
            ("0 20 * * FRI", "at 20:00, on Friday"),
            ("5 8 * * *", "at 08:05, every day"),
            ("0 20 L 3 *", "at 20:00, on the last day of the month, in March"),
        ] {
            assert_eq!(series(cron, Asia::Shanghai).words(), words);
        }
    }
}
