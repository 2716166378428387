//! Stands by until this daemon has the seat of a shared database.
//!
//! A daemon that stands by releases nothing, takes no file and answers no callback: it asks every
//! second whether the seat is free. Without a shared database there is nothing to wait for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Config;
use crate::daemon::notify::Notifier;
use crate::daemon::signals::Signals;
use crate::daemon::{Now, RunError};
use crate::durable_file;
use crate::l10n::t;
use crate::store::{Seat, SharedPosition, StoreError};

/// How often the seat is asked for.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How the wait for the seat ended.
pub(super) enum Seated {
    /// There is no shared database.
    Alone,
    /// This daemon is the active one.
    Active(Box<Seat>),
    /// It was asked to stop.
    Stopped,
}

/// Waits until this daemon has the seat, if the config has a shared database.
pub(super) async fn take_seat(
    config: &Config,
    now: &Now,
    signals: &mut Signals,
    notifier: &mut Notifier,
) -> Result<Seated, RunError> {
    let Some(url) = &config.store else { return Ok(Seated::Alone) };
    let left = config.state_dir.join("qunfa.db");
    if left.exists() {
        return Err(RunError::Setup(t!("run-import-first", path = %left.display())));
    }
    let mut seat = Seat::new(url, name())?;
    let mut prepared = false;
    let mut told = String::new();
    loop {
        let at = now();
        let asked = match prepared {
            true => seat.take(),
            false => seat.prepare(at).and_then(|()| {
                prepared = true;
                seat.take()
            }),
        };
        let status = match asked {
            Ok(true) => {
                tracing::info!("this daemon is the active one of the shared database");
                return Ok(Seated::Active(Box::new(seat)));
            }
            Ok(false) => "stands by: another daemon is active".to_owned(),
            Err(StoreError::Unreachable(why)) => format!("waits for PostgreSQL: {why}"),
            Err(error) => return Err(error.into()),
        };
        if told != status {
            tracing::info!("{status}");
            told.clone_from(&status);
        }
        notifier.stands_by(&status, at);
        tokio::select! {
            () = tokio::time::sleep(ASK_EVERY) => {}
            signal = signals.stopped() => {
                tracing::info!("{signal}: qunfa has ended");
                return Ok(Seated::Stopped);
            }
        }
    }
}

/// Returns how operators recognise this daemon.
fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{} (pid {})", host.trim(), std::process::id())
}

fn position_path(state: &Path) -> PathBuf {
    state.join("position")
}

/// Reads how far this host followed the shared database; a file that cannot be read is none, as on a
/// new host.
pub(super) fn read_position(state: &Path) -> Option<SharedPosition> {
    serde_json::from_slice(&std::fs::read(position_path(state)).ok()?).ok()
}

/// Writes how far this host follows it.
pub(super) fn write_position(state: &Path, position: SharedPosition) -> Result<(), RunError> {
    let path = position_path(state);
    let text = serde_json::to_vec(&position).expect("two numbers are always JSON");
    durable_file::replace(&path, &text).map_err(|error| RunError::File(path, error))
}
