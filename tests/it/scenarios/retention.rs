//! What is old goes, and no id with it.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::engine::Pruning;
use qunfa::model::{JobId, JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};
use qunfa::store::{DecidedBy, IngestOutcome};

use crate::recurring::Comes;
use crate::world::{World, time};
use crate::writer::spec;

const SAID: DecidedBy<'_> = DecidedBy { who: "alice", why: None };

/// What happened before this is not kept.
const BEFORE: &str = "2028-01-01 00:00";
/// When everything is looked at: shortly after something was sent.
const LATER: &str = "2028-06-01 12:05";

impl World {
    fn number(&self, sql: &str) -> i64 {
        self.disk.witness.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Removes what is old; returns how many transactions that took.
    fn prune(&mut self, before: DateTime<Utc>) -> usize {
        let now = self.now();
        let mut at = Pruning::start();
        for steps in 1.. {
            let next = self.engine().prune(at.clone(), before, now).unwrap();
            if next == Pruning::Over {
                return steps;
            }
            // Without a clock that can be trusted it stays where it is.
            if next == at {
                return 0;
            }
            at = next;
        }
        unreachable!("it ends")
    }

    /// Lets more than a year pass, and something be sent at its end.
    fn wait_for_years(&mut self) {
        self.run_until("2028-06-01 11:00");
        self.job("new").at("2028-06-01 12:00").submit();
        self.run_until(LATER);
        assert_eq!(self.state("new"), JobState::Sent);
    }
}

fn requests_of(id: &str) -> String {
    format!(
        "SELECT count(*) FROM attempt JOIN batch ON batch.id = attempt.batch WHERE job = '{id}'"
    )
}

#[test]
fn an_old_job_loses_its_content_and_keeps_its_id() {
    let mut world = World::with_callback(Kind::Service);
    world.job("sent").at("2027-03-20 20:00").text("the secret offer").submit();
    world.run_until("2027-03-20 21:00");
    world.platform.inject(Fault::new(FaultKind::Errcode(40_007)).on_path("sendall"));
    world.job("refused").at("2027-03-21 20:00").submit();
    world.run_until("2027-03-21 21:00");
    assert_eq!([world.state("sent"), world.state("refused")], [JobState::Sent, JobState::Failed]);
    let events = world.number("SELECT count(*) FROM event");
    assert!(events > 0);
    world.wait_for_years();

    world.prune(time(BEFORE));

    let view = world.view("sent");
    assert_eq!(view.state, JobState::Sent);
    let msg_id = view.batches[0].msg_id;
    assert!(msg_id.is_some(), "a late event finds its batch");
    for id in ["sent", "refused"] {
        assert_eq!(world.number(&requests_of(id)), 0);
        let told = format!("SELECT count(*) FROM history WHERE job = '{id}'");
        assert_eq!(world.number(&told), 1, "what became of {id} stays");
    }
    assert_eq!(world.number("SELECT count(*) FROM body WHERE instr(body, 'offer')"), 0);
    assert_eq!(world.number("SELECT count(*) FROM event"), 1, "that of the new one");
    assert!(world.number(&requests_of("new")) > 0);
    // Neither is sent again, however it is offered.
    let again = world.job("sent").at("2027-03-20 20:00").text("the secret offer").submit();
    assert_eq!(again.taken, IngestOutcome::Known);
    for id in ["sent", "refused"] {
        let why = world.job(id).at("2028-06-02 20:00").text("corrected").submit_refused();
        assert!(why.contains("cannot be changed any more"), "{why}");
    }
    let why = world.retry("refused").unwrap_err();
    assert!(why.contains("is not kept any more"), "{why}");
    world.crash(TimeDelta::seconds(2));
    world.run_until("2028-06-03 12:00");
    assert!(!world.attention().contains(&"hold".to_owned()), "{:?}", world.attention());
    assert_eq!(world.accepted().len(), 2);
}

#[test]
fn what_is_not_over_keeps_everything_however_old_it_is() {
    let mut world = World::with(Kind::Subscription);
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall").times(1_000));
    world.job("doubt").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-21 12:00");
    world.platform.clear_faults();
    assert_eq!(world.state("doubt"), JobState::Uncertain);
    let requests = world.number(&requests_of("doubt"));
    world.wait_for_years();

    world.prune(time(BEFORE));

    assert_eq!(world.number(&requests_of("doubt")), requests);
    let pruned = world.number("SELECT count(*) FROM job WHERE pruned_at IS NOT NULL");
    assert_eq!(pruned, 0);
}

#[test]
fn nothing_is_removed_by_a_clock_that_the_platform_does_not_confirm() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 21:00");
    world.step_clock(TimeDelta::days(500));

    assert_eq!(world.prune(time(LATER)), 0);

    assert!(world.number(&requests_of("a")) > 0);
}

#[test]
fn no_time_is_free_in_the_minute_before_a_release() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    for (at, expected) in [
        ("2027-03-20 19:58:50", true),
        ("2027-03-20 19:59:10", false),
        ("2027-03-20 20:30:00", true),
    ] {
        world.run_until(at);
        let now = world.now();

        assert_eq!(world.engine().is_idle(now).unwrap(), expected, "at {at}");
    }
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn the_dates_of_a_series_stay_as_long_as_it_has_dates_to_come() {
    let mut world = World::with(Kind::Service);
    world.drop_series(&spec("weekly", "brand"), &Comes::at(20, 0)).unwrap();
    world.run_until("2027-03-22 12:00");
    assert_eq!(world.state("weekly@2027-03-20"), JobState::Sent);
    world.wait_for_years();
    world.extend_series();
    let pruned = "SELECT count(*) FROM job WHERE pruned_at IS NOT NULL";

    world.prune(time(BEFORE));
    assert_eq!(world.number(pruned), 0);
    let (account, now) = (world.setup(0).account.clone(), world.now());
    let id = JobId::parse("weekly").unwrap();
    world.engine().change(|tx| tx.cancel_series(&id, &account, SAID, now)).unwrap();
    world.prune(time(BEFORE));

    assert!(world.number(pruned) > 0);
    let before = time(BEFORE).timestamp_millis();
    let left = format!("SELECT count(*) FROM job WHERE ended_at < {before} AND pruned_at IS NULL");
    assert_eq!(world.number(&left), 0);
}

#[test]
fn many_old_jobs_go_a_few_at_a_time() {
    let mut world = World::with(Kind::Service);
    let specs: Vec<_> = (0..50).map(|n| spec(&format!("j{n}"), "brand")).collect();
    world.drop_file(&specs).unwrap();
    // Those without a window before they expire have ended already.
    for id in specs.iter().map(|spec| spec.id.as_str()) {
        if world.state(id).waits() {
            world.call_off_job(id);
        }
    }
    world.wait_for_years();

    assert!(world.prune(time(BEFORE)) > 3);

    assert_eq!(world.number("SELECT count(*) FROM job WHERE pruned_at IS NOT NULL"), 50);
}

#[test]
fn a_lost_database_knows_the_ids_of_files_that_were_removed() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 21:00");
    world.remove_last_file();
    world.lose_database_but_not_the_files();
    world.run_until("2027-03-20 22:00");
    let why = world.job("a").at("2027-03-21 20:00").submit_refused();
    world.run_until("2027-03-22 12:00");

    assert!(why.contains("may have been sent already"), "{why}");
    assert_eq!(world.accepted().len(), 1);
}
