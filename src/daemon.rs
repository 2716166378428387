//! The daemon: real time, real sockets, and one loop that owns the engine.
//!
//! The loop settles what came, decides what may leave, stores the mark, and only then hands the
//! requests to tasks of their own; everything else (callbacks, the inbox, chores) reaches it
//! through channels. It sleeps until the engine's next wake, and never longer than a second, so
//! that a stepped clock, a command's write or a file is noticed. A store that fails ends the
//! process: after an I/O error nothing that it says can be trusted.

mod callback;
mod chores;
mod crash;
mod files;
mod lock;
mod metrics;
mod notify;
mod outbox;
mod pulse;
mod taking;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::{AccountConfig, Config};
use crate::engine::{Beside, Engine, Mark, TakeError, TakenFile, Ticket, hand};
use crate::inbox::Inbox;
use crate::model::Credence;
use crate::store::{Presence, Store, StoreError};
use crate::wechat::callback::MassEvent;
use crate::wechat::client::ApiBase;
use crate::wechat::protocol::Answer;

use outbox::Outbox;

pub use lock::{Running, running};
pub use pulse::{Clock, Pulse, pulse};
pub use taking::offered;

/// The one clock, as `main` reads it.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Moves the clock to an instant, where a rehearsal has nothing to wait for.
pub type Jump = Arc<dyn Fn(DateTime<Utc>) + Send + Sync>;

/// How long a daemon that is told to end waits for answers under way.
const LAST_ANSWERS: Duration = Duration::from_secs(8);
/// How long before its time a release is decided, so that its request leaves on time.
const DECIDE_AHEAD: TimeDelta = TimeDelta::seconds(1);
/// How often the database is asked whether somebody else wrote to it.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(1);
/// How often the daemon writes down that it is alive.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long before the database last looked on a receipt may be from and is still looked at: clocks
/// were wrong before.
const RECEIPTS_BEFORE: TimeDelta = TimeDelta::days(2);
/// How late a timer may be.
const TIMER_LATE: Duration = Duration::from_millis(3);
/// A clock that moves further than this between two looks was stepped, or the machine slept.
const STEPPED: TimeDelta = TimeDelta::seconds(10);
/// How long an idle rehearsal waits for something to happen before it jumps.
const SETTLE_BEFORE_JUMP: Duration = Duration::from_millis(200);

/// A database up to this size is looked through before anything is released, a larger one
/// meanwhile: its first release must not wait for it.
const CHECKED_FIRST_BYTES: u64 = 32 << 20;

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another one owns the state directory: starting again will not help.
    #[error("{0}")]
    Locked(String),
    /// The surroundings are wrong (paths, addresses, rights): starting again will not help.
    #[error("{0}")]
    Setup(String),
    /// The database cannot be used: starting again will not help.
    #[error(transparent)]
    Database(StoreError),
    /// Storage failed under way: the service manager starts the daemon again.
    #[error("storage failed, so the daemon ends; what was under way is settled at the next start")]
    Storage(#[source] StoreError),
    /// The same, for a file beside the database.
    #[error("{0} could not be stored, so the daemon ends")]
    File(PathBuf, #[source] std::io::Error),
}

impl RunError {
    /// Returns the exit code: 3 where starting again will not help, 4 where storage failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Locked(_) | Self::Setup(_) | Self::Database(_) => 3,
            Self::Storage(_) | Self::File(..) => 4,
        }
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        let lasting = match &error {
            StoreError::Newer(..) | StoreError::Access(..) => true,
            StoreError::Damaged(..) | StoreError::Failed(_) | StoreError::Guard(_) => {
                error.is_damage()
            }
        };
        if lasting { Self::Database(error) } else { Self::Storage(error) }
    }
}

/// How the daemon is run.
pub struct Options {
    /// The clock.
    pub now: Now,
    /// Given by a rehearsal whose clock jumps over idle time.
    pub jump: Option<Jump>,
    /// Told the address that the callback listener got.
    pub on_listen: Option<oneshot::Sender<SocketAddr>>,
    /// Ends the daemon, beside the signals.
    pub stop: watch::Receiver<bool>,
}

/// Runs the daemon until it is told to end.
///
/// # Errors
/// See [`RunError`].
pub fn run(config: Config, now: Now) -> Result<(), RunError> {
    let runtime = runtime()?;
    let (_stop, stopped) = watch::channel(false);
    let options = Options { now: Arc::clone(&now), jump: None, on_listen: None, stop: stopped };
    let state = config.state_dir.clone();
    crash::watch(&state, Arc::clone(&now));
    let outcome = runtime.block_on(serve(config, options));
    if let Err(error) = &outcome {
        crash::record_error(&state, error, now());
    }
    // A request that hangs must not keep the process, nor a wait that a faked clock never ends.
    runtime.shutdown_background();
    outcome
}

/// Returns the runtime that daemon and rehearsals run in.
///
/// # Errors
/// Where the system gives no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, RunError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| RunError::Setup(format!("no runtime could be started: {error}")))
}

/// What reaches the loop from outside.
enum Input {
    Answer(usize, Ticket, Answer),
    /// An event: the account, then its body, what it says, and what its word is worth.
    Event(usize, (Vec<u8>, MassEvent, Credence), oneshot::Sender<()>),
    File(Arc<taking::Good>, oneshot::Sender<Result<TakenFile, Vec<(usize, String)>>>),
    /// An event that cannot be read: the account, its bytes, and why.
    Unread(usize, Vec<u8>, String, oneshot::Sender<()>),
    /// What is wrong with an account's callback.
    Trouble(usize, callback::Trouble),
    Chore(chores::Chore),
    /// What a look through the whole database found.
    Checked(Result<(), StoreError>),
    /// What is wrong with the inbox as a whole, if anything.
    Inbox(Option<String>),
}

/// Runs the daemon inside a runtime.
///
/// # Errors
/// See [`RunError`].
pub async fn serve(config: Config, options: Options) -> Result<(), RunError> {
    let now = (options.now)();
    // From here on a signal is an orderly end, however early it comes.
    let signals = signals()?;
    let state = config.state_dir.clone();
    lock::make_private(&state)?;
    let lock = lock::Lock::take(&state, now).await?;
    let inbox = Inbox::open(&config.inbox, config.inbox_end_marker_required)
        .map_err(|error| RunError::Setup(chain(&error)))?;
    let bases = config.accounts.iter().map(api_base).collect::<Result<Vec<_>, _>>()?;
    let large = is_large(&state);
    let mut engine = open(&config, &inbox, now)?;
    if options.jump.is_none() {
        engine.decide_ahead(DECIDE_AHEAD);
    }
    let refused = crash::Crashes::read(&state, now).set_aside(&mut engine, now)?;
    let (sender, inputs) = mpsc::channel(1_024);
    let listener = match config.listen {
        Some(address) => Some(callback::bind(address).await?),
        None => None,
    };
    let accounts = engine.accounts().count();
    tracing::info!(accounts, state_dir = %state.display(), "qunfa is running");
    let (ending, ended) = watch::channel(false);
    let mut tasks = tokio::task::JoinSet::new();
    let mut listens = None;
    if let Some(listener) = listener {
        let address = listener.local_addr().map_err(|error| RunError::Setup(error.to_string()))?;
        listens = Some(address);
        if let Some(tell) = options.on_listen {
            // A rehearsal that no longer listens needs no address.
            tell.send(address).unwrap_or_default();
        }
        let known = engine.accounts().map(|config| config.account.clone()).collect();
        let metrics = metrics::Metrics::new(database(&state), known);
        let inlet = callback::Desk::new(&engine, metrics, sender.clone(), options.now.clone());
        tasks.spawn(callback::serve(listener, inlet, ended.clone()));
    }
    let accounts = engine.accounts_by_any_name()?;
    let files = files::Files::open(&state)?;
    let (clock, to) = (options.now.clone(), sender.clone());
    let taker = taking::Taker { inbox, accounts, files: files.clone(), now: clock, to };
    tasks.spawn(taker.run(refused, ended));
    let chores = chores::start(sender.clone()).await;
    if large {
        check_beside(database(&state), sender.clone());
    }
    let beat = pulse::Beat::start(&state, listens, &mut tasks, now);
    // A rehearsal is no service.
    let rehearses = options.jump.is_some();
    let manager =
        if rehearses { notify::Manager::nobody() } else { notify::Manager::of_this_process() };
    let marked = engine.mark().clone();
    let mut daemon = Daemon {
        manager,
        engine,
        state,
        outbox: Outbox::new(bases, files.path(), Arc::clone(&options.now), sender),
        files,
        watch: Watch::new((options.now)()),
        now: options.now,
        jump: options.jump,
        looked: Look { at: now, version: None, seen_at: now },
        beat,
        marked,
    };
    let outcome = daemon.run(inputs, signals, options.stop).await;
    ending.send_replace(true);
    chores.stop().await;
    tasks.abort_all();
    drop(lock);
    outcome
}

fn api_base(config: &AccountConfig) -> Result<ApiBase, RunError> {
    ApiBase::parse(&config.api_base).map_err(|error| {
        RunError::Setup(format!(
            "account {}: api_base {}: {error}",
            config.account.name, config.api_base
        ))
    })
}

/// Opens the database and the mark.
///
/// A database that is empty, older than its mark or long unused may have forgotten jobs that were
/// sent: what `accepted/` still tells of them is read back first.
fn open(config: &Config, inbox: &Inbox, now: DateTime<Utc>) -> Result<Engine, RunError> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let path = database(&config.state_dir);
    lock::make_file_private(&path)?;
    if !is_large(&config.state_dir) {
        Store::check(&path)?;
    }
    let store = Store::open(&path, now)?;
    let mark = lock::read_mark(&config.state_dir)?;
    let known = store.read().presence()?;
    let unknown_files = has_unknown_files(inbox, &store, &known)?;
    let beside = Beside { mark: mark.as_ref(), unknown_files };
    let forgot = Engine::may_have_forgotten(&known, beside, now);
    let marked = mark.clone();
    let mut engine = Engine::open(store, config.accounts.clone(), (mark, unknown_files), now)?;
    if forgot {
        let kept = files::Files::open(&config.state_dir)?;
        let former = engine.former_accounts()?;
        let accounts = taking::Named { configured: &config.accounts, former: &former };
        let files = taking::remembered(inbox, &accounts, &kept, now)
            .map_err(|error| RunError::Setup(chain(&error)))?;
        if !files.is_empty() {
            tracing::warn!(files = files.len(), "the accepted files are read back");
            engine.take_back(&files, now)?;
        }
    }
    // From the first start on, so that its absence means something.
    if marked.as_ref() != Some(engine.mark()) {
        lock::write_mark(&config.state_dir, engine.mark())?;
    }
    Ok(engine)
}

/// Says whether `accepted/` holds a file that the database does not know: then it is an old one.
///
/// Receipts from long before the database last looked on were seen by an earlier start.
fn has_unknown_files(inbox: &Inbox, store: &Store, known: &Presence) -> Result<bool, RunError> {
    let read = store.read();
    let last = read.last_taken_at()?.map_or(known.seen_at, |taken| taken.min(known.seen_at));
    let receipts = inbox
        .accepted_since(last - RECEIPTS_BEFORE)
        .map_err(|error| RunError::Setup(chain(&error)))?;
    for sha256 in receipts {
        if !read.knows_file(&sha256)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn database(state: &Path) -> PathBuf {
    state.join("qunfa.db")
}

fn is_large(state: &Path) -> bool {
    std::fs::metadata(database(state)).is_ok_and(|found| found.len() > CHECKED_FIRST_BYTES)
}

/// Looks through a large database on a thread of its own, and tells the loop.
fn check_beside(path: PathBuf, to: mpsc::Sender<Input>) {
    tokio::task::spawn_blocking(move || {
        // A loop that has ended needs no verdict.
        to.blocking_send(Input::Checked(Store::check(&path))).unwrap_or_default();
    });
}

/// Returns an error with what caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// When the loop last looked at what changes without telling it.
struct Look {
    at: DateTime<Utc>,
    version: Option<i64>,
    seen_at: DateTime<Utc>,
}

/// Tells a clock that jumped from a loop that was slow.
///
/// A clock jumps against the steady one when it is stepped, when the machine slept, and when an
/// image of this process wakes up. It also jumped where a wait took longer than was asked for.
struct Watch {
    turned: (DateTime<Utc>, tokio::time::Instant),
    slept_at: DateTime<Utc>,
}

impl Watch {
    fn new(now: DateTime<Utc>) -> Self {
        Self { turned: (now, tokio::time::Instant::now()), slept_at: now }
    }

    /// Begins a turn of the loop; returns how far the clock jumped since the last one.
    fn turn(&mut self, now: DateTime<Utc>) -> TimeDelta {
        let (before, steady_before) = self.turned;
        let steady = tokio::time::Instant::now();
        self.turned = (now, steady);
        let ran = TimeDelta::from_std(steady - steady_before).unwrap_or(TimeDelta::MAX);
        let against_steady = now - before - ran;
        let slept = now - self.slept_at;
        let beyond_wait = (slept - LOOK_EVERY).max(slept.min(TimeDelta::zero()));
        if beyond_wait.abs() > against_steady.abs() { beyond_wait } else { against_steady }
    }

    /// The loop waits from now on, never longer than [`LOOK_EVERY`].
    fn sleep(&mut self, now: DateTime<Utc>) {
        self.slept_at = now;
    }
}

struct Daemon {
    manager: notify::Manager,
    engine: Engine,
    state: PathBuf,
    outbox: Outbox,
    files: files::Files,
    now: Now,
    jump: Option<Jump>,
    looked: Look,
    watch: Watch,
    beat: pulse::Beat,
    /// What the mark on disk says.
    marked: Mark,
}

impl Daemon {
    async fn run(
        &mut self,
        mut inputs: mpsc::Receiver<Input>,
        mut signals: Signals,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), RunError> {
        let mut batch = Vec::new();
        loop {
            let now = (self.now)();
            let jumped = self.watch.turn(now);
            // What was in hand is done, for it did not end the daemon.
            hand::lay_down();
            self.look_around(jumped, now)?;
            self.release(now)?;
            hand::lay_down();
            self.beat.turned(&self.engine, now);
            self.manager.tell(&self.engine, now)?;
            let wake = self.engine.next_wake().filter(|_| self.jump.is_none());
            self.watch.sleep((self.now)());
            let waited = tokio::select! {
                _ = inputs.recv_many(&mut batch, 256) => Waited::Inputs,
                () = wait(self.pause(now), wake, &self.now) => Waited::Time,
                signal = signals.recv() => Waited::Stop(signal),
                _ = stop.wait_for(|stop| *stop) => Waited::Stop("the rehearsal is over"),
            };
            match waited {
                Waited::Inputs => self.take(&mut batch)?,
                Waited::Time => self.jump_ahead(),
                Waited::Stop(why) => {
                    self.manager.stopping();
                    tracing::info!("{why}: nothing new is released, answers under way are awaited");
                    return self.finish(&mut inputs).await;
                }
            }
        }
    }

    /// Waits for the answers under way; what does not come in time stays in doubt on disk.
    async fn finish(&mut self, inputs: &mut mpsc::Receiver<Input>) -> Result<(), RunError> {
        self.outbox.close();
        self.engine.disarm((self.now)())?;
        let last = tokio::time::sleep(LAST_ANSWERS);
        tokio::pin!(last);
        let mut batch = Vec::new();
        while self.engine.is_busy() {
            tokio::select! {
                _ = inputs.recv_many(&mut batch, 256) => self.take(&mut batch)?,
                () = &mut last => {
                    tracing::warn!("an answer did not come in time: its outcome is settled at the next start");
                    break;
                }
            }
        }
        let now = (self.now)();
        self.engine.stopped(now)?;
        self.keep_mark()?;
        tracing::info!("qunfa has ended");
        Ok(())
    }

    /// Notices what nobody tells: commands that wrote, a clock that was stepped.
    fn look_around(&mut self, jumped: TimeDelta, now: DateTime<Utc>) -> Result<(), RunError> {
        let since = now - self.looked.at;
        if self.jump.is_none() && (since > STEPPED || since < -TimeDelta::seconds(2)) {
            tracing::warn!(
                by_s = since.num_seconds(),
                "the clock was stepped, or the machine slept"
            );
            self.engine.clock_stepped(jumped, now)?;
            self.looked.at = now;
        }
        if since >= LOOK_EVERY || self.looked.version.is_none() {
            let version = self.engine.store().data_version()?;
            if self.looked.version.replace(version).is_some_and(|before| before != version) {
                self.engine.look_again(now);
            }
            self.looked.at = now;
            self.keep_mark()?;
        }
        if now - self.looked.seen_at >= SEEN_EVERY || now < self.looked.seen_at {
            self.engine.seen(now)?;
            self.looked.seen_at = now;
        }
        Ok(())
    }

    fn release(&mut self, now: DateTime<Utc>) -> Result<(), RunError> {
        let pass = self.engine.pass(now)?;
        if let Some(mark) = &pass.mark {
            self.store_mark(mark)?;
        }
        for outgoing in pass.outgoing {
            self.outbox.send(outgoing);
        }
        Ok(())
    }

    /// Stores what the mark has to say of files that were taken; a second later is early enough.
    fn keep_mark(&mut self) -> Result<(), RunError> {
        let mark = self.engine.mark().clone();
        if mark == self.marked { Ok(()) } else { self.store_mark(&mark) }
    }

    fn store_mark(&mut self, mark: &Mark) -> Result<(), RunError> {
        lock::write_mark(&self.state, mark)?;
        self.marked = mark.clone();
        Ok(())
    }

    fn pause(&self, now: DateTime<Utc>) -> Duration {
        if self.jump.is_some() && !self.engine.is_busy() {
            return SETTLE_BEFORE_JUMP;
        }
        let wake = self.engine.next_wake().map_or(LOOK_EVERY, |wake| wake - now);
        wake.clamp(TimeDelta::zero(), LOOK_EVERY).to_std().unwrap_or_default()
    }

    fn jump_ahead(&self) {
        let now = (self.now)();
        if let Some(jump) = &self.jump
            && !self.engine.is_busy()
            && let Some(wake) = self.engine.next_wake().filter(|wake| *wake > now)
        {
            jump(wake);
        }
    }

    /// Records everything that came, the answers of many accounts in one commit.
    fn take(&mut self, inputs: &mut Vec<Input>) -> Result<(), RunError> {
        let now = (self.now)();
        let mut answers = Vec::new();
        let mut others = Vec::new();
        for input in inputs.drain(..) {
            match input {
                Input::Answer(lane, ticket, answer) => answers.push((lane, ticket, answer)),
                other @ (Input::Event(..)
                | Input::Unread(..)
                | Input::Trouble(..)
                | Input::File(..)
                | Input::Chore(_)
                | Input::Checked(_)
                | Input::Inbox(_)) => {
                    others.push(other);
                }
            }
        }
        if !answers.is_empty() {
            self.engine.settle(&answers, now)?;
        }
        for other in others {
            self.take_other(other, now)?;
        }
        Ok(())
    }

    fn take_other(&mut self, input: Input, now: DateTime<Utc>) -> Result<(), RunError> {
        match input {
            Input::Answer(lane, ticket, answer) => {
                self.engine.settle(&[(lane, ticket, answer)], now)?;
            }
            Input::Event(lane, (raw, event, credence), stored) => {
                self.engine.receive(lane, (&raw, &event, credence), now)?;
                // A push that was given up is pushed again, and known then.
                stored.send(()).unwrap_or_default();
            }
            Input::Unread(lane, raw, why, stored) => {
                self.engine.keep_unread(lane, (&raw, &why), now)?;
                stored.send(()).unwrap_or_default();
            }
            Input::File(good, reply) => {
                let taking::Good { package, jobs } = &*good;
                let offered: Vec<_> = jobs.iter().map(offered).collect();
                let taken = match self.engine.take_file(
                    (package.sha256(), package.name()),
                    &offered,
                    now,
                ) {
                    Ok(taken) => Ok(taken),
                    Err(TakeError::Refused(problems)) => Err(problems),
                    Err(TakeError::Store(error)) => return Err(error.into()),
                };
                // Without a reply the file stays in the inbox and is found known at the next start.
                reply.send(taken).unwrap_or_default();
            }
            Input::Trouble(lane, callback::Trouble { kind, told }) => {
                let told = told.as_ref().map(|(what, advice)| (what.as_str(), *advice));
                self.engine.tell_of_callback(lane, kind, told, now)?;
            }
            Input::Chore(chore) => chore.run(&mut self.engine, &self.files, now)?,
            Input::Checked(verdict) => verdict?,
            Input::Inbox(trouble) => self.engine.tell_of_inbox(trouble.as_deref(), now)?,
        }
        Ok(())
    }
}

/// Waits, and is not late for the next wake.
///
/// A timer may be some milliseconds late, so the last ones are awaited by looking at the clock.
async fn wait(pause: Duration, wake: Option<DateTime<Utc>>, now: &Now) {
    if pause > TIMER_LATE {
        tokio::time::sleep(pause - TIMER_LATE).await;
    }
    let is_near =
        |wake: DateTime<Utc>| (wake - now()).to_std().is_ok_and(|left| left <= TIMER_LATE);
    while wake.is_some_and(is_near) {
        tokio::task::yield_now().await;
    }
}

enum Waited {
    Inputs,
    Time,
    Stop(&'static str),
}

struct Signals {
    term: tokio::signal::unix::Signal,
    int: tokio::signal::unix::Signal,
}

impl Signals {
    async fn recv(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }
}

fn signals() -> Result<Signals, RunError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|error| RunError::Setup(format!("signals cannot be heard: {error}")))
    };
    Ok(Signals { term: listen(SignalKind::terminate())?, int: listen(SignalKind::interrupt())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_is_seen_whether_the_loop_works_or_waits() {
        let start = DateTime::UNIX_EPOCH;
        for (slept, jump) in [(true, 3_600), (false, 3_600), (true, -3_600), (false, -3_600)] {
            let mut watch = Watch::new(start);
            if slept {
                watch.sleep(start);
            }

            let seen = watch.turn(start + TimeDelta::seconds(jump));

            let off = (seen - TimeDelta::seconds(jump)).num_seconds().abs();
            assert!(off < 60, "{slept} {jump}: {seen}");
        }
    }

    #[test]
    fn a_wait_of_its_usual_length_is_no_jump() {
        let start = DateTime::UNIX_EPOCH;
        let mut watch = Watch::new(start);
        watch.sleep(start);

        assert!(watch.turn(start + LOOK_EVERY).abs() < STEPPED);
    }
}
