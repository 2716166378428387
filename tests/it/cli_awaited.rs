//! A broadcast to everyone between the platform's acceptance and its result: its administrator may
//! be asked to confirm it (API群发保护), for 30 minutes.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::model::Credence;
use qunfa::store::{EventIn, ResponseFields, SendStatus, StoreError, Tx};
use qunfa::wechat::callback::Status;
use serde_json::json;

use crate::cli::{World, accounts, ask, assert_golden};

const JOBS: &str = "jobs:
  - {id: launch, account: brand-club, at: 2027-03-20 19:20, broadcast: {filter: {is_to_all: true}, text: 春天来了}}
  - {id: tagged, account: brand-club, at: 2027-03-20 19:20, broadcast: {filter: {tag_id: 2}, text: 春天来了}}
";

fn at(text: &str) -> DateTime<Utc> {
    format!("2027-03-20T{text}+08:00").parse().unwrap()
}

fn accept(tx: &Tx<'_>, job: &str, msg_id: i64, when: DateTime<Utc>) -> Result<(), StoreError> {
    let [_, club] = accounts();
    let attempt = ask(tx, job, when);
    let word = ResponseFields {
        errcode: Some(0),
        errmsg: "send job submission success",
        msg_id: Some(msg_id),
        dated: Some(when),
        ask_after: TimeDelta::seconds(15),
        ..ResponseFields::default()
    };
    tx.accept(attempt, &club, &word, false, when).map(drop)
}

/// A world, at 19:57, in which the broadcast was accepted at some time.
fn accepted_at(when: &str) -> World {
    let world = World::new();
    world.take(JOBS);
    let done = |tx: &Tx<'_>| {
        accept(tx, "launch", 3_147_483_650, at(when))?;
        accept(tx, "tagged", 3_147_483_651, at(when))
    };
    world.store().transaction(done).unwrap();
    world
}

/// The same with the platform's word on it, a few minutes later.
fn ended(number: i64) -> World {
    let world = accepted_at("19:20:01");
    let status = Status::Err(number);
    let said = format!("err({number})");
    let event = EventIn {
        account: "brand-club",
        raw: b"<xml/>",
        credence: Credence::Proof,
        msg_id: 3_147_483_650,
        created_at: at("19:50:02"),
        status: &said,
        word: SendStatus::Failed,
        words: &status.words(),
        advice: &status.advice().unwrap_or_default(),
        counts: [None; 4],
        articles: &[],
    };
    let [_, club] = accounts();
    world.store().transaction(|tx| tx.receive(&event, &club, at("19:50:03"))).unwrap();
    world
}

#[test]
fn a_broadcast_to_everyone_may_wait_for_the_administrator_for_30_minutes() {
    let world = accepted_at("19:40:01");

    let text = [&["show", "launch"][..], &["jobs"], &["status"]].map(|line| world.text(line));
    assert_golden("awaited.txt", &text.join("\n----\n"));
    let jobs = world.json(&["jobs", "--json"]);
    let reason = jobs[0]["reason"].as_str().unwrap();
    assert!(reason.contains("has until 20:10:01 +08:00 to confirm"), "{reason}");
    assert_eq!(jobs[1]["reason"], json!(null), "a tag asks nobody");
    let status = world.json(&["status", "--json"]);
    assert_eq!(status["awaited"][0]["id"], "launch");
    assert_eq!(status["awaited"].as_array().unwrap().len(), 1);
}

#[test]
fn after_30_minutes_nobody_can_confirm_it_any_more() {
    let world = accepted_at("19:20:01");

    let reason = world.json(&["show", "launch", "--json"])["reason"].clone();

    let reason = reason.as_str().unwrap();
    assert!(reason.contains("the result is still not in"), "{reason}");
    assert!(reason.contains("the time for that ended at 19:50:01 +08:00"), "{reason}");
    assert!(!reason.contains("has until"), "{reason}");
}

#[test]
fn what_the_administrator_said_is_told_with_what_can_be_done() {
    for (number, words) in [(40001, "管理员拒绝"), (40002, "管理员30分钟内无响应")] {
        let world = ended(number);

        let text = world.text(&["show", "launch"]);

        assert_golden(&format!("show-administrator-{number}.txt"), &text);
        let job = &world.json(&["jobs", "--json"])[0];
        assert_eq!(job["state"], "failed");
        assert!(job["reason"].as_str().unwrap().contains(words), "{job}");
        let status = world.json(&["status", "--json"]);
        assert_eq!(status["awaited"], json!([]));
        let note = &status["attention"][0];
        let what = note["what"].as_str().unwrap();
        assert!(what.contains(words) && what.contains("account's administrator"), "{note}");
    }
}
