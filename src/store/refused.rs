//! Files that the inbox refused, until the name is used again or an operator acknowledges them.
//!
//! The problems themselves are written only beside the file, because they may quote a receiver or a
//! text.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::l10n::t;
use crate::store::view::Said;
use crate::store::{AlertView, Result, Tx, instant, millis};

/// How many are stored: the oldest are deleted.
const REFUSED_MOST: i64 = 1_000;
/// How many have an alert of their own.
const TOLD_MOST: i64 = 20;
const KIND: &str = "refused_file";

/// A file that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedFile<'a> {
    /// Its name in the inbox, safe to show.
    pub name: &'a str,
    /// How many things are wrong with it.
    pub problems: usize,
    /// The line of the first one; 0 is the file as a whole.
    pub line: usize,
}

impl Tx<'_> {
    /// Records that a file is refused.
    pub fn refuse_file(&self, file: &RefusedFile<'_>, now: DateTime<Utc>) -> Result<()> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.run(
            "INSERT INTO refused_file (name, refused_at, problems, line) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET refused_at = excluded.refused_at,
                 problems = excluded.problems, line = excluded.line, seen_at = NULL, seen_by = NULL",
            params![file.name, millis(now), number(file.problems).max(1), number(file.line)],
        )?;
        self.run(
            "DELETE FROM refused_file WHERE name IN
                 (SELECT name FROM refused_file ORDER BY seen_at IS NULL DESC, refused_at DESC
                  LIMIT -1 OFFSET ?1)",
            params![REFUSED_MOST],
        )
    }

    /// Deletes the record of a refused file: a file of its name was taken.
    pub fn forget_refused_file(&self, name: &str) -> Result<()> {
        self.run("DELETE FROM refused_file WHERE name = ?1", params![name])
    }

    /// Records that an operator has seen that a file was refused; false if no open alert names it.
    pub fn acknowledge_refused_file(
        &self,
        name: &str,
        who: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let seen = self
            .db
            .prepare_cached(
                "UPDATE refused_file SET seen_at = ?2, seen_by = ?3 WHERE name = ?1 AND seen_at IS NULL",
            )?
            .execute(params![name, millis(now), who])?;
        Ok(seen > 0)
    }

    /// Records that an operator has seen an alert about refused files; false if the alert is about
    /// something else.
    pub fn acknowledge_refused_note(
        &self,
        note: &AlertView,
        who: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        if note.kind != KIND {
            return Ok(false);
        }
        if let Some(name) = &note.file {
            return self.acknowledge_refused_file(name, who, now);
        }
        // The one alert for all the other files.
        let seen = self
            .db
            .prepare_cached(
                "UPDATE refused_file SET seen_at = ?2, seen_by = ?3 WHERE seen_at IS NULL AND name
                     NOT IN (SELECT name FROM refused_file WHERE seen_at IS NULL
                             ORDER BY refused_at DESC, name LIMIT ?1)",
            )?
            .execute(params![TOLD_MOST, millis(now), who])?;
        Ok(seen > 0)
    }

    /// Returns how many refused files no operator has seen.
    pub fn refused_files(&self) -> Result<u64> {
        let count: i64 = self
            .db
            .prepare_cached("SELECT count(*) FROM refused_file WHERE seen_at IS NULL")?
            .query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Returns the alerts for the newest refused files that no operator has seen.
    fn told_files(&self) -> Result<Vec<AlertView>> {
        let mut statement = self.db.prepare_cached(
            "SELECT name, refused_at, problems, line FROM refused_file WHERE seen_at IS NULL
             ORDER BY refused_at DESC, name LIMIT ?1",
        )?;
        let rows = statement.query_map([TOLD_MOST], |row| {
            let (name, problems): (String, i64) = (row.get(0)?, row.get(2)?);
            let line: i64 = row.get(3)?;
            let Said { what, identity } = Said::of(|| match line {
                0 => t!(
                    "attention-refused",
                    name = %name,
                    problems = problems,
                    count = %problems
                ),
                line => t!(
                    "attention-refused-line",
                    name = %name,
                    problems = problems,
                    count = %problems,
                    line = %line
                ),
            });
            let advice = t!("attention-mend-file", name = %name);
            Ok(AlertView {
                why: None,
                file: Some(name),
                id: None,
                account: None,
                kind: KIND.into(),
                since: instant(row.get(1)?),
                what,
                identity,
                advice,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the alerts for refused files, one for each of the newest.
    pub(super) fn refused_notes(&self) -> Result<Vec<AlertView>> {
        let mut notes = self.told_files()?;
        let told = u64::try_from(TOLD_MOST).unwrap_or_default();
        let more = self.refused_files()?.saturating_sub(told);
        if let Some(oldest) = notes.last().map(|note| note.since).filter(|_| more > 0) {
            let Said { what, identity } = Said::of(|| t!("attention-refused-more", more = %more));
            notes.push(AlertView {
                why: None,
                file: None,
                id: None,
                account: None,
                kind: KIND.into(),
                since: oldest,
                what,
                identity,
                advice: t!("attention-see-rejected"),
            });
        }
        Ok(notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn refuse(store: &mut Store, name: &str, seconds: i64) {
        let file = RefusedFile { name, problems: 2, line: 4 };
        store.transaction(|tx| tx.refuse_file(&file, at(seconds))).unwrap();
    }

    fn told(store: &Store) -> Vec<String> {
        let notes = store.read().attention(at(0)).unwrap().into_iter();
        notes.filter(|note| note.kind == KIND).map(|note| note.what).collect()
    }

    #[test]
    fn a_refused_file_needs_a_person_until_its_name_is_taken_or_somebody_saw_it() {
        let mut store = Store::in_memory(at(0)).unwrap();
        refuse(&mut store, "a.yaml", 1);
        refuse(&mut store, "b.yaml", 2);
        assert_eq!(
            told(&store),
            [
                "the inbox refused a.yaml: 2 problems, the first in line 4",
                "the inbox refused b.yaml: 2 problems, the first in line 4",
            ]
        );

        store.transaction(|tx| tx.forget_refused_file("a.yaml")).unwrap();
        let ack = |tx: &Tx<'_>| tx.acknowledge_refused_file("b.yaml", "anne", at(3));
        assert!(store.transaction(ack).unwrap());
        assert!(!store.transaction(ack).unwrap(), "it was seen already");
        assert_eq!(told(&store), [""; 0]);

        refuse(&mut store, "b.yaml", 4);
        assert_eq!(told(&store).len(), 1, "refused again, it is news again");
    }

    #[test]
    fn thousands_of_refused_files_are_counted_and_the_newest_told() {
        let mut store = Store::in_memory(at(0)).unwrap();
        for n in 0..1_100 {
            refuse(&mut store, &format!("{n}.yaml"), n);
        }

        let told = told(&store);
        assert_eq!(told.len(), 21);
        assert!(told.iter().any(|what| what.contains("1099.yaml")), "{told:?}");
        assert!(told.iter().any(|what| what.contains("980 more files")), "{told:?}");
        assert_eq!(store.read().refused_files().unwrap(), 1_000);

        let notes = store.read().refused_notes().unwrap();
        let rest = notes.iter().find(|note| note.what.contains("more files")).unwrap();
        let ack = |tx: &Tx<'_>| tx.acknowledge_refused_note(rest, "anne", at(2_000));
        assert!(store.transaction(ack).unwrap());
        assert_eq!(store.read().refused_files().unwrap(), 20);
    }
}
