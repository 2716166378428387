//! Front matter of a Markdown file: `---` with YAML, or `+++` with TOML.
//!
//! Editors and site generators write their own keys there, so keys without a meaning here are
//! reported but not refused. The block ends at the next line that equals its first. A block between
//! two rules that has no keys is text. TOML is read into the same tree as YAML.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::l10n::t;
use crate::yaml::diagnostic::{Location, Report, closest, quote};
use crate::yaml::{self, Entry, Node, SyntaxError, Value};

/// Keys that most site generators use, besides those of [`Field`].
const OTHER_KEYS: [&str; 9] =
    ["date", "updated", "lastmod", "tags", "categories", "layout", "permalink", "slug", "draft"];

/// A field of an article that the front matter may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Author,
    Digest,
    Thumb,
    SourceUrl,
}

impl Field {
    pub(super) const ALL: [Self; 5] =
        [Self::Title, Self::Author, Self::Digest, Self::Thumb, Self::SourceUrl];

    /// Returns the key of a job file.
    pub(super) fn key(self) -> &'static str {
        self.keys()[0]
    }

    /// Returns the keys that give it, in order of precedence; see [`plain`].
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Title => &["title"],
            Self::Author => &["author", "authors"],
            Self::Digest => &["digest", "description", "summary", "excerpt"],
            Self::Thumb => &["thumb", "cover", "cover_image", "image"],
            Self::SourceUrl => &["content_source_url", "source_url"],
        }
    }
}

/// The fields that the file of an article's text gives besides the text.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Each field that is given; `None` if its value is wrong.
    found: Vec<(Field, Option<String>)>,
    is_unread: bool,
}

impl Given {
    /// Returns the value for a file that could not be read.
    pub(super) fn unread() -> Self {
        Self { is_unread: true, ..Self::default() }
    }

    /// Returns whether the file may give more fields than are known.
    pub(super) fn is_unread(&self) -> bool {
        self.is_unread
    }

    pub(super) fn set(&mut self, field: Field, value: Option<String>) {
        self.found.push((field, value));
    }

    pub(super) fn get(&self, field: Field) -> Option<Option<String>> {
        let (_, value) = self.found.iter().find(|(found, _)| *found == field)?;
        Some(value.clone())
    }
}

/// The front matter of a text.
#[derive(Debug, Default)]
pub(super) struct FrontMatter<'s> {
    entries: Vec<Entry<'s>>,
    /// Where the text begins.
    pub(super) end: usize,
}

impl<'s> FrontMatter<'s> {
    /// Returns the entry that gives a field; a key without a value gives nothing.
    pub(super) fn get(&self, field: Field) -> Option<&Entry<'s>> {
        let of = |key: &&str| {
            self.entries.iter().find(|entry| plain(&entry.key) == plain(key) && !is_empty(entry))
        };
        field.keys().iter().find_map(of)
    }

    /// Reports every key that gives nothing. One that looks like prose is refused, because the
    /// block is perhaps a text between two rules.
    pub(super) fn check(&self, report: &mut Report<'_>) -> Vec<(Location, String)> {
        let used: Vec<&str> =
            Field::ALL.iter().filter_map(|field| Some(&*self.get(*field)?.key)).collect();
        let known = || Field::ALL.iter().flat_map(|field| field.keys()).copied();
        let mut told = Vec::new();
        for entry in &self.entries {
            let is_known = known().any(|key| plain(key) == plain(&entry.key));
            if used.contains(&&*entry.key) || (is_known && is_empty(entry)) {
                continue;
            }
            let key = quote(&entry.key);
            if !entry.key.is_ascii() {
                let message = t!("inbox-front-matter-no-key", key = %key);
                let help = t!("inbox-keys-title-author-digest-cover");
                report.say_with(entry.key_location, message, help);
                continue;
            }
            let meant = if is_known { None } else { closest(&entry.key, known()) };
            let message = match meant {
                Some(meant) => t!("inbox-front-matter-unused-meant", key = %key, meant = meant),
                None => t!("inbox-front-matter-unused", key = %key),
            };
            told.push((entry.key_location, message));
        }
        told
    }
}

/// Returns a key without differences of style: `coverImage` is `cover_image`.
fn plain(key: &str) -> String {
    key.to_ascii_lowercase().replace(['_', '-'], "")
}

/// Returns an entry with its list of words joined into one text.
pub(super) fn joined<'e>(entry: &'e Entry<'_>) -> Entry<'e> {
    let word = |node: &'e Node<'_>| match &node.value {
        Value::Text { text, .. } => Some(text.trim()),
        Value::Empty | Value::List(_) | Value::Map(_) => None,
    };
    let text = |text| Value::Text { text, plain: false };
    let value = match &entry.node.value {
        Value::Text { text: words, .. } => text(Cow::Borrowed(&**words)),
        Value::List(items) => match items.iter().map(word).collect::<Option<Vec<_>>>() {
            Some(words) => text(Cow::Owned(words.join("、"))),
            None => Value::List(Vec::new()),
        },
        Value::Empty => Value::Empty,
        Value::Map(_) => Value::Map(Vec::new()),
    };
    let node = Node { location: entry.node.location, value };
    Entry { key: Cow::Borrowed(&entry.key), key_location: entry.key_location, node }
}

fn is_empty(entry: &Entry<'_>) -> bool {
    match &entry.node.value {
        Value::Empty => true,
        Value::Text { text, .. } => text.trim().is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(_) => false,
    }
}

/// Reads the front matter of a text, if it has one.
pub(super) fn read<'s>(
    source: &'s str,
    report: &mut Report<'_>,
) -> Result<FrontMatter<'s>, SyntaxError> {
    let start = source.len() - source.trim_start_matches(['\n', '\r', ' ', '\t']).len();
    let start = source[..start].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let mut lines = lines(source, start);
    let Some((first, fence)) = lines.next() else { return Ok(FrontMatter::default()) };
    let is_toml = match fence {
        "---" => false,
        "+++" => true,
        _ => return headless(source, start, report),
    };
    let inside = first.end;
    let closes = |line: &str| line == fence || (!is_toml && line == "...");
    let Some((last, _)) = lines.find(|(_, line)| closes(line)) else {
        return unclosed(source, (first, inside), report);
    };
    let entries = if is_toml {
        Some(toml(source, inside..last.start, report)?)
    } else {
        yaml(source, last.start, report)?
    };
    // YAML takes a headline between two rules for a comment.
    let is_blank = source[inside..last.start].trim().is_empty();
    Ok(match entries.filter(|entries| is_blank || !entries.is_empty()) {
        Some(entries) => FrontMatter { entries, end: last.end },
        None => FrontMatter::default(),
    })
}

/// Returns the lines from a byte on: each with its range and its end, and its text without blanks
/// at its end.
fn lines(source: &str, start: usize) -> impl Iterator<Item = (Location, &str)> {
    let mut at = start;
    source[start..].split_inclusive('\n').map(move |line| {
        let location = Location { start: at, end: at + line.len() };
        at = location.end;
        (location, line.trim_end())
    })
}

/// Refuses invalid front matter if a known key makes it certain that it is meant as such: YAML that
/// only ends with `---`, as Hexo reads it, and JSON.
fn headless<'s>(
    source: &'s str,
    start: usize,
    report: &mut Report<'_>,
) -> Result<FrontMatter<'s>, SyntaxError> {
    let (message, help) = if is_headless_yaml(source, start) {
        let help = || t!("inbox-write-line-own-above-if");
        (t!("inbox-front-matter-begins-here-without"), help())
    } else if is_json(&source[start..]) {
        let help = || t!("inbox-write-yaml-title-between-two");
        (t!("inbox-front-matter-json-not-read"), help())
    } else {
        return Ok(FrontMatter::default());
    };
    let end = start + source[start..].lines().next().unwrap_or_default().len();
    report.say_with(Location { start, end }, message, help);
    Err(SyntaxError)
}

/// Returns whether a text begins with keys, a known one among them, and a line `---` directly
/// below.
fn is_headless_yaml(source: &str, start: usize) -> bool {
    let mut is_certain = false;
    for (index, (_, line)) in lines(source, start).enumerate() {
        if line == "---" {
            return is_certain;
        }
        let key =
            line.split_once(':').filter(|(_, value)| value.is_empty() || value.starts_with(' '));
        let key = key.map(|(key, _)| key).filter(|key| is_key(key));
        is_certain |= key.is_some_and(is_known);
        let is_further = index > 0 && line.starts_with([' ', '\t', '-', '#']);
        if key.is_none() && !is_further {
            return false;
        }
    }
    false
}

/// Returns whether a text begins with JSON that has a known key: in braces, or up to a line `;;;`.
fn is_json(text: &str) -> bool {
    let fence = |line: &str| line.trim_end() == ";;;";
    let inside = text.strip_prefix(";;;").unwrap_or(text).trim_start();
    let inside = match inside.strip_prefix('{') {
        Some(inside) => inside.split('}').next(),
        None => text.lines().skip(1).any(fence).then(|| inside.split(";;;").next()).flatten(),
    };
    let Some(inside) = inside.filter(|inside| inside.trim_start().starts_with('"')) else {
        return false;
    };
    let mut parts = inside.split('"').skip(1);
    let mut is_known_key = false;
    while let (Some(word), Some(behind)) = (parts.next(), parts.next()) {
        is_known_key |= behind.trim_start().starts_with(':') && is_known(word);
    }
    is_known_key
}

fn is_key(word: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !word.is_empty() && word.bytes().all(is_sign)
}

/// Returns whether a key is one that front matter usually has.
fn is_known(key: &str) -> bool {
    let mut known = Field::ALL.iter().flat_map(|field| field.keys()).chain(&OTHER_KEYS);
    known.any(|known| plain(known) == plain(key))
}

/// A first line `---` is a rule if no other follows, unless keys follow it.
fn unclosed<'s>(
    source: &str,
    (first, inside): (Location, usize),
    report: &mut Report<'_>,
) -> Result<FrontMatter<'s>, SyntaxError> {
    let next = source[inside..].lines().next().unwrap_or_default();
    let key = next.split([':', '=']).next().unwrap_or_default().trim_end();
    if key.len() == next.trim_end().len() || !is_key(key) {
        return Ok(FrontMatter::default());
    }
    let message = t!("inbox-front-matter-begins-here-does");
    report.say_with(first, message, t!("inbox-end-same-line"));
    Err(SyntaxError)
}

/// Reads YAML up to a byte; `None` if it has no keys.
fn yaml<'s>(
    source: &'s str,
    end: usize,
    report: &mut Report<'_>,
) -> Result<Option<Vec<Entry<'s>>>, SyntaxError> {
    // YAML takes the line before it for the document's start, so every location is one of the file.
    let before = report.count();
    let Some(node) = yaml::load(&source[..end], super::VALUES, report)? else {
        return Ok(Some(Vec::new()));
    };
    if report.count() > before {
        return Err(SyntaxError);
    }
    match node.value {
        Value::Map(entries) => Ok(Some(entries)),
        Value::Empty | Value::Text { .. } | Value::List(_) => Ok(None),
    }
}

fn toml<'s>(
    source: &'s str,
    range: std::ops::Range<usize>,
    report: &mut Report<'_>,
) -> Result<Vec<Entry<'s>>, SyntaxError> {
    let start = range.start;
    match DeTable::parse(&source[range]) {
        Ok(table) => Ok(map(table.into_inner(), start)),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let location = Location { start: start + span.start, end: start + span.end };
            report.say(location, t!("inbox-not-toml", message = %error.message()));
            Err(SyntaxError)
        }
    }
}

fn map(table: DeTable<'_>, start: usize) -> Vec<Entry<'_>> {
    let mut entries: Vec<_> = table
        .into_iter()
        .map(|(key, value)| {
            let key_location = location(&key, start);
            Entry { key: key.into_inner(), key_location, node: node(value, start) }
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_location.start);
    entries
}

fn node(value: Spanned<DeValue<'_>>, start: usize) -> Node<'_> {
    let location = location(&value, start);
    let plain = |text: String| Value::Text { text: Cow::Owned(text), plain: true };
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text { text, plain: false },
        DeValue::Integer(number) => plain(number.to_string()),
        DeValue::Float(number) => plain(number.to_string()),
        DeValue::Boolean(truth) => plain(truth.to_string()),
        DeValue::Datetime(time) => plain(time.to_string()),
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(|item| node(item, start)).collect())
        }
        DeValue::Table(table) => Value::Map(map(table, start)),
    };
    Node { location, value }
}

fn location<T>(spanned: &Spanned<T>, start: usize) -> Location {
    let span = spanned.span();
    Location { start: start + span.start, end: start + span.end }
}
