//! The inputs of the loop that owns the engine.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::alert::Told;
use crate::config::Config;
use crate::engine::{IngestedFile, Ticket};
use crate::inbox::{Package, ParsedJob};
use crate::model::Credence;
use crate::store::{DeliveryOutcome, StoreError};
use crate::wechat::callback::{MassEvent, ScanEvent};
use crate::wechat::protocol::HttpResponse;

/// A config that was read while the daemon runs; its own warnings are in English, as the log is.
pub(super) struct ReadConfig {
    pub(super) config: Config,
    /// Its warnings in the language of people.
    pub(super) warnings: Vec<String>,
}

/// Why a config cannot be used.
pub(super) struct UnusableConfig {
    /// In English, for the log.
    pub(super) logged: String,
    /// In the language of people.
    pub(super) told: String,
}

/// An input that reaches the loop from outside.
pub(super) enum Input {
    HttpResponse(usize, Ticket, HttpResponse),
    /// An event: the account, then its body, its content, and how far it can be trusted.
    Event(usize, (Vec<u8>, MassEvent, Credence), oneshot::Sender<()>),
    /// A scan of a code of the account.
    Scan(usize, ScanEvent),
    File(Arc<ValidFile>, oneshot::Sender<Result<IngestedFile, Vec<(usize, String)>>>),
    /// A file that is refused: its name, the number of problems, and the first line with one.
    Refused(String, [usize; 2], oneshot::Sender<()>),
    /// An event that cannot be read: the account, its bytes, and why.
    Unread(usize, Vec<u8>, String, oneshot::Sender<()>),
    /// A fault of an account's callback.
    Trouble(usize, Trouble),
    MaintenanceTask(MaintenanceTask),
    Delivery(DeliveryAttempt),
    /// The config, read again, or why it cannot be used.
    Config(Box<Result<ReadConfig, UnusableConfig>>),
    /// What became of the day's backup.
    Backup(Result<Made, String>),
    /// The result of a check of the whole database.
    Checked(Result<(), StoreError>),
    /// The problem that keeps files in the inbox from being taken, and the uploads there that do
    /// not continue.
    Inbox([Option<Told>; 2]),
}

/// A file that can be taken.
#[derive(Debug)]
pub(super) struct ValidFile {
    pub(super) package: Package,
    pub(super) jobs: Vec<ParsedJob>,
}

/// A fault of an account's callback, or that a kind of fault is over.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) kind: &'static str,
    pub(super) told: Option<Told>,
}

/// What became of an attempt to tell a receiver.
#[derive(Debug)]
pub(super) struct DeliveryAttempt {
    /// The receiver's name.
    pub(super) receiver: String,
    /// The deliveries that it was an attempt of.
    pub(super) numbers: Vec<i64>,
    pub(super) outcome: DeliveryOutcome,
}

/// What was done for the day's backup.
#[derive(Debug)]
pub(super) struct Made {
    /// The file and its size; none if it was there already.
    pub(super) file: Option<(PathBuf, u64)>,
    /// How many older ones were removed.
    pub(super) removed: usize,
}

/// A recurring task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MaintenanceTask {
    /// Deletes calls that no sliding minute reaches any more, and files that no job needs.
    Prune,
    /// Requests the day's reading of followers and tags.
    ReadFollowers,
    /// Creates the dates of series ahead of their time.
    ExtendSeries,
}
