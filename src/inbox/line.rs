//! One-line fields of an article: title, author, digest and source address.

use unicode_width::UnicodeWidthStr as _;

use crate::l10n::t;
use crate::model::ArticlesVia;
use crate::yaml::Entry;
use crate::yaml::diagnostic::{Report, quote};

/// How many characters a job's title may have.
pub(super) const TITLE_MOST: usize = 64;
/// The longest author.
pub(super) const AUTHOR_MOST: usize = 16;
/// The longest address behind 阅读原文, in bytes.
const SOURCE_URL_MOST: usize = 1_024;
/// The longest title of a draft. For Chinese characters both limits mean the same; which of them
/// limits a title of letters is not known.
const DRAFT_TITLE_CHARACTERS: usize = 32;
pub(super) const DRAFT_TITLE_COLUMNS: usize = 64;
/// The longest title of an article that is sent by `uploadnews`, in characters.
const NEWS_TITLE_CHARACTERS: usize = 64;

/// Returns a title, and a note about it for its author.
pub(super) fn title(
    entry: &Entry<'_>,
    via: ArticlesVia,
    report: &mut Report<'_>,
) -> Option<(String, Option<String>)> {
    match via {
        ArticlesVia::Uploadnews => Some((line(entry, NEWS_TITLE_CHARACTERS, report)?, None)),
        ArticlesVia::Draft => {
            let text = line(entry, DRAFT_TITLE_COLUMNS, report)?;
            let (length, columns) = (text.chars().count(), text.width());
            if columns > DRAFT_TITLE_COLUMNS {
                let message = t!("inbox-characters", key = %entry.key, length = %length);
                let help = t!("inbox-may-32-where-chinese-one");
                report.say_with(entry.node.location, message, help);
                return None;
            }
            let note = (length > DRAFT_TITLE_CHARACTERS).then(|| {
                t!("inbox-title-characters-documents-allow-32", text = %quote(&text), length = %length)
            });
            Some((text, note))
        }
    }
}

/// Returns a text of one line and limited length.
pub(super) fn line(entry: &Entry<'_>, most: usize, report: &mut Report<'_>) -> Option<String> {
    let text = entry.text(report)?;
    let length = text.chars().count();
    if length > most {
        let message = t!("inbox-characters", key = %entry.key, length = %length);
        report.say_with(entry.node.location, message, t!("inbox-may", most = %most));
        return None;
    }
    if text.contains(['\n', '\r']) {
        report.say(entry.node.location, t!("inbox-must-one-line", key = %entry.key));
        return None;
    }
    Some(text.to_owned())
}

/// Returns the source address of an article.
pub(super) fn source_url(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = entry.text(report)?;
    // The documents' own sample has no scheme.
    let is_address = text.bytes().all(|byte| byte.is_ascii_graphic()) && text.contains('.');
    if !is_address || text.len() > SOURCE_URL_MOST {
        let help = || t!("inbox-write-https-up-1-024");
        let message = t!("inbox-no-address", address = %quote(text));
        report.say_with(entry.node.location, message, help());
        return None;
    }
    Some(text.to_owned())
}
