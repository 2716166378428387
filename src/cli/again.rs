//! `again`: plans a job once more, under another id and at another time.

use std::path::{Path, PathBuf};

use clap::Args;

use super::lookup::unknown_job;
use super::{Answer, Json, Problem, Terminal, database, submit, text};
use crate::config::Config;
use crate::inbox::{Again, Inbox};
use crate::l10n::t;
use crate::model::JobId;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The id of the job, or of one date of a series
    #[arg(value_name = "JOB")]
    job: String,
    /// The id of the new job
    #[arg(long, value_name = "NEW")]
    id: String,
    /// When the new job is due, in the old one's zone or with an offset
    #[arg(long, value_name = "TIME")]
    at: String,
    #[command(flatten)]
    consent: submit::Consent,
    #[command(flatten)]
    json: Json,
}

/// Puts a new job file into the inbox, made from the file of the old job.
pub(super) fn run(
    options: &Options,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let now = (terminal.now)();
    let no = |why: String| Err(Problem::No(why));
    let Some(new) = JobId::parse(&options.id) else {
        return no(t!("again-no-id", id = text::visible(&options.id)));
    };
    let store = database::open(config, now)?;
    let (Some(store), Some(id)) = (store, JobId::parse(&options.job)) else {
        return no(super::lookup::unknown(&options.job));
    };
    let tx = store.read();
    if tx.account_of(&id)?.is_none() {
        return Err(unknown_job(&tx, &options.job));
    }
    if tx.account_of(&new)?.is_some() || tx.series(&new)?.is_some() {
        return no(t!("again-exists", job = %new));
    }
    tx.refuse_again(&id)?;
    // A date of a series stands in the series' file.
    let written = tx.named_date(&options.job)?.map_or(id, |(series, _)| series.job.id);
    drop(store);
    let inbox = Inbox::open(&config.inbox, config.inbox_end_marker_required)
        .map_err(|error| Problem::Cannot(error.to_string()))?;
    let package =
        inbox.newest_with(&written).map_err(|error| Problem::Cannot(error.to_string()))?;
    let again = package.and_then(|package| package.again(&written, &new, &options.at));
    let Some(again) = again else {
        return no(t!("again-no-file", job = %written));
    };
    let folder = tempfile::tempdir()?;
    let path = write(&again, folder.path(), &new)?;
    let options = submit::Options::of(path, options.consent, options.json);
    submit::run(&options, config, who, terminal)
}

/// Writes the files beside the inbox, and returns the file or folder to submit.
fn write(again: &Again, folder: &Path, new: &JobId) -> Result<PathBuf, Problem> {
    if again.files.is_empty() {
        let path = folder.join(format!("{new}.yaml"));
        std::fs::write(&path, &again.job)?;
        return Ok(path);
    }
    let folder = folder.join(new.as_str());
    for (name, bytes) in &again.files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        std::fs::write(path, bytes)?;
    }
    Ok(folder)
}
