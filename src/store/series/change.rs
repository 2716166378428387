//! What operators decide about the dates of a series: one is moved or skipped, all from a date on
//! do not come, all up to a date are approved.
//!
//! A decision is stored beside the series with who, when and why. It holds for dates that have no
//! job yet, and an edit of the series keeps it. Only an approval ends with an edit, because the
//! dates are not what was approved any more.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::row::key;
use super::{Series, SeriesCancelled, SeriesState, occurrence_id};
use crate::approval::Verdict;
use crate::calendar::{self, Date, DateKey};
use crate::l10n::t;
use crate::model::{Account, JobId, JobState};
use crate::reason::{Operation, Reason};
use crate::store::ingest::taken_as;
use crate::store::job_row::state;
use crate::store::{DecidedBy, Result, StoreError, Tx, instant, millis};

/// What an operator decided about one date, for people.
#[derive(Clone, Debug)]
pub struct DateDecision {
    /// The date.
    pub date: DateKey,
    /// When it comes instead; none if it does not come.
    pub moved_to: Option<DateTime<Utc>>,
    /// Who decided it, and why.
    pub why: Reason,
    /// When it was decided.
    pub said_at: DateTime<Utc>,
}

impl Tx<'_> {
    /// Returns the series and the date that an id names, whether or not it is a job yet.
    pub fn named_date(&self, id: &str) -> Result<Option<(Series, DateKey)>> {
        let Some((series, date)) = id.rsplit_once('@') else { return Ok(None) };
        let (Some(series), Some(date)) = (JobId::parse(series), DateKey::parse(date)) else {
            return Ok(None);
        };
        Ok(self.series(&series)?.map(|series| (series, date)))
    }

    /// Returns when a date that has no job yet comes.
    ///
    /// # Errors
    /// If the series is not active or has no such date to come; or if SQLite fails.
    fn date_to_come(&self, series: &Series, date: DateKey) -> Result<DateTime<Utc>> {
        let id = &series.job.id;
        let refuse = |why: String| Err(StoreError::Refused(why));
        if series.state != SeriesState::Active {
            return refuse(t!("series-not-active", id = %id, state = %series.state.label()));
        }
        match series.dates().on(date) {
            Some(at) if series.next_at.is_some_and(|next| at >= next) => Ok(at),
            Some(at) => refuse(
                t!("series-date-without-job", id = %id, date = %date, due = %calendar::beijing(at)),
            ),
            None => refuse(t!("series-no-such-date", id = %id, date = %date)),
        }
    }

    /// Moves a date that has no job yet to a later time.
    ///
    /// # Errors
    /// If there is no such date, or the time is earlier than its own; or if SQLite fails.
    pub fn move_date(
        &self,
        (series, date): (&Series, DateKey),
        account: &Account,
        (at, said): (DateTime<Utc>, DecidedBy<'_>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let own = self.date_to_come(series, date)?;
        let id = &series.job.id;
        // A database restored from before this decision would make the date at its own time. So it
        // must not have been sent by then.
        if at < own {
            return Err(StoreError::Refused(
                t!("series-date-only-later", id = %id, date = %date, at = %calendar::beijing(own)),
            ));
        }
        self.keep_date_change(
            (id, date),
            Some(at),
            &said.that(Operation::Reschedule { to: at }),
            now,
        )?;
        self.renew_next(id)?;
        self.replan(account, now)
    }

    /// Skips a date that has no job yet.
    ///
    /// # Errors
    /// If there is no such date; or if SQLite fails.
    pub fn skip_date(
        &self,
        (series, date): (&Series, DateKey),
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.date_to_come(series, date)?;
        let id = &series.job.id;
        self.keep_date_change((id, date), None, &said.that(Operation::Cancel), now)?;
        self.renew_next(id)?;
        self.replan(account, now)
    }

    /// Stores that a job was moved, if it is a date of a series.
    pub(in crate::store) fn keep_moved_date(
        &self,
        job: &JobId,
        at: DateTime<Utc>,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some((series, date)) = self.date_of(job)? else { return Ok(()) };
        let why = said.that(Operation::Reschedule { to: at });
        self.keep_date_change((&series, date), Some(at), &why, now)
    }

    /// Stores that a job was cancelled, if it is a date of a series.
    pub(in crate::store) fn keep_skipped_date(
        &self,
        job: &JobId,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some((series, date)) = self.date_of(job)? else { return Ok(()) };
        self.keep_date_change((&series, date), None, why, now)
    }

    fn date_of(&self, job: &JobId) -> Result<Option<(JobId, DateKey)>> {
        let found = self
            .db
            .prepare_cached("SELECT date, series FROM occurrence WHERE job = ?1")?
            .query_row([job.as_str()], |row| Ok((key(row)?, row.get::<_, String>(1)?)))
            .optional()?;
        Ok(found.and_then(|(date, series)| Some((JobId::parse(&series)?, date))))
    }

    fn keep_date_change(
        &self,
        (series, date): (&JobId, DateKey),
        moved_to: Option<DateTime<Utc>>,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO date_change (series, date, moved_at, said_at, why) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET moved_at = excluded.moved_at, said_at = excluded.said_at,
                 why = excluded.why",
            params![
                series.as_str(),
                date.to_string(),
                moved_to.map(millis),
                millis(now),
                why
            ],
        )
    }

    /// Finds the next date without a job anew after a decision.
    fn renew_next(&self, id: &JobId) -> Result<()> {
        let series = self.known_series(id)?;
        let Some(next) = series.next_at else { return Ok(()) };
        let first = series.dates().after(next - TimeDelta::milliseconds(1)).next();
        self.run(
            "UPDATE series SET next_at = ?2 WHERE id = ?1",
            params![id.as_str(), first.map(|Date { at, .. }| millis(at))],
        )
    }

    /// Lets no date of a series come from a local date on, and cancels those that wait.
    ///
    /// # Errors
    /// If no date of it comes any more; or if SQLite fails.
    pub fn end_series(
        &self,
        id: &JobId,
        account: &Account,
        (from, said): (NaiveDate, DecidedBy<'_>),
        now: DateTime<Utc>,
    ) -> Result<SeriesCancelled> {
        let series = self.known_series(id)?;
        let before = series.changes.ends_on;
        if series.state == SeriesState::Cancelled || before.is_some_and(|before| before <= from) {
            return Err(StoreError::Refused(match before {
                Some(date) => t!("series-cancelled-already-from", id = %id, date = %date),
                None => t!("series-cancelled-already", id = %id),
            }));
        }
        self.run(
            "UPDATE series SET ends_on = ?2, ends_why = ?3 WHERE id = ?1",
            params![id.as_str(), from.to_string(), said.that(Operation::Cancel)],
        )?;
        self.renew_next(id)?;
        let mut done = SeriesCancelled::default();
        for (job, waits) in self.occurrences_waiting(id)? {
            let is_after = self.date_of(&job)?.is_some_and(|(_, date)| date.date >= from);
            match waits {
                _ if !is_after => {}
                JobState::Planned | JobState::Held => {
                    self.cancel(&job, account, said, now)?;
                    done.cancelled.push(job);
                }
                JobState::Releasing
                | JobState::Accepted
                | JobState::Sent
                | JobState::Failed
                | JobState::Partial
                | JobState::Uncertain
                | JobState::Cancelled
                | JobState::Expired
                | JobState::Missed => done.releasing.push(job),
            }
        }
        self.replan(account, now)?;
        Ok(done)
    }

    /// Counts somebody's approval of the dates of a series up to a local date, also of those that have
    /// no job yet. Returns what it means, and which dates go now that waited for it.
    ///
    /// # Errors
    /// If the series is not active or needs no approval; or if SQLite fails.
    pub fn approve_series(
        &self,
        id: &JobId,
        account: &Account,
        (until, said): (NaiveDate, DecidedBy<'_>),
        now: DateTime<Utc>,
    ) -> Result<(Verdict, Vec<JobId>)> {
        let series = self.known_series(id)?;
        let why = match series.state {
            SeriesState::Active if taken_as(&series.job, account) == JobState::Held => None,
            SeriesState::Active => Some(t!("series-needs-no-approval", id = %id)),
            other @ (SeriesState::Cancelled | SeriesState::Lost) => {
                Some(t!("series-is-in-state", id = %id, state = %other.label()))
            }
        };
        if let Some(why) = why {
            return Err(StoreError::Refused(why));
        }
        if let Some((before, _)) = series.approved.as_ref().filter(|(before, _)| until < *before) {
            return Err(StoreError::Refused(
                t!("series-approved-already", id = %id, before = %before),
            ));
        }
        let verdict = self.approve_dates(&series, account, (until, said), now)?;
        match verdict {
            Verdict::Own | Verdict::Again => return Ok((verdict, Vec::new())),
            Verdict::Counts { .. } => {}
            Verdict::Goes => self.run(
                "UPDATE series SET approved_until = ?2, approved_why = ?3 WHERE id = ?1",
                params![id.as_str(), until.to_string(), said.that(Operation::Approve)],
            )?,
        }
        Ok((verdict, self.approve_held_dates(id, account, (until, said), now)?))
    }

    /// Counts an approval for the dates of a series that have a job; returns those that go now.
    fn approve_held_dates(
        &self,
        id: &JobId,
        account: &Account,
        (until, said): (NaiveDate, DecidedBy<'_>),
        now: DateTime<Utc>,
    ) -> Result<Vec<JobId>> {
        let mut statement = self.db.prepare_cached(
            "SELECT date, job.state FROM occurrence JOIN job ON job.id = occurrence.job
             WHERE series = ?1 AND job.state = 'held' ORDER BY due_at, seq",
        )?;
        let held = statement
            .query_map([id.as_str()], |row| Ok((key(row)?, state(row, 1)?)))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut approved = Vec::new();
        for (date, _) in held.into_iter().filter(|(date, _)| date.date <= until) {
            let job = occurrence_id(id, date)?;
            if !self.awaited_files(&job)?.is_empty() {
                // Nobody has seen what it will send.
                continue;
            }
            if self.approve(&job, account, said, now)? == Verdict::Goes {
                approved.push(job);
            }
        }
        Ok(approved)
    }

    /// Counts the approvals that a series has up to a date that was just made.
    pub(super) fn approve_as_series(
        &self,
        series: &Series,
        account: &Account,
        (date, job): (DateKey, &JobId),
        now: DateTime<Utc>,
    ) -> Result<()> {
        if !self.awaited_files(job)?.is_empty() {
            // Nobody has seen what it will send.
            return Ok(());
        }
        let approvers = self.approvers_of_dates(series.job.id.as_str(), date.date)?;
        for (who, why) in &approvers {
            if self.job(job)?.state == JobState::Held {
                let said = DecidedBy { who, why: why.as_deref() };
                self.approve(job, account, said, now)?;
            }
        }
        // An older version stored only the last approval.
        let Some((until, why)) = &series.approved else { return Ok(()) };
        let is_covered = approvers.is_empty() && account.approvals <= 1 && date.date <= *until;
        let is_held = self.job(job)?.state == JobState::Held;
        if is_held && is_covered { self.approve_because(job, why, now) } else { Ok(()) }
    }

    /// Returns what operators decided about single dates of a series, the first date first.
    pub fn date_decisions(&self, id: &JobId) -> Result<Vec<DateDecision>> {
        let mut statement = self.db.prepare_cached(
            "SELECT date, moved_at, why, said_at FROM date_change WHERE series = ?1 ORDER BY date",
        )?;
        let rows = statement.query_map([id.as_str()], |row| {
            Ok(DateDecision {
                date: key(row)?,
                moved_to: row.get::<_, Option<i64>>(1)?.map(instant),
                why: row.get(2)?,
                said_at: instant(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
