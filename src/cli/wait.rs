//! Waits for the daemon's reaction to a command.

use crate::l10n::t;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::Problem;

/// Starts the runtime that a command waits with.
///
/// All of it, though only time is needed: without sockets it waits by a condition variable's
/// timeout, which never occurs under a faked clock (libfaketime).
pub(super) fn runtime() -> Result<Runtime, Problem> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::Cannot(t!("cli-no-runtime", error = %error)))
}

/// Waits for this long.
pub(super) fn pause(runtime: &Runtime, length: Duration) {
    runtime.block_on(async { tokio::time::sleep(length).await });
}
