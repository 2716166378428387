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
pub(super) struct DraftBoxes(Mutex<HashMap<String, (DateTime<Utc>, Vec<Draft>)>>);

impl DraftBoxes {
    fn all(&self) -> MutexGuard<'_, HashMap<String, (DateTime<Utc>, Vec<Draft>)>> {
        // A panic can leave no list half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the drafts of an account, if they were read lately.
    pub(super) fn known(&self, account: &str, now: DateTime<Utc>) -> Option<Vec<Draft>> {
        let mut all = self.all();
        all.retain(|_, (read_at, _)| (now - *read_at).abs() < FRESH);
        all.get(account).map(|(_, drafts)| drafts.clone())
    }

    /// Keeps what was read.
    pub(super) fn keep(&self, account: &str, now: DateTime<Utc>, drafts: &[Draft]) {
        self.all().insert(account.to_owned(), (now, drafts.to_vec()));
    }
}
