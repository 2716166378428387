//! Reach: how many receivers a broadcast still has this month, counted in bitmaps.
//!
//! When a batch is accepted, its *audience* is taken from the followers' last sync. Once the
//! platform reports that the batch was sent, its members are marked, a few shards at a time: a
//! receiver of one broadcast of the month gets into the second bitmap, and so on up to four. So
//! what is marked is certain. A send whose receivers are not known (made elsewhere, known from an
//! old sync, without a result yet) may have reached anyone: it widens the bounds. A list names its
//! receivers, so a list that was sent before the first sync is marked from a later sync.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use roaring::RoaringBitmap;
use rusqlite::{OptionalExtension as _, params};
use serde::{Serialize, Serializer};

use crate::calendar::{self, Span, Window};
use crate::l10n::t;
use crate::model::{Account, JobId};
use crate::quota::{self, Rule};
use crate::store::followers::{EVERYONE, Key, chunks, read_bitmap, shard_of, unwritable};
use crate::store::{Result, Tx, instant};

/// How many broadcasts of a month are distinguished.
const LEVELS: usize = 4;
/// A sync that began longer ago is old: followers have come and gone since.
const FRESH: TimeDelta = TimeDelta::hours(26);
/// How many shards one transaction marks.
const MARKED_AT_ONCE: u32 = 8;

/// The receivers of at least one, two, three and four broadcasts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels([RoaringBitmap; LEVELS]);

impl Levels {
    /// Counts one more broadcast for each of these.
    pub fn mark(&mut self, receivers: &RoaringBitmap) {
        for level in (1..LEVELS).rev() {
            let (below, rest) = self.0.split_at_mut(level);
            rest[0] |= &below[level - 1] & receivers;
        }
        self.0[0] |= receivers;
    }

    /// Counts which of these had at least so many; with a count of 0, all of them.
    pub fn had(&self, count: u32, of: &RoaringBitmap) -> u64 {
        match usize::try_from(count).unwrap_or(usize::MAX) {
            0 => of.len(),
            some => self.0.get(some - 1).map_or(0, |level| level.intersection_len(of)),
        }
    }

    fn read(mut bytes: &[u8]) -> Result<Self> {
        let mut levels = Self::default();
        for level in &mut levels.0 {
            *level = read_bitmap(&mut bytes)?;
        }
        Ok(levels)
    }

    fn write(mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for level in &mut self.0 {
            level.optimize();
            level.serialize_into(&mut bytes).map_err(unwritable)?;
        }
        Ok(bytes)
    }
}

/// How many of an audience can still receive a broadcast of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// The audience, in words.
    pub audience: String,
    /// The month.
    #[serde(serialize_with = "month")]
    pub month: Window,
    /// How many members it has.
    pub members: u64,
    /// How many of them certainly had their four.
    pub full: u64,
    /// How many may have had them: the same number if everything is known.
    pub possible: u64,
    /// When the followers were synced.
    #[serde(serialize_with = "calendar::json::rfc3339")]
    pub read_at: DateTime<Utc>,
    /// Whether that is recent enough.
    pub fresh: bool,
    /// Whether the platform listed as many as it counts.
    pub whole: bool,
    /// Whether all of the month's sends are known; if not, the account is new and no operator has
    /// recorded what was sent before.
    pub counts_all: bool,
}

fn month<S: Serializer>(month: &Window, s: S) -> std::result::Result<S::Ok, S::Error> {
    s.serialize_str(&month.to_string())
}

impl Reach {
    /// Returns whether some followers will not receive it, or may not.
    pub fn is_short(&self) -> bool {
        self.possible > 0
    }

    /// Returns whether its data is as complete and recent as it can be.
    pub fn current(&self) -> bool {
        self.fresh && self.whole
    }

    /// Returns it as a sentence.
    pub fn sentence(&self) -> String {
        let (members, month) = (grouped(self.members), self.month);
        let (least, most) = (self.members - self.possible, self.members - self.full);
        let (full, possible) = (grouped(self.full), grouped(self.possible));
        let (least, most) = (grouped(least), grouped(most));
        let read = self.read_words();
        let who = &self.audience;
        if self.possible == 0 {
            return t!("reach-all", members = %members, who = %who, read = %read);
        }
        if self.full == self.possible && self.current() {
            return t!("reach-some", members = %members, who = %who, full = %full, month = %month, most = %most, read = %read);
        }
        if self.possible == self.members || !self.current() {
            return t!("reach-at-most", members = %members, who = %who, full = %full, month = %month, most = %most, read = %read);
        }
        t!("reach-between", members = %members, who = %who, full = %full, possible = %possible, month = %month, least = %least, most = %most, read = %read)
    }
}

impl Reach {
    /// Returns when its followers were read, and how far the number can be trusted.
    fn read_words(&self) -> String {
        let read = minute(self.read_at);
        match (self.fresh, self.whole, self.counts_all) {
            (true, true, true) => t!("reach-read", read = %read),
            (true, true, false) => t!("reach-read-not-before", read = %read),
            (true, false, true) => t!("reach-read-fewer", read = %read),
            (true, false, false) => t!("reach-read-fewer-not-before", read = %read),
            (false, _, true) => t!("reach-read-old", read = %read),
            (false, _, false) => t!("reach-read-old-not-before", read = %read),
        }
    }
}

/// Returns a Beijing time to the minute.
pub(super) fn minute(at: DateTime<Utc>) -> String {
    let full = calendar::beijing(at);
    full.get(..16).unwrap_or(&full).to_owned()
}

/// Returns a count with thousands set off.
fn grouped(count: u64) -> String {
    match count / 1000 {
        0 => count.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), count % 1000),
    }
}

/// The last complete sync of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) sync: i64,
    begun_at: DateTime<Utc>,
    pub(super) read_at: DateTime<Utc>,
}

/// A set of followers in that sync.
pub(super) struct Set {
    name: String,
    members: u64,
    /// Whether as many were listed as the platform counts.
    pub(super) whole: bool,
}

/// An accepted batch whose members are to be marked.
struct Open {
    batch: i64,
    month: String,
    sync: i64,
    shard: u32,
    /// Whether it reached anybody at all.
    reached: bool,
    receivers: Option<u32>,
    /// Whether it is a list from before the sync that missed some receivers: it is unknown which.
    vague: bool,
}

impl Tx<'_> {
    pub(super) fn known_followers(&self, account: &str) -> Result<Option<Known>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT id, begun_at, ended_at FROM follower_sync
                 WHERE account = ?1 AND state = 'complete'",
            )?
            .query_row([account], |row| {
                Ok(Known {
                    sync: row.get(0)?,
                    begun_at: instant(row.get(1)?),
                    read_at: instant(row.get(2)?),
                })
            })
            .optional()?)
    }

    pub(super) fn known_set(&self, sync: i64, set: i64) -> Result<Option<Set>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT name, members, members >= reported FROM follower_sync_set
                 WHERE follower_sync = ?1 AND tag = ?2",
            )?
            .query_row(params![sync, set], |row| {
                let members: i64 = row.get(1)?;
                Ok(Set { name: row.get(0)?, members: members.unsigned_abs(), whole: row.get(2)? })
            })
            .optional()?)
    }

    /// Returns the audience's set for a batch, and whether it is a list of OpenIDs.
    fn set_of_batch(&self, batch: i64) -> Result<(i64, bool)> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT iif(receivers IS NULL, ifnull(json_extract(body, '$.filter.tag_id'), ?2), ?2),
                     receivers IS NOT NULL
                 FROM batch JOIN body ON body.batch = batch.id WHERE id = ?1",
            )?
            .query_row(params![batch, EVERYONE], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Returns the tag, or everyone, that a job is for; none if it is a list.
    fn set_of_job(&self, id: &JobId) -> Result<Option<i64>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT ifnull(json_extract(body, '$.filter.tag_id'), ?2)
                 FROM batch JOIN body ON body.batch = batch.id
                 WHERE job = ?1 AND replaced = 0 AND receivers IS NULL LIMIT 1",
            )?
            .query_row(params![id.as_str(), EVERYONE], |row| row.get(0))
            .optional()?)
    }

    /// Stores the audience of an accepted batch as it is known now, and its expected reach.
    pub(super) fn note_audience(
        &self,
        account: &Account,
        batch: i64,
        month: Window,
        at: DateTime<Utc>,
    ) -> Result<()> {
        if quota::limit(Rule::MonthlyReceiver, account).is_none() {
            return Ok(());
        }
        let (set, list) = self.set_of_batch(batch)?;
        let known = self.known_followers(&account.name)?;
        let found = match known {
            Some(known) => self.known_set(known.sync, set)?,
            None => None,
        };
        let (known, found) = known.zip(found).unzip();
        let exact = known.is_some_and(|known| is_fresh(known, at))
            && found.is_some_and(|found| found.whole);
        let expected = if list { None } else { self.reach_of_set(account, set, month, at)? };
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.run(
            "INSERT OR IGNORE INTO audience
                 (batch, account, month, follower_sync, exact, done, members, full, possible)
             VALUES (?1, ?2, ?3, ?4, ?5, ?4 IS NULL, ?6, ?7, ?8)",
            params![
                batch,
                account.name,
                month.to_string(),
                known.map(|known| known.sync),
                exact,
                expected.as_ref().map(|reach| signed(reach.members)),
                expected.as_ref().map(|reach| signed(reach.full)),
                expected.as_ref().map(|reach| signed(reach.possible)),
            ],
        )
    }

    /// Lets the lists that were accepted before any sync be marked from this one.
    ///
    /// A list that has not failed reached the receivers that it names, unless its counts differ.
    pub(super) fn record_lists(&self, account: &str, sync: i64, now: DateTime<Utc>) -> Result<()> {
        let whole = self.known_set(sync, EVERYONE)?.is_some_and(|everyone| everyone.whole);
        self.run(
            "UPDATE audience SET follower_sync = ?2, exact = ?3, done = 0
             WHERE account = ?1 AND month >= ?4 AND follower_sync IS NULL
               AND EXISTS (SELECT 1 FROM batch WHERE id = audience.batch AND receivers IS NOT NULL
                             AND state <> 'failed')",
            params![account, sync, whole, Window::containing(Span::Month, now).to_string()],
        )
    }

    /// Marks some of the receivers of a batch that was sent; returns whether there is more to do
    /// now.
    pub fn record_receivers(&self, account: &str) -> Result<bool> {
        let open: Option<Open> = self
            .db
            .prepare_cached(
                "SELECT batch.id, month, follower_sync, audience.shard,
                     batch.state = 'sent' AND ifnull(sent_count, 1) > 0, receivers,
                     accepted_at < begun_at AND (ifnull(error_count, 0) > 0
                         OR ifnull(sent_count < receivers, 0))
                 FROM audience JOIN batch ON batch.id = audience.batch
                     JOIN follower_sync ON follower_sync.id = audience.follower_sync
                 WHERE audience.account = ?1 AND done = 0 AND batch.state IN ('sent', 'failed')
                 ORDER BY batch.id LIMIT 1",
            )?
            .query_row([account], |row| {
                Ok(Open {
                    batch: row.get(0)?,
                    month: row.get(1)?,
                    sync: row.get(2)?,
                    shard: row.get(3)?,
                    reached: row.get(4)?,
                    receivers: row.get(5)?,
                    vague: row.get(6)?,
                })
            })
            .optional()?;
        let Some(open) = open else {
            return Ok(false);
        };
        if open.reached && open.vague {
            self.run(
                "UPDATE audience SET follower_sync = NULL, exact = 0, done = 1 WHERE batch = ?1",
                params![open.batch],
            )?;
            return Ok(true);
        }
        let shards = self.shards(account)?.unwrap_or(0);
        let until = (open.shard + MARKED_AT_ONCE).min(shards);
        if open.reached {
            let (set, _) = self.set_of_batch(open.batch)?;
            let list = match open.receivers {
                Some(_) => Some(self.receivers(open.batch)?),
                None => None,
            };
            for shard in open.shard..until {
                let members = self.members(open.sync, set, shard)?;
                let receivers = match &list {
                    Some(list) => self.numbers_of(account, (shard, shards), list)? & members,
                    None => members,
                };
                self.record_shard(account, (&open.month, shard), &receivers)?;
            }
        }
        let done = !open.reached || until == shards;
        self.run(
            "UPDATE audience SET shard = ?2, done = ?3 WHERE batch = ?1",
            params![open.batch, until, done],
        )?;
        Ok(true)
    }

    fn numbers_of(
        &self,
        account: &str,
        (shard, shards): (u32, u32),
        list: &HashSet<Key>,
    ) -> Result<RoaringBitmap> {
        if !list.iter().any(|key| shard_of(key, shards) == shard) {
            return Ok(RoaringBitmap::new());
        }
        let keys = self.keys(account, shard)?;
        let numbers = (0_u32..).zip(chunks(&keys));
        Ok(numbers.filter(|(_, key)| list.contains(key)).map(|(number, _)| number).collect())
    }

    fn levels(&self, account: &str, month: &str, shard: u32) -> Result<Levels> {
        let bytes: Option<Vec<u8>> = self
            .db
            .prepare_cached(
                "SELECT levels FROM received WHERE account = ?1 AND month = ?2 AND shard = ?3",
            )?
            .query_row(params![account, month, shard], |row| row.get(0))
            .optional()?;
        bytes.map_or_else(|| Ok(Levels::default()), |bytes| Levels::read(&bytes))
    }

    fn record_shard(
        &self,
        account: &str,
        (month, shard): (&str, u32),
        receivers: &RoaringBitmap,
    ) -> Result<()> {
        if receivers.is_empty() {
            return Ok(());
        }
        let mut levels = self.levels(account, month, shard)?;
        levels.mark(receivers);
        self.run(
            "INSERT INTO received (account, month, shard, levels) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET levels = excluded.levels",
            params![account, month, shard, levels.write()?],
        )
    }

    /// Returns how many of a job's tag, or of everyone, can still receive a broadcast.
    ///
    /// None for a list, for an account without this rule, and if the followers were never synced.
    pub fn reach(
        &self,
        id: &JobId,
        account: &Account,
        (at, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<Reach>> {
        match self.set_of_job(id)? {
            Some(set) => self.reach_of_set(account, set, Window::containing(Span::Month, at), now),
            None => Ok(None),
        }
    }

    /// Returns a sentence if a job's tag was not among the tags of the last sync.
    pub fn unknown_tag(
        &self,
        id: &JobId,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Option<String>> {
        let known = self.known_followers(&account.name)?.filter(|known| is_fresh(*known, now));
        let (Some(set), Some(known)) = (self.set_of_job(id)?, known) else {
            return Ok(None);
        };
        let missing = set != EVERYONE && self.known_set(known.sync, set)?.is_none();
        let read = minute(known.read_at);
        Ok(missing.then(|| t!("reach-unknown-tag", set = %set, read = %read)))
    }

    /// Returns how many of an account's followers can still receive a broadcast of a month, if some
    /// cannot; none if they were never synced.
    pub fn reach_of_everyone(
        &self,
        account: &Account,
        month: Window,
        now: DateTime<Utc>,
    ) -> Result<Option<Reach>> {
        self.reach_of_set(account, EVERYONE, month, now)
    }

    /// Deletes the receivers of broadcasts of past months.
    pub fn forget_months(&self, now: DateTime<Utc>) -> Result<()> {
        let last = Window::containing(Span::Month, now).previous();
        // A result that is still missing by then is of no more use.
        self.run(
            "UPDATE audience SET done = 1, exact = 0 WHERE done = 0 AND month < ?1",
            params![last.to_string()],
        )?;
        self.run("DELETE FROM received WHERE month < ?1", params![last.to_string()])
    }

    fn reach_of_set(
        &self,
        account: &Account,
        set: i64,
        month: Window,
        now: DateTime<Utc>,
    ) -> Result<Option<Reach>> {
        let limit = quota::limit(Rule::MonthlyReceiver, account);
        let known = self.known_followers(&account.name)?;
        let (Some(limit), Some(known)) = (limit, known) else {
            return Ok(None);
        };
        let Some(found) = self.known_set(known.sync, set)? else {
            return Ok(None);
        };
        let (marked, unknown) = self.sends_of(account, month)?;
        let mut reach = Reach {
            audience: words(set, &found.name),
            month,
            members: found.members,
            full: 0,
            possible: 0,
            read_at: known.read_at,
            fresh: is_fresh(known, now),
            whole: found.whole,
            counts_all: !self.asks_of_before(&account.name, now)?,
        };
        // With fewer than four broadcasts no receiver can have had four.
        if marked + unknown < limit {
            return Ok(Some(reach));
        }
        let name = month.to_string();
        for shard in 0..self.shards(&account.name)?.unwrap_or(0) {
            let members = self.members(known.sync, set, shard)?;
            let levels = self.levels(&account.name, &name, shard)?;
            reach.full += levels.had(limit, &members);
            reach.possible += levels.had(limit.saturating_sub(unknown), &members);
        }
        Ok(Some(reach))
    }

    /// Counts a month's sends whose receivers are marked, if only in part, and those that may have
    /// reached anyone.
    fn sends_of(&self, account: &Account, month: Window) -> Result<(u32, u32)> {
        let (marked, unknown): (u32, u32) = self
            .db
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE follower_sync IS NOT NULL),
                        count(*) FILTER (WHERE done = 0 OR exact = 0)
                 FROM audience JOIN batch ON batch.id = audience.batch
                 WHERE audience.account = ?1 AND month = ?2 AND state <> 'failed'
                   AND ifnull(sent_count, 1) > 0",
            )?
            .query_row(params![account.name, month.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let in_doubt: u32 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM batch WHERE account = ?1 AND state IN ('asking', 'in_doubt')",
            )?
            .query_row([&account.name], |row| row.get(0))?;
        let elsewhere: u32 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM charge WHERE account = ?1 AND rule = ?2 AND \"window\" = ?3
                   AND external_send IS NOT NULL AND state <> 'returned'",
            )?
            .query_row(
                params![account.name, Rule::MonthlyHistory.name(), month.to_string()],
                |row| row.get(0),
            )?;
        Ok((marked, unknown + in_doubt + elsewhere))
    }

    /// Returns the expected reach of a job's batches when they were accepted: how many receivers
    /// there were, and how many of them had their four, certainly and possibly.
    pub fn expected(&self, id: &str) -> Result<Option<(u64, u64, u64)>> {
        let (members, full, possible): (Option<i64>, Option<i64>, Option<i64>) = self
            .db
            .prepare_cached(
                "SELECT sum(members), sum(full), sum(possible)
                 FROM audience JOIN batch ON batch.id = audience.batch
                 WHERE job = ?1 AND replaced = 0",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let counts = members.zip(full).zip(possible);
        Ok(counts.map(|((members, full), possible)| {
            (members.unsigned_abs(), full.unsigned_abs(), possible.unsigned_abs())
        }))
    }
}

fn is_fresh(known: Known, now: DateTime<Utc>) -> bool {
    let age = now - known.begun_at;
    TimeDelta::zero() <= age && age <= FRESH
}

fn words(set: i64, name: &str) -> String {
    match set {
        EVERYONE => t!("reach-followers"),
        tag if name.is_empty() => t!("reach-in-tag", tag = %tag),
        tag => t!("reach-in-named-tag", tag = %tag, name = %name),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_bitmaps_count_what_a_plain_count_counts(
            sends in prop::collection::vec(prop::collection::btree_set(0_u32..200, 0..60), 0..9),
            of in prop::collection::btree_set(0_u32..200, 0..80),
        ) {
            let mut plain: BTreeMap<u32, u32> = BTreeMap::new();
            let mut levels = Levels::default();

            for send in &sends {
                levels.mark(&send.iter().copied().collect());
                for receiver in send {
                    *plain.entry(*receiver).or_default() += 1;
                }
                levels = Levels::read(&levels.write().unwrap()).unwrap();
            }

            let audience: RoaringBitmap = of.iter().copied().collect();
            for least in 0..=4 {
                let had = |who: &&u32| plain.get(who).copied().unwrap_or(0) >= least;
                let counted = u64::try_from(of.iter().filter(had).count()).unwrap();
                prop_assert_eq!(levels.had(least, &audience), counted, "at least {}", least);
            }
            prop_assert_eq!(levels.had(5, &audience), 0);
        }
    }

    #[test]
    fn the_sentence_is_as_sure_as_what_is_known() {
        let at = DateTime::parse_from_rfc3339("2026-11-22T04:10:30+08:00").unwrap().to_utc();
        let reach = |full, possible, current| Reach {
            audience: words(102, "VIP"),
            month: Window::containing(Span::Month, at),
            members: 3_412,
            full,
            possible,
            read_at: at,
            fresh: current,
            whole: true,
            counts_all: true,
        };
        for (reach, expected) in [
            (
                reach(57, 57, true),
                "of 3,412 in tag 102 (VIP), 57 had their four of 2026-11: 3,355 can still receive it (followers read 2026-11-22 04:10)",
            ),
            (
                reach(57, 300, true),
                "of 3,412 in tag 102 (VIP), from 57 to 300 had their four of 2026-11: from 3,112 to 3,355 can still receive it (followers read 2026-11-22 04:10)",
            ),
            (
                reach(57, 3_412, true),
                "of 3,412 in tag 102 (VIP), at least 57 had their four of 2026-11: at most 3,355 can still receive it (followers read 2026-11-22 04:10)",
            ),
            (
                reach(57, 57, false),
                "of 3,412 in tag 102 (VIP), at least 57 had their four of 2026-11: at most 3,355 can still receive it (followers read 2026-11-22 04:10, too old to be sure)",
            ),
            (
                Reach { whole: false, ..reach(57, 57, true) },
                "of 3,412 in tag 102 (VIP), at least 57 had their four of 2026-11: at most 3,355 can still receive it (followers read 2026-11-22 04:10, but fewer were listed than the platform counts)",
            ),
            (
                reach(0, 0, true),
                "of 3,412 in tag 102 (VIP) all can still receive it (followers read 2026-11-22 04:10)",
            ),
        ] {
            assert_eq!(reach.sentence(), expected);
        }
    }
}
