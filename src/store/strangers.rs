//! Receivers of a list who do not follow the account, according to the last follower sync.
//!
//! The platform leaves them out by itself, so a list is never refused for them. But a list of
//! another account's OpenIDs, or an old one, is reported to its author while it can be corrected.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::l10n::t;
use crate::model::LIST_MIN;
use crate::store::followers::{EVERYONE, Key, chunks, key, shard_of};
use crate::store::reach::minute;
use crate::store::{Result, Tx};

/// How many OpenIDs of a list were not among the synced followers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strangers {
    count: usize,
    of: usize,
    read_at: DateTime<Utc>,
    /// Whether the platform listed as many as it counts.
    whole: bool,
}

impl Strangers {
    /// Returns it as a sentence.
    pub fn sentence(&self) -> String {
        let Self { count, of, read_at, whole } = *self;
        let what = match of - count < LIST_MIN {
            true => t!("strangers-too-few-left"),
            false => t!("strangers-left-out"),
        };
        let (n, count, of, read) = (count, count.to_string(), of.to_string(), minute(read_at));
        match whole {
            true => t!("strangers", n = n, count = count, of = of, read = read, what = what),
            false => {
                t!("strangers-doubt", n = n, count = count, of = of, read = read, what = what)
            }
        }
    }
}

impl Tx<'_> {
    /// Returns how many OpenIDs of a list do not follow; none if all do, or it is unknown.
    pub fn strangers(&self, account: &str, openids: &[String]) -> Result<Option<Strangers>> {
        let Some(known) = self.known_followers(account)? else { return Ok(None) };
        let Some(everyone) = self.known_set(known.sync, EVERYONE)? else { return Ok(None) };
        let shards = self.shards(account)?.unwrap_or(0);
        let mut of_shard: Vec<HashSet<Key>> = vec![HashSet::new(); shards as usize];
        for key in openids.iter().map(|openid| key(openid)) {
            if let Some(keys) = of_shard.get_mut(shard_of(&key, shards) as usize) {
                keys.insert(key);
            }
        }
        let mut following = 0;
        for (shard, wanted) in (0_u32..).zip(&of_shard) {
            if wanted.is_empty() {
                continue;
            }
            let members = self.members(known.sync, EVERYONE, shard)?;
            let keys = self.keys(account, shard)?;
            let found = (0_u32..).zip(chunks(&keys));
            following += found
                .filter(|(number, key)| wanted.contains(key) && members.contains(*number))
                .count();
        }
        let count = openids.len().saturating_sub(following);
        let (of, read_at, whole) = (openids.len(), known.read_at, everyone.whole);
        Ok((count > 0).then_some(Strangers { count, of, read_at, whole }))
    }
}
