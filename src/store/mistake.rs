//! Corrects an operator's `resolve --not-sent` when the batch was sent after all.
//!
//! Only a batch that the platform may have accepted is put in doubt again, and only while no other
//! was attempted in its place. It gets its earlier state back, with what it had charged.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::calendar::Window;
use crate::model::{BatchState, JobId, JobState};
use crate::plan::Batch;
use crate::quota::{Rule, margins};
use crate::reason::Operation;
use crate::store::{DecidedBy, Move, Result, Tx, instant, millis, unreadable};

/// A charge that was returned.
struct Returned {
    id: i64,
    rule: Rule,
    window: Window,
    slot: Option<u32>,
    attempt: Option<i64>,
}

/// The span in which a request without a clear response was open.
struct Open {
    attempt: i64,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Open {
    /// Returns whether the platform may have counted it in a window.
    fn touches(&self, window: Window) -> bool {
        // The platform's midnight may be that much before ours.
        self.from < window.end() && self.to + margins::CLOCK_APART >= window.start()
    }
}

impl Tx<'_> {
    /// Puts the batches of an ended job back in doubt that an operator may have resolved as not
    /// sent by mistake.
    pub(super) fn take_not_sent_back(
        &self,
        id: &JobId,
        number: Option<u32>,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let job = self.job(id)?;
        let has_ended =
            matches!(job.state, JobState::Missed | JobState::Partial | JobState::Failed);
        if !has_ended || self.pruned_at(id)?.is_some() {
            return Ok(());
        }
        let mut batches = self.batches(id)?;
        batches.retain(|batch| number.is_none_or(|number| batch.number + 1 == number));
        batches.retain(|batch| batch.state == BatchState::Refused && batch.doubt.is_some());
        if batches.is_empty() {
            return Ok(());
        }
        for batch in &batches {
            self.doubt_again(batch)?;
        }
        let why = said.that(Operation::TakeNotSentBack);
        let to = Move { state: JobState::Uncertain, wake_at: None, reason: None, why: &why };
        self.move_job(id, job.state, to, now)
    }

    fn doubt_again(&self, batch: &Batch) -> Result<()> {
        let since = batch.doubt.map(|doubt| millis(doubt.ended_at));
        self.run(
            "UPDATE batch SET in_doubt_since_at = ?2 WHERE id = ?1",
            params![batch.id, since],
        )?;
        self.move_batch(batch.id, BatchState::Refused, BatchState::InDoubt)?;
        self.reserve_again(batch.id)
    }

    /// Reserves again what the requests in doubt of a batch may have used.
    fn reserve_again(&self, batch: i64) -> Result<()> {
        let open = self.open_requests(batch)?;
        let mut slots = HashSet::new();
        for Returned { id, rule, window, slot, attempt } in self.returned(batch)? {
            let may_be = if rule.row().slots {
                // One charge of it served all requests, whichever of them made it.
                open.iter().any(|open| open.touches(window)) && slots.insert((rule, window))
            } else {
                open.iter().any(|open| Some(open.attempt) == attempt && open.touches(window))
            };
            if may_be {
                // The job that now has the place keeps it: both are charged.
                self.run(
                    "UPDATE charge SET state = 'reserved', slot = CASE WHEN EXISTS
                         (SELECT 1 FROM charge AS other WHERE other.account = charge.account
                            AND other.rule = charge.rule AND other.\"window\" = charge.\"window\"
                            AND other.slot = ?2 AND other.state <> 'returned') THEN NULL ELSE ?2 END
                     WHERE id = ?1",
                    params![id, slot],
                )?;
            }
        }
        Ok(())
    }

    fn open_requests(&self, batch: i64) -> Result<Vec<Open>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, begun_at, ended_at FROM attempt WHERE batch = ?1 AND outcome = 'in_doubt'",
        )?;
        let rows = statement.query_map([batch], |row| {
            Ok(Open { attempt: row.get(0)?, from: instant(row.get(1)?), to: instant(row.get(2)?) })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The charges of a batch that were returned, the latest first.
    fn returned(&self, batch: i64) -> Result<Vec<Returned>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, rule, \"window\", slot, attempt FROM charge
             WHERE batch = ?1 AND state = 'returned' ORDER BY id DESC",
        )?;
        let rows = statement.query_map([batch], |row| {
            let (rule, window): (String, String) = (row.get(1)?, row.get(2)?);
            Ok(Returned {
                id: row.get(0)?,
                rule: Rule::parse(&rule).ok_or_else(|| unreadable("charge.rule", &rule))?,
                window: Window::parse(&window)
                    .ok_or_else(|| unreadable("charge.window", &window))?,
                slot: row.get(3)?,
                attempt: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
