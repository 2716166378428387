//! Takes job files as the inbox would, in a transaction that is rolled back.
//!
//! What is read inside it is what will happen, so `check`, `submit` and `plan --with` have no second
//! implementation of the rules.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::moves::{self, MoveView};
use super::{Problem, lookup};
use crate::config::Config;
use crate::daemon;
use crate::engine;
use crate::inbox::{Diagnostic, Package, ParsedJob, ReadError};
use crate::l10n::t;
use crate::model::{Account, JobId, JobSpec};
use crate::store::{IngestOutcome, Rescheduled, Source, Store, StoreError, Tx};

/// One file as it was read.
pub(super) struct JobFile {
    /// Its path, as it was given.
    pub(super) name: String,
    /// None if it cannot be read.
    pub(super) package: Option<Package>,
    /// None of a file that would be refused.
    pub(super) jobs: Vec<ParsedJob>,
    diagnostics: Vec<Diagnostic>,
}

/// The outcome of taking one file.
pub(super) struct Taken {
    /// Why it would be refused; empty if it would not.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The jobs that are in the database already, and the effect of dropping them again.
    pub(super) known: Vec<(JobId, IngestOutcome)>,
    /// The other jobs that have another time.
    pub(super) moves: Vec<Rescheduled>,
}

impl Taken {
    /// Returns whether the inbox would take the file.
    pub(super) fn ok(&self) -> bool {
        self.diagnostics.is_empty()
    }
}

/// Reads files as the inbox would.
///
/// `of_daemon`: the store is that of the daemon, if one runs.
pub(super) fn read(
    paths: &[PathBuf],
    reader: impl Fn(&Path, &[&Account]) -> Result<Package, ReadError>,
    config: &Config,
    (store, of_daemon): (&Store, bool),
) -> Result<Vec<JobFile>, Problem> {
    let accounts = accounts(config);
    // A file with a former name is read, so that the answer can give the new one.
    let former = store.read().former_names()?;
    let former = engine::under_former_names(&former, accounts.iter().copied());
    let named: Vec<_> = accounts.iter().copied().chain(&former).collect();
    let files = paths.iter().map(|path| read_one(path, reader(path, &named), config, &named));
    let mut files: Vec<_> = files.collect();
    // The daemon uses the config that it was started with; the next one uses this one.
    if of_daemon && daemon::running(&config.state_dir).is_some() {
        for file in &mut files {
            refuse_moved(&store.read(), config, file)?;
        }
    }
    Ok(files)
}

/// Returns the accounts of the config.
pub(super) fn accounts(config: &Config) -> Vec<&Account> {
    config.accounts.iter().map(|account| &account.account).collect()
}

fn read_one(
    path: &Path,
    package: Result<Package, ReadError>,
    config: &Config,
    accounts: &[&Account],
) -> JobFile {
    let name = path.display().to_string();
    let refused = |package, diagnostics| JobFile {
        name: name.clone(),
        package,
        jobs: Vec::new(),
        diagnostics,
    };
    let package = match package {
        Ok(package) => package,
        Err(ReadError::Refused(diagnostics)) => return refused(None, diagnostics),
        Err(ReadError::Failed(error)) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let why = source.unwrap_or_else(|| error.to_string());
            let diagnostic = Diagnostic::whole(&name, &t!("check-unreadable", why = why), None);
            return refused(None, vec![diagnostic]);
        }
    };
    if config.inbox_end_marker_required && !is_json(path) && !has_marker(package.bytes()) {
        let (message, help) = (t!("check-no-marker"), t!("check-no-marker-help"));
        let diagnostic = Diagnostic::whole(&name, &message, Some(&help));
        return refused(Some(package), vec![diagnostic]);
    }
    match package.parse(accounts) {
        Ok(parsed) => {
            let jobs = parsed.jobs;
            JobFile { name, package: Some(package), jobs, diagnostics: Vec::new() }
        }
        Err(diagnostics) => refused(Some(package), diagnostics),
    }
}

/// Refuses the jobs whose account in this config is another one for the running daemon.
fn refuse_moved(tx: &Tx<'_>, config: &Config, file: &mut JobFile) -> Result<(), Problem> {
    let JobFile { package: Some(package), jobs, diagnostics, .. } = file else { return Ok(()) };
    for job in jobs {
        let name = &job.spec.account;
        // The rehearsal reports a name that is not in the config, or is barred.
        let Some(account) = lookup::account(config, name) else { continue };
        if engine::why_barred(tx, account)?.is_some() {
            continue;
        }
        match lookup::same_account(tx, config, name) {
            Ok(_) => {}
            Err(Problem::No(why)) => diagnostics.push(package.diagnostic(job, &why, None)),
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn has_marker(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_end().strip_suffix(b"...");
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(b"\n") || rest.ends_with(b"\r"))
}

/// Carries a result out of a transaction that is rolled back.
enum RolledBack<T> {
    Seen(T),
    Failed(Problem),
}

impl<T> From<StoreError> for RolledBack<T> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes the files' jobs in their order, looks at the result, and rolls it back.
pub(super) fn rehearse<T>(
    store: &mut Store,
    files: &[JobFile],
    config: &Config,
    now: DateTime<Utc>,
    look: impl FnOnce(&Tx<'_>, Vec<Taken>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let accounts = accounts(config);
    let undone = store.transaction(|tx| {
        for account in &accounts {
            tx.ensure_account(&account.name)?;
        }
        let mut taken = Vec::new();
        for file in files {
            taken.push(take(tx, file, &accounts, now)?);
        }
        let seen = look(tx, taken).map_err(RolledBack::Failed)?;
        Err::<Infallible, _>(RolledBack::Seen(seen))
    });
    match undone {
        Err(RolledBack::Seen(seen)) => Ok(seen),
        Err(RolledBack::Failed(problem)) => Err(problem),
        Ok(never) => match never {},
    }
}

/// Takes the jobs of one file as the inbox does: by `at`, then in the file's order.
fn take(
    tx: &Tx<'_>,
    file: &JobFile,
    accounts: &[&Account],
    now: DateTime<Utc>,
) -> Result<Taken, StoreError> {
    let mut diagnostics = file.diagnostics.clone();
    let mut known = Vec::new();
    let first_taken_at = match &file.package {
        Some(package) => tx.record_file(package.sha256(), &file.name, now)?,
        None => now,
    };
    let mut jobs: Vec<&ParsedJob> = file.jobs.iter().collect();
    jobs.sort_by_key(|job| engine::first_at(&daemon::offered(job), first_taken_at));
    for job in jobs {
        let mut refuse = |why: &str| {
            diagnostics.extend(file.package.as_ref().map(|p| p.diagnostic(job, why, None)));
        };
        let Some(account) = account(accounts, &job.spec) else {
            refuse(&engine::why_not_named(tx, &job.spec.account)?);
            continue;
        };
        if let Some(why) = engine::why_barred(tx, account)? {
            refuse(&why);
            continue;
        }
        let source = Source { file: &file.name, line: job.line, first_taken_at };
        match engine::take(tx, &daemon::offered(job), (account, source), now)? {
            IngestOutcome::New => {}
            IngestOutcome::Refused(why) => refuse(&why),
            outcome @ (IngestOutcome::Known | IngestOutcome::Updated | IngestOutcome::Anew(_)) => {
                known.push((job.spec.id.clone(), outcome));
            }
        }
    }
    for account in accounts {
        tx.place_taken(account, now)?;
    }
    Ok(Taken { diagnostics, known, moves: tx.take_rescheduled() })
}

/// Returns the account of a job.
pub(super) fn account<'a>(accounts: &[&'a Account], spec: &JobSpec) -> Option<&'a Account> {
    accounts.iter().find(|account| account.name == spec.account).copied()
}

/// Returns which of the jobs that are in the store have another time after all files, each once.
pub(super) fn moved(store: &Store, moves: Vec<Rescheduled>) -> Result<Vec<MoveView>, StoreError> {
    let tx = store.read();
    let mut of_store = Vec::new();
    for one in Rescheduled::in_all(moves) {
        if tx.account_of(&one.job.id)?.is_some() {
            of_store.push(one);
        }
    }
    Ok(moves::views(of_store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_marker_is_a_line_of_its_own() {
        for (bytes, expected) in
            [("a: b\n...\n", true), ("...", true), ("a: b...", false), ("a: b\n", false)]
        {
            assert_eq!(has_marker(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }
}
