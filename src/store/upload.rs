//! Uploads: what a job must upload before its release, and what the platform already has.
//!
//! An upload is stored by account, kind and content, so nothing is uploaded twice while the
//! platform keeps it. Its request is recorded before it leaves; one without a response is repeated,
//! which does no harm. When all uploads of a job are done, its bodies are completed. A body that
//! was once requested never changes again.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use crate::model::{Account, JobId, Material, UploadKind};
use crate::plan::Job;
use crate::quota::{self, Need, Rule};
use crate::reason::Reason;
use crate::store::{Result, StoreError, Tx, instant, millis};

/// How long the platform keeps temporary material.
const TEMPORARY: TimeDelta = TimeDelta::days(3);
/// How long the files of a job that an operator may still retry are kept after its end.
const RETRY_WITHIN: TimeDelta = TimeDelta::days(30);
/// Which batches still have no complete body, or have one with an id that expires too soon.
const UNREADY: &str = "batch.replaced = 0 AND batch.state = 'planned'
    AND (batch.prepared = 0 OR (batch.ready_until_at < max(job.due_at, ?2) + job.retry_for_s * 1000
         AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.batch = batch.id)))";

/// An upload that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploading {
    /// What it is for.
    pub kind: UploadKind,
    /// The digest by which it is stored.
    pub sha256: String,
    /// What it is, for people.
    pub name: String,
}

/// What the platform has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The platform's id or URL of it.
    pub value: String,
    /// When the platform deletes it.
    pub until: Option<DateTime<Utc>>,
}

/// The outcome of an upload's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadOutcome<'a> {
    /// The platform has it, under this id or URL.
    Done(&'a str),
    /// Not now: it is retried.
    Later(Option<i64>, &'a str),
    /// Never: the same upload will always be refused.
    Refused(i64, &'a str),
    /// The token was refused: that is no outcome for the upload.
    Token(i64, &'a str),
}

/// An open upload request, and its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingUpload {
    /// The job that waits for it.
    pub job: JobId,
    /// The upload.
    pub upload: Uploading,
    /// How many requests were made, including this one.
    pub attempts: u32,
}

/// A batch whose body is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready {
    /// Its row.
    pub id: i64,
    /// Its place in the job.
    pub number: u32,
    /// How often an operator remade it.
    pub generation: u32,
    /// The body with placeholders.
    pub template: String,
}

/// One upload of a job, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UploadView {
    /// What it is for.
    pub kind: String,
    /// What it is.
    pub name: String,
    /// How many requests were made for this job.
    pub attempts: u32,
    /// The outcome of the last request; null while it is open.
    pub outcome: Option<String>,
    /// The last code.
    pub errcode: Option<i64>,
    /// The last message.
    pub errmsg: Option<String>,
    /// The time of the last request.
    #[serde(serialize_with = "crate::calendar::json::rfc3339")]
    pub at: DateTime<Utc>,
}

/// Whether an upload may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadStart {
    /// It may, once this is committed.
    Begun {
        /// The row of the attempt.
        attempt: i64,
    },
    /// The day has no calls of its kind left.
    NoCallBefore(DateTime<Utc>),
}

impl Tx<'_> {
    /// Records what a job that is taken must upload.
    pub(super) fn plan_uploads(&self, id: &JobId, material: Option<&Material>) -> Result<()> {
        let json = material.map(|material| {
            serde_json::to_string(material).expect("texts and numbers are always JSON")
        });
        self.run(
            // A preview shows what is uploaded by then.
            "UPDATE job SET material = ?2, prepare_after_at = 0, prepare_s = ?3 + ifnull(
                 (SELECT max(ahead_s) FROM api_call WHERE job = ?1 AND kind = 'preview'
                      AND state = 'waiting'), 0)
             WHERE id = ?1",
            params![id.as_str(), json, material.map(|material| material.prepare_s)],
        )?;
        if material.is_none() {
            return Ok(());
        }
        self.run(
            "UPDATE body SET template = body
             WHERE batch IN (SELECT id FROM batch WHERE job = ?1 AND replaced = 0)",
            params![id.as_str()],
        )?;
        self.run(
            "UPDATE batch SET prepared = 0 WHERE job = ?1 AND replaced = 0",
            params![id.as_str()],
        )
    }

    /// Returns the job of an account whose uploads are first, and when they begin.
    pub fn next_preparation(
        &self,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(JobId, DateTime<Utc>)>> {
        let found: Option<(String, i64)> = self
            .db
            .prepare_cached(&format!(
                "SELECT id, max(due_at - prepare_s * 1000, prepare_after_at) AS begins
                 FROM job INDEXED BY job_material
                 WHERE account = ?1 AND material IS NOT NULL AND wake_at IS NOT NULL
                   AND EXISTS (SELECT 1 FROM batch WHERE batch.job = job.id AND {UNREADY})
                 ORDER BY begins, due_at LIMIT 1"
            ))?
            .query_row(params![account, millis(now)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.and_then(|(id, begins)| Some((JobId::parse(&id)?, instant(begins)))))
    }

    /// Returns when a waiting job's uploads begin, if some are still missing.
    pub fn preparation(&self, id: &JobId, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let begins: Option<i64> = self
            .db
            .prepare_cached(&format!(
                "SELECT max(due_at - prepare_s * 1000, prepare_after_at) FROM job
                 WHERE id = ?1 AND material IS NOT NULL AND wake_at IS NOT NULL
                   AND EXISTS (SELECT 1 FROM batch WHERE batch.job = job.id AND {UNREADY})"
            ))?
            .query_row(params![id.as_str(), millis(now)], |row| row.get(0))
            .optional()?;
        Ok(begins.map(instant))
    }

    /// Returns what a job must upload, if anything.
    ///
    /// # Errors
    /// If SQLite fails, or something else changed the row.
    pub fn material(&self, id: &JobId) -> Result<Option<Material>> {
        let json: Option<String> = self
            .db
            .prepare_cached("SELECT material FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?
            .flatten();
        json.map(|json| read_material(&json)).transpose()
    }

    /// Returns the digest of a job as it was checked, and the body of its first batch with
    /// placeholders for what is uploaded, if it is a broadcast; none if there is no such job.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn written(&self, id: &JobId) -> Result<Option<(String, Option<String>)>> {
        let found = self
            .db
            .prepare_cached(
                "SELECT digest, (SELECT ifnull(template, body) FROM batch
                                 JOIN body ON body.batch = batch.id
                                 WHERE job = job.id AND replaced = 0 ORDER BY number LIMIT 1)
                 FROM job WHERE id = ?1",
            )?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found)
    }

    /// Returns the batches of a job that may not be requested yet.
    pub fn unready(&self, id: &JobId, now: DateTime<Utc>) -> Result<Vec<Unready>> {
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT batch.id, number, generation, template
             FROM batch JOIN job ON job.id = batch.job JOIN body ON body.batch = batch.id
             WHERE job.id = ?1 AND {UNREADY} ORDER BY number"
        ))?;
        let rows = statement.query_map(params![id.as_str(), millis(now)], |row| {
            Ok(Unready {
                id: row.get(0)?,
                number: row.get(1)?,
                generation: row.get(2)?,
                template: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the platform's id or URL for an upload, if the platform keeps it until then.
    pub fn uploaded(
        &self,
        account: &str,
        (kind, sha256): (UploadKind, &str),
        until: DateTime<Utc>,
    ) -> Result<Option<Uploaded>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT value, expires_at FROM upload WHERE account = ?1 AND kind = ?2
                 AND sha256 = ?3 AND (expires_at IS NULL OR expires_at >= ?4)",
            )?
            .query_row(params![account, kind.as_str(), sha256, millis(until)], |row| {
                let until: Option<i64> = row.get(1)?;
                Ok(Uploaded { value: row.get(0)?, until: until.map(instant) })
            })
            .optional()?)
    }

    /// Records that an upload is requested; it may be sent only after the commit.
    ///
    /// `None` if the day has no calls of this kind left.
    pub fn begin_upload(
        &self,
        job: &Job,
        account: &Account,
        upload: &Uploading,
        now: DateTime<Utc>,
    ) -> Result<UploadStart> {
        if let Some(need) = counted(upload.kind, now) {
            let usage = self.usage(&account.name, need, now)?;
            if quota::admit(account, need, usage).is_err() {
                return Ok(UploadStart::NoCallBefore(need.window.end()));
            }
            self.run(
                "INSERT INTO charge (account, rule, \"window\", amount, state)
                 VALUES (?1, ?2, ?3, 1, 'kept')",
                params![account.name, need.rule.name(), need.window.to_string()],
            )?;
        }
        self.run(
            "INSERT INTO upload_attempt (account, job, kind, sha256, name, begun_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                account.name,
                job.id.as_str(),
                upload.kind.as_str(),
                upload.sha256,
                upload.name,
                millis(now)
            ],
        )?;
        Ok(UploadStart::Begun { attempt: self.db.last_insert_rowid() })
    }

    /// Returns what an open upload is, and for which job.
    ///
    /// # Errors
    /// If SQLite fails, or it is not open.
    pub fn wanting(&self, attempt: i64) -> Result<PendingUpload> {
        let row: Option<(String, String, String, String, u32)> = self
            .db
            .prepare_cached(
                "SELECT job, kind, sha256, name,
                     (SELECT count(*) FROM upload_attempt AS other WHERE other.job = this.job
                      AND other.kind = this.kind AND other.sha256 = this.sha256
                      AND other.outcome IS NOT 'token')
                 FROM upload_attempt AS this WHERE id = ?1 AND ended_at IS NULL",
            )?
            .query_row([attempt], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        let read = row.and_then(|(job, kind, sha256, name, attempts)| {
            let upload = Uploading { kind: UploadKind::parse(&kind)?, sha256, name };
            Some(PendingUpload { job: JobId::parse(&job)?, upload, attempts })
        });
        read.ok_or_else(|| StoreError::Conflict(format!("upload {attempt} is not under way")))
    }

    /// Returns how many uploads of one kind for a job got a certain response code.
    pub fn uploads_answered(&self, job: &JobId, kind: UploadKind, errcode: i64) -> Result<u32> {
        let mut count = self.db.prepare_cached(
            "SELECT count(*) FROM upload_attempt WHERE job = ?1 AND kind = ?2 AND errcode = ?3",
        )?;
        let found = params![job.as_str(), kind.as_str(), errcode];
        Ok(count.query_row(found, |row| row.get(0))?)
    }

    /// Records the outcome of an upload's request.
    ///
    /// # Errors
    /// If SQLite fails, or it is not open.
    pub fn settle_upload(
        &self,
        attempt: i64,
        account: &str,
        outcome: &UploadOutcome<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let wanting = self.wanting(attempt)?;
        let (word, code, message) = match outcome {
            UploadOutcome::Done(_) => ("done", Some(0), None),
            UploadOutcome::Later(code, why) => ("later", *code, Some(*why)),
            UploadOutcome::Refused(code, why) => ("refused", Some(*code), Some(*why)),
            UploadOutcome::Token(code, why) => ("token", Some(*code), Some(*why)),
        };
        self.run(
            "UPDATE upload_attempt SET ended_at = ?2, outcome = ?3, errcode = ?4, errmsg = ?5
             WHERE id = ?1 AND ended_at IS NULL",
            params![attempt, millis(now), word, code, message],
        )?;
        let UploadOutcome::Done(value) = outcome else { return Ok(()) };
        let Uploading { kind, sha256, .. } = &wanting.upload;
        let begun: i64 = self
            .db
            .prepare_cached("SELECT begun_at FROM upload_attempt WHERE id = ?1")?
            .query_row([attempt], |row| row.get(0))?;
        // Counted from the request: the platform's days may have begun then.
        let expires = kind.is_temporary().then(|| begun + TEMPORARY.num_milliseconds());
        self.run(
            "INSERT INTO upload (account, kind, sha256, value, uploaded_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET value = excluded.value,
                 uploaded_at = excluded.uploaded_at, expires_at = excluded.expires_at",
            params![account, kind.as_str(), sha256, value, millis(now), expires],
        )
    }

    /// Ends the uploads that the daemon left open: they are repeated.
    pub(super) fn leave_open_uploads(&self, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE upload_attempt SET ended_at = ?1, outcome = 'lost',
                 errmsg = 'the daemon ended before the answer was stored' WHERE ended_at IS NULL",
            params![millis(now)],
        )
    }

    /// Completes the body of a batch that was never requested with it.
    ///
    /// # Errors
    /// If SQLite fails, or it was requested in the meantime.
    pub fn complete(&self, batch: i64, body: &str, until: Option<DateTime<Utc>>) -> Result<()> {
        let done = self
            .db
            .prepare_cached(
                "UPDATE batch SET prepared = 1, ready_until_at = ?2
                 WHERE id = ?1 AND state = 'planned'
                   AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.batch = batch.id)",
            )?
            .execute(params![batch, until.map(millis)])?;
        if done == 0 {
            return Err(StoreError::Conflict(format!("batch {batch} was asked for already")));
        }
        self.run("UPDATE body SET body = ?2 WHERE batch = ?1", params![batch, body])
    }

    /// Releases a job whose uploads are all done, when it is due.
    ///
    /// A job that was decided ahead of its time already waits, though it is not due yet.
    pub fn uploads_done(&self, job: &Job, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE job SET prepare_after_at = 0,
                 wake_at = min(wake_at, max(due_at, ?2)),
                 reason = CASE WHEN json_valid(reason) AND reason ->> 'code' = 'waits_for_uploads'
                     THEN NULL ELSE reason END
             WHERE id = ?1 AND wake_at IS NOT NULL",
            params![job.id.as_str(), millis(now)],
        )?;
        self.tell(&job.id, Some(job.state), job.state, &Reason::UploadsDone, now)
    }

    /// Pauses a job's uploads, and records why.
    pub fn rest_uploads(&self, id: &JobId, until: DateTime<Utc>, why: Reason) -> Result<()> {
        self.run(
            "UPDATE job SET prepare_after_at = ?2 WHERE id = ?1",
            params![id.as_str(), millis(until)],
        )?;
        self.say_waiting(id, Some(why))
    }

    /// Lets a due job wait for its uploads until its time is over.
    pub fn await_uploads(&self, id: &JobId, until: DateTime<Utc>) -> Result<()> {
        self.sleep(id, until, None)?;
        self.say_waiting(id, None)
    }

    /// Returns why the last upload of a job failed, if it did.
    pub fn upload_trouble(&self, id: &JobId) -> Result<Option<Reason>> {
        let last: Option<(String, Option<i64>, Option<String>)> = self
            .db
            .prepare_cached(
                "SELECT name, errcode, errmsg FROM upload_attempt
                 WHERE job = ?1 AND outcome IS NOT 'done' ORDER BY id DESC LIMIT 1",
            )?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        Ok(last.map(|(name, errcode, errmsg)| Reason::LastUploadAnswer { name, errcode, errmsg }))
    }

    fn say_waiting(&self, id: &JobId, why: Option<Reason>) -> Result<()> {
        let says_more = why.is_some();
        let reason = Reason::WaitsForUploads { cause: why.map(Box::new) };
        // A more specific reason, such as a deferral's, stays.
        self.run(
            "UPDATE job SET reason = ?2 WHERE id = ?1 AND wake_at IS NOT NULL
             AND (reason IS NULL OR (?3 AND json_valid(reason)
                 AND reason ->> 'code' = 'waits_for_uploads'))",
            params![id.as_str(), reason, says_more],
        )
    }

    /// Deletes the temporary uploads in a refused batch, so that they are made again.
    pub(super) fn forget_uploads(&self, batch: i64, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE upload SET expires_at = ?2 WHERE expires_at > ?2 AND EXISTS
                 (SELECT 1 FROM batch JOIN body ON body.batch = batch.id
                  WHERE batch.id = ?1 AND template IS NOT NULL
                    AND batch.account = upload.account AND instr(body, upload.value) > 0)",
            params![batch, millis(now)],
        )
    }

    /// Deletes an upload whose id the platform no longer has.
    pub fn forget_upload(&self, account: &str, kind: UploadKind, sha256: &str) -> Result<()> {
        self.run(
            "DELETE FROM upload WHERE account = ?1 AND kind = ?2 AND sha256 = ?3",
            params![account, kind.as_str(), sha256],
        )
    }

    /// Returns a job's uploads in the order of their first requests.
    pub fn uploads(&self, job: &str) -> Result<Vec<UploadView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT kind, name, attempted, outcome, errcode, errmsg, begun_at
             FROM upload_attempt JOIN (SELECT max(id) AS last, min(id) AS first, count(*) AS attempted
                 FROM upload_attempt WHERE job = ?1 GROUP BY kind, sha256) ON id = last
             ORDER BY first",
        )?;
        let rows = statement.query_map([job], |row| {
            Ok(UploadView {
                kind: row.get(0)?,
                name: row.get(1)?,
                attempts: row.get(2)?,
                outcome: row.get(3)?,
                errcode: row.get(4)?,
                errmsg: row.get(5)?,
                at: instant(row.get(6)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the digests of the files that some job may still need.
    ///
    /// # Errors
    /// If SQLite fails, or something else changed a row.
    pub fn files_in_use(&self, now: DateTime<Utc>) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT material FROM job WHERE material IS NOT NULL AND (wake_at IS NOT NULL
                 OR (state IN ('failed', 'partial', 'missed', 'uncertain')
                     AND ifnull(ended_at, ?1) >= ?1))",
        )?;
        let rows = statement
            .query_map([millis(now - RETRY_WITHIN)], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut digests = self.files_of_series()?;
        for json in rows {
            let assets = read_material(&json)?.assets;
            digests.extend(assets.into_iter().map(|asset| asset.media.sha256));
        }
        Ok(digests)
    }
}

/// Returns the calls of the day that an upload uses.
fn counted(kind: UploadKind, now: DateTime<Utc>) -> Option<Need> {
    let rule = match kind {
        UploadKind::Draft => Rule::DailyDrafts,
        UploadKind::News => Rule::DailyUploadnews,
        UploadKind::Picture
        | UploadKind::Cover
        | UploadKind::Image
        | UploadKind::Voice
        | UploadKind::Video
        | UploadKind::Mpvideo => return None,
    };
    Some(Need { rule, window: rule.window(now)?, amount: 1 })
}

fn read_material(json: &str) -> Result<Material> {
    serde_json::from_str(json)
        .map_err(|error| StoreError::Corrupt(format!("a job's material cannot be read: {error}")))
}
