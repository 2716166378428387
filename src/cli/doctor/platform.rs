//! The checks of one account: the way to the platform, and its answers.

use std::net::SocketAddr;

use secrecy::SecretString;
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use url::Url;

use super::super::finding::{Finding, Verdict};
use super::super::{Problem, wait};
use super::{Report, STEP, judge};
use crate::config::{AccountConfig, Secrets, TokenSource};
use crate::daemon::Now;
use crate::wechat::client::{ApiBase, Client};
use crate::wechat::protocol::{self, HttpResponse, Request, TokenResponse, diagnosis};

/// How many steps [`Probe::check`] has at most.
pub(super) const STEPS: usize = 5;

/// Makes the requests.
pub(super) struct Probe {
    client: Client,
    runtime: Option<Runtime>,
    now: Now,
}

impl Drop for Probe {
    fn drop(&mut self) {
        // A look-up of a name cannot be stopped, and must not keep the command.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Probe {
    pub(super) fn start(now: Now) -> Result<Self, Problem> {
        Ok(Self { client: Client::new(), runtime: Some(wait::runtime()?), now })
    }

    /// Checks one account; a step that needs a failed one is left out.
    pub(super) fn check(
        &self,
        config: &AccountConfig,
        secrets: Secrets,
        report: &mut Report<'_, '_>,
    ) -> Result<(), Problem> {
        let name = &config.account.name;
        let base = match ApiBase::parse(&config.api_base) {
            Ok(base) => base,
            Err(error) => {
                let what = format!("{}: {error}", config.api_base);
                return report
                    .add(Finding::bad("api_base", what, "correct it in the config").of(name));
            }
        };
        report.begins(&format!("{name}: name look-up"))?;
        let found = self.runtime().block_on(look_up(&config.api_base));
        report.add(judge::names(&config.api_base, &found).of(name))?;
        let Ok(addresses) = found else { return Ok(()) };
        report.begins(&format!("{name}: connection"))?;
        let connected = self.runtime().block_on(connect(&addresses));
        report.add(judge::connection(&connected).of(name))?;
        if connected.is_err() {
            return Ok(());
        }
        let Some(request) = token_request(config, secrets) else {
            let what = "not asked for, because the secret was not read";
            return report.add(Finding::remark("token", what).of(name));
        };
        report.begins(&format!("{name}: token"))?;
        let response = self.ask(&base, request);
        // A token server that others share has a clock of its own.
        if !matches!(config.token, TokenSource::Url(_)) {
            self.judge_clock(&response, name, report)?;
        }
        let answer = protocol::read_token(&response);
        report.add_all(judge::token(&answer, &config.token).into_iter().map(|one| one.of(name)))?;
        let TokenResponse::Token { value, .. } = answer else { return Ok(()) };
        self.check_with(&value, (config, &base), report)
    }

    /// Checks what needs a token.
    fn check_with(
        &self,
        token: &SecretString,
        (config, base): (&AccountConfig, &ApiBase),
        report: &mut Report<'_, '_>,
    ) -> Result<(), Problem> {
        let name = &config.account.name;
        report.begins(&format!("{name}: rights"))?;
        let response = self.ask(base, protocol::tags_get(token));
        if matches!(config.token, TokenSource::Url(_)) {
            self.judge_clock(&response, name, report)?;
        }
        let rights = judge::rights(&diagnosis::read_rights(&response)).of(name);
        let may_go_on = rights.verdict != Verdict::Bad;
        report.add(rights)?;
        if config.callback.is_none() || !may_go_on {
            return Ok(());
        }
        report.begins(&format!("{name}: callback"))?;
        let response = self.ask(base, diagnosis::callback_check(token));
        let callback = judge::callback(&diagnosis::read_callback_check(&response), name);
        report.add(callback.of(name))
    }

    fn judge_clock(
        &self,
        response: &HttpResponse,
        name: &str,
        report: &mut Report<'_, '_>,
    ) -> Result<(), Problem> {
        let Some(platform_at) = response.date else { return Ok(()) };
        report.add(judge::clock(platform_at - (self.now)()).of(name))
    }

    fn ask(&self, base: &ApiBase, request: Request) -> HttpResponse {
        let request = Request { timeout: STEP, ..request };
        self.runtime().block_on(self.client.perform(base, &request))
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("only drop takes it")
    }
}

/// Returns the request for a token that others may keep using; none without a secret.
///
/// A classic token would invalidate the daemon's. The stable one is isolated from it, and shows the
/// same of secret and address.
fn token_request(config: &AccountConfig, secrets: Secrets) -> Option<Request> {
    if let TokenSource::Url(url) = &config.token {
        return Some(protocol::shared_token(url));
    }
    let secret = config.secret.as_ref().filter(|_| secrets == Secrets::Read)?;
    Some(protocol::stable_token(&config.account.appid, secret, false))
}

/// Looks up the addresses of a URL's host.
async fn look_up(base: &str) -> Result<Vec<SocketAddr>, String> {
    let url = Url::parse(base).map_err(|error| error.to_string())?;
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(443);
    let found = timeout(STEP, lookup_host((host, port))).await;
    let found = found.map_err(|_| judge::NO_ANSWER.to_owned())?;
    let found: Vec<_> = found.map_err(|error| error.to_string())?.collect();
    if found.is_empty() { Err("it has no address".to_owned()) } else { Ok(found) }
}

/// Connects to the first of these addresses that accepts.
async fn connect(addresses: &[SocketAddr]) -> Result<SocketAddr, String> {
    let share = STEP / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut problems = Vec::new();
    for address in addresses {
        let problem = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => error.to_string(),
            Err(_) => judge::NO_ANSWER.to_owned(),
        };
        problems.push(format!("{address}: {problem}"));
    }
    Err(problems.join("; "))
}
