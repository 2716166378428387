//! The commands in Chinese: whole texts of a small scene, and that every text fits its terminal.

use std::fs;

use qunfa::cli::Screen;
use unicode_width::UnicodeWidthStr as _;

use crate::cli::{World, assert_golden, evening};
use crate::cli_status::crowd;
use crate::views::written;

/// The evening of the golden texts, with a held account and more accounts than fit beside each other.
fn scene() -> World {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    let more = "  品牌服务号: {kind: service, appid: wx3, secret_file: secret}\n  \
                brand-shop: {kind: service, appid: wx4, secret_file: secret}\n  \
                brand-events: {kind: subscription, appid: wx5, secret_file: secret}\n";
    world.file("config.yaml", &(config + more));
    world.evening();
    world
        .store()
        .transaction(|tx| {
            tx.ensure_account("brand-shop")?;
            tx.hold(Some("brand-shop"), &written("等领导看过再发"), evening())
        })
        .unwrap();
    world
}

impl World {
    fn chinese(&self, arguments: &[&str]) -> String {
        self.text(&[&["--lang", "zh-CN"], arguments].concat())
    }
}

#[test]
fn the_evening_in_chinese_reads_as_it_always_did() {
    let world = scene();
    let html = world.path("plan.html");
    let html = html.to_str().unwrap();

    for (name, arguments) in [
        ("zh-status.txt", vec!["status"]),
        ("zh-plan.txt", vec!["plan"]),
        ("zh-plan-list.txt", vec!["plan", "--list"]),
        ("zh-show-sent.txt", vec!["show", "club-news"]),
        ("zh-show-failed.txt", vec!["show", "club-evening"]),
        ("zh-show-waits.txt", vec!["show", "spring-echo"]),
        ("zh-quota.txt", vec!["quota"]),
    ] {
        assert_golden(name, &world.chinese(&arguments));
    }
    world.chinese(&["plan", "--html", html]);
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains("<html lang=\"zh-CN\">") && page.contains("待审核"), "{page}");
    assert!(page.contains(">有余量<") && !page.contains(">free<"), "{page}");
}

#[test]
fn a_job_in_doubt_is_told_in_chinese() {
    let world = World::new();
    world.uncertain();

    assert_golden("zh-show-uncertain.txt", &world.chinese(&["show", "club-news"]));
}

#[test]
fn every_text_in_chinese_fits_a_terminal_of_80_columns() {
    let (busy, quiet) = (World::new(), scene());
    crowd(&busy);
    let long = "x".repeat(64);
    let narrow = || Some(Screen { columns: 80, rows: 24 });

    for (world, job) in [(&busy, long.as_str()), (&quiet, "club-news")] {
        for command in [
            vec!["status"],
            vec!["plan"],
            vec!["plan", "--list"],
            vec!["jobs"],
            vec!["quota"],
            vec!["show", job],
        ] {
            let arguments = [&["--lang", "zh-CN"][..], &command].concat();
            let (answer, text) = world.run_on(narrow, &arguments);

            answer.unwrap();
            let widest = text.lines().map(str::width).max();
            assert!(widest <= Some(80), "{command:?}: {widest:?}\n{text}");
        }
    }
}
