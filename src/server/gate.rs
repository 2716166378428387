//! Who sends a request: the user whose token it has.
//!
//! All digests are compared, and each in constant time, so no answer tells how close a token was. An
//! address that sends wrong tokens is refused for a minute after ten of them; a right token always
//! counts, so nobody can lock out a user behind the same proxy.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;

use super::attempts::Attempts;
use super::problem::Refusal;
use crate::config::User;

/// How many wrong tokens an address may send within a minute.
const WRONG_MOST: u32 = 10;

/// The users, and the addresses that sent wrong tokens.
pub(super) struct Gate {
    users: watch::Receiver<Arc<[User]>>,
    wrong: Attempts<IpAddr>,
}

impl Gate {
    pub(super) fn new(users: watch::Receiver<Arc<[User]>>) -> Self {
        Self { users, wrong: Attempts::new(WRONG_MOST) }
    }

    /// Returns who sends a request.
    pub(super) fn user(
        &self,
        headers: &HeaderMap,
        from: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<User, Refusal> {
        let found = token(headers).and_then(|token| self.owner(token));
        found.ok_or_else(|| self.wrong(from, now))
    }

    /// Returns the user of this name.
    pub(super) fn named(&self, name: &str) -> Option<User> {
        self.users.borrow().iter().find(|user| user.name == name).cloned()
    }

    /// Returns the user whose token this is.
    pub(super) fn owner(&self, token: &str) -> Option<User> {
        let digest = Sha256::digest(token.as_bytes());
        let mut found = None;
        let users = Arc::clone(&self.users.borrow());
        for user in users.iter() {
            let Some(hash) = &user.token_hash else { continue };
            if bool::from(hash.ct_eq(digest.as_slice())) {
                found = Some(user);
            }
        }
        found.cloned()
    }

    /// Counts a wrong token.
    fn wrong(&self, from: IpAddr, now: DateTime<Utc>) -> Refusal {
        let (is_too_many, count) = self.wrong.add(from, now);
        if let Some(count) = count {
            tracing::warn!(address = %from, count, "the API got a wrong token");
        }
        if is_too_many { Refusal::TooManyAttempts } else { Refusal::Unauthorized }
    }
}

/// Returns the token of a request.
fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Role;

    fn gate() -> Gate {
        let user = |name: &str, token: &str| User {
            name: name.to_owned(),
            role: Role::Viewer,
            accounts: None,
            token_hash: Some(Sha256::digest(token).into()),
            password_hash: None,
        };
        let (_, users) = watch::channel([user("anne", "a"), user("bert", "b")].into());
        Gate::new(users)
    }

    fn ask(gate: &Gate, header: Option<&str>, second: i64) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, header.parse().unwrap());
        }
        let now = DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap();
        gate.user(&headers, IpAddr::from([127, 0, 0, 1]), now).map(|user| user.name)
    }

    #[test]
    fn a_user_is_known_by_the_token_alone() {
        let gate = gate();

        for (header, user) in [
            (Some("Bearer a"), Ok("anne")),
            (Some("bearer b"), Ok("bert")),
            (Some("Bearer c"), Err(Refusal::Unauthorized)),
            (Some("Basic a"), Err(Refusal::Unauthorized)),
            (Some("Bearer"), Err(Refusal::Unauthorized)),
            (None, Err(Refusal::Unauthorized)),
        ] {
            assert_eq!(ask(&gate, header, 0), user.map(str::to_owned), "{header:?}");
        }
    }

    #[test]
    fn ten_wrong_tokens_are_answered_within_a_minute_and_a_right_one_always() {
        let gate = gate();
        for _ in 0..WRONG_MOST {
            assert_eq!(ask(&gate, None, 0), Err(Refusal::Unauthorized));
        }

        assert_eq!(ask(&gate, None, 59), Err(Refusal::TooManyAttempts));
        assert_eq!(ask(&gate, Some("Bearer a"), 59), Ok("anne".to_owned()));
        assert_eq!(ask(&gate, None, 60), Err(Refusal::Unauthorized));
    }
}
