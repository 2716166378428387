//! The forecast as a list: each day with its windows, its jobs and each reason.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{FollowersView, PlanView, PlannedView, WindowView, moved_lines, not_running, rest};
use crate::calendar::{self, Span, Window};
use crate::cli::forecast::ForecastStatus;
use crate::cli::text::{self, Page, Tone};
use crate::store::RuleView;

/// How many jobs the text shows.
const SHOWN: usize = 100;
/// How many jobs are named for one window.
const NAMED_SHOWN: usize = 4;

/// Writes the days one below the other.
pub(super) fn render(page: &mut Page, view: &PlanView) {
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
    let tone = match job.forecast.status {
        ForecastStatus::Goes | ForecastStatus::UnderWay => Tone::Plain,
        ForecastStatus::Interrupted
        | ForecastStatus::RunsOut
        | ForecastStatus::NeedsApproval
        | ForecastStatus::WillDefer => Tone::Warn,
        ForecastStatus::Stopped
        | ForecastStatus::TooLate
        | ForecastStatus::WillFail
        | ForecastStatus::WillExpire => Tone::Alarm,
    };
    let word = job.forecast.status.words().map_or_else(String::new, |word| format!(", {word}"));
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
    let what = job.what();
    let mut line = format!("{name}{what}{calls}{word}");
    for why in job.reasons() {
        line.push_str("; ");
        line.push_str(&why);
    }
    page.labelled(tone, 4, &label, &line);
}
