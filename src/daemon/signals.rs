//! The signals that stop the daemon, and those that do not.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::daemon::RunError;

/// The signals that the daemon receives.
pub(super) struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
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
        })
    }

    /// Waits for a signal that ends the daemon, and returns its name.
    ///
    /// A terminal that closes must not end the daemon that it started. Nor may a signal by which an
    /// operator means "read your config again".
    pub(super) async fn recv(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.term.recv() => return "SIGTERM",
                _ = self.int.recv() => return "SIGINT",
                _ = self.hup.recv() => tracing::info!(
                    "SIGHUP is ignored: a changed config or secret is read at the next start"
                ),
            }
        }
    }
}
