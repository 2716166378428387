//! Writes an article so that the platform's draft interface leaves it unchanged.
//!
//! It drops the line ends of a `<pre>`, makes a block of every `<code>`, and shows an empty item
//! for white space between two items. So code has `<br>` and no-break spaces, code within a line is
//! a styled `<span>`, and there is no white space between blocks.

use super::Remark;
use super::names::{self, Kind};
use super::style::{self, Declaration};

/// The style of code within a line, if no other is given.
const CODE: &str = "font-family:Menlo,Consolas,monospace";
/// How many spaces a tab has in code.
const TAB: &str = "\u{a0}\u{a0}\u{a0}\u{a0}";

/// A node of the text that is kept.
#[derive(Debug)]
pub(super) enum Part {
    Element(Kept),
    Text(String),
}

/// A tag that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Its attributes without its style.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) style: Vec<Declaration>,
    pub(super) children: Vec<Part>,
    /// The remarks on it, by their numbers.
    pub(super) remarks: Vec<usize>,
}

impl Kept {
    /// Returns a tag with nothing in it.
    pub(super) fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            attributes: Vec::new(),
            style: Vec::new(),
            children: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn is_block(&self) -> bool {
        self.kind == Kind::Html && names::is_block(&self.name)
    }

    /// Returns whether only certain tags are allowed in it, and no text.
    fn holds_only_tags(&self) -> bool {
        match self.kind {
            Kind::Svg => !matches!(&*self.name, "text" | "tspan" | "textPath" | "foreignObject"),
            Kind::Platform => false,
            Kind::Html => matches!(
                &*self.name,
                "ul" | "ol" | "dl" | "table" | "tbody" | "thead" | "tfoot" | "tr" | "colgroup"
            ),
        }
    }

    /// Returns whether a sign in front of something inside it would change how it looks.
    fn is_closed_to_signs(&self) -> bool {
        self.kind != Kind::Html || self.holds_only_tags() || self.name == "pre"
    }

    /// Converts it to a form that the platform leaves unchanged.
    pub(super) fn settle(&mut self, in_code: bool) {
        if self.kind == Kind::Html && self.name == "pre" {
            trim_code(&mut self.children);
        } else if !in_code {
            let holds_blocks = self.is_block() || self.name == "foreignObject";
            let only_tags = self.holds_only_tags();
            trim_blocks(&mut self.children, holds_blocks, only_tags);
        }
        let is_code = self.kind == Kind::Html && matches!(&*self.name, "code" | "kbd" | "samp");
        if is_code && !in_code {
            self.name = "span".to_owned();
            if self.style.is_empty() {
                self.style = style::inline(CODE);
            }
        }
    }
}

/// Removes white space that is only between blocks.
fn trim_blocks(parts: &mut Vec<Part>, holds_blocks: bool, only_tags: bool) {
    let is_blank = |part: &Part| match part {
        Part::Text(text) => text.chars().all(|c| c.is_ascii_whitespace()),
        Part::Element(_) => false,
    };
    let is_edge = |part: Option<&Part>| match part {
        None => holds_blocks,
        Some(Part::Element(kept)) => kept.is_block(),
        Some(Part::Text(_)) => false,
    };
    let goes: Vec<bool> = (0..parts.len())
        .map(|at| {
            let before = at.checked_sub(1).and_then(|before| parts.get(before));
            is_blank(&parts[at]) && (only_tags || (is_edge(before) && is_edge(parts.get(at + 1))))
        })
        .collect();
    let mut goes = goes.into_iter();
    parts.retain(|_| !goes.next().unwrap_or(false));
}

/// Returns a text of code in which lines and spaces are kept everywhere.
pub(super) fn code(text: &str) -> Vec<Part> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut parts = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            parts.push(Part::Element(Kept::new("br", Kind::Html)));
        }
        if !line.is_empty() {
            parts.push(Part::Text(line.replace(' ', "\u{a0}").replace('\t', TAB)));
        }
    }
    parts
}

/// Removes the last line end, which a browser does not show.
fn trim_code(parts: &mut Vec<Part>) {
    match parts.last_mut() {
        Some(Part::Element(last)) if last.name == "br" => drop(parts.pop()),
        Some(Part::Element(last)) => trim_code(&mut last.children),
        Some(Part::Text(_)) | None => {}
    }
}

/// Writes the text, and notes the position of each remark.
pub(super) fn write(parts: &[Part], remarks: &mut [Remark]) -> String {
    let mut writer = Writer { html: String::new(), remarks };
    writer.parts(parts, None);
    writer.html
}

struct Writer<'r> {
    html: String,
    remarks: &'r mut [Remark],
}

impl Writer<'_> {
    /// Writes parts; `before` is the position for remarks that cannot be inside.
    fn parts(&mut self, parts: &[Part], before: Option<usize>) {
        for part in parts {
            match part {
                Part::Text(text) => self.html.push_str(&escape(text)),
                Part::Element(kept) => self.element(kept, before),
            }
        }
    }

    fn element(&mut self, kept: &Kept, before: Option<usize>) {
        let at = before.unwrap_or(self.html.len());
        for &remark in &kept.remarks {
            if let Some(remark) = self.remarks.get_mut(remark) {
                remark.at = at;
            }
        }
        self.html.extend(["<", &kept.name]);
        for (name, value) in &kept.attributes {
            self.attribute(name, value);
        }
        if !kept.style.is_empty() {
            self.attribute("style", &css(&kept.style));
        }
        self.html.push('>');
        if kept.kind == Kind::Html && names::is_void(&kept.name) {
            return;
        }
        let before = before.or_else(|| kept.is_closed_to_signs().then_some(at));
        self.parts(&kept.children, before);
        self.html.extend(["</", &kept.name, ">"]);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let value = escape(value).replace('"', "&quot;");
        self.html.extend([" ", name, "=\"", &value, "\""]);
    }
}

/// Returns declarations as the value of a `style`.
fn css(style: &[Declaration]) -> String {
    let written = style.iter().map(|Declaration { name, value, is_important, .. }| {
        let mark = if *is_important { "!important" } else { "" };
        format!("{name}:{value}{mark}")
    });
    written.collect::<Vec<_>>().join(";")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
