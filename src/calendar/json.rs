//! The form of instants in JSON, for fields that serde writes.

use chrono::{DateTime, Utc};
use serde::{Serialize as _, Serializer};

use crate::calendar;

/// Writes an instant for programs.
///
/// # Errors
/// If the serializer fails.
pub fn rfc3339<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&calendar::rfc3339(*at))
}

/// Writes an instant for programs, or null.
///
/// # Errors
/// If the serializer fails.
pub fn maybe_rfc3339<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(calendar::rfc3339).serialize(serializer)
}
