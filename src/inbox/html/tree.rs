//! Parses HTML into a tree in which every node has its source location.
//!
//! The author looked at the text in a browser, so what a browser closes by itself is closed here.
//! But a browser also takes everything up to the next quote for an attribute, and everything after
//! a `<!--` for a comment. A text that is lost that way is never what was meant, so both are
//! refused at the location where they opened.

use html5gum::emitters::default::{DefaultEmitter, StartTag};
use html5gum::{Error, HtmlString, Span, Token, Tokenizer};

use super::Problem;
use super::names;
use crate::l10n::t;
use crate::yaml::diagnostic::Location;

/// How deep tags may be nested.
const DEPTH: usize = 200;

/// A node of the text.
#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text {
        text: String,
        location: Location,
    },
    Comment {
        location: Location,
    },
    /// An end tag that ends nothing.
    End {
        name: String,
        location: Location,
    },
}

/// A tag with its content.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Its name, in lower case.
    pub(super) name: String,
    /// Its start tag.
    pub(super) location: Location,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Node>,
    /// Whether its end tag was written or is not needed.
    pub(super) is_closed: bool,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) location: Location,
}

impl Element {
    /// Returns an attribute's value.
    pub(super) fn get(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

/// Reads HTML.
pub(super) fn read(html: &str) -> (Vec<Node>, Vec<Problem>) {
    let open = vec![Element::default()];
    let mut builder = Builder { html, open, problems: Vec::new(), comment: None };
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        builder.token(token);
    }
    while builder.open.len() > 1 {
        builder.close();
    }
    let root = builder.open.pop().unwrap_or_default();
    (root.children, builder.problems)
}

struct Builder<'h> {
    html: &'h str,
    /// The tags that are open; the first represents the text as a whole.
    open: Vec<Element>,
    problems: Vec<Problem>,
    /// What is wrong with the comment that is being read.
    comment: Option<Error>,
}

impl Builder<'_> {
    fn token(&mut self, token: Token<usize>) {
        match token {
            Token::StartTag(tag) => self.start(&tag),
            Token::EndTag(tag) => {
                let location = location_of(tag.span);
                if let Some(at) = self.opened_within(location) {
                    return self.unclosed(location.start, at);
                }
                self.end(text(&tag.name), location);
            }
            Token::String(string) => {
                let (text, location) = (text(&string.value), location_of(string.span));
                self.push(Node::Text { text, location });
            }
            Token::Comment(comment) => self.comment(location_of(comment.span)),
            Token::Error(error) => self.error(error.value, error.span.start),
            Token::Doctype(_) => {}
        }
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        let name = text(&tag.name);
        let location = location_of(tag.span);
        let mut attributes: Vec<_> = tag
            .attributes
            .iter()
            .map(|(name, found)| Attribute {
                name: text(name),
                value: text(&found.value),
                location: location_of(found.span),
            })
            .collect();
        attributes.sort_by_key(|attribute| attribute.location.start);
        if let Some(at) = swallowing(&attributes) {
            return self.open_quote(&attributes[at]);
        }
        if let Some(at) = self.opened_within(location) {
            return self.unclosed(location.start, at);
        }
        self.end_before(&name);
        let is_closed = tag.self_closing || names::is_void(&name);
        let element = Element { name, location, attributes, children: Vec::new(), is_closed };
        if is_closed {
            return self.push(Node::Element(element));
        }
        if self.open.len() == DEPTH {
            let help = t!("inbox-close-tags-left-open-write");
            self.refuse(location, t!("inbox-tags-stand-each-other-more"), help);
        }
        if self.open.len() <= DEPTH {
            self.open.push(element);
        }
    }

    /// Closes the tags that end where this one begins.
    fn end_before(&mut self, name: &str) {
        let is_open = |name: &str| self.open.last().is_some_and(|last| last.name == name);
        if names::is_block(name) && is_open("p") {
            self.close_well();
        }
        let Some((ended, limits)) = names::ended_by(name) else { return };
        let found = self
            .open
            .iter()
            .rposition(|open| ended.contains(&&*open.name) || limits.contains(&&*open.name));
        let Some(found) = found.filter(|&found| ended.contains(&&*self.open[found].name)) else {
            return;
        };
        self.close_down_to(found);
    }

    fn end(&mut self, name: String, location: Location) {
        let found = self.open.iter().rposition(|open| {
            // The end of a tag outside a cell or a drawing is not possible inside it.
            open.name == name || matches!(&*open.name, "td" | "th" | "table" | "foreignobject")
        });
        let cells = ["tr", "tbody", "thead", "tfoot", "table", "foreignobject", "svg"];
        let found = match found {
            Some(found) if self.open[found].name != name && cells.contains(&&*name) => {
                self.open.iter().rposition(|open| open.name == name)
            }
            found => found,
        };
        match found.filter(|&found| found > 0 && self.open[found].name == name) {
            Some(found) => self.close_down_to(found),
            None => self.end_of_nothing(name, location),
        }
    }

    /// Reads an end tag without a start as a browser does: `</br>` breaks the line, and `</p>` is
    /// an empty paragraph.
    fn end_of_nothing(&mut self, name: String, location: Location) {
        let is_break = name == "br";
        // The end of `<img>` is written by some editors, and loses nothing.
        if names::is_void(&name) && !is_break {
            return;
        }
        if is_break || name == "p" {
            let name = name.clone();
            let element = Element { name, location, is_closed: true, ..Element::default() };
            self.push(Node::Element(element));
        }
        if !is_break {
            self.push(Node::End { name, location });
        }
    }

    /// Closes the tag at this depth; those inside it had no end tag.
    fn close_down_to(&mut self, depth: usize) {
        while self.open.len() > depth + 1 {
            self.close();
        }
        self.close_well();
    }

    fn close_well(&mut self) {
        if let Some(last) = self.open.last_mut() {
            last.is_closed = true;
        }
        self.close();
    }

    fn close(&mut self) {
        let Some(mut element) = self.open.pop() else { return };
        element.is_closed |= names::has_clear_end(&element.name);
        self.push(Node::Element(element));
    }

    fn push(&mut self, node: Node) {
        if let Some(last) = self.open.last_mut() {
            last.children.push(node);
        }
    }

    fn error(&mut self, error: Error, at: usize) {
        if error == Error::EofInComment || error == Error::NestedComment {
            self.comment = Some(error);
        } else if error == Error::EofInTag || error == Error::EofBeforeTagName {
            let (start, in_quote) = last_opened(self.html, at);
            let message =
                if in_quote { t!("inbox-quote-not-closed") } else { t!("inbox-tag-not-closed") };
            let help = t!("inbox-close-quotes-end-tag-what");
            self.refuse_at(start, message, help);
        } else if error == Error::EofInCdata {
            let start = self.html.rfind("<![CDATA[").unwrap_or(at);
            self.refuse_at(start, t!("inbox-cdata-section-not-closed"), t!("inbox-close"));
        }
    }

    fn comment(&mut self, location: Location) {
        match self.comment.take() {
            None => self.push(Node::Comment { location }),
            Some(Error::NestedComment) => {
                let help = t!("inbox-close-first-text-between-them");
                self.refuse_at(location.start, t!("inbox-comment-holds-beginning-another"), help);
            }
            Some(_) => {
                let help = t!("inbox-close-what-stands-behind-would");
                self.refuse_at(location.start, t!("inbox-comment-not-closed"), help);
            }
        }
    }

    /// Returns where another tag opens within a tag, outside its quotes.
    fn opened_within(&self, location: Location) -> Option<usize> {
        let start = location.start + 1;
        let tag = self.html.get(start..location.end).unwrap_or_default();
        let (mut quote, mut last) = (None, ' ');
        for (at, c) in tag.char_indices() {
            match quote {
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if matches!(c, '"' | '\'') && last == '=' => quote = Some(c),
                None if c == '<' => return Some(start + at),
                None => {}
            }
            last = if c.is_ascii_whitespace() { last } else { c };
        }
        None
    }

    /// Refuses a tag that is open where another one begins.
    fn unclosed(&mut self, start: usize, next: usize) {
        let line = self.html[start..next].lines().next().unwrap_or_default();
        let end = start + line.trim_end().len();
        let help = || t!("inbox-end-tag-text-written-lt");
        self.refuse(Location { start, end }, t!("inbox-tag-not-closed-where-another"), help());
    }

    fn open_quote(&mut self, attribute: &Attribute) {
        let message = t!("inbox-quote-not-closed-where-should", name = %attribute.name);
        let help = || t!("inbox-close-front-next-attribute-what");
        let start = attribute.location.start;
        self.refuse_at(start, message, help());
    }

    fn refuse_at(&mut self, start: usize, message: String, help: String) {
        let start = self.html.floor_char_boundary(start);
        let line = self.html[start..].lines().next().unwrap_or_default();
        let shown = line.char_indices().nth(24).map_or(line.len(), |(end, _)| end);
        self.refuse(Location { start, end: start + shown }, message, help);
    }

    fn refuse(&mut self, location: Location, message: String, help: String) {
        let sought = self.html[location.start..location.end].to_owned();
        self.problems.push(Problem { location, sought, message, help });
    }
}

/// Returns where the quote or the tag began that was open at the end of the text, and whether it
/// was a quote.
fn last_opened(html: &str, end: usize) -> (usize, bool) {
    let (mut tag, mut quote) = (None, None);
    for (at, c) in html[..html.floor_char_boundary(end)].char_indices() {
        match (tag, quote) {
            (None, _) if c == '<' => tag = Some(at),
            (None, _) => {}
            (Some(_), Some((_, opened))) if c == opened => quote = None,
            (Some(_), Some(_)) => {}
            (Some(_), None) if matches!(c, '"' | '\'') && html[..at].trim_end().ends_with('=') => {
                quote = Some((at, c));
            }
            (Some(_), None) if c == '>' => tag = None,
            (Some(_), None) => {}
        }
    }
    match (tag, quote) {
        (_, Some((at, _))) => (at, true),
        (tag, None) => (tag.unwrap_or(end), false),
    }
}

/// Returns the attribute whose quote took the text after it for its value.
///
/// If a value holds a tag or its end and the tag continues with more quotes, the quotes are out of
/// step. A style or an address never holds `<` or `>`.
fn swallowing(attributes: &[Attribute]) -> Option<usize> {
    let is_stray = |attribute: &Attribute| attribute.name.contains(['"', '\'', '<']);
    let holds_tag = |value: &str| value.contains('>') || value.contains('<');
    let never = ["style", "class", "src", "data-src", "href", "width", "height", "align"];
    let found = attributes
        .iter()
        .position(|attribute| holds_tag(&attribute.value) && never.contains(&&*attribute.name));
    let is_out_of_step = attributes.iter().any(is_stray);
    found.or_else(|| {
        let swallowing = attributes.iter().position(|attribute| holds_tag(&attribute.value));
        swallowing.filter(|_| is_out_of_step)
    })
}

fn location_of(span: Span<usize>) -> Location {
    Location { start: span.start, end: span.end }
}

fn text(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
