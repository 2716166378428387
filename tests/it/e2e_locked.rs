//! Another program's lock on the database: waited out, told, and nothing is sent meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use crate::e2e_listener::{finished, say, signed};
use crate::rig::{CALLBACK_TOKEN, Rig, club, started, to_tag};
use crate::tap::{Moment, Tap};

/// Locks the database as someone's sqlite3 shell does.
fn lock(rig: &Rig) -> Connection {
    let db = Connection::open(rig.path("state/qunfa.db")).unwrap();
    db.busy_timeout(Duration::from_secs(60)).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    db
}

fn health(rig: &Rig) -> String {
    say(rig, "GET", "/healthz", "")
}

fn until_locked_out(rig: &Rig) {
    rig.until("the lock is noticed", || health(rig).contains(" 503 ").then_some(()));
}

#[test]
fn a_foreign_lock_is_waited_out_and_told() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    rig.answer_first("club");
    let pid = rig.pid();
    let shell = lock(&rig);

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    until_locked_out(&rig);
    // It is told by everything that can tell without writing.
    let note = rig.until_attention("database_locked");
    let me = format!("pid {}", std::process::id());
    assert!(note["what"].as_str().unwrap().contains(&me), "{note}");
    let metrics = say(&rig, "GET", "/metrics", "");
    assert!(metrics.contains("qunfa_database_locked 1"), "{metrics}");
    assert!(metrics.contains("qunfa_not_ready{reason=\"database_locked\"} 1"), "{metrics}");
    let ready = say(&rig, "GET", "/readyz", "");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains(&me), "{ready}");
    // What writes is refused, or given again by its giver.
    let said = rig.say(&["hold", "club"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(said.err.contains("the database is locked by another program"), "{said:?}");
    assert!(said.err.contains(&me) && said.err.contains("nothing was changed"), "{said:?}");
    let push = say(&rig, "POST", &signed("club", CALLBACK_TOKEN), &finished(7));
    assert!(push.starts_with("HTTP/1.1 500"), "{push}");
    assert!(rig.sends().is_empty());
    shell.execute_batch("ROLLBACK").unwrap();

    rig.until_state("spring", "sent");
    rig.until("all is well again", || health(&rig).contains(" 200 ").then_some(()));
    assert_eq!(rig.pid(), pid);
    assert_eq!(rig.sends().len(), 1);
    assert!(rig.stop().success(), "{}", rig.log());
}

#[test]
fn an_answer_that_comes_during_a_lock_is_kept_and_settled() {
    let mut rig = Rig::new(&[club()]);
    let (sent, go_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (tell, wait) = (Arc::clone(&sent), Arc::clone(&go_on));
    let tap = Tap::start(rig.sandbox(), move |moment, path| {
        if moment == Moment::Decided && path.ends_with("/sendall") {
            tell.store(true, Ordering::SeqCst);
            while !wait.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        true
    });
    rig.write_config(&[club()], tap.address);
    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until("the platform decided", || sent.load(Ordering::SeqCst).then_some(()));
    let shell = lock(&rig);

    go_on.store(true, Ordering::SeqCst);
    until_locked_out(&rig);
    shell.execute_batch("ROLLBACK").unwrap();
    rig.until_state("spring", "sent");

    assert_eq!(rig.sends().len(), 1, "it was asked again");
    let attempts = rig.ask(&["show", "spring", "--json"])["attempts"].clone();
    assert_eq!(attempts.as_array().map(Vec::len), Some(1), "{attempts}");
    assert_eq!(attempts[0]["outcome"], "accepted", "{attempts}");
}

#[test]
fn a_daemon_that_is_locked_out_starts_late_and_ends_when_it_is_told_to() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    assert!(rig.stop().success());
    let shell = lock(&rig);

    rig.start();
    rig.until("the lock is noticed", || rig.log().contains("the daemon waits").then_some(()));
    assert_eq!(rig.stop().code(), Some(0), "{}", rig.log());
    rig.start();
    shell.execute_batch("ROLLBACK").unwrap();
    rig.until_listening();

    let shell = lock(&rig);
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    until_locked_out(&rig);
    assert_eq!(rig.stop().code(), Some(0), "{}", rig.log());
    shell.execute_batch("ROLLBACK").unwrap();
    rig.start();
    rig.until_state("spring", "sent");
    assert_eq!(rig.sends().len(), 1);
}

#[test]
fn a_start_that_takes_long_is_no_stepped_clock() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    assert!(rig.stop().success());
    let shell = lock(&rig);

    rig.start();
    // A loop that passes over more than 10 s reports a step.
    let begun = started();
    rig.until("the start took long", || (begun.elapsed().as_secs() > 10).then_some(()));
    shell.execute_batch("ROLLBACK").unwrap();
    rig.until_listening();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    assert!(!rig.log().contains("the clock was stepped"), "{}", rig.log());
}

#[test]
fn a_database_that_another_program_has_for_itself_alone_is_waited_for_and_told() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    assert!(rig.stop().success());
    let shell = Connection::open(rig.path("state/qunfa.db")).unwrap();
    shell.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT").unwrap();

    rig.start();
    rig.until("the lock is noticed", || rig.log().contains("the daemon waits").then_some(()));
    let me = format!("pid {}", std::process::id());
    assert!(rig.log().contains(&me), "{}", rig.log());
    let said = rig.say(&["status"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(said.err.contains("the database is locked by another program"), "{said:?}");
    assert!(said.err.contains(&me), "{said:?}");
    drop(shell);

    rig.until_listening();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    assert_eq!(rig.sends().len(), 1);
}
