//! Imports point one way: a module names only those that it may know.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each module, and the modules of this crate that it may name.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("calendar", &[]),
    ("quota", &["model", "calendar"]),
    ("reason", &["model", "calendar", "quota"]),
    ("plan", &["model", "calendar", "quota", "reason"]),
    ("text", &["model", "calendar", "quota", "reason", "wechat"]),
    ("store", &["model", "calendar", "quota", "reason", "plan", "text"]),
    ("yaml", &[]),
    ("durable_file", &[]),
    ("inbox", &["model", "calendar", "yaml", "durable_file"]),
    ("config", &["model", "yaml", "wechat"]),
    ("wechat", &["model"]),
    ("sandbox", &[]),
    (
        "engine",
        &["model", "calendar", "quota", "reason", "plan", "text", "store", "config", "wechat"],
    ),
];

fn files(module: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![src.join(format!("{module}.rs"))];
    let mut folders = vec![src.join(module)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

/// The modules that a file names after `crate::`, also inside braces.
fn named(text: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.collect::<Vec<_>>().join("\n");
    code.split("crate::")
        .skip(1)
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .map(|item| word(item.trim()))
                .collect(),
            None => vec![word(rest)],
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_module_names_only_modules_that_it_may_know() {
    for (module, allowed) in MAY_KNOW {
        for file in files(module) {
            let text = std::fs::read_to_string(&file).unwrap();
            for name in named(&text) {
                assert!(
                    name == *module || allowed.contains(&name.as_str()),
                    "{} names crate::{name}, which {module} may not know",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn only_main_reads_a_clock() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(src).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") else {
            continue;
        };
        for file in files(module) {
            let text = std::fs::read_to_string(&file).unwrap();
            for reader in ["Utc::now", "Local::now", "SystemTime::now", "std::time::Instant"] {
                assert!(!text.contains(reader), "{} reads a clock: {reader}", file.display());
            }
        }
    }
}

/// Timed waits that never return under a faked clock (libfaketime), a runtime's own where it has no
/// epoll to wait with, and the plain sleeps.
const STD_WAITS: &[&str] =
    &["recv_timeout", "park_timeout", "wait_timeout", "Condvar", "enable_time", "thread::sleep"];
/// Where nothing of tokio's runs: at the end of the process, and before the database is open.
const MAY_SLEEP: &[&str] = &["log.rs", "store.rs"];

#[test]
fn every_wait_is_one_of_tokio_s_with_epoll() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    for entry in std::fs::read_dir(&src).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs") else { continue };
        for file in files(module).iter().filter(|file| file.exists()) {
            let text = std::fs::read_to_string(file).unwrap();
            looked_at += 1;
            let may_sleep = file
                .strip_prefix(&src)
                .is_ok_and(|path| MAY_SLEEP.iter().any(|allowed| path == Path::new(allowed)));
            for word in STD_WAITS.iter().filter(|word| !(may_sleep && **word == "thread::sleep")) {
                assert!(!text.contains(word), "{} waits with {word}", file.display());
            }
        }
    }
    assert!(looked_at > 100, "only {looked_at} files were looked at");
}

#[test]
fn places_on_the_platform_s_websites_are_named_by_one_module() {
    const PLACES: &[&str] = &[
        "developers.weixin.qq.com",
        "on mp.weixin.qq.com",
        "发表记录",
        "通知中心",
        "history on the website",
    ];
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(&src).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "sandbox") else {
            continue;
        };
        for file in files(module).iter().filter(|file| file.exists()) {
            if file.ends_with("model/console.rs") {
                continue;
            }
            let text = std::fs::read_to_string(file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code: String = code.map(|line| line.trim().trim_end_matches('\\')).collect();
            for place in PLACES {
                assert!(!code.contains(place), "{} names {place} by itself", file.display());
            }
        }
    }
}
