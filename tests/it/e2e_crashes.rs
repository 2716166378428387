//! Work that ends the daemon at each start: set aside after three crashes, so that the rest goes on.

use std::fs;

use chrono::SecondsFormat;

use crate::rig::{Rig, club, daily, real_now, to_tag, to_tag_with};

/// Changes the database behind the daemon's back, as no code of ours would.
fn spoil(rig: &Rig, sql: &str) {
    let db = rusqlite::Connection::open(rig.path("state/qunfa.db")).unwrap();
    assert_eq!(db.execute(sql, []).unwrap(), 1, "{sql}");
}

/// A rig with a job of `club` that ends the daemon once it is due.
fn with_a_poison_job(sql: &str) -> Rig {
    let mut rig = Rig::running(&[club(), daily()]);
    rig.drop_file("poison.yaml", &to_tag_with("poison", "club", "approval: true"));
    rig.until_state("poison", "held");
    assert!(rig.stop().success());
    spoil(&rig, sql);
    rig
}

fn crash(rig: &mut Rig, times: usize) {
    for time in 1..=times {
        rig.start();
        let ended = rig.wait();
        assert!(!ended.success(), "start {time}: {ended}");
    }
}

#[test]
fn a_job_that_ends_the_daemon_three_times_is_missed_and_the_others_go() {
    // JSON, but no object that could get a field: a panic.
    let mut rig = with_a_poison_job("UPDATE body SET body = '[]'");
    assert_eq!(rig.say(&["approve", "poison"]).code, Some(0));

    crash(&mut rig, 3);
    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    let poison = rig.until_state("poison", "missed");
    rig.until_state("spring", "sent");

    let reason = poison["reason"].as_str().unwrap();
    assert!(reason.contains("crashed 3 times over this job"), "{reason}");
    assert!(rig.log().contains("panicked at"), "{}", rig.log());
    assert_eq!(rig.until_attention("missed")["id"], "poison");
    assert_eq!(rig.accepted().len(), 1);
    assert!(rig.stop().success());
}

#[test]
fn a_job_that_was_asked_for_before_is_kept_and_its_account_is_paused() {
    // No JSON: an error of the statement that reads it.
    let mut rig = with_a_poison_job("UPDATE body SET body = 'no object'");
    spoil(&rig, "UPDATE job SET state = 'planned', attempted = 1, wake_at = 0 WHERE id = 'poison'");

    crash(&mut rig, 3);
    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "daily"));
    rig.until_state("spring", "sent");

    let note = rig.until_attention("paused");
    assert_eq!(note["account"], "club");
    let what = note["what"].as_str().unwrap();
    assert!(what.contains("crashed 3 times") && what.contains("over job poison"), "{note}");
    assert_eq!(rig.job("poison")["state"], "planned");
    assert!(rig.stop().success());
}

#[test]
fn a_job_that_cannot_even_be_read_pauses_its_account_and_the_other_accounts_go() {
    let mut rig = with_a_poison_job("UPDATE job SET zone = 'Nowhere/Land' WHERE id = 'poison'");
    spoil(&rig, "UPDATE job SET state = 'planned', wake_at = 0 WHERE id = 'poison'");

    crash(&mut rig, 3);
    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "daily"));
    rig.until_state("spring", "sent");

    assert!(rig.log().contains("crashed 3 times over this account: the account is paused"));
    assert!(rig.stop().success());
}

#[test]
fn three_kills_set_nothing_aside() {
    let mut rig = Rig::running(&[club()]);
    for _ in 0..3 {
        rig.until_listening();
        rig.kill();
        rig.start();
    }

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    rig.until_state("spring", "sent");
    assert!(!rig.path("state/crashes").exists());
}

/// Writes down three crashes over one thing, as a daemon that ended would have.
fn write_crashes(rig: &Rig, hand: &str, job: &str) {
    let at = real_now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let crash = format!(r#"{{"at":"{at}","hand":{hand},"job":{job}}}"#);
    fs::create_dir(rig.path("state")).unwrap();
    fs::write(rig.path("state/crashes"), format!("[{crash},{crash},{crash}]")).unwrap();
}

#[test]
fn crashes_over_a_job_that_the_database_lacks_are_forgotten() {
    let mut rig = Rig::new(&[club()]);
    write_crashes(&rig, r#"{"account":"club"}"#, r#""poison""#);

    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    rig.until_state("spring", "sent");
    assert_eq!(fs::read_to_string(rig.path("state/crashes")).unwrap(), "[]");
    assert!(rig.stop().success());
}

#[test]
fn a_file_that_ended_the_daemon_three_times_is_refused_once() {
    let mut rig = Rig::new(&[club()]);
    write_crashes(&rig, r#"{"file":"spring.yaml"}"#, "null");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    rig.start();
    let error = rig.until_file("rejected", "spring.yaml.error.txt");
    let said = fs::read_to_string(error).unwrap();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    assert!(said.contains("crashed over and over"), "{said}");
    rig.until_state("spring", "sent");
}

#[test]
fn a_file_that_was_removed_before_the_start_refuses_no_other_of_its_name() {
    let mut rig = Rig::new(&[club()]);
    write_crashes(&rig, r#"{"file":"spring.yaml"}"#, "null");

    rig.start();
    // Once this is taken, the inbox was looked at.
    rig.drop_file("autumn.yaml", &to_tag("autumn", "club"));
    rig.until_state("autumn", "sent");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    rig.until_file("accepted", "spring.yaml");
    assert!(!rig.path("inbox/rejected/spring.yaml").exists());
}
