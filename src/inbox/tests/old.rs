//! What is removed from the archives, and what stays of it.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use super::directory::{GOOD, World, receipt};
use super::*;
use crate::inbox::OldReceipt;
use crate::model::JobId;

/// A world in which `a.yaml` and the folder `b` were taken.
fn taken() -> World {
    let mut world = World::new();
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    world.inbox.accept(&package, &receipt(0)).unwrap();
    fs::create_dir(world.path("b")).unwrap();
    fs::write(world.path("b/job.yaml"), GOOD.replace("id: a", "id: b")).unwrap();
    fs::write(world.path("b/picture.png"), "x").unwrap();
    let package = world.take();
    world.inbox.accept(&package, &receipt(100)).unwrap();
    world
}

fn names(receipts: &[OldReceipt]) -> Vec<&str> {
    receipts.iter().map(|receipt| receipt.name.as_str()).collect()
}

#[test]
fn a_file_whose_jobs_are_over_goes_and_its_receipt_stays() {
    let world = taken();
    let mut asked = Vec::new();

    // Only what was last taken before the time is asked about.
    let removed = world.inbox.remove_accepted(at(100), |ids| {
        asked.push(ids.to_vec());
        true
    });

    assert_eq!(removed.unwrap(), 1);
    assert_eq!(asked, [[JobId::parse("a").unwrap()]]);
    assert_eq!(world.names("accepted"), ["a.yaml.receipt.json", "b", "b.receipt.json"]);
    assert_eq!(world.inbox.remove_accepted(at(101), |_| false).unwrap(), 0);
    assert_eq!(world.inbox.remove_accepted(at(101), |_| true).unwrap(), 1);
    assert_eq!(world.names("accepted"), ["a.yaml.receipt.json", "b.receipt.json"]);
    assert_eq!(world.names(""), ["accepted", "rejected"], "nothing of the folder is left");
    // Nothing is removed twice.
    assert_eq!(world.inbox.remove_accepted(at(101), |_| true).unwrap(), 0);
}

#[test]
fn the_ids_of_a_removed_file_are_read_back_from_its_receipt() {
    let mut world = taken();
    assert!(world.inbox.lone_receipts().unwrap().is_empty());
    let seen = world.inbox.accepted_since(at(0), at(0)).unwrap();

    world.inbox.remove_accepted(at(50), |_| true).unwrap();

    let lone = world.inbox.lone_receipts().unwrap();
    assert_eq!(names(&lone), ["a.yaml"]);
    let [OldReceipt { taken_at, jobs, sha256, .. }] = &lone[..] else { panic!("{lone:?}") };
    assert_eq!((*taken_at, jobs[0].account.as_str()), (at(0), "club"));
    assert_eq!((jobs[0].id.as_str(), jobs[0].appid.as_deref()), ("a", Some("wx2")));
    assert!(seen.iter().any(|(seen, _)| seen == sha256));
    assert_eq!(world.inbox.accepted_since(at(0), at(0)).unwrap(), seen);
    assert_eq!(world.inbox.accepted_back().unwrap().count(), 1);
    // The same file is archived once more, and another one takes its name.
    world.drop_file("a.yaml", GOOD);
    let package = world.take();
    world.inbox.accept(&package, &receipt(200)).unwrap();
    assert!(world.inbox.lone_receipts().unwrap().is_empty());
    world.inbox.remove_accepted(at(300), |ids| ids[0].as_str() == "a").unwrap();
    world.drop_file("a.yaml", &GOOD.replace("text: x", "text: y"));
    let package = world.take();
    world.inbox.accept(&package, &receipt(400)).unwrap();
    // Its receipt names the same id, so the folder went with it.
    assert_eq!(names(&world.inbox.lone_receipts().unwrap()), ["a.yaml.1", "b"]);
}

#[test]
fn what_was_refused_long_ago_goes_with_its_reasons() {
    let mut world = World::new();
    for name in ["old.yaml", "new.yaml"] {
        world.drop_file(name, "jobs: 7\n");
        let entries = world.ready();
        world.inbox.reject(&entries[0], None, &[]).unwrap();
    }
    fs::write(world.path("rejected/notes.txt"), "of an operator").unwrap();
    let [old, new] =
        [1_000, 2_000].map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    for (name, time) in [("old.yaml", old), ("new.yaml", new)] {
        let answer =
            File::options().write(true).open(world.path(&format!("rejected/{name}.error.txt")));
        answer.unwrap().set_modified(time).unwrap();
    }

    let removed = world.inbox.remove_rejected(DateTime::from_timestamp(1_500, 0).unwrap());

    assert_eq!(removed.unwrap(), 1);
    assert_eq!(world.names("rejected"), ["new.yaml", "new.yaml.error.txt", "notes.txt"]);
}
