//! The accounts: their quotas and ledgers, holds, followers, and whether they are well.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};

use super::status;
use crate::config::Role;
use crate::l10n::{self, t};
use crate::server::console::answers::{Account, Followers, Ledger, LedgerEntry, Status};
use crate::server::console::context::{Asked, Console, reads};
use crate::server::console::page::{Frame, Here, html};
use crate::server::problem::Refusal;

/// How many entries of the ledger are shown, the newest.
const ENTRIES: usize = 100;

#[derive(Template)]
#[template(path = "console/accounts.html")]
struct AccountsPage {
    frame: Frame,
    status: Status,
}

#[derive(Template)]
#[template(path = "console/account.html")]
struct AccountPage {
    frame: Frame,
    account: Account,
    entries: Vec<LedgerEntry>,
    followers: Option<Followers>,
    /// Why there are none.
    no_followers: String,
    may_decide: bool,
    now: DateTime<Utc>,
}

/// Returns the list of accounts.
pub(in crate::server::console) async fn all(
    console: &Console,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let status = status(console, asked).await?;
    l10n::within(asked.looks.lang, || {
        let frame = console.frame(asked, Here::Accounts, t!("console-accounts"));
        html(StatusCode::OK, &AccountsPage { frame, status })
    })
}

/// Returns the page of an account.
pub(in crate::server::console) async fn one(
    console: &Console,
    asked: &Asked,
    name: &str,
) -> Result<Response, Refusal> {
    let said = [("account", name)];
    let status: Status = console.json(reads("/status"), asked, &said).await?;
    let ledgers: Vec<Ledger> = console.json(reads("/quota/{account}"), asked, &said).await?;
    let account = status.accounts.into_iter().next().ok_or(Refusal::NoAccount)?;
    let followers = console.json(reads("/followers/{account}"), asked, &said).await;
    let (followers, no_followers) = match followers {
        Ok(followers) => (Some(followers), String::new()),
        Err(Refusal::No(why)) => (None, why),
        Err(other) => return Err(other),
    };
    let entries = ledgers.into_iter().flat_map(|ledger| ledger.entries);
    let mut entries: Vec<_> = entries.collect();
    entries.reverse();
    entries.truncate(ENTRIES);
    l10n::within(asked.looks.lang, || {
        let page = AccountPage {
            frame: console.frame(asked, Here::Accounts, account.name.clone()),
            account,
            entries,
            followers,
            no_followers,
            may_decide: asked.session.user.role >= Role::Operator,
            now: (console.handler.now)(),
        };
        html(StatusCode::OK, &page)
    })
}
