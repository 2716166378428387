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

use crate::model::Credence;
use crate::model::console::place;
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
    #[error("it is no push of the platform")]
    Noise,
    /// Not from anybody who has the token.
    #[error("the signature is wrong")]
    Unsigned,
    /// Too old, or from the future.
    #[error("the timestamp is more than ten minutes from this machine's clock")]
    Stale,
    /// Another message had the same timestamp and nonce.
    #[error("the timestamp and nonce were used for another message")]
    Used,
    /// Signed and plain, if only ciphertext is trusted.
    #[error("it is not encrypted, and the config has a key")]
    Plain,
    /// Signed, but neither XML nor JSON in the platform's form.
    #[error("it cannot be read")]
    Unreadable,
    /// Signed and encrypted, if there is no key.
    #[error("it is encrypted, and the config has no key")]
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

    /// Returns what an operator can do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Noise => "nothing has to be done",
            Self::Unsigned => {
                concat!(
                    "the token in the account's callback settings (",
                    place!(callback),
                    ") and the config's must be the same; if events still arrive, it is a stranger \
                     who knocks"
                )
            }
            Self::Stale => {
                "look at this machine's clock; if it is right, somebody repeats old pushes"
            }
            Self::Used => {
                "somebody repeats pushes with other contents; true events are not affected"
            }
            Self::Plain => {
                concat!(
                    "set the account's callback to safe mode (安全模式; ",
                    place!(callback),
                    "), or take `encoding_aes_key_file` out of the config; until then qunfa asks for \
                     results itself and does not see website sends"
                )
            }
            Self::Unreadable => {
                "one of these is none to worry about; if it stays, look for a newer qunfa"
            }
            Self::Encrypted => {
                concat!(
                    "name a file with the account's EncodingAESKey (消息加解密密钥; ",
                    place!(callback),
                    ") as `encoding_aes_key_file` in the config and restart the daemon; until then \
                     qunfa asks for results itself and does not see website sends"
                )
            }
            Self::Sealed(OpenError::Key | OpenError::Damaged) => {
                concat!(
                    "put the account's present EncodingAESKey (消息加解密密钥; ",
                    place!(callback),
                    ") into `encoding_aes_key_file`, name the one before as `previous_aes_key_file`, and restart \
                     the daemon; until then qunfa asks for results itself and does not see website sends"
                )
            }
            Self::Sealed(OpenError::AppId) => {
                concat!(
                    "every account has a callback URL of its own, /callback/NAME: look whose URL this \
                     is (",
                    place!(callback),
                    "), and at the config's appid"
                )
            }
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
