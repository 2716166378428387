//! Creates the jobs of a series ahead of their time.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::row::{COLUMNS, key, read};
use super::{KIND, Series};
use crate::alert::Told;
use crate::calendar::{Date, DateKey, Recurrence};
use crate::l10n::{Lang, within};
use crate::model::JobId;
use crate::quota::margins;
use crate::reason::Reason;
use crate::store::{Alert, IngestOutcome, Result, SeriesInput, Tx, instant, millis};
use crate::text::reason;

/// How far ahead dates are made: past the end of the next month for most of it.
const HORIZON: TimeDelta = TimeDelta::days(35);
/// How many dates of one series may wait. More wait only if a clock is far ahead.
const WAITING_MOST: usize = 100;
/// How many bytes the requests of its waiting dates may have in all: each date has its own, and
/// writing long lists must not delay the daemon's releases.
const WAITING_BYTES: usize = 32 << 20;
/// How far back a date that was not made in time is still made, to show that it was missed.
const REMEMBERED: TimeDelta = TimeDelta::days(40);
impl Tx<'_> {
    /// Makes the dates of a series that are now within the horizon, and at least its next one;
    /// returns the new jobs.
    ///
    /// Without a trusted clock no date is skipped: dates that a wrong clock shows as past are made,
    /// and whether they are past is decided at their release.
    pub fn extend(
        &self,
        series: &Series,
        by: SeriesInput<'_>,
        trusted: bool,
        now: DateTime<Utc>,
    ) -> Result<Vec<JobId>> {
        let id = &series.job.id;
        let Some(first) = self.first_to_make(series, trusted, now)? else { return Ok(Vec::new()) };
        let mut waiting = self.dates_waiting(id)?.len();
        let bytes: usize = by.bodies.iter().map(|batch| batch.body.len()).sum();
        let most = (WAITING_BYTES / bytes.max(1)).clamp(2, WAITING_MOST);
        let mut is_ahead = self.has_date_after(id, now)?;
        let mut made = Vec::new();
        let mut dates = series.dates().after(first - TimeDelta::milliseconds(1)).peekable();
        while let Some(date) =
            dates.next_if(|date| waiting < most && (date.at <= now + HORIZON || !is_ahead))
        {
            match self.make(series, by, date, now)? {
                Made::New(job) => {
                    waiting += 1;
                    made.push(job);
                }
                Made::Known => {}
                Made::Refused(why) => {
                    self.alert_refused_date(series, date, &why, now)?;
                    let next = params![id.as_str(), millis(date.at)];
                    self.run("UPDATE series SET next_at = ?2 WHERE id = ?1", next)?;
                    return Ok(made);
                }
            }
            is_ahead |= date.at > now;
        }
        let next = dates.peek().map(|date| millis(date.at));
        self.run("UPDATE series SET next_at = ?2 WHERE id = ?1", params![id.as_str(), next])?;
        Ok(made)
    }

    /// Returns the first date to be made, after those that a trusted clock skips.
    fn first_to_make(
        &self,
        series: &Series,
        trusted: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let id = &series.job.id;
        let after = |at: DateTime<Utc>| series.dates().after(at).next().map(|date| date.at);
        if trusted && series.taken_at > now + margins::CLOCK_APART {
            // It was taken while the clock was ahead: its dates begin now.
            self.run(
                "UPDATE series SET taken_at = ?2 WHERE id = ?1",
                params![id.as_str(), millis(now)],
            )?;
            return Ok(after(now));
        }
        match series.next_at {
            Some(next) if trusted && next < now - REMEMBERED => {
                let first = after(now - REMEMBERED);
                let why = Reason::DatesPassedOver { from: next, to: first };
                let told = within(Lang::En, || reason::sentence(&why));
                tracing::warn!(series = id.as_str(), reason = why.code(), "{told}");
                self.run("UPDATE series SET why = ?2 WHERE id = ?1", params![id.as_str(), why])?;
                Ok(first)
            }
            next => Ok(next),
        }
    }

    fn has_date_after(&self, id: &JobId, now: DateTime<Utc>) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM occurrence JOIN job ON job.id = occurrence.job
                 WHERE series = ?1 AND planned_at > ?2)",
            )?
            .query_row(params![id.as_str(), millis(now)], |row| row.get(0))?)
    }

    /// Makes one date, unless it was made before.
    fn make(
        &self,
        series: &Series,
        by: SeriesInput<'_>,
        date: Date,
        now: DateTime<Utc>,
    ) -> Result<Made> {
        let spec = self.occurrence(series, date)?;
        let known: Option<bool> = self
            .db
            .prepare_cached("SELECT withdrawn FROM occurrence WHERE job = ?1")?
            .query_row([spec.id.as_str()], |row| row.get(0))
            .optional()?;
        match known {
            Some(false) => return Ok(Made::Known),
            Some(true) => {
                self.run(
                    "UPDATE occurrence SET withdrawn = 0 WHERE job = ?1",
                    params![spec.id.as_str()],
                )?;
                self.take_again(&spec, by, series.source(now), now)?;
            }
            None if self.is_stood_for(series, date)? => return Ok(Made::Known),
            None => {
                let taken = self.take_known(
                    &spec,
                    by.account,
                    &by.bodies_of(&spec),
                    series.source(now),
                    now,
                )?;
                if let IngestOutcome::Refused(why) = taken {
                    return Ok(Made::Refused(why));
                }
                self.run(
                    "INSERT INTO occurrence (series, date, job) VALUES (?1, ?2, ?3)",
                    params![series.job.id.as_str(), date.date.to_string(), spec.id.as_str()],
                )?;
                self.bound_date_by_recall(series, (date, &spec.id))?;
            }
        }
        self.approve_as_series(series, by.account, (date.date, &spec.id), now)?;
        Ok(Made::New(spec.id))
    }

    /// Bounds a date by the last gap, if another copy of this database may have made it in that gap
    /// and an operator may have moved it there to an earlier time. `resume` ends that, for this
    /// date as for the jobs that were known before.
    fn bound_date_by_recall(&self, series: &Series, (date, job): (Date, &JobId)) -> Result<()> {
        self.run(
            "UPDATE job SET recall_until_at = gap_from_at + ?2 FROM daemon
             WHERE job.id = ?1 AND action = 'broadcast' AND gap_to_at > ?3 AND gap_to_at >= ?4
                 AND (hold_since_at IS NOT NULL OR EXISTS (SELECT 1 FROM job AS other
                     WHERE other.account = job.account AND other.recall_until_at IS NOT NULL
                       AND other.wake_at IS NOT NULL
                       AND other.due_at > other.recall_until_at))",
            params![
                job.as_str(),
                margins::ASK_WITHIN.num_milliseconds(),
                millis(series.taken_at),
                millis(date.at - HORIZON),
            ],
        )
    }

    /// Returns whether a job of an earlier version of the series stands for a date: an edit of the
    /// times must not give a day one broadcast more, after one at an earlier time was sent.
    fn is_stood_for(&self, series: &Series, date: Date) -> Result<bool> {
        let mut statement = self.db.prepare_cached(
            "SELECT date, planned_at FROM occurrence JOIN job ON job.id = occurrence.job
             WHERE series = ?1 AND substr(date, 1, 10) = ?2 AND withdrawn = 0",
        )?;
        let rows = statement
            .query_map(params![series.job.id.as_str(), date.date.date.to_string()], |row| {
                Ok((key(row)?, instant(row.get(1)?)))
            })?;
        let made = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(stood_for(&series.recurrence, date.date.date, &made).contains(&date.date))
    }

    fn alert_refused_date(
        &self,
        series: &Series,
        date: Date,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let id = series.job.id.as_str();
        let date = date.date.to_string();
        tracing::error!("{id}@{date} cannot be planned: {why}");
        let told = Told::DateRefused { date, why: why.to_owned() };
        let account = Some(series.job.account.as_str());
        self.raise_alert(&Alert { account, job: Some(id), kind: KIND, told: &told }, now)
    }

    /// Returns the active series that have dates to be made.
    ///
    /// # Errors
    /// If SQLite fails, or something else changed a row.
    pub fn series_to_extend(&self, now: DateTime<Utc>) -> Result<Vec<Series>> {
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM series WHERE state = 'active' AND (taken_at > ?3
                 OR (next_at IS NOT NULL AND (next_at <= ?2
                     OR NOT EXISTS (SELECT 1 FROM occurrence JOIN job ON job.id = occurrence.job
                         WHERE series = series.id AND planned_at > ?1))))
             ORDER BY id",
        ))?;
        let values =
            params![millis(now), millis(now + HORIZON), millis(now + margins::CLOCK_APART)];
        let rows = statement.query_map(values, read)?;
        let series = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        series.into_iter().map(|series| self.with_changes(series)).collect()
    }

    /// Returns whether some series of an account was taken later than now.
    pub fn series_taken_ahead(&self, account: &str, now: DateTime<Utc>) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM series WHERE account = ?1 AND state = 'active'
                 AND taken_at > ?2)",
            )?
            .query_row(params![account, millis(now + margins::CLOCK_APART)], |row| row.get(0))?)
    }
}

/// Returns the dates of a local day for which jobs stand that the series does not contain any more:
/// each for the next one at or after its own time.
fn stood_for(
    recurrence: &Recurrence,
    day: NaiveDate,
    made: &[(DateKey, DateTime<Utc>)],
) -> Vec<DateKey> {
    let dates: Vec<_> = recurrence.of_day(day).collect();
    let is_left = |key: &DateKey| dates.iter().any(|date| date.date == *key);
    let is_made = |key: &DateKey| made.iter().any(|(other, _)| other == key);
    let mut stood_for = Vec::new();
    for (_, at) in made.iter().filter(|(key, _)| !is_left(key)) {
        let next = dates
            .iter()
            .find(|date| date.at >= *at && !is_made(&date.date) && !stood_for.contains(&date.date));
        stood_for.extend(next.map(|date| date.date));
    }
    stood_for
}

enum Made {
    New(JobId),
    Known,
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Bounds, Cron};

    #[test]
    fn a_job_that_an_edit_leaves_stands_for_the_next_time_of_its_day() {
        let day = NaiveDate::from_ymd_opt(2027, 3, 5).unwrap();
        for (cron, made, expected) in [
            ("0 8,21 * * *", "2027-03-05-0800 2027-03-05-2000", "2027-03-05-2100"),
            ("0 8,21 * * *", "2027-03-05", "2027-03-05-2100"),
            ("0 21 * * *", "2027-03-05-2000", "2027-03-05"),
            ("0 9,20 * * *", "2027-03-05-0800", "2027-03-05-0900"),
            ("0 8,19 * * *", "2027-03-05-0800 2027-03-05-2000", ""),
            ("0 8,20 * * *", "2027-03-05-0800", ""),
            (
                "0 8,9,20 * * *",
                "2027-03-05-0700 2027-03-05-0730",
                "2027-03-05-0800 2027-03-05-0900",
            ),
        ] {
            let crons = vec![Cron::parse(cron).unwrap()];
            let recurrence = Recurrence::new(crons, chrono_tz::UTC, Bounds::default());
            let made = made.split(' ').map(|key| {
                let key = DateKey::parse(key).unwrap();
                let time =
                    key.time.unwrap_or_else(|| chrono::NaiveTime::from_hms_opt(20, 0, 0).unwrap());
                (key, day.and_time(time).and_utc())
            });
            let found = stood_for(&recurrence, day, &made.collect::<Vec<_>>());
            let found: Vec<_> = found.iter().map(DateKey::to_string).collect();
            assert_eq!(found.join(" "), expected, "{cron}");
        }
    }
}
