//! Who owns a window's slot.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind, OnQuota};
use qunfa::sandbox::{Fault, FaultKind};

use crate::world::{World, time};
use crate::writer::spec;

#[test]
fn a_higher_priority_takes_the_slot_and_the_loser_defers_and_is_told() {
    let mut world = World::with(Kind::Subscription);
    world.job("low").at("2027-03-20 20:00").submit();
    world.job("high").at("2027-03-20 21:00").with(|spec| spec.priority = 5).submit();
    assert_eq!(world.due("low"), "2027-03-21 20:00");
    let why = world.reason("low");
    assert!(why.contains("daily_send of 2027-03-20 belongs to"), "{why}");
    assert!(why.contains("(high)"), "{why}");

    world.run_until("2027-03-22 00:00");

    assert_eq!(world.accepted(), ["2027-03-20 21:00:00", "2027-03-21 20:00:00"]);
}

#[test]
fn the_loser_comes_back_when_the_winner_fails() {
    let mut world = World::with(Kind::Subscription);
    world.job("low").at("2027-03-20 20:00").submit();
    world.job("high").at("2027-03-20 19:00").with(|spec| spec.priority = 5).submit();
    assert_eq!(world.due("low"), "2027-03-21 20:00");
    let code = Fault::new(FaultKind::Errcode(40_007)).on_path("sendall");
    world.platform.inject(code);

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.state("high"), JobState::Failed);
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}

#[test]
fn the_loser_comes_back_when_the_winner_is_missed() {
    let mut world = World::with(Kind::Subscription);
    world.job("low").at("2027-03-20 20:00").submit();
    let high = world.job("high").at("2027-03-20 19:00");
    high.with(|spec| {
        spec.priority = 5;
        spec.grace = TimeDelta::minutes(5);
    })
    .submit();
    world.run_until("2027-03-20 18:50");
    world.crash(TimeDelta::minutes(30));

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.state("high"), JobState::Missed);
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}

#[test]
fn a_job_that_was_asked_for_keeps_its_slot_against_any_priority() {
    let mut world = World::with(Kind::Subscription);
    world.job("low").at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::RequestLost).on_path("sendall"));
    world.run_until("2027-03-20 20:00:30");

    world.job("high").at("2027-03-20 20:01").with(|spec| spec.priority = 100).submit();
    world.run_until("2027-03-22 00:00");

    assert_eq!(world.state("low"), JobState::Sent);
    assert_eq!(world.accepted()[1], "2027-03-21 20:01:00");
}

#[test]
fn a_job_without_a_time_claims_the_first_slot_nobody_owns() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-21 20:00").submit();

    world.job("soon").submit();

    assert_eq!(world.due("soon"), "2027-03-22 12:00");
}

#[test]
fn the_jobs_of_one_file_rank_by_their_times() {
    let mut world = World::with(Kind::Subscription);
    let at = |id: &str, text: &str| {
        let mut job = spec(id, "brand");
        job.at = Some(time(text));
        job
    };

    world.drop_file(&[at("later", "2027-03-20 21:00"), at("first", "2027-03-20 20:00")]).unwrap();

    assert_eq!(world.due("first"), "2027-03-20 20:00");
    assert_eq!(world.due("later"), "2027-03-21 21:00");
}

#[test]
fn a_higher_priority_takes_the_slot_of_a_job_that_may_not_defer() {
    let mut world = World::with(Kind::Subscription);
    world.job("fixed").at("2027-03-20 21:00").with(|spec| spec.on_quota = OnQuota::Fail).submit();

    world.job("high").at("2027-03-20 20:00").with(|spec| spec.priority = 5).submit();
    world.run_until("2027-03-20 22:00");

    assert_eq!(world.state("high"), JobState::Sent);
    assert_eq!(world.state("fixed"), JobState::Failed);
}

#[test]
fn a_pushed_job_never_goes_back_to_a_time_that_is_past() {
    let mut world = World::with(Kind::Subscription);
    world.website_send(0).unwrap();
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-21 10:00");
    assert_eq!(world.due("a"), "2027-03-21 20:00");

    world.job("high").at("2027-03-21 20:00").with(|spec| spec.priority = 9).submit();
    world.run_until("2027-03-25 00:00");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.state("b"), JobState::Sent);
    assert_eq!(world.accepted().len(), 3);
}

#[test]
fn a_job_that_may_not_be_deferred_tells_when_it_loses_its_day_and_when_it_has_it_again() {
    let mut world = World::with(Kind::Subscription);
    world.job("low").at("2027-03-20 20:00").with(|spec| spec.on_quota = OnQuota::Fail).submit();
    world.job("high").at("2027-03-20 21:00").with(|spec| spec.priority = 5).submit();
    assert!(
        world.reason("low").contains("(high), and on_quota is fail"),
        "{}",
        world.reason("low")
    );

    world.call_off_job("high");

    assert_eq!((world.state("low"), world.reason("low")), (JobState::Planned, String::new()));
    world.run_until("2027-03-21 00:00");
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}
