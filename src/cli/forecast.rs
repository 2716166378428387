//! Forecasts when a job will be sent, and what delays it.
//!
//! The core makes the decisions: `plan` returns what a job's times allow, and `schedule` the window
//! that it has. What is added here is what they cannot know: which accounts are held or paused,
//! whether the daemon's loop runs, and the words.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::Serialize;

use super::schedules::{KeptBack, Schedules};
use super::text::{self, Tone};
use crate::calendar;
use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::config::Config;
use crate::daemon::{self, Clock, Heartbeat, Running};
use crate::engine;
use crate::l10n::t;
use crate::model::{Account, BatchState, JobId, JobState};
use crate::plan::{self, Batch, Job, NextAction as Next};
use crate::quota::{Rule, margins};
use crate::reason::Reason;
use crate::schedule::Placement;
use crate::schedule::receivers::Fate;
use crate::store::{AlertView, DateAhead, JobView, StoreError, Tx};
use crate::text::reason;

/// A loop that has not completed a turn for this long is stuck.
const STUCK_AFTER: TimeDelta = TimeDelta::seconds(10);
/// How long the administrator of a protected account has to confirm a broadcast.
const CONFIRMED_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// What stops every job of an account.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    why: Reason,
    ends: Ends,
}

/// What ends a stop.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ends {
    /// The daemon continues by itself.
    ByItself,
    /// This command.
    With(String),
    /// Another config, and a restart of the daemon with it.
    InTheConfig,
}

/// The context of all jobs, read once for one answer.
pub(super) struct ForecastContext {
    /// For each account of the config, what stops all of its jobs.
    stopped: Vec<(String, Option<Stop>)>,
    running: Option<Running>,
    heartbeat: Option<Heartbeat>,
    now: DateTime<Utc>,
    pub(super) schedules: Schedules,
}

/// The expected outcome of a waiting job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ForecastStatus {
    /// It is sent at the time given.
    Goes,
    /// A request for it is under way.
    UnderWay,
    /// The daemon ended during a request for it, and retries it once it runs.
    Interrupted,
    /// Its retry time ends before a retry could be made.
    RunsOut,
    /// It is sent at the time given if an operator approves it before.
    NeedsApproval,
    /// It is sent at the time given if its files come before.
    NeedsFiles,
    /// Its account is stopped until an operator resumes it, or the daemon can continue.
    Stopped,
    /// Its time is over; the daemon will record that.
    TooLate,
    /// Its window is full, and it is deferred when it is due.
    WillDefer,
    /// Its window is full, and it may not be deferred.
    WillFail,
    /// Its window is full, and the next one is after its expiry.
    WillExpire,
}

/// When one waiting job is really sent, and why not sooner.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Forecast {
    #[serde(rename = "outlook")]
    pub(super) status: ForecastStatus,
    /// When its next request is made; none if that is not known.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub(super) goes_at: Option<DateTime<Utc>>,
    /// The latest time for that request.
    #[serde(serialize_with = "rfc3339")]
    pub(super) not_after: DateTime<Utc>,
    /// What keeps it from being sent sooner, or at all.
    #[serde(flatten, serialize_with = "reason::as_list")]
    pub(super) why: Vec<Reason>,
    /// The reason that concerns its whole account, and is shown there as well.
    #[serde(skip)]
    of_account: Option<Reason>,
}

impl ForecastStatus {
    /// Returns it in words; none if the job is simply sent at its time.
    pub(super) fn words(self) -> Option<String> {
        Some(match self {
            Self::Goes => return None,
            Self::UnderWay => t!("forecast-under-way"),
            Self::Interrupted => t!("forecast-in-doubt"),
            Self::RunsOut => t!("forecast-runs-out"),
            Self::NeedsApproval => t!("forecast-if-approved"),
            Self::NeedsFiles => t!("forecast-if-files"),
            Self::Stopped => t!("forecast-stopped"),
            Self::TooLate => t!("forecast-too-late"),
            Self::WillDefer => t!("forecast-will-defer"),
            Self::WillFail => t!("forecast-will-fail"),
            Self::WillExpire => t!("forecast-will-expire"),
        })
    }
}

impl Forecast {
    /// Returns the mark beside the time on one line, at most seven columns wide: empty if the job is
    /// simply sent then.
    pub(super) fn mark(&self, (state, moved): (JobState, bool)) -> (Tone, String) {
        match self.status {
            ForecastStatus::Goes if state == JobState::Releasing => (Tone::Warn, t!("mark-again")),
            ForecastStatus::Goes if moved => (Tone::Warn, t!("mark-moved")),
            ForecastStatus::Goes => (Tone::Plain, String::new()),
            ForecastStatus::UnderWay => (Tone::Plain, t!("mark-asking")),
            ForecastStatus::Interrupted | ForecastStatus::RunsOut => (Tone::Warn, t!("mark-doubt")),
            ForecastStatus::NeedsApproval => (Tone::Warn, t!("mark-approve")),
            ForecastStatus::NeedsFiles => (Tone::Warn, t!("mark-files")),
            ForecastStatus::Stopped => (Tone::Alarm, t!("mark-stopped")),
            ForecastStatus::TooLate => (Tone::Alarm, t!("mark-late")),
            ForecastStatus::WillDefer => (Tone::Warn, t!("mark-full")),
            ForecastStatus::WillFail => (Tone::Alarm, t!("mark-fails")),
            ForecastStatus::WillExpire => (Tone::Alarm, t!("mark-expires")),
        }
    }

    /// Returns the text of the time in a table.
    pub(super) fn cell(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> (Tone, String) {
        let at = self.goes_at.unwrap_or(due);
        let late = if due < now { Tone::Warn } else { Tone::Plain };
        let due = text::time(due);
        match self.status {
            ForecastStatus::Goes => (late, text::time_and_distance(at, now)),
            ForecastStatus::UnderWay => (Tone::Plain, t!("forecast-under-way")),
            ForecastStatus::Interrupted => (Tone::Warn, t!("forecast-cell-in-doubt")),
            ForecastStatus::RunsOut => {
                (Tone::Warn, t!("forecast-cell-runs-out", at = text::time(self.not_after)))
            }
            ForecastStatus::NeedsApproval | ForecastStatus::NeedsFiles => {
                (Tone::Warn, text::time_and_distance(at, now))
            }
            ForecastStatus::Stopped => (Tone::Alarm, t!("forecast-cell-stopped", at = due)),
            ForecastStatus::TooLate => (Tone::Alarm, t!("forecast-cell-too-late", at = due)),
            ForecastStatus::WillDefer => (Tone::Warn, t!("forecast-cell-will-defer", at = due)),
            ForecastStatus::WillFail => (Tone::Alarm, t!("forecast-cell-will-fail", at = due)),
            ForecastStatus::WillExpire => (Tone::Alarm, t!("forecast-cell-will-expire", at = due)),
        }
    }
}

/// What keeps a job from its due time: its outcome, when it is sent, and why.
type Placed = (ForecastStatus, Option<DateTime<Utc>>, Reason);

/// Returns what the schedule says if a job is not sent at its due time.
fn by_its_place(job: &Job, place: &Placement) -> Option<Placed> {
    match place {
        Placement::Fails(cause) => {
            let why = Reason::from(cause.clone()).with_on_quota_fail();
            Some((ForecastStatus::WillFail, None, why))
        }
        Placement::Never(cause) => Some((ForecastStatus::WillFail, None, cause.clone().into())),
        Placement::Expires(cause) => {
            let why = cause
                .clone()
                .map_or(Reason::ExpiresBeforeDue, |cause| Reason::from(cause).beyond_expiry());
            Some((ForecastStatus::WillExpire, None, why))
        }
        Placement::At(later, Some(cause)) if *later > job.due_at => {
            let why = Reason::WillDefer { cause: Box::new(cause.clone().into()) };
            Some((ForecastStatus::WillDefer, Some(*later), why))
        }
        Placement::At(..) | Placement::Stays => None,
    }
}

/// Returns what becomes of a job that its receivers keep back.
fn by_its_receivers(KeptBack { fate, why, .. }: KeptBack) -> Placed {
    let later =
        |at| (ForecastStatus::WillDefer, at, Reason::WillDefer { cause: Box::new(why.clone()) });
    match fate {
        Fate::Goes => later(None),
        Fate::Later(_, at) => later(Some(at)),
        Fate::Expires(_) => (ForecastStatus::WillExpire, None, why.beyond_expiry()),
        Fate::Fails(_) => (ForecastStatus::WillFail, None, why.with_on_quota_fail()),
    }
}

/// Moves a job into the minute that has room for its first call.
fn by_its_minute(forecast: &mut Forecast, at: DateTime<Utc>) {
    forecast.why.push(Reason::MinuteFull { rule: Rule::PerMinute });
    if at > forecast.not_after {
        (forecast.status, forecast.goes_at) = (ForecastStatus::TooLate, None);
    } else {
        // How long the calls before it take is not known to the second.
        let minute = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
        forecast.goes_at = forecast.goes_at.map(|due| due.max(minute));
    }
}

impl ForecastContext {
    /// Reads what stops each account, and the daemon's state.
    pub(super) fn read(
        tx: &Tx<'_>,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        // An acknowledged alert counts too: it still stops the account.
        let notes = tx.current_alerts(now)?;
        let mut stopped = Vec::new();
        for account in &config.accounts {
            let name = &account.account.name;
            stopped.push((name.clone(), stop(tx, name, &notes)?));
        }
        let running = daemon::running(&config.state_dir);
        let heartbeat =
            running.as_ref().and_then(|running| daemon::heartbeat(&config.state_dir, running));
        Ok(Self { stopped, running, heartbeat, now, schedules: Schedules::new(now) })
    }

    /// The same with all dates of series before `until`.
    pub(super) fn until(self, until: DateTime<Utc>) -> Self {
        Self { schedules: self.schedules.until(until), ..self }
    }

    /// Returns the daemon that runs, if one does.
    pub(super) fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    /// Returns the last heartbeat of the daemon.
    pub(super) fn heartbeat(&self) -> Option<&Heartbeat> {
        self.heartbeat.as_ref()
    }

    /// Returns the last reading of an account's platform clock by the daemon that runs.
    pub(super) fn clock(&self, account: &str) -> Option<Clock> {
        self.heartbeat.as_ref()?.clocks.get(account).copied()
    }

    /// Returns since when the daemon's loop is stuck, if it is.
    pub(super) fn stuck_since(&self) -> Option<DateTime<Utc>> {
        let turned_at = self.heartbeat.as_ref()?.turned_at;
        (self.now - turned_at > STUCK_AFTER).then_some(turned_at)
    }

    /// Sets missing reasons: a due job without one gets its account's, and a job whose result is
    /// awaited gets what is known about the result.
    pub(super) fn explain(&self, jobs: &mut [JobView]) {
        for job in jobs {
            let waits = matches!(job.state, JobState::Planned | JobState::Releasing);
            let stop = if job.state.waits() { self.stop(&job.account) } else { None };
            // A job of an account without a config needs that reason more than why it was deferred,
            // and before its time.
            let matters = |stop: &Stop| {
                let is_due = waits && job.due <= self.now;
                stop.ends == Ends::InTheConfig || (is_due && job.reason.is_none())
            };
            if let Some(stop) = stop.filter(matters) {
                job.reason = Some(stop.why);
            }
            job.reason = job.reason.take().or_else(|| awaited(job, self.now));
        }
    }

    fn stop(&self, account: &str) -> Option<Stop> {
        match self.stopped.iter().find(|(name, _)| name == account) {
            Some((_, stop)) => stop.clone(),
            None => Some(Stop { why: engine::unconfigured(account).0, ends: Ends::InTheConfig }),
        }
    }

    /// Returns when a waiting job is really sent; none for one that does not wait.
    pub(super) fn forecast(
        &self,
        tx: &Tx<'_>,
        config: &Config,
        view: &JobView,
    ) -> Result<Option<Forecast>, StoreError> {
        let (true, Some(id)) = (view.state.waits(), JobId::parse(&view.id)) else {
            return Ok(None);
        };
        let (job, batches) = (tx.job(&id)?, tx.batches(&id)?);
        let mut forecast = self.by_its_times(&job, &batches);
        self.by_its_files(&mut forecast, tx, &id)?;
        if let Some(account) = super::lookup::account(config, &view.account) {
            self.by_the_rules(&mut forecast, tx, account, &job)?;
        }
        let planned = view.at.filter(|at| *at < view.due);
        let planned = planned.map(|at| Reason::PlannedFor { at });
        let stored = view.reason.clone().filter(|why| !forecast.why.contains(why));
        let uploads = self.by_its_uploads(tx.preparation(&id, self.now)?, view);
        forecast.why.splice(0..0, planned.into_iter().chain(stored).chain(uploads));
        self.by_its_account(&mut forecast, view);
        Ok(Some(forecast))
    }

    /// Adds which files it waits for.
    fn by_its_files(
        &self,
        forecast: &mut Forecast,
        tx: &Tx<'_>,
        id: &JobId,
    ) -> Result<(), StoreError> {
        let files = match forecast.status {
            ForecastStatus::NeedsApproval => tx.awaited_files(id)?,
            ForecastStatus::Goes
            | ForecastStatus::UnderWay
            | ForecastStatus::Interrupted
            | ForecastStatus::RunsOut
            | ForecastStatus::NeedsFiles
            | ForecastStatus::Stopped
            | ForecastStatus::TooLate
            | ForecastStatus::WillDefer
            | ForecastStatus::WillFail
            | ForecastStatus::WillExpire => Vec::new(),
        };
        if !files.is_empty() {
            forecast.status = ForecastStatus::NeedsFiles;
            forecast.why = vec![Reason::WaitsForFiles { files }];
        }
        Ok(())
    }

    /// Adds what the job's own times and batches allow.
    fn by_its_times(&self, job: &Job, batches: &[Batch]) -> Forecast {
        let mut why = Vec::new();
        let deadline = plan::deadline(job);
        let mut goes = |at: DateTime<Utc>| {
            let at = at.max(self.now);
            let after = calendar::guard_end(at);
            if after.is_some() {
                why.push(Reason::GuardAfterMidnight);
            }
            Some(after.unwrap_or(at))
        };
        let held = job.state == JobState::Held;
        let (status, goes_at) = match plan::next_action(job, batches, self.now) {
            Next::MissedDeadline | Next::RetryWindowOver => (ForecastStatus::TooLate, None),
            Next::Wait(_) | Next::Send(_) if job.in_question(job.due_at.max(self.now)) => {
                why.push(Reason::ResumeLetsItGo { account: job.account.clone() });
                (ForecastStatus::Stopped, None)
            }
            Next::Wait(_) if held => (ForecastStatus::NeedsApproval, goes(job.due_at)),
            Next::Wait(_) if !job.is_broadcast() && job.first_attempt_at.is_some() => {
                (ForecastStatus::UnderWay, None)
            }
            // No request is made after that, and what is still open is settled without one.
            Next::Wait(at) if at >= deadline => (ForecastStatus::RunsOut, None),
            Next::Wait(at) => (ForecastStatus::Goes, goes(at)),
            Next::Send(_) | Next::Execute => (ForecastStatus::Goes, goes(self.now)),
            Next::Nothing if self.running.is_none() => (ForecastStatus::Interrupted, None),
            Next::Nothing => (ForecastStatus::UnderWay, None),
        };
        let in_doubt = batches.iter().filter(|batch| batch.state == BatchState::InDoubt).count();
        match status {
            ForecastStatus::NeedsApproval => {
                why.push(Reason::HeldUntil { job: job.id.clone(), until: deadline });
            }
            ForecastStatus::TooLate => why.push(match job.first_attempt_at {
                None => Reason::GraceOver { grace_min: job.grace.num_minutes() },
                Some(_) => Reason::RetryForOver,
            }),
            ForecastStatus::Interrupted => why.push(Reason::DaemonEndedInRequest),
            ForecastStatus::RunsOut => why.push(Reason::PauseTooLong { in_doubt: in_doubt > 0 }),
            ForecastStatus::Goes
            | ForecastStatus::UnderWay
            | ForecastStatus::NeedsFiles
            | ForecastStatus::Stopped
            | ForecastStatus::WillDefer
            | ForecastStatus::WillFail
            | ForecastStatus::WillExpire => {}
        }
        if in_doubt > 0 {
            why.push(Reason::BatchesInDoubt { in_doubt, all: batches.len() });
        }
        Forecast { status, goes_at, not_after: deadline, why, of_account: None }
    }

    /// Adds what the schedule says of its window, if no request was made for it.
    fn by_the_rules(
        &self,
        forecast: &mut Forecast,
        tx: &Tx<'_>,
        account: &Account,
        job: &Job,
    ) -> Result<(), StoreError> {
        let Some(at) = forecast.goes_at.filter(|_| !job.asked) else {
            return Ok(());
        };
        let schedule = self.schedules.of(tx, account)?;
        let placed = schedule.placements.get(&job.id).and_then(|place| by_its_place(job, place));
        let (status, goes_at, why) = match placed {
            Some(placed) => placed,
            None => match self.schedules.kept_back(tx, (job, account), at)? {
                Some(kept) => by_its_receivers(kept),
                None => {
                    if let Some(at) = schedule.paced.get(&job.id) {
                        by_its_minute(forecast, *at);
                    }
                    return Ok(());
                }
            },
        };
        forecast.goes_at = goes_at;
        forecast.status = status;
        forecast.why.push(why);
        Ok(())
    }

    /// Returns when a date of a series will be sent that has no job yet.
    pub(super) fn of_date(
        &self,
        tx: &Tx<'_>,
        account: &Account,
        DateAhead { waiting, .. }: &DateAhead,
    ) -> Result<Forecast, StoreError> {
        let job = &waiting.job;
        let mut forecast = self.by_its_times(job, &[]);
        forecast.why.clear();
        let schedule = self.schedules.of(tx, account)?;
        match schedule.placements.get(&job.id).and_then(|place| by_its_place(job, place)) {
            // It has no job that could be deferred: its time is the one that the schedule gives it.
            Some((ForecastStatus::WillDefer, goes_at, why)) => {
                forecast.goes_at = goes_at;
                forecast.why.push(why);
            }
            Some((status, goes_at, why)) => {
                (forecast.status, forecast.goes_at) = (status, goes_at);
                forecast.why.push(why);
            }
            None => {}
        }
        if let Some(stop) = self.stop(&job.account).filter(|stop| stop.ends != Ends::ByItself) {
            (forecast.status, forecast.goes_at) = (ForecastStatus::Stopped, None);
            forecast.why.push(stop.why);
        }
        Ok(forecast)
    }

    /// Adds what its uploads still need.
    fn by_its_uploads(&self, begins: Option<DateTime<Utc>>, view: &JobView) -> Option<Reason> {
        let begins = begins?;
        let is_told = view.reason.as_ref().is_some_and(Reason::is_about_uploads);
        match begins > self.now {
            true if !is_told => Some(Reason::UploadsBegin { at: begins }),
            false if !is_told => Some(Reason::WaitsForUploads { cause: None }),
            true | false => None,
        }
    }

    /// Adds what holds, pauses or delays everything of its account.
    fn by_its_account(&self, forecast: &mut Forecast, view: &JobView) {
        let due = view.due <= self.now;
        let stop = self.stop(&view.account).filter(|stop| stop.ends != Ends::ByItself || due);
        match stop {
            Some(stop)
                if !matches!(
                    forecast.status,
                    ForecastStatus::UnderWay | ForecastStatus::Interrupted
                ) =>
            {
                if !matches!(forecast.status, ForecastStatus::TooLate | ForecastStatus::RunsOut) {
                    forecast.status = ForecastStatus::Stopped;
                    forecast.goes_at = None;
                    if view.state != JobState::Held {
                        forecast.why.push(Reason::MissedAfter { until: forecast.not_after });
                    }
                }
                forecast.why.retain(|why| *why != stop.why);
                let ends = match stop.ends {
                    Ends::ByItself => None,
                    Ends::With(command) => Some(Reason::GoesAfter { command }),
                    Ends::InTheConfig => Some(Reason::GoesAfterConfigChange),
                };
                if let Some(ends) = ends {
                    forecast.why.insert(0, ends);
                    forecast.of_account = Some(stop.why.clone());
                }
                forecast.why.insert(usize::from(forecast.of_account.is_some()), stop.why);
            }
            Some(_) | None => {
                if due && forecast.status == ForecastStatus::Goes {
                    forecast.why.extend(self.delay(view));
                }
            }
        }
    }

    /// Adds what a due job waits for if its account is not stopped.
    fn delay(&self, view: &JobView) -> Option<Reason> {
        if self.running.is_none() {
            return Some(Reason::DaemonNotRunning);
        }
        if self.stuck_since().is_some() {
            return Some(Reason::DaemonStuck);
        }
        self.heartbeat.as_ref()?;
        let read = self.clock(&view.account);
        let fresh = read.is_some_and(|clock| {
            let age = self.now - clock.read_at;
            let apart = (clock.platform_at - clock.read_at).abs();
            age <= margins::DATE_AGE_MAX && apart <= margins::CLOCK_APART
        });
        (!fresh).then_some(Reason::ClockNotTrusted)
    }
}

/// Returns a reason for a broadcast to everyone that was accepted and has no result. Its
/// administrator may have been asked to confirm it, which the platform does not report to us.
pub(super) fn awaited(job: &JobView, now: DateTime<Utc>) -> Option<Reason> {
    let (msg_id, accepted_at, confirm_until) = confirmed_until(job)?;
    Some(Reason::ResultAwaited {
        msg_id,
        accepted_at,
        confirm_until,
        is_over: now >= confirm_until,
    })
}

/// Returns the number of a broadcast to everyone without a result, when it was accepted, and until
/// when its administrator could confirm it.
pub(super) fn confirmed_until(job: &JobView) -> Option<(i64, DateTime<Utc>, DateTime<Utc>)> {
    if job.state != JobState::Accepted || !job.everyone {
        return None;
    }
    let batch = job.batches.iter().find(|batch| batch.state == BatchState::Accepted)?;
    let (msg_id, at) = (batch.msg_id?, batch.accepted_at?);
    Some((msg_id, at, at + CONFIRMED_WITHIN))
}

fn stop(tx: &Tx<'_>, name: &str, notes: &[AlertView]) -> Result<Option<Stop>, StoreError> {
    let stops = tx.stops(name)?;
    let whom = if stops.all { "--all" } else { name };
    let held = stops.hold.map(|(_, why)| Stop {
        why: Reason::OnHold { cause: Box::new(why) },
        ends: Ends::With(format!("qunfa resume {whom}")),
    });
    let paused = stops.paused.map(|(_, why, _)| match stops.barred {
        true => Stop { why, ends: Ends::InTheConfig },
        false => Stop {
            why: Reason::AccountPaused { account: name.to_owned(), cause: Box::new(why) },
            ends: Ends::With(format!("qunfa resume {name}")),
        },
    });
    let noted = || notes.iter().find(|note| stops_account(note, name));
    let noted = || {
        noted().map(|note| Stop {
            why: note.why.clone().unwrap_or_else(|| Reason::Written { text: note.what.clone() }),
            ends: Ends::ByItself,
        })
    };
    // A bar outlasts a hold: lifting the hold would not help.
    let stop = if stops.barred { paused.or(held) } else { held.or(paused) };
    Ok(stop.or_else(noted))
}

fn stops_account(note: &AlertView, name: &str) -> bool {
    let concerns = note.account.as_deref().is_none_or(|account| account == name);
    concerns && matches!(note.kind.as_str(), "clock" | "platform")
}
