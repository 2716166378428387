//! The outbox of alerts: notices become messages, and messages deliveries.
//!
//! A trigger writes each notice in the transaction of its cause (see `schema.sql`). The daemon then
//! makes one message of it and writes a delivery for each receiver, in one transaction, so that a
//! crash loses none and tells none twice under two ids. That something is over is told once it has
//! been over for a moment: some alerts are cleared and raised again at every start.

mod delivery;
mod signs;
mod timed;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use serde_json::Value;

use crate::alert::{self, Event, Fact, Message, Told, redact};
use crate::calendar::json::{maybe_rfc3339, rfc3339};
use crate::model::{JobId, JobState};
use crate::reason::Reason;
use crate::store::view::AlertView;
use crate::store::{Result, Tx, instant, millis};
use crate::text::alert as words;

pub use delivery::{Delivery, DeliveryOutcome, DeliveryState, DeliveryView};
pub(super) use timed::CONFIRM_LEFT;
pub use timed::Timing;

/// How long something must be over before that is told.
const OVER_FOR: TimeDelta = TimeDelta::seconds(30);
/// How many notices one transaction makes messages of.
const AT_ONCE: u32 = 100;
/// How many it passes over if there is nobody to tell: a first start has one for each account.
const PASSED_OVER_AT_ONCE: u32 = 4_000;
/// Notes when something was over. The index of untold notices serves it only with both conditions.
const NOTE_END: &str = "UPDATE notice SET ended_at = ?1
    WHERE state IN ('new', 'ending') AND state = 'ending' AND ended_at IS NULL";
/// How long notices that nothing is left to tell of are kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// One notice in a list.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeView {
    /// Its number.
    pub number: i64,
    /// Its message.
    #[serde(skip)]
    pub message: Message,
    /// When it happened.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// When the daemon saw that it is over.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub ended: Option<DateTime<Utc>>,
    /// Its deliveries.
    pub deliveries: Vec<DeliveryView>,
}

/// A row of the outbox.
struct Notice {
    number: i64,
    kind: String,
    account: Option<String>,
    job: Option<String>,
    subject: String,
    raised_at: DateTime<Utc>,
    why: Option<Reason>,
    /// What the alert told that it is about; none if another row says it.
    told: Option<Told>,
}

/// Reads the rows of [`read`], and when each was over.
const SELECT: &str = "SELECT id, kind, account, job, subject, raised_at, why, what, \"do\", state,
    ended_at FROM notice";

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Notice> {
    Ok(Notice {
        number: row.get(0)?,
        kind: row.get(1)?,
        account: row.get(2)?,
        job: row.get(3)?,
        subject: row.get(4)?,
        raised_at: instant(row.get(5)?),
        why: row.get(6)?,
        told: stored(row)?,
    })
}

fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Told>> {
    let (what, advice): (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
    Ok(what.map(|what| Told::parse(&what, advice.as_deref())))
}

/// Returns the names of the receivers of a message, and when each is told.
type Routing<'a> = &'a dyn Fn(&Message) -> Vec<(String, DateTime<Utc>)>;

impl Tx<'_> {
    /// Returns whether a notice waits for its messages.
    pub fn has_untold_notices(&self, now: DateTime<Utc>) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM notice WHERE state IN ('new', 'ending')
                     AND (state = 'new' OR ended_at IS NULL OR ended_at <= ?1))",
            )?
            .query_row([millis(now - OVER_FOR)], |row| row.get(0))?)
    }

    /// Makes messages of the oldest notices, and a delivery of each message for each receiver.
    pub fn tell_notices(&self, routing: Routing<'_>, now: DateTime<Utc>) -> Result<()> {
        for notice in &self.notices("new", None, AT_ONCE)? {
            match self.tell_new(notice, routing, now) {
                // One notice that cannot be told must not hold back all others.
                Err(error) if error.is_ours() => {
                    let message = not_read(notice, Event::Raised);
                    self.deliver(notice.number, &message, routing, now)?;
                    self.note_told(notice)?;
                }
                other => other?,
            }
        }
        self.tell_ended(routing, now)
    }

    /// Does the same if there is no receiver: no message is made.
    pub fn pass_over_notices(&self, now: DateTime<Utc>) -> Result<()> {
        for notice in &self.notices("new", None, PASSED_OVER_AT_ONCE)? {
            self.note_told(notice)?;
        }
        self.tell_ended(&|_| Vec::new(), now)
    }

    fn tell_ended(&self, routing: Routing<'_>, now: DateTime<Utc>) -> Result<()> {
        self.run(NOTE_END, params![millis(now)])?;
        for notice in self.notices("ending", Some(now - OVER_FOR), AT_ONCE)? {
            self.tell_over(&notice, routing, now)?;
        }
        Ok(())
    }

    /// Returns the oldest notices in a state, of those that are over since `ended_by`, if it is given.
    fn notices(
        &self,
        state: &str,
        ended_by: Option<DateTime<Utc>>,
        most: u32,
    ) -> Result<Vec<Notice>> {
        let sql = format!(
            "{SELECT} WHERE state IN ('new', 'ending') AND state = ?1
                 AND (?2 IS NULL OR ended_at <= ?2)
             ORDER BY id LIMIT ?3"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![state, ended_by.map(millis), most], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn tell_new(&self, notice: &Notice, routing: Routing<'_>, now: DateTime<Utc>) -> Result<()> {
        if let Some(message) = self.message(notice, now)? {
            self.deliver(notice.number, &message, routing, now)?;
        }
        self.note_told(notice)
    }

    fn note_told(&self, notice: &Notice) -> Result<()> {
        let state = if alert::lasts(&notice.kind) { "open" } else { "closed" };
        self.run("UPDATE notice SET state = ?2 WHERE id = ?1", params![notice.number, state])
    }

    fn tell_over(&self, notice: &Notice, routing: Routing<'_>, now: DateTime<Utc>) -> Result<()> {
        let state = self.state_of(notice)?;
        let over = self.about(notice, Event::Over, Fact::Over { state })?;
        let over = Message { at: now, ..over };
        self.deliver(notice.number, &over, routing, now)?;
        self.run("UPDATE notice SET state = 'closed' WHERE id = ?1", params![notice.number])
    }

    /// Returns the message of a new notice; none if nothing is left to tell.
    fn message(&self, notice: &Notice, now: DateTime<Utc>) -> Result<Option<Message>> {
        let Some(fact) = self.fact(notice)? else { return Ok(None) };
        let advice = match self.advice_of_status(notice, now)? {
            Some(advice) => Some(advice),
            None => advice(notice),
        };
        let event = if notice.kind == "test" { Event::Test } else { Event::Raised };
        let about = self.about(notice, event, fact)?;
        Ok(Some(Message { advice, until: self.until(notice)?, ..about }))
    }

    /// Returns what `status` advises, which depends on more than the cause.
    fn advice_of_status(&self, notice: &Notice, now: DateTime<Utc>) -> Result<Option<String>> {
        let views = match (notice.kind.as_str(), &notice.job) {
            ("hold" | "paused", _) => self.stop_notes()?,
            (kind, Some(job)) if JobState::parse(kind).is_some() => {
                self.job_notes(Some(job), now)?
            }
            _ => return Ok(None),
        };
        let same = |view: &AlertView| view.kind == notice.kind && view.account == notice.account;
        Ok(views.into_iter().find(same).map(|view| view.advice))
    }

    /// Returns a message about what a notice is about, without advice.
    fn about(&self, notice: &Notice, event: Event, fact: Fact) -> Result<Message> {
        let title = match &notice.job {
            Some(job) => self.public_title(job)?,
            None => None,
        };
        Ok(Message {
            id: id(notice, event),
            event,
            kind: notice.kind.clone(),
            severity: alert::severity(&notice.kind, notice.why.as_ref()),
            account: notice.account.clone(),
            job: notice.job.clone(),
            title,
            at: notice.raised_at,
            until: None,
            fact,
            advice: None,
            link: None,
        })
    }

    fn fact(&self, notice: &Notice) -> Result<Option<Fact>> {
        let why = notice.why.as_ref().map(redact::reason);
        let fact = match (notice.kind.as_str(), why) {
            ("test", _) => {
                let name = Some(&notice.subject).filter(|name| !name.is_empty());
                Fact::Test { receiver: name.cloned() }
            }
            ("sent", _) => self.counts(notice)?,
            ("moved", Some(why)) => {
                let Some(to) = self.due_of(notice)? else { return Ok(None) };
                let from = DateTime::parse_from_rfc3339(&notice.subject);
                let from = from.ok().map(|at| at.with_timezone(&Utc));
                // It moved, and moved back before anybody was told.
                if from == Some(to) {
                    return Ok(None);
                }
                Fact::Moved { from, to, why }
            }
            ("hold" | "paused", Some(why)) => Fact::Stopped { why },
            ("approval_due", _) => Fact::ApprovalDue,
            ("files_due", _) => self.files_due(notice)?,
            ("confirm", _) => Fact::ConfirmDue,
            ("refused_file", _) => return self.refused(notice),
            ("summary", _) => self.summary(&notice.subject, notice.raised_at)?,
            (kind, why) if JobState::parse(kind).is_some() => {
                let Some(state) = JobState::parse(kind) else { return Ok(None) };
                Fact::Job { state, why }
            }
            _ => return Ok(notice.told.clone().map(|told| Fact::Told { told })),
        };
        Ok(Some(fact))
    }

    fn files_due(&self, notice: &Notice) -> Result<Fact> {
        let job = notice.job.as_deref().and_then(JobId::parse);
        let files = job.map_or(Ok(Vec::new()), |job| self.awaited_files(&job))?;
        Ok(Fact::FilesDue { files })
    }

    fn counts(&self, notice: &Notice) -> Result<Fact> {
        let read = |row: &rusqlite::Row<'_>, place| -> rusqlite::Result<Option<u64>> {
            Ok(row.get::<_, Option<i64>>(place)?.map(i64::unsigned_abs))
        };
        Ok(self
            .db
            .prepare_cached(
                "SELECT sum(ifnull(filter_count, total_count)), sum(sent_count), sum(error_count)
                 FROM batch WHERE job = ?1 AND replaced = 0",
            )?
            .query_row([&notice.job], |row| {
                Ok(Fact::Sent {
                    receivers: read(row, 0)?,
                    sent: read(row, 1)?,
                    failed: read(row, 2)?,
                })
            })?)
    }

    fn refused(&self, notice: &Notice) -> Result<Option<Fact>> {
        Ok(self
            .db
            .prepare_cached("SELECT problems, line FROM refused_file WHERE name = ?1")?
            .query_row([&notice.subject], |row| {
                let (problems, line): (i64, i64) = (row.get(0)?, row.get(1)?);
                let (problems, line) = (problems.unsigned_abs(), line.unsigned_abs());
                Ok(Fact::RefusedFile { name: notice.subject.clone(), problems, line })
            })
            .optional()?)
    }

    fn due_of(&self, notice: &Notice) -> Result<Option<DateTime<Utc>>> {
        Ok(self
            .db
            .prepare_cached("SELECT due_at FROM job WHERE id = ?1")?
            .query_row([&notice.job], |row| Ok(instant(row.get(0)?)))
            .optional()?)
    }

    fn state_of(&self, notice: &Notice) -> Result<Option<JobState>> {
        let Some(job) = &notice.job else { return Ok(None) };
        let state: Option<String> = self
            .db
            .prepare_cached("SELECT state FROM job WHERE id = ?1")?
            .query_row([job], |row| row.get(0))
            .optional()?;
        Ok(state.as_deref().and_then(JobState::parse))
    }

    /// Returns until when an operator can act.
    fn until(&self, notice: &Notice) -> Result<Option<DateTime<Utc>>> {
        match notice.kind.as_str() {
            "approval_due" | "files_due" => self.due_of(notice),
            "confirm" => Ok(Some(notice.raised_at + CONFIRM_LEFT)),
            _ => Ok(None),
        }
    }

    /// Returns the title of a job; none if it is the beginning of a text, which no message shows.
    pub(super) fn public_title(&self, job: &str) -> Result<Option<String>> {
        let found: Option<(Option<String>, String, String, Option<String>)> = self
            .db
            .prepare_cached(
                "SELECT title, action, msgtype, (SELECT body FROM batch JOIN body
                     ON body.batch = batch.id WHERE batch.job = job.id ORDER BY batch.id LIMIT 1)
                 FROM job WHERE id = ?1",
            )?
            .query_row([job], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((Some(title), action, msgtype, body)) = found else { return Ok(None) };
        let is_public = match (action.as_str(), msgtype.as_str(), body) {
            ("delete", ..) => false,
            (_, "text" | "image", Some(body)) => !begins_a_text(&title, &body),
            (_, "text" | "image", None) => false,
            _ => true,
        };
        Ok(is_public.then_some(title))
    }

    /// Deletes notices that nothing is left to tell of, with their deliveries.
    pub fn prune_notices(&self, now: DateTime<Utc>) -> Result<()> {
        let old = "SELECT id FROM notice WHERE raised_at < ?1 AND state = 'closed' AND NOT EXISTS
            (SELECT 1 FROM notice_delivery WHERE notice_delivery.notice = notice.id AND state = 'waiting')";
        let before = millis(now - KEPT);
        self.run(&format!("DELETE FROM notice_delivery WHERE notice IN ({old})"), params![before])?;
        self.run(&format!("DELETE FROM notice WHERE id IN ({old})"), params![before])
    }

    /// Asks for a test message to one receiver or to all; returns its notice.
    pub fn ask_for_test(&self, receiver: Option<&str>, now: DateTime<Utc>) -> Result<i64> {
        self.run(
            "INSERT INTO notice (kind, subject, raised_at) VALUES ('test', ?1, ?2)",
            params![receiver.unwrap_or_default(), millis(now)],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Returns the newest notices, or one.
    pub fn list_notices(
        &self,
        one: Option<i64>,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<NoticeView>> {
        let sql = format!("{SELECT} WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC LIMIT ?2");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![one, most], |row| {
            Ok((read(row)?, row.get::<_, Option<i64>>(10)?.map(instant)))
        })?;
        let mut views = Vec::new();
        for row in rows {
            let (notice, ended) = row?;
            let told = self.told_message(notice.number)?;
            let made = if told.is_none() { self.message(&notice, now)? } else { None };
            let message = match told.or(made) {
                Some(message) => message,
                None => self.about(&notice, Event::Over, Fact::Over { state: None })?,
            };
            let deliveries = self.deliveries(notice.number)?;
            let (number, at) = (notice.number, notice.raised_at);
            views.push(NoticeView { number, message, at, ended, deliveries });
        }
        Ok(views)
    }
}

/// Returns what helps where no alert of `status` says it.
fn advice(notice: &Notice) -> Option<String> {
    let job = notice.job.as_deref().unwrap_or_default();
    match notice.kind.as_str() {
        "approval_due" => Some(words::approve(job)),
        "files_due" => Some(words::bring_files()),
        "confirm" | "moved" | "sent" => Some(words::show(job)),
        "refused_file" => Some(words::mend(&notice.subject)),
        _ => None,
    }
}

/// Returns a message's id; see [`alert::id`]. It follows from what the message tells: a copy of the database gives the
/// same one only for the same thing.
fn id(notice: &Notice, event: Event) -> String {
    alert::id(&[
        event.as_str(),
        &notice.kind,
        notice.account.as_deref().unwrap_or_default(),
        notice.job.as_deref().unwrap_or_default(),
        &notice.subject,
        &millis(notice.raised_at).to_string(),
        &notice.number.to_string(),
    ])
}

/// Returns what is told instead of a message that cannot be made or read.
fn not_read(notice: &Notice, event: Event) -> Message {
    Message {
        id: id(notice, event),
        event,
        kind: notice.kind.clone(),
        severity: alert::severity(&notice.kind, None),
        account: notice.account.clone(),
        job: notice.job.clone(),
        title: None,
        at: notice.raised_at,
        until: None,
        fact: Fact::Told { told: Told::NotRead },
        advice: None,
        link: None,
    }
}

/// Returns whether a title is the beginning of a text in a body.
fn begins_a_text(title: &str, body: &str) -> bool {
    fn any(value: &Value, title: &str) -> bool {
        match value {
            Value::String(text) => {
                text.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(title)
            }
            Value::Array(items) => items.iter().any(|item| any(item, title)),
            Value::Object(map) => map.values().any(|value| any(value, title)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    serde_json::from_str(body).map_or(true, |body: Value| any(&body, title))
}

/// Returns the receivers that a routing names, each once.
fn receivers(routed: Vec<(String, DateTime<Utc>)>) -> Vec<(String, DateTime<Utc>)> {
    let mut seen = BTreeSet::new();
    routed.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect()
}

#[cfg(test)]
mod tests;
