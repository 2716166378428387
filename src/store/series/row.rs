//! Reads and writes the rows of series.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{DateActions, Recurring, Series, SeriesState};
use crate::calendar::{Bounds, Cron, Date, DateChange, DateChanges, DateKey, Recurrence};
use crate::model::{Action, JobId, JobSpec};
use crate::store::{Result, Source, Tx, instant, millis, unreadable};

/// How a wall-clock time is stored.
const WALL: &str = "%Y-%m-%d %H:%M:%S";

pub(super) const COLUMNS: &str =
    "id, state, cron, zone, first, last, job, file, line, taken_at, next_at, why, digest,
    written_for, count, except_dates, ends_on, ends_why, approved_until, approved_why";

impl Tx<'_> {
    pub(super) fn write_series(
        &self,
        recurring: Recurring<'_>,
        source: Source<'_>,
        (state, next_at): (SeriesState, Option<DateTime<Utc>>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Recurring { job, recurrence, dated } = recurring;
        let Bounds { from, until, count, except } = recurrence.bounds();
        let wall = |at: &Option<NaiveDateTime>| at.map(|at| at.format(WALL).to_string());
        let except = (!except.is_empty())
            .then(|| serde_json::to_string(except).expect("dates are always JSON"));
        self.run("DELETE FROM series_approval WHERE series = ?1", params![job.id.as_str()])?;
        self.run(
            "INSERT INTO series (id, account, state, cron, zone, first, last, job, digest, file, line,
                 taken_at, next_at, count, except_dates)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO UPDATE SET state = excluded.state, cron = excluded.cron,
                 first = excluded.first, last = excluded.last, job = excluded.job,
                 digest = excluded.digest, file = excluded.file, line = excluded.line,
                 taken_at = excluded.taken_at, next_at = excluded.next_at,
                 count = excluded.count, except_dates = excluded.except_dates, why = NULL,
                 approved_until = NULL, approved_why = NULL,
                 written_for = NULL",
            params![
                job.id.as_str(),
                job.account,
                state.as_str(),
                recurrence.crons().collect::<Vec<_>>().join("\n"),
                recurrence.zone().name(),
                wall(from),
                wall(until),
                serde_json::to_string(job).expect("a checked job is always JSON"),
                recurring.digest(),
                source.file,
                i64::try_from(source.line).unwrap_or(0),
                millis(now),
                next_at.map(millis),
                count,
                except,
            ],
        )?;
        self.run("DELETE FROM date_action WHERE series = ?1", params![job.id.as_str()])?;
        for (date, action) in dated {
            let action = serde_json::to_string(action).expect("a checked action is always JSON");
            self.run(
                "INSERT INTO date_action (series, date, action) VALUES (?1, ?2, ?3)",
                params![job.id.as_str(), date.to_string(), action],
            )?;
        }
        Ok(())
    }

    /// Returns the job of one date of a series.
    pub(super) fn occurrence(&self, series: &Series, date: Date) -> Result<JobSpec> {
        let own: Option<String> = self
            .db
            .prepare_cached("SELECT action FROM date_action WHERE series = ?1 AND date = ?2")?
            .query_row([series.job.id.as_str(), &date.date.to_string()], |row| row.get(0))
            .optional()?;
        let own = own.map(|json| action(&json)).transpose()?;
        series.occurrence_with(date, own)
    }

    /// Returns what the dates of a series do that have files of their own.
    pub(super) fn date_actions(&self, id: &JobId) -> Result<DateActions> {
        let mut statement =
            self.db.prepare_cached("SELECT date, action FROM date_action WHERE series = ?1")?;
        let rows = statement
            .query_map([id.as_str()], |row| Ok((key(row)?, action(&row.get::<_, String>(1)?)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns what operators decided about single dates of a series.
    pub(super) fn date_changes(
        &self,
        id: &JobId,
        ends_on: Option<NaiveDate>,
    ) -> Result<DateChanges> {
        let mut statement =
            self.db.prepare_cached("SELECT date, moved_at FROM date_change WHERE series = ?1")?;
        let rows = statement.query_map([id.as_str()], |row| {
            let moved: Option<i64> = row.get(1)?;
            let change = moved.map_or(DateChange::Skipped, |at| DateChange::Moved(instant(at)));
            Ok((key(row)?, change))
        })?;
        Ok(DateChanges { dates: rows.collect::<rusqlite::Result<_>>()?, ends_on })
    }

    /// Adds what operators decided to a series as its row has it.
    pub(super) fn with_changes(&self, series: Series) -> Result<Series> {
        let changes = self.date_changes(&series.job.id, series.changes.ends_on)?;
        Ok(Series { changes, ..series })
    }
}

fn action(json: &str) -> rusqlite::Result<Action> {
    serde_json::from_str(json).map_err(|error| unreadable("date_action.action", &error.to_string()))
}

/// Returns the date in the first column.
pub(super) fn key(row: &Row<'_>) -> rusqlite::Result<DateKey> {
    let word: String = row.get(0)?;
    DateKey::parse(&word).ok_or_else(|| unreadable("occurrence.date", &word))
}

/// Returns the series of a row, still without the changes of single dates.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Series> {
    let text = |column| row.get::<_, String>(column);
    let (word, json) = (text(1)?, text(6)?);
    let day = |column, name| {
        let word: Option<String> = row.get(column)?;
        word.map(|word| word.parse().map_err(|_| unreadable(name, &word))).transpose()
    };
    let (ends_on, approved) = (day(16, "series.ends_on")?, day(18, "series.approved_until")?);
    Ok(Series {
        state: SeriesState::parse(&word).ok_or_else(|| unreadable("series.state", &word))?,
        recurrence: recurrence(row)?,
        changes: DateChanges { ends_on, ..DateChanges::default() },
        job: serde_json::from_str(&json)
            .map_err(|error| unreadable("series.job", &error.to_string()))?,
        file: text(7)?,
        line: usize::try_from(row.get::<_, i64>(8)?).unwrap_or(0),
        taken_at: instant(row.get(9)?),
        next_at: row.get::<_, Option<i64>>(10)?.map(instant),
        why: row.get(11)?,
        digest: text(12)?,
        written_for: row.get(13)?,
        ends_why: row.get(17)?,
        approved: approved.zip(row.get(19)?),
    })
}

fn recurrence(row: &Row<'_>) -> rusqlite::Result<Recurrence> {
    let (cron, zone): (String, String) = (row.get(2)?, row.get(3)?);
    let zone = zone.parse().map_err(|_| unreadable("series.zone", &zone))?;
    let crons = cron.lines().map(Cron::parse).collect::<std::result::Result<_, _>>();
    let wall = |column, name| {
        let word: Option<String> = row.get(column)?;
        word.map(|word| {
            NaiveDateTime::parse_from_str(&word, WALL).map_err(|_| unreadable(name, &word))
        })
        .transpose()
    };
    let except: Option<String> = row.get(15)?;
    let except = except.map_or(Ok(Default::default()), |json| {
        serde_json::from_str(&json).map_err(|_| unreadable("series.except_dates", &json))
    })?;
    let bounds = Bounds {
        from: wall(4, "series.first")?,
        until: wall(5, "series.last")?,
        count: row.get(14)?,
        except,
    };
    let crons = crons.map_err(|_| unreadable("series.cron", &cron))?;
    Ok(Recurrence::new(crons, zone, bounds))
}
