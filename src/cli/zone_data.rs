//! Whether the zone data that are compiled in agree with the machine's.
//!
//! Governments change their clocks at short notice. The machine's zone data come with its updates,
//! and those of this program with a new version of it, so one of the two may be out of date.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use tz::TimeZone;

use crate::l10n::t;

/// How far ahead the offsets are compared: as far as dates of a series concern other jobs.
const AHEAD: TimeDelta = TimeDelta::days(400);
/// Offsets change at full hours or at parts of them; within an hour is near enough for a message.
const STEP: TimeDelta = TimeDelta::hours(1);

/// Returns the first hour from which on the two differ about a zone; none if they agree or the
/// machine has no data of it.
pub(super) fn differs_from(zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // The platform's own zone has been one offset since 1991, and nearly every job uses it.
    if zone == Tz::Asia__Shanghai {
        return None;
    }
    let data = fs::read(folder().join(zone.name())).ok()?;
    first_difference(zone, &TimeZone::from_tz_data(&data).ok()?, now)
}

/// Returns the warning about a zone.
pub(super) fn warning(zone: Tz, from: DateTime<Utc>) -> String {
    t!("zone-warning", from = %day(zone, from), zone = %zone)
}

/// Returns the warning about a zone, and what an operator can do about it.
pub(super) fn warning_and_advice(zone: Tz, from: DateTime<Utc>) -> String {
    t!("zone-warning-and-advice", from = %day(zone, from), zone = %zone)
}

/// Returns what an operator can do about it.
pub(super) fn advice() -> String {
    t!("zone-advice")
}

fn day(zone: Tz, at: DateTime<Utc>) -> impl std::fmt::Display {
    at.with_timezone(&zone).format("%Y-%m-%d")
}

fn folder() -> PathBuf {
    let folder = env::var_os("TZDIR").map(PathBuf::from);
    folder.unwrap_or_else(|| Path::new("/usr/share/zoneinfo").to_owned())
}

fn first_difference(zone: Tz, machine: &TimeZone, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let hours = std::iter::successors(Some(now), |at| Some(*at + STEP));
    hours.take_while(|at| *at <= now + AHEAD).find(|at| {
        let ours = zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
        let theirs = machine.find_local_time_type(at.timestamp());
        theirs.is_ok_and(|theirs| theirs.ut_offset() != ours)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hour_in_which_the_offsets_differ_is_found() {
        let now = DateTime::parse_from_rfc3339("2027-01-01T00:00:00Z").unwrap().to_utc();
        for (rules, expected) in [
            // As the zone was when its data were made.
            ("EST5EDT,M3.2.0,M11.1.0", None),
            // Without summer time, and with summer time all year.
            ("EST5", Some("2027-03-14T07:00:00+00:00")),
            ("EDT4", Some("2027-01-01T00:00:00+00:00")),
        ] {
            let machine = TimeZone::from_posix_tz(rules).unwrap();
            let found = first_difference(Tz::America__New_York, &machine, now);
            assert_eq!(found.map(|at| at.to_rfc3339()).as_deref(), expected, "{rules}");
        }
    }
}
