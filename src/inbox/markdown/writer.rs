//! Renders the Markdown tree as HTML.
//!
//! The HTML is plain: no styles, no identifiers, no blanks between the tags. Classes mark what a
//! style cannot detect: `alert` and `alert-note` (`-tip`, `-important`, `-warning`, `-caution`) on
//! a quote, `alert-title` on its first line, `footnotes` on the section at the end.
#![expect(clippy::wildcard_enum_match_arm, reason = "most kinds of nodes do not matter here")]

use std::collections::HashMap;

use comrak::nodes::{ListType, NodeCodeBlock, NodeList, NodeValue, TableAlignment};
use comrak::{Arena, Node, arena_tree::NodeEdge};

use super::marks::{is_inside_word, is_single};
use super::{FieldError, Rendered, Text, parse};
use super::{leftovers, prose, tags};
use crate::inbox::html::untagged;
use crate::l10n::t;
use crate::yaml::diagnostic::{Location, quote};

/// Languages of a code block that mean a drawing or a formula.
const DRAWINGS: &[&str] = &[
    "echarts",
    "flow",
    "flowchart",
    "graphviz",
    "katex",
    "markmap",
    "math",
    "mermaid",
    "mindmap",
    "plantuml",
    "puml",
    "seq",
    "sequence",
    "vega-lite",
    "wavedrom",
];
/// A paragraph that requests a table of contents.
const CONTENTS: [&str; 4] = ["[toc]", "[[toc]]", "[[_toc_]]", "@[toc]"];
/// The kinds of boxes that a quote can be, with their titles, and the one of the five styles for
/// each.
const ALERTS: &[(&[&str], &str, &str)] = &[
    (&["note"], "注意", "note"),
    (&["tip", "hint"], "提示", "tip"),
    (&["important"], "重要", "important"),
    (&["warning", "attention"], "警告", "warning"),
    (&["caution"], "小心", "caution"),
    (&["info"], "信息", "note"),
    (&["abstract", "summary", "tldr"], "摘要", "note"),
    (&["todo"], "待办", "note"),
    (&["success", "check", "done"], "完成", "tip"),
    (&["question", "help", "faq"], "问题", "important"),
    (&["failure", "fail", "missing"], "失败", "caution"),
    (&["danger", "error"], "危险", "caution"),
    (&["bug"], "缺陷", "caution"),
    (&["example"], "例子", "note"),
    (&["quote", "cite"], "引用", "note"),
];

/// The HTML that was written, and what need not be in it.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) out: Rendered,
    /// Characters that are not shown by intention.
    pub(super) accounted: String,
}

/// Renders a text.
pub(super) fn write(text: &Text<'_>) -> Written {
    let arena = Arena::new();
    let root = parse(&arena, text);
    let mut numbers = HashMap::new();
    let mut notes = Vec::new();
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::FootnoteReference(reference) => {
                let location = text.location(node.data().sourcepos);
                numbers.entry(reference.name.clone()).or_insert((reference.ix, location));
            }
            NodeValue::FootnoteDefinition(_) => notes.push(node),
            _ => {}
        }
    }
    for note in &notes {
        note.detach();
    }
    let mut writer = Writer {
        text,
        within: None,
        last: None,
        column: 0,
        joined: Vec::new(),
        point: None,
        written: Written::default(),
    };
    writer.tree(root);
    writer.footnotes(&notes, &numbers);
    if let Some(first) = writer.joined.first() {
        let count = writer.joined.len();
        let point = writer.point.map(|at| text.first_line_of(at)).unwrap_or_default();
        let message = if point.is_empty() {
            t!("inbox-single-line-ends", count = count)
        } else {
            t!("inbox-single-line-ends-point", count = count, point = quote(point))
        };
        writer.written.out.told.push((*first, message));
    }
    writer.written
}

/// Returns the error for a formula.
pub(super) fn formula() -> FieldError {
    let (message, help) = leftovers::FORMULA;
    FieldError { location: Location::default(), message: message(), help: help() }
}

/// Returns a text escaped for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) struct Writer<'w, 's> {
    pub(super) text: &'w Text<'s>,
    /// The location of the reference to an inline footnote, while the footnote is written.
    within: Option<Location>,
    /// The last character of the text.
    pub(super) last: Option<char>,
    /// The column of a table that is next.
    column: usize,
    /// The line ends that do not break the line, beside Chinese characters or a point of a list.
    pub(super) joined: Vec<Location>,
    /// The first line after one of them that is one of several.
    pub(super) point: Option<Location>,
    pub(super) written: Written,
}

/// Whether the content of a node is written too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    Written,
    Skipped,
}

impl Writer<'_, '_> {
    fn tree<'a>(&mut self, root: Node<'a>) {
        let mut edges = root.traverse();
        while let Some(edge) = edges.next() {
            match edge {
                NodeEdge::Start(node) => {
                    let inside = if node.data().value.block() {
                        self.block(node)
                    } else {
                        self.inline(node)
                    };
                    if inside == Inside::Skipped {
                        edges.by_ref().find(|edge| match edge {
                            NodeEdge::Start(_) => false,
                            NodeEdge::End(other) => std::ptr::eq(*other, node),
                        });
                    }
                }
                NodeEdge::End(node) => self.end(node),
            }
        }
    }

    fn block<'a>(&mut self, node: Node<'a>) -> Inside {
        let ast = node.data();
        let location = self.location(node);
        match &ast.value {
            NodeValue::Document | NodeValue::FootnoteDefinition(_) => {}
            NodeValue::Paragraph => return self.paragraph(node, location),
            NodeValue::Heading(heading) => {
                if heading.setext && heading.level == 2 {
                    let message = t!("inbox-line-below-makes-headline-empty");
                    self.tell(location, message);
                }
                self.open(&format!("<h{}>", heading.level));
            }
            NodeValue::BlockQuote => self.open("<blockquote>"),
            NodeValue::List(list) => {
                self.numbers(node, list);
                self.list(list);
            }
            NodeValue::Item(_) => self.open("<li>"),
            NodeValue::TaskItem(_) => {
                self.open("<li>");
                let is_text = node
                    .first_child()
                    .is_some_and(|first| matches!(first.data().value, NodeValue::Paragraph));
                if !is_text {
                    self.push(box_of(node));
                }
            }
            NodeValue::CodeBlock(code) => {
                self.code_block(code, location);
                return Inside::Skipped;
            }
            NodeValue::HtmlBlock(html) => self.html_block(&html.literal, location),
            NodeValue::ThematicBreak => self.open("<hr>"),
            NodeValue::Table(_) => self.open("<table>"),
            NodeValue::TableRow(is_header) => self.row(node, *is_header),
            NodeValue::TableCell => self.cell(node),
            NodeValue::Callout(callout) => {
                self.alert(node, &callout.callout_type, callout.metadata.as_deref());
            }
            NodeValue::CalloutTitle => self.open("<p class=\"alert-title\"><strong>"),
            NodeValue::MultilineComment(comment) => {
                self.comment(&comment.literal, location);
                if !comment.closed {
                    self.wrong(location, t!("inbox-comment-does-not-end"), t!("inbox-end"));
                }
                return Inside::Skipped;
            }
            _ => self.wrong(location, t!("inbox-cannot-shown"), t!("inbox-write-otherwise")),
        }
        Inside::Written
    }

    fn end<'a>(&mut self, node: Node<'a>) {
        let tag = match &node.data().value {
            NodeValue::Paragraph if is_bare(node) => "",
            NodeValue::Paragraph => "</p>",
            NodeValue::Heading(heading) => &format!("</h{}>", heading.level),
            NodeValue::BlockQuote | NodeValue::Callout(_) => "</blockquote>",
            NodeValue::List(list) => match list.list_type {
                ListType::Bullet => "</ul>",
                ListType::Ordered => "</ol>",
            },
            NodeValue::Item(_) | NodeValue::TaskItem(_) => "</li>",
            NodeValue::Table(_) if has_body(node) => "</tbody></table>",
            NodeValue::Table(_) => "</table>",
            NodeValue::TableRow(true) => "</tr></thead>",
            NodeValue::TableRow(false) => "</tr>",
            NodeValue::TableCell => {
                if is_header(node) {
                    "</th>"
                } else {
                    "</td>"
                }
            }
            NodeValue::CalloutTitle => "</strong></p>",
            NodeValue::Emph => "</em>",
            NodeValue::Strong => "</strong>",
            NodeValue::Strikethrough => {
                if is_single(node) {
                    "~"
                } else {
                    "</del>"
                }
            }
            NodeValue::Highlight => {
                if is_inside_word(node) {
                    "=="
                } else {
                    "</mark>"
                }
            }
            NodeValue::Link(_) => "</a>",
            _ => "",
        };
        self.push(tag);
    }

    fn paragraph<'a>(&mut self, node: Node<'a>, location: Location) -> Inside {
        let asked = self.text.at(location).trim();
        if is_contents(asked) {
            self.tell(location, t!("inbox-table-contents-taken-out", asked = %quote(asked)));
            return Inside::Skipped;
        }
        if !is_bare(node) {
            self.open("<p>");
        }
        self.last = None;
        if let Some(parent) = node.parent()
            && matches!(parent.data().value, NodeValue::TaskItem(_))
            && node.previous_sibling().is_none()
        {
            self.push(box_of(parent));
        }
        Inside::Written
    }

    fn list(&mut self, list: &NodeList) {
        match (list.list_type, list.start) {
            (ListType::Bullet, _) => self.open("<ul>"),
            (ListType::Ordered, 1) => self.open("<ol>"),
            (ListType::Ordered, start) => self.open(&format!("<ol start=\"{start}\">")),
        }
    }

    /// Reports the first number of a list that is not shown as it is written.
    ///
    /// One number everywhere is Markdown's way to leave the counting to the list.
    fn numbers<'a>(&mut self, node: Node<'a>, list: &NodeList) {
        if list.list_type != ListType::Ordered {
            return;
        }
        let written = node.children().map(|item| {
            let location = self.location(item);
            let text = self.text.at(location);
            let length = text.bytes().take_while(u8::is_ascii_digit).count();
            let end = location.start + length;
            (Location { end, ..location }, text[..length].parse::<usize>().ok())
        });
        let written: Vec<_> = written.collect();
        let is_one = written.iter().all(|(_, number)| *number == Some(list.start));
        let other = written.into_iter().zip(list.start..).find_map(|((at, number), shown)| {
            Some((at, number?, shown)).filter(|_| number != Some(shown))
        });
        if let Some((location, number, shown)) = other.filter(|_| !is_one) {
            let message =
                t!("inbox-number-list-shown-markdown-counts", number = %number, shown = %shown);
            self.tell(location, message);
        }
    }

    fn code_block(&mut self, code: &NodeCodeBlock, location: Location) {
        let language = code.info.split([' ', '\t', '{', ',']).next().unwrap_or_default();
        let rest = &code.info[language.len()..];
        self.written.accounted.push_str(rest);
        if !rest.is_ascii() {
            let message = t!("inbox-words-beside-code-language-taken", rest = %quote(rest));
            self.tell(self.first_line(location), message);
        }
        // Other dialects write `{mermaid}` and `{.mermaid}`.
        let drawn = code.info.trim_start_matches(['{', '.', ' ']);
        let drawn = drawn.split([' ', '\t', '{', '}', ',']).next().unwrap_or_default();
        if DRAWINGS.contains(&drawn.to_lowercase().as_str()) {
            let message = t!("inbox-cannot-drawn-article", drawn = %quote(drawn));
            let help = t!("inbox-put-picture-show-source-leave");
            self.wrong(self.first_line(location), message, help);
        }
        if code.fenced && !code.closed {
            let message = t!("inbox-code-begins-here-does-not");
            self.wrong(self.first_line(location), message, t!("inbox-end-same-marks"));
        }
        if !code.fenced && code.literal.chars().any(prose::is_wide) {
            let message = t!("inbox-four-spaces-line-beginning-make");
            self.tell(location, message);
        }
        let class = if language.is_empty() {
            String::new()
        } else {
            format!(" class=\"language-{}\"", escape(language))
        };
        self.open(&format!("<pre><code{class}>"));
        self.escaped(&code.literal);
        self.push("</code></pre>");
    }

    /// Writes HTML unchanged; each of its lines comes from one of the text.
    fn html_block(&mut self, html: &str, location: Location) {
        let lines = self.text.at(location).split_inclusive('\n');
        let mut at = location.start;
        let mut places = lines.map(|line| {
            let location = Location { start: at, end: at + line.trim_end().len() };
            at += line.len();
            location
        });
        let open = tags::unclosed(html);
        let mut from = 0;
        for line in html.trim_end().split_inclusive('\n') {
            let here = places.next().unwrap_or(location);
            let range = from..from + line.len();
            from = range.end;
            if let Some((at, (message, help))) = open.filter(|(at, _)| range.contains(at)) {
                // What is refused already is not written, so that it opens no tag.
                let found = &line[at - range.start..].trim_end();
                return self.wrong(self.find(here, found), message(), help());
            }
            if line.contains("![[") || untagged::addresses(line).next().is_some() {
                let message = t!("inbox-markdown-not-read-inside-html");
                let help = t!("inbox-put-empty-line-before-write");
                self.wrong(here, message, help);
            }
            if line.contains("class=\"mermaid\"") {
                let message = t!("inbox-mermaid-cannot-drawn-article");
                self.wrong(here, message, t!("inbox-put-picture"));
            }
            if line.contains("**") && !line.contains("<!--") {
                self.tell(here, t!("inbox-shown-stands-inside-html"));
            }
            self.mark(here);
            self.push(line);
        }
        self.last = None;
    }

    fn row<'a>(&mut self, node: Node<'a>, is_header: bool) {
        let is_first = !is_header
            && node
                .previous_sibling()
                .is_some_and(|before| matches!(before.data().value, NodeValue::TableRow(true)));
        self.open(match (is_header, is_first) {
            (true, _) => "<thead><tr>",
            (false, true) => "<tbody><tr>",
            (false, false) => "<tr>",
        });
        self.column = 0;
        let location = self.location(node);
        let Some(last) = node.last_child() else { return };
        let start = self.location(last).end.min(location.end);
        let behind = self.text.at(Location { start, end: location.end });
        let is_empty = |c: char| c == '|' || c.is_whitespace();
        let more = behind.trim_matches(is_empty);
        if !more.is_empty() {
            let start = start + behind.len() - behind.trim_start_matches(is_empty).len();
            let message = t!("inbox-stands-no-column-table", more = %quote(more));
            let help = t!("inbox-give-headline-table-cell");
            self.wrong(Location { start, end: start + more.len() }, message, help);
        }
    }

    fn cell<'a>(&mut self, node: Node<'a>) {
        let column = self.column;
        self.column += 1;
        let table = node.ancestors().nth(2);
        let alignment = table.and_then(|table| match &table.data().value {
            NodeValue::Table(table) => table.alignments.get(column).copied(),
            _ => None,
        });
        let style = match alignment {
            None | Some(TableAlignment::None) => "",
            Some(TableAlignment::Left) => " style=\"text-align:left\"",
            Some(TableAlignment::Center) => " style=\"text-align:center\"",
            Some(TableAlignment::Right) => " style=\"text-align:right\"",
        };
        let tag = if is_header(node) { "th" } else { "td" };
        self.open(&format!("<{tag}{style}>"));
    }

    fn alert<'a>(&mut self, node: Node<'a>, name: &str, metadata: Option<&str>) {
        let location = self.first_line(self.location(node));
        let Some((_, label, class)) = ALERTS.iter().find(|(names, ..)| names.contains(&name))
        else {
            let message = t!("inbox-no-box", name = %quote(&format!("[!{name}]")));
            return self.wrong(location, message, t!("inbox-box-names"));
        };
        self.written.accounted.push_str(metadata.unwrap_or_default());
        self.open(&format!("<blockquote class=\"alert alert-{class}\">"));
        let has_title = node
            .first_child()
            .is_some_and(|first| matches!(first.data().value, NodeValue::CalloutTitle));
        if !has_title {
            self.push(&format!("<p class=\"alert-title\"><strong>{label}</strong></p>"));
        }
    }

    /// Writes the footnotes at the end, in the order of their references.
    fn footnotes<'a>(&mut self, notes: &[Node<'a>], numbers: &HashMap<String, (u32, Location)>) {
        let mut found = Vec::new();
        for node in notes {
            let ast = node.data();
            let NodeValue::FootnoteDefinition(note) = &ast.value else { continue };
            let location = self.first_line(self.text.location(ast.sourcepos));
            self.written.accounted.push_str(&note.name);
            // The parser gives names to inline footnotes.
            let is_inline = note.name.starts_with("__inline_");
            match numbers.get(&note.name).filter(|_| note.total_references > 0) {
                Some(&(number, reference)) => found.push((number, reference, is_inline, *node)),
                None => {
                    let message =
                        t!("inbox-nothing-refers", name = %quote(&format!("[^{}]", note.name)));
                    let help = t!("inbox-write-where-belongs-take-out");
                    self.wrong(location, message, help);
                }
            }
        }
        if found.is_empty() {
            return;
        }
        found.sort_by_key(|(number, ..)| *number);
        self.open("<section class=\"footnotes\"><ol>");
        for (_, reference, is_inline, node) in found {
            // An inline footnote has no location of its own.
            self.within = is_inline.then_some(reference);
            self.open("<li>");
            self.tree(node);
            self.push("</li>");
            self.within = None;
        }
        self.push("</ol></section>");
    }

    pub(super) fn open(&mut self, tag: &str) {
        self.push(tag);
        self.last = None;
    }

    pub(super) fn push(&mut self, html: &str) {
        self.written.out.html.push_str(html);
    }

    pub(super) fn escaped(&mut self, text: &str) {
        self.push(&escape(text));
        self.last = text.chars().last().or(self.last);
    }

    /// Notes the location that what is written next comes from.
    pub(super) fn mark(&mut self, location: Location) {
        let at = self.written.out.html.len();
        self.written.out.places.push((at, location));
    }

    pub(super) fn wrong(&mut self, location: Location, message: String, help: String) {
        self.written.out.problems.push(FieldError { location, message, help });
    }

    pub(super) fn tell(&mut self, location: Location, message: String) {
        self.written.out.told.push((location, message));
    }

    pub(super) fn location<'a>(&self, node: Node<'a>) -> Location {
        self.within.unwrap_or_else(|| self.text.location(node.data().sourcepos))
    }

    /// Returns the location of a text inside another location.
    fn find(&self, location: Location, sought: &str) -> Location {
        let start = location.start + self.text.at(location).rfind(sought).unwrap_or_default();
        Location { start, end: location.end }
    }

    pub(super) fn first_line(&self, location: Location) -> Location {
        let line = self.text.at(location).lines().next().unwrap_or_default();
        Location { start: location.start, end: location.start + line.len() }
    }
}

/// Returns whether a quote can be a box of this name.
pub(super) fn is_alert(name: &str) -> bool {
    ALERTS.iter().any(|(names, ..)| names.contains(&name))
}

/// Returns whether a line requests a table of contents.
pub(super) fn is_contents(line: &str) -> bool {
    CONTENTS.contains(&line.to_ascii_lowercase().as_str())
}

/// Returns the checkbox of a task.
fn box_of(task: Node<'_>) -> &'static str {
    let is_done = matches!(&task.data().value, NodeValue::TaskItem(item) if item.symbol.is_some());
    if is_done { "☑ " } else { "☐ " }
}

/// Returns whether a paragraph is written without a tag of its own.
fn is_bare(paragraph: Node<'_>) -> bool {
    let Some(parent) = paragraph.parent() else { return false };
    match &parent.data().value {
        NodeValue::Item(_) | NodeValue::TaskItem(_) => parent
            .parent()
            .is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight)),
        NodeValue::FootnoteDefinition(_) => {
            paragraph.previous_sibling().is_none() && paragraph.next_sibling().is_none()
        }
        NodeValue::CalloutTitle => true,
        _ => false,
    }
}

/// Returns whether a table has rows below its headline.
fn has_body(table: Node<'_>) -> bool {
    let last = table.last_child();
    last.is_some_and(|row| matches!(row.data().value, NodeValue::TableRow(false)))
}

fn is_header(cell: Node<'_>) -> bool {
    cell.parent().is_some_and(|row| matches!(row.data().value, NodeValue::TableRow(true)))
}
