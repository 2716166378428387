//! Recurring jobs: each date once, never twice, and none without a word.

use chrono::TimeDelta;
use qunfa::calendar::DateKey;
use qunfa::engine::IngestError;
use qunfa::model::{Action, Content, JobSpec, JobState, Kind, Speed};
use qunfa::reason::Reason;
use qunfa::store::{DateActions, IngestOutcome};

use crate::recurring::Comes;
use crate::world::{MarkFate, World, time};
use crate::writer::spec;

/// A subscription account with a series of every day at 20:00, taken at noon of 20 March.
fn daily() -> World {
    let mut world = World::with(Kind::Subscription);
    world.drop_series(&spec("daily", "brand"), &Comes::at(20, 0)).unwrap();
    world
}

fn text(spec: &mut JobSpec, text: &str) {
    let content = format!("{}|{text}", spec.id);
    let Action::Broadcast(broadcast) = &mut spec.action else { unreachable!() };
    broadcast.content = Content::Text { content };
}

fn refused(taken: Result<qunfa::engine::IngestedJob, IngestError>) -> String {
    match taken {
        Err(IngestError::Refused(mut why)) => why.remove(0).1,
        other => panic!("not refused: {other:?}"),
    }
}

/// Lets days pass, with the chore once a day.
pub(super) fn days(world: &mut World, count: i64) {
    for _ in 0..count {
        world.run_for(TimeDelta::days(1));
        world.extend_series();
    }
}

#[test]
fn every_date_goes_once_at_its_time() {
    let mut world = daily();

    days(&mut world, 50);

    let accepted = world.accepted();
    assert_eq!(accepted.len(), 50, "{accepted:?}");
    assert!(accepted.iter().all(|at| at[11..16] == *"20:00"), "{accepted:?}");
}

#[test]
fn dates_are_jobs_five_weeks_ahead_and_claim_their_windows() {
    let mut world = daily();

    let dates = world.dates("daily");

    assert_eq!(dates.len(), 35, "{dates:?}");
    assert_eq!(dates[0], "2027-03-20 planned");
    assert_eq!(dates[34], "2027-04-23 planned");
    let (account, now) = (world.setup(0).account.clone(), world.now());
    let store = world.engine().store();
    let owned = |day: &str| {
        let of = (qunfa::quota::Rule::DailySend, qunfa::calendar::Window::parse(day).unwrap());
        let tx = store.read();
        tx.owners(&account, of, now).unwrap().len()
    };
    assert_eq!((owned("2027-03-20"), owned("2027-04-23"), owned("2027-04-24")), (1, 1, 0));
}

#[test]
fn fewer_dates_of_a_very_large_job_are_planned_ahead() {
    let mut world = World::with(Kind::Subscription);
    let mut large = spec("daily", "brand");
    text(&mut large, &"x".repeat(4 << 20));

    world.drop_series(&large, &Comes::at(20, 0)).unwrap();

    assert_eq!(world.dates("daily").len(), 7);
}

#[test]
fn each_date_is_sent_with_its_own_day_and_an_edit_fills_it_in_anew() {
    let mut world = World::with(Kind::Subscription);
    let mut templated = JobSpec { templated: true, ..spec("daily", "brand") };
    text(&mut templated, "{date:%m月%d日}的早报");
    world.drop_series(&templated, &Comes::at(20, 0)).unwrap();
    let body = |world: &World, id: &str| -> String {
        let sql = "SELECT body FROM body JOIN batch ON batch.id = body.batch
                   WHERE job = ?1 AND replaced = 0";
        world.disk.witness.query_row(sql, [id], |row| row.get(0)).unwrap()
    };
    assert!(body(&world, "daily@2027-03-21").contains("daily|03月21日的早报"));
    assert!(body(&world, "daily@2027-04-01").contains("daily|04月01日的早报"));

    text(&mut templated, "{date:%m月%d日}的晚报");
    world.drop_series(&templated, &Comes::at(20, 0)).unwrap();
    days(&mut world, 50);

    assert!(body(&world, "daily@2027-03-21").contains("daily|03月21日的晚报"));
    assert!(body(&world, "daily@2027-05-01").contains("daily|05月01日的晚报"));
    assert_eq!(world.accepted().len(), 50);
}

#[test]
fn a_series_that_comes_rarely_has_its_next_date_planned() {
    let mut world = World::with(Kind::Subscription);
    let comes = Comes { yearly: true, ..Comes::at(11, 0) };
    world.drop_series(&spec("rare", "brand"), &comes).unwrap();
    world.extend_series();
    assert_eq!(world.dates("rare"), ["2028-01-01 planned"]);

    world.run_until("2028-01-01 11:10");
    world.extend_series();

    assert_eq!(world.dates("rare"), ["2028-01-01 sent", "2029-01-01 planned"]);
}

#[test]
fn extending_again_and_starting_again_makes_no_date_twice() {
    let mut world = daily();
    let before = world.dates("daily");

    for _ in 0..3 {
        world.extend_series();
        world.crash(TimeDelta::seconds(5));
        world.run_for(TimeDelta::seconds(10));
    }

    assert_eq!(world.dates("daily"), before);
}

#[test]
fn a_date_that_a_person_cancelled_never_comes_back() {
    let mut world = daily();
    world.cancel("daily@2027-03-21").unwrap();

    let mut edited = spec("daily", "brand");
    text(&mut edited, "edited");
    world.drop_series(&edited, &Comes::at(21, 0)).unwrap();
    days(&mut world, 3);

    assert_eq!(world.state("daily@2027-03-21"), JobState::Cancelled);
    assert_eq!(world.accepted(), ["2027-03-20 21:00:00", "2027-03-22 21:00:00"]);
}

#[test]
fn an_edit_holds_for_the_dates_that_wait_and_withdraws_those_it_leaves_out() {
    let mut world = daily();
    days(&mut world, 1);
    assert_eq!(world.state("daily@2027-03-20"), JobState::Sent);

    // Sundays and Tuesdays only; 21 March is a Sunday.
    let taken = world.drop_series(&spec("daily", "brand"), &Comes::at(19, 0).on(&[0, 2])).unwrap();

    assert_eq!(taken.taken, IngestOutcome::Updated);
    assert_eq!(world.due("daily@2027-03-21"), "2027-03-21 19:00");
    assert_eq!(world.state("daily@2027-03-22"), JobState::Cancelled);
    assert!(world.reason("daily@2027-03-22").contains("no longer has this date"));
    assert_eq!(world.state("daily@2027-03-20"), JobState::Sent);

    // What an edit withdrew, a later one may have again.
    world.drop_series(&spec("daily", "brand"), &Comes::at(18, 0)).unwrap();
    days(&mut world, 2);

    let expected = ["2027-03-20 20:00:00", "2027-03-21 18:00:00", "2027-03-22 18:00:00"];
    assert_eq!(world.accepted(), expected);
}

#[test]
fn an_edit_lets_a_deferred_date_go_on_waiting_as_it_is_written_now() {
    let mut world = World::with(Kind::Subscription);
    world.website_send(0).unwrap();
    world.record_website_send(0);
    // Saturdays; the day is full.
    world.drop_series(&spec("weekly", "brand"), &Comes::at(20, 0).on(&[6])).unwrap();
    assert_eq!(world.due("weekly@2027-03-20"), "2027-03-21 20:00");
    world.run_until("2027-03-21 10:00");

    let mut edited = spec("weekly", "brand");
    text(&mut edited, "edited");
    world.drop_series(&edited, &Comes::at(19, 0).on(&[6])).unwrap();
    world.run_until("2027-03-21 21:00");

    assert_eq!(world.state("weekly@2027-03-20"), JobState::Sent);
    assert_eq!(world.accepted(), ["2027-03-21 19:00:00"]);
}

#[test]
fn a_date_of_every_day_whose_day_is_full_expires_where_its_series_says_so() {
    let mut world = World::with(Kind::Subscription);
    let mut recurring = spec("daily", "brand");
    recurring.expires = qunfa::model::Expires::After(TimeDelta::hours(12));
    world.website_send(0).unwrap();
    world.record_website_send(0);

    world.drop_series(&recurring, &Comes::at(20, 0)).unwrap();
    days(&mut world, 3);

    assert_eq!(world.state("daily@2027-03-20"), JobState::Expired);
    assert_eq!(world.accepted(), ["2027-03-21 20:00:00", "2027-03-22 20:00:00"]);
}

#[test]
fn the_same_file_again_changes_nothing() {
    let mut world = daily();
    let before = world.dates("daily");

    let taken = world.drop_series(&spec("daily", "brand"), &Comes::at(20, 0)).unwrap();

    assert_eq!(taken.taken, IngestOutcome::Known);
    assert_eq!(world.dates("daily"), before);
}

#[test]
fn an_edit_after_todays_date_went_sends_nothing_more_today() {
    let mut world = daily();
    world.run_until("2027-03-20 20:10");

    world.drop_series(&spec("daily", "brand"), &Comes::at(22, 0)).unwrap();
    days(&mut world, 1);

    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
    assert_eq!(world.due("daily@2027-03-21"), "2027-03-21 22:00");
}

#[test]
fn an_edit_to_a_time_that_has_passed_makes_today_missed_and_never_sends_it() {
    let mut world = daily();

    world.drop_series(&spec("daily", "brand"), &Comes::at(9, 0)).unwrap();
    world.run_until("2027-03-20 23:00");

    assert_eq!(world.state("daily@2027-03-20"), JobState::Missed);
    assert!(world.accepted().is_empty());
}

#[test]
fn a_cancelled_series_ends_with_every_date_that_waits() {
    let mut world = daily();
    days(&mut world, 2);

    let done = world.cancel_series("daily").unwrap();
    days(&mut world, 5);

    assert_eq!(done.cancelled.len(), 35);
    assert_eq!(world.accepted().len(), 2);
    let again = world.cancel_series("daily").unwrap_err();
    assert!(again.contains("is cancelled already (cancelled by alice)"), "{again}");
    let edited = refused(world.drop_series(&spec("daily", "brand"), &Comes::at(9, 0)));
    assert!(edited.contains("series daily is cancelled"), "{edited}");
}

#[test]
fn until_ends_it_and_a_series_without_a_date_to_come_is_refused() {
    let mut world = World::with(Kind::Subscription);
    let comes = Comes { until: Some(time("2027-03-22 20:00")), ..Comes::at(20, 0) };
    world.drop_series(&spec("short", "brand"), &comes).unwrap();
    days(&mut world, 6);
    assert_eq!(world.accepted().len(), 3);

    let why = refused(world.drop_series(&spec("late", "brand"), &comes));

    assert!(why.contains("has no date after now"), "{why}");
}

#[test]
fn an_id_is_a_jobs_or_a_series_and_a_date_belongs_to_its_series() {
    let mut world = daily();
    world.job("weekly@2027-04-02").at("2027-03-29 10:00").submit();

    for (id, part) in
        [("daily", "belongs to a series"), ("daily@2027-09-09", "that of a date of series daily")]
    {
        let why = world.job(id).at("2027-03-29 10:00").submit_refused();
        assert!(why.contains(part), "{why}");
    }
    let why = refused(world.drop_series(&spec("weekly", "brand"), &Comes::at(20, 0)));
    assert!(why.contains("there is a job weekly@2027-04-02"), "{why}");
}

#[test]
fn each_date_waits_for_an_approval_of_its_own() {
    let mut world = World::with(Kind::Subscription);
    let mut held = spec("daily", "brand");
    held.approval = true;
    world.drop_series(&held, &Comes::at(20, 0)).unwrap();

    world.approve("daily@2027-03-21").unwrap();
    days(&mut world, 3);

    assert_eq!(world.accepted(), ["2027-03-21 20:00:00"]);
    assert_eq!(world.state("daily@2027-03-20"), JobState::Missed);
}

#[test]
fn dates_that_passed_while_no_daemon_ran_are_missed_in_words_and_the_next_one_goes() {
    let mut world = daily();
    world.crash(TimeDelta::days(60));

    world.run_until("2027-05-19 13:00");
    world.resume();
    for _ in 0..4 {
        world.run_for(TimeDelta::minutes(5));
        world.extend_series();
    }
    world.run_until("2027-05-19 21:00");

    assert_eq!(world.state("daily@2027-05-18"), JobState::Missed);
    assert!(world.reason("daily@2027-05-18").contains("grace"));
    assert_eq!(world.state("daily@2027-04-01"), JobState::Missed);
    assert_eq!(world.accepted(), ["2027-05-19 20:00:00"]);
}

#[test]
fn dates_of_an_absence_of_years_are_passed_over_in_words() {
    let mut world = daily();
    world.crash(TimeDelta::days(800));

    world.run_until("2029-05-29 13:00");
    world.resume();
    for _ in 0..6 {
        world.run_for(TimeDelta::minutes(5));
        world.extend_series();
    }
    world.run_until("2029-05-29 21:00");

    assert_eq!(world.accepted(), ["2029-05-29 20:00:00"]);
    assert_eq!(world.state("daily@2029-05-28"), JobState::Missed);
    assert!(world.dates("daily").len() < 300, "{}", world.dates("daily").len());
    let id = qunfa::model::JobId::parse("daily").unwrap();
    let why = world.engine().store().read().series(&id).unwrap().unwrap().why.unwrap();
    assert!(matches!(why, Reason::DatesPassedOver { .. }), "{why:?}");
}

#[test]
fn a_file_taken_by_a_clock_far_ahead_has_its_dates_from_now_on() {
    let mut world = World::with(Kind::Subscription);
    world.step_clock(TimeDelta::days(3_000));
    world.drop_series(&spec("daily", "brand"), &Comes::at(20, 0)).unwrap();
    world.run_for(TimeDelta::minutes(5));
    world.step_clock(-TimeDelta::days(3_000));

    days(&mut world, 2);

    assert_eq!(world.accepted(), ["2027-03-20 20:00:00", "2027-03-21 20:00:00"]);
}

#[test]
fn a_wrong_clock_passes_no_date_over() {
    let mut world = daily();

    world.step_clock(TimeDelta::days(400));
    for _ in 0..3 {
        world.extend_series();
        world.run_for(TimeDelta::minutes(5));
    }
    world.step_clock(-TimeDelta::days(400));
    days(&mut world, 60);

    assert_eq!(world.accepted().len(), 60);
}

#[test]
fn an_old_database_asks_for_the_date_of_today_with_the_same_id_and_adopts() {
    let mut world = daily();
    world.run_until("2027-03-20 19:30");
    world.copy();
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.accepted().len(), 1);

    world.restore(0, MarkFate::Gone);
    world.run_until("2027-03-20 20:20");

    assert_eq!(world.codes(), [Some(0), Some(45_065)]);
    assert_eq!(world.accepted().len(), 1);
    assert_eq!(world.state("daily@2027-03-20"), JobState::Sent);
}

#[test]
fn a_database_of_weeks_ago_sends_no_date_a_second_time() {
    for fate in [MarkFate::Kept, MarkFate::Older, MarkFate::Gone] {
        let mut world = daily();
        world.copy();
        days(&mut world, 50);
        assert_eq!(world.accepted().len(), 50);
        // The copy ends 15 dates before now: what it lacks is made, and missed.
        world.restore(0, fate);

        world.run_for(TimeDelta::minutes(5));
        world.resume();
        for _ in 0..6 {
            world.run_for(TimeDelta::minutes(5));
            world.extend_series();
        }
        days(&mut world, 2);

        let accepted = world.accepted();
        assert_eq!(accepted.len(), 52, "{fate:?}: {accepted:?}");
        assert_eq!(world.state("daily@2027-05-08"), JobState::Missed, "{fate:?}");
        assert_eq!(world.state("daily@2027-05-09"), JobState::Sent, "{fate:?}");
    }
}

#[test]
fn an_old_database_whose_series_was_edited_since_plans_none_of_its_dates() {
    let mut world = World::with(Kind::Service);
    let mut tagged = spec("daily", "brand");
    let Action::Broadcast(broadcast) = &mut tagged.action else { unreachable!() };
    broadcast.audience = qunfa::model::Audience::Tag(2);
    world.drop_series(&tagged, &Comes::at(20, 0)).unwrap();
    world.copy();
    // It goes earlier on each day from then on.
    world.drop_series(&tagged, &Comes::at(13, 0)).unwrap();
    world.run_until("2027-03-22 14:00");
    assert_eq!(world.accepted().len(), 3);

    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(1));
    world.resume();
    days(&mut world, 2);

    assert_eq!(world.accepted().len(), 3);
    assert_eq!(world.state("daily@2027-03-24"), JobState::Missed);
    assert_eq!(world.attention().iter().filter(|kind| *kind == "series").count(), 1);
    let edited = refused(world.drop_series(&tagged, &Comes::at(9, 0)));
    assert!(edited.contains("say `qunfa retry daily`"), "{edited}");

    // A person looked: from tomorrow on it goes as it was last written.
    assert_eq!(world.retry_series("daily").as_deref(), Some("2027-03-25"));
    assert!(!world.attention().contains(&"series".to_owned()));
}

#[test]
fn a_lost_series_that_goes_on_plans_the_dates_anew_that_were_made_before() {
    let mut world = daily();
    world.cancel("daily@2027-03-28").unwrap();
    world.copy();
    let mut edited = spec("daily", "brand");
    text(&mut edited, "as it was written last");
    world.drop_series(&edited, &Comes::at(13, 0)).unwrap();
    world.run_until("2027-03-21 14:00");
    assert_eq!(world.accepted().len(), 2);

    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(1));
    world.resume();
    world.run_for(TimeDelta::minutes(1));

    assert_eq!(world.lost_series().as_deref(), Some("daily"));
    assert_eq!(world.state("daily@2027-03-23"), JobState::Missed);
    // One note tells of them all.
    assert!(!world.attention().contains(&"missed".to_owned()), "{:?}", world.attention());
    assert_eq!(world.retry_series("daily").as_deref(), Some("2027-03-22"));
    let dates = world.dates("daily");
    assert_eq!(dates[0..3], ["2027-03-20 missed", "2027-03-21 missed", "2027-03-22 planned"]);
    assert_eq!(dates[8], "2027-03-28 cancelled");
    assert!(dates[9..].iter().all(|date| date.ends_with("planned")), "{dates:?}");
    // What may have been sent stays as it is, though an edit puts today's date at a later hour.
    world.drop_series(&edited, &Comes::at(23, 0)).unwrap();
    assert_eq!(world.state("daily@2027-03-21"), JobState::Missed);
    days(&mut world, 3);
    assert_eq!(world.accepted()[2..], ["2027-03-22 23:00:00", "2027-03-23 23:00:00"]);
}

#[test]
fn a_lost_series_leaves_alone_what_a_person_said_of_its_dates_and_withdraws_what_it_lacks() {
    let mut world = daily();
    world.copy();
    let ends = Comes { until: Some(time("2027-03-30 23:00")), ..Comes::at(13, 0) };
    world.drop_series(&spec("daily", "brand"), &ends).unwrap();
    world.run_until("2027-03-21 14:00");
    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(1));
    world.resume();
    world.run_for(TimeDelta::minutes(1));
    world.retry("daily@2027-03-25").unwrap();
    let before = world.view("daily@2027-03-25");

    world.retry_series("daily");

    let after = world.view("daily@2027-03-25");
    assert_eq!((after.state, after.due), (before.state, before.due));
    assert_eq!(world.state("daily@2027-03-30"), JobState::Planned);
    assert_eq!(world.state("daily@2027-03-31"), JobState::Cancelled);
    // An edit that has it again plans it again.
    world.drop_series(&spec("daily", "brand"), &Comes::at(13, 0)).unwrap();
    assert_eq!(world.state("daily@2027-03-31"), JobState::Planned);
}

#[test]
fn a_series_of_which_no_date_waits_is_told_by_where_its_last_date_stands() {
    let mut world = World::with(Kind::Subscription);
    let comes = Comes { until: Some(time("2027-03-22 20:00")), ..Comes::at(20, 0) };
    world.drop_series(&spec("short", "brand"), &comes).unwrap();
    world.run_until("2027-03-23 12:00");

    let again = world.drop_series(&spec("short", "brand"), &comes).unwrap();

    assert_eq!((again.taken, again.state), (IngestOutcome::Known, JobState::Sent));
    assert_eq!(again.due_at, Some(time("2027-03-22 20:00")));
}

#[test]
fn a_series_that_went_back_to_an_earlier_version_is_not_lost_after_an_absence() {
    let mut world = daily();
    world.run_for(TimeDelta::minutes(1));
    world.drop_series(&spec("daily", "brand"), &Comes::at(21, 0)).unwrap();
    world.run_for(TimeDelta::minutes(1));
    world.drop_series(&spec("daily", "brand"), &Comes::at(20, 0)).unwrap();
    world.forget_last_file();
    world.crash(TimeDelta::hours(21));

    world.run_for(TimeDelta::hours(22));

    assert_eq!(world.lost_series(), None);
    assert_eq!(world.state("daily@2027-03-22"), JobState::Planned);
}

#[test]
fn articles_of_a_series_are_made_anew_for_each_date_and_its_files_are_kept() {
    let mut world = World::with(Kind::Subscription);
    let mut recurring = spec("daily", "brand");
    let Action::Broadcast(broadcast) = &mut recurring.action else { unreachable!() };
    broadcast.content = crate::uploads::article("spring");
    world.drop_series(&recurring, &Comes::at(20, 0)).unwrap();

    days(&mut world, 3);

    assert_eq!(world.accepted().len(), 3);
    let drafts =
        world.platform.requests().iter().filter(|logged| logged.path.contains("draft/add"));
    assert_eq!(drafts.count(), 3);
    world.lose_database_but_not_the_files();
    world.run_for(TimeDelta::minutes(1));
    let now = world.now();
    let kept = world.engine().change(|tx| tx.files_in_use(now)).unwrap();
    assert!(!kept.is_empty());
}

#[test]
fn a_lost_database_knows_its_series_and_sends_none_of_its_dates() {
    let mut world = daily();
    days(&mut world, 3);
    world.lose_database_but_not_the_files();

    days(&mut world, 3);

    assert_eq!(world.accepted().len(), 3);
    assert_eq!(world.lost_series().as_deref(), Some("daily"));
    assert!(world.dates("daily").is_empty());
    assert_eq!(world.retry_series("daily").as_deref(), Some("2027-03-27"));
    days(&mut world, 3);
    assert_eq!(world.accepted()[3..], ["2027-03-27 20:00:00", "2027-03-28 20:00:00"]);
}

#[test]
fn a_date_that_a_person_remade_keeps_its_generation_where_an_old_database_lacks_it() {
    let mut world = daily();
    world.copy();
    days(&mut world, 40);
    let refuses = qunfa::sandbox::Fault::new(qunfa::sandbox::FaultKind::Errcode(40_003));
    world.platform.inject(refuses.on_path("sendall"));
    world.run_until("2027-04-29 20:10");
    assert_eq!(world.state("daily@2027-04-29"), JobState::Failed);
    world.retry("daily@2027-04-29").unwrap();
    world.run_until("2027-04-29 20:20");
    let before = world.accepted().len();
    assert_eq!(world.state("daily@2027-04-29"), JobState::Sent);

    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(2));
    world.resume();
    world.run_until("2027-04-29 23:00");

    // Asked again within its grace, it is known by the id of its second generation.
    assert_eq!(world.accepted().len(), before);
    let batch = &world.view("daily@2027-04-29").batches[0];
    assert_eq!(batch.generation, 1);
}

#[test]
fn a_date_of_a_lost_series_is_what_was_written_last() {
    let mut world = daily();
    world.copy();
    let mut edited = spec("daily", "brand");
    text(&mut edited, "as it was written last");
    world.drop_series(&edited, &Comes::at(21, 0)).unwrap();
    world.run_until("2027-03-20 13:00");

    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(1));
    world.resume();
    world.retry("daily@2027-03-20").unwrap();
    world.run_until("2027-03-20 21:10");

    assert_eq!(world.accepted(), ["2027-03-20 21:00:00"]);
    let sql = "SELECT body FROM body JOIN batch ON id = batch WHERE job = 'daily@2027-03-20'
               AND replaced = 0";
    let body: String = world.disk.witness.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(body.contains("as it was written last"), "{body}");
}

/// A service account with a series of every day at 8:00 and at 20:00, taken at noon of 20 March.
fn twice_a_day() -> World {
    let mut world = World::with(Kind::Service);
    world.drop_series(&speed("fast", 1), &Comes::at(8, 0).and_at(20)).unwrap();
    world
}

fn speed(id: &str, speed: i64) -> JobSpec {
    JobSpec { action: Action::Speed(Speed::new(speed).unwrap()), ..spec(id, "brand") }
}

#[test]
fn several_times_of_a_day_are_jobs_of_their_own() {
    let mut world = twice_a_day();

    world.run_for(TimeDelta::days(2));

    let dates = world.dates("fast");
    assert_eq!(
        dates[..4],
        [
            "2027-03-20-2000 sent",
            "2027-03-21-0800 sent",
            "2027-03-21-2000 sent",
            "2027-03-22-0800 sent"
        ]
    );
    assert_eq!(dates.len(), 70, "{dates:?}");
}

#[test]
fn an_edit_of_the_times_gives_no_day_a_date_more_than_it_names() {
    let mut world = twice_a_day();
    world.run_for(TimeDelta::hours(9));
    assert_eq!(world.dates("fast")[0], "2027-03-20-2000 sent");

    world.drop_series(&speed("fast", 1), &Comes::at(8, 0).and_at(22)).unwrap();

    let dates = world.dates("fast");
    assert_eq!(dates[0], "2027-03-20-2000 sent");
    assert_eq!(
        dates[1..4],
        ["2027-03-21-0800 planned", "2027-03-21-2000 cancelled", "2027-03-21-2200 planned"]
    );

    world.drop_series(&speed("fast", 1), &Comes::at(22, 0)).unwrap();

    let dates = world.dates("fast");
    assert!(!dates.iter().any(|date| date.starts_with("2027-03-20 ")), "{dates:?}");
    assert!(dates.contains(&"2027-03-21 planned".to_owned()), "{dates:?}");
    assert!(dates.contains(&"2027-03-21-2200 cancelled".to_owned()), "{dates:?}");
    world.run_for(TimeDelta::days(1));
    assert!(world.dates("fast").contains(&"2027-03-21 planned".to_owned()));
}

/// A subscription account with a series of every Friday at 20:00, taken at noon of 20 March.
fn fridays() -> World {
    let mut world = World::with(Kind::Subscription);
    world.drop_series(&spec("weekly", "brand"), &Comes::at(20, 0).on(&[5])).unwrap();
    world
}

#[test]
fn a_moved_date_goes_at_its_new_time_and_an_edit_keeps_that() {
    let mut world = fridays();

    world.reschedule("weekly@2027-03-26", time("2027-03-27 09:30")).unwrap();
    world.reschedule("weekly@2027-05-07", time("2027-05-08 10:00")).unwrap();
    let mut edited = spec("weekly", "brand");
    text(&mut edited, "other words");
    world.drop_series(&edited, &Comes::at(20, 0).on(&[5])).unwrap();
    days(&mut world, 50);

    assert_eq!(
        world.accepted(),
        [
            "2027-03-27 09:30:00",
            "2027-04-02 20:00:00",
            "2027-04-09 20:00:00",
            "2027-04-16 20:00:00",
            "2027-04-23 20:00:00",
            "2027-04-30 20:00:00",
            "2027-05-08 10:00:00",
        ]
    );
}

#[test]
fn a_date_without_a_job_moves_to_a_later_time_only_and_what_went_is_not_moved() {
    let mut world = fridays();

    let earlier = world.reschedule("weekly@2027-05-07", time("2027-04-01 10:00")).unwrap_err();
    assert!(earlier.contains("it can be moved to a later time only"), "{earlier}");
    let none = world.reschedule("weekly@2027-05-08", time("2027-06-01 10:00")).unwrap_err();
    assert!(none.contains("series weekly has no date 2027-05-08"), "{none}");
    let past = world.reschedule("weekly@2027-03-26", time("2027-03-19 10:00")).unwrap_err();
    assert!(past.contains("which has passed"), "{past}");
    world.run_for(TimeDelta::days(7));
    let sent = world.reschedule("weekly@2027-03-26", time("2027-04-01 10:00")).unwrap_err();
    assert!(sent.contains("is sent and cannot be moved"), "{sent}");
}

#[test]
fn a_date_that_was_moved_forward_and_sent_after_a_backup_is_not_sent_again() {
    let mut world = fridays();
    world.copy();
    days(&mut world, 7);
    assert!(world.dates("weekly").contains(&"2027-04-30 planned".to_owned()));
    world.reschedule("weekly@2027-04-30", time("2027-03-28 20:00")).unwrap();
    days(&mut world, 2);
    assert_eq!(world.accepted().len(), 2);

    world.restore(0, MarkFate::Kept);
    world.run_for(TimeDelta::minutes(10));
    world.extend_series();

    assert!(
        world.in_question().contains(&"weekly@2027-04-30".to_owned()),
        "{:?}",
        world.in_question()
    );
    world.resume_after_a_look();
    days(&mut world, 40);
    assert!(world.dates("weekly").contains(&"2027-04-30 cancelled".to_owned()));
}

#[test]
fn a_series_ends_at_a_date_and_an_edit_does_not_bring_it_back() {
    let mut world = fridays();

    let done = world.end_series("weekly", "2027-04-09").unwrap();

    let cancelled: Vec<_> = done.cancelled.iter().map(ToString::to_string).collect();
    assert_eq!(cancelled, ["weekly@2027-04-09", "weekly@2027-04-16", "weekly@2027-04-23"]);
    let mut edited = spec("weekly", "brand");
    text(&mut edited, "other words");
    world.drop_series(&edited, &Comes::at(20, 0).on(&[5])).unwrap();
    days(&mut world, 50);
    assert_eq!(world.accepted().len(), 2, "{:?}", world.accepted());
    let again = world.end_series("weekly", "2027-04-16").unwrap_err();
    assert_eq!(again, "series weekly is cancelled already from 2027-04-09 on");
}

#[test]
fn an_approval_up_to_a_date_covers_dates_to_come_until_the_series_is_edited() {
    let mut world = World::with(Kind::Subscription);
    let mut held = JobSpec { approval: true, ..spec("weekly", "brand") };
    world.drop_series(&held, &Comes::at(20, 0).on(&[5])).unwrap();

    assert_eq!(world.approve_series("weekly", "2027-04-30"), Ok(5));
    let shorter = world.approve_series("weekly", "2027-04-23").unwrap_err();
    assert!(shorter.contains("is approved up to 2027-04-30 already"), "{shorter}");

    days(&mut world, 43);
    // The 30th of April was made after the approval, and the 7th of May waits.
    assert_eq!(world.accepted().len(), 6, "{:?}", world.accepted());
    assert!(world.dates("weekly").contains(&"2027-05-07 held".to_owned()));
    world.approve_series("weekly", "2027-12-31").unwrap();
    assert!(world.dates("weekly").contains(&"2027-05-07 planned".to_owned()));
    text(&mut held, "other words");
    world.drop_series(&held, &Comes::at(20, 0).on(&[5])).unwrap();
    days(&mut world, 7);
    assert!(
        world
            .dates("weekly")
            .iter()
            .skip(6)
            .all(|date| date.ends_with(" held") || date.ends_with(" missed"))
    );
}

#[test]
fn what_waits_comes_forward_when_a_date_that_has_no_job_yet_leaves_its_day() {
    let mut world = fridays();
    world.job("first").at("2027-05-13 20:00").submit();
    world.job("second").at("2027-05-13 21:00").submit();
    assert_eq!(world.due("second"), "2027-05-15 21:00", "the 14th is a date of the series");

    world.reschedule("weekly@2027-05-14", time("2027-05-16 20:00")).unwrap();
    assert_eq!(world.due("second"), "2027-05-14 21:00");

    world.end_series("weekly", "2027-05-01").unwrap();
    world.job("third").at("2027-05-15 22:00").submit();
    world.job("fourth").at("2027-05-15 23:00").submit();
    assert_eq!(world.due("fourth"), "2027-05-16 23:00", "its moved date does not come either");
}

/// A series of every day at 20:00 whose text is in a file of each date, and what of it is there.
fn with_files(world: &mut World, there: &[&str]) {
    let mut spec = spec("daily", "brand");
    spec.templated = true;
    let dated = there.iter().map(|date| {
        let mut of_date = spec.clone();
        text(&mut of_date, date);
        (DateKey::parse(date).unwrap(), of_date.action)
    });
    let dated: DateActions = dated.collect();
    let Action::Broadcast(broadcast) = &mut spec.action else { unreachable!() };
    broadcast.content = Content::Awaited {
        msgtype: "text".to_owned(),
        title: None,
        files: vec!["{date}.txt".to_owned()],
    };
    world.drop_series_with(&spec, &Comes::at(20, 0), &dated).unwrap();
}

#[test]
fn a_date_without_its_file_is_told_a_day_before_and_missed_and_never_sent() {
    let mut world = World::with(Kind::Subscription);
    with_files(&mut world, &["2027-03-20"]);
    assert_eq!(world.state("daily@2027-03-20"), JobState::Planned);
    assert_eq!(world.state("daily@2027-03-21"), JobState::Held);
    assert_eq!(world.reason("daily@2027-03-22"), "it waits for 2027-03-22.txt");
    assert_eq!(world.attention(), Vec::<String>::new());

    world.run_until("2027-03-20 20:30");

    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
    assert_eq!(world.attention(), ["held"]);
    let said = world.approve("daily@2027-03-21").unwrap_err();
    assert!(said.contains("has nothing to send yet: 2027-03-21.txt did not come"), "{said}");
    world.run_until("2027-03-21 20:31");
    assert_eq!(world.state("daily@2027-03-21"), JobState::Missed);
    let reason = world.reason("daily@2027-03-21");
    assert!(reason.starts_with("2027-03-21.txt did not come in time"), "{reason}");
    assert!(world.retry("daily@2027-03-21").is_err());
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_file_that_comes_later_plans_its_date_and_one_that_is_taken_away_holds_it_again() {
    let mut world = World::with(Kind::Subscription);
    with_files(&mut world, &["2027-03-21"]);
    assert_eq!(world.state("daily@2027-03-20"), JobState::Held);

    world.run_until("2027-03-20 19:00");
    with_files(&mut world, &["2027-03-20"]);

    assert_eq!(world.state("daily@2027-03-20"), JobState::Planned);
    assert_eq!(world.state("daily@2027-03-21"), JobState::Held);
    world.run_until("2027-03-22 12:00");
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}

#[test]
fn a_date_whose_file_came_long_before_has_it_when_it_is_planned() {
    let mut world = World::with(Kind::Subscription);
    with_files(&mut world, &["2027-04-28"]);

    days(&mut world, 10);

    assert_eq!(world.state("daily@2027-04-28"), JobState::Planned);
    assert_eq!(world.state("daily@2027-04-27"), JobState::Held);
}
