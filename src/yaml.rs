//! A strict reading of YAML into a tree that knows where everything stands.
//!
//! Half of what YAML allows is a trap in a file that sends messages which cannot be called back:
//! repeated keys, merge keys, aliases, tags and second documents are refused. Scalars stay text
//! (nothing is a number or a boolean before a field asks for one), and every node keeps its place.
//! JSON is read the same way, as the part of YAML that it is. serde-saphyr's parser gives the
//! events; its deserializer stops at the first mistake, and a person wants to see all of them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_saphyr::granit_parser::{
    self, ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput,
};

pub(crate) mod diagnostic;

pub use diagnostic::Diagnostic;
use diagnostic::{Place, Report, closest, is_hidden, quote};

/// How deep collections may lie in one another.
const DEPTH: usize = 16;
/// How many values a file may hold; each takes memory.
const NODES: usize = 1_000_000;

/// Spaces that look like one and are none to YAML; the platform's own samples are full of the first.
const ODD_SPACES: [(char, &str); 2] = [
    (
        '\u{a0}',
        "a no-break space (U+00A0) stands here, as in text from a web page: write plain ones",
    ),
    ('\u{3000}', "a full-width space (U+3000) stands here: write plain ones"),
];

/// One value and where it stands.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// Where it stands.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) value: Value<'a>,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    /// Nothing, `~` or `null`.
    Empty,
    /// A scalar; a plain one has no quotes.
    Text { text: Cow<'a, str>, plain: bool },
    /// A sequence.
    List(Vec<Node<'a>>),
    /// A mapping.
    Map(Vec<Entry<'a>>),
}

/// One key of a mapping with its value.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The key.
    pub(crate) key: Cow<'a, str>,
    /// Where the key stands.
    pub(crate) key_place: Place,
    /// The value; an empty one stands where its key stands.
    pub(crate) node: Node<'a>,
}

/// The tree could not be read; the report says why.
#[derive(Debug)]
pub(crate) struct Broken;

/// Returns the text of a file without its byte order mark, or the diagnostics' own text and where
/// it is not UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, (String, Place, &'static str)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = bytes.iter().take(4).collect::<Vec<_>>();
    if matches!(start[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        let shown = "(not shown)".to_owned();
        return Err((shown, Place::default(), "this is UTF-16 or binary, not UTF-8"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let start = error.valid_up_to();
        let shown = String::from_utf8_lossy(bytes).into_owned();
        (shown, Place { start, end: start + 1 }, "this is not UTF-8")
    })
}

/// Reports every character that would be invisible, and says whether there was none.
pub(crate) fn check_characters(text: &str, report: &mut Report<'_>) -> Result<(), Broken> {
    let before = report.count();
    let hidden = |c: char| is_hidden(c) && !matches!(c, '\t' | '\n' | '\r');
    for (start, c) in text.char_indices().filter(|&(_, c)| hidden(c)) {
        let place = Place { start, end: start + c.len_utf8() };
        report.say_with(place, hidden_message(c), "take it out");
    }
    if report.count() == before { Ok(()) } else { Err(Broken) }
}

fn hidden_message(c: char) -> String {
    let kind = if c.is_control() { "control" } else { "text direction" };
    format!("the {kind} character U+{:04X} is not allowed", u32::from(c))
}

/// Reads the one document of a text; `None` where there is nothing in it.
pub(crate) fn load<'a>(text: &'a str, report: &mut Report<'_>) -> Result<Option<Node<'a>>, Broken> {
    let options = granit_parser::options! {
        disallow_directives: true,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
        emit_unresolved_aliases: true,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    Loader { parser, text, report, nodes: 0 }.document()
}

struct Loader<'a, 'r, 'f> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    report: &'r mut Report<'f>,
    nodes: usize,
}

impl<'a> Loader<'a, '_, '_> {
    fn document(mut self) -> Result<Option<Node<'a>>, Broken> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            if root.is_some() && matches!(event, Event::DocumentStart(..)) {
                let help = "put its jobs into a file of their own";
                self.report.say_with(place(&span), "a second document starts here", help);
                return Err(Broken);
            }
            if event.is_node() {
                root = Some(self.node(event, span)?);
            }
        }
        Ok(root.filter(|node| !matches!(node.value, Value::Empty)))
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Broken> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(error)) => {
                self.syntax(&error);
                Err(Broken)
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum is open")]
    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node<'a>, Broken> {
        let place = place(&span);
        self.nodes += 1;
        if self.nodes > NODES {
            self.report.say(place, format!("more than {NODES} values in one file"));
            return Err(Broken);
        }
        self.refuse_properties(&event, place);
        let value = match event {
            Event::Scalar(text, style, _, _) => self.scalar(text, style, place),
            Event::SequenceStart(..) => Value::List(self.list()?),
            Event::MappingStart(..) => Value::Map(self.map()?),
            // An alias, just refused: what stands in for it must not be one more mistake.
            _ => Value::Text { text: Cow::Borrowed("*"), plain: true },
        };
        Ok(Node { place, value })
    }

    fn scalar(&mut self, text: Cow<'a, str>, style: ScalarStyle, place: Place) -> Value<'a> {
        let plain = style == ScalarStyle::Plain;
        if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
            return Value::Empty;
        }
        // Only escapes can bring such a character here: the file itself was checked.
        let hidden = |c: &char| is_hidden(*c) && !matches!(c, '\t' | '\n' | '\r');
        if style == ScalarStyle::DoubleQuoted
            && let Some(c) = text.chars().find(hidden)
        {
            self.report.say_with(place, hidden_message(c), "take its escape out");
        }
        Value::Text { text, plain }
    }

    fn list(&mut self) -> Result<Vec<Node<'a>>, Broken> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            items.push(self.node(event, span)?);
        }
        Ok(items)
    }

    fn map(&mut self) -> Result<Vec<Entry<'a>>, Broken> {
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut seen = HashMap::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, span)?;
            let Some((event, span)) = self.next()? else { break };
            let mut node = self.node(event, span)?;
            if matches!(node.value, Value::Empty) && node.place.start == node.place.end {
                node.place = key.place;
            }
            let Value::Text { text, plain } = key.value else {
                self.report.say(key.place, "a key must be a word");
                continue;
            };
            if plain && text == "<<" {
                self.report.say_with(key.place, "merge keys are not allowed", "write it out");
            } else if let Some(first) = seen.get(&text) {
                self.repeated(&text, key.place, *first);
            } else {
                seen.insert(text.clone(), key.place);
                entries.push(Entry { key: text, key_place: key.place, node });
            }
        }
        Ok(entries)
    }

    fn repeated(&mut self, key: &str, place: Place, first: Place) {
        let line = self.report.line(first.start);
        let message = format!("the key {} is already there on line {line}", quote(key));
        self.report.say_with(place, message, "keep one of the two");
    }

    fn refuse_properties(&mut self, event: &Event<'_>, place: Place) {
        if event.alias_id().is_some() || matches!(event, Event::UnresolvedAlias(_)) {
            self.report.say_with(
                place,
                "aliases (`*name`) are not allowed",
                "write it out; text that starts with `*` needs quotes",
            );
        }
        if event.anchor_id().is_some() {
            let help = "write it out; text that starts with `&` needs quotes";
            self.report.say_with(place, "anchors (`&name`) are not allowed", help);
        }
        if event.tag().is_some() {
            let help = "leave it out; text that starts with `!` needs quotes";
            self.report.say_with(place, "tags (`!name`) are not allowed", help);
        }
    }

    fn syntax(&mut self, error: &ScanError) {
        let marker = error.marker();
        let by_chars = || self.text.char_indices().nth(marker.index()).map(|(at, _)| at);
        let start = marker.byte_offset().or_else(by_chars).unwrap_or(self.text.len());
        let start = start.min(self.text.len());
        let end = start + self.text[start..].chars().next().map_or(0, char::len_utf8);
        let help = self.syntax_help(error.kind(), start);
        let message = format!("this is not YAML: {}", error.kind());
        match help {
            Some(help) => self.report.say_with(Place { start, end }, message, help),
            None => self.report.say(Place { start, end }, message),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most of the parser's errors need no help")]
    fn syntax_help(&self, kind: &ErrorKind, start: usize) -> Option<&'static str> {
        let line = self.report.line(start);
        let is_around = |c| {
            (line.saturating_sub(1).max(1)..=line).any(|n| self.report.line_text(n).contains(c))
        };
        if is_around('：') {
            return Some("`：` is a full-width colon; after a key goes `:` and a space");
        }
        if is_around('“') || is_around('”') {
            return Some("quotes are `\"` or `'`, not `“` and `”`");
        }
        if let Some((_, help)) = ODD_SPACES.iter().find(|(space, _)| is_around(*space)) {
            return Some(help);
        }
        match kind {
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabInIndentation => Some("indent with spaces, here and on the next line"),
            ErrorKind::SimpleKeyExpected => Some("after a key goes `:` and a space"),
            ErrorKind::RecursionLimitExceeded => Some("nothing in a job file lies that deep"),
            ErrorKind::InvalidQuotedScalarIndent => Some("perhaps a quote is not closed"),
            ErrorKind::UnclosedQuotedScalar
            | ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::UnexpectedEof => Some("perhaps the file was cut short"),
            ErrorKind::MappingValueNotAllowed => {
                Some("check the indentation; text with `: ` in it needs quotes")
            }
            _ => None,
        }
    }
}

fn place(span: &Span) -> Place {
    let range = span.byte_range().unwrap_or_default();
    Place { start: range.start, end: range.end.max(range.start) }
}

/// Which keys a mapping may have.
pub(crate) struct Shape {
    /// The mapping's name in messages, with its article.
    pub(crate) what: &'static str,
    /// The keys it may have.
    pub(crate) known: &'static [&'static str],
    /// Keys that people write for a reason, and what to tell them.
    pub(crate) refused: &'static [(&'static str, &'static str, &'static str)],
}

/// A mapping whose keys were checked.
pub(crate) struct Fields<'n, 'a> {
    entries: &'n [Entry<'a>],
    /// Where to say that something is missing.
    pub(crate) place: Place,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Returns the entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns the entry of a key, or reports that it is missing.
    pub(crate) fn require(
        &self,
        key: &str,
        help: &str,
        report: &mut Report<'_>,
    ) -> Option<&'n Entry<'a>> {
        let found = self.get(key);
        if found.is_none() {
            report.say_with(self.place, format!("`{key}` is missing"), help);
        }
        found
    }
}

impl<'a> Node<'a> {
    /// Returns the mapping's fields, after reporting every key that does not belong.
    pub(crate) fn fields(
        &self,
        place: Place,
        shape: &Shape,
        report: &mut Report<'_>,
    ) -> Option<Fields<'_, 'a>> {
        let Value::Map(entries) = &self.value else {
            let keys = shape.known.join(", ");
            let message = format!("{} must have keys, not {}", shape.what, self.describe());
            report.say_with(self.place, message, format!("its keys are: {keys}"));
            return None;
        };
        for entry in entries {
            let refused = shape.refused.iter().find(|(key, ..)| *key == entry.key);
            if let Some((_, message, help)) = refused {
                report.say_with(entry.key_place, message, help);
            } else if !shape.known.contains(&&*entry.key) {
                let message = format!("unknown key {} in {}", quote(&entry.key), shape.what);
                let odd = ODD_SPACES.iter().find(|(space, _)| entry.key.contains(*space));
                let help = match (odd, closest(&entry.key, shape.known.iter().copied())) {
                    (Some((_, help)), _) => (*help).to_owned(),
                    (None, Some(key)) => format!("did you mean `{key}`?"),
                    (None, None) => format!("its keys are: {}", shape.known.join(", ")),
                };
                report.say_with(entry.key_place, message, help);
            }
        }
        Some(Fields { entries, place })
    }

    /// Returns what the value is, for a message.
    pub(crate) fn describe(&self) -> &'static str {
        match self.value {
            Value::Empty => "nothing",
            Value::Text { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "keys and values",
        }
    }
}

impl<'a> Entry<'a> {
    /// Returns the value as text, without spaces around it and not empty.
    pub(crate) fn text(&self, report: &mut Report<'_>) -> Option<&str> {
        match &self.node.value {
            Value::Text { text, .. } if !text.trim().is_empty() => Some(text.trim()),
            Value::Text { .. } | Value::Empty => {
                let message = format!("`{}` is empty", self.key);
                report.say_with(self.node.place, message, "give it a value, or take the key out");
                None
            }
            Value::List(_) | Value::Map(_) => {
                let message = format!("`{}` must be text, not {}", self.key, self.node.describe());
                report.say(self.node.place, message);
                None
            }
        }
    }

    /// Returns the value as a boolean.
    pub(crate) fn boolean(&self, report: &mut Report<'_>) -> Option<bool> {
        if let Value::Text { text, plain: true } = &self.node.value {
            match &**text {
                "true" => return Some(true),
                "false" => return Some(false),
                _ => {}
            }
        }
        let message = format!("`{}` must be true or false", self.key);
        report.say_with(self.node.place, message, "without quotes; `yes` and `1` are neither");
        None
    }

    /// Returns the value as a number of a range.
    pub(crate) fn number(&self, least: i64, most: i64, report: &mut Report<'_>) -> Option<i64> {
        if let Value::Text { text, plain: true } = &self.node.value
            && let Ok(number) = text.parse::<i64>()
            && (least..=most).contains(&number)
        {
            return Some(number);
        }
        let message = format!("`{}` must be a number from {least} to {most}", self.key);
        report.say(self.node.place, message);
        None
    }

    /// Returns what the value's word stands for.
    pub(crate) fn choice<T: Copy>(
        &self,
        choices: &[(&str, T)],
        report: &mut Report<'_>,
    ) -> Option<T> {
        let word = self.text(report)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!("{} is no value of `{}`", quote(word), self.key);
            report.say_with(self.node.place, message, format!("it is one of {}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }
}
