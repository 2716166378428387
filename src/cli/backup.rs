//! `backup`: a consistent copy of the database, and how to restore it.

use std::path::{self, Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::text::{self, Page, Tone};
use super::{Json, Problem, Terminal, database};
use crate::calendar;
use crate::config::Config;
use crate::daemon::backup::{WriteError, write};
use crate::l10n::t;
use crate::model::console::HISTORY;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The file to make; one that exists is never overwritten
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct BackupView {
    file: String,
    at: String,
    bytes: u64,
    /// The files to keep beside it, copied after it.
    keep: Vec<String>,
    restore: Vec<String>,
}

/// Copies the database into a new file, completely or not at all.
pub(super) fn run(
    options: &Options,
    (config, config_file): (&Config, &Path),
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let path = &options.file;
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let Some(store) = database::open(config, now)? else {
        return Err(Problem::No(t!("backup-no-database")));
    };
    let bytes = write(&store, path, now).map_err(|error| match error {
        WriteError::Exists => exists(path),
        WriteError::File(error) => {
            Problem::Cannot(t!("backup-unwritable", file = %path.display(), error = %error))
        }
        WriteError::Copy(error) => {
            Problem::Cannot(t!("backup-failed", file = %path.display(), error = %error))
        }
    })?;
    let view = BackupView {
        file: path.display().to_string(),
        at: calendar::rfc3339(now),
        bytes,
        keep: keep(config, config_file),
        restore: restore(config, path),
    };
    terminal.answer(options.json, &view, render)
}

fn exists(path: &Path) -> Problem {
    Problem::No(t!("backup-exists", file = %path.display()))
}

/// Names the files that are not in a copy of the database and that a new machine needs.
fn keep(config: &Config, config_file: &Path) -> Vec<String> {
    let state = &config.state_dir;
    let accepted = config.inbox.join("accepted");
    let config_file = path::absolute(config_file).unwrap_or_else(|_| config_file.to_owned());
    let files = [state.join("mark"), state.join("media"), accepted, config_file];
    files.map(|file| file.display().to_string()).into()
}

fn restore(config: &Config, path: &Path) -> Vec<String> {
    let state = config.state_dir.display();
    vec![
        t!("backup-stop"),
        t!("backup-move", state = %state),
        t!("backup-copy", state = %state, file = %path.display()),
        t!("backup-mark", state = %state),
        t!("backup-media", state = %state),
        t!("backup-start"),
        t!("backup-look", history = HISTORY),
    ]
}

fn render(page: &mut Page, view: &BackupView) {
    let (file, bytes) = (view.file.as_str(), text::count(view.bytes));
    page.lines(Tone::Good, 0, &t!("backup-made", file = file, bytes = bytes));
    page.blank_line();
    page.lines(Tone::Plain, 0, &t!("backup-keep"));
    for kept in &view.keep {
        page.lines(Tone::Plain, 2, kept);
    }
    page.lines(Tone::Plain, 0, &t!("backup-restore"));
    for (index, tx) in view.restore.iter().enumerate() {
        page.labelled(Tone::Plain, 2, &format!("{}. ", index + 1), tx);
    }
}
