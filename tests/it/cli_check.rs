//! `check`: what the inbox would say of a file, and when its jobs would go.

use std::fs;

use qunfa::cli::Answer;
use serde_json::Value;

use crate::cli::{JOBS, LIST, World, assert_fits, assert_golden, coming};
use crate::media::png;

#[test]
fn check_says_when_jobs_go_and_what_keeps_them() {
    let world = World::new();
    world.take(JOBS);
    let file = "jobs:
  - {id: second, account: brand-daily, at: 2027-03-20 21:00, broadcast: {filter: {tag_id: 2}, text: 春}}
  - {id: midnight, account: brand-club, at: 2027-03-21 00:00, broadcast: {filter: {tag_id: 2}, text: 春}}
  - {id: club-late, account: brand-club, at: 2027-03-20 19:50, broadcast: {filter: {tag_id: 2}, text: 晚安}}
";
    let path = world.file("more.yaml", file);

    let (answer, text) = world.run(&["check", &path]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert_fits(&text);
    assert_golden("check.txt", &text.replace(world.folder.path().to_str().unwrap(), "FOLDER"));
}

#[test]
fn check_says_no_to_what_will_not_go() {
    let world = World::new();
    world.take(JOBS);
    let job = |rest: &str| {
        let job = "id: late, account: brand-daily, broadcast: {filter: {tag_id: 2}, text: 春}";
        format!("jobs:\n  - {{{job}, {rest}}}\n")
    };
    for (rest, ok, expected) in [
        ("at: 2027-03-20 09:00", false, "would be missed: it was due 2027-03-20 09:00"),
        (
            "at: 2027-03-20 20:30, on_quota: fail",
            true,
            "it will not go: daily_send of 2027-03-20 belongs to",
        ),
        ("at: 2027-03-20 20:30, expires: 1h", true, "it will not go: it is expired"),
    ] {
        let path = world.file("late.yaml", &job(rest));

        let (answer, text) = world.run(&["check", &path]);
        let json = world.run(&["check", "--json", &path]).1;

        assert_eq!(answer.unwrap(), Answer::No, "{rest}: {text}");
        assert!(text.contains(expected), "{rest}: {text}");
        // The inbox would take what only the quota refuses.
        let view: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(view["ok"], ok, "{rest}");
    }
}

#[test]
fn check_warns_of_a_hold() {
    for (name, command) in [(Some("brand-daily"), "brand-daily"), (None, "--all")] {
        let world = World::new();
        world.take(JOBS);
        world.run(&["hold", name.unwrap_or("--all"), "--why", "the press"]).0.unwrap();
        let job = "id: held, account: brand-daily, broadcast: {filter: {tag_id: 2}, text: 春}";
        let path = world.file("a.yaml", &format!("jobs:\n  - {{{job}, at: 2027-03-21 20:30}}\n"));

        let (answer, text) = world.run(&["check", &path]);

        assert_eq!(answer.unwrap(), Answer::Yes);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = format!("nothing of it goes before `qunfa resume {command}`");
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn check_leaves_no_trace() {
    let world = World::new();
    world.take(JOBS);
    let path = world.file("more.yaml", &coming().replace("id: ", "id: new-"));
    let before = world.json(&["jobs", "--json"]);

    world.json(&["check", "--json", &path]);

    assert_eq!(world.json(&["jobs", "--json"]), before);
}

#[test]
fn check_does_not_warn_of_a_job_that_has_gone_already() {
    let world = World::new();
    world.evening();
    let path = world.file("evening.yaml", JOBS);

    let (_, text) = world.run(&["check", "--json", &path]);

    let view: Value = serde_json::from_str(&text).unwrap();
    let sent = &view["files"][0]["jobs"][2];
    assert_eq!(sent["id"], "club-news");
    assert_eq!(sent["warnings"], serde_json::json!([]));
    assert!(sent["notes"][0].as_str().unwrap().ends_with("changes nothing; it is sent"));
}

#[test]
fn check_refuses_what_the_database_would_refuse() {
    let world = World::new();
    world.evening();
    let other = JOBS.replace("新闻", "别的新闻");
    let path = world.file("again.yaml", &other);

    let (answer, text) = world.run(&["check", &path]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(text.contains("again.yaml:4:6: job club-news is sent"), "{text}");
}

#[test]
fn check_finds_every_mistake_with_its_place() {
    let world = World::new();
    let path = world.file("bad.yaml", "jobs:\n  - id: 春\n    acount: x\n");

    let (answer, text) = world.run(&["check", &path, "/nowhere/at-all.yaml"]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(text.contains("bad.yaml:2:9: `春` cannot be an id"), "{text}");
    assert!(text.contains("bad.yaml:3:5: unknown key `acount` in a job"), "{text}");
    assert!(text.contains("/nowhere/at-all.yaml: it cannot be read"), "{text}");
}

#[test]
fn check_refuses_what_the_inbox_refuses_or_never_sees() {
    let world = World::new();
    let text = "jobs:\n  - {id: a, account: brand-club, at: 2027-03-21 09:00, broadcast: {touser_file: vip.txt, text: x}}\n";
    world.file("vip.txt", LIST);
    let alone = world.file("alone.yaml", text);
    let hidden = world.file("x.yaml~", &coming());
    fs::create_dir(world.path("folder")).unwrap();
    world.file("folder/vip.txt", LIST);
    world.file("folder/jobs.yaml", text);

    let (answer, told) = world.run(&["check", &alone, &hidden]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(told.contains("`touser_file` needs a folder"), "{told}");
    assert!(told.contains("x.yaml~: the inbox never looks at"), "{told}");
    let folder = world.path("folder");
    assert_eq!(world.run(&["check", folder.to_str().unwrap()]).0.unwrap(), Answer::Yes);
}

#[test]
fn check_as_json_has_the_diagnostics_of_each_file() {
    let world = World::new();
    let bad = world.file("bad.yaml", "jobs:\n  - id: 春\n");
    let good = world.file("good.yaml", &coming());

    let (_, text) = world.run(&["check", "--json", &bad, &good]);

    let view: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(view["ok"], false);
    assert_eq!(view["files"][0]["diagnostics"][0]["line"], 2);
    assert_eq!(view["files"][1]["ok"], true);
    assert_eq!(view["files"][1]["jobs"][0]["due"], "2027-03-20T20:00:00+08:00");
}

#[test]
fn check_asks_for_the_end_marker_where_the_config_does() {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    world.file("config.yaml", &format!("inbox_end_marker: required\n{config}"));
    let without = world.file("without.yaml", &coming());
    let with = world.file("with.yaml", &(coming() + "...\n"));

    assert_eq!(world.run(&["check", &without]).0.unwrap(), Answer::No);
    assert_eq!(world.run(&["check", &with]).0.unwrap(), Answer::Yes);
}

#[test]
fn check_shows_a_text_that_a_comment_would_cut_as_it_would_be_right() {
    let world = World::new();
    let job = "    account: brand-club\n    at: 2027-03-21 09:00\n    broadcast:\n      \
               filter: {tag_id: 2}\n      text: ";
    let text = |text: &str| format!("jobs:\n  - id: spring\n{job}{text}\n");
    let path = world.file("cut.yaml", &text("周五见 #福利日# 不见不散"));
    let sign = world.file("sign.yaml", &text("@小群 周五见"));
    let article = article(
        &world,
        "---\nTitle: 第 #3 期\ncover: 封面.png # 备注\ndigest: #花# 都开了\n---\n\n春\n",
        &["封面.png"],
    );

    let (answer, told) = world.run(&["check", &path, &sign, &article]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert_golden("check_cut.txt", &told.replace(world.folder.path().to_str().unwrap(), "FOLDER"));
    world.file("cut.yaml", &text("\"周五见 #福利日# 不见不散\""));
    assert_eq!(world.run(&["check", &path]).0.unwrap(), Answer::Yes);
}

/// Puts a folder with one article there: its text, and pictures of these names.
fn article(world: &World, text: &str, pictures: &[&str]) -> String {
    let folder = world.path("spring");
    fs::create_dir_all(&folder).unwrap();
    let job = "jobs:\n  - id: spring\n    account: brand-club\n    at: 2027-03-21 09:00\n    \
               broadcast:\n      filter: {tag_id: 2}\n      articles: [{content_file: text.md}]\n";
    world.file("spring/job.yaml", job);
    world.file("spring/text.md", text);
    for (salt, name) in (1..).zip(pictures) {
        fs::write(folder.join(name), png(9, 5, salt)).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

#[test]
fn check_shows_what_is_wrong_in_a_markdown_text_where_it_stands() {
    let world = World::new();
    let text = "---\ntitle: 春\ncover: 封面.png\ndate: 2027-03-21\n---\n\n# 春\n\n价 $x^2$ 元\n\n\
                花 ![花](花 朵.png)\n\n```mermaid\ngraph TD\n```\n\n好[^1]\n";

    let (answer, told) = world.run(&["check", &article(&world, text, &[])]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert_golden(
        "check_markdown.txt",
        &told.replace(world.folder.path().to_str().unwrap(), "FOLDER"),
    );
}

#[test]
fn check_tells_what_of_a_markdown_text_does_not_go_out() {
    let world = World::new();
    let text = "---\ntitle: 春\ncover: 封面.png\ndate: 2027-03-21\n---\n\n[提示]: 请到场\n\n<!-- 备注 -->\n\n\
                春 [[天]]\n\n又 [[天]]\n";

    let (answer, told) = world.run(&["check", &article(&world, text, &["封面.png"])]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for note in [
        "text.md:4: the front matter's `date` is not used",
        "text.md:11, 13: `[[天]]` is shown as it stands",
        "the comment `备注` is taken out",
    ] {
        assert!(told.contains(note), "{note}\n{told}");
    }
}

#[test]
fn a_name_is_the_same_however_its_characters_are_composed() {
    let world = World::new();
    let text =
        "---\ntitle: 春\ncover: caf\u{e9}.png\n---\n\n![x](u\u{308}ber.png) ![[caf\u{e9}.png]]\n";

    let path = article(&world, text, &["cafe\u{301}.png", "\u{fc}ber.png"]);

    assert_eq!(world.run(&["check", &path]).0.unwrap(), Answer::Yes);
    fs::create_dir_all(world.path("state/inbox")).unwrap();
    let lone = world.path("spring/job.yaml");
    let (answer, told) = world.run(&["submit", lone.to_str().unwrap()]);
    assert_eq!(answer.unwrap(), Answer::Yes, "{told}");
}
