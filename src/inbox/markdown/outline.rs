//! What a first reading of a text finds: where code and links are, and which marks are not meant as
//! such.

use std::collections::HashSet;

use comrak::nodes::{NodeValue, Sourcepos};
use comrak::{Arena, parse_document};

use super::{Insertion, Text, options};
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
    /// Characters of the text that Markdown takes for marks: an escape belongs before each.
    pub(super) misread: Vec<usize>,
}

impl Outline {
    pub(super) fn new(source: &str, start: usize, insertions: &[Insertion]) -> Self {
        let text = Text::new(source, start, insertions);
        let arena = Arena::new();
        let root = parse_document(&arena, &text.markdown, &options(&text.markdown));
        let mut outline = Self::default();
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
                NodeValue::Emph => {
                    product(&text, (ast.sourcepos, 1), &mut outline.misread);
                }
                NodeValue::Strong => {
                    product(&text, (ast.sourcepos, 2), &mut outline.misread);
                }
                NodeValue::CommentInline(comment) => {
                    let location = text.location(ast.sourcepos);
                    if !is_comment(source, location.start, &comment.literal) {
                        outline.misread.push(location.start);
                    }
                }
                _ => {}
            }
        }
        outline.spans.sort_unstable_by_key(|location| location.start);
        outline
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

/// Returns whether one of the locations, which are in order, holds a byte.
pub(super) fn holds(places: &[Location], at: usize) -> bool {
    let before = places.partition_point(|location| location.start <= at);
    places[..before].last().is_some_and(|location| at < location.end)
}

/// Finds the marks of an emphasis that are multiplication signs, as in `10*20*30`.
fn product(text: &Text<'_>, (found, length): (Sourcepos, usize), misread: &mut Vec<usize>) {
    let location = text.location(found);
    let Some(close) = location.end.checked_sub(length).filter(|close| *close > location.start)
    else {
        return;
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
    misread.extend(signs.flat_map(|(at, _)| at..at + length));
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
