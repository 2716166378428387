//! Where the truth is if several hosts share it, and how the local SQLite follows it.
//!
//! On one host SQLite is the truth, and nothing of this module runs. With a [`Truth`] elsewhere,
//! SQLite is the working memory: every transaction first locks the truth and takes over what others
//! changed, then does its work on SQLite exactly as on one host, and sends the rows that it changed.
//! It is done when the truth has committed them; only then does SQLite commit.
//!
//! The truth's [`Position`] says which transaction was its last. A working memory with the same
//! position has the same rows. Whoever holds the lock is alone, so no conflict can arise after the
//! work, and no clock decides about any of this.
//!
//! What is absent on purpose: a statement for each row over the network, a second dialect of the
//! rules, and writes to the truth from anywhere else.

mod apply;
mod capture;
mod mirror;
mod postgres;
mod shared;
mod tables;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::l10n::t;
use crate::store::{Result, Store, StoreError};
use tables::Tables;

pub use mirror::{Fault as MirrorFault, Mirror};
pub use postgres::{Seat, SeatView, seats};
pub use shared::SharedPosition;

/// What marks the file of a working memory.
const CACHE: i64 = 0x7166_6361;

/// The last transaction of a truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The number of transactions so far.
    pub(super) number: i64,
    /// A random number that only this transaction has: two histories that forked differ in it.
    pub(super) stamp: i64,
}

/// One row, in the order of its table's columns.
pub(super) type Row = Vec<Value>;

/// The changed rows of one table: those with these keys are replaced by these rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TableChange {
    /// The table, by its place in [`Tables`].
    pub(super) table: usize,
    /// The keys of all changed rows, also of removed ones.
    pub(super) keys: Vec<Row>,
    /// The present rows among these.
    pub(super) rows: Vec<Row>,
}

/// What one transaction changed, or several.
pub(super) type Changes = Vec<TableChange>;

/// The shared truth.
///
/// Every error before [`ship`](Self::ship) means that nothing happened: it is
/// [`StoreError::Unreachable`] or [`StoreError::Busy`], and the transaction may be tried again.
pub(super) trait Truth: std::fmt::Debug + Send {
    /// Locks the truth until [`ship`](Self::ship) or [`give_up`](Self::give_up), and returns its
    /// position.
    ///
    /// # Errors
    /// See above; also [`StoreError::Unseated`] if another daemon took over.
    fn lock(&mut self) -> Result<Position>;

    /// Returns its position without locking it.
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    fn look(&mut self) -> Result<Position>;

    /// Returns whether its history contains this position, or went on so far since that this is no
    /// longer known.
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    fn knows(&mut self, position: Position) -> Result<bool>;

    /// Returns the rows that were changed after a position, with the truth locked; none if that
    /// position is unknown.
    ///
    /// # Errors
    /// See above.
    fn changed_since(&mut self, tables: &Tables, from: Position) -> Result<Option<Changes>>;

    /// Stores changed rows, commits, and returns the new position.
    ///
    /// # Errors
    /// [`StoreError::Shared`], whether nothing was stored or that is unknown.
    fn ship(&mut self, tables: &Tables, changes: &Changes) -> Result<Position>;

    /// Unlocks the truth unchanged, if it is locked.
    fn give_up(&mut self);

    /// Leaves the seat, so that another daemon takes over at once.
    ///
    /// # Errors
    /// If the truth cannot be reached: the seat then runs out by itself.
    fn leave(&mut self) -> Result<()>;
}

/// A truth elsewhere, and how far the local SQLite follows it.
#[derive(Debug)]
pub(super) struct Following {
    truth: Box<dyn Truth>,
    tables: Tables,
    at: Position,
    /// Whether rows of others were taken over since the engine last asked.
    news: bool,
}

impl Following {
    /// Follows a truth from a position on; the connection has its rows of that position.
    pub(super) fn new(db: &Connection, truth: Box<dyn Truth>, at: Position) -> Result<Self> {
        let tables = Tables::of(db)?;
        capture::capture(db, &tables)?;
        Ok(Self { truth, tables, at, news: false })
    }

    /// Locks the truth and takes over what others changed.
    fn lock(&mut self, db: &mut Connection) -> Result<()> {
        let now = self.truth.lock()?;
        if now == self.at {
            return Ok(());
        }
        let Some(changes) = self.truth.changed_since(&self.tables, self.at)? else {
            return Err(StoreError::Shared(t!("store-history-forked")));
        };
        apply::apply(db, &self.tables, &changes)?;
        (self.at, self.news) = (now, true);
        Ok(())
    }

    /// Sends what the open transaction changed, and commits it there.
    fn ship(&mut self, db: &Connection) -> Result<()> {
        let changes = capture::collect(db, &self.tables)?;
        if changes.is_empty() {
            self.truth.give_up();
        } else {
            self.at = self.truth.ship(&self.tables, &changes)?;
        }
        Ok(())
    }
}

impl Store {
    /// Locks the truth, if it is elsewhere, and takes over what others changed.
    pub(super) fn lock_truth(&mut self) -> Result<()> {
        let Some(following) = &mut self.following else { return Ok(()) };
        let locked = following.lock(&mut self.db);
        if locked.is_err() {
            following.truth.give_up();
        }
        locked
    }

    /// Unlocks the truth after work that failed.
    pub(super) fn unlock_truth(&mut self) {
        if let Some(following) = &mut self.following {
            following.truth.give_up();
        }
    }

    /// Takes over what others changed, if anything, so that what is read is the truth. On one host
    /// this does nothing.
    ///
    /// # Errors
    /// If the truth cannot be reached, or another daemon took over.
    pub fn refresh(&mut self) -> Result<()> {
        let Some(following) = &mut self.following else { return Ok(()) };
        if following.truth.look()? == following.at {
            return Ok(());
        }
        // A command's connection writes in transactions alone, but for this.
        if self.records {
            self.may_write(true)?;
        }
        let taken_over = self.lock_truth();
        self.unlock_truth();
        if self.records {
            self.may_write(false)?;
        }
        taken_over
    }

    /// Leaves the seat of an active daemon to another one; nothing more can be stored.
    ///
    /// # Errors
    /// If the truth cannot be reached: the seat then runs out by itself.
    pub fn leave(&mut self) -> Result<()> {
        self.following.as_mut().map_or(Ok(()), |following| following.truth.leave())
    }

    /// Returns whether rows of others were taken over since the last call.
    pub(super) fn take_news(&mut self) -> bool {
        self.following.as_mut().is_some_and(|following| std::mem::take(&mut following.news))
    }
}

/// Returns whether a database is the working memory of a daemon.
pub(super) fn is_cache(db: &Connection) -> Result<bool> {
    let id: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(id == CACHE)
}

/// Sends what the open transaction changed to the truth, if it is elsewhere.
pub(super) fn ship(following: &mut Option<Following>, db: &Connection) -> Result<()> {
    following.as_mut().map_or(Ok(()), |following| following.ship(db))
}

#[cfg(test)]
mod tests;
