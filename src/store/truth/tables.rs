//! The tables of the schema, as SQLite describes them: `schema.sql` is their only source.

use rusqlite::Connection;

use crate::store::Result;

/// SQLite's own table of the highest ids that were ever used. It has no triggers; its rows travel
/// with every change of a table that they are about.
pub(super) const SEQUENCES: &str = "sqlite_sequence";

/// What a column stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    /// A 64-bit integer.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Blob,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: String,
    pub(in crate::store) kind: Kind,
    /// Whether it is never null.
    pub(in crate::store) required: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: String,
    pub(in crate::store) columns: Vec<Column>,
    /// The columns of its primary key, by their place.
    pub(in crate::store) key: Vec<usize>,
    /// Whether its ids are never used again, also after the row with the highest one is gone.
    pub(in crate::store) counts_ids: bool,
}

impl Table {
    /// Returns the names of its columns, quoted and separated by commas.
    pub(in crate::store) fn columns(&self) -> String {
        list(self.columns.iter().map(|column| quoted(&column.name)))
    }

    /// Returns the columns of its key.
    pub(in crate::store) fn key(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().map(|place| &self.columns[*place])
    }
}

/// All tables, in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Tables(pub(in crate::store) Vec<Table>);

impl Tables {
    /// Reads the tables of a database. The last one is [`SEQUENCES`].
    pub(in crate::store) fn of(db: &Connection) -> Result<Self> {
        let names = db
            .prepare(
                "SELECT name, sql LIKE '%AUTOINCREMENT%' FROM main.sqlite_schema
                 WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(String, bool)>>>()?;
        let mut all = names
            .into_iter()
            .map(|(name, counts_ids)| table(db, name, counts_ids))
            .collect::<Result<Vec<_>>>()?;
        let column = |name: &str, kind| Column { name: name.to_owned(), kind, required: true };
        all.push(Table {
            name: SEQUENCES.to_owned(),
            columns: vec![column("name", Kind::Text), column("seq", Kind::Integer)],
            key: vec![0],
            counts_ids: false,
        });
        Ok(Self(all))
    }

    /// Returns the place of a table.
    pub(in crate::store) fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|table| table.name == name)
    }
}

fn table(db: &Connection, name: String, counts_ids: bool) -> Result<Table> {
    let columns = db
        .prepare(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1, 'main') ORDER BY cid",
        )?
        .query_map([&name], |row| {
            let kind: String = row.get(1)?;
            let kind = match kind.as_str() {
                "INTEGER" => Kind::Integer,
                "TEXT" => Kind::Text,
                "BLOB" => Kind::Blob,
                other => return Err(crate::store::unreadable("a column's type", other)),
            };
            let (required, place): (bool, u32) = (row.get(2)?, row.get(3)?);
            let column = Column { name: row.get(0)?, kind, required: required || place > 0 };
            Ok((column, place))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut key: Vec<_> = columns.iter().enumerate().map(|(at, (_, pk))| (*pk, at)).collect();
    key.retain(|(pk, _)| *pk > 0);
    key.sort_unstable();
    let key = key.into_iter().map(|(_, at)| at).collect();
    let columns = columns.into_iter().map(|(column, _)| column).collect();
    Ok(Table { name, columns, key, counts_ids })
}

/// Returns a name as both databases quote it.
pub(in crate::store) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Returns a list separated by commas.
pub(in crate::store) fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}
