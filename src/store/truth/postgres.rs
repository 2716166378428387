//! The truth in PostgreSQL.
//!
//! One row, `fleet_stamp`, is lock, position and seat. A transaction locks that row first, so all of
//! them form one sequence, whichever hosts they run on. The seat belongs to the daemon that
//! releases: it is judged by PostgreSQL's clock, and only decides who works. What a daemon without
//! the seat tries to store is refused under the same lock, however late it comes.
//!
//! Every statement here is about positions, seats or whole sets of rows. None knows what a row
//! means.

mod link;
mod rows;
mod schema;
mod seat;
mod setup;

use std::time::Duration;

use futures_util::future::{join, join_all};
use secrecy::SecretString;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::tables::{Table, Tables, quoted};
use super::{Changes, Position, Row, TableChange, Truth};
use crate::l10n::t;
use crate::store::{Result, StoreError, VERSION};
use link::{Failure, Link, Session};

pub use seat::{Seat, SeatView, seats};

/// How long a call may take that only looks or locks.
const LOOK_WITHIN: Duration = Duration::from_secs(5);
/// How long storing rows may take: a long list of receivers has many megabytes.
const SHIP_WITHIN: Duration = Duration::from_secs(60);
/// How long everything may take to be read or written at once.
const WHOLE_WITHIN: Duration = Duration::from_secs(600);
/// How often it is tried to learn whether a commit got through.
const COMMIT_TRIES: u32 = 4;

/// How long a seat lasts without a word of its daemon, by PostgreSQL's clock.
const SEAT_LASTS: &str = "interval '15 s'";
/// It is renewed once less than this is left.
const RENEW_BELOW: &str = "interval '12 s'";

/// The only row of `fleet_stamp`, for all accounts.
const ALL: &str = "account = '*'";

/// A connection to the truth.
#[derive(Debug)]
pub(in crate::store) struct Postgres {
    link: Link,
    /// The seat of the daemon that uses it; a command has none.
    seat: Option<i64>,
    /// The position that the open transaction began at; none outside of one.
    locked: Option<Position>,
}

impl Postgres {
    /// Returns the truth at a URL; nothing is opened yet.
    pub(in crate::store) fn new(url: &SecretString, seat: Option<i64>) -> Result<Self> {
        Ok(Self { link: Link::new(url)?, seat, locked: None })
    }

    /// Returns whether the tables were created.
    pub(in crate::store) fn exists(&mut self) -> Result<bool> {
        setup::exists(&mut self.link)
    }

    /// Reads everything as of one moment.
    pub(in crate::store) fn everything(&mut self, tables: &Tables) -> Result<(Changes, Position)> {
        let read = self.link.call(WHOLE_WITHIN, async |session| {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            session.client.batch_execute(begin).await?;
            let at = session.client.query_one(&stamp_sql(""), &[]).await?;
            let at = Stamp::of(&at)?;
            let all = setup::read_tables(session, tables).await?;
            session.client.batch_execute("COMMIT").await?;
            Ok((all, at))
        });
        let (all, at) = read.map_err(unreachable)?;
        self.judge(&at)?;
        Ok((all, at.at))
    }

    /// Refuses a truth that this process must not use.
    fn judge(&self, stamp: &Stamp) -> Result<()> {
        if stamp.version != VERSION {
            let (found, known) = (stamp.version, VERSION);
            return Err(StoreError::Unfit(t!(
                "store-shared-version",
                found = found,
                known = known
            )));
        }
        if stamp.moved {
            return Err(StoreError::Unfit(t!("store-shared-moved")));
        }
        match self.seat {
            Some(seat) if stamp.seat != Some(seat) => {
                let by = stamp.seat_name.clone();
                Err(StoreError::Unseated(by.unwrap_or_else(|| "-".to_owned())))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn roll_back(&mut self) {
        self.locked = None;
        if self.link.is_open() {
            let rolled_back = self.link.call(LOOK_WITHIN, async |session| {
                Ok(session.client.batch_execute("ROLLBACK").await?)
            });
            if rolled_back.is_err() {
                self.link.close();
            }
        }
    }

    /// Learns whether a commit got through whose answer was lost.
    ///
    /// The row is locked until PostgreSQL has decided about that transaction, so what is read then
    /// is final.
    fn find_out(&mut self, before: Position, after: Position) -> Result<Position> {
        let mut why = String::new();
        for _ in 0..COMMIT_TRIES {
            let read = self.link.call(LOOK_WITHIN, async |session| {
                session.client.batch_execute("BEGIN").await?;
                let row = session.client.query_one(&stamp_sql("FOR NO KEY UPDATE"), &[]).await?;
                let stamp = Stamp::of(&row)?;
                let sql = "SELECT EXISTS (SELECT 1 FROM qunfa.fleet_step WHERE number = $1 AND stamp = $2)";
                let found = session.client.query_one(sql, &[&after.number, &after.stamp]).await?;
                let done: bool = found.try_get(0)?;
                session.client.batch_execute("ROLLBACK").await?;
                Ok((stamp.at, done))
            });
            match read {
                Ok((_, true)) => return Ok(after),
                Ok((at, false)) if at.number >= before.number => {
                    return Err(StoreError::Shared(t!("store-commit-lost")));
                }
                Ok(_) => why = t!("store-commit-lost"),
                Err(failure) => {
                    self.link.close();
                    why = failure.why();
                }
            }
        }
        Err(StoreError::Shared(t!("store-commit-unknown", why = %why)))
    }
}

impl Truth for Postgres {
    fn lock(&mut self) -> Result<Position> {
        // A connection that broke while nothing was under way is opened again.
        let was_open = self.link.is_open();
        let mut locked = self.link.call(LOOK_WITHIN, lock);
        if was_open && matches!(locked, Err(Failure::Lost(_))) {
            locked = self.link.call(LOOK_WITHIN, lock);
        }
        let stamp = match locked {
            Ok(stamp) => stamp,
            Err(failure) => {
                self.roll_back();
                return Err(match failure {
                    Failure::Said(_, Some(SqlState::LOCK_NOT_AVAILABLE)) => {
                        StoreError::Busy(Some(t!("store-another-host")))
                    }
                    failure @ (Failure::Said(..) | Failure::Lost(_)) => unreachable(failure),
                });
            }
        };
        self.locked = Some(stamp.at);
        self.judge(&stamp).inspect_err(|_| self.roll_back())?;
        Ok(stamp.at)
    }

    fn look(&mut self) -> Result<Position> {
        let seat = self.seat;
        let was_open = self.link.is_open();
        let look = async |session: &mut Session| look(session, seat).await;
        let mut seen = self.link.call(LOOK_WITHIN, look);
        if was_open && matches!(seen, Err(Failure::Lost(_))) {
            seen = self.link.call(LOOK_WITHIN, look);
        }
        let stamp = seen.map_err(unreachable)?;
        self.judge(&stamp)?;
        Ok(stamp.at)
    }

    fn knows(&mut self, position: Position) -> Result<bool> {
        let known = self.link.call(LOOK_WITHIN, async |session| {
            let sql = format!(
                "SELECT number >= $1 AND NOT EXISTS (SELECT 1 FROM qunfa.fleet_step AS s
                     WHERE s.number = $1 AND s.stamp <> $2) FROM qunfa.fleet_stamp WHERE {ALL}"
            );
            let row = session.client.query_one(&sql, &[&position.number, &position.stamp]).await?;
            Ok(row.try_get(0)?)
        });
        known.map_err(unreachable)
    }

    fn changed_since(&mut self, tables: &Tables, from: Position) -> Result<Option<Changes>> {
        let keys = self.link.call(SHIP_WITHIN, async |session| {
            let known =
                "SELECT EXISTS (SELECT 1 FROM qunfa.fleet_step WHERE number = $1 AND stamp = $2)";
            let known = session.client.query_one(known, &[&from.number, &from.stamp]).await?;
            if !known.try_get::<_, bool>(0)? {
                return Ok(None);
            }
            let sql = "SELECT DISTINCT name, key FROM qunfa.fleet_row WHERE number > $1";
            let found = session.client.query(sql, &[&from.number]).await?;
            let read = found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
            Ok(Some(read.collect::<std::result::Result<Vec<(String, String)>, Failure>>()?))
        });
        let Some(keys) = keys.map_err(unreachable)? else { return Ok(None) };
        let mut changes = Changes::new();
        for (place, table) in tables.0.iter().enumerate() {
            let of_table = keys.iter().filter(|(name, _)| *name == table.name);
            let keys = of_table.map(|(_, key)| rows::key_of(key)).collect::<Result<Vec<_>>>()?;
            if !keys.is_empty() {
                let rows = self.present(table, &keys)?;
                changes.push(TableChange { table: place, keys, rows });
            }
        }
        Ok(Some(changes))
    }

    fn ship(&mut self, tables: &Tables, changes: &Changes) -> Result<Position> {
        let Some(before) = self.locked.take() else {
            return Err(StoreError::Shared("nothing is locked".to_owned()));
        };
        let (shipped, seat) = (Shipment::of(tables, changes)?, self.seat);
        let after = self.link.call(SHIP_WITHIN, async |session| {
            shipped.send(session).await?;
            step(session, before, seat).await
        });
        let after = after.map_err(|failure| {
            self.link.close();
            StoreError::Shared(t!("store-not-committed", why = %failure.why()))
        })?;
        let committed = self
            .link
            .call(LOOK_WITHIN, async |session| Ok(session.client.batch_execute("COMMIT").await?));
        match committed {
            Ok(()) => Ok(after),
            Err(_) => {
                self.link.close();
                self.find_out(before, after)
            }
        }
    }

    fn give_up(&mut self) {
        if self.locked.is_some() {
            self.roll_back();
        }
    }

    fn leave(&mut self) -> Result<()> {
        let Some(seat) = self.seat else { return Ok(()) };
        let left = self.link.call(LOOK_WITHIN, async |session| {
            let sql = format!(
                "UPDATE qunfa.fleet_stamp SET seat = NULL, seat_name = NULL, until = NULL
                 WHERE {ALL} AND seat = $1"
            );
            session.client.execute(&sql, &[&seat]).await?;
            let sql = "DELETE FROM qunfa.fleet_seat WHERE seat = $1";
            Ok(session.client.execute(sql, &[&seat]).await?)
        });
        left.map(drop).map_err(unreachable)
    }
}

impl Postgres {
    /// Returns the present rows with these keys.
    fn present(&mut self, table: &Table, keys: &[Row]) -> Result<Vec<Row>> {
        let columns: Vec<_> = table.key().collect();
        let arrays = rows::arrays(&columns, keys)?;
        let sql = format!(
            "SELECT {} FROM {} WHERE {}",
            table.columns(),
            schema::named(table),
            is_of(table)
        );
        let read = self.link.call(SHIP_WITHIN, async |session| {
            let statement = session.statement(&sql).await?;
            let found = session.client.query(&statement, &references(&arrays)).await?;
            let rows = found.iter().map(|row| rows::row(table, row));
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        });
        read.map_err(unreachable)
    }
}

/// Stores a database in PostgreSQL that has no tables of ours.
pub(super) fn import_into(url: &SecretString, store: &crate::store::Store) -> Result<()> {
    setup::import(&mut Link::new(url)?, store)
}

/// The row that is lock, position and seat.
struct Stamp {
    at: Position,
    version: i64,
    seat: Option<i64>,
    seat_name: Option<String>,
    moved: bool,
}

impl Stamp {
    fn of(row: &tokio_postgres::Row) -> std::result::Result<Self, tokio_postgres::Error> {
        Ok(Self {
            at: Position { number: row.try_get(0)?, stamp: row.try_get(1)? },
            version: row.try_get(2)?,
            seat: row.try_get(3)?,
            seat_name: row.try_get(4)?,
            moved: row.try_get(5)?,
        })
    }
}

fn stamp_sql(lock: &str) -> String {
    format!(
        "SELECT number, stamp, version, seat, seat_name, moved_at IS NOT NULL
         FROM qunfa.fleet_stamp WHERE {ALL} {lock}"
    )
}

async fn lock(session: &mut Session) -> std::result::Result<Stamp, Failure> {
    let statement = session.statement(&stamp_sql("FOR NO KEY UPDATE")).await?;
    // One round trip for both.
    let begin = session.client.batch_execute("BEGIN");
    let (begun, row) = join(begin, session.client.query_one(&statement, &[])).await;
    begun?;
    Ok(Stamp::of(&row?)?)
}

/// Reads the position, and renews the seat if it is time.
async fn look(session: &mut Session, seat: Option<i64>) -> std::result::Result<Stamp, Failure> {
    let read = session.statement(&stamp_sql("")).await?;
    let Some(seat) = seat else {
        return Ok(Stamp::of(&session.client.query_one(&read, &[]).await?)?);
    };
    let renew = session
        .statement(&format!(
            "UPDATE qunfa.fleet_stamp SET until = clock_timestamp() + {SEAT_LASTS}
             WHERE {ALL} AND seat = $1 AND until < clock_timestamp() + {RENEW_BELOW}"
        ))
        .await?;
    let parameters: [&(dyn ToSql + Sync); 1] = [&seat];
    let renewed = session.client.execute(&renew, &parameters);
    let (renewed, row) = join(renewed, session.client.query_one(&read, &[])).await;
    match renewed.map_err(Failure::from) {
        Ok(1..) => forget_old_steps(session).await?,
        // Whoever has the row locked now is done soon, and the seat lasts longer than that.
        Ok(0) | Err(Failure::Said(_, Some(SqlState::LOCK_NOT_AVAILABLE))) => {}
        Err(failure) => return Err(failure),
    }
    Ok(Stamp::of(&row?)?)
}

/// Removes what tells which rows were changed long ago: whoever missed that reads everything.
async fn forget_old_steps(session: &mut Session) -> std::result::Result<(), Failure> {
    let sql = format!(
        "WITH old AS (
             DELETE FROM qunfa.fleet_step WHERE number IN (
                 SELECT f.number FROM qunfa.fleet_step AS f, qunfa.fleet_stamp AS s
                 WHERE s.{ALL} AND f.number < s.number - 10000
                     AND f.at < clock_timestamp() - interval '1 hour'
                 ORDER BY f.number LIMIT 1000)
             RETURNING number)
         DELETE FROM qunfa.fleet_row AS r USING old WHERE r.number = old.number"
    );
    let statement = session.statement(&sql).await?;
    session.client.execute(&statement, &[]).await?;
    Ok(())
}

/// Moves the position on, under the lock, and renews the seat if this process has it.
async fn step(
    session: &mut Session,
    before: Position,
    seat: Option<i64>,
) -> std::result::Result<Position, Failure> {
    let sql = format!(
        "WITH moved AS (
             UPDATE qunfa.fleet_stamp
             SET number = number + 1,
                 stamp = ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(64)::bigint,
                 until = CASE WHEN seat = $3 THEN clock_timestamp() + {SEAT_LASTS} ELSE until END
             WHERE {ALL} AND number = $1 AND stamp = $2 RETURNING number, stamp)
         INSERT INTO qunfa.fleet_step (number, stamp) SELECT number, stamp FROM moved
         RETURNING number, stamp"
    );
    let statement = session.statement(&sql).await?;
    let row = session.client.query_opt(&statement, &[&before.number, &before.stamp, &seat]).await?;
    let Some(row) = row else {
        return Err(Failure::Said(t!("store-stamp-moved"), None));
    };
    Ok(Position { number: row.try_get(0)?, stamp: row.try_get(1)? })
}

/// The statements of one transaction: sets of rows to remove, then sets to insert.
struct Shipment<'a> {
    removals: Vec<(String, Vec<rows::Array<'a>>)>,
    inserts: Vec<(String, Vec<rows::Array<'a>>)>,
}

impl<'a> Shipment<'a> {
    fn of(tables: &Tables, changes: &'a Changes) -> Result<Self> {
        let (mut removals, mut inserts) = (Vec::new(), Vec::new());
        let (mut names, mut keys) = (Vec::new(), Vec::new());
        for change in changes {
            let table = &tables.0[change.table];
            let name = schema::named(table);
            let key: Vec<_> = table.key().collect();
            let removal = format!("DELETE FROM {name} WHERE {}", is_of(table));
            removals.push((removal, rows::arrays(&key, &change.keys)?));
            if !change.rows.is_empty() {
                inserts.push(insert(table, &change.rows)?);
            }
            for key in &change.keys {
                names.push(table.name.clone());
                keys.push(rows::key_text(key)?);
            }
        }
        let noted = format!(
            "INSERT INTO qunfa.fleet_row (number, name, key)
             SELECT s.number + 1, r.name, r.key
             FROM qunfa.fleet_stamp AS s, unnest($1::text[], $2::text[]) AS r (name, key)
             WHERE s.{ALL}"
        );
        inserts.push((noted, vec![Box::new(names), Box::new(keys)]));
        Ok(Self { removals, inserts })
    }

    /// Sends them, the removals together and then the inserts together: a value that must be unique
    /// may move from one row to another.
    async fn send(&self, session: &mut Session) -> std::result::Result<(), Failure> {
        for statements in [&self.removals, &self.inserts] {
            let mut prepared = Vec::new();
            for (sql, parameters) in statements {
                prepared.push((session.statement(sql).await?, references(parameters)));
            }
            let client = &session.client;
            let sent = prepared
                .iter()
                .map(|(statement, parameters)| client.execute(statement, parameters));
            for done in join_all(sent).await {
                done?;
            }
        }
        Ok(())
    }
}

/// Returns the statement that inserts these rows.
fn insert<'a>(table: &Table, rows: &'a [Row]) -> Result<(String, Vec<rows::Array<'a>>)> {
    let columns: Vec<_> = table.columns.iter().collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({})",
        schema::named(table),
        table.columns(),
        schema::arrays(table.columns.iter()),
    );
    Ok((sql, rows::arrays(&columns, rows)?))
}

/// Returns the condition that a row has one of the keys in the parameters.
fn is_of(table: &Table) -> String {
    let key = super::tables::list(table.key().map(|column| quoted(&column.name)));
    format!("({key}) IN (SELECT * FROM unnest({}))", schema::arrays(table.key()))
}

fn references<'p>(parameters: &'p [rows::Array<'_>]) -> Vec<&'p (dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect()
}

fn unreachable(failure: Failure) -> StoreError {
    StoreError::Unreachable(failure.why())
}

#[cfg(test)]
mod tests;
