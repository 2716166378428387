//! Reads the config again on a thread of its own, and keeps what the tasks beside the loop see of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::config::{Config, ConfigError, Ping, User};
use crate::daemon::callback::{Callbacks, ComponentCallbacks, callbacks, components};
use crate::daemon::heartbeat::Heartbeat;
use crate::daemon::input::Input;
use crate::daemon::{chain, delivery};
use crate::engine::Engine;
use crate::l10n::{self, Lang};
use crate::model::Account;
use crate::store::StoreError;

/// Loads the config as at a start.
pub type LoadConfig = Arc<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// What only a restart changes.
#[derive(PartialEq)]
pub(super) struct Fixed {
    state_dir: PathBuf,
    inbox: PathBuf,
    inbox_end_marker_required: bool,
    listen: Option<SocketAddr>,
    console: Option<SocketAddr>,
    pub(super) lang: Lang,
}

impl Fixed {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            state_dir: config.state_dir.clone(),
            inbox: config.inbox.clone(),
            inbox_end_marker_required: config.inbox_end_marker_required,
            listen: config.listen,
            console: config.console.as_ref().map(|console| console.listen),
            lang: config.lang.unwrap_or_default(),
        }
    }

    /// Returns the keys that differ.
    pub(super) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let keys = [
            ("state_dir", self.state_dir != other.state_dir),
            ("inbox", self.inbox != other.inbox),
            ("inbox_end_marker", self.inbox_end_marker_required != other.inbox_end_marker_required),
            ("listen", self.listen != other.listen),
            ("console", self.console != other.console),
            ("lang", self.lang != other.lang),
        ];
        keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }
}

/// The accounts and the users as the tasks beside the loop see them.
pub(super) struct Views {
    users: watch::Sender<Arc<[User]>>,
    callbacks: watch::Sender<Callbacks>,
    components: watch::Sender<ComponentCallbacks>,
    configured: watch::Sender<Arc<[Account]>>,
    by_any_name: watch::Sender<Arc<[Account]>>,
}

impl Views {
    pub(super) fn of(engine: &Engine, config: &Config) -> Result<Self, StoreError> {
        Ok(Self {
            users: watch::Sender::new(users(config)),
            callbacks: watch::Sender::new(callbacks(engine)),
            components: watch::Sender::new(components(engine)),
            configured: watch::Sender::new(configured(engine)),
            by_any_name: watch::Sender::new(engine.accounts_by_any_name()?.into()),
        })
    }

    pub(super) fn users(&self) -> watch::Receiver<Arc<[User]>> {
        self.users.subscribe()
    }

    pub(super) fn callbacks(&self) -> watch::Receiver<Callbacks> {
        self.callbacks.subscribe()
    }

    pub(super) fn components(&self) -> watch::Receiver<ComponentCallbacks> {
        self.components.subscribe()
    }

    pub(super) fn configured(&self) -> watch::Receiver<Arc<[Account]>> {
        self.configured.subscribe()
    }

    pub(super) fn by_any_name(&self) -> watch::Receiver<Arc<[Account]>> {
        self.by_any_name.subscribe()
    }

    pub(super) fn update(&self, engine: &Engine, config: &Config) -> Result<(), StoreError> {
        self.by_any_name.send_replace(engine.accounts_by_any_name()?.into());
        self.callbacks.send_replace(callbacks(engine));
        self.components.send_replace(components(engine));
        self.configured.send_replace(configured(engine));
        self.users.send_replace(users(config));
        Ok(())
    }
}

/// Returns who may use the API.
fn users(config: &Config) -> Arc<[User]> {
    config.console.iter().flat_map(|console| console.users.iter().cloned()).collect()
}

fn configured(engine: &Engine) -> Arc<[Account]> {
    engine.accounts().map(|config| config.account.clone()).collect()
}

/// Whether the config is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Idle,
    Reading,
    /// It changed again meanwhile.
    ReadingAgain,
}

/// The task that requests the dead-man URL, if there is one.
pub(super) struct PingTask {
    beats: watch::Receiver<Heartbeat>,
    running: Option<AbortHandle>,
}

impl PingTask {
    pub(super) fn start(ping: Option<Ping>, beats: watch::Receiver<Heartbeat>) -> Self {
        let mut task = Self { beats, running: None };
        task.replace(ping);
        task
    }

    pub(super) fn replace(&mut self, ping: Option<Ping>) {
        self.stop();
        let task = delivery::ping(ping, self.beats.clone());
        self.running = Some(tokio::spawn(task).abort_handle());
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }
}

impl Drop for PingTask {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a reload reads, and what it changes beside the loop.
pub(super) struct Reloader {
    /// None in a rehearsal.
    load: Option<LoadConfig>,
    pub(super) fixed: Fixed,
    pub(super) views: Views,
    pub(super) ping: PingTask,
    to: mpsc::Sender<Input>,
    progress: Progress,
}

impl Reloader {
    pub(super) fn new(
        load: Option<LoadConfig>,
        (fixed, views, ping): (Fixed, Views, PingTask),
        to: mpsc::Sender<Input>,
    ) -> Self {
        Self { load, fixed, views, ping, to, progress: Progress::Idle }
    }

    /// Reads the config; returns whether there is one to read.
    pub(super) fn begin(&mut self) -> bool {
        let Some(load) = self.load.clone() else { return false };
        self.progress = match self.progress {
            Progress::Idle => {
                let (to, lang) = (self.to.clone(), self.fixed.lang);
                tokio::task::spawn_blocking(move || {
                    let read = l10n::within(lang, || load().map_err(|error| chain(&error)));
                    // A loop that has ended needs no config.
                    to.blocking_send(Input::Config(Box::new(read))).unwrap_or_default();
                });
                Progress::Reading
            }
            Progress::Reading | Progress::ReadingAgain => Progress::ReadingAgain,
        };
        true
    }

    /// Returns whether the config must be read once more: it changed while it was read.
    pub(super) fn ended(&mut self) -> bool {
        std::mem::replace(&mut self.progress, Progress::Idle) == Progress::ReadingAgain
    }
}
