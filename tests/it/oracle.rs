//! The referee: what must hold after every event, whatever the faults.
//!
//! It believes three things: the requests it sees go by, the platform's own log, and the committed
//! database as its own connection reads it. The numbers in its verdicts are those of the sixteen
//! invariants. It shares no code with the engine: it derives ids, days and legal moves by itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::engine::{Outgoing, Ticket};
use qunfa::model::{Account, Action, Audience, JobSpec, Kind};
use qunfa::sandbox::{Accepted, Logged};
use qunfa::wechat::protocol::{Answer, Reply};
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::disk::Disk;
use crate::uploads;
use crate::world::{beijing, day, second_of_day};

/// One broadcast: a job's batch, whatever its generation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    job: String,
    batch: usize,
}

/// One request for a broadcast.
struct Ask {
    handed_at: DateTime<Utc>,
    /// When it reached the platform, and what that decided.
    reached: Option<(DateTime<Utc>, Option<i64>)>,
    /// The daemon heard that it was certainly not accepted.
    refused: bool,
}

struct Known {
    spec: JobSpec,
    /// How often a person said retry.
    retries: u32,
    /// Some version of it had something to upload.
    prepared: bool,
}

/// What the referee has seen.
#[derive(Default)]
pub(crate) struct Oracle {
    accounts: BTreeMap<String, Account>,
    jobs: BTreeMap<String, Known>,
    /// The digest of the body that an id was asked with, and whose id it is.
    ids: BTreeMap<String, (String, Key)>,
    asks: BTreeMap<String, Vec<Ask>>,
    flights: BTreeMap<u64, (String, usize)>,
    accepted: BTreeMap<Key, Vec<(DateTime<Utc>, bool, String)>>,
    /// Accepted sends of ours: account, day or month, to everyone.
    own: BTreeMap<(String, String, bool), u32>,
    own_at: BTreeMap<String, Vec<DateTime<Utc>>>,
    website: BTreeMap<(String, String), u32>,
    forged: BTreeMap<String, u32>,
    refused: BTreeMap<(String, String), u32>,
    /// Requests refused for want of quota, by id and place, and the window that was full.
    refusing: BTreeMap<(String, usize), (String, String)>,
    family: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    forced: BTreeMap<String, Vec<DateTime<Utc>>>,
    /// The last reading of the platform's clock that the daemon heard of: its own time, and the
    /// platform's.
    readings: BTreeMap<usize, (DateTime<Utc>, DateTime<Utc>)>,
    stepped_at: Option<DateTime<Utc>>,
    restored_at: Option<DateTime<Utc>>,
    /// Spans that the database has forgotten.
    forgotten: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    states: BTreeMap<String, String>,
    last_history: i64,
    /// A test account is refused for ever.
    refusals_expected: bool,
    /// Somebody changed the bodies in the database.
    other_bodies_expected: bool,
    /// How much was looked at, so that an empty run does not pass for a good one.
    pub(crate) sends: u64,
    pub(crate) taken: u64,
}

/// The codes after which the outcome is not clear, or is good.
const UNCLEAR: [i64; 6] = [0, -1, 45_065, 45_066, 268_488_001, 99_999_999];
const TOKEN_REFUSED: [i64; 3] = [40_001, 40_014, 42_001];

fn month(at: DateTime<Utc>) -> String {
    beijing(at)[..7].to_owned()
}

fn day_name(at: DateTime<Utc>) -> String {
    beijing(at)[..10].to_owned()
}

/// The id that a batch must be asked with.
fn expected_id(appid: &str, key: &Key, generation: u32) -> String {
    let text = format!("qunfa\0{appid}\0{}\0{}\0{generation}", key.job, key.batch);
    Sha256::digest(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text_of(value: &Value) -> Option<&str> {
    ["text/content", "mpnews/media_id", "image/media_id", "voice/media_id"]
        .iter()
        .find_map(|path| value.pointer(&format!("/{path}"))?.as_str())
}

fn is_prepared(spec: &JobSpec) -> bool {
    spec.action.broadcast().is_some_and(|broadcast| broadcast.content.material().is_some())
}

impl Oracle {
    pub(crate) fn know_account(&mut self, account: &Account) {
        self.accounts.insert(account.name.clone(), account.clone());
    }

    pub(crate) fn know_job(&mut self, spec: &JobSpec) {
        let id = spec.id.to_string();
        match self.jobs.get_mut(&id) {
            Some(known) => {
                known.prepared |= is_prepared(spec);
                known.spec = spec.clone();
            }
            None => {
                let known = Known { prepared: is_prepared(spec), spec: spec.clone(), retries: 0 };
                self.jobs.insert(id, known);
            }
        }
    }

    pub(crate) fn job_ids(&self) -> impl Iterator<Item = &String> {
        self.jobs.keys()
    }

    pub(crate) fn retried(&mut self, id: &str) {
        if let Some(known) = self.jobs.get_mut(id) {
            known.retries += 1;
        }
    }

    /// The platform refuses for want of quota whatever was used.
    pub(crate) fn expect_refusals(&mut self) {
        self.refusals_expected = true;
    }

    pub(crate) fn expect_other_bodies(&mut self) {
        self.other_bodies_expected = true;
    }

    pub(crate) fn daemon_starts(&mut self) {
        self.readings.clear();
    }

    pub(crate) fn clock_stepped(&mut self, at: DateTime<Utc>) {
        self.readings.clear();
        self.stepped_at = Some(self.stepped_at.map_or(at, |before| before.max(at)));
    }

    pub(crate) fn website_send(&mut self, account: &str, at: DateTime<Utc>) {
        for window in [day_name(at), month(at)] {
            *self.website.entry((account.to_owned(), window)).or_default() += 1;
        }
    }

    pub(crate) fn forged(&mut self, account: &str, _at: DateTime<Utc>) {
        *self.forged.entry(account.to_owned()).or_default() += 1;
    }

    pub(crate) fn restored(&mut self, from: DateTime<Utc>, to: DateTime<Utc>, disk: &Disk) {
        self.forgotten.push((from, to));
        self.restored_at = Some(to);
        self.states.clear();
        self.last_history = 0;
        let known = disk.witness.prepare("SELECT id, state FROM job");
        // A lost database has no table yet.
        let Ok(mut known) = known else { return };
        let rows = known.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        self.states = rows.collect::<rusqlite::Result<_>>().unwrap();
        drop(known);
        self.last_history = disk
            .witness
            .query_row("SELECT ifnull(max(id), 0) FROM history", [], |row| row.get(0))
            .unwrap();
    }

    /// Whether an older database was ever put back.
    pub(crate) fn was_restored(&self) -> bool {
        !self.forgotten.is_empty()
    }

    fn forgot(&self, at: DateTime<Utc>) -> bool {
        self.forgotten.iter().any(|(from, to)| *from <= at && at <= *to)
    }

    /// A request leaves the daemon.
    pub(crate) fn handed_over(
        &mut self,
        (account, flight): (&Account, u64),
        (outgoing, tokens_in_flight): (&Outgoing, usize),
        (at, now): (DateTime<Utc>, DateTime<Utc>),
        disk: &Disk,
    ) -> Result<String, String> {
        match outgoing.ticket {
            Ticket::Token { .. } => {
                if tokens_in_flight > 0 {
                    return Err("13: a second token request is under way".to_owned());
                }
                self.token_asked(account, outgoing, at)
            }
            Ticket::Clock => Ok("tags/get".to_owned()),
            Ticket::Result(ask) => {
                guard(now, "mass/get")?;
                Ok(format!("mass/get {}", ask.msg_id))
            }
            Ticket::Followers(ask) => {
                guard(now, "a reading of followers")?;
                Ok(format!("followers, {:?}", ask.tag()))
            }
            Ticket::Errand(ask) => {
                guard(now, "an errand")?;
                uploads::check_body(outgoing.request.body.as_deref().unwrap_or_default())?;
                Ok(format!("errand {} by {:?}", ask.errand, outgoing.request))
            }
            Ticket::Send { .. } => self.send_asked((account, flight), outgoing, now, disk),
            Ticket::Upload { attempt } => uploads::asked((account, attempt), outgoing, now, disk),
        }
    }

    /// A crash kept these from leaving, though their intents are on disk.
    pub(crate) fn never_left<'a>(&mut self, outgoing: impl IntoIterator<Item = &'a Outgoing>) {
        for lost in outgoing.into_iter().filter(|lost| matches!(lost.ticket, Ticket::Send { .. })) {
            let body = lost.request.body.as_deref().unwrap_or_default();
            if let Ok((id, _)) = self.read(body) {
                let ask = Ask { handed_at: DateTime::UNIX_EPOCH, reached: None, refused: false };
                self.asks.entry(id).or_default().push(ask);
            }
        }
    }

    fn token_asked(
        &mut self,
        account: &Account,
        outgoing: &Outgoing,
        at: DateTime<Utc>,
    ) -> Result<String, String> {
        let body = outgoing.request.body.as_deref().unwrap_or_default();
        if !body.contains("force_refresh") {
            return Ok("a token".to_owned());
        }
        let forced = self.forced.entry(account.name.clone()).or_default();
        let today = forced.iter().filter(|before| day(**before) == day(at)).count();
        if today >= 20 {
            return Err("13: a 21st forced token refresh in a day".to_owned());
        }
        if forced.last().is_some_and(|before| at - *before < TimeDelta::seconds(30)) {
            return Err("13: two forced token refreshes within 30 s".to_owned());
        }
        forced.push(at);
        Ok("a token by force".to_owned())
    }

    fn send_asked(
        &mut self,
        (account, flight): (&Account, u64),
        outgoing: &Outgoing,
        now: DateTime<Utc>,
        disk: &Disk,
    ) -> Result<String, String> {
        self.sends += 1;
        guard(now, "a mass send")?;
        let body = outgoing.request.body.as_deref().unwrap_or_default();
        let (id, key) = self.read(body)?;
        let what = format!("for {} batch {} under {}", key.job, key.batch, &id[..8]);
        self.check_id(account, &id, &key, body)?;
        self.check_intent(account, &id, &key, disk)?;
        self.check_times(&id, &key, now, disk)?;
        self.check_clock(outgoing.lane, account, now, disk)?;
        let asks = self.asks.entry(id.clone()).or_default();
        asks.push(Ask { handed_at: now, reached: None, refused: false });
        self.flights.insert(flight, (id, asks.len() - 1));
        Ok(what)
    }

    fn read(&self, body: &str) -> Result<(String, Key), String> {
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
            let Some(account) = self.accounts.get(&known.spec.account) else { return false };
            known.prepared
                && (0..=known.retries).any(|generation| {
                    let id_of = |batch| {
                        let key = Key { job: (*job).clone(), batch };
                        expected_id(&account.appid, &key, generation)
                    };
                    (0..3).any(|batch| id_of(batch) == id)
                })
        };
        self.jobs.iter().find(derives).map(|(job, _)| job.as_str())
    }

    fn check_id(
        &mut self,
        account: &Account,
        id: &str,
        key: &Key,
        body: &str,
    ) -> Result<(), String> {
        let retries = self.jobs[&key.job].retries;
        if (0..=retries).all(|generation| expected_id(&account.appid, key, generation) != id) {
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

    fn check_intent(
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

    fn check_times(
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
        let doubt = asks.iter().filter(left).find(|ask| !ask.refused);
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

    fn check_clock(
        &self,
        lane: usize,
        account: &Account,
        now: DateTime<Utc>,
        disk: &Disk,
    ) -> Result<(), String> {
        let Some((read_at, date)) = self.readings.get(&lane) else {
            return Err("12: a send without a reading of the platform's clock".to_owned());
        };
        if now - *read_at > TimeDelta::minutes(10) || now < *read_at {
            return Err("12: a send on an old reading of the platform's clock".to_owned());
        }
        if (*date - *read_at).abs() > TimeDelta::seconds(60) {
            return Err("12: a send while the clocks are apart".to_owned());
        }
        let sql = "SELECT hold_since_at IS NOT NULL OR paused_since_at IS NOT NULL
                       OR (SELECT hold_since_at FROM daemon) IS NOT NULL
                   FROM account WHERE name = ?1";
        let stopped: bool = disk
            .witness
            .prepare_cached(sql)
            .unwrap()
            .query_row([&account.name], |row| row.get(0))
            .unwrap();
        if stopped { Err("12: a send in hold".to_owned()) } else { Ok(()) }
    }

    /// A request reached the platform.
    pub(crate) fn arrived(
        &mut self,
        account: &Account,
        flight: u64,
        (logged, taken): (Option<&Logged>, Option<&Accepted>),
        at: DateTime<Utc>,
    ) -> Result<(), String> {
        if let Some(logged) = logged {
            if logged.path.starts_with("/cgi-bin/message/mass/") {
                self.count_family(account, at)?;
            }
            if let Some((id, index)) = self.flights.get(&flight).cloned() {
                self.reached(account, (&id, index), logged, at)?;
            }
        }
        if let Some(taken) = taken {
            self.accept(account, taken)?;
        }
        Ok(())
    }

    fn count_family(&mut self, account: &Account, at: DateTime<Utc>) -> Result<(), String> {
        let excused = |first: DateTime<Utc>| {
            [self.stepped_at, self.restored_at].into_iter().flatten().any(|when| when >= first)
        };
        let calls = self.family.entry(account.name.clone()).or_default();
        calls.push_back(at);
        while calls.front().is_some_and(|first| at - *first >= TimeDelta::seconds(60)) {
            calls.pop_front();
        }
        let first = *calls.front().expect("just pushed");
        if calls.len() > 60 && !excused(first) {
            return Err(format!("5: {} mass requests in 60 s", calls.len()));
        }
        Ok(())
    }

    fn reached(
        &mut self,
        account: &Account,
        (id, index): (&str, usize),
        logged: &Logged,
        at: DateTime<Utc>,
    ) -> Result<(), String> {
        let asks = self.asks.get_mut(id).expect("it was handed over");
        asks[index].reached = Some((at, logged.errcode));
        let before = asks[..index].iter().rev().find_map(|ask| {
            let (when, code) = ask.reached?;
            (!code.is_some_and(|code| TOKEN_REFUSED.contains(&code))).then_some(when)
        });
        let unclear = asks[..index].iter().any(|ask| !ask.refused);
        if let Some(before) = before {
            let excused = [self.stepped_at, self.restored_at].into_iter().flatten();
            let excused = excused.into_iter().any(|when| when >= before);
            if at - before < TimeDelta::seconds(60) && !excused {
                return Err(format!("5: {id} is asked twice within 60 s"));
            }
        }
        let injected = logged.fault == Some("errcode");
        if logged.errcode == Some(45_028) && !unclear && !injected {
            let key = self.ids[id].1.clone();
            return self.refused_for_quota(account, &key, (id, index), at);
        }
        Ok(())
    }

    fn refused_for_quota(
        &mut self,
        account: &Account,
        key: &Key,
        (id, index): (&str, usize),
        at: DateTime<Utc>,
    ) -> Result<(), String> {
        let known = &self.jobs[&key.job];
        let Action::Broadcast(broadcast) = &known.spec.action else { return Ok(()) };
        let everyone = broadcast.audience == Audience::Everyone;
        if known.retries > 0 || self.refusals_expected {
            return Ok(());
        }
        let name = &account.name;
        let own = |window: String, all: bool| {
            self.own.get(&(name.clone(), window, all)).copied().unwrap_or(0)
        };
        let (window, alone) = match account.kind {
            Kind::Subscription => {
                let sends = own(day_name(at), true) + own(day_name(at), false);
                (day_name(at), sends >= 1)
            }
            Kind::Service => {
                let today = account.history_per_day.is_some() && own(day_name(at), true) >= 1;
                (month(at), today || own(month(at), true) >= 4)
            }
        };
        let forgotten = self.own_at.get(name).is_some_and(|times| {
            times.iter().any(|time| self.forgot(*time) && month(*time) == month(at))
        });
        if forgotten {
            return Ok(());
        }
        if alone {
            return Err(format!("3: {key:?} is refused for want of quota that we used ourselves"));
        }
        let elsewhere = self.website.get(&(name.clone(), window.clone())).copied().unwrap_or(0);
        if elsewhere == 0 || !everyone {
            return Err(format!("3: {key:?} is refused for want of quota and nobody knows why"));
        }
        let near = second_of_day(at) < 180 || second_of_day(at) > 86_400 - 180;
        if !near {
            self.refusing.insert((id.to_owned(), index), (name.clone(), window));
        }
        Ok(())
    }

    /// A refusal counts once the daemon has heard of it.
    fn refusal_heard(&mut self, id: &str, index: usize) -> Result<(), String> {
        let Some(window) = self.refusing.remove(&(id.to_owned(), index)) else { return Ok(()) };
        let elsewhere = self.website.get(&window).copied().unwrap_or(0);
        let refused = self.refused.entry(window).or_default();
        *refused += 1;
        let restores = u32::try_from(self.forgotten.len()).expect("few");
        if *refused > elsewhere * (1 + restores) {
            return Err(format!("3: {id} is one more refused request than sends elsewhere"));
        }
        Ok(())
    }

    fn accept(&mut self, account: &Account, taken: &Accepted) -> Result<(), String> {
        let Some((_, key)) = self.ids.get(&taken.clientmsgid).cloned() else {
            return Err(format!("7: {} was never handed over", taken.clientmsgid));
        };
        self.taken += 1;
        let known = &self.jobs[&key.job];
        let before = self.accepted.entry(key.clone()).or_default();
        let again = before.iter().any(|(_, delivered, id)| *delivered || *id == taken.clientmsgid);
        if again || (!before.is_empty() && known.retries == 0) {
            return Err(format!("1: {key:?} is accepted a second time"));
        }
        before.push((taken.at, taken.delivered, taken.clientmsgid.clone()));
        self.own_at.entry(account.name.clone()).or_default().push(taken.at);
        for window in [day_name(taken.at), month(taken.at)] {
            *self.own.entry((account.name.clone(), window, taken.is_to_all)).or_default() += 1;
        }
        let count = |window: String, all| {
            self.own.get(&(account.name.clone(), window, all)).copied().unwrap_or(0)
        };
        let too_many = match account.kind {
            Kind::Subscription => {
                count(day_name(taken.at), true) + count(day_name(taken.at), false) > 1
            }
            Kind::Service => count(month(taken.at), true) > 4,
        };
        if too_many { Err(format!("2: {key:?} is one too many")) } else { Ok(()) }
    }

    /// An answer reaches the daemon.
    pub(crate) fn answer_delivered(
        &mut self,
        flight: u64,
        lane: usize,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        if let Some(date) = answer.date {
            self.readings.insert(lane, (now, date));
        }
        let Some((id, index)) = self.flights.get(&flight).cloned() else { return Ok(()) };
        let refused = match &answer.reply {
            Reply::NotSent(_) => true,
            Reply::Unknown(_) => false,
            Reply::Http { status: 200, body } => serde_json::from_slice::<Value>(body)
                .ok()
                .and_then(|value| value["errcode"].as_i64())
                .is_some_and(|code| !UNCLEAR.contains(&code)),
            Reply::Http { .. } => false,
        };
        self.asks.get_mut(&id).expect("it was handed over")[index].refused = refused;
        if refused { self.refusal_heard(&id, index) } else { Ok(()) }
    }

    /// What an event could change: the batch that it names.
    pub(crate) fn before_event(&self, account: &str, msg_id: i64, disk: &Disk) -> Option<String> {
        let sql = "SELECT batch.state || ' ' || job.state FROM batch JOIN job ON job.id = batch.job
                   WHERE batch.account = ?1 AND msg_id = ?2";
        let mut statement = disk.witness.prepare_cached(sql).unwrap();
        statement.query_row(params![account, msg_id], |row| row.get(0)).optional().unwrap()
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
        for name in self.accounts.keys() {
            let sql = "SELECT count(*) FILTER (WHERE confirmed = 1), count(*) FROM external_send
                       WHERE account = ?1 AND returned = 0";
            let (confirmed, all): (u32, u32) =
                disk.witness.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let months = self
                .website
                .iter()
                .filter(|((account, window), _)| account == name && window.len() == 7);
            let made: u32 = months.map(|(_, count)| count).sum();
            let forged = self.forged.get(name).copied().unwrap_or(0);
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

fn guard(now: DateTime<Utc>, what: &str) -> Result<(), String> {
    if second_of_day(now) < 120 {
        return Err(format!("4: {what} at {}, just after midnight", beijing(now)));
    }
    Ok(())
}

fn legal(from: &str, to: &str, why: &str) -> bool {
    match from {
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
        "partial" => to == "planned" && why.contains("retried by"),
        "failed" | "missed" => ["planned", "held"].contains(&to) && why.contains("retried by"),
        _ => false,
    }
}
