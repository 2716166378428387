//! Work that can wait: what is old is removed, and the database is copied, while no release is near.

use std::path::Path;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::daemon::backup::DailyBackups;
use crate::daemon::input::Input;
use crate::daemon::retention::Pruner;
use crate::engine::Engine;
use crate::store::StoreError;

/// The work that can wait.
pub(super) struct Upkeep {
    pub(super) pruner: Pruner,
    pub(super) backups: DailyBackups,
}

impl Upkeep {
    pub(super) fn new(config: &Config, to: mpsc::Sender<Input>) -> Self {
        let inbox = (config.inbox.as_path(), config.inbox_end_marker_required);
        let pruner = Pruner::new(config.retention, inbox);
        Self { pruner, backups: DailyBackups::new(config.backup.clone(), to) }
    }

    /// Takes another config.
    pub(super) fn reload(&mut self, config: &Config) {
        self.pruner.keep(config.retention);
        self.backups.reload(config.backup.clone());
    }

    /// Removes a little of what is old and begins a backup that is due, unless a release is near.
    pub(super) fn pass(
        &mut self,
        engine: &mut Engine,
        database: &Path,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if !self.pruner.has_work() && !self.backups.is_due(now) {
            return Ok(());
        }
        let is_idle = engine.is_idle(now)?;
        if is_idle {
            self.pruner.pass(engine, database, now)?;
        }
        self.backups.begin(is_idle, database, now);
        Ok(())
    }
}
