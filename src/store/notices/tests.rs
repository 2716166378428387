use chrono::NaiveDate;

use super::*;
use crate::alert::{Advice, Severity};
use crate::reason::Operation;
use crate::store::{Alert, DecidedBy, RefusedFile, Store};

fn at(seconds: i64) -> DateTime<Utc> {
    // 20:00 in Beijing on 2027-03-20.
    DateTime::from_timestamp(1_805_544_000 + seconds, 0).unwrap()
}

fn store() -> Store {
    let mut store = Store::in_memory(at(0)).unwrap();
    store.transaction(|tx| tx.ensure_account("club")).unwrap();
    store
}

/// A job in a state, whose history says so.
fn add_job(store: &mut Store, id: &str, state: &str, due: DateTime<Utc>) {
    let add = |tx: &Tx<'_>| {
        tx.run(
            "INSERT INTO job (id, account, action, state, seq, priority, planned_at, due_at,
                 taken_at, zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file,
                 line, everyone, calls, audience, msgtype, title, wake_at)
             VALUES (?1, 'club', 'broadcast', ?2, (SELECT count(*) FROM job), 0, ?3, ?3, 0, 'Asia/Shanghai', 1800, 7200, ?3,
                 'defer', 'send', '', 'a.yaml', 1, 1, 1, 'everyone', 'mpnews', '春天',
                 iif(?2 IN ('planned', 'held'), ?3, NULL))",
            params![id, state, millis(due)],
        )
    };
    store.transaction(add).unwrap();
}

fn moves(store: &mut Store, id: &str, from: &str, to: &str, now: DateTime<Utc>) {
    let why = Reason::RetryWindowOver;
    let write = |tx: &Tx<'_>| {
        let ended = (to != "planned").then(|| millis(now));
        tx.run(
            "UPDATE job SET state = ?2, wake_at = iif(?3 IS NULL, due_at, NULL), ended_at = ?3
             WHERE id = ?1",
            params![id, to, ended],
        )?;
        tx.run(
            "INSERT INTO history (job, at, from_state, to_state, why) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, millis(now), from, to, why],
        )
    };
    store.transaction(write).unwrap();
}

fn raise(store: &mut Store, kind: &str, now: DateTime<Utc>) {
    let told = Told::Written { what: "it happened".to_owned(), advice: Some("do this".to_owned()) };
    let note = Alert { account: Some("club"), job: None, kind, told: &told };
    store.transaction(|tx| tx.raise_alert(&note, now)).unwrap();
}

fn clear(store: &mut Store, kind: &str) {
    store.transaction(|tx| tx.clear_alert("club", kind)).unwrap();
}

/// Tells one receiver everything, and returns what it was told now.
fn told(store: &mut Store, now: DateTime<Utc>) -> Vec<Message> {
    let everything = |_: &Message| vec![("ops".to_owned(), now)];
    store.transaction(|tx| tx.tell_notices(&everything, now)).unwrap();
    let due = store.read().due_deliveries("ops", 100, now).unwrap();
    let numbers: Vec<_> = due.iter().map(|one| one.number).collect();
    store
        .transaction(|tx| tx.record_deliveries(&numbers, &DeliveryOutcome::Delivered, now))
        .unwrap();
    due.into_iter().map(|one| one.message).collect()
}

fn kinds(messages: &[Message]) -> Vec<(Event, &str)> {
    messages.iter().map(|message| (message.event, message.kind.as_str())).collect()
}

#[test]
fn each_cause_is_told_once_and_then_that_it_is_over() {
    let mut store = store();
    add_job(&mut store, "spring", "planned", at(0));
    moves(&mut store, "spring", "planned", "missed", at(1));
    raise(&mut store, "clock", at(2));
    raise(&mut store, "clock", at(3));
    let said = DecidedBy { who: "anne", why: None }.that(Operation::Hold);
    store.transaction(|tx| tx.hold(Some("club"), &said, at(4))).unwrap();
    store.transaction(|tx| tx.hold(None, &said, at(5))).unwrap();
    store
        .transaction(|tx| {
            tx.pause("club", &Reason::QuotaRefusedTwice, &Advice::MassSendRight, at(6))
        })
        .unwrap();
    let file = RefusedFile { name: "a.yaml", problems: 2, line: 3 };
    store.transaction(|tx| tx.refuse_file(&file, at(7))).unwrap();

    let raised = told(&mut store, at(8));
    assert_eq!(
        kinds(&raised),
        ["missed", "clock", "hold", "hold", "paused", "refused_file"]
            .map(|kind| (Event::Raised, kind))
    );
    let missed = &raised[0];
    assert_eq!((missed.job.as_deref(), missed.title.as_deref()), (Some("spring"), Some("春天")));
    assert_eq!(missed.severity, Severity::Page);
    assert!(missed.advice.as_deref().unwrap().contains("qunfa retry spring"), "{missed:?}");
    assert_eq!(raised[5].fact, Fact::RefusedFile { name: "a.yaml".into(), problems: 2, line: 3 });
    assert_eq!(told(&mut store, at(9)), []);

    moves(&mut store, "spring", "missed", "planned", at(10));
    clear(&mut store, "clock");
    store.transaction(|tx| tx.resume(None, at(10))).unwrap();
    store.transaction(|tx| tx.forget_refused_file("a.yaml")).unwrap();
    assert_eq!(told(&mut store, at(11)), [], "it may come back at once");
    let over = told(&mut store, at(11) + OVER_FOR);
    assert_eq!(
        kinds(&over),
        ["missed", "clock", "hold", "hold", "paused", "refused_file"]
            .map(|kind| (Event::Over, kind))
    );
    assert_eq!(over[0].fact, Fact::Over { state: Some(JobState::Planned) });
    let ids: BTreeSet<_> = raised.iter().chain(&over).map(|message| &message.id).collect();
    assert_eq!(ids.len(), 12, "each message has an id of its own");
    assert!(!store.read().has_untold_notices(at(1_000)).unwrap());
}

#[test]
fn an_alert_that_a_start_clears_and_raises_again_is_no_news() {
    let mut store = store();
    raise(&mut store, "clock", at(0));
    assert_eq!(told(&mut store, at(1)).len(), 1);

    clear(&mut store, "clock");
    assert_eq!(told(&mut store, at(5)), []);
    raise(&mut store, "clock", at(10));
    assert_eq!(told(&mut store, at(100)), []);

    clear(&mut store, "clock");
    told(&mut store, at(101));
    assert_eq!(kinds(&told(&mut store, at(140))), [(Event::Over, "clock")]);
    raise(&mut store, "clock", at(150));
    assert_eq!(kinds(&told(&mut store, at(151))), [(Event::Raised, "clock")]);
}

#[test]
fn a_job_that_fails_again_is_told_again() {
    let mut store = store();
    add_job(&mut store, "spring", "planned", at(0));
    moves(&mut store, "spring", "planned", "failed", at(1));
    assert_eq!(kinds(&told(&mut store, at(2))), [(Event::Raised, "failed")]);

    moves(&mut store, "spring", "failed", "planned", at(3));
    told(&mut store, at(4));
    moves(&mut store, "spring", "planned", "failed", at(5));

    assert_eq!(kinds(&told(&mut store, at(6))), [(Event::Raised, "failed")]);
    assert_eq!(told(&mut store, at(100)), [], "nothing was over");
}

#[test]
fn a_cause_that_is_rolled_back_is_not_told() {
    let mut store = store();
    let undone = store.transaction(|tx| {
        tx.hold(Some("club"), &Reason::QuotaRefusedTwice, at(1))?;
        Err::<(), _>(crate::store::StoreError::Refused("no".to_owned()))
    });

    assert!(undone.is_err());
    assert_eq!(told(&mut store, at(2)), []);
}

#[test]
fn an_approval_and_a_confirmation_are_due_by_time_alone() {
    let mut store = store();
    add_job(&mut store, "soon", "held", at(3_600));
    add_job(&mut store, "out", "accepted", at(0));
    let accept = |tx: &Tx<'_>| {
        tx.run(
            "INSERT INTO batch (job, account, number, clientmsgid, state, next_at, msg_id,
                 accepted_at) VALUES ('out', 'club', 0, '0123456789abcdef0123456789abcdef',
                 'accepted', 0, 7, ?1)",
            params![millis(at(0))],
        )
    };
    store.transaction(accept).unwrap();
    let timing = Timing { approval: TimeDelta::minutes(30), summary: None };
    let mut due = |now| {
        store.transaction(|tx| tx.raise_timed_notices(&timing, now)).unwrap();
        told(&mut store, now)
    };

    assert_eq!(due(at(299)), []);
    let confirm = due(at(300));
    assert_eq!(kinds(&confirm), [(Event::Raised, "confirm")]);
    assert_eq!(confirm[0].until, Some(at(1_800)));
    let approval = due(at(1_800));
    assert_eq!(kinds(&approval), [(Event::Raised, "approval_due")]);
    assert_eq!(approval[0].until, Some(at(3_600)));
    assert_eq!(due(at(1_900)), [], "once for each time");

    moves(&mut store, "soon", "held", "planned", at(2_000));
    moves(&mut store, "out", "accepted", "sent", at(2_000));
    let sent = told(&mut store, at(2_001));
    assert_eq!(kinds(&sent), [(Event::Raised, "sent")]);
    let mut over: Vec<_> = told(&mut store, at(2_040)).into_iter().map(|one| one.kind).collect();
    over.sort();
    assert_eq!(over, ["approval_due", "confirm"]);
}

#[test]
fn a_changed_job_asks_for_its_approval_again_also_at_the_same_time() {
    let mut store = store();
    add_job(&mut store, "soon", "held", at(3_600));
    let timing = Timing { approval: TimeDelta::minutes(30), summary: None };
    let due = |store: &mut Store, now| {
        store.transaction(|tx| tx.raise_timed_notices(&timing, now)).unwrap();
        told(store, now)
    };
    assert_eq!(kinds(&due(&mut store, at(1_800))), [(Event::Raised, "approval_due")]);

    store.transaction(|tx| tx.void_approvals(&JobId::parse("soon").unwrap())).unwrap();

    assert_eq!(kinds(&due(&mut store, at(1_801))), [(Event::Raised, "approval_due")]);
    assert_eq!(due(&mut store, at(1_900)), []);
}

#[test]
fn the_summary_of_a_day_comes_once() {
    let mut store = store();
    for (id, to) in [("a", "sent"), ("b", "missed")] {
        add_job(&mut store, id, "accepted", at(0));
        moves(&mut store, id, "accepted", to, at(0));
    }
    told(&mut store, at(1));
    let day = NaiveDate::from_ymd_opt(2027, 3, 20);
    let timing = Timing { approval: TimeDelta::minutes(30), summary: day };
    let tomorrow = at(13 * 3_600);

    store.transaction(|tx| tx.raise_timed_notices(&timing, tomorrow)).unwrap();
    let summary = told(&mut store, tomorrow);
    store.transaction(|tx| tx.raise_timed_notices(&timing, tomorrow)).unwrap();

    assert_eq!(told(&mut store, tomorrow), []);
    let [Message { fact, severity, .. }] = summary.as_slice() else { panic!("{summary:?}") };
    assert_eq!(*severity, Severity::Note);
    let day = "2027-03-20".to_owned();
    let expected = Fact::Summary { day, sent: 1, reached: 0, moved: 0, undone: 1, waiting: 0 };
    assert_eq!(*fact, expected);
}

#[test]
fn a_failed_delivery_holds_back_later_ones_until_it_is_given_up() {
    let mut store = store();
    raise(&mut store, "clock", at(0));
    raise(&mut store, "platform", at(1));
    let everything = |_: &Message| vec![("ops".to_owned(), at(2))];
    store.transaction(|tx| tx.tell_notices(&everything, at(2))).unwrap();
    let due = |store: &Store, now| -> Vec<i64> {
        let due = store.read().due_deliveries("ops", 10, now).unwrap();
        due.iter().map(|one| one.number).collect()
    };
    assert_eq!(due(&store, at(2)), [1, 2]);
    let failed = DeliveryOutcome::Failed("it answered HTTP 500".to_owned());

    let fail = |tx: &Tx<'_>| tx.record_deliveries(&[1], &failed, at(2));
    store.transaction(fail).unwrap();
    assert_eq!(due(&store, at(6)), [0; 0], "the second waits for the first");
    assert_eq!(due(&store, at(7)), [1, 2]);

    let days = at(3 * 24 * 3_600);
    store.transaction(|tx| tx.record_deliveries(&[1], &failed, days)).unwrap();
    assert_eq!(due(&store, days), [2]);
    let unreached = store.read().attention(days).unwrap();
    let unreached = unreached.iter().find(|view| view.kind == "delivery").unwrap();
    assert!(unreached.what.contains("ops") && unreached.what.contains("HTTP 500"), "{unreached:?}");

    store.transaction(|tx| tx.drop_deliveries_except(&["other"], days)).unwrap();
    assert_eq!(due(&store, days), [0; 0]);
}

#[test]
fn without_receivers_a_notice_is_passed_over_and_a_later_receiver_is_told_that_it_is_over() {
    let mut store = store();
    raise(&mut store, "clock", at(0));
    add_job(&mut store, "a", "planned", at(0));
    moves(&mut store, "a", "planned", "sent", at(1));

    store.transaction(|tx| tx.pass_over_notices(at(2))).unwrap();

    assert!(!store.read().has_untold_notices(at(2)).unwrap());
    assert!(told(&mut store, at(3)).is_empty());
    clear(&mut store, "clock");
    assert!(told(&mut store, at(4)).is_empty(), "it may come back at once");
    assert_eq!(kinds(&told(&mut store, at(40))), [(Event::Over, "clock")]);
}

#[test]
fn notices_are_found_by_an_index_however_many_there_were() {
    let store = store();
    let plan = |sql: &str| -> String {
        let mut statement = store.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.raw_query().mapped(|row| row.get::<_, String>(3));
        rows.map(rusqlite::Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    for (sql, index) in [
        (NOTE_END, "notice_untold"),
        (timed::CLOSE_WITH_ALERT, "notice_kind"),
        (timed::APPROVALS_DUE, "notice_job"),
        (timed::CONFIRMATIONS_DUE, "notice_job"),
    ] {
        let plan = plan(sql);
        let all = plan.split("; ").any(|step| step == "SCAN notice");

        assert!(plan.contains(index) && !all, "{sql}: {plan}");
        assert!(!plan.contains("SCAN job"), "{sql}: {plan}");
    }
}

#[test]
fn a_message_that_cannot_be_read_is_told_as_such_and_holds_back_no_other() {
    let mut store = store();
    raise(&mut store, "clock", at(0));
    raise(&mut store, "platform", at(1));
    let everything = |_: &Message| vec![("ops".to_owned(), at(2))];
    store.transaction(|tx| tx.tell_notices(&everything, at(2))).unwrap();
    let due = |store: &Store| store.read().due_deliveries("ops", 10, at(2)).unwrap();
    let before = due(&store);
    let spoil = |tx: &Tx<'_>| {
        tx.run("UPDATE notice_delivery SET message = '{\"id\": 7}' WHERE id = 1", params![])
    };
    store.transaction(spoil).unwrap();

    let after = due(&store);

    let (spoiled, other) = (&after[0].message, &after[1].message);
    assert_eq!(spoiled.fact, Fact::Told { told: Told::NotRead });
    assert_eq!((&spoiled.id, &spoiled.kind), (&before[0].message.id, &before[0].message.kind));
    assert_eq!(*other, before[1].message);
}

#[test]
fn quiet_hours_hold_back_a_note_and_let_a_page_pass() {
    let mut store = store();
    raise(&mut store, "callback", at(0));
    raise(&mut store, "clock", at(1));
    let quiet = |message: &Message| {
        let page = message.severity == Severity::Page;
        vec![("ops".to_owned(), if page { at(2) } else { at(1_000) })]
    };
    store.transaction(|tx| tx.tell_notices(&quiet, at(2))).unwrap();
    let due = |now| {
        let due = store.read().due_deliveries("ops", 10, now).unwrap();
        due.into_iter().map(|one| one.message.kind).collect::<Vec<_>>()
    };

    assert_eq!(due(at(2)), ["clock"]);
    assert_eq!(due(at(1_000)), ["callback", "clock"]);
}

#[test]
fn a_window_that_is_nearly_used_up_is_told_once() {
    let mut store = store();
    let account = crate::model::Account {
        name: "club".to_owned(),
        appid: "wx1".to_owned(),
        kind: crate::model::Kind::Service,
        daily_calls: 100,
        history_per_day: Some(1),
        approvals: 0,
        payment: false,
        articles_via: crate::model::ArticlesVia::Draft,
        openids: crate::model::OpenIds::Usual,
    };
    let month = crate::calendar::Window::containing(crate::calendar::Span::Month, at(0));
    let mut charged = 0;
    let mut charge = |store: &mut Store| {
        let write = |tx: &Tx<'_>| {
            tx.run(
                "INSERT INTO charge (account, rule, \"window\", amount, state)
                 VALUES ('club', 'monthly_history', ?1, 1, 'kept')",
                params![month.to_string()],
            )?;
            tx.raise_low_quotas(&[&account], charged, at(1))
        };
        charged = store.transaction(write).unwrap();
        told(store, at(1))
    };

    assert_eq!(charge(&mut store), []);
    assert_eq!(charge(&mut store), []);
    let low = charge(&mut store);
    assert_eq!(kinds(&low), [(Event::Raised, "quota_low")]);
    let text = words::what(&low[0]);
    assert!(text.starts_with("3 of 4 of monthly_history"), "{text}");
    assert_eq!(charge(&mut store), [], "each window once");
}

#[test]
fn a_callback_that_brings_no_event_is_told_until_one_comes() {
    let mut store = store();
    add_job(&mut store, "out", "accepted", at(0));
    let accept = |tx: &Tx<'_>| {
        tx.run(
            "INSERT INTO batch (job, account, number, clientmsgid, state, next_at, msg_id,
                 accepted_at) VALUES ('out', 'club', 0, '0123456789abcdef0123456789abcdef',
                 'sent', 0, 7, 0)",
            &[],
        )
    };
    store.transaction(accept).unwrap();
    moves(&mut store, "out", "accepted", "sent", at(0));
    told(&mut store, at(1));
    let watch = |store: &mut Store, accounts: &[&str], now| {
        store.transaction(|tx| tx.watch_callbacks(accounts, now)).unwrap();
        let messages = told(store, now);
        messages.into_iter().map(|one| (one.event, one.kind)).collect::<Vec<_>>()
    };
    let silent = "callback_silent".to_owned();

    assert_eq!(watch(&mut store, &["club"], at(599)), [], "it may come yet");
    assert_eq!(watch(&mut store, &[], at(601)), [], "it has no callback");
    assert_eq!(watch(&mut store, &["club"], at(602)), [(Event::Raised, silent.clone())]);
    assert_eq!(watch(&mut store, &["club"], at(700)), [], "once");
    let event = |tx: &Tx<'_>| {
        tx.run(
            "INSERT INTO event (account, received_at, raw, msg_id, created_at, status, words)
             VALUES ('club', ?1, x'', 7, 0, 'send success', 'sent')",
            params![millis(at(701))],
        )
    };
    store.transaction(event).unwrap();
    assert_eq!(watch(&mut store, &["club"], at(702)), []);
    assert_eq!(watch(&mut store, &["club"], at(740)), [(Event::Over, silent)]);
}

#[test]
fn a_title_that_begins_the_text_is_not_shown() {
    let body = r#"{"text":{"content":"春天  来了，大家好"},"filter":{}}"#;
    assert!(begins_a_text("春天 来了", body));
    assert!(!begins_a_text("三月计划", body));
    assert!(begins_a_text("三月计划", "not JSON"), "nothing is shown that is not known");
}

#[test]
fn what_is_told_is_deleted_after_a_month_and_what_waits_is_kept() {
    let mut store = store();
    raise(&mut store, "clock", at(0));
    clear(&mut store, "clock");
    told(&mut store, at(1));
    raise(&mut store, "platform", at(2));
    told(&mut store, at(3));

    store.transaction(|tx| tx.prune_notices(at(0) + KEPT + TimeDelta::hours(1))).unwrap();

    let left = store.read().list_notices(None, 10, at(3)).unwrap();
    let left: Vec<_> = left.iter().map(|view| view.message.kind.as_str()).collect();
    assert_eq!(left, ["platform"]);
}

/// Moves a job from one time to another.
fn reschedule(store: &mut Store, id: &str, from: DateTime<Utc>, to: DateTime<Utc>) {
    let why = Reason::Advanced { goes_at: to, was_due: Some(from) };
    let write = |tx: &Tx<'_>| {
        tx.run("UPDATE job SET due_at = ?2, wake_at = ?2 WHERE id = ?1", params![id, millis(to)])?;
        tx.run(
            "INSERT INTO history (job, at, from_state, to_state, why)
             VALUES (?1, ?2, 'planned', 'planned', ?3)",
            params![id, millis(at(1)), why],
        )
    };
    store.transaction(write).unwrap();
}

#[test]
fn a_move_names_the_time_that_people_know() {
    let mut store = store();
    let [own, second, third] = [0, 3_600, 7_200].map(at);
    add_job(&mut store, "spring", "planned", own);

    reschedule(&mut store, "spring", own, second);
    reschedule(&mut store, "spring", second, third);
    let messages = told(&mut store, at(2));
    let [message] = &messages[..] else { panic!("{messages:?}") };
    let why = Reason::Advanced { goes_at: third, was_due: Some(second) };
    assert_eq!(message.fact, Fact::Moved { from: Some(own), to: third, why });
    let text = words::what(message);
    assert!(text.contains("22:00") && text.contains("and not at 2027-03-20 20:00"), "{text}");

    reschedule(&mut store, "spring", third, second);
    reschedule(&mut store, "spring", second, third);
    assert_eq!(told(&mut store, at(3)), [], "it is where people know it");
}
