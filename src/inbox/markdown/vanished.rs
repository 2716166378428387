//! Checks that every character of the source is still present.
//!
//! Only characters beyond ASCII are counted. Those are never part of Markdown itself, so such a
//! character is lost if it is neither in the HTML nor accounted for.

use std::collections::HashMap;

use crate::yaml::diagnostic::Location;

/// Returns a location whose characters are missing, and those characters.
pub(super) fn find(
    source: &str,
    start: usize,
    (html, accounted): (&str, &str),
) -> Option<(Location, String)> {
    let mut counts: HashMap<char, i64> = HashMap::new();
    for c in source[start..].chars().filter(is_counted) {
        *counts.entry(c).or_default() += 1;
    }
    for c in html.chars().chain(accounted.chars()).filter(is_counted) {
        *counts.entry(c).or_default() -= 1;
    }
    let is_missing = |c: char| counts.get(&c).is_some_and(|count| *count > 0);
    if !counts.values().any(|count| *count > 0) {
        return None;
    }
    let shown: String = html.chars().filter(is_counted).collect();
    let mut at = start;
    let mut found = None;
    for line in source[start..].split_inclusive('\n') {
        let location = Location { start: at, end: at + line.trim_end().len() };
        at += line.len();
        let written: String = line.chars().filter(is_counted).collect();
        let lost: String = written.chars().filter(|c| is_missing(*c)).collect();
        if lost.is_empty() {
            continue;
        }
        if !shown.contains(&written) {
            return Some((location, lost));
        }
        found = found.or(Some((location, lost)));
    }
    found
}

fn is_counted(c: &char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_character_is_found_in_its_line() {
        let source = "春天来了\n花开了\n春天\n";

        let found =
            |html| find(source, 0, (html, "")).map(|(location, lost)| (location.start, lost));

        assert_eq!(found("<p>春天来了花开了春天</p>"), None);
        assert_eq!(found("<p>春天来了春天</p>"), Some((13, "花开了".to_owned())));
        assert_eq!(find(source, 0, ("春天来了春天", "花开了")), None);
    }
}
