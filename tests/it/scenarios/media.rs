//! The media ids of jobs: each is queried a day before, and the operator is told of one that is gone.

use chrono::TimeDelta;
use qunfa::model::{Content, Images, JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind, MediaKind};

use crate::world::{World, beijing};

fn articles(media_id: &str) -> Content {
    Content::Mpnews { media_id: media_id.to_owned() }
}

fn pictures(media_ids: &[&str]) -> Content {
    Content::Images(Images {
        media_ids: media_ids.iter().map(|id| (*id).to_owned()).collect(),
        recommend: None,
        title: None,
        need_open_comment: None,
        only_fans_can_comment: None,
    })
}

/// An account with a draft, a permanent picture, and nothing else.
fn world() -> World {
    let mut world = World::with(Kind::Service);
    let appid = world.setup(0).account.appid.clone();
    world.platform.add_media(&appid, "a|draft", MediaKind::Draft);
    world.platform.add_media(&appid, "a|news", MediaKind::News);
    world.platform.add_media(&appid, "a|picture", MediaKind::Image);
    world
}

impl World {
    /// The questions for media that reached the platform, with their Beijing times.
    fn media_questions(&self) -> Vec<String> {
        let asks = ["draft/get", "material/get_material", "media/get"];
        let logged = self.platform.requests().iter().filter_map(|logged| {
            let path = logged.path.trim_start_matches("/cgi-bin/");
            asks.contains(&path).then(|| format!("{} {path}", &beijing(logged.at)[..16]))
        });
        logged.collect()
    }

    /// What the alerts about media say, and what they advise.
    fn media_alerts(&self) -> Vec<(String, String)> {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let notes = engine.store().read().attention(self.now()).unwrap();
        let media = notes.into_iter().filter(|note| note.kind == "media");
        media.map(|note| (note.what, note.advice)).collect()
    }

    fn used(&mut self, rule: &str) -> Option<u32> {
        let account = self.setup(0).account.clone();
        let now = self.now();
        let rules = self.engine().store().read().rules(&account, now).unwrap();
        rules.iter().find(|row| row.rule.name() == rule).map(|row| row.used)
    }
}

#[test]
fn a_draft_that_is_there_is_queried_once_a_day_before_and_nothing_is_said() {
    let mut world = world();
    world.job("a").at("2027-03-22 20:00").content(articles("a|draft")).submit();
    let before = world.story("a");

    world.run_until("2027-03-21 19:59");
    assert_eq!(world.media_questions(), [""; 0]);
    world.run_until("2027-03-21 21:00");

    assert_eq!(world.media_questions(), ["2027-03-21 20:00 draft/get"]);
    assert_eq!(world.used("daily_draft_reads"), Some(1));
    world.run_until("2027-03-22 20:05");
    assert_eq!(world.media_questions().len(), 1);
    assert_eq!(world.attention(), [""; 0]);
    assert!(world.story("a").starts_with(&before), "{}", world.story("a"));
    assert_eq!(world.accepted(), ["2027-03-22 20:00:00"]);
}

#[test]
fn a_draft_that_is_gone_is_told_a_day_before_with_what_to_do() {
    let mut world = world();
    world
        .job("a")
        .at("2027-03-22 20:00")
        .content(articles("a|gone"))
        .with(|spec| spec.title = Some("春天".to_owned()))
        .submit();

    world.run_until("2027-03-21 20:01");

    let expected = ["2027-03-21 20:00 draft/get", "2027-03-21 20:00 material/get_material"];
    assert_eq!(world.media_questions(), expected);
    let alerts = world.media_alerts();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let (what, advice) = &alerts[0];
    assert!(what.contains("media id a|gone, which \"春天\" (a) names"), "{what}");
    assert!(advice.contains("`qunfa drafts brand` lists them"), "{advice}");
    assert!(world.story("a").contains("neither a draft nor material with media id a|gone"));
    assert_eq!(world.state("a"), JobState::Planned);

    world.run_until("2027-03-22 20:05");
    assert_eq!(world.state("a"), JobState::Failed);
    assert_eq!(world.media_alerts(), []);
}

#[test]
fn articles_of_older_times_are_found_among_the_material() {
    let mut world = world();
    world.job("a").at("2027-03-22 20:00").content(articles("a|news")).submit();

    world.run_until("2027-03-21 20:01");

    assert_eq!(world.media_questions().len(), 2);
    assert_eq!(world.attention(), [""; 0]);
}

#[test]
fn another_media_id_ends_the_alert_and_is_queried_at_once() {
    let mut world = world();
    world.job("a").at("2027-03-22 20:00").content(articles("a|gone")).submit();
    world.run_until("2027-03-21 20:01");
    assert_eq!(world.attention(), ["media"]);

    world.job("a").at("2027-03-22 20:00").content(articles("a|draft")).submit();
    world.run_until("2027-03-21 20:02");

    assert_eq!(world.attention(), [""; 0]);
    assert_eq!(world.media_questions().len(), 3);
}

#[test]
fn each_picture_is_queried_and_jobs_share_one_answer() {
    let mut world = world();
    let content = || pictures(&["a|picture", "a|gone"]);
    world.job("a").at("2027-03-22 20:00").tag().content(content()).submit();
    world.job("b").at("2027-03-22 20:30").tag().content(content()).submit();

    world.run_until("2027-03-21 21:00");

    // The first is permanent material, the other one is neither that nor temporary.
    let mut asked: Vec<_> =
        world.media_questions().iter().map(|line| line[17..].to_owned()).collect();
    asked.sort();
    assert_eq!(asked, ["material/get_material", "material/get_material", "media/get"]);
    let alerts = world.media_alerts();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts.iter().all(|(_, advice)| advice.contains("upload it again")), "{alerts:?}");
    assert_eq!(world.used("daily_draft_reads"), None);
}

#[test]
fn nothing_is_queried_in_the_minutes_before_a_release() {
    let mut world = world();
    world.job("a").at("2027-03-20 12:09").content(articles("a|draft")).submit();

    world.run_until("2027-03-20 12:30");

    assert_eq!(world.media_questions(), [""; 0]);
    assert_eq!(world.accepted(), ["2027-03-20 12:09:00"]);
}

#[test]
fn a_job_of_today_is_queried_when_it_is_taken() {
    let mut world = world();
    world.job("a").at("2027-03-20 20:00").content(articles("a|gone")).submit();

    world.run_for(TimeDelta::seconds(5));

    assert_eq!(world.attention(), ["media"]);
}

#[test]
fn without_an_answer_nobody_is_told_that_something_is_gone() {
    let mut world = world();
    let fault = FaultKind::Errcode(-1);
    world.platform.inject(Fault::new(fault).on_path("draft/get").times(10));
    world.job("a").at("2027-03-20 20:00").content(articles("a|draft")).submit();

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.media_questions().len(), 3);
    assert_eq!(world.attention(), [""; 0]);
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}

#[test]
fn a_job_that_another_took_the_draft_of_is_told() {
    let mut world = world();
    world.job("a").at("2027-03-20 12:30").content(articles("a|draft")).submit();
    world.job("b").at("2027-03-22 20:00").content(articles("a|draft")).submit();

    world.run_until("2027-03-21 20:01");

    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.attention(), ["media"]);
}

#[test]
fn a_job_that_waits_for_an_approval_is_checked_too() {
    let mut world = world();
    world
        .job("a")
        .at("2027-03-22 20:00")
        .content(articles("a|gone"))
        .with(|spec| spec.approval = true)
        .submit();

    world.run_until("2027-03-21 20:01");

    assert!(world.attention().contains(&"media".to_owned()), "{:?}", world.attention());
}
