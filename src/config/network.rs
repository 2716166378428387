//! The addresses of an account's requests, and the proxy that they go through.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{Loader, Proxy, Secrets};
use crate::l10n::t;
use crate::yaml::diagnostic::{Location, quote};
use crate::yaml::{Entry, Fields};

/// The platform's addresses unless the config gives another: the usual one, and its spare domains.
const API_BASES: [&str; 5] = [
    "https://api.weixin.qq.com",
    "https://api2.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://sz.api.weixin.qq.com",
    "https://hk.api.weixin.qq.com",
];

/// The schemes of a proxy. `socks5h` leaves the look-up of names to the proxy.
const PROXY_SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

const PROXY_HELP: &str = "write `proxy: http://HOST:PORT` (or https, socks5, socks5h); a URL with a \
                          password belongs into `proxy_file` or `proxy_env`";

impl Loader<'_, '_> {
    /// Returns the addresses of the API. Only the platform's own has spare ones that the config need
    /// not give.
    pub(super) fn api_bases(&mut self, fields: &Fields<'_, '_>) -> Option<Vec<String>> {
        let platforms = || API_BASES.map(str::to_owned).to_vec();
        match (fields.get("api_base"), fields.get("api_bases")) {
            (None, None) => Some(platforms()),
            (Some(_), Some(second)) => {
                let message = "`api_base` and `api_bases` cannot stand together";
                self.report.say_with(second.key_location, message, "keep one of the two");
                None
            }
            (Some(entry), None) => {
                let base = without_slash(&self.url(entry)?);
                Some(if base == API_BASES[0] { platforms() } else { vec![base] })
            }
            (None, Some(entry)) => self.listed_bases(entry),
        }
    }

    fn listed_bases(&mut self, entry: &Entry<'_>) -> Option<Vec<String>> {
        let location = entry.node.location;
        let mut bases = Vec::new();
        for text in self.words(entry)? {
            let base = without_slash(&self.checked_url(&entry.key, &text, location)?);
            if bases.contains(&base) {
                let message = format!("{} stands in the list twice", quote(&base));
                self.report.say_with(location, message, "write each address once");
                return None;
            }
            bases.push(base);
        }
        Some(bases)
    }

    /// Returns an https URL, or an http one of this machine.
    pub(super) fn url(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = entry.text(self.report)?;
        self.checked_url(&entry.key, text, entry.node.location)
    }

    fn checked_url(&mut self, key: &str, text: &str, location: Location) -> Option<String> {
        // A token server's URL may hold a key, and any URL a password or a query.
        let shown = match key {
            "api_base" | "api_bases" if !text.contains(['@', '?']) => quote(text),
            _ => "this".to_owned(),
        };
        let (message, help) = match Url::parse(text) {
            Err(_) => (t!("config-no-url", shown = %shown), t!("inbox-write-https")),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                (t!("config-url-user-password-not-taken"), t!("config-take-them-out"))
            }
            Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
                return Some(text.to_owned());
            }
            Ok(_) => {
                (t!("config-not-https", shown = %shown), t!("config-tokens-travel-over-http-127"))
            }
        };
        self.report.say_with(location, message, help);
        None
    }

    /// Returns the proxy, `None` within if there is none. No message ever repeats its URL.
    pub(super) fn proxy(&mut self, fields: &Fields<'_, '_>) -> Option<Option<Proxy>> {
        let sources = ["proxy", "proxy_file", "proxy_env"].map(|key| fields.get(key));
        let mut given = sources.into_iter().flatten();
        let Some(entry) = given.next() else { return Some(None) };
        if let Some(second) = given.next() {
            let message = format!("`{}` and `{}` cannot stand together", entry.key, second.key);
            self.report.say_with(second.key_location, message, "keep one of the two");
            return None;
        }
        let is_plain = entry.key == "proxy";
        let url = if is_plain {
            SecretString::from(entry.text(self.report)?)
        } else {
            self.secret(fields, "proxy_file", "proxy_env")?
        };
        if !is_plain && self.secrets == Secrets::Leave {
            return Some(Some(Proxy::Unread));
        }
        let problem = match Url::parse(url.expose_secret()) {
            Err(_) => "this is no URL of a proxy",
            Ok(url) if !PROXY_SCHEMES.contains(&url.scheme()) || url.host_str().is_none() => {
                "this is no URL of a proxy"
            }
            Ok(url) if is_plain && (!url.username().is_empty() || url.password().is_some()) => {
                "a proxy's user and password do not belong into the config"
            }
            Ok(_) => return Some(Some(Proxy::Url(url))),
        };
        self.report.say_with(entry.node.location, problem, PROXY_HELP);
        None
    }
}

fn without_slash(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

/// Returns whether a URL can only mean this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}
