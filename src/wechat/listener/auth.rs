//! Authenticates a push before anything else of it is read.
//!
//! Without a key the query is signed and the body is not (plain mode; in compatible mode the plain
//! part is read). With a key the signature covers the ciphertext, and nothing else is trusted: a
//! plain body under a plain signature is refused, or anyone who saw one could forge events. Every
//! refusal has the same response; a [`Refusal`] is for the operator.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::l10n::t;
use crate::model::Credence;
use crate::model::console;
use crate::wechat::callback::crypto::{self, AesKey, OpenError};
use crate::wechat::callback::{self, ParseError};

/// How far the platform's timestamp may be from our clock.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(10);

/// The credentials that check an account's pushes, and the address that other pushes are forwarded
/// to.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// The account's appid, which encrypted pushes contain.
    pub appid: String,
    /// The token that signs them.
    pub token: SecretString,
    /// The keys that they are encrypted with, the current one first; none is plain mode.
    pub keys: Vec<AesKey>,
    /// The handler for everything that is not our event.
    pub forward_to: Option<Url>,
}

/// Why a push is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing that the platform would write, with any token.
    #[error("{}", t!("callback-noise"))]
    Noise,
    /// Not from anybody who has the token.
    #[error("{}", t!("callback-unsigned"))]
    Unsigned,
    /// Too old, or from the future.
    #[error("{}", t!("callback-stale"))]
    Stale,
    /// Another message had the same timestamp and nonce.
    #[error("{}", t!("callback-used"))]
    Used,
    /// Signed and plain, if only ciphertext is trusted.
    #[error("{}", t!("callback-plain"))]
    Plain,
    /// Signed, but neither XML nor JSON in the platform's form.
    #[error("{}", t!("callback-unreadable"))]
    Unreadable,
    /// Signed and encrypted, if there is no key.
    #[error("{}", t!("callback-encrypted"))]
    Encrypted,
    /// Signed, but cannot be decrypted.
    #[error(transparent)]
    Sealed(#[from] OpenError),
}

impl Refusal {
    /// Returns whether a sender without the token could have caused it.
    pub fn is_strangers(self) -> bool {
        match self {
            Self::Noise | Self::Unsigned | Self::Stale | Self::Used => true,
            Self::Plain | Self::Unreadable | Self::Encrypted | Self::Sealed(_) => false,
        }
    }

    /// Returns the word under which an alert stores it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Unsigned => "unsigned",
            Self::Stale => "stale",
            Self::Used => "used",
            Self::Plain => "plain",
            Self::Unreadable => "unreadable",
            Self::Encrypted => "encrypted",
            Self::Sealed(OpenError::Damaged) => "damaged",
            Self::Sealed(OpenError::Key) => "key",
            Self::Sealed(OpenError::AppId) => "appid",
        }
    }

    /// Returns the refusal that a word stands for.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    const ALL: [Self; 10] = [
        Self::Noise,
        Self::Unsigned,
        Self::Stale,
        Self::Used,
        Self::Plain,
        Self::Unreadable,
        Self::Encrypted,
        Self::Sealed(OpenError::Damaged),
        Self::Sealed(OpenError::Key),
        Self::Sealed(OpenError::AppId),
    ];

    /// Returns what an operator can do about it.
    pub fn advice(self) -> String {
        let callback = console::callback();
        match self {
            Self::Noise => t!("callback-do-nothing"),
            Self::Unsigned => t!("callback-compare-token", callback = %callback),
            Self::Stale => t!("callback-see-clock"),
            Self::Used => t!("callback-repeated"),
            Self::Plain => t!("callback-use-safe-mode", callback = %callback),
            Self::Unreadable => t!("callback-one-is-none"),
            Self::Encrypted => t!("callback-name-key", callback = %callback),
            Self::Sealed(OpenError::Key | OpenError::Damaged) => {
                t!("callback-renew-key", callback = %callback)
            }
            Self::Sealed(OpenError::AppId) => t!("callback-see-url", callback = %callback),
        }
    }
}

/// The query of a callback. A query with a field twice is refused.
#[derive(Deserialize)]
pub(super) struct Signed {
    #[serde(default)]
    pub(super) signature: String,
    pub(super) timestamp: String,
    pub(super) nonce: String,
    pub(super) echostr: Option<String>,
    #[serde(default)]
    msg_signature: String,
}

impl Signed {
    /// Returns when it was signed.
    pub(super) fn sent_at(&self) -> Option<DateTime<Utc>> {
        let digits = self.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = digits.then(|| self.timestamp.parse().ok()).flatten()?;
        DateTime::from_timestamp(seconds, 0)
    }

    /// Distinguishes a push under another token from the requests of scanners.
    fn unsigned(&self, signature: &str, now: DateTime<Utc>) -> Refusal {
        let is_hex = signature.len() == 40 && signature.bytes().all(|b| b.is_ascii_hexdigit());
        let plausible = is_hex && self.is_fresh(now).is_ok();
        if plausible { Refusal::Unsigned } else { Refusal::Noise }
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        let fresh = self.sent_at().is_some_and(|sent| (now - sent).abs() <= FRESH);
        if fresh { Ok(()) } else { Err(Refusal::Stale) }
    }
}

/// A message that the platform wrote, as far as can be checked.
#[derive(Debug)]
pub(super) struct Message {
    /// The body; of an encrypted push, the decrypted text.
    pub(super) text: Vec<u8>,
    pub(super) credence: Credence,
}

impl Authenticator {
    /// Returns whether a body can be read only after the query was verified.
    pub(super) fn is_plain(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks the signature that does not cover a body.
    pub(super) fn check(&self, signed: &Signed, now: DateTime<Utc>) -> Result<(), Refusal> {
        let Signed { timestamp, nonce, signature, .. } = signed;
        if !callback::is_signed(&self.token, timestamp, nonce, signature) {
            return Err(signed.unsigned(signature, now));
        }
        signed.is_fresh(now)
    }

    /// Returns the message in a pushed body.
    pub(super) fn open(
        &self,
        signed: &Signed,
        body: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<Message, Refusal> {
        if self.is_plain() {
            self.check(signed, now)?;
            return match callback::parse(&body) {
                Err(ParseError::Encrypted) => Err(Refusal::Encrypted),
                Ok(_) | Err(_) => Ok(Message { text: body, credence: Credence::Hint }),
            };
        }
        let encrypt = match callback::ciphertext(&body) {
            Ok(encrypt) => encrypt,
            Err(error) => {
                // A fault of it matters to an operator only if the platform wrote it.
                self.check(signed, now)?;
                let plain = matches!(error, ParseError::Field(_));
                return Err(if plain { Refusal::Plain } else { Refusal::Unreadable });
            }
        };
        let parts = [signed.timestamp.as_str(), &signed.nonce, &encrypt];
        if !crypto::is_sealed(&self.token, parts, &signed.msg_signature) {
            return Err(signed.unsigned(&signed.msg_signature, now));
        }
        signed.is_fresh(now)?;
        let text = crypto::open(&self.keys, &self.appid, &encrypt)?;
        Ok(Message { text, credence: Credence::Proof })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_found_by_its_word() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::parse(refusal.code()), Some(refusal));
        }
    }
}
