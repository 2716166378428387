//! Which accounts other processes wrote about, so that the daemon looks at those alone.
//!
//! A command's connection has triggers on every table, made from the schema itself. They record the
//! account of each changed row in `account_change`, in the same transaction. So no command can omit
//! it, a new table is covered without extra code, and a row exists exactly if the change does. A
//! change whose account these triggers cannot determine counts for every account. A command's
//! connection can write in such a transaction and in no other way.
//!
//! The daemon compares `PRAGMA data_version`, which changes with every foreign commit. If it
//! changed and nothing new is recorded, another program wrote (a `sqlite3` shell), and every
//! account is looked at. A raw write between two looks at the version that also find a command's
//! record is not told apart, so the engine looks at every account some time after such a look too.
//! The rows stay: one for each account, numbered upwards, so that noticing
//! costs no commit.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::store::{Result, Store, begin};

/// Up to where another connection's writes have been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    version: i64,
    change: i64,
}

/// Which accounts others wrote about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Nobody wrote.
    None,
    /// Only these accounts.
    Accounts(Vec<String>),
    /// Possibly every account.
    Any,
}

impl Store {
    /// Returns the present position, for a later [`writes_since`](Self::writes_since).
    pub fn seen(&mut self) -> Result<Seen> {
        // One snapshot: a write between the two reads would count as one without a record.
        let tx = begin(&mut self.db, TransactionBehavior::Deferred)?;
        let seen = seen(&tx)?;
        tx.rollback()?;
        Ok(seen)
    }

    /// Returns what other connections wrote about since `last`, and moves `last` on.
    ///
    /// # Errors
    /// If SQLite fails: then `last` stays, and the next call returns the same writes again.
    pub fn writes_since(&mut self, last: &mut Seen) -> Result<Writes> {
        // What was taken over from other hosts came through this connection.
        self.refresh()?;
        if !self.take_news() && self.data_version()? == last.version {
            return Ok(Writes::None);
        }
        let tx = begin(&mut self.db, TransactionBehavior::Deferred)?;
        let now = seen(&tx)?;
        let accounts = tx
            .prepare_cached("SELECT account FROM account_change WHERE id > ?1")?
            .query_map(params![last.change], |row| row.get(0))?
            .collect::<rusqlite::Result<Option<Vec<String>>>>()?;
        tx.rollback()?;
        *last = now;
        Ok(accounts.filter(|accounts| !accounts.is_empty()).map_or(Writes::Any, Writes::Accounts))
    }
}

fn seen(db: &Connection) -> Result<Seen> {
    let version = db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    let change = db
        .prepare_cached("SELECT ifnull(max(id), 0) FROM account_change")?
        .query_row([], |row| row.get(0))?;
    Ok(Seen { version, change })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::reason::Reason;
    use crate::store::StoreError;

    fn now() -> chrono::DateTime<chrono::Utc> {
        "2027-03-20T12:00:00Z".parse().unwrap()
    }

    fn stores(dir: &Path) -> (Store, Store) {
        let path = dir.join("qunfa.db");
        let mut daemon = Store::open(&path, now()).unwrap();
        daemon
            .transaction(|tx| {
                tx.ensure_account("daily")?;
                tx.ensure_account("club")
            })
            .unwrap();
        (daemon, Store::open_existing(&path, now()).unwrap().unwrap())
    }

    fn why(text: &str) -> Reason {
        Reason::Written { text: text.to_owned() }
    }

    #[test]
    fn a_command_names_the_accounts_that_it_wrote_about_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (mut daemon, mut command) = stores(dir.path());
        let mut seen = daemon.seen().unwrap();
        assert_eq!(daemon.writes_since(&mut seen).unwrap(), Writes::None);

        for account in ["daily", "daily", "club"] {
            command.transaction(|tx| tx.resume(Some(account), now())).unwrap();
            command.transaction(|tx| tx.hold(Some(account), &why("not today"), now())).unwrap();
        }

        let told = Writes::Accounts(vec!["daily".to_owned(), "club".to_owned()]);
        assert_eq!(daemon.writes_since(&mut seen).unwrap(), told);
        assert_eq!(daemon.writes_since(&mut seen).unwrap(), Writes::None);
        command.transaction(|tx| tx.hold(None, &why("nothing today"), now())).unwrap();
        assert_eq!(daemon.writes_since(&mut seen).unwrap(), Writes::Any);
        let rows = "SELECT count(*) FROM account_change";
        let count: i64 = daemon.db.query_row(rows, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 3, "one an account, and one for all");
    }

    #[test]
    fn a_write_that_nothing_explains_is_about_every_account() {
        let dir = tempfile::tempdir().unwrap();
        let (mut daemon, mut command) = stores(dir.path());
        command.transaction(|tx| tx.hold(Some("daily"), &why("not today"), now())).unwrap();
        let mut seen = daemon.seen().unwrap();

        let shell = Connection::open(dir.path().join("qunfa.db")).unwrap();
        shell.execute("UPDATE account SET hold_why = 'x' WHERE name = 'daily'", []).unwrap();

        assert_eq!(daemon.writes_since(&mut seen).unwrap(), Writes::Any);
        assert_eq!(daemon.writes_since(&mut seen).unwrap(), Writes::None);
    }

    #[test]
    fn what_a_command_takes_back_is_recorded_no_more_than_it_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let (mut daemon, mut command) = stores(dir.path());
        let mut seen = daemon.seen().unwrap();

        let undone = command.transaction(|tx| {
            tx.hold(Some("daily"), &why("not today"), now())?;
            Err::<(), _>(StoreError::Refused("no".to_owned()))
        });

        undone.unwrap_err();
        assert_eq!(daemon.writes_since(&mut seen).unwrap(), Writes::None);
        command.transaction(|tx| tx.hold(Some("club"), &why("not today"), now())).unwrap();
        let told = Writes::Accounts(vec!["club".to_owned()]);
        assert_eq!(daemon.writes_since(&mut seen).unwrap(), told);
    }

    #[test]
    fn a_command_cannot_write_unrecorded() {
        let dir = tempfile::tempdir().unwrap();
        let (_daemon, mut command) = stores(dir.path());

        command.read().hold(Some("daily"), &why("not today"), now()).unwrap_err();
        command.transaction(|tx| tx.hold(Some("daily"), &why("not today"), now())).unwrap();
        command.read().hold(Some("club"), &why("not today"), now()).unwrap_err();
    }

    #[test]
    fn every_table_is_recorded_but_those_that_are_only_shown() {
        let store = Store::in_memory(now()).unwrap();
        crate::store::record::record(&store.db).unwrap();

        let unrecorded: Vec<String> = store
            .db
            .prepare(
                "SELECT t.name FROM main.sqlite_schema AS t
                 WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND 3 <> (
                     SELECT count(*) FROM temp.sqlite_schema AS r
                     WHERE r.type = 'trigger' AND r.tbl_name = t.name)
                 ORDER BY t.name",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();

        assert_eq!(
            unrecorded,
            ["account_change", "acknowledgement", "notice", "notice_delivery", "refused_file"]
        );
    }
}
