//! The list of jobs, and why a job that is due waits.

use chrono::{DateTime, Utc};
use clap::Args;

use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database};
use crate::config::Config;
use crate::model::JobState;
use crate::store::{AttentionView, JobView, Step, Store, StoreError};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only those of one account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only those in one state
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<JobState>,
    #[command(flatten)]
    json: Json,
}

fn state(word: &str) -> Result<JobState, String> {
    JobState::parse(word).ok_or_else(|| {
        let words: Vec<_> = JobState::ALL.iter().map(|state| state.as_str()).collect();
        format!("a state is one of {}", words.join(", "))
    })
}

/// Lists the jobs in the order in which they are due.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let mut jobs = Vec::new();
    let store = database::open(config, now)?;
    if let Some(name) = &options.account {
        require_account(name, config, store.as_ref())?;
    }
    if let Some(store) = &store {
        let step = store.read();
        jobs = step.list_jobs(options.account.as_deref(), options.state)?;
        Waiting::read(&step, config, now)?.explain(&mut jobs);
    }
    let is_new = store.is_none();
    let filtered = options.account.is_some() || options.state.is_some();
    terminal.answer(options.json, &jobs, |page, jobs| match jobs.as_slice() {
        [] if is_new => page.raw("No job was taken yet: the inbox takes the first file."),
        [] if filtered => page.raw("No job is like that."),
        [] => page.raw("No job was taken yet."),
        jobs => render(page, jobs, now),
    })
}

/// Makes sure that an account is in the config, or has jobs from when it was.
fn require_account(name: &str, config: &Config, store: Option<&Store>) -> Result<(), Problem> {
    let names: Vec<_> = config.accounts.iter().map(|a| a.account.name.as_str()).collect();
    let has_jobs =
        |store: &Store| store.read().list_jobs(Some(name), None).map(|jobs| !jobs.is_empty());
    if names.contains(&name) || store.map(has_jobs).transpose()?.unwrap_or_default() {
        return Ok(());
    }
    let (name, names) = (text::visible(name), names.join(", "));
    Err(Problem::No(format!("there is no account {name}; the config has {names}")))
}

/// Why jobs wait that are due and have no reason of their own.
pub(super) struct Waiting {
    /// For each account of the config, what stops all of its jobs.
    stopped: Vec<(String, Option<String>)>,
    now: DateTime<Utc>,
}

impl Waiting {
    /// Reads what stops each account.
    pub(super) fn read(
        step: &Step<'_>,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let notes = step.attention(now)?;
        let mut stopped = Vec::new();
        for account in &config.accounts {
            let name = &account.account.name;
            let stops = step.stops(name)?;
            let held = stops.hold.map(|(_, why)| format!("on hold: {why}"));
            let paused = stops.paused.map(|(_, why, _)| format!("account {name} is paused: {why}"));
            let noted = || notes.iter().find(|note| stops_account(note, name));
            let reason = held.or(paused).or_else(|| noted().map(|note| note.what.clone()));
            stopped.push((name.clone(), reason));
        }
        Ok(Self { stopped, now })
    }

    /// Gives each job that waits without a reason the one of its account.
    pub(super) fn explain(&self, jobs: &mut [JobView]) {
        for job in jobs {
            let waits = matches!(job.state, JobState::Planned | JobState::Releasing);
            if waits && job.due <= self.now && job.reason.is_none() {
                job.reason = self.reason(&job.account);
            }
        }
    }

    fn reason(&self, account: &str) -> Option<String> {
        match self.stopped.iter().find(|(name, _)| name == account) {
            Some((_, reason)) => reason.clone(),
            None => Some(format!("account {account} is not in the config: nobody releases it")),
        }
    }
}

fn stops_account(note: &AttentionView, name: &str) -> bool {
    let concerns = note.account.as_deref().is_none_or(|account| account == name);
    concerns && matches!(note.kind.as_str(), "clock" | "platform")
}

/// Writes jobs as a table, each reason below its job.
pub(super) fn render(page: &mut Page, jobs: &[JobView], now: DateTime<Utc>) {
    let columns = [("job", 0), ("account", 14), ("state", 9), ("due", 45)];
    let mut table = Table::new(&columns);
    for job in jobs {
        table.row(vec![
            Cell::plain(&job.id),
            Cell::plain(&job.account),
            Cell::new(tone(job.state), job.state.as_str()),
            Cell::new(lateness(job, now), &text::time_and_distance(job.due, now)),
        ]);
        if let Some(reason) = &job.reason {
            table.note(Tone::Quiet, reason);
        }
    }
    page.table(0, &table);
    page.gap();
    page.raw(&format!("{}.", text::plural(jobs.len(), "job", "jobs")));
}

/// Returns how a state reads at a glance.
pub(super) fn tone(state: JobState) -> Tone {
    match state {
        JobState::Planned | JobState::Releasing | JobState::Accepted => Tone::Plain,
        JobState::Held => Tone::Warn,
        JobState::Sent => Tone::Good,
        JobState::Failed | JobState::Partial | JobState::Uncertain | JobState::Missed => {
            Tone::Alarm
        }
        JobState::Expired => Tone::Warn,
        JobState::Cancelled => Tone::Quiet,
    }
}

/// Returns how a job's due time reads: one that has passed without a release stands out.
pub(super) fn lateness(job: &JobView, now: DateTime<Utc>) -> Tone {
    let waits = matches!(job.state, JobState::Planned | JobState::Held | JobState::Releasing);
    if waits && job.due < now { Tone::Warn } else { Tone::Plain }
}
