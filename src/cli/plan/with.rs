//! The forecast as it would be with job files that the inbox does not have yet.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{DAYS, PlanView};
use crate::calendar::{Span, Window};
use crate::cli::moves::MoveView;
use crate::cli::rehearsal::{self, JobFile};
use crate::cli::text::{Page, Tone};
use crate::cli::{Answer, Json, Problem, Terminal, check, drafts};
use crate::config::Config;
use crate::inbox::{self, Diagnostic};
use crate::l10n::t;
use crate::model::Account;
use crate::store::{Rescheduled, Store, StoreError, Tx};

/// How far the days reach by themselves.
const DAYS_MOST: u16 = 62;

/// Why there is no forecast with files.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    ok: bool,
    diagnostics: Vec<Diagnostic>,
}

/// Reads the forecast with the jobs of files, and the planned jobs that these move.
pub(super) fn read(
    store: &mut Store,
    paths: &[PathBuf],
    config: &Config,
    (days, most): (Option<u16>, usize),
    now: DateTime<Utc>,
) -> Result<Result<PlanView, Refused>, Problem> {
    let reader = |path: &Path, _: &[&Account]| inbox::read_path(path);
    let book = drafts::for_rehearsal(paths, reader, config, now)?;
    let reader =
        |path: &Path, _: &[&Account]| Ok(inbox::read_path(path)?.with_drafts(book.clone()));
    let files = rehearsal::read(paths, reader, config, (store, true))?;
    let seen = rehearsal::rehearse(store, &files, config, now, |tx, taken| {
        if !taken.iter().all(|file| file.ok()) {
            let diagnostics = taken.into_iter().flat_map(|file| file.diagnostics).collect();
            return Ok(Err(Refused { ok: false, diagnostics }));
        }
        let moves: Vec<_> = taken.into_iter().flat_map(|file| file.moves).collect();
        let days = match days {
            Some(days) => days,
            None => reach(tx, &files, &moves, now)?,
        };
        Ok(Ok((super::read(tx, config, (days, most), now)?, moves)))
    })?;
    let (view, moves) = match seen {
        Ok(seen) => seen,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(Ok(marked(view, &files, rehearsal::moved(store, moves)?)))
}

/// Returns how many days it takes to show each job of the files, except the dates of series, and
/// each job that they move.
fn reach(
    tx: &Tx<'_>,
    files: &[JobFile],
    moves: &[Rescheduled],
    now: DateTime<Utc>,
) -> Result<u16, StoreError> {
    let mut times: Vec<_> = moves.iter().filter_map(|one| one.to).collect();
    for job in files.iter().flat_map(|file| &file.jobs) {
        times.extend(tx.job_view(job.spec.id.as_str())?.map(|job| job.due));
    }
    let today = Window::containing(Span::Day, now).start();
    let days = times.into_iter().map(|at| (at - today).num_days() + 1).max().unwrap_or(0);
    Ok(u16::try_from(days).unwrap_or(DAYS).clamp(DAYS, DAYS_MOST))
}

fn marked(view: PlanView, files: &[JobFile], moved: Vec<MoveView>) -> PlanView {
    let written = || files.iter().flat_map(|file| &file.jobs);
    let is_of = |id: &str| {
        written().any(|job| match id.strip_prefix(job.spec.id.as_str()) {
            Some("") => true,
            Some(date) => job.recurrence.is_some() && date.starts_with('@'),
            None => false,
        })
    };
    let mut view = PlanView { moved, with_files: true, ..view };
    for job in &mut view.jobs {
        job.of_files = is_of(&job.id);
    }
    view
}

/// Writes why there is no forecast with files.
pub(super) fn refuse(
    refused: &Refused,
    json: Json,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    terminal.answer(json, refused, |page: &mut Page, refused| {
        for diagnostic in &refused.diagnostics {
            check::problem(page, diagnostic);
            page.blank_line();
        }
        page.lines(Tone::Alarm, 0, &t!("plan-refused"));
    })?;
    Ok(Answer::No)
}
