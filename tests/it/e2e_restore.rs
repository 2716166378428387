//! The real binary on databases that were put back, as its own instructions say.

use std::fs;

use chrono::TimeDelta;
use qunfa::sandbox::Kind;
use qunfa::store::Store;

use crate::rig::{Account, Rig, at_line, club, daily, real_now, to_tag_with};

fn later(id: &str) -> String {
    to_tag_with(id, "club", &at_line(real_now() + TimeDelta::days(3)))
}

/// Removes what SQLite keeps beside a database that is exchanged.
fn put_back(rig: &Rig, database: &[u8]) {
    for beside in ["qunfa.db-wal", "qunfa.db-shm"] {
        fs::remove_file(rig.path("state").join(beside)).ok();
    }
    fs::write(rig.path("state/qunfa.db"), database).unwrap();
}

#[test]
fn a_backup_that_is_put_back_holds_everything_until_resume() {
    let mut rig = Rig::running(&[club()]);
    rig.drop_file("later.yaml", &later("later"));
    rig.until_state("later", "planned");
    let copy = rig.path("copy.db");
    assert_eq!(rig.say(&["backup", copy.to_str().unwrap()]).code, Some(0));
    assert!(rig.stop().success());
    put_back(&rig, &fs::read(&copy).unwrap());

    rig.start();

    let hold = rig.until_attention("hold");
    assert!(hold["what"].as_str().unwrap().contains("is a backup of"), "{hold}");
    rig.drop_file("now.yaml", &to_tag_with("now", "club", ""));
    rig.until_state("now", "planned");
    assert_eq!(rig.say(&["resume", "--all"]).code, Some(0));
    rig.until_state("now", "sent");
    // Only the first start after the copy holds.
    assert!(rig.stop().success());
    rig.start();
    rig.drop_file("again.yaml", &to_tag_with("again", "club", ""));
    rig.until_state("again", "sent");
}

#[test]
fn a_database_that_does_not_know_an_accepted_file_holds_and_reads_it_back() {
    let mut rig = Rig::running(&[club()]);
    rig.drop_file("known.yaml", &later("known"));
    rig.until_state("known", "planned");
    assert!(rig.stop().success());
    let [database, mark] =
        ["qunfa.db", "mark"].map(|name| fs::read(rig.path("state").join(name)).unwrap());
    rig.start();
    rig.drop_file("late.yaml", &later("late"));
    rig.until_file("accepted", "late.yaml");
    assert!(rig.stop().success());
    put_back(&rig, &database);
    fs::write(rig.path("state/mark"), mark).unwrap();

    rig.start();

    let hold = rig.until_attention("hold");
    assert!(hold["what"].as_str().unwrap().contains("accepted/ holds files"), "{hold}");
    rig.until_state("late", "missed");
    let note = rig.until_attention("missed");
    assert!(note["do"].as_str().unwrap().contains("qunfa retry late"), "{note}");
}

#[test]
fn an_orderly_stop_is_written_down_and_a_kill_is_not() {
    let mut rig = Rig::running(&[club()]);
    rig.drop_file("now.yaml", &to_tag_with("now", "club", ""));
    rig.until_state("now", "sent");
    let orderly = |rig: &Rig| {
        let store = Store::open(&rig.path("state/qunfa.db"), real_now()).unwrap();
        store.read().last_seen().unwrap().orderly
    };
    assert!(!orderly(&rig), "while it runs");

    assert!(rig.stop().success());
    assert!(orderly(&rig));

    rig.start();
    rig.drop_file("then.yaml", &to_tag_with("then", "club", ""));
    rig.until_state("then", "sent");
    rig.kill();
    assert!(!orderly(&rig));
}

#[test]
fn a_job_of_an_account_that_left_hides_no_other_of_its_file() {
    let mut rig = Rig::running(&[club(), daily()]);
    let jobs = later("a1") + &to_tag_with("b1", "daily", "").replace("jobs:\n", "");
    rig.drop_file("both.yaml", &jobs.replace("...\n", ""));
    rig.until_file("accepted", "both.yaml");
    assert!(rig.stop().success());
    for name in ["qunfa.db", "qunfa.db-wal", "qunfa.db-shm"] {
        fs::remove_file(rig.path("state").join(name)).ok();
    }
    rig.write_config(&[club()], rig.sandbox());

    rig.start();

    let job = rig.until_state("a1", "missed");
    assert!(job["reason"].as_str().unwrap().contains("its time has not come"), "{job}");
    rig.until_state("b1", "missed");
    let refused = rig.say(&["retry", "a1"]);
    assert!(refused.err.contains("qunfa resume club"), "{}{}", refused.out, refused.err);
    let resumed = rig.say(&["resume", "--all"]);
    assert!(resumed.out.contains("may be retried from now on"), "{}", resumed.out);
    let retried = rig.say(&["retry", "a1"]);
    assert!(retried.out.contains("you vouch that it did not go out"), "{}", retried.out);
}

#[test]
fn a_database_is_old_also_where_a_known_version_came_back_after_it() {
    let mut rig = Rig::running(&[club()]);
    let first = later("job");
    rig.drop_file("job.yaml", &first);
    rig.until_state("job", "planned");
    rig.until_file("accepted", "job.yaml.receipt.json");
    assert!(rig.stop().success());
    let [database, mark] =
        ["qunfa.db", "mark"].map(|name| fs::read(rig.path("state").join(name)).unwrap());
    rig.start();
    rig.drop_file("again.yaml", &first);
    rig.until_file("accepted", "again.yaml.receipt.json");
    assert!(rig.stop().success());
    put_back(&rig, &database);
    fs::write(rig.path("state/mark"), mark).unwrap();

    rig.start();

    let hold = rig.until_attention("hold");
    assert!(hold["what"].as_str().unwrap().contains("accepted/ holds files"), "{hold}");
    assert_eq!(rig.say(&["resume", "--all"]).code, Some(0));
    // What was found at that start is not found again.
    assert!(rig.stop().success());
    rig.start();
    rig.drop_file("now.yaml", &to_tag_with("now", "club", ""));
    rig.until_state("now", "sent");
}

#[test]
fn a_file_is_not_checked_by_a_config_that_the_running_daemon_does_not_have() {
    let (mut a, mut b) = (Account::new("a", Kind::Service), Account::new("b", Kind::Service));
    let rig = Rig::running(&[a.clone(), b.clone()]);
    rig.drop_file(
        "known.yaml",
        &to_tag_with("known", "a", &at_line(real_now() + TimeDelta::days(3))),
    );
    rig.until_state("known", "planned");
    fs::write(rig.path("new.yaml"), to_tag_with("new", "a", "")).unwrap();
    std::mem::swap(&mut a.spec, &mut b.spec);
    rig.write_config(&[a, b], rig.sandbox());

    for command in ["check", "submit"] {
        let said = rig.say(&[command, rig.path("new.yaml").to_str().unwrap()]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.out.contains("restart the daemon, which moves it"), "{said:?}");
    }
}

#[test]
fn a_database_that_is_replaced_under_a_running_daemon_ends_it() {
    for removed in [false, true] {
        let mut rig = Rig::running(&[club()]);
        rig.drop_file("later.yaml", &later("later"));
        rig.until_state("later", "planned");
        let (database, copy) = (rig.path("state/qunfa.db"), rig.path("copy.db"));
        assert_eq!(rig.say(&["backup", copy.to_str().unwrap()]).code, Some(0));

        match removed {
            false => fs::rename(&copy, &database).unwrap(),
            true => fs::remove_file(&database).unwrap(),
        }

        assert_eq!(rig.wait().code(), Some(3), "{}", rig.log());
        assert!(rig.log().contains("qunfa.db was replaced or removed"), "{}", rig.log());
    }
}
