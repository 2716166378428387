//! What a person enters into the ledger and takes back, while jobs wait.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::model::{Account, JobState, Kind};
use qunfa::sandbox::{FaultKind, Review};
use qunfa::store::{DecidedBy, Entry, Recorded};

use crate::world::World;

const ALICE: DecidedBy<'_> = DecidedBy { who: "alice", why: Some("because") };

impl World {
    fn brand(&self) -> Account {
        self.setup(0).account.clone()
    }

    /// A person enters a website send.
    fn record(&mut self, at: &str) -> Recorded {
        let (brand, at) = (self.brand(), at.parse::<DateTime<Utc>>().unwrap());
        let mut recorded = None;
        self.word(|tx, now| {
            recorded = Some(tx.record_send(&brand, at, ALICE, now)?);
            Ok(())
        })
        .unwrap();
        recorded.unwrap()
    }

    fn take_back(&mut self, entry: Entry) -> Result<(), String> {
        let brand = self.brand();
        self.word(|tx, now| tx.return_entry(entry, &brand, ALICE, now))
    }
}

#[test]
fn a_recorded_website_send_defers_the_day_without_asking_the_platform() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.website_send(0).unwrap();

    world.record("2027-03-20T04:00:00Z");
    world.run_until("2027-03-21 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.codes(), [Some(0)]);
    assert_eq!(world.accepted(), ["2027-03-21 20:00:00"]);
}

#[test]
fn a_website_send_that_is_recorded_before_its_event_is_booked_once() {
    let mut world = World::with_callback(Kind::Service);
    world.record("2027-03-20T04:00:00Z");

    world.website_send(0).unwrap();
    world.run_for(TimeDelta::hours(1));

    assert_eq!(world.external(), (1, 0));
}

#[test]
fn a_job_that_a_wrong_entry_deferred_goes_today_once_it_is_returned() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:00");
    let entry = world.record("2027-03-20T10:00:00Z").entry();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.due("a"), "2027-03-21 20:00");

    world.take_back(entry).unwrap();
    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("a"), JobState::Sent);
    assert!(world.accepted()[0].starts_with("2027-03-20 20:0"), "{:?}", world.accepted());
}

#[test]
fn a_job_that_was_asked_for_does_not_come_forward_into_a_returned_place() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.website_send(0).unwrap();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.codes(), [Some(45_028)]);

    world.take_back(Entry::External(1)).unwrap();
    world.run_until("2027-03-20 20:30");

    assert_eq!(world.due("a"), "2027-03-21 20:00");
    assert_eq!(world.codes(), [Some(45_028)]);
}

#[test]
fn what_is_under_way_or_accepted_keeps_its_charges() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.accepted().len(), 1);

    let refused = world.take_back(Entry::Charge(1)).unwrap_err();

    assert!(refused.contains("which the platform accepted: it counts"), "{refused}");
}

#[test]
fn a_new_account_is_asked_about_once_and_a_restart_asks_nothing() {
    let mut world = World::with(Kind::Service);
    let question = [("brand".to_owned(), "first_month".to_owned())];
    assert_eq!(world.questions(), question);
    world.crash(TimeDelta::seconds(2));
    world.run_for(TimeDelta::minutes(1));
    assert_eq!(world.questions(), question);

    let brand = world.brand();
    world.word(|tx, now| tx.record_none(&brand, ALICE, now)).unwrap();
    world.crash(TimeDelta::seconds(2));
    world.run_for(TimeDelta::minutes(1));

    assert_eq!(world.questions(), []);
}

#[test]
fn a_refusal_that_a_person_explained_is_no_reason_to_pause_on_the_next_day() {
    let mut world = World::new();
    world.add_account("brand", Kind::Subscription, |_, spec| spec.test_account = true);
    world.oracle.expect_refusals();
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 21:00");

    let recorded = world.record("2027-03-20T04:00:00Z");
    world.run_until("2027-03-22 12:00");

    assert!(matches!(recorded, Recorded::KnownByRefusal(_)), "{recorded:?}");
    assert_eq!(world.codes(), [Some(45_028), Some(45_028)]);
    assert!(!world.attention().contains(&"paused".to_owned()), "{:?}", world.attention());
}

#[test]
fn the_charges_of_a_failed_review_can_be_returned_one_by_one() {
    let mut world = World::with_callback(Kind::Subscription);
    world.platform.inject(FaultKind::Review(Review::Rejected(20_001)));
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-20 20:30").submit();
    world.run_until("2027-03-20 20:01");
    assert_eq!(world.state("a"), JobState::Failed);

    world.take_back(Entry::Charge(1)).unwrap();
    assert_eq!(world.due("b"), "2027-03-21 20:30");
    world.take_back(Entry::Charge(2)).unwrap();

    assert_eq!(world.due("b"), "2027-03-20 20:30");
    let again = world.take_back(Entry::Charge(2)).unwrap_err();
    assert_eq!(again, "entry c2 was returned already");
}

#[test]
fn a_deferral_names_the_window_of_the_job_itself_before_those_passed_over() {
    let mut world = World::with(Kind::Subscription);
    world.record("2027-03-20T04:00:00Z");
    world.job("a").at("2027-03-21 20:00").submit();
    world.job("b").at("2027-03-22 20:00").submit();

    world.job("c").at("2027-03-20 20:00").submit();

    assert_eq!(world.due("c"), "2027-03-23 20:00");
    assert_eq!(
        world.reason("c"),
        "deferred: daily_history of 2027-03-20 is used up, and 2027-03-21 to 2027-03-22 have no room either"
    );
    world.take_back(Entry::External(1)).unwrap();
    assert_eq!(world.due("c"), "2027-03-20 20:00");
}
