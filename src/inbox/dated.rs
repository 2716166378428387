//! Files of a series whose names have placeholders: each date has its own, which may come later.
//!
//! A date whose files are in the folder is read with them when the folder is dropped, so the mistakes
//! in its files are reported then. Every other date waits for its files: they come with the same job
//! file, dropped again. The newest folder is what counts, so no date is sent with what its author
//! has taken away.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use unicode_normalization::UnicodeNormalization as _;

use super::FIRST_DATE;
use super::reader::{ArticleRemark, Awaited, Reader};
use super::template::help;
use crate::calendar::{DateKey, DateValues, Recurrence, Template};
use crate::l10n::t;
use crate::model::{Account, Action, Audience, Broadcast, Content, Expires};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Node, Value};

/// The keys whose values name files.
const FILE_KEYS: [&str; 6] = ["content_file", "thumb", "theme", "file", "files", "touser_file"];
/// The key of what may have such files.
const BROADCAST: &str = "broadcast";
/// For how long the names of the dates must differ: an old file must not be sent again. After twelve
/// years every date of a calendar has come again on its weekday.
const DIFFER: TimeDelta = TimeDelta::days(12 * 366);
/// How many dates are compared at most.
const COMPARED: usize = 20_000;

/// What the dates of a series do that have files of their own.
pub(super) type Dated = (BTreeMap<DateKey, Action>, BTreeMap<DateKey, Vec<ArticleRemark>>);

/// What the dates of a series have in common.
pub(super) struct Span<'a> {
    /// Their account.
    pub(super) account: Option<&'a Account>,
    /// How long before a date its preview is sent.
    pub(super) ahead: TimeDelta,
    /// Until when after its time a date may be sent.
    pub(super) expires: Expires,
}

impl Reader<'_, '_> {
    /// Returns whether a file belongs to a date and has not come yet; that is noted.
    pub(super) fn awaits(&mut self, path: &str) -> bool {
        let awaits = self.awaited.names.contains(path) && self.lists.file(path).is_err();
        if awaits && !self.awaited.missing.iter().any(|missing| missing == path) {
            self.awaited.missing.push(path.to_owned());
        }
        awaits
    }

    /// Returns whether some file of the date that is being read has not come yet.
    pub(super) fn awaits_some(&self) -> bool {
        !self.awaited.missing.is_empty()
    }

    /// Returns a broadcast as far as it is known before its files come; none if all are there.
    pub(super) fn awaiting(
        &mut self,
        fields: &Fields<'_, '_>,
        audience: Option<&Audience>,
    ) -> Option<Broadcast> {
        let files = std::mem::take(&mut self.awaited.missing);
        if files.is_empty() {
            return None;
        }
        let content = super::broadcast::CONTENTS.into_iter().find_map(|key| fields.get(key))?;
        let msgtype = match &*content.key {
            "articles" => "mpnews",
            "images" => "image",
            key => key,
        };
        let content = Content::Awaited {
            msgtype: msgtype.to_owned(),
            title: first_title(&content.node),
            files,
        };
        let audience = audience.cloned().unwrap_or(Audience::List(Vec::new()));
        Some(Broadcast { audience, content, send_ignore_reprint: false })
    }

    /// Finds the files of a series of which each date has its own.
    pub(super) fn begin_dated(&mut self, fields: &Fields<'_, '_>, recurrence: Option<&Recurrence>) {
        self.awaited = Awaited::default();
        let (Some(recurrence), Some(entry)) = (recurrence, fields.get(BROADCAST)) else { return };
        if self.lists.names().is_none() {
            return;
        }
        for (node, text) in names(&entry.node) {
            let template = match Template::parse(text) {
                Ok(template) if template.is_plain() => continue,
                Ok(template) => template,
                Err(error) => {
                    self.report.say_with(node.location, error.to_string(), help(&error));
                    // It is no missing file as well.
                    self.awaited.names.insert(text.to_owned());
                    continue;
                }
            };
            self.awaited.names.insert(text.to_owned());
            if template.counts() && recurrence.bounds().from.is_none() {
                let help = t!("inbox-give-first-date-dates-counted");
                self.report.say_with(node.location, t!("inbox-n-needs"), help);
            } else if let Some([one, other]) = sharing(&template, recurrence) {
                let file = quote(text);
                let message = t!("inbox-dates-share-file", one = %one, other = %other, file = file);
                self.report.say_with(node.location, message, t!("inbox-name-file-by-date"));
            }
        }
    }

    /// Reads what the dates do of which at least one file is there.
    pub(super) fn dated(
        &mut self,
        fields: &Fields<'_, '_>,
        recurrence: &Recurrence,
        Span { account, ahead, expires }: Span<'_>,
        notes: &mut Vec<String>,
    ) -> Dated {
        let mut dated = Dated::default();
        let Some(entry) = fields.get(BROADCAST) else { return dated };
        let own = |text: &&str| self.awaited.names.contains(*text);
        let texts: Vec<_> =
            names(&entry.node).into_iter().map(|(_, text)| text).filter(own).collect();
        let Some(file) = texts.first() else { return dated };
        let templates: Vec<_> =
            texts.iter().filter_map(|text| Template::parse(text).ok()).collect();
        let there: HashSet<String> =
            self.lists.names().into_iter().flatten().map(|name| name.nfc().collect()).collect();
        // A date that had to wait for another day may still be sent.
        let lasts = match expires {
            Expires::After(span) => span,
            Expires::At(_) => TimeDelta::zero(),
        };
        let from = recurrence.on_day_of(self.lists.dates_from() - lasts - TimeDelta::days(1));
        for (key, values) in dates_with_files(&templates, there, recurrence) {
            if key.date < from {
                continue;
            }
            let filled = templates.iter().map(|template| template.fill(values)).collect();
            self.awaited = Awaited { names: filled, missing: Vec::new() };
            let entry = Entry { node: with_names(&entry.node, false, values), ..entry.clone() };
            let (drafts, mut of_date) = (self.drafts.len(), Vec::new());
            let broadcast = self.broadcast(&entry, account, &mut of_date);
            self.drafts.truncate(drafts);
            let action = broadcast.map(Action::Broadcast);
            let Some(mut action) = self.prepare(fields, (action, ahead), &mut of_date) else {
                continue;
            };
            self.check_texts(fields, (action.texts_mut(), recurrence), &[values]);
            of_date.retain(|note| !notes.contains(note));
            notes.append(&mut of_date);
            dated.1.insert(key, std::mem::take(&mut self.remarks));
            dated.0.insert(key, action);
        }
        self.awaited = Awaited::default();
        let whole = |action: &Action| {
            action.broadcast().is_some_and(|broadcast| broadcast.content.awaited().is_empty())
        };
        let mut complete = dated.0.iter().filter(|(_, action)| whole(action)).map(|(key, _)| key);
        let count = complete.clone().count();
        notes.push(match complete.next_back() {
            Some(last) => {
                t!("inbox-dates-have-files", count = count, last = %last, file = quote(file))
            }
            None => t!("inbox-no-date-has-files", file = quote(file)),
        });
        dated
    }
}

/// Returns the names of files in a broadcast.
fn names<'n>(node: &'n Node<'_>) -> Vec<(&'n Node<'n>, &'n str)> {
    let mut found = Vec::new();
    add_names(node, false, &mut found);
    found
}

fn add_names<'n>(node: &'n Node<'_>, is_file: bool, found: &mut Vec<(&'n Node<'n>, &'n str)>) {
    match &node.value {
        Value::Text { text, .. } if is_file => found.push((node, text.trim())),
        Value::List(items) => items.iter().for_each(|item| add_names(item, is_file, found)),
        Value::Map(entries) => {
            for entry in entries {
                add_names(&entry.node, FILE_KEYS.contains(&&*entry.key), found);
            }
        }
        Value::Text { .. } | Value::Empty => {}
    }
}

/// Returns a broadcast with the names of a date's files filled in.
fn with_names<'a>(node: &Node<'a>, is_file: bool, values: DateValues) -> Node<'a> {
    let value = match &node.value {
        Value::Text { text, plain } if is_file => match Template::parse(text.trim()) {
            Ok(template) => Value::Text { text: template.fill(values).into(), plain: *plain },
            Err(_) => node.value.clone(),
        },
        Value::List(items) => {
            Value::List(items.iter().map(|item| with_names(item, is_file, values)).collect())
        }
        Value::Map(entries) => {
            let filled = |entry: &Entry<'a>| Entry {
                node: with_names(&entry.node, FILE_KEYS.contains(&&*entry.key), values),
                ..entry.clone()
            };
            Value::Map(entries.iter().map(filled).collect())
        }
        Value::Text { .. } | Value::Empty => node.value.clone(),
    };
    Node { location: node.location, value }
}

/// Returns the title that a content gives first.
fn first_title(node: &Node<'_>) -> Option<String> {
    match &node.value {
        Value::List(items) => items.first().and_then(first_title),
        Value::Map(entries) => {
            let title = entries.iter().find(|entry| entry.key == "title")?;
            let Value::Text { text, .. } = &title.node.value else { return None };
            Some(text.trim().to_owned())
        }
        Value::Text { .. } | Value::Empty => None,
    }
}

/// Returns the dates from an instant on, with what each fills in.
fn dates_from(
    recurrence: &Recurrence,
    first: DateTime<Utc>,
) -> Box<dyn Iterator<Item = (DateKey, DateValues)> + '_> {
    if recurrence.bounds().from.is_some() {
        return Box::new(recurrence.numbered().map(|(date, values)| (date.date, values)));
    }
    Box::new(recurrence.after(first).map(|date| (date.date, recurrence.values(date))))
}

/// Returns two dates whose files would have one name.
fn sharing(template: &Template<'_>, recurrence: &Recurrence) -> Option<[DateKey; 2]> {
    let mut of = HashMap::new();
    let mut dates = dates_from(recurrence, FIRST_DATE).take(COMPARED);
    let first = dates.next()?;
    let until = first.1.at + DIFFER;
    of.insert(template.fill(first.1), first.0);
    dates
        .take_while(|(_, values)| values.at < until)
        .find_map(|(key, values)| Some([of.insert(template.fill(values), key)?, key]))
}

/// Returns the dates of which at least one of these files is there.
fn dates_with_files(
    templates: &[Template<'_>],
    mut there: HashSet<String>,
    recurrence: &Recurrence,
) -> Vec<(DateKey, DateValues)> {
    there.retain(|name| templates.iter().any(|template| template.may_be(name)));
    let mut found = Vec::new();
    let mut dates = dates_from(recurrence, FIRST_DATE);
    while !there.is_empty()
        && let Some((key, values)) = dates.next()
    {
        let is_there = |template: &Template<'_>| {
            there.remove(&template.fill(values).nfc().collect::<String>())
        };
        // Each name belongs to one date.
        if templates.iter().map(is_there).filter(|is_there| *is_there).count() > 0 {
            found.push((key, values));
        }
    }
    found
}
