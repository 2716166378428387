//! An entry of the inbox, checked by its name and metadata without opening it.

use std::ffi::{OsStr, OsString};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use chrono::TimeDelta;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;

use super::whole;
use crate::l10n::{Sentence, t};

/// The largest file that is read.
pub(super) const FILE_MOST: i128 = super::FILE_MOST as i128;
/// How many files a folder may have, and how deep.
pub(super) const LEAVES: usize = 1_000;
pub(super) const DEPTH: usize = 4;
/// How many files beside a job file are looked at for those that it names.
const NAMES_BELOW: usize = 20_000;
/// The longest escaped name, in bytes, that leaves room for the answer's suffix.
const NAME_MOST: usize = 200;
/// The ending of a name that was shortened; no unfinished name ends like this.
const SHORTENED: &str = "…";

/// Something in the inbox, in the state of the last look.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) name: OsString,
    pub(super) kind: EntryKind,
    pub(super) seen: Seen,
    /// The scan that first found its present state: the smaller number came earlier.
    pub(super) turn: u64,
    /// How long it has been unchanged.
    pub(super) quiet: TimeDelta,
    /// Whether it is handed out before others that came earlier.
    pub(super) jumps: bool,
    /// The path of a file in a folder that is still being written.
    pub(super) unfinished: Option<String>,
}

impl Entry {
    /// Returns the scan that first found it: the smaller number came earlier.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Returns whether it has been unchanged for so long that no more is expected.
    pub fn is_long_quiet(&self) -> bool {
        self.quiet >= whole::LONG_QUIET
    }

    /// Returns whether it is handed out before others that came earlier.
    pub fn jumps(&self) -> bool {
        self.jumps
    }

    /// Returns the name, with every character escaped that a terminal or a path would act on.
    pub fn name(&self) -> String {
        safe_name(&self.name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A regular file with a valid name.
    File,
    /// A folder.
    Folder,
    /// Something that cannot be taken, and what to do instead.
    Unusable((String, String)),
    /// Something that can never become a job file: a link, a pipe or a device.
    Never((String, String)),
}

/// What distinguishes one state of an entry from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    /// Device and inode.
    pub(super) identity: [i128; 2],
    /// Size, number of links, and time of the last change of the content.
    state: [i128; 4],
    /// A hash over everything in a folder.
    contents: u64,
}

impl Seen {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            identity: identity(stat),
            state: [
                stat.st_size.into(),
                stat.st_nlink.into(),
                stat.st_mtime.into(),
                stat.st_mtime_nsec.into(),
            ],
            contents: 0,
        }
    }

    /// Returns whether this is the same entry after a rename, which may change a folder's own
    /// times.
    pub(super) fn is_still(&self, before: &Self, is_folder: bool) -> bool {
        let same = self.identity == before.identity && self.contents == before.contents;
        same && (is_folder || self.state == before.state)
    }
}

pub(super) fn identity(stat: &Stat) -> [i128; 2] {
    [stat.st_dev.into(), stat.st_ino.into()]
}

/// Returns the names in the inbox that are not ignored, sorted.
pub(super) fn names(inbox: &OwnedFd) -> io::Result<Vec<OsString>> {
    let mut names = all_names(inbox)?;
    names.retain(|name| is_looked_at(name));
    Ok(names)
}

/// Returns whether the inbox looks at an entry of this name.
pub(super) fn is_looked_at(name: &OsStr) -> bool {
    !is_ignored(name) && !matches!(name.as_bytes(), b"accepted" | b"rejected" | b"lost+found")
}

/// Returns every name of a directory, sorted.
pub(super) fn all_names(directory: &OwnedFd) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_bytes().to_owned();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    names.sort();
    Ok(names)
}

/// The endings of files that browsers and file transfers have not finished.
const UNFINISHED: [&[u8]; 6] =
    [b".tmp", b".part", b".partial", b".filepart", b".crdownload", b".download"];
/// The endings of files that editors keep beside the finished one.
const BESIDE: [&[u8]; 6] = [b".bak", b".swp", b".swo", b".swn", b".swx", b"~"];
/// The beginnings of names that other programs use for their own files: hidden files, and the mark
/// of an office program that a file is open.
const OTHERS: [&[u8]; 2] = [b".", b"~$"];
/// Files that other systems and programs leave in every folder; an editor creates `4913` to test
/// whether it may write.
const STRAYS: [&[u8]; 12] = [
    b"@eadir",
    b"@recycle",
    b"#recycle",
    b"#snapshot",
    b"$recycle.bin",
    b"system volume information",
    b"__macosx",
    b"thumbs.db",
    b"ehthumbs.db",
    b"desktop.ini",
    b"icon\r",
    b"4913",
];

/// Returns whether a name belongs to an unfinished file, or to one that is not meant for the inbox.
pub(super) fn is_ignored(name: &OsStr) -> bool {
    let name = name.as_bytes().to_ascii_lowercase();
    let is_emacs_own = name.len() > 1 && name.starts_with(b"#") && name.ends_with(b"#");
    is_emacs_own
        || OTHERS.iter().any(|beginning| name.starts_with(beginning))
        || UNFINISHED.iter().chain(&BESIDE).any(|ending| name.ends_with(ending))
        || STRAYS.contains(&name.as_slice())
}

/// Returns whether a name is that of an unfinished file, which is renamed once it is complete.
fn is_on_its_way(name: &OsStr) -> bool {
    let name = name.as_bytes().to_ascii_lowercase();
    UNFINISHED.iter().any(|ending| name.ends_with(ending))
}

/// Returns what has this name, or `None` if nothing has it any more.
pub(super) fn look(directory: &OwnedFd, name: &OsStr) -> Option<Entry> {
    let glance = glance(directory, name)?;
    Some(if glance.is_folder { glance.into_folder(directory, name).0 } else { glance.entry })
}

/// What one look finds without opening anything; of a folder, not its content.
pub(super) struct Glance {
    pub(super) entry: Entry,
    pub(super) is_folder: bool,
}

/// Returns what has this name, without looking into a folder.
pub(super) fn glance(directory: &OwnedFd, name: &OsStr) -> Option<Glance> {
    let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => file_kind(name, &stat),
        FileType::Directory => EntryKind::Folder,
        kind @ (FileType::Symlink
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown) => EntryKind::Never(not_regular(kind)),
    };
    let is_folder = kind == EntryKind::Folder;
    let kind = match too_long(name) {
        Some(reason) if !matches!(kind, EntryKind::Never(_)) => EntryKind::Unusable(reason),
        Some(_) | None => kind,
    };
    let (seen, quiet) = (Seen::of(&stat), TimeDelta::zero());
    let name = name.to_owned();
    let entry = Entry { name, kind, seen, turn: 0, quiet, jumps: false, unfinished: None };
    Some(Glance { entry, is_folder })
}

impl Glance {
    /// Looks into a folder; returns the entry, and the number of files looked at.
    pub(super) fn into_folder(self, directory: &OwnedFd, name: &OsStr) -> (Entry, usize) {
        let mut entry = self.entry;
        let (leaves, kind) = folder(directory, name);
        let mut hasher = DefaultHasher::new();
        leaves.iter().for_each(|leaf| (&leaf.path, leaf.seen).hash(&mut hasher));
        entry.seen.contents = hasher.finish();
        let unfinished = leaves.iter().find(|leaf| leaf.on_its_way);
        entry.unfinished = unfinished.map(|leaf| safe_path(&leaf.path));
        if entry.kind == EntryKind::Folder {
            entry.kind = kept(name).map_or(kind, EntryKind::Unusable);
        }
        (entry, leaves.len())
    }
}

/// Returns whether this name is a folder.
pub(super) fn is_folder(directory: &OwnedFd, name: &OsStr) -> bool {
    has_type(directory, name, FileType::Directory)
}

/// Returns whether this name is a regular file.
pub(super) fn is_file(directory: &OwnedFd, name: &OsStr) -> bool {
    has_type(directory, name, FileType::RegularFile)
}

fn has_type(directory: &OwnedFd, name: &OsStr, wanted: FileType) -> bool {
    let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == wanted)
}

fn too_long(name: &OsStr) -> Option<(String, String)> {
    let what = if name.len() > NAME_MOST {
        t!("inbox-name-longer-than-200-bytes")
    } else if escaped(name).len() > NAME_MOST {
        t!("inbox-name-longer-than-200-bytes-2")
    } else {
        return None;
    };
    Some((what, t!("inbox-shorten")))
}

/// Returns why a name is reserved for answers.
fn kept(name: &OsStr) -> Option<(String, String)> {
    let name = name.as_bytes().to_ascii_lowercase();
    let kept: [(&str, Sentence); 2] = [
        (".receipt.json", || t!("inbox-kept-receipts")),
        (".error.txt", || t!("inbox-kept-reasons")),
    ];
    let (ending, what) = kept.into_iter().find(|(ending, _)| name.ends_with(ending.as_bytes()))?;
    Some((
        t!("inbox-names-end-kept", ending = %ending, what = what()),
        t!("inbox-give-another-name"),
    ))
}

fn file_kind(name: &OsStr, stat: &Stat) -> EntryKind {
    match unfit(name).or_else(|| unusable(stat)) {
        Some(reason) => EntryKind::Unusable(reason),
        None => EntryKind::File,
    }
}

/// Returns why no file of this name is taken.
pub(super) fn unfit(name: &OsStr) -> Option<(String, String)> {
    let lower = name.as_bytes().to_ascii_lowercase();
    let fits = [&b".yaml"[..], b".yml", b".json"].iter().any(|ending| lower.ends_with(ending));
    if !fits {
        let message = t!("inbox-only-yaml-yml-json-files");
        return Some((message, t!("inbox-rename-put-into-folder-job")));
    }
    kept(name)
}

/// Returns why a file of this kind is never read.
pub(super) fn unusable(stat: &Stat) -> Option<(String, String)> {
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind != FileType::RegularFile {
        return Some(not_regular(kind));
    }
    if i128::from(stat.st_nlink) != 1 {
        return Some((t!("inbox-hard-link-file-other-names"), COPY()));
    }
    if i128::from(stat.st_size) > FILE_MOST {
        return Some((t!("inbox-file-larger-than-16-mib"), t!("inbox-split")));
    }
    None
}

const COPY: Sentence = || t!("inbox-put-copy-file");

fn not_regular(kind: FileType) -> (String, String) {
    let what = match kind {
        FileType::Symlink => t!("inbox-symbolic-link"),
        FileType::Fifo => t!("inbox-pipe"),
        FileType::Socket => t!("inbox-socket"),
        FileType::CharacterDevice | FileType::BlockDevice => t!("inbox-device"),
        FileType::Directory => t!("inbox-folder"),
        FileType::RegularFile | FileType::Unknown => t!("inbox-unknown-kind"),
    };
    (t!("inbox-not-file", what = %what), COPY())
}

/// A file in a folder.
pub(super) struct Leaf {
    /// Its path in the folder.
    pub(super) path: Vec<u8>,
    /// Its state, taken without opening it.
    pub(super) seen: Seen,
    /// Why it cannot be read.
    pub(super) unusable: Option<(String, String)>,
    /// Whether it is unfinished, and so not one of the files to read.
    pub(super) on_its_way: bool,
}

/// Returns the files in a folder, by path, and whether the folder can be taken.
fn folder(directory: &OwnedFd, name: &OsStr) -> (Vec<Leaf>, EntryKind) {
    let mut leaves = Vec::new();
    let walked = open_folder(directory, name)
        .map_err(|error| {
            (t!("inbox-folder-cannot-read", error = %error), t!("inbox-let-qunfa-read"))
        })
        .and_then(|fd| walk(&fd, &[], &mut leaves));
    match walked {
        Ok(()) => (leaves, EntryKind::Folder),
        Err(reason) => (leaves, EntryKind::Unusable(reason)),
    }
}

pub(super) fn open_folder(directory: impl AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(directory, name, flags, Mode::empty())
}

/// Adds everything below a folder to `leaves`.
pub(super) fn walk(
    folder: &OwnedFd,
    prefix: &[u8],
    leaves: &mut Vec<Leaf>,
) -> Result<(), (String, String)> {
    let unreadable = |error: io::Error| {
        (t!("inbox-folder-cannot-read", error = %error), t!("inbox-let-qunfa-read"))
    };
    for name in all_names(folder).map_err(unreadable)? {
        let on_its_way = is_on_its_way(&name);
        if is_ignored(&name) && !on_its_way {
            continue;
        }
        let stat = match statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // It was renamed in the meantime.
            Err(Errno::NOENT) if on_its_way => continue,
            Err(error) => return Err(unreadable(error.into())),
        };
        let path = [prefix, name.as_bytes()].concat();
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            if on_its_way {
                continue;
            }
            let depth = path.iter().filter(|byte| **byte == b'/').count() + 1;
            if depth > DEPTH {
                return Err((t!("inbox-folders-lie-more-than-four"), t!("inbox-flatten")));
            }
            let inner = open_folder(folder, &name).map_err(|error| unreadable(error.into()))?;
            walk(&inner, &[&path, &b"/"[..]].concat(), leaves)?;
        } else {
            leaves.push(Leaf {
                path,
                seen: Seen::of(&stat),
                unusable: unusable(&stat),
                on_its_way,
            });
        }
        if leaves.len() > LEAVES {
            return Err((t!("inbox-folder-more-than-1-000"), t!("inbox-split")));
        }
    }
    Ok(())
}

/// Adds the paths of the files below a folder, as far down as a job's files may lie. What cannot be
/// read has none.
pub(super) fn names_below(folder: &OwnedFd, prefix: &[u8], names: &mut Vec<String>) {
    for name in all_names(folder).unwrap_or_default() {
        if is_ignored(&name) || names.len() >= NAMES_BELOW {
            continue;
        }
        let path = [prefix, name.as_bytes()].concat();
        if is_file(folder, &name) {
            names.extend(String::from_utf8(path));
        } else if let Ok(inner) = open_folder(folder, &name)
            && prefix.iter().filter(|byte| **byte == b'/').count() + 1 < DEPTH
        {
            names_below(&inner, &[&path, &b"/"[..]].concat(), names);
        }
    }
}

/// Returns a path with each of its names escaped.
pub(super) fn safe_path(path: &[u8]) -> String {
    let names = path.split(|byte| *byte == b'/');
    names.map(|name| safe_name(OsStr::from_bytes(name))).collect::<Vec<_>>().join("/")
}

/// Returns a name with every character escaped that a terminal or a path would act on, shortened if
/// it is too long to be taken.
pub(super) fn safe_name(name: &OsStr) -> String {
    let mut safe = escaped(name);
    if safe.len() > NAME_MOST {
        safe.truncate(safe.floor_char_boundary(NAME_MOST - SHORTENED.len()));
        safe.push_str(SHORTENED);
    }
    safe
}

fn escaped(name: &OsStr) -> String {
    let mut safe = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if crate::yaml::diagnostic::is_hidden(c) || c == '%' || c == '/' {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|byte| push_escaped(&mut safe, byte));
            } else {
                safe.push(c);
            }
        }
        chunk.invalid().iter().for_each(|byte| push_escaped(&mut safe, *byte));
    }
    safe
}

fn push_escaped(safe: &mut String, byte: u8) {
    safe.push('%');
    safe.push_str(&crate::model::hex(&[byte]));
}
