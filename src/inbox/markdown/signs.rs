//! Decides which asterisks and tildes in pairs are signs of the text.
//!
//! Authors hide letters with `*` (`138****5678`, `王*明`), mark a word with it (`电话*`), and write
//! ranges and comparisons (`9~~11点`, `a==b`); two of those look like emphasis. A pair is signs if
//!
//! - four or more stand together inside a word, or one stands between two digits;
//! - after a word it encloses something that begins like no emphasis (`、地址`) or ends so (`（`);
//! - both of its marks come after a Latin letter or digit and go on alike (`A*算法和B*算法`), or both
//!   stand in front of one (`第*1和第*2`);
//! - it begins and ends one or two letters away from a break, as two masked names do
//!   (`王*明、李*华`); for `**` only if the same holds outside of it (`司**南、欧**娜`).
//!
//! Every other pair is emphasis, with a note if signs are nearly as likely.

use std::ops::Range;

use super::prose;
use crate::l10n::t;
use crate::yaml::diagnostic::Location;

/// From this length a run of asterisks hides something.
pub(super) const MASK: usize = 4;
/// How far a run is looked at: a text of asterisks alone must not take long.
const RUN: usize = 100;
/// The longest part of a masked name, in letters.
const NAME: usize = 2;
/// What never comes first in an emphasis.
const ENDS: &str = "、，。；：！？）》〉」』】〕｝”,;:!?)]}";
/// What never comes last in one.
const BEGINS: &str = "（《〈「『【〔｛“([{";
/// What is between the items of a list, besides blanks.
const LISTS: &str = "、，；/,;和与及跟或";

/// What a pair of marks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Emphasis,
    /// Probably an emphasis.
    Doubtful,
    /// Text; whether the author is told.
    Signs {
        is_told: bool,
    },
}

/// Marks that the parser paired.
pub(super) struct Pair<'s> {
    source: &'s str,
    /// The runs of the same character that the two marks belong to.
    runs: [Range<usize>; 2],
    mark: u8,
}

impl<'s> Pair<'s> {
    /// Returns the pair that encloses a location; `None` if its marks are not `*`, `~~` or `==`.
    pub(super) fn new(source: &'s str, location: Location, length: usize) -> Option<Self> {
        let mark = ["*", "**", "~~", "=="].into_iter().find(|mark| {
            mark.len() == length
                && source.get(location.start..).is_some_and(|rest| rest.starts_with(mark))
                && source.get(..location.end).is_some_and(|rest| rest.ends_with(mark))
        })?;
        let close = location.end.checked_sub(length).filter(|close| *close > location.start)?;
        let mark = mark.as_bytes()[0];
        let runs = [location.start, close].map(|at| run(source, at, mark));
        let is_apart = runs[0].end < runs[1].start;
        is_apart.then_some(Self { source, runs, mark })
    }

    pub(super) fn reading(&self) -> Reading {
        let sides = self.sides();
        let [(before, first), (last, after)] = sides;
        let is_long = |run: &Range<usize>| run.len() >= MASK;
        let are_digits = |(before, after): (Option<char>, Option<char>)| {
            before.is_some_and(|c| c.is_ascii_digit()) && after.is_some_and(|c| c.is_ascii_digit())
        };
        let are_inside =
            |(before, after): (Option<char>, Option<char>)| is_word(before) && is_word(after);
        let hides = |mark: usize| {
            are_digits(sides[mark]) || (is_long(&self.runs[mark]) && are_inside(sides[mark]))
        };
        if hides(0) || hides(1) {
            return Reading::Signs { is_told: !(hides(0) && hides(1)) };
        }
        let signs = Reading::Signs { is_told: true };
        if !is_word(before) && !is_long(&self.runs[0]) {
            return Reading::Emphasis;
        }
        if self.encloses_no_phrase(first, last) {
            return signs;
        }
        let go_on_alike = is_latin(first) == is_latin(after);
        let is_after_latin = is_latin(before) && is_latin(last) && go_on_alike;
        let is_before_latin = is_latin(first) && is_latin(after) && is_word(last);
        if is_after_latin || is_before_latin {
            // `若a==b，则c==d` compares.
            let is_told = self.mark != b'=' || sides.iter().any(|side| !are_latin(*side));
            return Reading::Signs { is_told };
        }
        let is_strong = self.mark == b'*' && self.runs.iter().any(|run| run.len() == 2);
        let is_single = self.runs.iter().any(|run| run.len() == 1);
        if let Some(separator) = self.names() {
            let is_outside = self.is_between_single_letters() && !separator.is_alphanumeric();
            return if is_strong && !is_outside { Reading::Doubtful } else { signs };
        }
        let has_break = || self.inside().contains(|c| "，。、；,;".contains(c));
        let is_weak =
            is_single && is_word(after) && (is_latin(before) || is_latin(after) || has_break());
        let is_in_latin = is_latin(before) && is_latin(first);
        if is_weak || is_in_latin { Reading::Doubtful } else { Reading::Emphasis }
    }

    /// Returns the characters beside each of the two marks.
    fn sides(&self) -> [(Option<char>, Option<char>); 2] {
        self.runs.clone().map(|run| {
            (self.source[..run.start].chars().last(), self.source[run.end..].chars().next())
        })
    }

    fn inside(&self) -> &'s str {
        &self.source[self.runs[0].end..self.runs[1].start]
    }

    fn encloses_no_phrase(&self, first: Option<char>, last: Option<char>) -> bool {
        let is_one_of = |c: Option<char>, all: &str| c.is_some_and(|c| all.contains(c));
        is_one_of(first, ENDS) || is_one_of(last, BEGINS)
    }

    /// Returns what is in front of the last name if the content is from the end of one name to the
    /// beginning of another.
    fn names(&self) -> Option<char> {
        let inside = self.inside();
        let first = inside.chars().take_while(is_letter).count();
        let last = inside.chars().rev().take_while(is_letter).count();
        let separator = inside.chars().rev().nth(last)?;
        let is_list = separator.is_whitespace() || LISTS.contains(separator);
        let are_wide = inside.starts_with(prose::is_wide) && inside.ends_with(prose::is_wide);
        let are_short = first <= NAME && (1..=NAME).contains(&last);
        let is_separator = is_list || (first > 0 && ENDS.contains(separator));
        (are_wide && are_short && is_separator).then_some(separator)
    }

    /// Returns whether one letter is in front of the pair, and no more than one after it.
    fn is_between_single_letters(&self) -> bool {
        let [open, close] = &self.runs;
        let before = self.source[..open.start].chars().rev().take_while(is_letter).count();
        before == 1 && self.source[close.end..].chars().take_while(is_letter).nth(1).is_none()
    }
}

/// Returns what is said about signs that were not taken for emphasis.
pub(super) fn shown(mark: u8) -> String {
    match mark {
        b'~' => {
            t!("inbox-inside-words-shown-stands-deletion")
        }
        b'=' => {
            t!("inbox-inside-words-shown-stands-mark")
        }
        _ => {
            t!("inbox-asterisks-inside-words-shown-they")
        }
    }
}

/// Returns what is said about an emphasis that may not be meant.
pub(super) fn read(mark: u8) -> String {
    match mark {
        b'~' => t!("inbox-inside-words-read-deletion-sign"),
        b'=' => t!("inbox-inside-words-read-mark-sign"),
        _ => t!("inbox-asterisks-inside-words-read-emphasis"),
    }
}

/// Returns the run of a character around one of its places.
fn run(source: &str, at: usize, mark: u8) -> Range<usize> {
    let bytes = source.as_bytes();
    let before = bytes[..at].iter().rev().take(RUN).take_while(|byte| **byte == mark).count();
    let behind = bytes[at..].iter().take(RUN).take_while(|byte| **byte == mark).count();
    let start = at - before;
    // The first may be escaped.
    let is_escaped = before > 0 && source[..start].ends_with('\\');
    start + usize::from(is_escaped)..at + behind
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// Returns whether a letter or digit is of a script with spaces, also in full width.
fn is_latin(c: Option<char>) -> bool {
    c.is_some_and(|c| {
        c.is_alphanumeric() && (!prose::is_wide(c) || matches!(c, '\u{ff10}'..='\u{ff5a}'))
    })
}

fn are_latin((before, after): (Option<char>, Option<char>)) -> bool {
    is_latin(before) && is_latin(after)
}

/// Returns whether a letter continues a word; what joins two words does not.
fn is_letter(c: &char) -> bool {
    c.is_alphanumeric() && !LISTS.contains(*c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how the pair between `<` and `>` is read.
    fn reading(text: &str) -> Reading {
        let source = text.replace(['<', '>'], "");
        let start = text.find('<').unwrap();
        let location = Location { start, end: text.find('>').unwrap() - 1 };
        let mark = &source[start..];
        let length = [2, 1][usize::from(mark.starts_with('*') && !mark.starts_with("**"))];
        Pair::new(&source, location, length).unwrap().reading()
    }

    #[test]
    fn a_pair_is_read_by_what_is_beside_it() {
        use Reading::{Doubtful, Emphasis, Signs};
        let (silent, told) = (Signs { is_told: false }, Signs { is_told: true });
        for (text, expected) in [
            ("138<****5678、139****>1234", silent),
            ("3101<**********1234 和 3102**********>5678", silent),
            ("1<***5、2***>6", silent),
            ("班次 9<~~11点、14~~>16点", silent),
            ("价格<**100**>00元", told),
            ("密码：<****，账号：****>", told),
            ("尾号138<****和1****>", told),
            ("王<*明、李*>华", told),
            ("恭喜王<*明和李*>华获奖", told),
            ("王<*明 李*>华", told),
            ("欧阳<*明，司马*>华", told),
            ("王<*（30岁）、李*>（25岁）", told),
            ("王<**、李**>", told),
            ("王<**（30岁）、李**>（25岁）", told),
            ("司<**南、欧**>娜", told),
            ("周一<~~周五、周六~~>周日", told),
            ("电话<*、地址*>（必填）", told),
            ("A<*算法和B*>算法", told),
            ("Ａ<*算法和Ｂ*>算法", told),
            ("第<*1和第*>2", told),
            ("foo<*bar*>baz", told),
            ("微信号ab<***和cd***>", told),
            ("价<==100、200==>300", told),
            ("若a<==b，则c==>d", silent),
            ("爱<**你和我**>", Doubtful),
            ("恭喜司<**南、欧**>娜获奖", Doubtful),
            ("用Rust<*语言*>编写", Doubtful),
            ("Top<*10*>强", Doubtful),
            ("王<*明获奖，这是*>重点", Doubtful),
            ("iOS<**13**>以上", Doubtful),
            ("这是<**重点**>内容", Emphasis),
            ("这是<*重点*>内容", Emphasis),
            ("这是<***重点***>内容", Emphasis),
            ("<****重点****>", Emphasis),
            ("<**注意：**>请看", Emphasis),
            ("文字<**“加粗”**>文字", Emphasis),
            ("请看<**《春》**>和", Emphasis),
            ("我<**爱**>你", Emphasis),
            ("满<**3 件**>", Emphasis),
            ("和<**4*6箱**>", Emphasis),
            ("春<==夏==>秋", Emphasis),
            ("用Rust<**语言**>编写", Emphasis),
            ("价格<**100**>元", Emphasis),
            ("使用<**.NET**>框架", Emphasis),
            ("原价<~~100~~>元", Emphasis),
            ("请带<**“学生证”原件**>（必须）", Emphasis),
            ("这是<**重点，非常重要**>的", Emphasis),
            ("see <*春、夏*> two", Emphasis),
        ] {
            assert_eq!(reading(text), expected, "{text}");
        }
    }
}
