//! Sends requests: each in a task of its own, with a limit on how many run at once.
//!
//! Two thousand connections opened at the same instant overflow the accept queue of the other side,
//! and the network tries those again a second later. So a request waits until an earlier one was
//! answered, or has been under way for a moment: a slow platform must not slow the others.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use chrono::TimeDelta;

use crate::config::{AccountConfig, Proxy};
use crate::daemon::counters::Counters;
use crate::daemon::input::Input;
use crate::daemon::pictures::Pictures;
use crate::daemon::{Now, RunError};
use crate::engine::Outgoing;
use crate::model::Plain;
use crate::wechat::client::{ApiBase, Client, TooOld};
use crate::wechat::protocol::{HttpResponse, Reply};

/// How many requests run at once; the queue of a listening socket is seldom shorter.
const ABREAST: usize = 96;
/// How many files are uploaded at once: each is in memory meanwhile.
const UPLOADS: usize = 4;
/// How long a request without a response keeps others from following.
const A_MOMENT: Duration = Duration::from_millis(20);

/// How old a decision may be when its request is sent: longer than the queue and a connection take.
const LEAVES_WITHIN: TimeDelta = TimeDelta::minutes(2);

/// How the requests of one account leave.
pub(super) struct Way {
    bases: Vec<ApiBase>,
    client: Arc<Client>,
}

/// How the requests of all accounts leave, by the accounts' numbers.
pub(super) struct Ways {
    all: Vec<Way>,
    /// Accounts without a proxy share their connections.
    direct: Arc<Client>,
    /// The directory of the files that they upload.
    files: PathBuf,
}

impl Ways {
    pub(super) fn new(accounts: &[AccountConfig], files: &Path) -> Result<Self, RunError> {
        let direct = Arc::new(Client::with_files(files.to_owned()));
        let mut ways = Self { all: Vec::new(), direct, files: files.to_owned() };
        ways.all = accounts.iter().map(|config| ways.of(config)).collect::<Result<_, _>>()?;
        Ok(ways)
    }

    fn of(&self, config: &AccountConfig) -> Result<Way, RunError> {
        let client = match &config.proxy {
            Some(Proxy::Url(url)) => {
                Arc::new(Client::with_files(self.files.clone()).through(url.clone()))
            }
            Some(Proxy::Unread) | None => Arc::clone(&self.direct),
        };
        Ok(Way { bases: api_bases(config)?, client })
    }
}

/// Returns the API addresses of an account.
pub(super) fn api_bases(config: &AccountConfig) -> Result<Vec<ApiBase>, RunError> {
    let parse = |base: &String| {
        ApiBase::parse(base).map_err(|error| {
            let name = &config.account.name;
            RunError::Setup(format!("account {name}: api_base {base}: {error}"))
        })
    };
    config.api_bases.iter().map(parse).collect()
}

/// Sends requests, and passes their responses to the loop.
pub(super) struct Dispatcher {
    ways: Ways,
    abreast: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    pictures: Pictures,
    counters: Counters,
    now: Now,
    to: mpsc::Sender<Input>,
}

impl Dispatcher {
    /// Returns a dispatcher for sessions whose requests leave these ways, with the directory of the
    /// daemon's state.
    pub(super) fn new(
        ways: Ways,
        state: &Path,
        counters: Counters,
        (now, to): (Now, mpsc::Sender<Input>),
    ) -> Self {
        let abreast = Arc::new(Semaphore::new(ABREAST));
        let uploads = Arc::new(Semaphore::new(UPLOADS));
        let pictures = Pictures::of(state);
        Self { ways, abreast, uploads, pictures, counters, now, to }
    }

    /// Sends the later requests of an account as its config says now; new accounts come in order.
    pub(super) fn set_way(
        &mut self,
        session: usize,
        config: &AccountConfig,
    ) -> Result<(), RunError> {
        let way = self.ways.of(config)?;
        match self.ways.all.get_mut(session) {
            Some(known) => *known = way,
            None => self.ways.all.push(way),
        }
        Ok(())
    }

    /// Sends a request when its turn comes.
    pub(super) fn send(&self, Outgoing { session, base, ticket, request, due }: Outgoing) {
        let way = &self.ways.all[session];
        let (client, base) = (Arc::clone(&way.client), way.bases[base].clone());
        let (abreast, to) = (Arc::clone(&self.abreast), self.to.clone());
        let (uploads, pictures) = (Arc::clone(&self.uploads), self.pictures.clone());
        let (now, decided_at) = (Arc::clone(&self.now), (self.now)());
        let (counters, clock) = (self.counters.clone(), Arc::clone(&self.now));
        let too_old: TooOld = Arc::new(move || (now() - decided_at).abs() > LEAVES_WITHIN);
        tokio::spawn(async move {
            // Closed at the end, like the other semaphore: then this request waits for the other
            // one's response.
            let _turn =
                if request.form.is_some() { uploads.acquire_owned().await.ok() } else { None };
            let response = match abreast.acquire_owned().await {
                Ok(permit) => {
                    if let Some(due) = due {
                        counters.left(clock() - due);
                    }
                    let mut asked = std::pin::pin!(client.perform_unless(&base, &request, too_old));
                    if let Ok(response) = tokio::time::timeout(A_MOMENT, &mut asked).await {
                        response
                    } else {
                        drop(permit);
                        asked.await
                    }
                }
                Err(_) => HttpResponse {
                    reply: Reply::NotSent(Plain::DaemonEnded.to_string()),
                    date: None,
                },
            };
            let response = match request.save {
                Some(save) => pictures.save(save, response).await,
                None => response,
            };
            counters.answered(ticket, &response);
            // If the loop has ended, the attempt is in doubt on disk already.
            to.send(Input::HttpResponse(session, ticket, response)).await.unwrap_or_default();
        });
    }

    /// Keeps back the requests that were not sent: the daemon ends.
    pub(super) fn close(&self) {
        self.abreast.close();
        self.uploads.close();
    }
}
