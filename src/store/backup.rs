//! Copies the database while it is in use.

use std::ffi::c_int;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::store::{Result, Store, StoreError, components, millis};

/// How long a copy waits before its next try if the database is busy.
const PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Copies the present database into an empty file, and checks the copy.
    ///
    /// All pages are read at once, so that the copy is one state of the database; others continue
    /// to write.
    ///
    /// # Errors
    /// If SQLite fails, or the copy is damaged.
    pub fn copy_to(&self, path: &Path, now: DateTime<Utc>) -> Result<()> {
        let mut copy = Connection::open(path)?;
        Backup::new(&self.db, &mut copy)?.run_to_completion(c_int::MAX, PAUSE, None)?;
        // A single file, with nothing beside it that could be left behind.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        // It must never count as the original: it does not contain what is sent from now on.
        copy.execute("UPDATE daemon SET copied_at = ?1", [millis(now)])?;
        // Whoever reads the copy must not act for an account; the platform gives these tokens again.
        components::remove_secrets(&copy)?;
        let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(path.to_owned(), verdict)) }
    }
}
