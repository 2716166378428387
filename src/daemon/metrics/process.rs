//! The part of the metrics that the process itself knows: its counters, its loop and its clock.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use crate::daemon::counters::Counters;
use crate::daemon::heartbeat::{Heartbeat, LockedOut};
use crate::daemon::readiness::{NotReady, Readiness};
use crate::store::{Store, StoreError, Tx};

/// A gauge of seconds with a fraction, by account.
type Seconds = Family<[(&'static str, String); 1], Gauge<f64, AtomicU64>>;

/// What the process knows of itself.
#[derive(Clone)]
pub(in crate::daemon) struct Process {
    pub(in crate::daemon) counters: Counters,
    pub(in crate::daemon) readiness: Readiness,
}

impl Process {
    /// Begins to count; the loop must not have reported yet.
    pub(in crate::daemon) fn new(
        store: &Store,
        heartbeat: watch::Receiver<Heartbeat>,
        locked_out: watch::Receiver<Option<LockedOut>>,
    ) -> Result<Self, StoreError> {
        let counters = Counters::new(store.read().begin_send_count()?);
        Ok(Self { counters, readiness: Readiness::new(heartbeat, locked_out) })
    }

    /// Adds the process's metrics.
    pub(super) fn register(
        &self,
        registry: &mut Registry,
        tx: &Tx<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        not_ready(registry, self.readiness.check(now).err().as_ref());
        if let Some(heartbeat) = self.readiness.heartbeat() {
            reported(registry, &heartbeat);
        }
        self.counters.register(registry, tx)
    }
}

fn not_ready(registry: &mut Registry, why: Option<&NotReady>) {
    let family = Family::<[(&'static str, &'static str); 1], Gauge>::default();
    for reason in NotReady::REASONS {
        let holds = why.is_some_and(|why| why.reason() == reason);
        family.get_or_create(&[("reason", reason)]).set(holds.into());
    }
    let help = "Whether the daemon cannot do its work (1), by reason (clock, database_locked, loop, \
                starting)";
    registry.register("not_ready", help, family);
}

/// Adds what the loop reported last.
fn reported(registry: &mut Registry, heartbeat: &Heartbeat) {
    let turned = Gauge::<f64, AtomicU64>::default();
    turned.set(seconds(heartbeat.turned_at));
    let help = "When the loop last turned, as a Unix time; it reports that every few seconds";
    registry.register("loop_turned_timestamp_seconds", help, turned);
    let (offsets, samples) = (Seconds::default(), Seconds::default());
    for (account, clock) in &heartbeat.clocks {
        let labels = [("account", account.clone())];
        offsets.get_or_create(&labels).set(clock.offset().as_seconds_f64());
        samples.get_or_create(&labels).set(seconds(clock.read_at));
    }
    let help = "How far the platform's clock was ahead of this machine's at the last sample; the \
                platform tells whole seconds";
    registry.register("clock_offset_seconds", help, offsets);
    let help = "When the platform's clock was last sampled, as a Unix time; a sample is taken before a \
                release";
    registry.register("clock_sample_timestamp_seconds", help, samples);
}

fn seconds(at: DateTime<Utc>) -> f64 {
    (at - DateTime::UNIX_EPOCH).as_seconds_f64()
}
