//! What an answer of the network or of the platform means for an operator.

use std::net::{IpAddr, SocketAddr};

use chrono::TimeDelta;

use super::super::finding::Finding;
use super::super::text::long;
use crate::config::TokenSource;
use crate::l10n::t;
use crate::model::console;
use crate::quota::margins;
use crate::text::stored;
use crate::wechat::codes::{self, Row};
use crate::wechat::protocol::TokenResponse;
use crate::wechat::protocol::diagnosis::{CallbackPath, NoResult};

/// Returns why a step without an answer ended.
pub(super) fn no_answer() -> String {
    t!("doctor-no-answer")
}

/// The code for an address that is not on the account's IP list.
const NOT_LISTED: i64 = 40_164;
/// The code for an account without a callback URL.
const NO_CALLBACK: i64 = 40_201;

/// A difference between two clocks that a response's way can explain.
const CLOCKS_AGREE: TimeDelta = TimeDelta::seconds(5);

/// Judges the look-up of a host's name.
pub(super) fn names(base: &str, found: &Result<Vec<SocketAddr>, String>) -> Finding {
    const CHECK: &str = "DNS";
    match found {
        Ok(addresses) => {
            let shown: Vec<_> = addresses.iter().map(|one| one.ip().to_string()).collect();
            Finding::good(
                CHECK,
                t!("doctor-names-good", base = %base, addresses = %shown.join(", ")),
            )
        }
        Err(why) => Finding::bad(
            CHECK,
            t!("doctor-names-bad", base = %base, why = %why),
            t!("doctor-names-advice"),
        ),
    }
}

/// Judges a connection.
pub(super) fn connection(connected: &Result<SocketAddr, String>) -> Finding {
    const CHECK: &str = "connection";
    match connected {
        Ok(address) => Finding::good(CHECK, t!("doctor-connects", address = %address)),
        Err(why) => Finding::bad(CHECK, why, t!("doctor-connect-advice")),
    }
}

/// Judges how far the platform's clock is ahead of ours.
pub(super) fn clock(ahead: TimeDelta) -> Finding {
    const CHECK: &str = "clock";
    let apart = ahead.abs();
    if apart <= CLOCKS_AGREE {
        return Finding::good(CHECK, t!("doctor-clock-good"));
    }
    let (is_behind, shown) = (ahead > TimeDelta::zero(), long(apart));
    let advice = t!("doctor-clock-advice");
    if apart > margins::CLOCK_APART {
        let what = match is_behind {
            true => t!("doctor-clock-behind-bad", apart = %shown),
            false => t!("doctor-clock-ahead-bad", apart = %shown),
        };
        return Finding::bad(CHECK, what, advice);
    }
    let what = match is_behind {
        true => t!("doctor-clock-behind", apart = %shown),
        false => t!("doctor-clock-ahead", apart = %shown),
    };
    Finding::warning(CHECK, what, advice)
}

/// Judges the answer of a token endpoint: the token, and with it the IP list.
pub(super) fn token(answer: &TokenResponse, source: &TokenSource) -> Vec<Finding> {
    const CHECK: &str = "token";
    match answer {
        TokenResponse::Token { expires_in_s, .. } => {
            let good = Finding::good(CHECK, t!("doctor-token-good", expires_in_s = %expires_in_s));
            let listed = match source {
                TokenSource::Stable | TokenSource::Classic => {
                    Some(Finding::good("IP list", t!("doctor-listed")))
                }
                // It is the token server's address that asked.
                TokenSource::Url(_) => None,
            };
            [good].into_iter().chain(listed).collect()
        }
        TokenResponse::Refused { code, errmsg, .. } => {
            vec![refused(CHECK, &codes::for_token(*code), (*code, errmsg))]
        }
        TokenResponse::Unclear(why) => vec![unclear(CHECK, why)],
    }
}

/// Judges the answer to a query that a verified account may make.
pub(super) fn rights(answer: &Result<(), NoResult>) -> Finding {
    const CHECK: &str = "rights";
    match answer {
        Ok(()) => Finding::good(CHECK, t!("doctor-rights-good")),
        Err(NoResult::Refused { code, errmsg }) => {
            refused(CHECK, &codes::for_query(*code), (*code, errmsg))
        }
        Err(NoResult::Unclear(why)) => unclear(CHECK, why),
    }
}

/// Judges what the platform sees of the callback.
pub(super) fn callback(answer: &Result<CallbackPath, NoResult>, account: &str) -> Finding {
    const CHECK: &str = "callback";
    let path = match answer {
        Ok(path) => path,
        Err(NoResult::Refused { code: NO_CALLBACK, .. }) => {
            return Finding::bad(
                CHECK,
                t!("doctor-no-callback"),
                t!("doctor-enter-callback", account = %account, callback = %console::callback()),
            );
        }
        Err(NoResult::Refused { code, errmsg }) => {
            let what = t!("doctor-callback-refused", code = %code, errmsg = %errmsg);
            return Finding::remark(CHECK, what);
        }
        Err(NoResult::Unclear(why)) => {
            return Finding::remark(CHECK, t!("doctor-not-checked", why = %stored::failure(why)));
        }
    };
    if path.addresses.is_empty() {
        return Finding::bad(
            CHECK,
            t!("doctor-callback-no-address"),
            t!("doctor-correct-callback", callback = %console::callback()),
        );
    }
    let shown = path.addresses.join(", ");
    if path.answered == 0 {
        return Finding::warning(
            CHECK,
            t!("doctor-callback-no-ping", shown = %shown),
            t!("doctor-callback-ports"),
        );
    }
    let what = t!("doctor-callback-good", shown = %shown);
    Finding::good(CHECK, what)
}

fn refused(check: &'static str, row: &Row, (code, errmsg): (i64, &str)) -> Finding {
    if code == NOT_LISTED {
        return not_listed(errmsg);
    }
    let what = t!("doctor-refused", what = %row.what(), code = %code, errmsg = %errmsg);
    match row.helps() {
        Some(advice) => Finding::bad(check, what, advice),
        None => Finding::warning(check, what, t!("doctor-passes")),
    }
}

fn not_listed(errmsg: &str) -> Finding {
    let keys = console::keys();
    let (what, advice) = match address(errmsg) {
        Some(ip) => (
            t!("doctor-not-listed-as", ip = %ip),
            t!("doctor-list-address", ip = %ip, keys = %keys),
        ),
        None => {
            (t!("doctor-not-listed", errmsg = errmsg), t!("doctor-list-that-address", keys = %keys))
        }
    };
    Finding::bad("IP list", what, advice)
}

/// Returns the address in a platform's message: the IPv4 one, if it is written in both forms.
fn address(errmsg: &str) -> Option<IpAddr> {
    let words = errmsg.split(|c: char| !(c.is_ascii_hexdigit() || ".:".contains(c)));
    words.filter_map(|word| word.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical()).next()
}

fn unclear(check: &'static str, why: &str) -> Finding {
    Finding::bad(
        check,
        t!("doctor-unclear", why = %stored::failure(why)),
        t!("doctor-unclear-advice"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::Verdict;
    use super::*;

    fn refusal(code: i64, errmsg: &str) -> TokenResponse {
        let verdict = codes::for_token(code).verdict;
        TokenResponse::Refused { verdict, code, errmsg: errmsg.to_owned() }
    }

    #[test]
    fn every_refusal_of_a_token_says_what_to_do() {
        for (code, errmsg, verdict, part) in [
            (40_125, "invalid appsecret", Verdict::Bad, "the AppSecret is not valid (40125"),
            (40_013, "invalid appid", Verdict::Bad, "the appid is not valid"),
            (40_243, "frozen", Verdict::Bad, "frozen"),
            (
                40_164,
                "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist",
                Verdict::Bad,
                "as 203.0.113.7,",
            ),
            (40_164, "not in whitelist", Verdict::Bad, "(not in whitelist)"),
            (-1, "system error", Verdict::Warning, "-1: system error"),
        ] {
            let found = token(&refusal(code, errmsg), &TokenSource::Stable);

            let [found] = &found[..] else { panic!("{found:?}") };
            assert_eq!(found.verdict, verdict, "{code}");
            assert!(found.what.contains(part), "{}", found.what);
            assert!(found.advice.is_some(), "{code}");
        }
    }

    #[test]
    fn a_token_shows_that_the_address_is_listed_if_this_machine_asked() {
        let given = TokenResponse::Token { value: "T".to_owned().into(), expires_in_s: 7200 };
        let server = TokenSource::Url("https://tokens.example".to_owned());
        for (source, findings) in [(TokenSource::Stable, 2), (server, 1)] {
            assert_eq!(token(&given, &source).len(), findings, "{source:?}");
        }
    }

    #[test]
    fn an_address_is_found_in_any_form_of_the_message() {
        for (errmsg, expected) in [
            ("invalid ip 203.0.113.7, not in whitelist rid: 6b02db98-0-1", Some("203.0.113.7")),
            ("invalid ip ::ffff:203.0.113.7 not in whitelist", Some("203.0.113.7")),
            ("invalid ip 2001:db8::1, not in whitelist", Some("2001:db8::1")),
            ("not in whitelist rid: 6b02db98-1f", None),
        ] {
            let found = address(errmsg).map(|ip| ip.to_string());

            assert_eq!(found.as_deref(), expected, "{errmsg}");
        }
    }

    #[test]
    fn clocks_are_judged_as_the_daemon_does() {
        for (seconds, expected) in [
            (0, Verdict::Good),
            (-5, Verdict::Good),
            (6, Verdict::Warning),
            (-60, Verdict::Warning),
            (61, Verdict::Bad),
            (-86_400, Verdict::Bad),
        ] {
            assert_eq!(clock(TimeDelta::seconds(seconds)).verdict, expected, "{seconds}");
        }
    }

    #[test]
    fn rights_and_callback_are_judged() {
        let refused = |code| NoResult::Refused { code, errmsg: "no".to_owned() };
        let path = |addresses: &[&str], answered| {
            let addresses = addresses.iter().map(|&one| one.to_owned()).collect();
            Ok(CallbackPath { addresses, answered })
        };
        for (answer, expected) in [
            (Ok(()), Verdict::Good),
            (Err(refused(48_001)), Verdict::Bad),
            (Err(refused(-1)), Verdict::Warning),
            (Err(NoResult::Unclear("no".to_owned())), Verdict::Bad),
        ] {
            assert_eq!(rights(&answer).verdict, expected, "{answer:?}");
        }
        for (answer, expected) in [
            (path(&["192.0.2.1"], 1), Verdict::Good),
            (path(&["192.0.2.1"], 0), Verdict::Warning),
            (path(&[], 0), Verdict::Bad),
            (Err(refused(40_201)), Verdict::Bad),
            (Err(refused(48_001)), Verdict::Warning),
            (Err(NoResult::Unclear("no".to_owned())), Verdict::Warning),
        ] {
            assert_eq!(callback(&answer, "a").verdict, expected, "{answer:?}");
        }
    }
}
