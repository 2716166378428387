//! Job files over HTTP: they are put into the inbox as `submit` puts them there, and answered by it.
//!
//! The name in the inbox has a part of the content's digest, so the same file is there once however
//! often it is sent, and a name stays that of one content.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::endpoint::BASE;
use super::problem::Refusal;
use crate::config::User;
use crate::inbox::{self, Diagnostic, Fate, HandedIn, Package, ReadError};
use crate::model::{Account, JobSpec};
use crate::store::{Store, StoreError};

/// How many digits of the digest a name has.
const DIGITS: usize = 16;

/// A job file that is in the inbox, or was taken.
pub(super) struct Written {
    pub(super) text: String,
    /// Its jobs, without series.
    pub(super) jobs: Vec<JobSpec>,
}

/// The inbox, and the accounts that files may name.
pub(super) struct Files {
    inbox: PathBuf,
    accounts: watch::Receiver<Arc<[Account]>>,
    /// One file at a time: two that are the same must not both find none.
    turn: Mutex<()>,
}

impl Files {
    pub(super) fn new(inbox: PathBuf, accounts: watch::Receiver<Arc<[Account]>>) -> Self {
        Self { inbox, accounts, turn: Mutex::new(()) }
    }

    /// Returns whether there is an account of this name.
    pub(super) fn has_account(&self, name: &str) -> bool {
        self.accounts.borrow().iter().any(|account| account.name == name)
    }

    /// Returns the account of this name.
    pub(super) fn account(&self, name: &str) -> Option<Account> {
        self.accounts.borrow().iter().find(|account| account.name == name).cloned()
    }

    /// Returns the names of the accounts.
    pub(super) fn account_names(&self) -> Vec<String> {
        self.accounts.borrow().iter().map(|account| account.name.clone()).collect()
    }

    /// Puts a file into the inbox, and returns where its receipt will be.
    pub(super) fn put(
        &self,
        user: &User,
        (name, body): (&str, Vec<u8>),
        (mut store, now): (Option<&mut Store>, DateTime<Utc>),
    ) -> Result<Value, Refusal> {
        let package = inbox::of_bytes(name, body).map_err(unread)?;
        self.check_package(user, &package, store.as_deref())?;
        let name = named_by_content(name, package.sha256());
        let package = inbox::of_bytes(&name, package.bytes().to_vec()).map_err(unread)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let known = inbox::handed_in(&self.inbox, &name).map_err(|error| failed(&error))?;
        let is_there = known.is_some_and(|known| match known.fate {
            Fate::Waiting | Fate::Taken(_) => true,
            Fate::Refused(_) => false,
        });
        if !is_there {
            // Before the file is there, or its jobs would be taken as nobody's.
            if let Some(store) = &mut store {
                let kept = store.transaction(|tx| tx.submitted(&name, &user.name, now));
                kept.map_err(|error| storage(&error))?;
            }
            inbox::submit(&self.inbox, &package).map_err(|error| failed(&error))?;
            tracing::info!(user = user.name, file = name, "a file came in over the API");
        }
        Ok(json!({"name": name, "receipt": format!("{BASE}/files/{name}")}))
    }

    /// Makes sure that a file is right, and about accounts and jobs of the user.
    pub(super) fn check_bytes(
        &self,
        user: &User,
        (name, body): (&str, Vec<u8>),
        store: Option<&Store>,
    ) -> Result<(), Refusal> {
        let package = inbox::of_bytes(name, body).map_err(unread)?;
        self.check_package(user, &package, store)
    }

    /// Makes sure that the file is right, and about accounts and jobs of the user.
    pub(super) fn check_package(
        &self,
        user: &User,
        package: &Package,
        store: Option<&Store>,
    ) -> Result<(), Refusal> {
        let all = Arc::clone(&self.accounts.borrow());
        let accounts: Vec<_> = all.iter().filter(|account| user.sees(&account.name)).collect();
        package.parse(&accounts).map_err(|problems| Refusal::File(told(&problems)))?;
        let Some(store) = store.filter(|_| user.accounts.is_some()) else { return Ok(()) };
        for (id, _) in package.ids() {
            let owner = owner(store, id.as_str()).map_err(|error| storage(&error))?;
            if owner.is_some_and(|owner| !user.sees(&owner)) {
                return Err(Refusal::IdTaken(id.to_string()));
            }
        }
        Ok(())
    }

    /// Returns what a file says; none of a folder, or if the user may not see all of it.
    pub(super) fn written(&self, user: &User, name: &str) -> Result<Option<Written>, Refusal> {
        let found = inbox::handed_in(&self.inbox, name).map_err(|error| failed(&error))?;
        let Some(HandedIn { package, .. }) = found else { return Ok(None) };
        let is_seen = package.ids().iter().all(|(_, account)| user.sees(account));
        let Some(text) = package.text().filter(|_| is_seen) else { return Ok(None) };
        let all = Arc::clone(&self.accounts.borrow());
        let parsed = package.parse(&all.iter().collect::<Vec<_>>());
        let jobs = parsed.map(|parsed| parsed.jobs).unwrap_or_default().into_iter();
        let jobs = jobs.filter(|job| job.recurrence.is_none()).map(|job| job.spec).collect();
        Ok(Some(Written { text: text.to_owned(), jobs }))
    }

    /// Returns what a job file means that is about one job.
    pub(super) fn job_of(&self, text: &str) -> Option<JobSpec> {
        let package = inbox::of_bytes("job.yaml", text.as_bytes().to_vec()).ok()?;
        let all = Arc::clone(&self.accounts.borrow());
        let parsed = package.parse(&all.iter().collect::<Vec<_>>()).ok()?;
        parsed.jobs.into_iter().next().map(|job| job.spec)
    }

    /// Returns what became of a file.
    pub(super) fn receipt(&self, user: &User, name: &str) -> Result<Value, Refusal> {
        let found = inbox::handed_in(&self.inbox, name).map_err(|error| failed(&error))?;
        let Some(HandedIn { fate, package }) = found else { return Err(Refusal::NoFile) };
        let accounts = package.ids();
        let is_seen = user.accounts.is_none()
            || (!accounts.is_empty() && accounts.iter().all(|(_, account)| user.sees(account)));
        if !is_seen {
            return Err(Refusal::NoFile);
        }
        let (state, receipt, error) = match fate {
            Fate::Waiting => ("waiting", Value::Null, Value::Null),
            Fate::Taken(receipt) => {
                ("taken", serde_json::from_str(&receipt).unwrap_or_default(), Value::Null)
            }
            Fate::Refused(reason) => ("refused", Value::Null, reason.into()),
        };
        Ok(json!({"name": name, "state": state, "receipt": receipt, "error": error}))
    }
}

/// Returns the account of a job, a series or a date of a series.
pub(super) fn owner(store: &Store, id: &str) -> Result<Option<String>, StoreError> {
    let tx = store.read();
    if let Some(id) = crate::model::JobId::parse(id) {
        if let Some(account) = tx.account_of(&id)? {
            return Ok(Some(account));
        }
        if let Some(series) = tx.series(&id)? {
            return Ok(Some(series.job.account));
        }
    }
    Ok(tx.named_date(id)?.map(|(series, _)| series.job.account))
}

/// Returns a name with a part of the digest before its ending: `spring-0123456789abcdef.yaml`.
fn named_by_content(name: &str, sha256: &str) -> String {
    let path = Path::new(name);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    format!("{stem}-{}.{ending}", &sha256[..DIGITS])
}

pub(super) fn unread(error: ReadError) -> Refusal {
    match error {
        ReadError::Refused(problems) => Refusal::File(told(&problems)),
        ReadError::Failed(error) => Refusal::StorageFailed(error.to_string()),
    }
}

fn told(problems: &[Diagnostic]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

fn failed(error: &std::io::Error) -> Refusal {
    Refusal::StorageFailed(error.to_string())
}

/// Returns the refusal for a database that failed.
pub(super) fn storage(error: &StoreError) -> Refusal {
    Refusal::StorageFailed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_ending_and_gets_a_part_of_the_digest() {
        let sha256 = "0123456789abcdef".repeat(4);

        assert_eq!(named_by_content("a.b.yaml", &sha256), "a.b-0123456789abcdef.yaml");
    }
}
