//! Finds characters that may not stand in a text, also where they are written as references.
//!
//! A file cannot hold them as they are; `&#7;` and `&rlm;` are the same to a reader.

use std::ops::Range;

use crate::l10n::t;
use crate::yaml;

/// The named references of such characters.
const NAMED: [(&str, char); 2] = [("lrm", '\u{200e}'), ("rlm", '\u{200f}')];

/// Returns where such characters are in HTML, and what they are read as there.
pub(in crate::inbox) fn find(html: &str) -> Vec<(Range<usize>, char)> {
    let raw = html.char_indices().map(|(at, c)| (at..at + c.len_utf8(), c));
    let references = html.match_indices('&').filter_map(|(at, _)| {
        let (length, c) = reference(&html[at + 1..])?;
        Some((at..at + 1 + length, c))
    });
    let mut found: Vec<_> = raw.chain(references).filter(|(_, c)| yaml::is_refused(*c)).collect();
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// Returns the error for a character, and a hint.
pub(in crate::inbox) fn message(c: char) -> (String, String) {
    (yaml::hidden_message(c), t!("inbox-take-out-readers-would-not"))
}

/// Returns how long a reference after its `&` is, and its character.
fn reference(text: &str) -> Option<(usize, char)> {
    if let Some((name, c)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
        return text[name.len()..].starts_with(';').then_some((name.len() + 1, *c));
    }
    let number = text.strip_prefix('#')?;
    let (digits, radix) =
        number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
    let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let value = u32::from_str_radix(&digits[..length], radix).ok()?;
    let end = text.len() - digits.len() + length;
    let end = end + usize::from(text[end..].starts_with(';'));
    // HTML reads most numbers of this range as the letters that Windows has there.
    let is_letter =
        (0x80..0xa0).contains(&value) && !matches!(value, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    let c = char::from_u32(value).filter(|_| !is_letter)?;
    Some((end, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_found_as_it_is_and_as_a_reference() {
        for (html, expected) in [
            ("a&#7;b", vec![(1..5, '\u{7}')]),
            ("&#0;&#27", vec![(0..4, '\0'), (4..8, '\u{1b}')]),
            ("春&#x202e;&#X202E;", vec![(3..11, '\u{202e}'), (11..19, '\u{202e}')]),
            ("&rlm;", vec![(0..5, '\u{200f}')]),
            ("a\u{7}", vec![(1..2, '\u{7}')]),
            ("&amp;#7; &#10; &#9; &#13; &#x200d; &#133; &# &#x &rlms; &#99999999999;", vec![]),
        ] {
            assert_eq!(find(html), expected, "{html}");
        }
    }
}
