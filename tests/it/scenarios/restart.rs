//! Holds, crashes, and databases that are older than the truth.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};

use crate::views::written;
use crate::world::{MarkFate, Restore, World, time};

/// A job that was sent after a copy of the database was made, with that copy put back.
fn sent_and_forgotten(fate: MarkFate) -> World {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:30");
    world.copy();
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.accepted().len(), 1);
    world.restore(0, fate);
    world.run_for(TimeDelta::seconds(10));
    world
}

#[test]
fn a_mark_ahead_of_the_database_holds_everything_until_resume() {
    let mut world = sent_and_forgotten(MarkFate::Kept);
    world.run_until("2027-03-20 20:20");
    assert_eq!(world.sends().len(), 1);
    assert_eq!(world.state("a"), JobState::Planned);
    assert!(world.attention().contains(&"hold".to_owned()), "{:?}", world.attention());
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    let hold = notes.iter().find(|note| note.kind == "hold").unwrap();
    assert_eq!(hold.advice, "look at the jobs named, then `qunfa resume --all`");

    world.resume();
    world.run_until("2027-03-20 20:25");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn without_a_mark_an_old_database_asks_with_the_same_id_and_adopts() {
    let mut world = sent_and_forgotten(MarkFate::Gone);

    world.run_until("2027-03-20 20:20");

    assert_eq!(world.codes(), [Some(0), Some(45_065)]);
    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("a"), JobState::Sent);
    assert!(world.attention().contains(&"adopted".to_owned()), "{:?}", world.attention());
}

#[test]
fn a_missing_mark_holds_a_database_that_has_asked_before() {
    let mut world = World::with(Kind::Service);
    // The quota is answered for before the clientmsgid: an old database would book its own send as
    // somebody else's, and ask again on another day.
    world.platform.inject(FaultKind::QuotaBeforeClientmsgid(true));
    world.job("first").tag().at("2027-03-20 15:00").submit();
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:30");
    world.copy();
    world.run_until("2027-03-20 20:10");
    world.restore(0, MarkFate::Gone);

    world.run_until("2027-03-20 23:00");
    assert_eq!(world.accepted().len(), 2);
    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    let hold = notes.iter().find(|note| note.kind == "hold").unwrap();
    assert!(hold.what.contains("mark") && hold.what.ends_with(": a"), "{}", hold.what);

    world.resume();
    world.crash(TimeDelta::seconds(2));
    world.run_for(TimeDelta::minutes(1));
    assert!(!world.attention().contains(&"hold".to_owned()), "held again after resume");
}

/// A job that was deferred by four of a higher priority, which are cancelled after a copy was made:
/// it comes forward and is sent at its own time, and then the copy is put back.
fn deferred_and_sent_since() -> World {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    for day in 20..24 {
        let at = format!("2027-03-{day} 19:00");
        world.job(&format!("d{day}")).at(&at).with(|spec| spec.priority = 5).submit();
    }
    world.run_until("2027-03-20 13:00");
    world.copy();
    for day in 20..24 {
        world.cancel(&format!("d{day}")).unwrap();
    }
    world.run_until("2027-03-22 10:00");
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(1));
    world
}

#[test]
fn a_restored_job_that_was_deferred_and_sent_since_is_not_sent_again() {
    let mut world = deferred_and_sent_since();

    let notes = world.engine.as_ref().unwrap().store().read().attention(world.now()).unwrap();
    let hold = notes.iter().find(|note| note.kind == "hold").unwrap();
    assert!(hold.what.contains("a, d20") || hold.what.contains(", a"), "{}", hold.what);
    world.resume();
    world.run_until("2027-03-28 12:00");

    assert_eq!(world.state("a"), JobState::Missed, "{}", world.reason("a"));
    let sent = world.platform.accepted().iter().filter(|sent| sent.at < time("2027-03-21 00:00"));
    assert_eq!(sent.count(), 1);
    assert!(world.reason("a").contains("may have been sent"), "{}", world.reason("a"));
}

#[test]
fn a_restored_database_that_forgot_a_file_holds_though_nothing_was_asked_since() {
    let mut world = World::with(Kind::Service);
    world.job("known").tag().at("2027-03-25 20:00").submit();
    world.run_until("2027-03-20 13:00");
    world.copy();
    world.job("late").tag().at("2027-03-24 20:00").submit();
    world.run_until("2027-03-20 14:00");
    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(1));

    assert!(world.attention().contains(&"hold".to_owned()), "{:?}", world.attention());
    assert_eq!(world.state("late"), JobState::Missed);
    world.resume();
    world.crash(TimeDelta::seconds(5));
    world.run_for(TimeDelta::minutes(1));
    assert!(!world.attention().contains(&"hold".to_owned()), "held again after resume");

    // What it was ended for was not so: it goes at its time, not at once.
    world.retry("late").unwrap();
    world.run_until("2027-03-24 20:30");
    assert_eq!(world.accepted(), ["2027-03-24 20:00:00"]);
}

#[test]
fn a_lost_database_whose_file_is_dropped_again_within_grace_adopts() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:10");

    world.lose_database();
    world.run_for(TimeDelta::seconds(5));
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:20");

    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("a"), JobState::Sent);
    assert!(world.attention().contains(&"adopted".to_owned()), "{:?}", world.attention());
}

#[test]
fn an_absence_of_more_than_20_hours_starts_in_hold_once_the_clock_is_known() {
    for (hours, held) in [(19, false), (21, true)] {
        let mut world = World::with(Kind::Service);
        world.job("a").tag().at("2027-03-22 20:00").submit();
        world.run_for(TimeDelta::minutes(1));
        world.stop(TimeDelta::hours(hours));

        world.run_until("2027-03-22 20:05");

        assert_eq!(world.attention().contains(&"hold".to_owned()), held, "{hours}");
        assert_eq!(world.accepted().is_empty(), held, "{hours}");
    }
}

#[test]
fn a_restored_database_knows_its_generations_from_the_mark() {
    let mut world = World::with(Kind::Service);
    world.platform.inject(Fault::new(FaultKind::Errcode(40_003)).on_path("sendall"));
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:01");
    assert_eq!(world.state("a"), JobState::Failed);
    world.copy();
    world.retry("a").unwrap();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.accepted().len(), 1);
    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::seconds(5));
    world.resume();

    world.retry("a").unwrap();
    world.run_until("2027-03-20 20:30");

    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_new_generation_after_a_restore_is_marked_before_it_is_asked() {
    let mut world = World::with(Kind::Service);
    for n in 0..3 {
        world.job(&format!("j{n}")).tag().at(&format!("2027-03-20 1{}:00", 5 + n)).submit();
    }
    world.copy();
    world.run_until("2027-03-20 19:00");
    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::seconds(5));
    world.resume();
    world.platform.inject(Fault::new(FaultKind::Errcode(40_003)).on_path("sendall"));
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:01");

    world.retry("a").unwrap();
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.disk.mark.as_ref().unwrap().generations["a"][&0], 1);
}

#[test]
fn a_hold_of_one_account_leaves_the_others_alone() {
    let mut world = World::with(Kind::Service);
    world.add_account("other", Kind::Service, |_, _| {});
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.job("b").account("other").tag().at("2027-03-20 20:00").submit();
    let now = world.now();
    world.engine().change(|tx| tx.hold(Some("brand"), &written("a person said so"), now)).unwrap();

    world.run_until("2027-03-20 20:05");
    assert_eq!((world.state("a"), world.state("b")), (JobState::Planned, JobState::Sent));
    world.resume();
    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn nothing_of_a_real_file_is_lost_by_a_crash() {
    let at = time("2027-03-20 12:00");
    let mut world = World::from_seed(1, true, at);
    world.add_account("brand", Kind::Service, |_, _| {});
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:00");
    world.crash(TimeDelta::seconds(5));

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_restored_job_that_was_edited_and_sent_since_is_never_sent_as_it_was_before() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-25 20:00").submit();
    world.copy();
    world.run_until("2027-03-20 13:00");
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-22 12:00");
    assert_eq!(world.accepted().len(), 1);

    world.restore(0, MarkFate::Older);
    world.run_for(TimeDelta::minutes(1));
    world.resume();
    world.run_until("2027-03-26 12:00");

    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("a"), JobState::Missed);
}

#[test]
fn what_another_copy_asked_for_a_moment_ago_is_asked_about_61_seconds_after_the_start() {
    for how in [
        Restore::Database(MarkFate::Kept),
        Restore::Database(MarkFate::Older),
        Restore::Database(MarkFate::Gone),
        Restore::Backup,
    ] {
        let mut world = World::with(Kind::Service);
        world.job("first").tag().at("2027-03-20 15:00").submit();
        world.job("a").tag().at("2027-03-20 20:00").submit();
        world.run_until("2027-03-20 19:59");
        world.copy();
        if how == Restore::Database(MarkFate::Older) {
            // Only accepted/ tells that this is an old one.
            world.job("late").tag().at("2027-03-24 20:00").submit();
        }
        world.run_until("2027-03-20 20:00");
        world.run_for(TimeDelta::seconds(5));
        world.put_back(0, how);
        world.run_for(TimeDelta::seconds(4));
        world.resume();

        world.run_until("2027-03-20 20:05");

        assert_eq!(world.codes(), [Some(0), Some(0), Some(45_065)], "{how:?}");
        assert_eq!(world.state("a"), JobState::Sent, "{how:?}");
    }
}

#[test]
fn a_job_whose_grace_ends_within_61_seconds_of_a_restore_is_asked_about_before_that() {
    let mut world = World::with(Kind::Service);
    world
        .job("a")
        .tag()
        .at("2027-03-20 20:00")
        .with(|spec| spec.grace = TimeDelta::seconds(60))
        .submit();
    world.run_until("2027-03-20 19:59");
    world.copy();
    world.run_until("2027-03-20 20:00");
    world.run_for(TimeDelta::seconds(5));
    world.put_back(0, Restore::Backup);
    world.run_for(TimeDelta::seconds(4));
    world.resume();

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent, "{}", world.reason("a"));
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_job_taken_back_from_accepted_is_asked_about_61_seconds_after_the_start() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:00");
    world.run_for(TimeDelta::seconds(5));
    world.lose_database_but_not_the_files();
    world.run_for(TimeDelta::seconds(4));
    world.retry("a").unwrap();

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.codes(), [Some(0), Some(45_065)]);
    assert_eq!(world.state("a"), JobState::Sent);
}
