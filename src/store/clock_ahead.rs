//! Corrects jobs without a time of their own that were stored while the clock was ahead.
//!
//! They are due when they were taken, which has not come yet. Once the clock is known to be right,
//! they are taken again, now.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::{Result, Tx, millis};
use crate::model::{Account, JobId, JobState};
use crate::quota::margins;
use crate::reason::Reason;

/// Results are requested at least this often, with a small margin.
const LONGEST_RESULT_GAP: TimeDelta = TimeDelta::minutes(61);

/// The jobs in question: a job that was attempted keeps its time.
const AHEAD: &str = "account = ?1 AND written_at IS NULL AND wake_at IS NOT NULL AND taken_at > ?2
    AND attempted = 0";

impl Tx<'_> {
    /// Keeps every wait as long as it was, now that the clock was stepped by so much: a wait of one
    /// minute stays one minute of true time.
    ///
    /// How far the clock was stepped is not always known exactly, and a response may have come
    /// after the step. So no wait ends later than its backoff from now, and no wait that is moved
    /// is shorter than the minute.
    pub fn keep_waits(&self, by: TimeDelta, now: DateTime<Utc>) -> Result<()> {
        let soon = millis(now + margins::SAME_CLIENTMSGID);
        let latest = millis(now + margins::BACKOFF_MAX + margins::SAME_CLIENTMSGID);
        let (now_ms, by_ms) = (millis(now), by.num_milliseconds());
        let before = now - by.max(TimeDelta::zero());
        self.run("UPDATE call SET ended_at = ?1 WHERE ended_at > ?1", params![now_ms])?;
        self.run(
            "UPDATE call SET ended_at = min(ended_at + ?1, ?2) WHERE ended_at > ?3 AND ?1 > 0",
            params![by_ms, now_ms, millis(before - margins::PER_MINUTE)],
        )?;
        // A job that was never attempted, or was deferred, waits for its time by the clock.
        self.run(
            "UPDATE batch SET next_at = CASE WHEN ?1 > 0 THEN min(next_at + ?1, max(next_at, ?2))
                                             ELSE max(next_at + ?1, min(next_at, ?2)) END
             WHERE next_at > ?3 AND state IN ('planned', 'in_doubt')
               AND job IN (SELECT id FROM job WHERE state = 'releasing' AND (?1 > 0 OR due_at <= ?4))
               AND EXISTS (SELECT 1 FROM attempt WHERE attempt.batch = batch.id)",
            params![by_ms, soon, millis(before), now_ms],
        )?;
        self.run(
            "UPDATE batch SET next_at = ?1 WHERE next_at > ?2 AND state IN ('planned', 'in_doubt')
               AND job IN (SELECT id FROM job WHERE state = 'releasing' AND due_at <= ?1)",
            params![soon, latest],
        )?;
        self.run(
            "UPDATE job SET wake_at = min(wake_at, max(?1, due_at)) WHERE state = 'releasing'",
            params![soon],
        )?;
        // An upload made too early does no harm.
        self.run(
            "UPDATE job SET prepare_after_at = 0 WHERE prepare_after_at > ?1 AND wake_at IS NOT NULL",
            params![millis(now)],
        )?;
        self.run("UPDATE api_call SET next_at = ?1 WHERE next_at > ?2", params![soon, latest])?;
        self.run(
            "UPDATE batch SET result_at = ?1 WHERE result_at > ?2",
            params![soon, millis(now + LONGEST_RESULT_GAP)],
        )
    }

    /// Returns whether some job of an account was taken later than now.
    pub fn taken_ahead(&self, account: &str, now: DateTime<Utc>) -> Result<bool> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM job WHERE {AHEAD})");
        let after = millis(now + margins::CLOCK_APART);
        Ok(self.db.prepare_cached(&sql)?.query_row(params![account, after], |row| row.get(0))?)
    }

    /// Takes those jobs again, now that the clock is right.
    pub fn bring_back(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let after = millis(now + margins::CLOCK_APART);
        let ids: Vec<String> = self
            .db
            .prepare_cached(&format!("SELECT id FROM job WHERE {AHEAD} ORDER BY seq"))?
            .query_map(params![account.name, after], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in ids.iter().filter_map(|id| JobId::parse(id)) {
            self.run(
                "UPDATE job SET expires_at = expires_at - planned_at + ?2, planned_at = ?2,
                 due_at = ?2, taken_at = ?2, wake_at = ?2, not_before_at = NULL, reason = NULL WHERE id = ?1",
                params![id.as_str(), millis(now)],
            )?;
            self.run(
                "UPDATE batch SET next_at = ?2 WHERE job = ?1 AND state = 'planned' AND replaced = 0",
                params![id.as_str(), millis(now)],
            )?;
            let state = self.job(&id)?.state;
            self.tell(&id, Some(state), state, &Reason::ClockWasAhead, now)?;
            if state == JobState::Planned {
                self.has_no_place((&account.name, &id), true);
            }
        }
        self.place_taken(account, now)?;
        self.run("UPDATE file SET taken_at = ?1 WHERE taken_at > ?2", params![millis(now), after])
    }
}
