//! The forecast as one page for a browser: the grid, then a list of the days.
//!
//! The page loads nothing and runs no script. The template escapes every text.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use chrono::{DateTime, Utc};

use super::grid::idle_line;
use super::{AccountDays, Day, FollowersView, PlanView, PlannedView, changes};
use crate::calendar::{self, Span, Window};
use crate::cli::Problem;
use crate::cli::moves::MoveView;
use crate::cli::text::{self, Tone};
use crate::l10n::{self, t};
use crate::model::JobState;
use crate::text::names;

/// How many accounts stand beside each other in one table, at most.
const BESIDE: usize = 4;

#[derive(Template)]
#[template(path = "plan.html")]
struct Plan<'v> {
    words: Words,
    style: &'static str,
    running: bool,
    bands: Vec<Band>,
    /// A sentence on the accounts that are not in the grid; empty if there is none.
    idle: String,
    legend: String,
    /// What the files of `--with` do; empty if there are none.
    changes: String,
    moved: Vec<String>,
    notes: Vec<String>,
    days: Vec<ListedDay<'v>>,
    beyond: String,
}

/// The words of the page itself.
struct Words {
    lang: &'static str,
    name: String,
    title: String,
    forecast: String,
    not_running: String,
    grid: String,
    day: String,
    free: String,
    full: String,
    followers: String,
    days: String,
    time: String,
    job: String,
    state: String,
    of_files: String,
}

impl Words {
    fn of(view: &PlanView) -> Self {
        Self {
            lang: l10n::lang().name(),
            name: t!("plan-page-name", from = calendar::beijing(view.from)),
            title: t!("plan-page-title"),
            forecast: super::forecast_of(view),
            not_running: t!("plan-not-running"),
            grid: t!("plan-page-grid"),
            day: t!("plan-head-day"),
            free: t!("plan-free"),
            full: t!("plan-full"),
            followers: t!("plan-page-followers"),
            days: t!("plan-page-days"),
            time: t!("plan-page-time"),
            job: t!("head-job"),
            state: t!("head-state"),
            of_files: t!("plan-page-of-files"),
        }
    }
}

/// Accounts beside each other.
struct Band {
    accounts: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    date: String,
    name: String,
    weekday: String,
    cells: Vec<Cell>,
}

#[derive(Default)]
struct Cell {
    entries: Vec<Entry>,
    free: bool,
    full: bool,
}

struct Entry {
    /// The id of its job in the list; empty if it is not in it.
    target: String,
    class: &'static str,
    time: String,
    title: String,
    mark: String,
}

struct ListedDay<'v> {
    date: String,
    name: String,
    jobs: Vec<ListedJob<'v>>,
}

struct ListedJob<'v> {
    id: &'v str,
    title: String,
    account: String,
    what: String,
    instant: String,
    time: String,
    class: &'static str,
    state: String,
    reasons: Vec<String>,
    of_files: bool,
}

/// Returns the page.
pub(super) fn page(view: &PlanView) -> Result<String, Problem> {
    let (shown, idle) = view.shown_and_idle();
    let jobs: HashMap<&str, &PlannedView> =
        view.jobs.iter().map(|job| (job.id.as_str(), job)).collect();
    let many = shown.len().max(1);
    let beside = many.div_ceil(many.div_ceil(BESIDE));
    let plan = Plan {
        words: Words::of(view),
        style: include_str!("../../../templates/plan.css"),
        running: view.running,
        bands: shown.chunks(beside).map(|accounts| band(accounts, &jobs, view.from)).collect(),
        idle: if idle.is_empty() { String::new() } else { idle_line(&idle) },
        legend: match view.with_files {
            true => t!("plan-page-legend-files"),
            false => t!("plan-page-legend"),
        },
        changes: if view.with_files { changes(view) } else { String::new() },
        moved: view.moved.iter().map(MoveView::line).collect(),
        notes: view
            .followers
            .iter()
            .map(|FollowersView { account, what, .. }| {
                text::visible(&t!("title-and-text", title = account.as_str(), text = what.as_str()))
            })
            .collect(),
        days: listed(view),
        beyond: super::beyond(view),
    };
    plan.render().map_err(|error| Problem::Cannot(t!("plan-no-page", error = %error)))
}

fn band(accounts: &[&AccountDays], jobs: &HashMap<&str, &PlannedView>, now: DateTime<Utc>) -> Band {
    let days = accounts.first().map_or(0, |account| account.days.len());
    let rows = (0..days).map(|index| {
        let day = accounts[0].days[index].day;
        Row {
            date: day.to_string(),
            name: if day.contains(now) {
                t!("plan-page-today")
            } else {
                day.to_string()[5..].to_owned()
            },
            weekday: names::weekday_short(day.start_weekday()),
            cells: accounts.iter().map(|account| cell(&account.days[index], jobs)).collect(),
        }
    });
    let accounts = accounts.iter().map(|account| text::visible(&account.account));
    Band { rows: rows.collect(), accounts: accounts.collect() }
}

fn cell(day: &Day, jobs: &HashMap<&str, &PlannedView>) -> Cell {
    let mut entries: Vec<_> = day.used.iter().map(|(state, words)| used(*state, words)).collect();
    if day.elsewhere > 0 {
        entries.push(used(JobState::Sent, &t!("plan-elsewhere", count = %day.elsewhere)));
    }
    let planned = day.jobs.iter().filter_map(|id| jobs.get(id.as_str()));
    entries.extend(planned.map(|job| {
        let (tone, mark) = job.mark();
        Entry {
            target: job.id.clone(),
            class: class(tone),
            time: text::clock(job.next_run(), day.day.start()),
            title: text::visible(&job.title),
            mark: if mark.is_empty() && job.of_files { "+".to_owned() } else { mark },
        }
    }));
    Cell { full: !day.free, free: day.free, entries }
}

fn used(state: JobState, words: &str) -> Entry {
    Entry {
        target: String::new(),
        class: class(crate::cli::format::tone(state)),
        time: String::new(),
        title: text::visible(words),
        mark: String::new(),
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Head => "plain",
        Tone::Alarm => "alarm",
        Tone::Warn => "warn",
        Tone::Good => "good",
        Tone::Quiet => "quiet",
    }
}

fn listed(view: &PlanView) -> Vec<ListedDay<'_>> {
    let mut days: BTreeMap<Window, Vec<&PlannedView>> = BTreeMap::new();
    for job in &view.jobs {
        let at = job.next_run().max(view.from);
        days.entry(Window::containing(Span::Day, at)).or_default().push(job);
    }
    let listed = days.into_iter().map(|(day, jobs)| ListedDay {
        date: day.to_string(),
        name: t!("plan-day", weekday = names::weekday(day.start_weekday()), day = %day),
        jobs: jobs.into_iter().map(|job| listed_job(job, day)).collect(),
    });
    listed.collect()
}

fn listed_job(job: &PlannedView, day: Window) -> ListedJob<'_> {
    let (tone, mark) = job.mark();
    let state = names::job_state(job.state);
    let state = match job.forecast.status.words() {
        Some(words) => words,
        None if mark.is_empty() => state,
        None => t!("plan-state-and-mark", state = state, mark = mark),
    };
    ListedJob {
        id: &job.id,
        title: text::visible(&job.title),
        account: text::visible(&job.account),
        what: text::visible(&(names::action(&job.action) + &job.what())),
        instant: calendar::rfc3339(job.next_run()),
        time: text::clock(job.next_run(), day.start()),
        class: class(tone),
        state,
        reasons: job.reasons().iter().map(|why| text::visible(why)).collect(),
        of_files: job.of_files,
    }
}
