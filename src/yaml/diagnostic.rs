//! Diagnostics: what is wrong in a file, where, and what would be right.
//!
//! Positions are lines and characters, both from 1, so that Chinese text before a mistake does not
//! shift it. The caret is aligned by display width, so that it is under the mistake in a terminal.
//! Text from files is made visible before it is shown: a control character in a job file must not
//! reach an operator's terminal. The first line is `file:line:column: message`, which editors
//! recognize. The JSON has the shown line too, so a renderer of source text (annotate-snippets)
//! would replace only the line with the caret.

use crate::l10n::t;
use std::fmt;

use serde::Serialize;
use strsim::levenshtein;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr as _};

/// How many problems of one file are reported.
const TOLD: usize = 100;
/// How many characters of a line are shown before and after a mistake.
const SHOWN_BEFORE: usize = 90;
const SHOWN_AFTER: usize = 60;
/// How many characters of a value are quoted in a message.
const QUOTED: usize = 60;
/// The longest word, in bytes, that is compared with others as a possible misspelling.
const LONGEST_SLIP: usize = 64;

/// One problem of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file's name.
    pub file: String,
    /// The line, from 1; 0 if the file as a whole is meant.
    pub line: usize,
    /// The column in characters, from 1; 0 if the file as a whole is meant.
    pub column: usize,
    /// The text of that line; of a long one, the part around the column.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// The start and length of the caret, in terminal cells of `text`.
    #[serde(skip)]
    caret: (usize, usize),
}

impl Diagnostic {
    /// Returns a diagnostic about the file as a whole.
    pub fn whole(file: &str, message: &str, help: Option<&str>) -> Self {
        Self {
            file: visible(file),
            line: 0,
            column: 0,
            text: String::new(),
            message: visible(message),
            help: help.map(visible),
            caret: (0, 0),
        }
    }

    /// Removes everything after `length` characters from the shown line; the caret stays below what
    /// is left.
    pub(crate) fn cut_text(&mut self, length: usize) {
        if let Some((end, _)) = self.text.char_indices().nth(length) {
            self.text.truncate(end);
            let (start, cells) = self.caret;
            let start = start.min(self.text.width());
            self.caret = (start, cells.min(self.text.width() + 1 - start));
            self.text.push('…');
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)?;
        } else {
            writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
            writeln!(f, "  {}", self.text)?;
            write!(f, "  {}{}", " ".repeat(self.caret.0), "^".repeat(self.caret.1))?;
        }
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

/// A range of bytes of the text being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Location {
    /// Its first byte.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
}

/// The problems found so far in one text.
pub(crate) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    /// Where each line starts.
    lines: Vec<usize>,
    problems: Vec<Diagnostic>,
    count: usize,
}

impl<'a> Report<'a> {
    /// Starts a report on `text`.
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, lines: line_starts(text), problems: Vec::new(), count: 0 }
    }

    /// Returns how many problems there are, reported or not.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Adds a problem.
    pub(crate) fn say(&mut self, location: Location, message: impl AsRef<str>) {
        self.add(location, message.as_ref(), None);
    }

    /// Adds a problem with what would be right.
    pub(crate) fn say_with(
        &mut self,
        location: Location,
        message: impl AsRef<str>,
        help: impl AsRef<str>,
    ) {
        self.add(location, message.as_ref(), Some(help.as_ref()));
    }

    /// Adds the problems of another file that this one names.
    pub(crate) fn include(&mut self, other: Report<'_>) {
        let room = TOLD.saturating_sub(self.problems.len());
        self.count += other.count;
        self.problems.extend(other.problems.into_iter().take(room));
    }

    /// Returns the name of a file in the folder of this one.
    pub(crate) fn beside(&self, path: &str) -> String {
        match self.file.rfind('/') {
            Some(end) => format!("{}{path}", &self.file[..=end]),
            None => path.to_owned(),
        }
    }

    /// Returns the number, from 1, of the line of a byte.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|&start| start <= at)
    }

    /// Returns the offset of a byte in its line.
    pub(crate) fn column(&self, at: usize) -> usize {
        at - self.lines[self.line(at) - 1]
    }

    /// Returns the text of a line, without its end.
    pub(crate) fn line_text(&self, line: usize) -> &'a str {
        let start = self.lines[line - 1];
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// Returns the problems in the order of their locations, and those beyond the limit as a
    /// number.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        let untold = self.count.saturating_sub(self.problems.len());
        // Problems of a list file stay after those of the file that names it.
        let file = visible(self.file);
        self.problems.sort_by_key(|p| (p.file != file, p.line, p.column));
        // A mistake that aliases copied is reported once, where it is written.
        self.problems.dedup();
        if untold > 0 {
            let message = t!("yaml-and-more", untold = %untold);
            self.problems.push(Diagnostic::whole(self.file, &message, None));
        }
        self.problems
    }

    /// Returns a diagnostic at a location of this text.
    pub(crate) fn diagnostic(
        &self,
        location: Location,
        message: &str,
        help: Option<&str>,
    ) -> Diagnostic {
        let line = self.line(location.start);
        let text = self.line_text(line);
        let start = text.floor_char_boundary(location.start - self.lines[line - 1]);
        let end = text.ceil_char_boundary(location.end.saturating_sub(self.lines[line - 1]));
        let column = text[..start].chars().count() + 1;
        let length = text[start..end.max(start)].chars().count();
        let (text, caret) = excerpt(text, column - 1, length);
        Diagnostic {
            file: visible(self.file),
            line,
            column,
            text,
            message: visible(message),
            help: help.map(visible),
            caret,
        }
    }

    /// Returns a diagnostic about the content of a line.
    pub(crate) fn on_line(&self, line: usize, message: &str, help: Option<&str>) -> Diagnostic {
        let line = line.clamp(1, self.lines.len());
        let text = self.line_text(line);
        let indent = text.len() - text.trim_start_matches([' ', '-', '{', '[']).len();
        let start = self.lines[line - 1];
        let location = Location { start: start + indent, end: start + text.trim_end().len() };
        self.diagnostic(location, message, help)
    }

    fn add(&mut self, location: Location, message: &str, help: Option<&str>) {
        self.count += 1;
        if self.problems.len() < TOLD {
            self.problems.push(self.diagnostic(location, message, help));
        }
    }
}

/// Returns where each line starts; YAML's line ends are LF, CR LF and CR.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|&(at, &byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}

/// Returns the part of a line around a mistake, and the caret's cells in it.
fn excerpt(line: &str, before: usize, length: usize) -> (String, (usize, usize)) {
    let skipped = before.saturating_sub(SHOWN_BEFORE);
    let mut shown = String::new();
    let (mut caret, mut caret_length) = (0, 0);
    if skipped > 0 {
        shown.push('…');
        caret = 1;
    }
    let end = before + length.clamp(1, SHOWN_AFTER) + SHOWN_AFTER;
    for (index, c) in line.chars().enumerate().skip(skipped) {
        if index >= end {
            shown.push('…');
            break;
        }
        let width = push_visible(&mut shown, c);
        if index < before {
            caret += width;
        } else if index < before + length {
            caret_length += width;
        }
    }
    (shown, (caret, caret_length.clamp(1, SHOWN_BEFORE + SHOWN_AFTER)))
}

/// Returns text in which every character is visible.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut shown, c);
    }
    shown
}

/// Returns the cells that the character takes.
fn push_visible(shown: &mut String, c: char) -> usize {
    if c == '\t' {
        shown.push(' ');
        return 1;
    }
    if is_hidden(c) {
        let escaped = c.escape_unicode();
        let width = escaped.len();
        shown.extend(escaped);
        return width;
    }
    shown.push(c);
    c.width().unwrap_or(0)
}

/// Returns whether a character controls a terminal or the order of text instead of being visible.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a value in backquotes, shortened.
pub(crate) fn quote(value: &str) -> String {
    match value.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("`{}…`", &value[..end]),
        None => format!("`{value}`"),
    }
}

/// Returns the candidate that was probably meant.
pub(crate) fn closest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // A longer word is never a typing mistake, and must not cost quadratic time.
    if word.len() > LONGEST_SLIP {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (levenshtein(&word, &plain(candidate)), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_mistake_after_chinese_text() {
        let text = "a: 1\nb: 春天来了, c\n";
        let report = Report::new("f.yaml", text);
        let start = text.find("c\n").unwrap();

        let found = report.diagnostic(Location { start, end: start + 1 }, "no", Some("yes"));

        assert_eq!(
            found.to_string(),
            "f.yaml:2:10: no\n  b: 春天来了, c\n               ^\nhelp: yes"
        );
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mistake_is_shown() {
        let text = format!("{}x{}", "a".repeat(500), "b".repeat(500));
        let report = Report::new("f.yaml", &text);

        let found = report.diagnostic(Location { start: 500, end: 501 }, "no", None);

        assert_eq!(found.column, 501);
        assert_eq!(found.text, format!("…{}x{}…", "a".repeat(90), "b".repeat(60)));
        assert_eq!(found.caret, (91, 1));
    }

    #[test]
    fn control_characters_are_made_visible() {
        let report = Report::new("a\nb.yaml", "x\u{1b}[31m\ty\u{202e}");

        let found = report.diagnostic(Location { start: 6, end: 7 }, "\u{7} rings", None);

        assert_eq!(found.file, "a\\u{a}b.yaml");
        assert_eq!(found.text, "x\\u{1b}[31m y\\u{202e}");
        assert_eq!(found.message, "\\u{7} rings");
        assert_eq!(found.caret, (11, 1));
    }

    #[test]
    fn every_line_end_of_yaml_counts() {
        let report = Report::new("f", "a\nb\r\nc\rd");

        assert_eq!((1..=4).map(|n| report.line_text(n)).collect::<String>(), "abcd");
        assert_eq!([0, 2, 5, 7].map(|at| report.line(at)), [1, 2, 3, 4]);
    }

    #[test]
    fn problems_beyond_the_first_hundred_are_counted() {
        let mut report = Report::new("f", "a");
        for number in 0..105 {
            report.say(Location::default(), format!("no {number}"));
        }

        let told = report.finish();

        assert_eq!(told.len(), 101);
        assert_eq!(told[100].message, "and 5 more");
    }

    #[test]
    fn slips_of_the_keyboard_are_recognised() {
        let keys = ["account", "at", "tag_id", "is_to_all"];
        for (word, expected) in [
            ("acount", Some("account")),
            ("Account", Some("account")),
            ("tag-id", Some("tag_id")),
            ("isToAll", Some("is_to_all")),
            ("everything", None),
        ] {
            assert_eq!(closest(word, keys), expected, "{word}");
        }
    }
}
