//! The HTTP API and the console: the commands' answers for users with roles, over HTTP.
//!
//! There is no second implementation of anything: an endpoint names a command ([`endpoint`]), has it
//! run ([`command`]) and passes its answer on. It runs beside the loop, on threads and database
//! connections of its own, so no request delays a release. A user who may see only some accounts is
//! held to them before the command runs, and what it answers of others all the same is taken out.
//! The pages of the console are made from the same answers. What is absent on purpose: TLS, which
//! a proxy does.

mod attempts;
pub mod command;
mod console;
pub mod endpoint;
mod files;
mod gate;
mod handler;
mod isolation;
pub mod mcp;
mod openapi;
mod problem;
mod random;
mod request;
mod withhold;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONNECTION, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::console::Console;
use self::endpoint::{BASE, ENDPOINTS, Endpoint, Method};
use self::files::Files;
use self::gate::Gate;
use self::handler::Handler;
use self::problem::Refusal;
use crate::config::{User, UserProxy};
use crate::inbox::FILE_MOST;
use crate::l10n::Lang;
use crate::model::Account;
use crate::wechat::listener::Limits;
use crate::wechat::listener::limits::{ConnectionHandle, ConnectionLimiter};

pub use command::Commands;
pub use handler::Clock;
pub use isolation::is_isolated;
pub use random::random;

/// What the API and the console need.
pub struct Server {
    /// Who may use it; a reload changes them.
    pub users: watch::Receiver<Arc<[User]>>,
    /// Runs the commands.
    pub commands: Commands,
    /// The accounts of the config; a reload changes them.
    pub accounts: watch::Receiver<Arc<[Account]>>,
    /// The database.
    pub database: PathBuf,
    /// The drop directory.
    pub inbox: PathBuf,
    /// The proxy that says who a user of the console is.
    pub proxy: Option<UserProxy>,
    /// The language of answers to who prefers none.
    pub lang: Lang,
    /// The clock.
    pub now: Clock,
}

/// Returns what connections may use up: each carries one request.
fn limits() -> Limits {
    Limits {
        connection: Duration::from_secs(60),
        connections: 64,
        bytes: FILE_MOST + 64 * 1024,
        ..Limits::default()
    }
}

/// Serves the API and the console until `stop`.
pub async fn serve(
    listener: TcpListener,
    server: Server,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let handler = Arc::new(Handler {
        gate: Gate::new(server.users),
        files: Arc::new(Files::new(server.inbox, server.accounts)),
        commands: server.commands,
        database: server.database,
        now: server.now,
        lang: server.lang,
        turns: Default::default(),
    });
    let app = ENDPOINTS
        .iter()
        .fold(Router::new(), |app, row| app.route(&format!("{BASE}{}", row.path), route(row)));
    let console = Arc::new(Console::new(Arc::clone(&handler), server.proxy));
    let app = app
        .route(mcp::PATH, on(MethodFilter::POST, tools))
        .with_state::<Both>(Arc::clone(&handler))
        .merge(console::routes(Arc::clone(&console)))
        .fallback(nothing)
        .method_not_allowed_fallback(no_method)
        .layer(axum::middleware::map_response(last))
        .with_state((handler, Arc::clone(&console)))
        .into_make_service_with_connect_info::<ConnectionHandle>();
    let listener = ConnectionLimiter::new(listener, limits());
    let stop = async move {
        stop.await;
        // A page that is told of changes would keep its connection.
        console.end();
    };
    // Accepting is retried without end, so there is no error to report.
    axum::serve(listener, app).with_graceful_shutdown(stop).await.ok();
}

type Shared = State<Arc<Handler>>;
type Both = (Arc<Handler>, Arc<Console>);
type From = ConnectInfo<ConnectionHandle>;

fn route(row: &'static Endpoint) -> MethodRouter<Arc<Handler>> {
    let filter = match row.method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
    };
    on(
        filter,
        move |State(handler): Shared, from: From, path: RawPathParams, request: Request| async move {
            let (parts, mut body) = request.into_parts();
            let lang = handler.lang(&parts.headers);
            let user = match known(&handler, &from, &parts.headers) {
                Ok(user) => user,
                Err(refusal) => return refusal.into_response(lang),
            };
            let answer = handler.answer(row, user, path.iter(), (parts, &mut body)).await;
            handler::discard(&mut body).await;
            answer.unwrap_or_else(|refusal| refusal.into_response(lang))
        },
    )
}

/// Answers a call of a tool.
async fn tools(State(handler): Shared, from: From, request: Request) -> Response {
    let (parts, mut body) = request.into_parts();
    let lang = handler.lang(&parts.headers);
    let user = match known(&handler, &from, &parts.headers) {
        Ok(user) => user,
        Err(refusal) => return refusal.into_response(lang),
    };
    let read = handler::read(&mut body, FILE_MOST).await;
    handler::discard(&mut body).await;
    match read {
        Ok(body) => mcp::respond(handler, user, (parts, body)).await,
        Err(refusal) => refusal.into_response(lang),
    }
}

/// Returns who sends a request, whose connection is then kept.
fn known(
    handler: &Handler,
    ConnectInfo(connection): &From,
    headers: &axum::http::HeaderMap,
) -> Result<User, Refusal> {
    let user = handler.user(headers, connection.peer())?;
    // If its connection was closed for another, nobody receives the answer.
    connection.prove();
    Ok(user)
}

async fn nothing(State(both): State<Both>, from: From, request: Request) -> Response {
    refuse(both, &from, request, Refusal::NoPath)
}

async fn no_method(State(both): State<Both>, from: From, request: Request) -> Response {
    refuse(both, &from, request, Refusal::Method)
}

/// Refuses a request that no endpoint takes; a stranger does not learn why.
fn refuse((handler, console): Both, from: &From, request: Request, why: Refusal) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/api/") && path != mcp::PATH {
        return console.nothing(&from.0, request, why);
    }
    let headers = request.headers();
    let refusal = known(&handler, from, headers).err().unwrap_or(why);
    refusal.into_response(handler.lang(headers))
}

/// Closes the connection after its response, lets nobody keep the answer, and no page do more than it
/// needs.
async fn last(mut response: Response) -> Result<Response, Infallible> {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    console::secure(&mut response);
    Ok(response)
}
