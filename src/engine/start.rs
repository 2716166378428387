//! What a start finds out: what an older or a lost database forgot, and who is left without care.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::identity::{name_of_gone, unconfigured};
use super::{Engine, Lane, Mark, attend, bodies, lane_named};
use crate::calendar::{self, Recurrence};
use crate::model::{Account, JobId, JobSpec, JobState};
use crate::plan::{Gap, GapKind, Meaning};
use crate::quota::margins;
use crate::store::{
    Back, By, IN_QUESTION, InQuestion, KnownAccount, Presence, Recurring, Source, Step, StoreError,
};

/// How many jobs in question are named.
const NAMED: usize = 20;
const FORGOTTEN: &str = "the database may be an older one: this may have been sent at its own time, \
                         which the platform would not know any more when it is due";

/// A file that a lost database had accepted.
#[derive(Clone, Debug)]
pub struct Remembered {
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
    pub fn may_have_forgotten(known: &Presence, beside: Beside<'_>, now: DateTime<Utc>) -> bool {
        let away = (now - known.seen_at).abs() > margins::ABSENCE_MAX;
        !known.has_jobs || restored(known, beside).is_some() || away
    }

    /// Records every job that a lost database had accepted, as missed, in one step.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn take_back(
        &mut self,
        files: &[Remembered],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Self { store, lanes, mark, .. } = self;
        store.step(|step| {
            let mut new = Vec::with_capacity(files.len());
            for file in files {
                new.push(!step.knows_file(&file.sha256)?);
            }
            for file in files {
                step.know_file(&file.sha256, &file.name, file.taken_at)?;
            }
            let known = step.presence()?.files;
            let is_incomplete = known < mark.files;
            let (seen, found) = (HashSet::new(), Vec::new());
            let mut reading = Reading { step, lanes, mark, is_incomplete, seen, found, now };
            // The newest version of a job is the one that counts, and that a retry should send.
            for (file, is_new) in files.iter().zip(new).rev() {
                reading.file(file, is_new)?;
            }
            let found = reading.found;
            if !found.is_empty() {
                let names = named(&found);
                let what =
                    format!("read back from accepted/ as missed, {IN_QUESTION} as well: {names}");
                tracing::error!("{what}");
                step.name_in_hold(&what)?;
            }
            lift_generations(step, lanes, mark, now)?;
            step.rest_after_copy(now)?;
            step.took_file(now)?;
            mark.files = known;
            Ok(())
        })
    }
}

/// What is under way while the accepted files are read back.
struct Reading<'a> {
    step: &'a Step<'a>,
    lanes: &'a [Lane],
    mark: &'a Mark,
    /// Whether the lost database had taken more files than are there.
    is_incomplete: bool,
    /// The jobs of newer files.
    seen: HashSet<&'a JobId>,
    /// The jobs that were not known so.
    found: Vec<JobId>,
    now: DateTime<Utc>,
}

impl<'a> Reading<'a> {
    fn file(&mut self, file: &'a Remembered, is_new: bool) -> Result<(), StoreError> {
        let (step, now) = (self.step, self.now);
        for (spec, line) in &file.jobs {
            if !self.seen.insert(&spec.id) {
                continue;
            }
            let Some(lane) = lane_named(self.lanes, &spec.account) else { continue };
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
            let by = By { account: &lane.config.account, bodies: &bodies(spec) };
            if step.take_back(spec, by, back, now)? {
                self.found.push(spec.id.clone());
            }
        }
        for (job, recurrence, line) in &file.series {
            if !self.seen.insert(&job.id) {
                continue;
            }
            let source = Source { file: &file.name, line: *line, first_taken_at: file.taken_at };
            let Some(lane) = lane_named(self.lanes, &job.account) else { continue };
            let by = By { account: &lane.config.account, bodies: &bodies(job) };
            step.take_back_series(Recurring { job, recurrence }, by, source, now)?;
        }
        for (id, owner) in &file.ids {
            if is_new {
                doubt_unspoken(step, self.lanes, id, now)?;
            }
            let account = match owner {
                Owner::Named(name) => name.clone(),
                Owner::Gone { name, appid } => name_of_gone(step, self.lanes, (name, appid))?,
            };
            if step.remember_id((id, &account), &file.name, file.taken_at, now)? {
                self.found.push(id.clone());
            }
        }
        Ok(())
    }
}

/// Names jobs, as many as a person reads.
fn named(jobs: &[JobId]) -> String {
    let names = jobs.iter().take(NAMED).map(JobId::as_str).collect::<Vec<_>>().join(", ");
    match jobs.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names}, and {more} more"),
    }
}

/// What lies beside a database, and tells whether it is an old one.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The mark, where there is one.
    pub mark: Option<&'a Mark>,
    /// Whether `accepted/` holds a file that the database does not know.
    pub unknown_files: bool,
}

/// Returns why a database is taken for an old one, and since when it knows nothing, if it is.
pub(super) fn restored(known: &Presence, beside: Beside<'_>) -> Option<(String, DateTime<Utc>)> {
    if let Some(at) = known.copied_at {
        return Some((format!("the database is a backup of {}", calendar::beijing(at)), at));
    }
    let why = match beside.mark {
        Some(mark) if mark.high_water > known.high_water || mark.files > known.files => {
            "the database is older than the mark beside it"
        }
        None if known.high_water > 0 => {
            "the mark beside the database is missing, so it may be an old one"
        }
        _ if beside.unknown_files && known.has_jobs => {
            "accepted/ holds files that the database does not know, so it is an old one"
        }
        Some(_) | None => return None,
    };
    Some((why.to_owned(), known.seen_at))
}

/// A span in which this database may have been put back: from when it last looked on to when it
/// looks on again, by a clock that the platform has not confirmed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Absence {
    gap: Gap,
    kind: GapKind,
    /// How much of it is steps of a running daemon's clock.
    stepped: TimeDelta,
}

impl Absence {
    /// The time between the last daemon and this one.
    ///
    /// After an orderly stop that is counted from when another daemon took over, if one did and did
    /// not get to know more; over all a long absence stays one.
    pub(super) fn before_start(known: &Presence, now: DateTime<Utc>) -> Self {
        let whole = Gap { from: known.seen_at, to: now };
        let (gap, kind) = match known.taken_over_at {
            Some(from) if known.orderly && now - known.seen_at <= margins::ABSENCE_MAX => {
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
        step: &Step<'_>,
        lanes: &[Lane],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match self.gap.meaning(self.kind()) {
            Meaning::Ordinary => {}
            Meaning::Doubtful(gap) => {
                step.bound_by_recall(gap, now)?;
                for question in step.in_question(now)? {
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
            Meaning::Restored(gap) => {
                let why = format!(
                    "the daemon was last seen on {}: the machine may have been restored",
                    calendar::beijing(gap.from)
                );
                step.rest_after_copy(now)?;
                hold_for_restore(step, lanes, (&why, gap), now)?;
            }
        }
        step.seen(now)
    }
}

/// Holds everything of a database that may be an older one, naming the jobs in question.
///
/// One that was deferred may have come forward and have been sent at any time since its own. Where
/// the platform would have forgotten that by its present time, it ends: a person says whether it
/// goes.
pub(super) fn hold_for_restore(
    step: &Step<'_>,
    lanes: &[Lane],
    (why, gap): (&str, Gap),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    step.bound_by_recall(gap, now)?;
    let jobs = step.jobs_in_question(gap, now)?;
    for id in &jobs {
        let job = step.job(id)?;
        let waits = matches!(job.state, JobState::Planned | JobState::Held);
        let last = job.due_at + job.retry_for;
        let remembered =
            job.due_at <= job.planned_at || last <= job.planned_at + margins::ASK_WITHIN;
        if waits && !remembered && job.is_broadcast() && !step.any_in_doubt(id)? {
            let account = described(lanes, &job.account);
            step.end_for(&job, &account, JobState::Missed, FORGOTTEN, now)?;
        }
    }
    let question = if jobs.is_empty() {
        "no job was due in the meantime".to_owned()
    } else {
        format!("{IN_QUESTION}: {}", named(&jobs))
    };
    tracing::error!("{why}; {question}; nothing is released until `qunfa resume --all`");
    step.hold(None, &format!("{why}; {question}"), now)
}

/// Misses a job that a newer file edits, where nobody can say what of it that changes: its account
/// is not in the config, or not under this name.
fn doubt_unspoken(
    step: &Step<'_>,
    lanes: &[Lane],
    id: &JobId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if let Some(series) = step.series(id)?
        && lane_named(lanes, &series.job.account).is_none()
    {
        return step.lose_series(id, &Account::undescribed(&series.job.account), now);
    }
    let Some(account) = step.account_of(id)? else { return Ok(()) };
    let job = step.job(id)?;
    let waits = matches!(job.state, JobState::Planned | JobState::Held) && !job.asked;
    if waits && lane_named(lanes, &account).is_none() {
        let account = Account::undescribed(&account);
        step.end_for(&job, &account, JobState::Missed, FORGOTTEN, now)?;
    }
    Ok(())
}

/// Returns an account, so that its jobs can be ended: also one that the config does not speak for.
fn described(lanes: &[Lane], name: &str) -> Account {
    lane_named(lanes, name)
        .map_or_else(|| Account::undescribed(name), |lane| lane.config.account.clone())
}

/// Forgets what the last daemon saw of the outside, and tells of jobs that nobody will release.
pub(super) fn attend_afresh(
    step: &Step<'_>,
    lanes: &[Lane],
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
        step.unattend_all(kind)?;
    }
    let configured: HashSet<_> =
        lanes.iter().map(|lane| lane.config.account.name.as_str()).collect();
    for KnownAccount { name: account, .. } in step.known_accounts()? {
        let waits = step.next_wake(&account)?.is_some() || step.has_series(&account)?;
        if !configured.contains(account.as_str()) && waits {
            let what = format!("account {account} is not in the config and has planned jobs");
            tracing::error!("{what}: nothing of it is released");
            let (_, advice) = unconfigured(&account);
            attend(step, &account, ("unconfigured", &what, &advice), now)?;
        }
    }
    Ok(())
}

pub(super) fn lift_generations(
    step: &Step<'_>,
    lanes: &[Lane],
    mark: &Mark,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for (job, batches) in &mark.generations {
        let Some(id) = JobId::parse(job) else { continue };
        let Some(account) = step.account_of(&id)? else { continue };
        let Some(lane) = lane_named(lanes, &account) else { continue };
        for (batch, generation) in batches {
            step.lift_generation((&id, *batch, *generation), &lane.config.account, now)?;
        }
    }
    Ok(())
}
