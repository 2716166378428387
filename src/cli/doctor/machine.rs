//! The checks of this machine.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::finding::{self, Finding, Verdict};
use super::super::text::count;
use super::super::{Problem, database, fleet, places, zone_data};
use super::Report;
use crate::config::Config;
use crate::daemon;
use crate::l10n::t;
use crate::store::Store;

/// How many steps [`check`] has.
pub(super) const STEPS: usize = 6;

/// Below this much free space, nothing can be relied on.
const FREE_BAD: u64 = 64 << 20;
/// Below this much, somebody should look.
const FREE_LOW: u64 = 512 << 20;
/// A database up to this size is read through within some seconds.
const READ_THROUGH: u64 = 512 << 20;

pub(super) fn check(
    config: &Config,
    now: DateTime<Utc>,
    report: &mut Report<'_, '_>,
) -> Result<(), Problem> {
    report.begins(&t!("finding-step-folders"))?;
    // What is not good was said with the config.
    let folders = [places::state_dir(&config.state_dir), places::inbox(&config.inbox)];
    report.add_all(folders.into_iter().filter(|found| found.verdict == Verdict::Good))?;
    for (name, folder) in
        [("disk of state_dir", &config.state_dir), ("disk of inbox", &config.inbox)]
    {
        report.begins(&finding::check_name(name))?;
        report.add_all(disk(name, folder))?;
    }
    report.begins(&finding::check_name("listen"))?;
    report.add(listen(config))?;
    report.begins(&finding::check_name("database"))?;
    let (finding, zones) = database(config, now);
    report.add(finding)?;
    report.begins(&finding::check_name("zone data"))?;
    report.add(zone_data_of(&zones, now))
}

fn disk(name: &'static str, folder: &Path) -> Option<Finding> {
    // A folder that is not there yet will be on the disk of the one above it.
    let there = folder.ancestors().find(|folder| folder.exists())?;
    Some(match rustix::fs::statvfs(there) {
        Ok(disk) => free_space(name, there, disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::remark(name, format!("{}: {error}", there.display())),
    })
}

fn free_space(name: &'static str, folder: &Path, bytes: u64) -> Finding {
    let what = t!("doctor-free-space", mib = %count(bytes >> 20), folder = %folder.display());
    let advice = t!("doctor-free-some");
    match bytes {
        0..FREE_BAD => Finding::bad(name, what, advice),
        FREE_BAD..FREE_LOW => Finding::warning(name, what, advice),
        FREE_LOW.. => Finding::good(name, what),
    }
}

/// What is at the address of the config.
#[derive(Debug)]
enum Port {
    Served,
    /// The daemon runs and listens elsewhere.
    ServedElsewhere(Option<SocketAddr>),
    Free,
    Taken(io::Error),
}

fn listen(config: &Config) -> Finding {
    let Some(address) = config.listen else {
        return Finding::good("listen", t!("doctor-no-listener"));
    };
    listens(address, &port(config, address))
}

fn port(config: &Config, address: SocketAddr) -> Port {
    if let Some(running) = daemon::running(&config.state_dir) {
        let listens = daemon::heartbeat(&config.state_dir, &running).and_then(|beat| beat.listen);
        return if listens == Some(address) {
            Port::Served
        } else {
            Port::ServedElsewhere(listens)
        };
    }
    match TcpListener::bind(address) {
        Ok(_) => Port::Free,
        Err(error) => Port::Taken(error),
    }
}

fn listens(address: SocketAddr, port: &Port) -> Finding {
    const CHECK: &str = "listen";
    match port {
        Port::Served => Finding::good(CHECK, t!("doctor-served", address = %address)),
        Port::Free => Finding::good(CHECK, t!("doctor-port-free", address = %address)),
        Port::ServedElsewhere(Some(other)) => Finding::warning(
            CHECK,
            t!("doctor-served-elsewhere", other = %other, address = %address),
            t!("doctor-restart"),
        ),
        Port::ServedElsewhere(None) => Finding::warning(
            CHECK,
            t!("doctor-not-served", address = %address),
            t!("doctor-restart-unless-new"),
        ),
        Port::Taken(error) => Finding::bad(
            CHECK,
            t!("doctor-port-taken", address = %address, error = %error),
            t!("doctor-end-program"),
        ),
    }
}

/// Checks the database, and returns the zones of its series and waiting jobs.
fn database(config: &Config, now: DateTime<Utc>) -> (Finding, Vec<Tz>) {
    const CHECK: &str = "database";
    let store = match database::open(config, now) {
        Ok(Some(store)) => store,
        Ok(None) => {
            let what = t!("doctor-no-database");
            return (Finding::good(CHECK, what), Vec::new());
        }
        // Another user's command: nothing is wrong with the database.
        Err(Problem::Cannot(why)) => {
            return (Finding::remark(CHECK, t!("doctor-not-checked", why = %why)), Vec::new());
        }
        Err(problem) => {
            let advice = t!("doctor-database-advice");
            return (Finding::bad(CHECK, problem.message(), advice), Vec::new());
        }
    };
    let zones = store.read().zones_in_use().unwrap_or_default();
    if let Some(url) = &config.store {
        let told = fleet::daemons(url).map(|daemons| fleet::line(&daemons));
        let finding = match told {
            Ok(line) => Finding::good(CHECK, t!("doctor-shared-good", line = %line)),
            Err(problem) => Finding::bad(CHECK, problem.message(), t!("alert-reach-database")),
        };
        return (finding, zones);
    }
    let path = config.database();
    let bytes = fs::metadata(&path).map_or(0, |found| found.len());
    if bytes > READ_THROUGH {
        let what = t!("doctor-database-large");
        return (Finding::good(CHECK, what), zones);
    }
    let finding = match Store::check(&path) {
        Ok(()) => Finding::good(CHECK, t!("doctor-database-good")),
        Err(error) => {
            Finding::bad(CHECK, Problem::Store(error).message(), t!("doctor-database-restore"))
        }
    };
    (finding, zones)
}

fn zone_data_of(zones: &[Tz], now: DateTime<Utc>) -> Finding {
    let differs = zones.iter().find_map(|zone| Some((*zone, zone_data::differs_from(*zone, now)?)));
    match differs {
        Some((zone, from)) => {
            Finding::warning("zone data", zone_data::warning(zone, from), zone_data::advice())
        }
        None => Finding::good("zone data", t!("doctor-zones-good")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_judged_by_what_the_daemon_needs() {
        for (mib, expected) in [
            (0, Verdict::Bad),
            (63, Verdict::Bad),
            (64, Verdict::Warning),
            (511, Verdict::Warning),
            (512, Verdict::Good),
            (1 << 30, Verdict::Good),
        ] {
            let finding = free_space("disk", Path::new("/"), mib << 20);

            assert_eq!(finding.verdict, expected, "{mib}");
        }
    }

    #[test]
    fn only_a_port_that_cannot_be_had_is_bad() {
        let address = "127.0.0.1:8071".parse().unwrap();
        for (port, expected) in [
            (Port::Served, Verdict::Good),
            (Port::Free, Verdict::Good),
            (Port::ServedElsewhere(None), Verdict::Warning),
            (Port::ServedElsewhere(Some("127.0.0.1:1".parse().unwrap())), Verdict::Warning),
            (Port::Taken(io::Error::from(io::ErrorKind::AddrInUse)), Verdict::Bad),
        ] {
            assert_eq!(listens(address, &port).verdict, expected, "{port:?}");
        }
    }
}
