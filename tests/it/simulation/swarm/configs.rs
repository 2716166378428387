//! The config changes at restarts, or is read again by a running daemon: accounts are renamed, mistaken, taken out and put back.

use chrono::TimeDelta;
use qunfa::model::Kind;
use qunfa::sandbox;

use super::Swarm;
use crate::world::World;

impl Swarm {
    /// Changes of the config while the daemon is down for a moment.
    pub(in crate::simulation) fn configs(&mut self, world: &mut World) {
        if !self.on() {
            return;
        }
        world.reloads = self.rng.bool();
        for number in 0..self.rng.u32(1..5) {
            let index = self.rng.usize(0..world.account_count());
            let other = self.rng.usize(0..world.account_count());
            let at = self.moment();
            let mended = at + TimeDelta::seconds(self.rng.i64(60..3 * 86_400));
            match self.rng.u32(0..4) {
                0 => world.plan(at, move |world| {
                    if world.setup(index).mistake.is_some() {
                        // A name that is new as well would be nobody's but the other account's.
                        return;
                    }
                    world.count("account renamed");
                    world.rename(&[(index, &format!("renamed-{number}"))]);
                }),
                1 if index != other => world.plan(at, move |world| {
                    if [index, other].iter().any(|index| world.setup(*index).mistake.is_some()) {
                        return;
                    }
                    world.count("names swapped");
                    let [one, two] =
                        [index, other].map(|index| world.setup(index).account.name.clone());
                    world.rename(&[(index, &two), (other, &one)]);
                }),
                2 => {
                    let appid = format!("wxother{number}");
                    world.plan(at, move |world| {
                        world.count("appid changed under a name");
                        let kind = match world.setup(index).account.kind {
                            Kind::Subscription => sandbox::Kind::Subscription,
                            Kind::Service => sandbox::Kind::Service,
                        };
                        world.platform.add_account(sandbox::AccountSpec::new(&appid, kind));
                        world.mistake(index, Some(&appid));
                    });
                    world.plan(mended, move |world| world.mistake(index, None));
                }
                _ => {
                    world.plan(at, move |world| {
                        world.count("account left the config");
                        world.configure(index, false);
                    });
                    world.plan(mended, move |world| world.configure(index, true));
                }
            }
        }
    }
}
