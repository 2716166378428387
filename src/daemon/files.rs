//! The files that stored jobs need, kept by their digest until no job needs them.
//!
//! They are on disk before their job is stored, so a file that a job names is always present. Later
//! changes to the dropped file have no effect. A file is present whole or not at all, so a file
//! whose name is a digest always has that content.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::daemon::RunError;
use crate::durable_file;
use crate::inbox::Package;
use crate::model::{Action, Media};

/// The name of the directory inside the state directory.
const DIRECTORY: &str = "media";

/// Returns the directory of files below a state directory.
pub fn files_folder(state: &Path) -> PathBuf {
    state.join(DIRECTORY)
}

/// The directory of files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    path: PathBuf,
    /// Files whose job is not stored yet, with how many packages hold each.
    held: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// Keeps files from being removed until it is dropped.
#[derive(Debug)]
pub(super) struct Kept {
    files: Files,
    digests: Vec<String>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut held = self.files.held.lock().unwrap_or_else(PoisonError::into_inner);
        for digest in &self.digests {
            match held.get_mut(digest) {
                Some(count) if *count > 1 => *count -= 1,
                Some(_) | None => drop(held.remove(digest)),
            }
        }
    }
}

impl Files {
    /// Opens the directory, readable by its owner only.
    pub(super) fn open(state: &Path) -> Result<Self, RunError> {
        let path = files_folder(state);
        let make = || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
            durable_file::sync(state)
        };
        make().map_err(|error| {
            RunError::Setup(format!("{} cannot be made: {error}", path.display()))
        })?;
        Ok(Self { path, held: Arc::default() })
    }

    /// Returns the directory of the files.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Stores the files that a package's actions need; they are on disk when this returns.
    pub(super) fn keep<'a>(
        &self,
        package: &Package,
        actions: impl Iterator<Item = &'a Action>,
    ) -> io::Result<Kept> {
        let media: Vec<_> = actions.flat_map(media).collect();
        let digests: Vec<_> = media.iter().map(|media| media.sha256.clone()).collect();
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            for digest in &digests {
                *held.entry(digest.clone()).or_default() += 1;
            }
        }
        let kept = Kept { files: self.clone(), digests };
        for media in media {
            let Some(bytes) = package.file(&media.file) else { continue };
            self.store(&media.sha256, bytes)?;
        }
        Ok(kept)
    }

    fn store(&self, digest: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path.join(digest);
        let whole = u64::try_from(bytes.len()).ok();
        if fs::metadata(&path).is_ok_and(|found| Some(found.len()) == whole) {
            return Ok(());
        }
        durable_file::replace(&path, bytes)
    }

    /// Removes every file that neither a stored job nor a package in progress needs.
    pub(super) fn prune(&self, needed: Vec<String>) {
        let mut needed: HashSet<_> = needed.into_iter().collect();
        // Held until the end: a package that arrives now stores its files again after this.
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        needed.extend(held.keys().cloned());
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            // A file that is being written has an extension.
            let digest = path.file_stem().unwrap_or_default().to_string_lossy();
            if !needed.contains(&*digest)
                && let Err(error) = fs::remove_file(&path)
            {
                let file = path.display();
                tracing::warn!(%file, "a file that no job needs cannot be removed: {error}");
            }
        }
    }
}

fn media(action: &Action) -> Vec<&Media> {
    let material = action.broadcast().and_then(|broadcast| broadcast.content.material());
    let assets = material.map(|material| material.assets.as_slice());
    assets.unwrap_or_default().iter().map(|asset| &asset.media).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &Files) -> Vec<String> {
        let entries = fs::read_dir(files.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_no_job_needs_is_removed() {
        let state = tempfile::tempdir().unwrap();
        let files = Files::open(state.path()).unwrap();
        for digest in ["aa", "bb", "cc"] {
            files.store(digest, b"x").unwrap();
        }
        let held = Kept { files: files.clone(), digests: vec!["bb".to_owned()] };
        files.held.lock().unwrap().insert("bb".to_owned(), 1);

        files.prune(vec!["aa".to_owned()]);
        assert_eq!(names(&files), ["aa", "bb"]);

        drop(held);
        files.prune(vec!["aa".to_owned()]);
        assert_eq!(names(&files), ["aa"]);
    }

    #[test]
    fn a_file_cut_short_is_written_again() {
        let state = tempfile::tempdir().unwrap();
        let files = Files::open(state.path()).unwrap();
        fs::write(files.path().join("aa"), b"x").unwrap();

        files.store("aa", b"xyz").unwrap();

        assert_eq!(fs::read(files.path().join("aa")).unwrap(), b"xyz");
    }
}
