//! What people read in Chinese: answers to files, refusals, and the checks of an installation.

use std::fs;

use qunfa::sandbox::{Fault, FaultKind};

use crate::cli::{World, assert_fits, assert_golden};
use crate::rig::{Rig, club, to_tag};

#[test]
fn a_refusal_of_the_store_is_in_the_language_of_the_command() {
    let world = World::new();
    world.evening();

    let said: Vec<_> = [
        &["cancel", "club-news"][..],
        &["approve", "club-news"],
        &["retry", "club-news"],
        &["resolve", "club-news", "--not-sent"],
        &["reschedule", "club-news", "2027-03-21 20:00"],
    ]
    .iter()
    .map(|arguments| {
        let in_chinese: Vec<_> = ["--lang", "zh-CN"].iter().chain(*arguments).copied().collect();
        world.problem(&in_chinese).message()
    })
    .collect();

    assert_golden("refusals.zh-CN.txt", &(said.join("\n") + "\n"));
}

#[test]
fn a_wrong_config_is_explained_in_chinese() {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    let config = config.replace("kind: service", "kind: other");
    world.file("config.yaml", &config);

    let (_, text) = world.run(&["--lang", "zh-CN", "config", "check"]);

    let folder = world.path("").display().to_string();
    assert_golden("config-check.zh-CN.txt", &text.replace(folder.trim_end_matches('/'), "DIR"));
}

#[test]
fn what_is_under_attention_is_in_chinese_and_stays_acknowledged_in_each_language() {
    let world = World::new();
    world.uncertain();
    let noted = |lang: &str| {
        let status = world.json(&["--lang", lang, "status", "--json"]);
        status["attention"].as_array().unwrap().clone()
    };

    let (english, chinese) = (noted("en"), noted("zh-CN"));
    world.text(&["--lang", "zh-CN", "ack", "club-news"]);
    let after = [noted("en"), noted("zh-CN")];

    assert_eq!(english.len(), chinese.len());
    for (english, chinese) in english.iter().zip(&chinese) {
        assert_eq!(english["note"], chinese["note"]);
        assert_ne!(english["what"], chinese["what"]);
    }
    for left in &after {
        assert!(left.iter().all(|note| note["id"] != "club-news"), "{left:?}");
        assert_eq!(left.len(), english.len() - 1);
    }
}

#[test]
fn doctor_explains_in_chinese_what_is_wrong_with_an_account() {
    let rig = Rig::new(&[club().without_callback()]);
    rig.platform().inject(Fault::new(FaultKind::Errcode(40_164)).on_path("stable_token"));

    let said = rig.say(&["--lang", "zh-CN", "doctor"]);

    assert_fits(&said.out);
    // Ports and free space differ from machine to machine.
    let of_account = |line: &&str| line.contains("IP") || line.contains("出错之后");
    let lines: Vec<_> = said.out.lines().filter(of_account).collect();
    assert_golden("doctor.zh-CN.txt", &(lines.join("\n") + "\n"));
}

#[test]
fn the_daemon_refuses_a_file_in_the_language_of_the_config_and_logs_in_english() {
    let mut rig = Rig::new(&[club()]);
    let config = fs::read_to_string(rig.path("config.yaml")).unwrap();
    fs::write(rig.path("config.yaml"), format!("lang: zh-CN\n{config}")).unwrap();
    rig.start();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    rig.drop_file("late.yaml", &to_tag("spring", "club").replace("words", "late words"));
    let error = rig.until_file("rejected", "late.yaml.error.txt");

    let error = fs::read_to_string(error).unwrap();
    assert_golden("rejected.zh-CN.txt", &error);
    let log = rig.log();
    let of_qunfa = log.lines().filter(|line| line.contains("qunfa::"));
    let foreign = of_qunfa.filter(|line| line.contains("任务") || line.contains("已"));
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn commands_speak_the_language_of_the_config_also_about_a_config_that_is_wrong() {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    world.file("config.yaml", &format!("lang: zh-CN\n{config}"));
    world.file(
        "one.yaml",
        "jobs:\n  - id: one\n    account: brand-club\n    at: 2027-03-25 20:00\n    \
         broadcast: { filter: { is_to_all: true }, text: 春 }\n...\n",
    );

    let (_, good) = world.run(&["config", "check"]);
    let (_, checked) = world.run(&["check", world.path("one.yaml").to_str().unwrap()]);
    world.file("config.yaml", &format!("lang: zh-CN\n{config}unknown: 1\n"));
    let (_, bad) = world.run(&["config", "check"]);
    let problem = world.problem(&["status"]).message();

    assert!(good.contains("可以使用"), "{good}");
    assert!(checked.contains("群发：文本，发给全部粉丝，调用 1 次"), "{checked}");
    assert!(checked.contains("one（brand-club）") && checked.contains("）发出"), "{checked}");
    assert!(bad.contains("无法使用") && bad.contains("没有键"), "{bad}");
    assert!(problem.contains("没有键"), "{problem}");
}
