//! Answers that are certain: the request was not accepted.

use chrono::TimeDelta;
use qunfa::alert::Advice;
use qunfa::config::TokenSource;
use qunfa::model::{Audience, JobState, Kind};
use qunfa::sandbox::{FOREVER, Fault, FaultKind, Review, openid};

use crate::views::told;
use crate::world::World;

#[test]
fn an_expired_token_is_replaced_once_and_counts_as_no_attempt() {
    for token in [
        TokenSource::Stable,
        TokenSource::Classic,
        TokenSource::Url("https://tokens.example/brand".into()),
    ] {
        let mut world = World::new();
        world.add_account("brand", Kind::Service, |setup, _| setup.token = token.clone());
        world.job("a").tag().at("2027-03-20 20:00").submit();
        world.run_until("2027-03-20 19:59:30");
        world.platform.expire_tokens("wx0brand");

        world.run_until("2027-03-20 20:01");

        assert_eq!(world.codes(), [Some(42_001), Some(0)], "{token:?}");
        assert!(world.sends()[1].0 < 5, "no minute is waited: {:?}", world.sends());
    }
}

#[test]
fn a_stolen_token_that_stays_the_same_is_renewed_by_force() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(40_001)).on_path("sendall"));

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_token_refused_twice_pauses_the_account() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(42_001)).on_path("sendall").times(FOREVER));

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.codes(), [Some(42_001), Some(42_001)]);
    assert!(world.attention().contains(&"paused".to_owned()), "{:?}", world.attention());
}

#[test]
fn an_unknown_media_id_fails_the_job_with_the_reason() {
    let mut world = World::with(Kind::Subscription);
    world.platform.add_media("wx0brand", "known", qunfa::sandbox::MediaKind::Image);
    let content = qunfa::model::Content::Mpnews { media_id: "a|nowhere".into() };
    world.job("a").content(content).at("2027-03-20 20:00").submit();
    world.job("b").tag().at("2027-03-20 21:00").submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.codes(), [Some(40_007)]);
    assert_eq!(world.state("a"), JobState::Failed);
    assert!(world.reason("a").contains("40007"), "{}", world.reason("a"));
    assert_eq!(world.due("b"), "2027-03-20 21:00");
}

#[test]
fn a_list_of_20001_is_three_calls_and_its_retry_remakes_the_refused_one_only() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.followers = 30_000);
    let list = (0..20_001).map(|n| openid("wx0brand", n)).collect();
    world.job("a").audience(Audience::List(list)).at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:00");
    world.run_for(TimeDelta::milliseconds(110));
    world.platform.inject(Fault::new(FaultKind::Errcode(40_003)).on_path("send"));

    world.run_until("2027-03-20 20:05");
    let batches = world.view("a").batches;
    let lengths: Vec<_> = batches.iter().map(|batch| batch.receivers).collect();
    assert_eq!(lengths, [Some(10_000), Some(9_999), Some(2)]);
    assert_eq!(world.state("a"), JobState::Partial);
    assert_eq!(world.codes(), [Some(0), Some(40_003), Some(0)]);

    world.retry("a").unwrap();
    world.run_until("2027-03-20 20:10");

    let again = world.view("a").batches;
    assert_eq!(world.codes().len(), 4);
    assert_eq!((again[0].generation, again[1].generation, again[2].generation), (0, 1, 0));
    assert_ne!(again[1].clientmsgid, batches[1].clientmsgid);
    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.disk.mark.as_ref().unwrap().generations["a"][&1], 1);
}

#[test]
fn a_code_that_stops_the_account_pauses_it_and_resume_lets_the_job_go() {
    let mut world = World::with(Kind::Service);
    world
        .job("a")
        .tag()
        .at("2027-03-20 20:00")
        .with(|spec| {
            spec.retry_for = TimeDelta::hours(4);
        })
        .submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(50_002)).on_path("sendall"));

    world.run_until("2027-03-20 21:00");
    assert_eq!(world.codes(), [Some(50_002)]);
    assert_eq!(world.attention(), ["paused"]);
    world.resume();
    world.run_until("2027-03-20 21:10");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_wrong_secret_pauses_the_account() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.secret = Some("another".into()));
    world.job("a").tag().at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.attention(), ["paused"]);
    assert_eq!(world.sends().len(), 0);
}

#[test]
fn a_media_id_sent_too_fast_is_asked_again_with_the_same_id() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(42_010)).on_path("sendall"));

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.codes(), [Some(42_010), Some(0)]);
    assert!(world.sends()[1].0 >= 61);
}

#[test]
fn a_retry_after_a_failed_review_is_a_new_generation_charged_for_itself() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(FaultKind::Review(Review::Failed));
    world.job("j0").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-21 10:00");
    assert_eq!(world.state("j0"), JobState::Failed);
    world.retry("j0").unwrap();
    for n in 1..4 {
        let job = world.job(&format!("j{n}")).at(&format!("2027-03-2{} 20:00", 1 + n));
        job.with(|spec| spec.expires = qunfa::model::Expires::After(TimeDelta::days(30))).submit();
    }

    world.run_until("2027-04-03 00:00");

    assert_eq!(world.view("j0").batches[0].generation, 1);
    assert!(world.codes().iter().all(|code| *code == Some(0)), "{:?}", world.codes());
    assert_eq!(world.accepted()[4], "2027-04-01 20:00:00");
}

#[test]
fn what_was_sent_or_is_planned_cannot_be_retried() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    assert!(world.retry("a").unwrap_err().contains("goes by itself"));
    world.run_until("2027-03-20 20:05");

    let why = world.retry("a").unwrap_err();

    assert!(why.contains("cannot be asked for again"), "{why}");
    world.run_until("2027-03-20 21:00");
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_token_server_that_gives_none_is_told_as_such() {
    let mut world = World::new();
    world.add_account("brand", Kind::Subscription, |setup, _| {
        setup.token = TokenSource::Url("https://tokens.example/brand".to_owned());
    });
    let wrong = Fault::new(FaultKind::Errcode(40_001)).on_path("stable_token");
    world.platform.inject(wrong.times(FOREVER));
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:10");

    let engine = world.engine.as_ref().unwrap();
    let stops = engine.store().read().stops("brand").unwrap();
    let (_, why, advice) = stops.paused.unwrap();
    let why = told(&why);
    assert!(why.contains("token server"), "{why}");
    assert_eq!(advice, Advice::TokenServer);
}
