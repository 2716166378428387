//! The addresses of third-party platforms: pushes to them, pushes about the accounts that they act
//! for, and the two pages of an authorization.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;
use serde::Deserialize;

use super::auth::Signed;
use super::limits::ConnectionHandle;
use super::{BODY_MAX, CallbackHandler, EventSink, Refusal, query, read, success};
use crate::wechat::callback::parse_component;

/// The longest authorization code that is taken.
const CODE_MAX: usize = 512;

/// What the platform adds to the address that a browser lands on.
#[derive(Deserialize)]
pub(super) struct Landing {
    auth_code: String,
}

type Handler<I> = State<Arc<CallbackHandler<I>>>;

/// Accepts a push to the component itself.
pub(super) async fn events<I: EventSink>(
    State(handler): Handler<I>,
    Path(component): Path<String>,
    ConnectInfo(connection_handle): ConnectInfo<ConnectionHandle>,
    request: Request,
) -> Result<Response, StatusCode> {
    let text = handler.genuine(&component, &connection_handle, request).await?;
    let event = parse_component(&text).map_err(|error| {
        tracing::warn!(component, "a signed push about the component cannot be read: {error}");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    let storing = handler.sink.store_component(&component, event);
    match tokio::time::timeout(handler.limits.store, storing).await {
        Ok(Ok(())) => Ok(success()),
        // The platform pushes again unless the response is success.
        Ok(Err(())) | Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Accepts a push about an account that the component acts for.
pub(super) async fn receive<I: EventSink>(
    State(handler): Handler<I>,
    Path((component, appid)): Path<(String, String)>,
    ConnectInfo(connection_handle): ConnectInfo<ConnectionHandle>,
    request: Request,
) -> Result<Response, StatusCode> {
    match handler.sink.authorizer(&component, &appid) {
        Some(account) => super::take(&handler, account, connection_handle, request).await,
        // It authorised the component, and is not in the config: nobody waits for its pushes.
        None => handler.genuine(&component, &connection_handle, request).await.map(|_| success()),
    }
}

/// Responds to the platform's check of the address.
pub(super) async fn echo<I: EventSink>(
    State(handler): Handler<I>,
    Path((component, appid)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, StatusCode> {
    let account = handler.sink.authorizer(&component, &appid).ok_or(StatusCode::NOT_FOUND)?;
    super::answer_check(&handler, &account, &uri)
}

/// Shows the page from which an administrator goes to the platform.
pub(super) async fn authorize<I: EventSink>(
    State(handler): Handler<I>,
    Path((component, key)): Path<(String, String)>,
) -> Result<Response, StatusCode> {
    is_key(&key).then_some(()).ok_or(StatusCode::NOT_FOUND)?;
    let page = handler.sink.authorize_page(&component, key).await;
    Ok(html(page.ok_or(StatusCode::NOT_FOUND)?))
}

/// Takes the code with which an administrator comes back.
pub(super) async fn authorized<I: EventSink>(
    State(handler): Handler<I>,
    Path((component, key)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, StatusCode> {
    let Query(Landing { auth_code }) =
        Query::try_from_uri(&uri).map_err(|_| StatusCode::BAD_REQUEST)?;
    let is_code = (1..=CODE_MAX).contains(&auth_code.len())
        && auth_code.bytes().all(|byte| byte.is_ascii_graphic());
    is_code.then_some(()).ok_or(StatusCode::BAD_REQUEST)?;
    is_key(&key).then_some(()).ok_or(StatusCode::NOT_FOUND)?;
    let page = handler.sink.land(&component, key, SecretString::from(auth_code)).await;
    Ok(html(page.ok_or(StatusCode::NOT_FOUND)?))
}

/// Returns whether a text has the form of a link's key.
fn is_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn html(page: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        // The platform demands to see that the browser comes from this domain; the key is not told.
        (REFERRER_POLICY, "origin"),
    ];
    (headers, page).into_response()
}

impl<I: EventSink> CallbackHandler<I> {
    /// Returns the decrypted text of a push that is signed with the component's token.
    async fn genuine(
        &self,
        component: &str,
        connection_handle: &ConnectionHandle,
        request: Request,
    ) -> Result<Vec<u8>, StatusCode> {
        let authenticator = self.sink.component(component).ok_or(StatusCode::NOT_FOUND)?;
        let refused = |refusal: Refusal| {
            if refusal.is_strangers() {
                tracing::debug!(component, "{refusal}");
            } else {
                tracing::warn!(component, "a push about the component was refused: {refusal}");
            }
            StatusCode::FORBIDDEN
        };
        let (parts, mut body) = request.into_parts();
        let signed: Signed = query(&parts.uri).map_err(refused)?;
        let raw = read(&mut body, BODY_MAX).await?;
        let message = authenticator.open(&signed, raw, self.sink.now()).map_err(refused)?;
        // An account's name cannot contain the slash.
        let whose = format!("component/{component}");
        self.admit(&whose, &signed, &message.text).map_err(refused)?;
        let _turn = self.turn(connection_handle).await?;
        Ok(message.text)
    }
}
