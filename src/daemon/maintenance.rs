//! Recurring maintenance on tokio-cron-scheduler. Releases never run there: the scheduler could run
//! them twice or not at all. A maintenance task that runs late, early or twice does no harm.

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use chrono::{DateTime, Utc};

use crate::daemon::files::Files;
use crate::daemon::input::{Input, MaintenanceTask};
use crate::engine::Engine;
use crate::store::StoreError;

impl MaintenanceTask {
    pub(super) fn run(
        self,
        engine: &mut Engine,
        files: &Files,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Prune => {
                let needed = engine.change(|tx| {
                    tx.forget_months(now)?;
                    tx.prune_calls(now)?;
                    tx.prune_notices(now)?;
                    tx.files_in_use(now)
                })?;
                files.prune(needed);
                Ok(())
            }
            Self::ReadFollowers => engine.request_syncs(now),
            Self::ExtendSeries => engine.extend_series(now),
        }
    }
}

/// The running scheduler.
pub(super) struct Maintenance {
    scheduler: Option<JobScheduler>,
}

/// Starts the maintenance tasks. Without them the daemon still releases, so a failure is only
/// logged.
pub(super) async fn start(to: mpsc::Sender<Input>) -> Maintenance {
    match schedule(to).await {
        Ok(scheduler) => Maintenance { scheduler: Some(scheduler) },
        Err(error) => {
            tracing::error!("the daemon's chores do not run: {error}");
            Maintenance { scheduler: None }
        }
    }
}

async fn schedule(to: mpsc::Sender<Input>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    for (when, maintenance_task) in [
        ("0 17 * * * *", MaintenanceTask::Prune),
        ("30 */5 * * * *", MaintenanceTask::ReadFollowers),
        // There is rarely work; it is needed soon after a trusted clock becomes available.
        ("50 */5 * * * *", MaintenanceTask::ExtendSeries),
    ] {
        let to = to.clone();
        let job = Job::new_async(when, move |_, _| {
            let to = to.clone();
            Box::pin(async move {
                // A loop that is too busy for a task receives the next one.
                if to.try_send(Input::MaintenanceTask(maintenance_task)).is_err() {
                    tracing::debug!("a chore was skipped");
                }
            })
        })?;
        scheduler.add(job).await?;
    }
    scheduler.start().await?;
    Ok(scheduler)
}

impl Maintenance {
    pub(super) async fn stop(self) {
        if let Some(mut scheduler) = self.scheduler
            && let Err(error) = scheduler.shutdown().await
        {
            tracing::debug!("the chores did not end cleanly: {error}");
        }
    }
}
