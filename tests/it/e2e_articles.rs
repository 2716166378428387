//! From files to a broadcast through the real binary: uploads first, then the send.

use std::fs;

use chrono::TimeDelta;
use qunfa::sandbox::FaultKind;
use serde_json::Value;

use crate::media::{mp3, mp4, png};
use crate::rig::{Rig, at_line, club, daily, real_now, whole_second};

/// A job that sends one article to a tag.
fn article(id: &str, account: &str, lines: &str, content: &str) -> String {
    format!(
        "jobs:\n  - id: {id}\n    account: {account}\n{lines}    broadcast:\n      \
         filter: {{tag_id: 2}}\n      articles:\n        - title: 春天来了\n          \
         author: 小群\n          thumb: cover.png\n          {content}\n"
    )
}

fn drop_folder(rig: &Rig, name: &str, files: &[(&str, &[u8])]) {
    let folder = rig.path(&format!(".{name}"));
    fs::create_dir(&folder).unwrap();
    for (file, bytes) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::rename(&folder, rig.path("inbox").join(name)).unwrap();
}

fn calls(rig: &Rig, path: &str) -> usize {
    rig.platform().requests().iter().filter(|request| request.path.ends_with(path)).count()
}

/// The names of the platform's paths in the order in which they were asked, without questions.
fn order(rig: &Rig) -> Vec<String> {
    let platform = rig.platform();
    let names = platform.requests().iter().map(|request| request.path.rsplit('/').next().unwrap());
    names
        .filter(|name| !matches!(*name, "stable_token" | "get" | "tags"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_article_with_its_cover_becomes_a_draft_and_is_sent() {
    let rig = Rig::running(&[daily()]);
    let text = article("spring", "daily", "", "content: \"<p>春天来了</p>\"");

    drop_folder(&rig, "spring", &[("job.yaml", text.as_bytes()), ("cover.png", &png(9, 5, 1))]);
    rig.until_state("spring", "sent");

    assert_eq!(order(&rig), ["add_material", "add", "sendall"]);
    let shown = rig.ask(&["show", "spring", "--json"]);
    let kinds: Vec<_> = shown["uploads"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["cover", "draft"]);
    assert_eq!(rig.accepted().len(), 1);
}

#[test]
fn pictures_of_a_markdown_article_are_uploaded_once_and_stand_in_the_draft() {
    let rig = Rig::running(&[club()]);
    let text = article("spring", "club", "", "content_file: text/spring.md");
    let markdown =
        "# 春\n\n![花](flower.png)\n\n![再看](flower.png) [前文](https://mp.weixin.qq.com/s/a)\n";
    let files: &[(&str, &[u8])] = &[
        ("job.yaml", text.as_bytes()),
        ("text/spring.md", markdown.as_bytes()),
        ("text/flower.png", &png(3, 3, 7)),
        ("cover.png", &png(9, 5, 1)),
    ];

    drop_folder(&rig, "spring", files);
    rig.until_state("spring", "sent");

    assert_eq!(order(&rig), ["add_material", "uploadimg", "add", "sendall"]);
}

#[test]
fn what_is_uploaded_for_one_job_serves_the_next() {
    let rig = Rig::running(&[club()]);
    let cover = png(9, 5, 1);
    for id in ["first", "second"] {
        let text = article(id, "club", "", "content: <p>一样</p>");
        drop_folder(&rig, id, &[("job.yaml", text.as_bytes()), ("cover.png", &cover)]);
        rig.until_state(id, "sent");
    }

    assert_eq!(calls(&rig, "/add_material"), 1);
    assert_eq!(calls(&rig, "/draft/add"), 2, "a draft goes with its broadcast");
    assert_eq!(rig.accepted().len(), 2);
}

#[test]
fn an_upload_without_an_answer_is_made_again() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("add_material", FaultKind::AnswerLost);
    rig.fault_on("add", FaultKind::Errcode(-1));
    let text = article("spring", "club", "", "content: <p>x</p>");

    drop_folder(&rig, "spring", &[("job.yaml", text.as_bytes()), ("cover.png", &png(9, 5, 1))]);
    rig.until_reason("spring", "waits for its uploads");
    rig.until_state("spring", "sent");

    assert_eq!(order(&rig), ["add_material", "add_material", "add", "add", "sendall"]);
    let shown = rig.ask(&["show", "spring", "--json"]);
    assert_eq!(shown["uploads"][0]["attempts"], 2);
    assert_eq!(shown["uploads"][0]["outcome"], "done");
    assert_eq!(shown["reason"], Value::Null);
}

#[test]
fn uploads_are_done_before_the_time_and_a_restart_goes_on_where_they_stood() {
    let mut rig = Rig::running(&[club()]);
    let at = at_line(whole_second(real_now() + TimeDelta::seconds(40)));
    let lines = format!("    {at}\n");
    rig.fault_on("draft/add", FaultKind::AnswerLost);
    let text = article("spring", "club", &lines, "content: <p>x</p>");
    drop_folder(&rig, "spring", &[("job.yaml", text.as_bytes()), ("cover.png", &png(9, 5, 1))]);
    rig.until_reason("spring", "waits for its uploads");

    rig.kill();
    rig.start();
    rig.until("the draft", || (calls(&rig, "/draft/add") >= 2).then_some(()));
    assert_eq!(rig.sends().len(), 0, "its time has not come");
    rig.until_state("spring", "sent");

    assert_eq!(calls(&rig, "/add_material"), 1);
    assert_eq!(rig.accepted().len(), 1);
}

#[test]
fn an_upload_refused_for_good_fails_the_job_with_its_code() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("add", FaultKind::Errcode(45_166));
    let text = article("spring", "club", "", "content: <p>x</p>");

    drop_folder(&rig, "spring", &[("job.yaml", text.as_bytes()), ("cover.png", &png(9, 5, 1))]);
    let job = rig.until_state("spring", "failed");

    let reason = job["reason"].as_str().unwrap();
    assert!(reason.contains("45166") && reason.contains("correct the content"), "{reason}");
    assert_eq!(rig.sends().len(), 0);
}

#[test]
fn a_draft_that_is_gone_is_made_afresh_by_a_retry() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("sendall", FaultKind::Errcode(40_007));
    let text = article("spring", "club", "", "content: <p>x</p>");
    drop_folder(&rig, "spring", &[("job.yaml", text.as_bytes()), ("cover.png", &png(9, 5, 1))]);
    rig.until_state("spring", "failed");

    let said = rig.say(&["retry", "spring"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    rig.until_state("spring", "sent");

    assert_eq!(order(&rig), ["add_material", "add", "sendall", "add", "sendall"]);
    let sends = rig.sends();
    assert_ne!(sends[0].body_digest, sends[1].body_digest);
}

#[test]
fn a_video_waits_until_the_platform_has_converted_it() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("uploadvideo", FaultKind::Errcode(46_007));
    let text = "jobs:\n  - id: film\n    account: club\n    broadcast:\n      filter: {tag_id: 2}\n      \
                mpvideo: {file: film.mp4, title: 春天, description: 花}\n";
    let film = mp4(b"and so on");

    drop_folder(&rig, "film", &[("job.yaml", text.as_bytes()), ("film.mp4", &film)]);
    rig.until_reason("film", "46007");
    rig.until_state("film", "sent");

    assert_eq!(order(&rig), ["upload", "uploadvideo", "uploadvideo", "sendall"]);
}

#[test]
fn pictures_and_recordings_are_uploaded_as_what_they_are() {
    let rig = Rig::running(&[club()]);
    let text = "jobs:\n  - id: pictures\n    account: club\n    broadcast:\n      filter: {tag_id: 2}\n      \
                images: {files: [a.png, b.png], title: 看}\n  - id: voice\n    account: club\n    \
                broadcast:\n      filter: {tag_id: 2}\n      voice: {file: a.mp3}\n  - id: picture\n    \
                account: club\n    broadcast:\n      filter: {tag_id: 100}\n      image: {file: a.png}\n";
    let files: &[(&str, &[u8])] = &[
        ("job.yaml", text.as_bytes()),
        ("a.png", &png(3, 3, 1)),
        ("b.png", &png(3, 3, 2)),
        ("a.mp3", &mp3(2)),
    ];

    drop_folder(&rig, "media", files);
    for id in ["pictures", "voice", "picture"] {
        rig.until_state(id, "sent");
    }

    assert_eq!(calls(&rig, "/media/upload"), 3);
    assert_eq!(rig.accepted().len(), 3);
}
