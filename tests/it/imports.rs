//! Imports point one way: between modules, inside each of them, and out of the crate.

mod graph;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use graph::{Edges, Source};

/// Each module, and the modules of this crate that it may name, its tests as well.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("l10n", &[]),
    ("model", &["l10n"]),
    ("approval", &[]),
    ("calendar", &["l10n"]),
    ("quota", &["l10n", "model", "calendar"]),
    ("reason", &["l10n", "model", "calendar", "quota"]),
    ("alert", &["l10n", "model", "calendar", "quota", "reason"]),
    ("plan", &["l10n", "model", "calendar", "quota", "reason"]),
    ("schedule", &["l10n", "model", "calendar", "quota", "reason", "plan"]),
    ("calls", &["l10n", "model"]),
    ("retention", &["model"]),
    ("backups", &[]),
    ("text", &["l10n", "model", "calendar", "quota", "reason", "alert", "wechat"]),
    (
        "store",
        &[
            "l10n",
            "model",
            "approval",
            "calendar",
            "quota",
            "reason",
            "alert",
            "plan",
            "schedule",
            "calls",
            "retention",
            "text",
        ],
    ),
    ("yaml", &["l10n"]),
    ("durable_file", &["l10n"]),
    ("inbox", &["l10n", "model", "calendar", "yaml", "durable_file"]),
    ("config", &["l10n", "model", "calendar", "alert", "retention", "backups", "yaml", "wechat"]),
    ("wechat", &["l10n", "model"]),
    ("sandbox", &[]),
    (
        "engine",
        &[
            "l10n",
            "model",
            "calendar",
            "quota",
            "reason",
            "alert",
            "plan",
            "calls",
            "retention",
            "text",
            "store",
            "config",
            "wechat",
        ],
    ),
    ("log", &[]),
    (
        "server",
        &[
            "l10n", "model", "approval", "calendar", "quota", "text", "store", "yaml", "inbox",
            "config", "wechat",
        ],
    ),
    (
        "daemon",
        &[
            "l10n",
            "model",
            "calendar",
            "reason",
            "alert",
            "backups",
            "text",
            "store",
            "yaml",
            "durable_file",
            "inbox",
            "config",
            "wechat",
            "engine",
            "server",
        ],
    ),
    ("demo", &["l10n", "model", "calendar", "text", "store", "config", "sandbox", "daemon"]),
    (
        "cli",
        &[
            "l10n",
            "model",
            "approval",
            "calendar",
            "quota",
            "plan",
            "schedule",
            "calls",
            "reason",
            "alert",
            "text",
            "store",
            "yaml",
            "durable_file",
            "inbox",
            "config",
            "wechat",
            "sandbox",
            "engine",
            "server",
            "daemon",
            "demo",
        ],
    ),
];

/// Each crate that is kept to some modules, and those: whoever else needs what it does asks them.
/// Tests may use all of them.
const ROOMS: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("fluent_bundle", &["l10n"]),
    ("unic_langid", &["l10n"]),
    // The sandbox pushes events as the platform does, and shares no client with the rest.
    (
        "reqwest",
        &["wechat::client", "wechat::listener::forward", "sandbox::push", "daemon::delivery::http"],
    ),
    ("lettre", &["daemon::delivery::email", "config::alerts"]),
    ("rmcp", &["server::mcp"]),
    ("axum", &["wechat::listener", "server", "sandbox::server", "sandbox::connection"]),
    (
        "tokio",
        &[
            "daemon",
            "demo",
            "server",
            "wechat::client",
            "wechat::listener",
            "sandbox::server",
            "sandbox::connection",
            "sandbox::push",
            // What serves, watches or waits; every other command is plain.
            "cli::sandbox",
            "cli::watch",
            "cli::wait",
            "cli::doctor",
        ],
    ),
];

static SOURCE: LazyLock<Source> =
    LazyLock::new(|| Source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));

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

#[test]
fn every_module_names_only_modules_that_it_may_know() {
    let source = Source::read_with_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut looked_at = 0;
    for (file, named) in source.modules_named() {
        let module = file[0].as_str();
        if module == "main" {
            continue;
        }
        let row = MAY_KNOW.iter().find(|(name, _)| *name == module);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{module} is not listed"));
        let file = file.join("::");
        for name in named {
            assert!(
                name == module || allowed.contains(&name),
                "{file} names {name}, which {module} may not know"
            );
        }
        looked_at += 1;
    }
    assert!(looked_at > 150, "only {looked_at} files were looked at");
}

/// Tells each circle that leads through more than one file, with its edges.
fn told(source: &Source, edges: &Edges) -> String {
    let circles = graph::circles(edges).into_iter().filter(|circle| {
        let files: BTreeSet<&str> = circle.iter().map(|node| source.file_of(node)).collect();
        files.len() > 1
    });
    let lines = circles.flat_map(|circle| {
        let within = circle.iter().flat_map(|from| {
            let to = edges[*from].iter().filter(|to| circle.contains(to.as_str()));
            to.map(move |to| format!("  {from} uses {to}\n"))
        });
        std::iter::once("a circle:\n".to_owned()).chain(within).collect::<Vec<_>>()
    });
    lines.collect()
}

/// What an edge is: see [`graph`].
#[test]
fn no_files_use_each_other_in_a_circle() {
    let told = told(&SOURCE, &SOURCE.edges());

    assert!(told.is_empty(), "{told}");
}

/// A file and the modules in it may use each other, but not the same things of each other: what its
/// modules stand on must not use them.
#[test]
fn no_file_stands_on_a_module_that_stands_on_it() {
    let told = told(&SOURCE, &SOURCE.edges_of_items());

    assert!(told.is_empty(), "{told}");
}

#[test]
fn every_way_to_name_something_of_a_file_is_an_edge() {
    let by = |a: &str| {
        let files = [
            ("top", "mod a; mod b; mod c; pub use b::Thing; use c::{self as d, deep};"),
            ("top::a", a),
            ("top::b", "pub struct Thing; pub fn make() {} pub mod inside { pub fn f() {} }"),
            ("top::c", "pub mod deep; pub use self::deep::Low; pub fn f() {}"),
            ("top::c::deep", "pub struct Low; pub fn low() {}"),
        ];
        let edges = Source::of(files.map(|(module, text)| (module, text.to_owned()))).edges();
        edges.get("top::a").cloned().unwrap_or_default().into_iter().collect::<Vec<_>>()
    };

    for (text, used) in [
        ("use super::b::make; fn f() { make() }", "top::b"),
        ("use super::{c::{deep::low}}; fn f() { low() }", "top::c::deep"),
        ("use crate::top::{b::{self as other}}; fn f() { other::make() }", "top::b"),
        ("use super::b; fn f() { b::inside::f() }", "top::b"),
        ("fn f() { super::b::make() }", "top::b"),
        ("fn f() { use super::{b::make}; make() }", "top::b"),
        ("fn f() { println!(\"{:?}\", super::c::f()) }", "top::c"),
        ("struct S { low: crate::top::c::Low }", "top::c::deep"),
        ("use super::Thing; struct S(Thing);", "top::b"),
        ("use super::d; fn f() { d::f() }", "top::c"),
        ("fn f() { super::deep::low() }", "top::c::deep"),
        ("#[serde(with = \"super::b::inside\")] struct S;", "top::b"),
        ("use super::b::Thing as _;", "top::b"),
    ] {
        assert_eq!(by(text), [used], "{text}");
    }
    for text in [
        "",
        "pub use super::b::Thing;",
        "// super::b::make()\n/// [`super::b`]\nfn f() { \"super::b::make\"; }",
        "fn f(b: u8) -> u8 { b.make }",
        "#[cfg(test)] mod tests { use super::super::b::make; }",
        "#[cfg(test)] fn f() { super::b::make() }",
        "fn f() { super::all() }",
    ] {
        assert_eq!(by(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn every_circle_is_found_and_nothing_else() {
    let told_of = |files: &[(&'static str, &str)]| {
        let source = Source::of(files.iter().map(|(module, text)| (*module, (*text).to_owned())));
        [told(&source, &source.edges()), told(&source, &source.edges_of_items())]
    };
    let both = "a circle:\n  t::a uses t::b\n  t::b uses t::a\n";
    let by_parent = "a circle:\n  t::a uses t::both\n  t::both uses t::a\n";

    let a = ("t::a", "use super::b; pub fn a() { b::b() }");
    let b = ("t::b", "use super::a; pub fn b() { a::a() }");
    assert_eq!(told_of(&[("t", "mod a; mod b;"), a, b]), [both, both]);
    assert_eq!(
        told_of(&[
            ("t", "mod a; pub fn both() { a::a() }"),
            ("t::a", "pub fn a() { super::both() }")
        ]),
        ["", by_parent]
    );
    // Above and below a module lie in one file; so do two that call each other.
    assert_eq!(
        told_of(&[
            ("t", "mod a; pub struct Low; pub fn top() { a::a(); top() }"),
            ("t::a", "use super::Low; pub fn a() -> Low { Low }"),
        ]),
        ["", ""]
    );
}

#[test]
fn every_crate_stays_in_its_rooms() {
    for (krate, rooms) in ROOMS {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for file in SOURCE.files_naming(krate) {
            let inside = |room: &&&str| {
                file == **room
                    || file.strip_prefix(**room).is_some_and(|rest| rest.starts_with("::"))
            };
            let room = rooms.iter().find(inside);
            used.insert(room.unwrap_or_else(|| panic!("{file} uses {krate}")));
        }
        let idle: Vec<_> = rooms.iter().filter(|room| !used.contains(*room)).collect();
        assert!(idle.is_empty(), "{krate} is not used in {idle:?}");
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
            // In the catalogues they have messages of their own.
            let code = text.lines().filter(|line| {
                !["//", "place-"].iter().any(|start| line.trim_start().starts_with(start))
            });
            let code: String = code.map(|line| line.trim().trim_end_matches('\\')).collect();
            for place in PLACES {
                assert!(!code.contains(place), "{} names {place} by itself", file.display());
            }
        }
    }
}
