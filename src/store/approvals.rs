//! The approvals of jobs, and who handed their files in.
//!
//! An approval is stored with who gave it, when, and the digest of what was approved. What it means,
//! [`crate::approval`] decides. A change of the job removes them.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use crate::approval::{Approval, Demand, Verdict, person};
use crate::calendar::json;
use crate::l10n::t;
use crate::model::{Account, JobId, JobState};
use crate::reason::Operation;
use crate::store::{DecidedBy, Result, Series, StoreError, Tx, instant, millis};
use crate::text::names;

/// The approvals of one job, for people and programs.
#[derive(Clone, Debug, Serialize)]
pub struct ApprovalsView {
    /// How many are needed.
    pub needed: u32,
    /// Those that count, the first one first.
    pub given: Vec<ApprovalView>,
}

/// One approval.
#[derive(Clone, Debug, Serialize)]
pub struct ApprovalView {
    /// Who gave it.
    pub who: String,
    /// When.
    #[serde(serialize_with = "json::rfc3339")]
    pub at: DateTime<Utc>,
    /// Why, if that was said.
    pub why: Option<String>,
}

impl Tx<'_> {
    /// Counts somebody's approval of a job. If no other is needed, the job goes at its time; its place
    /// in the schedule stays.
    ///
    /// # Errors
    /// If the job waits for no approval, or SQLite fails.
    pub fn approve(
        &self,
        id: &JobId,
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<Verdict> {
        let job = self.job(id)?;
        let hint = match job.state {
            JobState::Held => return self.give(id, account, said, now),
            JobState::Planned | JobState::Releasing => t!("store-hint-goes-by-itself"),
            JobState::Accepted | JobState::Sent | JobState::Uncertain => {
                t!("store-hint-asked-already")
            }
            JobState::Failed | JobState::Partial | JobState::Missed => {
                t!("store-hint-retry-asks-again")
            }
            JobState::Cancelled | JobState::Expired => t!("store-hint-new-id"),
        };
        Err(StoreError::Refused(
            t!("store-waits-for-no-approval", id = %id, state = %names::job_state(job.state), hint = %hint),
        ))
    }

    fn give(
        &self,
        id: &JobId,
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<Verdict> {
        self.refuse_without_files(id)?;
        let (digest, submitter) = (self.digest(id)?, self.submitter(id)?);
        let needed = account.approvals.max(1);
        let demand = Demand { needed, digest: &digest, submitter: submitter.as_deref() };
        let verdict = demand.decide(&self.given(id)?, person(said.who));
        let why = said.that(Operation::Approve);
        match verdict {
            Verdict::Own | Verdict::Again => {}
            Verdict::Counts { .. } => {
                self.keep_approval(id, &digest, said, now)?;
                self.tell(id, Some(JobState::Held), JobState::Held, &why, now)?;
            }
            Verdict::Goes => {
                self.keep_approval(id, &digest, said, now)?;
                self.approve_because(id, &why, now)?;
            }
        }
        Ok(verdict)
    }

    fn keep_approval(
        &self,
        id: &JobId,
        digest: &str,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO approval (job, person, who, why, at, digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (job, person) DO UPDATE SET who = ?3, why = ?4, at = ?5, digest = ?6",
            params![id.as_str(), person(said.who), said.who, said.why, millis(now), digest],
        )
    }

    /// Removes the approvals of a job that is changed, and the links to approve it.
    pub(super) fn void_approvals(&self, id: &JobId) -> Result<()> {
        self.run("DELETE FROM approval_link WHERE job = ?1", params![id.as_str()])?;
        self.run("DELETE FROM approval WHERE job = ?1", params![id.as_str()])?;
        // The new version is asked for anew, also if its time is the same.
        self.run(
            "UPDATE notice SET subject = subject || ' ',
                 state = iif(state IN ('new', 'open'), 'closed', state)
             WHERE job = ?1 AND kind = 'approval_due'",
            params![id.as_str()],
        )
    }

    fn digest(&self, id: &JobId) -> Result<String> {
        let sql = "SELECT digest FROM job WHERE id = ?1";
        Ok(self.db.prepare_cached(sql)?.query_row([id.as_str()], |row| row.get(0))?)
    }

    fn given(&self, id: &JobId) -> Result<Vec<Approval>> {
        let sql = "SELECT person, digest FROM approval WHERE job = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([id.as_str()], |row| {
            Ok(Approval { person: row.get(0)?, digest: row.get(1)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the approvals of a job of an account: none if it waits for none and has none.
    pub fn approvals(&self, id: &str, account: &Account) -> Result<Option<ApprovalsView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT approval.who, approval.at, why FROM approval JOIN job ON job.id = job
             LEFT JOIN submission ON submission.file = job.file
             WHERE job = ?1 AND approval.digest = job.digest
               AND (?2 <= 1 OR person IS NOT submission.who)
             ORDER BY approval.at, person",
        )?;
        let needed = account.approvals.max(1);
        let rows = statement.query_map(params![id, needed], |row| {
            Ok(ApprovalView { who: row.get(0)?, at: instant(row.get(1)?), why: row.get(2)? })
        })?;
        let given = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        let held = "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?1 AND state = 'held')";
        let is_held: bool = self.db.prepare_cached(held)?.query_row([id], |row| row.get(0))?;
        Ok((is_held || !given.is_empty()).then_some(ApprovalsView { needed, given }))
    }

    /// Records who hands a file in, before it is in the inbox.
    pub fn submitted(&self, file: &str, who: &str, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "INSERT INTO submission (file, who, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (file) DO UPDATE SET who = ?2, at = ?3",
            params![file, who, millis(now)],
        )
    }

    /// Returns who handed in the file of a job, if that came over the API or the console.
    pub fn submitter(&self, id: &JobId) -> Result<Option<String>> {
        let sql = "SELECT who FROM submission JOIN job USING (file) WHERE job.id = ?1";
        Ok(self.db.prepare_cached(sql)?.query_row([id.as_str()], |row| row.get(0)).optional()?)
    }

    /// Keeps somebody's approval of the dates of a series up to one, and returns what it means for
    /// those that have no job yet.
    pub(super) fn approve_dates(
        &self,
        series: &Series,
        account: &Account,
        (until, said): (NaiveDate, DecidedBy<'_>),
        now: DateTime<Utc>,
    ) -> Result<Verdict> {
        let id = series.job.id.as_str();
        let submitter: Option<String> = self
            .db
            .prepare_cached("SELECT who FROM submission WHERE file = ?1")?
            .query_row([&series.file], |row| row.get(0))
            .optional()?;
        let needed = account.approvals.max(1);
        // Whoever approved up to a later date approved up to this one.
        let given = self
            .approvers_of_dates(id, until)?
            .into_iter()
            .map(|said| Approval { person: person(&said.0).to_owned(), digest: String::new() });
        let demand = Demand { needed, digest: "", submitter: submitter.as_deref() };
        let verdict = demand.decide(&given.collect::<Vec<_>>(), person(said.who));
        if matches!(verdict, Verdict::Goes | Verdict::Counts { .. }) {
            self.run(
                "INSERT INTO series_approval (series, person, who, why, at, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (series, person) DO UPDATE SET who = ?3, why = ?4, at = ?5, until = ?6",
                params![id, person(said.who), said.who, said.why, millis(now), until.to_string()],
            )?;
        }
        Ok(verdict)
    }

    /// Returns who approved the dates of a series up to this one or a later one, and why.
    pub(super) fn approvers_of_dates(
        &self,
        series: &str,
        date: NaiveDate,
    ) -> Result<Vec<(String, Option<String>)>> {
        let mut statement = self.db.prepare_cached(
            "SELECT who, why FROM series_approval WHERE series = ?1 AND until >= ?2
             ORDER BY at, person",
        )?;
        let rows = statement
            .query_map([series, date.to_string().as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
