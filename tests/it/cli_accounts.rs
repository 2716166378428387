//! What the commands say of accounts whose config was changed.

use std::fs;

use qunfa::config::{self, Secrets};
use qunfa::engine::Engine;

use crate::cli::{JOBS, World, evening};

const ONE: &str = "brand-daily: {kind: subscription, appid: wx1, secret_file: secret}";

/// Writes another config.
fn configure(world: &World, accounts: &[&str]) {
    let accounts: String = accounts.iter().map(|account| format!("  {account}\n")).collect();
    let text = format!("state_dir: state\naccounts:\n{accounts}");
    fs::write(world.path("config.yaml"), text).unwrap();
}

/// Starts the daemon with the present config.
fn start(world: &World) {
    let config = config::load(&world.path("config.yaml"), &|_| None, Secrets::Leave).unwrap();
    Engine::open(world.store(), config.accounts, (None, false), evening()).unwrap();
}

/// The jobs of the evening, and a daemon that is started with another config for `brand-club`.
fn changed(club: &[&str]) -> World {
    let world = World::new();
    world.take(JOBS);
    start(&world);
    configure(&world, &[&[ONE], club].concat());
    start(&world);
    world
}

fn no(world: &World, arguments: &[&str]) -> String {
    let problem = world.problem(arguments);
    assert_eq!(problem.exit_code(), 1, "{problem}");
    problem.message()
}

#[test]
fn jobs_of_an_account_that_left_the_config_say_so_everywhere() {
    let world = changed(&[]);
    let why = "account brand-club is not in the config: nothing of it goes";

    let jobs = world.json(&["jobs", "--json", "--account", "brand-club"]);
    let status = world.json(&["status", "--json"]);
    let plan = world.json(&["plan", "--json"]);
    let show = world.json(&["show", "club-late", "--json"]);

    let waiting = jobs.as_array().unwrap().iter().filter(|job| job["state"] == "planned");
    assert!(waiting.clone().count() > 1 && waiting.clone().all(|job| job["reason"] == why));
    assert_eq!(show["reason"], why);
    let next = status["next"].as_array().unwrap().iter();
    assert!(next.filter(|job| job["account"] == "brand-club").all(|job| job["reason"] == why));
    let mut notes = status["attention"].as_array().unwrap().iter();
    assert!(notes.any(|note| note["kind"] == "unconfigured" && note["account"] == "brand-club"));
    let planned = plan["jobs"].as_array().unwrap().iter().find(|job| job["id"] == "club-late");
    assert_eq!(planned.unwrap()["outlook"], "stopped");
    for command in [&["status"][..], &["plan", "--list"], &["show", "club-late"]] {
        let text = world.text(command);
        assert!(text.contains("not in the config"), "{text}");
    }
}

#[test]
fn what_is_asked_of_an_account_that_left_is_answered_with_the_reason() {
    let world = changed(&[]);
    for arguments in [
        &["quota", "brand-club"][..],
        &["quota", "record", "brand-club"],
        &["hold", "brand-club"],
        &["resume", "brand-club"],
        &["followers", "brand-club"],
        &["speed", "brand-club"],
        &["approve", "club-approval"],
    ] {
        let said = no(&world, arguments);
        assert!(said.contains("account brand-club is not in the config"), "{arguments:?}: {said}");
    }

    let cancelled = world.text(&["cancel", "club-late"]);

    assert_eq!(cancelled, "Job club-late is cancelled: nothing of it goes out.\n");
}

#[test]
fn a_name_with_another_appid_says_what_happened_and_what_to_do() {
    let world = changed(&["brand-club: {kind: service, appid: wx3, secret_file: secret}"]);

    let status = world.json(&["status", "--json"]);
    let lifted = world.text(&["resume", "brand-club"]);

    let mut notes = status["attention"].as_array().unwrap().iter();
    let note = notes.find(|note| note["kind"] == "appid").unwrap();
    assert_eq!(
        note["what"],
        "the config gives brand-club the appid wx3, but brand-club is known as wx2: nothing of it \
         goes, because what was planned for one account must not go to the readers of another"
    );
    assert!(note["do"].as_str().unwrap().contains("`replaces_appid: wx2`"), "{note}");
    let accounts = status["accounts"].as_array().unwrap();
    assert_eq!(accounts[1]["paused"], true);
    assert!(lifted.contains("Nothing goes: the config gives brand-club"), "{lifted}");
    assert!(!lifted.contains("`qunfa resume"), "{lifted}");
    for arguments in [
        &["retry", "club-late"][..],
        &["approve", "club-approval"],
        &["speed", "brand-club", "--no-wait"],
        &["quota", "record", "brand-club", "--none"],
    ] {
        let said = no(&world, arguments);
        assert!(said.contains("brand-club is known as wx2"), "{arguments:?}: {said}");
    }
    let file = world.file("new.yaml", &JOBS.replace("club-late", "club-new"));
    let checked = world.run(&["check", &file]);
    assert_eq!(checked.0.unwrap().exit_code(), 1);
    assert!(checked.1.contains("brand-club is known as wx2"), "{}", checked.1);
}

#[test]
fn a_renamed_account_is_told_by_its_new_name() {
    let world = changed(&["flagship: {kind: service, appid: wx2, secret_file: secret}"]);

    let file = world.file("old.yaml", &JOBS.replace("club-late", "club-new"));
    let (answer, text) = world.run(&["check", &file]);
    let quota = no(&world, &["quota", "brand-club"]);

    assert_eq!(answer.unwrap().exit_code(), 1);
    assert!(text.contains("account brand-club is named flagship now"), "{text}");
    assert!(quota.contains("account brand-club is named flagship now"), "{quota}");
    assert_eq!(world.json(&["show", "club-late", "--json"])["account"], "flagship");
}

#[test]
fn a_command_between_the_change_and_the_restart_waits_for_that() {
    let world = World::new();
    world.take(JOBS);
    start(&world);
    configure(&world, &[ONE, "flagship: {kind: service, appid: wx2, secret_file: secret}"]);

    let said = no(&world, &["approve", "club-approval"]);
    let expected = "the config has account brand-club as flagship now: restart the daemon";
    assert!(said.contains(expected), "{said}");
    // But for a hold, which cannot wait.
    world.text(&["hold", "flagship"]);
    assert!(world.store().read().stops("brand-club").unwrap().hold.is_some());

    start(&world);

    assert!(world.store().read().stops("flagship").unwrap().hold.is_some());
    world.text(&["approve", "club-approval"]);
}

#[test]
fn resume_does_not_name_a_due_job_whose_account_left_the_config() {
    let world = World::new();
    world.evening();
    world.text(&["resume", "brand-club"]);
    let due = |world: &World| {
        world.text(&["hold", "--all"]);
        world.text(&["resume", "--all"]).contains("club-late")
    };
    assert!(due(&world));

    configure(&world, &[ONE]);
    start(&world);

    assert!(!due(&world));
}
