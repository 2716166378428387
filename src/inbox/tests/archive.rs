//! What is archived is what was read, whatever is put under its name meanwhile.

use std::fs::{self, FileTimes};
use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use super::directory::{GOOD, World, receipt};
use super::*;

const OTHER: &str = "jobs:\n- {id: b, account: club, broadcast: {filter: {tag_id: 2}, text: y}}\n";
const THIRD: &str = "jobs:\n- {id: c, account: club, broadcast: {filter: {tag_id: 2}, text: z}}\n";

impl World {
    /// Renames another version to a name, as programs should.
    fn replace(&self, name: &str, text: &str) {
        self.drop_file(".new.yaml", text);
        fs::rename(self.path(".new.yaml"), self.path(name)).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// What the next looks find, read.
    fn next(&mut self, seconds: i64) -> Vec<String> {
        self.inbox.scan(at(seconds)).unwrap();
        let entries = self.inbox.scan(at(seconds + 2)).unwrap();
        let text = |entry| {
            let package = self.inbox.read(entry).unwrap();
            String::from_utf8(package.bytes().to_vec()).unwrap()
        };
        entries.iter().map(text).collect()
    }
}

#[test]
fn a_version_that_came_after_the_read_is_read_next_and_the_first_is_archived() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();

    world.replace("a.yaml", OTHER);
    let away = world.inbox.accept(&package, &receipt(0)).unwrap();

    assert_eq!(away, Away::Replaced);
    assert_eq!(world.names("accepted"), ["a.yaml", "a.yaml.receipt.json"]);
    assert_eq!(world.text("accepted/a.yaml"), GOOD);
    assert_eq!(world.next(4), [OTHER]);
}

#[test]
fn a_file_that_was_written_to_in_place_after_the_read_is_read_again() {
    for text in ["more\n", ""] {
        let mut world = World::new();
        world.drop_file("a.yaml", GOOD);
        let times = fs::metadata(world.path("a.yaml")).unwrap().modified().unwrap();
        let package = world.take();

        // Also where neither the size nor the time tell of it.
        let changed = format!("{}{text}", GOOD.replace("text: x", "text: y"));
        fs::write(world.path("a.yaml"), &changed).unwrap();
        let file = fs::File::options().append(true).open(world.path("a.yaml")).unwrap();
        file.set_times(FileTimes::new().set_modified(times)).unwrap();
        world.inbox.accept(&package, &receipt(0)).unwrap();

        assert_eq!(world.text("accepted/a.yaml"), GOOD);
        assert_eq!(world.next(4), [changed]);
    }
}

#[test]
fn a_file_that_was_taken_away_after_the_read_is_archived_all_the_same() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();

    fs::remove_file(world.path("a.yaml")).unwrap();
    world.inbox.accept(&package, &receipt(0)).unwrap();

    assert_eq!(world.text("accepted/a.yaml"), GOOD);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_not_taken_half() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let entries = world.ready();

    let mut file = fs::File::options().append(true).open(world.path("a.yaml")).unwrap();
    file.write_all(b"# more\n").unwrap();
    let read = world.inbox.read(&entries[0]);

    assert!(matches!(read, Err(ReadError::Failed(InboxError::Changed { .. }))), "{read:?}");
}

#[test]
fn a_third_version_is_never_overwritten_and_the_second_is_kept_unread() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    world.replace("a.yaml", OTHER);
    // The second is moved aside; then the third comes.
    fs::rename(world.path("a.yaml"), world.path(".moving/a.yaml")).unwrap();
    world.replace("a.yaml", THIRD);

    assert_eq!(world.next(4), [THIRD]);
    world.inbox.accept(&package, &receipt(0)).unwrap();

    assert_eq!(world.text("accepted/a.yaml"), GOOD);
    assert_eq!(world.text("rejected/a.yaml"), OTHER);
    let reason = world.text("rejected/a.yaml.error.txt");
    assert!(reason.contains("a later file of this name came before this one was read"), "{reason}");
    assert_eq!(world.next(8), [THIRD]);
}

#[test]
fn a_crash_on_the_way_to_the_archive_leaves_a_file_that_is_taken_again() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    // A crash between the two renames, and one while a copy was made.
    fs::rename(world.path("a.yaml"), world.path(".moving/a.yaml")).unwrap();
    world.drop_folder(".moving/.copy", &[("jobs.yaml", "half")]);

    world.inbox = Inbox::open(world.inbox.path(), false).unwrap();
    assert_eq!(world.next(4), [GOOD]);
    world.inbox.accept(&package, &receipt(0)).unwrap();

    assert_eq!(world.names("accepted"), ["a.yaml", "a.yaml.receipt.json"]);
    assert!(!world.path(".moving/.copy").exists());
}

#[test]
fn a_taken_file_that_a_crash_left_aside_is_archived_where_a_later_one_has_its_name() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    let json =
        format!(r#"{{"sha256": "{}", "taken_at": "2027-01-15T08:00:01Z"}}"#, package.sha256());
    world.drop_file("accepted/a.yaml.receipt.json", &json);
    fs::rename(world.path("a.yaml"), world.path(".moving/a.yaml")).unwrap();
    world.drop_file("a.yaml", OTHER);

    assert_eq!(world.next(4), [OTHER]);

    assert_eq!(world.text("accepted/a.yaml"), GOOD);
    assert_eq!(world.names("rejected"), [""; 0]);
}

#[test]
fn a_refused_file_that_was_replaced_is_kept_and_the_later_one_is_read() {
    let mut world = World::new();
    world.drop_file("a.yaml", "jobs: [\n");
    let entries = world.ready();
    let package = world.inbox.read(&entries[0]).unwrap();
    let problems = package.parse(&[&accounts()[0]]).unwrap_err();

    world.replace("a.yaml", GOOD);
    let away = world.inbox.reject(&entries[0], Some(&package), &problems).unwrap();

    assert_eq!(away, Away::Replaced);
    assert_eq!(world.text("rejected/a.yaml"), "jobs: [\n");
    assert_eq!(world.names("rejected"), ["a.yaml", "a.yaml.error.txt"]);
    assert_eq!(world.next(4), [GOOD]);
}

#[test]
fn what_was_refused_unread_leaves_no_reason_where_another_took_its_place() {
    let mut world = World::new();
    world.drop_file("a.txt", "not a job");
    let entries = world.ready();

    world.replace("a.txt", "another");
    world.inbox.reject(&entries[0], None, &[]).unwrap();

    assert_eq!(world.names("rejected"), [""; 0]);
    assert_eq!(world.text("a.txt"), "another");
}

#[test]
fn a_folder_of_which_a_file_changed_after_the_read_is_read_again() {
    let list =
        "jobs:\n- {id: a, account: club, broadcast: {touser_file: lists/vip.txt, text: x}}\n";
    let mut world = World::new();
    world.drop_folder("spring", &[("jobs.yaml", list), ("lists/vip.txt", "o1\no2\n")]);
    let package = world.take();

    world.drop_folder("spring", &[("lists/vip.txt", "o1\no3\n")]);
    world.inbox.accept(&package, &receipt(0)).unwrap();

    assert_eq!(world.text("accepted/spring/lists/vip.txt"), "o1\no2\n");
    assert_eq!(world.text("accepted/spring/jobs.yaml"), list);
    let back = world.inbox.accepted_back().unwrap().next().unwrap().unwrap().package;
    assert_eq!(back.sha256(), package.sha256());
    assert_eq!(world.next(4), [list]);
    assert_eq!(world.text("spring/lists/vip.txt"), "o1\no3\n");
}

#[test]
fn a_refused_folder_goes_to_rejected_in_one_piece() {
    let mut world = World::new();
    world.drop_folder("spring", &[("a.txt", "x"), ("b/c.txt", "y")]);

    let refusal = world.refusal();

    assert!(refusal.contains("there is no .yaml file in the folder"), "{refusal}");
    assert_eq!(world.names("rejected"), ["spring", "spring.error.txt"]);
    assert_eq!(world.text("rejected/spring/b/c.txt"), "y");
    assert_eq!(world.next(4), [""; 0]);
}

#[test]
fn receipts_are_found_by_the_clock_of_their_file_system_whatever_ours_says() {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    world.inbox.accept(&package, &receipt(0)).unwrap();
    let written = fs::metadata(world.path("accepted/a.yaml.receipt.json")).unwrap();
    let written: DateTime<Utc> = written.modified().unwrap().into();

    for days in [-4_000, -120, 0, 120, 4_000] {
        let now = written + TimeDelta::days(days);
        let since = |ago| {
            let seen = world.inbox.accepted_since(now - TimeDelta::hours(ago), now).unwrap();
            seen.into_iter().map(|(sha256, _)| sha256).collect::<Vec<_>>()
        };
        assert_eq!(since(2), [package.sha256()], "{days}");
        assert!(since(-2).is_empty(), "{days}");
    }
    assert_eq!(world.names("accepted"), ["a.yaml", "a.yaml.receipt.json"]);
}
