//! One account's in-memory state: access token, last clock sample, requests in flight. It is
//! rebuilt after a restart.

mod component;
mod reload;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use crate::alert::{Advice, Question, Told};
use crate::calendar::{self, Span, Window};
use crate::calls::{InFlight, Kind, Policy, Role, Slot};
use crate::config::{AccountConfig, TokenSource};
use crate::engine::acting::Acting;
use crate::engine::base::Bases;
use crate::engine::{Ticket, classify, raise_alert};
use crate::quota::{Rule, margins};
use crate::reason::Reason;
use crate::store::Alert;
use crate::store::{
    FollowersAsk, ResponseFields, ResultAsk, SendOutcome, SendStatus, Settled, StoreError, Tx,
};
use crate::text::reason;
use crate::text::told::{self, About};
use crate::wechat::codes;
use crate::wechat::protocol::followers::Page;
use crate::wechat::protocol::{
    self, HttpResponse, QueryResponse, Reply, SendResponse, StatusResponse, TokenResponse,
};
use crate::wechat::{NextWindow, Verdict};

/// How long after acceptance `mass/get` is sent if no callback will report the result.
const ASK_WITHOUT_CALLBACK: TimeDelta = TimeDelta::seconds(15);
/// The same if an event is expected first.
const ASK_WITH_CALLBACK: TimeDelta = TimeDelta::minutes(10);

/// After how many unreadable responses in a row an alert is raised.
const UNREAD_TOLD: u32 = 3;

/// A sample of the platform's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClockSample {
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

/// What an account that wants to sync its followers waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TurnToRead {
    /// It does not want to sync, or already can.
    #[default]
    None,
    /// Another account syncs. This one is woken after it, because thousands of accounts that check
    /// again and again would keep the loop busy.
    Waits,
    /// Nothing: it has the turn, and begins or continues when it is woken.
    Next,
    NeedsToken,
}

/// A page of followers, of which some parts are stored.
#[derive(Debug)]
pub(super) struct PageInFlight {
    pub(super) ask: FollowersAsk,
    pub(super) page: Page,
    pub(super) parts: u32,
}

/// Whether the config covers an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It does.
    Configured,
    /// The data under its name in the database belongs to another account: nothing is done with it.
    Mistaken,
    /// It does not any more. Only what is under way is settled.
    Removed,
}

/// One account's volatile state.
#[derive(Debug)]
pub struct Session {
    /// The account as configured.
    pub config: AccountConfig,
    /// Whether the config covers it.
    pub(super) standing: Standing,
    /// When to look at it again.
    pub(super) wake: Option<DateTime<Utc>>,
    /// Which requests are open.
    pub(super) in_flight: InFlight,
    /// Where requests go.
    pub(super) bases: Bases,
    /// A page of followers that is being stored.
    pub(super) page: Option<PageInFlight>,
    /// What keeps it from requesting followers.
    pub(super) turn_to_read: TurnToRead,
    pub(super) date: Option<ClockSample>,
    token: Option<Token>,
    /// A token that the platform refused: the next one must differ.
    refused_token: Option<SecretString>,
    /// Token refusals in a row.
    refusals: u32,
    /// A plain request returned the refused token again.
    needs_force: bool,
    /// No preflight before this time.
    pub(super) preflight_at: DateTime<Utc>,
    fruitless: u32,
    /// Unreadable responses in a row, by what was requested.
    unread: BTreeMap<Question, u32>,
    /// The request for a token or a clock sample that is open was made with a former secret or address.
    access_changed: bool,
    /// What its component must do first, if one acts for it.
    acting: Acting,
    /// A reload changed what the rules need of the account, and its schedule was not made anew yet.
    pub(super) rules_changed: bool,
}

impl Session {
    /// Creates a session without a token or a clock sample.
    pub(super) fn new(config: AccountConfig, now: DateTime<Utc>) -> Self {
        Self {
            bases: Bases::new(config.api_bases.clone()),
            config,
            standing: Standing::Configured,
            access_changed: false,
            acting: Acting::default(),
            rules_changed: false,
            wake: Some(now),
            in_flight: InFlight::default(),
            page: None,
            turn_to_read: TurnToRead::None,
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

    /// Returns whether a send or a preflight is open: one at a time.
    pub(super) fn is_busy(&self) -> bool {
        self.in_flight.has(Slot::Send)
    }

    /// Drops every time that came from a clock which was stepped.
    pub(super) fn forget_clock(&mut self, now: DateTime<Utc>) {
        self.date = None;
        self.token = None;
        self.preflight_at = now;
        self.fruitless = 0;
    }

    /// Returns whether the last sample of the platform's clock is recent and agrees with our clock.
    pub(super) fn clock_trusted(&self, now: DateTime<Utc>) -> bool {
        self.clock_fresh(now, margins::DATE_AGE_MAX)
    }

    /// Returns whether the platform's clock confirmed ours within a day: then days can be counted back.
    pub(super) fn knows_the_day(&self, now: DateTime<Utc>) -> bool {
        self.clock_fresh(now, TimeDelta::days(1))
    }

    /// Returns when the platform's clock was last sampled, and its value.
    pub(super) fn clock(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.date.map(|date| (date.read_at, date.platform_at))
    }

    fn clock_fresh(&self, at: DateTime<Utc>, age_max: TimeDelta) -> bool {
        self.date.is_some_and(|date| {
            let age = at - date.read_at;
            TimeDelta::zero() <= age && age <= age_max && agrees(date)
        })
    }

    /// Returns the token, if it stays valid long enough to be used now.
    pub(super) fn usable_token(&self, now: DateTime<Utc>) -> Option<&SecretString> {
        let token = self.token.as_ref()?;
        // A platform that gives only short-lived tokens must not stop everything.
        let spare = margins::TOKEN_LIFE_MIN.min(token.life / 2);
        (token.until - now >= spare).then_some(&token.value)
    }

    /// Returns whether a token or a clock sample is needed to release at `wanted_at`.
    pub(super) fn wants_preflight(&self, wanted_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        if wanted_at - margins::PREFLIGHT_AHEAD > now {
            return false;
        }
        let at = wanted_at.max(now);
        !self.clock_fresh(at, margins::DATE_AGE_RENEW) || self.usable_token(at).is_none()
    }

    /// Returns whether a job may be decided now.
    pub(super) fn may_release(&self, now: DateTime<Utc>) -> bool {
        self.clock_trusted(now)
            && self.usable_token(now).is_some()
            && calendar::guard_end(now).is_none()
    }

    /// Returns whether a plain request returned the refused token again.
    pub(super) fn needs_force(&self) -> bool {
        self.needs_force
    }

    /// Decides when this account is looked at next: for a release a little ahead of its time.
    pub(super) fn schedule(
        &mut self,
        (release_at, ahead): (Option<DateTime<Utc>>, TimeDelta),
        (result_at, next_call_at): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        now: DateTime<Utc>,
    ) {
        let soon = now + TimeDelta::milliseconds(10);
        let after_guard = |at: DateTime<Utc>| calendar::guard_end(at.max(now)).unwrap_or(at);
        let release = release_at.filter(|_| !self.is_busy()).map(|at| {
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
        let result = result_at.filter(|_| !self.in_flight.has(Slot::Result)).map(beside);
        let api_call = next_call_at.filter(|_| !self.in_flight.has(Slot::ApiCall)).map(beside);
        self.wake = release.into_iter().chain(result).chain(api_call).min();
    }

    /// Looks at this account no later than its next upload is due.
    pub(super) fn wake_to_prepare(&mut self, at: Option<DateTime<Utc>>) {
        self.wake = self.wake.into_iter().chain(at).min();
    }

    /// Records a response.
    pub(super) fn settle(
        &mut self,
        tx: &Tx<'_>,
        ticket: Ticket,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.wake = Some(now);
        self.in_flight.end(ticket.slot());
        let whose = (self.config.account.name.as_str(), ticket.slot());
        self.bases.settle(tx, whose, response, now)?;
        if self.is_void(ticket) {
            return self.keep_refresh_token(tx, ticket, response);
        }
        self.alert_unreadable(tx, (ticket, response), now)?;
        // A token server that others share has a clock of its own, perhaps ours.
        let shared =
            matches!((&self.config.token, ticket), (TokenSource::Url(_), Ticket::Token { .. }));
        if !shared {
            self.read_clock(tx, response, now)?;
        }
        match ticket {
            Ticket::Token { forced } => self.settle_token(tx, forced, response, now)?,
            Ticket::Clock => match protocol::read_query(response) {
                QueryResponse::Ok => {}
                QueryResponse::NewToken => self.refuse_token(),
                QueryResponse::Pause { code, errmsg } => self.pause(tx, code, &errmsg, now)?,
                QueryResponse::Unclear(_) => {}
            },
            Ticket::Send { attempt } => {
                self.settle_send(tx, attempt, response, now)?;
                tx.book_candidates(&self.config.account, now)?;
            }
            Ticket::Result(ask) => self.settle_result(tx, ask, response, now)?,
            Ticket::Followers(ask) => self.settle_followers(tx, ask, response, now)?,
            Ticket::ApiCall(ask) => self.settle_api_call(tx, ask, response, now)?,
            Ticket::Upload { attempt } => self.settle_prepared(tx, attempt, response, now)?,
        }
        self.judge_preflight(tx, ticket, response, now)
    }

    /// Raises an alert if response after response to one kind of request cannot be read: each
    /// single one is only retried.
    fn alert_unreadable(
        &mut self,
        tx: &Tx<'_>,
        (ticket, response): (Ticket, &HttpResponse),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Ticket::ApiCall(ask) = ticket
            && tx.api_call(ask.api_call)?.api_call.brings_files()
        {
            return Ok(());
        }
        let name = &self.config.account.name;
        let question = question(ticket);
        let Some(why) = protocol::unreadable(response) else {
            // A missing response says nothing about those that arrive.
            let is_read = matches!(response.reply, Reply::Http { status: 200..=299, .. });
            let before = if is_read { self.unread.remove(&question) } else { None };
            let told = |count: &u32| *count >= UNREAD_TOLD;
            if before.is_some_and(|before| told(&before)) && !self.unread.values().any(told) {
                tx.clear_alert(name, "unreadable")?;
            }
            return Ok(());
        };
        let count = self.unread.entry(question).or_default();
        *count = count.saturating_add(1);
        if *count != UNREAD_TOLD {
            return Ok(());
        }
        let told = Told::Unreadable { times: UNREAD_TOLD, question, why };
        let what = told::what(&told, About { account: Some(name), job: None });
        tracing::error!(account = name, "{what}");
        raise_alert(tx, name, ("unreadable", &told), now)
    }

    fn read_clock(
        &mut self,
        tx: &Tx<'_>,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(platform_at) = response.date else {
            return Ok(());
        };
        let date = ClockSample { read_at: now, platform_at };
        self.date = Some(date);
        let name = &self.config.account.name;
        if agrees(date) {
            return tx.clear_alert(name, "clock");
        }
        let apart = (platform_at - now).num_seconds();
        let told = Told::ClockApart { seconds: apart.abs(), ahead: apart <= 0 };
        raise_alert(tx, name, ("clock", &told), now)
    }

    /// After a preflight: continues, or pauses a little longer each time.
    fn judge_preflight(
        &mut self,
        tx: &Tx<'_>,
        ticket: Ticket,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let preflight = match ticket {
            Ticket::Token { .. } | Ticket::Clock => true,
            Ticket::Send { .. }
            | Ticket::Result(_)
            | Ticket::Followers(_)
            | Ticket::ApiCall(_)
            | Ticket::Upload { .. } => false,
        };
        if !preflight {
            return Ok(());
        }
        let name = &self.config.account.name;
        if self.clock_trusted(now) && self.usable_token(now).is_some() {
            self.fruitless = 0;
            // A token that expires too soon for what is due is not requested again without a pause.
            self.preflight_at = now + preflight_pause(1);
            return tx.clear_alert(name, "platform");
        }
        if matches!(ticket, Ticket::Token { .. })
            && self.usable_token(now).is_some()
            && self.date.is_none()
        {
            // The token came from elsewhere: the platform's clock is sampled next.
            self.preflight_at = now;
            return Ok(());
        }
        // A refused token is replaced at once the first time, with `force_refresh` if needed.
        let forced = matches!(ticket, Ticket::Token { forced: true });
        let pause = if self.fruitless == 0 && self.refused_token.is_some() && !forced {
            TimeDelta::zero()
        } else {
            preflight_pause(self.fruitless.saturating_add(1))
        };
        self.preflight_at = now + pause;
        self.fruitless = self.fruitless.saturating_add(1);
        let told = response.date.is_some() && self.usable_token(now).is_some();
        // What a component lacks has an alert of its own.
        if told || self.awaits_component() || tx.stops(name)?.paused.is_some() {
            return Ok(());
        }
        let told = match &response.reply {
            Reply::NotSent(why) | Reply::Unreachable(why) | Reply::Unknown(why) => {
                Told::NoPreflight { why: why.clone() }
            }
            Reply::Http { status, .. } => Told::EmptyPreflight { status: *status },
        };
        raise_alert(tx, name, ("platform", &told), now)
    }

    fn settle_token(
        &mut self,
        tx: &Tx<'_>,
        forced: bool,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.config.token.component().is_some() {
            return self.settle_authorizer_token(tx, response, now);
        }
        match protocol::read_token(response) {
            TokenResponse::Token { value, expires_in_s } => {
                let again = self
                    .refused_token
                    .as_ref()
                    .is_some_and(|refused| refused.expose_secret() == value.expose_secret());
                if again {
                    self.needs_force = matches!(self.config.token, TokenSource::Stable);
                    self.token = None;
                    return Ok(());
                }
                if forced {
                    tracing::warn!(
                        account = self.config.account.name,
                        "the platform's token was renewed by force"
                    );
                }
                let life = TimeDelta::seconds(i64::from(expires_in_s));
                self.take_token(Token { value, until: now + life, life });
                Ok(())
            }
            TokenResponse::Refused { verdict: Verdict::PauseAccount, code, errmsg } => {
                self.pause_for_token(tx, code, &errmsg, now)
            }
            TokenResponse::Refused { .. } | TokenResponse::Unclear(_) => Ok(()),
        }
    }

    fn take_token(&mut self, token: Token) {
        self.needs_force = false;
        self.refused_token = None;
        self.token = Some(token);
    }

    fn pause_for_token(
        &self,
        tx: &Tx<'_>,
        code: i64,
        errmsg: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // The token server then has the secret, and this config may have none.
        if let TokenSource::Url(_) = self.config.token {
            let why = Reason::TokenServerRefused { errcode: code, errmsg: errmsg.to_owned() };
            return self.pause_because(tx, &why, &Advice::TokenServer, now);
        }
        let why = Reason::NoToken { errcode: code, errmsg: errmsg.to_owned() };
        let advice = self.advice(codes::for_token(code), Advice::OfTokenCode { errcode: code });
        self.pause_because(tx, &why, &advice, now)
    }

    pub(super) fn pause(
        &self,
        tx: &Tx<'_>,
        code: i64,
        errmsg: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.refused_as_unauthorized(tx, code, now)? {
            return Ok(());
        }
        let why = Reason::AccountRefused { errcode: code, errmsg: errmsg.to_owned() };
        let advice = self.advice(codes::for_send(code), Advice::OfCode { errcode: code });
        self.pause_because(tx, &why, &advice, now)
    }

    /// Returns what a row advises; where the secret may be wrong, that names its place.
    fn advice(&self, row: codes::Row, of_row: Advice) -> Advice {
        match &self.config.secret_source {
            Some(source) if row.doubts_secret() => Advice::Secret { source: source.to_string() },
            Some(_) | None => of_row,
        }
    }

    fn pause_because(
        &self,
        tx: &Tx<'_>,
        why: &Reason,
        advice: &Advice,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let account = &self.config.account.name;
        let told = reason::sentence(why);
        tracing::error!(account, reason = why.code(), "{told}; the account is paused");
        tx.pause(account, why, advice, now)
    }

    pub(super) fn refuse_token(&mut self) {
        self.refused_token = self.token.take().map(|token| token.value);
    }

    fn settle_send(
        &mut self,
        tx: &Tx<'_>,
        attempt: i64,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let parsed = protocol::read_send(response);
        let (job, in_doubt) = tx.before_attempt(attempt)?;
        let outcome = classify(parsed.verdict, in_doubt);
        tracing::info!(
            account = self.config.account.name,
            job.id = job.as_str(),
            attempt.id = attempt,
            errcode = parsed.code,
            errmsg = parsed.errmsg,
            msg_id = parsed.msg_id,
            "the answer to a mass send: {}",
            outcome.as_str()
        );
        let fields = self.fields(&parsed, response);
        if outcome != SendOutcome::Token && parsed.code.is_some() {
            self.refusals = 0;
        }
        match outcome {
            SendOutcome::Accepted => self.accept(tx, attempt, &fields, false, now),
            SendOutcome::Adopted => self.accept(tx, attempt, &fields, true, now),
            SendOutcome::InDoubt => tx.doubt_with(attempt, &fields, now),
            SendOutcome::Later(after) => {
                tx.later(attempt, &fields, after, now)?;
                match (parsed.verdict, parsed.code) {
                    (Verdict::PauseAccount, Some(code)) => {
                        self.pause(tx, code, &parsed.errmsg, now)
                    }
                    _ => Ok(()),
                }
            }
            SendOutcome::Token => self.refused_for_token(tx, attempt, &parsed, &fields, now),
            SendOutcome::Refused => {
                let account = &self.config.account;
                tx.refuse(attempt, account, &fields, now)
            }
            SendOutcome::NextWindow => self.next_window(tx, attempt, &parsed, &fields, now),
        }
    }

    fn fields<'a>(&self, parsed: &'a SendResponse, response: &HttpResponse) -> ResponseFields<'a> {
        let ask_after =
            if self.config.callback.is_some() { ASK_WITH_CALLBACK } else { ASK_WITHOUT_CALLBACK };
        ResponseFields {
            errcode: parsed.code,
            errmsg: &parsed.errmsg,
            msg_id: parsed.msg_id,
            msg_data_id: parsed.msg_data_id,
            dated: response.date,
            not_sent: response.reply.is_not_sent(),
            ask_after,
        }
    }

    fn accept(
        &self,
        tx: &Tx<'_>,
        attempt: i64,
        fields: &ResponseFields<'_>,
        adopted: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let account = &self.config.account;
        match tx.accept(attempt, account, fields, adopted, now)? {
            Settled::Clean => Ok(()),
            Settled::AdoptedUnseen(job) => {
                let (account, job) = (Some(account.name.as_str()), Some(job.as_str()));
                let note = Alert { account, job, kind: "adopted", told: &Told::Adopted };
                tx.raise_alert(&note, now)
            }
            Settled::Collision(why) => {
                tx.doubt_with(attempt, fields, now)?;
                self.pause_because(tx, &why, &Advice::BothBroadcasts, now)
            }
        }
    }

    fn refused_for_token(
        &mut self,
        tx: &Tx<'_>,
        attempt: i64,
        parsed: &SendResponse,
        fields: &ResponseFields<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        tx.refused_token(attempt, fields, now)?;
        self.refuse_token();
        self.refusals += 1;
        self.preflight_at = now;
        if self.refusals < 2 {
            return Ok(());
        }
        // A new token was refused as well: more requests would only use up the day's refreshes.
        self.refusals = 0;
        self.pause(tx, parsed.code.unwrap_or_default(), &parsed.errmsg, now)
    }

    fn next_window(
        &self,
        tx: &Tx<'_>,
        attempt: i64,
        parsed: &SendResponse,
        fields: &ResponseFields<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Verdict::NextWindow(kind) = parsed.verdict else {
            return tx.doubt_with(attempt, fields, now);
        };
        let (id, _) = tx.before_attempt(attempt)?;
        let at = fields.dated.unwrap_or(now);
        // Around midnight it is unknown which day refused: it is retried after the guard.
        let settled = |at| match calendar::midnight_ahead(at) {
            Some(midnight) => Some(midnight + calendar::GUARD_AFTER_MIDNIGHT),
            None => calendar::guard_end(at),
        };
        if let Some(until) = settled(at).max(settled(now)) {
            return tx.later(attempt, fields, until - now, now);
        }
        // What may have been sent is never moved.
        if tx.any_in_doubt(&id)? {
            return tx.later(attempt, fields, TimeDelta::zero(), now);
        }
        let account = &self.config.account;
        let job = tx.job(&id)?;
        let (day, month) = (Window::containing(Span::Day, at), Window::containing(Span::Month, at));
        let mut strange = false;
        let (after, full) = match kind {
            NextWindow::Broadcasts => {
                let refused = tx.book_refused(&job, account, at)?;
                strange = refused.strange;
                let full =
                    refused.full.map(|(rule, window)| Reason::QuotaUsedElsewhere { rule, window });
                (day.end(), full.unwrap_or(Reason::PlatformQuotaUsed { window: day }))
            }
            NextWindow::Calls => {
                tx.book_calls_gone(account, at)?;
                (day.end(), Reason::QuotaUsed { rule: Rule::DailyCalls, window: day })
            }
            NextWindow::Day => (day.end(), Reason::PlatformQuotaUsed { window: day }),
            NextWindow::Month => (month.end(), Reason::PlatformQuotaUsed { window: month }),
        };
        let (errcode, errmsg) = (parsed.code.unwrap_or_default(), parsed.errmsg.clone());
        let why = Reason::PlatformHasNoRoom { cause: Box::new(full), errcode, errmsg };
        tx.refuse_window(attempt, account, fields, (after, &why), now)?;
        if !strange {
            return Ok(());
        }
        tx.pause(&account.name, &Reason::QuotaRefusedTwice, &Advice::MassSendRight, now)
    }

    fn settle_result(
        &mut self,
        tx: &Tx<'_>,
        ask: ResultAsk,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let fields = match protocol::read_status(response, ask.msg_id) {
            StatusResponse::Success => SendStatus::Success,
            StatusResponse::Sending => SendStatus::Sending,
            StatusResponse::Failed => SendStatus::Failed,
            StatusResponse::Deleted => SendStatus::Deleted,
            StatusResponse::NewToken => {
                self.refuse_token();
                SendStatus::Nothing
            }
            StatusResponse::Pause { code, errmsg } => {
                self.pause(tx, code, &errmsg, now)?;
                SendStatus::Nothing
            }
            StatusResponse::NotOurs | StatusResponse::Unclear(_) => SendStatus::Nothing,
        };
        tx.settle_result(ask, &self.config.account, fields, now)
    }
}

/// Returns what a request asks for.
fn question(ticket: Ticket) -> Question {
    match ticket {
        Ticket::Token { .. } => Question::Token,
        Ticket::Clock => Question::Clock,
        Ticket::Send { .. } => Question::Send,
        Ticket::Result(_) => Question::Result,
        Ticket::Followers(_) => Question::Followers,
        Ticket::Upload { .. } => Question::Upload,
        Ticket::ApiCall(_) => Question::ApiCall,
    }
}

/// Returns the pause after so many preflights that gave no usable clock or token.
fn preflight_pause(requests: u32) -> TimeDelta {
    Policy::of(Kind::Preflight, Role::Daemon).pause(requests).unwrap_or_default()
}

fn agrees(date: ClockSample) -> bool {
    clocks_agree(date.read_at, date.platform_at)
}

/// Returns whether our clock and the platform's showed the same time, as far as releases need it.
pub fn clocks_agree(read_at: DateTime<Utc>, platform_at: DateTime<Utc>) -> bool {
    (platform_at - read_at).abs() <= margins::CLOCK_APART
}
