//! Takes a changed config while the daemon runs: on SIGHUP, as `systemctl reload` sends it.
//!
//! The loop takes it between two passes. A config that cannot be used changes nothing. The paths and
//! the address stay those of the start: the lock, the database, the inbox and the listener depend on
//! them.

use chrono::{DateTime, Utc};

use crate::alert::Told;
use crate::config::Config;
use crate::daemon::dispatcher::api_bases;
use crate::daemon::input::{ReadConfig, UnusableConfig};
use crate::daemon::reloader::Fixed;
use crate::daemon::{Daemon, RunError};

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
        read: &Result<ReadConfig, UnusableConfig>,
        now: DateTime<Utc>,
    ) -> Result<(), RunError> {
        let usable = match read {
            Ok(ReadConfig { config, .. }) => {
                config.accounts.iter().try_for_each(|account| api_bases(account).map(drop))
            }
            Err(_) => Ok(()),
        };
        match (read, usable) {
            (Ok(read), Ok(())) => self.reload(read, now)?,
            (Err(why), _) => self.refuse_config(why, now)?,
            (Ok(_), Err(why)) => {
                let why = why.to_string();
                self.refuse_config(&UnusableConfig { logged: why.clone(), told: why }, now)?;
            }
        }
        self.notifier.reloaded();
        if self.reloader.ended() {
            self.begin_reload();
        }
        Ok(())
    }

    fn reload(&mut self, read: &ReadConfig, now: DateTime<Utc>) -> Result<(), RunError> {
        let config = &read.config;
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
        let warnings = self.reloader.new_warnings(read);
        self.tell_what_needs_a_restart(config, &warnings, now)
    }

    /// Tells that keys are not in use; otherwise, what the config newly warns of.
    fn tell_what_needs_a_restart(
        &mut self,
        config: &Config,
        warnings: &[String],
        now: DateTime<Utc>,
    ) -> Result<(), RunError> {
        let keys = self.reloader.fixed.differences(&Fixed::of(config));
        if keys.is_empty() {
            let Some((first, others)) = warnings.split_first() else { return Ok(()) };
            let (warning, more) = (first.clone(), others.len());
            return self.alert_config(&Told::ConfigWarns { warning, more }, now);
        }
        let keys = keys.join(", ");
        tracing::warn!("changed in the config, but needs a restart: {keys}; the rest is in use");
        self.alert_config(&Told::NeedsRestart { keys }, now)
    }

    fn refuse_config(&mut self, why: &UnusableConfig, now: DateTime<Utc>) -> Result<(), RunError> {
        tracing::error!("the daemon continues with the config that it has: {}", why.logged);
        let why = why.told.lines().next().unwrap_or_default().to_owned();
        self.alert_config(&Told::ConfigRefused { why }, now)
    }

    fn alert_config(&mut self, told: &Told, now: DateTime<Utc>) -> Result<(), RunError> {
        Ok(self.engine.set_alert("config", Some(told), now)?)
    }
}
