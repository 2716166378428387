//! QR codes: those that were made, and how far a job of many codes is.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::alert::Told;
use crate::calendar::Window;
use crate::model::{Account, Action, ApiCall, JobId, Picture, Qrcode, Qrcodes};
use crate::quota::{self, Need, Rule};
use crate::reason::Reason;
use crate::store::{Alert, Result, Tx, unreadable};

/// Permanent codes from which on an alert says that they come to an end, in percent of the limit.
const WARN_FROM_PERCENT: u64 = 90;

/// How far a job of many codes is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodesProgress {
    /// Codes that were made, with their pictures.
    pub made: usize,
    /// All of them.
    pub all: usize,
    /// Requests that repeated one without a clear answer: for each, the platform may have made one
    /// more temporary code, which nobody knows.
    pub asked_again: usize,
    /// The folder of the pictures and of the list, inside that of all pictures.
    pub folder: String,
}

impl Tx<'_> {
    /// Returns the answer to a code that a job made.
    pub fn code_of_job(&self, account: &str, job: &JobId, code: &Qrcode) -> Result<Option<Value>> {
        let parameters = ApiCall::Qrcode(code.clone()).parameters().to_string();
        let answer: Option<Option<String>> = self
            .db
            .prepare_cached(
                "SELECT answer FROM api_call WHERE account = ?1 AND parameters = ?2
                   AND kind = 'qrcode' AND job = ?3 AND state = 'done' ORDER BY id DESC LIMIT 1",
            )?
            .query_row(params![account, parameters, job.as_str()], |row| row.get(0))
            .optional()?;
        let answer = answer.flatten();
        Ok(answer.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Returns whether a job fetched a picture.
    pub fn has_picture(&self, account: &str, job: &JobId, picture: &Picture) -> Result<bool> {
        let parameters = ApiCall::Picture(picture.clone()).parameters().to_string();
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM api_call WHERE account = ?1 AND parameters = ?2
                     AND kind = 'picture' AND job = ?3 AND state = 'done')",
            )?
            .query_row(params![account, parameters, job.as_str()], |row| row.get(0))?)
    }

    /// Shows how many codes of a job that is under way are made.
    pub fn show_codes_made(&self, job: &JobId, (made, all): (usize, usize)) -> Result<()> {
        self.run(
            "UPDATE job SET reason = ?2 WHERE id = ?1 AND state = 'releasing'",
            params![job.as_str(), Reason::CodesMade { made, all }],
        )
    }

    /// Returns the codes of a job, if it makes many.
    pub fn codes_of_job(&self, job: &JobId) -> Result<Option<Qrcodes>> {
        let is_qrcode: Option<bool> = self
            .db
            .prepare_cached("SELECT action = 'qrcode' FROM job WHERE id = ?1")?
            .query_row([job.as_str()], |row| row.get(0))
            .optional()?;
        if is_qrcode != Some(true) {
            return Ok(None);
        }
        match self.action_of_job(job)? {
            Some(Action::Qrcodes(codes)) => Ok(Some(codes)),
            Some(
                Action::Broadcast(_)
                | Action::Delete(_)
                | Action::Speed(_)
                | Action::Menu(_)
                | Action::Qrcode(_),
            )
            | None => Ok(None),
        }
    }

    /// Returns how far a job of many codes is.
    pub fn codes_progress(&self, job: &JobId) -> Result<Option<CodesProgress>> {
        let Some(codes) = self.codes_of_job(job)? else { return Ok(None) };
        let (made, asked_again): (i64, i64) = self
            .db
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE kind = 'picture' AND state = 'done'),
                        ifnull(sum(attempts - 1) FILTER (WHERE kind = 'qrcode' AND attempts > 1), 0)
                 FROM api_call WHERE job = ?1",
            )?
            .query_row([job.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let count = |count: i64| usize::try_from(count).unwrap_or_default();
        Ok(Some(CodesProgress {
            made: count(made),
            all: codes.scenes.count(),
            asked_again: count(asked_again),
            folder: codes.folder(job),
        }))
    }

    /// Raises an alert once most of an account's permanent codes exist.
    pub(super) fn alert_codes_run_out(
        &self,
        api_call: &ApiCall,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let is_permanent = matches!(api_call, ApiCall::Qrcode(code) if code.is_permanent());
        let rule = Rule::PermanentQrcodes;
        let (Some(window), Some(limit)) = (rule.window(now), quota::limit(rule, account)) else {
            return Ok(());
        };
        if !is_permanent {
            return Ok(());
        }
        let used = self.usage(&account.name, Need { rule, window, amount: 1 }, now)?.used;
        if u64::from(used) * 100 < u64::from(limit) * WARN_FROM_PERCENT {
            return Ok(());
        }
        let name = &account.name;
        let told = Told::QrcodesRunOut { used, limit };
        let alert = Alert { account: Some(name), job: None, kind: "qrcodes", told: &told };
        self.raise_alert(&alert, now)
    }
}

/// A QR code that was made.
#[derive(Clone, Debug, Serialize)]
pub struct CodeRow {
    /// The value that a scan reports.
    #[serde(skip)]
    pub scene: String,
    /// The job that made it.
    pub job: Option<String>,
    /// The ticket for its picture.
    pub ticket: String,
    /// The content of the picture.
    pub url: Option<String>,
    /// When it expires; none means never.
    pub expires_at: Option<String>,
    /// The file of its picture, inside the folder of all pictures, if it was fetched.
    pub file: Option<String>,
    /// How many requests were made for it.
    pub requests: u32,
}

/// Each code has its picture by ticket: one pass over the pictures finds them all.
const CODE_ROW: &str = "WITH picture AS MATERIALIZED (
        SELECT job, json_extract(parameters, '$.ticket') AS ticket, max(parameters) AS parameters
        FROM api_call WHERE kind = 'picture' AND state = 'done' AND account = ?1 GROUP BY 1, 2)
    SELECT code.parameters, code.job, answer, attempts, picture.parameters
    FROM api_call AS code LEFT JOIN picture
        ON picture.job = code.job AND picture.ticket = json_extract(answer, '$.ticket')
    WHERE kind = 'qrcode' AND state = 'done' AND account = ?1";

fn read_code(row: &Row<'_>) -> rusqlite::Result<CodeRow> {
    let parameters: String = row.get(0)?;
    let code: Qrcode = serde_json::from_str(&parameters)
        .map_err(|_| unreadable("api_call.parameters", &parameters))?;
    let answer: Option<String> = row.get(2)?;
    let answer: Value =
        answer.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    let picture: Option<String> = row.get(4)?;
    let picture: Option<Picture> = picture.and_then(|text| serde_json::from_str(&text).ok());
    Ok(CodeRow {
        scene: code.scene.value(),
        job: row.get(1)?,
        ticket: text("ticket").unwrap_or_default(),
        url: text("url"),
        expires_at: text("expires_at"),
        file: picture.map(|picture| picture.file),
        requests: row.get(3)?,
    })
}

impl Tx<'_> {
    /// Returns the codes that were made for an account, oldest first; of one job only if it is named.
    pub fn codes(&self, account: &str, job: Option<&JobId>) -> Result<Vec<CodeRow>> {
        let sql = format!("{CODE_ROW} AND (?2 IS NULL OR code.job = ?2) ORDER BY id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![account, job.map(JobId::as_str)], read_code)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Scans of a code on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScanCount {
    /// The value of the code.
    #[serde(skip)]
    pub scene: String,
    /// The Beijing day.
    pub day: String,
    /// Users who began to follow with it.
    pub subscribed: i64,
    /// Scans by users who followed before.
    pub scanned: i64,
}

impl Tx<'_> {
    /// Counts a scan of a code, or a new follower that it brought.
    pub fn count_scan(
        &self,
        account: &str,
        (scene, event): (&str, &str),
        day: Window,
    ) -> Result<()> {
        self.run(
            "INSERT INTO code_scan (account, scene, day, event, count) VALUES (?1, ?2, ?3, ?4, 1)
             ON CONFLICT (account, scene, day, event) DO UPDATE SET count = count + 1",
            params![account, scene, day.to_string(), event],
        )
    }

    /// Returns the scans of an account's codes, by code and day.
    pub fn scans(&self, account: &str) -> Result<Vec<ScanCount>> {
        let mut statement = self.db.prepare_cached(
            "SELECT scene, day, ifnull(sum(count) FILTER (WHERE event = 'subscribe'), 0),
                 ifnull(sum(count) FILTER (WHERE event = 'scan'), 0)
             FROM code_scan WHERE account = ?1 GROUP BY scene, day ORDER BY scene, day",
        )?;
        let rows = statement.query_map([account], |row| {
            Ok(ScanCount {
                scene: row.get(0)?,
                day: row.get(1)?,
                subscribed: row.get(2)?,
                scanned: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
