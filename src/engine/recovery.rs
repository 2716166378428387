//! Startup recovery: detects a restored or lost database, reads accepted files back, and refreshes
//! alerts.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::session::Standing;
use super::{HighWaterMark, Session, raise_alert, session_named};
use crate::alert::Told;
use crate::calendar::Recurrence;
use crate::model::{Account, JobId, JobSpec, JobState};
use crate::plan::{Gap, GapEffect, GapKind};
use crate::quota::margins;
use crate::reason::{OldDatabase, Reason};
use crate::store::{DateActions, InQuestion, KnownAccount, LastSeen, StoreError, Tx};
use crate::text::reason;

/// A file that a lost database had accepted.
#[derive(Clone, Debug)]
pub struct AcceptedFile {
    /// Its name.
    pub name: String,
    /// The digest of its content.
    pub sha256: String,
    /// When it was first taken, by its receipt.
    pub taken_at: DateTime<Utc>,
    /// When it was taken last, by its receipt.
    pub accepted_at: DateTime<Utc>,
    /// The jobs that can still be read.
    pub jobs: Vec<(JobSpec, usize)>,
    /// The series that can still be read.
    pub series: Vec<AcceptedSeries>,
    /// Every id in it with its account, even if nothing else can be read.
    pub ids: Vec<(JobId, Owner)>,
}

/// A series of an accepted file.
#[derive(Clone, Debug)]
pub struct AcceptedSeries {
    /// The job of each date.
    pub job: JobSpec,
    /// When it recurs.
    pub recurrence: Recurrence,
    /// What its dates do that have files of their own.
    pub dated: DateActions,
    /// The line at which it begins.
    pub line: usize,
}

/// The account of an id in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The account of this name.
    Named(String),
    /// An account that the config no longer contains, though another may have its name.
    Gone {
        /// Its name in the file.
        name: String,
        /// Its appid.
        appid: String,
    },
}

/// What lies beside a database and shows whether it is an old one.
#[derive(Clone, Copy, Debug)]
pub struct StateDirectory<'a> {
    /// The mark, if there is one.
    pub mark: Option<&'a HighWaterMark>,
    /// Whether `accepted/` contains a file that the database does not.
    pub unknown_files: bool,
}

/// Returns why a database counts as an old one, and since when it lacks data, if it is one.
pub(super) fn restored(
    known: &LastSeen,
    beside: StateDirectory<'_>,
) -> Option<(OldDatabase, DateTime<Utc>)> {
    if let Some(at) = known.copied_at {
        return Some((OldDatabase::Backup { made_at: at }, at));
    }
    let evidence = match beside.mark {
        Some(mark) if mark.high_water > known.high_water || mark.files > known.files => {
            OldDatabase::OlderThanMark
        }
        None if known.high_water > 0 => OldDatabase::NoMark,
        _ if beside.unknown_files && known.has_jobs => OldDatabase::UnknownFiles,
        Some(_) | None => return None,
    };
    Some((evidence, known.seen_at))
}

/// A span in which this database may have been restored: from when it last ran to when it runs
/// again, by a clock that the platform has not confirmed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Downtime {
    gap: Gap,
    kind: GapKind,
    /// How much of it is clock steps of a running daemon.
    stepped: TimeDelta,
}

impl Downtime {
    /// Returns the span between the last daemon and this one.
    ///
    /// After an orderly stop it begins when another daemon took over, if one did and stopped before
    /// it found out more. A long absence still counts in full.
    pub(super) fn before_start(known: &LastSeen, now: DateTime<Utc>) -> Self {
        let whole = Gap { from: known.seen_at, to: now };
        let (gap, kind) = match known.taken_over_at {
            Some(from) if known.orderly && now - known.seen_at <= margins::DOWNTIME_MAX => {
                (Gap { from, to: now }, GapKind::Ended)
            }
            None if known.orderly => (whole, GapKind::Stopped),
            Some(_) | None => (whole, GapKind::Ended),
        };
        Self { gap, kind, stepped: TimeDelta::zero() }
    }

    /// Returns the time that the clock skipped at once, if that is long; steps in both directions
    /// add up.
    pub(super) fn stepped(before: Option<Self>, by: TimeDelta, now: DateTime<Utc>) -> Option<Self> {
        match before {
            Some(Self { gap, kind, stepped }) => {
                Some(Self { gap: Gap { to: gap.to + by, ..gap }, kind, stepped: stepped + by })
            }
            None if by.abs() <= margins::GAP_MAX => None,
            None => {
                let gap = Gap { from: now - by, to: now };
                Some(Self { gap, kind: GapKind::Jumped, stepped: by })
            }
        }
    }

    /// Returns how it is judged. An orderly stop says nothing about a clock that jumped since: the
    /// whole machine may have been restored.
    fn kind(&self) -> GapKind {
        match self.kind {
            GapKind::Stopped if self.stepped.abs() > margins::GAP_MAX => GapKind::Ended,
            kind @ (GapKind::Stopped | GapKind::Ended | GapKind::Jumped) => kind,
        }
    }

    /// Takes the measures for the span, once the clock is confirmed.
    pub(super) fn judge(
        self,
        tx: &Tx<'_>,
        sessions: &[Session],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match self.gap.effect(self.kind()) {
            GapEffect::Ordinary => {}
            GapEffect::Doubtful(gap) => {
                tx.bound_by_recall(gap, now)?;
                for question in tx.in_question(now)? {
                    let InQuestion { account, jobs, ended, .. } = question;
                    tracing::error!(
                        account,
                        jobs,
                        ended,
                        "jobs may have been sent by another copy of the database: they wait for \
                         `qunfa resume`"
                    );
                }
            }
            GapEffect::Restored(gap) => {
                let evidence = OldDatabase::LongAbsence { seen_at: gap.from };
                tx.rest_after_copy(now)?;
                hold_for_restore(tx, sessions, (evidence, gap), now)?;
            }
        }
        tx.seen(now)
    }
}

/// Holds everything of a database that may be an older one, naming the jobs in question.
///
/// A deferred job may have moved forward and have been sent at any time since its own. If the
/// platform may no longer remember that at its present time, the job ends: an operator decides
/// whether it is sent.
pub(super) fn hold_for_restore(
    tx: &Tx<'_>,
    sessions: &[Session],
    (evidence, gap): (OldDatabase, Gap),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.bound_by_recall(gap, now)?;
    let jobs = tx.jobs_in_question(gap, now)?;
    for id in &jobs {
        let job = tx.job(id)?;
        let waits = matches!(job.state, JobState::Planned | JobState::Held);
        let last = job.due_at + job.retry_for;
        let remembered =
            job.due_at <= job.planned_at || last <= job.planned_at + margins::ASK_WITHIN;
        if waits && !remembered && job.is_broadcast() && !tx.any_in_doubt(id)? {
            let account = described(sessions, &job.account);
            tx.finish_job(&job, &account, JobState::Missed, &Reason::DatabaseMayBeOld, now)?;
        }
    }
    let why = Reason::MayHaveBeenRestored { evidence, due: tx.named(&jobs)? };
    let told = reason::sentence(&why);
    tracing::error!(reason = why.code(), "{told}; nothing is released until `qunfa resume --all`");
    tx.hold(None, &why, now)
}

/// Ends a job as missed that a newer file edits, if it cannot be determined what that changes: its
/// account is not in the config, or not under this name.
pub(super) fn doubt_unspoken(
    tx: &Tx<'_>,
    sessions: &[Session],
    id: &JobId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if let Some(series) = tx.series(id)?
        && session_named(sessions, &series.job.account).is_none()
    {
        return tx.lose_series(id, &Account::undescribed(&series.job.account), now);
    }
    let Some(account) = tx.account_of(id)? else { return Ok(()) };
    let job = tx.job(id)?;
    let waits = matches!(job.state, JobState::Planned | JobState::Held) && !job.asked;
    if waits && session_named(sessions, &account).is_none() {
        let account = Account::undescribed(&account);
        tx.finish_job(&job, &account, JobState::Missed, &Reason::DatabaseMayBeOld, now)?;
    }
    Ok(())
}

/// Returns an account, so that its jobs can be ended: also one that the config does not contain.
fn described(sessions: &[Session], name: &str) -> Account {
    session_named(sessions, name)
        .map_or_else(|| Account::undescribed(name), |session| session.config.account.clone())
}

/// Clears the last daemon's alerts about the outside, and raises alerts about jobs that cannot be
/// released.
pub(super) fn refresh_alerts(
    tx: &Tx<'_>,
    sessions: &[Session],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for kind in ["clock", "platform", "unreadable", "inbox", "upload_stalled", "unread_event"] {
        tx.unattend_all(kind)?;
    }
    refresh_alerts_of_config(tx, sessions, now)
}

/// Drops the alerts that a former config caused, and raises those that this one causes.
pub(super) fn refresh_alerts_of_config(
    tx: &Tx<'_>,
    sessions: &[Session],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for kind in ["backup", "config", "unconfigured", "appid", "callback", "forward"] {
        tx.unattend_all(kind)?;
    }
    let is_configured = |session: &&Session| session.standing != Standing::Removed;
    let configured = sessions.iter().filter(is_configured);
    let configured: HashSet<_> =
        configured.map(|session| session.config.account.name.as_str()).collect();
    for KnownAccount { name: account, .. } in tx.known_accounts()? {
        if configured.contains(account.as_str()) {
            continue;
        }
        if tx.next_wake(&account)?.is_some() || tx.has_series(&account)? {
            tracing::error!(
                "account {account} is not in the config and has planned jobs: nothing of it is released"
            );
            raise_alert(tx, &account, ("unconfigured", &Told::Unconfigured), now)?;
        }
    }
    Ok(())
}

pub(super) fn raise_generations(
    tx: &Tx<'_>,
    sessions: &[Session],
    mark: &HighWaterMark,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for (job, batches) in &mark.generations {
        let Some(id) = JobId::parse(job) else { continue };
        let Some(account) = tx.account_of(&id)? else { continue };
        let Some(session) = session_named(sessions, &account) else { continue };
        for (batch, generation) in batches {
            tx.raise_generation((&id, *batch, *generation), &session.config.account, now)?;
        }
    }
    Ok(())
}
