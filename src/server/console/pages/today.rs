//! The first page: what needs somebody, what goes next, and how the accounts are.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};

use super::status;
use crate::calendar;
use crate::l10n::{self, t};
use crate::server::console::answers::{Next, Status};
use crate::server::console::context::{Asked, Console};
use crate::server::console::page::{Frame, Here, html};
use crate::server::problem::Refusal;

#[derive(Template)]
#[template(path = "console/today.html")]
struct Today {
    frame: Frame,
    status: Status,
    /// The next jobs by day.
    days: Vec<(NaiveDate, Vec<Next>)>,
    at: String,
    now: DateTime<Utc>,
}

/// Returns the page.
pub(in crate::server::console) async fn page(
    console: &Console,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let mut status = status(console, asked).await?;
    let now = (console.handler.now)();
    l10n::within(asked.looks.lang, || {
        let mut days: Vec<(NaiveDate, Vec<Next>)> = Vec::new();
        for next in std::mem::take(&mut status.next) {
            let day = next.at().day();
            match days.last_mut() {
                Some((last, jobs)) if *last == day => jobs.push(next),
                Some(_) | None => days.push((day, vec![next])),
            }
        }
        let frame = console.frame(asked, Here::Today, t!("console-today"));
        let at = calendar::beijing(now).replace(" +08:00", "");
        html(StatusCode::OK, &Today { frame, status, days, at, now })
    })
}
