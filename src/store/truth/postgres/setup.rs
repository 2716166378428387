//! Creates the tables, upgrades them, and stores a whole database at once.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::link::{Failure, Link, Session};
use super::{
    ALL, LOOK_WITHIN, Shipment, Stamp, WHOLE_WITHIN, rows, schema, stamp_sql, unreachable,
};
use crate::l10n::t;
use crate::store::truth::tables::Tables;
use crate::store::truth::{Changes, TableChange, apply, capture};
use crate::store::{OLDEST, Result, SCHEMA, Store, StoreError, VERSION};

/// A number of our own for PostgreSQL's locks, so that two daemons do not create at once.
const SETUP_LOCK: i64 = 0x0071_756e_6661;

/// What the database holds of ours.
enum Found {
    Nothing,
    Version(i64),
}

/// Creates the tables if there are none, and upgrades older ones if no daemon is active.
pub(super) fn prepare(link: &mut Link, now: DateTime<Utc>) -> Result<()> {
    match look(link)? {
        Found::Version(VERSION) => Ok(()),
        Found::Version(version) if !(OLDEST..=VERSION).contains(&version) => {
            Err(StoreError::Unfit(t!("store-shared-version", found = version, known = VERSION)))
        }
        Found::Version(_) => upgrade(link, now),
        Found::Nothing => create(link, &Store::in_memory(now)?),
    }
}

/// Stores a database as the truth, in PostgreSQL without tables of ours.
///
/// # Errors
/// If there are tables already, or PostgreSQL cannot be reached.
pub(super) fn import(link: &mut Link, store: &Store) -> Result<()> {
    match look(link)? {
        Found::Nothing => create(link, store),
        Found::Version(_) => Err(StoreError::Refused(t!("store-shared-not-empty"))),
    }
}

/// Returns whether PostgreSQL has tables of ours.
pub(super) fn exists(link: &mut Link) -> Result<bool> {
    Ok(matches!(look(link)?, Found::Version(_)))
}

fn look(link: &mut Link) -> Result<Found> {
    let read = link.call(LOOK_WITHIN, async |session| {
        let sql = "SELECT to_regclass('qunfa.fleet_stamp') IS NOT NULL, current_setting('fsync'),
                current_setting('server_version_num')::bigint, pg_is_in_recovery()";
        let row = session.client.query_one(sql, &[]).await?;
        let (exists, fsync, number, standby): (bool, String, i64, bool) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let version = if exists {
            let sql = format!("SELECT version FROM qunfa.fleet_stamp WHERE {ALL}");
            Some(session.client.query_one(&sql, &[]).await?.try_get(0)?)
        } else {
            None
        };
        Ok((fsync, number, standby, version))
    });
    let (fsync, number, standby, version) = read.map_err(unreachable)?;
    if standby {
        return Err(StoreError::Unreachable(t!("store-postgres-standby")));
    }
    if fsync != "on" {
        return Err(StoreError::Unfit(t!("store-postgres-fsync")));
    }
    if number < 140_000 {
        return Err(StoreError::Unfit(t!("store-postgres-old")));
    }
    Ok(version.map_or(Found::Nothing, Found::Version))
}

fn create(link: &mut Link, store: &Store) -> Result<()> {
    let tables = Tables::of(&store.db)?;
    let all = capture::everything(&store.db, &tables)?;
    let script = format!(
        "CREATE SCHEMA IF NOT EXISTS {};\n{}{}",
        schema::SCHEMA,
        schema::OWN,
        schema::create(&store.db, &tables)?
    );
    let inserts = inserts(&tables, &all)?;
    let created = link.call(WHOLE_WITHIN, async |session| {
        let begin = format!("BEGIN; SELECT pg_advisory_xact_lock({SETUP_LOCK});\n{script}");
        session.client.batch_execute(&begin).await?;
        inserts.send(session).await?;
        let stamp = format!(
            "INSERT INTO qunfa.fleet_stamp (account, number, stamp, version) VALUES ('*', 0,
                 ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(64)::bigint,
                 {VERSION});
             INSERT INTO qunfa.fleet_step (number, stamp)
             SELECT number, stamp FROM qunfa.fleet_stamp WHERE {ALL}"
        );
        session.client.batch_execute(&stamp).await?;
        keep_script(session).await?;
        Ok(session.client.batch_execute("COMMIT").await?)
    });
    created.map_err(|failure| {
        link.close();
        not_done(failure)
    })
}

async fn keep_script(session: &mut Session) -> std::result::Result<(), Failure> {
    let sql = "INSERT INTO qunfa.fleet_schema (one, script) VALUES (1, $1)
               ON CONFLICT (one) DO UPDATE SET script = excluded.script";
    session.client.execute(sql, &[&SCHEMA]).await?;
    Ok(())
}

/// Upgrades the tables: the rows are read into SQLite with the schema that they were stored with,
/// SQLite upgrades them as it does its own, and all of them are stored anew.
fn upgrade(link: &mut Link, now: DateTime<Utc>) -> Result<()> {
    let done = upgrade_locked(link, now);
    link.close();
    done
}

fn upgrade_locked(link: &mut Link, now: DateTime<Utc>) -> Result<()> {
    let read = link.call(LOOK_WITHIN, async |session| {
        session
            .client
            .batch_execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
            .await?;
        let sql = stamp_sql("FOR UPDATE");
        let stamp = Stamp::of(&session.client.query_one(&sql, &[]).await?)?;
        let sql = format!(
            "SELECT script, EXISTS (SELECT 1 FROM qunfa.fleet_stamp
                 WHERE {ALL} AND until >= clock_timestamp()) FROM qunfa.fleet_schema"
        );
        let row = session.client.query_one(&sql, &[]).await?;
        let (script, active): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
        Ok((stamp.version, script, active, stamp.seat_name))
    });
    let (version, script, active, by) = read.map_err(unreachable)?;
    if version == VERSION {
        return Ok(());
    }
    if active {
        // The daemon of the older version goes on; this one waits until it ends.
        return Err(StoreError::Unreachable(
            t!("store-older-active", by = %by.unwrap_or_default()),
        ));
    }
    let mut db = Connection::open_in_memory()?;
    db.execute_batch(&script)?;
    let before = Tables::of(&db)?;
    apply::replace(&mut db, &before, &read_all(link, &before)?)?;
    db.pragma_update(None, "user_version", version)?;
    let store = Store::prepare(db, now)?;
    let tables = Tables::of(&store.db)?;
    let all = capture::everything(&store.db, &tables)?;
    let script = format!("{}{}", schema::drop(&before), schema::create(&store.db, &tables)?);
    let inserts = inserts(&tables, &all)?;
    let stored = link.call(WHOLE_WITHIN, async |session| {
        session.client.batch_execute(&script).await?;
        inserts.send(session).await?;
        keep_script(session).await?;
        // No earlier position is followed from here.
        let moved = format!(
            "DELETE FROM qunfa.fleet_step; DELETE FROM qunfa.fleet_row;
             UPDATE qunfa.fleet_stamp SET version = {VERSION}, number = number + 1,
                 stamp = ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(64)::bigint
             WHERE {ALL};
             INSERT INTO qunfa.fleet_step (number, stamp)
             SELECT number, stamp FROM qunfa.fleet_stamp WHERE {ALL}; COMMIT"
        );
        Ok(session.client.batch_execute(&moved).await?)
    });
    stored.map_err(not_done)
}

fn read_all(link: &mut Link, tables: &Tables) -> Result<Changes> {
    let read = link.call(WHOLE_WITHIN, async |session| read_tables(session, tables).await);
    read.map_err(unreachable)
}

/// Reads all rows of all tables.
pub(super) async fn read_tables(
    session: &mut Session,
    tables: &Tables,
) -> std::result::Result<Changes, Failure> {
    let mut all = Changes::new();
    for (place, table) in tables.0.iter().enumerate() {
        let sql = format!("SELECT {} FROM {}", table.columns(), schema::named(table));
        let found = session.client.query(&sql, &[]).await?;
        let rows = found.iter().map(|row| rows::row(table, row));
        let rows = rows.collect::<std::result::Result<_, _>>()?;
        all.push(TableChange { table: place, keys: Vec::new(), rows });
    }
    Ok(all)
}

fn inserts<'a>(tables: &Tables, all: &'a Changes) -> Result<Shipment<'a>> {
    let filled = all.iter().filter(|change| !change.rows.is_empty());
    let inserts = filled.map(|change| super::insert(&tables.0[change.table], &change.rows));
    Ok(Shipment { removals: Vec::new(), inserts: inserts.collect::<Result<_>>()? })
}

fn not_done(failure: Failure) -> StoreError {
    StoreError::Shared(t!("store-not-committed", why = %failure.why()))
}
