//! Stores jobs that may be series, and extends series into dated jobs: at the start, when one is
//! stored, and in maintenance.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::engine::{Offered, Session, bodies, session_named};
use crate::model::{Account, JobId, JobState};
use crate::store::{
    IngestOutcome, PlannedDate, Recurring, Series, SeriesInput, Source, StoreError, Tx,
};

/// What an edit of a series changed of one date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateEdit {
    /// The date's job.
    pub id: JobId,
    /// When it was due before; none if it is new.
    pub from: Option<DateTime<Utc>>,
    /// When it is due now, perhaps unchanged with another content; none if it is withdrawn.
    pub to: Option<DateTime<Utc>>,
}

/// Returns what changed between two readings of the dates that wait.
fn edited(before: &[PlannedDate], after: &[PlannedDate]) -> Vec<DateEdit> {
    let find =
        |dates: &[PlannedDate], id: &JobId| dates.iter().find(|date| date.id == *id).cloned();
    let changed = before.iter().filter_map(|old| {
        let new = find(after, &old.id);
        let to = new.as_ref().map(|new| new.planned_at);
        let edit = DateEdit { id: old.id.clone(), from: Some(old.planned_at), to };
        (new.as_ref() != Some(old)).then_some(edit)
    });
    let made = after.iter().filter(|new| find(before, &new.id).is_none());
    let made =
        made.map(|new| DateEdit { id: new.id.clone(), from: None, to: Some(new.planned_at) });
    let mut edits: Vec<_> = changed.chain(made).collect();
    edits.sort_by_key(|edit| edit.from.or(edit.to));
    edits
}

/// Returns when a job is first due; the jobs of one file are taken in this order.
pub fn first_at(job: &Offered<'_>, first_taken_at: DateTime<Utc>) -> DateTime<Utc> {
    let next = job.recurrence.and_then(|recurrence| recurrence.after(first_taken_at).next());
    job.spec.at.or_else(|| next.map(|date| date.at)).unwrap_or(first_taken_at)
}

/// Takes one job or series of a file; [`Tx::place_taken`] places what was taken.
///
/// # Errors
/// If the store fails.
pub fn take(
    tx: &Tx<'_>,
    job: &Offered<'_>,
    (account, source): (&Account, Source<'_>),
    now: DateTime<Utc>,
) -> Result<IngestOutcome, StoreError> {
    let made = &bodies(job.spec);
    match job.recurrence {
        Some(recurrence) => {
            let recurring = Recurring { job: job.spec, recurrence, dated: job.dated };
            tx.take_series(
                recurring,
                SeriesInput { account, bodies: made, make: bodies },
                source,
                now,
            )
        }
        None => tx.take(job.spec, account, made, source, now),
    }
}

/// Takes one job or series of a file, and returns what an edit changed of its dates.
pub(super) fn take_with_dates(
    tx: &Tx<'_>,
    job: &Offered<'_>,
    from: (&Account, Source<'_>),
    now: DateTime<Utc>,
) -> Result<(IngestOutcome, Vec<DateEdit>), StoreError> {
    let id = &job.spec.id;
    let before = job.recurrence.map(|_| tx.dates_planned(id)).transpose()?;
    let outcome = take(tx, job, from, now)?;
    let dates = match before {
        Some(before) if outcome == IngestOutcome::Updated => {
            edited(&before, &tx.dates_planned(id)?)
        }
        Some(_) | None => Vec::new(),
    };
    Ok((outcome, dates))
}

/// Makes the dates that are due to be made, and returns the accounts that have new jobs.
pub(super) fn extend(
    tx: &Tx<'_>,
    sessions: &[Session],
    now: DateTime<Utc>,
) -> Result<BTreeSet<String>, StoreError> {
    let mut accounts = BTreeSet::new();
    for series in tx.series_to_extend(now)? {
        // An account that left the config has an alert; its dates are made when it is back.
        let Some(session) = session_named(sessions, &series.job.account) else { continue };
        if extend_one(tx, session, &series, now)? {
            accounts.insert(series.job.account);
        }
    }
    Ok(accounts)
}

/// Makes the dates of one series, and returns whether there are new jobs.
fn extend_one(
    tx: &Tx<'_>,
    session: &Session,
    series: &Series,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let by = SeriesInput {
        account: &session.config.account,
        bodies: &bodies(&series.job),
        make: bodies,
    };
    let made = tx.extend(series, by, session.clock_trusted(now), now)?;
    tx.place_taken(by.account, now)?;
    if let (Some(first), count) = (made.first(), made.len()) {
        tracing::info!(series = series.job.id.as_str(), count, "planned its dates from {first}");
    }
    Ok(!made.is_empty())
}

/// Restarts the account's series that were taken while the clock was ahead, once the platform
/// confirms this clock; returns whether the platform's clock is needed for that.
pub(super) fn bring_back(
    tx: &Tx<'_>,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !tx.series_taken_ahead(&session.config.account.name, now)? {
        return Ok(false);
    }
    if !session.clock_trusted(now) {
        return Ok(true);
    }
    for series in tx.series_to_extend(now)? {
        if series.job.account == session.config.account.name {
            extend_one(tx, session, &series, now)?;
        }
    }
    Ok(false)
}

/// Returns the due time and state of a series' next date that waits; if none waits, of the next one
/// to come, or else of the last one.
pub(super) fn stands(
    tx: &Tx<'_>,
    id: &JobId,
    now: DateTime<Utc>,
) -> Result<(Option<DateTime<Utc>>, JobState), StoreError> {
    let waiting = tx.occurrences_waiting(id)?;
    let date = match waiting.into_iter().find(|(_, state)| state.waits()) {
        Some((next, _)) => Some(next),
        None => tx.occurrence_near(id, now)?,
    };
    match date {
        Some(date) => tx.job(&date).map(|job| (Some(job.due_at), job.state)),
        // A lost series that continued without a date to come: it is over.
        None => Ok((None, JobState::Cancelled)),
    }
}
