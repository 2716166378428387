//! `resume`: lifts holds and pauses, and shows what happens next.

use chrono::{DateTime, Utc};
use clap::Args;

use super::lookup::named_account;
use super::reply::{Reason, next_text, say, told};
use super::{Problem, Terminal, database, lookup, text};
use crate::calendar;
use crate::config::Config;
use crate::l10n::t;
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
        return terminal.write(&(t!("resume-no-database") + "\n"));
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
        (None, 0) if lifted.jobs + lifted.ended == 0 => t!("resume-nothing") + "\n",
        (None, 0) => String::new(),
        (None, some) => t!("resume-lifted", n = some, count = text::count(some as u64)) + "\n",
        (Some(name), 0) => t!("resume-account-nothing", account = name) + "\n",
        (Some(name), _) if before.barred => t!("resume-account-lifted", account = name) + "\n",
        (Some(name), _) => match &before.paused {
            Some((since, why, _)) => {
                let since = calendar::beijing(*since);
                t!("resume-account-paused", account = name, since = since, why = told(why)) + "\n"
            }
            None => t!("resume-account", account = name) + "\n",
        },
    };
    let jobs = match lifted.jobs {
        0 => String::new(),
        some => t!("resume-jobs", n = some) + "\n",
    };
    let ended = match lifted.ended {
        0 => String::new(),
        some => {
            let count = text::count(some as u64);
            t!("resume-ended", n = some, count = count, history = HISTORY) + "\n"
        }
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
        let named = jobs[..jobs.len().min(NAMED)].join(&t!("resume-separator"));
        if jobs.len() > NAMED { t!("resume-and-others", jobs = named) } else { named }
    };
    let mut words = match due.as_slice() {
        [] => t!("resume-none-due") + "\n",
        due => t!("resume-due", jobs = list(due)) + "\n",
    };
    if !later.is_empty() {
        words += &(t!("resume-later", jobs = list(&later)) + "\n");
    }
    Ok(words)
}
