//! Views for operators and programs: values, serialised as the interface defines.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;

use crate::alert::Told;
use crate::calendar;
use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::calendar::{Span, Window};
use crate::l10n::{Lang, t, within};
use crate::model::console;
use crate::model::{Account, BatchState, JobId, JobState};
use crate::plan::{self, Job};
use crate::quota::{self, Need, Rule, Shown, TABLE};
use crate::reason::Reason;
use crate::store::job_row::state;
use crate::store::recall::{InQuestion, Named};
use crate::store::{Result, Tx, instant, millis};
use crate::text::alert as words;
use crate::text::told::{self, About};
use crate::text::{names, reason, stored};

/// One job in a list.
#[derive(Clone, Debug, Serialize)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// Its title; its id if it has no title.
    pub title: String,
    /// The account's name.
    pub account: String,
    /// Its action.
    pub action: String,
    /// Its state.
    pub state: JobState,
    /// The time that its author gave, if any.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub at: Option<DateTime<Utc>>,
    /// When it is due now.
    #[serde(serialize_with = "rfc3339")]
    pub due: DateTime<Utc>,
    /// When it can no longer be deferred.
    #[serde(serialize_with = "rfc3339")]
    pub expires: DateTime<Utc>,
    /// Why it has not progressed further.
    #[serde(flatten, serialize_with = "reason::as_reason")]
    pub reason: Option<Reason>,
    /// Its mass-send calls.
    pub batches: Vec<BatchView>,
    /// Its audience, in words.
    pub audience: String,
    /// The platform's message type.
    pub msgtype: String,
    /// The file it came from.
    pub file: String,
    /// Whether it is for everyone (`is_to_all`).
    #[serde(skip)]
    pub everyone: bool,
    /// Whether the platform says that it was deleted: every broadcast of it that was sent or may
    /// be.
    pub deleted: bool,
}

impl JobView {
    /// Returns its action, for people.
    pub fn what(&self) -> String {
        let subject = stored::subject(&self.audience);
        match self.action.as_str() {
            "broadcast" => t!("job-broadcast-to", msgtype = %self.msgtype, audience = subject),
            "delete" => t!("job-deletion-of", audience = subject),
            "qrcode" => subject,
            other => format!("{} {subject}", names::action(other)),
        }
    }

    /// Returns whether some of its broadcasts are deleted and others not.
    pub fn is_partly_deleted(&self) -> bool {
        !self.deleted && self.batches.iter().any(|batch| batch.deleted)
    }

    /// Returns its state, for people: an API call is done, not sent.
    pub fn stands(&self) -> String {
        match (self.state, self.action.as_str()) {
            (JobState::Sent, "broadcast") if self.deleted => t!("job-sent-deleted"),
            (JobState::Sent, "broadcast") if self.is_partly_deleted() => t!("job-partly-deleted"),
            (JobState::Sent, "broadcast") => names::job_state(JobState::Sent),
            (JobState::Sent, _) => t!("job-done"),
            (state, _) => names::job_state(state),
        }
    }
}

/// One batch of a job.
#[derive(Clone, Debug, Serialize)]
pub struct BatchView {
    /// The id in its request.
    pub clientmsgid: String,
    /// Its state.
    pub state: BatchState,
    /// The broadcast's number.
    pub msg_id: Option<i64>,
    /// The id of articles in the platform's statistics and comments; the platform gives it only
    /// once, in the response that accepts the batch.
    pub msg_data_id: Option<i64>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Its place, from 1.
    pub number: u32,
    /// How often an operator remade it.
    pub generation: u32,
    /// How many OpenIDs it contains.
    pub receivers: Option<u32>,
    /// Its outcome.
    #[serde(flatten, serialize_with = "reason::as_result")]
    pub result: Option<Reason>,
    /// Followers in its audience, by its event.
    pub total_count: Option<i64>,
    /// Followers left after filtering.
    pub filter_count: Option<i64>,
    /// Followers it reached.
    pub sent_count: Option<i64>,
    /// Followers it failed to reach.
    pub error_count: Option<i64>,
    /// When the platform accepted it.
    #[serde(skip)]
    pub accepted_at: Option<DateTime<Utc>>,
    /// Whether the platform says that it was deleted.
    pub deleted: bool,
}

/// One line of a job's history.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryView {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// The state before; none at the beginning.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// Why.
    #[serde(flatten, serialize_with = "reason::as_why")]
    pub why: Reason,
}

/// One request that was made.
#[derive(Clone, Debug, Serialize)]
pub struct AttemptView {
    /// The batch, from 1.
    pub batch: u32,
    /// When it was made.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// The platform's code.
    pub errcode: Option<i64>,
    /// The platform's message.
    pub errmsg: Option<String>,
    /// What it meant; none while the request is open.
    pub outcome: Option<String>,
    /// The id in the request.
    pub clientmsgid: String,
}

/// One charge of the ledger.
#[derive(Clone, Debug, Serialize)]
pub struct ChargeView {
    /// The rule.
    pub rule: String,
    /// Its window.
    pub window: String,
    /// Reserved, kept or returned.
    pub state: String,
    /// How much.
    pub amount: u32,
}

/// One event of the platform.
#[derive(Clone, Debug, Serialize)]
pub struct EventView {
    /// When it came.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// The broadcast's number.
    pub msg_id: i64,
    /// The status as written.
    pub status: String,
    /// The same in words.
    pub words: String,
    /// Whether it came encrypted; any other is a hint that settles nothing.
    pub proven: bool,
    /// Followers in the audience.
    pub total_count: Option<i64>,
    /// Followers left after filtering.
    pub filter_count: Option<i64>,
    /// Followers reached.
    pub sent_count: Option<i64>,
    /// Followers not reached.
    pub error_count: Option<i64>,
    /// Its body, byte for byte; the decrypted body if it was encrypted.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

/// One rule of an account, at a given time.
#[derive(Clone, Debug, Serialize)]
pub struct RuleView {
    /// The rule.
    pub rule: Rule,
    /// Its window; none for a sliding one.
    pub window: Option<Window>,
    /// The amount charged.
    pub used: u32,
    /// External sends that only an event reports.
    pub unconfirmed: u32,
    /// The amount that waiting jobs own.
    pub claimed: u32,
    /// The account's limit.
    pub limit: u32,
    /// When it is empty again.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub resets_at: Option<DateTime<Utc>>,
}

/// Something that needs an operator.
#[derive(Clone, Debug, Serialize)]
pub struct AlertView {
    /// The job, if there is one.
    pub id: Option<String>,
    /// The account, if there is one.
    pub account: Option<String>,
    /// A code word for programs.
    pub kind: String,
    /// Since when.
    #[serde(serialize_with = "rfc3339")]
    pub since: DateTime<Utc>,
    /// What happened.
    pub what: String,
    /// The same in English, which identifies it in every language.
    #[serde(skip)]
    pub identity: String,
    /// Why, if that is a reason of a job or an account.
    #[serde(flatten, serialize_with = "reason::as_code")]
    pub why: Option<Reason>,
    /// The files that the inbox refused, if it is about such.
    #[serde(skip)]
    pub file: Option<RefusedFiles>,
    /// What an operator can do.
    #[serde(rename = "do")]
    pub advice: String,
}

/// The files that one alert is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusedFiles {
    /// One of the newest.
    One {
        /// Its name.
        name: String,
        /// How many problems it has.
        problems: i64,
        /// The line of the first; 0 if that is not known.
        line: i64,
    },
    /// How many were refused before those with an alert of their own.
    Before(u64),
}

/// What an alert says: in the language of the moment, and in English.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) what: String,
    pub(super) identity: String,
}

impl Said {
    pub(super) fn of(what: impl Fn() -> String) -> Self {
        Self { identity: within(Lang::En, &what), what: what() }
    }
}

/// Days for which `status` shows what failed.
const SHOWN_FOR_DAYS: i64 = 7;
/// Returns the earliest end of a job that `status` still shows.
pub(super) fn named_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - chrono::TimeDelta::days(SHOWN_FOR_DAYS)
}

impl Tx<'_> {
    /// Returns a job's history, oldest first.
    pub fn history(&self, job: &str) -> Result<Vec<HistoryView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT at, from_state, to_state, why FROM history WHERE job = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([job], |row| {
            Ok(HistoryView {
                at: instant(row.get(0)?),
                from: row.get(1)?,
                to: row.get(2)?,
                why: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns every request made for a job, also those of earlier generations.
    pub fn attempts(&self, job: &str) -> Result<Vec<AttemptView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT number + 1, begun_at, errcode, errmsg, outcome, clientmsgid
             FROM attempt JOIN batch ON batch.id = attempt.batch WHERE job = ?1 ORDER BY attempt.id",
        )?;
        let rows = statement.query_map([job], |row| {
            Ok(AttemptView {
                batch: row.get(0)?,
                at: instant(row.get(1)?),
                errcode: row.get(2)?,
                errmsg: row.get(3)?,
                outcome: row.get(4)?,
                clientmsgid: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns what a job charged.
    pub fn charges(&self, job: &str) -> Result<Vec<ChargeView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT rule, \"window\", charge.state, amount
             FROM charge JOIN batch ON batch.id = charge.batch WHERE job = ?1
             UNION ALL
             SELECT rule, \"window\", charge.state, amount
             FROM charge JOIN api_call ON api_call.id = charge.api_call WHERE job = ?1",
        )?;
        let rows = statement.query_map([job], |row| {
            Ok(ChargeView {
                rule: row.get(0)?,
                window: row.get(1)?,
                state: row.get(2)?,
                amount: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the platform's events about a job.
    pub fn events(&self, job: &str) -> Result<Vec<EventView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT received_at, event.msg_id, status, words, event.total_count, event.filter_count,
                    event.sent_count, event.error_count, proven, raw
             FROM event JOIN batch ON batch.msg_id = event.msg_id AND batch.account = event.account
             WHERE job = ?1 ORDER BY event.id",
        )?;
        let rows = statement.query_map([job], read_event)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the events that were kept back and may belong to an uncertain job.
    pub fn candidates(&self, job: &str) -> Result<Vec<EventView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT received_at, msg_id, status, words, total_count, filter_count, sent_count, error_count, proven,
                    raw
             FROM event JOIN job ON job.account = event.account
             WHERE job.id = ?1 AND job.state = 'uncertain' AND candidate = 1
             ORDER BY event.id DESC LIMIT 20",
        )?;
        let rows = statement.query_map([job], read_event)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts the jobs in each state.
    pub fn state_counts(&self, account: Option<&str>) -> Result<Vec<(JobState, u64)>> {
        let mut statement = self.db.prepare_cached(
            "SELECT state, count(*) FROM job WHERE ?1 IS NULL OR account = ?1 GROUP BY state",
        )?;
        let rows = statement.query_map([account], |row| {
            let count: i64 = row.get(1)?;
            Ok((state(row, 0)?, count.unsigned_abs()))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the rules that bind an account, at `now`.
    pub fn rules(&self, account: &Account, now: DateTime<Utc>) -> Result<Vec<RuleView>> {
        let mut rules = Vec::new();
        for row in TABLE {
            let Some(limit) = quota::limit(row.rule, account) else {
                continue;
            };
            if row.shown == Shown::Never {
                continue;
            }
            let view = match row.rule.window(now) {
                Some(window) => self.window_view(account, (row.rule, window), now)?,
                None => self.minute_view(row.rule, account, limit, now)?,
            };
            if row.shown == Shown::Always || view.used > 0 || view.claimed > 0 {
                rules.push(view);
            }
        }
        Ok(rules)
    }

    fn minute_view(
        &self,
        rule: Rule,
        account: &Account,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<RuleView> {
        let used = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM call WHERE account = ?1 AND (ended_at IS NULL OR ended_at > ?2)",
            )?
            .query_row(
                params![account.name, millis(now - quota::margins::PER_MINUTE)],
                |row| row.get(0),
            )?;
        Ok(RuleView {
            rule,
            window: None,
            used,
            unconfirmed: 0,
            claimed: 0,
            limit,
            resets_at: None,
        })
    }

    /// Returns one window of a rule that binds an account, at `now`.
    pub fn window_view(
        &self,
        account: &Account,
        (rule, window): (Rule, Window),
        now: DateTime<Utc>,
    ) -> Result<RuleView> {
        let need = Need { rule, window, amount: 1 };
        let usage = self.usage(&account.name, need, now)?;
        let owned = self.owners(account, (rule, window), now)?;
        Ok(RuleView {
            rule,
            window: Some(window),
            used: usage.used,
            unconfirmed: usage.unconfirmed,
            claimed: owned.iter().map(|(_, amount)| amount).sum(),
            limit: quota::limit(rule, account).unwrap_or(u32::MAX),
            resets_at: (window.span() != Span::Ever).then(|| window.end()),
        })
    }

    /// Returns what needs an operator, also what one has acknowledged, the oldest first.
    pub fn current_alerts(&self, now: DateTime<Utc>) -> Result<Vec<AlertView>> {
        let mut notes = self.stop_notes()?;
        notes.extend(self.questions(now)?);
        let mut statement = self.db.prepare_cached(
            "SELECT job, account, kind, since_at, what, \"do\" FROM alert
                 WHERE until_at IS NULL OR until_at > ?1",
        )?;
        let rows = statement.query_map([millis(now)], |row| {
            let (id, account): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
            let (what, advice): (String, String) = (row.get(4)?, row.get(5)?);
            let stored = Told::parse(&what, Some(&advice));
            let about = About { account: account.as_deref(), job: id.as_deref() };
            let Said { what, identity } = Said::of(|| told::what(&stored, about));
            let advice = told::advice(&stored, about).unwrap_or_default();
            Ok(AlertView {
                why: None,
                file: None,
                kind: row.get(2)?,
                since: instant(row.get(3)?),
                what,
                identity,
                advice,
                id,
                account,
            })
        })?;
        for note in rows {
            notes.push(note?);
        }
        notes.extend(self.job_notes(None, now)?);
        notes.extend(self.silent_notes("job.state IN ('accepted', 'releasing', 'partial')", now)?);
        notes.extend(self.refused_notes()?);
        notes.extend(self.unreached(now)?);
        notes.sort_by_key(|note| note.since);
        Ok(notes)
    }

    /// Returns the accounts with jobs that may have been sent already.
    pub(super) fn questions(&self, now: DateTime<Utc>) -> Result<Vec<AlertView>> {
        Ok(self.in_question(now)?.into_iter().map(question_note).collect())
    }

    pub(super) fn stop_notes(&self) -> Result<Vec<AlertView>> {
        let mut notes = Vec::new();
        let all: Option<(i64, Reason)> = self
            .db
            .prepare_cached(
                "SELECT hold_since_at, hold_why FROM daemon WHERE hold_since_at IS NOT NULL",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((since, why)) = all {
            let Said { what, identity } =
                Said::of(|| t!("attention-all-held", why = %reason::sentence(&why)));
            notes.push(AlertView {
                id: None,
                account: None,
                kind: "hold".into(),
                since: instant(since),
                advice: if why.names_jobs_in_question() {
                    t!("attention-look-then-resume-all")
                } else {
                    t!("attention-resume-all")
                },
                what,
                identity,
                why: Some(why),
                file: None,
            });
        }
        let mut statement = self.db.prepare_cached(
            "SELECT name, hold_since_at, hold_why, paused_since_at, paused_why, paused_do FROM account
             WHERE hold_since_at IS NOT NULL OR paused_since_at IS NOT NULL",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            if let Some(since) = row.get::<_, Option<i64>>(1)? {
                let why: Reason = row.get(2)?;
                let Said { what, identity } =
                    Said::of(|| t!("attention-held", why = %reason::sentence(&why)));
                notes.push(AlertView {
                    id: None,
                    account: Some(name.clone()),
                    kind: "hold".into(),
                    since: instant(since),
                    what,
                    identity,
                    why: Some(why),
                    file: None,
                    advice: t!("attention-resume", account = %name),
                });
            }
            if let Some(since) = row.get::<_, Option<i64>>(3)? {
                let why: Reason = row.get(4)?;
                let Said { what, identity } =
                    Said::of(|| t!("attention-paused", why = %reason::sentence(&why)));
                let advice = told::of_pause(&row.get(5)?, &name);
                notes.push(AlertView {
                    id: None,
                    account: Some(name.clone()),
                    kind: "paused".into(),
                    since: instant(since),
                    what,
                    identity,
                    why: Some(why),
                    file: None,
                    advice: t!("attention-then-resume", advice = %advice, account = %name),
                });
            }
        }
        Ok(notes)
    }

    /// Returns the alerts about the states of jobs, or about that of one job.
    pub(super) fn job_notes(
        &self,
        only: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<AlertView>> {
        let since = named_since(now);
        // A statement of its own finds one job without a look at the others.
        let which = if only.is_some() { "id = ?6" } else { "?6 IS NULL" };
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT id, account, state, ifnull(ended_at, CASE state WHEN 'held' THEN min(taken_at, ?3) ELSE min(due_at, ?3) END),
                    ifnull((SELECT json_object('code', 'waits_for_files', 'files', json(files))
                        FROM awaited_file WHERE awaited_file.job = job.id AND state = 'held'), reason),
                    recall_until_at IS NOT NULL AND max(due_at, ?3) > recall_until_at,
                    ifnull(reason, '') IN (?4, ?5),
                    audience = 'unknown'
             FROM job WHERE {which} AND (state = 'uncertain' OR (state = 'held' AND due_at < ?2)
                OR (state IN ('missed', 'failed', 'partial', 'expired') AND ended_at > ?1
                    -- Of a lost series a note of its own tells, until a person says how it goes on.
                    AND NOT (ifnull(reason, '') = ?4 AND EXISTS (SELECT 1 FROM occurrence
                        JOIN series ON series.id = occurrence.series
                        WHERE occurrence.job = job.id AND series.state <> 'active'))))"
        ))?;
        let rows = statement.query_map(
            params![
                millis(since),
                millis(now + chrono::TimeDelta::hours(24)),
                millis(now),
                Reason::DatabaseLost,
                Reason::DatabaseLostBeforeDue,
                only
            ],
            |row| {
                let id: String = row.get(0)?;
                let state = state(row, 2)?;
                let why: Option<Reason> = row.get(4)?;
                let why =
                    why.or_else(|| (state == JobState::Held).then_some(Reason::WaitsForApproval));
                let said = || why.as_ref().map(reason::sentence).unwrap_or_default();
                let Said { what, identity } = Said::of(|| {
                    t!("attention-job", job = %id, state = %names::job_state(state), why = %said())
                });
                let account: String = row.get(1)?;
                let restored = (row.get(5)?, row.get(6)?, row.get(7)?);
                let advice = advice_after_restore(state, (&id, &account), restored);
                let note = AlertView {
                    account: Some(account),
                    kind: state.as_str().into(),
                    since: instant(row.get(3)?),
                    what,
                    identity,
                    why,
                    file: None,
                    advice,
                    id: Some(id),
                };
                Ok((note, state))
            },
        )?;
        let mut notes = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        for (note, state) in &mut notes {
            let Some(id) = note.id.as_deref().and_then(JobId::parse) else { continue };
            if *state == JobState::Held {
                let files = self.awaited_files(&id)?;
                note.advice = if files.is_empty() {
                    approve_by(&self.job(&id)?, now)
                } else {
                    words::bring_files()
                };
            }
            if self.mends_by_dropping(&id, *state, note.why.as_ref())? {
                note.advice = drop_corrected(&id);
            }
        }
        Ok(notes.into_iter().map(|(note, _)| note).collect())
    }

    /// Returns what was accepted long ago and has no result, of these jobs.
    pub(super) fn silent_notes(&self, which: &str, now: DateTime<Utc>) -> Result<Vec<AlertView>> {
        let mut silent = self.db.prepare_cached(&format!(
            "SELECT job, batch.account, min(accepted_at), msg_id
             FROM job CROSS JOIN batch ON batch.job = job.id
             WHERE {which} AND batch.state = 'accepted' AND accepted_at < ?1 GROUP BY job"
        ))?;
        let rows = silent.query_map([millis(now - chrono::TimeDelta::hours(24))], |row| {
            let id: String = row.get(0)?;
            let msg_id: i64 = row.get(3)?;
            let Said { what, identity } = Said::of(|| t!("attention-no-result", job = %id));
            Ok(AlertView {
                why: None,
                file: None,
                account: row.get(1)?,
                kind: "no_result".into(),
                since: instant(row.get(2)?),
                what,
                identity,
                advice: t!(
                    "attention-look-for-broadcast",
                    msg_id = %msg_id,
                    history = %console::history()
                ),
                id: Some(id),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Finds ids that resemble one that is unknown.
    pub fn similar_ids(&self, id: &str) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM job WHERE instr(id, ?1) OR instr(?1, id) ORDER BY seq DESC LIMIT 3",
        )?;
        let rows = statement.query_map([id], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Returns what to do about a job that may be in question, read back, or known only by its id.
fn advice_after_restore(
    state: JobState,
    (id, account): (&str, &String),
    (in_question, is_lost, id_alone): (bool, bool, bool),
) -> String {
    let may_retry = matches!(state, JobState::Missed | JobState::Failed | JobState::Partial);
    let in_question = in_question && may_retry;
    if is_lost && id_alone {
        // A restore left only its id.
        t!("attention-look-known-by-id", history = %console::history())
    } else if is_lost || in_question {
        look_first(id, in_question.then_some(account))
    } else {
        advice(state, id)
    }
}

/// Returns what to do about a job that a restore read back; the account, if it must be resumed
/// first.
fn look_first(id: &str, resumed: Option<&String>) -> String {
    let history = console::history();
    match resumed {
        Some(account) => {
            t!("attention-look-resume-retry", history = %history, account = %account, job = %id)
        }
        None => t!("attention-look-retry", history = %history, job = %id),
    }
}

fn question_note(question: InQuestion) -> AlertView {
    let names = || names_in_question(&question);
    let InQuestion { account, last, gap, .. } = &question;
    let Said { what, identity } = Said::of(|| {
        let gap = reason::gap(gap.from, gap.to);
        t!("attention-in-question", jobs = %names(), account = %account, gap = %gap)
    });
    let history = console::history();
    let advice = match last.is_empty() {
        true => t!("attention-resume-or-look", history = %history, account = %account),
        false => t!("attention-resume-or-look-retry", history = %history, account = %account),
    };
    AlertView {
        why: None,
        file: None,
        id: None,
        kind: "gap".into(),
        since: gap.to,
        what,
        identity,
        advice,
        account: Some(account.clone()),
    }
}

/// Returns the jobs that wait and those that ended, each kind with how many more there are.
fn names_in_question(question: &InQuestion) -> String {
    let InQuestion { jobs, first, ended, last, .. } = question;
    let name = |named: &Named| match named.dates {
        Some(dates) => reason::dates(&named.id, dates),
        None => named.id.clone(),
    };
    let count = |named: &mut dyn Iterator<Item = &Named>| -> u32 {
        named.map(|named| named.dates.unwrap_or(1)).sum()
    };
    let with_more = |listed: Vec<String>, more: u32| match more {
        0 => names::list(&listed),
        more => t!("attention-and-more", jobs = %names::list(&listed), more = %more),
    };
    let waiting = first.iter().map(name).collect();
    let waiting = with_more(waiting, jobs.saturating_sub(count(&mut first.iter())));
    let of_state = |(named, state): &(Named, JobState)| t!("attention-job-state", job = %name(named), state = %names::job_state(*state));
    let over = last.iter().map(of_state).collect();
    let over =
        with_more(over, ended.saturating_sub(count(&mut last.iter().map(|(named, _)| named))));
    match (first.is_empty(), last.is_empty()) {
        (_, true) => waiting,
        (true, false) => over,
        (false, false) => t!("attention-waiting-and-ended", waiting = %waiting, ended = %over),
    }
}

fn read_event(row: &Row<'_>) -> rusqlite::Result<EventView> {
    Ok(EventView {
        at: instant(row.get(0)?),
        msg_id: row.get(1)?,
        status: row.get(2)?,
        words: row.get(3)?,
        total_count: row.get(4)?,
        filter_count: row.get(5)?,
        sent_count: row.get(6)?,
        error_count: row.get(7)?,
        proven: row.get(8)?,
        raw: row.get(9)?,
    })
}

/// Returns what to do about a job that the platform refused because of its content.
fn drop_corrected(id: &JobId) -> String {
    t!("attention-drop-corrected", id = %id)
}

fn advice(state: JobState, id: &str) -> String {
    match state {
        JobState::Uncertain => t!("attention-resolve", history = %console::history(), id = %id),
        JobState::Missed | JobState::Failed | JobState::Partial => {
            t!("attention-show-retry", id = %id)
        }
        JobState::Expired => t!("attention-show-anew", id = %id),
        JobState::Planned
        | JobState::Held
        | JobState::Releasing
        | JobState::Accepted
        | JobState::Sent
        | JobState::Cancelled => format!("`qunfa show {id}`"),
    }
}

/// Returns until when a held job can be approved.
fn approve_by(job: &Job, now: DateTime<Utc>) -> String {
    let (id, last) = (&job.id, plan::deadline(job));
    if now < job.due_at {
        t!("attention-approve-in-time", id = %id)
    } else if now <= last {
        t!("attention-approve-until", id = %id, last = %calendar::beijing(last))
    } else {
        t!("attention-approve-too-late", id = %id)
    }
}
