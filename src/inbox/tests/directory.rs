//! Entries: when they are ready, what is never read, and what becomes of them.

use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::*;
use crate::model::{JobId, JobState};

pub(super) const GOOD: &str =
    "jobs:\n- {id: a, account: club, broadcast: {filter: {tag_id: 2}, text: x}}\n";

/// An inbox in a directory of its own.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) inbox: Inbox,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(&folder.path().join("inbox"), false).unwrap();
        Self { folder, inbox }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.inbox.path().join(name)
    }

    pub(super) fn drop_file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != ".moving")
            .collect();
        names.sort();
        names
    }

    /// Returns everything that is ready after it was quiet.
    pub(super) fn ready(&mut self) -> Vec<Entry> {
        self.inbox.scan(at(0)).unwrap();
        self.inbox.scan(at(2)).unwrap()
    }

    pub(super) fn take(&mut self) -> Package {
        let entries = self.ready();
        self.inbox.read(&entries[0]).unwrap()
    }

    /// Returns why the one entry is refused, after rejecting it.
    pub(super) fn refusal(&mut self) -> String {
        let entries = self.ready();
        let [entry] = &entries[..] else { panic!("{entries:?}") };
        let Err(ReadError::Refused(problems)) = self.inbox.read(entry) else {
            panic!("not refused")
        };
        self.inbox.reject(entry, None, &problems).unwrap();
        told(&problems)
    }
}

pub(super) fn receipt(seconds: i64) -> Receipt {
    let job = ReceiptJob {
        id: JobId::parse("a").unwrap(),
        title: "春天".to_owned(),
        account: "club".to_owned(),
        appid: "wx2".to_owned(),
        at: None,
        due: Some(at(seconds)),
        state: JobState::Planned,
        note: None,
        dates: Vec::new(),
    };
    Receipt {
        taken_at: at(seconds),
        accepted_at: at(seconds),
        jobs: vec![job],
        notes: vec!["新".to_owned()],
    }
}

fn names_of(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(Entry::name).collect()
}

#[test]
fn a_file_is_ready_when_two_looks_two_seconds_apart_found_it_the_same() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);

    assert!(world.inbox.scan(at(0)).unwrap().is_empty());
    assert!(world.inbox.waiting());
    assert!(world.inbox.scan(at(1)).unwrap().is_empty());
    assert_eq!(names_of(&world.inbox.scan(at(2)).unwrap()), ["a.yaml"]);
    assert!(!world.inbox.waiting());
}

#[test]
fn a_file_that_grows_or_is_touched_waits_again() {
    let mut world = World::new();
    world.drop_file("a.yaml", "jobs:\n");
    world.inbox.scan(at(0)).unwrap();

    world.drop_file("a.yaml", GOOD);
    assert!(world.inbox.scan(at(2)).unwrap().is_empty());
    let touched = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    File::options().write(true).open(world.path("a.yaml")).unwrap().set_times(touched).unwrap();
    assert!(world.inbox.scan(at(4)).unwrap().is_empty());
    assert_eq!(world.inbox.scan(at(6)).unwrap().len(), 1);
}

#[test]
fn a_clock_that_is_set_back_makes_nothing_wait_for_ever() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    world.inbox.scan(at(100_000)).unwrap();

    assert!(world.inbox.scan(at(0)).unwrap().is_empty());
    assert_eq!(world.inbox.scan(at(2)).unwrap().len(), 1);
}

#[test]
fn a_file_that_ends_with_its_marker_is_ready_at_once() {
    let mut world = World::new();
    for (name, end) in [("a.yaml", "..."), ("b.yml", "...\n"), ("c.yaml", "...  \r\n\r\n")] {
        world.drop_file(name, &format!("{GOOD}{end}"));
    }
    for (name, end) in [("d.yaml", " ..."), ("e.yaml", "x..."), ("f.yaml", "...\nx")] {
        world.drop_file(name, &format!("{GOOD}{end}"));
    }
    world.drop_file("g.yaml", &format!("...{}", " ".repeat(61)));
    world.drop_file("h.yaml", &format!("x...{}", " ".repeat(61)));

    let ready = world.inbox.scan(at(0)).unwrap();

    assert_eq!(names_of(&ready), ["a.yaml", "b.yml", "c.yaml", "g.yaml"]);
    assert!(world.inbox.waiting());
}

#[test]
fn unfinished_names_are_ignored_and_the_others_come_in_order() {
    let mut world = World::new();
    for name in [
        ".a.yaml",
        "a.tmp",
        "a.yaml.part",
        "a.yaml~",
        ".a.yaml.swp",
        "b.swp",
        "b.swo",
        "b.SWN",
        "b.swx",
        "4913",
        "~$a.yaml",
        "a.yaml.bak",
        "a.yaml.download",
        "Desktop.ini",
        "ehthumbs.db",
        "Icon\r",
    ] {
        world.drop_file(name, GOOD);
    }
    for name in ["@Recycle", "#snapshot", "System Volume Information"] {
        fs::create_dir(world.path(name)).unwrap();
        world.drop_file(&format!("{name}/a.yaml"), GOOD);
    }
    for name in ["z.yaml", "10.json", "2.yml", "春.YAML"] {
        world.drop_file(name, GOOD);
    }

    let ready = world.ready();

    assert_eq!(names_of(&ready), ["10.json", "2.yml", "z.yaml", "春.YAML"]);
}

#[test]
fn a_sweep_is_bounded_and_says_that_there_is_more() {
    let mut world = World::new();
    for n in 0..2_003 {
        world.drop_file(&format!("{n:05}.yaml"), GOOD);
    }

    let ready = world.ready();

    assert_eq!(ready.len(), 2_000);
    assert!(world.inbox.waiting());
}

#[test]
fn an_accepted_file_moves_and_its_receipt_tells_what_was_taken() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);

    let package = world.take();
    let jobs = package.parse(&[&accounts()[0]]).unwrap().jobs;
    world.inbox.accept(&package, &receipt(7)).unwrap();

    assert_eq!(jobs.len(), 1);
    assert_eq!(world.names(""), ["accepted", "rejected"]);
    assert_eq!(world.names("accepted"), ["a.yaml", "a.yaml.receipt.json"]);
    let json = fs::read(world.path("accepted/a.yaml.receipt.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "file": "a.yaml",
            "sha256": package.sha256(),
            "accepted_at": "2027-01-15T08:00:07Z",
            "taken_at": "2027-01-15T08:00:07Z",
            "jobs": [{
                "id": "a", "title": "春天", "account": "club", "appid": "wx2", "at": null, "due": "2027-01-15T08:00:07Z",
                "state": "planned", "note": null,
            }],
            "notes": ["新"],
        })
    );
}

#[test]
fn nothing_in_accepted_or_rejected_is_overwritten() {
    let mut world = World::new();
    for seconds in 0..3 {
        world.drop_file("a.yaml", GOOD);
        let package = world.take();
        world.inbox.accept(&package, &receipt(seconds)).unwrap();
        world.drop_file("b.yaml", "jobs: [");
        let entry = world.ready().remove(0);
        world.inbox.reject(&entry, None, &[]).unwrap();
    }

    assert_eq!(
        world.names("accepted"),
        [
            "a.yaml",
            "a.yaml.1",
            "a.yaml.1.receipt.json",
            "a.yaml.2",
            "a.yaml.2.receipt.json",
            "a.yaml.receipt.json",
        ]
    );
    assert_eq!(world.names("rejected").len(), 6);
    let taken: Vec<_> = world
        .inbox
        .accepted_back()
        .unwrap()
        .map(|found| found.unwrap())
        .map(|back| (back.package.name().to_owned(), back.taken_at))
        .collect();
    assert_eq!(
        taken,
        [
            ("a.yaml.1".to_owned(), Some(at(0))),
            ("a.yaml.2".to_owned(), Some(at(1))),
            ("a.yaml".to_owned(), Some(at(2))),
        ]
    );
}

#[test]
fn a_crash_between_receipt_and_move_leaves_a_file_that_is_taken_again() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    let written =
        format!(r#"{{"taken_at": "2027-01-15T08:00:01Z", "sha256": "{}"}}"#, package.sha256());
    world.drop_file("accepted/a.yaml.receipt.json", &written);

    world.inbox.accept(&package, &receipt(9)).unwrap();

    assert_eq!(world.names("accepted"), ["a.yaml", "a.yaml.receipt.json"]);
    let receipt = fs::read_to_string(world.path("accepted/a.yaml.receipt.json")).unwrap();
    assert!(receipt.contains("2027-01-15T08:00:09Z"), "{receipt}");
}

#[test]
fn the_file_that_was_taken_last_is_read_back_last_though_it_was_known_before() {
    let mut world = World::new();
    for (name, taken, accepted) in [("first.yaml", 0, 0), ("edit.yaml", 5, 5), ("back.yaml", 0, 9)]
    {
        world.drop_file(name, GOOD);
        for entry in world.ready() {
            let package = world.inbox.read(&entry).unwrap();
            let receipt = Receipt { accepted_at: at(accepted), ..receipt(taken) };
            world.inbox.accept(&package, &receipt).unwrap();
        }
    }

    let back = world.inbox.accepted_back().unwrap().map(|found| found.unwrap());
    let names: Vec<_> = back.map(|back| back.package.name().to_owned()).collect();

    assert_eq!(names, ["first.yaml", "edit.yaml", "back.yaml"]);
}

#[test]
fn a_crash_between_reason_and_move_leaves_a_file_that_is_refused_again() {
    let mut world = World::new();
    world.drop_file("a.txt", GOOD);
    world.refusal();
    fs::rename(world.path("rejected/a.txt"), world.path("a.txt")).unwrap();

    world.refusal();

    assert_eq!(world.names("rejected"), ["a.txt", "a.txt.error.txt"]);
}

#[test]
fn what_has_the_name_of_an_answer_is_moved_aside() {
    let mut world = World::new();
    world.drop_file("accepted/a.yaml.receipt.json", r#"{"sha256": "other"}"#);
    fs::create_dir(world.path("accepted/b.yaml.receipt.json")).unwrap();
    world.drop_file("accepted/b.yaml.receipt.json.receipt.json", "{}");
    world.drop_file("a.yaml", GOOD);
    world.drop_file("b.yaml", GOOD);
    for entry in world.ready() {
        let package = world.inbox.read(&entry).unwrap();
        world.inbox.accept(&package, &receipt(0)).unwrap();
    }

    assert_eq!(
        world.names("accepted"),
        [
            "a.yaml",
            "a.yaml.1.receipt.json",
            "a.yaml.receipt.json",
            "b.yaml",
            "b.yaml.receipt.json",
            "b.yaml.receipt.json.1",
            "b.yaml.receipt.json.1.receipt.json",
        ]
    );
    let older = fs::read_to_string(world.path("accepted/a.yaml.1.receipt.json")).unwrap();
    assert_eq!(older, r#"{"sha256": "other"}"#);
}

#[test]
fn a_refused_file_with_the_name_of_a_reason_is_kept() {
    let mut world = World::new();
    world.drop_file("a.txt.error.txt", "mine");
    world.refusal();
    world.drop_file("a.txt", GOOD);
    world.refusal();

    assert_eq!(
        world.names("rejected"),
        ["a.txt", "a.txt.error.txt", "a.txt.error.txt.1", "a.txt.error.txt.1.error.txt"]
    );
    let kept = fs::read_to_string(world.path("rejected/a.txt.error.txt.1")).unwrap();
    assert_eq!(kept, "mine");
}

#[test]
fn accepted_files_tell_their_ids_without_receipt_account_or_list() {
    let mut world = World::new();
    world.drop_file(
        "accepted/old.yaml",
        "jobs:\n- {id: x, account: gone, broadcast: {touser_file: gone.txt, nonsense: 1}}\n- {id: y}\n",
    );

    let mut back = world.inbox.accepted_back().unwrap();
    let AcceptedPackage { package, taken_at, .. } = back.next().unwrap().unwrap();

    assert_eq!(taken_at, None);
    assert_eq!(package.ids(), [(JobId::parse("x").unwrap(), "gone".to_owned())]);
    assert!(back.next().is_none());
    assert!(world.ready().is_empty());
}

#[test]
fn what_cannot_be_read_back_is_an_error_and_never_forgotten() {
    let world = World::new();
    fs::create_dir(world.path("accepted/2026")).unwrap();
    symlink("/etc/passwd", world.path("accepted/b.yaml")).unwrap();

    let back: Vec<_> = world.inbox.accepted_back().unwrap().collect();

    let [Err(InboxError::Entry { name, source, .. })] = &back[..] else { panic!("{back:?}") };
    assert_eq!(name, "accepted/2026");
    assert_eq!(source.to_string(), "there is no .yaml file in the folder");
}

#[test]
fn a_rejected_file_moves_and_its_author_is_told_why() {
    let mut world = World::new();
    world.drop_file("a.yaml", "jobs:\n  - id: 春 1\n");
    let entry = world.ready().remove(0);
    let package = world.inbox.read(&entry).unwrap();
    let problems = package.parse(&[]).unwrap_err();

    world.inbox.reject(&entry, None, &problems).unwrap();

    assert_eq!(world.names("rejected"), ["a.yaml", "a.yaml.error.txt"]);
    let text = fs::read_to_string(world.path("rejected/a.yaml.error.txt")).unwrap();
    assert!(text.starts_with(
        "qunfa did not take a.yaml. None of its jobs was planned.\n\n\
         a.yaml:2:5: `account` is missing\n"
    ));
    assert!(text.contains("a.yaml:2:9: `春 1` cannot be an id\n    - id: 春 1\n          ^^^^\n"));
    assert!(text.ends_with("Mend it and put it into the inbox again, under any name.\n"));
}

#[test]
fn what_is_not_a_file_is_refused_without_being_opened() {
    let mut world = World::new();
    symlink("/etc/passwd", world.path("a.yaml")).unwrap();
    assert_eq!(
        world.refusal(),
        "a.yaml: this is a symbolic link, not a file\nhelp: put a copy of the file there"
    );

    mknodat(CWD, world.path("b.yaml"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    assert!(world.refusal().starts_with("b.yaml: this is a pipe, not a file"));

    let socket = UnixListener::bind(world.path("c.yaml")).unwrap();
    assert!(world.refusal().starts_with("c.yaml: this is a socket, not a file"));
    drop(socket);

    world.drop_file("d.tmp", GOOD);
    fs::hard_link(world.path("d.tmp"), world.path("d.yaml")).unwrap();
    assert!(world.refusal().starts_with("d.yaml: this is a hard link"));

    File::create(world.path("e.yaml")).unwrap().set_len(1 << 40).unwrap();
    assert!(world.refusal().starts_with("e.yaml: the file is larger than 16 MiB"));

    world.drop_file("f.txt", GOOD);
    assert!(world.refusal().starts_with("f.txt: only .yaml, .yml and .json files"));

    world.drop_file("g.receipt.json", GOOD);
    assert!(world.refusal().starts_with("g.receipt.json: names that end in .receipt.json"));

    let long = format!("{}.yaml", "a".repeat(200));
    world.drop_file(&long, GOOD);
    assert!(world.refusal().contains("the name is longer than 200 bytes"));

    assert_eq!(world.names(""), ["accepted", "d.tmp", "rejected"]);
    assert_eq!(world.names("rejected").len(), 16);
}

#[test]
fn what_is_swapped_for_a_link_or_a_pipe_before_the_read_is_not_followed() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let entry = world.ready().remove(0);
    fs::remove_file(world.path("a.yaml")).unwrap();
    symlink("/etc/passwd", world.path("a.yaml")).unwrap();
    assert!(matches!(world.inbox.read(&entry), Err(ReadError::Refused(_))));

    fs::remove_file(world.path("a.yaml")).unwrap();
    mknodat(CWD, world.path("a.yaml"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    assert!(matches!(world.inbox.read(&entry), Err(ReadError::Refused(_))));

    assert_eq!(world.inbox.reject(&entry, None, &[]).unwrap(), Away::Replaced);
    assert_eq!(world.names("rejected"), [""; 0]);
    assert!(world.path("a.yaml").symlink_metadata().is_ok());
}

#[test]
fn a_file_that_is_gone_says_nothing_about_itself() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let entry = world.ready().remove(0);
    fs::remove_file(world.path("a.yaml")).unwrap();

    let read = world.inbox.read(&entry);

    assert!(matches!(read, Err(ReadError::Failed(InboxError::Entry { .. }))));
}

#[test]
fn strange_names_are_escaped_when_shown_and_moved() {
    let mut world = World::new();
    let name = std::ffi::OsStr::from_bytes(b"a\n\x1b[31m\xff%.yaml");
    fs::write(world.inbox.path().join(name), GOOD).unwrap();

    let package = world.take();
    world.inbox.accept(&package, &receipt(0)).unwrap();

    assert_eq!(package.name(), "a%0a%1b[31m%ff%25.yaml");
    assert_eq!(
        world.names("accepted"),
        ["a%0a%1b[31m%ff%25.yaml", "a%0a%1b[31m%ff%25.yaml.receipt.json"]
    );
}

#[test]
fn an_inbox_that_was_removed_or_replaced_is_opened_again() {
    let mut world = World::new();
    fs::remove_dir_all(world.inbox.path()).unwrap();
    assert!(world.ready().is_empty());
    assert_eq!(world.names(""), ["accepted", "rejected"]);

    fs::rename(world.inbox.path(), world.folder.path().join("old")).unwrap();
    fs::create_dir(world.inbox.path()).unwrap();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    fs::remove_dir_all(world.path("accepted")).unwrap();
    world.inbox.scan(at(3)).unwrap();
    world.inbox.accept(&package, &receipt(0)).unwrap();

    assert_eq!(world.names("accepted"), ["a.yaml", "a.yaml.receipt.json"]);
}

#[test]
fn an_inbox_that_cannot_be_used_is_an_error_until_it_can() {
    let mut world = World::new();
    fs::remove_dir_all(world.inbox.path()).unwrap();
    fs::write(world.inbox.path(), "").unwrap();

    assert!(matches!(world.inbox.scan(at(0)), Err(InboxError::Unusable { .. })));
    fs::remove_file(world.inbox.path()).unwrap();
    assert!(world.inbox.scan(at(1)).is_ok());
}

#[test]
fn with_the_marker_required_a_file_without_it_is_refused() {
    let mut world = World::new();
    world.inbox = Inbox::open(world.inbox.path(), true).unwrap();
    world.drop_file("a.yaml", GOOD);
    assert!(world.refusal().starts_with("a.yaml: the file does not end with a line `...`"));

    world.drop_file("b.yaml", &format!("{GOOD}...\n"));
    world.drop_file("c.json", "{\"jobs\": []}");
    let entries = world.ready();
    assert!(entries.iter().all(|entry| world.inbox.read(entry).is_ok()));
}

#[test]
fn the_store_can_point_at_a_job() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    let job = package.parse(&[&accounts()[0]]).unwrap().jobs.remove(0);

    let found = package.diagnostic(&job, "a was already sent", Some("give it another id"));

    assert!(found.to_string().starts_with("a.yaml:2:4: a was already sent\n  - {id: a, account"));
}

#[test]
fn a_name_that_is_too_long_once_escaped_is_refused_and_never_hidden() {
    let mut world = World::new();
    let mut name = "%".repeat(66);
    name.push_str("~.yaml");
    world.drop_file(&name, GOOD);

    let found = world.refusal();

    assert!(found.contains("longer than 200 bytes when its special characters"), "{found}");
    let names = world.names("rejected");
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|name| !entry::is_ignored(name.as_ref())), "{names:?}");
    assert!(names[0].len() <= 200);
}

#[test]
fn whatever_its_name_nothing_in_accepted_is_forgotten() {
    let mut world = World::new();
    world.drop_file("accepted/a.yaml~", GOOD);
    world.drop_file("accepted/.b.yaml", &GOOD.replace("id: a", "id: b"));
    world.drop_file("accepted/.answer.tmp", "{");
    world.drop_file("accepted/c.receipt.json", "{}");

    let mut ids: Vec<_> = world
        .inbox
        .accepted_back()
        .unwrap()
        .flat_map(|found| found.unwrap().package.ids())
        .map(|(id, _)| id.to_string())
        .collect();
    ids.sort();

    assert_eq!(ids, ["a", "b"]);
    assert!(world.ready().is_empty());
}

#[test]
fn folders_with_the_names_of_answers_stand_in_nobodys_way() {
    let mut world = World::new();
    for name in ["accepted/.answer.tmp", "accepted/.answer.2.tmp", "rejected/.answer.tmp"] {
        fs::create_dir(world.path(name)).unwrap();
    }
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    world.inbox.accept(&package, &receipt(0)).unwrap();
    world.drop_file("b.bin", "");
    world.refusal();

    assert!(world.names("accepted").contains(&"a.yaml.receipt.json".to_owned()));
    assert!(world.names("rejected").contains(&"b.bin.error.txt".to_owned()));
    let ids: Vec<_> = world
        .inbox
        .accepted_back()
        .unwrap()
        .flat_map(|found| found.unwrap().package.ids())
        .collect();
    assert_eq!(ids.len(), 1);
}
