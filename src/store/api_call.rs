//! API calls that an operator or a job requested.
//!
//! Whoever requests one stores it; the daemon makes the call and records the outcome. All of them
//! can be repeated without harm, so an open one is simply requested again after a crash. A job's
//! call before its broadcast is a pre-send call, which waits until its time.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::calendar::{Span, Window};
use crate::calls::{Effect, Event, Role, State};
use crate::model::{Account, ApiCall, JobId, JobState, MediaUse, OnQuota};
use crate::quota::{self, Block, Need, Rule, margins};
use crate::reason::Reason;
use crate::store::{
    CodesProgress, DecidedBy, Deferral, Result, StoreError, Tx, instant, millis, unreadable,
};
use crate::text::reason;

/// A job that is only an API call is not started while releases are held, nor after its time is
/// over: an old database must not restore an old menu.
const ASKABLE: &str = "account = ?1 AND next_at IS NOT NULL AND (role <> 'action' OR (
    NOT EXISTS (SELECT 1 FROM daemon WHERE hold_since_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM account WHERE name = ?1 AND hold_since_at IS NOT NULL)
    AND EXISTS (SELECT 1 FROM job WHERE job.id = api_call.job
        AND ?2 < min(first_attempt_at + retry_for_s * 1000, due_at + ?3))))";

/// An API call to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewApiCall<'a> {
    /// The account's name.
    pub account: &'a str,
    /// The call.
    pub api_call: &'a ApiCall,
    /// Who requested it.
    pub role: Role,
    /// The job in whose history it is recorded.
    pub job: Option<&'a JobId>,
    /// The broadcast to delete.
    pub batch: Option<i64>,
    /// The operator, if one requested it.
    pub said: Option<DecidedBy<'a>>,
}

/// An API call that is open or has ended.
#[derive(Clone, Debug)]
pub struct OpenApiCall {
    /// Its row.
    pub id: i64,
    /// The call.
    pub api_call: ApiCall,
    /// Who requested it.
    pub role: Role,
    /// The job in whose history it is recorded.
    pub job: Option<JobId>,
    /// How many requests were made.
    pub attempts: u32,
    /// Whether the next request only verifies the outcome.
    pub verifies: bool,
    /// The number of the broadcast to delete.
    pub msg_id: Option<i64>,
    batch: Option<i64>,
    /// What it is and who requested it.
    told: String,
}

/// An API call whose request is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiCallAttempt {
    /// The API call.
    pub api_call: i64,
    /// The call in the sliding minute, if it counts there.
    pub call: Option<i64>,
}

/// The response to an API call that is not done.
#[derive(Clone, Copy, Debug)]
pub struct ApiCallFailure<'a> {
    /// The platform's code.
    pub errcode: Option<i64>,
    /// Why it is not done.
    pub why: &'a Reason,
    /// What the request did.
    pub effect: Effect,
}

/// How an API call is retried.
#[derive(Clone, Copy, Debug)]
pub struct Again {
    /// When.
    pub next_at: DateTime<Utc>,
    /// Whether the next request only verifies the outcome.
    pub verifies: bool,
}

/// One API call, for people and programs.
#[derive(Clone, Debug, Serialize)]
pub struct ApiCallView {
    /// Its number.
    pub id: i64,
    /// `preview`, `delete`, `speed_get`, `speed_set`, `menu`, `menu_delete`, `menu_read`,
    /// `qrcode`, `picture`, `drafts` or `media_check`.
    pub kind: String,
    /// The same in words.
    pub what: String,
    /// `planned`, `asking`, `in_doubt`, `done` or `failed`.
    pub state: String,
    /// When it was requested.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// When it ended.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub ended: Option<DateTime<Utc>>,
    /// How many requests were made.
    pub attempts: u32,
    /// The platform's code.
    pub errcode: Option<i64>,
    /// The last message about it.
    #[serde(flatten, serialize_with = "reason::as_errmsg")]
    pub why: Option<Reason>,
    /// The content of the platform's response.
    pub answer: Value,
}

const API_CALL: &str =
    "api_call.id, kind, parameters, role, api_call.job, attempts, verifies,
    (SELECT msg_id FROM batch WHERE id = api_call.batch), api_call.batch, who, why,
    (SELECT number + 1 FROM batch WHERE id = api_call.batch AND EXISTS
        (SELECT 1 FROM batch AS other WHERE other.job = batch.job AND other.number <> batch.number))";

fn read_api_call(row: &Row<'_>) -> rusqlite::Result<OpenApiCall> {
    let (kind, parameters): (String, String) = (row.get(1)?, row.get(2)?);
    let role: String = row.get(3)?;
    let job: Option<String> = row.get(4)?;
    let who: Option<String> = row.get(9)?;
    let why: Option<String> = row.get(10)?;
    let api_call = ApiCall::parse(&kind, &parameters)
        .ok_or_else(|| unreadable("api_call.parameters", &parameters))?;
    let what = told_of(&api_call, row.get(11)?);
    let told = match who {
        Some(who) => DecidedBy { who: &who, why: why.as_deref() }.line(&what),
        None => what,
    };
    Ok(OpenApiCall {
        id: row.get(0)?,
        api_call,
        role: Role::parse(&role).ok_or_else(|| unreadable("api_call.role", &role))?,
        job: job.as_deref().and_then(JobId::parse),
        attempts: row.get(5)?,
        verifies: row.get(6)?,
        msg_id: row.get(7)?,
        batch: row.get(8)?,
        told,
    })
}

/// Returns what an API call is, with the batch's number if its job has several.
fn told_of(api_call: &ApiCall, batch: Option<u32>) -> String {
    match batch {
        Some(batch) => format!("{api_call} (batch {batch})"),
        None => api_call.to_string(),
    }
}

/// Returns the rule that counts an API call's calls in a day.
fn counted_by(api_call: &OpenApiCall) -> Option<Rule> {
    match &api_call.api_call {
        ApiCall::Preview(..) => Some(Rule::DailyPreviews),
        ApiCall::Delete(_) => (!api_call.verifies).then_some(Rule::DailyDeletes),
        ApiCall::Menu(_) => Some(Rule::DailyMenus),
        ApiCall::Qrcode(_) => Some(Rule::DailyQrcodes),
        ApiCall::Drafts { .. } => Some(Rule::DailyDraftPages),
        ApiCall::MediaCheck(medium) => match medium.used_as {
            MediaUse::Articles => (!api_call.verifies).then_some(Rule::DailyDraftReads),
            // No document limits the reading of material.
            MediaUse::File | MediaUse::Material => None,
        },
        ApiCall::SpeedGet
        | ApiCall::SpeedSet(_)
        | ApiCall::MenuDelete
        | ApiCall::MenuRead { .. }
        | ApiCall::MenuConditional(_)
        | ApiCall::MenuConditionalDelete { .. }
        | ApiCall::MenuTry(_)
        | ApiCall::Picture(_) => None,
    }
}

/// Returns the stored state of many calls after an event that happens to all of them.
pub(super) fn word_after(state: State, event: Event) -> &'static str {
    state.after(event).unwrap_or(state).as_str()
}

impl Tx<'_> {
    /// Stores an API call, to be made from now on.
    pub fn write_api_call(&self, new: &NewApiCall<'_>, now: DateTime<Utc>) -> Result<i64> {
        self.run(
            "INSERT INTO api_call (account, kind, role, job, batch, parameters, who, why, made_at, state, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'planned', ?9)",
            params![
                new.account,
                new.api_call.kind(),
                new.role.as_str(),
                new.job.map(JobId::as_str),
                new.batch,
                new.api_call.parameters().to_string(),
                new.said.map(|said| said.who),
                new.said.and_then(|said| said.why),
                millis(now),
            ],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Stores the call that follows one of a job's calls; it belongs to the same release.
    pub fn write_next_call(
        &self,
        after: &OpenApiCall,
        api_call: &ApiCall,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO api_call (account, kind, role, job, parameters, made_at, state, next_at)
             SELECT account, ?2, role, job, ?3, made_at, 'planned', ?4 FROM api_call WHERE id = ?1",
            params![after.id, api_call.kind(), api_call.parameters().to_string(), millis(now)],
        )
    }

    /// Returns when the account's next API call is due.
    pub fn next_api_call(
        &self,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let sql = format!("SELECT next_at FROM api_call WHERE {ASKABLE} ORDER BY next_at LIMIT 1");
        let values = params![account, millis(now), margins::ASK_WITHIN.num_milliseconds()];
        let next: Option<i64> =
            self.db.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()?;
        Ok(next.map(instant))
    }

    /// Returns the account's API call that is due first.
    pub fn due_api_call(&self, account: &str, now: DateTime<Utc>) -> Result<Option<OpenApiCall>> {
        let sql = format!(
            "SELECT {API_CALL} FROM api_call WHERE {ASKABLE} AND next_at <= ?2
             ORDER BY next_at, id LIMIT 1"
        );
        let values = params![account, millis(now), margins::ASK_WITHIN.num_milliseconds()];
        Ok(self.db.prepare_cached(&sql)?.query_row(values, read_api_call).optional()?)
    }

    /// Returns an API call.
    ///
    /// # Errors
    /// If it is unknown, or SQLite fails.
    pub fn api_call(&self, id: i64) -> Result<OpenApiCall> {
        let sql = format!("SELECT {API_CALL} FROM api_call WHERE id = ?1");
        self.db
            .prepare_cached(&sql)?
            .query_row([id], read_api_call)
            .optional()?
            .ok_or_else(|| StoreError::Conflict(format!("there is no API call {id}")))
    }

    /// Returns the rule whose window has no room for an API call, if there is one.
    pub fn api_call_block(
        &self,
        api_call: &OpenApiCall,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Option<Block>> {
        let scene = self.scene_of(api_call, &account.name, now)?;
        let job = api_call.job.as_ref().map(|id| self.job(id)).transpose()?;
        for need in need_of(api_call, now).into_iter().chain(scene) {
            let usage = self.usage_beside(account, need, now, |other| {
                job.as_ref().is_none_or(|job| other.id != job.id && other.precedes(job))
            })?;
            if let Err(block) = quota::admit(account, need, usage) {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// Returns the charge for a permanent code, if its scene is not charged yet.
    fn scene_of(
        &self,
        api_call: &OpenApiCall,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Need>> {
        let ApiCall::Qrcode(code) = &api_call.api_call else { return Ok(None) };
        let rule = Rule::PermanentQrcodes;
        let Some(window) = rule.window(now).filter(|_| code.is_permanent()) else {
            return Ok(None);
        };
        let charged: bool = self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM api_call JOIN charge ON charge.api_call = api_call.id
                 WHERE api_call.account = ?1 AND kind = 'qrcode' AND parameters = ?2 AND rule = ?3
                   AND charge.state <> 'returned')",
            )?
            .query_row(
                params![account, api_call.api_call.parameters().to_string(), rule.name()],
                |row| row.get(0),
            )?;
        Ok((!charged).then_some(Need { rule, window, amount: 1 }))
    }

    /// Begins the request for an API call, counting the call.
    ///
    /// # Errors
    /// If SQLite fails, or it is no longer open.
    pub fn begin_api_call(
        &self,
        api_call: &OpenApiCall,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<ApiCallAttempt> {
        let call = if api_call.api_call.is_of_the_mass_family() {
            self.run(
                "INSERT INTO call (account, begun_at) VALUES (?1, ?2)",
                params![account, millis(now)],
            )?;
            Some(self.db.last_insert_rowid())
        } else {
            None
        };
        let state = self.call_after(api_call.id, Event::Begins)?;
        self.run(
            "UPDATE api_call SET state = ?2, next_at = NULL, attempts = attempts + 1, call = ?3
             WHERE id = ?1",
            params![api_call.id, state.as_str(), call],
        )?;
        let counted = need_of(api_call, now).map(|need| (need, "kept"));
        let scene = self.scene_of(api_call, account, now)?.map(|need| (need, "reserved"));
        for (need, state) in counted.into_iter().chain(scene) {
            self.run(
                "INSERT INTO charge (account, rule, \"window\", amount, state, api_call)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5)",
                params![account, need.rule.name(), need.window.to_string(), state, api_call.id],
            )?;
        }
        Ok(ApiCallAttempt { api_call: api_call.id, call })
    }

    /// Returns the state of an API call after an event.
    ///
    /// # Errors
    /// If the event cannot happen in its present state, or SQLite fails.
    pub(super) fn call_after(&self, id: i64, event: Event) -> Result<State> {
        let word: Option<String> = self
            .db
            .prepare_cached("SELECT state FROM api_call WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let word = word.unwrap_or_default();
        State::parse(&word)
            .and_then(|state| state.after(event))
            .ok_or_else(|| StoreError::Conflict(format!("API call {id} is {word}: no {event:?}")))
    }

    fn end_call(&self, ask: ApiCallAttempt, now: DateTime<Utc>) -> Result<()> {
        self.run("UPDATE call SET ended_at = ?2 WHERE id = ?1", params![ask.call, millis(now)])
    }

    /// Marks what the last request of an API call charged and did not use as returned.
    ///
    /// The charge for a scene that may have its code is never returned.
    fn unspend(&self, api_call: i64, effect: Effect) -> Result<()> {
        if effect == Effect::Nothing {
            self.run(
                "UPDATE charge SET state = 'returned' WHERE id = (SELECT max(id) FROM charge
                     WHERE api_call = ?1 AND state = 'kept' AND rule <> ?2)",
                params![api_call, Rule::PermanentQrcodes.name()],
            )?;
        }
        let scene = match effect {
            Effect::Nothing | Effect::Call => "returned",
            Effect::Unknown => "kept",
        };
        self.run(
            "UPDATE charge SET state = ?2 WHERE api_call = ?1 AND state = 'reserved'",
            params![api_call, scene],
        )
    }

    /// Records that an API call is to be retried.
    pub fn api_call_again(
        &self,
        ask: ApiCallAttempt,
        word: ApiCallFailure<'_>,
        again: Again,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.end_call(ask, now)?;
        self.unspend(ask.api_call, word.effect)?;
        let event = match word.effect {
            Effect::Unknown => Event::Unclear,
            Effect::Nothing | Effect::Call => Event::NotDone,
        };
        let state = self.call_after(ask.api_call, event)?;
        self.run(
            "UPDATE api_call SET state = ?2, next_at = ?3, errcode = ?4, errmsg = ?5, verifies = ?6
             WHERE id = ?1",
            params![
                ask.api_call,
                state.as_str(),
                millis(again.next_at),
                word.errcode,
                word.why,
                again.verifies
            ],
        )
    }

    /// Records that an API call is done, with the content of the response.
    pub fn api_call_done(
        &self,
        ask: ApiCallAttempt,
        account: &Account,
        answer: &Value,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let api_call = self.keep_answer(ask, answer, now)?;
        if let ApiCall::MediaCheck(medium) = &api_call.api_call {
            // That a medium is there is no news.
            return match (&api_call.job, answer["exists"].as_bool()) {
                (Some(job), Some(false)) => self.medium_is_gone(job, medium, now),
                (Some(_) | None, _) => Ok(()),
            };
        }
        let line = Reason::ApiCallDone { call: api_call.told.clone() };
        if let (ApiCall::Delete(deletion), Some(batch)) = (&api_call.api_call, api_call.batch) {
            self.deleted(deletion, (account, batch), &line, now)?;
        }
        self.alert_codes_run_out(&api_call.api_call, account, now)?;
        self.follow_api_call(&api_call, (JobState::Sent, &line), now)
    }

    /// Records that an API call is done, and that its job ends without another.
    pub fn api_call_ends_job(
        &self,
        ask: ApiCallAttempt,
        answer: &Value,
        (state, why): (JobState, &Reason),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let api_call = self.keep_answer(ask, answer, now)?;
        self.follow_api_call(&api_call, (state, why), now)
    }

    fn keep_answer(
        &self,
        ask: ApiCallAttempt,
        answer: &Value,
        now: DateTime<Utc>,
    ) -> Result<OpenApiCall> {
        self.end_call(ask, now)?;
        let api_call = self.api_call(ask.api_call)?;
        self.run(
            "UPDATE charge SET state = 'kept' WHERE api_call = ?1 AND state = 'reserved'",
            params![api_call.id],
        )?;
        let state = self.call_after(api_call.id, Event::Succeeds)?;
        self.run(
            "UPDATE api_call SET state = ?2, next_at = NULL, ended_at = ?3, answer = ?4,
                 errcode = 0, errmsg = NULL WHERE id = ?1",
            params![api_call.id, state.as_str(), millis(now), answer.to_string()],
        )?;
        Ok(api_call)
    }

    /// Records that an API call will not be done, whether a request was made or not.
    pub fn api_call_failed(
        &self,
        api_call: &OpenApiCall,
        ask: Option<ApiCallAttempt>,
        word: ApiCallFailure<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.end_failed(api_call, ask, word, now)?;
        let (call, cause) = (api_call.told.clone(), Box::new(word.why.clone()));
        let line = Reason::ApiCallFailed { call, cause };
        if let (Role::PreSend, Some(job)) = (api_call.role, &api_call.job) {
            self.alert_pre_send_failure(api_call, job, word.why, now)?;
        }
        self.follow_api_call(api_call, (JobState::Failed, &line), now)
    }

    /// Moves the job of an API call to the next day, which has calls again; what it has made stays made.
    pub fn put_off_action(
        &self,
        api_call: &OpenApiCall,
        (ask, word): (Option<ApiCallAttempt>, ApiCallFailure<'_>),
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.end_failed(api_call, ask, word, now)?;
        let Some(id) = &api_call.job else { return Ok(()) };
        let job = self.job(id)?;
        if job.state != JobState::Releasing {
            return Ok(());
        }
        let cause = word.why.clone();
        let why = match (self.codes_progress(id)?, job.on_quota) {
            (Some(CodesProgress { made, all, .. }), OnQuota::Defer) => {
                Reason::CodesPutOff { made, all, cause: Box::new(cause) }
            }
            (Some(CodesProgress { made, all, .. }), OnQuota::Fail) => {
                Reason::CodesStopped { made, all, cause: Box::new(cause) }
            }
            (None, _) => cause,
        };
        let after = Window::containing(Span::Day, now).end();
        self.defer(&job, account, Deferral { after, why: &why, by_ledger: false }, now)
    }

    fn end_failed(
        &self,
        api_call: &OpenApiCall,
        ask: Option<ApiCallAttempt>,
        word: ApiCallFailure<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Some(ask) = ask {
            self.end_call(ask, now)?;
            self.unspend(api_call.id, word.effect)?;
        }
        let state = self.call_after(api_call.id, Event::Fails)?;
        self.run(
            "UPDATE api_call SET state = ?2, next_at = NULL, ended_at = ?3, errcode = ?4,
                 errmsg = ?5 WHERE id = ?1",
            params![api_call.id, state.as_str(), millis(now), word.errcode, word.why],
        )
    }

    /// Returns the body of a job's first batch, once it is complete; previews are made from it.
    pub fn body_of(&self, job: &JobId) -> Result<Option<String>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT iif(prepared AND pruned_at IS NULL, body, NULL)
                 FROM batch JOIN body ON body.batch = batch.id JOIN job ON job.id = batch.job
                 WHERE job = ?1 AND replaced = 0 ORDER BY number LIMIT 1",
            )?
            .query_row([job.as_str()], |row| row.get(0))
            .optional()?
            .flatten())
    }

    /// Returns one API call for display.
    pub fn api_call_view(&self, id: i64) -> Result<Option<ApiCallView>> {
        let sql = format!("SELECT {VIEW} FROM api_call WHERE id = ?1");
        Ok(self.db.prepare_cached(&sql)?.query_row([id], read_view).optional()?)
    }

    /// Returns the API calls of a job, oldest first.
    pub fn api_calls(&self, job: &str) -> Result<Vec<ApiCallView>> {
        let sql = format!(
            "SELECT {VIEW} FROM api_call WHERE job = ?1 AND state NOT IN ('waiting', 'dropped')
             ORDER BY made_at, id"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([job], read_view)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Charges all that is left of a day's calls: a refusal shows that none are left.
    pub fn api_calls_used_up(
        &self,
        api_call: &OpenApiCall,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(need) = need_of(api_call, now) else { return Ok(()) };
        let usage = self.usage(&account.name, need, now)?;
        let left = quota::limit(need.rule, account).unwrap_or(0).saturating_sub(usage.used);
        if left == 0 {
            return Ok(());
        }
        self.run(
            "INSERT INTO charge (account, rule, \"window\", amount, state, api_call)
             VALUES (?1, ?2, ?3, ?4, 'kept', ?5)",
            params![account.name, need.rule.name(), need.window.to_string(), left, api_call.id],
        )
    }

    /// Lets open API calls of the last daemon be requested again: none of them can do harm.
    pub(super) fn mark_open_api_calls_in_doubt(&self, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE charge SET state = 'kept' WHERE state = 'reserved'
               AND api_call IN (SELECT id FROM api_call WHERE state = 'asking')",
            params![],
        )?;
        self.run(
            "UPDATE api_call SET state = ?2, next_at = ?3,
                 errmsg = json_object('code', 'daemon_ended') WHERE state = ?1",
            params![
                State::InFlight.as_str(),
                word_after(State::InFlight, Event::DaemonEnded),
                millis(now)
            ],
        )
    }
}

const VIEW: &str =
    "id, kind, parameters, state, made_at, ended_at, attempts, errcode, errmsg, answer,
    (SELECT number + 1 FROM batch WHERE id = api_call.batch AND EXISTS
        (SELECT 1 FROM batch AS other WHERE other.job = batch.job AND other.number <> batch.number))";

fn read_view(row: &Row<'_>) -> rusqlite::Result<ApiCallView> {
    let (kind, parameters): (String, String) = (row.get(1)?, row.get(2)?);
    let api_call = ApiCall::parse(&kind, &parameters)
        .ok_or_else(|| unreadable("api_call.parameters", &parameters))?;
    let answer: Option<String> = row.get(9)?;
    Ok(ApiCallView {
        id: row.get(0)?,
        what: told_of(&api_call, row.get(10)?),
        kind,
        state: row.get(3)?,
        at: instant(row.get(4)?),
        ended: row.get::<_, Option<i64>>(5)?.map(instant),
        attempts: row.get(6)?,
        errcode: row.get(7)?,
        why: row.get(8)?,
        answer: answer.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    })
}

fn need_of(api_call: &OpenApiCall, now: DateTime<Utc>) -> Option<Need> {
    let rule = counted_by(api_call)?;
    Some(Need { rule, window: rule.window(now)?, amount: 1 })
}
