//! Delivers events to the callbacks as the platform does: plain, encrypted, or both in one body.
//!
//! A push waits 5 s for its response and is tried three times in all; after that the event is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::account::openid;
use super::clock::Clock;
use super::crypto::Key;
use super::job::{Event, original_id};
use super::{ComponentPush, hex, mix};

const TRIES: u64 = 3;
const PATIENCE: Duration = Duration::from_secs(5);

/// What an account chose for its callback, in addition to the URL and the token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style<'a> {
    /// `plain` (明文模式), `compatible` (兼容模式) or `safe` (安全模式); the last, if there is a key.
    pub mode: Option<&'a str>,
    /// The `EncodingAESKey`.
    pub key: Option<&'a str>,
    /// `xml` or `json`.
    pub format: Option<&'a str>,
}

#[derive(Clone)]
enum Mode {
    Plain,
    Compatible(Key),
    Safe(Key),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Xml,
    Json,
}

/// The target and the form of an account's pushes.
#[derive(Clone)]
pub struct Target {
    url: String,
    token: String,
    mode: Mode,
    format: Format,
    /// The component that its pushes are encrypted for, if not for the account.
    component: Option<String>,
}

impl Target {
    /// A callback in plain mode and XML.
    pub fn new(url: &str, token: &str) -> Self {
        let (url, token) = (url.to_owned(), token.to_owned());
        Self { url, token, mode: Mode::Plain, format: Format::Xml, component: None }
    }

    /// The same in another mode or format.
    ///
    /// # Errors
    ///
    /// A sentence that names the error.
    pub fn styled(mut self, style: Style<'_>) -> Result<Self, String> {
        let mode = style.mode.unwrap_or_else(|| if style.key.is_some() { "safe" } else { "plain" });
        let key = || style.key.ok_or_else(|| format!("mode `{mode}` needs an encoding_aes_key"));
        self.mode = match mode {
            "plain" => Mode::Plain,
            "compatible" => Mode::Compatible(Key::parse(key()?)?),
            "safe" => Mode::Safe(Key::parse(key()?)?),
            other => {
                return Err(format!("a mode is `plain`, `compatible` or `safe`, not `{other}`"));
            }
        };
        self.format = match style.format.unwrap_or("xml") {
            "xml" => Format::Xml,
            "json" => Format::Json,
            other => return Err(format!("a format is `xml` or `json`, not `{other}`")),
        };
        Ok(self)
    }

    /// The same, encrypted for the component that the account authorised.
    #[must_use]
    pub fn of_component(self, appid: &str) -> Self {
        Self { component: Some(appid.to_owned()), ..self }
    }

    /// Builds the query and the body of a push.
    fn dress(&self, push: &Words, timestamp: &str, nonce: &str) -> (Vec<(&str, String)>, String) {
        let signature = sign(&[&self.token, timestamp, nonce]);
        let mut query = vec![
            ("signature", signature),
            ("timestamp", timestamp.to_owned()),
            ("nonce", nonce.to_owned()),
            ("openid", openid(&push.appid, 0)),
        ];
        let plain = if self.format == Format::Xml { &push.xml } else { &push.json };
        let (key, beside) = match &self.mode {
            Mode::Plain => return (query, plain.clone()),
            Mode::Compatible(key) => (key, Some(plain)),
            Mode::Safe(key) => (key, None),
        };
        let digest = Sha256::digest(format!("{timestamp} {nonce}"));
        let random = std::array::from_fn(|place| digest[place]);
        let owner = self.component.as_ref().unwrap_or(&push.appid);
        let encrypt = key.seal(random, plain, owner);
        query.push(("encrypt_type", "aes".to_owned()));
        query.push(("msg_signature", sign(&[&self.token, timestamp, nonce, &encrypt])));
        let to = original_id(&push.appid);
        let body = match (self.format, beside) {
            (Format::Xml, None) => format!(
                "<xml>\n<ToUserName><![CDATA[{to}]]></ToUserName>\n\
                 <Encrypt><![CDATA[{encrypt}]]></Encrypt>\n</xml>"
            ),
            (Format::Xml, Some(plain)) => {
                let open = plain.strip_suffix("</xml>").unwrap_or(plain);
                format!("{open}<Encrypt><![CDATA[{encrypt}]]></Encrypt>\n</xml>")
            }
            (Format::Json, beside) => {
                let beside = beside.and_then(|plain| serde_json::from_str::<Value>(plain).ok());
                let mut body = beside.unwrap_or_else(|| json!({"ToUserName": to}));
                body["Encrypt"] = json!(encrypt);
                body.to_string()
            }
        };
        (query, body)
    }
}

/// The targets of events, and the token that signs them.
#[derive(Clone, Default)]
pub struct Callback {
    everyone: Option<Target>,
    accounts: BTreeMap<String, Target>,
}

impl Callback {
    /// Sends the events of every account to this URL.
    pub fn to(url: &str, token: &str) -> Self {
        Self::default().with(None, Target::new(url, token))
    }

    /// Sends the events of this account to a URL of its own.
    #[must_use]
    pub fn for_appid(self, appid: &str, url: &str, token: &str) -> Self {
        self.with(Some(appid), Target::new(url, token))
    }

    /// Sends the events of an account, or of all others, to a target.
    #[must_use]
    pub fn with(mut self, appid: Option<&str>, target: Target) -> Self {
        match appid {
            Some(appid) => drop(self.accounts.insert(appid.to_owned(), target)),
            None => self.everyone = Some(target),
        }
        self
    }

    /// Returns each account's URL; that of none is everybody else's.
    pub(super) fn urls(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let everyone = self.everyone.iter().map(|target| (None, target));
        let own = self.accounts.iter().map(|(appid, target)| (Some(appid.as_str()), target));
        everyone.chain(own).map(|(appid, target)| (appid, target.url.as_str()))
    }

    fn target(&self, appid: &str) -> Option<&Target> {
        self.accounts.get(appid).or(self.everyone.as_ref())
    }
}

/// The content of a push, in both formats.
struct Words {
    appid: String,
    xml: String,
    json: String,
    /// The seed of the nonces.
    seed: u64,
}

/// Pushes events over HTTP.
pub(super) struct Pusher {
    callback: Mutex<Callback>,
    client: OnceLock<reqwest::Client>,
    clock: Clock,
    /// The pause between two tries; the platform's is as long as its timeout.
    pub(super) pause: Duration,
}

impl Pusher {
    pub(super) fn new(callback: Callback, clock: Clock) -> Self {
        let callback = Mutex::new(callback);
        Self { callback, client: OnceLock::new(), clock, pause: PATIENCE }
    }

    /// Sends an account's events, or those of all others, to another target from now on.
    pub(super) fn set(&self, appid: Option<&str>, target: Target) {
        let mut callback = self.callback.lock().unwrap_or_else(PoisonError::into_inner);
        *callback = std::mem::take(&mut *callback).with(appid, target);
    }

    fn target(&self, appid: &str) -> Option<Target> {
        let callback = self.callback.lock().unwrap_or_else(PoisonError::into_inner);
        callback.target(appid).cloned()
    }

    /// Created when first needed: without a callback no certificates are loaded.
    fn client(&self) -> Result<&reqwest::Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Fails only if a provider is installed already, which is equally good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Pushes one event until it is accepted or the platform gives up.
    pub(super) async fn deliver(self: Arc<Self>, event: Event) {
        let (json, seed) = (event.json(), event.msg_id.unsigned_abs());
        self.insist(Words { appid: event.appid, xml: event.body, json, seed }).await;
    }

    /// Pushes to a component, whose pushes are always XML.
    pub(super) async fn deliver_to_component(self: Arc<Self>, push: ComponentPush) {
        let ComponentPush { component: appid, number: seed, body: xml, .. } = push;
        self.insist(Words { appid, xml, json: String::new(), seed }).await;
    }

    async fn insist(&self, words: Words) {
        let Some(target) = self.target(&words.appid) else { return };
        for number in 0..TRIES {
            if number > 0 {
                tokio::time::sleep(self.pause).await;
            }
            let answer = self.push(&target, &words, number).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
        }
        tracing::debug!(number = words.seed, url = target.url, "nobody took an event");
    }

    /// Pushes a follower's message once, and returns the status and body of the response.
    pub(super) async fn say(&self, appid: &str, content: &str) -> Result<(u16, String), String> {
        let target = self.target(appid).ok_or("no callback is set")?;
        let (to, from, created) =
            (original_id(appid), openid(appid, 0), (self.clock)().timestamp());
        let digest = Sha256::digest(format!("{created} {content}"));
        let seed = u64::from_be_bytes(std::array::from_fn(|place| digest[place])) >> 1;
        let words = Words {
            appid: appid.to_owned(),
            xml: format!(
                "<xml>\n<ToUserName><![CDATA[{to}]]></ToUserName>\n\
                 <FromUserName><![CDATA[{from}]]></FromUserName>\n\
                 <CreateTime>{created}</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n\
                 <Content><![CDATA[{content}]]></Content>\n<MsgId>{seed}</MsgId>\n</xml>"
            ),
            json: json!({
                "ToUserName": to, "FromUserName": from, "CreateTime": created, "MsgType": "text",
                "Content": content, "MsgId": seed,
            })
            .to_string(),
            seed,
        };
        let answer = self.push(&target, &words, 0).await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        Ok((status, answer.text().await.map_err(|error| error.to_string())?))
    }

    async fn push(
        &self,
        target: &Target,
        words: &Words,
        number: u64,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let timestamp = (self.clock)().timestamp().to_string();
        let nonce = (mix(words.seed, number) % 1_000_000_000).to_string();
        let (query, body) = target.dress(words, &timestamp, &nonce);
        let kind = match target.format {
            Format::Xml => "text/xml",
            Format::Json => "application/json",
        };
        let request = self.client()?.post(&target.url).query(&query);
        request.header("content-type", kind).body(body).send().await
    }
}

/// The signature of some parts, in any order.
pub(super) fn sign(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    hex(&Sha1::digest(parts.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<xml><MsgId>1</MsgId></xml>";
    const JSON: &str = r#"{"MsgId":1}"#;

    fn dressed(mode: &str, format: &str) -> (Vec<&'static str>, String) {
        let key = "A".repeat(43);
        let style = Style { mode: Some(mode), key: Some(&key), format: Some(format) };
        let target = Target::new("http://x/", "t").styled(style).unwrap();
        let (xml, json) = (XML.to_owned(), JSON.to_owned());
        let words = Words { appid: "wx1".to_owned(), xml, json, seed: 1 };
        let (query, body) = target.dress(&words, "5", "6");
        let names = ["signature", "timestamp", "nonce", "openid", "encrypt_type", "msg_signature"];
        let known = names.into_iter().filter(|name| query.iter().any(|(key, _)| key == name));
        (known.collect(), body)
    }

    #[test]
    fn every_mode_has_its_query_and_its_body() {
        for (format, plain) in [("xml", XML), ("json", JSON)] {
            let (query, body) = dressed("plain", format);
            assert_eq!((query.len(), body.as_str()), (4, plain));

            let (query, body) = dressed("compatible", format);
            assert_eq!(
                (query.len(), body.contains("MsgId"), body.contains("Encrypt")),
                (6, true, true)
            );

            let (query, body) = dressed("safe", format);
            assert_eq!(
                (query.len(), body.contains("MsgId"), body.contains("Encrypt")),
                (6, false, true)
            );
        }
    }
}
