//! The connection to PostgreSQL: opened when it is needed, dropped after any doubt about it.
//!
//! The store is called from inside and outside of runtimes and waits for its answer, so each call
//! runs on a thread of its own, with the connection's small runtime. A call takes as long as the
//! network; nothing of it runs between calls.

use std::collections::HashMap;
use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::Duration;

use rustls_platform_verifier::ConfigVerifierExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::l10n::t;
use crate::store::{Result, StoreError};
use crate::text::chain;

/// How long opening a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// What every connection sets. A paused host must not keep the lock; a transaction that cannot have
/// it tries again later; and a commit that PostgreSQL may lose is none.
const SETTINGS: &str = "SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '30s'; \
     SET synchronous_commit = on; SET client_min_messages = warning; SET timezone = 'UTC'";

/// How a call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// PostgreSQL refused a statement; the connection goes on.
    Said(String, Option<SqlState>),
    /// There is no connection, or no answer came in time: what was sent may have been done.
    Lost(String),
}

impl Failure {
    /// Returns why.
    pub(super) fn why(self) -> String {
        match self {
            Self::Said(why, _) | Self::Lost(why) => why,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let why = match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => chain(&error),
        };
        match error.code() {
            // The server is going away, or ended this connection.
            Some(code) if code.code().starts_with("57P") || code.code().starts_with("08") => {
                Self::Lost(why)
            }
            Some(code) if !error.is_closed() => Self::Said(why, Some(code.clone())),
            Some(_) | None => Self::Lost(why),
        }
    }
}

/// The connection.
pub(super) struct Link {
    config: Config,
    tls: MakeRustlsConnect,
    /// None only while it is dropped.
    runtime: Option<Runtime>,
    session: Option<Session>,
}

impl Drop for Link {
    fn drop(&mut self) {
        // Inside another runtime, waiting for the end of this one is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// An open connection, and the statements that it knows.
pub(super) struct Session {
    pub(super) client: Client,
    statements: HashMap<String, Statement>,
}

impl Session {
    /// Returns a prepared statement.
    pub(super) async fn statement(
        &mut self,
        sql: &str,
    ) -> std::result::Result<Statement, tokio_postgres::Error> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Link {
    /// Reads the URL; nothing is opened yet.
    ///
    /// # Errors
    /// If it is no URL of PostgreSQL, or the machine has no certificates.
    pub(super) fn new(url: &SecretString) -> Result<Self> {
        let config = config(url)?;
        rustls::crypto::ring::default_provider().install_default().ok();
        let tls = rustls::ClientConfig::with_platform_verifier()
            .map_err(|error| StoreError::Shared(error.to_string()))?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Shared(error.to_string()))?;
        let tls = MakeRustlsConnect::new(tls);
        Ok(Self { config, tls, runtime: Some(runtime), session: None })
    }

    /// Returns whether a connection is open.
    pub(super) fn is_open(&self) -> bool {
        self.session.as_ref().is_some_and(|session| !session.client.is_closed())
    }

    /// Closes the connection: PostgreSQL undoes what it had begun.
    pub(super) fn close(&mut self) {
        self.session = None;
    }

    /// Does some work over the connection, which is opened first if there is none.
    pub(super) fn call<T: Send>(
        &mut self,
        within: Duration,
        work: impl AsyncFnOnce(&mut Session) -> std::result::Result<T, Failure> + Send,
    ) -> std::result::Result<T, Failure> {
        let Self { config, tls, runtime, session } = self;
        let Some(runtime) = runtime else {
            return Err(Failure::Lost("the connection is being dropped".to_owned()));
        };
        let called = move || {
            runtime.block_on(async move {
                let open = match session.take().filter(|open| !open.client.is_closed()) {
                    Some(open) => open,
                    None => connect(config, tls.clone()).await?,
                };
                let open = session.insert(open);
                let done = tokio::time::timeout(within, work(open)).await;
                let done = done.unwrap_or_else(|_| {
                    Err(Failure::Lost(t!("store-no-answer", seconds = within.as_secs())))
                });
                if matches!(done, Err(Failure::Lost(_))) {
                    *session = None;
                }
                done
            })
        };
        let done = std::thread::scope(|scope| scope.spawn(called).join());
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

async fn connect(config: &Config, tls: MakeRustlsConnect) -> std::result::Result<Session, Failure> {
    let connected = tokio::time::timeout(CONNECT_WITHIN, config.connect(tls)).await;
    let lost = || Failure::Lost(t!("store-no-answer", seconds = CONNECT_WITHIN.as_secs()));
    let (client, connection) = connected.map_err(|_| lost())??;
    // Its end shows in the client; what it says then is of no use.
    tokio::spawn(async move { connection.await.map_err(drop) });
    client.batch_execute(SETTINGS).await?;
    Ok(Session { client, statements: HashMap::new() })
}

/// Returns the settings that a URL means.
pub(in crate::store) fn config(url: &SecretString) -> Result<Config> {
    let mut config = Config::from_str(url.expose_secret())
        .map_err(|error| StoreError::Unfit(t!("store-no-postgres-url", why = %chain(&error))))?;
    let is_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    };
    // What travels is every broadcast: only a URL that says so gives up TLS.
    if config.get_ssl_mode() == SslMode::Prefer {
        let is_local = config.get_hosts().iter().all(is_here);
        config.ssl_mode(if is_local { SslMode::Prefer } else { SslMode::Require });
    }
    config.application_name("qunfa");
    config.connect_timeout(CONNECT_WITHIN);
    config.tcp_user_timeout(Duration::from_secs(10));
    config.keepalives_idle(Duration::from_secs(10));
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_or_a_url_that_says_so_goes_without_tls() {
        for (url, expected) in [
            ("postgres://qunfa@localhost/qunfa", SslMode::Prefer),
            ("postgres://qunfa@127.0.0.1:5433/qunfa", SslMode::Prefer),
            ("postgres://qunfa@%2Frun%2Fpostgresql/qunfa", SslMode::Prefer),
            ("postgres://qunfa@db.example.com/qunfa", SslMode::Require),
            ("postgres://qunfa@db.example.com/qunfa?sslmode=disable", SslMode::Disable),
        ] {
            let config = config(&SecretString::from(url)).unwrap();

            assert_eq!(config.get_ssl_mode(), expected, "{url}");
        }
        assert!(config(&SecretString::from("mysql://db/qunfa")).is_err());
    }
}
