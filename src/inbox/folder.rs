//! Writes the files of a package.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{io, iter};

use crate::durable_file;

/// The daemon's user may read it; its group may too.
pub(super) const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;
/// A folder of another user can be moved only if it can be written to.
const MOVED_MODE: u32 = 0o770;

/// Writes a folder of files; after a power loss all of it is there.
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

/// Lets the group read a package, whatever the umask: through it the daemon reads what another user submits.
pub(super) fn let_group_read(package: &Path) -> io::Result<()> {
    if package.is_dir() {
        allow_below(package)?;
        return allow(package, MOVED_MODE);
    }
    allow(package, FILE_MODE)
}

fn allow_below(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            allow(&path, FOLDER_MODE)?;
            allow_below(&path)?;
        } else {
            allow(&path, FILE_MODE)?;
        }
    }
    Ok(())
}

/// Sets the permissions of a file or folder; a folder keeps giving its group to what is in it.
fn allow(path: &Path, mode: u32) -> io::Result<()> {
    const GIVES_GROUP: u32 = 0o2000;
    let kept = fs::metadata(path)?.permissions().mode() & GIVES_GROUP;
    fs::set_permissions(path, Permissions::from_mode(mode | kept))
}

/// Returns the folder and every folder below it that files are in, at any depth. One that holds
/// nothing but a folder must be synced too, for the name in it.
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
