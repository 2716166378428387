//! What happens to a request: who sends it, whether the user may do it, and the command that answers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http_body::Body as _;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::command::{Call, Commands, Outcome};
use super::endpoint::{Action, Endpoint, Method, Scope};
use super::files::{self, Files, Written};
use super::gate::Gate;
use super::isolation::isolated;
use super::openapi;
use super::problem::Refusal;
use super::request::{Said, language};
use super::withhold::withhold;
use crate::config::User;
use crate::inbox::{DraftBook, FILE_MOST, Package};
use crate::l10n::{self, Lang};
use crate::store::Store;
use crate::wechat::listener;

/// How many commands run at once, and how many files are read at once.
const COMMANDS: usize = 4;
const FILES: usize = 2;
/// How a decision came in over the API, as it is stored.
const VIA_API: &str = "API";
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of a body that is not a file.
pub(super) const BODY_MOST: usize = 64 * 1024;

/// The most bytes of a refused body that are read all the same, and how long that may take.
const DISCARDED_MOST: usize = 1024 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The clock.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What all requests share.
pub(super) struct Handler {
    pub(super) gate: Gate,
    pub(super) files: Arc<Files>,
    pub(super) commands: Commands,
    pub(super) database: PathBuf,
    pub(super) now: Clock,
    pub(super) lang: Lang,
    pub(super) turns: Turns,
}

/// How much happens at once.
pub(super) struct Turns {
    commands: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            commands: Arc::new(Semaphore::new(COMMANDS)),
            files: Arc::new(Semaphore::new(FILES)),
        }
    }
}

impl Handler {
    /// Returns who sends a request.
    pub(super) fn user(&self, headers: &HeaderMap, from: IpAddr) -> Result<User, Refusal> {
        self.gate.user(headers, from, (self.now)())
    }

    /// Returns the language of an answer.
    pub(super) fn lang(&self, headers: &HeaderMap) -> Lang {
        language(headers).unwrap_or(self.lang)
    }

    /// Answers a request of a user.
    pub(super) async fn answer<'p>(
        &self,
        row: &'static Endpoint,
        user: User,
        path: impl Iterator<Item = (&'p str, &'p str)>,
        (parts, body): (Parts, &mut Body),
    ) -> Result<Response, Refusal> {
        if user.role < row.role {
            return Err(Refusal::Role(row.role.name()));
        }
        let lang = self.lang(&parts.headers);
        let mut said = Said::default();
        said.take_path(row, path)?;
        let query = parts.uri.query().unwrap_or_default();
        if row.method == Method::Get || row.action == Action::Submit {
            said.take_query(row, query)?;
        } else if !query.is_empty() {
            return Err(Refusal::Parameter("?".to_owned()));
        }
        if row.action == Action::Submit {
            said.require(row)?;
            return self.submit(user, (said, lang), body).await;
        }
        let body = read(body, BODY_MOST).await?;
        if row.method == Method::Post {
            said.take_body(row, &body)?;
        }
        said.require(row)?;
        match row.action {
            Action::OpenApi => Ok(json_response(StatusCode::OK, &openapi::document())),
            Action::Submit | Action::Receipt => self.receipt(user, said).await,
            Action::Json(_) => {
                let written = self.ask(row, &user, said, (lang, VIA_API)).await?;
                Ok(([(CONTENT_TYPE, "application/json")], written).into_response())
            }
            Action::Sentences(_) => {
                let written = self.ask(row, &user, said, (lang, VIA_API)).await?;
                let answer = String::from_utf8_lossy(&written);
                Ok(json_response(StatusCode::OK, &json!({"answer": answer.trim_end()})))
            }
        }
    }

    /// Returns what the command of an endpoint writes for a user, without what is not the user's.
    pub(super) async fn ask(
        &self,
        row: &'static Endpoint,
        user: &User,
        mut said: Said,
        how: (Lang, &str),
    ) -> Result<Vec<u8>, Refusal> {
        if user.role < row.role {
            return Err(Refusal::Role(row.role.name()));
        }
        said.require(row)?;
        self.limit(row, user, &mut said).await?;
        self.command(row, user, said, (how, None)).await
    }

    /// Returns what a command writes for a user about a job file that came with the request.
    pub(super) async fn ask_about(
        &self,
        row: &'static Endpoint,
        user: &User,
        said: Said,
        (how, package): ((Lang, &str), Package),
    ) -> Result<Vec<u8>, Refusal> {
        if user.role < row.role {
            return Err(Refusal::Role(row.role.name()));
        }
        let _turn = self.turn_for_file().await?;
        if user.accounts.is_some() {
            let (files, user) = (Arc::clone(&self.files), user.clone());
            let (lang, package) = (how.0, package.clone());
            let check = move |store: Option<&mut Store>| {
                let package = package.with_drafts(DraftBook::for_rehearsal(BTreeMap::new()));
                l10n::within(lang, || files.check_package(&user, &package, store.as_deref()))
            };
            self.with_store(check).await?;
        }
        self.command(row, user, said, (how, Some(package))).await
    }

    /// Makes sure that the answer is only about accounts of the user.
    pub(super) async fn limit(
        &self,
        row: &Endpoint,
        user: &User,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        match row.scope {
            Scope::Job => {
                let owner = self.owner(said.get("id").unwrap_or_default()).await?;
                owner.filter(|owner| user.sees(owner)).map(drop).ok_or(Refusal::NoJob)
            }
            Scope::Selection if said.get("account").is_none() => match user.accounts.as_deref() {
                None => Ok(()),
                Some([only]) => said.set(row, "account", only.clone()),
                Some(_) => Err(Refusal::NameAccount),
            },
            Scope::Account | Scope::Selection => {
                let name = said.get("account").unwrap_or_default();
                let is_seen = user.sees(name) && self.files.has_account(name);
                if is_seen { Ok(()) } else { Err(Refusal::NoAccount) }
            }
            Scope::All if user.accounts.is_some() => Err(Refusal::AllAccounts),
            Scope::All | Scope::File | Scope::Nothing => Ok(()),
        }
    }

    /// Returns the account of a job, a series or a date of a series.
    pub(super) async fn owner(&self, id: &str) -> Result<Option<String>, Refusal> {
        let id = id.to_owned();
        let owner = self.with_store(move |store| match store {
            Some(store) => files::owner(store, &id).map_err(|error| files::storage(&error)),
            None => Ok(None),
        });
        owner.await
    }

    /// Returns what a file says, if the user may see all of it.
    pub(super) async fn written(
        &self,
        user: User,
        name: String,
    ) -> Result<Option<Written>, Refusal> {
        let files = Arc::clone(&self.files);
        self.with_store(move |_| files.written(&user, &name)).await
    }

    async fn command(
        &self,
        row: &'static Endpoint,
        user: &User,
        said: Said,
        ((lang, via), file): ((Lang, &str), Option<Package>),
    ) -> Result<Vec<u8>, Refusal> {
        let words = row.arguments(|name| said.get(name).map(str::to_owned));
        let call = Call { words, who: format!("{} via {via}", user.name), lang };
        let written = self.run_with(call, file).await?;
        match row.action {
            Action::Sentences(command) => {
                tracing::info!(user = user.name, command, via, "a decision came in over HTTP");
                Ok(written)
            }
            Action::Json(_) => without_others(user, written),
            Action::Submit | Action::Receipt | Action::OpenApi => Ok(written),
        }
    }

    /// Runs a command once it has its turn.
    pub(super) async fn run(&self, call: Call) -> Result<Vec<u8>, Refusal> {
        self.run_with(call, None).await
    }

    async fn run_with(&self, call: Call, file: Option<Package>) -> Result<Vec<u8>, Refusal> {
        let commands = Arc::clone(&self.commands);
        let run = move || Ok(commands(&call, file.as_ref().map(std::slice::from_ref)));
        let outcome = blocking(&self.turns.commands, run).await?;
        match outcome {
            Outcome::Done(written) => Ok(written),
            Outcome::No(told) => Err(Refusal::No(told)),
            Outcome::Own(told) => Err(Refusal::Own(told)),
            Outcome::Usage(told) => Err(Refusal::Usage(told)),
            Outcome::Unavailable(told) => Err(Refusal::Unavailable(told)),
            Outcome::StorageFailed(told) => Err(Refusal::StorageFailed(told)),
            Outcome::TooLong => Err(Refusal::TooLong),
        }
    }

    async fn submit(
        &self,
        user: User,
        (said, lang): (Said, Lang),
        body: &mut Body,
    ) -> Result<Response, Refusal> {
        let _turn = self.turn_for_file().await?;
        let body = read(body, FILE_MOST).await?;
        let put = self.put(user, (said.get("name").unwrap_or_default().to_owned(), body), lang);
        Ok(json_response(StatusCode::ACCEPTED, &put.await?))
    }

    async fn turn_for_file(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let turn = Arc::clone(&self.turns.files).acquire_owned();
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
        }
    }

    /// Puts a file into the inbox, and returns where its receipt will be.
    pub(super) async fn put(
        &self,
        user: User,
        (name, body): (String, Vec<u8>),
        lang: Lang,
    ) -> Result<Value, Refusal> {
        let files = Arc::clone(&self.files);
        let now = (self.now)();
        self.with_store(move |store| {
            l10n::within(lang, || files.put(&user, (&name, body), (store, now)))
        })
        .await
    }

    /// Makes sure that a file is right, and about accounts and jobs of the user.
    pub(super) async fn check(
        &self,
        user: User,
        (name, body): (String, Vec<u8>),
        lang: Lang,
    ) -> Result<(), Refusal> {
        let files = Arc::clone(&self.files);
        self.with_store(move |store| {
            l10n::within(lang, || files.check_bytes(&user, (&name, body), store.as_deref()))
        })
        .await
    }

    async fn receipt(&self, user: User, said: Said) -> Result<Response, Refusal> {
        let name = said.get("name").unwrap_or_default().to_owned();
        Ok(json_response(StatusCode::OK, &self.fate(user, name).await?))
    }

    /// Returns what became of a file.
    pub(super) async fn fate(&self, user: User, name: String) -> Result<Value, Refusal> {
        let files = Arc::clone(&self.files);
        self.with_store(move |_| files.receipt(&user, &name)).await
    }

    /// Reads the database, if there is one, over a connection of its own.
    pub(super) async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(Option<&mut Store>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (database, now) = (self.database.clone(), (self.now)());
        blocking(&self.turns.commands, move || {
            let store = Store::open_existing(&database, now);
            let mut store = store.map_err(|error| files::storage(&error))?;
            work(store.as_mut())
        })
        .await
    }
}

/// Takes what is not of the user's accounts out of a command's JSON.
fn without_others(user: &User, written: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    if user.accounts.is_none() {
        return Ok(written);
    }
    let mut value: Value = serde_json::from_slice(&written).map_err(|_| Refusal::TooLong)?;
    if !withhold(user, &mut value) {
        return Err(Refusal::NoJob);
    }
    let mut text = serde_json::to_vec_pretty(&value).map_err(|_| Refusal::TooLong)?;
    text.push(b'\n');
    Ok(text)
}

/// Does something that waits for the disk, once it has its turn.
///
/// The turn is over when the work is, also if nobody waits for the answer any more.
pub(super) async fn blocking<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let turn = tokio::time::timeout(PATIENCE, Arc::clone(turns).acquire_owned()).await;
    let Ok(Ok(turn)) = turn else { return Err(Refusal::Busy) };
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        isolated(work)
    });
    done.await.unwrap_or_else(|error| {
        // If it did not panic, the runtime ends.
        Err(if error.is_panic() { Refusal::Crashed } else { Refusal::Busy })
    })
}

pub(super) async fn read(body: &mut Body, most: usize) -> Result<Vec<u8>, Refusal> {
    listener::read(body, most).await.map_err(|status| match status {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::Body,
    })
}

/// Reads what is left of a refused body: a connection that is closed with unread bytes is reset, and
/// its client may lose the answer.
pub(super) async fn discard(body: &mut Body) {
    let is_short = body.size_hint().upper().is_some_and(|bytes| bytes <= DISCARDED_MOST as u64);
    if is_short {
        // A client that sends no more gets its answer all the same.
        tokio::time::timeout(DISCARD_TIME, listener::read(body, DISCARDED_MOST)).await.ok();
    }
}

fn json_response(status: StatusCode, value: &Value) -> Response {
    let mut text = serde_json::to_string_pretty(value).expect("a value is always JSON");
    text.push('\n');
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::{Refusal, blocking};

    #[tokio::test]
    async fn work_that_panics_is_answered_and_gives_its_turn_back() {
        let turns = Arc::new(Semaphore::new(1));
        for _ in 0..2 {
            let crashed = blocking::<()>(&turns, || panic!("of the test")).await;
            assert_eq!(crashed, Err(Refusal::Crashed));
        }
        assert_eq!(blocking(&turns, || Ok(1)).await, Ok(1));
    }
}
