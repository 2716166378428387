//! Notes which rows a transaction changes, and collects them at its end.
//!
//! Triggers of the connection, made from the schema itself, note the key of each changed row in the
//! same transaction: what is rolled back is not noted, and a new table needs no code.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::tables::{SEQUENCES, Table, Tables, list, quoted};
use super::{Changes, Row, TableChange};
use crate::store::Result;

/// Makes every change of this connection note its key.
pub(super) fn capture(db: &Connection, tables: &Tables) -> Result<()> {
    let width = width(tables);
    let keys = list((0..width).map(|place| format!("k{place}")));
    let noted = tables.0.iter().filter(|table| table.name != SEQUENCES);
    let triggers: String = noted.map(|table| triggers(table, width)).collect();
    // No constraint in here can fail, so a statement's own conflict clause skips nothing.
    db.execute_batch(&format!(
        "PRAGMA temp_store = MEMORY;
         CREATE TEMP TABLE IF NOT EXISTS changed_row (name TEXT, {keys});
         {triggers}"
    ))?;
    Ok(())
}

/// Returns the most columns that a key has.
fn width(tables: &Tables) -> usize {
    tables.0.iter().map(|table| table.key.len()).max().unwrap_or_default()
}

fn triggers(table: &Table, width: usize) -> String {
    let values = |row: &str| {
        let key = table.key().map(|column| format!("{row}.{}", quoted(&column.name)));
        let padding = std::iter::repeat_with(|| "NULL".to_owned());
        list(key.chain(padding).take(width))
    };
    let moved = table
        .key()
        .map(|column| format!("OLD.{0} IS NOT NEW.{0}", quoted(&column.name)))
        .collect::<Vec<_>>()
        .join(" OR ");
    let note =
        |row: &str| format!("INSERT INTO changed_row SELECT '{}', {}", table.name, values(row));
    let trigger = |event: &str, steps: String| {
        format!(
            "CREATE TEMP TRIGGER IF NOT EXISTS capture_{event}_{name} AFTER {event} ON main.{table}
             BEGIN {steps} END;\n",
            name = table.name,
            table = quoted(&table.name),
        )
    };
    [
        trigger("INSERT", format!("{};", note("NEW"))),
        trigger("DELETE", format!("{};", note("OLD"))),
        trigger("UPDATE", format!("{}; {} WHERE {moved};", note("OLD"), note("NEW"))),
    ]
    .concat()
}

/// Returns the rows that were changed since the last call, as they are now.
pub(super) fn collect(db: &Connection, tables: &Tables) -> Result<Changes> {
    let names = db
        .prepare_cached("SELECT DISTINCT name FROM changed_row")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<HashSet<String>>>()?;
    let mut changes = Vec::new();
    let changed = tables.0.iter().enumerate().filter(|(_, table)| names.contains(&table.name));
    let mut counts_ids = false;
    for (place, table) in changed {
        let keys = changed_keys(db, table)?;
        changes.push(present(db, place, table, keys)?);
        counts_ids |= table.counts_ids;
    }
    if counts_ids {
        changes.extend(all_of(db, tables, SEQUENCES)?);
    }
    forget(db)?;
    Ok(changes)
}

/// Forgets what was noted.
pub(super) fn forget(db: &Connection) -> Result<()> {
    db.prepare_cached("DELETE FROM changed_row")?.execute([])?;
    Ok(())
}

fn changed_keys(db: &Connection, table: &Table) -> Result<Vec<Row>> {
    let columns = list((0..table.key.len()).map(|place| format!("k{place}")));
    let sql = format!("SELECT DISTINCT {columns} FROM changed_row WHERE name = ?1");
    let keys = db
        .prepare_cached(&sql)?
        .query_map([&table.name], |row| values(row, table.key.len()))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(keys)
}

/// Returns the present rows with these keys.
pub(super) fn present(
    db: &Connection,
    place: usize,
    table: &Table,
    keys: Vec<Row>,
) -> Result<TableChange> {
    let is_it = (1..).zip(table.key());
    let is_it = is_it.map(|(number, column)| format!("{} = ?{number}", quoted(&column.name)));
    let is_it = is_it.collect::<Vec<_>>().join(" AND ");
    let sql = format!("SELECT {} FROM main.{} WHERE {is_it}", table.columns(), quoted(&table.name));
    let mut find = db.prepare_cached(&sql)?;
    let mut rows = Vec::new();
    for key in &keys {
        let mut found = find.query(params_from_iter(key))?;
        if let Some(row) = found.next()? {
            rows.push(values(row, table.columns.len())?);
        }
    }
    Ok(TableChange { table: place, keys, rows })
}

/// Returns all rows of one table.
fn all_of(db: &Connection, tables: &Tables, name: &str) -> Result<Option<TableChange>> {
    let Some(place) = tables.place(name) else { return Ok(None) };
    let table = &tables.0[place];
    let sql = format!("SELECT {} FROM main.{}", table.columns(), quoted(&table.name));
    let rows = db
        .prepare_cached(&sql)?
        .query_map([], |row| values(row, table.columns.len()))?
        .collect::<rusqlite::Result<Vec<Row>>>()?;
    let key = |row: &Row| table.key.iter().map(|place| row[*place].clone()).collect();
    let keys = rows.iter().map(key).collect();
    Ok(Some(TableChange { table: place, keys, rows }))
}

/// Returns all rows of all tables.
pub(super) fn everything(db: &Connection, tables: &Tables) -> Result<Changes> {
    let all = tables.0.iter().map(|table| all_of(db, tables, &table.name));
    Ok(all.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

pub(super) fn values(row: &rusqlite::Row<'_>, count: usize) -> rusqlite::Result<Vec<Value>> {
    (0..count).map(|place| row.get(place)).collect()
}
