//! Opens the database for a command, as its owner only.
//!
//! Another user's command, root's included, could leave files beside the database that the daemon
//! cannot use.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::Problem;
use crate::config::Config;
use crate::l10n::t;
use crate::store::Store;

/// Opens the database; none if it does not exist.
pub(super) fn open(config: &Config, now: DateTime<Utc>) -> Result<Option<Store>, Problem> {
    if let Some(url) = &config.store {
        return Store::read_shared(url, now).map_err(Problem::Store);
    }
    let folder = &config.state_dir;
    match fs::metadata(folder) {
        Ok(metadata) => owned(folder, &metadata)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(folder, &error)),
    }
    let path = config.database();
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(error) => return Err(unreadable(folder, &error)),
    }
    Store::open_existing(&path, now).map_err(Problem::Store)
}

/// Makes sure that a directory is the caller's own.
pub(super) fn owned(folder: &Path, metadata: &Metadata) -> Result<(), Problem> {
    let owner = metadata.uid();
    if owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let name = user(owner);
    Err(Problem::Cannot(t!("cli-not-owner", folder = %folder.display(), user = name)))
}

/// Returns the error for a folder that cannot even be read, with its owner.
fn unreadable(folder: &Path, error: &io::Error) -> Problem {
    let visible = folder.ancestors().find_map(|folder| fs::metadata(folder).ok());
    let name = visible.map_or_else(|| "qunfa".to_owned(), |metadata| user(metadata.uid()));
    let folder = folder.display();
    Problem::Cannot(t!("cli-unreadable", folder = %folder, error = %error, user = name))
}

/// Returns a user in the form that `sudo -u` takes.
pub(super) fn user(id: u32) -> String {
    named(id).unwrap_or_else(|| format!("'#{id}'"))
}

/// Returns the name of a user of this machine.
pub(super) fn named(id: u32) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    })
}
