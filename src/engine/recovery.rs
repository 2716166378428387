//! What a start finds out: what an older or a lost database forgot, and who is left without care.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::identity::{name_of_gone, unconfigured};
use super::{Engine, HighWaterMark, Session, bodies, raise_alert, session_named};
use crate::calendar::Recurrence;
use crate::model::{Account, JobId, JobSpec, JobState};
use crate::plan::{Gap, GapEffect, GapKind};
use crate::quota::margins;
use crate::reason::{OldDatabase, Reason};
use crate::store::{
    Back, InQuestion, KnownAccount, LastSeen, Recurring, SeriesInput, Source, StoreError, Tx,
};
use crate::text::{Lang, reason};

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
    pub series: Vec<(JobSpec, Recurrence, usize)>,
    /// Every id in it with its account, whatever else cannot be read.
    pub ids: Vec<(JobId, Owner)>,
}

/// Whose an id is that a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The account of this name.
    Named(String),
    /// An account that the config does not have any more, though another may have its name.
    Gone {
        /// Its name in the file.
        name: String,
        /// Who it is.
        appid: String,
    },
}

impl Engine {
    /// Says whether a database may have forgotten jobs that were sent: it is empty, a copy, older
    /// than what lies beside it, or nobody has run with it for long.
    pub fn may_have_forgotten(
        known: &LastSeen,
        beside: StateDirectory<'_>,
        now: DateTime<Utc>,
    ) -> bool {
        let away = (now - known.seen_at).abs() > margins::DOWNTIME_MAX;
        !known.has_jobs || restored(known, beside).is_some() || away
    }

    /// Records every job that a lost database had accepted, as missed, in one step.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn import_accepted(
        &mut self,
        files: &[AcceptedFile],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Self { store, sessions, mark, .. } = self;
        store.transaction(|tx| {
            let mut new = Vec::with_capacity(files.len());
            for file in files {
                new.push(!tx.has_file(&file.sha256)?);
            }
            for file in files {
                tx.record_file(&file.sha256, &file.name, file.taken_at)?;
            }
            let known = tx.last_seen()?.files;
            let is_incomplete = known < mark.files;
            let (seen, found) = (HashSet::new(), Vec::new());
            let mut import = Import { tx, sessions, mark, is_incomplete, seen, found, now };
            // The newest version of a job is the one that counts, and that a retry should send.
            for (file, is_new) in files.iter().zip(new).rev() {
                import.file(file, is_new)?;
            }
            let found = import.found;
            if !found.is_empty() {
                let jobs = found.iter().map(JobId::as_str).collect::<Vec<_>>().join(", ");
                tracing::error!(
                    count = found.len(),
                    jobs,
                    "jobs were read back from accepted/ as missed, and may have been sent already"
                );
                tx.name_in_hold(&found)?;
            }
            raise_generations(tx, sessions, mark, now)?;
            tx.rest_after_copy(now)?;
            tx.took_file(now)?;
            mark.files = known;
            Ok(())
        })
    }
}

/// What is under way while the accepted files are read back.
struct Import<'a> {
    tx: &'a Tx<'a>,
    sessions: &'a [Session],
    mark: &'a HighWaterMark,
    /// Whether the lost database had taken more files than are there.
    is_incomplete: bool,
    /// The jobs of newer files.
    seen: HashSet<&'a JobId>,
    /// The jobs that were not known so.
    found: Vec<JobId>,
    now: DateTime<Utc>,
}

impl<'a> Import<'a> {
    fn file(&mut self, file: &'a AcceptedFile, is_new: bool) -> Result<(), StoreError> {
        let (tx, now) = (self.tx, self.now);
        for (spec, line) in &file.jobs {
            if !self.seen.insert(&spec.id) {
                continue;
            }
            let Some(session) = session_named(self.sessions, &spec.account) else { continue };
            let generations: Vec<_> = self
                .mark
                .generations
                .get(spec.id.as_str())
                .map(|batches| batches.iter().map(|(batch, one)| (*batch, *one)).collect())
                .unwrap_or_default();
            let back = Back {
                source: Source { file: &file.name, line: *line, first_taken_at: file.taken_at },
                accepted_at: file.accepted_at,
                is_new,
                is_incomplete: self.is_incomplete,
                generations: &generations,
            };
            let by = SeriesInput { account: &session.config.account, bodies: &bodies(spec) };
            if tx.import_accepted(spec, by, back, now)? {
                self.found.push(spec.id.clone());
            }
        }
        for (job, recurrence, line) in &file.series {
            if !self.seen.insert(&job.id) {
                continue;
            }
            let source = Source { file: &file.name, line: *line, first_taken_at: file.taken_at };
            let Some(session) = session_named(self.sessions, &job.account) else { continue };
            let by = SeriesInput { account: &session.config.account, bodies: &bodies(job) };
            tx.import_series(Recurring { job, recurrence }, by, source, now)?;
        }
        for (id, owner) in &file.ids {
            if is_new {
                doubt_unspoken(tx, self.sessions, id, now)?;
            }
            let account = match owner {
                Owner::Named(name) => name.clone(),
                Owner::Gone { name, appid } => name_of_gone(tx, self.sessions, (name, appid))?,
            };
            if tx.remember_id((id, &account), &file.name, file.taken_at, now)? {
                self.found.push(id.clone());
            }
        }
        Ok(())
    }
}

/// Names jobs, as many as a person reads.
/// What lies beside a database, and tells whether it is an old one.
#[derive(Clone, Copy, Debug)]
pub struct StateDirectory<'a> {
    /// The mark, where there is one.
    pub mark: Option<&'a HighWaterMark>,
    /// Whether `accepted/` holds a file that the database does not know.
    pub unknown_files: bool,
}

/// Returns why a database is taken for an old one, and since when it knows nothing, if it is.
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

/// A span in which this database may have been put back: from when it last looked on to when it
/// looks on again, by a clock that the platform has not confirmed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Downtime {
    gap: Gap,
    kind: GapKind,
    /// How much of it is steps of a running daemon's clock.
    stepped: TimeDelta,
}

impl Downtime {
    /// The time between the last daemon and this one.
    ///
    /// After an orderly stop that is counted from when another daemon took over, if one did and did
    /// not get to know more; over all a long absence stays one.
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

    /// The time that a clock says has passed at once, where that is long; steps back and forth add
    /// up.
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

    /// Returns how it is judged: an orderly stop says nothing of a clock that jumped since, which may
    /// be that of a whole machine that was put back.
    fn kind(&self) -> GapKind {
        match self.kind {
            GapKind::Stopped if self.stepped.abs() > margins::GAP_MAX => GapKind::Ended,
            kind @ (GapKind::Stopped | GapKind::Ended | GapKind::Jumped) => kind,
        }
    }

    /// Does what the span demands, once the clock is confirmed.
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
/// One that was deferred may have come forward and have been sent at any time since its own. Where
/// the platform would have forgotten that by its present time, it ends: a person says whether it
/// goes.
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
    let why = Reason::may_have_been_restored(evidence, &jobs);
    let told = reason::sentence(&why, Lang::En);
    tracing::error!(reason = why.code(), "{told}; nothing is released until `qunfa resume --all`");
    tx.hold(None, &why, now)
}

/// Misses a job that a newer file edits, where nobody can say what of it that changes: its account
/// is not in the config, or not under this name.
fn doubt_unspoken(
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

/// Returns an account, so that its jobs can be ended: also one that the config does not speak for.
fn described(sessions: &[Session], name: &str) -> Account {
    session_named(sessions, name)
        .map_or_else(|| Account::undescribed(name), |session| session.config.account.clone())
}

/// Forgets what the last daemon saw of the outside, and tells of jobs that nobody will release.
pub(super) fn refresh_alerts(
    tx: &Tx<'_>,
    sessions: &[Session],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for kind in [
        "clock",
        "platform",
        "unconfigured",
        "appid",
        "unreadable",
        "inbox",
        "unread_event",
        "callback",
        "forward",
    ] {
        tx.unattend_all(kind)?;
    }
    let configured: HashSet<_> =
        sessions.iter().map(|session| session.config.account.name.as_str()).collect();
    for KnownAccount { name: account, .. } in tx.known_accounts()? {
        let waits = tx.next_wake(&account)?.is_some() || tx.has_series(&account)?;
        if !configured.contains(account.as_str()) && waits {
            let what = format!("account {account} is not in the config and has planned jobs");
            tracing::error!("{what}: nothing of it is released");
            let (_, advice) = unconfigured(&account);
            raise_alert(tx, &account, ("unconfigured", &what, &advice), now)?;
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
