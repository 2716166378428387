//! `jobs`: the list of jobs.

use std::io::{self, BufWriter, Write as _};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serializer as _;
use serde::ser::SerializeSeq;

use super::forecast::ForecastContext;
use super::format::{lateness, tone};
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, lookup};
use crate::config::Config;
use crate::l10n::t;
use crate::model::{JobId, JobState};
use crate::store::{JobView, Store, Tx, Wanted};
use crate::text::names;
use crate::text::reason;

/// How many jobs the text shows by default.
const SHOWN: u32 = 50;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only those of one account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only those in one state
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<JobState>,
    /// Only so many, those due nearest to now (as text 50, as JSON all)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    json: Json,
}

fn state(word: &str) -> Result<JobState, String> {
    JobState::parse(word).ok_or_else(|| {
        let words: Vec<_> = JobState::ALL.iter().map(|state| state.as_str()).collect();
        t!("jobs-states", states = words.join(", "))
    })
}

/// Lists jobs in the order in which they are due: as JSON all of them, as text those nearest to
/// now.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let store = database::open(config, now)?;
    if let Some(name) = &options.account {
        require_account((name, now), config, store.as_ref())?;
    }
    let Some(store) = store else {
        return match options.json.json {
            true => terminal.write("[]\n"),
            false => terminal.write(&(t!("jobs-no-database") + "\n")),
        };
    };
    let tx = store.read();
    let context = ForecastContext::read(&tx, config, now)?;
    let states: Vec<_> = options.state.into_iter().collect();
    let states = if states.is_empty() { JobState::ALL } else { &states };
    let wanted = Wanted { account: options.account.as_deref(), states, before: None };
    if options.json.json && options.limit.is_none() {
        return stream(&tx, wanted, &context, terminal);
    }
    let mut jobs = tx.jobs_near(wanted, now, options.limit.unwrap_or(SHOWN))?;
    context.explain(&mut jobs);
    let all = tx.count_jobs(wanted)?;
    let series = tx.active_series(None)?;
    let filtered = options.account.is_some() || options.state.is_some();
    terminal.answer(options.json, &jobs, |page, jobs| match jobs.as_slice() {
        [] if filtered && all == 0 => page.raw(&t!("jobs-none-like-that")),
        [] if all == 0 => page.raw(&t!("jobs-none")),
        jobs => {
            render(page, jobs, all, now);
            further(page, &series);
        }
    })
}

/// Writes each job as soon as it is read: a million of them do not fit into memory.
fn stream(
    tx: &Tx<'_>,
    wanted: Wanted<'_>,
    context: &ForecastContext,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let mut out = BufWriter::new(&mut *terminal.out);
    let mut json = serde_json::Serializer::pretty(&mut out);
    let mut array = json.serialize_seq(None).map_err(io::Error::from)?;
    tx.each_job(wanted, &mut |mut job| {
        context.explain(std::slice::from_mut(&mut job));
        array.serialize_element(&job).map_err(io::Error::from)?;
        Ok::<_, Problem>(ControlFlow::Continue(()))
    })?;
    SerializeSeq::end(array).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Makes sure that an account is in the config, or has jobs from an earlier config.
fn require_account(
    (name, now): (&str, DateTime<Utc>),
    config: &Config,
    store: Option<&Store>,
) -> Result<(), Problem> {
    let in_config = lookup::account(config, name).is_some();
    let has_jobs = |store: &Store| store.read().has_jobs(name);
    if in_config || store.map(has_jobs).transpose()?.unwrap_or_default() {
        return Ok(());
    }
    Err(lookup::unknown_account(config, name, now))
}

/// Writes jobs as a table, with the beginning of each reason below its job: `show` has the whole
/// reason.
fn render(page: &mut Page, jobs: &[JobView], all: u64, now: DateTime<Utc>) {
    let heads = [
        t!("jobs-head-due"),
        String::new(),
        t!("jobs-head-state"),
        t!("jobs-head-account"),
        t!("jobs-head-title"),
        t!("jobs-head-job"),
    ];
    let mut table = Table::of_lines(&heads, &text::JOBS_FIRST, &text::JOBS_THEN).names(3);
    for job in jobs {
        table.row(vec![
            Cell::new(lateness(job, now), &text::clock(job.due, now)),
            Cell::plain(&text::distance(job.due, now)),
            Cell::new(tone(job.state), job.stands()),
            Cell::plain(&job.account),
            Cell::plain(&job.title),
            Cell::plain(&job.id),
        ]);
        if let Some(reason) = &job.reason {
            table.note(Tone::Quiet, &reason::sentence(reason));
        }
    }
    page.table(0, &table);
    page.blank_line();
    let shown = jobs.len() as u64;
    let line = if shown < all {
        let (shown, all) = (text::count(shown), text::count(all));
        t!("jobs-nearest", shown = shown, all = all)
    } else {
        t!("jobs-count", n = jobs.len(), count = text::count(jobs.len() as u64))
    };
    page.lines(Tone::Plain, 0, &line);
}

/// Names the series that have more dates than jobs.
fn further(page: &mut Page, series: &[JobId]) {
    const NAMED: usize = 5;
    if series.is_empty() {
        return;
    }
    let mut names: Vec<_> = series.iter().take(NAMED).map(JobId::to_string).collect();
    if series.len() > NAMED {
        names.push(t!("jobs-others"));
    }
    let line = t!("jobs-series", names = names::list(&names));
    page.lines(Tone::Quiet, 0, &line);
}
