//! A clock that is found to be wrong, and put right.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};

use crate::world::World;

#[test]
fn a_clock_that_ran_a_day_ahead_and_is_put_right_delays_no_job_by_a_day() {
    let mut world = World::with(Kind::Service);
    world.step_clock(TimeDelta::hours(30));
    world.job("anytime").tag().submit();
    world.run_for(TimeDelta::minutes(5));
    assert!(world.accepted().is_empty());

    world.step_clock(-TimeDelta::hours(30));
    world.run_for(TimeDelta::minutes(2));

    assert_eq!(world.state("anytime"), JobState::Sent);
    assert_eq!(world.accepted().len(), 1);
}
