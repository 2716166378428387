//! Tells open pages that the database changed, as server-sent events with a version and nothing else.
//!
//! The version is `SQLite`'s own of one connection, which changes with each commit of another.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::server::handler::Clock;
use crate::server::isolation::isolated;
use crate::store::{Store, StoreError};

/// How many pages are told at once: each keeps a connection, and those are for requests as well.
const PAGES: usize = 24;
/// How often the version is read.
const EVERY: Duration = Duration::from_secs(1);
/// How often it is read for one connection, which then ends before it is closed; a browser connects
/// again.
const TIMES: u32 = 50;

/// The version of the database.
pub(super) struct Changes {
    source: Arc<Source>,
    places: Arc<Semaphore>,
    ended: watch::Sender<bool>,
}

struct Source {
    database: PathBuf,
    now: Clock,
    store: Mutex<Option<Store>>,
}

/// What a connection was told.
struct Told {
    source: Arc<Source>,
    ended: watch::Receiver<bool>,
    version: Option<i64>,
    left: u32,
    _place: OwnedSemaphorePermit,
}

impl Changes {
    pub(super) fn new(database: PathBuf, now: Clock) -> Self {
        Self {
            source: Arc::new(Source { database, now, store: Mutex::default() }),
            places: Arc::new(Semaphore::new(PAGES)),
            ended: watch::Sender::new(false),
        }
    }

    /// Ends all streams.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Returns a stream of versions: the present one, and each later one.
    pub(super) fn stream(&self) -> Response {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        let told = Told {
            source: Arc::clone(&self.source),
            ended: self.ended.subscribe(),
            version: None,
            left: TIMES,
            _place: place,
        };
        let events = stream::unfold(told, |mut told| async {
            let version = told.next().await?;
            let event = Event::default().event("change").data(version.to_string());
            Some((Ok::<_, Infallible>(event.retry(EVERY)), told))
        });
        Sse::new(events).into_response()
    }
}

impl Told {
    /// Returns the next version; none if the connection ends.
    async fn next(&mut self) -> Option<i64> {
        while self.left > 0 && !*self.ended.borrow() {
            self.left -= 1;
            let source = Arc::clone(&self.source);
            // A database that cannot be read now is read the next time.
            let version = tokio::task::spawn_blocking(move || isolated(|| source.version().ok()));
            let version = version.await.ok()?;
            if version.is_some() && version != self.version {
                self.version = version;
                return version;
            }
            let ended = self.ended.changed();
            tokio::time::timeout(EVERY, ended).await.ok();
        }
        None
    }
}

impl Source {
    fn version(&self) -> Result<i64, StoreError> {
        // A panic can leave nothing of a connection half done.
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if store.is_none() {
            *store = Store::open_existing(&self.database, (self.now)())?;
        }
        store.as_ref().map_or(Ok(0), |store| store.data_version())
    }
}
