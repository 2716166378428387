//! The platform's limits, and who else uses them.

use chrono::TimeDelta;
use qunfa::model::{Audience, Expires, JobState, Kind, OnFullReceivers, OnQuota};
use qunfa::sandbox::{EventFate, FaultKind, openid};

use crate::world::World;

#[test]
fn a_second_subscription_job_of_a_day_goes_the_next_day_at_its_time() {
    for (first, second, expected) in [
        ("2027-03-20 20:00", "2027-03-20 21:00", "2027-03-21 21:00"),
        ("2027-03-31 20:00", "2027-03-31 20:00", "2027-04-01 20:00"),
    ] {
        let mut world = World::with(Kind::Subscription);
        world.job("a").at(first).submit();
        world.job("b").tag().at(second).submit();
        assert_eq!(world.due("b"), expected);

        world.run_until("2027-04-01 21:00");

        assert_eq!(world.accepted()[1], format!("{expected}:00"));
        assert_eq!(world.codes(), [Some(0), Some(0)]);
    }
}

#[test]
fn a_service_account_has_four_history_entries_a_month_and_one_a_day() {
    let mut world = World::with(Kind::Service);
    for n in 0..5 {
        world
            .job(&format!("j{n}"))
            .at("2027-03-20 20:00")
            .with(|spec| {
                spec.expires = Expires::After(TimeDelta::days(30));
            })
            .submit();
    }

    world.run_until("2027-04-05 00:00");

    assert_eq!(
        world.accepted(),
        ["2027-03-20", "2027-03-21", "2027-03-22", "2027-03-23", "2027-04-01"]
            .map(|day| format!("{day} 20:00:00"))
    );
    assert_eq!(world.codes().len(), 5);
}

#[test]
fn website_sends_fill_the_month_and_the_due_job_asks_once() {
    let mut world = World::with_callback(Kind::Service);
    for day in 0..3 {
        world.run_until(&format!("2027-03-2{} 12:30", 1 + day));
        world.website_send(0).unwrap();
    }
    world.run_until("2027-03-24 12:00");
    world.website_send(0).unwrap();
    world
        .job("a")
        .at("2027-03-24 20:00")
        .with(|spec| {
            spec.expires = Expires::After(TimeDelta::days(30));
        })
        .submit();

    world.run_until("2027-04-02 00:00");

    assert_eq!(world.codes(), [Some(45_028), Some(0)]);
    assert_eq!(world.accepted(), ["2027-04-01 20:00:00"]);
    assert_eq!(world.external(), (4, 0));
}

#[test]
fn an_unconfirmed_send_that_our_success_disproves_is_returned() {
    let mut world = World::with_callback(Kind::Subscription);
    world.forge(0, 77, "send success");
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.external(), (0, 0));
}

#[test]
fn a_list_of_jobs_never_makes_more_than_sixty_calls_in_a_minute() {
    let mut world = World::with(Kind::Service);
    for n in 0..75 {
        let pair = (n * 2..n * 2 + 2).map(|n| openid("wx0brand", n)).collect();
        let job = world.job(&format!("j{n}")).audience(Audience::List(pair));
        job.at("2027-03-20 20:00").submit();
    }

    world.run_until("2027-03-20 20:30");

    assert_eq!(world.accepted().len(), 75);
    let sends: Vec<_> = world.sends().into_iter().map(|(second, _)| second).collect();
    assert!(sends.windows(61).all(|some| some[60] - some[0] >= 60), "{sends:?}");
    assert!(sends[59] < 60, "the first sixty go within the first minute: {sends:?}");
}

#[test]
fn a_45028_with_room_in_the_ledger_is_booked_once_and_defers_the_job() {
    let mut world = World::with(Kind::Subscription);
    world.website_send(0).unwrap();
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-22 00:00");

    assert_eq!(world.codes(), [Some(45_028), Some(0)]);
    assert_eq!(world.accepted(), ["2027-03-21 20:00:00"]);
    assert_eq!(world.external(), (1, 0));
}

#[test]
fn an_event_after_the_45028_claims_what_that_booked() {
    let mut world = World::with_callback(Kind::Subscription);
    world.platform.inject(FaultKind::Events(EventFate::Late(3_600 * 9)));
    world.website_send(0).unwrap();
    world.platform.inject(FaultKind::Events(EventFate::OnTime));
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-21 12:00");

    assert_eq!(world.external(), (1, 0));
}

#[test]
fn a_second_day_of_45028_without_a_known_send_pauses_the_account() {
    let mut world = World::new();
    world.add_account("brand", Kind::Subscription, |_, spec| spec.test_account = true);
    world.oracle.expect_refusals();
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-25 00:00");

    assert_eq!(world.codes(), [Some(45_028), Some(45_028)]);
    assert_eq!(world.state("a"), JobState::Planned);
    assert!(world.attention().contains(&"paused".to_owned()), "{:?}", world.attention());
}

#[test]
fn a_job_that_may_not_defer_fails_where_its_day_is_full() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-20 21:00").with(|spec| spec.on_quota = OnQuota::Fail).submit();

    world.run_until("2027-03-20 22:00");

    assert_eq!(world.state("b"), JobState::Failed);
    assert!(world.reason("b").contains("daily_send"), "{}", world.reason("b"));
}

#[test]
fn a_job_whose_next_window_lies_beyond_its_expires_expires_at_once() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world
        .job("b")
        .at("2027-03-20 21:00")
        .with(|spec| {
            spec.expires = Expires::After(TimeDelta::hours(20));
        })
        .submit();

    assert_eq!(world.state("b"), JobState::Expired);
}

#[test]
fn a_fifth_list_defers_to_the_next_month_where_every_receiver_is_full() {
    let mut world = World::with(Kind::Service);
    for n in 0..5 {
        world
            .job(&format!("j{n}"))
            .list(3)
            .at(&format!("2027-03-2{} 20:00", 1 + n))
            .with(|spec| {
                spec.expires = Expires::After(TimeDelta::days(30));
            })
            .submit();
    }

    world.run_until("2027-04-02 00:00");

    assert_eq!(world.accepted().len(), 5);
    assert_eq!(world.accepted()[4], "2027-04-01 20:00:00");
    assert!(world.platform.accepted().iter().all(|accepted| accepted.receivers == 3));
}

fn four_full_and_two_free(world: &mut World, policy: OnFullReceivers) {
    for n in 0..4 {
        world.job(&format!("j{n}")).list(2).at(&format!("2027-03-2{} 20:00", 1 + n)).submit();
    }
    world
        .job("mixed")
        .list(4)
        .at("2027-03-26 20:00")
        .with(|spec| {
            spec.on_full_receivers = policy;
            spec.expires = Expires::After(TimeDelta::days(30));
        })
        .submit();
    world.run_until("2027-04-02 00:00");
}

#[test]
fn full_receivers_are_sent_to_dropped_or_waited_for_as_the_job_says() {
    for (policy, at, total) in [
        (OnFullReceivers::Send, "2027-03-26 20:00:00", 4),
        (OnFullReceivers::Drop, "2027-03-26 20:00:00", 2),
        (OnFullReceivers::Defer, "2027-04-01 20:00:00", 4),
    ] {
        let mut world = World::with(Kind::Service);

        four_full_and_two_free(&mut world, policy);

        let last = world.platform.accepted().last().unwrap().clone();
        assert_eq!((world.accepted()[4].as_str(), last.total), (at, total), "{policy:?}");
    }
}

#[test]
fn the_days_calls_are_kept_for_all_batches_of_a_job() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |setup, spec| {
        setup.account.daily_calls = 3;
        spec.daily_calls = 3;
        spec.followers = 30_000;
    });
    world.job("small").tag().at("2027-03-20 19:00").submit();
    world.job("large").list(20_001).at("2027-03-20 20:00").submit();

    world.run_until("2027-03-21 21:00");

    let accepted = world.accepted();
    assert_eq!(accepted.len(), 4);
    assert!(accepted[1..].iter().all(|at| at.starts_with("2027-03-21 20:0")), "{accepted:?}");
}

#[test]
fn a_list_of_more_batches_than_the_days_calls_is_refused() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |setup, spec| {
        setup.account.daily_calls = 2;
        spec.followers = 30_000;
    });

    let why = world.job("large").list(20_001).at("2027-03-20 20:00").submit_refused();

    assert!(why.contains("daily_calls"), "{why}");
}

#[test]
fn a_45009_leaves_no_calls_for_the_day() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.daily_calls = 1);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.job("b").tag().at("2027-03-20 20:05").submit();
    world.job("c").tag().at("2027-03-20 20:10").submit();

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.codes(), [Some(0), Some(45_009)]);
    assert_eq!(
        (world.due("b"), world.due("c")),
        ("2027-03-21 20:05".into(), "2027-03-21 20:10".into())
    );
}

#[test]
fn candidates_are_booked_once_no_doubt_of_ours_can_be_theirs() {
    let mut world = World::with_callback(Kind::Subscription);
    world.platform.inject(FaultKind::AnswerLost);
    world.platform.clear_faults();
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    world.platform.inject(FaultKind::AnswerLost);
    world.run_until("2027-03-20 20:00:10");
    world.website_send(0).unwrap();

    world.run_until("2027-03-20 20:00:40");
    assert_eq!(world.count_external(), 0, "both events wait");
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.external(), (0, 1));
}

#[test]
fn repeated_openids_of_another_job_are_no_business_of_this_one() {
    let mut world = World::with(Kind::Service);
    let list = |from: u32| (from..from + 2).map(|n| openid("wx0brand", n)).collect();
    for n in 0..6 {
        world
            .job(&format!("j{n}"))
            .audience(Audience::List(list(n * 2)))
            .at("2027-03-20 20:00")
            .submit();
    }

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.accepted().len(), 6);
}

#[test]
fn one_refusal_confirms_as_many_unconfirmed_sends_as_explain_it() {
    let mut world = World::with_callback(Kind::Service);
    for n in 0..3 {
        world.job(&format!("j{n}")).at(&format!("2027-03-2{n} 20:00")).submit();
    }
    world.run_until("2027-03-23 12:00");
    world.website_send(0).unwrap();
    world.forge(0, 77, "send success");
    world
        .job("a")
        .at("2027-03-23 20:00")
        .with(|spec| spec.expires = Expires::After(TimeDelta::days(30)))
        .submit();

    world.run_until("2027-04-02 00:00");

    assert_eq!(world.codes()[3..], [Some(45_028), Some(0)]);
    assert_eq!(world.external(), (1, 1));
}

#[test]
fn refusals_of_a_month_that_the_website_filled_add_up() {
    let mut world = World::with(Kind::Service);
    for day in 20..23 {
        world.run_until(&format!("2027-03-{day} 12:01"));
        world.website_send(0).unwrap();
    }
    for id in ["a", "b"] {
        let job = world.job(id).at("2027-03-23 20:00");
        job.with(|spec| spec.expires = Expires::After(TimeDelta::days(30))).submit();
    }
    world.run_until("2027-03-25 21:00");
    assert!(world.attention().contains(&"paused".to_owned()), "{:?}", world.attention());
    world.resume();
    world.run_until("2027-03-26 21:00");
    world.resume();

    world.run_until("2027-04-02 00:00");

    let no = Some(45_028);
    assert_eq!(world.codes(), [Some(0), no, no, no, Some(0)]);
    assert_eq!(world.accepted()[1], "2027-04-01 20:00:00");
}

#[test]
fn a_website_send_fills_a_service_accounts_day_and_the_next_day_is_asked() {
    for newer_rule in [true, false] {
        let mut world = World::new();
        world.add_account("brand", Kind::Service, |setup, spec| {
            (setup.callback, setup.safe) = (true, true);
            if !newer_rule {
                setup.account.history_per_day = None;
                spec.one_history_a_day = false;
            }
        });
        world.job("a").at("2027-03-20 20:00").submit();
        world.job("b").tag().at("2027-03-20 20:10").submit();
        world.website_send(0).unwrap();

        world.run_until("2027-03-22 12:00");

        // Tags are not in the history.
        let day = if newer_rule { 21 } else { 20 };
        let mut expected = [format!("2027-03-{day} 20:00:00"), "2027-03-20 20:10:00".to_owned()];
        expected.sort();
        assert_eq!(world.accepted(), expected, "{newer_rule}");
        assert_eq!(world.codes(), [Some(0), Some(0)], "nothing was asked in vain");
    }
}
