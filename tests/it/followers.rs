//! The followers as a person meets them, what they cost, and the real daemon that reads them.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::cli::Answer;
use qunfa::model::Credence;
use qunfa::sandbox::{AccountSpec, FaultKind};
use qunfa::store::{EventIn, ResponseFields, SendStatus, Store, StoreError, SyncNext, TagTold, Tx};
use serde_json::{Value, json};

use crate::cli::{World, accounts, ask, assert_golden, evening, has_keys};
use crate::rig::{self, Rig, club, to_tag};

/// Lists all followers `0..count`, and tags of every so many of them, as a reading does.
fn read_all(
    store: &mut Store,
    name: &str,
    (count, tags): (usize, &[(i64, usize)]),
    now: DateTime<Utc>,
) {
    let mut tx =
        |work: &dyn Fn(&Tx<'_>) -> Result<(), StoreError>| store.transaction(work).unwrap();
    tx(&|tx| tx.request_sync(name, now));
    loop {
        let next = store.transaction(|tx| tx.next_of_sync(name, now)).unwrap();
        let mut tx =
            |work: &dyn Fn(&Tx<'_>) -> Result<(), StoreError>| store.transaction(work).unwrap();
        let Some((_, next)) = next else { break };
        match next {
            SyncNext::Tags(ask) => {
                let told: Vec<_> = tags
                    .iter()
                    .map(|(id, every)| TagTold {
                        id: *id,
                        name: format!("标签 {id}"),
                        count: count.div_ceil(*every) as u64,
                    })
                    .collect();
                tx(&|tx| tx.list_tags(ask.sync, &told));
            }
            SyncNext::Page(ask, _) => {
                let every = tags.iter().find(|(id, _)| ask.tag() == Some(*id));
                let every = every.map_or(1, |(_, every)| *every);
                let all: Vec<_> = (0..count).step_by(every).map(openid).collect();
                for (part, openids) in (0..).zip(all.chunks(1_000)) {
                    tx(&|tx| tx.keep_part((name, ask), part, openids, count as u64));
                }
                let parts = u32::try_from(all.len().div_ceil(1_000)).unwrap();
                let listed = all.len() as u64;
                tx(&|tx| tx.end_page(ask, (parts, listed, Some(listed)), None));
            }
            SyncNext::Count(sync) => {
                tx(&|tx| tx.count_shard(name, sync, now).map(drop));
            }
        }
    }
    while store.transaction(|tx| tx.forget_syncs(name)).unwrap() {}
}

fn openid(number: usize) -> String {
    format!("oABCD1234567890abcdef{number:07}")
}

/// Sends a job of the club; the platform says that it went out, and to how many.
fn send(store: &mut Store, job: &str, msg_id: i64, counts: [i64; 4], at: DateTime<Utc>) {
    let [_, club] = accounts();
    let done = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let attempt = ask(tx, job, at);
        let word = ResponseFields {
            errcode: Some(0),
            errmsg: "send job submission success",
            msg_id: Some(msg_id),
            dated: Some(at),
            ..ResponseFields::default()
        };
        tx.accept(attempt, &club, &word, false, at)?;
        let event = EventIn {
            account: "brand-club",
            raw: b"<xml/>",
            msg_id,
            created_at: at,
            status: "send success",
            credence: Credence::Proof,
            word: SendStatus::Success,
            advice: "",
            words: "the platform says it went out",
            counts: counts.map(Some),
            articles: &[],
        };
        tx.receive(&event, &club, at)
    };
    store.transaction(done).unwrap();
    while store.transaction(|tx| tx.record_receivers("brand-club")).unwrap() {}
}

/// 34,120 followers read at 04:10, of whom 57 of the 3,412 with tag 102 had four this month.
fn month(world: &World) -> Store {
    let mut store = world.store();
    let read_at = evening() - TimeDelta::minutes(15 * 60 + 47);
    read_all(&mut store, "brand-club", (34_120, &[(102, 10), (105, 600), (106, 40_000)]), read_at);
    world.take(
        "jobs:
  - {id: few-1, account: brand-club, at: 2027-03-20 13:00, broadcast: {filter: {tag_id: 105}, text: 一}}
  - {id: few-2, account: brand-club, at: 2027-03-20 14:00, broadcast: {filter: {tag_id: 105}, text: 二}}
  - {id: few-3, account: brand-club, at: 2027-03-20 15:00, broadcast: {filter: {tag_id: 105}, text: 三}}
  - {id: few-4, account: brand-club, at: 2027-03-20 16:00, broadcast: {filter: {tag_id: 105}, text: 四}}
  - {id: tagged, account: brand-club, at: 2027-03-20 17:00, broadcast: {filter: {tag_id: 102}, text: 五}}
  - {id: next, account: brand-club, at: 2027-03-20 21:00, broadcast: {filter: {tag_id: 102}, text: 六}}
  - {id: full, account: brand-club, at: 2027-03-20 21:00, broadcast: {filter: {tag_id: 105}, text: 七}}
",
    );
    let at = evening() - TimeDelta::hours(7);
    for (hour, job) in (0..).zip(["few-1", "few-2", "few-3", "few-4"]) {
        send(&mut store, job, 100 + hour, [57, 57, 57, 0], at + TimeDelta::hours(hour));
    }
    send(&mut store, "tagged", 104, [3_412, 3_351, 3_351, 0], at + TimeDelta::hours(4));
    store
}

#[test]
fn followers_and_tags_are_counted_with_when_they_were_read() {
    let world = World::new();
    let _store = month(&world);

    assert_golden("followers.txt", &world.text(&["followers", "brand-club"]));
    let view = world.json(&["followers", "brand-club", "--json"]);

    has_keys(&view, "account begun_at read_at followers told tags under_way failed");
    assert_eq!(view["followers"], 34_120);
    assert_eq!(view["read_at"], "2027-03-20T04:10:00+08:00");
    let tag = json!({"id": 105, "name": "标签 105", "followers": 57, "told": 57});
    assert_eq!(view["tags"][1], tag);
}

#[test]
fn show_plan_and_check_say_who_can_still_receive_it() {
    let world = World::new();
    let _store = month(&world);
    let file = "jobs:
  - {id: more, account: brand-club, at: 2027-03-20 22:00, broadcast: {filter: {tag_id: 102}, text: 八}}
  - {id: april, account: brand-club, at: 2027-04-01 22:00, broadcast: {filter: {tag_id: 102}, text: 九}}
";
    let path = world.file("more.yaml", file);

    let (answer, checked) = world.run(&["check", &path]);

    answer.unwrap();
    let folder = world.path("");
    assert_golden("check-reach.txt", &checked.replace(folder.to_str().unwrap(), "FOLDER/"));
    assert_golden("show-reach.txt", &world.text(&["show", "next"]));
    assert_golden("show-full.txt", &world.text(&["show", "full"]));
    assert_golden("show-filtered.txt", &world.text(&["show", "tagged"]));
    assert_golden("plan-reach.txt", &world.text(&["plan", "--list"]));
}

#[test]
fn check_says_no_to_a_tag_that_the_platform_will_refuse() {
    let world = World::new();
    let mut store = world.store();
    read_all(&mut store, "brand-club", (2_000, &[(102, 10)]), evening() - TimeDelta::minutes(947));
    let check = |tag: u32| {
        let job = "id: a, account: brand-club, at: 2027-03-20 21:00";
        let file =
            format!("jobs:\n  - {{{job}, broadcast: {{filter: {{tag_id: {tag}}}, text: x}}}}\n");
        let (answer, text) = world.run(&["check", &world.file("tag.yaml", &file)]);
        (answer.unwrap(), text)
    };

    assert_eq!(check(102).0, Answer::Yes);
    let (answer, text) = check(999);

    assert_eq!(answer, Answer::No, "{text}");
    assert!(text.contains("tag 999 is not among the account's tags"), "{text}");
    assert!(!text.contains("goes at"), "{text}");
}

#[test]
fn who_of_a_list_does_not_follow_is_told_and_not_refused() {
    let world = World::new();
    let mut store = world.store();
    read_all(&mut store, "brand-club", (2_000, &[]), evening() - TimeDelta::minutes(947));
    let check = |numbers: &[usize]| {
        let list: Vec<_> = numbers.iter().map(|number| openid(*number)).collect();
        let path = world.file(
            "list.yaml",
            &format!(
                "jobs:\n  - {{id: a, account: brand-club, at: 2027-03-20 21:00, \
             broadcast: {{touser: [{}], text: x}}}}\n",
                list.join(", ")
            ),
        );
        world.json(&["check", "--json", &path])["files"][0].clone()
    };

    let (known, strangers, alone) =
        (check(&[0, 7, 1_999]), check(&[0, 7, 2_000, 9_999]), check(&[0, 2_000]));

    assert_eq!((&known["ok"], &known["jobs"][0]["warnings"]), (&json!(true), &json!([])));
    assert_eq!(strangers["ok"], true);
    let told = "2 of 4 receivers were not among the followers read 2027-03-20 04:10: the platform \
                leaves out who does not follow";
    assert_eq!(strangers["jobs"][0]["warnings"], json!([told]));
    let warned = alone["jobs"][0]["warnings"][0].as_str().unwrap();
    assert!(warned.contains("fewer than two left it may refuse the call (40130)"), "{warned}");
}

#[test]
fn followers_that_were_never_read_are_not_made_up() {
    let world = World::new();
    world.take("jobs:\n  - {id: a, account: brand-club, at: 2027-03-20 21:00, broadcast: {filter: {tag_id: 2}, text: x}}\n");

    let never = world.problem(&["followers", "brand-club"]).message();
    let unknown = world.problem(&["followers", "brand"]).message();
    let stopped = world.problem(&["followers", "brand-club", "--refresh"]).message();

    assert!(never.contains("`qunfa followers brand-club --refresh`"), "{never}");
    assert!(unknown.contains("there is no account brand"), "{unknown}");
    assert!(stopped.contains("the daemon is not running"), "{stopped}");
    let waits = world.problem(&["followers", "brand-club"]).message();
    assert!(waits.contains("waits for the daemon"), "{waits}");
}

fn bytes(path: &Path) -> u64 {
    let beside = |ending: &str| {
        let name = format!("{}{ending}", path.display());
        std::fs::metadata(name).map_or(0, |found| found.len())
    };
    beside("") + beside("-wal")
}

#[test]
fn followers_take_few_bytes_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("qunfa.db");
    let mut store = Store::open(&path, evening()).unwrap();
    let before = bytes(&path);

    for day in 0..3 {
        let now = evening() + TimeDelta::days(day);
        read_all(&mut store, "brand", (100_000, &[(2, 2), (10, 10)]), now);
    }

    // A million must fit into 64 MiB with all that one daemon needs in memory.
    let grown = bytes(&path) - before;
    assert!(grown < 100_000 * 55 + (6 << 20), "{grown}");
    let view = store.read().followers_view("brand").unwrap();
    assert_eq!((view.followers, view.tags.len()), (Some(100_000), 2));
}

#[test]
fn the_daemon_reads_followers_when_a_person_asks_and_says_who_asked_in_vain() {
    let mut club = club();
    club.spec = AccountSpec { followers: 23_456, ..club.spec };
    let appid = club.spec.appid.clone();
    let at = |number: u32| qunfa::sandbox::openid(&appid, number);
    let rig = Rig::running(&[club]);
    rig.fault_on("/cgi-bin/user/get", FaultKind::AnswerLost);
    rig::clear_of_midnight();
    rig.until_listening();

    let said = rig.say(&["followers", "club", "--refresh", "--json"]);

    assert_eq!(said.code, Some(0), "{}", said.err);
    let view: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&view["followers"], &view["told"]), (&json!(23_456), &json!(23_456)));
    assert_eq!(view["tags"][1]["followers"], 235);
    assert!(said.err.contains("lists complete"), "{}", said.err);

    rig.fault_on("/cgi-bin/tags/get", FaultKind::Errcode(48_001));
    let refused = rig.say(&["followers", "club", "--refresh"]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(refused.err.contains("48001"), "{}", refused.err);
    let attention = rig.until_attention("followers");
    assert!(attention["do"].as_str().unwrap().contains("followers club --refresh"));
    assert_eq!(rig.ask(&["followers", "club", "--json"])["followers"], 23_456);
    let log = rig.log();
    assert!(!log.contains("owx00club-"), "{log}");

    let list = format!("touser: [{}, {}, {}]", at(0), at(1), at(23_456));
    rig.drop_file("list.yaml", &to_tag("list", "club").replace("filter: { tag_id: 2 }", &list));
    let receipt = rig.until_file("accepted", "list.yaml.receipt.json");
    let receipt = std::fs::read_to_string(receipt).unwrap();
    assert!(receipt.contains("1 of 3 receivers was not among the followers read"), "{receipt}");
}
