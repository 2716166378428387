//! Lines like `[text]: text`, which Markdown reads as a link definition and does not show.
//!
//! Authors write such lines as text (`[温馨提示]: 请提前十分钟到场`). So one without a reference is text,
//! unless it holds an address: then it is reported.

use super::writer::escape;
use crate::l10n::t;
use std::collections::{HashMap, HashSet};

use super::outline::{Outline, holds};
use super::{FieldError, Insertion, Rendered};
use crate::yaml::diagnostic::{Location, quote};

/// How many definitions of one text are reported.
const TOLD: usize = 100;

/// The definitions of a text.
pub(super) struct Definitions<'s> {
    found: Vec<Definition<'s>>,
}

struct Definition<'s> {
    location: Location,
    /// Where its address ends.
    end: usize,
    label: &'s str,
    address: &'s str,
    /// How many references it has.
    uses: usize,
}

/// Finds what may be a definition, outside code and HTML.
pub(super) fn find<'s>(source: &'s str, start: usize, outline: &Outline) -> Definitions<'s> {
    let mut found = Vec::new();
    let mut at = start;
    for line in source[start..].split_inclusive('\n') {
        let head = at + head(line);
        at += line.len();
        if !outline.has_line(head)
            && let Some(definition) = definition(source, head)
        {
            found.push(definition);
        }
    }
    if !found.is_empty() {
        let used = labels(&source[start..])
            .filter(|&(at, _)| !outline.has(start + at))
            .filter(|(at, _)| {
                let at = start + at;
                let before = found.partition_point(|one| one.location.start <= at);
                found[..before].last().is_none_or(|one| one.end <= at)
            })
            .map(|(_, label)| normal(label));
        let mut uses: HashMap<String, usize> = HashMap::new();
        used.for_each(|label| *uses.entry(label).or_default() += 1);
        for definition in &mut found {
            // Of two with one label only the first counts, and not every bracket is a link.
            let uses = uses.remove(&normal(definition.label)).unwrap_or_default();
            let address = definition.address;
            let leads_there = outline.addresses.contains(address) || address.contains(['\\', '&']);
            definition.uses = if leads_there { uses } else { 0 };
        }
    }
    Definitions { found }
}

/// Returns where addresses in `<…>` end if nothing comes after them in their paragraph.
pub(super) fn bare_ends(source: &str, start: usize, outline: &Outline) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = start;
    for line in source[start..].split_inclusive('\n') {
        let head = at + head(line);
        at += line.len();
        if outline.has_line(head) {
            continue;
        }
        let end = definition(source, head).map(|one| one.end);
        ends.extend(end.filter(|end| {
            let mut behind = source[*end..].split('\n');
            let is_empty = |line: Option<&str>| {
                line.unwrap_or_default().trim_matches([' ', '\t', '\r', '>']).is_empty()
            };
            source[..*end].ends_with('>') && is_empty(behind.next()) && is_empty(behind.next())
        }));
    }
    ends.dedup();
    ends
}

impl Definitions<'_> {
    /// Puts an escape before those that are text, and inserts nothing else.
    pub(super) fn keep_as_text(&self, insertions: &mut Vec<Insertion>) {
        let text = || self.found.iter().filter(|one| one.uses == 0 && !is_address(one.address));
        let ends: HashSet<_> = text().map(|one| one.end).collect();
        insertions.retain(|(at, c)| *c == '\\' || !ends.contains(at));
        insertions.extend(text().map(|one| (one.location.start, '\\')));
        insertions.sort_by_key(|&(at, _)| at);
    }

    /// Refuses pictures and links that refer to a line without an address.
    pub(super) fn refuse_unfound(
        &self,
        (source, start): (&str, usize),
        outline: &Outline,
        out: &mut Rendered,
    ) {
        let mut lines = lines(source, start, outline);
        for one in self.found.iter().filter(|one| one.uses > 0) {
            lines.remove(&normal(one.label));
        }
        if lines.is_empty() {
            return;
        }
        let mut told: Vec<_> = out.problems.iter().map(|wrong| wrong.location).collect();
        told.sort_unstable_by_key(|location| location.start);
        for (at, label) in labels(&source[start..]) {
            let Some(&is_address) = lines.get(&normal(label)) else { continue };
            let (at, end) = (start + at, start + at + label.len() + 2);
            let before = &source[start..at];
            let is_picture = before.ends_with('!')
                && !before.ends_with("\\!")
                && !source[end..].starts_with(['(', '[']);
            let is_link = before.ends_with(']') && is_address;
            if (is_picture || is_link) && !holds(&told, at) && !outline.has(at) {
                let location = Location { start: at - usize::from(is_picture), end };
                let message = t!("inbox-line-gives-no-address", label = %label);
                let help = t!("inbox-write-name-address-line-own");
                out.problems.push(FieldError { location, message, help });
            }
        }
    }

    /// Reports those that nothing shows, and notes what need not be in the HTML.
    pub(super) fn account(&self, source: &str, out: &mut Rendered, accounted: &mut String) {
        let mut told = 0;
        for one in self.found.iter().filter(|one| one.uses > 0 || is_address(one.address)) {
            let end = source[one.end..].find('\n').map_or(source.len(), |end| one.end + end);
            let line = &source[one.location.start..end];
            accounted.push_str(line);
            (0..one.uses).for_each(|_| accounted.push_str(one.label));
            // One inside a paragraph is no definition, and is shown.
            let line = line.trim_end();
            let is_told = one.uses == 0
                && told < TOLD
                && out.html.matches(&escape(line)).count() < source.matches(line).count();
            if is_told {
                told += 1;
                let message = match one.address {
                    "#" => {
                        let comment = line.split_once('#').map_or(line, |(_, comment)| comment);
                        t!("inbox-comment-taken-out", comment = %quote(comment.trim()))
                    }
                    _ => t!("inbox-taken-out-nothing-refers", line = %quote(line)),
                };
                out.told.push((one.location, message));
            }
        }
    }
}

/// Returns the names of all lines `[name]: …`, and whether each is meant to have an address.
fn lines(source: &str, start: usize, outline: &Outline) -> HashMap<String, bool> {
    let mut lines = HashMap::new();
    let mut at = start;
    for line in source[start..].split_inclusive('\n') {
        let inner = &line[head(line)..];
        let inner_at = at + line.len() - inner.len();
        at += line.len();
        let Some((0, label)) = labels(inner).next() else { continue };
        let Some(behind) = inner[label.len() + 2..].strip_prefix(':') else { continue };
        if !label.starts_with('^') && !outline.has_line(inner_at) {
            let is_address = behind.trim_start().trim_start_matches('<').starts_with("http");
            *lines.entry(normal(label)).or_default() |= is_address;
        }
    }
    lines
}

/// Returns how many bytes of a line belong to the quotes and lists around its text.
fn head(line: &str) -> usize {
    let mut rest = line;
    loop {
        let inner = rest.trim_start_matches([' ', '\t', '>']);
        let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let marker = match inner.as_bytes().get(digits) {
            Some(b'-' | b'*' | b'+') if digits == 0 => 1,
            Some(b'.' | b')') if digits > 0 => digits + 1,
            Some(_) | None => 0,
        };
        let is_marker = marker > 0 && inner[marker..].starts_with([' ', '\t']);
        rest = if is_marker { &inner[marker..] } else { inner };
        if !is_marker {
            return line.len() - rest.len();
        }
    }
}

fn definition(source: &str, start: usize) -> Option<Definition<'_>> {
    let rest = &source[start..];
    let (at, label) = labels(rest).next()?;
    if at != 0 || label.starts_with('^') || label.trim().is_empty() {
        return None;
    }
    let after = rest[label.len() + 2..].strip_prefix(':')?.trim_start_matches([' ', '\t']);
    // The address may be on the next line.
    let after = match after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n')) {
        Some(next) => &next[head(next.lines().next().unwrap_or_default())..],
        None => after,
    };
    let (address, behind) = match after.strip_prefix('<') {
        Some(inside) => inside.split_once('>')?,
        None => after.split_at(after.find([' ', '\t', '\n', '\r']).unwrap_or(after.len())),
    };
    // After the address only a title is allowed.
    let title = behind.lines().next().unwrap_or_default().trim_start();
    let is_definition = title.is_empty() || title.starts_with(['"', '\'', '(']);
    if address.is_empty() || address.contains('\n') || !is_definition {
        return None;
    }
    let location = Location { start, end: start + label.len() + 3 };
    let end = source.len() - behind.len();
    Some(Definition { location, end, label, address, uses: 0 })
}

/// Returns everything in brackets on one line, and where its bracket opens.
fn labels(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_escaped = |at: usize| {
        let before = &text.as_bytes()[..at];
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
    };
    text.match_indices('[').filter(move |&(at, _)| !is_escaped(at)).filter_map(move |(at, _)| {
        let inside = &text[at + 1..];
        let mut ends = inside.match_indices([']', '[', '\n', '\r']);
        let (end, mark) = ends.find(|&(end, _)| !is_escaped(at + 1 + end))?;
        (mark == "]").then(|| (at, &inside[..end]))
    })
}

fn normal(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Returns whether a definition's address can be one, of a page or of a file.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = scheme.is_some_and(|scheme| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let ending = text.split(['?', '#']).next().unwrap_or_default().rsplit_once('.');
    let is_file = ending.is_some_and(|(name, ending)| {
        !name.is_empty()
            && ending.contains(|c: char| c.is_ascii_alphabetic())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/')
    });
    let is_relative = ["#", "/", "./", "../"].iter().any(|start| text.starts_with(start));
    is_scheme || is_file || (is_relative && text.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Vec<(usize, &str, &str, usize)> {
        let addresses = ["b", "x y", "![a](b)"].map(str::to_owned).into();
        let found = find(source, 0, &Outline { addresses, ..Outline::default() }).found;
        let read = found.iter().map(|one| (one.location.start, one.label, one.address, one.uses));
        read.collect()
    }

    #[test]
    fn a_definition_is_found_wherever_it_stands() {
        for (source, expected) in [
            ("[提示]: 请提前到场\n", vec![(0, "提示", "请提前到场", 0)]),
            ("> - [a b]: <x y>\n", vec![(4, "a b", "x y", 0)]),
            ("1. [a]:\n   b\n", vec![(3, "a", "b", 0)]),
            ("[a]: b\n[A] ![x][a]\n", vec![(0, "a", "b", 2)]),
            ("[a]: ![a](b)\n", vec![(0, "a", "![a](b)", 0)]),
            ("[a]: b\n[a]: c\n[a]", vec![(0, "a", "b", 1), (7, "a", "c", 0)]),
            ("[a]: c\n[a][b]\n", vec![(0, "a", "c", 0)]),
            ("[a]：b\n", vec![]),
            ("[^a]: b\n", vec![]),
            ("\\[a]: b\n", vec![]),
            ("[a]:\n\n", vec![]),
            ("x [a]: b\n", vec![]),
        ] {
            assert_eq!(read(source), expected, "{source}");
        }
    }

    #[test]
    fn an_address_looks_like_one() {
        for text in
            ["https://x.cn/花", "mailto:a@b.cn", "a.png", "图/花.png?v=2", "#", "/a", "x.cn/"]
        {
            assert!(is_address(text), "{text}");
        }
        for text in ["请提前十分钟到场", "20:00", "请到场.", "hello", "3.5元", "3.50"] {
            assert!(!is_address(text), "{text}");
        }
    }
}
