//! The real binary over the years: what it removes, and the backups that it makes.

use std::fs;
use std::path::PathBuf;

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::rig::{Rig, at_line, club, real_now, to_tag, to_tag_with};

fn add_to_config(rig: &Rig, lines: &str) {
    let path = rig.path("config.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}{lines}")).unwrap();
}

/// Lets a job and its file be this much older than they are.
fn let_it_be_old(rig: &Rig, id: &str, by: TimeDelta) {
    let db = rusqlite::Connection::open(rig.path("state/qunfa.db")).unwrap();
    let sql = "UPDATE job SET ended_at = ended_at - ?2, due_at = due_at - ?2,
                   planned_at = planned_at - ?2 WHERE id = ?1";
    assert_eq!(db.execute(sql, (id, by.num_milliseconds())).unwrap(), 1);
    let path = rig.path(&format!("inbox/accepted/{id}.yaml.receipt.json"));
    let mut receipt: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for key in ["taken_at", "accepted_at"] {
        let at: chrono::DateTime<Utc> = receipt[key].as_str().unwrap().parse().unwrap();
        receipt[key] = (at - by).to_rfc3339().into();
    }
    fs::write(path, receipt.to_string()).unwrap();
}

#[test]
fn an_old_job_is_removed_up_to_its_id_and_its_file_up_to_the_receipt() {
    let mut rig = Rig::running(&[club()]);
    for id in ["old", "young"] {
        rig.drop_file(&format!("{id}.yaml"), &to_tag(id, "club"));
        rig.until_state(id, "sent");
        rig.until_file("accepted", &format!("{id}.yaml.receipt.json"));
    }
    assert!(rig.stop().success());
    let_it_be_old(&rig, "old", TimeDelta::days(401));
    let_it_be_old(&rig, "young", TimeDelta::days(399));

    rig.start();
    // Only what the platform confirms of the clock lets anything be removed.
    rig.drop_file("new.yaml", &to_tag("new", "club"));
    rig.until_state("new", "sent");
    let accepted = rig.path("inbox/accepted");
    rig.until("the file is removed", || (!accepted.join("old.yaml").exists()).then_some(()));

    let show = rig.ask(&["show", "old", "--json"]);
    assert!(show["pruned_at"].is_string() && show["state"] == "sent", "{show}");
    assert_eq!(show["attempts"].as_array().unwrap().len(), 0);
    let told = rig.say(&["show", "old"]);
    assert!(told.out.contains("its content, attempts and history"), "{}", told.out);
    let young = rig.ask(&["show", "young", "--json"]);
    assert!(young["pruned_at"].is_null() && !young["attempts"].as_array().unwrap().is_empty());
    assert!(
        accepted.join("old.yaml.receipt.json").exists() && accepted.join("young.yaml").exists()
    );
    // The id is refused to this database, and to one that begins anew.
    let other = to_tag("old", "club").replace("words of", "other words of");
    rig.drop_file("other.yaml", &other);
    rig.until_file("rejected", "other.yaml.error.txt");
    assert!(rig.stop().success());
    fs::remove_dir_all(rig.path("state")).unwrap();
    rig.start();
    rig.until_state("old", "missed");
    rig.drop_file("again.yaml", &other);
    rig.until_file("rejected", "again.yaml.error.txt");
    assert_eq!(rig.sends().len(), 3);
}

/// The backups in a folder.
fn backups(rig: &Rig, folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(rig.path(folder)) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The name of the backup that is due now, if one is due from midnight on.
fn todays() -> String {
    let today = real_now().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
    format!("qunfa-{today}.db")
}

const MIDNIGHT: &str = "backup: {dir: backups, at: \"00:00\", keep: 2}\n";

#[test]
fn a_backup_of_the_day_is_restored_in_hold_and_nothing_is_sent_twice() {
    let mut rig = Rig::running(&[club()]);
    rig.drop_file("before.yaml", &to_tag("before", "club"));
    rig.until_state("before", "sent");
    let at = at_line(real_now() + TimeDelta::days(3));
    rig.drop_file("later.yaml", &to_tag_with("later", "club", &at));
    rig.until_state("later", "planned");
    fs::create_dir(rig.path("backups")).unwrap();
    for day in ["2026-01-01", "2026-01-02"] {
        fs::write(rig.path("backups").join(format!("qunfa-{day}.db")), "").unwrap();
    }
    fs::write(rig.path("backups/notes.txt"), "of an operator").unwrap();
    add_to_config(&rig, MIDNIGHT);
    rig.reload("the config was reloaded");
    let copy = rig.path("backups").join(todays());
    rig.until("the backup is made", || {
        rig.log().contains("a backup of the database was made").then_some(())
    });
    let names = ["notes.txt", "qunfa-2026-01-02.db"].map(|name| rig.path("backups").join(name));
    assert_eq!(backups(&rig, "backups"), [&names[0], &names[1], &copy].map(Clone::clone));
    rig.drop_file("after.yaml", &to_tag("after", "club"));
    rig.until_state("after", "sent");
    assert!(rig.stop().success());

    // As docs/operations.md says.
    for beside in ["qunfa.db-wal", "qunfa.db-shm"] {
        fs::remove_file(rig.path("state").join(beside)).ok();
    }
    fs::copy(&copy, rig.path("state/qunfa.db")).unwrap();
    rig.start();

    let hold = rig.until_attention("hold");
    assert!(hold["what"].as_str().unwrap().contains("is a backup of"), "{hold}");
    rig.until_state("after", "missed");
    assert_eq!(rig.until_state("later", "planned")["id"], "later");
    assert_eq!(rig.say(&["resume", "--all"]).code, Some(0));
    for (name, text) in [("before", to_tag("before", "club")), ("after", to_tag("after", "club"))] {
        rig.drop_file(&format!("{name}-again.yaml"), &text);
    }
    rig.drop_file("new.yaml", &to_tag("new", "club"));
    rig.until_state("new", "sent");
    assert_eq!((rig.sends().len(), rig.accepted().len()), (3, 3));
    // The day has its backup: no other is made.
    assert_eq!(backups(&rig, "backups").len(), 3);
}

#[test]
fn a_backup_that_fails_is_told_until_one_is_made() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    add_to_config(&rig, "backup: {dir: secret/backups, at: \"00:00\"}\n");
    rig.reload("the config was reloaded");

    let told = rig.until_attention("backup");

    assert!(told["what"].as_str().unwrap().contains("was not made"), "{told}");
    let path = rig.path("config.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("secret/backups", "backups")).unwrap();
    rig.reload("the config was reloaded");
    rig.until("the backup is there", || (!backups(&rig, "backups").is_empty()).then_some(()));
    rig.until("the alert is over", || {
        let status = rig.ask(&["status", "--json"]);
        let notes = status["attention"].as_array().unwrap().clone();
        (!notes.iter().any(|note| note["kind"] == "backup")).then_some(())
    });
}
