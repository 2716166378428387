//! How instants stand in JSON, for fields that serde writes.

use chrono::{DateTime, Utc};
use serde::{Serialize as _, Serializer};

use crate::calendar;

/// Writes an instant as programs read it.
///
/// # Errors
/// Those of the serializer.
pub fn rfc3339<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&calendar::rfc3339(*at))
}

/// Writes an instant as programs read it, or null.
///
/// # Errors
/// Those of the serializer.
pub fn maybe_rfc3339<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(calendar::rfc3339).serialize(serializer)
}
