//! The database: its schema protects what the code promises, and its indexes find due work.

use std::path::Path;

use chrono::{DateTime, Utc};
use qunfa::store::{Store, StoreError, VERSION};
use rusqlite::Connection;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2027-03-20T12:00:00Z").unwrap().to_utc()
}

/// A file with the schema, and a second connection to it.
fn database(dir: &Path) -> Connection {
    let path = dir.join("qunfa.db");
    drop(Store::open(&path, now()).unwrap());
    let db = Connection::open(path).unwrap();
    db.execute_batch(
        "INSERT INTO account (name) VALUES ('brand');
         INSERT INTO job (id, account, action, state, seq, priority, planned_at, due_at, taken_at,
             zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line, everyone,
             calls, audience, msgtype, wake_at)
         VALUES ('a', 'brand', 'broadcast', 'planned', 1, 0, 0, 0, 0, 'Asia/Shanghai', 1800, 7200, 0,
             'defer', 'send', '', 'a.yaml', 1, 1, 1, 'everyone', 'text', 0);
         INSERT INTO batch (id, job, account, number, clientmsgid, state, next_at)
         VALUES (1, 'a', 'brand', 0, '0123456789abcdef0123456789abcdef', 'planned', 0);",
    )
    .unwrap();
    db
}

fn plan(db: &Connection, sql: &str) -> String {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

#[test]
fn due_work_and_results_are_found_by_an_index_and_never_by_a_scan_or_a_sort() {
    let dir = tempfile::tempdir().unwrap();
    let db = database(dir.path());
    for (sql, index) in [
        (
            "SELECT id FROM job WHERE account = 'brand' AND wake_at <= 5
             ORDER BY wake_at, priority DESC, seq LIMIT 1",
            "job_wake",
        ),
        (
            "SELECT wake_at FROM job WHERE account = 'brand' AND wake_at IS NOT NULL
             ORDER BY wake_at LIMIT 1",
            "job_wake",
        ),
        (
            "SELECT 1 FROM job WHERE account = 'brand' AND written_at IS NULL
             AND wake_at IS NOT NULL AND taken_at > 5 AND attempted = 0",
            "job_anytime",
        ),
        (
            "SELECT id FROM batch WHERE account = 'brand' AND result_at <= 5
             ORDER BY result_at LIMIT 1",
            "batch_result",
        ),
        (
            "SELECT 1 FROM batch WHERE account = 'brand' AND state IN ('asking', 'in_doubt')",
            "batch_in_doubt",
        ),
        (
            "SELECT 1 FROM api_call WHERE account = 'brand' AND state = 'waiting'",
            "api_call_waiting",
        ),
    ] {
        let plan = plan(&db, sql);

        assert!(plan.contains(index), "{sql}: {plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
}

#[test]
fn the_zone_of_a_waiting_job_is_in_use_as_long_as_it_waits() {
    let dir = tempfile::tempdir().unwrap();
    let db = database(dir.path());
    let store = Store::open(&dir.path().join("qunfa.db"), now()).unwrap();
    let zones = || store.read().zones_in_use().unwrap();

    db.execute("UPDATE job SET zone = 'Europe/Paris'", []).unwrap();
    assert_eq!(zones(), [chrono_tz::Europe::Paris]);

    db.execute("UPDATE job SET wake_at = NULL, ended_at = 1, state = 'cancelled'", []).unwrap();
    assert_eq!(zones(), []);
}

#[test]
fn the_schema_refuses_what_would_break_a_promise() {
    let dir = tempfile::tempdir().unwrap();
    let db = database(dir.path());
    let charge = |rule: &str, slot: u32| {
        format!(
            "INSERT INTO charge (account, rule, \"window\", amount, state, batch, slot)
             VALUES ('brand', '{rule}', '2027-03-20', 1, 'reserved', 1, {slot})"
        )
    };
    db.execute(&charge("daily_send", 0), []).unwrap();
    for (promise, sql) in [
        ("one slot is charged once", charge("daily_send", 0)),
        ("a day has one slot for a mass send", charge("daily_send", 1)),
        ("a month has four slots for the history", charge("monthly_history", 4)),
        (
            "one clientmsgid is one batch",
            "INSERT INTO batch (job, account, number, clientmsgid, state, next_at) VALUES
             ('a', 'brand', 1, '0123456789abcdef0123456789abcdef', 'planned', 0)"
                .into(),
        ),
        ("a waiting job is looked at again", "UPDATE job SET wake_at = NULL".into()),
        ("an ended job says when", "UPDATE job SET state = 'sent', wake_at = NULL".into()),
        (
            "what is accepted has a msg_id",
            "UPDATE batch SET state = 'accepted', accepted_at = 1".into(),
        ),
        (
            "what went out has a msg_id or a person's word",
            "UPDATE batch SET state = 'sent', accepted_at = 1".into(),
        ),
        ("nothing is asked for longer than 20 h", "UPDATE job SET retry_for_s = 72001".into()),
        ("states are those of the design", "UPDATE job SET state = 'maybe'".into()),
        (
            "only what is made before a broadcast waits for its job",
            "INSERT INTO api_call (account, kind, role, job, parameters, made_at, state) VALUES
             ('brand', 'menu', 'action', 'a', '{}', 0, 'waiting')"
                .into(),
        ),
        (
            "a pause says what to do",
            "UPDATE account SET paused_since_at = 1, paused_why = 'x'".into(),
        ),
    ] {
        assert!(db.execute(&sql, []).is_err(), "{promise}: {sql}");
    }
}

#[test]
fn two_sends_of_one_account_are_never_in_flight_together() {
    let dir = tempfile::tempdir().unwrap();
    let db = database(dir.path());
    let attempt =
        "INSERT INTO attempt (batch, account, begun_at, body_sha256) VALUES (1, 'brand', 0, '')";
    db.execute(attempt, []).unwrap();

    assert!(db.execute(attempt, []).is_err());
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qunfa.db");
    let db = database(dir.path());
    db.pragma_update(None, "user_version", VERSION + 1).unwrap();
    db.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();

    let refused = Store::open(&path, now());

    assert!(matches!(refused, Err(StoreError::Newer(_, version)) if version == VERSION + 1));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qunfa.db");
    std::fs::write(&path, "this is not a database, whatever its name says".repeat(100)).unwrap();

    assert!(matches!(Store::open(&path, now()), Err(StoreError::Damaged(..))));
}

#[test]
fn an_upgrade_that_was_cut_short_left_nothing_and_is_made_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qunfa.db");
    {
        let mut db = Connection::open(&path).unwrap();
        let tx = db.transaction().unwrap();
        tx.execute_batch(include_str!("../../schema.sql")).unwrap();
        // Dropped without a commit, as by a kill.
    }

    let store = Store::open(&path, now()).unwrap();

    assert!(!store.read().last_seen().unwrap().has_jobs);
}

#[test]
fn intents_survive_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qunfa.db");
    let store = Store::open(&path, now()).unwrap();

    assert_eq!(store.settings().unwrap(), ("wal".to_owned(), 2));
}

#[test]
fn a_command_makes_nothing_of_a_file_that_a_daemon_is_only_just_making() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qunfa.db");
    std::fs::write(&path, "").unwrap();

    assert!(Store::open_existing(&path, now()).unwrap().is_none());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn many_may_make_one_database_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qunfa.db");

    let open = || Store::open(&path, now()).map(drop);
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    for one in opened {
        one.unwrap();
    }
}

#[test]
fn the_schema_bounds_retry_for_as_the_program_does() {
    let bound = format!("retry_for_s <= {})", qunfa::model::ASK_WITHIN.num_seconds());

    assert!(include_str!("../../schema.sql").contains(&bound), "{bound}");
}
