//! `preview`, `delete`, `menu` and `speed` through the real binary: the command asks, the daemon makes the
//! request, and the command tells what came of it.

use std::fs;

use chrono::TimeDelta;
use qunfa::sandbox::openid;

use crate::rig::{Rig, at_line, club, real_now, to_tag, to_tag_with, whole_second};

/// The calls to one path that reached the platform, with their codes.
fn calls(rig: &Rig, path: &str) -> Vec<Option<i64>> {
    let platform = rig.platform();
    let asked = platform.requests().iter().filter(|request| request.path.ends_with(path));
    asked.map(|request| request.errcode).collect()
}

#[test]
fn a_preview_reaches_the_platform_and_its_outcome_the_person() {
    let rig = Rig::running(&[club()]);
    let at = whole_second(real_now() + TimeDelta::hours(1));
    rig.drop_file("spring.yaml", &to_tag_with("spring", "club", &at_line(at)));
    rig.until_state("spring", "planned");

    let shown = rig.say(&["preview", "spring", "--to", "anne"]);
    let refused = rig.say(&["preview", "spring", "--to", "bad-name"]);

    assert_eq!(shown.code, Some(0), "{}{}", shown.out, shown.err);
    assert!(
        shown.out.contains("Preview to WeChat name anne: the platform took it."),
        "{}",
        shown.out
    );
    assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.err);
    assert!(refused.out.contains("40132"), "{}", refused.out);
    assert_eq!(calls(&rig, "/mass/preview"), [Some(0), Some(40_132)]);
    assert!(rig.accepted().is_empty());
}

#[test]
fn a_deletion_reaches_the_platform_and_the_job_shows_it() {
    let mut rig = Rig::running(&[club()]);
    let text = to_tag("spring", "club").replace("text: words of spring", "mpnews: { media_id: M }");
    rig.drop_file("spring.yaml", &text);
    rig.until_state("spring", "sent");

    // Its event told of one article, which says nothing of others.
    let unnamed = rig.say(&["delete", "spring"]);
    let asked = rig.say(&["delete", "spring", "--article", "0", "--why", "a mistake"]);
    let again = rig.say(&["delete", "spring"]);

    assert_eq!(unnamed.code, Some(1), "{}{}", unnamed.out, unnamed.err);
    assert!(unnamed.err.contains("is not known"), "{}", unnamed.err);

    assert_eq!(asked.code, Some(0), "{}{}", asked.out, asked.err);
    assert!(asked.out.contains("the platform says it is done"), "{}", asked.out);
    assert_eq!(again.code, Some(1), "{}{}", again.out, again.err);
    assert!(again.err.contains("is deleted already"), "{}", again.err);
    assert_eq!(calls(&rig, "/mass/delete"), [Some(0)]);
    let told = rig.ask(&["show", "spring", "--json"]);
    assert_eq!((&told["state"], &told["deleted"]), (&"sent".into(), &true.into()));
    rig.stop();
    let without = rig.say(&["delete", "spring", "--force"]);
    assert_eq!(without.code, Some(1), "{}{}", without.out, without.err);
    assert!(without.err.contains("the daemon is not running"), "{}", without.err);
}

#[test]
fn the_speed_is_shown_and_set() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();

    let set = rig.say(&["speed", "club", "4"]);
    let shown = rig.say(&["speed", "club"]);
    let told = rig.ask(&["speed", "club", "--json"]);

    assert_eq!(set.code, Some(0), "{}{}", set.out, set.err);
    assert_eq!(shown.code, Some(0), "{}{}", shown.out, shown.err);
    assert!(shown.out.contains("The platform sends at speed 4"), "{}", shown.out);
    assert!(shown.out.contains("100,000") && shown.out.contains("present"), "{}", shown.out);
    assert_eq!(told["errands"][0]["answer"]["speed"], 4);
    assert_eq!(calls(&rig, "/speed/set"), [Some(0)]);
}

#[test]
fn a_menu_and_a_code_reach_the_platform_and_show_has_the_ticket() {
    let rig = Rig::running(&[club()]);
    let text = "jobs:
  - id: menu
    account: club
    menu: {\"button\": [{\"type\": \"click\", \"name\": \"今日歌曲\", \"key\": \"V1001_TODAY_MUSIC\"}]}
  - id: door
    account: club
    qrcode: {\"action_name\": \"QR_LIMIT_STR_SCENE\", \"action_info\": {\"scene\": {\"scene_str\": \"门店\"}}}
";

    rig.drop_file("menus.yaml", text);
    rig.until_state("menu", "sent");
    rig.until_state("door", "sent");

    assert_eq!(calls(&rig, "/menu/create"), [Some(0)]);
    assert_eq!(calls(&rig, "/qrcode/create"), [Some(0)]);
    let appid = rig.platform().requests()[0].appid.clone().unwrap();
    assert_eq!(rig.platform().menu(&appid).unwrap()["button"][0]["name"], "今日歌曲");
    assert_eq!(rig.platform().permanent_codes(&appid), 1);
    let told = rig.ask(&["show", "door", "--json"]);
    let ticket = told["result"]["ticket"].as_str().unwrap();
    let shown = rig.say(&["show", "door"]).out;
    assert!(ticket.ends_with("=="), "{ticket}");
    assert!(shown.contains("permanent_qrcodes  ever") && shown.contains(ticket), "{shown}");
    assert!(rig.accepted().is_empty());
    let log = rig.log();
    for job in ["menu", "door"] {
        assert!(log.contains(&format!("job {job} was releasing and is done: ")), "{log}");
    }
}

#[test]
fn the_pictures_of_many_codes_and_their_list_lie_in_the_state_directory() {
    let rig = Rig::running(&[club()]);
    let text = "jobs:
  - id: doors
    account: club
    qrcode: {action_name: QR_LIMIT_STR_SCENE, scenes: [door-1, 门/2], out: spring/doors}
";

    rig.drop_file("codes.yaml", text);
    rig.until_state("doors", "sent");

    let folder = rig.path("state/qrcodes/spring/doors");
    for name in ["door-1.jpg", "%E9%97%A8%2F2.jpg"] {
        let picture = fs::read(folder.join(name)).unwrap();
        assert!(picture.starts_with(&[0xff, 0xd8, 0xff]), "{name}");
    }
    let list = fs::read_to_string(folder.join("doors.csv")).unwrap();
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["scene", "ticket", "url", "file", "expires"]);
    assert_eq!([lines[1][0], lines[2][0]], ["door-1", "门/2"]);
    assert_eq!([lines[1][3], lines[2][3]], ["door-1.jpg", "%E9%97%A8%2F2.jpg"]);
    let told = rig.ask(&["qrcodes", "club", "--json"]);
    assert_eq!(told["codes"][0]["ticket"], lines[1][1]);
    assert_eq!(told["codes"][1]["file"], "spring/doors/%E9%97%A8%2F2.jpg");
    let shown = rig.say(&["show", "doors"]).out;
    assert!(shown.contains("2 of 2") && shown.contains("qrcodes/spring/doors"), "{shown}");
}

#[test]
fn the_menu_that_one_follower_sees_is_shown() {
    let rig = Rig::running(&[club()]);
    let menu = |key: &str, rest: &str| {
        format!("menu: {{ button: [{{ type: click, name: {key}, key: {key} }}]{rest} }}")
    };
    let job = |id: &str, menu: &str| format!("  - {{ id: {id}, account: club, {menu} }}\n");
    rig.drop_file("all.yaml", &format!("jobs:\n{}...\n", job("all", &menu("ALL", ""))));
    rig.until_state("all", "sent");
    let some = menu("IOS", ", matchrule: { client_platform_type: 1 }");
    rig.drop_file("some.yaml", &format!("jobs:\n{}...\n", job("some", &some)));
    rig.until_state("some", "sent");
    let [ios, android] = [0, 1].map(|follower| openid(&club().spec.appid, follower));

    let shown = rig.say(&["menu", "club"]);
    let for_ios = rig.say(&["menu", "club", "--as", &ios]);
    let for_android = rig.ask(&["menu", "club", "--as", &android, "--json"]);
    let nobody = rig.say(&["menu", "club", "--as", "nobody"]);

    assert!(shown.out.contains("ALL: click ALL"), "{}{}", shown.out, shown.err);
    assert!(for_ios.out.contains("IOS: click IOS"), "{}{}", for_ios.out, for_ios.err);
    assert_eq!(for_android["errands"][0]["answer"]["menu"][0]["key"], "ALL", "{for_android}");
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.out.contains("nobody of this name follows the account"), "{}", nobody.out);
}
