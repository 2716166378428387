//! Broadcasts through the real binary: what each answer of the platform comes to.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::sandbox::{Fault, FaultKind, MediaKind, openid};
use serde_json::Value;

use crate::e2e_process::{an_answer_that_cannot_be_stored_is_adopted, sigterm_in_mid_send};
use crate::rig::{
    Rig, at_line, club, daily, real_now, to_tag, to_tag_with, together, whole_second,
};

#[test]
fn a_due_job_is_sent_and_settled_by_its_event() {
    let rig = Rig::running(&[club()]);

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    let job = rig.until_state("spring", "sent");

    let accepted = rig.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(job["batches"][0]["msg_id"], accepted[0].msg_id);
    assert_eq!(job["batches"][0]["clientmsgid"], accepted[0].clientmsgid);
    assert_eq!(job["batches"][0]["state"], "sent");
    let told = rig.ask(&["show", "spring", "--json"]);
    assert_eq!(told["events"].as_array().map(Vec::len), Some(1), "{told}");
}

#[test]
fn a_due_job_is_settled_by_asking_where_there_is_no_callback() {
    let rig = Rig::running(&[club().without_callback()]);

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    let platform = rig.platform();
    assert_eq!(platform.accepted().len(), 1);
    assert!(platform.requests().iter().any(|request| request.path.ends_with("/mass/get")));
}

#[test]
fn a_planned_job_goes_at_its_second_and_not_before() {
    let rig = Rig::running(&[daily()]);
    let at = whole_second(real_now() + TimeDelta::seconds(6));

    rig.drop_file("spring.yaml", &to_tag_with("spring", "daily", &at_line(at)));
    rig.until_state("spring", "sent");

    let sends = rig.sends();
    assert_eq!(sends.len(), 1);
    assert!(sends[0].at >= at, "{} is before {at}", sends[0].at);
}

#[test]
fn a_second_job_of_a_subscription_day_goes_the_next_day_at_its_time_of_day() {
    let rig = Rig::running(&[daily()]);
    rig.drop_file("first.yaml", &to_tag("first", "daily"));
    rig.until_state("first", "sent");

    let at = whole_second(real_now());
    rig.drop_file("second.yaml", &to_tag_with("second", "daily", &at_line(at)));
    let job = rig.until_reason("second", "daily_send");

    assert_eq!(time(&job["due"]), at + TimeDelta::days(1), "{job}");
    assert_eq!(rig.sends().len(), 1);
}

#[test]
fn quota_used_up_elsewhere_defers_to_the_next_day_and_says_why() {
    let rig = Rig::running(&[daily()]);
    rig.fault_on("sendall", FaultKind::Errcode(45_028));
    let at = whole_second(real_now());

    rig.drop_file("spring.yaml", &to_tag_with("spring", "daily", &at_line(at)));
    let job = rig.until_reason("spring", "45028");

    assert_eq!(job["state"], "planned");
    assert_eq!(time(&job["due"]), at + TimeDelta::days(1), "{job}");
    assert!(job["reason"].as_str().unwrap().contains("daily_send"), "{job}");
    assert!(rig.accepted().is_empty());
}

#[test]
fn an_expired_token_is_replaced_and_the_job_goes() {
    let mut club = club();
    club.spec.token_life_s = 7_200;
    let rig = Rig::running(&[club.clone()]);
    rig.drop_file("first.yaml", &to_tag("first", "club"));
    rig.until_state("first", "sent");
    rig.platform().expire_tokens(&club.spec.appid);

    rig.drop_file("second.yaml", &to_tag("second", "club"));
    rig.until_state("second", "sent");

    assert_eq!(rig.accepted().len(), 2);
    let refused = rig.sends().iter().filter(|send| send.errcode != Some(0)).count();
    assert_eq!(refused, 1, "{:?}", rig.sends());
}

#[test]
fn an_unknown_media_id_fails_with_its_reason() {
    let rig = Rig::running(&[club()]);
    rig.platform().add_media(&club().spec.appid, "KNOWN", MediaKind::News);

    let text =
        to_tag("spring", "club").replace("text: words of spring", "mpnews: { media_id: UNKNOWN }");
    rig.drop_file("spring.yaml", &text);
    let job = rig.until_state("spring", "failed");

    assert!(job["reason"].as_str().unwrap().contains("40007"), "{job}");
    assert!(rig.accepted().is_empty());
}

#[test]
fn of_three_batches_the_refused_one_alone_is_asked_for_again() {
    let mut club = club();
    club.spec.followers = 20_001;
    let appid = club.spec.appid.clone();
    let rig = Rig::running(&[club]);
    rig.fault_on("/mass/send", FaultKind::Errcode(40_003));
    let mut text = "jobs:\n  - id: list\n    account: club\n    broadcast:\n      text: words\n      touser:\n".to_owned();
    for follower in 0..20_001 {
        writeln!(text, "        - {}", openid(&appid, follower)).unwrap();
    }
    text.push_str("...\n");

    rig.drop_file("list.yaml", &text);
    let job = rig.until_state("list", "partial");
    let sent = rig.accepted();
    let said = rig.say(&["retry", "list"]);
    rig.until_state("list", "sent");

    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(job["batches"].as_array().unwrap().len(), 3);
    assert_eq!(sent.len(), 2);
    let all = rig.accepted();
    assert_eq!(all[..2], sent[..]);
    assert_eq!(all.len(), 3);
    assert_eq!(all.iter().map(|batch| batch.total).sum::<u32>(), 20_001);
    assert_eq!(rig.sends().len(), 4);
}

#[test]
fn what_the_platforms_minute_settles() {
    together(&[
        ("an answer lost after acceptance is adopted", an_answer_lost_after_acceptance_is_adopted),
        ("45066 on the first call is asked again", told_too_fast_first_asks_again_and_goes),
        ("45028 to a repeat settles nothing", an_echo_of_our_own_send_settles_nothing),
        ("a hanging answer is given up and adopted", a_hanging_answer_is_given_up_and_adopted),
        ("SIGTERM after the platform accepted", || sigterm_in_mid_send(true)),
        ("SIGTERM before the platform accepted", || sigterm_in_mid_send(false)),
        ("a full disk at the answer", an_answer_that_cannot_be_stored_is_adopted),
        ("a refused connection is tried again", a_refused_connection_is_tried_again),
    ]);
}

fn an_answer_lost_after_acceptance_is_adopted() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("sendall", FaultKind::AnswerLost);

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    assert_eq!(rig.accepted().len(), 1);
    assert_asked_twice_a_minute_apart(&rig);
}

fn told_too_fast_first_asks_again_and_goes() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("sendall", FaultKind::Errcode(45_066));

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    assert_eq!(rig.accepted().len(), 1);
    assert_asked_twice_a_minute_apart(&rig);
}

fn an_echo_of_our_own_send_settles_nothing() {
    let rig = Rig::running(&[daily().without_callback()]);
    rig.fault_on("sendall", FaultKind::AnswerLost);
    rig.platform().inject(FaultKind::QuotaBeforeClientmsgid(true));

    rig.drop_file("spring.yaml", &to_tag("spring", "daily"));
    rig.until("it is asked for again", || (rig.sends().len() == 2).then_some(()));
    let job = rig.until("the echo is recorded", || {
        let told = rig.ask(&["show", "spring", "--json"]);
        let attempts = told["attempts"].as_array()?;
        (attempts.last()?["errcode"] == 45_028).then_some(told)
    });

    assert_eq!(job["state"], "releasing", "{job}");
    assert_eq!(job["batches"][0]["state"], "in_doubt", "{job}");
    assert_eq!(rig.accepted().len(), 1);
    assert_asked_twice_a_minute_apart(&rig);
}

fn a_hanging_answer_is_given_up_and_adopted() {
    let rig = Rig::running(&[club()]);
    rig.fault_on("sendall", FaultKind::Hang { processed: true });

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    assert_eq!(rig.accepted().len(), 1);
    assert_asked_twice_a_minute_apart(&rig);
}

fn a_refused_connection_is_tried_again() {
    let rig = Rig::running(&[club()]);
    // The first two connections of all: the token is asked for again as well.
    rig.platform().inject(Fault::new(FaultKind::Refused).times(2));

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    assert_eq!(rig.accepted().len(), 1);
}

fn assert_asked_twice_a_minute_apart(rig: &Rig) {
    let sends = rig.sends();
    assert_eq!(sends.len(), 2, "{sends:?}");
    assert_eq!(sends[0].clientmsgid, sends[1].clientmsgid);
    assert_eq!(sends[0].body_digest, sends[1].body_digest);
    assert!(sends[1].at - sends[0].at >= TimeDelta::seconds(60), "{sends:?}");
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}
