//! Detects replays: records each timestamp, nonce and body while they are fresh.
//!
//! In plain mode the signature does not cover the body, so anyone who saw one push could put
//! another body under its signature. One timestamp and nonce are valid for one body. The same body
//! may come again, because the platform pushes again after a late response. Only signed pushes get
//! here, so only the platform, or somebody who has the token, can fill it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// The most pushes that are recorded: about 80 a second, all accounts together.
const PUSHES_MAX: usize = 100_000;

type Hash = [u8; 32];

/// The pushes of the last minutes.
#[derive(Default)]
pub(super) struct ReplayCache {
    bodies: HashMap<Hash, Hash>,
    by_age: BTreeSet<(DateTime<Utc>, Hash)>,
}

impl ReplayCache {
    /// Deletes the pushes from before `oldest`, which would not be accepted any more anyway.
    pub(super) fn forget(&mut self, oldest: DateTime<Utc>) {
        while self.by_age.first().is_some_and(|(sent, _)| *sent < oldest) {
            self.forget_first();
        }
    }

    /// Returns whether a body may come under this key, and records that it did.
    pub(super) fn admits(&mut self, sent: DateTime<Utc>, key: [&str; 3], body: &[u8]) -> bool {
        let mut hash = Sha256::new();
        for part in key {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let key: Hash = hash.finalize().into();
        let body: Hash = Sha256::digest(body).into();
        if let Some(known) = self.bodies.get(&key) {
            return *known == body;
        }
        if self.bodies.len() >= PUSHES_MAX {
            self.forget_first();
        }
        self.bodies.insert(key, body);
        self.by_age.insert((sent, key));
        true
    }

    fn forget_first(&mut self) {
        if let Some((_, key)) = self.by_age.pop_first() {
            self.bodies.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn one_key_is_good_for_one_body_until_it_is_forgotten() {
        let mut replay_cache = ReplayCache::default();

        assert!(replay_cache.admits(at(5), ["a", "5", "n"], b"one"));
        assert!(replay_cache.admits(at(5), ["a", "5", "n"], b"one"));
        assert!(!replay_cache.admits(at(5), ["a", "5", "n"], b"two"));
        assert!(replay_cache.admits(at(5), ["b", "5", "n"], b"two"));
        replay_cache.forget(at(5));
        assert!(!replay_cache.admits(at(5), ["a", "5", "n"], b"two"));
        replay_cache.forget(at(6));
        assert!(replay_cache.admits(at(5), ["a", "5", "n"], b"two"));
    }

    #[test]
    fn parts_of_keys_do_not_run_into_each_other() {
        let mut replay_cache = ReplayCache::default();

        assert!(replay_cache.admits(at(5), ["a", "51", "2"], b"one"));
        assert!(replay_cache.admits(at(5), ["a", "5", "12"], b"two"));
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let mut replay_cache = ReplayCache::default();

        for n in 0..PUSHES_MAX + 10 {
            assert!(replay_cache.admits(at(5), ["a", "5", &n.to_string()], b""));
        }

        assert_eq!(
            (replay_cache.bodies.len(), replay_cache.by_age.len()),
            (PUSHES_MAX, PUSHES_MAX)
        );
    }
}
