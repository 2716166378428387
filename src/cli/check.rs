//! `check`: validates job files as the inbox would, and forecasts when their jobs would go.
//!
//! The second part is a dry run ([`rehearsal`]).

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::drafts;
use super::media;
use super::moves::{self, MoveView};
use super::qrcodes;
use super::rehearsal::{self, JobFile, Taken};
use super::schedules::{KeptBack, Schedules};
use super::text::{self, Page, Tone};
use super::{Answer, Json, Problem, Terminal, database, series, zone_data};
use crate::calendar;
use crate::config::Config;
use crate::engine::{self, Deletability, Undeletable};
use crate::inbox::{Diagnostic, Package, ParsedJob, ReadError};
use crate::l10n::t;
use crate::model::{Account, Action, JobId, JobSpec, JobState, Kind, OnQuota};
use crate::plan::Job;
use crate::reason::Reason;
use crate::schedule::Placement;
use crate::schedule::receivers::Fate;
use crate::store::{IngestOutcome, JobView, Rescheduled, Store, StoreError, Tx};
use crate::text::{names, reason, stored};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Job files, or folders of a job file and its lists
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Let the daemon look up drafts by their titles, and ask the platform whether it has each media
    /// id, once a day
    #[arg(long)]
    media: bool,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct CheckView {
    pub(super) ok: bool,
    files: Vec<FileView>,
    /// The planned jobs that would have another time after all files.
    pub(super) moved: Vec<MoveView>,
    /// Why the jobs that are planned already were not counted, if they were not.
    unread: Option<String>,
}

impl CheckView {
    /// Returns whether every job of a valid file will be sent.
    fn all_go(&self) -> bool {
        self.files.iter().all(|file| {
            let dates = file.series.iter().flat_map(|series| &series.occurrences);
            !file.jobs.iter().chain(dates).any(|job| job.never_goes)
        })
    }
}

/// The answer about one file.
#[derive(Debug, Serialize)]
struct FileView {
    file: String,
    ok: bool,
    diagnostics: Vec<Diagnostic>,
    jobs: Vec<CheckedJob>,
    series: Vec<CheckedSeries>,
    /// The other jobs that would have another time.
    moves: Vec<MoveView>,
}

/// When one job of a valid file would be sent.
#[derive(Debug, Serialize)]
struct CheckedJob {
    id: String,
    title: String,
    account: String,
    action: String,
    state: JobState,
    at: Option<String>,
    due: String,
    #[serde(flatten, serialize_with = "reason::as_reason")]
    reason: Option<Reason>,
    audience: String,
    msgtype: String,
    receivers: Option<u32>,
    batches: usize,
    notes: Vec<String>,
    warnings: Vec<String>,
    /// Its action, as text.
    #[serde(skip)]
    what: String,
    /// When its first request would be made, if one is made.
    #[serde(skip)]
    goes_at: Option<DateTime<Utc>>,
    /// Whether it is new or changed, and will not be sent.
    #[serde(skip)]
    never_goes: bool,
}

/// When the next dates of a series would be sent.
#[derive(Debug, Serialize)]
struct CheckedSeries {
    id: String,
    title: String,
    account: String,
    cron: String,
    words: String,
    timezone: String,
    notes: Vec<String>,
    /// Its next dates, and those within the weeks planned ahead that are not sent as written.
    occurrences: Vec<CheckedJob>,
    /// How many dates are planned ahead.
    planned: usize,
}

/// Checks files; the answer is no if any of them would be refused.
pub(super) fn run(
    options: &Options,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let on = terminal.files;
    let read = |path: &Path, _: &[&Account]| on.read(path);
    let book = match options.media {
        true => drafts::look_up(&options.files, read, (config, who), terminal)?,
        false => drafts::for_rehearsal(&options.files, read, config, (terminal.now)())?,
    };
    let read = |path: &Path, _: &[&Account]| Ok(on.read(path)?.with_drafts(book.clone()));
    if options.media {
        media::ask(&options.files, read, (config, who), terminal)?;
    }
    let now = (terminal.now)();
    let (view, _) = examine(&options.files, read, config, now)?;
    let ok = view.ok && view.all_go();
    terminal.answer(options.json, &view, |page, view| render(page, view, now))?;
    Ok(if ok { Answer::Yes } else { Answer::No })
}

/// Checks files as they are read, and returns what could be read of them.
pub(super) fn examine(
    paths: &[PathBuf],
    reader: impl Fn(&Path, &[&Account]) -> Result<Package, ReadError>,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<(CheckView, Vec<Package>), Problem> {
    let (mut store, unread) = ledger(config, now)?;
    let files = rehearsal::read(paths, reader, config, (&store, unread.is_none()))?;
    let known = if unread.is_none() { Known::All } else { Known::ReadError };
    let look = |tx: &Tx<'_>, taken| views(tx, (&files, taken), (config, known), now);
    let (views, moves) = rehearsal::rehearse(&mut store, &files, config, now, look)?;
    let moved = rehearsal::moved(&store, moves)?;
    let ok = views.iter().all(|file| file.ok);
    let packages = files.into_iter().filter_map(|file| file.package).collect();
    Ok((CheckView { ok, files: views, moved, unread }, packages))
}

/// Opens the ledger for the rehearsal; an empty one if there is none that may be read.
///
/// The author of job files need not be the owner of the database.
fn ledger(config: &Config, now: DateTime<Utc>) -> Result<(Store, Option<String>), Problem> {
    match database::open(config, now) {
        Ok(Some(store)) => Ok((store, None)),
        Ok(None) => Ok((Store::in_memory(now)?, None)),
        Err(Problem::Cannot(why)) => Ok((Store::in_memory(now)?, Some(why))),
        Err(Problem::Store(error @ StoreError::Access(..))) => {
            Ok((Store::in_memory(now)?, Some(error.to_string())))
        }
        Err(other) => Err(other),
    }
}

/// How many dates of a series are shown that are sent as written.
const DATES_SHOWN: usize = 3;

/// What the database has about a job that is dropped again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Note {
    Known,
    Updated,
    Anew,
    AnewFailed,
}

impl Note {
    fn words(self) -> String {
        match self {
            Self::Known => t!("check-known"),
            Self::Updated => t!("check-updated"),
            Self::Anew => t!("check-anew"),
            Self::AnewFailed => t!("check-anew-failed"),
        }
    }
}

/// Whether the jobs that are planned already could be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    All,
    ReadError,
}

/// Returns the answer about each file, and what all of them move.
fn views(
    tx: &Tx<'_>,
    (files, taken): (&[JobFile], Vec<Taken>),
    (config, planned): (&Config, Known),
    now: DateTime<Utc>,
) -> Result<(Vec<FileView>, Vec<Rescheduled>), Problem> {
    let accounts = rehearsal::accounts(config);
    let (mut views, mut moves) = (Vec::new(), Vec::new());
    // Which job defers which is known only after all are taken.
    let schedules = Schedules::new(now);
    for (file, taken) in files.iter().zip(taken) {
        let (mut jobs, mut series) = (Vec::new(), Vec::new());
        if taken.ok() {
            let known: Vec<_> = taken.known.iter().filter_map(note).collect();
            jobs = forecast(tx, file, &accounts, &schedules)?;
            if planned == Known::All {
                warn_of_deletions(tx, &file.jobs, &mut jobs)?;
            }
            for job in &mut jobs {
                note_known(job, &known);
            }
            series = recurring(tx, file, (&accounts, &known), &schedules)?;
        }
        moves.extend(taken.moves.iter().cloned());
        views.push(FileView {
            file: file.name.clone(),
            ok: taken.ok(),
            diagnostics: taken.diagnostics,
            jobs,
            series,
            moves: moves::views(taken.moves),
        });
    }
    Ok((views, moves))
}

/// Returns what the database has about a job that is dropped again.
fn note((id, outcome): &(JobId, IngestOutcome)) -> Option<(JobId, Note)> {
    let note = match outcome {
        IngestOutcome::Known => Note::Known,
        IngestOutcome::Updated => Note::Updated,
        IngestOutcome::Anew(JobState::Failed) => Note::AnewFailed,
        IngestOutcome::Anew(_) => Note::Anew,
        IngestOutcome::New | IngestOutcome::Refused(_) => return None,
    };
    Some((id.clone(), note))
}

/// Warns of deletions that, as far as is known now, will delete nothing.
fn warn_of_deletions(
    tx: &Tx<'_>,
    jobs: &[ParsedJob],
    checked: &mut [CheckedJob],
) -> Result<(), StoreError> {
    for job in jobs {
        let Action::Delete(deletion) = &job.spec.action else { continue };
        let why = match engine::deletable(tx, deletion, &job.spec.account)? {
            // A broadcast that has not been sent yet may have been sent by then.
            Deletability::Can(_) | Deletability::Cannot(Undeletable::NotYet(_)) => continue,
            Deletability::Cannot(Undeletable::Never(why)) => {
                t!("check-deletes-nothing", why = reason::sentence(&why))
            }
            Deletability::Cannot(Undeletable::Unless(why)) => {
                t!("check-deletes-nothing-unless", why = reason::sentence(&why))
            }
        };
        for view in checked.iter_mut().filter(|view| view.id == job.spec.id.as_str()) {
            view.warnings.push(why.clone());
        }
    }
    Ok(())
}

/// Notes what the database has about a job; that it was sent already needs no warning.
fn note_known(job: &mut CheckedJob, known: &[(JobId, Note)]) {
    let Some((_, note)) = known.iter().find(|(id, _)| id.as_str() == job.id) else { return };
    job.never_goes &= *note != Note::Known;
    let is_over = *note == Note::Known && job.goes_at.is_none() && job.state != JobState::Planned;
    if is_over {
        job.warnings.clear();
        job.notes.push(t!("check-known-over", state = names::job_state(job.state)));
    } else {
        job.notes.push(note.words());
    }
}

fn forecast(
    tx: &Tx<'_>,
    file: &JobFile,
    accounts: &[&Account],
    schedules: &Schedules,
) -> Result<Vec<CheckedJob>, StoreError> {
    let mut checked = Vec::new();
    for job in file.jobs.iter().filter(|job| job.recurrence.is_none()) {
        let Some(account) = rehearsal::account(accounts, &job.spec) else { continue };
        let mut one = forecast_one(tx, (&job.spec, account), job.notes.clone(), schedules)?;
        if let Some(one) = &mut one {
            one.warnings.extend(strangers(tx, &job.spec)?);
            let of = (&job.spec.action, job.spec.account.as_str());
            let (notes, warnings) = media::known(tx, of, schedules.now)?;
            one.notes.extend(notes);
            one.warnings.extend(warnings);
            one.warnings.extend(zone_warning(&job.spec, schedules.now));
        }
        checked.extend(one);
    }
    Ok(checked)
}

/// Returns how many receivers of a job's list do not follow, as far as is known.
fn strangers(tx: &Tx<'_>, spec: &JobSpec) -> Result<Option<String>, StoreError> {
    let Some(list) = spec.action.list() else { return Ok(None) };
    Ok(tx.strangers(&spec.account, list)?.map(|strangers| strangers.sentence()))
}

/// Returns a warning if the local times of a job may be wrong.
fn zone_warning(spec: &JobSpec, now: DateTime<Utc>) -> Option<String> {
    let from = zone_data::differs_from(spec.timezone, now)?;
    // A job with a time of its own is over by then.
    let concerns = spec.at.is_none_or(|at| at >= from);
    concerns.then(|| zone_data::warning_and_advice(spec.timezone, from))
}

fn forecast_one(
    tx: &Tx<'_>,
    (spec, account): (&JobSpec, &Account),
    mut notes: Vec<String>,
    schedules: &Schedules,
) -> Result<Option<CheckedJob>, StoreError> {
    let now = schedules.now;
    let Some(view) = tx.job_view(spec.id.as_str())? else { return Ok(None) };
    let mut warnings = warnings(&view, spec, now);
    if account.kind == Kind::Subscription && spec.action.name() == "qrcode" {
        warnings.push(t!("check-qrcode-subscription"));
    }
    let stands = tx.job(&spec.id)?;
    warnings.extend(qrcodes::few_left(tx, (&stands, account), now)?);
    let fails = fails(tx, (&stands, account), schedules)?;
    warnings.extend(fails.as_ref().map(|why| t!("check-fails", why = why.as_str())));
    let kept = match stands.asked || !view.state.waits() {
        true => None,
        false => schedules.kept_back(tx, (&stands, account), view.due)?,
    };
    if let Some(KeptBack { why, month, .. }) = &kept {
        let (why, until) = (reason::sentence(why), text::time(month.end()));
        warnings.push(t!("check-kept-back", why = why, until = until));
    }
    let refused = tx.unknown_tag(&spec.id, account, now)?.is_some();
    match tx.receivers_forecast(&spec.id, account, (view.due, now))? {
        Some((words, true)) => warnings.push(words),
        Some((words, false)) => notes.push(words),
        None => {}
    }
    if view.state.waits() {
        warnings.extend(tx.what_stops(&account.name)?);
    }
    let mut told = checked_job(view, spec, (notes, warnings), now);
    told.goes_at = told.goes_at.filter(|_| fails.is_none() && !refused);
    told.never_goes |= fails.is_some() || refused;
    match kept.map(|kept| kept.fate) {
        Some(Fate::Later(_, at)) => told.goes_at = told.goes_at.map(|_| at),
        Some(Fate::Expires(_) | Fate::Fails(_)) => {
            (told.goes_at, told.never_goes) = (None, true);
        }
        Some(Fate::Goes) | None => {
            let paced = schedules.of(tx, account)?.paced.get(&spec.id).copied();
            told.goes_at = told.goes_at.map(|at| paced.map_or(at, |paced| paced.max(at)));
        }
    }
    Ok(Some(told))
}

/// Returns why a job that may not be deferred has no room at its time.
fn fails(
    tx: &Tx<'_>,
    (job, account): (&Job, &Account),
    schedules: &Schedules,
) -> Result<Option<String>, StoreError> {
    if job.asked || job.on_quota == OnQuota::Defer || !job.state.waits() {
        return Ok(None);
    }
    Ok(match schedules.of(tx, account)?.placements.get(&job.id) {
        Some(Placement::Fails(cause)) => Some(reason::sentence(&cause.clone().into())),
        Some(_) | None => None,
    })
}

/// Returns when the series of a file would be sent.
fn recurring(
    tx: &Tx<'_>,
    file: &JobFile,
    (accounts, known): (&[&Account], &[(JobId, Note)]),
    schedules: &Schedules,
) -> Result<Vec<CheckedSeries>, StoreError> {
    let mut checked = Vec::new();
    for job in &file.jobs {
        let (Some(recurrence), Some(account)) =
            (&job.recurrence, rehearsal::account(accounts, &job.spec))
        else {
            continue;
        };
        let waiting = tx.occurrences_waiting(&job.spec.id)?;
        let planned = waiting.len();
        let mut occurrences = Vec::new();
        for (index, (id, _)) in waiting.into_iter().enumerate() {
            let at = tx.job_view(id.as_str())?.and_then(|view| view.at);
            let spec = JobSpec { id, at, ..job.spec.clone() };
            let one = forecast_one(tx, (&spec, account), Vec::new(), schedules)?;
            let awaits =
                |one: &CheckedJob| matches!(one.reason, Some(Reason::WaitsForFiles { .. }));
            let shown =
                |one: &CheckedJob| index < DATES_SHOWN || !one.warnings.is_empty() && !awaits(one);
            occurrences.extend(one.filter(shown));
        }
        let known = known.iter().find(|(id, _)| *id == job.spec.id).map(|(_, note)| *note);
        checked.push(CheckedSeries {
            id: job.spec.id.to_string(),
            title: job.spec.title().unwrap_or_else(|| job.spec.id.to_string()),
            account: account.name.clone(),
            cron: recurrence.cron(),
            words: recurrence.words(),
            timezone: recurrence.zone().name().to_owned(),
            notes: (job.notes.iter().cloned())
                .chain(known.map(Note::words))
                .chain(strangers(tx, &job.spec)?)
                .chain(series::first_texts(&job.spec, (recurrence, &job.dated), schedules.now))
                .chain(zone_warning(&job.spec, schedules.now))
                .collect(),
            occurrences,
            planned,
        });
    }
    Ok(checked)
}

fn checked_job(
    view: JobView,
    spec: &JobSpec,
    (notes, warnings): (Vec<String>, Vec<String>),
    now: DateTime<Utc>,
) -> CheckedJob {
    CheckedJob {
        receivers: view.batches.iter().map(|batch| batch.receivers).sum(),
        batches: view.batches.len(),
        at: view.at.map(calendar::rfc3339),
        due: calendar::rfc3339(view.due),
        goes_at: goes_at(&view, spec, now),
        never_goes: goes_at(&view, spec, now).is_none(),
        what: view.what(),
        id: view.id,
        title: view.title,
        account: view.account,
        action: view.action,
        state: view.state,
        reason: view.reason,
        audience: view.audience,
        msgtype: view.msgtype,
        notes,
        warnings,
    }
}

/// Returns when a job's first request would be made; none if that is too late, or it is never sent.
fn goes_at(view: &JobView, spec: &JobSpec, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let waits = matches!(view.state, JobState::Planned | JobState::Held | JobState::Releasing);
    let allowed = calendar::guard_end(view.due).unwrap_or(view.due);
    (waits && now <= allowed + spec.grace).then(|| allowed.max(now))
}

/// Returns what keeps a job from being sent at its time.
fn warnings(view: &JobView, spec: &JobSpec, now: DateTime<Utc>) -> Vec<String> {
    let reason = view.reason.as_ref().map(reason::sentence);
    let reason = reason.unwrap_or_default();
    if goes_at(view, spec, now).is_none() {
        let waits = matches!(view.state, JobState::Planned | JobState::Held | JobState::Releasing);
        let ended = if waits {
            let passed = text::distance(view.due, now);
            t!("check-missed", passed = passed)
        } else if reason.is_empty() {
            t!("check-never", state = names::job_state(view.state))
        } else {
            t!("check-never-because", state = names::job_state(view.state), why = reason)
        };
        return vec![ended];
    }
    let planned = spec.at.unwrap_or(view.due);
    let mut warnings = Vec::new();
    if view.due > planned {
        warnings.push(t!("check-not-at", at = text::time(planned), why = reason));
    }
    if calendar::guard_end(view.due).is_some() {
        warnings.push(t!("check-guard"));
    }
    if view.state == JobState::Held {
        warnings.push(match &view.reason {
            Some(why @ Reason::WaitsForFiles { .. }) => reason::sentence(why),
            Some(_) | None => t!("check-held"),
        });
    }
    warnings
}

/// Returns what a file has that would be taken.
fn counted(file: &FileView) -> String {
    let (name, n, series) = (file.file.as_str(), file.jobs.len(), file.series.len());
    let jobs = text::count(n as u64);
    match (n, series) {
        (_, 0) => t!("check-ok", file = name, n = n, jobs = jobs),
        (0, _) => t!("check-ok-series", file = name, series = %series),
        (_, _) => t!("check-ok-both", file = name, n = n, jobs = jobs, series = %series),
    }
}

/// Writes the answer about each file.
pub(super) fn render(page: &mut Page, view: &CheckView, now: DateTime<Utc>) {
    for file in &view.files {
        if file.ok {
            page.lines(Tone::Good, 0, &counted(file));
        }
        for (index, diagnostic) in file.diagnostics.iter().enumerate() {
            if index > 0 {
                page.blank_line();
            }
            problem(page, diagnostic);
        }
        for job in &file.jobs {
            checked(page, job, now);
        }
        for series in &file.series {
            checked_series(page, series, now);
        }
        for one in file.moves.iter().take(moves::SHOWN) {
            page.lines(Tone::Warn, 2, &one.sentence());
        }
        if file.moves.len() > moves::SHOWN {
            let more = file.moves.len() - moves::SHOWN;
            let count = text::count(more as u64);
            page.lines(Tone::Warn, 2, &t!("check-more-moves", n = more, count = count));
        }
        page.blank_line();
    }
    if let Some(why) = &view.unread {
        page.lines(Tone::Warn, 0, &t!("check-unread", why = why.as_str()));
        page.blank_line();
    }
    let bad = view.files.iter().filter(|file| !file.ok).count();
    let problems: usize = view.files.iter().map(|file| file.diagnostics.len()).sum();
    if bad > 0 {
        let problems = t!("check-problems", n = problems, count = text::count(problems as u64));
        let files = t!("check-files", n = bad, count = text::count(bad as u64));
        page.lines(Tone::Alarm, 0, &t!("check-refused", problems = problems, files = files));
    }
}

/// A diagnostic has its layout already: its caret is below the mistake.
pub(super) fn problem(page: &mut Page, diagnostic: &Diagnostic) {
    let shown = diagnostic.to_string();
    for (index, line) in shown.lines().enumerate() {
        let tone = if index == 0 { Tone::Alarm } else { Tone::Plain };
        let line = page.paint(tone, &text::visible(line));
        page.raw(&line);
    }
}

fn what(job: &CheckedJob) -> String {
    if job.batches == 0 {
        return job.what.clone();
    }
    let receivers = match job.receivers {
        Some(some) => t!("check-receivers", count = text::count(some.into())),
        None => stored::subject(&job.audience),
    };
    t!(
        "check-what",
        action = names::action(&job.action),
        msgtype = job.msgtype.as_str(),
        receivers = receivers,
        n = job.batches,
        calls = text::count(job.batches as u64)
    )
}

fn id_and_account(CheckedJob { id, account, .. }: &CheckedJob) -> String {
    t!("check-a-job", id = id.as_str(), account = account.as_str())
}

fn checked(page: &mut Page, job: &CheckedJob, now: DateTime<Utc>) {
    page.lines(Tone::Head, 2, &text::named(&job.title, &id_and_account(job)));
    page.lines(Tone::Plain, 4, &what(job));
    if let Some(at) = job.goes_at {
        page.lines(Tone::Plain, 4, &t!("check-goes", at = text::time_and_distance(at, now)));
    }
    for note in &job.notes {
        page.labelled(Tone::Quiet, 4, &t!("check-note"), note);
    }
    for warning in &job.warnings {
        page.labelled(Tone::Warn, 4, &t!("check-warning"), warning);
    }
}

fn checked_series(page: &mut Page, series: &CheckedSeries, now: DateTime<Utc>) {
    let name = t!("check-a-series", id = series.id.as_str(), account = series.account.as_str());
    page.lines(Tone::Head, 2, &text::named(&series.title, &name));
    let CheckedSeries { words, cron, timezone, occurrences, planned, .. } = series;
    page.lines(
        Tone::Plain,
        4,
        &t!(
            "check-recurrence",
            words = words.as_str(),
            cron = cron.as_str(),
            timezone = timezone.as_str()
        ),
    );
    if let Some(first) = occurrences.first() {
        page.lines(Tone::Plain, 4, &what(first));
    }
    for job in occurrences {
        let at = job.goes_at.map_or_else(
            || names::job_state(job.state),
            |at| t!("check-goes", at = text::time_and_distance(at, now)),
        );
        page.labelled(Tone::Plain, 4, &format!("{}  ", job.id), &at);
        for warning in &job.warnings {
            page.labelled(Tone::Warn, 6, &t!("check-warning"), warning);
        }
    }
    let unshown = planned.saturating_sub(occurrences.len());
    if unshown > 0 {
        let count = text::count(unshown as u64);
        page.lines(Tone::Quiet, 4, &t!("check-more-dates", n = unshown, count = count));
    }
    for note in &series.notes {
        page.labelled(Tone::Quiet, 4, &t!("check-note"), note);
    }
}
