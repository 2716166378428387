//! Metrics for a monitoring system: jobs, quotas, accounts and alerts as numbers.
//!
//! Each request reads what is stored from the database, over a connection of its own. So the loop
//! does nothing for it. What no row has is in [`process`].

mod process;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::sync::{Semaphore, watch};

use crate::alert;
use crate::daemon::LockedOut;
use crate::model::{Account, JobState};
use crate::store::{JobView, Store, StoreError, Tx};

pub(super) use process::Process;

/// How many waiting jobs are searched for the one that is due longest: jobs that wait for an
/// operator are among them.
const LOOKED_AT: u32 = 50;

type Label = (&'static str, String);

/// Where the numbers are read, and for which accounts.
pub(super) struct Metrics {
    database: PathBuf,
    accounts: watch::Receiver<Arc<[Account]>>,
    locked_out: watch::Receiver<Option<LockedOut>>,
    process: Process,
    /// One reading at a time: a client that asks often must not keep the disk busy.
    turn: Semaphore,
}

/// Why there are no numbers.
#[derive(Debug, thiserror::Error)]
enum MetricsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Text(#[from] fmt::Error),
}

impl Metrics {
    pub(super) fn new(
        database: PathBuf,
        accounts: watch::Receiver<Arc<[Account]>>,
        locked_out: watch::Receiver<Option<LockedOut>>,
        process: Process,
    ) -> Self {
        Self { database, accounts, locked_out, process, turn: Semaphore::new(1) }
    }

    /// Returns the numbers as `OpenMetrics` text; none if they cannot be read now.
    pub(super) async fn read(&self, now: DateTime<Utc>) -> Option<String> {
        let _turn = self.turn.try_acquire().ok()?;
        let (database, accounts) = (self.database.clone(), Arc::clone(&self.accounts.borrow()));
        let (locked_out, process) = (self.locked_out.borrow().is_some(), self.process.clone());
        let read = move || -> Result<Option<String>, MetricsError> {
            let Some(store) = Store::open_existing(&database, now)? else {
                return Ok(None);
            };
            let mut registry = Registry::with_prefix("qunfa");
            fill(&mut registry, &store.read(), &accounts, now)?;
            process.register(&mut registry, &store.read(), now)?;
            let help =
                "Whether another program keeps the database locked (1), so that nothing goes";
            let locked = Gauge::<i64>::default();
            locked.set(locked_out.into());
            registry.register("database_locked", help, locked);
            let mut page = String::new();
            text::encode(&mut page, &registry)?;
            Ok(Some(page))
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => {
                tracing::warn!("the metrics cannot be read: {error}");
                None
            }
            // The runtime ends.
            Err(_) => None,
        }
    }
}

fn fill(
    registry: &mut Registry,
    tx: &Tx<'_>,
    accounts: &[Account],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The program that runs", version);
    jobs(registry, tx, now)?;
    attention(registry, tx, now)?;
    deliveries(registry, tx)?;
    stops(registry, tx, accounts)?;
    events(registry, tx, accounts)?;
    rules(registry, tx, accounts, now)
}

fn jobs(registry: &mut Registry, tx: &Tx<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let jobs = gauges(registry, "jobs", "Jobs in each state");
    let counts = tx.state_counts(None)?;
    for state in JobState::ALL.iter().copied() {
        let count = counts.iter().find(|(found, _)| *found == state).map_or(0, |(_, count)| *count);
        set(&jobs, vec![("state", state.as_str().to_owned())], signed(count));
    }
    let waiting = tx.next_jobs(None, LOOKED_AT)?;
    let waits = |job: &&JobView| job.state != JobState::Held;
    let next = waiting.iter().find(waits).map(|job| job.due);
    let late = tx.overdue(None, now)?.map_or(0, |job| (now - job.since).num_seconds());
    let oldest = Gauge::<i64>::default();
    oldest.set(late);
    let help = "How long a job has waited for nothing but the daemon: past its time or its pause \
                before the next request, and neither held nor stopped; 0 if none has";
    registry.register("oldest_due_seconds", help, oldest);
    let due = Gauge::<i64>::default();
    due.set(next.map_or(0, |due| due.timestamp()));
    let help = "When the next job is due, as a Unix time; 0 if none is planned";
    registry.register("next_due_timestamp_seconds", help, due);
    Ok(())
}

fn attention(registry: &mut Registry, tx: &Tx<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let family = gauges(
        registry,
        "attention",
        "Things that need a person, by account, kind and severity (page, look, note)",
    );
    for note in tx.attention(now)? {
        let severity = note.severity().as_str().to_owned();
        let account = note.account.unwrap_or_default();
        let labels = vec![("account", account), ("kind", note.kind), ("severity", severity)];
        family.get_or_create(&labels).inc();
    }
    for (kind, account) in tx.open_reminders(now)? {
        let severity = alert::severity(&kind, None).as_str().to_owned();
        let account = account.unwrap_or_default();
        let labels = vec![("account", account), ("kind", kind), ("severity", severity)];
        family.get_or_create(&labels).inc();
    }
    let refused = Gauge::<i64>::default();
    refused.set(signed(tx.refused_files()?));
    let help = "Files that the inbox refused, whose names were not taken since and nobody has seen";
    registry.register("refused_files", help, refused);
    Ok(())
}

fn deliveries(registry: &mut Registry, tx: &Tx<'_>) -> Result<(), StoreError> {
    let help = "Messages to receivers of alerts in each state (waiting, delivered, given_up) of the \
                last month";
    let family = gauges(registry, "alerts", help);
    for state in ["waiting", "delivered", "given_up"] {
        set(&family, vec![("state", state.to_owned())], 0);
    }
    for (state, count) in tx.delivery_counts()? {
        set(&family, vec![("state", state)], signed(count));
    }
    Ok(())
}

fn stops(registry: &mut Registry, tx: &Tx<'_>, accounts: &[Account]) -> Result<(), StoreError> {
    let help = "Whether nothing of the account is released (1), for a hold or a pause";
    let family = gauges(registry, "account_stopped", help);
    for account in accounts {
        let stops = tx.stops(&account.name)?;
        let stopped = stops.paused.is_some() || stops.hold.is_some();
        set(&family, vec![("account", account.name.clone())], stopped.into());
    }
    Ok(())
}

fn events(registry: &mut Registry, tx: &Tx<'_>, accounts: &[Account]) -> Result<(), StoreError> {
    let help = "When the event about the latest broadcast of the account came, as a Unix time";
    let family = gauges(registry, "last_event_timestamp_seconds", help);
    for account in accounts {
        if let Some(at) = tx.last_event(&account.name)? {
            set(&family, vec![("account", account.name.clone())], at.timestamp());
        }
    }
    Ok(())
}

fn rules(
    registry: &mut Registry,
    tx: &Tx<'_>,
    accounts: &[Account],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let used = gauges(registry, "rule_used", "What is charged to a rule in its present window");
    let help = "What waiting jobs own of a rule's present window";
    let claimed = gauges(registry, "rule_claimed", help);
    let limit = gauges(registry, "rule_limit", "What the account may use of a rule in a window");
    for account in accounts {
        for view in tx.rules(account, now)? {
            let labels =
                vec![("account", account.name.clone()), ("rule", view.rule.name().to_owned())];
            set(&used, labels.clone(), view.used.into());
            set(&claimed, labels.clone(), view.claimed.into());
            set(&limit, labels, view.limit.into());
        }
    }
    Ok(())
}

fn gauges(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
) -> Family<Vec<Label>, Gauge> {
    let family = Family::<Vec<Label>, Gauge>::default();
    registry.register(name, help, family.clone());
    family
}

fn set(family: &Family<Vec<Label>, Gauge>, labels: Vec<Label>, value: i64) {
    family.get_or_create(&labels).set(value);
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
