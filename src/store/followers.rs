//! Follower sync: stores followers and tags page by page, in compact form.
//!
//! A *sync* requests the tags, then all followers, then the members of each tag, and continues
//! after a crash from the point it had reached. What was listed is stored in parts, and counted
//! when all of it is stored. An OpenID is identified by its digest. The digests of an account are
//! distributed over *shards*, and its place in its shard is an OpenID's number, so a set of
//! followers is one bitmap for each shard. Nothing here ever keeps more than a page or a shard in
//! memory.

mod view;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use roaring::RoaringBitmap;
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest, Sha256};

use crate::model::Account;
use crate::quota::{self, Need, Rule};
use crate::store::{Result, StoreError, Tx, instant, millis};

pub use view::{FollowersView, SetView};

/// The set of all followers, among the tags.
pub(super) const EVERYONE: i64 = -1;
/// How many bytes of its digest identify an OpenID.
pub(super) const KEY_BYTES: usize = 12;
/// About how many followers share a shard, up to [`SHARDS_MAX`] shards. It is small because the
/// number of shards stays the same when an account grows.
const SHARD_OF: u64 = 512;
const SHARDS_MAX: u64 = 256;
/// The least number of shards: a small account may have a million followers one day.
const SHARDS_LEAST: u64 = 8;
/// The longest pause of a sync: a longer one came from a clock that has been stepped since.
const REST_MAX: TimeDelta = TimeDelta::hours(25);
/// A list with so many more than twice the platform's own count is not plausible.
const TOO_MANY: i64 = 20_000;
/// How many bitmaps or parts of an ended sync one transaction deletes.
const FORGOTTEN: u32 = 2_000;

/// The digest that identifies an OpenID.
///
/// Two OpenIDs with the same digest would count as one: with 96 bits the chance is negligible.
pub(super) type Key = [u8; KEY_BYTES];

/// Returns the digest that identifies an OpenID.
pub(super) fn key(openid: &str) -> Key {
    let digest = Sha256::digest(openid);
    let mut key = [0; KEY_BYTES];
    key.copy_from_slice(&digest[..KEY_BYTES]);
    key
}

/// Returns the shard of a key, among so many shards.
pub(super) fn shard_of(key: &Key, shards: u32) -> u32 {
    u32::from(key[0]) * shards / 256
}

/// A request for followers or tags, and the sync that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowersAsk {
    /// The sync.
    pub sync: i64,
    /// The set whose page it requests; none for the list of tags.
    pub set: Option<i64>,
}

impl FollowersAsk {
    /// Returns the tag whose members are requested; none if all followers are.
    pub fn tag(self) -> Option<i64> {
        self.set.filter(|set| *set != EVERYONE)
    }
}

/// What a sync needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The list of tags.
    Tags(FollowersAsk),
    /// The page of a set that follows this OpenID.
    Page(FollowersAsk, String),
    /// No request: what was listed is to be counted.
    Count(i64),
}

/// A tag as the platform lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagTold {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// How many followers have it, by the platform's count.
    pub count: u64,
}

/// A sync that is under way.
struct Open {
    id: i64,
    counting: bool,
    next_at: DateTime<Utc>,
}

impl Tx<'_> {
    /// Requests a sync, to begin as soon as the daemon can.
    pub fn request_sync(&self, account: &str, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "INSERT INTO sync_request (account, since_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![account, millis(now)],
        )
    }

    /// Returns whether a sync began, or was requested, since a given time.
    pub fn sync_since(
        &self,
        account: &str,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM follower_sync WHERE account = ?1
                                  AND (begun_at BETWEEN ?2 AND ?3 OR ended_at IS NULL))
                     OR EXISTS (SELECT 1 FROM sync_request WHERE account = ?1)",
            )?
            .query_row(params![account, millis(since), millis(now)], |row| row.get(0))?)
    }

    fn open_sync(&self, account: &str) -> Result<Option<Open>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT id, state = 'counting', next_at FROM follower_sync
                 WHERE account = ?1 AND state IN ('asking', 'counting')",
            )?
            .query_row([account], |row| {
                Ok(Open { id: row.get(0)?, counting: row.get(1)?, next_at: instant(row.get(2)?) })
            })
            .optional()?)
    }

    /// Returns what the account's sync needs, and when; a requested one begins.
    pub fn next_of_sync(
        &self,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(DateTime<Utc>, Next)>> {
        let open = match self.open_sync(account)? {
            Some(open) => open,
            None if self.take_wish(account)? => {
                self.run(
                    "INSERT INTO follower_sync (account, state, begun_at, next_at)
                     VALUES (?1, 'asking', ?2, ?2)",
                    params![account, millis(now)],
                )?;
                let id = self.db.last_insert_rowid();
                Open { id, counting: false, next_at: now }
            }
            None => return Ok(None),
        };
        let at = if open.next_at - now > REST_MAX { now } else { open.next_at };
        if open.counting {
            return Ok(Some((at, Next::Count(open.id))));
        }
        let page: Option<(i64, String)> = self
            .db
            .prepare_cached(
                "SELECT tag, next_openid FROM follower_sync_set WHERE follower_sync = ?1 AND ended = 0
                 ORDER BY tag LIMIT 1",
            )?
            .query_row([open.id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let next = match page {
            Some((set, after)) => Next::Page(FollowersAsk { sync: open.id, set: Some(set) }, after),
            None => Next::Tags(FollowersAsk { sync: open.id, set: None }),
        };
        Ok(Some((at, next)))
    }

    fn take_wish(&self, account: &str) -> Result<bool> {
        let taken = self
            .db
            .prepare_cached("DELETE FROM sync_request WHERE account = ?1")?
            .execute([account])?;
        Ok(taken > 0)
    }

    /// Charges one page of the list of followers, if the day has room for it.
    pub fn charge_page(&self, account: &Account, now: DateTime<Utc>) -> Result<bool> {
        let Some(window) = Rule::FollowerPages.window(now) else {
            return Ok(false);
        };
        let need = Need { rule: Rule::FollowerPages, window, amount: 1 };
        let usage = self.usage(&account.name, need, now)?;
        if quota::admit(account, need, usage).is_err() {
            return Ok(false);
        }
        let of_day = params![account.name, need.rule.name(), window.to_string()];
        let counted = self
            .db
            .prepare_cached(
                "UPDATE charge SET amount = amount + 1 WHERE account = ?1 AND rule = ?2
                   AND \"window\" = ?3",
            )?
            .execute(of_day)?;
        if counted == 0 {
            self.run(
                "INSERT INTO charge (account, rule, \"window\", amount, state)
                 VALUES (?1, ?2, ?3, 1, 'kept')",
                of_day,
            )?;
        }
        Ok(true)
    }

    /// Pauses a sync until a given time: a limit of the platform is used up.
    pub fn pause_sync(&self, sync: i64, until: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE follower_sync SET next_at = ?2 WHERE id = ?1",
            params![sync, millis(until)],
        )
    }

    /// Lets a sync wait after a failed request.
    pub fn repeat_sync(&self, sync: i64, (next_at, why): (DateTime<Utc>, &str)) -> Result<()> {
        self.run(
            "UPDATE follower_sync SET tries = tries + 1, next_at = ?2, why = ?3
             WHERE id = ?1 AND state = 'asking'",
            params![sync, millis(next_at), why],
        )
    }

    /// Returns how many requests of a sync failed in a row.
    pub fn sync_tries(&self, sync: i64) -> Result<u32> {
        Ok(self
            .db
            .prepare_cached("SELECT tries FROM follower_sync WHERE id = ?1")?
            .query_row([sync], |row| row.get(0))?)
    }

    /// Removes a tag from a sync: the platform no longer has this id.
    pub fn drop_tag(&self, ask: FollowersAsk) -> Result<()> {
        let of_set = params![ask.sync, ask.set];
        self.run("DELETE FROM staged_page WHERE follower_sync = ?1 AND tag = ?2", of_set)?;
        self.run("DELETE FROM follower_sync_set WHERE follower_sync = ?1 AND tag = ?2", of_set)?;
        self.go_on(ask.sync)
    }

    /// Returns whether a set lists far more than the platform counts: its pages repeat.
    pub fn lists_too_many(&self, ask: FollowersAsk) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM follower_sync_set JOIN follower_sync ON id = follower_sync
                    WHERE follower_sync = ?1 AND tag = ?2 AND state = 'asking' AND listed > 2 * reported + ?3)",
            )?
            .query_row(
                params![ask.sync, ask.set.unwrap_or(EVERYONE), TOO_MANY],
                |row| row.get(0),
            )?)
    }

    /// Gives up a sync; the data of the last complete sync stays.
    pub fn fail_sync(&self, sync: i64, why: &str, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE follower_sync SET state = 'failed', ended_at = ?2, why = ?3
             WHERE id = ?1 AND state IN ('asking', 'counting')",
            params![sync, millis(now), why],
        )
    }

    /// Returns the OpenID that the requested page follows, if a sync still waits for that page; an
    /// empty one for the list of tags.
    pub fn awaits(&self, ask: FollowersAsk) -> Result<Option<String>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT ifnull(next_openid, '') FROM follower_sync LEFT JOIN follower_sync_set s
                     ON s.follower_sync = id AND (?2 IS NULL OR s.tag = ?2)
                 WHERE id = ?1 AND state = 'asking'
                   AND CASE WHEN ?2 IS NULL THEN s.tag IS NULL ELSE s.ended = 0 END",
            )?
            .query_row(params![ask.sync, ask.set], |row| row.get(0))
            .optional()?)
    }

    /// Records the list of tags: it determines which sets there are.
    pub fn list_tags(&self, sync: i64, tags: &[TagTold]) -> Result<()> {
        let everyone = TagTold { id: EVERYONE, name: String::new(), count: 0 };
        for tag in tags.iter().filter(|tag| tag.id != EVERYONE).chain([&everyone]) {
            let told = i64::try_from(tag.count).unwrap_or(i64::MAX);
            self.run(
                "INSERT OR IGNORE INTO follower_sync_set (follower_sync, tag, name, reported) VALUES (?1, ?2, ?3, ?4)",
                params![sync, tag.id, tag.name, told],
            )?;
        }
        self.run("UPDATE follower_sync SET tries = 0 WHERE id = ?1", params![sync])
    }

    /// Stores a part of a page; the same part stored again replaces it.
    pub fn keep_part(
        &self,
        (account, ask): (&str, FollowersAsk),
        offset: u32,
        openids: &[String],
        told: u64,
    ) -> Result<()> {
        let shards = self.shards_for(account, told)?;
        let set = ask.set.unwrap_or(EVERYONE);
        let first: u32 = self
            .db
            .prepare_cached(
                "SELECT parts FROM follower_sync_set WHERE follower_sync = ?1 AND tag = ?2",
            )?
            .query_row(params![ask.sync, set], |row| row.get(0))?;
        let part = first + offset;
        self.run(
            "DELETE FROM staged_page WHERE follower_sync = ?1 AND tag = ?2 AND part = ?3",
            params![ask.sync, set, part],
        )?;
        let mut by_shard: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for key in openids.iter().map(|openid| key(openid)) {
            by_shard.entry(shard_of(&key, shards)).or_default().extend(key);
        }
        for (shard, keys) in by_shard {
            self.run(
                "INSERT INTO staged_page (follower_sync, tag, part, shard, keys)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![ask.sync, set, part, shard, keys],
            )?;
        }
        Ok(())
    }

    /// Ends a page whose parts are stored: the next one follows this OpenID, or there is none.
    pub fn end_page(
        &self,
        ask: FollowersAsk,
        (parts, listed, told): (u32, u64, Option<u64>),
        next: Option<&str>,
    ) -> Result<()> {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.run(
            "UPDATE follower_sync_set SET parts = parts + ?3, listed = listed + ?4,
                 reported = ifnull(?5, reported), next_openid = ifnull(?6, ''), ended = ?6 IS NULL
             WHERE follower_sync = ?1 AND tag = ?2",
            params![
                ask.sync,
                ask.set.unwrap_or(EVERYONE),
                parts,
                signed(listed),
                told.map(signed),
                next
            ],
        )?;
        self.go_on(ask.sync)
    }

    /// Counts what was listed once no set has pages left.
    fn go_on(&self, sync: i64) -> Result<()> {
        self.run(
            "UPDATE follower_sync SET tries = 0, why = NULL, state = CASE WHEN EXISTS (SELECT 1 FROM follower_sync_set
                 WHERE follower_sync = ?1 AND ended = 0) THEN state ELSE 'counting' END
             WHERE id = ?1",
            params![sync],
        )
    }

    /// Returns how many shards an account has; decides it for a new account.
    fn shards_for(&self, account: &str, followers: u64) -> Result<u32> {
        if let Some(shards) = self.shards(account)? {
            return Ok(shards);
        }
        let wanted = followers.div_ceil(SHARD_OF).clamp(SHARDS_LEAST, SHARDS_MAX);
        let shards = u32::try_from(wanted.next_power_of_two()).unwrap_or(1);
        self.run(
            "INSERT INTO follower_shards (account, shards) VALUES (?1, ?2)",
            params![account, shards],
        )?;
        Ok(shards)
    }

    /// Returns how many shards an account has; none if no sync ever ran.
    pub(super) fn shards(&self, account: &str) -> Result<Option<u32>> {
        Ok(self
            .db
            .prepare_cached("SELECT shards FROM follower_shards WHERE account = ?1")?
            .query_row([account], |row| row.get(0))
            .optional()?)
    }

    /// Returns the keys of a shard, in the order of their numbers.
    pub(super) fn keys(&self, account: &str, shard: u32) -> Result<Vec<u8>> {
        Ok(self
            .db
            .prepare_cached("SELECT keys FROM follower WHERE account = ?1 AND shard = ?2")?
            .query_row(params![account, shard], |row| row.get(0))
            .optional()?
            .unwrap_or_default())
    }

    /// Counts one shard of what was listed; the last one completes the sync.
    pub fn count_shard(&self, account: &str, sync: i64, now: DateTime<Utc>) -> Result<bool> {
        let shards = self.shards(account)?.unwrap_or(0);
        let shard: u32 = self
            .db
            .prepare_cached("SELECT shard FROM follower_sync WHERE id = ?1 AND state = 'counting'")?
            .query_row([sync], |row| row.get(0))
            .optional()?
            .ok_or_else(|| StoreError::Conflict(format!("reading {sync} is not being counted")))?;
        if shard < shards {
            self.count_sets(account, sync, shard)?;
        }
        self.run("UPDATE follower_sync SET shard = shard + 1 WHERE id = ?1", params![sync])?;
        if shard + 1 < shards {
            return Ok(false);
        }
        self.run(
            "UPDATE follower_sync SET state = 'replaced' WHERE account = ?1 AND state = 'complete'",
            params![account],
        )?;
        self.run(
            "UPDATE follower_sync SET state = 'complete', ended_at = ?2 WHERE id = ?1",
            params![sync, millis(now)],
        )?;
        self.record_lists(account, sync, now)?;
        Ok(true)
    }

    fn count_sets(&self, account: &str, sync: i64, shard: u32) -> Result<()> {
        let mut keys = self.keys(account, shard)?;
        let known = keys.len();
        let mut numbers: HashMap<Key, u32> = HashMap::with_capacity(known / KEY_BYTES);
        for key in chunks(&keys) {
            let number = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            numbers.insert(key, number);
        }
        for (set, parts) in self.sets_to_count(sync)? {
            let mut members = RoaringBitmap::new();
            for part in 0..parts {
                for key in chunks(&self.part(sync, set, (part, shard))?) {
                    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                    members.insert(*numbers.entry(key).or_insert_with(|| {
                        keys.extend(key);
                        next
                    }));
                }
            }
            self.keep_members(sync, (set, shard), members)?;
        }
        if keys.len() == known {
            return Ok(());
        }
        self.run(
            "INSERT INTO follower (account, shard, keys) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET keys = excluded.keys",
            params![account, shard, keys],
        )
    }

    fn sets_to_count(&self, sync: i64) -> Result<Vec<(i64, u32)>> {
        let mut statement = self.db.prepare_cached(
            "SELECT tag, parts FROM follower_sync_set WHERE follower_sync = ?1 ORDER BY tag",
        )?;
        let rows = statement.query_map([sync], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn part(&self, sync: i64, set: i64, (part, shard): (u32, u32)) -> Result<Vec<u8>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT keys FROM staged_page
                 WHERE follower_sync = ?1 AND tag = ?2 AND part = ?3 AND shard = ?4",
            )?
            .query_row(params![sync, set, part, shard], |row| row.get(0))
            .optional()?
            .unwrap_or_default())
    }

    fn keep_members(
        &self,
        sync: i64,
        (set, shard): (i64, u32),
        mut members: RoaringBitmap,
    ) -> Result<()> {
        let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(());
        }
        self.run(
            "UPDATE follower_sync_set SET members = members + ?3 WHERE follower_sync = ?1 AND tag = ?2",
            params![sync, set, count],
        )?;
        members.optimize();
        let mut bytes = Vec::with_capacity(members.serialized_size());
        members.serialize_into(&mut bytes).map_err(unwritable)?;
        self.run(
            "INSERT INTO member (follower_sync, tag, shard, numbers) VALUES (?1, ?2, ?3, ?4)",
            params![sync, set, shard, bytes],
        )
    }

    /// Returns the numbers of a set's members in a shard.
    pub(super) fn members(&self, sync: i64, set: i64, shard: u32) -> Result<RoaringBitmap> {
        let bytes: Option<Vec<u8>> = self
            .db
            .prepare_cached(
                "SELECT numbers FROM member WHERE follower_sync = ?1 AND tag = ?2 AND shard = ?3",
            )?
            .query_row(params![sync, set, shard], |row| row.get(0))
            .optional()?;
        match bytes {
            None => Ok(RoaringBitmap::new()),
            Some(bytes) => read_bitmap(&mut bytes.as_slice()),
        }
    }

    /// Returns whether there is any work on followers; cheap if there is none.
    pub fn has_sync_work(&self, account: &str) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM follower_sync WHERE account = ?1
                                  AND state IN ('asking', 'counting'))
                     OR EXISTS (SELECT 1 FROM sync_request WHERE account = ?1)
                     OR EXISTS (SELECT 1 FROM audience WHERE account = ?1 AND done = 0)
                     OR EXISTS (SELECT 1 FROM follower_sync JOIN staged_page p ON p.follower_sync = follower_sync.id
                                WHERE account = ?1 AND state = 'complete')
                     OR EXISTS (SELECT 1 FROM follower_sync JOIN follower_sync_set s ON s.follower_sync = follower_sync.id
                                WHERE account = ?1 AND state IN ('replaced', 'failed'))",
            )?
            .query_row([account], |row| row.get(0))?)
    }

    /// Deletes part of what ended syncs left; returns whether there may be more.
    ///
    /// What a delivery still needs for marking is kept.
    pub fn forget_syncs(&self, account: &str) -> Result<bool> {
        let over: Option<(i64, bool)> = self
            .db
            .prepare_cached(
                "SELECT id, state = 'complete' FROM follower_sync WHERE account = ?1 AND (
                     state = 'complete'
                       AND EXISTS (SELECT 1 FROM staged_page p WHERE p.follower_sync = id)
                     OR state IN ('replaced', 'failed')
                       AND EXISTS (SELECT 1 FROM follower_sync_set s WHERE s.follower_sync = id)
                       AND NOT EXISTS (SELECT 1 FROM audience a WHERE a.follower_sync = id AND done = 0))
                 LIMIT 1",
            )?
            .query_row([account], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((sync, complete)) = over else {
            return Ok(false);
        };
        if self.forget_parts(sync)? > 0 || complete {
            return Ok(true);
        }
        let members = self
            .db
            .prepare_cached(
                "DELETE FROM member WHERE rowid IN
                     (SELECT rowid FROM member WHERE follower_sync = ?1 LIMIT ?2)",
            )?
            .execute(params![sync, FORGOTTEN])?;
        if members == 0 {
            self.run("DELETE FROM follower_sync_set WHERE follower_sync = ?1", params![sync])?;
            // The last one shows why it failed, and when.
            self.run(
                "DELETE FROM follower_sync WHERE id = ?1 AND id <>
                     (SELECT max(id) FROM follower_sync WHERE account = ?2)",
                params![sync, account],
            )?;
        }
        Ok(true)
    }

    fn forget_parts(&self, sync: i64) -> Result<usize> {
        Ok(self
            .db
            .prepare_cached(
                "DELETE FROM staged_page WHERE (follower_sync, tag, part, shard) IN
                     (SELECT follower_sync, tag, part, shard FROM staged_page WHERE follower_sync = ?1 LIMIT ?2)",
            )?
            .execute(params![sync, FORGOTTEN])?)
    }
}

/// Returns the keys in a blob.
pub(super) fn chunks(keys: &[u8]) -> impl Iterator<Item = Key> + '_ {
    keys.as_chunks::<KEY_BYTES>().0.iter().copied()
}

/// Reads a bitmap that this program stored.
pub(super) fn read_bitmap(bytes: &mut &[u8]) -> Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes)
        .map_err(|error| StoreError::Corrupt(format!("a stored bitmap cannot be read: {error}")))
}

/// The error for a bitmap that cannot be written to memory: a bug.
pub(super) fn unwritable(error: std::io::Error) -> StoreError {
    StoreError::Corrupt(format!("a bitmap cannot be written: {error}"))
}
