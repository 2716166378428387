//! The engine's work beside its passes: it reads back what a lost database had accepted, extends
//! series, and resolves the former names of accounts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::engine::identity::{name_of_gone, under_former_names};
use crate::engine::recovery::{
    AcceptedFile, AcceptedSeries, Owner, StateDirectory, doubt_unspoken, raise_generations,
    restored,
};
use crate::engine::{Engine, HighWaterMark, Session, bodies, series, session_named};
use crate::model::{Account, JobId};
use crate::quota::margins;
use crate::store::{Back, LastSeen, Recurring, SeriesInput, Source, StoreError, Tx};

impl Engine {
    /// Returns whether a database may lack jobs that were sent: it is empty, a copy, older than
    /// what lies beside it, or no daemon has run with it for long.
    pub fn may_have_forgotten(
        known: &LastSeen,
        beside: StateDirectory<'_>,
        now: DateTime<Utc>,
    ) -> bool {
        let away = (now - known.seen_at).abs() > margins::DOWNTIME_MAX;
        !known.has_jobs || restored(known, beside).is_some() || away
    }

    /// Records every job that a lost database had accepted, as missed, in one transaction.
    ///
    /// # Errors
    /// If the store fails.
    pub fn import_accepted(
        &mut self,
        files: &[AcceptedFile],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Self { store, sessions, mark, .. } = self;
        store.transaction(|tx| {
            let mut new = Vec::with_capacity(files.len());
            for file in files {
                new.push(!tx.has_file(&file.sha256)?);
            }
            for file in files {
                tx.record_file(&file.sha256, &file.name, file.taken_at)?;
            }
            let known = tx.last_seen()?.files;
            let is_incomplete = known < mark.files;
            let (seen, found) = (HashSet::new(), Vec::new());
            let mut import = Import { tx, sessions, mark, is_incomplete, seen, found, now };
            // The newest version of a job counts; a retry should send that one.
            for (file, is_new) in files.iter().zip(new).rev() {
                import.file(file, is_new)?;
            }
            let found = import.found;
            if !found.is_empty() {
                let jobs = found.iter().map(JobId::as_str).collect::<Vec<_>>().join(", ");
                tracing::error!(
                    count = found.len(),
                    jobs,
                    "jobs were read back from accepted/ as missed, and may have been sent already"
                );
                tx.name_in_hold(&found)?;
            }
            raise_generations(tx, sessions, mark, now)?;
            tx.rest_after_copy(now)?;
            tx.took_file(now)?;
            mark.files = known;
            Ok(())
        })
    }

    /// Makes the dates of series that are now within their horizon.
    ///
    /// # Errors
    /// If the store fails.
    pub fn extend_series(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { store, sessions, mark, .. } = self;
        let accounts = store.transaction(|tx| {
            let accounts = series::extend(tx, sessions, now)?;
            if !accounts.is_empty() {
                // An operator may have remade a date that an older database lacked.
                raise_generations(tx, sessions, mark, now)?;
            }
            Ok::<_, StoreError>(accounts)
        })?;
        for session in
            sessions.iter_mut().filter(|session| accounts.contains(&session.config.account.name))
        {
            session.wake = Some(session.wake.map_or(now, |wake| wake.min(now)));
        }
        Ok(())
    }

    /// Returns the accounts of the config under each present or former name: a file that uses a
    /// former name is read, so that the reply to it can give the new one.
    ///
    /// # Errors
    /// If the store fails.
    pub fn accounts_by_any_name(&self) -> Result<Vec<Account>, StoreError> {
        let mut accounts: Vec<_> = self.accounts().map(|config| config.account.clone()).collect();
        accounts.extend(self.former_accounts()?);
        Ok(accounts)
    }

    /// Returns the accounts of the config under every name that they had before.
    ///
    /// # Errors
    /// If the store fails.
    pub fn former_accounts(&self) -> Result<Vec<Account>, StoreError> {
        let former = self.store.read().former_names()?;
        let accounts: Vec<_> = self.accounts().map(|config| &config.account).collect();
        Ok(under_former_names(&former, accounts.into_iter()))
    }
}

/// The state while the accepted files are read back.
struct Import<'a> {
    tx: &'a Tx<'a>,
    sessions: &'a [Session],
    mark: &'a HighWaterMark,
    /// Whether the lost database had taken more files than are present.
    is_incomplete: bool,
    /// The jobs of newer files.
    seen: HashSet<&'a JobId>,
    /// The jobs that this database did not have in that form.
    found: Vec<JobId>,
    now: DateTime<Utc>,
}

impl<'a> Import<'a> {
    fn file(&mut self, file: &'a AcceptedFile, is_new: bool) -> Result<(), StoreError> {
        let (tx, now) = (self.tx, self.now);
        for (spec, line) in &file.jobs {
            if !self.seen.insert(&spec.id) {
                continue;
            }
            let Some(session) = session_named(self.sessions, &spec.account) else { continue };
            let generations: Vec<_> = self
                .mark
                .generations
                .get(spec.id.as_str())
                .map(|batches| batches.iter().map(|(batch, one)| (*batch, *one)).collect())
                .unwrap_or_default();
            let back = Back {
                source: Source { file: &file.name, line: *line, first_taken_at: file.taken_at },
                accepted_at: file.accepted_at,
                is_new,
                is_incomplete: self.is_incomplete,
                generations: &generations,
            };
            let by = SeriesInput {
                account: &session.config.account,
                bodies: &bodies(spec),
                make: bodies,
            };
            if tx.import_accepted(spec, by, back, now)? {
                self.found.push(spec.id.clone());
            }
        }
        for AcceptedSeries { job, recurrence, dated, line } in &file.series {
            if !self.seen.insert(&job.id) {
                continue;
            }
            let source = Source { file: &file.name, line: *line, first_taken_at: file.taken_at };
            let Some(session) = session_named(self.sessions, &job.account) else { continue };
            let by = SeriesInput {
                account: &session.config.account,
                bodies: &bodies(job),
                make: bodies,
            };
            tx.import_series(Recurring { job, recurrence, dated }, by, source, now)?;
        }
        for (id, owner) in &file.ids {
            if is_new {
                doubt_unspoken(tx, self.sessions, id, now)?;
            }
            let account = match owner {
                Owner::Named(name) => name.clone(),
                Owner::Gone { name, appid } => name_of_gone(tx, self.sessions, (name, appid))?,
            };
            if tx.remember_id((id, &account), &file.name, file.taken_at, now)? {
                self.found.push(id.clone());
            }
        }
        Ok(())
    }
}
