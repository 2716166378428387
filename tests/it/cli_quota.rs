//! The ledger at the command line: what it shows, what a person enters, and what they take back.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser as _;
use qunfa::cli::{Answer, Arguments};
use qunfa::model::Credence;
use qunfa::store::{EventIn, SendStatus, StoreError, Tx};
use serde_json::Value;

use crate::cli::{JOBS, World, accounts, assert_golden, evening};

impl World {
    /// The JSON of one account's ledger.
    fn ledger(&self, account: &str) -> Value {
        self.json(&["quota", account, "--json"])[0].clone()
    }

    fn used(&self, account: &str, rule: &str) -> u64 {
        let ledger = self.ledger(account);
        let rules = ledger["rules"].as_array().unwrap();
        rules.iter().find(|found| found["rule"] == rule).unwrap()["used"].as_u64().unwrap()
    }

    /// The kinds of what needs a person of one account.
    fn asks(&self, account: &str) -> Vec<String> {
        let status = self.json(&["status", "--json"]);
        let notes = status["attention"].as_array().unwrap();
        let of_account = notes.iter().filter(|note| note["account"] == account);
        of_account.map(|note| note["kind"].as_str().unwrap().to_owned()).collect()
    }

    fn change(&self, work: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>) {
        self.store().transaction(work).unwrap();
    }

    /// Stores an event of a broadcast that is not ours.
    pub(crate) fn event(&self, msg_id: i64, at: DateTime<Utc>) {
        let [_, club] = accounts();
        let event = EventIn {
            account: "brand-club",
            raw: b"<xml/>",
            msg_id,
            created_at: at,
            status: "send success",
            credence: Credence::Hint,
            word: SendStatus::Success,
            words: "the platform says it went out",
            advice: "",
            articles: &[],
            counts: [Some(2), Some(2), Some(2), Some(0)],
        };
        self.change(|tx| tx.receive(&event, &club, at));
    }
}

/// A text without the person's name, who is another one everywhere.
fn anonymous(text: &str) -> String {
    let mut shown = String::new();
    for (index, part) in text.split(" by ").enumerate() {
        if index == 0 {
            shown.push_str(part);
            continue;
        }
        match part.split_once(')').filter(|(name, _)| name.contains("(uid ")) {
            Some((_, rest)) => shown.extend([" by WHO", rest]),
            None => shown.extend([" by ", part]),
        }
    }
    shown
}

#[test]
fn quota_lists_what_charged_the_windows_and_who_said_so() {
    let world = World::new();
    world.evening();
    world.event(77, evening() - TimeDelta::days(3));
    world.text(&[
        "quota",
        "record",
        "brand-club",
        "--at",
        "2027-03-19 21:30",
        "--why",
        "王芳 sent it",
    ]);
    world.text(&["quota", "record", "brand-daily", "--at", "2027-03-20"]);
    world.text(&["quota", "return", "s3", "--why", "it was a preview"]);

    assert_golden("quota.txt", &anonymous(&world.text(&["quota"])));
    let ledger = world.ledger("brand-club");
    let entry = &ledger["entries"][1];
    assert_eq!(entry["source"], "record");
    assert_eq!(entry["state"], "kept");
    assert_eq!(entry["charges"][0]["rule"], "daily_history");
    assert_eq!(entry["decisions"][0]["why"], "王芳 sent it");
    assert_eq!(entry["decisions"][0]["what"], "record");
}

#[test]
fn a_website_send_that_is_recorded_fills_the_day_of_a_subscription_account() {
    let world = World::new();
    world.take(JOBS);

    let text = world.text(&["quota", "record", "brand-daily", "--at", "2027-03-20 09:00"]);

    assert_golden("quota-record.txt", &text);
    assert_eq!(world.used("brand-daily", "daily_history"), 1);
    assert_eq!(world.used("brand-daily", "daily_send"), 0);
}

#[test]
fn recording_the_same_send_twice_books_it_once() {
    let world = World::new();
    world.take(JOBS);
    let record = ["quota", "record", "brand-club", "--at", "2027-03-18 20:00"];
    world.text(&record);

    let again = world.text(&record);

    assert!(again.contains("entry s1: it was entered before; nothing changed"), "{again}");
    assert_eq!(world.used("brand-club", "monthly_history"), 1);
}

#[test]
fn a_send_that_an_event_told_of_is_confirmed_and_not_booked_again() {
    let world = World::new();
    world.take(JOBS);
    world.event(77, evening() - TimeDelta::days(2));

    let text = world.text(&["quota", "record", "brand-club", "--at", "2027-03-18 10:00"]);

    assert!(text.contains("entry s1: an event told of it already; it is confirmed now"), "{text}");
    let ledger = world.ledger("brand-club");
    assert_eq!(ledger["entries"].as_array().unwrap().len(), 1);
    assert_eq!(ledger["entries"][0]["state"], "kept");
}

#[test]
fn an_event_of_another_day_is_another_send_than_the_recorded_one() {
    let world = World::new();
    world.take(JOBS);
    world.text(&["quota", "record", "brand-club", "--at", "2027-03-18 10:00"]);

    world.event(78, evening() - TimeDelta::days(1));
    world.event(77, evening() - TimeDelta::days(2));

    let ledger = world.ledger("brand-club");
    let entries = ledger["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "{ledger}");
    assert_eq!(entries[0]["msg_id"], 77);
    assert_eq!(entries[0]["state"], "kept");
}

#[test]
fn a_count_uses_the_month_and_no_day_and_saying_it_again_changes_nothing() {
    let world = World::new();
    world.take(JOBS);
    world.event(77, evening() - TimeDelta::days(2));

    let text = world.text(&["quota", "record", "brand-club", "--count", "3"]);
    let again = world.text(&["quota", "record", "brand-club", "--count", "3"]);

    assert!(text.contains("monthly_history of 2027-03: 3 of 4 used."), "{text}");
    assert!(again.contains("monthly_history of 2027-03: 3 of 4 used."), "{again}");
    assert!(!again.contains("booked now"), "{again}");
    assert_eq!(world.used("brand-club", "daily_history"), 0);
}

#[test]
fn a_counted_send_whose_day_becomes_known_stays_one_send() {
    let world = World::new();
    world.take(JOBS);
    world.text(&["quota", "record", "brand-club", "--count", "2"]);

    let text = world.text(&["quota", "record", "brand-club", "--at", "2027-03-05 10:00"]);

    assert!(text.contains("it was counted before, and has its time now"), "{text}");
    assert_eq!(world.used("brand-club", "monthly_history"), 2);
}

#[test]
fn a_send_of_a_past_month_leaves_this_one_alone() {
    let world = World::new();
    world.take(JOBS);

    let text = world.text(&["quota", "record", "brand-club", "--at", "2027-02-18"]);

    assert!(text.contains("monthly_history of 2027-02: 1 of 4 used."), "{text}");
    assert_eq!(world.used("brand-club", "monthly_history"), 0);
}

#[test]
fn what_cannot_be_recorded_or_returned_says_why() {
    let world = World::new();
    world.evening();
    for (arguments, expected) in [
        (vec!["record", "brand-club", "--at", "2027-03-21"], "lies ahead"),
        (vec!["record", "brand"], "brand-daily, brand-club"),
        (vec!["return", "s9"], "there is no entry s9; `qunfa quota` lists them"),
        // The broadcast that went out.
        (vec!["return", "c1"], "the platform accepted: it counts"),
    ] {
        let arguments: Vec<_> = std::iter::once("quota").chain(arguments).collect();
        let problem = world.problem(&arguments);

        assert_eq!(problem.exit_code(), 1);
        assert!(problem.message().contains(expected), "{}", problem.message());
    }
    world.text(&["quota", "record", "brand-club"]);
    world.text(&["quota", "return", "s1"]);
    let problem = world.problem(&["quota", "return", "s1"]);
    assert_eq!(problem.message(), "entry s1 was returned already");
    for bad in [vec!["return", "1"], vec!["record", "brand-club", "--none", "--count", "1"]] {
        let arguments: Vec<_> = std::iter::once("quota").chain(bad).collect();
        world.program(&arguments).assert().code(2);
    }
}

#[test]
fn what_is_in_doubt_cannot_be_returned() {
    let world = World::new();
    world.uncertain();

    let problem = world.problem(&["quota", "return", "c1"]);

    assert_eq!(problem.exit_code(), 1);
    let message = problem.message();
    assert!(message.contains("held by job club-news"), "{message}");
}

#[test]
fn a_return_lets_a_deferred_job_come_forward() {
    let world = World::new();
    world.take("jobs:\n  - {id: early, account: brand-daily, at: 2027-03-22 09:00, broadcast: {filter: {tag_id: 2}, text: 早}}\n");
    world.text(&["quota", "record", "brand-daily", "--at", "2027-03-20 09:00"]);
    world.take("jobs:\n  - {id: late, account: brand-daily, at: 2027-03-20 20:00, broadcast: {filter: {is_to_all: true}, text: 晚}}\n");
    assert_eq!(world.json(&["show", "late", "--json"])["due"], "2027-03-21T20:00:00+08:00");

    let text = world.text(&["quota", "return", "s1", "--why", "deleted before it went out"]);

    assert_golden("quota-return.txt", &text);
    assert_eq!(world.json(&["show", "late", "--json"])["due"], "2027-03-20T20:00:00+08:00");
}

#[test]
fn a_new_account_asks_what_was_sent_before_until_it_is_told() {
    let [daily, club] = accounts();
    for answer in [vec!["--count", "2"], vec!["--none"]] {
        let world = World::new();
        world.change(|tx| tx.register_account(&daily, evening()));
        world.change(|tx| tx.register_account(&club, evening()));
        assert_eq!(world.asks("brand-club"), ["first_month"]);
        assert_eq!(world.asks("brand-daily"), ["first_day"]);

        for account in ["brand-club", "brand-daily"] {
            let mut arguments = vec!["quota", "record", account];
            arguments.extend(&answer);
            world.text(&arguments);
        }

        assert_eq!(world.asks("brand-club"), Vec::<String>::new());
        assert_eq!(world.asks("brand-daily"), Vec::<String>::new());
        // Meeting it again asks nothing.
        world.change(|tx| tx.register_account(&club, evening()));
        assert_eq!(world.asks("brand-club"), Vec::<String>::new());
    }
}

#[test]
fn the_question_of_a_new_account_passes_with_its_month_or_day() {
    let [daily, club] = accounts();
    let world = World::new();
    world.change(|tx| tx.register_account(&daily, evening()));
    world.change(|tx| tx.register_account(&club, evening()));
    let open = |at: &str| -> Vec<String> {
        let notes = world.store().read().attention(at.parse().unwrap()).unwrap();
        notes.into_iter().map(|note| note.kind).collect()
    };

    assert_eq!(open("2027-03-20T15:59:59Z"), ["first_day", "first_month"]);
    assert_eq!(open("2027-03-20T16:00:00Z"), ["first_month"]);
    assert_eq!(open("2027-03-31T16:00:00Z"), Vec::<String>::new());
}

#[test]
fn a_service_account_met_on_the_first_of_the_month_is_not_asked() {
    let [_, club] = accounts();
    let world = World::new();

    world.change(|tx| tx.register_account(&club, "2027-03-01T12:00:00Z".parse().unwrap()));

    let notes = world.store().read().attention("2027-03-01T12:00:00Z".parse().unwrap()).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn show_tells_of_holds_and_resumes_while_the_job_waited() {
    let world = World::new();
    world.take(JOBS);
    world.text(&["hold", "brand-daily", "--why", "the launch is not ready"]);
    world.text(&["resume", "brand-daily", "--why", "it is"]);
    world.text(&["hold", "brand-club"]);

    let show = world.json(&["show", "spring-launch", "--json"]);

    let decisions = show["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 2, "{show}");
    assert_eq!(decisions[0]["what"], "hold");
    assert_eq!(decisions[1]["why"], "it is");
    let text = world.text(&["show", "spring-launch"]);
    assert!(text.contains("account brand-daily held by "), "{text}");
    assert!(text.contains(": \"the launch is not ready\""), "{text}");
}

#[test]
fn every_decision_about_a_job_says_who_and_why() {
    let world = World::new();
    world.evening();
    for (arguments, job, expected) in [
        (vec!["retry", "club-evening", "--why", "new media"], "club-evening", "retried by "),
        (vec!["cancel", "spring-echo", "--why", "too late"], "spring-echo", "cancelled by "),
        (vec!["approve", "club-approval", "--why", "read"], "club-approval", "approved by "),
    ] {
        assert_eq!(world.run(&arguments).0.unwrap(), Answer::Yes);

        let show = world.json(&["show", job, "--json"]);
        let history = show["history"].as_array().unwrap();
        let why = history.last().unwrap()["why"].as_str().unwrap();
        assert!(why.starts_with(expected) && why.contains("uid "), "{why}");
        assert!(why.ends_with(&format!(": \"{}\"", arguments[3])), "{why}");
    }
}

#[test]
fn a_count_on_a_day_claims_what_was_counted_without_one() {
    let world = World::new();
    world.take(JOBS);
    let used = |arguments: &[&str]| {
        let mut record = vec!["quota", "record", "brand-club"];
        record.extend(arguments);
        world.text(&record);
        world.used("brand-club", "monthly_history")
    };

    assert_eq!(used(&["--count", "2"]), 2);
    assert_eq!(used(&["--at", "2027-03-01", "--count", "1"]), 2);
    assert_eq!(used(&["--at", "2027-03-05", "--count", "1"]), 2);
    assert_eq!(used(&["--at", "2027-03-05", "--count", "1"]), 2);
    assert_eq!(used(&["--count", "2"]), 2);

    assert_eq!(used(&["--at", "2027-03-06", "--count", "1"]), 3);
    let entries = world.ledger("brand-club")["entries"].clone();
    let dated = entries.as_array().unwrap().iter().filter(|entry| entry["day_known"] == true);
    assert_eq!(dated.count(), 3, "{entries}");
}

#[test]
fn a_day_before_2000_is_refused() {
    let world = World::new();
    let config = world.path("config.yaml");
    let start = ["qunfa", "--config", config.to_str().unwrap(), "quota", "record", "brand-club"];

    for day in ["0001-01-01", "1999-12-31 23:59", "1999-12-31T23:59:59+08:00"] {
        let arguments = start.iter().copied().chain(["--at", day]);
        let refused = Arguments::try_parse_from(arguments).unwrap_err().to_string();
        assert!(refused.contains("lies before 2000"), "{refused}");
    }
}

#[test]
fn what_a_person_said_is_shown_where_it_mattered() {
    let world = World::new();
    drop(world.store());
    world.text(&["quota", "record", "brand-club", "--none", "--why", "没有发过"]);
    world.text(&["quota", "record", "brand-daily", "--at", "2027-03-20 09:00"]);
    world.take(JOBS);

    let returned = world.text(&["quota", "return", "s1", "--why", "是预览"]);

    assert!(returned.contains("Job 春天来了: spring-launch comes forward"), "{returned}");
    let quota = world.text(&["quota", "brand-club"]);
    assert!(
        quota.contains("nothing was sent before qunfa knew it: said 2027-03-20 19:57"),
        "{quota}"
    );
    assert!(quota.contains("没有发过"), "{quota}");
    assert_eq!(world.ledger("brand-club")["decisions"][0]["why"], "没有发过");
    let story = world.text(&["show", "spring-launch"]);
    assert!(story.contains("entry s1 of account brand-daily returned by"), "{story}");
    assert!(story.contains("是预览"), "{story}");
    let other = world.text(&["show", "club-news"]);
    assert!(!other.contains("returned by"), "{other}");
}
