//! The receivers of a list broadcast: `touser: […]`, or a file of OpenIDs.
//!
//! One invalid OpenID makes the whole call fail at its time (40003), so each of them is checked
//! when the file is dropped. Lists come from databases and spreadsheets, with a header, quotes,
//! empty cells and other columns. So every file is read as a table, and a plain list is a table of
//! one column that need not have a name. Whether an OpenID follows the account is not known here.

use std::collections::HashSet;
use std::io::Read as _;

use csv::StringRecord;

use super::media::FieldError;
use super::media::check_path;
use super::reader::Reader;
use crate::l10n::t;
use crate::model::{Account, Audience, Kind, LIST_MIN, OpenIds, batch_lengths};
use crate::yaml::diagnostic::{Location, Report, quote};
use crate::yaml::{self, Entry, Shape, Value};

/// The characters that may separate the columns of a table.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// What ends a line.
const LINE_ENDS: [char; 2] = ['\r', '\n'];
/// Comments behind the text: in a field whose quote has no end they become lines of that field.
const END: &[u8] = b"\n#\n#";
/// How many columns an error names.
const COLUMNS_NAMED: usize = 20;
/// What exports write for an empty value.
const NOTHING: [&str; 10] =
    ["null", "none", "nil", "nan", "n/a", "#n/a", "\\n", "undefined", "空", "无"];

pub(super) const TABLE: Shape =
    Shape { what: || "`touser_file`".to_owned(), known: &["file", "column"], refused: &[] };

impl Reader<'_, '_> {
    /// Returns the receivers that `touser` or `touser_file` names; they are valid only if no
    /// problem was reported.
    pub(super) fn receivers(
        &mut self,
        entry: &Entry<'_>,
        account: Option<&Account>,
        notes: &mut Vec<String>,
    ) -> Audience {
        let before = self.report.count();
        let rule = account.map_or(OpenIds::Any, |account| account.openids);
        let mut receivers = Receivers { rule, openids: Vec::new(), repeated: 0 };
        if entry.key == "touser" {
            self.touser(entry, &mut receivers);
        } else if let Some(note) = self.touser_file(entry, &mut receivers) {
            notes.push(note);
        }
        let broken = self.report.count() > before || self.awaits_some();
        if account.is_some_and(|account| account.kind == Kind::Subscription) {
            let help = t!("inbox-subscription-account-sends-filter-only");
            let message = t!("inbox-needs-service-account", key = %entry.key);
            self.report.say_with(entry.key_location, message, help);
        } else if !broken {
            self.check_receivers(entry, &receivers, account);
        }
        if receivers.repeated > 0 {
            let repeated = receivers.repeated;
            notes.push(
                t!("inbox-repeated-openids-sent-once", key = %entry.key, repeated = %repeated),
            );
        }
        Audience::List(receivers.openids)
    }

    fn check_receivers(
        &mut self,
        entry: &Entry<'_>,
        receivers: &Receivers,
        account: Option<&Account>,
    ) {
        let count = receivers.openids.len();
        if count < LIST_MIN {
            let key = &*entry.key;
            let (message, help) = match count {
                0 => (t!("inbox-names-nobody", key = key), t!("inbox-needs-least-two-openids")),
                _ => (t!("inbox-names-one", key = key), t!("inbox-show-one-person-write-preview")),
            };
            self.report.say_with(entry.key_location, message, help);
        }
        let Some(account) = account else { return };
        let batches = batch_lengths(count).len();
        let limit = usize::try_from(account.daily_calls).unwrap_or(usize::MAX);
        if batches > limit {
            let message = t!("inbox-openids-take-calls-account-day", count = %count, batches = %batches, limit = %limit);
            self.report.say_with(
                entry.key_location,
                message,
                t!("inbox-split-list-over-several-jobs"),
            );
        }
    }

    fn touser(&mut self, entry: &Entry<'_>, receivers: &mut Receivers) {
        let Value::List(items) = &entry.node.value else {
            let message = t!("inbox-touser-must-list-not", describe = %entry.node.describe());
            self.report.say_with(entry.node.location, message, t!("inbox-write-touser"));
            return;
        };
        receivers.openids.reserve(items.len());
        let mut seen = HashSet::with_capacity(items.len());
        for item in items {
            match &item.value {
                Value::Text { text, .. } => {
                    receivers.add(text, item.location, &mut seen, self.report);
                }
                Value::Empty | Value::List(_) | Value::Map(_) => {
                    let message = t!("inbox-openid-text-not", describe = %item.describe());
                    self.report.say(item.location, message);
                }
            }
        }
    }

    /// Reads a file of receivers; returns notes for its author on how it was read.
    fn touser_file(&mut self, entry: &Entry<'_>, receivers: &mut Receivers) -> Option<String> {
        let (file, column) = match &entry.node.value {
            Value::Map(_) => {
                let fields = entry.node.fields(entry.key_location, &TABLE, self.report)?;
                let help = || t!("inbox-write-touser-file-file-vip");
                (fields.require("file", help, self.report)?, fields.get("column"))
            }
            Value::Empty | Value::Text { .. } | Value::List(_) => (entry, None),
        };
        let path = file.text(self.report)?;
        if let Err(message) = check_path(path) {
            let help = t!("inbox-name-file-job-own-folder-4");
            self.report.say_with(file.node.location, message, help);
            return None;
        }
        let wanted = match column {
            Some(column) => Some(column.text(self.report)?),
            None => None,
        };
        if self.awaits(path) {
            return None;
        }
        let bytes = match self.lists.list(path) {
            Ok(bytes) => bytes,
            Err(message) => {
                self.report.say(file.node.location, message);
                return None;
            }
        };
        let name = self.report.beside(path);
        let text = match yaml::decode(&bytes) {
            Ok(text) => text,
            Err((text, location, message)) => {
                let mut report = Report::new(&name, &text);
                report.say_with(location, message, t!("inbox-save-utf-8-excel-csv"));
                self.report.include(report);
                return None;
            }
        };
        let mut report = Report::new(&name, text);
        let read = Table::of(text).read((path, wanted), receivers, &mut report);
        self.report.include(report);
        match read {
            Ok(note) => note,
            Err((message, help)) => {
                self.report.say_with(column.unwrap_or(file).node.location, message, help);
                None
            }
        }
    }
}

/// The OpenIDs of a list, each once.
struct Receivers {
    rule: OpenIds,
    openids: Vec<String>,
    repeated: usize,
}

impl Receivers {
    fn add<'t>(
        &mut self,
        openid: &'t str,
        location: Location,
        seen: &mut HashSet<&'t str>,
        report: &mut Report<'_>,
    ) {
        if !self.rule.takes(openid) || is_nothing(openid) {
            let message = t!("inbox-no-openid", id = %quote(openid));
            report.say_with(location, message, help_with(openid, self.rule));
        } else if seen.insert(openid) {
            self.openids.push(openid.to_owned());
        } else {
            self.repeated += 1;
        }
    }
}

/// Returns whether a text marks an empty value of an export.
fn is_nothing(text: &str) -> bool {
    NOTHING.iter().any(|nothing| nothing.eq_ignore_ascii_case(text))
}

/// Returns what a text that is no OpenID probably is, or what an OpenID looks like.
pub(super) fn help_with(text: &str, rule: OpenIds) -> String {
    let (length, lower) = (text.chars().count(), text.to_ascii_lowercase());
    let digits = text.trim_start_matches('+').trim_start_matches("86");
    let is_phone =
        digits.len() == 11 && digits.starts_with('1') && digits.bytes().all(|b| b.is_ascii_digit());
    if is_nothing(text) {
        t!("inbox-was-no-openid-export-here")
    } else if is_phone {
        t!("inbox-phone-number-platform-knows-follower")
    } else if lower.contains("openid") {
        t!("inbox-header-stands-first-line-file")
    } else if text.contains('…') || text.ends_with("...") {
        t!("inbox-was-cut-where-was-copied")
    } else if rule == OpenIds::Any {
        t!("inbox-openid-up-64-characters-z")
    } else if OpenIds::Any.takes(text) {
        t!("inbox-characters-openid-28-may-cut", length = %length)
    } else {
        t!("inbox-openid-28-characters-z-z")
    }
}

/// A file of receivers.
#[derive(Clone, Copy)]
struct Table<'t> {
    text: &'t str,
    separator: u8,
}

/// The column of a table that holds the OpenIDs.
struct Column {
    at: usize,
    /// Its name in the first line, if that is a header.
    name: Option<String>,
    /// Whether it is the only column.
    alone: bool,
}

impl<'t> Table<'t> {
    fn of(text: &'t str) -> Self {
        let is_row = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let first = text.lines().find(is_row).unwrap_or_default();
        let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
        let most = SEPARATORS.into_iter().rev().max_by_key(count);
        Self { text, separator: most.unwrap_or(b',') }
    }

    /// Adds the OpenIDs; rows without one are reported at their locations.
    fn read(
        self,
        (path, wanted): (&str, Option<&str>),
        receivers: &mut Receivers,
        report: &mut Report<'_>,
    ) -> Result<Option<String>, FieldError> {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .delimiter(self.separator)
            .from_reader(self.text.as_bytes().chain(END));
        let (mut row, mut seen) = (StringRecord::new(), HashSet::new());
        let mut column: Option<Column> = None;
        while rows.read_record(&mut row).expect("UTF-8 in memory is rows of UTF-8") {
            let start = row.position().map_or(0, csv::Position::byte);
            let end = at(rows.position().byte()).min(self.text.len());
            let range = Location { start: at(start), end };
            if let Some(lines) = row.iter().find(|field| !self.is_field(range, field)) {
                let message = t!("inbox-quote-opens-here-no-end");
                let help = t!("inbox-close-take-out-lines-behind");
                report.say_with(self.opening(range, lines), message, help);
                return Ok(None);
            }
            let is_note = row.get(0).is_some_and(|field| field.starts_with('#'));
            if is_note || row.iter().all(str::is_empty) {
                continue;
            }
            let column = match &column {
                Some(column) => column,
                None => {
                    let found = find_column(&row, (path, wanted), receivers.rule)?;
                    let is_header = found.name.is_some();
                    let found = column.insert(found);
                    if is_header {
                        continue;
                    }
                    found
                }
            };
            let beside = row.iter().enumerate().any(|(n, f)| n != column.at && !f.is_empty());
            let field = row.get(column.at).filter(|field| !field.is_empty());
            match field {
                Some(field) if !(column.alone && beside) => match self.locate(range, field) {
                    Ok((openid, location)) => receivers.add(openid, location, &mut seen, report),
                    Err(location) => {
                        let message = t!("inbox-no-openid", id = %quote(field));
                        report.say_with(location, message, help_with(field, receivers.rule));
                    }
                },
                Some(_) => {
                    let message = t!("inbox-more-than-openid-stands-line");
                    let help = t!("inbox-write-one-openid-line-first");
                    report.say_with(self.line_of(range), message, help);
                }
                None => {
                    let message = t!("inbox-no-openid-stands-line");
                    report.say_with(self.line_of(range), message, t!("inbox-take-line-out-table"));
                }
            }
        }
        Ok(column.filter(|_| wanted.is_none()).and_then(|column| column.name).map(|name| {
            let (path, name) = (quote(path), quote(&name));
            t!("inbox-touser-file-first-line-header", path = %path, name = %name)
        }))
    }

    /// Returns whether a field is one of its row. A field of several lines is, if its quotes follow
    /// RFC 4180 and no line in it looks like one of the list: the reader itself takes everything
    /// behind a stray quote for text.
    fn is_field(self, range: Location, field: &str) -> bool {
        if !field.contains(LINE_ENDS) {
            return true;
        }
        let row = self.text.get(range.start..range.end).unwrap_or_default();
        let ends = [char::from(self.separator), LINE_ENDS[0], LINE_ENDS[1]];
        let quoted = field.replace('"', "\"\"");
        let is_quoted = row.match_indices(&quoted).any(|(at, _)| {
            let before = row[..at].trim_end().strip_suffix('"');
            let after = row[at + quoted.len()..].trim_start().strip_prefix('"');
            before.is_some_and(|before| before.is_empty() || before.ends_with(ends))
                && after.is_some_and(|after| after.is_empty() || after.starts_with(ends))
        });
        let is_openid = |word: &str| word.starts_with('o') && OpenIds::Usual.takes(word);
        let words =
            |c: char| c.is_whitespace() || c == '"' || SEPARATORS.map(char::from).contains(&c);
        is_quoted && !field.split(words).any(is_openid)
    }

    /// Returns where the quote stands that opens a field of several lines.
    fn opening(self, range: Location, field: &str) -> Location {
        let first = field.split(LINE_ENDS).next().unwrap_or_default();
        let opening = format!("\"{}", first.replace('"', "\"\""));
        let row = self.text.get(range.start..range.end).unwrap_or_default();
        let found = row.find(&opening).or_else(|| row.rfind('"'));
        let start = range.start + found.unwrap_or_default();
        let line = self.text[start..].split(LINE_ENDS).next().unwrap_or_default();
        Location { start, end: start + line.trim_end().len() }
    }

    /// Returns a field as it is in the text; if its quotes hide it, only its line.
    fn locate(self, range: Location, field: &str) -> Result<(&'t str, Location), Location> {
        // The last match: what was skipped before a row counts as a part of it.
        let row = self.text.get(range.start..range.end).unwrap_or_default();
        let found = row.rfind(field).ok_or_else(|| self.line_of(range))?;
        let start = range.start + found;
        let location = Location { start, end: start + field.len() };
        Ok((&self.text[start..location.end], location))
    }

    /// Returns the first line of a row: comments and empty lines before it count as parts of it.
    fn line_of(self, range: Location) -> Location {
        let row = self.text.get(range.start..range.end).unwrap_or_default();
        let mut start = range.start;
        for line in row.split_inclusive(LINE_ENDS) {
            let shown = line.trim_end();
            if !shown.is_empty() && !shown.starts_with('#') {
                return Location { start, end: start + shown.len() };
            }
            start += line.len();
        }
        range
    }
}

fn at(byte: u64) -> usize {
    usize::try_from(byte).unwrap_or(usize::MAX)
}

/// Decides by the first row which column holds the OpenIDs.
fn find_column(
    first: &StringRecord,
    (path, wanted): (&str, Option<&str>),
    rule: OpenIds,
) -> Result<Column, FieldError> {
    let mut names: Vec<&str> = first.iter().collect();
    let width = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    names.truncate(width);
    let (alone, path) = (width == 1, quote(path));
    let named = |at: usize| Column { at, name: Some(names[at].to_owned()), alone };
    let only = |is: &dyn Fn(&str) -> bool| {
        let mut found = (0..width).filter(|at| is(names[*at]));
        found.next().filter(|_| found.next().is_none())
    };
    let is_data = names.iter().any(|name| name.starts_with('o') && OpenIds::Usual.takes(name));
    if let Some(wanted) = wanted {
        let found = only(&|name| name == wanted)
            .or_else(|| only(&|name| name.to_lowercase() == wanted.to_lowercase()));
        return found.map(named).ok_or_else(|| match is_data {
            true => (
                t!("inbox-no-header-openid-stands-first", path = %path),
                t!("inbox-name-columns-first-line-write"),
            ),
            false => {
                (t!("inbox-no-one-column", path = %path, wanted = %quote(wanted)), columns(&names))
            }
        });
    }
    let found = only(&|name| plain(name) == "openid").or_else(|| {
        only(&|name| rule == OpenIds::Usual && plain(name).contains("openid") && !rule.takes(name))
    });
    match found {
        Some(at) => Ok(named(at)),
        None if alone => Ok(Column { at: 0, name: None, alone }),
        None if is_data => Err((
            t!("inbox-columns-without-names", path = %path, width = %width),
            t!("inbox-write-one-openid-line-first"),
        )),
        None => Err((
            t!("inbox-columns-say-which-one-holds", path = %path, width = %width),
            t!("inbox-write-touser-file-file-column", names = %columns(&names)),
        )),
    }
}

/// Returns a column's name without differences of style.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '-', ' '], "")
}

fn columns(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().take(COLUMNS_NAMED).map(|name| quote(name)).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(COLUMNS_NAMED) {
        0 => t!("inbox-columns", names = shown),
        more => t!("inbox-columns-more", names = shown, more = %more),
    }
}
