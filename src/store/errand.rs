//! Errands: calls beside the broadcasts that a person or a job wants made.
//!
//! Whoever wants one writes it down; the daemon makes it and writes down what came of it. All of
//! them can be asked again without harm, so an open one is simply asked again after a crash. What
//! a job wants done before its broadcast is a prelude, which becomes an errand at its time.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::model::{Account, Errand, JobId, JobState};
use crate::quota::{self, Block, Need, Rule, margins};
use crate::store::place::{Respect, standing};
use crate::store::view::{maybe_rfc3339, rfc3339};
use crate::store::{Attention, Move, Result, Said, Step, StoreError, instant, millis, unreadable};

/// Of a job that is nothing but an errand, neither while releases are held nor after its time is over:
/// an old database must not put back an old menu.
const ASKABLE: &str = "account = ?1 AND next_at IS NOT NULL AND (role <> 'action' OR (
    NOT EXISTS (SELECT 1 FROM daemon WHERE hold_since_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM account WHERE name = ?1 AND hold_since_at IS NOT NULL)
    AND EXISTS (SELECT 1 FROM job WHERE job.id = errand.job
        AND ?2 < min(first_asked_at + retry_for_s * 1000, due_at + ?3))))";

/// How long a failed prelude stands before a person's eyes.
const TOLD_FOR: TimeDelta = TimeDelta::days(7);

/// Who wants an errand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A person, by a command.
    Command,
    /// A job, before its broadcast.
    Prelude,
    /// A job that does nothing else.
    Action,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Prelude => "prelude",
            Self::Action => "action",
        }
    }
}

/// An errand to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewErrand<'a> {
    /// The account's name.
    pub account: &'a str,
    /// What is asked.
    pub errand: &'a Errand,
    /// Who wants it.
    pub role: Role,
    /// The job in whose story it stands.
    pub job: Option<&'a JobId>,
    /// The broadcast that is deleted.
    pub batch: Option<i64>,
    /// The person, if one wants it.
    pub said: Option<Said<'a>>,
}

/// An errand that is to be asked, or was.
#[derive(Clone, Debug)]
pub struct OpenErrand {
    /// Its row.
    pub id: i64,
    /// What is asked.
    pub errand: Errand,
    /// Who wants it.
    pub role: Role,
    /// The job in whose story it stands.
    pub job: Option<JobId>,
    /// How often it was asked.
    pub attempts: u32,
    /// Whether an earlier request may have been obeyed.
    pub in_doubt: bool,
    /// Whether the question is only what became of it.
    pub verifies: bool,
    /// The number of the broadcast that is deleted.
    pub msg_id: Option<i64>,
    batch: Option<i64>,
    /// What it is and who wanted it.
    told: String,
}

/// An errand under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrandAsk {
    /// The errand.
    pub errand: i64,
    /// The call in the sliding minute, where it counts there.
    pub call: Option<i64>,
}

/// What was heard of an errand that is not done.
#[derive(Clone, Copy, Debug)]
pub struct ErrandWord<'a> {
    /// The platform's code.
    pub errcode: Option<i64>,
    /// What is told of it.
    pub words: &'a str,
    /// What the request did.
    pub effect: Effect,
}

/// What a request that was not answered with success did all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It never left, or was refused for its token: it counts nowhere.
    Nothing,
    /// It was refused: it counts as a call, and changed nothing.
    Call,
    /// It may have done what was asked.
    Unknown,
}

/// How an errand is asked again.
#[derive(Clone, Copy, Debug)]
pub struct Again {
    /// When.
    pub next_at: DateTime<Utc>,
    /// Whether it may have been done already.
    pub in_doubt: bool,
    /// Whether the platform is only asked what became of it.
    pub verifies: bool,
}

/// One errand, as people and programs see it.
#[derive(Clone, Debug, Serialize)]
pub struct ErrandView {
    /// Its number.
    pub id: i64,
    /// `preview`, `delete`, `speed_get`, `speed_set`, `menu` or `qrcode`.
    pub kind: String,
    /// The same in words.
    pub what: String,
    /// `planned`, `asking`, `in_doubt`, `done` or `failed`.
    pub state: String,
    /// When it was wanted.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// When it ended.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub ended: Option<DateTime<Utc>>,
    /// How often it was asked.
    pub attempts: u32,
    /// The platform's code.
    pub errcode: Option<i64>,
    /// What was last said of it.
    pub errmsg: Option<String>,
    /// What the platform told with it.
    pub answer: Value,
}

const ERRAND: &str =
    "errand.id, kind, parameters, role, errand.job, attempts, errand.state, verifies,
    (SELECT msg_id FROM batch WHERE id = errand.batch), errand.batch, who, why,
    (SELECT number + 1 FROM batch WHERE id = errand.batch AND EXISTS
        (SELECT 1 FROM batch AS other WHERE other.job = batch.job AND other.number <> batch.number))";

fn read_errand(row: &Row<'_>) -> rusqlite::Result<OpenErrand> {
    let (kind, parameters): (String, String) = (row.get(1)?, row.get(2)?);
    let role: String = row.get(3)?;
    let job: Option<String> = row.get(4)?;
    let who: Option<String> = row.get(10)?;
    let why: Option<String> = row.get(11)?;
    let errand = Errand::parse(&kind, &parameters)
        .ok_or_else(|| unreadable("errand.parameters", &parameters))?;
    let what = told_of(&errand, row.get(12)?);
    let told = match who {
        Some(who) => Said { who: &who, why: why.as_deref() }.line(&what),
        None => what,
    };
    Ok(OpenErrand {
        id: row.get(0)?,
        errand,
        role: match role.as_str() {
            "command" => Role::Command,
            "prelude" => Role::Prelude,
            _ => Role::Action,
        },
        job: job.as_deref().and_then(JobId::parse),
        attempts: row.get(5)?,
        in_doubt: row.get::<_, String>(6)? == "in_doubt",
        verifies: row.get(7)?,
        msg_id: row.get(8)?,
        batch: row.get(9)?,
        told,
    })
}

/// Returns what an errand is, with the batch's number where its job has several.
fn told_of(errand: &Errand, batch: Option<u32>) -> String {
    match batch {
        Some(batch) => format!("{errand} (batch {batch})"),
        None => errand.to_string(),
    }
}

/// Returns the rule that an errand's calls are counted by in a day.
fn counted_by(errand: &OpenErrand) -> Option<Rule> {
    match errand.errand {
        Errand::Preview(..) => Some(Rule::DailyPreviews),
        Errand::Delete(_) => (!errand.verifies).then_some(Rule::DailyDeletes),
        Errand::Menu(_) => Some(Rule::DailyMenus),
        Errand::Qrcode(_) => Some(Rule::DailyQrcodes),
        Errand::SpeedGet | Errand::SpeedSet(_) => None,
    }
}

/// How the errands of one release of a job stand.
#[derive(Debug)]
struct Run {
    all: u32,
    open: u32,
    failed: u32,
    /// What was last said of one that failed.
    words: String,
}

impl Step<'_> {
    /// Writes an errand down, to be asked from now on.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn write_errand(&self, new: &NewErrand<'_>, now: DateTime<Utc>) -> Result<i64> {
        self.run(
            "INSERT INTO errand (account, kind, role, job, batch, parameters, who, why, made_at, state, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'planned', ?9)",
            params![
                new.account,
                new.errand.kind(),
                new.role.as_str(),
                new.job.map(JobId::as_str),
                new.batch,
                new.errand.parameters().to_string(),
                new.said.map(|said| said.who),
                new.said.and_then(|said| said.why),
                millis(now),
            ],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Returns when the account's next errand is to be asked.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn next_errand(&self, account: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let sql = format!("SELECT next_at FROM errand WHERE {ASKABLE} ORDER BY next_at LIMIT 1");
        let values = params![account, millis(now), margins::ASK_WITHIN.num_milliseconds()];
        let next: Option<i64> =
            self.db.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()?;
        Ok(next.map(instant))
    }

    /// Returns the account's errand that is to be asked first.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn due_errand(&self, account: &str, now: DateTime<Utc>) -> Result<Option<OpenErrand>> {
        let sql = format!(
            "SELECT {ERRAND} FROM errand WHERE {ASKABLE} AND next_at <= ?2
             ORDER BY next_at, id LIMIT 1"
        );
        let values = params![account, millis(now), margins::ASK_WITHIN.num_milliseconds()];
        Ok(self.db.prepare_cached(&sql)?.query_row(values, read_errand).optional()?)
    }

    /// Returns an errand.
    ///
    /// # Errors
    /// Where it is unknown, or SQLite fails.
    pub fn errand(&self, id: i64) -> Result<OpenErrand> {
        let sql = format!("SELECT {ERRAND} FROM errand WHERE id = ?1");
        self.db
            .prepare_cached(&sql)?
            .query_row([id], read_errand)
            .optional()?
            .ok_or_else(|| StoreError::Guard(format!("there is no errand {id}")))
    }

    /// Returns the rule whose window has no room for an errand, if one has none.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn errand_block(
        &self,
        errand: &OpenErrand,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<Option<Block>> {
        let scene = self.scene_of(errand, &account.name, now)?;
        for need in need_of(errand, now).into_iter().chain(scene) {
            let respect = match &errand.job {
                Some(id) => Respect::Ahead(standing(&self.job(id)?), id),
                None => Respect::All,
            };
            let usage = self.usage(&account.name, need, respect, now)?;
            if let Err(block) = quota::admit(account, need, usage) {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// Returns what a permanent code needs whose scene is not charged yet.
    fn scene_of(
        &self,
        errand: &OpenErrand,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Need>> {
        let Errand::Qrcode(code) = &errand.errand else { return Ok(None) };
        let rule = Rule::PermanentQrcodes;
        let Some(window) = rule.window(now).filter(|_| code.is_permanent()) else {
            return Ok(None);
        };
        let charged: bool = self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM errand JOIN charge ON charge.errand = errand.id
                 WHERE errand.account = ?1 AND kind = 'qrcode' AND parameters = ?2 AND rule = ?3
                   AND charge.state <> 'returned')",
            )?
            .query_row(
                params![account, errand.errand.parameters().to_string(), rule.name()],
                |row| row.get(0),
            )?;
        Ok((!charged).then_some(Need { rule, window, amount: 1 }))
    }

    /// Returns the job whose menu takes the place of an older one, if there is one.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn later_menu(&self, errand: &OpenErrand, account: &str) -> Result<Option<String>> {
        if !matches!(errand.errand, Errand::Menu(_)) {
            return Ok(None);
        }
        Ok(self
            .db
            .prepare_cached(
                "SELECT job FROM errand WHERE account = ?1 AND kind = 'menu' AND id > ?2
                   AND state <> 'failed' ORDER BY id DESC LIMIT 1",
            )?
            .query_row(params![account, errand.id], |row| row.get(0))
            .optional()?
            .flatten())
    }

    /// Begins to ask for an errand, counting the call.
    ///
    /// # Errors
    /// Where SQLite fails, or it is no longer open.
    pub fn begin_errand(
        &self,
        errand: &OpenErrand,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<ErrandAsk> {
        let call = if errand.errand.is_of_the_mass_family() {
            self.run(
                "INSERT INTO call (account, begun_at) VALUES (?1, ?2)",
                params![account, millis(now)],
            )?;
            Some(self.db.last_insert_rowid())
        } else {
            None
        };
        let begun = self
            .db
            .prepare_cached(
                "UPDATE errand SET state = 'asking', next_at = NULL, attempts = attempts + 1, call = ?2
                 WHERE id = ?1 AND state IN ('planned', 'in_doubt')",
            )?
            .execute(params![errand.id, call])?;
        if begun == 0 {
            return Err(StoreError::Guard(format!("errand {} is no longer open", errand.id)));
        }
        // What its job claimed is charged from here on.
        self.run(
            "DELETE FROM claim WHERE job = (SELECT job FROM errand WHERE id = ?1) AND rule = ?2",
            params![errand.id, Rule::PermanentQrcodes.name()],
        )?;
        let counted = need_of(errand, now).map(|need| (need, "kept"));
        let scene = self.scene_of(errand, account, now)?.map(|need| (need, "reserved"));
        for (need, state) in counted.into_iter().chain(scene) {
            self.run(
                "INSERT INTO charge (account, rule, \"window\", amount, state, errand)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5)",
                params![account, need.rule.name(), need.window.to_string(), state, errand.id],
            )?;
        }
        Ok(ErrandAsk { errand: errand.id, call })
    }

    fn end_call(&self, ask: ErrandAsk, now: DateTime<Utc>) -> Result<()> {
        self.run("UPDATE call SET ended_at = ?2 WHERE id = ?1", params![ask.call, millis(now)])
    }

    /// Takes back what the last request of an errand charged and did not use.
    ///
    /// A scene that may have its code is never given back.
    fn unspend(&self, errand: i64, effect: Effect) -> Result<()> {
        if effect == Effect::Nothing {
            self.run(
                "UPDATE charge SET state = 'returned' WHERE id = (SELECT max(id) FROM charge
                     WHERE errand = ?1 AND state = 'kept' AND rule <> ?2)",
                params![errand, Rule::PermanentQrcodes.name()],
            )?;
        }
        let scene = match effect {
            Effect::Nothing | Effect::Call => "returned",
            Effect::Unknown => "kept",
        };
        self.run(
            "UPDATE charge SET state = ?2 WHERE errand = ?1 AND state = 'reserved'",
            params![errand, scene],
        )
    }

    /// Records that an errand is to be asked again.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn errand_again(
        &self,
        ask: ErrandAsk,
        word: ErrandWord<'_>,
        again: Again,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.end_call(ask, now)?;
        self.unspend(ask.errand, word.effect)?;
        let state = if again.in_doubt { "in_doubt" } else { "planned" };
        self.run(
            "UPDATE errand SET state = ?2, next_at = ?3, errcode = ?4, errmsg = ?5, verifies = ?6
             WHERE id = ?1 AND state = 'asking'",
            params![
                ask.errand,
                state,
                millis(again.next_at),
                word.errcode,
                word.words,
                again.verifies
            ],
        )
    }

    /// Records that an errand is done, and what the platform told with it.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn errand_done(
        &self,
        ask: ErrandAsk,
        account: &Account,
        answer: &Value,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.end_call(ask, now)?;
        let errand = self.errand(ask.errand)?;
        self.run(
            "UPDATE charge SET state = 'kept' WHERE errand = ?1 AND state = 'reserved'",
            params![errand.id],
        )?;
        self.run(
            "UPDATE errand SET state = 'done', next_at = NULL, ended_at = ?2, answer = ?3,
                 errcode = 0, errmsg = NULL WHERE id = ?1",
            params![errand.id, millis(now), answer.to_string()],
        )?;
        let line = format!("{}: done", errand.told);
        if let (Errand::Delete(deletion), Some(batch)) = (&errand.errand, errand.batch) {
            self.deleted(deletion, (account, batch), &line, now)?;
        }
        self.follow_errand(&errand, (JobState::Sent, &line), now)
    }

    /// Records that an errand will not be done, whether it was asked or not.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn errand_failed(
        &self,
        errand: &OpenErrand,
        ask: Option<ErrandAsk>,
        word: ErrandWord<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Some(ask) = ask {
            self.end_call(ask, now)?;
            self.unspend(errand.id, word.effect)?;
        }
        self.run(
            "UPDATE errand SET state = 'failed', next_at = NULL, ended_at = ?2, errcode = ?3, errmsg = ?4
             WHERE id = ?1",
            params![errand.id, millis(now), word.errcode, word.words],
        )?;
        let line = format!("{} failed: {}", errand.told, word.words);
        if let (Role::Prelude, Some(job)) = (errand.role, &errand.job) {
            self.tell_person(errand, job, word.words, now)?;
        }
        self.follow_errand(errand, (JobState::Failed, &line), now)
    }

    /// A prelude that fails never stops its broadcast: a person hears of it.
    fn tell_person(
        &self,
        errand: &OpenErrand,
        job: &JobId,
        words: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let account = self.account_of(job)?;
        let name = account.as_deref().unwrap_or_default();
        let (kind, what, advice) = match &errand.errand {
            Errand::SpeedSet(speed) => (
                "speed",
                format!(
                    "speed {speed} could not be set for job {job}, which goes at its time all the same: {words}"
                ),
                format!("`qunfa speed {name}` shows the speed that it goes at"),
            ),
            Errand::Preview(..)
            | Errand::Delete(_)
            | Errand::SpeedGet
            | Errand::Menu(_)
            | Errand::Qrcode(_) => (
                "preview",
                format!("the {} of job {job} failed: {words}", errand.errand),
                format!("`qunfa preview {job} --to NAME` shows it; `qunfa cancel {job}` stops it"),
            ),
        };
        let note = Attention {
            account: account.as_deref(),
            job: Some(job.as_str()),
            kind,
            what: &what,
            advice: &advice,
        };
        self.attend_until(&note, now + TOLD_FOR, now)
    }

    /// Writes an errand's end into the story that it stands in, and ends a job that was nothing else.
    fn follow_errand(
        &self,
        errand: &OpenErrand,
        (state, line): (JobState, &str),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(id) = &errand.job else { return Ok(()) };
        let job = self.job(id)?;
        match errand.role {
            Role::Action if job.state == JobState::Releasing => {
                let run = self.run_of(errand)?;
                if run.open > 0 {
                    return self.tell(id, Some(job.state), job.state, line, now);
                }
                let state = if run.failed > 0 { JobState::Failed } else { state };
                let some = format!("{} of {} failed: {}", run.failed, run.all, run.words);
                let line = if run.all > 1 && run.failed > 0 {
                    self.tell(id, Some(job.state), job.state, line, now)?;
                    &some
                } else {
                    line
                };
                let reason = (state != JobState::Sent).then_some(line);
                self.move_job(id, job.state, Move { state, wake_at: None, reason, why: line }, now)
            }
            Role::Action | Role::Command => self.tell(id, Some(job.state), job.state, line, now),
            Role::Prelude => {
                self.tell(id, Some(job.state), job.state, line, now)?;
                // It may have waited for this.
                if job.state == JobState::Planned && matches!(errand.errand, Errand::SpeedSet(_)) {
                    self.sleep(id, job.due_at.max(now), None)?;
                }
                Ok(())
            }
        }
    }

    /// Returns how a job's errands of one release stand.
    fn run_of(&self, errand: &OpenErrand) -> Result<Run> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL),
                        count(*) FILTER (WHERE state = 'failed'),
                        ifnull(max(errmsg) FILTER (WHERE state = 'failed'), '')
                 FROM errand JOIN (SELECT job AS of, made_at AS begun FROM errand WHERE id = ?1)
                     ON job = of AND made_at = begun
                 WHERE role = 'action'",
            )?
            .query_row([errand.id], |row| {
                Ok(Run {
                    all: row.get(0)?,
                    open: row.get(1)?,
                    failed: row.get(2)?,
                    words: row.get(3)?,
                })
            })?)
    }

    /// Returns the body of a job's first batch, from which previews are made, once it is complete.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn body_of(&self, job: &JobId) -> Result<Option<String>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT iif(prepared, body, NULL) FROM batch JOIN body ON body.batch = batch.id
                 WHERE job = ?1 AND replaced = 0 ORDER BY number LIMIT 1",
            )?
            .query_row([job.as_str()], |row| row.get(0))
            .optional()?
            .flatten())
    }

    /// Returns one errand as people see it.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn errand_view(&self, id: i64) -> Result<Option<ErrandView>> {
        let sql = format!("SELECT {VIEW} FROM errand WHERE id = ?1");
        Ok(self.db.prepare_cached(&sql)?.query_row([id], read_view).optional()?)
    }

    /// Returns the errands of a job, oldest first.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn errands(&self, job: &str) -> Result<Vec<ErrandView>> {
        let sql = format!("SELECT {VIEW} FROM errand WHERE job = ?1 ORDER BY id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([job], read_view)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Charges all that is left of a day's calls, as a refusal shows them to be gone.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn errands_used_up(
        &self,
        errand: &OpenErrand,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(need) = need_of(errand, now) else { return Ok(()) };
        let usage = self.usage(&account.name, need, Respect::All, now)?;
        let left = quota::limit(need.rule, account).unwrap_or(0).saturating_sub(usage.used);
        if left == 0 {
            return Ok(());
        }
        self.run(
            "INSERT INTO charge (account, rule, \"window\", amount, state, errand)
             VALUES (?1, ?2, ?3, ?4, 'kept', ?5)",
            params![account.name, need.rule.name(), need.window.to_string(), left, errand.id],
        )
    }

    /// Lets errands that the last daemon asked for be asked again: none of them can do harm.
    pub(super) fn leave_open_errands_in_doubt(&self, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE charge SET state = 'kept' WHERE state = 'reserved'
               AND errand IN (SELECT id FROM errand WHERE state = 'asking')",
            params![],
        )?;
        self.run(
            "UPDATE errand SET state = 'in_doubt', next_at = ?1,
                 errmsg = 'the daemon ended before the answer was stored'
             WHERE state = 'asking'",
            params![millis(now)],
        )
    }
}

const VIEW: &str =
    "id, kind, parameters, state, made_at, ended_at, attempts, errcode, errmsg, answer,
    (SELECT number + 1 FROM batch WHERE id = errand.batch AND EXISTS
        (SELECT 1 FROM batch AS other WHERE other.job = batch.job AND other.number <> batch.number))";

fn read_view(row: &Row<'_>) -> rusqlite::Result<ErrandView> {
    let (kind, parameters): (String, String) = (row.get(1)?, row.get(2)?);
    let errand = Errand::parse(&kind, &parameters)
        .ok_or_else(|| unreadable("errand.parameters", &parameters))?;
    let answer: Option<String> = row.get(9)?;
    Ok(ErrandView {
        id: row.get(0)?,
        what: told_of(&errand, row.get(10)?),
        kind,
        state: row.get(3)?,
        at: instant(row.get(4)?),
        ended: row.get::<_, Option<i64>>(5)?.map(instant),
        attempts: row.get(6)?,
        errcode: row.get(7)?,
        errmsg: row.get(8)?,
        answer: answer.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    })
}

fn need_of(errand: &OpenErrand, now: DateTime<Utc>) -> Option<Need> {
    let rule = counted_by(errand)?;
    Some(Need { rule, window: rule.window(now)?, amount: 1 })
}
