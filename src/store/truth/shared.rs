//! Opens a store that follows PostgreSQL.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::postgres::{self, Postgres, Seat};
use super::tables::Tables;
use super::{CACHE, Following, Position, apply};
use crate::l10n::t;
use crate::store::{Result, Store, StoreError, connect, millis};

/// How far a daemon followed the shared database: it recognises later whether commits were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedPosition {
    number: i64,
    stamp: i64,
}

impl Store {
    /// Opens the shared database as its active daemon does: everything is read into a file, which is
    /// made anew.
    ///
    /// If the database does not continue what `last` was, commits were lost: it then counts as a
    /// copy, so that the engine holds all accounts.
    ///
    /// # Errors
    /// If PostgreSQL cannot be reached, or another daemon has the seat.
    pub fn open_shared(
        cache: &Path,
        seat: &Seat,
        last: Option<SharedPosition>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        for end in ["", "-wal", "-shm"] {
            let mut path = cache.as_os_str().to_owned();
            path.push(end);
            remove(Path::new(&path))?;
        }
        let mut store = Self::prepare(connect(cache)?, now)?;
        // It is a copy of what PostgreSQL has stored already.
        store.db.pragma_update(None, "synchronous", "OFF")?;
        store.db.pragma_update(None, "application_id", CACHE)?;
        store.follow(Postgres::new(seat.url(), seat.id())?)?;
        if let Some(SharedPosition { number, stamp }) = last
            && !store.knows(Position { number, stamp })?
        {
            tracing::error!("PostgreSQL lacks commits that it confirmed to this host");
            store
                .transaction(|tx| tx.run("UPDATE daemon SET copied_at = seen_at", [].as_slice()))?;
        }
        Ok(store)
    }

    /// Reads the shared database into memory, for a command; none if it was not created.
    ///
    /// Its changes are recorded for the daemon, as those of [`open_existing`](Self::open_existing).
    ///
    /// # Errors
    /// If PostgreSQL cannot be reached.
    pub fn read_shared(url: &SecretString, now: DateTime<Utc>) -> Result<Option<Self>> {
        let mut truth = Postgres::new(url, None)?;
        if !truth.exists()? {
            return Ok(None);
        }
        let mut store = Self::prepare(Connection::open_in_memory()?, now)?;
        store.follow(truth)?;
        store.records = true;
        store.may_write(false)?;
        Ok(Some(store))
    }

    /// Stores this database in PostgreSQL, which becomes the truth. Afterwards the file counts as a
    /// copy.
    ///
    /// # Errors
    /// If PostgreSQL has tables of ours already, or cannot be reached.
    pub fn export_to_shared(&mut self, url: &SecretString, now: DateTime<Utc>) -> Result<()> {
        postgres::import_into(url, self)?;
        self.transaction(|tx| {
            tx.run("UPDATE daemon SET copied_at = ?1", rusqlite::params![millis(now)])
        })
    }

    /// Writes the shared database into a new file, which becomes the truth: PostgreSQL refuses every
    /// later transaction.
    ///
    /// # Errors
    /// If a daemon is active, or PostgreSQL cannot be reached.
    pub fn import_from_shared(seat: &mut Seat, path: &Path, now: DateTime<Utc>) -> Result<()> {
        if !seat.take()? {
            return Err(StoreError::Refused(t!("fleet-still-active")));
        }
        let mut store = Self::prepare(connect(path)?, now)?;
        store.follow(Postgres::new(seat.url(), seat.id())?)?;
        store.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        seat.close_for_good()
    }

    /// Returns how far it follows the shared database; none if there is none.
    pub fn shared_position(&self) -> Option<SharedPosition> {
        let following = self.following.as_ref()?;
        Some(SharedPosition { number: following.at.number, stamp: following.at.stamp })
    }

    fn follow(&mut self, mut truth: Postgres) -> Result<()> {
        let tables = Tables::of(&self.db)?;
        let (all, at) = truth.everything(&tables)?;
        apply::replace(&mut self.db, &tables, &all)?;
        self.following = Some(Following::new(&self.db, Box::new(truth), at)?);
        Ok(())
    }

    fn knows(&mut self, position: Position) -> Result<bool> {
        self.following.as_mut().map_or(Ok(true), |following| following.truth.knows(position))
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Lookup(PathBuf::from(path), error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
