//! From a taken job to its result, without faults.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};

use crate::world::World;

#[test]
fn a_job_is_accepted_at_its_time_and_sent_once_the_platform_says_so() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 19:59:59");
    assert_eq!(world.state("a"), JobState::Planned);
    world.run_for(TimeDelta::seconds(3));
    assert_eq!(world.state("a"), JobState::Accepted);
    world.run_for(TimeDelta::seconds(20));

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}
