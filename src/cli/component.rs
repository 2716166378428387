//! `component`: what is known of a third-party platform, and links to authorise it.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, wait};
use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::config::{AccountConfig, ComponentConfig, Config, Proxy};
use crate::l10n::t;
use crate::model::hex;
use crate::store::{AuthorizationLink, Authorizer, Component, Store};
use crate::text::names;
use crate::wechat::client::{ApiBase, Client};
use crate::wechat::codes;
use crate::wechat::protocol::Reply;
use crate::wechat::protocol::component::{self as protocol, Answer, PreAuthCode};

/// How long a ticket is valid, by the documents.
const TICKET_LIFE: TimeDelta = TimeDelta::hours(12);
/// A ticket comes every ten minutes; one that is older than this is late.
const TICKET_LATE: TimeDelta = TimeDelta::hours(1);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The component's name in the config
    #[arg(value_name = "NAME")]
    name: String,
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a link by which an account's administrator authorises the component
    Link(LinkOptions),
}

#[derive(Debug, Args)]
struct LinkOptions {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: String,
    #[command(flatten)]
    json: Json,
}

/// What is known of a component. Nothing of it is a secret.
#[derive(Debug, Serialize)]
pub(super) struct ComponentView {
    name: String,
    appid: String,
    ticket: Option<TicketView>,
    /// When its token ends; none if it has none.
    #[serde(serialize_with = "maybe_rfc3339")]
    token_until: Option<DateTime<Utc>>,
    authorizers: Vec<AuthorizerView>,
    paths: PathsView,
}

/// The newest ticket.
#[derive(Debug, Serialize)]
struct TicketView {
    #[serde(serialize_with = "rfc3339")]
    at: DateTime<Utc>,
    #[serde(serialize_with = "rfc3339")]
    until: DateTime<Utc>,
    /// The platform refused it.
    refused: bool,
}

/// An account that authorised the component, or ended that.
#[derive(Debug, Serialize)]
struct AuthorizerView {
    appid: String,
    /// Its name in the config, if it is there.
    account: Option<String>,
    state: &'static str,
    #[serde(serialize_with = "rfc3339")]
    since: DateTime<Utc>,
    /// The permission sets that it granted; none if they are not known.
    permission_sets: Option<Vec<i64>>,
    /// Whether mass sends are among them; none if that is not known.
    mass_sends: Option<bool>,
}

/// The addresses of the listener that the platform must know.
#[derive(Debug, Serialize)]
struct PathsView {
    events: String,
    messages: String,
}

/// A link to authorise a component.
#[derive(Debug, Serialize)]
struct LinkView {
    component: String,
    account: String,
    appid: String,
    /// The page to begin at.
    start: String,
    /// The platform's page for a computer, which must be opened from the page to begin at.
    scan: String,
    /// The platform's page for a phone.
    phone: String,
    #[serde(serialize_with = "rfc3339")]
    until: DateTime<Utc>,
}

/// Shows a component, or makes a link.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let component = named(config, &options.name)?;
    match &options.action {
        None => {
            let store = database::open(config, now)?;
            let view = view(store.as_ref(), config, component)?;
            terminal.answer(options.json, &view, |page, view| render(page, view, now))
        }
        Some(Action::Link(options)) => {
            let view = link(&options.account, config, component, now)?;
            terminal.answer(options.json, &view, |page, view| render_link(page, view, now))
        }
    }
}

fn named<'c>(config: &'c Config, name: &str) -> Result<&'c ComponentConfig, Problem> {
    config.components.iter().find(|component| component.name == name).ok_or_else(|| {
        let all: Vec<_> = config.components.iter().map(|one| one.name.clone()).collect();
        let name = text::visible(name);
        match all.as_slice() {
            [] => Problem::No(t!("component-none", name = name)),
            all => Problem::No(t!("component-unknown", name = name, names = names::list(all))),
        }
    })
}

/// Returns what the database knows of a component.
pub(super) fn view(
    store: Option<&Store>,
    config: &Config,
    component: &ComponentConfig,
) -> Result<ComponentView, Problem> {
    let (stored, authorizers) = match store {
        Some(store) => {
            let tx = store.read();
            (tx.component(&component.appid)?, tx.authorizers(&component.appid)?)
        }
        None => (Component::default(), Vec::new()),
    };
    let name = &component.name;
    let below = |path: &str| match &component.url {
        Some(url) => format!("{}/{path}", url.as_str().trim_end_matches('/')),
        None => format!("/{path}"),
    };
    Ok(ComponentView {
        name: name.clone(),
        appid: component.appid.clone(),
        ticket: stored.ticket_at.map(|at| TicketView {
            at,
            until: at + TICKET_LIFE,
            refused: stored.ticket.is_none(),
        }),
        token_until: stored.token.map(|token| token.until),
        authorizers: authorizers.iter().map(|one| authorizer(one, &config.accounts)).collect(),
        paths: PathsView {
            events: below(&format!("component/{name}/events")),
            messages: below(&format!("component/{name}/callback/$APPID$")),
        },
    })
}

fn authorizer(known: &Authorizer, accounts: &[AccountConfig]) -> AuthorizerView {
    let account = accounts.iter().find(|config| config.account.appid == known.appid);
    let may_send = |ids: &Vec<i64>| ids.contains(&protocol::MASS_SENDS);
    AuthorizerView {
        appid: known.appid.clone(),
        account: account.map(|config| config.account.name.clone()),
        state: known.state.as_str(),
        since: known.since,
        mass_sends: known.func_info.as_ref().map(may_send),
        permission_sets: known.func_info.clone(),
    }
}

fn render(page: &mut Page, view: &ComponentView, now: DateTime<Utc>) {
    page.heading(&t!("component-heading", name = view.name.as_str(), appid = view.appid.as_str()));
    let (tone, line) = ticket(view.ticket.as_ref(), now);
    page.lines(tone, 0, &line);
    let (tone, line) = match view.token_until {
        Some(until) if until > now => {
            (Tone::Good, t!("component-token", until = text::time_and_distance(until, now)))
        }
        Some(_) | None => (Tone::Alarm, t!("component-no-token")),
    };
    page.lines(tone, 0, &line);
    page.lines(Tone::Quiet, 0, &t!("component-events", path = view.paths.events.as_str()));
    page.lines(Tone::Quiet, 0, &t!("component-messages", path = view.paths.messages.as_str()));
    page.blank_line();
    if view.authorizers.is_empty() {
        return page.lines(Tone::Quiet, 0, &t!("component-no-authorizer"));
    }
    let columns = [
        (t!("component-head-account"), 20),
        (t!("component-head-appid"), 20),
        (t!("component-head-state"), 22),
        (t!("component-head-since"), 20),
        (t!("component-head-sends"), 12),
    ];
    let mut table = Table::new(&columns);
    for one in &view.authorizers {
        let (tone, state) = match one.state {
            "authorized" => (Tone::Good, t!("component-authorized")),
            "unauthorized" => (Tone::Alarm, t!("component-unauthorized")),
            _ => (Tone::Warn, t!("component-sought")),
        };
        let sends = match one.mass_sends {
            Some(true) => Cell::plain(&t!("component-may-send")),
            Some(false) => Cell::new(Tone::Alarm, &t!("component-may-not-send")),
            None => Cell::new(Tone::Quiet, &t!("component-rights-unknown")),
        };
        let elsewhere = || t!("component-not-in-config");
        table.row(vec![
            Cell::plain(&one.account.clone().unwrap_or_else(elsewhere)),
            Cell::plain(&text::visible(&one.appid)),
            Cell::new(tone, &state),
            Cell::plain(&text::clock(one.since, now)),
            sends,
        ]);
    }
    page.table(0, &table);
}

fn ticket(view: Option<&TicketView>, now: DateTime<Utc>) -> (Tone, String) {
    let Some(ticket) = view else { return (Tone::Alarm, t!("component-no-ticket")) };
    let at = text::time_and_distance(ticket.at, now);
    if ticket.refused || ticket.until <= now {
        return (Tone::Alarm, t!("component-ticket-over", at = at));
    }
    let until = text::clock(ticket.until, now);
    let tone = if now - ticket.at >= TICKET_LATE { Tone::Warn } else { Tone::Good };
    (tone, t!("component-ticket", at = at, until = until))
}

/// Gets a pre-authorization code, and stores the link that it is for.
fn link(
    name: &str,
    config: &Config,
    component: &ComponentConfig,
    now: DateTime<Utc>,
) -> Result<LinkView, Problem> {
    let account = config.accounts.iter().find(|one| one.account.name == name);
    let account = account.ok_or_else(|| super::lookup::unknown_account(config, name, now))?;
    if !account.token.is_of(&component.appid) {
        let component = component.name.as_str();
        return Err(Problem::No(t!("component-not-of", account = name, component = component)));
    }
    let Some(url) = &component.url else {
        return Err(Problem::No(t!("component-no-url", component = component.name.as_str())));
    };
    let mut store = database::open(config, now)?
        .ok_or_else(|| Problem::No(t!("component-no-token-for-link")))?;
    let PreAuthCode { code, expires_in_s } = pre_auth_code(&store, component, now)?;
    let until = protocol::ends(expires_in_s, now);
    let key = hex(&Sha256::digest(&code));
    let appid = &account.account.appid;
    let named = (component.name.as_str(), component.appid.as_str());
    let links = protocol::links(url, named, appid, (&code, &key))
        .ok_or_else(|| Problem::Cannot(t!("component-no-url", component = named.0)))?;
    let stored = AuthorizationLink { appid: appid.clone(), target: links.scan.clone(), until };
    store.transaction(|tx| {
        tx.ensure_component(named.1)?;
        tx.keep_link((&key, named.1), &stored, now)
    })?;
    Ok(LinkView {
        component: component.name.clone(),
        account: name.to_owned(),
        appid: appid.clone(),
        start: links.start,
        scan: links.scan,
        phone: links.phone,
        until,
    })
}

fn pre_auth_code(
    store: &Store,
    component: &ComponentConfig,
    now: DateTime<Utc>,
) -> Result<PreAuthCode, Problem> {
    let token = store.read().component(&component.appid)?.token;
    let token = token
        .filter(|token| token.until > now)
        .ok_or_else(|| Problem::No(t!("component-no-token-for-link")))?;
    let client = match &component.proxy {
        Some(Proxy::Unread) => return Err(Problem::Cannot(t!("component-proxy-unread"))),
        Some(Proxy::Url(url)) => Client::new().through(url.clone()),
        None => Client::new(),
    };
    let request = protocol::create_preauthcode(&token.value, &component.appid);
    let runtime = wait::runtime()?;
    let mut why = String::new();
    for base in &component.api_bases {
        let base = ApiBase::parse(base).map_err(|error| Problem::Cannot(error.to_string()))?;
        let response = runtime.block_on(client.perform(&base, &request));
        match protocol::read_preauthcode(&response) {
            Answer::Given(code) => return Ok(code),
            Answer::Refused { code, errmsg } => {
                let what = codes::for_query(code).what();
                let code = code.to_string();
                return Err(Problem::No(t!(
                    "component-link-refused",
                    what = what,
                    code = code,
                    errmsg = errmsg
                )));
            }
            Answer::Unclear(unclear) => why = unclear,
        }
        if !matches!(response.reply, Reply::Unreachable(_)) {
            break;
        }
    }
    Err(Problem::No(t!("component-link-unanswered", why = why)))
}

fn render_link(page: &mut Page, view: &LinkView, now: DateTime<Utc>) {
    let until = text::time_and_distance(view.until, now);
    page.lines(Tone::Plain, 0, &t!("component-link-start", account = view.account.as_str()));
    page.raw(&view.start);
    page.blank_line();
    page.lines(Tone::Plain, 0, &t!("component-link-phone"));
    page.raw(&view.phone);
    page.blank_line();
    page.lines(Tone::Warn, 0, &t!("component-link-until", until = until));
}
