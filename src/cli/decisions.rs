//! The commands `hold`, `approve`, `cancel` and `resolve`. Each reports what it changed and what it
//! could not change.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use clap::Args;

use super::lookup::{self, named_account, to_cancel};
use super::reply::{JobOptions, Reason, decide, say};
use super::text;
use super::{Problem, Terminal, database, moves, reply, reschedule, series};
use crate::calendar;
use crate::config::Config;
use crate::model::{BatchState, JobState};
use crate::plan;
use crate::reason::Operation;
use crate::store::{Decision, JobView, Resolution, Ruling, Series, Store};
use crate::text::reason;

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
        return Err(Problem::No(
            "there is no database yet, so nothing is released and nothing can be held".to_owned(),
        ));
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
    let whom = name.map_or_else(|| "Every account".to_owned(), |name| format!("Account {name}"));
    let mut answer = match before {
        Some((since, why)) => format!(
            "{whom} was on hold already, since {} ({}).\n",
            calendar::beijing(since),
            text::visible(&reason::sentence(&why))
        ),
        None => format!(
            "{whom} is on hold since {}: nothing is asked for from now on.\n\
             What a request under way brings is still stored.\n",
            calendar::beijing(now)
        ),
    };
    let name = name.unwrap_or("--all");
    writeln!(
        answer,
        "`qunfa resume {name}` lets the jobs go on; what its grace has passed for is missed then."
    )
    .expect("a String takes everything");
    say(&answer, terminal)
}

/// Releases a job that waits for an approval.
pub(super) fn approve(
    ApproveOptions { job: options, until }: &ApproveOptions,
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
    let mut late = false;
    let decided = decide(&options.job, config, terminal, |tx, id, account| {
        account?;
        tx.approve(id, said, now)?;
        late = now > plan::deadline(&tx.job(id)?);
        Ok(())
    })?;
    let job = &decided.job;
    let due = calendar::beijing(job.due);
    let without_place = job.reason.as_ref().filter(|reason| reason.is_without_place());
    let answer = if let Some(why) = without_place {
        format!(
            "Job {} is approved, but as it stands it is not sent at {due}: {}.\n{}",
            job.id,
            reply::told(why),
            decided.next
        )
    } else if late {
        format!(
            "Job {} is approved, but it was due {due} and its grace has passed: it becomes missed.\n",
            job.id
        )
    } else if job.due <= now {
        format!("Job {} is approved and goes at once: it was due {due}.\n{}", job.id, decided.next)
    } else {
        format!("Job {} is approved and goes at {due}.\n{}", job.id, decided.next)
    };
    say(&answer, terminal)
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
            let answer = format!("{id} is cancelled: this date of the series does not come.\n");
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
        return Err(Problem::No(format!("{}; there is no database yet", lookup::unknown(id))));
    };
    let found = lookup::find_series(&store.read(), id)?;
    match found {
        Some(series) => Ok((store, series)),
        None => {
            Err(Problem::No(format!("{option} is for a series, and {} is none", text::visible(id))))
        }
    }
}

fn cancelled(job: &JobView) -> String {
    let (id, state) = (&job.id, job.state);
    if state == JobState::Cancelled {
        return format!("Job {id} is cancelled: nothing of it goes out.\n");
    }
    let numbers = |wanted: fn(BatchState) -> bool| {
        let those = job.batches.iter().filter(|batch| wanted(batch.state));
        let numbers: Vec<_> = those.map(|batch| batch.number.to_string()).collect();
        (!numbers.is_empty()).then(|| numbers.join(", "))
    };
    let stopped = numbers(|state| state == BatchState::Refused).unwrap_or_default();
    let mut answer = format!("Job {id} is {state} and stops here: not sent is batch {stopped}.\n");
    if let Some(out) = numbers(|state| matches!(state, BatchState::Accepted | BatchState::Sent)) {
        writeln!(answer, "What the platform accepted cannot be called back: batch {out}.")
            .expect("a String takes everything");
    }
    if let Some(open) = numbers(|state| matches!(state, BatchState::Asking | BatchState::InDoubt)) {
        writeln!(answer, "This may have gone out, and is settled as ever: batch {open}.")
            .expect("a String takes everything");
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
        answer.push_str("The events kept back count as sends made elsewhere.\n");
    }
    answer.push_str(&moves::lines(&decided.moves));
    say(&answer, terminal)
}

fn resolved(job: &JobView, ruling: Ruling) -> String {
    let id = &job.id;
    let mut answer = format!("Job {id} is {}.\n", job.state);
    answer.push_str(match ruling {
        Ruling::Sent(Some(_)) => {
            "Its charges are kept, and the platform is asked for its result.\n"
        }
        Ruling::Sent(None) => {
            "Its charges are kept; without its number nothing more is known of it.\n"
        }
        Ruling::NotSent => "What it had reserved is returned.\n",
    });
    if job.state == JobState::Uncertain {
        answer.push_str("Other batches of it are still in doubt.\n");
    } else if ruling == Ruling::NotSent {
        writeln!(
            answer,
            "`qunfa retry {id}` asks for it again.\n`qunfa resolve {id} --sent` takes this back until then."
        )
            .expect("a String takes everything");
    }
    answer
}
