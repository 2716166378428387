//! The inbox's directories, and whether their names still lead to them.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::{fs, io};

use rustix::fs::{AtFlags, Mode, OFlags, fstat, mkdirat, stat, statat};
use rustix::io::Errno;

use super::entry;
use crate::l10n::t;

/// The folder for an entry while it is moved; the inbox ignores such a name.
pub(super) const MOVING: &str = ".moving";

/// The directory and those inside it, with their identities when opened.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) inbox: Directory,
    pub(super) accepted: Directory,
    pub(super) rejected: Directory,
    /// The folder for an entry between the inbox and its archive, until it is known to be what was
    /// read.
    pub(super) moving: Directory,
}

#[derive(Debug)]
pub(super) struct Directory {
    pub(super) fd: OwnedFd,
    pub(super) identity: [i128; 2],
}

/// Opens the inbox and its subdirectories, and creates what is missing.
pub(super) fn open(path: &Path) -> io::Result<Places> {
    fs::create_dir_all(path)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let inbox = directory(rustix::fs::open(path, flags, Mode::empty())?)?;
    let inside = |name, mode| {
        match mkdirat(&inbox.fd, name, Mode::from_raw_mode(mode)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        directory(entry::open_folder(&inbox.fd, OsStr::new(name))?)
    };
    let (accepted, rejected) = (inside("accepted", 0o750)?, inside("rejected", 0o750)?);
    let moving = inside(MOVING, 0o700)?;
    if fstat(&moving.fd)?.st_uid != fstat(&accepted.fd)?.st_uid {
        let why = t!("inbox-belongs-somebody-else-remove", moving = %MOVING);
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(Places { inbox, accepted, rejected, moving })
}

fn directory(fd: OwnedFd) -> io::Result<Directory> {
    let identity = entry::identity(&fstat(&fd)?);
    Ok(Directory { fd, identity })
}

/// Returns whether the path and the names in it still lead to the open directories.
pub(super) fn is_same(path: &Path, open: &Places) -> io::Result<bool> {
    let Places { inbox, accepted, rejected, moving } = open;
    let inside = |name| statat(&inbox.fd, name, AtFlags::SYMLINK_NOFOLLOW);
    for (found, known) in [
        (stat(path), inbox),
        (inside("accepted"), accepted),
        (inside("rejected"), rejected),
        (inside(MOVING), moving),
    ] {
        match found {
            Ok(stat) if entry::identity(&stat) == known.identity => {}
            Ok(_) | Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}
