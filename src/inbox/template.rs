//! Placeholders in the texts of a series, checked when its file is read.
//!
//! What a date would fill in is known from its series alone, so everything that is wrong with it is
//! reported here, and a date never fails for its texts.

use chrono::DateTime;
use unicode_width::UnicodeWidthStr as _;

use super::broadcast::TEXT_MOST;
use super::line::{DRAFT_TITLE_COLUMNS, TITLE_MOST};
use super::reader::Reader;
use crate::calendar::{DateValues, Recurrence, Template, TemplateError};
use crate::l10n::t;
use crate::model::{JobSpec, TextOf};
use crate::yaml::diagnostic::{Location, quote};
use crate::yaml::{Entry, Fields, Node, Value};

/// How many dates of a series are filled in to find the longest text.
const FILLED: usize = 60;
/// The number that is filled in for the length if `count` does not bound it.
const NUMBER_MOST: u32 = 99_999;
/// The longest digest that every upload takes.
const DIGEST_MOST: usize = 120;

impl Reader<'_, '_> {
    /// Checks the placeholders of a series' texts, and marks the job if it has some.
    pub(crate) fn templates(
        &mut self,
        fields: &Fields<'_, '_>,
        (spec, recurrence): (&mut JobSpec, &Recurrence),
    ) {
        let number = recurrence.bounds().count.unwrap_or(NUMBER_MOST);
        let dates = recurrence.after(DateTime::UNIX_EPOCH).take(FILLED);
        let dates: Vec<_> =
            dates.map(|date| DateValues { number, ..recurrence.values(date) }).collect();
        spec.templated = self.check_texts(fields, (spec.texts_mut(), recurrence), &dates);
    }

    /// Checks texts with the values of some dates; returns whether a text has placeholders.
    pub(super) fn check_texts(
        &mut self,
        fields: &Fields<'_, '_>,
        (texts, recurrence): (Vec<(TextOf, &mut String)>, &Recurrence),
        dates: &[DateValues],
    ) -> bool {
        let mut is_templated = false;
        for (of, text) in texts {
            if of == TextOf::File {
                is_templated = true;
                continue;
            }
            let at = location_of(fields.entries(), text).unwrap_or(fields.location);
            let template = match Template::parse(text) {
                Ok(template) => template,
                Err(error) => {
                    self.report.say_with(at, error.to_string(), help(&error));
                    continue;
                }
            };
            if template.counts() && recurrence.bounds().from.is_none() {
                let help = t!("inbox-give-first-date-dates-counted");
                self.report.say_with(at, t!("inbox-n-needs"), help);
            }
            if template.is_plain() {
                continue;
            }
            is_templated = true;
            let mut filled = dates.iter().map(|values| template.fill(*values));
            if let Some(filled) = filled.find(|filled| is_too_long(of, filled)) {
                let message = t!("inbox-date-would-which-too-long", filled = %quote(&filled));
                self.report.say_with(at, message, t!("inbox-shorten-text-format"));
            }
        }
        is_templated
    }
}

/// Returns the location of a text in a file; none if it comes from another file.
fn location_of(entries: &[Entry<'_>], text: &str) -> Option<Location> {
    entries.iter().find_map(|entry| location_in(&entry.node, text))
}

fn location_in(node: &Node<'_>, text: &str) -> Option<Location> {
    match &node.value {
        Value::Text { text: found, .. } => (found.trim() == text.trim()).then_some(node.location),
        Value::List(nodes) => nodes.iter().find_map(|node| location_in(node, text)),
        Value::Map(entries) => location_of(entries, text),
        Value::Empty => None,
    }
}

/// Returns a note if the texts of a job that is no series look like templates.
pub(super) fn note(spec: &mut JobSpec) -> Option<String> {
    let found = spec.texts_mut().into_iter().find_map(|(_, text)| {
        let has_some = Template::parse(text).is_ok_and(|template| template.has_placeholders());
        has_some.then(|| quote(text))
    });
    found.map(|text| t!("inbox-sent-only-series-cron-fills", text = %text))
}

fn is_too_long(of: TextOf, text: &str) -> bool {
    let length = text.chars().count();
    match of {
        TextOf::Job => length > TITLE_MOST,
        TextOf::Message => length > TEXT_MOST,
        TextOf::Title => text.width() > DRAFT_TITLE_COLUMNS,
        TextOf::Digest => length > DIGEST_MOST,
        // The platform gives no limit, or it is not sent.
        TextOf::Pictures | TextOf::Recommendation | TextOf::File => false,
    }
}

pub(super) fn help(error: &TemplateError) -> String {
    match error {
        TemplateError::Unknown(_) => {
            t!("inbox-series-fills-date-date-m")
        }
        TemplateError::Format(_) => {
            t!("inbox-write-date-y-m-d")
        }
    }
}
