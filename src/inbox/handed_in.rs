//! Finds a file by the name under which it was put into the inbox, and what became of it.
//!
//! For callers whose names are made from the content: then a name means one content, wherever it is
//! found.

use std::fs;
use std::io;
use std::path::Path;

use super::archive::{REASON, RECEIPT};
use super::package::{Package, ReadError, is_plain_name, read_path};
use super::places::MOVING;
use super::submit::Fate;

/// A file that was put into the inbox.
#[derive(Debug)]
pub struct HandedIn {
    /// What became of it.
    pub fate: Fate,
    /// Its content.
    pub package: Package,
}

/// Finds a file; `None` if there is none of this name.
///
/// # Errors
/// If its outcome cannot be read.
pub fn handed_in(inbox: &Path, name: &str) -> io::Result<Option<HandedIn>> {
    if !is_plain_name(name) {
        return Ok(None);
    }
    // In the order in which it is moved, so that a move meanwhile hides it from no look.
    let places =
        [("", None), (MOVING, None), ("accepted", Some(RECEIPT)), ("rejected", Some(REASON))];
    for (folder, ending) in places {
        let folder = inbox.join(folder);
        let package = match read_path(&folder.join(name)) {
            Ok(package) => package,
            Err(ReadError::Refused(_) | ReadError::Failed(_)) => continue,
        };
        let answer =
            ending.map(|ending| fs::read_to_string(folder.join(format!("{name}{ending}"))));
        let fate = match (ending, answer.transpose()?) {
            (Some(RECEIPT), Some(receipt)) => Fate::Taken(receipt),
            (_, Some(reason)) => Fate::Refused(reason),
            (_, None) => Fate::Waiting,
        };
        return Ok(Some(HandedIn { fate, package }));
    }
    Ok(None)
}
