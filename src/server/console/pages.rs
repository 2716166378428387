//! The pages.

pub(super) mod accounts;
pub(super) mod job;
pub(super) mod lists;
pub(super) mod month;
pub(super) mod today;

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::answers::Status;
use super::context::{Asked, Console, reads};
use crate::l10n::t;
use crate::server::problem::Refusal;

/// Returns the status of all accounts of the user.
async fn status(console: &Console, asked: &Asked) -> Result<Status, Refusal> {
    let row = reads("/status");
    let Some(accounts) = asked.session.user.accounts.as_deref() else {
        return console.json(row, asked, &[]).await;
    };
    let mut all: Option<Status> = None;
    for account in accounts {
        let status = match console.json::<Status>(row, asked, &[("account", account)]).await {
            // The config gives the user an account that it does not have.
            Err(Refusal::NoAccount) => continue,
            status => status?,
        };
        match &mut all {
            Some(all) => all.add(status),
            None => all = Some(status),
        }
    }
    all.ok_or(Refusal::NoAccount)
}

/// Returns the name of a day of the week.
fn weekday(day: &NaiveDate) -> String {
    match day.weekday() {
        Weekday::Mon => t!("console-monday"),
        Weekday::Tue => t!("console-tuesday"),
        Weekday::Wed => t!("console-wednesday"),
        Weekday::Thu => t!("console-thursday"),
        Weekday::Fri => t!("console-friday"),
        Weekday::Sat => t!("console-saturday"),
        Weekday::Sun => t!("console-sunday"),
    }
}
