//! Hints for files that are not YAML, or that YAML reads differently than their author meant.
//!
//! Chinese keyboards write full-width punctuation that looks like YAML's own, and text may begin
//! with characters that have a meaning in YAML. The error's kind alone seldom shows the cause; its
//! line does.

use serde_saphyr::granit_parser::ErrorKind;

use crate::l10n::{Sentence, t};

/// How many characters of a text are shown in quotes.
const SHOWN: usize = 120;

/// Characters that look like YAML's own or like a blank but are neither, with their hints; the
/// platform's own samples are full of no-break spaces.
const ODD: [(&[char], Sentence); 6] = [
    (&['\u{a0}'], || t!("yaml-no-break-space-u-00a0")),
    (&['\u{3000}'], || t!("yaml-full-width-space-u-3000")),
    (&['：'], FULL_COLON),
    (&['，'], FULL_COMMA),
    (&['｛', '｝', '［', '］'], FULL_BRACES),
    (&['“', '”', '‘', '’', '＂', '＇'], FULL_QUOTES),
];
const FULL_COLON: Sentence = || t!("yaml-full-width-colon-after-key");
const FULL_COMMA: Sentence = || t!("yaml-full-width-comma-between-values");
const FULL_BRACES: Sentence = || t!("yaml-full-width-yaml-own");
const FULL_QUOTES: Sentence = || t!("yaml-quotes-not");
const BLANKS: usize = 2;

/// Returns the hint for a word that should be in machine form but has a full-width character in it.
pub(super) fn odd(word: &str) -> Option<String> {
    ODD.iter().find(|(odd, _)| word.contains(*odd)).map(|(_, help)| help())
}

/// The location where the parser stopped, or where a value begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop<'s> {
    /// Its line.
    pub(super) line: &'s str,
    /// The offset in its line, in bytes.
    pub(super) column: usize,
    /// Whether it is in `{…}` or `[…]`.
    pub(super) in_flow: bool,
    /// Whether the value may be shown.
    pub(super) is_shown: bool,
}

/// Returns what would be right where the parser stopped, if that can be found out.
#[expect(clippy::wildcard_enum_match_arm, reason = "most of the parser's errors need no help")]
pub(super) fn of(kind: &ErrorKind, stop: &Stop<'_>, previous: &str) -> Option<String> {
    if let ErrorKind::UnexpectedCharacter { character: '@' | '%' | '`' } = kind {
        return Some(stop.needs_quotes());
    }
    if let Some(help) = full_width(stop, previous).or_else(|| placeholder(stop)) {
        return Some(help);
    }
    let help = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabInIndentation => t!("yaml-indent-spaces-here-next-line"),
        ErrorKind::SimpleKeyExpected => t!("yaml-after-key-goes-space"),
        ErrorKind::RecursionLimitExceeded => t!("yaml-nothing-so-deep"),
        ErrorKind::InvalidQuotedScalarIndent => t!("yaml-perhaps-quote-not-closed"),
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEof => t!("yaml-perhaps-file-was-cut-short"),
        ErrorKind::CommentInterceptedScalar => t!("yaml-text-needs-quotes"),
        ErrorKind::MappingValueNotAllowed => return Some(colon(stop, previous)),
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::InvalidTrailingDoubleQuotedScalar
        | ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidBlockScalarHeader
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::InvalidTagTerminator => {
            let value = stop.value().filter(|value| value.begins_with(&INDICATORS))?;
            return Some(value.needs_quotes());
        }
        _ => return None,
    };
    Some(help)
}

/// Returns the hint for a placeholder of a series without quotes, which YAML takes for a mapping.
fn placeholder(stop: &Stop<'_>) -> Option<String> {
    let start = ["{date", "{n}"].iter().filter_map(|start| stop.line.find(start)).min()?;
    let before = &stop.line[..start];
    if !stop.is_shown || before.matches(['"', '\'']).count() % 2 == 1 {
        return None;
    }
    let first = before.rfind([' ', '[', ',']).map_or(0, |at| at + 1);
    let rest = &stop.line[first..];
    let closed = rest.find('}')? + 1;
    let end = rest[closed..].find([' ', ',', '}', ']']).map_or(rest.len(), |at| closed + at);
    let text: String = rest[..end].chars().take(SHOWN).collect();
    Some(t!("yaml-placeholder-needs-quotes", text = text))
}

/// Returns the hint for a full-width character if YAML's own was certainly meant.
fn full_width(stop: &Stop<'_>, previous: &str) -> Option<String> {
    let lines = [stop.line, previous];
    let begins = |odd: &[char]| lines.into_iter().any(|line| value(line).starts_with(odd));
    if lines.into_iter().any(|line| ends_key(line, '：')) {
        return Some(FULL_COLON());
    }
    if begins(&['｛', '［']) {
        return Some(FULL_BRACES());
    }
    if stop.in_flow && stop.line.contains('，') {
        return Some(FULL_COMMA());
    }
    if begins(&['“', '”', '‘', '’', '＂', '＇']) {
        return Some(FULL_QUOTES());
    }
    let is_there = |odd: &[char]| lines.into_iter().any(|line| line.contains(odd));
    let found = ODD[..BLANKS].iter().find(|(odd, _)| is_there(odd));
    found.map(|(_, help)| help())
}

/// Returns the hint for a `: ` at which no key is possible.
fn colon(stop: &Stop<'_>, previous: &str) -> String {
    let help = t!("yaml-check-indentation-text-needs-quotes");
    match stop.value() {
        Some(value) if value.begins_with(&INDICATORS) => value.needs_quotes(),
        _ if has_no_blank(previous) => t!("yaml-after-key-goes-space"),
        Some(value) if stop.is_shown => {
            t!("yaml-with-example", text = help, example = value.right())
        }
        Some(_) | None => help,
    }
}

impl Stop<'_> {
    /// Returns the hint for a value that begins with a character of YAML's own.
    pub(super) fn needs_quotes(&self) -> String {
        let first = self.line[self.column..].chars().next().unwrap_or_default();
        let first = if first == '`' { t!("yaml-backtick") } else { format!("`{first}`") };
        let help = t!("yaml-first-needs-quotes", first = %first);
        if self.is_shown {
            t!("yaml-with-example", text = help, example = self.right())
        } else {
            help
        }
    }

    /// Returns where the line's value begins, if that is before this byte and not in a collection.
    fn value(&self) -> Option<Self> {
        let column = self.line.len() - value(self.line).len();
        (column <= self.column && !self.in_flow).then_some(Self { column, ..*self })
    }

    fn begins_with(&self, signs: &[char]) -> bool {
        self.line[self.column..].starts_with(signs)
    }

    /// Returns the key with the value that begins here, the value in quotes.
    fn right(&self) -> String {
        let value = self.line[self.column..].trim_end();
        let end = if self.in_flow { value.find([',', ']', '}']) } else { None };
        let value = value[..end.unwrap_or(value.len())].trim_end();
        let before = self.line[..self.column].trim_end();
        let key = before.strip_suffix(':').map(|key| {
            let key = key.trim_end();
            &key[key.rfind([' ', '\t', '{', '[', ',']).map_or(0, |at| at + 1)..]
        });
        match key {
            Some(key) => format!("{key}: {}", quoted(value)),
            None if before.ends_with('-') => format!("- {}", quoted(value)),
            None => quoted(value),
        }
    }
}

/// The characters that begin something other than text.
const INDICATORS: [char; 13] = ['"', '\'', '[', '{', ']', '}', '|', '>', '!', '-', '?', ',', '&'];

/// Returns a text in the quotes that change nothing in it.
pub(super) fn quoted(text: &str) -> String {
    let shown = match text.char_indices().nth(SHOWN) {
        Some((end, _)) => &format!("{}…", &text[..end]),
        None => text,
    };
    if shown.contains(['"', '\\']) {
        format!("'{}'", shown.replace('\'', "''"))
    } else {
        format!("\"{shown}\"")
    }
}

/// Returns the text at the end of a line in a collection, and the brackets after it that close
/// collections; `None` if the end of the text is not certain.
pub(super) fn text_and_closing(rest: &str) -> Option<(&str, &str)> {
    let text = rest.trim_end_matches([' ', '\t', ',', ']', '}']);
    let is_key = |behind: &str| {
        let word = behind.trim_start();
        let end = word.find(':').unwrap_or_default();
        end > 0 && word[..end].chars().all(is_key_character)
    };
    let next = text.match_indices(',').find(|(at, _)| is_key(&text[at + 1..]));
    match next {
        Some((at, _)) => Some((text[..at].trim_end(), "")).filter(|(text, _)| is_plain(text)),
        None => is_plain(text).then(|| (text, &rest[text.len()..])),
    }
}

/// Returns whether a text holds nothing that would end it in a collection.
fn is_plain(text: &str) -> bool {
    !text.contains([',', '[', ']', '{', '}'])
}

/// Returns the value on a line that begins with a key or a dash; without those, the whole line.
fn value(line: &str) -> &str {
    let rest = line.trim_start_matches([' ', '\t', '-', '{', '[']);
    let key = rest.trim_start_matches(is_key_character);
    let value = key.strip_prefix(':').filter(|value| value.starts_with([' ', '\t']));
    match value {
        Some(value) if key.len() < rest.len() => value.trim_start_matches([' ', '\t']),
        Some(_) | None => line.trim_start_matches([' ', '\t', '-']),
    }
}

/// Returns whether an ASCII word on a line ends with this character.
fn ends_key(line: &str, end: char) -> bool {
    line.match_indices(end).any(|(at, _)| line[..at].ends_with(is_key_character))
}

/// Returns whether a line begins with a key and a `:` with nothing after it.
fn has_no_blank(line: &str) -> bool {
    let rest = line.trim_start_matches([' ', '-']);
    let key = rest.trim_start_matches(is_key_character);
    key.len() < rest.len()
        && key
            .strip_prefix(':')
            .is_some_and(|value| !value.starts_with([' ', '\t']) && !value.is_empty())
}

fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
