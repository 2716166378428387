//! Moves an entry to `accepted/` with a receipt, or to `rejected/` with the reasons.
//!
//! The answer is written before the entry is moved. Nothing is ever overwritten except the answer
//! to the very same content: a crash in between leaves the entry in the inbox, where it is taken
//! again, which changes nothing.
//!
//! A name proves nothing: between the read and the move, a later version may have been put under
//! it. So an entry is first moved aside, to a folder that nobody else uses, and compared there. If
//! it is what was read, it is moved on to its archive. If not, it is put back under its name, and
//! what was read is archived from memory: no version is lost, and an archive holds only what was
//! read. What a crash leaves aside is put back at the next scan.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;

use chrono::{DateTime, Utc};
use rustix::fs::{AtFlags, Mode, OFlags, fsync, openat, statat, unlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::entry::{self, Entry};
use super::folder::{FILE_MODE, write_folder};
use super::package::{self, Package, ReadError};
use super::places::{Directory, MOVING, Places};
use super::{Inbox, InboxError, Step};
use crate::durable_file::{self, move_new, rename_new};
use crate::l10n::t;
use crate::model::{JobId, JobState};
use crate::yaml::diagnostic::Diagnostic;

pub(super) const RECEIPT: &str = ".receipt.json";
pub(super) const REASON: &str = ".error.txt";
/// The temporary names of an answer: if one of them is taken by a folder, the next is used.
pub(super) const TEMPORARY: [&str; 3] = [".answer.tmp", ".answer.2.tmp", ".answer.3.tmp"];
/// The temporary name of a copy in the folder for entries aside; no entry has it.
const COPY: &str = ".copy";

/// What was taken of a file.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// When it was first taken: the due time for its jobs without `at`.
    pub taken_at: DateTime<Utc>,
    /// When it was taken this time: the last file that names a job is the one that counts.
    pub accepted_at: DateTime<Utc>,
    /// Its jobs.
    pub jobs: Vec<ReceiptJob>,
    /// What its author should know about the file as a whole.
    pub notes: Vec<String>,
}

/// What was taken of one job.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptJob {
    /// The job's id.
    pub id: JobId,
    /// Its title in lists.
    pub title: String,
    /// The account's name.
    pub account: String,
    /// The account's appid: the name may later belong to another account.
    pub appid: String,
    /// The time its author planned.
    pub at: Option<DateTime<Utc>>,
    /// The time it is due.
    pub due: Option<DateTime<Utc>>,
    /// The job's state.
    pub state: JobState,
    /// What its author should know.
    pub note: Option<String>,
    /// What an edit changed of the dates of a series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<ReceiptDate>,
}

/// What an edit changed of one date of a series.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptDate {
    /// The date's id.
    pub id: JobId,
    /// When it was due before; none if it is new.
    pub from: Option<DateTime<Utc>>,
    /// When it is due now; none if it is withdrawn.
    pub to: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Written<'r> {
    file: &'r str,
    sha256: &'r str,
    taken_at: DateTime<Utc>,
    accepted_at: DateTime<Utc>,
    jobs: &'r [ReceiptJob],
    notes: &'r [String],
}

#[derive(Deserialize)]
struct Taken {
    taken_at: DateTime<Utc>,
    #[serde(default)]
    accepted_at: Option<DateTime<Utc>>,
    #[serde(default)]
    jobs: Vec<TakenFor>,
}

/// The account that a job was taken for.
#[derive(Deserialize)]
struct TakenFor {
    account: String,
    #[serde(default)]
    appid: Option<String>,
}

/// Something that was accepted.
#[derive(Debug)]
pub struct AcceptedPackage {
    /// Its content.
    pub package: Package,
    /// When it was first taken, by its receipt.
    pub taken_at: Option<DateTime<Utc>>,
    /// When it was taken last.
    pub accepted_at: DateTime<Utc>,
    /// The accounts that the names in it meant, by its receipt: name, then appid.
    pub appids: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Of {
    sha256: String,
}

/// What was moved to the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// The entry that was read.
    Itself,
    /// A copy of what was read, because the entry was no longer there; what has its name now is
    /// read next.
    Replaced,
}

impl Inbox {
    /// Moves a taken package to `accepted/`, with its receipt.
    ///
    /// Call it after the jobs are stored: from then on the file is only a record.
    pub fn accept(&self, package: &Package, receipt: &Receipt) -> Result<Away, InboxError> {
        self.accept_all(&[(package, receipt)]).remove(0)
    }

    /// Does the same for several packages with different names: each step waits for the disk once.
    pub fn accept_all(&self, all: &[(&Package, &Receipt)]) -> Vec<Result<Away, InboxError>> {
        let Places { inbox, accepted, .. } = &self.places;
        let given: Vec<_> =
            all.iter().map(|(package, receipt)| self.give(package, receipt)).collect();
        let answered = fsync(&accepted.fd);
        let put_beside = |((package, _), given): (&(&Package, &Receipt), io::Result<()>)| {
            given?;
            answered?;
            let names = (package.entry_name.as_os_str(), package.name());
            self.put_beside(names, (accepted, RECEIPT), &Read::Package(package))
        };
        let moved: Vec<_> = all.iter().zip(given).map(put_beside).collect();
        let synced = fsync(&accepted.fd).and_then(|()| fsync(&inbox.fd));
        let result = |((package, _), moved): (&(&Package, &Receipt), io::Result<Away>)| {
            moved
                .and_then(|away| Ok(synced.map(|()| away)?))
                .map_err(|source| entry_error(package.name(), Step::Accept, source))
        };
        all.iter().zip(moved).map(result).collect()
    }

    /// Writes the receipt of a package; the folder is not synced yet.
    fn give(&self, package: &Package, receipt: &Receipt) -> io::Result<()> {
        let written = Written {
            file: package.name(),
            sha256: package.sha256(),
            taken_at: receipt.taken_at,
            accepted_at: receipt.accepted_at,
            jobs: &receipt.jobs,
            notes: &receipt.notes,
        };
        let mut json = serde_json::to_vec_pretty(&written).expect("a receipt is always JSON");
        json.push(b'\n');
        let directory = &self.places.accepted;
        Answer { directory, suffix: RECEIPT, bytes: &json }.give(package.name())
    }

    /// Moves an entry to `rejected/`, with what is wrong with it; or, if it is gone, what was read
    /// of it.
    pub fn reject(
        &self,
        entry: &Entry,
        package: Option<&Package>,
        problems: &[Diagnostic],
    ) -> Result<Away, InboxError> {
        let name = entry.name();
        let text = reason(&name, problems);
        let to = &self.places.rejected;
        let answer = Answer { directory: to, suffix: REASON, bytes: text.as_bytes() };
        let read = package.map_or(Read::Seen(entry), Read::Package);
        let put_away = || {
            answer.give(&name)?;
            fsync(&to.fd)?;
            let away = self.put_beside((&entry.name, &name), (to, REASON), &read)?;
            fsync(&to.fd)?;
            fsync(&self.places.inbox.fd)?;
            Ok(away)
        };
        put_away().map_err(|source| entry_error(&name, Step::Reject, source))
    }

    /// Moves an entry, or what was read of it, beside the answer to it; the folders are not synced
    /// yet.
    fn put_beside(
        &self,
        (entry, name): (&OsStr, &str),
        (directory, suffix): (&Directory, &str),
        read: &Read<'_>,
    ) -> io::Result<Away> {
        let moving = &self.places.moving;
        let to = &directory.fd;
        match self.move_aside(entry) {
            Ok(()) if read.is(&moving.fd, entry) => {
                rename_new(&moving.fd, entry, to, OsStr::new(name))?;
                return Ok(Away::Itself);
            }
            Ok(()) => {}
            // Its author removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match read {
            Read::Package(package) => self.archive_copy(package, to, name)?,
            // Nothing was read, so there is nothing to answer.
            Read::Seen(_) => {
                unlinkat(to, format!("{name}{suffix}"), AtFlags::empty())?;
                fsync(to)?;
            }
        }
        self.put_back_all()?;
        Ok(Away::Replaced)
    }

    /// Moves what has this name now into the folder that nobody else uses.
    fn move_aside(&self, entry: &OsStr) -> io::Result<()> {
        rename_new(&self.places.inbox.fd, entry, &self.places.moving.fd, entry)
    }

    /// Archives what was read of an entry that is gone.
    fn archive_copy(&self, package: &Package, to: &OwnedFd, name: &str) -> io::Result<()> {
        self.remove_copy()?;
        let copy = self.path.join(MOVING).join(COPY);
        match package.files() {
            Some(files) => write_folder(&copy, &files)?,
            None => durable_file::create(&copy, FILE_MODE, package.bytes())?,
        }
        move_new(&self.places.moving.fd, OsStr::new(COPY), to, OsStr::new(name))
    }

    /// Removes an unfinished copy.
    fn remove_copy(&self) -> io::Result<()> {
        let copy = self.path.join(MOVING).join(COPY);
        let removed = if entry::is_folder(&self.places.moving.fd, OsStr::new(COPY)) {
            fs::remove_dir_all(copy)
        } else {
            fs::remove_file(copy)
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Puts everything that is aside back under its name.
    pub(super) fn put_back_all(&self) -> io::Result<()> {
        for name in entry::all_names(&self.places.moving.fd)? {
            if name == COPY {
                self.remove_copy()?;
            } else {
                self.put_back(&name)?;
            }
        }
        Ok(())
    }

    /// Puts what is aside back under its name, but never over what has the name now: that is a
    /// later version.
    fn put_back(&self, name: &OsStr) -> io::Result<()> {
        let Places { inbox, accepted, rejected, moving } = &self.places;
        match move_new(&moving.fd, name, &inbox.fd, name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done,
        }
        let shown = entry::safe_name(name);
        // It was taken, and a crash happened before it was archived.
        if self.has_receipt(name, &shown) {
            return move_new(&moving.fd, name, &accepted.fd, OsStr::new(&shown));
        }
        let message = t!("inbox-later-file-name-came-before");
        let text = reason(&shown, &[Diagnostic::whole(&shown, &message, None)]);
        let answer = Answer { directory: rejected, suffix: REASON, bytes: text.as_bytes() };
        answer.give(&shown)?;
        move_new(&moving.fd, name, &rejected.fd, OsStr::new(&shown))
    }

    /// Returns whether what is aside has a receipt in `accepted/` but no entry there.
    fn has_receipt(&self, name: &OsStr, shown: &str) -> bool {
        let Places { accepted, moving, .. } = &self.places;
        let receipt = read_small(&accepted.fd, OsStr::new(&format!("{shown}{RECEIPT}")))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Of>(&bytes).ok());
        let Some(Of { sha256 }) = receipt else { return false };
        let read = package::read_archived(&moving.fd, name);
        let same = matches!(read, Some(Ok(package)) if package.sha256() == sha256);
        same && exists(&accepted.fd, shown).is_ok_and(|exists| !exists)
    }

    /// Returns everything in `accepted/`, the oldest first, with what its receipt records.
    ///
    /// Packages are read one by one: those of several years need not fit into memory.
    pub fn accepted_back(&self) -> Result<AcceptedBack<'_>, InboxError> {
        let names =
            entry::all_names(&self.places.accepted.fd).map_err(|source| self.unusable(source))?;
        let kept = |name: &OsString| {
            let is_answer = is_temporary(name) || name.as_bytes().ends_with(RECEIPT.as_bytes());
            !(is_answer && entry::is_file(&self.places.accepted.fd, name))
        };
        let mut found: Vec<_> =
            names.into_iter().filter(kept).map(|name| self.archived(name)).collect();
        found.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        Ok(AcceptedBack { directory: &self.places.accepted.fd, found: found.into_iter() })
    }

    /// Returns the newest package in `accepted/` that has a job of this id.
    ///
    /// # Errors
    /// If the directory, or a package newer than that one, cannot be read.
    pub fn newest_with(&self, id: &JobId) -> Result<Option<Package>, InboxError> {
        let AcceptedBack { directory, found } = self.accepted_back()?;
        for archived in found.rev() {
            match package::read_archived(directory, &archived.name) {
                Some(Ok(package)) if package.ids().iter().any(|(other, _)| other == id) => {
                    return Ok(Some(package));
                }
                Some(Err(ReadError::Failed(error))) => return Err(error),
                Some(Ok(_) | Err(ReadError::Refused(_))) | None => {}
            }
        }
        Ok(None)
    }

    fn archived(&self, name: OsString) -> Archived {
        let mut receipt = name.clone();
        receipt.push(RECEIPT);
        let taken = read_small(&self.places.accepted.fd, &receipt)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Taken>(&bytes).ok());
        let taken_at = taken.as_ref().map(|taken| taken.taken_at);
        let accepted_at = taken.as_ref().and_then(|taken| taken.accepted_at).or(taken_at);
        let jobs = taken.into_iter().flat_map(|taken| taken.jobs);
        let appids = jobs.filter_map(|job| Some((job.account, job.appid?))).collect();
        let modified = || {
            let stat = statat(&self.places.accepted.fd, &name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            DateTime::from_timestamp(stat.st_mtime, 0)
        };
        let at = accepted_at.or_else(modified).unwrap_or_default();
        Archived { at, name, taken_at, appids }
    }
}

/// What was read of an entry.
enum Read<'a> {
    /// All of it.
    Package(&'a Package),
    /// Nothing: it was refused by its name and metadata.
    Seen(&'a Entry),
}

impl Read<'_> {
    /// Returns whether what has this name is what was read, byte for byte.
    fn is(&self, directory: &OwnedFd, name: &OsStr) -> bool {
        match self {
            Self::Package(package) => matches!(
                package::read_archived(directory, name),
                Some(Ok(found)) if found.sha256() == package.sha256()
            ),
            Self::Seen(entry) => entry::look(directory, name).is_some_and(|found| {
                found.seen.is_still(&entry.seen, entry::is_folder(directory, name))
            }),
        }
    }
}

fn entry_error(name: &str, what: Step, source: io::Error) -> InboxError {
    InboxError::Entry { name: name.to_owned(), what, source }
}

/// Returns the text for the author of a file that is refused.
fn reason(name: &str, problems: &[Diagnostic]) -> String {
    let mut text = t!("inbox-qunfa-did-not-take-none", name = %name);
    text.push_str("\n\n");
    for problem in problems {
        text.push_str(&problem.to_string());
        text.push_str("\n\n");
    }
    text.push_str(&t!("inbox-mend-put-into-inbox-again"));
    text.push('\n');
    text
}

struct Archived {
    at: DateTime<Utc>,
    name: OsString,
    taken_at: Option<DateTime<Utc>>,
    appids: BTreeMap<String, String>,
}

/// The packages of `accepted/`, the oldest first.
pub struct AcceptedBack<'i> {
    directory: &'i OwnedFd,
    found: std::vec::IntoIter<Archived>,
}

impl Iterator for AcceptedBack<'_> {
    type Item = Result<AcceptedPackage, InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        for archived in self.found.by_ref() {
            match package::read_archived(self.directory, &archived.name) {
                Some(Ok(package)) => {
                    let Archived { taken_at, at: accepted_at, appids, .. } = archived;
                    return Some(Ok(AcceptedPackage { package, taken_at, accepted_at, appids }));
                }
                Some(Err(ReadError::Failed(error))) => return Some(Err(error)),
                Some(Err(ReadError::Refused(_))) if is_temporary(&archived.name) => {}
                Some(Err(ReadError::Refused(problems))) => {
                    return Some(Err(forgotten(&archived.name, &problems)));
                }
                // A link, a pipe or a device is never taken.
                None => {}
            }
        }
        None
    }
}

/// Something unreadable in `accepted/` that may hold ids which are recorded nowhere else.
fn forgotten(name: &OsStr, problems: &[Diagnostic]) -> InboxError {
    let why: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
    let name = format!("accepted/{}", entry::safe_name(name));
    entry_error(&name, Step::ReadBack, io::Error::other(why.join("; ")))
}

/// An answer to an entry, and the archive for both.
struct Answer<'a> {
    directory: &'a Directory,
    suffix: &'static str,
    bytes: &'a [u8],
}

impl Answer<'_> {
    /// Writes the answer, after making sure that nothing else has its name or the entry's; the folder
    /// is not synced yet.
    fn give(&self, name: &str) -> io::Result<()> {
        self.make_room(name)?;
        let answer = format!("{name}{}", self.suffix);
        durable_file::replace_at(&self.directory.fd, &TEMPORARY, &answer, self.bytes)
    }

    /// Moves aside what already has the entry's name or its answer's.
    fn make_room(&self, name: &str) -> io::Result<()> {
        let to = &self.directory.fd;
        let answer = format!("{name}{}", self.suffix);
        if self.is_entry(&answer)? {
            self.make_room(&answer)?;
        }
        let has_entry = exists(to, name)?;
        // An answer without its entry belongs to a move that a crash prevented.
        let has_answer = exists(to, &answer)? && (has_entry || !self.is_same(&answer));
        if !has_entry && !has_answer {
            return Ok(());
        }
        let mut number = 1;
        let (aside, answer_aside) = loop {
            let aside = format!("{name}.{number}");
            let answer_aside = format!("{aside}{}", self.suffix);
            if !exists(to, &aside)? && !exists(to, &answer_aside)? {
                break (aside, answer_aside);
            }
            number += 1;
        };
        if has_entry {
            rename_new(to, OsStr::new(name), to, OsStr::new(&aside))?;
        }
        if has_answer {
            rename_new(to, OsStr::new(&answer), to, OsStr::new(&answer_aside))?;
        }
        Ok(())
    }

    /// Returns whether what has an answer's name is an entry itself.
    fn is_entry(&self, answer: &str) -> io::Result<bool> {
        let to = &self.directory.fd;
        let is_file = entry::is_file(to, OsStr::new(answer));
        Ok(exists(to, answer)? && (!is_file || exists(to, &format!("{answer}{}", self.suffix))?))
    }

    /// Returns whether the answer of that name is about the same content as this one.
    fn is_same(&self, answer: &str) -> bool {
        let Ok(found) = read_small(&self.directory.fd, OsStr::new(answer)) else { return false };
        let digest = |bytes| serde_json::from_slice::<Of>(bytes).ok().map(|of| of.sha256);
        found == self.bytes || digest(&found).is_some_and(|found| digest(self.bytes) == Some(found))
    }
}

/// Returns whether an answer may have this name while it is written; nothing that was taken has it.
fn is_temporary(name: &OsStr) -> bool {
    TEMPORARY.iter().any(|temporary| name == *temporary)
}

fn exists(directory: &OwnedFd, name: &str) -> io::Result<bool> {
    match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn read_small(directory: &OwnedFd, name: &OsStr) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_small(directory, name)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn open_small(directory: &OwnedFd, name: &OsStr) -> io::Result<io::Take<File>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(directory, name, flags, Mode::empty())?);
    Ok(file.take(64 << 20))
}
