//! Notices that time alone causes: nothing else changes when an approval is nearly too late.
//!
//! What is due follows from the database, so a daemon that was down raises them when it is back.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rusqlite::params;

use crate::alert::Fact;
use crate::calendar::{Span, Window};
use crate::store::view::AlertView;
use crate::store::{Result, StoreError, Tx, millis};

/// How long a broadcast to everyone has no result before its administrator is reminded. A large
/// account's result takes minutes without any confirmation, and a page for each would be ignored.
const CONFIRM_AFTER: TimeDelta = TimeDelta::minutes(5);
/// How long an administrator has to confirm a broadcast, counted from the reminder.
pub(in crate::store) const CONFIRM_LEFT: TimeDelta = TimeDelta::minutes(25);
/// How long before a job's time a missing file is told.
const FILES_AHEAD: TimeDelta = TimeDelta::hours(24);
/// The kinds that follow from several rows, and are looked for less often.
const DERIVED: [&str; 2] = ["gap", "no_result"];

/// Held jobs whose approval is due. A job has few notices: `+` keeps those of all jobs unread.
pub(super) const APPROVALS_DUE: &str =
    "SELECT account, id, due_at FROM job WHERE state = 'held' AND due_at <= ?1
    AND NOT EXISTS (SELECT 1 FROM awaited_file WHERE awaited_file.job = job.id)
    AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.job = job.id
    AND +notice.kind = 'approval_due' AND subject = due_at || '')";
/// Held jobs whose files must come soon.
pub(super) const FILES_DUE: &str =
    "SELECT account, id, due_at FROM job WHERE state = 'held' AND due_at <= ?1
    AND EXISTS (SELECT 1 FROM awaited_file WHERE awaited_file.job = job.id)
    AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.job = job.id
    AND +notice.kind = 'files_due' AND subject = due_at || '')";
/// Broadcasts to everyone that wait for the confirmation of an administrator.
pub(super) const CONFIRMATIONS_DUE: &str = "SELECT job.account, job.id, min(accepted_at) AS at
    FROM job JOIN batch ON batch.job = job.id
    WHERE job.state = 'accepted' AND everyone = 1 AND batch.state = 'accepted'
    GROUP BY job.id
    HAVING at BETWEEN ?1 AND ?2 AND NOT EXISTS (SELECT 1 FROM notice
    WHERE notice.job = job.id AND +notice.kind = 'confirm' AND subject = at || '')";
/// Closes the notices of alerts whose time is over: only those alerts are looked for.
pub(super) const CLOSE_WITH_ALERT: &str =
    "UPDATE notice SET state = 'closed' WHERE id IN (SELECT notice.id
    FROM alert CROSS JOIN notice ON notice.kind = alert.kind
    AND notice.account IS alert.account AND notice.job IS alert.job
    WHERE until_at <= ?1 AND notice.state = 'open')";

/// When notices are raised that time alone causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long before a job's time its approval is due.
    pub approval: TimeDelta,
    /// The day that has ended and whose summary is due, if a summary is wanted.
    pub summary: Option<NaiveDate>,
}

/// A notice to raise.
struct Due {
    kind: &'static str,
    account: Option<String>,
    job: Option<String>,
    subject: String,
}

impl Tx<'_> {
    /// Raises the notices whose time has come; returns whether there were any. It writes nothing
    /// if there are none.
    pub fn raise_timed_notices(&self, timing: &Timing, now: DateTime<Utc>) -> Result<bool> {
        let due = self.timed_notices(timing, now)?;
        for Due { kind, account, job, subject } in &due {
            self.run(
                "INSERT INTO notice (kind, account, job, subject, raised_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![kind, account, job, subject, millis(now)],
            )?;
        }
        Ok(!due.is_empty())
    }

    /// Returns whether a notice is due that time alone causes.
    pub fn has_timed_notices(&self, timing: &Timing, now: DateTime<Utc>) -> Result<bool> {
        Ok(!self.timed_notices(timing, now)?.is_empty())
    }

    fn timed_notices(&self, timing: &Timing, now: DateTime<Utc>) -> Result<Vec<Due>> {
        let mut due = self.held_due("approval_due", APPROVALS_DUE, now + timing.approval)?;
        due.extend(self.held_due("files_due", FILES_DUE, now + FILES_AHEAD)?);
        due.extend(self.confirmations_due(now)?);
        due.extend(self.summary_due(timing.summary)?);
        Ok(due)
    }

    fn held_due(&self, kind: &'static str, sql: &str, until: DateTime<Utc>) -> Result<Vec<Due>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([millis(until)], |row| {
            let due_at: i64 = row.get(2)?;
            Ok(Due { kind, account: row.get(0)?, job: row.get(1)?, subject: due_at.to_string() })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn confirmations_due(&self, now: DateTime<Utc>) -> Result<Vec<Due>> {
        let mut statement = self.db.prepare_cached(CONFIRMATIONS_DUE)?;
        let span = [now - CONFIRM_AFTER - CONFIRM_LEFT, now - CONFIRM_AFTER].map(millis);
        let rows = statement.query_map(span, |row| {
            let at: i64 = row.get(2)?;
            Ok(Due {
                kind: "confirm",
                account: row.get(0)?,
                job: row.get(1)?,
                subject: at.to_string(),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn summary_due(&self, day: Option<NaiveDate>) -> Result<Option<Due>> {
        let Some(subject) = day.map(|day| day.to_string()) else { return Ok(None) };
        let told: bool = self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM notice
                 WHERE kind = 'summary' AND account IS NULL AND subject = ?1)",
            )?
            .query_row([&subject], |row| row.get(0))?;
        Ok((!told).then_some(Due { kind: "summary", account: None, job: None, subject }))
    }

    /// Returns what a Beijing day brought.
    pub(super) fn summary(&self, day: &str, now: DateTime<Utc>) -> Result<Fact> {
        let window = Window::parse(day).filter(|window| window.span() == Span::Day);
        let window = window.ok_or_else(|| StoreError::Corrupt(format!("{day:?} is no day")))?;
        let span = [window.start(), window.end()].map(millis);
        let count = |sql: &str| -> Result<u64> {
            let mut statement = self.db.prepare_cached(sql)?;
            let count: Option<i64> = statement.query_row(span, |row| row.get(0))?;
            Ok(count.unwrap_or_default().unsigned_abs())
        };
        let waiting: i64 = self
            .db
            .prepare_cached("SELECT count(*) FROM job WHERE wake_at IS NOT NULL AND due_at > ?1")?
            .query_row([millis(now)], |row| row.get(0))?;
        Ok(Fact::Summary {
            day: day.to_owned(),
            sent: count(
                "SELECT count(*) FROM notice WHERE kind = 'sent' AND raised_at >= ?1
                 AND raised_at < ?2",
            )?,
            reached: count(
                "SELECT sum(sent_count) FROM batch WHERE replaced = 0 AND job IN (SELECT job
                 FROM notice WHERE kind = 'sent' AND raised_at >= ?1 AND raised_at < ?2)",
            )?,
            moved: count(
                "SELECT count(DISTINCT job) FROM notice WHERE kind = 'moved' AND raised_at >= ?1
                 AND raised_at < ?2",
            )?,
            undone: count(
                "SELECT count(DISTINCT job) FROM notice WHERE kind IN ('missed', 'failed',
                 'partial', 'uncertain', 'expired') AND raised_at >= ?1 AND raised_at < ?2",
            )?,
            waiting: waiting.unsigned_abs(),
        })
    }

    /// Raises and ends the notices that follow from several rows, and closes those of alerts whose
    /// time is over; returns whether anything changed.
    pub fn derive_notices(&self, now: DateTime<Utc>) -> Result<bool> {
        let current = self.derived_alerts(now)?;
        let mut changed = false;
        for view in &current {
            changed |= self.db.execute(
                "INSERT INTO notice (kind, account, job, raised_at, what, \"do\")
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM notice
                     WHERE kind = ?1 AND account IS ?2 AND job IS ?3 AND state IN ('new', 'open'))",
                params![view.kind, view.account, view.id, millis(now), view.what, view.advice],
            )? > 0;
        }
        for (number, kind, account, job) in self.open_derived()? {
            let stands =
                |view: &AlertView| view.kind == kind && view.account == account && view.id == job;
            if !current.iter().any(stands) {
                self.run("UPDATE notice SET state = 'ending' WHERE id = ?1", params![number])?;
                changed = true;
            }
        }
        changed |= self.db.execute(CLOSE_WITH_ALERT, [millis(now)])? > 0;
        Ok(changed)
    }

    fn derived_alerts(&self, now: DateTime<Utc>) -> Result<Vec<AlertView>> {
        let mut current = self.questions(now)?;
        // An index finds these; the loop must not look through all jobs.
        current.extend(self.silent_notes("job.state = 'accepted'", now)?);
        Ok(current)
    }

    #[expect(clippy::type_complexity, reason = "the columns of a row")]
    fn open_derived(&self) -> Result<Vec<(i64, String, Option<String>, Option<String>)>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, kind, account, job FROM notice WHERE kind IN (?1, ?2) AND state = 'open'",
        )?;
        let rows = statement
            .query_map(DERIVED, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
