//! The engine: decides which request to send and when, and records each response.
//!
//! Neither a clock nor a socket is in here. [`Engine::pass`] returns the requests that may leave
//! now; their intents are then in the store. [`Engine::settle`] records the outcomes;
//! [`Engine::next_wake`] says when to look again. What must survive a crash is in the store. What
//! is only in memory (tokens, the sample of the platform's clock) is requested again.
//!
//! Order of a release: first a token and a fresh sample of the platform's clock, then the rules,
//! then the intent on disk, then the mark beside it, then the request. A job is decided shortly
//! before its time, as of that time: its intent is on disk by then. The request stays in memory
//! until the time has come, unless a hold, a pause or a clock step comes first.

mod account_pass;
mod acting;
mod api_call;
mod base;
mod component;
mod components;
pub mod crash_context;
mod follow_up;
mod followers;
mod identity;
mod ingest;
mod menu;
mod outcome;
mod prepare;
mod pruning;
mod qrcodes;
mod recovery;
mod reload;
mod series;
mod session;
mod upkeep;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::Told;
use crate::calendar::{Recurrence, Span, Window};
use crate::calls::Slot;
use crate::config::AccountConfig;
use crate::model::{Audience, Credence, JobSpec, batch_lengths};
use crate::plan::Gap;
use crate::store::{
    Alert, ApiCallAttempt, BatchBody, DateActions, EventIn, FollowersAsk, Receivers, RefusedFile,
    ResultAsk, Seen, SendStatus, Store, StoreError, Tx, Writes,
};
use crate::wechat::callback::{MassEvent, ScanEvent, Status};
use crate::wechat::protocol::{self, HttpResponse, Request};

use session::Standing;

use account_pass::AccountPass;
pub use api_call::{Deletability, Deletable, Undeletable, deletable};
pub use component::ComponentRequest;
use crash_context::WorkItem;
pub use identity::{unconfigured, under_former_names, why_barred, why_not_named};
pub use ingest::{IngestError, IngestedFile, IngestedJob, OfferedFile, Problems};
pub use outcome::classify;
pub use pruning::Pruning;
pub use recovery::{AcceptedFile, AcceptedSeries, Owner, StateDirectory};
use recovery::{Downtime, hold_for_restore, raise_generations, refresh_alerts, restored};
pub use series::{DateEdit, first_at, take};
pub use session::{Session, clocks_agree};

/// A request that may leave now, and what its response settles.
#[derive(Debug)]
pub struct Outgoing {
    /// Which account makes it (an index into the config's accounts).
    pub session: usize,
    /// Which of the account's API addresses it goes to (an index into the config's).
    pub base: usize,
    /// What the response settles.
    pub ticket: Ticket,
    /// The request.
    pub request: Request,
    /// When its job was due, if it is the first request for a broadcast.
    pub due: Option<DateTime<Utc>>,
}

/// What a response settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticket {
    /// A request for a token.
    Token {
        /// With `force_refresh`.
        forced: bool,
    },
    /// A harmless request that samples the platform's clock.
    Clock,
    /// A mass send.
    Send {
        /// The attempt that was recorded.
        attempt: i64,
    },
    /// `mass/get`.
    Result(ResultAsk),
    /// A page of followers, or the tags.
    Followers(FollowersAsk),
    /// An upload for a later broadcast.
    Upload {
        /// The request that was recorded.
        attempt: i64,
    },
    /// An API call that is not a broadcast.
    ApiCall(ApiCallAttempt),
}

impl Ticket {
    /// Returns what no second request of the account may be open in.
    fn slot(self) -> Slot {
        match self {
            Self::Token { .. } | Self::Clock | Self::Send { .. } => Slot::Send,
            Self::Result(_) => Slot::Result,
            Self::Followers(_) => Slot::Followers,
            Self::Upload { .. } => Slot::Upload,
            Self::ApiCall(_) => Slot::ApiCall,
        }
    }
}

/// What must be done after a pass, in this order: store the mark, then send.
#[derive(Debug, Default)]
pub struct Pass {
    /// The mark that must be on disk before the first request leaves.
    pub mark: Option<HighWaterMark>,
    /// The requests.
    pub outgoing: Vec<Outgoing>,
    /// The requests of components.
    pub component_requests: Vec<ComponentRequest>,
}

/// The small file beside the database by which an older database is recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HighWaterMark {
    /// How many intents were recorded.
    pub high_water: i64,
    /// How many files were taken.
    #[serde(default)]
    pub files: i64,
    /// The generation of every batch that an operator remade: job, then batch number.
    pub generations: BTreeMap<String, BTreeMap<u32, u32>>,
}

/// How many accounts one commit decides for; with more, the first of them would wait too long.
const SESSIONS_PER_PASS: usize = 256;
/// How long after the start the accounts with nothing overdue are first looked at.
const OTHERS_AFTER: TimeDelta = TimeDelta::milliseconds(50);
/// How long after a command's write every account is looked at: a raw write in the same moment has no
/// record of its own.
const OTHERS_AFTER_A_WRITE: TimeDelta = TimeDelta::seconds(30);
/// How many accounts are looked at together if any of them may have changed.
const LOOKED_AT_ONCE: usize = 100;
/// The pause between such looks: 20,000 accounts take 4 s.
const LOOK_PAUSE: TimeDelta = TimeDelta::milliseconds(20);
/// How many accounts sample the platform's clock at once, if it only judges an absence.
const MAX_CLOCK_PROBES: usize = 4;

/// The daemon's decisions over one database.
#[derive(Debug)]
pub struct Engine {
    store: Store,
    sessions: Vec<Session>,
    components: Vec<component::Component>,
    component_alerts: component::RaisedAlerts,
    mark: HighWaterMark,
    /// How long before its time a job is decided.
    ahead: TimeDelta,
    /// Requests whose intent is on disk and whose time has not come, by time and session.
    armed: BTreeMap<(DateTime<Utc>, usize), Outgoing>,
    /// The time in which this database may have been put back, until a trusted clock judges it.
    downtime: Option<Downtime>,
    /// Up to where the writes of other processes have been looked at.
    seen: Seen,
}

/// A job to be taken, as its file describes it.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    /// The checked job.
    pub spec: &'a JobSpec,
    /// When it recurs, if it is a series.
    pub recurrence: Option<&'a Recurrence>,
    /// What the dates of a series do that have files of their own.
    pub dated: &'a DateActions,
    /// The line at which it begins.
    pub line: usize,
}

impl Engine {
    /// Takes over a database: open attempts are in doubt from now on.
    ///
    /// If the database is a copy, or older than what lies beside it, everything is held at once.
    ///
    /// # Errors
    /// If the store fails.
    pub fn open(
        mut store: Store,
        accounts: Vec<AccountConfig>,
        (mark, unknown_files): (Option<HighWaterMark>, bool),
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        store.log_changes();
        let mut sessions: Vec<_> =
            accounts.into_iter().map(|config| Session::new(config, now)).collect();
        let known = store.read().last_seen()?;
        let old = restored(&known, StateDirectory { mark: mark.as_ref(), unknown_files });
        let mark = mark.unwrap_or_default();
        // First, so that later writes of other processes are noticed.
        let seen = store.seen()?;
        let last_seen = store.transaction(|tx| {
            // First: from here on a name means the account that the config gives it to.
            identity::recognise(tx, &mut sessions, now)?;
            tx.mark_open_attempts_in_doubt(now)?;
            // First, so that the dates that an older database lacks exist: the mark's generations
            // and the check of what may have been sent need them.
            series::extend(tx, &sessions, now)?;
            let last_seen = tx.last_seen()?;
            if let Some((evidence, from)) = &old {
                hold_for_restore(
                    tx,
                    &sessions,
                    (evidence.clone(), Gap { from: *from, to: now }),
                    now,
                )?;
                tx.copy_is_known()?;
                tx.count_on_from(mark.high_water)?;
            }
            raise_generations(tx, &sessions, &mark, now)?;
            if old.is_some() {
                tx.rest_after_copy(now)?;
            }
            refresh_alerts(tx, &sessions, now)?;
            tx.taken_over(now)?;
            identity::alert_mistaken_accounts(tx, &sessions, now)?;
            for session in &mut sessions {
                // What is overdue is looked at first, and by itself.
                let wake = tx.next_wake(&session.config.account.name)?;
                let overdue = wake.filter(|wake| *wake <= now);
                session.wake = Some(overdue.unwrap_or(now + OTHERS_AFTER));
            }
            Ok::<_, StoreError>(last_seen)
        })?;
        let high_water = mark.high_water.max(last_seen.high_water);
        // Files that were taken and are not known here may lie in `accepted/`.
        let mark = HighWaterMark { high_water, files: mark.files.max(last_seen.files), ..mark };
        let downtime = last_seen.has_jobs.then(|| Downtime::before_start(&last_seen, now));
        let (ahead, armed) = (TimeDelta::zero(), BTreeMap::new());
        let (components, component_alerts) = (Vec::new(), None);
        Ok(Self {
            store,
            sessions,
            components,
            component_alerts,
            mark,
            ahead,
            armed,
            downtime,
            seen,
        })
    }

    /// Sets how long before its time a job is decided; by default, it is decided at its time.
    pub fn decide_ahead(&mut self, ahead: TimeDelta) {
        self.ahead = ahead;
    }

    /// Returns the store, for reading.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the mark that belongs beside the database.
    pub fn mark(&self) -> &HighWaterMark {
        &self.mark
    }

    /// Returns the accounts in the config's order.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountConfig> {
        self.numbered_accounts().map(|(_, config)| config)
    }

    /// Returns the accounts of the config, each with the number by which requests and inputs name
    /// it. A reload keeps the number of an account.
    pub fn numbered_accounts(&self) -> impl Iterator<Item = (usize, &AccountConfig)> {
        let is_configured = |session: &Session| session.standing != Standing::Removed;
        let sessions = self.sessions.iter().enumerate();
        sessions.filter(move |(_, one)| is_configured(one)).map(|(at, one)| (at, &one.config))
    }

    /// Returns the last sample of each account's platform clock: when it was taken, and its value.
    pub fn clocks(&self) -> impl Iterator<Item = (&str, DateTime<Utc>, DateTime<Utc>)> {
        self.sessions.iter().filter_map(|session| {
            let (read_at, platform_at) = session.clock()?;
            Some((session.config.account.name.as_str(), read_at, platform_at))
        })
    }

    /// Looks again at the accounts that other processes wrote about.
    ///
    /// If that is not known, every account is looked at, a few at a time: what is due meanwhile
    /// does not wait for them.
    ///
    /// # Errors
    /// If the store fails.
    pub fn notice_writes(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        match self.store.writes_since(&mut self.seen)? {
            Writes::None => {}
            Writes::Accounts(names) => {
                let names: HashSet<_> = names.iter().map(String::as_str).collect();
                for session in &mut self.sessions {
                    if names.contains(session.config.account.name.as_str()) {
                        session.wake_by(now);
                    }
                }
                self.look_by(now + OTHERS_AFTER_A_WRITE);
            }
            Writes::Any => self.look_by(now),
        }
        Ok(())
    }

    /// Looks at every account from this instant on, a few at a time.
    fn look_by(&mut self, mut at: DateTime<Utc>) {
        for some in self.sessions.chunks_mut(LOOKED_AT_ONCE) {
            some.iter_mut().for_each(|session| session.wake_by(at));
            at += LOOK_PAUSE;
        }
    }

    /// Looks at every account again: the clock was stepped, or something changed under the engine.
    pub fn look_again(&mut self, now: DateTime<Utc>) {
        for session in &mut self.sessions {
            session.wake_by(now);
        }
    }

    /// Drops the samples of the platform's clocks: our own clock was stepped, the machine slept, or
    /// this process is a restored image.
    ///
    /// The caller compares the wall clock with a steady one before each pass.
    ///
    /// # Errors
    /// If the store fails.
    pub fn clock_stepped(&mut self, by: TimeDelta, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.disarm(now)?;
        self.downtime = Downtime::stepped(self.downtime.take(), by, now);
        for session in &mut self.sessions {
            session.forget_clock(now);
        }
        for component in &mut self.components {
            component.forget_clock(now);
        }
        self.look_again(now);
        self.store.transaction(|tx| {
            tx.taken_over_before(now)?;
            tx.keep_waits(by, now)
        })
    }

    /// Records that the daemon runs, once a trusted clock has judged how long it was away.
    ///
    /// # Errors
    /// If the store fails.
    pub fn seen(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.downtime.is_some() {
            return Ok(());
        }
        self.store.transaction(|tx| tx.seen(now))
    }

    /// Records an orderly stop: nothing leaves any more.
    ///
    /// # Errors
    /// If the store fails.
    pub fn stopped(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.downtime.is_some() {
            return Ok(());
        }
        self.store.transaction(|tx| tx.stopped(now))
    }

    /// Leaves the shared database to another daemon, if there is one: nothing is stored any more.
    ///
    /// # Errors
    /// If it cannot be reached: another daemon then takes over a little later.
    pub fn leave(&mut self) -> Result<(), StoreError> {
        self.store.leave()
    }

    /// Returns when the next pass has something to do.
    pub fn next_wake(&self) -> Option<DateTime<Utc>> {
        let wakes = self.sessions.iter().filter_map(Session::wakes_at);
        let of_components = self.components.iter().filter_map(component::Component::wakes_at);
        wakes.chain(of_components).chain(self.next_departure()).min()
    }

    /// Returns when the next request leaves that only waits for its time.
    pub fn next_departure(&self) -> Option<DateTime<Utc>> {
        self.armed.first_key_value().map(|((at, _), _)| *at)
    }

    /// Returns whether some request is open.
    pub fn is_busy(&self) -> bool {
        // A page of followers that a stop loses is requested again.
        let waited_for = [Slot::Send, Slot::Result, Slot::ApiCall, Slot::Upload];
        let is_busy =
            |session: &Session| waited_for.iter().any(|slot| session.in_flight.has(*slot));
        let is_asking = component::Component::is_busy;
        self.sessions.iter().any(is_busy) || self.components.iter().any(is_asking)
    }

    /// Decides for the accounts whose time has come, the longest due first, in one commit for many.
    ///
    /// Requests that wait for this time are returned alone: nothing delays them.
    ///
    /// # Errors
    /// If the store fails: then nothing was recorded, and nothing may be sent.
    pub fn pass(&mut self, now: DateTime<Utc>) -> Result<Pass, StoreError> {
        let outgoing = self.fire(now)?;
        if !outgoing.is_empty() {
            return Ok(Pass { outgoing, ..Pass::default() });
        }
        let ready = self.ready(now);
        let is_due = |one: &component::Component| one.wakes_at().is_some_and(|at| at <= now);
        if ready.is_empty() && !self.components.iter().any(is_due) {
            return Ok(Pass::default());
        }
        let Self { store, sessions, components, component_alerts, downtime, ahead, .. } = self;
        let mut busy = sessions.iter().filter(|session| session.is_busy()).count();
        let mut reader = sessions.iter().position(Session::reads_followers);
        let (decided, generations, component_requests, high_water) = store.transaction(|tx| {
            let mut outgoing = Vec::new();
            let mut generations = Vec::new();
            for &index in &ready {
                let session = &mut sessions[index];
                crash_context::enter(WorkItem::Account(session.config.account.name.clone()));
                let before = usize::from(session.is_busy());
                let mut turn = AccountPass {
                    tx,
                    index,
                    now,
                    ahead: *ahead,
                    probing_clock: downtime.is_some() && busy < MAX_CLOCK_PROBES,
                    may_read: reader.is_none_or(|reader| reader == index),
                    outgoing: &mut outgoing,
                    generations: &mut generations,
                };
                turn.advance(session)?;
                reader = reader.or_else(|| session.reads_followers().then_some(index));
                busy += usize::from(session.is_busy()) - before;
            }
            component::wake(components, ready.iter().map(|index| &sessions[*index]), now);
            let of_components = component::advance_all(tx, (components, component_alerts), now)?;
            Ok::<_, StoreError>((outgoing, generations, of_components, tx.high_water()?))
        })?;
        let mark = (high_water > self.mark.high_water).then(|| {
            self.mark.high_water = high_water;
            for (job, batch, generation) in generations {
                self.mark.generations.entry(job).or_default().insert(batch, generation);
            }
            self.mark.clone()
        });
        let (now_due, armed): (Vec<_>, Vec<_>) =
            decided.into_iter().partition(|(at, _)| *at <= now);
        self.armed
            .extend(armed.into_iter().map(|(at, outgoing)| ((at, outgoing.session), outgoing)));
        self.let_next_read(now);
        let outgoing = now_due.into_iter().map(|(_, outgoing)| outgoing).collect();
        Ok(Pass { mark, outgoing, component_requests })
    }

    /// Gives the turn to one account that waits to sync its followers, if no account syncs any
    /// more.
    ///
    /// Only after a pass, so that the account whose page came continues before the others.
    fn let_next_read(&mut self, now: DateTime<Utc>) {
        if !self.sessions.iter().any(Session::reads_followers) {
            self.sessions.iter_mut().any(|session| session.takes_turn(now));
        }
    }

    /// Returns the sessions to look at, the longest due first.
    fn ready(&self, now: DateTime<Utc>) -> Vec<usize> {
        let wakes = self.sessions.iter().enumerate().filter_map(|(index, session)| {
            session.wakes_at().filter(|wake| *wake <= now).map(|wake| (wake, index))
        });
        let mut ready: Vec<_> = wakes.collect();
        ready.sort_unstable();
        ready.into_iter().take(SESSIONS_PER_PASS).map(|(_, index)| index).collect()
    }

    /// Returns the requests that waited for this time, as far as they may still leave.
    fn fire(&mut self, now: DateTime<Utc>) -> Result<Vec<Outgoing>, StoreError> {
        let mut fired = Vec::new();
        let mut kept_back = Vec::new();
        if self.next_departure().is_some_and(|at| at <= now) {
            // The last look: another host's command may have stopped what leaves now.
            self.store.refresh()?;
        }
        while let Some(first) = self.armed.first_entry().filter(|first| first.key().0 <= now) {
            let outgoing = first.remove();
            let session = &self.sessions[outgoing.session];
            let stops = self.store.read().stops(&session.config.account.name)?;
            if stops.hold.is_none() && stops.paused.is_none() && session.may_release(now) {
                fired.push(outgoing);
            } else {
                kept_back.push(outgoing);
            }
        }
        if let Err(error) = self.keep_back(kept_back, now) {
            self.arm_again(fired, now);
            return Err(error);
        }
        Ok(fired)
    }

    /// Returns the requests that wait for their time: those that a crash now would lose.
    pub fn armed(&self) -> impl Iterator<Item = &Outgoing> {
        self.armed.values()
    }

    /// Gives up every request that waits for its time: none of them has left.
    ///
    /// # Errors
    /// If the store fails.
    pub fn disarm(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let armed = std::mem::take(&mut self.armed).into_values().collect();
        self.keep_back(armed, now)
    }

    fn keep_back(&mut self, requests: Vec<Outgoing>, now: DateTime<Utc>) -> Result<(), StoreError> {
        if requests.is_empty() {
            return Ok(());
        }
        let Self { store, sessions, .. } = self;
        let kept = store.transaction(|tx| {
            for Outgoing { session, ticket, .. } in &requests {
                let session = &mut sessions[*session];
                session.in_flight.end(ticket.slot());
                session.wake = Some(now);
                if let Ticket::Send { attempt } = ticket {
                    tx.withdraw(*attempt, &session.config.account, now)?;
                }
            }
            Ok(())
        });
        if kept.is_err() {
            self.arm_again(requests, now);
        }
        kept
    }

    /// Keeps requests for another try: the store still says that they may leave.
    fn arm_again(&mut self, requests: Vec<Outgoing>, now: DateTime<Utc>) {
        self.armed.extend(requests.into_iter().map(|outgoing| ((now, outgoing.session), outgoing)));
    }

    /// Returns whether another program keeps the database locked, so that nothing can be decided.
    ///
    /// # Errors
    /// If the store fails.
    pub fn is_locked(&mut self) -> Result<bool, StoreError> {
        self.store.is_locked()
    }

    /// Records the outcomes of requests, in one commit for all of them.
    ///
    /// # Errors
    /// If the store fails: then the attempts stay in doubt, and the daemon must end.
    pub fn settle(
        &mut self,
        answers: &[(usize, Ticket, HttpResponse)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Self { store, sessions, components, downtime, .. } = self;
        store.transaction(|tx| {
            for (index, ticket, response) in answers {
                let session = &mut sessions[*index];
                crash_context::enter(WorkItem::Account(session.config.account.name.clone()));
                session.settle(tx, *ticket, response, now)?;
                if session.clock_trusted(now)
                    && let Some(downtime) = downtime.take()
                {
                    downtime.judge(tx, sessions, now)?;
                }
            }
            let answered = answers.iter().map(|(index, ..)| &sessions[*index]);
            component::wake(components, answered, now);
            Ok(())
        })
    }

    /// Records that a file is refused, before it is moved.
    ///
    /// # Errors
    /// If the store fails.
    pub fn refuse_file(
        &mut self,
        file: &RefusedFile<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.store.transaction(|tx| tx.refuse_file(file, now))
    }

    /// Counts a scan of a code, on the day on which the platform reports it.
    pub fn count_scan(
        &mut self,
        index: usize,
        scan: &ScanEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let account = self.sessions[index].config.account.name.clone();
        let at = DateTime::from_timestamp(scan.create_time, 0).filter(|at| *at <= now);
        let day = Window::containing(Span::Day, at.unwrap_or(now));
        let (scene, kind) = (scan.scene.as_str(), scan.kind.as_str());
        self.store.transaction(|tx| tx.count_scan(&account, (scene, kind), day))
    }

    /// Stores an event of the platform.
    ///
    /// # Errors
    /// If the store fails: then the event gets no response, so that the platform sends it again.
    pub fn receive(
        &mut self,
        index: usize,
        (raw, event, credence): (&[u8], &MassEvent, Credence),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(why) = why_barred(&self.store.read(), &self.sessions[index].config.account)? {
            // Its account is not known; that account gets the result from `mass/get`.
            return self.keep_unread(index, (raw, &why), now);
        }
        let Self { store, sessions, .. } = self;
        let session = &mut sessions[index];
        let account = &session.config.account;
        store.transaction(|tx| {
            let incoming = EventIn {
                account: &account.name,
                raw,
                credence,
                msg_id: event.msg_id,
                created_at: DateTime::from_timestamp(event.create_time, 0).unwrap_or(now),
                status: &event.status_text,
                word: match event.status {
                    Status::Success => SendStatus::Success,
                    Status::Fail | Status::Err(_) => SendStatus::Failed,
                    Status::Other(_) => SendStatus::Nothing,
                },
                words: &event.status.words(),
                advice: &event.status.advice().unwrap_or_default(),
                counts: [event.total, event.filter, event.sent, event.error],
                articles: &outcome::articles(event),
            };
            tx.receive(&incoming, account, now)
        })?;
        session.wake = Some(now);
        Ok(())
    }

    /// Raises or clears the alert about the inbox: what keeps files from being taken, and uploads
    /// in folders that make no progress.
    ///
    /// # Errors
    /// If the store fails.
    pub fn set_inbox_alert(
        &mut self,
        [stuck, stalled]: [Option<&Told>; 2],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.store.transaction(|tx| {
            for (kind, told) in [("inbox", stuck), ("upload_stalled", stalled)] {
                tx.unattend_all(kind)?;
                if let Some(told) = told {
                    let note = Alert { account: None, job: None, kind, told };
                    tx.raise_alert(&note, now)?;
                }
            }
            Ok(())
        })
    }

    /// Raises or clears the alert about an account's callback.
    ///
    /// # Errors
    /// If the store fails.
    pub fn set_callback_alert(
        &mut self,
        index: usize,
        kind: &str,
        trouble: Option<&Told>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Self { store, sessions, .. } = self;
        let name = &sessions[index].config.account.name;
        store.transaction(|tx| match trouble {
            Some(told) => raise_alert(tx, name, (kind, told), now),
            None => tx.clear_alert(name, kind),
        })
    }

    /// Keeps an event that cannot be read, and raises an alert.
    ///
    /// # Errors
    /// If the store fails: then the event gets no response, so that the platform sends it again.
    pub fn keep_unread(
        &mut self,
        index: usize,
        (raw, why): (&[u8], &str),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Self { store, sessions, .. } = self;
        let name = &sessions[index].config.account.name;
        store.transaction(|tx| {
            tx.keep_unread(name, raw, why, now)?;
            tracing::warn!("a signed event of {name} could not be read: {why}");
            let told = Told::UnreadEvent { why: why.to_owned() };
            raise_alert(tx, name, ("unread_event", &told), now)
        })
    }

    /// Requests a sync of each account's followers, once a day at its quiet minute.
    ///
    /// # Errors
    /// If the store fails.
    pub fn request_syncs(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { store, sessions, .. } = self;
        store.transaction(|tx| {
            for session in sessions.iter_mut().filter(|session| session.is_usual()) {
                followers::request_daily_sync(tx, session, now)?;
            }
            Ok(())
        })
    }

    /// Makes one change that is not a pass: maintenance, or an operator's command.
    ///
    /// # Errors
    /// If the store fails.
    pub fn change<T>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.store.transaction(work)
    }
}

/// Returns the fixed bodies of a job's batches; none for a job that is no broadcast.
pub fn bodies(spec: &JobSpec) -> Vec<BatchBody> {
    let Some(broadcast) = spec.action.broadcast() else { return Vec::new() };
    if !broadcast.content.awaited().is_empty() {
        return Vec::new();
    }
    let Audience::List(list) = &broadcast.audience else {
        return vec![BatchBody { body: protocol::body(broadcast, None), receivers: None }];
    };
    let mut rest = list.as_slice();
    let batch = |length: usize| {
        let (these, others) = rest.split_at(length);
        rest = others;
        BatchBody {
            body: protocol::body(broadcast, Some(these)),
            receivers: Some(Receivers::of(these)),
        }
    };
    batch_lengths(list.len()).into_iter().map(batch).collect()
}

/// Returns the session of the account that has this name in the database.
fn session_named<'a>(sessions: &'a [Session], account: &str) -> Option<&'a Session> {
    sessions.iter().find(|session| session.config.account.name == account && session.is_usual())
}

/// Raises an alert about what only an operator can judge.
fn raise_alert(
    tx: &Tx<'_>,
    account: &str,
    (kind, told): (&str, &Told),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let note = Alert { account: Some(account), job: None, kind, told };
    tx.raise_alert(&note, now)
}
