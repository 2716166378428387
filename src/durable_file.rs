//! Files that are complete or absent, whatever ends the process or the machine.
//!
//! A file is replaced in four steps: the new one is written beside it, synced, and renamed, and
//! then the folder is synced. So every reader finds the old file or the new one, also after a crash
//! or a power loss. What a function promises about a power loss holds once it has returned, on a
//! disk that keeps what it has confirmed. After an error either file may be there, but nothing in
//! between.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fsync, openat, renameat, renameat_with, statat,
    syncfs, unlinkat,
};
use rustix::io::Errno;

/// The additional extension of a file while it is written: the first of these that is free.
const UNFINISHED: [&str; 3] = ["tmp", "2.tmp", "3.tmp"];
/// A file of the state directory is readable for its owner only.
const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// Replaces a file that only its owner may read; after a power loss the new one is there.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_beside(path, bytes, File::sync_all)?;
    sync(folder(path))
}

/// The same for a file that may be empty after a power loss: it does not wait for the disk.
pub fn replace_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_beside(path, bytes, |_| Ok(()))
}

/// Replaces a file in a folder of other people's files: everybody may read it, as far as the umask
/// allows, and no other name of the folder is touched. What is no file, such as a pipe, is written to.
pub fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays, and the file that it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(&path, bytes);
    }
    let mut file = tempfile::Builder::new()
        .prefix(".qunfa-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder(&path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    sync(folder(&path))
}

fn write_beside(
    path: &Path,
    bytes: &[u8],
    finish: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let names = UNFINISHED.map(|extension| path.with_added_extension(extension));
    let (mut file, fresh) =
        create_temporary(CWD, &names.each_ref().map(PathBuf::as_path), PRIVATE)?;
    file.write_all(bytes)?;
    finish(&file)?;
    fs::rename(fresh, path)
}

/// Replaces a file of an open folder, which everybody may read; after a power loss the new one is
/// there, once the folder is synced.
///
/// The new file is written under the first of the temporary names that is free in the folder. A
/// name that is a symbolic link is not followed, and the folder's own path is not used.
pub fn replace_at(
    fd: &OwnedFd,
    temporary: &[&'static str],
    name: &str,
    bytes: &[u8],
) -> io::Result<()> {
    let (mut file, temporary) = create_temporary(fd, temporary, PUBLIC)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(renameat(fd, temporary, fd, name)?)
}

/// Creates an empty file under the first of these names that is free, and returns the name; what a
/// crash left under that name is removed.
///
/// # Errors
/// If every name is taken by something that cannot be removed, such as a folder, or if the file
/// cannot be created.
pub fn create_temporary<'n, N: AsRef<OsStr> + ?Sized>(
    folder: impl AsFd,
    names: &[&'n N],
    mode: u32,
) -> io::Result<(File, &'n N)> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut blocked = Errno::EXIST;
    for name in names {
        unlinkat(&folder, name.as_ref(), AtFlags::empty()).ok();
        match openat(&folder, name.as_ref(), flags, Mode::from_raw_mode(mode)) {
            Ok(file) => return Ok((file.into(), name)),
            Err(error) if error != Errno::EXIST => return Err(error.into()),
            Err(error) => blocked = error,
        }
    }
    Err(blocked.into())
}

/// Writes a new file. After a power loss its content is there, and its name once its folder is
/// synced.
///
/// # Errors
/// If something has the name already, or if the file cannot be written.
pub fn create(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().create_new(true).write(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Syncs a file's content, or the names in a folder.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Opens a folder to write names into it; one that may not be listed can still be written to.
pub fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat(CWD, path, OFlags::RDONLY | flags, Mode::empty()) {
        Err(Errno::ACCESS) => Ok(openat(CWD, path, OFlags::PATH | flags, Mode::empty())?),
        opened => Ok(opened?),
    }
}

/// Returns the folder of the file that a path names.
pub fn folder(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

/// Moves a file between open folders and never replaces one. After a power loss it has its new
/// name, and perhaps its old one too until that folder is synced.
pub fn move_new(from: impl AsFd, name: &OsStr, to: impl AsFd, new: &OsStr) -> io::Result<()> {
    rename_new(&from, name, &to, new)?;
    match fsync(&to) {
        // It may not be listed: then the whole file system is synced.
        Err(Errno::BADF) => Ok(syncfs(from)?),
        done => Ok(done?),
    }
}

/// The same, but a power loss may undo it.
pub fn rename_new(from: impl AsFd, name: &OsStr, to: impl AsFd, new: &OsStr) -> io::Result<()> {
    match renameat_with(&from, name, &to, new, RenameFlags::NOREPLACE) {
        // Not every file system supports the flag.
        Err(Errno::INVAL | Errno::NOSYS) => match statat(&to, new, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Err(Errno::EXIST.into()),
            Err(_) => Ok(renameat(from, name, to, new)?),
        },
        done => Ok(done?),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        replace(&path, b"a long first one").unwrap();

        replace(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        replace_unsynced(&path, b"third").unwrap();

        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_published_is_readable_and_leaves_its_neighbours_and_links_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (page, link) = (dir.path().join("page.html"), dir.path().join("link.html"));
        fs::write(dir.path().join("page.html.tmp"), "someone's").unwrap();
        publish(&page, b"a long first one").unwrap();
        symlink(&page, &link).unwrap();

        publish(&link, b"second").unwrap();
        publish(Path::new("/dev/null"), b"anything").unwrap();

        assert_eq!(fs::read(&page).unwrap(), b"second");
        assert_ne!(fs::metadata(&page).unwrap().mode() & 0o040, 0);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        publish(&dir.path().join("absent/page.html"), b"").unwrap_err();
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        replace(&path, b"old").unwrap();
        for name in ["mark.tmp", "mark.2.tmp", "mark.3.tmp"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }

        replace(&path, b"new").unwrap_err();

        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_folder_with_the_name_of_an_unfinished_file_is_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        fs::create_dir(dir.path().join("mark.tmp")).unwrap();
        symlink(dir.path().join("elsewhere"), dir.path().join("mark.2.tmp")).unwrap();

        replace(&path, b"first").unwrap();
        replace_unsynced(&path, b"second").unwrap();

        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert!(!dir.path().join("elsewhere").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn no_symbolic_link_leads_a_write_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("inside"), dir.path().join("outside"));
        fs::create_dir(&inside).unwrap();
        fs::write(&outside, "untouched").unwrap();
        let folder = OwnedFd::from(File::open(&inside).unwrap());
        symlink(&outside, inside.join("answer")).unwrap();

        replace_at(&folder, &[".tmp"], "answer", b"yes").unwrap();
        symlink(&outside, inside.join(".tmp")).unwrap();
        replace_at(&folder, &[".tmp"], "answer", b"no").unwrap();

        assert_eq!(fs::read(inside.join("answer")).unwrap(), b"no");
        assert!(fs::symlink_metadata(inside.join("answer")).unwrap().is_file());
        assert_eq!(fs::read(&outside).unwrap(), b"untouched");
    }

    #[test]
    fn nothing_is_moved_or_created_over_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            create(&dir.path().join(name), 0o640, name.as_bytes()).unwrap();
        }
        let folder = File::open(dir.path()).unwrap();

        let moved = move_new(&folder, OsStr::new("a"), &folder, OsStr::new("b")).unwrap_err();
        let created = create(&dir.path().join("b"), 0o640, b"c").unwrap_err();
        move_new(&folder, OsStr::new("a"), &folder, OsStr::new("c")).unwrap();

        assert_eq!(moved.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(created.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(["b", "c"].map(|name| fs::read(dir.path().join(name)).unwrap()), [b"b", b"a"]);
    }
}
