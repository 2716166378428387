//! One-time links of alerts: whoever has one approves a job in the name of the person it was sent to.
//!
//! A link is the proof of who asks, so nobody signs in. Reading it changes nothing: programs follow
//! links to show what is behind them. An address that tries many wrong ones is refused for a minute;
//! a right one always counts.

use askama::Template;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::answers::{Shown, Story};
use super::context::{Console, Looks, read_form, read_json, reads};
use super::page::{Frame, Here, as_content, html};
use super::request::address;
use super::session::Told;
use crate::approval::Verdict;
use crate::config::{Role, User};
use crate::l10n::{self, Lang, t};
use crate::model::{Account, hex};
use crate::server::command::Call;
use crate::server::files::storage;
use crate::server::handler::BODY_MOST;
use crate::server::problem::Refusal;
use crate::server::request::Said;
use crate::store::ApprovalLink;
use crate::wechat::listener::limits::ConnectionHandle;

/// How a request came in over a link.
const VIA: &str = "link";
/// How many digits a token has.
const TOKEN: usize = 64;

/// What is asked of a link.
#[derive(Clone, Copy)]
pub(super) enum What {
    Page,
    Content,
    Approve,
}

/// A valid link, and whose approval it is.
struct Found {
    link: ApprovalLink,
    token_sha256: String,
    user: User,
    account: Account,
}

#[derive(Template)]
#[template(path = "console/link.html")]
struct LinkPage {
    frame: Frame,
    token: String,
    /// None once it was used.
    story: Option<Box<Story>>,
    person: String,
    now: DateTime<Utc>,
}

/// Answers a request to a link.
pub(super) async fn answer(
    console: &Console,
    what: What,
    token: &str,
    from: &ConnectionHandle,
    (parts, body): (&Parts, &mut Body),
) -> Response {
    let looks = console.looks(&parts.headers);
    let answer = async {
        let found = find(console, token, from, &parts.headers).await?;
        match what {
            What::Page => page(console, found, token, looks).await,
            What::Content => content(console, &found, looks.lang).await,
            What::Approve => {
                let fields = read_form(parts, body, BODY_MOST).await?;
                let digest = fields.get("digest").unwrap_or_default().to_owned();
                approve(console, found, digest, looks).await
            }
        }
    };
    match answer.await {
        Ok(response) => response,
        Err(refusal) => refused(refusal, looks),
    }
}

/// Finds a link, and counts a wrong one.
async fn find(
    console: &Console,
    token: &str,
    from: &ConnectionHandle,
    headers: &HeaderMap,
) -> Result<Found, Refusal> {
    if let Some(found) = valid(console, token).await? {
        from.prove();
        return Ok(found);
    }
    let address = address(headers, from.peer());
    let (is_too_many, count) = console.wrong_links.add(address, (console.handler.now)());
    if let Some(count) = count {
        tracing::info!(%address, count, "a link to approve a job is not valid");
    }
    Err(if is_too_many { Refusal::TooManyAttempts } else { Refusal::NoLink })
}

async fn valid(console: &Console, token: &str) -> Result<Option<Found>, Refusal> {
    if token.len() != TOKEN {
        return Ok(None);
    }
    let (token_sha256, now) = (hex(&Sha256::digest(token)), (console.handler.now)());
    let sha256 = token_sha256.clone();
    let link = console.handler.with_store(move |store| match store {
        Some(store) => store.read().approval_link(&sha256, now).map_err(|error| storage(&error)),
        None => Ok(None),
    });
    let Some(link) = link.await? else { return Ok(None) };
    // Whom a reload of the config changed or removed approves nothing any more.
    let user = console.handler.gate.named(&link.person);
    let owner = console.handler.owner(link.job.as_str()).await?;
    let account = owner.and_then(|name| console.handler.files.account(&name));
    let user = user.filter(|user| user.role >= Role::Approver);
    let found = user.zip(account).filter(|(user, account)| user.sees(&account.name));
    Ok(found.map(|(user, account)| Found { link, token_sha256, user, account }))
}

async fn page(
    console: &Console,
    found: Found,
    token: &str,
    looks: Looks,
) -> Result<Response, Refusal> {
    let row = reads("/jobs/{id}");
    let said = Said::of(row, &[("id", found.link.job.as_str())])?;
    let written = console.handler.ask(row, &found.user, said, (looks.lang, VIA)).await?;
    let Shown::Job(story) = read_json(&written)? else { return Err(Refusal::NoLink) };
    // An edit may have come since the link was found.
    if story.digest != found.link.digest {
        return Err(Refusal::NoLink);
    }
    l10n::within(looks.lang, || {
        let frame = frame(looks, story.job.title.clone(), None);
        let (token, now) = (token.to_owned(), (console.handler.now)());
        let page = LinkPage { frame, token, story: Some(story), person: found.user.name, now };
        html(StatusCode::OK, &page)
    })
}

async fn content(console: &Console, found: &Found, lang: Lang) -> Result<Response, Refusal> {
    let words = ["render".to_owned(), format!("--job={}", found.link.job)].to_vec();
    let call = Call { words, who: format!("{} via {VIA}", found.user.name), lang };
    Ok(as_content(console.handler.run(call).await?))
}

async fn approve(
    console: &Console,
    found: Found,
    shown: String,
    looks: Looks,
) -> Result<Response, Refusal> {
    let now = (console.handler.now)();
    let Found { link, token_sha256, user, account } = found;
    let verdict = console.handler.with_store(move |store| match store {
        Some(store) => store
            .transaction(|tx| tx.use_approval_link((&token_sha256, &shown), &account, now))
            .map_err(|error| storage(&error)),
        None => Ok(None),
    });
    let verdict = verdict.await?.ok_or(Refusal::NoLink)?;
    tracing::info!(user = user.name, job = link.job.as_str(), "a link was used to approve a job");
    l10n::within(looks.lang, || {
        let job = link.job.as_str();
        let (is_good, text) = match verdict {
            Verdict::Goes => (true, t!("console-link-approved", job = job)),
            Verdict::Counts { given, needed } => {
                (true, t!("approve-counts", job = job, given = given, needed = needed))
            }
            Verdict::Own => (false, t!("approve-own", job = job)),
            Verdict::Again => (false, t!("approve-again", job = job)),
        };
        let frame = frame(looks, t!("console-link"), Some(Told { is_good, text }));
        let token = String::new();
        html(StatusCode::OK, &LinkPage { frame, token, story: None, person: user.name, now })
    })
}

fn refused(refusal: Refusal, looks: Looks) -> Response {
    let (status, _) = refusal.kind();
    let page = l10n::within(looks.lang, || {
        let told = Told { is_good: false, text: refusal.detail() };
        let frame = frame(looks, t!("console-link"), Some(told));
        let (token, person) = (String::new(), String::new());
        html(status, &LinkPage { frame, token, story: None, person, now: DateTime::UNIX_EPOCH })
    });
    page.unwrap_or_else(|_| status.into_response())
}

fn frame(looks: Looks, title: String, told: Option<Told>) -> Frame {
    Frame {
        lang: looks.lang,
        theme: looks.theme,
        title,
        here: Here::Elsewhere,
        user: None,
        csrf: String::new(),
        told,
        path: "/".to_owned(),
    }
}
