//! `check`: what the inbox would say of a file, and when its jobs would go.

use std::fs;

use qunfa::cli::Answer;
use serde_json::Value;

use crate::cli::{JOBS, World, assert_fits, assert_golden, coming};

#[test]
fn check_says_when_jobs_go_and_what_keeps_them() {
    let world = World::new();
    world.take(JOBS);
    let file = "jobs:
  - {id: second, account: brand-daily, at: 2027-03-20 21:00, broadcast: {filter: {tag_id: 2}, text: 春}}
  - {id: midnight, account: brand-club, at: 2027-03-21 00:00, broadcast: {filter: {tag_id: 2}, text: 春}}
  - {id: club-late, account: brand-club, at: 2027-03-20 19:50, broadcast: {filter: {tag_id: 2}, text: 晚安}}
";
    let path = world.file("more.yaml", file);

    let (answer, text) = world.run(&["check", &path]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert_fits(&text);
    assert_golden("check.txt", &text.replace(world.folder.path().to_str().unwrap(), "FOLDER"));
}

#[test]
fn check_says_no_to_what_will_not_go() {
    let world = World::new();
    world.take(JOBS);
    let job = |rest: &str| {
        let job = "id: late, account: brand-daily, broadcast: {filter: {tag_id: 2}, text: 春}";
        format!("jobs:\n  - {{{job}, {rest}}}\n")
    };
    for (rest, ok, expected) in [
        ("at: 2027-03-20 09:00", false, "would be missed: it was due 2027-03-20 09:00"),
        ("at: 2027-03-20 20:30, on_quota: fail", true, "it will not go: daily_send of 2027-03-20"),
        ("at: 2027-03-20 20:30, expires: 1h", true, "it will not go: it is expired"),
    ] {
        let path = world.file("late.yaml", &job(rest));

        let (answer, text) = world.run(&["check", &path]);
        let json = world.run(&["check", "--json", &path]).1;

        assert_eq!(answer.unwrap(), Answer::No, "{rest}: {text}");
        assert!(text.contains(expected), "{rest}: {text}");
        // The inbox would take what only the quota refuses.
        let view: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(view["ok"], ok, "{rest}");
    }
}

#[test]
fn check_leaves_no_trace() {
    let world = World::new();
    world.take(JOBS);
    let path = world.file("more.yaml", &coming().replace("id: ", "id: new-"));
    let before = world.json(&["jobs", "--json"]);

    world.json(&["check", "--json", &path]);

    assert_eq!(world.json(&["jobs", "--json"]), before);
}

#[test]
fn check_does_not_warn_of_a_job_that_has_gone_already() {
    let world = World::new();
    world.evening();
    let path = world.file("evening.yaml", JOBS);

    let (_, text) = world.run(&["check", "--json", &path]);

    let view: Value = serde_json::from_str(&text).unwrap();
    let sent = &view["files"][0]["jobs"][2];
    assert_eq!(sent["id"], "club-news");
    assert_eq!(sent["warnings"], serde_json::json!([]));
    assert!(sent["notes"][0].as_str().unwrap().ends_with("changes nothing; it is sent"));
}

#[test]
fn check_refuses_what_the_database_would_refuse() {
    let world = World::new();
    world.evening();
    let other = JOBS.replace("新闻", "别的新闻");
    let path = world.file("again.yaml", &other);

    let (answer, text) = world.run(&["check", &path]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(text.contains("again.yaml:4:6: job club-news is sent"), "{text}");
}

#[test]
fn check_finds_every_mistake_with_its_place() {
    let world = World::new();
    let path = world.file("bad.yaml", "jobs:\n  - id: 春\n    acount: x\n");

    let (answer, text) = world.run(&["check", &path, "/nowhere/at-all.yaml"]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(text.contains("bad.yaml:2:9: `春` cannot be an id"), "{text}");
    assert!(text.contains("bad.yaml:3:5: unknown key `acount` in a job"), "{text}");
    assert!(text.contains("/nowhere/at-all.yaml: it cannot be read"), "{text}");
}

#[test]
fn check_refuses_what_the_inbox_refuses_or_never_sees() {
    let world = World::new();
    let text = "jobs:\n  - {id: a, account: brand-club, at: 2027-03-21 09:00, broadcast: {touser_file: vip.txt, text: x}}\n";
    world.file("vip.txt", "oA\noB\n");
    let alone = world.file("alone.yaml", text);
    let hidden = world.file("x.yaml~", &coming());
    fs::create_dir(world.path("folder")).unwrap();
    world.file("folder/vip.txt", "oA\noB\n");
    world.file("folder/jobs.yaml", text);

    let (answer, told) = world.run(&["check", &alone, &hidden]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(told.contains("`touser_file` needs a folder"), "{told}");
    assert!(told.contains("x.yaml~: the inbox never looks at"), "{told}");
    let folder = world.path("folder");
    assert_eq!(world.run(&["check", folder.to_str().unwrap()]).0.unwrap(), Answer::Yes);
}

#[test]
fn check_as_json_has_the_diagnostics_of_each_file() {
    let world = World::new();
    let bad = world.file("bad.yaml", "jobs:\n  - id: 春\n");
    let good = world.file("good.yaml", &coming());

    let (_, text) = world.run(&["check", "--json", &bad, &good]);

    let view: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(view["ok"], false);
    assert_eq!(view["files"][0]["diagnostics"][0]["line"], 2);
    assert_eq!(view["files"][1]["ok"], true);
    assert_eq!(view["files"][1]["jobs"][0]["due"], "2027-03-20T20:00:00+08:00");
}

#[test]
fn check_asks_for_the_end_marker_where_the_config_does() {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    world.file("config.yaml", &format!("inbox_end_marker: required\n{config}"));
    let without = world.file("without.yaml", &coming());
    let with = world.file("with.yaml", &(coming() + "...\n"));

    assert_eq!(world.run(&["check", &without]).0.unwrap(), Answer::No);
    assert_eq!(world.run(&["check", &with]).0.unwrap(), Answer::Yes);
}
