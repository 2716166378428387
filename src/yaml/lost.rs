//! Text that YAML would drop silently, because ` #` begins a comment, and line ends that it drops.
//!
//! Only two kinds of values are checked: those for readers, and words that other programs take as
//! they are. After a number, a comment is meant as one. A quoted text ends at its quote, so nothing
//! of it can be lost. A comment on a line of its own is meant as one too, unless it is indented
//! deeper than the key: there the text would continue. After a word, such as a key or an address,
//! only `#1` is taken for a part of it, and not `# 1`.
//!
//! The line ends of a plain or quoted text are read as blanks. An author who means that can write
//! it with `\` before the line's end, or with `>`: but not for a text that readers see with its
//! lines, where `>` is as often a mistake for `|`.

use super::diagnostic::{Location, Report};
use super::hint;
use crate::l10n::{Sentence, t};

/// The message about a text with the beginning of a comment in it.
const QUOTES: Sentence = || t!("yaml-text-needs-quotes");

/// What a comment must not cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text for readers.
    Prose,
    /// Such a text that readers see with its line ends.
    Lines,
    /// A word that other programs take as it is.
    Word,
}

/// The key of such a text, as the value below it needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prose<'k> {
    pub(super) kind: Kind,
    /// The key.
    pub(super) key: &'k str,
    /// The byte after it.
    pub(super) end: usize,
    /// The indentation that each line of its text must exceed.
    pub(super) indent: usize,
    /// Whether the value is in a list below the key.
    pub(super) is_item: bool,
}

impl Prose<'_> {
    /// Returns the key's line with its value in quotes.
    fn right(&self, value: &str) -> String {
        let key = if self.is_item { "- ".to_owned() } else { format!("{}: ", self.key) };
        format!("{key}{}", hint::quoted(value))
    }
}

/// How a scalar is written, as far as it decides what a comment cuts from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Without quotes, in a block or in `{…}` and `[…]`.
    Plain { in_flow: bool },
    /// After `|` or `>`.
    Block,
}

/// Reports the comment that cuts a value; returns the last line in which mistakes may follow from
/// it.
pub(super) fn check(
    source: &str,
    prose: &Prose<'_>,
    (value, location, written): (&str, Location, Written),
    report: &mut Report<'_>,
) -> Option<usize> {
    let (cut, message, help) = match written {
        Written::Plain { in_flow } => plain(source, prose, (value, location, in_flow))?,
        Written::Block => {
            let line = source[..location.end].rfind(['\n', '\r']).map_or(0, |end| end + 1);
            if !source[line..location.end].trim().is_empty() {
                return None;
            }
            let message = t!("yaml-line-comment-which-ends-text", key = %prose.key);
            let (cut, help) = match deeper_comment(source, line, prose.indent) {
                Some(cut) => (cut, t!("yaml-indent-text-or-key")),
                None => (topic_line(source, line, prose.indent)?, t!("yaml-indent-text-or-blank")),
            };
            (cut, message, help)
        }
    };
    report.say_with(cut, message, help);
    Some(report.line(cut.start) + 1)
}

/// Returns what is between a key and its value if it reads as text and not as a comment.
pub(super) fn before<'s>(source: &'s str, prose: &Prose<'_>) -> Option<(Location, &'s str)> {
    let behind = &source[prose.end..];
    let mut rest = behind.trim_start_matches([' ', '\t', ':']);
    if prose.is_item || rest.len() == behind.len() {
        return None;
    }
    loop {
        rest = rest.trim_start();
        let text = rest.strip_prefix('#')?;
        let start = source.len() - rest.len();
        let line = line_of(source, start).trim_end();
        let is_deeper = column(source, start) > prose.indent;
        if is_deeper && line.len() > 1 && !text.starts_with([' ', '\t', '#']) {
            return Some((Location { start, end: start + line.len() }, line));
        }
        rest = &rest[line.len()..];
    }
}

/// Returns the distance of a byte from the start of its line.
fn column(source: &str, at: usize) -> usize {
    at - source[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1)
}

/// Reports a text that begins with `#`.
pub(super) fn say_before(
    prose: &Prose<'_>,
    (location, text): (Location, &str),
    value: &str,
    report: &mut Report<'_>,
) {
    let message = t!("yaml-begins-comment-which-not-part", key = %prose.key);
    let meant = format!("{text} {value}");
    let right = prose.right(meant.trim_end());
    let help = t!("yaml-text-begins-needs-quotes-comment", right = %right);
    report.say_with(location, message, help);
}

/// Reports a text for readers whose line ends YAML does not keep, without an explicit sign for
/// that.
pub(super) fn check_folded(
    source: &str,
    prose: &Prose<'_>,
    (location, in_quotes, in_flow): (Location, bool, bool),
    report: &mut Report<'_>,
) {
    let written = source[location.start..location.end].trim_end();
    let lines = written.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let (count, first) = (lines.clone().count(), lines.clone().next().unwrap_or_default());
    // In double quotes a backslash removes the line's end, but an escaped backslash does not.
    let is_joined = |line: &str| {
        let marks = line.len() - line.trim_end_matches('\\').len();
        in_quotes && !marks.is_multiple_of(2)
    };
    if prose.kind == Kind::Word || lines.take(count - 1).all(is_joined) {
        return;
    }
    let message = t!("yaml-goes-over-lines-yaml-does", key = %prose.key, count = %count);
    let key = if prose.is_item { "-".to_owned() } else { format!("{}:", prose.key) };
    let help = match in_flow {
        true => t!("yaml-write-one-line-line-end"),
        false => t!("yaml-write-lines-below-indented-keep", key = %key),
    };
    let location = Location { end: location.start + first.len(), ..location };
    report.say_with(location, message, help);
}

/// Reports a text after `>` of which YAML joins lines, where readers see the lines.
pub(super) fn check_joined(
    source: &str,
    prose: &Prose<'_>,
    location: Location,
    report: &mut Report<'_>,
) {
    let header = &source[prose.end..];
    let Some(at) = header.find('>').filter(|_| prose.kind == Kind::Lines && !prose.is_item) else {
        return;
    };
    let start = prose.end + at;
    let written = source[start..location.end.max(start)].trim_end();
    let lines: Vec<_> = written.lines().skip(1).collect();
    let are_joined = |pair: &[&str]| pair.iter().all(|line| !line.trim().is_empty());
    if lines.windows(2).any(are_joined) {
        let count = lines.len();
        let message = t!("yaml-joins-lines-blanks", count = %count, key = %prose.key);
        let help = t!("yaml-write-keep-lines-all-one", key = %prose.key);
        report.say_with(Location { start, end: start + 1 }, message, help);
    }
}

fn plain(
    source: &str,
    prose: &Prose<'_>,
    (value, location, in_flow): (&str, Location, bool),
) -> Option<(Location, String, String)> {
    let behind = &source[location.end..];
    let rest = behind.trim_start_matches([' ', '\t']);
    let is_word = prose.kind == Kind::Word;
    let noted = rest.trim_start_matches('#');
    if is_word && (noted.is_empty() || noted.starts_with([' ', '\t', '\n', '\r'])) {
        return None;
    }
    if rest.starts_with('#') && rest.len() < behind.len() {
        let start = source.len() - rest.len();
        let rest = line_of(source, start).trim_end();
        let blanks = &source[location.end..start];
        let found = if in_flow { hint::text_and_closing(rest) } else { Some((rest, "")) };
        let message = t!("yaml-begins-comment-which-ends-text", key = %prose.key);
        let right = match found {
            Some((text, closing)) => {
                format!("{}{closing}", if_text(prose, &format!("{value}{blanks}{text}")))
            }
            None => QUOTES(),
        };
        let help = t!("yaml-comment-goes-line-own", right = %right);
        return Some((Location { start, end: start + rest.len() }, message, help));
    }
    if !rest.is_empty() && !rest.starts_with(['\n', '\r']) {
        return None;
    }
    if is_word {
        return None;
    }
    let cut = deeper_comment(source, location.end, prose.indent)?;
    let message = t!("yaml-line-comment-which-ends-text", key = %prose.key);
    let right = if_text(prose, &format!("{value} {}", &source[cut.start..cut.end]));
    Some((cut, message, t!("yaml-comment-indented-like-key", right = %right)))
}

fn if_text(prose: &Prose<'_>, meant: &str) -> String {
    t!("yaml-with-example", text = QUOTES(), example = prose.right(meant))
}

/// Returns the first line from a byte on that is not empty, if it is a comment that is indented
/// more than this.
fn deeper_comment(source: &str, from: usize, indent: usize) -> Option<Location> {
    let rest = &source[from..];
    let text = rest.trim_start_matches([' ', '\t', '\n', '\r']);
    if !text.starts_with('#') {
        return None;
    }
    let start = source.len() - text.len();
    if column(source, start) <= indent {
        return None;
    }
    Some(Location { start, end: start + line_of(source, start).trim_end().len() })
}

/// Returns the first line from a byte on that is not empty, if it is a comment that is indented
/// like the key and reads as text: without a blank after its `#`, and neither a key nor an item.
fn topic_line(source: &str, from: usize, indent: usize) -> Option<Location> {
    let rest = source[from..].trim_start();
    let start = source.len() - rest.len();
    let text = rest.strip_prefix('#').filter(|_| column(source, start) == indent)?;
    let line = line_of(source, start).trim_end();
    let word = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let is_key = word.starts_with(':');
    let is_text = text.chars().next().is_some_and(char::is_alphanumeric) && !is_key;
    is_text.then_some(Location { start, end: start + line.len() })
}

/// Returns a line from a byte on, without its end.
fn line_of(source: &str, from: usize) -> &str {
    let rest = &source[from..];
    &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())]
}
