//! The console: pages for people, made from the same answers as the API's.
//!
//! A page asks commands as the user who is signed in ([`context`]), so roles and accounts hold as
//! they do for the API, and shows their JSON ([`answers`]). It works without a script; with one it is
//! read again when something changed ([`changes`]). A form has the token of its session, and is sent
//! on to the command that the API has for it. What other people wrote is text: the templates escape
//! it, and the content of jobs is shown in a frame that has no origin.

mod answers;
mod broadcast;
mod changes;
mod context;
mod day;
mod draft_box;
mod files;
mod form;
mod link;
mod login;
mod new_page;
mod page;
mod pages;
mod request;
mod session;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use self::context::{Asked, FORM, LANG, Looks, SESSION, THEME, VIA, read_form, to_login};
use self::page::{Frame, Here, see, set_cookie};
use self::request::{Fields, cookie, needs_tls};
use self::session::{Told, is_same, random};
use super::From;
use super::endpoint::{Action, ENDPOINTS, Endpoint};
use super::handler::{self, BODY_MOST};
use super::problem::Refusal;
use super::request::Said;
use crate::inbox::FILE_MOST;
use crate::l10n::{self, Lang, t};

pub(super) use context::Console;
pub(super) use page::secure;

/// How long what somebody likes is kept, in seconds.
const A_YEAR: u32 = 31_536_000;

/// The pages that are only read.
#[derive(Clone, Copy)]
enum View {
    Today,
    Month,
    Jobs,
    Job,
    Content,
    Approvals,
    Accounts,
    Account,
    Series,
    Decisions,
    New,
    File,
}

const VIEWS: &[(&str, View)] = &[
    ("/", View::Today),
    ("/month", View::Month),
    ("/jobs", View::Jobs),
    ("/jobs/{id}", View::Job),
    ("/jobs/{id}/content", View::Content),
    ("/approvals", View::Approvals),
    ("/accounts", View::Accounts),
    ("/accounts/{account}", View::Account),
    ("/series", View::Series),
    ("/decisions", View::Decisions),
    ("/new", View::New),
    ("/files/{name}", View::File),
];

type Shared = State<Arc<Console>>;

/// Returns the routes of the console.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(console: Arc<Console>) -> Router<S> {
    let mut app = Router::new()
        .route("/login", get(login_form).post(sign_in))
        .route("/logout", post(sign_out))
        .route("/preferences", post(preferences))
        .route("/events", get(events))
        .route("/approve/{token}", get(link_page).post(use_link))
        .route("/approve/{token}/content", get(link_content))
        .route("/static/console.css", get(|| file("text/css; charset=utf-8", page::STYLE)))
        .route("/static/console.js", get(|| file("text/javascript; charset=utf-8", page::SCRIPT)));
    for &(path, view) in VIEWS {
        let mut route = get(move |State(console): Shared, from, path, request| async move {
            view_page(&console, view, from, path, request).await
        });
        if matches!(view, View::New) {
            route = route.post(hand_in);
        }
        app = app.route(path, route);
    }
    for row in ENDPOINTS.iter().filter(|row| matches!(row.action, Action::Sentences(_))) {
        let route = post(move |State(console): Shared, from, path, request| async move {
            decide(&console, row, from, path, request).await
        });
        app = app.route(row.path, route);
    }
    app.with_state(console)
}

/// Answers with a page.
async fn view_page(
    console: &Console,
    view: View,
    from: From,
    path: RawPathParams,
    request: Request,
) -> Response {
    let (parts, mut body) = request.into_parts();
    handler::discard(&mut body).await;
    let Some(asked) = console.asked(&from.0, &parts) else { return to_login(&parts) };
    let part = path.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default();
    let answer = page_of(console, view, &asked, &part).await;
    answer.unwrap_or_else(|refusal| console.refuse(&asked, refusal))
}

async fn page_of(
    console: &Console,
    view: View,
    asked: &Asked,
    part: &str,
) -> Result<Response, Refusal> {
    match view {
        View::Today => pages::today::page(console, asked).await,
        View::Month => pages::month::page(console, asked).await,
        View::Jobs => pages::lists::jobs(console, asked).await,
        View::Approvals => pages::lists::approvals(console, asked).await,
        View::Series => pages::lists::series(console, asked).await,
        View::Decisions => pages::lists::decisions(console, asked).await,
        View::Job => pages::job::page(console, asked, part).await,
        View::Content => pages::job::content(console, asked, part).await,
        View::Accounts => pages::accounts::all(console, asked).await,
        View::Account => pages::accounts::one(console, asked, part).await,
        View::New => files::form(console, asked).await,
        View::File => files::fate(console, asked, part).await,
    }
}

/// Has a decision done, by the command that the API has for it.
async fn decide(
    console: &Console,
    row: &'static Endpoint,
    from: From,
    path: RawPathParams,
    request: Request,
) -> Response {
    let (asked, mut fields) = match console.form(&from.0, request, BODY_MOST).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let back = fields.take("back").unwrap_or_default();
    let decided = async {
        let mut said = Said::default();
        said.take_path(row, path.iter())?;
        for (name, value) in fields.all() {
            said.set(row, name, value.to_owned())?;
        }
        let how = (asked.looks.lang, VIA);
        console.handler.ask(row, &asked.session.user, said, how).await
    };
    match decided.await {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer).trim_end().to_owned();
            console.sessions.tell(&asked.cookie, Told { is_good: true, text });
            see(page::local(&back))
        }
        Err(refusal) => console.refuse(&asked, refusal),
    }
}

fn login_page(
    headers: &HeaderMap,
    (looks, next): (Looks, &str),
    refusal: Option<Refusal>,
) -> Response {
    let Ok(csrf) = random() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.kind().0);
    let cookie = strict(headers, FORM, &csrf);
    let rendered = l10n::within(looks.lang, || {
        let problem = refusal.map(|refusal| {
            if refusal == Refusal::Unauthorized {
                t!("console-wrong-password")
            } else if refusal == Refusal::TooManyAttempts {
                t!("console-too-many-passwords")
            } else if refusal == Refusal::Form {
                t!("console-no-cookie")
            } else {
                refusal.detail()
            }
        });
        let frame = Frame {
            lang: looks.lang,
            theme: looks.theme,
            title: t!("console-sign-in"),
            here: Here::Elsewhere,
            user: None,
            csrf,
            told: problem.map(|text| Told { is_good: false, text }),
            path: "/login".to_owned(),
        };
        page::html(status, &LoginPage { frame, next: page::local(next).to_owned() })
    });
    let mut response = rendered.unwrap_or_else(|_| status.into_response());
    set_cookie(&mut response, &cookie);
    response
}

#[derive(Template)]
#[template(path = "console/login.html")]
struct LoginPage {
    frame: Frame,
    next: String,
}

async fn login_form(State(console): Shared, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let query = Fields::of_query(&parts.uri);
    let mut looks = console.looks(&parts.headers);
    let chosen = query.get("lang").and_then(Lang::parse);
    looks.lang = chosen.unwrap_or(looks.lang);
    let next = query.get("next").unwrap_or_default();
    let mut response = login_page(&parts.headers, (looks, next), None);
    if let Some(lang) = chosen {
        set_cookie(&mut response, &liked(LANG, lang.name()));
    }
    response
}

async fn sign_in(State(console): Shared, from: From, request: Request) -> Response {
    let (parts, mut body) = request.into_parts();
    let looks = console.looks(&parts.headers);
    let headers = &parts.headers;
    let read = read_form(&parts, &mut body, BODY_MOST).await;
    handler::discard(&mut body).await;
    let fields = match read {
        Ok(fields) => fields,
        Err(refusal) => return login_page(headers, (looks, "/"), Some(refusal)),
    };
    let next = fields.get("next").unwrap_or_default();
    let form = fields.get("csrf").unwrap_or_default();
    if !cookie(headers, FORM).is_some_and(|cookie| is_same(cookie, form)) {
        return login_page(headers, (looks, next), Some(Refusal::Form));
    }
    let said = (fields.get("name").unwrap_or_default(), fields.get("secret").unwrap_or_default());
    let now = (console.handler.now)();
    let address = request::address(headers, from.0.peer());
    let user = console.login.user(&console.handler.gate, said, (address, now)).await;
    let begun = user.and_then(|user| {
        tracing::info!(user = user.name, %address, "somebody signed in to the console");
        console.sessions.begin(user, now)
    });
    match begun {
        Ok(session) => {
            from.0.prove();
            let mut response = see(page::local(next));
            set_cookie(&mut response, &strict(headers, SESSION, &session));
            set_cookie(&mut response, &strict(headers, FORM, ""));
            response
        }
        Err(refusal) => login_page(headers, (looks, next), Some(refusal)),
    }
}

async fn sign_out(State(console): Shared, from: From, request: Request) -> Response {
    let headers = request.headers().clone();
    match console.form(&from.0, request, BODY_MOST).await {
        Ok((asked, _)) => {
            console.sessions.end(&asked.cookie);
            let mut response = see("/login");
            set_cookie(&mut response, &strict(&headers, SESSION, ""));
            response
        }
        Err(refused) => refused,
    }
}

async fn preferences(State(console): Shared, from: From, request: Request) -> Response {
    let (_, fields) = match console.form(&from.0, request, BODY_MOST).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let mut response = see(page::local(fields.get("back").unwrap_or_default()));
    if let Some(lang) = fields.get("lang").and_then(Lang::parse) {
        set_cookie(&mut response, &liked(LANG, lang.name()));
    }
    let theme = fields.get("theme").filter(|theme| ["light", "dark", "device"].contains(theme));
    if let Some(theme) = theme {
        set_cookie(&mut response, &liked(THEME, theme));
    }
    response
}

async fn hand_in(State(console): Shared, from: From, request: Request) -> Response {
    let (asked, fields) = match console.form(&from.0, request, FILE_MOST).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let answer = match fields.get("form") {
        Some("broadcast") => broadcast::take(&console, &asked, fields).await,
        Some(_) | None => files::take(&console, &asked, fields).await,
    };
    answer.unwrap_or_else(|refusal| console.refuse(&asked, refusal))
}

async fn link_page(console: Shared, from: From, path: RawPathParams, request: Request) -> Response {
    of_link(&console.0, link::What::Page, &from, (&path, request)).await
}

async fn link_content(
    console: Shared,
    from: From,
    path: RawPathParams,
    request: Request,
) -> Response {
    of_link(&console.0, link::What::Content, &from, (&path, request)).await
}

async fn use_link(console: Shared, from: From, path: RawPathParams, request: Request) -> Response {
    of_link(&console.0, link::What::Approve, &from, (&path, request)).await
}

async fn of_link(
    console: &Console,
    what: link::What,
    from: &From,
    (path, request): (&RawPathParams, Request),
) -> Response {
    let (parts, mut body) = request.into_parts();
    let token = path.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default();
    let answer = link::answer(console, what, &token, &from.0, (&parts, &mut body)).await;
    handler::discard(&mut body).await;
    answer
}

async fn events(State(console): Shared, from: From, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match console.asked(&from.0, &parts) {
        Some(_) => console.changes.stream(),
        // A browser that gets this does not ask again.
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn file(kind: &'static str, text: &'static str) -> Response {
    // The address has the version.
    let keep = "public, max-age=31536000, immutable";
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep)], text).into_response()
}

/// Returns a cookie that no script and no other site gets; an empty one is deleted.
fn strict(headers: &HeaderMap, name: &str, value: &str) -> String {
    let secure = if needs_tls(headers) { "; Secure" } else { "" };
    let end = if value.is_empty() { "; Max-Age=0" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{end}")
}

/// Returns a cookie with what somebody likes.
fn liked(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={A_YEAR}")
}
