//! Two harmless requests that show whether an account is set up: they send nothing, use no token up
//! and are not of the mass-send family, whose calls are counted.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::Request;
use super::response::{HttpResponse, Refusal, Reply, printable, question, read_json};
use crate::model::Plain;

/// What the platform sees of an account's callback URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackPath {
    /// The addresses that its host resolves to, safe to show.
    pub addresses: Vec<String>,
    /// How many of them answered a ping.
    pub answered: usize,
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoResult {
    /// The platform refused it.
    Refused {
        /// The return code.
        code: i64,
        /// The platform's message, safe to log.
        errmsg: String,
    },
    /// No clear response.
    Unclear(String),
}

/// Asks the platform to resolve and ping the host of the account's callback URL.
pub fn callback_check(token: &SecretString) -> Request {
    let body = json!({ "action": "all", "check_operator": "DEFAULT" }).to_string();
    Request::post("/cgi-bin/callback/check", Some(token), body)
}

/// Reads the response to a query that a verified account may make (`tags/get`).
pub fn read_rights(response: &HttpResponse) -> Result<(), NoResult> {
    question(&response.reply).map(drop).map_err(no_result)
}

/// Reads the response to [`callback_check`].
pub fn read_callback_check(response: &HttpResponse) -> Result<CallbackPath, NoResult> {
    question(&response.reply).map_err(no_result)?;
    let Reply::Http { body, .. } = &response.reply else {
        return Err(NoResult::Unclear(Plain::NoAnswer.to_string()));
    };
    let read: Lists =
        read_json(body).map_err(|_| NoResult::Unclear(Plain::ListsUnclear.to_string()))?;
    Ok(CallbackPath {
        addresses: read.dns.iter().map(|found| printable(&found.ip)).collect(),
        answered: read.ping.iter().filter(|ping| ping.package_loss == "0%").count(),
    })
}

fn no_result(refusal: Refusal) -> NoResult {
    match refusal {
        Refusal::NewToken { code, errmsg } | Refusal::Code { code, errmsg, .. } => {
            NoResult::Refused { code, errmsg }
        }
        Refusal::Unclear(why) => NoResult::Unclear(why),
    }
}

#[derive(Deserialize)]
struct Lists {
    #[serde(default)]
    dns: Vec<Resolved>,
    #[serde(default)]
    ping: Vec<Pinged>,
}

#[derive(Deserialize)]
struct Resolved {
    ip: String,
}

#[derive(Deserialize)]
struct Pinged {
    package_loss: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> HttpResponse {
        HttpResponse { reply: Reply::Http { status: 200, body: body.into() }, date: None }
    }

    #[test]
    fn the_check_of_the_callback_is_that_of_the_documents() {
        let request = callback_check(&SecretString::from("TOKEN"));

        assert_eq!(request.path, "/cgi-bin/callback/check");
        assert_eq!(request.body.unwrap(), r#"{"action":"all","check_operator":"DEFAULT"}"#);
    }

    #[test]
    fn the_documents_sample_is_read() {
        let sample = r#"{"dns":[{"ip":"111.161.64.40","real_operator":"UNICOM"},
            {"ip":"111.161.64.48","real_operator":"UNICOM"}],
            "ping":[{"ip":"111.161.64.40","from_operator":"UNICOM","package_loss":"0%","time":"23.079ms"},
            {"ip":"111.161.64.48","from_operator":"UNICOM","package_loss":"100%","time":"0ms"}]}"#;

        let path = read_callback_check(&answer(sample)).unwrap();

        assert_eq!(path.addresses, ["111.161.64.40", "111.161.64.48"]);
        assert_eq!(path.answered, 1);
    }

    #[test]
    fn a_refusal_keeps_its_code_and_anything_else_is_unclear() {
        for (body, code) in [
            (r#"{"errcode":40201,"errmsg":"no url"}"#, Some(40201)),
            (r#"{"errcode":40001,"errmsg":"invalid credential"}"#, Some(40001)),
            (r#"{"dns":1}"#, None),
            ("no", None),
        ] {
            let found = match read_callback_check(&answer(body)).unwrap_err() {
                NoResult::Refused { code, .. } => Some(code),
                NoResult::Unclear(_) => None,
            };
            assert_eq!(found, code, "{body}");
        }
        assert_eq!(read_rights(&answer(r#"{"tags":[]}"#)), Ok(()));
        let errmsg = "api unauthorized".to_owned();
        assert_eq!(
            read_rights(&answer(r#"{"errcode":48001,"errmsg":"api unauthorized"}"#)),
            Err(NoResult::Refused { code: 48001, errmsg })
        );
    }
}
