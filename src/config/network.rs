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

impl Loader<'_, '_> {
    /// Returns the addresses of the API. Only the platform's own has spare ones that the config need
    /// not give.
    pub(super) fn api_bases(&mut self, fields: &Fields<'_, '_>) -> Option<Vec<String>> {
        let platforms = || API_BASES.map(str::to_owned).to_vec();
        match (fields.get("api_base"), fields.get("api_bases")) {
            (None, None) => Some(platforms()),
            (Some(_), Some(second)) => {
                let message = t!("config-api-base-both");
                self.report.say_with(second.key_location, message, t!("config-keep-one"));
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
                let message = t!("config-listed-twice", base = %quote(&base));
                self.report.say_with(location, message, t!("config-each-once"));
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
            _ => t!("config-this"),
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

    /// Returns which of these keys is given, `None` within if none is; two of them are an error.
    pub(super) fn one_of<'n, 'a>(
        &mut self,
        fields: &Fields<'n, 'a>,
        keys: [&str; 3],
    ) -> Option<Option<&'n Entry<'a>>> {
        let mut given = keys.into_iter().filter_map(|key| fields.get(key));
        let Some(first) = given.next() else { return Some(None) };
        if let Some(second) = given.next() {
            let message = t!("config-two-keys", first = %first.key, second = %second.key);
            self.report.say_with(second.key_location, message, t!("config-keep-one"));
            return None;
        }
        Some(Some(first))
    }

    /// Returns the proxy, `None` within if there is none. No message ever repeats its URL.
    pub(super) fn proxy(&mut self, fields: &Fields<'_, '_>) -> Option<Option<Proxy>> {
        let keys = ["proxy", "proxy_file", "proxy_env"];
        let Some(entry) = self.one_of(fields, keys)? else { return Some(None) };
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
            Err(_) => t!("config-no-proxy-url"),
            Ok(url) if !PROXY_SCHEMES.contains(&url.scheme()) || url.host_str().is_none() => {
                t!("config-no-proxy-url")
            }
            Ok(url) if is_plain && (!url.username().is_empty() || url.password().is_some()) => {
                t!("config-proxy-password")
            }
            Ok(_) => return Some(Some(Proxy::Url(url))),
        };
        self.report.say_with(entry.node.location, problem, t!("config-proxy-help"));
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
