//! The checks of third-party platforms: by the database alone, because a request for a token could end
//! the one that the daemon has.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::finding::Finding;
use super::super::{Problem, database, text};
use super::Report;
use crate::config::{AccountConfig, ComponentConfig, Config};
use crate::l10n::t;
use crate::model::console;
use crate::store::{Authorizer, AuthorizerState, Component};
use crate::wechat::protocol::component::MASS_SENDS;

/// A ticket comes every ten minutes; one that is older than this is late.
const TICKET_LATE: TimeDelta = TimeDelta::hours(1);

/// Checks what is known of the components of these accounts, and of their authorizations.
pub(super) fn check(
    config: &Config,
    accounts: &[&AccountConfig],
    now: DateTime<Utc>,
    report: &mut Report<'_, '_>,
) -> Result<(), Problem> {
    if accounts.iter().all(|account| account.token.component().is_none()) {
        return Ok(());
    }
    let Some(store) = database::open(config, now)? else { return Ok(()) };
    let tx = store.read();
    for component in &config.components {
        let of_it: Vec<_> =
            accounts.iter().filter(|one| one.token.is_of(&component.appid)).collect();
        if of_it.is_empty() {
            continue;
        }
        report.add_all(of_component(component, &tx.component(&component.appid)?, now))?;
        for account in of_it {
            let known = tx.authorizer(&component.appid, &account.account.appid)?;
            let name = &account.account.name;
            let finding = of_account(component, known.as_ref(), name);
            report.add(finding.of(name))?;
        }
    }
    Ok(())
}

fn of_component(
    component: &ComponentConfig,
    known: &Component,
    now: DateTime<Utc>,
) -> [Finding; 2] {
    const TICKET: &str = "ticket";
    const TOKEN: &str = "token";
    let name = component.name.as_str();
    let advice = || t!("told-see-component-url", component = name, place = %console::component());
    let ticket = match (&known.ticket, known.ticket_at) {
        (Some(_), Some(at)) if now - at < TICKET_LATE => {
            let at = text::distance(at, now);
            Finding::good(TICKET, t!("doctor-ticket-good", component = name, at = at))
        }
        (Some(_), Some(at)) => {
            let at = text::distance(at, now);
            Finding::warning(TICKET, t!("doctor-ticket-late", component = name, at = at), advice())
        }
        (_, _) => Finding::bad(TICKET, t!("doctor-no-ticket", component = name), advice()),
    };
    let token = match &known.token {
        Some(token) if token.until > now => {
            let until = text::distance(token.until, now);
            Finding::good(TOKEN, t!("doctor-component-token", component = name, until = until))
        }
        Some(_) | None => Finding::bad(
            TOKEN,
            t!("doctor-no-component-token", component = name),
            t!("doctor-see-component"),
        ),
    };
    [ticket, token]
}

fn of_account(component: &ComponentConfig, known: Option<&Authorizer>, account: &str) -> Finding {
    const CHECK: &str = "rights";
    let name = component.name.as_str();
    let state = known.map_or(AuthorizerState::Sought, |known| known.state);
    let granted = known.and_then(|known| known.func_info.as_ref());
    match (state, granted) {
        (AuthorizerState::Authorized, Some(ids)) if ids.contains(&MASS_SENDS) => {
            Finding::good(CHECK, t!("doctor-authorized", component = name))
        }
        (AuthorizerState::Authorized, Some(_)) => Finding::bad(
            CHECK,
            t!("told-no-mass-send-right", account = account, component = name),
            t!("told-grant-mass-sends", component = name, account = account),
        ),
        (AuthorizerState::Authorized, None) => {
            Finding::remark(CHECK, t!("doctor-rights-unknown", component = name))
        }
        (AuthorizerState::Unauthorized, _) => Finding::bad(
            CHECK,
            t!("doctor-unauthorized", component = name),
            t!("told-authorize", component = name, account = account),
        ),
        (AuthorizerState::Sought, _) => {
            Finding::remark(CHECK, t!("doctor-authorization-sought", component = name))
        }
    }
}
