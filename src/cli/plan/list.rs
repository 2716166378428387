//! The forecast as a list: each day with its windows, its jobs and each reason.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{
    FollowersView, PlanView, PlannedView, WindowView, heading, moved_lines, not_running, rest,
};
use crate::calendar::{Span, Window};
use crate::cli::forecast::ForecastStatus;
use crate::cli::text::{self, Page, Tone};
use crate::l10n::t;
use crate::store::RuleView;
use crate::text::names;

/// How many jobs the text shows.
const SHOWN: usize = 100;
/// How many jobs are named for one window.
const NAMED_SHOWN: usize = 4;

/// Writes the days one below the other.
pub(super) fn render(page: &mut Page, view: &PlanView) {
    heading(page, view);
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
    moved_lines(page, view);
    rest(page, view);
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
    page.heading(&t!("plan-month", month = %month));
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
    let weekday = names::weekday(day.start_weekday());
    page.heading(&match day.contains(view.from) {
        true => t!("plan-day-today", weekday = weekday, day = %day),
        false => t!("plan-day", weekday = weekday, day = %day),
    });
    let windows = view.windows.iter().filter(|window| window.rule.window == Some(day));
    let mut accounts: BTreeMap<&str, (Vec<_>, Vec<_>)> = BTreeMap::new();
    for window in windows {
        accounts.entry(&window.account).or_default().0.push(window);
    }
    for job in jobs {
        accounts.entry(&job.account).or_default().1.push(job);
    }
    if accounts.is_empty() {
        page.lines(Tone::Quiet, 2, &t!("plan-empty-day"));
    }
    for (account, (windows, jobs)) in accounts {
        window_line(page, &format!("{}  ", text::visible(account)), &windows);
        for job in jobs {
            job_line(page, job, view.from);
        }
    }
    if unshown > 0 {
        let count = text::count(unshown as u64);
        page.lines(Tone::Plain, 4, &t!("plan-more-listed", n = unshown, count = count));
    }
    page.blank_line();
}

/// Writes what is used and claimed of one account's windows, and by whom.
fn window_line(page: &mut Page, label: &str, windows: &[&WindowView]) {
    let is_full = |WindowView { rule, .. }: &&WindowView| {
        rule.used.saturating_add(rule.claimed) >= rule.limit
    };
    let tone = if windows.iter().any(is_full) { Tone::Warn } else { Tone::Quiet };
    let parts: Vec<_> = windows.iter().map(|window| window_part(window)).collect();
    let text = if parts.is_empty() { t!("plan-nothing-used") } else { names::sentences(&parts) };
    page.labelled(tone, 2, label, &text);
}

fn window_part(WindowView { rule, used_by, elsewhere, claimed_by, .. }: &WindowView) -> String {
    let RuleView { used, claimed, limit, unconfirmed, .. } = rule;
    let name = names::rule(rule.rule);
    let mut part = t!("plan-window", rule = name, used = %used, claimed = %claimed, limit = %limit);
    if *unconfirmed > 0 {
        part = t!("plan-window-unconfirmed", window = part, count = %unconfirmed);
    }
    let mut by = named(used_by);
    if *elsewhere > 0 {
        by.push(t!("plan-elsewhere", count = %elsewhere));
    }
    if rule.window.is_some_and(|window| window.span() == Span::Month) {
        by.extend(named(claimed_by));
    }
    match by.is_empty() {
        true => part,
        false => t!("plan-window-by", window = part, by = names::list(&by)),
    }
}

fn named(ids: &[String]) -> Vec<String> {
    let mut named: Vec<_> = ids.iter().take(NAMED_SHOWN).cloned().collect();
    if ids.len() > NAMED_SHOWN {
        named.push(t!("plan-others"));
    }
    named
}

fn job_line(page: &mut Page, job: &PlannedView, now: DateTime<Utc>) {
    let tone = match job.forecast.status {
        ForecastStatus::Goes | ForecastStatus::UnderWay => Tone::Plain,
        ForecastStatus::Interrupted
        | ForecastStatus::RunsOut
        | ForecastStatus::NeedsApproval
        | ForecastStatus::NeedsFiles
        | ForecastStatus::WillDefer => Tone::Warn,
        ForecastStatus::Stopped
        | ForecastStatus::TooLate
        | ForecastStatus::WillFail
        | ForecastStatus::WillExpire => Tone::Alarm,
    };
    let at = job.next_run();
    let label = if Window::containing(Span::Day, at) < Window::containing(Span::Day, now) {
        format!("{}  ", text::time(at))
    } else {
        format!("{}  ", text::time_of_day(at))
    };
    let mut line = text::named(&job.title, &job.id) + &job.what();
    if job.batches > 1 {
        line.push_str(&t!("plan-calls", calls = %job.batches));
    }
    if let Some(outlook) = job.forecast.status.words() {
        line.push_str(&t!("plan-outlook", outlook = outlook));
    }
    let told: Vec<_> = std::iter::once(line).chain(job.reasons()).collect();
    page.labelled(tone, 4, &label, &names::sentences(&told));
}
