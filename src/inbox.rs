//! The drop directory: take a file whole, read it strictly, and answer beside it.
//!
//! People and programs write here without a protocol, so nothing here is trusted: not a name, not
//! that a file is finished, not that it is a file. An *entry* is something in the inbox that has
//! been quiet long enough; a *package* is its content, read once through one descriptor, after
//! which the file no longer matters. What becomes of a package stands beside it: `accepted/` with
//! a receipt, or `rejected/` with the reason. Nothing here knows which jobs exist already.

mod archive;
mod article;
mod broadcast;
mod entry;
mod errand;
mod front_matter;
mod html;
mod job;
mod markdown;
mod media;
mod menu;
mod package;
mod picture;
mod receipts;
mod schema;
mod series;
mod submit;
mod theme;
mod time;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

pub use archive::{AcceptedBack, AcceptedPackage, Receipt, ReceiptJob};
pub use entry::Entry;
pub use job::{ArticleRemark, ParsedJob};
pub use package::{Package, Unread, read_path, read_path_gathering};
pub use schema::SCHEMA;
pub use submit::{Fate, Submitted, submit};

use crate::model::Account;
use crate::yaml;
pub use crate::yaml::Diagnostic;
use crate::yaml::diagnostic::{Place, Report, quote};
use entry::{EntryKind, Seen};

/// How long an entry must not have changed before it is read.
const QUIET: TimeDelta = TimeDelta::seconds(2);
/// How many entries one sweep hands out; the rest wait for the next one.
const SWEEP: usize = 2_000;

/// What the inbox cannot do.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The directory is not there or cannot be used; the next scan tries again.
    #[error("the inbox {} cannot be used", path.display())]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One entry could not be read, moved or answered; it stays where it is.
    #[error("{name} in the inbox could not be {what}")]
    Entry {
        /// The entry.
        name: String,
        /// What was to be done with it.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The entry is no longer the one that was read; it stays, and is looked at again.
    #[error("{name} in the inbox changed after it was read")]
    Changed {
        /// The entry.
        name: String,
    },
}

/// The jobs of one file, checked but not yet stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The jobs in the file's order; at least one.
    pub jobs: Vec<ParsedJob>,
}

/// Where the lists of OpenIDs, the articles' texts and the media come from that a job file names.
pub trait ListSource {
    /// Returns the bytes of a list, or a sentence that says why there is none.
    ///
    /// The path is relative and has no `..`; it may still name a symlink.
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String>;

    /// Returns the bytes of an article's text or a medium, the same way.
    fn file(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        self.list(path)
    }
}

/// No lists: the file was dropped alone.
#[derive(Clone, Copy, Debug)]
pub struct NoLists;

impl ListSource for NoLists {
    fn list(&self, _path: &str) -> Result<Cow<'_, [u8]>, String> {
        Err("`touser_file` needs a folder: drop one with the job file and its list".to_owned())
    }

    fn file(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        let path = quote(path);
        Err(format!("{path} needs a folder: drop one with the job file and its media"))
    }
}

/// Reads a job file: all of its jobs, or everything that is wrong with it.
pub fn parse(
    file_name: &str,
    bytes: &[u8],
    lists: &dyn ListSource,
    accounts: &[&Account],
) -> Result<Parsed, Vec<Diagnostic>> {
    let text = yaml::decode(bytes).map_err(|(text, place, message)| {
        let report = Report::new(file_name, &text);
        vec![report.diagnostic(place, message, Some("save the file as UTF-8"))]
    })?;
    let mut report = Report::new(file_name, text);
    let jobs = match root(file_name, text, &mut report) {
        Ok(root) => {
            let accounts = job::Accounts::new(accounts);
            job::Reader { report: &mut report, lists, accounts, remarks: Vec::new() }.file(&root)
        }
        Err(yaml::Broken) => Vec::new(),
    };
    if report.count() > 0 { Err(report.finish()) } else { Ok(Parsed { jobs }) }
}

/// Returns the tree of a job file.
fn root<'a>(
    file_name: &str,
    text: &'a str,
    report: &mut Report<'_>,
) -> Result<yaml::Node<'a>, yaml::Broken> {
    yaml::check_characters(text, report)?;
    // YAML that was cut short can still be YAML; a JSON object that was cut short is neither.
    if is_json(file_name) && !text.trim_start().starts_with('{') {
        let help = "a .json file is one object `{\"jobs\": […]}`";
        report.say_with(Place::default(), "this is not a JSON object", help);
        return Err(yaml::Broken);
    }
    yaml::load(text, report)?.ok_or_else(|| {
        let help = "a job file is `jobs:` and a list of at least one job";
        report.say_with(Place::default(), "no job in this file", help);
        yaml::Broken
    })
}

/// Says whether a file's name promises JSON.
fn is_json(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// Says whether a text ends with YAML's end marker, a line `...`.
fn ends_with_marker(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_end().strip_suffix(b"...");
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(b"\n") || rest.ends_with(b"\r"))
}

/// The inbox directory.
#[derive(Debug)]
pub struct Inbox {
    path: PathBuf,
    end_marker_required: bool,
    /// The directory and its `accepted` and `rejected`, with what they were when opened.
    inbox: Directory,
    accepted: Directory,
    rejected: Directory,
    looks: HashMap<OsString, Look>,
    waiting: bool,
}

#[derive(Debug)]
struct Directory {
    fd: OwnedFd,
    identity: [i128; 2],
}

/// What an entry looked like, and since when.
#[derive(Clone, Copy, Debug)]
struct Look {
    seen: Seen,
    since: DateTime<Utc>,
}

impl Inbox {
    /// Opens the inbox, and creates it and its two subdirectories where they are missing.
    pub fn open(dir: &Path, end_marker_required: bool) -> Result<Self, InboxError> {
        let [inbox, accepted, rejected] = archive::open_directories(dir)
            .map_err(|source| InboxError::Unusable { path: dir.to_owned(), source })?;
        Ok(Self {
            path: dir.to_owned(),
            end_marker_required,
            inbox,
            accepted,
            rejected,
            looks: HashMap::new(),
            waiting: false,
        })
    }

    /// Returns the entries that are ready, in the order of their names.
    ///
    /// An entry is ready when two looks at least 2 s apart found it the same, or at once where it
    /// ends with `...`. At most 2,000 are returned; [`waiting`](Self::waiting) tells of more.
    pub fn scan(&mut self, now: DateTime<Utc>) -> Result<Vec<Entry>, InboxError> {
        let names = self.names().map_err(|source| self.unusable(source))?;
        let mut looks = HashMap::with_capacity(names.len());
        let mut ready = Vec::new();
        self.waiting = false;
        for name in names {
            let Some(entry) = entry::look(&self.inbox.fd, &name) else { continue };
            let since = match self.looks.get(&name) {
                // A clock that was set back must not make anything wait for ever.
                Some(look) if look.seen == entry.seen && look.since <= now => look.since,
                Some(_) | None => now,
            };
            looks.insert(name, Look { seen: entry.seen, since });
            if ready.len() < SWEEP && (now - since >= QUIET || self.is_finished(&entry)) {
                ready.push(entry);
            } else {
                self.waiting = true;
            }
        }
        self.looks = looks;
        Ok(ready)
    }

    /// Says whether something is watched until it is quiet: scan again in 2 s.
    pub fn waiting(&self) -> bool {
        self.waiting
    }

    /// Says whether the last look found something of this name, as [`Entry::name`] tells it.
    pub fn found(&self, name: &str) -> bool {
        self.looks.keys().any(|found| entry::safe_name(found) == name)
    }

    /// Returns the directory's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads an entry once, through descriptors that follow no link and block on nothing.
    pub fn read(&self, entry: &Entry) -> Result<Package, Unread> {
        package::read(&self.inbox.fd, entry, self.end_marker_required)
    }

    /// Says whether an entry need not be watched: it says itself that it is whole, or what it is
    /// will not change.
    fn is_finished(&self, entry: &Entry) -> bool {
        match &entry.kind {
            EntryKind::File => package::tail_has_marker(&self.inbox.fd, entry),
            EntryKind::Folder => false,
            EntryKind::Never(_) => true,
            EntryKind::Unfit(_) => false,
        }
    }

    /// Returns the names to look at, sorted, after making sure that the path still leads here.
    fn names(&mut self) -> io::Result<Vec<OsString>> {
        if !archive::is_same(&self.path, [&self.inbox, &self.accepted, &self.rejected])? {
            [self.inbox, self.accepted, self.rejected] = archive::open_directories(&self.path)?;
            self.looks.clear();
        }
        entry::names(&self.inbox.fd)
    }

    fn unusable(&self, source: io::Error) -> InboxError {
        InboxError::Unusable { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests;
