//! `alert list`: what people were told; `alert test`: whether messages arrive.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::text::{self, Page, Tone};
use super::{Answer, Json, Problem, Terminal, database, wait};
use crate::alert::{Event, Severity};
use crate::config::Config;
use crate::daemon;
use crate::l10n::t;
use crate::store::{DeliveryState, DeliveryView, NoticeView, Store};
use crate::text::{alert, stored};

/// How many notices are listed by default.
const LISTED: u32 = 20;
/// How often the outcome of a test is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a test waits for the daemon to begin, and then for the receivers.
const BEGINS_WITHIN: TimeDelta = TimeDelta::seconds(20);
const ENDS_WITHIN: TimeDelta = TimeDelta::seconds(120);

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the alerts that people were told of, the newest first
    List(ListOptions),
    /// Send a test message to each receiver, and say whether it arrived
    Test(TestOptions),
}

#[derive(Debug, Args)]
struct ListOptions {
    /// Only so many
    #[arg(long, value_name = "N", default_value_t = LISTED)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
struct TestOptions {
    /// Only this receiver of `alerts` in the config
    #[arg(value_name = "RECEIVER")]
    receiver: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// One alert with its deliveries.
#[derive(Debug, Serialize)]
struct AlertView {
    kind: String,
    severity: Severity,
    account: Option<String>,
    job: Option<String>,
    title: Option<String>,
    what: String,
    #[serde(rename = "do")]
    advice: Option<String>,
    #[serde(flatten)]
    notice: NoticeView,
    #[serde(skip)]
    headline: String,
}

impl AlertView {
    fn of(notice: NoticeView) -> Self {
        let message = &notice.message;
        Self {
            kind: message.kind.clone(),
            severity: message.severity,
            account: message.account.clone(),
            job: message.job.clone(),
            title: message.title.clone(),
            what: alert::what(message),
            advice: alert::advice(message),
            headline: alert::headline(message),
            notice,
        }
    }
}

pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    match &options.command {
        Command::List(options) => list(options, config, terminal).map(|()| Answer::Yes),
        Command::Test(options) => test(options, config, terminal),
    }
}

fn list(
    options: &ListOptions,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let notices = match database::open(config, now)? {
        Some(store) => store.read().list_notices(None, options.limit, now)?,
        None => Vec::new(),
    };
    let views: Vec<_> = notices.into_iter().map(AlertView::of).collect();
    terminal.answer(options.json, &views, |page, views| {
        if views.is_empty() {
            page.raw(&t!("alerts-none"));
        }
        views.iter().for_each(|view| render(page, view, now));
    })
}

fn render(page: &mut Page, view: &AlertView, now: DateTime<Utc>) {
    let tone = match (view.severity, view.notice.ended, view.notice.message.event) {
        (Severity::Page, None, Event::Raised) => Tone::Alarm,
        (Severity::Look, None, Event::Raised) => Tone::Warn,
        (..) => Tone::Plain,
    };
    let at = text::clock(view.notice.at, now);
    page.lines(tone, 0, &format!("{at}  {}", view.headline));
    page.lines(Tone::Plain, 2, &view.what);
    if let Some(ended) = view.notice.ended {
        page.lines(Tone::Quiet, 2, &t!("alerts-over", since = text::clock(ended, now)));
    }
    for delivery in &view.notice.deliveries {
        page.lines(Tone::Quiet, 2, &outcome(delivery, now));
    }
}

fn outcome(delivery: &DeliveryView, now: DateTime<Utc>) -> String {
    let DeliveryView { receiver, state, attempts, next, ended, error } = delivery;
    let tried = usize::try_from(*attempts).unwrap_or(usize::MAX);
    let tried = t!("alerts-tries", n = tried, count = text::count(tried as u64));
    let error = error.as_deref().map_or_else(|| t!("alerts-not-tried"), stored::failure);
    let name = receiver.as_str();
    match (state, ended.or(*next)) {
        (DeliveryState::Delivered, Some(at)) => {
            t!("alerts-delivered", receiver = name, at = text::clock(at, now))
        }
        (DeliveryState::Waiting, Some(at)) => {
            let until = text::clock(at, now);
            t!("alerts-waits", receiver = name, until = until, tried = tried, error = error)
        }
        (DeliveryState::GivenUp, _) => {
            t!("alerts-given-up", receiver = name, tried = tried, error = error)
        }
        (DeliveryState::Delivered | DeliveryState::Waiting, None) => receiver.clone(),
    }
}

fn test(
    options: &TestOptions,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let receivers = &config.alerts.receivers;
    let asked = options.receiver.as_deref();
    if let Some(name) = asked.filter(|name| receivers.iter().all(|one| one.name != **name)) {
        let names: Vec<_> = receivers.iter().map(|one| one.name.as_str()).collect();
        let name = text::visible(name);
        let names = names.join(&t!("list-separator"));
        return Err(Problem::No(t!("alerts-no-receiver", name = name, names = names)));
    }
    if receivers.is_empty() {
        return Err(Problem::No(t!("alerts-no-receivers")));
    }
    if daemon::running(&config.state_dir).is_none() {
        return Err(Problem::No(t!("alerts-no-daemon")));
    }
    let now = (terminal.now)();
    let Some(mut store) = database::open(config, now)? else {
        return Err(Problem::No(t!("alerts-no-database")));
    };
    let number = store.transaction(|tx| tx.ask_for_test(asked, now))?;
    let deliveries = await_outcome(&store, number, terminal)?;
    let all = deliveries.iter().all(|one| one.state == DeliveryState::Delivered);
    terminal.answer(options.json, &deliveries, |page, deliveries| {
        for delivery in deliveries {
            let is_good = delivery.state == DeliveryState::Delivered;
            let tone = if is_good { Tone::Plain } else { Tone::Alarm };
            page.lines(tone, 0, &outcome(delivery, now));
        }
    })?;
    Ok(if all { Answer::Yes } else { Answer::No })
}

/// Waits until each delivery of a test has an outcome.
fn await_outcome(
    store: &Store,
    number: i64,
    terminal: &Terminal<'_>,
) -> Result<Vec<DeliveryView>, Problem> {
    let (runtime, began) = (wait::runtime()?, (terminal.now)());
    loop {
        let found = store.read().list_notices(Some(number), 1, began)?.pop();
        let deliveries = found.map(|notice| notice.deliveries).unwrap_or_default();
        let since = (terminal.now)() - began;
        let has_ended = deliveries.iter().all(|one| one.state != DeliveryState::Waiting);
        if !deliveries.is_empty() && (has_ended || since > ENDS_WITHIN) {
            return Ok(deliveries);
        }
        if deliveries.is_empty() && since > BEGINS_WITHIN {
            return Err(Problem::No(t!("alerts-sent-nothing")));
        }
        wait::pause(&runtime, LOOK_EVERY);
    }
}
