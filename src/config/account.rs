//! One account of the config.

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::SecretString;
use url::Url;

use super::network::is_loopback;
use super::{AccountConfig, CallbackConfig, Loader, Secrets, TokenSource};
use crate::l10n::{Sentence, t};
use crate::model::console;
use crate::model::{Account, ArticlesVia, Kind, OpenIds};
use crate::wechat::callback::crypto::AesKey;
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Shape, Value};

/// Mass-send calls a day that every service account has.
const DAILY_CALLS: u32 = 100;
/// The bit of a file's mode that lets other users read it.
const READABLE_BY_ALL: u32 = 0o004;
/// The longest secret that is read.
const SECRET_MOST: u64 = 4096;

const KINDS: [(&str, Kind); 5] = [
    ("subscription", Kind::Subscription),
    ("service", Kind::Service),
    ("订阅号", Kind::Subscription),
    // The platform's newer name for a subscription account.
    ("公众号", Kind::Subscription),
    ("服务号", Kind::Service),
];

const ARTICLES_VIA: [(&str, ArticlesVia); 2] =
    [("draft", ArticlesVia::Draft), ("uploadnews", ArticlesVia::Uploadnews)];

/// How many people must approve each job, as the config says it.
const APPROVALS: [(&str, u32); 3] = [("false", 0), ("true", 1), ("2", 2)];

const OPENIDS: [(&str, OpenIds); 2] = [("usual", OpenIds::Usual), ("any", OpenIds::Any)];

pub(super) const ACCOUNT: Shape = Shape {
    what: || t!("config-account"),
    known: &[
        "kind",
        "appid",
        "replaces_appid",
        "secret_file",
        "secret_env",
        "api_base",
        "api_bases",
        "proxy",
        "proxy_file",
        "proxy_env",
        "verified",
        "payment",
        "token",
        "callback",
        "limits",
        "articles_via",
        "openids",
        "approval",
    ],
    refused: &[
        ("secret", || t!("config-secret-does-not-belong-into"), SECRET_HELP),
        ("appsecret", || t!("config-secret-does-not-belong-into"), SECRET_HELP),
        ("app_secret", || t!("config-secret-does-not-belong-into"), SECRET_HELP),
    ],
};

const SECRET_HELP: Sentence = || t!("config-write-secret-file-secret-env");

pub(super) const CALLBACK: Shape = Shape {
    what: || "`callback`".to_owned(),
    known: &[
        "token_file",
        "token_env",
        "encoding_aes_key_file",
        "encoding_aes_key_env",
        "previous_aes_key_file",
        "previous_aes_key_env",
        "forward_to",
    ],
    refused: &[
        (
            "token",
            || t!("config-token-does-not-belong-into"),
            || t!("config-write-token-file-token-env"),
        ),
        ("encoding_aes_key", || t!("config-key-does-not-belong-into"), KEY_HELP),
        (
            "mode",
            || t!("config-mode-not-written-here"),
            || t!("config-encoding-aes-key-file-pushes"),
        ),
    ],
};

/// The keys that name an `EncodingAESKey`, the current one's first.
const KEYS: [(&str, &str); 2] = [
    ("encoding_aes_key_file", "encoding_aes_key_env"),
    ("previous_aes_key_file", "previous_aes_key_env"),
];

const KEY_HELP: Sentence = || t!("config-write-encoding-aes-key-file");

pub(super) const LIMITS: Shape = Shape {
    what: || "`limits`".to_owned(),
    known: &["daily_calls", "history_per_day"],
    refused: &[],
};

pub(super) const TOKEN: Shape =
    Shape { what: || "`token`".to_owned(), known: &["url"], refused: &[] };

impl Loader<'_, '_> {
    /// Returns the account of one entry of `accounts`.
    pub(super) fn account(
        &mut self,
        entry: &Entry<'_>,
        listen: Option<SocketAddr>,
    ) -> Option<AccountConfig> {
        let name = self.name(entry);
        let fields = entry.node.fields(entry.key_location, &ACCOUNT, self.report)?;
        let help = || t!("config-subscription-service");
        let kind = fields
            .require("kind", help, self.report)
            .and_then(|entry| entry.choice(&KINDS, self.report));
        let help = || t!("config-write-appid-wx");
        let appid = fields.require("appid", help, self.report).and_then(|entry| self.appid(entry));
        let replaces = fields.get("replaces_appid").map(|entry| self.replaced(entry, &appid));
        let token = self.token(&fields);
        let secret = token.as_ref().and_then(|token| self.app_secret(&fields, token));
        let api_bases = self.api_bases(&fields);
        let proxy = self.proxy(&fields);
        let verified = fields.get("verified").map(|entry| entry.boolean(self.report));
        let payment = fields.get("payment").map(|entry| entry.boolean(self.report));
        let limits = self.limits(&fields, kind);
        let articles_via =
            fields.get("articles_via").map(|entry| entry.choice(&ARTICLES_VIA, self.report));
        let openids = fields.get("openids").map(|entry| entry.choice(&OPENIDS, self.report));
        let approvals = fields.get("approval").map(|entry| entry.choice(&APPROVALS, self.report));
        let callback = self.callback(&fields, listen);
        let account = Account {
            name: name?,
            appid: appid?,
            kind: kind?,
            daily_calls: limits.daily_calls,
            history_per_day: limits.history_per_day,
            payment: payment.unwrap_or(Some(false))?,
            articles_via: articles_via.unwrap_or(Some(ArticlesVia::Draft))?,
            openids: openids.unwrap_or(Some(OpenIds::Usual))?,
            approvals: approvals.unwrap_or(Some(0))?,
        };
        Some(AccountConfig {
            account,
            secret_source: self.secret_source(&fields, secret.as_ref()),
            secret,
            api_bases: api_bases?,
            proxy: proxy?,
            verified: verified.unwrap_or(Some(true))?,
            token: token?,
            callback,
            replaces: replaces.flatten(),
        })
    }

    fn name(&mut self, entry: &Entry<'_>) -> Option<String> {
        let name = &entry.key;
        let fits = is_account_name(name);
        if !fits {
            let message = t!("config-cannot-account-name", name = %quote(name));
            let help = t!("config-1-64-letters-chinese-ones");
            self.report.say_with(entry.key_location, message, help);
        }
        fits.then(|| name.to_string())
    }

    /// Returns the appid that a name meant before.
    #[expect(clippy::ref_option, reason = "it may not have been readable")]
    fn replaced(&mut self, entry: &Entry<'_>, appid: &Option<String>) -> Option<String> {
        let replaced = self.appid(entry)?;
        if Some(&replaced) == appid.as_ref() {
            let help = t!("config-write-appid-name-stood-before");
            self.report.say_with(entry.node.location, t!("config-account-own-appid"), help);
            return None;
        }
        Some(replaced)
    }

    fn appid(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = entry.text(self.report)?;
        if !is_appid(text) {
            let help = t!("config-appid-wx-letters-digits");
            self.report.say_with(
                entry.node.location,
                t!("config-no-appid", text = %quote(text)),
                help,
            );
            return None;
        }
        Some(text.to_owned())
    }

    fn token(&mut self, fields: &Fields<'_, '_>) -> Option<TokenSource> {
        let Some(entry) = fields.get("token") else { return Some(TokenSource::Stable) };
        if let Value::Map(_) = entry.node.value {
            let inner = entry.node.fields(entry.key_location, &TOKEN, self.report)?;
            let url = inner.require("url", || t!("config-write-token-url-https"), self.report)?;
            return self.url(url).map(TokenSource::Url);
        }
        // The value itself is not repeated: somebody may have put a token there.
        let word = entry.text(self.report)?;
        match word {
            "stable" => Some(TokenSource::Stable),
            "classic" => Some(TokenSource::Classic),
            _ => {
                let help = t!("config-stable-classic-url-https");
                self.report.say_with(entry.node.location, t!("config-no-source-tokens"), help);
                None
            }
        }
    }

    fn app_secret(&mut self, fields: &Fields<'_, '_>, token: &TokenSource) -> Option<SecretString> {
        let found = fields.get("secret_file").or_else(|| fields.get("secret_env"));
        match (token, found) {
            (TokenSource::Url(_), Some(entry)) => {
                let message = t!("config-secret-not-needed-token-server");
                self.report.say_with(entry.key_location, message, t!("yaml-take-out"));
                None
            }
            (TokenSource::Url(_), None) => None,
            (TokenSource::Stable | TokenSource::Classic, None) => {
                self.report.say_with(
                    fields.location,
                    t!("config-account-no-secret"),
                    SECRET_HELP(),
                );
                None
            }
            (TokenSource::Stable | TokenSource::Classic, Some(_)) => {
                self.secret(fields, "secret_file", "secret_env")
            }
        }
    }

    /// Returns the key of the account's secret and what it names, once the secret was read: then a
    /// name is not the secret itself.
    fn secret_source(
        &mut self,
        fields: &Fields<'_, '_>,
        read: Option<&SecretString>,
    ) -> Option<String> {
        read.filter(|_| self.secrets == Secrets::Read)?;
        if let Some(entry) = fields.get("secret_file") {
            return Some(format!("`secret_file` {}", self.path(entry)?.display()));
        }
        let entry = fields.get("secret_env")?;
        Some(format!("`secret_env` {}", entry.text(self.report)?))
    }

    /// Returns the secret in a file or a variable; exactly one of the two keys is present.
    pub(super) fn secret(
        &mut self,
        fields: &Fields<'_, '_>,
        file_key: &str,
        env_key: &str,
    ) -> Option<SecretString> {
        let mut path = None;
        let (entry, found) = match (fields.get(file_key), fields.get(env_key)) {
            (Some(_), Some(second)) => {
                let message = t!("inbox-cannot-stand-together", key = %file_key, key2 = %env_key);
                self.report.say_with(second.key_location, message, t!("yaml-keep-one-two"));
                return None;
            }
            (Some(_), None) | (None, Some(_)) if self.secrets == Secrets::Leave => {
                return Some(SecretString::default());
            }
            (Some(entry), None) => {
                let file = self.path(entry)?;
                let found = self.secret_of_file(&entry.key, &file);
                path = Some(file);
                (entry, found)
            }
            (None, Some(entry)) => {
                let name = entry.text(self.report)?;
                (entry, (self.env)(name).ok_or_else(|| t!("config-variable-not-set")))
            }
            (None, None) => return None,
        };
        let problem = match found {
            Ok(text) => {
                let text = text.trim_end_matches(['\r', '\n']);
                if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Some(SecretString::from(text.to_owned()));
                }
                t!("config-does-not-hold-one-word")
            }
            Err(problem) => problem,
        };
        let written = path.as_ref().and_then(|_| entry.text(self.report)).unwrap_or_default();
        let key = &entry.key;
        let message = match path {
            Some(path) if is_a_path(written, &path) => {
                t!("config-secret-in-file", key = %key, path = %path.display(), problem = %problem)
            }
            Some(path) => match path.parent().filter(|folder| folder.is_dir()) {
                Some(folder) => t!(
                    "config-secret-not-shown",
                    key = %key,
                    folder = %folder.display(),
                    problem = %problem
                ),
                None => t!("config-secret-no-folder", key = %key, problem = %problem),
            },
            None => t!("config-secret", key = %key, problem = %problem),
        };
        self.report.say(entry.node.location, message);
        None
    }

    fn secret_of_file(&mut self, key: &str, path: &Path) -> Result<String, String> {
        let mut text = String::new();
        let mut read = || {
            let file = File::open(path)?;
            let mode = file.metadata()?.permissions().mode();
            file.take(SECRET_MOST).read_to_string(&mut text)?;
            Ok(mode)
        };
        let mode = read().map_err(|error: std::io::Error| error.to_string())?;
        if mode & READABLE_BY_ALL != 0 {
            let path = path.display();
            self.warnings.push(t!("config-readable-by-all", key = %key, path = %path, mode = %format!("{:03o}", mode & 0o777)));
        }
        Ok(text)
    }

    fn limits(&mut self, fields: &Fields<'_, '_>, kind: Option<Kind>) -> Limits {
        let mut limits = Limits { daily_calls: DAILY_CALLS, history_per_day: Some(1) };
        let Some(entry) = fields.get("limits") else { return limits };
        let Some(inner) = entry.node.fields(entry.key_location, &LIMITS, self.report) else {
            return limits;
        };
        let most = i64::from(u32::MAX);
        if let Some(number) =
            inner.get("daily_calls").and_then(|entry| entry.number(1, most, self.report))
        {
            limits.daily_calls = u32::try_from(number).unwrap_or(DAILY_CALLS);
        }
        let Some(entry) = inner.get("history_per_day") else { return limits };
        if let Some(number) = entry.number(0, most, self.report) {
            if number == 0 && kind == Some(Kind::Subscription) {
                let message = t!("config-history-per-day-0-service");
                let help = t!("config-rule-always-binds-subscription-account");
                self.report.say_with(entry.node.location, message, help);
            }
            limits.history_per_day = u32::try_from(number).ok().filter(|number| *number > 0);
        }
        limits
    }

    fn callback(
        &mut self,
        fields: &Fields<'_, '_>,
        listen: Option<SocketAddr>,
    ) -> Option<CallbackConfig> {
        let entry = fields.get("callback")?;
        let inner = entry.node.fields(entry.key_location, &CALLBACK, self.report)?;
        if listen.is_none() {
            let help = t!("config-write-listen-127-0-0-2");
            self.report.say_with(entry.key_location, t!("config-callback-needs-listener"), help);
        }
        if inner.get("token_file").is_none() && inner.get("token_env").is_none() {
            let help = t!("config-write-token-file-token-env");
            self.report.say_with(entry.key_location, t!("config-callback-no-token"), help);
            return None;
        }
        let forward_to = inner.get("forward_to").and_then(|entry| self.handler(entry, listen));
        let keys = self.aes_keys(&inner);
        let token = self.secret(&inner, "token_file", "token_env")?;
        Some(CallbackConfig { token, keys: keys?, forward_to })
    }

    /// Returns the keys of encrypted pushes, the current one first; none is plain mode.
    fn aes_keys(&mut self, fields: &Fields<'_, '_>) -> Option<Vec<AesKey>> {
        let [present, previous] =
            KEYS.map(|(file_key, env_key)| fields.get(file_key).or_else(|| fields.get(env_key)));
        if let (None, Some(entry)) = (present, previous) {
            let message = t!("config-previous-key-stands-beside-present");
            self.report.say_with(entry.key_location, message, KEY_HELP());
            return None;
        }
        let mut keys = Vec::new();
        for ((file_key, env_key), entry) in KEYS.into_iter().zip([present, previous]) {
            let Some(entry) = entry else { continue };
            let text = self.secret(fields, file_key, env_key)?;
            if self.secrets == Secrets::Leave {
                continue;
            }
            match AesKey::parse(&text) {
                Ok(key) => keys.push(key),
                Err(error) => {
                    let file = fields.get(file_key).and_then(|entry| self.path(entry));
                    let (key, problem) = (&entry.key, &error);
                    let message = match file {
                        Some(file) => t!(
                            "config-secret-in-file",
                            key = %key,
                            path = %file.display(),
                            problem = %problem
                        ),
                        None => t!("config-secret", key = %key, problem = %problem),
                    };
                    let help = t!("config-copy-aes-key", callback = %console::callback());
                    self.report.say_with(entry.node.location, message, help);
                    return None;
                }
            }
        }
        Some(keys)
    }

    /// Returns the URL of the handler that receives pushes which are not ours.
    fn handler(&mut self, entry: &Entry<'_>, listen: Option<SocketAddr>) -> Option<Url> {
        let text = entry.text(self.report)?;
        // The URL is not repeated: it may hold a key.
        let (message, help) = match Url::parse(text) {
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                (t!("config-url-user-password-not-taken"), t!("config-take-them-out"))
            }
            Ok(url) if listen.is_some_and(|listen| is_own(&url, listen)) => {
                (t!("config-qunfa-own-listener"), t!("config-write-url-account-callback-before"))
            }
            Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => {
                return Some(url);
            }
            Ok(_) | Err(_) => (t!("config-no-url-handler"), t!("config-write-http-https")),
        };
        self.report.say_with(entry.node.location, message, help);
        None
    }
}

/// Returns whether a text can be an account's name.
pub fn is_account_name(text: &str) -> bool {
    (1..=64).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || "._@-".contains(c))
}

/// Returns whether a text has the form of an appid.
pub fn is_appid(text: &str) -> bool {
    text.strip_prefix("wx").is_some_and(|rest| {
        !rest.is_empty() && rest.len() <= 64 && rest.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// Returns whether a URL has an address that we listen on.
fn is_own(url: &Url, listen: SocketAddr) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let same = address == Some(listen.ip());
    let here = is_loopback(url) && (listen.ip().is_loopback() || listen.ip().is_unspecified());
    url.port_or_known_default() == Some(listen.port()) && (same || here)
}

/// Returns whether a value is a path rather than the secret itself, which is not shown: it exists,
/// or begins as paths do, or its folder exists and its name has characters that no secret has.
fn is_a_path(written: &str, path: &Path) -> bool {
    let is_named =
        || written.contains(['/', '.', '-', '_']) && path.parent().is_some_and(Path::is_dir);
    path.exists() || written.starts_with(['/', '.', '$', '~']) || is_named()
}

struct Limits {
    daily_calls: u32,
    history_per_day: Option<u32>,
}
