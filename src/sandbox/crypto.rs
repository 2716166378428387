//! Encrypts pushes as the platform does, block by block.
//!
//! Written from the documents and not from the daemon's code: a mistake there must not be repeated
//! here. The caller supplies the random bytes in front, so that a sandbox always gives the same
//! output.

use aes::Aes256Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The characters of an `EncodingAESKey`; each encodes six bits.
const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// A message is padded to a multiple of this.
const PADDED_TO: usize = 32;

/// A parsed `EncodingAESKey`.
#[derive(Clone)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// Parses 43 characters, and drops the two surplus bits.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bits: Option<Vec<u32>> = text
            .bytes()
            .map(|byte| CHARACTERS.iter().position(|known| *known == byte))
            .map(|place| place.and_then(|place| u32::try_from(place).ok()))
            .collect();
        let Some(bits) = bits.filter(|bits| bits.len() == 43) else {
            return Err("an encoding_aes_key is 43 letters and digits".to_owned());
        };
        let mut key = [0; 32];
        for (place, byte) in key.iter_mut().enumerate() {
            let first = place * 8 / 6;
            let pair = bits[first] << 6 | bits[first + 1];
            let shift = 4 - (place * 8 - first * 6);
            *byte = u8::try_from(pair >> shift & 0xff).expect("eight bits");
        }
        Ok(Self(key))
    }

    /// Encrypts a message for an appid.
    pub(super) fn seal(&self, random: [u8; 16], message: &str, appid: &str) -> String {
        let mut text = random.to_vec();
        let length = u32::try_from(message.len()).expect("a push is short");
        text.extend(length.to_be_bytes());
        text.extend(message.as_bytes());
        text.extend(appid.as_bytes());
        let missing = PADDED_TO - text.len() % PADDED_TO;
        let padding = u8::try_from(missing).expect("at most 32");
        text.resize(text.len() + missing, padding);

        let cipher = Aes256Enc::new(&Array(self.0));
        let mut before: [u8; 16] = self.0[..16].try_into().expect("half a key");
        for block in text.chunks_exact_mut(16) {
            for (byte, previous) in block.iter_mut().zip(before) {
                *byte ^= previous;
            }
            let mut mixed = Array::<u8, _>::try_from(&*block).expect("16 bytes");
            cipher.encrypt_block(&mut mixed);
            block.copy_from_slice(&mixed);
            before.copy_from_slice(&mixed);
        }
        STANDARD.encode(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_example_of_an_encrypted_answer_is_reproduced() {
        let key = Key::parse(&"A".repeat(43)).unwrap();

        let sealed =
            key.seal(*b"707722b803182950", r#"{"demo_resp":"good luck"}"#, "wxba5fad812f8e6fb9");

        assert_eq!(
            sealed,
            "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
        );
    }

    #[test]
    fn the_bits_that_are_too_many_are_dropped() {
        // printf %s abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG= | base64 -d | xxd -p
        let key = Key::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap();

        assert_eq!(
            super::super::hex(&key.0),
            "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051"
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "a", &"a".repeat(42), &"a".repeat(44), &format!("{}=", "a".repeat(42))] {
            assert!(Key::parse(text).is_err(), "{text}");
        }
    }
}
