//! A person's word is no proof: what was ever in doubt keeps its clientmsgid while the platform may
//! remember it, and only then is asked for under a new one.

use chrono::TimeDelta;
use qunfa::model::{Audience, JobState, Kind};
use qunfa::sandbox::{FOREVER, Fault, FaultKind, openid};
use qunfa::store::Ruling;

use crate::uploads;
use crate::views::written;
use crate::world::World;

/// The platform took a job at 20:00 and answered -1 and 45066 throughout; then all was well again.
fn taken_without_a_word() -> World {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    fall_silent(&mut world, FaultKind::ErrcodeAfterAccept(-1));
    world
}

/// The first request meets this fault, every other one 45066, until the job is uncertain.
fn fall_silent(world: &mut World, first: FaultKind) {
    world.run_until("2027-03-20 19:59:30");
    world.platform.inject(Fault::new(first).on_path("sendall"));
    world.run_until("2027-03-20 20:00:30");
    let busy = Fault::new(FaultKind::Errcode(45_066)).on_path("sendall");
    world.platform.inject(busy.times(FOREVER));
    world.run_until("2027-03-20 22:00:30");
    assert_eq!(world.state("a"), JobState::Uncertain);
    world.platform.clear_faults();
}

impl World {
    fn says_not_sent(&mut self, id: &str) {
        self.oracle.misled(id);
        self.resolve(id, Ruling::NotSent, None).unwrap();
    }

    fn ids(&self) -> Vec<String> {
        let asked = self.platform.requests().iter();
        asked.filter_map(|logged| logged.clientmsgid.clone()).collect()
    }
}

#[test]
fn a_wrong_not_sent_and_a_retry_ask_under_the_same_id_and_adopt() {
    let mut world = taken_without_a_word();
    world.says_not_sent("a");

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(20));

    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
    assert_eq!(world.codes().last(), Some(&Some(45_065)));
    assert!(world.ids().iter().all(|id| *id == world.ids()[0]));
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_retry_in_the_minute_of_the_last_request_waits_it_out() {
    let mut world = World::with(Kind::Service);
    let short = |spec: &mut qunfa::model::JobSpec| spec.retry_for = TimeDelta::minutes(31);
    world.job("a").tag().at("2027-03-20 20:00").with(short).submit();
    world.run_until("2027-03-20 19:59:30");
    let silent = Fault::new(FaultKind::ErrcodeAfterAccept(-1)).on_path("sendall");
    world.platform.inject(silent);
    world.run_until("2027-03-20 20:00:30");
    let busy = Fault::new(FaultKind::Errcode(-1)).on_path("sendall");
    world.platform.inject(busy.times(FOREVER));
    world.run_until("2027-03-20 20:31");
    assert_eq!(world.state("a"), JobState::Uncertain);
    world.platform.clear_faults();
    world.says_not_sent("a");
    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(5));

    let times: Vec<_> = world.sends().iter().map(|(second, _)| *second).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 61), "{times:?}");
    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn between_surely_remembered_and_surely_forgotten_a_retry_is_refused_and_says_until_when() {
    for at in ["2027-03-21 16:00:00", "2027-03-21 20:00:00", "2027-03-22 01:40:00"] {
        let mut world = taken_without_a_word();
        world.says_not_sent("a");
        world.run_until(at);

        let refused = world.retry("a").unwrap_err();

        for part in ["job a cannot be asked for again before 2027-03-22 01:4", "qunfa retry a"] {
            assert!(refused.contains(part), "{at}: {refused}");
        }
        assert_eq!(world.state("a"), JobState::Missed);
    }
}

#[test]
fn the_id_is_asked_with_as_long_as_it_is_surely_remembered() {
    let mut world = taken_without_a_word();
    world.says_not_sent("a");
    world.run_until("2027-03-21 15:59:30");

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(5));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn what_a_hold_keeps_back_beyond_that_is_not_asked_for() {
    let mut world = taken_without_a_word();
    world.says_not_sent("a");
    world.run_until("2027-03-21 15:50");
    world.word(|tx, now| tx.hold(None, &written("x"), now)).unwrap();
    world.retry("a").unwrap();
    world.run_until("2027-03-21 16:01");
    let asked = world.sends().len();

    world.resume();
    world.run_until("2027-03-21 17:00");

    assert_eq!((world.state("a"), world.sends().len()), (JobState::Missed, asked));
    assert!(world.reason("a").contains("clientmsgid"), "{}", world.reason("a"));
}

#[test]
fn a_new_id_is_made_once_the_old_one_is_surely_forgotten() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    fall_silent(&mut world, FaultKind::RequestLost);
    world.resolve("a", Ruling::NotSent, None).unwrap();
    world.run_until("2027-03-22 02:05");

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(20));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
    let ids = world.ids();
    assert_ne!(ids.first(), ids.last());
}

#[test]
fn a_clock_that_was_ahead_when_a_person_spoke_makes_no_new_id_early() {
    let mut world = taken_without_a_word();
    world.says_not_sent("a");
    world.run_until("2027-03-20 22:30");
    world.step_clock(TimeDelta::hours(40));
    world.retry("a").unwrap();
    let asked = world.sends().len();

    world.step_clock(TimeDelta::hours(-40));
    world.run_until("2027-03-22 02:00");

    assert_eq!((world.sends().len(), world.accepted().len()), (asked, 1));
}

#[test]
fn a_job_that_stays_silent_is_uncertain_again_and_keeps_its_id() {
    let mut world = taken_without_a_word();
    for _ in 0..3 {
        world.says_not_sent("a");
        let silent = Fault::new(FaultKind::Errcode(-1)).on_path("sendall");
        world.platform.inject(silent.times(FOREVER));
        world.retry("a").unwrap();
        world.run_for(TimeDelta::hours(3));
        assert_eq!(world.state("a"), JobState::Uncertain);
    }
    world.platform.clear_faults();
    world.says_not_sent("a");

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(20));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
    assert!(world.ids().iter().all(|id| *id == world.ids()[0]));
}

#[test]
fn a_refusal_after_a_doubtful_answer_proves_nothing_either() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    let taken = Fault::new(FaultKind::ErrcodeAfterAccept(-1)).on_path("sendall");
    world.platform.inject(taken);
    world.run_until("2027-03-20 20:00:30");
    world.platform.inject(Fault::new(FaultKind::Errcode(40_003)).on_path("sendall").times(FOREVER));
    world.run_until("2027-03-20 22:00:30");
    world.platform.clear_faults();
    world.says_not_sent("a");

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(20));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn the_question_is_asked_though_a_send_made_elsewhere_seems_to_fill_the_day() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-20 22:10").submit();
    fall_silent(&mut world, FaultKind::ErrcodeAfterAccept(-1));
    world.says_not_sent("a");
    // Its own broadcast keeps the next job out, and is taken for somebody else's.
    world.run_until("2027-03-20 22:20");
    assert_eq!(world.external(), (1, 0));

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(20));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn a_cancelled_retry_and_one_that_is_missed_stay_as_the_person_said() {
    let mut world = taken_without_a_word();
    world.says_not_sent("a");
    world.word(|tx, now| tx.hold(None, &written("x"), now)).unwrap();
    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(40));
    world.resume();
    world.run_for(TimeDelta::minutes(40));
    assert_eq!(world.state("a"), JobState::Missed);
    world.word(|tx, now| tx.hold(None, &written("x"), now)).unwrap();
    world.retry("a").unwrap();

    world.cancel("a").unwrap();

    assert_eq!(world.state("a"), JobState::Cancelled);
    world.resume();
    world.run_for(TimeDelta::days(3));
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn of_a_partial_job_each_batch_keeps_the_id_that_was_in_doubt() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.followers = 30_000);
    let list = (0..25_000).map(|number| openid("wx0brand", number)).collect();
    world.job("a").audience(Audience::List(list)).at("2027-03-20 20:00").submit();
    // The first goes, the second is taken without a word, the third is refused for certain.
    world.run_until("2027-03-20 20:00");
    while world.platform.accepted().is_empty() {
        world.run_for(TimeDelta::milliseconds(10));
    }
    world.platform.inject(Fault::new(FaultKind::ErrcodeAfterAccept(-1)).on_path("mass/send"));
    while world.platform.accepted().len() < 2 {
        world.run_for(TimeDelta::milliseconds(10));
    }
    world.platform.inject(Fault::new(FaultKind::Errcode(40_003)).on_path("mass/send"));
    while world.sends().len() < 3 {
        world.run_for(TimeDelta::milliseconds(10));
    }
    world
        .platform
        .inject(Fault::new(FaultKind::Errcode(45_066)).on_path("mass/send").times(FOREVER));
    world.run_until("2027-03-20 22:30");
    assert_eq!(world.state("a"), JobState::Uncertain);
    world.platform.clear_faults();
    let before = world.ids_of("a");
    world.says_not_sent("a");
    assert_eq!(world.state("a"), JobState::Partial);

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(30));

    let after = world.ids_of("a");
    assert_eq!((&after[0], &after[1]), (&before[0], &before[1]));
    assert_ne!(after[2], before[2]);
    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 3));
}

#[test]
fn articles_are_not_uploaded_again_for_a_question_under_the_same_id() {
    let mut world = World::with(Kind::Service);
    world.job("a").tag().content(uploads::article("one")).at("2027-03-20 20:00").submit();
    fall_silent(&mut world, FaultKind::ErrcodeAfterAccept(-1));
    world.says_not_sent("a");
    let uploads = |world: &World| {
        let asked = world.platform.requests().iter();
        asked.filter(|logged| logged.path.contains("add")).count()
    };
    let before = uploads(&world);

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(20));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
    assert_eq!(uploads(&world), before);
}

#[test]
fn a_crash_between_the_retry_and_its_answer_changes_nothing() {
    let mut world = taken_without_a_word();
    world.says_not_sent("a");
    world.retry("a").unwrap();
    world.crash(TimeDelta::seconds(30));

    world.run_for(TimeDelta::minutes(20));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn an_event_between_the_word_and_the_question_is_found_to_be_ours() {
    let mut world = World::with_safe_callback(Kind::Service);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    fall_silent(&mut world, FaultKind::ErrcodeAfterAccept(-1));
    world.says_not_sent("a");
    assert_eq!(world.external(), (1, 0));

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(20));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
    assert_eq!(world.external(), (0, 0));
}
