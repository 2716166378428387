//! Takes a changed config while the daemon runs: on SIGHUP, as `systemctl reload` sends it.
//!
//! The loop takes it between two passes. A config that cannot be used changes nothing. The paths and
//! the address stay those of the start: the lock, the database, the inbox and the listener depend on
//! them.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::daemon::dispatcher::api_bases;
use crate::daemon::reloader::Fixed;
use crate::daemon::{Daemon, RunError};
use crate::l10n;
use crate::text::alert as words;

impl Daemon {
    /// Begins to read the config again.
    pub(super) fn begin_reload(&mut self) {
        self.notifier.reloading();
        if self.reloader.begin() {
            tracing::info!("SIGHUP: the config and its secrets are read again");
        } else {
            tracing::info!("SIGHUP is ignored: a rehearsal has no config to read again");
            self.notifier.reloaded();
        }
    }

    /// Takes a config that was read, or says why it is not taken.
    pub(super) fn take_config(
        &mut self,
        read: &Result<Config, String>,
        now: DateTime<Utc>,
    ) -> Result<(), RunError> {
        let usable = match read {
            Ok(config) => {
                config.accounts.iter().try_for_each(|account| api_bases(account).map(drop))
            }
            Err(_) => Ok(()),
        };
        match (read, usable) {
            (Ok(config), Ok(())) => self.reload(config, now)?,
            (Err(why), _) => self.refuse_config(why, now)?,
            (Ok(_), Err(why)) => self.refuse_config(&why.to_string(), now)?,
        }
        self.notifier.reloaded();
        if self.reloader.ended() {
            self.begin_reload();
        }
        Ok(())
    }

    fn reload(&mut self, config: &Config, now: DateTime<Utc>) -> Result<(), RunError> {
        self.engine.reload(&config.accounts, now)?;
        for (number, account) in self.engine.numbered_accounts() {
            self.dispatcher.set_way(number, account)?;
        }
        self.reloader.views.update(&self.engine, config)?;
        self.reloader.ping.replace(config.alerts.ping.clone());
        self.deliveries.reload(config.alerts.clone(), &self.engine);
        self.upkeep.reload(config);
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        tracing::info!(accounts = config.accounts.len(), "the config was reloaded");
        self.tell_what_needs_a_restart(config, now)
    }

    fn tell_what_needs_a_restart(
        &mut self,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Result<(), RunError> {
        let keys = self.reloader.fixed.differences(&Fixed::of(config));
        if keys.is_empty() {
            return Ok(());
        }
        let keys = keys.join(", ");
        tracing::warn!("changed in the config, but needs a restart: {keys}; the rest is in use");
        self.alert_config(|| words::needs_restart(&keys), now)
    }

    fn refuse_config(&mut self, why: &str, now: DateTime<Utc>) -> Result<(), RunError> {
        tracing::error!("the daemon continues with the config that it has: {why}");
        let first = why.lines().next().unwrap_or_default();
        self.alert_config(|| words::config_refused(first), now)
    }

    fn alert_config(
        &mut self,
        told: impl FnOnce() -> (String, String),
        now: DateTime<Utc>,
    ) -> Result<(), RunError> {
        let (what, advice) = l10n::within(self.reloader.fixed.lang, told);
        self.engine.set_alert("config", Some((&what, &advice)), now)?;
        Ok(())
    }
}
