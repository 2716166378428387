//! `fleet`: the daemons of a shared database, and the way into it and out of it.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use secrecy::SecretString;
use serde::Serialize;

use super::text::{self, Page, Tone};
use super::{Json, Problem, Terminal, database};
use crate::config::Config;
use crate::daemon;
use crate::l10n::t;
use crate::store::{Seat, SeatView, Store, seats};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the daemons of the shared database
    Status {
        #[command(flatten)]
        json: Json,
    },
    /// Copy a host's own database into the shared one, which becomes the truth
    Import {
        /// The state directory of that host
        #[arg(value_name = "STATE_DIR")]
        state_dir: PathBuf,
        #[command(flatten)]
        json: Json,
    },
    /// Copy the shared database into a file, which becomes the truth
    Export {
        /// The file to make; one that exists is never overwritten
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        json: Json,
    },
}

/// One daemon.
#[derive(Debug, Serialize)]
pub(super) struct DaemonView {
    pub(super) name: String,
    pub(super) active: bool,
    version: String,
    since_s: i64,
}

/// What `import` or `export` did.
#[derive(Debug, Serialize)]
struct MovedView {
    file: String,
    next: Vec<String>,
}

/// Does what is asked of the shared database.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let Some(url) = &config.store else {
        return Err(Problem::No(t!("fleet-no-store")));
    };
    match &options.what {
        What::Status { json } => terminal.answer(*json, &daemons(url)?, |page, view| {
            page.lines(Tone::Plain, 0, &line(view));
        }),
        What::Import { state_dir, json } => {
            let view = import(url, state_dir, now)?;
            terminal.answer(*json, &view, moved)
        }
        What::Export { file, json } => {
            let view = export(url, file, now)?;
            terminal.answer(*json, &view, moved)
        }
    }
}

/// Returns the daemons of a shared database, the active one first.
pub(super) fn daemons(url: &SecretString) -> Result<Vec<DaemonView>, Problem> {
    let seat = |SeatView { name, active, program, age_s }| DaemonView {
        name,
        active,
        version: program,
        since_s: age_s,
    };
    Ok(seats(url)?.into_iter().map(seat).collect())
}

/// Returns one line about the daemons of a shared database.
pub(super) fn line(daemons: &[DaemonView]) -> String {
    let names = |active: bool| {
        let names = daemons.iter().filter(|daemon| daemon.active == active);
        names.map(|daemon| daemon.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match (names(true), names(false)) {
        (active, _) if active.is_empty() => t!("fleet-none-active"),
        (active, standby) if standby.is_empty() => t!("fleet-one-active", active = %active),
        (active, standby) => t!("fleet-active-and-standby", active = %active, standby = %standby),
    }
}

fn import(url: &SecretString, state: &Path, now: DateTime<Utc>) -> Result<MovedView, Problem> {
    let path = state.join("qunfa.db");
    match fs::metadata(state) {
        Ok(metadata) => database::owned(state, &metadata)?,
        Err(error) => {
            let path = state.display();
            return Err(Problem::Cannot(t!("fleet-unreadable", path = %path, error = %error)));
        }
    }
    if daemon::running(state).is_some() {
        return Err(Problem::No(t!("fleet-stop-first", path = %state.display())));
    }
    if !path.exists() {
        return Err(Problem::No(t!("fleet-no-database", path = %path.display())));
    }
    let kept = state.join("qunfa.db.imported");
    if kept.exists() {
        return Err(Problem::No(t!("backup-exists", file = %kept.display())));
    }
    Store::check(&path)?;
    Store::open(&path, now)?.export_to_shared(url, now)?;
    fs::rename(&path, &kept).map_err(|error| {
        Problem::Cannot(t!("fleet-unreadable", path = %path.display(), error = %error))
    })?;
    Ok(MovedView { file: kept.display().to_string(), next: vec![t!("fleet-imported-next")] })
}

fn export(url: &SecretString, file: &Path, now: DateTime<Utc>) -> Result<MovedView, Problem> {
    if file.symlink_metadata().is_ok() {
        return Err(Problem::No(t!("backup-exists", file = %file.display())));
    }
    let mut seat = Seat::new(url, "fleet export".to_owned())?;
    Store::import_from_shared(&mut seat, file, now)?;
    Ok(MovedView { file: file.display().to_string(), next: vec![t!("fleet-exported-next")] })
}

fn moved(page: &mut Page, view: &MovedView) {
    page.lines(Tone::Good, 0, &t!("fleet-moved", file = %text::visible(&view.file)));
    view.next.iter().for_each(|line| page.lines(Tone::Plain, 0, line));
}
