//! Notices that follow from what was counted: quotas that are nearly used up, and callbacks that are
//! silent.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use crate::model::Account;
use crate::quota::{self, Need, Rule, Shown};
use crate::store::{Result, Tx, millis};
use crate::text::alert as words;

/// How long a broadcast's event may take. The platform pushes it within minutes.
const EVENT_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// How far back broadcasts show whether a callback works.
const LOOKED_BACK: TimeDelta = TimeDelta::days(1);
/// Limits below this are used up by plan.
const LOW_FROM: u32 = 4;

impl Tx<'_> {
    /// Raises a notice for each window that the charges after one number nearly used up; returns the
    /// number of the last charge. Each window has one notice.
    pub fn raise_low_quotas(
        &self,
        accounts: &[&Account],
        after: i64,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        let mut statement =
            self.db.prepare_cached("SELECT DISTINCT account FROM charge WHERE id > ?1")?;
        let charged = statement.query_map([after], |row| row.get(0))?;
        let charged: Vec<String> = charged.collect::<rusqlite::Result<_>>()?;
        for account in accounts.iter().filter(|account| charged.contains(&account.name)) {
            for row in quota::TABLE.iter().filter(|row| row.shown != Shown::Never) {
                self.raise_if_low(account, row.rule, now)?;
            }
        }
        self.last_charge()
    }

    /// Returns the number of the last charge.
    pub fn last_charge(&self) -> Result<i64> {
        Ok(self
            .db
            .prepare_cached("SELECT ifnull(max(id), 0) FROM charge")?
            .query_row([], |row| row.get(0))?)
    }

    fn raise_if_low(&self, account: &Account, rule: Rule, now: DateTime<Utc>) -> Result<()> {
        let (Some(limit), Some(window)) = (quota::limit(rule, account), rule.window(now)) else {
            return Ok(());
        };
        let used = self.usage(&account.name, Need { rule, window, amount: 1 }, now)?.used;
        if !is_low(used, limit) {
            return Ok(());
        }
        let what = words::quota_low(rule, window, (used, limit));
        self.run(
            "INSERT INTO notice (kind, account, subject, raised_at, what, \"do\")
             SELECT 'quota_low', ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM notice
                 WHERE kind = 'quota_low' AND account = ?1 AND subject = ?2)",
            params![
                account.name,
                format!("{rule} {window}"),
                millis(now),
                what,
                words::see_quota(&account.name),
            ],
        )
    }

    /// Raises and ends the notices about callbacks that bring no events.
    pub fn watch_callbacks(&self, with_callback: &[&str], now: DateTime<Utc>) -> Result<()> {
        let mut statement = self.db.prepare_cached(
            "SELECT sent.account FROM notice AS sent JOIN batch ON batch.job = sent.job
             WHERE sent.kind = 'sent' AND sent.raised_at BETWEEN ?1 AND ?2
               AND batch.msg_id IS NOT NULL
             GROUP BY sent.account
             HAVING max(EXISTS (SELECT 1 FROM event WHERE event.account = batch.account
                 AND event.msg_id = batch.msg_id)) = 0",
        )?;
        let span = [now - LOOKED_BACK, now - EVENT_WITHIN].map(millis);
        let silent = statement.query_map(span, |row| row.get(0))?;
        let silent: Vec<String> = silent.collect::<rusqlite::Result<_>>()?;
        for account in silent.iter().filter(|name| with_callback.contains(&name.as_str())) {
            self.run(
                "INSERT INTO notice (kind, account, raised_at, what, \"do\")
                 SELECT 'callback_silent', ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM notice
                     WHERE kind = 'callback_silent' AND account = ?1 AND state IN ('new', 'open'))",
                params![account, millis(now), words::callback_silent(), words::see_callback()],
            )?;
        }
        self.run(
            "UPDATE notice SET state = 'ending' WHERE kind = 'callback_silent' AND state = 'open'
             AND EXISTS (SELECT 1 FROM event WHERE event.account = notice.account
                 AND received_at > notice.raised_at)",
            [].as_slice(),
        )
    }
}

/// Returns whether a window has little left: one, or a fifth of its limit.
fn is_low(used: u32, limit: u32) -> bool {
    limit >= LOW_FROM && used > 0 && limit.saturating_sub(used) <= (limit / 5).max(1)
}
