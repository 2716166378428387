//! Events that came encrypted, which nobody but the platform can have written.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{EventFate, Fault, FaultKind, Review};

use crate::world::World;

impl World {
    /// How often the platform was asked for a result.
    fn asked_for_results(&self) -> usize {
        let requests = self.platform.requests().iter();
        requests.filter(|request| request.path.ends_with("/mass/get")).count()
    }

    fn msg_id(&self, id: &str) -> i64 {
        self.view(id).batches[0].msg_id.unwrap()
    }
}

/// A world whose job `a` was accepted at 20:00 and whose event is lost.
fn accepted(world: &mut World) -> i64 {
    world.platform.inject(FaultKind::Events(EventFate::Lost));
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:00:30");
    assert_eq!(world.state("a"), JobState::Accepted);
    world.msg_id("a")
}

#[test]
fn an_event_settles_a_job_and_nobody_asks() {
    let mut world = World::with_safe_callback(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-21 20:00");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.asked_for_results(), 0);
    assert_eq!(world.view("a").batches[0].sent_count, Some(1_000));
    let events = world.engine().store().read().events("a").unwrap();
    assert!(events.len() == 1 && events[0].proven);
    assert_eq!(world.count_external(), 0);
}

#[test]
fn a_broadcast_that_was_stopped_says_why_and_what_helps() {
    for (review, words, advice) in [
        (Review::Rejected(30_003), "转载文", "send_ignore_reprint: 1"),
        (Review::Rejected(40_002), "管理员30分钟内无响应", "`retry` asks again"),
        (Review::Rejected(20_431), "err(20431)", "通知中心"),
        (Review::Failed, "发送失败", "通知中心"),
    ] {
        let mut world = World::with_safe_callback(Kind::Subscription);
        world.platform.inject(FaultKind::Review(review));
        world.job("a").at("2027-03-20 20:00").submit();

        world.run_until("2027-03-20 20:01");

        assert_eq!((world.state("a"), world.asked_for_results()), (JobState::Failed, 0));
        let reason = world.reason("a");
        assert!(reason.contains(words) && reason.contains(advice), "{reason}");
    }
}

#[test]
fn what_the_platform_tells_of_each_article_is_kept() {
    for (review, urls) in [
        (Review::Passed, [Some("http://mp.weixin.qq.com/s/"), None]),
        (Review::Rejected(30_003), [None, Some("http://mp.weixin.qq.com/s/original")]),
    ] {
        let mut world = World::with_safe_callback(Kind::Subscription);
        world.platform.inject(FaultKind::Review(review));
        let articles = qunfa::model::Content::Mpnews { media_id: "a|articles".to_owned() };
        world.job("a").content(articles).at("2027-03-20 20:00").submit();

        world.run_until("2027-03-20 20:01");

        let told = world.engine().store().read().articles("a").unwrap();
        let [article] = &told[..] else { panic!("{told:?}") };
        let found = [article.url.as_deref(), article.original_url.as_deref()];
        for (found, expected) in found.into_iter().zip(urls) {
            assert_eq!(found.is_some(), expected.is_some(), "{told:?}");
            assert!(found.unwrap_or_default().starts_with(expected.unwrap_or_default()));
        }
    }
}

#[test]
fn an_event_that_overtakes_the_answer_settles_as_soon_as_that_names_it() {
    let mut world = World::with_safe_callback(Kind::Service);
    world.platform.inject(FaultKind::Events(EventFate::Early));
    world.way.latency_max = 2_000;
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!((world.state("a"), world.asked_for_results()), (JobState::Sent, 0));
    assert_eq!(world.count_external(), 0);
    let history = world.engine().store().read().history("a").unwrap();
    let states: Vec<_> = history.iter().map(|line| line.to.as_str()).collect();
    assert!(states.ends_with(&["accepted", "sent"]), "{states:?}");
}

#[test]
fn an_event_of_a_batch_in_doubt_waits_for_the_answer_that_names_it() {
    let mut world = World::with_safe_callback(Kind::Subscription);
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:00:50");
    assert_eq!((world.state("a"), world.count_external()), (JobState::Releasing, 0));
    world.run_until("2027-03-20 20:03");

    assert_eq!(world.codes(), [Some(0), Some(45_065)]);
    assert_eq!((world.state("a"), world.asked_for_results()), (JobState::Sent, 0));
    assert_eq!(world.count_external(), 0);
}

#[test]
fn a_send_from_the_website_is_confirmed_and_the_due_job_does_not_ask() {
    let mut world = World::with_safe_callback(Kind::Subscription);
    world.website_send(0).unwrap();
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-22 00:00");

    assert_eq!(world.codes(), [Some(0)]);
    assert_eq!(world.accepted(), ["2027-03-21 20:00:00"]);
    assert_eq!(world.external(), (1, 0));
}

#[test]
fn an_encrypted_event_confirms_what_a_plain_one_suggested() {
    let mut world = World::with_safe_callback(Kind::Subscription);
    world.set_safe(0, false);
    let msg_id = world.website_send(0).unwrap();
    world.run_until("2027-03-20 12:01");
    assert_eq!(world.external(), (0, 1));

    world.set_safe(0, true);
    world.tell(0, msg_id, "send success");

    assert_eq!(world.external(), (1, 0));
}

#[test]
fn an_encrypted_event_settles_what_the_same_plain_one_could_not() {
    let mut world = World::with_safe_callback(Kind::Service);
    let msg_id = accepted(&mut world);
    world.set_safe(0, false);
    world.tell(0, msg_id, "send success");
    assert_eq!(world.state("a"), JobState::Accepted);

    world.set_safe(0, true);
    world.tell(0, msg_id, "send success");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.engine().store().read().events("a").unwrap().len(), 1);
}

#[test]
fn an_event_that_settles_while_the_result_is_asked_for_ends_the_asking() {
    let mut world = World::with_safe_callback(Kind::Service);
    let msg_id = accepted(&mut world);
    (world.way.latency_min, world.way.latency_max) = (2_000, 2_000);
    world.run_until("2027-03-20 20:10:02");
    assert_eq!(world.state("a"), JobState::Accepted);

    world.tell(0, msg_id, "send success");
    assert_eq!(world.state("a"), JobState::Sent);
    world.run_until("2027-03-20 22:00");

    assert_eq!((world.state("a"), world.asked_for_results()), (JobState::Sent, 1));
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn a_status_that_nobody_knows_makes_mass_get_ask() {
    let mut world = World::with_safe_callback(Kind::Service);
    let msg_id = accepted(&mut world);

    world.tell(0, msg_id, "审核中");
    assert_eq!(world.state("a"), JobState::Accepted);
    world.run_for(TimeDelta::seconds(2));

    assert_eq!((world.state("a"), world.asked_for_results()), (JobState::Sent, 1));
}

#[test]
fn an_event_that_comes_later_takes_nothing_back() {
    let mut world = World::with_safe_callback(Kind::Service);
    let msg_id = accepted(&mut world);

    world.tell(0, msg_id, "send success");
    world.run_for(TimeDelta::seconds(5));
    world.tell(0, msg_id, "send fail");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.engine().store().read().events("a").unwrap().len(), 2);
}

#[test]
fn one_batch_of_two_that_is_stopped_makes_the_job_partial() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |setup, spec| {
        (setup.callback, setup.safe) = (true, true);
        spec.followers = 30_000;
    });
    let list = (0..10_002).map(|n| qunfa::sandbox::openid("wx0brand", n)).collect();
    world.job("a").audience(qunfa::model::Audience::List(list)).at("2027-03-20 20:00").submit();
    world.platform.inject(FaultKind::Review(Review::Rejected(21_000)));

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("a"), JobState::Partial, "{}", world.reason("a"));
    assert!(world.reason("a").contains("涉嫌其他"), "{}", world.reason("a"));
}
