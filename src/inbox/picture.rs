//! Finds the file in a job's folder that a picture's name refers to.
//!
//! A name in a text is not yet a path. An editor escapes it (`a%20b.png`), a browser's cache gets a
//! mark of its own (`a.png?v=2`), Windows turns the slashes, and one system writes `é` as one
//! character while another writes two. A file that has exactly the written name takes precedence.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;

use super::ListSource;
use super::media;

/// Returns the path that a name in a text means: the first that exists, else the plainest.
///
/// The text is in `folder`, which is empty or ends with `/`.
pub(super) fn find(lists: &dyn ListSource, folder: &str, name: &str) -> String {
    let mut paths = paths(folder, name);
    let there = paths.iter().position(|path| media::read(lists, path).is_ok());
    paths.swap_remove(there.unwrap_or(paths.len() - 1))
}

/// Returns the paths that a name may mean, from the written one to the plainest.
pub(super) fn paths(folder: &str, name: &str) -> Vec<String> {
    let plain = name.split(['?', '#']).next().filter(|plain| !plain.is_empty()).unwrap_or(name);
    let turned = |name: &str| decoded(name).replace('\\', "/");
    let mut paths = Vec::new();
    for name in [name.to_owned(), turned(name), plain.to_owned(), turned(plain)] {
        let path = joined(folder, &name);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// Returns whether two paths look the same to a reader, however their characters are composed.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    a == b || a.nfc().eq(b.nfc())
}

/// Returns the spellings of a path that differ in how its characters are composed.
pub(super) fn spellings(path: &str) -> [String; 3] {
    [path.to_owned(), path.nfc().collect(), path.nfd().collect()]
}

/// Returns an address without its `%` escapes; unchanged if they are not UTF-8.
pub(super) fn decoded(address: &str) -> Cow<'_, str> {
    percent_decode_str(address).decode_utf8().unwrap_or(Cow::Borrowed(address))
}

/// Returns a name's path in the job's folder; a path that leaves the folder stays as written.
fn joined(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split_terminator('/').collect();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return name.to_owned();
                }
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_these_paths_in_this_order() {
        for (folder, name, expected) in [
            ("", "a.png", &["a.png"][..]),
            ("text/", "./a.png", &["text/a.png"]),
            ("text/", "../a.png", &["a.png"]),
            ("text/", "../../a.png", &["../../a.png"]),
            ("", "a%20b.png", &["a%20b.png", "a b.png"]),
            ("", "100%.png", &["100%.png"]),
            ("", "a.png?v=2", &["a.png?v=2", "a.png"]),
            ("", "图\\a.png", &["图\\a.png", "图/a.png"]),
            (
                "",
                "%E8%8A%B1.png?v=2#x",
                &["%E8%8A%B1.png?v=2#x", "花.png?v=2#x", "%E8%8A%B1.png", "花.png"],
            ),
            ("", "?v=2", &["?v=2"]),
        ] {
            assert_eq!(paths(folder, name), expected, "{name}");
        }
    }

    #[test]
    fn composed_and_decomposed_names_are_the_same() {
        assert!(is_same("caf\u{e9}.png", "cafe\u{301}.png"));
        assert!(is_same("\u{30d1}.png", "\u{30cf}\u{309a}.png"));
        assert!(!is_same("a.png", "A.png"));
    }
}
