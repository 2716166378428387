//! `reschedule`: moves a job, or one date of a series, to another time.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::lookup::{self, same_account, unknown_job};
use super::reply::{Reason, decide, say};
use super::{Problem, Terminal, database, moves, text};
use crate::calendar;
use crate::config::Config;
use crate::inbox;
use crate::l10n::t;
use crate::model::JobId;
use crate::store::JobView;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The id of a job, or of one date of a series
    #[arg(value_name = "JOB")]
    job: String,
    /// The time, such as "2027-03-13 20:00" in the job's own zone, or with an offset
    #[arg(value_name = "TIME")]
    to: String,
    #[command(flatten)]
    reason: Reason,
}

/// Moves a job that waits.
pub(super) fn run(
    options: &Options,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let said = options.reason.said(who);
    let Some(mut store) = database::open(config, now)? else {
        let unknown = lookup::unknown(&options.job);
        return Err(Problem::No(t!("cli-no-database", unknown = unknown)));
    };
    let is_job = match JobId::parse(&options.job) {
        Some(id) => store.read().account_of(&id)?.is_some(),
        None => false,
    };
    if is_job {
        drop(store);
        let decided = decide(&options.job, config, terminal, |tx, id, account| {
            let at = time(&options.to, tx.job(id)?.zone)?;
            Ok(tx.reschedule_job(id, account?, at, said, now)?)
        })?;
        let job = &decided.job;
        let others = moves::lines(&decided.moves);
        let answer = format!("{}\n{others}{}", moved_job(job), decided.next);
        return say(&answer, terminal);
    }
    let (at, moved) = store.transaction(|tx| {
        let Some((series, date)) = tx.named_date(&options.job)? else {
            return Err(unknown_job(tx, &options.job));
        };
        let account = same_account(tx, config, &series.job.account)?;
        let at = time(&options.to, series.recurrence.zone())?;
        tx.move_date((&series, date), account, (at, said), now)?;
        Ok::<_, Problem>((at, tx.take_rescheduled()))
    })?;
    let (id, at) = (text::visible(&options.job), calendar::beijing(at));
    let answer = t!("reschedule-date", id = id, at = at) + "\n";
    say(&(answer + &moves::lines(&moves::views(moved))), terminal)
}

/// Returns when a job goes that was moved.
fn moved_job(job: &JobView) -> String {
    let (id, due) = (job.id.as_str(), calendar::beijing(job.due));
    match (job.state.waits(), &job.reason) {
        (true, Some(why)) if why.is_without_place() => {
            let why = super::reply::told(why);
            t!("reschedule-without-place", job = id, due = due, why = why)
        }
        (true, None) => t!("reschedule-goes", job = id, due = due),
        (true, Some(why)) => {
            t!("reschedule-goes-because", job = id, due = due, why = super::reply::told(why))
        }
        (false, _) => t!("reschedule-is", job = id, state = job.stands()),
    }
}

/// Returns the instant of a time that an operator wrote.
pub(super) fn time(text: &str, zone: Tz) -> Result<DateTime<Utc>, Problem> {
    inbox::time_in(text, zone).map_err(no)
}

/// Returns the date that an operator wrote.
pub(super) fn date(text: &str) -> Result<NaiveDate, Problem> {
    inbox::date_from(text).map_err(no)
}

fn no((message, help): (String, String)) -> Problem {
    Problem::No(t!("cli-problem-help", message = message, help = help))
}
