//! Detects text that is not HTML: Markdown in the wrong file, or lines without tags between them.
//!
//! Readers would see Markdown's marks, and a browser joins all the lines into one.

use super::tree::Node;
use super::{Problem, Remark, RemarkKind};
use crate::yaml::diagnostic::{Location, quote};

const HELP: &str = "if this is Markdown, save it under a name that ends in .md and write \
                    `content_file: x.md`; Markdown is not read in `content` and in a .html file";

/// Returns what would be shown as it is written: the front matter of a Markdown file, or the marks
/// of Markdown in a text that has no tag.
pub(super) fn problem(html: &str, nodes: &[Node]) -> Option<Problem> {
    let (message, location) = if let Some((fence, location)) = front_matter(html) {
        (format!("front matter begins here (`{fence}`), which HTML has not"), location)
    } else if has_tag(nodes) {
        return None;
    } else {
        let location = mark(html)?;
        let shown = quote(&html[location.start..location.end]);
        (format!("{shown} is Markdown, and readers would see it as it is written"), location)
    };
    let sought = html[location.start..location.end].to_owned();
    Some(Problem { location, sought, message, help: HELP.to_owned() })
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
        what: "the text has no tags, so its lines run together: write `<p>…</p>` around each, or \
               `<br>` between them"
            .to_owned(),
        at: 0,
    })
}

fn has_tag(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| matches!(node, Node::Element(_)))
}

/// Returns the line that begins front matter, if the text begins with one.
fn front_matter(html: &str) -> Option<(&str, Location)> {
    let text = html.trim_start();
    let line = text.lines().next()?.trim_end();
    let start = html.len() - text.len();
    matches!(line, "---" | "+++").then_some((line, Location { start, end: start + line.len() }))
}

/// Returns the first line with a mark that only Markdown has.
fn mark(html: &str) -> Option<Location> {
    let mut end = 0;
    html.split_inclusive('\n').find_map(|line| {
        let start = end;
        end += line.len();
        let text = line.trim();
        let found = is_headline(text) || has_picture_or_link(text) || has_strong(text);
        let start = start + line.len() - line.trim_start().len();
        found.then_some(Location { start, end: start + text.len() })
    })
}

fn is_headline(line: &str) -> bool {
    let text = line.trim_start_matches('#');
    (1..=6).contains(&(line.len() - text.len())) && text.starts_with(' ')
}

/// Returns whether `![…](…)` or `[…](https://…)` is on a line.
fn has_picture_or_link(line: &str) -> bool {
    line.match_indices("](").any(|(at, mark)| {
        let (before, behind) = (&line[..at], &line[at + mark.len()..]);
        let is_picture = before.rfind('[').is_some_and(|open| before[..open].ends_with('!'));
        let is_link = before.contains('[') && behind.starts_with("http");
        behind.contains(')') && (is_picture || is_link)
    })
}

/// Returns whether `**…**` is on a line, with text directly inside.
fn has_strong(line: &str) -> bool {
    line.match_indices("**").any(|(at, mark)| {
        let inside = &line[at + mark.len()..];
        let Some(end) = inside.find("**") else { return false };
        let inside = &inside[..end];
        !inside.is_empty() && inside.trim() == inside && !inside.starts_with('*')
    })
}
