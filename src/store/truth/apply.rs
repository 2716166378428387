//! Takes rows over that another database stored.
//!
//! They are written as they are: no trigger of the schema adds to them, and no foreign key removes
//! any, for what those did there is among the rows.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};

use super::tables::{SEQUENCES, Table, Tables, list, quoted};
use super::{Changes, TableChange, capture};
use crate::store::{Result, begin};

/// Replaces the rows with these keys by these rows, in one transaction.
pub(super) fn apply(db: &mut Connection, tables: &Tables, changes: &Changes) -> Result<()> {
    as_they_are(db, |db| {
        let tx = begin(db, TransactionBehavior::Immediate)?;
        // All removals first: a value that must be unique may have moved from one row to another.
        for change in changes {
            remove(&tx, &tables.0[change.table], change)?;
        }
        // The counters of ids stand last, and win over what the inserts make of them.
        for change in changes {
            insert(&tx, &tables.0[change.table], change)?;
        }
        capture::forget(&tx)?;
        Ok(tx.commit()?)
    })
}

/// Replaces all rows of all tables, in one transaction.
pub(super) fn replace(db: &mut Connection, tables: &Tables, all: &Changes) -> Result<()> {
    as_they_are(db, |db| {
        let tx = begin(db, TransactionBehavior::Immediate)?;
        for table in &tables.0 {
            tx.execute(&format!("DELETE FROM main.{}", quoted(&table.name)), [])?;
        }
        for change in all {
            insert(&tx, &tables.0[change.table], change)?;
        }
        Ok(tx.commit()?)
    })
}

fn as_they_are<T>(
    db: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    let settings =
        [DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER];
    for setting in settings {
        db.set_db_config(setting, false)?;
    }
    let done = work(db);
    for setting in settings {
        db.set_db_config(setting, true)?;
    }
    done
}

fn remove(db: &Connection, table: &Table, change: &TableChange) -> Result<()> {
    let is_it = (1..).zip(table.key());
    let is_it = is_it.map(|(number, column)| format!("{} = ?{number}", quoted(&column.name)));
    let is_it = is_it.collect::<Vec<_>>().join(" AND ");
    let sql = format!("DELETE FROM main.{} WHERE {is_it}", quoted(&table.name));
    let mut delete = db.prepare_cached(&sql)?;
    for key in &change.keys {
        delete.execute(params_from_iter(key))?;
    }
    Ok(())
}

fn insert(db: &Connection, table: &Table, change: &TableChange) -> Result<()> {
    // An insert into a table that counts its ids may have made the counter's row meanwhile.
    if table.name == SEQUENCES {
        for row in &change.rows {
            let mut delete =
                db.prepare_cached("DELETE FROM main.sqlite_sequence WHERE name = ?1")?;
            delete.execute([&row[0]])?;
        }
    }
    let places = list((1..=table.columns.len()).map(|number| format!("?{number}")));
    let (name, columns) = (quoted(&table.name), table.columns());
    let sql = format!("INSERT INTO main.{name} ({columns}) VALUES ({places})");
    let mut add = db.prepare_cached(&sql)?;
    for row in &change.rows {
        add.execute(params_from_iter(row))?;
    }
    Ok(())
}
