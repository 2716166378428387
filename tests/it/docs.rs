//! The pages of `docs/`: what they show works, and nothing is missing from them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use qunfa::alert;
use qunfa::cli::{Answer, Arguments};
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

/// Returns what stands between backticks outside fenced blocks, and what stands around it.
fn words_and_prose(page: &str) -> (BTreeSet<String>, String) {
    let mut inside = false;
    let mut text = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            text.push_str(line);
            text.push('\n');
        }
    }
    let words = text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    (words, text.split('`').step_by(2).collect())
}

fn words(page: &str) -> BTreeSet<String> {
    words_and_prose(page).0
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
        let (_, prose) = words_and_prose(&content);
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
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

/// Makes a folder with an example of a job file, and with the files that it names.
fn folder_of(world: &World, example: &str) -> String {
    let folder = world.path("job");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("job.yaml"), example).unwrap();
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
        if example.contains(name) {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    folder.to_str().unwrap().to_owned()
}

const HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b//\r\nBEGIN:VEVENT\r\nUID:1\r\n\
    DTSTAMP:20270101T000000Z\r\nDTSTART;VALUE=DATE:20271001\r\nDTEND;VALUE=DATE:20271008\r\n\
    SUMMARY:国庆节\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn every_example_of_a_job_file_passes_check() {
    for page in ["README.md", "docs/job-files.md", "docs/zh-CN/job-files.md"] {
        for example in marked(&text(page), "yaml job") {
            let world = World::new();
            let folder = folder_of(&world, &example);

            let (answer, told) = world.run(&["check", &folder]);

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
    assert!(keys.len() > 60, "{keys:?}");
    for page in ["docs/job-files.md", "docs/zh-CN/job-files.md"] {
        let page = text(page);
        let words = words(&page);
        let is_told = |key: &str| {
            words.iter().any(|word| word == key || word.starts_with(&format!("{key}: ")))
        };
        let missing: Vec<_> = keys.iter().filter(|key| !is_told(key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let rows = keys_of_rows(&page);
        for object in
            ["job", "broadcast", "article", "preview", "menu", "button", "qrcode", "delete"]
        {
            let keys = schema["$defs"][object]["properties"].as_object().unwrap().keys();
            let is_action = |key: &str| ["broadcast", "delete", "menu", "qrcode"].contains(&key);
            for key in keys.filter(|key| object != "job" || !is_action(key)) {
                assert!(rows.contains(key), "`{key}` of {object} has no row");
            }
        }
    }
}

/// Returns the words between backticks in the first cells of tables.
fn keys_of_rows(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// Returns the source files under a folder, without their tests.
fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            let source = fs::read_to_string(&path).unwrap();
            found.push(source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned());
        }
    }
    found
}

/// Returns the kinds that the source raises in the forms that are used for it.
fn raised() -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for source in sources(&src) {
        for before in [
            "kind: \"",
            "let kind = \"",
            "raise_alert(tx, name, (\"",
            "raise_alert(tx, &account, (\"",
            "trouble((\"",
        ] {
            let words = source.split(before).skip(1).filter_map(|rest| rest.split('"').next());
            kinds.extend(words.map(str::to_owned));
        }
    }
    kinds
}

#[test]
fn every_kind_of_alert_is_known_and_on_both_pages() {
    let known: BTreeSet<String> = alert::kinds().map(str::to_owned).collect();
    let raised = raised();
    assert!(raised.len() > 15, "{raised:?}");
    // What moved to another day is listed among what happened lately, and is no alert.
    for kind in raised.iter().filter(|kind| *kind != "deferred") {
        assert!(alert::is_kind(kind), "{kind} is raised, and no route can name it");
    }
    for page in ["docs/operations.md", "docs/alerts.md"] {
        let words = words(&text(page));
        for kind in &known {
            assert!(words.contains(kind), "{kind} is not on {page}");
        }
    }
}

#[test]
fn the_pages_give_each_kind_its_severity() {
    for line in text("docs/operations.md").lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        for kind in cells[1].split('`').skip(1).step_by(2).filter(|word| alert::is_kind(word)) {
            let severity = alert::severity(kind, None).as_str();
            assert!(cells[2].starts_with(severity), "{kind}: {line}");
        }
    }
    let page = text("docs/alerts.md");
    for severity in alert::Severity::ALL {
        let row = format!("| `{}` | ", severity.as_str());
        let row = page.lines().find(|line| line.starts_with(&row)).unwrap();
        let told = row.split('`').skip(3).step_by(2);
        let told: BTreeSet<_> = told.collect();
        let kinds = alert::kinds().filter(|kind| alert::severity(kind, None) == severity);
        assert_eq!(told, kinds.collect(), "{row}");
    }
}

/// Returns the words of each command that takes `--json`.
fn commands_with_json(command: &clap::Command, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    if command.get_arguments().any(|argument| argument.get_long() == Some("json")) {
        found.push(path.to_owned());
    }
    for inner in command.get_subcommands() {
        let path = format!("{path} {}", inner.get_name());
        found.extend(commands_with_json(inner, path.trim()));
    }
    found
}

#[test]
fn every_command_with_json_has_a_heading_on_the_page() {
    let page = text("docs/json.md");
    let headings = headings(&page);
    let commands = commands_with_json(&Arguments::command(), "");

    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        assert!(headings.contains(&(2, command.clone())), "{command}");
    }
}

/// Returns the keys of a document, without those below a reason or an answer of the platform.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                found.insert(key.clone());
                if !["reason_args", "result_args", "answer", "receipt", "args"]
                    .contains(&key.as_str())
                {
                    keys(value, found);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_key_that_is_printed_is_on_the_page() {
    let world = World::new();
    world.evening();
    let weekly = "jobs:\n  - {id: weekly, account: brand-club, cron: 0 20 * * FRI, broadcast: \
                  {filter: {tag_id: 2}, text: 周五}}\n";
    world.take(weekly);
    let file = world.file("weekly.yaml", &weekly.replace("weekly", "monthly"));
    let words = words(&text("docs/json.md"));
    for command in [
        &["status"][..],
        &["jobs"],
        &["show", "club-news"],
        &["show", "club-evening"],
        &["show", "weekly"],
        &["plan"],
        &["plan", "--with", &file],
        &["check", &file],
        &["quota"],
        &["quota", "record", "brand-club", "--count", "1"],
        &["qrcodes", "brand-club"],
        &["alert", "list"],
        &["config", "check"],
        &["render", &file],
    ] {
        let view = world.json(&[command, &["--json"]].concat());
        let mut found = BTreeSet::new();
        keys(&view, &mut found);

        // The number of jobs in each state has the states as keys.
        let missing: Vec<_> = found.iter().filter(|key| !words.contains(*key)).collect();

        assert!(!found.is_empty() || view.is_array(), "{command:?}");
        assert!(missing.is_empty(), "{command:?}: {missing:?}");
    }
}

/// Returns the names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let names = text.split("qunfa_").skip(1);
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        rest[..end].to_owned()
    };
    names.map(name).collect()
}

/// Returns the names under which the daemon exports its metrics.
fn exported() -> BTreeSet<String> {
    let files = ["metrics.rs", "metrics/process.rs", "counters.rs"];
    let source = files.map(|file| text(&format!("src/daemon/{file}"))).concat();
    let mut names = BTreeSet::new();
    for before in ["register(", "gauges("] {
        for rest in source.split(before).skip(1) {
            let Some((head, rest)) = rest.split_once('"') else { continue };
            if head.trim().trim_start_matches("registry,").trim().is_empty() {
                names.extend(rest.split('"').next().map(str::to_owned));
            }
        }
    }
    names
}

/// Returns whether a name is one that the daemon exports, or follows from one.
fn is_exported(name: &str, exported: &BTreeSet<String>) -> bool {
    let ends = ["_info", "_total", "_bucket", "_sum", "_count"];
    let bare = ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    exported.contains(name) || exported.contains(bare)
}

#[test]
fn every_metric_that_is_shown_is_exported_and_every_exported_one_is_told() {
    let exported = exported();
    assert!(exported.len() >= 21, "{exported:?}");
    let page = text("docs/monitoring.md");
    let chinese = text("docs/zh-CN/monitoring.md");
    let dashboard = text("docs/grafana/qunfa.json");
    let parsed: Value = serde_json::from_str(&dashboard).unwrap();
    assert!(parsed["panels"].as_array().is_some_and(|panels| panels.len() > 8));
    let rules = text("docs/prometheus/qunfa.rules.yml");
    for shown in [&page, &chinese, &dashboard, &rules] {
        for name in metrics(shown) {
            assert!(is_exported(&name, &exported), "qunfa_{name} is not exported");
        }
    }
    for page in [&page, &chinese] {
        let told = metrics(page);
        for name in &exported {
            let alone = BTreeSet::from([name.clone()]);
            let is_told = told.iter().any(|shown| is_exported(shown, &alone));
            assert!(is_told, "qunfa_{name} is not on the page");
        }
    }
}

#[test]
fn every_alert_rule_is_on_the_page_with_its_severity() {
    let rules = text("docs/prometheus/qunfa.rules.yml");
    let rules: Value = serde_saphyr::from_str(&rules).unwrap();
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    let told = |rule: &Value| {
        let [name, severity] = [&rule["alert"], &rule["labels"]["severity"]];
        format!("| `{}` | {} | ", name.as_str().unwrap(), severity.as_str().unwrap())
    };
    for page in ["docs/monitoring.md", "docs/zh-CN/monitoring.md"] {
        let page = text(page);
        for row in rules.iter().map(told) {
            assert!(page.contains(&row), "{row}");
        }
        assert_eq!(page.matches("| `Qunfa").count(), rules.len());
    }
}

#[test]
fn the_readme_is_a_first_screen() {
    for page in ["README.md", "README.zh-CN.md"] {
        let lines = text(page).lines().count();
        assert!(lines < 200, "{page} has {lines} lines");
    }
}

/// Returns the blocks of commands of a page, without their comments.
fn commands(page: &str) -> Vec<String> {
    let block = |block: Block| {
        let line = |line: &str| line.split(" #").next().unwrap_or_default().trim_end().to_owned();
        (!block.info.is_empty() && block.info != "json")
            .then(|| block.text.lines().map(line).collect::<Vec<_>>().join("\n"))
    };
    blocks(page).into_iter().filter_map(block).collect()
}

#[test]
fn both_languages_have_the_same_headings_and_commands() {
    for (english, chinese) in [
        ("README.md", "README.zh-CN.md"),
        ("docs/operations.md", "docs/zh-CN/operations.md"),
        ("docs/install.md", "docs/zh-CN/install.md"),
        ("docs/job-files.md", "docs/zh-CN/job-files.md"),
        ("docs/monitoring.md", "docs/zh-CN/monitoring.md"),
        ("docs/mcp.md", "docs/zh-CN/mcp.md"),
    ] {
        let (english, chinese) = (text(english), text(chinese));
        let levels =
            |page: &str| headings(page).iter().map(|(level, _)| *level).collect::<Vec<_>>();

        assert_eq!(levels(&english), levels(&chinese));
        assert_eq!(commands(&english), commands(&chinese));
    }
}
