//! The referee: what must hold after every event, whatever the faults.
//!
//! It believes three things: the requests it sees go by, the platform's own log, and the committed
//! database as its own connection reads it. The numbers in its verdicts are those of the seventeen
//! invariants. It shares no code with the engine: it derives ids, days and legal moves by itself.

mod database;
mod intent;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::engine::{Outgoing, Ticket};
use qunfa::model::{Account, Action, Audience, JobSpec, Kind};
use qunfa::sandbox::{Accepted, Logged};
use qunfa::wechat::protocol::{HttpResponse, Reply};
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
    /// The API address that it went to.
    base: usize,
}

struct Known {
    spec: JobSpec,
    /// How often a person said retry.
    retries: u32,
    /// How often it was dropped anew after it was asked for, as what was certainly refused may be.
    edits: u32,
    /// Some version of it had something to upload.
    prepared: bool,
    /// It is one date of a series, whose text all of its dates share.
    dated: bool,
    /// The account that it was planned for, whatever that is named now.
    appid: String,
}

/// What the referee has seen.
#[derive(Default)]
pub(crate) struct Oracle {
    /// Every account by its appid, under its present name.
    accounts: BTreeMap<String, Account>,
    /// Appids that the config gives to a name which stands for another account.
    mistaken: BTreeSet<String>,
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
    /// Jobs of which a person said that they were not sent, though they may have been.
    misled: BTreeSet<String>,
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
    pub(crate) fn ensure_account(&mut self, account: &Account) {
        self.accounts.insert(account.appid.clone(), account.clone());
    }

    /// The config gives these appids to names that stand for other accounts.
    pub(crate) fn mistakes(&mut self, appids: BTreeSet<String>) {
        self.mistaken = appids;
    }

    pub(crate) fn know_job(&mut self, spec: &JobSpec) {
        let id = spec.id.to_string();
        match self.jobs.get_mut(&id) {
            Some(known) => {
                known.prepared |= is_prepared(spec);
                known.spec = spec.clone();
            }
            None => {
                let named = |account: &&Account| account.name == spec.account;
                let account = self.accounts.values().find(named).expect("it was taken for one");
                let (prepared, appid) = (is_prepared(spec), account.appid.clone());
                let (spec, retries, edits, dated) = (spec.clone(), 0, 0, false);
                let known = Known { prepared, spec, retries, edits, dated, appid };
                self.jobs.insert(id, known);
            }
        }
    }

    /// One date of a series is a job; while it waits it is as the series was last written.
    pub(crate) fn know_date(&mut self, spec: &JobSpec, waits: bool) {
        if waits || !self.jobs.contains_key(spec.id.as_str()) {
            self.know_job(spec);
            self.jobs.get_mut(spec.id.as_str()).expect("just told").dated = true;
        }
    }

    pub(crate) fn job_ids(&self) -> impl Iterator<Item = &String> {
        self.jobs.keys()
    }

    pub(crate) fn edited(&mut self, id: &str) {
        let was_asked = self.ids.values().any(|(_, key)| key.job == id);
        if let Some(known) = self.jobs.get_mut(id).filter(|_| was_asked) {
            known.edits += 1;
        }
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

    /// A person says that a job was not sent, and may be wrong: what the account's ledger is told is
    /// wrong from then on, but nothing is sent twice.
    pub(crate) fn misled(&mut self, id: &str) {
        self.misled.insert(id.to_owned());
    }

    pub(crate) fn is_misled_about(&self, id: &str) -> bool {
        self.misled.contains(id)
    }

    fn is_misled(&self, account: &str) -> bool {
        self.misled.iter().any(|id| self.jobs[id].spec.account == account)
    }

    pub(crate) fn daemon_starts(&mut self) {
        self.readings.clear();
    }

    /// A clock that was stepped while a daemon ran shortens none of its waits.
    pub(crate) fn clock_stepped(&mut self, at: DateTime<Utc>, noticed: bool) {
        self.readings.clear();
        if !noticed {
            self.stepped_at = Some(self.stepped_at.map_or(at, |before| before.max(at)));
        }
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
        self.check_whose(account, outgoing, disk)?;
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
            Ticket::ApiCall(ask) => {
                guard(now, "an errand")?;
                uploads::check_body(outgoing.request.body.as_deref().unwrap_or_default())?;
                Ok(format!("errand {} by {:?}", ask.api_call, outgoing.request))
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
                let (handed_at, base) = (DateTime::UNIX_EPOCH, lost.base);
                let ask = Ask { handed_at, reached: None, refused: false, base };
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
        let forced = self.forced.entry(account.appid.clone()).or_default();
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
        self.check_clock(outgoing.session, account, now, disk)?;
        let asks = self.asks.entry(id.clone()).or_default();
        let base = outgoing.base;
        let strays = asks.iter().any(|ask| !ask.refused && ask.base != base);
        // An address that a put back database never knew cannot be kept to.
        if strays && self.forgotten.is_empty() {
            return Err("what may have arrived is asked at another address".to_owned());
        }
        asks.push(Ask { handed_at: now, reached: None, refused: false, base });
        self.flights.insert(flight, (id, asks.len() - 1));
        Ok(what)
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
        let calls = self.family.entry(account.appid.clone()).or_default();
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
        if known.retries > 0 || self.refusals_expected || self.is_misled(&account.name) {
            return Ok(());
        }
        let name = &account.appid;
        let own = |window: String, all: bool| {
            self.own.get(&(name.clone(), window, all)).copied().unwrap_or(0)
        };
        let (window, alone) = match account.kind {
            Kind::Subscription => {
                let sends = own(day_name(at), true) + own(day_name(at), false);
                (day_name(at), sends >= 1)
            }
            Kind::Service => {
                let daily = account.history_per_day.is_some();
                let today = daily && own(day_name(at), true) >= 1;
                // A website send fills its day, and is one of the four of its month.
                let elsewhere = self.website.contains_key(&(name.clone(), day_name(at)));
                let window = if daily && elsewhere { day_name(at) } else { month(at) };
                (window, today || own(month(at), true) >= 4)
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
        self.own_at.entry(account.appid.clone()).or_default().push(taken.at);
        for window in [day_name(taken.at), month(taken.at)] {
            *self.own.entry((account.appid.clone(), window, taken.is_to_all)).or_default() += 1;
        }
        let count = |window: String, all| {
            self.own.get(&(account.appid.clone(), window, all)).copied().unwrap_or(0)
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
        session: usize,
        answer: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        if let Some(date) = answer.date {
            self.readings.insert(session, (now, date));
        }
        let Some((id, index)) = self.flights.get(&flight).cloned() else { return Ok(()) };
        let refused = match &answer.reply {
            Reply::NotSent(_) | Reply::Unreachable(_) => true,
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
}

fn guard(now: DateTime<Utc>, what: &str) -> Result<(), String> {
    if second_of_day(now) < 120 {
        return Err(format!("4: {what} at {}, just after midnight", beijing(now)));
    }
    Ok(())
}
