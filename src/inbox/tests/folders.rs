//! Folders with a job file and what it names.

use std::fs;
use std::os::unix::fs::symlink;

use super::directory::{GOOD, World, receipt};
use super::*;
use crate::model::{Action, Audience};

const WITH_LIST: &str =
    "jobs:\n- {id: a, account: club, broadcast: {touser_file: lists/vip.txt, text: x}}\n";

impl World {
    /// Puts a folder with these files into the inbox.
    pub(super) fn drop_folder(&self, name: &str, files: &[(&str, &str)]) {
        for (file, text) in files {
            let path = self.path(name).join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
}

#[test]
fn a_folder_is_taken_with_its_list() {
    let mut world = World::new();
    world.drop_folder("spring", &[("jobs.yaml", WITH_LIST), ("lists/vip.txt", "o1\no2\n")]);

    let package = world.take();
    let job = package.parse(&[&accounts()[0]]).unwrap().jobs.remove(0);
    world.inbox.accept(&package, &receipt(0)).unwrap();

    let Action::Broadcast(broadcast) = job.spec.action else { panic!("a broadcast") };
    assert_eq!(broadcast.audience, Audience::List(vec!["o1".to_owned(), "o2".to_owned()]));
    assert_eq!(world.names("accepted"), ["spring", "spring.receipt.json"]);
    let back = world.inbox.accepted_back().unwrap().next().unwrap().unwrap().package;
    assert_eq!(back.sha256(), package.sha256());
    assert!(back.parse(&[&accounts()[0]]).is_ok());
}

#[test]
fn a_folder_is_ready_when_all_of_it_is_quiet() {
    let mut world = World::new();
    world.drop_folder("spring", &[("jobs.yaml", &format!("{WITH_LIST}...\n"))]);
    assert!(world.inbox.scan(at(0)).unwrap().is_empty());

    world.drop_folder("spring", &[("lists/vip.txt", "o1\n")]);
    assert!(world.inbox.scan(at(2)).unwrap().is_empty());
    world.drop_folder("spring", &[("lists/vip.txt", "o1\no2\n")]);
    assert!(world.inbox.scan(at(4)).unwrap().is_empty());

    assert_eq!(world.inbox.scan(at(6)).unwrap().len(), 1);
}

#[test]
fn every_file_of_a_folder_is_part_of_its_digest() {
    let mut world = World::new();
    let mut digests = Vec::new();
    for list in ["o1\no2\n", "o1\no3\n"] {
        world.drop_folder("spring", &[("jobs.yaml", WITH_LIST), ("lists/vip.txt", list)]);
        let package = world.take();
        digests.push(package.sha256().to_owned());
        world.inbox.accept(&package, &receipt(0)).unwrap();
    }

    assert_ne!(digests[0], digests[1]);
}

#[test]
fn a_folder_without_exactly_one_job_file_is_refused() {
    for (files, expected) in [
        (&[("vip.txt", "")][..], "spring: there is no .yaml file in the folder"),
        (&[("a/jobs.yaml", GOOD)], "spring: there is no .yaml file in the folder"),
        (
            &[("a.yaml", GOOD), ("b.yml", GOOD)],
            "spring: the folder has two job files, a.yaml and b.yml",
        ),
    ] {
        let mut world = World::new();
        world.drop_folder("spring", files);

        assert!(world.refusal().starts_with(expected), "{expected}");
        assert_eq!(world.names("rejected"), ["spring", "spring.error.txt"]);
    }
}

#[test]
fn a_folder_with_the_name_of_an_answer_is_refused_and_read_back_all_the_same() {
    for (name, expected) in [
        ("x.receipt.json", "x.receipt.json: names that end in .receipt.json are kept for receipts"),
        ("x.Error.txt", "x.Error.txt: names that end in .error.txt are kept for reasons"),
    ] {
        let mut world = World::new();
        world.drop_folder(name, &[("jobs.yaml", GOOD)]);
        world.drop_folder(&format!("accepted/{name}"), &[("jobs.yaml", GOOD)]);

        let found = world.refusal();

        assert!(found.starts_with(expected), "{found}");
        let back: Vec<_> = world.inbox.accepted_back().unwrap().collect();
        let [Ok(AcceptedPackage { package, taken_at: None, .. })] = &back[..] else {
            panic!("{back:?}")
        };
        assert_eq!(package.ids().len(), 1);
    }
}

#[test]
fn links_in_a_folder_are_never_followed() {
    let mut world = World::new();
    world.drop_folder("a", &[("jobs.yaml", GOOD)]);
    symlink("/etc/passwd", world.path("a/vip.txt")).unwrap();
    assert!(world.refusal().starts_with("a/vip.txt: this is a symbolic link"));

    world.drop_folder("b", &[("jobs.yaml", GOOD)]);
    symlink("/etc", world.path("b/lists")).unwrap();
    assert!(world.refusal().starts_with("b/lists: this is a symbolic link"));

    world.drop_folder("c", &[("vip.txt", "")]);
    symlink(world.path("c/vip.txt"), world.path("c/jobs.yaml")).unwrap();
    assert!(world.refusal().starts_with("c/jobs.yaml: this is a symbolic link"));

    world.drop_folder("d", &[("jobs.yaml", GOOD), ("vip.txt", "")]);
    fs::hard_link(world.path("d/vip.txt"), world.folder.path().join("vip.txt")).unwrap();
    assert!(world.refusal().starts_with("d/vip.txt: this is a hard link"));

    world.drop_folder("e", &[("jobs.yaml", GOOD), ("big", "")]);
    fs::File::create(world.path("e/big")).unwrap().set_len(1 << 40).unwrap();
    assert!(world.refusal().starts_with("e/big: the file is larger than 16 MiB"));
}

#[test]
fn folders_that_are_deep_or_full_are_refused() {
    let mut world = World::new();
    world.drop_folder("a", &[("jobs.yaml", GOOD), ("1/2/3/4/5/6.txt", "")]);
    assert!(world.refusal().starts_with("a: folders lie more than four deep in it"));

    let names: Vec<String> = (0..1_001).map(|n| format!("{n}.txt")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    world.drop_folder("b", &files);
    assert!(world.refusal().starts_with("b: the folder has more than 1,000 files"));
}

#[test]
fn a_list_outside_the_folder_is_refused() {
    let mut world = World::new();
    fs::write(world.folder.path().join("vip.txt"), "o1\no2\n").unwrap();
    for path in
        ["../../vip.txt", "/etc/passwd", "lists/../../vip.txt", "./vip.txt", "a\\\\b", "gone.txt"]
    {
        let text = WITH_LIST.replace("lists/vip.txt", &format!("\"{path}\""));
        world.drop_folder("spring", &[("jobs.yaml", &text)]);
        let package = world.take();

        let found = told(&package.parse(&[&accounts()[0]]).unwrap_err());

        let expected = ["is outside the job's folder", "there is no `gone.txt` in the folder"];
        assert!(expected.iter().any(|expected| found.contains(expected)), "{found}");
        fs::remove_dir_all(world.path("spring")).unwrap();
    }
}

#[test]
fn what_is_only_checked_is_held_to_the_inboxs_rules() {
    let world = World::new();
    world.drop_folder("spring", &[("jobs.yaml", WITH_LIST), ("lists/vip.txt", "o1\no2\n")]);
    let path = world.path("spring/jobs.yaml");

    assert!(read_path(&world.path("spring")).unwrap().parse(&[&accounts()[0]]).is_ok());
    let found = told(&read_path(&path).unwrap().parse(&[&accounts()[0]]).unwrap_err());
    assert!(found.starts_with(&format!("{}:2:", path.display())), "{found}");
    assert!(found.contains("`touser_file` needs a folder: drop one with the job file"), "{found}");
    assert!(matches!(read_path(&world.path("gone.yaml")), Err(ReadError::Failed(_))));
    assert!(
        read_path(&world.path("spring/lists/.."))
            .unwrap_or_else(|e| panic!("{e:?}"))
            .parse(&[&accounts()[0]])
            .is_ok()
    );
}

#[test]
fn a_name_that_the_inbox_never_looks_at_is_told() {
    let world = World::new();
    for name in [".x.yaml", "x.tmp", "x.yaml.part", "x.yaml~", "x.swp"] {
        world.drop_file(name, GOOD);

        let read = read_path(&world.path(name));

        let Err(ReadError::Refused(problems)) = read else { panic!("{name}: {read:?}") };
        let found = told(&problems);
        assert!(found.contains("the inbox never looks at what has such a name"), "{found}");
    }
}

#[test]
fn a_file_is_found_however_its_names_characters_are_composed() {
    let mut world = World::new();
    let job = WITH_LIST.replace("vip", "caf\u{e9}");
    let list = "lists/cafe\u{301}.txt";
    world.drop_folder("spring", &[("jobs.yaml", &job), (list, "o1\no2\n")]);

    let package = world.take();

    assert!(package.parse(&[&accounts()[0]]).is_ok());
    for name in [list, "lists/caf\u{e9}.txt"] {
        assert_eq!(package.file(name), Some(&b"o1\no2\n"[..]));
    }
    assert_eq!(package.file("lists/cafe.txt"), None);
}

#[test]
fn a_folder_waits_for_an_upload_in_it_and_tells_when_that_does_not_go_on() {
    for name in ["o.filepart", "lists/vip.txt.part", "x.CRDOWNLOAD", ".syncthing.vip.txt.tmp"] {
        let mut world = World::new();
        let list = ("lists/vip.txt", "o1\no2\n");
        world.drop_folder("spring", &[("jobs.yaml", WITH_LIST), list, (name, "o")]);

        assert!(world.ready().is_empty(), "{name}");
        assert!(world.inbox.waiting(), "{name}");
        fs::write(world.path("spring").join(name), "o1\no").unwrap();
        // It went on meanwhile.
        world.inbox.scan(at(500)).unwrap();
        world.inbox.scan(at(1_099)).unwrap();
        assert_eq!(world.inbox.stalled(at(1_099)), [], "{name}");
        assert!(world.inbox.scan(at(1_100)).unwrap().is_empty());
        assert_eq!(world.inbox.stalled(at(1_100)), [("spring".to_owned(), name)]);

        fs::remove_file(world.path("spring").join(name)).unwrap();
        world.inbox.scan(at(1_101)).unwrap();
        assert_eq!(world.inbox.stalled(at(1_101)), []);
        assert_eq!(world.inbox.scan(at(1_103)).unwrap().len(), 1, "{name}");
    }
}

#[test]
fn what_editors_keep_in_a_folder_holds_nothing_up() {
    let mut world = World::new();
    let files =
        [("jobs.yaml", WITH_LIST), ("lists/vip.txt", "o1\n"), ("jobs.yaml~", ""), (".x", "")];
    world.drop_folder("spring", &files);

    assert_eq!(world.ready().len(), 1);
}
