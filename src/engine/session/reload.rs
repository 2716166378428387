//! What a reload of the config changes in an account's memory.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;

use super::{Session, Standing, TurnToRead};
use crate::calls::Slot;
use crate::config::AccountConfig;
use crate::engine::Ticket;
use crate::engine::base::Bases;

impl Session {
    /// Returns whether jobs of the account may be decided.
    pub(in crate::engine) fn is_usual(&self) -> bool {
        self.standing == Standing::Configured
    }

    /// Returns when to look at the account again.
    pub(in crate::engine) fn wakes_at(&self) -> Option<DateTime<Utc>> {
        self.wake.filter(|_| self.standing != Standing::Removed)
    }

    /// Takes another config of the same appid; what is under way continues.
    ///
    /// A token and a clock sample that came with another secret or from another address are dropped,
    /// as at a start.
    pub(in crate::engine) fn reconfigure(&mut self, config: AccountConfig, now: DateTime<Utc>) {
        let was_removed = self.standing == Standing::Removed;
        self.rules_changed |= self.config.account != config.account;
        if !was_removed && has_same_access(&self.config, &config) {
            self.config = config;
            return;
        }
        let in_flight = std::mem::take(&mut self.in_flight);
        let access_changed = in_flight.has(Slot::Send);
        let rules_changed = self.rules_changed;
        let acting = std::mem::take(&mut self.acting);
        *self = Self { in_flight, access_changed, acting, rules_changed, ..Self::new(config, now) };
    }

    /// Begins nothing more for an account that the config no longer contains.
    pub(in crate::engine) fn remove(&mut self) {
        self.standing = Standing::Removed;
        // Its name may be another account's by now: nothing is stored under it.
        self.bases = Bases::new(self.config.api_bases.clone());
        self.page = None;
        self.turn_to_read = TurnToRead::None;
        self.access_changed = self.in_flight.has(Slot::Send);
    }

    /// Returns whether a response says nothing any more: its request only served other requests, of
    /// an account that was removed or that has another secret now.
    pub(super) fn is_void(&mut self, ticket: Ticket) -> bool {
        match ticket {
            Ticket::Token { .. } | Ticket::Clock => std::mem::take(&mut self.access_changed),
            Ticket::Send { .. } => {
                self.access_changed = false;
                false
            }
            // Its pages are requested again once the account is back.
            Ticket::Followers(_) => self.standing == Standing::Removed,
            Ticket::Result(_) | Ticket::Upload { .. } | Ticket::ApiCall(_) => false,
        }
    }
}

fn has_same_access(one: &AccountConfig, other: &AccountConfig) -> bool {
    let secret = |config: &AccountConfig| {
        config.secret.as_ref().map(|secret| secret.expose_secret().to_owned())
    };
    one.api_bases == other.api_bases && one.token == other.token && secret(one) == secret(other)
}
