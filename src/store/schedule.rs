//! Applies the schedule: reads what it is made of, and stores what it changes.
//!
//! Every change to an account's jobs or ledger ends with [`Tx::replan`] in its own transaction, so
//! the stored due times are always those of the present schedule. What a waiting job owns of a
//! window follows from its due time, and is not stored.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Row, params};

use crate::calendar::{self, Span, Window};
use crate::model::{Account, JobId, JobState, OnQuota};
use crate::plan::{self, Job};
use crate::quota::{self, Block, Need, Rule, Usage};
use crate::reason::{NamedJob, Reason};
use crate::schedule::{self, Cause, Ledger, Placement, Waiting};
use crate::store::job_row::{JOB_COLUMNS, read_job};
use crate::store::moved::{Rescheduled, Unplaced};
use crate::store::series::DateAhead;
use crate::store::{Move, Result, StoreError, Tx, millis};

/// How far ahead the dates of series concern the jobs that wait.
const HORIZON_MOST: TimeDelta = TimeDelta::days(400);
/// For so many new jobs at once it is cheaper to ask for room for each than to read all that wait.
const FEW: usize = 8;
/// Beside [`JOB_COLUMNS`]: what the schedule needs of a job.
const WAITING_COLUMNS: &str = "title, reason,
    CASE WHEN attempted = 0 THEN calls
        ELSE (SELECT count(*) FROM batch WHERE job = job.id AND replaced = 0
              AND batch.state IN ('planned', 'in_doubt')) END,
    attempted = 1 AND EXISTS (SELECT 1 FROM batch WHERE job = job.id AND replaced = 0
        AND (state = 'asking' OR state IN ('planned', 'in_doubt') AND in_doubt_since_at IS NOT NULL))";

/// Why a job moves to a later window than its own.
#[derive(Clone, Copy, Debug)]
pub struct Deferral<'a> {
    /// The end of the window that has no room.
    pub after: DateTime<Utc>,
    /// What kept it from its window.
    pub why: &'a Reason,
    /// Whether the ledger shows that: then the schedule finds it by itself, and undoes it once the
    /// ledger shows room again.
    pub by_ledger: bool,
}

/// The schedule of one account.
#[derive(Debug)]
pub struct AccountSchedule {
    /// The jobs that wait or are in release, then the dates that have no job yet, each with its
    /// placement.
    pub jobs: Vec<(Waiting, Placement)>,
    /// Those dates.
    pub ahead: Vec<DateAhead>,
}

impl Tx<'_> {
    /// Takes the jobs that new schedules moved in this transaction, each with its last time.
    pub fn take_rescheduled(&self) -> Vec<Rescheduled> {
        Rescheduled::in_all(self.rescheduled.take())
    }

    /// Makes the schedule of an account anew and stores what changed.
    pub fn replan(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        self.replan_with(&HashSet::new(), account, now)
    }

    /// The same after something gave room: nothing changes unless some job waits for room.
    pub(super) fn replan_into_room(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let waits: bool = self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM job WHERE account = ?1 AND wake_at IS NOT NULL
                    AND (due_at > planned_at OR reason IS NOT NULL))",
            )?
            .query_row([&account.name], |row| row.get(0))?;
        if waits { self.replan(account, now) } else { Ok(()) }
    }

    /// Records that a job that was taken has no place in the schedule yet.
    pub(super) fn has_no_place(&self, (account, id): (&str, &JobId), edited: bool) {
        let mut unplaced = self.unplaced.borrow_mut();
        unplaced.entry(account.to_owned()).or_default().push(Unplaced { id: id.clone(), edited });
    }

    /// Places the jobs of an account that were taken in this transaction, moving on those that they
    /// displace.
    ///
    /// A job that comes too late for its own time keeps it: it is missed, and not sent on another
    /// day without notice.
    pub fn place_taken(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let taken = self.unplaced.borrow_mut().remove(&account.name).unwrap_or_default();
        for Unplaced { id, .. } in &taken {
            let job = self.job(id)?;
            if job.planned_at > job.expires_at && job.state.waits() {
                self.end_waiting(&job, JobState::Expired, &Reason::ExpiresBeforeDue, now)?;
            }
        }
        if taken.is_empty() || self.all_fit(&taken, account, now)? {
            return Ok(());
        }
        let ids: HashSet<_> = taken.iter().map(|job| &job.id).collect();
        self.replan_with(&ids, account, now)
    }

    /// Returns whether a few new jobs have room at their own times beside everything, each also beside
    /// the others: then the schedule moves nothing, and need not be made from all that wait.
    fn all_fit(&self, taken: &[Unplaced], account: &Account, now: DateTime<Utc>) -> Result<bool> {
        if taken.len() > FEW {
            return Ok(false);
        }
        for Unplaced { id, edited } in taken {
            if *edited || !self.fits_beside_all(&self.job(id)?, account, now)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Refuses a transaction that forgot to place a job that it took.
    pub(super) fn all_are_placed(&self) -> Result<()> {
        match self.unplaced.borrow().values().flatten().next() {
            None => Ok(()),
            Some(Unplaced { id, .. }) => {
                Err(StoreError::Conflict(format!("job {id} was taken and has no place")))
            }
        }
    }

    /// Returns whether a new job has room at its own time beside everything that is placed: then
    /// the schedule changes nothing else.
    fn fits_beside_all(&self, job: &Job, account: &Account, now: DateTime<Utc>) -> Result<bool> {
        let at = job.planned_at;
        if self.has_dates_ahead(&account.name, at)? {
            return Ok(false);
        }
        if at <= now || calendar::guard_end(at).is_some() || !job.state.waits() {
            return Ok(false);
        }
        self.has_room(job, account, at, now)
    }

    /// Returns whether a job that was never attempted has room at a time beside everything that is
    /// placed.
    fn has_room(
        &self,
        job: &Job,
        account: &Account,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        for need in quota::needs(account, job.demand, at) {
            let usage = self.usage_beside(account, need, now, |other| other.id != job.id)?;
            if quota::admit(account, need, usage).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn replan_with(
        &self,
        new: &HashSet<&JobId>,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        // The rules of an account that the config does not describe are unknown.
        if self.is_barred(&account.name)? {
            return Ok(());
        }
        let made = self.schedule_with(new, account, now, now)?;
        let jobs = made.jobs.len() - made.ahead.len();
        for (waiting, placement) in made.jobs.into_iter().take(jobs) {
            self.apply(&waiting, placement, account, now)?;
        }
        Ok(())
    }

    /// Returns the schedule of an account as of `now`, also of the dates of series before `until`
    /// that have no job yet.
    pub fn schedule(
        &self,
        account: &Account,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<AccountSchedule> {
        self.schedule_with(&HashSet::new(), account, until, now)
    }

    fn schedule_with(
        &self,
        new: &HashSet<&JobId>,
        account: &Account,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<AccountSchedule> {
        let mut waiting = self.waiting(&account.name)?;
        for one in &mut waiting {
            one.placed = !new.contains(&one.job.id);
        }
        let ahead = self.dates_ahead(account, until.max(horizon(&waiting, now)))?;
        waiting.extend(ahead.iter().map(|date| date.waiting.clone()));
        let made = schedule::schedule(account, &self.ledger(account, now)?, &waiting, now);
        Ok(AccountSchedule { jobs: waiting.into_iter().zip(made).collect(), ahead })
    }

    /// Returns what keeps a due job from its time, if the schedule has no place for it there.
    ///
    /// Only a job that may not be deferred, or a date of a series, waits for a time that others own.
    pub(super) fn without_place(
        &self,
        job: &Job,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Option<Block>> {
        if job.on_quota == OnQuota::Defer && !self.is_date(&job.id)? {
            return Ok(None);
        }
        if self.has_room(job, account, now, now)? {
            return Ok(None);
        }
        let schedule = self.schedule(account, now, now)?;
        let own = schedule.jobs.into_iter().find(|(waiting, _)| waiting.job.id == job.id);
        Ok(match own {
            Some((_, Placement::Fails(cause) | Placement::Expires(Some(cause)))) => Some(cause.own),
            Some((_, Placement::At(at, Some(cause)))) if at > now => Some(cause.own),
            Some(_) | None => None,
        })
    }

    fn waiting(&self, account: &str) -> Result<Vec<Waiting>> {
        let sql = format!(
            "SELECT {JOB_COLUMNS}, {WAITING_COLUMNS} FROM job
             WHERE account = ?1 AND wake_at IS NOT NULL"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([account], read_waiting)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Reads the charges from this month on, of the rules that jobs need.
    fn ledger(&self, account: &Account, now: DateTime<Utc>) -> Result<Ledger> {
        let mut ledger = Ledger::default();
        let mut statement = self.db.prepare_cached(
            "SELECT \"window\", sum(amount) FROM charge
                 LEFT JOIN external_send e ON e.id = charge.external_send
             WHERE charge.account = ?1 AND rule = ?2 AND \"window\" >= ?3 AND state <> 'returned'
               AND (provisional = 0 OR \"window\" <= ?4) AND ifnull(e.confirmed, 1)
             GROUP BY \"window\"",
        )?;
        let from = Window::containing(Span::Month, now).to_string();
        let today = Window::containing(Span::Day, now).to_string();
        for rule in quota::TABLE.iter().filter(|row| row.is_scheduled()).map(|row| row.rule) {
            let mut rows = statement.query(params![account.name, rule.name(), from, today])?;
            while let Some(row) = rows.next()? {
                let window: String = row.get(0)?;
                if let Some(window) = Window::parse(&window) {
                    ledger.charge(rule, window, row.get(1)?);
                }
            }
        }
        Ok(ledger)
    }

    fn apply(
        &self,
        waiting: &Waiting,
        placement: Placement,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = &waiting.job;
        match placement {
            Placement::At(at, cause) => self.set_due(waiting, at, cause.map(Into::into), now),
            // Without a time of its own, it is due now.
            Placement::Fails(cause) if job.anytime && !waiting.placed => {
                let why = Reason::from(cause).with_on_quota_fail();
                self.end_without_room(waiting, account, (JobState::Failed, &why), now)
            }
            Placement::Stays => Ok(()),
            // Its own time may become free, and decides.
            Placement::Fails(cause) => {
                self.lose_place(waiting, Reason::from(cause).with_on_quota_fail(), now)
            }
            Placement::Expires(cause) if now < job.due_at && self.is_date(&job.id)? => {
                let why = Cause::beyond_expiry(cause);
                self.lose_place(waiting, why, now)
            }
            Placement::Expires(cause) => {
                let why = Cause::beyond_expiry(cause);
                self.end_without_room(waiting, account, (JobState::Expired, &why), now)
            }
            Placement::Never(cause) => {
                self.end_without_room(waiting, account, (JobState::Failed, &cause.into()), now)
            }
        }
    }

    /// Returns whether a job is a date of a series.
    fn is_date(&self, id: &JobId) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM occurrence WHERE job = ?1)")?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    fn end_without_room(
        &self,
        waiting: &Waiting,
        account: &Account,
        (state, why): (JobState, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = &waiting.job;
        self.note_rescheduled(waiting, None, why.clone());
        if job.asked {
            return self.finish_job(job, account, state, why, now);
        }
        self.end_waiting(job, state, why, now)
    }

    /// Ends a job that was never attempted, and so has no charges.
    fn end_waiting(
        &self,
        job: &Job,
        state: JobState,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let to = Move { state, wake_at: None, reason: Some(why), why };
        self.move_job(&job.id, job.state, to, now)
    }

    fn note_rescheduled(
        &self,
        Waiting { job, title, placed, .. }: &Waiting,
        to: Option<DateTime<Utc>>,
        why: Reason,
    ) {
        if *placed {
            let named = NamedJob { id: job.id.clone(), title: title.clone() };
            let moved = Rescheduled { job: named, from: job.due_at, to, why };
            self.rescheduled.borrow_mut().push(moved);
        }
    }

    /// Records that a job has no place at its own time, for which it waits all the same.
    fn lose_place(&self, waiting: &Waiting, why: Reason, now: DateTime<Utc>) -> Result<()> {
        if waiting.without_place {
            return Ok(());
        }
        let job = &waiting.job;
        self.run("UPDATE job SET reason = ?2 WHERE id = ?1", params![job.id.as_str(), why])?;
        self.tell(&job.id, Some(job.state), job.state, &why, now)?;
        self.note_rescheduled(waiting, None, why);
        Ok(())
    }

    /// Records that a job that had no place has its own time again.
    fn regain_place(&self, waiting: &Waiting, now: DateTime<Utc>) -> Result<()> {
        if !waiting.without_place {
            return Ok(());
        }
        let job = &waiting.job;
        self.run("UPDATE job SET reason = NULL WHERE id = ?1", params![job.id.as_str()])?;
        let why = Reason::Advanced { goes_at: job.due_at, was_due: None };
        self.tell(&job.id, Some(job.state), job.state, &why, now)?;
        self.note_rescheduled(waiting, Some(job.due_at), why);
        Ok(())
    }

    /// Stores the time of a job, and why it is not its own.
    fn set_due(
        &self,
        waiting: &Waiting,
        at: DateTime<Utc>,
        cause: Option<Reason>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = &waiting.job;
        if at == job.due_at {
            return self.regain_place(waiting, now);
        }
        self.run(
            "UPDATE job SET due_at = ?2, wake_at = ?2, reason = ?3 WHERE id = ?1",
            params![job.id.as_str(), millis(at), cause.clone().map(Reason::deferred)],
        )?;
        self.run(
            "UPDATE batch SET next_at = ?2 WHERE job = ?1 AND state = 'planned' AND replaced = 0",
            params![job.id.as_str(), millis(at)],
        )?;
        let was_due = Some(job.due_at);
        let why = match cause {
            Some(cause) if at > job.due_at => {
                Reason::Deferred { cause: Box::new(cause), goes_at: Some(at), was_due }
            }
            _ => Reason::Advanced { goes_at: at, was_due },
        };
        self.tell(&job.id, Some(job.state), job.state, &why, now)?;
        self.note_rescheduled(waiting, Some(at), why);
        Ok(())
    }

    /// Moves a job to a later window because its own has no room.
    pub fn defer(
        &self,
        job: &Job,
        account: &Account,
        Deferral { after, why, by_ledger }: Deferral<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if job.on_quota == OnQuota::Fail {
            let why = why.clone().with_on_quota_fail();
            return self.finish_job(job, account, JobState::Failed, &why, now);
        }
        let state = if self.any_accepted(&job.id)? { job.state } else { resting(job.state) };
        self.run(
            "UPDATE job SET first_attempt_at = NULL, state = ?2 WHERE id = ?1",
            params![job.id.as_str(), state.as_str()],
        )?;
        if state != job.state {
            self.tell(&job.id, Some(job.state), state, why, now)?;
        }
        if by_ledger && !job.asked {
            self.replan(account, now)?;
            let after = self.job(&job.id)?;
            if !after.state.waits() || after.due_at > now {
                return Ok(());
            }
        }
        self.move_beyond(&Job { state, ..job.clone() }, account, (after, why), now)
    }

    /// Moves a job beyond a window whatever the ledger shows.
    fn move_beyond(
        &self,
        job: &Job,
        account: &Account,
        (after, why): (DateTime<Utc>, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let at = schedule::first_from(job, job.due_at, after);
        if at > job.expires_at {
            let why = why.clone().beyond_expiry();
            return self.finish_job(job, account, JobState::Expired, &why, now);
        }
        self.run(
            "UPDATE job SET not_before_at = ?2 WHERE id = ?1",
            params![job.id.as_str(), millis(at)],
        )?;
        let waiting = Waiting {
            job: job.clone(),
            title: None,
            calls_left: 0,
            placed: true,
            without_place: false,
            in_doubt: false,
        };
        self.set_due(&waiting, at, Some(why.clone()), now)?;
        self.replan(account, now)
    }

    pub(super) fn any_accepted(&self, id: &JobId) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM batch WHERE job = ?1 AND replaced = 0
                 AND state IN ('accepted', 'sent', 'failed'))",
            )?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Returns the ledger's count for a window at `now`.
    pub(super) fn usage(&self, account: &str, need: Need, now: DateTime<Utc>) -> Result<Usage> {
        // Tomorrow's provisional charge defers no job until midnight.
        let begun = now >= need.window.start();
        let (used, unconfirmed): (u32, u32) = self
            .db
            .prepare_cached(
                "SELECT ifnull(sum(amount) FILTER (WHERE ifnull(e.confirmed, 1)), 0),
                        ifnull(sum(amount) FILTER (WHERE e.confirmed = 0), 0)
                 FROM charge LEFT JOIN external_send e ON e.id = charge.external_send
                 WHERE charge.account = ?1 AND rule = ?2 AND \"window\" = ?3
                   AND charge.state <> 'returned' AND (provisional = 0 OR ?4)",
            )?
            .query_row(
                params![account, need.rule.name(), need.window.to_string(), begun],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
        Ok(Usage { used, unconfirmed, claimed: 0 })
    }

    /// The same beside what those waiting jobs own that count.
    pub(super) fn usage_beside(
        &self,
        account: &Account,
        need: Need,
        now: DateTime<Utc>,
        counts: impl Fn(&Job) -> bool,
    ) -> Result<Usage> {
        let usage = self.usage(&account.name, need, now)?;
        let mut claimed = 0_u32;
        self.each_owner(account, (need.rule, need.window), now, &mut |other, amount| {
            if counts(&other.job) {
                claimed = claimed.saturating_add(amount);
            }
        })?;
        Ok(Usage { claimed, ..usage })
    }

    /// Returns what waiting jobs own of a window, each with how much, the first in rank first.
    pub fn owners(
        &self,
        account: &Account,
        of: (Rule, Window),
        now: DateTime<Utc>,
    ) -> Result<Vec<(JobId, u32)>> {
        let mut owners = BTreeMap::new();
        self.each_owner(account, of, now, &mut |owner, amount| {
            owners.insert(owner.job.rank, (owner.job.id.clone(), amount));
        })?;
        Ok(owners.into_values().collect())
    }

    fn each_owner(
        &self,
        account: &Account,
        (rule, window): (Rule, Window),
        now: DateTime<Utc>,
        each: &mut dyn FnMut(&Waiting, u32),
    ) -> Result<()> {
        if !rule.row().is_scheduled() {
            return Ok(());
        }
        // This window never ends: by time, every waiting job of the account would be read.
        let (index, which) = if rule == Rule::PermanentQrcodes {
            ("INDEXED BY job_code", "AND action = 'qrcode'")
        } else {
            ("INDEXED BY job_due", "")
        };
        // Two ranges of two indexes: joined by OR, they would read every waiting job of the account.
        let sql = format!(
            "SELECT {JOB_COLUMNS}, {WAITING_COLUMNS} FROM job {index}
             WHERE account = ?1 AND wake_at IS NOT NULL AND due_at BETWEEN ?2 AND ?3 {which}
             UNION ALL
             SELECT {JOB_COLUMNS}, {WAITING_COLUMNS} FROM job
             WHERE +account = ?1 AND wake_at IS NOT NULL AND state = 'releasing'
               AND due_at NOT BETWEEN ?2 AND ?3 {which}"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        // A job that is overdue, or due in the first minutes of a day, uses the window of its request.
        let today = window.contains(now);
        let from = if today { i64::MIN } else { millis(window.start()) };
        let until = millis(window.end());
        let rows = statement.query_map(params![account.name, from, until], read_waiting)?;
        for waiting in rows {
            let waiting = waiting?;
            let amount = owned(&waiting, account, rule, window, now);
            if amount > 0 {
                each(&waiting, amount);
            }
        }
        Ok(())
    }
}

/// Returns up to when dates of series concern the jobs that wait: to the end of the last month in
/// which one of them may be sent.
fn horizon(waiting: &[Waiting], now: DateTime<Utc>) -> DateTime<Utc> {
    let last = waiting.iter().map(|one| one.job.expires_at).max().unwrap_or(now);
    Window::containing(Span::Month, last.min(now + HORIZON_MOST)).end()
}

/// Returns how much of a window a waiting job owns.
fn owned(
    waiting: &Waiting,
    account: &Account,
    rule: Rule,
    window: Window,
    now: DateTime<Utc>,
) -> u32 {
    if waiting.without_place || now > plan::deadline(&waiting.job) {
        return 0;
    }
    let needs = waiting.needs(account, waiting.job.due_at, now).into_iter();
    needs.filter(|need| (need.rule, need.window) == (rule, window)).map(|need| need.amount).sum()
}

fn read_waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    let job = read_job(row)?;
    let reason: Option<Reason> = row.get(22)?;
    let without_place = reason.is_some_and(|reason| reason.is_without_place());
    Ok(Waiting {
        title: row.get(21)?,
        calls_left: row.get(23)?,
        in_doubt: row.get(24)?,
        job,
        placed: true,
        without_place,
    })
}

/// Returns the state of a job while it waits for a later window.
fn resting(state: JobState) -> JobState {
    match state {
        JobState::Releasing => JobState::Planned,
        JobState::Planned
        | JobState::Held
        | JobState::Accepted
        | JobState::Sent
        | JobState::Failed
        | JobState::Partial
        | JobState::Uncertain
        | JobState::Cancelled
        | JobState::Expired
        | JobState::Missed => state,
    }
}
