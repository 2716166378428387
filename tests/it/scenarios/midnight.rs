//! Around Beijing midnight, where nobody knows which day counts.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};

use crate::world::World;

#[test]
fn a_job_due_just_after_midnight_waits_two_minutes() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-21 00:00:30").submit();

    world.run_until("2027-03-21 00:10");

    assert_eq!(world.accepted(), ["2027-03-21 00:02:00"]);
    assert_eq!(world.due("a"), "2027-03-21 00:00");
}

#[test]
fn the_date_on_the_answer_settles_which_day_is_charged() {
    for (latency, days) in
        [(100, ["2027-03-20", "2027-03-21"]), (9_000, ["2027-03-21", "2027-03-22"])]
    {
        let mut world = World::with(Kind::Subscription);
        world.job("a").at("2027-03-20 23:59:55").submit();
        world.run_until("2027-03-20 23:59:50");
        world.way.latency_min = latency;
        world.way.latency_max = latency;
        world.run_until("2027-03-21 00:01");
        world.way.latency_min = 50;
        world.way.latency_max = 50;
        world.job("b").tag().at("2027-03-21 12:00").submit();

        world.run_until("2027-03-23 00:00");

        let taken: Vec<_> = world.accepted().iter().map(|at| at[..10].to_owned()).collect();
        assert_eq!(taken, days, "{latency}");
        assert!(world.codes().iter().all(|code| *code == Some(0)), "{:?}", world.codes());
    }
}

#[test]
fn an_answer_dated_within_five_seconds_of_midnight_charges_both_days() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 23:59:58").submit();
    world.run_until("2027-03-20 23:59:50");
    world.way.latency_min = 3_000;
    world.way.latency_max = 3_000;
    world.run_until("2027-03-21 00:01");
    world.job("b").tag().at("2027-03-21 12:00").submit();

    assert_eq!(world.due("b"), "2027-03-22 12:00");
}

#[test]
fn a_charge_of_the_new_day_moves_the_job_that_was_planned_there() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 23:59:58").submit();
    world.job("b").tag().at("2027-03-21 12:00").submit();
    world.run_until("2027-03-20 23:59:50");
    world.way.latency_min = 3_000;
    world.way.latency_max = 3_000;

    world.run_until("2027-03-21 00:01");

    assert_eq!(world.due("b"), "2027-03-22 12:00");
}

#[test]
fn a_doubt_that_ended_in_the_last_minute_may_belong_to_the_next_day() {
    let mut world = World::with(Kind::Subscription);
    world.step_clock(TimeDelta::seconds(-40));
    world.job("a").at("2027-03-20 23:59:40").submit();
    world.run_until("2027-03-21 00:00:15");
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    world.run_until("2027-03-21 00:01");
    assert_eq!(world.accepted().len(), 1, "at 00:00:20 by the platform's clock");
    world.job("b").tag().at("2027-03-21 12:00").submit();

    world.run_until("2027-03-22 13:00");

    assert!(!world.codes().contains(&Some(45_028)), "{:?}", world.codes());
    assert_eq!(world.state("b"), JobState::Sent);
}

#[test]
fn the_provisional_charge_defers_nobody_before_midnight() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 23:59:00").submit();
    world.run_until("2027-03-20 23:58:50");
    world.platform.inject(Fault::new(FaultKind::Hang { processed: false }).on_path("sendall"));
    world.run_until("2027-03-20 23:59:10");
    world.job("b").tag().at("2027-03-21 12:00").submit();

    assert_eq!(world.due("b"), "2027-03-21 12:00");
}

#[test]
fn doubt_across_midnight_yields_to_the_claims_of_the_new_day() {
    let mut world = World::with(Kind::Subscription);
    world.job("b").at("2027-03-21 00:30").submit();
    world.job("a").at("2027-03-20 23:50").submit();
    world.run_until("2027-03-20 23:49:30");
    let lost = Fault::new(FaultKind::RequestLost).on_path("sendall").times(4);
    world.platform.inject(lost);

    world.run_until("2027-03-21 01:30");

    assert_eq!(world.accepted(), ["2027-03-21 00:30:00"]);
    assert_eq!(world.state("b"), JobState::Sent);
    assert_eq!(world.state("a"), JobState::Releasing);
    world.run_until("2027-03-21 12:00");
    assert_eq!(world.state("a"), JobState::Uncertain);
}

#[test]
fn doubt_across_midnight_is_asked_again_where_the_new_day_has_room() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 23:50").submit();
    world.run_until("2027-03-20 23:49:30");
    let lost = Fault::new(FaultKind::RequestLost).on_path("sendall").times(4);
    world.platform.inject(lost);
    world.run_until("2027-03-21 01:00");
    world.job("b").at("2027-03-21 20:00").submit();

    world.run_until("2027-03-23 00:00");

    assert_eq!(world.state("a"), JobState::Sent);
    assert!(world.codes().iter().all(|code| *code == Some(0)), "{:?}", world.codes());
    assert_eq!(world.accepted().len(), 2);
}

#[test]
fn doubt_that_ended_before_midnight_leaves_the_new_day_free() {
    let mut world = World::with(Kind::Subscription);
    world
        .job("a")
        .at("2027-03-20 23:58:30")
        .with(|spec| {
            spec.grace = TimeDelta::seconds(30);
            spec.retry_for = TimeDelta::seconds(60);
        })
        .submit();
    world.run_until("2027-03-20 23:58");
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    world.job("b").at("2027-03-21 20:00").submit();

    world.run_until("2027-03-22 00:00");

    assert_eq!(world.state("a"), JobState::Uncertain);
    assert_eq!(world.accepted(), ["2027-03-20 23:58:30", "2027-03-21 20:00:00"]);
}

#[test]
fn a_45028_around_midnight_books_nothing_and_is_asked_again_after_it() {
    let mut world = World::with(Kind::Subscription);
    world.website_send(0).unwrap();
    world.job("a").at("2027-03-20 23:58:30").submit();

    world.run_until("2027-03-21 00:30");

    assert_eq!(world.codes(), [Some(45_028), Some(0)]);
    assert_eq!(world.external(), (0, 0));
    assert!(world.accepted()[0].as_str() >= "2027-03-21 00:02:00");
}
