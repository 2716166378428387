//! Takes the jobs of files: all jobs of a file, or none of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::engine::crash_context::{self, WorkItem};
use crate::engine::session::Standing;
use crate::engine::{
    DateEdit, Engine, Offered, Session, first_at, series, why_barred, why_not_named,
};
use crate::model::{JobId, JobState, LIST_MAX};
use crate::store::{IngestOutcome, Rescheduled, Source, StoreError, Strangers, Tx};

/// A file to be taken.
#[derive(Clone, Copy, Debug)]
pub struct OfferedFile<'a> {
    /// The digest of its content.
    pub sha256: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its jobs.
    pub jobs: &'a [Offered<'a>],
}

/// The outcome for one job of a file.
#[derive(Clone, Debug)]
pub struct IngestedJob {
    /// Its id.
    pub id: JobId,
    /// Its name in lists.
    pub title: String,
    /// The outcome.
    pub taken: IngestOutcome,
    /// When it is due now; for a series, its next date, or its last one if none waits.
    pub due_at: Option<DateTime<Utc>>,
    /// Its state; for a series, that date's state.
    pub state: JobState,
    /// The appid of its account.
    pub appid: String,
    /// Who of its list did not follow at the last sync of the followers, if that is known.
    pub strangers: Option<Strangers>,
    /// What an edit changed of the dates of a series.
    pub dates: Vec<DateEdit>,
}

/// A file that was taken.
#[derive(Clone, Debug)]
pub struct IngestedFile {
    /// Whether a file of this content was never taken before.
    pub is_new: bool,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// When its content was first taken; this is the time for its jobs without a time of their own.
    pub first_taken_at: DateTime<Utc>,
    /// Its jobs.
    pub jobs: Vec<IngestedJob>,
    /// Jobs that an earlier file of this name planned and that this file no longer contains.
    pub left_out: Vec<JobId>,
    /// Jobs of other files that have another time because of this one.
    pub moved: Vec<Rescheduled>,
}

/// The jobs of a file that are invalid, each with its line and why.
pub type Problems = Vec<(usize, String)>;

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Some of its jobs are invalid: each with its line and the reason.
    #[error("{} of its jobs cannot be taken", .0.len())]
    Refused(Problems),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Takes the jobs of one file, or none of them.
    ///
    /// # Errors
    /// Which job is invalid and why, or that the store failed.
    pub fn ingest_file(
        &mut self,
        (sha256, name): (&str, &str),
        jobs: &[Offered<'_>],
        now: DateTime<Utc>,
    ) -> Result<IngestedFile, IngestError> {
        let Self { store, sessions, .. } = self;
        let file = OfferedFile { sha256, name, jobs };
        let taken = store.transaction(|tx| take_file(tx, &by_name(sessions), file, now))?;
        self.took(&[file], &[&taken], now);
        Ok(taken)
    }

    /// Takes several files in one commit; each that cannot be taken is left out, with the jobs that
    /// are invalid and why.
    ///
    /// # Errors
    /// If the store fails: then none of them is taken.
    pub fn ingest_files(
        &mut self,
        files: &[OfferedFile<'_>],
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<IngestedFile, Problems>>, StoreError> {
        let Self { store, sessions, .. } = self;
        let outcomes = store.transaction(|tx| {
            let named = by_name(sessions);
            let take =
                |file: &OfferedFile<'_>| match tx.undoable(|| take_file(tx, &named, *file, now)) {
                    Ok(taken) => Ok(Ok(taken)),
                    Err(IngestError::Refused(problems)) => Ok(Err(problems)),
                    Err(IngestError::Store(error)) => Err(error),
                };
            files.iter().map(take).collect::<Result<Vec<_>, StoreError>>()
        })?;
        let taken: Vec<_> = outcomes.iter().flatten().collect();
        self.took(files, &taken, now);
        Ok(outcomes)
    }

    /// Counts what was taken, and looks at the accounts at once.
    fn took(&mut self, files: &[OfferedFile<'_>], taken: &[&IngestedFile], now: DateTime<Utc>) {
        for file in taken {
            self.mark.files += i64::from(file.is_new);
        }
        let jobs = files.iter().flat_map(|file| file.jobs);
        let accounts: HashSet<_> = jobs.map(|job| job.spec.account.as_str()).collect();
        for session in &mut self.sessions {
            if accounts.contains(session.config.account.name.as_str()) {
                session.wake = Some(now);
            }
        }
    }
}

fn by_name(sessions: &[Session]) -> HashMap<&str, &Session> {
    let named = sessions.iter().filter(|session| session.standing != Standing::Removed);
    named.map(|session| (session.config.account.name.as_str(), session)).collect()
}

fn take_file(
    tx: &Tx<'_>,
    named: &HashMap<&str, &Session>,
    OfferedFile { sha256, name, jobs }: OfferedFile<'_>,
    now: DateTime<Utc>,
) -> Result<IngestedFile, IngestError> {
    crash_context::enter(WorkItem::File(name.to_owned()));
    let is_new = !tx.has_file(sha256)?;
    let first_taken_at = tx.record_file(sha256, name, now)?;
    tx.took_file(now)?;
    tx.forget_refused_file(name)?;
    let mut refused = Vec::new();
    let mut taken = Vec::new();
    let mut order: Vec<_> = jobs.iter().collect();
    order.sort_by_key(|job| first_at(job, first_taken_at));
    for job in order {
        let Some(session) = named.get(job.spec.account.as_str()) else {
            refused.push((job.line, why_not_named(tx, &job.spec.account)?));
            continue;
        };
        if let Some(why) = why_barred(tx, &session.config.account)? {
            refused.push((job.line, why));
            continue;
        }
        let source = Source { file: name, line: job.line, first_taken_at };
        let account = &session.config.account;
        let (outcome, dates) = series::take_with_dates(tx, job, (account, source), now)?;
        match outcome {
            IngestOutcome::Refused(why) => refused.push((job.line, why)),
            known @ (IngestOutcome::New
            | IngestOutcome::Known
            | IngestOutcome::Updated
            | IngestOutcome::Anew(_)) => {
                taken.push((job, known, dates));
            }
        }
    }
    if !refused.is_empty() {
        return Err(IngestError::Refused(refused));
    }
    let accounts: BTreeSet<_> = taken.iter().map(|(job, ..)| job.spec.account.as_str()).collect();
    for session in accounts.into_iter().filter_map(|account| named.get(account)) {
        tx.place_taken(&session.config.account, now)?;
    }
    let appid = |job: &Offered<'_>| {
        let session = named.get(job.spec.account.as_str());
        session.map(|session| session.config.account.appid.clone()).unwrap_or_default()
    };
    let jobs = taken.into_iter().map(|taken| ingested(tx, taken, &appid, now));
    let jobs = jobs.collect::<Result<Vec<_>, StoreError>>()?;
    let ids: HashSet<_> = jobs.iter().map(|job: &IngestedJob| &job.id).collect();
    let planned = tx.planned_by(name)?.into_iter().chain(tx.active_series(Some(name))?);
    let left_out = planned.filter(|id| !ids.contains(id)).collect();
    let moved = tx.take_rescheduled();
    Ok(IngestedFile { is_new, taken_at: now, first_taken_at, jobs, left_out, moved })
}

/// Returns what became of a job of a file.
fn ingested(
    tx: &Tx<'_>,
    (job, taken, dates): (&Offered<'_>, IngestOutcome, Vec<DateEdit>),
    appid: &dyn Fn(&Offered<'_>) -> String,
    now: DateTime<Utc>,
) -> Result<IngestedJob, StoreError> {
    let id = job.spec.id.clone();
    let (due_at, state) = match job.recurrence {
        Some(_) => series::stands(tx, &id, now)?,
        None => tx.job(&id).map(|job| (Some(job.due_at), job.state))?,
    };
    let title = tx.title(id.as_str())?.unwrap_or_else(|| id.to_string());
    // A longer list would delay what is due meanwhile: `check` reports it.
    let strangers = match job.spec.action.list() {
        Some(list) if list.len() <= LIST_MAX => tx.strangers(&job.spec.account, list)?,
        Some(_) | None => None,
    };
    let appid = appid(job);
    Ok(IngestedJob { id, title, taken, due_at, state, appid, strangers, dates })
}
