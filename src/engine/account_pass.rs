//! One account's part of a pass: preflight, release, and requests for results.

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar;
use crate::calls::Slot;
use crate::config::TokenSource;
use crate::engine::{Outgoing, Session, Ticket, crash_context, series};
use crate::model::{Account, JobState};
use crate::plan::{self, Batch, Job, NextAction as Next};
use crate::quota::{Because, margins};
use crate::reason::Reason;
use crate::store::{Deferral, Refusal, Start, StoreError, Tx};
use crate::wechat::protocol::{self, Request};

/// How many jobs of one account a single pass settles without a request.
const DECISIONS_PER_PASS: usize = 500;

/// One account's turn in a pass.
pub(super) struct AccountPass<'a, 's> {
    pub(super) tx: &'a Tx<'s>,
    pub(super) index: usize,
    pub(super) now: DateTime<Utc>,
    /// How long before its time a job is decided.
    pub(super) ahead: TimeDelta,
    /// Whether a trusted clock is needed at once, to judge the daemon's absence.
    pub(super) probing_clock: bool,
    /// Whether no other account syncs its followers now.
    pub(super) may_read: bool,
    /// The requests, each with the time before which it must not leave.
    pub(super) outgoing: &'a mut Vec<(DateTime<Utc>, Outgoing)>,
    pub(super) generations: &'a mut Vec<(String, u32, u32)>,
}

impl AccountPass<'_, '_> {
    /// Decides all that this account may do now.
    pub(super) fn advance(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let name = session.config.account.name.clone();
        let stops = self.tx.stops(&name)?;
        if stops.paused.is_some() {
            session.drop_page();
            session.wake = None;
            return Ok(());
        }
        let held = stops.hold.is_some();
        // First, because what is complete now may be due, and may be shown.
        let prepare_at = self.prepare(session)?;
        if !held {
            self.tx.begin_pre_sends(&name, self.now)?;
        }
        let mut release_at = if held { None } else { self.next_release(session)? };
        if !session.is_busy() && (self.probing_clock || release_at.is_some()) {
            let wanted_at =
                if self.probing_clock { self.now } else { release_at.unwrap_or(self.now) };
            if session.wants_preflight(wanted_at, self.now) {
                self.preflight(session)?;
            } else if let Some(at) = release_at.and_then(|at| self.decides_as_of(at))
                && session.may_release(self.now.max(at))
            {
                release_at = self.release(session, at)?;
                crash_context::job(None);
            }
        }
        let result_at = self.tx.next_result(&name)?;
        if result_at.is_some_and(|at| at <= self.now) {
            self.ask_result(session)?;
        }
        let result_at = self.tx.next_result(&name)?;
        let next_call_at = self.api_calls(session, held)?;
        session.schedule((release_at, self.ahead), (result_at, next_call_at), self.now);
        session.wake_to_prepare(prepare_at);
        self.read_followers(session)
    }

    /// Returns the time for which a job due at `at` is decided now, unless it is too early.
    fn decides_as_of(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = at.max(self.now);
        let at = calendar::guard_end(at).unwrap_or(at);
        (at - self.now <= self.ahead).then_some(at)
    }

    /// Returns when a job of the account is to be looked at.
    fn next_release(&self, session: &Session) -> Result<Option<DateTime<Utc>>, StoreError> {
        let account = &session.config.account;
        if self.tx.taken_ahead(&account.name, self.now)? {
            if !session.clock_trusted(self.now) {
                // Only the platform can show which of the two clocks was wrong.
                return Ok(Some(self.now));
            }
            self.tx.bring_back(account, self.now)?;
        }
        if series::bring_back(self.tx, session, self.now)? {
            return Ok(Some(self.now));
        }
        self.tx.next_wake(&account.name)
    }

    /// Lets a request leave, not before a given time.
    pub(super) fn send(
        &mut self,
        session: &mut Session,
        at: DateTime<Utc>,
        ticket: Ticket,
        request: Request,
    ) {
        let base = session.bases.for_query(self.now);
        let outgoing = Outgoing { session: self.index, base, ticket, request, due: None };
        self.send_to(session, at, outgoing);
    }

    fn send_to(&mut self, session: &mut Session, at: DateTime<Utc>, outgoing: Outgoing) {
        let (slot, base) = (outgoing.ticket.slot(), outgoing.base);
        session.in_flight.begin(slot);
        session.bases.begin(slot, outgoing.request.is_for_api().then_some(base));
        self.outgoing.push((at, outgoing));
    }

    /// Requests a token, or if there is one, a sample of the platform's clock.
    pub(super) fn preflight(&mut self, session: &mut Session) -> Result<(), StoreError> {
        if session.preflight_at > self.now {
            return Ok(());
        }
        let account = &session.config.account;
        let token = session.usable_token(self.now).cloned();
        let (ticket, request) = match (&session.config.token, token, &session.config.secret) {
            (TokenSource::Classic | TokenSource::Url(_), Some(token), _) => {
                (Ticket::Clock, protocol::tags_get(&token))
            }
            (TokenSource::Url(url), None, _) => {
                (Ticket::Token { forced: false }, protocol::shared_token(url))
            }
            (TokenSource::Stable, _, Some(secret)) => {
                let forced = session.needs_force() && self.tx.force_token(account, self.now)?;
                let ticket = Ticket::Token { forced };
                (ticket, protocol::stable_token(&account.appid, secret, forced))
            }
            (TokenSource::Classic, None, Some(secret)) => {
                (Ticket::Token { forced: false }, protocol::classic_token(&account.appid, secret))
            }
            (TokenSource::Stable | TokenSource::Classic, _, None) => {
                unreachable!("the config demands a secret where a token is asked for")
            }
        };
        self.send(session, self.now, ticket, request);
        Ok(())
    }

    /// Decides the account's jobs that are due at `at`, until one is requested; returns when to
    /// look again.
    fn release(
        &mut self,
        session: &mut Session,
        at: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let name = session.config.account.name.clone();
        let soon = at + TimeDelta::milliseconds(10);
        for _ in 0..DECISIONS_PER_PASS {
            let Some(job) = self.tx.due_job(&name, at)? else {
                return self.tx.next_wake(&name);
            };
            crash_context::job(Some(job.id.as_str()));
            let account = &session.config.account;
            let (next, batches) = self.tx.next_action(&job, at)?;
            match next {
                Next::Wait(until) => self.tx.sleep(&job.id, until.max(soon), None)?,
                Next::Nothing => self.tx.sleep(&job.id, at + margins::PER_MINUTE, None)?,
                Next::MissedDeadline => {
                    let why = self.missed(&job, at)?;
                    self.tx.finish_job(&job, account, JobState::Missed, &why, at)?;
                }
                Next::RetryWindowOver => self.tx.run_out(&job, account, at)?,
                Next::Send(_) if !self.tx.unready(&job.id, at)?.is_empty() => {
                    let over = plan::deadline(&job) + TimeDelta::milliseconds(1);
                    self.tx.await_uploads(&job.id, over.max(soon))?;
                }
                Next::Execute => self.act(&job, account, at)?,
                Next::Send(index) => {
                    if job.first_attempt_at.is_none()
                        && let Some(until) = self.tx.waits_for_speed(&job.id, at)?
                        && until < plan::deadline(&job)
                    {
                        self.tx.sleep(&job.id, until.max(soon), None)?;
                        continue;
                    }
                    if let Some(free_at) = self.tx.minute_free_at(&name, 0, at)? {
                        return Ok(Some(free_at.max(soon)));
                    }
                    let batch = &batches[index];
                    let base = session.bases.for_send(self.tx, batch.id)?;
                    match self.tx.begin(&job, account, batch, at)? {
                        Start::Begun(begun) => {
                            let address = &session.config.api_bases[base];
                            self.tx.goes_to(begun.attempt, address)?;
                            let token = session.usable_token(at).expect("may_release saw it");
                            let body = protocol::with_clientmsgid(&begun.body, &begun.clientmsgid);
                            let request = protocol::mass(begun.list, token, body);
                            if batch.generation > 0 {
                                let id = job.id.to_string();
                                self.generations.push((id, batch.number, batch.generation));
                            }
                            let ticket = Ticket::Send { attempt: begun.attempt };
                            let first = job.first_attempt_at.is_none();
                            let due = first.then_some(job.due_at);
                            let outgoing =
                                Outgoing { session: self.index, base, ticket, request, due };
                            self.send_to(session, at, outgoing);
                            return self.tx.next_wake(&name);
                        }
                        Start::Refused(refusal) => {
                            self.without_room(&job, batch, (account, refusal), at)?;
                        }
                    }
                }
            }
        }
        Ok(Some(soon))
    }

    /// Returns why a job is missed, also which uploads kept it from its release.
    fn missed(&self, job: &Job, at: DateTime<Utc>) -> Result<Reason, StoreError> {
        let late_s = (at - job.due_at).num_seconds();
        let files = self.tx.awaited_files(&job.id)?;
        if !files.is_empty() {
            return Ok(Reason::FilesNotInTime { files, late_s });
        }
        let why = match job.state {
            JobState::Held => Reason::NotApprovedInTime { late_s },
            JobState::Planned
            | JobState::Releasing
            | JobState::Accepted
            | JobState::Sent
            | JobState::Failed
            | JobState::Partial
            | JobState::Uncertain
            | JobState::Cancelled
            | JobState::Expired
            | JobState::Missed => Reason::PastGrace { late_s, grace_s: job.grace.num_seconds() },
        };
        if self.tx.unready(&job.id, at)?.is_empty() {
            return Ok(why);
        }
        let last = self.tx.upload_trouble(&job.id)?.map(Box::new);
        Ok(Reason::UploadsNotDone { cause: Box::new(why), last })
    }

    fn without_room(
        &self,
        job: &Job,
        batch: &Batch,
        (account, refusal): (&Account, Refusal),
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (Refusal::Blocked(block) | Refusal::Receivers(block)) = refusal;
        let why = Reason::from(refusal);
        if self.tx.any_in_doubt(&job.id)? {
            // What may have been sent is never moved to another day.
            let until = at + margins::BACKOFF_MAX;
            return self.tx.wait_batch(&job.id, batch, (until, &why.waits()));
        }
        if block.because == Because::TooMuch {
            return self.tx.finish_job(job, account, JobState::Failed, &why, at);
        }
        let by_ledger = matches!(refusal, Refusal::Blocked(_));
        let deferral = Deferral { after: block.window.end(), why: &why, by_ledger };
        self.tx.defer(job, account, deferral, at)
    }

    fn ask_result(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let name = &session.config.account.name;
        if session.in_flight.has(Slot::Result) || calendar::guard_end(self.now).is_some() {
            return Ok(());
        }
        let Some(token) = session.usable_token(self.now).cloned() else {
            if !session.is_busy() {
                self.preflight(session)?;
            }
            return Ok(());
        };
        if self.tx.minute_free_at(name, margins::KEPT_FOR_SENDS, self.now)?.is_some() {
            return Ok(());
        }
        if let Some(ask) = self.tx.begin_result(name, self.now)? {
            let request = protocol::mass_get(&token, ask.msg_id);
            self.send(session, self.now, Ticket::Result(ask), request);
        }
        Ok(())
    }
}
