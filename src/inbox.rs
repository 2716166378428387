//! The drop directory: reads each file once, checks it strictly, and writes the result beside it.
//!
//! Operators and programs write here without a protocol, so nothing here is trusted: not a name,
//! not that a file is complete, not that it is a file. An *entry* is something in the inbox that
//! has not changed for long enough. A *package* is its content, read once through one descriptor;
//! after that the file no longer matters. The outcome of a package is written to `accepted/` with a
//! receipt, or to `rejected/` with the reason. Nothing here depends on which jobs exist already.

mod again;
mod api_call;
mod archive;
mod article;
mod broadcast;
mod dated;
mod drafts;
mod entry;
mod except;
mod folder;
mod front_matter;
mod handed_in;
mod html;
mod job;
mod line;
mod markdown;
mod media;
mod menu;
mod mpnews;
mod old;
mod package;
mod picture;
mod places;
mod qrcode;
mod reader;
mod receipts;
mod receivers;
mod schema;
mod series;
mod submit;
mod submitter;
mod template;
mod theme;
mod time;
mod whole;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

pub use again::Again;
pub use archive::{AcceptedBack, AcceptedPackage, Away, Receipt, ReceiptDate, ReceiptJob};
pub use drafts::{BookEntry, DraftBook, FoundDraft, NamedDraft};
pub use entry::Entry;
pub use handed_in::{HandedIn, handed_in};
pub use job::ParsedJob;
pub use old::{OldReceipt, ReceiptId};
pub use package::{
    Content, Package, ReadError, of_agent, of_bytes, read_path, read_path_gathering,
};
pub use reader::ArticleRemark;
pub use schema::SCHEMA;
pub use submit::{Fate, Submitted, submit};
pub(crate) use time::{date as date_from, instant as time_in};

use crate::l10n::t;
use crate::model::Account;
use crate::yaml;
pub use crate::yaml::Diagnostic;
use crate::yaml::diagnostic::{Location, Report, quote};
use entry::{EntryKind, Glance, Seen};
use places::Places;

/// How long an entry must be unchanged before it is read.
const QUIET: TimeDelta = TimeDelta::seconds(2);
/// How many entries one scan hands out; the rest wait for the next one.
const SWEEP: usize = 2_000;
/// How many files inside folders one scan looks at.
const LEAVES: usize = 20_000;
/// How long an upload inside a folder must have made no progress before an operator is alerted.
const STALLED: TimeDelta = TimeDelta::minutes(10);
/// How long an entry that could not be taken waits at most before it is retried.
const PUT_OFF_MOST: TimeDelta = TimeDelta::seconds(32);

/// The keys of job files and front matter whose values are for readers, and those whose values are
/// sent as they are: a comment must not cut either.
const VALUES: yaml::Values = yaml::Values::Shown {
    prose: &[
        "title",
        "draft",
        "author",
        "authors",
        "digest",
        "description",
        "summary",
        "excerpt",
        "recommend",
        "name",
    ],
    lines: &["text", "content"],
    words: &[
        "scenestr",
        "key",
        "url",
        "pagepath",
        "appid",
        "mediaid",
        "mediaids",
        "articleid",
        "cardid",
        "contentsourceurl",
        "sourceurl",
    ],
};

/// Why the inbox could not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The directory does not exist or cannot be used; the next scan retries it.
    #[error("{}", t!("inbox-unusable", path = %path.display()))]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One entry could not be read, moved or answered; it stays where it is.
    #[error("{}", what.failed(name))]
    Entry {
        /// The entry.
        name: String,
        /// What was to be done with the entry.
        what: Step,
        /// Why it could not be done.
        source: io::Error,
    },
    /// The entry is no longer the one that was read; it stays, and is scanned again.
    #[error("{}", t!("inbox-changed", name = name.as_str()))]
    Changed {
        /// The entry.
        name: String,
    },
}

/// What is done with an entry of the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is read.
    Read,
    /// It is read again after a crash.
    ReadBack,
    /// It is moved to `accepted/`.
    Accept,
    /// It is moved to `rejected/`.
    Reject,
    /// Its media are stored.
    StoreMedia,
}

impl Step {
    fn failed(self, name: &str) -> String {
        match self {
            Self::Read => t!("inbox-not-read", name = name),
            Self::ReadBack => t!("inbox-not-read-back", name = name),
            Self::Accept => t!("inbox-not-accepted", name = name),
            Self::Reject => t!("inbox-not-rejected", name = name),
            Self::StoreMedia => t!("inbox-not-taken-media", name = name),
        }
    }
}

/// The jobs of one file, checked but not yet stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The jobs in the file's order; at least one.
    pub jobs: Vec<ParsedJob>,
    /// Where drafts are named without their media ids.
    pub(crate) drafts: Vec<drafts::Place>,
}

/// The source of what a job file names: lists of OpenIDs, articles' texts, media, and drafts.
pub trait ListSource {
    /// Returns the bytes of a list, or a sentence that explains why there is none.
    ///
    /// The path is relative and has no `..`; it may still name a symlink.
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String>;

    /// Returns the bytes of an article's text or a medium, the same way.
    fn file(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        self.list(path)
    }

    /// Returns the names of all the files that there are; none if a job file cannot have any.
    fn names(&self) -> Option<Vec<Cow<'_, str>>> {
        None
    }

    /// Returns from when on the dates of a series are sent: their files are looked for.
    fn dates_from(&self) -> DateTime<Utc> {
        FIRST_DATE
    }

    /// Returns what is known of a draft that a job names by its title.
    fn draft(&self, _named: &NamedDraft) -> BookEntry {
        BookEntry::Nothing
    }
}

/// No files: the job file was dropped alone.
#[derive(Clone, Copy, Debug)]
pub struct NoLists;

impl ListSource for NoLists {
    fn list(&self, _path: &str) -> Result<Cow<'_, [u8]>, String> {
        Err(t!("inbox-list-needs-folder"))
    }

    fn file(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        let path = quote(path);
        Err(t!("inbox-needs-folder", path = path))
    }
}

/// Reads a job file: returns all of its jobs, or everything that is wrong with it.
pub fn parse(
    file_name: &str,
    bytes: &[u8],
    lists: &dyn ListSource,
    accounts: &[&Account],
) -> Result<Parsed, Vec<Diagnostic>> {
    let text = yaml::decode(bytes).map_err(|(text, location, message)| {
        let report = Report::new(file_name, &text);
        vec![report.diagnostic(location, &message, Some(&t!("inbox-save-as-utf-8")))]
    })?;
    let mut report = Report::new(file_name, text);
    let parsed = read(file_name, text, (lists, accounts), &mut report);
    if report.count() > 0 { Err(report.finish()) } else { Ok(parsed) }
}

/// The same, but returns what is valid, whatever is wrong with the rest.
fn parse_readable(
    file_name: &str,
    bytes: &[u8],
    lists: &dyn ListSource,
    accounts: &[&Account],
) -> Parsed {
    let Ok(text) = yaml::decode(bytes) else { return Parsed::default() };
    read(file_name, text, (lists, accounts), &mut Report::new(file_name, text))
}

fn read<'a>(
    file_name: &str,
    text: &'a str,
    (lists, accounts): (&dyn ListSource, &[&Account]),
    report: &mut Report<'a>,
) -> Parsed {
    match root(file_name, text, report) {
        Ok(root) => {
            let accounts = reader::Accounts::new(accounts);
            let mut reader = reader::Reader::new(report, lists, accounts);
            let jobs = reader.file(&root);
            Parsed { jobs, drafts: reader.drafts }
        }
        Err(yaml::SyntaxError) => Parsed::default(),
    }
}

/// Returns the tree of a job file.
fn root<'a>(
    file_name: &str,
    text: &'a str,
    report: &mut Report<'_>,
) -> Result<yaml::Node<'a>, yaml::SyntaxError> {
    yaml::check_characters(text, report)?;
    // A YAML file that was cut short can still be valid YAML; a JSON object that was cut short is
    // neither valid YAML nor valid JSON.
    if is_json(file_name) && !text.trim_start().starts_with('{') {
        let (message, help) = (t!("inbox-no-json-object"), t!("inbox-json-is-an-object"));
        report.say_with(Location::default(), message, help);
        return Err(yaml::SyntaxError);
    }
    yaml::load(text, VALUES, report)?.ok_or_else(|| {
        let help = t!("inbox-job-file-jobs-list-least");
        report.say_with(Location::default(), t!("inbox-no-job-file"), help);
        yaml::SyntaxError
    })
}

/// Returns whether a file's name announces JSON.
fn is_json(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// Returns whether a text ends with YAML's end marker, a line `...`.
fn ends_with_marker(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_end().strip_suffix(b"...");
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(b"\n") || rest.ends_with(b"\r"))
}

/// No date before 2020 has files to come.
const FIRST_DATE: DateTime<Utc> =
    DateTime::from_timestamp(1_577_836_800, 0).expect("a valid instant");

/// The most bytes of a job file.
pub const FILE_MOST: usize = 16 << 20;

/// The inbox directory.
#[derive(Debug)]
pub struct Inbox {
    path: PathBuf,
    end_marker_required: bool,
    places: Places,
    looks: HashMap<OsString, Look>,
    /// The folders that hold an unfinished upload, with its path in each.
    unfinished: BTreeMap<OsString, String>,
    /// How many scans were made.
    scans: u64,
    /// How many files inside folders one scan looks at.
    leaves: usize,
    waiting: bool,
}

/// The state of an entry, and since when it is unchanged.
#[derive(Clone, Copy, Debug)]
struct Look {
    seen: Seen,
    since: DateTime<Utc>,
    /// The scan that first found this state, and the last one that looked at the entry.
    turn: u64,
    looked: u64,
    /// Whether its content shows that it is complete, or its type can never change.
    finished: bool,
    /// Whether it was handed out and still exists.
    handed: bool,
    /// The time before which it is not handed out, and how often that was put off.
    put_off: Option<(DateTime<Utc>, u32)>,
}

impl Look {
    fn is_ready(&self, now: DateTime<Utc>) -> bool {
        // A clock that was set back must not make anything wait forever.
        let put_off =
            |(until, _)| now < until && until - now <= PUT_OFF_MOST.max(whole::LONG_QUIET);
        let quiet = now - self.since >= QUIET || self.finished;
        quiet && !self.put_off.is_some_and(put_off)
    }
}

impl Inbox {
    /// Opens the inbox, and creates it and its subdirectories if they are missing.
    pub fn open(dir: &Path, end_marker_required: bool) -> Result<Self, InboxError> {
        let places = places::open(dir)
            .map_err(|source| InboxError::Unusable { path: dir.to_owned(), source })?;
        let path = dir.to_owned();
        let (looks, unfinished) = (HashMap::new(), BTreeMap::new());
        let (scans, leaves, waiting) = (0, LEAVES, false);
        Ok(Self { path, end_marker_required, places, looks, unfinished, scans, leaves, waiting })
    }

    /// Returns the entries that are ready: the earliest first, and by name if they came together.
    ///
    /// An entry is ready when two scans at least 2 s apart found it unchanged, or at once if it
    /// ends with `...`. A folder is never ready while it holds a file that is still being uploaded.
    /// At most 2,000 are returned; [`waiting`](Self::waiting) reports whether there are more. If
    /// entries of the last scan are still there, the latest take turns with the earliest: nothing
    /// new waits until all of the backlog is done.
    pub fn scan(&mut self, now: DateTime<Utc>) -> Result<Vec<Entry>, InboxError> {
        let names = self.names().map_err(|source| self.unusable(source))?;
        self.scans += 1;
        let mut before = std::mem::replace(&mut self.looks, HashMap::with_capacity(names.len()));
        let mut found = Vec::new();
        let mut folders = Vec::new();
        for name in names {
            let Some(glance) = entry::glance(&self.places.inbox.fd, &name) else { continue };
            let known = before.remove(&name);
            if glance.is_folder {
                folders.push((glance, known));
            } else {
                found.push(self.keep(glance.entry, known, now));
            }
        }
        self.look_into(folders, &mut found, now);
        self.unfinished.retain(|name, _| self.looks.contains_key(name));
        let all = self.looks.len();
        let ready = found
            .into_iter()
            .filter(|entry| entry.unfinished.is_none())
            .filter(|entry| self.looks.get(&entry.name).is_some_and(|look| look.is_ready(now)));
        let ready = in_turn(ready.collect(), &self.looks);
        for entry in &ready {
            if let Some(look) = self.looks.get_mut(&entry.name) {
                look.handed = true;
            }
        }
        self.waiting = ready.len() < all;
        Ok(ready)
    }

    /// Looks into folders, up to the limit of one scan: half of it for the newest, the rest for
    /// those that were not looked into for longest.
    fn look_into(
        &mut self,
        mut folders: Vec<(Glance, Option<Look>)>,
        found: &mut Vec<Entry>,
        now: DateTime<Utc>,
    ) {
        let mut left = self.leaves;
        folders.sort_by_key(|(_, known)| known.map_or(0, |look| u64::MAX - look.turn));
        let mut rest = Vec::new();
        for (glance, known) in folders {
            if left <= self.leaves / 2 {
                rest.push((glance, known));
                continue;
            }
            left = left.saturating_sub(self.look_into_one(glance, known, found, now));
        }
        rest.sort_by_key(|(_, known)| known.map_or(0, |look| look.looked));
        for (glance, known) in rest {
            if left > 0 {
                left = left.saturating_sub(self.look_into_one(glance, known, found, now));
                continue;
            }
            // It exists, and no more is known now; the state known before is compared at the next
            // scan.
            let unknown = Look {
                seen: glance.entry.seen,
                since: now,
                turn: self.scans,
                looked: 0,
                finished: false,
                handed: false,
                put_off: None,
            };
            self.looks.insert(glance.entry.name, known.unwrap_or(unknown));
        }
    }

    /// Looks into a folder, and returns how many looks at files this counts as.
    fn look_into_one(
        &mut self,
        glance: Glance,
        known: Option<Look>,
        found: &mut Vec<Entry>,
        now: DateTime<Utc>,
    ) -> usize {
        let name = glance.entry.name.clone();
        let (entry, leaves) = glance.into_folder(&self.places.inbox.fd, &name);
        found.push(self.keep(entry, known, now));
        leaves + 1
    }

    /// Stores the state of an entry, and since when it is unchanged.
    fn keep(&mut self, mut entry: Entry, known: Option<Look>, now: DateTime<Utc>) -> Entry {
        let same = known.filter(|look| look.seen == entry.seen);
        let look = match same {
            Some(look) => {
                // A clock that was set back must not make anything wait forever.
                let since = if look.since <= now { look.since } else { now };
                Look { since, looked: self.scans, ..look }
            }
            None => Look {
                seen: entry.seen,
                since: now,
                // A folder that was found but never looked into has not changed when it is first
                // looked into.
                turn: known.filter(|look| look.looked == 0).map_or(self.scans, |look| look.turn),
                looked: self.scans,
                finished: self.is_finished(&entry),
                handed: false,
                put_off: None,
            },
        };
        entry.turn = look.turn;
        entry.quiet = now - look.since;
        match &entry.unfinished {
            Some(path) => self.unfinished.insert(entry.name.clone(), path.clone()),
            None => self.unfinished.remove(&entry.name),
        };
        self.looks.insert(entry.name.clone(), look);
        entry
    }

    /// Puts off an entry that could not be taken, each time for longer.
    pub fn put_off(&mut self, entry: &Entry, now: DateTime<Utc>) {
        if let Some(look) = self.looks.get_mut(&entry.name) {
            let times = look.put_off.map_or(0, |(_, times)| times);
            let pause = TimeDelta::seconds(1 << times.min(5)).min(PUT_OFF_MOST);
            look.put_off = Some((now + pause, times + 1));
            look.handed = false;
        }
    }

    /// Puts off an entry that may be cut short until it has been unchanged for long.
    pub fn wait_for_more(&mut self, entry: &Entry) {
        if let Some(look) = self.looks.get_mut(&entry.name) {
            look.put_off = Some((look.since + whole::LONG_QUIET, 0));
            look.handed = false;
        }
    }

    /// Returns the folders that wait for an upload without progress, with its path in each.
    pub fn stalled(&self, now: DateTime<Utc>) -> Vec<(String, &str)> {
        let since = |name| self.looks.get(name).map_or(now, |look| look.since);
        self.unfinished
            .iter()
            .filter(|(name, _)| now - since(*name) >= STALLED)
            .map(|(name, path)| (entry::safe_name(name), path.as_str()))
            .collect()
    }

    /// Returns whether something is not handed out yet: scan again in 2 s.
    pub fn waiting(&self) -> bool {
        self.waiting
    }

    /// Returns whether the last scan found this name, as [`Entry::name`] returns it.
    pub fn found(&self, name: &str) -> bool {
        self.looks.keys().any(|found| entry::safe_name(found) == name)
    }

    /// Returns all names that the last scan found, as [`Entry::name`] returns them.
    pub fn all_found(&self) -> HashSet<String> {
        self.looks.keys().map(|found| entry::safe_name(found)).collect()
    }

    /// Returns the directory's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads an entry once, through descriptors that follow no link and never block.
    pub fn read(&self, entry: &Entry) -> Result<Package, ReadError> {
        package::read(&self.places.inbox.fd, entry, self.end_marker_required)
    }

    /// Returns whether an entry need not be watched: its end marker shows that it is complete, or
    /// its type will not change.
    fn is_finished(&self, entry: &Entry) -> bool {
        match &entry.kind {
            EntryKind::File => package::tail_has_marker(&self.places.inbox.fd, entry),
            EntryKind::Folder => false,
            EntryKind::Never(_) => true,
            EntryKind::Unusable(_) => false,
        }
    }

    /// Returns the names to look at, sorted, after checking that the path still leads here and that
    /// nothing is left between the inbox and an archive.
    fn names(&mut self) -> io::Result<Vec<OsString>> {
        if !places::is_same(&self.path, &self.places)? {
            self.places = places::open(&self.path)?;
            self.looks.clear();
        }
        self.put_back_all()?;
        entry::names(&self.places.inbox.fd)
    }

    fn unusable(&self, source: io::Error) -> InboxError {
        InboxError::Unusable { path: self.path.clone(), source }
    }
}

/// Returns the entries that are handed out, in the order in which to take them.
fn in_turn(mut ready: Vec<Entry>, looks: &HashMap<OsString, Look>) -> Vec<Entry> {
    let is_left = |entry: &Entry| looks.get(&entry.name).is_some_and(|look| look.handed);
    ready.sort_by(|one, other| (one.turn, &one.name).cmp(&(other.turn, &other.name)));
    if !ready.iter().any(is_left) {
        ready.truncate(SWEEP);
        return ready;
    }
    let mut turns: BTreeMap<u64, VecDeque<Entry>> = BTreeMap::new();
    for entry in ready {
        turns.entry(entry.turn).or_default().push_back(entry);
    }
    let mut fair = Vec::new();
    while fair.len() < SWEEP {
        let Some(mut newest) = turns.last_entry() else { break };
        let turn = *newest.key();
        let next = newest.get_mut().pop_front();
        if newest.get().is_empty() {
            newest.remove();
        }
        let jumps = turns.first_key_value().is_some_and(|(oldest, _)| *oldest < turn);
        fair.extend(next.map(|entry| Entry { jumps, ..entry }));
        let Some(mut oldest) = turns.first_entry() else { continue };
        fair.extend(oldest.get_mut().pop_front());
        if oldest.get().is_empty() {
            oldest.remove();
        }
    }
    fair
}

#[cfg(test)]
mod tests;
