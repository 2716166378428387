//! Finds marks of emphasis that the parser would turn the other way round.
//!
//! After a half-width `:`, `%` or `)` and in front of a Latin letter or digit, `**` can only begin
//! an emphasis, so `**时间:**20:00，**地点:**3楼` would stress what is between the two. If an emphasis
//! is open, the mark ends it; and `**` between a word and a Chinese quote begins one. A [`FILLER`]
//! beside the mark makes the parser see it like that.

use std::ops::Range;

use super::{Insertion, prose};

/// A character that no file has: the parser takes it for a part of a word. It is never written.
pub(super) const FILLER: char = '\u{1}';

/// Finds where fillers belong in a text of one block, outside what is not read.
pub(super) fn fillers(
    source: &str,
    block: Range<usize>,
    is_read: impl Fn(usize) -> bool,
    found: &mut Vec<Insertion>,
) {
    let mut open: Vec<&str> = Vec::new();
    let mut at = block.start;
    while let Some(next) = source[at..block.end].find(['*', '~', '\\']) {
        at += next;
        let rest = &source[at..block.end];
        let Some(mark) = rest.chars().next().filter(|c| *c != '\\') else {
            at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            continue;
        };
        let length = rest.len() - rest.trim_start_matches(mark).len();
        let (start, end) = (at, at + length);
        at = end;
        let mark = &source[start..end];
        if !matches!(mark, "*" | "**" | "***" | "~~") || !is_read(start) {
            continue;
        }
        let before = source[block.start..start].chars().last();
        let after = source[end..block.end].chars().next();
        let is_open = open.last() == Some(&mark);
        let is_latin =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !prose::is_wide(c));
        if is_open && before.is_some_and(is_half_width) && is_latin(after) {
            found.push((start, FILLER));
            open.pop();
        } else if is_open && before.is_some_and(|c| !c.is_whitespace()) {
            open.pop();
        } else if mark.len() > 1 && is_latin(before) && after.is_some_and(|c| "“‘".contains(c))
        {
            found.push((end, FILLER));
            open.push(mark);
        } else if begins(mark, before, after) {
            open.push(mark);
        }
    }
}

/// Returns whether a mark begins an emphasis for certain.
fn begins(mark: &str, before: Option<char>, after: Option<char>) -> bool {
    let is_word = before.is_some_and(char::is_alphanumeric);
    let is_wide = before.is_some_and(prose::is_wide);
    let goes_on = after.is_some_and(|c| !c.is_whitespace() && !"、，。；：！？,;:!?".contains(c));
    goes_on && (!is_word || (is_wide && mark.len() > 1))
}

/// Returns whether a character is a punctuation mark or a symbol that is not Chinese.
fn is_half_width(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !prose::is_wide(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_ends_an_emphasis_gets_a_filler() {
        for (text, expected) in [
            ("**时间:**20:00，**地点:**3楼", "**时间:_**20:00，**地点:_**3楼"),
            ("请看**时间:**20:00", "请看**时间:_**20:00"),
            ("*涨5%*3天", "*涨5%_*3天"),
            ("~~原价:~~99元", "~~原价:_~~99元"),
            ("**火🔥**2027", "**火🔥_**2027"),
            ("**“春”**Rust", "**“春”_**Rust"),
            ("用Rust**“语言”**和Go**“工具”**写", "用Rust**_“语言”**和Go**_“工具”**写"),
            ("时间:**20:00**开始", "时间:**20:00**开始"),
            ("(**3楼**)", "(**3楼**)"),
            ("2**10=1024，时间:**20:00**开始", "2**10=1024，时间:**20:00**开始"),
            ("王**，时间:**20:00**开始", "王**，时间:**20:00**开始"),
            ("A*(B+C)*D", "A*(B+C)*D"),
            ("\\**时间:**20:00", "\\**时间:**20:00"),
        ] {
            let mut found = Vec::new();
            fillers(text, 0..text.len(), |_| true, &mut found);
            let mut filled = text.to_owned();
            for (at, _) in found.into_iter().rev() {
                filled.insert(at, '_');
            }
            assert_eq!(filled, expected);
        }
    }
}
