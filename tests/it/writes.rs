//! What the daemon is told of each command's writes: the account, whichever command it was, and no
//! other account.

use chrono::TimeDelta;
use qunfa::config::{self, Secrets};
use qunfa::engine::Engine;
use qunfa::store::{Seen, Store, Writes};
use rusqlite::Connection;

use crate::cli::{JOBS, World, evening};
use crate::views::written;

const SERIES: &str = "jobs:
  - {id: weekly, account: brand-club, cron: 0 20 * * FRI, broadcast: {filter: {is_to_all: true}, text: 周五见}}
";

/// The daemon's view of the database.
struct Daemon {
    store: Store,
    seen: Seen,
}

impl Daemon {
    fn of(world: &World) -> Self {
        let mut store = world.store();
        let seen = store.seen().unwrap();
        Self { store, seen }
    }

    fn told(&mut self) -> Writes {
        self.store.writes_since(&mut self.seen).unwrap()
    }
}

fn only(account: &str) -> Writes {
    Writes::Accounts(vec![account.to_owned()])
}

#[test]
fn each_command_that_writes_names_the_account_that_it_wrote_about() {
    let world = World::new();
    world.take(SERIES);
    world.evening();
    let mut daemon = Daemon::of(&world);
    for command in [
        &["hold", "brand-club"][..],
        &["resume", "brand-club"],
        &["approve", "club-approval"],
        &["cancel", "club-approval"],
        &["retry", "club-evening"],
        &["quota", "record", "brand-club", "--at", "2027-03-18 10:00"],
        &["quota", "return", "s1"],
        &["quota", "record", "brand-club", "--none"],
        &["preview", "club-late", "--to", "anne", "--no-wait"],
        &["delete", "club-news", "--force", "--no-wait"],
        &["speed", "brand-club", "4", "--no-wait"],
        &["speed", "brand-club", "--no-wait"],
        &["cancel", "weekly@2027-03-26"],
        &["cancel", "weekly"],
    ] {
        let (answer, text) = world.run(command);
        assert!(answer.is_ok(), "{command:?}: {:?} {text}", answer.err());

        assert_eq!(daemon.told(), only("brand-club"), "{command:?}");
        assert_eq!(daemon.told(), Writes::None, "{command:?}");
    }
    // It answers that the daemon does not run, and leaves the request.
    world.problem(&["followers", "brand-club", "--refresh"]);
    assert_eq!(daemon.told(), only("brand-club"));
    world.text(&["hold", "brand-daily"]);
    assert_eq!(daemon.told(), only("brand-daily"));
}

#[test]
fn resolve_names_the_account() {
    let world = World::new();
    world.uncertain();
    let mut daemon = Daemon::of(&world);

    world.text(&["resolve", "club-news", "--not-sent", "--why", "looked it up"]);

    assert_eq!(daemon.told(), only("brand-club"));
}

#[test]
fn what_is_about_all_accounts_is_told_as_that() {
    let world = World::new();
    world.take(JOBS);
    let mut daemon = Daemon::of(&world);

    for command in [["hold", "--all"], ["resume", "--all"]] {
        world.text(&command);

        assert_eq!(daemon.told(), Writes::Any, "{command:?}");
    }
}

#[test]
fn commands_that_only_read_tell_nothing() {
    let world = World::new();
    world.evening();
    let mut daemon = Daemon::of(&world);
    let jobs = world.file("again.yaml", JOBS);

    for command in [&["status"][..], &["plan"], &["jobs"], &["show", "club-news"], &["quota"]] {
        world.text(command);
    }
    world.run(&["check", &jobs]).0.unwrap();

    assert_eq!(daemon.told(), Writes::None);
}

#[test]
fn a_write_that_is_none_of_a_command_is_about_every_account() {
    let world = World::new();
    world.take(JOBS);
    let mut daemon = Daemon::of(&world);

    let mut other = world.store();
    other
        .transaction(|tx| {
            tx.hold(Some("brand-club"), &written("x"), evening() + TimeDelta::hours(1))
        })
        .unwrap();

    assert_eq!(daemon.told(), Writes::Any);
}

#[test]
fn a_raw_write_beside_that_of_a_command_is_looked_at_soon() {
    let world = World::new();
    let config = config::load(&world.path("config.yaml"), &|_| None, Secrets::Read).unwrap();
    let now = evening();
    let mut engine = Engine::open(world.store(), config.accounts, (None, false), now).unwrap();
    let settled = now + TimeDelta::seconds(2);
    for _ in 0..3 {
        engine.pass(settled).unwrap();
    }
    let soon = settled + TimeDelta::seconds(30);
    assert!(engine.next_wake().is_none_or(|wake| wake > soon), "{:?}", engine.next_wake());

    let other = Connection::open(world.path("state/qunfa.db")).unwrap();
    other.execute("UPDATE account SET paused_do = NULL WHERE name = 'brand-club'", []).unwrap();
    world.text(&["hold", "brand-daily"]);
    engine.notice_writes(settled).unwrap();
    for _ in 0..3 {
        engine.pass(settled).unwrap();
    }

    assert!(engine.next_wake().is_some_and(|wake| wake <= soon), "{:?}", engine.next_wake());
}
