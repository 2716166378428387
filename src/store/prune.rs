//! Removes what is older than the history that is kept, a little at a time.
//!
//! Of a job that is over its content, attempts, charges and history go. Its row, its clientmsgids and
//! its `msg_id`s stay for ever: they refuse the id, and recognise a late event. `pruned_at` says that
//! nothing of it can be requested again, because the rows that would show what was sent are gone.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::calendar::{Span, Window};
use crate::l10n::t;
use crate::model::JobId;
use crate::quota::margins;
use crate::retention::EndedJob;
use crate::store::job_row::state;
use crate::store::{Result, StoreError, Tx, instant, millis, unreadable};

/// Where a walk through the jobs that ended continues: behind this end and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedAfter(i64, String);

/// Jobs that ended, in this order.
#[derive(Clone, Debug)]
pub struct EndedJobs {
    /// Some of them.
    pub jobs: Vec<(JobId, EndedJob)>,
    /// Where to continue.
    pub next: EndedAfter,
}

/// Where a walk through the counts of scans continues: behind this account, scene, day and event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScansAfter([String; 4]);

/// How many rows of the counts of scans one step looks at.
const SCANS: i64 = 2_000;
/// How many rows of any other table one step looks at.
const ROWS: i64 = 500;

/// The members of a body that stay: they tell whether two broadcasts share their media.
const KEPT_OF_BODY: &str = "json_patch('{}', json_object('filter', body -> '$.filter',
    'msgtype', body -> '$.msgtype', 'mpnews', body -> '$.mpnews', 'mpvideo', body -> '$.mpvideo'))";

/// The requests of jobs that tell nothing once they are old.
const FLEETING: &str = "kind IN ('preview', 'speed_get', 'speed_set')
    AND state IN ('done', 'failed', 'dropped')";

const UNDECIDED: &str = "NOT EXISTS (SELECT 1 FROM decision WHERE decision.charge = charge.id)";

impl Tx<'_> {
    /// Returns whether a job is due, or is being sent, about now.
    pub fn has_release_by(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
        let from = millis(now - margins::ASK_WITHIN);
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM job WHERE state IN ('planned', 'releasing')
                     AND due_at BETWEEN ?1 AND ?2)",
            )?
            .query_row(params![from, millis(until)], |row| row.get(0))?)
    }

    /// Returns the next jobs that ended before a time and still have their content, and where to
    /// continue; none if there are no more.
    pub fn ended_before(
        &self,
        before: DateTime<Utc>,
        after: &EndedAfter,
        most: i64,
    ) -> Result<Option<EndedJobs>> {
        let mut statement = self.db.prepare_cached(
            "WITH live_series (id) AS (SELECT id FROM series WHERE state = 'lost'
                 OR (state = 'active' AND (next_at IS NOT NULL OR EXISTS (SELECT 1 FROM occurrence
                     JOIN job ON job.id = occurrence.job
                     WHERE occurrence.series = series.id AND wake_at IS NOT NULL))))
             SELECT ended_at, id, state, due_at, recall_until_at IS NOT NULL,
                 EXISTS (SELECT 1 FROM batch WHERE batch.job = job.id
                     AND batch.state IN ('asking', 'in_doubt', 'accepted'))
                 OR EXISTS (SELECT 1 FROM api_call WHERE api_call.job = job.id
                     AND api_call.state IN ('waiting', 'planned', 'asking', 'in_doubt')),
                 EXISTS (SELECT 1 FROM occurrence JOIN live_series ON live_series.id = series
                     WHERE occurrence.job = job.id)
             FROM job WHERE ended_at IS NOT NULL AND pruned_at IS NULL
                 AND ended_at < ?1 AND (ended_at, id) > (?2, ?3)
             ORDER BY ended_at, id LIMIT ?4",
        )?;
        let rows = statement
            .query_map(params![millis(before), after.0, after.1, most], |row| {
                let job = EndedJob {
                    state: state(row, 2)?,
                    ended_at: instant(row.get(0)?),
                    due_at: instant(row.get(3)?),
                    is_open: row.get(5)?,
                    in_question: row.get(4)?,
                    of_live_series: row.get(6)?,
                };
                Ok((row.get(0)?, row.get(1)?, job))
            })?
            .collect::<rusqlite::Result<Vec<(i64, String, EndedJob)>>>()?;
        let Some((ended_at, id, _)) = rows.last() else { return Ok(None) };
        let next = EndedAfter(*ended_at, id.clone());
        let parse = |(_, id, job): (i64, String, EndedJob)| {
            let id = JobId::parse(&id).ok_or_else(|| unreadable("job.id", &id))?;
            Ok((id, job))
        };
        let jobs = rows.into_iter().map(parse).collect::<Result<_>>()?;
        Ok(Some(EndedJobs { jobs, next }))
    }

    /// Removes what is no longer needed of a job that is over.
    pub fn prune_job(&self, id: &JobId, now: DateTime<Utc>) -> Result<()> {
        let title = self.public_title(id.as_str())?;
        let batches = "(SELECT id FROM batch WHERE job = ?1)";
        let of_batches = format!("batch IN {batches}");
        let calls = format!("(SELECT id FROM api_call WHERE job = ?1 AND {FLEETING})");
        for sql in [
            format!("UPDATE charge SET attempt = NULL WHERE {of_batches}"),
            // An operator's decision names its charge.
            format!("DELETE FROM charge WHERE {of_batches} AND {UNDECIDED}"),
            format!("DELETE FROM charge WHERE api_call IN {calls} AND {UNDECIDED}"),
            format!(
                "DELETE FROM call WHERE attempt IN (SELECT id FROM attempt WHERE {of_batches})"
            ),
            format!("DELETE FROM attempt WHERE {of_batches}"),
            format!("DELETE FROM receiver WHERE {of_batches}"),
            format!("DELETE FROM audience WHERE {of_batches}"),
            format!("UPDATE body SET body = {KEPT_OF_BODY}, template = NULL WHERE {of_batches}"),
            "DELETE FROM article_result WHERE (account, msg_id) IN
                 (SELECT account, msg_id FROM batch WHERE job = ?1)"
                .to_owned(),
            "DELETE FROM upload_attempt WHERE job = ?1".to_owned(),
            "DELETE FROM approval WHERE job = ?1".to_owned(),
            format!(
                "DELETE FROM api_call WHERE job = ?1 AND {FLEETING}
                 AND NOT EXISTS (SELECT 1 FROM charge WHERE charge.api_call = api_call.id)"
            ),
            // What became of it stays.
            "DELETE FROM history WHERE job = ?1
                 AND id < (SELECT max(id) FROM history WHERE job = ?1)"
                .to_owned(),
        ] {
            self.run(&sql, params![id.as_str()])?;
        }
        self.run(
            "UPDATE job SET material = NULL, title = ?2, pruned_at = ?3 WHERE id = ?1",
            params![id.as_str(), title, millis(now)],
        )
    }

    /// Removes some of the events, decisions, calls and refused files from before a time; returns
    /// whether there may be more.
    pub fn prune_rows(&self, before: DateTime<Utc>) -> Result<bool> {
        let mut removed = 0;
        for sql in [
            // The oldest come first, so that nothing is searched if none is old.
            "DELETE FROM event WHERE id IN (SELECT id FROM
                 (SELECT id, received_at, candidate FROM event ORDER BY id LIMIT ?2)
                 WHERE received_at < ?1 AND candidate = 0)",
            "DELETE FROM unread_event WHERE id IN (SELECT id FROM
                 (SELECT id, received_at FROM unread_event ORDER BY id LIMIT ?2)
                 WHERE received_at < ?1)",
            "DELETE FROM decision WHERE id IN (SELECT id FROM
                 (SELECT id, at FROM decision ORDER BY id LIMIT ?2) WHERE at < ?1)",
            "DELETE FROM charge WHERE api_call IN (SELECT id FROM
                 (SELECT id, ended_at FROM api_call WHERE job IS NULL
                     AND kind IN ('preview', 'speed_get', 'speed_set') ORDER BY id LIMIT ?2)
                 WHERE ended_at < ?1)
             AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.charge = charge.id)",
            "DELETE FROM api_call WHERE id IN (SELECT id FROM
                 (SELECT id, ended_at FROM api_call WHERE job IS NULL
                     AND kind IN ('preview', 'speed_get', 'speed_set') ORDER BY id LIMIT ?2)
                 WHERE ended_at < ?1)
             AND NOT EXISTS (SELECT 1 FROM charge WHERE charge.api_call = api_call.id)",
            "DELETE FROM refused_file WHERE name IN
                 (SELECT name FROM refused_file WHERE refused_at < ?1 LIMIT ?2)",
        ] {
            removed += self.db.prepare_cached(sql)?.execute(params![millis(before), ROWS])?;
        }
        Ok(removed > 0)
    }

    /// Removes counts of scans from days before a time, of the next rows; returns where to continue,
    /// or none if there are no more.
    pub fn prune_scans(
        &self,
        before: DateTime<Utc>,
        after: &ScansAfter,
    ) -> Result<Option<ScansAfter>> {
        let ScansAfter([account, scene, day, event]) = after;
        let mut statement = self.db.prepare_cached(
            "SELECT account, scene, day, event FROM code_scan
             WHERE (account, scene, day, event) > (?1, ?2, ?3, ?4)
             ORDER BY account, scene, day, event LIMIT ?5",
        )?;
        let rows = statement
            .query_map(params![account, scene, day, event, SCANS], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })?
            .collect::<rusqlite::Result<Vec<[String; 4]>>>()?;
        let first = Window::containing(Span::Day, before).to_string();
        for [account, scene, day, event] in rows.iter().filter(|[_, _, day, _]| *day < first) {
            self.run(
                "DELETE FROM code_scan WHERE account = ?1 AND scene = ?2 AND day = ?3 AND event = ?4",
                params![account, scene, day, event],
            )?;
        }
        Ok(rows.into_iter().next_back().map(ScansAfter))
    }

    /// Returns whether nothing of these jobs and series is needed any more: their file may go.
    pub fn are_over(&self, ids: &[JobId]) -> Result<bool> {
        let mut statement = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?1 AND pruned_at IS NOT NULL)
                 OR EXISTS (SELECT 1 FROM series WHERE id = ?1
                        AND (state = 'cancelled' OR (state = 'active' AND next_at IS NULL)))
                    AND NOT EXISTS (SELECT 1 FROM occurrence JOIN job ON job.id = occurrence.job
                        WHERE series = ?1 AND pruned_at IS NULL)",
        )?;
        for id in ids {
            if !statement.query_row([id.as_str()], |row| row.get(0))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns when a job's content was removed, if it was.
    pub fn pruned_at(&self, id: &JobId) -> Result<Option<DateTime<Utc>>> {
        let at: Option<i64> = self
            .db
            .prepare_cached("SELECT pruned_at FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))?;
        Ok(at.map(instant))
    }

    /// Refuses to do anything that needs the content of a job whose content was removed.
    ///
    /// # Errors
    /// If it was removed; or if SQLite fails.
    pub fn refuse_pruned(&self, id: &JobId) -> Result<()> {
        match self.pruned_at(id)? {
            None => Ok(()),
            Some(_) => Err(StoreError::Refused(t!("store-pruned", id = %id))),
        }
    }
}
