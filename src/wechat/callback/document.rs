//! One shape for pushed bodies, whether they are XML or JSON.
//!
//! A tree keeps every field in its order, even one that occurs twice: the code that reads the field
//! notices. Text is trimmed, numbers are kept as text, and an empty node counts as absent.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::ParseError;

/// More nodes than any event has.
const NODES_MAX: u32 = 4096;
/// Deeper than any event is.
const DEPTH_MAX: usize = 16;
/// The platform's name for an element of a list.
const ITEM: &str = "item";

/// A node: text, or fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum XmlDocument {
    /// Text, trimmed; a number or a boolean as it is written.
    Text(String),
    /// Named parts; those of a list are all called `item`.
    Fields(Vec<(String, Self)>),
}

impl XmlDocument {
    /// Parses a body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(body).map_err(|_| ParseError::Malformed)?;
        let text = text.trim_start_matches('\u{feff}').trim();
        let tree = if text.starts_with('{') {
            let Nested(tree) = serde_json::from_str(text).map_err(|_| ParseError::Malformed)?;
            tree
        } else {
            xml(text)?
        };
        if tree.fits(DEPTH_MAX) { Ok(tree) } else { Err(ParseError::TooComplex) }
    }

    fn fits(&self, depth: usize) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Fields(fields) => depth > 0 && fields.iter().all(|(_, t)| t.fits(depth - 1)),
        }
    }

    /// Returns the only field with a name, if there is one and it is not empty.
    pub(super) fn one(&self, name: &'static str) -> Result<Option<&Self>, ParseError> {
        let Self::Fields(fields) = self else { return Ok(None) };
        let mut named = fields.iter().filter(|(field, _)| field == name).map(|(_, tree)| tree);
        match (named.next(), named.next()) {
            (Some(_), Some(_)) => Err(ParseError::Twice(name)),
            (only, _) => Ok(only.filter(|tree| !tree.is_empty())),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Fields(fields) => fields.is_empty(),
        }
    }

    /// Returns the text of a field.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, ParseError> {
        match self.one(name)? {
            None => Ok(None),
            Some(Self::Text(text)) => Ok(Some(text)),
            Some(Self::Fields(_)) => Err(ParseError::Field(name)),
        }
    }

    /// Returns a field that is a whole number; anything else there counts as absent.
    ///
    /// Counts are only shown and decide nothing, so an unreadable one must not lose the event.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<i64>, ParseError> {
        Ok(match self.one(name)? {
            Some(Self::Text(text)) => text.parse().ok(),
            Some(Self::Fields(_)) | None => None,
        })
    }

    /// Returns the elements of a list, which JSON may write with or without `item`.
    pub(super) fn items(&self, name: &'static str) -> Result<Vec<&Self>, ParseError> {
        let Some(list) = self.one(name)? else { return Ok(Vec::new()) };
        Ok(list.elements().into_iter().flat_map(Self::flattened).collect())
    }

    fn elements(&self) -> Vec<&Self> {
        let Self::Fields(fields) = self else { return Vec::new() };
        fields.iter().filter(|(field, _)| field == ITEM).map(|(_, tree)| tree).collect()
    }

    /// Returns the elements of `{"item": […]}`, and any other element as it is.
    fn flattened(&self) -> Vec<&Self> {
        let inner = self.elements();
        if inner.is_empty() { vec![self] } else { inner }
    }
}

fn xml(text: &str) -> Result<XmlDocument, ParseError> {
    if has_declaration(text) {
        return Err(ParseError::Declaration);
    }
    if has_attributes(text) {
        return Err(ParseError::TooComplex);
    }
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..roxmltree::ParsingOptions::default()
    };
    let document = match roxmltree::Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(roxmltree::Error::NodesLimitReached) => return Err(ParseError::TooComplex),
        Err(_) => return Err(ParseError::Malformed),
    };
    let root = document.root_element();
    if root.tag_name().name() != "xml" {
        return Err(ParseError::Malformed);
    }
    element(root, DEPTH_MAX)
}

/// Returns whether there is any `<!` other than the start of a CDATA section.
fn has_declaration(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("<!") {
        let Some(data) = rest[at..].strip_prefix("<![CDATA[") else { return true };
        let Some(end) = data.find("]]>") else { return true };
        rest = &data[end..];
    }
    false
}

/// Returns whether some element has attributes, which the platform never writes.
///
/// The parser compares each attribute of an element with all others: a stranger's body must not
/// cost that.
fn has_attributes(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, tag)) = rest.split_once('<') {
        let end = if tag.starts_with("![CDATA[") { "]]>" } else { ">" };
        let Some((inside, after)) = tag.split_once(end) else { return false };
        let is_markup = !tag.starts_with(['!', '?']);
        if is_markup && inside.contains('=') {
            return true;
        }
        rest = after;
    }
    false
}

fn element(node: roxmltree::Node<'_, '_>, depth: usize) -> Result<XmlDocument, ParseError> {
    if depth == 0 {
        return Err(ParseError::TooComplex);
    }
    let mut fields = Vec::new();
    let mut text = String::new();
    for child in node.children() {
        if child.is_element() {
            fields.push((child.tag_name().name().to_owned(), element(child, depth - 1)?));
        } else if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
    }
    match (fields.is_empty(), text.trim()) {
        (true, text) => Ok(XmlDocument::Text(text.to_owned())),
        (false, "") => Ok(XmlDocument::Fields(fields)),
        (false, _) => Err(ParseError::Malformed),
    }
}

/// A tree parsed from JSON, with the fields that occur twice.
struct Nested(XmlDocument);

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Nested)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = XmlDocument;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<XmlDocument, E> {
        Ok(XmlDocument::Text(String::new()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<XmlDocument, E> {
        Ok(XmlDocument::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<XmlDocument, E> {
        Ok(XmlDocument::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<XmlDocument, E> {
        Ok(XmlDocument::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<XmlDocument, E> {
        // Always with a point or exponent, so that no rounded number is taken for a whole one.
        Ok(XmlDocument::Text(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<XmlDocument, E> {
        Ok(XmlDocument::Text(value.trim().to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<XmlDocument, A::Error> {
        let mut fields = Vec::new();
        while let Some(Nested(tree)) = list.next_element()? {
            fields.push((ITEM.to_owned(), tree));
        }
        Ok(XmlDocument::Fields(fields))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<XmlDocument, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, Nested(tree))) = map.next_entry::<String, Nested>()? {
            fields.push((name, tree));
        }
        Ok(XmlDocument::Fields(fields))
    }
}
