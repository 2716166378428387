//! Accounts that a third-party platform acts for: its ticket, its tokens, and what they authorised.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::store::{AuthorizationLink, AuthorizerState};
use qunfa::wechat::callback::ComponentEvent;
use secrecy::SecretString;

use crate::world::components::{COMPONENT, acting};
use crate::world::{CrashPoint, World};

const APPID: &str = "wx0brand";

impl World {
    fn requests_to(&self, end: &str) -> usize {
        self.platform.requests().iter().filter(|logged| logged.path.ends_with(end)).count()
    }

    fn authorizer_state(&mut self) -> AuthorizerState {
        let read = self.engine().store().read();
        read.authorizer(COMPONENT, APPID).unwrap().unwrap().state
    }

    /// Returns how many broadcasts the platform accepted.
    fn broadcasts(&self) -> usize {
        self.platform.accepted().len()
    }

    fn hear(&mut self, event: &ComponentEvent) {
        let now = self.now();
        self.engine().receive_component(0, event, now).unwrap();
    }
}

#[test]
fn a_broadcast_goes_out_by_the_components_tokens_alone() {
    let mut world = World::with_component(&[2, 7]);
    world.job("a").tag().at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.codes(), [Some(0)]);
    assert_eq!(world.requests_to("/stable_token") + world.requests_to("/cgi-bin/token"), 0);
    assert_eq!(world.times_asked("api_query_auth"), 1);
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn a_components_token_is_renewed_ahead_of_its_end_and_once_at_a_time() {
    let mut world = World::with_component(&[2, 7]);

    world.run_until("2027-03-21 12:00");

    // A day has twelve spans of two hours, each of which ends ten minutes early.
    let asked = world.times_asked("api_component_token");
    assert!((13..=14).contains(&asked), "{asked}");
    assert_eq!(world.times_asked("api_start_push_ticket"), 1, "before the first ticket came");
}

#[test]
fn a_job_waits_for_a_ticket_that_is_late() {
    let mut world = World::new();
    world.agency.deaf = true;
    world.add_component();
    world.add_account("brand", Kind::Service, |setup, _| {
        (setup.token, setup.callback, setup.safe) = (acting(), true, true);
    });
    world.authorize(APPID, &[2, 7]);
    world.job("a").tag().at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:05");
    assert_eq!(world.codes(), []);
    assert!(world.attention().contains(&"component_ticket".to_owned()), "{:?}", world.attention());
    world.agency.deaf = false;
    world.authorize(APPID, &[2, 7, 11]);
    world.run_until("2027-03-20 20:20");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn twelve_hours_without_a_ticket_stop_the_account_and_the_next_one_starts_it() {
    let mut world = World::with_component(&[2, 7]);
    world.run_until("2027-03-20 12:30");
    world.agency.deaf = true;
    world.job("a").tag().at("2027-03-20 23:00").submit();
    world.job("b").tag().at("2027-03-21 09:00").submit();

    world.run_until("2027-03-20 23:30");
    assert_eq!(world.state("a"), JobState::Sent, "the last ticket is valid for twelve hours");
    assert_eq!(world.attention(), ["component_ticket"]);
    let before = world.times_asked("api_component_token");
    world.run_until("2027-03-21 09:10");
    assert_eq!(world.codes(), [Some(0)]);
    let refused = world.times_asked("api_component_token") - before;
    assert!(refused <= 3, "a ticket that was refused is not used again: {refused}");
    assert!(world.times_asked("api_start_push_ticket") > 1);
    world.agency.deaf = false;
    world.run_until("2027-03-21 09:28");

    assert_eq!(world.state("b"), JobState::Sent);
    assert_eq!(world.broadcasts(), 2);
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn tokens_that_end_before_a_send_are_replaced_and_it_goes_once() {
    for (account, component) in [(true, false), (false, true), (true, true)] {
        let mut world = World::with_component(&[2, 7]);
        world.job("a").tag().at("2027-03-20 20:00").submit();
        world.run_until("2027-03-20 19:59:30");
        if account {
            world.platform.expire_tokens(APPID);
        }
        if component {
            world.platform.expire_component_tokens(COMPONENT);
        }

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.state("a"), JobState::Sent, "{account} {component}");
        let refused = if account { vec![Some(42_001), Some(0)] } else { vec![Some(0)] };
        assert_eq!(world.codes(), refused, "{account} {component}");
        assert_eq!(world.broadcasts(), 1);
    }
}

#[test]
fn a_refresh_token_that_changed_in_a_lost_answer_is_found_again() {
    // A retry comes at once, while the former one is still valid; a restart comes too late for it.
    for (crash, listed) in [(false, 0), (true, 1)] {
        let mut world = World::with_component(&[2, 7]);
        world.platform.rotate_refresh_tokens(COMPONENT);
        world.job("a").tag().at("2027-03-20 20:00").submit();
        world.run_until("2027-03-20 19:58");
        let before = world.times_asked("api_get_authorizer_list");
        if crash {
            world.crashes.next = Some((CrashPoint::ResponseArrived, TimeDelta::minutes(10)));
        } else {
            world.agency.answers_lost = 1;
        }

        world.run_until("2027-03-20 20:20");

        assert_eq!(world.state("a"), JobState::Sent, "{crash}");
        assert_eq!(world.broadcasts(), 1, "{crash}");
        let asked = world.times_asked("api_get_authorizer_list") - before;
        assert_eq!(asked, listed, "{crash}");
    }
}

#[test]
fn the_newest_refresh_token_is_kept_for_weeks() {
    let mut world = World::with_component(&[2, 7]);
    world.platform.rotate_refresh_tokens(COMPONENT);
    let days = ["21", "23", "25", "27"];
    for day in days {
        world.job(day).tag().at(&format!("2027-03-{day} 20:00")).submit();
    }

    world.run_until("2027-03-30 12:00");

    assert!(days.iter().all(|day| world.state(day) == JobState::Sent));
    assert_eq!(world.times_asked("api_get_authorizer_list"), 0, "it is never lost");
    assert_eq!(world.broadcasts(), days.len());
}

#[test]
fn an_account_that_ends_its_authorization_is_paused_and_goes_on_with_the_next() {
    let mut world = World::with_component(&[2, 7]);
    world.engine().decide_ahead(TimeDelta::seconds(1));
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:59");
    world.run_for(TimeDelta::milliseconds(500));
    world.unauthorize(APPID);

    world.run_until("2027-03-20 20:10");
    assert_eq!(world.codes(), [], "its request was kept back");
    assert_eq!(world.attention(), ["paused"]);
    let stops = world.engine().store().read().stops("brand").unwrap();
    assert_eq!(stops.paused.unwrap().1.code(), "not_authorized");
    world.authorize(APPID, &[2, 7]);
    world.run_until("2027-03-20 20:15");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.broadcasts(), 1);
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn an_end_that_was_not_pushed_shows_in_a_refusal() {
    let mut world = World::with_component(&[2, 7]);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    world.agency.deaf = true;
    world.unauthorize(APPID);

    world.run_until("2027-03-20 20:05");
    assert_eq!(world.codes(), [Some(61_003)]);
    assert!(world.attention().contains(&"paused".to_owned()));
    // An operator resumes it too early: it is looked for, and paused again.
    world.resume();
    world.run_until("2027-03-20 20:07");
    assert_eq!(world.authorizer_state(), AuthorizerState::Unauthorized);
    assert!(world.attention().contains(&"paused".to_owned()));
    world.agency.deaf = false;
    world.authorize(APPID, &[2, 7]);
    world.run_until("2027-03-20 20:20");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.broadcasts(), 1);
}

#[test]
fn a_refresh_token_that_another_program_replaced_is_sought_again() {
    let mut world = World::with_component(&[2, 7]);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:00");
    let at = world.at;
    world.platform.replace_refresh_token(COMPONENT, APPID, at);

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn an_older_database_finds_the_newest_refresh_token_and_sends_nothing_twice() {
    let mut world = World::with_component(&[2, 7]);
    world.platform.rotate_refresh_tokens(COMPONENT);
    world.job("a").tag().at("2027-03-20 14:00").submit();
    world.job("b").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 13:00");
    world.copy();
    world.run_until("2027-03-20 15:00");
    assert_eq!(world.state("a"), JobState::Sent);

    world.put_back(0, crate::world::Restore::Snapshot);
    world.run_until("2027-03-20 15:10");
    world.resume_after_a_look();
    world.run_until("2027-03-20 21:00");

    assert_eq!(world.state("b"), JobState::Sent);
    assert_eq!(world.broadcasts(), 2);
}

#[test]
fn an_account_without_the_right_to_mass_send_is_told_before_and_paused_at_its_send() {
    let mut world = World::with_component(&[2, 11]);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 12:05");
    assert_eq!(world.attention(), ["rights"]);

    world.run_until("2027-03-20 20:05");
    assert_eq!(world.codes(), [Some(61_007)]);
    assert!(world.attention().contains(&"paused".to_owned()));
    world.authorize(APPID, &[2, 7, 11]);
    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn an_event_that_comes_late_changes_nothing() {
    let mut world = World::with_component(&[2, 7]);
    world.run_until("2027-03-20 12:05");
    let old = world.at.timestamp() - 3_600;

    world.hear(&ComponentEvent::Unauthorized { appid: APPID.to_owned(), create_time: old });
    let ticket = SecretString::from("old");
    world.hear(&ComponentEvent::Ticket { ticket, create_time: old });

    assert_eq!(world.authorizer_state(), AuthorizerState::Authorized);
    assert_eq!(world.attention(), Vec::<String>::new());
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn an_authorization_whose_push_was_lost_is_completed_by_the_browser() {
    let mut world = World::new();
    world.add_component();
    world.add_account("brand", Kind::Service, |setup, _| {
        (setup.token, setup.callback, setup.safe) = (acting(), true, true);
    });
    world.run_until("2027-03-20 12:05");
    assert_eq!(world.attention(), ["paused"], "the platform has no authorization");
    world.agency.deaf = true;
    let (at, now) = (world.at, world.now());
    let code = world.platform.authorize(COMPONENT, APPID, &[2, 7], at).unwrap();
    world.run_until("2027-03-20 12:06");
    world.agency.deaf = false;
    let link = AuthorizationLink {
        appid: APPID.to_owned(),
        target: "https://mp.weixin.qq.com/".to_owned(),
        until: now + TimeDelta::minutes(30),
    };
    world.engine().change(|tx| tx.keep_link(("key", COMPONENT), &link, now)).unwrap();
    let code = SecretString::from(code);

    assert!(!world.engine().land(0, ("other", &code), now).unwrap());
    assert!(world.engine().land(0, ("key", &code), now).unwrap());
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn a_crash_while_a_code_is_redeemed_loses_no_authorization() {
    for point in [CrashPoint::ResponseArrived, CrashPoint::SettleCommitted] {
        let mut world = World::with_component(&[2, 7]);
        world.run_until("2027-03-20 12:00");
        // The first answers are those of the ticket's push and of the component's token.
        world.run_for(TimeDelta::milliseconds(250));
        world.crashes.next = Some((point, TimeDelta::seconds(30)));
        world.job("a").tag().at("2027-03-20 20:00").submit();

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.state("a"), JobState::Sent, "{point:?}");
        assert_eq!(world.broadcasts(), 1, "{point:?}");
    }
}

#[test]
fn a_refresh_token_that_comes_while_the_config_changes_is_kept() {
    let mut world = World::with_component(&[2, 7]);
    world.platform.rotate_refresh_tokens(COMPONENT);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:00");
    world.run_for(TimeDelta::milliseconds(60));
    // The account's request reached the platform, and its answer is on the way.
    world.component_is_called("bureau");
    world.reload();

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.times_asked("api_get_authorizer_list"), 0);
}
