//! Jobs whose articles and files are uploaded first.

use chrono::TimeDelta;
use qunfa::model::{ArticlesVia, JobState, Kind};
use qunfa::sandbox::{FOREVER, Fault, FaultKind};

use crate::uploads::{article, image, video};
use crate::world::{CrashPoint, World, beijing};

/// The calls of the platform that upload, with when they came.
fn uploads(world: &World) -> Vec<(String, String)> {
    let is_upload =
        |path: &str| ["/media/", "/material/", "/draft/"].iter().any(|part| path.contains(part));
    let requests = world.platform.requests().iter().filter(|request| is_upload(&request.path));
    let called = |path: &str| path.trim_start_matches("/cgi-bin/").to_owned();
    requests
        .map(|request| (called(&request.path), beijing(request.at)[11..16].to_owned()))
        .collect()
}

fn names(world: &World) -> Vec<String> {
    uploads(world).into_iter().map(|(name, _)| name).collect()
}

const ALL: [&str; 3] = ["media/uploadimg", "material/add_material", "draft/add"];

#[test]
fn uploads_are_made_their_span_before_the_time_and_the_send_at_it() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 19:49");
    assert_eq!(names(&world), Vec::<String>::new());
    world.run_until("2027-03-20 20:01");

    assert_eq!(names(&world), ALL);
    assert!(uploads(&world).iter().all(|(_, at)| at == "19:50"), "{:?}", uploads(&world));
    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(beijing(world.platform.accepted()[0].at)[11..16].to_owned(), "20:00");
}

#[test]
fn a_job_without_a_time_is_prepared_and_sent_at_once() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().content(article("a")).submit();

    world.run_until("2027-03-20 12:01");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn an_upload_under_way_holds_no_send() {
    let mut world = World::with(Kind::Service);
    let hang = Fault::new(FaultKind::Hang { processed: false }).on_path("uploadimg").times(FOREVER);
    world.platform.inject(hang);
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();
    world.job("b").tag().at("2027-03-20 19:55").submit();

    world.run_until("2027-03-20 19:56");

    assert_eq!(world.state("b"), JobState::Sent);
    assert_eq!(world.state("a"), JobState::Planned);
}

#[test]
fn a_job_not_ready_by_its_time_goes_when_it_is_within_its_grace() {
    let mut world = World::with(Kind::Subscription);
    world.platform.inject(Fault::new(FaultKind::Errcode(-1)).on_path("draft/add").times(FOREVER));
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.state("a"), JobState::Planned);
    assert!(world.reason("a").starts_with("waits for its uploads: "), "{}", world.reason("a"));
    assert!(world.reason("a").contains("-1 (system error"), "{}", world.reason("a"));

    world.platform.clear_faults();
    world.run_until("2027-03-20 20:29");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_job_whose_uploads_end_in_its_last_second_goes_at_its_time() {
    let mut world = World::new();
    world.ahead = TimeDelta::seconds(1);
    world.add_account("brand", Kind::Subscription, |_, _| {});
    world.run_until("2027-03-20 19:59:59");
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.state("a"), JobState::Sent, "{}", world.reason("a"));
    assert_eq!(beijing(world.platform.accepted()[0].at)[11..].to_owned(), "20:00:00.050");
}

#[test]
fn a_job_whose_uploads_never_succeed_is_missed_with_the_reason() {
    let mut world = World::with(Kind::Subscription);
    world.platform.inject(Fault::new(FaultKind::Errcode(-1)).on_path("uploadimg").times(FOREVER));
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.state("a"), JobState::Missed);
    assert!(
        world.reason("a").contains("its uploads were not done in time"),
        "{}",
        world.reason("a")
    );
    assert!(world.sends().is_empty());
}

#[test]
fn a_lost_answer_is_asked_for_again_and_what_was_stored_is_not() {
    for lost in ALL {
        let mut world = World::with(Kind::Subscription);
        world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path(lost));
        world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();

        world.run_until("2027-03-20 20:01");

        let asked = names(&world);
        for name in ALL {
            let expected = if name == lost { 2 } else { 1 };
            assert_eq!(asked.iter().filter(|it| *it == name).count(), expected, "{asked:?}");
        }
        assert_eq!(world.state("a"), JobState::Sent);
    }
}

#[test]
fn a_crash_at_any_point_uploads_nothing_twice_that_was_stored_and_sends_once() {
    for (point, name) in CrashPoint::ALL {
        for nth in 0..5 {
            let mut world = World::with(Kind::Subscription);
            world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();
            world.run_until("2027-03-20 19:50");
            for _ in 0..nth {
                world.run_for(TimeDelta::milliseconds(100));
            }
            world.crashes.next = Some((point, TimeDelta::seconds(30)));

            world.run_until("2027-03-20 21:30");

            assert_eq!(world.state("a"), JobState::Sent, "{name}, {nth}");
            assert_eq!(world.accepted().len(), 1, "{name}, {nth}");
        }
    }
}

#[test]
fn an_expired_token_is_replaced_for_an_upload_as_well() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(42_001)).on_path("uploadimg"));

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn uploads_wait_while_our_clock_is_wrong() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().content(image("a")).at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 16:00");
    world.step_clock(TimeDelta::hours(4));
    world.run_until("2027-03-20 16:10");
    assert_eq!(names(&world), Vec::<String>::new());

    world.step_clock(TimeDelta::hours(-4));
    world.run_until("2027-03-20 20:01");

    assert_eq!(names(&world), ["media/upload"]);
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn temporary_media_of_a_job_deferred_for_days_are_uploaded_again() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().content(image("a")).at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:55");
    assert_eq!(names(&world), ["media/upload"]);
    let refused = Fault::new(FaultKind::Errcode(45_028)).on_path("sendall").times(1);
    world.platform.inject(refused);

    world.run_until("2027-03-22 19:00");
    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(names(&world), ["media/upload"], "a day later it still lives");
}

#[test]
fn uploadnews_is_called_ten_times_a_day_and_the_next_job_waits() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |setup, _| {
        setup.account.articles_via = ArticlesVia::Uploadnews;
    });
    for n in 0..11 {
        let id = format!("a{n}");
        world.job(&id).list(2 + n).content(article(&id)).at("2027-03-20 20:00").submit();
    }

    world.run_until("2027-03-20 20:29");

    let news = names(&world).iter().filter(|name| *name == "media/uploadnews").count();
    assert_eq!(news, 10);
    let waiting: Vec<_> =
        (0..11).filter(|n| world.state(&format!("a{n}")) == JobState::Planned).collect();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let reason = world.reason(&format!("a{}", waiting[0]));
    assert!(reason.contains("no call for the articles of left"), "{reason}");
}

#[test]
fn a_draft_serves_one_batch_and_articles_of_uploadnews_all() {
    for (via, drafts) in [(ArticlesVia::Draft, 2), (ArticlesVia::Uploadnews, 1)] {
        let mut world = World::new();
        world.add_account("brand", Kind::Service, |setup, spec| {
            setup.account.articles_via = via;
            spec.followers = 20_000;
        });
        world.job("a").list(10_002).content(article("a")).at("2027-03-20 20:00").submit();

        world.run_until("2027-03-20 21:00");

        assert_eq!(world.state("a"), JobState::Sent, "{via:?}");
        assert_eq!(names(&world).len(), 2 + drafts, "{via:?}");
    }
}

#[test]
fn a_cover_deleted_at_the_platform_is_uploaded_anew_once() {
    let mut world = World::with(Kind::Subscription);
    world.platform.inject(Fault::new(FaultKind::Errcode(40_007)).on_path("draft/add"));
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(names(&world).len(), 6);
}

#[test]
fn a_cancelled_job_uploads_nothing_more() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().content(video("a")).at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(46_007)).on_path("uploadvideo"));
    world.run_until("2027-03-20 19:50:10");
    let id = qunfa::model::JobId::parse("a").unwrap();
    let account = world.setup(0).account.clone();
    let now = world.now();
    let said = qunfa::store::DecidedBy { who: "anne", why: None };
    world.engine().change(|tx| tx.cancel(&id, &account, said, now)).unwrap();

    world.run_until("2027-03-20 21:00");

    assert_eq!(names(&world), ["media/upload", "media/uploadvideo"]);
}
