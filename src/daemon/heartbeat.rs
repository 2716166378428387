//! The heartbeat file: other processes read from it when the loop last ran.
//!
//! It records when the loop last turned, the address of the callback listener, and the last sample
//! of each platform's clock. None of it is needed after a crash, so it costs no commit and no sync.
//! A task of its own writes the file: the loop only leaves a value there, and never in the instant
//! before a release.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::alert::Told;
use crate::daemon::CLEAR_OF_RELEASE;
use crate::daemon::lock::Running;
use crate::durable_file;
use crate::engine::Engine;
use crate::text::told::{self, About};

/// A fact that changed is written this soon.
const CHANGES_EVERY: TimeDelta = TimeDelta::seconds(1);
/// A turn of the loop without a changed fact is written this often.
const TURNS_EVERY: TimeDelta = TimeDelta::seconds(2);
/// The file is written no more often than this, even if the clock jumps.
const WRITE_PAUSE: Duration = Duration::from_secs(1);

/// The daemon's last report about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Its process id.
    pub pid: u32,
    /// When its loop last turned.
    pub turned_at: DateTime<Utc>,
    /// The address where it receives callbacks.
    pub listen: Option<SocketAddr>,
    /// The last sample of each account's platform clock.
    pub clocks: BTreeMap<String, Clock>,
    /// Who else keeps the database locked.
    #[serde(default)]
    pub locked_out: Option<LockedOut>,
}

/// Another program keeps the database locked, or the shared database cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedOut {
    /// When the lock was first found.
    pub since: DateTime<Utc>,
    /// Which program it is, as far as that is known; or why the database cannot be reached.
    pub by: Option<String>,
    /// Whether it cannot be reached.
    #[serde(default)]
    pub unreachable: bool,
}

impl LockedOut {
    /// Returns the fault as an alert tells it.
    pub fn told(&self) -> Told {
        match &self.by {
            Some(why) if self.unreachable => Told::DatabaseUnreachable { why: why.clone() },
            by => Told::DatabaseLocked { by: by.clone() },
        }
    }

    /// Returns the fault as a sentence.
    pub fn sentence(&self) -> String {
        told::what(&self.told(), About::default())
    }
}

/// One sample of a platform's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// When it was taken, by our clock.
    pub read_at: DateTime<Utc>,
    /// The platform's time.
    pub platform_at: DateTime<Utc>,
}

impl Clock {
    /// Returns how far the platform's clock is ahead of ours.
    pub fn offset(&self) -> TimeDelta {
        self.platform_at - self.read_at
    }
}

/// Returns the heartbeat of a running daemon; none if it has not written one since its start.
pub fn heartbeat(state: &Path, running: &Running) -> Option<Heartbeat> {
    let heartbeat: Heartbeat = serde_json::from_slice(&fs::read(state.join("pulse")).ok()?).ok()?;
    (heartbeat.pid == running.pid && heartbeat.turned_at >= running.since).then_some(heartbeat)
}

/// The loop's side of the heartbeat.
pub(super) struct HeartbeatWriter {
    to: watch::Sender<Heartbeat>,
    last: Heartbeat,
}

impl HeartbeatWriter {
    /// Starts the task that writes the file.
    pub(super) fn start(
        state: &Path,
        listen: Option<SocketAddr>,
        tasks: &mut JoinSet<()>,
        now: DateTime<Utc>,
    ) -> Self {
        let pid = std::process::id();
        let turned_at = now - TURNS_EVERY;
        let clocks = BTreeMap::new();
        let last = Heartbeat { pid, turned_at, listen, clocks, locked_out: None };
        let (to, pulses) = watch::channel(last.clone());
        tasks.spawn(write_down(state.to_owned(), pulses));
        Self { to, last }
    }

    /// Returns where each report can be read.
    pub(super) fn watch(&self) -> watch::Receiver<Heartbeat> {
        self.to.subscribe()
    }

    /// Reports that the loop has turned, if that is worth a write.
    pub(super) fn turned(
        &mut self,
        engine: &Engine,
        locked_out: Option<&LockedOut>,
        now: DateTime<Utc>,
    ) {
        let since = (now - self.last.turned_at).abs();
        if since < CHANGES_EVERY {
            return;
        }
        let soon = |wake: DateTime<Utc>| wake - now < CLEAR_OF_RELEASE;
        if engine.next_wake().is_some_and(soon) && since < TURNS_EVERY * 2 {
            return;
        }
        let clocks: BTreeMap<_, _> = engine
            .clocks()
            .map(|(name, read_at, platform_at)| (name.to_owned(), Clock { read_at, platform_at }))
            .collect();
        let same = clocks == self.last.clocks && locked_out == self.last.locked_out.as_ref();
        if same && since < TURNS_EVERY {
            return;
        }
        let locked_out = locked_out.cloned();
        self.last = Heartbeat { turned_at: now, clocks, locked_out, ..self.last.clone() };
        self.to.send_replace(self.last.clone());
    }
}

async fn write_down(state: PathBuf, mut pulses: watch::Receiver<Heartbeat>) {
    let mut told = false;
    while pulses.changed().await.is_ok() {
        let heartbeat = pulses.borrow_and_update().clone();
        let folder = state.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &heartbeat)).await;
        if let Ok(Err(error)) = written
            && !told
        {
            told = true;
            tracing::warn!("the file `pulse` cannot be written, so `status` tells less: {error}");
        }
        tokio::time::sleep(WRITE_PAUSE).await;
    }
}

/// Writes the file so that a reader finds the old one or the new one. If that fails, it finds none:
/// an old heartbeat would look like a loop that has stopped.
fn write(state: &Path, heartbeat: &Heartbeat) -> io::Result<()> {
    let path = state.join("pulse");
    durable_file::replace_unsynced(&path, &serde_json::to_vec(heartbeat)?).inspect_err(|_| {
        fs::remove_file(&path).ok();
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn heartbeat_at(turned: &str) -> Heartbeat {
        let clock = Clock { read_at: at(turned), platform_at: at(turned) };
        let clocks = BTreeMap::from([("brand".to_owned(), clock)]);
        Heartbeat { pid: 7, turned_at: at(turned), listen: None, clocks, locked_out: None }
    }

    fn running(since: &str, pid: u32) -> Running {
        Running { pid, since: at(since), version: "0".to_owned() }
    }

    #[test]
    fn a_heartbeat_reads_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let written = heartbeat_at("2027-03-20T12:00:00.5Z");

        write(dir.path(), &written).unwrap();

        assert_eq!(heartbeat(dir.path(), &running("2027-03-20T12:00:00Z", 7)), Some(written));
    }

    #[test]
    fn the_heartbeat_of_an_earlier_daemon_says_nothing_of_this_one() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &heartbeat_at("2027-03-20T12:00:00Z")).unwrap();

        assert_eq!(heartbeat(dir.path(), &running("2027-03-20T11:00:00Z", 8)), None);
        assert_eq!(heartbeat(dir.path(), &running("2027-03-20T12:00:01Z", 7)), None);
    }

    #[test]
    fn a_heartbeat_that_cannot_be_written_is_none() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &heartbeat_at("2027-03-20T12:00:00Z")).unwrap();
        for name in ["pulse.tmp", "pulse.2.tmp", "pulse.3.tmp"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }

        write(dir.path(), &heartbeat_at("2027-03-20T12:00:02Z")).unwrap_err();

        assert_eq!(heartbeat(dir.path(), &running("2027-03-20T11:00:00Z", 7)), None);
    }
}
