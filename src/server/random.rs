//! Words that nobody can guess.

use rustls::crypto::ring;

use crate::model::hex;

/// Returns a word that nobody can guess; none if the system gives no randomness.
pub fn random() -> Option<String> {
    let mut random = [0; 32];
    ring::default_provider().secure_random.fill(&mut random).ok()?;
    Some(hex(&random))
}
