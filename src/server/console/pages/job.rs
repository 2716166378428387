//! The page of a job or of a series: its story, its content, and what may be decided about it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::config::Role;
use crate::l10n::{self, t};
use crate::server::command::Call;
use crate::server::console::answers::{
    ApiCall, At, Attempt, Decision, Event, Series, Shown, Step, Story, Upload, series_state,
};
use crate::server::console::context::{Asked, Console, VIA, reads};
use crate::server::console::page::{Frame, Here, as_content, html};
use crate::server::problem::Refusal;
use crate::server::request::Said;
use crate::text::stored;

/// One line of a story.
struct Line {
    at: At,
    class: &'static str,
    text: String,
    /// What the platform or a person wrote, or more about it.
    more: String,
}

/// Which decisions a page offers. Whether one is done, its command decides.
struct Offers {
    edit: bool,
    approve: bool,
    cancel: bool,
    reschedule: bool,
    retry: bool,
    resolve: bool,
}

impl Offers {
    fn is_some(&self) -> bool {
        let Self { edit, approve, cancel, reschedule, retry, resolve } = self;
        *edit || *approve || *cancel || *reschedule || *retry || *resolve
    }
}

#[derive(Template)]
#[template(path = "console/job.html")]
struct JobPage {
    frame: Frame,
    story: Box<Story>,
    lines: Vec<Line>,
    offers: Offers,
    now: DateTime<Utc>,
}

#[derive(Template)]
#[template(path = "console/series_page.html")]
struct SeriesPage {
    frame: Frame,
    series: Box<Series>,
    state: String,
    may_approve: bool,
    may_cancel: bool,
}

/// Returns the page.
pub(in crate::server::console) async fn page(
    console: &Console,
    asked: &Asked,
    id: &str,
) -> Result<Response, Refusal> {
    let shown: Shown = console.json(reads("/jobs/{id}"), asked, &[("id", id)]).await?;
    let now = (console.handler.now)();
    let role = asked.session.user.role;
    l10n::within(asked.looks.lang, || match shown {
        Shown::Job(story) => {
            let frame = console.frame(asked, Here::Jobs, story.job.title.clone());
            let (lines, offers) = (lines(&story), offers(&story, role));
            html(StatusCode::OK, &JobPage { frame, story, lines, offers, now })
        }
        Shown::Series(series) => {
            let frame = console.frame(asked, Here::Series, series.title.clone());
            let state = series_state(&series.state);
            let may_approve = role >= Role::Approver && series.state == "active";
            let may_cancel = role >= Role::Operator && series.state == "active";
            html(StatusCode::OK, &SeriesPage { frame, series, state, may_approve, may_cancel })
        }
    })
}

/// Returns the content of a job, as a phone shows it.
pub(in crate::server::console) async fn content(
    console: &Console,
    asked: &Asked,
    id: &str,
) -> Result<Response, Refusal> {
    let row = reads("/jobs/{id}");
    let user = &asked.session.user;
    console.handler.limit(row, user, &mut Said::of(row, &[("id", id)])?).await?;
    let words = ["render".to_owned(), format!("--job={id}")].to_vec();
    let call = Call { words, who: format!("{} via {VIA}", user.name), lang: asked.looks.lang };
    Ok(as_content(console.handler.run(call).await?))
}

fn offers(story: &Story, role: Role) -> Offers {
    let is = |states: &[&str]| states.iter().any(|state| story.job.state.is(state));
    let operates = role >= Role::Operator;
    Offers {
        edit: role >= Role::Editor && is(&["planned", "held"]),
        approve: role >= Role::Approver && is(&["held"]),
        cancel: operates && is(&["planned", "held", "releasing"]),
        reschedule: operates && is(&["planned", "held"]),
        retry: operates && is(&["failed", "partial", "missed"]),
        resolve: operates && is(&["uncertain"]),
    }
}

/// Returns the story in its order.
fn lines(story: &Story) -> Vec<Line> {
    let steps = story.history.iter().map(step);
    let attempts = story.attempts.iter().map(attempt);
    let uploads = story.uploads.iter().map(upload);
    let events = story.events.iter().chain(&story.candidates).map(event);
    let decisions = story.decisions.iter().map(decision);
    let api_calls = story.api_calls.iter().map(api_call);
    let all = steps.chain(attempts).chain(uploads).chain(events).chain(decisions).chain(api_calls);
    let mut lines: Vec<_> = all.collect();
    lines.sort_by_key(|line| line.at);
    lines
}

fn step(step: &Step) -> Line {
    let text = match &step.from {
        Some(from) if *from != step.to => {
            t!("console-step", from = from.words(), to = step.to.words())
        }
        Some(_) | None => step.to.words(),
    };
    Line { at: step.at, class: step.to.class(), text, more: step.why.clone().unwrap_or_default() }
}

fn attempt(attempt: &Attempt) -> Line {
    let text = match &attempt.outcome {
        Some(outcome) => {
            t!("console-attempt", batch = attempt.batch, outcome = outcome.as_str())
        }
        None => t!("console-attempt-open", batch = attempt.batch),
    };
    let class = if attempt.errcode == Some(0) { "good" } else { "warn" };
    let said = said(attempt.errcode, attempt.errmsg.as_deref());
    let more = [said, attempt.clientmsgid.clone()].join(" ").trim().to_owned();
    Line { at: attempt.at, class, text, more }
}

fn upload(upload: &Upload) -> Line {
    let name = upload.name.as_str();
    let text = match &upload.outcome {
        Some(outcome) => t!("console-upload", name = name, outcome = outcome.as_str()),
        None => t!("console-upload-open", name = name),
    };
    Line {
        at: upload.at,
        class: "plain",
        text,
        more: said(upload.errcode, upload.errmsg.as_deref()),
    }
}

fn event(event: &Event) -> Line {
    let text = t!("console-event", words = event.words.as_str());
    let more = format!("msg_id {}", event.msg_id);
    Line { at: event.at, class: if event.proven { "plain" } else { "warn" }, text, more }
}

fn decision(decision: &Decision) -> Line {
    let text = t!("console-decision", who = decision.who.as_str(), what = decision.what());
    let more = decision.why.clone().unwrap_or_default();
    Line { at: decision.at, class: "plain", text, more }
}

fn api_call(call: &ApiCall) -> Line {
    let text = t!("console-api-call", what = call.what.as_str(), state = call.state.as_str());
    Line { at: call.at, class: "plain", text, more: said(call.errcode, call.errmsg.as_deref()) }
}

/// Returns what the platform answered.
fn said(errcode: Option<i64>, errmsg: Option<&str>) -> String {
    let (code, errmsg) = (errcode.map(|code| code.to_string()), errmsg.map(stored::failure));
    [code, errmsg].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
