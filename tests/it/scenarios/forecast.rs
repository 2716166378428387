//! What is foretold is what happens.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::calendar;
use qunfa::model::{Action, Audience, Expires, JobSpec, Kind, OnFullReceivers, OnQuota};
use qunfa::sandbox::openid;
use qunfa::schedule::Placement;
use qunfa::schedule::pace::paced;
use qunfa::schedule::receivers::Fate;

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
    foretold_with_fates(world).0
}

/// The same, and how many lists their receivers keep back.
fn foretold_with_fates(world: &mut World) -> (Foretold, usize) {
    let (account, now) = (world.setup(0).account.clone(), world.now());
    let tx = world.engine().store().read();
    let schedule = tx.schedule(&account, now, now).unwrap();
    let planned = tx.planned_broadcasts(&account, &schedule.jobs, now).unwrap();
    let fates = tx.fates_of_lists(&account, planned, now).unwrap();
    let kept_back = fates.values().filter(|fate| fate.month().is_some()).count();
    let really = |at: DateTime<Utc>| {
        let at = at.max(now);
        calendar::guard_end(at).unwrap_or(at)
    };
    let jobs = schedule.jobs.into_iter().map(|(waiting, placement)| {
        let at = match (placement, fates.get(&waiting.job.id)) {
            (Placement::At(..), Some(Fate::Later(_, later))) => Some(*later),
            (Placement::At(..), Some(Fate::Expires(_) | Fate::Fails(_))) => None,
            (Placement::At(at, _), Some(Fate::Goes) | None) => Some(really(at)),
            (Placement::Fails(_) | Placement::Expires(_), _) => None,
            (other @ (Placement::Stays | Placement::Never(_)), _) => {
                panic!("{} is {other:?}", waiting.job.id)
            }
        };
        (waiting.job.id.to_string(), at)
    });
    (jobs.collect(), kept_back)
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

/// Lists that share a few receivers, and one to everyone now and then.
fn with_lists(seed: u64, mut world: World) -> World {
    let mut draw = Draw(seed);
    let appid = world.setup(0).account.appid.clone();
    world.job("first").list(2).at("2027-03-20 14:00").submit();
    world.run_until("2027-03-20 15:00");
    let now = world.now();
    for number in 0..40 {
        let mut job = job(&mut draw, number, now);
        let first = u32::try_from(draw.below(4)).unwrap();
        let count = 2 + u32::try_from(draw.below(4)).unwrap();
        job.on_full_receivers = match draw.below(4) {
            0 => OnFullReceivers::Defer,
            1 => OnFullReceivers::Drop,
            _ => OnFullReceivers::Send,
        };
        if let Action::Broadcast(broadcast) = &mut job.action
            && !draw.one_in(10)
        {
            let list = (first..first + count).map(|number| openid(&appid, number)).collect();
            broadcast.audience = Audience::List(list);
        }
        world.drop_file(&[job]).unwrap();
    }
    world.run_for(TimeDelta::minutes(5));
    world
}

#[test]
fn lists_that_share_receivers_are_as_foretold() {
    let mut kept_back = 0;
    for (seed, reported) in (0..8).flat_map(|seed| [(seed, false), (seed, true)]) {
        let world = match reported {
            true => World::with_safe_callback(Kind::Service),
            false => World::with(Kind::Service),
        };
        let mut world = with_lists(seed, world);
        let (foretold, kept) = foretold_with_fates(&mut world);
        kept_back += kept;

        comes_true(&mut world, &foretold, 75, &format!("seed {seed}, reported {reported}"));
    }
    assert!(kept_back > 20, "only {kept_back} lists were kept back by their receivers");
}

#[test]
fn the_minute_in_which_each_of_many_lists_goes_is_foretold() {
    let mut world = World::with(Kind::Service);
    let appid = world.setup(0).account.appid.clone();
    for n in 0..75 {
        let pair = (n * 2..n * 2 + 2).map(|n| openid(&appid, n)).collect();
        let job = world.job(&format!("j{n}")).audience(Audience::List(pair));
        job.at("2027-03-20 20:00").submit();
    }
    let (account, now) = (world.setup(0).account.clone(), world.now());
    let schedule = world.engine().store().read().schedule(&account, now, now).unwrap();
    let paced = paced(&schedule.jobs, now);

    world.run_until("2027-03-20 20:30");

    assert_eq!(paced.len(), 15);
    for (waiting, _) in &schedule.jobs {
        let at = paced.get(&waiting.job.id).copied().unwrap_or(waiting.job.due_at);
        let attempts = world.engine().store().read().attempts(waiting.job.id.as_str()).unwrap();
        let late = attempts[0].at - at;
        let in_time = TimeDelta::zero() <= late && late < TimeDelta::seconds(58);
        assert!(in_time, "{} went {late} after {at}", waiting.job.id);
    }
}
