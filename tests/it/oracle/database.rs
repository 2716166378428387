//! What is read from the committed database: moves that are legal, ends that are true, and nothing
//! left waiting.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use qunfa::model::Account;
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

use super::{Key, Oracle};
use crate::disk::Disk;
use crate::world::beijing;
impl Oracle {
    /// What an event could change: the batch that it names.
    pub(crate) fn before_event(&self, account: &str, msg_id: i64, disk: &Disk) -> Option<String> {
        let sql = "SELECT batch.state || ' ' || job.state FROM batch JOIN job ON job.id = batch.job
                   WHERE batch.account = ?1 AND msg_id = ?2";
        let mut statement = disk.witness.prepare_cached(sql).unwrap();
        statement.query_row(params![account, msg_id], |row| row.get(0)).optional().unwrap()
    }

    /// Whether something stands in a story that was not looked at yet.
    pub(crate) fn has_news(&self, disk: &Disk) -> bool {
        let sql = "SELECT ifnull(max(id), 0) FROM history";
        let last: i64 =
            disk.witness.prepare_cached(sql).unwrap().query_row([], |row| row.get(0)).unwrap();
        last > self.last_history
    }

    /// Reads what was committed since the last look.
    pub(crate) fn look(&mut self, disk: &Disk, at: DateTime<Utc>) -> Result<(), String> {
        let sql =
            "SELECT id, job, from_state, to_state, why FROM history WHERE id > ?1 ORDER BY id";
        let mut statement = disk.witness.prepare_cached(sql).unwrap();
        let rows = statement
            .query_map([self.last_history], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, Option<String>>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, String>(4)?,
                ))
            })
            .unwrap()
            .collect::<rusqlite::Result<Vec<_>>>()
            .unwrap();
        for (id, job, from, to, why) in rows {
            self.last_history = id;
            let known = self.states.get(&job);
            if known != from.as_ref() && !(from.is_none() && known.is_none()) {
                return Err(format!(
                    "10: {job} was {known:?} and moves from {from:?} to {to} ({why}) at {}",
                    beijing(at)
                ));
            }
            if let Some(from) = &from
                && *from != to
                && !legal(from, &to, &why)
            {
                return Err(format!("10: {job} moves from {from} to {to} ({why})"));
            }
            self.states.insert(job, to);
        }
        Ok(())
    }

    /// What must hold when everything has come to rest.
    pub(crate) fn at_rest(&self, disk: &Disk) -> Result<(), String> {
        self.check_states(disk)?;
        self.check_ends(disk)?;
        self.check_external(disk)
    }

    fn check_states(&self, disk: &Disk) -> Result<(), String> {
        let mut statement = disk.witness.prepare("SELECT id, state FROM job").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let stored: BTreeMap<String, String> = rows.collect::<rusqlite::Result<_>>().unwrap();
        for (job, state) in &stored {
            if self.states.get(job) != Some(state) {
                return Err(format!(
                    "10: {job} is {state}, and its story ends with {:?}",
                    self.states.get(job)
                ));
            }
        }
        let lost: BTreeSet<_> =
            self.jobs.keys().filter(|job| !stored.contains_key(*job)).cloned().collect();
        if self.forgotten.is_empty() && !lost.is_empty() {
            return Err(format!("9: nobody knows of {lost:?} any more"));
        }
        Ok(())
    }

    fn check_ends(&self, disk: &Disk) -> Result<(), String> {
        let sql = "SELECT job.id, job.state, number, batch.state, batch.clientmsgid
                   FROM batch JOIN job ON job.id = batch.job WHERE replaced = 0";
        let mut statement = disk.witness.prepare(sql).unwrap();
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, u32>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, String>(4)?,
                ))
            })
            .unwrap();
        for row in rows {
            let (job, state, batch, stands, id) = row.unwrap();
            let key = Key { job, batch: usize::try_from(batch).expect("few") };
            let taken = self.accepted.get(&key).map(Vec::as_slice).unwrap_or_default();
            let mine = taken.iter().find(|(_, _, taken)| *taken == id);
            let delivered = taken.iter().any(|(at, delivered, _)| *delivered && !self.forgot(*at));
            let wrong = match (stands.as_str(), state.as_str()) {
                ("sent", _) => !mine.is_some_and(|(_, delivered, _)| *delivered),
                ("accepted", _) => mine.is_none(),
                ("failed", _) => mine.is_none_or(|(_, delivered, _)| *delivered),
                (_, "uncertain" | "releasing") => false,
                _ if self.misled.contains(&key.job) => false,
                ("planned" | "refused", _) => delivered,
                _ => true,
            };
            if wrong {
                return Err(format!("8: {key:?} stands as {stands} in a job {state}: {taken:?}"));
            }
        }
        Ok(())
    }

    fn check_external(&self, disk: &Disk) -> Result<(), String> {
        if !self.forgotten.is_empty() {
            return Ok(());
        }
        for (appid, Account { name, .. }) in &self.accounts {
            if self.is_misled(name) {
                continue;
            }
            let sql = "SELECT count(*) FILTER (WHERE confirmed = 1), count(*) FROM external_send
                       WHERE account = ?1 AND returned = 0";
            let (confirmed, all): (u32, u32) =
                disk.witness.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let months = self
                .website
                .iter()
                .filter(|((account, window), _)| account == appid && window.len() == 7);
            let made: u32 = months.map(|(_, count)| count).sum();
            let forged = self.forged.get(appid).copied().unwrap_or(0);
            if confirmed > made || all > made + forged {
                return Err(format!(
                    "16: {name} books {confirmed} of {all} sends made elsewhere; there were {made}"
                ));
            }
        }
        Ok(())
    }

    /// Whether nothing of a job that reached its followers was forgotten by the database.
    pub(crate) fn is_plainly_unsent(&self, job: &str) -> bool {
        let from = Key { job: job.to_owned(), batch: 0 };
        let to = Key { job: job.to_owned(), batch: usize::MAX };
        let mut taken = self.accepted.range(from..=to).flat_map(|(_, taken)| taken);
        !taken.any(|(at, _, _)| self.forgot(*at))
    }

    /// What was due after the faults ended went at its time.
    pub(crate) fn went_in_time(&self, disk: &Disk, off: DateTime<Utc>) -> Result<(), String> {
        let sql = "SELECT job.id, state, due_at, (SELECT min(begun_at) FROM attempt
                       JOIN batch ON batch.id = attempt.batch WHERE batch.job = job.id
                       AND begun_at >= due_at), reason
                   FROM job WHERE due_at > ?1
                    -- What an old database ended before its time stays with a person.
                    AND NOT EXISTS (SELECT 1 FROM history WHERE history.job = job.id
                        AND to_state = 'missed' AND history.at <= ?1)
                   -- A deletion waits for its broadcast within its grace, and that may be deferred.
                   AND NOT (action = 'delete' AND state = 'missed' AND NOT EXISTS (SELECT 1 FROM batch
                       WHERE batch.job = json_extract(job.parameters, '$.job')
                       AND batch.accepted_at <= job.due_at + 1000 * job.grace_s))";
        let mut statement = disk.witness.prepare(sql).unwrap();
        let rows = statement
            .query_map([off.timestamp_millis()], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, Option<i64>>(3)?,
                    row.get::<_, Option<String>>(4)?,
                ))
            })
            .unwrap();
        for row in rows {
            let (id, state, due, asked, reason) = row.unwrap();
            let late = asked.map(|asked| (asked - due) / 1_000);
            let due = beijing(DateTime::from_timestamp_millis(due).unwrap());
            match state.as_str() {
                "missed" | "uncertain" => {
                    return Err(format!("11: {id} is {state}, due {due}: {reason:?}"));
                }
                "accepted" | "sent" if late.is_some_and(|late| late > 240) => {
                    return Err(format!("11: {id} went {late:?} s late, due {due}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether each permanent code that the platform made is charged, and no scene twice.
    ///
    /// A database that was restored may have forgotten some.
    pub(crate) fn codes_are_charged(
        &self,
        disk: &Disk,
        account: &str,
        made: u32,
    ) -> Result<(), String> {
        let sql = "SELECT count(*), count(DISTINCT parameters) FROM charge
                   JOIN api_call ON api_call.id = charge.api_call
                   WHERE charge.account = ?1 AND rule = 'permanent_qrcodes'
                     AND charge.state <> 'returned'";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (charged, scenes): (u32, u32) =
            disk.witness.prepare_cached(sql).unwrap().query_row([account], read).unwrap();
        if charged != scenes {
            return Err(format!("2: {account} charged {charged} codes for {scenes} scenes"));
        }
        if made > charged && self.restored_at.is_none() {
            return Err(format!("2: {account} has {made} permanent codes, {charged} charged"));
        }
        Ok(())
    }

    /// What nobody may wait for when all was well for long enough.
    pub(crate) fn finished(&self, disk: &Disk, now: DateTime<Utc>) -> Result<(), String> {
        let sql = "SELECT id, state, due_at, reason FROM job
                   WHERE state IN ('planned', 'held', 'releasing', 'accepted')";
        let mut statement = disk.witness.prepare(sql).unwrap();
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, Option<String>>(3)?,
                ))
            })
            .unwrap();
        if let Some(row) = rows.into_iter().next() {
            let (id, state, due, reason) = row.unwrap();
            let due = DateTime::from_timestamp_millis(due).unwrap();
            return Err(format!(
                "11: {id} is still {state} at {}, due {}: {reason:?}",
                beijing(now),
                beijing(due)
            ));
        }
        Ok(())
    }
}

fn legal(from: &str, to: &str, why: &str) -> bool {
    let why: Value = serde_json::from_str(why).unwrap_or_default();
    let (changed, said) = (why["code"] == "changed_by", |what: &str| why["what"] == what);
    // That some batches keep their id is told beside the person's word.
    let retried = said("retry") || why["cause"]["what"] == "retry";
    // A person finds that what they called not sent went out.
    if to == "uncertain" && said("take_not_sent_back") {
        return ["missed", "failed", "partial"].contains(&from);
    }
    match from {
        // A date that an edit of its series had withdrawn is back.
        "cancelled" => {
            let of_series = why["file"].as_str().is_some_and(|file| file.starts_with("series"));
            ["planned", "held"].contains(&to) && changed && of_series
        }
        "planned" => ["releasing", "held", "cancelled", "expired", "missed", "failed", "partial"]
            .contains(&to),
        "held" => ["planned", "cancelled", "expired", "missed"].contains(&to),
        "releasing" => [
            "planned",
            "accepted",
            "sent",
            "failed",
            "partial",
            "uncertain",
            "missed",
            "cancelled",
            "expired",
        ]
        .contains(&to),
        "accepted" => ["sent", "failed", "partial"].contains(&to),
        "uncertain" => {
            ["releasing", "accepted", "sent", "failed", "partial", "missed"].contains(&to)
        }
        "partial" => to == "planned" && retried,
        "failed" | "missed" => ["planned", "held"].contains(&to) && (retried || changed),
        "expired" => ["planned", "held"].contains(&to) && changed,
        _ => false,
    }
}
