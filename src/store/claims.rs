//! Claims: the slots of quota windows that waiting jobs have reserved.
//!
//! A job is placed where every rule has room beside the jobs before it in rank. A job that is
//! placed in a window may leave later ones in rank without room there; those are moved on, one
//! after the other and never in a recursion. When a claim is given up, the jobs that are later than
//! planned try again in the order of their ranks, so one round is enough.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::model::{Account, JobId, JobState, OnQuota};
use crate::plan::{self, Job, Placement, Rank};
use crate::quota::{self, Block, Demand, Need, Usage};
use crate::reason::Reason;
use crate::store::{Move, Result, Tx, millis};

/// Why and how a job moves to a later window.
#[derive(Clone, Copy, Debug)]
pub struct Deferral<'a> {
    /// The first time that may be tried.
    pub after: DateTime<Utc>,
    /// What kept it from its window.
    pub why: &'a Reason,
    /// Whether it may move forward again when another job gives up a claim.
    pub can_advance: bool,
}

/// Whose claims a job has to respect.
#[derive(Clone, Copy, Debug)]
pub(super) enum ClaimScope<'a> {
    /// Those of every job.
    All,
    /// Those of every job but this one.
    Others(&'a JobId),
    /// Those before this rank, but not this job's own.
    Ahead(Rank, &'a JobId),
}

/// The place of a waiting job.
struct Assignment {
    at: DateTime<Utc>,
    /// What kept it from its own time, if it moved.
    moved: Option<Reason>,
    /// Whether it may move forward again.
    can_advance: bool,
}

impl Tx<'_> {
    /// Places a job that was taken, moving on those behind it.
    ///
    /// Its own time is tried first. A job that comes too late for that keeps its time without a
    /// claim: it is missed, and not sent on another day without notice.
    pub(super) fn settle_claims(
        &self,
        id: &JobId,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        if job.planned_at > job.expires_at {
            let why = Reason::ExpiresBeforeDue;
            return self.end_waiting(&job, JobState::Expired, &why, now).map(drop);
        }
        if now > plan::deadline(&job) {
            return Ok(());
        }
        let crowded = self.assign(&job, account, job.planned_at, now)?;
        self.displace(crowded, account, now)
    }

    /// Moves a job that a rule kept from its window to a later one.
    pub fn defer(
        &self,
        job: &Job,
        account: &Account,
        deferral: Deferral<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Deferral { after, why, can_advance } = deferral;
        if job.on_quota == OnQuota::Fail {
            let why = why.clone().with_on_quota_fail();
            return self.finish_job(job, account, JobState::Failed, &why, now);
        }
        self.run("DELETE FROM claim WHERE job = ?1", params![job.id.as_str()])?;
        let state = if self.any_accepted(&job.id)? { job.state } else { resting(job.state) };
        self.run(
            "UPDATE job SET first_attempt_at = NULL, state = ?2 WHERE id = ?1",
            params![job.id.as_str(), state.as_str()],
        )?;
        if state != job.state {
            self.tell(&job.id, Some(job.state), state, why, now)?;
        }
        // What was accepted already needs no second claim.
        let demand = Demand { calls: self.open_batches(&job.id)?.max(1), ..job.demand };
        let job = Job { first_attempt_at: None, state, demand, ..job.clone() };
        let rank = ClaimScope::Ahead(job.rank, &job.id);
        let usage = &mut |need: Need| self.usage(&job.account, need, rank, now);
        match plan::place(&job, account, after, usage)? {
            Placement::At(at, _) if at <= job.expires_at => {
                let can_advance = can_advance && !job.asked;
                let assignment = Assignment { at, moved: Some(why.clone()), can_advance };
                let crowded = self.assignment(&job, account, assignment, now)?;
                self.displace(crowded, account, now)
            }
            Placement::At(..) | Placement::Beyond(_) => {
                let why = why.clone().beyond_expiry();
                self.finish_job(&job, account, JobState::Expired, &why, now)
            }
            Placement::Never(block) => {
                self.finish_job(&job, account, JobState::Failed, &block.into(), now)
            }
        }
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

    /// Places a job in its first window with room at or after `earliest`, and returns its claims.
    /// The job was never attempted.
    fn assign(
        &self,
        job: &Job,
        account: &Account,
        earliest: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Need>> {
        self.run("DELETE FROM claim WHERE job = ?1", params![job.id.as_str()])?;
        // A job without a time of its own takes no slot from another job.
        let rank = if job.anytime {
            ClaimScope::Others(&job.id)
        } else {
            ClaimScope::Ahead(job.rank, &job.id)
        };
        let usage = &mut |need: Need| self.usage(&job.account, need, rank, now);
        match plan::place(job, account, earliest, usage)? {
            Placement::Never(block) => self.end_waiting(job, JobState::Failed, &block.into(), now),
            // A job that may not defer claims its own time, behind those before it. One of them may
            // yet give up its claim, and the job's release decides.
            Placement::At(..) | Placement::Beyond(_) if job.on_quota == OnQuota::Fail => {
                let assignment = Assignment { at: job.planned_at, moved: None, can_advance: false };
                self.assignment(job, account, assignment, now)
            }
            Placement::At(at, passed) => {
                // Whatever uses the place now, even an open request, may yet give it up.
                let can_advance = passed.is_some();
                let assignment = Assignment { at, moved: passed.map(Into::into), can_advance };
                self.assignment(job, account, assignment, now)
            }
            Placement::Beyond(passed) => {
                let why = Reason::from(passed).beyond_expiry();
                self.end_waiting(job, JobState::Expired, &why, now)
            }
        }
    }

    /// Restores a job's claims at its due time.
    pub(super) fn reassign(&self, id: &JobId, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let job = self.job(id)?;
        let calls = if job.is_broadcast() { self.open_batches(id)?.max(1) } else { 0 };
        let demand = Demand { calls, ..job.demand };
        let job = Job { demand, ..job };
        let crowded = self.assign(&job, account, job.due_at, now)?;
        self.displace(crowded, account, now)
    }

    /// Ends a job that holds neither claims nor charges.
    fn end_waiting(
        &self,
        job: &Job,
        state: JobState,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<Vec<Need>> {
        let to = Move { state, wake_at: None, reason: Some(why), why };
        self.move_job(&job.id, job.state, to, now)?;
        Ok(Vec::new())
    }

    /// Records the place of a job, with its claims, and returns them.
    fn assignment(
        &self,
        job: &Job,
        account: &Account,
        Assignment { at, moved, can_advance }: Assignment,
        now: DateTime<Utc>,
    ) -> Result<Vec<Need>> {
        let reason = moved.clone().map(Reason::deferred);
        self.run(
            "UPDATE job SET due_at = ?2, can_advance = ?3, reason = ?4, wake_at = ?2 WHERE id = ?1",
            params![job.id.as_str(), millis(at), can_advance, reason],
        )?;
        self.run(
            "UPDATE batch SET next_at = ?2 WHERE job = ?1 AND state = 'planned' AND replaced = 0",
            params![job.id.as_str(), millis(at)],
        )?;
        if at != job.due_at {
            let to = match moved {
                None => Reason::Advanced { goes_at: at },
                Some(cause) => Reason::Deferred { cause: Box::new(cause), goes_at: Some(at) },
            };
            self.tell(&job.id, Some(job.state), job.state, &to, now)?;
        }
        let needs = quota::needs(account, job.demand, at);
        for need in &needs {
            self.run(
                "INSERT INTO claim (job, account, rule, \"window\", amount, neg_priority, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET \"window\" = excluded.\"window\", amount = excluded.amount",
                params![
                    job.id.as_str(),
                    job.account,
                    need.rule.name(),
                    need.window.to_string(),
                    need.amount,
                    standing(job).neg_priority,
                    job.rank.taken,
                ],
            )?;
        }
        Ok(needs)
    }

    /// Moves the jobs on that have no room left in crowded windows, the last in rank first.
    fn displace(&self, crowded: Vec<Need>, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let mut crowded = VecDeque::from(crowded);
        while let Some(need) = crowded.pop_front() {
            while let Some(job) = self.last_without_room(account, need, now)? {
                crowded.extend(self.assign(&job, account, job.due_at, now)?);
            }
        }
        Ok(())
    }

    /// Returns the last in rank of a window's waiting jobs, if those before it leave it no room.
    fn last_without_room(
        &self,
        account: &Account,
        need: Need,
        now: DateTime<Utc>,
    ) -> Result<Option<Job>> {
        let last: Option<(String, u32)> = self
            .db
            .prepare_cached(
                "SELECT claim.job, amount FROM claim JOIN job ON job.id = claim.job
                 WHERE claim.account = ?1 AND rule = ?2 AND \"window\" = ?3 AND attempted = 0
                   AND on_quota = 'defer'
                 ORDER BY neg_priority DESC, claim.seq DESC LIMIT 1",
            )?
            .query_row(params![account.name, need.rule.name(), need.window.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((id, amount)) = last else {
            return Ok(None);
        };
        let Some(id) = JobId::parse(&id) else {
            return Ok(None);
        };
        let job = self.job(&id)?;
        let own = Need { amount, ..need };
        let ahead = self.usage(&account.name, own, ClaimScope::Ahead(job.rank, &id), now)?;
        Ok(quota::admit(account, own, ahead).is_err().then_some(job))
    }

    /// Moves jobs that are later than planned forward, if there is room now.
    pub fn advance_waiting(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        // The rules of an account that the config does not describe are unknown.
        if self.is_barred(&account.name)? {
            return Ok(());
        }
        let waiting = self
            .db
            .prepare_cached(
                "SELECT id FROM job WHERE account = ?1 AND can_advance = 1 AND attempted = 0
                 AND state IN ('planned', 'held') ORDER BY priority DESC, seq",
            )?
            .query_map([&account.name], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        for id in waiting.iter().filter_map(|id| JobId::parse(id)) {
            let job = self.job(&id)?;
            let waits = matches!(job.state, JobState::Planned | JobState::Held);
            // A moved job may have ended others; and an overdue job is missed, not moved.
            if !waits || now > plan::deadline(&job) {
                continue;
            }
            // A time that its grace has passed would only make it missed.
            let crowded = self.assign(&job, account, now - job.grace, now)?;
            self.displace(crowded, account, now)?;
        }
        Ok(())
    }

    /// Gives up what a job still claims, and moves others forward: into that place, or into the one
    /// whose charge was just returned.
    pub(super) fn give_up_claims(
        &self,
        id: &JobId,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run("DELETE FROM claim WHERE job = ?1", params![id.as_str()])?;
        self.run("UPDATE job SET can_advance = 0 WHERE id = ?1", params![id.as_str()])?;
        self.advance_waiting(account, now)
    }

    /// Returns the ledger's count for a window at `now`, as one job has to respect it.
    pub(super) fn usage(
        &self,
        account: &str,
        need: Need,
        scope: ClaimScope<'_>,
        now: DateTime<Utc>,
    ) -> Result<Usage> {
        let window = need.window.to_string();
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
            .query_row(params![account, need.rule.name(), window, begun], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let (neg_priority, taken, own) = match scope {
            ClaimScope::All => (i64::MAX, i64::MAX, ""),
            ClaimScope::Others(id) => (i64::MAX, i64::MAX, id.as_str()),
            ClaimScope::Ahead(rank, id) => (i64::from(rank.neg_priority), rank.taken, id.as_str()),
        };
        let claimed = self
            .db
            .prepare_cached(
                "SELECT ifnull(sum(amount), 0) FROM claim
                 WHERE account = ?1 AND rule = ?2 AND \"window\" = ?3
                   AND (neg_priority, seq) < (?4, ?5) AND job <> ?6",
            )?
            .query_row(
                params![account, need.rule.name(), window, neg_priority, taken, own],
                |row| row.get(0),
            )?;
        Ok(Usage { used, unconfirmed, claimed })
    }

    /// Returns what will block a never attempted job from its window, by the present ledger.
    pub fn block(&self, job: &Job, account: &Account, at: DateTime<Utc>) -> Result<Option<Block>> {
        let ahead = ClaimScope::Ahead(standing(job), &job.id);
        for need in quota::needs(account, job.demand, at) {
            // By then the provisional charges count.
            let usage = self.usage(&job.account, need, ahead, at)?;
            if let Err(block) = quota::admit(account, need, usage) {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }
}

/// Returns the rank of a job's claims: a job that was attempted keeps its place against any
/// priority.
pub(super) fn standing(job: &Job) -> Rank {
    if job.asked { Rank { neg_priority: i32::MIN, ..job.rank } } else { job.rank }
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
