//! The receipts in `accepted/`: they show a restored database which files it lost.
//!
//! File times are those of the file system. Its clock may differ from ours: it may be a file
//! server's clock, or the real clock while a rehearsal runs by another one.

use std::os::unix::ffi::OsStrExt as _;

use chrono::{DateTime, TimeDelta, Utc};
use rustix::fs::{AtFlags, fstat, statat, unlinkat};
use serde::Deserialize;

use super::archive::{RECEIPT, TEMPORARY, read_small};
use super::{Inbox, InboxError, entry};
use crate::durable_file::create_temporary;

/// The digest of a file, and when it was taken last, if its receipt records it.
pub(crate) type SeenReceipt = (String, Option<DateTime<Utc>>);

#[derive(Deserialize)]
struct Of {
    sha256: String,
    #[serde(default)]
    accepted_at: Option<DateTime<Utc>>,
}

impl Inbox {
    /// Returns the digests of the files whose receipts were written, or put there, since this time,
    /// each with when it was taken last.
    ///
    /// A file that does not look like our receipt counts for nothing.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn accepted_since(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<SeenReceipt>, InboxError> {
        // If that clock cannot be read, every receipt is returned.
        let since = self.ahead(now).map_or(i64::MIN, |ahead| (since + ahead).timestamp());
        let names =
            entry::all_names(&self.places.accepted.fd).map_err(|source| self.unusable(source))?;
        let receipts = names.into_iter().filter(|name| {
            name.as_bytes().ends_with(RECEIPT.as_bytes())
                // A file that was copied here keeps its old modification time, but not its change
                // time.
                && statat(&self.places.accepted.fd, name, AtFlags::SYMLINK_NOFOLLOW)
                    .is_ok_and(|stat| stat.st_mtime.max(stat.st_ctime) >= since)
        });
        let digest = |name: &std::ffi::OsString| {
            let bytes = read_small(&self.places.accepted.fd, name).ok()?;
            serde_json::from_slice::<Of>(&bytes).ok().map(|of| (of.sha256, of.accepted_at))
        };
        Ok(receipts.filter_map(|name| digest(&name)).collect())
    }

    /// Returns how far the clock of the file system is ahead of ours, measured by a file created
    /// now.
    fn ahead(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let accepted = &self.places.accepted.fd;
        let (file, name) = create_temporary(accepted, &TEMPORARY, 0o600).ok()?;
        let made = fstat(&file);
        unlinkat(accepted, name, AtFlags::empty()).ok();
        Some(DateTime::from_timestamp(made.ok()?.st_mtime, 0)? - now)
    }
}
