//! Detects text that is not HTML: Markdown in the wrong file, or lines without tags between them.
//!
//! Readers would see Markdown's marks, and a browser joins all the lines into one.

use std::ops::Range;

use super::tree::Node;
use super::{Problem, Remark, RemarkKind};
use crate::l10n::{Sentence, t};
use crate::yaml::diagnostic::{Location, quote};

const HELP: Sentence = || t!("inbox-if-markdown-save-under-name");

/// Returns what would be shown as it is written: the front matter of a Markdown file, or the marks
/// of Markdown in a text that has no tag.
pub(super) fn problem(html: &str, nodes: &[Node]) -> Option<Problem> {
    let (message, location) = if let Some((fence, location)) = front_matter(html) {
        (t!("inbox-front-matter-begins-here-which", fence = %fence), location)
    } else if has_tag(nodes) {
        return None;
    } else {
        let location = mark(html)?;
        let shown = quote(&html[location.start..location.end]);
        (t!("inbox-markdown-readers-would-see-written", shown = %shown), location)
    };
    let sought = html[location.start..location.end].to_owned();
    Some(Problem { location, sought, message, help: HELP() })
}

/// Returns the message about lines without tags: they would be joined into one.
pub(super) fn remark(html: &str, nodes: &[Node]) -> Option<Remark> {
    let text = html.trim();
    if has_tag(nodes) || !text.contains('\n') {
        return None;
    }
    let first = text.lines().next().unwrap_or_default().trim_end();
    let start = html.len() - html.trim_start().len();
    Some(Remark {
        kind: RemarkKind::Warned,
        location: Location { start, end: start + first.len() },
        sought: first.to_owned(),
        what: t!("inbox-text-no-tags-so-lines"),
        at: 0,
    })
}

pub(super) fn has_tag(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| matches!(node, Node::Element(_)))
}

/// Returns the line that begins front matter, if the text begins with one.
fn front_matter(html: &str) -> Option<(&str, Location)> {
    let text = html.trim_start();
    let line = text.lines().next()?.trim_end();
    let start = html.len() - text.len();
    matches!(line, "---" | "+++").then_some((line, Location { start, end: start + line.len() }))
}

/// A mark that only Markdown has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inbox) enum Mark {
    Headline,
    Strong,
    /// A picture or a link.
    Address,
}

/// Returns the first line with a mark that only Markdown has.
fn mark(html: &str) -> Option<Location> {
    let (range, _) = lines(html).find(|(_, line)| !line_marks(line).is_empty())?;
    Some(Location { start: range.start, end: range.end })
}

/// Returns the marks in a text, with where each is.
pub(super) fn marks(text: &str) -> Vec<(Range<usize>, Mark)> {
    let found = lines(text).flat_map(|(line, text)| {
        let start = line.start;
        let marks = line_marks(text).into_iter();
        marks.map(move |(range, mark)| (start + range.start..start + range.end, mark))
    });
    found.collect()
}

/// Returns the lines of a text without the blanks around them.
fn lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut end = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = end + line.len() - line.trim_start().len();
        end += line.len();
        let line = line.trim();
        (start..start + line.len(), line)
    })
}

fn line_marks(line: &str) -> Vec<(Range<usize>, Mark)> {
    let mut found: Vec<_> =
        is_headline(line).then_some((0..line.len(), Mark::Headline)).into_iter().collect();
    found.extend(addresses(line).map(|range| (range, Mark::Address)));
    found.extend(strong(line).map(|range| (range, Mark::Strong)));
    found
}

fn is_headline(line: &str) -> bool {
    let text = line.trim_start_matches('#');
    (1..=6).contains(&(line.len() - text.len())) && text.starts_with(' ')
}

/// Returns where `![…](…)` or `[…](https://…)` is on a line.
pub(in crate::inbox) fn addresses(line: &str) -> impl Iterator<Item = Range<usize>> {
    line.match_indices("](").filter_map(|(at, mark)| {
        let behind = &line[at + mark.len()..];
        let open = line[..at].rfind('[')?;
        let is_picture = line[..open].ends_with('!');
        let end = at + mark.len() + behind.find(')')? + 1;
        let is_link = behind.starts_with("http");
        (is_picture || is_link).then_some(open - usize::from(is_picture)..end)
    })
}

/// Returns where `**…**` is on a line, with text directly inside; more than two hide something.
fn strong(line: &str) -> Option<Range<usize>> {
    let marks = line.match_indices("**").map(|(at, _)| at);
    let marks: Vec<_> = marks
        .filter(|at| !line[..*at].ends_with('*') && !line[at + 2..].starts_with('*'))
        .collect();
    marks.windows(2).find_map(|pair| {
        let inside = &line[pair[0] + 2..pair[1]];
        (inside.trim() == inside).then_some(pair[0]..pair[1] + 2)
    })
}
