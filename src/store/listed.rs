//! The receivers of list broadcasts, stored so that lists are compared without their bodies.
//!
//! A list's [`Key`]s are stored in order, in parts by their first bits. Which receivers had their
//! four of a month is counted part by part against the lists that were accepted in it, the newest
//! first. The first part mostly decides, however many lists the month has. The keys follow from the
//! body, so any change of a body's list writes them again.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use rusqlite::{OptionalExtension as _, params};
use serde::Deserialize;

use crate::calendar::Window;
use crate::model::{Account, JobId};
use crate::quota::{self, Rule};
use crate::store::followers::{Key, chunks, key, shard_of};
use crate::store::{Result, StoreError, Tx};

/// How many parts a list has: with 10,000 receivers, each is about two pages of the database.
const PARTS: u32 = 16;

/// Which of a list's receivers certainly had their four of a month.
#[derive(Debug, Default)]
pub(super) struct Full {
    /// Those who had.
    pub(super) keys: Vec<Key>,
    /// How many were checked.
    pub(super) of: usize,
}

impl Full {
    /// Returns whether any of them had.
    pub(super) fn any(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Returns whether all of them had.
    pub(super) fn all(&self) -> bool {
        self.any() && self.keys.len() == self.of
    }
}

/// Keys are digests, so some of their bytes serve as their hash.
#[derive(Default)]
struct Digested(u64);

impl Hasher for Digested {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 ^= u64::from_le_bytes(*last);
        }
    }
}

type Counts = HashMap<Key, u32, BuildHasherDefault<Digested>>;

#[derive(Deserialize)]
struct Listing {
    touser: Vec<String>,
}

/// The receivers of a list's batch.
#[derive(Clone, Debug)]
pub struct Receivers {
    pub(super) count: u32,
    /// In order.
    keys: Vec<Key>,
}

impl Receivers {
    /// Returns what is stored for these OpenIDs.
    pub fn of(openids: &[String]) -> Self {
        let mut keys: Vec<_> = openids.iter().map(|openid| key(openid)).collect();
        keys.sort_unstable();
        keys.dedup();
        Self { count: u32::try_from(openids.len()).unwrap_or(u32::MAX), keys }
    }
}

/// Returns the OpenIDs that a body names, in its order.
fn openids(body: &str) -> Result<Vec<String>> {
    let listing: Listing = serde_json::from_str(body)
        .map_err(|error| StoreError::Corrupt(format!("a list's body cannot be read: {error}")))?;
    Ok(listing.touser)
}

impl Tx<'_> {
    /// Returns the OpenIDs that a list's batch is for, in the order of its body.
    pub(super) fn listed(&self, batch: i64) -> Result<Vec<String>> {
        let body: String = self
            .db
            .prepare_cached("SELECT body FROM body WHERE batch = ?1")?
            .query_row([batch], |row| row.get(0))?;
        openids(&body)
    }

    /// Stores the receivers of a list's batch, in place of those stored before.
    pub(super) fn keep_receivers(&self, batch: i64, receivers: &Receivers) -> Result<()> {
        self.run("DELETE FROM receiver WHERE batch = ?1", params![batch])?;
        let same_part = |one: &Key, next: &Key| shard_of(one, PARTS) == shard_of(next, PARTS);
        for part in receivers.keys.chunk_by(same_part) {
            self.run(
                "INSERT INTO receiver (batch, part, keys) VALUES (?1, ?2, ?3)",
                params![batch, shard_of(&part[0], PARTS), part.as_flattened()],
            )?;
        }
        Ok(())
    }

    /// Stores each list's receivers, in a database that has only their bodies.
    pub(super) fn keep_receivers_of_all(&self) -> Result<()> {
        let lists = self
            .db
            .prepare("SELECT id FROM batch WHERE receivers IS NOT NULL")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        lists
            .into_iter()
            .try_for_each(|batch| self.keep_receivers(batch, &Receivers::of(&self.listed(batch)?)))
    }

    /// Returns the receivers of a list's batch.
    pub(super) fn receivers(&self, batch: i64) -> Result<HashSet<Key>> {
        Ok(self.keys_of(batch)?.into_iter().collect())
    }

    /// Returns the receivers of a list's batch, each once.
    pub(super) fn keys_of(&self, batch: i64) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        for part in 0..PARTS {
            keys.extend(chunks(&self.receivers_in(batch, part)?));
        }
        Ok(keys)
    }

    fn receivers_in(&self, batch: i64, part: u32) -> Result<Vec<u8>> {
        Ok(self
            .db
            .prepare_cached("SELECT keys FROM receiver WHERE batch = ?1 AND part = ?2")?
            .query_row([batch, i64::from(part)], |row| row.get(0))
            .optional()?
            .unwrap_or_default())
    }

    /// Returns which receivers of a job that is not accepted yet certainly had their four of a
    /// month; it continues while the result so far `needs` more.
    ///
    /// A list that was accepted and failed later reached nobody.
    pub(super) fn full_of(
        &self,
        id: &JobId,
        account: &Account,
        month: Window,
        needs: impl Fn(&Full) -> bool,
    ) -> Result<Full> {
        let mut full = Full::default();
        let limit = quota::limit(Rule::MonthlyReceiver, account).unwrap_or(u32::MAX);
        let past = self.lists_of(account, month)?;
        if u32::try_from(past.len()).is_ok_and(|lists| lists < limit) {
            return Ok(full);
        }
        let own = self.open_lists(id)?;
        for part in 0..PARTS {
            let mut counts = Counts::default();
            for batch in &own {
                counts.extend(chunks(&self.receivers_in(*batch, part)?).map(|key| (key, 0)));
            }
            full.of += counts.len();
            full.keys.extend(self.full_in(&past, part, (counts, limit))?);
            if full.of > 0 && !needs(&full) {
                break;
            }
        }
        Ok(full)
    }

    /// Returns the batches of a job that are lists and not accepted yet.
    pub(super) fn open_lists(&self, id: &JobId) -> Result<Vec<i64>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT id FROM batch WHERE job = ?1 AND replaced = 0 AND receivers IS NOT NULL
                   AND state IN ('planned', 'asking', 'in_doubt')",
            )?
            .query_map([id.as_str()], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the keys of one part that so many of these lists contain.
    fn full_in(&self, lists: &[i64], part: u32, counted: (Counts, u32)) -> Result<Vec<Key>> {
        let (mut counts, limit) = counted;
        let mut full = Vec::new();
        for batch in lists {
            if full.len() == counts.len() {
                break;
            }
            for key in chunks(&self.receivers_in(*batch, part)?) {
                if let Some(count) = counts.get_mut(&key) {
                    *count += 1;
                    if *count == limit {
                        full.push(key);
                    }
                }
            }
        }
        Ok(full)
    }

    /// Returns the lists that were accepted in a month and have not failed, the newest first.
    pub(super) fn lists_of(&self, account: &Account, month: Window) -> Result<Vec<i64>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM delivery JOIN batch ON batch.id = delivery.batch
             WHERE delivery.account = ?1 AND month = ?2 AND state <> 'failed'
             ORDER BY delivery.batch DESC",
        )?;
        let rows =
            statement.query_map(params![account.name, month.to_string()], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts the receivers with at least so many lists of a month, and those with so many once
    /// other sends that may have reached anyone are included.
    pub(super) fn count_receivers(
        &self,
        account: &Account,
        month: Window,
        (limit, others): (u32, u32),
    ) -> Result<(usize, usize)> {
        let lists = self.lists_of(account, month)?;
        let (mut certain, mut possible) = (0, 0);
        for part in 0..PARTS {
            let mut counts = Counts::default();
            for batch in &lists {
                for key in chunks(&self.receivers_in(*batch, part)?) {
                    *counts.entry(key).or_default() += 1;
                }
            }
            certain += counts.values().filter(|count| **count >= limit).count();
            possible += counts.values().filter(|count| **count + others >= limit).count();
        }
        Ok((certain, possible))
    }
}
