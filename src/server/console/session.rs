//! Who is signed in: sessions in memory, each named by a random cookie. They end with the daemon.
//!
//! A session is found by the digest of its cookie, so how long a search takes tells nothing of the
//! cookies there are.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::User;
use crate::server::problem::Refusal;

/// How long a session lasts without a request, and at most.
const IDLE: TimeDelta = TimeDelta::hours(12);
const LONGEST: TimeDelta = TimeDelta::days(7);
/// How many sessions there are at most; the one idle longest makes room.
const MOST: usize = 1_024;

/// What the names of the sessions begin with that a proxy signs in. Nobody can guess it; without
/// randomness there are none.
static OF_PROXY: LazyLock<Option<String>> = LazyLock::new(|| random().ok());

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) user: User,
    /// What every form of the session has, and no other site knows.
    pub(super) csrf: String,
    begun_at: DateTime<Utc>,
    used_at: DateTime<Utc>,
    told: Option<Told>,
}

/// What the next page says of the last request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) is_good: bool,
    pub(super) text: String,
}

impl Session {
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        // A clock that was put back must not make a session longer.
        (now - self.used_at).abs() >= IDLE || (now - self.begun_at).abs() >= LONGEST
    }

    /// Returns whether a form is one of this session's.
    pub(super) fn made(&self, csrf: &str) -> bool {
        is_same(&self.csrf, csrf)
    }
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        // A panic can leave no session half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session, and returns its cookie.
    pub(super) fn begin(&self, user: User, now: DateTime<Utc>) -> Result<String, Refusal> {
        let (cookie, csrf) = (random()?, random()?);
        self.keep(&cookie, Session { user, csrf, begun_at: now, used_at: now, told: None });
        Ok(cookie)
    }

    fn keep(&self, cookie: &str, session: Session) {
        let now = session.begun_at;
        let mut all = self.all();
        all.retain(|_, session| !session.is_over(now));
        if all.len() >= MOST {
            let idle = all.iter().min_by_key(|(_, session)| session.used_at).map(|(key, _)| *key);
            idle.and_then(|key| all.remove(&key));
        }
        all.insert(digest(cookie), session);
    }

    /// Returns the name of the session of a user whom a proxy signs in. No browser has it as a cookie.
    pub(super) fn of_proxy(&self, user: User, now: DateTime<Utc>) -> Option<String> {
        let name = format!("{} {}", OF_PROXY.as_ref()?, user.name);
        let is_known = self.of(&name, now, false).is_some_and(|session| session.user == user);
        if !is_known {
            let csrf = random().ok()?;
            self.keep(&name, Session { user, csrf, begun_at: now, used_at: now, told: None });
        }
        Some(name)
    }

    /// Returns the session of a cookie, which lasts longer if it was used by hand.
    pub(super) fn of(&self, cookie: &str, now: DateTime<Utc>, is_by_hand: bool) -> Option<Session> {
        let (key, mut all) = (digest(cookie), self.all());
        let session = all.get_mut(&key)?;
        if session.is_over(now) {
            all.remove(&key);
            return None;
        }
        if is_by_hand {
            session.used_at = now;
        }
        Some(session.clone())
    }

    /// Ends the session of a cookie.
    pub(super) fn end(&self, cookie: &str) {
        self.all().remove(&digest(cookie));
    }

    /// Keeps what the next page of a session says.
    pub(super) fn tell(&self, cookie: &str, told: Told) {
        if let Some(session) = self.all().get_mut(&digest(cookie)) {
            session.told = Some(told);
        }
    }

    /// Takes what the page of a session says.
    pub(super) fn told(&self, cookie: &str) -> Option<Told> {
        self.all().get_mut(&digest(cookie))?.told.take()
    }
}

/// Returns a word that nobody can guess.
pub(super) fn random() -> Result<String, Refusal> {
    crate::server::random::random().ok_or(Refusal::Busy)
}

/// Compares in constant time.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn digest(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Role;

    fn user() -> User {
        User {
            name: "anne".to_owned(),
            role: Role::Viewer,
            accounts: None,
            token_hash: None,
            password_hash: None,
        }
    }

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::hours(hours)
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_left() {
        let sessions = Sessions::default();
        let idle = sessions.begin(user(), at(0)).unwrap();
        let used = sessions.begin(user(), at(0)).unwrap();
        let left = sessions.begin(user(), at(0)).unwrap();
        sessions.end(&left);

        assert!(sessions.of(&left, at(0), true).is_none());
        assert!(sessions.of("", at(0), true).is_none());
        for hours in (0..168).step_by(11) {
            assert!(sessions.of(&used, at(hours), true).is_some(), "{hours}");
        }
        assert!(sessions.of(&used, at(168), true).is_none());
        assert!(sessions.of(&idle, at(11), false).is_some());
        assert!(sessions.of(&idle, at(12), true).is_none());
    }

    #[test]
    fn sessions_do_not_share_anything() {
        let sessions = Sessions::default();
        let (one, other) =
            (sessions.begin(user(), at(0)).unwrap(), sessions.begin(user(), at(0)).unwrap());
        sessions.tell(&one, Told { is_good: true, text: "done".to_owned() });

        let (one_is, other_is) =
            (sessions.of(&one, at(0), true).unwrap(), sessions.of(&other, at(0), true));
        assert_ne!(one, other);
        assert!(one_is.made(&one_is.csrf) && !other_is.unwrap().made(&one_is.csrf));
        assert_eq!(sessions.told(&other), None);
        assert_eq!(sessions.told(&one).unwrap().text, "done");
        assert_eq!(sessions.told(&one), None);
    }

    #[test]
    fn the_session_idle_longest_makes_room() {
        let sessions = Sessions::default();
        let first = sessions.begin(user(), at(0)).unwrap();
        for _ in 0..MOST {
            sessions.begin(user(), at(1)).unwrap();
        }

        assert!(sessions.of(&first, at(1), true).is_none());
        assert_eq!(sessions.all().len(), MOST);
    }
}
