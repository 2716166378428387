//! The platform's own count of what an account has used.
//!
//! [`Tally`] counts calls and broadcasts of the current Beijing day, month and minute; [`Reach`]
//! counts what each follower received this month. Both delete what is before the current window, so
//! a year of sends needs no more memory than a day.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::account::{AccountSpec, Kind, Tag};
use super::answer::Refusal;

/// Mass-family calls that are accepted in any 60 s.
const CALLS_A_MINUTE: usize = 60;
/// Broadcasts in a service account's history in a month.
const HISTORY_A_MONTH: u32 = 4;
/// Broadcasts that one follower of a service account receives in a month.
const RECEIVED_A_MONTH: u32 = 4;

/// The Beijing calendar, which has no daylight saving.
fn beijing(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::hours(8)
}

/// The number of the Beijing day, counted from 1970-01-01.
fn day(now: DateTime<Utc>) -> i64 {
    beijing(now).timestamp().div_euclid(86_400)
}

/// The number of the Beijing month.
fn month(now: DateTime<Utc>) -> i64 {
    let date = beijing(now);
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// The events that are counted by the Beijing day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Daily {
    /// Accepted mass sends.
    Sends,
    /// Accepted mass sends to everyone.
    ToAll,
    /// Broadcasts made on the website.
    Website,
    /// Calls to `sendall` and `send` that passed the gateway.
    SendCalls,
    /// Previews to a WeChat name.
    NamedPreviews,
    /// Deletes.
    Deletes,
    /// Calls to `/token`.
    Tokens,
    /// Forced renewals of the stable token.
    ForcedTokens,
    /// Calls to `uploadnews`.
    News,
    /// Calls to `draft/add`.
    Drafts,
    /// Calls to `draft/get`.
    DraftReads,
    /// Calls to `draft/count`.
    DraftCounts,
    /// Pages of the draft box.
    DraftPages,
    /// Pages of the follower list.
    FollowerPages,
    /// Calls to `menu/create`.
    Menus,
    /// Calls to `menu/delete`.
    MenuDeletes,
    /// Calls to `menu/addconditional`.
    ConditionalMenus,
    /// Calls to `menu/delconditional`.
    ConditionalDeletes,
    /// Calls to `menu/trymatch`.
    MenuTries,
    /// Calls to `qrcode/create`.
    Qrcodes,
}

/// Calls and broadcasts of one account in the current windows.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    day: i64,
    month: i64,
    today: BTreeMap<Daily, u32>,
    history: u32,
    minute: VecDeque<DateTime<Utc>>,
}

impl Tally {
    fn turn(&mut self, now: DateTime<Utc>) {
        if self.day != day(now) {
            self.day = day(now);
            self.today.clear();
        }
        if self.month != month(now) {
            self.month = month(now);
            self.history = 0;
        }
    }

    fn used(&self, what: Daily) -> u32 {
        self.today.get(&what).copied().unwrap_or(0)
    }

    fn add(&mut self, what: Daily) {
        *self.today.entry(what).or_default() += 1;
    }

    /// Counts one call against its day's limit; the one too many is refused with 45009.
    pub(super) fn call(
        &mut self,
        what: Daily,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        self.turn(now);
        if self.used(what) >= limit {
            return Err(Refusal::code(45_009));
        }
        self.add(what);
        Ok(())
    }

    /// Counts one call of the mass family; more than 60 in a minute are refused with 45011.
    ///
    /// A refused call is not counted: the documents only say that it is refused.
    pub(super) fn minute(&mut self, now: DateTime<Utc>) -> Result<(), Refusal> {
        while self.minute.front().is_some_and(|first| now - *first >= TimeDelta::seconds(60)) {
            self.minute.pop_front();
        }
        if self.minute.len() >= CALLS_A_MINUTE {
            return Err(Refusal::code(45_011));
        }
        self.minute.push_back(now);
        Ok(())
    }

    /// Returns whether one more mass send would break the account's broadcast quota (45028).
    pub(super) fn send(
        &mut self,
        spec: &AccountSpec,
        is_to_all: bool,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        self.turn(now);
        let full = spec.test_account
            || match spec.kind {
                Kind::Subscription => {
                    self.used(Daily::Sends) >= 1 || is_to_all && self.history_of_day() >= 1
                }
                Kind::Service => {
                    is_to_all
                        && (self.history >= HISTORY_A_MONTH
                            || spec.one_history_a_day && self.history_of_day() >= 1)
                }
            };
        if full { Err(Refusal::code(45_028)) } else { Ok(()) }
    }

    /// The account's history entries of this day: broadcasts to everyone, and those made on the
    /// website.
    fn history_of_day(&self) -> u32 {
        self.used(Daily::ToAll) + self.used(Daily::Website)
    }

    /// Returns whether the website would let its user send one more.
    pub(super) fn website(
        &mut self,
        spec: &AccountSpec,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        self.turn(now);
        let full = match spec.kind {
            Kind::Subscription => self.history_of_day() >= 1,
            Kind::Service => {
                self.history >= HISTORY_A_MONTH
                    || spec.one_history_a_day && self.history_of_day() >= 1
            }
        };
        if full { Err(Refusal::code(45_028)) } else { Ok(()) }
    }

    /// Counts an accepted mass send.
    pub(super) fn sent(&mut self, is_to_all: bool) {
        self.add(Daily::Sends);
        if is_to_all {
            self.add(Daily::ToAll);
            self.history += 1;
        }
    }

    /// Counts a broadcast made on the website.
    pub(super) fn sent_on_website(&mut self) {
        self.add(Daily::Website);
        self.history += 1;
    }
}

/// The receivers of a mass send, in the platform's own numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Everyone,
    Tag(Tag),
    /// Followers of the list, each once; other OpenIDs are not in it.
    List(Vec<u32>),
}

/// How many a broadcast is for, and how many of them may still receive one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receivers {
    pub(super) total: u32,
    pub(super) filtered: u32,
}

/// What the followers of one account received this month.
///
/// A follower's count is the sum of the broadcasts to everyone, to each of its tags and to lists
/// that name it, so only the lists need an entry per follower.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    month: i64,
    everyone: u32,
    /// By id and version: the followers that had it at a send were counted.
    tags: BTreeMap<(i64, u32), (Tag, u32)>,
    listed: BTreeMap<u32, u32>,
    most_listed: u32,
}

impl Reach {
    fn turn(&mut self, now: DateTime<Utc>) {
        if self.month != month(now) {
            *self = Self { month: month(now), ..Self::default() };
        }
    }

    /// The broadcasts to this follower; beyond four they were filtered.
    fn received(&self, follower: u32) -> u32 {
        let tags = self.tags.values().filter(|(tag, _)| tag.has(follower));
        self.everyone
            + tags.map(|(_, sends)| sends).sum::<u32>()
            + self.listed.get(&follower).copied().unwrap_or(0)
    }

    fn open(&self, followers: impl Iterator<Item = u32>) -> u32 {
        let open = followers.filter(|follower| self.received(*follower) < RECEIVED_A_MONTH);
        u32::try_from(open.count()).expect("followers are numbered in 32 bits")
    }

    /// Counts who would receive a broadcast to this audience.
    pub(super) fn receivers(
        &mut self,
        spec: &AccountSpec,
        audience: &Audience,
        now: DateTime<Utc>,
    ) -> Receivers {
        self.turn(now);
        let total = match audience {
            Audience::Everyone => spec.followers,
            Audience::Tag(tag) => tag.count(spec.followers),
            Audience::List(list) => u32::try_from(list.len()).expect("a list has at most 10,000"),
        };
        // No follower can be full while even the sum of all broadcasts is below the cap; this
        // avoids the loop over a million followers in all but the busiest months.
        let most = self.everyone
            + self.tags.values().map(|(_, sends)| sends).sum::<u32>()
            + self.most_listed;
        let filtered = match (spec.kind, audience) {
            (Kind::Subscription, _) => total,
            (Kind::Service, _) if most < RECEIVED_A_MONTH => total,
            (Kind::Service, _) if self.everyone >= RECEIVED_A_MONTH => 0,
            (Kind::Service, Audience::Everyone) => self.open(0..spec.followers),
            (Kind::Service, Audience::Tag(tag)) => self.open(tag.members(0, spec.followers)),
            (Kind::Service, Audience::List(list)) => self.open(list.iter().copied()),
        };
        Receivers { total, filtered }
    }

    /// Counts a broadcast that its audience really receives.
    pub(super) fn delivered(&mut self, audience: Audience) {
        match audience {
            Audience::Everyone => self.everyone += 1,
            Audience::Tag(tag) => {
                self.tags.entry((tag.id, tag.version)).or_insert((tag, 0)).1 += 1;
            }
            Audience::List(list) => {
                for follower in list {
                    let count = self.listed.entry(follower).or_default();
                    *count += 1;
                    self.most_listed = self.most_listed.max(*count);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_months_turn_at_beijing_midnight() {
        for (before, after) in [
            ("2027-03-01T15:59:59Z", "2027-03-01T16:00:00Z"),
            ("2027-12-31T15:59:59.999Z", "2027-12-31T16:00:00Z"),
            ("2028-02-28T15:59:59Z", "2028-02-28T16:00:00Z"),
        ] {
            assert_eq!(day(at(before)) + 1, day(at(after)), "{after}");
        }
        assert_eq!(month(at("2027-02-28T15:59:59Z")) + 1, month(at("2027-02-28T16:00:00Z")));
        assert_eq!(month(at("2027-12-31T15:59:59Z")) + 1, month(at("2027-12-31T16:00:00Z")));
        assert_eq!(month(at("2027-12-30T16:00:00Z")), month(at("2027-12-31T00:00:00Z")));
    }

    #[test]
    fn the_minute_slides() {
        let mut tally = Tally::default();
        let start = at("2027-03-01T04:00:00Z");
        for second in 0..60 {
            assert_eq!(tally.minute(start + TimeDelta::seconds(second)), Ok(()));
        }

        let refused = tally.minute(start + TimeDelta::milliseconds(59_999));
        let room = tally.minute(start + TimeDelta::seconds(60));
        let full = tally.minute(start + TimeDelta::seconds(60));

        assert_eq!(refused, Err(Refusal::code(45_011)));
        assert_eq!(room, Ok(()));
        assert_eq!(full, Err(Refusal::code(45_011)));
    }

    #[test]
    fn a_follower_gets_four_a_month_however_they_were_addressed() {
        let mut spec = AccountSpec::new("wx1", Kind::Service);
        spec.followers = 10;
        let even = Tag::new(5, "even", 2);
        let now = at("2027-03-10T04:00:00Z");
        let mut reach = Reach::default();
        let filtered = |reach: &mut Reach, to: &Audience| reach.receivers(&spec, to, now).filtered;

        reach.turn(now);
        reach.delivered(Audience::Everyone);
        reach.delivered(Audience::Tag(even.clone()));
        reach.delivered(Audience::Tag(even.clone()));
        assert_eq!(filtered(&mut reach, &Audience::Everyone), 10);
        reach.delivered(Audience::List(vec![0, 1, 2]));

        assert_eq!(filtered(&mut reach, &Audience::Everyone), 8);
        assert_eq!(filtered(&mut reach, &Audience::Tag(even)), 3);
        assert_eq!(filtered(&mut reach, &Audience::List(vec![0, 1])), 1);
        let next_month = at("2027-03-31T16:00:00Z");
        let open = Receivers { total: 10, filtered: 10 };
        assert_eq!(reach.receivers(&spec, &Audience::Everyone, next_month), open);
    }

    #[test]
    fn a_million_followers_are_counted_without_an_entry_each() {
        let mut spec = AccountSpec::new("wx1", Kind::Service);
        spec.followers = 1_000_000;
        let now = at("2027-03-10T04:00:00Z");
        let mut reach = Reach::default();

        for _ in 0..4 {
            assert_eq!(reach.receivers(&spec, &Audience::Everyone, now).filtered, 1_000_000);
            reach.delivered(Audience::Everyone);
        }

        assert_eq!(reach.receivers(&spec, &Audience::Everyone, now).filtered, 0);
        assert!(reach.listed.is_empty());
    }
}
