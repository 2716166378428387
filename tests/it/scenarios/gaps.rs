//! What is sent while a database does not look on: backups, snapshots, clones and images that come
//! back, and the ordinary restarts of which nobody is asked anything.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};

use crate::world::{MarkFate, Restore, World};

/// Two ways in which a job moves forward after a copy was made.
#[derive(Clone, Copy, Debug)]
enum Forward {
    /// It is edited to an earlier time.
    Edited,
    /// It was deferred by another job, which is cancelled.
    Cancelled,
}

/// A job that came forward after a copy was made and was sent, with that copy put back.
fn sent_forward(forward: Forward, how: Restore) -> World {
    let mut world = World::with(Kind::Subscription);
    match forward {
        Forward::Edited => {
            world.job("a").at("2027-03-22 20:00").submit();
        }
        Forward::Cancelled => {
            for day in 21..24 {
                let at = format!("2027-03-{day} 10:00");
                world.job(&format!("d{day}")).at(&at).with(|spec| spec.priority = 5).submit();
            }
            world.job("a").at("2027-03-21 10:00").submit();
        }
    }
    world.run_until("2027-03-20 18:00");
    match how {
        Restore::Image => world.take_image(),
        Restore::Database(_) | Restore::Backup | Restore::Snapshot => world.copy(),
    }
    match forward {
        Forward::Edited => {
            world.job("a").at("2027-03-21 10:00").submit();
        }
        Forward::Cancelled => world.call_off_job("d21"),
    }
    world.run_until("2027-03-21 11:00");
    assert_eq!(world.accepted(), ["2027-03-21 10:00:00"]);
    world.put_back(0, how);
    world.run_for(TimeDelta::minutes(1));
    world
}

#[test]
fn a_job_that_moved_forward_since_the_copy_is_never_sent_again() {
    for how in [
        Restore::Database(MarkFate::Kept),
        Restore::Database(MarkFate::Older),
        Restore::Database(MarkFate::Gone),
        Restore::Backup,
        Restore::Snapshot,
        Restore::Image,
    ] {
        for forward in [Forward::Edited, Forward::Cancelled] {
            let mut world = sent_forward(forward, how);

            for _ in 0..4 {
                world.run_for(TimeDelta::hours(24));
                world.resume_after_a_look();
            }

            let sent = world.platform.accepted().iter().map(|sent| &sent.clientmsgid);
            let ids = sent.clone().collect::<std::collections::BTreeSet<_>>();
            assert_eq!(ids.len(), sent.count(), "{how:?} {forward:?}");
        }
    }
}

#[test]
fn a_backup_starts_in_hold_however_young_it_is() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 13:00");
    world.copy();
    world.run_until("2027-03-20 13:01");
    world.put_back(0, Restore::Backup);

    world.run_until("2027-03-20 20:20");
    assert!(world.accepted().is_empty());
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    let hold = notes.iter().find(|note| note.kind == "hold").unwrap();
    assert!(hold.what.contains("backup of 2027-03-20 13:00"), "{}", hold.what);
    world.resume();
    world.run_until("2027-03-20 20:25");
    assert_eq!(world.state("a"), JobState::Sent);

    world.crash(TimeDelta::seconds(5));
    world.run_for(TimeDelta::minutes(1));
    assert!(!world.attention().contains(&"hold".to_owned()), "held again after resume");
}

#[test]
fn after_a_gap_the_jobs_that_the_platform_may_have_forgotten_wait_and_the_others_go() {
    let mut world = World::with(Kind::Service);
    world.job("soon").tag().at("2027-03-21 07:50").submit();
    world.job("late").tag().at("2027-03-21 08:30").submit();
    world.run_until("2027-03-20 12:01");
    world.crash(TimeDelta::minutes(45));

    world.run_until("2027-03-21 08:45");
    assert_eq!(world.state("soon"), JobState::Sent);
    assert_eq!(world.state("late"), JobState::Planned);
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    let gap = notes.iter().find(|note| note.kind == "gap").unwrap();
    assert!(gap.what.starts_with("late of brand"), "{}", gap.what);
    assert!(gap.what.contains("2027-03-20 12:01:00 +08:00 to 2027-03-20 12:46:00"), "{}", gap.what);
    assert!(gap.advice.contains("qunfa resume brand"), "{}", gap.advice);

    world.resume();
    world.run_until("2027-03-21 08:50");
    assert_eq!(world.state("late"), JobState::Sent);
    assert!(!world.attention().contains(&"gap".to_owned()));
}

#[test]
fn nothing_is_asked_of_a_person_after_an_ordinary_stop_or_crash() {
    for (orderly, minutes) in [(true, 19 * 60), (true, 5), (false, 29), (false, 1)] {
        let mut world = World::with(Kind::Service);
        world.job("a").tag().at("2027-03-23 20:00").submit();
        world.run_for(TimeDelta::minutes(2));
        let down = TimeDelta::minutes(minutes);
        if orderly {
            world.stop(down);
        } else {
            world.crash(down);
        }

        world.run_until("2027-03-23 20:05");

        assert_eq!(world.state("a"), JobState::Sent, "{orderly} {minutes}");
    }
}

#[test]
fn a_job_that_is_deferred_beyond_what_the_platform_remembers_waits() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 12:01");
    world.crash(TimeDelta::minutes(45));
    world.run_until("2027-03-20 19:00");
    assert!(world.in_question().is_empty());
    world.website_send(0).unwrap();

    world.run_until("2027-03-20 21:00");
    assert_eq!(world.due("a"), "2027-03-21 20:00");
    assert_eq!(world.in_question(), ["a"]);
    world.run_until("2027-03-21 20:10");
    assert!(world.accepted().is_empty());
    world.resume();
    world.run_until("2027-03-21 20:15");
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_failed_job_that_may_have_been_retried_in_the_gap_is_not_retried_unseen() {
    use qunfa::sandbox::{Fault, FaultKind};
    let mut world = World::with(Kind::Service);
    world.platform.inject(Fault::new(FaultKind::Errcode(40_003)).on_path("sendall"));
    world.job("a").tag().at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 13:05");
    assert_eq!(world.state("a"), JobState::Failed);
    world.copy();
    world.retry("a").unwrap();
    world.run_until("2027-03-20 14:00");
    assert_eq!(world.accepted().len(), 1);
    world.put_back(0, Restore::Snapshot);
    world.run_until("2027-03-21 13:30");

    let refused = world.retry("a").unwrap_err();

    assert!(refused.contains("qunfa resume brand"), "{refused}");
    world.resume();
    world.retry("a").unwrap();
}

#[test]
fn a_job_that_was_accepted_after_the_backup_is_not_lost_without_a_word() {
    let mut world = World::with(Kind::Service);
    world.job("known").tag().at("2027-03-25 20:00").submit();
    world.run_until("2027-03-20 13:00");
    world.copy();
    world.job("late").tag().at("2027-03-24 20:00").submit();
    world.run_until("2027-03-20 14:00");
    // The mark is as old as the database; only accepted/ knows better.
    world.restore(0, MarkFate::Older);
    world.run_for(TimeDelta::minutes(1));

    assert!(world.attention().contains(&"hold".to_owned()), "{:?}", world.attention());
    assert_eq!(world.state("late"), JobState::Missed);
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    let late = notes.iter().find(|note| note.id.as_deref() == Some("late")).unwrap();
    assert!(late.what.contains("its time has not come"), "{}", late.what);
    assert!(late.advice.contains("qunfa retry late"), "{}", late.advice);
    world.resume();
    world.retry("late").unwrap();
    world.run_until("2027-03-24 20:10");
    assert_eq!(world.state("late"), JobState::Sent);
}

/// The body that the job would be asked for with.
fn body(world: &World, id: &str) -> String {
    let sql = "SELECT body FROM body JOIN batch ON id = batch WHERE job = ?1 AND replaced = 0";
    world.disk.witness.query_row(sql, [id], |row| row.get(0)).unwrap()
}

/// What a person reads about a job: what it is, and what to do.
fn note(world: &World, id: &str) -> (String, String) {
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    let note = notes.into_iter().find(|note| note.id.as_deref() == Some(id)).unwrap();
    (note.what, note.advice)
}

fn hold(world: &World) -> String {
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    notes.into_iter().find(|note| note.kind == "hold").unwrap().what
}

#[test]
fn a_retry_sends_what_was_written_last_and_not_what_the_copy_knows() {
    for fate in [MarkFate::Kept, MarkFate::Older, MarkFate::Gone] {
        let mut world = World::with(Kind::Service);
        world.job("p").tag().at("2027-03-20 18:00").text("price 10 wrong").submit();
        world.run_until("2027-03-20 12:05");
        world.copy();
        world.job("p").tag().at("2027-03-20 18:30").text("price 100 right").submit();
        world.run_until("2027-03-20 13:00");
        world.restore(0, fate);
        world.run_for(TimeDelta::minutes(1));

        assert_eq!(world.state("p"), JobState::Missed, "{fate:?}");
        assert!(body(&world, "p").contains("price 100 right"), "{fate:?}");
        let (what, _) = note(&world, "p");
        assert!(what.contains("its time has not come"), "{fate:?} {what}");
        assert!(
            hold(&world).contains("as missed, these jobs may have been sent already as well: p")
        );
        world.resume();
        world.retry("p").unwrap();
        world.run_until("2027-03-20 18:35");
        assert_eq!(world.accepted(), ["2027-03-20 18:30:00"], "{fate:?}");
        assert_eq!(world.state("p"), JobState::Sent);
    }
}

#[test]
fn a_job_that_had_failed_is_read_back_as_it_was_mended_and_under_its_id() {
    use qunfa::sandbox::{Fault, FaultKind};
    for fate in [MarkFate::Kept, MarkFate::Older] {
        let mut world = World::with(Kind::Service);
        world.platform.inject(Fault::new(FaultKind::Errcode(40_007)).on_path("sendall"));
        world.job("a").tag().at("2027-03-20 13:00").submit();
        world.run_until("2027-03-20 13:05");
        assert_eq!(world.state("a"), JobState::Failed);
        world.copy();
        world.job("a").tag().at("2027-03-20 14:00").text("mended").submit();
        world.run_until("2027-03-20 14:05");
        assert_eq!(world.accepted().len(), 1);
        world.restore(0, fate);
        world.run_for(TimeDelta::minutes(1));

        assert_eq!(world.state("a"), JobState::Missed, "{fate:?}");
        assert!(body(&world, "a").contains("mended"), "{fate:?}");
        world.resume();
        world.retry("a").unwrap();
        world.run_for(TimeDelta::minutes(5));
        // The platform knows it by the id of its second version.
        assert_eq!(world.accepted().len(), 1, "{fate:?}");
        assert_eq!(world.state("a"), JobState::Sent, "{fate:?}");
    }
}

#[test]
fn accepted_files_that_are_older_than_the_database_undo_no_edit() {
    let mut world = World::with(Kind::Service);
    world.job("p").tag().at("2027-03-23 18:00").text("first").submit();
    world.run_for(TimeDelta::minutes(1));
    world.job("p").tag().at("2027-03-23 18:30").text("second").submit();
    world.run_for(TimeDelta::minutes(1));
    world.forget_last_file();
    world.crash(TimeDelta::hours(21));
    world.run_for(TimeDelta::hours(22));

    assert_eq!(world.state("p"), JobState::Planned);
    assert!(body(&world, "p").contains("second"));
}

/// A job of `accepted/` whose last edit is missing there moved forward and was sent; an older
/// database is put back.
fn sent_forward_without_a_file(fate: MarkFate) -> World {
    let mut world = World::with(Kind::Service);
    world.job("known").tag().at("2027-03-25 20:00").submit();
    world.run_until("2027-03-20 12:05");
    world.copy();
    world.job("n").tag().at("2027-03-24 20:00").submit();
    world.run_until("2027-03-20 12:30");
    world.job("n").tag().at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 13:05");
    assert_eq!(world.accepted().len(), 1);
    world.forget_last_file();
    world.restore(0, fate);
    world.run_for(TimeDelta::minutes(1));
    world
}

#[test]
fn a_job_that_is_read_back_is_not_said_to_be_unsent_and_is_named_before_resume() {
    for (fate, words) in [
        (MarkFate::Older, "unless an edit that accepted/ lacks moved it forward"),
        // The mark counts a file that is nowhere.
        (MarkFate::Kept, "it may have been sent"),
    ] {
        let mut world = sent_forward_without_a_file(fate);

        let (what, advice) = note(&world, "n");
        assert!(what.contains(words), "{fate:?} {what}");
        assert!(advice.contains("`qunfa resume brand`, then `qunfa retry n`"), "{fate:?} {advice}");
        let named = hold(&world);
        assert!(named.contains("these jobs may have been sent already as well: n"), "{named}");
        let refused = world.retry("n").unwrap_err();
        assert!(refused.contains("may have been sent"), "{fate:?} {refused}");
        assert!(refused.contains("qunfa resume brand"), "{fate:?} {refused}");
        let refused = world.job("n").tag().at("2027-03-24 21:00").submit_refused();
        assert!(refused.contains("look in the account's history"), "{fate:?} {refused}");
        let now = world.now();
        let lifted = world.engine().change(|tx| tx.resume(None, now)).unwrap();
        assert_eq!(lifted.ended, 1, "{fate:?}");
        world.call_off_job("known");
        world.run_until("2027-03-25 21:00");
        assert_eq!(world.accepted().len(), 1, "{fate:?}");
    }
}

#[test]
fn a_retry_while_the_platform_remembers_what_was_read_back_needs_no_word_and_repeats_nothing() {
    let mut world = World::with(Kind::Service);
    world.job("n").tag().at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 13:05");
    world.lose_database_but_not_the_files();
    world.run_until("2027-03-20 20:00");

    world.retry("n").unwrap();
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("n"), JobState::Sent);
}

#[test]
fn a_retry_of_what_was_read_back_is_refused_once_the_platform_may_have_forgotten_it() {
    let mut world = World::with(Kind::Service);
    world.job("n").tag().at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 13:05");
    world.lose_database_but_not_the_files();
    world.run_until("2027-03-21 08:05");

    let refused = world.retry("n").unwrap_err();
    assert!(refused.contains("qunfa resume brand"), "{refused}");
    assert_eq!(world.accepted().len(), 1);
}
