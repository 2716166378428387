//! The daemon as a process: its lock, its signals, its clock, its config, its silence about secrets.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use qunfa::sandbox::FaultKind;

use crate::rig::{
    CALLBACK_TOKEN, Rig, SECRET, at_line, club, daily, files_under, fill_the_disk, real_now,
    started, to_tag, to_tag_with,
};
use crate::tap::{Moment, Tap};

#[test]
fn a_second_daemon_on_one_directory_ends_with_3_and_names_the_first() {
    let rig = Rig::running(&[daily()]);
    rig.until_listening();

    let said = rig.say(&["run"]);

    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains(&format!("pid {}", rig.pid())), "{}", said.err);
}

#[test]
fn the_next_daemon_takes_the_lock_of_a_killed_one() {
    let mut rig = Rig::running(&[daily()]);
    rig.until_listening();
    rig.kill();

    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "daily"));

    rig.until_state("spring", "sent");
}

#[test]
fn commands_work_while_the_daemon_is_down() {
    let mut rig = Rig::running(&[club()]);
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    assert!(rig.stop().success());

    assert_eq!(rig.job("spring")["state"], "sent");
    assert_eq!(rig.ask(&["show", "spring", "--json"])["state"], "sent");
    let status = rig.ask(&["status", "--json"]);
    assert_eq!(status["daemon"]["running"], false);
    assert_eq!(status["jobs"]["sent"], 1, "{status}");
    assert_eq!(rig.say(&["retry", "spring"]).code, Some(1));
    assert_eq!(rig.say(&["show", "autumn"]).code, Some(1));
}

#[test]
fn status_names_the_running_daemon() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();

    let status = rig.ask(&["status", "--json"]);

    assert_eq!(status["daemon"]["running"], true);
    assert_eq!(status["daemon"]["pid"], rig.pid());
    assert_eq!(status["accounts"][0]["name"], "club");
}

#[test]
fn what_a_command_writes_is_noticed_within_a_second_or_so() {
    let rig = Rig::running(&[club()]);
    // The secret is wrong: the account is paused until somebody resumes it.
    rig.fault_on("stable_token", FaultKind::Errcode(40_125));
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_reason("spring", "40125");
    let status = rig.ask(&["status", "--json"]);
    assert_eq!(status["accounts"][0]["paused"], true);
    let paused = status["attention"].as_array().unwrap().iter();
    let advice = paused.filter(|note| note["kind"] == "paused").map(|note| note["do"].clone());
    let advice = advice.collect::<Vec<_>>();
    let source = format!("correct the secret that `secret_file` {}", rig.path("secret").display());
    assert!(advice.len() == 1 && advice[0].as_str().unwrap().starts_with(&source), "{advice:?}");
    let shown = rig.say(&["status"]).out;
    assert!(shown.contains("    correct the secret that `secret_file` "), "{shown}");

    assert_eq!(rig.say(&["resume", "club"]).code, Some(0));
    let since = started();
    rig.until("the job goes", || (rig.accepted().len() == 1).then_some(()));

    // A second and what a busy machine needs; far less than any other occasion to look.
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    rig.until_state("spring", "sent");
}

#[test]
fn a_retry_is_noticed_and_asks_with_a_new_id_what_was_refused() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("sendall", FaultKind::Errcode(40_007));
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "failed");

    assert_eq!(rig.say(&["retry", "spring"]).code, Some(0));
    rig.until_state("spring", "sent");

    let sends = rig.sends();
    assert_eq!(sends.len(), 2);
    assert_ne!(sends[0].clientmsgid, sends[1].clientmsgid);
    let mark = fs::read_to_string(rig.path("state/mark")).unwrap();
    assert!(mark.contains("spring"), "{mark}");
}

#[test]
fn a_job_dropped_beyond_its_grace_is_refused_and_one_within_it_goes() {
    let rig = Rig::running(&[club()]);
    let at = real_now() - TimeDelta::minutes(40);

    rig.drop_file("spring.yaml", &to_tag_with("spring", "club", &at_line(at)));
    rig.drop_file("late.yaml", &to_tag_with("late", "club", &at_line(at + TimeDelta::minutes(20))));
    let error = fs::read_to_string(rig.until_file("rejected", "spring.yaml.error.txt")).unwrap();
    rig.until_state("late", "sent");

    assert!(error.contains("its grace of 30 min is over"), "{error}");
    assert_eq!(rig.accepted().len(), 1);
}

#[test]
fn a_clock_30_h_ahead_sends_nothing_and_goes_on_by_itself_once_it_agrees() {
    let mut rig = Rig::new(&[club()]);
    rig.set_sandbox_ahead(-TimeDelta::hours(30));
    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    let note = rig.until_attention("clock");
    let job = rig.until_reason("spring", "clock");
    assert!(rig.sends().is_empty());
    rig.set_sandbox_ahead(TimeDelta::zero());
    rig.until_state("spring", "sent");

    assert!(note["what"].as_str().unwrap().contains("ahead"), "{note}");
    assert_eq!(job["state"], "planned", "{job}");
    assert_eq!(rig.accepted().len(), 1);
    rig.answer_first("club");
    let status = rig.ask(&["status", "--json"]);
    assert_eq!(status["attention"].as_array().map(Vec::len), Some(0), "{status}");
}

#[test]
fn a_lost_database_sends_nothing_again_and_says_what_it_remembers() {
    let mut rig = Rig::running(&[club()]);
    let text = to_tag("spring", "club");
    rig.drop_file("spring.yaml", &text);
    rig.until_state("spring", "sent");
    assert!(rig.stop().success());
    for name in ["qunfa.db", "qunfa.db-wal", "qunfa.db-shm"] {
        fs::remove_file(rig.path("state").join(name)).ok();
    }

    rig.start();
    let job = rig.until("it is read back", || {
        let job = rig.say(&["jobs", "--json"]);
        job.out.contains("missed").then_some(job.out)
    });
    rig.drop_file("again.yaml", &text.replace("words", "other words"));
    let error = rig.until_file("rejected", "again.yaml.error.txt");

    assert!(job.contains("may have been sent"), "{job}");
    let error = fs::read_to_string(error).unwrap();
    assert!(error.contains("again.yaml:2:"), "{error}");
    rig.drop_file("same.yaml", &text);
    rig.until("the same bytes are answered", || {
        let gone = !rig.path("inbox/same.yaml").exists();
        gone.then_some(())
    });
    assert_eq!(rig.sends().len(), 1);
    assert_eq!(rig.say(&["resume", "--all"]).code, Some(0));
    rig.drop_file("autumn.yaml", &to_tag("autumn", "club"));
    rig.until_state("autumn", "sent");
    assert_eq!(rig.sends().len(), 2);
}

#[test]
fn sigterm_ends_an_idle_daemon_at_once() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();

    let since = started();
    let status = rig.stop();

    assert!(status.success());
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

/// A SIGTERM in mid-send ends within 10 s, and the send is settled at the next start.
pub(crate) fn sigterm_in_mid_send(processed: bool) {
    let mut rig = Rig::running(&[club()]);
    rig.fault_on("sendall", FaultKind::Hang { processed });
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until("the request is under way", || (rig.sends().len() == 1).then_some(()));

    let since = started();
    let status = rig.stop();
    assert!(status.success(), "{status}\n{}", rig.log());
    // 8 s for the answer, and what a busy machine needs; the request itself has 30 s.
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    rig.start();
    rig.until_state("spring", "sent");

    assert_eq!(rig.accepted().len(), 1);
    let sends = rig.sends();
    assert_eq!(sends.len(), 2);
    assert_eq!(sends[0].clientmsgid, sends[1].clientmsgid);
    assert!(sends[1].at - sends[0].at >= TimeDelta::seconds(60));
}

#[test]
fn a_config_with_errors_ends_with_3_and_names_line_and_column() {
    let rig = Rig::new(&[club()]);
    let good = fs::read_to_string(rig.path("config.yaml")).unwrap();
    let kind = good.lines().position(|line| line.contains("kind:")).unwrap() + 1;
    for (from, to, place) in [
        ("kind: service", "kind: serivce", format!("config.yaml:{kind}:11")),
        ("kind: service", "kind: service\n    kimd: x", format!("config.yaml:{}:5", kind + 1)),
        ("secret_file: secret", "secret_file: nowhere", format!("config.yaml:{}:", kind + 2)),
        ("inbox: inbox", "inbox: [", "config.yaml:".to_owned()),
        ("http://127.0.0.1", "http://192.0.2.1", format!("config.yaml:{}:", kind + 3)),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(rig.path("config.yaml"), good.replace(from, to)).unwrap();

        let said = rig.say(&["run"]);

        assert_eq!(said.code, Some(3), "{to}: {}", said.err);
        assert!(said.err.contains(&place), "{to}: {place} is not in {}", said.err);
        assert!(!rig.path("state").exists(), "{to}");
    }
    fs::remove_file(rig.path("config.yaml")).unwrap();
    assert_eq!(rig.say(&["run"]).code, Some(3));
}

#[test]
fn a_damaged_database_ends_with_3_and_is_left_alone() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    assert!(rig.stop().success());
    fs::write(rig.path("state/qunfa.db"), "no database at all, but long enough to be read")
        .unwrap();
    for name in ["qunfa.db-wal", "qunfa.db-shm"] {
        fs::remove_file(rig.path("state").join(name)).ok();
    }

    let said = rig.say(&["run"]);

    assert_eq!(said.code, Some(3), "{}", said.err);
    let left = fs::read_to_string(rig.path("state/qunfa.db")).unwrap();
    assert!(left.starts_with("no database"));
}

#[test]
fn damage_deep_in_a_large_database_ends_the_daemon_with_3() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    assert!(rig.stop().success());
    let path = rig.path("state/qunfa.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE filler (bytes BLOB); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1
         FROM n WHERE i < 40) INSERT INTO filler SELECT zeroblob(1000000) FROM n;
         PRAGMA wal_checkpoint(TRUNCATE);",
    )
    .unwrap();
    drop(db);
    let file = fs::File::options().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xff; 4_096 * 8], 36 << 20).unwrap();

    let said = rig.say(&["run"]);

    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("is damaged"), "{}", said.err);
}

#[test]
fn storage_that_fails_ends_the_daemon_with_4_and_nothing_is_sent() {
    let mut rig = Rig::new(&[club()]);
    rig.start_with_errors_for_full_disks();
    rig.until_listening();
    fill_the_disk(rig.pid());

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    let status = rig.wait();

    assert_eq!(status.code(), Some(4), "{status}");
    assert!(rig.sends().is_empty());
    rig.start();
    rig.until_state("spring", "sent");
    assert_eq!(rig.accepted().len(), 1);
}

/// An answer that cannot be stored ends the daemon, and is adopted at the next start.
pub(crate) fn an_answer_that_cannot_be_stored_is_adopted() {
    let club = club();
    let mut rig = Rig::new(std::slice::from_ref(&club));
    let pid = Arc::new(AtomicU32::new(0));
    let daemon = Arc::clone(&pid);
    let tap = Tap::start(rig.sandbox(), move |moment, path| {
        let daemon = daemon.load(Ordering::SeqCst);
        if moment == Moment::Decided && path.ends_with("sendall") && daemon != 0 {
            fill_the_disk(daemon);
        }
        true
    });
    rig.write_config(std::slice::from_ref(&club), tap.address);
    rig.start_with_errors_for_full_disks();
    pid.store(rig.pid(), Ordering::SeqCst);
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    let status = rig.wait();

    pid.store(0, Ordering::SeqCst);
    rig.start();
    rig.until_state("spring", "sent");

    assert_eq!(status.code(), Some(4), "{status}");
    assert_eq!(rig.accepted().len(), 1);
    assert_eq!(rig.sends().len(), 2);
}

#[test]
fn the_state_is_readable_by_its_owner_only() {
    let rig = Rig::running(&[club()]);
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&rig.path("state")), 0o700);
    for file in files_under(&rig.path("state")) {
        assert_eq!(mode(&file) & 0o077, 0, "{} has {:o}", file.display(), mode(&file));
    }
}

#[test]
fn no_secret_or_token_is_ever_written_down_whatever_is_logged() {
    let club = club();
    let mut rig = Rig::new(std::slice::from_ref(&club));
    let tap = Tap::start(rig.sandbox(), |_, _| true);
    rig.write_config(std::slice::from_ref(&club), tap.address);
    rig.set_environment("QUNFA_LOG", "trace");
    rig.set_environment("RUST_LOG", "trace");
    rig.start();
    rig.fault_on("stable_token", FaultKind::Errcode(-1));
    rig.fault_on("sendall", FaultKind::Errcode(40_007));
    rig.drop_file("first.yaml", &to_tag("first", "club"));
    rig.until_state("first", "failed");
    rig.platform().expire_tokens(&club.spec.appid);
    rig.drop_file("second.yaml", &to_tag("second", "club"));
    rig.until_state("second", "sent");
    knock(&rig, &format!("GET /callback/club?signature=x&timestamp=1&nonce={CALLBACK_TOKEN}x"));
    assert!(rig.stop().success());

    let tokens = tap.tokens();
    assert!(tokens.len() >= 2, "{tokens:?}");
    let mut canaries = tokens;
    canaries.extend([SECRET.to_owned(), "words of first".to_owned()]);
    let output = [rig.path("out.log"), rig.path("err.log")];
    for file in &output {
        let text = fs::read_to_string(file).unwrap();
        for canary in &canaries {
            assert!(!text.contains(canary), "{canary} is in {}", file.display());
        }
    }
    for file in files_under(&rig.path("state")) {
        let bytes = fs::read(&file).unwrap();
        for canary in canaries.iter().filter(|canary| !canary.contains("words")) {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is in {}", file.display());
        }
    }
}

fn knock(rig: &Rig, request: &str) {
    let mut stream = TcpStream::connect(rig.listen).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}
