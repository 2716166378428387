//! `alerts`: who is told of what, over which channel.
//!
//! The URLs of robots and webhooks are secrets: whoever has one can write to the group. They are read
//! as the accounts' secrets are, and never shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;
use lettre::message::Mailbox;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::receivers::{
    APPROVAL, Alerts, Approver, Channel, CommandLine, Email, Hook, Ping, Receiver, Security,
};
use super::users::{Console, Role};
use super::{Loader, Secrets};
use crate::alert::{QuietHours, Route, Severity, is_kind, kinds};
use crate::l10n::{Sentence, t};
use crate::yaml::diagnostic::{closest, quote};
use crate::yaml::{Entry, Fields, Node, Shape, Value};

/// How often the dead-man URL is requested, unless the config says otherwise.
const PING_EVERY: TimeDelta = TimeDelta::seconds(60);
/// How long a command may run, unless the config says otherwise.
const COMMAND_TIMEOUT: TimeDelta = TimeDelta::seconds(30);
/// What the secret of a webhook begins with.
const WEBHOOK_SECRET: &str = "whsec_";
/// The port for mail over TLS from the start.
const SMTPS: u16 = 465;
/// The port for mail that is submitted.
const SUBMISSION: u16 = 587;

pub(super) const ALERTS: Shape = Shape {
    what: || "`alerts`".to_owned(),
    known: &["receivers", "routes", "quiet_hours", "approval", "summary_at", "dead_man"],
    refused: &[],
};

pub(super) const RECEIVER: Shape = Shape {
    what: || t!("config-receiver"),
    known: &["wecom", "feishu", "dingtalk", "webhook", "email", "command", "timeout", "approver"],
    refused: &[
        ("url", || t!("config-receiver-channel"), RECEIVER_HELP),
        ("lark", || t!("config-channel-called-feishu"), || t!("config-write-feishu-url-file")),
    ],
};

const RECEIVER_HELP: Sentence = || t!("config-write-one-wecom-feishu-dingtalk");

pub(super) const HOOK: Shape = Shape {
    what: || t!("config-url-post"),
    known: &["url_file", "url_env", "secret_file", "secret_env"],
    refused: &[
        ("url", || t!("config-url-robot-secret-does-not"), URL_HELP),
        (
            "secret",
            || t!("config-secret-does-not-belong-into"),
            || t!("config-write-secret-file-secret-env"),
        ),
    ],
};

const URL_HELP: Sentence = || t!("config-write-url-file-url-env");

pub(super) const EMAIL: Shape = Shape {
    what: || "`email`".to_owned(),
    known: &["server", "port", "security", "user", "password_file", "password_env", "from", "to"],
    refused: &[(
        "password",
        || t!("config-password-does-not-belong-into"),
        || t!("config-write-password-file-password-env"),
    )],
};

const SECURITIES: [(&str, Security); 3] =
    [("starttls", Security::Starttls), ("tls", Security::Tls), ("none", Security::None)];

pub(super) const ROUTE: Shape = Shape {
    what: || t!("config-route"),
    known: &["to", "severity", "accounts", "kinds", "quiet_hours"],
    refused: &[],
};

const SEVERITIES: [(&str, Severity); 3] =
    [("page", Severity::Page), ("look", Severity::Look), ("note", Severity::Note)];

pub(super) const QUIET: Shape =
    Shape { what: || "`quiet_hours`".to_owned(), known: &["from", "to", "timezone"], refused: &[] };

pub(super) const PING: Shape = Shape {
    what: || "`dead_man`".to_owned(),
    known: &["url_file", "url_env", "every"],
    refused: &[],
};

impl Loader<'_, '_> {
    /// Returns what `alerts` says.
    pub(super) fn alerts(
        &mut self,
        entry: &Entry<'_>,
        console: Option<&Console>,
    ) -> Option<Alerts> {
        let fields = entry.node.fields(entry.key_location, &ALERTS, self.report)?;
        let receivers = match fields.get("receivers") {
            Some(entry) => self.receivers(entry, console)?,
            None => Vec::new(),
        };
        let quiet = fields.get("quiet_hours").map(|entry| self.quiet_hours(entry));
        let quiet = match quiet {
            Some(quiet) => Some(quiet?),
            None => None,
        };
        let routes = match fields.get("routes") {
            Some(entry) => self.routes(entry, &receivers, quiet)?,
            None => vec![Route {
                to: receivers.iter().map(|receiver| receiver.name.clone()).collect(),
                severity: Severity::Note,
                accounts: Vec::new(),
                kinds: Vec::new(),
                quiet,
            }],
        };
        self.warn_of_untold(&receivers, &routes);
        let ping = match fields.get("dead_man") {
            Some(entry) => Some(self.ping(entry)?),
            None => None,
        };
        let approval = match fields.get("approval") {
            Some(entry) => self.span(entry)?,
            None => APPROVAL,
        };
        let summary_at = match fields.get("summary_at") {
            Some(entry) => Some(self.time_of_day(entry)?),
            None => None,
        };
        Some(Alerts { receivers, routes, ping, approval, summary_at })
    }

    fn warn_of_untold(&mut self, receivers: &[Receiver], routes: &[Route]) {
        for Receiver { name, .. } in receivers {
            if !routes.iter().any(|route| route.to.contains(name)) {
                self.warnings.push(t!("config-no-route-alerts-goes-receiver", name = %name));
            }
        }
    }

    fn receivers(&mut self, entry: &Entry<'_>, console: Option<&Console>) -> Option<Vec<Receiver>> {
        let Value::Map(entries) = &entry.node.value else {
            let message = t!("config-receivers-must-keys-not", describe = %entry.node.describe());
            self.report.say_with(
                entry.node.location,
                message,
                t!("config-write-names-below-each-channel"),
            );
            return None;
        };
        let read: Vec<_> = entries.iter().map(|entry| self.receiver(entry, console)).collect();
        read.into_iter().collect()
    }

    fn receiver(&mut self, entry: &Entry<'_>, console: Option<&Console>) -> Option<Receiver> {
        let name = entry.key.to_string();
        let fits = (1..=64).contains(&name.chars().count())
            && name.chars().all(|c| c.is_alphanumeric() || "._@-".contains(c));
        if !fits {
            let message = t!("config-cannot-receiver-name", name = %quote(&name));
            let help = t!("config-receiver-name-help");
            self.report.say_with(entry.key_location, message, help);
            return None;
        }
        let fields = entry.node.fields(entry.key_location, &RECEIVER, self.report)?;
        let channels = RECEIVER.known.iter().filter(|key| !["timeout", "approver"].contains(key));
        let mut found = channels.filter_map(|key| fields.get(key));
        let Some(channel) = found.next() else {
            self.report.say_with(
                entry.key_location,
                t!("config-receiver-no-channel"),
                RECEIVER_HELP(),
            );
            return None;
        };
        if let Some(second) = found.next() {
            let help = t!("config-give-each-channel-receiver-own");
            self.report.say_with(second.key_location, t!("config-receiver-one-channel"), help);
            return None;
        }
        let approver = match fields.get("approver") {
            Some(entry) => Some(self.approver(entry, console)?),
            None => None,
        };
        Some(Receiver { name, channel: self.channel(channel, &fields)?, approver })
    }

    /// Returns whose links a receiver is sent.
    fn approver(&mut self, entry: &Entry<'_>, console: Option<&Console>) -> Option<Approver> {
        let name = entry.text(self.report)?;
        let Some(url) = console.and_then(|console| console.url.clone()) else {
            let (message, help) = (t!("config-approver-no-url"), t!("config-approver-no-url-help"));
            self.report.say_with(entry.key_location, message, help);
            return None;
        };
        let user = console.iter().flat_map(|console| &console.users).find(|one| one.name == name);
        let user = user.filter(|user| user.role >= Role::Approver);
        if user.is_none() {
            let message = t!("config-no-approver", name = %quote(name));
            self.report.say_with(entry.node.location, message, t!("config-no-approver-help"));
        }
        Some(Approver { user: user?.clone(), url })
    }

    fn channel(&mut self, entry: &Entry<'_>, fields: &Fields<'_, '_>) -> Option<Channel> {
        match &*entry.key {
            "wecom" => self.hook(entry).map(Channel::Wecom),
            "feishu" => self.hook(entry).map(Channel::Feishu),
            "dingtalk" => self.hook(entry).map(Channel::Dingtalk),
            "webhook" => self.webhook(entry).map(Channel::Webhook),
            "email" => self.email(entry).map(Channel::Email),
            _ => self.command(entry, fields).map(Channel::Command),
        }
    }

    fn hook(&mut self, entry: &Entry<'_>) -> Option<Hook> {
        let fields = entry.node.fields(entry.key_location, &HOOK, self.report)?;
        let url = self.secret_url(&fields)?;
        let wants_secret = fields.get("secret_file").or_else(|| fields.get("secret_env"));
        let secret = match wants_secret {
            Some(_) => Some(self.secret(&fields, "secret_file", "secret_env")?),
            None => None,
        };
        Some(Hook { url, secret })
    }

    fn webhook(&mut self, entry: &Entry<'_>) -> Option<Hook> {
        let hook = self.hook(entry)?;
        let is_good = |secret: &SecretString| {
            let bare = secret.expose_secret().strip_prefix(WEBHOOK_SECRET);
            bare.is_some_and(|bare| STANDARD.decode(bare).is_ok())
        };
        let secret = hook.secret.as_ref().filter(|_| self.secrets == Secrets::Read);
        if secret.is_some_and(|secret| !is_good(secret)) {
            let help = t!("config-whsec-base64-standard-webhooks");
            self.report.say_with(entry.key_location, t!("config-no-secret-webhook"), help);
            return None;
        }
        Some(hook)
    }

    /// Returns a URL that is a secret: https, or http of this machine.
    fn secret_url(&mut self, fields: &Fields<'_, '_>) -> Option<SecretString> {
        let Some(entry) = fields.get("url_file").or_else(|| fields.get("url_env")) else {
            self.report.say_with(fields.location, t!("config-url-missing"), URL_HELP());
            return None;
        };
        let url = self.secret(fields, "url_file", "url_env")?;
        let is_good = |url: &Url| {
            url.scheme() == "https" || (url.scheme() == "http" && super::network::is_loopback(url))
        };
        if self.secrets == Secrets::Leave
            || Url::parse(url.expose_secret()).is_ok_and(|url| is_good(&url))
        {
            return Some(url);
        }
        let message = t!("config-does-not-hold-https-url", key = %entry.key);
        self.report.say_with(entry.node.location, message, t!("config-http-127-0-0-1"));
        None
    }

    fn email(&mut self, entry: &Entry<'_>) -> Option<Email> {
        let fields = entry.node.fields(entry.key_location, &EMAIL, self.report)?;
        let required = |key, help: Sentence, loader: &mut Self| {
            let entry = fields.require(key, help, loader.report)?;
            entry.text(loader.report).map(str::to_owned)
        };
        let server = required("server", || t!("config-write-server-smtp-example-com"), self);
        let from = fields.require("from", || t!("config-write-qunfa-example-com"), self.report);
        let from = from.and_then(|entry| self.addresses(entry)?.pop());
        let to = fields.require("to", || t!("config-write-ops-example-com"), self.report);
        let to = to.and_then(|entry| self.addresses(entry));
        let security = match fields.get("security") {
            Some(entry) => entry.choice(&SECURITIES, self.report)?,
            None => Security::Starttls,
        };
        let server = server?;
        if security == Security::None
            && !["localhost", "127.0.0.1", "::1"].contains(&server.as_str())
        {
            let help = t!("config-server-another-machine-needs-security");
            self.report.say_with(fields.location, t!("config-mail-would-travel-unprotected"), help);
            return None;
        }
        let port = match fields.get("port") {
            Some(entry) => u16::try_from(entry.number(1, 65_535, self.report)?).ok()?,
            None if security == Security::Tls => SMTPS,
            None => SUBMISSION,
        };
        let login = match fields.get("user") {
            Some(entry) => {
                let user = entry.text(self.report)?.to_owned();
                let password = self.secret(&fields, "password_file", "password_env");
                if password.is_none()
                    && fields.get("password_file").or_else(|| fields.get("password_env")).is_none()
                {
                    let help = t!("config-write-password-file-password-env");
                    self.report.say_with(entry.key_location, t!("config-user-no-password"), help);
                }
                Some((user, password?))
            }
            None => None,
        };
        Some(Email { server, port, security, login, from: from?, to: to? })
    }

    /// Returns mail addresses, at least one.
    fn addresses(&mut self, entry: &Entry<'_>) -> Option<Vec<String>> {
        let words = self.words(entry)?;
        let Some(wrong) = words.iter().find(|word| word.parse::<Mailbox>().is_err()) else {
            return Some(words);
        };
        let message = t!("config-no-mail-address", text = %quote(wrong));
        self.report.say_with(entry.node.location, message, t!("config-mail-address-help"));
        None
    }

    fn command(&mut self, entry: &Entry<'_>, fields: &Fields<'_, '_>) -> Option<CommandLine> {
        let mut words = self.words(entry)?;
        let timeout = match fields.get("timeout") {
            Some(entry) => self.span(entry)?,
            None => COMMAND_TIMEOUT,
        };
        let program = words.remove(0);
        Some(CommandLine { program, arguments: words, timeout })
    }

    /// Returns a list of words, at least one.
    pub(super) fn words(&mut self, entry: &Entry<'_>) -> Option<Vec<String>> {
        let word = |node: &Node<'_>| match &node.value {
            Value::Text { text, .. } if !text.is_empty() => Some(text.to_string()),
            Value::Text { .. } | Value::Empty | Value::List(_) | Value::Map(_) => None,
        };
        let words: Option<Vec<_>> = match &entry.node.value {
            Value::List(items) => items.iter().map(word).collect(),
            Value::Text { .. } | Value::Empty | Value::Map(_) => {
                word(&entry.node).map(|word| vec![word])
            }
        };
        let words = words.filter(|words| !words.is_empty());
        if words.is_none() {
            let message = t!("config-must-list-words", key = %entry.key);
            self.report.say_with(entry.node.location, message, t!("config-write-one-two"));
        }
        words
    }

    fn routes(
        &mut self,
        entry: &Entry<'_>,
        receivers: &[Receiver],
        quiet: Option<QuietHours>,
    ) -> Option<Vec<Route>> {
        let Value::List(items) = &entry.node.value else {
            let message = t!("config-routes-must-list-not", describe = %entry.node.describe());
            self.report.say_with(entry.node.location, message, t!("config-write-name"));
            return None;
        };
        let read: Vec<_> = items.iter().map(|node| self.route(node, receivers, quiet)).collect();
        read.into_iter().collect()
    }

    fn route(
        &mut self,
        node: &Node<'_>,
        receivers: &[Receiver],
        quiet: Option<QuietHours>,
    ) -> Option<Route> {
        let fields = node.fields(node.location, &ROUTE, self.report)?;
        let entry = fields.require("to", || t!("config-write-name-2"), self.report)?;
        let to = self.words(entry)?;
        let known: Vec<_> = receivers.iter().map(|receiver| receiver.name.as_str()).collect();
        self.all_known((entry, &to), |word| t!("config-no-receiver", word = word), &known)?;
        let severity = match fields.get("severity") {
            Some(entry) => entry.choice(&SEVERITIES, self.report)?,
            None => Severity::Note,
        };
        let accounts = match fields.get("accounts") {
            Some(entry) => self.words(entry)?,
            None => Vec::new(),
        };
        let words = match fields.get("kinds") {
            Some(entry) => {
                let words = self.words(entry)?;
                if !words.iter().all(|word| is_kind(word)) {
                    let all: Vec<_> = kinds().collect();
                    let unknown = |word: &str| t!("config-no-kind-of-alert", word = word);
                    self.all_known((entry, &words), unknown, &all)?;
                }
                words
            }
            None => Vec::new(),
        };
        let quiet = match fields.get("quiet_hours") {
            Some(entry) => Some(self.quiet_hours(entry)?),
            None => quiet,
        };
        Some(Route { to, severity, accounts, kinds: words, quiet })
    }

    /// Reports the first word that is not known.
    fn all_known(
        &mut self,
        (entry, words): (&Entry<'_>, &[String]),
        what: impl Fn(&str) -> String,
        known: &[&str],
    ) -> Option<()> {
        let unknown = words.iter().find(|word| !known.contains(&word.as_str()));
        let Some(unknown) = unknown else { return Some(()) };
        let help = match closest(unknown, known.iter().copied()) {
            Some(close) => t!("yaml-did-you-mean", key = %close),
            None => t!("config-text", known = %known.join(", ")),
        };
        let message = what(&quote(unknown));
        self.report.say_with(entry.node.location, message, help);
        None
    }

    fn quiet_hours(&mut self, entry: &Entry<'_>) -> Option<QuietHours> {
        let fields = entry.node.fields(entry.key_location, &QUIET, self.report)?;
        let [from, to] =
            ["from", "to"].map(|key| fields.require(key, || t!("config-write-22-00"), self.report));
        let zone = match fields.get("timezone") {
            Some(entry) => self.zone(entry)?,
            None => chrono_tz::Asia::Shanghai,
        };
        Some(QuietHours { from: self.time_of_day(from?)?, to: self.time_of_day(to?)?, zone })
    }

    fn zone(&mut self, entry: &Entry<'_>) -> Option<Tz> {
        let text = entry.text(self.report)?;
        let zone = text.parse().ok();
        if zone.is_none() {
            let message = t!("inbox-no-time-zone", name = %quote(text));
            self.report.say_with(
                entry.node.location,
                message,
                t!("config-write-one-like-asia-shanghai"),
            );
        }
        zone
    }

    pub(super) fn time_of_day(&mut self, entry: &Entry<'_>) -> Option<NaiveTime> {
        let text = entry.text(self.report)?;
        let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
        if time.is_none() {
            let message = t!("config-no-time-day", text = %quote(text));
            self.report.say_with(entry.node.location, message, t!("config-write-22-00"));
        }
        time
    }

    /// Returns a duration of at least a second.
    fn span(&mut self, entry: &Entry<'_>) -> Option<TimeDelta> {
        let text = entry.text(self.report)?;
        let span = humantime::parse_duration(text).ok();
        let span = span.and_then(|span| TimeDelta::from_std(span).ok());
        let span = span.filter(|span| (TimeDelta::seconds(1)..=TimeDelta::days(7)).contains(span));
        if span.is_none() {
            let message = t!("config-no-duration-1s-7d", text = %quote(text));
            self.report.say_with(entry.node.location, message, t!("config-write-60s-30m-2h"));
        }
        span
    }

    fn ping(&mut self, entry: &Entry<'_>) -> Option<Ping> {
        let fields = entry.node.fields(entry.key_location, &PING, self.report)?;
        let every = match fields.get("every") {
            Some(entry) => self.span(entry)?,
            None => PING_EVERY,
        };
        Some(Ping { url: self.secret_url(&fields)?, every })
    }
}
