//! What a person decides: hold, approve, cancel, resolve.

use chrono::TimeDelta;
use qunfa::model::{BatchState, JobId, JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};
use qunfa::store::{DecidedBy, Resolution, Ruling, StoreError, Tx};

use crate::views::{telling, told, written};
use crate::world::World;

const ALICE: DecidedBy<'_> = DecidedBy { who: "alice", why: Some("because") };

impl World {
    /// A person's word reaches the database, and the daemon sees it.
    pub(crate) fn word(
        &mut self,
        work: impl FnOnce(&Tx<'_>, chrono::DateTime<chrono::Utc>) -> Result<(), StoreError>,
    ) -> Result<(), String> {
        let now = self.now();
        let done = self.engine().change(|tx| work(tx, now));
        self.engine().look_again(now);
        self.look();
        done.map_err(|error| error.to_string())
    }

    pub(super) fn approve(&mut self, id: &str) -> Result<(), String> {
        let (id, account) = (JobId::parse(id).unwrap(), self.setup(0).account.clone());
        self.word(|tx, now| tx.approve(&id, &account, ALICE, now).map(drop))
    }

    /// The last line of a job's story.
    fn last_line(&self, id: &str) -> String {
        let engine = self.engine.as_ref().expect("the daemon runs");
        told(&engine.store().read().history(id).unwrap().pop().unwrap().why)
    }
}

#[test]
fn a_hold_stops_what_is_due_until_it_is_lifted() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:59");
    world.word(|tx, now| tx.hold(Some("brand"), &written("alice said hold"), now)).unwrap();

    world.run_until("2027-03-20 20:10");
    assert_eq!((world.state("a"), world.sends().len()), (JobState::Planned, 0));
    world.resume();
    world.run_until("2027-03-20 20:15");

    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn an_approved_job_goes_at_its_time_and_its_story_says_who_approved() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = true).submit();
    world.run_until("2027-03-20 15:00");

    world.approve("a").unwrap();

    assert_eq!(world.last_line("a"), "approved by alice: \"because\"");
    assert_eq!((world.state("a"), world.due("a")), (JobState::Planned, "2027-03-20 20:00".into()));
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}

#[test]
fn an_approved_job_keeps_the_place_it_claimed_and_the_reason_it_waits() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-20 21:00").with(|spec| spec.approval = true).submit();
    world.job("c").at("2027-03-20 22:00").submit();
    let before = world.reason("b");

    world.approve("b").unwrap();

    assert_eq!(world.reason("b"), before);
    assert_eq!(world.due("b"), "2027-03-21 21:00");
    assert_eq!(world.due("c"), "2027-03-22 22:00");
}

#[test]
fn an_approval_after_its_grace_sends_nothing() {
    let mut world = World::with(Kind::Subscription);
    let long = |spec: &mut qunfa::model::JobSpec| spec.approval = true;
    world.job("a").at("2027-03-20 20:00").with(long).submit();
    // Held, so that the daemon does not miss it before the person speaks.
    world.word(|tx, now| tx.hold(None, &written("x"), now)).unwrap();
    world.run_until("2027-03-20 20:31");

    world.approve("a").unwrap();
    world.resume();
    world.run_until("2027-03-20 20:40");

    assert_eq!((world.state("a"), world.sends().len()), (JobState::Missed, 0));
}

#[test]
fn a_job_that_nobody_approved_says_truly_how_late_it_is() {
    let mut world = World::with(Kind::Subscription);
    let short = |spec: &mut qunfa::model::JobSpec| {
        spec.approval = true;
        spec.grace = TimeDelta::seconds(30);
    };
    world.job("a").at("2027-03-20 20:00").with(short).submit();

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.reason("a"), "nobody approved it in time: it was due 30 s ago");
}

#[test]
fn what_is_advised_for_a_held_job_is_true_before_and_after_its_time() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = true).submit();
    // Held, so that the daemon does not miss it.
    world.word(|tx, now| tx.hold(None, &written("x"), now)).unwrap();

    for (until, expected) in [
        ("2027-03-20 19:59", "`qunfa approve a` before its time, or it is missed"),
        (
            "2027-03-20 20:10",
            "its time has passed: `qunfa approve a` before 2027-03-20 20:30:00 +08:00, and it goes at \
             once, or it is missed",
        ),
        (
            "2027-03-20 20:31",
            "its time has passed and its grace too, so it becomes missed; then `qunfa retry a` asks for \
             it anew",
        ),
    ] {
        world.run_until(until);
        let now = world.now();
        let notes = world.engine().store().read().attention(now).unwrap();
        let note = notes.iter().find(|note| note.kind == "held").expect(until);
        assert_eq!(note.advice, expected, "{until}");
    }
}

#[test]
fn an_upload_that_does_not_go_on_is_under_attention_beside_what_is_wrong_with_the_inbox() {
    let mut world = World::with(Kind::Subscription);
    let kinds = |world: &mut World, told: [Option<&str>; 2]| -> Vec<String> {
        let now = world.now();
        let told = told.map(|what| what.map(|what| telling(what, "")));
        let told = told.each_ref().map(Option::as_ref);
        world.engine().set_inbox_alert(told, now).unwrap();
        let notes = world.engine().store().read().attention(now).unwrap();
        let inbox = |kind: &String| ["inbox", "upload_stalled"].contains(&kind.as_str());
        notes.into_iter().map(|note| note.kind).filter(inbox).collect()
    };

    assert_eq!(kinds(&mut world, [None, Some("x")]), ["upload_stalled"]);
    assert_eq!(kinds(&mut world, [Some("y"), Some("x")]), ["inbox", "upload_stalled"]);
    assert!(kinds(&mut world, [None, None]).is_empty());
}

#[test]
fn an_edit_of_an_approved_job_needs_a_new_approval() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = true).submit();
    world.approve("a").unwrap();

    let edited = world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = true);
    edited.text("other words").submit();

    assert_eq!(world.state("a"), JobState::Held);
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.sends().len(), 0);
    world.approve("a").unwrap();
    world.run_for(TimeDelta::minutes(5));
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_retry_does_not_stand_in_for_the_approval_that_nobody_gave() {
    for edited_after_its_approval in [false, true] {
        let mut world = World::with(Kind::Subscription);
        world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = true).submit();
        if edited_after_its_approval {
            world.approve("a").unwrap();
            let edited = world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = true);
            edited.text("other words").submit();
        }
        world.run_until("2027-03-20 21:00");
        assert_eq!(world.state("a"), JobState::Missed);

        world.retry("a").unwrap();

        assert_eq!(world.state("a"), JobState::Held);
        assert_eq!(world.due("a"), "2027-03-20 21:00");
        let refused = world.retry("a").unwrap_err();
        assert!(refused.contains("`qunfa approve a`"), "{refused}");
        world.run_for(TimeDelta::minutes(5));
        assert_eq!(world.sends().len(), 0);
        world.approve("a").unwrap();
        world.run_for(TimeDelta::minutes(5));
        assert_eq!(world.state("a"), JobState::Sent);
    }
}

#[test]
fn a_retry_of_an_approved_job_needs_no_second_approval() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = true).submit();
    world.approve("a").unwrap();
    world.word(|tx, now| tx.hold(None, &written("x"), now)).unwrap();
    world.run_until("2027-03-20 20:31");
    world.resume();
    world.run_until("2027-03-20 20:40");
    assert_eq!(world.state("a"), JobState::Missed);

    world.retry("a").unwrap();
    world.run_for(TimeDelta::minutes(5));

    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn what_waits_for_no_approval_cannot_be_approved() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();

    let refused = world.approve("a").unwrap_err();

    assert!(refused.contains("job a is planned and waits for no approval"), "{refused}");
}

impl World {
    pub(super) fn cancel(&mut self, id: &str) -> Result<(), String> {
        let id = JobId::parse(id).unwrap();
        let account = self.setup(0).account.clone();
        self.word(|tx, now| tx.cancel(&id, &account, ALICE, now))
    }

    /// The clientmsgids of a job's present batches.
    pub(super) fn ids_of(&self, id: &str) -> Vec<String> {
        self.view(id).batches.iter().map(|batch| batch.clientmsgid.clone()).collect()
    }

    fn batch_states(&self, id: &str) -> Vec<BatchState> {
        self.view(id).batches.iter().map(|batch| batch.state).collect()
    }
}

#[test]
fn a_cancelled_job_gives_up_its_place_and_others_come_forward() {
    for approval in [false, true] {
        let mut world = World::with(Kind::Subscription);
        world.job("a").at("2027-03-20 20:00").with(|spec| spec.approval = approval).submit();
        world.job("b").at("2027-03-20 21:00").submit();
        assert_eq!(world.due("b"), "2027-03-21 21:00");

        world.cancel("a").unwrap();

        assert_eq!(world.state("a"), JobState::Cancelled);
        assert_eq!(world.last_line("a"), "cancelled by alice: \"because\"");
        assert_eq!(world.due("b"), "2027-03-20 21:00");
        world.run_until("2027-03-22 12:00");
        assert_eq!(world.accepted(), ["2027-03-20 21:00:00"]);
    }
}

#[test]
fn a_job_that_was_refused_for_now_is_cancelled_whole() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Refused).on_path("sendall"));
    world.run_until("2027-03-20 20:00:30");
    assert_eq!(world.state("a"), JobState::Releasing);

    world.cancel("a").unwrap();

    assert_eq!(world.state("a"), JobState::Cancelled);
    world.run_until("2027-03-21 12:00");
    assert_eq!(world.accepted().len(), 0);
    let charges = world.engine().store().read().charges("a").unwrap();
    let open = charges.iter().filter(|charge| charge.state == "reserved").count();
    assert_eq!(open, 0, "{charges:?}");
}

/// A list of three batches of which the first had its answer lost or not.
fn three_batches(fault: Option<FaultKind>) -> World {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |_, spec| spec.followers = 30_000);
    world.job("a").list(25_000).at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    if let Some(fault) = fault {
        world.platform.inject(Fault::new(fault).on_path("mass/send"));
    }
    world
}

#[test]
fn cancel_during_a_release_stops_what_was_not_begun_and_keeps_what_was_accepted() {
    let mut world = three_batches(None);
    let first = |world: &World| world.batch_states("a")[0];
    while first(&world) != BatchState::Accepted {
        world.run_for(TimeDelta::milliseconds(10));
    }
    // The second may be under way already: it is settled as ever.
    world.cancel("a").unwrap();
    let sends = world.sends().len();

    world.run_until("2027-03-21 12:00");

    assert!(world.sends().len() <= sends + 1);
    assert_eq!(world.state("a"), JobState::Partial);
    assert_eq!(world.batch_states("a")[2], BatchState::Refused);
}

#[test]
fn cancel_leaves_a_batch_in_doubt_to_be_settled() {
    let mut world = three_batches(Some(FaultKind::AnswerLost));
    // The daemon goes on with the next batch while the first waits.
    while world.batch_states("a")[0] != BatchState::InDoubt {
        world.run_for(TimeDelta::milliseconds(10));
    }

    world.cancel("a").unwrap();
    assert_eq!(world.state("a"), JobState::Releasing);
    world.run_until("2027-03-21 12:00");

    let states = world.batch_states("a");
    assert_eq!((states[0], states[2]), (BatchState::Sent, BatchState::Refused));
    assert_eq!(world.state("a"), JobState::Partial);
}

#[test]
fn what_is_under_way_or_in_doubt_cannot_be_cancelled() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:59");
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    while world.state("a") != JobState::Releasing {
        world.run_for(TimeDelta::milliseconds(10));
    }

    let asking = world.cancel("a").unwrap_err();
    world.run_until("2027-03-20 20:01");
    let in_doubt = world.cancel("a").unwrap_err();

    assert!(asking.contains("a request for it is under way"), "{asking}");
    assert!(in_doubt.contains("it may have gone out"), "{in_doubt}");
    world.run_until("2027-03-20 20:05");
    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
    assert!(world.cancel("a").unwrap_err().contains("cannot be called back"));
}

/// A job that may have gone out, and did or did not.
fn uncertain(went_out: bool) -> World {
    let mut world = World::with_callback(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    if went_out {
        world.platform.inject(FaultKind::QuotaBeforeClientmsgid(true));
        world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    } else {
        let lost = Fault::new(FaultKind::RequestLost).on_path("sendall");
        world.platform.inject(lost.times(qunfa::sandbox::FOREVER));
    }
    world.run_until("2027-03-20 22:30");
    assert_eq!(world.state("a"), JobState::Uncertain);
    world.platform.clear_faults();
    world
}

impl World {
    pub(super) fn resolve(
        &mut self,
        id: &str,
        ruling: Ruling,
        batch: impl Into<Option<u32>>,
    ) -> Result<(), String> {
        let id = JobId::parse(id).unwrap();
        let account = self.setup(0).account.clone();
        let resolution = Resolution { ruling, batch: batch.into() };
        self.word(|tx, now| tx.resolve(&id, &account, resolution, ALICE, now))
    }

    fn charge_states(&self, id: &str) -> Vec<(String, String)> {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let mut charges = engine.store().read().charges(id).unwrap();
        charges.retain(|charge| charge.rule != "daily_calls");
        charges.into_iter().map(|charge| (charge.rule, charge.state)).collect()
    }

    fn candidates(&self, id: &str) -> Vec<i64> {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let events = engine.store().read().candidates(id).unwrap();
        events.into_iter().map(|event| event.msg_id).collect()
    }
}

#[test]
fn the_event_of_an_uncertain_job_is_offered_and_its_number_settles_it() {
    let mut world = uncertain(true);
    let offered = world.candidates("a");
    assert_eq!(offered.len(), 1);

    world.resolve("a", Ruling::Sent(Some(offered[0])), None).unwrap();

    assert_eq!(world.state("a"), JobState::Accepted);
    assert_eq!(
        world.last_line("a"),
        format!("batch 1 resolved as sent, as broadcast {}, by alice: \"because\"", offered[0])
    );
    assert!(world.charge_states("a").iter().all(|(_, state)| state == "kept"));
    assert!(world.candidates("a").is_empty());
    world.run_for(TimeDelta::minutes(5));
    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.view("a").batches[0].sent_count, Some(1_000));
    assert_eq!((world.external(), world.accepted().len()), ((0, 0), 1));
}

#[test]
fn what_went_out_without_a_known_number_is_sent_by_a_persons_word() {
    let mut world = uncertain(true);
    world.job("b").at("2027-03-20 23:00").submit();

    world.resolve("a", Ruling::Sent(None), None).unwrap();

    let view = world.view("a");
    assert_eq!((view.state, view.batches[0].msg_id), (JobState::Sent, None));
    assert_eq!(
        view.batches[0].result.as_ref().map(told).as_deref(),
        Some("batch 1 resolved as sent by alice: \"because\"")
    );
    assert!(world.charge_states("a").iter().all(|(_, state)| state == "kept"));
    // Its own event, booked as somebody else's, does not fit beside it.
    assert_eq!(world.external(), (0, 0));
    world.run_until("2027-03-22 12:00");
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00", "2027-03-21 23:00:00"]);
}

#[test]
fn what_did_not_go_out_is_missed_gives_its_place_back_and_can_be_retried() {
    let mut world = uncertain(false);
    world.job("b").at("2027-03-20 23:00").submit();
    assert_eq!(world.due("b"), "2027-03-21 23:00");

    world.resolve("a", Ruling::NotSent, None).unwrap();

    assert_eq!(world.state("a"), JobState::Missed);
    assert_eq!(world.reason("a"), "batch 1 resolved as not sent by alice: \"because\"");
    assert!(world.charge_states("a").iter().all(|(_, state)| state == "returned"));
    assert_eq!(world.due("b"), "2027-03-20 23:00");
    world.retry("a").unwrap();
    world.run_until("2027-03-20 23:30");
    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn an_event_kept_back_is_booked_once_the_doubt_is_settled_without_it() {
    let mut world = uncertain(false);
    world.website_send(0).unwrap();
    world.run_for(TimeDelta::minutes(1));
    assert_eq!((world.external(), world.candidates("a").len()), ((0, 0), 1));

    world.resolve("a", Ruling::NotSent, None).unwrap();

    assert_eq!(world.external(), (0, 1));
}

#[test]
fn a_number_of_another_broadcast_settles_nothing() {
    let mut world = uncertain(true);
    world.job("b").at("2027-03-21 20:00").submit();
    world.run_until("2027-03-21 21:00");
    let number = world.view("b").batches[0].msg_id.unwrap();

    let refused = world.resolve("a", Ruling::Sent(Some(number)), None).unwrap_err();

    assert!(refused.contains(&format!("broadcast {number} is one of job b")), "{refused}");
    assert_eq!(world.state("a"), JobState::Uncertain);
}

#[test]
fn only_what_is_uncertain_can_be_resolved() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();

    let planned = world.resolve("a", Ruling::NotSent, None).unwrap_err();
    world.run_until("2027-03-20 19:59:59");
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    world.run_until("2027-03-20 20:00:40");
    let releasing = world.resolve("a", Ruling::NotSent, None).unwrap_err();

    assert!(planned.contains("nothing of it is in doubt"), "{planned}");
    assert!(releasing.contains("still being asked for"), "{releasing}");
}

#[test]
fn batches_in_doubt_are_resolved_one_by_one_or_together() {
    let build = || {
        let mut world = three_batches(None);
        let lost = Fault::new(FaultKind::RequestLost).on_path("mass/send");
        world.platform.inject(lost.times(qunfa::sandbox::FOREVER));
        world.run_until("2027-03-20 22:30");
        world.platform.clear_faults();
        world
    };
    let mut world = build();
    assert_eq!(world.batch_states("a"), [BatchState::InDoubt; 3]);

    let several = world.resolve("a", Ruling::Sent(Some(5)), None).unwrap_err();
    let wrong = world.resolve("a", Ruling::NotSent, 9).unwrap_err();
    world.resolve("a", Ruling::Sent(None), 2).unwrap();
    assert_eq!(world.state("a"), JobState::Uncertain);
    world.resolve("a", Ruling::NotSent, None).unwrap();

    assert!(several.contains("name it with --batch"), "{several}");
    assert!(wrong.contains("batch 9 is not in doubt"), "{wrong}");
    assert_eq!(world.state("a"), JobState::Partial);
    let mut world = build();
    world.resolve("a", Ruling::NotSent, None).unwrap();
    assert!(!world.batch_states("a").contains(&BatchState::InDoubt));
}

#[test]
fn who_said_not_sent_by_mistake_can_say_sent() {
    for number in [true, false] {
        let mut world = uncertain(true);
        let before = world.charge_states("a");
        let msg_id = world.candidates("a")[0];
        world.resolve("a", Ruling::NotSent, None).unwrap();
        assert_eq!(world.state("a"), JobState::Missed);
        world.job("b").at("2027-03-20 23:00").submit();

        world.resolve("a", Ruling::Sent(number.then_some(msg_id)), None).unwrap();

        let state = if number { JobState::Accepted } else { JobState::Sent };
        assert_eq!(world.state("a"), state);
        assert_eq!(world.charge_states("a").len(), before.len());
        assert!(world.charge_states("a").iter().all(|(_, state)| state == "kept"));
        assert_eq!(world.external(), (0, 0));
        world.run_until("2027-03-22 12:00");
        assert_eq!(world.state("a"), JobState::Sent);
        assert_eq!(world.accepted(), ["2027-03-20 20:00:00", "2027-03-21 23:00:00"]);
    }
}

#[test]
fn what_took_the_place_of_a_broadcast_called_not_sent_is_charged_beside_it() {
    let mut world = uncertain(false);
    world.resolve("a", Ruling::NotSent, None).unwrap();
    world.job("b").at("2027-03-20 23:00").submit();
    world.run_until("2027-03-20 23:10");
    assert_eq!(world.state("b"), JobState::Sent);

    world.resolve("a", Ruling::Sent(None), None).unwrap();

    assert_eq!(world.state("a"), JobState::Sent);
    for id in ["a", "b"] {
        assert!(world.charge_states(id).iter().all(|(_, state)| state == "kept"), "{id}");
    }
}

#[test]
fn what_was_asked_for_again_or_never_in_doubt_is_not_resolved_as_sent() {
    let mut world = uncertain(false);
    world.resolve("a", Ruling::NotSent, None).unwrap();
    world.retry("a").unwrap();
    let planned = world.resolve("a", Ruling::Sent(None), None).unwrap_err();
    assert!(planned.contains("nothing of it is in doubt"), "{planned}");

    let mut world = World::with(Kind::Service);
    world.platform.inject(Fault::new(FaultKind::Errcode(40_003)).on_path("sendall"));
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:10");
    let failed = world.resolve("a", Ruling::Sent(None), None).unwrap_err();
    assert!(failed.contains("nothing of it is in doubt"), "{failed}");
}

#[test]
fn one_of_several_batches_called_not_sent_can_be_called_sent() {
    let mut world = three_batches(None);
    let lost = Fault::new(FaultKind::RequestLost).on_path("mass/send");
    world.platform.inject(lost.times(qunfa::sandbox::FOREVER));
    world.run_until("2027-03-20 22:30");
    world.platform.clear_faults();
    world.resolve("a", Ruling::NotSent, None).unwrap();

    world.resolve("a", Ruling::Sent(None), 2).unwrap();

    assert_eq!(world.state("a"), JobState::Partial);
    let states = world.batch_states("a");
    assert_eq!(states, [BatchState::Refused, BatchState::Sent, BatchState::Refused]);
}
