//! What all pages share: the frame around them, and the headers that keep strangers' text from doing
//! anything.

use std::sync::LazyLock;

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::session::Told;
use crate::config::Role;
use crate::l10n::{Lang, t};
use crate::model::hex;
use crate::server::isolation::isolated;
use crate::server::problem::Refusal;

/// What a page may load: nothing but its own style, script and frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; frame-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
/// The same with the covers of drafts.
pub(super) const COVERS_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: \
                      https://mmbiz.qpic.cn; connect-src 'self'; frame-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What the content of a job may load: pictures, also those of the platform. It has no origin, so
/// nothing of the console is within its reach.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: https://mmbiz.qpic.cn \
     https://mmbiz.qlogo.cn https://mmecoa.qpic.cn https://res.wx.qq.com; form-action 'none'; \
     frame-ancestors 'self'; base-uri 'none'; sandbox";

pub(super) const STYLE: &str = include_str!("../../../templates/console/console.css");
pub(super) const SCRIPT: &str = include_str!("../../../templates/console/console.js");

/// What surrounds each page.
pub(super) struct Frame {
    pub(super) lang: Lang,
    /// `light`, `dark`, or nothing for what the device says.
    pub(super) theme: &'static str,
    pub(super) title: String,
    pub(super) here: Here,
    pub(super) user: Option<Signed>,
    pub(super) csrf: String,
    pub(super) told: Option<Told>,
    /// Where the page is, to come back to.
    pub(super) path: String,
}

/// Who is signed in.
pub(super) struct Signed {
    pub(super) name: String,
    pub(super) role: Role,
}

/// The parts of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Here {
    Today,
    Month,
    Jobs,
    Approvals,
    Accounts,
    Series,
    Decisions,
    New,
    Elsewhere,
}

/// One entry of the navigation.
pub(super) struct Entry {
    pub(super) path: &'static str,
    pub(super) name: String,
    pub(super) is_here: bool,
}

impl Frame {
    /// Returns the navigation of the user.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let Some(user) = &self.user else { return Vec::new() };
        let entry = |here, path, name| Entry { path, name, is_here: self.here == here };
        let mut entries = vec![
            entry(Here::Today, "/", t!("console-today")),
            entry(Here::Month, "/month", t!("console-month")),
            entry(Here::Approvals, "/approvals", t!("console-approvals")),
            entry(Here::Jobs, "/jobs", t!("console-jobs")),
            entry(Here::Series, "/series", t!("console-series")),
            entry(Here::Accounts, "/accounts", t!("console-accounts")),
            entry(Here::Decisions, "/decisions", t!("console-decisions")),
        ];
        if user.role >= Role::Editor {
            entries.push(entry(Here::New, "/new", t!("console-new")));
        }
        entries
    }

    /// Returns the words for a role.
    pub(super) fn role(&self) -> String {
        self.user.as_ref().map(|user| role(user.role)).unwrap_or_default()
    }
}

/// Returns the words for a role.
pub(super) fn role(role: Role) -> String {
    match role {
        Role::Viewer => t!("console-viewer"),
        Role::Editor => t!("console-editor"),
        Role::Approver => t!("console-approver"),
        Role::Operator => t!("console-operator"),
    }
}

/// Returns the version of the style and the script: what a browser keeps of another is not used.
pub(super) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let digest = Sha256::new().chain_update(STYLE).chain_update(SCRIPT).finalize();
        hex(&digest[..8])
    });
    &VERSION
}

/// Returns the response of a page.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Result<Response, Refusal> {
    let text = isolated(|| page.render()).map_err(|_| Refusal::TooLong)?;
    Ok((status, [(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response())
}

/// Returns the response of a job's content, which is shown in a frame.
pub(super) fn as_content(page: Vec<u8>) -> Response {
    let mut response = ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

/// Returns the response that leads to another page of the console.
pub(super) fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let path = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, path);
    response
}

/// Adds a cookie to a response.
pub(super) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// Adds the headers that every answer has, unless it has its own.
pub(crate) fn secure(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (CACHE_CONTROL, "no-store"),
        // A form that is sent without a referrer has no origin either.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Returns a path of the console that a request named, or the first page.
pub(super) fn local(path: &str) -> &str {
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n', '\t'])
        && path.is_ascii();
    if is_local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_nowhere_else() {
        for path in ["/", "/jobs/a", "/jobs?state=held&account=a"] {
            assert_eq!(local(path), path);
        }
        for path in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil", "x"]
        {
            assert_eq!(local(path), "/", "{path:?}");
        }
    }
}
