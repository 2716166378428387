//! What no message may show: OpenIDs, titles that are the beginning of a text, and lines that somebody else
//! wrote.

use serde_json::Value;

use crate::reason::Reason;

/// How long an OpenID is.
const OPENID: usize = 28;
/// What stands in its place.
const SHOWN: &str = "[OpenID]";

/// Returns a line of a message with each OpenID replaced, which the platform's own messages may repeat.
///
/// A name of a file or of a draft may hold anything: what would begin a line of its own, or turn the text around,
/// is shown as its escape.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') => word.push(c),
            other => {
                shown.push_str(if is_openid(&word) { SHOWN } else { &word });
                word.clear();
                match other {
                    Some(c) if is_hidden(c) => shown.extend(c.escape_default()),
                    other => shown.extend(other),
                }
            }
        }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Ids of jobs may be as long: an OpenID is random, and so has capital letters.
fn is_openid(word: &str) -> bool {
    word.len() == OPENID && word.starts_with('o') && word.bytes().any(|b| b.is_ascii_uppercase())
}

/// Returns a reason without the titles of the jobs that it names: a title may be the beginning of a
/// job's text.
pub fn reason(reason: &Reason) -> Reason {
    let Ok(mut value) = serde_json::to_value(reason) else { return reason.clone() };
    untitle(&mut value);
    serde_json::from_value(value).unwrap_or_else(|_| reason.clone())
}

fn untitle(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.contains_key("id")
                && let Some(title) = map.get_mut("title")
            {
                *title = Value::Null;
            }
            map.values_mut().for_each(untitle);
        }
        Value::Array(items) => items.iter_mut().for_each(untitle),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_a_line_of_its_own() {
        assert_eq!(line("a\r\ndo: `rm`\u{2028}\u{202e}春"), r"a\r\ndo: `rm`\u{2028}\u{202e}春");
    }

    #[test]
    fn openids_are_replaced_and_other_words_stay() {
        for (given, expected) in [
            ("invalid openid oGZUI0egBJY1zhBYw2KhdUfwVJJE rid 1", "invalid openid [OpenID] rid 1"),
            ("oGZUI0egBJY1zhBYw2KhdUfwVJJE", "[OpenID]"),
            ("[oGZUI0egBJY1zhBYw2KhdUfwVJJE,x]", "[[OpenID],x]"),
            ("job one-two-three-four-five-six-", "job one-two-three-four-five-six-"),
            ("oGZUI0egBJY1zhBYw2KhdUfwVJJEx", "oGZUI0egBJY1zhBYw2KhdUfwVJJEx"),
        ] {
            assert_eq!(line(given), expected);
        }
    }
}
