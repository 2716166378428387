//! Persons who are wrong about what went out.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::model::{Account, Action, Audience, JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind, openid};

use super::{Swarm, submit};
use crate::world::World;
use crate::writer::spec;

impl Swarm {
    /// The platform takes a job and answers nothing clear until nobody may ask any more; a person
    /// says that it was not sent, and asks for it again.
    pub(in crate::simulation) fn verdicts(&mut self, world: &mut World) {
        if self.rng.bool() {
            return;
        }
        for _ in 0..self.rng.u32(1..4) {
            let index = self.rng.usize(0..world.account_count());
            let Account { name, appid, kind, .. } = world.setup(index).account.clone();
            self.jobs += 1;
            let mut job = spec(&format!("j{}", self.jobs), &name);
            let at = self.moment();
            job.at = Some(at);
            job.grace = TimeDelta::minutes(5);
            job.retry_for = TimeDelta::minutes(self.rng.i64(6..40));
            let Action::Broadcast(broadcast) = &mut job.action else { unreachable!() };
            broadcast.audience = match (kind, self.rng.u32(0..4)) {
                (Kind::Service, 0 | 1) => {
                    Audience::List((0..5).map(|number| openid(&appid, number)).collect())
                }
                (_, 2) => Audience::Everyone,
                _ => Audience::Tag(2),
            };
            let path =
                if matches!(broadcast.audience, Audience::List(_)) { "send" } else { "sendall" };
            let silent = [FaultKind::AnswerLost, FaultKind::ErrcodeAfterAccept(-1)];
            let taken = silent[self.rng.usize(0..2)].clone();
            let busy = FaultKind::Errcode([-1, 45_066, 40_003][self.rng.usize(0..3)]);
            let [taken, busy] = [(taken, 1), (busy, 6)]
                .map(|(kind, times)| Fault::new(kind).on_path(path).for_appid(&appid).times(times));
            let id = job.id.to_string();
            submit(world, at - TimeDelta::minutes(30), job, "");
            world.plan(at - TimeDelta::seconds(1), move |world| world.platform.inject(taken));
            world.plan(at + TimeDelta::seconds(40), move |world| world.platform.inject(busy));
            let said = at + TimeDelta::minutes(self.rng.i64(41..180));
            let asked = [2, 120, 1_440][self.rng.usize(0..3)];
            let asked = said + TimeDelta::minutes(self.rng.i64(0..asked));
            be_mistaken(world, (said, asked), id);
        }
    }
}

/// A person says that a job was not sent, which may be wrong, and asks for it again while the
/// platform may remember it. After that nothing but their word is left, and it had better be right.
fn be_mistaken(world: &mut World, (said, asked): (DateTime<Utc>, DateTime<Utc>), id: String) {
    // A database that forgot the doubt, or a clock far off, does not know how long ago it was.
    let knows =
        |world: &World| world.skew.abs() < TimeDelta::minutes(2) && !world.oracle.was_restored();
    let job = id.clone();
    world.plan(said, move |world| {
        if knows(world) && world.mislead(&job) {
            world.count("wrong word");
        }
    });
    world.plan(asked, move |world| {
        let remembered = |at| world.at < at + TimeDelta::hours(27);
        if world.engine.is_none()
            || !knows(world)
            || !world.oracle.is_misled_about(&id)
            || !world.last_asked(&id).is_some_and(remembered)
            || !matches!(world.state(&id), JobState::Missed | JobState::Partial)
        {
            return;
        }
        world.count("retry after a wrong word");
        if let Err(why) = world.retry(&id) {
            assert!(why.contains("cannot be asked for again before"), "{why}");
        }
    });
}
