//! Alerts: `ack` acknowledges one, `show` prints one in full.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::forecast::ForecastContext;
use super::reply::{Reason, say};
use super::text::{self, Page, Tone};
use super::{Problem, Terminal, database, status};
use crate::alert::Severity;
use crate::config::Config;
use crate::l10n::t;
use crate::model::JobId;
use crate::store::{Acknowledgement, AlertView, DecidedBy, StoreError, Tx};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The id of a job or of a note, or the name of a refused file, as `status` shows it
    #[arg(value_name = "JOB|FILE|NOTE")]
    thing: String,
    #[command(flatten)]
    reason: Reason,
}

/// One alert in full.
#[derive(Debug, Serialize)]
pub(super) struct NoteView {
    #[serde(flatten)]
    about: AlertView,
    severity: Severity,
    note: String,
    /// Who acknowledged it, if it is acknowledged.
    acknowledged: Option<Acknowledgement>,
}

/// Returns the alert of this id, also if it was acknowledged.
pub(super) fn find(
    tx: &Tx<'_>,
    config: &Config,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<NoteView>, StoreError> {
    let context = ForecastContext::read(tx, config, now)?;
    let mut notes =
        tx.current_alerts(now)?.into_iter().chain(status::not_stored(tx, &context, now)?);
    let Some(about) = notes.find(|note| note.note() == id) else { return Ok(None) };
    let acknowledged = tx.acknowledgement(&about)?;
    let (severity, note) = (about.severity(), about.note());
    Ok(Some(NoteView { about, severity, note, acknowledged }))
}

/// How wide the labels are.
const LABEL: usize = 10;

pub(super) fn render(page: &mut Page, view: &NoteView, now: DateTime<Utc>) {
    let NoteView { about, severity, note, acknowledged } = view;
    let tone = if *severity == Severity::Page { Tone::Alarm } else { Tone::Warn };
    page.lines(tone, 0, &t!("ack-is", note = note.as_str(), kind = about.kind.replace('_', " ")));
    let (all, none) = (t!("ack-all"), t!("ack-none"));
    for (label, value) in [
        (t!("ack-label-severity"), severity.as_str()),
        (t!("ack-label-account"), about.account.as_deref().unwrap_or(&all)),
        (t!("ack-label-job"), about.id.as_deref().unwrap_or(&none)),
        (t!("ack-label-since"), &text::time_and_distance(about.since, now)),
        (t!("ack-label-what"), &about.what),
        (t!("ack-label-do"), &about.advice),
    ] {
        page.labelled(Tone::Plain, 2, &text::pad(&label, LABEL), value);
    }
    if let Some(Acknowledgement { at, who, why }) = acknowledged {
        let line = DecidedBy { who, why: why.as_deref() }.line("acknowledged");
        let label = text::pad(&t!("ack-label-seen"), LABEL);
        page.labelled(Tone::Quiet, 2, &label, &format!("{}: {line}", text::time(*at)));
    }
}

/// Acknowledges everything that has this name.
pub(super) fn acknowledge(
    options: &Options,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let thing = options.thing.as_str();
    let Some(mut store) = database::open(config, now)? else {
        return Err(Problem::No(t!("ack-no-database")));
    };
    let said = options.reason.said(who);
    let taken = store.transaction(|tx| {
        let notes = tx.attention(now)?.into_iter();
        let named = |note: &AlertView| note.id.as_deref() == Some(thing) || note.note() == thing;
        let notes: Vec<_> = notes.filter(named).collect();
        for note in &notes {
            if !tx.acknowledge_refused_note(note, &said.line("acknowledged"), now)? {
                tx.acknowledge(note, said, now)?;
            }
        }
        if notes.is_empty() && !acknowledge_file(tx, thing, said, now)? {
            return Err(match find(tx, config, thing, now)? {
                Some(note) if note.acknowledged.is_none() => {
                    Problem::No(t!("ack-of-daemon", thing = thing, what = note.about.what))
                }
                Some(_) | None => nothing(tx, thing),
            });
        }
        Ok::<_, Problem>(notes)
    })?;
    let file = t!("ack-file", file = thing);
    let whats: Vec<_> = match taken.as_slice() {
        [] => vec![file.as_str()],
        notes => notes.iter().map(|note| note.what.as_str()).collect(),
    };
    let lines: String = whats.iter().map(|what| t!("ack-taken", what = *what) + "\n").collect();
    say(&(lines + &t!("ack-comes-back") + "\n"), terminal)
}

/// Acknowledges a refused file; returns whether there is one of this name.
fn acknowledge_file(
    tx: &Tx<'_>,
    name: &str,
    said: DecidedBy<'_>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    tx.acknowledge_refused_file(name, &said.line("acknowledged"), now)
}

fn nothing(tx: &Tx<'_>, thing: &str) -> Problem {
    let shown = text::visible(thing);
    match JobId::parse(thing).map(|id| tx.account_of(&id)) {
        Some(Ok(Some(_))) => Problem::No(t!("ack-not-job", job = shown)),
        Some(Err(error)) => error.into(),
        Some(Ok(None)) | None => Problem::No(t!("ack-unknown", thing = shown)),
    }
}
