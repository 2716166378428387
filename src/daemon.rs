//! STUB of this branch: the daemon's own module replaces it.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::store::StoreError;

/// The clock.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another daemon holds the state directory.
    #[error("{0}")]
    Lock(String),
    /// The database cannot be used.
    #[error(transparent)]
    Database(StoreError),
    /// Storage failed.
    #[error(transparent)]
    Storage(StoreError),
}

impl RunError {
    /// Returns the process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Lock(_) | Self::Database(_) => 3,
            Self::Storage(_) => 4,
        }
    }
}

/// Runs the daemon until it is told to end.
///
/// # Errors
/// See [`RunError`].
pub fn run(_config: Config, _now: Now) -> Result<(), RunError> {
    Err(RunError::Lock("STUB: there is no daemon in this branch".into()))
}

/// The daemon that holds a state directory.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Its version.
    pub version: String,
}

/// Returns who holds the state directory's lock.
pub fn running(_state_dir: &Path) -> Option<Running> {
    None
}
