//! Series in `show`, `cancel`, `retry` and `check`.
//!
//! A series has no state of a job; when it is sent, and the outcome, belong to its dates, which are
//! jobs like any other.

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use serde::Serialize;

use super::forecast::ForecastContext;
use super::moves::{self, MoveView};
use super::reply::{refuse, say};
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, format, lookup};
use crate::approval::Verdict;
use crate::calendar::{self, DateKey, Recurrence};
use crate::config::Config;
use crate::engine;
use crate::l10n::t;
use crate::model::console;
use crate::model::{JobId, JobSpec};
use crate::reason::Reason;
use crate::store::{
    DateActions, DecidedBy, JobView, Series, SeriesInput, SeriesState, Store, Tx, fill_texts,
};
use crate::text::{names, reason};

/// How many of its jobs are shown.
const JOBS_SHOWN: u32 = 20;
/// How many dates after those are named.
const DATES_SHOWN: usize = 5;

/// One series.
#[derive(Debug, Serialize)]
pub(super) struct SeriesView {
    id: String,
    title: String,
    account: String,
    action: String,
    /// `active`, `ended`, `cancelled` or `lost`.
    state: String,
    cron: String,
    words: String,
    timezone: String,
    from: Option<String>,
    until: Option<String>,
    count: Option<u32>,
    except: Vec<NaiveDate>,
    /// From this date on an operator cancelled it.
    cancelled_from: Option<NaiveDate>,
    /// Up to this date it is approved.
    approved_until: Option<NaiveDate>,
    /// What operators decided about single dates.
    changes: Vec<ChangeView>,
    file: String,
    /// The agent that submitted it; left out if a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_by: Option<String>,
    /// Who cancelled it or let it continue, and why.
    #[serde(flatten, serialize_with = "reason::as_why")]
    why: Option<Reason>,
    /// Its jobs that are nearest to now.
    occurrences: Vec<JobView>,
    /// The dates after the last of these, which have no jobs yet.
    next: Vec<DateView>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    date: DateKey,
    moved_to: Option<String>,
    decided_at: String,
    #[serde(flatten, serialize_with = "reason::as_why")]
    why: Option<Reason>,
}

#[derive(Debug, Serialize)]
struct DateView {
    date: DateKey,
    at: String,
    #[serde(skip)]
    instant: DateTime<Utc>,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only those of one account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// One series in the list.
#[derive(Debug, Serialize)]
struct LineView {
    id: String,
    title: String,
    account: String,
    action: String,
    /// As in `SeriesView`.
    state: String,
    cron: String,
    words: String,
    timezone: String,
    /// Its first date without a job.
    next: Option<String>,
}

/// Lists the series.
pub(super) fn list(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let account = options.account.as_deref();
    if let Some(name) = account.filter(|name| lookup::account(config, name).is_none()) {
        return Err(lookup::unknown_account(config, name, now));
    }
    let store = database::open(config, now)?;
    let mut lines = Vec::new();
    if let Some(store) = &store {
        let tx = store.read();
        for series in tx.all_series(account)? {
            lines.push(line_view(&tx, series)?);
        }
    }
    terminal.answer(options.json, &lines, |page, lines| {
        if lines.is_empty() {
            page.raw(&t!("series-none"));
        }
        for line in lines {
            let head = t!(
                "series-line",
                id = line.id.as_str(),
                state = state_word(&line.state),
                account = line.account.as_str()
            );
            page.lines(Tone::Plain, 0, &head);
            page.lines(Tone::Quiet, 2, &text::visible(&format!("{}: {}", line.title, line.words)));
        }
    })
}

fn line_view(tx: &Tx<'_>, series: Series) -> Result<LineView, Problem> {
    let next = series.next().and_then(|next| series.dates().after(next).next());
    let is_over = next.is_none() && tx.occurrences_waiting(&series.job.id)?.is_empty();
    let ended = series.state == SeriesState::Active && is_over;
    Ok(LineView {
        id: series.job.id.to_string(),
        title: series.job.title().unwrap_or_else(|| series.job.id.to_string()),
        account: series.job.account,
        action: series.job.action.name().to_owned(),
        state: if ended { "ended".to_owned() } else { series.state.to_string() },
        cron: series.recurrence.cron(),
        words: series.recurrence.words(),
        timezone: series.recurrence.zone().name().to_owned(),
        next: next.map(|date| calendar::rfc3339(date.at)),
    })
}

/// Returns what is shown of a series.
pub(super) fn read(
    tx: &Tx<'_>,
    series: Series,
    context: &ForecastContext,
    now: DateTime<Utc>,
) -> Result<SeriesView, Problem> {
    let mut occurrences = tx.occurrences(&series.job.id, JOBS_SHOWN, now)?;
    context.explain(&mut occurrences);
    let next: Vec<_> = match series.next() {
        Some(next) => series.dates().after(next).take(DATES_SHOWN).collect(),
        None => Vec::new(),
    };
    let is_over = next.is_empty() && tx.occurrences_waiting(&series.job.id)?.is_empty();
    let ended = series.state == SeriesState::Active && is_over;
    let decided = tx.date_decisions(&series.job.id)?.into_iter();
    let changes = decided.map(|decided| ChangeView {
        date: decided.date,
        moved_to: decided.moved_to.map(calendar::rfc3339),
        decided_at: calendar::rfc3339(decided.said_at),
        why: Some(decided.why),
    });
    let changes = changes.collect();
    let wall = |at: chrono::NaiveDateTime| at.format("%Y-%m-%d %H:%M:%S").to_string();
    Ok(SeriesView {
        id: series.job.id.to_string(),
        title: series.job.title().unwrap_or_else(|| series.job.id.to_string()),
        account: series.job.account,
        action: series.job.action.name().to_owned(),
        state: if ended { "ended".to_owned() } else { series.state.to_string() },
        cron: series.recurrence.cron(),
        words: series.recurrence.words(),
        timezone: series.recurrence.zone().name().to_owned(),
        from: series.recurrence.bounds().from.map(wall),
        until: series.recurrence.bounds().until.map(wall),
        count: series.recurrence.bounds().count,
        except: series.recurrence.bounds().except.iter().copied().collect(),
        cancelled_from: series.changes.ends_on,
        approved_until: series.approved.as_ref().map(|(until, _)| *until),
        changes,
        file: series.file,
        submitted_by: series.job.submitted_by,
        why: series.why,
        occurrences,
        next: next
            .into_iter()
            .map(|date| DateView {
                date: date.date,
                at: calendar::rfc3339(date.at),
                instant: date.at,
            })
            .collect(),
    })
}

/// Returns how the texts of a series read on its next date, if they are templates.
pub(super) fn first_texts(
    spec: &JobSpec,
    (recurrence, dated): (&Recurrence, &DateActions),
    now: DateTime<Utc>,
) -> Vec<String> {
    let next = recurrence.after(now).next().filter(|_| spec.templated);
    let Some(date) = next else { return Vec::new() };
    let action = dated.get(&date.date).unwrap_or(&spec.action).clone();
    let written = JobSpec { action, ..spec.clone() };
    let (mut written, mut filled) = (written.clone(), written);
    fill_texts(&mut filled, recurrence.values(date));
    let texts = written.texts_mut().into_iter().zip(filled.texts_mut());
    let changed = texts.filter(|((_, before), (_, after))| before != after);
    let lines = changed.map(|(_, (_, text))| text.lines().next().unwrap_or_default().to_owned());
    lines.map(|line| t!("series-reads", date = %date.date, line = line)).collect()
}

pub(super) fn render(page: &mut Page, view: &SeriesView, now: DateTime<Utc>) {
    let tone = match view.state.as_str() {
        "active" => Tone::Plain,
        "lost" => Tone::Alarm,
        _ => Tone::Quiet,
    };
    page.lines(tone, 0, &t!("series-is", id = view.id.as_str(), state = state_word(&view.state)));
    let what = view.occurrences.first().map_or_else(|| view.action.clone(), JobView::what);
    let why = view.why.as_ref().map(reason::sentence);
    let comes = format!("{} ({}, {})", view.words, view.cron, view.timezone);
    let count = view.count.map(|count| dates(count as usize));
    let except: Vec<_> = view.except.iter().map(NaiveDate::to_string).collect();
    let except = (!except.is_empty()).then(|| names::list(&except));
    let ends = view.cancelled_from.map(|from| t!("series-cancelled-from", from = %from));
    let approved = view.approved_until.map(|until| t!("series-up-to", until = %until));
    for (label, value) in [
        (t!("series-label-title"), Some(view.title.as_str())),
        (t!("series-label-account"), Some(&view.account)),
        (t!("series-label-action"), Some(&what)),
        (t!("series-label-comes"), Some(&comes)),
        (t!("series-label-from"), view.from.as_deref()),
        (t!("series-label-until"), view.until.as_deref()),
        (t!("series-label-count"), count.as_deref()),
        (t!("series-label-except"), except.as_deref()),
        (t!("series-label-ends"), ends.as_deref()),
        (t!("series-label-approved"), approved.as_deref()),
        (t!("series-label-file"), Some(&view.file)),
        (t!("series-label-submitted-by"), view.submitted_by.as_deref()),
        (t!("series-label-because"), why.as_deref()),
    ] {
        if let Some(value) = value {
            page.labelled(Tone::Plain, 2, &text::pad(&label, LABEL), value);
        }
    }
    if view.state == "lost" {
        let line = t!("series-lost", history = %console::history());
        page.labelled(Tone::Alarm, 2, &" ".repeat(LABEL), &line);
    }
    changes(page, view);
    page.blank_line();
    planned_dates(page, view, now);
}

/// Writes its dates: those with jobs, and the next ones after them.
fn planned_dates(page: &mut Page, view: &SeriesView, now: DateTime<Utc>) {
    page.heading(&t!("series-dates-heading"));
    let mut table = Table::of_lines(
        &[t!("series-head-due"), String::new(), t!("series-head-state"), t!("series-head-job")],
        &[(1, 0)],
        &[],
    );
    for job in &view.occurrences {
        table.row(vec![
            Cell::new(format::lateness(job, now), &text::clock(job.due, now)),
            Cell::plain(&text::distance(job.due, now)),
            Cell::new(format::tone(job.state), &job.stands()),
            Cell::plain(&job.id),
        ]);
        if let Some(reason) = &job.reason {
            table.note(Tone::Quiet, &reason::sentence(reason));
        }
    }
    if view.occurrences.is_empty() {
        page.lines(Tone::Plain, 2, &t!("series-none-planned"));
    } else {
        page.table(2, &table);
    }
    let then: Vec<_> = view.next.iter().map(|date| text::time(date.instant)).collect();
    match then.as_slice() {
        [] if view.state == "lost" => {
            page.lines(Tone::Plain, 2, &t!("series-lost-retry", id = view.id.as_str()));
        }
        [] => page.lines(Tone::Plain, 2, &t!("series-no-more")),
        then => {
            page.labelled(Tone::Quiet, 2, &t!("series-then"), &then.join(&t!("resume-separator")));
        }
    }
}

/// Writes what operators decided about single dates.
fn changes(page: &mut Page, view: &SeriesView) {
    for change in &view.changes {
        let why = change.why.as_ref().map(reason::sentence).unwrap_or_default();
        let label = text::pad(&t!("series-label-changed"), LABEL);
        page.labelled(Tone::Plain, 2, &label, &format!("{}: {why}", change.date));
    }
}

/// Cancels a series, with its dates that wait.
pub(super) fn cancel(
    store: &mut Store,
    series: &Series,
    config: &Config,
    (said, now): (DecidedBy<'_>, DateTime<Utc>),
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let id = &series.job.id;
    let (done, moved) = store.transaction(|tx| {
        let account = lookup::to_cancel(tx, config, &series.job.account)?;
        let done = tx.cancel_series(id, &account, said, now)?;
        Ok::<_, Problem>((done, tx.take_rescheduled()))
    })?;
    let mut answer = match done.cancelled.as_slice() {
        [] => t!("series-cancelled", id = %id),
        [first, ..] => {
            let dates = dates(done.cancelled.len());
            t!("series-cancelled-with", id = %id, dates = dates, first = %first)
        }
    };
    answer.push('\n');
    for job in &done.releasing {
        answer.push_str(&format_releasing(job));
    }
    answer.push_str(&moves::lines(&moves::views(moved)));
    say(&answer, terminal)
}

/// Ends a series at a date.
pub(super) fn end(
    store: &mut Store,
    series: &Series,
    config: &Config,
    ((from, said), now): ((NaiveDate, DecidedBy<'_>), DateTime<Utc>),
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let id = &series.job.id;
    let (done, moved) = store.transaction(|tx| {
        let account = lookup::to_cancel(tx, config, &series.job.account)?;
        let done = tx.end_series(id, &account, (from, said), now)?;
        Ok::<_, Problem>((done, tx.take_rescheduled()))
    })?;
    let mut answer = match done.cancelled.as_slice() {
        [] => t!("series-ended", id = %id, from = %from),
        waiting => {
            t!("series-ended-with", id = %id, from = %from, dates = dates(waiting.len()))
        }
    };
    answer.push('\n');
    for job in &done.releasing {
        answer.push_str(&format_releasing(job));
    }
    answer.push_str(&moves::lines(&moves::views(moved)));
    say(&answer, terminal)
}

/// Skips a date that has no job yet; returns what moved, or nothing if the id names no such date.
pub(super) fn skip(
    store: &mut Store,
    id: &str,
    config: &Config,
    (said, now): (DecidedBy<'_>, DateTime<Utc>),
) -> Result<Option<Vec<MoveView>>, Problem> {
    store.transaction(|tx| {
        let Some((series, date)) = tx.named_date(id)? else { return Ok(None) };
        if JobId::parse(id).map(|id| tx.account_of(&id)).transpose()?.flatten().is_some() {
            return Ok(None);
        }
        let account = lookup::to_cancel(tx, config, &series.job.account)?;
        tx.skip_date((&series, date), &account, said, now)?;
        Ok(Some(moves::views(tx.take_rescheduled())))
    })
}

/// Approves the dates of a series up to one.
pub(super) fn approve(
    store: &mut Store,
    series: &Series,
    config: &Config,
    ((until, said), now): ((NaiveDate, DecidedBy<'_>), DateTime<Utc>),
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let id = &series.job.id;
    let (verdict, approved) = store.transaction(|tx| {
        let account = lookup::same_account(tx, config, &series.job.account)?;
        let done = tx.approve_series(id, account, (until, said), now)?;
        refuse(done.0, id.as_str())?;
        Ok::<_, Problem>(done)
    })?;
    if let Verdict::Counts { given, needed } = verdict {
        let counts =
            t!("series-approval-counts", id = %id, until = %until, given = given, needed = needed);
        return say(&format!("{counts}\n"), terminal);
    }
    let answer = match approved.as_slice() {
        [] => t!("series-approved-none", id = %id, until = %until),
        some => t!("series-approved", id = %id, until = %until, dates = dates(some.len())),
    };
    say(&format!("{answer}\n{}\n", t!("series-approved-later")), terminal)
}

fn format_releasing(job: &JobId) -> String {
    t!("series-releasing", job = %job) + "\n"
}

/// How wide the labels are.
const LABEL: usize = 10;

fn dates(number: usize) -> String {
    t!("series-dates", n = number, count = text::count(number as u64))
}

/// Returns a state as people read it; JSON has the word itself.
fn state_word(state: &str) -> String {
    match state {
        "active" => t!("series-active"),
        "ended" => t!("series-state-ended"),
        "cancelled" => t!("series-state-cancelled"),
        "lost" => t!("series-state-lost"),
        other => other.to_owned(),
    }
}

/// Lets a lost series continue.
pub(super) fn retry(
    store: &mut Store,
    series: &Series,
    config: &Config,
    (said, now): (DecidedBy<'_>, DateTime<Utc>),
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let id = &series.job.id;
    let bodies = &engine::bodies(&series.job);
    let next = store.transaction(|tx| {
        let account = lookup::same_account(tx, config, &series.job.account)?;
        Ok::<_, Problem>(tx.retry_series(
            id,
            SeriesInput { account, bodies, make: engine::bodies },
            said,
            now,
        )?)
    })?;
    let answer = match next {
        Some(date) => {
            let at = calendar::beijing(date.at);
            let goes = t!("series-goes-on", id = %id, date = %date.date, at = at);
            format!("{goes}\n{}\n", t!("series-before"))
        }
        None => t!("series-over", id = %id) + "\n",
    };
    say(&answer, terminal)
}
