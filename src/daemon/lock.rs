//! The state directory: one daemon owns it, and the high-water mark is a file beside the database.

use std::fs::{self, File, TryLockError};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::daemon::RunError;
use crate::durable_file;
use crate::engine::HighWaterMark;

/// `status` holds the lock for an instant; a daemon holds it until it ends.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The daemon that owns a state directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// When it took the lock.
    pub since: DateTime<Utc>,
    /// Its version.
    pub version: String,
}

/// Returns the daemon that owns a state directory, if one does.
pub fn running(state: &Path) -> Option<Running> {
    let file = File::open(state.join("lock")).ok()?;
    match file.try_lock_shared() {
        Ok(()) | Err(TryLockError::Error(_)) => None,
        Err(TryLockError::WouldBlock) => read_running(state),
    }
}

fn read_running(state: &Path) -> Option<Running> {
    serde_json::from_slice(&fs::read(state.join("lock")).ok()?).ok()
}

/// The lock, held until this value is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a directory, which becomes the user's alone, or returns who holds it.
    pub(super) async fn take(state: &Path, now: DateTime<Utc>) -> Result<Self, RunError> {
        make_private(state)?;
        let path = state.join("lock");
        let mut file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| setup(&path, "opened", &error))?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < LOCK_TRIES => {
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => return Err(held(state)),
                Err(TryLockError::Error(error)) => return Err(setup(&path, "locked", &error)),
            }
        }
        let running = Running {
            pid: std::process::id(),
            since: now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let text = serde_json::to_vec(&running).expect("three plain fields are always JSON");
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(&text))
            .map_err(|error| setup(&path, "written", &error))?;
        Ok(Self { _file: file })
    }
}

fn held(state: &Path) -> RunError {
    let who = read_running(state).map_or_else(
        || "another process".to_owned(),
        |running| {
            format!(
                "qunfa {} with pid {}, running since {}",
                running.version,
                running.pid,
                crate::calendar::beijing(running.since)
            )
        },
    );
    RunError::Locked(format!(
        "{who} holds the state directory {}: stop it first, or give this one another state_dir",
        state.display()
    ))
}

fn setup(path: &Path, what: &str, error: &std::io::Error) -> RunError {
    // A disk that is full or fails may work again at the next start.
    let passing = match (error.kind(), error.raw_os_error()) {
        (std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded, _) => true,
        (_, code) => code == Some(rustix::io::Errno::IO.raw_os_error()),
    };
    if passing && let Some(code) = error.raw_os_error() {
        return RunError::File(path.to_owned(), std::io::Error::from_raw_os_error(code));
    }
    RunError::Setup(format!("{} cannot be {what}: {error}", path.display()))
}

/// Creates the state directory, readable by its owner only, who must be this process's user.
fn make_private(state: &Path) -> Result<(), RunError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(state)
        .map_err(|error| setup(state, "made", &error))?;
    let metadata = fs::metadata(state).map_err(|error| setup(state, "read", &error))?;
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner == own {
        return Ok(());
    }
    // Another user's files beside the database would deny access to its owner.
    Err(RunError::Setup(format!(
        "{} belongs to user {owner}, and this is user {own}; run as its owner: \
         systemctl start qunfa, or sudo -u '#{owner}' qunfa run",
        state.display()
    )))
}

/// Creates a file that only its owner reads, if there is none: SQLite's own files take over its
/// mode.
pub(super) fn make_file_private(path: &Path) -> Result<(), RunError> {
    let file = File::options().create(true).append(true).mode(0o600).open(path);
    file.map(drop).map_err(|error| setup(path, "made", &error))
}

fn mark_path(state: &Path) -> PathBuf {
    state.join("mark")
}

/// Reads the mark. A mark that cannot be read is an error, for it may be the only record left.
pub(super) fn read_mark(state: &Path) -> Result<Option<HighWaterMark>, RunError> {
    let path = mark_path(state);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(setup(&path, "read", &error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        RunError::Setup(format!(
            "{} is damaged ({error}): remove it, and the daemon starts in hold, naming the jobs \
             that an older database may have forgotten",
            path.display()
        ))
    })
}

/// Writes the mark so that a power cut leaves the old one or the new one.
pub(super) fn write_mark(state: &Path, mark: &HighWaterMark) -> Result<(), RunError> {
    let path = mark_path(state);
    let text = serde_json::to_vec(mark).expect("numbers and names are always JSON");
    durable_file::replace(&path, &text).map_err(|error| RunError::File(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut mark = HighWaterMark { high_water: 7, ..HighWaterMark::default() };
        mark.generations.entry("spring".into()).or_default().insert(2, 1);

        write_mark(dir.path(), &mark).unwrap();

        assert_eq!(read_mark(dir.path()).unwrap(), Some(mark));
    }

    #[test]
    fn a_damaged_mark_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mark"), "{").unwrap();

        let error = read_mark(dir.path()).unwrap_err();

        assert_eq!(error.exit_code(), 3);
    }

    #[test]
    fn no_mark_is_none() {
        let dir = tempfile::tempdir().unwrap();

        assert_eq!(read_mark(dir.path()).unwrap(), None);
    }
}
