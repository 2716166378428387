//! What requests to the console share: who sends them, their forms, the answers of commands, and the
//! frame of the pages made from those.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;

use super::changes::Changes;
use super::draft_box::DraftBoxes;
use super::login::Login;
use super::page::{self, Frame, Here, Signed, see};
use super::request::{Fields, cookie, is_of_another_site, proxy_user};
use super::session::{Session, Sessions};
use crate::config::{User, UserProxy};
use crate::l10n::{self, Lang, t};
use crate::server::attempts::Attempts;
use crate::server::endpoint::{ENDPOINTS, Endpoint, Method};
use crate::server::handler::{self, Handler};
use crate::server::problem::Refusal;
use crate::server::request::Said;
use crate::wechat::listener::limits::ConnectionHandle;

/// How a decision came in over the console, as it is stored.
pub(super) const VIA: &str = "console";
/// The cookies: of the session, of a form to sign in, and of what somebody likes.
pub(super) const SESSION: &str = "qunfa_session";
pub(super) const FORM: &str = "qunfa_form";
pub(super) const LANG: &str = "qunfa_lang";
pub(super) const THEME: &str = "qunfa_theme";
/// What a script says of a request that nobody made by hand.
const BY_ITSELF: &str = "x-by-itself";
/// How many links that are not valid an address may open within a minute.
const WRONG_LINKS_MOST: u32 = 20;

/// What all requests to the console share.
pub(in crate::server) struct Console {
    pub(super) handler: Arc<Handler>,
    pub(super) sessions: Sessions,
    pub(super) login: Login,
    pub(super) changes: Changes,
    pub(super) draft_boxes: DraftBoxes,
    /// The wrong links of the last minute, by address.
    pub(super) wrong_links: Attempts<IpAddr>,
    proxy: Option<UserProxy>,
}

/// A request of somebody who is signed in.
pub(super) struct Asked {
    pub(super) session: Session,
    pub(super) cookie: String,
    pub(super) looks: Looks,
    pub(super) query: Fields,
    /// Where it is, to come back to.
    path: String,
}

/// How pages look for somebody.
#[derive(Clone, Copy)]
pub(super) struct Looks {
    pub(super) lang: Lang,
    pub(super) theme: &'static str,
}

/// Returns the endpoint of the API that reads at a path.
pub(super) fn reads(path: &str) -> &'static Endpoint {
    let mut rows = ENDPOINTS.iter().filter(|row| row.method == Method::Get);
    rows.find(|row| row.path == path).expect("the table has what pages are made from")
}

impl Console {
    pub(in crate::server) fn new(handler: Arc<Handler>, proxy: Option<UserProxy>) -> Self {
        let changes = Changes::new(handler.database.clone(), Arc::clone(&handler.now));
        Self {
            handler,
            sessions: Sessions::default(),
            login: Login::default(),
            changes,
            draft_boxes: DraftBoxes::default(),
            wrong_links: Attempts::new(WRONG_LINKS_MOST),
            proxy,
        }
    }

    /// Ends what would go on for as long as pages are open.
    pub(in crate::server) fn end(&self) {
        self.changes.end();
    }

    pub(super) fn looks(&self, headers: &HeaderMap) -> Looks {
        let lang = cookie(headers, LANG).and_then(Lang::parse);
        let theme = match cookie(headers, THEME) {
            Some("light") => "light",
            Some("dark") => "dark",
            Some(_) | None => "",
        };
        Looks { lang: lang.unwrap_or_else(|| self.handler.lang(headers)), theme }
    }

    /// Returns whom the proxy names that signs users in.
    fn proxied(&self, peer: IpAddr, headers: &HeaderMap) -> Option<User> {
        let name = proxy_user(self.proxy.as_ref()?, peer, headers)?;
        self.handler.gate.named(name)
    }

    /// Returns who sends a request, whose connection is then kept.
    pub(super) fn asked(&self, from: &ConnectionHandle, parts: &Parts) -> Option<Asked> {
        let now = (self.handler.now)();
        let proxied = self.proxied(from.peer(), &parts.headers);
        let cookie = match &proxied {
            // A proxy that signs users in knows better than a cookie.
            Some(user) => self.sessions.of_proxy(user.clone(), now)?,
            None => cookie(&parts.headers, SESSION)?.to_owned(),
        };
        let cookie = cookie.as_str();
        let is_by_hand = !parts.headers.contains_key(BY_ITSELF) && parts.uri.path() != "/events";
        let session = self.sessions.of(cookie, now, is_by_hand)?;
        // Whom a reload of the config changed or removed signs in again.
        if self.handler.gate.named(&session.user.name).as_ref() != Some(&session.user) {
            self.sessions.end(cookie);
            return None;
        }
        from.prove();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        Some(Asked {
            session,
            cookie: cookie.to_owned(),
            looks: self.looks(&parts.headers),
            query: Fields::of_query(&parts.uri),
            path: path.to_owned(),
        })
    }

    /// Returns a form of somebody who is signed in; none if it is not one of the session's.
    pub(super) async fn form(
        &self,
        from: &ConnectionHandle,
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

    /// Returns what a command answers as JSON.
    pub(super) async fn json<T: DeserializeOwned>(
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

    pub(super) fn frame(&self, asked: &Asked, here: Here, title: String) -> Frame {
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
    pub(super) fn refuse(&self, asked: &Asked, refusal: Refusal) -> Response {
        let (status, _) = refusal.kind();
        let page = l10n::within(asked.looks.lang, || {
            let detail = refusal.detail();
            let frame = self.frame(asked, Here::Elsewhere, t!("console-refused"));
            page::html(status, &RefusedPage { frame, detail })
        });
        page.unwrap_or_else(|_| status.into_response())
    }

    /// Returns the answer to a request for what does not exist.
    pub(in crate::server) fn nothing(
        &self,
        from: &ConnectionHandle,
        request: Request,
        refusal: Refusal,
    ) -> Response {
        let (parts, _) = request.into_parts();
        match self.asked(from, &parts) {
            Some(asked) => self.refuse(&asked, refusal),
            None => to_login(&parts),
        }
    }
}

#[derive(Template)]
#[template(path = "console/refused.html")]
struct RefusedPage {
    frame: Frame,
    detail: String,
}

pub(super) async fn read_form(
    parts: &Parts,
    body: &mut Body,
    most: usize,
) -> Result<Fields, Refusal> {
    if is_of_another_site(&parts.headers) {
        return Err(Refusal::Form);
    }
    Ok(Fields::of(&handler::read(body, most).await?))
}

pub(super) fn read_json<T: DeserializeOwned>(written: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(written).map_err(|error| {
        tracing::error!(%error, "the console does not understand a command's answer");
        Refusal::Unavailable(error.to_string())
    })
}

/// Returns the answer to somebody who is not signed in.
pub(super) fn to_login(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    if parts.method != axum::http::Method::GET || path == "/" {
        return see("/login");
    }
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    see(&format!("/login?next={next}"))
}
