//! Text made visible, measured, cut and broken into lines.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// From this width, a name that is cut in its middle still has a beginning and an end.
const MIDDLE: usize = 6;

/// Returns text in which nothing controls a terminal or the order of characters.
pub(in crate::cli) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let after = rest.clone().next();
        if is_hidden(c) && !(c == JOINER && is_emoji(before) && is_emoji(after)) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
        before = Some(c);
    }
    shown
}

/// What joins several emoji to one.
const JOINER: char = '\u{200d}';

/// Returns whether a character controls something instead of being visible.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns whether a character is an emoji, or changes the look of the one before it.
fn is_emoji(c: Option<char>) -> bool {
    c.is_some_and(|c| {
        matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
            | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
    })
}

/// Returns the parts of a text that a line must not divide: a character with what changes it and
/// what is joined to it.
fn clusters(text: &str) -> Vec<&str> {
    let mut clusters = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, c) in text.char_indices() {
        let is_skin = matches!(c, '\u{1f3fb}'..='\u{1f3ff}') && is_emoji(before);
        let goes_on = before == Some(JOINER) || is_skin || c.width() == Some(0);
        if at > start && !goes_on {
            clusters.push(&text[start..at]);
            start = at;
        }
        before = Some(c);
    }
    clusters.extend(Some(&text[start..]).filter(|rest| !rest.is_empty()));
    clusters
}

/// Returns the display width of a text, in columns.
pub(in crate::cli) fn width(text: &str) -> usize {
    text.width()
}

/// Returns text filled up with spaces to a display width.
pub(in crate::cli) fn pad(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

/// Returns text cut to a display width; two dots replace the rest.
pub(in crate::cli) fn cut(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let kept = beginning(clusters(text).into_iter(), cells.saturating_sub(2)).concat();
    format!("{}{}", kept.trim_end(), &".."[..cells.min(2)])
}

/// Returns text cut to a display width in its middle.
pub(super) fn cut_in_middle(text: &str, cells: usize) -> String {
    if width(text) <= cells || cells < MIDDLE {
        return cut(text, cells);
    }
    let room = cells - 2;
    let before = beginning(clusters(text).into_iter(), room.div_ceil(2)).concat();
    let mut after = beginning(clusters(text).into_iter().rev(), room - width(&before));
    after.reverse();
    format!("{before}..{}", after.concat())
}

/// Returns as many of the first clusters as fit into a width.
fn beginning<'t>(clusters: impl Iterator<Item = &'t str>, cells: usize) -> Vec<&'t str> {
    let mut taken = 0;
    let fits = |cluster: &&str| {
        taken += width(cluster);
        taken <= cells
    };
    clusters.take_while(fits).collect()
}

/// Breaks text into lines of a display width, at spaces and between wide characters.
pub(in crate::cli) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text).into_iter().flat_map(|piece| split_long(piece, cells)) {
        let fits = width(&line) + width(piece.trim_end()) <= cells;
        if !fits && !line.trim_end().is_empty() {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        for cluster in clusters(piece) {
            // A word longer than a line is cut at the line's end.
            if width(&line) + width(cluster) > cells && cluster != " " && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(cluster);
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Splits a command at its spaces if it is too long for a line.
fn split_long(piece: &str, cells: usize) -> Vec<&str> {
    if width(piece.trim_end()) <= cells {
        return vec![piece];
    }
    piece.split_inclusive(' ').collect()
}

/// Splits text where a line may end: after spaces, and around wide characters, but not within a
/// command in backticks, because it will be copied.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    let mut in_command = false;
    for (at, c) in text.char_indices() {
        if in_command {
            in_command = c != '`';
            before = Some(c);
            continue;
        }
        let wide = |c: char| c.width().unwrap_or(0) > 1 && !"，。、；：！？）】》」".contains(c);
        let breaks = match before {
            Some(' ') => c != ' ',
            // An opening bracket or quote begins what follows it.
            Some(JOINER | '（' | '【' | '《' | '「' | '“' | '‘') => false,
            Some(last) => {
                wide(c) || (wide(last) && c.width().unwrap_or(0) < 2 && c.is_alphanumeric())
            }
            None => false,
        };
        if breaks && at > start {
            pieces.push(&text[start..at]);
            start = at;
        }
        in_command = c == '`' && text[at + 1..].contains('`');
        before = Some(c);
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_acts_on_a_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\n\u{202e}春"), "a\\u{1b}[31mb\\u{a}\\u{202e}春");
        assert_eq!(visible("a\u{200d}b👨\u{200d}b"), "a\\u{200d}b👨\\u{200d}b");
    }

    #[test]
    fn joined_emoji_are_shown_and_stay_whole() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(visible(family), family);
        assert_eq!(pad(family, 4), format!("{family}  "));
        assert_eq!(cut(&format!("春{family}夏天"), 6), format!("春{family}.."));
        assert_eq!(cut(&format!("春{family}夏天"), 5), "春..");
        assert_eq!(wrap(&format!("春{family}夏"), 4), [format!("春{family}"), "夏".to_owned()]);
    }

    #[test]
    fn chinese_text_is_padded_by_its_display_width() {
        assert_eq!(pad("春天", 6), "春天  ");
        assert_eq!(pad("ab", 6), "ab    ");
    }

    #[test]
    fn lines_end_at_spaces_and_between_chinese_characters_and_lose_nothing() {
        for (text, cells, expected) in [
            ("one two three", 8, vec!["one two", "three"]),
            ("春天来了夏天", 5, vec!["春天", "来了", "夏天"]),
            ("abcdefghij", 4, vec!["abcd", "efgh", "ij"]),
            ("账号 paused，因为", 9, vec!["账号", "paused，", "因为"]),
            ("发表（记录）", 6, vec!["发表", "（记", "录）"]),
            ("平台（mp.weixin）", 7, vec!["平台", "（mp.we", "ixin）"]),
            ("", 4, vec![""]),
            ("say `do it now` then", 12, vec!["say", "`do it now`", "then"]),
            ("say `do it now` then", 8, vec!["say `do", "it now`", "then"]),
            ("a ` alone", 5, vec!["a `", "alone"]),
        ] {
            assert_eq!(wrap(text, cells), expected, "{text}");
        }
    }

    #[test]
    fn text_is_cut_between_characters_and_never_wider_than_its_cell() {
        for (text, cells, expected) in [
            ("春天来了", 8, "春天来了"),
            ("春天来了", 7, "春天.."),
            ("春天来了", 6, "春天.."),
            ("spring is here", 9, "spring.."),
            ("ab", 1, "."),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, cells), expected, "{text} {cells}");
        }
    }
}
