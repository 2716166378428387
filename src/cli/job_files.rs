//! Where commands read job files: on the disk, or among those that came with the call.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::inbox::{self, InboxError, Package, ReadError, Step};
use crate::model::Account;

/// The job files that came with a call: then nothing is read on the disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobFiles<'a>(pub Option<&'a [Package]>);

impl JobFiles<'_> {
    /// Reads a job file.
    pub(super) fn read(self, path: &Path) -> Result<Package, ReadError> {
        match self.0 {
            Some(files) => named(files, path),
            None => inbox::read_path(path),
        }
    }

    /// Reads a job file with the files that it names.
    pub(super) fn gather(
        self,
        path: &Path,
        accounts: &[&Account],
        now: DateTime<Utc>,
    ) -> Result<Package, ReadError> {
        match self.0 {
            Some(files) => named(files, path),
            None => inbox::read_path_gathering(path, accounts, now),
        }
    }
}

fn named(files: &[Package], path: &Path) -> Result<Package, ReadError> {
    let found = files.iter().find(|file| path.to_str() == Some(file.name()));
    found.cloned().ok_or_else(|| {
        let (name, source) = (path.display().to_string(), io::ErrorKind::NotFound.into());
        ReadError::Failed(InboxError::Entry { name, what: Step::Read, source })
    })
}
