//! Alerts that no operator has acknowledged.
//!
//! An acknowledgement holds for what the alert said then: an alert that says something else, or
//! whose job has a longer history, is new and comes back. An acknowledgement changes only what is
//! shown: a paused account stays paused.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::alert::{self, Severity};
use crate::calendar::{self, json::rfc3339};
use crate::model::{JobId, JobState, hex};
use crate::reason::{Operation, Reason};
use crate::store::view::AlertView;
use crate::store::{DecidedBy, Result, StoreError, Tx, instant, millis};

/// The prefix of an alert's id; no job's id can begin so.
const NOTE: &str = "n:";
/// How many bytes of a digest distinguish the alerts of one moment.
const NOTE_BYTES: usize = 3;

impl AlertView {
    /// Returns its id: the same for one kind of trouble of one job or account, and never a job's.
    pub fn note(&self) -> String {
        let mut hash = Sha256::new();
        let (account, job) = (self.account.as_deref(), self.id.as_deref());
        for part in
            [account.unwrap_or_default(), job.unwrap_or_default(), &self.kind, self.subject()]
        {
            hash.update(part);
            hash.update([0]);
        }
        format!("{NOTE}{}", hex(&hash.finalize()[..NOTE_BYTES]))
    }

    /// Returns what distinguishes it from others of its kind: many files can be refused at a time,
    /// and several receivers not be reached; the text of each alert names its own.
    fn subject(&self) -> &str {
        if matches!(self.kind.as_str(), "refused_file" | "delivery") { &self.identity } else { "" }
    }

    /// Returns what it says, for comparison: if it is a reason, other words for that reason are no
    /// news.
    fn stance(&self) -> String {
        self.why.as_ref().map_or_else(|| self.identity.clone(), Reason::to_json)
    }

    /// Returns how soon an operator has to look.
    pub fn severity(&self) -> Severity {
        alert::severity(&self.kind, self.why.as_ref())
    }

    /// Returns whether it reports a job's state, and so ends once the job moves.
    pub fn is_state(&self) -> bool {
        self.id.is_some() && JobState::parse(&self.kind).is_some()
    }
}

/// Who acknowledged an alert.
#[derive(Clone, Debug, Serialize)]
pub struct Acknowledgement {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// Why, in the operator's words.
    pub why: Option<String>,
}

/// The job whose request is overdue for the longest time.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// The job.
    pub id: String,
    /// Its account.
    pub account: String,
    /// Its title.
    pub title: String,
    /// When it was due.
    pub due: DateTime<Utc>,
    /// Since when it waits only for the daemon.
    pub since: DateTime<Utc>,
}

impl Tx<'_> {
    /// Returns what needs an operator and is not acknowledged, the oldest first.
    pub fn attention(&self, now: DateTime<Utc>) -> Result<Vec<AlertView>> {
        let mut open = Vec::new();
        for note in self.current_alerts(now)? {
            if !self.is_acknowledged(&note)? {
                open.push(note);
            }
        }
        Ok(open)
    }

    fn is_acknowledged(&self, note: &AlertView) -> Result<bool> {
        Ok(self.acknowledgement(note)?.is_some())
    }

    /// Returns who acknowledged an alert in its present form, and why.
    pub fn acknowledgement(&self, note: &AlertView) -> Result<Option<Acknowledgement>> {
        let known = self
            .db
            .prepare_cached(
                "SELECT since_at, what, story, at, who, why FROM acknowledgement
                 WHERE ifnull(account, '') = ?1 AND ifnull(job, '') = ?2 AND kind = ?3
                   AND subject = ?4",
            )?
            .query_row(
                params![
                    note.account.as_deref().unwrap_or_default(),
                    note.id.as_deref().unwrap_or_default(),
                    note.kind,
                    note.subject(),
                ],
                |row| {
                    let then: (i64, String, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    let (at, who, why) = (instant(row.get(3)?), row.get(4)?, row.get(5)?);
                    Ok((then, Acknowledgement { at, who, why }))
                },
            )
            .optional()?;
        let Some((then, said)) = known else { return Ok(None) };
        let (since, what, story) = then;
        let same = what == note.stance() || what == note.identity;
        let stands = same && (since, story) == (millis(note.since), self.story_of(note)?);
        Ok(stands.then_some(said))
    }

    /// Acknowledges an alert until it says something new.
    pub fn acknowledge(
        &self,
        note: &AlertView,
        said: DecidedBy<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Some(id) = note.id.as_deref().and_then(JobId::parse) {
            match self.job(&id) {
                Ok(job) => {
                    let line = said.that(Operation::Acknowledge);
                    self.tell(&id, Some(job.state), job.state, &line, now)?;
                }
                // A series has no history.
                Err(StoreError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.run(
            "INSERT INTO acknowledgement (at, who, why, account, job, kind, subject, since_at, what,
                 story)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT DO UPDATE SET at = excluded.at, who = excluded.who, why = excluded.why,
                 since_at = excluded.since_at, what = excluded.what, story = excluded.story",
            params![
                millis(now),
                said.who,
                said.why,
                note.account,
                note.id,
                note.kind,
                note.subject(),
                millis(note.since),
                note.stance(),
                self.story_of(note)?,
            ],
        )
    }

    /// Returns the last line of the history that an alert depends on.
    fn story_of(&self, note: &AlertView) -> Result<Option<i64>> {
        if !note.is_state() {
            return Ok(None);
        }
        Ok(self
            .db
            .prepare_cached("SELECT max(id) FROM history WHERE job = ?1")?
            .query_row([&note.id], |row| row.get(0))?)
    }

    /// Returns the job that waits longest only for the daemon: it is neither held, nor stopped with
    /// its account, nor between two requests.
    pub fn overdue(&self, account: Option<&str>, now: DateTime<Utc>) -> Result<Option<Overdue>> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, account, ifnull(title, id), due_at, wake_at FROM job
             WHERE state IN ('planned', 'releasing') AND due_at <= ?1 AND wake_at <= ?1
             AND (?2 IS NULL OR account = ?2)",
        )?;
        let mut rows = statement.query(params![millis(now), account])?;
        let mut oldest: Option<Overdue> = None;
        while let Some(row) = rows.next()? {
            let (due, wake) = (instant(row.get(3)?), instant(row.get(4)?));
            let since = calendar::guard_end(due).unwrap_or(due).max(wake);
            if since > now || oldest.as_ref().is_some_and(|oldest| oldest.since <= since) {
                continue;
            }
            let account: String = row.get(1)?;
            let stops = self.stops(&account)?;
            if stops.hold.is_none() && stops.paused.is_none() {
                oldest = Some(Overdue { id: row.get(0)?, account, title: row.get(2)?, due, since });
            }
        }
        Ok(oldest)
    }

    /// Returns the title of a job or a series; none if the id is unknown.
    pub fn title(&self, id: &str) -> Result<Option<String>> {
        let title = self
            .db
            .prepare_cached("SELECT ifnull(title, id) FROM job WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        if title.is_some() {
            return Ok(title);
        }
        let series = JobId::parse(id).map(|id| self.series(&id)).transpose()?.flatten();
        Ok(series.map(|series| series.job.title().unwrap_or_else(|| id.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Told;
    use crate::l10n::{Lang, within};
    use crate::reason::{NamedJobs, OldDatabase};
    use crate::store::{Alert, Store};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn note(kind: &str, what: &str) -> AlertView {
        AlertView {
            why: None,
            file: None,
            id: None,
            account: None,
            kind: kind.to_owned(),
            since: at(0),
            what: what.to_owned(),
            identity: what.to_owned(),
            advice: String::new(),
        }
    }

    #[test]
    fn each_refused_file_is_a_note_of_its_own_and_of_other_kinds_the_words_may_change() {
        let file = |name: &str| note("refused_file", &format!("the inbox refused {name}"));

        assert_ne!(file("a.yaml").note(), file("b.yaml").note());
        assert_eq!(note("stuck", "45 s ago").note(), note("stuck", "46 s ago").note());
        assert!(JobId::parse(&file("a.yaml").note()).is_none(), "no job can have such an id");
    }

    #[test]
    fn one_refused_file_is_acknowledged_without_the_others() {
        let mut store = Store::in_memory(at(0)).unwrap();
        let [a, b] = ["a.yaml", "b.yaml"].map(|name| note("refused_file", name));
        let said = DecidedBy { who: "anne", why: Some("known") };

        store.transaction(|tx| tx.acknowledge(&a, said, at(1))).unwrap();

        let tx = store.read();
        assert!(tx.is_acknowledged(&a).unwrap());
        assert!(!tx.is_acknowledged(&b).unwrap());
        let again = AlertView { since: at(2), ..a };
        assert!(!tx.is_acknowledged(&again).unwrap(), "refused again, it is news again");
    }

    #[test]
    fn other_words_for_the_same_reason_are_no_news_and_another_reason_is() {
        let mut store = Store::in_memory(at(0)).unwrap();
        let of = |why, what| AlertView { why: Some(why), ..note("hold", what) };
        let said = DecidedBy { who: "anne", why: None };
        let held = said.that(Operation::Hold);
        let no_mark = Reason::MayHaveBeenRestored {
            evidence: OldDatabase::NoMark,
            due: NamedJobs::default(),
        };

        let acknowledge = |tx: &Tx<'_>| {
            tx.acknowledge(&of(held.clone(), "all accounts are on hold: held by anne"), said, at(1))
        };
        store.transaction(acknowledge).unwrap();

        let tx = store.read();
        assert!(tx.is_acknowledged(&of(held, "everything is on hold: anne held it")).unwrap());
        assert!(!tx.is_acknowledged(&of(no_mark, "all accounts are on hold")).unwrap());
    }

    #[test]
    fn an_alert_of_an_older_version_reads_as_it_was_stored_and_a_new_one_in_each_language() {
        let mut store = Store::in_memory(at(0)).unwrap();
        let raise = |tx: &Tx<'_>| {
            tx.run(
                "INSERT INTO alert (account, kind, since_at, what, \"do\")
                 VALUES ('club', 'clock', 0, 'the clock is wrong', 'set it')",
                &[],
            )?;
            let told = &Told::QrcodesRunOut { used: 9, limit: 10 };
            let note = Alert { account: Some("club"), job: None, kind: "qrcodes", told };
            tx.raise_alert(&note, at(1))
        };
        store.transaction(raise).unwrap();
        let read = || {
            let notes = store.read().current_alerts(at(2)).unwrap();
            notes.into_iter().map(|note| (note.what, note.advice)).collect::<Vec<_>>()
        };

        let (english, chinese) = (read(), within(Lang::ZhCn, read));

        let old = ("the clock is wrong".to_owned(), "set it".to_owned());
        assert_eq!([&english[0], &chinese[0]], [&old, &old]);
        assert_eq!(english[1].0, "club has 9 of its 10 permanent QR codes");
        assert_eq!(chinese[1].0, "club 的 10 个永久二维码已用去 9 个");
    }

    #[test]
    fn what_an_older_version_acknowledged_stays_so() {
        let mut store = Store::in_memory(at(0)).unwrap();
        let note = AlertView {
            why: Some(Reason::Written { text: "no network".to_owned() }),
            ..note("hold", "all accounts are on hold: no network")
        };
        let said = DecidedBy { who: "anne", why: None };
        store.transaction(|tx| tx.acknowledge(&note, said, at(1))).unwrap();
        let sql = "UPDATE acknowledgement SET what = ?1";
        store.transaction(|tx| tx.run(sql, params![note.what])).unwrap();

        assert!(store.read().is_acknowledged(&note).unwrap());
    }

    #[test]
    fn a_persons_own_hold_pages_nobody_and_a_restored_database_does() {
        let said = DecidedBy { who: "anne", why: None }.that(Operation::Hold);
        let restored = |jobs: &[&str]| {
            let jobs = jobs.iter().filter_map(|id| JobId::parse(id)).collect();
            let due = NamedJobs { jobs, ..NamedJobs::default() };
            Reason::MayHaveBeenRestored { evidence: OldDatabase::NoMark, due }
        };
        // A person may have held everything before.
        let read_back = said.clone().with_read_back(NamedJobs {
            jobs: vec![JobId::parse("a").unwrap()],
            ..NamedJobs::default()
        });
        let of_old =
            Reason::WrittenInQuestion { text: "these jobs may have been sent already".into() };
        for (kind, why, expected) in [
            ("hold", Some(said), Severity::Look),
            ("hold", Some(restored(&[])), Severity::Look),
            ("hold", Some(restored(&["a"])), Severity::Page),
            ("hold", Some(read_back), Severity::Page),
            ("hold", Some(of_old), Severity::Page),
            ("missed", None, Severity::Page),
            ("held", None, Severity::Look),
            ("first_month", None, Severity::Note),
            ("something_new", None, Severity::Look),
        ] {
            let note = AlertView { why: why.clone(), ..note(kind, "") };
            assert_eq!(note.severity(), expected, "{kind} {why:?}");
        }
    }
}
