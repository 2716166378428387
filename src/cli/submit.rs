//! `submit`: checks job files, puts them into the inbox completely or not at all, and waits for the
//! receipt.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use rustix::fs::{Access, AtFlags, CWD, accessat};
use serde::Serialize;
use serde_json::Value;

use super::check::{self, CheckView};
use super::moves::{self, MoveView};
use super::text::{self, Page, Tone};
use super::{Answer, Json, Problem, Terminal, database, drafts, rehearsal, wait};
use crate::config::Config;
use crate::daemon;
use crate::inbox::{self, Diagnostic, Fate, Package, Submitted};
use crate::l10n::t;
use crate::model::{Account, JobState};
use crate::text::names as text_names;

/// How often the outcome of a file is looked for.
const LOOKS_PER_S: u32 = 5;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A folder with this bit gives its group to what is in it.
const GIVES_GROUP: u32 = 0o2000;

/// How long the daemon's answer is waited for.
const WAIT_S: u32 = 15;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Job files, or folders of a job file and its lists
    ///
    /// A lone job file that names lists (`touser_file: vip.txt`) takes them from beside it.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Do not wait until the daemon took them
    #[arg(long)]
    no_wait: bool,
    /// Wait so long for the daemon, which takes a file after two quiet seconds; for each file anew
    ///
    /// A file is put into the inbox once the one before it was answered, so that they are taken in
    /// the order named. Without waiting the inbox takes them by name.
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT_S, conflicts_with = "no_wait")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3_600))]
    wait: u32,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    json: Json,
}

/// Whether jobs of others may lose their times.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Consent {
    /// Do not ask if planned jobs would be sent later, or not at all
    ///
    /// Only a person at a terminal is asked.
    #[arg(long)]
    yes: bool,
}

impl Options {
    /// Returns the options for one file, with the usual wait.
    pub(super) fn of(file: PathBuf, consent: Consent, json: Json) -> Self {
        Self { files: vec![file], no_wait: false, wait: WAIT_S, consent, json }
    }
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct SubmitView {
    #[serde(flatten)]
    check: CheckView,
    submitted: Vec<SubmittedView>,
}

/// The outcome of one file.
#[derive(Debug, Serialize)]
struct SubmittedView {
    /// Its name in the inbox.
    name: String,
    /// `taken`, `refused` or `waiting`.
    state: &'static str,
    receipt: Option<Value>,
    error: Option<String>,
}

/// Checks files, puts them into the inbox, and waits for its answer.
pub(super) fn run(
    options: &Options,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    owned_inbox(config)?;
    // Whoever may only submit does not see whether it runs.
    let is_hidden = config
        .state_dir
        .join("lock")
        .metadata()
        .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
    let runs = is_hidden || daemon::running(&config.state_dir).is_some();
    let waits = runs && !options.no_wait;
    let mut files = options.files.clone();
    if !waits {
        // Then all of them are in the inbox at once, and it takes them by name.
        files.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    }
    let on = terminal.files;
    let now = (terminal.now)();
    let gather = |path: &Path, accounts: &[&Account]| on.gather(path, accounts, now);
    let book = drafts::look_up(&files, gather, (config, who), terminal)?;
    let now = (terminal.now)();
    let reader =
        |path: &Path, accounts: &[&Account]| Ok(gather(path, accounts)?.with_drafts(book.clone()));
    let (check, packages) = check::examine(&files, reader, config, now)?;
    if !check.ok {
        let view = SubmitView { check, submitted: Vec::new() };
        terminal.answer(options.json, &view, |page, view| {
            check::render(page, &view.check, now);
            page.lines(Tone::Alarm, 0, &t!("submit-nothing"));
        })?;
        return Ok(Answer::No);
    }
    let mut page = terminal.page();
    check::render(&mut page, &check, now);
    if !options.json.json {
        terminal.write(&page.finish())?;
    }
    agreed(&check.moved, options, terminal)?;
    let packages = for_inbox(packages, config)?;
    let looks = if waits { options.wait * LOOKS_PER_S } else { 0 };
    let submitted = put(config, &packages, looks)?;
    let refused = submitted.iter().any(|file| file.state == "refused");
    let view = SubmitView { check, submitted };
    if options.json.json {
        terminal.answer(options.json, &view, |_, _| {})?;
    } else {
        let mut page = terminal.page();
        render(&mut page, &view.submitted, runs, now);
        terminal.write(&page.finish())?;
    }
    Ok(if refused { Answer::No } else { Answer::Yes })
}

/// Returns the files as the inbox takes them: with the media id of each draft.
fn for_inbox(packages: Vec<Package>, config: &Config) -> Result<Vec<Package>, Problem> {
    let accounts = rehearsal::accounts(config);
    let written = packages.into_iter().map(|package| {
        let name = package.name().to_owned();
        let unwritable = || {
            let why = t!("inbox-draft-unwritable");
            Problem::No(Diagnostic::whole(&name, &why, None).to_string())
        };
        package.for_inbox(&accounts).ok_or_else(unwritable)
    });
    written.collect()
}

/// Asks the person at the terminal, if planned jobs would be sent later, or not at all.
///
/// # Errors
/// If the answer is no.
fn agreed(
    moved: &[MoveView],
    options: &Options,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let losing = moved.iter().filter(|one| one.loses_its_time()).count();
    if losing == 0 {
        return Ok(());
    }
    let is_shown = !options.json.json && (terminal.screen)().is_some();
    if !is_shown {
        // Losing a remark does no harm: the answer has the same.
        terminal.remarks.write_all(moves::lines_before(moved).as_bytes()).ok();
    }
    if options.consent.yes {
        return Ok(());
    }
    let count = text::count(losing as u64);
    match terminal.confirms(&t!("submit-question", n = losing, count = count))? {
        Some(true) | None => Ok(()),
        Some(false) => Err(Problem::No(t!("submit-declined"))),
    }
}

/// Makes sure that the daemon can read and move what the caller puts into the inbox: the caller owns it, or
/// may write to it, and it gives its group to what is in it.
fn owned_inbox(config: &Config) -> Result<(), Problem> {
    match std::fs::metadata(&config.inbox) {
        Ok(metadata) if metadata.mode() & GIVES_GROUP != 0 && is_writable(&config.inbox) => Ok(()),
        Ok(metadata) => database::owned(&config.inbox, &metadata),
        Err(error) => {
            let inbox = config.inbox.display();
            Err(Problem::Cannot(t!("submit-no-inbox", inbox = %inbox, error = %error)))
        }
    }
}

fn is_writable(folder: &Path) -> bool {
    let access = Access::WRITE_OK | Access::EXEC_OK;
    accessat(CWD, folder, access, AtFlags::EACCESS).is_ok()
}

/// Puts files into the inbox, each after the one before it was answered: so they are taken, and get
/// their windows, in the order in which they were shown.
///
/// Looks for each outcome at most this many times; a file without an answer by then is no longer
/// waited for.
fn put(config: &Config, packages: &[Package], looks: u32) -> Result<Vec<SubmittedView>, Problem> {
    let runtime = wait::runtime()?;
    let mut submitted: Vec<Submitted> = Vec::new();
    let mut looks = looks;
    for package in packages {
        let file = inbox::submit(&config.inbox, package).map_err(|error| {
            let names: Vec<_> = submitted.iter().map(Submitted::name).collect();
            let file = package.name();
            Problem::Cannot(match names.as_slice() {
                [] => t!("submit-unwritable", file = %file, error = %error),
                names => {
                    let names = text_names::list(names);
                    t!("submit-unwritable-after", file = %file, error = %error, names = names)
                }
            })
        })?;
        let mut left = looks;
        while left > 0 && file.fate()? == Fate::Waiting {
            left -= 1;
            wait::pause(&runtime, LOOK_EVERY);
        }
        if left == 0 {
            looks = 0;
        }
        submitted.push(file);
    }
    submitted.into_iter().map(answer).collect()
}

/// Looks for the outcome of a file.
fn answer(file: Submitted) -> Result<SubmittedView, Problem> {
    let (state, receipt, error) = match file.fate()? {
        Fate::Waiting => ("waiting", None, None),
        Fate::Taken(receipt) => ("taken", serde_json::from_str(&receipt).ok(), None),
        Fate::Refused(error) => ("refused", None, Some(error)),
    };
    Ok(SubmittedView { name: file.name(), state, receipt, error })
}

fn render(page: &mut Page, submitted: &[SubmittedView], runs: bool, now: DateTime<Utc>) {
    for file in submitted {
        let name = &file.name;
        match (&file.receipt, &file.error) {
            (Some(receipt), _) => taken(page, name, receipt, now),
            (None, Some(error)) => {
                for line in error.lines() {
                    page.raw(&text::visible(line));
                }
            }
            (None, None) if file.state == "taken" => {
                page.lines(Tone::Good, 0, &t!("submit-taken", file = name.as_str()));
            }
            (None, None) if runs => {
                page.lines(Tone::Warn, 0, &t!("submit-not-yet", file = name.as_str()));
            }
            (None, None) => {
                page.lines(Tone::Warn, 0, &t!("submit-no-daemon", file = name.as_str()));
            }
        }
    }
}

/// Writes a receipt.
fn taken(page: &mut Page, name: &str, receipt: &Value, now: DateTime<Utc>) {
    page.lines(Tone::Good, 0, &t!("submit-taken-jobs", file = name));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for job in receipt["jobs"].as_array().into_iter().flatten() {
        let due = job["due"].as_str().and_then(|due| due.parse::<DateTime<Utc>>().ok());
        let due = due.map(|due| text::time_and_distance(due, now));
        let (id, account, state) = (word(&job["id"]), word(&job["account"]), word(&job["state"]));
        let line = stands(&id, &account, state, due);
        page.lines(Tone::Plain, 2, &text::named(job["title"].as_str().unwrap_or(&id), &line));
        if let Some(note) = job["note"].as_str() {
            page.labelled(Tone::Quiet, 4, &t!("check-note"), note);
        }
        for date in job["dates"].as_array().into_iter().flatten() {
            page.labelled(Tone::Plain, 4, &t!("submit-date"), &changed_date(date));
        }
    }
    for note in receipt["notes"].as_array().into_iter().flatten() {
        page.labelled(Tone::Quiet, 2, &t!("check-note"), &word(note));
    }
}

/// Returns how a job stands: its state is a word of JSON, as the receipt has it.
fn stands(id: &str, account: &str, state: String, due: Option<String>) -> String {
    let state = JobState::parse(&state).map_or(state, text_names::job_state);
    match due {
        Some(due) => t!("submit-stands-due", id = id, account = account, state = state, due = due),
        None => t!("submit-stands", id = id, account = account, state = state),
    }
}

/// Returns what an edit changed of one date of a series.
fn changed_date(date: &Value) -> String {
    let time = |key: &str| {
        let at = date[key].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
        at.map(text::time)
    };
    let id = date["id"].as_str().unwrap_or_default();
    match (time("from"), time("to")) {
        (Some(from), None) => t!("submit-withdrawn", id = id, from = from),
        (Some(from), Some(to)) if from == to => t!("submit-as-written", id = id, to = to),
        (Some(from), Some(to)) => t!("submit-moves", id = id, from = from, to = to),
        (None, to) => t!("submit-new", id = id, to = to.unwrap_or_default()),
    }
}
