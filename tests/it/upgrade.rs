//! A database of an earlier version becomes the present one, whole or not at all.
//!
//! `schema_3.sql` to `schema_9.sql` are the schema as those versions had it; they are never edited.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use qunfa::calendar::{Span, Window};
use qunfa::model::{Account, ArticlesVia, JobId, Kind, OpenIds};
use qunfa::reason::Reason;
use qunfa::store::{Store, StoreError, Tx, VERSION};
use rusqlite::Connection;
use rusqlite::types::Value;

/// A row in every table of version 4 but `daemon`.
const ROWS_4: &str = "
    INSERT INTO account (name, hold_since_at, hold_why, known_at)
    VALUES ('brand', 5, 'alice said hold', 7);
    INSERT INTO former_name (name, appid) VALUES ('old', 'wxbrand');
    INSERT INTO file (sha256, name, taken_at) VALUES ('abc', 'a.yaml', 1);
    INSERT INTO job (id, account, action, state, taken, priority, planned_at, due_at, taken_at,
        zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line, everyone,
        calls, audience, msgtype, wake_at, asked, first_asked_at, yields)
    VALUES ('a', 'brand', 'broadcast', 'planned', 1, 0, 0, 0, 0, 'Asia/Shanghai', 1800, 7200, 0,
        'defer', 'send', '', 'a.yaml', 1, 1, 1, 'everyone', 'text', 0, 1, 3, 1);
    INSERT INTO batch (id, job, account, number, clientmsgid, state, next_at)
    VALUES (1, 'a', 'brand', 0, '0123456789abcdef0123456789abcdef', 'planned', 0);
    INSERT INTO body (batch, body) VALUES (1, '{}');
    INSERT INTO receiver (batch, part, keys) VALUES (1, 0, x'000102030405060708090a0b');
    INSERT INTO attempt (id, batch, account, begun_at, body_sha256) VALUES (7, 1, 'brand', 3, 'def');
    INSERT INTO call (id, account, attempt, begun_at) VALUES (4, 'brand', 7, 3);
    INSERT INTO external_send (id, account, at, source, confirmed) VALUES (2, 'brand', 9, 'event', 0);
    INSERT INTO errand (id, account, kind, role, job, parameters, who, made_at, state, next_at, call)
    VALUES (3, 'brand', 'speed_set', 'prelude', 'a', '{}', 'alice', 1, 'planned', 5, 9);
    INSERT INTO charge (id, account, rule, \"window\", amount, state, batch, attempt, slot)
    VALUES (6, 'brand', 'daily_send', '2027-03-20', 1, 'reserved', 1, 7, 0);
    INSERT INTO charge (id, account, rule, \"window\", amount, state, external_send)
    VALUES (8, 'brand', 'daily_history', '2027-03-20', 1, 'kept', 2);
    INSERT INTO charge (id, account, rule, \"window\", amount, state, errand)
    VALUES (9, 'brand', 'daily_previews', '2027-03-20', 1, 'kept', 3);
    INSERT INTO claim (job, account, rule, \"window\", amount, behind, taken)
    VALUES ('a', 'brand', 'daily_send', '2027-03-20', 1, 0, 1);
    INSERT INTO delivery (account, month, batch) VALUES ('brand', '2027-03', 1);
    INSERT INTO event (id, account, received_at, raw, msg_id, created_at, status, words)
    VALUES (1, 'brand', 2, x'3c', 3, 1, 'send success', 'it went out');
    INSERT INTO article_result (account, msg_id, article_idx, proven) VALUES ('brand', 3, 1, 1);
    INSERT INTO unread_event (account, received_at, raw, why) VALUES ('brand', 2, x'00', 'no XML');
    INSERT INTO history (job, at, to_state, why) VALUES ('a', 1, 'planned', 'taken');
    INSERT INTO attention (account, job, kind, since_at, what, \"do\")
    VALUES ('brand', NULL, 'clock', 1, 'what', 'do');
    INSERT INTO acknowledgement (at, who, kind, subject, since_at, what)
    VALUES (1, 'alice', 'clock', '', 1, 'what');
    INSERT INTO decision (at, who, what, account) VALUES (1, 'alice', 'hold', 'brand');
    INSERT INTO follower_shards (account, shards) VALUES ('brand', 1);
    INSERT INTO follower (account, shard, keys) VALUES ('brand', 0, x'000102030405060708090a0b');
    INSERT INTO reading (id, account, state, begun_at, next_at) VALUES (5, 'brand', 'asking', 1, 2);
    INSERT INTO reading_set (reading, tag, name, told) VALUES (5, -1, 'everyone', 4);
    INSERT INTO reading_part (reading, tag, part, shard, keys)
    VALUES (5, -1, 0, 0, x'000102030405060708090a0b');
    INSERT INTO member (reading, tag, shard, numbers) VALUES (5, -1, 0, x'00');
    INSERT INTO received (account, month, shard, levels) VALUES ('brand', '2027-03', 0, x'00');
    INSERT INTO audience (batch, account, month, reading, exact) VALUES (1, 'brand', '2027-03', 5, 1);
    INSERT INTO reading_wish (account, since_at) VALUES ('brand', 3);
    INSERT INTO prelude (job, account, kind, parameters, ahead_s)
    VALUES ('a', 'brand', 'speed_set', '{}', 60);
    INSERT INTO upload (account, kind, sha256, value, uploaded_at)
    VALUES ('brand', 'image', 'abc', 'MEDIA', 1);
    INSERT INTO upload_attempt (account, job, kind, sha256, name, begun_at)
    VALUES ('brand', 'a', 'image', 'abc', 'a.png', 1);
    INSERT INTO series (id, account, state, cron, zone, job, digest, file, line, taken_at)
    VALUES ('s', 'brand', 'active', '0 20 * * *', 'Asia/Shanghai', '{}', '', 'a.yaml', 1, 1);
    INSERT INTO job (id, account, action, state, taken, priority, planned_at, due_at, taken_at,
        zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line, everyone,
        calls, audience, msgtype, wake_at)
    VALUES ('s@2027-03-20', 'brand', 'broadcast', 'planned', 2, 0, 0, 0, 0, 'Asia/Shanghai', 1800,
        7200, 0, 'defer', 'send', '', 'a.yaml', 1, 1, 1, 'everyone', 'text', 0);
    INSERT INTO occurrence (series, date, job) VALUES ('s', '2027-03-20', 's@2027-03-20');
    INSERT INTO refused_file (name, refused_at, problems, line) VALUES ('b.yaml', 1, 1, 0);
";

/// The tables that version 5 calls otherwise.
const TABLES_5: [(&str, &str); 7] = [
    ("attention", "alert"),
    ("errand", "api_call"),
    ("prelude", "pre_send"),
    ("reading", "follower_sync"),
    ("reading_part", "staged_page"),
    ("reading_set", "follower_sync_set"),
    ("reading_wish", "sync_request"),
];

/// The columns that version 5 calls otherwise, in whichever table.
const COLUMNS_5: [(&str, &str); 8] = [
    ("asked", "attempted"),
    ("behind", "neg_priority"),
    ("errand", "api_call"),
    ("first_asked_at", "first_attempt_at"),
    ("reading", "follower_sync"),
    ("taken", "seq"),
    ("told", "reported"),
    ("yields", "can_advance"),
];

/// The stored words that version 5 calls otherwise.
const WORDS_5: [(&str, &str); 3] =
    [("prelude", "pre_send"), ("errand", "api_call"), ("reading", "follower_sync")];

fn renamed<'n>(names: &[(&str, &'static str)], old: &'n str) -> &'n str {
    names.iter().find(|(from, _)| *from == old).map_or(old, |(_, to)| to)
}

fn now() -> DateTime<Utc> {
    "2027-03-20T12:00:00Z".parse().unwrap()
}

/// A database as version 3 made it, without rows of its own.
fn version_3(dir: &Path) -> PathBuf {
    version(3, include_str!("schema_3.sql"), dir)
}

/// A database as version 4 made it, without rows of its own.
fn version_4(dir: &Path) -> PathBuf {
    version(4, include_str!("schema_4.sql"), dir)
}

/// A database as version 5 made it, without rows of its own.
fn version_5(dir: &Path) -> PathBuf {
    version(5, include_str!("schema_5.sql"), dir)
}

/// A database as version 6 made it, without rows of its own.
fn version_6(dir: &Path) -> PathBuf {
    version(6, include_str!("schema_6.sql"), dir)
}

/// A database as version 7 made it, without rows of its own.
fn version_7(dir: &Path) -> PathBuf {
    version(7, include_str!("schema_7.sql"), dir)
}

/// A database as version 8 made it, without rows of its own.
fn version_8(dir: &Path) -> PathBuf {
    version(8, include_str!("schema_8.sql"), dir)
}

/// A database as version 9 made it, without rows of its own.
fn version_9(dir: &Path) -> PathBuf {
    version(9, include_str!("schema_9.sql"), dir)
}

fn version(version: i64, schema: &str, dir: &Path) -> PathBuf {
    let path = dir.join(format!("version-{version}.db"));
    let db = Connection::open(&path).unwrap();
    db.execute_batch(schema).unwrap();
    db.execute("INSERT INTO daemon (one, created_at, seen_at) VALUES (1, 11, 12)", []).unwrap();
    db.pragma_update(None, "user_version", version).unwrap();
    path
}

/// Everything in `sqlite_schema`, without comments and quotes and with one kind of space.
fn schema(db: &Connection) -> BTreeMap<String, String> {
    let mut statement = db
        .prepare("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(|row| {
        let (name, sql): (String, String) = row.unwrap();
        let bare = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        let words = bare.collect::<Vec<_>>().join(" ").replace(',', " , ").replace(')', " ) ");
        // SQLite quotes the names that it writes into a table's text itself.
        let words = words.replace('"', "");
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

    let versions = [version_3, version_4, version_5, version_6, version_7, version_8, version_9];
    for old in versions.map(|version| version(dir.path())) {
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
    let path = version_4(dir.path());
    let db = Connection::open(&path).unwrap();
    // The rows name what each table refers to, but for one another's own sake only.
    db.pragma_update(None, "foreign_keys", "OFF").unwrap();
    db.execute_batch(ROWS_4).unwrap();
    let before: Vec<_> = tables(&db).into_iter().map(|name| (rows(&db, &name), name)).collect();

    drop(Store::open(&path, now()).unwrap());

    // What a job owns follows from its due time since version 6.
    for (old, table) in before.into_iter().filter(|(_, table)| table != "claim") {
        assert!(!old.is_empty() || table == "sqlite_sequence", "{table} has no row to lose");
        if table == "prelude" {
            // It waits among the calls: a test of its own says how.
            continue;
        }
        let mut new = rows(&db, renamed(&TABLES_5, &table));
        new.retain(|row| row.get("state") != Some(&Value::Text("waiting".to_owned())));
        assert_eq!(old.len(), new.len(), "{table}");
        for (old, new) in old.iter().zip(&new) {
            for (column, value) in old {
                let expected = match value {
                    Value::Text(text) if column == "role" || table == "sqlite_sequence" => {
                        &Value::Text(renamed(&WORDS_5, text).to_owned())
                    }
                    Value::Text(_)
                    | Value::Null
                    | Value::Integer(_)
                    | Value::Real(_)
                    | Value::Blob(_) => value,
                };
                let column = renamed(&COLUMNS_5, column);
                if column == "can_advance" {
                    continue;
                }
                assert_eq!(Some(expected), new.get(column), "{table}.{column}");
            }
        }
    }
}

#[test]
fn an_upgrade_gives_a_code_to_each_reason_that_decides_something_and_keeps_the_other_sentences() {
    const LOST: &str = "the database that knew it is lost: it may have been sent";
    const LOST_BEFORE_DUE: &str = "the database that knew it is lost; its time has not come: it was \
        not sent unless an edit that accepted/ lacks moved it forward";
    const OLD: &str = "the database may be an older one: this may have been sent at its own time, \
        which the platform would not know any more when it is due";
    const HOLD: &str = "the database is a backup; these jobs may have been sent already: a, b";
    let written = |text: &str| Reason::Written { text: text.to_owned() };
    let in_question = |text: &str| Reason::WrittenInQuestion { text: text.to_owned() };
    let cause = |text: &str| Box::new(written(text));
    let deferred = |text| Reason::Deferred { cause: cause(text), goes_at: None, was_due: None };
    let reasons = [
        (LOST, Reason::DatabaseLost),
        (LOST_BEFORE_DUE, Reason::DatabaseLostBeforeDue),
        (OLD, Reason::DatabaseMayBeOld),
        ("it may have been sent, who knows", in_question("it may have been sent, who knows")),
        ("waits for its uploads", Reason::WaitsForUploads { cause: None }),
        ("waits for its uploads: 春", Reason::WaitsForUploads { cause: Some(cause("春")) }),
        ("deferred: no room", deferred("no room")),
        ("it was not accepted", written("it was not accepted")),
    ];
    let file = || "a, line 2, line .yaml".to_owned();
    let stories = [
        (
            "taken from a, line 2, line .yaml, line 12",
            Reason::TakenFrom { file: file(), line: 12, by: None },
        ),
        (
            "changed by a, line 2, line .yaml, line 3",
            Reason::ChangedBy { file: file(), line: 3, by: None },
        ),
        ("changed by hand", written("changed by hand")),
        ("deferred: full; it goes at 7", deferred("full; it goes at 7")),
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = version_4(dir.path());
    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "foreign_keys", "OFF").unwrap();
    db.execute_batch(ROWS_4).unwrap();
    for (index, (text, _)) in reasons.iter().enumerate() {
        let row: Vec<String> = rows(&db, "job")[0].keys().cloned().collect();
        let values = row.iter().map(|column| match column.as_str() {
            "id" => format!("'r{index}'"),
            "taken" => (10 + index).to_string(),
            "reason" => "?1".to_owned(),
            other => other.to_owned(),
        });
        let (columns, values) = (row.join(", "), values.collect::<Vec<_>>().join(", "));
        let sql = format!("INSERT INTO job ({columns}) SELECT {values} FROM job WHERE id = 'a'");
        db.execute(&sql, [text]).unwrap();
    }
    for (text, _) in &stories {
        let sql = "INSERT INTO history (job, at, to_state, why) VALUES ('b', 1, 'planned', ?1)";
        db.execute(sql, [text]).unwrap();
    }
    db.execute("UPDATE daemon SET hold_since_at = 1, hold_why = ?1", [HOLD]).unwrap();

    let store = Store::open(&path, now()).unwrap();

    let tx = store.read();
    for (index, (_, expected)) in reasons.into_iter().enumerate() {
        let view = tx.job_view(&format!("r{index}")).unwrap().unwrap();
        assert_eq!(view.reason.as_ref(), Some(&expected));
        // Queries compare what is stored.
        let sql = "SELECT reason FROM job WHERE id = ?1";
        let stored: String = db.query_row(sql, [&view.id], |row| row.get(0)).unwrap();
        assert!(stored == expected.to_json() || expected == written(&stored), "{stored}");
    }
    let lines: Vec<_> = tx.history("b").unwrap().into_iter().map(|line| line.why).collect();
    assert_eq!(lines, stories.map(|(_, expected)| expected));
    let (_, held) = tx.hold_of(None).unwrap().unwrap();
    assert_eq!(held, Reason::WrittenInQuestion { text: HOLD.to_owned() });
}

#[test]
fn calls_before_a_broadcast_wait_among_all_calls_and_no_call_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_5(dir.path());
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "UPDATE daemon SET seen_at = 90;
         INSERT INTO account (name) VALUES ('brand');
         INSERT INTO job (id, account, action, state, seq, priority, planned_at, due_at, taken_at,
             zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line,
             everyone, calls, audience, msgtype, wake_at)
         VALUES ('a', 'brand', 'broadcast', 'planned', 1, 0, 0, 7, 3, 'Asia/Shanghai', 1800, 7200,
             0, 'defer', 'send', '', 'a.yaml', 1, 1, 1, 'everyone', 'text', 0);
         INSERT INTO api_call (id, account, kind, role, job, parameters, made_at, state, next_at,
             attempts, ended_at)
         VALUES (1, 'brand', 'preview', 'command', 'a', '{}', 1, 'planned', 5, 0, NULL),
             (2, 'brand', 'preview', 'pre_send', 'a', '{}', 1, 'asking', NULL, 1, NULL),
             (3, 'brand', 'speed_set', 'pre_send', 'a', '{}', 1, 'in_doubt', 5, 2, NULL),
             (4, 'brand', 'speed_get', 'command', NULL, '{}', 1, 'done', NULL, 1, 6),
             (8, 'brand', 'menu', 'action', 'a', '{}', 1, 'failed', NULL, 8, 6);
         INSERT INTO charge (account, rule, \"window\", amount, state, api_call)
         VALUES ('brand', 'daily_previews', '2027-03-20', 1, 'kept', 2);
         INSERT INTO pre_send (job, account, kind, parameters, ahead_s, done_for_at, closed)
         VALUES ('a', 'brand', 'preview', '\"waits\"', 600, NULL, 0),
             ('a', 'brand', 'preview', '\"made\"', 600, 7, 1),
             ('a', 'brand', 'speed_set', '\"waits\"', 60, NULL, 0),
             ('a', 'brand', 'speed_set', '\"set\"', 60, 7, 0),
             ('a', 'brand', 'speed_set', '\"over\"', 60, NULL, 1);",
    )
    .unwrap();
    let before = rows(&db, "api_call");

    drop(Store::open(&path, now()).unwrap());

    // This connection knows the old columns.
    let db = Connection::open(&path).unwrap();
    let mut after = rows(&db, "api_call");
    let waiting = after.split_off(before.len());
    for (old, mut new) in before.into_iter().zip(after) {
        assert_eq!(new.remove("ahead_s"), Some(Value::Null));
        assert_eq!(new.remove("served_at"), Some(Value::Null));
        assert_eq!(old, new);
    }
    let column = |name: &str| waiting.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    let texts = |texts: [&str; 4]| texts.map(|text| Value::Text(text.to_owned())).to_vec();
    let numbers = |numbers: [Option<i64>; 4]| {
        numbers.map(|number| number.map_or(Value::Null, Value::Integer)).to_vec()
    };
    assert_eq!(column("parameters"), texts(["\"waits\"", "\"over\"", "\"set\"", "\"waits\""]));
    assert_eq!(column("kind"), texts(["preview", "speed_set", "speed_set", "speed_set"]));
    assert_eq!(column("state"), texts(["waiting", "dropped", "waiting", "waiting"]));
    assert_eq!(column("role"), texts(["pre_send"; 4]));
    assert_eq!(column("ahead_s"), numbers([Some(600), Some(60), Some(60), Some(60)]));
    assert_eq!(column("served_at"), numbers([None, None, Some(7), None]));
    assert_eq!(column("ended_at"), numbers([None, Some(90), None, None]));
    assert_eq!(column("made_at"), numbers([Some(3); 4]));
}

#[test]
fn an_upgrade_that_fails_in_the_middle_leaves_the_old_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_4(dir.path());
    let db = Connection::open(&path).unwrap();
    // In the way of the script, after its first changes.
    db.execute_batch("CREATE TABLE pre_send (in_the_way INTEGER)").unwrap();
    let before = schema(&db);

    let failed = Store::open(&path, now());

    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    assert_eq!(schema(&db), before);
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 4);
    db.execute_batch("DROP TABLE pre_send").unwrap();
    assert!(Store::open(&path, now()).is_ok());
}

#[test]
fn a_database_from_before_the_first_release_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = version(2, "CREATE TABLE daemon (one, created_at, seen_at)", dir.path());
    let before = std::fs::read(&path).unwrap();

    let refused = Store::open(&path, now());

    assert!(matches!(refused, Err(StoreError::Older(_, 2))), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_upgraded_database_asks_nothing_about_the_accounts_that_it_knows() {
    let dir = tempfile::tempdir().unwrap();
    let path = version_3(dir.path());
    Connection::open(&path)
        .unwrap()
        .execute("INSERT INTO account (name, known_at) VALUES ('brand', 7)", [])
        .unwrap();
    let [brand, other] = ["brand", "other"].map(service);
    let mut store = Store::open(&path, now()).unwrap();

    let met = |tx: &Tx<'_>| {
        tx.register_account(&brand, now())?;
        tx.register_account(&other, now())
    };
    store.transaction(met).unwrap();

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
        approvals: 0,
        payment: false,
        articles_via: ArticlesVia::Draft,
        openids: OpenIds::Usual,
    }
}
