//! What was certainly never accepted may be dropped anew; what is too late is told at once.

use qunfa::engine::IngestedJob;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};
use qunfa::store::IngestOutcome;

use crate::world::{MarkFate, World};

/// A job that the platform refused with 40007.
fn refused() -> World {
    let mut world = World::with(Kind::Subscription);
    world.platform.inject(Fault::new(FaultKind::Errcode(40_007)).on_path("sendall"));
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:01");
    assert_eq!(world.state("a"), JobState::Failed);
    world
}

fn corrected(world: &mut World) -> IngestedJob {
    world.job("a").at("2027-03-20 20:30").text("corrected").submit()
}

#[test]
fn a_job_that_was_refused_for_certain_is_mended_by_dropping_it_again() {
    let mut world = refused();

    let notes = world.engine.as_ref().unwrap().store().read().attention(world.at).unwrap();
    let note = notes.iter().find(|note| note.kind == "failed").unwrap();
    assert!(note.advice.starts_with("correct its file and drop it again"), "{note:?}");
    assert_eq!(corrected(&mut world).taken, IngestOutcome::Anew(JobState::Failed));
    world.run_until("2027-03-20 20:35");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.codes(), [Some(40_007), Some(0)]);
    let view = world.view("a");
    assert_eq!((view.batches.len(), view.batches[0].generation), (1, 1));
    // The first one stays in its story, under the id that it was asked with.
    let asked: i64 = world
        .disk
        .witness
        .query_row("SELECT count(DISTINCT clientmsgid) FROM batch WHERE job = 'a'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(asked, 2);
}

#[test]
fn a_job_that_was_ever_in_doubt_or_accepted_is_not() {
    for fault in [
        FaultKind::AnswerLost,
        FaultKind::ErrcodeAfterAccept(-1),
        FaultKind::Review(qunfa::sandbox::Review::Rejected(20_001)),
    ] {
        let mut world = World::with(Kind::Subscription);
        world.platform.inject(Fault::new(fault.clone()));
        world.job("a").at("2027-03-20 20:00").submit();
        world.run_until("2027-03-20 20:00:30");
        let why = world.job("a").at("2027-03-20 21:00").text("corrected").submit_refused();
        assert!(why.contains("cannot be changed any more"), "{fault:?}: {why}");

        world.run_until("2027-03-21 12:00");
        let why = world.job("a").at("2027-03-21 21:00").text("corrected").submit_refused();
        assert!(why.contains("cannot be changed any more"), "{fault:?}: {why}");
    }
}

#[test]
fn a_missed_job_gets_another_time_under_its_own_id() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:00");
    world.crash(chrono::TimeDelta::hours(3));
    world.run_until("2027-03-20 22:10");
    assert_eq!(world.state("a"), JobState::Missed);

    let taken = world.job("a").at("2027-03-20 23:00").submit();
    world.run_until("2027-03-20 23:05");

    assert_eq!(taken.taken, IngestOutcome::Anew(JobState::Missed));
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn what_a_restore_left_in_question_is_not_mended_by_dropping_it_again() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:05");
    world.lose_database_but_not_the_files();
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.state("a"), JobState::Missed);

    let why = world.job("a").at("2027-03-20 21:00").text("corrected").submit_refused();

    assert!(why.contains("may have been sent already"), "{why}");
}

#[test]
fn a_mended_job_is_not_mended_twice_by_a_database_from_before() {
    let mut world = refused();
    world.copy();
    corrected(&mut world);
    world.run_until("2027-03-20 20:35");
    assert_eq!(world.state("a"), JobState::Sent);

    world.restore(0, MarkFate::Kept);
    world.run_until("2027-03-20 20:40");
    world.resume();
    let why = world.job("a").at("2027-03-20 21:30").text("corrected again").submit_refused();
    world.run_until("2027-03-21 12:00");

    assert!(why.contains("cannot be changed") || why.contains("may have been sent"), "{why}");
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_job_whose_time_has_passed_beyond_its_grace_is_refused_and_its_id_stays_free() {
    let mut world = World::with(Kind::Subscription);

    let why = world.job("a").at("2027-03-20 11:29").submit_refused();
    assert!(why.contains("would be missed: it was due 2027-03-20 11:29:00"), "{why}");
    world.job("b").at("2027-03-20 11:31").submit();

    let taken = world.job("a").at("2027-03-21 13:00").submit();
    assert_eq!(taken.taken, IngestOutcome::New);
    // A planned one stays as it was.
    let why = world.job("a").at("2027-03-20 11:00").submit_refused();
    assert!(why.contains("the job stays as it was"), "{why}");
    world.run_until("2027-03-21 13:05");
    assert_eq!(world.state("a"), JobState::Sent);
}
