//! A changed config, taken while the daemon runs.
//!
//! Afterwards the database is as a restart with this config would have left it. But requests under
//! way are not in doubt: they continue, and their responses are settled as usual. So an account that
//! was removed keeps its number, and one that returns has its former number again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::recovery::{raise_generations, refresh_alerts_of_config};
use super::session::Standing;
use super::{Engine, OTHERS_AFTER, Session, identity, series};
use crate::config::AccountConfig;
use crate::store::{Alert, StoreError};

impl Engine {
    /// Takes the accounts of another config.
    ///
    /// A request that waits for its instant is decided anew, by the changed rules.
    ///
    /// # Errors
    /// If the store fails: then the same reload is repeated.
    pub fn reload(
        &mut self,
        accounts: &[AccountConfig],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.disarm(now)?;
        self.replace_accounts(accounts, now);
        let Self { store, sessions, mark, .. } = self;
        store.transaction(|tx| {
            identity::recognise(tx, sessions, now)?;
            series::extend(tx, sessions, now)?;
            raise_generations(tx, sessions, mark, now)?;
            refresh_alerts_of_config(tx, sessions, now)?;
            identity::alert_mistaken_accounts(tx, sessions, now)?;
            let changed = sessions.iter().filter(|session| session.rules_changed);
            for session in changed.filter(|session| session.is_usual()) {
                tx.replan(&session.config.account, now)?;
            }
            Ok::<_, StoreError>(())
        })?;
        sessions.iter_mut().for_each(|session| session.rules_changed = false);
        self.look_by(now + OTHERS_AFTER);
        Ok(())
    }

    /// Gives each account its new config.
    fn replace_accounts(&mut self, accounts: &[AccountConfig], now: DateTime<Utc>) {
        let numbers = self.sessions.iter().enumerate();
        let known: HashMap<_, _> =
            numbers.map(|(number, one)| (one.config.account.appid.clone(), number)).collect();
        let mut kept = vec![false; self.sessions.len()];
        for config in accounts {
            let Some(&number) = known.get(&config.account.appid) else {
                self.sessions.push(Session::new(config.clone(), now));
                kept.push(true);
                continue;
            };
            self.sessions[number].reconfigure(config.clone(), now);
            kept[number] = true;
        }
        let sessions = self.sessions.iter_mut().zip(kept);
        for (session, _) in sessions.filter(|(_, kept)| !kept) {
            if session.standing != Standing::Removed {
                session.remove();
            }
        }
    }

    /// Raises an alert of a kind that belongs to no account; `None` ends it.
    ///
    /// # Errors
    /// If the store fails.
    pub fn set_alert(
        &mut self,
        kind: &str,
        told: Option<(&str, &str)>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.store.transaction(|tx| {
            tx.unattend_all(kind)?;
            let Some((what, advice)) = told else { return Ok(()) };
            tx.raise_alert(&Alert { account: None, job: None, kind, what, advice }, now)
        })
    }
}
