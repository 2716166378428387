//! A view of the data about an account's followers.

use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension as _;
use serde::{Serialize, Serializer};

use crate::calendar;
use crate::l10n::t;
use crate::store::followers::EVERYONE;
use crate::store::{Result, Tx, instant};
use crate::text::stored;

/// The data about an account's followers.
#[derive(Clone, Debug, Serialize)]
pub struct FollowersView {
    /// When the last complete sync began; none if there is none.
    #[serde(serialize_with = "maybe")]
    pub begun_at: Option<DateTime<Utc>>,
    /// When it was complete.
    #[serde(serialize_with = "maybe")]
    pub read_at: Option<DateTime<Utc>>,
    /// How many follow.
    pub followers: Option<u64>,
    /// How many the platform counts.
    pub told: Option<u64>,
    /// The tags.
    pub tags: Vec<SetView>,
    /// A sync that is under way or requested, in words.
    pub under_way: Option<String>,
    /// Why the last sync failed, if it is newer than the last complete one.
    pub failed: Option<String>,
    /// The number of the last sync that ended.
    #[serde(skip)]
    pub last: i64,
}

/// The data about one tag.
#[derive(Clone, Debug, Serialize)]
pub struct SetView {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// How many have it.
    pub followers: u64,
    /// How many the platform counts.
    pub told: u64,
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn maybe<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    at.map(calendar::rfc3339).serialize(serializer)
}

impl Tx<'_> {
    /// Returns the data about an account's followers and tags.
    pub fn followers_view(&self, account: &str) -> Result<FollowersView> {
        let complete: Option<(i64, i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT id, begun_at, ended_at FROM follower_sync
                 WHERE account = ?1 AND state = 'complete'",
            )?
            .query_row([account], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let (last, why): (i64, Option<String>) = self
            .db
            .prepare_cached(
                "SELECT id, why FROM follower_sync WHERE account = ?1 AND ended_at IS NOT NULL
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row([account], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .unwrap_or_default();
        let mut tags = match complete {
            Some((id, ..)) => self.set_views(id)?,
            None => Vec::new(),
        };
        let everyone = tags.iter().position(|set| set.id == EVERYONE).map(|at| tags.remove(at));
        Ok(FollowersView {
            begun_at: complete.map(|(_, begun, _)| instant(begun)),
            read_at: complete.map(|(_, _, ended)| instant(ended)),
            followers: everyone.as_ref().map(|set| set.followers),
            told: everyone.as_ref().map(|set| set.told),
            tags,
            under_way: self.under_way(account)?,
            failed: why,
            last,
        })
    }

    fn set_views(&self, sync: i64) -> Result<Vec<SetView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT tag, name, members, reported FROM follower_sync_set WHERE follower_sync = ?1 ORDER BY tag",
        )?;
        let rows = statement.query_map([sync], |row| {
            let (members, told): (i64, i64) = (row.get(2)?, row.get(3)?);
            Ok(SetView {
                id: row.get(0)?,
                name: row.get(1)?,
                followers: members.unsigned_abs(),
                told: told.unsigned_abs(),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn under_way(&self, account: &str) -> Result<Option<String>> {
        let Some(open) = self.open_sync(account)? else {
            let requested: bool = self
                .db
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM sync_request WHERE account = ?1)")?
                .query_row([account], |row| row.get(0))?;
            return Ok(requested.then(|| t!("followers-waits-for-daemon")));
        };
        let (listed, sets, ended): (i64, u32, u32) = self
            .db
            .prepare_cached(
                "SELECT ifnull(sum(listed), 0), count(*), ifnull(sum(ended), 0)
                 FROM follower_sync_set WHERE follower_sync = ?1",
            )?
            .query_row([open.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let (tries, why): (u32, Option<String>) = self
            .db
            .prepare_cached("SELECT tries, why FROM follower_sync WHERE id = ?1")?
            .query_row([open.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let how = if open.counting {
            t!("followers-listed", listed = %listed)
        } else if sets == 0 {
            t!("followers-asks-for-tags")
        } else {
            t!("followers-listing", listed = %listed, ended = %ended, sets = %sets)
        };
        Ok(Some(match why {
            Some(why) => {
                let why = stored::failure(&why);
                t!("followers-asked-again", how = how, tries = tries, n = %tries, why = why)
            }
            None => how,
        }))
    }
}
