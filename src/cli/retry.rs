//! `retry`: retries what was not accepted of a job, or lets a lost series continue.

use super::reply::{Decided, JobOptions, decide, say};
use super::{Problem, Terminal, database, lookup, moves, series, text};
use crate::calendar;
use crate::config::Config;
use crate::l10n::t;
use crate::model::{BatchState, JobState};
use crate::store::JobView;
use crate::text::names;

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
    let vouched =
        if vouched { t!("retry-vouched", job = job.id.as_str()) + "\n" } else { String::new() };
    say(&(retried(&job) + &vouched + &moves::lines(&moves) + &next), terminal)
}

fn retried(job: &JobView) -> String {
    if job.batches.is_empty() {
        let due = calendar::beijing(job.due);
        let state = names::job_state(job.state);
        return t!("retry-again", job = job.id.as_str(), state = state, due = due) + "\n";
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
    let asked = match kept {
        0 => t!("retry-asked", n = again, count = text::count(again as u64)),
        some => {
            let kept = t!("retry-kept", n = some, count = text::count(some as u64));
            t!("retry-asked-rest", n = again, count = text::count(again as u64), kept = kept)
        }
    };
    let (id, state) = (job.id.as_str(), names::job_state(job.state));
    let due = calendar::beijing(job.due);
    let answer = t!("retry-job", job = id, state = state, due = due, asked = asked) + "\n";
    if job.state == JobState::Held { answer + &t!("retry-held", job = id) + "\n" } else { answer }
}
