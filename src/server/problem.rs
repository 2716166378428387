//! Why a request has no answer: `application/problem+json` (RFC 9457) with a code for programs and a
//! sentence for people.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::l10n::{self, Lang, t};

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no token, or no user has it.
    Unauthorized,
    /// Too many wrong tokens came from the address.
    TooManyAttempts,
    /// The user's role may not do it.
    Role(&'static str),
    /// The user may see only some accounts, and the answer is about all.
    AllAccounts,
    /// The user may see only some accounts, and has to name one.
    NameAccount,
    /// There is no such path.
    NoPath,
    /// The path has other methods.
    Method,
    /// There is no such job, or the user may not see it.
    NoJob,
    /// There is no such account, or the user may not see it.
    NoAccount,
    /// There is no such file, or the user may not see it.
    NoFile,
    /// The link is wrong, was used, or is over.
    NoLink,
    /// The parameter is missing, wrong or unknown.
    Parameter(String),
    /// The form is not one of the session's.
    Form,
    /// The body is not a JSON object.
    Body,
    /// The body is too large.
    TooLarge,
    /// The command does not take what was said.
    Usage(String),
    /// The command's answer is no.
    No(String),
    /// The user handed the job in, and so may not decide about it.
    Own(String),
    /// The job file is wrong.
    File(String),
    /// An id of the job file is taken.
    IdTaken(String),
    /// The server has no time for it now.
    Busy,
    /// An operator has to do something first.
    Unavailable(String),
    /// The database failed.
    StorageFailed(String),
    /// The answer is too long.
    TooLong,
    /// The command ended in a panic: our own fault.
    Crashed,
}

impl Refusal {
    /// Returns its status and code.
    pub(super) const fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts"),
            Self::Role(_) => (StatusCode::FORBIDDEN, "role"),
            Self::AllAccounts => (StatusCode::FORBIDDEN, "all-accounts"),
            Self::NameAccount => (StatusCode::BAD_REQUEST, "name-account"),
            Self::NoPath => (StatusCode::NOT_FOUND, "no-path"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::NoJob => (StatusCode::NOT_FOUND, "no-job"),
            Self::NoAccount => (StatusCode::NOT_FOUND, "no-account"),
            Self::NoFile => (StatusCode::NOT_FOUND, "no-file"),
            Self::NoLink => (StatusCode::NOT_FOUND, "no-link"),
            Self::Parameter(_) => (StatusCode::BAD_REQUEST, "parameter"),
            Self::Form => (StatusCode::FORBIDDEN, "form"),
            Self::Body => (StatusCode::BAD_REQUEST, "body"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Self::Usage(_) => (StatusCode::BAD_REQUEST, "usage"),
            Self::No(_) => (StatusCode::CONFLICT, "refused"),
            Self::Own(_) => (StatusCode::FORBIDDEN, "own-job"),
            Self::File(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-file"),
            Self::IdTaken(_) => (StatusCode::CONFLICT, "id-taken"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::StorageFailed(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage-failed"),
            Self::TooLong => (StatusCode::INTERNAL_SERVER_ERROR, "too-long"),
            Self::Crashed => (StatusCode::INTERNAL_SERVER_ERROR, "crashed"),
        }
    }

    /// Returns the sentence about it, in the language of the moment.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Unauthorized => t!("api-unauthorized"),
            Self::TooManyAttempts => t!("api-too-many-attempts"),
            Self::Role(role) => t!("api-role", role = *role),
            Self::AllAccounts => t!("api-all-accounts"),
            Self::NameAccount => t!("api-name-account"),
            Self::NoPath => t!("api-no-path"),
            Self::Method => t!("api-method"),
            Self::NoJob => t!("api-no-job"),
            Self::NoAccount => t!("api-no-account"),
            Self::NoFile => t!("api-no-file"),
            Self::NoLink => t!("console-no-link"),
            Self::Parameter(name) => t!("api-parameter", name = name.as_str()),
            Self::Form => t!("console-form"),
            Self::Body => t!("api-body"),
            Self::TooLarge => t!("api-too-large"),
            Self::Busy => t!("api-busy"),
            Self::TooLong => t!("api-too-long"),
            Self::Crashed => t!("api-crashed"),
            Self::IdTaken(id) => t!("api-id-taken", id = id.as_str()),
            Self::Usage(told)
            | Self::No(told)
            | Self::Own(told)
            | Self::File(told)
            | Self::Unavailable(told)
            | Self::StorageFailed(told) => told.clone(),
        }
    }

    /// Returns the response.
    pub(super) fn into_response(self, lang: Lang) -> Response {
        let (status, code) = self.kind();
        let detail = l10n::within(lang, || self.detail());
        let body = json!({"status": status.as_u16(), "code": code, "detail": detail});
        let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string())
            .into_response();
        let (name, value) = match status {
            StatusCode::UNAUTHORIZED => (WWW_AUTHENTICATE, "Bearer"),
            StatusCode::TOO_MANY_REQUESTS => (RETRY_AFTER, "60"),
            StatusCode::SERVICE_UNAVAILABLE => (RETRY_AFTER, "5"),
            _ => return response,
        };
        response.headers_mut().insert(name, value.parse().expect("these are plain words"));
        response
    }
}
