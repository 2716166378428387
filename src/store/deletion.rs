//! Deletions: what one would meet, and what died with it.
//!
//! The link of an article serves every broadcast of it, so one deletion ends all of them.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::model::{Account, BatchState, Deletion, JobId, JobState};
use crate::store::take::state;
use crate::store::{Result, Step, unreadable};

/// What a deletion would meet.
#[derive(Clone, Debug)]
pub struct DeletionFacts {
    /// The account that the job belongs to.
    pub account: String,
    /// What the job does.
    pub action: String,
    /// Where it stands.
    pub state: JobState,
    /// The platform's message type.
    pub msgtype: String,
    /// Its broadcasts that have a number: the row, where it stands, whether it is deleted.
    pub batches: Vec<(i64, BatchState, bool)>,
    /// Other jobs that sent the same media, and so die with it.
    pub sharing: Vec<String>,
}

impl Step<'_> {
    /// Marks what died with a deletion: the link of an article serves every broadcast of it.
    pub(super) fn deleted(
        &self,
        deletion: &Deletion,
        (account, batch): (&Account, i64),
        line: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let target = &deletion.job;
        for id in self.sharing(&account.name, batch)?.iter().filter_map(|id| JobId::parse(id)) {
            let state = self.job(&id)?.state;
            let why = format!("{line}; it sent the same media, which is gone with it");
            self.tell(&id, Some(state), state, &why, now)?;
            if deletion.article().is_none() {
                self.mark_deleted(&id)?;
            }
        }
        if deletion.article().is_none() {
            self.mark_deleted(target)?;
        }
        let state = self.job(target)?.state;
        self.tell(target, Some(state), state, line, now)
    }

    fn mark_deleted(&self, job: &JobId) -> Result<()> {
        self.run(
            "UPDATE batch SET deleted = 1 WHERE job = ?1 AND state IN ('accepted', 'sent')",
            params![job.as_str()],
        )
    }

    /// Returns the other jobs that sent what a batch sent and are not deleted.
    fn sharing(&self, account: &str, batch: i64) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "WITH media (id) AS (SELECT ifnull(body ->> '$.mpnews.media_id', body ->> '$.mpvideo.media_id')
                 FROM batch WHERE id = ?2)
             SELECT DISTINCT other.job FROM batch AS other, media
             WHERE other.account = ?1 AND other.msg_id IS NOT NULL AND other.deleted = 0
               AND other.state IN ('accepted', 'sent')
               AND other.job <> (SELECT job FROM batch WHERE id = ?2)
               AND media.id IS NOT NULL AND instr(other.body, json_quote(media.id))
             ORDER BY other.job",
        )?;
        let rows = statement.query_map(params![account, batch], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns what the deletion of a job's broadcast would meet; none for an unknown job.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn deletion_facts(&self, id: &JobId) -> Result<Option<DeletionFacts>> {
        let job = self
            .db
            .prepare_cached("SELECT account, action, state, msgtype FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| {
                Ok(DeletionFacts {
                    account: row.get(0)?,
                    action: row.get(1)?,
                    state: state(row, 2)?,
                    msgtype: row.get(3)?,
                    batches: Vec::new(),
                    sharing: Vec::new(),
                })
            })
            .optional()?;
        let Some(mut facts) = job else { return Ok(None) };
        let mut statement = self.db.prepare_cached(
            "SELECT id, state, deleted FROM batch WHERE job = ?1 AND msg_id IS NOT NULL
               AND state IN ('accepted', 'sent') ORDER BY state DESC, number",
        )?;
        let rows = statement.query_map([id.as_str()], |row| {
            let word: String = row.get(1)?;
            let state = BatchState::parse(&word).ok_or_else(|| unreadable("batch.state", &word))?;
            Ok((row.get(0)?, state, row.get(2)?))
        })?;
        facts.batches = rows.collect::<rusqlite::Result<_>>()?;
        if let Some((batch, ..)) = facts.batches.first() {
            facts.sharing = self.sharing(&facts.account, *batch)?;
        }
        Ok(Some(facts))
    }
}
