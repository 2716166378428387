//! Jobs that give an account its menu or make a QR code.

use chrono::TimeDelta;
use qunfa::model::{Action, Button, ButtonType, JobId, JobState, Kind, Menu, Press, Qrcode, Scene};
use qunfa::quota::Rule;
use qunfa::sandbox::{Fault, FaultKind};
use qunfa::store::DecidedBy;
use serde_json::Value;

use crate::views::written;
use crate::world::{CrashPoint, MarkFate, World, beijing};

const MENU: &str = "/cgi-bin/menu/create";
const QRCODE: &str = "/cgi-bin/qrcode/create";

fn menu(name: &str) -> Action {
    let press = Press {
        kind: ButtonType::Click,
        name: name.to_owned(),
        key: Some("K".to_owned()),
        url: None,
        media_id: None,
        appid: None,
        pagepath: None,
        article_id: None,
    };
    Action::Menu(Menu { button: vec![Button::Press(press)] }.into())
}

fn code(expire_seconds: Option<u32>, scene: u32) -> Action {
    Action::Qrcode(Qrcode { expire_seconds, scene: Scene::Id(scene), renew: false })
}

fn fault(path: &str, kind: FaultKind, times: u32) -> Fault {
    Fault::new(kind).on_path(path).times(times)
}

impl World {
    fn plan_action(&mut self, id: &str, at: &str, action: Action) {
        self.job(id).at(at).with(|spec| spec.action = action).submit();
    }

    /// The calls to one path that reached the platform, with their Beijing times and codes.
    fn calls_to(&self, path: &str) -> Vec<String> {
        let asked = self.platform.requests().iter().filter(|logged| logged.path == path);
        let told = asked.map(|logged| {
            let code = logged.errcode.map_or_else(|| "none".to_owned(), |code| code.to_string());
            format!("{} {code}", &beijing(logged.at)[11..19])
        });
        told.collect()
    }

    /// The name of the first button that followers see.
    fn shown(&self) -> Option<&str> {
        let menu = self.platform.menu(&self.setup(0).account.appid)?;
        menu["button"][0]["name"].as_str()
    }

    /// The codes that the platform counts, and those that the ledger does.
    fn permanent(&mut self) -> (usize, u32) {
        let account = self.setup(0).account.clone();
        let now = self.now();
        let rules = self.engine().store().read().rules(&account, now).unwrap();
        let ours = rules.iter().find(|rule| rule.rule == Rule::PermanentQrcodes);
        (self.platform.permanent_codes(&account.appid), ours.map_or(0, |rule| rule.used))
    }

    /// What the platform told of the code that a job made.
    fn code_of(&self, id: &str) -> Value {
        let engine = self.engine.as_ref().expect("the daemon runs");
        engine.store().read().api_calls(id).unwrap().pop().unwrap().answer
    }
}

#[test]
fn a_menu_takes_its_place_at_its_time_and_uses_no_broadcast() {
    let mut world = World::with(Kind::Subscription);
    world.plan_action("menu", "2027-03-20 20:00", menu("春天"));
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:00:05");

    assert_eq!(world.shown(), Some("春天"));
    assert_eq!(world.calls_to(MENU), ["20:00:00 0"]);
    assert_eq!((world.state("menu"), world.state("a")), (JobState::Sent, JobState::Accepted));
    assert!(world.story("menu").ends_with("menu 春天: done"), "{}", world.story("menu"));
}

#[test]
fn a_menu_is_asked_again_until_its_retry_for_is_over() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(fault(MENU, FaultKind::Errcode(-1), 99));
    world.plan_action("menu", "2027-03-20 20:00", menu("春天"));

    world.run_until("2027-03-20 21:59");
    assert_eq!(world.state("menu"), JobState::Releasing);
    let asked = world.calls_to(MENU).len();
    world.run_until("2027-03-21 20:00");

    assert!(asked > 8, "{asked}");
    assert_eq!(world.calls_to(MENU).len(), asked);
    assert_eq!(world.state("menu"), JobState::Failed);
    let reason = world.reason("menu");
    let told = "nobody could say in the time it had whether it was done; what was last heard: \
                the platform answered -1";
    assert!(reason.starts_with(told), "{reason}");
}

#[test]
fn a_menu_whose_answer_was_lost_is_given_again() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(fault(MENU, FaultKind::AnswerLost, 2));
    world.plan_action("menu", "2027-03-20 20:00", menu("春天"));

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("menu"), JobState::Sent);
    assert_eq!(world.calls_to(MENU).len(), 3);
}

#[test]
fn a_menu_that_the_platform_refuses_fails_with_what_helps() {
    let mut world = World::with(Kind::Service);
    world.plan_action("menu", "2027-03-20 20:00", menu("太长太长太长"));

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.calls_to(MENU), ["20:00:00 40018"]);
    assert_eq!(world.state("menu"), JobState::Failed);
    let reason = world.reason("menu");
    assert!(reason.contains("longer than 16 bytes; correct the menu"), "{reason}");
}

#[test]
fn a_menu_in_doubt_never_takes_the_place_of_a_later_one() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(fault(MENU, FaultKind::AnswerLost, 3));
    world.plan_action("old", "2027-03-20 20:00", menu("old"));
    world.plan_action("new", "2027-03-20 20:01", menu("new"));

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.shown(), Some("new"));
    assert_eq!((world.state("old"), world.state("new")), (JobState::Failed, JobState::Sent));
    assert!(world.reason("old").contains("the menu of job new took its place"));
}

/// Two menus that were missed over a hold.
fn two_missed_menus() -> World {
    let mut world = World::with(Kind::Service);
    world.plan_action("old", "2027-03-20 12:20", menu("old"));
    world.plan_action("new", "2027-03-20 12:30", menu("new"));
    world.word(|tx, now| tx.hold(None, &written("alice said hold"), now)).unwrap();
    world.run_until("2027-03-21 09:00");
    world.resume();
    world.run_for(TimeDelta::minutes(5));
    assert_eq!((world.state("old"), world.state("new")), (JobState::Missed, JobState::Missed));
    world
}

const NEW_IS_THERE: &str = "job old is missed and cannot be asked for again: the menu of job new, \
    planned for 2027-03-20 12:30:00 +08:00, took its place; submit it under another id to put it back";

#[test]
fn a_missed_menu_cannot_be_retried_once_a_later_one_is_in_place() {
    let mut world = two_missed_menus();
    world.retry("new").unwrap();
    world.run_for(TimeDelta::minutes(5));

    let refusal = world.retry("old").unwrap_err();
    world.run_for(TimeDelta::minutes(5));

    assert_eq!(refusal, NEW_IS_THERE);
    assert_eq!((world.state("old"), world.shown()), (JobState::Missed, Some("new")));
}

#[test]
fn a_missed_menu_cannot_be_retried_behind_a_later_one_that_waits_for_a_hold_to_end() {
    let mut world = two_missed_menus();
    world.word(|tx, now| tx.hold(None, &written("alice said hold"), now)).unwrap();
    world.retry("new").unwrap();

    let refusal = world.retry("old").unwrap_err();
    world.resume();
    world.run_for(TimeDelta::minutes(5));

    assert_eq!(refusal, NEW_IS_THERE.replace("took", "takes"));
    assert_eq!((world.state("old"), world.shown()), (JobState::Missed, Some("new")));
}

#[test]
fn missed_menus_can_be_retried_in_their_order() {
    let mut world = two_missed_menus();
    for (id, next) in [("old", JobState::Missed), ("new", JobState::Sent)] {
        world.retry(id).unwrap();
        world.run_for(TimeDelta::minutes(5));

        assert_eq!((world.shown(), world.state("new")), (Some(id), next));
    }
}

#[test]
fn a_hold_stops_a_menu_that_is_being_asked_for_and_its_time_goes_on() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(fault(MENU, FaultKind::AnswerLost, 1));
    world.plan_action("first", "2027-03-20 20:00", menu("first"));
    world.run_until("2027-03-20 20:00:02");
    world.word(|tx, now| tx.hold(None, &written("alice said hold"), now)).unwrap();

    world.run_until("2027-03-20 21:00");
    assert_eq!(world.calls_to(MENU).len(), 1);
    world.run_until("2027-03-20 23:00");
    world.resume();
    world.run_for(TimeDelta::minutes(5));

    assert_eq!(world.calls_to(MENU).len(), 1, "its two hours are over");
    assert_eq!(world.state("first"), JobState::Failed);
}

#[test]
fn an_old_database_gives_back_no_old_menu() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(fault(MENU, FaultKind::Hang { processed: true }, 1));
    world.plan_action("old", "2027-03-20 20:00", menu("old"));
    world.run_until("2027-03-20 20:00:05");
    world.copy();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.state("old"), JobState::Sent);
    world.plan_action("new", "2027-03-21 12:00", menu("new"));
    world.run_until("2027-03-23 12:00");
    assert_eq!(world.shown(), Some("new"));

    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::hours(1));
    world.resume();
    world.run_for(TimeDelta::hours(1));

    assert_eq!(world.shown(), Some("new"));
    assert_eq!(world.state("old"), JobState::Failed);
}

#[test]
fn menus_and_codes_leave_the_minute_to_the_broadcasts() {
    let mut world = World::with(Kind::Service);
    for n in 1..=80 {
        world.plan_action(&format!("code{n}"), "2027-03-20 20:00", code(Some(60), n));
    }
    world.job("a").at("2027-03-20 20:00:30").submit();

    world.run_until("2027-03-20 20:02");

    assert_eq!(world.calls_to(QRCODE).len(), 80);
    assert_eq!(world.accepted(), ["2027-03-20 20:00:30"]);
}

#[test]
fn neither_is_asked_for_in_the_first_two_minutes_of_a_day() {
    let mut world = World::with(Kind::Service);
    world.plan_action("menu", "2027-03-21 00:00", menu("春天"));
    world.plan_action("code", "2027-03-21 00:01", code(None, 1));

    world.run_until("2027-03-21 00:05");

    assert_eq!(world.calls_to(MENU), ["00:02:00 0"]);
    assert_eq!(world.calls_to(QRCODE).len(), 1);
}

#[test]
fn a_temporary_code_is_kept_with_its_ticket_and_the_time_of_its_end() {
    let mut world = World::with(Kind::Service);
    world.plan_action("poster", "2027-03-20 20:00", code(Some(2_592_000), 123));

    world.run_until("2027-03-20 20:01");

    let told = world.code_of("poster");
    let ticket = told["ticket"].as_str().unwrap();
    assert!(ticket.ends_with("=="), "{ticket}");
    let picture = told["picture"].as_str().unwrap();
    assert!(picture.starts_with("https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQ"));
    assert!(picture.contains("%2B") && picture.ends_with("%3D%3D"), "{picture}");
    assert_eq!(told["expire_seconds"], 2_592_000);
    assert!(told["expires_at"].as_str().unwrap().starts_with("2027-04-19T20:00:0"), "{told}");
    assert_eq!(world.permanent(), (0, 0));
}

#[test]
fn a_permanent_code_is_charged_for_ever_and_once_a_scene() {
    let mut world = World::with(Kind::Service);
    world.plan_action("door", "2027-03-20 20:00", code(None, 7));
    world.plan_action("door-again", "2027-03-21 20:00", code(None, 7));
    world.plan_action("gate", "2027-03-22 20:00", code(None, 8));

    world.run_until("2027-06-01 20:00");

    assert_eq!(world.permanent(), (2, 2));
    assert_eq!(world.code_of("door")["ticket"], world.code_of("door-again")["ticket"]);
    assert_ne!(world.code_of("door")["ticket"], world.code_of("gate")["ticket"]);
    assert_eq!(world.code_of("door")["expires_at"], Value::Null);
}

#[test]
fn a_permanent_code_that_may_have_been_made_stays_charged_and_one_that_was_not_does_not() {
    let doubtful = FaultKind::Hang { processed: true };
    for (kind, expected) in [
        (doubtful, (1, 1)),
        (FaultKind::Errcode(-1), (0, 1)),
        (FaultKind::Errcode(45_011), (0, 0)),
        (FaultKind::Refused, (0, 0)),
    ] {
        let mut world = World::with(Kind::Service);
        world.platform.inject(fault(QRCODE, kind.clone(), 1_000));
        world.plan_action("door", "2027-03-20 20:00", code(None, 7));
        world.run_until("2027-03-20 20:30");
        let id = JobId::parse("door").unwrap();
        let account = world.setup(0).account.clone();
        let alice = DecidedBy { who: "alice", why: None };

        world.word(|tx, now| tx.cancel(&id, &account, alice, now)).unwrap();

        assert_eq!(world.permanent(), expected, "{kind:?}");
    }
}

#[test]
fn a_code_under_way_at_a_crash_is_asked_for_again_and_charged_once() {
    for point in [CrashPoint::ResponseArrived, CrashPoint::HandedOver] {
        let mut world = World::with(Kind::Service);
        world.plan_action("door", "2027-03-20 20:00", code(None, 7));
        world.run_until("2027-03-20 19:59:59");
        world.crashes.next = Some((point, TimeDelta::seconds(30)));

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.state("door"), JobState::Sent);
        assert_eq!(world.permanent(), (1, 1), "{point:?}");
    }
}

#[test]
fn a_code_beyond_the_last_fails_with_what_helps_and_is_not_charged() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(fault(QRCODE, FaultKind::Errcode(45_029), 1));
    world.plan_action("door", "2027-03-20 20:00", code(None, 7));

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.permanent(), (0, 0));
    let reason = world.reason("door");
    assert!(reason.contains("make a temporary code"), "{reason}");
}

#[test]
fn a_refusal_for_want_of_calls_moves_the_days_codes_without_another_request() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(fault(QRCODE, FaultKind::Errcode(45_009), 1));
    world.plan_action("first", "2027-03-20 20:00", code(Some(60), 1));
    world.plan_action("second", "2027-03-20 20:10", code(Some(60), 2));
    world.plan_action("tomorrow", "2027-03-21 20:10", code(Some(60), 3));

    world.run_until("2027-03-21 21:00");

    let calls = world.calls_to(QRCODE);
    assert_eq!(calls, ["20:00:00 45009", "20:00:00 0", "20:10:00 0", "20:10:00 0"]);
    for job in ["first", "second", "tomorrow"] {
        assert_eq!(world.state(job), JobState::Sent, "{job}: {}", world.reason(job));
    }
}

/// An account that has so many permanent codes.
fn with_codes(many: u32) -> World {
    let world = World::with(Kind::Service);
    let sql = "INSERT INTO charge (account, rule, \"window\", amount, state)
               VALUES ('brand', 'permanent_qrcodes', 'ever', ?1, 'kept')";
    world.disk.witness.execute(sql, [many]).unwrap();
    world
}

impl World {
    /// How many permanent codes waiting jobs own.
    fn claimed(&mut self) -> u32 {
        let account = self.setup(0).account.clone();
        let now = self.now();
        let rules = self.engine().store().read().rules(&account, now).unwrap();
        let ours = rules.iter().find(|rule| rule.rule == Rule::PermanentQrcodes);
        ours.map_or(0, |rule| rule.claimed)
    }
}

#[test]
fn a_planned_permanent_code_claims_its_number_and_a_later_one_is_told() {
    let mut world = with_codes(99_998);
    world.plan_action("one", "2027-03-22 20:00", code(None, 1));
    world.plan_action("again", "2027-03-22 21:00", code(None, 1));
    world.plan_action("short", "2027-03-22 20:00", code(Some(60), 9));
    world.plan_action("two", "2027-03-21 20:00", code(None, 2));
    assert_eq!(world.claimed(), 2);

    world.plan_action("three", "2027-03-20 20:00", code(None, 3));

    assert_eq!(world.state("three"), JobState::Failed);
    let reason = world.reason("three");
    assert_eq!(
        reason,
        "permanent_qrcodes is used up for ever, with what earlier or higher-priority jobs have reserved"
    );
    world.run_until("2027-03-23 12:00");
    for id in ["one", "again", "short", "two"] {
        assert_eq!(world.state(id), JobState::Sent, "{id}: {}", world.reason(id));
    }
    assert_eq!((world.permanent(), world.claimed()), ((2, 100_000), 0));
}

#[test]
fn a_permanent_code_that_is_called_off_or_fails_leaves_its_number_to_others() {
    let mut world = with_codes(99_999);
    world.plan_action("one", "2027-03-22 20:00", code(None, 1));
    world.call_off_job("one");
    assert_eq!(world.claimed(), 0);
    world.platform.inject(fault(QRCODE, FaultKind::Errcode(40_053), 1));
    world.plan_action("two", "2027-03-20 20:00", code(None, 2));
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.state("two"), JobState::Failed, "{}", world.reason("two"));

    world.plan_action("three", "2027-03-20 21:00", code(None, 3));
    world.run_until("2027-03-20 21:10");

    assert_eq!(world.state("three"), JobState::Sent, "{}", world.reason("three"));
    assert_eq!((world.permanent(), world.claimed()), ((1, 100_000), 0));
}
