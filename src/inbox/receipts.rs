//! The receipts in `accepted/`: they show a restored database which files it lost.
//!
//! File times are those of the file system. Its clock may differ from ours: it may be a file
//! server's clock, or the real clock while a rehearsal runs by another one.

use std::fmt;
use std::io::{BufReader, Read};
use std::os::unix::ffi::OsStrExt as _;

use chrono::{DateTime, TimeDelta, Utc};
use rustix::fs::{AtFlags, fstat, statat, unlinkat};
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::archive::{RECEIPT, TEMPORARY, open_small};
use super::{Inbox, InboxError, entry};
use crate::durable_file::create_temporary;

/// How much of a receipt is read at a time: what comes before its jobs.
const HEAD: usize = 512;

/// The digest of a file, and when it was taken last, if its receipt records it.
pub(crate) type SeenReceipt = (String, Option<DateTime<Utc>>);

/// What is read of a receipt.
#[derive(Default)]
struct Head {
    sha256: Option<String>,
    accepted_at: Option<DateTime<Utc>>,
}

impl Head {
    /// Reads a receipt up to these two: the list of jobs that follows them may have megabytes.
    fn read(receipt: impl Read) -> Option<SeenReceipt> {
        let mut head = Self::default();
        let text = BufReader::with_capacity(HEAD, receipt);
        let whole = serde_json::Deserializer::from_reader(text).deserialize_map(&mut head).is_ok();
        let complete = whole || head.accepted_at.is_some();
        head.sha256.filter(|_| complete).map(|sha256| (sha256, head.accepted_at))
    }
}

impl<'de> Visitor<'de> for &mut Head {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a receipt")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while self.sha256.is_none() || self.accepted_at.is_none() {
            let Some(key) = map.next_key::<String>()? else { break };
            match key.as_str() {
                "sha256" => self.sha256 = Some(map.next_value()?),
                "accepted_at" => self.accepted_at = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl Inbox {
    /// Returns the digests of the files whose receipts were written, or put there, since this time,
    /// each with when it was taken last.
    ///
    /// A file that does not look like our receipt counts for nothing.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn accepted_since(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<SeenReceipt>, InboxError> {
        // If that clock cannot be read, every receipt is returned.
        let since = self.ahead(now).map_or(i64::MIN, |ahead| (since + ahead).timestamp());
        let names =
            entry::all_names(&self.places.accepted.fd).map_err(|source| self.unusable(source))?;
        let receipts = names.into_iter().filter(|name| {
            name.as_bytes().ends_with(RECEIPT.as_bytes())
                // A file that was copied here keeps its old modification time, but not its change
                // time.
                && statat(&self.places.accepted.fd, name, AtFlags::SYMLINK_NOFOLLOW)
                    .is_ok_and(|stat| stat.st_mtime.max(stat.st_ctime) >= since)
        });
        let digest = |name: &std::ffi::OsString| {
            Head::read(open_small(&self.places.accepted.fd, name).ok()?)
        };
        Ok(receipts.filter_map(|name| digest(&name)).collect())
    }

    /// Returns how far the clock of the file system is ahead of ours, measured by a file created
    /// now.
    fn ahead(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let accepted = &self.places.accepted.fd;
        let (file, name) = create_temporary(accepted, &TEMPORARY, 0o600).ok()?;
        let made = fstat(&file);
        unlinkat(accepted, name, AtFlags::empty()).ok();
        Some(DateTime::from_timestamp(made.ok()?.st_mtime, 0)? - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A receipt that must not be read any further.
    struct Unreadable;

    impl Read for Unreadable {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("the jobs of a receipt are read")
        }
    }

    #[test]
    fn a_receipt_is_not_read_beyond_its_head() {
        let head = br#"{"file": "a.yaml", "sha256": "5f", "taken_at": "2027-03-20T12:00:00Z",
            "accepted_at": "2027-03-20T12:00:00Z", "jobs": ["#;

        let (sha256, accepted_at) = Head::read(head.chain(Unreadable)).unwrap();

        assert_eq!(sha256, "5f");
        assert_eq!(accepted_at.unwrap().to_rfc3339(), "2027-03-20T12:00:00+00:00");
    }

    #[test]
    fn an_old_receipt_says_less_and_another_file_nothing() {
        let read = |text: &str| Head::read(text.as_bytes());

        assert_eq!(read(r#"{"sha256": "5f", "jobs": []}"#), Some(("5f".to_owned(), None)));
        assert_eq!(read(r#"{"sha256": "5f", "jobs": ["#), None);
        assert_eq!(read(r#"{"accepted_at": "2027-03-20T12:00:00Z"}"#), None);
        assert_eq!(read("[]"), None);
    }
}
