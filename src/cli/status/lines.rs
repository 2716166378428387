//! Renders the status as text: deadlines first, one line for each item, colour only for what is
//! unusual.
//!
//! Long reasons are in `show`. Printed once, it is limited to a number of lines that a screen
//! holds; in a watch, which scrolls, nothing is left out.

use chrono::{DateTime, TimeDelta, Utc};

use super::{AccountView, AwaitedView, DaemonView, NextView, NoteView, StatusView};
use crate::alert::Severity;
use crate::cli::forecast::ForecastStatus;
use crate::cli::text::{self, Cell, Page, Table, Tone};
use crate::l10n::{Sentence, t};
use crate::model::JobState;
use crate::quota::{Rule, Warns, margins};
use crate::store::{AlertView, ApprovalsView, RefusedFiles, RuleView};
use crate::text::{alert, names, reason};

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
/// What is sent within this time comes first in a watch.
const IMMINENT: TimeDelta = TimeDelta::seconds(60);

/// A part of the answer as lines; the first is its heading.
#[derive(Debug)]
pub(in crate::cli) struct Section {
    pub(in crate::cli) lines: Vec<String>,
}

/// How much of a list is shown, and what says how many are left out.
#[derive(Clone, Copy)]
struct Most {
    rows: usize,
    rest: fn(String) -> String,
}

impl Most {
    const ALL: usize = usize::MAX;

    /// Writes how many are left out.
    fn end(self, page: &mut Page, all: usize) {
        let more = all.saturating_sub(self.rows);
        if more > 0 {
            page.cut(Tone::Plain, 2, &(self.rest)(text::count(more as u64)));
        }
    }
}

/// Returns that so many of the next jobs are left out, and the command that shows them.
fn more_planned(count: String) -> String {
    t!("status-more-planned", count = count)
}

/// Returns that so many approvals are left out, and the command that shows them.
fn more_held(count: String) -> String {
    t!("status-more-held", count = count)
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
        let most = Most { rows, rest: more_planned };
        section(blank, &|page| {
            next(page, (&t!("status-head-next"), &jobs), (most, waiting(view)), now);
        })
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
        let most = Most { rows: of_approvals, rest: more_held };
        section(blank, &|page| {
            if of_approvals > 0 {
                next(page, (&t!("status-head-to-approve"), &jobs), (most, all), now);
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
    let seen = || view.next.iter().take(rows).filter(|job| job.needs_approval());
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
    let shown = |job: &&NextView| holds(&[&job.id, &job.title, &job.account, &mark(job).1]);
    let is_imminent = |job: &&NextView| job.next_run() <= now + IMMINENT;
    let is_held = |job: &&NextView| job.needs_approval();
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
        (t!("status-head-this-minute"), minute, 0, more_held as fn(String) -> String),
        (t!("status-head-to-approve"), approvals, unread.0, more_held),
        (t!("status-head-next"), later, unread.1, more_planned),
    ] {
        let jobs: Vec<_> = jobs.into_iter().filter(shown).collect();
        let most = Most { rows: jobs.len(), rest };
        let total = jobs.len() as u64 + unread;
        if !jobs.is_empty() {
            sections.push(section(blank, &|page| next(page, (&name, &jobs), (most, total), now)));
        }
    }
    let about = |note: &&NoteView| {
        let AlertView { id, account, kind, what, .. } = &note.about;
        let named = [id, account, &note.title].map(|text| text.as_deref().unwrap_or_default());
        let shown = [alert::kind(kind), severity(note.severity)];
        let shown = [shown[0].as_str(), &shown[1], kind, what, &note.note];
        holds(&named) || holds(&shown)
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
    held.map_or(0, |(_, number)| *number).saturating_sub(view.awaiting)
}

fn waiting(view: &StatusView) -> u64 {
    let waiting = |(state, _): &&(JobState, u64)| state.waits();
    view.jobs.iter().filter(waiting).map(|(_, number)| number).sum()
}

fn heading(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    page.heading(&t!("status-heading", now = crate::calendar::beijing(now)));
    daemon(page, &view.daemon, now);
    if let Some(due) = &view.oldest_due {
        let late = text::long(TimeDelta::seconds(due.late_s));
        let what = text::named(&due.title, &format!("{} ({})", due.id, due.account));
        page.lines(Tone::Warn, 0, &t!("status-overdue", late = late, what = what));
    }
    let of = |severity| view.attention.iter().filter(|note| note.severity == severity).count();
    let held = held(view);
    let (now, look, note) = (of(Severity::Page), of(Severity::Look), of(Severity::Note));
    let parts = [
        (now as u64, t!("status-to-decide", count = text::count(now as u64))),
        (look as u64, t!("status-to-look-at", count = text::count(look as u64))),
        (note as u64, t!("status-to-note", count = text::count(note as u64))),
        (held, t!("status-to-approve", count = text::count(held))),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, words)| words);
    let parts: Vec<_> = parts.collect();
    if !parts.is_empty() {
        let tone = if now > 0 { Tone::Alarm } else { Tone::Plain };
        page.cut(tone, 0, &t!("status-to-do", parts = names::clauses(&parts)));
    }
}

fn daemon(page: &mut Page, daemon: &DaemonView, now: DateTime<Utc>) {
    let (Some(pid), Some(since), Some(version)) = (daemon.pid, daemon.since_at, &daemon.version)
    else {
        return page.lines(Tone::Alarm, 0, &t!("status-not-running"));
    };
    let (since, version) = (text::clock(since, now), version.as_str());
    let (tone, line) = match daemon.stuck {
        true => (Tone::Alarm, t!("status-is-stuck", pid = %pid, since = since, version = version)),
        false => (Tone::Good, t!("status-runs", pid = %pid, since = since, version = version)),
    };
    page.cut(tone, 0, &line);
    match daemon.turned_at {
        // A heartbeat is written every other second: a smaller age means nothing.
        Some(at) if now - at <= TimeDelta::seconds(3) => {}
        Some(at) => {
            page.cut(Tone::Warn, 0, &t!("status-turned", ago = text::distance(at, now)));
        }
        None => page.cut(Tone::Warn, 0, &t!("status-no-pulse")),
    }
}

fn next(
    page: &mut Page,
    (name, jobs): (&str, &[&NextView]),
    (most, all): (Most, u64),
    now: DateTime<Utc>,
) {
    if jobs.is_empty() {
        return page.raw(&t!("status-none-waits"));
    }
    let (account, title, job) = (t!("head-account"), t!("head-title"), t!("head-job"));
    let heads = [name, "", "", &account, &title, &job];
    let mut table = Table::of_lines(&heads, &text::JOBS_FIRST, &text::JOBS_THEN).names(3);
    for job in jobs.iter().take(most.rows) {
        let (tone, mark) = mark(job);
        let at = job.next_run();
        let late = if job.due_at < now { Tone::Warn } else { Tone::Plain };
        table.row(vec![
            Cell::new(late, &text::clock(at, now)),
            Cell::plain(&text::distance(at, now)),
            Cell::new(tone, &mark),
            Cell::plain(&job.account),
            Cell::plain(&job.title),
            Cell::plain(&job.id),
        ]);
    }
    page.table(0, &table);
    most.end(page, usize::try_from(all).unwrap_or(usize::MAX));
}

fn mark(job: &NextView) -> (Tone, String) {
    let Some(forecast) = &job.forecast else { return (Tone::Plain, String::new()) };
    match &job.approvals {
        Some(ApprovalsView { needed, given })
            if forecast.status == ForecastStatus::NeedsApproval && !given.is_empty() =>
        {
            (Tone::Warn, t!("mark-approvals", given = given.len(), needed = *needed))
        }
        Some(_) | None => forecast.mark((job.state, job.moved)),
    }
}

/// Returns how soon an operator has to look.
pub(in crate::cli) fn severity(severity: Severity) -> String {
    match severity {
        Severity::Page => t!("status-page"),
        Severity::Look => t!("status-look"),
        Severity::Note => t!("status-note"),
    }
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
        return match running {
            true => page.cut(Tone::Good, 0, &t!("status-nothing-needed")),
            false => page.cut(Tone::Plain, 0, &t!("status-nothing-else-needed")),
        };
    }
    let mut shown = notes.to_vec();
    let urgency = |note: &NoteView| match (note.about.kind.as_str(), &note.about.id) {
        ("stuck", _) => 0,
        (_, None) => 1,
        ("uncertain", _) => 2,
        (_, Some(_)) => 3,
    };
    shown.sort_by_key(|note| (note.severity, urgency(note), std::cmp::Reverse(note.about.since)));
    let heads = [
        t!("status-head-decide"),
        String::new(),
        t!("status-head-since"),
        t!("head-account"),
        t!("status-head-what"),
        t!("status-head-id"),
    ];
    let all = t!("status-all-accounts");
    let (first, then) = ([(4, 28), (3, 8), (4, 24), (2, 0)], [(3, 4), (4, 20)]);
    let mut table = Table::of_lines(&heads, &first, &then).names(3);
    for note in shown.iter().take(most) {
        let tone = match note.severity {
            Severity::Page => Tone::Alarm,
            Severity::Look => Tone::Warn,
            Severity::Note => Tone::Plain,
        };
        table.row(vec![
            Cell::new(tone, &severity(note.severity)),
            Cell::plain(&alert::kind(&note.about.kind)),
            Cell::plain(&text::long(now - note.about.since)),
            Cell::plain(note.about.account.as_deref().unwrap_or(&all)),
            Cell::plain(&what(note)),
            Cell::plain(note.about.id.as_deref().unwrap_or(&note.note)),
        ]);
        // No `show` gives the hint for an account.
        if note.about.kind == "paused" {
            table.note(Tone::Quiet, &note.about.advice);
        }
    }
    page.table(0, &table);
    Most { rows: most, rest: |count| t!("status-more-notes", count = count) }
        .end(page, notes.len());
    page.cut(Tone::Quiet, 2, &t!("status-what-helps"));
}

/// Returns the subject of an alert and its reason, without what its row says already.
fn what(note: &NoteView) -> String {
    let about = &note.about;
    let why = || about.why.as_ref().map(reason::sentence);
    let Some(id) = &about.id else {
        return match (about.kind.as_str(), &about.file) {
            ("hold" | "paused", _) => why().unwrap_or_else(|| about.what.clone()),
            ("first_day" | "first_month", _) => t!("status-tell-earlier"),
            (_, Some(files)) => refused(files),
            (_, None) => about.what.clone(),
        };
    };
    let why = match about.is_state() {
        true => why().unwrap_or_default(),
        false => about.what.clone(),
    };
    match note.title.as_ref().filter(|title| *title != id) {
        Some(title) => t!("title-and-text", title = title.as_str(), text = why),
        None => why,
    }
}

/// Returns which files the inbox refused, without that it refused them.
fn refused(files: &RefusedFiles) -> String {
    match files {
        RefusedFiles::One { name, problems, line: 0 } => {
            t!("status-refused-file", name = name.as_str(), n = *problems)
        }
        RefusedFiles::One { name, problems, line } => {
            t!("status-refused-file-line", name = name.as_str(), n = *problems, line = %line)
        }
        RefusedFiles::Before(more) => t!("status-refused-before", count = %more),
    }
}

/// Writes what was accepted and may wait for somebody outside this program.
fn awaited(page: &mut Page, jobs: &[&AwaitedView], most: usize, now: DateTime<Utc>) {
    if jobs.is_empty() {
        return;
    }
    let heads = [
        t!("status-head-awaited"),
        t!("status-head-administrator"),
        t!("head-account"),
        t!("head-title"),
        t!("head-job"),
    ];
    let mut table = Table::of_lines(&heads, &[(3, 4), (2, 8)], &[(3, 0), (2, 4), (1, 0)]).names(2);
    for job in jobs.iter().take(most) {
        let until = text::clock(job.until, now);
        let until = match job.until > now {
            true => t!("status-confirm-until", until = until),
            false => t!("status-confirm-over"),
        };
        table.row(vec![
            Cell::plain(&text::clock(job.accepted_at, now)),
            Cell::plain(&until),
            Cell::plain(&job.account),
            Cell::plain(&job.title),
            Cell::plain(&job.id),
        ]);
    }
    page.table(0, &table);
    Most { rows: most, rest: |count| t!("status-more-awaited", count = count) }
        .end(page, jobs.len());
}

/// The rules that have a column of their own.
const COLUMNS: [(Sentence, Rule); 4] = [
    (|| t!("status-quota-send"), Rule::DailySend),
    (|| t!("status-quota-history"), Rule::DailyHistory),
    (|| t!("status-quota-month"), Rule::MonthlyHistory),
    (|| t!("status-quota-calls"), Rule::DailyCalls),
];

/// A row for each account: what is used, what waiting jobs claim of the rest, and what is unusual.
fn quotas(page: &mut Page, accounts: &[&AccountView]) {
    let mut heads = vec![t!("status-quotas")];
    heads.extend(COLUMNS.iter().map(|(head, _)| head()));
    heads.push(String::new());
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
    let words = [(account.held, t!("status-on-hold")), (account.paused, t!("status-paused"))];
    for (_, word) in words.into_iter().filter(|(stopped, _)| *stopped) {
        tone = Tone::Alarm;
        parts.push(word);
    }
    if let Some(clock) = account.clock.as_ref().filter(|clock| is_apart(clock.ahead_s)) {
        tone = Tone::Alarm;
        let apart = clock.ahead_s.abs();
        parts.push(match clock.ahead_s > 0 {
            true => t!("status-clock-ahead", apart = %apart),
            false => t!("status-clock-behind", apart = %apart),
        });
    }
    if let Some(base) = &account.spare_api_base {
        parts.push(t!("status-by-base", base = base.trim_start_matches("https://")));
    }
    for view in account.rules.iter().filter(|view| is_unusual(view)) {
        let column = COLUMNS.iter().find(|(_, rule)| *rule == view.rule);
        if column.is_none() {
            parts.push(format!("{} {}/{}", names::rule(view.rule), view.used, view.limit));
        }
        if view.unconfirmed > 0 {
            let rule = column.map_or_else(|| names::rule(view.rule), |(head, _)| head());
            parts.push(t!("status-unconfirmed", rule = rule, count = %view.unconfirmed));
        }
    }
    if tone == Tone::Plain && !parts.is_empty() {
        tone = Tone::Warn;
    }
    (tone, names::clauses(&parts))
}

fn is_apart(ahead_s: i64) -> bool {
    TimeDelta::seconds(ahead_s.abs()) > margins::CLOCK_APART
}

fn counts(jobs: &[(JobState, u64)]) -> String {
    if jobs.is_empty() {
        return t!("status-no-job");
    }
    let counts = jobs.iter().map(|(state, number)| {
        let state = names::job_state(*state);
        t!("status-jobs-in-state", count = text::count(*number), state = state)
    });
    t!("status-jobs", counts = names::list(&counts.collect::<Vec<_>>()))
}
