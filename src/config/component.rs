//! `components`: third-party platforms (第三方平台), which use accounts that authorised them.
//!
//! An account with `component` has no secret of its own: its tokens come with the platform's, and the
//! pushes about it are signed and encrypted with the platform's token and key.

use std::net::SocketAddr;

use secrecy::SecretString;
use url::Url;

use super::account::is_account_name;
use super::{AccountConfig, CallbackConfig, ComponentConfig, Loader, TokenSource};
use crate::l10n::{Sentence, t};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Shape, Value};

pub(super) const COMPONENT: Shape = Shape {
    what: || t!("config-component"),
    known: &[
        "appid",
        "secret_file",
        "secret_env",
        "token_file",
        "token_env",
        "aes_key_file",
        "aes_key_env",
        "previous_aes_key_file",
        "previous_aes_key_env",
        "url",
        "api_base",
        "api_bases",
        "proxy",
        "proxy_file",
        "proxy_env",
    ],
    refused: &[
        (
            "secret",
            || t!("config-secret-does-not-belong-into"),
            || t!("config-write-secret-file-secret-env"),
        ),
        (
            "token",
            || t!("config-token-does-not-belong-into"),
            || t!("config-write-token-file-token-env"),
        ),
        ("aes_key", || t!("config-key-does-not-belong-into"), KEY_HELP),
    ],
};

/// The callback of an account that a component acts for: its keys are the component's.
const CALLBACK: Shape = Shape {
    what: || "`callback`".to_owned(),
    known: &["forward_to"],
    refused: &[
        ("token_file", NOT_HERE, ONLY_FORWARD),
        ("token_env", NOT_HERE, ONLY_FORWARD),
        ("encoding_aes_key_file", NOT_HERE, ONLY_FORWARD),
        ("encoding_aes_key_env", NOT_HERE, ONLY_FORWARD),
        ("previous_aes_key_file", NOT_HERE, ONLY_FORWARD),
        ("previous_aes_key_env", NOT_HERE, ONLY_FORWARD),
    ],
};

const NOT_HERE: Sentence = || t!("config-component-has-the-keys");
const ONLY_FORWARD: Sentence = || t!("config-component-only-forward");
const KEY_HELP: Sentence = || t!("config-write-aes-key-file");

/// The keys that name the key of pushes, the current one's first.
const KEYS: [(&str, &str); 2] =
    [("aes_key_file", "aes_key_env"), ("previous_aes_key_file", "previous_aes_key_env")];

impl Loader<'_, '_> {
    /// Reads the map of components, before the accounts that name them.
    pub(super) fn components(&mut self, entry: &Entry<'_>, listen: Option<SocketAddr>) {
        let Value::Map(entries) = &entry.node.value else {
            let help = t!("config-write-components");
            self.report.say_with(entry.node.location, t!("config-no-component"), help);
            return;
        };
        if listen.is_none() {
            let help = t!("config-write-listen-127-0-0-2");
            self.report.say_with(entry.key_location, t!("config-component-needs-listener"), help);
        }
        for entry in entries {
            let Some(component) = self.component(entry) else { continue };
            let known = &self.accounts.components;
            if let Some(other) = known.iter().find(|other| other.appid == component.appid) {
                let message =
                    t!("config-already-component", appid = %component.appid, name = %other.name);
                self.report.say_with(entry.key_location, message, t!("config-keep-one"));
            }
            self.accounts.components.push(component);
        }
    }

    fn component(&mut self, entry: &Entry<'_>) -> Option<ComponentConfig> {
        let name = &entry.key;
        let fits = is_account_name(name);
        if !fits {
            let message = t!("config-cannot-component-name", name = %quote(name));
            let help = t!("config-1-64-letters-chinese-ones");
            self.report.say_with(entry.key_location, message, help);
        }
        let fields = entry.node.fields(entry.key_location, &COMPONENT, self.report)?;
        let help = || t!("config-write-appid-wx");
        let appid = fields.require("appid", help, self.report).and_then(|entry| self.appid(entry));
        let secret = self.needed(&fields, ["secret_file", "secret_env"], || {
            (t!("config-component-no-secret"), t!("config-write-secret-file-secret-env"))
        });
        let token = self.needed(&fields, ["token_file", "token_env"], || {
            (t!("config-component-no-token"), t!("config-write-token-file-token-env"))
        });
        let has_key = KEYS[0];
        let keys = if fields.get(has_key.0).or_else(|| fields.get(has_key.1)).is_some() {
            self.aes_keys(&fields, KEYS, KEY_HELP)
        } else {
            self.report.say_with(fields.location, t!("config-component-no-key"), KEY_HELP());
            None
        };
        let url = fields.get("url").map(|entry| self.public_url(entry));
        let api_bases = self.api_bases(&fields);
        let proxy = self.proxy(&fields);
        Some(ComponentConfig {
            name: fits.then(|| name.to_string())?,
            appid: appid?,
            secret: secret?,
            token: token?,
            keys: keys?,
            url: match url {
                Some(url) => Some(url?),
                None => None,
            },
            api_bases: api_bases?,
            proxy: proxy?,
        })
    }

    /// Returns a secret that must be there.
    fn needed(
        &mut self,
        fields: &Fields<'_, '_>,
        [file_key, env_key]: [&str; 2],
        missing: fn() -> (String, String),
    ) -> Option<SecretString> {
        if fields.get(file_key).or_else(|| fields.get(env_key)).is_none() {
            let (message, help) = missing();
            self.report.say_with(fields.location, message, help);
            return None;
        }
        self.secret(fields, file_key, env_key)
    }

    /// Returns the address at which the platform and people reach the listener.
    fn public_url(&mut self, entry: &Entry<'_>) -> Option<Url> {
        let text = self.url(entry)?;
        let url = Url::parse(&text).ok()?;
        if url.query().is_some() || url.fragment().is_some() {
            let help = t!("config-write-component-url");
            self.report.say_with(entry.node.location, t!("config-component-url-query"), help);
            return None;
        }
        Some(url)
    }

    /// Returns the component that an account names.
    pub(super) fn named_component(&mut self, entry: &Entry<'_>) -> Option<ComponentConfig> {
        let name = entry.text(self.report)?;
        let known = &self.accounts.components;
        if let Some(component) = known.iter().find(|component| component.name == name) {
            return Some(component.clone());
        }
        let names: Vec<_> = known.iter().map(|component| component.name.as_str()).collect();
        let help = match names.as_slice() {
            [] => t!("config-write-components"),
            names => t!("config-text", known = %names.join(", ")),
        };
        let message = t!("config-unknown-component", name = %quote(name));
        self.report.say_with(entry.node.location, message, help);
        None
    }

    /// Returns the source of the tokens of an account that a component acts for.
    pub(super) fn component_token(
        &mut self,
        fields: &Fields<'_, '_>,
        component: &ComponentConfig,
    ) -> TokenSource {
        for key in ["secret_file", "secret_env", "token"] {
            if let Some(entry) = fields.get(key) {
                let message = t!("config-not-with-component", key = %key);
                self.report.say_with(entry.key_location, message, t!("yaml-take-out"));
            }
        }
        if let Some(entry) = fields.get("appid")
            && entry.text(self.report) == Some(component.appid.as_str())
        {
            let help = t!("config-write-authorizer-appid");
            self.report.say_with(entry.node.location, t!("config-component-own-appid"), help);
        }
        TokenSource::Component { name: component.name.clone(), appid: component.appid.clone() }
    }

    /// Returns how the pushes about an account are checked that a component acts for.
    pub(super) fn component_callback(
        &mut self,
        fields: &Fields<'_, '_>,
        component: &ComponentConfig,
        listen: Option<SocketAddr>,
    ) -> CallbackConfig {
        let inner = fields
            .get("callback")
            .and_then(|entry| entry.node.fields(entry.key_location, &CALLBACK, self.report));
        let forward_to = inner
            .as_ref()
            .and_then(|inner| inner.get("forward_to"))
            .and_then(|entry| self.handler(entry, listen));
        let (token, keys) = (component.token.clone(), component.keys.clone());
        CallbackConfig { token, keys, forward_to }
    }
}

/// Warns of components that no account names.
pub(super) fn unused(components: &[ComponentConfig], accounts: &[AccountConfig]) -> Vec<String> {
    let is_used = |component: &&ComponentConfig| {
        accounts.iter().any(|account| account.token.is_of(&component.appid))
    };
    let unused = components.iter().filter(|component| !is_used(component));
    unused.map(|component| t!("config-component-unused", name = %component.name)).collect()
}
