//! `quota`: what used the quotas, sends recorded by hand, and corrections.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Asia::Shanghai;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::lookup::{named_account, same_account};
use super::moves::{self, MoveView};
use super::reply::{Reason, say};
use super::status;
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database};
use crate::calendar;
use crate::config::Config;
use crate::l10n::t;
use crate::model::{Account, Kind};
use crate::quota;
use crate::store::{DecisionView, Entry, EntryView, Recorded, Rescheduled, RuleView, Store, Tx};
use crate::text::names;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Options {
    #[command(subcommand)]
    change: Option<Change>,
    /// Only this account
    #[arg(value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Enter what was sent elsewhere: on the website, or by another program
    ///
    /// A website send, whoever it went to, uses a subscription account's history of the day and a
    /// service account's history of the month. One send is booked once: where an event or a
    /// refusal (45028) told of it already, that entry is confirmed instead.
    Record(RecordOptions),
    /// Take back an entry that never used quota
    ///
    /// Takes an entry number of `qunfa quota`. A send made elsewhere returns all that it charges.
    /// What is reserved, or was accepted by the platform, cannot be returned. Jobs that were
    /// deferred come forward into the room that it leaves.
    Return(ReturnOptions),
}

#[derive(Debug, Args)]
struct RecordOptions {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// When it was sent; now, if left out
    ///
    /// A day (2026-11-20), a Beijing time (2026-11-20 20:00), or RFC 3339. A day that is past
    /// counts in its own day and month, not in today's.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<When>,
    /// How many were sent elsewhere in all, those that are known already among them
    ///
    /// With --at: on that day. Without: this month for a service account, and none of them uses
    /// today's quota of a day; today for a subscription account.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=31))]
    count: Option<u32>,
    /// Nothing was sent before qunfa knew the account
    #[arg(long, conflicts_with_all = ["at", "count"])]
    none: bool,
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
struct ReturnOptions {
    /// The entry's number, like s3 or c12
    #[arg(value_name = "ENTRY", value_parser = parse_entry)]
    entry: Entry,
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    json: Json,
}

/// The time that an operator gives for a send.
#[derive(Clone, Copy, Debug)]
struct When {
    at: DateTime<Utc>,
}

fn parse_time(text: &str) -> Result<When, String> {
    let when = written_time(text)?;
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    if when.at.with_timezone(&Shanghai).date_naive() < first {
        return Err(t!("quota-before-2000"));
    }
    Ok(when)
}

fn written_time(text: &str) -> Result<When, String> {
    let local = |local: NaiveDateTime| {
        calendar::instant(local, Shanghai).map(|at| When { at }).map_err(|error| error.to_string())
    };
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(When { at: at.to_utc() });
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return local(day.and_time(NaiveTime::MIN));
    }
    let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];
    match formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()) {
        Some(time) => local(time),
        None => Err(t!("quota-write-time")),
    }
}

fn parse_entry(text: &str) -> Result<Entry, String> {
    Entry::parse(text).ok_or_else(|| t!("quota-write-entry"))
}

/// One account's part of the ledger.
#[derive(Debug, Serialize)]
struct LedgerView {
    name: String,
    kind: Kind,
    paused: bool,
    held: bool,
    rules: Vec<RuleView>,
    entries: Vec<EntryView>,
    /// Decisions about the account that concern no entry.
    decisions: Vec<DecisionView>,
}

/// Shows the ledger, or changes it.
pub(super) fn run(
    options: &Options,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    match &options.change {
        None => list(options, config, terminal),
        Some(Change::Record(options)) => record(options, config, who, terminal),
        Some(Change::Return(options)) => take_back(options, config, who, terminal),
    }
}

fn list(options: &Options, config: &Config, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let now = (terminal.now)();
    let store = match database::open(config, now)? {
        Some(store) => store,
        // Nothing was charged yet, but the rules apply already.
        None => Store::in_memory(now)?,
    };
    let accounts: Vec<&Account> = match &options.account {
        Some(name) => vec![named_account(config, name, now)?],
        None => config.accounts.iter().map(|config| &config.account).collect(),
    };
    let tx = store.read();
    let mut ledgers = Vec::new();
    for account in accounts {
        let stops = tx.stops(&account.name)?;
        ledgers.push(LedgerView {
            name: account.name.clone(),
            kind: account.kind,
            paused: stops.paused.is_some(),
            held: stops.hold.is_some(),
            rules: tx.rules(account, now)?,
            entries: tx.entries(account, now)?,
            decisions: tx.decisions_without_entry(&account.name)?,
        });
    }
    terminal.answer(options.json, &ledgers, |page, ledgers| {
        for (index, ledger) in ledgers.iter().enumerate() {
            if index > 0 {
                page.blank_line();
            }
            render(page, ledger, now);
        }
    })
}

fn render(page: &mut Page, ledger: &LedgerView, now: DateTime<Utc>) {
    let kind = match ledger.kind {
        Kind::Subscription => t!("quota-subscription"),
        Kind::Service => t!("quota-service"),
    };
    let mut parts = vec![t!("quota-account", account = ledger.name.as_str(), kind = kind)];
    parts.extend(ledger.held.then(|| t!("status-on-hold")));
    parts.extend(ledger.paused.then(|| t!("status-paused")));
    let tone = if ledger.held || ledger.paused { Tone::Alarm } else { Tone::Head };
    page.lines(tone, 0, &names::clauses(&parts));
    status::rules_table(page, &ledger.rules, now);
    for decision in &ledger.decisions {
        let (at, who) = (text::time(decision.at), decision.who.as_str());
        let said = t!("quota-none-before", at = at, who = who);
        page.lines(Tone::Quiet, 2, &names::because(said, decision.why.as_deref()));
    }
    page.blank_line();
    if ledger.entries.is_empty() {
        return page.lines(Tone::Plain, 2, &t!("quota-nothing-charged"));
    }
    let columns = [
        (t!("quota-head-entry"), 0),
        (t!("quota-head-when"), 26),
        (t!("head-state"), 11),
        (t!("quota-head-charges"), 44),
    ];
    let mut table = Table::new(&columns);
    for entry in &ledger.entries {
        table.row(vec![
            Cell::plain(&entry.entry),
            Cell::plain(&when(entry)),
            Cell::new(state_tone(&entry.state), &names::charge_state(&entry.state)),
            Cell::plain(&charges(entry)),
        ]);
        table.note(Tone::Quiet, &origin(entry));
        for decision in &entry.decisions {
            let (at, who) = (text::time(decision.at), decision.who.as_str());
            let did = match decision.what.as_str() {
                "return" => t!("quota-returned", at = at, who = who),
                _ => t!("quota-recorded", at = at, who = who),
            };
            table.note(Tone::Quiet, &names::because(did, decision.why.as_deref()));
        }
    }
    page.table(2, &table);
}

fn when(entry: &EntryView) -> String {
    match entry.at {
        None => t!("quota-that-day"),
        Some(at) if !entry.day_known => {
            t!("quota-in-month", month = calendar::beijing(at).get(..7).unwrap_or_default())
        }
        Some(at) if entry.source == "record" && at == calendar::last_midnight(at) => {
            calendar::beijing(at).get(..10).unwrap_or_default().to_owned()
        }
        Some(at) => text::time(at),
    }
}

fn state_tone(state: &str) -> Tone {
    match state {
        "returned" => Tone::Quiet,
        "unconfirmed" => Tone::Warn,
        _ => Tone::Plain,
    }
}

fn charges(entry: &EntryView) -> String {
    let charges = entry.charges.iter().map(|charge| {
        let rule = names::stored_rule(&charge.rule);
        let window = names::stored_window(&charge.window);
        match charge.amount {
            1 => t!("quota-charge", rule = rule, window = window),
            some => t!("quota-charges", amount = %some, rule = rule, window = window),
        }
    });
    let charges: Vec<_> = charges.collect();
    if charges.is_empty() { t!("quota-none") } else { names::list(&charges) }
}

/// Returns the origin of an entry.
fn origin(entry: &EntryView) -> String {
    let origin = match (entry.source.as_str(), &entry.job, entry.batch) {
        (_, Some(job), Some(batch)) => {
            let job = text::named(entry.title.as_deref().unwrap_or(job), job);
            t!("quota-of-job", job = job, batch = %batch)
        }
        ("event", ..) => t!("quota-by-event"),
        ("45028", ..) => t!("quota-by-refusal"),
        ("record", ..) => t!("quota-by-person"),
        ("calls_gone", ..) => return t!("quota-calls-gone"),
        ("followers", ..) => return t!("quota-own-followers"),
        ("uploads", ..) => return t!("quota-own-uploads"),
        _ => return t!("quota-own-calls"),
    };
    match entry.msg_id {
        Some(id) => t!("quota-with-broadcast", origin = origin, msg_id = %id),
        None => origin,
    }
}

/// The answer to `record`.
#[derive(Debug, Serialize)]
struct RecordedView {
    account: String,
    entries: Vec<RecordedEntry>,
    rules: Vec<RuleView>,
    /// The jobs that have another time now.
    moved: Vec<MoveView>,
}

#[derive(Debug, Serialize)]
struct RecordedEntry {
    entry: String,
    /// Whether it is new; otherwise it was recorded already.
    booked: bool,
    what: String,
}

fn record(
    options: &RecordOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let name = &options.account;
    let account = named_account(config, name, now)?;
    let at = options.at.map(|when| when.at);
    if let Some(at) = at.filter(|at| *at > now) {
        return Err(Problem::No(t!("quota-lies-ahead", at = text::time(at))));
    }
    let mut store = opened(config, now)?;
    let said = options.reason.said(who);
    let (recorded, rules, moved) = store.transaction(|tx| {
        same_account(tx, config, name)?;
        // The daemon may not have registered it yet, and must still ask then: this is its answer.
        tx.register_account(account, now)?;
        tx.identify(name, &account.appid)?;
        let recorded = if options.none {
            tx.record_none(account, said, now)?;
            Vec::new()
        } else if let Some(count) = options.count {
            tx.record_count(account, (count, at), said, now)?
        } else {
            vec![tx.record_send(account, at.unwrap_or(now), said, now)?]
        };
        let rules = website_rules(tx, account, at.unwrap_or(now))?;
        Ok::<_, Problem>((recorded, rules, tx.take_rescheduled()))
    })?;
    let view = RecordedView {
        account: name.clone(),
        entries: recorded.iter().map(|recorded| recorded_entry(*recorded)).collect(),
        rules,
        moved: moved.into_iter().map(Into::into).collect(),
    };
    if options.json.json {
        return terminal.answer(options.json, &view, |_, _| {});
    }
    say(&(recorded_text(&view) + &moves::lines(&view.moved)), terminal)
}

/// Opens the database to change the ledger.
fn opened(config: &Config, now: DateTime<Utc>) -> Result<Store, Problem> {
    database::open(config, now)?.ok_or_else(|| Problem::No(t!("quota-no-database")))
}

/// Returns the rules that a website send uses, with their state in its window.
fn website_rules(
    tx: &Tx<'_>,
    account: &Account,
    at: DateTime<Utc>,
) -> Result<Vec<RuleView>, Problem> {
    let needs = quota::website_needs(account, at);
    let mut rules = tx.rules(account, at)?;
    rules.retain(|rule| needs.iter().any(|need| need.rule == rule.rule));
    Ok(rules)
}

fn recorded_entry(recorded: Recorded) -> RecordedEntry {
    let (booked, what) = match recorded {
        Recorded::Booked(_) => (true, t!("quota-booked")),
        Recorded::KnownByEvent(_) => (false, t!("quota-known-by-event")),
        Recorded::KnownByRefusal(_) => (false, t!("quota-known-by-refusal")),
        Recorded::Counted(_) => (false, t!("quota-counted")),
        Recorded::Again(_) => (false, t!("quota-again")),
    };
    RecordedEntry { entry: recorded.entry().to_string(), booked, what }
}

fn recorded_text(view: &RecordedView) -> String {
    let name = view.account.as_str();
    let first = match view.entries.len() {
        0 => t!("quota-stored-none", account = name),
        n => t!("quota-sends", n = n, count = text::count(n as u64), account = name),
    };
    let entries = view.entries.iter().map(|RecordedEntry { entry, what, .. }| {
        t!("quota-entry", entry = entry.as_str(), what = what.as_str())
    });
    lines(std::iter::once(first).chain(entries)) + &rules_text(&view.rules)
}

fn rules_text(rules: &[RuleView]) -> String {
    lines(rules.iter().map(|rule| {
        let window = rule.window.map(names::window).unwrap_or_default();
        t!(
            "quota-rule-used",
            rule = names::rule(rule.rule),
            window = window,
            used = %rule.used,
            limit = %rule.limit
        )
    }))
}

fn lines(sentences: impl Iterator<Item = String>) -> String {
    sentences.map(|sentence| sentence + "\n").collect()
}

/// The result of a return.
#[derive(Debug, Serialize)]
struct ReturnedView {
    entry: String,
    account: String,
    rules: Vec<RuleView>,
    /// The jobs that were moved forward, with their new time.
    forward: Vec<Forward>,
}

#[derive(Debug, Serialize)]
struct Forward {
    id: String,
    title: String,
    due: String,
    #[serde(skip)]
    due_at: DateTime<Utc>,
}

fn take_back(
    options: &ReturnOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let entry = options.entry;
    let mut store = opened(config, now)?;
    let said = options.reason.said(who);
    let view = store.transaction(|tx| {
        let Some(name) = tx.account_of_entry(entry)? else {
            return Err(Problem::No(t!("quota-no-entry", entry = %entry)));
        };
        let account = same_account(tx, config, &name)?;
        tx.return_entry(entry, account, said, now)?;
        let forward = tx.take_rescheduled().into_iter().filter_map(forward).collect();
        let rules = website_rules(tx, account, now)?;
        Ok(ReturnedView { entry: entry.to_string(), account: name, rules, forward })
    })?;
    if options.json.json {
        return terminal.answer(options.json, &view, |_, _| {});
    }
    let returned = t!("quota-entry-returned", entry = %entry, account = view.account.as_str());
    let forward = view.forward.iter().map(|job| {
        let name = text::named(&job.title, &job.id);
        t!("quota-forward", job = name, at = text::time(job.due_at))
    });
    let answer = returned + "\n" + &rules_text(&view.rules) + &lines(forward);
    say(&answer, terminal)
}

fn forward(Rescheduled { job, to, .. }: Rescheduled) -> Option<Forward> {
    let (due_at, id) = (to?, job.id.to_string());
    let title = job.title.unwrap_or_else(|| id.clone());
    Some(Forward { due: calendar::rfc3339(due_at), due_at, id, title })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_a_beijing_time_or_rfc_3339() {
        for (text, expected) in [
            ("2026-11-20", "2026-11-19T16:00:00Z"),
            ("2026-11-20 20:00", "2026-11-20T12:00:00Z"),
            ("2026-11-20T20:00", "2026-11-20T12:00:00Z"),
            ("2026-11-20T20:00:30", "2026-11-20T12:00:30Z"),
            ("2026-11-20T20:00:00+09:00", "2026-11-20T11:00:00Z"),
        ] {
            let expected: DateTime<Utc> = expected.parse().unwrap();
            assert_eq!(parse_time(text).unwrap().at, expected, "{text}");
        }
        assert!(parse_time("yesterday").is_err());
    }

    #[test]
    fn an_entry_is_a_letter_and_a_number() {
        assert_eq!(parse_entry("s3"), Ok(Entry::External(3)));
        assert_eq!(parse_entry("c12"), Ok(Entry::Charge(12)));
        for text in ["", "3", "x3", "s", "s-1", "s0", "春3"] {
            assert!(parse_entry(text).is_err(), "{text}");
        }
    }
}
