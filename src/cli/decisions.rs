//! The commands `hold`, `approve`, `cancel` and `resolve`. Each reports what it changed and what it
//! could not change.

use chrono::{DateTime, Utc};
use clap::Args;

use super::lookup::{self, named_account, to_cancel};
use super::reply::{JobOptions, Reason, decide, refuse, say};
use super::text;
use super::{Problem, Terminal, database, moves, reply, reschedule, series};
use crate::approval::Verdict;
use crate::calendar;
use crate::config::Config;
use crate::l10n::t;
use crate::model::{BatchState, JobId, JobState};
use crate::plan;
use crate::reason::Operation;
use crate::store::{Decision, JobView, Resolution, Ruling, Series, Store, StoreError, Tx};
use crate::text::{names, reason};

#[derive(Debug, Args)]
#[group(id = "whom", args = ["account", "all"], required = true, multiple = false)]
pub(super) struct HoldOptions {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: Option<String>,
    /// Hold every account
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Args)]
#[group(id = "verdict", args = ["sent", "not_sent"], required = true, multiple = false)]
pub(super) struct ResolveOptions {
    /// The job's id
    #[arg(value_name = "JOB")]
    job: String,
    /// It went out, as the broadcast with this number
    #[arg(long, value_name = "MSG_ID", num_args = 0..=1)]
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    sent: Option<Option<i64>>,
    /// It did not go out
    #[arg(long)]
    not_sent: bool,
    /// Only this batch, from 1; otherwise all that are in doubt
    #[arg(long, value_name = "N")]
    batch: Option<u32>,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Args)]
pub(super) struct ApproveOptions {
    #[command(flatten)]
    job: JobOptions,
    /// The dates of a series up to this one, also those that are not planned yet
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Only if the job is still the one that was read: `digest` of `show --json`
    #[arg(long, value_name = "DIGEST", conflicts_with = "until")]
    digest: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct CancelOptions {
    #[command(flatten)]
    job: JobOptions,
    /// Only the dates of a series from this one on
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
}

/// Stops the releases of one account, or of all.
pub(super) fn hold(
    options: &HoldOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let name = options.account.as_deref();
    let account = name.map(|name| named_account(config, name, now)).transpose()?;
    let Some(mut store) = database::open(config, now)? else {
        return Err(Problem::No(t!("hold-no-database")));
    };
    let said = options.reason.said(who);
    let before = store.transaction(|tx| {
        // A hold cannot wait until the daemon is restarted with the name that the config has now.
        let stored = account.map(|account| tx.name_of(&account.appid)).transpose()?.flatten();
        let name = stored.as_deref().or(name);
        let before = tx.hold_of(name)?;
        if let (Some(name), Some(account)) = (name, account) {
            tx.identify(name, &account.appid)?;
        }
        if before.is_none() {
            tx.hold(name, &said.that(Operation::Hold), now)?;
            tx.decide(Decision::Hold, name, said, now)?;
        }
        Ok::<_, Problem>(before)
    })?;
    let whom = name.map_or_else(|| t!("hold-all"), |name| t!("hold-account", account = name));
    let state = match before {
        Some((since, why)) => {
            let why = text::visible(&reason::sentence(&why));
            t!("hold-already", whom = whom, since = calendar::beijing(since), why = why)
        }
        None => {
            let held = t!("hold-held", whom = whom, since = calendar::beijing(now));
            held + "\n" + &t!("hold-under-way")
        }
    };
    let next = t!("hold-resume", whom = name.unwrap_or("--all"));
    say(&format!("{state}\n{next}\n"), terminal)
}

/// Releases a job that waits for an approval.
pub(super) fn approve(
    ApproveOptions { job: options, until, digest }: &ApproveOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let said = options.reason.said(who);
    if let Some(until) = until {
        let (mut store, found) = named_series(&options.job, ("--until", config), now)?;
        let until = reschedule::date(until)?;
        return series::approve(&mut store, &found, config, ((until, said), now), terminal);
    }
    let (mut late, mut verdict) = (false, Verdict::Goes);
    let decided = decide(&options.job, config, terminal, |tx, id, account| {
        let account = account?;
        let is_other =
            |read: &String| Ok::<_, StoreError>(digest_of(tx, id)?.as_ref() != Some(read));
        if digest.as_ref().map(is_other).transpose()?.unwrap_or_default() {
            return Err(Problem::No(t!("approve-other-content", job = %id)));
        }
        verdict = tx.approve(id, account, said, now)?;
        refuse(verdict, id.as_str())?;
        late = now > plan::deadline(&tx.job(id)?);
        Ok(())
    })?;
    let job = &decided.job;
    let due = calendar::beijing(job.due);
    let without_place = job.reason.as_ref().filter(|reason| reason.is_without_place());
    let answer = if let Verdict::Counts { given, needed } = verdict {
        t!("approve-counts", job = job.id.as_str(), given = given, needed = needed) + "\n"
    } else if let Some(why) = without_place {
        let why = reply::told(why);
        t!("approve-without-place", job = job.id.as_str(), due = due, why = why)
            + "\n"
            + &decided.next
    } else if late {
        t!("approve-late", job = job.id.as_str(), due = due) + "\n"
    } else if job.due <= now {
        t!("approve-at-once", job = job.id.as_str(), due = due) + "\n" + &decided.next
    } else {
        t!("approve-goes", job = job.id.as_str(), due = due) + "\n" + &decided.next
    };
    say(&answer, terminal)
}

fn digest_of(tx: &Tx<'_>, id: &JobId) -> Result<Option<String>, StoreError> {
    Ok(tx.written(id)?.map(|(digest, _)| digest))
}

/// Cancels a job, as far as it is certain that it was not sent.
pub(super) fn cancel(
    CancelOptions { job: options, from }: &CancelOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let said = options.reason.said(who);
    if let Some(from) = from {
        let (mut store, found) = named_series(&options.job, ("--from", config), now)?;
        let from = reschedule::date(from)?;
        return series::end(&mut store, &found, config, ((from, said), now), terminal);
    }
    if let Some(mut store) = database::open(config, now)? {
        if let Some(found) = lookup::find_series(&store.read(), &options.job)? {
            return series::cancel(&mut store, &found, config, (said, now), terminal);
        }
        if let Some(moved) = series::skip(&mut store, &options.job, config, (said, now))? {
            let id = text::visible(&options.job);
            let answer = t!("cancel-date", id = id) + "\n";
            return say(&(answer + &moves::lines(&moved)), terminal);
        }
    }
    let decided = decide(&options.job, config, terminal, |tx, id, _| {
        let name = tx.job(id)?.account;
        let account = to_cancel(tx, config, &name)?;
        Ok(tx.cancel(id, &account, said, now)?)
    })?;
    say(&(cancelled(&decided.job) + &moves::lines(&decided.moves)), terminal)
}

/// Returns the series that an option is about.
fn named_series(
    id: &str,
    (option, config): (&str, &Config),
    now: DateTime<Utc>,
) -> Result<(Store, Series), Problem> {
    let Some(store) = database::open(config, now)? else {
        return Err(Problem::No(t!("cli-no-database", unknown = lookup::unknown(id))));
    };
    let found = lookup::find_series(&store.read(), id)?;
    match found {
        Some(series) => Ok((store, series)),
        None => Err(Problem::No(t!("cli-no-series", option = option, id = text::visible(id)))),
    }
}

fn cancelled(job: &JobView) -> String {
    let id = job.id.as_str();
    if job.state == JobState::Cancelled {
        return t!("cancel-whole", job = id) + "\n";
    }
    let numbers = |wanted: fn(BatchState) -> bool| {
        let those = job.batches.iter().filter(|batch| wanted(batch.state));
        let numbers: Vec<_> = those.map(|batch| batch.number.to_string()).collect();
        (!numbers.is_empty()).then(|| names::list(&numbers))
    };
    let stopped = numbers(|state| state == BatchState::Refused).unwrap_or_default();
    let state = names::job_state(job.state);
    let mut answer = t!("cancel-rest", job = id, state = state, batches = stopped) + "\n";
    if let Some(out) = numbers(|state| matches!(state, BatchState::Accepted | BatchState::Sent)) {
        answer += &(t!("cancel-accepted", batches = out) + "\n");
    }
    if let Some(open) = numbers(|state| matches!(state, BatchState::Asking | BatchState::InDoubt)) {
        answer += &(t!("cancel-open", batches = open) + "\n");
    }
    answer
}

/// Stores an operator's decision on what is in doubt.
pub(super) fn resolve(
    options: &ResolveOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let said = options.reason.said(who);
    let ruling = options.sent.map_or(Ruling::NotSent, Ruling::Sent);
    let resolution = Resolution { ruling, batch: options.batch };
    let mut kept_back = 0;
    let decided = decide(&options.job, config, terminal, |tx, id, account| {
        kept_back = tx.candidates(id.as_str())?.len();
        Ok(tx.resolve(id, account?, resolution, said, now)?)
    })?;
    let mut answer = resolved(&decided.job, ruling);
    let numbered = matches!(ruling, Ruling::Sent(Some(_)));
    if kept_back > 0 && !numbered && decided.job.state != JobState::Uncertain {
        answer += &(t!("resolve-kept-back") + "\n");
    }
    answer.push_str(&moves::lines(&decided.moves));
    say(&answer, terminal)
}

fn resolved(job: &JobView, ruling: Ruling) -> String {
    let id = job.id.as_str();
    let mut lines = vec![t!("cli-job-is", job = id, state = names::job_state(job.state))];
    lines.push(match ruling {
        Ruling::Sent(Some(_)) => t!("resolve-sent"),
        Ruling::Sent(None) => t!("resolve-sent-without-number"),
        Ruling::NotSent => t!("resolve-not-sent"),
    });
    if job.state == JobState::Uncertain {
        lines.push(t!("resolve-others"));
    } else if ruling == Ruling::NotSent {
        lines.extend([t!("resolve-retry", job = id), t!("resolve-back", job = id)]);
    }
    lines.join("\n") + "\n"
}
