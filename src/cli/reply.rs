//! What the commands that store a decision share: who decided and why, and how they answer.

use clap::Args;

use super::lookup::{same_account, unknown_job};
use super::moves::MoveView;
use super::text::{self, Tone};
use super::{Problem, Terminal, database};
use crate::approval::Verdict;
use crate::config::Config;
use crate::daemon;
use crate::l10n::t;
use crate::model::{Account, JobId};
use crate::store::{DecidedBy, JobView, Stops, Tx};
use crate::text::reason;

/// A decision that needs nothing but its job.
#[derive(Debug, Args)]
pub(super) struct JobOptions {
    /// The job's id
    #[arg(value_name = "JOB")]
    pub(super) job: String,
    #[command(flatten)]
    pub(super) reason: Reason,
}

/// Why a person decided so.
#[derive(Debug, Args)]
pub(super) struct Reason {
    /// Say why; it is stored and shown with who you are
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

impl Reason {
    /// Returns the reason with who gave it.
    pub(super) fn said<'a>(&'a self, who: &'a str) -> DecidedBy<'a> {
        let why = self.why.as_deref().map(str::trim).filter(|why| !why.is_empty());
        DecidedBy { who, why }
    }
}

/// Returns the operator as the system reports it: the user who called sudo, if anybody did.
pub(super) fn person() -> String {
    let through_sudo = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse().ok());
    let uid = through_sudo.unwrap_or_else(|| rustix::process::getuid().as_raw());
    match database::named(uid) {
        Some(name) => format!("{name} (uid {uid})"),
        None => format!("uid {uid}"),
    }
}

/// Writes sentences, each on lines of its own.
pub(super) fn say(answer: &str, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let mut page = terminal.page();
    for sentence in answer.lines() {
        page.lines(Tone::Plain, 0, sentence);
    }
    terminal.write(&page.finish())
}

/// The result of a decision.
pub(super) struct Decided {
    pub(super) job: JobView,
    /// What has to happen before anything is sent.
    pub(super) next: String,
    /// The other jobs that have another time now.
    pub(super) moves: Vec<MoveView>,
}

/// Stores a decision about one job.
pub(super) fn decide(
    job: &str,
    config: &Config,
    terminal: &Terminal<'_>,
    work: impl FnOnce(&Tx<'_>, &JobId, Result<&Account, Problem>) -> Result<(), Problem>,
) -> Result<Decided, Problem> {
    let store = database::open(config, (terminal.now)())?;
    let (Some(mut store), Some(id)) = (store, JobId::parse(job)) else {
        return Err(Problem::No(t!("cli-unknown-job", id = text::visible(job))));
    };
    let (job, stops, moves) = store.transaction(|tx| {
        let Some(name) = tx.account_of(&id)? else {
            return Err(unknown_job(tx, id.as_str()));
        };
        work(tx, &id, same_account(tx, config, &name))?;
        let job = tx.job_view(id.as_str())?.ok_or_else(|| unknown_job(tx, id.as_str()))?;
        let mut moves = tx.take_rescheduled();
        moves.retain(|one| one.job.id != id);
        Ok((job, tx.stops(&name)?, moves))
    })?;
    let next = next_text(config, &stops, &job.account);
    Ok(Decided { job, next, moves: moves.into_iter().map(Into::into).collect() })
}

/// Refuses an approval that does not count.
pub(super) fn refuse(verdict: Verdict, id: &str) -> Result<(), Problem> {
    match verdict {
        Verdict::Goes | Verdict::Counts { .. } => Ok(()),
        Verdict::Own => Err(Problem::Own(t!("approve-own", job = id))),
        Verdict::Again => Err(Problem::No(t!("approve-again", job = id))),
    }
}

/// Returns a reason as a terminal shows it.
pub(super) fn told(why: &crate::reason::Reason) -> String {
    text::visible(&reason::sentence(why))
}

/// Returns what has to happen before anything is sent.
pub(super) fn next_text(config: &Config, stops: &Stops, account: &str) -> String {
    if let Some((_, why)) = stops.hold.as_ref().filter(|_| !stops.barred) {
        let why = told(why);
        let whom = if stops.all { "--all" } else { account };
        return t!("next-hold", why = why, whom = whom) + "\n";
    }
    if let Some((_, why, advice)) = stops.paused.as_ref().filter(|_| stops.barred) {
        let stops = t!("next-barred", why = told(why));
        let advice = crate::text::told::of_pause(advice, account);
        return stops + "\n" + &t!("next-barred-advice", advice = advice) + "\n";
    }
    if let Some((_, why, _)) = &stops.paused {
        let why = told(why);
        return t!("next-paused", account = account, why = why) + "\n";
    }
    match daemon::running(&config.state_dir) {
        Some(_) => t!("next-daemon") + "\n",
        None => t!("next-no-daemon") + "\n",
    }
}
