//! Sends requests: each in a task of its own, with a limit on how many run at once.
//!
//! Two thousand connections opened at the same instant overflow the accept queue of the other side,
//! and the network tries those again a second later. So a request waits until an earlier one was
//! answered, or has been under way for a moment: a slow platform must not slow the others.

use std::path::Path;
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

/// Returns how the requests of each account leave; accounts without a proxy share their connections.
pub(super) fn ways(accounts: &[AccountConfig], files: &Path) -> Result<Vec<Way>, RunError> {
    let direct = Arc::new(Client::with_files(files.to_owned()));
    let way = |config: &AccountConfig| {
        let bases = config.api_bases.iter().map(|base| api_base(config, base));
        let client = match &config.proxy {
            Some(Proxy::Url(url)) => {
                Arc::new(Client::with_files(files.to_owned()).through(url.clone()))
            }
            Some(Proxy::Unread) | None => Arc::clone(&direct),
        };
        Ok(Way { bases: bases.collect::<Result<_, _>>()?, client })
    };
    accounts.iter().map(way).collect()
}

fn api_base(config: &AccountConfig, base: &str) -> Result<ApiBase, RunError> {
    ApiBase::parse(base).map_err(|error| {
        let name = &config.account.name;
        RunError::Setup(format!("account {name}: api_base {base}: {error}"))
    })
}

/// Sends requests, and passes their responses to the loop.
pub(super) struct Dispatcher {
    ways: Vec<Way>,
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
        ways: Vec<Way>,
        state: &Path,
        counters: Counters,
        (now, to): (Now, mpsc::Sender<Input>),
    ) -> Self {
        let abreast = Arc::new(Semaphore::new(ABREAST));
        let uploads = Arc::new(Semaphore::new(UPLOADS));
        let pictures = Pictures::of(state);
        Self { ways, abreast, uploads, pictures, counters, now, to }
    }

    /// Sends a request when its turn comes.
    pub(super) fn send(&self, Outgoing { session, base, ticket, request, due }: Outgoing) {
        let way = &self.ways[session];
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
                    reply: Reply::NotSent("the daemon was told to end before it left".to_owned()),
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
