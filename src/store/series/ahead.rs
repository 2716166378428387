//! The dates of a series that have no job yet, as the schedule sees them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::row::{COLUMNS, read};
use super::{Series, fill_texts, occurrence_id};
use crate::calendar::{Date, DateKey, DateValues, Recurrence};
use crate::model::{Account, Audience, Content, Expires, JobSpec, JobState, batch_lengths};
use crate::plan::{Job, Rank};
use crate::quota::Demand;
use crate::schedule::Waiting;
use crate::store::ingest::{taken_as, words};
use crate::store::{Result, Tx, millis};

/// A date of a series that has no job yet.
#[derive(Clone, Debug)]
pub struct DateAhead {
    /// The action of its job.
    pub action: &'static str,
    /// Its audience in words.
    pub audience: String,
    /// What the schedule needs of it.
    pub waiting: Waiting,
}

impl Tx<'_> {
    /// Returns the dates before `until` that have no job yet, in the order in which they get one.
    pub fn dates_ahead(&self, account: &Account, until: DateTime<Utc>) -> Result<Vec<DateAhead>> {
        let mut dates = Vec::new();
        for series in self.series_ahead(&account.name, until)? {
            let Some(from) = series.next() else { continue };
            let titles = Titles::of(&series, until);
            let mut own = self.date_actions(&series.job.id)?;
            for date in series.dates().after(from).take_while(|date| date.at < until) {
                dates.push(match own.remove(&date.date) {
                    None => {
                        date_ahead(&series, account, (&series.job, date), titles.of_date(date))?
                    }
                    own @ Some(_) => {
                        let spec = series.occurrence_with(date, own)?;
                        date_ahead(&series, account, (&spec, date), spec.title())?
                    }
                });
            }
        }
        dates.sort_by_key(|date: &DateAhead| date.waiting.job.planned_at);
        // A date gets its job later than every job that there is, and so has the last rank.
        for (taken, date) in (i64::MAX / 2..).zip(&mut dates) {
            date.waiting.job.rank.taken = taken;
        }
        Ok(dates)
    }

    /// Returns whether a series of an account has dates up to this time that have no job yet.
    pub(in crate::store) fn has_dates_ahead(
        &self,
        account: &str,
        until: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM series WHERE account = ?1 AND state = 'active'
                    AND next_at <= ?2)",
            )?
            .query_row(params![account, millis(until)], |row| row.get(0))?)
    }

    fn series_ahead(&self, account: &str, until: DateTime<Utc>) -> Result<Vec<Series>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM series WHERE account = ?1 AND state = 'active' AND next_at <= ?2
             ORDER BY id"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![account, millis(until)], read)?;
        rows.map(|series| self.with_changes(series?)).collect()
    }
}

/// The titles of the dates of one series.
enum Titles<'a> {
    /// All have the same.
    Same(Option<String>),
    /// Each fills in its own.
    Filled {
        recurrence: &'a Recurrence,
        /// The job without what is long and has no part in its title.
        job: Box<JobSpec>,
        /// What the numbered dates fill in: counted once for all of them.
        numbered: HashMap<DateKey, DateValues>,
    },
}

impl<'a> Titles<'a> {
    fn of(series: &'a Series, until: DateTime<Utc>) -> Self {
        if !series.job.templated {
            return Self::Same(series.job.title());
        }
        let mut job = Box::new(series.job.clone());
        if let Some(broadcast) = job.action.broadcast_mut() {
            broadcast.audience = Audience::Everyone;
            if let Content::Prepared { material, .. } = &mut broadcast.content {
                material.articles.iter_mut().for_each(|article| article.content.clear());
            }
        }
        let recurrence = &series.recurrence;
        let numbered = recurrence.numbered().take_while(|(date, _)| date.at < until);
        let numbered = numbered.map(|(date, values)| (date.date, values)).collect();
        Self::Filled { recurrence, job, numbered }
    }

    fn of_date(&self, date: Date) -> Option<String> {
        match self {
            Self::Same(title) => title.clone(),
            Self::Filled { recurrence, job, numbered } => {
                let known = numbered.get(&date.date).copied();
                let mut job = job.clone();
                fill_texts(&mut job, known.unwrap_or_else(|| recurrence.values(date)));
                job.title()
            }
        }
    }
}

fn date_ahead(
    series: &Series,
    account: &Account,
    (spec, date): (&JobSpec, Date),
    title: Option<String>,
) -> Result<DateAhead> {
    let broadcast = spec.action.broadcast();
    let calls = match broadcast.map(|broadcast| &broadcast.audience) {
        None => 0,
        Some(Audience::Everyone | Audience::Tag(_)) => 1,
        // A list that has not come yet takes at least one.
        Some(Audience::List(list)) => {
            u32::try_from(batch_lengths(list.len()).len()).unwrap_or(1).max(1)
        }
    };
    let everyone = broadcast.is_some_and(|broadcast| broadcast.audience == Audience::Everyone);
    let is_approved = series.approved.as_ref().is_some_and(|(day, _)| date.date.date <= *day);
    let job = Job {
        id: occurrence_id(&series.job.id, date.date)?,
        account: spec.account.clone(),
        state: if is_approved && spec.awaited().is_empty() {
            JobState::Planned
        } else {
            taken_as(spec, account)
        },
        rank: Rank { neg_priority: -i32::from(spec.priority), taken: i64::MAX },
        planned_at: date.at,
        due_at: date.at,
        not_before: None,
        zone: spec.timezone,
        grace: spec.grace,
        retry_for: spec.retry_for,
        expires_at: match spec.expires {
            Expires::After(span) => date.at + span,
            Expires::At(at) => at,
        },
        on_quota: spec.on_quota,
        on_full_receivers: spec.on_full_receivers,
        demand: Demand { everyone, calls, codes: 0 },
        first_attempt_at: None,
        asked: false,
        anytime: false,
        recall_until: None,
    };
    let waiting = Waiting {
        job,
        title,
        calls_left: calls,
        placed: true,
        without_place: false,
        in_doubt: false,
    };
    let (audience, _) = words(&spec.action);
    Ok(DateAhead { action: spec.action.name(), audience, waiting })
}
