//! A file that was cut short is never taken as something else than its author wrote.

use std::collections::BTreeMap;

use super::directory::World;
use super::*;
use crate::inbox::whole::doubt;
use crate::model::JobSpec;

const EXAMPLE: &str = include_str!("../../../jobs.example.yaml");

/// One job of each action and content, in block style, which is the style that can be cut.
const BLOCKS: &[&str] = &[
    "broadcast:\n      filter:\n        tag_id: 2\n      text: 春天来了",
    "broadcast:\n      filter:\n        is_to_all: true\n      text: |\n        一\n        二",
    "broadcast:\n      touser:\n        - oAbCdEfGhIjKlMnOpQrStUvWxY01\n        - \
     oAbCdEfGhIjKlMnOpQrStUvWxY02\n        - oAbCdEfGhIjKlMnOpQrStUvWxY03\n      text: x",
    "broadcast:\n      filter: { tag_id: 2 }\n      images:\n        media_ids:\n          - a\n          \
     - b\n        recommend: 春\n        title: 天",
    "speed: 2\n    broadcast:\n      filter: { tag_id: 2 }\n      text: x",
    "broadcast: { filter: { tag_id: 2 }, text: x }\n    at: 2037-03-20 20:00\n    approval: true\n    \
     on_quota: fail",
    "speed: 4\n    at: 2037-03-20 20:00",
    "delete:\n      job: other\n      article_idx: 1",
    "menu:\n      button:\n        - type: click\n          name: a\n          key: A\n        - type: \
     click\n          name: b\n          key: B",
    "qrcode:\n      action_name: QR_STR_SCENE\n      expire_seconds: 60\n      action_info:\n        \
     scene:\n          scene_str: abc",
];

fn file(blocks: &[&str], end: &str) -> String {
    let jobs = blocks
        .iter()
        .enumerate()
        .map(|(n, block)| format!("  - id: job-{n}\n    account: club\n    {block}\n"));
    format!("jobs:\n{}{end}", jobs.collect::<String>())
}

/// What is taken of these bytes once nothing more is waited for.
fn specs(bytes: &[u8]) -> Option<BTreeMap<String, JobSpec>> {
    let known = accounts();
    let example = [("brand-club", &known[0]), ("brand-daily", &known[1])];
    let example = example.map(|(name, like)| Account { name: name.to_owned(), ..like.clone() });
    let parsed = parse("a.yaml", bytes, &NoLists, &[&known[0], &example[0], &example[1]]).ok()?;
    if doubt("a.yaml", bytes, Some(&parsed)).is_some() {
        return None;
    }
    Some(parsed.jobs.into_iter().map(|job| (job.spec.id.to_string(), job.spec)).collect())
}

/// Makes sure that no strict prefix is taken at all.
fn no_prefix_is_taken(whole: &str) {
    let whole = whole.trim_end().as_bytes();
    assert!(specs(whole).is_some(), "{}", String::from_utf8_lossy(whole));
    for end in 0..whole.len() {
        let cut = String::from_utf8_lossy(&whole[..end]);
        assert!(specs(&whole[..end]).is_none(), "taken:\n{cut}");
    }
}

#[test]
fn no_strict_prefix_of_a_file_that_promises_its_end_is_taken() {
    let all = file(BLOCKS, "...\n");

    no_prefix_is_taken(&format!("# ends with ...\n{all}"));
    no_prefix_is_taken(&format!("\u{feff}# my jobs\r\n# ends with ...\r\n{all}"));
}

#[test]
fn no_strict_prefix_of_the_example_is_taken() {
    // Every prefix of 7 KiB would take minutes: those around each line's end are the ones that parse.
    let whole = EXAMPLE.trim_end().as_bytes();
    assert!(specs(whole).is_some());
    for (end, _) in whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        for end in [end - 1, end, end + 1] {
            let cut = String::from_utf8_lossy(&whole[..end]);
            assert!(specs(&whole[..end]).is_none(), "taken:\n{cut}");
        }
    }
}

#[test]
fn no_strict_prefix_of_a_file_that_is_one_brace_is_taken() {
    let flow =
        "{jobs: [{id: a, account: club, speed: 2, broadcast: {filter: {tag_id: 2}, text: x}}]}";

    no_prefix_is_taken(flow);
    no_prefix_is_taken(&format!("# jobs\n{flow}"));
}

#[test]
fn no_strict_prefix_of_one_job_is_taken_as_another_action_or_within_a_line() {
    for block in BLOCKS {
        let whole = file(&[block], "");
        let meant = specs(format!("{whole}...\n").as_bytes()).unwrap();
        for end in 0..whole.len() {
            let Some(found) = specs(&whole.as_bytes()[..end]) else { continue };
            let cut = &whole[..end];
            assert!(cut.ends_with('\n'), "taken within a line:\n{cut}");
            let kind = |specs: &BTreeMap<String, JobSpec>| {
                specs.values().map(|spec| std::mem::discriminant(&spec.action)).collect::<Vec<_>>()
            };
            assert_eq!(kind(&found), kind(&meant), "another action:\n{cut}");
        }
    }
}

#[test]
fn a_whole_file_needs_no_marker() {
    for block in BLOCKS {
        let is_speed_alone = block.starts_with("speed: 4");
        assert_eq!(specs(file(&[block], "").as_bytes()).is_none(), is_speed_alone, "{block}");
        assert!(specs(file(&[block], "...").as_bytes()).is_some(), "{block}");
    }
    let flow = "jobs:\n  - { id: slow, account: club, speed: 4 }\n";
    assert!(specs(flow.as_bytes()).is_some());
    let before =
        format!("{}  - id: z\n    account: club\n    {}\n", file(&["speed: 4"], ""), BLOCKS[0]);
    assert!(specs(before.as_bytes()).is_some(), "it is not the last one");
}

#[test]
fn what_may_be_cut_is_waited_for_and_then_refused_with_the_line_and_the_remedy() {
    let mut world = World::new();
    world.drop_file("a.yaml", file(BLOCKS, "").trim_end());
    world.inbox.scan(at(0)).unwrap();
    let entry = world.inbox.scan(at(2)).unwrap().remove(0);
    let package = world.inbox.read(&entry).unwrap();
    let known = accounts();

    let content = package.content(&[&known[0], &known[1]]);
    assert!(matches!(content, Content::MayBeCut(_)) && !entry.is_long_quiet());
    world.inbox.wait_for_more(&entry);
    assert!(world.inbox.scan(at(5)).unwrap().is_empty());
    let entry = world.inbox.scan(at(6)).unwrap().remove(0);
    assert!(entry.is_long_quiet());

    let Content::MayBeCut(problems) = content else { panic!("{content:?}") };
    let told = told(&problems);
    assert!(told.contains("the file ends in the middle of a line"), "{told}");
    assert!(told.contains("scene_str: abc"), "{told}");
    assert!(told.contains("a job file ends with a line `...`"), "{told}");
}
