//! A request whose outcome nobody told: it may have gone out.

use chrono::TimeDelta;
use qunfa::model::{Audience, JobId, JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind, openid};

use crate::world::{CrashPoint, World};

fn in_doubt(fault: FaultKind) -> World {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    world.platform.inject(Fault::new(fault).on_path("sendall"));
    world
}

#[test]
fn an_answer_lost_after_acceptance_is_asked_again_after_61_s_and_adopted() {
    let mut world = in_doubt(FaultKind::AnswerLost);

    world.run_until("2027-03-20 20:05");

    let sends = world.sends();
    assert_eq!(world.codes(), [Some(0), Some(45_065)]);
    assert!((61..=67).contains(&sends[1].0), "{sends:?}");
    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("a"), JobState::Sent);
    let sends: Vec<_> =
        world.platform.requests().iter().filter(|logged| logged.clientmsgid.is_some()).collect();
    assert_eq!(sends[0].clientmsgid, sends[1].clientmsgid);
    assert_eq!(sends[0].body_digest, sends[1].body_digest);
}

#[test]
fn a_job_is_not_planned_once_more_while_it_may_have_been_sent() {
    let mut world = in_doubt(FaultKind::AnswerLost);
    let again = |world: &mut World| {
        let id = JobId::parse("a").unwrap();
        world.engine().store().read().refuse_again(&id).map_err(|error| error.to_string())
    };
    assert_eq!(again(&mut world), Ok(()));

    world.run_until("2027-03-20 20:00:30");
    let refused = again(&mut world).unwrap_err();
    assert!(refused.contains("job a may have been sent"), "{refused}");

    world.run_until("2027-03-20 20:05");
    assert_eq!(again(&mut world), Ok(()), "it is known to be sent");
}

#[test]
fn every_answer_that_leaves_the_outcome_open_is_asked_again_and_sends_once() {
    let server = |processed| FaultKind::ServerError { status: 502, processed };
    let garbage = |processed| FaultKind::Garbage { bytes: b"<html>".to_vec(), processed };
    for fault in [
        FaultKind::RequestLost,
        FaultKind::Truncated,
        FaultKind::Hang { processed: true },
        FaultKind::Hang { processed: false },
        server(true),
        server(false),
        garbage(true),
        garbage(false),
        FaultKind::Errcode(-1),
        FaultKind::Errcode(45_066),
        FaultKind::Errcode(268_488_001),
        FaultKind::Errcode(7_654_321),
        FaultKind::ErrcodeAfterAccept(-1),
        FaultKind::ErrcodeAfterAccept(45_066),
    ] {
        let mut world = in_doubt(fault.clone());

        world.run_until("2027-03-20 20:01");
        assert_eq!(world.state("a"), JobState::Releasing, "{fault:?}");
        world.run_until("2027-03-20 20:05");

        assert_eq!(world.state("a"), JobState::Sent, "{fault:?}");
        assert_eq!(world.accepted().len(), 1, "{fault:?}");
    }
}

#[test]
fn a_first_call_answered_45065_is_adopted() {
    let mut world = in_doubt(FaultKind::FirstCall45065);

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.sends().len(), 1);
}

#[test]
fn a_refused_connection_is_retried_and_leaves_nothing_in_doubt() {
    let mut world = in_doubt(FaultKind::Refused);

    world.run_until("2027-03-20 20:00:30");
    assert!(world.reason("a").contains("not accepted"), "{}", world.reason("a"));
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_45066_twice_waits_longer_each_time() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    let fault = Fault::new(FaultKind::Errcode(45_066)).on_path("sendall").times(2);
    world.platform.inject(fault);

    world.run_until("2027-03-20 20:10");

    let sends = world.sends();
    assert_eq!(sends.len(), 3);
    assert!((61..=67).contains(&sends[1].0), "{sends:?}");
    assert!((122..=128).contains(&(sends[2].0 - sends[1].0)), "{sends:?}");
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_45028_to_a_repeat_books_nothing_and_defers_nothing() {
    let mut world = in_doubt(FaultKind::AnswerLost);
    world.platform.inject(FaultKind::QuotaBeforeClientmsgid(true));

    world.run_until("2027-03-20 21:59");

    assert_eq!(world.state("a"), JobState::Releasing);
    assert_eq!(world.external(), (0, 0));
    world.run_until("2027-03-21 12:00");
    assert_eq!(world.state("a"), JobState::Uncertain);
    assert_eq!(world.due("a"), "2027-03-20 20:00");
    assert!(world.codes()[1..].iter().all(|code| *code == Some(45_028)), "{:?}", world.codes());
}

#[test]
fn a_repeat_refused_for_quota_is_adopted_when_the_platform_answers_45065_after_all() {
    let mut world = in_doubt(FaultKind::AnswerLost);
    world.platform.inject(FaultKind::QuotaBeforeClientmsgid(true));
    world.run_until("2027-03-20 21:00");
    assert_eq!(world.state("a"), JobState::Releasing);

    world.platform.inject(FaultKind::QuotaBeforeClientmsgid(false));
    world.run_until("2027-03-20 21:30");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_40007_to_a_repeat_is_no_failure() {
    let mut world = World::with(Kind::Subscription);
    world.platform.add_media("wx0brand", "a|draft", qunfa::sandbox::MediaKind::Draft);
    let content = qunfa::model::Content::Mpnews { media_id: "a|draft".into() };
    world.job("a").content(content).at("2027-03-20 20:00").submit();
    world.platform.inject(FaultKind::MediaBeforeClientmsgid(true));
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));

    world.run_until("2027-03-20 21:00");
    assert_eq!(world.codes()[..2], [Some(0), Some(40_007)]);
    assert_eq!(world.state("a"), JobState::Releasing);
    world.run_until("2027-03-21 12:00");

    assert_eq!(world.state("a"), JobState::Uncertain);
}

#[test]
fn what_is_in_doubt_keeps_its_slot() {
    let mut world = in_doubt(FaultKind::AnswerLost);
    world.platform.inject(FaultKind::QuotaBeforeClientmsgid(true));
    world.job("b").at("2027-03-20 23:00").submit();

    world.run_until("2027-03-22 00:00");

    assert_eq!(world.state("a"), JobState::Uncertain);
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00", "2027-03-21 23:00:00"]);
}

#[test]
fn a_waiting_batch_lets_other_jobs_of_the_account_pass() {
    let mut world = World::with(Kind::Service);
    for (id, at) in [("a", "2027-03-20 20:00"), ("b", "2027-03-20 20:00:10")] {
        world.job(id).tag().at(at).submit();
    }
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));

    world.run_until("2027-03-20 20:00:12");

    assert_eq!(world.state("a"), JobState::Releasing);
    assert_eq!(world.state("b"), JobState::Accepted);
}

#[test]
fn retry_for_ends_in_missed_partial_or_uncertain() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    let refused = Fault::new(FaultKind::Refused).on_path("sendall").times(qunfa::sandbox::FOREVER);
    world.platform.inject(refused);

    world.run_until("2027-03-20 22:30");

    assert_eq!(world.state("a"), JobState::Missed);
    world.platform.clear_faults();
    world.job("b").at("2027-03-20 23:00").submit();
    world.run_until("2027-03-20 23:01");
    assert_eq!(world.state("b"), JobState::Sent, "nothing stays charged for what never went");
}

#[test]
fn a_list_of_which_one_batch_never_went_is_partial_and_its_retry_keeps_the_id() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.followers = 30_000);
    let list = (0..20_001).map(|n| openid("wx0brand", n)).collect();
    world.job("a").audience(Audience::List(list)).at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:00");
    world.run_for(TimeDelta::milliseconds(60));
    let refused = Fault::new(FaultKind::Refused).on_path("send").times(qunfa::sandbox::FOREVER);
    world.platform.inject(refused);
    world.run_until("2027-03-20 22:30");
    assert_eq!(world.state("a"), JobState::Partial);
    world.platform.clear_faults();
    let before: Vec<_> =
        world.view("a").batches.iter().map(|batch| batch.clientmsgid.clone()).collect();

    world.retry("a").unwrap();
    world.run_until("2027-03-20 23:00");

    let after: Vec<_> =
        world.view("a").batches.iter().map(|batch| batch.clientmsgid.clone()).collect();
    assert_eq!(before, after);
    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.accepted().len(), 3);
}

#[test]
fn a_crash_at_any_point_neither_loses_nor_repeats_a_broadcast() {
    for (point, name) in CrashPoint::ALL {
        let mut world = World::with(Kind::Subscription);
        world.job("a").at("2027-03-20 20:00").submit();
        world.run_until("2027-03-20 19:59:30");
        world.crashes.next = Some((point, TimeDelta::seconds(3)));

        world.run_until("2027-03-20 20:10");

        assert_eq!(world.accepted().len(), 1, "{name}");
        assert_eq!(world.state("a"), JobState::Sent, "{name}");
    }
}

#[test]
fn an_open_attempt_is_asked_again_61_s_after_the_daemon_started() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    world.crashes.next = Some((CrashPoint::HandedOver, TimeDelta::seconds(30)));

    world.run_until("2027-03-20 20:10");

    let sends = world.sends();
    assert!((90..=97).contains(&sends[1].0), "{sends:?}");
}

#[test]
fn adopting_another_body_pauses_the_account() {
    let mut world = in_doubt(FaultKind::AnswerLost);
    world.run_until("2027-03-20 20:00:30");
    world.disk.change_bodies();
    world.oracle.expect_other_bodies();

    world.run_until("2027-03-20 20:05");

    assert!(world.attention().contains(&"paused".to_owned()), "{:?}", world.attention());
    assert_eq!(world.state("a"), JobState::Releasing);
}
