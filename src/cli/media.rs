//! Whether the platform has the media ids of job files: what it last said, and asking it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::api_calls::{self, Asking};
use super::{Problem, Terminal, database, rehearsal, text};
use crate::config::Config;
use crate::inbox::{Package, ReadError};
use crate::l10n::t;
use crate::model::{Account, Action, ApiCall, Medium};
use crate::store::{MediumState, Store, StoreError, Tx};

/// Lets the daemon ask the platform for each media id of these files that it was not asked for
/// within the last day.
pub(super) fn ask(
    paths: &[PathBuf],
    reader: impl Fn(&Path, &[&Account]) -> Result<Package, ReadError>,
    (config, who): (&Config, &str),
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let Some(mut store) = database::open(config, (terminal.now)())? else {
        return Err(api_calls::no_daemon());
    };
    let files = rehearsal::read(paths, reader, config, (&store, true))?;
    let jobs = files.iter().flat_map(|file| &file.jobs);
    let named: BTreeSet<_> = jobs
        .flat_map(|job| {
            let account = &job.spec.account;
            Medium::of_action(&job.spec.action).into_iter().map(|medium| (account.clone(), medium))
        })
        .collect();
    let all = text::count(named.len() as u64);
    for (place, (account, medium)) in named.into_iter().enumerate() {
        ask_one((&mut store, config), (&account, medium), who, (terminal.now)())?;
        let read = text::count(place as u64 + 1);
        // The outcome is the same if nobody reads the remark.
        let line = t!("media-progress", read = read, all = all.as_str());
        writeln!(terminal.remarks, "{line}").unwrap_or_default();
    }
    Ok(())
}

fn ask_one(
    (store, config): (&mut Store, &Config),
    (account, medium): (&str, Medium),
    who: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let known = store.read().medium_state(account, &medium, now)?;
    if matches!(known, Some((MediumState::There | MediumState::Gone, _))) {
        return Ok(());
    }
    let mut asking = Asking { store, config, account, who };
    asking.ask(&ApiCall::MediaCheck(medium), now).map(drop)
}

/// Returns what the platform said of an action's media: notes, and warnings of those that are gone.
pub(super) fn known(
    tx: &Tx<'_>,
    (action, account): (&Action, &str),
    now: DateTime<Utc>,
) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    for medium in Medium::of_action(action) {
        let id = medium.media_id.as_str();
        match tx.medium_state(account, &medium, now)? {
            Some((MediumState::Gone, at)) => {
                let distance = text::distance(at, now);
                warnings.push(t!("media-gone", media = id, distance = distance));
            }
            Some((MediumState::There, at)) => {
                notes.push(t!("media-there", media = id, distance = text::distance(at, now)));
            }
            Some((MediumState::Unknown, _)) => notes.push(t!("media-unknown", media = id)),
            Some((MediumState::Asked, _)) | None => {}
        }
    }
    Ok((notes, warnings))
}
