//! A person's word: `retry` and `resume`. Both say what they did and what happens next.

use chrono::{DateTime, Utc};
use clap::Args;

use super::decisions::{Decided, JobOptions, Reason, decide, say};
use super::text;
use super::{Problem, Terminal, database, series};
use crate::calendar;
use crate::config::Config;
use crate::daemon;
use crate::engine;
use crate::model::console::HISTORY;
use crate::model::{Account, BatchState, JobState};
use crate::store::{Decision, JobView, Lifted, Stops, Tx};
use crate::text::{Lang, reason};

/// How many jobs that go next are named.
const NAMED: usize = 5;
/// How many of the next jobs are looked at for that.
const NEXT: u32 = 200;

#[derive(Debug, Args)]
#[group(id = "whom", args = ["account", "all"], required = true, multiple = false)]
pub(super) struct ResumeOptions {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: Option<String>,
    /// Lift every hold and pause
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    reason: Reason,
}

/// Makes what was not accepted of a job ready to be asked for again.
pub(super) fn retry(
    options: &JobOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let said = options.reason.said(who);
    if let Some(mut store) = database::open(config, now)?
        && let Some(found) = series::find(&store.read(), &options.job)?
    {
        return series::retry(&mut store, &found, config, (said, now), terminal);
    }
    let mut vouched = false;
    let Decided { job, next } = decide(&options.job, config, terminal, |tx, id, account| {
        vouched = tx.is_vouched_for(id)?;
        Ok(tx.retry(id, account?, said, now)?)
    })?;
    let vouched = if vouched {
        format!(
            "A restore read it back, so you vouch that it did not go out: if it did, it goes a second \
             time. `qunfa cancel {}` takes this back until it goes.\n",
            job.id
        )
    } else {
        String::new()
    };
    say(&(retried(&job) + &vouched + &next), terminal)
}

fn retried(job: &JobView) -> String {
    if job.batches.is_empty() {
        let due = calendar::beijing(job.due);
        return format!("Job {} is {} again, due {due}.\n", job.id, job.state);
    }
    let asked = |state: BatchState| match state {
        BatchState::Planned => true,
        BatchState::Asking
        | BatchState::InDoubt
        | BatchState::Refused
        | BatchState::Accepted
        | BatchState::Sent
        | BatchState::Failed => false,
    };
    let again = job.batches.iter().filter(|batch| asked(batch.state)).count();
    let kept = job.batches.len() - again;
    let kept = match kept {
        0 => String::new(),
        some => format!("; {} stay as they are", text::plural(some, "batch", "batches")),
    };
    let approval = if job.state == JobState::Held {
        format!(
            "It was never approved: `qunfa approve {}` in time, or it is missed again.\n",
            job.id
        )
    } else {
        String::new()
    };
    format!(
        "Job {} is {} again, due {}: {} to be asked for{kept}.\n{approval}",
        job.id,
        job.state,
        calendar::beijing(job.due),
        text::plural(again, "batch", "batches"),
    )
}

/// Lifts the holds and pauses of one account, or of all.
pub(super) fn resume(
    options: &ResumeOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let name = options.account.as_deref();
    name.map(|name| named_account(config, name, now)).transpose()?;
    let Some(mut store) = database::open(config, now)? else {
        return terminal.write("Nothing was held or paused: no job was taken yet.\n");
    };
    let said = options.reason.said(who);
    let (before, lifted) = store.transaction(|tx| {
        let before = tx.stops(name.unwrap_or(""))?;
        let lifted = tx.resume(name, now)?;
        if lifted.stops + lifted.jobs + lifted.ended > 0 {
            tx.decide(Decision::Resume, name, said, now)?;
        }
        Ok::<_, Problem>((before, lifted))
    })?;
    let tx = store.read();
    let mut answer = lifted_text(name, &before, lifted);
    let stops = tx.stops(name.unwrap_or(""))?;
    answer.push_str(&next_text(config, &stops, name.unwrap_or("")));
    answer.push_str(&due_words(&tx, name, now)?);
    say(&answer, terminal)
}

fn lifted_text(name: Option<&str>, before: &Stops, lifted: Lifted) -> String {
    let stops = match (name, lifted.stops) {
        (None, 0) if lifted.jobs + lifted.ended == 0 => "Nothing was held or paused.\n".to_owned(),
        (None, 0) => String::new(),
        (None, some) => {
            format!("Lifted {}.\n", text::plural(some, "hold or pause", "holds and pauses"))
        }
        (Some(name), 0) => format!("Account {name} itself was neither held nor paused.\n"),
        (Some(name), _) if before.barred => {
            format!("A hold or pause of account {name} is lifted.\n")
        }
        (Some(name), _) => match &before.paused {
            Some((since, why, _)) => format!(
                "Account {name} goes on. It was paused since {}: {}\n",
                calendar::beijing(*since),
                told(why)
            ),
            None => format!("Account {name} goes on.\n"),
        },
    };
    let jobs = match lifted.jobs {
        0 => String::new(),
        1 => "1 job goes at its time, though it may have been sent already.\n".to_owned(),
        some => format!("{some} jobs go at their time, though they may have been sent already.\n"),
    };
    let ended = match lifted.ended {
        0 => String::new(),
        some => format!(
            "{} may be retried from now on, though nobody knows what went out meanwhile, and the \
             platform may have forgotten it: look in {HISTORY} before each `qunfa retry`.\n",
            text::plural(some, "missed or failed job", "missed or failed jobs")
        ),
    };
    stops + &jobs + &ended
}

/// Tells which jobs were only waiting for this.
fn due_words(tx: &Tx<'_>, name: Option<&str>, now: DateTime<Utc>) -> Result<String, Problem> {
    let mut due = tx.next_jobs(NEXT)?;
    due.retain(|job| {
        let concerned = name.is_none_or(|name| job.account == name);
        concerned && job.due <= now && job.state != JobState::Held
    });
    if due.is_empty() {
        return Ok("No job is due now.\n".to_owned());
    }
    let named: Vec<_> = due.iter().take(NAMED).map(|job| job.id.as_str()).collect();
    let more = if due.len() > NAMED { " and others" } else { "" };
    Ok(format!(
        "Due now: {}{more}. What its grace has passed for becomes missed, the rest goes.\n",
        named.join(", ")
    ))
}

/// Tells what has to happen before anything goes.
pub(super) fn next_text(config: &Config, stops: &Stops, account: &str) -> String {
    if let Some((_, why)) = stops.hold.as_ref().filter(|_| !stops.barred) {
        let why = told(why);
        let whom = if stops.all { "--all" } else { account };
        return format!("Nothing goes before the hold is lifted ({why}): `qunfa resume {whom}`.\n");
    }
    if let Some((_, why, advice)) = stops.paused.as_ref().filter(|_| stops.barred) {
        return format!("Nothing goes: {}.\nTo change that: {advice}.\n", told(why));
    }
    if let Some((_, why, _)) = &stops.paused {
        let why = told(why);
        return format!("Account {account} is paused ({why}): `qunfa resume {account}`.\n");
    }
    match daemon::running(&config.state_dir) {
        Some(_) => "The daemon sees it within a second.\n".to_owned(),
        None => "The daemon is not running: it goes on when it is started.\n".to_owned(),
    }
}

/// Returns the answer about an account that the config does not have.
pub(super) fn unknown_account(config: &Config, name: &str, now: DateTime<Utc>) -> Problem {
    // Without a database there is nothing more to say.
    let store = database::open(config, now).ok().flatten();
    store
        .and_then(|store| left_out(&store.read(), name).ok().flatten())
        .map_or_else(|| not_in(config, name), Problem::No)
}

fn told(why: &crate::reason::Reason) -> String {
    text::visible(&reason::sentence(why, Lang::En))
}

/// Says what the database knows of an account that the config does not have.
fn left_out(tx: &Tx<'_>, name: &str) -> Result<Option<String>, Problem> {
    if let Some(new) = tx.now_named(name)? {
        return Ok(Some(format!("account {name} is named {new} now")));
    }
    let (why, advice) = engine::unconfigured(name);
    let why = reason::sentence(&why, Lang::En);
    Ok(tx.has_jobs(name)?.then(|| format!("{why}; {advice}")))
}

fn not_in(config: &Config, name: &str) -> Problem {
    let names: Vec<_> = config.accounts.iter().map(|a| a.account.name.as_str()).collect();
    let (name, names) = (text::visible(name), names.join(", "));
    Problem::No(format!("there is no account {name}; the config has {names}"))
}

/// Returns an account that a person named.
pub(super) fn named_account<'c>(
    config: &'c Config,
    name: &str,
    now: DateTime<Utc>,
) -> Result<&'c Account, Problem> {
    account(config, name).ok_or_else(|| unknown_account(config, name, now))
}

/// Returns the account of the config that the database means by a name.
///
/// The config may have been changed since the daemon was started with it: what is said of one
/// account must not be done to another.
pub(super) fn same_account<'c>(
    tx: &Tx<'_>,
    config: &'c Config,
    name: &str,
) -> Result<&'c Account, Problem> {
    let known = tx.known_accounts()?;
    let appid = known.iter().find(|row| row.name == name).and_then(|row| row.appid.as_deref());
    let Some(account) = account(config, name) else {
        let renamed = config.accounts.iter().find(|other| Some(&*other.account.appid) == appid);
        return Err(match renamed {
            Some(new) => moves(name, &new.account.name),
            None => left_out(tx, name)?.map_or_else(|| not_in(config, name), Problem::No),
        });
    };
    if let Some(why) = engine::why_barred(tx, account)? {
        return Err(Problem::No(why));
    }
    let other = known.iter().find(|row| row.appid.as_ref() == Some(&account.appid));
    match (other, appid) {
        (Some(other), _) if other.name != name => Err(moves(&other.name, name)),
        (None, Some(known)) => Err(Problem::No(format!(
            "the config gives {name} the appid {}, and the database knows it as {known}: put that one \
             back, or restart the daemon, which says what else can be done",
            account.appid
        ))),
        (Some(_) | None, _) => Ok(account),
    }
}

/// Returns the account to cancel something of, which may be one that the config does not speak for.
pub(super) fn to_cancel(tx: &Tx<'_>, config: &Config, name: &str) -> Result<Account, Problem> {
    if tx.is_barred(name)? {
        return Ok(Account::undescribed(name));
    }
    same_account(tx, config, name).cloned()
}

fn moves(old: &str, new: &str) -> Problem {
    Problem::No(format!(
        "the config has account {old} as {new} now: restart the daemon, which moves it"
    ))
}

pub(super) fn account<'c>(config: &'c Config, name: &str) -> Option<&'c Account> {
    config.accounts.iter().map(|account| &account.account).find(|account| account.name == name)
}
