//! From a taken job to its result: events, `mass/get`, files and their edits.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{EventFate, FaultKind, Review};
use qunfa::store::IngestOutcome;

use crate::world::{World, time};
use crate::writer::spec;

#[test]
fn a_job_is_accepted_at_its_time_and_sent_once_mass_get_says_so() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 19:59:59");
    assert_eq!(world.state("a"), JobState::Planned);
    world.run_for(TimeDelta::seconds(3));
    assert_eq!(world.state("a"), JobState::Accepted);
    world.run_for(TimeDelta::seconds(20));

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}

#[test]
fn an_event_makes_mass_get_ask_at_once() {
    let mut world = World::with_callback(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:00:11");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.view("a").batches[0].sent_count, Some(1_000));
}

#[test]
fn with_a_callback_and_no_event_mass_get_asks_after_ten_minutes() {
    let mut world = World::with_callback(Kind::Service);
    world.platform.inject(FaultKind::Events(EventFate::Lost));
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:09:59");
    assert_eq!(world.state("a"), JobState::Accepted);
    world.run_until("2027-03-20 20:10:02");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn an_event_that_overtakes_the_answer_is_not_lost() {
    let mut world = World::with_callback(Kind::Service);
    world.platform.inject(FaultKind::Events(EventFate::Early));
    world.way.latency_max = 2_000;
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.state("a"), JobState::Sent);
    assert!(world.engine().store().read().events("a").unwrap().len() == 1);
    assert_eq!(world.count_external(), 0);
}

#[test]
fn an_event_that_comes_three_times_counts_once() {
    let mut world = World::with_callback(Kind::Service);
    world.platform.inject(FaultKind::Events(EventFate::Tripled));
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.engine().store().read().events("a").unwrap().len(), 1);
}

#[test]
fn a_forged_plain_event_settles_nothing() {
    let mut world = World::with_callback(Kind::Service);
    world.platform.inject(FaultKind::Events(EventFate::Lost));
    world.platform.inject(FaultKind::Admin(qunfa::sandbox::AdminAnswer::Confirms(600)));
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:00:05");
    let msg_id = world.view("a").batches[0].msg_id.unwrap();

    world.forge(0, msg_id, "send fail");
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.state("a"), JobState::Accepted);
    world.run_until("2027-03-20 20:30");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_review_that_fails_makes_the_job_failed_and_keeps_its_charge() {
    let mut world = World::with_callback(Kind::Subscription);
    world.platform.inject(FaultKind::Review(Review::Rejected(20_001)));
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-20 20:30").submit();

    world.run_until("2027-03-20 20:01");
    assert_eq!(world.state("a"), JobState::Failed);
    world.run_until("2027-03-20 21:00");

    assert_eq!(world.due("b"), "2027-03-21 20:30");
    assert!(world.reason("a").contains("stopped"), "{}", world.reason("a"));
}

#[test]
fn a_job_without_a_time_goes_as_soon_as_a_preflight_allows() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").submit();

    world.run_for(TimeDelta::seconds(2));

    assert_eq!(world.state("a"), JobState::Accepted);
}

#[test]
fn a_planned_job_is_edited_by_a_file_with_its_id_and_an_asked_one_is_not() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();

    assert_eq!(
        world.job("a").at("2027-03-20 21:00").text("better").submit().taken,
        IngestOutcome::Updated
    );
    world.run_until("2027-03-20 21:01");
    assert_eq!(world.accepted(), ["2027-03-20 21:00:00"]);
    let why = world.job("a").at("2027-03-20 22:00").text("best").submit_refused();

    assert!(why.contains("cannot be changed"), "{why}");
}

#[test]
fn a_job_that_was_asked_for_and_deferred_since_cannot_be_edited() {
    let mut world = World::with(Kind::Subscription);
    world.website_send(0).unwrap();
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:01");
    assert_eq!(world.state("a"), JobState::Planned);

    let why = world.job("a").at("2027-03-21 22:00").submit_refused();

    assert!(why.contains("cannot be changed"), "{why}");
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").submit();
    world.run_for(TimeDelta::hours(30));

    assert_eq!(world.job("a").submit().taken, IngestOutcome::Known);
    world.run_for(TimeDelta::hours(30));

    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_file_is_taken_whole_or_not_at_all() {
    let mut world = World::with(Kind::Subscription);
    let mut good = spec("good", "brand");
    good.at = Some(time("2027-03-20 20:00"));

    let refused = world.drop_file(&[good, spec("bad", "nobody")]);

    assert!(refused.is_err());
    assert!(world.engine().store().read().job_view("good").unwrap().is_none());
}

#[test]
fn an_overdue_job_is_sent_within_its_grace_and_missed_after_it() {
    let mut world = World::with(Kind::Service);
    world.job("late").tag().at("2027-03-20 20:00").submit();
    world.job("later").tag().at("2027-03-20 19:30").submit();

    world.run_until("2027-03-20 19:00");
    world.crash(TimeDelta::minutes(85));
    world.run_until("2027-03-20 20:30");

    assert_eq!(world.accepted(), ["2027-03-20 20:25:00"]);
    assert_eq!(world.state("later"), JobState::Missed);
    assert!(world.reason("later").contains("its grace of 30 min is over"));
}

#[test]
fn the_same_events_in_any_order_and_number_give_the_same_database() {
    let orders: [&[usize]; 4] = [&[0, 1, 2], &[2, 1, 0], &[1, 1, 0, 2, 0], &[2, 0, 2, 1, 1, 1]];
    let ends: Vec<_> = orders
        .iter()
        .map(|order| {
            let mut world = World::with_callback(Kind::Subscription);
            world.platform.inject(FaultKind::Events(EventFate::Lost));
            world.job("a").tag().at("2027-03-20 20:00").submit();
            world.run_until("2027-03-20 20:00:05");
            let ours = world.view("a").batches[0].msg_id.unwrap();
            let events = [(ours, "send success"), (ours, "err(20001)"), (4_711, "send success")];
            for index in *order {
                let (msg_id, status) = events[*index];
                world.forge(0, msg_id, status);
            }
            world.run_until("2027-03-20 21:00");
            (world.state("a"), world.external(), world.count_external())
        })
        .collect();

    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    assert_eq!(ends[0], (JobState::Sent, (0, 1), 1));
}
