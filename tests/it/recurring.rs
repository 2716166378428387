//! Series in the world: dropping them, letting their dates be made, and telling the referee of each.
//!
//! The referee is told what the test wrote, not what the daemon computed: a date that the test's
//! own arithmetic does not know is a violation.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use qunfa::calendar::{Bounds, Cron, Recurrence};
use qunfa::engine::{
    AcceptedFile, AcceptedSeries, IngestError, IngestedJob, Offered, Owner, bodies,
};
use qunfa::model::Account;
use qunfa::model::{JobId, JobSpec};
use qunfa::store::{DateActions, DecidedBy, SeriesCancelled, SeriesInput};
use sha2::{Digest as _, Sha256};

use crate::world::{World, beijing, second_of_day};

const SAID: DecidedBy<'_> = DecidedBy { who: "alice", why: None };

/// What a test writes: a time of day, on some days of the week, in Beijing.
#[derive(Clone, Debug)]
pub(crate) struct Comes {
    pub(crate) minute: u32,
    /// Further hours of the day, at the same minute.
    pub(crate) also: Vec<u32>,
    /// Days since Sunday; none is every day.
    pub(crate) days: Vec<u32>,
    /// On New Year's Day only.
    pub(crate) yearly: bool,
    /// The last date.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Comes {
    pub(crate) fn at(hour: u32, minute: u32) -> Self {
        Self {
            minute: hour * 60 + minute,
            also: Vec::new(),
            days: Vec::new(),
            yearly: false,
            until: None,
        }
    }

    pub(crate) fn on(mut self, days: &[u32]) -> Self {
        self.days = days.to_vec();
        self
    }

    pub(crate) fn and_at(mut self, hour: u32) -> Self {
        self.also.push(hour);
        self
    }

    fn recurrence(&self) -> Recurrence {
        let days: Vec<_> = self.days.iter().map(u32::to_string).collect();
        let days = if days.is_empty() { "*".to_owned() } else { days.join(",") };
        let date = if self.yearly { "1 1" } else { "* *" };
        let hours = [self.minute / 60].into_iter().chain(self.also.iter().copied());
        let hours = hours.map(|hour| hour.to_string()).collect::<Vec<_>>().join(",");
        let cron = format!("{} {hours} {date} {days}", self.minute % 60);
        let until = self.until.map(|until| (until + TimeDelta::hours(8)).naive_utc());
        let bounds = Bounds { until, ..Bounds::default() };
        Recurrence::new(vec![Cron::parse(&cron).unwrap()], chrono_tz::Asia::Shanghai, bounds)
    }

    fn has(&self, at: DateTime<Utc>) -> bool {
        let weekday = (at + TimeDelta::hours(8)).weekday().num_days_from_sunday();
        let hours = [self.minute / 60].into_iter().chain(self.also.iter().copied());
        let mut seconds = hours.map(|hour| (hour * 60 + self.minute % 60) * 60);
        seconds.any(|second| second_of_day(at) == second)
            && (self.days.is_empty() || self.days.contains(&weekday))
            && (!self.yearly || beijing(at)[5..10] == *"01-01")
            && self.until.is_none_or(|until| at <= until)
    }
}

/// A series as it was written, in all its versions.
pub(crate) struct Written {
    pub(crate) spec: JobSpec,
    pub(crate) versions: Vec<Comes>,
    /// The dates that a person moved, by their jobs' ids.
    pub(crate) moved: BTreeMap<String, DateTime<Utc>>,
}

impl World {
    /// Drops the file of a series.
    pub(crate) fn drop_series(
        &mut self,
        spec: &JobSpec,
        comes: &Comes,
    ) -> Result<IngestedJob, IngestError> {
        self.drop_series_with(spec, comes, &DateActions::new())
    }

    /// Drops the file of a series with what its dates do that have files of their own.
    pub(crate) fn drop_series_with(
        &mut self,
        spec: &JobSpec,
        comes: &Comes,
        dated: &DateActions,
    ) -> Result<IngestedJob, IngestError> {
        let recurrence = comes.recurrence();
        let sha256 = Sha256::digest(format!("{}{recurrence:?}{dated:?}", spec.digest()));
        let sha256 = qunfa::model::hex(&sha256);
        let now = self.now();
        let offered = Offered { spec, recurrence: Some(&recurrence), dated, line: 1 };
        let file = (sha256.as_str(), "series.yaml");
        // The referee must know a date before its job is seen.
        let known = self.series.iter().position(|written| written.spec.id == spec.id);
        let taken = self.engine().ingest_file(file, &[offered], now);
        if taken.is_ok() {
            self.disk.mark = Some(self.engine().mark().clone());
            match known {
                Some(index) => {
                    self.series[index].spec = spec.clone();
                    self.series[index].versions.push(comes.clone());
                }
                None => {
                    let versions = vec![comes.clone()];
                    let moved = BTreeMap::new();
                    self.series.push(Written { spec: spec.clone(), versions, moved });
                }
            }
            self.remember(AcceptedFile {
                name: "series.yaml".to_owned(),
                sha256,
                taken_at: now,
                accepted_at: now,
                jobs: Vec::new(),
                series: vec![AcceptedSeries {
                    job: spec.clone(),
                    recurrence,
                    dated: dated.clone(),
                    line: 1,
                }],
                ids: vec![(spec.id.clone(), Owner::Named(spec.account.clone()))],
            });
        }
        self.look();
        taken.map(|mut taken| taken.jobs.remove(0))
    }

    /// The chore.
    pub(crate) fn extend_series(&mut self) {
        let now = self.now();
        if let Some(engine) = &mut self.engine {
            engine.extend_series(now).unwrap();
            self.look();
        }
    }

    /// Tells the referee of the dates that have jobs.
    pub(crate) fn learn_dates(&mut self) {
        if self.series.is_empty() || !self.oracle.has_news(&self.disk) {
            return;
        }
        let sql = "SELECT occurrence.job, series, date, planned_at,
                       job.state IN ('planned', 'held') AND attempted = 0, job.account
                   FROM occurrence JOIN job ON job.id = occurrence.job";
        let mut statement = self.disk.witness.prepare_cached(sql).unwrap();
        let rows = statement
            .query_map([], |row| {
                let planned: i64 = row.get(3)?;
                let planned = DateTime::from_timestamp_millis(planned).unwrap();
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, planned, row.get(4)?, row.get(5)?))
            })
            .unwrap()
            .collect::<rusqlite::Result<Vec<(String, String, String, DateTime<Utc>, bool, String)>>>()
            .unwrap();
        drop(statement);
        for (job, series, date, planned, waits, account) in rows {
            let found = self.series.iter().find(|written| written.spec.id.as_str() == series);
            let written = found.unwrap_or_else(|| panic!("nobody wrote series {series}"));
            let local = beijing(planned);
            let names_it = |comes: &Comes| {
                let time = format!("{}-{}{}", &local[..10], &local[11..13], &local[14..16]);
                date == if comes.also.is_empty() { &local[..10] } else { &time }
            };
            let is_date = match written.moved.get(&job) {
                // Only until a database is restored that does not know the decision.
                Some(at) if *at == planned => true,
                _ => written.versions.iter().any(|comes| comes.has(planned) && names_it(comes)),
            };
            if !is_date || job != format!("{series}@{date}") {
                self.fail(&format!("4: {job} is planned for {}", beijing(planned)));
            }
            let id = JobId::parse(&job).unwrap();
            let spec = JobSpec { id, at: Some(planned), account, ..written.spec.clone() };
            self.oracle.know_date(&spec, waits);
        }
    }

    /// Whether a series waits for a person, after its database was lost.
    pub(crate) fn lost_series(&self) -> Option<String> {
        let sql = "SELECT min(id) FROM series WHERE state = 'lost'";
        self.disk.witness.prepare_cached(sql).unwrap().query_row([], |row| row.get(0)).unwrap()
    }

    /// A person lets a lost series go on; returns its next date.
    pub(crate) fn retry_series(&mut self, id: &str) -> Option<String> {
        let now = self.now();
        let (id, account, spec) = self.of_series(id).unwrap();
        let bodies = &bodies(&spec);
        let by = SeriesInput { account: &account, bodies, make: qunfa::engine::bodies };
        let done = self.engine().change(|tx| tx.retry_series(&id, by, SAID, now)).unwrap();
        self.say(&format!("a person lets series {id} go on: {done:?}"));
        self.engine().look_again(now);
        self.look();
        done.map(|date| date.date.to_string())
    }

    /// A person moves a date of a series, whether or not it is a job yet.
    pub(crate) fn reschedule(&mut self, id: &str, to: DateTime<Utc>) -> Result<(), String> {
        let now = self.now();
        let (series, account, _) = self.of_series(id.rsplit_once('@').unwrap().0)?;
        let done = self.engine().change(|tx| {
            let job = JobId::parse(id).unwrap();
            if tx.account_of(&job)?.is_some() {
                return tx.reschedule_job(&job, &account, to, SAID, now);
            }
            let (series, date) = tx.named_date(id)?.unwrap();
            tx.move_date((&series, date), &account, (to, SAID), now)
        });
        self.say(&format!("a person moves {id} to {}: {done:?}", beijing(to)));
        if done.is_ok() {
            let written = self.series.iter_mut().find(|written| written.spec.id == series).unwrap();
            written.moved.insert(id.to_owned(), to);
        }
        self.engine().look_again(now);
        self.look();
        done.map_err(|error| error.to_string())
    }

    /// A person ends a series at a date.
    pub(crate) fn end_series(&mut self, id: &str, from: &str) -> Result<SeriesCancelled, String> {
        let now = self.now();
        let (id, account, _) = self.of_series(id)?;
        let from = from.parse().unwrap();
        let done = self.engine().change(|tx| tx.end_series(&id, &account, (from, SAID), now));
        self.say(&format!("a person ends series {id} at {from}: {done:?}"));
        self.look();
        done.map_err(|error| error.to_string())
    }

    /// A person approves a series up to a date.
    pub(crate) fn approve_series(&mut self, id: &str, until: &str) -> Result<usize, String> {
        let now = self.now();
        let (id, account, _) = self.of_series(id)?;
        let until = until.parse().unwrap();
        let done = self.engine().change(|tx| tx.approve_series(&id, &account, (until, SAID), now));
        self.look();
        done.map(|(_, approved)| approved.len()).map_err(|error| error.to_string())
    }

    /// A person calls a series off.
    pub(crate) fn cancel_series(&mut self, id: &str) -> Result<SeriesCancelled, String> {
        let now = self.now();
        let (id, account, _) = self.of_series(id)?;
        let done = self.engine().change(|tx| tx.cancel_series(&id, &account, SAID, now));
        self.say(&format!("a person cancels series {id}: {done:?}"));
        self.look();
        done.map_err(|error| error.to_string())
    }

    /// Whether the config speaks for the account of a series.
    pub(crate) fn is_spoken_for(&mut self, id: &str) -> bool {
        self.of_series(id).is_ok()
    }

    fn of_series(&mut self, id: &str) -> Result<(JobId, Account, JobSpec), String> {
        let id = JobId::parse(id).unwrap();
        let known = self.engine().store().read().series(&id).unwrap();
        let spec = known.ok_or("the database has no such series")?.job;
        Ok((id, self.spoken_for(&spec.account)?, spec))
    }

    /// The dates of a series that are jobs, with their states.
    pub(crate) fn dates(&self, id: &str) -> Vec<String> {
        let sql = "SELECT date || ' ' || state FROM occurrence JOIN job ON job.id = occurrence.job
                   WHERE series = ?1 ORDER BY date";
        let mut statement = self.disk.witness.prepare(sql).unwrap();
        let rows = statement.query_map([id], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }
}
