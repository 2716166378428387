//! Access tokens: what `/token` and `stable_token` return, and which tokens are valid.
//!
//! The two kinds are independent. A replaced token is valid for five more minutes, and the stable
//! one is renewed that long before it ends, so it always comes with at least 300 s.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::account::AccountSpec;
use super::answer::Refusal;
use super::hex;

/// How long a replaced token is still valid.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// Tokens kept for each account; one older than these is unknown rather than expired.
const REMEMBERED: usize = 16;

#[derive(Clone, Debug)]
struct Grant {
    appid: String,
    expires_at: DateTime<Utc>,
    /// The component that acts for the account with it.
    component: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Issued {
    classic: Option<String>,
    stable: Option<String>,
    /// By component.
    acting: BTreeMap<String, String>,
    forced_at: Option<DateTime<Utc>>,
    all: VecDeque<String>,
}

/// A token and how long it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) value: String,
    pub(super) expires_in: i64,
}

/// All tokens of the platform.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    grants: BTreeMap<String, Grant>,
    issued: BTreeMap<String, Issued>,
    count: u64,
}

impl Tokens {
    /// The appid of a token's account, whether or not the token is still valid.
    pub(super) fn owner(&self, token: &str) -> Option<&str> {
        self.grants.get(token).map(|grant| grant.appid.as_str())
    }

    /// Checks a token: missing, unknown or expired ones are refused.
    pub(super) fn check(&self, token: Option<&str>, now: DateTime<Utc>) -> Result<&str, Refusal> {
        let token = token.filter(|token| !token.is_empty()).ok_or_else(|| Refusal::code(41_001))?;
        let grant = self.grants.get(token).ok_or_else(|| Refusal::code(40_001))?;
        if grant.expires_at <= now {
            return Err(Refusal::code(42_001));
        }
        Ok(&grant.appid)
    }

    /// `/token`: always a new one.
    pub(super) fn classic(&mut self, spec: &AccountSpec, seed: u64, now: DateTime<Utc>) -> Token {
        let replaced = self.issued.get(&spec.appid).and_then(|issued| issued.classic.clone());
        let token = self.issue(spec, seed, now);
        self.retire(replaced, now);
        self.issued_to(spec).classic = Some(token.value.clone());
        token
    }

    /// `stable_token` without force: the same one until five minutes before its end.
    pub(super) fn stable(&mut self, spec: &AccountSpec, seed: u64, now: DateTime<Utc>) -> Token {
        let current = self.issued.get(&spec.appid).and_then(|issued| issued.stable.clone());
        if let Some(value) = current
            && let Some(grant) = self.grants.get(&value)
            && grant.expires_at - now >= OVERLAP
        {
            let expires_in = (grant.expires_at - now).num_seconds();
            return Token { value, expires_in };
        }
        let token = self.issue(spec, seed, now);
        self.issued_to(spec).stable = Some(token.value.clone());
        token
    }

    /// Whether a forced renewal comes less than 30 s after the last one.
    pub(super) fn forced_too_fast(&self, appid: &str, now: DateTime<Utc>) -> bool {
        let forced_at = self.issued.get(appid).and_then(|issued| issued.forced_at);
        forced_at.is_some_and(|at| now - at < TimeDelta::seconds(30))
    }

    /// `stable_token` with force: a new one.
    pub(super) fn forced(&mut self, spec: &AccountSpec, seed: u64, now: DateTime<Utc>) -> Token {
        let replaced = self.issued.get(&spec.appid).and_then(|issued| issued.stable.clone());
        let token = self.issue(spec, seed, now);
        self.retire(replaced, now);
        let issued = self.issued_to(spec);
        issued.stable = Some(token.value.clone());
        issued.forced_at = Some(now);
        token
    }

    /// `api_authorizer_token`: always a new one.
    pub(super) fn acting(
        &mut self,
        spec: &AccountSpec,
        (component, seed): (&str, u64),
        now: DateTime<Utc>,
    ) -> Token {
        let issued = self.issued.get(&spec.appid);
        let replaced = issued.and_then(|issued| issued.acting.get(component).cloned());
        let token = self.issue(spec, seed, now);
        self.retire(replaced, now);
        if let Some(grant) = self.grants.get_mut(&token.value) {
            grant.component = Some(component.to_owned());
        }
        let value = token.value.clone();
        self.issued_to(spec).acting.insert(component.to_owned(), value);
        token
    }

    /// The component that a token was given to, and the account that it acts for.
    pub(super) fn acts_for(&self, token: &str) -> Option<(&str, &str)> {
        let grant = self.grants.get(token)?;
        Some((grant.component.as_deref()?, &grant.appid))
    }

    /// Invalidates every token of an account at once.
    pub(super) fn expire(&mut self, appid: &str) {
        for grant in self.grants.values_mut().filter(|grant| grant.appid == appid) {
            grant.expires_at = DateTime::UNIX_EPOCH;
        }
    }

    fn issued_to(&mut self, spec: &AccountSpec) -> &mut Issued {
        self.issued.entry(spec.appid.clone()).or_default()
    }

    fn retire(&mut self, token: Option<String>, now: DateTime<Utc>) {
        if let Some(grant) = token.and_then(|token| self.grants.get_mut(&token)) {
            grant.expires_at = grant.expires_at.min(now + OVERLAP);
        }
    }

    fn issue(&mut self, spec: &AccountSpec, seed: u64, now: DateTime<Utc>) -> Token {
        self.count += 1;
        let name = format!("{seed}/{}/{}", spec.appid, self.count);
        // Real tokens are longer than the 64 characters of a carelessly sized column.
        let value = format!("{}_{}{}", self.count, digest(&name, 0), digest(&name, 1));
        let life_s = spec.token_life_s.clamp(300, 7_200);
        let expires_at = now + TimeDelta::seconds(i64::from(life_s));
        self.grants.insert(
            value.clone(),
            Grant { appid: spec.appid.clone(), expires_at, component: None },
        );
        let issued = self.issued_to(spec);
        issued.all.push_back(value.clone());
        if issued.all.len() > REMEMBERED
            && let Some(oldest) = issued.all.pop_front()
        {
            self.grants.remove(&oldest);
        }
        Token { value, expires_in: i64::from(life_s) }
    }
}

fn digest(name: &str, part: u8) -> String {
    hex(&Sha256::new().chain_update(name).chain_update([part]).finalize())
}

#[cfg(test)]
mod tests {
    use super::super::account::Kind;
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn spec() -> AccountSpec {
        AccountSpec::new("wx1", Kind::Service)
    }

    fn holds(tokens: &Tokens, token: &Token, second: i64) -> Result<(), i64> {
        let checked = tokens.check(Some(&token.value), at(second));
        checked.map(|_| ()).map_err(|refusal| refusal.errcode)
    }

    #[test]
    fn a_new_classic_token_leaves_the_old_one_five_minutes() {
        let mut tokens = Tokens::default();
        let old = tokens.classic(&spec(), 1, at(0));
        let stable = tokens.stable(&spec(), 1, at(0));

        let new = tokens.classic(&spec(), 1, at(100));

        assert_ne!(old, new);
        assert_eq!(holds(&tokens, &old, 399), Ok(()));
        assert_eq!(holds(&tokens, &old, 400), Err(42_001));
        assert_eq!(holds(&tokens, &new, 7_299), Ok(()));
        assert_eq!(holds(&tokens, &stable, 7_199), Ok(()), "the two kinds are isolated");
    }

    #[test]
    fn the_stable_token_stays_until_five_minutes_before_its_end() {
        let mut tokens = Tokens::default();
        let first = tokens.stable(&spec(), 1, at(0));

        let again = tokens.stable(&spec(), 1, at(6_900));
        let renewed = tokens.stable(&spec(), 1, at(6_901));

        assert_eq!((again.value, again.expires_in), (first.value.clone(), 300));
        assert_ne!(renewed.value, first.value);
        assert_eq!(renewed.expires_in, 7_200);
        assert_eq!(holds(&tokens, &first, 7_199), Ok(()), "both hold");
    }

    #[test]
    fn a_forced_renewal_replaces_the_stable_token_only() {
        let mut tokens = Tokens::default();
        let classic = tokens.classic(&spec(), 1, at(0));
        let stable = tokens.stable(&spec(), 1, at(0));
        assert!(!tokens.forced_too_fast("wx1", at(0)));

        let forced = tokens.forced(&spec(), 1, at(10));

        assert_eq!(tokens.stable(&spec(), 1, at(11)).value, forced.value);
        assert_eq!(holds(&tokens, &stable, 309), Ok(()));
        assert_eq!(holds(&tokens, &stable, 310), Err(42_001));
        assert_eq!(holds(&tokens, &classic, 7_199), Ok(()));
        assert!(tokens.forced_too_fast("wx1", at(39)));
        assert!(!tokens.forced_too_fast("wx1", at(40)));
    }

    #[test]
    fn an_early_end_makes_stable_token_hand_out_another() {
        let mut tokens = Tokens::default();
        let stolen = tokens.stable(&spec(), 1, at(0));

        tokens.expire("wx1");

        assert_eq!(holds(&tokens, &stolen, 1), Err(42_001));
        assert_ne!(tokens.stable(&spec(), 1, at(1)).value, stolen.value);
    }

    #[test]
    fn missing_and_unknown_tokens_are_told_apart() {
        let mut tokens = Tokens::default();
        let first = tokens.classic(&spec(), 1, at(0));
        for _ in 0..REMEMBERED {
            tokens.classic(&spec(), 1, at(0));
        }

        assert_eq!(tokens.check(None, at(0)), Err(Refusal::code(41_001)));
        assert_eq!(tokens.check(Some(""), at(0)), Err(Refusal::code(41_001)));
        assert_eq!(tokens.check(Some("x"), at(0)), Err(Refusal::code(40_001)));
        assert_eq!(holds(&tokens, &first, 0), Err(40_001), "long forgotten");
    }
}
