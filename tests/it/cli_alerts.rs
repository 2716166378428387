//! What stands under attention: its ids and severities, and `ack`, which holds until something new
//! happens.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::cli::Problem;
use qunfa::model::JobId;
use qunfa::store::{Alert, DecidedBy, RefusedFile, StoreError, Tx};
use serde_json::{Value, json};

use crate::cli::{JOBS, World, accounts, evening, has_keys};
use crate::views::{telling, written};

fn notes(world: &World) -> Vec<Value> {
    let status = world.json(&["status", "--json"]);
    status["attention"].as_array().unwrap().clone()
}

fn of_kind(world: &World, kind: &str) -> Option<Value> {
    notes(world).into_iter().find(|note| note["kind"] == kind)
}

fn raise_alert(world: &World, what: &str, now: DateTime<Utc>) {
    let told = telling(what, "look at the callback");
    let note = Alert { account: Some("brand-club"), job: None, kind: "callback", told: &told };
    world.store().transaction(|tx| tx.raise_alert(&note, now)).unwrap();
}

#[test]
fn each_note_has_an_id_a_severity_and_the_title_of_its_job() {
    let world = World::new();
    world.evening();
    raise_alert(&world, "an event was refused", evening());

    let failed = of_kind(&world, "failed").unwrap();
    let paused = of_kind(&world, "paused").unwrap();
    let callback = of_kind(&world, "callback").unwrap();

    has_keys(&failed, "id account kind since what do severity note title");
    assert_eq!(failed["title"], "晚上好");
    assert_eq!(
        [&failed, &paused, &callback].map(|note| &note["severity"]),
        ["page", "page", "look"]
    );
    assert_eq!(paused["title"], Value::Null);
    assert_ne!(paused["note"], callback["note"]);
    assert!(paused["note"].as_str().unwrap().starts_with("n:"), "{paused}");
    assert_eq!(of_kind(&world, "paused").unwrap()["note"], paused["note"], "it stays the same");
}

#[test]
fn what_people_are_told_is_listed_and_a_test_needs_receivers_and_a_daemon() {
    let world = World::new();
    world.evening();
    raise_alert(&world, "an event was refused", evening());

    let text = world.text(&["alert", "list"]);
    let listed = world.json(&["alert", "list", "--json"]);
    let refused = world.problem(&["alert", "test"]).message();

    let first = &listed[0];
    has_keys(first, "kind severity account job title what do number at ended deliveries");
    assert_eq!([&first["kind"], &first["account"]], ["callback", "brand-club"]);
    assert_eq!(first["what"], "an event was refused");
    assert!(text.contains("look today: callback, account brand-club"), "{text}");
    let failed = listed.as_array().unwrap().iter().find(|one| one["kind"] == "failed").unwrap();
    assert_eq!(failed["title"], Value::Null, "it is the beginning of the text");
    assert!(!text.contains("晚上好"), "{text}");
    assert!(refused.contains("no receivers"), "{refused}");
}

#[test]
fn what_is_acknowledged_is_gone_until_its_job_moves_again() {
    let world = World::new();
    world.evening();

    let answer = world.text(&["ack", "club-evening", "--why", "明天再发"]);
    let gone = of_kind(&world, "failed");
    let shown = world.text(&["show", "club-evening"]);
    let [_, club] = accounts();
    let again = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let id = JobId::parse("club-evening").unwrap();
        let said = DecidedBy { who: "alice", why: None };
        tx.retry(&id, &club, said, evening())?;
        tx.cancel(&id, &club, said, evening())
    };
    world.store().transaction(again).unwrap();

    assert!(answer.contains("Taken out of attention: job club-evening is failed"), "{answer}");
    assert!(answer.contains("comes back when something new"), "{answer}");
    assert_eq!(gone, None);
    assert!(shown.contains("acknowledged by") && shown.contains("明天再发"), "{shown}");
    assert_eq!(of_kind(&world, "failed"), None, "it is cancelled now");
}

#[test]
fn a_job_that_fails_a_second_time_after_its_acknowledgement_needs_a_person_again() {
    let world = World::new();
    world.uncertain();
    world.text(&["ack", "club-news"]);
    let [_, club] = accounts();
    let told = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let id = JobId::parse("club-late").unwrap();
        let job = tx.job(&id)?;
        let missed = qunfa::model::JobState::Missed;
        tx.finish_job(
            &job,
            &club,
            missed,
            &written("no network"),
            evening() - TimeDelta::minutes(5),
        )
    };
    world.store().transaction(told).unwrap();

    assert_eq!(of_kind(&world, "uncertain"), None);
    assert!(of_kind(&world, "missed").is_some());
    world.text(&["ack", "club-late"]);
    assert_eq!(of_kind(&world, "missed"), None);
    let again = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let id = JobId::parse("club-late").unwrap();
        let said = DecidedBy { who: "alice", why: None };
        tx.retry(&id, &club, said, evening() - TimeDelta::minutes(4))?;
        let job = tx.job(&id)?;
        let missed = qunfa::model::JobState::Missed;
        tx.finish_job(
            &job,
            &club,
            missed,
            &written("no network"),
            evening() - TimeDelta::minutes(3),
        )
    };
    world.store().transaction(again).unwrap();
    assert!(of_kind(&world, "missed").is_some());
}

#[test]
fn a_note_of_an_account_is_acknowledged_by_its_id_and_comes_back_with_other_words() {
    let world = World::new();
    world.take(JOBS);
    raise_alert(&world, "five pushes were refused", evening());
    let id = of_kind(&world, "callback").unwrap()["note"].as_str().unwrap().to_owned();

    let whole = world.text(&["show", &id]);
    world.text(&["ack", &id, "--why", "网络在修"]);
    let seen = world.text(&["show", &id]);
    let gone = of_kind(&world, "callback");
    raise_alert(&world, "five pushes were refused", evening());
    let same = of_kind(&world, "callback");
    raise_alert(&world, "ten pushes were refused", evening());

    assert!(seen.contains("acknowledged by") && seen.contains("网络在修"), "{seen}");
    assert!(whole.contains("five pushes") && whole.contains("look at the callback"), "{whole}");
    assert_eq!((gone, same), (None, None));
    assert_eq!(of_kind(&world, "callback").unwrap()["what"], json!("ten pushes were refused"));
}

#[test]
fn an_acknowledged_pause_goes_on_to_stop_the_account() {
    let world = World::new();
    world.evening();
    let id = of_kind(&world, "paused").unwrap()["note"].as_str().unwrap().to_owned();

    world.text(&["ack", &id]);

    assert_eq!(of_kind(&world, "paused"), None);
    let status = world.json(&["status", "--json"]);
    assert_eq!(status["accounts"][1]["paused"], true);
    let late = status["next"].as_array().unwrap().iter().find(|job| job["id"] == "club-late");
    assert_eq!(late.unwrap()["outlook"], "stopped");
}

#[test]
fn what_does_not_stand_under_attention_is_not_acknowledged() {
    let world = World::new();
    assert!(matches!(world.problem(&["ack", "x"]), Problem::No(_)));
    world.take(JOBS);

    for (thing, words) in [
        ("spring-launch", "does not stand under attention"),
        ("n:000000", "nothing under attention is called n:000000"),
        ("spring.yaml", "nothing under attention is called spring.yaml"),
    ] {
        let problem = world.problem(&["ack", thing]).message();
        assert!(problem.contains(words), "{problem}");
    }
}

#[test]
fn a_refused_file_that_is_acknowledged_by_its_note_is_counted_no_more() {
    let world = World::new();
    let refuse = |tx: &Tx<'_>| -> Result<(), StoreError> {
        for name in ["bad.yaml", "past.yaml"] {
            tx.refuse_file(&RefusedFile { name, problems: 1, line: 3 }, evening())?;
        }
        Ok(())
    };
    world.store().transaction(refuse).unwrap();
    let told = notes(&world);
    let note = told.iter().find(|note| note["what"].as_str().unwrap().contains("bad.yaml"));

    let answer = world.text(&["ack", note.unwrap()["note"].as_str().unwrap()]);

    assert!(answer.contains("Taken out of attention: the inbox refused bad.yaml"), "{answer}");
    assert_eq!(world.store().read().refused_files().unwrap(), 1, "as /metrics counts");
    assert!(of_kind(&world, "refused_file").unwrap()["what"].as_str().unwrap().contains("past"));
    world.store().transaction(refuse).unwrap();
    assert_eq!(world.store().read().refused_files().unwrap(), 2, "refused again, it is news again");
}
