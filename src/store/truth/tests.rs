use rusqlite::Connection;

use super::*;
use crate::reason::Reason;
use crate::store::Writes;

fn now() -> chrono::DateTime<chrono::Utc> {
    "2027-03-20T12:00:00Z".parse().unwrap()
}

fn why(text: &str) -> Reason {
    Reason::Written { text: text.to_owned() }
}

fn hold(store: &mut Store, account: &str) -> Result<()> {
    store.transaction(|tx| tx.hold(Some(account), &why("not today"), now()))
}

fn is_held(store: &Store, account: &str) -> bool {
    store.read().stops(account).unwrap().hold.is_some()
}

/// Returns a truth with two accounts, and two hosts that follow it.
fn hosts() -> (Mirror, [Store; 2]) {
    let mut first = Store::in_memory(now()).unwrap();
    first
        .transaction(|tx| {
            tx.ensure_account("daily")?;
            tx.ensure_account("club")?;
            tx.run("INSERT INTO account_change (account) VALUES ('club')", [].as_slice())
        })
        .unwrap();
    let mirror = Mirror::of(&first, now()).unwrap();
    let hosts =
        [(); 2].map(|()| mirror.open(Connection::open_in_memory().unwrap(), now()).unwrap());
    (mirror, hosts)
}

#[test]
fn a_transaction_sees_what_another_host_changed_before() {
    let (mirror, [mut here, mut there]) = hosts();

    hold(&mut there, "daily").unwrap();

    assert!(!is_held(&here, "daily"), "nothing was read yet");
    let held =
        here.transaction(|tx| Ok::<_, StoreError>(tx.stops("daily")?.hold.is_some())).unwrap();
    assert!(held);
    assert_eq!(mirror.differs_from(&here.db).unwrap(), None);
    assert_eq!(mirror.differs_from(&there.db).unwrap(), None);
}

#[test]
fn a_look_takes_over_what_another_host_changed() {
    let (_mirror, [mut here, mut there]) = hosts();
    let mut seen = here.seen().unwrap();
    there.records = true;

    hold(&mut there, "club").unwrap();

    assert_eq!(here.writes_since(&mut seen).unwrap(), Writes::Accounts(vec!["club".to_owned()]));
    assert!(is_held(&here, "club"));
    assert_eq!(here.writes_since(&mut seen).unwrap(), Writes::None);
}

#[test]
fn nothing_is_stored_here_that_the_truth_did_not_store() {
    for fault in [MirrorFault::Unreachable, MirrorFault::LostBefore, MirrorFault::Unseated] {
        let (mirror, [mut here, mut there]) = hosts();
        mirror.fail(fault);

        hold(&mut here, "daily").unwrap_err();

        assert!(!is_held(&here, "daily"), "{fault:?}");
        there.refresh().unwrap();
        assert!(!is_held(&there, "daily"), "{fault:?}");
        assert!(hold(&mut there, "daily").is_ok(), "the lock is free after {fault:?}");
    }
}

#[test]
fn a_commit_that_got_through_unseen_is_taken_over_by_the_next_one() {
    let (mirror, [mut here, mut there]) = hosts();
    mirror.fail(MirrorFault::LostAfter);

    hold(&mut here, "daily").unwrap_err();
    hold(&mut there, "club").unwrap();

    assert!(is_held(&there, "daily") && is_held(&there, "club"));
    assert_eq!(mirror.differs_from(&there.db).unwrap(), None);
}

#[test]
fn work_that_is_undone_is_not_sent() {
    let (mirror, [mut here, _there]) = hosts();

    let undone = here.transaction(|tx| {
        tx.hold(Some("daily"), &why("not today"), now())?;
        Err::<(), _>(StoreError::Refused("no".to_owned()))
    });
    undone.unwrap_err();
    here.transaction(|tx| tx.hold(Some("club"), &why("not today"), now())).unwrap();

    assert_eq!(mirror.differs_from(&here.db).unwrap(), None);
    assert!(!is_held(&here, "daily"));
}

#[test]
fn ids_are_not_used_again_by_another_host() {
    let (mirror, [mut here, mut there]) = hosts();
    let record = |store: &mut Store| {
        store.transaction(|tx| {
            tx.run("DELETE FROM account_change", [].as_slice())?;
            tx.run("INSERT INTO account_change (account) VALUES ('daily')", [].as_slice())?;
            Ok::<_, StoreError>(tx.db.last_insert_rowid())
        })
    };
    let first = record(&mut here).unwrap();
    here.transaction(|tx| tx.run("DELETE FROM account_change", [].as_slice())).unwrap();

    assert!(record(&mut there).unwrap() > first);
    assert_eq!(mirror.differs_from(&there.db).unwrap(), None);
}

#[test]
fn a_history_that_does_not_go_on_from_here_ends_the_process() {
    let (_mirror, [mut here, _there]) = hosts();
    let (other, [mut elsewhere, _]) = hosts();
    hold(&mut elsewhere, "daily").unwrap();

    here.following.as_mut().unwrap().truth = Box::new(other);

    assert!(matches!(hold(&mut here, "club"), Err(StoreError::Shared(_))));
}

#[test]
fn every_table_has_a_key_and_triggers() {
    let (_mirror, [here, _there]) = hosts();
    let tables = Tables::of(&here.db).unwrap();
    for table in tables.0.iter().filter(|table| table.name != tables::SEQUENCES) {
        assert!(!table.key.is_empty(), "{}", table.name);
        let triggers: i64 = here
            .db
            .query_row(
                "SELECT count(*) FROM temp.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1
                    AND name LIKE 'capture%'",
                [&table.name],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(triggers, 3, "{}", table.name);
    }
}

#[test]
fn no_statement_replaces_rows_behind_the_triggers() {
    // A conflict that replaces a row removes another one without its delete trigger.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    let replace = ["OR REPL", "ACE"].concat();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(!text.contains(&replace), "{}", path.display());
    }
}

#[test]
fn a_working_memory_that_cannot_store_what_the_truth_has_ends_the_process() {
    let (_mirror, [mut here, _]) = hosts();

    let done = here.transaction(|tx| {
        // Judged at the commit of SQLite alone, after the truth has stored the row.
        tx.db.pragma_update(None, "defer_foreign_keys", "ON")?;
        let sql = "INSERT INTO series_approval (series, person, who, at, until)
                   VALUES ('nowhere', 'anne', 'anne', 1, '2027-03-20')";
        tx.run(sql, [].as_slice())
    });

    let error: StoreError = done.unwrap_err();
    assert!(matches!(error, StoreError::Shared(_)) && !error.is_busy(), "{error}");
}
