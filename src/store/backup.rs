//! Copies the database while it is in use.

use std::ffi::c_int;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::store::{Result, Store, StoreError, millis};

/// How long a copy waits for a database that is busy, before it tries again.
const PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Copies the database as it stands into an empty file, and checks the copy.
    ///
    /// All pages are read in one go, so that it is one state of the database; others go on writing.
    ///
    /// # Errors
    /// Where SQLite fails, or the copy is damaged.
    pub fn copy_to(&self, path: &Path, now: DateTime<Utc>) -> Result<()> {
        let mut copy = Connection::open(path)?;
        Backup::new(&self.db, &mut copy)?.run_to_completion(c_int::MAX, PAUSE, None)?;
        // One file, with nothing beside it that could be left behind.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        // It must never take itself for the original: what is sent from now on, it does not know.
        copy.execute("UPDATE daemon SET copied_at = ?1", [millis(now)])?;
        let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(path.to_owned(), verdict)) }
    }
}
