//! The real engine and the sandbox's platform in one process, under a time of their own.
//!
//! A heap of (time, sequence, input) takes the place of sockets, timers and threads: requests
//! travel, are answered, time out; the daemon crashes between any two steps and starts again; its
//! clock is stepped; an old database is put back. The referee ([`Oracle`]) looks at every step and
//! believes the platform's log and the committed database only.

mod configs;
mod events;
mod operator_actions;
mod restores;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike as _, Utc};
use qunfa::config::{AccountConfig, CallbackConfig, TokenSource};
use qunfa::engine::{AcceptedFile, Engine, Outgoing, StateDirectory, Ticket};
use qunfa::model::{Account, ArticlesVia, Kind, OpenIds};
use qunfa::sandbox::{self, FaultKind, Platform, Response};
use qunfa::wechat::protocol::{HttpResponse, Method, Reply, Request};
use secrecy::SecretString;
use serde_json::Value;

pub(crate) use configs::Setup;

use crate::disk::Disk;
use crate::oracle::Oracle;
use crate::recurring::Written;
use crate::uploads;

use operator_actions::SAID;
pub(crate) use restores::{Copied, MarkFate, Restore};

/// The platform's addresses, as the daemon's config has them.
pub(crate) const BASES: [&str; 2] = ["https://api.weixin.qq.com", "https://api2.weixin.qq.com"];

/// Where the daemon can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CrashPoint {
    PassCommitted,
    MarkStored,
    HandedOver,
    ResponseArrived,
    SettleCommitted,
}

impl CrashPoint {
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::PassCommitted, "crash after a pass committed"),
        (Self::MarkStored, "crash after the mark was stored"),
        (Self::HandedOver, "crash after a request was handed over"),
        (Self::ResponseArrived, "crash after an answer arrived"),
        (Self::SettleCommitted, "crash after a settle committed"),
    ];
}

/// Something that happens at its time.
enum Input {
    /// A request reaches the platform.
    Arrive(u64),
    /// An answer reaches the daemon.
    HttpResponse(u64, HttpResponse),
    /// The daemon gives up waiting.
    Timeout(u64),
    /// The platform pushes an event, for the n-th time.
    Push { account: usize, body: String, tries: u32 },
    /// The daemon starts (again).
    Start,
    /// Whatever the test or the seed planned.
    Do(Box<dyn FnOnce(&mut World)>),
}

/// A request on its way.
struct Flight {
    life: u64,
    /// Whom it was made for, as the config had it then.
    account: Account,
    outgoing: Outgoing,
}

/// A file in `accepted/`, with what the names in it meant: name, then appid.
type Kept = (AcceptedFile, BTreeMap<String, String>);

/// How the way to the platform behaves.
pub(crate) struct Link {
    /// Milliseconds of one way, at least.
    pub(crate) latency_min: u64,
    /// Milliseconds of one way, at most.
    pub(crate) latency_max: u64,
    /// One pushed event in so many is lost; 0 is none.
    pub(crate) push_lost: u32,
    /// One is pushed three times.
    pub(crate) push_tripled: u32,
    /// One comes up to two hours late.
    pub(crate) push_late: u32,
    /// One is followed by a forged one.
    pub(crate) push_forged: u32,
    /// One request in so many meets one of these.
    pub(crate) network_fault: u32,
    pub(crate) network_faults: Vec<FaultKind>,
}

/// How the daemon is killed.
#[derive(Default)]
pub(crate) struct Crashes {
    /// At the next passing of this point, for this long.
    pub(crate) next: Option<(CrashPoint, TimeDelta)>,
    /// One passing in so many of these points.
    pub(crate) one_in: u32,
    pub(crate) points: Vec<CrashPoint>,
    pub(crate) down_max_s: i64,
}

/// Everything.
pub(crate) struct World {
    /// The platform's clock.
    pub(crate) at: DateTime<Utc>,
    /// The daemon's clock minus the platform's.
    pub(crate) skew: TimeDelta,
    pub(crate) platform: Platform,
    pub(crate) oracle: Oracle,
    pub(crate) engine: Option<Engine>,
    pub(crate) disk: Disk,
    pub(crate) rng: fastrand::Rng,
    pub(crate) way: Link,
    pub(crate) crashes: Crashes,
    pub(crate) fired: BTreeMap<&'static str, u64>,
    pub(crate) log: Log,
    accounts: Vec<Setup>,
    /// Which of these the daemon runs with, by the numbers that it has for them.
    sessions: Vec<usize>,
    /// Whether a running daemon reads a changed config again, instead of restarting with it.
    pub(crate) reloads: bool,
    inputs: BTreeMap<(DateTime<Utc>, u64), Input>,
    sequence: u64,
    flights: BTreeMap<u64, Flight>,
    life: u64,
    frozen_until: Option<DateTime<Utc>>,
    /// What lies in the inbox's `accepted/`, the oldest first.
    accepted: Vec<Kept>,
    /// The series that were dropped.
    pub(crate) series: Vec<Written>,
    /// How long before its time the daemon decides a release.
    pub(crate) ahead: TimeDelta,
    spin: (DateTime<Utc>, u32),
    pub(crate) copies: Vec<Copied>,
    /// Which of the platform's addresses cannot be reached.
    pub(crate) unreachable: Vec<usize>,
    /// The address of each request that was made, and its path.
    pub(crate) went_to: Vec<(usize, String)>,
    /// The bodies of the deletions that reached the platform.
    pub(crate) deletions: Vec<Value>,
}

/// What happened, for a person and as a hash.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) hash: u64,
    last: VecDeque<String>,
    pub(crate) print: bool,
}

impl Log {
    pub(crate) fn say(&mut self, at: DateTime<Utc>, line: &str) {
        for byte in at.timestamp_millis().to_le_bytes().iter().chain(line.as_bytes()) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let line = format!("{} {line}", beijing(at));
        if self.print {
            show(&line);
        }
        if self.last.len() >= 60 {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The last events, for a failure's message.
    pub(crate) fn tail(&self) -> String {
        self.last.iter().fold(String::new(), |text, line| text + "\n  " + line)
    }
}

#[expect(clippy::print_stderr, reason = "a replayed seed is read by a person")]
pub(crate) fn show(line: &str) {
    eprintln!("{line}");
}

/// Returns the instant of a Beijing time.
pub(crate) fn time(text: &str) -> DateTime<Utc> {
    let full = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    let local = NaiveDateTime::parse_from_str(&full, "%Y-%m-%d %H:%M:%S").unwrap();
    (local - TimeDelta::hours(8)).and_utc()
}

/// Writes an instant as a Beijing time.
pub(crate) fn beijing(at: DateTime<Utc>) -> String {
    (at + TimeDelta::hours(8)).format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Returns the seconds since Beijing midnight.
pub(crate) fn second_of_day(at: DateTime<Utc>) -> u32 {
    (at + TimeDelta::hours(8)).num_seconds_from_midnight()
}

/// Returns Beijing's day as a number.
pub(crate) fn day(at: DateTime<Utc>) -> i64 {
    (at + TimeDelta::hours(8)).timestamp().div_euclid(86_400)
}

impl World {
    /// A world at noon of 20 March 2027, without accounts.
    pub(crate) fn new() -> Self {
        let mut world = Self::from_seed(7, false, time("2027-03-20 12:00"));
        world.log.print = std::env::var_os("QUNFA_SIM_LOG").is_some();
        world
    }

    pub(crate) fn from_seed(seed: u64, in_a_file: bool, at: DateTime<Utc>) -> Self {
        Self {
            at,
            skew: TimeDelta::zero(),
            platform: Platform::new(seed),
            oracle: Oracle::default(),
            engine: None,
            disk: Disk::new(in_a_file),
            rng: fastrand::Rng::with_seed(seed),
            way: Link {
                latency_min: 50,
                latency_max: 50,
                push_lost: 0,
                push_tripled: 0,
                push_late: 0,
                push_forged: 0,
                network_fault: 0,
                network_faults: Vec::new(),
            },
            crashes: Crashes::default(),
            fired: BTreeMap::new(),
            log: Log::default(),
            accounts: Vec::new(),
            sessions: Vec::new(),
            inputs: BTreeMap::new(),
            sequence: 0,
            flights: BTreeMap::new(),
            life: 0,
            frozen_until: None,
            ahead: TimeDelta::zero(),
            accepted: Vec::new(),
            reloads: false,
            series: Vec::new(),
            spin: (at, 0),
            copies: Vec::new(),
            unreachable: Vec::new(),
            went_to: Vec::new(),
            deletions: Vec::new(),
        }
    }

    /// A world with one account, `brand`.
    pub(crate) fn with(kind: Kind) -> Self {
        let mut world = Self::new();
        world.add_account("brand", kind, |_, _| {});
        world
    }

    /// A world with one account that has a callback.
    pub(crate) fn with_callback(kind: Kind) -> Self {
        let mut world = Self::new();
        world.add_account("brand", kind, |setup, _| setup.callback = true);
        world
    }

    /// A world with one account that has an encrypted callback.
    pub(crate) fn with_safe_callback(kind: Kind) -> Self {
        let mut world = Self::new();
        world.add_account("brand", kind, |setup, _| (setup.callback, setup.safe) = (true, true));
        world
    }

    /// Adds an account to the daemon and to the platform; the daemon starts if it does not run.
    pub(crate) fn add_account(
        &mut self,
        name: &str,
        kind: Kind,
        change: impl FnOnce(&mut Setup, &mut sandbox::AccountSpec),
    ) {
        let appid = format!("wx{}{name}", self.accounts.len());
        let theirs = match kind {
            Kind::Subscription => sandbox::Kind::Subscription,
            Kind::Service => sandbox::Kind::Service,
        };
        let mut spec = sandbox::AccountSpec::new(&appid, theirs);
        let mut setup = Setup {
            account: Account {
                name: name.to_owned(),
                appid,
                kind,
                daily_calls: 100,
                history_per_day: Some(1),
                approvals: 0,
                payment: false,
                articles_via: ArticlesVia::Draft,
                openids: OpenIds::Usual,
            },
            token: TokenSource::Stable,
            callback: false,
            safe: false,
            replaces: None,
            configured: true,
            mistake: None,
            first_name: name.to_owned(),
        };
        change(&mut setup, &mut spec);
        self.platform.add_account(spec);
        self.oracle.ensure_account(&setup.account);
        self.accounts.push(setup);
        self.engine = None;
        self.start();
    }

    pub(crate) fn account_count(&self) -> usize {
        self.accounts.len()
    }

    pub(crate) fn setup(&self, index: usize) -> &Setup {
        &self.accounts[index]
    }

    /// The daemon's clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.at + self.skew
    }

    pub(crate) fn count(&mut self, fault: &'static str) {
        *self.fired.entry(fault).or_default() += 1;
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.log.say(self.at, line);
    }

    pub(crate) fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("the daemon runs")
    }

    fn push(&mut self, at: DateTime<Utc>, input: Input) {
        self.sequence += 1;
        self.inputs.insert((at, self.sequence), input);
    }

    /// Plans something for an instant of the platform's time.
    pub(crate) fn plan(&mut self, at: DateTime<Utc>, work: impl FnOnce(&mut Self) + 'static) {
        self.push(at, Input::Do(Box::new(work)));
    }

    /// Lets time pass until an instant, given as a Beijing time.
    pub(crate) fn run_until(&mut self, text: &str) {
        self.run_to(time(text));
    }

    /// Lets this much time pass.
    pub(crate) fn run_for(&mut self, span: TimeDelta) {
        self.run_to(self.at + span);
    }

    /// Lets time pass until an instant.
    pub(crate) fn run_to(&mut self, end: DateTime<Utc>) {
        loop {
            let input = self.inputs.first_key_value().map(|((at, _), _)| *at);
            let wake = self.engine.as_ref().and_then(Engine::next_wake);
            let wake = wake.map(|wake| {
                let at = (wake - self.skew).max(self.at);
                self.frozen_until.map_or(at, |until| at.max(until))
            });
            let event = self.platform.next_event_at();
            let Some(next) = [input, wake, event].into_iter().flatten().min() else { break };
            if next > end {
                break;
            }
            self.at = self.at.max(next);
            self.watch_spin();
            if input == Some(next) {
                let (_, input) = self.inputs.pop_first().expect("just seen");
                self.take(input);
            } else if event == Some(next) {
                self.push_events();
            } else {
                self.frozen_until = None;
                self.pass();
            }
        }
        self.at = self.at.max(end);
    }

    fn watch_spin(&mut self) {
        if self.spin.0 == self.at {
            self.spin.1 += 1;
            assert!(self.spin.1 < 20_000, "time stands still{}", self.log.tail());
        } else {
            self.spin = (self.at, 0);
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Arrive(flight) => self.arrive(flight),
            Input::HttpResponse(flight, answer) => self.answered(flight, answer),
            Input::Timeout(flight) => {
                let why = "no answer within the time".to_owned();
                self.answered(flight, HttpResponse { reply: Reply::Unknown(why), date: None });
            }
            Input::Push { account, body, tries } => self.deliver(account, body, tries),
            Input::Start => self.start(),
            Input::Do(work) => work(self),
        }
    }

    /// The accounts as the daemon's config has them, and which of the world's each of them is.
    fn configs(&self) -> (Vec<AccountConfig>, Vec<usize>) {
        let config = |(setup, account): (&Setup, Account)| AccountConfig {
            account,
            secret: Some(SecretString::from("secret")),
            secret_source: Some("`secret_env` SECRET".to_owned()),
            api_bases: BASES.map(str::to_owned).to_vec(),
            proxy: None,
            verified: true,
            token: setup.token.clone(),
            callback: setup.callback.then(|| CallbackConfig {
                token: SecretString::from("callback"),
                keys: Vec::new(),
                forward_to: None,
            }),
            replaces: setup.replaces.clone(),
        };
        let configured = |(index, setup): (usize, &Setup)| Some((index, setup.as_configured()?));
        let present: Vec<_> = self.accounts.iter().enumerate().filter_map(configured).collect();
        let sessions = present.iter().map(|(index, _)| *index).collect();
        let accounts = present.into_iter();
        (
            accounts.map(|(index, account)| config((&self.accounts[index], account))).collect(),
            sessions,
        )
    }

    /// Starts the daemon, if it does not run.
    pub(crate) fn start(&mut self) {
        if self.engine.is_some() {
            return;
        }
        let (accounts, sessions) = self.configs();
        self.sessions = sessions;
        self.tell_mistakes();
        let now = self.now();
        let store = self.disk.open(now);
        let mark = self.disk.mark.clone();
        self.say("the daemon starts");
        self.oracle.daemon_starts();
        let known = store.read().last_seen().unwrap();
        let unknown_files = {
            let read = store.read();
            self.accepted.iter().any(|(file, _)| !read.has_file(&file.sha256).unwrap())
        };
        let beside = StateDirectory { mark: mark.as_ref(), unknown_files };
        let forgot = Engine::may_have_forgotten(&known, beside, now);
        let mut engine = Engine::open(store, accounts, (mark, unknown_files), now).unwrap();
        self.disk.mark.get_or_insert_with(|| engine.mark().clone());
        engine.decide_ahead(self.ahead);
        if forgot {
            engine.import_accepted(&self.read_back(), now).unwrap();
        }
        self.engine = Some(engine);
        self.life += 1;
        self.look();
    }

    /// Kills the daemon; it starts again after `down`. What was on its way reaches the platform.
    pub(crate) fn crash(&mut self, down: TimeDelta) {
        let Some(mut engine) = self.engine.take() else { return };
        self.oracle.never_left(engine.armed());
        // The daemon says every few minutes that it is alive.
        let now = self.now();
        engine.seen(now).unwrap();
        drop(engine);
        self.say(&format!("the daemon crashes, for {} s", down.num_seconds()));
        let soon = self.at + TimeDelta::milliseconds(1_900);
        let early: Vec<_> = self
            .inputs
            .iter()
            .filter(|((at, _), input)| *at > soon && matches!(input, Input::Arrive(_)))
            .map(|(key, _)| *key)
            .collect();
        for key in early {
            let input = self.inputs.remove(&key).expect("just seen");
            self.push(soon, input);
        }
        self.frozen_until = None;
        self.push(self.at + down.max(TimeDelta::seconds(2)), Input::Start);
    }

    /// Stops the daemon in good order, once every answer came; it starts again after `down`.
    pub(crate) fn stop(&mut self, down: TimeDelta) {
        let now = self.now();
        if let Some(engine) = &mut self.engine {
            engine.disarm(now).unwrap();
            engine.stopped(now).unwrap();
        }
        self.engine = None;
        self.life += 1;
        self.say(&format!("the daemon stops, for {} s", down.num_seconds()));
        self.push(self.at + down, Input::Start);
    }

    fn crashes_at(&mut self, point: CrashPoint) -> bool {
        let down = match self.crashes.next {
            Some((planned, down)) if planned == point => {
                self.crashes.next = None;
                down
            }
            _ if self.crashes.one_in > 0
                && self.crashes.points.contains(&point)
                && self.rng.u32(0..self.crashes.one_in) == 0 =>
            {
                // Mostly short, now and then very long.
                let most = match self.rng.u32(0..10) {
                    0 => self.crashes.down_max_s,
                    1..=3 => 3_600.min(self.crashes.down_max_s),
                    _ => 120.min(self.crashes.down_max_s),
                };
                TimeDelta::seconds(self.rng.i64(2..=most.max(2)))
            }
            _ => return false,
        };
        let (_, name) = CrashPoint::ALL.iter().find(|(each, _)| *each == point).expect("all");
        self.count(name);
        self.crash(down);
        true
    }

    fn pass(&mut self) {
        let now = self.now();
        let pass = self.engine().pass(now).unwrap();
        self.look();
        if (pass.mark.is_some() || !pass.outgoing.is_empty())
            && self.crashes_at(CrashPoint::PassCommitted)
        {
            self.oracle.never_left(&pass.outgoing);
            return;
        }
        if let Some(mark) = pass.mark {
            self.disk.mark = Some(mark);
            if self.crashes_at(CrashPoint::MarkStored) {
                self.oracle.never_left(&pass.outgoing);
                return;
            }
        }
        let mut outgoing = pass.outgoing.into_iter();
        while let Some(next) = outgoing.next() {
            self.hand_over(next);
            if self.crashes_at(CrashPoint::HandedOver) {
                self.oracle.never_left(outgoing.as_slice());
                return;
            }
        }
    }

    fn latency(&mut self) -> TimeDelta {
        let ms = self.rng.u64(self.way.latency_min..=self.way.latency_max);
        TimeDelta::milliseconds(i64::try_from(ms).expect("seconds"))
    }

    fn hand_over(&mut self, outgoing: Outgoing) {
        let (at, now) = (self.at, self.now());
        let in_flight = self
            .flights
            .values()
            .filter(|flight| {
                flight.life == self.life && flight.outgoing.session == outgoing.session
            })
            .map(|flight| flight.outgoing.ticket);
        let tokens = in_flight.filter(|ticket| matches!(ticket, Ticket::Token { .. })).count();
        let setup = &self.accounts[self.sessions[outgoing.session]];
        let account = setup.as_configured().expect("it has a lane");
        self.sequence += 1;
        let id = self.sequence;
        let who = (&account, id);
        let seen = self.oracle.handed_over(who, (&outgoing, tokens), (at, now), &self.disk);
        let name = setup.account.name.clone();
        match seen {
            Ok(words) => self.say(&format!("{name}: asks {words}")),
            Err(violation) => self.fail(&violation),
        }
        let timeout = TimeDelta::from_std(outgoing.request.timeout).expect("seconds");
        self.flights.insert(id, Flight { life: self.life, account, outgoing });
        let arrives = at + self.latency();
        self.push(arrives, Input::Arrive(id));
        self.push(at + timeout, Input::Timeout(id));
    }

    fn arrive(&mut self, id: u64) {
        let Some(flight) = self.flights.get(&id) else { return };
        let account = flight.account.clone();
        let base = flight.outgoing.base;
        let request = theirs(&flight.outgoing.request, &account.appid);
        self.went_to.push((base, request.path.clone()));
        if self.unreachable.contains(&base) {
            let reply = Reply::Unreachable("connection refused".to_owned());
            let back = self.at + self.latency();
            return self.push(back, Input::HttpResponse(id, HttpResponse { reply, date: None }));
        }
        if one_in(&mut self.rng, self.way.network_fault) && !self.way.network_faults.is_empty() {
            let which = self.rng.usize(0..self.way.network_faults.len());
            self.platform.inject(self.way.network_faults[which].clone());
        }
        let (requests, accepted) = (self.platform.requests().len(), self.platform.accepted().len());
        if request.path.ends_with("/mass/delete") {
            self.deletions.push(serde_json::from_slice(&request.body).expect("JSON"));
        }
        let response = self.platform.handle(&request, self.at);
        let logged = self.platform.requests().get(requests);
        let taken = self.platform.accepted().get(accepted);
        let seen = self.oracle.arrived(&account, id, (logged, taken), self.at);
        let words = logged.map(|logged| {
            let code = logged.errcode.map_or_else(|| "nothing".to_owned(), |code| code.to_string());
            format!("{} decides {code} {}", account.name, logged.fault.unwrap_or_default())
        });
        if let Some(words) = words {
            self.say(&format!("the platform for {words}"));
        }
        if let Err(violation) = seen {
            self.fail(&violation);
        }
        let date = DateTime::from_timestamp(self.at.timestamp(), 0);
        let (reply, date) = match response {
            Response::Answer { status, body } => (Reply::Http { status, body }, date),
            Response::Refused => (Reply::Unreachable("connection refused".to_owned()), None),
            Response::Lost => (Reply::Unknown("the connection was closed".to_owned()), None),
            Response::Hang => return,
        };
        let back = self.at + self.latency();
        self.push(back, Input::HttpResponse(id, HttpResponse { reply, date }));
    }

    fn answered(&mut self, id: u64, answer: HttpResponse) {
        if !self.flights.contains_key(&id) {
            return;
        }
        if let Some(until) = self.frozen_until.filter(|until| *until > self.at) {
            self.push(until, Input::HttpResponse(id, answer));
            return;
        }
        let flight = self.flights.remove(&id).expect("just seen");
        if flight.life != self.life || self.engine.is_none() {
            // The daemon that asked is gone.
            return;
        }
        if self.crashes_at(CrashPoint::ResponseArrived) {
            return;
        }
        let now = self.now();
        let Outgoing { session, ticket, .. } = flight.outgoing;
        let seen = self.oracle.answer_delivered(id, session, &answer, now);
        let name = flight.account.name;
        self.say(&format!("{name}: hears {}", words(ticket, &answer)));
        if let Err(violation) = seen {
            self.fail(&violation);
        }
        self.engine().settle(&[(session, ticket, answer)], now).unwrap();
        self.look();
        self.crashes_at(CrashPoint::SettleCommitted);
    }

    /// Runs the referee over what was committed.
    pub(crate) fn look(&mut self) {
        self.learn_dates();
        if let Err(violation) = self.oracle.look(&self.disk, self.at) {
            self.fail(&violation);
        }
    }

    pub(crate) fn fail(&self, violation: &str) -> ! {
        if self.log.print {
            self.disk.show_ledger();
        }
        panic!("invariant {violation}\nat {}, after{}", beijing(self.at), self.log.tail());
    }
}

fn one_in(rng: &mut fastrand::Rng, many: u32) -> bool {
    many > 0 && rng.u32(0..many) == 0
}

/// A request as the platform takes it.
fn theirs(request: &Request, appid: &str) -> sandbox::Request {
    if !request.path.starts_with('/') {
        // A token server that others share: it asks the platform itself.
        let body = serde_json::json!({
            "grant_type": "client_credential", "appid": appid, "secret": "secret",
        });
        return sandbox::Request {
            method: sandbox::Method::Post,
            path: "/cgi-bin/stable_token".to_owned(),
            query: Vec::new(),
            body: body.to_string().into_bytes(),
        };
    }
    sandbox::Request {
        method: match request.method {
            Method::Get => sandbox::Method::Get,
            Method::Post => sandbox::Method::Post,
        },
        path: request.path.to_string(),
        query: request
            .query
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
        body: uploads::body(request),
    }
}

fn words(ticket: Ticket, answer: &HttpResponse) -> String {
    let said = match &answer.reply {
        Reply::Http { status, body } if matches!(ticket, Ticket::Token { .. }) => {
            format!("HTTP {status} with {} bytes", body.len())
        }
        Reply::Http { status, body } => {
            let body = String::from_utf8_lossy(body);
            format!("HTTP {status} {}", body.chars().take(60).collect::<String>())
        }
        Reply::NotSent(why) | Reply::Unreachable(why) | Reply::Unknown(why) => why.clone(),
    };
    format!("for {ticket:?}: {said}")
}
