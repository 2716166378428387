//! The log of decisions: everything that operators decided, about jobs, series, accounts, the ledger
//! and alerts, the newest first.

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::Serialize;

use crate::calendar::json::rfc3339;
use crate::reason::{Operation, Reason};
use crate::store::{Entry, Result, Tx, instant, millis};

/// One decision.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedDecision {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// A word for programs: `approve`, `cancel`, `hold`, `acknowledge` …
    pub what: String,
    /// The account; none if it is about all of them.
    pub account: Option<String>,
    /// The job, or the date of a series.
    pub job: Option<String>,
    /// What that is called.
    pub title: Option<String>,
    /// The entry of the ledger.
    pub entry: Option<String>,
    /// Why, if the operator gave a reason.
    pub why: Option<String>,
    /// What was decided about a job.
    #[serde(skip)]
    pub operation: Option<Operation>,
}

/// The columns are: time, account, job, title, who, what, why, charge, external send, reason. A job's
/// history and the dates of series have the last one, the others have who, what and why.
const DECISIONS: &str = "
    SELECT at, account, NULL, NULL, who, what, why, charge, external_send, NULL, id FROM decision
    UNION ALL
    SELECT history.at, job.account, job.id, ifnull(job.title, job.id), NULL, NULL, NULL, NULL, NULL,
           history.why, history.id
    FROM history JOIN job ON job.id = history.job
    WHERE history.why LIKE '{\"code\":\"operator_said\"%'
    UNION ALL
    SELECT said_at, series.account, date_change.series || '@' || date, NULL, NULL, NULL, NULL, NULL,
           NULL, date_change.why, 0
    FROM date_change JOIN series ON series.id = date_change.series
    WHERE date_change.why LIKE '{\"code\":\"operator_said\"%'
      AND NOT EXISTS (SELECT 1 FROM history WHERE job = date_change.series || '@' || date
                      AND history.at = said_at)
    UNION ALL
    SELECT acknowledgement.at, acknowledgement.account, job.id, ifnull(job.title, job.id), who,
           'acknowledge', acknowledgement.why, NULL, NULL, NULL, acknowledgement.id
    FROM acknowledgement LEFT JOIN job ON job.id = acknowledgement.job";

impl Tx<'_> {
    /// Returns the decisions about one account or all, made before a time, the newest first.
    pub fn decision_log(
        &self,
        account: Option<&str>,
        before: Option<DateTime<Utc>>,
        most: u32,
    ) -> Result<Vec<LoggedDecision>> {
        // A decision about all accounts is also about this one.
        let sql = format!(
            "SELECT * FROM ({DECISIONS}) WHERE at < ?2 AND (?1 IS NULL OR account IS NULL OR account = ?1)
             ORDER BY at DESC, 11 DESC LIMIT ?3"
        );
        let before = before.map_or(i64::MAX, millis);
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![account, before, most], |row| {
            let charge = row.get::<_, Option<i64>>(7)?.map(Entry::Charge);
            let entry = charge.or(row.get::<_, Option<i64>>(8)?.map(Entry::External));
            let mut decision = LoggedDecision {
                at: instant(row.get(0)?),
                account: row.get(1)?,
                job: row.get(2)?,
                title: row.get(3)?,
                who: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
                what: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
                why: row.get(6)?,
                entry: entry.map(|entry| entry.to_string()),
                operation: None,
            };
            if let Some(Reason::OperatorSaid { who, what, why }) = row.get(9)? {
                let code = what.code();
                decision =
                    LoggedDecision { who, what: code, why, operation: Some(what), ..decision };
            }
            Ok(decision)
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
