//! What an operator sees of what happens by itself: log lines, refused files, signals.

use serde_json::Value;

use crate::e2e_listener::say;
use crate::rig::{Rig, club, to_tag};

#[test]
fn each_change_of_a_jobs_state_is_one_line_with_account_job_and_reason() {
    let mut rig = Rig::new(&[club()]);
    rig.set_environment("QUNFA_LOG_FORMAT", "json");
    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    assert!(rig.stop().success());

    let log = rig.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let changes: Vec<_> = lines.iter().filter(|line| line["to"].is_string()).collect();
    let steps: Vec<_> = changes
        .iter()
        .map(|line| (line["from"].as_str().unwrap(), line["to"].as_str().unwrap()))
        .collect();
    assert_eq!(
        steps,
        [("planned", "releasing"), ("releasing", "accepted"), ("accepted", "sent")],
        "{log}"
    );
    for change in changes {
        assert_eq!(change["job.id"], "spring", "{change}");
        assert_eq!(change["account"], "club", "{change}");
        assert_eq!(change["level"], "INFO", "{change}");
        let (why, message) = (change["why"].as_str().unwrap(), change["message"].as_str().unwrap());
        assert!(!why.is_empty() && message.ends_with(why), "{change}");
        assert!(change["message"].as_str().unwrap().starts_with("job spring was "), "{change}");
    }
    let answer = lines.iter().find(|line| line["attempt.id"].is_number()).unwrap();
    assert_eq!(answer["message"], "the answer to a mass send: accepted", "{answer}");
    assert_eq!((&answer["job.id"], &answer["account"]), (&"spring".into(), &"club".into()));
}

#[test]
fn a_refused_file_needs_a_person_until_its_name_is_taken() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    let refused = || {
        let status = rig.ask(&["status", "--json"]);
        let notes = status["attention"].as_array().unwrap().clone();
        notes.into_iter().filter(|note| note["kind"] == "refused_file").collect::<Vec<_>>()
    };

    rig.drop_file("spring.yaml", &to_tag("spring", "nobody"));
    rig.until_file("rejected", "spring.yaml.error.txt");
    rig.drop_file("notes.txt", "no job");
    rig.until_file("rejected", "notes.txt.error.txt");
    let notes = refused();
    assert_eq!(notes.len(), 2, "{notes:?}");
    let spring = notes.iter().find(|note| note["what"].as_str().unwrap().contains("spring.yaml"));
    let spring = spring.unwrap();
    assert_eq!(spring["what"], "the inbox refused spring.yaml: 1 problem in line 3");
    assert!(spring["do"].as_str().unwrap().contains("spring.yaml.error.txt"), "{spring}");
    let metrics = say(&rig, "GET", "/metrics", "");
    assert!(metrics.contains("qunfa_refused_files 2"), "{metrics}");
    assert!(metrics.contains("kind=\"refused_file\",severity=\"look\"} 2"), "{metrics}");

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    let notes = refused();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0]["what"].as_str().unwrap().contains("notes.txt"), "{notes:?}");
}

#[test]
fn a_hangup_never_ends_the_daemon() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    let pid = rustix::process::Pid::from_raw(i32::try_from(rig.pid()).unwrap()).unwrap();

    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    rig.until("it is told", || rig.log().contains("the config was reloaded").then_some(()));
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    rig.until_state("spring", "sent");
    assert!(rig.stop().success());
}
