//! What an operator reads at 19:59: what needs a person, what goes next, what is left of the quotas.
//!
//! The answer is one value, shown whole, as JSON, or cut to a terminal's height by `--watch`
//! ([`super::watch`]): what needs a person and what goes next are cut last.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::{Serialize, Serializer};

use super::outlook::{self, Around, Outlook};
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, watch};
use crate::calendar::{self, Span};
use crate::config::{AccountConfig, Config};
use crate::daemon::Clock;
use crate::model::{JobState, Kind};
use crate::quota::{Counted, Rule};
use crate::store::{AttentionView, JobView, RuleView, Step, Store, StoreError, Wanted};

/// How many of the next jobs are read, and how many of them a person is shown.
const NEXT: u32 = 50;
const NEXT_SHOWN: usize = 10;
/// How many things a person is shown at once.
const ATTENTION_SHOWN: usize = 12;
/// What happened within so many days is lately, and how much of it is read and shown.
const LATELY: TimeDelta = TimeDelta::days(7);
const LATELY_READ: u32 = 50;
const LATELY_SHOWN: usize = 6;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Show it anew every second, until Ctrl-C
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct StatusView {
    daemon: DaemonView,
    accounts: Vec<AccountView>,
    #[serde(serialize_with = "by_state")]
    jobs: Vec<(JobState, u64)>,
    next: Vec<NextView>,
    /// Broadcasts to everyone that were accepted, and whose result is not in.
    awaited: Vec<AwaitedView>,
    attention: Vec<AttentionView>,
    /// The job that is due longest and has not been asked for.
    oldest_due: Option<DueView>,
    /// What did not happen at its time, the newest first.
    lately: Vec<LateView>,
}

#[derive(Debug, Serialize)]
struct DaemonView {
    running: bool,
    pid: Option<u32>,
    since: Option<String>,
    version: Option<String>,
    /// When its loop last turned.
    #[serde(serialize_with = "outlook::maybe_rfc3339")]
    turned_at: Option<DateTime<Utc>>,
    /// Whether it runs and its loop stands still.
    stuck: bool,
    /// Where it hears callbacks.
    listen: Option<String>,
    #[serde(skip)]
    since_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize)]
struct AccountView {
    name: String,
    kind: Kind,
    paused: bool,
    held: bool,
    clock: Option<ClockView>,
    /// Whether the platform pushes its events to us.
    callback: bool,
    #[serde(serialize_with = "outlook::maybe_rfc3339")]
    last_event_at: Option<DateTime<Utc>>,
    rules: Vec<RuleView>,
}

/// What a platform's clock last said.
#[derive(Debug, Serialize)]
struct ClockView {
    platform_at: String,
    read_at: String,
    age_s: i64,
    /// How far it is ahead of ours.
    ahead_s: i64,
    #[serde(skip)]
    clock: Clock,
}

/// One of the next jobs.
#[derive(Debug, Serialize)]
struct NextView {
    id: String,
    account: String,
    action: String,
    state: JobState,
    due: String,
    reason: Option<String>,
    #[serde(flatten)]
    outlook: Option<Outlook>,
    #[serde(skip)]
    due_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
struct AwaitedView {
    id: String,
    account: String,
    what: String,
}

#[derive(Debug, Serialize)]
struct DueView {
    id: String,
    account: String,
    due: String,
    late_s: i64,
    #[serde(skip)]
    due_at: DateTime<Utc>,
}

/// Something that did not happen at its time.
#[derive(Debug, Serialize)]
struct LateView {
    id: String,
    account: Option<String>,
    /// `missed`, `expired`, `failed`, `partial` or `deferred`.
    kind: String,
    #[serde(serialize_with = "outlook::rfc3339")]
    since: DateTime<Utc>,
    what: String,
}

fn by_state<S: Serializer>(counts: &[(JobState, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(state, count)| (state, count)))
}

/// Shows the daemon, what needs a person, the next jobs and the accounts, once or every second.
pub(super) fn run(
    options: Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let view = look(config, now)?;
    if options.watch {
        return watch::run(options.json, config, terminal);
    }
    terminal.answer(options.json, &view, |page, view| {
        for section in sections(&page.another(), view, now) {
            section.lines.iter().for_each(|line| page.raw(line));
        }
    })
}

/// Reads the whole answer.
pub(super) fn look(config: &Config, now: DateTime<Utc>) -> Result<StatusView, Problem> {
    let store = match database::open(config, now)? {
        Some(store) => store,
        // Nothing was taken yet, and the rules stand all the same.
        None => Store::in_memory(now)?,
    };
    Ok(read(&store.read(), config, now)?)
}

fn read(step: &Step<'_>, config: &Config, now: DateTime<Utc>) -> Result<StatusView, StoreError> {
    let around = Around::read(step, config, now)?;
    let mut jobs = step.next_jobs(NEXT)?;
    around.explain(&mut jobs);
    let is_due = |job: &&JobView| job.due <= now && !matches!(job.state, JobState::Held);
    let oldest_due = jobs.iter().find(is_due).map(|job| DueView {
        id: job.id.clone(),
        account: job.account.clone(),
        due: calendar::rfc3339(job.due),
        late_s: (now - job.due).num_seconds(),
        due_at: job.due,
    });
    let next = jobs.into_iter().map(|job| next_view(step, config, &around, job));
    let next = next.collect::<Result<_, _>>()?;
    let awaited = awaited(step, now)?;
    let mut counts = step.state_counts()?;
    counts.sort_by_key(|(state, _)| *state);
    let accounts = config.accounts.iter().map(|config| account_view(step, config, &around, now));
    let accounts = accounts.collect::<Result<_, _>>()?;
    let mut attention = step.attention(now)?;
    attention.extend(stuck(&around, now));
    attention.extend(locked_out(&around));
    attention.sort_by_key(|note| note.since);
    let lately = lately(step, &attention, now)?;
    let daemon = daemon_view(&around);
    Ok(StatusView { daemon, accounts, jobs: counts, next, awaited, attention, oldest_due, lately })
}

fn awaited(step: &Step<'_>, now: DateTime<Utc>) -> Result<Vec<AwaitedView>, StoreError> {
    let wanted = Wanted { account: None, states: &[JobState::Accepted], before: None };
    let jobs = step.jobs_near(wanted, now, NEXT)?.into_iter();
    let views = jobs.filter_map(|job| {
        let what = outlook::awaited(&job, now)?;
        Some(AwaitedView { id: job.id, account: job.account, what })
    });
    Ok(views.collect())
}

fn daemon_view(around: &Around) -> DaemonView {
    let (running, pulse) = (around.running(), around.pulse());
    DaemonView {
        running: running.is_some(),
        pid: running.map(|daemon| daemon.pid),
        since: running.map(|daemon| calendar::rfc3339(daemon.since)),
        since_at: running.map(|daemon| daemon.since),
        version: running.map(|daemon| daemon.version.clone()),
        turned_at: pulse.map(|pulse| pulse.turned_at),
        stuck: around.stuck_since().is_some(),
        listen: pulse.and_then(|pulse| pulse.listen).map(|address| address.to_string()),
    }
}

/// Tells of a database that the daemon cannot write to, not even that.
fn locked_out(around: &Around) -> Option<AttentionView> {
    let locked_out = around.pulse()?.locked_out.as_ref()?;
    Some(AttentionView {
        id: None,
        account: None,
        kind: "database_locked".into(),
        since: locked_out.since,
        what: locked_out.sentence(),
        advice:
            "end that program, or let it finish; the daemon goes on by itself, and what passed \
                 its `grace` meanwhile is missed"
                .into(),
    })
}

/// Tells of a daemon that runs and does nothing, which nobody else can tell of.
fn stuck(around: &Around, now: DateTime<Utc>) -> Option<AttentionView> {
    let (since, running) = (around.stuck_since()?, around.running()?);
    let stands = text::distance(since, now);
    Some(AttentionView {
        id: None,
        account: None,
        kind: "stuck".into(),
        since,
        what: format!(
            "the daemon (pid {}) runs, but its loop last turned {stands}: nothing is released",
            running.pid
        ),
        advice: "look at its log and at the disk; restarting it is safe: what is under way is \
                 asked again with the same clientmsgid"
            .into(),
    })
}

fn next_view(
    step: &Step<'_>,
    config: &Config,
    around: &Around,
    job: JobView,
) -> Result<NextView, StoreError> {
    Ok(NextView {
        outlook: around.outlook(step, config, &job)?,
        id: job.id,
        account: job.account,
        action: job.action,
        state: job.state,
        due: calendar::rfc3339(job.due),
        due_at: job.due,
        reason: job.reason,
    })
}

fn account_view(
    step: &Step<'_>,
    config: &AccountConfig,
    around: &Around,
    now: DateTime<Utc>,
) -> Result<AccountView, StoreError> {
    let account = &config.account;
    let stops = step.stops(&account.name)?;
    let clock = around.clock(&account.name).map(|clock| ClockView {
        platform_at: calendar::rfc3339(clock.platform_at),
        read_at: calendar::rfc3339(clock.read_at),
        age_s: (now - clock.read_at).num_seconds(),
        ahead_s: (clock.platform_at - clock.read_at).num_seconds(),
        clock,
    });
    Ok(AccountView {
        name: account.name.clone(),
        kind: account.kind,
        paused: stops.paused.is_some(),
        held: stops.hold.is_some(),
        clock,
        callback: config.callback.is_some(),
        last_event_at: step.last_event_at(&account.name)?,
        rules: step.rules(account, now)?,
    })
}

fn lately(
    step: &Step<'_>,
    attention: &[AttentionView],
    now: DateTime<Utc>,
) -> Result<Vec<LateView>, StoreError> {
    let since = now - LATELY;
    let ended = attention.iter().filter_map(|note| {
        let went_wrong = matches!(note.kind.as_str(), "missed" | "expired" | "failed" | "partial");
        let id = note.id.clone().filter(|_| went_wrong && note.since > since)?;
        let lead = format!("job {id} is {}: ", note.kind);
        let what = note.what.strip_prefix(&lead).unwrap_or(&note.what).to_owned();
        let (account, kind) = (note.account.clone(), note.kind.clone());
        Some(LateView { id, account, kind, since: note.since, what })
    });
    let mut lately: Vec<_> = ended.collect();
    lately.extend(step.deferred_since(since, LATELY_READ)?.into_iter().map(|job| {
        let why = job.why.strip_prefix("deferred: ").unwrap_or(&job.why);
        LateView {
            what: format!("moved to {}: {why}", text::time(job.due)),
            id: job.id,
            account: Some(job.account),
            kind: "deferred".to_owned(),
            since: job.moved_at,
        }
    }));
    lately.sort_by_key(|late| std::cmp::Reverse(late.since));
    Ok(lately)
}

/// What part of the answer a section is; the first is given up last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The clock and the daemon.
    Daemon,
    /// What needs a person.
    Attention,
    /// What goes next.
    Next,
    /// One account's rules.
    Account,
    /// How many jobs there are.
    Counts,
    /// What did not happen lately.
    Lately,
}

/// A part of the answer as lines.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) part: Part,
    pub(super) lines: Vec<String>,
    /// The same on one line, for a terminal that is not high enough.
    pub(super) brief: Option<String>,
}

/// Returns the answer in the order in which it is read.
pub(super) fn sections(blank: &Page, view: &StatusView, now: DateTime<Utc>) -> Vec<Section> {
    let section = |part, write: &dyn Fn(&mut Page)| {
        let mut page = blank.another();
        write(&mut page);
        Section { part, lines: page.finish().lines().map(str::to_owned).collect(), brief: None }
    };
    let mut sections = vec![
        section(Part::Daemon, &|page| head(page, view, now)),
        section(Part::Attention, &|page| attention(page, view, now)),
        section(Part::Next, &|page| {
            next(page, view, now);
            awaits(page, &view.awaited);
        }),
    ];
    let accounts = view.accounts.iter();
    sections.extend(accounts.map(|account| {
        let whole = section(Part::Account, &|page| {
            account_rules(page, account, view.daemon.running, now);
        });
        let mut line = blank.another();
        account_brief(&mut line, account);
        Section { brief: Some(line.finish().trim_end().to_owned()), ..whole }
    }));
    if !view.lately.is_empty() {
        sections.push(section(Part::Lately, &|page| late(page, &view.lately, now)));
    }
    sections.push(section(Part::Counts, &|page| page.lines(Tone::Plain, 0, &counts(&view.jobs))));
    sections
}

fn head(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    page.head(&format!("qunfa at {} (Beijing time)", calendar::beijing(now)));
    daemon_lines(page, &view.daemon, now);
    if let Some(due) = &view.oldest_due {
        let at = text::time_and_distance(due.due_at, now);
        let line = format!("The oldest due job is {} ({}), due {at}.", due.id, due.account);
        page.lines(Tone::Warn, 0, &line);
    }
    page.gap();
}

fn daemon_lines(page: &mut Page, daemon: &DaemonView, now: DateTime<Utc>) {
    let (Some(pid), Some(since), Some(version)) = (daemon.pid, daemon.since_at, &daemon.version)
    else {
        let text = "The daemon is NOT RUNNING: nothing is released until it is started.";
        page.lines(Tone::Alarm, 0, text);
        return page.lines(Tone::Plain, 0, "do: `systemctl start qunfa`, or `qunfa run`");
    };
    let since = text::time_and_distance(since, now);
    let (tone, state) = if daemon.stuck { (Tone::Alarm, "is STUCK") } else { (Tone::Good, "runs") };
    page.lines(
        tone,
        0,
        &format!("The daemon {state}: pid {pid}, since {since}, version {version}."),
    );
    let turned = match daemon.turned_at {
        // A pulse is left every other second: less than that says nothing.
        Some(at) if now - at <= TimeDelta::seconds(3) => "Its loop turns".to_owned(),
        Some(at) => format!("Its loop last turned {}", text::distance(at, now)),
        None => "Whether its loop turns is not known".to_owned(),
    };
    let heard = match &daemon.listen {
        Some(address) => format!("callbacks are heard on {address}"),
        None if daemon.turned_at.is_some() => "it hears no callbacks".to_owned(),
        None => "no pulse of it can be read".to_owned(),
    };
    page.lines(Tone::Plain, 0, &format!("{turned}; {heard}."));
}

/// What stops the daemon or an account stands first, then what is in doubt, then the newest.
fn attention(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    let notes = &view.attention;
    if notes.is_empty() {
        // A daemon that is down needs one, as the lines before say.
        let (tone, else_) =
            if view.daemon.running { (Tone::Good, "") } else { (Tone::Plain, " else") };
        page.lines(tone, 0, &format!("Nothing{else_} needs a person."));
        return page.gap();
    }
    let mut shown: Vec<_> = notes.iter().collect();
    let urgency = |note: &AttentionView| match (note.kind.as_str(), &note.id) {
        ("stuck", _) => 0,
        (_, None) => 1,
        ("uncertain", _) => 2,
        (_, Some(_)) => 3,
    };
    shown.sort_by_key(|note| (urgency(note), std::cmp::Reverse(note.since)));
    let title = format!("NEEDS A PERSON: {}", text::plural(notes.len(), "thing", "things"));
    page.lines(Tone::Alarm, 0, &title);
    for note in shown.iter().take(ATTENTION_SHOWN) {
        let what = match &note.account {
            Some(account) => format!("{account}: {}", note.what),
            None => note.what.clone(),
        };
        page.hanging(Tone::Warn, 2, "! ", &what);
        page.lines(Tone::Quiet, 4, &format!("since {}", text::time_and_distance(note.since, now)));
        page.hanging(Tone::Plain, 4, "do: ", &note.advice);
    }
    if shown.len() > ATTENTION_SHOWN {
        let more = shown.len() - ATTENTION_SHOWN;
        page.lines(Tone::Warn, 2, &format!("and {more} more: `qunfa status --json` has all"));
    }
    page.gap();
}

fn next(page: &mut Page, view: &StatusView, now: DateTime<Utc>) {
    if view.next.is_empty() {
        page.raw("No job waits to be released.");
        return page.gap();
    }
    page.head("NEXT");
    let mut table = Table::new(&[("job", 0), ("account", 14), ("goes", 45)]);
    for job in view.next.iter().take(NEXT_SHOWN) {
        let (tone, goes) = job.outlook.as_ref().map_or_else(
            || (Tone::Plain, text::time_and_distance(job.due_at, now)),
            |outlook| outlook.cell(job.due_at, now),
        );
        table.row(vec![Cell::plain(&job.id), Cell::plain(&job.account), Cell::new(tone, &goes)]);
        if let Some(note) = job.outlook.as_ref().and_then(Outlook::note) {
            table.note(Tone::Quiet, &note);
        }
    }
    page.table(2, &table);
    let waiting = |(state, _): &&(JobState, u64)| state.waits();
    let all: u64 = view.jobs.iter().filter(waiting).map(|(_, n)| n).sum();
    let shown = view.next.len().min(NEXT_SHOWN) as u64;
    if all > shown {
        let more = text::count(all - shown);
        page.lines(Tone::Plain, 2, &format!("and {more} more: `qunfa plan` tells when they go"));
    }
    page.gap();
}

/// What was accepted and may wait for somebody else than us.
fn awaits(page: &mut Page, jobs: &[AwaitedView]) {
    if jobs.is_empty() {
        return;
    }
    page.head("ACCEPTED, NO RESULT YET");
    for job in jobs.iter().take(NEXT_SHOWN) {
        page.hanging(Tone::Plain, 2, &format!("{} ({})  ", job.id, job.account), &job.what);
    }
    if jobs.len() > NEXT_SHOWN {
        let more = jobs.len() - NEXT_SHOWN;
        page.lines(Tone::Plain, 2, &format!("and {more} more: `qunfa jobs --state accepted`"));
    }
    page.gap();
}

/// An account's name and kind, and what stops it.
fn account_title(account: &AccountView) -> (Tone, String) {
    let mut title = format!("{} ({})", account.name, account.kind);
    if account.held {
        title.push_str(", ON HOLD");
    }
    if account.paused {
        title.push_str(", PAUSED");
    }
    let stopped = account.held || account.paused;
    (if stopped { Tone::Alarm } else { Tone::Head }, title)
}

/// An account on one line: the rules that are counted in days and months.
fn account_brief(page: &mut Page, account: &AccountView) {
    let (tone, title) = account_title(account);
    let rules = account.rules.iter().filter(|rule| rule.window.is_some());
    let rules = rules.map(|rule| {
        let RuleView { rule, used, claimed, limit, .. } = rule;
        format!("{rule} {used}+{claimed}/{limit}")
    });
    let rules: Vec<_> = rules.collect();
    page.cut(tone, 0, &format!("{title}: {}", rules.join(", ")));
}

fn account_rules(page: &mut Page, account: &AccountView, running: bool, now: DateTime<Utc>) {
    let (tone, title) = account_title(account);
    page.lines(tone, 0, &title);
    rules_table(page, &account.rules, now);
    surroundings(page, account, running, now);
    page.gap();
}

/// Writes rules as they stand.
pub(super) fn rules_table(page: &mut Page, rules: &[RuleView], now: DateTime<Utc>) {
    let mut table =
        Table::new(&[("rule", 0), ("used", 6), ("claimed", 7), ("limit", 6), ("resets", 45)])
            .right(&[1, 2, 3]);
    for rule in rules {
        let full = rule.used.saturating_add(rule.claimed) >= rule.limit;
        let tone = if full { Tone::Warn } else { Tone::Plain };
        table.row(vec![
            Cell::plain(rule.rule.name()),
            Cell::new(tone, &rule.used.to_string()),
            Cell::new(tone, &rule.claimed.to_string()),
            Cell::new(tone, &rule.limit.to_string()),
            Cell::plain(&resets(rule.rule, rule.resets_at, now)),
        ]);
        if rule.unconfirmed > 0 {
            let sends = text::plural(
                usize::try_from(rule.unconfirmed).unwrap_or(usize::MAX),
                "send",
                "sends",
            );
            table.note(
                Tone::Warn,
                &format!("and {sends} made elsewhere that only an event tells of"),
            );
        }
    }
    page.table(2, &table);
}

/// What the platform's clock says, and whether its events come.
fn surroundings(page: &mut Page, account: &AccountView, running: bool, now: DateTime<Utc>) {
    match &account.clock {
        Some(view) => {
            let Clock { read_at, platform_at } = view.clock;
            let apart = platform_at - read_at;
            let relation = match apart.num_seconds() {
                -1..=1 => "like ours".to_owned(),
                ahead @ 2.. => format!("{ahead} s ahead of ours"),
                behind => format!("{} s behind ours", -behind),
            };
            let tone = if apart.abs() > crate::quota::margins::CLOCK_APART {
                Tone::Alarm
            } else {
                Tone::Quiet
            };
            let line = format!(
                "the platform said {}, {relation}; read {}",
                text::time(platform_at),
                text::distance(read_at, now)
            );
            page.hanging(tone, 2, "clock     ", &line);
        }
        None if running => {
            let line = "not read since its start: a minute before a job is due it is";
            page.hanging(Tone::Quiet, 2, "clock     ", line);
        }
        None => {}
    }
    let line = match (account.callback, account.last_event_at) {
        (_, Some(at)) => format!("the last event came {}", text::time_and_distance(at, now)),
        (true, None) => "no event has come yet".to_owned(),
        (false, None) => return,
    };
    page.hanging(Tone::Quiet, 2, "callback  ", &line);
}

fn resets(rule: Rule, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match (at, rule.row().counted) {
        (Some(at), _) => text::time_and_distance(at, now),
        (None, Counted::Sliding(span)) => {
            format!("slides, {} s", span.num_seconds())
        }
        (None, Counted::In(Span::Ever)) => "never".to_owned(),
        (None, Counted::In(Span::Day | Span::Month)) => String::new(),
    }
}

/// The width of ` moved to ` and a time, with the mark of what was cut.
const MOVED: usize = 37;

fn late(page: &mut Page, lately: &[LateView], now: DateTime<Utc>) {
    page.head(&format!("NOT AT ITS TIME, in the last {} days", LATELY.num_days()));
    for late in lately.iter().take(LATELY_SHOWN) {
        let tone = if late.kind == "deferred" { Tone::Plain } else { Tone::Warn };
        let since = text::distance(late.since, now);
        let lead = format!("{} {} {since}:", late.id, late.kind);
        // A long id leaves the new time no room beside it.
        if text::width(&lead) + MOVED > page.room(2) {
            page.cut(tone, 2, &lead);
            page.cut(tone, 4, &late.what);
        } else {
            page.cut(tone, 2, &format!("{lead} {}", late.what));
        }
    }
    if lately.len() > LATELY_SHOWN {
        let more = lately.len() - LATELY_SHOWN;
        page.lines(Tone::Plain, 2, &format!("and {more} more: `qunfa status --json`"));
    }
    page.gap();
}

fn counts(jobs: &[(JobState, u64)]) -> String {
    if jobs.is_empty() {
        return "No job was taken yet.".to_owned();
    }
    let counts: Vec<_> =
        jobs.iter().map(|(state, number)| format!("{} {state}", text::count(*number))).collect();
    format!("Jobs: {}.", counts.join(", "))
}
