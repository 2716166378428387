//! Who is told of alerts, and over which channel: the checked values of `alerts`.

use chrono::{NaiveTime, TimeDelta};
use secrecy::SecretString;

use super::users::User;
use crate::alert::Route;

/// How long before a job's time an approval is due, unless the config says otherwise.
pub(super) const APPROVAL: TimeDelta = TimeDelta::minutes(60);

/// Who is told of alerts, and when.
#[derive(Clone, Debug)]
pub struct Alerts {
    /// The receivers, in the file's order.
    pub receivers: Vec<Receiver>,
    /// Who is told of what.
    pub routes: Vec<Route>,
    /// The URL that is requested while the daemon works.
    pub ping: Option<Ping>,
    /// How long before a job's time its approval is due.
    pub approval: TimeDelta,
    /// The time of day, in Beijing, of the summary of the day before.
    pub summary_at: Option<NaiveTime>,
}

impl Default for Alerts {
    fn default() -> Self {
        let (receivers, routes) = (Vec::new(), Vec::new());
        Self { receivers, routes, ping: None, approval: APPROVAL, summary_at: None }
    }
}

/// One receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub channel: Channel,
    /// Who approves jobs with the links that it is sent.
    pub approver: Option<Approver>,
}

/// A user who approves jobs with links in alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// The user.
    pub user: User,
    /// Where links lead, without a `/` at its end.
    pub url: String,
}

/// How a receiver is reached.
#[derive(Clone, Debug)]
pub enum Channel {
    /// A robot in a group of 企业微信.
    Wecom(Hook),
    /// A robot in a group of 飞书, and the secret of its signature.
    Feishu(Hook),
    /// A robot in a group of 钉钉, and the secret of its signature.
    Dingtalk(Hook),
    /// A URL that takes Standard Webhooks.
    Webhook(Hook),
    /// A mailbox.
    Email(Email),
    /// A program.
    Command(CommandLine),
}

/// A URL to which messages are posted.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The URL.
    pub url: SecretString,
    /// The secret that signs the messages.
    pub secret: Option<SecretString>,
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct Email {
    /// The server's name.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The user name and password.
    pub login: Option<(String, SecretString)>,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// It begins plain and changes to TLS, or nothing is sent.
    Starttls,
    /// It is TLS from the start.
    Tls,
    /// Not at all: for this machine only.
    None,
}

/// A program that takes a message as JSON on its standard input.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How long it may run.
    pub timeout: TimeDelta,
}

/// A URL that is requested while the daemon works.
#[derive(Clone, Debug)]
pub struct Ping {
    /// The URL.
    pub url: SecretString,
    /// How often.
    pub every: TimeDelta,
}
