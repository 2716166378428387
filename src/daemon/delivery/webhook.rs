//! Standard Webhooks (standardwebhooks.com): one message as JSON, with an id, a time and a signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::http::{Answer, Post};
use crate::alert::{Link, Message};
use crate::calendar::rfc3339;
use crate::config::Hook;
use crate::model::Failure;
use crate::text::alert;

/// What a secret begins with, before its base64.
const PREFIX: &str = "whsec_";

/// Returns a message as the document that webhooks and commands receive.
pub(super) fn document(message: &Message) -> Value {
    json!({
        "type": format!("alert.{}", message.event.as_str()),
        "timestamp": rfc3339(message.at),
        "data": {
            "id": message.id,
            "kind": message.kind,
            "severity": message.severity.as_str(),
            "account": message.account,
            "job": message.job,
            "title": message.title,
            "until": message.until.map(rfc3339),
            "approve_url": message.link.as_ref().map(Link::expose),
            "what": alert::what(message),
            "do": alert::advice(message),
            "reason_code": message.reason_code(),
            "text": alert::body(message),
        },
    })
}

/// Returns the request for a message.
pub(super) fn request(hook: &Hook, message: &Message, now: DateTime<Utc>) -> Result<Post, String> {
    let url = Url::parse(hook.url.expose_secret()).map_err(|_| "its URL is none".to_owned())?;
    let (body, timestamp) = (document(message).to_string(), now.timestamp().to_string());
    let mut headers = vec![("webhook-id", message.id.clone())];
    if let Some(secret) = &hook.secret {
        let signed = format!("{}.{timestamp}.{body}", message.id);
        headers
            .push(("webhook-signature", format!("v1,{}", sign(secret.expose_secret(), &signed)?)));
    }
    headers.push(("webhook-timestamp", timestamp));
    Ok(Post { url, headers, body })
}

/// Returns whether the receiver took the message.
pub(super) fn read(answer: &Answer) -> Result<(), String> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    Err(Failure::ReceiverStatus { status: answer.status }.to_string())
}

fn sign(secret: &str, text: &str) -> Result<String, String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret));
    let key = key.map_err(|_| "its secret is not `whsec_` and base64".to_owned())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    mac.update(text.as_bytes());
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Event, Fact, Severity};

    #[test]
    fn the_signature_is_that_of_the_documents() {
        let secret = "whsec_cXVuZmEgd2ViaG9vayBzZWNyZXQhISEh";

        // Computed with Python's hmac over the id, the time and the body.
        let signed = sign(secret, "msg_1.1599360473.{\"a\":1}").unwrap();

        assert_eq!(signed, "gZUNsQ3VSfRtnwIDnXw3wzFOIgZUpaO2WbR3yswoXn0=");
        assert!(sign("whsec_%", "x").is_err());
    }

    #[test]
    fn a_document_has_every_key_and_no_value_of_the_reason() {
        let message = Message {
            id: "a1".to_owned(),
            event: Event::Over,
            kind: "clock".to_owned(),
            severity: Severity::Page,
            account: Some("club".to_owned()),
            job: None,
            title: None,
            at: "2027-03-20T12:00:00Z".parse().unwrap(),
            until: None,
            fact: Fact::Over { state: None },
            advice: None,
            link: None,
        };

        let document = document(&message);

        assert_eq!(document["type"], "alert.over");
        assert_eq!(document["timestamp"], "2027-03-20T20:00:00+08:00");
        assert_eq!(document["data"]["kind"], "clock");
        assert_eq!(document["data"]["what"], "the alert (clock) is over");
        let keys: Vec<_> = document["data"].as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 12, "{keys:?}");
    }
}
