//! The platform's events: stored as received, and matched once their `msg_id` is known.
//!
//! They come in any order, also before the response that contains their `msg_id`. An encrypted
//! event settles its batch. In plain mode the signature does not cover the body, so a plain event
//! settles nothing: it makes `mass/get` due at once. What this program did not send is recorded as
//! unconfirmed.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::calendar::{Span, Window};
use crate::model::{Account, BatchState, Credence};
use crate::quota;
use crate::reason::Reason;
use crate::store::bound::is_near;
use crate::store::results::{ExternalEvidence, external_window};
use crate::store::{ArticleResult, Result, SendStatus, Tx, instant, millis};

/// An event as received.
#[derive(Clone, Debug)]
pub struct EventIn<'a> {
    /// The account whose callback received it.
    pub account: &'a str,
    /// The body, byte for byte; the decrypted body if it was encrypted.
    pub raw: &'a [u8],
    /// How far it can be trusted.
    pub credence: Credence,
    /// The broadcast's number.
    pub msg_id: i64,
    /// The platform's time in it.
    pub created_at: DateTime<Utc>,
    /// The status as it was written.
    pub status: &'a str,
    /// The outcome of the broadcast that it reports.
    pub word: SendStatus,
    /// The status in words.
    pub words: &'a str,
    /// What an operator can do about it; empty if there is nothing to do.
    pub advice: &'a str,
    /// Total, filtered, sent and failed followers.
    pub counts: [Option<i64>; 4],
    /// What it reports about each article.
    pub articles: &'a [ArticleResult],
}

impl EventIn<'_> {
    fn outcome(&self) -> Option<BatchState> {
        match self.word {
            SendStatus::Success => Some(BatchState::Sent),
            SendStatus::Failed => Some(BatchState::Failed),
            SendStatus::Sending | SendStatus::Deleted | SendStatus::Nothing => None,
        }
    }
}

/// An event that was kept back until it certainly belongs to no batch of ours.
struct Candidate {
    id: i64,
    msg_id: i64,
    credence: Credence,
    at: DateTime<Utc>,
}

impl Tx<'_> {
    /// Stores an event, and matches it to a batch or records it as an external send.
    ///
    /// An encrypted event replaces a plain one with the same content.
    pub fn receive(
        &self,
        event: &EventIn<'_>,
        account: &Account,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let batch = self.batch_of(account, event.msg_id)?;
        let new = self
            .db
            .prepare_cached(
                "INSERT INTO event (account, received_at, raw, msg_id, created_at, status, words,
                     total_count, filter_count, sent_count, error_count, proven, outcome, advice)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
                 ON CONFLICT (account, msg_id, status) DO UPDATE SET
                     received_at = excluded.received_at, raw = excluded.raw, proven = 1,
                     created_at = excluded.created_at, total_count = excluded.total_count,
                     filter_count = excluded.filter_count, sent_count = excluded.sent_count,
                     error_count = excluded.error_count
                 WHERE proven = 0 AND excluded.proven = 1",
            )?
            .execute(params![
                event.account,
                millis(now),
                event.raw,
                event.msg_id,
                millis(event.created_at),
                event.status,
                event.words,
                event.counts[0],
                event.counts[1],
                event.counts[2],
                event.counts[3],
                event.credence == Credence::Proof,
                event.outcome().map(BatchState::as_str),
                event.advice,
            ])?;
        if new == 0 {
            return Ok(());
        }
        self.keep_articles((event.account, event.msg_id), event.articles, event.credence)?;
        if let Some(batch) = batch {
            self.match_events(account, batch, event.msg_id, now)?;
            return self.settle_by_event(account, batch, now);
        }
        self.run(
            "UPDATE event SET candidate = 1 WHERE account = ?1 AND msg_id = ?2",
            params![account.name, event.msg_id],
        )?;
        self.book_candidates(account, now)?;
        self.bound_candidates(event.account, event.credence, now)?;
        self.bound_events(event.account, now)
    }

    /// Keeps a signed event that could not be read, once.
    pub fn keep_unread(
        &self,
        account: &str,
        raw: &[u8],
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO unread_event (account, received_at, raw, why) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
            params![account, millis(now), raw, why],
        )?;
        self.bound_unread(account)
    }

    fn batch_of(&self, account: &Account, msg_id: i64) -> Result<Option<i64>> {
        Ok(self
            .db
            .prepare_cached("SELECT id FROM batch WHERE account = ?1 AND msg_id = ?2")?
            .query_row(params![account.name, msg_id], |row| row.get(0))
            .optional()?)
    }

    /// Assigns to a batch the events that contain its number.
    ///
    /// It settles nothing: see [`Self::settle_by_event`].
    pub(super) fn match_events(
        &self,
        account: &Account,
        batch: i64,
        msg_id: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let known = self
            .db
            .prepare_cached("UPDATE event SET candidate = 0 WHERE account = ?1 AND msg_id = ?2")?
            .execute(params![account.name, msg_id])?;
        if known == 0 {
            return Ok(());
        }
        self.run(
            "UPDATE batch SET (total_count, filter_count, sent_count, error_count) =
                 (SELECT total_count, filter_count, sent_count, error_count FROM event
                  WHERE account = ?2 AND msg_id = ?3
                  ORDER BY proven DESC, created_at DESC, status LIMIT 1)
             WHERE id = ?1",
            params![batch, account.name, msg_id],
        )?;
        self.run(
            "UPDATE batch SET result_at = ?2, result_asks = 0 WHERE id = ?1 AND state = 'accepted'",
            params![batch, millis(now)],
        )?;
        // An event that seemed to belong to another sender is ours after all.
        self.run(
            "UPDATE charge SET state = 'returned' WHERE external_send IN
                 (SELECT id FROM external_send WHERE account = ?1 AND msg_id = ?2)",
            params![account.name, msg_id],
        )?;
        self.run(
            "UPDATE external_send SET returned = 1 WHERE account = ?1 AND msg_id = ?2",
            params![account.name, msg_id],
        )
    }

    /// Ends an accepted batch with the outcome in its latest encrypted event, if there is one.
    pub(super) fn settle_by_event(
        &self,
        account: &Account,
        batch: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let told: Option<(String, i64)> = self
            .db
            .prepare_cached(
                "SELECT outcome, event.msg_id FROM event JOIN batch
                     ON batch.account = event.account AND batch.msg_id = event.msg_id
                 WHERE batch.id = ?1 AND batch.state = 'accepted' AND proven = 1 AND outcome IS NOT NULL
                 ORDER BY event.created_at DESC, event.id DESC LIMIT 1",
            )?
            .query_row([batch], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((outcome, msg_id)) = told else {
            return Ok(());
        };
        let (state, result) = if outcome == BatchState::Sent.as_str() {
            (BatchState::Sent, Reason::SentSaysPlatform)
        } else {
            (BatchState::Failed, self.failure(account, msg_id)?)
        };
        self.end_batch(batch, account, (state, result), now)
    }

    /// Returns why the platform stopped a broadcast, as far as an event reported it.
    pub(super) fn failure(&self, account: &Account, msg_id: i64) -> Result<Reason> {
        let status: Option<String> = self
            .db
            .prepare_cached(
                "SELECT status FROM event WHERE account = ?1 AND msg_id = ?2
                 ORDER BY proven DESC, outcome = 'sent', created_at DESC LIMIT 1",
            )?
            .query_row(params![account.name, msg_id], |row| row.get(0))
            .optional()?;
        Ok(Reason::StoppedByPlatform { status })
    }

    /// Records the events that were kept back as external sends, once no batch of ours can match
    /// them.
    pub fn book_candidates(&self, account: &Account, now: DateTime<Utc>) -> Result<()> {
        let open: bool = self
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM batch WHERE account = ?1 AND state IN ('asking', 'in_doubt')
                   AND replaced = 0)",
            )?
            .query_row([&account.name], |row| row.get(0))?;
        if open {
            return Ok(());
        }
        let candidates = self
            .db
            .prepare_cached(
                "SELECT id, msg_id, created_at, received_at, proven FROM event
                 WHERE account = ?1 AND candidate = 1",
            )?
            .query_map([&account.name], |row| {
                let (created, received) = (instant(row.get(2)?), instant(row.get(3)?));
                let near = is_near(created, received);
                let proven: bool = row.get(4)?;
                Ok(Candidate {
                    id: row.get(0)?,
                    msg_id: row.get(1)?,
                    credence: if proven { Credence::Proof } else { Credence::Hint },
                    at: if near { created } else { received },
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        self.run(
            "UPDATE account SET events_dropped = 0 WHERE name = ?1 AND events_dropped > 0",
            params![account.name],
        )?;
        for candidate in candidates {
            self.run("UPDATE event SET candidate = 0 WHERE id = ?1", params![candidate.id])?;
            self.book_event(account, &candidate, now)?;
        }
        Ok(())
    }

    fn book_event(&self, account: &Account, event: &Candidate, now: DateTime<Utc>) -> Result<()> {
        if self.known_external(account, event)? {
            return Ok(());
        }
        if let Some(id) = self.unmatched_external(account, event.at)? {
            return self.run(
                "UPDATE external_send SET msg_id = ?2, confirmed = max(confirmed, ?3) WHERE id = ?1",
                params![id, event.msg_id, event.credence == Credence::Proof],
            );
        }
        if event.credence == Credence::Hint && self.has_booked_enough(account, event.at)? {
            return Ok(());
        }
        let needs = quota::website_needs(account, event.at);
        let sign = ExternalEvidence::Event { msg_id: event.msg_id, credence: event.credence };
        self.book(account, sign, event.at, &needs)?;
        self.record_room(account, now)
    }

    /// Returns whether a broadcast's number is recorded as an external send; an encrypted event
    /// confirms what a plain one could only suggest.
    fn known_external(&self, account: &Account, event: &Candidate) -> Result<bool> {
        let known: Option<i64> = self
            .db
            .prepare_cached("SELECT id FROM external_send WHERE account = ?1 AND msg_id = ?2")?
            .query_row(params![account.name, event.msg_id], |row| row.get(0))
            .optional()?;
        if let Some(id) = known.filter(|_| event.credence == Credence::Proof) {
            self.run("UPDATE charge SET state = 'kept' WHERE external_send = ?1", params![id])?;
            self.run(
                "UPDATE external_send SET confirmed = 1, returned = 0 WHERE id = ?1",
                params![id],
            )?;
        }
        Ok(known.is_some())
    }

    /// Returns an entry near a given time that a refusal or an operator recorded without a number.
    fn unmatched_external(&self, account: &Account, at: DateTime<Utc>) -> Result<Option<i64>> {
        let windows = [Window::containing(Span::Day, at), Window::containing(Span::Month, at)];
        // A website send uses a service account's month, so a refusal anywhere in it may be its
        // sign.
        let near = external_window(account, at);
        Ok(self
            .db
            .prepare_cached(
                "SELECT e.id FROM external_send e LEFT JOIN charge c ON c.external_send = e.id
                 WHERE e.account = ?1 AND e.msg_id IS NULL AND e.returned = 0
                   AND (c.\"window\" IN (?2, ?3) OR (e.at >= ?4 AND e.at < ?5))
                   -- A person said when it was, so an event of another day is another send.
                   AND (e.source <> 'record'
                        OR (e.day_known = 1 AND e.at >= ?6 AND e.at < ?7)
                        OR (e.day_known = 0 AND ?8 <= (SELECT max(at) FROM decision
                            WHERE external_send = e.id AND what = 'record')))
                 ORDER BY e.at LIMIT 1",
            )?
            .query_row(
                params![
                    account.name,
                    windows[0].to_string(),
                    windows[1].to_string(),
                    millis(near.start()),
                    millis(near.end()),
                    millis(windows[0].start()),
                    millis(windows[0].end()),
                    millis(at),
                ],
                |row| row.get(0),
            )
            .optional()?)
    }
}
