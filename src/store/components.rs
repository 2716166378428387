//! Third-party platforms: their tickets and tokens, and the accounts that authorised them.
//!
//! The newest of everything counts. A ticket or an event that comes late changes nothing, and a
//! refresh token is stored in the transaction that settles the response which brought it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Result, Tx, instant, millis};

/// A component as it is stored.
#[derive(Clone, Debug, Default)]
pub struct Component {
    /// The newest ticket; none if none came, or the platform refused it.
    pub ticket: Option<SecretString>,
    /// The platform's time of the newest ticket, refused or not.
    pub ticket_at: Option<DateTime<Utc>>,
    /// Its access token.
    pub token: Option<ComponentToken>,
}

/// A component's access token.
#[derive(Clone, Debug)]
pub struct ComponentToken {
    /// The token.
    pub value: SecretString,
    /// When it was given.
    pub at: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// Whether an account has authorised a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerState {
    /// The platform must be asked.
    Sought,
    /// It has.
    Authorized,
    /// It has not, or has ended that.
    Unauthorized,
}

impl AuthorizerState {
    /// Returns the word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sought => "sought",
            Self::Authorized => "authorized",
            Self::Unauthorized => "unauthorized",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "authorized" => Self::Authorized,
            "unauthorized" => Self::Unauthorized,
            _ => Self::Sought,
        }
    }
}

/// An account that authorised a component, or ended that.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// Its appid.
    pub appid: String,
    /// Whether it has.
    pub state: AuthorizerState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Its refresh token, if it has.
    pub refresh_token: Option<SecretString>,
    /// The refresh token that the platform refused last.
    pub refused_token: Option<SecretString>,
    /// The ids of the permission sets that it granted; none if they were not read yet.
    pub func_info: Option<Vec<i64>>,
}

/// A link by which an account's administrator authorises a component.
#[derive(Clone, Debug)]
pub struct AuthorizationLink {
    /// The account's appid.
    pub appid: String,
    /// The platform's page that it leads to.
    pub target: String,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// An authorization code that is to be redeemed.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// The code.
    pub code: SecretString,
    /// The account, if it is known.
    pub appid: Option<String>,
}

/// Removes every secret of a component from a copy of the database.
///
/// The refresh tokens are sought again: the platform gives them to whoever has the component's own.
pub(super) fn remove_secrets(copy: &Connection) -> rusqlite::Result<()> {
    let has_some = "SELECT EXISTS (SELECT 1 FROM component)";
    if !copy.query_row(has_some, [], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    // Former tokens may stand in unused parts of the pages, so all of them are written anew.
    copy.execute_batch(
        "UPDATE component SET ticket = NULL, token = NULL, token_at = NULL, token_until_at = NULL;
         UPDATE authorizer SET state = iif(state = 'authorized', 'sought', state),
             refresh_token = NULL, refused_token = NULL;
         DELETE FROM authorization_code;
         DELETE FROM authorization_link;
         VACUUM;",
    )
}

impl Tx<'_> {
    /// Makes sure that a component has a row.
    pub fn ensure_component(&self, appid: &str) -> Result<()> {
        self.run("INSERT INTO component (appid) VALUES (?1) ON CONFLICT DO NOTHING", params![appid])
    }

    /// Returns a component.
    pub fn component(&self, appid: &str) -> Result<Component> {
        let sql = "SELECT ticket, ticket_at, token, token_at, token_until_at FROM component
             WHERE appid = ?1";
        let row = self.db.prepare_cached(sql)?.query_row([appid], |row| {
            let token = match (secret(row, 2)?, row.get(3)?, row.get(4)?) {
                (Some(value), Some(at), Some(until)) => {
                    Some(ComponentToken { value, at: instant(at), until: instant(until) })
                }
                _ => None,
            };
            let ticket_at = row.get::<_, Option<i64>>(1)?.map(instant);
            Ok(Component { ticket: secret(row, 0)?, ticket_at, token })
        });
        Ok(row.optional()?.unwrap_or_default())
    }

    /// Stores a ticket, unless a newer one is known.
    pub fn take_ticket(
        &self,
        component: &str,
        ticket: &SecretString,
        at: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "UPDATE component SET ticket = ?2, ticket_at = ?3
             WHERE appid = ?1 AND (ticket_at IS NULL OR ticket_at < ?3)",
            params![component, ticket.expose_secret(), millis(at)],
        )
    }

    /// Forgets a ticket that the platform refused, unless another one came meanwhile.
    pub fn refuse_ticket(&self, component: &str, ticket: &SecretString) -> Result<()> {
        self.run(
            "UPDATE component SET ticket = NULL WHERE appid = ?1 AND ticket = ?2",
            params![component, ticket.expose_secret()],
        )
    }

    /// Stores a component's access token.
    pub fn set_component_token(&self, component: &str, token: &ComponentToken) -> Result<()> {
        let ComponentToken { value, at, until } = token;
        self.run(
            "UPDATE component SET token = ?2, token_at = ?3, token_until_at = ?4 WHERE appid = ?1",
            params![component, value.expose_secret(), millis(*at), millis(*until)],
        )
    }

    /// Forgets an access token that the platform refused, unless it was given in this span or another
    /// one came meanwhile.
    pub fn refuse_component_token(
        &self,
        component: &str,
        token: &SecretString,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<()> {
        self.run(
            "UPDATE component SET token = NULL, token_at = NULL, token_until_at = NULL
             WHERE appid = ?1 AND token = ?2 AND token_at NOT BETWEEN ?3 AND ?4",
            params![component, token.expose_secret(), millis(from), millis(to)],
        )
    }

    /// Returns the accounts that authorised a component, or ended that.
    pub fn authorizers(&self, component: &str) -> Result<Vec<Authorizer>> {
        let sql = format!("{AUTHORIZER} WHERE component = ?1 ORDER BY appid");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([component], authorizer)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns one of them.
    pub fn authorizer(&self, component: &str, appid: &str) -> Result<Option<Authorizer>> {
        let sql = format!("{AUTHORIZER} WHERE component = ?1 AND appid = ?2");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([component, appid], authorizer).optional()?)
    }

    /// Lets the platform be asked whether an account is authorised.
    pub fn seek_authorizer(&self, [component, appid]: [&str; 2], now: DateTime<Utc>) -> Result<()> {
        self.run(
            "INSERT INTO authorizer (component, appid, state, since_at)
             VALUES (?1, ?2, 'sought', ?3)
             ON CONFLICT DO UPDATE SET state = 'sought', refresh_token = NULL, func_info = NULL,
                 since_at = ?3
             WHERE state <> 'sought'",
            params![component, appid, millis(now)],
        )
    }

    /// Lets the platform be asked for another refresh token, because it refused this one. Nothing
    /// happens if another one came meanwhile.
    pub fn refuse_refresh_token(
        &self,
        [component, appid]: [&str; 2],
        token: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "UPDATE authorizer SET state = 'sought', refresh_token = NULL, refused_token = ?3,
                 since_at = ?4
             WHERE component = ?1 AND appid = ?2 AND refresh_token = ?3",
            params![component, appid, token.expose_secret(), millis(now)],
        )
    }

    /// Returns whether an account of the component is sought.
    pub fn seeks_authorizers(&self, component: &str) -> Result<bool> {
        let sql = "SELECT EXISTS
             (SELECT 1 FROM authorizer WHERE component = ?1 AND state = 'sought')";
        Ok(self.db.prepare_cached(sql)?.query_row([component], |row| row.get(0))?)
    }

    /// Stores that an account is authorised, with its refresh token and what it granted, as far as that
    /// is known.
    pub fn authorized(
        &self,
        [component, appid]: [&str; 2],
        (refresh_token, func_info): (&SecretString, Option<&[i64]>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let func_info = func_info.map(|ids| serde_json::json!(ids).to_string());
        self.run(
            "INSERT INTO authorizer (component, appid, state, since_at, refresh_token, func_info)
             VALUES (?1, ?2, 'authorized', ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET state = 'authorized', refresh_token = ?4,
                 func_info = ifnull(?5, func_info),
                 since_at = iif(state = 'authorized', since_at, ?3)",
            params![component, appid, millis(now), refresh_token.expose_secret(), func_info],
        )
    }

    /// Stores the refresh token that came with an account's token.
    pub fn renew_refresh_token(
        &self,
        [component, appid]: [&str; 2],
        refresh_token: &SecretString,
    ) -> Result<()> {
        self.run(
            "UPDATE authorizer SET refresh_token = ?3
             WHERE component = ?1 AND appid = ?2 AND state = 'authorized'",
            params![component, appid, refresh_token.expose_secret()],
        )
    }

    /// Stores what an account granted.
    pub fn set_func_info(&self, [component, appid]: [&str; 2], ids: &[i64]) -> Result<()> {
        self.run(
            "UPDATE authorizer SET func_info = ?3 WHERE component = ?1 AND appid = ?2",
            params![component, appid, serde_json::json!(ids).to_string()],
        )
    }

    /// Stores that an account is not authorised (any more).
    pub fn unauthorized(&self, [component, appid]: [&str; 2], now: DateTime<Utc>) -> Result<()> {
        self.run(
            "INSERT INTO authorizer (component, appid, state, since_at)
             VALUES (?1, ?2, 'unauthorized', ?3)
             ON CONFLICT DO UPDATE SET state = 'unauthorized', refresh_token = NULL,
                 since_at = iif(state = 'unauthorized', since_at, ?3)",
            params![component, appid, millis(now)],
        )?;
        self.run(
            "DELETE FROM authorization_code WHERE component = ?1 AND appid = ?2",
            params![component, appid],
        )
    }

    /// Records the time of an event about an account; returns whether none is newer.
    pub fn is_newest_event(
        &self,
        [component, appid]: [&str; 2],
        (at, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool> {
        self.run(
            "INSERT INTO authorizer (component, appid, state, since_at)
             VALUES (?1, ?2, 'sought', ?3) ON CONFLICT DO NOTHING",
            params![component, appid, millis(now)],
        )?;
        let changed = self
            .db
            .prepare_cached(
                "UPDATE authorizer SET event_at = ?3
                 WHERE component = ?1 AND appid = ?2 AND (event_at IS NULL OR event_at <= ?3)",
            )?
            .execute(params![component, appid, millis(at)])?;
        Ok(changed > 0)
    }

    /// Keeps an authorization code until it is redeemed.
    pub fn keep_code(
        &self,
        component: &str,
        (code, appid): (&SecretString, Option<&str>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO authorization_code (component, code, appid, received_at)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET appid = ifnull(appid, ?3)",
            params![component, code.expose_secret(), appid, millis(now)],
        )
    }

    /// Returns the code that is to be redeemed next.
    pub fn next_code(&self, component: &str) -> Result<Option<AuthorizationCode>> {
        let sql = "SELECT code, appid FROM authorization_code WHERE component = ?1
             ORDER BY received_at, code LIMIT 1";
        let row = self.db.prepare_cached(sql)?.query_row([component], |row| {
            let code = SecretString::from(row.get::<_, String>(0)?);
            Ok(AuthorizationCode { code, appid: row.get(1)? })
        });
        Ok(row.optional()?)
    }

    /// Forgets a code that was redeemed, or that the platform refused.
    pub fn drop_code(&self, component: &str, code: &SecretString) -> Result<()> {
        self.run(
            "DELETE FROM authorization_code WHERE component = ?1 AND code = ?2",
            params![component, code.expose_secret()],
        )
    }

    /// Keeps a link to authorise a component, and forgets those that ended.
    pub fn keep_link(
        &self,
        (key, component): (&str, &str),
        link: &AuthorizationLink,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.run("DELETE FROM authorization_link WHERE until_at < ?1", params![millis(now)])?;
        let AuthorizationLink { appid, target, until } = link;
        self.run(
            "INSERT INTO authorization_link (key, component, appid, target, until_at)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![key, component, appid, target, millis(*until)],
        )
    }

    /// Returns the link with a key, if it has not ended.
    pub fn link(
        &self,
        (key, component): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<Option<AuthorizationLink>> {
        let sql = "SELECT appid, target, until_at FROM authorization_link
             WHERE key = ?1 AND component = ?2 AND until_at >= ?3";
        let row =
            self.db.prepare_cached(sql)?.query_row(params![key, component, millis(now)], |row| {
                let (appid, target) = (row.get(0)?, row.get(1)?);
                Ok(AuthorizationLink { appid, target, until: instant(row.get(2)?) })
            });
        Ok(row.optional()?)
    }

    /// Lifts the pause of an account, if its reason has this code, or this code of the platform; returns
    /// whether it did.
    pub fn lift_pause(&self, account: &str, (code, errcode): (&str, Option<i64>)) -> Result<bool> {
        let changed = self
            .db
            .prepare_cached(
                "UPDATE account SET paused_since_at = NULL, paused_why = NULL, paused_do = NULL
                 WHERE name = ?1
                   AND (paused_why ->> '$.code' = ?2 OR paused_why ->> '$.errcode' = ?3)",
            )?
            .execute(params![account, code, errcode])?;
        Ok(changed > 0)
    }
}

const AUTHORIZER: &str =
    "SELECT appid, state, since_at, refresh_token, refused_token, func_info FROM authorizer";

fn authorizer(row: &Row<'_>) -> rusqlite::Result<Authorizer> {
    let state = row.get::<_, String>(1)?;
    let func_info: Option<String> = row.get(5)?;
    Ok(Authorizer {
        appid: row.get(0)?,
        state: AuthorizerState::parse(&state),
        since: instant(row.get(2)?),
        refresh_token: secret(row, 3)?,
        refused_token: secret(row, 4)?,
        func_info: func_info.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

fn secret(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<SecretString>> {
    Ok(row.get::<_, Option<String>>(column)?.map(SecretString::from))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::store::{Store, StoreError};

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    /// Makes a change in a database that has a component and an account that authorised it.
    fn with<T>(work: impl FnOnce(&Tx<'_>) -> Result<T>) -> T {
        let mut store = Store::in_memory(at(0)).unwrap();
        let done = store.transaction(|tx| {
            tx.ensure_component("wxc")?;
            tx.authorized(["wxc", "wx1"], (&secret("first"), Some(&[7])), at(0))?;
            work(tx)
        });
        done.unwrap_or_else(|error: StoreError| panic!("{error}"))
    }

    fn refresh_token(tx: &Tx<'_>) -> Option<String> {
        let known = tx.authorizer("wxc", "wx1").unwrap().unwrap();
        known.refresh_token.map(|token| token.expose_secret().to_owned())
    }

    #[test]
    fn the_newest_ticket_counts_and_a_refused_one_does_not_come_back() {
        let ticket = |tx: &Tx<'_>| {
            let stored = tx.component("wxc").unwrap().ticket;
            stored.map(|ticket| ticket.expose_secret().to_owned())
        };
        with(|tx| {
            tx.take_ticket("wxc", &secret("b"), at(10))?;
            tx.take_ticket("wxc", &secret("a"), at(0))?;
            assert_eq!(ticket(tx).as_deref(), Some("b"));

            tx.refuse_ticket("wxc", &secret("a"))?;
            assert_eq!(ticket(tx).as_deref(), Some("b"), "it was another one");
            tx.refuse_ticket("wxc", &secret("b"))?;
            tx.take_ticket("wxc", &secret("b"), at(10))?;
            assert_eq!(ticket(tx), None, "it was pushed again");
            tx.take_ticket("wxc", &secret("c"), at(20))?;
            assert_eq!(ticket(tx).as_deref(), Some("c"));
            Ok(())
        });
    }

    #[test]
    fn a_refresh_token_is_given_up_only_if_no_other_came_meanwhile() {
        with(|tx| {
            tx.renew_refresh_token(["wxc", "wx1"], &secret("second"))?;
            tx.refuse_refresh_token(["wxc", "wx1"], &secret("first"), at(1))?;
            assert_eq!(refresh_token(tx).as_deref(), Some("second"));

            tx.refuse_refresh_token(["wxc", "wx1"], &secret("second"), at(2))?;
            assert_eq!(refresh_token(tx), None);
            assert!(tx.seeks_authorizers("wxc")?);
            // What comes late of an account that is not authorised any more is not kept.
            tx.unauthorized(["wxc", "wx1"], at(3))?;
            tx.renew_refresh_token(["wxc", "wx1"], &secret("third"))?;
            assert_eq!(refresh_token(tx), None);
            Ok(())
        });
    }

    #[test]
    fn a_copy_has_no_secret_and_lets_the_platform_be_asked() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("qunfa.db"), at(0)).unwrap();
        let canary = |tx: &Tx<'_>, number: i64| {
            let token = ComponentToken { value: secret("CANARY"), at: at(number), until: at(60) };
            tx.ensure_component("wxc")?;
            tx.set_component_token("wxc", &token)?;
            tx.take_ticket("wxc", &secret("CANARY"), at(number))?;
            tx.authorized(["wxc", "wx1"], (&secret("CANARY"), Some(&[7])), at(number))?;
            tx.keep_code("wxc", (&secret("CANARY"), None), at(number))
        };
        for number in 0..10 {
            store.transaction(|tx| canary(tx, number)).unwrap_or_else(|error: StoreError| {
                panic!("{error}");
            });
        }
        let copy = dir.path().join("copy.db");
        let has = |path: &std::path::Path| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(6).any(|part| part == b"CANARY")
        };

        store.copy_to(&copy, at(10)).unwrap();

        assert!(!has(&copy));
        assert!(has(&dir.path().join("qunfa.db")) || has(&dir.path().join("qunfa.db-wal")));
        let copy = Store::open(&copy, at(11)).unwrap();
        assert!(copy.read().seeks_authorizers("wxc").unwrap());
        assert!(copy.read().component("wxc").unwrap().token.is_none());
    }
}
