//! Years of broadcasts in seconds: everything that can go wrong, decided by one seed.
//!
//! Each seed draws accounts, jobs and a random subset of the faults (a swarm), lets some weeks
//! pass while the referee looks on, then turns the faults off and demands that everything comes
//! to its end. `QUNFA_SIM_SEED=n` replays one seed with a readable log; `QUNFA_SIM_YEARS=n` says
//! how many account-years are run (8 when it is not set; the gate runs 100).

mod swarm;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use chrono::TimeDelta;
use fastrand::Rng;

use crate::world::{World, show, time};
use swarm::Swarm;

/// How many account-years a plain `cargo test` runs, in both halves together: a few seeds, so that it
/// takes seconds.
const YEARS: u64 = 8;

/// From how many account-years on every fault must have happened.
const YEARS_OF_EVERY_FAULT: u64 = 100;

/// What must have happened at least once in each half.
const EVERY_FAULT: [&str; 70] = [
    "crash after a pass committed",
    "crash after the mark was stored",
    "crash after a request was handed over",
    "crash after an answer arrived",
    "crash after a settle committed",
    "answer_lost",
    "request_lost",
    "refused",
    "server_error",
    "garbage",
    "truncated",
    "hang",
    "errcode",
    "errcode_after_accept",
    "first_call_45065",
    "quota_before_clientmsgid",
    "review",
    "admin",
    "event lost",
    "event three times",
    "event late",
    "event early",
    "event forged",
    "event encrypted",
    "latency",
    "token expired",
    "website send",
    "website send recorded",
    "followers read",
    "clock far off",
    "clock a little off",
    "clock drift",
    "suspend",
    "restore with the mark",
    "restore with an older mark",
    "restore without a mark",
    "backup put back",
    "snapshot put back",
    "clones take turns",
    "image woken",
    "job called off",
    "job moved forward",
    "job in question called off",
    "resume",
    "retry",
    "wrong word",
    "retry after a wrong word",
    "file dropped twice",
    "job edited",
    "down for a day",
    "shared token",
    "database in a file",
    "burst",
    "two batches",
    "uploads first",
    "codes of one job",
    "menu",
    "menu for a while",
    "menu deleted",
    "menu put back",
    "conditional menu",
    "series",
    "series edited",
    "series cancelled",
    "lost series goes on",
    "account renamed",
    "names swapped",
    "appid changed under a name",
    "account left the config",
    "config read again",
];

struct Outcome {
    hash: u64,
    days: u64,
    sends: u64,
    taken: u64,
    fired: BTreeMap<&'static str, u64>,
}

#[test]
fn nothing_is_sent_twice_and_everything_ends_in_even_seeds() {
    run_half(0);
}

#[test]
fn nothing_is_sent_twice_and_everything_ends_in_odd_seeds() {
    run_half(1);
}

#[test]
fn the_same_seed_gives_the_same_events() {
    for seed in 0..3 {
        assert_eq!(run(seed, false).hash, run(seed, false).hash, "seed {seed}");
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run_half(half: u64) {
    if let Some(seed) = variable("QUNFA_SIM_SEED") {
        if seed % 2 == half {
            run(seed, true);
        }
        return;
    }
    let years = variable("QUNFA_SIM_YEARS").unwrap_or(YEARS);
    let (mut days, mut sends, mut taken, mut seed) = (0, 0, 0, half);
    let mut fired = BTreeMap::<&str, u64>::new();
    while days < years * 365 / 2 {
        let outcome = checked(seed);
        days += outcome.days;
        sends += outcome.sends;
        taken += outcome.taken;
        for (name, count) in outcome.fired {
            *fired.entry(name).or_default() += count;
        }
        seed += 2;
    }
    show(&format!(
        "{} seeds, {days} account-days, {sends} mass sends asked for, {taken} accepted: {fired:?}",
        seed / 2
    ));
    if years >= YEARS_OF_EVERY_FAULT {
        for name in EVERY_FAULT {
            assert!(fired.get(name).is_some_and(|count| *count > 0), "no {name} ever happened");
        }
    }
}

fn checked(seed: u64) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| run(seed, false))) {
        Ok(outcome) => outcome,
        Err(panic) => {
            show(&format!("seed {seed} failed: QUNFA_SIM_SEED={seed} cargo test simulation"));
            resume_unwind(panic)
        }
    }
}

fn run(seed: u64, print: bool) -> Outcome {
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x71_75_6e_66_61);
    let from = time("2027-01-05 09:00") + TimeDelta::days(rng.i64(0..360));
    let in_a_file = seed % 100 < 2;
    let mut world = World::from_seed(seed, in_a_file, from);
    world.log.print = print;
    // Half of the seeds decide releases before their time, as the daemon does.
    world.ahead = TimeDelta::seconds(i64::from(seed.is_multiple_of(2)));
    if in_a_file {
        world.count("database in a file");
    }
    let days = rng.i64(20..=70);
    let mut swarm = Swarm::new(rng, from, days);
    swarm.accounts(&mut world);
    swarm.faults(&mut world);
    swarm.jobs(&mut world);
    swarm.verdicts(&mut world);
    swarm.persons(&mut world);
    swarm.series(&mut world);
    swarm.configs(&mut world);
    world.run_to(from + TimeDelta::days(days));
    quiet(&mut world, &mut swarm);
    let mut fired = std::mem::take(&mut world.fired);
    for (name, count) in world.platform.fired() {
        *fired.entry(name).or_default() += count;
    }
    let accounts = u64::try_from(world.account_count()).expect("few");
    Outcome {
        hash: world.log.hash,
        days: u64::try_from(days).expect("positive") * accounts,
        sends: world.oracle.sends,
        taken: world.oracle.taken,
        fired,
    }
}

/// No more faults: everything must come to its end, and what is due must go.
fn quiet(world: &mut World, swarm: &mut Swarm) {
    world.say("no more faults");
    world.platform.clear_faults();
    world.way.network_fault = 0;
    world.way.push_lost = 0;
    world.way.push_forged = 0;
    world.way.latency_max = world.way.latency_min;
    world.crashes.one_in = 0;
    world.mend_config();
    let back = -world.skew;
    world.step_clock(back);
    // The machine may be suspended for days yet.
    let off = world.at + TimeDelta::hours(100);
    for index in 0..world.account_count() {
        let at = off + TimeDelta::hours(swarm.rng.i64(20..60));
        swarm.job(world, index, at, at - TimeDelta::minutes(30));
    }
    // The daemon may still be down, and a person may still have to say resume.
    world.run_for(TimeDelta::days(45));
    if let Err(violation) = world.oracle.at_rest(&world.disk) {
        world.fail(&violation);
    }
    if let Err(violation) = world.oracle.finished(&world.disk, world.at) {
        world.fail(&violation);
    }
    for index in 0..world.account_count() {
        let account = &world.setup(index).account;
        let made = u32::try_from(world.platform.permanent_codes(&account.appid)).expect("few");
        if let Err(violation) = world.oracle.codes_are_charged(&world.disk, &account.name, made) {
            world.fail(&violation);
        }
    }
    if let Err(violation) = world.oracle.went_in_time(&world.disk, off) {
        world.fail(&violation);
    }
}
