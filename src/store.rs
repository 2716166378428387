//! The store: jobs, batches, quota ledger and history in SQLite.
//!
//! Each method does one thing that happens, and every change runs inside a [`Tx`]: one immediate
//! transaction, which several accounts may share. Nothing of a transaction is certain before
//! [`Store::transaction`] returns, so a caller sends its requests only after that. Every update is
//! guarded by the state it expects.
//!
//! What is absent on purpose: decisions (`plan` and `quota` make them) and SQL in any other module.
//! The same engine may one day run on another database, so only this module depends on it.

mod accounts;
mod alerts;
mod api_call;
mod approval_links;
mod approvals;
mod articles;
mod back;
mod backup;
mod bound;
mod busy;
mod call_end;
mod clock_ahead;
mod components;
mod counts;
mod decision_log;
mod decisions;
mod deletion;
mod events;
mod followers;
mod incoming;
mod ingest;
mod job_row;
mod ledger;
mod list;
mod listed;
mod media;
mod menu;
mod mistake;
mod moved;
mod notices;
mod pre_send;
mod prune;
mod qrcodes;
mod reach;
mod reasons;
mod recall;
mod receivers;
mod record;
mod refused;
mod release;
mod reschedule;
mod results;
mod retry;
mod schedule;
mod series;
mod settle;
mod strangers;
mod truth;
mod upload;
mod view;
mod writes;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::alert::{Advice, Told};
use crate::l10n::t;
use crate::model::{BatchState, JobId, JobState};
use crate::reason::Reason;
pub use moved::Rescheduled;
use moved::{Moved, Moves, Unplaced};

pub use accounts::{Bar, KnownAccount};
pub use alerts::{Acknowledgement, Overdue};
pub use api_call::{Again, ApiCallAttempt, ApiCallFailure, ApiCallView, NewApiCall, OpenApiCall};
pub use approval_links::ApprovalLink;
pub use approvals::{ApprovalView, ApprovalsView};
pub use articles::ArticleResult;
pub use back::Back;
pub use components::{
    AuthorizationCode, AuthorizationLink, Authorizer, AuthorizerState, Component, ComponentToken,
};
pub use counts::SendCount;
pub use decision_log::LoggedDecision;
pub use decisions::{DecidedBy, Decision, Entry, Resolution, Ruling};
pub use deletion::{DeletableBatch, DeletionFacts, one_of_each};
pub use events::EventIn;
pub use followers::{FollowersAsk, FollowersView, Next as SyncNext, SetView, TagTold};
pub use incoming::{BatchBody, SeriesInput, Source};
pub use ingest::IngestOutcome;
pub use ledger::{DecisionView, EntryView, Recorded};
pub use list::{Deferred, Wanted};
pub use listed::Receivers;
pub use media::MediumState;
pub use menu::{Applied, MenuJob};
pub use notices::{Delivery, DeliveryOutcome, DeliveryState, DeliveryView, NoticeView, Timing};
pub use prune::{EndedAfter, EndedJobs, ScansAfter};
pub use qrcodes::{CodeRow, CodesProgress, ScanCount};
pub use reach::{Levels, Reach};
pub use recall::{InQuestion, LastSeen};
pub use refused::RefusedFile;
pub use release::{Begun, Refusal, Start};
pub use results::{QuotaRefusal, ResultAsk, SendStatus};
pub use schedule::{AccountSchedule, Deferral};
pub use series::{
    DateActions, DateAhead, DateDecision, PlannedDate, Recurring, Series, SeriesCancelled,
    SeriesState, fill_texts,
};
pub use settle::{ResponseFields, SendOutcome, Settled};
pub use strangers::Strangers;
pub use truth::{Mirror, MirrorFault, Seat, SeatView, SharedPosition, seats};
pub use upload::{
    PendingUpload, Unready, UploadOutcome, UploadStart, UploadView, Uploaded, Uploading,
};
pub use view::{
    AlertView, AttemptView, BatchView, ChargeView, EventView, HistoryView, JobView, RefusedFiles,
    RuleView,
};
pub use writes::{Seen, Writes};

/// How long a transaction waits for another writer before it reports that the database is busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// The schema version that this program writes.
pub const VERSION: i64 = 10;

/// The oldest schema version that can be upgraded.
const OLDEST: i64 = 3;

/// The script to each version from the one before; the first one upgrades [`OLDEST`].
const UPGRADES: &[&str] = &[
    include_str!("store/upgrade_4.sql"),
    include_str!("store/upgrade_5.sql"),
    include_str!("store/upgrade_6.sql"),
    include_str!("store/upgrade_7.sql"),
    include_str!("store/upgrade_8.sql"),
    include_str!("store/upgrade_9.sql"),
    include_str!("store/upgrade_10.sql"),
];

/// From this version on, a list's receivers are stored beside its body.
const RECEIVERS_SINCE: i64 = 4;

const SCHEMA: &str = include_str!("../schema.sql");

/// Why the store did not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be trusted. The daemon ends and is not started again.
    #[error("{}", t!("store-damaged", path = %.0.display(), why = %.1))]
    Damaged(PathBuf, String),
    /// A newer program wrote it. The daemon ends, the file stays unchanged.
    #[error("{}", t!("store-newer", path = %.0.display(), version = %.1, known = %VERSION))]
    Newer(PathBuf, i64),
    /// A preview of this program wrote it, before the first release. The daemon ends, the file
    /// stays unchanged.
    #[error("{}", t!("store-older", path = %.0.display(), version = %.1, oldest = %OLDEST))]
    Older(PathBuf, i64),
    /// The directory cannot be used by this user. The daemon ends.
    #[error("{}", t!("store-access", path = %.0.display(), why = %.1))]
    Access(PathBuf, #[source] rusqlite::Error),
    /// Storage failed: nothing that SQLite returns can be trusted until the database is opened
    /// again. The daemon ends at once and is started again.
    #[error("{}", t!("store-failed", why = %.0))]
    Failed(#[from] rusqlite::Error),
    /// Another program keeps the database locked, so a transaction could not even begin. It has
    /// certainly changed nothing, and may be retried later.
    #[error("{}", locked(.0.as_deref()))]
    Busy(Option<String>),
    /// The shared truth cannot be reached, so a transaction could not even begin. It has certainly
    /// changed nothing, and may be retried later.
    #[error("{}", t!("store-unreachable", why = %.0))]
    Unreachable(String),
    /// Another daemon has taken over: this one ends, and stands by when it is started again.
    #[error("{}", t!("store-unseated", by = %.0))]
    Unseated(String),
    /// The shared truth failed in the middle of a transaction: it was not stored, or that is
    /// unknown. The daemon ends at once and is started again.
    #[error("{}", t!("store-shared", why = %.0))]
    Shared(String),
    /// The shared truth is none that this program may use. The daemon ends, and a restart does not help.
    #[error("{}", t!("store-shared", why = %.0))]
    Unfit(String),
    /// The file system does not say whether there is a database.
    #[error("{}", t!("store-lookup", path = %.0.display(), why = %.1))]
    Lookup(PathBuf, #[source] std::io::Error),
    /// What an operator requested cannot be done; the message says why, and what helps.
    #[error("{0}")]
    Refused(String),
    /// A row is not in the state that this change expects: another change came first, or it is a
    /// bug.
    #[error("{0}")]
    Conflict(String),
    /// A stored value cannot be read, or a value cannot be stored: a bug, or an edit by hand.
    #[error("{0}")]
    Corrupt(String),
}

fn locked(by: Option<&str>) -> String {
    match by {
        Some(by) => t!("store-locked-by", by = by),
        None => t!("store-locked"),
    }
}

impl StoreError {
    /// Returns whether the file is damaged, so that no restart can help.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(..) => true,
            Self::Failed(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
            ),
            Self::Newer(..)
            | Self::Older(..)
            | Self::Access(..)
            | Self::Busy(_)
            | Self::Unreachable(_)
            | Self::Unseated(_)
            | Self::Shared(_)
            | Self::Unfit(_)
            | Self::Lookup(..)
            | Self::Refused(_)
            | Self::Conflict(_)
            | Self::Corrupt(_) => false,
        }
    }

    /// Returns whether a lock or an outage kept a transaction from beginning.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Unreachable(_))
    }

    /// Returns whether only a bug explains that this error ended the daemon: a stored value, or one
    /// to be stored, is invalid, or the daemon requested what only an operator may request.
    pub fn is_ours(&self) -> bool {
        use rusqlite::ErrorCode;
        match self {
            Self::Refused(_) | Self::Conflict(_) | Self::Corrupt(_) => true,
            Self::Failed(error) => error.sqlite_error_code().is_none_or(|code| {
                // `Unknown` is SQLite's plain error, about a statement and its values.
                matches!(
                    code,
                    ErrorCode::ConstraintViolation
                        | ErrorCode::TypeMismatch
                        | ErrorCode::TooBig
                        | ErrorCode::ParameterOutOfRange
                        | ErrorCode::ApiMisuse
                        | ErrorCode::Unknown
                )
            }),
            Self::Damaged(..)
            | Self::Newer(..)
            | Self::Older(..)
            | Self::Access(..)
            | Self::Lookup(..)
            | Self::Unreachable(_)
            | Self::Unseated(_)
            | Self::Shared(_)
            | Self::Unfit(_)
            | Self::Busy(_) => false,
        }
    }
}

/// The result of everything here: each method fails if SQLite does, and documents what else.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    /// Whether each change of a job's state is logged.
    tells: bool,
    /// Whether the accounts of all changes are recorded for the daemon.
    records: bool,
    /// The truth that this database follows, if several hosts share it.
    following: Option<truth::Following>,
    /// Whether it is the working memory of another process, which alone may write there.
    is_cache: bool,
}

/// One transaction and the changes made in it.
#[derive(Debug)]
pub struct Tx<'a> {
    db: &'a Connection,
    /// The list in which changes are collected for the log.
    moves: Option<&'a Moves>,
    /// The jobs that a new schedule moved.
    rescheduled: RefCell<Vec<Rescheduled>>,
    /// The jobs of each account that were taken and have no place in the schedule yet.
    unplaced: RefCell<BTreeMap<String, Vec<Unplaced>>>,
}

impl<'a> Tx<'a> {
    fn new(db: &'a Connection, moves: Option<&'a Moves>) -> Self {
        Self { db, moves, rescheduled: RefCell::default(), unplaced: RefCell::default() }
    }
}

impl Tx<'_> {
    /// Does a part of a transaction that is undone by itself if it fails.
    ///
    /// # Errors
    /// Those of `work`, or that SQLite failed.
    pub fn undoable<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.run("SAVEPOINT part", [].as_slice())?;
        let told = self.moves.map_or(0, Moves::len);
        let done = work();
        if done.is_err() {
            self.run("ROLLBACK TO part", [].as_slice())?;
            self.moves.inspect(|moves| moves.truncate(told));
            self.rescheduled.take();
            self.unplaced.take();
        }
        self.run("RELEASE part", [].as_slice())?;
        done
    }
}

impl Store {
    /// Opens the database of a state directory, creating or upgrading it as needed.
    ///
    /// It does not check the whole file; see [`check`](Self::check).
    ///
    /// # Errors
    /// See [`StoreError`]; a damaged or newer file is left as it was.
    pub fn open(path: &Path, now: DateTime<Utc>) -> Result<Self> {
        Self::take_over(connect(path)?, path, now)
    }

    /// Checks the whole file for damage, on a connection of its own.
    ///
    /// That takes about 1 s for each 200 MB.
    ///
    /// # Errors
    /// See [`StoreError`]; a damaged or newer file is left as it was.
    pub fn check(path: &Path) -> Result<()> {
        let verdict: String = connect(path)?
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| opening(path, error))?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(path.to_owned(), verdict)) }
    }

    /// Opens a database that already exists, for a command that must not create one.
    ///
    /// Its changes are recorded for the daemon, which looks at those accounts; nothing can be
    /// changed outside of a [`transaction`](Self::transaction).
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_existing(path: &Path, now: DateTime<Utc>) -> Result<Option<Self>> {
        match path.try_exists() {
            Ok(true) => {
                let db = connect(path)?;
                // A daemon has just created it and has not written it yet.
                let is_empty = version(&db).map_err(|error| opening(path, error))? == 0;
                if is_empty {
                    return Ok(None);
                }
                let mut store = Self::take_over(db, path, now)?;
                store.records = true;
                store.is_cache = truth::is_cache(&store.db)?;
                store.may_write(false)?;
                Ok(Some(store))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(StoreError::Lookup(path.to_owned(), error)),
        }
    }

    fn take_over(db: Connection, path: &Path, now: DateTime<Utc>) -> Result<Self> {
        Self::prepare(db, now).map_err(|error| match error {
            StoreError::Failed(cause) => opening(path, cause),
            other @ (StoreError::Damaged(..)
            | StoreError::Newer(..)
            | StoreError::Older(..)
            | StoreError::Access(..)
            | StoreError::Busy(_)
            | StoreError::Unreachable(_)
            | StoreError::Unseated(_)
            | StoreError::Shared(_)
            | StoreError::Unfit(_)
            | StoreError::Lookup(..)
            | StoreError::Refused(_)
            | StoreError::Conflict(_)
            | StoreError::Corrupt(_)) => other,
        })
    }

    /// Opens an empty database in memory, for trials; it ends with the process.
    pub fn in_memory(now: DateTime<Utc>) -> Result<Self> {
        Self::prepare(Connection::open_in_memory()?, now)
    }

    /// Takes over a connection: settings first, then the schema.
    pub fn prepare(mut db: Connection, now: DateTime<Utc>) -> Result<Self> {
        db.busy_timeout(PATIENCE)?;
        use_wal(&db)?;
        // An intent that a power cut can lose is no intent.
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", "ON")?;
        db.pragma_update(None, "trusted_schema", "OFF")?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        // Otherwise a statement is planned again whenever another value is bound to it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        db.set_prepared_statement_cache_capacity(128);
        if version(&db)? < VERSION {
            upgrade(&mut db, now)?;
        }
        Ok(Self { db, tells: false, records: false, following: None, is_cache: false })
    }

    /// Runs one transaction and commits it, or rolls it back.
    ///
    /// # Errors
    /// Those of `work`, and of the commit. After a failed commit the outcome is unknown.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        if !self.records {
            return self.commit(work);
        }
        if self.is_cache {
            return Err(StoreError::Refused(t!("store-is-cache")).into());
        }
        self.may_write(true)?;
        let done = self.commit(|tx| {
            record::record(tx.db)?;
            work(tx)
        });
        self.may_write(false)?;
        done
    }

    fn may_write(&self, may: bool) -> Result<()> {
        Ok(self.db.pragma_update(None, "query_only", !may)?)
    }

    fn commit<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.lock_truth()?;
        let done = self.commit_here(work);
        if done.is_err() {
            self.unlock_truth();
        }
        done
    }

    fn commit_here<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let moves = Moves::default();
        let tx = begin(&mut self.db, TransactionBehavior::Immediate)?;
        let open = Tx::new(&tx, self.tells.then_some(&moves));
        let done = work(&open)?;
        open.all_are_placed()?;
        drop(open);
        truth::ship(&mut self.following, &tx)?;
        let is_shared = self.following.is_some();
        tx.commit().map_err(|error| match is_shared {
            // The truth has it, so this process must not go on without it as if nothing had happened.
            true => StoreError::Shared(error.to_string()),
            false => StoreError::from(error),
        })?;
        moves.tell();
        Ok(done)
    }

    /// Logs each change of a job's state from now on.
    pub fn log_changes(&mut self) {
        self.tells = true;
    }

    /// Returns whether another program keeps the database locked now, without waiting.
    pub fn is_locked(&mut self) -> Result<bool> {
        match self.lock_truth() {
            Ok(()) => self.unlock_truth(),
            Err(error) if error.is_busy() => return Ok(true),
            Err(error) => return Err(error),
        }
        self.db.busy_timeout(Duration::ZERO)?;
        let free =
            begin(&mut self.db, TransactionBehavior::Immediate).and_then(|tx| Ok(tx.rollback()?));
        self.db.busy_timeout(PATIENCE)?;
        match free {
            Ok(()) => Ok(false),
            Err(StoreError::Busy(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Returns a number that changes when another connection writes.
    pub fn data_version(&self) -> Result<i64> {
        Ok(self.db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
    }

    /// Returns the journal mode and the `synchronous` level (2 is FULL) that it runs with.
    pub fn settings(&self) -> Result<(String, i64)> {
        let journal = self.db.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        let synchronous = self.db.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
        Ok((journal, synchronous))
    }

    /// Reads without changing anything.
    pub fn read(&self) -> Tx<'_> {
        Tx::new(&self.db, None)
    }
}

/// Sets the journal mode. It waits for others who open a file that is only just created: SQLite
/// itself does not wait there.
fn use_wal(db: &Connection) -> rusqlite::Result<()> {
    const TRIES: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(50);
    let mut left = TRIES;
    loop {
        match db.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && left > 0 => {
                left -= 1;
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// Begins a transaction. Only here a busy database is no failure: nothing has happened yet.
fn begin(db: &mut Connection, behavior: TransactionBehavior) -> Result<rusqlite::Transaction<'_>> {
    let path = db.path().map(ToOwned::to_owned);
    db.transaction_with_behavior(behavior).map_err(|error| {
        if is_busy(&error) {
            StoreError::Busy(path.and_then(|path| busy::holder(Path::new(&path))))
        } else {
            error.into()
        }
    })
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// Connects to a database whose schema version this program supports.
fn connect(path: &Path) -> Result<Connection> {
    let db = Connection::open(path).map_err(|error| opening(path, error))?;
    let version = version(&db).map_err(|error| opening(path, error))?;
    if version > VERSION {
        return Err(StoreError::Newer(path.to_owned(), version));
    }
    if (1..OLDEST).contains(&version) {
        return Err(StoreError::Older(path.to_owned(), version));
    }
    Ok(db)
}

fn opening(path: &Path, error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged(path.to_owned(), error.to_string())
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StoreError::Access(path.to_owned(), error)
        }
        // A program holds it exclusively (`locking_mode=EXCLUSIVE`): it cannot even be read.
        Some(ErrorCode::DatabaseBusy) => StoreError::Busy(busy::holder(path)),
        _ => StoreError::Failed(error),
    }
}

fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the schema to [`VERSION`] in one transaction, so that a kill leaves the old one.
fn upgrade(db: &mut Connection, now: DateTime<Utc>) -> Result<()> {
    let tx = begin(db, TransactionBehavior::Exclusive)?;
    match version(&tx)? {
        0 => {
            tx.execute_batch(SCHEMA)?;
            tx.execute(
                "INSERT INTO daemon (one, created_at, seen_at) VALUES (1, ?1, ?1)",
                [millis(now)],
            )?;
        }
        from => {
            let done = usize::try_from(from - OLDEST).unwrap_or(UPGRADES.len());
            for script in UPGRADES.iter().skip(done) {
                tx.execute_batch(script)?;
            }
            if from < RECEIVERS_SINCE {
                Tx::new(&tx, None).keep_receivers_of_all()?;
            }
        }
    }
    tx.pragma_update(None, "user_version", VERSION)?;
    Ok(tx.commit()?)
}

/// Returns a time as it is stored.
pub(crate) fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// Returns a stored time.
pub(crate) fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

fn seconds(count: i64) -> TimeDelta {
    TimeDelta::try_seconds(count).unwrap_or(TimeDelta::MAX)
}

/// The error for a word in the database that this program did not write.
fn unreadable(column: &str, word: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        0,
        rusqlite::types::Type::Text,
        format!("{column} holds {word:?}, which this program does not know").into(),
    )
}

/// What keeps accounts from releasing, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    /// The hold of an operator or of the start: since when and why.
    pub hold: Option<(DateTime<Utc>, Reason)>,
    /// Whether that hold is on all accounts.
    pub all: bool,
    /// The daemon's pause or bar: since when, why, and what to do.
    pub paused: Option<(DateTime<Utc>, Reason, Advice)>,
    /// Whether the config bars it, so that no `resume` lifts the pause.
    pub barred: bool,
}

/// What a `resume` lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// Holds and pauses.
    pub stops: usize,
    /// Jobs that waited because the platform may no longer remember them.
    pub jobs: usize,
    /// Jobs that have ended, may have been sent, and can be sent by `retry` from now on.
    pub ended: usize,
}

impl Tx<'_> {
    /// Continues to count from the mark, so that the next intent is ahead of it again.
    pub fn count_on_from(&self, high_water: i64) -> Result<()> {
        self.run("UPDATE daemon SET high_water = max(high_water, ?1)", params![high_water])
    }

    /// Makes sure that the account has a row.
    pub fn ensure_account(&self, name: &str) -> Result<()> {
        self.run("INSERT INTO account (name) VALUES (?1) ON CONFLICT DO NOTHING", params![name])
    }

    /// Ends every attempt and call that the daemon left open: their outcome is in doubt.
    ///
    /// They count as ended now, because their true end is unknown.
    pub fn mark_open_attempts_in_doubt(&self, now: DateTime<Utc>) -> Result<u32> {
        self.run("UPDATE call SET ended_at = ?1 WHERE ended_at IS NULL", params![millis(now)])?;
        let mut open = self
            .db
            .prepare("SELECT id FROM attempt WHERE ended_at IS NULL")?
            .query_map([], |row| row.get::<_, i64>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        self.leave_open_uploads(now)?;
        let count = u32::try_from(open.len()).unwrap_or(u32::MAX);
        for attempt in open.drain(..) {
            self.doubt(attempt, "the daemon ended before the answer was stored", now)?;
        }
        self.mark_open_api_calls_in_doubt(now)?;
        Ok(count)
    }

    /// Returns what keeps the account from releasing: its own stops, and those on all accounts.
    pub fn stops(&self, account: &str) -> Result<Stops> {
        let all: Option<(Option<i64>, Option<Reason>)> = self
            .db
            .prepare_cached("SELECT hold_since_at, hold_why FROM daemon")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let own = self
            .db
            .prepare_cached(
                "SELECT hold_since_at, hold_why, ifnull(barred_since_at, paused_since_at),
                     ifnull(barred_why, paused_why), ifnull(barred_do, paused_do),
                     barred_since_at IS NOT NULL
                 FROM account WHERE name = ?1",
            )?
            .query_row([account], |row| {
                let hold = row.get::<_, Option<i64>>(0)?.zip(row.get(1)?);
                let paused: Option<i64> = row.get(2)?;
                let words: Option<(Reason, Advice)> = row.get::<_, Option<_>>(3)?.zip(row.get(4)?);
                Ok((hold, paused.zip(words), row.get(5)?))
            })
            .optional()?
            .unwrap_or_default();
        let all = all.and_then(|(since, why)| since.zip(why));
        Ok(Stops {
            all: all.is_some(),
            hold: all.or(own.0).map(|(since, why): (i64, Reason)| (instant(since), why)),
            paused: own.1.map(|(since, (why, advice))| (instant(since), why, advice)),
            barred: own.2,
        })
    }

    /// Holds one account, or all of them.
    pub fn hold(&self, account: Option<&str>, why: &Reason, now: DateTime<Utc>) -> Result<()> {
        match account {
            Some(name) => self.run(
                "UPDATE account SET hold_since_at = ?2, hold_why = ?3 WHERE name = ?1 AND hold_since_at IS NULL",
                params![name, millis(now), why],
            ),
            None => self.run(
                "UPDATE daemon SET hold_since_at = ?1, hold_why = ?2 WHERE hold_since_at IS NULL",
                params![millis(now), why],
            ),
        }
    }

    /// Lifts holds and pauses, of one account or of all, and releases the jobs that wait because
    /// the platform may no longer remember them.
    ///
    /// A hold on all accounts is lifted only for all.
    pub fn resume(&self, account: Option<&str>, now: DateTime<Utc>) -> Result<Lifted> {
        const LIFT: &str = "UPDATE account SET hold_since_at = NULL, hold_why = NULL,
             paused_since_at = NULL, paused_why = NULL, paused_do = NULL
             WHERE (hold_since_at IS NOT NULL OR paused_since_at IS NOT NULL)";
        let [jobs, ended] = self.lift_recall(account, now)?;
        let stops = match account {
            Some(name) => {
                let sql = format!("{LIFT} AND name = ?1");
                self.db.prepare_cached(&sql)?.execute([name])?
            }
            None => {
                let all = self
                    .db
                    .prepare_cached(
                        "UPDATE daemon SET hold_since_at = NULL, hold_why = NULL
                         WHERE hold_since_at IS NOT NULL",
                    )?
                    .execute([])?;
                all + self.db.prepare_cached(LIFT)?.execute([])?
            }
        };
        Ok(Lifted { stops, jobs, ended })
    }

    /// Stops an account until an operator runs `resume`.
    pub fn pause(
        &self,
        account: &str,
        why: &Reason,
        advice: &Advice,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "UPDATE account SET paused_since_at = ?2, paused_why = ?3, paused_do = ?4
             WHERE name = ?1 AND paused_since_at IS NULL",
            params![account, millis(now), why, advice],
        )
    }

    /// Raises an alert, once for each account, job and kind.
    pub fn raise_alert(&self, note: &Alert<'_>, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "INSERT INTO alert (account, job, kind, since_at, what, \"do\")
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET what = excluded.what, \"do\" = excluded.\"do\"",
            params![note.account, note.job, note.kind, millis(now), note.told, ""],
        )
    }

    /// The same, for an alert that ends by itself.
    pub fn raise_alert_until(
        &self,
        note: &Alert<'_>,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.raise_alert(note, now)?;
        self.run(
            "UPDATE alert SET until_at = ?3 WHERE account IS ?1 AND kind = ?2",
            params![note.account, note.kind, millis(until)],
        )
    }

    /// Clears the alert.
    pub fn clear_alert(&self, account: &str, kind: &str) -> Result<()> {
        self.run("DELETE FROM alert WHERE account = ?1 AND kind = ?2", params![account, kind])
    }

    /// Clears the alerts of one kind that an earlier daemon raised.
    pub fn unattend_all(&self, kind: &str) -> Result<()> {
        self.run("DELETE FROM alert WHERE kind = ?1", params![kind])
    }

    /// Collects a change for the log, if there is one.
    fn note_move(&self, job: &str, (from, to): (JobState, JobState), why: &Reason) -> Result<()> {
        let Some(moves) = self.moves.filter(|_| from != to) else { return Ok(()) };
        let (account, is_broadcast) = self
            .db
            .prepare_cached("SELECT account, action = 'broadcast' FROM job WHERE id = ?1")?
            .query_row([job], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let sent = if is_broadcast { JobState::Sent.as_str() } else { "done" };
        let (job, why) = (job.to_owned(), why.clone());
        moves.0.borrow_mut().push(Moved { job, account, from, to, sent, why });
        Ok(())
    }

    fn run(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<()> {
        self.db.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Moves a job, if its state is what the caller expects, and adds to its history.
    fn move_job(&self, id: &JobId, from: JobState, to: Move<'_>, now: DateTime<Utc>) -> Result<()> {
        if from != to.state && !from.may_become(to.state) {
            return Err(StoreError::Conflict(format!(
                "job {id} is {from} and never becomes {}",
                to.state
            )));
        }
        let ended = to.state.is_final().then(|| millis(now));
        let changed = self
            .db
            .prepare_cached(
                "UPDATE job SET state = ?3, wake_at = ?4, ended_at = ?5, reason = ?6
                 WHERE id = ?1 AND state = ?2",
            )?
            .execute(params![
                id.as_str(),
                from.as_str(),
                to.state.as_str(),
                to.wake_at.map(millis),
                ended,
                to.reason,
            ])?;
        if changed == 0 {
            return Err(StoreError::Conflict(format!("job {id} is no longer {from}")));
        }
        self.tell(id, Some(from), to.state, to.why, now)
    }

    /// Adds one line to a job's history.
    pub(crate) fn tell(
        &self,
        id: &JobId,
        from: Option<JobState>,
        to: JobState,
        why: &Reason,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO history (job, at, from_state, to_state, why) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id.as_str(), millis(now), from.map(JobState::as_str), to.as_str(), why],
        )?;
        from.map_or(Ok(()), |from| self.note_move(id.as_str(), (from, to), why))
    }

    fn move_batch(&self, id: i64, from: BatchState, to: BatchState) -> Result<()> {
        if !from.may_become(to) {
            return Err(StoreError::Conflict(format!(
                "batch {id} is {from} and never becomes {to}"
            )));
        }
        let changed = self
            .db
            .prepare_cached("UPDATE batch SET state = ?3 WHERE id = ?1 AND state = ?2")?
            .execute(params![id, from.as_str(), to.as_str()])?;
        if changed == 0 {
            return Err(StoreError::Conflict(format!("batch {id} is no longer {from}")));
        }
        Ok(())
    }
}

/// The new state of a job, and the reasons to record.
struct Move<'a> {
    state: JobState,
    wake_at: Option<DateTime<Utc>>,
    /// What `jobs` shows from now on.
    reason: Option<&'a Reason>,
    /// What the history says.
    why: &'a Reason,
}

/// An alert for an operator.
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    /// The account it is about.
    pub account: Option<&'a str>,
    /// The job it is about.
    pub job: Option<&'a str>,
    /// A code word for programs.
    pub kind: &'a str,
    /// What it tells.
    pub told: &'a Told,
}
