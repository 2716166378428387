//! Taking jobs, and the claims they own from then on.
//!
//! A claim is a place in a window of the ledger that a waiting job owns against every job behind
//! it. Taking a job may push others back; giving a claim up lets them come forward again, in
//! the order of their ranks, so that one pass is enough.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::calendar::Window;
use crate::model::{
    Account, Audience, BatchState, Expires, JobId, JobSpec, JobState, OnFullReceivers, OnQuota,
    clientmsgid,
};
use crate::plan::{self, Batch, Job, Placement, Rank};
use crate::quota::{self, Because, Block, Demand, Need, Rule, Usage};
use crate::store::{Move, Result, Step, StoreError, instant, millis, seconds, unreadable};

/// The fixed body of one batch.
#[derive(Clone, Debug)]
pub struct BatchBody {
    /// The request's JSON without the clientmsgid.
    pub body: String,
    /// How many OpenIDs it names; none for everyone or a tag.
    pub receivers: Option<u32>,
}

/// Why a job of a lost database is not released.
const LOST: &str = "the database that knew it is lost: it may have been sent";

/// What became of a job that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is new.
    New,
    /// The same job is known: nothing changed.
    Known,
    /// It was planned and had never been asked for: it is as written now.
    Updated,
    /// It cannot be taken, for this reason; its file is refused.
    Refused(String),
}

/// How a job comes to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The line its job begins in.
    pub line: usize,
    /// When the file was first taken, which is the time of a job without one.
    pub first_taken_at: DateTime<Utc>,
}

impl Step<'_> {
    /// Remembers a file, and returns when its content was first taken.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn know_file(&self, sha256: &str, name: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        self.run(
            "INSERT INTO file (sha256, name, taken_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![sha256, name, millis(now)],
        )?;
        let taken: i64 = self
            .db
            .prepare_cached("SELECT taken_at FROM file WHERE sha256 = ?1")?
            .query_row([sha256], |row| row.get(0))?;
        Ok(instant(taken))
    }

    /// Takes one job: stores it with its batches, and claims its window.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn take(
        &self,
        spec: &JobSpec,
        account: &Account,
        bodies: &[BatchBody],
        source: Source<'_>,
        now: DateTime<Utc>,
    ) -> Result<Taken> {
        match self.known(spec)? {
            Known::No => {}
            Known::Same => return Ok(Taken::Known),
            Known::Refuse(why) => return Ok(Taken::Refused(why)),
            Known::Editable(before) => {
                self.edit_away(&before)?;
                self.insert_job(spec, account, bodies, source, Some((&before, now)))?;
                self.settle_place(&spec.id, account, now)?;
                self.come_forward(account, now)?;
                return Ok(Taken::Updated);
            }
        }
        self.insert_job(spec, account, bodies, source, None)?;
        self.settle_place(&spec.id, account, now)?;
        Ok(Taken::New)
    }

    /// Records a job whose file was accepted by a database that is lost.
    ///
    /// It may have been sent, so it stands as missed and is never released by itself.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn take_back(
        &self,
        spec: &JobSpec,
        account: &Account,
        bodies: &[BatchBody],
        source: Source<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if !matches!(self.known(spec)?, Known::No) {
            return Ok(());
        }
        self.insert_job(spec, account, bodies, source, None)?;
        let why = LOST;
        let from = if spec.approval { JobState::Held } else { JobState::Planned };
        let to = Move { state: JobState::Missed, wake_at: None, reason: Some(why), why };
        self.move_job(&spec.id, from, to, now)
    }

    /// Records an id that a lost database knew and whose job cannot be read any more.
    ///
    /// It has no batches, so nothing of it can ever be sent; dropping the id again is refused.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn remember_id(
        &self,
        (id, account): (&JobId, &str),
        file: &str,
        taken_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.know_account(account)?;
        let new = self
            .db
            .prepare_cached(
                "INSERT INTO job (id, account, action, state, taken, priority, planned_at, due_at,
                     taken_at, zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file,
                     line, everyone, calls, audience, msgtype, reason, ended_at)
                 VALUES (?1, ?2, 'broadcast', 'missed', (SELECT ifnull(max(taken), 0) + 1 FROM job), 0,
                     ?3, ?3, ?3, 'Asia/Shanghai', 1800, 7200, ?3, 'defer', 'send', '', ?4, 1, 0, 1,
                     'unknown', 'unknown', ?5, ?6)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![id.as_str(), account, millis(taken_at), file, LOST, millis(now)])?;
        if new == 0 {
            return Ok(());
        }
        self.tell(id, None, JobState::Missed, LOST, now)
    }

    fn known(&self, spec: &JobSpec) -> Result<Known> {
        let row = self
            .db
            .prepare_cached("SELECT account, digest, state, asked FROM job WHERE id = ?1")?
            .query_row([spec.id.as_str()], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    state(row, 2)?,
                    row.get::<_, bool>(3)?,
                ))
            })
            .optional()?;
        let Some((account, digest, state, asked)) = row else {
            return Ok(Known::No);
        };
        let id = &spec.id;
        if account != spec.account {
            return Ok(Known::Refuse(format!(
                "the id {id} belongs to a job of account {account}: give this job an id of its own"
            )));
        }
        let waiting = matches!(state, JobState::Planned | JobState::Held) && !asked;
        Ok(match (digest == spec.digest(), waiting) {
            (true, _) if state == JobState::Missed => Known::Refuse(format!(
                "job {id} is known and was missed: look at `qunfa show {id}`, then `qunfa retry {id}`, \
                 or give it a new id if you are sure that it was not sent"
            )),
            (true, _) => Known::Same,
            (false, true) => Known::Editable(id.clone()),
            (false, false) => Known::Refuse(format!(
                "job {id} is {state} and cannot be changed any more: use a new id for a new broadcast"
            )),
        })
    }

    fn edit_away(&self, id: &JobId) -> Result<()> {
        self.run("DELETE FROM claim WHERE job = ?1", params![id.as_str()])?;
        self.run("DELETE FROM batch WHERE job = ?1", params![id.as_str()])
    }

    fn insert_job(
        &self,
        spec: &JobSpec,
        account: &Account,
        bodies: &[BatchBody],
        source: Source<'_>,
        replaced: Option<(&JobId, DateTime<Utc>)>,
    ) -> Result<()> {
        let planned = spec.at.unwrap_or(source.first_taken_at);
        let expires = match spec.expires {
            Expires::After(span) => planned + span,
            Expires::At(at) => at,
        };
        let state = if spec.approval { JobState::Held } else { JobState::Planned };
        let audience = match &spec.action {
            crate::model::Action::Broadcast(broadcast) => match &broadcast.audience {
                Audience::Everyone => "everyone".to_owned(),
                Audience::Tag(tag) => format!("tag {tag}"),
                Audience::List(list) => format!("{} OpenIDs", list.len()),
            },
        };
        let crate::model::Action::Broadcast(broadcast) = &spec.action;
        let everyone = broadcast.audience == Audience::Everyone;
        let taken = self.next_taken(replaced.map(|(id, _)| id), spec, planned)?;
        let sql = if replaced.is_some() { UPDATE_JOB } else { INSERT_JOB };
        self.run(
            sql,
            params![
                spec.id.as_str(),
                spec.account,
                spec.action.name(),
                state.as_str(),
                taken,
                spec.priority,
                spec.at.map(millis),
                millis(planned),
                millis(source.first_taken_at),
                spec.timezone.name(),
                spec.grace.num_seconds(),
                spec.retry_for.num_seconds(),
                millis(expires),
                match spec.on_quota {
                    OnQuota::Defer => "defer",
                    OnQuota::Fail => "fail",
                },
                match spec.on_full_receivers {
                    OnFullReceivers::Send => "send",
                    OnFullReceivers::Drop => "drop",
                    OnFullReceivers::Defer => "defer",
                },
                spec.digest(),
                source.file,
                i64::try_from(source.line).unwrap_or(0),
                everyone,
                i64::try_from(bodies.len()).unwrap_or(i64::MAX),
                audience,
                broadcast.content.msgtype(),
            ],
        )?;
        for (number, body) in (0_u32..).zip(bodies) {
            self.insert_batch(&spec.id, account, number, body, planned)?;
        }
        let (from, what, at) = match replaced {
            Some((_, now)) => (Some(state), "changed by", now),
            None => (None, "taken from", source.first_taken_at),
        };
        let why = format!("{what} {}, line {}", source.file, source.line);
        self.tell(&spec.id, from, state, &why, at)
    }

    /// An edit that asks for the same place keeps it; any other is taken anew.
    fn next_taken(
        &self,
        replaced: Option<&JobId>,
        spec: &JobSpec,
        planned: DateTime<Utc>,
    ) -> Result<i64> {
        if let Some(id) = replaced {
            let kept: Option<i64> = self
                .db
                .prepare_cached(
                    "SELECT taken FROM job WHERE id = ?1 AND planned_at = ?2 AND priority = ?3",
                )?
                .query_row(params![id.as_str(), millis(planned), spec.priority], |row| row.get(0))
                .optional()?;
            if let Some(taken) = kept {
                return Ok(taken);
            }
        }
        Ok(self
            .db
            .prepare_cached("SELECT ifnull(max(taken), 0) + 1 FROM job")?
            .query_row([], |row| row.get(0))?)
    }

    fn insert_batch(
        &self,
        job: &JobId,
        account: &Account,
        number: u32,
        body: &BatchBody,
        next_at: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO batch (job, account, number, clientmsgid, body, receivers, state, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'planned', ?7)",
            params![
                job.as_str(),
                account.name,
                number,
                clientmsgid(&account.appid, job, number, 0),
                body.body,
                body.receivers,
                millis(next_at),
            ],
        )
    }

    /// Finds a taken job its place, pushing back those behind it.
    ///
    /// Its own time is tried first, even when that has passed: a job that comes too late is
    /// missed and not quietly sent another day.
    pub(super) fn settle_place(
        &self,
        id: &JobId,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        self.put(&job, account, job.planned_at, now)
    }

    /// Moves a job that a rule kept from its window to a later one.
    ///
    /// `after` is the first instant that may be tried; `why` is what kept it.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn defer(
        &self,
        job: &Job,
        account: &Account,
        after: DateTime<Utc>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if job.on_quota == OnQuota::Fail {
            return self.end_for(
                job,
                account,
                JobState::Failed,
                &format!("{why}, and on_quota is fail"),
                now,
            );
        }
        self.run("DELETE FROM claim WHERE job = ?1", params![job.id.as_str()])?;
        let state = if self.any_accepted(&job.id)? { job.state } else { resting(job.state) };
        self.run(
            "UPDATE job SET first_asked_at = NULL, state = ?2 WHERE id = ?1",
            params![job.id.as_str(), state.as_str()],
        )?;
        if state != job.state {
            self.tell(&job.id, Some(job.state), state, why, now)?;
        }
        let job = Job { first_asked_at: None, state, ..job.clone() };
        let rank = Respect::Ahead(job.rank, &job.id);
        let usage = &mut |need: Need| self.usage(&job.account, need, rank, need.window.start());
        match plan::place(&job, account, after, usage)? {
            Placement::At(at, _) if at > job.expires_at => self.beyond(&job, account, why, now),
            Placement::At(at, _) => self.stand(
                &job,
                account,
                Stand { at, reason: &format!("deferred: {why}"), yields: false },
                now,
            ),
            Placement::Beyond(_) => self.beyond(&job, account, why, now),
            Placement::Never(block) => {
                self.end_for(&job, account, JobState::Failed, &plan::sentence(block), now)
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

    fn beyond(&self, job: &Job, account: &Account, why: &str, now: DateTime<Utc>) -> Result<()> {
        let why = format!("{why}, and its next window lies beyond its expires");
        self.end_for(job, account, JobState::Expired, &why, now)
    }

    /// Puts a waiting job into its first window with room at or after `earliest`.
    fn put(
        &self,
        job: &Job,
        account: &Account,
        earliest: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        // A job without a time of its own takes no slot from anybody.
        let rank =
            if job.anytime { Respect::Others(&job.id) } else { Respect::Ahead(job.rank, &job.id) };
        let usage =
            &mut |need: Need| self.usage(&job.account, need, rank, now.max(need.window.start()));
        match plan::place(job, account, earliest, usage)? {
            Placement::At(at, None) => {
                self.stand(job, account, Stand { at, reason: "", yields: false }, now)
            }
            Placement::At(at, Some(block)) if job.on_quota == OnQuota::Defer => {
                let reason = format!("deferred: {}", plan::sentence(block));
                let yields = block.because == Because::Claimed;
                self.stand(job, account, Stand { at, reason: &reason, yields }, now)
            }
            // A job that may not defer keeps its time without a claim: one before it may yet be
            // given up, and its release decides.
            Placement::At(_, Some(_)) => Ok(()),
            Placement::Beyond(block) => self.beyond(job, account, &plan::sentence(block), now),
            Placement::Never(block) => {
                self.end_for(job, account, JobState::Failed, &plan::sentence(block), now)
            }
        }
    }

    /// Writes where a job stands now, with its claims.
    fn stand(
        &self,
        job: &Job,
        account: &Account,
        Stand { at, reason, yields }: Stand<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "UPDATE job SET due_at = ?2, yields = ?3, reason = nullif(?4, ''), wake_at = ?2 WHERE id = ?1",
            params![job.id.as_str(), millis(at), yields, reason],
        )?;
        self.run(
            "UPDATE batch SET next_at = ?2 WHERE job = ?1 AND state = 'planned' AND replaced = 0",
            params![job.id.as_str(), millis(at)],
        )?;
        if at != job.due_at {
            let to = if reason.is_empty() {
                format!("comes forward to {}", crate::calendar::beijing(at))
            } else {
                format!("{reason}; it goes at {}", crate::calendar::beijing(at))
            };
            self.tell(&job.id, Some(job.state), job.state, &to, now)?;
        }
        // What was asked for once keeps its next slot against any priority.
        let behind = if job.asked { i32::MIN } else { job.rank.behind };
        for need in quota::needs(account, job.demand, at) {
            self.run(
                "INSERT INTO claim (job, account, rule, \"window\", amount, behind, taken)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET \"window\" = excluded.\"window\", amount = excluded.amount",
                params![
                    job.id.as_str(),
                    job.account,
                    need.rule.name(),
                    need.window.to_string(),
                    need.amount,
                    behind,
                    job.rank.taken,
                ],
            )?;
            self.push_back(account, need, now)?;
        }
        Ok(())
    }

    /// Moves those out of a window who stand in it beyond its limit, the last in rank first.
    fn push_back(&self, account: &Account, need: Need, now: DateTime<Utc>) -> Result<()> {
        let limit = quota::limit(need.rule, account).unwrap_or(u32::MAX);
        loop {
            let usage =
                self.usage(&account.name, need, Respect::All, now.max(need.window.start()))?;
            if usage.used.saturating_add(usage.claimed) <= limit {
                return Ok(());
            }
            let last: Option<String> = self
                .db
                .prepare_cached(
                    "SELECT claim.job FROM claim JOIN job ON job.id = claim.job
                     WHERE claim.account = ?1 AND rule = ?2 AND \"window\" = ?3 AND asked = 0
                     ORDER BY behind DESC, claim.taken DESC LIMIT 1",
                )?
                .query_row(
                    params![account.name, need.rule.name(), need.window.to_string()],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(job) = last.as_deref().and_then(JobId::parse) else {
                return Ok(());
            };
            let job = self.job(&job)?;
            self.run("DELETE FROM claim WHERE job = ?1", params![job.id.as_str()])?;
            // Where it would stay, nobody before it is the reason, and its release will say more.
            if !self.place_later(&job, account, need.window, now)? {
                return Ok(());
            }
        }
    }

    fn place_later(
        &self,
        job: &Job,
        account: &Account,
        full: Window,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        if job.on_quota == OnQuota::Fail {
            // It keeps its time without a claim, and its release decides.
            return Ok(true);
        }
        self.put(job, account, job.due_at, now)?;
        let job = self.job(&job.id)?;
        Ok(job.state.is_final() || !full.contains(job.due_at))
    }

    /// Lets jobs that only another's claim kept back come forward.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn come_forward(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let waiting = self
            .db
            .prepare_cached(
                "SELECT id FROM job WHERE account = ?1 AND yields = 1 AND asked = 0
                 AND state IN ('planned', 'held') ORDER BY priority DESC, taken",
            )?
            .query_map([&account.name], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        for id in waiting.iter().filter_map(|id| JobId::parse(id)) {
            let job = self.job(&id)?;
            let waits = matches!(job.state, JobState::Planned | JobState::Held);
            // One that moved may have ended others; and what is overdue is missed, not moved.
            if !waits || now > plan::deadline(&job) {
                continue;
            }
            self.run("DELETE FROM claim WHERE job = ?1", params![id.as_str()])?;
            // A time that its grace has passed would only make it missed.
            self.put(&job, account, now - job.grace, now)?;
        }
        Ok(())
    }

    /// Gives up a job's claims, and lets others come forward.
    pub(super) fn give_up_claims(
        &self,
        id: &JobId,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let gone =
            self.db.prepare_cached("DELETE FROM claim WHERE job = ?1")?.execute([id.as_str()])?;
        if gone == 0 {
            return Ok(());
        }
        self.run("UPDATE job SET yields = 0 WHERE id = ?1", params![id.as_str()])?;
        self.come_forward(account, now)
    }

    /// Returns what the ledger says of a window at `now`, as one asker has to respect it.
    pub(super) fn usage(
        &self,
        account: &str,
        need: Need,
        respect: Respect<'_>,
        now: DateTime<Utc>,
    ) -> Result<Usage> {
        let window = need.window.to_string();
        // Tomorrow's provisional charge defers nobody until midnight.
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
        let (behind, taken, own) = match respect {
            Respect::All => (i64::MAX, i64::MAX, ""),
            Respect::Others(id) => (i64::MAX, i64::MAX, id.as_str()),
            Respect::Ahead(rank, id) => (i64::from(rank.behind), rank.taken, id.as_str()),
        };
        let claimed = self
            .db
            .prepare_cached(
                "SELECT ifnull(sum(amount), 0) FROM claim
                 WHERE account = ?1 AND rule = ?2 AND \"window\" = ?3
                   AND (behind, taken) < (?4, ?5) AND job <> ?6",
            )?
            .query_row(params![account, need.rule.name(), window, behind, taken, own], |row| {
                row.get(0)
            })?;
        Ok(Usage { used, unconfirmed, claimed })
    }

    /// Returns a job as a decision needs it.
    ///
    /// # Errors
    /// Where it is unknown, or SQLite fails.
    pub fn job(&self, id: &JobId) -> Result<Job> {
        self.db
            .prepare_cached(&format!("SELECT {JOB_COLUMNS} FROM job WHERE id = ?1"))?
            .query_row([id.as_str()], read_job)
            .optional()?
            .ok_or_else(|| StoreError::Guard(format!("no job has the id {id}")))
    }

    /// Returns a job's present batches in order.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn batches(&self, id: &JobId) -> Result<Vec<Batch>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, number, generation, clientmsgid, state, next_at, in_doubt_since_at,
                    (SELECT count(*) FROM attempt WHERE batch = batch.id AND outcome IS NOT 'token')
             FROM batch WHERE job = ?1 AND replaced = 0 ORDER BY number",
        )?;
        let rows = statement.query_map([id.as_str()], |row| {
            let word: String = row.get(4)?;
            Ok(Batch {
                id: row.get(0)?,
                number: row.get(1)?,
                generation: row.get(2)?,
                clientmsgid: row.get(3)?,
                state: BatchState::parse(&word).ok_or_else(|| unreadable("batch.state", &word))?,
                next_at: instant(row.get(5)?),
                in_doubt_since: row.get::<_, Option<i64>>(6)?.map(instant),
                attempts: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the block that keeps a new demand out at `now`, if any.
    pub(super) fn room(
        &self,
        job: &Job,
        account: &Account,
        need: Need,
        respect: Respect<'_>,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<quota::Room, Block>> {
        let usage = self.usage(&job.account, need, respect, now)?;
        Ok(quota::admit(account, need, usage))
    }
}

/// Where a waiting job stands.
struct Stand<'a> {
    at: DateTime<Utc>,
    /// Why it is not its own time, if it is not.
    reason: &'a str,
    /// Whether only another's claim keeps it back.
    yields: bool,
}

/// Whose claims an asker has to respect.
#[derive(Clone, Copy, Debug)]
pub(super) enum Respect<'a> {
    /// Everybody's.
    All,
    /// Everybody's but this job's.
    Others(&'a JobId),
    /// Those before this rank, but not this job's own.
    Ahead(Rank, &'a JobId),
}

/// Returns where a job rests while it waits for a later window.
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

enum Known {
    No,
    Same,
    Editable(JobId),
    Refuse(String),
}

const INSERT_JOB: &str = "INSERT INTO job (id, account, action, state, taken, priority, written_at,
    planned_at, due_at, taken_at, zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest,
    file, line, everyone, calls, audience, msgtype, wake_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
    ?19, ?20, ?21, ?22, ?8)";

const UPDATE_JOB: &str = "UPDATE job SET account = ?2, action = ?3, state = ?4, taken = ?5,
    priority = ?6, written_at = ?7, planned_at = ?8, due_at = ?8, taken_at = ?9, zone = ?10,
    grace_s = ?11, retry_for_s = ?12, expires_at = ?13, on_quota = ?14, on_full = ?15, digest = ?16,
    file = ?17, line = ?18, everyone = ?19, calls = ?20, audience = ?21, msgtype = ?22, wake_at = ?8,
    yields = 0, reason = NULL WHERE id = ?1";

pub(super) const JOB_COLUMNS: &str =
    "id, account, state, priority, taken, planned_at, due_at, zone,
    grace_s, retry_for_s, expires_at, on_quota, on_full, everyone, calls, first_asked_at, asked,
    written_at IS NULL";

pub(super) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<JobState> {
    let word: String = row.get(column)?;
    JobState::parse(&word).ok_or_else(|| unreadable("job.state", &word))
}

pub(super) fn read_job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let id: String = row.get(0)?;
    let zone: String = row.get(7)?;
    let on_quota: String = row.get(11)?;
    let on_full: String = row.get(12)?;
    Ok(Job {
        id: JobId::parse(&id).ok_or_else(|| unreadable("job.id", &id))?,
        account: row.get(1)?,
        state: state(row, 2)?,
        rank: Rank { behind: -row.get::<_, i32>(3)?, taken: row.get(4)? },
        planned_at: instant(row.get(5)?),
        due_at: instant(row.get(6)?),
        zone: zone.parse().map_err(|_| unreadable("job.zone", &zone))?,
        grace: seconds(row.get(8)?),
        retry_for: seconds(row.get(9)?),
        expires_at: instant(row.get(10)?),
        on_quota: if on_quota == "fail" { OnQuota::Fail } else { OnQuota::Defer },
        on_full_receivers: match on_full.as_str() {
            "drop" => OnFullReceivers::Drop,
            "defer" => OnFullReceivers::Defer,
            _ => OnFullReceivers::Send,
        },
        demand: Demand { everyone: row.get(13)?, calls: row.get(14)? },
        first_asked_at: row.get::<_, Option<i64>>(15)?.map(instant),
        asked: row.get(16)?,
        anytime: row.get(17)?,
    })
}

/// Says whether a rule is charged in slots that a job holds once, rather than per call.
pub(super) fn is_slot(rule: Rule) -> bool {
    match rule {
        Rule::DailySend | Rule::DailyHistory | Rule::MonthlyHistory => true,
        Rule::DailyCalls | Rule::MonthlyReceiver | Rule::PerMinute | Rule::ForcedToken => false,
    }
}
