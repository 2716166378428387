//! The jobs that follow from one of a file: a menu that is put back, codes that are made anew.

use chrono::{DateTime, Utc};

use crate::alert::Told;
use crate::model::{Account, JobId, JobSpec};
use crate::store::{Alert, IngestOutcome, Source, StoreError, Tx};

/// What is told if such a job cannot be planned: the kind of the alert, and its text from the reason.
pub(super) struct IfRefused {
    pub(super) kind: &'static str,
    pub(super) told: fn(String) -> Told,
}

/// Plans a job that follows from another one.
pub(super) fn plan(
    tx: &Tx<'_>,
    (of, spec): (&JobId, &JobSpec),
    account: &Account,
    if_refused: &IfRefused,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (file, line) = tx.source_of(of)?;
    let source = Source { file: &file, line, first_taken_at: now };
    // Whoever approved the job approved what follows from it.
    let approved = &Account { approvals: 0, ..account.clone() };
    match tx.take(spec, approved, &[], source, now)? {
        IngestOutcome::Refused(why) => {
            let (account, job) = (Some(account.name.as_str()), Some(of.as_str()));
            let told = &(if_refused.told)(why);
            tx.raise_alert(&Alert { account, job, kind: if_refused.kind, told }, now)
        }
        IngestOutcome::New
        | IngestOutcome::Known
        | IngestOutcome::Updated
        | IngestOutcome::Anew(_) => tx.place_taken(account, now),
    }
}
