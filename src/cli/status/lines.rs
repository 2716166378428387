//! Renders the status as text: deadlines first, one line for each item, colour only for what is
//! unusual.
//!
//! Long reasons are in `show`. Printed once, it is limited to a number of lines that a screen
//! holds; in a watch, which scrolls, nothing is left out.

use chrono::{DateTime, TimeDelta, Utc};

use super::{AccountView, AwaitedView, DaemonView, NextView, NoteView, StatusView};
use crate::alert::Severity;
use crate::cli::forecast::Forecast;
use crate::cli::text::{self, Cell, Page, Table, Tone};
use crate::model::JobState;
use crate::quota::{Rule, Warns, margins};
use crate::store::{AlertView, RuleView};
use crate::text::reason;

/// How many lines a status that is printed once has, if the number of accounts and what is shown in any
/// case allow it.
const LINES: usize = 40;
/// How many of the next jobs are shown in any case.
const NEXT_LEAST: usize = 5;
/// How many decisions and awaited results are shown, and how many decisions in any case.
const DECISIONS: usize = 8;
const DECISIONS_LEAST: usize = 3;
const AWAITED: usize = 3;
/// How many approvals are shown that are not among the next jobs, and how many in any case.
const APPROVALS: usize = 5;
const APPROVALS_LEAST: usize = 3;
/// The commands that show the rest of the next jobs, and of the approvals.
const PLANNED: &str = "`qunfa plan --list` tells when they go";
const HELD: &str = "`qunfa jobs --state held` shows them";
/// How the text about a refused file begins, as its row says already.
const REFUSED: &str = "the inbox refused ";
/// What is sent within this time comes first in a watch.
const IMMINENT: TimeDelta = TimeDelta::seconds(60);

/// A part of the answer as lines; the first is its heading.
#[derive(Debug)]
pub(in crate::cli) struct Section {
    pub(in crate::cli) lines: Vec<String>,
}

/// How much of a list is shown, and the command that shows the rest.
#[derive(Clone, Copy)]
struct Most {
    rows: usize,
    rest: &'static str,
}

impl Most {
    const ALL: usize = usize::MAX;

    /// Writes how many are left out.
    fn end(self, page: &mut Page, all: usize) {
        let more = all.saturating_sub(self.rows);
        if more > 0 {
            let more = text::count(more as u64);
            page.cut(Tone::Plain, 2, &format!("and {more} more: {}", self.rest));
        }
    }
}

/// Returns the answer as it is printed once.
pub(in crate::cli) fn whole(blank: &Page, view: &StatusView, now: DateTime<Utc>) -> Vec<String> {
    let head = section(blank, &|page| heading(page, view, now));
    let decisions_of = |rows: usize| {
        let notes: Vec<_> = view.attention.iter().collect();
        section(blank, &|page| decisions(page, &notes, (rows, view.daemon.running), now))
    };
    // A heading, and what they end with.
    let rows = rows_within(DECISIONS + 3, (DECISIONS_LEAST, DECISIONS), &decisions_of);
    let decisions = decisions_of(rows);
    let others = [
        section(blank, &|page| {
            awaited(page, &view.awaited.iter().collect::<Vec<_>>(), AWAITED, now);
        }),
        section(blank, &|page| quotas(page, &view.accounts.iter().collect::<Vec<_>>())),
        section(blank, &|page| page.cut(Tone::Plain, 0, &counts(&view.jobs))),
    ];
    let shown = |sections: &[Section]| -> usize {
        let filled = sections.iter().filter(|section| !section.lines.is_empty());
        filled.map(|section| section.lines.len() + 1).sum()
    };
    // Beside its rows it has a heading, a last line and a gap.
    let rest = head.lines.len() + 1 + decisions.lines.len() + 1 + shown(&others) + 2;
    let room = LINES.saturating_sub(rest);
    let next_of = |rows: usize| {
        let jobs: Vec<_> = view.next.iter().collect();
        let most = Most { rows, rest: PLANNED };
        section(blank, &|page| next(page, ("NEXT", &jobs), (most, waiting(view)), now))
    };
    // A heading and a last line come on top.
    let within = |room: usize| rows_within(room + 2, (NEXT_LEAST, room.max(NEXT_LEAST)), &next_of);
    let mut rows = within(room);
    let mut of_approvals = (0, 0);
    if !unseen(view, rows).1.is_empty() {
        // A heading, a last line and a gap.
        let most = room.saturating_sub(NEXT_LEAST + 3).clamp(APPROVALS_LEAST, APPROVALS);
        of_approvals = (APPROVALS_LEAST, most);
        rows = within(room.saturating_sub(most + 3));
    }
    let next_jobs = next_of(rows);
    let approvals_of = |of_approvals: usize| {
        let (seen, jobs) = unseen(view, rows);
        let all = held(view).saturating_sub(seen);
        let most = Most { rows: of_approvals, rest: HELD };
        section(blank, &|page| {
            if of_approvals > 0 {
                next(page, ("TO APPROVE", &jobs), (most, all), now);
            }
        })
    };
    let left = (room + 1).saturating_sub(next_jobs.lines.len());
    let approvals = approvals_of(rows_within(left, of_approvals, &approvals_of));
    let sections = [head, next_jobs, approvals, decisions].into_iter().chain(others);
    let filled = sections.filter(|section| !section.lines.is_empty());
    let mut lines = Vec::new();
    for section in filled {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(section.lines);
    }
    lines
}

/// Returns how many rows of a section fit into this many lines: a row with its id below it takes
/// two.
fn rows_within(
    lines: usize,
    (least, most): (usize, usize),
    section: &dyn Fn(usize) -> Section,
) -> usize {
    let fits = |rows: &usize| section(*rows).lines.len() <= lines;
    (least..=most).rev().find(fits).unwrap_or_else(|| most.min(least))
}

/// Returns how many approvals are among this many of the next jobs, and those that are not.
fn unseen(view: &StatusView, rows: usize) -> (u64, Vec<&NextView>) {
    let seen = || view.next.iter().take(rows).filter(|job| job.state == JobState::Held);
    let is_unseen = |job: &&NextView| !seen().any(|seen| seen.id == job.id);
    (seen().count() as u64, view.to_approve.iter().filter(is_unseen).collect())
}

/// Returns the answer for a watch: first the clock, the daemon and how much there is to do, which
/// stay. Then comes everything else that contains `wanted`, the most urgent first.
pub(in crate::cli) fn watched(
    blank: &Page,
    (view, now): (&StatusView, DateTime<Utc>),
    wanted: &str,
) -> (Vec<String>, Vec<Section>) {
    let wanted = wanted.to_lowercase();
    let holds = |texts: &[&str]| texts.iter().any(|text| text.to_lowercase().contains(&wanted));
    let shown = |job: &&NextView| holds(&[&job.id, &job.title, &job.account, mark(job).1]);
    let is_imminent = |job: &&NextView| job.next_run() <= now + IMMINENT;
    let is_held = |job: &&NextView| job.state == JobState::Held;
    let (minute, later): (Vec<_>, Vec<_>) = view.next.iter().partition(is_imminent);
    let is_later = |job: &&NextView| !minute.iter().any(|imminent| imminent.id == job.id);
    let approvals: Vec<_> = view.to_approve.iter().filter(is_later).collect();
    let later: Vec<_> = later.into_iter().filter(|job| !is_held(job)).collect();
    let imminent_held = minute.iter().filter(|job| is_held(job)).count() as u64;
    let unread = (
        held(view).saturating_sub(imminent_held + approvals.len() as u64),
        (waiting(view) + imminent_held)
            .saturating_sub(held(view) + (minute.len() + later.len()) as u64),
    );
    let mut sections = Vec::new();
    for (name, jobs, unread, rest) in [
        ("THIS MINUTE", minute, 0, HELD),
        ("TO APPROVE", approvals, unread.0, HELD),
        ("NEXT", later, unread.1, PLANNED),
    ] {
        let jobs: Vec<_> = jobs.into_iter().filter(shown).collect();
        let most = Most { rows: jobs.len(), rest };
        let total = jobs.len() as u64 + unread;
        if !jobs.is_empty() {
            sections.push(section(blank, &|page| next(page, (name, &jobs), (most, total), now)));
        }
    }
    let about = |note: &&NoteView| {
        let AlertView { id, account, kind, what, .. } = &note.about;
        let named = [id, account, &note.title].map(|text| text.as_deref().unwrap_or_default());
        holds(&[named[0], named[1], named[2], kind, what, note.severity.as_str(), &note.note])
    };
    let notes: Vec<_> = view.attention.iter().filter(about).collect();
    if wanted.is_empty() || !notes.is_empty() {
        sections.push(section(blank, &|page| {
            decisions(page, &notes, (Most::ALL, view.daemon.running), now);
        }));
    }
    let awaits = |job: &&AwaitedView| holds(&[&job.id, &job.title, &job.account]);
    let results: Vec<_> = view.awaited.iter().filter(awaits).collect();
    sections.push(section(blank, &|page| awaited(page, &results, Most::ALL, now)));
    let stopped = |account: &&AccountView| holds(&[&account.name, &unusual(account).1]);
    let accounts: Vec<_> = view.accounts.iter().filter(stopped).collect();
    if !accounts.is_empty() {
        sections.push(section(blank, &|page| quotas(page, &accounts)));
    }
    if wanted.is_empty() {
        sections.push(section(blank, &|page| page.cut(Tone::Plain, 0, &counts(&view.jobs))));
    }
    sections.retain(|section| !section.lines.is_empty());
    (section(blank, &|page| heading(page, view, now)).lines, sections)
}

fn section(blank: &Page, write: &dyn Fn(&mut Page)) -> Section {
    let mut page = blank.another();
    write(&mut page);
    Section { lines: page.finish().lines().map(str::to_owned).collect() }
}

/// Returns how many jobs wait for an approval.
fn held(view: &StatusView) -> u64 {
    let held = view.jobs.iter().find(|(state, _)| *state == JobState::Held);
    held.map_or(0, |(_, number)| *number)
}

fn waiting(view: &StatusView) -> u64 {
    let waiting = |(state, _): &&(JobState, u64)| state.waits();
    view.jobs.iter().filter(waiting).map(|(_, number)| number).sum()
}

fn heading(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    page.heading(&format!("qunfa at {} (Beijing time)", crate::calendar::beijing(now)));
    daemon(page, &view.daemon, now);
    if let Some(due) = &view.oldest_due {
        let late = text::long(TimeDelta::seconds(due.late_s));
        let what = text::named(&due.title, &format!("{} ({})", due.id, due.account));
        page.lines(Tone::Warn, 0, &format!("Overdue for {late}: {what}"));
    }
    let of = |severity| view.attention.iter().filter(|note| note.severity == severity).count();
    let held = held(view);
    let parts = [
        (of(Severity::Page) as u64, "to decide now"),
        (of(Severity::Look) as u64, "to look at"),
        (of(Severity::Note) as u64, "to note"),
        (held, "to approve"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> =
        parts.map(|(number, what)| format!("{} {what}", text::count(*number))).collect();
    if !parts.is_empty() {
        let tone = if of(Severity::Page) > 0 { Tone::Alarm } else { Tone::Plain };
        page.cut(tone, 0, &format!("{}.", parts.join(", ")));
    }
}

fn daemon(page: &mut Page, daemon: &DaemonView, now: DateTime<Utc>) {
    let (Some(pid), Some(since), Some(version)) = (daemon.pid, daemon.since_at, &daemon.version)
    else {
        let text = "The daemon is NOT RUNNING: nothing is released until it is started \
                    (`systemctl start qunfa`, or `qunfa run`).";
        return page.lines(Tone::Alarm, 0, text);
    };
    let (tone, state) = if daemon.stuck { (Tone::Alarm, "is STUCK") } else { (Tone::Good, "runs") };
    let since = text::clock(since, now);
    page.cut(tone, 0, &format!("The daemon {state}: pid {pid}, since {since}, version {version}."));
    match daemon.turned_at {
        // A heartbeat is written every other second: a smaller age means nothing.
        Some(at) if now - at <= TimeDelta::seconds(3) => {}
        Some(at) => {
            let line = format!("Its loop last turned {}.", text::distance(at, now));
            page.cut(Tone::Warn, 0, &line);
        }
        None => page.cut(Tone::Warn, 0, "Whether its loop turns is not known: it left no pulse."),
    }
}

fn next(
    page: &mut Page,
    (name, jobs): (&'static str, &[&NextView]),
    (most, all): (Most, u64),
    now: DateTime<Utc>,
) {
    if jobs.is_empty() {
        return page.raw("No job waits to be released.");
    }
    let heads = [name, "", "", "account", "title", "job"];
    let mut table = Table::of_lines(&heads, &text::JOBS_FIRST, &text::JOBS_THEN).names(3);
    for job in jobs.iter().take(most.rows) {
        let (tone, mark) = mark(job);
        let at = job.next_run();
        let late = if job.due_at < now { Tone::Warn } else { Tone::Plain };
        table.row(vec![
            Cell::new(late, &text::clock(at, now)),
            Cell::plain(&text::distance(at, now)),
            Cell::new(tone, mark),
            Cell::plain(&job.account),
            Cell::plain(&job.title),
            Cell::plain(&job.id),
        ]);
    }
    page.table(0, &table);
    most.end(page, usize::try_from(all).unwrap_or(usize::MAX));
}

fn mark(job: &NextView) -> (Tone, &'static str) {
    let marked = |forecast: &Forecast| forecast.mark((job.state, job.moved));
    job.forecast.as_ref().map_or((Tone::Plain, ""), marked)
}

/// Returns alerts with the most urgent first, then the newest.
fn decisions(
    page: &mut Page,
    notes: &[&NoteView],
    (most, running): (usize, bool),
    now: DateTime<Utc>,
) {
    if notes.is_empty() {
        // A daemon that is down needs an operator, as the lines before say.
        let (tone, else_) = if running { (Tone::Good, "") } else { (Tone::Plain, " else") };
        return page.cut(tone, 0, &format!("Nothing{else_} needs a person."));
    }
    let mut shown = notes.to_vec();
    let urgency = |note: &NoteView| match (note.about.kind.as_str(), &note.about.id) {
        ("stuck", _) => 0,
        (_, None) => 1,
        ("uncertain", _) => 2,
        (_, Some(_)) => 3,
    };
    shown.sort_by_key(|note| (note.severity, urgency(note), std::cmp::Reverse(note.about.since)));
    let heads = ["DECIDE", "", "since", "account", "what", "id"];
    let (first, then) = ([(4, 28), (3, 8), (4, 24), (2, 0)], [(3, 4), (4, 20)]);
    let mut table = Table::of_lines(&heads, &first, &then).names(3);
    for note in shown.iter().take(most) {
        let tone = match note.severity {
            Severity::Page => Tone::Alarm,
            Severity::Look => Tone::Warn,
            Severity::Note => Tone::Plain,
        };
        table.row(vec![
            Cell::new(tone, note.severity.as_str()),
            Cell::plain(&note.about.kind.replace('_', " ")),
            Cell::plain(&text::long(now - note.about.since)),
            Cell::plain(note.about.account.as_deref().unwrap_or("all")),
            Cell::plain(&what(note)),
            Cell::plain(note.about.id.as_deref().unwrap_or(&note.note)),
        ]);
        // No `show` gives the hint for an account.
        if note.about.kind == "paused" {
            table.note(Tone::Quiet, &note.about.advice);
        }
    }
    page.table(0, &table);
    let rest = "`qunfa status --json` has all";
    Most { rows: most, rest }.end(page, notes.len());
    let line = "`qunfa show ID` tells what helps; `qunfa ack ID` takes it off this list.";
    page.cut(Tone::Quiet, 2, line);
}

/// Returns the subject of an alert and its reason, without what its row says already.
fn what(note: &NoteView) -> String {
    let about = &note.about;
    let why = || about.why.as_ref().map(reason::sentence);
    let Some(id) = &about.id else {
        return match about.kind.as_str() {
            "hold" | "paused" => why().unwrap_or_else(|| about.what.clone()),
            "refused_file" => about.what.strip_prefix(REFUSED).unwrap_or(&about.what).to_owned(),
            "first_day" | "first_month" => {
                "what was sent before is to be told: quota record".into()
            }
            _ => about.what.clone(),
        };
    };
    let why = match about.is_state() {
        true => why().unwrap_or_default(),
        false => about.what.clone(),
    };
    match note.title.as_ref().filter(|title| *title != id) {
        Some(title) => format!("{title}: {why}"),
        None => why,
    }
}

/// Writes what was accepted and may wait for somebody outside this program.
fn awaited(page: &mut Page, jobs: &[&AwaitedView], most: usize, now: DateTime<Utc>) {
    if jobs.is_empty() {
        return;
    }
    let heads = ["AWAITED", "administrator", "account", "title", "job"];
    let mut table = Table::of_lines(&heads, &[(3, 4), (2, 8)], &[(3, 0), (2, 4), (1, 0)]).names(2);
    for job in jobs.iter().take(most) {
        let until = text::clock(job.until, now);
        let until = if job.until > now { format!("until {until}") } else { "time is over".into() };
        table.row(vec![
            Cell::plain(&text::clock(job.accepted_at, now)),
            Cell::plain(&until),
            Cell::plain(&job.account),
            Cell::plain(&job.title),
            Cell::plain(&job.id),
        ]);
    }
    page.table(0, &table);
    Most { rows: most, rest: "`qunfa jobs --state accepted`" }.end(page, jobs.len());
}

/// The rules that have a column of their own.
const COLUMNS: [(&str, Rule); 4] = [
    ("send", Rule::DailySend),
    ("history", Rule::DailyHistory),
    ("month", Rule::MonthlyHistory),
    ("calls", Rule::DailyCalls),
];

/// A row for each account: what is used, what waiting jobs claim of the rest, and what is unusual.
fn quotas(page: &mut Page, accounts: &[&AccountView]) {
    let mut heads = vec!["QUOTAS used+claimed/limit"];
    heads.extend(COLUMNS.iter().map(|(head, _)| *head));
    heads.push("");
    let mut table = Table::of_lines(&heads, &[(0, 8)], &[]).right(&[1, 2, 3, 4]).names(0);
    for account in accounts {
        let (tone, unusual) = unusual(account);
        let mut row = vec![Cell::new(tone, &account.name)];
        for (_, rule) in COLUMNS {
            let view = account.rules.iter().find(|view| view.rule == rule);
            row.push(view.map_or_else(|| Cell::plain(""), quota));
        }
        row.push(Cell::new(tone, &unusual));
        table.row(row);
    }
    page.table(0, &table);
}

fn quota(view: &RuleView) -> Cell {
    let RuleView { used, claimed, limit, .. } = view;
    let claimed = if *claimed > 0 { format!("+{claimed}") } else { String::new() };
    let tone = if is_unusual(view) { Tone::Warn } else { Tone::Plain };
    Cell::new(tone, &format!("{used}{claimed}/{limit}"))
}

/// Returns whether a rule's state is unusual: a day with its one broadcast is an ordinary day.
fn is_unusual(view: &RuleView) -> bool {
    let RuleView { rule, used, claimed, limit, unconfirmed, .. } = view;
    let taken = used.saturating_add(*claimed);
    match rule.row().warns {
        Warns::BeyondLimit => taken > *limit || *unconfirmed > 0,
        Warns::AtLimit => taken >= *limit || *unconfirmed > 0,
        Warns::FourFifths => u64::from(taken) * 5 >= u64::from(*limit) * 4,
    }
}

fn unusual(account: &AccountView) -> (Tone, String) {
    let mut tone = Tone::Plain;
    let mut parts = Vec::new();
    for (stopped, word) in [(account.held, "ON HOLD"), (account.paused, "PAUSED")] {
        if stopped {
            tone = Tone::Alarm;
            parts.push(word.to_owned());
        }
    }
    if let Some(clock) = account.clock.as_ref().filter(|clock| is_apart(clock.ahead_s)) {
        tone = Tone::Alarm;
        let (apart, side) =
            (clock.ahead_s.abs(), if clock.ahead_s > 0 { "ahead" } else { "behind" });
        parts.push(format!("platform's clock {apart} s {side}"));
    }
    if let Some(base) = &account.spare_api_base {
        parts.push(format!("by {}", base.trim_start_matches("https://")));
    }
    for view in account.rules.iter().filter(|view| is_unusual(view)) {
        let column = COLUMNS.iter().find(|(_, rule)| *rule == view.rule);
        if column.is_none() {
            parts.push(format!("{} {}/{}", view.rule, view.used, view.limit));
        }
        if view.unconfirmed > 0 {
            let head = column.map_or_else(|| view.rule.to_string(), |(head, _)| (*head).to_owned());
            parts.push(format!("{head} {} unconfirmed", view.unconfirmed));
        }
    }
    if tone == Tone::Plain && !parts.is_empty() {
        tone = Tone::Warn;
    }
    (tone, parts.join(", "))
}

fn is_apart(ahead_s: i64) -> bool {
    TimeDelta::seconds(ahead_s.abs()) > margins::CLOCK_APART
}

fn counts(jobs: &[(JobState, u64)]) -> String {
    if jobs.is_empty() {
        return "No job was taken yet.".to_owned();
    }
    let counts: Vec<_> =
        jobs.iter().map(|(state, number)| format!("{} {state}", text::count(*number))).collect();
    format!("Jobs: {}.", counts.join(", "))
}
