//! Reads what foretells which planned lists will be kept back by their receivers.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::calendar::Window;
use crate::model::{Account, JobId, JobState};
use crate::quota::{self, Rule};
use crate::schedule::receivers::{Deliveries, Fate, Planned, Source, foretell};
use crate::schedule::{Placement, Waiting};
use crate::store::followers::Key;
use crate::store::{Result, Tx};

struct Lists<'a> {
    tx: &'a Tx<'a>,
    account: &'a Account,
    limit: u8,
    /// Whether the platform reports how many of a list it reached.
    reported: bool,
}

impl Source for Lists<'_> {
    type Key = Key;
    type Error = crate::store::StoreError;

    fn accepted(&self, month: Window) -> Result<usize> {
        Ok(self.tx.lists_of(self.account, month)?.len())
    }

    fn month(&self, month: Window) -> Result<Deliveries<Key>> {
        // What is awaited will have reached everybody.
        let missed = self.tx.missed_some(&self.account.name, month, false)?;
        let broad = u8::try_from(self.tx.broad_sends(self.account, month)?).unwrap_or(u8::MAX);
        let mut deliveries = Deliveries::new(self.limit, broad, (missed, self.reported));
        for batch in self.tx.lists_of(self.account, month)? {
            deliveries.add(&self.tx.keys_of(batch)?);
        }
        Ok(deliveries)
    }

    fn receivers(&self, job: &JobId) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        for batch in self.tx.open_lists(job)? {
            keys.extend(self.tx.keys_of(batch)?);
        }
        Ok(keys)
    }
}

impl Tx<'_> {
    /// Returns the broadcasts among the jobs of a schedule, each with its time; none if none goes to a
    /// list.
    pub fn planned_broadcasts(
        &self,
        account: &Account,
        schedule: &[(Waiting, Placement)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Planned>> {
        if quota::limit(Rule::MonthlyReceiver, account).is_none() {
            return Ok(Vec::new());
        }
        let lists: HashSet<String> = self
            .db
            .prepare_cached(
                "SELECT DISTINCT job.id FROM job JOIN batch ON batch.job = job.id
                 WHERE job.account = ?1 AND wake_at IS NOT NULL AND replaced = 0
                   AND receivers IS NOT NULL",
            )?
            .query_map([&account.name], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if lists.is_empty() {
            return Ok(Vec::new());
        }
        let broadcasts = schedule.iter().filter(|(waiting, _)| waiting.job.is_broadcast());
        let planned = broadcasts.filter_map(|(Waiting { job, .. }, place)| {
            let at = match place {
                Placement::At(at, _) => *at,
                Placement::Stays if job.state == JobState::Releasing => now,
                Placement::Stays
                | Placement::Fails(_)
                | Placement::Expires(_)
                | Placement::Never(_) => return None,
            };
            Some(Planned { job: job.clone(), at, is_list: lists.contains(job.id.as_str()) })
        });
        Ok(planned.collect())
    }

    /// Returns what becomes of the lists among planned broadcasts, as far as their receivers decide it.
    pub fn fates_of_lists(
        &self,
        account: &Account,
        planned: Vec<Planned>,
        now: DateTime<Utc>,
    ) -> Result<HashMap<JobId, Fate>> {
        let Some(limit) = quota::limit(Rule::MonthlyReceiver, account) else {
            return Ok(HashMap::new());
        };
        let limit = u8::try_from(limit).unwrap_or(u8::MAX);
        let reported = self.last_event_at(&account.name)?.is_some();
        foretell(planned, (limit, now), &Lists { tx: self, account, limit, reported })
    }
}
