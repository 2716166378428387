//! What a request to the console has: its cookies, its form, and how it came.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::header::{COOKIE, HOST};
use axum::http::{HeaderMap, Uri};
use url::form_urlencoded;

use crate::config::UserProxy;

/// The fields of a form or a query, each once: of two with one name, the first.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Self(fields)
    }

    pub(super) fn of_query(uri: &Uri) -> Self {
        Self::of(uri.query().unwrap_or_default().as_bytes())
    }

    /// Returns a field that says something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// Returns all fields that say something.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(_, value)| !value.is_empty())
    }
}

/// Returns a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|one| one.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}

/// Returns the name that a proxy gives. From another address the header is what anybody wrote, and a
/// header that stands twice may be what the proxy only passed on.
pub(super) fn proxy_user<'h>(
    proxy: &UserProxy,
    peer: IpAddr,
    headers: &'h HeaderMap,
) -> Option<&'h str> {
    if !proxy.from.contains(&peer.to_canonical()) {
        return None;
    }
    let mut names = headers.get_all(&proxy.header).iter();
    let name = names.next()?.to_str().ok().filter(|name| !name.is_empty())?;
    names.next().is_none().then_some(name)
}

/// Returns whether another site had a browser send the request.
pub(super) fn is_of_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_some_and(|site| !["same-origin", "none"].contains(&site))
}

/// Returns the address that a request is from: a proxy on this machine says whose it is.
pub(super) fn address(headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    if !peer.is_loopback() {
        return peer;
    }
    let mut all = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    // A client writes what it likes; the last one is what the proxy added.
    let last = all.next_back().and_then(|value| value.rsplit(',').next());
    last.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
}

/// Returns whether a cookie must be sent over TLS only: always, but for a browser on this machine.
pub(super) fn needs_tls(headers: &HeaderMap) -> bool {
    let word = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = word(HOST.as_str());
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_here =
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    word("x-forwarded-proto") == "https" || !is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = headers(&[("cookie", "a=1; qunfa=2; b=3=4")]);
        for (name, value) in [("qunfa", Some("2")), ("b", Some("3=4")), ("q", None)] {
            assert_eq!(cookie(&headers, name), value);
        }
    }

    #[test]
    fn a_cookie_needs_tls_but_on_this_machine() {
        for (pairs, needed) in [
            (&[("host", "127.0.0.1:8073")][..], false),
            (&[("host", "127.0.0.2:8073")], false),
            (&[("host", "localhost")], false),
            (&[("host", "[::1]:8073")], false),
            (&[("host", "127.0.0.1:8073"), ("x-forwarded-proto", "https")], true),
            (&[("host", "qunfa.example.com")], true),
            (&[("host", "localhost.example.com")], true),
            (&[], true),
        ] {
            assert_eq!(needs_tls(&headers(pairs)), needed, "{pairs:?}");
        }
    }

    #[test]
    fn only_a_proxy_on_this_machine_says_whose_a_request_is() {
        let headers = headers(&[("x-forwarded-for", "10.0.0.1, 10.0.0.2")]);
        for (peer, address) in [("127.0.0.1", "10.0.0.2"), ("10.0.0.9", "10.0.0.9")] {
            let found = super::address(&headers, peer.parse().unwrap());
            assert_eq!(found, address.parse::<IpAddr>().unwrap());
        }
    }

    #[test]
    fn a_name_in_a_header_counts_from_the_proxy_alone_and_only_once() {
        let proxy = UserProxy {
            header: "x-forwarded-user".to_owned(),
            from: vec!["127.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()],
        };
        let one = &[("x-forwarded-user", "anne")][..];
        let twice = &[("x-forwarded-user", "anne"), ("x-forwarded-user", "bert")];
        for (pairs, peer, name) in [
            (one, "127.0.0.1", Some("anne")),
            (one, "::ffff:127.0.0.1", Some("anne")),
            (one, "10.0.0.2", Some("anne")),
            (one, "10.0.0.3", None),
            (one, "::1", None),
            (twice, "127.0.0.1", None),
            (&[("x-forwarded-user", "")], "127.0.0.1", None),
            (&[("x-forwarded-for", "127.0.0.1")], "127.0.0.1", None),
            (&[("x-user", "anne")], "127.0.0.1", None),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, value.parse().unwrap());
            }
            let found = proxy_user(&proxy, peer.parse().unwrap(), &headers);
            assert_eq!(found, name, "{pairs:?} {peer}");
        }
    }

    #[test]
    fn of_two_fields_with_one_name_the_first_counts() {
        let fields = Fields::of("why=%E9%9B%A8+1&why=x&to=".as_bytes());
        assert_eq!((fields.get("why"), fields.get("to")), (Some("雨 1"), None));
        assert_eq!(fields.all().collect::<Vec<_>>(), [("why", "雨 1")]);
    }
}
