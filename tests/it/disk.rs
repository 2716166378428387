//! What survives a crash: the database and the mark beside it.
//!
//! Most worlds keep the database in memory under a name of SQLite's `memdb`, so that the daemon's
//! connection can be dropped, uncommitted changes and all, while another one looks on: the
//! referee's, which sees what is committed and nothing else. A few keep it in a real file.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use qunfa::engine::HighWaterMark;
use qunfa::store::{Mirror, Store};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::world::show;

static NAMES: AtomicU64 = AtomicU64::new(0);

/// A database and its mark.
pub(crate) struct Disk {
    address: String,
    folder: Option<TempDir>,
    /// The truth that the database follows, as on a host of several.
    mirror: Option<RefCell<Option<Mirror>>>,
    /// The referee's own connection.
    pub(crate) witness: Connection,
    /// The mark as it was last stored.
    pub(crate) mark: Option<HighWaterMark>,
}

/// A copy of a database, with the mark and the instant that belong to it.
pub(crate) struct Copy {
    db: Connection,
    pub(crate) mark: Option<HighWaterMark>,
    /// The platform's time at which it was made.
    pub(crate) at: DateTime<Utc>,
}

impl Disk {
    /// An empty one.
    pub(crate) fn new(in_a_file: bool) -> Self {
        let name = NAMES.fetch_add(1, Ordering::Relaxed);
        let folder = in_a_file.then(|| TempDir::new().unwrap());
        let address = match &folder {
            Some(folder) => folder.path().join("qunfa.db").to_str().unwrap().to_owned(),
            None => format!("file:/world-{name}?vfs=memdb"),
        };
        let witness = connect(&address);
        Self { address, folder, mirror: None, witness, mark: None }
    }

    /// An empty one. For one seed in eight it follows a truth elsewhere, as on one of several hosts;
    /// with `QUNFA_SIM_FOLLOWS` for each.
    pub(crate) fn of_seed(seed: u64, in_a_file: bool) -> Self {
        let follows = seed % 8 == 3 || std::env::var_os("QUNFA_SIM_FOLLOWS").is_some();
        let mut disk = Self::new(in_a_file);
        disk.mirror = follows.then(RefCell::default);
        disk
    }

    /// Opens the database as the daemon does at its start.
    pub(crate) fn open(&self, now: DateTime<Utc>) -> Store {
        let Some(mirror) = &self.mirror else {
            return Store::prepare(connect(&self.address), now).unwrap();
        };
        self.compare();
        let mut mirror = mirror.borrow_mut();
        let mirror = mirror.get_or_insert_with(|| {
            let store = Store::prepare(connect(&self.address), now).unwrap();
            Mirror::of(&store, now).unwrap()
        });
        mirror.open(connect(&self.address), now).unwrap()
    }

    /// Makes sure that the truth has the rows that are committed here.
    fn compare(&self) {
        if let Some(mirror) = self.mirror.as_ref().and_then(|mirror| mirror.borrow().clone()) {
            let table = mirror.differs_from(&self.witness).unwrap();
            assert_eq!(table, None, "the truth has other rows than the database");
        }
    }

    /// Forgets the truth, for something else changed the database.
    fn changed(&self) {
        self.mirror.as_ref().map(RefCell::take);
    }

    /// Prints the ledger, for whoever replays a failing seed.
    pub(crate) fn show_ledger(&self) {
        for sql in [
            "SELECT 'send elsewhere', id, account, at / 1000, source, confirmed, returned, msg_id
             FROM external_send",
            "SELECT 'charge', charge.account, rule, \"window\", amount, charge.state, batch.job,
                    attempt, external_send, provisional
             FROM charge LEFT JOIN batch ON batch.id = charge.batch
             WHERE rule NOT IN ('daily_calls', 'forced_token') ORDER BY charge.account, \"window\"",
            "SELECT 'claim', account, rule, \"window\", job, amount, neg_priority FROM claim",
        ] {
            let mut statement = self.witness.prepare(sql).unwrap();
            let columns = statement.column_count();
            let rows = statement
                .query_map([], |row| {
                    let cells = (0..columns).map(|n| Ok(format!("{:?}", row.get_ref(n)?)));
                    cells.collect::<rusqlite::Result<Vec<_>>>()
                })
                .unwrap();
            for row in rows {
                show(&row.unwrap().join(" "));
            }
        }
    }

    /// Changes every body behind the daemon's back.
    pub(crate) fn change_bodies(&self) {
        let sql = "UPDATE body SET body = replace(body, '|', '|other')";
        self.witness.execute(sql, []).unwrap();
        self.changed();
    }

    /// Copies what is committed now.
    pub(crate) fn copy(&self, at: DateTime<Utc>) -> Copy {
        let mut db = Connection::open_in_memory().unwrap();
        copy(&self.witness, &mut db);
        Copy { db, mark: self.mark.clone(), at }
    }

    /// Makes the database one that `backup` copied then.
    pub(crate) fn is_a_backup(&self, of: DateTime<Utc>) {
        let sql = "UPDATE daemon SET copied_at = ?1";
        self.witness.execute(sql, [of.timestamp_millis()]).unwrap();
        self.changed();
    }

    /// A disk that holds an older database.
    pub(crate) fn restored(&self, from: &Copy, mark: Option<HighWaterMark>) -> Self {
        let mut disk = Self::new(self.folder.is_some());
        disk.mirror = self.mirror.as_ref().map(|_| RefCell::default());
        copy(&from.db, &mut disk.witness);
        disk.mark = mark;
        disk
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.compare();
        }
    }
}

fn connect(address: &str) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(address, flags).unwrap()
}

fn copy(from: &Connection, to: &mut Connection) {
    let backup = rusqlite::backup::Backup::new(from, to).unwrap();
    backup.run_to_completion(10_000, std::time::Duration::ZERO, None).unwrap();
}
