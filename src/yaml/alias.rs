//! Aliases: `*name` repeats the value that was named with `&name`.
//!
//! Programs write them for whatever they hold twice. Each use becomes a copy, and copies count like
//! values of the file, so that a few lines cannot fill the memory. The copy of the value itself has
//! the alias's location. The values inside it keep their own locations, because they are corrected
//! there. In a merge (`<<: *name`) a mapping's own keys win, then the first mapping that has a key.

use std::borrow::Cow;
use std::collections::HashMap;

use super::diagnostic::Location;
use super::{Entry, Node, Value};

/// How many bytes of text all copies of a file may have together.
const BYTES: usize = 32 << 20;

/// The values of a file that have a name.
#[derive(Debug, Default)]
pub(super) struct Anchors<'a> {
    by_id: HashMap<usize, Anchored<'a>>,
    bytes: usize,
}

#[derive(Debug)]
struct Anchored<'a> {
    /// `None` while it is read.
    node: Option<Node<'a>>,
    size: Size,
    /// Where a text for readers would begin if its `&` were meant as text, and whether in `{…}` or
    /// `[…]`.
    text: Option<(Location, bool)>,
}

/// How large a value is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// How many values it contains.
    pub(super) nodes: usize,
    /// How deep its collections are nested.
    pub(super) depth: usize,
    bytes: usize,
}

/// Why an alias cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfollowed {
    /// It is inside what it names.
    Inside,
    /// All copies together would have too much text.
    Long,
}

impl<'a> Anchors<'a> {
    /// Notes that the value with this name begins.
    pub(super) fn begin(&mut self, id: usize, text: Option<(Location, bool)>) {
        self.by_id.insert(id, Anchored { node: None, size: Size::default(), text });
    }

    /// Keeps the value with this name, and returns its size; `None` if that is too much.
    pub(super) fn end(&mut self, id: usize, node: &Node<'a>) -> Option<Size> {
        let size = node.size();
        self.charge(size)?;
        let anchored = self.by_id.get_mut(&id)?;
        (anchored.node, anchored.size) = (Some(node.clone()), size);
        Some(size)
    }

    /// Returns a copy of the value that an alias names, and its size.
    pub(super) fn follow(&mut self, id: usize) -> Result<(Value<'a>, Size), Unfollowed> {
        let anchored = self.by_id.get_mut(&id).ok_or(Unfollowed::Inside)?;
        anchored.text = None;
        let size = anchored.size;
        if anchored.node.is_none() {
            return Err(Unfollowed::Inside);
        }
        self.charge(size).ok_or(Unfollowed::Long)?;
        let node = self.by_id.get(&id).and_then(|anchored| anchored.node.as_ref());
        node.map(|node| (node.value.clone(), size)).ok_or(Unfollowed::Inside)
    }

    /// Returns the locations of the names that nothing uses, in front of a text for readers.
    pub(super) fn unused(&self) -> Vec<(Location, bool)> {
        let mut unused: Vec<_> = self.by_id.values().filter_map(|anchored| anchored.text).collect();
        unused.sort_by_key(|(location, _)| location.start);
        unused
    }

    fn charge(&mut self, size: Size) -> Option<()> {
        self.bytes = self.bytes.saturating_add(size.bytes);
        (self.bytes <= BYTES).then_some(())
    }
}

impl Node<'_> {
    fn size(&self) -> Size {
        let mut size = Size { nodes: 1, ..Size::default() };
        match &self.value {
            Value::Empty => {}
            Value::Text { text, .. } => size.bytes = text.len(),
            Value::List(items) => items.iter().for_each(|item| size.add(item.size())),
            Value::Map(entries) => {
                for entry in entries {
                    size.bytes += entry.key.len();
                    size.add(entry.node.size());
                }
            }
        }
        if matches!(self.value, Value::List(_) | Value::Map(_)) {
            size.depth += 1;
        }
        size
    }
}

impl Size {
    fn add(&mut self, inner: Self) {
        self.nodes += inner.nodes;
        self.bytes += inner.bytes;
        self.depth = self.depth.max(inner.depth);
    }
}

/// Appends the keys of merged mappings to a mapping's own; returns whether all were mappings.
pub(super) fn merge<'a>(
    entries: &mut Vec<Entry<'a>>,
    seen: &mut HashMap<Cow<'a, str>, Location>,
    merged: Value<'a>,
) -> bool {
    match merged {
        Value::Map(others) => {
            for other in others {
                if !seen.contains_key(&other.key) {
                    seen.insert(other.key.clone(), other.key_location);
                    entries.push(other);
                }
            }
            true
        }
        Value::List(items) => {
            let is_map = |node: &Node<'_>| matches!(node.value, Value::Map(_));
            items.iter().all(is_map)
                && items.into_iter().all(|item| merge(entries, seen, item.value))
        }
        Value::Empty | Value::Text { .. } => false,
    }
}
