//! Putting files into the inbox by command: checked first, whole or not at all, and answered.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use qunfa::cli::{Answer, Screen};
use serde_json::Value;

use crate::cli::{JOBS, LIST, World, assert_fits, assert_golden, coming};
use crate::rig::{Rig, club, daily};

const LISTED: &str = "jobs:
  - {id: vip, account: brand-club, at: 2027-03-21 09:00, broadcast: {touser_file: lists/vip.txt, text: 春}}
";

impl World {
    fn with_inbox() -> Self {
        let world = Self::new();
        fs::create_dir(world.path("state/inbox")).unwrap();
        world
    }

    /// The names in the inbox.
    fn inbox(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("state/inbox")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

#[test]
fn a_submitted_file_lies_in_the_inbox_for_the_daemon_to_read() {
    let world = World::with_inbox();
    let path = world.file("spring.yaml", &coming());

    let text = world.text(&["submit", &path]);

    assert_golden("submit.txt", &text.replace(world.folder.path().to_str().unwrap(), "FOLDER"));
    assert_eq!(world.inbox(), ["spring.yaml"]);
    let dropped = world.path("state/inbox/spring.yaml");
    assert_eq!(fs::read_to_string(&dropped).unwrap(), coming());
    assert_eq!(fs::metadata(&dropped).unwrap().permissions().mode() & 0o600, 0o600);
}

#[test]
fn a_name_that_lies_in_the_inbox_is_not_overwritten() {
    let world = World::with_inbox();
    let path = world.file("spring.yaml", &coming());
    world.text(&["submit", &path]);

    let text = world.text(&["submit", &path]);

    assert!(text.contains("spring-2.yaml is in the inbox"), "{text}");
    assert_eq!(world.inbox(), ["spring-2.yaml", "spring.yaml"]);
}

#[test]
fn one_bad_file_keeps_all_out_of_the_inbox() {
    let world = World::with_inbox();
    let good = world.file("good.yaml", &coming());
    let bad = world.file("bad.yaml", "jobs:\n  - id: 春\n");

    let (answer, text) = world.run(&["submit", &good, &bad]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert_fits(&text);
    assert!(text.contains("bad.yaml:2:9: `春` cannot be an id"), "{text}");
    assert!(text.contains("Nothing was put into the inbox."), "{text}");
    assert!(world.inbox().is_empty());
}

#[test]
fn a_file_with_a_list_becomes_a_folder_that_the_inbox_would_take() {
    let world = World::with_inbox();
    fs::create_dir(world.path("lists")).unwrap();
    world.file("lists/vip.txt", LIST);
    let path = world.file("spring.yaml", LISTED);

    let json = world.json(&["submit", &path, "--json"]);

    assert_eq!(json["ok"], true);
    assert_eq!(json["submitted"][0]["name"], "spring");
    assert_eq!(json["submitted"][0]["state"], "waiting");
    assert_eq!(json["files"][0]["jobs"][0]["receivers"], 2);
    let folder = world.path("state/inbox/spring");
    assert_eq!(fs::read_to_string(folder.join("lists/vip.txt")).unwrap(), LIST);
    assert_eq!(world.run(&["check", folder.to_str().unwrap()]).0.unwrap(), Answer::Yes);
}

#[test]
fn a_json_file_with_a_list_becomes_a_folder_that_the_inbox_would_take() {
    let world = World::with_inbox();
    world.file("vip.txt", LIST);
    let path = world.file(
        "spring.json",
        r#"{"jobs": [{"id": "vip", "account": "brand-club", "at": "2027-03-21 09:00",
            "broadcast": {"touser_file": "vip.txt", "text": "x"}}]}"#,
    );

    world.text(&["submit", &path]);

    let folder = world.path("state/inbox/spring");
    assert_eq!(world.run(&["check", folder.to_str().unwrap()]).0.unwrap(), Answer::Yes);
}

#[test]
fn a_list_that_is_missing_or_leads_elsewhere_is_named() {
    let world = World::with_inbox();
    let path = world.file("spring.yaml", LISTED);
    let (answer, missing) = world.run(&["submit", &path]);
    assert_eq!(answer.unwrap(), Answer::No);
    assert!(missing.contains("there is no `lists/vip.txt` beside the job file"), "{missing}");

    fs::create_dir(world.path("lists")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", world.path("lists/vip.txt")).unwrap();
    assert_eq!(world.run(&["submit", &path]).0.unwrap(), Answer::No);
    assert!(world.inbox().is_empty());
}

#[test]
fn a_folder_is_submitted_whole() {
    let world = World::with_inbox();
    fs::create_dir_all(world.path("launch/lists")).unwrap();
    world.file("launch/lists/vip.txt", LIST);
    world.file("launch/jobs.yaml", LISTED);

    world.text(&["submit", world.path("launch").to_str().unwrap()]);

    let folder = world.path("state/inbox/launch");
    assert_eq!(fs::read_to_string(folder.join("jobs.yaml")).unwrap(), LISTED);
    assert_eq!(world.run(&["check", folder.to_str().unwrap()]).0.unwrap(), Answer::Yes);
}

#[test]
fn an_inbox_that_is_not_there_or_anothers_is_refused() {
    let world = World::new();
    let path = world.file("spring.yaml", &coming());
    let problem = world.problem(&["submit", &path]);
    assert_eq!(problem.exit_code(), 3);
    assert!(problem.message().contains("the daemon (`qunfa run`) makes it"), "{problem}");

    fs::create_dir(world.path("state/inbox")).unwrap();
    // Only root can give a directory away.
    if std::os::unix::fs::chown(world.path("state/inbox"), Some(65_534), None).is_ok() {
        let problem = world.problem(&["submit", &path]);
        assert_eq!(problem.exit_code(), 3);
        assert!(problem.message().contains("sudo -u nobody qunfa"), "{problem}");
    }
}

/// A job that takes the day of `spring-launch`.
const TAKES_A_DAY: &str = "jobs:
  - {id: urgent, account: brand-daily, at: 2027-03-20 21:00, priority: 5, broadcast: {filter: {is_to_all: true}, text: 急}}
";

const SCREEN: fn() -> Option<Screen> = || Some(Screen { columns: 100, rows: 24 });

#[test]
fn a_person_is_asked_before_planned_jobs_lose_their_times() {
    for (typed, options, taken) in [
        (Some("y\n"), &[][..], true),
        (Some("Yes\n"), &[], true),
        (Some("n\n"), &[], false),
        (Some("\n"), &[], false),
        (Some(""), &[], false),
        (Some("n\n"), &["--yes"], true),
        (None, &[], true),
    ] {
        let world = World::with_inbox();
        world.take(JOBS);
        let path = world.file("urgent.yaml", TAKES_A_DAY);
        let arguments = [&["submit", &path], options].concat();

        let (answer, out, remarks) = world.run_with(SCREEN, typed, &arguments);

        let case = format!("{typed:?} {options:?}: {out}{remarks}");
        assert!(out.contains("moves from 2027-03-20 20:00 to 2027-03-2"), "{case}");
        let asked = remarks.contains("lose their times. Submit all the same? [y/N] ");
        assert_eq!(asked, typed.is_some() && options.is_empty(), "{case}");
        assert_eq!(!world.inbox().is_empty(), taken, "{case}");
        match answer {
            Ok(answer) => assert!(taken && answer == Answer::Yes, "{case}"),
            Err(problem) => {
                assert!(!taken && problem.exit_code() == 1, "{case}");
                assert!(problem.message().contains("`--yes`"), "{problem}");
            }
        }
    }
}

#[test]
fn a_script_gets_the_moves_on_stderr_and_is_never_asked() {
    let world = World::with_inbox();
    world.take(JOBS);
    let path = world.file("urgent.yaml", TAKES_A_DAY);

    let (answer, out, remarks) = world.run_with(|| None, None, &["submit", "--json", &path]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    let view: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(view["moved"][0]["id"], "spring-launch", "{view}");
    assert_eq!(view["submitted"][0]["state"], "waiting");
    assert!(remarks.starts_with("\"春天来了\" (spring-launch) moves from"), "{remarks}");
}

#[test]
fn nobody_is_asked_about_a_file_that_moves_only_its_own_jobs() {
    let world = World::with_inbox();
    world.take(JOBS);
    // The second one defers the first, which is not planned yet.
    let first = world.file("first.yaml", &TAKES_A_DAY.replace("03-20 21", "03-28 20"));
    let late = TAKES_A_DAY.replace("03-20 21", "03-28 21").replace("priority: 5", "priority: 9");
    let second = world.file("second.yaml", &late.replace("urgent", "second"));

    let (answer, out, remarks) = world.run_with(SCREEN, Some("n\n"), &["submit", &first, &second]);

    assert_eq!(answer.unwrap(), Answer::Yes, "{out}");
    assert_eq!(remarks, "");
    assert_eq!(world.inbox(), ["first.yaml", "second.yaml"]);
}

#[test]
fn submit_prints_the_receipt_or_the_reason() {
    let rig = Rig::running(&[club()]);
    rig.until("the inbox", || rig.path("inbox/accepted").exists().then_some(()));
    let job = |id: &str, account: &str| {
        format!(
            "jobs:\n  - {{id: {id}, account: {account}, at: 2099-03-20 20:00, broadcast: \
             {{filter: {{tag_id: 2}}, text: x}}}}\n...\n"
        )
    };
    fs::write(rig.path("spring.yaml"), job("spring", "club")).unwrap();
    // An account that came into the config after the daemon had read it.
    fs::write(rig.path("daily.yaml"), job("late", "daily")).unwrap();
    let file = |name: &str| rig.path(name).to_str().unwrap().to_owned();

    let taken = rig.say(&["submit", &file("spring.yaml"), "--wait", "240"]);
    rig.write_config(&[club(), daily()], rig.sandbox());
    let refused = rig.say(&["submit", &file("daily.yaml"), "--wait", "240"]);
    let json = rig.ask(&["submit", &file("spring.yaml"), "--wait", "240", "--json"]);

    assert_eq!(taken.code, Some(0), "{taken:?}");
    assert!(
        taken.out.contains("spring.yaml was taken:\n  x: spring (club) is planned, due"),
        "{taken:?}"
    );
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.out.contains("qunfa did not take daily.yaml."), "{refused:?}");
    assert!(refused.out.contains("daily.yaml:2:"), "{refused:?}");
    assert_eq!(json["submitted"][0]["state"], "taken");
    assert_eq!(json["submitted"][0]["receipt"]["jobs"][0]["id"], "spring");
}

/// A file of one job at 20:00 of a day that any other job of its account would fill.
fn to_all(id: &str, account: &str) -> String {
    format!(
        "jobs:\n  - {{id: {id}, account: {account}, at: 2099-03-20 20:00, broadcast: \
         {{filter: {{tag_id: 2}}, text: x}}}}\n...\n"
    )
}

#[test]
fn files_nobody_waits_for_are_forecast_in_the_order_in_which_the_inbox_takes_them() {
    let world = World::with_inbox();
    let later = world.file("zz.yaml", &to_all("zz", "brand-daily"));
    let first = world.file("aa.yaml", &to_all("aa", "brand-daily"));

    let json = world.json(&["submit", &later, &first, "--json"]);

    assert_eq!(json["files"][0]["jobs"][0]["id"], "aa");
    assert_eq!(json["submitted"][0]["name"], "aa.yaml");
}

#[test]
fn files_are_taken_in_the_order_in_which_they_were_named_and_shown() {
    let rig = Rig::running(&[daily()]);
    rig.until("the inbox", || rig.path("inbox/accepted").exists().then_some(()));
    for id in ["zz", "aa"] {
        fs::write(rig.path(&format!("{id}.yaml")), to_all(id, "daily")).unwrap();
    }
    let file = |name: &str| rig.path(name).to_str().unwrap().to_owned();

    let json = rig.ask(&["submit", &file("zz.yaml"), &file("aa.yaml"), "--wait", "240", "--json"]);

    for (index, id, due) in [(0, "zz", "2099-03-20"), (1, "aa", "2099-03-21")] {
        let forecast = &json["files"][index]["jobs"][0];
        let taken = &json["submitted"][index]["receipt"]["jobs"][0];
        for job in [forecast, taken] {
            assert_eq!(job["id"], id, "{json}");
            assert!(job["due"].as_str().unwrap().starts_with(due), "{json}");
        }
    }
}
