//! Taking jobs that may be series, and extending series into dated jobs: at the start, when one is
//! taken, and as a chore.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::engine::{Engine, Lane, Offered, bodies, lane_named, lift_generations};
use crate::model::{Account, JobId, JobState};
use crate::store::{By, Recurring, Series, Source, Step, StoreError, Taken};

impl Engine {
    /// Makes the dates of series that have come within their horizon.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn extend_series(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { store, lanes, mark, .. } = self;
        let accounts = store.step(|step| {
            let accounts = extend(step, lanes, now)?;
            if !accounts.is_empty() {
                // A date that an older database lacked may have been remade by a person.
                lift_generations(step, lanes, mark, now)?;
            }
            Ok::<_, StoreError>(accounts)
        })?;
        for lane in lanes.iter_mut().filter(|lane| accounts.contains(&lane.config.account.name)) {
            lane.wake = Some(lane.wake.map_or(now, |wake| wake.min(now)));
        }
        Ok(())
    }
}

/// Returns when a job is due first, by which the jobs of one file are taken.
pub fn first_at(job: &Offered<'_>, first_taken_at: DateTime<Utc>) -> DateTime<Utc> {
    let next = job.recurrence.and_then(|recurrence| recurrence.after(first_taken_at).next());
    job.spec.at.or_else(|| next.map(|date| date.at)).unwrap_or(first_taken_at)
}

/// Takes one job or series of a file.
///
/// # Errors
/// Where the store fails.
pub fn take(
    step: &Step<'_>,
    job: &Offered<'_>,
    (account, source): (&Account, Source<'_>),
    now: DateTime<Utc>,
) -> Result<Taken, StoreError> {
    let bodies = &bodies(job.spec);
    match job.recurrence {
        Some(recurrence) => {
            let recurring = Recurring { job: job.spec, recurrence };
            step.take_series(recurring, By { account, bodies }, source, now)
        }
        None => step.take(job.spec, account, bodies, source, now),
    }
}

/// Makes what is to be made, and returns the accounts that have new jobs.
pub(super) fn extend(
    step: &Step<'_>,
    lanes: &[Lane],
    now: DateTime<Utc>,
) -> Result<BTreeSet<String>, StoreError> {
    let mut accounts = BTreeSet::new();
    for series in step.series_to_extend(now)? {
        // An account that left the config stands under attention; its dates are made when it is back.
        let Some(lane) = lane_named(lanes, &series.job.account) else { continue };
        if extend_one(step, lane, &series, now)? {
            accounts.insert(series.job.account);
        }
    }
    Ok(accounts)
}

/// Makes the dates of one series, and says whether there are new jobs.
fn extend_one(
    step: &Step<'_>,
    lane: &Lane,
    series: &Series,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let by = By { account: &lane.config.account, bodies: &bodies(&series.job) };
    let made = step.extend(series, by, lane.clock_trusted(now), now)?;
    if let (Some(first), count) = (made.first(), made.len()) {
        tracing::info!(series = series.job.id.as_str(), count, "planned its dates from {first}");
    }
    Ok(!made.is_empty())
}

/// Begins the account's series anew that were taken by a clock ahead of the true one, once the
/// platform says that this one is right; says whether its clock is wanted for that.
pub(super) fn bring_back(
    step: &Step<'_>,
    lane: &Lane,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !step.series_taken_ahead(&lane.config.account.name, now)? {
        return Ok(false);
    }
    if !lane.clock_trusted(now) {
        return Ok(true);
    }
    for series in step.series_to_extend(now)? {
        if series.job.account == lane.config.account.name {
            extend_one(step, lane, &series, now)?;
        }
    }
    Ok(false)
}

/// Returns when the next date of a series that waits is due and where it stands; where none waits,
/// that of the next one to come, or else of the last one.
pub(super) fn stands(
    step: &Step<'_>,
    id: &JobId,
    now: DateTime<Utc>,
) -> Result<(Option<DateTime<Utc>>, JobState), StoreError> {
    let waiting = step.occurrences_waiting(id)?;
    let date = match waiting.into_iter().find(|(_, state)| state.waits()) {
        Some((next, _)) => Some(next),
        None => step.occurrence_near(id, now)?,
    };
    match date {
        Some(date) => step.job(&date).map(|job| (Some(job.due_at), job.state)),
        // A lost one that went on without a date to come: it is over.
        None => Ok((None, JobState::Cancelled)),
    }
}
