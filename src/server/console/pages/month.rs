//! The next weeks: accounts beside days, with what goes on each and where there is room.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Datelike as _, NaiveDate, Weekday};

use super::{status, weekday};
use crate::config::Role;
use crate::l10n::{self, t};
use crate::server::console::answers::{self, AccountDays, Plan, Planned, Status};
use crate::server::console::context::{Asked, Console, reads};
use crate::server::console::page::{Frame, Here, html};
use crate::server::endpoint::{self, Action, Endpoint, Method, Scope};
use crate::server::problem::Refusal;

/// How many days are shown, and how many accounts beside each other.
const DAYS: &str = "31";
const BESIDE: usize = 4;

/// The plan for who may see some accounts: what is of others is taken out of the answer, and what
/// counts them is not shown.
static PLAN_OF_SOME: Endpoint = Endpoint {
    method: Method::Get,
    path: "/plan",
    action: Action::Json("plan"),
    role: Role::Viewer,
    scope: Scope::Nothing,
    parameters: endpoint::PLAN,
};

#[derive(Template)]
#[template(path = "console/month.html")]
struct Month {
    frame: Frame,
    status: Status,
    bands: Vec<Band>,
    followers: Vec<answers::FollowersOfMonth>,
}

/// Accounts beside each other.
struct Band {
    accounts: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    date: String,
    weekday: String,
    class: &'static str,
    cells: Vec<Cell>,
}

struct Cell {
    entries: Vec<Entry>,
    /// Jobs that used quota of the day.
    used_by: Vec<String>,
    elsewhere: u32,
    is_free: bool,
}

struct Entry {
    id: String,
    class: &'static str,
    time: String,
    title: String,
    words: String,
}

/// Returns the page.
pub(in crate::server::console) async fn page(
    console: &Console,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let is_limited = asked.session.user.accounts.is_some();
    let row = if is_limited { &PLAN_OF_SOME } else { reads("/plan") };
    let plan: Plan = console.json(row, asked, &[("days", DAYS)]).await?;
    let status = status(console, asked).await?;
    l10n::within(asked.looks.lang, || {
        let jobs: HashMap<&str, &Planned> =
            plan.jobs.iter().map(|job| (job.id.as_str(), job)).collect();
        let today = plan.from.day();
        let bands = plan.grid.chunks(BESIDE).map(|accounts| band(accounts, &jobs, today));
        let page = Month {
            frame: console.frame(asked, Here::Month, t!("console-month")),
            status,
            bands: bands.collect(),
            followers: plan.followers.clone(),
        };
        html(StatusCode::OK, &page)
    })
}

fn band(accounts: &[AccountDays], jobs: &HashMap<&str, &Planned>, today: NaiveDate) -> Band {
    let days = accounts.first().map_or(&[][..], |account| &account.days);
    let rows = days.iter().enumerate().map(|(index, day)| {
        let date = day.day.parse().unwrap_or(today);
        let class = match date.weekday() {
            _ if date == today => "today",
            Weekday::Sat | Weekday::Sun => "weekend",
            Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => "",
        };
        let cells = accounts.iter().filter_map(|account| account.days.get(index));
        Row {
            date: day.day.clone(),
            weekday: weekday(&date),
            class,
            cells: cells.map(|day| cell(day, jobs)).collect(),
        }
    });
    Band {
        accounts: accounts.iter().map(|account| account.account.clone()).collect(),
        rows: rows.collect(),
    }
}

fn cell(day: &answers::Day, jobs: &HashMap<&str, &Planned>) -> Cell {
    let planned = day.jobs.iter().filter_map(|id| jobs.get(id.as_str()));
    let entries = planned.map(|job| Entry {
        id: job.id.clone(),
        class: job.outlook.class(),
        time: job.outlook.goes_at.unwrap_or(job.due).clock(),
        title: job.title.clone(),
        words: job.outlook.words(),
    });
    Cell {
        entries: entries.collect(),
        used_by: day.used_by.clone(),
        elsewhere: day.elsewhere,
        is_free: day.free,
    }
}
