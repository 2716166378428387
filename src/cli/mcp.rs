//! `mcp`: the tools for agents on stdin and stdout, of this machine or of a server.

use std::io;
use std::sync::Arc;

use super::remote::Remote;
use super::{Problem, database};
use crate::config::Config;
use crate::daemon::Now;
use crate::l10n::{self, t};
use crate::server::Commands;
use crate::server::mcp::{Local, serve_local, serve_remote};

/// Serves the tools of this machine until stdin ends.
pub(super) fn run(
    config: &Config,
    (commands, who): (Commands, String),
    now: &Now,
) -> Result<(), Problem> {
    // Nobody but its owner may leave files beside the database.
    drop(database::open(config, now())?);
    let local = Local {
        commands,
        accounts: config.accounts.iter().map(|account| account.account.clone()).collect(),
        database: config.database(),
        inbox: config.inbox.clone(),
        lang: l10n::lang(),
        now: Arc::clone(now),
        who,
    };
    serve_local(local).map_err(failed)
}

/// Serves the tools of a server until stdin ends.
pub(super) fn run_remote(remote: &Remote<'_>) -> Result<(), Problem> {
    serve_remote(remote.tools()?, l10n::lang()).map_err(failed)
}

fn failed(error: io::Error) -> Problem {
    Problem::Cannot(t!("mcp-failed", error = %error))
}
