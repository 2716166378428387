//! The content of an entry, read once.
//!
//! Every open follows no link, never blocks, and is checked on the descriptor itself. So it does
//! not matter what is put under the name in the meantime.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use rustix::fs::{Mode, OFlags, fstat, open, openat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::drafts::{BookEntry, DraftBook, NamedDraft};
use super::entry::{self, Entry, EntryKind, FILE_MOST, Leaf, safe_path};
use super::{
    InboxError, ListSource, Parsed, ParsedJob, Step, ends_with_marker, is_json, job, mpnews,
    picture, submitter, whole,
};
use crate::l10n::t;
use crate::model::{Account, JobId, hex};
use crate::yaml;
use crate::yaml::diagnostic::{Diagnostic, Report};

/// The maximum bytes of a folder.
const FOLDER_MOST: usize = 64 << 20;
/// The maximum bytes of the name of a file that did not come from a folder.
const NAME_MOST: usize = 150;
/// How many bytes of a file's end are searched for the end marker.
const TAIL: u64 = 64;

/// One job file with the files it may name.
#[derive(Clone, Debug)]
pub struct Package {
    pub(super) entry_name: OsString,
    name: String,
    /// The job file's name in diagnostics.
    file_name: String,
    bytes: Vec<u8>,
    sha256: String,
    lists: Lists,
    /// The job file's name in its folder.
    main: String,
    /// The drafts that it may name by their titles.
    book: DraftBook,
}

#[derive(Clone, Debug)]
enum Lists {
    /// The file was dropped alone.
    None,
    /// The other files of a folder, by path.
    Inside(BTreeMap<String, Vec<u8>>),
    /// Files beside a job file that it names, by path.
    Beside(BTreeMap<String, Vec<u8>>),
}

/// Why an entry could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The inbox does not accept it: reject it with these reasons.
    #[error("{}", t!("inbox-file-not-what-inbox-takes"))]
    Refused(Vec<Diagnostic>),
    /// The system failed, which says nothing about the file: leave it there, and retry later.
    #[error(transparent)]
    Failed(InboxError),
}

/// The content of a job file.
#[derive(Debug)]
pub enum Content {
    /// Jobs, all of them valid.
    Jobs(Parsed),
    /// Something wrong.
    Invalid(Vec<Diagnostic>),
    /// What may be the beginning of a file: an error unless more of it comes.
    MayBeCut(Vec<Diagnostic>),
}

impl Package {
    /// Returns the name of the file or folder, safe to show and to use as a name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the job file's name in its folder.
    pub(super) fn main_name(&self) -> &str {
        &self.main
    }

    /// Returns the job file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the text of a job file that is no folder.
    pub fn text(&self) -> Option<&str> {
        match self.lists {
            Lists::None => yaml::decode(&self.bytes).ok(),
            Lists::Inside(_) | Lists::Beside(_) => None,
        }
    }

    /// Returns the digest of a file; for a folder, the digest of `sha256sum`'s lines for all its
    /// files.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns the agent that submitted it, as `agent:NAME`, if one did.
    fn submitter(&self) -> Result<Option<&str>, submitter::Unknown> {
        let Lists::Inside(files) = &self.lists else { return Ok(None) };
        files.get(submitter::FILE).map(|bytes| submitter::read(bytes)).transpose()
    }

    /// Returns the content of another file of the folder.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match &self.lists {
            Lists::None => None,
            Lists::Inside(files) | Lists::Beside(files) => named(files, path),
        }
    }

    /// Reads the job file: all of its jobs, or everything that is wrong with it.
    ///
    /// A file that may be cut short is an error, whatever its content.
    pub fn parse(&self, accounts: &[&Account]) -> Result<Parsed, Vec<Diagnostic>> {
        match self.content(accounts) {
            Content::Jobs(parsed) => Ok(parsed),
            Content::Invalid(problems) | Content::MayBeCut(problems) => Err(problems),
        }
    }

    /// The same, but separates the errors that more of the file might correct.
    pub fn content(&self, accounts: &[&Account]) -> Content {
        let parsed = super::parse(&self.file_name, &self.bytes, self, accounts);
        let parsed = parsed.and_then(|parsed| self.marked(parsed));
        match (self.doubt(parsed.as_ref().ok()), parsed) {
            (None, Ok(parsed)) => Content::Jobs(parsed),
            (None, Err(problems)) => Content::Invalid(problems),
            (Some(doubt), Ok(_)) => Content::MayBeCut(vec![doubt]),
            (Some(doubt), Err(mut problems)) => {
                problems.push(doubt);
                Content::MayBeCut(problems)
            }
        }
    }

    /// Returns the jobs that can be read, whatever is wrong with the others.
    pub fn readable_jobs(&self, accounts: &[&Account]) -> Vec<ParsedJob> {
        let mut jobs = super::parse_readable(&self.file_name, &self.bytes, self, accounts).jobs;
        if let Ok(Some(who)) = self.submitter() {
            submitter::mark(&mut jobs, who);
        }
        jobs
    }

    /// Marks the jobs of an agent's package.
    fn marked(&self, mut parsed: Parsed) -> Result<Parsed, Vec<Diagnostic>> {
        let who = self.submitter().map_err(|submitter::Unknown| {
            let file = format!("{}/{}", self.name, submitter::FILE);
            let help = t!("inbox-submitter-unknown-help");
            vec![Diagnostic::whole(&file, &t!("inbox-submitter-unknown"), Some(&help))]
        })?;
        let Some(who) = who else { return Ok(parsed) };
        let refused = submitter::mark(&mut parsed.jobs, who);
        if refused.is_empty() {
            return Ok(parsed);
        }
        let report = Report::new(&self.file_name, yaml::decode(&self.bytes).unwrap_or_default());
        let told = refused.iter().map(|(line, why, help)| report.on_line(*line, why, Some(help)));
        Err(told.collect())
    }

    /// Returns the package, with drafts that it may name by their titles.
    #[must_use]
    pub fn with_drafts(self, book: DraftBook) -> Self {
        Self { book, ..self }
    }

    /// Returns the drafts that it names by their titles, without their media ids.
    pub fn named_drafts(&self, accounts: &[&Account]) -> BTreeSet<NamedDraft> {
        let parsed = super::parse_readable(&self.file_name, &self.bytes, self, accounts);
        parsed.drafts.into_iter().map(|place| place.named).collect()
    }

    /// Returns what the inbox takes: with the media id of each draft beside its title.
    ///
    /// None if a title has no place for it.
    pub fn for_inbox(mut self, accounts: &[&Account]) -> Option<Self> {
        let Ok(parsed) = self.parse(accounts) else { return Some(self) };
        if parsed.drafts.is_empty() {
            return Some(self);
        }
        let text = yaml::decode(&self.bytes).ok()?;
        let written = mpnews::with_media_ids(text, &parsed.drafts)?;
        self.bytes = written.into_bytes();
        self.book = DraftBook::default();
        self.sha256 = self.digest();
        let again = self.parse(accounts).ok()?;
        is_same(&parsed, &again).then_some(self)
    }

    fn digest(&self) -> String {
        let Some(files) = self.files() else { return hex(&Sha256::digest(&self.bytes)) };
        let mut sums = Sha256::new();
        for (path, bytes) in files {
            sums.update(format!("{}  {path}\n", hex(&Sha256::digest(bytes))));
        }
        hex(&sums.finalize())
    }

    fn doubt(&self, parsed: Option<&Parsed>) -> Option<Diagnostic> {
        let (message, help) = whole::doubt(&self.file_name, &self.bytes, parsed)?;
        let text = yaml::decode(&self.bytes).unwrap_or_default();
        let last = text.lines().count().max(1);
        Some(Report::new(&self.file_name, text).on_line(last, &message, Some(&help)))
    }

    /// Returns the folder's files by path, with the job file; `None` for a file dropped alone.
    pub(super) fn files(&self) -> Option<BTreeMap<&str, &[u8]>> {
        let (Lists::Inside(lists) | Lists::Beside(lists)) = &self.lists else { return None };
        let lists = lists.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        Some(lists.chain([(self.main.as_str(), self.bytes.as_slice())]).collect())
    }

    /// Returns every id of the file with its account's name, whatever else is wrong with it.
    ///
    /// This restores the known ids after a database was lost. A job that may have been sent must
    /// not be lost because its account has left the config, or because a list is gone.
    pub fn ids(&self) -> Vec<(JobId, String)> {
        let Ok(text) = yaml::decode(&self.bytes) else { return Vec::new() };
        let mut report = Report::new(&self.file_name, text);
        match yaml::load(text, yaml::Values::Hidden, &mut report) {
            Ok(Some(root)) => job::ids(&root),
            Ok(None) | Err(yaml::SyntaxError) => Vec::new(),
        }
    }

    /// Returns a diagnostic about one of the file's jobs, for problems that only the store can
    /// find.
    pub fn diagnostic(&self, job: &ParsedJob, message: &str, help: Option<&str>) -> Diagnostic {
        let text = yaml::decode(&self.bytes).unwrap_or_default();
        Report::new(&self.file_name, text).on_line(job.line, message, help)
    }
}

impl ListSource for Package {
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        match &self.lists {
            Lists::None => super::NoLists.list(path),
            Lists::Inside(files) => match named(files, path) {
                Some(bytes) => Ok(Cow::Borrowed(bytes)),
                None => Err(t!("inbox-no-folder", path = %path)),
            },
            Lists::Beside(files) => match named(files, path) {
                Some(bytes) => Ok(Cow::Borrowed(bytes)),
                None => Err(t!("inbox-no-beside-job-file-can", path = %path)),
            },
        }
    }

    fn file(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        match &self.lists {
            Lists::None => super::NoLists.file(path),
            Lists::Inside(_) | Lists::Beside(_) => self.list(path),
        }
    }

    fn names(&self) -> Option<Vec<Cow<'_, str>>> {
        match &self.lists {
            Lists::None => None,
            Lists::Inside(files) | Lists::Beside(files) => {
                Some(files.keys().map(|name| Cow::Borrowed(name.as_str())).collect())
            }
        }
    }

    fn draft(&self, named: &NamedDraft) -> BookEntry {
        self.book.find(named)
    }
}

/// Returns whether two files have the same jobs.
fn is_same(one: &Parsed, other: &Parsed) -> bool {
    one.jobs.len() == other.jobs.len()
        && one
            .jobs
            .iter()
            .zip(&other.jobs)
            .all(|(one, other)| one.spec == other.spec && one.recurrence == other.recurrence)
}

/// Returns the file of a name, also if its characters are composed differently from the name's.
fn named<'f>(files: &'f BTreeMap<String, Vec<u8>>, path: &str) -> Option<&'f [u8]> {
    let otherwise =
        || files.iter().find(|(name, _)| picture::is_same(name, path)).map(|(_, bytes)| bytes);
    files.get(path).or_else(otherwise).map(Vec::as_slice)
}

/// Returns whether a lone job file can have this name in the inbox.
pub(super) fn is_plain_name(name: &str) -> bool {
    of_bytes(name, Vec::new()).is_ok()
}

/// Returns what a lone job file of this name and content is to the inbox.
///
/// # Errors
/// If the inbox takes no file of this name.
pub fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<Package, ReadError> {
    let entry_name = OsString::from(name);
    if !entry::is_looked_at(&entry_name) || name.contains(['/', '\0']) || name.len() > NAME_MOST {
        let help = t!("inbox-names-start-end-tmp-part");
        return Err(refused(name, t!("inbox-inbox-never-looks-what-such"), help));
    }
    if let Some((message, help)) = entry::unfit(&entry_name) {
        return Err(refused(name, message, help));
    }
    let safe = entry::safe_name(&entry_name);
    Ok(Package {
        entry_name,
        file_name: safe.clone(),
        main: safe.clone(),
        name: safe,
        sha256: hex(&Sha256::digest(&bytes)),
        bytes,
        lists: Lists::None,
        book: DraftBook::default(),
    })
}

/// Returns what an agent's job file is to the inbox, with the files that it names: a folder that
/// says who submitted it.
///
/// # Errors
/// If the inbox takes no file of this name, or would not read one of the others.
pub fn of_agent(
    agent: &str,
    (name, bytes): (&str, Vec<u8>),
    mut beside: BTreeMap<String, Vec<u8>>,
) -> Result<Package, ReadError> {
    let mut package = of_bytes(name, bytes)?;
    if is_json(&package.main) {
        // A folder's job file is YAML, and JSON is a part of YAML.
        package.main.truncate(package.main.len() - "json".len());
        package.main.push_str("yaml");
    }
    let total = beside.values().map(Vec::len).sum::<usize>() + package.bytes.len();
    if total > FOLDER_MOST {
        return Err(refused(name, t!("inbox-folder-larger-than-64-mib"), t!("inbox-split")));
    }
    let is_below = |path: &str, other: &String| {
        other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    };
    let is_folder = |path: &str| beside.keys().any(|other| is_below(path, other));
    let is_right = |path: &String| is_beside(path, &package.main) && !is_folder(path);
    let is_full = beside.len() > entry::LEAVES - 2;
    if let Some(path) = beside.keys().find(|path| is_full || !is_right(path)) {
        let help = t!("inbox-beside-help");
        return Err(refused(name, t!("inbox-beside", path = %path.escape_debug()), help));
    }
    beside.insert(submitter::FILE.to_owned(), submitter::of_agent(agent));
    package.lists = Lists::Inside(beside);
    package.sha256 = package.digest();
    Ok(package)
}

/// Returns whether a folder can have a file of this path beside its job file, and reads it.
fn is_beside(path: &str, main: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.len() <= NAME_MOST
            && !entry::is_ignored(OsStr::new(name))
            && entry::safe_name(OsStr::new(name)) == name
    };
    let lower = path.to_ascii_lowercase();
    let is_job_file =
        !path.contains('/') && [".yaml", ".yml"].iter().any(|ending| lower.ends_with(ending));
    path.split('/').count() <= entry::DEPTH + 1
        && path.split('/').all(is_name)
        && path.split('/').next().is_none_or(|first| first != submitter::FILE && first != main)
        && !is_job_file
}

/// Reads the file or folder at a path as the inbox would, to check it.
pub fn read_path(path: &Path) -> Result<Package, ReadError> {
    let shown = path.display().to_string();
    let failed = |source| {
        ReadError::Failed(InboxError::Entry { name: shown.clone(), what: Step::Read, source })
    };
    // `.` and `..` have a name, too.
    let full = match path.file_name() {
        Some(_) => Cow::Borrowed(path),
        None => Cow::Owned(path.canonicalize().map_err(failed)?),
    };
    let name = full.file_name().unwrap_or(full.as_os_str());
    let parent = match full.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let directory = open_path(parent).map_err(failed)?;
    let entry = entry::look(&directory, name).ok_or_else(|| failed(Errno::NOENT.into()))?;
    if !entry::is_looked_at(name) {
        let message = t!("inbox-inbox-never-looks-what-such");
        let help = || t!("inbox-names-start-end-tmp-part");
        return Err(refused(&shown, message, help()));
    }
    let mut package = read(&directory, &entry, false)?;
    if let Lists::None = package.lists {
        package.file_name = shown;
    }
    Ok(package)
}

/// Reads what [`read_path`] reads, and for a lone job file also the files beside it that it names.
///
/// Together they are what the inbox accepts as a folder.
/// Of a series whose dates have files of their own, those of the dates that may still be sent.
pub fn read_path_gathering(
    path: &Path,
    accounts: &[&Account],
    now: DateTime<Utc>,
) -> Result<Package, ReadError> {
    let mut package = read_path(path)?;
    if !matches!(package.lists, Lists::None) {
        return Ok(package);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = open_path(parent.unwrap_or_else(|| Path::new(".")))
        .map_err(|error| failed(&package.file_name, error))?;
    let beside = Beside { folder, from: now, named: RefCell::default() };
    // Only the files that it names matter here: its mistakes are found when the package is parsed.
    drop(super::parse(&package.file_name, &package.bytes, &beside, accounts));
    let named = beside.named.into_inner();
    if named.is_empty() {
        return Ok(package);
    }
    if is_json(&package.main) {
        // A folder's job file is YAML, and JSON is a part of YAML.
        package.main.truncate(package.main.len() - "json".len());
        package.main.push_str("yaml");
    }
    package.lists =
        Lists::Beside(named.into_iter().filter_map(|(path, bytes)| Some((path, bytes?))).collect());
    package.sha256 = package.digest();
    Ok(package)
}

/// Reads files beside a job file, and notes which were requested.
struct Beside {
    folder: OwnedFd,
    from: DateTime<Utc>,
    named: RefCell<BTreeMap<String, Option<Vec<u8>>>>,
}

impl ListSource for Beside {
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        let read = |path: String| read_beneath(&self.folder, path.as_bytes()).ok()?.ok();
        let bytes = picture::spellings(path).into_iter().find_map(read);
        self.named.borrow_mut().insert(path.to_owned(), bytes.clone());
        bytes.map(Cow::Owned).ok_or_else(|| t!("inbox-cannot-read", path = %path))
    }

    fn names(&self) -> Option<Vec<Cow<'_, str>>> {
        let mut names = Vec::new();
        entry::names_below(&self.folder, &[], &mut names);
        Some(names.into_iter().map(Cow::Owned).collect())
    }

    fn dates_from(&self) -> DateTime<Utc> {
        self.from
    }
}

fn open_path(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::empty())?)
}

/// Reads an entry of a directory.
pub(super) fn read(
    directory: &OwnedFd,
    entry: &Entry,
    end_marker_required: bool,
) -> Result<Package, ReadError> {
    let package = match &entry.kind {
        EntryKind::File => read_file(directory, entry)?,
        EntryKind::Folder => read_folder(directory, entry)?,
        EntryKind::Unusable((message, help)) | EntryKind::Never((message, help)) => {
            return Err(refused(&entry.name(), message.clone(), help.clone()));
        }
    };
    // What was written to in the meantime may have been read only in part.
    let after = entry::look(directory, &entry.name);
    if after.is_none_or(|after| after.seen != entry.seen) {
        return Err(ReadError::Failed(InboxError::Changed { name: entry.name() }));
    }
    if end_marker_required && !is_json(&package.file_name) && !ends_with_marker(&package.bytes) {
        let message = t!("inbox-file-does-not-end-line");
        let help = || t!("inbox-end-config-asks-inbox-end");
        return Err(refused(&package.file_name, message, help()));
    }
    Ok(package)
}

fn refused(file: &str, message: String, help: String) -> ReadError {
    ReadError::Refused(vec![Diagnostic::whole(file, &message, Some(&help))])
}

fn read_file(directory: &OwnedFd, entry: &Entry) -> Result<Package, ReadError> {
    let name = entry.name();
    let bytes = content(directory, entry.name.as_bytes(), &name)?;
    Ok(Package {
        entry_name: entry.name.clone(),
        file_name: name.clone(),
        main: name.clone(),
        name,
        sha256: hex(&Sha256::digest(&bytes)),
        bytes,
        lists: Lists::None,
        book: DraftBook::default(),
    })
}

fn read_folder(directory: &OwnedFd, entry: &Entry) -> Result<Package, ReadError> {
    let name = entry.name();
    let folder =
        entry::open_folder(directory, &entry.name).map_err(|error| failed(&name, error.into()))?;
    let mut leaves = Vec::new();
    entry::walk(&folder, &[], &mut leaves)
        .map_err(|(message, help)| refused(&name, message, help))?;
    leaves.retain(|leaf| !leaf.on_its_way);
    let main = job_file(&name, &leaves)?;
    let mut files = BTreeMap::new();
    let mut sums = Sha256::new();
    let mut total = 0;
    for leaf in &leaves {
        let path = safe_path(&leaf.path);
        let shown = format!("{name}/{path}");
        if let Some((message, help)) = &leaf.unusable {
            return Err(refused(&shown, message.clone(), help.clone()));
        }
        let bytes = content(&folder, &leaf.path, &shown)?;
        total += bytes.len();
        if total > FOLDER_MOST {
            return Err(refused(&name, t!("inbox-folder-larger-than-64-mib"), t!("inbox-split")));
        }
        sums.update(format!("{}  {path}\n", hex(&Sha256::digest(&bytes))));
        files.insert(path, bytes);
    }
    let main = safe_path(main);
    Ok(Package {
        entry_name: entry.name.clone(),
        file_name: format!("{name}/{main}"),
        bytes: files.remove(&main).unwrap_or_default(),
        name,
        sha256: hex(&sums.finalize()),
        lists: Lists::Inside(files),
        book: DraftBook::default(),
        main,
    })
}

/// Returns the path of the one job file at the top of a folder.
fn job_file<'l>(name: &str, leaves: &'l [Leaf]) -> Result<&'l [u8], ReadError> {
    let is_job_file = |path: &[u8]| {
        let path = path.to_ascii_lowercase();
        !path.contains(&b'/') && (path.ends_with(b".yaml") || path.ends_with(b".yml"))
    };
    let mut found = leaves.iter().map(|leaf| &leaf.path[..]).filter(|path| is_job_file(path));
    let help = || t!("inbox-folder-holds-one-yaml-file");
    let Some(main) = found.next() else {
        return Err(refused(name, t!("inbox-no-yaml-file-folder"), help()));
    };
    match found.next() {
        None => Ok(main),
        Some(second) => {
            let (main, second) = (safe_path(main), safe_path(second));
            let message = t!("inbox-folder-two-job-files", main = %main, second = %second);
            Err(refused(name, message, help()))
        }
    }
}

/// Returns whether a file ends with YAML's end marker.
pub(super) fn tail_has_marker(directory: &OwnedFd, entry: &Entry) -> bool {
    let Ok(Ok((mut file, size))) = open_regular(directory, &entry.name) else { return false };
    let length = size.min(TAIL);
    let mut tail = Vec::new();
    if file.seek(SeekFrom::Start(size - length)).is_err() || file.read_to_end(&mut tail).is_err() {
        return false;
    }
    // Whether a line ends just before the part that was read is not known.
    ends_with_marker(&tail) && (length == size || tail.trim_ascii() != b"...")
}

fn failed(name: &str, source: io::Error) -> ReadError {
    ReadError::Failed(InboxError::Entry { name: name.to_owned(), what: Step::Read, source })
}

/// Reads a file below a folder, and separates the file's errors from the system's.
fn content(folder: &OwnedFd, path: &[u8], shown: &str) -> Result<Vec<u8>, ReadError> {
    match read_beneath(folder, path) {
        Ok(Ok(content)) => Ok(content),
        Ok(Err((message, help))) => Err(refused(shown, message, help)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(refused(shown, t!("inbox-qunfa-may-not-read"), t!("inbox-let-user-group-read")))
        }
        Err(error) => Err(failed(shown, error)),
    }
}

type Unusable = (String, String);

/// Reads a file whose path cannot leave the folder: each name of the path is opened separately.
fn read_beneath(folder: &OwnedFd, path: &[u8]) -> io::Result<Result<Vec<u8>, Unusable>> {
    let mut names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let file = names.pop().unwrap_or_default();
    let mut inner = None;
    for name in names {
        let outer = inner.as_ref().unwrap_or(folder);
        inner = Some(entry::open_folder(outer.as_fd(), OsStr::from_bytes(name))?);
    }
    let opened = open_regular(inner.as_ref().unwrap_or(folder), OsStr::from_bytes(file))?;
    let (file, _) = match opened {
        Ok(opened) => opened,
        Err(unusable) => return Ok(Err(unusable)),
    };
    let mut bytes = Vec::new();
    let most = u64::try_from(FILE_MOST).unwrap_or(u64::MAX);
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Ok(Err((t!("inbox-file-larger-than-16-mib"), t!("inbox-split"))));
    }
    Ok(Ok(bytes))
}

/// Opens a regular file and returns its size, or why it cannot be read.
fn open_regular(directory: &OwnedFd, name: &OsStr) -> io::Result<Result<(File, u64), Unusable>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(directory, name, flags | OFlags::NOCTTY, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(Errno::LOOP) => return Ok(Err(no_file(t!("inbox-symbolic-link")))),
        Err(Errno::NXIO) => return Ok(Err(no_file(t!("inbox-pipe-socket-device")))),
        Err(error) => return Err(error.into()),
    };
    let stat = fstat(&file)?;
    Ok(match entry::unusable(&stat) {
        Some(unusable) => Err(unusable),
        None => Ok((file, u64::try_from(stat.st_size).unwrap_or_default())),
    })
}

fn no_file(what: String) -> Unusable {
    (t!("inbox-not-file", what = what), t!("inbox-put-copy-file"))
}

/// Returns a package of an archived entry, whose name no longer shows its kind; `None` for what can
/// never have been a package.
pub(super) fn read_archived(
    directory: &OwnedFd,
    name: &OsStr,
) -> Option<Result<Package, ReadError>> {
    let mut entry = entry::look(directory, name)?;
    match entry.kind {
        EntryKind::Never(_) => return None,
        EntryKind::Unusable(_) if entry::is_folder(directory, name) => {
            entry.kind = EntryKind::Folder;
        }
        EntryKind::Unusable(_) => entry.kind = EntryKind::File,
        EntryKind::File | EntryKind::Folder => {}
    }
    Some(read(directory, &entry, false))
}
