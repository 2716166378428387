//! When the daemon makes the next backup of its database, and which ones it keeps.
//!
//! One backup is made for each day, at a time of that day (Beijing). Its name says the day, so that
//! the folder alone shows what is there: after a pause the latest missing one is made, and no other.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Asia::Shanghai;

/// The backups that the daemon makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    /// The folder that they are written to.
    pub dir: PathBuf,
    /// The time of day, in Beijing.
    pub at: NaiveTime,
    /// How many are kept.
    pub keep: usize,
}

/// When the backup of a day is made, unless the config says otherwise.
pub const AT: NaiveTime = NaiveTime::from_hms_opt(3, 30, 0).expect("it is a time of day");
/// How many are kept, unless the config says otherwise.
pub const KEEP: usize = 7;
/// How long after a failure the next one is tried.
pub const RETRY: TimeDelta = TimeDelta::hours(1);

const BEFORE: &str = "qunfa-";
const AFTER: &str = ".db";

/// Returns the name of a day's backup.
pub fn name(day: NaiveDate) -> String {
    format!("{BEFORE}{day}{AFTER}")
}

/// Returns whose day's backup has this name; none if it is no backup of ours.
fn day_of(file: &str) -> Option<NaiveDate> {
    let day = file.strip_prefix(BEFORE)?.strip_suffix(AFTER)?.parse().ok()?;
    (name(day) == file).then_some(day)
}

/// Returns the day for which a backup should exist.
fn current(at: NaiveTime, now: DateTime<Utc>) -> NaiveDate {
    let local = now.with_timezone(&Shanghai);
    let today = local.date_naive();
    if local.time() >= at { today } else { today.pred_opt().unwrap_or(today) }
}

/// Returns the day whose backup is to be made now, if its file is not among those there.
pub fn due<'f>(
    at: NaiveTime,
    mut files: impl Iterator<Item = &'f str>,
    now: DateTime<Utc>,
) -> Option<NaiveDate> {
    let day = current(at, now);
    (!files.any(|file| day_of(file) == Some(day))).then_some(day)
}

/// Returns when the next one is due after those that are due now.
pub fn next(at: NaiveTime, now: DateTime<Utc>) -> DateTime<Utc> {
    let day = current(at, now).succ_opt().unwrap_or_default();
    let local = day.and_time(at).and_local_timezone(Shanghai);
    // Shanghai has had one offset since 1991.
    local.single().map_or(now + TimeDelta::days(1), |at| at.to_utc())
}

/// Returns the files to remove, so that these many are left, the newest ones.
///
/// A backup of a day to come was made by a wrong clock: it takes nobody's place and is left alone.
pub fn surplus<'f>(
    files: impl Iterator<Item = &'f str>,
    keep: usize,
    now: DateTime<Utc>,
) -> Vec<&'f str> {
    let today = now.with_timezone(&Shanghai).date_naive();
    let mut days: Vec<_> = files
        .filter_map(|file| Some((day_of(file)?, file)))
        .filter(|(day, _)| *day <= today)
        .collect();
    days.sort_unstable();
    let left = days.len().saturating_sub(keep);
    days.into_iter().take(left).map(|(_, file)| file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beijing(time: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{time}:00+08:00")).unwrap().to_utc()
    }

    #[test]
    fn one_backup_is_due_for_each_day_from_its_time_on() {
        let rows: &[(&str, &[&str], Option<&str>)] = &[
            ("2027-03-20T03:29", &[], Some("2027-03-19")),
            ("2027-03-20T03:29", &["qunfa-2027-03-19.db"], None),
            ("2027-03-20T03:30", &["qunfa-2027-03-19.db"], Some("2027-03-20")),
            ("2027-03-20T03:30", &["qunfa-2027-03-20.db"], None),
            // After a pause only the latest is made.
            ("2027-03-27T12:00", &["qunfa-2027-03-20.db"], Some("2027-03-27")),
            // A wrong clock's does not count, nor does what has another name.
            ("2027-03-20T12:00", &["qunfa-2099-01-01.db"], Some("2027-03-20")),
            (
                "2027-03-20T12:00",
                &["before-2027-03-20.db", "qunfa-2027-3-20.db"],
                Some("2027-03-20"),
            ),
        ];
        for (now, files, expected) in rows {
            let due = due(AT, files.iter().copied(), beijing(now)).map(|day| day.to_string());

            assert_eq!(due.as_deref(), *expected, "{now} {files:?}");
        }
    }

    #[test]
    fn the_next_one_is_due_at_the_next_time_of_day() {
        for (now, expected) in [
            ("2027-03-20T03:29", "2027-03-20T03:30"),
            ("2027-03-20T03:30", "2027-03-21T03:30"),
            ("2027-12-31T23:59", "2028-01-01T03:30"),
        ] {
            assert_eq!(next(AT, beijing(now)), beijing(expected), "{now}");
        }
    }

    #[test]
    fn the_newest_are_kept_and_what_is_not_ours_is_left_alone() {
        let files = [
            "qunfa-2027-03-20.db",
            "qunfa-2027-03-18.db",
            "qunfa-2099-01-01.db",
            "notes.txt",
            "qunfa-2027-03-19.db",
        ];
        let rows: &[(usize, &[&str])] = &[
            (1, &["qunfa-2027-03-18.db", "qunfa-2027-03-19.db"]),
            (2, &["qunfa-2027-03-18.db"]),
            (3, &[]),
            (7, &[]),
        ];
        for (keep, expected) in rows {
            let now = beijing("2027-03-20T04:00");

            assert_eq!(surplus(files.into_iter(), *keep, now), *expected, "keep {keep}");
        }
    }
}
