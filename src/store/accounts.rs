//! Accounts: identified by appid, named as the config names them now.
//!
//! Everything about an account is stored under its name, so a new name moves all of it at once. An
//! account that the present config does not contain is barred: unlike a pause, no `resume` lifts
//! that.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::{Result, Tx, millis};
use crate::alert::Advice;
use crate::model::{JobId, clientmsgid};
use crate::reason::Reason;

/// A name that the config cannot contain, for the middle of a move.
const ON_THE_WAY: &str = "\u{1}";

/// An account in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAccount {
    /// Its present name.
    pub name: String,
    /// Its appid; none if no config has given it yet.
    pub appid: Option<String>,
    /// Whether nothing of it waits or is in doubt.
    pub idle: bool,
}

/// Why an account is barred.
#[derive(Clone, Copy, Debug)]
pub struct Bar<'a> {
    /// What happened.
    pub why: &'a Reason,
    /// What an operator can do.
    pub advice: &'a Advice,
}

impl Tx<'_> {
    /// Returns every account that was ever known.
    pub fn known_accounts(&self) -> Result<Vec<KnownAccount>> {
        let mut statement = self.db.prepare_cached(
            "SELECT name, appid,
                 NOT EXISTS (SELECT 1 FROM job WHERE account = name AND wake_at IS NOT NULL)
                 AND NOT EXISTS (SELECT 1 FROM series WHERE account = name AND state = 'active')
                 AND NOT EXISTS (SELECT 1 FROM batch
                     WHERE account = name AND state IN ('asking', 'in_doubt'))
             FROM account",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(KnownAccount { name: row.get(0)?, appid: row.get(1)?, idle: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the appid of the account that has a name.
    pub fn appid_of(&self, name: &str) -> Result<Option<String>> {
        let sql = "SELECT appid FROM account WHERE name = ?1";
        let row = self.db.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?;
        Ok(row.flatten())
    }

    /// Returns the name that the database has for an account.
    pub fn name_of(&self, appid: &str) -> Result<Option<String>> {
        let sql = "SELECT name FROM account WHERE appid = ?1";
        Ok(self.db.prepare_cached(sql)?.query_row([appid], |row| row.get(0)).optional()?)
    }

    /// Returns the present name of the account that had this name before.
    pub fn now_named(&self, former: &str) -> Result<Option<String>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT account.name FROM former_name JOIN account USING (appid)
                 WHERE former_name.name = ?1",
            )?
            .query_row([former], |row| row.get(0))
            .optional()?)
    }

    /// Returns the names that accounts had before, each with the appid of the last one that had it.
    pub fn former_names(&self) -> Result<Vec<(String, String)>> {
        let mut statement = self.db.prepare_cached("SELECT name, appid FROM former_name")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Records that an account had a name before.
    pub fn remember_former_name(&self, name: &str, appid: &str) -> Result<()> {
        self.run(
            "INSERT INTO former_name (name, appid) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name, appid],
        )
    }

    /// Records which account has a name, if that is not known yet and nothing contradicts it.
    pub fn identify(&self, name: &str, appid: &str) -> Result<()> {
        self.ensure_account(name)?;
        self.run("DELETE FROM former_name WHERE name = ?1", params![name])?;
        let known = self.appid_of(name)?.is_some() || self.name_of(appid)?.is_some();
        if known || self.was_planned_for_another(name, appid)? {
            return Ok(());
        }
        self.run("UPDATE account SET appid = ?2 WHERE name = ?1", params![name, appid])
    }

    /// Returns whether a waiting job of the account has an id that was made for another appid.
    ///
    /// This shows that a database without an appid belonged to another account.
    pub fn was_planned_for_another(&self, name: &str, appid: &str) -> Result<bool> {
        let mut statement = self.db.prepare_cached(
            "SELECT batch.job, number, generation, clientmsgid
             FROM batch JOIN job ON job.id = batch.job
             WHERE batch.account = ?1 AND replaced = 0 AND wake_at IS NOT NULL",
        )?;
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            let (job, number, generation) = (row.get::<_, String>(0)?, row.get(1)?, row.get(2)?);
            let stored: String = row.get(3)?;
            let expected = JobId::parse(&job).map(|id| clientmsgid(appid, &id, number, generation));
            if expected.is_some_and(|expected| expected != stored) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns which of these appids the ids of the account's batches were made from. The batch
    /// that matters most decides: that of a waiting job, else the newest.
    pub fn planned_for(&self, name: &str, appids: &[&str]) -> Result<Option<String>> {
        let newest = self
            .db
            .prepare_cached(
                "SELECT batch.job, number, generation, clientmsgid
                 FROM batch JOIN job ON job.id = batch.job WHERE batch.account = ?1
                 ORDER BY wake_at IS NOT NULL DESC, batch.id DESC LIMIT 1",
            )?
            .query_row([name], |row| {
                Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
            })
            .optional()?;
        let Some((job, number, generation, stored)) = newest else { return Ok(None) };
        let Some(id) = JobId::parse(&job) else { return Ok(None) };
        let made = |appid: &&&str| clientmsgid(appid, &id, number, generation) == stored;
        Ok(appids.iter().find(made).map(|appid| (*appid).to_owned()))
    }

    /// Gives accounts other names, all of them at once: names may be swapped.
    ///
    /// Every table with a column `account` is updated, those of a later version too.
    ///
    /// # Errors
    /// If a new name is taken by an account that keeps it, or SQLite fails.
    pub fn rename_accounts(&self, names: &BTreeMap<String, String>) -> Result<()> {
        // A job refers to its account by name: both sides move before that is checked.
        self.db.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        for (number, old) in names.keys().enumerate() {
            for table in ["job", "series"] {
                let sql = format!(
                    "UPDATE {table} SET written_for = account
                     WHERE account = ?1 AND written_for IS NULL"
                );
                self.db.execute(&sql, params![old])?;
            }
            self.move_rows(old, &format!("{ON_THE_WAY}{number}"))?;
        }
        for (number, (old, new)) in names.iter().enumerate() {
            self.move_rows(&format!("{ON_THE_WAY}{number}"), new)?;
            self.run(
                "UPDATE series SET job = json_set(job, '$.account', ?1) WHERE account = ?1",
                params![new],
            )?;
            let [asked, answer] = [old, new].map(|name| format!("`qunfa quota record {name} "));
            self.run(
                "UPDATE alert SET \"do\" = replace(\"do\", ?2, ?3) WHERE account = ?1",
                params![new, asked, answer],
            )?;
            // What an alert tells may contain a reason that names the account.
            for table in ["alert", "notice"] {
                let sql = format!(
                    "UPDATE {table} SET what = json_replace(what, '$.why.account', ?1)
                     WHERE account = ?1 AND json_valid(what)"
                );
                self.db.execute(&sql, params![new])?;
            }
        }
        for old in names.keys() {
            self.run(
                "INSERT INTO former_name (name, appid)
                 SELECT ?1, appid FROM account WHERE name = ?2 AND appid IS NOT NULL
                 ON CONFLICT (name) DO UPDATE SET appid = excluded.appid",
                params![old, names[old]],
            )?;
        }
        self.db
            .execute_batch("DELETE FROM former_name WHERE name IN (SELECT name FROM account)")?;
        Ok(())
    }

    fn move_rows(&self, old: &str, new: &str) -> Result<()> {
        self.run("UPDATE account SET name = ?2 WHERE name = ?1", params![old, new])?;
        for table in self.tables_of_accounts()? {
            let sql = format!("UPDATE \"{table}\" SET account = ?2 WHERE account = ?1");
            self.db.execute(&sql, params![old, new])?;
        }
        Ok(())
    }

    /// Records which spare API address answers the account; none is the first.
    pub fn uses_base(&self, name: &str, spare: Option<&String>) -> Result<()> {
        let sql = "UPDATE account SET spare_base = ?2 WHERE name = ?1 AND spare_base IS NOT ?2";
        self.db.prepare_cached(sql)?.execute(params![name, spare])?;
        Ok(())
    }

    /// Returns the spare API address that answered the account last; none if it was the first.
    pub fn spare_base(&self, name: &str) -> Result<Option<String>> {
        let sql = "SELECT spare_base FROM account WHERE name = ?1";
        let row = self.db.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?;
        Ok(row.flatten())
    }

    fn tables_of_accounts(&self) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT DISTINCT made.name FROM sqlite_schema AS made, pragma_table_info(made.name) AS has
             WHERE made.type = 'table' AND has.name = 'account'",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Bars an account from all requests, whatever an operator resumes.
    pub fn bar(&self, name: &str, bar: Bar<'_>, now: DateTime<Utc>) -> Result<()> {
        self.run(
            "UPDATE account SET barred_since_at = ifnull(barred_since_at, ?2), barred_why = ?3,
                 barred_do = ?4 WHERE name = ?1",
            params![name, millis(now), bar.why, bar.advice],
        )
    }

    /// Lifts the bar of an account that the config contains again; returns whether it was barred.
    pub fn unbar(&self, name: &str) -> Result<bool> {
        let lifted = self
            .db
            .prepare_cached(
                "UPDATE account SET barred_since_at = NULL, barred_why = NULL, barred_do = NULL
                 WHERE name = ?1 AND barred_since_at IS NOT NULL",
            )?
            .execute([name])?;
        Ok(lifted > 0)
    }

    /// Returns whether the due times of an account are those of an older version, and notes that they
    /// are made anew.
    pub fn take_stale_schedule(&self, name: &str) -> Result<bool> {
        let stale = self
            .db
            .prepare_cached(
                "UPDATE account SET schedule_stale = 0 WHERE name = ?1 AND schedule_stale = 1",
            )?
            .execute([name])?;
        Ok(stale > 0)
    }

    /// Returns why all accounts are on hold, if they are.
    pub fn hold_on_all(&self) -> Result<Option<Reason>> {
        Ok(self
            .db
            .prepare_cached("SELECT hold_why FROM daemon")?
            .query_row([], |row| row.get(0))?)
    }

    /// Returns the accounts with a hold, a pause or a bar of their own.
    pub fn stopped_accounts(&self) -> Result<HashSet<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT name FROM account WHERE hold_since_at IS NOT NULL
                 OR paused_since_at IS NOT NULL OR barred_since_at IS NOT NULL",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns whether the present config no longer covers an account.
    pub fn is_barred(&self, name: &str) -> Result<bool> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM account WHERE name = ?1 AND barred_since_at IS NOT NULL)";
        Ok(self.db.prepare_cached(sql)?.query_row([name], |row| row.get(0))?)
    }
}
