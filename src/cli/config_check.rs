//! `config check`: what the config says, and what of it is probably not meant.

use std::path::Path;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::config_file::{self, Loaded};
use super::finding::{Finding, Verdict};
use super::text::{self, Cell, Page, Table, Tone};
use super::{Answer, Json, Problem, Terminal, places, unusable};
use crate::config::{
    AccountConfig, CallbackConfig, Channel, ConfigError, Receiver, Secrets, TokenSource,
};
use crate::l10n::t;
use crate::model::{ArticlesVia, Kind};
use crate::text::names;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read the config as `run` would, and say what is probably not meant
    ///
    /// Exits with 1 if the config is wrong, and with 3 if it cannot be read. Warnings leave 0.
    Check(CheckOptions),
}

#[derive(Debug, Args)]
struct CheckOptions {
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct ConfigView {
    file: String,
    ok: bool,
    state_dir: Option<String>,
    inbox: Option<String>,
    listen: Option<String>,
    accounts: Vec<AccountView>,
    /// Who is told of alerts.
    alerts: Vec<ReceiverView>,
    /// What is wrong; the config cannot be used.
    errors: Vec<String>,
    /// What is legal and probably not meant.
    warnings: Vec<Finding>,
    notes: Vec<String>,
}

/// One account, without its secrets.
#[derive(Debug, Serialize)]
struct AccountView {
    account: String,
    kind: &'static str,
    appid: String,
    /// Where the secret is; none if it was not read.
    secret: Option<String>,
    /// What is on, in words.
    on: Vec<String>,
}

/// One receiver of alerts, without its URL.
#[derive(Debug, Serialize)]
struct ReceiverView {
    receiver: String,
    channel: &'static str,
}

/// Runs the command.
pub(super) fn run(
    options: &Options,
    path: &Path,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let Command::Check(options) = &options.command;
    let view = match config_file::load(path) {
        Ok(loaded) => view(path, &loaded),
        Err(ConfigError::Invalid(found)) => {
            let errors = found.iter().map(ToString::to_string).collect();
            ConfigView { ok: false, errors, ..empty(path) }
        }
        Err(error @ ConfigError::Unreadable { .. }) => return Err(unusable(error)),
    };
    terminal.answer(options.json, &view, render)?;
    Ok(if view.ok { Answer::Yes } else { Answer::No })
}

fn empty(path: &Path) -> ConfigView {
    ConfigView {
        file: path.display().to_string(),
        ok: true,
        state_dir: None,
        inbox: None,
        listen: None,
        accounts: Vec::new(),
        alerts: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
        notes: Vec::new(),
    }
}

fn view(path: &Path, loaded: &Loaded) -> ConfigView {
    let config = &loaded.config;
    let mut notes = Vec::new();
    if loaded.secrets == Secrets::Leave {
        notes.push(t!("config-check-secrets-unread", command = %config_file::with_secrets_of_the_unit("config check")));
    }
    ConfigView {
        state_dir: Some(config.state_dir.display().to_string()),
        inbox: Some(config.inbox.display().to_string()),
        listen: config.listen.map(|address| address.to_string()),
        accounts: config.accounts.iter().map(account).collect(),
        alerts: config.alerts.receivers.iter().map(receiver).collect(),
        warnings: warnings(loaded),
        notes,
        ..empty(path)
    }
}

/// Returns what the config and its folders should be corrected in.
pub(super) fn warnings(loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let own = config.warnings.iter().map(|warning| Finding::remark("config", warning));
    let folders = [places::state_dir(&config.state_dir), places::inbox(&config.inbox)];
    let folders = folders.into_iter().filter(|found| found.verdict != Verdict::Good);
    own.chain(folders).chain(places::listen(config.listen)).collect()
}

fn account(config: &AccountConfig) -> AccountView {
    let account = &config.account;
    AccountView {
        account: account.name.clone(),
        kind: match account.kind {
            Kind::Subscription => "subscription",
            Kind::Service => "service",
        },
        appid: account.appid.clone(),
        secret: config.secret_source.clone(),
        on: on(config),
    }
}

fn receiver(receiver: &Receiver) -> ReceiverView {
    let channel = match receiver.channel {
        Channel::Wecom(_) => "wecom",
        Channel::Feishu(_) => "feishu",
        Channel::Dingtalk(_) => "dingtalk",
        Channel::Webhook(_) => "webhook",
        Channel::Email(_) => "email",
        Channel::Command(_) => "command",
    };
    ReceiverView { receiver: receiver.name.clone(), channel }
}

fn on(config: &AccountConfig) -> Vec<String> {
    let token = match &config.token {
        TokenSource::Stable => None,
        TokenSource::Classic => Some(t!("config-check-classic")),
        // Its URL may hold a key.
        TokenSource::Url(_) => Some(t!("config-check-token-server")),
        TokenSource::Component { name, .. } => {
            Some(t!("config-check-component", name = name.as_str()))
        }
    };
    let account = &config.account;
    let via = match account.articles_via {
        ArticlesVia::Draft => None,
        ArticlesVia::Uploadnews => Some(t!("config-check-uploadnews")),
    };
    let words = [
        config.callback.as_ref().map(callback),
        config
            .callback
            .as_ref()
            .and_then(|callback| callback.forward_to.as_ref())
            .map(|_| t!("config-check-forward")),
        token,
        via,
        account.payment.then(|| t!("config-check-payment")),
        (!config.verified).then(|| t!("config-check-not-verified")),
        config.replaces.as_ref().map(|_| t!("config-check-replaces")),
        // Its URL may hold a password.
        config.proxy.as_ref().map(|_| t!("config-check-proxy")),
    ];
    words.into_iter().flatten().collect()
}

fn callback(callback: &CallbackConfig) -> String {
    if callback.keys.is_empty() { t!("config-check-plain") } else { t!("config-check-encrypted") }
}

fn render(page: &mut Page, view: &ConfigView) {
    if !view.ok {
        page.lines(Tone::Alarm, 0, &t!("config-check-unusable", file = %view.file));
        for line in view.errors.iter().flat_map(|error| error.lines()) {
            page.raw(&text::visible(line));
        }
        return;
    }
    let (n, count) = (view.accounts.len(), text::count(view.accounts.len() as u64));
    let good = t!("config-check-good", file = view.file.as_str(), n = n, count = count);
    page.lines(Tone::Good, 0, &good);
    page.blank_line();
    let heads =
        [t!("config-check-head-account"), t!("config-check-head-kind"), t!("config-check-head-on")];
    let [account, kind, on] = heads.each_ref().map(String::as_str);
    let mut table = Table::new(&[(account, 40), (kind, 12), ("appid", 24), (on, 60)]);
    for account in &view.accounts {
        let on = if account.on.is_empty() { "-".to_owned() } else { names::list(&account.on) };
        let kind = kind_name(account.kind);
        let texts = [account.account.as_str(), &kind, &account.appid, &on];
        table.row(texts.map(Cell::plain).to_vec());
        if let Some(secret) = &account.secret {
            table.note(Tone::Quiet, secret);
        }
    }
    page.table(0, &table);
    page.blank_line();
    page.lines(Tone::Plain, 0, &told_of_alerts(&view.alerts));
    if !view.warnings.is_empty() || !view.notes.is_empty() {
        page.blank_line();
    }
    for warning in &view.warnings {
        warning.render(page);
    }
    for note in &view.notes {
        page.lines(Tone::Plain, 0, note);
    }
}

fn kind_name(kind: &str) -> String {
    match kind {
        "subscription" => t!("config-check-kind-subscription"),
        "service" => t!("config-check-kind-service"),
        other => other.to_owned(),
    }
}

fn told_of_alerts(receivers: &[ReceiverView]) -> String {
    if receivers.is_empty() {
        return t!("config-check-nobody");
    }
    let named = |one: &ReceiverView| {
        t!("config-check-receiver", receiver = one.receiver.as_str(), channel = one.channel)
    };
    let named: Vec<_> = receivers.iter().map(named).collect();
    t!("config-check-alerts-go-to", names = %names::list(&named))
}
