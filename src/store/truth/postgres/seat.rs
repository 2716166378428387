//! The seat of the daemon that releases: one is active, the others stand by.
//!
//! The seat lasts [`SEAT_LASTS`] by PostgreSQL's clock and is renewed by every
//! transaction and look of its daemon. Whoever takes it over waits for the transaction under way,
//! because that has the same row locked.

use secrecy::SecretString;

use super::link::{Failure, Link};
use super::{ALL, LOOK_WITHIN, SEAT_LASTS, unreachable};
use crate::store::Result;

/// How long a daemon that stands by counts as there without a word.
const KNOWN_FOR: &str = "interval '15 s'";

/// A daemon's way to the seat.
#[derive(Debug)]
pub struct Seat {
    link: Link,
    url: SecretString,
    id: Option<i64>,
    name: String,
}

/// A daemon that uses the shared database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatView {
    /// Its host and process.
    pub name: String,
    /// Whether it is the one that releases.
    pub active: bool,
    /// Its version.
    pub program: String,
    /// How many seconds ago it was started.
    pub age_s: i64,
}

impl Seat {
    /// Returns the way to the seat in the database at a URL; `name` is shown to operators.
    ///
    /// # Errors
    /// If the URL is none of PostgreSQL.
    pub fn new(url: &SecretString, name: String) -> Result<Self> {
        Ok(Self { link: Link::new(url)?, url: url.clone(), id: None, name })
    }

    /// Returns the database's URL.
    pub(in crate::store) fn url(&self) -> &SecretString {
        &self.url
    }

    /// Returns the seat's number, once it was taken.
    pub(in crate::store) fn id(&self) -> Option<i64> {
        self.id
    }

    /// Creates or upgrades the tables if they need it, and returns what was done.
    ///
    /// # Errors
    /// If PostgreSQL cannot be reached or is not fit for it.
    pub fn prepare(&mut self, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
        super::setup::prepare(&mut self.link, now)
    }

    /// Takes the seat if it is free, and returns whether this daemon has it. If not, it is noted as
    /// one that stands by.
    ///
    /// # Errors
    /// If PostgreSQL cannot be reached.
    pub fn take(&mut self) -> Result<bool> {
        let Self { link, id, name, .. } = self;
        let program = env!("CARGO_PKG_VERSION");
        let known = *id;
        let taken = link.call(LOOK_WITHIN, async |session| {
            let client = &session.client;
            let noted = format!(
                "INSERT INTO qunfa.fleet_seat AS s (seat, name, program, until)
                 VALUES (coalesce($1, ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))
                     ::bit(64)::bigint), $2, $3, clock_timestamp() + {KNOWN_FOR})
                 ON CONFLICT (seat) DO UPDATE SET until = excluded.until RETURNING seat"
            );
            let row = client.query_one(&noted, &[&known, name, &program]).await?;
            let seat: i64 = row.try_get(0)?;
            let gone =
                "DELETE FROM qunfa.fleet_seat WHERE until < clock_timestamp() - interval '1 day'";
            client.execute(gone, &[]).await?;
            let sql = format!(
                "UPDATE qunfa.fleet_stamp
                 SET seat = $1, seat_name = $2, until = clock_timestamp() + {SEAT_LASTS}
                 WHERE {ALL} AND (seat IS NULL OR seat = $1 OR until < clock_timestamp())"
            );
            Ok((seat, client.execute(&sql, &[&seat, name]).await? == 1))
        });
        match taken {
            Ok((seat, has_it)) => {
                *id = Some(seat);
                Ok(has_it)
            }
            // A transaction holds the row: its daemon is alive.
            Err(Failure::Said(_, Some(code)))
                if code == tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE =>
            {
                Ok(false)
            }
            Err(failure) => Err(unreachable(failure)),
        }
    }

    /// Leaves a database that was exported: nobody writes to it any more.
    pub(in crate::store) fn close_for_good(&mut self) -> Result<()> {
        let seat = self.id;
        let closed = self.link.call(LOOK_WITHIN, async |session| {
            let sql = format!(
                "UPDATE qunfa.fleet_stamp SET moved_at = clock_timestamp(), seat = NULL, until = NULL
                 WHERE {ALL} AND seat = $1"
            );
            Ok(session.client.execute(&sql, &[&seat]).await?)
        });
        closed.map(drop).map_err(unreachable)
    }
}

/// Returns the daemons that use a shared database.
///
/// # Errors
/// If PostgreSQL cannot be reached.
pub fn seats(url: &SecretString) -> Result<Vec<SeatView>> {
    let read = Link::new(url)?.call(LOOK_WITHIN, async |session| {
        let sql = format!(
            "SELECT s.name, d.seat IS NOT NULL, s.program,
                 extract(epoch FROM clock_timestamp() - s.since_at)::bigint
             FROM qunfa.fleet_seat AS s LEFT JOIN qunfa.fleet_stamp AS d
                 ON d.{ALL} AND d.seat = s.seat AND d.until >= clock_timestamp()
             WHERE s.until >= clock_timestamp() OR d.seat IS NOT NULL
             ORDER BY d.seat IS NULL, s.name"
        );
        let found = session.client.query(&sql, &[]).await?;
        let seat = |row: &tokio_postgres::Row| {
            Ok(SeatView {
                name: row.try_get(0)?,
                active: row.try_get(1)?,
                program: row.try_get(2)?,
                age_s: row.try_get(3)?,
            })
        };
        found.iter().map(seat).collect::<std::result::Result<Vec<_>, Failure>>()
    });
    read.map_err(unreachable)
}
