//! The draft boxes of accounts, as the platform listed them some minutes ago at most: reading one takes
//! calls of its quota.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::answers::Draft;

/// How long a list is used.
const FRESH: TimeDelta = TimeDelta::minutes(5);

/// The draft boxes that were read, by account.
#[derive(Default)]
pub(super) struct DraftBoxes(Mutex<HashMap<String, Listed>>);

/// What an account's draft box had.
struct Listed {
    read_at: DateTime<Utc>,
    drafts: Vec<Draft>,
}

impl DraftBoxes {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Listed>> {
        // A panic can leave no list half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the drafts of an account, if they were read lately.
    pub(super) fn known(&self, account: &str, now: DateTime<Utc>) -> Option<Vec<Draft>> {
        let mut all = self.all();
        all.retain(|_, listed| (now - listed.read_at).abs() < FRESH);
        all.get(account).map(|listed| listed.drafts.clone())
    }

    /// Keeps what was read.
    pub(super) fn keep(&self, account: &str, read_at: DateTime<Utc>, drafts: &[Draft]) {
        let listed = Listed { read_at, drafts: drafts.to_vec() };
        self.all().insert(account.to_owned(), listed);
    }
}
