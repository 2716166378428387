//! A truth in memory: what PostgreSQL does for several hosts, for tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::tables::{Tables, quoted};
use super::{Changes, Following, Position, Row, Truth, apply, capture};
use crate::store::{Result, Store, StoreError};

/// A shared truth in memory. Its clones are the same one.
#[derive(Clone, Debug)]
pub struct Mirror(Arc<Mutex<Inner>>);

/// The changed keys of each table.
type Keys = Vec<(usize, Vec<Row>)>;

#[derive(Debug)]
struct Inner {
    db: Connection,
    log: Vec<(Position, Keys)>,
    locked: bool,
    fault: Option<Fault>,
}

/// What goes wrong at the next occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be reached when it is to be locked.
    Unreachable,
    /// The connection is lost before the commit.
    LostBefore,
    /// The connection is lost after the commit.
    LostAfter,
    /// Another daemon has taken over.
    Unseated,
}

impl Mirror {
    /// Returns a truth with the rows of a store.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn of(store: &Store, now: DateTime<Utc>) -> Result<Self> {
        let mut db = Store::in_memory(now)?.db;
        let tables = Tables::of(&db)?;
        capture::capture(&db, &tables)?;
        apply::replace(&mut db, &tables, &capture::everything(&store.db, &tables)?)?;
        let log = vec![(Position { number: 0, stamp: random(&db)? }, Vec::new())];
        Ok(Self(Arc::new(Mutex::new(Inner { db, log, locked: false, fault: None }))))
    }

    /// Fails once.
    pub fn fail(&self, fault: Fault) {
        self.inner().fault = Some(fault);
    }

    /// Opens a store that follows it, in an empty database.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn open(&self, db: Connection, now: DateTime<Utc>) -> Result<Store> {
        let mut store = Store::prepare(db, now)?;
        let tables = Tables::of(&store.db)?;
        let (mut all, at) = {
            let inner = self.inner();
            (capture::everything(&inner.db, &tables)?, inner.at())
        };
        // As PostgreSQL returns them.
        all.iter_mut().for_each(|change| change.keys.clear());
        capture::capture(&store.db, &tables)?;
        apply::replace(&mut store.db, &tables, &all)?;
        store.following = Some(Following::new(&store.db, Box::new(self.clone()), at)?);
        Ok(store)
    }

    /// Returns the first table whose rows differ from those of another database.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn differs_from(&self, other: &Connection) -> Result<Option<String>> {
        let inner = self.inner();
        let tables = Tables::of(&inner.db)?;
        for table in &tables.0 {
            let key = super::tables::list(table.key().map(|column| quoted(&column.name)));
            let sql = format!(
                "SELECT {} FROM main.{} ORDER BY {key}",
                table.columns(),
                quoted(&table.name)
            );
            if rows(&inner.db, &sql)? != rows(other, &sql)? {
                return Ok(Some(table.name.clone()));
            }
        }
        Ok(None)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn at(&self) -> Position {
        self.log.last().map_or(Position { number: 0, stamp: 0 }, |(at, _)| *at)
    }
}

impl Truth for Mirror {
    fn lock(&mut self) -> Result<Position> {
        let mut inner = self.inner();
        let error = match inner.fault {
            Some(Fault::Unreachable) => {
                Some(StoreError::Unreachable("the network is down".to_owned()))
            }
            Some(Fault::Unseated) => Some(StoreError::Unseated("another".to_owned())),
            Some(Fault::LostBefore | Fault::LostAfter) | None => None,
        };
        if let Some(error) = error {
            inner.fault = None;
            return Err(error);
        }
        if std::mem::replace(&mut inner.locked, true) {
            return Err(StoreError::Busy(None));
        }
        Ok(inner.at())
    }

    fn look(&mut self) -> Result<Position> {
        Ok(self.inner().at())
    }

    fn knows(&mut self, position: Position) -> Result<bool> {
        Ok(self.inner().log.iter().any(|(at, _)| *at == position))
    }

    fn changed_since(&mut self, tables: &Tables, from: Position) -> Result<Option<Changes>> {
        let inner = self.inner();
        let Some(place) = inner.log.iter().position(|(at, _)| *at == from) else {
            return Ok(None);
        };
        let mut changes = Changes::new();
        for (place, keys) in inner.log[place + 1..].iter().flat_map(|(_, changed)| changed) {
            let table = &tables.0[*place];
            changes.retain(|change| change.table != *place || change.keys != *keys);
            changes.push(capture::present(&inner.db, *place, table, keys.clone())?);
        }
        Ok(Some(changes))
    }

    fn ship(&mut self, tables: &Tables, changes: &Changes) -> Result<Position> {
        let mut inner = self.inner();
        let fault = inner.fault.take();
        if fault == Some(Fault::LostBefore) {
            return Err(StoreError::Shared("the connection is lost".to_owned()));
        }
        apply::apply(&mut inner.db, tables, changes)?;
        let at = Position { number: inner.at().number + 1, stamp: random(&inner.db)? };
        let keys = changes.iter().map(|change| (change.table, change.keys.clone())).collect();
        inner.log.push((at, keys));
        inner.locked = false;
        if fault == Some(Fault::LostAfter) {
            return Err(StoreError::Shared("the outcome is unknown".to_owned()));
        }
        Ok(at)
    }

    fn give_up(&mut self) {
        self.inner().locked = false;
    }

    fn leave(&mut self) -> Result<()> {
        Ok(())
    }
}

fn random(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT random()", [], |row| row.get(0))?)
}

fn rows(db: &Connection, sql: &str) -> Result<Vec<Row>> {
    let mut statement = db.prepare(sql)?;
    let count = statement.column_count();
    let rows = statement.query_map([], |row| capture::values(row, count))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
