//! Third-party platforms: one component's ticket, token and authorizations, one request at a time.
//!
//! A component renews its token ahead of its end, redeems authorization codes, and asks the platform
//! for the refresh tokens that it lacks: after a restored backup, or if the platform refused one.
//! Each next request follows from what is stored, so nothing but the pause after a failure is lost
//! by a restart. An account's own token is requested by the account ([`session`](super::session)).

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::acting::{Effect, USABLE_FOR, lasts, refuse_component_token};
use super::session::Session;
use crate::alert::Told;
use crate::calls::{BaseChoice, Kind, Policy, Reached, Role};
use crate::config::ComponentConfig;
use crate::store::{Alert, AuthorizationCode, AuthorizerState, ComponentToken, StoreError, Tx};
use crate::wechat::codes::{self, Verdict};
use crate::wechat::protocol::component::{self as protocol, Answer, Listed};
use crate::wechat::protocol::{HttpResponse, Reply, Request};

/// How long before its end a component's token is renewed; the documents say ten minutes.
const RENEWED_AHEAD: TimeDelta = TimeDelta::minutes(10);
/// A ticket comes every ten minutes; without one for this long somebody is told.
const TICKET_LATE: TimeDelta = TimeDelta::hours(1);
/// How long the platform has for a push that was asked for.
const PUSH_WAIT: TimeDelta = TimeDelta::minutes(10);
/// After how many requests in a row without a clear answer somebody is told.
const UNANSWERED_TOLD: u32 = 3;

/// A request of a component that may leave now.
#[derive(Debug)]
pub struct ComponentRequest {
    /// Which component makes it, by its number.
    pub component: usize,
    /// Which of its API addresses it goes to.
    pub base: usize,
    /// The request.
    pub request: Request,
}

/// What the open request of a component is for.
#[derive(Clone, Debug)]
enum Call {
    Token { ticket: SecretString },
    PushTicket,
    Redeem(AuthorizationCode),
    List { offset: u32 },
    Info { appid: String },
}

/// The open request of a component.
#[derive(Debug)]
struct Open {
    call: Call,
    /// The token that it carries.
    token: Option<SecretString>,
    base: usize,
}

/// One component's volatile state.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) config: ComponentConfig,
    /// Whether the config contains it.
    configured: bool,
    wake: Option<DateTime<Utc>>,
    open: Option<Open>,
    bases: BaseChoice,
    /// No request before this time.
    retry_at: DateTime<Utc>,
    /// Requests in a row that brought nothing.
    failures: u32,
    started_at: DateTime<Utc>,
    push_asked_at: Option<DateTime<Utc>>,
    /// The pages of the list of accounts that were read so far.
    listed: Vec<Listed>,
    /// Accounts whose permission sets the platform did not give.
    without_info: HashSet<String>,
    /// Why it has no token.
    trouble: Option<Told>,
    /// That its ticket is late.
    ticket_late: Option<Told>,
}

impl Component {
    pub(super) fn new(config: ComponentConfig, now: DateTime<Utc>) -> Self {
        Self {
            bases: BaseChoice::new(config.api_bases.len()),
            config,
            configured: true,
            wake: Some(now),
            open: None,
            retry_at: now,
            failures: 0,
            started_at: now,
            push_asked_at: None,
            listed: Vec::new(),
            without_info: HashSet::new(),
            trouble: None,
            ticket_late: None,
        }
    }

    /// Takes another config of the same appid.
    pub(super) fn reconfigure(&mut self, config: ComponentConfig, now: DateTime<Utc>) {
        self.bases = BaseChoice::new(config.api_bases.len());
        self.config = config;
        self.configured = true;
        self.hopes(now);
    }

    /// Begins nothing more: the config does not contain it, unless it is given again.
    pub(super) fn retire(&mut self) {
        self.configured = false;
    }

    pub(super) fn is_configured(&self) -> bool {
        self.configured
    }

    pub(super) fn appid(&self) -> &str {
        &self.config.appid
    }

    pub(super) fn wakes_at(&self) -> Option<DateTime<Utc>> {
        self.wake.filter(|_| self.configured && self.open.is_none())
    }

    pub(super) fn wake_by(&mut self, at: DateTime<Utc>) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Returns whether a request is open whose response may be the only one to bring a secret.
    pub(super) fn is_busy(&self) -> bool {
        self.open.is_some()
    }

    /// Forgets the times that came from a clock which was stepped.
    pub(super) fn forget_clock(&mut self, now: DateTime<Utc>) {
        (self.started_at, self.push_asked_at) = (now, None);
        self.hopes(now);
    }

    /// Tries again at once: something changed that may help.
    pub(super) fn hopes(&mut self, now: DateTime<Utc>) {
        self.failures = 0;
        self.retry_at = now;
        self.wake = Some(now);
    }

    /// Returns the request that may leave now, if there is one.
    pub(super) fn advance(
        &mut self,
        tx: &Tx<'_>,
        number: usize,
        now: DateTime<Utc>,
    ) -> Result<Option<ComponentRequest>, StoreError> {
        self.wake = None;
        let stored = tx.component(self.appid())?;
        let last = stored.ticket_at.unwrap_or(self.started_at).max(self.started_at);
        let is_late = now - last >= TICKET_LATE;
        self.ticket_late = is_late.then(|| Told::ComponentTicket {
            component: self.config.name.clone(),
            since: stored.ticket_at,
        });
        if !is_late {
            self.wake_by(last + TICKET_LATE);
        }
        if now < self.retry_at {
            self.wake_by(self.retry_at);
            return Ok(None);
        }
        let token = stored.token.as_ref();
        let must_renew = token.is_none_or(|token| !lasts(token, RENEWED_AHEAD, now));
        let usable = token.filter(|token| lasts(token, USABLE_FOR, now));
        let push_pause = if is_late { TICKET_LATE } else { PUSH_WAIT };
        let asks_for_push = self.push_asked_at.is_none_or(|at| (now - at).abs() >= push_pause);
        let call = match stored.ticket {
            Some(ticket) if must_renew => Some(Call::Token { ticket }),
            Some(_) | None if (must_renew || is_late) && asks_for_push => Some(Call::PushTicket),
            Some(_) | None if usable.is_some() => self.next_with_token(tx)?,
            Some(_) | None => None,
        };
        if must_renew || is_late {
            self.wake_by(now + push_pause);
        }
        if let Some(token) = token.filter(|_| !must_renew) {
            self.wake_by(token.until - RENEWED_AHEAD);
        }
        let Some(call) = call else { return Ok(None) };
        let token = usable.map(|token| token.value.clone());
        let Some(request) = self.request(&call, token.as_ref()) else { return Ok(None) };
        if matches!(call, Call::PushTicket) {
            self.push_asked_at = Some(now);
        }
        let base = self.bases.for_query(now);
        self.open = Some(Open { call, token, base });
        Ok(Some(ComponentRequest { component: number, base, request }))
    }

    /// Returns what is done next with a token.
    fn next_with_token(&self, tx: &Tx<'_>) -> Result<Option<Call>, StoreError> {
        if let Some(code) = tx.next_code(self.appid())? {
            return Ok(Some(Call::Redeem(code)));
        }
        if tx.seeks_authorizers(self.appid())? {
            let offset = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
            return Ok(Some(Call::List { offset }));
        }
        let authorizers = tx.authorizers(self.appid())?;
        let without = authorizers.into_iter().find(|one| {
            one.state == AuthorizerState::Authorized
                && one.func_info.is_none()
                && !self.without_info.contains(&one.appid)
        });
        Ok(without.map(|one| Call::Info { appid: one.appid }))
    }

    fn request(&self, call: &Call, token: Option<&SecretString>) -> Option<Request> {
        let ComponentConfig { appid, secret, .. } = &self.config;
        Some(match call {
            Call::Token { ticket } => protocol::component_token(appid, secret, ticket),
            Call::PushTicket => protocol::start_push_ticket(appid, secret),
            Call::Redeem(code) => protocol::query_auth(token?, appid, &code.code),
            Call::List { offset } => protocol::authorizer_list(token?, appid, *offset),
            Call::Info { appid: account } => {
                protocol::authorizer_info(token?, [appid, account.as_str()])
            }
        })
    }

    /// Records a response.
    pub(super) fn settle(
        &mut self,
        tx: &Tx<'_>,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<Vec<Effect>, StoreError> {
        let Some(Open { call, token, base }) = self.open.take() else { return Ok(Vec::new()) };
        let reached = match &response.reply {
            Reply::Unreachable(_) => Reached::No,
            Reply::Http { .. } => Reached::Yes,
            Reply::NotSent(_) | Reply::Unknown(_) => Reached::Unclear,
        };
        self.bases = self.bases.after(base, reached, now);
        self.wake = Some(now);
        let mut effects = Vec::new();
        match call {
            Call::Token { ticket } => match protocol::read_component_token(response) {
                Answer::Given(given) => {
                    let until = protocol::ends(given.expires_in_s, now);
                    let token = ComponentToken { value: given.value, at: now, until };
                    tx.set_component_token(self.appid(), &token)?;
                    self.succeeded();
                    self.trouble = None;
                    effects.push(Effect::Token);
                }
                Answer::Refused { code, errmsg } => {
                    if codes::refuses_ticket(code) {
                        tx.refuse_ticket(self.appid(), &ticket)?;
                    }
                    self.refused((code, errmsg), now);
                }
                Answer::Unclear(why) => self.unclear(why, now),
            },
            Call::PushTicket => match protocol::read_done(response) {
                Answer::Given(()) => self.succeeded(),
                Answer::Refused { code, errmsg } => self.refused((code, errmsg), now),
                Answer::Unclear(why) => self.unclear(why, now),
            },
            Call::Redeem(code) => {
                self.redeemed(tx, (&code, token), response, (&mut effects, now))?;
            }
            Call::List { .. } => self.listed(tx, token, response, (&mut effects, now))?,
            Call::Info { appid } => match protocol::read_authorization(response) {
                Answer::Given(read) => {
                    tx.set_func_info([self.appid(), &appid], &read.func_info)?;
                    self.succeeded();
                    effects.push(Effect::Authorized { appid, func_info: Some(read.func_info) });
                }
                Answer::Refused { code, errmsg } => {
                    if self.refused_token(tx, code, token, now)? {
                        self.failed(now);
                    } else {
                        tracing::warn!(appid, code, errmsg, "what an account granted is not known");
                        self.without_info.insert(appid);
                    }
                }
                Answer::Unclear(why) => self.unclear(why, now),
            },
        }
        Ok(effects)
    }

    fn redeemed(
        &mut self,
        tx: &Tx<'_>,
        (code, token): (&AuthorizationCode, Option<SecretString>),
        response: &HttpResponse,
        (effects, now): (&mut Vec<Effect>, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        match protocol::read_authorization(response) {
            Answer::Given(given) => {
                self.succeeded();
                tx.drop_code(self.appid(), &code.code)?;
                let appid = given.appid;
                let Some(refresh_token) = given.refresh_token else {
                    tx.unauthorized([self.appid(), &appid], now)?;
                    effects.push(Effect::Unauthorized { appid });
                    return Ok(());
                };
                let granted = (&refresh_token, Some(given.func_info.as_slice()));
                tx.authorized([self.appid(), &appid], granted, now)?;
                self.without_info.remove(&appid);
                effects.push(Effect::Authorized { appid, func_info: Some(given.func_info) });
            }
            Answer::Refused { code: errcode, errmsg } => {
                let is_final = codes::for_query(errcode).verdict == Verdict::Reject;
                if is_final {
                    self.failures = 0;
                    tx.drop_code(self.appid(), &code.code)?;
                    // What it was for is known to the list, if an earlier request redeemed it.
                    if let Some(appid) = &code.appid {
                        tx.seek_authorizer([self.appid(), appid], now)?;
                    }
                } else if self.refused_token(tx, errcode, token, now)? {
                    self.failed(now);
                } else {
                    self.refused((errcode, errmsg), now);
                }
            }
            Answer::Unclear(why) => self.unclear(why, now),
        }
        Ok(())
    }

    fn listed(
        &mut self,
        tx: &Tx<'_>,
        token: Option<SecretString>,
        response: &HttpResponse,
        (effects, now): (&mut Vec<Effect>, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        let page = match protocol::read_list(response) {
            Answer::Given(page) => page,
            Answer::Refused { code, errmsg } => {
                self.listed.clear();
                if self.refused_token(tx, code, token, now)? {
                    self.failed(now);
                } else {
                    self.refused((code, errmsg), now);
                }
                return Ok(());
            }
            Answer::Unclear(why) => {
                self.unclear(why, now);
                return Ok(());
            }
        };
        self.succeeded();
        let is_last = page.accounts.is_empty();
        self.listed.extend(page.accounts);
        if !is_last && u32::try_from(self.listed.len()).is_ok_and(|read| read < page.total) {
            return Ok(());
        }
        let listed = std::mem::take(&mut self.listed);
        for sought in tx.authorizers(self.appid())? {
            if sought.state != AuthorizerState::Sought {
                continue;
            }
            let found = listed.iter().find(|one| one.appid == sought.appid);
            let refresh_token = found.and_then(|one| one.refresh_token.as_ref());
            let both = [self.config.appid.as_str(), sought.appid.as_str()];
            match refresh_token.filter(|token| !is_same(Some(token), sought.refused_token.as_ref()))
            {
                Some(refresh_token) => {
                    tx.authorized(both, (refresh_token, None), now)?;
                    effects.push(Effect::Authorized { appid: sought.appid, func_info: None });
                }
                None => {
                    tx.unauthorized(both, now)?;
                    effects.push(Effect::Unauthorized { appid: sought.appid });
                }
            }
        }
        Ok(())
    }

    fn succeeded(&mut self) {
        self.failures = 0;
    }

    fn failed(&mut self, now: DateTime<Utc>) {
        self.failures = self.failures.saturating_add(1);
        let policy = Policy::of(Kind::Component, Role::Daemon);
        self.retry_at = now + policy.pause(self.failures).unwrap_or_default();
    }

    fn refused(&mut self, (errcode, errmsg): (i64, String), now: DateTime<Utc>) {
        self.failed(now);
        let component = self.config.name.clone();
        tracing::warn!(component, errcode, errmsg, "the platform refused a component's request");
        // A late ticket has an alert of its own.
        if !codes::refuses_ticket(errcode) {
            self.trouble = Some(Told::ComponentRefused { component, errcode, errmsg });
        }
    }

    fn unclear(&mut self, why: String, now: DateTime<Utc>) {
        self.failed(now);
        let component = self.config.name.clone();
        tracing::warn!(component, "a component's request has no clear answer: {why}");
        if self.failures >= UNANSWERED_TOLD {
            self.trouble = Some(Told::ComponentUnanswered { component, why });
        }
    }

    /// Lets a refused token be replaced; returns false if the refusal has another cause.
    fn refused_token(
        &self,
        tx: &Tx<'_>,
        errcode: i64,
        token: Option<SecretString>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(token) = token.filter(|_| codes::refuses_component_token(errcode)) else {
            return Ok(false);
        };
        refuse_component_token(tx, self.appid(), &token, now)?;
        Ok(true)
    }
}

fn is_same(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.expose_secret() == other.expose_secret())
}

/// The alerts about components, as they were last raised.
pub(super) type RaisedAlerts = Option<[Option<Told>; 2]>;

/// Returns the requests of components that may leave now.
pub(super) fn advance_all(
    tx: &Tx<'_>,
    (components, raised): (&mut [Component], &mut RaisedAlerts),
    now: DateTime<Utc>,
) -> Result<Vec<ComponentRequest>, StoreError> {
    let mut requests = Vec::new();
    for (number, component) in components.iter_mut().enumerate() {
        if component.wakes_at().is_some_and(|at| at <= now) {
            requests.extend(component.advance(tx, number, now)?);
        }
    }
    tell(tx, components, raised, now)?;
    Ok(requests)
}

/// Wakes the components that these accounts wait for.
pub(super) fn wake<'s>(
    components: &mut [Component],
    sessions: impl Iterator<Item = &'s Session>,
    now: DateTime<Utc>,
) {
    for session in sessions.filter(|session| session.awaits_component()) {
        let appid = session.config.token.component();
        if let Some(component) = components.iter_mut().find(|one| Some(one.appid()) == appid) {
            component.wake_by(now);
        }
    }
}

/// Raises and clears the alerts about components, if they changed.
pub(super) fn tell(
    tx: &Tx<'_>,
    components: &[Component],
    raised: &mut RaisedAlerts,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let configured = || components.iter().filter(|component| component.configured);
    let present = [
        configured().find_map(|component| component.trouble.clone()),
        configured().find_map(|component| component.ticket_late.clone()),
    ];
    if raised.as_ref() == Some(&present) {
        return Ok(());
    }
    for (kind, told) in ["component", "component_ticket"].into_iter().zip(&present) {
        tx.unattend_all(kind)?;
        if let Some(told) = told {
            tx.raise_alert(&Alert { account: None, job: None, kind, told }, now)?;
        }
    }
    *raised = Some(present);
    Ok(())
}
