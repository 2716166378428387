//! Parses the times and durations of a job file.
//!
//! A time is wall clock in a zone, or carries its own offset. A time that does not exist (a day
//! that the month does not have, an hour that a clock change skips) is refused rather than moved.
//! So is a time that occurs twice: its author may have meant the other one, and a broadcast cannot
//! be recalled.

use std::time::Duration;

use chrono::{
    DateTime, Datelike as _, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset as _,
    TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::l10n::{Sentence, t};
use crate::yaml::diagnostic::{closest, quote};

/// What is wrong with a value, and what would be right.
pub(crate) type FieldError = (String, String);

const FORM: Sentence = || t!("inbox-write-2027-03-20-20");

/// Returns the zone of an IANA name.
///
/// A zone of a fixed offset is refused: its sign is the opposite of the usual notation.
pub(crate) fn zone(name: &str) -> Result<Tz, FieldError> {
    if let Some(told) = turned_round(name) {
        return Err(told);
    }
    name.parse().map_err(|_| {
        let meant = match name {
            "Asia/Beijing" | "Beijing" | "CST" | "UTC+8" | "UTC+08:00" | "GMT+8" | "+08:00"
            | "北京时间" => Some("Asia/Shanghai"),
            _ => closest(name, TZ_VARIANTS.iter().map(|zone| zone.name())),
        };
        let help = match meant {
            Some(zone) => t!("yaml-did-you-mean", key = %zone),
            None => t!("inbox-write-iana-name-such-asia"),
        };
        (t!("inbox-no-time-zone", name = %quote(name)), help)
    })
}

/// Returns the error for `Etc/GMT+8`, which is 8 hours behind UTC but is written to mean the
/// opposite.
fn turned_round(name: &str) -> Option<FieldError> {
    let offset = name.strip_prefix("Etc/GMT")?;
    let (sign, hours) = offset.split_at_checked(1)?;
    let hours: u32 = hours.parse().ok().filter(|hours| (1..=14).contains(hours))?;
    let (is, reads) = match sign {
        "+" => ('-', '+'),
        "-" => ('+', '-'),
        _ => return None,
    };
    let message = t!("inbox-utc-definition-reads-like-utc", name = %quote(name), is = %is, hours = %hours, reads = %reads);
    let help = match (sign, hours) {
        ("+", 8) => t!("inbox-beijing-time-write-asia-shanghai"),
        _ => {
            let other = if sign == "+" { '+' } else { '-' };
            t!("inbox-write-place-such-asia-shanghai", other = %other, hours = format!("{:02}", hours))
        }
    };
    Some((message, help))
}

/// Returns the instant that a time means in a zone.
pub(crate) fn instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, FieldError> {
    match instants(text, zone)? {
        MappedLocalTime::Single(at) => Ok(at),
        MappedLocalTime::Ambiguous(first, second) => Err(twice(text, zone, [first, second])),
        MappedLocalTime::None => Err(skipped(text, zone)),
    }
}

/// Returns the error for a time that the clocks skip, with what it is by the offset before the
/// change and by the one after it.
fn skipped(text: &str, zone: Tz) -> FieldError {
    let message = t!("inbox-does-not-exist-clocks-go", text = %quote(text), zone = %zone);
    let local = Parts::of(text).and_then(|parts| parts.local(text).ok());
    // No zone skips more than a day.
    let offset = |hours| {
        let near = local? + TimeDelta::hours(hours);
        let offset = zone.offset_from_utc_datetime(&near).fix();
        let at = offset.from_local_datetime(&local?).single()?;
        Some((at.to_rfc3339(), at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()))
    };
    let help = match (offset(-26), offset(26)) {
        (Some((first, one)), Some((second, other))) => {
            t!("inbox-write-one-meant-which", first = %first, one = %one, second = %second, other = %other)
        }
        _ => t!("inbox-take-time-before-after-change"),
    };
    (message, help)
}

/// Returns the error for an hour that occurs twice: a broadcast an hour off cannot be recalled.
fn twice(text: &str, zone: Tz, both: [DateTime<Utc>; 2]) -> FieldError {
    let [first, second] = both.map(|at| at.with_timezone(&zone).fixed_offset().to_rfc3339());
    let [one, other] = both.map(crate::calendar::beijing);
    (
        t!("inbox-comes-twice-where-clocks-go", text = %quote(text), zone = %zone, one = %one, other = %other),
        t!("inbox-write-one-meant-offset", first = %first, second = %second),
    )
}

fn instants(text: &str, zone: Tz) -> Result<MappedLocalTime<DateTime<Utc>>, FieldError> {
    let parts = Parts::of(text)
        .ok_or_else(|| (t!("inbox-no-time", text = %quote(text)), form_help(text)))?;
    let local = parts.local(text)?;
    match parts.offset {
        Some(offset) => match offset.from_local_datetime(&local) {
            at @ MappedLocalTime::Single(_) => Ok(at.map(|at| at.to_utc())),
            MappedLocalTime::Ambiguous(..) | MappedLocalTime::None => {
                Err((t!("inbox-no-time", text = %quote(text)), FORM()))
            }
        },
        None => Ok(zone.from_local_datetime(&local).map(|at| at.to_utc())),
    }
}

/// Returns the wall-clock time of a bound in a zone; for a date, its first second or its last.
pub(crate) fn wall(text: &str, zone: Tz, last: bool) -> Result<NaiveDateTime, FieldError> {
    match Parts::of(&format!("{text} {}", if last { "23:59:59" } else { "00:00:00" })) {
        Some(date) => date.local(text),
        None if text.len() <= 10 => {
            let help = t!("inbox-write-2027-03-20-time");
            Err((t!("inbox-no-date", text = %quote(text)), help))
        }
        // For a bound only the wall clock counts, also in an hour that occurs twice.
        None => match instants(text, zone)? {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => {
                Ok(at.with_timezone(&zone).naive_local())
            }
            MappedLocalTime::None => {
                instant(text, zone).map(|at| at.with_timezone(&zone).naive_local())
            }
        },
    }
}

/// Returns a date of the calendar.
pub(crate) fn date(text: &str) -> Result<NaiveDate, FieldError> {
    match Parts::of(&format!("{text} 00:00")) {
        Some(parts) => parts.local(text).map(|local| local.date()),
        None => Err((t!("inbox-no-date", text = %quote(text)), t!("inbox-write-2027-03-20"))),
    }
}

fn form_help(text: &str) -> String {
    let has_date = NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
    if has_date { t!("inbox-time-day-missing-write-2027") } else { FORM() }
}

/// The digits of a time.
struct Parts {
    date: [u32; 3],
    time: [u32; 3],
    offset: Option<FixedOffset>,
}

impl Parts {
    /// Returns the parts of `YYYY-MM-DD HH:MM[:SS][Z|±HH:MM]`, or `None` for any other form.
    fn of(text: &str) -> Option<Self> {
        let date = text.get(..10)?;
        let rest = text.get(10..)?.strip_prefix([' ', 'T'])?;
        let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
        let offset = match &rest[end..] {
            "" => None,
            "Z" => Some(FixedOffset::east_opt(0)?),
            text => Some(offset(text)?),
        };
        let time = &rest[..end];
        let date = [digits(date, 0..4)?, digits(date, 5..7)?, digits(date, 8..10)?];
        let separated = text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
        let mut parts = time.split(':');
        let time_of = |part: Option<&str>| part.and_then(|part| digits(part, 0..2));
        let (hour, minute) = (time_of(parts.next())?, time_of(parts.next())?);
        let second = match parts.next() {
            Some(part) => digits(part, 0..2)?,
            None => 0,
        };
        let whole = parts.next().is_none() && (time.len() == 5 || time.len() == 8);
        (separated && whole).then_some(Self { date, time: [hour, minute, second], offset })
    }

    fn local(&self, text: &str) -> Result<NaiveDateTime, FieldError> {
        let text = quote(text);
        let [year, month, day] = self.date;
        let [hour, minute, second] = self.time;
        if !(2000..=2199).contains(&year) {
            return Err((t!("inbox-time-years", text = text), FORM()));
        }
        let year = i32::try_from(year).expect("at most 2199");
        let Some(date) = NaiveDate::from_ymd_opt(year, month, day) else {
            return Err((t!("inbox-time-no-date", text = text), t!("inbox-check-month-day")));
        };
        if hour == 24 {
            let next = date + TimeDelta::days(1);
            let help = t!("inbox-write-00", next = %next, minute = format!("{minute:02}"));
            return Err((t!("inbox-time-no-hour-24", text = text), help));
        }
        match date.and_hms_opt(hour, minute, second) {
            Some(local) if local.year() == year => Ok(local),
            Some(_) | None => {
                Err((t!("inbox-time-no-time-of-day", text = text), t!("inbox-day-goes-00-00-23")))
            }
        }
    }
}

/// Returns a number within a range; the text must hold only digits.
fn digits(text: &str, range: std::ops::Range<usize>) -> Option<u32> {
    let text = text.get(range)?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn offset(text: &str) -> Option<FixedOffset> {
    let east = text.starts_with('+');
    let hours = digits(text, 1..3)?;
    let minutes = digits(text, 4..6)?;
    if text.len() != 6 || text.as_bytes()[3] != b':' || hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    FixedOffset::east_opt(if east { seconds } else { -seconds })
}

/// Returns a duration of whole seconds, such as `30m` or `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<TimeDelta, FieldError> {
    let help = || t!("inbox-write-30m-2h-7d");
    let wrong = || (t!("inbox-no-duration", text = %quote(text)), help());
    let parsed: Duration = humantime::parse_duration(text).map_err(|_| wrong())?;
    if parsed.subsec_nanos() != 0 {
        return Err((t!("inbox-not-whole-number-seconds", text = %quote(text)), help()));
    }
    TimeDelta::from_std(parsed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str, zone_name: &str) -> Result<String, String> {
        let zone = zone(zone_name).unwrap();
        instant(text, zone).map(|at| at.to_rfc3339()).map_err(|(message, _)| message)
    }

    #[test]
    fn a_time_is_wall_clock_in_its_zone_unless_it_carries_an_offset() {
        for (text, zone, expected) in [
            ("2027-03-20 20:00", "Asia/Shanghai", "2027-03-20T12:00:00+00:00"),
            ("2027-03-20T20:00", "Asia/Shanghai", "2027-03-20T12:00:00+00:00"),
            ("2027-03-20 20:00:05", "Asia/Shanghai", "2027-03-20T12:00:05+00:00"),
            ("2027-03-20 20:00", "Europe/Paris", "2027-03-20T19:00:00+00:00"),
            ("2027-03-20T20:00:00Z", "Asia/Shanghai", "2027-03-20T20:00:00+00:00"),
            ("2027-03-20T20:00:00-05:30", "Asia/Shanghai", "2027-03-21T01:30:00+00:00"),
            ("2028-02-29 00:00", "UTC", "2028-02-29T00:00:00+00:00"),
            ("2199-12-31 23:59:59", "UTC", "2199-12-31T23:59:59+00:00"),
        ] {
            assert_eq!(utc(text, zone).as_deref(), Ok(expected), "{text} {zone}");
        }
    }

    #[test]
    fn a_time_that_comes_twice_is_told_with_both_and_one_that_is_skipped_is_refused() {
        let (message, help) =
            instant("2027-10-31 02:30", "Europe/Paris".parse().unwrap()).unwrap_err();
        assert_eq!(
            message,
            "`2027-10-31 02:30` comes twice in Europe/Paris, where the clocks go back: at \
             2027-10-31 08:30:00 +08:00 and at 2027-10-31 09:30:00 +08:00"
        );
        assert_eq!(
            help,
            "write the one that is meant with its offset: `2027-10-31T02:30:00+02:00` or \
             `2027-10-31T02:30:00+01:00`"
        );
        for (text, at) in [
            ("2027-10-31T02:30:00+02:00", "2027-10-31T00:30:00+00:00"),
            ("2027-10-31T02:30:00+01:00", "2027-10-31T01:30:00+00:00"),
        ] {
            assert_eq!(utc(text, "Europe/Paris").as_deref(), Ok(at));
        }
        assert!(wall("2027-10-31 02:30", "Europe/Paris".parse().unwrap(), true).is_ok());
        assert_eq!(
            utc("2027-03-28 02:30", "Europe/Paris").unwrap_err(),
            "`2027-03-28 02:30` does not exist in Europe/Paris: the clocks go forward there"
        );
        let (_, help) = instant("2027-03-28 02:30", "Europe/Paris".parse().unwrap()).unwrap_err();
        assert_eq!(
            help,
            "write the one that is meant: `2027-03-28T02:30:00+01:00`, which is 2027-03-28 03:30 there, \
             or `2027-03-28T02:30:00+02:00`, 2027-03-28 01:30"
        );
    }

    #[test]
    fn times_that_do_not_exist_are_refused() {
        for (text, expected) in [
            ("2027-02-29 20:00", "`2027-02-29 20:00` is no date of the calendar"),
            ("2027-02-30 20:00", "`2027-02-30 20:00` is no date of the calendar"),
            ("2027-13-01 20:00", "`2027-13-01 20:00` is no date of the calendar"),
            ("2027-03-20 24:00", "`2027-03-20 24:00` has no hour 24"),
            ("2027-03-20 20:60", "`2027-03-20 20:60` is no time of a day"),
            ("2027-06-30 23:59:60", "`2027-06-30 23:59:60` is no time of a day"),
            ("1999-12-31 20:00", "`1999-12-31 20:00` is not in the years 2000 to 2199"),
            ("2200-01-01 20:00", "`2200-01-01 20:00` is not in the years 2000 to 2199"),
            ("2027-03-20", "`2027-03-20` is no time"),
            ("2027-3-20 20:00", "`2027-3-20 20:00` is no time"),
            ("2027-03-20 9:00", "`2027-03-20 9:00` is no time"),
            ("2027-03-20 20", "`2027-03-20 20` is no time"),
            ("2027-03-20 20:00:00.5", "`2027-03-20 20:00:00.5` is no time"),
            ("2027-03-20 20:00:00:00", "`2027-03-20 20:00:00:00` is no time"),
            ("2027-03-20 20:00 +8", "`2027-03-20 20:00 +8` is no time"),
            ("2027-03-20T20:00+25:00", "`2027-03-20T20:00+25:00` is no time"),
            ("2027/03/20 20:00", "`2027/03/20 20:00` is no time"),
            ("２０27-03-20 20:00", "`２０27-03-20 20:00` is no time"),
            ("明天 20:00", "`明天 20:00` is no time"),
            ("+027-03-20 20:00", "`+027-03-20 20:00` is no time"),
            ("now", "`now` is no time"),
        ] {
            assert_eq!(utc(text, "Asia/Shanghai").unwrap_err(), expected);
        }
    }

    #[test]
    fn an_unknown_zone_is_refused_with_the_one_that_was_meant() {
        for (name, meant) in [
            ("Asia/Beijing", "did you mean `Asia/Shanghai`?"),
            ("Asia/Shangai", "did you mean `Asia/Shanghai`?"),
            ("UTC+8", "did you mean `Asia/Shanghai`?"),
            ("Mars/Olympus", "write an IANA name such as `Asia/Shanghai`"),
        ] {
            assert_eq!(zone(name).unwrap_err().1, meant, "{name}");
        }
    }

    #[test]
    fn a_zone_whose_sign_is_turned_round_is_told_with_both_readings() {
        let (message, help) = zone("Etc/GMT+8").unwrap_err();
        assert_eq!(message, "`Etc/GMT+8` is UTC-8 by its definition, and reads like UTC+8");
        assert_eq!(help, "for Beijing time write `Asia/Shanghai`, or leave it out");
        let (message, help) = zone("Etc/GMT-3").unwrap_err();
        assert!(message.contains("is UTC+3") && help.contains("-03:00"), "{message} {help}");
        for name in ["Etc/GMT", "Etc/GMT0", "Etc/UTC"] {
            assert!(zone(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn durations_are_whole_seconds() {
        for (text, seconds) in
            [("30m", Some(1800)), ("1h 30m", Some(5400)), ("7d", Some(604_800)), ("0s", Some(0))]
        {
            assert_eq!(duration(text).ok().map(|d| d.num_seconds()), seconds, "{text}");
        }
        for text in ["30", "", "-5m", "500ms", "1.0001s", "PT30M", "999999999999999999y", "30分钟"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
