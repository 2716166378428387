//! What an operator reads at 19:59: what needs a person, what is left of the quotas, what is next.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::jobs::{self, Waiting};
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database};
use crate::calendar;
use crate::config::Config;
use crate::daemon;
use crate::model::{Account, JobState, Kind};
use crate::quota::Rule;
use crate::store::{AttentionView, JobView, RuleView, Step, Store, StoreError};

/// How many of the next jobs are read, and how many of them a person is shown.
const NEXT: u32 = 50;
const NEXT_SHOWN: usize = 10;
/// How many things a person is shown at once.
const ATTENTION_SHOWN: usize = 12;

/// The whole answer.
#[derive(Debug, Serialize)]
struct StatusView {
    daemon: DaemonView,
    accounts: Vec<AccountView>,
    #[serde(serialize_with = "by_state")]
    jobs: Vec<(JobState, u64)>,
    #[serde(serialize_with = "briefly")]
    next: Vec<JobView>,
    attention: Vec<AttentionView>,
}

#[derive(Debug, Serialize)]
struct DaemonView {
    running: bool,
    pid: Option<u32>,
    since: Option<String>,
    version: Option<String>,
    #[serde(skip)]
    since_at: Option<DateTime<Utc>>,
}

/// One account with its rules as they stand.
#[derive(Debug, Serialize)]
pub(super) struct AccountView {
    pub(super) name: String,
    kind: Kind,
    paused: bool,
    held: bool,
    rules: Vec<RuleView>,
}

fn by_state<S: Serializer>(counts: &[(JobState, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(state, count)| (state, count)))
}

/// One of the next jobs, as programs read it.
#[derive(Serialize)]
struct NextView<'a> {
    id: &'a str,
    account: &'a str,
    action: &'a str,
    state: JobState,
    due: String,
    reason: Option<&'a str>,
}

fn briefly<S: Serializer>(jobs: &[JobView], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(jobs.iter().map(|job| NextView {
        id: &job.id,
        account: &job.account,
        action: &job.action,
        state: job.state,
        due: calendar::rfc3339(job.due),
        reason: job.reason.as_deref(),
    }))
}

/// Shows the daemon, the accounts, the next jobs, and what needs a person.
pub(super) fn run(json: Json, config: &Config, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let now = (terminal.now)();
    let store = match database::open(config, now)? {
        Some(store) => store,
        // Nothing was taken yet, and the rules stand all the same.
        None => Store::in_memory(now)?,
    };
    let view = read(&store.read(), config, now)?;
    terminal.answer(json, &view, |page, view| render(page, view, now))
}

fn read(step: &Step<'_>, config: &Config, now: DateTime<Utc>) -> Result<StatusView, StoreError> {
    let running = daemon::running(&config.state_dir);
    let mut next = step.next_jobs(NEXT)?;
    Waiting::read(step, config, now)?.explain(&mut next);
    let mut counts = step.state_counts()?;
    counts.sort_by_key(|(state, _)| *state);
    let accounts = config.accounts.iter();
    Ok(StatusView {
        daemon: DaemonView {
            running: running.is_some(),
            pid: running.as_ref().map(|daemon| daemon.pid),
            since: running.as_ref().map(|daemon| calendar::rfc3339(daemon.since)),
            since_at: running.as_ref().map(|daemon| daemon.since),
            version: running.map(|daemon| daemon.version),
        },
        accounts: accounts
            .map(|account| account_view(step, &account.account, now))
            .collect::<Result<_, _>>()?,
        jobs: counts,
        next,
        attention: step.attention(now)?,
    })
}

/// Reads an account's rules.
pub(super) fn account_view(
    step: &Step<'_>,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<AccountView, StoreError> {
    let stops = step.stops(&account.name)?;
    Ok(AccountView {
        name: account.name.clone(),
        kind: account.kind,
        paused: stops.paused.is_some(),
        held: stops.hold.is_some(),
        rules: step.rules(account, now)?,
    })
}

fn render(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    let clock = format!("qunfa at {} (Beijing time)", calendar::beijing(now));
    page.head(&clock);
    daemon_line(page, view, now);
    page.gap();
    attention(page, &view.attention, now);
    for account in &view.accounts {
        account_rules(page, account, now);
        page.gap();
    }
    next(page, view, now);
    page.gap();
    page.raw(&counts(&view.jobs));
}

fn daemon_line(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    let daemon = &view.daemon;
    let (Some(pid), Some(since), Some(version)) = (daemon.pid, daemon.since_at, &daemon.version)
    else {
        let text = "The daemon is NOT RUNNING: nothing is released until it is started.";
        return page.lines(Tone::Alarm, 0, text);
    };
    let since = text::time_and_distance(since, now);
    let line = format!("The daemon runs: pid {pid}, since {since}, version {version}.");
    page.lines(Tone::Good, 0, &line);
}

/// What stops an account stands first, then what happened to jobs, the newest first.
fn attention(page: &mut Page, notes: &[AttentionView], now: DateTime<Utc>) {
    if notes.is_empty() {
        page.raw("Nothing needs a person.");
        return page.gap();
    }
    let (mut shown, mut of_jobs): (Vec<_>, Vec<_>) =
        notes.iter().partition(|note| note.id.is_none());
    of_jobs.reverse();
    shown.append(&mut of_jobs);
    let title = format!("NEEDS A PERSON: {}", text::plural(notes.len(), "thing", "things"));
    page.lines(Tone::Alarm, 0, &title);
    for note in shown.iter().take(ATTENTION_SHOWN) {
        let about = note.account.as_deref().unwrap_or("all accounts");
        let what = format!("{about}: {}", note.what);
        page.hanging(Tone::Warn, 2, "! ", &what);
        page.lines(Tone::Quiet, 4, &format!("since {}", text::time_and_distance(note.since, now)));
        page.hanging(Tone::Plain, 4, "do: ", &note.advice);
    }
    if shown.len() > ATTENTION_SHOWN {
        let more = shown.len() - ATTENTION_SHOWN;
        page.lines(Tone::Warn, 2, &format!("and {more} more: `qunfa status --json` has all"));
    }
    page.gap();
}

/// Writes an account's rules as a table.
pub(super) fn account_rules(page: &mut Page, account: &AccountView, now: DateTime<Utc>) {
    let mut title = format!("{} ({})", account.name, account.kind);
    if account.held {
        title.push_str(", ON HOLD");
    }
    if account.paused {
        title.push_str(", PAUSED");
    }
    let tone = if account.held || account.paused { Tone::Alarm } else { Tone::Head };
    page.lines(tone, 0, &title);
    let columns =
        [("rule", 0), ("used", 5), ("claimed", 7), ("limit", 5), ("resets", 45), ("", 16)];
    let mut table = Table::new(&columns).right(&[1, 2, 3]);
    for rule in &account.rules {
        let full = rule.used.saturating_add(rule.claimed) >= rule.limit;
        let tone = if full { Tone::Warn } else { Tone::Plain };
        let unconfirmed = match rule.unconfirmed {
            0 => String::new(),
            some => format!("+{some} unconfirmed"),
        };
        table.row(vec![
            Cell::plain(rule.rule.name()),
            Cell::new(tone, &rule.used.to_string()),
            Cell::new(tone, &rule.claimed.to_string()),
            Cell::new(tone, &rule.limit.to_string()),
            Cell::plain(&resets(rule.rule, rule.resets_at, now)),
            Cell::new(Tone::Warn, &unconfirmed),
        ]);
    }
    page.table(2, &table);
}

fn resets(rule: Rule, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match (at, rule.row().counted) {
        (Some(at), _) => text::time_and_distance(at, now),
        (None, crate::quota::Counted::Sliding(span)) => {
            format!("slides, {} s", span.num_seconds())
        }
        (None, crate::quota::Counted::In(_)) => String::new(),
    }
}

fn next(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    if view.next.is_empty() {
        return page.raw("No job waits to be released.");
    }
    page.head("NEXT");
    let columns = [("job", 0), ("account", 14), ("action", 9), ("due", 45)];
    let mut table = Table::new(&columns);
    for job in view.next.iter().take(NEXT_SHOWN) {
        table.row(vec![
            Cell::plain(&job.id),
            Cell::plain(&job.account),
            Cell::plain(&job.action),
            Cell::new(jobs::lateness(job, now), &text::time_and_distance(job.due, now)),
        ]);
        if let Some(note) = why_not_sooner(job) {
            table.note(Tone::Quiet, &note);
        }
    }
    page.table(2, &table);
    let waiting = |state: JobState| match state {
        JobState::Planned | JobState::Held | JobState::Releasing => true,
        JobState::Accepted
        | JobState::Sent
        | JobState::Failed
        | JobState::Partial
        | JobState::Uncertain
        | JobState::Cancelled
        | JobState::Expired
        | JobState::Missed => false,
    };
    let all: u64 = view.jobs.iter().filter(|(state, _)| waiting(*state)).map(|(_, n)| n).sum();
    let shown = view.next.len().min(NEXT_SHOWN) as u64;
    if all > shown {
        page.raw(&format!("  and {} more: `qunfa jobs`", text::count(all - shown)));
    }
}

/// Returns why a job does not go at its own time, or what it waits for.
fn why_not_sooner(job: &JobView) -> Option<String> {
    let held = (job.state == JobState::Held).then(|| "held: it needs an approval".to_owned());
    let planned =
        job.at.filter(|at| *at < job.due).map(|at| format!("planned for {}", text::time(at)));
    let parts: Vec<_> = [held, planned, job.reason.clone()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn counts(jobs: &[(JobState, u64)]) -> String {
    if jobs.is_empty() {
        return "No job was taken yet.".to_owned();
    }
    let counts: Vec<_> =
        jobs.iter().map(|(state, number)| format!("{} {state}", text::count(*number))).collect();
    format!("Jobs: {}.", counts.join(", "))
}
