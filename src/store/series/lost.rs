//! Series of a lost or older database: stopped until an operator lets them continue.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::params;

use super::{KIND, Recurring, Series, SeriesState, key, occurrence_id};
use crate::alert::Told;
use crate::calendar::{Date, DateKey};
use crate::l10n::t;
use crate::model::{Account, JobId, JobState};
use crate::reason::{Operation, Reason};
use crate::store::ingest::too_many;
use crate::store::{Alert, DecidedBy, Move, Result, SeriesInput, Source, StoreError, Tx, millis};

impl Tx<'_> {
    /// Records a series from the newest file that a lost database had accepted.
    ///
    /// Unless this database has exactly that series, some of its dates may have been sent: those
    /// that wait are missed, as the newest file has them, and no more are made until an operator
    /// runs `retry`.
    pub fn import_series(
        &self,
        recurring: Recurring<'_>,
        by: SeriesInput<'_>,
        source: Source<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let id = &recurring.job.id;
        if let Some(known) = self.series(id)? {
            let is_over = known.state == SeriesState::Cancelled;
            // A file that returned to an earlier version was taken after the file that it replaced.
            let is_newer = known.taken_at > source.first_taken_at;
            if is_over || is_newer || known.is(recurring) {
                return Ok(());
            }
        }
        self.ensure_account(&recurring.job.account)?;
        self.write_series(recurring, source, (SeriesState::Lost, None), now)?;
        let newest = self.known_series(id)?;
        for date in self.dates_waiting(id)? {
            let Some(at) = newest.dates().on(date) else { continue };
            let spec = self.occurrence(&newest, Date { date, at })?;
            self.miss_as(&spec, by, (source, &Reason::DatabaseLost), now)?;
        }
        self.miss_waiting(id, by.account, now)?;
        self.alert_lost_series(id, by.account, now)
    }

    /// Stops a series that a newer file edits, if it cannot be determined what that changes.
    pub fn lose_series(&self, id: &JobId, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let known = self.series(id)?;
        if known.is_none_or(|known| known.state != SeriesState::Active) {
            return Ok(());
        }
        self.miss_waiting(id, account, now)?;
        self.run(
            "UPDATE series SET state = 'lost', next_at = NULL WHERE id = ?1",
            params![id.as_str()],
        )?;
        self.alert_lost_series(id, account, now)
    }

    fn miss_waiting(&self, id: &JobId, account: &Account, now: DateTime<Utc>) -> Result<()> {
        for date in self.dates_waiting(id)? {
            let job = self.job(&occurrence_id(id, date)?)?;
            self.finish_job(&job, account, JobState::Missed, &Reason::DatabaseLost, now)?;
        }
        Ok(())
    }

    fn alert_lost_series(&self, id: &JobId, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let (account, job) = (Some(account.name.as_str()), Some(id.as_str()));
        let note = Alert { account, job, kind: KIND, told: &Told::SeriesLost };
        self.raise_alert(&note, now)
    }

    /// Continues a lost series with the dates after today, and plans those again that were made
    /// before it was lost. Returns the first of them.
    ///
    /// # Errors
    /// If it is not lost, its list makes more calls than a day allows, or SQLite fails.
    pub fn retry_series(
        &self,
        id: &JobId,
        by: SeriesInput<'_>,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<Date>> {
        let series = self.known_series(id)?;
        let hint = match series.state {
            SeriesState::Lost => None,
            SeriesState::Active => Some(t!("series-hint-dates-planned")),
            SeriesState::Cancelled => Some(t!("store-hint-new-id")),
        };
        if let Some(hint) = hint {
            return Err(StoreError::Refused(
                t!("series-not-retriable", id = %id, state = %series.state.label(), hint = %hint),
            ));
        }
        if let Some(why) = too_many(by.bodies.len(), by.account) {
            return Err(StoreError::Refused(t!("series-cannot-go-on", id = %id, why = %why)));
        }
        let today = now.with_timezone(&series.recurrence.zone()).date_naive();
        let next = series.dates().after(now).find(|date| date.date.date > today);
        self.run(
            "UPDATE series SET state = 'active', next_at = ?2, taken_at = ?3, why = ?4 WHERE id = ?1",
            params![
                id.as_str(),
                next.map(|date| millis(date.at)),
                millis(now),
                said.that(Operation::LetGoOn)
            ],
        )?;
        self.forget_alerts(id)?;
        for date in self.dates_lost(id, today)? {
            self.plan_lost_date(&series, by, (date, said), now)?;
        }
        self.extend(&self.known_series(id)?, by, false, now)?;
        self.place_taken(by.account, now)?;
        Ok(next)
    }

    /// Plans a lost date again as the series now has it, or withdraws it.
    fn plan_lost_date(
        &self,
        series: &Series,
        by: SeriesInput<'_>,
        (date, said): (DateKey, DecidedBy<'_>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let id = occurrence_id(&series.job.id, date)?;
        let planned_at = self.job(&id)?.planned_at;
        let why = &said.that(Operation::Retry);
        let to = Move { state: JobState::Planned, wake_at: Some(planned_at), reason: None, why };
        self.move_job(&id, JobState::Missed, to, now)?;
        match series.dates().on(date) {
            Some(at) => {
                let spec = self.occurrence(series, Date { date, at })?;
                self.take_again(&spec, by, series.source(now), now)
            }
            // A later edit may contain it again; until then it cannot be retried.
            None => self.withdraw_date(series, &id, by.account, now),
        }
    }

    /// Returns the dates after a day that are missed since their series was lost and that were
    /// never attempted, as far as this database and the mark beside it show.
    fn dates_lost(&self, id: &JobId, after: NaiveDate) -> Result<Vec<DateKey>> {
        let mut statement = self.db.prepare_cached(
            "SELECT date FROM occurrence JOIN job ON job.id = occurrence.job
             WHERE series = ?1 AND substr(date, 1, 10) > ?2 AND state = 'missed' AND reason = ?3 AND attempted = 0
                 AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.job = job.id AND (generation > 0
                     OR EXISTS (SELECT 1 FROM attempt WHERE attempt.batch = batch.id)))
             ORDER BY date",
        )?;
        let rows = statement
            .query_map(params![id.as_str(), after.to_string(), Reason::DatabaseLost], key)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
