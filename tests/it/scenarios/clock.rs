//! Whose clock counts: the platform's.

use chrono::TimeDelta;
use qunfa::model::{Audience, JobState, Kind};
use qunfa::sandbox::{FOREVER, Fault, FaultKind, openid};

use crate::world::World;

#[test]
fn with_a_clock_far_off_nothing_goes_and_it_goes_by_itself_when_mended() {
    for hours in [30, -26] {
        let mut world = World::with(Kind::Service);
        world.job("a").tag().at("2027-03-20 20:00").submit();
        world.step_clock(TimeDelta::hours(hours));
        // One that our clock says is due now.
        world.job("b").tag().submit();

        world.run_until("2027-03-20 19:50");
        assert_eq!(world.sends().len(), 0, "{hours}");
        assert_eq!(world.state("a"), JobState::Planned, "{hours}");
        assert!(world.attention().contains(&"clock".to_owned()), "{:?}", world.attention());
        world.step_clock(TimeDelta::hours(-hours));
        world.run_until("2027-03-20 20:05");

        assert_eq!(world.state("a"), JobState::Sent, "{hours}");
        assert!(world.accepted().contains(&"2027-03-20 20:00:00".to_owned()), "{hours}");
        assert!(!world.attention().contains(&"clock".to_owned()), "{hours}");
    }
}

#[test]
fn a_minute_off_is_too_much_and_half_a_minute_is_not() {
    for (seconds, goes) in [(30, true), (-30, true), (75, false), (-75, false)] {
        let mut world = World::with(Kind::Service);
        world.skew = TimeDelta::seconds(seconds);
        world.job("a").tag().at("2027-03-20 20:00").submit();

        world.run_until("2027-03-20 20:20");

        assert_eq!(world.accepted().len() == 1, goes, "{seconds}");
    }
}

#[test]
fn without_an_answer_to_the_preflight_nothing_is_missed() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Refused).times(FOREVER));
    world.run_until("2027-03-20 23:00");
    assert_eq!(world.state("a"), JobState::Planned);
    assert!(world.attention().contains(&"platform".to_owned()), "{:?}", world.attention());

    world.platform.clear_faults();
    world.run_until("2027-03-20 23:05");

    assert_eq!(world.state("a"), JobState::Missed);
    assert!(!world.attention().contains(&"platform".to_owned()), "{:?}", world.attention());
}

#[test]
fn the_preflight_is_repeated_after_5_10_20_40_60_seconds() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    let broken = FaultKind::ServerError { status: 502, processed: false };
    let token = Fault::new(broken).on_path("stable_token").times(FOREVER);
    world.platform.inject(token);

    world.run_until("2027-03-20 20:03");

    let times: Vec<_> = world.platform.requests().iter().map(|logged| logged.at).collect();
    let gaps: Vec<_> = times.windows(2).map(|two| (two[1] - two[0]).num_seconds()).collect();
    assert_eq!(gaps, [5, 10, 20, 40, 60, 60]);
}

#[test]
fn the_preflight_is_made_a_minute_before_and_every_nine_minutes_of_asking() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:58:59");
    assert_eq!(world.platform.requests().len(), 0);

    world.run_until("2027-03-20 19:59:01");

    assert_eq!(world.platform.requests().len(), 1);
}

#[test]
fn a_long_suspend_makes_what_it_slept_through_missed() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.job("b").tag().at("2027-03-23 20:00").submit();
    world.run_until("2027-03-20 19:00");
    world.suspend(TimeDelta::hours(60));

    world.run_until("2027-03-23 19:00");
    // An image of the process that wakes up looks the same.
    assert_eq!(world.in_question(), ["b"]);
    world.resume();
    world.run_until("2027-03-23 20:05");

    assert_eq!(world.state("a"), JobState::Missed);
    assert_eq!(world.state("b"), JobState::Sent);
}

/// Runs to the first request for a job, whose answer leaves the outcome open, and steps the clock
/// by so many seconds, so many seconds after it each; returns the world five minutes later.
fn stepped(fault: FaultKind, steps: &[(i64, i64)]) -> World {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    world.platform.inject(Fault::new(fault).on_path("sendall"));
    world.run_until("2027-03-20 20:00:01");
    assert_eq!(world.sends().len(), 1);
    let mut passed = 0;
    for (after, by) in steps {
        world.run_for(TimeDelta::seconds(after - passed));
        passed = *after;
        world.step_clock(TimeDelta::seconds(*by));
    }
    world.run_for(TimeDelta::minutes(5));
    world
}

#[test]
fn a_step_of_the_clock_neither_shortens_nor_lengthens_the_wait_of_a_batch_in_doubt() {
    let faults = [
        FaultKind::AnswerLost,
        FaultKind::Errcode(45_066),
        FaultKind::ErrcodeAfterAccept(45_066),
        FaultKind::Errcode(-1),
    ];
    let walks: [&[(i64, i64)]; 9] = [
        &[(5, 50)],
        &[(5, -40), (10, 80)],
        // Each is within what the platform's clock allows, and they add up.
        &[(5, -50), (10, 30), (15, 30), (20, 30)],
        &[(1, 2), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2), (7, 2)],
        &[(5, -3_000), (10, 3_000)],
        &[(5, 3_000), (10, -3_000)],
        &[(5, -600), (20, 600), (30, 50)],
        &[(5, 600), (10, -600)],
        &[(5, 7_200), (10, -14_400), (15, 7_200), (20, -30), (25, 60)],
    ];
    for fault in faults {
        for walk in walks {
            let world = stepped(fault.clone(), walk);

            let sends = world.sends();
            assert!(sends.len() >= 2, "{fault:?} {walk:?}: {sends:?}");
            let gap = sends[1].0 - sends[0].0;
            // No longer either than a whole wait after the last step.
            let most = walk.last().unwrap().0 + 70;
            assert!((60..=most).contains(&gap), "{fault:?} {walk:?}: {gap} s, {sends:?}");
            assert_eq!(world.state("a"), JobState::Sent, "{fault:?} {walk:?}");
            assert_eq!(world.accepted().len(), 1, "{fault:?} {walk:?}");
        }
    }
}

#[test]
fn a_step_ahead_makes_no_room_in_the_minute() {
    let mut world = World::with(Kind::Service);
    let openids = (0..700_000).map(|n| openid("wx0brand", n)).collect();
    world.job("a").audience(Audience::List(openids)).at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:00:40");
    let before = world.sends().len();

    world.step_clock(TimeDelta::seconds(50));
    world.run_until("2027-03-20 20:03");

    let sends = world.sends();
    assert_eq!((before, sends.len()), (60, 70));
    assert!(sends[60].0 >= 60, "{:?}", sends[60]);
}
