//! What a job is called: in every list, in JSON, for series, for deletions, and after an upgrade.

use qunfa::model::JobId;
use rusqlite::Connection;

use crate::cli::World;

const JOBS: &str = "jobs:
  - {id: own, account: brand-club, title: 我的标题, at: 2027-03-21 20:00, broadcast: {filter: {tag_id: 2}, text: 正文}}
  - {id: text, account: brand-club, at: 2027-03-21 20:01, broadcast: {filter: {tag_id: 2}, text: 一二三四五六七八九十一二三四五六七八九十甲乙}}
  - {id: draft, account: brand-club, at: 2027-03-21 20:02, broadcast: {filter: {tag_id: 2}, mpnews: {media_id: M}}}
  - {id: slow, account: brand-club, at: 2027-03-21 20:03, speed: 4}
  - {id: pull, account: brand-club, at: 2027-03-21 20:04, delete: {job: own}}
  - {id: pull-other, account: brand-club, at: 2027-03-21 20:05, delete: {job: elsewhere}}
  - {id: bar, account: brand-club, at: 2027-03-21 20:06, menu: {button: [{type: click, name: 今日, key: a}, {type: click, name: 我, key: b}]}}
  - {id: door, account: brand-club, at: 2027-03-21 20:07, qrcode: {action_name: QR_LIMIT_STR_SCENE, action_info: {scene: {scene_str: 门店}}}}
  - {id: weekly, account: brand-club, cron: \"0 20 * * FRI\", broadcast: {filter: {tag_id: 2}, text: 周五见}}
";

const TITLES: [(&str, &str); 9] = [
    ("own", "我的标题"),
    ("text", "一二三四五六七八九十一二三四五六七八九十"),
    ("draft", "draft"),
    ("slow", "speed 4"),
    ("pull", "delete 我的标题"),
    ("pull-other", "delete elsewhere"),
    ("bar", "menu 今日 / 我"),
    ("door", "code 门店"),
    ("weekly@2027-03-26", "周五见"),
];

fn assert_titles(world: &World, expected: &[(&str, &str)]) {
    let jobs = world.json(&["jobs", "--json"]);
    for (id, title) in expected {
        let job = jobs.as_array().unwrap().iter().find(|job| job["id"] == *id);
        assert_eq!(job.unwrap_or_else(|| panic!("no {id}"))["title"], *title, "{id}");
    }
}

#[test]
fn every_list_calls_a_job_by_its_title() {
    let world = World::new();
    world.take(JOBS);

    assert_titles(&world, &TITLES);
    for command in [&["status"][..], &["jobs"], &["plan"], &["plan", "--list"], &["show", "own"]] {
        let text = world.text(command);
        assert!(text.contains("我的标题"), "{command:?} {text}");
    }
    let status = world.json(&["status", "--json"]);
    assert_eq!(status["next"][0]["title"], "我的标题");
    assert_eq!(world.json(&["plan", "--json"])["jobs"][0]["title"], "我的标题");
    assert_eq!(world.json(&["show", "weekly", "--json"])["title"], "周五见");
    let file = world.file("jobs.yaml", JOBS);
    let check = world.json(&["check", &file, "--json"]);
    assert_eq!(check["files"][0]["jobs"][0]["title"], "我的标题");
    assert_eq!(check["files"][0]["series"][0]["title"], "周五见");
}

#[test]
fn another_title_for_a_job_that_waits_is_taken_and_changes_nothing_else() {
    let world = World::new();
    world.take(JOBS);
    world.take(&JOBS.replace("我的标题", "新的标题"));

    let id = JobId::parse("own").unwrap();
    let job = world.store().read().job_view(id.as_str()).unwrap().unwrap();

    assert_eq!(job.title, "新的标题");
    assert_eq!(job.batches.len(), 1);
}

#[test]
fn a_title_that_no_list_can_show_is_refused() {
    let world = World::new();
    for (title, words) in [
        ("\"  \"", "`title` is empty"),
        ("\"a\\nb\"", "must stand on one line"),
        (&*"长".repeat(65), "at most 64 characters"),
    ] {
        let file = world.file("wrong.yaml", &JOBS.replace("我的标题", title));

        let (_, text) = world.run(&["check", &file]);

        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn jobs_of_an_older_database_are_called_after_what_they_hold() {
    let world = World::new();
    world.take(JOBS);
    let db = Connection::open(world.path("state/qunfa.db")).unwrap();
    let script = include_str!("../../src/store/upgrade_4.sql");
    let updates = script.split(';').filter(|part| part.contains("UPDATE job SET title"));
    // Where the bodies stood in that database.
    db.execute_batch(
        "UPDATE job SET title = NULL;
         ALTER TABLE batch ADD COLUMN body TEXT;
         UPDATE batch SET body = (SELECT body FROM body WHERE body.batch = batch.id)",
    )
    .unwrap();

    db.execute_batch(&updates.map(|part| format!("{part};")).collect::<String>()).unwrap();

    let mut expected = TITLES.to_vec();
    // The word of its author was not stored then.
    expected[0].1 = "正文";
    expected[4].1 = "delete own";
    assert_titles(&world, &expected);
}
