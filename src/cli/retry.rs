//! `retry`: retries what was not accepted of a job, or lets a lost series continue.

use super::reply::{Decided, JobOptions, decide, say};
use super::{Problem, Terminal, database, lookup, moves, series, text};
use crate::calendar;
use crate::config::Config;
use crate::model::{BatchState, JobState};
use crate::store::JobView;

/// Makes what was not accepted of a job ready for a retry.
pub(super) fn run(
    options: &JobOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let said = options.reason.said(who);
    if let Some(mut store) = database::open(config, now)?
        && let Some(found) = lookup::find_series(&store.read(), &options.job)?
    {
        return series::retry(&mut store, &found, config, (said, now), terminal);
    }
    let mut vouched = false;
    let Decided { job, next, moves } =
        decide(&options.job, config, terminal, |tx, id, account| {
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
    say(&(retried(&job) + &vouched + &moves::lines(&moves) + &next), terminal)
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
