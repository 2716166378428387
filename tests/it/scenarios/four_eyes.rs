//! Two people must approve: one approval of two sends nothing, and the submitter's is none.

use chrono::TimeDelta;
use qunfa::approval::Verdict;
use qunfa::model::{JobId, JobSpec, JobState, Kind};
use qunfa::store::DecidedBy;

use super::series::days;
use crate::recurring::Comes;
use crate::world::World;
use crate::writer::spec;

const FIRST: Verdict = Verdict::Counts { given: 1, needed: 2 };

fn four_eyes() -> World {
    let mut world = World::new();
    world.add_account("brand", Kind::Subscription, |setup, _| setup.account.approvals = 2);
    world
}

impl World {
    fn approve_as(&mut self, who: &str, id: &str) -> Verdict {
        let (id, account, now) =
            (JobId::parse(id).unwrap(), self.setup(0).account.clone(), self.now());
        let said = DecidedBy { who, why: None };
        let verdict = self.engine().change(|tx| tx.approve(&id, &account, said, now)).unwrap();
        self.engine().look_again(now);
        self.look();
        verdict
    }

    /// The file of a job was handed in by a user.
    fn handed_in(&mut self, id: &str, who: &str) {
        let (id, now) = (JobId::parse(id).unwrap(), self.now());
        let done = self.engine().change(|tx| {
            let (file, _) = tx.source_of(&id)?;
            tx.submitted(&file, who, now)
        });
        done.unwrap();
    }
}

#[test]
fn a_job_with_one_approval_of_two_is_never_sent() {
    let mut world = four_eyes();
    // The account demands it, whatever the file says.
    world.job("a").at("2027-03-20 20:00").submit();
    assert_eq!(world.state("a"), JobState::Held);

    assert_eq!(world.approve_as("anne via console", "a"), FIRST);
    assert_eq!(world.approve_as("anne via API", "a"), Verdict::Again);
    assert_eq!(world.approve_as("anne (uid 1000)", "a"), Verdict::Again);

    world.run_until("2027-03-20 23:00");
    assert_eq!((world.state("a"), world.sends().len()), (JobState::Missed, 0));
    // What was approved once stays approved once.
    world.retry("a").unwrap();
    assert_eq!(world.state("a"), JobState::Held);
    world.run_for(TimeDelta::minutes(5));
    assert_eq!(world.sends().len(), 0);
    assert_eq!(world.approve_as("bert via console", "a"), Verdict::Goes);
    world.run_for(TimeDelta::minutes(5));
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn an_edit_voids_the_approvals_and_so_does_an_edit_back() {
    let mut world = four_eyes();
    world.job("a").at("2027-03-20 20:00").submit();
    assert_eq!(world.approve_as("anne", "a"), FIRST);

    world.job("a").at("2027-03-20 20:00").text("other words").submit();
    assert_eq!(world.approve_as("bert", "a"), FIRST);
    world.job("a").at("2027-03-20 20:00").submit();
    assert_eq!(world.approve_as("bert", "a"), FIRST);

    world.run_until("2027-03-20 23:00");
    assert_eq!(world.sends().len(), 0);
}

#[test]
fn the_approval_of_who_handed_it_in_does_not_count() {
    let mut world = four_eyes();
    world.job("a").at("2027-03-20 20:00").submit();
    world.handed_in("a", "anne");

    assert_eq!(world.approve_as("anne via console", "a"), Verdict::Own);
    assert_eq!(world.approve_as("bert via console", "a"), FIRST);
    assert_eq!(world.approve_as("anne (uid 1000)", "a"), Verdict::Own);
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.sends().len(), 0);
    assert_eq!(world.approve_as("carl via console", "a"), Verdict::Goes);
    world.run_for(TimeDelta::minutes(5));
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn the_dates_of_a_series_need_two_people_too_those_to_come_as_well() {
    let mut world = four_eyes();
    let weekly = spec("weekly", "brand");
    world.drop_series(&weekly, &Comes::at(20, 0).on(&[5])).unwrap();
    let approve = |world: &mut World, who: &str| {
        let (id, account, now) =
            (JobId::parse("weekly").unwrap(), world.setup(0).account.clone(), world.now());
        let until = "2027-05-07".parse().unwrap();
        let said = DecidedBy { who, why: None };
        let done = world
            .engine()
            .change(|tx| tx.approve_series(&id, &account, (until, said), now))
            .unwrap();
        world.engine().look_again(now);
        world.look();
        (done.0, done.1.len())
    };

    assert_eq!(approve(&mut world, "anne"), (FIRST, 0));
    assert_eq!(approve(&mut world, "anne"), (Verdict::Again, 0));
    days(&mut world, 15);
    assert_eq!(world.accepted().len(), 0);
    assert!(world.dates("weekly").iter().all(|date| !date.ends_with(" planned")));

    let (verdict, dates) = approve(&mut world, "bert");
    assert_eq!((verdict, dates > 0), (Verdict::Goes, true));
    days(&mut world, 30);
    assert!(world.accepted().len() >= 3, "{:?}", world.dates("weekly"));
    let dates = world.dates("weekly");
    assert!(dates.contains(&"2027-05-14 held".to_owned()), "{dates:?}");
    let edited = JobSpec { priority: 1, ..weekly };
    world.drop_series(&edited, &Comes::at(20, 0).on(&[5])).unwrap();
    assert!(world.dates("weekly").iter().all(|date| !date.ends_with(" planned")));
}
