//! The console: pages for people, made from the same answers as the API's.
//!
//! A page asks commands as the user who is signed in ([`Handler::ask`]), so roles and accounts hold as
//! they do for the API, and shows their JSON ([`answers`]). It works without a script; with one it is
//! read again when something changed ([`changes`]). A form has the token of its session, and is sent
//! on to the command that the API has for it. What other people wrote is text: the templates escape
//! it, and the content of jobs is shown in a frame that has no origin.

mod answers;
mod changes;
mod files;
mod login;
mod page;
mod pages;
mod request;
mod session;

use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use self::changes::Changes;
use self::login::Login;
use self::page::{Frame, Here, Signed, see, set_cookie};
use self::request::{Fields, cookie, is_of_another_site, needs_tls};
use self::session::{Session, Sessions, Told, is_same, random};
use super::From;
use super::endpoint::{Action, ENDPOINTS, Endpoint, Method};
use super::handler::{self, BODY_MOST, Handler};
use super::problem::Refusal;
use super::request::Said;
use crate::inbox::FILE_MOST;
use crate::l10n::{self, Lang, t};
use crate::model::hex;

pub(super) use page::secure;

/// How a decision came in over the console, as it is stored.
const VIA: &str = "console";
/// The cookies: of the session, of a form to sign in, and of what somebody likes.
const SESSION: &str = "qunfa_session";
const FORM: &str = "qunfa_form";
const LANG: &str = "qunfa_lang";
const THEME: &str = "qunfa_theme";
/// How long what somebody likes is kept, in seconds.
const A_YEAR: u32 = 31_536_000;
/// What a script says of a request that nobody made by hand.
const BY_ITSELF: &str = "x-by-itself";

const STYLE: &str = include_str!("../../templates/console/console.css");
const SCRIPT: &str = include_str!("../../templates/console/console.js");

/// What all requests to the console share.
pub(super) struct Console {
    handler: Arc<Handler>,
    sessions: Sessions,
    login: Login,
    changes: Changes,
}

/// A request of somebody who is signed in.
struct Asked {
    session: Session,
    cookie: String,
    looks: Looks,
    query: Fields,
    /// Where it is, to come back to.
    path: String,
}

/// How pages look for somebody.
#[derive(Clone, Copy)]
struct Looks {
    lang: Lang,
    theme: &'static str,
}

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
        .route("/static/console.css", get(|| file("text/css; charset=utf-8", STYLE)))
        .route("/static/console.js", get(|| file("text/javascript; charset=utf-8", SCRIPT)));
    for &(path, view) in VIEWS {
        let mut route = get(move |State(console): Shared, from, path, request| async move {
            console.view(view, from, path, request).await
        });
        if matches!(view, View::New) {
            route = route.post(hand_in);
        }
        app = app.route(path, route);
    }
    for row in ENDPOINTS.iter().filter(|row| matches!(row.action, Action::Sentences(_))) {
        let route = post(move |State(console): Shared, from, path, request| async move {
            console.decide(row, from, path, request).await
        });
        app = app.route(row.path, route);
    }
    app.with_state(console)
}

/// Returns the endpoint of the API that reads at a path.
fn reads(path: &str) -> &'static Endpoint {
    let mut rows = ENDPOINTS.iter().filter(|row| row.method == Method::Get);
    rows.find(|row| row.path == path).expect("the table has what pages are made from")
}

impl Console {
    pub(super) fn new(handler: Arc<Handler>) -> Self {
        let changes = Changes::new(handler.database.clone(), Arc::clone(&handler.now));
        Self { handler, sessions: Sessions::default(), login: Login::default(), changes }
    }

    /// Ends what would go on for as long as pages are open.
    pub(super) fn end(&self) {
        self.changes.end();
    }

    fn looks(&self, headers: &HeaderMap) -> Looks {
        let lang = cookie(headers, LANG).and_then(Lang::parse);
        let theme = match cookie(headers, THEME) {
            Some("light") => "light",
            Some("dark") => "dark",
            Some(_) | None => "",
        };
        Looks { lang: lang.unwrap_or_else(|| self.handler.lang(headers)), theme }
    }

    /// Returns who sends a request, whose connection is then kept.
    fn asked(&self, from: &From, parts: &Parts) -> Option<Asked> {
        let cookie = cookie(&parts.headers, SESSION)?;
        let is_by_hand = !parts.headers.contains_key(BY_ITSELF) && parts.uri.path() != "/events";
        let session = self.sessions.of(cookie, (self.handler.now)(), is_by_hand)?;
        from.0.prove();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        Some(Asked {
            session,
            cookie: cookie.to_owned(),
            looks: self.looks(&parts.headers),
            query: Fields::of_query(&parts.uri),
            path: path.to_owned(),
        })
    }

    /// Answers with a page.
    async fn view(&self, view: View, from: From, path: RawPathParams, request: Request) -> Response {
        let (parts, mut body) = request.into_parts();
        handler::discard(&mut body).await;
        let Some(asked) = self.asked(&from, &parts) else { return to_login(&parts) };
        let part = path.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default();
        let answer = self.page(view, &asked, &part).await;
        answer.unwrap_or_else(|refusal| self.refuse(&asked, refusal))
    }

    async fn page(&self, view: View, asked: &Asked, part: &str) -> Result<Response, Refusal> {
        match view {
            View::Today => pages::today::page(self, asked).await,
            View::Month => pages::month::page(self, asked).await,
            View::Jobs => pages::lists::jobs(self, asked).await,
            View::Approvals => pages::lists::approvals(self, asked).await,
            View::Series => pages::lists::series(self, asked).await,
            View::Decisions => pages::lists::decisions(self, asked).await,
            View::Job => pages::job::page(self, asked, part).await,
            View::Content => pages::job::content(self, asked, part).await,
            View::Accounts => pages::accounts::all(self, asked).await,
            View::Account => pages::accounts::one(self, asked, part).await,
            View::New => files::form(self, asked),
            View::File => files::fate(self, asked, part).await,
        }
    }

    /// Returns a form of somebody who is signed in; none if it is not one of the session's.
    async fn form(
        &self,
        from: &From,
        request: Request,
        most: usize,
    ) -> Result<(Asked, Fields), Response> {
        let (parts, mut body) = request.into_parts();
        let Some(asked) = self.asked(from, &parts) else {
            handler::discard(&mut body).await;
            return Err(to_login(&parts));
        };
        let read = read_form(&parts, &mut body, most).await;
        handler::discard(&mut body).await;
        let mut fields = read.map_err(|refusal| self.refuse(&asked, refusal))?;
        let csrf = fields.take("csrf").unwrap_or_default();
        if !asked.session.made(&csrf) {
            return Err(self.refuse(&asked, Refusal::Form));
        }
        Ok((asked, fields))
    }

    /// Has a decision done, by the command that the API has for it.
    async fn decide(
        &self,
        row: &'static Endpoint,
        from: From,
        path: RawPathParams,
        request: Request,
    ) -> Response {
        let (asked, mut fields) = match self.form(&from, request, BODY_MOST).await {
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
            self.handler.ask(row, &asked.session.user, said, how).await
        };
        match decided.await {
            Ok(answer) => {
                let text = String::from_utf8_lossy(&answer).trim_end().to_owned();
                self.sessions.tell(&asked.cookie, Told { is_good: true, text });
                see(page::local(&back))
            }
            Err(refusal) => self.refuse(&asked, refusal),
        }
    }

    /// Returns what a command answers as JSON.
    async fn json<T: DeserializeOwned>(
        &self,
        row: &'static Endpoint,
        asked: &Asked,
        said: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        let said = Said::of(row, said)?;
        let how = (asked.looks.lang, VIA);
        let written = self.handler.ask(row, &asked.session.user, said, how).await?;
        read_json(&written)
    }

    fn frame(&self, asked: &Asked, here: Here, title: String) -> Frame {
        let user = &asked.session.user;
        Frame {
            lang: asked.looks.lang,
            theme: asked.looks.theme,
            title,
            here,
            user: Some(Signed { name: user.name.clone(), role: user.role }),
            csrf: asked.session.csrf.clone(),
            told: self.sessions.told(&asked.cookie),
            path: asked.path.clone(),
        }
    }

    /// Returns the page for what has no answer.
    fn refuse(&self, asked: &Asked, refusal: Refusal) -> Response {
        let (status, _) = refusal.kind();
        let page = l10n::within(asked.looks.lang, || {
            let detail = refusal.detail();
            let frame = self.frame(asked, Here::Elsewhere, t!("console-refused"));
            page::html(status, &RefusedPage { frame, detail })
        });
        page.unwrap_or_else(|_| status.into_response())
    }

    /// Returns the answer to a request for what does not exist.
    pub(super) fn nothing(&self, from: &From, request: Request, refusal: Refusal) -> Response {
        let (parts, _) = request.into_parts();
        match self.asked(from, &parts) {
            Some(asked) => self.refuse(&asked, refusal),
            None => to_login(&parts),
        }
    }

    fn login_page(
        &self,
        headers: &HeaderMap,
        (looks, next): (Looks, &str),
        refusal: Option<Refusal>,
    ) -> Response {
        let Ok(csrf) = random() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
        let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.kind().0);
        let cookie = strict(headers, FORM, &csrf);
        let rendered = l10n::within(looks.lang, || {
            let problem = refusal.map(|refusal| match refusal {
                Refusal::Unauthorized => t!("console-wrong-password"),
                Refusal::TooManyAttempts => t!("console-too-many-passwords"),
                Refusal::Form => t!("console-no-cookie"),
                other => other.detail(),
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
}

#[derive(Template)]
#[template(path = "console/refused.html")]
struct RefusedPage {
    frame: Frame,
    detail: String,
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
    let mut response = console.login_page(&parts.headers, (looks, next), None);
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
        Err(refusal) => return console.login_page(headers, (looks, "/"), Some(refusal)),
    };
    let next = fields.get("next").unwrap_or_default();
    let form = fields.get("csrf").unwrap_or_default();
    if !cookie(headers, FORM).is_some_and(|cookie| is_same(cookie, form)) {
        return console.login_page(headers, (looks, next), Some(Refusal::Form));
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
        Err(refusal) => console.login_page(headers, (looks, next), Some(refusal)),
    }
}

async fn sign_out(State(console): Shared, from: From, request: Request) -> Response {
    let headers = request.headers().clone();
    match console.form(&from, request, BODY_MOST).await {
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
    let (_, fields) = match console.form(&from, request, BODY_MOST).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let mut response = see(page::local(fields.get("back").unwrap_or_default()));
    if let Some(lang) = fields.get("lang").and_then(Lang::parse) {
        set_cookie(&mut response, &liked(LANG, lang.name()));
    }
    match fields.get("theme") {
        Some(theme @ ("light" | "dark" | "device")) => {
            set_cookie(&mut response, &liked(THEME, theme));
        }
        Some(_) | None => {}
    }
    response
}

async fn hand_in(State(console): Shared, from: From, request: Request) -> Response {
    let (asked, fields) = match console.form(&from, request, FILE_MOST).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let answer = files::take(&console, &asked, fields).await;
    answer.unwrap_or_else(|refusal| console.refuse(&asked, refusal))
}

async fn events(State(console): Shared, from: From, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match console.asked(&from, &parts) {
        Some(_) => console.changes.stream(),
        // A browser that gets this does not ask again.
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Returns the version of the style and the script: what a browser keeps of another is not used.
fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let digest = Sha256::new().chain_update(STYLE).chain_update(SCRIPT).finalize();
        hex(&digest[..8])
    });
    &VERSION
}

async fn file(kind: &'static str, text: &'static str) -> Response {
    // The address has the version.
    let keep = "public, max-age=31536000, immutable";
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep)], text).into_response()
}

async fn read_form(parts: &Parts, body: &mut Body, most: usize) -> Result<Fields, Refusal> {
    if is_of_another_site(&parts.headers) {
        return Err(Refusal::Form);
    }
    Ok(Fields::of(&handler::read(body, most).await?))
}

fn read_json<T: DeserializeOwned>(written: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(written).map_err(|error| {
        tracing::error!(%error, "the console does not understand a command's answer");
        Refusal::Unavailable(error.to_string())
    })
}

/// Returns the answer to somebody who is not signed in.
fn to_login(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    if parts.method != axum::http::Method::GET || path == "/" {
        return see("/login");
    }
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    see(&format!("/login?next={next}"))
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
