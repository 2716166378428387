//! What becomes of broadcasts, the platform's misbehaviour on demand, and its log.

use chrono::TimeDelta;

use super::tests::*;
use super::*;

#[test]
fn an_event_reports_each_end() {
    let mut world = World::service();
    let msg_id = world.accept(&mpnews(TO_TAG, "m", "a"), at(0));
    world.platform.inject(FaultKind::Review(Review::Rejected(30_003)));
    world.accept(&mpnews(TO_TAG, "m", "b"), at(0));
    world.platform.inject(FaultKind::Review(Review::Failed));
    world.accept(&text(TO_TAG, "c"), at(0));
    assert_eq!(world.platform.next_event_at(), Some(at(10)));
    assert!(world.platform.take_events(at(9)).is_empty());

    let events = world.platform.take_events(at(10));

    assert_eq!(world.platform.next_event_at(), None);
    assert_eq!((events[0].msg_id, events[0].create_time), (msg_id, NOON + 10));
    for (event, parts) in events.iter().zip([
        &[
            "<Status><![CDATA[send success]]></Status>",
            "<TotalCount>100</TotalCount>",
            "<SentCount>100</SentCount>",
            "<CheckState>1</CheckState>",
            "<ArticleUrlResult>",
        ][..],
        &["<![CDATA[err(30003)]]>", "<TotalCount>0</TotalCount>", "<CheckState>2</CheckState>"],
        &["<![CDATA[send fail]]>", "<SentCount>0</SentCount>", "<ErrorCount>100</ErrorCount>"],
    ]) {
        roxmltree::Document::parse(&event.body).unwrap();
        for part in parts {
            assert!(event.body.contains(part), "{part} in {}", event.body);
        }
    }
    assert!(!events[2].body.contains("CopyrightCheckResult"), "only articles are checked");
}

#[test]
fn events_go_as_they_are_told() {
    for (fate, expected) in [
        (EventFate::OnTime, vec![10]),
        (EventFate::Lost, vec![]),
        (EventFate::Tripled, vec![10, 10, 10]),
        (EventFate::Early, vec![0]),
        (EventFate::Late(600), vec![610]),
    ] {
        let mut world = World::service();
        world.platform.inject(FaultKind::Events(fate));
        world.accept(&text(TO_TAG, "a"), at(0));
        world.platform.inject(FaultKind::Events(EventFate::OnTime));
        let events = world.platform.take_events(at(1_000));
        let due: Vec<_> = events.iter().map(|event| (event.at - at(0)).num_seconds()).collect();
        assert_eq!(due, expected, "{fate:?}");
    }
}

#[test]
fn a_website_broadcast_has_its_event_too() {
    let mut world = World::service();
    let msg_id = world.platform.website_send("wx1", at(0)).unwrap();
    assert_eq!(world.platform.take_events(at(10))[0].msg_id, msg_id);
    assert!(world.platform.accepted()[0].website);
    assert_eq!(world.platform.website_send("wx9", at(0)), Err(40_013));
}

#[test]
fn a_protected_account_waits_for_its_administrator() {
    for (answer, end_s, status, said) in [
        (None, 65, "SEND_SUCCESS", "send success"),
        (Some(AdminAnswer::Confirms(90)), 95, "SEND_SUCCESS", "send success"),
        (Some(AdminAnswer::Refuses(90)), 90, "SEND_FAIL", "err(40001)"),
        (Some(AdminAnswer::Silent), 1_800, "SEND_FAIL", "err(40002)"),
    ] {
        let mut world = World::of(AccountSpec { protected: true, ..World::service().spec() });
        if let Some(answer) = answer {
            world.platform.inject(FaultKind::Admin(answer));
        }
        let msg_id = world.accept(&text(TO_ALL, "a"), at(0));

        assert_eq!(world.status(msg_id, at(end_s - 1)), "SENDING", "{answer:?}");
        assert_eq!(world.status(msg_id, at(end_s)), status, "{answer:?}");
        let events = world.platform.take_events(at(end_s + 5));
        assert!(events[0].body.contains(said), "{answer:?}");
        assert_eq!(world.send_all("b", at(end_s)), 45_028, "its quota is not given back");
        let tagged = world.accept(&text(TO_TAG, "c"), at(end_s));
        assert_eq!(world.status(tagged, at(end_s + 5)), "SEND_SUCCESS", "only for everyone");
    }
}

#[test]
fn what_was_not_delivered_is_nobodys_fourth() {
    let mut world = World::service();
    world.platform.inject(Fault::new(FaultKind::Review(Review::Failed)).times(4));
    for n in 0..5 {
        assert_eq!(world.code("send", &list(0..2, &format!("l{n}")), at(0)), 0);
    }
    let last = world.platform.accepted().last().unwrap();
    assert_eq!((last.receivers, last.delivered), (2, true));
}

#[test]
fn a_fault_hides_or_prevents_what_it_says() {
    let lost = || Response::Lost;
    let page = || Response::Answer {
        status: 502,
        body: b"<html><body>server error</body></html>".to_vec(),
    };
    let junk = || Response::Answer { status: 200, body: b"junk".to_vec() };
    let garbage = |processed| FaultKind::Garbage { bytes: b"junk".to_vec(), processed };
    let error = |processed| FaultKind::ServerError { status: 502, processed };
    let cases = [
        (FaultKind::AnswerLost, lost(), true, Some(Some(0))),
        (FaultKind::RequestLost, lost(), false, None),
        (FaultKind::Refused, Response::Refused, false, None),
        (error(true), page(), true, Some(Some(0))),
        (error(false), page(), false, Some(None)),
        (garbage(true), junk(), true, Some(Some(0))),
        (garbage(false), junk(), false, Some(None)),
        (FaultKind::Hang { processed: true }, Response::Hang, true, Some(Some(0))),
        (FaultKind::Hang { processed: false }, Response::Hang, false, Some(None)),
    ];
    for (kind, response, accepted, logged) in cases {
        let mut world = World::service();
        world.platform.inject(Fault::new(kind.clone()).on_path("sendall"));

        let got = world.raw("message/mass/sendall", &text(TO_TAG, "a"), at(0));

        assert_eq!(got, response, "{kind:?}");
        assert_eq!(world.platform.accepted().len(), usize::from(accepted), "{kind:?}");
        let entry = world.platform.requests().iter().find(|one| one.clientmsgid.is_some());
        assert_eq!(entry.map(|one| one.errcode), logged, "{kind:?}");
        assert_eq!(world.platform.fired()[kind.name()], 1);
        let again = world.send_tag("a", at(61));
        assert_eq!(again, if accepted { 45_065 } else { 0 }, "{kind:?} happens once");
    }
}

#[test]
fn a_truncated_answer_is_no_json() {
    let mut world = World::service();
    world.platform.inject(Fault::new(FaultKind::Truncated).on_path("sendall"));
    let Response::Answer { body, .. } =
        world.raw("message/mass/sendall", &text(TO_TAG, "a"), at(0))
    else {
        panic!("no answer")
    };
    assert!(serde_json::from_slice::<Value>(&body).is_err());
    assert_eq!(world.platform.accepted().len(), 1);
}

#[test]
fn a_code_can_come_before_or_after_acceptance() {
    for (kind, first, accepted) in [
        (FaultKind::Errcode(45_066), 45_066, 0),
        (FaultKind::Errcode(-1), -1, 0),
        (FaultKind::ErrcodeAfterAccept(45_066), 45_066, 1),
        (FaultKind::ErrcodeAfterAccept(-1), -1, 1),
        (FaultKind::FirstCall45065, 45_065, 1),
    ] {
        let mut world = World::service();
        world.token(at(0));
        let fault = Fault::new(kind.clone()).for_appid("wx1").on_path("sendall");
        world.platform.inject(fault);

        let answer = world.mass("sendall", &text(TO_TAG, "a"), at(0));

        assert_eq!(answer["errcode"], first, "{kind:?}");
        assert_eq!(world.platform.accepted().len(), accepted, "{kind:?}");
        let named = kind == FaultKind::FirstCall45065;
        let msg_id = named.then(|| json!(world.platform.accepted()[0].msg_id));
        assert_eq!(answer.get("msg_id"), msg_id.as_ref(), "{kind:?}");
        assert_eq!(world.platform.requests().last().unwrap().fault, Some(kind.name()));
        let again = world.send_tag("a", at(61));
        assert_eq!(again, if accepted == 1 { 45_065 } else { 0 }, "{kind:?}");
    }
}

#[test]
fn a_fault_of_acceptance_waits_for_one() {
    let mut world = World::subscription();
    assert_eq!(world.send_tag("a", at(0)), 0);
    world.platform.inject(FaultKind::ErrcodeAfterAccept(-1));
    assert_eq!(world.send_tag("b", at(1)), 45_028);
    assert_eq!(world.send_tag("c", at(86_400)), -1);
    assert_eq!(world.send_tag("d", at(86_401)), 45_028);
}

#[test]
fn a_fault_of_another_account_does_not_happen_here() {
    let mut world = World::service();
    world.platform.inject(Fault::new(FaultKind::Errcode(-1)).for_appid("wx2"));
    assert_eq!(world.send_tag("a", at(0)), 0);
    assert!(!world.platform.refuses_connection());
    world.platform.inject(Fault::new(FaultKind::Refused).times(2));
    assert!(world.platform.refuses_connection());
    assert!(world.platform.refuses_connection());
    assert!(!world.platform.refuses_connection());
    world.platform.inject(FaultKind::AnswerLost);
    world.platform.clear_faults();
    assert_eq!(world.send_tag("b", at(0)), 0);
}

#[test]
fn the_log_holds_every_request_until_pruned() {
    let mut world = World::service();
    world.send_tag("a", at(0));
    world.send_tag("a", at(10));

    let log: Vec<_> =
        world.platform.requests().iter().filter(|one| one.clientmsgid.is_some()).collect();

    assert_eq!(log.iter().map(|one| one.errcode).collect::<Vec<_>>(), [Some(0), Some(45_066)]);
    assert_eq!(log[0].appid.as_deref(), Some("wx1"));
    assert_eq!(log[0].body_digest, log[1].body_digest);
    assert_eq!(log[0].body_digest, world.platform.accepted()[0].body_digest);
    world.platform.prune_requests(at(10));
    assert!(world.platform.requests().iter().all(|one| one.at >= at(10)));
    world.platform.prune_accepted(at(10));
    assert!(world.platform.accepted().is_empty());
    assert_eq!(world.send_tag("a", at(70)), 45_065, "the memory is not the log");
}

#[test]
fn the_same_calls_give_the_same_answers() {
    let run = || {
        let mut world = World::service();
        world.platform.inject(Fault::new(FaultKind::Errcode(-1)).on_path("sendall"));
        let answers: Vec<_> = (0..5)
            .map(|n| world.raw("message/mass/sendall", &mpnews(TO_TAG, "m", "a"), at(n * 61)))
            .collect();
        let copy = world.platform.clone().take_events(at(1_000));
        assert_eq!(copy, world.platform.take_events(at(1_000)));
        (answers, copy, world.platform.requests().to_vec())
    };
    assert_eq!(run(), run());
}

#[test]
fn a_year_of_daily_sends_leaves_little_behind() {
    let mut world = World::subscription();
    for day in 0..365 {
        let now = at(0) + TimeDelta::days(day);
        assert_eq!(world.send_all(&format!("d{day}"), now), 0);
        world.platform.take_events(now + TimeDelta::minutes(1));
        world.platform.prune_requests(now);
        world.platform.prune_accepted(now);
    }
    assert!(world.platform.requests().len() <= 2);
    assert!(world.platform.events.is_empty());
}
