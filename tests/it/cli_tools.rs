//! Copies of the database, and what is made from the command line's own description.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

use qunfa::store::{Store, Wanted};

use crate::cli::{JOBS, World, assert_golden, evening};

#[test]
fn a_backup_is_the_database_and_says_how_it_is_put_back() {
    let world = World::new();
    world.take(JOBS);
    // Somebody who has it open, as a daemon does.
    let daemon = world.store();
    let file = world.path("copy.db");

    let view = world.json(&["backup", file.to_str().unwrap(), "--json"]);

    let bytes = fs::metadata(&file).unwrap();
    assert_eq!(bytes.permissions().mode() & 0o777, 0o600);
    assert_eq!(view["bytes"], bytes.len());
    // How its lines break depends on where the folder is.
    let lines = view["keep"].as_array().unwrap().iter().chain(view["restore"].as_array().unwrap());
    let lines: Vec<_> = lines.map(|line| line.as_str().unwrap()).collect();
    let text = lines.join("\n").replace(world.folder.path().to_str().unwrap(), "FOLDER") + "\n";
    assert_golden("backup.txt", &text);
    let shown = world.text(&["backup", world.path("again.db").to_str().unwrap()]);
    assert!(shown.contains("is the database as of now: "), "{shown}");
    drop(daemon);
    let copy = Store::open(&file, evening()).unwrap();
    assert_eq!(copy.read().count_jobs(Wanted::ALL).unwrap(), 6);
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_behind() {
    let world = World::new();
    world.take(JOBS);
    let file = world.file("copy.db", "mine");

    let problem = world.problem(&["backup", &file]);

    assert_eq!(problem.exit_code(), 1);
    assert!(problem.message().contains("exists already"), "{problem}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(world.problem(&["backup", "/nowhere/copy.db"]).exit_code(), 3);
    let names = fs::read_dir(world.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let temporary = names.filter(|name| name.to_string_lossy().starts_with('.')).count();
    assert_eq!(temporary, 0);
}

#[test]
fn completions_manual_pages_and_the_schema_need_no_config() {
    let world = World::new();
    let out = world.path("pages");
    for (arguments, expected) in [
        (vec!["completions", "bash"], "_qunfa()"),
        (vec!["completions", "zsh"], "#compdef qunfa"),
        (vec!["man"], ".TH qunfa 1"),
        (vec!["schema"], "https://json-schema.org/draft/2020-12/schema"),
        (vec!["man", "--out", out.to_str().unwrap()], "The pages are in"),
    ] {
        let arguments: Vec<_> =
            ["--config", "/nowhere/config.yaml"].into_iter().chain(arguments).collect();
        let output = world.program(&arguments).env_remove("QUNFA_CONFIG").output().unwrap();

        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    for page in ["qunfa.1", "qunfa-quota.1", "qunfa-quota-record.1", "qunfa-submit.1"] {
        assert!(out.join(page).exists(), "{page}");
    }
}

#[test]
fn an_argument_that_is_not_utf_8_is_answered_and_does_not_end_in_a_panic() {
    let world = World::new();
    let name = OsStr::from_bytes(b"broken-\xff.yaml");

    let output = world.program(&["check"]).arg(name).output().unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}
