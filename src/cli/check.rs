//! `check`: validates job files as the inbox would, and forecasts when their jobs would go.
//!
//! The second part is a dry run. The jobs are really taken, into the ledger as it is, and that
//! transaction is then rolled back. So there is no second implementation of the rules.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::moves::{self, MoveView};
use super::qrcodes;
use super::schedules::Schedules;
use super::text::{self, Page, Tone};
use super::{Answer, Json, Problem, Terminal, database, lookup, series, zone_data};
use crate::calendar;
use crate::config::Config;
use crate::daemon;
use crate::engine::{self, Deletability, Undeletable};
use crate::inbox::{self, Diagnostic, Package, ParsedJob, ReadError};
use crate::model::{Account, Action, JobId, JobSpec, JobState, Kind, OnQuota};
use crate::plan::Job;
use crate::quota::Block;
use crate::reason::Reason;
use crate::schedule::Placement;
use crate::store::{IngestOutcome, JobView, Source, Store, StoreError, Tx};
use crate::text::{Lang, reason};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Job files, or folders of a job file and its lists
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct CheckView {
    pub(super) ok: bool,
    files: Vec<FileView>,
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
    /// The jobs that are in the database already, and the effect of dropping them again.
    #[serde(skip)]
    known: Vec<(JobId, &'static str)>,
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

/// One file as it was read.
struct Checked {
    name: String,
    package: Option<Package>,
    jobs: Vec<ParsedJob>,
    diagnostics: Vec<Diagnostic>,
}

/// Checks files; the answer is no if any of them would be refused.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let now = (terminal.now)();
    let read = |path: &Path, _: &[&Account]| inbox::read_path(path);
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
    let accounts: Vec<&Account> = config.accounts.iter().map(|account| &account.account).collect();
    let (mut store, unread) = ledger(config, now)?;
    // A file with a former name is read, so that the answer can give the new one.
    let former = store.read().former_names()?;
    let former = engine::under_former_names(&former, accounts.iter().copied());
    let named: Vec<_> = accounts.iter().copied().chain(&former).collect();
    let mut files = Vec::new();
    for path in paths {
        files.push(read(path, reader(path, &named), config, &named));
    }
    // The daemon uses the config that it was started with; the next one uses this one.
    if unread.is_none() && daemon::running(&config.state_dir).is_some() {
        for file in &mut files {
            refuse_moved(&store.read(), config, file)?;
        }
    }
    let known = if unread.is_none() { Known::All } else { Known::ReadError };
    let views = rehearse(&mut store, (&files, known), &accounts, now)?;
    let ok = views.iter().all(|file| file.ok);
    let packages = files.into_iter().filter_map(|file| file.package).collect();
    Ok((CheckView { ok, files: views, unread }, packages))
}

fn read(
    path: &Path,
    package: Result<Package, ReadError>,
    config: &Config,
    accounts: &[&Account],
) -> Checked {
    let name = path.display().to_string();
    let refused = |package, diagnostics| Checked {
        name: name.clone(),
        package,
        jobs: Vec::new(),
        diagnostics,
    };
    let package = match package {
        Ok(package) => package,
        Err(ReadError::Refused(diagnostics)) => return refused(None, diagnostics),
        Err(ReadError::Failed(error)) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let why = source.unwrap_or_else(|| error.to_string());
            let diagnostic = Diagnostic::whole(&name, &format!("it cannot be read: {why}"), None);
            return refused(None, vec![diagnostic]);
        }
    };
    if config.inbox_end_marker_required && !is_json(path) && !has_marker(package.bytes()) {
        let message = "the file does not end with a line `...`, so the inbox would refuse it";
        let help = "end it with `...`; the config asks for it (`inbox_end_marker: required`)";
        let diagnostic = Diagnostic::whole(&name, message, Some(help));
        return refused(Some(package), vec![diagnostic]);
    }
    match package.parse(accounts) {
        Ok(parsed) => {
            let jobs = parsed.jobs;
            Checked { name, package: Some(package), jobs, diagnostics: Vec::new() }
        }
        Err(diagnostics) => refused(Some(package), diagnostics),
    }
}

/// Refuses the jobs whose account in this config is another one for the running daemon.
fn refuse_moved(tx: &Tx<'_>, config: &Config, file: &mut Checked) -> Result<(), Problem> {
    let Checked { package: Some(package), jobs, diagnostics, .. } = file else { return Ok(()) };
    for job in jobs {
        let name = &job.spec.account;
        // The rehearsal reports a name that is not in the config, or is barred.
        let Some(account) = lookup::account(config, name) else { continue };
        if engine::why_barred(tx, account)?.is_some() {
            continue;
        }
        match lookup::same_account(tx, config, name) {
            Ok(_) => {}
            Err(Problem::No(why)) => diagnostics.push(package.diagnostic(job, &why, None)),
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn has_marker(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_end().strip_suffix(b"...");
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(b"\n") || rest.ends_with(b"\r"))
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

const KNOWN: &str = "this very job is known: dropping it again changes nothing";
const UPDATED: &str = "a job of this id is planned: it becomes as written here";
const ANEW: &str = "a job of this id ended and never went out: it is planned anew as written here";
const ANEW_FAILED: &str = "a job of this id failed: it is planned anew as written here";

/// Whether the jobs that are planned already could be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    All,
    ReadError,
}

/// Carries the answer out of a transaction that is rolled back.
enum RolledBack {
    Rehearsed(Vec<FileView>),
    Failed(StoreError),
}

impl From<StoreError> for RolledBack {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Takes the files' jobs, reads when they would be sent, and rolls it back.
fn rehearse(
    store: &mut Store,
    (files, known): (&[Checked], Known),
    accounts: &[&Account],
    now: DateTime<Utc>,
) -> Result<Vec<FileView>, StoreError> {
    let undone = store.transaction(|tx| {
        let mut views = Vec::new();
        for account in accounts {
            tx.ensure_account(&account.name)?;
        }
        for file in files {
            views.push(take(tx, file, accounts, now)?);
        }
        // Which job defers which is known only after all are taken.
        let schedules = Schedules::new(now);
        for (view, file) in views.iter_mut().zip(files) {
            if view.ok {
                view.jobs = forecast(tx, file, accounts, &schedules)?;
                if known == Known::All {
                    warn_of_deletions(tx, &file.jobs, &mut view.jobs)?;
                }
                for job in &mut view.jobs {
                    note_known(job, &view.known);
                }
                view.series = recurring(tx, file, (accounts, &view.known), &schedules)?;
            }
        }
        Err::<(), _>(RolledBack::Rehearsed(views))
    });
    match undone {
        Err(RolledBack::Rehearsed(views)) => Ok(views),
        Err(RolledBack::Failed(error)) => Err(error),
        Ok(()) => Ok(Vec::new()),
    }
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
            Deletability::Cannot(Undeletable::Never(why)) => reason::sentence(&why, Lang::En),
            Deletability::Cannot(Undeletable::Unless(why)) => {
                let why = reason::sentence(&why, Lang::En);
                format!("{why}; `force: true` asks for it all the same")
            }
        };
        for view in checked.iter_mut().filter(|view| view.id == job.spec.id.as_str()) {
            view.warnings.push(format!("it deletes nothing: {why}"));
        }
    }
    Ok(())
}

/// Notes what the database has about a job; that it was sent already needs no warning.
fn note_known(job: &mut CheckedJob, known: &[(JobId, &'static str)]) {
    let Some((_, note)) = known.iter().find(|(id, _)| id.as_str() == job.id) else { return };
    job.never_goes &= *note != KNOWN;
    let is_over = *note == KNOWN && job.goes_at.is_none() && job.state != JobState::Planned;
    if is_over {
        job.warnings.clear();
        job.notes.push(format!("{note}; it is {}", job.state));
    } else {
        job.notes.push((*note).to_owned());
    }
}

/// Takes the jobs of one file as the inbox does: by `at`, then in the file's order.
fn take(
    tx: &Tx<'_>,
    file: &Checked,
    accounts: &[&Account],
    now: DateTime<Utc>,
) -> Result<FileView, StoreError> {
    let mut diagnostics = file.diagnostics.clone();
    let mut known = Vec::new();
    let first_taken_at = match &file.package {
        Some(package) => tx.record_file(package.sha256(), &file.name, now)?,
        None => now,
    };
    let mut jobs: Vec<&ParsedJob> = file.jobs.iter().collect();
    jobs.sort_by_key(|job| engine::first_at(&daemon::offered(job), first_taken_at));
    for job in jobs {
        let mut refuse = |why: &str| {
            diagnostics.extend(file.package.as_ref().map(|p| p.diagnostic(job, why, None)));
        };
        let Some(account) = account(accounts, &job.spec) else {
            refuse(&engine::why_not_named(tx, &job.spec.account)?);
            continue;
        };
        if let Some(why) = engine::why_barred(tx, account)? {
            refuse(&why);
            continue;
        }
        let source = Source { file: &file.name, line: job.line, first_taken_at };
        match engine::take(tx, &daemon::offered(job), (account, source), now)? {
            IngestOutcome::New => {}
            IngestOutcome::Known => known.push((job.spec.id.clone(), KNOWN)),
            IngestOutcome::Updated => known.push((job.spec.id.clone(), UPDATED)),
            IngestOutcome::Anew(JobState::Failed) => known.push((job.spec.id.clone(), ANEW_FAILED)),
            IngestOutcome::Anew(_) => known.push((job.spec.id.clone(), ANEW)),
            IngestOutcome::Refused(why) => refuse(&why),
        }
    }
    for account in accounts {
        tx.place_taken(account, now)?;
    }
    let ok = diagnostics.is_empty();
    Ok(FileView {
        file: file.name.clone(),
        ok,
        diagnostics,
        jobs: Vec::new(),
        series: Vec::new(),
        moves: tx.take_rescheduled().into_iter().map(Into::into).collect(),
        known,
    })
}

fn account<'a>(accounts: &[&'a Account], spec: &JobSpec) -> Option<&'a Account> {
    accounts.iter().find(|account| account.name == spec.account).copied()
}

fn forecast(
    tx: &Tx<'_>,
    file: &Checked,
    accounts: &[&Account],
    schedules: &Schedules,
) -> Result<Vec<CheckedJob>, StoreError> {
    let mut checked = Vec::new();
    for job in file.jobs.iter().filter(|job| job.recurrence.is_none()) {
        let Some(account) = account(accounts, &job.spec) else { continue };
        let mut one = forecast_one(tx, (&job.spec, account), job.notes.clone(), schedules)?;
        if let Some(one) = &mut one {
            one.warnings.extend(strangers(tx, &job.spec)?);
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
    concerns.then(|| format!("{}: {}", zone_data::warning(spec.timezone, from), zone_data::ADVICE))
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
        warnings.push(
            "codes with a scene are said to be for service accounts only: the platform may refuse it \
             (48001)"
                .to_owned(),
        );
    }
    let stands = tx.job(&spec.id)?;
    warnings.extend(qrcodes::few_left(tx, (&stands, account), now)?);
    let fails = fails(tx, (&stands, account), schedules)?;
    warnings
        .extend(fails.as_ref().map(|why| format!("it will not go: {why}, and on_quota is fail")));
    let block = match stands.asked {
        true => None,
        false => tx.full_receivers(&stands, account, view.due)?,
    };
    if let Some(Block { rule, window, .. }) = block {
        warnings.push(format!(
            "{rule}: its receivers had their four of {window}: it does not go before {}",
            text::time(window.end())
        ));
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
    told.goes_at = told.goes_at.filter(|_| block.is_none() && fails.is_none() && !refused);
    told.never_goes |= fails.is_some() || refused;
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
        Some(Placement::Fails(cause)) => Some(reason::sentence(&cause.clone().into(), Lang::En)),
        Some(_) | None => None,
    })
}

/// Returns when the series of a file would be sent.
fn recurring(
    tx: &Tx<'_>,
    file: &Checked,
    (accounts, known): (&[&Account], &[(JobId, &'static str)]),
    schedules: &Schedules,
) -> Result<Vec<CheckedSeries>, StoreError> {
    let mut checked = Vec::new();
    for job in &file.jobs {
        let (Some(recurrence), Some(account)) = (&job.recurrence, account(accounts, &job.spec))
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
            let shown = |one: &CheckedJob| index < DATES_SHOWN || !one.warnings.is_empty();
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
                .chain(known.map(str::to_owned))
                .chain(strangers(tx, &job.spec)?)
                .chain(series::first_texts(&job.spec, recurrence, schedules.now))
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
    let reason = view.reason.as_ref().map(|why| reason::sentence(why, Lang::En));
    let reason = reason.unwrap_or_default();
    if goes_at(view, spec, now).is_none() {
        let waits = matches!(view.state, JobState::Planned | JobState::Held | JobState::Releasing);
        let ended = if waits {
            let passed = text::distance(view.due, now);
            format!("its time was {passed}, longer than its grace: it will be missed")
        } else if reason.is_empty() {
            format!("it will not go: it is {}", view.state)
        } else {
            format!("it will not go: it is {}, {reason}", view.state)
        };
        return vec![ended];
    }
    let planned = spec.at.unwrap_or(view.due);
    let mut warnings = Vec::new();
    if view.due > planned {
        warnings.push(format!("not at {}: {reason}", text::time(planned)));
    }
    if calendar::guard_end(view.due).is_some() {
        warnings.push("nothing is sent in the first two minutes of a Beijing day".to_owned());
    }
    if view.state == JobState::Held {
        warnings.push("it is held until a person approves it".to_owned());
    }
    warnings
}

/// Writes the answer about each file.
pub(super) fn render(page: &mut Page, view: &CheckView, now: DateTime<Utc>) {
    for file in &view.files {
        if file.ok {
            let jobs = text::plural(file.jobs.len(), "job", "jobs");
            let counted = match (file.jobs.len(), file.series.len()) {
                (_, 0) => jobs,
                (0, series) => format!("{series} series"),
                (_, series) => format!("{jobs}, {series} series"),
            };
            page.lines(Tone::Good, 0, &format!("{}: ok, {counted}", file.file));
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
            let more =
                text::plural(file.moves.len() - moves::SHOWN, "more job moves", "more jobs move");
            page.lines(Tone::Warn, 2, &format!("{more}: `--json` lists them"));
        }
        page.blank_line();
    }
    if let Some(why) = &view.unread {
        let note = format!("What is planned already was not counted: {why}");
        page.lines(Tone::Warn, 0, &note);
        page.blank_line();
    }
    let bad = view.files.iter().filter(|file| !file.ok).count();
    let problems = view.files.iter().map(|file| file.diagnostics.len()).sum();
    if bad > 0 {
        let (problems, bad) =
            (text::plural(problems, "problem", "problems"), text::plural(bad, "file", "files"));
        page.lines(Tone::Alarm, 0, &format!("{problems} in {bad}: the inbox would refuse this."));
    }
}

/// A diagnostic has its layout already: its caret is below the mistake.
fn problem(page: &mut Page, diagnostic: &Diagnostic) {
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
        Some(some) => format!("{} receivers", text::count(some.into())),
        None => job.audience.clone(),
    };
    let batches = text::plural(job.batches, "call", "calls");
    format!("{} of {} to {receivers} in {batches}", job.action, job.msgtype)
}

fn checked(page: &mut Page, job: &CheckedJob, now: DateTime<Utc>) {
    page.lines(Tone::Head, 2, &text::named(&job.title, &format!("{} ({})", job.id, job.account)));
    page.lines(Tone::Plain, 4, &what(job));
    if let Some(at) = job.goes_at {
        page.lines(Tone::Plain, 4, &format!("goes at {}", text::time_and_distance(at, now)));
    }
    for note in &job.notes {
        page.labelled(Tone::Quiet, 4, "note: ", note);
    }
    for warning in &job.warnings {
        page.labelled(Tone::Warn, 4, "warning: ", warning);
    }
}

fn checked_series(page: &mut Page, series: &CheckedSeries, now: DateTime<Utc>) {
    let name = format!("{} ({}), a series", series.id, series.account);
    page.lines(Tone::Head, 2, &text::named(&series.title, &name));
    let CheckedSeries { words, cron, timezone, occurrences, planned, .. } = series;
    page.lines(Tone::Plain, 4, &format!("{words} ({cron}, {timezone})"));
    if let Some(first) = occurrences.first() {
        page.lines(Tone::Plain, 4, &what(first));
    }
    for job in occurrences {
        let at = job.goes_at.map_or_else(
            || job.state.to_string(),
            |at| format!("goes at {}", text::time_and_distance(at, now)),
        );
        page.labelled(Tone::Plain, 4, &format!("{}  ", job.id), &at);
        for warning in &job.warnings {
            page.labelled(Tone::Warn, 6, "warning: ", warning);
        }
    }
    let unshown = planned.saturating_sub(occurrences.len());
    if unshown > 0 {
        let more = text::plural(unshown, "more date", "more dates");
        page.lines(Tone::Quiet, 4, &format!("and {more} within the weeks that are planned ahead"));
    }
    for note in &series.notes {
        page.labelled(Tone::Quiet, 4, "note: ", note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_marker_is_a_line_of_its_own() {
        for (bytes, expected) in
            [("a: b\n...\n", true), ("...", true), ("a: b...", false), ("a: b\n", false)]
        {
            assert_eq!(has_marker(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }
}
