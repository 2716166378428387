//! Marks that stayed text: misspelt ones, and those of other dialects.
//!
//! What is never written to be seen is refused. The rest may be meant as text, so it is reported.

use std::ops::Range;

use super::prose::{self, reach};
use super::signs;
use crate::l10n::{Sentence, t};

/// The error, and a hint.
pub(super) type Fault = (Sentence, Sentence);

/// A mark that stayed as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// It is never written to be seen.
    Invalid(Fault),
    /// It may be written to be seen.
    Shown,
}

/// The error for a link that Markdown does not read, and a hint.
const NO_LINK: Fault =
    (|| t!("inbox-no-link-written"), || t!("inbox-write-words-address-address-if"));
/// The error for a footnote without a text, and a hint.
const NO_FOOTNOTE: Fault =
    (|| t!("inbox-footnote-no-text"), || t!("inbox-write-footnote-text-1-line"));

/// A mark of another dialect, which encloses something.
struct Pair {
    open: &'static str,
    close: &'static str,
    /// Returns whether it is one, by the character in front of it and by its content.
    is_mark: fn(Option<char>, &str) -> bool,
}

#[rustfmt::skip]
const PAIRS: &[Pair] = &[
    Pair { open: "[[", close: "]]", is_mark: |_, _| true },
    Pair { open: "{%", close: "%}", is_mark: |_, _| true },
    Pair { open: "{{", close: "}}", is_mark: |_, _| true },
    Pair { open: "<%", close: "%>", is_mark: |_, _| true },
    Pair { open: "{--", close: "--}", is_mark: |_, _| true },
    Pair { open: "{>>", close: "<<}", is_mark: |_, _| true },
    Pair { open: "{#", close: "}", is_mark: |_, inside| inside.starts_with(is_latin) },
    Pair { open: "{.", close: "}", is_mark: |_, inside| inside.starts_with(is_latin) },
    Pair { open: "{:", close: "}", is_mark: |_, _| true },
    Pair { open: "[", close: "]", is_mark: |_, inside| is_field(inside) },
    Pair { open: "^", close: "^", is_mark: |before, inside| {
        (before.is_some_and(is_latin) && inside.chars().all(is_latin))
            || (inside.chars().all(char::is_alphanumeric) && inside.contains(prose::is_wide))
    } },
    Pair { open: "++", close: "++", is_mark: |before, inside| !before.is_some_and(is_latin) && is_tight(inside) },
    Pair { open: "==", close: "==", is_mark: |before, inside| !before.is_some_and(is_latin) && is_tight(inside) },
    Pair { open: "__", close: "__", is_mark: |before, inside| !before.is_some_and(is_latin) && is_tight(inside) },
    Pair { open: "_", close: "_", is_mark: |before, inside| {
        !before.is_some_and(|c| is_latin(c) || c == '_') && is_tight(inside) && inside.chars().any(prose::is_wide)
    } },
    Pair { open: ":", close: ":", is_mark: |before, inside| {
        !before.is_some_and(|c| is_latin(c) || c == ':') && inside.len() > 1 && inside.starts_with(|c: char| c.is_ascii_alphabetic())
            && inside.chars().all(|c| is_latin(c) || "_+-".contains(c))
    } },
];
/// Marks that mean nothing in Markdown at their location.
const MARKS: [&str; 6] = ["**", "~~", "%%", "$$", "】(http", "】（http"];
/// What begins a block in other dialects.
const BLOCKS: [&str; 4] = [":::", "!!! ", "??? ", "???+ "];
/// The word after `@start` at the beginning of a `PlantUML` drawing.
const PLANTUML: [&str; 12] = [
    "uml", "mindmap", "wbs", "gantt", "salt", "json", "yaml", "ditaa", "dot", "ebnf", "regex",
    "chen",
];

fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Returns whether a text begins like `key:: value`.
fn is_field(text: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    text.split_once("::").is_some_and(|(name, value)| {
        !name.is_empty() && name.chars().all(is_name) && value.starts_with([' ', '\t'])
    })
}

/// Returns how long the mark of a line is: of a definition, a short form, a task or a line that
/// keeps its end.
fn line_mark(line: &str) -> Option<usize> {
    let has_text = |rest: &str| rest.starts_with([' ', '\t']) && !rest.trim().is_empty();
    if line.strip_prefix([':', '|']).is_some_and(has_text) {
        return Some(1);
    }
    if let Some(rest) = line.strip_prefix("*[") {
        return rest.find("]:").map(|end| 2 + end + 2);
    }
    let state = line.strip_prefix('[')?.chars().next().filter(char::is_ascii_punctuation)?;
    let is_task = state != ']' && line[2..].strip_prefix(']').is_some_and(has_text);
    is_task.then_some(3)
}

/// Returns whether a text can be between two marks.
fn is_tight(text: &str) -> bool {
    !text.is_empty() && text.trim() == text
}

/// Finds marks that are usually not text.
pub(super) fn raw(text: &str) -> Vec<(Range<usize>, Raw)> {
    let mut found = Vec::new();
    for mark in ["](", "]（http", "] (http", "] （http"] {
        for (at, _) in text.match_indices(mark) {
            found.push((at..at + mark.len(), Raw::Invalid(NO_LINK)));
        }
    }
    for (at, _) in text.match_indices("[^") {
        let label = reach(&text[at + 2..]).split(']').next().unwrap_or_default();
        let end = at + 2 + label.len() + 1;
        let is_label = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        if end > text.len() || label.is_empty() {
            continue;
        }
        if !label.chars().all(is_label) {
            // No parser takes it for a footnote, and it may be a face: `[^_^]`.
            if label.starts_with(char::is_alphanumeric) {
                found.push((at..end, Raw::Shown));
            }
        } else {
            found.push((at..end, Raw::Invalid(NO_FOOTNOTE)));
        }
    }
    for (at, mark) in text.match_indices("\\begin{") {
        found.push((at..at + mark.len(), Raw::Invalid(FORMULA)));
    }
    for pair in PAIRS {
        pairs(text, pair, &mut found);
    }
    for (at, _) in text.match_indices("][") {
        let label = reach(&text[at + 2..]).split(']').next().unwrap_or_default();
        let end = at + 2 + label.len() + 1;
        let start = text[..at].rfind('[').filter(|_| end <= text.len());
        // Names of emoji come after each other too: `[鼓掌][鼓掌]`.
        if let Some(start) = start.filter(|_| label.starts_with(is_latin)) {
            found.push((start..end, Raw::Shown));
        }
    }
    found.extend(block_id(text).map(|id| (id, Raw::Shown)));
    let ticks = text.match_indices('`').map(|(at, _)| at).filter(|at| !text[..*at].ends_with('`'));
    found.extend(
        ticks.map(|at| (at..text.len() - text[at..].trim_start_matches('`').len(), Raw::Shown)),
    );
    for mark in MARKS {
        let marks = text.match_indices(mark).map(|(at, _)| at).filter(|at| !is_in_mask(text, *at));
        found.extend(marks.map(|at| (at..at + mark.len(), Raw::Shown)));
    }
    found
}

/// Returns whether a mark is in a run of asterisks that hides something, as in `138****5678`.
fn is_in_mask(text: &str, at: usize) -> bool {
    let (before, behind) = text.split_at(at);
    let before = before.len() - before.trim_end_matches('*').len();
    let behind = behind.len() - behind.trim_start_matches('*').len();
    behind > 0 && before + behind >= signs::MASK
}

/// Finds the name that some editors append to a block: ` ^name`.
fn block_id(text: &str) -> Option<Range<usize>> {
    let line = text.trim_end();
    let start = line.rfind('^')?;
    let name = &line[start + 1..];
    let is_name = name.len() > 1 && name.chars().all(|c| is_latin(c) || c == '-');
    let is_apart = line[..start].chars().last().is_none_or(char::is_whitespace);
    (is_name && is_apart).then_some(start..line.len())
}

fn pairs(text: &str, Pair { open, close, is_mark }: &Pair, found: &mut Vec<(Range<usize>, Raw)>) {
    let mut from = 0;
    while let Some(at) = text[from..].find(open).map(|at| from + at) {
        let inside = at + open.len();
        from = inside;
        let Some(length) = reach(&text[inside..]).find(close) else { continue };
        let end = inside + length + close.len();
        if is_mark(text[..at].chars().last(), &text[inside..inside + length]) {
            let is_picture = open.starts_with('{') && names_picture(&text[inside..inside + length]);
            let raw = if is_picture { Raw::Invalid(SHORTCODE) } else { Raw::Shown };
            found.push((at..end, raw));
            from = end;
        }
    }
}

/// The error for a picture in the syntax of a site generator, and a hint.
const SHORTCODE: Fault =
    (|| t!("inbox-picture-syntax-site-generator-would"), || t!("inbox-write-words-png"));
/// The commands of Hexo, Hugo and Jekyll that show a picture.
const PICTURE_COMMANDS: [&str; 9] = [
    "asset_img",
    "figure",
    "gallery",
    "image",
    "img",
    "include_image",
    "lightgallery",
    "photo",
    "picture",
];

/// Returns whether the content of `{% … %}` or `{{< … >}}` shows a picture.
fn names_picture(inside: &str) -> bool {
    let inside = inside.trim_start_matches(['<', '%', ' ']);
    let command = inside.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
    PICTURE_COMMANDS.contains(&command)
}

/// The error for a formula, and a hint.
pub(super) const FORMULA: Fault =
    (|| t!("inbox-formula-cannot-shown-article"), || t!("inbox-put-picture-dollar-sign-write"));

/// The error for a `PlantUML` drawing outside a block of code, and a hint.
const DRAWING: Fault =
    (|| t!("inbox-plantuml-cannot-drawn-article"), || t!("inbox-put-picture-show-source-put"));

/// Finds the mark of a block at the beginning of a paragraph's line.
pub(super) fn block(line: &str) -> Option<(Range<usize>, Raw)> {
    let line = line.trim_end();
    if line == "$$" {
        return Some((0..2, Raw::Invalid(FORMULA)));
    }
    let drawing = line.strip_prefix("@start").and_then(|rest| rest.split([' ', '\t']).next());
    if drawing.is_some_and(|kind| PLANTUML.contains(&kind)) {
        return Some((0..line.len(), Raw::Invalid(DRAWING)));
    }
    if BLOCKS.iter().any(|mark| line.starts_with(mark)) {
        return Some((0..line.len(), Raw::Shown));
    }
    let is_row = line.len() > 2 && line.starts_with('|') && line.ends_with('|');
    let mark = line_mark(line).or_else(|| is_row.then_some(1));
    if let Some(length) = mark {
        return Some((0..length, Raw::Shown));
    }
    if is_field(line) {
        return Some((0..line.len(), Raw::Shown));
    }
    let (label, address) = line.strip_prefix('[')?.split_once("]:")?;
    let is_address = ["http", "<"].iter().any(|start| address.trim_start().starts_with(start));
    (is_address && !label.contains(['[', ']'])).then_some((0..line.len(), Raw::Shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_other_dialects_are_found() {
        for (text, expected) in [
            ("x^2^ 好", "^2^"),
            ("++插入++", "++插入++"),
            ("好 :smile:", ":smile:"),
            ("{% note %}", "{% note %}"),
            ("文 {#id .class}", "{#id .class}"),
            ("_注：内容_后", "_注：内容_"),
            ("__“x”__文", "__“x”__"),
            ("==“a”==b", "==“a”=="),
            ("[文][none]", "[文][none]"),
            ("【a】(https://x.cn)", "】(http"),
            ("春[^注 一]天", "[^注 一]"),
            ("春天来了 ^ab-12c", "^ab-12c"),
            ("^ab12", "^ab12"),
            ("<% tp.date.now() %>", "<% tp.date.now() %>"),
            ("春{--天--}", "{--天--}"),
            ("春{>>注<<}", "{>>注<<}"),
            ("春^上标^", "^上标^"),
            ("见[评分:: 9]", "[评分:: 9]"),
            ("写 `代码", "`"),
            ("写 ``代码", "``"),
        ] {
            let found = raw(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!((&text[found[0].0.clone()], &found[0].1), (expected, &Raw::Shown), "{text}");
        }
        for text in [
            "C++ 和 C++",
            "10:20:30",
            "a_b_c",
            "若a==b，则c==d",
            "^_^ 好 ^o^",
            "{名字}",
            "[鼓掌][鼓掌]",
            "时间：a: b",
            "std::vec::x",
            "好_ _的",
            "5%",
            "^_^",
            "好 ^",
            "2 ^3 的",
            "x^2",
            "a <%b",
            "[^]",
        ] {
            assert_eq!(raw(text), [], "{text}");
        }
    }

    #[test]
    fn a_picture_in_the_syntax_of_a_site_generator_is_refused() {
        for text in [
            "{% asset_img a.png 说明 %}",
            "{% img /a.png 300 200 %}",
            "{{< figure src=\"a.png\" >}}",
            "{{% figure src=\"a.png\" %}}",
            "{{<figure src=\"a.png\">}}",
        ] {
            let found = raw(text);
            assert!(matches!(found[0].1, Raw::Invalid(..)), "{text}: {found:?}");
        }
        for text in ["{% note %}", "{{ title }}", "{{< ref \"a.md\" >}}"] {
            assert!(raw(text).iter().all(|(_, raw)| *raw == Raw::Shown), "{text}");
        }
    }

    #[test]
    fn blocks_of_other_dialects_are_found() {
        for line in [
            "@startuml",
            "@startuml 图",
            "::: tip",
            "!!! note",
            "| a | b |",
            "| 行",
            ": 定义",
            "*[HTML]: 超文本",
            "[/] 做",
            "[>] 做",
            "评分:: 9",
            "[r]: https://x.cn b",
            "$$",
        ] {
            assert!(block(line).is_some(), "{line}");
        }
        for line in [
            "@startup",
            "@start uml",
            "好!!!",
            "!!!",
            "|",
            ": ",
            ":a",
            "*[x] a",
            "[1] 书",
            "[] a",
            "[提示]: 请到场",
            "$$ 甩卖",
            "std::vec::x",
            "10::20",
        ] {
            assert_eq!(block(line), None, "{line}");
        }
    }
}
