//! Backups of the database: how one is written, and the one of each day that the daemon makes.
//!
//! A thread of its own copies the database, on a connection of its own. It waits until no release is
//! near, but not for longer than an hour: an account that always has something due has backups
//! too.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;

use crate::alert::Told;
use crate::backups::{self, Backups};
use crate::daemon::input::{Input, Made};
use crate::durable_file;
use crate::engine::Engine;
use crate::store::{Store, StoreError};
use crate::text::chain;

/// How long a backup that is due waits for a moment without a release.
const WAIT_MOST: TimeDelta = TimeDelta::hours(1);
/// How the name of an unfinished copy begins.
const UNFINISHED: &str = ".qunfa-backup-";
/// How old an unfinished copy must be that a kill left behind.
const LEFT_BEHIND: TimeDelta = TimeDelta::days(1);

/// Why a backup was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file has its name: it is never overwritten.
    #[error("it exists already")]
    Exists,
    /// The database could not be copied.
    #[error(transparent)]
    Copy(StoreError),
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Copies the database into a new file, completely or not at all; returns its size.
///
/// # Errors
/// If the file exists, or the copy fails.
pub fn write(store: &Store, path: &Path, now: DateTime<Utc>) -> Result<u64, WriteError> {
    if path.symlink_metadata().is_ok() {
        return Err(WriteError::Exists);
    }
    let parent = durable_file::folder(path);
    // Only its owner may read it: it holds everything that was and will be sent.
    let copy = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(parent)?;
    store.copy_to(copy.path(), now).map_err(WriteError::Copy)?;
    durable_file::sync(copy.path())?;
    let bytes = copy.path().metadata()?.len();
    copy.persist_noclobber(path).map_err(|error| match error.error {
        error if error.kind() == io::ErrorKind::AlreadyExists => WriteError::Exists,
        error => WriteError::File(error),
    })?;
    durable_file::sync(parent)?;
    Ok(bytes)
}

/// The backups of the days.
pub(super) struct DailyBackups {
    config: Option<Backups>,
    /// When the next one is due; none while one is made.
    next_at: Option<DateTime<Utc>>,
    to: mpsc::Sender<Input>,
}

impl DailyBackups {
    pub(super) fn new(config: Option<Backups>, to: mpsc::Sender<Input>) -> Self {
        // Whether one is missing, its folder shows.
        Self { config, next_at: Some(DateTime::UNIX_EPOCH), to }
    }

    /// Takes another config, and sees whether a backup is missing.
    pub(super) fn reload(&mut self, config: Option<Backups>) {
        self.config = config;
        self.next_at = self.next_at.map(|_| DateTime::UNIX_EPOCH);
    }

    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.config.is_some() && self.next_at.is_some_and(|at| at <= now)
    }

    /// Begins the backup that is due, if the loop is idle or it has waited for long.
    pub(super) fn begin(&mut self, is_idle: bool, database: &Path, now: DateTime<Utc>) {
        let (Some(config), Some(at)) = (&self.config, self.next_at) else { return };
        // At the start it is not known whether one is due, or since when.
        let waited = if at == DateTime::UNIX_EPOCH { TimeDelta::zero() } else { now - at };
        if at > now || !(is_idle || waited > WAIT_MOST) {
            if at == DateTime::UNIX_EPOCH {
                self.next_at = Some(now);
            }
            return;
        }
        self.next_at = None;
        let (config, database, to) = (config.clone(), database.to_owned(), self.to.clone());
        tokio::task::spawn_blocking(move || {
            let made = make(&config, &database, now).map_err(|error| chain(&error));
            // A loop that has ended needs no result.
            to.blocking_send(Input::Backup(made)).unwrap_or_default();
        });
    }

    /// Records what became of the backup.
    pub(super) fn record(
        &mut self,
        engine: &mut Engine,
        made: &Result<Made, String>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.ended(made.is_ok(), now);
        let told = match made {
            Ok(Made { file, removed }) => {
                if let Some((file, bytes)) = file {
                    let file = file.display();
                    tracing::info!(%file, bytes, removed, "a backup of the database was made");
                }
                None
            }
            Err(error) => {
                tracing::error!("the backup of the database was not made: {error}");
                Some(Told::BackupFailed { error: error.clone() })
            }
        };
        engine.set_alert("backup", told.as_ref(), now)
    }

    fn ended(&mut self, was_made: bool, now: DateTime<Utc>) {
        let next = |config: &Backups| backups::next(config.at, now);
        self.next_at = match &self.config {
            Some(config) if was_made => Some(next(config)),
            Some(config) => Some((now + backups::RETRY).min(next(config))),
            None => Some(DateTime::UNIX_EPOCH),
        };
    }
}

/// Makes the day's backup, if it is missing, and removes those that are too many.
fn make(config: &Backups, database: &Path, now: DateTime<Utc>) -> Result<Made, WriteError> {
    DirBuilder::new().recursive(true).mode(0o700).create(&config.dir)?;
    let names = names(&config.dir)?;
    let mut file = None;
    if let Some(day) = backups::due(config.at, names.iter().map(String::as_str), now) {
        remove_unfinished(&config.dir, &names, now)?;
        let path = config.dir.join(backups::name(day));
        let store = Store::open_existing(database, now).map_err(WriteError::Copy)?;
        // The daemon that asks for a backup has created it.
        let store = store.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let bytes = write(&store, &path, now)?;
        file = Some((path, bytes));
    }
    let names = self::names(&config.dir)?;
    let surplus = backups::surplus(names.iter().map(String::as_str), config.keep, now);
    for name in &surplus {
        fs::remove_file(config.dir.join(name))?;
    }
    Ok(Made { file, removed: surplus.len() })
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().into_string().ok());
    fs::read_dir(folder)?.filter_map(|entry| name(entry).transpose()).collect()
}

/// Removes the copies that a kill left unfinished, each as large as the database.
fn remove_unfinished(folder: &Path, names: &[String], now: DateTime<Utc>) -> io::Result<()> {
    for name in names.iter().filter(|name| name.starts_with(UNFINISHED)) {
        let path = folder.join(name);
        let modified = path.metadata().and_then(|found| found.modified());
        if modified.is_ok_and(|at| now - DateTime::<Utc>::from(at) > LEFT_BEHIND) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
