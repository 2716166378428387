//! The pages of `docs/`: what they show works, and nothing is missing from them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use qunfa::cli::Answer;
use serde_json::Value;

use crate::cli::World;
use crate::media;

/// Returns the text of a file of the project.
fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One fenced block: what stands behind its fence, and its lines.
struct Block {
    info: String,
    text: String,
}

/// Returns the fenced blocks of a page.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, Block)> = None;
    for line in page.lines() {
        let bare = line.trim_start();
        match (&mut open, bare.strip_prefix("```")) {
            (None, Some(info)) => {
                let block = Block { info: info.to_owned(), text: String::new() };
                open = Some((line.len() - bare.len(), block));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
            (Some((indent, block)), None) => {
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

/// Returns the blocks with this behind their fence.
fn marked(page: &str, info: &str) -> Vec<String> {
    let found: Vec<_> =
        blocks(page).into_iter().filter(|block| block.info == info).map(|one| one.text).collect();
    assert!(!found.is_empty(), "no block is marked {info}");
    found
}

/// Returns the words between backticks outside fenced blocks.
fn words(page: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut prose = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The pages, as far as they are Markdown.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("README.zh-CN.md")];
    for folder in ["docs", "docs/zh-CN"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        let files = entries.map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    pages
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    for page in pages() {
        let content = fs::read_to_string(&page).unwrap();
        for link in content.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let target = fs::read_to_string(target).unwrap();
                let found = headings(&target).iter().any(|(_, title)| slug(title) == anchor);
                assert!(found, "{}: {link}", page.display());
            }
        }
    }
}

/// Returns the anchor of a heading, as GitHub makes it.
fn slug(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Returns each heading's level and text.
fn headings(page: &str) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut headings = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        }
        let level = line.chars().take_while(|c| *c == '#').count();
        if !inside && level > 0 {
            headings.push((level, line[level..].trim().to_owned()));
        }
    }
    headings
}

#[test]
fn the_index_names_every_page() {
    let index = text("docs/README.md");
    for page in pages() {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(index.contains(name), "{name} is not in docs/README.md");
    }
}

/// Makes the files that the examples of job files name.
fn files_of_examples(world: &World) {
    let folder = world.path("");
    for (name, bytes) in [
        ("cover.jpg", media::jpg(300, 200)),
        ("a.png", media::png(8, 8, 1)),
        ("b.png", media::png(8, 8, 2)),
        ("a.mp3", media::mp3(3)),
        ("a.mp4", media::mp4(b"moving pictures")),
        ("text.md", "春天来了。\n".into()),
        ("brand.css", "p { color: #333333; }\n".into()),
        ("vip.txt", crate::cli::LIST.into()),
        ("vip.csv", format!("openid\n{}", crate::cli::LIST).into()),
        ("scenes.txt", "door-1\ndoor-2\n".into()),
        ("dates.txt", "2027-10-01..2027-10-07 # 国庆\n".into()),
        ("holidays.ics", HOLIDAYS.into()),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

const HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b//\r\nBEGIN:VEVENT\r\nUID:1\r\n\
    DTSTAMP:20270101T000000Z\r\nDTSTART;VALUE=DATE:20271001\r\nDTEND;VALUE=DATE:20271008\r\n\
    SUMMARY:国庆节\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn every_example_of_a_job_file_passes_check() {
    for page in ["README.md", "docs/job-files.md"] {
        for example in marked(&text(page), "yaml job") {
            let world = World::new();
            files_of_examples(&world);
            let file = world.file("job.yaml", &example);

            let (answer, told) = world.run(&["check", &file]);

            assert_eq!(answer.unwrap(), Answer::Yes, "{page}:\n{example}\n{told}");
        }
    }
}

/// Returns the names of all properties of a JSON schema.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(fields)) = map.get("properties") {
                names.extend(fields.keys().cloned());
            }
            map.values().for_each(|value| properties(value, names));
        }
        Value::Array(list) => list.iter().for_each(|value| properties(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_key_of_a_job_file_is_on_the_page() {
    let schema: Value = serde_json::from_str(qunfa::inbox::SCHEMA).unwrap();
    let mut keys = BTreeSet::new();
    properties(&schema, &mut keys);
    let page = text("docs/job-files.md");
    let words = words(&page);
    let is_told = |key: &str| {
        let begins = |word: &String| word == key || word.starts_with(&format!("{key}: "));
        words.iter().any(begins)
    };

    let missing: Vec<_> = keys.iter().filter(|key| !is_told(key)).collect();

    assert!(keys.len() > 60, "{keys:?}");
    assert!(missing.is_empty(), "{missing:?}");
}
