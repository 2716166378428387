//! A database of an earlier version becomes the present one, whole or not at all.
//!
//! `schema_1.sql` to `schema_3.sql` are the schema as those versions had it; they are never edited.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use qunfa::calendar::{Span, Window};
use qunfa::model::{Account, ArticlesVia, JobId, Kind, OpenIds};
use qunfa::store::{Step, Store, StoreError, VERSION};
use rusqlite::Connection;
use rusqlite::types::Value;

const ROWS_1: &str = "
    INSERT INTO daemon (one, created_at, seen_at, high_water) VALUES (1, 11, 12, 13);
    INSERT INTO account (name, hold_since_at, hold_why) VALUES ('brand', 5, 'alice said hold');
    INSERT INTO file (sha256, name, taken_at) VALUES ('abc', 'a.yaml', 1);
    INSERT INTO job (id, account, action, state, taken, priority, planned_at, due_at, taken_at,
        zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line, everyone,
        calls, audience, msgtype, wake_at)
    VALUES ('a', 'brand', 'broadcast', 'planned', 1, 0, 0, 0, 0, 'Asia/Shanghai', 1800, 7200, 0,
        'defer', 'send', '', 'a.yaml', 1, 1, 1, 'everyone', 'text', 0);
    INSERT INTO batch (id, job, account, number, clientmsgid, body, state, next_at)
    VALUES (1, 'a', 'brand', 0, '0123456789abcdef0123456789abcdef', '{}', 'planned', 0);
    INSERT INTO attempt (id, batch, account, begun_at, body_sha256) VALUES (7, 1, 'brand', 3, 'def');
    INSERT INTO call (id, account, attempt, begun_at) VALUES (4, 'brand', 7, 3);
    INSERT INTO external_send (id, account, at, source, confirmed) VALUES (2, 'brand', 9, 'event', 0);
    INSERT INTO charge (id, account, rule, \"window\", amount, state, batch, attempt, slot)
    VALUES (6, 'brand', 'daily_send', '2027-03-20', 1, 'reserved', 1, 7, 0);
    INSERT INTO charge (id, account, rule, \"window\", amount, state, external_send)
    VALUES (8, 'brand', 'daily_history', '2027-03-20', 1, 'kept', 2);
    INSERT INTO claim (job, account, rule, \"window\", amount, behind, taken)
    VALUES ('a', 'brand', 'daily_send', '2027-03-20', 1, 0, 1);
    INSERT INTO delivery (account, month, openid, batch) VALUES ('brand', '2027-03', 'oA', 1);
    INSERT INTO event (id, account, received_at, raw, msg_id, created_at, status, words)
    VALUES (1, 'brand', 2, x'3c', 3, 1, 'send success', 'it went out');
    INSERT INTO unread_event (account, received_at, raw, why) VALUES ('brand', 2, x'00', 'no XML');
    INSERT INTO history (job, at, to_state, why) VALUES ('a', 1, 'planned', 'taken');
    INSERT INTO attention (account, job, kind, since_at, what, \"do\")
    VALUES ('brand', NULL, 'clock', 1, 'what', 'do');
";

/// What stands elsewhere since version 4; see `an_upgrade_keeps_the_bodies_and_whom_lists_reached`.
const MOVED: [(&str, &str); 2] = [("batch", "body"), ("delivery", "openid")];

fn now() -> DateTime<Utc> {
    "2027-03-20T12:00:00Z".parse().unwrap()
}

/// A database as version 1 left it, with rows in every table.
fn version_1(dir: &Path) -> PathBuf {
    let path = dir.join("qunfa.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(include_str!("schema_1.sql")).unwrap();
    db.execute_batch(ROWS_1).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    path
}

/// A database as version 2 made it, without rows of its own.
fn version_2(dir: &Path) -> PathBuf {
    let path = dir.join("version-2.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(include_str!("schema_2.sql")).unwrap();
    db.execute("INSERT INTO daemon (one, created_at, seen_at) VALUES (1, 11, 12)", []).unwrap();
    db.pragma_update(None, "user_version", 2).unwrap();
    path
}

/// A database as version 3 made it, without rows of its own.
fn version_3(dir: &Path) -> PathBuf {
    let path = dir.join("version-3.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(include_str!("schema_3.sql")).unwrap();
    db.execute("INSERT INTO daemon (one, created_at, seen_at) VALUES (1, 11, 12)", []).unwrap();
    db.pragma_update(None, "user_version", 3).unwrap();
    path
}

/// Everything in `sqlite_schema`, without comments and with one kind of space.
fn schema(db: &Connection) -> BTreeMap<String, String> {
    let mut statement = db
        .prepare("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(|row| {
        let (name, sql): (String, String) = row.unwrap();
        let bare = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        let words = bare.collect::<Vec<_>>().join(" ").replace(',', " , ").replace(')', " ) ");
        (name, words.split_whitespace().collect::<Vec<_>>().join(" "))
    })
    .collect()
}

fn tables(db: &Connection) -> Vec<String> {
    let names = schema(db).into_keys();
    names.filter_map(|name| name.strip_prefix("table ").map(str::to_owned)).collect()
}

/// Every row of a table, each with its columns by name.
fn rows(db: &Connection, table: &str) -> Vec<BTreeMap<String, Value>> {
    let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
    let names: Vec<_> = statement.column_names().map(str::to_owned).collect();
    let rows = statement
        .query_map([], |row| {
            names.iter().map(|name| Ok((name.clone(), row.get(name.as_str())?))).collect()
        })
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn an_upgraded_database_has_the_schema_of_a_fresh_one() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("fresh.db");
    drop(Store::open(&fresh, now()).unwrap());
    let fresh = Connection::open(fresh).unwrap();

    for old in [version_1(dir.path()), version_2(dir.path()), version_3(dir.path())] {
        drop(Store::open(&old, now()).unwrap());

        let old = Connection::open(old).unwrap();
        assert_eq!(schema(&old), schema(&fresh));
        let version: i64 = old.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, VERSION);
    }
}

#[test]
fn an_upgrade_keeps_every_row_of_every_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_1(dir.path());
    let db = Connection::open(&path).unwrap();
    let before: Vec<_> = tables(&db).into_iter().map(|name| (rows(&db, &name), name)).collect();

    drop(Store::open(&path, now()).unwrap());

    for (old, table) in before {
        assert!(!old.is_empty(), "{table} has no row to lose");
        let new = rows(&db, &table);
        assert_eq!(old.len(), new.len(), "{table}");
        for (old, new) in old.iter().zip(&new) {
            let kept = old.iter().filter(|(column, _)| !MOVED.contains(&(&table, column)));
            for (column, value) in kept {
                assert_eq!(Some(value), new.get(column), "{table}.{column}");
            }
        }
    }
}

#[test]
fn an_upgrade_keeps_the_errands_and_what_refers_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_2(dir.path());
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "INSERT INTO errand (id, account, kind, role, parameters, who, made_at, state, next_at, call)
         VALUES (3, 'brand', 'speed_get', 'command', '{}', 'alice', 1, 'planned', 5, 9);
         INSERT INTO charge (id, account, rule, \"window\", amount, state, errand)
         VALUES (7, 'brand', 'daily_previews', '2027-03-20', 1, 'kept', 3);",
    )
    .unwrap();
    let before = [rows(&db, "errand"), rows(&db, "charge")];

    drop(Store::open(&path, now()).unwrap());

    assert_eq!([rows(&db, "errand"), rows(&db, "charge")], before);
}

#[test]
fn an_upgrade_that_fails_in_the_middle_leaves_the_old_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_1(dir.path());
    let db = Connection::open(&path).unwrap();
    // In the way of the script, after its first changes.
    db.execute_batch("CREATE TABLE decision (in_the_way INTEGER)").unwrap();
    let before = schema(&db);

    let failed = Store::open(&path, now());

    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    assert_eq!(schema(&db), before);
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
    db.execute_batch("DROP TABLE decision").unwrap();
    assert!(Store::open(&path, now()).is_ok());
}

#[test]
fn an_upgraded_database_asks_nothing_about_the_accounts_that_it_knows() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_1(dir.path());
    let [brand, other] = ["brand", "other"].map(service);
    let mut store = Store::open(&path, now()).unwrap();

    let met = |step: &Step<'_>| {
        step.meet_account(&brand, now())?;
        step.meet_account(&other, now())
    };
    store.step(met).unwrap();

    let notes = store.read().attention(now()).unwrap();
    let asked = notes.iter().filter(|note| note.kind == "first_month");
    let asked: Vec<_> = asked.map(|note| note.account.as_deref()).collect();
    assert_eq!(asked, [Some("other")]);
}

#[test]
fn an_upgrade_keeps_the_bodies_and_whom_lists_reached() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_3(dir.path());
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "INSERT INTO account (name) VALUES ('brand');
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5)
         INSERT INTO job (id, account, action, state, taken, priority, planned_at, due_at, taken_at,
             zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line, everyone,
             calls, audience, msgtype, wake_at)
         SELECT 'list-' || n, 'brand', 'broadcast', iif(n < 5, 'accepted', 'planned'), n, 0, 0, 0, 0,
             'Asia/Shanghai', 1800, 7200, 0, 'defer', 'send', '', 'a.yaml', 1, 0, 1, '2 OpenIDs',
             'text', iif(n < 5, NULL, 0) FROM n;
         INSERT INTO batch (id, job, account, number, clientmsgid, body, receivers, state, next_at,
             msg_id, accepted_at, template)
         SELECT taken, id, 'brand', 0, printf('%032d', taken), '{\"touser\":[\"oB\",\"oA\"]}', 2,
             state, 0, iif(taken < 5, taken, NULL), iif(taken < 5, 1, NULL),
             iif(taken = 5, '{\"touser\":[]}', NULL) FROM job;
         INSERT INTO delivery (account, month, openid, batch)
         SELECT 'brand', '2027-03', value, batch.id FROM batch, json_each('[\"oA\",\"oB\"]')
         WHERE batch.id < 5;
         UPDATE batch SET body = '{\"touser\":[\"oC\",\"oA\"]}' WHERE id = 5;",
    )
    .unwrap();
    let before = texts(&db, "SELECT id, body, template FROM batch");

    let store = Store::open(&path, now()).unwrap();

    assert_eq!(texts(&db, "SELECT batch, body, template FROM body"), before);
    let brand = service("brand");
    let id = JobId::parse("list-5").unwrap();
    let march = Window::containing(Span::Month, now());
    assert_eq!(store.read().count_full(&id, &brand, march).unwrap(), (1, 2));
}

fn texts(db: &Connection, sql: &str) -> Vec<(i64, String, Option<String>)> {
    let mut statement = db.prepare(&format!("{sql} ORDER BY 1")).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn service(name: &str) -> Account {
    Account {
        name: name.into(),
        appid: format!("wx{name}"),
        kind: Kind::Service,
        daily_calls: 100,
        history_per_day: Some(1),
        payment: false,
        articles_via: ArticlesVia::Draft,
        openids: OpenIds::Usual,
    }
}
