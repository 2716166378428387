//! Rows as PostgreSQL's arrays, one for each column, and back.

use std::borrow::Cow;

use rusqlite::types::Value;
use tokio_postgres::types::ToSql;

use crate::store::truth::Row;
use crate::store::truth::tables::{Column, Kind, Table};
use crate::store::{Result, StoreError};

/// One parameter.
pub(super) type Array<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// Returns these rows' values of these columns, by column.
pub(super) fn arrays<'a>(columns: &[&Column], rows: &'a [Row]) -> Result<Vec<Array<'a>>> {
    let columns = columns.iter().enumerate();
    columns.map(|(place, column)| array(column, rows.iter().map(|row| &row[place]))).collect()
}

fn array<'a>(column: &Column, values: impl Iterator<Item = &'a Value>) -> Result<Array<'a>> {
    Ok(match column.kind {
        Kind::Integer => Box::new(collect(column, values, |value| {
            if let Value::Integer(number) = value { Some(*number) } else { None }
        })?),
        Kind::Text => Box::new(collect(column, values, |value| {
            if let Value::Text(text) = value { Some(without_nul(text)) } else { None }
        })?),
        Kind::Blob => Box::new(collect(column, values, |value| {
            if let Value::Blob(bytes) = value { Some(bytes.as_slice()) } else { None }
        })?),
    })
}

fn collect<'a, T>(
    column: &Column,
    values: impl Iterator<Item = &'a Value>,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    let values = values.map(|value| match (value, read(value)) {
        (Value::Null, _) => Ok(None),
        (_, Some(value)) => Ok(Some(value)),
        (_, None) => Err(StoreError::Corrupt(format!(
            "column {} holds a value of another type",
            column.name
        ))),
    });
    values.collect()
}

/// Returns a text without NUL, which PostgreSQL does not take: it becomes its symbol.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{2400}").into() } else { text.into() }
}

/// Returns a row that was read.
pub(super) fn row(
    table: &Table,
    row: &tokio_postgres::Row,
) -> std::result::Result<Row, tokio_postgres::Error> {
    let columns = table.columns.iter().enumerate();
    let value = |(place, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Integer => row.try_get::<_, Option<i64>>(place)?.map(Value::Integer),
            Kind::Text => row.try_get::<_, Option<String>>(place)?.map(Value::Text),
            Kind::Blob => row.try_get::<_, Option<Vec<u8>>>(place)?.map(Value::Blob),
        }
        .unwrap_or(Value::Null))
    };
    columns.map(value).collect()
}

/// Returns a key as text.
pub(super) fn key_text(key: &Row) -> Result<String> {
    let parts = key.iter().map(|value| match value {
        Value::Integer(number) => Ok(serde_json::Value::from(*number)),
        Value::Text(text) => Ok(serde_json::Value::from(text.as_str())),
        Value::Null | Value::Real(_) | Value::Blob(_) => {
            Err(StoreError::Corrupt("a key is neither a number nor a text".to_owned()))
        }
    });
    Ok(serde_json::Value::Array(parts.collect::<Result<_>>()?).to_string())
}

/// Returns a key that was stored as text.
pub(super) fn key_of(text: &str) -> Result<Row> {
    let unreadable = || StoreError::Corrupt(format!("{text:?} is no key of a row"));
    let parts: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|_| unreadable())?;
    let value = |part: serde_json::Value| {
        let number = part.as_i64().map(Value::Integer);
        let text = || part.as_str().map(|text| Value::Text(text.to_owned()));
        number.or_else(text).ok_or_else(unreadable)
    };
    parts.into_iter().map(value).collect()
}
