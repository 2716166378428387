//! Series on the command line: what a person is told of one, and of its dates.

use chrono::TimeDelta;
use qunfa::cli::Answer;
use qunfa::inbox::{self, NoLists};
use qunfa::plan::Gap;
use qunfa::reason::{OldDatabase, Reason};
use qunfa::store::{DateActions, Recurring, SeriesInput, Source, StoreError, Tx};
use qunfa::text::reason;

use crate::cli::{World, accounts, assert_fits, assert_golden, evening};

const SERIES: &str = "jobs:
  - id: weekly
    account: brand-club
    cron: 0 20 * * FRI
    until: 2027-12-31
    broadcast: {filter: {is_to_all: true}, text: 周五见}
  - {id: spring, account: brand-club, at: 2027-03-26 20:00, priority: 5, broadcast: {filter: {is_to_all: true}, text: 春天来了}}
";

impl World {
    fn with_series() -> Self {
        let world = Self::new();
        world.take(SERIES);
        world
    }
}

#[test]
fn check_tells_the_next_dates_of_a_series_and_where_quotas_move_one() {
    let world = World::new();
    let path = world.file("weekly.yaml", SERIES);

    let text = world.text(&["check", &path]);

    assert_fits(&text);
    assert_golden(
        "check-series.txt",
        &text.replace(world.folder.path().to_str().unwrap(), "FOLDER"),
    );
    let json = world.json(&["check", &path, "--json"]);
    let series = &json["files"][0]["series"][0];
    assert_eq!(series["occurrences"][0]["id"], "weekly@2027-03-26");
    assert_eq!(series["planned"], 5);
    assert_eq!(json["files"][0]["jobs"].as_array().unwrap().len(), 1);
}

const NUMBERED: &str = "jobs:
  - id: weekly
    account: brand-club
    title: 第{n}期
    cron: 30 20 * * FRI
    from: 2027-03-19
    broadcast: { filter: { is_to_all: true }, text: \"{date:%-m月%-d日}，第{n}期 {{n}}\" }
";

#[test]
fn each_date_fills_in_its_day_and_its_number_and_a_moved_one_keeps_them() {
    let world = World::new();
    let path = world.file("weekly.yaml", NUMBERED);
    let checked = world.text(&["check", &path]);
    assert!(checked.contains("on 2027-03-26 it reads: 3月26日，第2期 {n}}"), "{checked}");
    world.take(NUMBERED);

    world.text(&["reschedule", "weekly@2027-04-02", "2027-04-03 09:30"]);

    let title = |id: &str| world.json(&["show", id, "--json"])["title"].clone();
    assert_eq!(title("weekly@2027-03-26"), "第2期");
    assert_eq!(title("weekly@2027-04-02"), "第3期");
    let plan = world.json(&["plan", "--days", "60", "--json"]);
    let later =
        plan["jobs"].as_array().unwrap().iter().find(|job| job["id"] == "weekly@2027-05-07");
    assert_eq!(later.unwrap()["title"], "第8期", "it has no job yet");
}

#[test]
fn check_of_a_known_series_says_that_nothing_changes() {
    let world = World::with_series();
    let path = world.file("weekly.yaml", SERIES);

    let text = world.text(&["check", &path]);

    assert!(text.contains("note: this very job is known"), "{text}");
}

#[test]
fn show_tells_when_a_series_comes_and_how_its_dates_stand() {
    let world = World::with_series();

    let text = world.text(&["show", "weekly"]);

    assert_fits(&text);
    assert_golden("show-series.txt", &text);
    let json = world.json(&["show", "weekly", "--json"]);
    assert_eq!(json["state"], "active");
    assert_eq!(json["cron"], "0 20 * * FRI");
    assert_eq!(json["occurrences"][0]["id"], "weekly@2027-03-26");
    assert_eq!(json["next"][0]["date"], "2027-04-30");
}

#[test]
fn the_list_of_jobs_has_dates_like_other_jobs_and_names_the_series() {
    let world = World::with_series();

    let text = world.text(&["jobs"]);

    assert_golden("jobs-series.txt", &text);
    let json = world.json(&["jobs", "--json"]);
    let ids: Vec<_> = json.as_array().unwrap().iter().map(|job| job["id"].clone()).collect();
    assert_eq!(ids.len(), 6);
    assert!(!ids.contains(&"weekly".into()), "{ids:?}");
}

#[test]
fn the_forecast_shows_dates_of_a_series() {
    let world = World::with_series();

    let json = world.json(&["plan", "--days", "30", "--json"]);

    let ids = json["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap());
    let ids: Vec<_> = ids.collect();
    let expected = [
        "spring",
        "weekly@2027-03-26",
        "weekly@2027-04-02",
        "weekly@2027-04-09",
        "weekly@2027-04-16",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn cancel_ends_one_date_or_the_whole_series() {
    let world = World::with_series();

    let one = world.text(&["cancel", "weekly@2027-04-02"]);
    assert_eq!(one, "Job weekly@2027-04-02 is cancelled: nothing of it goes out.\n");
    let all = world.text(&["cancel", "weekly"]);
    assert_eq!(
        all.replace('\n', " "),
        "Series weekly is cancelled, with 4 dates that waited, weekly@2027-03-26 the first: no date \
         of it comes. "
    );

    let (problem, _) = world.run(&["cancel", "weekly"]);
    let problem = problem.unwrap_err().to_string();
    assert!(problem.starts_with("series weekly is cancelled already (cancelled by "), "{problem}");
    assert!(world.text(&["show", "weekly"]).starts_with("weekly is a series, cancelled\n"));
}

#[test]
fn what_is_said_of_one_date_names_the_dates_where_it_is_said_of_the_series() {
    let world = World::with_series();
    for (command, expected) in [
        (
            vec!["approve", "weekly"],
            "weekly is a series; say it of one of its dates: weekly@2027-03-26, weekly@2027-04-02, \
             weekly@2027-04-09",
        ),
        (
            vec!["cancel", "weekly@2027-09-04"],
            "series weekly has no date 2027-09-04; `qunfa show weekly` lists them",
        ),
        (
            vec!["cancel", "spring", "--from", "2027-09-04"],
            "--from is for a series, and spring is none",
        ),
        (
            vec!["approve", "weekly", "--until", "2027-09-04"],
            "series weekly needs no approval: its dates go by themselves",
        ),
        (
            vec!["reschedule", "spring", "tomorrow"],
            "`tomorrow` is no time: write it as 2027-03-20 20:00, or with an offset as \
             2027-03-20T20:00:00+08:00",
        ),
        (
            vec!["retry", "weekly"],
            "series weekly is active: its dates are planned; retry one of those, by its own id",
        ),
    ] {
        let (problem, _) = world.run(&command);
        assert_eq!(problem.unwrap_err().to_string(), expected, "{command:?}");
    }
}

#[test]
fn a_lost_series_says_so_and_retry_lets_it_go_on() {
    let world = World::new();
    let [_, club] = accounts();
    let known = accounts();
    let parsed = inbox::parse("weekly.yaml", SERIES.as_bytes(), &NoLists, &[&known[0], &known[1]]);
    let job = parsed.unwrap().jobs.remove(0);
    let (job, recurrence) = (&job.spec, job.recurrence.as_ref().unwrap());
    let recurring = Recurring { job, recurrence, dated: &DateActions::new() };
    let now = evening() - TimeDelta::hours(9);
    let source = Source { file: "weekly.yaml", line: 2, first_taken_at: now };
    let by = SeriesInput { account: &club, bodies: &[], make: qunfa::engine::bodies };
    let mut store = world.store();
    store.transaction(|tx| tx.import_series(recurring, by, source, now)).unwrap();
    drop(store);

    assert!(world.text(&["show", "weekly"]).starts_with("weekly is a series, lost\n"));
    let json = world.json(&["status", "--json"]);
    let notes = json["attention"].as_array().unwrap();
    let note = notes.iter().find(|note| note["kind"] == "series").unwrap();
    assert_eq!(note["id"], "weekly");
    let path = world.file("weekly.yaml", SERIES);
    assert_eq!(world.run(&["check", &path]).0.unwrap(), Answer::No);

    let text = world.text(&["retry", "weekly"]);

    assert!(text.starts_with("Series weekly goes on, from weekly@2027-03-26 ("), "{text}");
    assert!(world.text(&["show", "weekly"]).starts_with("weekly is a series, active\n"));
}

#[test]
fn dates_are_moved_and_skipped_before_and_after_they_have_jobs_and_show_tells_who_did() {
    let world = World::with_series();
    let said = ["--why", "holiday"];
    let run = |words: &[&str]| world.text(&[words, &said[..]].concat());

    let moved = run(&["reschedule", "weekly@2027-04-02", "2027-04-03 09:30"]);
    assert!(
        moved.starts_with("Job weekly@2027-04-02 is moved and goes at 2027-04-03 09:30:00 +08:00"),
        "{moved}"
    );
    let later = run(&["reschedule", "weekly@2027-09-03", "2027-09-04T10:00:00Z"]);
    assert!(
        later.starts_with("weekly@2027-09-03 is moved to 2027-09-04 18:00:00 +08:00"),
        "{later}"
    );
    let skipped = run(&["cancel", "weekly@2027-10-01"]);
    assert!(skipped.starts_with("weekly@2027-10-01 is cancelled: this date"), "{skipped}");
    let spring = run(&["reschedule", "spring", "2027-03-27 20:00"]);
    assert!(spring.contains("goes at 2027-03-27 20:00:00 +08:00"), "{spring}");
    let ended = run(&["cancel", "weekly", "--from", "2027-11-01"]);
    assert!(ended.starts_with("Series weekly is cancelled from 2027-11-01 on: "), "{ended}");

    let json = world.json(&["show", "weekly", "--json"]);
    assert_eq!(json["cancelled_from"], "2027-11-01");
    let changes = json["changes"].as_array().unwrap();
    let told = |index: usize| (changes[index]["date"].clone(), changes[index]["moved_to"].clone());
    assert_eq!(told(0), ("2027-04-02".into(), "2027-04-03T09:30:00+08:00".into()));
    assert_eq!(told(1), ("2027-09-03".into(), "2027-09-04T18:00:00+08:00".into()));
    assert_eq!(told(2), ("2027-10-01".into(), serde_json::Value::Null));
    assert!(changes[2]["why"].as_str().unwrap().ends_with(": \"holiday\""), "{changes:?}");
    let text = world.text(&["show", "weekly"]);
    assert!(
        text.contains("changed   2027-04-02: moved to 2027-04-03 09:30:00 +08:00 by"),
        "{text}"
    );
    // The story of the job has it too.
    let job = world.text(&["show", "weekly@2027-04-02"]);
    assert!(job.contains("moved to 2027-04-03 09:30:00 +08:00 by"), "{job}");
}

#[test]
fn the_dates_of_a_series_in_question_are_one_name_with_their_number() {
    let world = World::with_series();
    let gap = Gap { from: evening() - TimeDelta::hours(2), to: evening() };
    let asked = |tx: &Tx<'_>| -> Result<Reason, StoreError> {
        tx.bound_by_recall(gap, evening())?;
        let due = tx.named(&tx.jobs_in_question(gap, evening())?)?;
        Ok(Reason::MayHaveBeenRestored { evidence: OldDatabase::NoMark, due })
    };

    let hold = world.store().transaction(asked).unwrap();

    let note = world.json(&["status", "--json"])["attention"][0]["what"].clone();
    let told = "spring, 5 dates of weekly of brand-club may have been sent already";
    assert!(note.as_str().unwrap().starts_with(told), "{note}");
    let told = reason::sentence(&hold);
    assert!(told.ends_with(": 5 dates of weekly, spring"), "{told}");
}
