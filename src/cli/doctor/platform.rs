//! The checks of one account: the way to the platform, and its answers.

use std::net::SocketAddr;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use url::Url;

use super::super::finding::{self, Finding, Verdict};
use super::super::{Problem, wait};
use super::{Report, STEP, judge};
use crate::config::{AccountConfig, Proxy, Secrets, TokenSource};
use crate::daemon::Now;
use crate::l10n::t;
use crate::wechat::client::{ApiBase, Client};
use crate::wechat::protocol::{self, HttpResponse, Request, TokenResponse, diagnosis};

/// The port of a SOCKS proxy whose URL has none.
const SOCKS_PORT: u16 = 1080;

/// How many steps [`Probe::check`] has at most.
pub(super) const STEPS: usize = 5;

/// How an account's requests leave.
type Way<'w> = (&'w Client, &'w ApiBase);

/// Makes the requests.
pub(super) struct Probe {
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
        Ok(Self { runtime: Some(wait::runtime()?), now })
    }

    /// Checks one account; a step that needs a failed one is left out.
    pub(super) fn check(
        &self,
        config: &AccountConfig,
        secrets: Secrets,
        report: &mut Report<'_, '_>,
    ) -> Result<(), Problem> {
        let name = &config.account.name;
        let Some(base) = self.reach(config, report)? else { return Ok(()) };
        if config.token.component().is_some() {
            return Ok(());
        }
        let client = client(config);
        let way = (&client, &base);
        let Some(request) = token_request(config, secrets) else {
            let what = t!("doctor-token-not-asked");
            return report.add(Finding::remark("token", what).of(name));
        };
        report.begins(&step(name, &finding::check_name("token")))?;
        let response = self.ask(way, request);
        // A token server that others share has a clock of its own.
        if !matches!(config.token, TokenSource::Url(_)) {
            self.judge_clock(&response, name, report)?;
        }
        let answer = protocol::read_token(&response);
        report.add_all(judge::token(&answer, &config.token).into_iter().map(|one| one.of(name)))?;
        let TokenResponse::Token { value, .. } = answer else { return Ok(()) };
        self.check_with(&value, (config, way), report)
    }

    /// Checks what needs a token.
    fn check_with(
        &self,
        token: &SecretString,
        (config, way): (&AccountConfig, Way<'_>),
        report: &mut Report<'_, '_>,
    ) -> Result<(), Problem> {
        let name = &config.account.name;
        report.begins(&step(name, &finding::check_name("rights")))?;
        let response = self.ask(way, protocol::tags_get(token));
        if matches!(config.token, TokenSource::Url(_)) {
            self.judge_clock(&response, name, report)?;
        }
        let rights = judge::rights(&diagnosis::read_rights(&response)).of(name);
        let may_go_on = rights.verdict != Verdict::Bad;
        report.add(rights)?;
        if config.callback.is_none() || !may_go_on {
            return Ok(());
        }
        report.begins(&step(name, &finding::check_name("callback")))?;
        let response = self.ask(way, diagnosis::callback_check(token));
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

    /// Returns the first of the account's API addresses that can be reached.
    fn reach(
        &self,
        config: &AccountConfig,
        report: &mut Report<'_, '_>,
    ) -> Result<Option<ApiBase>, Problem> {
        let name = &config.account.name;
        if matches!(config.proxy, Some(Proxy::Unread)) {
            let what = t!("doctor-way-not-checked");
            report.add(Finding::remark("proxy", what).of(name))?;
            return Ok(None);
        }
        for (index, text) in config.api_bases.iter().enumerate() {
            let base = match ApiBase::parse(text) {
                Ok(base) => base,
                Err(error) => {
                    let what = format!("{text}: {error}");
                    let finding = Finding::bad("api_base", what, t!("doctor-correct-it"));
                    report.add(finding.of(name))?;
                    return Ok(None);
                }
            };
            let proxy = match &config.proxy {
                Some(Proxy::Url(url)) if client(config).is_proxied(&base) => Some(url),
                Some(_) | None => None,
            };
            let is_last = index + 1 == config.api_bases.len() || proxy.is_some();
            // A spare address may still do.
            let judged = |finding: Finding| {
                if is_last { finding.of(name) } else { finding.of(name).softened() }
            };
            let (host, shown) = match proxy {
                Some(url) => (url.expose_secret(), t!("doctor-the-proxy")),
                None => (text.as_str(), text.clone()),
            };
            report.begins(&step(name, &t!("doctor-step-names")))?;
            let found = self.runtime().block_on(look_up(host));
            report.add(judged(judge::names(&shown, &found)))?;
            let Ok(addresses) = found else { continue };
            report.begins(&step(name, &finding::check_name("connection")))?;
            let connected = self.runtime().block_on(connect(&addresses));
            report.add(judged(judge::connection(&connected)))?;
            if connected.is_ok() {
                return Ok(Some(base));
            }
            if is_last {
                break;
            }
        }
        Ok(None)
    }

    fn ask(&self, (client, base): Way<'_>, request: Request) -> HttpResponse {
        let request = Request { timeout: STEP, ..request };
        self.runtime().block_on(client.perform(base, &request))
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("only drop takes it")
    }
}

fn step(account: &str, step: &str) -> String {
    t!("doctor-step-of", account = account, step = step)
}

/// Returns a client that makes an account's requests as the daemon does.
fn client(config: &AccountConfig) -> Client {
    match &config.proxy {
        Some(Proxy::Url(url)) => Client::new().through(url.clone()),
        Some(Proxy::Unread) | None => Client::new(),
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
    let port = url.port_or_known_default().unwrap_or(SOCKS_PORT);
    let found = timeout(STEP, lookup_host((host, port))).await;
    let found = found.map_err(|_| judge::no_answer())?;
    let found: Vec<_> = found.map_err(|error| error.to_string())?.collect();
    if found.is_empty() { Err(t!("doctor-no-address")) } else { Ok(found) }
}

/// Connects to the first of these addresses that accepts.
async fn connect(addresses: &[SocketAddr]) -> Result<SocketAddr, String> {
    let share = STEP / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut problems = Vec::new();
    for address in addresses {
        let problem = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => error.to_string(),
            Err(_) => judge::no_answer(),
        };
        problems.push(format!("{address}: {problem}"));
    }
    Err(problems.join("; "))
}
