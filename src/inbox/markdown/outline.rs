//! What a first reading of a text finds: where code and links are, and which marks are not meant as
//! such.

use std::collections::{HashMap, HashSet};

use comrak::nodes::{LineColumn, NodeValue, Sourcepos};
use comrak::{Arena, Node};

use super::signs::{Pair, Reading};
use super::{Insertion, Text, flanks, parse};
use crate::yaml::diagnostic::Location;

/// What a first reading finds.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Blocks that are not read as Markdown.
    pub(super) blocks: Vec<Location>,
    /// Code inside lines.
    pub(super) spans: Vec<Location>,
    /// The addresses of links and pictures.
    pub(super) addresses: HashSet<String>,
    /// What must be inserted: an escape before each character that Markdown takes for a mark, and
    /// a filler beside each mark that it turns the other way round.
    pub(super) misread: Vec<Insertion>,
    /// Pairs of signs that the author is told of, with the first of each.
    pub(super) signs: Vec<(Location, u8)>,
    /// The same for emphasis that may not be meant.
    pub(super) doubts: Vec<(Location, u8)>,
}

impl Outline {
    pub(super) fn new(source: &str, start: usize, insertions: &[Insertion]) -> Self {
        let text = Text::new(source, start, insertions);
        let arena = Arena::new();
        let root = parse(&arena, &text);
        let mut outline = Self::default();
        let mut lines = Vec::new();
        let mut tags = Vec::new();
        let mut references = HashMap::new();
        for node in root.descendants() {
            let ast = node.data();
            #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is read")]
            match &ast.value {
                NodeValue::CodeBlock(_)
                | NodeValue::HtmlBlock(_)
                | NodeValue::MultilineComment(_) => {
                    outline.blocks.push(text.location(ast.sourcepos));
                }
                NodeValue::Code(_) => outline.spans.push(text.location(ast.sourcepos)),
                NodeValue::Link(link) | NodeValue::Image(link) => {
                    outline.addresses.insert(link.url.clone());
                }
                NodeValue::Paragraph | NodeValue::Heading(_) | NodeValue::TableCell => {
                    lines.push(text.location(ast.sourcepos));
                }
                NodeValue::HtmlInline(_) => tags.push(text.location(ast.sourcepos)),
                NodeValue::FootnoteReference(reference) => {
                    references.entry(reference.name.clone()).or_insert(ast.sourcepos.start);
                }
                NodeValue::Emph => outline.pair(&text, (placed(node, &references), 1)),
                NodeValue::Strong | NodeValue::Strikethrough | NodeValue::Highlight => {
                    outline.pair(&text, (placed(node, &references), 2));
                }
                NodeValue::CommentInline(comment) => {
                    let location = text.location(ast.sourcepos);
                    if !is_comment(source, location.start, &comment.literal) {
                        outline.misread.push((location.start, '\\'));
                    }
                }
                _ => {}
            }
        }
        outline.spans.sort_unstable_by_key(|location| location.start);
        for block in lines {
            let is_read = |at| !holds(&outline.spans, at) && !holds(&tags, at);
            flanks::fillers(source, block.start..block.end, is_read, &mut outline.misread);
        }
        outline
    }

    /// Judges the two marks of an emphasis or a deletion.
    fn pair(&mut self, text: &Text<'_>, (found, length): (Sourcepos, usize)) {
        let signs = product(text, (found, length));
        if !signs.is_empty() {
            self.misread.extend(signs.into_iter().map(|at| (at, '\\')));
            return;
        }
        let location = text.location(found);
        let Some(pair) = Pair::new(text.source, location, length) else { return };
        let mark = text.source.as_bytes()[location.start];
        match pair.reading() {
            Reading::Emphasis => {}
            Reading::Doubtful => self.doubts.push((location, mark)),
            Reading::Signs { is_told } => {
                let marks = [location.start, location.end - length];
                let signs = marks.into_iter().flat_map(|at| at..at + length);
                self.misread.extend(signs.map(|at| (at, '\\')));
                if is_told {
                    self.signs.push((location, mark));
                }
            }
        }
    }

    /// Returns whether a line is in a block of code, HTML or a comment.
    pub(super) fn has_line(&self, at: usize) -> bool {
        holds(&self.blocks, at)
    }

    /// Returns whether a character is in such a block, or in code inside a line.
    pub(super) fn has(&self, at: usize) -> bool {
        self.has_line(at) || holds(&self.spans, at)
    }
}

/// Returns where a node is; inside an inline footnote the parser counts from after its `^[`.
fn placed<'a>(node: Node<'a>, references: &HashMap<String, LineColumn>) -> Sourcepos {
    let found = node.data().sourcepos;
    let note = |around: Node<'_>| {
        let ast = around.data();
        let NodeValue::FootnoteDefinition(note) = &ast.value else { return None };
        let is_inline = note.name.starts_with("__inline_");
        references.get(&note.name).filter(|_| is_inline).copied()
    };
    let reference = node.ancestors().skip(1).find_map(note);
    let Some(open) = reference else { return found };
    let shifted =
        |at: LineColumn| LineColumn { line: open.line, column: open.column + 1 + at.column };
    Sourcepos { start: shifted(found.start), end: shifted(found.end) }
}

/// Returns whether one of the locations, which are in order, holds a byte.
pub(super) fn holds(places: &[Location], at: usize) -> bool {
    let before = places.partition_point(|location| location.start <= at);
    places[..before].last().is_some_and(|location| at < location.end)
}

/// Finds the marks of an emphasis that are multiplication signs, as in `10*20*30`.
fn product(text: &Text<'_>, (found, length): (Sourcepos, usize)) -> Vec<usize> {
    let location = text.location(found);
    let Some(close) = location.end.checked_sub(length).filter(|close| *close > location.start)
    else {
        return Vec::new();
    };
    let marks = [location.start, close];
    let sides = marks.map(|at| {
        let behind = text.source.get(at..).and_then(|rest| rest.strip_prefix(&"**"[..length]));
        let before = behind.and_then(|_| text.source[..at].chars().last());
        (before, behind.and_then(|rest| rest.chars().next()))
    });
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '(' | ')');
    let between = |is_factor: fn(char) -> bool| {
        sides.map(|(before, after)| {
            before.is_some_and(|c| is_factor(c) || c == ')') && after.is_some_and(is_number)
        })
    };
    let numbers = between(|c| c.is_ascii_digit());
    // Units may come before both (`10cm*20cm*30cm`); `Top*10*强` is emphasis.
    let units = between(|c| c.is_ascii_alphanumeric());
    let is_strong = length == 2;
    let are_signs = match (numbers, units) {
        (_, [true, true]) => [true, true],
        _ if is_strong => [false, false],
        (numbers, _) => numbers,
    };
    let signs = marks.into_iter().zip(are_signs).filter(|(_, is_sign)| *is_sign);
    signs.flat_map(|(at, _)| at..at + length).collect()
}

/// Returns whether the text between two `%%` is a comment: it begins a word, or has blanks inside.
fn is_comment(source: &str, at: usize, inside: &str) -> bool {
    if !source[at..].starts_with("%%") {
        return true;
    }
    let begins_word = source[..at].chars().last().is_none_or(|c| c.is_whitespace() || c == '>');
    let has_blanks =
        inside.starts_with(char::is_whitespace) && inside.ends_with(char::is_whitespace);
    begins_word || has_blanks
}
