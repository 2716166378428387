//! `resume`: lifts holds and pauses, and shows what happens next.

use chrono::{DateTime, Utc};
use clap::Args;

use super::lookup::named_account;
use super::reply::{Reason, next_text, say, told};
use super::{Problem, Terminal, database, lookup, text};
use crate::calendar;
use crate::config::Config;
use crate::model::console::HISTORY;
use crate::model::{JobId, JobState};
use crate::plan::{self, NextAction};
use crate::store::{Decision, Lifted, Stops, Tx};

/// How many of the jobs that are sent next are named.
const NAMED: usize = 5;
/// How many of the next jobs are checked for that.
const NEXT: u32 = 200;

#[derive(Debug, Args)]
#[group(id = "whom", args = ["account", "all"], required = true, multiple = false)]
pub(super) struct Options {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: Option<String>,
    /// Lift every hold and pause
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    reason: Reason,
}

/// Lifts the holds and pauses of one account, or of all.
pub(super) fn run(
    options: &Options,
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
    answer.push_str(&due_words(&tx, config, name, now)?);
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

/// Names the jobs that were only waiting for this: not those of an account that is still stopped or
/// left the config, and those that wait on for another reason with their times.
fn due_words(
    tx: &Tx<'_>,
    config: &Config,
    name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<String, Problem> {
    let mut due = Vec::new();
    let mut later = Vec::new();
    for job in tx.next_jobs(name, NEXT)? {
        let stops = tx.stops(&job.account)?;
        let goes = stops.hold.is_none()
            && stops.paused.is_none()
            && lookup::account(config, &job.account).is_some();
        let Some(id) = JobId::parse(&job.id).filter(|_| goes && job.due <= now) else { continue };
        let named = text::named(&job.title, &job.id);
        match plan::next_action(&tx.job(&id)?, &tx.batches(&id)?, now) {
            _ if job.state == JobState::Held => {}
            NextAction::Nothing => {}
            NextAction::Wait(at) => later.push(format!("{named} ({})", text::clock(at, now))),
            NextAction::MissedDeadline
            | NextAction::RetryWindowOver
            | NextAction::Send(_)
            | NextAction::Execute => due.push(named),
        }
    }
    let list = |jobs: &[String]| {
        let more = if jobs.len() > NAMED { " and others" } else { "" };
        format!("{}{more}", jobs[..jobs.len().min(NAMED)].join("; "))
    };
    let mut words = match due.as_slice() {
        [] => "No job is due now.\n".to_owned(),
        due => format!(
            "Due now: {}. What its grace has passed for becomes missed, the rest goes.\n",
            list(due)
        ),
    };
    if !later.is_empty() {
        words = format!("{words}Due, but requested later: {}.\n", list(&later));
    }
    Ok(words)
}
