//! The connections that have not yet carried an authentic push.
//!
//! Such a connection may be closed at any time for another one: for its place, if all are taken,
//! and for its bytes, if all together hold too many. Strangers compete with strangers: a place is
//! taken from the address that has the most of them, and bytes from the connection that holds the
//! most. A genuine event is short and arrives at once.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// All of them.
pub(super) struct Unproven {
    bytes_max: usize,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    /// The oldest has the lowest number.
    by_id: BTreeMap<u64, One>,
    last_id: u64,
    bytes: usize,
}

struct One {
    peer: IpAddr,
    since: Instant,
    bytes: usize,
    end: oneshot::Sender<()>,
}

impl Unproven {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, all: Mutex::default() }
    }

    /// Adds a connection; it has to close when the returned receiver gets a message.
    pub(super) fn add(&self, peer: IpAddr) -> (u64, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        let mut all = self.all();
        all.last_id += 1;
        let id = all.last_id;
        let one = One { peer: peer.to_canonical(), since: Instant::now(), bytes: 0, end };
        all.by_id.insert(id, one);
        (id, ended)
    }

    /// Removes a connection that has closed, or may no longer be closed for another one.
    ///
    /// False if it is absent, because it was told to close.
    pub(super) fn remove(&self, id: u64) -> bool {
        self.all().take(id).is_some()
    }

    /// Counts the bytes that a connection has sent.
    pub(super) fn grow(&self, id: u64, bytes: usize) {
        let mut all = self.all();
        let Some(one) = all.by_id.get_mut(&id) else {
            return;
        };
        one.bytes += bytes;
        all.bytes += bytes;
        while all.bytes > self.bytes_max {
            all.end_longest();
        }
    }

    /// Closes a connection for its place, or returns when one will be old enough.
    ///
    /// Returns nothing if a place will be free: after one was closed, or if none can be.
    pub(super) fn end_one(&self, young: Duration) -> Option<Instant> {
        let now = Instant::now();
        let mut all = self.all();
        let oldest = all.by_id.values().next()?.since + young;
        if oldest > now {
            return Some(oldest);
        }
        let id = all.most_crowded(|one| one.since + young <= now)?;
        all.end(id);
        None
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // A panic can leave nothing here half done.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn take(&mut self, id: u64) -> Option<One> {
        let one = self.by_id.remove(&id)?;
        self.bytes -= one.bytes;
        Some(one)
    }

    fn end(&mut self, id: u64) {
        if let Some(one) = self.take(id) {
            // It may be closing by itself.
            one.end.send(()).ok();
        }
    }

    fn end_longest(&mut self) {
        let longest = self.by_id.iter().max_by_key(|(_, one)| one.bytes).map(|(id, _)| *id);
        if let Some(id) = longest {
            self.end(id);
        }
    }

    /// Returns the oldest connection of the address that has the most, among those that may be
    /// closed.
    fn most_crowded(&self, may_end: impl Fn(&One) -> bool) -> Option<u64> {
        let mut counts = HashMap::<IpAddr, usize>::new();
        for one in self.by_id.values() {
            *counts.entry(one.peer).or_default() += 1;
        }
        let candidates = self.by_id.iter().filter(|(_, one)| may_end(one));
        // Of equal ones the first: the lowest number.
        candidates.rev().max_by_key(|(_, one)| counts[&one.peer]).map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: [u8; 4] = [203, 0, 113, 1];
    const THEIRS: [u8; 4] = [203, 0, 113, 2];

    #[tokio::test]
    async fn a_place_is_taken_from_the_oldest_of_the_address_that_has_the_most() {
        let unproven = Unproven::new(1_000);
        let (_, mut ours) = unproven.add(OURS.into());
        let (_, mut older) = unproven.add(THEIRS.into());
        let (_, mut newer) = unproven.add(THEIRS.into());

        assert_eq!(unproven.end_one(Duration::ZERO), None);

        assert_eq!(older.try_recv(), Ok(()));
        assert!(ours.try_recv().is_err() && newer.try_recv().is_err());
        // One each: then it is the oldest of all.
        assert_eq!(unproven.end_one(Duration::ZERO), None);
        assert_eq!(ours.try_recv(), Ok(()));
    }

    #[tokio::test]
    async fn whoever_has_just_come_is_left_in_peace() {
        let unproven = Unproven::new(1_000);
        let (_, mut ended) = unproven.add(OURS.into());

        assert!(unproven.end_one(Duration::from_secs(3_600)).is_some());

        assert!(ended.try_recv().is_err());
    }

    #[tokio::test]
    async fn whoever_is_proven_stays() {
        let unproven = Unproven::new(1_000);
        let (id, mut ended) = unproven.add(OURS.into());

        assert!(unproven.remove(id));

        assert_eq!(unproven.end_one(Duration::ZERO), None);
        assert_eq!(ended.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    }

    #[tokio::test]
    async fn too_many_bytes_end_the_connection_that_holds_the_most() {
        let unproven = Unproven::new(1_000);
        let (short, mut short_ended) = unproven.add(OURS.into());
        let (long, mut long_ended) = unproven.add(THEIRS.into());
        unproven.grow(long, 600);

        unproven.grow(short, 401);

        assert_eq!(long_ended.try_recv(), Ok(()));
        assert!(short_ended.try_recv().is_err());
        assert!(!unproven.remove(long) && unproven.remove(short));
    }
}
