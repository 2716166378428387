//! Reads the config again on a thread of its own, and keeps what the tasks beside the loop see of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::config::{Config, ConfigError, Ping, User, UserProxy};
use crate::daemon::callback::{Callbacks, ComponentCallbacks, callbacks, components};
use crate::daemon::delivery;
use crate::daemon::heartbeat::Heartbeat;
use crate::daemon::input::{Input, ReadConfig, UnusableConfig};
use crate::engine::Engine;
use crate::l10n::{self, Lang};
use crate::model::Account;
use crate::store::StoreError;
use crate::text::chain;

/// Loads the config as at a start.
pub type LoadConfig = Arc<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// Reads the config: once more in the language of people, if there is something to tell.
fn read(load: &LoadConfig, lang: Lang) -> Result<ReadConfig, UnusableConfig> {
    let english = l10n::within(Lang::En, || load().map_err(|error| chain(&error)));
    let is_told = lang != Lang::En
        && english.as_ref().map_or(true, |config: &Config| !config.warnings.is_empty());
    let told = is_told.then(|| l10n::within(lang, || load().map_err(|error| chain(&error))));
    // A file that has changed in between is told as it was first read: a reload follows.
    match (english, told) {
        (Ok(config), Some(Ok(Config { warnings, .. }))) => Ok(ReadConfig { config, warnings }),
        (Ok(config), Some(Err(_)) | None) => {
            Ok(ReadConfig { warnings: config.warnings.clone(), config })
        }
        (Err(logged), Some(Err(told))) => Err(UnusableConfig { logged, told }),
        (Err(logged), Some(Ok(_)) | None) => Err(UnusableConfig { told: logged.clone(), logged }),
    }
}

/// What only a restart changes.
#[derive(PartialEq)]
pub(super) struct Fixed {
    state_dir: PathBuf,
    inbox: PathBuf,
    inbox_end_marker_required: bool,
    listen: Option<SocketAddr>,
    console: Option<(SocketAddr, Option<UserProxy>)>,
    pub(super) lang: Lang,
}

impl Fixed {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            state_dir: config.state_dir.clone(),
            inbox: config.inbox.clone(),
            inbox_end_marker_required: config.inbox_end_marker_required,
            listen: config.listen,
            console: config.console.as_ref().map(|console| (console.listen, console.proxy.clone())),
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
    /// What the config in use warns of.
    pub(super) warned: Vec<String>,
    pub(super) fixed: Fixed,
    pub(super) views: Views,
    pub(super) ping: PingTask,
    to: mpsc::Sender<Input>,
    progress: Progress,
}

impl Reloader {
    pub(super) fn new(
        (load, warned): (Option<LoadConfig>, Vec<String>),
        (fixed, views, ping): (Fixed, Views, PingTask),
        to: mpsc::Sender<Input>,
    ) -> Self {
        Self { load, warned, fixed, views, ping, to, progress: Progress::Idle }
    }

    /// Reads the config; returns whether there is one to read.
    pub(super) fn begin(&mut self) -> bool {
        let Some(load) = self.load.clone() else { return false };
        self.progress = match self.progress {
            Progress::Idle => {
                let (to, lang) = (self.to.clone(), self.fixed.lang);
                tokio::task::spawn_blocking(move || {
                    let read = read(&load, lang);
                    // A loop that has ended needs no config.
                    to.blocking_send(Input::Config(Box::new(read))).unwrap_or_default();
                });
                Progress::Reading
            }
            Progress::Reading | Progress::ReadingAgain => Progress::ReadingAgain,
        };
        true
    }

    /// Returns what a config warns of and the one before it did not, in the language of people.
    pub(super) fn new_warnings(&mut self, read: &ReadConfig) -> Vec<String> {
        let ReadConfig { config, warnings } = read;
        let before = std::mem::replace(&mut self.warned, config.warnings.clone());
        let both = config.warnings.iter().zip(warnings);
        both.filter(|(english, _)| !before.contains(english))
            .map(|(_, told)| told.clone())
            .collect()
    }

    /// Returns whether the config must be read once more: it changed while it was read.
    pub(super) fn ended(&mut self) -> bool {
        std::mem::replace(&mut self.progress, Progress::Idle) == Progress::ReadingAgain
    }
}
