//! The signals that stop the daemon, and the one that reloads its config.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::daemon::RunError;

/// The signals that the daemon receives.
pub(super) struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
    /// One that asked for a reload came before the daemon could.
    reload_waits: bool,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The end; with the signal's name.
    Stop(&'static str),
    /// A reload of the config.
    Reload,
}

impl Signals {
    /// Receives them from now on.
    pub(super) fn listen() -> Result<Self, RunError> {
        let hear = |kind| {
            signal(kind)
                .map_err(|error| RunError::Setup(format!("signals cannot be heard: {error}")))
        };
        Ok(Self {
            term: hear(SignalKind::terminate())?,
            int: hear(SignalKind::interrupt())?,
            hup: hear(SignalKind::hangup())?,
            reload_waits: false,
        })
    }

    /// Waits for a signal, and returns what it asks for.
    pub(super) async fn recv(&mut self) -> Asked {
        if std::mem::take(&mut self.reload_waits) {
            return Asked::Reload;
        }
        tokio::select! {
            _ = self.term.recv() => Asked::Stop("SIGTERM"),
            _ = self.int.recv() => Asked::Stop("SIGINT"),
            _ = self.hup.recv() => Asked::Reload,
        }
    }

    /// Waits for a signal that ends the daemon, and returns its name. A reload waits until the daemon
    /// has started.
    pub(super) async fn stopped(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.term.recv() => return "SIGTERM",
                _ = self.int.recv() => return "SIGINT",
                _ = self.hup.recv() => self.reload_waits = true,
            }
        }
    }
}
