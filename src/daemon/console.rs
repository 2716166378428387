//! The HTTP API beside the loop, if the config has one.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::daemon::reloader::Views;
use crate::daemon::{Now, RunError};
use crate::l10n::t;
use crate::server::{self, Commands, Server};

/// Serves the API beside the loop, until the daemon ends, if the config has it.
pub(super) async fn start(
    config: &Config,
    views: &Views,
    (commands, now): (Option<Commands>, &Now),
    tasks: &mut JoinSet<()>,
    mut ended: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let (Some(console), Some(commands)) = (&config.console, commands) else { return Ok(()) };
    let address = console.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        RunError::Setup(t!("api-cannot-listen", address = %address, error = %error))
    })?;
    tracing::info!(%address, users = console.users.len(), "the HTTP API listens");
    let server = Server {
        users: views.users(),
        commands,
        accounts: views.configured(),
        database: super::database(&config.state_dir),
        inbox: config.inbox.clone(),
        proxy: console.proxy.clone(),
        lang: config.lang.unwrap_or_default(),
        now: Arc::clone(now),
    };
    let stop = async move {
        // An error means that the daemon is gone, which ends the API as well.
        ended.wait_for(|ended| *ended).await.map(drop).unwrap_or_default();
    };
    tasks.spawn(server::serve(listener, server, stop));
    Ok(())
}
