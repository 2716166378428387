//! One account's way to the platform: its token, its reading of the platform's clock, and what
//! it does with answers. All of it is lost at a restart, and asked for again.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use crate::calendar::{self, Span, Window};
use crate::config::{AccountConfig, TokenSource};
use crate::engine::followers::PageInHand;
use crate::engine::{Ticket, attend, conclude};
use crate::model::console::{HISTORY, KEYS};
use crate::quota::{Rule, margins};
use crate::store::{ResultAsk, ResultWord, SendOutcome, Settled, Step, StoreError, Word};
use crate::wechat::codes;
use crate::wechat::protocol::{
    self, Answer, QueryReading, Reply, SendReading, StatusReading, TokenReading,
};
use crate::wechat::{Meaning, NextWindow};

/// The pauses between preflights that found no usable clock or token; the last one repeats.
const PREFLIGHT_PAUSES_S: [i64; 5] = [5, 10, 20, 40, 60];
/// How long after acceptance `mass/get` is asked where no callback will tell.
const ASK_WITHOUT_CALLBACK: TimeDelta = TimeDelta::seconds(15);
/// The same where an event is expected first.
const ASK_WITH_CALLBACK: TimeDelta = TimeDelta::minutes(10);

/// How many answers in a row that cannot be read are told of.
const UNREAD_TOLD: u32 = 3;

/// A reading of the platform's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct DateReading {
    read_at: DateTime<Utc>,
    platform_at: DateTime<Utc>,
}

/// An access token.
#[derive(Debug)]
struct Token {
    value: SecretString,
    until: DateTime<Utc>,
    life: TimeDelta,
}

/// One account's volatile state.
#[derive(Debug)]
pub struct Lane {
    /// The account as configured.
    pub config: AccountConfig,
    /// What the database has under its name belongs to another account: nothing is done with it.
    pub(super) mistaken: bool,
    /// When it is to be looked at again.
    pub(super) wake: Option<DateTime<Utc>>,
    /// A send or a preflight is under way: one at a time.
    pub(super) busy: bool,
    /// A `mass/get` is under way.
    pub(super) asking_result: bool,
    /// A question for followers or tags is under way.
    pub(super) asking_followers: bool,
    /// A page of followers that is being stored.
    pub(super) page: Option<PageInHand>,
    /// An errand is under way.
    pub(super) asking_errand: bool,
    /// An upload is under way, beside whatever else is.
    pub(super) preparing: bool,
    pub(super) date: Option<DateReading>,
    token: Option<Token>,
    /// A token that the platform refused: the next one must differ.
    refused_token: Option<SecretString>,
    /// Token refusals in a row.
    refusals: u32,
    /// A plain request brought the refused token again.
    needs_force: bool,
    /// No preflight before this.
    pub(super) preflight_at: DateTime<Utc>,
    fruitless: usize,
    /// Answers in a row that could not be read, by what was asked.
    unread: BTreeMap<&'static str, u32>,
}

impl Lane {
    /// A lane that knows nothing yet.
    pub(super) fn new(config: AccountConfig, now: DateTime<Utc>) -> Self {
        Self {
            config,
            mistaken: false,
            wake: Some(now),
            busy: false,
            asking_result: false,
            asking_followers: false,
            page: None,
            asking_errand: false,
            preparing: false,
            date: None,
            token: None,
            refused_token: None,
            refusals: 0,
            needs_force: false,
            preflight_at: now,
            fruitless: 0,
            unread: BTreeMap::new(),
        }
    }

    /// Forgets every instant that a clock which was stepped has named.
    pub(super) fn forget_clock(&mut self, now: DateTime<Utc>) {
        self.date = None;
        self.token = None;
        self.preflight_at = now;
        self.fruitless = 0;
    }

    /// Says whether the platform's clock was read lately and agrees with ours.
    pub(super) fn clock_trusted(&self, now: DateTime<Utc>) -> bool {
        self.clock_fresh(now, margins::DATE_AGE_MAX)
    }

    /// Returns when the platform's clock was last read, and what it said.
    pub(super) fn clock(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.date.map(|date| (date.read_at, date.platform_at))
    }

    fn clock_fresh(&self, at: DateTime<Utc>, age_max: TimeDelta) -> bool {
        self.date.is_some_and(|date| {
            let age = at - date.read_at;
            TimeDelta::zero() <= age && age <= age_max && agrees(date)
        })
    }

    /// Returns the token, if it lives long enough to be used now.
    pub(super) fn usable_token(&self, now: DateTime<Utc>) -> Option<&SecretString> {
        let token = self.token.as_ref()?;
        // A platform that gives short-lived tokens only must not stop everything.
        let spare = margins::TOKEN_LIFE_MIN.min(token.life / 2);
        (token.until - now >= spare).then_some(&token.value)
    }

    /// Says whether token or clock must be asked for to release at `wanted_at`.
    pub(super) fn wants_preflight(&self, wanted_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        if wanted_at - margins::PREFLIGHT_AHEAD > now {
            return false;
        }
        let at = wanted_at.max(now);
        !self.clock_fresh(at, margins::DATE_AGE_RENEW) || self.usable_token(at).is_none()
    }

    /// Says whether a job may be decided about now.
    pub(super) fn may_release(&self, now: DateTime<Utc>) -> bool {
        self.clock_trusted(now)
            && self.usable_token(now).is_some()
            && calendar::guard_end(now).is_none()
    }

    /// Says whether a plain request brought the refused token again.
    pub(super) fn needs_force(&self) -> bool {
        self.needs_force
    }

    /// Decides when this account is looked at next: for a release a little ahead of its time.
    pub(super) fn schedule(
        &mut self,
        (release_at, ahead): (Option<DateTime<Utc>>, TimeDelta),
        (result_at, errand_at): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        now: DateTime<Utc>,
    ) {
        let soon = now + TimeDelta::milliseconds(10);
        let after_guard = |at: DateTime<Utc>| calendar::guard_end(at.max(now)).unwrap_or(at);
        let release = release_at.filter(|_| !self.busy).map(|at| {
            if self.wants_preflight(at, now) {
                self.preflight_at.max(soon)
            } else if self.clock_fresh(at, margins::DATE_AGE_RENEW)
                && self.usable_token(at).is_some()
            {
                (after_guard(at) - ahead).max(soon)
            } else {
                (at - margins::PREFLIGHT_AHEAD).max(soon)
            }
        });
        let beside = |at: DateTime<Utc>| {
            // What is overdue waits for a token or for room in the minute.
            let pause = if at <= now { now + TimeDelta::seconds(5) } else { at };
            after_guard(pause).max(soon)
        };
        let result = result_at.filter(|_| !self.asking_result).map(beside);
        let errand = errand_at.filter(|_| !self.asking_errand).map(beside);
        self.wake = release.into_iter().chain(result).chain(errand).min();
    }

    /// Looks at this account no later than an upload wants to be made.
    pub(super) fn wake_to_prepare(&mut self, at: Option<DateTime<Utc>>) {
        self.wake = self.wake.into_iter().chain(at).min();
    }

    /// Records an answer.
    pub(super) fn settle(
        &mut self,
        step: &Step<'_>,
        ticket: Ticket,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.wake = Some(now);
        self.tell_of_unreadable(step, (ticket, answer), now)?;
        // A token server that others share has a clock of its own, perhaps ours.
        let shared =
            matches!((&self.config.token, ticket), (TokenSource::Url(_), Ticket::Token { .. }));
        if !shared {
            self.read_clock(step, answer, now)?;
        }
        match ticket {
            Ticket::Token { forced } => {
                self.busy = false;
                self.settle_token(step, forced, answer, now)?;
            }
            Ticket::Clock => {
                self.busy = false;
                match protocol::read_query(answer) {
                    QueryReading::Ok => {}
                    QueryReading::NewToken => self.refuse_token(),
                    QueryReading::Pause { code, errmsg } => self.pause(step, code, &errmsg, now)?,
                    QueryReading::Unclear(_) => {}
                }
            }
            Ticket::Send { attempt } => {
                self.busy = false;
                self.settle_send(step, attempt, answer, now)?;
                step.book_candidates(&self.config.account, now)?;
            }
            Ticket::Result(ask) => {
                self.asking_result = false;
                self.settle_result(step, ask, answer, now)?;
            }
            Ticket::Followers(ask) => {
                self.asking_followers = false;
                self.settle_followers(step, ask, answer, now)?;
            }
            Ticket::Errand(ask) => {
                self.asking_errand = false;
                self.settle_errand(step, ask, answer, now)?;
            }
            Ticket::Upload { attempt } => {
                self.preparing = false;
                self.settle_prepared(step, attempt, answer, now)?;
            }
        }
        self.judge_preflight(step, ticket, answer, now)
    }

    /// Puts it before a person's eyes that answer after answer to one question cannot be read: each by
    /// itself is only asked for again.
    fn tell_of_unreadable(
        &mut self,
        step: &Step<'_>,
        (ticket, answer): (Ticket, &Answer),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let name = &self.config.account.name;
        let question = question(ticket);
        let Some(why) = protocol::unreadable(answer) else {
            // One that never came says nothing about those that do.
            let is_read = matches!(answer.reply, Reply::Http { status: 200..=299, .. });
            let before = if is_read { self.unread.remove(question) } else { None };
            let told = |count: &u32| *count >= UNREAD_TOLD;
            if before.is_some_and(|before| told(&before)) && !self.unread.values().any(told) {
                step.unattend(name, "unreadable")?;
            }
            return Ok(());
        };
        let count = self.unread.entry(question).or_default();
        *count = count.saturating_add(1);
        if *count != UNREAD_TOLD {
            return Ok(());
        }
        let what = format!(
            "{UNREAD_TOLD} answers in a row to {question} for {name} could not be read: {why}"
        );
        tracing::error!(account = name, "{what}");
        let advice = "it is asked on; see whether a proxy or api_base answers in the platform's place, \
                      or look for a newer qunfa";
        attend(step, name, ("unreadable", &what, advice), now)
    }

    fn read_clock(
        &mut self,
        step: &Step<'_>,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(platform_at) = answer.date else {
            return Ok(());
        };
        let date = DateReading { read_at: now, platform_at };
        self.date = Some(date);
        let name = &self.config.account.name;
        if agrees(date) {
            return step.unattend(name, "clock");
        }
        let apart = (platform_at - now).num_seconds();
        let (amount, side) = (apart.abs(), if apart > 0 { "behind" } else { "ahead of" });
        let what =
            format!("this machine's clock is {amount} s {side} the platform's: its jobs wait");
        attend(
            step,
            name,
            ("clock", &what, "set the clock (chronyc makestep); releases go on by themselves"),
            now,
        )
    }

    /// After a preflight: go on, or pause a little longer each time.
    fn judge_preflight(
        &mut self,
        step: &Step<'_>,
        ticket: Ticket,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let preflight = match ticket {
            Ticket::Token { .. } | Ticket::Clock => true,
            Ticket::Send { .. }
            | Ticket::Result(_)
            | Ticket::Followers(_)
            | Ticket::Errand(_)
            | Ticket::Upload { .. } => false,
        };
        if !preflight {
            return Ok(());
        }
        let name = &self.config.account.name;
        if self.clock_trusted(now) && self.usable_token(now).is_some() {
            self.fruitless = 0;
            // A token that lives too short for what is due is not asked for without a pause.
            self.preflight_at = now + TimeDelta::seconds(PREFLIGHT_PAUSES_S[0]);
            return step.unattend(name, "platform");
        }
        if matches!(ticket, Ticket::Token { .. })
            && self.usable_token(now).is_some()
            && self.date.is_none()
        {
            // The token came from elsewhere: the platform's clock is asked for next.
            self.preflight_at = now;
            return Ok(());
        }
        // A refused token is replaced at once, the first time, if need be by force.
        let forced = matches!(ticket, Ticket::Token { forced: true });
        let pause = if self.fruitless == 0 && self.refused_token.is_some() && !forced {
            0
        } else {
            PREFLIGHT_PAUSES_S[self.fruitless.min(PREFLIGHT_PAUSES_S.len() - 1)]
        };
        self.preflight_at = now + TimeDelta::seconds(pause);
        self.fruitless += 1;
        let why = match &answer.reply {
            Reply::NotSent(why) | Reply::Unknown(why) => why.clone(),
            Reply::Http { status, .. } => {
                format!("HTTP {status}, and no usable token or Date in it")
            }
        };
        let told = answer.date.is_some() && self.usable_token(now).is_some();
        if told || step.stops(name)?.paused.is_some() {
            return Ok(());
        }
        let what = format!("the platform gave no token or clock: {why}; its jobs wait");
        let advice = "check the network and api_base; releases go on by themselves";
        attend(step, name, ("platform", &what, advice), now)
    }

    fn settle_token(
        &mut self,
        step: &Step<'_>,
        forced: bool,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match protocol::read_token(answer) {
            TokenReading::Token { value, expires_in_s } => {
                let again = self
                    .refused_token
                    .as_ref()
                    .is_some_and(|refused| refused.expose_secret() == value.expose_secret());
                if again {
                    self.needs_force = matches!(self.config.token, TokenSource::Stable);
                    self.token = None;
                    return Ok(());
                }
                self.needs_force = false;
                self.refused_token = None;
                if forced {
                    tracing::warn!(
                        account = self.config.account.name,
                        "the platform's token was renewed by force"
                    );
                }
                let life = TimeDelta::seconds(i64::from(expires_in_s));
                self.token = Some(Token { value, until: now + life, life });
                Ok(())
            }
            TokenReading::Refused { meaning: Meaning::PauseAccount, code, errmsg } => {
                self.pause_for_token(step, code, &errmsg, now)
            }
            TokenReading::Refused { .. } | TokenReading::Unclear(_) => Ok(()),
        }
    }

    fn pause_for_token(
        &self,
        step: &Step<'_>,
        code: i64,
        errmsg: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // The secret is then the token server's, and there may be none in this config.
        if let TokenSource::Url(_) = self.config.token {
            let why = format!("the shared token server gave no token: {code} ({errmsg})");
            let advice = format!(
                "look at the token server, its secret and its IP list ({KEYS}), then resume the account"
            );
            return self.pause_because(step, &why, &advice, now);
        }
        let row = codes::for_token(code);
        let why = format!("the platform gave no token: {code} ({errmsg}), {}", row.what);
        self.pause_because(step, &why, row.advice, now)
    }

    pub(super) fn pause(
        &self,
        step: &Step<'_>,
        code: i64,
        errmsg: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let row = codes::for_send(code);
        let why = format!("the platform answered {code} ({errmsg}): {}", row.what);
        self.pause_because(step, &why, row.advice, now)
    }

    fn pause_because(
        &self,
        step: &Step<'_>,
        why: &str,
        advice: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        tracing::error!(account = self.config.account.name, "{why}; the account is paused");
        step.pause(&self.config.account.name, why, advice, now)
    }

    pub(super) fn refuse_token(&mut self) {
        self.refused_token = self.token.take().map(|token| token.value);
    }

    fn settle_send(
        &mut self,
        step: &Step<'_>,
        attempt: i64,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let reading = protocol::read_send(answer);
        let (job, in_doubt) = step.before_attempt(attempt)?;
        let outcome = conclude(reading.meaning, in_doubt);
        tracing::info!(
            account = self.config.account.name,
            job.id = job.as_str(),
            attempt.id = attempt,
            errcode = reading.code,
            errmsg = reading.errmsg,
            msg_id = reading.msg_id,
            "the answer to a mass send: {}",
            outcome.as_str()
        );
        let word = self.word(&reading, answer);
        if outcome != SendOutcome::Token && reading.code.is_some() {
            self.refusals = 0;
        }
        match outcome {
            SendOutcome::Accepted => self.accept(step, attempt, &word, false, now),
            SendOutcome::Adopted => self.accept(step, attempt, &word, true, now),
            SendOutcome::InDoubt => step.doubt_with(attempt, &word, now),
            SendOutcome::Later(after) => {
                step.later(attempt, &word, after, now)?;
                match (reading.meaning, reading.code) {
                    (Meaning::PauseAccount, Some(code)) => {
                        self.pause(step, code, &reading.errmsg, now)
                    }
                    _ => Ok(()),
                }
            }
            SendOutcome::Token => self.refused_for_token(step, attempt, &reading, &word, now),
            SendOutcome::Refused => {
                let account = &self.config.account;
                step.refuse(attempt, account, &word, &refusal(&reading), now)
            }
            SendOutcome::NextWindow => self.next_window(step, attempt, &reading, &word, now),
        }
    }

    fn word<'a>(&self, reading: &'a SendReading, answer: &Answer) -> Word<'a> {
        let ask_after =
            if self.config.callback.is_some() { ASK_WITH_CALLBACK } else { ASK_WITHOUT_CALLBACK };
        Word {
            errcode: reading.code,
            errmsg: &reading.errmsg,
            msg_id: reading.msg_id,
            msg_data_id: reading.msg_data_id,
            dated: answer.date,
            not_sent: matches!(answer.reply, Reply::NotSent(_)),
            ask_after,
        }
    }

    fn accept(
        &self,
        step: &Step<'_>,
        attempt: i64,
        word: &Word<'_>,
        adopted: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let account = &self.config.account;
        match step.accept(attempt, account, word, adopted, now)? {
            Settled::Plainly => Ok(()),
            Settled::AdoptedUnseen(job) => {
                let what = format!(
                    "the platform had job {job} already, though this database never asked for it: \
                     its broadcast was adopted"
                );
                let note = crate::store::Attention {
                    account: Some(&account.name),
                    job: Some(job.as_str()),
                    kind: "adopted",
                    what: &what,
                    advice: &format!(
                        "compare the broadcast with the account's history ({HISTORY})"
                    ),
                };
                step.attend(&note, now)
            }
            Settled::Collision(what) => {
                step.doubt_with(attempt, word, now)?;
                tracing::error!(account = account.name, "{what}; the account is paused");
                let advice =
                    format!("look at both broadcasts in the account's history ({HISTORY})");
                step.pause(&account.name, &what, &advice, now)
            }
        }
    }

    fn refused_for_token(
        &mut self,
        step: &Step<'_>,
        attempt: i64,
        reading: &SendReading,
        word: &Word<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        step.refused_token(attempt, word, now)?;
        self.refuse_token();
        self.refusals += 1;
        self.preflight_at = now;
        if self.refusals < 2 {
            return Ok(());
        }
        // A new token was refused as well: asking on would only use up the day's refreshes.
        self.refusals = 0;
        self.pause(step, reading.code.unwrap_or_default(), &reading.errmsg, now)
    }

    fn next_window(
        &self,
        step: &Step<'_>,
        attempt: i64,
        reading: &SendReading,
        word: &Word<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Meaning::NextWindow(kind) = reading.meaning else {
            return step.doubt_with(attempt, word, now);
        };
        let (id, _) = step.before_attempt(attempt)?;
        let at = word.dated.unwrap_or(now);
        // Around midnight nobody knows which day refused: it is asked again after the guard.
        let settled = |at| match calendar::midnight_ahead(at) {
            Some(midnight) => Some(midnight + calendar::GUARD_AFTER_MIDNIGHT),
            None => calendar::guard_end(at),
        };
        if let Some(until) = settled(at).max(settled(now)) {
            return step.later(attempt, word, until - now, now);
        }
        // What may have gone out is never moved.
        if step.any_in_doubt(&id)? {
            return step.later(attempt, word, TimeDelta::zero(), now);
        }
        let account = &self.config.account;
        let job = step.job(&id)?;
        let (day, month) = (Window::containing(Span::Day, at), Window::containing(Span::Month, at));
        let mut strange = false;
        let (after, full) = match kind {
            NextWindow::Broadcasts => {
                let refused = step.book_refused(&job, account, at)?;
                strange = refused.strange;
                (day.end(), full_words(refused.full, day))
            }
            NextWindow::Calls => {
                step.book_calls_gone(account, at)?;
                (day.end(), format!("{} of {day} is used up", Rule::DailyCalls))
            }
            NextWindow::Day => (day.end(), format!("the platform has no more quota on {day}")),
            NextWindow::Month => {
                (month.end(), format!("the platform has no more quota in {month}"))
            }
        };
        let code = reading.code.unwrap_or_default();
        let why = format!("{full}: the platform answered {code} ({})", reading.errmsg);
        step.refuse_window(attempt, account, word, (after, &why), now)?;
        if !strange {
            return Ok(());
        }
        let why = "the platform refused a broadcast for want of quota on two days running, and no send \
                   made elsewhere is known";
        let advice = "see whether the account may mass-send by API (verified, not a test account) and \
                      what the website's history shows";
        step.pause(&account.name, why, advice, now)
    }

    fn settle_result(
        &mut self,
        step: &Step<'_>,
        ask: ResultAsk,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let word = match protocol::read_status(answer, ask.msg_id) {
            StatusReading::Success => ResultWord::Success,
            StatusReading::Sending => ResultWord::Sending,
            StatusReading::Failed => ResultWord::Failed,
            StatusReading::Deleted => ResultWord::Deleted,
            StatusReading::NewToken => {
                self.refuse_token();
                ResultWord::Nothing
            }
            StatusReading::Pause { code, errmsg } => {
                self.pause(step, code, &errmsg, now)?;
                ResultWord::Nothing
            }
            StatusReading::NotOurs | StatusReading::Unclear(_) => ResultWord::Nothing,
        };
        step.settle_result(ask, &self.config.account, word, now)
    }
}

fn full_words(full: Option<(Rule, Window)>, day: Window) -> String {
    match full {
        Some((rule, window)) => format!("{rule} of {window} is used up by a send made elsewhere"),
        None => format!("the platform has no more quota on {day}"),
    }
}

/// Returns what a request asks, for people.
fn question(ticket: Ticket) -> &'static str {
    match ticket {
        Ticket::Token { .. } => "the token request",
        Ticket::Clock => "tags/get",
        Ticket::Send { .. } => "mass sends",
        Ticket::Result(_) => "mass/get",
        Ticket::Followers(_) => "the reading of followers",
        Ticket::Upload { .. } => "uploads",
        Ticket::Errand(_) => "calls beside the broadcasts",
    }
}

fn agrees(date: DateReading) -> bool {
    (date.platform_at - date.read_at).abs() <= margins::CLOCK_APART
}

fn refusal(reading: &SendReading) -> String {
    match reading.code {
        Some(code) => {
            let row = codes::for_send(code);
            format!(
                "the platform refused it with {code} ({}): {}; {}",
                reading.errmsg, row.what, row.advice
            )
        }
        None => format!("the platform refused it: {}", reading.errmsg),
    }
}
