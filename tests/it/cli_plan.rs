//! The forecast, the list of jobs and the story of one: whole texts, and what programs read.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::cli::Screen;
use qunfa::store::{ResponseFields, StoreError};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::cli::{JOBS, World, accounts, ask, assert_golden, has_keys};

fn job<'a>(view: &'a Value, id: &str) -> &'a Value {
    let jobs = view["jobs"].as_array().unwrap();
    jobs.iter().find(|job| job["id"] == id).unwrap_or_else(|| panic!("no {id} in {view}"))
}

#[test]
fn plan_reads_as_it_always_did() {
    let world = World::new();
    world.evening();

    assert_golden("plan.txt", &world.text(&["plan", "--list"]));
    assert_golden("plan-grid.txt", &world.text(&["plan"]));
}

#[test]
fn the_json_of_plan_tells_each_job_and_each_window() {
    let world = World::new();
    world.evening();

    let plan = world.json(&["plan", "--json"]);

    has_keys(&plan, "from until days windows jobs more beyond");
    let echo = job(&plan, "spring-echo");
    has_keys(echo, "id account action state at due outlook goes_at not_after why");
    assert_eq!(echo["outlook"], "goes");
    assert_eq!(echo["goes_at"], "2027-03-21T20:30:00+08:00");
    assert_eq!(job(&plan, "club-late")["outlook"], "stopped");
    let windows = plan["windows"].as_array().unwrap();
    let day = windows.iter().find(|w| w["rule"] == "daily_send" && w["window"] == "2027-03-20");
    assert_eq!(day.unwrap()["claimed_by"], json!(["spring-launch"]));
    let calls = windows.iter().find(|w| w["rule"] == "daily_calls" && w["window"] == "2027-03-20");
    assert_eq!(calls.unwrap()["used_by"], json!(["club-news", "club-evening"]));
}

#[test]
fn plan_reads_the_days_asked_for_and_counts_the_rest() {
    let world = World::new();
    world.take(JOBS);

    let plan = world.json(&["plan", "--days", "1", "--json"]);

    assert_eq!(plan["until"], "2027-03-21T00:00:00+08:00");
    assert_eq!(plan["beyond"], 2);
    let text = world.text(&["plan", "--list", "--days", "1"]);
    assert!(text.contains("2 jobs wait for later days"), "{text}");
    assert!(!text.contains("spring-echo"), "{text}");
}

#[test]
fn plan_tells_what_needs_an_approval_and_what_will_fail() {
    let world = World::new();
    world.take(JOBS);
    world.take(
        "jobs:\n  - {id: strict, account: brand-daily, on_quota: fail, at: 2027-03-20 21:00, broadcast: {filter: {tag_id: 2}, text: x}}\n",
    );

    let plan = world.json(&["plan", "--json"]);

    assert_eq!(job(&plan, "strict")["outlook"], "will_fail");
    assert_eq!(job(&plan, "strict")["goes_at"], Value::Null);
    let held = job(&plan, "club-approval");
    assert_eq!(held["outlook"], "needs_approval");
    assert_eq!(held["goes_at"], "2027-03-25T09:00:00+08:00");
    let text = world.text(&["plan", "--list"]);
    assert!(text.contains("`qunfa approve club-approval`"), "{text}");
}

#[test]
fn plan_of_an_empty_database_says_so() {
    let world = World::new();

    let text = world.text(&["plan", "--list"]);

    assert!(text.contains("nothing is used, and no job waits"), "{text}");
    assert!(text.ends_with("No job waits for a later day.\n"), "{text}");
}

#[test]
fn jobs_shows_those_around_now_and_counts_the_others() {
    let world = World::new();
    world.take(JOBS);

    let text = world.text(&["jobs", "--limit", "2"]);

    assert!(text.contains("club-late") && text.contains("spring-launch"), "{text}");
    assert!(text.contains("The 2 of 6 jobs that are due nearest to now"), "{text}");
    let some = world.json(&["jobs", "--limit", "2", "--json"]);
    let ids: Vec<_> = some.as_array().unwrap().iter().map(|job| job["id"].clone()).collect();
    assert_eq!(ids, ["club-late", "spring-launch"]);
}

#[test]
fn jobs_as_json_are_all_jobs_in_the_order_in_which_they_are_due() {
    let world = World::new();
    world.evening();
    let many: String = (0..60)
        .map(|minute| {
            format!("  - {{id: m{minute:02}, account: brand-club, at: 2027-03-22 12:{minute:02}, broadcast: {{filter: {{tag_id: 2}}, text: x}}}}\n")
        })
        .collect();
    world.take(&format!("jobs:\n{many}"));

    let jobs = world.json(&["jobs", "--json"]);

    let jobs = jobs.as_array().unwrap();
    assert_eq!(jobs.len(), 66);
    assert!(jobs.is_sorted_by_key(|job| job["due"].as_str().unwrap().to_owned()));
    assert!(jobs.iter().all(|job| job["batches"].as_array().unwrap().len() == 1));
    let attempts = |id: &str| {
        let job = jobs.iter().find(|job| job["id"] == id).unwrap();
        job["batches"][0]["attempts"].clone()
    };
    assert_eq!((attempts("club-news"), attempts("m00")), (json!(1), json!(0)));
    assert_eq!(world.json(&["jobs", "--json", "--state", "sent"]).as_array().unwrap().len(), 1);
    assert!(world.text(&["jobs"]).contains("The 50 of 66 jobs"));
}

#[test]
fn the_batches_of_one_job_stay_together_and_in_order() {
    let world = World::new();
    let list: Vec<_> = (0..20_001).map(|n| format!("o{n:027}")).collect();
    world.take(&format!(
        "jobs:\n  - {{id: big, account: brand-club, at: 2027-03-21 09:00, broadcast: {{touser: [{}], text: x}}}}\n  - {{id: small, account: brand-club, at: 2027-03-21 09:00, broadcast: {{filter: {{tag_id: 2}}, text: x}}}}\n",
        list.join(", ")
    ));

    let jobs = world.json(&["jobs", "--json"]);

    let numbers: Vec<_> = jobs[0]["batches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|batch| batch["number"].clone())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(jobs[1]["id"], "small");
}

#[test]
fn show_tells_when_a_waiting_job_goes_and_why_not_sooner() {
    let world = World::new();
    world.evening();

    assert_golden("show-deferred.txt", &world.text(&["show", "spring-echo"]));
}

#[test]
fn show_tells_what_helps_once_for_each_code() {
    let world = World::new();
    world.take(JOBS);
    let [_, club] = accounts();
    let first: DateTime<Utc> = "2027-03-20T11:50:00Z".parse().unwrap();
    let asked = |tx: &qunfa::store::Tx<'_>| -> Result<(), StoreError> {
        for minute in [0, 2, 4] {
            let at = first + TimeDelta::minutes(minute);
            let attempt = ask(tx, "club-late", at);
            let word = ResponseFields {
                errcode: Some(45_066),
                errmsg: "clientmsgid 太快了 rid: 6b02db98-75ce6a9f-5a9d1c2f",
                ..ResponseFields::default()
            };
            tx.doubt_with(attempt, &word, at + TimeDelta::seconds(1))?;
        }
        let attempt = ask(tx, "club-late", first + TimeDelta::minutes(6));
        let word = ResponseFields {
            errcode: Some(45_065),
            errmsg: "clientmsgid exist",
            msg_id: Some(3_147_483_651),
            dated: Some(first + TimeDelta::minutes(6)),
            ..ResponseFields::default()
        };
        let answered = first + TimeDelta::seconds(361);
        tx.accept(attempt, &club, &word, true, answered).map(drop)
    };
    world.store().transaction(asked).unwrap();

    assert_golden("show-adopted.txt", &world.text(&["show", "club-late"]));
}

#[test]
fn the_grid_marks_the_days_on_which_a_broadcast_to_everyone_has_room() {
    let world = World::new();
    world.take(JOBS);
    let day = |account: &str, day: &str| {
        let plan = world.json(&["plan", "--json"]);
        let of_account = plan["grid"].as_array().unwrap().iter();
        let days =
            of_account.clone().find(|row| row["account"] == account).unwrap()["days"].clone();
        let mut days = days.as_array().unwrap().clone().into_iter();
        days.find(|found| found["day"] == day).unwrap()
    };

    let claimed = day("brand-daily", "2027-03-20");
    assert_eq!((&claimed["free"], &claimed["jobs"]), (&json!(false), &json!(["spring-launch"])));
    let yielded = day("brand-daily", "2027-03-21");
    assert_eq!((&yielded["free"], &yielded["jobs"]), (&json!(false), &json!(["spring-echo"])));
    assert_eq!(day("brand-daily", "2027-03-22")["free"], true);
    let tagged = day("brand-club", "2027-03-25");
    assert_eq!((&tagged["free"], &tagged["jobs"]), (&json!(true), &json!(["club-approval"])));

    world.text(&["quota", "record", "brand-club", "--count", "4"]);
    assert_eq!(day("brand-club", "2027-03-25")["free"], false, "the month has its four");
}

#[test]
fn the_grid_has_accounts_beside_each_other_as_far_as_the_terminal_reaches() {
    let world = World::new();
    world.evening();

    let (answer, narrow) = world.run_on(|| Some(Screen { columns: 40, rows: 24 }), &["plan"]);

    answer.unwrap();
    let heads = narrow.lines().filter(|line| line.starts_with("day "));
    assert_eq!(heads.count(), 2, "{narrow}");
    assert!(narrow.lines().all(|line| line.width() <= 40), "{narrow}");
}

#[test]
fn plan_says_what_each_job_beside_the_broadcasts_does() {
    let world = World::new();
    world.take(
        "jobs:
  - {id: news, account: brand-club, at: 2027-03-21 18:00, broadcast: {filter: {tag_id: 2}, mpnews: {media_id: SPRING}}}
  - {id: pull, account: brand-club, at: 2027-03-21 19:00, delete: {job: news, article_idx: 1}}
  - {id: slow, account: brand-club, at: 2027-03-21 20:00, speed: 4}
  - {id: food, account: brand-club, at: 2027-03-21 21:00, menu: {button: [{type: click, name: 今日, key: K}]}}
  - {id: code, account: brand-club, at: 2027-03-21 22:00, qrcode: {action_name: QR_LIMIT_SCENE, action_info: {scene: {scene_id: 7}}}}
",
    );

    let text = world.text(&["plan", "--list"]);

    for words in [
        "delete news: pull, deletes article 1 of job news",
        "speed 4: slow, sets the speed to 4 (10w a minute)",
        "menu 今日: food, sets the menu 今日",
        "code 7: code, makes the permanent code of scene 7",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

/// So many lists to the same two receivers.
fn lists(days: impl Iterator<Item = u32>) -> String {
    let jobs: String = days
        .map(|day| {
            format!(
                "  - {{id: list-{day}, account: brand-club, at: 2027-03-{day} 20:00, broadcast: {{touser: [oAAAAAAAAAAAAAAAAAAAAAAAAAAA, oBBBBBBBBBBBBBBBBBBBBBBBBBBB], text: x}}}}\n"
            )
        })
        .collect();
    format!("jobs:\n{jobs}")
}

#[test]
fn a_list_whose_receivers_earlier_lists_fill_goes_in_the_next_month() {
    let world = World::new();
    world.take(&lists(21..25));
    let path = world.file("fifth.yaml", &lists(25..26));

    let check = world.json(&["check", "--json", &path]);
    world.take(&lists(25..26));
    let plan = world.json(&["plan", "--json", "--days", "10"]);

    let fifth = job(&plan, "list-25");
    assert_eq!(
        (&fifth["outlook"], &fifth["goes_at"]),
        (&json!("will_defer"), &json!("2027-04-01T20:00:00+08:00"))
    );
    let why = "by then its receivers have had their four of 2027-03";
    assert!(fifth["why"].to_string().contains(why), "{fifth}");
    assert_eq!(job(&plan, "list-24")["outlook"], "goes");
    let warning = check["files"][0]["jobs"][0]["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains(why) && warning.contains("not go before 2027-04-01 00:00"),
        "{warning}"
    );
    assert!(world.text(&["show", "list-25"]).contains("2027-04-01 20:00"));
}

#[test]
fn the_sixty_first_call_of_a_minute_is_shown_in_the_next_one() {
    let world = World::new();
    let jobs: String = (0..61)
        .map(|number| {
            format!(
                "  - {{id: j{number:02}, account: brand-club, at: 2027-03-21 20:00, broadcast: {{filter: {{tag_id: 2}}, text: x}}}}\n"
            )
        })
        .collect();
    world.take(&format!("jobs:\n{jobs}"));

    let plan = world.json(&["plan", "--json"]);

    assert_eq!(job(&plan, "j59")["goes_at"], "2027-03-21T20:00:00+08:00");
    let last = job(&plan, "j60");
    assert_eq!(last["goes_at"], "2027-03-21T20:01:00+08:00");
    assert!(last["why"].to_string().contains("per_minute: the calls before it fill its minute"));
}
