//! Counts crashes and attributes them, so that a job that crashes the daemon at each start is set
//! aside.
//!
//! A panic, or an error of the store that only our own fault explains, records the work item in
//! progress. The third within an hour sets it aside at the next start: a file is refused, a job
//! that was never requested is missed. If that is not enough, or the job may have been sent, its
//! account is paused, and the other accounts continue. A kill, a power cut or a full disk is
//! nobody's fault and not counted.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::daemon::{Now, RunError};
use crate::durable_file;
use crate::engine::Engine;
use crate::engine::crash_context::{self, WorkItem};
use crate::model::{JobId, JobState};
use crate::reason::Reason;
use crate::server;
use crate::store::{StoreError, Tx};
use crate::text::reason;

/// How many crashes over one work item set it aside.
const TOO_MANY: usize = 3;
/// How long a crash counts.
const WITHIN: TimeDelta = TimeDelta::hours(1);

/// One crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Crash {
    at: DateTime<Utc>,
    #[serde(rename = "hand")]
    work_item: WorkItem,
    job: Option<String>,
}

/// The crashes that count at a start.
#[derive(Debug)]
pub(super) struct Crashes {
    path: PathBuf,
    crashes: Vec<Crash>,
}

/// Makes each panic end the process, once it is recorded: a half-alive daemon is worse than one that
/// ends and is started again.
///
/// The exception is a command that the HTTP API answers with.
pub(super) fn watch(state: &Path, now: Now) {
    let state = state.to_owned();
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if server::is_isolated() {
            tell(panic);
            return;
        }
        record(&state, now());
        tell(panic);
        std::process::abort();
    }));
}

/// Records an error that ended the daemon, if it was our own fault.
pub(super) fn record_error(state: &Path, error: &RunError, now: DateTime<Utc>) {
    match error {
        RunError::Storage(error) if error.is_ours() => record(state, now),
        RunError::Storage(_)
        | RunError::Database(_)
        | RunError::Locked(_)
        | RunError::Setup(_)
        | RunError::Replaced(_)
        | RunError::File(..) => {}
    }
}

/// Records the work item that this thread has in progress.
fn record(state: &Path, at: DateTime<Utc>) {
    let Some((work_item, job)) = crash_context::current() else { return };
    let mut known = Crashes::read(state, at);
    known.crashes.push(Crash { at, work_item, job });
    // The process ends: nobody is left to do anything about a failure.
    known.write().ok();
}

impl Crashes {
    /// Reads the crashes of the last hour; a file that cannot be read counts none.
    pub(super) fn read(state: &Path, now: DateTime<Utc>) -> Self {
        let path = state.join("crashes");
        let known = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut crashes: Vec<Crash> = known.unwrap_or_default();
        crashes.retain(|crash| (now - crash.at).abs() <= WITHIN);
        Self { path, crashes }
    }

    /// Sets aside what crashed too often, and returns the names of the files that are refused.
    ///
    /// The crashes over it are then deleted: once an operator resumes it, the count starts at zero.
    pub(super) fn set_aside(
        mut self,
        engine: &mut Engine,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let read = self.crashes.len();
        self.forget_unknown(&engine.store().read())?;
        let mut counts: BTreeMap<WorkItem, (usize, Option<String>)> = BTreeMap::new();
        for Crash { work_item, job, .. } in &self.crashes {
            let (count, last) = counts.entry(work_item.clone()).or_default();
            *count += 1;
            last.clone_from(job);
        }
        counts.retain(|_, (count, _)| *count >= TOO_MANY);
        let mut files = Vec::new();
        for (work_item, (count, job)) in &counts {
            // So that a crash over this work item counts, too.
            crash_context::enter(work_item.clone());
            match work_item {
                WorkItem::File(name) => files.push(name.clone()),
                WorkItem::Account(name) => account(engine, name, (*count, job.as_deref()), now)?,
            }
            crash_context::leave();
        }
        self.crashes.retain(|crash| !counts.contains_key(&crash.work_item));
        if self.crashes.len() < read
            && let Err(error) = self.write()
        {
            tracing::warn!("{} cannot be written: {error}", self.path.display());
        }
        Ok(files)
    }

    /// Deletes crashes over a job that the database lacks: an older database was restored.
    fn forget_unknown(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        for crash in std::mem::take(&mut self.crashes) {
            let known = match crash.job.as_deref().and_then(JobId::parse) {
                Some(id) => tx.account_of(&id)?.is_some(),
                None => true,
            };
            if known {
                self.crashes.push(crash);
            }
        }
        Ok(())
    }

    fn write(&self) -> io::Result<()> {
        durable_file::replace_unsynced(&self.path, &serde_json::to_vec(&self.crashes)?)
    }
}

/// Misses the job that was in progress, or pauses its account if that is impossible or did not
/// help.
fn account(
    engine: &mut Engine,
    name: &str,
    (count, job): (usize, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let config = engine.accounts().find(|config| config.account.name == name);
    let Some(account) = config.map(|config| config.account.clone()) else { return Ok(()) };
    let id = job.and_then(JobId::parse).filter(|_| count == TOO_MANY);
    engine.change(|tx| {
        if let Some(id) = &id {
            let job = tx.job(id)?;
            let waits = matches!(job.state, JobState::Planned | JobState::Held);
            if waits && !job.asked {
                let why = Reason::CrashedOver { times: count };
                let told = reason::sentence(&why);
                tracing::error!(job.id = id.as_str(), reason = why.code(), "{told}");
                return tx.finish_job(&job, &account, JobState::Missed, &why, now);
            }
        }
        let job = job.map(ToOwned::to_owned);
        let why = Reason::CrashedOverAccount { times: count, job };
        let advice = format!(
            "cancel that job, or settle it as `qunfa show` says, then resume the account; {}",
            reason::report()
        );
        let told = reason::sentence(&why);
        tracing::error!(account = name, reason = why.code(), "{told}: the account is paused");
        tx.pause(name, &why, &advice, now)
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn storage(code: std::ffi::c_int) -> RunError {
        let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        RunError::Storage(StoreError::Failed(failure))
    }

    /// Records an error with an account in progress, and returns how many crashes are then
    /// recorded.
    fn recorded(error: &RunError) -> usize {
        let state = tempfile::tempdir().unwrap();
        let now = DateTime::UNIX_EPOCH;
        crash_context::enter(WorkItem::Account("club".to_owned()));

        record_error(state.path(), error, now);

        Crashes::read(state.path(), now).crashes.len()
    }

    #[test]
    fn a_disk_that_fails_is_nobodys_fault() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR, ffi::SQLITE_BUSY, ffi::SQLITE_READONLY] {
            assert_eq!(recorded(&storage(code)), 0, "{code}");
        }
    }

    #[test]
    fn what_only_our_own_fault_explains_is_counted() {
        for ours in [StoreError::Refused, StoreError::Conflict, StoreError::Corrupt] {
            let error = RunError::Storage(ours("not as expected".to_owned()));

            assert_eq!(recorded(&error), 1, "{error:?}");
        }
        for code in [ffi::SQLITE_CONSTRAINT, ffi::SQLITE_MISMATCH, ffi::SQLITE_ERROR] {
            assert_eq!(recorded(&storage(code)), 1, "{code}");
        }
    }

    #[test]
    fn without_a_work_item_nothing_is_written() {
        let state = tempfile::tempdir().unwrap();
        crash_context::leave();

        record_error(state.path(), &storage(ffi::SQLITE_ERROR), DateTime::UNIX_EPOCH);

        assert!(!state.path().join("crashes").exists());
    }

    #[test]
    fn a_crash_counts_for_an_hour() {
        let state = tempfile::tempdir().unwrap();
        let at = DateTime::UNIX_EPOCH;
        crash_context::enter(WorkItem::File("spring.yaml".to_owned()));
        record(state.path(), at);
        record(state.path(), at + TimeDelta::minutes(59));

        let count =
            |minutes| Crashes::read(state.path(), at + TimeDelta::minutes(minutes)).crashes.len();

        assert_eq!((count(60), count(61), count(119), count(120)), (2, 1, 1, 0));
    }
}
