//! Themes: a style sheet whose rules are written into the article's tags.
//!
//! The platform drops `<style>`, so each tag gets the declarations of the rules that match it.
//! Supported selectors are tags, classes, `*`, and one inside another (`a b`, `a > b`); `body` is
//! the text as a whole. What cannot be written into a tag (`a:hover`, `@media`) and what the
//! platform drops is reported. Absent on purpose: variables, and selectors by siblings.

use cssparser::{Delimiter, ParseError, Parser, Token};

use super::html::style::{self, Declaration};
use crate::l10n::t;
use crate::yaml::diagnostic::{Location, quote};

/// The theme of articles that name none.
const DEFAULT: &str = include_str!("theme/default.css");

/// The rules of a style sheet.
#[derive(Clone, Debug, Default)]
pub(super) struct Theme {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    selector: Selector,
    declarations: Vec<Declaration>,
}

/// A tag, as a selector sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name, in lower case.
    pub(super) name: String,
    pub(super) classes: Vec<String>,
}

/// Nested tags, the innermost last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Selector(Vec<Step>);

/// The conditions for one tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    name: Option<String>,
    classes: Vec<String>,
    /// Whether it must be a direct child of the tag before it.
    is_child: bool,
}

/// A part of a style sheet that is not part of the theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) location: Location,
    pub(super) message: String,
    /// Whether the style sheet is wrong there, and not only beyond what a theme supports.
    pub(super) is_wrong: bool,
}

impl Theme {
    /// Returns the theme of articles that name none.
    pub(super) fn usual() -> Self {
        Self::read(DEFAULT).0
    }

    /// Reads a style sheet, and returns what is not part of the theme.
    pub(super) fn read(css: &str) -> (Self, Vec<Left>) {
        let mut reader = SheetReader { rules: Vec::new(), left: Vec::new() };
        reader.sheet(&mut Parser::new(css));
        let mut rules = reader.rules;
        // Of equal rules the later one takes precedence; the sort is stable.
        rules.sort_by_key(|rule| rule.selector.weight());
        (Self { rules }, reader.left)
    }

    /// Adds the rules of a theme that takes precedence over this one.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }

    /// Returns the declarations for the last tag of a path, in ascending precedence.
    pub(super) fn style(&self, path: &[Named]) -> Vec<Declaration> {
        let mut style: Vec<Declaration> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.selector.fits(path)) {
            for declaration in &rule.declarations {
                style.retain(|known| known.name != declaration.name);
                style.push(declaration.clone());
            }
        }
        style
    }
}

impl Selector {
    /// Returns its specificity: classes count before names.
    fn weight(&self) -> (usize, usize) {
        let classes = self.0.iter().map(|step| step.classes.len()).sum();
        (classes, self.0.iter().filter(|step| step.name.is_some()).count())
    }

    fn fits(&self, path: &[Named]) -> bool {
        let (Some((last, above)), Some((tag, outer))) = (self.0.split_last(), path.split_last())
        else {
            return false;
        };
        last.fits(tag) && above_fits(above, last.is_child, outer)
    }
}

/// Returns whether the steps above a tag match its ancestors.
fn above_fits(steps: &[Step], is_child: bool, path: &[Named]) -> bool {
    let Some((last, above)) = steps.split_last() else { return true };
    let reach = if is_child { path.len().saturating_sub(1) } else { 0 };
    (reach..path.len())
        .rev()
        .any(|at| last.fits(&path[at]) && above_fits(above, last.is_child, &path[..at]))
}

impl Step {
    fn fits(&self, tag: &Named) -> bool {
        self.name.as_ref().is_none_or(|name| *name == tag.name)
            && self.classes.iter().all(|class| tag.classes.contains(class))
    }
}

struct SheetReader {
    rules: Vec<Rule>,
    left: Vec<Left>,
}

impl SheetReader {
    fn sheet(&mut self, parser: &mut Parser<'_>) {
        loop {
            parser.skip_whitespace();
            if parser.is_exhausted() {
                return;
            }
            let start = parser.position();
            let at = start.byte_index();
            let is_at_rule = parser
                .try_parse(|parser| match parser.next() {
                    Ok(Token::AtKeyword(_)) => Ok(()),
                    _ => Err(()),
                })
                .is_ok();
            let ends = match is_at_rule {
                true => Delimiter::CurlyBracketBlock | Delimiter::Semicolon,
                false => Delimiter::CurlyBracketBlock,
            };
            let selectors = parser.parse_until_before(ends, |parser| {
                let found = selectors(parser);
                while parser.next().is_ok() {}
                Ok::<_, ParseError<()>>(found)
            });
            let written = parser.slice_from(start).trim().to_owned();
            let location = Location { start: at, end: at + written.len() };
            if is_at_rule {
                self.leave(
                    location,
                    t!("inbox-cannot-written-into-tags", written = %quote(&written)),
                    false,
                );
            }
            match parser.next() {
                Ok(Token::CurlyBracketBlock) if is_at_rule => {}
                Ok(Token::CurlyBracketBlock) => {
                    let known = selectors.ok().flatten();
                    if known.is_none() {
                        let message =
                            t!("inbox-no-selector-theme-knows", written = %quote(&written));
                        self.leave(location, message, false);
                    }
                    self.block(parser, &known.unwrap_or_default());
                }
                Ok(Token::Semicolon) => {}
                Ok(_) | Err(_) => {
                    let message = t!("inbox-no-block", written = %quote(&written));
                    self.leave(location, message, !is_at_rule);
                }
            }
        }
    }

    fn block(&mut self, parser: &mut Parser<'_>, selectors: &[Selector]) {
        let read = parser
            .parse_nested_block(|parser| Ok::<_, ParseError<()>>(style::declarations(parser)));
        let mut kept = Vec::new();
        for declaration in read.unwrap_or_default() {
            let Declaration { name, value, at, .. } = &declaration;
            let location = Location { start: *at, end: at + name.len().max(1) };
            if name.is_empty() {
                let message = t!("inbox-no-declaration", value = %quote(value));
                self.leave(location, message, true);
            } else if !declaration.addresses.is_empty() {
                let message = t!("inbox-theme-no-pictures", value = %quote(value));
                self.leave(location, message, false);
            } else if !declaration.is_kept {
                let shown = format!("{name}: {value}");
                let message = t!("inbox-platform-drops", shown = %quote(&shown));
                self.leave(location, message, false);
            } else {
                kept.push(declaration);
            }
        }
        let rules = selectors
            .iter()
            .map(|selector| Rule { selector: selector.clone(), declarations: kept.clone() });
        self.rules.extend(rules);
    }

    fn leave(&mut self, location: Location, message: String, is_wrong: bool) {
        self.left.push(Left { location, message, is_wrong });
    }
}

/// Reads selectors up to the end; `None` if any of them is not supported.
fn selectors(parser: &mut Parser<'_>) -> Option<Vec<Selector>> {
    let mut found = vec![Selector::default()];
    let mut step = Step::default();
    let mut is_begun = false;
    loop {
        let token = parser.next_including_whitespace().cloned();
        match token {
            Ok(Token::Ident(name)) if !is_begun => {
                step.name = Some(name.to_ascii_lowercase());
                is_begun = true;
            }
            Ok(Token::Delim('*')) if !is_begun => is_begun = true,
            Ok(Token::Delim('.')) => {
                let Ok(Token::Ident(class)) = parser.next_including_whitespace() else {
                    return None;
                };
                step.classes.push(class.to_string());
                is_begun = true;
            }
            Ok(Token::WhiteSpace(_) | Token::Delim('>') | Token::Comma) | Err(_) => {
                if is_begun {
                    found.last_mut()?.0.push(std::mem::take(&mut step));
                    is_begun = false;
                }
                match token {
                    Ok(Token::Delim('>')) => step.is_child = true,
                    Ok(Token::Comma) => found.push(Selector::default()),
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            Ok(_) => return None,
        }
    }
    found.iter().all(|selector| !selector.0.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(tags: &str) -> Vec<Named> {
        let tag = |tag: &str| {
            let mut parts = tag.split('.').map(str::to_owned);
            Named { name: parts.next().unwrap_or_default(), classes: parts.collect() }
        };
        tags.split(' ').map(tag).collect()
    }

    fn style(css: &str, tags: &str) -> String {
        let (theme, _) = Theme::read(css);
        let style = theme.style(&path(tags));
        style.iter().map(|d| format!("{}:{}", d.name, d.value)).collect::<Vec<_>>().join(";")
    }

    #[test]
    fn a_rule_fits_by_tag_class_and_what_is_around() {
        for (selector, fitting, other) in [
            ("p", "body p", "body div"),
            (".a", "body p.a", "body p.b"),
            ("p.a.b", "p.b.a", "p.a"),
            ("ul li", "body ul section li", "body ol li"),
            ("ul > li", "ul li", "ul section li"),
            ("ul>li p", "ul li section p", "ul section li p"),
            ("h1,h2 , h3", "h3", "h4"),
            ("blockquote.alert p", "body blockquote.alert.alert-note p", "body blockquote p"),
        ] {
            let css = format!("{selector} {{ color: red }}");
            assert_eq!(style(&css, fitting), "color:red", "{selector}");
            assert_eq!(style(&css, other), "", "{selector}");
        }
    }

    #[test]
    fn the_more_special_rule_wins_and_of_equal_ones_the_later() {
        let css = "p.a { color: red } p { color: blue; margin: 0 } p { margin: 1px }";

        assert_eq!(style(css, "p.a"), "margin:1px;color:red");
    }

    #[test]
    fn what_is_no_part_of_a_theme_is_told_where_it_stands() {
        for (css, at, message, is_wrong) in [
            ("p{} a:hover { color: red }", 4, "`a:hover` is no selector that a theme knows", false),
            ("@media print { p { color: red } }", 0, "`@media print` cannot be written", false),
            ("@import 'x.css'; p {}", 0, "`@import 'x.css'` cannot be written into tags", false),
            ("p { position: fixed }", 4, "the platform drops `position: fixed`", false),
            ("p { color: var(--a) }", 4, "the platform drops `color: var(--a)`", false),
            ("p { background: url(a.png) }", 4, "a theme has no pictures: `url(a.png)`", false),
            ("p { color red; margin: 0 }", 4, "`color red` is no declaration", true),
            ("p { color: red } h1", 17, "`h1` has no block", true),
        ] {
            let (_, left) = Theme::read(css);
            assert_eq!(left.len(), 1, "{css}: {left:?}");
            assert_eq!((left[0].location.start, left[0].is_wrong), (at, is_wrong), "{css}");
            assert!(left[0].message.starts_with(message), "{css}: {}", left[0].message);
        }
    }

    #[test]
    fn nothing_of_the_usual_theme_is_left_out() {
        assert_eq!(Theme::read(DEFAULT).1, []);
    }
}
