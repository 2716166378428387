//! What an operator reads at 19:59: the whole texts of `status`, and what `--watch` leaves behind.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::cli::{Problem, Screen};
use qunfa::engine;
use qunfa::model::{Account, Action, Audience, JobId};
use qunfa::store::{RefusedFile, ResponseFields, Source, StoreError, Tx};
use rustix::process::Signal;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::cli::{JOBS, World, accounts, ask, assert_golden, evening, has_keys};
use crate::rig::{Rig, club, to_tag};
use crate::views::written;
use crate::writer::spec;

/// A daemon as other processes see it: it holds the lock, and its loop last turned then.
fn daemon(world: &World, turned_at: &str) -> File {
    let path = world.path("state/lock");
    let since = "2027-03-20T09:00:00+08:00";
    fs::write(&path, json!({ "pid": 4711, "since": since, "version": "0.1.0" }).to_string())
        .unwrap();
    let clock = |read_at: &str, platform_at: &str| json!({ "read_at": read_at, "platform_at": platform_at });
    let heartbeat = json!({
        "pid": 4711,
        "turned_at": turned_at,
        "listen": "127.0.0.1:8071",
        "clocks": { "brand-club": clock("2027-03-20T11:56:00Z", "2027-03-20T11:57:30Z"),
                    "brand-daily": clock("2027-03-20T11:56:00Z", "2027-03-20T11:56:00Z") },
    });
    fs::write(world.path("state/pulse"), heartbeat.to_string()).unwrap();
    let lock = File::open(path).unwrap();
    lock.lock().unwrap();
    lock
}

const TURNING: &str = "2027-03-20T19:56:59+08:00";

#[test]
fn status_of_a_daemon_that_runs_reads_as_it_always_did() {
    let world = World::new();
    world.take(JOBS);
    let _lock = daemon(&world, TURNING);

    assert_golden("status-running.txt", &world.text(&["status"]));
    let status = world.json(&["status", "--json"]);
    has_keys(&status["daemon"], "running pid since version turned_at stuck listen");
    assert_eq!(status["daemon"]["running"], true);
    assert_eq!(status["daemon"]["stuck"], false);
    assert_eq!(status["accounts"][1]["clock"]["ahead_s"], 90);
    assert_eq!(status["attention"], json!([]));
}

#[test]
fn a_loop_that_stands_still_needs_a_person() {
    let world = World::new();
    world.take(JOBS);
    let _lock = daemon(&world, "2027-03-20T19:56:15+08:00");

    assert_golden("status-stuck.txt", &world.text(&["status"]));
    let status = world.json(&["status", "--json"]);
    assert_eq!(status["daemon"]["stuck"], true);
    assert_eq!(status["attention"][0]["kind"], "stuck");
    has_keys(&status["attention"][0], "id account kind since what do");
    let note = status["attention"][0]["note"].as_str().unwrap();
    assert!(world.text(&["show", note]).contains("restarting it is safe"));
    let problem = world.problem(&["ack", note]).message();
    assert!(problem.contains("over once that is mended"), "{problem}");
}

#[test]
fn a_daemon_without_a_heartbeat_is_not_called_stuck() {
    let world = World::new();
    world.take(JOBS);
    let _lock = daemon(&world, TURNING);
    fs::remove_file(world.path("state/pulse")).unwrap();

    let text = world.text(&["status"]);

    assert!(text.contains("Whether its loop turns is not known"), "{text}");
    assert_eq!(world.json(&["status", "--json"])["attention"], json!([]));
}

/// Ids and reasons as long as they can be, and Chinese where it may stand.
pub(crate) fn crowd(world: &World) {
    let long = "x".repeat(64);
    let mut text = JOBS.replace("spring-launch", &long);
    text.extend((0..14).map(|index| {
        format!(
            "  - {{id: late-{index}, account: brand-club, at: 2027-03-20 12:{index:02}, broadcast: {{filter: {{tag_id: 2}}, text: 春}}}}\n"
        )
    }));
    world.take(&text);
    // Not by command: who runs the tests has another name everywhere.
    let why = "值班的人说先不要发，等领导看过再说。".repeat(6);
    let line = format!("held by alice (uid 1000): \"{why}\"");
    world
        .store()
        .transaction(|tx| tx.hold(Some("brand-daily"), &written(&line), evening()))
        .unwrap();
    world.uncertain_only();
    let missed = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let [_, club] = accounts();
        for index in 0..14 {
            let job = tx.job(&JobId::parse(&format!("late-{index}")).unwrap())?;
            let why = "它的时间过了，没有人能发出去：网络断了很久很久很久很久很久很久很久很久很久很久很久很久";
            tx.finish_job(&job, &club, qunfa::model::JobState::Missed, &written(why), evening())?;
        }
        Ok(())
    };
    world.store().transaction(missed).unwrap();
}

#[test]
fn a_crowd_of_troubles_fits_and_keeps_its_order() {
    let world = World::new();
    crowd(&world);

    assert_golden("status-attention.txt", &world.text(&["status"]));
}

#[test]
fn everything_fits_a_terminal_of_80_columns() {
    let world = World::new();
    crowd(&world);
    let long = "x".repeat(64);
    let narrow = || Some(Screen { columns: 80, rows: 24 });

    for arguments in
        [vec!["status"], vec!["plan"], vec!["jobs"], vec!["show", "club-news"], vec!["show", &long]]
    {
        let (answer, text) = world.run_on(narrow, &arguments);

        answer.unwrap();
        let widest = text.lines().map(str::width).max();
        assert!(widest <= Some(80), "{arguments:?}: {widest:?}\n{text}");
    }
}

#[test]
fn beside_ids_of_40_characters_a_decision_keeps_its_words_at_80_columns() {
    let world = World::new();
    let id = |index: usize| format!("late-{index}-{}", "x".repeat(33));
    let jobs: String = (0..2)
        .map(|index| {
            format!(
                "  - {{id: {}, account: brand-club, at: 2027-03-20 12:0{index}, broadcast: {{filter: {{tag_id: 2}}, text: 春}}}}\n",
                id(index)
            )
        })
        .collect();
    world.take(&format!("jobs:\n{jobs}...\n"));
    let troubles = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let [_, club] = accounts();
        for index in 0..2 {
            let job = tx.job(&JobId::parse(&id(index)).unwrap())?;
            let why = written("the daemon was down");
            tx.finish_job(&job, &club, qunfa::model::JobState::Missed, &why, evening())?;
        }
        tx.refuse_file(&RefusedFile { name: "spring-2027.yaml", problems: 2, line: 3 }, evening())
    };
    world.store().transaction(troubles).unwrap();
    let narrow = || Some(Screen { columns: 80, rows: 24 });

    let (answer, text) = world.run_on(narrow, &["status"]);

    answer.unwrap();
    let decide = text.split("DECIDE").nth(1).unwrap();
    assert!(decide.contains("spring-2027.yaml: 2"), "{text}");
    assert!(decide.contains("the daemon was"), "{text}");
    assert!((0..2).all(|index| decide.contains(&id(index))), "{text}");
    assert!(decide.lines().next().unwrap().contains("since"), "{text}");
}

#[test]
fn a_job_of_midnight_goes_after_the_guard() {
    let world = World::new();
    world.take(&JOBS.replace("2027-03-20 20:00", "2027-03-21 00:00"));

    let status = world.json(&["status", "--json"]);

    let next = status["next"].as_array().unwrap();
    let job = next.iter().find(|job| job["id"] == "spring-launch").unwrap();
    assert_eq!(job["due"], "2027-03-21T00:00:00+08:00");
    assert_eq!(job["goes_at"], "2027-03-21T00:02:00+08:00");
    assert_eq!(job["why"], json!(["after the 00:00-00:02 guard of a Beijing day"]));
}

#[test]
fn a_job_whose_day_was_used_up_elsewhere_says_that_it_will_move() {
    let world = World::new();
    world.take(JOBS);
    let [daily, _] = accounts();
    let booked = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let job = tx.job(&JobId::parse("spring-launch").unwrap())?;
        tx.book_refused(&job, &daily, evening()).map(drop)
    };
    world.store().transaction(booked).unwrap();

    let status = world.json(&["status", "--json"]);

    let next = status["next"].as_array().unwrap();
    let job = next.iter().find(|job| job["id"] == "spring-launch").unwrap();
    assert_eq!(job["outlook"], "will_defer", "{job}");
    assert_eq!(job["goes_at"], "2027-03-21T20:00:00+08:00");
}

#[test]
fn resume_names_due_jobs_within_100_columns() {
    let world = World::new();
    let jobs: String = (0..7)
        .map(|index| {
            let id = format!("{index}{}", "y".repeat(63));
            format!("  - {{id: {id}, account: brand-club, at: 2027-03-20 19:50, broadcast: {{filter: {{tag_id: 2}}, text: x}}}}\n")
        })
        .collect();
    world.take(&format!("jobs:\n{jobs}"));

    assert!(world.text(&["resume", "brand-club"]).contains("and others"));
}

#[test]
fn colours_are_for_terminals_and_for_who_forces_them() {
    let rig = Rig::new(&[club()]);
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qunfa"));
        command.arg("status").env("QUNFA_CONFIG", rig.path("config.yaml"));
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        let output = command.envs(variables.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().contains("\x1b[")
    };

    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

/// A watch whose output is no terminal.
fn watch(
    rig: &Rig,
    arguments: &[&str],
) -> (std::process::Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_qunfa"))
        .args(["status", "--watch"])
        .args(arguments)
        .env("QUNFA_CONFIG", rig.path("config.yaml"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

fn end(mut child: std::process::Child) {
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_watch_as_json_is_one_document_a_line_through_a_restart_of_the_daemon() {
    let mut rig = Rig::new(&[club()]);
    let (child, mut lines) = watch(&rig, &["--json"]);
    let mut next = || {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };

    assert_eq!(next()["daemon"]["running"], false);
    rig.start();
    while next()["daemon"]["turned_at"].is_null() {}
    rig.kill();
    while next()["daemon"]["running"] == true {}
    end(child);
}

#[test]
fn a_watch_without_a_terminal_parts_one_status_from_the_next() {
    let rig = Rig::new(&[club()]);
    let (child, mut lines) = watch(&rig, &[]);
    let mut text = String::new();

    while !text.lines().any(|line| line.starts_with("-----")) {
        lines.read_line(&mut text).unwrap();
    }

    assert!(text.contains("The daemon is NOT RUNNING"), "{text}");
    assert!(!text.contains('\u{1b}'));
    end(child);
}

#[test]
fn the_daemon_tells_of_its_loop_its_listener_and_the_platforms_clock() {
    let mut rig = Rig::running(&[club()]);
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    let status = rig.until("the heartbeat tells of the clock", || {
        let status = rig.ask(&["status", "--json"]);
        (!status["accounts"][0]["clock"].is_null()).then_some(status)
    });
    assert_eq!(status["daemon"]["listen"], rig.listen.to_string());
    assert!(status["accounts"][0]["last_event_at"].is_string());
    let pid = rustix::process::Pid::from_raw(i32::try_from(rig.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::STOP).unwrap();
    let stuck = rig.until_attention("stuck");
    assert!(stuck["what"].as_str().unwrap().contains(&rig.pid().to_string()), "{stuck}");
    rustix::process::kill_process(pid, Signal::CONT).unwrap();
    rig.until("the loop turns again", || {
        let status = rig.ask(&["status", "--json"]);
        (status["daemon"]["stuck"] == false).then_some(())
    });
    assert!(rig.stop().success());
}

/// A job whose `retry_for` ends at 19:58, asked for at 19:50.
const SHORT: &str = "jobs:
  - {id: short, account: brand-club, at: 2027-03-20 19:50, grace: 1m, retry_for: 8m, broadcast: {filter: {tag_id: 2}, text: x}}
";

#[test]
fn a_request_that_the_end_of_its_time_forestalls_is_not_announced() {
    let world = World::new();
    world.take(SHORT);
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let doubt = |tx: &Tx<'_>| {
        ask(tx, "short", at("2027-03-20T11:50:00Z"));
        tx.mark_open_attempts_in_doubt(at("2027-03-20T11:51:00Z"))?;
        let id = JobId::parse("short").unwrap();
        tx.wait_batch(&id, &tx.batches(&id)?[0], (at("2027-03-20T11:59:00Z"), &written("later")))
    };
    world.store().transaction(doubt).unwrap();

    let shown = world.text(&["show", "short"]);
    let planned = world.text(&["plan", "--list"]);

    assert!(shown.contains("goes      not asked again, its time ends 2027-03-20 19:58"), "{shown}");
    assert!(planned.contains("short to tag 2, NOT ASKED AGAIN"), "{planned}");
    assert_eq!(world.json(&["show", "short", "--json"])["outlook"]["outlook"], "runs_out");
    assert!(world.json(&["show", "short", "--json"])["outlook"]["goes_at"].is_null());
}

#[test]
fn a_request_that_a_dead_daemon_made_is_in_doubt() {
    let world = World::new();
    world.take(SHORT);
    let asked = |tx: &Tx<'_>| -> Result<(), StoreError> {
        ask(tx, "short", "2027-03-20T11:50:00Z".parse().unwrap());
        Ok(())
    };
    world.store().transaction(asked).unwrap();

    let dead = world.text(&["show", "short"]);
    let _daemon = daemon(&world, TURNING);
    let alive = world.text(&["show", "short"]);

    assert!(dead.contains("goes      in doubt, waits for the daemon"), "{dead}");
    assert!(!dead.contains("under way"), "{dead}");
    assert!(alive.contains("goes      a request is under way"), "{alive}");
}

#[test]
fn a_story_tells_a_request_before_what_it_brought_in_the_same_millisecond() {
    let world = World::new();
    world.take(JOBS);
    let [_, club] = accounts();
    let now = "2027-03-20T10:00:00Z".parse().unwrap();
    let accepted = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let attempt = ask(tx, "club-news", now);
        let word = ResponseFields {
            errcode: Some(0),
            errmsg: "ok",
            msg_id: Some(7),
            dated: Some(now),
            ..ResponseFields::default()
        };
        tx.accept(attempt, &club, &word, false, now).map(drop)
    };
    world.store().transaction(accepted).unwrap();

    let text = world.text(&["show", "club-news"]);

    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words}: {text}"));
    assert!(place("planned -> releasing") < place("request for batch 1"), "{text}");
    assert!(place("request for batch 1") < place("releasing -> accepted"), "{text}");
}

#[test]
fn a_hold_of_everything_that_a_person_said_names_no_jobs_to_look_at() {
    let world = World::new();
    world.take(JOBS);

    world.text(&["hold", "--all", "--why", "今天不发"]);

    let status = world.json(&["status", "--json"]);
    assert_eq!(status["attention"][0]["do"], "`qunfa resume --all` lets the jobs go on");
}

#[test]
fn a_daemon_that_is_down_is_what_needs_a_person() {
    let world = World::new();
    world.take(JOBS);

    let down = world.text(&["status"]);
    let _daemon = daemon(&world, TURNING);
    let up = world.text(&["status"]);

    assert!(down.contains("\nNothing else needs a person.\n"), "{down}");
    assert!(up.contains("\nNothing needs a person.\n"), "{up}");
}

/// Ids of 40 characters, in every state that a list marks.
fn long_ids(world: &World) -> Vec<String> {
    let id = |name: &str| format!("{name:-<40}");
    let mut text = JOBS.to_owned();
    for name in ["spring-launch", "spring-echo", "club-news", "club-late", "club-approval"] {
        text = text.replace(&format!("id: {name},"), &format!("id: {},", id(name)));
    }
    world.take(&text);
    world.text(&["hold", "brand-daily"]);
    ["spring-launch", "spring-echo", "club-news", "club-late", "club-approval"].map(id).to_vec()
}

#[test]
fn a_row_has_the_whole_of_an_id_of_40_characters_its_time_and_its_account() {
    let world = World::new();
    let ids = long_ids(&world);
    type Terminal = fn() -> Option<Screen>;
    let narrow: Terminal = || Some(Screen { columns: 80, rows: 24 });
    let usual: Terminal = || Some(Screen { columns: 100, rows: 24 });
    let wide: Terminal = || Some(Screen { columns: 160, rows: 24 });

    for (screen, columns) in [(narrow, 80), (usual, 100), (wide, 160)] {
        for command in ["status", "jobs", "plan"] {
            let (answer, text) = world.run_on(screen, &[command]);

            answer.unwrap();
            assert!(
                text.lines().all(|line| line.width() <= columns),
                "{columns} {command}\n{text}"
            );
            let marked = command != "plan";
            for id in ids.iter().filter(|id| marked || !id.starts_with("club-late")) {
                let rows = text.lines().filter(|line| line.contains(id.as_str()));
                let whole = rows.filter(|row| !row.starts_with(' '));
                assert!(whole.count() >= 1, "{columns} {command} {id}\n{text}");
            }
            // At 80 columns account names give way as well, so that each row is one line.
            let brand = if columns == 80 { "brand-da" } else { "brand-daily" };
            for whole in [brand, "brand-club", "03-25", "09:00", "20:00"] {
                assert!(text.contains(whole), "{columns} {command} {whole}\n{text}");
            }
            let lists = text.lines().filter(|line| line.contains("account  "));
            assert!(lists.count() >= 1 || !marked, "{columns} {command}\n{text}");
            assert!(columns == 80 || !text.contains("bra.."), "{columns} {command}\n{text}");
        }
    }
}

#[test]
fn the_quotas_of_an_account_with_unconfirmed_sends_are_whole_at_80_columns() {
    let world = World::new();
    world.take(JOBS);
    for msg_id in 1..5 {
        world.event(msg_id, evening() - TimeDelta::minutes(msg_id));
    }
    world.text(&["hold", "brand-club"]);

    for columns in [80, 100] {
        let narrow = || Some(Screen { columns: 80, rows: 24 });
        let usual = || Some(Screen { columns: 100, rows: 24 });
        let (answer, text) = match columns {
            80 => world.run_on(narrow, &["status"]),
            _ => world.run_on(usual, &["status"]),
        };

        answer.unwrap();
        assert!(text.lines().all(|line| line.width() <= columns), "{columns}\n{text}");
        for whole in ["0+2/100", "ON HOLD, history 4 unconfirmed, month 4 unconfirmed"] {
            assert!(text.contains(whole), "{columns} {whole}\n{text}");
        }
    }
}

#[test]
fn status_of_one_account_has_nothing_of_the_others() {
    let world = World::new();
    world.take(
        "jobs:\n- {id: d, account: brand-daily, at: 2027-03-20 20:00, approval: true, broadcast: {filter: {is_to_all: true}, text: d}}\n\
         - {id: c, account: brand-club, at: 2027-03-20 20:10, approval: true, broadcast: {filter: {is_to_all: true}, text: c}}\n",
    );

    let status = world.json(&["status", "--json", "--account", "brand-club"]);

    assert_eq!(status["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(status["jobs"]["held"], 1);
    for list in ["next", "to_approve", "attention"] {
        let all = status[list].as_array().unwrap();
        assert!(all.iter().all(|one| one["account"] == "brand-club"), "{list}: {all:?}");
    }
    assert_eq!(status["to_approve"][0]["id"], "c");
    let (answer, _) = world.run(&["status", "--account", "brand-clubb"]);
    assert!(matches!(answer, Err(Problem::No(_))), "{answer:?}");
}

#[test]
fn the_accounts_of_a_status_can_be_read_page_by_page() {
    let world = World::new();
    let names = |status: &Value| -> Vec<String> {
        let accounts = status["accounts"].as_array().unwrap();
        accounts.iter().map(|account| account["name"].as_str().unwrap().to_owned()).collect()
    };

    let first = world.json(&["status", "--json", "--limit", "1"]);
    let after = first["accounts_after"].as_str().unwrap();
    let second = world.json(&["status", "--json", "--limit", "1", "--after", after]);

    assert_eq!(names(&first), ["brand-daily"]);
    assert_eq!(names(&second), ["brand-club"]);
    assert_eq!(second.get("accounts_after"), None);
}

#[test]
fn forty_jobs_on_six_accounts_fit_forty_lines() {
    forty_jobs("");
    forty_jobs("-whose-id-has-a-line-of-its-own-here");
}

fn forty_jobs(ending: &str) {
    let world = World::new();
    let accounts_lines = (0..6).map(|index| {
        format!("  a{index}: {{kind: service, appid: wx{index}, secret_file: secret}}\n")
    });
    let config = format!("state_dir: state\naccounts:\n{}", accounts_lines.collect::<String>());
    fs::write(world.path("config.yaml"), config).unwrap();
    let named = |index: usize| Account { name: format!("a{index}"), ..accounts()[1].clone() };
    let mut store = world.store();
    let taken = |tx: &Tx<'_>| -> Result<(), StoreError> {
        for index in 0..40 {
            let account = named(index % 6);
            tx.ensure_account(&account.name)?;
            let mut spec = spec(&format!("job-{index:02}{ending}"), &account.name);
            spec.at = Some(evening() + TimeDelta::minutes(20 * i64::try_from(index).unwrap()));
            spec.approval = index % 3 == 0;
            spec.title = Some(format!("春天的第{index}件事，说得很长很长很长很长很长"));
            let source = Source { file: "a.yaml", line: 1, first_taken_at: evening() };
            tx.take(&spec, &account, &engine::bodies(&spec), source, evening())?;
        }
        (0..6).try_for_each(|index| tx.place_taken(&named(index), evening()))
    };
    store.transaction(taken).unwrap();

    let (answer, text) = world.run_on(|| Some(Screen { columns: 80, rows: 24 }), &["status"]);

    answer.unwrap();
    assert!(text.lines().count() <= 40, "{}\n{text}", text.lines().count());
    for index in 0..6 {
        assert!(text.contains(&format!("\na{index} ")), "{text}");
    }
    assert!(text.contains("job-00") && text.contains("APPROVE"), "{text}");
}

#[test]
fn a_job_that_waits_for_its_retry_is_not_overdue_and_one_that_waits_for_the_daemon_is() {
    let world = World::new();
    world.take(SHORT);
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let late =
        |world: &World| world.store().read().overdue(None, evening()).unwrap().map(|job| job.since);

    assert_eq!(late(&world), Some(at("2027-03-20T11:50:00Z")));
    let asked = |tx: &Tx<'_>| {
        ask(tx, "short", at("2027-03-20T11:50:00Z"));
        tx.mark_open_attempts_in_doubt(at("2027-03-20T11:51:00Z"))?;
        let id = JobId::parse("short").unwrap();
        tx.wait_batch(&id, &tx.batches(&id)?[0], (at("2027-03-20T11:57:30Z"), &written("later")))
    };
    world.store().transaction(asked).unwrap();
    let waiting = late(&world);
    let soon = |tx: &Tx<'_>| {
        let id = JobId::parse("short").unwrap();
        tx.sleep(&id, at("2027-03-20T11:55:00Z"), None)
    };
    world.store().transaction(soon).unwrap();
    let past = late(&world);
    world.text(&["hold", "brand-club"]);

    assert_eq!(waiting, None);
    assert_eq!(past, Some(at("2027-03-20T11:55:00Z")));
    assert_eq!(late(&world), None, "a hold is no lateness");
    assert_eq!(world.json(&["status", "--json"])["oldest_due"], Value::Null);
}

#[test]
fn resume_calls_due_only_what_is_asked_for_at_once() {
    let world = World::new();
    world.take(SHORT);
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let asked = |tx: &Tx<'_>| {
        ask(tx, "short", at("2027-03-20T11:50:00Z"));
        tx.mark_open_attempts_in_doubt(at("2027-03-20T11:56:30Z"))?;
        let id = JobId::parse("short").unwrap();
        tx.wait_batch(&id, &tx.batches(&id)?[0], (at("2027-03-20T11:57:31Z"), &written("later")))?;
        tx.hold(None, &written("restored"), evening())
    };
    world.store().transaction(asked).unwrap();

    let text = world.text(&["resume", "--all"]);

    assert!(text.contains("No job is due now.\n"), "{text}");
    assert!(
        text.contains("Due, but requested later: ") && text.contains("short (19:57:31)"),
        "{text}"
    );
}

#[test]
fn resume_names_no_job_of_an_account_that_left_the_config() {
    let world = World::new();
    world.take(SHORT);
    world.store().transaction(|tx| tx.hold(None, &written("restored"), evening())).unwrap();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    let left = config.lines().filter(|line| !line.contains("brand-club")).collect::<Vec<_>>();
    fs::write(world.path("config.yaml"), left.join("\n")).unwrap();

    let text = world.text(&["resume", "--all"]);

    assert!(text.contains("No job is due now.\n"), "{text}");
    assert!(!text.contains("short"), "{text}");
}

/// Jobs that go soon, and so many that wait for an approval after them.
fn approvals_behind(world: &World, (before, held): (i64, i64)) {
    let job = |name: &str, index: i64, minutes: i64, approval: bool| {
        let at = evening() + TimeDelta::minutes(minutes) + TimeDelta::hours(8);
        format!(
            "  - {{id: {name}-{index:02}, account: brand-club, approval: {approval}, at: {}, broadcast: {{filter: {{tag_id: 2}}, text: x}}}}\n",
            at.format("%Y-%m-%d %H:%M")
        )
    };
    let soon = (0..before).map(|index| job("soon", index, 3 + index, false));
    let later = (0..held).map(|index| job("held", index, 4_320 + index, true));
    world.take(&format!("jobs:\n{}", soon.chain(later).collect::<String>()));
}

#[test]
fn an_approval_is_counted_and_listed_however_many_jobs_go_before_it() {
    let world = World::new();
    approvals_behind(&world, (50, 7));

    let text = world.text(&["status"]);

    assert!(text.contains("7 to approve."), "{text}");
    assert!(text.contains("TO APPROVE") && text.contains("held-04"), "{text}");
    assert!(!text.contains("held-05"), "{text}");
    assert!(text.contains("and 2 more: `qunfa jobs --state held` shows them"), "{text}");
    assert!(text.lines().count() <= 40, "{text}");
    let status = world.json(&["status", "--json"]);
    assert_eq!(status["to_approve"].as_array().unwrap().len(), 7);
}

#[test]
fn an_id_of_40_characters_stands_in_its_row_of_80_columns() {
    for account in ["club", "brand-club-of-the-north"] {
        let world = World::new();
        let config = format!(
            "state_dir: state\naccounts:\n  {account}: {{kind: service, appid: wx2, secret_file: secret}}\n"
        );
        fs::write(world.path("config.yaml"), config).unwrap();
        rows_of_80_columns(&world, account);
    }
}

/// Drives every list of jobs: some go, some are to be approved, one is awaited, one is missed.
fn rows_of_80_columns(world: &World, account: &str) {
    let narrow = || Some(Screen { columns: 80, rows: 24 });
    let id = |index: usize| format!("a-job-whose-id-is-forty-letters-long--{index:02}");
    let named = Account { name: account.to_owned(), ..accounts()[1].clone() };
    let mut store = world.store();
    let at = |index: usize| evening() + TimeDelta::days(i64::try_from(index).unwrap() - 2);
    let taken = |tx: &Tx<'_>| -> Result<(), StoreError> {
        tx.ensure_account(&named.name)?;
        for index in 0..6 {
            let mut spec = spec(&id(index), account);
            spec.at = Some(at(index));
            spec.approval = index > 2 && index.is_multiple_of(2);
            spec.title = Some("春天来了万物生长".to_owned());
            if let Action::Broadcast(broadcast) = &mut spec.action
                && index > 1
            {
                broadcast.audience = Audience::Tag(2);
            }
            let source = Source { file: "a.yaml", line: 1, first_taken_at: at(0) };
            tx.take(&spec, &named, &engine::bodies(&spec), source, at(0))?;
        }
        tx.place_taken(&named, at(0))?;
        let words =
            ResponseFields { errcode: Some(0), msg_id: Some(7), ..ResponseFields::default() };
        tx.accept(ask(tx, &id(1), at(1)), &named, &words, true, at(1))?;
        Ok(())
    };
    store.transaction(taken).unwrap();

    // A plan's calendar has no ids: those to approve are listed below it.
    for (command, listed) in [("status", 0..6), ("jobs", 0..6), ("plan", 4..5)] {
        let text = world.run_on(narrow, &[command]).1;

        for index in listed {
            let row = |line: &&str| line.ends_with(&id(index)) && !line.starts_with("Overdue");
            let Some(row) = text.lines().find(row) else { panic!("{command}: {text}") };
            let name = account.get(..4).unwrap();
            assert!(row.contains(&format!("  {name}")), "{command}: {row}\n{text}");
        }
        assert!(text.lines().all(|line| line.width() <= 80), "{command}: {text}");
    }
}

#[test]
fn approvals_are_listed_where_every_id_stands_below_its_row() {
    let world = World::new();
    let narrow = || Some(Screen { columns: 80, rows: 24 });
    let job = |index: i64| {
        format!(
            "  - {{id: a-job-whose-id-is-as-long-as-it-gets-in-here-{index:02}, title: 春天来了万物生长, account: brand-club, approval: {}, at: 2027-03-2{} 20:{index:02}, broadcast: {{filter: {{tag_id: 2}}, text: x}}}}\n",
            index >= 5,
            1 + index / 5,
        )
    };
    world.take(&format!("jobs:\n{}", (0..24).map(job).collect::<String>()));

    let text = world.run_on(narrow, &["status"]).1;

    assert!(text.contains("19 to approve."), "{text}");
    let (_, listed) = text.split_once("TO APPROVE").expect(&text);
    assert!(listed.contains("a-job-whose-id-is-as-long-as-it-gets-in-here-"), "{text}");
    assert!(listed.contains("more: `qunfa jobs --state held` shows them"), "{text}");
    assert!(text.contains("`qunfa plan --list` tells when they go"), "{text}");
}

#[test]
fn an_approval_that_the_next_jobs_show_is_listed_once() {
    let world = World::new();
    approvals_behind(&world, (2, 2));

    let text = world.text(&["status"]);

    assert!(text.contains("2 to approve.") && !text.contains("TO APPROVE"), "{text}");
    assert_eq!(text.matches("held-00").count(), 1, "{text}");
}

#[test]
fn the_next_jobs_stand_in_the_order_of_the_times_that_are_shown() {
    let world = World::new();
    world.take(
        "jobs:
  - {id: midnight, account: brand-club, at: 2027-03-21 00:00, broadcast: {filter: {tag_id: 2}, text: x}}
  - {id: stopped, account: brand-daily, at: 2027-03-21 00:01, broadcast: {filter: {tag_id: 2}, text: x}}
",
    );
    world.text(&["hold", "brand-daily"]);

    let status = world.json(&["status", "--json"]);

    let next = status["next"].as_array().unwrap();
    let ids: Vec<_> = next.iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["stopped", "midnight"], "00:01 is before 00:02");
}

#[test]
fn programs_find_the_code_of_a_reason_and_its_arguments_beside_every_sentence() {
    let world = World::new();
    world.evening();
    let others = json!({ "code": "reserved_by_others", "rule": "daily_send", "window": "2027-03-20",
            "jobs": [{ "id": "spring-launch", "title": "春天来了" }] });

    let show = world.json(&["show", "spring-echo", "--json"]);
    let status = world.json(&["status", "--json"]);

    assert_eq!(
        (&show["reason_code"], &show["reason_args"]["cause"]),
        (&json!("deferred"), &others)
    );
    let line = show["history"].as_array().unwrap().last().unwrap();
    assert!(line["why"].as_str().unwrap().starts_with("deferred: daily_send of 2027-03-20"));
    assert_eq!(line["reason_code"], "deferred");
    assert_eq!(line["reason_args"]["goes_at"], "2027-03-21T20:30:00+08:00");
    let of = |list: &str| {
        let list = status[list].as_array().unwrap().iter();
        list.clone().find(|job| job["id"] == "spring-echo").cloned().unwrap()
    };
    let next = of("next");
    assert_eq!(
        (&next["reason_code"], &next["reason_args"]["cause"]),
        (&json!("deferred"), &others)
    );
    let codes: Vec<_> =
        next["reasons"].as_array().unwrap().iter().map(|why| &why["code"]).collect();
    assert!(codes.contains(&&json!("deferred")), "{codes:?}");
    assert_eq!(codes.len(), next["why"].as_array().unwrap().len());
    let failed = status["attention"].as_array().unwrap();
    let failed = failed.iter().find(|note| note["kind"] == "failed").unwrap();
    assert_eq!(failed["reason_code"], "platform_refused");
    assert_eq!(failed["reason_args"]["errcode"], 40_007);
}
