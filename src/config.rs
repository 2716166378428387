//! The config file: accounts, limits and paths, parsed once into checked types.
//!
//! It is read as strictly as a job file, and every error is reported with its place: a misspelt
//! limit that is silently ignored would cost a broadcast. The file contains no secrets, only the
//! places where they are stored. If somebody wrote a secret there nevertheless, error messages cut
//! it from the lines that they show.

mod account;
mod alerts;
mod network;
mod receivers;
mod server;
mod upkeep;
mod users;

pub use account::{is_account_name, is_appid};

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use secrecy::SecretString;
use url::Url;

use crate::backups::Backups;
use crate::l10n::{self, Lang};
use crate::l10n::{Sentence, t};
use crate::model;
use crate::retention;
use crate::wechat::callback::crypto::AesKey;
use crate::yaml::diagnostic::{Location, Report, quote};
use crate::yaml::{self, Diagnostic, Entry, Fields, Node, Shape, SyntaxError, Value, Values};

pub use receivers::{
    Alerts, Approver, Channel, CommandLine, Email, Hook, Ping, Receiver, Security,
};
pub use users::{Console, Role, User, UserProxy, is_user_name};

/// The config, checked.
#[derive(Debug)]
pub struct Config {
    /// The folder of the database, the lock and stored media.
    pub state_dir: PathBuf,
    /// The drop directory.
    pub inbox: PathBuf,
    /// Whether a job file without a closing `...` is refused.
    pub inbox_end_marker_required: bool,
    /// The address for callbacks; `None` means no listener.
    pub listen: Option<SocketAddr>,
    /// The accounts in the file's order, then those of `accounts_from` by file name; at least one.
    pub accounts: Vec<AccountConfig>,
    /// Who is told of alerts.
    pub alerts: Alerts,
    /// The HTTP API; `None` means that there is none.
    pub console: Option<Console>,
    /// The language of what people read; `None` means that of each person's environment, and English
    /// for what the daemon writes.
    pub lang: Option<Lang>,
    /// How much history is kept; `None` means all of it.
    pub retention: Option<TimeDelta>,
    /// The backups that the daemon makes; `None` means none.
    pub backup: Option<Backups>,
    /// What an operator should correct, although the daemon runs with it.
    pub warnings: Vec<String>,
}

/// One account, with what its requests and callbacks need.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// The data that rules and requests need.
    pub account: model::Account,
    /// The app secret; `None` if a token server keeps it.
    pub secret: Option<SecretString>,
    /// The key of the secret's source in the config, and its value, never the secret; `None` if a
    /// token server keeps it.
    pub secret_source: Option<String>,
    /// The addresses of the platform's API, each without a slash at its end: the first, then the
    /// spare ones for when it cannot be reached. At least one.
    pub api_bases: Vec<String>,
    /// The proxy for its requests to the platform.
    pub proxy: Option<Proxy>,
    /// Whether the account is verified (认证).
    pub verified: bool,
    /// The source of its access tokens.
    pub token: TokenSource,
    /// How its callbacks are checked; `None` means no callback.
    pub callback: Option<CallbackConfig>,
    /// The appid of the account that had this name before, whose jobs are not moved with the name.
    pub replaces: Option<String>,
}

/// The source of an account's access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `stable_token`, which does not invalidate the token of other programs.
    Stable,
    /// The older `token`, which does.
    Classic,
    /// A server that other programs share.
    Url(String),
}

/// A proxy. Its URL may hold a password, and is never shown.
#[derive(Clone, Debug)]
pub enum Proxy {
    /// Its URL.
    Url(SecretString),
    /// Its URL was not read, like the other secrets.
    Unread,
}

/// How an account's callbacks are checked.
#[derive(Clone, Debug)]
pub struct CallbackConfig {
    /// The token that signs them.
    pub token: SecretString,
    /// The keys that they are encrypted with, the current one first; none is plain mode.
    pub keys: Vec<AesKey>,
    /// The handler that receives pushes which are not ours.
    pub forward_to: Option<Url>,
}

/// Why there is no config; `main` ends with exit code 3 on each of them.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read: another `--config` may be meant.
    #[error("{}", t!("config-unreadable", path = %path.display()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file's contents are wrong: an operator corrects it.
    #[error("{}", lines(.0))]
    Invalid(Vec<Diagnostic>),
}

fn lines(problems: &[Diagnostic]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.join("\n\n")
}

const FILE: Shape = Shape {
    what: || t!("config-config"),
    known: &[
        "state_dir",
        "inbox",
        "inbox_end_marker",
        "listen",
        "accounts",
        "accounts_from",
        "alerts",
        "lang",
        "retention",
        "backup",
        "console",
        "users",
    ],
    refused: &[],
};

/// Whether the secrets that a config names are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are read, as the daemon needs them.
    Read,
    /// They are not read: a command at a terminal neither needs the service's credentials nor may
    /// read them.
    Leave,
}

/// Looks up a variable of the environment.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Returns the language that a config names, also if it cannot be used otherwise.
pub fn lang_of(path: &Path) -> Option<Lang> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("lang:"))?;
    let value = value.split(" #").next().unwrap_or_default();
    Lang::parse(value.trim().trim_matches(['"', '\'']))
}

/// Loads the config at a path; `env` looks up the variables that `${NAME}` and `secret_env` name.
pub fn load(path: &Path, env: Environment<'_>, secrets: Secrets) -> Result<Config, ConfigError> {
    let mut accounts = Accounts::default();
    let (mut config, folder) = read(path, |root, report| {
        let mut loader = Loader::new(report, path, (env, secrets), &mut accounts);
        loader.config(root)
    })?;
    let mut problems = Vec::new();
    for file in folder.iter().flat_map(|folder| folder.files.iter()) {
        let read = read(file, |root, report| {
            let mut loader = Loader::new(report, file, (env, secrets), &mut accounts);
            let missing = (t!("config-no-account-file"), ACCOUNTS_FILE_HELP());
            loader.add_accounts(root, root.location, missing, config.listen);
            config.warnings.append(&mut loader.warnings);
            Some(())
        });
        match read {
            Ok(()) => {}
            Err(ConfigError::Invalid(found)) => problems.extend(found),
            Err(error @ ConfigError::Unreadable { .. }) => return Err(error),
        }
    }
    if !problems.is_empty() {
        return Err(ConfigError::Invalid(problems));
    }
    config.accounts = accounts.all;
    warn_of_users(&mut config);
    Ok(config)
}

/// Warns of users who cannot do anything.
fn warn_of_users(config: &mut Config) {
    let Some(console) = &config.console else { return };
    if console.users.is_empty() {
        config.warnings.push(t!("config-console-without-users"));
    }
    let is_known = |name: &str| config.accounts.iter().any(|one| one.account.name == name);
    for User { name, accounts, .. } in &console.users {
        for account in accounts.iter().flatten().filter(|account| !is_known(account)) {
            let warning = t!("config-user-of-no-account", name = %name, account = %account);
            config.warnings.push(warning);
        }
    }
}

/// Reads one file of the config.
fn read<T>(
    path: &Path,
    parse: impl FnOnce(&Node<'_>, &mut Report<'_>) -> Option<T>,
) -> Result<T, ConfigError> {
    let bytes = fs::read(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    let name = path.display().to_string();
    let text = match yaml::decode(&bytes) {
        Ok(text) => text,
        Err((text, location, message)) => {
            let report = Report::new(&name, &text);
            let found = report.diagnostic(location, &message, Some(&t!("config-save-file-utf-8")));
            return Err(invalid(vec![found]));
        }
    };
    let mut report = Report::new(&name, text);
    let parsed = match root(text, &mut report) {
        Ok(root) => parse(&root, &mut report),
        Err(SyntaxError) => None,
    };
    match parsed {
        Some(parsed) if report.count() == 0 => Ok(parsed),
        Some(_) | None => Err(invalid(report.finish())),
    }
}

fn root<'a>(text: &'a str, report: &mut Report<'_>) -> Result<Node<'a>, SyntaxError> {
    yaml::check_characters(text, report)?;
    yaml::load(text, Values::Hidden, report)?.ok_or_else(|| {
        report.say_with(
            Default::default(),
            t!("config-config-empty"),
            t!("config-config-example-yaml-shows-one"),
        );
        SyntaxError
    })
}

/// The keys whose values are shown; the value of any other key may contain a secret.
const HARMLESS: [&str; 22] = [
    "kind",
    "appid",
    "replaces_appid",
    "api_base",
    "api_bases",
    "verified",
    "payment",
    "limits",
    "daily_calls",
    "history_per_day",
    "articles_via",
    "state_dir",
    "inbox",
    "inbox_end_marker",
    "listen",
    "accounts_from",
    "retention",
    "history",
    "backup",
    "dir",
    "at",
    "keep",
];

/// Cuts what may be a secret out of the lines that are shown: they are logged.
fn invalid(mut problems: Vec<Diagnostic>) -> ConfigError {
    for problem in &mut problems {
        let length = problem.text[..shown(&problem.text)].chars().count();
        problem.cut_text(length);
    }
    ConfigError::Invalid(problems)
}

/// Returns how many bytes of a line are shown: up to the first value that may be a secret.
fn shown(line: &str) -> usize {
    let mut start = 0;
    for part in line.split_inclusive(['{', '}', ',']) {
        let content = part.trim_end_matches(['{', '}', ',']);
        let indent = content.len() - content.trim_start().len();
        let Some((at, colon)) = content.match_indices([':', '：', '=']).next() else {
            if indent < content.len() {
                // This continues a value whose key is not on this line.
                return start + indent;
            }
            start += part.len();
            continue;
        };
        let key = content[..at].trim().trim_matches(['"', '\'']).to_lowercase();
        let value = &content[at + colon.len()..];
        let is_shown = HARMLESS.contains(&key.as_str()) && is_plain(value);
        // Other keys may open a map, whose own keys decide.
        let is_whole = !value.trim().is_empty() || key.contains("secret");
        if !is_shown && is_whole {
            return start + at + colon.len();
        }
        start += part.len();
    }
    line.len()
}

/// Returns whether a value has no room for anything else: a comment, another key, a password, a
/// query.
fn is_plain(value: &str) -> bool {
    !["#", "@", "?", ": ", "："].iter().any(|sign| value.contains(sign))
}

const ACCOUNTS_HELP: Sentence = || t!("config-write-accounts-below-each-account");
const ACCOUNTS_FILE_HELP: Sentence = || t!("config-write-each-account-name-below");

/// Returns whether a file of `accounts_from` is read: leftovers of editors and package managers are
/// not.
fn is_config_file(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().and_then(|extension| extension.to_str());
    !is_hidden && matches!(extension, Some("yaml" | "yml"))
}

/// The accounts read so far, from all files.
#[derive(Default)]
struct Accounts {
    all: Vec<AccountConfig>,
    names: HashSet<String>,
    /// The index in `all` of each appid's account.
    appids: HashMap<String, usize>,
}

/// The folder of `accounts_from`.
struct Folder {
    /// Its files by name.
    files: Vec<PathBuf>,
}

/// What loading the config needs in addition to the tree.
struct Loader<'l, 'a> {
    report: &'l mut Report<'a>,
    warnings: Vec<String>,
    /// The file's own folder: relative paths start there.
    folder: &'l Path,
    env: Environment<'l>,
    secrets: Secrets,
    accounts: &'l mut Accounts,
}

impl<'l, 'a> Loader<'l, 'a> {
    fn new(
        report: &'l mut Report<'a>,
        path: &'l Path,
        (env, secrets): (Environment<'l>, Secrets),
        accounts: &'l mut Accounts,
    ) -> Self {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        Self { report, warnings: Vec::new(), folder, env, secrets, accounts }
    }

    fn config(&mut self, root: &Node<'_>) -> Option<(Config, Option<Folder>)> {
        let fields = root.fields(root.location, &FILE, self.report)?;
        let help = || t!("config-write-state-dir-var-lib");
        let state_dir =
            fields.require("state_dir", help, self.report).and_then(|entry| self.path(entry));
        let inbox = match fields.get("inbox") {
            Some(entry) => self.path(entry),
            None => state_dir.as_ref().map(|folder| folder.join("inbox")),
        };
        let inbox_end_marker_required = self.end_marker(&fields);
        let listen = fields.get("listen").and_then(|entry| self.listen(entry));
        // An address that cannot be read was reported already: there is a listener nevertheless.
        let listener = fields.get("listen").map(|_| listen.unwrap_or_else(|| ([0; 4], 0).into()));
        let folder = fields.get("accounts_from").map(|entry| self.accounts_from(entry));
        match (fields.get("accounts"), &folder) {
            (None, Some(_)) => {}
            (entry, _) => self.own_accounts(entry, &fields, listener),
        }
        let console = fields.get("console").map(|entry| self.console(entry));
        let by_proxy = console.iter().flatten().any(|console| console.proxy.is_some());
        let users = fields.get("users").map(|entry| self.users(entry, by_proxy));
        let users = users.unwrap_or_else(|| Some(Vec::new()));
        let console = match console {
            Some(console) => Some(Console { users: users?, ..console? }),
            None => None,
        };
        let alerts = fields.get("alerts").map(|entry| self.alerts(entry, console.as_ref()));
        let languages = l10n::ALL.map(|lang| (lang.name(), lang));
        let lang = fields.get("lang").and_then(|entry| entry.choice(&languages, self.report));
        let retention = fields.get("retention").map(|entry| self.retention(entry));
        let backup = fields.get("backup").map(|entry| self.backup(entry));
        let config = Config {
            state_dir: state_dir?,
            inbox: inbox?,
            inbox_end_marker_required,
            listen,
            accounts: Vec::new(),
            alerts: alerts.unwrap_or_else(|| Some(Alerts::default()))?,
            console,
            lang,
            retention: retention.unwrap_or(Some(Some(retention::DEFAULT)))?,
            backup: match backup {
                Some(backup) => Some(backup?),
                None => None,
            },
            warnings: std::mem::take(&mut self.warnings),
        };
        Some((config, folder.flatten()))
    }

    /// Returns the files of `accounts_from`, or reports why there are none.
    fn accounts_from(&mut self, entry: &Entry<'_>) -> Option<Folder> {
        let folder = self.path(entry)?;
        let help = || t!("config-holds-files-like-brand-yaml");
        let names = fs::read_dir(&folder).and_then(|entries| {
            entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()
        });
        let mut files = match names {
            Ok(names) => names,
            Err(error) => {
                let message = t!("config-cannot-read", folder = %folder.display(), error = %error);
                self.report.say_with(entry.node.location, message, help());
                return None;
            }
        };
        files.retain(|path| is_config_file(path));
        files.sort_unstable();
        // A named pipe would be waited for.
        if let Some(other) = files.iter().find(|path| !path.is_file()) {
            let message = t!("config-not-file", other = %other.display());
            self.report.say_with(entry.node.location, message, help());
            return None;
        }
        if files.is_empty() {
            let message = t!("config-holds-no-yaml-file", folder = %folder.display());
            self.report.say_with(entry.node.location, message, help());
            return None;
        }
        Some(Folder { files })
    }

    fn end_marker(&mut self, fields: &Fields<'_, '_>) -> bool {
        let choices = [("required", true), ("optional", false)];
        let entry = fields.get("inbox_end_marker");
        entry.and_then(|entry| entry.choice(&choices, self.report)).unwrap_or_default()
    }

    fn listen(&mut self, entry: &Entry<'_>) -> Option<SocketAddr> {
        let text = entry.text(self.report)?;
        let address = text.parse().ok();
        if address.is_none() {
            let message = t!("config-no-address-port", text = %quote(text));
            self.report.say_with(entry.node.location, message, t!("config-write-listen-127-0-0"));
        }
        address
    }

    fn own_accounts(
        &mut self,
        entry: Option<&Entry<'_>>,
        fields: &Fields<'_, '_>,
        listen: Option<SocketAddr>,
    ) {
        match entry {
            Some(entry) => {
                let missing = (t!("config-no-account-accounts"), ACCOUNTS_HELP());
                self.add_accounts(&entry.node, entry.key_location, missing, listen);
            }
            None => {
                fields.require("accounts", ACCOUNTS_HELP, self.report);
            }
        }
    }

    /// Adds the accounts of a map of names; `missing` is the message and the help if there is none.
    fn add_accounts(
        &mut self,
        node: &Node<'_>,
        location: Location,
        missing: (String, String),
        listen: Option<SocketAddr>,
    ) {
        let entries = match &node.value {
            Value::Map(entries) if !entries.is_empty() => entries,
            Value::Map(_) | Value::Empty | Value::Text { .. } | Value::List(_) => {
                self.report.say_with(location, missing.0, missing.1);
                return;
            }
        };
        for entry in entries {
            if let Some(account) = self.account(entry, listen) {
                self.add_account(entry, account);
            }
        }
    }

    fn add_account(&mut self, entry: &Entry<'_>, account: AccountConfig) {
        let Accounts { all, names, appids } = &mut *self.accounts;
        let (name, appid) = (&account.account.name, &account.account.appid);
        if names.contains(name) {
            let message = t!("config-another-file-account-already", name = %name);
            self.report.say_with(
                entry.key_location,
                message,
                t!("config-give-one-them-another-name"),
            );
        } else if let Some(&other) = appids.get(appid) {
            let message =
                t!("config-already-account", appid = %appid, name = %all[other].account.name);
            let help = t!("config-two-names-one-account-would");
            self.report.say_with(entry.key_location, message, help);
        }
        names.insert(name.clone());
        appids.insert(appid.clone(), all.len());
        all.push(account);
    }

    /// Returns a path, with `${NAME}` replaced and a relative path resolved in the config's folder.
    fn path(&mut self, entry: &Entry<'_>) -> Option<PathBuf> {
        let mut rest = entry.text(self.report)?;
        let mut path = String::new();
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else { break };
            let name = &rest[start + 2..start + length];
            let Some(value) = (self.env)(name).filter(|value| !value.is_empty()) else {
                let message = t!("config-not-set", name = %name);
                let help = match name {
                    "CREDENTIALS_DIRECTORY" => {
                        t!("config-systemd-sets-unit-loadcredential-elsewhere")
                    }
                    _ => t!("config-set-daemon-environment-write-path"),
                };
                self.report.say_with(entry.node.location, message, help);
                return None;
            };
            path.push_str(&rest[..start]);
            path.push_str(&value);
            rest = &rest[start + length + 1..];
        }
        path.push_str(rest);
        Some(self.folder.join(path))
    }
}

#[cfg(test)]
mod tests;
