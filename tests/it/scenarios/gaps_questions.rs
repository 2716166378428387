//! What a daemon must not take for an ordinary restart, and what it asks a person, and lets them do,
//! about jobs that may have been sent in a gap.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};

use crate::world::{Restore, World};

/// What is said about the gap.
fn gap(world: &World) -> String {
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    notes.into_iter().find(|note| note.kind == "gap").map(|note| note.what).unwrap_or_default()
}

/// Cuts the daemon off from the platform.
fn cut_off(world: &mut World) {
    world.platform.inject(Fault::new(FaultKind::Refused).times(1_000_000));
}

#[test]
fn an_orderly_stop_is_believed_no_longer_once_a_daemon_took_the_database_over() {
    let mut world = World::with(Kind::Service);
    world.run_until("2027-03-20 12:01");
    world.stop(TimeDelta::seconds(10));
    world.run_for(TimeDelta::seconds(20));
    world.job("a").tag().at("2027-03-22 20:00").submit();
    world.run_for(TimeDelta::seconds(5));
    world.copy_as_it_is();
    world.job("a").tag().at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 14:00");
    assert_eq!(world.accepted().len(), 1);

    world.put_back(0, Restore::Snapshot);
    world.run_for(TimeDelta::minutes(1));

    assert_eq!(world.in_question(), ["a"]);
}

#[test]
fn nor_while_the_platform_was_out_of_reach_since() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-22 20:00").submit();
    world.run_until("2027-03-20 12:01");
    world.stop(TimeDelta::seconds(10));
    cut_off(&mut world);
    world.run_for(TimeDelta::minutes(5));
    world.copy_as_it_is();
    world.platform.clear_faults();
    world.job("a").tag().at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 14:00");
    assert_eq!(world.accepted().len(), 1);

    world.put_back(0, Restore::Snapshot);
    world.run_for(TimeDelta::minutes(1));

    assert_eq!(world.in_question(), ["a"]);
}

#[test]
fn a_crash_soon_after_an_orderly_restart_asks_nothing() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-22 20:00").submit();
    world.run_until("2027-03-20 12:01");
    world.stop(TimeDelta::hours(5));
    cut_off(&mut world);
    world.run_for(TimeDelta::minutes(5 * 60 + 5));
    world.crash(TimeDelta::minutes(5));
    world.run_for(TimeDelta::minutes(10));
    world.platform.clear_faults();

    world.run_until("2027-03-22 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_step_of_the_running_daemons_clock_is_a_gap_also_after_an_orderly_restart() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-22 20:00").submit();
    world.run_until("2027-03-20 12:01");
    world.take_image();
    world.job("a").tag().at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 14:01");
    assert_eq!(world.accepted().len(), 1);
    // The whole machine is put back, clock and memory; NTP comes only after the restart.
    world.step_clock(-TimeDelta::hours(2));
    world.put_back(0, Restore::Image);
    world.run_for(TimeDelta::seconds(10));
    world.stop(TimeDelta::seconds(1));
    world.run_for(TimeDelta::seconds(10));

    world.step_clock(TimeDelta::hours(2));
    world.run_for(TimeDelta::minutes(2));

    assert_eq!(world.in_question(), ["a"]);
}

#[test]
fn where_another_copy_sent_a_batch_the_others_wait_for_a_person() {
    let mut world = World::with(Kind::Service);
    world.job("a").list(10_003).at("2027-03-20 15:00").submit();
    world.run_until("2027-03-20 12:01");
    world.copy();
    world.job("a").list(10_003).at("2027-03-20 12:10").submit();
    world.run_until("2027-03-20 12:20");
    let sent = world.accepted().len();
    world.put_back(0, Restore::Snapshot);

    world.run_until("2027-03-20 18:00");

    assert_eq!(world.state("a"), JobState::Partial);
    assert!(world.attention().contains(&"adopted".to_owned()), "{:?}", world.attention());
    let reason = world.reason("a");
    assert!(reason.contains("look in the account's history"), "{reason}");
    world.retry("a").unwrap();
    world.run_until("2027-03-20 20:00");
    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.accepted().len(), sent, "it keeps its ids, so the platform says what it has");
}

#[test]
fn the_question_about_a_gap_names_also_what_became_missed_through_it() {
    let mut world = World::with(Kind::Service);
    world.job("k").tag().at("2027-03-20 20:00").submit();
    world.job("p").tag().at("2027-03-23 20:00").submit();
    world.run_until("2027-03-20 12:01");
    world.take_image();
    world.run_until("2027-03-21 22:00");
    assert_eq!(world.accepted().len(), 1);
    world.put_back(0, Restore::Image);
    world.run_for(TimeDelta::minutes(15));
    assert_eq!(world.state("k"), JobState::Missed);

    let said = gap(&world);
    assert!(said.starts_with("p and k (missed) of brand"), "{said}");
    assert!(world.retry("k").unwrap_err().contains("qunfa resume brand"));

    world.resume();
    assert_eq!(gap(&world), "");
    world.retry("k").unwrap();
}

#[test]
fn resume_leaves_the_bound_of_what_the_question_did_not_name() {
    let mut world = World::with(Kind::Service);
    world.job("k").tag().at("2027-03-20 12:10").submit();
    world.job("p").tag().at("2027-03-23 20:00").submit();
    world.run_until("2027-03-20 12:01");
    world.crash(TimeDelta::minutes(50));
    world.run_until("2027-03-20 13:00");
    assert_eq!(world.state("k"), JobState::Missed);
    assert!(!gap(&world).contains("k ("), "within 20 h the platform says whether it went out");
    world.resume();

    world.run_until("2027-03-21 13:00");

    assert!(gap(&world).contains("k (missed)"), "{}", gap(&world));
    assert!(world.retry("k").unwrap_err().contains("qunfa resume brand"));
}

/// A job that was refused twice, with a copy from between: another copy had it accepted.
fn made_anew_in_the_gap() -> World {
    let mut world = World::with(Kind::Service);
    world.platform.inject(Fault::new(FaultKind::Errcode(40_007)).on_path("sendall").times(2));
    world.job("f").tag().at("2027-03-20 12:05").submit();
    world.run_until("2027-03-20 12:06");
    assert_eq!(world.state("f"), JobState::Failed);
    world.copy();
    world.retry("f").unwrap();
    world.run_until("2027-03-20 12:10");
    world.retry("f").unwrap();
    world.run_until("2027-03-20 14:00");
    assert_eq!(world.accepted().len(), 1);
    world.put_back(0, Restore::Snapshot);
    world.run_for(TimeDelta::minutes(2));
    world
}

#[test]
fn what_would_be_asked_for_with_a_new_id_after_a_gap_is_a_question_first() {
    let mut world = made_anew_in_the_gap();

    let refused = world.retry("f").unwrap_err();
    assert!(refused.contains("another copy of this database"), "{refused}");
    assert!(refused.contains("qunfa resume brand"), "{refused}");
    let corrected = world.job("f").tag().text("right").at("2027-03-20 15:00").submit_refused();
    assert!(corrected.contains("qunfa resume brand"), "{corrected}");

    world.run_until("2027-03-21 15:00");
    assert_eq!(world.accepted().len(), 1);
    world.resume();
    world.job("f").tag().text("right").at("2027-03-21 18:00").submit();
}
