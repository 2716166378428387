//! Deletions: which broadcasts a deletion would delete, and what was lost with them.
//!
//! The link of an article serves every broadcast of it, so one deletion ends all of them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::model::{Account, Deletion, JobId, JobState};
use crate::reason::Reason;
use crate::store::job_row::state;
use crate::store::{Result, Tx};

/// What a deletion would affect.
#[derive(Clone, Debug)]
pub struct DeletionFacts {
    /// The account that the job belongs to.
    pub account: String,
    /// What the job does.
    pub action: String,
    /// Its state.
    pub state: JobState,
    /// The platform's message type.
    pub msgtype: String,
    /// How many articles it has, if the job or its type says so.
    pub articles: Option<usize>,
    /// Its broadcasts that have a number, by their place.
    pub batches: Vec<DeletableBatch>,
    /// How many of its broadcasts may still be sent, or are not known to have been.
    pub to_come: usize,
    /// Other jobs that sent the same media, which the deletion also removes.
    pub sharing: Vec<String>,
}

/// One broadcast that may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletableBatch {
    /// Its row.
    pub id: i64,
    /// Whether the platform says that it was sent.
    pub is_sent: bool,
    /// Whether it is deleted.
    pub is_deleted: bool,
    /// The media that it sent; one deletion removes it from all of its broadcasts.
    pub media: Option<String>,
}

impl Tx<'_> {
    /// Marks what a deletion removed: the link of an article serves every broadcast of it.
    pub(super) fn deleted(
        &self,
        deletion: &Deletion,
        (account, batch): (&Account, i64),
        line: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let target = &deletion.job;
        // Without its only article nothing is left of it.
        let is_only = deletion.article() == Some(1) && self.article_count(target)? == Some(1);
        let is_whole = is_only || deletion.article().is_none();
        for id in self.sharing(&account.name, batch)?.iter().filter_map(|id| JobId::parse(id)) {
            let state = self.job(&id)?.state;
            let why = Reason::SharedMediaDeleted { cause: Box::new(line.clone()) };
            self.tell(&id, Some(state), state, &why, now)?;
        }
        if is_whole {
            self.mark_deleted(&account.name, batch)?;
        }
        let state = self.job(target)?.state;
        self.tell(target, Some(state), state, line, now)
    }

    /// Returns how many articles a job sends, if it or its type says so.
    fn article_count(&self, job: &JobId) -> Result<Option<usize>> {
        let count: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT iif(msgtype = 'mpnews', nullif(json_array_length(material, '$.articles'), 0), 1)
                 FROM job WHERE id = ?1",
            )?
            .query_row([job.as_str()], |row| row.get(0))?;
        Ok(count.and_then(|count| usize::try_from(count).ok()))
    }

    /// Marks a broadcast, and those of the same media that were sent. For one that is still being
    /// sent the platform reports the outcome itself.
    fn mark_deleted(&self, account: &str, batch: i64) -> Result<()> {
        self.run(
            "WITH media (id) AS (SELECT ifnull(body ->> '$.mpnews.media_id', body ->> '$.mpvideo.media_id')
                 FROM body WHERE batch = ?2)
             UPDATE batch SET deleted = 1 FROM media
             WHERE batch.id = ?2
                OR (account = ?1 AND msg_id IS NOT NULL AND state = 'sent'
                    AND media.id IS NOT NULL AND instr((SELECT body FROM body
                        WHERE body.batch = batch.id), json_quote(media.id)))",
            params![account, batch],
        )
    }

    /// Returns the other jobs that sent what a batch sent and are not deleted.
    fn sharing(&self, account: &str, batch: i64) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "WITH media (id) AS (SELECT ifnull(body ->> '$.mpnews.media_id', body ->> '$.mpvideo.media_id')
                 FROM body WHERE batch = ?2)
             SELECT DISTINCT other.job FROM batch AS other JOIN body ON body.batch = other.id, media
             WHERE other.account = ?1 AND other.msg_id IS NOT NULL AND other.deleted = 0
               AND other.state IN ('accepted', 'sent')
               AND other.job <> (SELECT job FROM batch WHERE id = ?2)
               AND media.id IS NOT NULL AND instr(body.body, json_quote(media.id))
             ORDER BY other.job",
        )?;
        let rows = statement.query_map(params![account, batch], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns what the deletion of a job's broadcast would affect; none for an unknown job.
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
                    articles: None,
                    batches: Vec::new(),
                    to_come: 0,
                    sharing: Vec::new(),
                })
            })
            .optional()?;
        let Some(mut facts) = job else { return Ok(None) };
        facts.articles = self.article_count(id)?;
        let mut statement = self.db.prepare_cached(
            "SELECT id, state = 'sent', deleted,
                    ifnull(body ->> '$.mpnews.media_id', body ->> '$.mpvideo.media_id')
             FROM batch JOIN body ON body.batch = batch.id
             WHERE job = ?1 AND msg_id IS NOT NULL AND state IN ('accepted', 'sent')
             ORDER BY number",
        )?;
        let rows = statement.query_map([id.as_str()], |row| {
            Ok(DeletableBatch {
                id: row.get(0)?,
                is_sent: row.get(1)?,
                is_deleted: row.get(2)?,
                media: row.get(3)?,
            })
        })?;
        facts.batches = rows.collect::<rusqlite::Result<_>>()?;
        let to_come: i64 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM batch WHERE job = ?1 AND replaced = 0 AND deleted = 0
                   AND state NOT IN ('sent', 'refused', 'failed')",
            )?
            .query_row([id.as_str()], |row| row.get(0))?;
        facts.to_come = usize::try_from(to_come).unwrap_or_default();
        let mut sharing = BTreeSet::new();
        for batch in one_of_each(&facts.batches) {
            sharing.extend(self.sharing(&facts.account, batch.id)?);
        }
        facts.sharing = sharing.into_iter().collect();
        Ok(Some(facts))
    }
}

/// Returns one broadcast for each media: its deletion removes the others.
pub fn one_of_each<'b>(
    batches: impl IntoIterator<Item = &'b DeletableBatch>,
) -> Vec<&'b DeletableBatch> {
    let mut met = BTreeSet::new();
    let batches = batches.into_iter();
    batches.filter(|batch| batch.media.as_ref().is_none_or(|media| met.insert(media))).collect()
}
