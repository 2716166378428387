//! What the accounts that a component acts for need of it: its token, and what happened to it.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use crate::store::{ComponentToken, StoreError, Tx};

/// A token that ends sooner is not used any more.
pub(super) const USABLE_FOR: TimeDelta = TimeDelta::minutes(1);
/// No token is valid for longer: a clock was wrong when one was stored that seems to be.
const LIFE_MAX: TimeDelta = TimeDelta::hours(2);
/// A token that is younger is not replaced: whatever refuses it would refuse the next one.
const REPLACED_AFTER: TimeDelta = TimeDelta::minutes(1);

/// What an account waits for, and with what it asked.
#[derive(Debug, Default)]
pub(super) struct Acting {
    /// What the open request for a token was made with.
    pub(super) asked_with: Option<AskedWith>,
    /// Whether the component must do something first.
    pub(super) waits: bool,
}

/// What a request for an account's token was made with.
#[derive(Debug)]
pub(super) struct AskedWith {
    pub(super) component: String,
    pub(super) token: SecretString,
    pub(super) refresh_token: SecretString,
}

/// What a response or an event changes for accounts.
#[derive(Debug)]
pub(super) enum Effect {
    /// The component has another token.
    Token,
    /// The account is authorised, with these permission sets, if they are known.
    Authorized { appid: String, func_info: Option<Vec<i64>> },
    /// It is not, or not any more.
    Unauthorized { appid: String },
}

/// Forgets a component's token that the platform refused, unless it was given a moment ago.
pub(super) fn refuse_component_token(
    tx: &Tx<'_>,
    component: &str,
    token: &SecretString,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.refuse_component_token(component, token, (now - REPLACED_AFTER, now))
}

/// Returns a component's token, if it can be used now.
pub(super) fn usable_token(
    tx: &Tx<'_>,
    component: &str,
    now: DateTime<Utc>,
) -> Result<Option<SecretString>, StoreError> {
    let token = tx.component(component)?.token;
    Ok(token.filter(|token| lasts(token, USABLE_FOR, now)).map(|token| token.value))
}

/// Returns whether a token is valid for at least this long.
pub(super) fn lasts(token: &ComponentToken, at_least: TimeDelta, now: DateTime<Utc>) -> bool {
    let left = token.until - now;
    at_least < left && left <= LIFE_MAX
}
