//! Reading an account's followers and tags, beside its sends and never before them.
//!
//! A reading has a question of its own under way, so that it holds no send, and one account reads
//! at a time, so that one page is in memory. A page is stored in parts, one a pass, and what was
//! listed is counted a shard a pass: whatever is due meanwhile goes first.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use crate::calendar::{self, Span, Window};
use crate::engine::turn::Turn;
use crate::engine::{Lane, Ticket, attend};
use crate::model::Kind;
use crate::store::{FollowersAsk, ReadingNext, Step, StoreError, TagTold};
use crate::wechat::codes;
use crate::wechat::protocol::Answer;
use crate::wechat::protocol::followers::{self, Listed, Page, Tag};

/// How many OpenIDs are stored in one step.
const PART: usize = 1_000;
/// The quiet hours begin so long after midnight in Beijing, and accounts are spread over them.
const QUIET_FROM: TimeDelta = TimeDelta::hours(3);
const QUIET_MINUTES: u64 = 180;
/// How soon an account looks again whether another one is done reading, or a token has come.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(2);

/// A page of which some parts are stored.
#[derive(Debug)]
pub(super) struct PageInHand {
    ask: FollowersAsk,
    page: Page,
    parts: u32,
}

impl Lane {
    /// Says whether it asks for followers, or has a page of them in memory.
    pub(super) fn reads_followers(&self) -> bool {
        self.asking_followers || self.page.is_some()
    }

    /// Gives up a page in memory, so that other accounts can read; it is asked for again.
    pub(super) fn drop_page(&mut self) {
        self.page = None;
    }

    /// Looks again at this instant at the latest.
    fn wake_by(&mut self, at: DateTime<Utc>) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Records an answer to a question for followers or tags.
    pub(super) fn settle_followers(
        &mut self,
        step: &Step<'_>,
        ask: FollowersAsk,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // A reading that was given up meanwhile needs no answer.
        let Some(after) = step.awaits(ask)? else {
            return Ok(());
        };
        if ask.set.is_none() {
            return match followers::read_tags(answer) {
                Listed::Listed(tags) => {
                    let tags: Vec<_> = tags.into_iter().map(told).collect();
                    step.list_tags(ask.reading, &tags)
                }
                Listed::NewToken => self.refused(step, ask, now),
                Listed::Refused(code, errmsg) => self.give_up(step, ask, (code, &errmsg), now),
                Listed::Unclear(why) => self.wait(step, ask, &why, now),
            };
        }
        match followers::read_page(answer, &after) {
            Listed::Listed(page) => {
                self.page = Some(PageInHand { ask, page, parts: 0 });
                Ok(())
            }
            Listed::NewToken => self.refused(step, ask, now),
            // It was deleted since the tags were listed: the others are read all the same.
            Listed::Refused(code, _) if ask.tag().is_some() && codes::is_no_tag(code) => {
                step.drop_tag(ask)
            }
            Listed::Refused(code, errmsg) => self.give_up(step, ask, (code, &errmsg), now),
            Listed::Unclear(why) => self.wait(step, ask, &why, now),
        }
    }

    /// Gives the token back once; one that only these questions refuse is not thrown away again.
    fn refused(
        &mut self,
        step: &Step<'_>,
        ask: FollowersAsk,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if step.is_first_try(ask.reading)? {
            self.refuse_token();
        }
        self.wait(step, ask, "the platform refuses the token for this", now)
    }

    fn wait(
        &self,
        step: &Step<'_>,
        ask: FollowersAsk,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if step.repeat_reading(ask.reading, why, now)? {
            self.tell_failed(step, why, now)?;
        }
        Ok(())
    }

    fn give_up(
        &self,
        step: &Step<'_>,
        ask: FollowersAsk,
        (code, errmsg): (i64, &str),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let what = codes::for_query(code).what;
        self.fail(step, ask, &format!("the platform answered {code} ({errmsg}): {what}"), now)
    }

    fn fail(
        &self,
        step: &Step<'_>,
        ask: FollowersAsk,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        step.fail_reading(ask.reading, why, now)?;
        self.tell_failed(step, why, now)
    }

    fn tell_failed(
        &self,
        step: &Step<'_>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let name = &self.config.account.name;
        let what = format!("the followers of {name} could not be read: {why}");
        tracing::warn!("{what}");
        // Where it never worked nothing has changed, and `qunfa followers` tells why.
        if step.followers_view(name)?.read_at.is_none() {
            return Ok(());
        }
        let advice = format!(
            "nothing waits for it; they are read again tomorrow, or by `qunfa followers {name} --refresh`"
        );
        attend(step, name, ("followers", &what, &advice), now)
    }
}

impl Turn<'_, '_> {
    /// Does the next small thing for the account's followers, if nothing of a release comes first.
    pub(super) fn read_followers(&mut self, lane: &mut Lane) -> Result<(), StoreError> {
        let name = lane.config.account.name.clone();
        if lane.asking_followers || !self.step.has_reading_work(&name)? {
            return Ok(());
        }
        let soon = self.now + TimeDelta::milliseconds(10);
        if let Some(page) = lane.page.take() {
            let ask = page.ask;
            lane.page = self.store_part(&name, page)?;
            if lane.page.is_none() && self.step.lists_too_many(ask)? {
                lane.fail(self.step, ask, "a list goes on and on", self.now)?;
            }
            lane.wake_by(soon);
            return Ok(());
        }
        if self.step.mark_receivers(&name)? || self.step.forget_readings(&name)? {
            lane.wake_by(soon);
            return Ok(());
        }
        let Some((at, next)) = self.step.next_of_reading(&name, self.now)? else {
            return Ok(());
        };
        if at > self.now {
            lane.wake_by(at);
            return Ok(());
        }
        match next {
            ReadingNext::Count(reading) => {
                if self.step.count_shard(&name, reading, self.now)? {
                    tracing::info!(account = name, "the followers and tags were read");
                    self.step.unattend(&name, "followers")?;
                }
                lane.wake_by(soon);
                Ok(())
            }
            ReadingNext::Tags(ask) => self.ask_followers(lane, ask, ""),
            ReadingNext::Page(ask, after) => self.ask_followers(lane, ask, &after),
        }
    }

    fn ask_followers(
        &mut self,
        lane: &mut Lane,
        ask: FollowersAsk,
        after: &str,
    ) -> Result<(), StoreError> {
        if let Some(end) = calendar::guard_end(self.now) {
            lane.wake_by(end);
            return Ok(());
        }
        if !self.may_read {
            lane.wake_by(self.now + LOOK_AGAIN);
            return Ok(());
        }
        let Some(token) = lane.usable_token(self.now).cloned() else {
            if !lane.busy {
                self.preflight(lane)?;
            }
            lane.wake_by(lane.preflight_at.max(self.now + LOOK_AGAIN));
            return Ok(());
        };
        let request = match (ask.set, ask.tag()) {
            (None, _) => crate::wechat::protocol::tags_get(&token),
            (Some(_), Some(tag)) => followers::user_tag_get(&token, tag, after),
            (Some(_), None) => {
                if !self.step.charge_page(&lane.config.account, self.now)? {
                    let tomorrow = Window::containing(Span::Day, self.now).end();
                    lane.wake_by(tomorrow);
                    return self.step.rest_reading(ask.reading, tomorrow);
                }
                followers::user_get(&token, after)
            }
        };
        lane.asking_followers = true;
        self.send(self.now, Ticket::Followers(ask), request);
        Ok(())
    }

    /// Stores the next part of a page; gives the page back while there are more.
    fn store_part(
        &self,
        account: &str,
        mut hand: PageInHand,
    ) -> Result<Option<PageInHand>, StoreError> {
        if self.step.awaits(hand.ask)?.is_none() {
            return Ok(None);
        }
        let PageInHand { ask, page, parts } = &mut hand;
        let listed = page.openids.len();
        let from = PART * *parts as usize;
        if from < listed {
            let part = &page.openids[from..listed.min(from + PART)];
            let told = page.total.unwrap_or(listed as u64);
            self.step.keep_part((account, *ask), *parts, part, told)?;
            *parts += 1;
        }
        if from + PART < listed {
            return Ok(Some(hand));
        }
        let counts = (*parts, listed as u64, page.total);
        self.step.end_page(*ask, counts, page.next.as_deref())?;
        Ok(None)
    }
}

fn told(Tag { id, name, count }: Tag) -> TagTold {
    TagTold { id, name, count }
}

/// Wishes for an account's reading of the day, if its minute has come and none was begun since.
pub(super) fn wish_daily(
    step: &Step<'_>,
    lane: &mut Lane,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let account = &lane.config.account;
    // Nobody counts receivers of the others; those that are not verified may not ask.
    if account.kind != Kind::Service || !lane.config.verified {
        return Ok(());
    }
    let digest = Sha256::digest(&account.appid);
    let minute = (u64::from(digest[0]) << 8 | u64::from(digest[1])) % QUIET_MINUTES;
    let minute = TimeDelta::minutes(i64::try_from(minute).unwrap_or(0));
    let quiet = Window::containing(Span::Day, now).start() + QUIET_FROM + minute;
    if now < quiet || step.reading_since(&account.name, quiet, now)? {
        return Ok(());
    }
    step.wish_reading(&account.name, now)?;
    lane.wake_by(now);
    Ok(())
}
