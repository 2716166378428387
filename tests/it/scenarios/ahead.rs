//! A release that is decided a second before its time, as the daemon does.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};

use crate::views::{advised, written};
use crate::world::World;

/// A world whose daemon decides a second ahead, with one job due at 20:00.
fn ahead(kind: Kind) -> World {
    let mut world = World::new();
    world.ahead = TimeDelta::seconds(1);
    world.add_account("brand", kind, |_, _| {});
    world.job("a").at("2027-03-20 20:00").submit();
    world
}

#[test]
fn the_intent_is_on_disk_before_the_time_and_the_request_leaves_at_the_time() {
    let mut world = ahead(Kind::Subscription);
    world.run_until("2027-03-20 19:59:58");
    assert_eq!(world.state("a"), JobState::Planned);

    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));
    assert_eq!((world.state("a"), world.sends().len()), (JobState::Releasing, 0));
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_hold_in_the_last_second_keeps_the_request_back_until_it_is_lifted() {
    let mut world = ahead(Kind::Subscription);
    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));

    let now = world.now();
    world.engine().change(|tx| tx.hold(Some("brand"), &written("alice said hold"), now)).unwrap();
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.sends().len(), 0);
    world.resume();
    world.run_until("2027-03-20 20:15");

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn a_pause_in_the_last_second_keeps_the_request_back_until_it_is_lifted() {
    let mut world = ahead(Kind::Subscription);
    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));

    let now = world.now();
    world
        .engine()
        .change(|tx| tx.pause("brand", &written("it is blocked"), &advised("ask"), now))
        .unwrap();
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.sends().len(), 0);
    world.resume();
    world.run_until("2027-03-20 20:15");

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn a_crash_in_the_last_second_sends_once() {
    let mut world = ahead(Kind::Service);
    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));

    world.crash(TimeDelta::seconds(2));
    world.run_until("2027-03-20 20:15");

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn a_clock_stepped_in_the_last_second_keeps_the_request_back_until_it_agrees() {
    for hours in [-1, 1] {
        let mut world = ahead(Kind::Subscription);
        world.run_until("2027-03-20 19:59:59");
        world.run_for(TimeDelta::milliseconds(500));

        world.step_clock(TimeDelta::hours(hours));
        world.run_until("2027-03-20 20:10");
        assert_eq!(world.sends().len(), 0, "{hours}");
        world.step_clock(TimeDelta::hours(-hours));
        world.run_until("2027-03-20 20:20");

        assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1), "{hours}");
    }
}

#[test]
fn what_is_kept_back_at_the_end_of_the_daemon_is_as_if_never_decided() {
    let mut world = ahead(Kind::Subscription);
    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));

    let now = world.now();
    world.engine().disarm(now).unwrap();

    assert!(!world.engine().is_busy());
    assert!(world.engine().store().read().attempts("a").unwrap().is_empty());
    assert_eq!((world.state("a"), world.sends().len()), (JobState::Planned, 0));
    world.crash(TimeDelta::seconds(2));
    world.run_until("2027-03-20 20:00:03");
    assert_eq!(world.accepted().len(), 1, "nothing waits for a minute");
}

#[test]
fn what_is_kept_back_longer_than_its_grace_is_missed() {
    let mut world = ahead(Kind::Subscription);
    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));

    let now = world.now();
    world.engine().change(|tx| tx.hold(Some("brand"), &written("alice said hold"), now)).unwrap();
    world.run_until("2027-03-20 20:35");
    world.resume();
    world.run_until("2027-03-20 22:30");

    assert_eq!((world.state("a"), world.sends().len()), (JobState::Missed, 0));
}

#[test]
fn a_place_that_is_kept_back_is_the_jobs_own_still() {
    let mut world = ahead(Kind::Subscription);
    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));

    let now = world.now();
    world.engine().disarm(now).unwrap();
    world.job("b").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-21 20:05");

    assert_eq!((world.state("a"), world.state("b")), (JobState::Sent, JobState::Sent));
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00", "2027-03-21 20:00:00"]);
}

#[test]
fn a_job_due_while_the_day_begins_leaves_right_after_the_guard() {
    let mut world = World::new();
    world.ahead = TimeDelta::seconds(1);
    world.add_account("brand", Kind::Service, |_, _| {});
    world.job("a").tag().at("2027-03-21 00:01").submit();

    world.run_until("2027-03-21 00:05");

    assert_eq!(world.accepted(), ["2027-03-21 00:02:00"]);
}
