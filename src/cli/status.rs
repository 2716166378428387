//! `status`: what is sent next, what needs approval, what needs a decision, and how much quota is
//! left.
//!
//! The answer is one value, shown as JSON, as lines ([`lines`]), or in place by `--watch`
//! ([`super::watch`]).

pub(super) mod lines;

use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Args;
use serde::{Serialize, Serializer};

use super::forecast::{self, Forecast, ForecastContext};
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, lookup, zone_data};
use crate::alert::Severity;
use crate::calendar::{self, Span, json};
use crate::config::{AccountConfig, Config};
use crate::l10n::t;
use crate::model::{JobState, Kind};
use crate::quota::{Counted, Rule};
use crate::reason::Reason;
use crate::store::{AlertView, ApprovalsView, JobView, RuleView, Store, StoreError, Tx, Wanted};
use crate::text::{names, reason};

/// How many of the next jobs are read, and how many of those to approve.
const NEXT: u32 = 50;
/// How many days count as lately, and how much of them is read.
const RECENT: TimeDelta = TimeDelta::days(7);
const LATELY_READ: u32 = 50;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Show it anew every second, until `q` or Ctrl-C
    #[arg(long)]
    pub(super) watch: bool,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// At most so many accounts, with their quotas
    #[arg(long, value_name = "N", conflicts_with = "watch")]
    limit: Option<usize>,
    /// Begin after this account, in the config's order: `accounts_after` of the page before
    #[arg(long, value_name = "NAME", conflicts_with = "watch")]
    after: Option<String>,
    #[command(flatten)]
    pub(super) json: Json,
}

/// Which accounts are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Selection<'a> {
    account: Option<&'a str>,
    limit: Option<usize>,
    after: Option<&'a str>,
}

/// The config, and which of its accounts are shown.
pub(super) type Source<'a> = (&'a Config, Selection<'a>);

impl Options {
    pub(super) fn selection(&self) -> Selection<'_> {
        let Self { account, limit, after, .. } = self;
        Selection { account: account.as_deref(), limit: *limit, after: after.as_deref() }
    }
}

impl Selection<'_> {
    /// Returns the accounts of this page, and the account after which the next page begins.
    fn of(
        self,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<(Vec<&AccountConfig>, Option<String>), Problem> {
        let unknown = |name: &str| lookup::unknown_account(config, name, now);
        if let Some(name) = self.account {
            let account =
                lookup::account(config, name).map(|_| name).ok_or_else(|| unknown(name))?;
            let only = config.accounts.iter().filter(|one| one.account.name == account).collect();
            return Ok((only, None));
        }
        let begin = match self.after {
            Some(name) => {
                let before = config.accounts.iter().position(|one| one.account.name == name);
                before.ok_or_else(|| unknown(name))? + 1
            }
            None => 0,
        };
        let rest = &config.accounts[begin..];
        let page = &rest[..self.limit.map_or(rest.len(), |limit| limit.min(rest.len()))];
        let is_last = page.len() == rest.len();
        let after = page.last().filter(|_| !is_last).map(|last| last.account.name.clone());
        Ok((page.iter().collect(), after))
    }

    /// Returns whether something of an account, or of no account, is shown.
    fn shows(self, account: Option<&str>) -> bool {
        self.account.is_none_or(|only| account.is_none_or(|account| account == only))
    }
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct StatusView {
    daemon: DaemonView,
    accounts: Vec<AccountView>,
    /// The value of `--after` for the next page of accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts_after: Option<String>,
    #[serde(serialize_with = "by_state")]
    jobs: Vec<(JobState, u64)>,
    /// In the order in which they are sent, or would be.
    next: Vec<NextView>,
    /// The first jobs that wait for an approval, also if they are not among the next.
    to_approve: Vec<NextView>,
    /// How many held jobs wait for their files, and not for a person.
    #[serde(skip)]
    awaiting: u64,
    /// Broadcasts to everyone that were accepted and have no result yet.
    awaited: Vec<AwaitedView>,
    attention: Vec<NoteView>,
    /// The job that waits longest only for the daemon.
    oldest_due: Option<DueView>,
    /// What did not happen at its time, the newest first.
    #[serde(rename = "lately")]
    recent_failures: Vec<LateView>,
}

#[derive(Debug, Serialize)]
struct DaemonView {
    running: bool,
    pid: Option<u32>,
    since: Option<String>,
    version: Option<String>,
    /// When its loop last completed a turn.
    #[serde(serialize_with = "json::maybe_rfc3339")]
    turned_at: Option<DateTime<Utc>>,
    /// Whether it runs but its loop is stuck.
    stuck: bool,
    /// The address at which it receives callbacks.
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
    /// The spare API address in use, if the first one cannot be reached.
    spare_api_base: Option<String>,
    /// Whether the platform pushes its events to us.
    callback: bool,
    #[serde(serialize_with = "json::maybe_rfc3339")]
    last_event_at: Option<DateTime<Utc>>,
    rules: Vec<RuleView>,
}

/// The last reading of a platform's clock.
#[derive(Debug, Serialize)]
struct ClockView {
    platform_at: String,
    read_at: String,
    age_s: i64,
    /// How far it is ahead of ours.
    ahead_s: i64,
}

/// An alert that needs an operator.
#[derive(Debug, Serialize)]
struct NoteView {
    #[serde(flatten)]
    about: AlertView,
    severity: Severity,
    /// Its name for `ack` and `show`.
    note: String,
    /// The title of its job.
    title: Option<String>,
}

/// One of the next jobs.
#[derive(Debug, Serialize)]
struct NextView {
    id: String,
    title: String,
    account: String,
    action: String,
    state: JobState,
    due: String,
    #[serde(flatten, serialize_with = "reason::as_reason")]
    reason: Option<Reason>,
    #[serde(flatten)]
    forecast: Option<Forecast>,
    /// The approvals of a job that waits for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<ApprovalsView>,
    #[serde(skip)]
    due_at: DateTime<Utc>,
    /// Whether it is later than its author planned.
    #[serde(skip)]
    moved: bool,
}

impl NextView {
    /// Whether it waits for an approval, and not for its files.
    fn needs_approval(&self) -> bool {
        let awaits = matches!(self.reason, Some(Reason::WaitsForFiles { .. }));
        self.state == JobState::Held && !awaits
    }

    /// When it is sent, or would be.
    fn next_run(&self) -> DateTime<Utc> {
        self.forecast.as_ref().and_then(|forecast| forecast.goes_at).unwrap_or(self.due_at)
    }
}

#[derive(Debug, Serialize)]
struct AwaitedView {
    id: String,
    title: String,
    account: String,
    what: String,
    #[serde(skip)]
    accepted_at: DateTime<Utc>,
    /// Until when its administrator could confirm it.
    #[serde(skip)]
    until: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
struct DueView {
    id: String,
    title: String,
    account: String,
    due: String,
    late_s: i64,
}

/// Something that did not happen at its time.
#[derive(Debug, Serialize)]
struct LateView {
    id: String,
    account: Option<String>,
    /// `missed`, `expired`, `failed`, `partial` or `deferred`.
    kind: String,
    #[serde(serialize_with = "json::rfc3339")]
    since: DateTime<Utc>,
    what: String,
    #[serde(flatten, serialize_with = "reason::as_code")]
    why: Option<Reason>,
}

fn by_state<S: Serializer>(counts: &[(JobState, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(state, count)| (state, count)))
}

/// Shows the daemon, what needs an operator, the next jobs and the accounts, once or every second.
pub(super) fn run(
    options: Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let view = look((config, options.selection()), now)?;
    terminal.answer(options.json, &view, |page, view| {
        lines::whole(&page.another(), view, now).iter().for_each(|line| page.raw(line));
    })
}

/// Reads the whole answer.
pub(super) fn look(
    (config, selection): Source<'_>,
    now: DateTime<Utc>,
) -> Result<StatusView, Problem> {
    let page = selection.of(config, now)?;
    let store = match database::open(config, now)? {
        Some(store) => store,
        // Nothing was taken yet, but the rules apply already.
        None => Store::in_memory(now)?,
    };
    Ok(read(&store.read(), config, (selection, page), now)?)
}

fn read(
    tx: &Tx<'_>,
    config: &Config,
    (selection, (page, accounts_after)): (Selection<'_>, (Vec<&AccountConfig>, Option<String>)),
    now: DateTime<Utc>,
) -> Result<StatusView, StoreError> {
    let account = selection.account;
    let context = ForecastContext::read(tx, config, now)?;
    let mut jobs = tx.next_jobs(account, NEXT)?;
    context.explain(&mut jobs);
    let oldest_due = tx.overdue(account, now)?.map(|job| DueView {
        id: job.id,
        title: job.title,
        account: job.account,
        due: calendar::rfc3339(job.due),
        late_s: (now - job.since).num_seconds(),
    });
    let next = in_order(tx, config, &context, jobs)?;
    let mut held = first_held(tx, account)?;
    context.explain(&mut held);
    let to_approve = in_order(tx, config, &context, held)?;
    let awaited = awaited(tx, account, now)?;
    let mut counts = tx.state_counts(account)?;
    counts.sort_by_key(|(state, _)| *state);
    let accounts = page.into_iter().map(|config| account_view(tx, config, &context, now));
    let accounts = accounts.collect::<Result<_, _>>()?;
    let mut attention = tx.attention(now)?;
    attention.extend(not_stored(tx, &context, now)?);
    attention.retain(|note| selection.shows(note.account.as_deref()));
    attention.sort_by_key(|note| note.since);
    let mut recent_failures = recent_failures(tx, &attention, now)?;
    recent_failures.retain(|late| selection.shows(late.account.as_deref()));
    let attention = attention.into_iter().map(|note| note_view(tx, note));
    let attention = attention.collect::<Result<_, _>>()?;
    let daemon = daemon_view(&context);
    Ok(StatusView {
        daemon,
        accounts,
        accounts_after,
        jobs: counts,
        next,
        to_approve,
        awaiting: tx.jobs_awaiting_files(account)?,
        awaited,
        attention,
        oldest_due,
        recent_failures,
    })
}

fn first_held(tx: &Tx<'_>, account: Option<&str>) -> Result<Vec<JobView>, StoreError> {
    let most = usize::try_from(NEXT).unwrap_or(usize::MAX);
    let mut held = Vec::new();
    let wanted = Wanted { account, states: &[JobState::Held], before: None };
    tx.each_job::<StoreError>(wanted, &mut |job| {
        // Nobody can approve what has no content yet.
        if !matches!(job.reason, Some(Reason::WaitsForFiles { .. })) {
            held.push(job);
        }
        Ok(if held.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(held)
}

/// Returns jobs in the order of the times shown for them.
fn in_order(
    tx: &Tx<'_>,
    config: &Config,
    context: &ForecastContext,
    jobs: Vec<JobView>,
) -> Result<Vec<NextView>, StoreError> {
    let views = jobs.into_iter().map(|job| next_view(tx, config, context, job));
    let mut views = views.collect::<Result<Vec<_>, _>>()?;
    views.sort_by_key(NextView::next_run);
    Ok(views)
}

fn awaited(
    tx: &Tx<'_>,
    account: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<AwaitedView>, StoreError> {
    let wanted = Wanted { account, states: &[JobState::Accepted], before: None };
    let jobs = tx.jobs_near(wanted, now, NEXT)?.into_iter();
    let views = jobs.filter_map(|job| {
        let what = reason::sentence(&forecast::awaited(&job, now)?);
        let (_, accepted_at, until) = forecast::confirmed_until(&job)?;
        let JobView { id, title, account, .. } = job;
        Some(AwaitedView { id, title, account, what, accepted_at, until })
    });
    Ok(views.collect())
}

fn daemon_view(context: &ForecastContext) -> DaemonView {
    let (running, heartbeat) = (context.running(), context.heartbeat());
    DaemonView {
        running: running.is_some(),
        pid: running.map(|daemon| daemon.pid),
        since: running.map(|daemon| calendar::rfc3339(daemon.since)),
        since_at: running.map(|daemon| daemon.since),
        version: running.map(|daemon| daemon.version.clone()),
        turned_at: heartbeat.map(|heartbeat| heartbeat.turned_at),
        stuck: context.stuck_since().is_some(),
        listen: heartbeat.and_then(|heartbeat| heartbeat.listen).map(|address| address.to_string()),
    }
}

/// Returns an alert if the daemon cannot write to the database, and so cannot store an alert
/// itself.
fn locked_out(context: &ForecastContext) -> Option<AlertView> {
    let locked_out = context.heartbeat()?.locked_out.as_ref()?;
    Some(AlertView {
        why: None,
        file: None,
        id: None,
        account: None,
        kind: "database_locked".into(),
        since: locked_out.since,
        what: locked_out.sentence(),
        identity: String::new(),
        advice: t!("status-locked-advice"),
    })
}

/// Returns the alerts that no database can hold.
pub(super) fn not_stored(
    tx: &Tx<'_>,
    context: &ForecastContext,
    now: DateTime<Utc>,
) -> Result<Vec<AlertView>, StoreError> {
    let of_zones = of_zones(&tx.zones_in_use()?, now).into_iter();
    Ok(stuck(context, now).into_iter().chain(locked_out(context)).chain(of_zones).collect())
}

/// Returns an alert for each zone of a series or a waiting job whose data are not those of the machine.
fn of_zones(zones: &[Tz], now: DateTime<Utc>) -> Vec<AlertView> {
    let differing = zones.iter().filter_map(|zone| {
        let from = zone_data::differs_from(*zone, now)?;
        Some(AlertView {
            why: None,
            file: None,
            id: None,
            account: None,
            kind: "zone_data".into(),
            since: now,
            what: zone_data::warning(*zone, from),
            identity: String::new(),
            advice: zone_data::advice(),
        })
    });
    differing.collect()
}

/// Returns an alert if a daemon runs and does nothing: the daemon itself cannot report that.
fn stuck(context: &ForecastContext, now: DateTime<Utc>) -> Option<AlertView> {
    let (since, running) = (context.stuck_since()?, context.running()?);
    let ago = text::distance(since, now);
    Some(AlertView {
        why: None,
        file: None,
        id: None,
        account: None,
        kind: "stuck".into(),
        since,
        identity: String::new(),
        what: t!("status-stuck", pid = %running.pid, ago = ago),
        advice: t!("status-stuck-advice"),
    })
}

fn note_view(tx: &Tx<'_>, about: AlertView) -> Result<NoteView, StoreError> {
    let title = about.id.as_deref().map(|id| tx.title(id)).transpose()?.flatten();
    Ok(NoteView { severity: about.severity(), note: about.note(), title, about })
}

fn next_view(
    tx: &Tx<'_>,
    config: &Config,
    context: &ForecastContext,
    job: JobView,
) -> Result<NextView, StoreError> {
    let account = lookup::account(config, &job.account).filter(|_| job.state == JobState::Held);
    Ok(NextView {
        approvals: match account {
            Some(account) => tx.approvals(&job.id, account)?,
            None => None,
        },
        forecast: context.forecast(tx, config, &job)?,
        moved: job.at.is_some_and(|at| at < job.due),
        id: job.id,
        title: job.title,
        account: job.account,
        action: job.action,
        state: job.state,
        due: calendar::rfc3339(job.due),
        due_at: job.due,
        reason: job.reason,
    })
}

fn account_view(
    tx: &Tx<'_>,
    config: &AccountConfig,
    context: &ForecastContext,
    now: DateTime<Utc>,
) -> Result<AccountView, StoreError> {
    let account = &config.account;
    let stops = tx.stops(&account.name)?;
    let clock = context.clock(&account.name).map(|clock| ClockView {
        platform_at: calendar::rfc3339(clock.platform_at),
        read_at: calendar::rfc3339(clock.read_at),
        age_s: (now - clock.read_at).num_seconds(),
        ahead_s: (clock.platform_at - clock.read_at).num_seconds(),
    });
    Ok(AccountView {
        name: account.name.clone(),
        kind: account.kind,
        paused: stops.paused.is_some(),
        held: stops.hold.is_some(),
        clock,
        spare_api_base: tx
            .spare_base(&account.name)?
            .filter(|base| config.api_bases.contains(base)),
        callback: config.callback.is_some(),
        last_event_at: tx.last_event_at(&account.name)?,
        rules: tx.rules(account, now)?,
    })
}

fn recent_failures(
    tx: &Tx<'_>,
    attention: &[AlertView],
    now: DateTime<Utc>,
) -> Result<Vec<LateView>, StoreError> {
    let since = now - RECENT;
    let ended = attention.iter().filter_map(|note| {
        let went_wrong = matches!(note.kind.as_str(), "missed" | "expired" | "failed" | "partial");
        let id = note.id.clone().filter(|_| went_wrong && note.since > since)?;
        let what = note.why.as_ref().map(reason::sentence);
        let (account, kind) = (note.account.clone(), note.kind.clone());
        let (since, what) = (note.since, what.unwrap_or_default());
        Some(LateView { id, account, kind, since, what, why: note.why.clone() })
    });
    let mut recent_failures: Vec<_> = ended.collect();
    recent_failures.extend(tx.deferred_since(since, LATELY_READ)?.into_iter().map(|job| {
        let why = reason::sentence(job.why.behind_deferral());
        LateView {
            what: t!("status-moved-to", at = text::time(job.due), why = why),
            why: Some(job.why),
            id: job.id,
            account: Some(job.account),
            kind: "deferred".to_owned(),
            since: job.moved_at,
        }
    }));
    recent_failures.sort_by_key(|late| std::cmp::Reverse(late.since));
    Ok(recent_failures)
}

/// Writes the rules with their state.
pub(super) fn rules_table(page: &mut Page, rules: &[RuleView], now: DateTime<Utc>) {
    let columns = [
        (t!("head-rule"), 0),
        (t!("status-head-used"), 6),
        (t!("status-head-claimed"), 7),
        (t!("status-head-limit"), 6),
        (t!("status-head-resets"), 45),
    ];
    let mut table = Table::new(&columns).right(&[1, 2, 3]);
    for rule in rules {
        let full = rule.used.saturating_add(rule.claimed) >= rule.limit;
        let tone = if full { Tone::Warn } else { Tone::Plain };
        table.row(vec![
            Cell::plain(&names::rule(rule.rule)),
            Cell::new(tone, &rule.used.to_string()),
            Cell::new(tone, &rule.claimed.to_string()),
            Cell::new(tone, &rule.limit.to_string()),
            Cell::plain(&resets(rule.rule, rule.resets_at, now)),
        ]);
        if rule.unconfirmed > 0 {
            let n = rule.unconfirmed;
            let count = text::count(n.into());
            table.note(Tone::Warn, &t!("status-sent-elsewhere", n = n, count = count));
        }
    }
    page.table(2, &table);
}

fn resets(rule: Rule, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match (at, rule.row().counted) {
        (Some(at), _) => text::time_and_distance(at, now),
        (None, Counted::Sliding(span)) => t!("status-slides", seconds = %span.num_seconds()),
        (None, Counted::In(Span::Ever)) => t!("status-never"),
        (None, Counted::In(Span::Day | Span::Month)) => String::new(),
    }
}
