//! Follower sync: requests an account's followers and tags, and never delays its sends.
//!
//! A sync has its own open request, so it holds up no send. Only one account syncs at a time, so
//! only one page is in memory. A page is stored in parts, one for each pass, and what was listed is
//! counted one shard for each pass: whatever is due meanwhile comes first.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use crate::alert::Told;
use crate::calendar::{self, Span, Window};
use crate::calls::{self, Answer, Effect, Kind, Next, Policy, Progress, Role, Slot};
use crate::engine::account_pass::AccountPass;
use crate::engine::session::{PageInFlight, TurnToRead};
use crate::engine::{Session, Ticket, raise_alert};
use crate::model::{self, Failure, Plain};
use crate::store::{FollowersAsk, StoreError, SyncNext, TagTold, Tx};
use crate::wechat::codes;
use crate::wechat::protocol::HttpResponse;
use crate::wechat::protocol::followers::{self, Listed, Tag};

/// The pause before the next account syncs, so that the loop and the disk stay free for what is
/// due: 2,000 accounts that sync at once take about 20 minutes, 20,000 about 3.5 hours.
const TURN_PAUSE: TimeDelta = TimeDelta::milliseconds(500);
/// How many OpenIDs are stored in one transaction.
const PART: usize = 1_000;
/// The quiet hours begin so long after midnight in Beijing, and accounts are spread over them.
const QUIET_FROM: TimeDelta = TimeDelta::hours(3);
const QUIET_MINUTES: u64 = 180;
/// How soon an account checks again whether there is a token.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(2);

impl Session {
    /// Returns whether it requests followers, or the token for that, or has a page of them in
    /// memory, or does so next.
    pub(super) fn reads_followers(&self) -> bool {
        let has_turn = match self.turn_to_read {
            TurnToRead::None | TurnToRead::Waits => false,
            TurnToRead::Next => true,
            TurnToRead::NeedsToken => self.is_busy(),
        };
        self.in_flight.has(Slot::Followers) || self.page.is_some() || has_turn
    }

    /// Syncs soon, if it waited for the account that synced before it; returns whether it did.
    pub(super) fn takes_turn(&mut self, now: DateTime<Utc>) -> bool {
        let waited = self.turn_to_read == TurnToRead::Waits;
        if waited {
            self.turn_to_read = TurnToRead::Next;
            self.wake_by(now + TURN_PAUSE);
        }
        waited
    }

    /// Gives up its turn and a page in memory, so that other accounts can sync; the page is
    /// requested again.
    pub(super) fn drop_page(&mut self) {
        self.page = None;
        self.turn_to_read = TurnToRead::None;
    }

    /// Looks again at this time at the latest.
    pub(super) fn wake_by(&mut self, at: DateTime<Utc>) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Records a response to a request for followers or tags.
    pub(super) fn settle_followers(
        &mut self,
        tx: &Tx<'_>,
        ask: FollowersAsk,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // A sync that was given up meanwhile needs no response.
        let Some(after) = tx.awaits(ask)? else {
            return Ok(());
        };
        if ask.set.is_none() {
            let listed = followers::read_tags(response);
            let Some(tags) = self.listed(tx, ask, listed, now)? else { return Ok(()) };
            let tags: Vec<_> = tags.into_iter().map(told).collect();
            return tx.list_tags(ask.sync, &tags);
        }
        let listed = followers::read_page(response, &after);
        if let Some(page) = self.listed(tx, ask, listed, now)? {
            self.page = Some(PageInFlight { ask, page, parts: 0 });
        }
        Ok(())
    }

    /// Returns what was listed; otherwise records what follows.
    fn listed<T>(
        &mut self,
        tx: &Tx<'_>,
        ask: FollowersAsk,
        listed: Listed<T>,
        now: DateTime<Utc>,
    ) -> Result<Option<T>, StoreError> {
        let (answer, why) = match listed {
            Listed::Listed(list) => return Ok(Some(list)),
            Listed::NewToken => (Answer::TokenRefused, Plain::TokenRefused.to_string()),
            Listed::Refused(code, errmsg) => {
                let is_gone = ask.tag().is_some() && codes::is_no_tag(code);
                (
                    if is_gone { Answer::Gone } else { Answer::Refused },
                    Failure::Answered { errcode: code, errmsg }.to_string(),
                )
            }
            Listed::Unclear(why) => (Answer::Later(Effect::Unknown), why),
        };
        let requests = tx.sync_tries(ask.sync)?.saturating_add(1);
        // A token that only these requests refuse is not dropped again.
        if answer == Answer::TokenRefused && requests == 1 {
            self.refuse_token();
        }
        let policy = Policy::of(Kind::Followers, Role::Daemon);
        match calls::next(policy, Progress { requests, recovered: false }, answer) {
            Next::Again(pause) => tx.repeat_sync(ask.sync, (now + pause, &why))?,
            Next::Skip => tx.drop_tag(ask)?,
            Next::Done
            | Next::NextDay
            | Next::Verify
            | Next::MakeAgain(_)
            | Next::Fail
            | Next::GiveUp => self.fail(tx, ask, &why, now)?,
        }
        Ok(None)
    }

    fn fail(
        &self,
        tx: &Tx<'_>,
        ask: FollowersAsk,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        tx.fail_sync(ask.sync, why, now)?;
        self.alert_failed_sync(tx, why, now)
    }

    fn alert_failed_sync(
        &self,
        tx: &Tx<'_>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let name = &self.config.account.name;
        tracing::warn!("the followers of {name} could not be read: {why}");
        // If it never worked nothing has changed, and `qunfa followers` shows why.
        if tx.followers_view(name)?.read_at.is_none() {
            return Ok(());
        }
        let told = Told::FollowersUnread { why: why.to_owned() };
        raise_alert(tx, name, ("followers", &told), now)
    }
}

impl AccountPass<'_, '_> {
    /// Takes the next small action for the account's followers, if nothing of a release comes
    /// first.
    pub(super) fn read_followers(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let name = session.config.account.name.clone();
        session.turn_to_read = TurnToRead::None;
        if session.in_flight.has(Slot::Followers) || !self.tx.has_sync_work(&name)? {
            return Ok(());
        }
        let soon = self.now + TimeDelta::milliseconds(10);
        if let Some(page) = session.page.take() {
            let ask = page.ask;
            session.page = self.store_part(&name, page)?;
            if session.page.is_none() && self.tx.lists_too_many(ask)? {
                session.fail(self.tx, ask, "a list goes on and on", self.now)?;
            }
            // It keeps its turn: other accounts between its pages would leave many syncs begun.
            session.turn_to_read = TurnToRead::Next;
            session.wake_by(soon);
            return Ok(());
        }
        if self.tx.record_receivers(&name)? || self.tx.forget_syncs(&name)? {
            session.wake_by(soon);
            return Ok(());
        }
        let Some((at, next)) = self.tx.next_of_sync(&name, self.now)? else {
            return Ok(());
        };
        if at > self.now {
            session.wake_by(at);
            return Ok(());
        }
        match next {
            SyncNext::Count(sync) => {
                if self.tx.count_shard(&name, sync, self.now)? {
                    tracing::info!(account = name, "the followers and tags were read");
                    self.tx.clear_alert(&name, "followers")?;
                }
                session.wake_by(soon);
                Ok(())
            }
            SyncNext::Tags(ask) => self.ask_followers(session, ask, ""),
            SyncNext::Page(ask, after) => self.ask_followers(session, ask, &after),
        }
    }

    fn ask_followers(
        &mut self,
        session: &mut Session,
        ask: FollowersAsk,
        after: &str,
    ) -> Result<(), StoreError> {
        if let Some(end) = calendar::guard_end(self.now) {
            session.wake_by(end);
            return Ok(());
        }
        if !self.may_read {
            session.turn_to_read = TurnToRead::Waits;
            return Ok(());
        }
        let Some(token) = session.usable_token(self.now).cloned() else {
            if !session.is_busy() {
                self.preflight(session)?;
            }
            session.turn_to_read = TurnToRead::NeedsToken;
            session.wake_by(session.preflight_at.max(self.now + LOOK_AGAIN));
            return Ok(());
        };
        let request = match (ask.set, ask.tag()) {
            (None, _) => crate::wechat::protocol::tags_get(&token),
            (Some(_), Some(tag)) => followers::user_tag_get(&token, tag, after),
            (Some(_), None) => {
                if !self.tx.charge_page(&session.config.account, self.now)? {
                    let tomorrow = Window::containing(Span::Day, self.now).end();
                    session.wake_by(tomorrow);
                    return self.tx.pause_sync(ask.sync, tomorrow);
                }
                followers::user_get(&token, after)
            }
        };
        self.send(session, self.now, Ticket::Followers(ask), request);
        Ok(())
    }

    /// Stores the next part of a page; returns the page while there are more.
    fn store_part(
        &self,
        account: &str,
        mut in_flight: PageInFlight,
    ) -> Result<Option<PageInFlight>, StoreError> {
        if self.tx.awaits(in_flight.ask)?.is_none() {
            return Ok(None);
        }
        let PageInFlight { ask, page, parts } = &mut in_flight;
        let listed = page.openids.len();
        let from = PART * *parts as usize;
        if from < listed {
            let part = &page.openids[from..listed.min(from + PART)];
            let told = page.total.unwrap_or(listed as u64);
            self.tx.keep_part((account, *ask), *parts, part, told)?;
            *parts += 1;
        }
        if from + PART < listed {
            return Ok(Some(in_flight));
        }
        let counts = (*parts, listed as u64, page.total);
        self.tx.end_page(*ask, counts, page.next.as_deref())?;
        Ok(None)
    }
}

fn told(Tag { id, name, count }: Tag) -> TagTold {
    TagTold { id, name, count }
}

/// Requests an account's sync of the day, if its minute has come and none began since.
pub(super) fn request_daily_sync(
    tx: &Tx<'_>,
    session: &mut Session,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let account = &session.config.account;
    // Receivers of the other accounts are not counted; accounts that are not verified may not
    // request them.
    if account.kind != model::Kind::Service || !session.config.verified {
        return Ok(());
    }
    let digest = Sha256::digest(&account.appid);
    let minute = (u64::from(digest[0]) << 8 | u64::from(digest[1])) % QUIET_MINUTES;
    let minute = TimeDelta::minutes(i64::try_from(minute).unwrap_or(0));
    let quiet = Window::containing(Span::Day, now).start() + QUIET_FROM + minute;
    if now < quiet || tx.sync_since(&account.name, quiet, now)? {
        return Ok(());
    }
    tx.request_sync(&account.name, now)?;
    session.wake_by(now);
    Ok(())
}
