//! One-time links with which somebody approves a job: each is for one person, one job and one content,
//! and ends with its first use, with a change of the job, at the job's time, or after a day.
//!
//! Only the digest of a link's token is stored: whoever reads the database can use none.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::approval::Verdict;
use crate::model::{Account, JobId, JobState};
use crate::store::{DecidedBy, Result, Tx, millis};

/// How long a link is valid at most.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// How an approval came in over a link, as it is stored after the name.
const VIA: &str = "via link";

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalLink {
    /// The job.
    pub job: JobId,
    /// Whose approval it is.
    pub person: String,
    /// The digest of the content that it approves.
    pub digest: String,
}

impl Tx<'_> {
    /// Makes a link for somebody to a job that waits for an approval; returns whether there is one now.
    /// There is none for who handed in a job that two people must approve.
    pub fn make_approval_link(
        &self,
        (id, account): (&JobId, &Account),
        person: &str,
        token_sha256: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        self.run("DELETE FROM approval_link WHERE expires_at <= ?1", params![millis(now)])?;
        let job = self.job(id)?;
        let is_own = account.approvals > 1 && self.submitter(id)?.as_deref() == Some(person);
        if job.state != JobState::Held || job.due_at <= now || is_own {
            return Ok(false);
        }
        self.run(
            "INSERT INTO approval_link (token_sha256, job, person, digest, expires_at)
             SELECT ?1, id, ?3, digest, ?4 FROM job WHERE id = ?2",
            params![token_sha256, id.as_str(), person, millis(job.due_at.min(now + LONGEST))],
        )?;
        Ok(true)
    }

    /// Returns what a link is for, if it is valid.
    pub fn approval_link(
        &self,
        token_sha256: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<ApprovalLink>> {
        let row = self
            .db
            .prepare_cached(
                "SELECT approval_link.job, person, approval_link.digest FROM approval_link
                 JOIN job ON job.id = approval_link.job
                 WHERE token_sha256 = ?1 AND approval_link.expires_at > ?2 AND job.state = 'held'
                   AND job.digest = approval_link.digest",
            )?
            .query_row(params![token_sha256, millis(now)], |row| {
                Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        Ok(row.and_then(|(job, person, digest)| {
            Some(ApprovalLink { job: JobId::parse(&job)?, person, digest })
        }))
    }

    /// Uses a link: counts the approval of its person, and ends it. None if it is not valid, or not for
    /// the content that was shown.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn use_approval_link(
        &self,
        (token_sha256, shown): (&str, &str),
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Option<Verdict>> {
        let link = self.approval_link(token_sha256, now)?;
        let Some(link) = link.filter(|link| link.digest == shown) else { return Ok(None) };
        let sql = "DELETE FROM approval_link WHERE token_sha256 = ?1";
        self.run(sql, params![token_sha256])?;
        let who = format!("{} {VIA}", link.person);
        let said = DecidedBy { who: &who, why: None };
        self.approve(&link.job, account, said, now).map(Some)
    }
}
