//! Signing in with a token or a password.
//!
//! A token cannot be guessed, so a right one always counts, as for the API. A password may be tried a
//! few times a minute for a user, and from an address; beyond that not even the right one counts. A
//! name without a password takes as long as one with: the answer does not tell which names there are.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use crate::config::User;
use crate::server::attempts::Attempts;
use crate::server::gate::Gate;
use crate::server::handler::blocking;
use crate::server::problem::Refusal;

/// How many wrong passwords a user and an address may send within a minute.
const OF_USER_MOST: u32 = 5;
const OF_ADDRESS_MOST: u32 = 20;
/// How many passwords are checked at once: each takes a core and some megabytes.
const CHECKS: usize = 1;
/// The longest name and password that are looked at.
const LONGEST: usize = 512;

/// A hash that no password has, for names without one.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password_with_salt(b"", b"a salt of nobody");
    hash.map(|hash| hash.to_string()).unwrap_or_default()
});

/// Checks tokens and passwords.
pub(super) struct Login {
    of_user: Attempts<String>,
    of_address: Attempts<IpAddr>,
    turns: Arc<Semaphore>,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            of_user: Attempts::new(OF_USER_MOST),
            of_address: Attempts::new(OF_ADDRESS_MOST),
            turns: Arc::new(Semaphore::new(CHECKS)),
        }
    }
}

impl Login {
    /// Returns the user of a name and a token or password.
    pub(super) async fn user(
        &self,
        gate: &Gate,
        (name, secret): (&str, &str),
        (from, now): (IpAddr, DateTime<Utc>),
    ) -> Result<User, Refusal> {
        if name.len() > LONGEST || secret.len() > LONGEST {
            return Err(Refusal::Unauthorized);
        }
        if let Some(user) = gate.owner(secret).filter(|user| user.name == name) {
            return Ok(user);
        }
        // It counts before it is checked: many at once are as many.
        let (key, address) = (name.to_owned(), self.of_address.add(from, now));
        if let (_, Some(count)) = address {
            tracing::info!(address = %from, count, "passwords are tried at the console");
        }
        if address.0 || self.of_user.add(key.clone(), now).0 {
            return Err(Refusal::TooManyAttempts);
        }
        let user = gate.named(name);
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        let user = user.filter(|_| hash.is_some());
        let (hash, secret) = (hash.unwrap_or_else(|| NOBODYS.clone()), secret.to_owned());
        let is_right = blocking(&self.turns, move || Ok(is_right(&hash, &secret))).await?;
        let user = user.filter(|_| is_right).ok_or(Refusal::Unauthorized)?;
        self.of_user.forget(&key);
        self.of_address.forget(&from);
        Ok(user)
    }
}

fn is_right(hash: &str, password: &str) -> bool {
    let hash = PasswordHash::new(hash);
    hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
