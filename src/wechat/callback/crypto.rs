//! Safe mode: pushes that are encrypted with the account's `EncodingAESKey`.
//!
//! The ciphertext is AES-256-CBC, which protects nothing by itself: a third of altered ciphertexts
//! still decrypt to something. So [`is_sealed`] checks the signature over it first, and only then
//! is it decrypted. The plaintext is 16 random bytes, a length, the message and the account's
//! appid. It is padded to 32 bytes, and not to 16, the cipher's block size.

use std::sync::Arc;

use aes::Aes256;
use aes::cipher::{Array, BlockModeDecrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use super::is_signature_of;
use crate::l10n::t;

/// How long an `EncodingAESKey` is.
pub const KEY_CHARS: usize = 43;
/// The block size of the padding, which is twice the cipher's.
const PAD_MAX: usize = 32;
/// The random bytes and the length before the message.
const HEAD: usize = 20;

/// 43 characters of base64 encode 258 bits, and the platform does not set the last two to zero.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text is not an `EncodingAESKey`. The error never shows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too short or too long.
    #[error("{}", t!("callback-key-length", count = %.0))]
    Length(usize),
    /// A character that is not a letter, a digit, `+` or `/`.
    #[error("{}", t!("callback-key-characters"))]
    Characters,
}

/// The key of an account's encrypted pushes.
#[derive(Clone, Debug)]
pub struct AesKey(Arc<SecretBox<[u8; 32]>>);

impl AesKey {
    /// Reads an `EncodingAESKey`.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn parse(text: &SecretString) -> Result<Self, KeyError> {
        let text = text.expose_secret();
        let count = text.chars().count();
        if count != KEY_CHARS {
            return Err(KeyError::Length(count));
        }
        let mut key = Box::new([0; 32]);
        match BASE64.decode_slice(text, key.as_mut_slice()) {
            Ok(32) => Ok(Self(Arc::new(SecretBox::new(key)))),
            Ok(_) | Err(_) => Err(KeyError::Characters),
        }
    }
}

/// Why a signed ciphertext gives no message. The sender receives the same response for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not base64, or not a whole number of blocks.
    #[error("{}", t!("callback-damaged"))]
    Damaged,
    /// The decrypted text has no valid form.
    #[error("{}", t!("callback-key"))]
    Key,
    /// It decrypts, but belongs to another account.
    #[error("{}", t!("callback-appid"))]
    AppId,
}

/// Returns whether `msg_signature` proves that the author of `encrypt` has the token, in constant
/// time.
///
/// This covers the whole message. The plain `signature` beside it proves nothing about it.
pub fn is_sealed(
    token: &SecretString,
    [timestamp, nonce, encrypt]: [&str; 3],
    msg_signature: &str,
) -> bool {
    is_signature_of([token.expose_secret(), timestamp, nonce, encrypt], msg_signature)
}

/// Decrypts a ciphertext whose signature was verified.
///
/// The keys are tried in order: after a rotation the platform may use the previous one for a while.
///
/// # Errors
/// If none of the keys gives a message for this appid.
pub fn open(keys: &[AesKey], appid: &str, encrypt: &str) -> Result<Vec<u8>, OpenError> {
    let sealed = BASE64.decode(encrypt).map_err(|_| OpenError::Damaged)?;
    let mut outcome = Err(OpenError::Key);
    for key in keys {
        match open_with(key, appid, sealed.clone()) {
            Ok(message) => return Ok(message),
            // Another account's appid is a more exact reason than a key that does not fit.
            Err(OpenError::Key) => {}
            Err(other) => outcome = Err(other),
        }
    }
    outcome
}

fn open_with(key: &AesKey, appid: &str, mut bytes: Vec<u8>) -> Result<Vec<u8>, OpenError> {
    let (blocks, rest) = Array::slice_as_chunks_mut(&mut bytes);
    if blocks.is_empty() || !rest.is_empty() {
        return Err(OpenError::Damaged);
    }
    let key = key.0.expose_secret();
    let (iv, _) = key.split_at(16);
    let mut cipher =
        cbc::Decryptor::<Aes256>::new_from_slices(key, iv).map_err(|_| OpenError::Key)?;
    cipher.decrypt_blocks(blocks);

    let plain = unpadded(&bytes).ok_or(OpenError::Key)?;
    let (head, rest) = plain.split_at_checked(HEAD).ok_or(OpenError::Key)?;
    let (_, length) = head.split_last_chunk::<4>().ok_or(OpenError::Key)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| OpenError::Key)?;
    let (message, owner) = rest.split_at_checked(length).ok_or(OpenError::Key)?;
    if owner != appid.as_bytes() {
        // The tail under the right key is an appid; under a wrong key it is almost never text.
        let is_appid = owner.starts_with(b"wx") && owner.is_ascii();
        return Err(if is_appid { OpenError::AppId } else { OpenError::Key });
    }
    Ok(message.to_vec())
}

/// Removes the padding: 1 to 32 bytes that all contain their number.
fn unpadded(bytes: &[u8]) -> Option<&[u8]> {
    let pad = usize::from(*bytes.last()?);
    if !(1..=PAD_MAX).contains(&pad) {
        return None;
    }
    let (plain, padding) = bytes.split_at_checked(bytes.len().checked_sub(pad)?)?;
    padding.iter().all(|byte| usize::from(*byte) == pad).then_some(plain)
}

#[cfg(test)]
pub(in crate::wechat) mod tests;
