//! What a reading of the design against the code found, each as the sequence that showed it.

use chrono::TimeDelta;
use qunfa::model::{Audience, JobState, Kind, OnFullReceivers, OnQuota};
use qunfa::sandbox::{Fault, FaultKind, openid};

use crate::world::World;

#[test]
fn a_clock_that_was_ahead_leaves_no_call_that_blocks_the_minute() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.job_s = 400_000);
    for n in 0..70 {
        world.job(&format!("j{n}")).tag().at("2027-03-20 12:30").submit();
    }
    world.job("z").tag().at("2027-03-20 18:00").submit();
    world.run_until("2027-03-20 12:50");
    world.step_clock(TimeDelta::hours(30));
    world.run_until("2027-03-20 17:50");
    world.step_clock(-TimeDelta::hours(30));

    world.run_until("2027-03-20 18:05");

    assert_eq!(world.state("z"), JobState::Accepted, "{}", world.reason("z"));
}

#[test]
fn a_doubt_left_by_a_daemon_that_started_ahead_is_settled_once_the_clock_is_right() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 13:00").submit();
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    world.run_until("2027-03-20 13:00");
    world.run_for(TimeDelta::milliseconds(70));
    world.crash(TimeDelta::seconds(60));
    world.skew = TimeDelta::hours(30);
    world.run_until("2027-03-20 13:10");
    world.step_clock(-TimeDelta::hours(30));

    world.run_until("2027-03-20 13:30");

    assert_eq!(world.codes(), [Some(0), Some(45_065)]);
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_list_that_wants_all_receivers_is_not_stopped_by_its_own_accepted_batch() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.followers = 30_000);
    for n in 0..3 {
        world.job(&format!("s{n}")).list(2).at("2027-03-20 12:30").submit();
    }
    world.run_until("2027-03-20 13:00");
    let list = (0..10_002).map(|n| openid("wx0brand", n)).collect();
    let job = world.job("a").audience(Audience::List(list)).at("2027-03-20 19:00");
    job.with(|spec| spec.on_full_receivers = OnFullReceivers::Defer).submit();
    world.run_until("2027-03-20 19:00");
    world.run_for(TimeDelta::milliseconds(110));
    world.platform.inject(Fault::new(FaultKind::Errcode(45_009)).on_path("send"));

    world.run_until("2027-03-21 19:30");

    assert_eq!(world.state("a"), JobState::Sent, "{}", world.reason("a"));
}

#[test]
fn a_request_refused_for_its_token_leaves_no_charge_on_tomorrow() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().at("2027-03-20 23:57:10").submit();
    world.platform.inject(Fault::new(FaultKind::RequestLost).on_path("sendall"));
    world.run_until("2027-03-20 23:57:30");
    world.platform.inject(Fault::new(FaultKind::Errcode(42_001)).on_path("sendall"));
    world.platform.inject(Fault::new(FaultKind::Errcode(-1)).on_path("sendall"));

    world.run_until("2027-03-20 23:58:50");

    let engine = world.engine.as_ref().unwrap();
    let charges = engine.store().read().charges("a").unwrap();
    let tomorrow = charges.iter().filter(|charge| charge.window == "2027-03-21");
    assert!(tomorrow.clone().count() > 0, "{:?} {charges:?} {:?}", world.codes(), world.sends());
    assert!(tomorrow.clone().all(|charge| charge.state == "returned"), "{charges:?}");
}

#[test]
fn a_token_refused_for_a_question_does_not_count_against_the_next_send() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 13:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(42_001)).on_path("get"));
    world.run_until("2027-03-20 14:00");
    world.job("b").tag().at("2027-03-21 13:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(42_001)).on_path("sendall"));

    world.run_until("2027-03-21 14:00");

    assert_eq!(world.accepted().len(), 2, "{:?} {}", world.attention(), world.reason("b"));
}

#[test]
fn a_job_of_high_priority_moves_a_long_row_of_days_on() {
    let mut world = World::with(Kind::Subscription);
    for n in 0..400 {
        let job = world.job(&format!("j{n:04}")).at("2027-03-20 20:00");
        job.with(|spec| spec.expires = qunfa::model::Expires::After(TimeDelta::days(2_000)))
            .submit();
    }

    world.job("first").at("2027-03-20 21:00").with(|spec| spec.priority = 9).submit();

    assert_eq!(world.due("first"), "2027-03-20 21:00");
    assert_eq!(world.due("j0000"), "2027-03-21 20:00");
}

#[test]
fn a_job_that_may_not_defer_owns_its_slot_against_a_job_taken_later() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 19:00").submit();
    world.job("f").at("2027-03-20 20:00").with(|spec| spec.on_quota = OnQuota::Fail).submit();
    world.job("a").at("2027-03-22 19:00").submit();

    world.job("c").at("2027-03-20 18:00").submit();
    world.run_until("2027-03-20 21:00");

    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
    assert_eq!(world.due("c"), "2027-03-21 18:00");
}

#[test]
fn a_job_dropped_after_its_grace_is_refused_even_if_its_day_was_used() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-21 09:00");

    let why = world.job("late").at("2027-03-20 20:00").submit_refused();

    assert!(why.contains("would be missed"), "{why}");
}

#[test]
fn a_job_under_way_keeps_its_day_against_jobs_behind_it() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |setup, spec| {
        setup.account.daily_calls = 5;
        spec.followers = 50_000;
    });
    let list = |count: u32| Audience::List((0..count).map(|n| openid("wx0brand", n)).collect());
    world.job("a").audience(list(30_000)).at("2027-03-20 19:00").submit();
    world.job("b").audience(list(20_000)).at("2027-03-20 22:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(45_011)).on_path("send"));

    world.run_until("2027-03-20 20:00");

    assert_eq!(world.accepted().len(), 3, "{}", world.reason("a"));
}

#[test]
fn an_adopted_list_counts_in_the_month_of_its_first_request() {
    let mut world = World::with(Kind::Service);
    world.job("a").list(2).at("2027-03-31 23:56").submit();
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("send"));
    world.run_until("2027-03-31 23:56:30");
    world
        .platform
        .inject(Fault::new(FaultKind::Hang { processed: false }).on_path("send").times(6));
    world.run_until("2027-04-01 01:00");
    assert_eq!(world.codes().last(), Some(&Some(45_065)), "{:?}", world.codes());
    for n in 0..4 {
        world.job(&format!("b{n}")).list(2).at("2027-04-02 12:00").submit();
    }

    world.run_until("2027-04-02 13:00");

    assert_eq!(world.accepted().len(), 5);
}

#[test]
fn a_job_whose_expires_is_past_is_never_sent() {
    let mut world = World::with(Kind::Service);
    let past = crate::world::time("2027-03-01 08:00");
    world.job("stale").with(|spec| spec.expires = qunfa::model::Expires::At(past)).submit();

    world.run_for(TimeDelta::hours(1));

    assert_eq!(world.state("stale"), JobState::Expired, "{}", world.reason("stale"));
    assert!(world.accepted().is_empty());
}

#[test]
fn who_cannot_receive_any_more_is_told_exactly_for_lists_and_in_bounds_for_the_rest() {
    let mut world = World::with(Kind::Service);
    for n in 0..4 {
        world.job(&format!("l{n}")).list(3).at("2027-03-20 12:00").submit();
    }
    world.run_until("2027-03-20 13:00");
    world.job("list").list(5).at("2027-03-20 20:00").submit();
    world.job("tag").tag().at("2027-03-20 20:00").submit();
    let forecast = |world: &World, id: &str| {
        let account = world.setup(0).account.clone();
        let id = qunfa::model::JobId::parse(id).unwrap();
        let tx = world.engine.as_ref().unwrap().store().read();
        tx.full_forecast(&id, &account, crate::world::time("2027-03-20 20:00")).unwrap().unwrap()
    };

    assert!(
        forecast(&world, "list").starts_with("3 of 5 receivers"),
        "{}",
        forecast(&world, "list")
    );
    assert!(
        forecast(&world, "tag").starts_with("from 3 to 3 followers"),
        "{}",
        forecast(&world, "tag")
    );

    for n in 0..4 {
        world.job(&format!("t{n}")).tag().at("2027-03-20 15:00").submit();
    }
    world.run_until("2027-03-20 16:00");

    assert!(forecast(&world, "tag").starts_with("from 3 to all"), "{}", forecast(&world, "tag"));
}
