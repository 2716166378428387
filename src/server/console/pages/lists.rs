//! The lists: of jobs, of what waits for an approval, of series, and of decisions.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::l10n::{self, t};
use crate::model::JobState;
use crate::server::console::answers::{Decision, Job, SeriesLine, State, series_state};
use crate::server::console::context::{Asked, Console, reads};
use crate::server::console::page::{Frame, Here, html};
use crate::server::problem::Refusal;

/// How many jobs a page has, and how many at most.
const JOBS: [&str; 3] = ["50", "200", "1000"];
const DECISIONS: usize = 50;

/// A choice among some words.
struct Choice {
    value: String,
    name: String,
    is_made: bool,
}

#[derive(Template)]
#[template(path = "console/jobs.html")]
struct JobsPage {
    frame: Frame,
    jobs: Vec<Job>,
    /// Whether there may be more.
    is_full: bool,
    filters: Option<Filters>,
    now: DateTime<Utc>,
}

struct Filters {
    accounts: Vec<Choice>,
    /// Whether all accounts can be chosen at once.
    all: bool,
    states: Vec<Choice>,
    limits: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "console/series.html")]
struct SeriesPage {
    frame: Frame,
    series: Vec<SeriesLine>,
}

impl SeriesPage {
    fn state(series: &SeriesLine) -> String {
        series_state(&series.state)
    }
}

#[derive(Template)]
#[template(path = "console/decisions.html")]
struct DecisionsPage {
    frame: Frame,
    decisions: Vec<Decision>,
    accounts: Vec<Choice>,
    all: bool,
    /// Where the older ones are.
    older: Option<String>,
}

/// Returns the list of jobs.
pub(in crate::server::console) async fn jobs(
    console: &Console,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let account = account(console, asked);
    let state = asked.query.get("state").filter(|state| JobState::parse(state).is_some());
    let limit = asked.query.get("limit").filter(|limit| JOBS.contains(limit)).unwrap_or(JOBS[0]);
    let jobs = read(console, asked, (account, state, limit)).await?;
    l10n::within(asked.looks.lang, || {
        let states = JobState::ALL.iter().map(|one| Choice {
            value: one.as_str().to_owned(),
            name: State(one.as_str().to_owned()).words(),
            is_made: state == Some(one.as_str()),
        });
        let limits = JOBS.map(|one| Choice {
            value: one.to_owned(),
            name: t!("console-limit", n = one),
            is_made: limit == one,
        });
        let filters = Filters {
            accounts: accounts(console, asked, account),
            all: may_see_all(asked),
            states: states.collect(),
            limits: limits.into(),
        };
        let page = JobsPage {
            frame: console.frame(asked, Here::Jobs, t!("console-jobs")),
            is_full: jobs.len().to_string() == limit,
            jobs,
            filters: Some(filters),
            now: (console.handler.now)(),
        };
        html(StatusCode::OK, &page)
    })
}

/// Returns the jobs that wait for an approval.
pub(in crate::server::console) async fn approvals(
    console: &Console,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let mut jobs = Vec::new();
    match asked.session.user.accounts.as_deref() {
        None => jobs = read(console, asked, (None, Some("held"), JOBS[1])).await?,
        Some(accounts) => {
            for account in accounts.iter().filter(|name| console.handler.files.has_account(name)) {
                let some = read(console, asked, (Some(account), Some("held"), JOBS[1])).await?;
                jobs.extend(some);
            }
            jobs.sort_by_key(|job| job.due);
        }
    }
    l10n::within(asked.looks.lang, || {
        let page = JobsPage {
            frame: console.frame(asked, Here::Approvals, t!("console-approvals")),
            is_full: false,
            jobs,
            filters: None,
            now: (console.handler.now)(),
        };
        html(StatusCode::OK, &page)
    })
}

async fn read(
    console: &Console,
    asked: &Asked,
    (account, state, limit): (Option<&str>, Option<&str>, &str),
) -> Result<Vec<Job>, Refusal> {
    let mut said = vec![("limit", limit)];
    said.extend(account.map(|account| ("account", account)));
    said.extend(state.map(|state| ("state", state)));
    console.json(reads("/jobs"), asked, &said).await
}

/// Returns the list of series.
pub(in crate::server::console) async fn series(
    console: &Console,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let row = reads("/series");
    let mut series: Vec<SeriesLine> = Vec::new();
    match asked.session.user.accounts.as_deref() {
        None => series = console.json(row, asked, &[]).await?,
        Some(accounts) => {
            for account in accounts.iter().filter(|name| console.handler.files.has_account(name)) {
                let some: Vec<_> = console.json(row, asked, &[("account", account)]).await?;
                series.extend(some);
            }
        }
    }
    l10n::within(asked.looks.lang, || {
        let frame = console.frame(asked, Here::Series, t!("console-series"));
        html(StatusCode::OK, &SeriesPage { frame, series })
    })
}

/// Returns the log of decisions.
pub(in crate::server::console) async fn decisions(
    console: &Console,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let account = account(console, asked);
    let mut said = Vec::new();
    said.extend(account.map(|account| ("account", account)));
    said.extend(asked.query.get("before").map(|before| ("before", before)));
    let decisions: Vec<Decision> = console.json(reads("/decisions"), asked, &said).await?;
    let last = decisions.last().filter(|_| decisions.len() >= DECISIONS);
    let older = last.map(|last| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("before", &last.at.iso());
        if let Some(account) = account {
            query.append_pair("account", account);
        }
        format!("/decisions?{}", query.finish())
    });
    l10n::within(asked.looks.lang, || {
        let page = DecisionsPage {
            frame: console.frame(asked, Here::Decisions, t!("console-decisions")),
            decisions,
            accounts: accounts(console, asked, account),
            all: may_see_all(asked),
            older,
        };
        html(StatusCode::OK, &page)
    })
}

/// Returns whether the user can be answered about all accounts at once.
fn may_see_all(asked: &Asked) -> bool {
    asked.session.user.accounts.is_none()
}

/// Returns the account that a list is of: the one chosen, or the first that the user may see if not
/// all of them can be.
fn account<'a>(console: &'a Console, asked: &'a Asked) -> Option<&'a str> {
    let chosen = asked.query.get("account");
    let first = || asked.session.user.accounts.as_deref()?.first().map(String::as_str);
    chosen.or_else(first).filter(|name| {
        // Of another account, the endpoint says the same as of one that does not exist.
        chosen.is_some() || console.handler.files.has_account(name)
    })
}

fn accounts(console: &Console, asked: &Asked, chosen: Option<&str>) -> Vec<Choice> {
    let all = console.handler.files.account_names().into_iter();
    let seen = all.filter(|name| asked.session.user.sees(name));
    let choices = seen.map(|name| Choice {
        is_made: chosen == Some(name.as_str()),
        value: name.clone(),
        name,
    });
    choices.collect()
}
