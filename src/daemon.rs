//! The daemon: the real clock, real sockets, and one loop that owns the engine.
//!
//! The loop records the inputs it received, decides which requests may be sent, stores the mark,
//! and only then gives each request to a task of its own. Everything else (callbacks, the inbox,
//! maintenance tasks) reaches the loop through channels. The loop sleeps until the engine's next
//! wake, and never longer than a second, so that it notices a stepped clock, a command's write or a
//! new file. A store that fails ends the process: after an I/O error, nothing that it returns can
//! be trusted.

mod backlog;
pub mod backup;
mod callback;
mod clock_watch;
mod console;
mod counters;
mod crash;
mod database_file;
mod delivery;
mod dispatcher;
mod files;
mod heartbeat;
mod ingest;
mod input;
mod lock;
mod maintenance;
mod metrics;
mod notify;
mod pictures;
mod readiness;
mod reload;
mod reloader;
mod retention;
mod signals;
mod standby;
mod upkeep;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::Config;
use crate::engine::{
    Engine, HighWaterMark, IngestError, OfferedFile, StateDirectory, crash_context,
};
use crate::inbox::Inbox;
use crate::l10n::{Lang, within};
use crate::server::Commands;
use crate::store::{LastSeen, RefusedFile, Seat, SharedPosition, Store, StoreError};
use crate::text::chain;

use backlog::{Backlog, Done, acknowledge};
use clock_watch::{ClockTick, ClockWatch};
use database_file::DatabaseFile;
use delivery::Deliveries;
use dispatcher::{Dispatcher, Ways};
use input::{Input, MaintenanceTask, Trouble, ValidFile};
use reloader::{Fixed, PingTask, Reloader, Views};
use signals::{Asked, Signals};
use standby::{Seated, take_seat};
use upkeep::Upkeep;

pub use files::files_folder;
pub use heartbeat::{Clock, Heartbeat, LockedOut, heartbeat};
pub use ingest::offered;
pub use lock::{Running, running};
pub use reloader::LoadConfig;

/// The only clock, as `main` reads it.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Moves the clock to an instant, if a rehearsal has nothing to wait for.
pub type Jump = Arc<dyn Fn(DateTime<Utc>) + Send + Sync>;

/// How long a daemon that was asked to stop waits for the responses to requests under way.
const LAST_ANSWERS: Duration = Duration::from_secs(8);
/// How long before its time a release is decided, so that its request is sent on time.
const DECIDE_AHEAD: TimeDelta = TimeDelta::seconds(1);
/// How often the loop checks whether another process wrote to the database.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(1);
/// The loop checks no later than this, even if requests leave all the time.
const LOOK_LATEST: TimeDelta = TimeDelta::seconds(3);
/// How long before a request leaves nothing else is begun that can wait.
const CLEAR_OF_RELEASE: TimeDelta = TimeDelta::milliseconds(50);
/// How often the daemon records that it is running.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How old a receipt may be, counted back from when a daemon last ran with the database, and still
/// be read: clocks were wrong before.
const RECEIPTS_BEFORE: TimeDelta = TimeDelta::days(2);
/// How late a timer may be.
const TIMER_LATE: Duration = Duration::from_millis(3);
/// The machine slept if the clock moves further than this between two turns of the loop.
const SLEPT: TimeDelta = TimeDelta::seconds(10);
/// How often a locked database is tried again.
const TRY_LOCKED_EVERY: Duration = Duration::from_millis(200);
/// How long an idle rehearsal waits for something to happen before it jumps.
const SETTLE_BEFORE_JUMP: Duration = Duration::from_millis(200);

/// A database up to this size is checked before anything is released. A larger one is checked
/// meanwhile: its first release must not wait for the check.
const CHECKED_FIRST_BYTES: u64 = 32 << 20;

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another daemon owns the state directory: starting again will not help.
    #[error("{0}")]
    Locked(String),
    /// The environment is wrong (paths, addresses, permissions): starting again will not help.
    #[error("{0}")]
    Setup(String),
    /// The database cannot be used: starting again will not help.
    #[error(transparent)]
    Database(StoreError),
    /// Another file has the database's name: what is stored is lost, and a start would mix both.
    #[error(
        "{0} was replaced or removed under the running daemon, so it ends: nothing that it stores \
         is kept any more. Before the next start, move away the files that end in -wal and -shm: \
         they belong to the former database"
    )]
    Replaced(PathBuf),
    /// Storage failed while the daemon ran: the service manager starts the daemon again.
    #[error("storage failed, so the daemon ends; what was under way is settled at the next start")]
    Storage(#[source] StoreError),
    /// The same, for a file beside the database.
    #[error("{0} could not be stored, so the daemon ends")]
    File(PathBuf, #[source] std::io::Error),
}

impl RunError {
    /// Returns the exit code: 3 if starting again will not help, 4 if storage failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Locked(_) | Self::Setup(_) | Self::Database(_) | Self::Replaced(_) => 3,
            Self::Storage(_) | Self::File(..) => 4,
        }
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        let lasting = match &error {
            StoreError::Newer(..)
            | StoreError::Older(..)
            | StoreError::Access(..)
            | StoreError::Unfit(_)
            | StoreError::Lookup(..) => true,
            StoreError::Damaged(..)
            | StoreError::Failed(_)
            | StoreError::Busy(_)
            | StoreError::Unreachable(_)
            | StoreError::Unseated(_)
            | StoreError::Shared(_)
            | StoreError::Refused(_)
            | StoreError::Conflict(_)
            | StoreError::Corrupt(_) => error.is_damage(),
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
    /// Loads the config again when a signal asks for it; a rehearsal has none.
    pub reload: Option<LoadConfig>,
    /// Receives the address that the callback listener got.
    pub on_listen: Option<oneshot::Sender<SocketAddr>>,
    /// Runs the commands of the HTTP API; none if it has none.
    pub commands: Option<Commands>,
    /// Ends the daemon, in addition to the signals.
    pub stop: watch::Receiver<bool>,
}

/// Runs the daemon until it is asked to stop; `commands` runs those of its HTTP API.
///
/// # Errors
/// See [`RunError`].
pub fn run(
    config: Config,
    now: Now,
    (reload, commands): (LoadConfig, Commands),
) -> Result<(), RunError> {
    let runtime = runtime()?;
    let (_stop, stopped) = watch::channel(false);
    let options = Options {
        now: Arc::clone(&now),
        jump: None,
        reload: Some(reload),
        on_listen: None,
        commands: Some(commands),
        stop: stopped,
    };
    let state = config.state_dir.clone();
    crash::watch(&state, Arc::clone(&now));
    let outcome = runtime.block_on(serve(config, options));
    if let Err(error) = &outcome {
        crash::record_error(&state, error, now());
    }
    // A request that hangs must not keep the process running. Nor may a wait that a faked clock
    // never ends.
    runtime.shutdown_background();
    outcome
}

/// Returns the runtime that the daemon and rehearsals run in.
///
/// # Errors
/// If the system gives no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, RunError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| RunError::Setup(format!("no runtime could be started: {error}")))
}

/// Runs the daemon inside a runtime.
///
/// # Errors
/// See [`RunError`].
pub async fn serve(config: Config, options: Options) -> Result<(), RunError> {
    // From here on a signal ends the daemon in an orderly way, however early it comes.
    let mut signals = Signals::listen()?;
    let (state, database) = (config.state_dir.clone(), config.database());
    let _lock = lock::Lock::take(&state, (options.now)()).await?;
    let inbox = Inbox::open(&config.inbox, config.inbox_end_marker_required)
        .map_err(|error| RunError::Setup(chain(&error)))?;
    let files = files::Files::open(&state)?;
    let ways = Ways::new(&config.accounts, &config.components, files.path())?;
    let mut notifier = notify::Notifier::of_this_process(options.jump.is_none());
    let opened = take_over(&config, &inbox, &options.now, (&mut signals, &mut notifier)).await?;
    let Some((mut engine, refused)) = opened else { return Ok(()) };
    // Opening a large database takes time; no clock was stepped.
    let now = (options.now)();
    engine.decide_ahead(options.jump.as_ref().map_or(DECIDE_AHEAD, |_| TimeDelta::zero()));
    let (sender, inputs) = mpsc::channel(1_024);
    let listener = callback::bind(config.listen).await?;
    tracing::info!(accounts = engine.accounts().count(), state_dir = %state.display(), "qunfa is running");
    let (ending, ended) = watch::channel(false);
    let (report_locked_out, locked_out) = watch::channel(None);
    let mut tasks = tokio::task::JoinSet::new();
    let views = Views::of(&engine, &config)?;
    let listens = announce(listener.as_ref(), options.on_listen)?;
    let heartbeat = heartbeat::HeartbeatWriter::start(&state, listens, &mut tasks, now);
    let process = metrics::Process::new(engine.store(), heartbeat.watch(), locked_out.clone())?;
    let (counters, lang) = (process.counters.clone(), config.lang.unwrap_or_default());
    if let Some(listener) = listener {
        let handler =
            handler(&views, &database, (&sender, &options.now, lang), locked_out, process);
        tasks.spawn(callback::serve(listener, handler, ended.clone()));
    }
    let served = (options.commands, &options.now);
    console::start(&config, &views, served, &mut tasks, ended.clone()).await?;
    let (accounts, clock, to) = (views.by_any_name(), options.now.clone(), sender.clone());
    let task = ingest::IngestTask { inbox, accounts, files: files.clone(), now: clock, lang, to };
    tasks.spawn(task.run(refused, counters.clone(), ended));
    let maintenance = maintenance::start(sender.clone()).await;
    check_large(&database, sender.clone());
    let upkeep = Upkeep::new(&config, sender.clone());
    let ping = PingTask::start(config.alerts.ping.clone(), heartbeat.watch());
    let seen = (Fixed::of(&config), views, ping);
    let reloader = Reloader::new((options.reload, config.warnings.clone()), seen, sender.clone());
    let deliveries = Deliveries::new((config.alerts, lang), &engine, &options.now, sender.clone());
    let to_loop = (options.now.clone(), sender);
    let dispatcher = Dispatcher::new(ways, (&state, config.store.is_some()), counters, to_loop);
    let mut daemon = Daemon {
        notifier,
        marked: engine.mark().clone(),
        followed: None,
        engine,
        database_file: DatabaseFile::of(database)?,
        state,
        dispatcher,
        files,
        deliveries,
        reloader,
        upkeep,
        watch: ClockWatch::new(now),
        jumped: TimeDelta::zero(),
        now: options.now,
        jump: options.jump,
        looked: Look { at: now, seen_at: now },
        heartbeat,
        backlog: Backlog::default(),
        locked_out: report_locked_out,
    };
    let outcome = daemon.run(inputs, signals, options.stop).await;
    daemon.send_final_alert(&outcome).await;
    ending.send_replace(true);
    maintenance.stop().await;
    outcome
}

/// Returns what answers requests to the listener.
fn handler(
    views: &Views,
    database: &Path,
    (to, now, lang): (&mpsc::Sender<Input>, &Now, Lang),
    locked_out: watch::Receiver<Option<LockedOut>>,
    process: metrics::Process,
) -> callback::CallbackHandler {
    let (to, now) = (to.clone(), Arc::clone(now));
    let accounts = views.configured();
    let metrics =
        metrics::Metrics::new(database.to_owned(), accounts, locked_out.clone(), process.clone());
    let way = callback::LoopHandle { to, now, locked_out, process };
    let components = (views.components(), lang);
    callback::CallbackHandler::new(views.callbacks(), components, metrics, way)
}

/// Returns the address that the listener has, and reports it to whoever waits for it.
fn announce(
    listener: Option<&tokio::net::TcpListener>,
    to: Option<oneshot::Sender<SocketAddr>>,
) -> Result<Option<SocketAddr>, RunError> {
    let Some(listener) = listener else { return Ok(None) };
    let address = listener.local_addr().map_err(|error| RunError::Setup(error.to_string()))?;
    if let Some(to) = to {
        // A rehearsal that no longer listens needs no address.
        to.send(address).unwrap_or_default();
    }
    Ok(Some(address))
}

/// Opens the database and reads the mark.
///
/// A database that is empty, older than its mark or long unused may lack jobs that were sent. So
/// the daemon first reads back what `accepted/` still records of them.
fn open(
    config: &Config,
    (seat, inbox): (Option<&Seat>, &Inbox),
    now: DateTime<Utc>,
) -> Result<Engine, RunError> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let store = open_store(config, seat, now)?;
    // A host that has just joined has no mark, and the shared database is no older for that.
    let mark =
        lock::read_mark(&config.state_dir)?.or_else(|| seat.map(|_| HighWaterMark::default()));
    let known = store.read().last_seen()?;
    let unknown_files = has_unknown_files(inbox, &store, &known, now)?;
    let beside = StateDirectory { mark: mark.as_ref(), unknown_files };
    let forgot = Engine::may_have_forgotten(&known, beside, now);
    let marked = mark.clone();
    let mut engine = Engine::open(store, config.accounts.clone(), (mark, unknown_files), now)?;
    if forgot {
        let kept = files::Files::open(&config.state_dir)?;
        let former = engine.former_accounts()?;
        let accounts = ingest::Named { configured: &config.accounts, former: &former };
        let files = ingest::remembered(inbox, &accounts, &kept, now)
            .map_err(|error| RunError::Setup(chain(&error)))?;
        if !files.is_empty() {
            tracing::warn!(files = files.len(), "the accepted files are read back");
        }
        engine.import_accepted(&files, now)?;
    }
    engine.set_components(&config.components, now)?;
    // Written from the first start on, so that a missing mark means something.
    if marked.as_ref() != Some(engine.mark()) {
        lock::write_mark(&config.state_dir, engine.mark())?;
    }
    Ok(engine)
}

/// Takes the seat of a shared database, if there is one, and opens the database. Returns none if the
/// daemon is asked to stop before that.
async fn take_over(
    config: &Config,
    inbox: &Inbox,
    now: &Now,
    (signals, notifier): (&mut Signals, &mut notify::Notifier),
) -> Result<Option<(Engine, Vec<String>)>, RunError> {
    let seat = match take_seat(config, now, signals, notifier).await? {
        Seated::Alone => None,
        Seated::Active(seat) => Some(seat),
        Seated::Stopped => return Ok(None),
    };
    open_patiently(config, (seat.as_deref(), inbox), now, signals).await
}

/// Opens the database of this host, or reads the shared one.
fn open_store(config: &Config, seat: Option<&Seat>, now: DateTime<Utc>) -> Result<Store, RunError> {
    let path = config.database();
    if let Some(seat) = seat {
        let last = standby::read_position(&config.state_dir);
        return Ok(Store::open_shared(&path, seat, last, now)?);
    }
    lock::make_file_private(&path)?;
    if !is_large(&path) {
        Store::check(&path)?;
    }
    Ok(Store::open(&path, now)?)
}

/// Opens the database as soon as no other process keeps it locked, and sets aside what crashed the
/// daemon too often. Returns none if the daemon is asked to stop before that.
async fn open_patiently(
    config: &Config,
    beside: (Option<&Seat>, &Inbox),
    now: &Now,
    signals: &mut Signals,
) -> Result<Option<(Engine, Vec<String>)>, RunError> {
    let mut told = false;
    loop {
        let at = now();
        let opened = open(config, beside, at).and_then(|mut engine| {
            let crashes = crash::Crashes::read(&config.state_dir, at);
            let refused = crashes.set_aside(&mut engine, at)?;
            Ok((engine, refused))
        });
        let error = match opened {
            Ok(opened) => return Ok(Some(opened)),
            Err(error) => error,
        };
        let Some(locked_out) = lock_out(&error, at) else { return Err(error) };
        if !std::mem::replace(&mut told, true) {
            tracing::error!(
                "the daemon waits: {}; end that program, or its transaction: the start goes on by \
                 itself once the database is free",
                locked_out.sentence()
            );
        }
        tokio::select! {
            () = tokio::time::sleep(TRY_LOCKED_EVERY) => {}
            signal = signals.stopped() => {
                tracing::info!("{signal}: the database is still locked; qunfa has ended");
                return Ok(None);
            }
        }
    }
}

/// Returns whether `accepted/` holds a file that the database lacks, or that was taken later than
/// the database records: then the database is an old copy.
///
/// Receipts from long before a daemon last ran with the database were read by an earlier start.
fn has_unknown_files(
    inbox: &Inbox,
    store: &Store,
    known: &LastSeen,
    now: DateTime<Utc>,
) -> Result<bool, RunError> {
    let read = store.read();
    let last = read.last_taken_at()?.map_or(known.seen_at, |taken| taken.min(known.seen_at));
    let receipts = inbox
        .accepted_since(last.min(now) - RECEIPTS_BEFORE, now)
        .map_err(|error| RunError::Setup(chain(&error)))?;
    let took_at = read.took_file_at()?;
    for (sha256, accepted_at) in receipts {
        let is_newer = took_at
            .zip(accepted_at)
            .is_some_and(|(took, accepted)| accepted.timestamp_millis() > took.timestamp_millis());
        if is_newer || !read.has_file(&sha256)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_large(database: &Path) -> bool {
    std::fs::metadata(database).is_ok_and(|found| found.len() > CHECKED_FIRST_BYTES)
}

/// Checks a large database on a thread of its own, and sends the result to the loop.
fn check_large(database: &Path, to: mpsc::Sender<Input>) {
    if !is_large(database) {
        return;
    }
    let path = database.to_owned();
    tokio::task::spawn_blocking(move || {
        // A loop that has ended needs no result.
        to.blocking_send(Input::Checked(Store::check(&path))).unwrap_or_default();
    });
}

/// Returns what keeps the database from being used, if that is the only fault.
fn lock_out(error: &RunError, since: DateTime<Utc>) -> Option<LockedOut> {
    let RunError::Storage(error) = error else { return None };
    let (by, unreachable) = match error {
        StoreError::Busy(by) => (by.clone(), false),
        StoreError::Unreachable(why) => (Some(why.clone()), true),
        StoreError::Damaged(..)
        | StoreError::Newer(..)
        | StoreError::Older(..)
        | StoreError::Access(..)
        | StoreError::Failed(_)
        | StoreError::Unseated(_)
        | StoreError::Unfit(_)
        | StoreError::Shared(_)
        | StoreError::Lookup(..)
        | StoreError::Refused(_)
        | StoreError::Conflict(_)
        | StoreError::Corrupt(_) => return None,
    };
    Some(LockedOut { since, by, unreachable })
}

/// When the loop last checked what changes without a message to it.
struct Look {
    at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
}

struct Daemon {
    notifier: notify::Notifier,
    engine: Engine,
    database_file: DatabaseFile,
    state: PathBuf,
    dispatcher: Dispatcher,
    files: files::Files,
    deliveries: Deliveries,
    reloader: Reloader,
    upkeep: Upkeep,
    now: Now,
    jump: Option<Jump>,
    looked: Look,
    watch: ClockWatch,
    /// How far the clock jumped while the database was locked.
    jumped: TimeDelta,
    heartbeat: heartbeat::HeartbeatWriter,
    /// The contents of the mark on disk.
    marked: HighWaterMark,
    /// How far this host followed a shared database, by the file on disk.
    followed: Option<SharedPosition>,
    backlog: Backlog,
    /// Who else keeps the database locked, and since when: the loop decides nothing meanwhile.
    locked_out: watch::Sender<Option<LockedOut>>,
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
            let read_from = tokio::time::Instant::now();
            let now = (self.now)();
            let turned = self.watch.turn(now, read_from);
            let done = self.turn(turned, now);
            self.wait_out(done, now)?;
            let locked_out = self.locked_out.borrow().clone();
            self.heartbeat.turned(&self.engine, locked_out.as_ref(), now);
            self.deliveries.locked_out(locked_out.as_ref(), now);
            self.notifier.tell(&self.engine, locked_out.as_ref(), now)?;
            let may_jump = self.jump.is_some() || locked_out.is_some();
            let leaves_at = self.engine.next_departure().filter(|_| !may_jump);
            self.watch.sleep((self.now)());
            let waited = tokio::select! {
                _ = inputs.recv_many(&mut batch, 256) => Waited::Inputs,
                () = wait(self.pause(now), leaves_at, &self.now) => Waited::Time,
                asked = signals.recv() => match asked {
                    Asked::Stop(signal) => Waited::Stop(signal),
                    Asked::Reload => Waited::Reload,
                },
                _ = stop.wait_for(|stop| *stop) => Waited::Stop("the rehearsal is over"),
            };
            match waited {
                Waited::Inputs => {
                    self.backlog.add(&mut batch, (self.now)());
                    if self.is_locked_out() {
                        self.backlog.let_go();
                    } else {
                        let taken = self.work_off();
                        self.wait_out(taken, now)?;
                    }
                }
                Waited::Time => self.jump_ahead(),
                Waited::Reload => self.begin_reload(),
                Waited::Stop(why) => {
                    self.notifier.stopping();
                    tracing::info!("{why}: nothing new is released, answers under way are awaited");
                    return self.end(&mut inputs).await;
                }
            }
        }
    }

    /// Tells people why the daemon ends, if it was not asked to.
    async fn send_final_alert(&mut self, outcome: &Result<(), RunError>) {
        let Err(error) = outcome else { return };
        // Nothing can be stored any more, so nothing more is sent.
        self.dispatcher.close();
        self.deliveries.send_final_alert(chain(error)).await;
    }

    /// Does the work that is due now, unless another program keeps the database locked.
    fn turn(&mut self, turned: ClockTick, now: DateTime<Utc>) -> Result<(), RunError> {
        // The work item in progress is done: it did not end the daemon.
        crash_context::leave();
        if self.is_locked_out() {
            self.jumped += turned.jumped;
            if self.engine.is_locked()? {
                return Ok(());
            }
            // A job that waited for its second may be late by now, so it is decided anew.
            self.engine.clock_stepped(std::mem::take(&mut self.jumped), now)?;
            self.locked_out.send_replace(None);
            // The time passed while the loop checked nothing; no clock was stepped.
            self.looked.at = now;
            tracing::info!("the database is free again: work goes on");
            self.work_off()?;
        }
        self.look_at_clock(turned, now)?;
        if now >= self.next_look(now) {
            self.look_around(now)?;
        }
        self.release(now)?;
        crash_context::leave();
        Ok(())
    }

    fn is_locked_out(&self) -> bool {
        self.locked_out.borrow().is_some()
    }

    /// Continues if another program's lock is the only fault: then nothing has changed, and nothing
    /// will until the lock is released.
    fn wait_out(&mut self, done: Result<(), RunError>, now: DateTime<Utc>) -> Result<(), RunError> {
        let Err(error) = done else { return Ok(()) };
        let Some(locked_out) = lock_out(&error, now) else { return Err(error) };
        self.backlog.let_go();
        if !self.is_locked_out() {
            tracing::error!("{}; work goes on by itself once it is free", locked_out.sentence());
            self.locked_out.send_replace(Some(locked_out));
        }
        Ok(())
    }

    /// Ends the loop, and stores as much as another program's lock lets it.
    async fn end(&mut self, inputs: &mut mpsc::Receiver<Input>) -> Result<(), RunError> {
        let last = tokio::time::sleep(LAST_ANSWERS);
        tokio::pin!(last);
        while self.is_locked_out() && self.engine.is_locked()? {
            tokio::select! {
                () = tokio::time::sleep(TRY_LOCKED_EVERY) => {}
                () = &mut last => {
                    tracing::warn!("the database is still locked: what is under way is settled at the next start");
                    return Ok(());
                }
            }
        }
        self.locked_out.send_replace(None);
        match self.finish(inputs).await {
            Err(error) if lock_out(&error, (self.now)()).is_some() => {
                tracing::warn!(
                    "the database is locked: what is under way is settled at the next start"
                );
                Ok(())
            }
            done => done,
        }
    }

    /// Waits for the responses to requests under way; an attempt without one in time stays in doubt
    /// on disk.
    async fn finish(&mut self, inputs: &mut mpsc::Receiver<Input>) -> Result<(), RunError> {
        self.dispatcher.close();
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
        self.keep_position()?;
        // The seat runs out by itself if this fails.
        if let Err(error) = self.engine.leave() {
            tracing::warn!("the seat could not be left: {error}");
        }
        tracing::info!("qunfa has ended");
        Ok(())
    }

    /// Notices a clock that was stepped.
    fn look_at_clock(&mut self, turned: ClockTick, now: DateTime<Utc>) -> Result<(), RunError> {
        let since = now - self.looked.at;
        let slept = since > SLEPT || since < -TimeDelta::seconds(2);
        if self.jump.is_none() && (turned.stepped || slept) {
            tracing::warn!(
                by_s = turned.jumped.num_seconds(),
                "the clock was stepped, or the machine slept"
            );
            self.engine.clock_stepped(turned.jumped, now)?;
            self.looked.at = now;
        }
        Ok(())
    }

    /// Returns when the loop looks around next: not in the moment before a request leaves, for that
    /// would be late, unless requests always leave.
    fn next_look(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        next_look(self.looked.at, self.engine.next_departure(), now)
    }

    /// Notices what no message reports, such as commands that wrote.
    fn look_around(&mut self, now: DateTime<Utc>) -> Result<(), RunError> {
        // A busy disk may sync for longer than the second for which a request waits for its
        // instant, so anything that can wait does. Each intent's mark counts the files, too.
        let clear = self.engine.next_departure().is_none();
        self.database_file.require_same()?;
        self.engine.notice_writes(now)?;
        self.looked.at = now;
        if clear {
            self.keep_mark()?;
            self.keep_position()?;
        }
        self.deliveries.pass(&mut self.engine, clear, now)?;
        // A rehearsal keeps everything that it shows.
        if clear && self.jump.is_none() {
            self.upkeep.pass(&mut self.engine, self.database_file.path(), now)?;
        }
        let unseen = now - self.looked.seen_at;
        if (unseen >= SEEN_EVERY && clear) || unseen >= SEEN_EVERY * 2 || now < self.looked.seen_at
        {
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
            self.dispatcher.send(outgoing);
        }
        for request in pass.component_requests {
            self.dispatcher.send_for_component(request);
        }
        Ok(())
    }

    /// Stores the mark's record of files that were taken; a second later is early enough.
    fn keep_mark(&mut self) -> Result<(), RunError> {
        let mark = self.engine.mark().clone();
        if mark == self.marked { Ok(()) } else { self.store_mark(&mark) }
    }

    /// Stores how far this host followed a shared database.
    fn keep_position(&mut self) -> Result<(), RunError> {
        let position = self.engine.store().shared_position();
        match position.filter(|_| position != self.followed) {
            Some(position) => {
                standby::write_position(&self.state, position)?;
                self.followed = Some(position);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn store_mark(&mut self, mark: &HighWaterMark) -> Result<(), RunError> {
        lock::write_mark(&self.state, mark)?;
        self.marked = mark.clone();
        Ok(())
    }

    fn pause(&self, now: DateTime<Utc>) -> Duration {
        if self.is_locked_out() {
            return TRY_LOCKED_EVERY;
        }
        if self.jump.is_some() && !self.engine.is_busy() {
            return SETTLE_BEFORE_JUMP;
        }
        let look = self.next_look(now);
        let wake = self.engine.next_wake().map_or(look, |wake| wake.min(look)) - now;
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

    /// Records all inputs that arrived.
    fn take(&mut self, inputs: &mut Vec<Input>) -> Result<(), RunError> {
        self.backlog.add(inputs, (self.now)());
        self.work_off()
    }

    /// Records the waiting inputs, the responses of many accounts in one commit.
    ///
    /// Inputs that another program's lock kept from being stored still wait afterwards.
    fn work_off(&mut self) -> Result<(), RunError> {
        let now = (self.now)();
        while let Some((came_at, answers)) = self.backlog.answers.front() {
            self.engine.settle(answers, *came_at)?;
            self.backlog.answers.pop_front();
        }
        loop {
            self.take_together(now)?;
            let Some(input) = self.backlog.others.pop_front() else { break };
            if let Input::Checked(verdict) = input {
                verdict?;
                continue;
            }
            match self.store(&input, now) {
                Ok(done) => acknowledge(input, done),
                Err(error) => {
                    self.backlog.others.push_front(input);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Takes the small files that wait in one commit, if there are several.
    fn take_together(&mut self, now: DateTime<Utc>) -> Result<(), RunError> {
        let files = self.backlog.small_files();
        if files.len() < 2 {
            return Ok(());
        }
        let jobs: Vec<Vec<_>> =
            files.iter().map(|file| file.jobs.iter().map(offered).collect()).collect();
        let all = files.iter().zip(&jobs).map(|(ValidFile { package, .. }, jobs)| OfferedFile {
            sha256: package.sha256(),
            name: package.name(),
            jobs,
        });
        let all: Vec<_> = all.collect();
        let lang = self.reloader.fixed.lang;
        let taken = within(lang, || self.engine.ingest_files(&all, now))?;
        for (input, taken) in self.backlog.others.drain(..taken.len()).zip(taken) {
            acknowledge(input, Done::File(taken));
        }
        Ok(())
    }

    /// Stores one input.
    fn store(&mut self, input: &Input, now: DateTime<Utc>) -> Result<Done, RunError> {
        match input {
            // Neither waits here: responses have a queue of their own, and a check's result changes
            // nothing.
            Input::HttpResponse(..) | Input::Checked(_) => {}
            Input::Event(session, (raw, event, credence), _) => {
                self.engine.receive(*session, (raw, event, *credence), now)?;
            }
            Input::ComponentResponse(number, response) => {
                self.engine.settle_component(*number, response, now)?;
            }
            Input::ComponentEvent(number, event, _) => {
                self.engine.receive_component(*number, event, now)?;
            }
            Input::AuthorizationLink(number, key, _) => {
                let link = self.engine.authorization_link(*number, key, now)?;
                return Ok(Done::Link(link.map(|link| link.target)));
            }
            Input::Landing(number, (key, code), _) => {
                return Ok(Done::Landed(self.engine.land(*number, (key, code), now)?));
            }
            Input::Scan(session, scan) => self.engine.count_scan(*session, scan, now)?,
            Input::Unread(session, raw, why, _) => {
                self.engine.keep_unread(*session, (raw, why), now)?;
            }
            Input::File(good, _) => {
                let ValidFile { package, jobs } = &**good;
                let offered: Vec<_> = jobs.iter().map(offered).collect();
                let named = (package.sha256(), package.name());
                let lang = self.reloader.fixed.lang;
                let taken = within(lang, || self.engine.ingest_file(named, &offered, now));
                return match taken {
                    Ok(taken) => Ok(Done::File(Ok(taken))),
                    Err(IngestError::Refused(problems)) => Ok(Done::File(Err(problems))),
                    Err(IngestError::Store(error)) => Err(error.into()),
                };
            }
            Input::Refused(name, [problems, line], _) => {
                let file = RefusedFile { name, problems: *problems, line: *line };
                self.engine.refuse_file(&file, now)?;
            }
            Input::Trouble(session, Trouble { kind, told }) => {
                self.engine.set_callback_alert(*session, kind, told.as_ref(), now)?;
            }
            Input::MaintenanceTask(maintenance_task) => {
                maintenance_task.run(&mut self.engine, &self.files, now)?;
                if *maintenance_task == MaintenanceTask::Prune {
                    self.upkeep.pruner.begin();
                }
            }
            Input::Backup(made) => {
                self.upkeep.backups.record(&mut self.engine, made, now)?;
            }
            Input::Delivery(attempt) => {
                self.deliveries.record(&mut self.engine, attempt, now)?;
            }
            Input::Config(read) => self.take_config(read, now)?,
            Input::Inbox(trouble) => {
                self.engine.set_inbox_alert(trouble.each_ref().map(Option::as_ref), now)?;
            }
        }
        Ok(Done::Stored)
    }
}

fn next_look(
    looked_at: DateTime<Utc>,
    leaves_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let due = looked_at + LOOK_EVERY;
    match leaves_at {
        Some(leaves)
            if leaves - CLEAR_OF_RELEASE <= due.max(now) && now - looked_at < LOOK_LATEST =>
        {
            leaves.max(now) + TimeDelta::milliseconds(1)
        }
        Some(_) | None => due,
    }
}

/// Waits, and is not late for a request that is sent by then.
///
/// A timer may be some milliseconds late, so the loop reads the clock repeatedly in the last ones
/// before a request. Nothing else is worth that: with many accounts something is always due a
/// moment later.
async fn wait(pause: Duration, leaves_at: Option<DateTime<Utc>>, now: &Now) {
    let left = || leaves_at.map(|at| (at - now()).to_std().unwrap_or_default());
    let leaves = left().is_some_and(|left| left <= pause + TIMER_LATE);
    let pause = if leaves { pause.saturating_sub(TIMER_LATE) } else { pause };
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    while left().is_some_and(|left| !left.is_zero() && left <= TIMER_LATE) {
        tokio::task::yield_now().await;
    }
}

enum Waited {
    Inputs,
    Time,
    Reload,
    Stop(&'static str),
}
