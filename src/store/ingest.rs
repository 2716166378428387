//! Stores the jobs of a file. [`Tx::place_taken`] then gives them their places in the schedule.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::calendar;
use crate::l10n::t;
use crate::model::{
    Account, Action, ApiCall, Audience, BatchState, Expires, JobId, JobSpec, JobState, Medium,
    OnFullReceivers, OnQuota, Viewer, clientmsgid,
};
use crate::plan::{Batch, Doubt, Job, SPEED_AHEAD};
use crate::quota::{self, Rule};
use crate::reason::Reason;
use crate::store::incoming::{BatchBody, Existing, Replaced, Source};
use crate::store::job_row::{JOB_COLUMNS, read_job, state};
use crate::store::media;
use crate::store::retry::anew_in_question;
use crate::store::{Result, SeriesInput, StoreError, Tx, instant, millis, unreadable};
use crate::text::names;

/// The outcome of taking a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IngestOutcome {
    /// It is new.
    New,
    /// The same job is known: nothing changed.
    Known,
    /// It was planned and never attempted: it now is as written.
    Updated,
    /// It had ended in this state and certainly was not sent: it is planned again as now written.
    Anew(JobState),
    /// It cannot be taken, for this reason; its file is refused.
    Refused(String),
}

impl Tx<'_> {
    /// Records a file, and returns when its content was first taken.
    pub fn record_file(
        &self,
        sha256: &str,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>> {
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

    /// Returns whether a file of this content was taken before.
    pub fn has_file(&self, sha256: &str) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM file WHERE sha256 = ?1)")?
            .query_row([sha256], |row| row.get(0))?)
    }

    /// Returns the waiting jobs that a file of this name planned, without the dates of a series.
    pub fn planned_by(&self, file: &str) -> Result<Vec<JobId>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM job WHERE file = ?1 AND wake_at IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM occurrence WHERE occurrence.job = job.id)",
        )?;
        let rows = statement.query_map([file], |row| row.get::<_, String>(0))?;
        let ids = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(ids.iter().filter_map(|id| JobId::parse(id)).collect())
    }

    /// Takes one job: stores it with its batches. [`Tx::place_taken`] gives it its place.
    pub fn take(
        &self,
        spec: &JobSpec,
        account: &Account,
        bodies: &[BatchBody],
        source: Source<'_>,
        now: DateTime<Utc>,
    ) -> Result<IngestOutcome> {
        let refused = match self.why_no_job(&spec.id)? {
            Some(why) => Some(why),
            None => self.why_too_late(spec, now)?,
        };
        match refused {
            Some(why) => Ok(IngestOutcome::Refused(why)),
            None => self.take_known(spec, account, bodies, source, now),
        }
    }

    /// Returns why a job can only be missed: its id stays free, and its author is informed at once.
    fn why_too_late(&self, spec: &JobSpec, now: DateTime<Utc>) -> Result<Option<String>> {
        let Some(at) = spec.at else { return Ok(None) };
        if now <= calendar::guard_end(at).unwrap_or(at) + spec.grace {
            return Ok(None);
        }
        let (at, now) = (calendar::beijing(at), calendar::beijing(now));
        let grace = spec.grace.num_minutes();
        Ok(match self.known(spec)? {
            Existing::Same | Existing::Lost { .. } | Existing::Refuse(_) => None,
            Existing::No => Some(t!(
                "store-would-be-missed",
                id = %spec.id,
                at = %at,
                grace = %grace,
                now = %now
            )),
            Existing::Editable(_) => Some(t!(
                "store-would-be-missed-stays",
                id = %spec.id,
                at = %at,
                grace = %grace,
                now = %now
            )),
        })
    }

    /// Takes a job, which may be one date of a series.
    pub(super) fn take_known(
        &self,
        spec: &JobSpec,
        account: &Account,
        bodies: &[BatchBody],
        source: Source<'_>,
        now: DateTime<Utc>,
    ) -> Result<IngestOutcome> {
        if let Some(why) = too_many(bodies.len(), account) {
            return Ok(IngestOutcome::Refused(why));
        }
        match self.known(spec)? {
            Existing::No => {}
            Existing::Same => return Ok(IngestOutcome::Known),
            Existing::Lost { .. } => return Ok(IngestOutcome::Refused(self.why_lost(&spec.id)?)),
            Existing::Refuse(why) => return Ok(IngestOutcome::Refused(why)),
            Existing::Editable(before) => {
                let job = self.job(&before)?;
                if job.recall_until.is_some() && self.was_attempted(&before)? {
                    return Ok(IngestOutcome::Refused(anew_in_question(&job)));
                }
                let generation = self.edit_away(&before, now)?;
                let replaced = Replaced { id: &before, generation, now };
                self.insert_job(spec, account, bodies, source, Some(replaced))?;
                self.has_no_place((&spec.account, &spec.id), true);
                return Ok(match job.state {
                    JobState::Planned | JobState::Held => IngestOutcome::Updated,
                    ended @ (JobState::Releasing
                    | JobState::Accepted
                    | JobState::Sent
                    | JobState::Partial
                    | JobState::Failed
                    | JobState::Uncertain
                    | JobState::Cancelled
                    | JobState::Missed
                    | JobState::Expired) => IngestOutcome::Anew(ended),
                });
            }
        }
        self.insert_job(spec, account, bodies, source, None)?;
        self.has_no_place((&spec.account, &spec.id), false);
        Ok(IngestOutcome::New)
    }

    /// Takes a date of a series again that an edit had withdrawn before it was ever attempted.
    pub(super) fn take_again(
        &self,
        spec: &JobSpec,
        by: SeriesInput<'_>,
        source: Source<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let generation = self.edit_away(&spec.id, now)?;
        let replaced = Replaced { id: &spec.id, generation, now };
        self.insert_job(spec, by.account, &by.bodies_of(spec), source, Some(replaced))?;
        self.has_no_place((&spec.account, &spec.id), true);
        Ok(())
    }

    pub(super) fn known(&self, spec: &JobSpec) -> Result<Existing> {
        let row = self
            .db
            .prepare_cached(
                "SELECT account, digest, state, attempted, reason, written_for FROM job WHERE id = ?1",
            )?
            .query_row([spec.id.as_str()], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    state(row, 2)?,
                    row.get::<_, bool>(3)?,
                    row.get::<_, Option<Reason>>(4)?,
                    row.get::<_, Option<String>>(5)?,
                ))
            })
            .optional()?;
        let Some((account, digest, state, asked, reason, written_for)) = row else {
            return Ok(Existing::No);
        };
        let id = &spec.id;
        if account != spec.account {
            return Ok(Existing::Refuse(
                t!("store-id-of-other-account", id = %id, account = %account),
            ));
        }
        let waiting = matches!(state, JobState::Planned | JobState::Held) && !asked;
        let waiting = waiting || self.certainly_unsent(id, state, reason.as_ref())?;
        let same = digest == spec.digest()
            || written_for.is_some_and(|name| digest == under(spec, name).digest());
        Ok(match (same, waiting) {
            (same, _)
                if state == JobState::Missed
                    && reason.as_ref().is_some_and(Reason::is_database_lost) =>
            {
                Existing::Lost { same }
            }
            (true, _) => Existing::Same,
            (false, true) => Existing::Editable(id.clone()),
            (false, false) => Existing::Refuse(
                t!("store-job-not-editable", id = %id, state = %names::job_state(state)),
            ),
        })
    }

    /// Returns whether a job failed because the platform refused its content, so that the corrected
    /// file may be dropped again.
    pub(super) fn mends_by_dropping(
        &self,
        id: &JobId,
        state: JobState,
        reason: Option<&Reason>,
    ) -> Result<bool> {
        let refused: bool = self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM batch JOIN attempt ON attempt.batch = batch.id
                     WHERE job = ?1 AND replaced = 0 AND state = 'refused' AND outcome = 'refused')",
            )?
            .query_row([id.as_str()], |row| row.get(0))?;
        Ok(state == JobState::Failed && refused && self.certainly_unsent(id, state, reason)?)
    }

    /// Returns whether a job that has ended certainly sent nothing: every request of it was
    /// certainly refused, and no other database may have requested it.
    fn certainly_unsent(
        &self,
        id: &JobId,
        state: JobState,
        reason: Option<&Reason>,
    ) -> Result<bool> {
        let may_be = match state {
            JobState::Failed | JobState::Missed | JobState::Expired => {
                reason.is_none_or(|reason| !reason.leaves_in_question())
            }
            JobState::Planned
            | JobState::Held
            | JobState::Releasing
            | JobState::Accepted
            | JobState::Sent
            | JobState::Partial
            | JobState::Uncertain
            | JobState::Cancelled => false,
        };
        if !may_be {
            return Ok(false);
        }
        // A generation without an attempt of its own comes from an operator's retry, or is one that
        // only the mark beside the database had.
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?1 AND action = 'broadcast'
                     AND pruned_at IS NULL)
                 AND NOT EXISTS (SELECT 1 FROM batch WHERE job = ?1
                     AND (in_doubt_since_at IS NOT NULL OR accepted_at IS NOT NULL
                       OR state NOT IN ('planned', 'refused')
                       OR (generation > 0 AND replaced = 0
                         AND NOT EXISTS (SELECT 1 FROM attempt WHERE batch = batch.id))))
                 AND NOT EXISTS (SELECT 1 FROM attempt JOIN batch ON batch.id = attempt.batch
                     WHERE job = ?1 AND ifnull(outcome, '') NOT IN ('refused', 'later', 'token'))
                 AND EXISTS (SELECT 1 FROM batch WHERE job = ?1)",
            )?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Returns whether a job was ever attempted: then each version of it has its own clientmsgid.
    fn was_attempted(&self, id: &JobId) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM attempt JOIN batch ON batch.id = attempt.batch
                 WHERE job = ?1)",
            )?
            .query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Removes a job's batches, and returns the generation of its new ones.
    ///
    /// Attempted batches stay in its history, and keep their ids.
    pub(super) fn edit_away(&self, id: &JobId, now: DateTime<Utc>) -> Result<u32> {
        let newest: Option<u32> = self
            .db
            .prepare_cached(
                "SELECT max(generation) FROM batch WHERE job = ?1
                 AND EXISTS (SELECT 1 FROM attempt JOIN batch ON batch.id = attempt.batch WHERE job = ?1)",
            )?
            .query_row([id.as_str()], |row| row.get(0))?;
        let Some(newest) = newest else {
            self.run("DELETE FROM batch WHERE job = ?1", params![id.as_str()])?;
            return Ok(0);
        };
        for batch in self.batches(id)? {
            self.return_reserved(batch.id)?;
            self.forget_uploads(batch.id, now)?;
        }
        self.run(
            "UPDATE batch SET replaced = 1, state = 'refused' WHERE job = ?1",
            params![id.as_str()],
        )?;
        Ok(newest + 1)
    }

    pub(super) fn insert_job(
        &self,
        spec: &JobSpec,
        account: &Account,
        bodies: &[BatchBody],
        source: Source<'_>,
        replaced: Option<Replaced<'_>>,
    ) -> Result<()> {
        let planned = spec.at.unwrap_or(source.first_taken_at);
        let expires = match spec.expires {
            Expires::After(span) => planned + span,
            Expires::At(at) => at,
        };
        let state = taken_as(spec, account);
        let (audience, msgtype) = words(&spec.action);
        let everyone = spec.action.broadcast().is_some_and(|b| b.audience == Audience::Everyone);
        let parameters = spec.action.parameters().map(|parameters| parameters.to_string());
        let taken = self.next_taken(replaced.map(|replaced| replaced.id), spec, planned)?;
        let before =
            replaced.map(|replaced| self.job(replaced.id)).transpose()?.map(|job| job.state);
        if replaced.is_some() {
            self.void_approvals(&spec.id)?;
        }
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
                calls_of(spec, bodies),
                audience,
                msgtype,
                parameters,
                self.title_of(spec)?,
            ],
        )?;
        self.keep_awaited(spec)?;
        self.write_pre_sends((&spec.id, &spec.account), &pre_sends(spec), source.first_taken_at)?;
        for (number, body) in (0_u32..).zip(bodies) {
            let place = (number, replaced.map_or(0, |replaced| replaced.generation));
            self.insert_batch(&spec.id, account, place, body, planned)?;
        }
        let material = spec.action.broadcast().and_then(|broadcast| broadcast.content.material());
        self.plan_uploads(&spec.id, material)?;
        let (file, line, by) = (source.file.to_owned(), source.line, spec.submitted_by.clone());
        let (from, why, at) = match replaced {
            Some(Replaced { now, .. }) => (before, Reason::ChangedBy { file, line, by }, now),
            None => (None, Reason::TakenFrom { file, line, by }, source.first_taken_at),
        };
        self.tell(&spec.id, from, state, &why, at)
    }

    /// Stores which files a job waits for.
    fn keep_awaited(&self, spec: &JobSpec) -> Result<()> {
        let (id, files) = (spec.id.as_str(), spec.awaited());
        self.run("DELETE FROM awaited_file WHERE job = ?1", params![id])?;
        if files.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_string(files).expect("names are always JSON");
        self.run("INSERT INTO awaited_file (job, files) VALUES (?1, ?2)", params![id, json])?;
        let why = Reason::WaitsForFiles { files: files.to_vec() };
        self.run("UPDATE job SET reason = ?2 WHERE id = ?1", params![id, why])
    }

    /// Returns the names of the files that a job waits for, if it does.
    pub fn awaited_files(&self, id: &JobId) -> Result<Vec<String>> {
        let json: Option<String> = self
            .db
            .prepare_cached("SELECT files FROM awaited_file WHERE job = ?1")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        let read = |json: String| {
            serde_json::from_str(&json).map_err(|_| unreadable("awaited_file.files", &json).into())
        };
        json.map_or(Ok(Vec::new()), read)
    }

    /// Returns how many held jobs wait for their files.
    pub fn jobs_awaiting_files(&self, account: Option<&str>) -> Result<u64> {
        let count: i64 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM awaited_file JOIN job ON job.id = awaited_file.job
                 WHERE state = 'held' AND (?1 IS NULL OR account = ?1)",
            )?
            .query_row([account], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Returns a job's title; a deletion has the title of what it deletes.
    fn title_of(&self, spec: &JobSpec) -> Result<Option<String>> {
        let Action::Delete(deletion) = &spec.action else { return Ok(spec.title()) };
        if spec.title.is_some() {
            return Ok(spec.title());
        }
        let target: Option<Option<String>> = self
            .db
            .prepare_cached("SELECT title FROM job WHERE id = ?1")?
            .query_row([deletion.job.as_str()], |row| row.get(0))
            .optional()?;
        let Some(target) = target.flatten() else { return Ok(spec.title()) };
        Ok(Some(format!("delete {target}")))
    }

    /// An edit with the same time and priority keeps its rank; any other gets a new one.
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
                    "SELECT seq FROM job WHERE id = ?1 AND planned_at = ?2 AND priority = ?3",
                )?
                .query_row(params![id.as_str(), millis(planned), spec.priority], |row| row.get(0))
                .optional()?;
            if let Some(taken) = kept {
                return Ok(taken);
            }
        }
        Ok(self
            .db
            .prepare_cached("SELECT ifnull(max(seq), 0) + 1 FROM job")?
            .query_row([], |row| row.get(0))?)
    }

    fn insert_batch(
        &self,
        job: &JobId,
        account: &Account,
        (number, generation): (u32, u32),
        body: &BatchBody,
        next_at: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO batch (job, account, number, clientmsgid, receivers, state, next_at,
                 generation)
             VALUES (?1, ?2, ?3, ?4, ?5, 'planned', ?6, ?7)",
            params![
                job.as_str(),
                account.name,
                number,
                clientmsgid(&account.appid, job, number, generation),
                body.receivers.as_ref().map(|receivers| receivers.count),
                millis(next_at),
                generation,
            ],
        )?;
        let batch = self.db.last_insert_rowid();
        self.run("INSERT INTO body (batch, body) VALUES (?1, ?2)", params![batch, body.body])?;
        match &body.receivers {
            Some(receivers) => self.keep_receivers(batch, receivers),
            None => Ok(()),
        }
    }

    /// Returns a job as a decision needs it.
    ///
    /// # Errors
    /// If it is unknown, or SQLite fails.
    pub fn job(&self, id: &JobId) -> Result<Job> {
        self.db
            .prepare_cached(&format!("SELECT {JOB_COLUMNS} FROM job WHERE id = ?1"))?
            .query_row([id.as_str()], read_job)
            .optional()?
            .ok_or_else(|| StoreError::Refused(t!("store-no-such-job", id = %id)))
    }

    /// Returns a job's current batches in order.
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
                doubt: None,
            })
        })?;
        let mut batches = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        for batch in batches.iter_mut().filter(|batch| batch.attempts > 0) {
            batch.doubt = self.doubt_of(batch.id)?;
        }
        Ok(batches)
    }

    /// Returns the requests for a batch of which the platform may have accepted one, if there are
    /// any.
    fn doubt_of(&self, batch: i64) -> Result<Option<Doubt>> {
        let times: (Option<i64>, i64, i64) = self
            .db
            .prepare_cached(
                "SELECT min(begun_at) FILTER (WHERE outcome = 'in_doubt'), max(begun_at),
                     max(ifnull(ended_at, begun_at))
                 FROM attempt WHERE batch = ?1 AND outcome IS NOT 'token'",
            )?
            .query_row([batch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let (first_at, last_at, ended_at) = times;
        Ok(first_at.map(|first_at| Doubt {
            first_at: instant(first_at),
            last_at: instant(last_at),
            ended_at: instant(ended_at),
        }))
    }
}

/// Returns a job's audience or subject, and its message type.
pub(super) fn words(action: &Action) -> (String, &str) {
    match action {
        Action::Broadcast(broadcast) => {
            let audience = match &broadcast.audience {
                Audience::Everyone => "everyone".to_owned(),
                Audience::Tag(tag) => format!("tag {tag}"),
                Audience::List(list) => format!("{} OpenIDs", list.len()),
            };
            (audience, broadcast.content.msgtype())
        }
        Action::Delete(deletion) => (deletion.to_string(), "none"),
        Action::Speed(speed) => (speed.to_string(), "none"),
        Action::Menu(menu) => (menu.to_string(), "none"),
        Action::Qrcode(code) => (code.to_string(), "none"),
        Action::Qrcodes(codes) => (codes.to_string(), "none"),
    }
}

/// Returns how many mass-send calls a job makes; one that waits for its files makes at least one.
fn calls_of(spec: &JobSpec, bodies: &[BatchBody]) -> i64 {
    let calls = i64::try_from(bodies.len()).unwrap_or(i64::MAX);
    calls.max(i64::from(spec.action.broadcast().is_some()))
}

/// Returns a job's calls before its broadcast, and how long before.
fn pre_sends(spec: &JobSpec) -> Vec<(ApiCall, TimeDelta)> {
    if !spec.awaited().is_empty() {
        // There is nothing to show before its files come.
        return Vec::new();
    }
    let shown = spec.preview.iter().flat_map(|preview| {
        let api_call = |to: &Viewer| ApiCall::Preview(to.clone(), preview.card_ext.clone());
        preview.to.iter().map(move |to| (api_call(to), preview.before))
    });
    let speed = spec.speed.map(|speed| (ApiCall::SpeedSet(speed), SPEED_AHEAD));
    let media = Medium::of_action(&spec.action).into_iter();
    let media = media.map(|medium| (ApiCall::MediaCheck(medium), media::AHEAD));
    shown.chain(speed).chain(media).collect()
}

/// Returns the state in which a job is taken: its file or its account may demand an approval.
pub(super) fn taken_as(spec: &JobSpec, account: &Account) -> JobState {
    if account.approvals > 0 { JobState::Held } else { spec.first_state() }
}

/// Returns why a list of so many batches can never be sent.
pub(super) fn too_many(batches: usize, account: &Account) -> Option<String> {
    let limit = quota::limit(Rule::DailyCalls, account)?;
    let fits = u32::try_from(batches).is_ok_and(|batches| batches <= limit);
    (!fits).then(|| {
        t!("store-list-too-long", batches = %batches, rule = %names::rule(Rule::DailyCalls), limit = %limit)
    })
}

/// Returns a job as its file had it while its account had another name.
pub(super) fn under(spec: &JobSpec, name: String) -> JobSpec {
    JobSpec { account: name, ..spec.clone() }
}

const INSERT_JOB: &str = "INSERT INTO job (id, account, action, state, seq, priority, written_at,
    planned_at, due_at, taken_at, zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest,
    file, line, everyone, calls, audience, msgtype, parameters, title, wake_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
    ?19, ?20, ?21, ?22, ?23, ?24, ?8)";

const UPDATE_JOB: &str = "UPDATE job SET account = ?2, action = ?3, state = ?4, seq = ?5,
    priority = ?6, written_at = ?7, planned_at = ?8, due_at = ?8, taken_at = ?9, zone = ?10,
    grace_s = ?11, retry_for_s = ?12, expires_at = ?13, on_quota = ?14, on_full = ?15, digest = ?16,
    file = ?17, line = ?18, everyone = ?19, calls = ?20, audience = ?21, msgtype = ?22, parameters = ?23,
    title = ?24, wake_at = ?8,
    not_before_at = NULL, reason = NULL, ended_at = NULL, written_for = NULL, attempted = 0,
    first_attempt_at = NULL, pruned_at = NULL WHERE id = ?1";
