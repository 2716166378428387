//! The HTML of an article: which tags it may contain, and what its local pictures become.
//!
//! The platform shows a part of HTML and silently filters the rest, so what would be lost is
//! refused or reported here. A text is parsed into a tree ([`tree`]), checked tag by tag
//! ([`filter`]), given the styles of a theme, and written in a form that the platform's draft
//! interface leaves unchanged ([`shape`]). Markdown is rendered first and then read the same way.
//! Pictures are local files, or are at the platform already; links need WeChat Pay, except those to
//! published articles.

mod colour;
mod filter;
pub(super) mod hidden;
mod names;
mod shape;
pub(super) mod style;
mod tree;
pub(super) mod untagged;
mod visible;

use super::theme::Theme;
use crate::yaml::diagnostic::Location;

/// Up to this length in bytes, the theme's share of a text is not counted.
const SHORT: usize = 10_000;

/// Something that is not allowed in an article.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Its location in the HTML.
    pub(super) location: Location,
    /// The text to look for in the Markdown that the HTML was made from.
    pub(super) sought: String,
    pub(super) message: String,
    pub(super) help: String,
}

/// Whether something was removed, or is only reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RemarkKind {
    /// The article is sent without it.
    Dropped,
    /// The article is sent as written, and will not look as meant.
    Warned,
}

/// A remark about the text for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) kind: RemarkKind,
    /// Its location in the HTML that was read.
    pub(super) location: Location,
    /// The text to look for in the Markdown that the HTML was made from.
    pub(super) sought: String,
    /// What was removed, or what is wrong.
    pub(super) what: String,
    /// Its position in the HTML that was written: in front of this byte.
    pub(super) at: usize,
}

/// The use of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureUse {
    /// In the text.
    Text,
    /// As the cover of a mini-program's card.
    Card,
}

/// Finds a local picture: returns its placeholder, or the error and a hint.
pub(super) type Pictures<'p> = dyn FnMut(&str, PictureUse) -> Result<String, (String, String)> + 'p;

/// What an article may contain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules<'t> {
    /// Whether it may link to any address.
    pub(super) links: bool,
    /// The style of the article.
    pub(super) theme: Option<&'t Theme>,
    /// Whether the HTML was made from Markdown.
    pub(super) is_rendered: bool,
}

/// An article's text, without what is not allowed.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub(super) html: String,
    pub(super) problems: Vec<Problem>,
    /// What was removed or will not look as meant, in the order of the text.
    pub(super) remarks: Vec<Remark>,
    /// Whether readers see anything in it.
    pub(super) is_visible: bool,
    /// How many of its characters are the theme's; for a short text this is not counted.
    pub(super) theme_chars: usize,
}

/// Reads HTML, and keeps what an article shows.
pub(super) fn clean(html: &str, rules: Rules<'_>, pictures: &mut Pictures<'_>) -> Cleaned {
    let (nodes, mut problems) = tree::read(html);
    let filtered = filter::filter(&nodes, html, rules, pictures);
    problems.extend(filtered.problems);
    problems.extend(untagged::problem(html, &nodes));
    problems.sort_by_key(|problem| problem.location.start);
    let mut remarks = filtered.remarks;
    let written = shape::write(&filtered.parts, &mut remarks);
    remarks.extend(untagged::remark(html, &nodes));
    remarks.sort_by_key(|remark| remark.location.start);
    let theme = rules.theme.filter(|_| written.len() > SHORT);
    let theme_chars = theme.map_or(0, |_| {
        let bare = filter::filter(&nodes, html, Rules { theme: None, ..rules }, pictures);
        let bare = shape::write(&bare.parts, &mut []);
        written.chars().count().saturating_sub(bare.chars().count())
    });
    let is_visible = visible::is_any(&filtered.parts);
    Cleaned { html: written, problems, remarks, is_visible, theme_chars }
}

/// Returns whether HTML has a tag of this name, whether an article keeps it or not.
pub(super) fn is_tag(name: &str) -> bool {
    names::is_known(name)
}

/// Returns the host of an http address.
pub(super) fn host(address: &str) -> Option<String> {
    let lower = address.trim().to_ascii_lowercase();
    let rest = lower.strip_prefix("https:").or_else(|| lower.strip_prefix("http:"));
    // Without a scheme it takes the page's scheme.
    let rest = rest.unwrap_or(&lower).strip_prefix("//")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests;
