//! The HTML of an article: which tags it may contain, and what its local pictures become.
//!
//! The platform shows a part of HTML and filters the rest without a word, so what would be lost is
//! refused or said here. A text is read into a tree ([`tree`]), judged tag by tag ([`filter`]), given
//! the styles of a theme, and written the way the platform's draft interface leaves alone
//! ([`shape`]). Markdown is rendered first and then read the same way. Pictures are local files, or
//! lie with the platform already; links need WeChat Pay, except those to published articles.

mod colour;
mod filter;
mod names;
mod shape;
pub(super) mod style;
mod tree;
mod untagged;
mod visible;

use super::theme::Theme;
use crate::yaml::diagnostic::Location;

/// How long a text is, in bytes, of which nobody asks how much of it is the theme's.
const SHORT: usize = 10_000;

/// Something that cannot stand in an article.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where it stands in the HTML.
    pub(super) location: Location,
    /// What to look for in the Markdown that the HTML was made of.
    pub(super) sought: String,
    pub(super) message: String,
    pub(super) help: String,
}

/// Whether something was taken out, or is only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RemarkKind {
    /// The article goes without it.
    Dropped,
    /// The article goes as written, and will not look as meant.
    Warned,
}

/// Something that its author should know about the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) kind: RemarkKind,
    /// Where it stands in the HTML that was read.
    pub(super) location: Location,
    /// What to look for in the Markdown that the HTML was made of.
    pub(super) sought: String,
    /// What was taken out, or what is wrong.
    pub(super) what: String,
    /// Where it belongs in the HTML that was written: in front of the byte there.
    pub(super) at: usize,
}

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureUse {
    /// The text.
    Text,
    /// The cover of a mini-program's card.
    Card,
}

/// Finds a local picture: returns its placeholder, or what is wrong and what helps.
pub(super) type Pictures<'p> = dyn FnMut(&str, PictureUse) -> Result<String, (String, String)> + 'p;

/// What an article may have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules<'t> {
    /// Whether it may link to anywhere.
    pub(super) links: bool,
    /// What it is to look like.
    pub(super) theme: Option<&'t Theme>,
}

/// An article's text, as far as it can stand.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub(super) html: String,
    pub(super) problems: Vec<Problem>,
    /// What was taken out or will not look as meant, in the order of the text.
    pub(super) remarks: Vec<Remark>,
    /// Whether readers see anything of it.
    pub(super) is_visible: bool,
    /// How many of its characters are the theme's; of a short text it is not counted.
    pub(super) theme_chars: usize,
}

/// Reads HTML, and keeps what an article shows of it.
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

/// Says whether a tag of HTML has this name, whether an article keeps it or not.
pub(super) fn is_tag(name: &str) -> bool {
    names::is_known(name)
}

/// Returns the host of an http address.
pub(super) fn host(address: &str) -> Option<String> {
    let lower = address.trim().to_ascii_lowercase();
    let rest = lower.strip_prefix("https:").or_else(|| lower.strip_prefix("http:"));
    // Without a scheme it takes that of the page.
    let rest = rest.unwrap_or(&lower).strip_prefix("//")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests;
