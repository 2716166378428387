//! Results of accepted broadcasts, and broadcasts that were sent outside qunfa.
//!
//! Results come from `mass/get`, or from an event. A broadcast that this program did not send shows
//! in a refusal or an event, and is recorded once.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::calendar::{Span, Window};
use crate::model::{Account, BatchState, Credence, JobId, JobState};
use crate::plan::Job;
use crate::quota::{self, Need, Rule};
use crate::reason::Reason;
use crate::store::{Result, StoreError, Tx, instant, millis};

/// The pauses between two `mass/get` for one broadcast, before [`LAST_GAP`] repeats.
const RESULT_GAPS: [TimeDelta; 4] =
    [TimeDelta::seconds(15), TimeDelta::seconds(45), TimeDelta::minutes(4), TimeDelta::minutes(10)];
const LAST_GAP: TimeDelta = TimeDelta::hours(1);

/// A broadcast whose result is due for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultAsk {
    /// The batch.
    pub batch: i64,
    /// The broadcast's number.
    pub msg_id: i64,
    /// The call in the sliding minute.
    pub call: i64,
}

/// What a 45028 on a first attempt revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaRefusal {
    /// The rule and window that are full now, if the demand uses one that others share.
    pub full: Option<(Rule, Window)>,
    /// Whether the day before was refused too and no known send explains it: something else is
    /// wrong, and the account is to be paused.
    pub strange: bool,
}

/// What reported a send made elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) enum ExternalEvidence {
    /// A 45028 that nothing of ours explains.
    Refusal,
    /// An event of a broadcast that is none of ours.
    Event {
        /// The broadcast's number.
        msg_id: i64,
        /// How far the event can be trusted.
        credence: Credence,
    },
    /// An operator's record.
    Record,
}

/// The response to `mass/get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendStatus {
    /// It was sent.
    Success,
    /// It is still being sent.
    Sending,
    /// The platform stopped it.
    Failed,
    /// It was deleted.
    Deleted,
    /// No usable response: retried.
    Nothing,
}

impl Tx<'_> {
    /// The new charges change what waiting jobs will find; the jobs are looked at when they are
    /// due.
    pub(super) fn record_room(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        self.replan(account, now)
    }

    /// Records a send made elsewhere in the ledger, and returns its number.
    pub(super) fn book(
        &self,
        account: &Account,
        sign: ExternalEvidence,
        at: DateTime<Utc>,
        needs: &[Need],
    ) -> Result<i64> {
        let (source, confirmed, msg_id) = match sign {
            ExternalEvidence::Refusal => ("45028", true, None),
            ExternalEvidence::Event { msg_id, credence } => {
                ("event", credence == Credence::Proof, Some(msg_id))
            }
            ExternalEvidence::Record => ("record", true, None),
        };
        self.run(
            "INSERT INTO external_send (account, at, source, confirmed, msg_id) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![account.name, millis(at), source, confirmed, msg_id],
        )?;
        let id = self.db.last_insert_rowid();
        for need in needs {
            self.charge_external(account, id, *need)?;
        }
        Ok(id)
    }

    pub(super) fn charge_external(
        &self,
        account: &Account,
        external: i64,
        need: Need,
    ) -> Result<()> {
        self.run(
            "INSERT INTO charge (account, rule, \"window\", amount, state, external_send)
                 VALUES (?1, ?2, ?3, ?4, 'kept', ?5)",
            params![
                account.name,
                need.rule.name(),
                need.window.to_string(),
                need.amount.max(1),
                external
            ],
        )
    }

    /// Records what a 45028 on a first attempt shows: another sender used our quota.
    pub fn book_refused(
        &self,
        job: &Job,
        account: &Account,
        at: DateTime<Utc>,
    ) -> Result<QuotaRefusal> {
        if let Some(full) = self.explained(job, account, at)? {
            return Ok(QuotaRefusal { full: Some(full), strange: false });
        }
        // What the refused request had reserved is not part of what fills the window.
        self.run(
            "UPDATE charge SET state = 'returned' WHERE state = 'reserved' AND rule <> ?2
             AND batch IN (SELECT id FROM batch WHERE job = ?1)",
            params![job.id.as_str(), Rule::DailyCalls.name()],
        )?;
        if let Some(full) = self.confirm_unconfirmed(job, account, at)? {
            return Ok(QuotaRefusal { full: Some(full), strange: false });
        }
        let mut needs = Vec::new();
        if let Some(rule) = quota::refused_rule(account, job.demand) {
            needs.extend(self.filling(account, rule, at)?);
        }
        if let Some(month) = self.month_ends_with_one_more(job, account, at)? {
            needs.push(month);
        }
        let today = Window::containing(Span::Day, at);
        let yesterday: bool = self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM external_send e WHERE account = ?1 AND source = '45028'
                 AND msg_id IS NULL AND returned = 0 AND at >= ?2 AND at < ?3
                 AND NOT EXISTS (SELECT 1 FROM decision WHERE external_send = e.id))",
            )?
            .query_row(
                params![account.name, millis(today.previous().start()), millis(today.start())],
                |row| row.get(0),
            )?;
        self.book(account, ExternalEvidence::Refusal, at, &needs)?;
        let full = needs.last().map(|need| (need.rule, need.window));
        Ok(QuotaRefusal { full, strange: yesterday })
    }

    /// Returns what is left of the month's history, if the known entries and one more use it up.
    fn month_ends_with_one_more(
        &self,
        job: &Job,
        account: &Account,
        at: DateTime<Utc>,
    ) -> Result<Option<Need>> {
        let (true, Some(limit)) =
            (job.demand.everyone, quota::limit(Rule::MonthlyHistory, account))
        else {
            return Ok(None);
        };
        let Some(filling) = self.filling(account, Rule::MonthlyHistory, at)? else {
            return Ok(None);
        };
        let usage = self.usage(&account.name, filling, at)?;
        let earlier = self.refusals_in(account, filling.window)?;
        Ok((usage.used + usage.unconfirmed + earlier + 1 >= limit).then_some(filling))
    }

    /// Counts the sends that only refusals of this month reported, and that it is not charged with.
    fn refusals_in(&self, account: &Account, month: Window) -> Result<u32> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT count(*) FROM external_send e WHERE account = ?1 AND source = '45028'
                   AND returned = 0 AND at >= ?2 AND at < ?3
                   AND NOT EXISTS (SELECT 1 FROM charge WHERE external_send = e.id AND rule = ?4)",
            )?
            .query_row(
                params![
                    account.name,
                    millis(month.start()),
                    millis(month.end()),
                    Rule::MonthlyHistory.name()
                ],
                |row| row.get(0),
            )?)
    }

    /// Returns whether a charge of the job itself, kept after a failed review, explains a refusal.
    fn explained(
        &self,
        job: &Job,
        account: &Account,
        at: DateTime<Utc>,
    ) -> Result<Option<(Rule, Window)>> {
        for need in quota::needs(account, job.demand, at) {
            let own: bool = self
                .db
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM charge JOIN batch ON batch.id = charge.batch
                     WHERE batch.job = ?1 AND rule = ?2 AND \"window\" = ?3 AND charge.state = 'kept'
                       AND slot IS NOT NULL)",
                )?
                .query_row(
                    params![job.id.as_str(), need.rule.name(), need.window.to_string()],
                    |row| row.get(0),
                )?;
            if own {
                return Ok(Some((need.rule, need.window)));
            }
        }
        Ok(None)
    }

    /// Returns what is left of a rule's window, as a need that fills it.
    fn filling(&self, account: &Account, rule: Rule, at: DateTime<Utc>) -> Result<Option<Need>> {
        let Some(window) = rule.window(at) else {
            return Ok(None);
        };
        let need = Need { rule, window, amount: 1 };
        let usage = self.usage(&account.name, need, at)?;
        let limit = quota::limit(rule, account).unwrap_or(0);
        Ok(Some(Need { amount: limit.saturating_sub(usage.used).max(1), ..need }))
    }

    /// Charges all that is left of the day's calls: a 45009 shows that none are left.
    pub fn book_calls_gone(&self, account: &Account, at: DateTime<Utc>) -> Result<()> {
        if quota::limit(Rule::DailyCalls, account).is_none() {
            return Ok(());
        }
        let Some(need) = self.filling(account, Rule::DailyCalls, at)? else {
            return Ok(());
        };
        self.run(
            "INSERT INTO charge (account, rule, \"window\", amount, state) VALUES (?1, ?2, ?3, ?4, 'kept')",
            params![account.name, need.rule.name(), need.window.to_string(), need.amount],
        )
    }

    /// Confirms as many unconfirmed sends as it takes to leave the demand no room, which is what a
    /// 45028 shows.
    fn confirm_unconfirmed(
        &self,
        job: &Job,
        account: &Account,
        at: DateTime<Utc>,
    ) -> Result<Option<(Rule, Window)>> {
        let mut confirmed = None;
        for need in quota::needs(account, job.demand, at) {
            let usage = self.usage(&account.name, need, at)?;
            let limit = quota::limit(need.rule, account).unwrap_or(u32::MAX);
            if usage.unconfirmed == 0 || usage.used + usage.unconfirmed + need.amount <= limit {
                continue;
            }
            // What was just confirmed for another window may explain this one too.
            let missing = (limit + 1).saturating_sub(usage.used + need.amount);
            if missing == 0 && confirmed.is_some() {
                confirmed = Some((need.rule, need.window));
                continue;
            }
            let missing = missing.max(1);
            self.run(
                "UPDATE external_send SET confirmed = 1 WHERE id IN
                     (SELECT e.id FROM external_send e JOIN charge c ON c.external_send = e.id
                      WHERE e.account = ?1 AND confirmed = 0 AND returned = 0 AND rule = ?2
                        AND \"window\" = ?3 AND state <> 'returned' ORDER BY e.id LIMIT ?4)",
                params![account.name, need.rule.name(), need.window.to_string(), missing],
            )?;
            confirmed = Some((need.rule, need.window));
        }
        Ok(confirmed)
    }

    /// Marks unconfirmed sends that an accepted batch disproves as returned: both do not fit into
    /// the windows that it keeps charged.
    pub(super) fn return_unconfirmed_disproved(
        &self,
        account: &Account,
        batch: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let kept = self
            .db
            .prepare_cached(
                "SELECT rule, \"window\" FROM charge WHERE batch = ?1 AND state = 'kept'",
            )?
            .query_map([batch], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(String, String)>>>()?;
        for (rule, window) in kept {
            let Some((rule, window)) = Rule::parse(&rule).zip(Window::parse(&window)) else {
                continue;
            };
            let need = Need { rule, window, amount: 1 };
            let usage = self.usage(&account.name, need, now)?;
            let limit = quota::limit(need.rule, account).unwrap_or(u32::MAX);
            let excess = (usage.used + usage.unconfirmed).saturating_sub(limit);
            if excess == 0 || usage.unconfirmed == 0 {
                continue;
            }
            let oldest = self
                .db
                .prepare_cached(
                    "SELECT e.id FROM external_send e JOIN charge c ON c.external_send = e.id
                     WHERE e.account = ?1 AND e.confirmed = 0 AND e.returned = 0 AND c.rule = ?2
                       AND c.\"window\" = ?3 AND c.state <> 'returned' ORDER BY e.id LIMIT ?4",
                )?
                .query_map(
                    params![account.name, need.rule.name(), need.window.to_string(), excess],
                    |row| row.get(0),
                )?
                .collect::<rusqlite::Result<Vec<i64>>>()?;
            for external in oldest {
                self.run("UPDATE external_send SET returned = 1 WHERE id = ?1", params![external])?;
                self.run(
                    "UPDATE charge SET state = 'returned' WHERE external_send = ?1",
                    params![external],
                )?;
            }
        }
        Ok(())
    }

    /// Returns when the account's next result is due for a request.
    pub fn next_result(&self, account: &str) -> Result<Option<DateTime<Utc>>> {
        let next: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT result_at FROM batch WHERE account = ?1 AND result_at IS NOT NULL
                 ORDER BY result_at LIMIT 1",
            )?
            .query_row([account], |row| row.get(0))
            .optional()?;
        Ok(next.map(instant))
    }

    /// Begins the request for a result that is due, counting the call.
    pub fn begin_result(&self, account: &str, now: DateTime<Utc>) -> Result<Option<ResultAsk>> {
        let due: Option<(i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT id, msg_id FROM batch WHERE account = ?1 AND result_at <= ?2
                 ORDER BY result_at LIMIT 1",
            )?
            .query_row(params![account, millis(now)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((batch, msg_id)) = due else {
            return Ok(None);
        };
        self.run(
            "INSERT INTO call (account, begun_at) VALUES (?1, ?2)",
            params![account, millis(now)],
        )?;
        Ok(Some(ResultAsk { batch, msg_id, call: self.db.last_insert_rowid() }))
    }

    /// Records the response to `mass/get` for a broadcast.
    pub fn settle_result(
        &self,
        ask: ResultAsk,
        account: &Account,
        word: SendStatus,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run("UPDATE call SET ended_at = ?2 WHERE id = ?1", params![ask.call, millis(now)])?;
        let (asks, accepted, waits): (u32, i64, bool) = self
            .db
            .prepare_cached(
                "SELECT result_asks, accepted_at, state = 'accepted' FROM batch WHERE id = ?1",
            )?
            .query_row([ask.batch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if word == SendStatus::Deleted {
            self.run("UPDATE batch SET deleted = 1 WHERE id = ?1", params![ask.batch])?;
        }
        if !waits {
            // An event settled it while the request was open.
            return Ok(());
        }
        let (state, result) = match word {
            SendStatus::Success => (BatchState::Sent, Reason::SentSaysPlatform),
            SendStatus::Deleted => (BatchState::Sent, Reason::DeletedSaysPlatform),
            SendStatus::Failed => (BatchState::Failed, self.failure(account, ask.msg_id)?),
            SendStatus::Sending | SendStatus::Nothing => {
                let gap = RESULT_GAPS.get(asks as usize).copied().unwrap_or(LAST_GAP);
                return self.ask_result_again(ask.batch, (asks, gap), instant(accepted), now);
            }
        };
        self.end_batch(ask.batch, account, (state, result), now)
    }

    /// Ends an accepted batch with its result.
    pub(super) fn end_batch(
        &self,
        batch: i64,
        account: &Account,
        (state, result): (BatchState, Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.move_batch(batch, BatchState::Accepted, state)?;
        self.run(
            "UPDATE batch SET result_at = NULL, result = ?2 WHERE id = ?1",
            params![batch, result],
        )?;
        let (job, number): (String, u32) = self
            .db
            .prepare_cached("SELECT job, number + 1 FROM batch WHERE id = ?1")?
            .query_row([batch], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let id = JobId::parse(&job)
            .ok_or_else(|| StoreError::Corrupt(format!("the job id {job:?} is not one of ours")))?;
        let why = Reason::BatchEnded { batch: number, cause: Box::new(result) };
        self.apply_job_state(&id, account, JobState::Failed, &why, now)
    }

    fn ask_result_again(
        &self,
        batch: i64,
        (asks, gap): (u32, TimeDelta),
        accepted: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        // After a month the platform has nothing new to report, and `status` has long shown it.
        let next = (now - accepted < TimeDelta::days(30)).then(|| millis(now + gap));
        self.run(
            "UPDATE batch SET result_at = ?2, result_asks = ?3 WHERE id = ?1",
            params![batch, next, asks + 1],
        )
    }

    /// Charges one forced token refresh, if the day and the pause between two allow it.
    pub fn force_token(&self, account: &Account, now: DateTime<Utc>) -> Result<bool> {
        let Some(window) = Rule::ForcedToken.window(now) else {
            return Ok(false);
        };
        let need = Need { rule: Rule::ForcedToken, window, amount: 1 };
        let usage = self.usage(&account.name, need, now)?;
        if quota::admit(account, need, usage).is_err() {
            return Ok(false);
        }
        let apart = self
            .db
            .prepare_cached(
                "UPDATE account SET forced_token_at = ?2
                 WHERE name = ?1 AND (forced_token_at IS NULL OR forced_token_at NOT BETWEEN ?3 AND ?2)",
            )?
            .execute(params![
                account.name,
                millis(now),
                millis(now - quota::margins::FORCED_TOKEN_APART)
            ])?;
        if apart == 0 {
            return Ok(false);
        }
        self.run(
            "INSERT INTO charge (account, rule, \"window\", amount, state) VALUES (?1, ?2, ?3, 1, 'kept')",
            params![account.name, need.rule.name(), window.to_string()],
        )?;
        Ok(true)
    }

    /// Deletes calls that are older than any sliding minute.
    pub fn prune_calls(&self, now: DateTime<Utc>) -> Result<()> {
        self.run("DELETE FROM call WHERE ended_at < ?1", params![millis(now - TimeDelta::days(1))])
    }
}

/// Returns the span in which signs of a send made elsewhere may mean the same send: a service
/// account's month, a subscription account's day.
pub(super) fn external_window(account: &Account, at: DateTime<Utc>) -> Window {
    let monthly = quota::limit(Rule::MonthlyHistory, account).is_some();
    Window::containing(if monthly { Span::Month } else { Span::Day }, at)
}
