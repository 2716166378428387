//! The tables of `schema.sql` for PostgreSQL, generated from what SQLite made of them.
//!
//! They hold the same rows. SQLite decides about them, so its checks and foreign keys are not
//! repeated; keys and unique indexes are, as a second net below every transaction.

use rusqlite::Connection;

use crate::store::Result;
use crate::store::truth::tables::{Column, Kind, Table, Tables, list, quoted};

/// The namespace of all tables.
pub(super) const SCHEMA: &str = "qunfa";

/// What PostgreSQL has and SQLite has not.
///
/// `fleet_stamp` is lock, position and seat in one row. Today there is one, for all accounts; its
/// key is ready for one of each account. `fleet_step` and `fleet_row` say which rows each
/// transaction changed, so that other hosts read only those.
pub(super) const OWN: &str = "
CREATE TABLE qunfa.fleet_stamp (
    account   text PRIMARY KEY,
    number    bigint NOT NULL,
    stamp     bigint NOT NULL,
    version   bigint NOT NULL,
    seat      bigint,
    seat_name text,
    until     timestamptz,
    moved_at  timestamptz
);
CREATE TABLE qunfa.fleet_step (
    number bigint PRIMARY KEY,
    stamp  bigint NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX fleet_step_at ON qunfa.fleet_step (at);
CREATE TABLE qunfa.fleet_row (
    number bigint NOT NULL,
    name   text NOT NULL,
    key    text NOT NULL
);
CREATE INDEX fleet_row_number ON qunfa.fleet_row (number);
CREATE TABLE qunfa.fleet_seat (
    seat     bigint PRIMARY KEY,
    name     text NOT NULL,
    program  text NOT NULL,
    since_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until    timestamptz NOT NULL
);
CREATE TABLE qunfa.fleet_schema (
    one    bigint PRIMARY KEY CHECK (one = 1),
    script text NOT NULL
);
";

/// Returns the name of a type.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "bigint",
        Kind::Text => "text",
        Kind::Blob => "bytea",
    }
}

/// Returns a table with its namespace.
pub(super) fn named(table: &Table) -> String {
    format!("{SCHEMA}.{}", quoted(&table.name))
}

/// Returns parameters that are one array for each of these columns.
pub(super) fn arrays<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let arrays = (1..).zip(columns);
    list(arrays.map(|(number, column)| format!("${number}::{}[]", type_of(column.kind))))
}

/// Returns the statements that create all tables of a database, and their unique indexes.
pub(super) fn create(db: &Connection, tables: &Tables) -> Result<String> {
    let table_of = |table: &Table| {
        let columns = table.columns.iter().map(|column| {
            let required = if column.required { " NOT NULL" } else { "" };
            format!("{} {}{required}", quoted(&column.name), type_of(column.kind))
        });
        let key = list(table.key().map(|column| quoted(&column.name)));
        let (name, columns) = (named(table), list(columns));
        format!("CREATE TABLE {name} ({columns}, PRIMARY KEY ({key}));\n")
    };
    let indexes = tables.0.iter().map(|table| unique_indexes(db, table));
    let indexes = indexes.collect::<Result<String>>()?;
    Ok(tables.0.iter().map(table_of).collect::<String>() + &indexes)
}

/// Returns the statements that remove them.
pub(super) fn drop(tables: &Tables) -> String {
    tables.0.iter().map(|table| format!("DROP TABLE {};\n", named(table))).collect()
}

fn unique_indexes(db: &Connection, table: &Table) -> Result<String> {
    let indexes = db
        .prepare(
            "SELECT i.name, s.sql FROM pragma_index_list(?1, 'main') AS i
             LEFT JOIN main.sqlite_schema AS s ON s.name = i.name
             WHERE i.\"unique\" AND i.origin <> 'pk' ORDER BY i.name",
        )?
        .query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(String, Option<String>)>>>()?;
    let index = |(number, (name, sql)): (usize, &(String, Option<String>))| {
        let (terms, rest) = match sql {
            Some(sql) => written(sql),
            None => (columns_of(db, name)?, String::new()),
        };
        let terms = list(terms.iter().map(|term| short(table, term)));
        let name = format!("{}_unique_{number}", table.name);
        Ok(format!("CREATE UNIQUE INDEX {name} ON {} ({terms}){rest};\n", named(table)))
    };
    indexes.iter().enumerate().map(index).collect()
}

fn columns_of(db: &Connection, index: &str) -> Result<Vec<String>> {
    let names = db
        .prepare("SELECT name FROM pragma_index_info(?1) ORDER BY seqno")?
        .query_map([index], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(names)
}

/// Returns the terms of an index as `schema.sql` has it, and what follows them.
fn written(sql: &str) -> (Vec<String>, String) {
    let start = sql.find('(').map_or(sql.len(), |at| at + 1);
    let (mut depth, mut terms, mut term) = (1, Vec::new(), String::new());
    for (at, sign) in sql[start..].char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            terms.push(term.trim().to_owned());
            return (terms, sql[start + at + 1..].to_owned());
        }
        if sign == ',' && depth == 1 {
            terms.push(std::mem::take(&mut term).trim().to_owned());
        } else {
            term.push(sign);
        }
    }
    (terms, String::new())
}

/// Returns a term that is short however long its value is: PostgreSQL's indexes take no long ones.
fn short(table: &Table, term: &str) -> String {
    let name = term.trim_matches('"');
    match table.columns.iter().find(|column| column.name == name) {
        Some(Column { kind: Kind::Integer, .. }) => quoted(name),
        Some(_) => format!("md5({})", quoted(name)),
        None => format!("md5({})", term.replace("ifnull(", "coalesce(")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn script() -> String {
        let store = Store::in_memory(chrono::DateTime::UNIX_EPOCH).unwrap();
        create(&store.db, &Tables::of(&store.db).unwrap()).unwrap()
    }

    #[test]
    fn every_unique_index_is_there_and_none_takes_a_long_value() {
        let script = script();

        for expected in [
            "CREATE TABLE qunfa.\"charge\" (\"id\" bigint NOT NULL, \"account\" text NOT NULL,",
            "PRIMARY KEY (\"series\", \"date\"));",
            "ON qunfa.\"attempt\" (md5(\"account\")) WHERE ended_at IS NULL;",
            "ON qunfa.\"charge\" (md5(\"account\"), md5(\"rule\"), md5(\"window\"), \"slot\")\n",
            "ON qunfa.\"alert\" (md5(coalesce(account, '')), md5(coalesce(job, '')), md5(\"kind\"));",
            "ON qunfa.\"unread_event\" (md5(\"account\"), md5(\"raw\"));",
        ] {
            assert!(script.contains(expected), "{expected}\n{script}");
        }
        let count = script.matches("CREATE UNIQUE INDEX").count();
        let source = include_str!("../../../../schema.sql");
        let written = source.matches("CREATE UNIQUE INDEX").count()
            + source.lines().filter(|line| line.trim().starts_with("UNIQUE (")).count()
            + source
                .lines()
                .filter(|line| line.contains(" UNIQUE") && line.starts_with("    "))
                .count();
        assert!(count > 10 && count <= written, "{count} of {written}");
    }
}
