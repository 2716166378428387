//! Jobs that delete the menu, put one back, or do so at their `until`.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::model::{Action, JobId, JobState, Kind, MenuChange, NewMenu};
use qunfa::sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::world::{CrashPoint, World};

const CREATE: &str = "/cgi-bin/menu/create";
const DELETE: &str = "/cgi-bin/menu/delete";
const READ: &str = "/cgi-bin/get_current_selfmenu_info";

/// A menu with both levels.
fn buttons(name: &str) -> Value {
    json!([
        { "type": "view", "name": name, "url": "https://a.example/?b=1&c=2" },
        { "name": "more", "sub_button": [
            { "type": "click", "name": "k", "key": "K" },
            { "type": "miniprogram", "name": "m", "url": "https://a", "appid": "wx2", "pagepath": "p" },
        ] },
    ])
}

fn action(change: Value) -> Action {
    Action::Menu(serde_json::from_value(change).unwrap())
}

fn menu(name: &str) -> Action {
    action(json!({ "button": buttons(name) }))
}

/// The Beijing time of a day in March.
fn beijing_time(text: &str) -> DateTime<Utc> {
    format!("{}:00+08:00", text.replace(' ', "T")).parse().unwrap()
}

fn until(name: &str, until: &str) -> Action {
    action(json!({ "button": buttons(name), "until": beijing_time(until) }))
}

fn restore(job: &str) -> Action {
    let restore = JobId::parse(job).unwrap();
    let to = NewMenu::Before { restore, if_unchanged: false };
    Action::Menu(MenuChange { to, until: None })
}

impl World {
    fn plan_menu(&mut self, id: &str, at: &str, action: Action) {
        self.job(id).at(at).with(|spec| spec.action = action).submit();
    }

    fn stands(&self) -> Option<Value> {
        let menu = self.platform.menu(&self.setup(0).account.appid)?;
        Some(menu["button"].clone())
    }

    /// The calls about the menu that the platform processed, each by its last word.
    fn menu_calls(&self) -> Vec<&str> {
        let paths = self.platform.requests().iter().map(|logged| logged.path.as_str());
        let about = paths.filter(|path| path.contains("menu"));
        about.map(|path| path.rsplit('/').next().unwrap_or_default()).collect()
    }
}

#[test]
fn a_menu_is_deleted_once_and_again_if_the_answer_was_lost() {
    for (fault, calls) in [(None, 2), (Some(FaultKind::AnswerLost), 3)] {
        let mut world = World::with(Kind::Service);
        world.plan_menu("spring", "2027-03-20 19:00", menu("春天"));
        world.plan_menu("gone", "2027-03-20 20:00", action(json!({ "delete": true })));
        world.run_until("2027-03-20 19:30");
        let before = world.menu_calls().len();
        if let Some(kind) = fault {
            world.platform.inject(Fault::new(kind).on_path(DELETE));
        }

        world.run_until("2027-03-20 20:10");

        assert_eq!(world.stands(), None);
        assert_eq!(world.state("gone"), JobState::Sent, "{}", world.reason("gone"));
        assert_eq!(world.menu_calls().len() - before, calls);
    }
}

#[test]
fn what_stood_before_a_menu_is_put_back_exactly() {
    let mut world = World::with(Kind::Service);
    world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
    world.plan_menu("spring", "2027-03-20 19:00", menu("春天"));
    world.plan_menu("back", "2027-03-20 20:00", restore("spring"));
    world.plan_menu("forth", "2027-03-20 21:00", restore("back"));
    world.plan_menu("none", "2027-03-20 22:00", restore("winter"));

    for (hour, expected) in [
        ("18:30", Some("冬天")),
        ("19:30", Some("春天")),
        ("20:30", Some("冬天")),
        ("21:30", Some("春天")),
        ("22:30", None),
    ] {
        world.run_until(&format!("2027-03-20 {hour}"));
        assert_eq!(world.stands(), expected.map(buttons), "{hour}");
    }
    for id in ["winter", "spring", "back", "forth", "none"] {
        assert_eq!(world.state(id), JobState::Sent, "{id}: {}", world.reason(id));
    }
    assert!(world.story("back").ends_with("menu 冬天 | more: done"), "{}", world.story("back"));
}

#[test]
fn a_crash_between_reading_and_changing_loses_nothing_of_what_stood_before() {
    for (point, _) in CrashPoint::ALL {
        for (path, kind) in [
            (READ, FaultKind::AnswerLost),
            (CREATE, FaultKind::AnswerLost),
            (CREATE, FaultKind::Hang { processed: true }),
        ] {
            let mut world = World::with(Kind::Service);
            world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
            world.plan_menu("spring", "2027-03-20 19:00", menu("春天"));
            world.plan_menu("back", "2027-03-20 20:00", restore("spring"));
            world.run_until("2027-03-20 18:59:59");
            world.platform.inject(Fault::new(kind.clone()).on_path(path));
            world.crashes.next = Some((point, TimeDelta::seconds(30)));

            world.run_until("2027-03-20 19:30");
            assert_eq!(world.stands(), Some(buttons("春天")), "{point:?} {path}");
            world.run_until("2027-03-20 20:30");

            assert_eq!(world.stands(), Some(buttons("冬天")), "{point:?} {path} {kind:?}");
        }
    }
}

#[test]
fn a_retried_menu_that_stood_already_still_knows_what_was_before_it() {
    let mut world = World::with(Kind::Service);
    world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
    world.run_until("2027-03-20 18:30");
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path(CREATE).times(1_000));
    world.plan_menu("spring", "2027-03-20 19:00", menu("春天"));
    world.run_until("2027-03-20 22:00");
    assert_eq!((world.state("spring"), world.stands()), (JobState::Failed, Some(buttons("春天"))));
    world.platform.clear_faults();

    world.retry("spring").unwrap();
    world.run_for(TimeDelta::minutes(5));
    world.plan_menu("back", "2027-03-20 23:00", restore("spring"));
    world.run_until("2027-03-20 23:05");

    assert_eq!(world.state("back"), JobState::Sent, "{}", world.reason("back"));
    assert_eq!(world.stands(), Some(buttons("冬天")));
}

#[test]
fn a_menu_with_until_is_put_back_then_by_a_job_of_its_own() {
    for delete in [false, true] {
        let mut world = World::with(Kind::Service);
        world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
        let change = match delete {
            false => until("春天", "2027-03-22 09:00"),
            true => action(json!({ "delete": true, "until": beijing_time("2027-03-22 09:00") })),
        };
        world.plan_menu("spring", "2027-03-20 19:00", change);

        world.run_until("2027-03-20 20:00");
        assert_eq!(world.stands(), (!delete).then(|| buttons("春天")));
        assert_eq!(world.state("spring@until"), JobState::Planned);
        assert_eq!(world.due("spring@until"), "2027-03-22 09:00");
        world.run_until("2027-03-22 09:05");

        assert_eq!(world.stands(), Some(buttons("冬天")), "{}", world.reason("spring@until"));
        assert_eq!(world.state("spring@until"), JobState::Sent);
    }
}

#[test]
fn a_crash_plans_the_job_that_puts_the_menu_back_once() {
    for (point, _) in CrashPoint::ALL {
        let mut world = World::with(Kind::Service);
        world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
        world.plan_menu("spring", "2027-03-20 19:00", until("春天", "2027-03-22 09:00"));
        world.run_until("2027-03-20 18:59:59");
        world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path(CREATE));
        world.crashes.next = Some((point, TimeDelta::seconds(30)));
        world.run_until("2027-03-22 08:59:59");
        world.crashes.next = Some((point, TimeDelta::seconds(30)));

        world.run_until("2027-03-22 09:10");

        assert_eq!(world.stands(), Some(buttons("冬天")), "{point:?}");
        assert_eq!(world.state("spring@until"), JobState::Sent, "{point:?}");
    }
}

#[test]
fn nothing_is_put_back_at_until_once_the_menu_was_changed_by_anybody() {
    let mut by_job = World::with(Kind::Service);
    let mut on_website = World::with(Kind::Service);
    for world in [&mut by_job, &mut on_website] {
        world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
        world.plan_menu("spring", "2027-03-20 19:00", until("春天", "2027-03-22 09:00"));
        world.run_until("2027-03-20 20:00");
    }
    by_job.plan_menu("summer", "2027-03-21 19:00", menu("夏天"));
    let text = json!([{ "type": "text", "name": "t", "value": "hello" }]);
    let appid = on_website.setup(0).account.appid.clone();
    on_website.platform.publish_menu(&appid, json!({ "button": text }));

    for world in [&mut by_job, &mut on_website] {
        world.run_until("2027-03-22 09:05");
        assert_eq!(world.state("spring@until"), JobState::Cancelled);
    }

    assert_eq!(by_job.stands(), Some(buttons("夏天")));
    assert_eq!(by_job.reason("spring@until"), "the menu of job summer took its place");
    assert_eq!(on_website.stands(), Some(text));
    assert!(on_website.reason("spring@until").contains("changed outside qunfa"));
}

#[test]
fn a_menu_of_the_website_that_the_api_cannot_create_is_named_and_never_promised_back() {
    let mut world = World::with(Kind::Service);
    let text =
        json!([{ "name": "g", "sub_button": [{ "type": "news", "name": "n", "value": "M" }] }]);
    let appid = world.setup(0).account.appid.clone();
    world.platform.publish_menu(&appid, json!({ "button": text }));
    world.plan_menu("until", "2027-03-20 18:00", until("春天", "2027-03-22 09:00"));
    world.run_until("2027-03-20 18:30");
    assert_eq!((world.state("until"), world.stands()), (JobState::Failed, Some(text)));
    let reason = world.reason("until");
    assert!(reason.contains("g / n (news)"), "{reason}");

    world.plan_menu("spring", "2027-03-20 19:00", menu("春天"));
    world.plan_menu("back", "2027-03-20 20:00", restore("spring"));
    world.run_until("2027-03-20 20:30");

    assert_eq!((world.state("back"), world.stands()), (JobState::Failed, Some(buttons("春天"))));
    assert!(world.reason("back").contains("g / n (news)"), "{}", world.reason("back"));
}

#[test]
fn a_menu_that_cannot_be_read_is_replaced_all_the_same_unless_it_must_be_put_back() {
    let mut world = World::with(Kind::Service);
    world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
    world.run_until("2027-03-20 18:30");
    world.platform.inject(Fault::new(FaultKind::Errcode(-1)).on_path(READ).times(8));
    world.plan_menu("spring", "2027-03-20 19:00", menu("春天"));
    world.plan_menu("summer", "2027-03-20 19:30", until("夏天", "2027-03-22 09:00"));

    world.run_until("2027-03-20 19:05");
    assert_eq!((world.state("spring"), world.stands()), (JobState::Sent, Some(buttons("春天"))));
    assert!(world.story("spring").contains("question for the menu failed"));
    world.run_until("2027-03-20 19:31");
    assert_eq!(world.stands(), Some(buttons("春天")), "it waits until it knows");
    world.run_until("2027-03-22 09:05");

    assert_eq!(world.state("summer@until"), JobState::Sent, "{}", world.reason("summer"));
    assert_eq!(world.stands(), Some(buttons("春天")));
    world.plan_menu("back", "2027-03-22 20:00", restore("spring"));
    world.run_until("2027-03-22 20:05");
    assert_eq!(world.reason("back"), "the menu that stood before job spring is not known");
}

#[test]
fn a_restore_waits_for_its_job_and_fails_for_one_that_is_none() {
    let mut world = World::with(Kind::Service);
    world.job("text").at("2027-03-20 17:00").tag().submit();
    world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
    world.plan_menu("spring", "2027-03-20 20:10", menu("春天"));
    world.plan_menu("back", "2027-03-20 20:00", restore("spring"));
    world.plan_menu("text-back", "2027-03-20 20:00", restore("text"));
    world.plan_menu("nobody-back", "2027-03-20 20:00", restore("nobody"));

    world.run_until("2027-03-20 20:05");
    assert_eq!(world.state("back"), JobState::Planned);
    assert!(world.reason("back").contains("it has not changed the menu yet"));
    world.run_until("2027-03-20 20:20");

    assert_eq!((world.state("back"), world.stands()), (JobState::Sent, Some(buttons("冬天"))));
    assert_eq!(world.reason("text-back"), "job text does not change the menu");
    assert_eq!(world.reason("nobody-back"), "no job has the id nobody");
}

#[test]
fn a_menu_for_some_followers_stands_beside_that_for_all_until_it_is_deleted() {
    let mut world = World::with(Kind::Service);
    let some = || action(json!({ "button": buttons("VIP"), "matchrule": { "tag_id": "2" } }));
    world.plan_menu("early", "2027-03-20 17:00", some());
    world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
    world.plan_menu("vip", "2027-03-20 19:00", some());

    world.run_until("2027-03-20 19:30");
    let reason = world.reason("early");
    assert!(reason.contains("no menu for all followers"), "{reason}");
    assert_eq!(world.state("vip"), JobState::Sent, "{}", world.reason("vip"));
    assert_eq!(world.stands(), Some(buttons("冬天")));
    let appid = world.setup(0).account.appid.clone();
    let menuid = world.platform.conditional_menus(&appid)[0].0.to_string();
    let engine = world.engine.as_ref().unwrap();
    let made = engine.store().read().api_calls("vip").unwrap().pop().unwrap();
    assert_eq!(made.answer["menuid"], menuid);
    world
        .platform
        .inject(Fault::new(FaultKind::AnswerLost).on_path("/cgi-bin/menu/delconditional"));
    let delete = action(json!({ "delete_menuid": menuid }));
    world.plan_menu("gone", "2027-03-20 20:00", delete);
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("gone"), JobState::Sent, "{}", world.reason("gone"));
    assert_eq!(world.platform.conditional_menus(&appid).len(), 0);
    assert_eq!(world.stands(), Some(buttons("冬天")));
}

#[test]
fn a_later_menu_for_some_followers_does_not_keep_a_failed_menu_from_a_retry() {
    let mut world = World::with(Kind::Service);
    world.plan_menu("base", "2027-03-20 17:00", menu("春天"));
    world.run_until("2027-03-20 17:30");
    world.platform.inject(Fault::new(FaultKind::Errcode(40_018)).on_path(CREATE));
    world.plan_menu("winter", "2027-03-20 18:00", menu("冬天"));
    let some = json!({ "button": buttons("VIP"), "matchrule": { "tag_id": "2" } });
    world.plan_menu("vip", "2027-03-20 19:00", action(some));
    world.run_until("2027-03-20 19:30");
    assert_eq!((world.state("winter"), world.state("vip")), (JobState::Failed, JobState::Sent));

    world.retry("winter").unwrap();
    world.run_for(TimeDelta::minutes(5));

    assert_eq!((world.state("winter"), world.stands()), (JobState::Sent, Some(buttons("冬天"))));
}

#[test]
fn a_menu_whose_until_is_over_or_whose_id_is_taken_changes_nothing() {
    let mut world = World::with(Kind::Service);
    world.plan_menu("spring@until", "2027-03-25 19:00", menu("夏天"));
    world.plan_menu("spring", "2027-03-20 19:00", until("春天", "2027-03-22 09:00"));
    world.plan_menu("late", "2027-03-20 19:00", until("春天", "2027-03-20 19:00"));

    world.run_until("2027-03-20 20:00");

    assert_eq!((world.state("spring"), world.state("late")), (JobState::Failed, JobState::Failed));
    assert!(world.reason("spring").contains("there is a job spring@until already"));
    assert!(world.reason("late").contains("is over: the menu was not changed"));
    assert_eq!(world.stands(), None);
}
