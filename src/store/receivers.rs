//! Four broadcasts a month for each receiver: exact for lists of OpenIDs.
//!
//! The members of a tag, or everyone, are known from the last sync of the followers, which
//! [`reach`](super::reach) uses; without a sync, only bounds can be given.

mod ahead;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::calendar::{Span, Window};
use crate::l10n::t;
use crate::model::{Account, JobId, OnFullReceivers, batch_lengths};
use crate::plan::Job;
use crate::quota::{self, Block, Rule};
use crate::reason::Reason;
use crate::schedule::receivers::KeptBackBy;
use crate::store::followers::key;
use crate::store::listed::Full;
use crate::store::{Receivers, Result, StoreError, Tx, instant, millis};

impl Tx<'_> {
    /// Counts one delivery for each OpenID of an accepted list, in the month in which it was
    /// accepted.
    ///
    /// It no longer counts once the batch has failed, because that reached nobody. An adopted batch
    /// had been accepted by an earlier request, if there was one.
    pub(super) fn note_deliveries(
        &self,
        account: &Account,
        (batch, attempt): (i64, i64),
        adopted: bool,
        dated: DateTime<Utc>,
    ) -> Result<()> {
        let first: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT min(begun_at) FROM attempt WHERE batch = ?1 AND id < ?2 AND outcome = 'in_doubt'",
            )?
            .query_row(params![batch, attempt], |row| row.get(0))?;
        let at = first.filter(|_| adopted).map_or(dated, instant);
        self.note_audience(account, batch, Window::containing(Span::Month, at), at)?;
        self.run(
            "INSERT OR IGNORE INTO delivery (account, month, batch)
             SELECT ?1, ?3, id FROM batch WHERE id = ?2 AND receivers IS NOT NULL",
            params![account.name, batch, Window::containing(Span::Month, at).to_string()],
        )
    }

    /// Returns the block if a job's receivers have had their four of the month.
    ///
    /// A list blocks once all of it certainly had them. Who has a tag, or follows at all, is only
    /// known as of the last sync, and others may have come since: those block only a job that its
    /// author lets wait.
    pub fn full_receivers(
        &self,
        job: &Job,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Option<Block>> {
        let window = Window::containing(Span::Month, now);
        let by = KeptBackBy::of(job.on_full_receivers);
        let blocks = match (self.reach(&job.id, account, (now, now))?, by) {
            (Some(reach), by) => by == KeptBackBy::Any && reach.current() && reach.full > 0,
            // Each check stops as early as it can: there may be many lists, and long ones.
            (None, KeptBackBy::Any) => {
                self.full_of(&job.id, account, window, |so_far| !so_far.any())?.any()
            }
            (None, KeptBackBy::All) => {
                !self.missed_some(&account.name, window, true)?
                    && self.full_of(&job.id, account, window, Full::all)?.all()
            }
        };
        let block = Block { rule: Rule::MonthlyReceiver, window, because: quota::Because::Used };
        Ok(blocks.then_some(block))
    }

    /// Returns whether some list of a month did not certainly reach all of its receivers, or did not
    /// as far as results are known. It is unknown which it missed, so no receiver certainly had it.
    fn missed_some(&self, account: &str, month: Window, certainly: bool) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM batch WHERE account = ?1 AND accepted_at >= ?2
                    AND accepted_at < ?3 AND receivers IS NOT NULL AND state <> 'failed'
                    AND (state <> 'sent' AND ?4 OR error_count > 0 OR sent_count < receivers))",
            )?
            .query_row(
                params![account, millis(month.start()), millis(month.end()), certainly],
                |row| row.get(0),
            )?)
    }

    /// Counts a list's receivers that certainly had their four of a month, and all of them.
    pub fn count_full(&self, id: &JobId, account: &Account, month: Window) -> Result<(u32, u32)> {
        let full = self.full_of(id, account, month, |_| true)?;
        let counted = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok((counted(full.keys.len()), counted(full.of)))
    }

    /// Returns a sentence on how many of a job's receivers can still receive it, and whether some
    /// cannot, as far as is known `now`.
    pub fn receivers_forecast(
        &self,
        id: &JobId,
        account: &Account,
        (at, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<(String, bool)>> {
        if let Some(words) = self.unknown_tag(id, account, now)? {
            return Ok(Some((words, true)));
        }
        match self.reach(id, account, (at, now))? {
            Some(reach) => Ok(Some((reach.sentence(), reach.is_short()))),
            None => Ok(self.full_forecast(id, account, at)?.map(|words| (words, true))),
        }
    }

    /// Returns a sentence on how many of a job's receivers the platform will filter, without a sync
    /// of the followers.
    ///
    /// For a list the certain ones are counted one by one. Who has a tag, or follows at all, is not
    /// known here: for those the sentence gives what is certain and what is possible.
    pub fn full_forecast(
        &self,
        id: &JobId,
        account: &Account,
        at: DateTime<Utc>,
    ) -> Result<Option<String>> {
        if quota::limit(Rule::MonthlyReceiver, account).is_none() || !self.job(id)?.is_broadcast() {
            return Ok(None);
        }
        let month = Window::containing(Span::Month, at);
        match self.full_of_list(id, account, month)? {
            Some(words) => Ok(Some(words)),
            None => self.followers_forecast(account, month),
        }
    }

    /// Returns a sentence on how many of a list's receivers certainly had their four of a month.
    pub fn full_of_list(
        &self,
        id: &JobId,
        account: &Account,
        month: Window,
    ) -> Result<Option<String>> {
        let (full, of) = self.count_full(id, account, month)?;
        Ok((full > 0).then(|| t!("receivers-full", full = %full, of = %of, month = %month)))
    }

    /// Returns a sentence on how many followers may have had their four of a month. This part of
    /// [`Tx::full_forecast`] is the same for every job of the month.
    pub fn followers_forecast(&self, account: &Account, month: Window) -> Result<Option<String>> {
        let Some(limit) = quota::limit(Rule::MonthlyReceiver, account) else {
            return Ok(None);
        };
        let broad = self.broad_sends(account, month)?;
        let (certain, possible) = self.count_receivers(account, month, (limit, broad))?;
        Ok(match (broad >= limit, possible) {
            (true, _) => Some(t!("receivers-full-of-all", certain = %certain, month = %month)),
            (false, 0) => None,
            (false, _) => Some(
                t!("receivers-full-between", certain = %certain, possible = %possible, month = %month),
            ),
        })
    }

    /// Counts the month's sends that may have reached any follower: to everyone, to a tag, and
    /// those made elsewhere.
    fn broad_sends(&self, account: &Account, month: Window) -> Result<u32> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT (SELECT count(*) FROM batch WHERE account = ?1 AND receivers IS NULL
                           AND state <> 'failed' AND accepted_at >= ?3 AND accepted_at < ?4)
                      + (SELECT count(*) FROM charge JOIN external_send e ON e.id = external_send
                         WHERE charge.account = ?1 AND rule = ?5 AND \"window\" = ?2
                           AND state <> 'returned')",
            )?
            .query_row(
                params![
                    account.name,
                    month.to_string(),
                    millis(month.start()),
                    millis(month.end()),
                    Rule::MonthlyHistory.name()
                ],
                |row| row.get(0),
            )?)
    }

    /// Remakes a list's batches without its full receivers, if its author wants that.
    ///
    /// Only before the first request with this body, and never later.
    pub(super) fn drop_full(&self, job: &Job, account: &Account, now: DateTime<Utc>) -> Result<()> {
        if job.asked || job.on_full_receivers != OnFullReceivers::Drop {
            return Ok(());
        }
        let month = Window::containing(Span::Month, now);
        let full = self.full_of(&job.id, account, month, |_| true)?;
        if !full.any() {
            return Ok(());
        }
        let full_keys: HashSet<_> = full.keys.into_iter().collect();
        let batches = self.batches(&job.id)?;
        let mut listed = Vec::new();
        for batch in &batches {
            listed.extend(self.listed(batch.id)?);
        }
        let (full, mut free): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|openid| full_keys.contains(&key(openid)));
        // It is sent although all seem full, because some may not be: the platform decides.
        if free.is_empty() {
            return Ok(());
        }
        let dropped = full.len();
        // The platform takes no list of one: one full receiver stays in it beside the last free
        // one, and the platform filters it.
        if free.len() == 1 {
            free.extend(full.into_iter().take(1));
        }
        let mut rest = free.as_slice();
        for (batch, length) in batches
            .iter()
            .zip(batch_lengths(free.len()).into_iter().map(Some).chain(std::iter::repeat(None)))
        {
            let Some(length) = length else {
                self.run("DELETE FROM batch WHERE id = ?1", params![batch.id])?;
                continue;
            };
            let (these, others) = rest.split_at(length);
            rest = others;
            let list = serde_json::to_string(these).map_err(|error| {
                StoreError::Corrupt(format!("a list of OpenIDs is not JSON: {error}"))
            })?;
            self.run(
                "UPDATE body SET body = json_set(body, '$.touser', json(?2)) WHERE batch = ?1",
                params![batch.id, list],
            )?;
            let receivers = Receivers::of(these);
            self.run(
                "UPDATE batch SET receivers = ?2 WHERE id = ?1",
                params![batch.id, receivers.count],
            )?;
            self.keep_receivers(batch.id, &receivers)?;
        }
        self.run(
            "UPDATE job SET calls = (SELECT count(*) FROM batch WHERE job = ?1) WHERE id = ?1",
            params![job.id.as_str()],
        )?;
        let why = Reason::ReceiversDropped { dropped, window: month };
        self.tell(&job.id, Some(job.state), job.state, &why, now)
    }
}
