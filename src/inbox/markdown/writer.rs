//! From the tree of a Markdown text to HTML.
//!
//! The HTML is plain: no styles, no identifiers, no blanks between the tags. Classes say what a
//! style cannot know: `alert` and `alert-note` (`-tip`, `-important`, `-warning`, `-caution`) on a
//! quote, `footnotes` on the section at the end.

use std::collections::HashMap;

use comrak::nodes::{
    ListType, NodeCodeBlock, NodeLink, NodeList, NodeMath, NodeValue, TableAlignment,
};
use comrak::{Arena, Node, arena_tree::NodeEdge, parse_document};

use super::prose::{self, Picture, Piece, Raw};
use super::{Rendered, Text, Wrong, options};
use crate::yaml::diagnostic::{Place, quote};

/// Languages of a code block that stand for a drawing or a formula.
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
/// A paragraph that asks for a table of contents.
const CONTENTS: [&str; 4] = ["[toc]", "[[toc]]", "[[_toc_]]", "@[toc]"];
/// The boxes that a quote can be, what they are called, and as which of the five they look.
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

/// What was written, and what need not be in it.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) out: Rendered,
    /// Characters that are not shown by intention.
    pub(super) accounted: String,
}

/// Renders a text.
pub(super) fn write(text: &Text<'_>) -> Written {
    let arena = Arena::new();
    let root = parse_document(&arena, &text.markdown, &options());
    let mut numbers = HashMap::new();
    let mut notes = Vec::new();
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::FootnoteReference(reference) => {
                let place = text.place(node.data().sourcepos);
                numbers.entry(reference.name.clone()).or_insert((reference.ix, place));
            }
            NodeValue::FootnoteDefinition(_) => notes.push(node),
            #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is no footnote")]
            _ => {}
        }
    }
    for note in &notes {
        note.detach();
    }
    let mut writer =
        Writer { text, within: None, last: None, joined: Vec::new(), written: Written::default() };
    writer.tree(root);
    writer.footnotes(&notes, &numbers);
    if let Some(first) = writer.joined.first() {
        let count = writer.joined.len();
        let message = format!(
            "{count} single line ends between Chinese characters are not shown, the first one \
             here; end a line with `\\` or two spaces to break it"
        );
        writer.written.out.told.push((*first, message));
    }
    writer.written
}

/// Returns a text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

struct Writer<'w, 's> {
    text: &'w Text<'s>,
    /// Where a footnote is referred to that stands in the line itself, while it is written.
    within: Option<Place>,
    /// The last character of the text.
    last: Option<char>,
    joined: Vec<Place>,
    written: Written,
}

/// Whether what lies in a node is written too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
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

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not asked for is never parsed")]
    fn block<'a>(&mut self, node: Node<'a>) -> Inside {
        let ast = node.data();
        let place = self.place(node);
        match &ast.value {
            NodeValue::Document | NodeValue::FootnoteDefinition(_) => {}
            NodeValue::Paragraph => return self.paragraph(node, place),
            NodeValue::Heading(heading) => self.open(&format!("<h{}>", heading.level)),
            NodeValue::BlockQuote => self.open("<blockquote>"),
            NodeValue::List(list) => self.list(list),
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
                self.code_block(code, place);
                return Inside::Skipped;
            }
            NodeValue::HtmlBlock(html) => self.html_block(&html.literal, place),
            NodeValue::ThematicBreak => self.open("<hr>"),
            NodeValue::Table(_) => self.open("<table>"),
            NodeValue::TableRow(is_header) => self.row(node, *is_header),
            NodeValue::TableCell => self.cell(node),
            NodeValue::Callout(callout) => {
                self.alert(node, &callout.callout_type, callout.metadata.as_deref())
            }
            NodeValue::CalloutTitle => self.open("<p><strong>"),
            NodeValue::MultilineComment(comment) => {
                self.comment(&comment.literal, place);
                if !comment.closed {
                    self.wrong(
                        place,
                        "the comment `%%` does not end".to_owned(),
                        "end it with `%%`",
                    );
                }
                return Inside::Skipped;
            }
            _ => self.wrong(place, "this cannot be shown".to_owned(), "write it otherwise"),
        }
        Inside::Written
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not asked for is never parsed")]
    fn inline<'a>(&mut self, node: Node<'a>) -> Inside {
        let ast = node.data();
        let place = self.place(node);
        match &ast.value {
            NodeValue::Text(text) => self.words(node, text, place),
            NodeValue::SoftBreak => self.soft_break(node, place),
            NodeValue::LineBreak => self.open("<br>"),
            NodeValue::Code(code) => {
                self.open("<code>");
                self.escaped(&code.literal);
                self.push("</code>");
            }
            NodeValue::HtmlInline(html) => {
                self.mark(place);
                self.push(html);
            }
            NodeValue::Emph => self.push("<em>"),
            NodeValue::Strong => self.push("<strong>"),
            NodeValue::Strikethrough => {
                let tag = if self.is_single(place) { "~" } else { "<del>" };
                self.push(tag);
            }
            NodeValue::Highlight => {
                let tag = if self.is_inside_word(place) { "==" } else { "<mark>" };
                self.push(tag);
            }
            NodeValue::Link(link) => self.link(link, place),
            NodeValue::Image(link) => {
                self.image(node, link, place);
                return Inside::Skipped;
            }
            NodeValue::FootnoteReference(reference) => {
                let mark = format!("<sup>[{}]</sup>", reference.ix);
                self.written.accounted.push_str(&reference.name);
                self.push(&mark);
            }
            NodeValue::Math(math) => self.math(math, place),
            NodeValue::Escaped => {}
            NodeValue::CommentInline(comment) => self.comment(&comment.literal, place),
            _ => self.wrong(place, "this cannot be shown".to_owned(), "write it otherwise"),
        }
        Inside::Written
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most nodes end without a tag")]
    fn end<'a>(&mut self, node: Node<'a>) {
        let place = self.place(node);
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
            NodeValue::Table(table) if table.num_rows > 0 && node.children().count() > 1 => {
                "</tbody></table>"
            }
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
                if self.is_single(place) {
                    "~"
                } else {
                    "</del>"
                }
            }
            NodeValue::Highlight => {
                if self.is_inside_word(place) {
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

    fn paragraph<'a>(&mut self, node: Node<'a>, place: Place) -> Inside {
        let asked = self.text.at(place).trim();
        if CONTENTS.contains(&asked.to_ascii_lowercase().as_str()) {
            self.tell(place, format!("the table of contents {} is taken out", quote(asked)));
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

    fn code_block(&mut self, code: &NodeCodeBlock, place: Place) {
        let language = code.info.split([' ', '\t', '{', ',']).next().unwrap_or_default();
        let rest = &code.info[language.len()..];
        self.written.accounted.push_str(rest);
        if !rest.is_ascii() {
            let message =
                format!("the words {} beside the code's language are taken out", quote(rest));
            self.tell(self.first_line(place), message);
        }
        let lower = language.to_lowercase();
        if DRAWINGS.contains(&lower.as_str()) {
            let message = format!("{} cannot be drawn in an article", quote(language));
            let help = "put a picture of it there; to show its source, leave the word out";
            self.wrong(self.first_line(place), message, help);
        }
        if code.fenced && !code.closed {
            let message = "the code that begins here does not end".to_owned();
            self.wrong(self.first_line(place), message, "end it with the same marks");
        }
        if !code.fenced && code.literal.chars().any(prose::is_wide) {
            let message = "four spaces at a line's beginning make it code, and it is shown as such";
            self.tell(place, message.to_owned());
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

    /// Writes HTML as it is; each of its lines comes from one of the text.
    fn html_block(&mut self, html: &str, place: Place) {
        let lines = self.text.at(place).split_inclusive('\n');
        let mut at = place.start;
        let mut places = lines.map(|line| {
            let place = Place { start: at, end: at + line.trim_end().len() };
            at += line.len();
            place
        });
        for line in html.trim_end().split_inclusive('\n') {
            let here = places.next().unwrap_or(place);
            let is_picture = line.contains("![") && (line.contains("](") || line.contains("[["));
            if is_picture {
                let message = "Markdown is not read inside of HTML".to_owned();
                self.wrong(here, message, "put an empty line before it, or write `<img src=…>`");
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
        let place = self.place(node);
        let Some(last) = node.last_child() else { return };
        let start = self.place(last).end.min(place.end);
        let behind = self.text.at(Place { start, end: place.end });
        let is_empty = |c: char| c == '|' || c.is_whitespace();
        let more = behind.trim_matches(is_empty);
        if !more.is_empty() {
            let start = start + behind.len() - behind.trim_start_matches(is_empty).len();
            let message = format!("{} stands in no column of the table", quote(more));
            let help = "give the headline of the table a cell for it";
            self.wrong(Place { start, end: start + more.len() }, message, help);
        }
    }

    fn cell<'a>(&mut self, node: Node<'a>) {
        let column = node.preceding_siblings().skip(1).count();
        let table = node.ancestors().nth(2);
        let alignment = table.and_then(|table| match &table.data().value {
            NodeValue::Table(table) => table.alignments.get(column).copied(),
            #[expect(clippy::wildcard_enum_match_arm, reason = "a cell lies in a table")]
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
        let place = self.first_line(self.place(node));
        let Some((_, label, class)) = ALERTS.iter().find(|(names, ..)| names.contains(&name))
        else {
            let message = format!("there is no box {}", quote(&format!("[!{name}]")));
            let help = "write [!NOTE], [!TIP], [!IMPORTANT], [!WARNING] or [!CAUTION]";
            return self.wrong(place, message, help);
        };
        self.written.accounted.push_str(metadata.unwrap_or_default());
        self.open(&format!("<blockquote class=\"alert alert-{class}\">"));
        let has_title = node
            .first_child()
            .is_some_and(|first| matches!(first.data().value, NodeValue::CalloutTitle));
        if !has_title {
            self.push(&format!("<p><strong>{label}</strong></p>"));
        }
    }

    /// Writes a text of one line.
    fn words<'a>(&mut self, node: Node<'a>, text: &str, place: Place) {
        let mut text = text;
        // Behind a paragraph's last line there is nothing to break.
        if let Some(rest) = text.strip_suffix('\\')
            && node.next_sibling().is_none()
            && rest.chars().last().is_some_and(|c| c == ' ' || !c.is_ascii())
        {
            text = rest.trim_end();
        }
        let mut place = place;
        if let Some(before) = node.previous_sibling()
            && matches!(before.data().value, NodeValue::Image(_))
            && let Some((length, _, says_more)) = prose::attributes(text)
        {
            self.attributes(&text[..length], says_more, place);
            text = &text[length..];
            place.start = (place.start + length).min(place.end);
        }
        if is_line_start(node) && text.starts_with('#') && !text.trim_end().ends_with('#') {
            let message = "this is shown with its `#`; a headline has a space behind it";
            self.tell(place, message.to_owned());
        }
        let mut skip = 0;
        for piece in prose::pieces(text) {
            let here =
                |range: &std::ops::Range<usize>| within(self.text.at(place) == text, place, range);
            match piece {
                Piece::Text(range) => {
                    let range = range.start.max(skip)..range.end.max(skip);
                    self.raw(text, range.clone(), place);
                    self.escaped(&text[range]);
                }
                Piece::Picture(picture, range) => {
                    let place = here(&range);
                    let mut size = picture.size.clone();
                    if let Some((length, found, says_more)) = prose::attributes(&text[range.end..])
                    {
                        self.attributes(&text[range.end..range.end + length], says_more, place);
                        skip = range.end + length;
                        size = found.or(size);
                    }
                    self.picture(&Picture { size, ..picture }, place);
                }
                Piece::Wrong(range, message, help) => {
                    self.wrong(here(&range), message.to_owned(), help)
                }
            }
        }
    }

    /// Looks for marks in a part of a text that stayed raw.
    fn raw(&mut self, text: &str, range: std::ops::Range<usize>, place: Place) {
        let is_exact = self.text.at(place).ends_with(text);
        let start = place.end.saturating_sub(text.len()).max(place.start);
        let place = if is_exact { Place { start, end: place.end } } else { place };
        for (found, raw) in prose::raw(&text[range.clone()]) {
            let shown = quote(&text[range.clone()][found.clone()]);
            let found = found.start + range.start..found.end + range.start;
            let here = within(is_exact, place, &found);
            match raw {
                Raw::Wrong(message, help) => self.wrong(here, message.to_owned(), help),
                Raw::Shown => self.tell(here, format!("{shown} is shown as it stands")),
            }
        }
    }

    fn attributes(&mut self, text: &str, says_more: bool, place: Place) {
        self.written.accounted.push_str(text);
        if says_more {
            self.tell(place, format!("of {} only width and height are used", quote(text)));
        }
    }

    fn soft_break<'a>(&mut self, node: Node<'a>, place: Place) {
        let after = node.next_sibling().and_then(first_character);
        if prose::joins(self.last, after) {
            self.joined.push(place);
        } else {
            self.push(" ");
        }
    }

    fn link(&mut self, link: &NodeLink, place: Place) {
        self.mark(place);
        let title = if link.title.is_empty() {
            String::new()
        } else {
            format!(" title=\"{}\"", escape(&link.title))
        };
        self.push(&format!("<a href=\"{}\"{title}>", escape(&link.url)));
    }

    fn image<'a>(&mut self, node: Node<'a>, link: &NodeLink, place: Place) {
        let mut alt = String::new();
        for inner in node.descendants().skip(1) {
            match &inner.data().value {
                NodeValue::Text(text) => alt.push_str(text),
                NodeValue::Code(code) => alt.push_str(&code.literal),
                NodeValue::Image(_) => {
                    let help = "give each picture its own `![words](file.png)`";
                    self.wrong(place, "a picture cannot stand in another's words".to_owned(), help);
                }
                #[expect(clippy::wildcard_enum_match_arm, reason = "only words matter here")]
                _ => {}
            }
        }
        let (alt, mut size) = prose::alt_and_size(&alt);
        if let Some(next) = node.next_sibling()
            && let NodeValue::Text(text) = &next.data().value
            && let Some((_, found, _)) = prose::attributes(text)
        {
            size = found.or(size);
        }
        self.picture(&Picture { name: &link.url, alt, title: &link.title, size }, place);
    }

    fn picture(&mut self, picture: &Picture<'_>, place: Place) {
        self.mark(place);
        let mut tag =
            format!("<img src=\"{}\" alt=\"{}\"", escape(picture.name), escape(picture.alt));
        let Picture { size, title, .. } = picture;
        let title = Some((*title).to_owned()).filter(|title| !title.is_empty());
        for (key, value) in [("title", &title), ("width", &size.width), ("height", &size.height)] {
            if let Some(value) = value {
                tag.extend([" ", key, "=\"", &escape(value), "\""]);
            }
        }
        tag.push('>');
        self.push(&tag);
        self.last = None;
    }

    /// Refuses a formula; between two prices there is none.
    fn math(&mut self, math: &NodeMath, place: Place) {
        let is_text = math.dollar_math
            && math.literal.chars().any(prose::is_wide)
            && !math.literal.contains(['\\', '^']);
        if is_text {
            let mark = if math.display_math { "$$" } else { "$" };
            let text = format!("{mark}{}{mark}", math.literal);
            self.raw(&text, 0..text.len(), place);
            return self.escaped(&text);
        }
        let help = "put a picture of it there; for a dollar sign write `\\$`";
        self.wrong(
            self.first_line(place),
            "a formula cannot be shown in an article".to_owned(),
            help,
        );
    }

    fn comment(&mut self, comment: &str, place: Place) {
        self.written.accounted.push_str(comment);
        let words = comment.split_whitespace().collect::<Vec<_>>().join(" ");
        self.tell(place, format!("the comment {} is taken out", quote(&words)));
    }

    /// Writes the footnotes at the end, in the order in which they are referred to.
    fn footnotes<'a>(&mut self, notes: &[Node<'a>], numbers: &HashMap<String, (u32, Place)>) {
        let mut found = Vec::new();
        for node in notes {
            let ast = node.data();
            let NodeValue::FootnoteDefinition(note) = &ast.value else { continue };
            let place = self.first_line(self.text.place(ast.sourcepos));
            self.written.accounted.push_str(&note.name);
            match numbers.get(&note.name).filter(|_| note.total_references > 0) {
                Some(&(number, reference)) => found.push((number, reference, place, *node)),
                None => {
                    let message =
                        format!("nothing refers to {}", quote(&format!("[^{}]", note.name)));
                    let help = "write `[^…]` where it belongs, or take it out; each name once";
                    self.wrong(place, message, help);
                }
            }
        }
        if found.is_empty() {
            return;
        }
        found.sort_by_key(|(number, ..)| *number);
        self.open("<section class=\"footnotes\"><ol>");
        for (_, reference, place, node) in found {
            // One that stands in the line itself has no place of its own.
            self.within = Some(reference)
                .filter(|_| place.start == place.end || place.start < self.text.start + 1);
            self.open("<li>");
            self.tree(node);
            self.push("</li>");
            self.within = None;
        }
        self.push("</ol></section>");
    }

    fn open(&mut self, tag: &str) {
        self.push(tag);
        self.last = None;
    }

    fn push(&mut self, html: &str) {
        self.written.out.html.push_str(html);
    }

    fn escaped(&mut self, text: &str) {
        self.push(&escape(text));
        self.last = text.chars().last().or(self.last);
    }

    /// Notes that what is written next comes from a place.
    fn mark(&mut self, place: Place) {
        let at = self.written.out.html.len();
        self.written.out.places.push((at, place));
    }

    fn wrong(&mut self, place: Place, message: String, help: &'static str) {
        self.written.out.problems.push(Wrong { place, message, help });
    }

    fn tell(&mut self, place: Place, message: String) {
        self.written.out.told.push((place, message));
    }

    fn place<'a>(&self, node: Node<'a>) -> Place {
        self.within.unwrap_or_else(|| self.text.place(node.data().sourcepos))
    }

    fn first_line(&self, place: Place) -> Place {
        let line = self.text.at(place).lines().next().unwrap_or_default();
        Place { start: place.start, end: place.start + line.len() }
    }

    /// Says whether `~` stands there once, which is a range or a tune and no deletion.
    fn is_single(&self, place: Place) -> bool {
        !self.text.at(place).starts_with("~~")
    }

    /// Says whether `==` stands between letters on both sides, as in `a==b`.
    fn is_inside_word(&self, place: Place) -> bool {
        let before = self.text.source[..place.start].chars().last();
        let after = self.text.source[place.end..].chars().next();
        [before, after].iter().all(|c| c.is_some_and(|c| c.is_ascii_alphanumeric()))
    }
}

/// Returns a part of a place, where that has exactly the text.
fn within(is_exact: bool, place: Place, range: &std::ops::Range<usize>) -> Place {
    if is_exact {
        Place { start: place.start + range.start, end: place.start + range.end }
    } else {
        place
    }
}

/// Returns the box of a task.
fn box_of(task: Node<'_>) -> &'static str {
    let is_done = matches!(&task.data().value, NodeValue::TaskItem(item) if item.symbol.is_some());
    if is_done { "☑ " } else { "☐ " }
}

/// Says whether a paragraph stands without a tag of its own.
fn is_bare(paragraph: Node<'_>) -> bool {
    let Some(parent) = paragraph.parent() else { return false };
    #[expect(clippy::wildcard_enum_match_arm, reason = "elsewhere a paragraph is one")]
    match &parent.data().value {
        NodeValue::Item(_) | NodeValue::TaskItem(_) => parent
            .parent()
            .is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight)),
        NodeValue::FootnoteDefinition(_) => parent.children().count() == 1,
        NodeValue::CalloutTitle => true,
        _ => false,
    }
}

fn is_header(cell: Node<'_>) -> bool {
    cell.parent().is_some_and(|row| matches!(row.data().value, NodeValue::TableRow(true)))
}

/// Says whether a text begins a line of a paragraph.
fn is_line_start(node: Node<'_>) -> bool {
    let is_in_paragraph =
        node.parent().is_some_and(|parent| matches!(parent.data().value, NodeValue::Paragraph));
    is_in_paragraph
        && node.previous_sibling().is_none_or(|before| {
            matches!(before.data().value, NodeValue::SoftBreak | NodeValue::LineBreak)
        })
}

/// Returns the first character that a node shows.
fn first_character(node: Node<'_>) -> Option<char> {
    node.descendants().find_map(|inner| match &inner.data().value {
        NodeValue::Text(text) => text.chars().next(),
        NodeValue::Code(code) => code.literal.chars().next(),
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else shows a character")]
        _ => None,
    })
}
