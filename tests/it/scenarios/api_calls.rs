//! The calls beside the broadcasts: previews, deletions, the speed.

use chrono::TimeDelta;
use qunfa::calls::Role;
use qunfa::model::{
    Action, ApiCall, Content, Deletion, JobId, JobState, Kind, Preview, Speed, Viewer,
};
use qunfa::reason::Reason;
use qunfa::sandbox::{EventFate, FOREVER, Fault, FaultKind};
use qunfa::store::{ApiCallView, DecidedBy, NewApiCall};

use crate::uploads::{article, articles_of};
use crate::views::{told, written};
use crate::world::{CrashPoint, World, beijing};

fn name(name: &str) -> Viewer {
    Viewer::parse(name).unwrap()
}

fn speed(level: i64) -> Speed {
    Speed::new(level).unwrap()
}

fn deletion(job: &str, article_idx: Option<u32>) -> Action {
    let job = JobId::parse(job).unwrap();
    Action::Delete(Deletion { job, article_idx, force: false })
}

fn articles(id: &str) -> Content {
    Content::Mpnews { media_id: format!("{id}|articles") }
}

fn fault(path: &str, kind: FaultKind, times: u32) -> Fault {
    Fault::new(kind).on_path(path).times(times)
}

impl World {
    /// A person wants something of the platform.
    fn wants(&mut self, api_call: &ApiCall, job: Option<&str>) -> i64 {
        let job = job.map(|id| JobId::parse(id).unwrap());
        let new = NewApiCall {
            account: "brand",
            api_call,
            role: Role::Command,
            job: job.as_ref(),
            batch: None,
            said: Some(DecidedBy { who: "alice", why: None }),
        };
        let mut id = 0;
        self.word(|tx, now| {
            id = tx.write_api_call(&new, now)?;
            Ok(())
        })
        .unwrap();
        id
    }

    pub(super) fn api_call(&self, id: i64) -> ApiCallView {
        let engine = self.engine.as_ref().expect("the daemon runs");
        engine.store().read().api_call_view(id).unwrap().unwrap()
    }

    /// The calls of the mass family that reached the platform, with their Beijing times and codes.
    fn calls(&self) -> Vec<String> {
        let family =
            self.platform.requests().iter().filter(|logged| logged.path.contains("/message/mass/"));
        let told = family.map(|logged| {
            let code = logged.errcode.map_or_else(|| "none".to_owned(), |code| code.to_string());
            let path = logged.path.trim_start_matches("/cgi-bin/message/mass/");
            format!("{} {path} {code}", &beijing(logged.at)[11..19])
        });
        told.filter(|call| !call.contains(" get ")).collect()
    }

    pub(super) fn story(&self, id: &str) -> String {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let story = engine.store().read().history(id).unwrap();
        story.into_iter().map(|line| told(&line.why)).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn a_preview_is_made_at_once_and_counted_and_stands_in_the_story() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();

    let shown = world.wants(&ApiCall::Preview(name("anne"), None), Some("a"));
    world.run_for(TimeDelta::seconds(2));

    assert_eq!(world.api_call(shown).state, "done");
    assert!(world.api_call(shown).answer["msg_id"].is_i64());
    assert_eq!(world.calls(), ["12:00:00 preview 0"]);
    assert!(world.story("a").ends_with("preview to WeChat name anne by alice: done"));
    assert_eq!(world.state("a"), JobState::Planned);
    let account = world.setup(0).account.clone();
    let now = world.now();
    let rules = world.engine().store().read().rules(&account, now).unwrap();
    let previews = rules.iter().find(|rule| rule.rule.name() == "daily_previews");
    assert_eq!(previews.map(|rule| (rule.used, rule.limit)), Some((1, 100)));
}

#[test]
fn a_preview_to_a_name_that_the_platform_does_not_know_says_so() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();

    let shown = world.wants(&ApiCall::Preview(name("bad-name"), None), Some("a"));
    world.run_for(TimeDelta::seconds(2));

    let api_call = world.api_call(shown);
    assert_eq!((api_call.state.as_str(), api_call.errcode), ("failed", Some(40_132)));
    assert!(told(&api_call.why.unwrap()).contains("the WeChat name is not valid"));
}

#[test]
fn the_hundred_and_first_preview_of_a_day_is_refused_without_a_request() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();
    let mut last = 0;
    for _ in 0..101 {
        last = world.wants(&ApiCall::Preview(name("anne"), None), Some("a"));
    }
    world.job("b").at("2027-03-20 12:00:30").tag().submit();

    world.run_for(TimeDelta::minutes(5));

    let api_call = world.api_call(last);
    assert_eq!((api_call.state.as_str(), api_call.attempts), ("failed", 0));
    assert!(told(&api_call.why.unwrap()).contains("daily_previews of 2027-03-20"));
    assert_eq!(world.calls().iter().filter(|call| call.contains("preview 0")).count(), 100);
    assert_eq!(world.accepted(), ["2027-03-20 12:00:30"], "previews leave the sends their room");
}

#[test]
fn the_previews_of_a_job_come_before_it_and_once_also_while_it_is_held() {
    let mut world = World::with(Kind::Subscription);
    let openid = qunfa::sandbox::openid(&world.setup(0).account.appid, 1);
    let to = vec![name("anne"), Viewer::Openid(openid)];
    let before = TimeDelta::minutes(30);
    world
        .job("a")
        .at("2027-03-20 20:00")
        .with(|spec| {
            spec.approval = true;
            spec.preview = Some(Preview { to, before, card_ext: None });
        })
        .submit();

    world.run_until("2027-03-20 19:29:59");
    assert_eq!(world.calls().len(), 0);
    world.run_until("2027-03-20 20:05");

    let calls = world.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls.iter().all(|call| call.starts_with("19:30:0") && call.ends_with("preview 0")));
    assert_eq!(world.state("a"), JobState::Held);
}

#[test]
fn uploads_begin_early_enough_for_a_preview_at_its_time() {
    let mut world = World::with(Kind::Subscription);
    let to = vec![name("anne")];
    let preview = Preview { to, before: TimeDelta::minutes(30), card_ext: None };
    let mut job = world.job("a").tag().content(article("a")).at("2027-03-20 20:00");
    job = job.with(|spec| spec.preview = Some(preview));
    job.submit();

    world.run_until("2027-03-20 19:19");
    assert!(!world.calls().iter().any(|call| call.contains("preview")), "{:?}", world.calls());
    world.run_until("2027-03-20 20:01");

    let calls = world.calls();
    let shown: Vec<_> = calls.iter().filter(|call| call.contains("preview")).collect();
    assert_eq!(shown.len(), 1, "{calls:?}");
    assert!(shown[0].starts_with("19:30:0") && shown[0].ends_with("preview 0"), "{calls:?}");
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_preview_that_a_person_wants_too_early_fails_without_a_request() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").tag().content(article("a")).at("2027-03-20 20:00").submit();

    let anne = name("anne");
    let shown = world.wants(&ApiCall::Preview(anne, None), Some("a"));
    world.run_for(TimeDelta::seconds(2));

    let api_call = world.api_call(shown);
    assert_eq!((api_call.state.as_str(), api_call.attempts), ("failed", 0));
    assert_eq!(api_call.why, Some(Reason::NotPrepared));
}

#[test]
fn a_preview_that_fails_is_told_and_its_broadcast_goes() {
    let mut world = World::with(Kind::Subscription);
    let preview =
        Preview { to: vec![name("bad-name")], before: TimeDelta::minutes(10), card_ext: None };
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.preview = Some(preview)).submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.calls(), ["19:50:00 preview 40132", "20:00:00 sendall 0"]);
    assert_eq!(world.attention(), ["preview"]);
    assert!(world.story("a").contains("preview to WeChat name bad-name failed"));
}

#[test]
fn a_broadcasts_speed_is_set_before_it_goes() {
    let mut world = World::with(Kind::Subscription);
    world.ahead = TimeDelta::seconds(1);
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.speed = Some(speed(4))).submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.calls(), ["19:59:30 speed/set 0", "20:00:00 sendall 0"]);
    assert!(world.story("a").contains("setting of speed 4 (10w a minute): done"));
}

#[test]
fn a_broadcast_that_is_due_at_once_waits_a_moment_for_its_speed() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").with(|spec| spec.speed = Some(speed(0))).submit();

    world.run_for(TimeDelta::minutes(1));

    assert_eq!(world.calls(), ["12:00:00 speed/set 0", "12:00:00 sendall 0"]);
}

#[test]
fn a_speed_that_cannot_be_set_delays_no_broadcast_and_is_told() {
    for kind in [FaultKind::Errcode(45_085), FaultKind::Hang { processed: false }] {
        let mut world = World::with(Kind::Subscription);
        world.platform.inject(fault("/cgi-bin/message/mass/speed/set", kind, 9));
        world.job("a").at("2027-03-20 20:00").with(|spec| spec.speed = Some(speed(4))).submit();

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
        assert_eq!(world.attention(), ["speed"]);
        assert!(world.story("a").contains("setting of speed 4 (10w a minute) failed"));
    }
}

#[test]
fn a_deferred_broadcast_is_given_its_speed_again() {
    let mut world = World::with(Kind::Subscription);
    world.platform.inject(fault("/mass/sendall", FaultKind::Errcode(45_028), 1));
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.speed = Some(speed(4))).submit();

    world.run_until("2027-03-21 20:01");

    assert_eq!(world.accepted(), ["2027-03-21 20:00:00"]);
    let set = world.calls().iter().filter(|call| call.contains("speed/set 0")).count();
    assert_eq!(set, 2);
}

#[test]
fn a_retried_broadcast_is_given_its_speed_again_and_is_not_shown_again() {
    let mut world = World::with(Kind::Subscription);
    let refused = Fault::new(FaultKind::Refused).on_path("sendall").times(FOREVER);
    world.platform.inject(refused);
    let preview =
        Preview { to: vec![name("anne")], before: TimeDelta::minutes(10), card_ext: None };
    let job = world.job("a").at("2027-03-20 20:00");
    job.with(|spec| (spec.speed, spec.preview) = (Some(speed(4)), Some(preview))).submit();
    world.run_until("2027-03-20 22:30");
    assert_eq!(world.state("a"), JobState::Missed);
    world.platform.clear_faults();

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(1));

    assert_eq!(world.state("a"), JobState::Sent);
    let count = |what: &str| world.calls().iter().filter(|call| call.contains(what)).count();
    assert_eq!((count("speed/set 0"), count("preview")), (2, 1));
}

#[test]
fn a_delete_job_waits_until_its_broadcast_went_out_and_ends_it() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").content(articles("a")).submit();
    let pull = deletion("a", Some(0));
    world.job("pull").at("2027-03-20 19:50").with(|spec| spec.action = pull).submit();

    world.run_until("2027-03-20 19:55");
    assert_eq!(world.state("pull"), JobState::Planned);
    assert!(world.reason("pull").contains("only what was sent can be deleted"));
    world.run_until("2027-03-20 20:02");

    assert_eq!((world.state("pull"), world.state("a")), (JobState::Sent, JobState::Sent));
    assert_eq!([world.view("pull").stands(), world.view("a").stands()], ["done", "sent (deleted)"]);
    assert!(world.story("a").ends_with("deletion of the broadcast of job a: done"));
}

impl World {
    /// The articles that the platform was asked to delete: 0 is all of them.
    fn deleted_articles(&self) -> Vec<i64> {
        self.deletions.iter().map(|body| body["article_idx"].as_i64().unwrap()).collect()
    }

    /// Sends so many articles of ours, and lets a job delete one of them.
    fn delete_of(articles: usize, article: Option<u32>) -> Self {
        let mut world = Self::with(Kind::Service);
        world.job("a").at("2027-03-20 19:00").content(articles_of("a", articles)).submit();
        let pull = deletion("a", article);
        world.job("pull").at("2027-03-20 20:00").with(|spec| spec.action = pull).submit();
        world
    }
}

#[test]
fn an_article_that_is_named_is_deleted_as_named() {
    for (articles, article, asked) in
        [(3, Some(1), 1), (3, Some(3), 3), (1, Some(1), 1), (1, None, 0), (3, Some(0), 0)]
    {
        let mut world = World::delete_of(articles, article);

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.deleted_articles(), [asked], "{articles} {article:?}");
        assert_eq!(world.state("pull"), JobState::Sent, "{}", world.reason("pull"));
        assert_eq!(world.view("a").deleted, asked == 0 || articles == 1, "{articles} {article:?}");
    }
}

#[test]
fn what_a_broadcast_has_is_known_from_its_job_and_not_from_what_an_event_names() {
    for (article, why) in
        [(None, "has 3 articles, and none was named"), (Some(4), "has no article 4, only 3")]
    {
        let mut world = World::delete_of(3, article);
        // Its event never comes, so nothing names any article of it.
        world.platform.inject(FaultKind::Events(EventFate::Lost));

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.state("pull"), JobState::Failed);
        assert!(world.reason("pull").contains(why), "{}", world.reason("pull"));
        assert_eq!(world.deleted_articles(), Vec::<i64>::new());
    }
}

impl World {
    /// Sends articles to a list of three batches at 19:00.
    fn sent_in_three(content: Content) -> Self {
        let mut world = Self::new();
        world.add_account("brand", Kind::Service, |_, spec| spec.followers = 20_001);
        world.job("a").list(20_001).content(content).at("2027-03-20 19:00").submit();
        world.run_until("2027-03-20 19:30");
        assert_eq!(world.accepted().len(), 3, "{}", world.reason("a"));
        world
    }

    /// Lets a job delete all of `a`.
    fn pulls(&mut self, id: &str, at: &str) {
        let pull = deletion("a", Some(0));
        self.job(id).at(at).with(|spec| spec.action = pull).submit();
    }

    fn deleted_batches(&self) -> Vec<bool> {
        self.view("a").batches.iter().map(|batch| batch.deleted).collect()
    }
}

#[test]
fn each_broadcast_of_a_job_is_deleted_and_one_deletion_serves_those_of_one_medium() {
    // Every batch has a draft of its own; a media_id of elsewhere serves all of them.
    for (content, deletions) in [(article("a"), 3), (articles("a"), 1)] {
        let mut world = World::sent_in_three(content);
        let sent: Vec<_> = world.view("a").batches.iter().map(|batch| batch.msg_id).collect();

        world.pulls("pull", "2027-03-20 20:00");
        world.run_until("2027-03-20 20:05");

        let asked: Vec<_> = world.deletions.iter().map(|body| body["msg_id"].as_i64()).collect();
        assert_eq!(asked, sent[..deletions]);
        assert_eq!(world.state("pull"), JobState::Sent, "{}", world.reason("pull"));
        assert_eq!((world.view("a").deleted, world.deleted_batches()), (true, vec![true; 3]));
    }
}

#[test]
fn a_deletion_that_ends_half_way_says_so_and_is_gone_on_with() {
    let mut world = World::sent_in_three(article("a"));
    world.platform.inject(fault("/mass/delete", FaultKind::Errcode(40_008), 1));

    world.pulls("pull", "2027-03-20 20:00");
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("pull"), JobState::Failed);
    assert!(world.reason("pull").contains("1 of 3 failed"), "{}", world.reason("pull"));
    assert_eq!(
        (world.view("a").stands().as_str(), world.view("a").deleted),
        ("partly deleted", false)
    );
    assert_eq!(world.deleted_batches(), [false, true, true]);
    world.retry("pull").unwrap();
    world.run_for(TimeDelta::minutes(2));
    assert_eq!((world.state("pull"), world.view("a").deleted), (JobState::Sent, true));
    assert_eq!(world.deletions.len(), 4, "what is deleted is not deleted again");
}

#[test]
fn a_delete_job_waits_for_all_broadcasts_of_its_job() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.followers = 20_001);
    world.platform.inject(fault("/mass/send", FaultKind::Errcode(-1), 1));
    world.job("a").list(20_001).content(articles("a")).at("2027-03-20 20:00").submit();
    world.pulls("pull", "2027-03-20 20:00:40");

    world.run_until("2027-03-20 20:00:50");
    assert_eq!(world.state("pull"), JobState::Planned);
    assert!(world.reason("pull").contains("of its 3 broadcasts"), "{}", world.reason("pull"));
    world.run_until("2027-03-20 20:15");

    assert_eq!((world.state("pull"), world.view("a").deleted), (JobState::Sent, true));
}

#[test]
fn a_deletion_that_cannot_work_fails_with_its_reason_and_without_a_request() {
    let mut world = World::with(Kind::Service);
    world.job("text").at("2027-03-20 19:00").tag().submit();
    world.job("news").at("2027-03-20 19:10").tag().content(articles("news")).submit();
    for (id, of, article) in
        [("a", "text", Some(0)), ("b", "news", None), ("c", "nobody", None), ("d", "a", None)]
    {
        let action = deletion(of, article);
        world.job(id).at("2027-03-20 20:00").with(|spec| spec.action = action).submit();
    }

    world.run_until("2027-03-20 20:05");

    for (id, why) in [
        ("a", "deletes articles (mpnews) and videos (mpvideo) only"),
        ("b", "how many articles job news sent is not known"),
        ("c", "no job has the id nobody"),
        ("d", "job a is no broadcast"),
    ] {
        assert_eq!(world.state(id), JobState::Failed, "{id}");
        assert!(world.reason(id).contains(why), "{id}: {}", world.reason(id));
    }
    assert!(world.calls().iter().all(|call| !call.contains("delete")));
}

#[test]
fn a_deletion_whose_answer_is_lost_is_asked_again_and_done_once() {
    for kind in [FaultKind::AnswerLost, FaultKind::RequestLost, FaultKind::Refused] {
        let mut world = World::with(Kind::Service);
        world.job("a").at("2027-03-20 19:00").content(articles("a")).submit();
        let pull = deletion("a", Some(0));
        world.job("pull").at("2027-03-20 20:00").with(|spec| spec.action = pull).submit();
        world.run_until("2027-03-20 19:30");
        world.platform.inject(fault("/mass/delete", kind, 1));

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.state("pull"), JobState::Sent);
        assert!(world.view("a").deleted);
    }
}

#[test]
fn a_repeated_deletion_that_is_answered_40059_asks_what_became_of_the_broadcast() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 19:00").content(articles("a")).submit();
    let pull = deletion("a", Some(0));
    world.job("pull").at("2027-03-20 20:00").with(|spec| spec.action = pull).submit();
    world.run_until("2027-03-20 19:30");
    world.platform.inject(fault("/mass/delete", FaultKind::AnswerLost, 1));
    world.platform.inject(fault("/mass/delete", FaultKind::Errcode(40_059), 1));

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("pull"), JobState::Sent, "{}", world.reason("pull"));
    assert!(world.view("a").deleted);
}

#[test]
fn a_speed_job_sets_the_speed_at_its_time() {
    let mut world = World::with(Kind::Subscription);
    let slow = Action::Speed(speed(4));
    world.job("slow").at("2027-03-20 20:00").with(|spec| spec.action = slow).submit();

    world.run_until("2027-03-20 20:00:02");
    let asked = world.wants(&ApiCall::SpeedGet, None);
    world.run_for(TimeDelta::seconds(2));

    assert_eq!(world.state("slow"), JobState::Sent);
    assert_eq!(world.calls()[0], "20:00:00 speed/set 0");
    assert_eq!(world.api_call(asked).answer["speed"], 4);
    assert_eq!(world.api_call(asked).answer["realspeed"], 10);
}

#[test]
fn a_speed_job_claims_no_window() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    let slow = Action::Speed(speed(4));
    let taken = world.job("slow").at("2027-03-20 20:00").with(|spec| spec.action = slow).submit();

    assert_eq!((taken.state, world.due("slow").as_str()), (JobState::Planned, "2027-03-20 20:00"));
    world.run_until("2027-03-20 20:01");

    assert_eq!((world.state("a"), world.state("slow")), (JobState::Sent, JobState::Sent));
}

#[test]
fn a_job_that_nobody_could_do_in_its_grace_is_missed_and_done_when_retried() {
    let mut world = World::with(Kind::Subscription);
    let slow = Action::Speed(speed(4));
    world.job("slow").at("2027-03-20 20:00").with(|spec| spec.action = slow).submit();
    world.run_until("2027-03-20 19:59");
    world.crash(TimeDelta::hours(1));

    world.run_until("2027-03-20 21:05");
    assert_eq!(world.state("slow"), JobState::Missed);
    world.retry("slow").unwrap();
    world.run_for(TimeDelta::minutes(2));

    assert_eq!(world.state("slow"), JobState::Sent);
}

#[test]
fn a_speed_job_that_goes_on_failing_fails_and_can_be_cancelled_before() {
    let fails = || {
        let mut world = World::with(Kind::Subscription);
        world.platform.inject(fault("/speed/set", FaultKind::Errcode(45_085), 99));
        let slow = Action::Speed(speed(4));
        world.job("slow").at("2027-03-20 20:00").with(|spec| spec.action = slow).submit();
        world.run_until("2027-03-20 20:01");
        world
    };
    let (mut first, mut second) = (fails(), fails());
    let account = second.setup(0).account.clone();
    let id = JobId::parse("slow").unwrap();
    let alice = DecidedBy { who: "alice", why: None };

    first.run_until("2027-03-20 23:00");
    second.word(|tx, now| tx.cancel(&id, &account, alice, now)).unwrap();
    second.run_until("2027-03-20 23:00");

    assert_eq!(first.state("slow"), JobState::Failed);
    assert!(first.reason("slow").contains("45085"), "{}", first.reason("slow"));
    assert_eq!(second.state("slow"), JobState::Cancelled);
}

#[test]
fn an_api_call_under_way_at_a_crash_is_asked_again_after_the_start() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_for(TimeDelta::seconds(5));
    let shown = world.wants(&ApiCall::Preview(name("anne"), None), Some("a"));
    world.run_for(TimeDelta::seconds(2));
    world.crashes.next = Some((CrashPoint::ResponseArrived, TimeDelta::seconds(30)));
    let again = world.wants(&ApiCall::Preview(name("bob"), None), Some("a"));

    world.run_for(TimeDelta::minutes(1));

    assert_eq!(
        (world.api_call(shown).state.as_str(), world.api_call(again).state.as_str()),
        ("done", "done")
    );
    assert_eq!(world.api_call(again).attempts, 2);
}

#[test]
fn no_api_call_is_asked_in_the_first_two_minutes_of_a_day() {
    let mut world = World::with(Kind::Service);
    world.run_until("2027-03-21 00:00:30");

    let asked = world.wants(&ApiCall::SpeedGet, None);
    world.run_until("2027-03-21 00:05");

    assert_eq!(world.api_call(asked).state, "done");
    assert!(world.calls()[0].as_str() >= "00:02:00", "{:?}", world.calls());
}

#[test]
fn a_hold_stops_jobs_and_what_comes_before_them_and_no_persons_wish() {
    let mut world = World::with(Kind::Subscription);
    let slow = Action::Speed(speed(4));
    world.job("slow").at("2027-03-20 20:00").with(|spec| spec.action = slow).submit();
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.speed = Some(speed(1))).submit();
    world.run_until("2027-03-20 19:50");
    world.word(|tx, now| tx.hold(None, &written("alice said hold"), now)).unwrap();

    world.run_until("2027-03-20 20:10");
    let asked = world.wants(&ApiCall::SpeedGet, None);
    world.run_for(TimeDelta::seconds(5));

    assert_eq!(world.api_call(asked).state, "done");
    assert_eq!(world.calls().len(), 1, "{:?}", world.calls());
    assert_eq!(world.state("slow"), JobState::Planned);
}
