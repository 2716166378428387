//! The forecast as a grid: days down, accounts across, with the days that have room for one more
//! broadcast to everyone.
//!
//! Why a job is sent at its time is shown in the list (`--list`) and in `show`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{
    AccountDays, Day, PlanView, PlannedView, WindowView, heading, moved_lines, not_running, rest,
};
use crate::calendar::{Span, Window};
use crate::cli::format;
use crate::cli::text::{self, Cell, Page, Table, Tone};
use crate::config::Config;
use crate::l10n::t;
use crate::quota::Rule;
use crate::store::{RuleView, StoreError, Tx};
use crate::text::names;

/// The minimum and maximum width of an account's column.
const COLUMN: std::ops::RangeInclusive<usize> = 16..=32;
/// The width of the gap between columns.
const GUTTER: usize = 2;
/// How many jobs of one account and day are named.
const NAMED: usize = 6;
/// How many of the jobs that are not sent as planned are named.
const MARKED: usize = 12;

/// How many accounts without a job are named.
const IDLE_NAMED: usize = 12;

/// The rules in which one more broadcast to everyone needs room.
const DAILY: [Rule; 2] = [Rule::DailySend, Rule::DailyHistory];

type Windows<'a> = HashMap<(&'a str, Rule, Window), &'a WindowView>;

/// Returns each account's days.
pub(super) fn read(
    tx: &Tx<'_>,
    config: &Config,
    (jobs, windows): (&[PlannedView], &[WindowView]),
    (today, until): (Window, DateTime<Utc>),
) -> Result<Vec<AccountDays>, StoreError> {
    let keyed = |view| key(view).map(|key| (key, view));
    let windows: Windows<'_> = windows.iter().filter_map(keyed).collect();
    let mut by_day: HashMap<(&str, Window), Vec<String>> = HashMap::new();
    for job in jobs {
        let day = Window::containing(Span::Day, job.next_run().max(today.start()));
        by_day.entry((&job.account, day)).or_default().push(job.id.clone());
    }
    let mut grid = Vec::new();
    for account in config.accounts.iter().map(|config| &config.account) {
        let mut days = Vec::new();
        let mut day = today;
        while day.start() < until {
            let jobs = by_day.remove(&(account.name.as_str(), day)).unwrap_or_default();
            days.push(one(tx, &account.name, (day, jobs), &windows)?);
            day = day.next();
        }
        grid.push(AccountDays { account: account.name.clone(), days });
    }
    Ok(grid)
}

fn key(view: &WindowView) -> Option<(&str, Rule, Window)> {
    Some((view.account.as_str(), view.rule.rule, view.rule.window?))
}

fn one(
    tx: &Tx<'_>,
    account: &str,
    (day, jobs): (Window, Vec<String>),
    windows: &Windows<'_>,
) -> Result<Day, StoreError> {
    let month = (account, Rule::MonthlyHistory, Window::containing(Span::Month, day.start()));
    let daily = DAILY.map(|rule| windows.get(&(account, rule, day)));
    let needed = daily.into_iter().chain([windows.get(&month)]).flatten();
    let free = needed.into_iter().all(|view| has_room(&view.rule));
    let mut used_by: Vec<String> = Vec::new();
    let calls = windows.get(&(account, Rule::DailyCalls, day));
    for view in daily.into_iter().chain([calls]).flatten() {
        let new = view.used_by.iter().filter(|id| !jobs.contains(id) && !used_by.contains(id));
        let new: Vec<_> = new.cloned().collect();
        used_by.extend(new);
    }
    let elsewhere = daily.into_iter().flatten().map(|view| view.elsewhere).max().unwrap_or(0);
    let mut used = Vec::new();
    for id in &used_by {
        let job = tx.job_view(id)?;
        used.extend(job.map(|job| (job.state, format!("{} {}", job.stands(), job.title))));
    }
    Ok(Day { day, free, jobs, used_by, elsewhere, used })
}

fn has_room(view: &RuleView) -> bool {
    view.used.saturating_add(view.claimed).saturating_add(view.unconfirmed) < view.limit
}

/// Writes as many accounts side by side as the page has room for, the others below.
pub(super) fn render(page: &mut Page, view: &PlanView) {
    heading(page, view);
    not_running(page, view);
    page.blank_line();
    let jobs: HashMap<&str, &PlannedView> =
        view.jobs.iter().map(|job| (job.id.as_str(), job)).collect();
    let room = page.room().saturating_sub(width_of_days());
    let (shown, idle) = view.shown_and_idle();
    let many = shown.len().max(1);
    let fitting = (room / (COLUMN.start() + GUTTER)).clamp(1, many);
    // No band has only one account if the other accounts could fill it up.
    let beside = many.div_ceil(many.div_ceil(fitting));
    let column = (room / beside).saturating_sub(GUTTER).clamp(*COLUMN.start(), *COLUMN.end());
    for accounts in shown.chunks(beside) {
        band(page, (accounts, &jobs), column);
        page.blank_line();
    }
    if !idle.is_empty() {
        page.lines(Tone::Quiet, 0, &idle_line(&idle));
        page.blank_line();
    }
    marked(page, view);
    moved_lines(page, view);
    rest(page, view);
    page.lines(Tone::Quiet, 0, &legend(view));
    page.cut(Tone::Quiet, 0, &t!("plan-reasons"));
}

fn name_of(day: Window) -> String {
    format!("{} {}", names::weekday_short(day.start_weekday()), &day.to_string()[5..])
}

/// Returns the width of the column of days, whose names are equally wide.
fn width_of_days() -> usize {
    text::width(&name_of(Window::containing(Span::Day, DateTime::UNIX_EPOCH)))
}

/// Returns what the words and marks in the grid mean.
fn legend(view: &PlanView) -> String {
    if view.with_files { t!("plan-legend-files") } else { t!("plan-legend") }
}

/// Returns a sentence on accounts that are left out.
pub(super) fn idle_line(idle: &[&AccountDays]) -> String {
    let named: Vec<_> = idle.iter().take(IDLE_NAMED).map(|one| one.account.clone()).collect();
    let (n, named) = (idle.len(), names::list(&named));
    let count = text::count(n as u64);
    match n.saturating_sub(IDLE_NAMED) {
        0 => t!("plan-idle", n = n, count = count, names = named),
        more => {
            let more = text::count(more as u64);
            t!("plan-idle-more", n = n, count = count, names = named, more = more)
        }
    }
}

fn band(
    page: &mut Page,
    (accounts, jobs): (&[&AccountDays], &HashMap<&str, &PlannedView>),
    column: usize,
) {
    let width = width_of_days();
    let heads = accounts.iter().map(|account| {
        let name = text::cut(&text::visible(&account.account), column);
        format!("{:GUTTER$}{}", "", text::pad(&name, column))
    });
    let day = text::pad(&t!("plan-head-day"), width);
    let heads = format!("{day}{}", heads.collect::<String>());
    let heads = page.paint(Tone::Quiet, heads.trim_end());
    page.raw(&heads);
    let days = accounts.first().map_or(0, |account| account.days.len());
    for index in 0..days {
        let cells: Vec<_> =
            accounts.iter().map(|account| cell(&account.days[index], jobs)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for row in 0..height {
            let day = accounts[0].days[index].day;
            let name = if row == 0 { name_of(day) } else { String::new() };
            let words = cells.iter().map(|cell| {
                let (tone, words) = cell.get(row).cloned().unwrap_or((Tone::Plain, String::new()));
                let words = text::cut(&text::visible(&words), column);
                let fill = " ".repeat(column.saturating_sub(text::width(&words)));
                format!("{:GUTTER$}{}{fill}", "", page.paint(tone, &words))
            });
            let line = format!("{}{}", text::pad(&name, width), words.collect::<String>());
            page.raw(line.trim_end());
        }
    }
}

/// Returns the lines for one day of one account.
fn cell(day: &Day, planned: &HashMap<&str, &PlannedView>) -> Vec<(Tone, String)> {
    let used = day.used.iter().map(|(state, words)| (format::tone(*state), words.clone()));
    let mut lines: Vec<_> = used.collect();
    if day.elsewhere > 0 {
        lines.push((Tone::Plain, t!("plan-elsewhere", count = %day.elsewhere)));
    }
    for job in day.jobs.iter().filter_map(|id| planned.get(id.as_str())) {
        let (tone, mark) = job.mark();
        let of_day = text::clock(job.next_run(), day.day.start());
        let mark = if mark.is_empty() { " " } else { "!" };
        let new = if job.of_files { "+" } else { "" };
        lines.push((tone, format!("{of_day}{mark}{new}{}", job.title)));
    }
    if lines.len() > NAMED {
        let more = lines.len() - (NAMED - 1);
        lines.truncate(NAMED - 1);
        lines.push((Tone::Plain, t!("plan-cell-more", count = %more)));
    }
    if day.free {
        lines.push((Tone::Good, t!("plan-free")));
    } else if lines.is_empty() {
        lines.push((Tone::Quiet, t!("plan-full")));
    }
    lines
}

/// Writes the jobs that are marked with `!`, each with what keeps it from being sent as written.
fn marked(page: &mut Page, view: &PlanView) {
    let marked: Vec<_> = view.jobs.iter().filter(|job| !job.mark().1.is_empty()).collect();
    if marked.is_empty() {
        return;
    }
    let (account, title, job) = (t!("head-account"), t!("head-title"), t!("head-job"));
    let heads = ["!", "", &account, &title, &job];
    let mut table = Table::of_lines(&heads, &[(3, 4), (2, 8)], &[(3, 0), (2, 4)]).names(2);
    for job in marked.iter().take(MARKED) {
        let (tone, mark) = job.mark();
        table.row(vec![
            Cell::plain(&text::clock(job.next_run(), view.from)),
            Cell::new(tone, &mark),
            Cell::plain(&job.account),
            Cell::plain(&job.title),
            Cell::plain(&job.id),
        ]);
    }
    page.table(0, &table);
    if marked.len() > MARKED {
        let more = marked.len() - MARKED;
        page.cut(Tone::Plain, 2, &t!("plan-more-marked", count = %more));
    }
    page.blank_line();
}
