//! The HTTP API beside the loop, if the config has one.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::Config;
use crate::daemon::{Now, RunError};
use crate::l10n::t;
use crate::server::{self, Commands, Server};

/// The API, which listens.
pub(super) struct Console {
    listener: TcpListener,
    server: Server,
}

impl Console {
    /// Listens on the configured address, if there is one.
    pub(super) async fn bind(
        config: &Config,
        commands: Option<Commands>,
        now: &Now,
    ) -> Result<Option<Self>, RunError> {
        let (Some(console), Some(commands)) = (&config.console, commands) else { return Ok(None) };
        let address = console.listen;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            RunError::Setup(t!("api-cannot-listen", address = %address, error = %error))
        })?;
        tracing::info!(%address, users = console.users.len(), "the HTTP API listens");
        let server = Server {
            users: console.users.clone(),
            commands,
            accounts: config.accounts.iter().map(|config| config.account.clone()).collect(),
            database: super::database(&config.state_dir),
            inbox: config.inbox.clone(),
            lang: config.lang.unwrap_or_default(),
            now: Arc::clone(now),
        };
        Ok(Some(Self { listener, server }))
    }
}

/// Serves the API until the daemon ends.
pub(super) async fn serve(console: Option<Console>, mut ended: watch::Receiver<bool>) {
    let Some(Console { listener, server }) = console else { return };
    let stop = async move {
        // An error means that the daemon is gone, which ends the API as well.
        ended.wait_for(|ended| *ended).await.map(drop).unwrap_or_default();
    };
    server::serve(listener, server, stop).await;
}
