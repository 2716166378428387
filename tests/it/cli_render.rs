//! `render`: the page holds what is uploaded, and what was taken out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use qunfa::cli::Answer;
use serde_json::Value;

use crate::cli::{World, assert_golden};
use crate::media::png;

const JOBS: &str = "jobs:
  - id: spring
    account: brand-daily
    broadcast:
      filter: {is_to_all: true}
      articles:
      - {title: 春 <天>, author: 小群, thumb: a.png, content_file: a.md, theme: theme.css}
      - {title: 花, digest: 摘要, thumb: a.png, content_file: b.html}
  - {id: words, account: brand-club, broadcast: {filter: {tag_id: 2}, text: 周五<b>见}}
  - {id: pictures, account: brand-club, broadcast: {filter: {tag_id: 2}, images: {files: [a.png], title: 春}}}
";

fn folder(world: &World) -> String {
    let folder = world.path("spring");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.png"), png(3, 3, 0)).unwrap();
    fs::write(folder.join("theme.css"), "body{color:#222} p{margin:0} a:hover{color:red}").unwrap();
    fs::write(folder.join("a.md"), "春天\n\n![花](a.png)\n").unwrap();
    let html = "<p id='x' style='background:url(a.png)'>花</p>\n<p style='color:#fff'>白</p>";
    fs::write(folder.join("b.html"), html).unwrap();
    fs::write(folder.join("job.yaml"), JOBS).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn the_page_of_a_small_job_is_whole() {
    let world = World::new();
    let path = folder(&world);

    let (answer, page) = world.run(&["render", &path]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert!(!page.contains("<script"), "{page}");
    let (head, body) = page.split_once("</head>").unwrap();
    assert!(head.contains("default-src 'none'"), "{head}");
    let style = body.find("<style>").unwrap();
    let end = body.find("</style>").unwrap();
    assert_golden("render.html", &body.replace(&body[style..end], "<style>"));
}

#[test]
fn json_has_the_content_that_is_uploaded_and_what_was_taken_out() {
    let world = World::new();
    let path = folder(&world);

    let view = world.json(&["render", "--json", &path]);

    let articles = &view["jobs"][0]["articles"];
    let content = articles[1]["content"].as_str().unwrap();
    assert!(content.starts_with("<p style=\"background:url(qunfa:picture:"), "{content}");
    let what: Vec<_> = articles[1]["remarks"].as_array().unwrap().iter().collect();
    assert_eq!(
        (what[0]["what"].as_str(), what[0]["line"].as_u64()),
        (Some("the attribute `id`"), Some(1))
    );
    assert_eq!(
        (&what[0]["taken_out"], &what[1]["taken_out"]),
        (&Value::Bool(true), &Value::Bool(false))
    );
}

#[test]
fn the_page_is_written_where_it_is_wanted() {
    let world = World::new();
    let path = folder(&world);
    let out = world.path("page.html");

    let (answer, said) = world.run(&["render", &path, "--out", out.to_str().unwrap()]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert!(said.ends_with("page.html: 3 jobs, 2 articles, 2 remarks on their texts.\n"), "{said}");
    assert!(fs::read_to_string(out).unwrap().starts_with("<!DOCTYPE html>"));
}

#[test]
fn what_the_inbox_would_refuse_has_no_page() {
    let world = World::new();
    let path = folder(&world);
    fs::write(world.path("spring/b.html"), "<p>春</p>\n<p style=\"color:red>花</p>").unwrap();

    let (answer, said) = world.run(&["render", &path]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(said.contains("spring/b.html:2:10: a quote is not closed"), "{said}");
}

/// Runs `render --open` with a program of this name and text on the path, or none.
fn opened(world: &World, opener: Option<&str>) -> (String, String) {
    let bin = world.path("bin");
    fs::create_dir_all(&bin).unwrap();
    if let Some(text) = opener {
        fs::write(bin.join("xdg-open"), text).unwrap();
        fs::set_permissions(bin.join("xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_qunfa"))
        .args(["render", "--json", "--open", world.path("spring").to_str().unwrap()])
        .env("QUNFA_CONFIG", world.path("config.yaml"))
        .env("TMPDIR", world.folder.path())
        .env("PATH", bin)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn the_page_is_opened_by_the_systems_opener_and_stays() {
    let world = World::new();
    folder(&world);
    let seen = world.path("seen");
    let opener = format!("#!/bin/sh\necho chatter\necho \"$#:$1\" >{}\n", seen.display());

    let (out, err) = opened(&world, Some(&opener));

    let view: Value = serde_json::from_str(&out).unwrap();
    let page = view["page"].as_str().unwrap();
    assert_eq!(fs::read_to_string(seen).unwrap(), format!("1:{page}\n"));
    assert!(page.ends_with(".html") && fs::read_to_string(page).unwrap().contains("</html>"));
    assert_eq!(err, "");
}

#[test]
fn a_page_that_nothing_opens_is_named() {
    let world = World::new();
    folder(&world);

    for opener in [None, Some("#!/bin/sh\nexit 3\n")] {
        let (out, err) = opened(&world, opener);

        let view: Value = serde_json::from_str(&out).unwrap();
        assert!(fs::exists(view["page"].as_str().unwrap()).unwrap());
        assert_eq!(err, "xdg-open did not open it; open the file in a browser.\n");
    }
}
