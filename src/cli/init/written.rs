//! The text of a first config, and the forms of its values.

use std::path::PathBuf;

use crate::config::{is_account_name, is_appid};
use crate::l10n::{Lang, t};
use crate::model::Kind;

/// What a first config says.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) account: String,
    pub(super) kind: Kind,
    pub(super) appid: String,
    pub(super) secret: Secret,
    /// For the systemd unit.
    pub(super) system: bool,
    /// The language of the config, and of what is written for people.
    pub(super) lang: Lang,
}

/// Where the secret is.
#[derive(Clone, Debug)]
pub(super) enum Secret {
    File(PathBuf),
    Variable(String),
    /// The unit passes it from the folder of credentials.
    Unit,
}

impl Plan {
    /// Returns the config file.
    pub(super) fn text(&self) -> String {
        let (state, inbox) =
            if self.system { ("/var/lib/qunfa", "/var/spool/qunfa") } else { ("state", "inbox") };
        let kind = match self.kind {
            Kind::Subscription => "subscription",
            Kind::Service => "service",
        };
        let (account, appid) = (key(&self.account), &self.appid);
        let secret = match &self.secret {
            Secret::File(path) => format!("secret_file: {}", quoted(&path.display().to_string())),
            Secret::Variable(name) => format!("secret_env: {name}"),
            Secret::Unit => {
                let file = format!("${{CREDENTIALS_DIRECTORY}}/qunfa_{}.secret", self.account);
                let comment = t!("init-config-unit-secret", account = self.account.as_str());
                format!("# {comment}\n    secret_file: {file}")
            }
        };
        let folder = match &self.secret {
            Secret::Unit => "${CREDENTIALS_DIRECTORY}/qunfa_",
            Secret::File(_) | Secret::Variable(_) => "",
        };
        let about = comment("", &t!("init-config-about"));
        let callback =
            comment("    ", &t!("init-config-callback", account = self.account.as_str()));
        let [of_lang, of_state, of_inbox, of_listen, of_account] = [
            t!("init-config-lang"),
            t!("init-config-state"),
            t!("init-config-inbox"),
            t!("init-config-listen"),
            t!("init-config-account"),
        ];
        let (lang, name) = (self.lang.name(), &self.account);
        format!(
            "{about}\
             lang: {lang}    # {of_lang}\n\
             state_dir: {state}    # {of_state}\n\
             inbox: {inbox}    # {of_inbox}\n\
             listen: 127.0.0.1:8071    # {of_listen}\n\
             \n\
             accounts:\n  \
               {account}:    # {of_account}\n    \
                 kind: {kind}\n    \
                 appid: {appid}\n    \
                 {secret}\n\
             {callback}    \
                 # callback:\n    \
                 #   token_file: {folder}{name}.callback\n"
        )
    }
}

/// Returns a text as lines of comment.
fn comment(indent: &str, text: &str) -> String {
    text.lines().map(|line| format!("{indent}# {line}\n")).collect()
}

/// Returns an account's name as a key of YAML.
fn key(name: &str) -> String {
    // A name of digits or signs could be read as something else.
    let is_plain = name.starts_with(char::is_alphabetic) && !is_word_of_yaml(name);
    if is_plain { name.to_owned() } else { format!("\"{name}\"") }
}

fn is_word_of_yaml(name: &str) -> bool {
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&name.to_ascii_lowercase().as_str())
}

/// Returns a path as a value of YAML: JSON's strings are YAML's too.
fn quoted(path: &str) -> String {
    let is_plain = path.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    if is_plain { path.to_owned() } else { serde_json::Value::from(path).to_string() }
}

/// Returns a word as a shell takes it.
pub(super) fn shell(word: &str) -> String {
    let is_plain = word.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

pub(super) fn account(text: &str) -> Result<String, String> {
    let why = || t!("init-bad-account");
    if is_account_name(text) { Ok(text.to_owned()) } else { Err(why()) }
}

pub(super) fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "subscription" | "订阅号" | "公众号" => Ok(Kind::Subscription),
        "service" | "服务号" => Ok(Kind::Service),
        _ => Err(t!("init-bad-kind")),
    }
}

pub(super) fn appid(text: &str) -> Result<String, String> {
    let why = || t!("init-bad-appid");
    if is_appid(text) { Ok(text.to_owned()) } else { Err(why()) }
}

pub(super) fn variable(text: &str) -> Result<String, String> {
    let fits = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let why = || t!("init-bad-variable");
    if fits { Ok(text.to_owned()) } else { Err(why()) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{self, Secrets};

    #[test]
    fn every_config_that_is_written_can_be_loaded() {
        let secret = |path: &str| Secret::File(PathBuf::from(path));
        for (account, kind, secret, system) in [
            ("brand-daily", Kind::Subscription, secret("/a/brand-daily.secret"), false),
            ("春天", Kind::Service, secret("/a b/\"春\" # 1.secret"), false),
            ("007", Kind::Service, Secret::Variable("BRAND_SECRET".to_owned()), false),
            ("true", Kind::Service, secret("/a/b"), false),
            ("@-.", Kind::Subscription, Secret::Unit, true),
            ("brand", Kind::Subscription, Secret::Unit, true),
        ] {
            let name = account.to_owned();
            let plan = Plan {
                account: name,
                kind,
                appid: "wx0123".to_owned(),
                secret,
                system,
                lang: Lang::En,
            };
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("config.yaml");
            fs::write(&path, plan.text()).unwrap();

            let config = config::load(&path, &|_| None, Secrets::Leave)
                .unwrap_or_else(|error| panic!("{account}: {error}\n{}", plan.text()));

            let [found] = &config.accounts[..] else { panic!("{:?}", config.accounts) };
            assert_eq!((&*found.account.name, found.account.kind), (account, kind));
            let state = if system { "/var/lib/qunfa".into() } else { dir.path().join("state") };
            assert_eq!(config.state_dir, state);
        }
    }

    #[test]
    fn the_path_of_a_secret_is_written_so_that_it_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a \"b\" # c.secret");
        fs::write(&file, "s3cret").unwrap();
        let plan = Plan {
            account: "brand".to_owned(),
            kind: Kind::Service,
            appid: "wx1".to_owned(),
            secret: Secret::File(file),
            system: false,
            lang: Lang::En,
        };
        let path = dir.path().join("config.yaml");
        fs::write(&path, plan.text()).unwrap();

        let config = config::load(&path, &|_| None, Secrets::Read).unwrap();

        assert!(config.accounts[0].secret.is_some());
    }

    #[test]
    fn a_word_for_a_shell_stays_one_word() {
        for (word, expected) in
            [("/a/春.yaml", "/a/春.yaml"), ("/a b", "'/a b'"), ("/it's", r"'/it'\''s'")]
        {
            assert_eq!(shell(word), expected);
        }
    }

    #[test]
    fn values_are_refused_in_the_forms_that_a_config_refuses() {
        assert!(["", "a b", "a/b"].iter().all(|text| account(text).is_err()));
        assert!(["wx", "0123", "wx春"].iter().all(|text| appid(text).is_err()));
        assert!(["", "1A", "A-B", "${A}"].iter().all(|text| variable(text).is_err()));
        assert!(kind("other").is_err());
    }
}
