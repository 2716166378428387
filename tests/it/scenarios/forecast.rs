//! What is foretold is what happens.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::calendar;
use qunfa::model::{Action, Audience, Expires, JobSpec, Kind, OnQuota};
use qunfa::schedule::Placement;

use crate::recurring::Comes;
use crate::world::{World, beijing};
use crate::writer::spec;

/// Draws numbers from a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one_in(&mut self, most: u64) -> bool {
        self.below(most) == 0
    }
}

/// A job of some time in the next weeks, or of none.
fn job(draw: &mut Draw, number: u64, now: DateTime<Utc>) -> JobSpec {
    let mut job = spec(&format!("j{number}"), "brand");
    let minutes = i64::try_from(draw.below(28) * 1_440 + draw.below(900) + 30).unwrap();
    job.at = (!draw.one_in(8)).then(|| now + TimeDelta::minutes(minutes));
    job.priority = [-5, 0, 0, 0, 5][usize::try_from(draw.below(5)).unwrap()];
    job.expires = Expires::After(TimeDelta::days(if draw.one_in(3) { 2 } else { 40 }));
    if draw.one_in(5) {
        job.on_quota = OnQuota::Fail;
    }
    if draw.one_in(3)
        && let Action::Broadcast(broadcast) = &mut job.action
    {
        broadcast.audience = Audience::Tag(2);
    }
    job
}

/// When each job will be requested; none if it will not.
type Foretold = BTreeMap<String, Option<DateTime<Utc>>>;

fn foretold(world: &mut World) -> Foretold {
    let (account, now) = (world.setup(0).account.clone(), world.now());
    let schedule = world.engine().store().read().schedule(&account, now, now).unwrap();
    let jobs = schedule.jobs.into_iter().map(|(waiting, placement)| {
        let at = match placement {
            Placement::At(at, _) => {
                let at = at.max(now);
                Some(calendar::guard_end(at).unwrap_or(at))
            }
            Placement::Fails(_) | Placement::Expires(_) => None,
            other @ (Placement::Stays | Placement::Never(_)) => {
                panic!("{} is {other:?}", waiting.job.id)
            }
        };
        (waiting.job.id.to_string(), at)
    });
    jobs.collect()
}

/// Lets days pass, with the chore once a day, and compares what went with what was foretold.
fn comes_true(world: &mut World, foretold: &Foretold, days: i64, case: &str) {
    let end = world.now() + TimeDelta::days(days);
    while world.now() < end {
        world.run_for(TimeDelta::days(1));
        world.extend_series();
    }
    for (id, at) in foretold.iter().filter(|(_, at)| at.is_none_or(|at| at < end)) {
        let attempts = world.engine().store().read().attempts(id).unwrap();
        let first = attempts.first().map(|attempt| attempt.at);
        let late = at.zip(first).map(|(at, first)| first - at);
        let in_time =
            late.is_some_and(|late| TimeDelta::zero() <= late && late < TimeDelta::minutes(2));
        let is_as_foretold = in_time || (at.is_none() && first.is_none());
        let (at, first) = (at.map(beijing), first.map(beijing));
        assert!(is_as_foretold, "{case}: {id} was foretold {at:?} and went {first:?}");
    }
}

fn planned(seed: u64, kind: Kind) -> World {
    let mut draw = Draw(seed);
    let mut world = World::with(kind);
    let now = world.now();
    if draw.one_in(2) {
        world.drop_series(&spec("weekly", "brand"), &Comes::at(20, 0).on(&[5])).unwrap();
    }
    for number in 0..30 {
        let job = job(&mut draw, number, now);
        world.drop_file(&[job]).unwrap();
    }
    // A job without a time is requested at once.
    world.run_for(TimeDelta::seconds(30));
    world
}

#[test]
fn months_without_a_surprise_are_as_foretold_job_by_job() {
    for (seed, kind) in (0..12).flat_map(|seed| [(seed, Kind::Subscription), (seed, Kind::Service)])
    {
        let mut world = planned(seed, kind);
        let foretold = foretold(&mut world);

        comes_true(&mut world, &foretold, 45, &format!("seed {seed}, {kind}"));
    }
}

#[test]
fn from_a_website_send_on_everything_is_as_foretold_anew() {
    for (seed, kind) in (0..6).flat_map(|seed| [(seed, Kind::Subscription), (seed, Kind::Service)])
    {
        let mut world = planned(seed, kind);
        world.run_for(TimeDelta::days(3));
        for day in 0..3 {
            if world.website_send(0).is_ok() {
                world.record_website_send(0);
            }
            let foretold = foretold(&mut world);
            let case = format!("seed {seed}, {kind}, send {day}");
            comes_true(&mut world, &foretold, 4 + 20 * (day / 2), &case);
        }
    }
}
