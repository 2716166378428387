//! `sandbox`: the simulated platform behind HTTP, for rehearsals and for other programs' tests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Problem, Terminal};
use crate::l10n::t;
use crate::sandbox::server::{self, Callback, Style, Target};
use crate::sandbox::{AccountSpec, Fault, Platform, parse_account, parse_fault};
use crate::text::names;

/// The seed for tokens and numbers: every sandbox gives the same ones.
const SEED: u64 = 1;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Where to listen, say 127.0.0.1:8090 (port 0: any)
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// An account; without any, every appid is a service account with 1,000 followers
    #[arg(long = "account", value_name = "APPID:KIND[:FOLLOWERS]", value_parser = parse_account)]
    accounts: Vec<AccountSpec>,
    #[arg(long = "fault", value_name = "FAULT", value_parser = parse_fault)]
    #[arg(help = "A way to fail, say errcode=45066*2@sendall or answer_lost")]
    faults: Vec<Fault>,
    /// Where events are pushed to
    #[arg(long, value_name = "URL", requires = "callback_token")]
    callback: Option<String>,
    /// The token that signs them
    #[arg(long, value_name = "TOKEN", requires = "callback")]
    callback_token: Option<String>,
    #[arg(long, value_name = "KEY", requires = "callback")]
    #[arg(help = "The EncodingAESKey; with it, events are encrypted")]
    callback_key: Option<String>,
    /// Left out: safe with a key, plain without
    #[arg(long, value_name = "MODE", requires = "callback")]
    #[arg(value_parser = ["plain", "compatible", "safe"])]
    callback_mode: Option<String>,
    /// How bodies are written
    #[arg(long, value_name = "FORMAT", requires = "callback", value_parser = ["xml", "json"])]
    callback_format: Option<String>,
    /// Serve other machines too
    #[arg(long)]
    allow_remote: bool,
}

/// Serves the platform until SIGINT or SIGTERM.
pub(super) fn run(options: &Options, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    if !options.listen.ip().is_loopback() && !options.allow_remote {
        return Err(Problem::Cannot(t!("sandbox-not-loopback", address = %options.listen)));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::Rehearsal(error.into()))?;
    let served = runtime.block_on(serve(options, terminal));
    // Requests that hang end with the process.
    runtime.shutdown_background();
    served
}

async fn serve(options: &Options, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        let error = anyhow::Error::new(error);
        Problem::Rehearsal(error.context(t!("sandbox-no-listener", address = %options.listen)))
    };
    let callback = callback(options).map_err(Problem::Cannot)?;
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    // Before the first line: a program that waits for that line may end the process at once.
    let mut terminated = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(failed)?;
    terminal.write(&format!("http://{address}\n"))?;
    explain(options, &format!("http://{address}"), terminal);
    let platform = Arc::new(Mutex::new(platform(options)));
    let shutdown = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    server::serve(listener, platform, terminal.now.clone(), callback, shutdown)
        .await
        .map_err(|error| Problem::Rehearsal(error.into()))
}

fn callback(options: &Options) -> Result<Option<Callback>, String> {
    let Some((url, token)) = options.callback.as_deref().zip(options.callback_token.as_deref())
    else {
        return Ok(None);
    };
    let style = Style {
        mode: options.callback_mode.as_deref(),
        key: options.callback_key.as_deref(),
        format: options.callback_format.as_deref(),
    };
    let target = Target::new(url, token).styled(style)?;
    Ok(Some(Callback::default().with(None, target)))
}

fn platform(options: &Options) -> Platform {
    let mut platform = Platform::new(SEED);
    for account in &options.accounts {
        platform.add_account(account.clone());
    }
    for fault in &options.faults {
        platform.inject(fault.clone());
    }
    platform
}

/// Explains to operators how to use it, besides the address, which is for programs.
fn explain(options: &Options, address: &str, terminal: &mut Terminal<'_>) {
    let accounts = match options.accounts.as_slice() {
        [] => t!("sandbox-any-account"),
        some => {
            let names: Vec<_> = some.iter().map(|account| account.appid.clone()).collect();
            t!("sandbox-accounts", names = names::list(&names))
        }
    };
    let lines = t!("sandbox-explanation", accounts = accounts, address = address) + "\n";
    // A failure is harmless: the answer was the address.
    terminal.remarks.write_all(lines.as_bytes()).ok();
}
