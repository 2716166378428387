//! An account that a component acts for: its tokens, and what it authorised.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Session, Token};
use crate::alert::{Advice, Told};
use crate::engine::acting::{AskedWith, Effect, refuse_component_token, usable_token};
use crate::engine::{Ticket, raise_alert};
use crate::reason::Reason;
use crate::store::{AuthorizerState, StoreError, Tx};
use crate::wechat::Verdict;
use crate::wechat::codes;
use crate::wechat::protocol::component::{self as protocol, Answer};
use crate::wechat::protocol::{HttpResponse, Request};

/// The code of the reason for which an account is paused until it is authorised again.
const NOT_AUTHORIZED: &str = "not_authorized";
/// How soon an account looks again whether its component can act for it; usually the component tells.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(1);

impl Session {
    /// Returns whether a component acts for the account.
    pub(in crate::engine) fn is_of(&self, component: &str) -> bool {
        self.is_usual() && self.config.token.is_of(component)
    }

    /// Returns whether the account can do nothing before its component does something.
    pub(in crate::engine) fn awaits_component(&self) -> bool {
        self.acting.waits
    }

    /// Returns the request for the account's token, if its component can make it now.
    pub(in crate::engine) fn authorizer_token_request(
        &mut self,
        tx: &Tx<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<Request>, StoreError> {
        let Some(component) = self.config.token.component() else { return Ok(None) };
        let both = [component, self.config.account.appid.as_str()];
        let known = tx.authorizer(both[0], both[1])?;
        let refresh_token = match known.map(|known| (known.state, known.refresh_token)) {
            Some((AuthorizerState::Authorized, refresh_token)) => refresh_token,
            Some((AuthorizerState::Sought, _)) => None,
            // An operator has resumed it: perhaps it is authorised by now.
            Some((AuthorizerState::Unauthorized, _)) | None => {
                tx.seek_authorizer(both, now)?;
                None
            }
        };
        let token = usable_token(tx, component, now)?;
        let asked_with = token.zip(refresh_token);
        let request = asked_with
            .as_ref()
            .map(|(token, refresh_token)| protocol::authorizer_token(token, both, refresh_token));
        let component = component.to_owned();
        self.acting.waits = request.is_none();
        self.acting.asked_with =
            asked_with.map(|(token, refresh_token)| AskedWith { component, token, refresh_token });
        if request.is_none() {
            self.preflight_at = now + LOOK_AGAIN;
        }
        Ok(request)
    }

    /// Drops the token of an account that is paused, because it may not be authorised any more.
    pub(in crate::engine) fn drop_acting_token(&mut self) {
        if self.config.token.component().is_some() {
            self.token = None;
        }
    }

    /// Records the response to [`authorizer_token_request`](Self::authorizer_token_request).
    ///
    /// The refresh token that it brings is stored in the same transaction: it may be the only one that
    /// is valid.
    pub(super) fn settle_authorizer_token(
        &mut self,
        tx: &Tx<'_>,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(component) = self.config.token.component() else { return Ok(()) };
        let both = [component, self.config.account.appid.as_str()];
        let asked_with = self.acting.asked_with.take();
        let (code, errmsg) = match protocol::read_authorizer_token(response) {
            Answer::Given(given) => {
                if let Some(refresh_token) = &given.refresh_token {
                    tx.renew_refresh_token(both, refresh_token)?;
                }
                let life = TimeDelta::seconds(i64::from(given.token.expires_in_s));
                self.take_token(Token { value: given.token.value, until: now + life, life });
                return Ok(());
            }
            Answer::Refused { code, errmsg } => (code, errmsg),
            Answer::Unclear(_) => return Ok(()),
        };
        let Some(AskedWith { token, refresh_token, .. }) = asked_with else { return Ok(()) };
        if codes::refuses_component_token(code) {
            self.acting.waits = true;
            return refuse_component_token(tx, component, &token, now);
        }
        if code == codes::REFRESH_TOKEN_INVALID {
            self.acting.waits = true;
            return tx.refuse_refresh_token(both, &refresh_token, now);
        }
        if code == codes::NOT_AUTHORIZED {
            tx.unauthorized(both, now)?;
            return self.pause_unauthorized(tx, now);
        }
        match codes::for_token(code).verdict {
            Verdict::PauseAccount => self.pause_for_token(tx, code, &errmsg, now),
            Verdict::Accepted
            | Verdict::Adopt
            | Verdict::InDoubt
            | Verdict::Retry { .. }
            | Verdict::InvalidToken
            | Verdict::NextWindow(_)
            | Verdict::Reject => Ok(()),
        }
    }

    /// Keeps the refresh token of a response that says nothing else any more, because the config changed
    /// meanwhile: it may be the only one that is valid.
    pub(super) fn keep_refresh_token(
        &mut self,
        tx: &Tx<'_>,
        ticket: Ticket,
        response: &HttpResponse,
    ) -> Result<(), StoreError> {
        if !matches!(ticket, Ticket::Token { .. }) {
            return Ok(());
        }
        let Some(AskedWith { component, .. }) = self.acting.asked_with.take() else {
            return Ok(());
        };
        let Answer::Given(given) = protocol::read_authorizer_token(response) else {
            return Ok(());
        };
        let Some(refresh_token) = given.refresh_token else { return Ok(()) };
        tx.renew_refresh_token([&component, &self.config.account.appid], &refresh_token)
    }

    /// Pauses the account until it is authorised again, because the platform refused a request.
    pub(super) fn refused_as_unauthorized(
        &self,
        tx: &Tx<'_>,
        code: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let component = self.config.token.component();
        let Some(component) = component.filter(|_| code == codes::NOT_AUTHORIZED) else {
            return Ok(false);
        };
        tx.unauthorized([component, &self.config.account.appid], now)?;
        self.pause_unauthorized(tx, now)?;
        Ok(true)
    }

    fn pause_unauthorized(&self, tx: &Tx<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let component = || self.config.token.component_name().unwrap_or_default().to_owned();
        let why = Reason::NotAuthorized { component: component() };
        self.pause_because(tx, &why, &Advice::Authorize { component: component() }, now)
    }

    /// Takes what changed about the account or its component.
    pub(in crate::engine) fn feel(
        &mut self,
        tx: &Tx<'_>,
        effect: &Effect,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let appid = self.config.account.appid.as_str();
        match effect {
            Effect::Token => {}
            Effect::Authorized { appid: other, .. } | Effect::Unauthorized { appid: other }
                if other != appid =>
            {
                return Ok(());
            }
            Effect::Authorized { func_info, .. } => {
                let name = &self.config.account.name;
                let may_send =
                    func_info.as_ref().is_some_and(|ids| ids.contains(&protocol::MASS_SENDS));
                let errcode = may_send.then_some(codes::NO_RIGHT);
                if tx.lift_pause(name, (NOT_AUTHORIZED, errcode))? {
                    tracing::info!(account = name, "the account is authorised: it goes on");
                }
                self.tell_rights(tx, func_info.as_deref(), now)?;
            }
            Effect::Unauthorized { .. } => return self.pause_unauthorized(tx, now),
        }
        self.acting.waits = false;
        self.preflight_at = now;
        self.wake_by(now);
        Ok(())
    }

    /// Tells that the account granted no mass sends, or that it did; nothing if that is not known.
    pub(in crate::engine) fn tell_rights(
        &self,
        tx: &Tx<'_>,
        func_info: Option<&[i64]>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(ids) = func_info else { return Ok(()) };
        let name = &self.config.account.name;
        if ids.contains(&protocol::MASS_SENDS) {
            return tx.clear_alert(name, "rights");
        }
        let component = self.config.token.component_name().unwrap_or_default().to_owned();
        raise_alert(tx, name, ("rights", &Told::NoMassSendRight { component }), now)
    }
}
