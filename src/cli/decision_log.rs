//! `decisions`: who decided what, and when.

use chrono::{DateTime, Utc};
use clap::Args;

use super::text::{self, Page};
use super::{Json, Problem, Terminal, database, lookup};
use crate::calendar;
use crate::config::Config;
use crate::l10n::t;
use crate::reason::Reason;
use crate::store::LoggedDecision;
use crate::text::reason;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only those about one account, or about all of them
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only those before this time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    before: Option<DateTime<Utc>>,
    /// At most so many, the newest
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    #[command(flatten)]
    json: Json,
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let at = DateTime::parse_from_rfc3339(text);
    at.map(|at| at.to_utc()).map_err(|_| t!("decisions-time"))
}

/// Lists decisions, the newest first.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let account = options.account.as_deref();
    if let Some(name) = account.filter(|name| lookup::account(config, name).is_none()) {
        return Err(lookup::unknown_account(config, name, now));
    }
    let log = match database::open(config, now)? {
        Some(store) => store.read().decision_log(account, options.before, options.limit)?,
        None => Vec::new(),
    };
    terminal.answer(options.json, &log, |page, log| render(page, log))
}

fn render(page: &mut Page, log: &[LoggedDecision]) {
    if log.is_empty() {
        page.raw(&t!("decisions-none"));
    }
    for decision in log {
        let at = calendar::beijing(decision.at);
        page.raw(&text::visible(&format!("{at}  {}", about(decision))));
        page.lines(text::Tone::Plain, 2, &sentence(decision));
    }
}

/// Returns what a decision is about.
fn about(decision: &LoggedDecision) -> String {
    let LoggedDecision { account, job, entry, .. } = decision;
    let parts = [account, job, entry].into_iter().flatten().cloned().collect::<Vec<_>>();
    if parts.is_empty() { t!("decisions-all") } else { parts.join(", ") }
}

fn sentence(decision: &LoggedDecision) -> String {
    let LoggedDecision { who, what, why, operation, .. } = decision;
    if let Some(what) = operation.clone() {
        return reason::sentence(&Reason::OperatorSaid {
            who: who.clone(),
            what,
            why: why.clone(),
        });
    }
    let did = match what.as_str() {
        "hold" => t!("decisions-hold", who = who.as_str()),
        "resume" => t!("decisions-resume", who = who.as_str()),
        "record" => t!("decisions-record", who = who.as_str()),
        "return" => t!("decisions-return", who = who.as_str()),
        _ => t!("decisions-acknowledge", who = who.as_str()),
    };
    match why {
        Some(why) => t!("operation-because", operation = did, why = why.as_str()),
        None => did,
    }
}
