//! `plan`: each waiting job with its forecast time, as a calendar of quota windows.
//!
//! It shows the schedule that the release uses ([`crate::schedule`]), also of the dates of series that
//! have no job yet. Only the requested days are read.

mod grid;
mod html;
mod ics;
mod list;
mod with;

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;

use super::forecast::{Forecast, ForecastContext};
use super::moves::{self, MoveView};
use super::schedules::Owned;
use super::text::{self, Page, Tone};
use super::{Answer, Json, Problem, Terminal, database, lookup};
use crate::calendar::{Span, Window, json};
use crate::config::Config;
use crate::durable_file;
use crate::model::{Account, JobId, JobState};
use crate::quota::{self, Counted, Rule, TABLE};
use crate::store::{DateAhead, JobView, RuleView, Store, StoreError, Tx, Wanted};
use crate::text::reason;

/// How many jobs are forecast for the text.
const READ: usize = 5_000;
/// How many jobs are named for one window.
const NAMED: u32 = 20;
/// Of more accounts than this, those without a job are not shown one by one.
const ACCOUNTS_SHOWN: usize = 12;
const NAMED_CLAIMS: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How many Beijing days, today included; 7, or with --with up to the last job of the files
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1_000))]
    days: Option<u16>,
    /// List the days with each window and each reason, instead of the grid
    #[arg(long)]
    list: bool,
    /// Show the plan as it would be with these job files or folders, and which jobs they move
    ///
    /// Nothing is stored or sent.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    with: Vec<PathBuf>,
    /// Write a page for a browser to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a calendar with an event for each job to this file
    #[arg(long, value_name = "FILE")]
    ics: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// How many days are shown if nobody says how many.
const DAYS: u16 = 7;

/// The whole answer.
#[derive(Debug, Serialize)]
struct PlanView {
    #[serde(serialize_with = "json::rfc3339")]
    from: DateTime<Utc>,
    #[serde(serialize_with = "json::rfc3339")]
    until: DateTime<Utc>,
    days: u16,
    /// Whether a daemon runs that can release jobs.
    running: bool,
    windows: Vec<WindowView>,
    jobs: Vec<PlannedView>,
    /// Jobs of these days that are not in `jobs`.
    more: u64,
    /// Jobs that wait for a later day.
    beyond: u64,
    /// How much of a month the followers of an account may have received already.
    followers: Vec<FollowersView>,
    /// Each account's days.
    grid: Vec<AccountDays>,
    /// The planned jobs that the files of `--with` move.
    moved: Vec<MoveView>,
    /// Whether there are such files.
    #[serde(skip)]
    with_files: bool,
}

impl PlanView {
    /// Returns the accounts to show, and of many those that can be left out: they have no job on
    /// these days, and room on each.
    fn shown_and_idle(&self) -> (Vec<&AccountDays>, Vec<&AccountDays>) {
        let all = self.grid.iter();
        match self.grid.len() {
            0..=ACCOUNTS_SHOWN => (all.collect(), Vec::new()),
            _ => all.partition(|account| !account.is_idle()),
        }
    }
}

/// One window in which something is used or claimed.
#[derive(Debug, Serialize)]
struct WindowView {
    account: String,
    #[serde(flatten)]
    rule: RuleView,
    /// Our jobs that used it.
    used_by: Vec<String>,
    /// Sends made elsewhere in it.
    elsewhere: u32,
    /// The waiting jobs that own some of it.
    claimed_by: Vec<String>,
}

/// One waiting job.
#[derive(Debug, Serialize)]
struct PlannedView {
    id: String,
    title: String,
    account: String,
    action: String,
    state: JobState,
    #[serde(serialize_with = "json::maybe_rfc3339")]
    at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "json::rfc3339")]
    due: DateTime<Utc>,
    #[serde(flatten)]
    forecast: Forecast,
    audience: String,
    batches: usize,
    /// How many of its listed receivers the platform will filter.
    receivers: Option<String>,
    /// Whether it is of the files of `--with`.
    of_files: bool,
}

impl PlannedView {
    /// When it is sent, or would be.
    fn next_run(&self) -> DateTime<Utc> {
        self.forecast.goes_at.unwrap_or(self.due)
    }

    /// The mark beside its time.
    fn mark(&self) -> (Tone, &'static str) {
        self.forecast.mark((self.state, self.at.is_some_and(|at| at < self.due)))
    }

    /// What it does, after its name.
    fn what(&self) -> String {
        let Self { audience, .. } = self;
        match self.action.as_str() {
            "broadcast" => format!(" to {audience}"),
            "delete" => format!(", deletes {audience}"),
            "menu" => format!(", sets the menu {audience}"),
            "qrcode" => format!(", makes the {audience}"),
            "speed" => format!(", sets the speed to {audience}"),
            other => format!(", {other} {audience}"),
        }
    }

    /// What keeps it from being sent as written, as sentences.
    fn reasons(&self) -> Vec<String> {
        let causes = self.forecast.why.iter().map(reason::sentence);
        causes.chain(self.receivers.clone()).collect()
    }
}

#[derive(Debug, Serialize)]
struct FollowersView {
    account: String,
    month: Window,
    what: String,
}

/// The days of one account.
#[derive(Debug, Serialize)]
struct AccountDays {
    account: String,
    days: Vec<Day>,
}

impl AccountDays {
    fn is_idle(&self) -> bool {
        self.days.iter().all(|day| {
            day.free && day.jobs.is_empty() && day.used_by.is_empty() && day.elsewhere == 0
        })
    }
}

/// One day of one account.
#[derive(Debug, Serialize)]
struct Day {
    day: Window,
    /// Whether the quotas have room for one more broadcast to everyone.
    free: bool,
    /// The jobs that are sent on it, in their order.
    jobs: Vec<String>,
    /// The jobs that used quota of it already.
    used_by: Vec<String>,
    /// Sends made elsewhere on it.
    elsewhere: u32,
    /// The same for the text: each job's state and title.
    #[serde(skip)]
    used: Vec<(JobState, String)>,
}

/// Shows when the jobs of the next days will really be sent.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let now = (terminal.now)();
    let mut store = match database::open(config, now)? {
        Some(store) => store,
        None => Store::in_memory(now)?,
    };
    // A rehearsal keeps the daemon from writing, and must not take long.
    let all = options.json.json && options.with.is_empty();
    let most = if all { usize::MAX } else { READ };
    let view = if options.with.is_empty() {
        let days = options.days.unwrap_or(DAYS);
        read(&store.read(), config, (days, most), now)?
    } else {
        match with::read(&mut store, &options.with, config, (options.days, most), now)? {
            Ok(view) => view,
            Err(refused) => return with::refuse(&refused, options.json, terminal),
        }
    };
    let files = write_files(&view, options)?;
    let render = if options.list { list::render } else { grid::render };
    if options.json.json || files.is_empty() {
        terminal.answer(options.json, &view, render)?;
    } else {
        terminal.write(&files)?;
    }
    Ok(Answer::Yes)
}

/// Writes the files that were asked for, and returns a line on each.
fn write_files(view: &PlanView, options: &Options) -> Result<String, Problem> {
    let jobs = text::plural(view.jobs.len(), "job", "jobs");
    let mut lines = String::new();
    let mut write = |path: &Path, content: &str| {
        durable_file::publish(path, content.as_bytes()).map_err(|error| {
            Problem::Cannot(format!("{} cannot be written: {error}", path.display()))
        })?;
        let path = text::visible(&path.display().to_string());
        writeln!(lines, "{path}: {jobs}, until {}.", text::time(view.until))
            .expect("a String takes everything");
        Ok::<_, Problem>(())
    };
    if let Some(path) = &options.html {
        write(path, &html::page(view)?)?;
    }
    if let Some(path) = &options.ics {
        write(path, &ics::calendar(view))?;
    }
    Ok(lines)
}

fn read(
    tx: &Tx<'_>,
    config: &Config,
    (days, most): (u16, usize),
    now: DateTime<Utc>,
) -> Result<PlanView, StoreError> {
    let today = Window::containing(Span::Day, now);
    let until = today.start() + TimeDelta::days(days.into());
    let context = ForecastContext::read(tx, config, now)?.until(until);
    let wanted = Wanted { before: Some(until), ..Wanted::WAITING };
    let mut waiting = Vec::new();
    tx.each_job::<StoreError>(wanted, &mut |job| {
        waiting.push(job);
        Ok(if waiting.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    context.explain(&mut waiting);
    let of_these_days = tx.count_jobs(wanted)?;
    let all = tx.count_jobs(Wanted::WAITING)?;
    let more = of_these_days.saturating_sub(waiting.len() as u64);
    let mut jobs = Vec::with_capacity(waiting.len());
    for job in waiting {
        jobs.extend(planned((tx, now), config, &context, job)?);
    }
    for account in config.accounts.iter().map(|config| &config.account) {
        for date in &context.schedules.of(tx, account)?.ahead {
            let date = date_ahead((tx, &context), account, date)?;
            jobs.extend((date.next_run() < until).then_some(date));
        }
    }
    jobs.sort_by_key(PlannedView::next_run);
    let windows = windows((tx, &context), config, until, now)?;
    let grid = grid::read(tx, config, (&jobs, &windows), (today, until))?;
    Ok(PlanView {
        grid,
        from: now,
        until,
        days,
        running: context.running().is_some(),
        windows,
        followers: followers(tx, config, until, now)?,
        jobs,
        more,
        beyond: all.saturating_sub(of_these_days),
        moved: Vec::new(),
        with_files: false,
    })
}

fn planned(
    (tx, now): (&Tx<'_>, DateTime<Utc>),
    config: &Config,
    context: &ForecastContext,
    job: JobView,
) -> Result<Option<PlannedView>, StoreError> {
    let Some(forecast) = context.forecast(tx, config, &job)? else {
        return Ok(None);
    };
    let at = forecast.goes_at.unwrap_or(job.due);
    let account = lookup::account(config, &job.account);
    let receivers = match (account, JobId::parse(&job.id)) {
        (Some(account), Some(id)) => match tx.reach(&id, account, (at, now))? {
            Some(reach) => reach.is_short().then(|| reach.sentence()),
            None => tx.full_of_list(&id, account, Window::containing(Span::Month, at))?,
        },
        _ => None,
    };
    Ok(Some(PlannedView {
        forecast,
        receivers,
        of_files: false,
        batches: job.batches.len(),
        id: job.id,
        title: job.title,
        account: job.account,
        action: job.action,
        state: job.state,
        at: job.at,
        due: job.due,
        audience: job.audience,
    }))
}

/// Returns a date of a series that has no job yet.
fn date_ahead(
    (tx, context): (&Tx<'_>, &ForecastContext),
    account: &Account,
    date: &DateAhead,
) -> Result<PlannedView, StoreError> {
    let forecast = context.of_date(tx, account, date)?;
    let job = &date.waiting.job;
    Ok(PlannedView {
        id: job.id.to_string(),
        title: date.waiting.title.clone().unwrap_or_else(|| job.id.to_string()),
        account: job.account.clone(),
        action: date.action.to_owned(),
        state: job.state,
        at: Some(job.planned_at),
        due: forecast.goes_at.unwrap_or(job.planned_at),
        forecast,
        audience: date.audience.clone(),
        batches: usize::try_from(date.waiting.calls_left).unwrap_or(1),
        receivers: None,
        of_files: false,
    })
}

/// Returns every window of these days in which something is used or claimed.
fn windows(
    (tx, context): (&Tx<'_>, &ForecastContext),
    config: &Config,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<WindowView>, StoreError> {
    let mut views = Vec::new();
    for account in config.accounts.iter().map(|config| &config.account) {
        let schedule = context.schedules.of(tx, account)?;
        for row in TABLE.iter().filter(|row| quota::limit(row.rule, account).is_some()) {
            let Counted::In(span) = row.counted else { continue };
            let first = Window::containing(span, now);
            let last = Window::containing(span, until - TimeDelta::seconds(1));
            let owned = schedule.owned.range((row.rule, first)..=(row.rule, last));
            let mut windows: Vec<_> = owned.map(|((_, window), _)| *window).collect();
            if !windows.contains(&first) {
                windows.insert(0, first);
            }
            for window in windows {
                let owned = schedule.owned.get(&(row.rule, window));
                views.extend(window_view((tx, now), account, (row.rule, window), owned)?);
            }
        }
    }
    views.sort_by_key(|view| view.rule.window);
    Ok(views)
}

fn window_view(
    (tx, now): (&Tx<'_>, DateTime<Utc>),
    account: &Account,
    (rule, window): (Rule, Window),
    owned: Option<&Owned>,
) -> Result<Option<WindowView>, StoreError> {
    let view = tx.window_view(account, (rule, window), now)?;
    let Owned { amount: claimed, by: claimed_by } = owned.cloned().unwrap_or_default();
    let view = RuleView { claimed, ..view };
    if view.used == 0 && view.claimed == 0 && view.unconfirmed == 0 {
        return Ok(None);
    }
    let (used_by, elsewhere) = tx.used_by(&account.name, (rule, window), NAMED)?;
    Ok(Some(WindowView {
        account: account.name.clone(),
        rule: view,
        used_by,
        elsewhere,
        claimed_by: claimed_by.iter().take(NAMED_CLAIMS).map(ToString::to_string).collect(),
    }))
}

fn followers(
    tx: &Tx<'_>,
    config: &Config,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<FollowersView>, StoreError> {
    let mut views = Vec::new();
    let mut month = Window::containing(Span::Month, now);
    while month.start() < until {
        for account in config.accounts.iter().map(|config| &config.account) {
            let name = account.name.clone();
            let what = match tx.reach_of_everyone(account, month, now)? {
                Some(reach) => reach.is_short().then(|| reach.sentence()),
                None => tx.followers_forecast(account, month)?,
            };
            views.extend(what.map(|what| FollowersView { account: name, month, what }));
        }
        month = month.next();
    }
    Ok(views)
}

/// Writes which planned jobs the files of `--with` move.
fn moved_lines(page: &mut Page, view: &PlanView) {
    if !view.with_files {
        return;
    }
    page.heading(changes(view));
    for one in view.moved.iter().take(moves::SHOWN) {
        page.lines(Tone::Warn, 2, &format!("{}.", one.sentence()));
    }
    if view.moved.len() > moves::SHOWN {
        let more = text::plural(view.moved.len() - moves::SHOWN, "more job", "more jobs");
        page.lines(Tone::Warn, 2, &format!("and {more}: `--json` lists them"));
    }
    page.blank_line();
}

/// Returns what the files of `--with` do to the jobs that are planned already.
fn changes(view: &PlanView) -> &'static str {
    if view.moved.is_empty() {
        "With these files every planned job keeps its time."
    } else {
        "With these files planned jobs get other times:"
    }
}

fn not_running(page: &mut Page, view: &PlanView) {
    if !view.running {
        let line = "The daemon is NOT RUNNING: nothing of this happens until it is started.";
        page.lines(Tone::Alarm, 0, line);
    }
}

fn rest(page: &mut Page, view: &PlanView) {
    if view.more > 0 {
        let line = format!(
            "Of the jobs of these days the first {} were read; {} more wait for them.",
            text::count(READ as u64),
            text::count(view.more)
        );
        page.lines(Tone::Warn, 0, &line);
    }
    page.lines(Tone::Plain, 0, &beyond(view));
}

/// Returns a sentence on the jobs of later days.
fn beyond(view: &PlanView) -> String {
    match view.beyond {
        0 => "No job waits for a later day.".to_owned(),
        1 => "1 job waits for a later day: `qunfa plan --days N` looks further.".to_owned(),
        some => {
            let some = text::count(some);
            format!("{some} jobs wait for later days: `qunfa plan --days N` looks further.")
        }
    }
}
