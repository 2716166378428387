//! What is held against a mass send before it leaves: whose it is, under which id, whether its
//! intent is on disk, and whether its time and the daemon's clock allow it.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::engine::{Outgoing, Ticket};
use qunfa::model::{Account, Audience};
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

use super::{Ask, Key, Known, Oracle, expected_id, text_of};
use crate::disk::Disk;
use crate::uploads;
use crate::world::second_of_day;
impl Oracle {
    pub(super) fn read(&self, body: &str) -> Result<(String, Key), String> {
        let value: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let id = value["clientmsgid"].as_str().ok_or("6: a send without a clientmsgid")?;
        let named = text_of(&value).and_then(|text| text.split('|').next()).unwrap_or_default();
        let known = self.jobs.contains_key(named);
        let job = if known { named } else { self.prepared_job(id).unwrap_or(named) };
        uploads::check_body(body)?;
        let known = self.jobs.get(job).ok_or_else(|| format!("7: nobody planned {body}"))?;
        let Some(broadcast) = known.spec.action.broadcast() else {
            return Err(format!("7: {job} is no broadcast"));
        };
        let batch = match (&broadcast.audience, value["touser"][0].as_str()) {
            (Audience::List(list), Some(first)) => {
                list.iter().position(|openid| openid == first).unwrap_or(usize::MAX) / 9_999
            }
            (Audience::Everyone | Audience::Tag(_), None) => 0,
            _ => return Err(format!("6: another audience than {job} was planned for")),
        };
        Ok((id.to_owned(), Key { job: job.to_owned(), batch }))
    }

    /// The job with uploads that an id derives from: its body names what the platform made of them.
    fn prepared_job(&self, id: &str) -> Option<&str> {
        let derives = |(job, known): &(&String, &Known)| {
            (known.prepared || known.dated)
                && (0..=known.retries + known.edits).any(|generation| {
                    let id_of = |batch| {
                        let key = Key { job: (*job).clone(), batch };
                        expected_id(&known.appid, &key, generation)
                    };
                    (0..3).any(|batch| id_of(batch) == id)
                })
        };
        self.jobs.iter().find(derives).map(|(job, _)| job.as_str())
    }

    /// What was planned for one account is asked for with no other, and nothing at all with one that
    /// the config has under another's name.
    pub(super) fn check_whose(
        &self,
        account: &Account,
        outgoing: &Outgoing,
        disk: &Disk,
    ) -> Result<(), String> {
        let appid = &account.appid;
        if self.mistaken.contains(appid) {
            let ticket = outgoing.ticket;
            return Err(format!("17: {ticket:?} with {appid}, which has another account's name"));
        }
        let (sql, of) = match outgoing.ticket {
            Ticket::Send { attempt } => (
                "SELECT job FROM attempt JOIN batch ON batch.id = attempt.batch WHERE attempt.id = ?1",
                attempt,
            ),
            Ticket::Result(ask) => ("SELECT job FROM batch WHERE id = ?1", ask.batch),
            Ticket::ApiCall(ask) => ("SELECT job FROM api_call WHERE id = ?1", ask.api_call),
            Ticket::Upload { attempt } => ("SELECT job FROM upload_attempt WHERE id = ?1", attempt),
            Ticket::Token { .. } | Ticket::Clock | Ticket::Followers(_) => return Ok(()),
        };
        let mut statement = disk.witness.prepare_cached(sql).unwrap();
        let job = statement.query_row([of], |row| row.get::<_, Option<String>>(0)).optional();
        let known = job.unwrap().flatten().and_then(|job| self.jobs.get_key_value(&job));
        match known {
            Some((job, known)) if known.appid != *appid => Err(format!(
                "17: {job} was planned for {}, and is asked for with {appid}",
                known.appid
            )),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn check_id(
        &mut self,
        account: &Account,
        id: &str,
        key: &Key,
        body: &str,
    ) -> Result<(), String> {
        let known = &self.jobs[&key.job];
        let generations = known.retries + known.edits;
        if (0..=generations).all(|generation| expected_id(&account.appid, key, generation) != id) {
            return Err(format!("6: {id} is not derived from {key:?}"));
        }
        let digest = body.to_owned();
        match self.ids.get(id) {
            Some(_) if self.other_bodies_expected => Ok(()),
            // A database that forgot its draft makes another; the platform knows the id.
            Some(_) if self.was_restored() && self.jobs[&key.job].prepared => Ok(()),
            Some((before, whose)) if *before != digest || whose != key => {
                Err(format!("6: {id} is asked with two bodies"))
            }
            Some(_) => Ok(()),
            None => {
                self.ids.insert(id.to_owned(), (digest, key.clone()));
                Ok(())
            }
        }
    }

    pub(super) fn check_intent(
        &self,
        account: &Account,
        id: &str,
        key: &Key,
        disk: &Disk,
    ) -> Result<(), String> {
        let sql = "SELECT generation, batch.number, (SELECT high_water FROM daemon)
             FROM attempt JOIN batch ON batch.id = attempt.batch
             WHERE batch.account = ?1 AND clientmsgid = ?2 AND ended_at IS NULL";
        let row = disk
            .witness
            .prepare_cached(sql)
            .unwrap()
            .query_row(params![account.name, id], |row| {
                Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()
            .unwrap();
        let Some((generation, number, high_water)) = row else {
            return Err(format!("7: no committed intent for {key:?}"));
        };
        let mark = disk.mark.clone().unwrap_or_default();
        if mark.high_water < high_water {
            return Err(format!("7: the mark does not know of the intent for {key:?}"));
        }
        let marked = mark.generations.get(&key.job).and_then(|batches| batches.get(&number));
        if generation > 0 && marked.is_none_or(|marked| *marked < generation) {
            return Err(format!("7: the mark does not know generation {generation} of {key:?}"));
        }
        Ok(())
    }

    pub(super) fn check_times(
        &self,
        id: &str,
        key: &Key,
        now: DateTime<Utc>,
        disk: &Disk,
    ) -> Result<(), String> {
        let known = &self.jobs[&key.job];
        let sql = "SELECT due_at, grace_s, planned_at FROM job WHERE id = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        };
        let (due, grace, planned) =
            disk.witness.prepare_cached(sql).unwrap().query_row([&key.job], read).unwrap();
        let instant = |ms| DateTime::from_timestamp_millis(ms).unwrap();
        let (due, planned) = (instant(due), instant(planned));
        // An older database may not know of the last edit.
        let written = known.spec.at.filter(|_| self.forgotten.is_empty());
        if written.is_some_and(|at| now < at) || now < due {
            return Err(format!("4: {key:?} is asked for before it is due"));
        }
        let keeps_time = second_of_day(due) == second_of_day(planned);
        if known.retries == 0 && !keeps_time {
            return Err(format!("4: {key:?} was deferred to another time of day"));
        }
        let within = TimeDelta::hours(20) + TimeDelta::minutes(3);
        if now > due + TimeDelta::hours(20) {
            return Err(format!("4: {key:?} is asked for 20 h after it was due"));
        }
        let asks = self.asks.get(id).map(Vec::as_slice).unwrap_or_default();
        let left = |ask: &&Ask| ask.handed_at > DateTime::UNIX_EPOCH;
        // What an old database forgot, only the person knows who says retry.
        let forgotten = |ask: &Ask| known.retries > 0 && self.forgot(ask.handed_at);
        let doubt = asks.iter().filter(left).find(|ask| !ask.refused && !forgotten(ask));
        if doubt.is_some_and(|ask| now - ask.handed_at > within) && !self.stepped_since_start(asks)
        {
            return Err(format!("4: {key:?} in doubt is asked again after 20 h"));
        }
        let waits = if second_of_day(due) < 120 {
            TimeDelta::seconds(i64::from(120 - second_of_day(due)))
        } else {
            TimeDelta::zero()
        };
        // An intent that a crash kept from being asked counts: nobody can tell that it was not.
        let sql = "SELECT EXISTS (SELECT 1 FROM attempt JOIN batch ON batch.id = attempt.batch
                   WHERE batch.job = ?1 AND begun_at BETWEEN ?2 AND ?3)";
        let range = params![key.job, due.timestamp_millis(), now.timestamp_millis() - 1];
        let earlier: bool =
            disk.witness.prepare_cached(sql).unwrap().query_row(range, |row| row.get(0)).unwrap();
        let first = !earlier;
        if first && now > due + waits + TimeDelta::seconds(grace) && self.stepped_at.is_none() {
            return Err(format!("4: {key:?} is first asked for after its grace"));
        }
        Ok(())
    }

    fn stepped_since_start(&self, asks: &[Ask]) -> bool {
        let first = asks.first().and_then(|ask| ask.reached).map(|(at, _)| at);
        self.stepped_at.zip(first).is_none_or(|(stepped, first)| stepped >= first)
            && self.stepped_at.is_some()
    }

    pub(super) fn check_clock(
        &self,
        session: usize,
        account: &Account,
        now: DateTime<Utc>,
        disk: &Disk,
    ) -> Result<(), String> {
        let Some((read_at, date)) = self.readings.get(&session) else {
            return Err("12: a send without a reading of the platform's clock".to_owned());
        };
        if now - *read_at > TimeDelta::minutes(10) || now < *read_at {
            return Err("12: a send on an old reading of the platform's clock".to_owned());
        }
        if (*date - *read_at).abs() > TimeDelta::seconds(60) {
            return Err("12: a send while the clocks are apart".to_owned());
        }
        let sql = "SELECT hold_since_at IS NOT NULL OR paused_since_at IS NOT NULL
                       OR barred_since_at IS NOT NULL OR (SELECT hold_since_at FROM daemon) IS NOT NULL
                   FROM account WHERE name = ?1";
        let stopped: bool = disk
            .witness
            .prepare_cached(sql)
            .unwrap()
            .query_row([&account.name], |row| row.get(0))
            .unwrap();
        if stopped { Err("12: a send in hold".to_owned()) } else { Ok(()) }
    }
}
