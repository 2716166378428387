//! A copy of the database while it is in use.

use std::ffi::c_int;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::store::{Result, Store, StoreError};

/// How long a copy waits for a database that is busy, before it tries again.
const PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Copies the database as it stands into an empty file, and checks the copy.
    ///
    /// All pages are read in one go, so that it is one state of the database; others go on writing.
    ///
    /// # Errors
    /// Where SQLite fails, or the copy is damaged.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let mut copy = Connection::open(path)?;
        Backup::new(&self.db, &mut copy)?.run_to_completion(c_int::MAX, PAUSE, None)?;
        // One file, with nothing beside it that could be left behind.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(path.to_owned(), verdict)) }
    }
}
