//! Nothing that is new waits until all that lies there is worked off.

use super::directory::{GOOD, World};
use super::*;

fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(Entry::name).collect()
}

fn marked() -> String {
    format!("{GOOD}...\n")
}

#[test]
fn what_came_first_is_taken_first_and_by_name_where_it_came_together() {
    let mut world = World::new();
    world.drop_file("b.yaml", GOOD);
    world.drop_file("z.yaml", GOOD);
    world.inbox.scan(at(0)).unwrap();
    world.drop_file("a.yaml", &marked());

    let ready = world.inbox.scan(at(2)).unwrap();

    assert_eq!(names(&ready), ["b.yaml", "z.yaml", "a.yaml"]);
    assert!(!ready.iter().any(Entry::jumps));
}

#[test]
fn what_is_new_takes_turns_with_what_was_left_over() {
    let mut world = World::new();
    for n in 0..9 {
        world.drop_file(&format!("{n}.yaml"), &marked());
    }
    assert_eq!(world.inbox.scan(at(0)).unwrap().len(), 9);
    world.drop_file("y.yaml", &marked());
    world.drop_file("z.yaml", &marked());

    let ready = world.inbox.scan(at(1)).unwrap();

    assert_eq!(names(&ready)[..5], ["y.yaml", "0.yaml", "z.yaml", "1.yaml", "2.yaml"]);
    let jumps: Vec<_> = ready.iter().filter(|entry| entry.jumps()).map(Entry::name).collect();
    assert_eq!(jumps, ["y.yaml", "z.yaml"]);
    assert_eq!(ready.len(), 11);
}

#[test]
fn the_last_name_behind_more_than_a_sweep_is_handed_out_at_the_next_look() {
    let mut world = World::new();
    for n in 0..2_100 {
        world.drop_file(&format!("{n:05}.yaml"), &marked());
    }
    world.inbox.scan(at(0)).unwrap();
    world.drop_file("zzz.yaml", &marked());

    let ready = world.inbox.scan(at(1)).unwrap();

    assert_eq!(ready[0].name(), "zzz.yaml");
    assert_eq!(ready.len(), 2_000);
}

#[test]
fn what_cannot_be_taken_is_tried_again_more_and_more_rarely() {
    let mut world = World::new();
    world.drop_file("a.yaml", &marked());
    let entry = world.inbox.scan(at(0)).unwrap().remove(0);
    let mut tried = Vec::new();

    for second in 0..120 {
        if !world.inbox.scan(at(second)).unwrap().is_empty() {
            tried.push(second);
            world.inbox.put_off(&entry, at(second));
        }
    }

    assert_eq!(tried, [0, 1, 3, 7, 15, 31, 63, 95]);
    world.drop_file("a.yaml", &format!("{}\n", marked()));
    assert_eq!(world.inbox.scan(at(120)).unwrap().len(), 1, "another version is tried at once");
}

#[test]
fn a_clock_that_was_set_back_puts_nothing_off_for_ever() {
    let mut world = World::new();
    world.drop_file("a.yaml", &marked());
    let entry = world.inbox.scan(at(100_000)).unwrap().remove(0);
    world.inbox.put_off(&entry, at(100_000));

    assert_eq!(world.inbox.scan(at(0)).unwrap().len(), 1);
}

#[test]
fn a_new_folder_and_a_new_file_wait_for_no_thousand_folders() {
    let mut world = World::new();
    world.inbox.leaves = 40;
    for n in 0..60 {
        let name = format!("folder-{n:02}");
        world.drop_folder(&name, &[("a.txt", "x"), ("b.txt", "x"), ("c.txt", "x")]);
    }
    for second in 0..5 {
        world.inbox.scan(at(second)).unwrap();
    }
    world.drop_file("z.yaml", &marked());
    world.drop_folder("zz", &[("jobs.yaml", GOOD)]);

    let first = world.inbox.scan(at(5)).unwrap();
    let second = world.inbox.scan(at(7)).unwrap();

    assert!(names(&first).contains(&"z.yaml".to_owned()), "{:?}", names(&first));
    assert!(names(&second).contains(&"zz".to_owned()), "{:?}", names(&second));
    // The others are looked into in turn.
    let seen = (8..60).flat_map(|second| world.inbox.scan(at(second)).unwrap());
    let seen: HashSet<_> = seen.map(|entry| entry.name()).collect();
    assert_eq!(seen.len(), 62);
}
