//! Series: recurring jobs, whose dates become jobs of their own.
//!
//! An *occurrence* is an ordinary job from its first row on: it is placed, waits, is missed and is
//! cancelled like any other. Only its id `ID@DATE` shows which date it is. So a series needs no
//! rules of its own, and its quota conflicts show weeks ahead.
//!
//! Dates are made weeks ahead of their time, in order, and each only once: a date that an operator
//! cancelled is not made again, and a crash leaves all of an extension or nothing. Ids come from
//! series and date alone, so an older database that is restored makes the same jobs with the same
//! clientmsgids. A date that passed before it was made is still made, late: its own `grace` ends it
//! as missed, with a reason, and it is never sent. No date is skipped unless a trusted clock shows
//! that it is weeks in the past.
//!
//! An edit applies to the dates that wait and were never attempted. A date that the edit leaves out
//! is withdrawn: cancelled, and planned again if a later edit contains it again.
//!
//! A series that a lost database had, or had in another version, is *lost*: some of its dates may
//! have been sent, and it is unknown which. So none is made until an operator runs `retry`, and
//! then only those after that day. One id has one zone for ever, so that a date always means the
//! same day.

mod ahead;
mod change;
mod extend;
mod lost;
mod row;

use std::collections::BTreeMap;
use std::fmt;

pub use ahead::DateAhead;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use self::row::{COLUMNS, key, read};
use crate::calendar::{Date, DateChanges, DateKey, DateValues, Recurrence, SeriesDates, Template};
use crate::l10n::t;
use crate::model::console;
use crate::model::{Account, Action, JobId, JobSpec, JobState, hex};
use crate::reason::{Operation, Reason};
use crate::store::ingest::{too_many, under};
use crate::store::job_row::state;
use crate::store::{
    DecidedBy, IngestOutcome, JobView, Result, SeriesInput, Source, StoreError, Tx, instant,
    millis, unreadable,
};
use crate::text::reason;

pub use self::change::DateDecision;

/// A code word for programs: something about a series.
const KIND: &str = "series";

/// The state of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesState {
    /// Its dates are made.
    Active,
    /// An operator cancelled it.
    Cancelled,
    /// An earlier database had more of it.
    Lost,
}

impl SeriesState {
    /// Returns the word used in JSON and schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Cancelled, Self::Lost].into_iter().find(|state| state.as_str() == word)
    }
}

impl SeriesState {
    /// Returns it as people read it.
    pub fn label(self) -> String {
        match self {
            Self::Active => t!("series-active"),
            Self::Cancelled => t!("series-state-cancelled"),
            Self::Lost => t!("series-state-lost"),
        }
    }
}

impl fmt::Display for SeriesState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stored series.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its state.
    pub state: SeriesState,
    /// The job of each date, with the series' id and without its time.
    pub job: JobSpec,
    /// When it recurs, as its file says.
    pub recurrence: Recurrence,
    /// What operators decided about its dates.
    pub changes: DateChanges,
    /// Who ended it at a date, and why.
    pub ends_why: Option<Reason>,
    /// Up to which local date its dates are approved, and by whom.
    pub approved: Option<(NaiveDate, Reason)>,
    /// The file that it is from.
    pub file: String,
    line: usize,
    taken_at: DateTime<Utc>,
    next_at: Option<DateTime<Utc>>,
    /// Who cancelled it or continued it, and why.
    pub why: Option<Reason>,
    digest: String,
    /// The account's name in its file, if the account has another now.
    written_for: Option<String>,
}

impl Series {
    /// Returns what defines its dates.
    pub fn dates(&self) -> SeriesDates<'_> {
        SeriesDates { recurrence: &self.recurrence, changes: &self.changes }
    }

    /// Returns the time after which its dates are not yet jobs, if there are any.
    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.next_at.map(|at| at - TimeDelta::milliseconds(1))
    }

    /// Returns whether it is exactly as its file now describes it.
    fn is(&self, recurring: Recurring<'_>) -> bool {
        let renamed = |name: &String| {
            let job = &under(recurring.job, name.clone());
            self.digest == Recurring { job, ..recurring }.digest()
        };
        self.digest == recurring.digest() || self.written_for.as_ref().is_some_and(renamed)
    }

    /// Returns the job of one date, which may have files of its own.
    fn occurrence_with(&self, date: Date, own: Option<Action>) -> Result<JobSpec> {
        let id = occurrence_id(&self.job.id, date.date)?;
        let action = own.unwrap_or_else(|| self.job.action.clone());
        let mut spec = JobSpec { id, at: Some(date.at), action, ..self.job.clone() };
        if spec.templated {
            fill_texts(&mut spec, self.recurrence.values(date));
        }
        Ok(spec)
    }
}

/// What the dates of a series do that have files of their own.
pub type DateActions = BTreeMap<DateKey, Action>;

/// Fills the texts of a series in for one of its dates; they were checked when its file was taken.
pub fn fill_texts(spec: &mut JobSpec, values: DateValues) {
    for (_, text) in spec.texts_mut() {
        if let Ok(template) = Template::parse(text) {
            *text = template.fill(values);
        }
    }
}

fn occurrence_id(series: &JobId, date: DateKey) -> Result<JobId> {
    JobId::parse(&format!("{series}@{date}")).ok_or_else(|| {
        StoreError::Corrupt(format!("the id of series {series} has no room for a date"))
    })
}

/// A recurring job as its file describes it.
#[derive(Clone, Copy, Debug)]
pub struct Recurring<'a> {
    /// The job of each date, without that date's id and time.
    pub job: &'a JobSpec,
    /// When it recurs.
    pub recurrence: &'a Recurrence,
    /// What its dates do that have files of their own.
    pub dated: &'a DateActions,
}

impl Recurring<'_> {
    /// Returns the digest that distinguishes two versions of one series.
    fn digest(&self) -> String {
        let json = if self.dated.is_empty() {
            serde_json::to_vec(&(self.job, self.recurrence))
        } else {
            let dated: Vec<_> = self.dated.iter().collect();
            serde_json::to_vec(&(self.job, self.recurrence, dated))
        };
        hex(&Sha256::digest(json.expect("a checked job is always JSON")))
    }
}

/// The outcome of cancelling a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesCancelled {
    /// The dates that were cancelled.
    pub cancelled: Vec<JobId>,
    /// The dates in release, which are left alone.
    pub releasing: Vec<JobId>,
}

/// A date of a series that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedDate {
    /// Its job.
    pub id: JobId,
    /// When it is planned for.
    pub planned_at: DateTime<Utc>,
    digest: String,
}

impl Tx<'_> {
    /// Takes a series: stores it, and makes its next dates.
    pub fn take_series(
        &self,
        recurring: Recurring<'_>,
        by: SeriesInput<'_>,
        source: Source<'_>,
        now: DateTime<Utc>,
    ) -> Result<IngestOutcome> {
        let id = &recurring.job.id;
        if let Some(why) = self.why_no_series(id)?.or_else(|| too_many(by.bodies.len(), by.account))
        {
            return Ok(IngestOutcome::Refused(why));
        }
        let before = self.series(id)?;
        let changes = before.as_ref().map(|before| before.changes.clone()).unwrap_or_default();
        let dates = SeriesDates { recurrence: recurring.recurrence, changes: &changes };
        let next = dates.after(now).next();
        match &before {
            None if next.is_none() => {
                let why = t!("series-refuse-over", id = %id);
                return Ok(IngestOutcome::Refused(why));
            }
            None => self.ensure_account(&recurring.job.account)?,
            Some(before) if before.job.account != recurring.job.account => {
                return Ok(IngestOutcome::Refused(
                    t!("series-refuse-other-account", id = %id, account = %before.job.account),
                ));
            }
            Some(Series { state: SeriesState::Lost, .. }) => {
                return Ok(IngestOutcome::Refused(
                    t!("series-refuse-lost", id = %id, history = %console::history()),
                ));
            }
            Some(before) if before.is(recurring) => return Ok(IngestOutcome::Known),
            Some(Series { state: SeriesState::Cancelled, .. }) => {
                return Ok(IngestOutcome::Refused(t!("series-refuse-cancelled", id = %id)));
            }
            Some(before) if before.recurrence.zone() != recurring.recurrence.zone() => {
                return Ok(IngestOutcome::Refused(
                    t!("series-refuse-zone", id = %id, zone = %before.recurrence.zone()),
                ));
            }
            Some(_) => {}
        }
        let next_at = next.map(|date| date.at);
        self.write_series(recurring, source, (SeriesState::Active, next_at), now)?;
        let series = self.known_series(id)?;
        if before.is_some() {
            self.edit_waiting(&series, by, now)?;
        }
        self.extend(&series, by, false, now)?;
        if self.unplaced.borrow().is_empty() {
            // Only dates that have no job yet changed.
            self.replan(by.account, now)?;
        }
        Ok(if before.is_some() { IngestOutcome::Updated } else { IngestOutcome::New })
    }

    /// Applies an edit to the dates that wait and were never attempted.
    fn edit_waiting(&self, series: &Series, by: SeriesInput<'_>, now: DateTime<Utc>) -> Result<()> {
        let id = &series.job.id;
        let waiting = self.dates_waiting(id)?;
        let placed: Vec<_> =
            waiting.into_iter().map(|date| (date, series.dates().on(date))).collect();
        // What the edit leaves out gives up its windows first.
        for (date, _) in placed.iter().filter(|(_, at)| at.is_none()) {
            self.withdraw_date(series, &occurrence_id(id, *date)?, by.account, now)?;
        }
        for (date, at) in placed {
            let Some(at) = at else { continue };
            let spec = self.occurrence(series, Date { date, at })?;
            let before = self.job(&spec.id)?;
            let taken =
                self.take_known(&spec, by.account, &by.bodies_of(&spec), series.source(now), now)?;
            if taken == IngestOutcome::Updated
                && before.due_at > now.max(before.planned_at)
                && at <= now
            {
                // It was deferred, and continues to wait: its new time is past like its old one.
                self.run(
                    "UPDATE job SET due_at = ?2, wake_at = ?2 WHERE id = ?1",
                    params![spec.id.as_str(), millis(before.due_at)],
                )?;
            }
        }
        Ok(())
    }

    /// Returns the dates of a series that wait and were never attempted.
    fn dates_waiting(&self, id: &JobId) -> Result<Vec<DateKey>> {
        let mut statement = self.db.prepare_cached(
            "SELECT date FROM occurrence JOIN job ON job.id = occurrence.job
             WHERE series = ?1 AND job.state IN ('planned', 'held') AND attempted = 0 ORDER BY date",
        )?;
        let rows = statement.query_map([id.as_str()], key)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Withdraws a date that waits and that its series no longer contains.
    fn withdraw_date(
        &self,
        series: &Series,
        id: &JobId,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (series, file) = (series.job.id.clone(), series.file.clone());
        let why = Reason::DateWithdrawn { series, file };
        self.finish_job(&self.job(id)?, account, JobState::Cancelled, &why, now)?;
        self.run("UPDATE occurrence SET withdrawn = 1 WHERE job = ?1", params![id.as_str()])
    }

    /// Cancels a series with all of its dates that wait.
    ///
    /// # Errors
    /// If it is cancelled already, or SQLite fails.
    pub fn cancel_series(
        &self,
        id: &JobId,
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<SeriesCancelled> {
        let series = self.known_series(id)?;
        if series.state == SeriesState::Cancelled {
            let why = series.why.map(|why| reason::sentence(&why)).unwrap_or_default();
            return Err(StoreError::Refused(
                t!("series-refuse-cancelled-already", id = %id, why = %why),
            ));
        }
        self.run(
            "UPDATE series SET state = 'cancelled', next_at = NULL, why = ?2 WHERE id = ?1",
            params![id.as_str(), said.that(Operation::Cancel)],
        )?;
        self.forget_alerts(id)?;
        let mut done = SeriesCancelled::default();
        for (job, state) in self.occurrences_waiting(id)? {
            if matches!(state, JobState::Planned | JobState::Held) {
                self.cancel(&job, account, said, now)?;
                done.cancelled.push(job);
            } else {
                done.releasing.push(job);
            }
        }
        self.replan(account, now)?;
        Ok(done)
    }

    fn forget_alerts(&self, id: &JobId) -> Result<()> {
        self.run("DELETE FROM alert WHERE job = ?1 AND kind = ?2", params![id.as_str(), KIND])
    }

    /// Returns the dates of a series that have not ended yet, by time.
    pub fn occurrences_waiting(&self, id: &JobId) -> Result<Vec<(JobId, JobState)>> {
        let mut statement = self.db.prepare_cached(
            "SELECT job.id, job.state FROM occurrence JOIN job ON job.id = occurrence.job
             WHERE series = ?1 AND wake_at IS NOT NULL ORDER BY due_at, seq",
        )?;
        let rows = statement.query_map([id.as_str()], |row| {
            let word: String = row.get(0)?;
            let job = JobId::parse(&word).ok_or_else(|| unreadable("job.id", &word))?;
            Ok((job, state(row, 1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the zones of the active series and of the waiting jobs, each once.
    pub fn zones_in_use(&self) -> Result<Vec<Tz>> {
        let mut statement = self.db.prepare_cached(
            "SELECT zone FROM series WHERE state = 'active'
             UNION SELECT zone FROM job WHERE wake_at IS NOT NULL ORDER BY zone",
        )?;
        let rows = statement.query_map([], |row| {
            let name: String = row.get(0)?;
            name.parse().map_err(|_| unreadable("series.zone", &name))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the dates of a series that wait, with what an edit may change of them.
    pub fn dates_planned(&self, id: &JobId) -> Result<Vec<PlannedDate>> {
        let mut statement = self.db.prepare_cached(
            "SELECT job.id, planned_at, digest FROM occurrence JOIN job ON job.id = occurrence.job
             WHERE series = ?1 AND wake_at IS NOT NULL ORDER BY date",
        )?;
        let rows = statement.query_map([id.as_str()], |row| {
            let word: String = row.get(0)?;
            Ok(PlannedDate {
                id: JobId::parse(&word).ok_or_else(|| unreadable("job.id", &word))?,
                planned_at: instant(row.get(1)?),
                digest: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the next date of a series that is a job, or else the last one.
    ///
    /// # Errors
    /// If SQLite fails, or something else changed a row.
    pub fn occurrence_near(&self, id: &JobId, now: DateTime<Utc>) -> Result<Option<JobId>> {
        let word: Option<String> = self
            .db
            .prepare_cached(
                "SELECT job.id FROM occurrence JOIN job ON job.id = occurrence.job
                 WHERE series = ?1 ORDER BY due_at <= ?2, abs(due_at - ?2) LIMIT 1",
            )?
            .query_row(params![id.as_str(), millis(now)], |row| row.get(0))
            .optional()?;
        word.map(|word| JobId::parse(&word).ok_or_else(|| unreadable("job.id", &word).into()))
            .transpose()
    }

    /// Returns the dates of a series as the lists show jobs: the next ones, after the last ones.
    pub fn occurrences(&self, id: &JobId, most: u32, now: DateTime<Utc>) -> Result<Vec<JobView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM (SELECT job.id, due_at, seq FROM occurrence
                 JOIN job ON job.id = occurrence.job WHERE series = ?1
                 ORDER BY abs(due_at - ?2), seq LIMIT ?3) ORDER BY due_at, seq",
        )?;
        let ids = statement
            .query_map(params![id.as_str(), millis(now), most], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut jobs = Vec::with_capacity(ids.len());
        for id in ids {
            jobs.extend(self.job_view(&id)?);
        }
        Ok(jobs)
    }

    /// Returns a series, if one has this id.
    ///
    /// # Errors
    /// If SQLite fails, or something else changed the row.
    pub fn series(&self, id: &JobId) -> Result<Option<Series>> {
        let row = self
            .db
            .prepare_cached(&format!("SELECT {COLUMNS} FROM series WHERE id = ?1"))?
            .query_row([id.as_str()], read)
            .optional()?;
        row.map(|series| self.with_changes(series)).transpose()
    }

    fn known_series(&self, id: &JobId) -> Result<Series> {
        self.series(id)?.ok_or_else(|| StoreError::Refused(t!("series-unknown", id = %id)))
    }

    /// Returns all series, of one account or of all.
    pub fn all_series(&self, account: Option<&str>) -> Result<Vec<Series>> {
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM series WHERE ?1 IS NULL OR account = ?1 ORDER BY id"
        ))?;
        let rows = statement.query_map([account], read)?;
        let all = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        all.into_iter().map(|series| self.with_changes(series)).collect()
    }

    /// Returns the ids of the active series, of one file or of all.
    pub fn active_series(&self, file: Option<&str>) -> Result<Vec<JobId>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM series WHERE state = 'active' AND next_at IS NOT NULL
               AND (?1 IS NULL OR file = ?1) ORDER BY id",
        )?;
        let rows = statement.query_map([file], |row| row.get::<_, String>(0))?;
        let ids = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(ids.iter().filter_map(|id| JobId::parse(id)).collect())
    }

    /// Returns the digests of the files that future dates need.
    pub(super) fn files_of_series(&self) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM series WHERE (state = 'active' AND next_at IS NOT NULL)
                 OR state = 'lost'"
        ))?;
        let series = statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut actions = Vec::new();
        for series in series {
            actions.extend(self.date_actions(&series.job.id)?.into_values());
            actions.push(series.job.action);
        }
        let material = |action: &Action| {
            let assets = action.broadcast()?.content.material()?.assets.iter();
            Some(assets.map(|asset| asset.media.sha256.clone()).collect::<Vec<_>>())
        };
        Ok(actions.iter().filter_map(material).flatten().collect())
    }

    /// Returns whether an account has series whose dates cannot be made without it.
    pub fn has_series(&self, account: &str) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM series WHERE account = ?1 AND state = 'active'
                 AND next_at IS NOT NULL)",
            )?
            .query_row([account], |row| row.get(0))?)
    }

    /// Returns why a series cannot have an id, if jobs already have it or the id of one of its
    /// dates.
    fn why_no_series(&self, id: &JobId) -> Result<Option<String>> {
        let other: Option<String> = self
            .db
            .prepare_cached(
                "SELECT id FROM job WHERE id = ?1 OR ((id GLOB ?1 || '@????-??-??' OR id GLOB ?1 || '@????-??-??-????')
                     AND NOT EXISTS (SELECT 1 FROM occurrence WHERE occurrence.job = job.id))
                 LIMIT 1",
            )?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        Ok(other.map(|other| t!("series-refuse-job-exists", other = %other)))
    }

    /// Returns why a job of a file cannot have an id, if a series or one of its dates has it.
    pub(super) fn why_no_job(&self, id: &JobId) -> Result<Option<String>> {
        let series: Option<String> = self
            .db
            .prepare_cached(
                "SELECT id FROM series WHERE id = ?1 OR ?1 GLOB id || '@????-??-??'
                     OR ?1 GLOB id || '@????-??-??-????' LIMIT 1",
            )?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        Ok(series.map(|series| {
            if series == id.as_str() {
                t!("series-refuse-id", id = %id)
            } else {
                t!("series-refuse-id-of-date", id = %id, series = %series)
            }
        }))
    }
}

impl Series {
    fn source(&self, now: DateTime<Utc>) -> Source<'_> {
        Source { file: &self.file, line: self.line, first_taken_at: now }
    }
}
