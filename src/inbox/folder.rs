//! Writing the files of a package.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::{io, iter};

use crate::durable_file;

/// The daemon's user reads it; so may its group.
pub(super) const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;

/// Writes a folder of files; a power loss leaves all that is in it.
pub(super) fn write_folder(folder: &Path, files: &BTreeMap<&str, &[u8]>) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(FOLDER_MODE);
    let folders = folders(folder, files.keys());
    folders.iter().try_for_each(|folder| builder.create(folder))?;
    for (path, bytes) in files {
        durable_file::create(&folder.join(path), FILE_MODE, bytes)?;
    }
    folders.iter().try_for_each(|folder| durable_file::sync(folder))
}

/// Returns the folder and every one below it that files lie in, at whatever depth: one that holds
/// nothing but a folder has a name to lose as well.
fn folders<'f>(folder: &Path, files: impl Iterator<Item = &'f &'f str>) -> BTreeSet<PathBuf> {
    let inside = files.flat_map(|path| Path::new(path).ancestors().skip(1));
    iter::once(Path::new("")).chain(inside).map(|inside| folder.join(inside)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_a_package_is_synced() {
        let files = ["a/b/c.png", "a/b/d.png", "jobs.yaml", "e/f.png"];

        let found = folders(Path::new("in"), files.iter());

        assert_eq!(found, ["in", "in/a", "in/a/b", "in/e"].map(PathBuf::from).into());
    }
}
