//! The check of a developer's URL (网络检测): the platform resolves its host and pings each address.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::answer::Refusal;
use super::{Call, Platform};

/// The address of every host that has a name.
const NAMED: &str = "203.0.113.8";

impl Platform {
    /// Sets an account's URL, or that of all accounts.
    pub fn set_callback_url(&mut self, appid: Option<&str>, url: &str) {
        self.callback_urls.insert(appid.map(str::to_owned), url.to_owned());
    }

    /// `callback/check`.
    pub(super) fn check_callback(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = call.object()?;
        let get = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let (resolves, pings) = match get("action") {
            "dns" => (true, false),
            "ping" => (false, true),
            "all" => (true, true),
            _ => return Err(Refusal::code(40_202)),
        };
        let operator = get("check_operator");
        if !["CHINANET", "UNICOM", "CAP", "DEFAULT"].contains(&operator) {
            return Err(Refusal::code(40_203));
        }
        let own = self.callback_urls.get(&Some(call.appid.to_owned()));
        let url = own.or_else(|| self.callback_urls.get(&None));
        let ip = address(url.ok_or_else(|| Refusal::code(40_201))?);
        let from = if operator == "DEFAULT" { "CAP" } else { operator };
        let mut answer = json!({});
        if resolves {
            answer["dns"] = json!([{"ip": ip, "real_operator": "UNICOM"}]);
        }
        if pings {
            answer["ping"] = json!([{
                "ip": ip, "from_operator": from, "package_loss": "0%", "time": "23.079ms",
            }]);
        }
        Ok(answer)
    }
}

fn address(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let is_v6 = host.starts_with('[');
    let end = if is_v6 { host.find(']') } else { host.rfind(':') };
    let host = host[..end.unwrap_or(host.len())].trim_start_matches('[');
    host.parse().map_or_else(|_| NAMED.to_owned(), |ip: IpAddr| ip.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_url_is_its_host() {
        for (url, expected) in [
            ("http://127.0.0.1:8071/callback/a", "127.0.0.1"),
            ("http://192.0.2.1/wx?a=b:c", "192.0.2.1"),
            ("http://[::1]:80/wx", "::1"),
            ("https://example.com/wx", NAMED),
        ] {
            assert_eq!(address(url), expected, "{url}");
        }
    }
}
