//! Against a real PostgreSQL: `QUNFA_TEST_POSTGRES` is the URL of an empty database.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::*;
use crate::reason::Reason;
use crate::store::Store;

fn now() -> DateTime<Utc> {
    "2027-03-20T12:00:00Z".parse().unwrap()
}

fn why() -> Reason {
    Reason::Written { text: "a text with\0a NUL".to_owned() }
}

/// Returns every column of PostgreSQL's tables that `schema.sql` has too.
fn columns(url: &SecretString) -> BTreeSet<(String, String, String, bool)> {
    let mut link = Link::new(url).unwrap();
    let read = link.call(LOOK_WITHIN, async |session| {
        let sql = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO'
                   FROM information_schema.columns
                   WHERE table_schema = 'qunfa' AND table_name NOT LIKE 'fleet%'";
        let found = session.client.query(sql, &[]).await?;
        Ok(found.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect())
    });
    read.unwrap()
}

#[test]
fn what_one_host_stores_another_one_reads() {
    let Some(url) = std::env::var("QUNFA_TEST_POSTGRES").ok().map(SecretString::from) else {
        return;
    };
    assert!(Store::read_shared(&url, now()).unwrap().is_none(), "the database is empty");
    let [mut first, mut second] =
        ["first", "second"].map(|name| Seat::new(&url, name.to_owned()).unwrap());
    first.prepare(now()).unwrap();
    second.prepare(now()).unwrap();
    assert!(first.take().unwrap());
    assert!(!second.take().unwrap(), "one has the seat");

    let here = Store::in_memory(now()).unwrap();
    let expected = Tables::of(&here.db).unwrap().0.into_iter().flat_map(|table| {
        let name = table.name;
        table.columns.into_iter().map(move |column| {
            let kind = match column.kind {
                super::super::tables::Kind::Integer => "bigint",
                super::super::tables::Kind::Text => "text",
                super::super::tables::Kind::Blob => "bytea",
            };
            (name.clone(), column.name, kind.to_owned(), column.required)
        })
    });
    assert_eq!(columns(&url), expected.collect());

    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache.db");
    let mut daemon = Store::open_shared(&cache, &first, None, now()).unwrap();
    daemon.transaction(|tx| tx.ensure_account("daily")).unwrap();
    let mut seen = daemon.seen().unwrap();
    let mut command = Store::read_shared(&url, now()).unwrap().unwrap();
    command.transaction(|tx| tx.hold(Some("daily"), &why(), now())).unwrap();

    let writes = daemon.writes_since(&mut seen).unwrap();
    assert_eq!(writes, crate::store::Writes::Accounts(vec!["daily".to_owned()]));
    assert!(daemon.read().stops("daily").unwrap().hold.is_some());
    daemon.transaction(|tx| tx.resume(Some("daily"), now()).map(drop)).unwrap();
    command.refresh().unwrap();
    assert!(command.read().stops("daily").unwrap().hold.is_none());

    daemon.leave().unwrap();
    assert!(second.take().unwrap(), "the seat was left");
    let late = daemon.transaction(|tx| tx.hold(Some("daily"), &why(), now()));
    assert!(matches!(late, Err(StoreError::Unseated(by)) if by == "second"));
    assert_eq!(seats(&url).unwrap().iter().filter(|seat| seat.active).count(), 1);

    // A restart does not help: the tables are those of another version.
    let other = format!("UPDATE qunfa.fleet_stamp SET version = version + 1 WHERE {ALL}");
    let changed = Link::new(&url)
        .unwrap()
        .call(LOOK_WITHIN, async |session| Ok(session.client.execute(&other, &[]).await?));
    assert_eq!(changed.unwrap(), 1);
    assert!(matches!(first.prepare(now()), Err(StoreError::Unfit(_))));
    assert!(matches!(command.refresh(), Err(StoreError::Unfit(_))));
}
