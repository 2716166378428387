//! What reaches the loop that owns the engine.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::engine::{IngestedFile, Ticket};
use crate::inbox::{Package, ParsedJob};
use crate::model::Credence;
use crate::store::StoreError;
use crate::wechat::callback::MassEvent;
use crate::wechat::protocol::HttpResponse;

/// What reaches the loop from outside.
pub(super) enum Input {
    HttpResponse(usize, Ticket, HttpResponse),
    /// An event: the account, then its body, what it says, and what its word is worth.
    Event(usize, (Vec<u8>, MassEvent, Credence), oneshot::Sender<()>),
    File(Arc<ValidFile>, oneshot::Sender<Result<IngestedFile, Vec<(usize, String)>>>),
    /// A file that is refused: its name, how much is wrong, and the first line of that.
    Refused(String, [usize; 2], oneshot::Sender<()>),
    /// An event that cannot be read: the account, its bytes, and why.
    Unread(usize, Vec<u8>, String, oneshot::Sender<()>),
    /// What is wrong with an account's callback.
    Trouble(usize, Trouble),
    MaintenanceTask(MaintenanceTask),
    /// What a look through the whole database found.
    Checked(Result<(), StoreError>),
    /// What keeps files in the inbox from being taken, and which uploads there do not go on.
    Inbox([Option<String>; 2]),
}

/// A file that can be taken.
#[derive(Debug)]
pub(super) struct ValidFile {
    pub(super) package: Package,
    pub(super) jobs: Vec<ParsedJob>,
}

/// What is wrong with an account's callback, or that a kind of trouble is over.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) kind: &'static str,
    /// What happened, and what one can do.
    pub(super) told: Option<(String, &'static str)>,
}

/// A duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MaintenanceTask {
    /// Forgets calls that no sliding minute reaches any more, and files that no job needs.
    Prune,
    /// Wishes for the day's reading of followers and tags.
    ReadFollowers,
    /// Makes the dates of series ahead of their time.
    ExtendSeries,
}
