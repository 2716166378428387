//! Puts a package into the inbox as a whole, and finds its receipt.
//!
//! It is written under a name that the inbox ignores, synced, and renamed; nothing is ever
//! overwritten. The outcome is read from the file system, where the inbox answers, so it does not
//! matter whether a daemon runs.
//!
//! A member of the inbox's group may write there without listing it, and the daemon then reads the files
//! through that group.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::archive::{REASON, RECEIPT};
use super::entry::{is_looked_at, safe_name};
use super::folder::{self, FILE_MODE, write_folder};
use super::package::Package;
use crate::durable_file;
use crate::l10n::t;

/// How many names are tried before the operator is asked to choose another one.
const NAMES: u32 = 100;
const STAGED: &str = "staged";

/// A package in the inbox.
#[derive(Debug)]
pub struct Submitted {
    inbox: PathBuf,
    name: OsString,
    /// Its device and inode, which no rename changes.
    identity: (u64, u64),
}

/// The outcome of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the inbox.
    Waiting,
    /// It was taken; the receipt, as JSON.
    Taken(String),
    /// It was refused; the reason, as text.
    Refused(String),
}

/// Puts a package into the inbox, under its own name or a similar one that is free.
///
/// # Errors
/// If the inbox cannot be written to; then nothing of the package is in it.
pub fn submit(inbox: &Path, package: &Package) -> io::Result<Submitted> {
    let to = durable_file::open_folder(inbox)?;
    // The inbox ignores such a name, and renaming it there stays within one file system.
    let staging = tempfile::Builder::new().prefix(".submit-").suffix(".tmp").tempdir_in(inbox)?;
    let staged = staging.path().join(STAGED);
    let files = package.files();
    match &files {
        Some(files) => write_folder(&staged, files)?,
        None => durable_file::create(&staged, FILE_MODE, package.bytes())?,
    }
    folder::let_group_read(&staged)?;
    let metadata = fs::symlink_metadata(&staged)?;
    let identity = (metadata.dev(), metadata.ino());
    let from = File::open(staging.path())?;
    for name in names(&package.entry_name, files.is_some()) {
        if !is_looked_at(&name) || inbox.join(&name).symlink_metadata().is_ok() {
            continue;
        }
        match durable_file::move_new(&from, OsStr::new(STAGED), &to, &name) {
            Ok(()) => return Ok(Submitted { inbox: inbox.to_owned(), name, identity }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(t!("inbox-hundred-names-like-taken-already")))
}

/// Returns the names to try, the package's own first: `spring.yaml`, `spring-2.yaml` …
fn names(own: &OsStr, is_folder: bool) -> impl Iterator<Item = OsString> {
    let own = Path::new(own);
    let ending = own.extension().filter(|ending| {
        ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known))
    });
    let stem = match ending {
        Some(_) => own.file_stem().unwrap_or(own.as_os_str()),
        None => own.as_os_str(),
    }
    .to_owned();
    let ending = ending.filter(|_| !is_folder).map(OsStr::to_owned);
    (1..=NAMES).map(move |number| {
        let mut name = stem.clone();
        if number > 1 {
            name.push(format!("-{number}"));
        }
        if let Some(ending) = &ending {
            name.push(".");
            name.push(ending);
        }
        name
    })
}

impl Submitted {
    /// Returns its name in the inbox, safe to show.
    pub fn name(&self) -> String {
        safe_name(&self.name)
    }

    /// Looks for the outcome of the package.
    ///
    /// # Errors
    /// If its answer cannot be read.
    pub fn fate(&self) -> io::Result<Fate> {
        if self.is_at(&self.inbox.join(&self.name)) {
            return Ok(Fate::Waiting);
        }
        let name = self.name();
        for (folder, ending) in [("accepted", RECEIPT), ("rejected", REASON)] {
            let folder = self.inbox.join(folder);
            if !self.is_at(&folder.join(&name)) {
                continue;
            }
            let answer = fs::read_to_string(folder.join(format!("{name}{ending}")))?;
            return Ok(if ending == RECEIPT { Fate::Taken(answer) } else { Fate::Refused(answer) });
        }
        // It is being moved from one to the other.
        Ok(Fate::Waiting)
    }

    fn is_at(&self, path: &Path) -> bool {
        let found = fs::symlink_metadata(path);
        found.is_ok_and(|found| (found.dev(), found.ino()) == self.identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number_before_its_ending() {
        for (own, is_folder, expected) in [
            ("spring.yaml", false, ["spring.yaml", "spring-2.yaml"]),
            ("spring.v2.YML", false, ["spring.v2.YML", "spring.v2-2.YML"]),
            ("spring.yaml", true, ["spring", "spring-2"]),
            ("folder.d", true, ["folder.d", "folder.d-2"]),
        ] {
            let names: Vec<_> = names(OsStr::new(own), is_folder).take(2).collect();

            assert_eq!(names, expected.map(OsString::from), "{own}");
        }
    }
}
