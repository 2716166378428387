//! Removes what is old from `accepted/` and `rejected/`.
//!
//! The receipt of a file that was taken always stays: its ids must be known to a database that
//! begins anew. A folder leaves its archive in one step before its files are removed, so that no
//! crash leaves a part of it there.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use chrono::{DateTime, Utc};
use rustix::fs::{AtFlags, fsync, statat, unlinkat};
use serde::Deserialize;

use super::archive::{REASON, RECEIPT, read_small};
use super::entry;
use super::places::Directory;
use super::{Inbox, InboxError};
use crate::durable_file::rename_new;
use crate::model::JobId;

/// Where something old is while it is removed; the inbox ignores such a name.
const REMOVING: &str = ".removing";

/// A receipt of a file that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldReceipt {
    /// The file's name.
    pub name: String,
    /// The digest of its content.
    pub sha256: String,
    /// When it was first taken.
    pub taken_at: DateTime<Utc>,
    /// When it was taken last.
    pub accepted_at: DateTime<Utc>,
    /// The ids in it, each with its account's name and appid at that time.
    pub jobs: Vec<ReceiptId>,
}

/// An id in a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReceiptId {
    /// The id.
    pub id: JobId,
    /// The account's name.
    pub account: String,
    /// The account's appid, if the receipt says it.
    #[serde(default)]
    pub appid: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    sha256: String,
    taken_at: DateTime<Utc>,
    #[serde(default)]
    accepted_at: Option<DateTime<Utc>>,
    jobs: Vec<ReceiptId>,
}

impl Inbox {
    /// Returns the receipts in `accepted/` whose file was removed.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn lone_receipts(&self) -> Result<Vec<OldReceipt>, InboxError> {
        let mut lone = Vec::new();
        for name in self.receipt_names()? {
            if !self.has_accepted(&name) {
                lone.extend(self.old_receipt(&name));
            }
        }
        Ok(lone)
    }

    /// Removes the files in `accepted/` that were last taken before a time and of which `is_over`
    /// says that nothing is needed any more; returns how many.
    ///
    /// # Errors
    /// If the directory cannot be read, or something in it cannot be removed.
    pub fn remove_accepted(
        &self,
        before: DateTime<Utc>,
        mut is_over: impl FnMut(&[JobId]) -> bool,
    ) -> Result<usize, InboxError> {
        let mut count = 0;
        for name in self.receipt_names()? {
            if !self.has_accepted(&name) {
                continue;
            }
            // A receipt that cannot be read proves nothing.
            let Some(receipt) = self.old_receipt(&name) else { continue };
            let ids: Vec<_> = receipt.jobs.into_iter().map(|job| job.id).collect();
            if receipt.accepted_at < before && is_over(&ids) {
                self.remove(&self.places.accepted, &name)
                    .map_err(|source| self.unusable(source))?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Removes what was refused before a time, with the reasons; returns how many.
    ///
    /// # Errors
    /// If the directory cannot be read, or something in it cannot be removed.
    pub fn remove_rejected(&self, before: DateTime<Utc>) -> Result<usize, InboxError> {
        let rejected = &self.places.rejected;
        let names = entry::all_names(&rejected.fd).map_err(|source| self.unusable(source))?;
        let mut count = 0;
        for answer in names.iter().filter(|name| name.as_bytes().ends_with(REASON.as_bytes())) {
            let is_old = statat(&rejected.fd, answer, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| stat.st_mtime < before.timestamp());
            if is_old {
                let name = without(answer, REASON);
                self.remove(rejected, &name)
                    .and_then(|()| Ok(unlinkat(&rejected.fd, answer, AtFlags::empty())?))
                    .map_err(|source| self.unusable(source))?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Returns the names in `accepted/` that have a receipt.
    fn receipt_names(&self) -> Result<Vec<OsString>, InboxError> {
        let accepted = &self.places.accepted.fd;
        let names = entry::all_names(accepted).map_err(|source| self.unusable(source))?;
        let is_receipt = |name: &OsString| {
            name.as_bytes().ends_with(RECEIPT.as_bytes()) && entry::is_file(accepted, name)
        };
        Ok(names
            .iter()
            .filter(|name| is_receipt(name))
            .map(|name| without(name, RECEIPT))
            .collect())
    }

    fn has_accepted(&self, name: &OsStr) -> bool {
        statat(&self.places.accepted.fd, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    fn old_receipt(&self, name: &OsStr) -> Option<OldReceipt> {
        let mut receipt = name.to_owned();
        receipt.push(RECEIPT);
        let bytes = read_small(&self.places.accepted.fd, &receipt).ok()?;
        let Written { sha256, taken_at, accepted_at, jobs } =
            serde_json::from_slice(&bytes).ok()?;
        let accepted_at = accepted_at.unwrap_or(taken_at);
        Some(OldReceipt { name: entry::safe_name(name), sha256, taken_at, accepted_at, jobs })
    }

    /// Removes an entry from an archive, whether it is a file or a folder, if it is there.
    fn remove(&self, from: &Directory, name: &OsStr) -> io::Result<()> {
        let place = self.path.join(REMOVING);
        let clear = || match fs::remove_dir_all(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
        if entry::is_folder(&from.fd, name) {
            clear()?;
            rename_new(&from.fd, name, &self.places.inbox.fd, OsStr::new(REMOVING))?;
            fsync(&from.fd)?;
            return clear();
        }
        match unlinkat(&from.fd, name, AtFlags::empty()) {
            Err(rustix::io::Errno::NOENT) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn without(name: &OsStr, suffix: &str) -> OsString {
    let bytes = name.as_bytes();
    OsString::from_vec(bytes[..bytes.len() - suffix.len()].to_vec())
}
