//! Markdown: GitHub's dialect with the extensions of Chinese editors.
//!
//! [`render`] gives plain HTML, without styles, for [`clean`](super::html::clean) to read like any
//! other. What an article cannot show (a formula, a diagram) and what stayed raw because it was
//! misspelt is a [`FieldError`] with its location. What is left out by intention, or shown as it is
//! written, is reported. The last check is [`vanished`]: no written character is lost silently.
//!
//! A single line end between Chinese characters is neither a space nor a line break, as in Markdown
//! everywhere; two spaces or `\` at a line's end make a line break. Absent on purpose: links made
//! of bare addresses (most accounts may not link), `~x~` (a range, `3~5天`), emoji names, headline
//! ids. Asterisks and tildes inside words are text where emphasis is unlikely ([`signs`]), and a
//! mark that ends an emphasis after half-width punctuation ends it ([`flanks`]).

mod definitions;
mod flanks;
mod inline;
mod leftovers;
mod marks;
mod mending;
mod outline;
mod prose;
mod signs;
mod tags;
mod vanished;
mod writer;

use std::collections::HashMap;

use comrak::nodes::{LineColumn, NodeValue, Sourcepos};
use comrak::{Arena, Node, Options, parse_document};

use crate::l10n::t;
use crate::yaml::diagnostic::{Location, Report, quote};

use super::picture::decoded;
use mending::FirstReading;
use writer::Written;

/// How many footnotes may be inline: those without an end cost the parser much time.
const FOOTNOTES_MOST: usize = 500;
/// How many different remarks are reported about one file.
const NOTES: usize = 100;
/// How many lines are listed after the first for the same remark.
const LINES: usize = 3;

/// Something that is not allowed in an article.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    /// Its location in the Markdown.
    pub(super) location: Location,
    pub(super) message: String,
    pub(super) help: String,
}

/// A text as HTML.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) html: String,
    pub(super) problems: Vec<FieldError>,
    /// Remarks for the author, with their locations.
    pub(super) told: Vec<(Location, String)>,
    /// The mapping from bytes of the HTML to locations in the Markdown.
    places: Vec<(usize, Location)>,
}

impl Rendered {
    /// Returns the location in the Markdown of what is at a byte of the HTML.
    pub(super) fn location(&self, source: &str, at: usize, sought: &str) -> Location {
        let next = self.places.partition_point(|&(start, _)| start <= at);
        let Some(&(_, whole)) = next.checked_sub(1).and_then(|last| self.places.get(last)) else {
            return Location::default();
        };
        let text = source.get(whole.start..whole.end).unwrap_or_default();
        let found = |sought: &str| {
            let start = whole.start + text.find(sought).filter(|_| !sought.is_empty())?;
            Some(Location { start, end: start + sought.len() })
        };
        found(sought).or_else(|| found(&decoded(sought))).unwrap_or(whole)
    }
}

/// Renders the Markdown that begins at a byte of a file.
pub(super) fn render(source: &str, start: usize) -> Rendered {
    let FirstReading { outline, mut insertions, told } = mending::first_reading(source, start);
    let found = definitions::find(source, start, &outline);
    found.keep_as_text(&mut insertions);
    let text = Text::new(source, start, &insertions);
    let mut written = writer::write(&text);
    found.account(source, &mut written.out, &mut written.accounted);
    let Written { out: mut rendered, accounted } = written;
    rendered.told.extend(told);
    if let Some((at, mark)) = source[start..].match_indices("^[").nth(FOOTNOTES_MOST) {
        let location = Location { start: start + at, end: start + at + mark.len() };
        let message = t!("inbox-more-than-footnotes-stand-their", footnotes_most = %FOOTNOTES_MOST);
        let help = || t!("inbox-write-1-text-line-own");
        rendered.problems.push(FieldError { location, message, help: help() });
    }
    for formula in prose::formulas(&source[start..]) {
        let location = Location { start: start + formula.start, end: start + formula.end };
        if !outline.has(location.start) && !outline.has(location.end - 1) {
            let help = t!("inbox-put-picture-brackets-shall-seen");
            rendered.problems.push(FieldError { location, help, ..writer::formula() });
        }
    }
    found.refuse_unfound((source, start), &outline, &mut rendered);
    // What is refused already may be missing from the HTML for that very reason.
    if rendered.problems.is_empty()
        && let Some((location, lost)) = vanished::find(source, start, (&rendered.html, &accounted))
    {
        let message = t!("inbox-would-seen-nobody", lost = %quote(&lost));
        let help = || t!("inbox-markdown-reads-something-not-shown");
        rendered.problems.push(FieldError { location, message, help: help() });
    }
    rendered
}

/// Returns the remarks about a file in its order, with the same remark about several lines only
/// once.
pub(super) fn notes(
    path: &str,
    mut told: Vec<(Location, String)>,
    report: &Report<'_>,
) -> Vec<String> {
    told.sort_by_key(|(location, _)| location.start);
    let mut notes: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known = HashMap::new();
    for (location, message) in told {
        let line = report.line(location.start);
        let index = *known.entry(message.clone()).or_insert(notes.len());
        match notes.get_mut(index) {
            Some((_, lines)) if lines.last() == Some(&line) => {}
            Some((_, lines)) => lines.push(line),
            None => notes.push((message, vec![line])),
        }
    }
    let more = notes.len().saturating_sub(NOTES);
    notes.truncate(NOTES);
    let shown = notes.into_iter().map(|(message, lines)| {
        let (first, others) = (lines[0], lines.len() - 1);
        let others = match others {
            0 => String::new(),
            1..=LINES => {
                let lines = lines[1..].iter().map(|line| format!(", {line}"));
                lines.collect::<String>()
            }
            _ => t!("inbox-and-more-lines", others = %others),
        };
        t!("inbox-note-on-lines", path = path, first = %first, others = others, message = message)
    });
    let more = (more > 0).then(|| t!("inbox-more-notes-kind", path = %path, more = %more));
    shown.chain(more).collect()
}

fn options(markdown: &str) -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.inline_footnotes = markdown.matches("^[").count() <= FOOTNOTES_MOST;
    extension.ofm_callouts = true;
    extension.ofm_comments = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.cjk_friendly_emphasis = true;
    extension.highlight = true;
    // Otherwise footnotes without a reference would be lost.
    options.parse.leave_footnote_definitions = true;
    options.parse.escaped_char_spans = true;
    options
}

/// Parses a text, and takes out the fillers that were inserted into it.
fn parse<'a>(arena: &'a Arena<'a>, text: &Text<'_>) -> Node<'a> {
    let root = parse_document(arena, &text.markdown, &options(&text.markdown));
    for node in root.descendants() {
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else has text of the file")]
        match &mut node.data_mut().value {
            NodeValue::Text(words) if words.contains(flanks::FILLER) => {
                *words = words.replace(flanks::FILLER, "").into();
            }
            NodeValue::Link(link) | NodeValue::Image(link) => {
                link.url.retain(|c| c != flanks::FILLER);
                link.title.retain(|c| c != flanks::FILLER);
            }
            _ => {}
        }
    }
    root
}

/// An ASCII character that is inserted in front of a byte of the file before parsing.
type Insertion = (usize, char);

/// The Markdown as it is parsed: the file's with what is inserted into it.
struct Text<'s> {
    source: &'s str,
    /// Where the Markdown begins in the file.
    start: usize,
    markdown: String,
    /// The position that each insertion would have in the file if those before it were part of it.
    inserted: Vec<usize>,
    /// Where each line of the parsed text starts.
    lines: Vec<usize>,
}

impl<'s> Text<'s> {
    fn new(source: &'s str, start: usize, insertions: &[Insertion]) -> Self {
        let mut markdown = String::with_capacity(source.len() - start + insertions.len());
        let mut from = start;
        for &(at, c) in insertions {
            markdown.push_str(&source[from..at]);
            markdown.push(c);
            from = at;
        }
        markdown.push_str(&source[from..]);
        let bytes = markdown.as_bytes();
        let ends = bytes.iter().enumerate().filter(|&(at, &byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let inserted = insertions.iter().enumerate().map(|(before, (at, _))| at + before).collect();
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { source, start, markdown, inserted, lines }
    }

    /// Returns a location in the file.
    fn location(&self, found: Sourcepos) -> Location {
        let start = self.offset(found.start).min(self.source.len());
        let end = self.offset(LineColumn { line: found.end.line, column: found.end.column + 1 });
        let start = self.source.floor_char_boundary(start);
        let end = self.source.ceil_char_boundary(end.min(self.source.len()).max(start));
        Location { start, end }
    }

    /// Returns the text at a location of the file.
    fn at(&self, location: Location) -> &'s str {
        self.source.get(location.start..location.end).unwrap_or_default()
    }

    /// Returns the line that begins at a location, without the blanks around it.
    fn first_line_of(&self, location: Location) -> &'s str {
        let text = self.source.get(location.start..).unwrap_or_default();
        text.lines().next().unwrap_or_default().trim()
    }

    fn offset(&self, found: LineColumn) -> usize {
        let line = self.lines.get(found.line.saturating_sub(1)).copied();
        let at = self.start + line.unwrap_or(self.markdown.len()) + found.column.saturating_sub(1);
        at - self.inserted.partition_point(|&inserted| inserted < at)
    }
}
