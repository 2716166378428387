//! A strict YAML parser that returns a tree in which every node has its source location.
//!
//! Half of what YAML allows is a trap in a file that sends messages which cannot be recalled.
//! Repeated keys, tags and second documents are refused, and so is a comment that would cut a text
//! (`lost`). Aliases and merge keys are expanded (`alias`). Scalars stay text: nothing is a number
//! or a boolean before a field asks for one. Every node keeps its location. JSON is read the same
//! way, because it is a part of YAML. serde-saphyr's parser gives the events; its deserializer
//! stops at the first mistake, and an author needs to see all of them.

use crate::l10n::{Sentence, t};
use std::borrow::Cow;
use std::collections::HashMap;

use serde_saphyr::granit_parser::{
    self, Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle,
};

mod alias;
pub(crate) mod diagnostic;
mod hint;
mod lost;

use alias::{Anchors, Unfollowed};
pub use diagnostic::Diagnostic;
use diagnostic::{Location, Report, closest, is_hidden, quote};
use lost::{Prose, Written};

/// How deep collections may be nested.
const DEPTH: usize = 16;
/// How many values a file may hold; each takes memory.
const NODES: usize = 1_000_000;

/// One value and its location.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    /// Its location.
    pub(crate) location: Location,
    /// Its content.
    pub(crate) value: Value<'a>,
}

/// The kinds of values.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    /// The key.
    pub(crate) key: Cow<'a, str>,
    /// The location of the key.
    pub(crate) key_location: Location,
    /// The value; an empty one has the location of its key.
    pub(crate) node: Node<'a>,
}

/// The tree could not be read; the report says why.
#[derive(Debug)]
pub(crate) struct SyntaxError;

/// Returns the text of a file without its byte order mark, or the diagnostics' own text and the
/// location at which it is not UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, (String, Location, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = bytes.iter().take(4).collect::<Vec<_>>();
    if matches!(start[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        let shown = t!("yaml-not-shown");
        return Err((shown, Location::default(), t!("yaml-utf-16")));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let start = error.valid_up_to();
        let shown = String::from_utf8_lossy(bytes).into_owned();
        (shown, Location { start, end: start + 1 }, t!("yaml-not-utf-8"))
    })
}

/// Reports every character that would be invisible, and returns whether there was none.
pub(crate) fn check_characters(text: &str, report: &mut Report<'_>) -> Result<(), SyntaxError> {
    let before = report.count();
    for (start, c) in text.char_indices().filter(|&(_, c)| is_refused(c)) {
        let location = Location { start, end: start + c.len_utf8() };
        report.say_with(location, hidden_message(c), t!("yaml-take-out"));
    }
    if report.count() == before { Ok(()) } else { Err(SyntaxError) }
}

/// Returns whether a character may stand in no file.
pub(crate) fn is_refused(c: char) -> bool {
    is_hidden(c) && !matches!(c, '\t' | '\n' | '\r')
}

/// Returns the error for such a character.
pub(crate) fn hidden_message(c: char) -> String {
    let code = format!("{:04X}", u32::from(c));
    if c.is_control() {
        t!("yaml-control-character", code = code)
    } else {
        t!("yaml-direction-character", code = code)
    }
}

/// What kind of values a file has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// They may be shown. The keys here are in small letters without `_` and `-`.
    Shown {
        /// The keys whose values are texts for readers.
        prose: &'static [&'static str],
        /// Those whose values are texts of several lines, as readers see them.
        lines: &'static [&'static str],
        /// The keys whose values are one word, which other programs take as it is.
        words: &'static [&'static str],
    },
    /// They may be secrets, which no message may quote.
    Hidden,
}

/// Reads the one document of a text; `None` if it is empty.
pub(crate) fn load<'a>(
    text: &'a str,
    values: Values,
    report: &mut Report<'_>,
) -> Result<Option<Node<'a>>, SyntaxError> {
    let options = granit_parser::options! {
        disallow_directives: true,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    let (anchors, depths) = (Anchors::default(), Depths::default());
    let loader = Loader {
        parser,
        text,
        values,
        report,
        nodes: 0,
        anchors,
        depths,
        told_up_to: 0,
        is_broken: false,
    };
    loader.document()
}

impl Values {
    /// Returns what part of a key's value a comment must not cut, whatever the key's style.
    fn kind(self, key: &str) -> Option<lost::Kind> {
        let Self::Shown { prose, lines, words } = self else { return None };
        let plain = key.to_ascii_lowercase().replace(['_', '-'], "");
        let kinds =
            [(prose, lost::Kind::Prose), (lines, lost::Kind::Lines), (words, lost::Kind::Word)];
        kinds.into_iter().find_map(|(keys, kind)| keys.contains(&&*plain).then_some(kind))
    }
}

struct Loader<'a, 'r, 'f> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    values: Values,
    report: &'r mut Report<'f>,
    nodes: usize,
    anchors: Anchors<'a>,
    depths: Depths,
    /// The last line in which a mistake only follows from one that was reported.
    told_up_to: usize,
    /// Whether an alias refers to nothing, or a text was taken for a name: the value used instead
    /// is not checked.
    is_broken: bool,
}

/// How many collections are open.
#[derive(Default)]
struct Depths {
    all: usize,
    flow: usize,
}

impl<'a> Loader<'a, '_, '_> {
    fn document(mut self) -> Result<Option<Node<'a>>, SyntaxError> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            if root.is_some() && matches!(event, Event::DocumentStart(..)) {
                let help = t!("yaml-jobs-in-own-file");
                self.report.say_with(location(&span), t!("yaml-second-document-starts-here"), help);
                return Err(SyntaxError);
            }
            if event.is_node() {
                root = Some(self.node(event, span, None)?);
            }
        }
        self.refuse_unused();
        if self.is_broken {
            return Err(SyntaxError);
        }
        Ok(root.filter(|node| !matches!(node.value, Value::Empty)))
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, SyntaxError> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(error)) => {
                self.syntax(&error);
                Err(SyntaxError)
            }
        }
    }

    fn node(
        &mut self,
        event: Event<'a>,
        span: Span,
        prose: Option<&Prose<'_>>,
    ) -> Result<Node<'a>, SyntaxError> {
        let location = location(&span);
        self.refuse_tag(&event, location);
        let anchor = event.anchor_id();
        if let Some(id) = anchor {
            let written = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            let named = self.next()?.map(|(_, span)| self::location(&span));
            let named = named.filter(|_| written && prose.is_some());
            self.anchors.begin(id, named.map(|location| (location, self.depths.flow > 0)));
        }
        self.grow(1, location)?;
        let value = self.value(event, location, prose)?;
        let node = Node { location, value };
        if let Some(id) = anchor {
            match self.anchors.end(id, &node) {
                Some(size) => self.grow(size.nodes, location)?,
                None => return Err(self.too_long(location)),
            }
        }
        Ok(node)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum is open")]
    fn value(
        &mut self,
        event: Event<'a>,
        location: Location,
        prose: Option<&Prose<'_>>,
    ) -> Result<Value<'a>, SyntaxError> {
        Ok(match event {
            Event::Scalar(text, style, _, _) => self.scalar(text, (style, location), prose),
            Event::SequenceStart(style, ..) => {
                self.open(style, |loader| loader.list(prose)).map(Value::List)?
            }
            Event::MappingStart(style, ..) => self.open(style, Self::map).map(Value::Map)?,
            Event::Alias(id) => self.alias(id, location)?,
            _ => {
                self.unknown_alias(location);
                Value::Empty
            }
        })
    }

    fn open<T>(&mut self, style: StructureStyle, read: impl FnOnce(&mut Self) -> T) -> T {
        let flow = usize::from(style == StructureStyle::Flow);
        self.depths.all += 1;
        self.depths.flow += flow;
        let read = read(self);
        self.depths.all -= 1;
        self.depths.flow -= flow;
        read
    }

    fn grow(&mut self, nodes: usize, location: Location) -> Result<(), SyntaxError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= NODES {
            return Ok(());
        }
        self.report.say(location, t!("yaml-too-many-values", nodes = %NODES));
        Err(SyntaxError)
    }

    fn too_long(&mut self, location: Location) -> SyntaxError {
        let message = t!("yaml-too-long-with-aliases");
        self.report.say(location, message);
        SyntaxError
    }

    fn alias(&mut self, id: usize, location: Location) -> Result<Value<'a>, SyntaxError> {
        match self.anchors.follow(id) {
            Ok((_, size)) if size.depth + self.depths.all > DEPTH => {
                let message = t!("yaml-alias-too-deep");
                self.report.say_with(location, message, t!("yaml-nothing-so-deep"));
                Err(SyntaxError)
            }
            Ok((value, size)) => {
                self.grow(size.nodes, location)?;
                Ok(value)
            }
            Err(Unfollowed::Inside) => {
                let name = self.alias_name(location);
                let message = t!("yaml-stands-inside-what-names", name = %name);
                self.report.say_with(
                    location,
                    message,
                    t!("yaml-write-out-what-begins", name = %name),
                );
                self.is_broken = true;
                Ok(Value::Empty)
            }
            Err(Unfollowed::Long) => Err(self.too_long(location)),
        }
    }

    fn unknown_alias(&mut self, location: Location) {
        let name = self.alias_name(location);
        let message = t!("yaml-alias-unknown", name = %name);
        let help = self.needs_quotes(location.start, self.depths.flow > 0);
        self.report.say_with(location, message, help);
        self.told_up_to = self.report.line(location.start);
        self.is_broken = true;
    }

    fn alias_name(&self, location: Location) -> &'a str {
        match self.values {
            Values::Shown { .. } => self.text[location.start..location.end].trim_start_matches('*'),
            Values::Hidden => "name",
        }
    }

    fn needs_quotes(&self, at: usize, in_flow: bool) -> String {
        self.stop(at, in_flow).needs_quotes()
    }

    fn stop(&self, at: usize, in_flow: bool) -> hint::Stop<'a> {
        let (line, column) = self.line(at);
        let is_shown = matches!(self.values, Values::Shown { .. });
        hint::Stop { line, column, in_flow, is_shown }
    }

    /// Refuses a name in front of a text if nothing uses it: it was meant as text.
    fn refuse_unused(&mut self) {
        for (location, in_flow) in self.anchors.unused() {
            let name = &self.text[location.start..location.end];
            let message = t!("yaml-anchor-unused", name = %name);
            let help = self.needs_quotes(location.start, in_flow);
            self.report.say_with(location, message, help);
            self.is_broken = true;
        }
    }

    /// Returns the line of a byte, and its offset in that line.
    fn line(&self, at: usize) -> (&'a str, usize) {
        let column = self.report.column(at);
        let rest = &self.text[at - column..];
        (&rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())], column)
    }

    fn scalar(
        &mut self,
        text: Cow<'a, str>,
        (style, location): (ScalarStyle, Location),
        prose: Option<&Prose<'_>>,
    ) -> Value<'a> {
        let plain = style == ScalarStyle::Plain;
        let is_empty = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
        if let Some(prose) = prose
            && self.cut(&text, (style, location, is_empty), prose)
        {
            // It is refused already, so it must not be reported as empty too.
            return Value::Text { text: Cow::Borrowed("#"), plain: false };
        }
        if is_empty {
            return Value::Empty;
        }
        // Only escapes can bring such a character here: the file itself was checked.
        let hidden = |c: &char| is_hidden(*c) && !matches!(c, '\t' | '\n' | '\r');
        if style == ScalarStyle::DoubleQuoted
            && let Some(c) = text.chars().find(hidden)
        {
            self.report.say_with(location, hidden_message(c), t!("yaml-take-escape-out"));
        }
        Value::Text { text, plain }
    }

    /// Refuses a text that a comment cuts, or that is folded; returns whether a comment is in front
    /// of it.
    fn cut(
        &mut self,
        text: &str,
        (style, location, is_empty): (ScalarStyle, Location, bool),
        prose: &Prose<'_>,
    ) -> bool {
        let in_flow = self.depths.flow > 0;
        let folded = (location, style == ScalarStyle::DoubleQuoted, in_flow);
        let written = match style {
            ScalarStyle::Plain => Written::Plain { in_flow },
            ScalarStyle::Literal | ScalarStyle::Folded => Written::Block,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                lost::check_folded(self.text, prose, folded, self.report);
                return false;
            }
        };
        if written != Written::Block
            && let Some(found) = lost::before(self.text, prose)
        {
            let behind = if is_empty { "" } else { text };
            lost::say_before(prose, found, behind, self.report);
            return true;
        }
        if is_empty {
            return false;
        }
        match lost::check(self.text, prose, (text, location, written), self.report) {
            Some(line) => self.told_up_to = line,
            None if style == ScalarStyle::Folded => {
                lost::check_joined(self.text, prose, location, self.report);
            }
            None if written == Written::Block => {}
            None => lost::check_folded(self.text, prose, folded, self.report),
        }
        false
    }

    fn list(&mut self, prose: Option<&Prose<'_>>) -> Result<Vec<Node<'a>>, SyntaxError> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            let prose = prose.map(|prose| {
                // A comment between items is indented like the dash in front of an item.
                let indent = self.report.column(location(&span).start).saturating_sub(1);
                Prose { indent, is_item: true, ..*prose }
            });
            items.push(self.node(event, span, prose.as_ref())?);
        }
        Ok(items)
    }

    fn map(&mut self) -> Result<Vec<Entry<'a>>, SyntaxError> {
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut seen = HashMap::new();
        let mut merged = None;
        while let Some((event, span)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, span, None)?;
            let Some((event, span)) = self.next()? else { break };
            let Value::Text { text, plain } = key.value else {
                self.node(event, span, None)?;
                if !self.is_broken {
                    self.report.say(key.location, t!("yaml-key-is-a-word"));
                }
                continue;
            };
            let prose = self.values.kind(&text).map(|kind| Prose {
                kind,
                key: &text,
                end: key.location.end,
                indent: self.report.column(key.location.start),
                is_item: false,
            });
            let mut node = self.node(event, span, prose.as_ref())?;
            if matches!(node.value, Value::Empty) && node.location.start == node.location.end {
                node.location = key.location;
            }
            if let Some(first) = seen.get(&text) {
                self.repeated(&text, key.location, *first);
                continue;
            }
            seen.insert(text.clone(), key.location);
            if plain && text == "<<" {
                merged = Some(node);
            } else {
                entries.push(Entry { key: text, key_location: key.location, node });
            }
        }
        if let Some(node) = merged
            && !alias::merge(&mut entries, &mut seen, node.value)
            && !self.is_broken
        {
            let message = t!("yaml-must-stand-keys-values-list");
            self.report.say(node.location, message);
        }
        Ok(entries)
    }

    fn repeated(&mut self, key: &str, location: Location, first: Location) {
        let line = self.report.line(first.start);
        let message = t!("yaml-key-already-line", key = %quote(key), line = %line);
        self.report.say_with(location, message, t!("yaml-keep-one-two"));
    }

    fn refuse_tag(&mut self, event: &Event<'_>, location: Location) {
        if event.tag().is_none() {
            return;
        }
        let (line, column) = self.line(location.start);
        let before = line[..column].trim_end();
        let begin = before.rfind([' ', '\t']).map_or(0, |blank| blank + 1);
        let help = if before[begin..].starts_with('!') {
            self.needs_quotes(location.start - column + begin, self.depths.flow > 0)
        } else {
            t!("yaml-exclamation-mark-needs-quotes")
        };
        let message = t!("yaml-tags-name-not-allowed");
        self.report.say_with(location, message, t!("yaml-leave-out", help = %help));
    }

    fn syntax(&mut self, error: &ScanError) {
        let marker = error.marker();
        let by_chars = || self.text.char_indices().nth(marker.index()).map(|(at, _)| at);
        let start = marker.byte_offset().or_else(by_chars).unwrap_or(self.text.len());
        let start = start.min(self.text.len());
        let number = self.report.line(start);
        if number <= self.told_up_to {
            return;
        }
        let end = start + self.text[start..].chars().next().map_or(0, char::len_utf8);
        let previous = if number > 1 { self.report.line_text(number - 1) } else { "" };
        let stop = self.stop(start, self.depths.flow > 0);
        let message = t!("yaml-not-yaml", kind = %error.kind());
        match hint::of(error.kind(), &stop, previous) {
            Some(help) => self.report.say_with(Location { start, end }, message, help),
            None => self.report.say(Location { start, end }, message),
        }
    }
}

fn location(span: &Span) -> Location {
    let range = span.byte_range().unwrap_or_default();
    Location { start: range.start, end: range.end.max(range.start) }
}

/// Which keys a mapping may have.
pub(crate) struct Shape {
    /// The mapping's name in messages, with its article.
    pub(crate) what: Sentence,
    /// The keys it may have.
    pub(crate) known: &'static [&'static str],
    /// Keys that authors often write for a reason, and the hint for each.
    pub(crate) refused: &'static [(&'static str, Sentence, Sentence)],
}

/// A mapping whose keys were checked.
pub(crate) struct Fields<'n, 'a> {
    entries: &'n [Entry<'a>],
    /// The location at which to report that something is missing.
    pub(crate) location: Location,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Returns the entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns every entry.
    pub(crate) fn entries(&self) -> &'n [Entry<'a>] {
        self.entries
    }

    /// Returns the entry of a key, or reports that the key is missing.
    pub(crate) fn require(
        &self,
        key: &str,
        help: impl FnOnce() -> String,
        report: &mut Report<'_>,
    ) -> Option<&'n Entry<'a>> {
        let found = self.get(key);
        if found.is_none() {
            report.say_with(self.location, t!("yaml-missing", key = %key), help());
        }
        found
    }
}

impl<'a> Node<'a> {
    /// Returns the mapping's fields, after reporting every key that is not allowed.
    pub(crate) fn fields(
        &self,
        location: Location,
        shape: &Shape,
        report: &mut Report<'_>,
    ) -> Option<Fields<'_, 'a>> {
        let Value::Map(entries) = &self.value else {
            let keys = shape.known.join(", ");
            let message =
                t!("yaml-must-have-keys", what = %(shape.what)(), describe = %self.describe());
            match self.odd() {
                Some(help) => report.say_with(self.location, message, help),
                None => report.say_with(self.location, message, t!("yaml-keys", keys = %keys)),
            }
            return None;
        };
        for entry in entries {
            let refused = shape.refused.iter().find(|(key, ..)| *key == entry.key);
            if let Some((_, message, help)) = refused {
                report.say_with(entry.key_location, message(), help());
            } else if !shape.known.contains(&&*entry.key) {
                let message =
                    t!("yaml-unknown-key", key = %quote(&entry.key), what = %(shape.what)());
                let odd = hint::odd(&entry.key);
                let help = match (odd, closest(&entry.key, shape.known.iter().copied())) {
                    (Some(help), _) => help,
                    (None, Some(key)) => t!("yaml-did-you-mean", key = %key),
                    (None, None) => t!("yaml-keys", keys = %shape.known.join(", ")),
                };
                report.say_with(entry.key_location, message, help);
            }
        }
        Some(Fields { entries, location })
    }

    /// Returns the hint for a full-width character in a text that should be in machine form.
    pub(crate) fn odd(&self) -> Option<String> {
        match &self.value {
            Value::Text { text, plain: true } => hint::odd(text),
            Value::Text { .. } | Value::Empty | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Returns the value's kind, for a message.
    pub(crate) fn describe(&self) -> String {
        match self.value {
            Value::Empty => t!("yaml-nothing"),
            Value::Text { .. } => t!("yaml-text"),
            Value::List(_) => t!("yaml-list"),
            Value::Map(_) => t!("yaml-keys-values"),
        }
    }
}

impl<'a> Entry<'a> {
    /// Returns the value as text, without spaces around it and not empty.
    pub(crate) fn text(&self, report: &mut Report<'_>) -> Option<&str> {
        match &self.node.value {
            Value::Text { text, .. } if !text.trim().is_empty() => Some(text.trim()),
            Value::Text { .. } | Value::Empty => {
                let message = t!("yaml-empty", key = %self.key);
                report.say_with(self.node.location, message, t!("yaml-give-value-take-key-out"));
                None
            }
            Value::List(_) | Value::Map(_) => {
                let message =
                    t!("yaml-must-text-not", key = %self.key, describe = %self.node.describe());
                report.say(self.node.location, message);
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
        let message = t!("yaml-must-true-false", key = %self.key);
        let help = self.node.odd().unwrap_or_else(|| t!("yaml-without-quotes-yes-1-neither"));
        report.say_with(self.node.location, message, help);
        None
    }

    /// Returns the value as a number within a range.
    pub(crate) fn number(&self, least: i64, most: i64, report: &mut Report<'_>) -> Option<i64> {
        if let Value::Text { text, plain: true } = &self.node.value
            && let Ok(number) = text.parse::<i64>()
            && (least..=most).contains(&number)
        {
            return Some(number);
        }
        let message = t!("yaml-must-number", key = %self.key, least = %least, most = %most);
        match self.node.odd() {
            Some(help) => report.say_with(self.node.location, message, help),
            None => report.say(self.node.location, message),
        }
        None
    }

    /// Returns the meaning of the value's word.
    pub(crate) fn choice<T: Copy>(
        &self,
        choices: &[(&str, T)],
        report: &mut Report<'_>,
    ) -> Option<T> {
        let word = self.text(report)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = t!("yaml-no-value", word = %quote(word), key = %self.key);
            report.say_with(
                self.node.location,
                message,
                t!("yaml-one-of", names = %names.join(", ")),
            );
        }
        found.map(|(_, value)| *value)
    }
}
