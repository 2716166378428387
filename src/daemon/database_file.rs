//! The identity of the database file: whether the open database is still the one at its path.
//!
//! `mv copy.db qunfa.db` under a running daemon leaves it with a file that has no name. What it
//! stores there, intents included, is gone when it ends.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::RunError;

/// The database file as it was when it was opened.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl DatabaseFile {
    /// Notes the identity of a database that has just been opened.
    pub(super) fn of(path: PathBuf) -> Result<Self, RunError> {
        let identity = identity(&path)
            .map_err(|error| RunError::Setup(format!("{}: {error}", path.display())))?;
        Ok(Self { path, identity })
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that the path still leads to it.
    ///
    /// # Errors
    /// If another file or none is there. A look that fails otherwise says nothing.
    pub(super) fn require_same(&self) -> Result<(), RunError> {
        let is_same = match identity(&self.path) {
            Ok(found) => found == self.identity,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        if is_same { Ok(()) } else { Err(RunError::Replaced(self.path.clone())) }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}
