//! The draft box through the real binary: listed, looked up by title, and asked for media ids.

use std::fs;

use chrono::TimeDelta;
use serde_json::Value;

use crate::rig::{Rig, at_line, club, real_now, whole_second};

/// A daemon with 22 drafts, of which two have the same title.
fn rig() -> Rig {
    let club = club();
    let appid = club.spec.appid.clone();
    let rig = Rig::running(&[club]);
    let mut platform = rig.platform();
    for number in 0..19 {
        let (id, title) = (format!("DRAFT-{number}"), format!("周刊第 {number} 期"));
        platform.write_draft(&appid, (&id, &[&title]), real_now());
    }
    platform.write_draft(&appid, ("SPRING", &["春天来了", "又一篇"]), real_now());
    platform.write_draft(&appid, ("TWIN-1", &["夏天"]), real_now());
    platform.write_draft(&appid, ("TWIN-2", &["夏天"]), real_now());
    drop(platform);
    rig.until_listening();
    rig
}

/// A file with one job for this draft, in a week.
fn file(rig: &Rig, name: &str, mpnews: &str) -> String {
    let at = at_line(whole_second(real_now() + TimeDelta::days(7)));
    let text = format!(
        "jobs:\n  - id: {name}\n    account: club\n    {at}\n    broadcast:\n      \
         filter: {{ tag_id: 2 }}\n      mpnews: {mpnews}\n...\n"
    );
    let path = rig.path(&format!("{name}.yaml"));
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn the_draft_box_is_listed_page_by_page() {
    let rig = rig();

    let said = rig.say(&["drafts", "club", "--json"]);

    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("club: 20 of 22 drafts are read"), "{}", said.err);
    let view: Value = serde_json::from_str(&said.out).unwrap();
    let drafts = view["drafts"].as_array().unwrap();
    assert_eq!((drafts.len(), &view["account"]), (22, &"club".into()));
    let spring = drafts.iter().find(|draft| draft["media_id"] == "SPRING").unwrap();
    assert_eq!(spring["title"], "春天来了");
    assert_eq!(spring["articles"][1], "又一篇");
    assert_eq!(spring["thumb_media_id"], "COVER");
    assert!(spring["updated"].is_string(), "{spring}");
    let pages = rig.ask(&["quota", "club", "--json"]);
    let rules = pages[0]["rules"].as_array().unwrap();
    let used = rules.iter().find(|rule| rule["rule"] == "daily_draft_pages");
    assert_eq!(used.map(|rule| &rule["used"]), Some(&2.into()));
}

#[test]
fn a_draft_is_submitted_by_its_title_and_its_media_id_is_what_is_stored() {
    let rig = rig();
    let path = file(&rig, "spring", "{ draft: 春天来了 }");

    let checked = rig.say(&["check", &path]);
    assert_eq!(checked.code, Some(0), "{}", checked.out);
    assert!(checked.out.contains("is looked up by `submit`"), "{}", checked.out);
    let said = rig.say(&["submit", &path]);

    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let accepted = fs::read_to_string(rig.path("inbox/accepted/spring.yaml")).unwrap();
    assert!(accepted.contains("\"media_id\": \"SPRING\", draft: 春天来了"), "{accepted}");
    assert_eq!(rig.job("spring")["title"], "春天来了");
    assert_eq!(rig.job("spring")["msgtype"], "mpnews");
    // Dropped again after the draft is gone, the file changes nothing.
    let checked = rig.say(&["check", &path]);
    assert!(checked.out.contains("this very job is known"), "{}", checked.out);
}

#[test]
fn a_title_of_two_drafts_or_of_none_is_refused_and_nothing_is_submitted() {
    let rig = rig();
    for (mpnews, expected) in [
        ("{ draft: 夏天 }", "TWIN-1, updated "),
        ("{ draft: 夏天 }", "TWIN-2, updated "),
        ("{ draft: 春天 }", "`春天来了`"),
    ] {
        let path = file(&rig, "summer", mpnews);

        let said = rig.say(&["submit", &path]);

        assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
        assert!(said.out.contains(expected), "{}", said.out);
    }
    assert_eq!(rig.ask(&["jobs", "--json"]), Value::Array(Vec::new()));
}

#[test]
fn a_file_with_a_title_alone_is_refused_by_the_inbox() {
    let rig = rig();
    let path = file(&rig, "spring", "{ draft: 春天来了 }");

    rig.drop_file("spring.yaml", &fs::read_to_string(path).unwrap());

    let error = rig.until_file("rejected", "spring.yaml.error.txt");
    let error = fs::read_to_string(error).unwrap();
    assert!(error.contains("`qunfa submit` looks it up"), "{error}");
}

#[test]
fn check_asks_for_media_ids_only_if_it_is_told_to_and_once_a_day() {
    let rig = rig();
    let there = file(&rig, "there", "{ media_id: SPRING }");
    let gone = file(&rig, "gone", "{ media_id: bad-GONE }");
    let asked = || {
        let platform = rig.platform();
        let asked = platform.requests().iter();
        asked.filter(|logged| logged.path.ends_with("/draft/get")).count()
    };

    let said = rig.say(&["check", &there, &gone]);
    assert!(!said.out.contains("media id"), "{}", said.out);
    assert_eq!(asked(), 0);

    for _ in 0..2 {
        let said = rig.say(&["check", "--media", &there, &gone]);
        assert!(said.out.contains("the platform has media id SPRING"), "{}", said.out);
        let told = "neither a draft nor material with media id bad-GONE";
        assert!(said.out.contains(told), "{}", said.out);
        assert_eq!(asked(), 2);
    }
}
