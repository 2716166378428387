//! Third-party platforms (第三方平台): tickets, tokens, and the accounts that authorised them.
//!
//! Written from the documents alone. Where they are silent, the reading is the one that is harder for
//! a client: a replaced token or refresh token is valid for five more minutes, an authorization code is
//! redeemed once, and a refresh token can change with each token that it gives.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::answer::Refusal;

/// The prefix of the paths.
pub(super) const FAMILY: &str = "/cgi-bin/component/";
/// How long a ticket is valid.
pub(super) const TICKET_LIFE: TimeDelta = TimeDelta::hours(12);
/// How long a replaced token, or refresh token, is still valid.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// A push to a component, not yet signed, encrypted or delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentPush {
    /// The component's appid.
    pub component: String,
    /// A number of its own.
    pub number: u64,
    /// When it was due.
    pub at: DateTime<Utc>,
    /// The XML.
    pub body: String,
}

/// What the platform stores about a component.
#[derive(Clone, Debug, Default)]
pub(super) struct Component {
    pub(super) secret: Option<String>,
    pub(super) tickets: Vec<(String, DateTime<Utc>)>,
    pub(super) next_ticket_at: Option<DateTime<Utc>>,
    pub(super) tokens: Vec<(String, DateTime<Utc>)>,
    pub(super) pre_auth_codes: BTreeMap<String, DateTime<Utc>>,
    pub(super) codes: BTreeMap<String, (String, DateTime<Utc>)>,
    pub(super) authorizers: BTreeMap<String, Authorization>,
    /// Whether each new token of an account comes with another refresh token.
    pub(super) rotates: bool,
}

/// What an account granted a component.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    /// The refresh tokens, each with its end; none if its code was not redeemed yet.
    pub(super) refresh_tokens: Vec<(String, Option<DateTime<Utc>>)>,
    pub(super) func_info: Vec<i64>,
    pub(super) since: DateTime<Utc>,
}

impl Authorization {
    pub(super) fn newest(&self) -> Option<&str> {
        let (token, _) = self.refresh_tokens.iter().find(|(_, until)| until.is_none())?;
        Some(token)
    }

    pub(super) fn knows(&self, token: &str, now: DateTime<Utc>) -> bool {
        let is_valid = |until: &Option<DateTime<Utc>>| until.is_none_or(|until| now < until);
        self.refresh_tokens.iter().any(|(known, until)| known == token && is_valid(until))
    }

    pub(super) fn json(&self, appid: &str) -> Value {
        let sets = self.func_info.iter().map(|id| json!({"funcscope_category": {"id": id}}));
        let refresh_token = self.newest().unwrap_or_default();
        json!({
            "authorizer_appid": appid,
            "authorizer_refresh_token": refresh_token,
            "func_info": sets.collect::<Vec<_>>(),
        })
    }
}

pub(super) fn replace(authorization: &mut Authorization, token: String, now: DateTime<Utc>) {
    for (_, until) in &mut authorization.refresh_tokens {
        until.get_or_insert(now + OVERLAP);
    }
    authorization.refresh_tokens.push((token, None));
}

impl Component {
    pub(super) fn check_secret(&self, secret: &str) -> Result<(), Refusal> {
        match &self.secret {
            _ if secret.is_empty() => Err(Refusal::code(41_004)),
            Some(right) if right != secret => Err(Refusal::code(40_125)),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn check_ticket(&self, ticket: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        let pushed = self.tickets.iter().find(|(known, _)| known == ticket);
        let (_, at) = pushed.ok_or_else(|| Refusal::code(61_006))?;
        if now - *at >= TICKET_LIFE { Err(Refusal::code(61_005)) } else { Ok(()) }
    }

    pub(super) fn check_token(
        &self,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let token = token.filter(|token| !token.is_empty()).ok_or_else(|| Refusal::code(41_001))?;
        let known = self.tokens.iter().find(|(known, _)| known == token);
        let (_, until) = known.ok_or_else(|| Refusal::code(40_001))?;
        if *until <= now { Err(Refusal::code(42_001)) } else { Ok(()) }
    }

    pub(super) fn authorization(&self, appid: &str) -> Result<&Authorization, Refusal> {
        self.authorizers.get(appid).ok_or_else(|| Refusal::code(61_003))
    }

    pub(super) fn list(&self, offset: u64, count: u64) -> Value {
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let taken = usize::try_from(count).unwrap_or(usize::MAX);
        let row = |(appid, authorization): (&String, &Authorization)| {
            let auth_time = authorization.since.timestamp();
            match authorization.newest() {
                Some(token) => {
                    json!({"authorizer_appid": appid, "refresh_token": token, "auth_time": auth_time})
                }
                None => json!({"authorizer_appid": appid, "auth_time": auth_time}),
            }
        };
        let list: Vec<_> = self.authorizers.iter().skip(skipped).take(taken).map(row).collect();
        json!({"total_count": self.authorizers.len(), "list": list})
    }
}
