//! The quota ledger for operators: its entries, sends recorded by hand, and returns.
//!
//! One send made elsewhere is recorded once: an event or a refusal may already have reported what
//! an operator records, and then that entry becomes the operator's. An entry is never deleted; one
//! that is returned records by whom.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use crate::alert::Told;
use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::calendar::{Span, Window};
use crate::l10n::t;
use crate::model::{Account, BatchState, Kind};
use crate::quota::{self, Need, Rule};
use crate::store::results::{ExternalEvidence, external_window};
use crate::store::{
    Alert, ChargeView, DecidedBy, Decision, Entry, Result, StoreError, Tx, instant, millis,
};

/// What an operator decided about an account or an entry.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionView {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// `hold`, `resume`, `record` or `return`.
    pub what: String,
    /// The account; none for all of them.
    pub account: Option<String>,
    /// The entry of the ledger, if there is one.
    pub entry: Option<String>,
    /// Why, if the operator gave a reason.
    pub why: Option<String>,
}

/// One entry of the ledger.
#[derive(Clone, Debug, Serialize)]
pub struct EntryView {
    /// Its number, as `quota return` takes it.
    pub entry: String,
    /// When it was made; none if that is not known.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub at: Option<DateTime<Utc>>,
    /// Whether the day of that time is certain.
    pub day_known: bool,
    /// What reported it: `job`, `45028`, `event`, `record`, or `calls_gone`.
    pub source: String,
    /// The job that charged it.
    pub job: Option<String>,
    /// What that job is called.
    pub title: Option<String>,
    /// Its batch, from 1.
    pub batch: Option<u32>,
    /// The broadcast's number, if an event contained it.
    pub msg_id: Option<i64>,
    /// `reserved`, `kept`, `unconfirmed` or `returned`.
    pub state: String,
    /// What it charges.
    pub charges: Vec<ChargeView>,
    /// What operators decided about it.
    pub decisions: Vec<DecisionView>,
}

/// The outcome of recording a send by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Nothing had reported it before: it is a new entry.
    Booked(Entry),
    /// An event had already reported it: that entry is confirmed now.
    KnownByEvent(Entry),
    /// A refusal had already reported it.
    KnownByRefusal(Entry),
    /// It is one of those that an operator counted before; now its day is known.
    Counted(Entry),
    /// The very same send was recorded before.
    Again(Entry),
}

impl Recorded {
    /// Returns its entry.
    pub fn entry(self) -> Entry {
        match self {
            Self::Booked(entry)
            | Self::KnownByEvent(entry)
            | Self::KnownByRefusal(entry)
            | Self::Counted(entry)
            | Self::Again(entry) => entry,
        }
    }
}

/// The alerts that ask about the time before an account was known.
const FIRST: [&str; 2] = ["first_month", "first_day"];

impl Tx<'_> {
    /// Makes sure that the account has a row; for a new one, raises alerts that ask what was sent
    /// before.
    pub fn register_account(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        self.ensure_account(&account.name)?;
        let new = self
            .db
            .prepare_cached(
                "UPDATE account SET known_at = ?2 WHERE name = ?1 AND known_at IS NULL",
            )?
            .execute(params![account.name, millis(now)])?;
        let window = external_window(account, now);
        let (kind, told, first_day_over) = match account.kind {
            Kind::Service => {
                let first_day_over = now >= window.start() + TimeDelta::days(1);
                ("first_month", Told::FirstMonth { since: now }, first_day_over)
            }
            Kind::Subscription => ("first_day", Told::FirstDay { since: now }, true),
        };
        if new == 0 || !first_day_over {
            return Ok(());
        }
        let note = Alert { account: Some(&account.name), job: None, kind, told: &told };
        self.raise_alert_until(&note, window.end(), now)
    }

    /// Returns whether an operator must still record what was sent before the account was known.
    pub(super) fn asks_of_before(&self, account: &str, now: DateTime<Utc>) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM alert WHERE account = ?1 AND kind IN (?2, ?3)
                    AND until_at > ?4)",
            )?
            .query_row(params![account, FIRST[0], FIRST[1], millis(now)], |row| row.get(0))?)
    }

    /// Records a send made elsewhere at a known time.
    pub fn record_send(
        &self,
        account: &Account,
        at: DateTime<Utc>,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<Recorded> {
        let recorded = match self.known_send(account, at, 0)? {
            Some(known) => known,
            None => self.book_recorded(account, at, true)?,
        };
        self.stand_by(account, recorded, at, said, now)?;
        self.replan(account, now)?;
        Ok(recorded)
    }

    fn book_recorded(
        &self,
        account: &Account,
        at: DateTime<Utc>,
        day_known: bool,
    ) -> Result<Recorded> {
        let needs = used_elsewhere(account, at, day_known);
        let id = self.book(account, ExternalEvidence::Record, at, &needs)?;
        self.run("UPDATE external_send SET day_known = ?2 WHERE id = ?1", params![id, day_known])?;
        Ok(Recorded::Booked(Entry::External(id)))
    }

    /// Finds the entry that is the same send as one at this time.
    ///
    /// In this order of preference, from `first` on: 0 the very same, 1 reported by an event of
    /// that day, 2 by a later refusal, 3 counted before without a day.
    fn known_send(
        &self,
        account: &Account,
        at: DateTime<Utc>,
        first: u8,
    ) -> Result<Option<Recorded>> {
        let day = Window::containing(Span::Day, at);
        let near = external_window(account, at);
        let found: Option<(i64, u8)> = self
            .db
            .prepare_cached(
                "WITH sign AS (SELECT e.id, e.at, CASE
                     WHEN source = 'record' AND day_known = 1 AND at = ?2 THEN 0
                     WHEN source = 'event' AND at >= ?3 AND at < ?4 THEN 1
                     -- What was refused had been sent before.
                     WHEN source = '45028' AND at >= ?3 AND at < ?6 THEN 2
                     WHEN source = 'record' AND day_known = 0 AND at >= ?5 AND at < ?6
                       AND ?2 <= (SELECT max(at) FROM decision WHERE external_send = e.id) THEN 3
                     END AS kind
                   FROM external_send e WHERE account = ?1 AND returned = 0)
                 SELECT id, kind FROM sign WHERE kind >= ?7 AND (kind IN (0, 3) OR NOT EXISTS
                     (SELECT 1 FROM decision WHERE external_send = sign.id AND what = 'record'))
                 ORDER BY kind, at, id LIMIT 1",
            )?
            .query_row(
                params![
                    account.name,
                    millis(at),
                    millis(day.start()),
                    millis(day.end()),
                    millis(near.start()),
                    millis(near.end()),
                    first
                ],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        Ok(found.map(|(id, kind)| {
            let entry = Entry::External(id);
            match kind {
                0 => Recorded::Again(entry),
                1 => Recorded::KnownByEvent(entry),
                2 => Recorded::KnownByRefusal(entry),
                _ => Recorded::Counted(entry),
            }
        }))
    }

    /// Confirms an entry by an operator's decision: it then charges what a website send charges.
    fn stand_by(
        &self,
        account: &Account,
        recorded: Recorded,
        at: DateTime<Utc>,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Entry::External(id) = recorded.entry() else { return Ok(()) };
        self.run("UPDATE external_send SET confirmed = 1 WHERE id = ?1", params![id])?;
        if matches!(recorded, Recorded::Counted(_)) {
            self.run(
                "UPDATE external_send SET at = ?2, day_known = 1 WHERE id = ?1",
                params![id, millis(at)],
            )?;
        }
        let (sent_at, day_known): (i64, bool) = self
            .db
            .prepare_cached("SELECT at, day_known FROM external_send WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for need in used_elsewhere(account, instant(sent_at), day_known) {
            if !self.is_charged_by(need, id)? {
                self.charge_external(account, id, need)?;
            }
        }
        if matches!(recorded, Recorded::Again(_)) {
            return Ok(());
        }
        self.decide(Decision::Record(Some(id)), Some(&account.name), said, now)
    }

    fn is_charged_by(&self, need: Need, external: i64) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM charge WHERE external_send = ?1 AND rule = ?2
                 AND state <> 'returned')",
            )?
            .query_row(params![external, need.rule.name()], |row| row.get(0))?)
    }

    /// Records how many sends were made elsewhere in all: on a day, or, without a day, in the span
    /// that the account's quota counts.
    ///
    /// Those that are already known are included, so recording it twice changes nothing.
    pub fn record_count(
        &self,
        account: &Account,
        (count, day): (u32, Option<DateTime<Utc>>),
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Recorded>> {
        let window = match day {
            Some(day) => Window::containing(Span::Day, day),
            None => external_window(account, now),
        };
        let by_month = window != Window::containing(Span::Day, now) && day.is_none();
        let undated = if by_month { window.start() } else { now };
        let at = day.unwrap_or(undated);
        let mut recorded = self.known_sends(account, (window, day.is_some()), count)?;
        for entry in &recorded {
            self.stand_by(account, *entry, at, said, now)?;
        }
        let missing = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(recorded.len());
        for _ in 0..missing {
            // What was counted in a month without its days is not counted again on one of them.
            let known = match day {
                Some(day) => self.known_send(account, day, 2)?,
                None => None,
            };
            let entry = match known {
                Some(known) => known,
                None => self.book_recorded(account, at, !by_month)?,
            };
            self.stand_by(account, entry, at, said, now)?;
            recorded.push(entry);
        }
        self.answer_first(account)?;
        self.replan(account, now)?;
        Ok(recorded)
    }

    /// Returns the known sends made elsewhere in a window, at most so many; for a day only those
    /// whose day is known.
    fn known_sends(
        &self,
        account: &Account,
        (window, dated): (Window, bool),
        most: u32,
    ) -> Result<Vec<Recorded>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, source, EXISTS (SELECT 1 FROM decision
                 WHERE external_send = e.id AND what = 'record')
             FROM external_send e WHERE account = ?1 AND returned = 0 AND at >= ?2 AND at < ?3
               AND day_known >= ?5
             ORDER BY confirmed DESC, at, id LIMIT ?4",
        )?;
        let rows = statement.query_map(
            params![account.name, millis(window.start()), millis(window.end()), most, dated],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let rows = rows.collect::<rusqlite::Result<Vec<(i64, String, bool)>>>()?;
        let known = rows.into_iter().map(|(id, source, said_before)| {
            let entry = Entry::External(id);
            match source.as_str() {
                _ if said_before => Recorded::Again(entry),
                "event" => Recorded::KnownByEvent(entry),
                "45028" => Recorded::KnownByRefusal(entry),
                _ => Recorded::Again(entry),
            }
        });
        Ok(known.collect())
    }

    /// Records that nothing was sent before the account was known.
    pub fn record_none(
        &self,
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.decide(Decision::Record(None), Some(&account.name), said, now)?;
        self.answer_first(account)
    }

    fn answer_first(&self, account: &Account) -> Result<()> {
        FIRST.iter().try_for_each(|kind| self.clear_alert(&account.name, kind))
    }

    /// Returns the account of an entry, if there is such an entry.
    pub fn account_of_entry(&self, entry: Entry) -> Result<Option<String>> {
        let (sql, id) = match entry {
            Entry::Charge(id) => (
                "SELECT account FROM charge WHERE id = ?1 AND external_send IS NULL
                 AND api_call IS NULL AND rule <> 'forced_token'",
                id,
            ),
            Entry::External(id) => ("SELECT account FROM external_send WHERE id = ?1", id),
        };
        Ok(self.db.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
    }

    /// Marks an entry of the ledger as returned, and moves jobs forward into the room it leaves.
    ///
    /// # Errors
    /// If the entry is for something that counted or may yet count, was returned already, or SQLite
    /// fails.
    pub fn return_entry(
        &self,
        entry: Entry,
        account: &Account,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        match entry {
            Entry::Charge(id) => self.return_charge(id, entry)?,
            Entry::External(id) => {
                let changed = self
                    .db
                    .prepare_cached(
                        "UPDATE external_send SET returned = 1 WHERE id = ?1 AND returned = 0",
                    )?
                    .execute([id])?;
                if changed == 0 {
                    return Err(returned_already(entry));
                }
                self.run(
                    "UPDATE charge SET state = 'returned' WHERE external_send = ?1",
                    params![id],
                )?;
            }
        }
        self.decide(Decision::Return(entry), Some(&account.name), said, now)?;
        // An operator returns an entry because the platform has room: what it refused to jobs that
        // it never accepted no longer counts. A job that is due keeps its time, and is not missed.
        self.run(
            "UPDATE job SET not_before_at = NULL WHERE account = ?1 AND attempted = 0
             AND state IN ('planned', 'held') AND due_at > ?2",
            params![account.name, millis(now)],
        )?;
        self.replan(account, now)
    }

    fn return_charge(&self, id: i64, entry: Entry) -> Result<()> {
        let (state, job, batch): (String, Option<String>, Option<String>) = self
            .db
            .prepare_cached(
                "SELECT charge.state, job, batch.state FROM charge
                 LEFT JOIN batch ON batch.id = charge.batch WHERE charge.id = ?1",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let job = job.unwrap_or_default();
        match (state.as_str(), batch.as_deref().and_then(BatchState::parse)) {
            ("returned", _) => Err(returned_already(entry)),
            (_, Some(BatchState::Planned | BatchState::Asking | BatchState::InDoubt))
            | ("reserved", _) => {
                Err(StoreError::Refused(t!("store-entry-held", entry = %entry, job = %job)))
            }
            (_, Some(BatchState::Accepted | BatchState::Sent)) => {
                Err(StoreError::Refused(t!("store-entry-counts", entry = %entry, job = %job)))
            }
            (_, Some(BatchState::Refused | BatchState::Failed) | None) => self.run(
                "UPDATE charge SET state = 'returned' WHERE id = ?1 AND state = 'kept'",
                params![id],
            ),
        }
    }

    /// Returns the entries of an account in the windows that count now, the oldest first.
    pub fn entries(&self, account: &Account, now: DateTime<Utc>) -> Result<Vec<EntryView>> {
        let day = Window::containing(Span::Day, now);
        let windows =
            [day, day.next(), Window::containing(Span::Month, now)].map(|w| w.to_string());
        let mut entries = self.own_entries(&account.name, &windows)?;
        entries.extend(self.external_entries(account, &windows, now)?);
        for view in &mut entries {
            if let Some(entry) = Entry::parse(&view.entry) {
                view.decisions = self.decisions_of(entry)?;
            }
        }
        entries.sort_by_key(|entry| entry.at);
        Ok(entries)
    }

    fn own_entries(&self, account: &str, windows: &[String; 3]) -> Result<Vec<EntryView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT charge.id, begun_at, job, number + 1, msg_id, charge.state, rule, \"window\", amount,
                 (SELECT title FROM job WHERE id = batch.job)
             FROM charge LEFT JOIN batch ON batch.id = charge.batch
             LEFT JOIN attempt ON attempt.id = charge.attempt
             WHERE charge.account = ?1 AND \"window\" IN (?2, ?3, ?4) AND external_send IS NULL
               AND charge.api_call IS NULL AND rule <> ?5 ORDER BY charge.id",
        )?;
        let token = Rule::ForcedToken.name();
        let [day, next, month] = windows;
        let rows = statement.query_map(params![account, day, next, month, token], |row| {
            let job: Option<String> = row.get(2)?;
            let state: String = row.get(5)?;
            Ok(EntryView {
                entry: Entry::Charge(row.get(0)?).to_string(),
                at: row.get::<_, Option<i64>>(1)?.map(instant),
                day_known: true,
                source: if job.is_some() {
                    "job"
                } else {
                    // Batches are listed with their jobs.
                    Rule::parse(row.get_ref(6)?.as_str()?)
                        .map_or("other", |rule| rule.row().charged_by)
                }
                .to_owned(),
                job,
                title: row.get(9)?,
                batch: row.get(3)?,
                msg_id: row.get(4)?,
                charges: vec![ChargeView {
                    rule: row.get(6)?,
                    window: row.get(7)?,
                    state: state.clone(),
                    amount: row.get(8)?,
                }],
                state,
                decisions: Vec::new(),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn external_entries(
        &self,
        account: &Account,
        windows: &[String; 3],
        now: DateTime<Utc>,
    ) -> Result<Vec<EntryView>> {
        let near = external_window(account, now);
        let mut statement = self.db.prepare_cached(
            "SELECT id, at, source, confirmed, returned, msg_id, day_known FROM external_send e
             WHERE account = ?1 AND ((at >= ?2 AND at < ?3) OR EXISTS (SELECT 1 FROM charge
                 WHERE external_send = e.id AND \"window\" IN (?4, ?5, ?6))) ORDER BY id",
        )?;
        let [day, next, month] = windows;
        let (start, end) = (millis(near.start()), millis(near.end()));
        let rows =
            statement.query_map(params![account.name, start, end, day, next, month], |row| {
                let state = match (row.get(3)?, row.get(4)?) {
                    (_, true) => "returned",
                    (false, false) => "unconfirmed",
                    (true, false) => "kept",
                };
                let id = row.get(0)?;
                let view = EntryView {
                    entry: Entry::External(id).to_string(),
                    at: Some(instant(row.get(1)?)),
                    day_known: row.get(6)?,
                    source: row.get(2)?,
                    job: None,
                    title: None,
                    batch: None,
                    msg_id: row.get(5)?,
                    state: state.to_owned(),
                    charges: Vec::new(),
                    decisions: Vec::new(),
                };
                Ok((id, view))
            })?;
        let mut entries = Vec::new();
        for row in rows {
            let (id, mut view) = row?;
            view.charges = self.charges_of_external(id)?;
            entries.push(view);
        }
        Ok(entries)
    }

    fn charges_of_external(&self, id: i64) -> Result<Vec<ChargeView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT rule, \"window\", state, amount FROM charge WHERE external_send = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([id], |row| {
            Ok(ChargeView {
                rule: row.get(0)?,
                window: row.get(1)?,
                state: row.get(2)?,
                amount: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns operators' decisions about an entry, the oldest first.
    fn decisions_of(&self, entry: Entry) -> Result<Vec<DecisionView>> {
        let (charge, external) = match entry {
            Entry::Charge(id) => (Some(id), None),
            Entry::External(id) => (None, Some(id)),
        };
        self.decisions_where("charge = ?1 OR external_send = ?2", params![charge, external])
    }

    /// Returns operators' decisions about an account's ledger and about no entry, the oldest first.
    pub fn decisions_without_entry(&self, account: &str) -> Result<Vec<DecisionView>> {
        self.decisions_where(
            "what = 'record' AND account = ?1 AND charge IS NULL AND external_send IS NULL",
            params![account],
        )
    }

    /// Returns the holds and resumes in the time in which a job waited, and the corrections of the
    /// ledger that moved it.
    pub fn decisions_about(&self, job: &str) -> Result<Vec<DecisionView>> {
        self.decisions_where(
            "EXISTS (SELECT 1 FROM job WHERE job.id = ?1
               AND (decision.account IS NULL OR decision.account = job.account)
               AND decision.at >= taken_at
               AND CASE WHEN what IN ('hold', 'resume')
                   THEN wake_at IS NOT NULL OR decision.at <= (SELECT max(history.at) FROM history
                       WHERE job = ?1 AND from_state IN ('planned', 'held', 'releasing'))
                   -- Both are of one step.
                   ELSE EXISTS (SELECT 1 FROM history WHERE job = ?1 AND history.at = decision.at
                       AND from_state = to_state) END)",
            params![job],
        )
    }

    fn decisions_where(
        &self,
        filter: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<DecisionView>> {
        let sql = format!(
            "SELECT at, who, what, account, why, charge, external_send FROM decision
                     WHERE {filter} ORDER BY id"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(values, |row| {
            let charge = row.get::<_, Option<i64>>(5)?.map(Entry::Charge);
            let entry = charge.or(row.get::<_, Option<i64>>(6)?.map(Entry::External));
            Ok(DecisionView {
                entry: entry.map(|entry| entry.to_string()),
                at: instant(row.get(0)?),
                who: row.get(1)?,
                what: row.get(2)?,
                account: row.get(3)?,
                why: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn returned_already(entry: Entry) -> StoreError {
    StoreError::Refused(t!("store-entry-returned", entry = %entry))
}

/// Returns what a send made elsewhere uses; of a day only if that is known.
fn used_elsewhere(account: &Account, at: DateTime<Utc>, day_known: bool) -> Vec<Need> {
    let mut needs = quota::website_needs(account, at);
    needs.retain(|need| day_known || need.window.span() != Span::Day);
    needs
}
