//! `plan`: each waiting job with its forecast time, as a calendar of quota windows.
//!
//! It shows the schedule that the release uses ([`crate::schedule`]), also of the dates of series that
//! have no job yet. Only the requested days are read.

mod grid;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;

use super::forecast::{self, Forecast, ForecastContext};
use super::schedules::Owned;
use super::text::{self, Page, Tone};
use super::{Json, Problem, Terminal, database, lookup};
use crate::calendar::{self, Span, Window, json};
use crate::config::Config;
use crate::model::{Account, JobId, JobState};
use crate::quota::{self, Counted, Rule, TABLE};
use crate::store::{DateAhead, JobView, RuleView, Store, StoreError, Tx, Wanted};
use crate::text::{Lang, reason};

/// How many jobs are forecast for the text, and how many of them it shows.
const READ: usize = 5_000;
const SHOWN: usize = 100;
/// How many jobs are named for one window, and how many of them the text shows.
const NAMED: u32 = 20;
const NAMED_SHOWN: usize = 4;
const NAMED_CLAIMS: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How many Beijing days, today included
    #[arg(long, value_name = "N", default_value_t = 7)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1_000))]
    days: u16,
    /// List the days with each window and each reason, instead of the grid
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    json: Json,
}

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
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let store = match database::open(config, now)? {
        Some(store) => store,
        None => Store::in_memory(now)?,
    };
    let most = if options.json.json { usize::MAX } else { READ };
    let view = read(&store.read(), config, (options.days, most), now)?;
    terminal.answer(options.json, &view, if options.list { render } else { grid::render })
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

fn render(page: &mut Page, view: &PlanView) {
    let (from, until) = (calendar::beijing(view.from), text::time(view.until));
    page.heading(&format!("The forecast of {from}, until {until}"));
    not_running(page, view);
    page.blank_line();
    let mut days: BTreeMap<Window, Vec<&PlannedView>> = BTreeMap::new();
    for job in &view.jobs {
        let at = job.next_run().max(view.from);
        days.entry(Window::containing(Span::Day, at)).or_default().push(job);
    }
    let of_days = view.windows.iter().filter_map(|window| window.rule.window);
    for day in of_days.filter(|window| window.span() == Span::Day) {
        days.entry(day).or_default();
    }
    days.entry(Window::containing(Span::Day, view.from)).or_default();
    let (mut month, mut room) = (None, SHOWN);
    for (day, jobs) in &days {
        let of_day = Window::containing(Span::Month, day.start());
        if month.replace(of_day) != Some(of_day) {
            month_lines(page, view, of_day);
        }
        let shown = jobs.len().min(room);
        room -= shown;
        day_lines(page, view, (*day, &jobs[..shown]), jobs.len() - shown);
    }
    rest(page, view);
}

fn not_running(page: &mut Page, view: &PlanView) {
    if !view.running {
        let line = "The daemon is NOT RUNNING: nothing of this happens until it is started.";
        page.lines(Tone::Alarm, 0, line);
    }
}

/// Returns what of a month is used and claimed, if anything is.
fn month_lines(page: &mut Page, view: &PlanView, month: Window) {
    let windows: Vec<_> =
        view.windows.iter().filter(|window| window.rule.window == Some(month)).collect();
    let followers: Vec<_> =
        view.followers.iter().filter(|followers| followers.month == month).collect();
    if windows.is_empty() && followers.is_empty() {
        return;
    }
    page.heading(&format!("Month {month}"));
    for window in windows {
        window_line(page, &format!("{}  ", text::visible(&window.account)), &[window]);
    }
    for FollowersView { account, what, .. } in followers {
        page.labelled(Tone::Warn, 2, &format!("{}  ", text::visible(account)), what);
    }
    page.blank_line();
}

fn day_lines(
    page: &mut Page,
    view: &PlanView,
    (day, jobs): (Window, &[&PlannedView]),
    unshown: usize,
) {
    let today = if day.contains(view.from) { ", today" } else { "" };
    page.heading(&format!("{} {day}{today}", day.start_weekday()));
    let windows = view.windows.iter().filter(|window| window.rule.window == Some(day));
    let mut accounts: BTreeMap<&str, (Vec<_>, Vec<_>)> = BTreeMap::new();
    for window in windows {
        accounts.entry(&window.account).or_default().0.push(window);
    }
    for job in jobs {
        accounts.entry(&job.account).or_default().1.push(job);
    }
    if accounts.is_empty() {
        page.lines(Tone::Quiet, 2, "nothing is used, and no job waits");
    }
    for (account, (windows, jobs)) in accounts {
        window_line(page, &format!("{}  ", text::visible(account)), &windows);
        for job in jobs {
            job_line(page, job, view.from);
        }
    }
    if unshown > 0 {
        let more = text::plural(unshown, "more job", "more jobs");
        page.lines(Tone::Plain, 4, &format!("and {more}: `qunfa plan --json`"));
    }
    page.blank_line();
}

/// Returns what is used and claimed of one account's windows, and by whom.
fn window_line(page: &mut Page, label: &str, windows: &[&WindowView]) {
    let mut full = false;
    let parts =
        windows.iter().map(|WindowView { rule, used_by, elsewhere, claimed_by, .. }| {
            let RuleView { used, claimed, limit, unconfirmed, .. } = rule;
            full |= used.saturating_add(*claimed) >= *limit;
            let unconfirmed = match unconfirmed {
                0 => String::new(),
                some => format!(" ({some} more unconfirmed)"),
            };
            let part =
                format!("{} {used} used + {claimed} claimed of {limit}{unconfirmed}", rule.rule);
            let mut by = named(used_by);
            if *elsewhere > 0 {
                by.push(format!("{elsewhere} made elsewhere"));
            }
            if rule.window.is_some_and(|window| window.span() == Span::Month) {
                by.extend(named(claimed_by));
            }
            if by.is_empty() { part } else { format!("{part} (by {})", by.join(", ")) }
        });
    let parts: Vec<_> = parts.collect();
    let text =
        if parts.is_empty() { "nothing used or claimed".to_owned() } else { parts.join("; ") };
    page.labelled(if full { Tone::Warn } else { Tone::Quiet }, 2, label, &text);
}

fn named(ids: &[String]) -> Vec<String> {
    let mut named: Vec<_> = ids.iter().take(NAMED_SHOWN).cloned().collect();
    if ids.len() > NAMED_SHOWN {
        named.push("others".to_owned());
    }
    named
}

fn job_line(page: &mut Page, job: &PlannedView, now: DateTime<Utc>) {
    let (tone, word) = match job.forecast.status {
        forecast::ForecastStatus::Goes => (Tone::Plain, ""),
        forecast::ForecastStatus::UnderWay => (Tone::Plain, ", a request is under way"),
        forecast::ForecastStatus::Interrupted => (Tone::Warn, ", in doubt"),
        forecast::ForecastStatus::RunsOut => (Tone::Warn, ", NOT ASKED AGAIN"),
        forecast::ForecastStatus::NeedsApproval => (Tone::Warn, ", if approved"),
        forecast::ForecastStatus::Stopped => (Tone::Alarm, ", STOPPED"),
        forecast::ForecastStatus::TooLate => (Tone::Alarm, ", TOO LATE"),
        forecast::ForecastStatus::WillDefer => (Tone::Warn, ", will be deferred"),
        forecast::ForecastStatus::WillFail => (Tone::Alarm, ", WILL FAIL"),
        forecast::ForecastStatus::WillExpire => (Tone::Alarm, ", WILL EXPIRE"),
    };
    let at = job.next_run();
    let label = if Window::containing(Span::Day, at) < Window::containing(Span::Day, now) {
        format!("{}  ", text::time(at))
    } else {
        format!("{}  ", text::time_of_day(at))
    };
    let calls = match job.batches {
        0 | 1 => String::new(),
        some => format!(" in {some} calls"),
    };
    let name = text::named(&job.title, &job.id);
    let what = match job.action.as_str() {
        "broadcast" => format!(" to {}", job.audience),
        "delete" => format!(", deletes {}", job.audience),
        "menu" => format!(", sets the menu {}", job.audience),
        "qrcode" => format!(", makes the {}", job.audience),
        "speed" => format!(", sets the speed to {}", job.audience),
        other => format!(", {other} {}", job.audience),
    };
    let mut line = format!("{name}{what}{calls}{word}");
    let causes = job.forecast.why.iter().map(|why| reason::sentence(why, Lang::En));
    for why in causes.chain(job.receivers.clone()) {
        line.push_str("; ");
        line.push_str(&why);
    }
    page.labelled(tone, 4, &label, &line);
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
    let line = match view.beyond {
        0 => "No job waits for a later day.".to_owned(),
        1 => "1 job waits for a later day: `qunfa plan --days N` looks further.".to_owned(),
        some => {
            let some = text::count(some);
            format!("{some} jobs wait for later days: `qunfa plan --days N` looks further.")
        }
    };
    page.lines(Tone::Plain, 0, &line);
}
