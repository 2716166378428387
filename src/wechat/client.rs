//! Performs each HTTP request once, and reports whether it may have arrived.
//!
//! Three outcomes: not sent (for certain), answered (a whole response), or unknown. The proof of
//! "not sent" is a body that counts as sent from the moment the HTTP stack first reads it. Each
//! send uses a connection of its own, so that no stack can repeat one on a connection that turns
//! out to be closed; queries share connections. Nothing is retried, no redirect is followed, no
//! proxy is taken from the environment, and no error text ever shows a URL.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body::{Frame, SizeHint};
use reqwest::header::{AGE, CONTENT_TYPE, DATE, HeaderMap};
use reqwest::multipart::{self, Part};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::model::{Failure, Plain};

use super::protocol::{GLANCE, HttpResponse, Method, Reply, Request};

/// The longest response that is read.
const ANSWER_MAX: usize = 1024 * 1024;
/// How long resolving the host, connecting and the TLS handshake may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an unused connection for queries is kept open.
const IDLE: Duration = Duration::from_secs(20);

/// The platform's website, whatever the address of its API.
const WEBSITE: &str = "https://mp.weixin.qq.com";

/// Why tokens must not be sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// It is not a URL.
    #[error("not a URL of the form https://HOST")]
    NotAUrl,
    /// Neither https nor a loopback address.
    #[error("must be https (plain http is for loopback addresses only)")]
    NotSecret,
    /// It holds a user name, a query or a fragment, which a base cannot have.
    #[error("must be a scheme, a host, and at most a port and a path")]
    Surplus,
}

/// The address for an account's requests: https, or plain http on this machine only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiBase(Url);

impl ApiBase {
    /// Parses an `api_base` of the config.
    pub fn parse(text: &str) -> Result<Self, BaseError> {
        let url = check_url(text)?;
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseError::Surplus);
        }
        Ok(Self(url))
    }

    /// Returns the address of the platform's website, which serves the pictures of codes. A test
    /// platform serves them itself.
    fn website(&self) -> Self {
        let is_platform = self.0.host_str().is_some_and(|host| host.ends_with(".weixin.qq.com"));
        match Url::parse(WEBSITE) {
            Ok(url) if is_platform => Self(url),
            Ok(_) | Err(_) => self.clone(),
        }
    }

    fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }
}

/// Parses a URL and refuses one that would carry secrets over a network unencrypted.
///
/// For the URL of a shared token server, which may have a query.
pub fn check_url(text: &str) -> Result<Url, BaseError> {
    let url = Url::parse(text).map_err(|_| BaseError::NotAUrl)?;
    let host = url.host_str().ok_or(BaseError::NotAUrl)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(host) => Ok(url),
        _ => Err(BaseError::NotSecret),
    }
}

/// Returns whether a host, as a parsed URL writes it, can only be this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.map_or(host == "localhost", |ip| ip.is_loopback())
}

/// The HTTP clients, shared by all accounts.
///
/// Cheap to create: the real clients are created when first needed and then kept, those for https
/// and those for a proxy apart from those for loopback, so that a rehearsal needs no certificates on
/// the machine.
#[derive(Debug, Default)]
pub struct Client {
    tls: OnceLock<Pair>,
    plain: OnceLock<Pair>,
    proxied: OnceLock<Pair>,
    /// The directory of the files to upload, each named by its digest.
    files: Option<PathBuf>,
    /// The proxy for requests to the platform, also where names are looked up.
    proxy: Option<SecretString>,
}

/// How a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// To this machine, unencrypted.
    Plain,
    /// With TLS.
    Tls,
    /// With TLS, through the proxy.
    Proxied,
}

/// One client for sends, one for everything else.
#[derive(Debug)]
struct Pair {
    sends: reqwest::Client,
    questions: reqwest::Client,
}

impl Client {
    /// Returns a client that has not connected to anything yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a client that can upload the files of a directory, each named by its digest.
    pub fn with_files(directory: PathBuf) -> Self {
        Self { files: Some(directory), ..Self::default() }
    }

    /// Lets the requests to the platform go through a proxy. Its URL may hold a password.
    ///
    /// Requests to this machine, and to a token server, do not go through it.
    #[must_use]
    pub fn through(self, proxy: SecretString) -> Self {
        Self { proxy: Some(proxy), ..self }
    }

    /// Makes one request, once, and returns its outcome.
    ///
    /// `base` does not matter for a request with a complete URL. Dropping the future leaves the
    /// outcome unknown.
    pub async fn perform(&self, base: &ApiBase, request: &Request) -> HttpResponse {
        self.perform_unless(base, request, Arc::new(|| false)).await
    }

    /// The same, unless the request has become too old when its body is about to be sent: a process
    /// that was suspended, or an image of one that resumed, must not send a decision made long ago.
    pub async fn perform_unless(
        &self,
        base: &ApiBase,
        request: &Request,
        too_old: TooOld,
    ) -> HttpResponse {
        let begun = Arc::new(AtomicBool::new(false));
        let probe = Probe { data: None, begun: Arc::clone(&begun), too_old };
        let prepared = match self.prepare(base, request, probe) {
            Ok(prepared) => prepared,
            Err(why) => return HttpResponse { reply: Reply::NotSent(why), date: None },
        };
        let prepared = match self.attach(prepared, request).await {
            Ok(prepared) => prepared,
            Err(why) => return HttpResponse { reply: Reply::NotSent(why), date: None },
        };
        let response = match prepared.send().await {
            Ok(response) => response,
            Err(error) => {
                // The probe is the stronger proof; only a request without a body needs the error's
                // own report.
                let certain = match request.body.as_deref().filter(|_| request.form.is_none()) {
                    None | Some("") => error.is_builder() || error.is_connect(),
                    Some(_) => !begun.load(Ordering::SeqCst),
                };
                let without_connection = error.is_connect();
                let why = failure(error).to_string();
                let reply = match (certain, without_connection) {
                    (true, true) => Reply::Unreachable(why),
                    (true, false) => Reply::NotSent(why),
                    (false, _) => Reply::Unknown(why),
                };
                return HttpResponse { reply, date: None };
            }
        };
        let date = date(response.headers());
        let reply = read(response, request.is_glance).await;
        HttpResponse { reply: unrepeated(reply, request), date }
    }

    fn prepare(
        &self,
        base: &ApiBase,
        request: &Request,
        probe: Probe,
    ) -> Result<reqwest::RequestBuilder, String> {
        let mut url = if request.path.starts_with('/') {
            let base = if request.save.is_some() { base.website() } else { base.clone() };
            base.join(&request.path)
        } else {
            check_url(&request.path).map_err(|error| format!("the token server's URL: {error}"))?
        };
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let pair = self.pair(self.way(&url, request))?;
        let client = if request.is_send() { &pair.sends } else { &pair.questions };
        let builder = match request.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url),
        };
        let builder = builder.timeout(request.timeout);
        Ok(match &request.body {
            None => builder,
            Some(body) => {
                let probe = Probe { data: Some(Bytes::from(body.clone())), ..probe };
                builder.header(CONTENT_TYPE, "application/json").body(reqwest::Body::wrap(probe))
            }
        })
    }

    /// Attaches the file that a request uploads.
    async fn attach(
        &self,
        builder: reqwest::RequestBuilder,
        request: &Request,
    ) -> Result<reqwest::RequestBuilder, String> {
        let Some(form) = &request.form else { return Ok(builder) };
        let files = self.files.as_ref().ok_or("this client has no files to upload")?;
        let read = tokio::fs::read(files.join(&form.sha256)).await;
        let bytes = read.map_err(|error| {
            let (file, error) = (form.sha256.clone(), error.to_string());
            Failure::FileUnreadable { file, error }.to_string()
        })?;
        let part = Part::bytes(bytes).file_name(form.name.clone());
        let part = part.mime_str(form.format.mime()).map_err(|error| failure(error).to_string())?;
        Ok(builder.multipart(multipart::Form::new().part("media", part)))
    }

    /// Returns whether the requests to an address go through a proxy.
    pub fn is_proxied(&self, base: &ApiBase) -> bool {
        self.proxy.is_some() && !base.0.host_str().is_some_and(is_loopback)
    }

    fn way(&self, url: &Url, request: &Request) -> Way {
        let is_platforms = request.path.starts_with('/');
        if url.scheme() != "https" {
            Way::Plain
        } else if is_platforms && self.is_proxied(&ApiBase(url.clone())) {
            Way::Proxied
        } else {
            Way::Tls
        }
    }

    fn pair(&self, way: Way) -> Result<&Pair, String> {
        let cell = match way {
            Way::Plain => &self.plain,
            Way::Tls => &self.tls,
            Way::Proxied => &self.proxied,
        };
        if let Some(pair) = cell.get() {
            return Ok(pair);
        }
        let proxy = self.proxy.as_ref().filter(|_| way == Way::Proxied);
        let pair = Pair::new(way != Way::Plain, proxy);
        let pair = pair.map_err(|error| failure(error).to_string())?;
        Ok(cell.get_or_init(|| pair))
    }
}

impl Pair {
    fn new(tls: bool, proxy: Option<&SecretString>) -> Result<Self, reqwest::Error> {
        let proxy = proxy.map(|url| reqwest::Proxy::all(url.expose_secret())).transpose()?;
        let begin = || match &proxy {
            Some(proxy) => builder(tls).proxy(proxy.clone()),
            None => builder(tls),
        };
        Ok(Self {
            sends: begin().pool_max_idle_per_host(0).build()?,
            questions: begin().pool_max_idle_per_host(16).pool_idle_timeout(IDLE).build()?,
        })
    }
}

/// Begins a client that sends each request once, to the given address and no other.
pub(crate) fn builder(tls: bool) -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that another caller installed one first, which is equally good.
        rustls::crypto::ring::default_provider().install_default().ok();
    });
    let builder = reqwest::Client::builder()
        .user_agent(concat!("qunfa/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only();
    // Without root certificates no certificate would be trusted, so none are loaded.
    if tls { builder.https_only(true) } else { builder.tls_certs_only([]) }
}

/// Reads the whole response, or its beginning if that is enough, or reports that there is none.
async fn read(mut response: reqwest::Response, is_glance: bool) -> Reply {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Reply::Http { status, body },
            Ok(Some(chunk)) if is_glance && body.len() + chunk.len() >= GLANCE => {
                body.extend_from_slice(&chunk[..GLANCE - body.len()]);
                return Reply::Http { status, body };
            }
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_MAX => {
                return Reply::Unknown(Failure::TooLong { status, most: ANSWER_MAX }.to_string());
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => {
                let detail = failure(error).to_string();
                return Reply::Unknown(Failure::CutShort { status, detail }.to_string());
            }
        }
    }
}

/// Removes the request's secrets from a response whose errmsg repeats them: errmsgs are logged.
///
/// Nothing else changes: a token may contain the same characters as a secret, and must stay whole.
fn unrepeated(reply: Reply, request: &Request) -> Reply {
    let Reply::Http { status, body } = reply else { return reply };
    let mut secrets = request.secrets();
    secrets.retain(|secret| !secret.is_empty());
    let has = |secret: &String| body.windows(secret.len()).any(|part| part == secret.as_bytes());
    if !secrets.iter().any(has) {
        return Reply::Http { status, body };
    }
    let text = String::from_utf8_lossy(&body);
    Reply::Http { status, body: without_in_errmsg(&text, &secrets).into_bytes() }
}

/// Returns a JSON text whose errmsgs no longer contain any of these secrets.
fn without_in_errmsg(text: &str, words: &[String]) -> String {
    const NAME: &str = "\"errmsg\"";
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find(NAME) {
        let (before, value) = rest.split_at(found + NAME.len());
        let (value, after) = value.split_at(value_end(value));
        kept.push_str(before);
        kept.push_str(&words.iter().fold(value.to_owned(), |text, word| text.replace(word, "…")));
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Returns where the value after a key ends: a string at its closing quote, anything else at the
/// text's end.
fn value_end(text: &str) -> usize {
    let Some(open) = text.find(|c: char| c != ':' && !c.is_whitespace()) else { return text.len() };
    if !text[open..].starts_with('"') {
        return text.len();
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at <= open) {
        match c {
            '"' if !escaped => return at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// Returns the server's clock. A response from a cache (it has an `Age`) shows an old one.
fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    if headers.contains_key(AGE) {
        return None;
    }
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc))
}

/// Returns what an error means, without the URL, which contains the token.
pub(crate) fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let causes: Vec<_> = successors(error.source(), |cause| (*cause).source()).collect();
    let of_connect = error.is_connect();
    if causes.iter().any(|cause| cause.is::<StoodStill>()) {
        return Plain::StoodStill.into();
    }
    if error.is_timeout() {
        return if of_connect { Plain::NoConnectionInTime } else { Plain::NoAnswer }.into();
    }
    let detail = || causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    if let Some(tls) = causes.iter().find_map(|cause| tls(*cause)) {
        return Failure::Tls { detail: tls.to_string() };
    }
    // The connector names its steps in words only.
    let says = |words: &str| causes.iter().any(|cause| cause.to_string().starts_with(words));
    if says("dns error") {
        return Failure::HostUnknown { detail: detail() };
    }
    let kind =
        causes.iter().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(ErrorKind::ConnectionRefused) if of_connect => Plain::ConnectionRefused.into(),
        Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => Plain::NoRoute.into(),
        Some(ErrorKind::TimedOut) if of_connect => Plain::NoConnectionInTime.into(),
        _ if of_connect => Failure::NoConnection { detail: detail() },
        Some(
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof,
        ) => Plain::ConnectionClosed.into(),
        _ if says("connection closed before message completed") => Plain::ConnectionClosed.into(),
        _ => Failure::Broken { detail: detail() },
    }
}

/// Returns the error of TLS that an error of a connection holds.
pub(crate) fn tls<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.and_then(|inner| inner.downcast_ref()).or_else(|| cause.downcast_ref())
}

/// A body that records whether the HTTP stack ever read it.
///
/// A body that was read may not have been sent. A body that was not read was certainly not sent,
/// because the request's length was announced and none of it can have been written. The exact size
/// keeps the request from being chunked.
struct Probe {
    data: Option<Bytes>,
    begun: Arc<AtomicBool>,
    too_old: TooOld,
}

/// Returns whether a request is too old to be sent.
pub type TooOld = Arc<dyn Fn() -> bool + Send + Sync>;

/// Why a body was held back.
#[derive(Debug, thiserror::Error)]
#[error("the process stood still between the decision and the request")]
struct StoodStill;

impl http_body::Body for Probe {
    type Data = Bytes;
    type Error = StoodStill;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoodStill>>> {
        if (self.too_old)() {
            return Poll::Ready(Some(Err(StoodStill)));
        }
        self.begun.store(true, Ordering::SeqCst);
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}

#[cfg(test)]
mod tests;
