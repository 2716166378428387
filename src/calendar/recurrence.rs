//! What a job file says about a series' dates: cron expressions in the series' own time zone, with
//! bounds and exceptions.
//!
//! An occurrence has the id `ID@DATE`, and `ID@DATE-HHMM` if the series has several times of a day.
//! So the minute is one number, the hour is one or a list, and only the three fields of the day are
//! patterns. `croner` matches those against dates and not against instants. The time of day is then
//! put into the zone as `at` is, so that no clock change gives a date two occurrences or none: of a
//! time that occurs twice the first, and for a skipped time the first after the gap. A date that
//! the zone does not have at all (Samoa had no 30 December 2011) has no occurrence.
//!
//! Cron reads a day of the month beside a day of the week as "either", and half of its users read
//! it as "both". One broadcast too many cannot be undone, so that is refused.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _,
    Utc,
};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::chinese::Chinese;
use crate::l10n::{Lang, lang, t};

use super::{DateValues, LocalTimeError, instant};

/// The last year that job files may use.
const LAST_YEAR: i32 = 2199;

/// Why an expression gives no dates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// It has seconds, or too few fields.
    #[error("{}", t!("cron-fields", count = %.0))]
    Fields(usize),
    /// Its minute or hour is a pattern.
    #[error("{}", t!("cron-pattern"))]
    Pattern,
    /// Its minute or hour is not a number of a clock.
    #[error("{}", t!("cron-no-time"))]
    NoTime,
    /// It names days of the month and days of the week.
    #[error("{}", t!("cron-both-days"))]
    BothDays,
    /// A field cannot be read.
    #[error("{}", t!("cron-unreadable", why = %.0))]
    Unreadable(String),
    /// It is an expression, but no date matches it.
    #[error("{}", t!("cron-never"))]
    Never,
}

/// Names one date of a series: its local date, with its time of day if the series has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateKey {
    /// The local date.
    pub date: NaiveDate,
    /// The time of day as the expression has it.
    pub time: Option<NaiveTime>,
}

impl DateKey {
    /// Returns what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.len() {
            10 => (text, None),
            15 => {
                let (date, time) = text.split_at_checked(10)?;
                let digits = time.strip_prefix('-')?;
                (date, Some(NaiveTime::parse_from_str(digits, "%H%M").ok()?))
            }
            _ => return None,
        };
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
        let key = Self { date, time };
        (key.to_string() == text).then_some(key)
    }
}

impl fmt::Display for DateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            None => write!(f, "{}", self.date),
            Some(time) => write!(f, "{}-{}", self.date, time.format("%H%M")),
        }
    }
}

impl Serialize for DateKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One date of a series, and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Its name, which is part of the occurrence's id.
    pub date: DateKey,
    /// The instant.
    pub at: DateTime<Utc>,
}

/// One cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// The expression, its fields one space apart.
    text: String,
    /// Its times of a day, in order.
    times: Vec<NaiveTime>,
    /// The expression at midnight, which gives the dates.
    days: croner::Cron,
}

impl Cron {
    /// Parses an expression.
    ///
    /// # Errors
    /// If it gives no dates, or its time of a day is not one minute of some hours.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let fields: Vec<_> = text.split_ascii_whitespace().collect();
        let [minute, hours, day, month, weekday] = fields[..] else {
            return Err(CronError::Fields(fields.len()));
        };
        let minute = number(minute)?;
        let times = hours
            .split(',')
            .map(|hour| NaiveTime::from_hms_opt(number(hour)?, minute, 0).ok_or(CronError::NoTime));
        let times: BTreeSet<_> = times.collect::<Result<_, _>>()?;
        if ![day, weekday].iter().any(|field| matches!(*field, "*" | "?")) {
            return Err(CronError::BothDays);
        }
        let days = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(&format!("0 0 {day} {month} {weekday}"))
            .map_err(|error| CronError::Unreadable(sentence(&error)))?;
        let cron = Self { text: fields.join(" "), times: times.into_iter().collect(), days };
        // The calendar repeats within the years that are searched, 29 February included.
        let early = NaiveDate::from_ymd_opt(2000, 1, 1).expect("it is in the calendar");
        cron.days_from(early).next().ok_or(CronError::Never)?;
        Ok(cron)
    }

    /// Returns the expression in words.
    fn words(&self) -> String {
        let days = match lang() {
            Lang::En => self.days.describe(),
            Lang::ZhCn => self.days.describe_lang(Chinese),
        };
        let days = days.trim_end_matches('.');
        let days = days.strip_prefix("At 00:00").unwrap_or(days).trim_start_matches(", ");
        let days = match (days, lang()) {
            ("", _) => t!("cron-every-day"),
            (days, Lang::En) => days.to_owned(),
            (days, Lang::ZhCn) => {
                let days = days.replace(", 和 ", " 和 ").replace(" 和 周", "和周");
                let days = days.replace(" 和 每", "和每").replace("月 和 ", "月和 ");
                days.replace(", （", "（").replace(", ", "、")
            }
        };
        let times: Vec<_> =
            self.times.iter().map(|time| time.format("%H:%M").to_string()).collect();
        let times = match times.split_last() {
            Some((last, before @ [_, ..])) => {
                let before = before.join(&t!("list-separator"));
                t!("cron-times", before = before, last = last.as_str())
            }
            _ => times.concat(),
        };
        // No space after a full-width bracket.
        t!("cron-words", times = times, days = days).replace("） ", "）")
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
}

/// Which of the dates that its expressions match a series has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The first wall-clock time that counts; none means the time when it is taken.
    pub from: Option<NaiveDateTime>,
    /// The last one that counts.
    pub until: Option<NaiveDateTime>,
    /// How many dates there are, counted from `from`.
    pub count: Option<u32>,
    /// The local dates that are left out and not counted.
    pub except: BTreeSet<NaiveDate>,
}

/// The dates and times of a series, as its file describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    crons: Vec<Cron>,
    zone: Tz,
    bounds: Bounds,
}

/// What a digest covers: a series of one expression has the form that it always had.
impl Serialize for Recurrence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Bounds { from, until, count, except } = &self.bounds;
        let mut fields = serializer.serialize_struct("Recurrence", 4)?;
        match &self.crons[..] {
            [cron] => fields.serialize_field("cron", &cron.text)?,
            _ => fields.serialize_field("cron", &self.crons().collect::<Vec<_>>())?,
        }
        fields.serialize_field("zone", &self.zone)?;
        fields.serialize_field("from", from)?;
        fields.serialize_field("until", until)?;
        if count.is_some() {
            fields.serialize_field("count", count)?;
        }
        if !except.is_empty() {
            fields.serialize_field("except", except)?;
        }
        fields.end()
    }
}

impl Recurrence {
    /// Joins expressions and bounds. `count` needs `from`, or it has no effect.
    pub fn new(crons: Vec<Cron>, zone: Tz, bounds: Bounds) -> Self {
        Self { crons, zone, bounds }
    }

    /// Returns the expressions.
    pub fn crons(&self) -> impl Iterator<Item = &str> {
        self.crons.iter().map(|cron| cron.text.as_str())
    }

    /// Returns the expressions in one line, for display.
    pub fn cron(&self) -> String {
        self.crons().collect::<Vec<_>>().join("; ")
    }

    /// Returns the zone of its dates.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Returns its bounds and exceptions.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Returns whether it has several times of a day, so that a date alone names no occurrence.
    pub fn has_several_times(&self) -> bool {
        let times: BTreeSet<_> = self.crons.iter().flat_map(|cron| &cron.times).collect();
        times.len() > 1
    }

    /// Returns the expressions in words.
    pub fn words(&self) -> String {
        self.crons.iter().map(Cron::words).collect::<Vec<_>>().join(&t!("cron-separator"))
    }

    /// Returns the instant of one of its dates, if it has that.
    pub fn on(&self, key: DateKey) -> Option<DateTime<Utc>> {
        self.of_day(key.date).find(|date| date.date == key).map(|date| date.at)
    }

    /// Returns its dates from `from` on, each with what it fills into the texts of its series; none
    /// without `from`. They are numbered as `count` counts them.
    pub fn numbered(&self) -> impl Iterator<Item = (Date, DateValues)> + '_ {
        let from = self.bounds.from.into_iter();
        let dates = from.flat_map(|from| self.starting_on(from.date())).zip(1..);
        dates.map(|(date, number)| (date, DateValues { at: self.local(date.at), number }))
    }

    /// Returns what one of its dates fills into the texts of its series. A move by an operator does
    /// not change that.
    pub fn values(&self, date: Date) -> DateValues {
        let key = date.date;
        let mut numbered = self.numbered().take_while(|(other, _)| other.date.date <= key.date);
        numbered.find(|(other, _)| other.date == key).map_or_else(
            || DateValues { at: self.local(self.on(key).unwrap_or(date.at)), number: 0 },
            |(_, values)| values,
        )
    }

    fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    /// Returns the local day of an instant.
    pub fn on_day_of(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// Returns its dates of a local day, in order.
    pub fn of_day(&self, day: NaiveDate) -> impl Iterator<Item = Date> + '_ {
        self.starting_on(day).take_while(move |date| date.date.date == day)
    }

    /// Returns its dates after an instant, in order.
    pub fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = Date> + '_ {
        let first = instant.with_timezone(&self.zone).date_naive();
        self.starting_on(first).filter(move |date| date.at > instant)
    }

    /// Returns its dates from a local date on, in order.
    fn starting_on(&self, first: NaiveDate) -> impl Iterator<Item = Date> + '_ {
        let Bounds { from, until, count, .. } = self.bounds;
        let start = match (count, from) {
            // What is counted is counted from the beginning.
            (Some(_), Some(from)) => from.date(),
            (None, Some(from)) => first.max(from.date()),
            (_, None) => first,
        };
        let most = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        let several = self.has_several_times();
        self.walls(start)
            .take_while(move |wall| until.is_none_or(|until| *wall <= until))
            .filter_map(move |wall| self.place(wall, several))
            .take(most)
            .skip_while(move |date| date.date.date < first)
    }

    /// Returns the wall-clock times that the expressions match, from a first date on.
    fn walls(&self, first: NaiveDate) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let mut days: Vec<_> =
            self.crons.iter().map(|cron| (cron, cron.days_from(first).peekable())).collect();
        let of_day = std::iter::from_fn(move || {
            let date = days.iter_mut().filter_map(|(_, days)| days.peek().copied()).min()?;
            let mut times = BTreeSet::new();
            for (cron, days) in &mut days {
                if days.next_if_eq(&date).is_some() {
                    times.extend(cron.times.iter().copied());
                }
            }
            Some(times.into_iter().map(move |time| date.and_time(time)))
        });
        of_day.flatten()
    }

    /// Puts a wall-clock time into the zone, if it counts and the zone has that date.
    fn place(&self, wall: NaiveDateTime, several: bool) -> Option<Date> {
        let (date, Bounds { from, except, .. }) = (wall.date(), &self.bounds);
        let counts = from.is_none_or(|from| from <= wall) && !except.contains(&date);
        let noon = date.and_hms_opt(12, 0, 0).expect("every date has a noon to ask for");
        if !counts || instant(noon, self.zone).is_err() {
            return None;
        }
        let key = DateKey { date, time: several.then(|| wall.time()) };
        Some(Date { date: key, at: at_or_after_gap(wall, self.zone) })
    }
}

/// Returns the instant of a wall-clock time; of one that is skipped, the first after the gap.
fn at_or_after_gap(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    if let Ok(at) = instant(wall, zone) {
        return at;
    }
    // Every zone's gaps begin and end at a quarter of an hour.
    let quarter = TimeDelta::minutes(15);
    let mut candidate = wall - TimeDelta::minutes(i64::from(wall.minute() % 15));
    loop {
        candidate += quarter;
        match instant(candidate, zone) {
            Ok(at) => return at,
            // In Nuuk a gap ends with the date itself: then the next midnight is used.
            Err(LocalTimeError::Skipped(_)) => {}
        }
    }
}

/// Returns the one number of a field.
fn number(field: &str) -> Result<u32, CronError> {
    if (1..=2).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_digit()) {
        return field.parse().map_err(|_| CronError::NoTime);
    }
    let pattern = |byte: u8| byte.is_ascii_digit() || b"*,-/?".contains(&byte);
    Err(if field.bytes().all(pattern) { CronError::Pattern } else { CronError::NoTime })
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
        Recurrence::new(vec![Cron::parse(cron).unwrap()], zone, Bounds::default())
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
            ("0 8-20 * * *", CronError::Pattern),
            ("0 8,,20 * * *", CronError::Pattern),
            ("0,30 20 * * *", CronError::Pattern),
            ("*/15 20 * * *", CronError::Pattern),
            ("0 * * * *", CronError::Pattern),
            ("0-0 20 * * *", CronError::Pattern),
            ("0 8,24 * * *", CronError::NoTime),
            ("0 24 * * *", CronError::NoTime),
            ("60 20 * * *", CronError::NoTime),
            ("-1 x * * *", CronError::Pattern),
            ("0 x * * *", CronError::NoTime),
            ("０ 20 * * *", CronError::NoTime),
            ("0 20 13 * FRI", CronError::BothDays),
            ("0 20 30 2 *", CronError::Never),
            ("0 20 31 4,6,9,11 *", CronError::Never),
        ] {
            assert_eq!(Cron::parse(cron).unwrap_err(), expected, "{cron}");
        }
        for cron in ["0 20 32 * *", "0 20 * 13 *", "0 20 * * 8", "0 20 * * FREITAG", "0 20 1-x * *"]
        {
            let found = Cron::parse(cron);
            assert!(matches!(found, Err(CronError::Unreadable(_))), "{cron}: {found:?}");
        }
    }

    #[test]
    fn what_counts_lies_between_its_bounds_both_included() {
        let (from, until) = (Some(local("2027-03-05 20:00")), Some(local("2027-03-07 20:00")));
        let cron = Cron::parse("0 20 * * *").unwrap();
        let bounds = Bounds { from, until, ..Bounds::default() };
        let recurrence = Recurrence::new(vec![cron], Asia::Shanghai, bounds);

        let found = dates(&recurrence, "2027-01-01T00:00:00Z", 9);
        let days = ["2027-03-05 05 12:00", "2027-03-06 06 12:00", "2027-03-07 07 12:00"];
        assert_eq!(found, days);
        assert_eq!(dates(&recurrence, "2027-03-06T12:00:00Z", 9), days[2..]);
        let on = |text| recurrence.on(DateKey::parse(text).unwrap());
        assert_eq!(on("2027-03-05"), Some(utc("2027-03-05T12:00:00Z")));
        assert_eq!((on("2027-03-08"), on("2027-03-05-2000")), (None, None));
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
                    let next = pair[0].date.date.succ_opt().unwrap();
                    assert_eq!(pair[1].date.date, next, "{zone} {cron}");
                    assert!(pair[0].at < pair[1].at, "{zone} {cron}");
                    assert_eq!(recurrence.on(pair[0].date), Some(pair[0].at));
                }
            }
        }
    }

    #[test]
    fn several_times_of_a_day_come_in_order_also_across_a_gap() {
        for zone in ["America/New_York", "Australia/Lord_Howe", "America/Nuuk", "Africa/Cairo"] {
            let recurrence = series("40 0,1,2,3,23 * * *", zone.parse().unwrap());
            let found: Vec<_> = recurrence.after(utc("2026-01-01T12:00:00Z")).take(2000).collect();
            for pair in found.windows(2) {
                assert!(pair[0].date < pair[1].date && pair[0].at <= pair[1].at, "{zone} {pair:?}");
                assert_eq!(recurrence.on(pair[0].date), Some(pair[0].at));
            }
        }
    }

    #[test]
    fn a_skipped_time_is_the_very_first_after_the_gap() {
        let skipped = series("40 2 * * *", America::New_York);
        assert_eq!(dates(&skipped, "2026-03-07T12:00:00Z", 1), ["2026-03-08 08 07:00"]);
    }

    #[test]
    fn a_key_reads_back_as_it_is_written() {
        for text in ["2027-03-05", "2027-03-05-0800"] {
            assert_eq!(DateKey::parse(text).unwrap().to_string(), text);
        }
        for text in ["2027-02-30", "2027-03-05-2400", "2027-03-05T0800", "2027-3-5", "+2027-03-5"] {
            assert_eq!(DateKey::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_digest_of_a_series_of_one_expression_has_its_first_form() {
        let json = serde_json::to_string(&series("0 20 * * FRI", Asia::Shanghai)).unwrap();
        assert_eq!(
            json,
            r#"{"cron":"0 20 * * FRI","zone":"Asia/Shanghai","from":null,"until":null}"#
        );
    }

    #[test]
    fn an_expression_reads_in_words() {
        for (cron, words) in [
            ("0 8,12,20 * * *", "at 08:00, 12:00 and 20:00, every day"),
            ("0 20 * * FRI", "at 20:00, on Friday"),
            ("5 8 * * *", "at 08:05, every day"),
            ("0 20 L 3 *", "at 20:00, on the last day of the month, in March"),
        ] {
            assert_eq!(series(cron, Asia::Shanghai).words(), words);
        }
        for (cron, words) in [
            ("0 8,12,20 * * *", "每天 08:00、12:00 和 20:00"),
            ("0 20 * * FRI", "每周五 20:00"),
            ("0 20 * * MON,WED,FRI", "每周一、周三和周五 20:00"),
            ("0 20 * * FRI#L", "每月最后一个周五 20:00"),
            ("0 20 1,15 * *", "每月 1 和 15 日 20:00"),
            ("0 20 L 3 *", "每月最后一天（限 3 月）20:00"),
        ] {
            let told = crate::l10n::within(Lang::ZhCn, || series(cron, Asia::Shanghai).words());
            assert_eq!(told, words);
        }
    }
}
