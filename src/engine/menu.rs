//! Jobs that change the menu: what stands is read first, then changed, and put back at its time.
//!
//! A job is two calls, the second of which is stored together with the answer to the first. So
//! a crash between them repeats neither, and the menu that stood before is never read after the
//! change.

use chrono::{DateTime, Utc};

use super::follow_up::{self, IfRefused};
use crate::alert::Told;
use crate::calls::Role;
use crate::model::{
    Account, Action, ApiCall, Expires, JobId, JobSpec, JobState, Menu, MenuChange, NewMenu,
    OnFullReceivers, OnQuota, ReportedMenu,
};
use crate::plan::Job;
use crate::reason::Reason;
use crate::store::{MenuJob, OpenApiCall, StoreError, Tx};

/// What a job that is only API calls does next.
#[derive(Debug)]
pub(super) enum Step {
    /// It makes this call.
    Call(ApiCall),
    /// It looks again later.
    Wait(Reason),
    /// It ends.
    End(JobState, Reason),
}

fn fail(why: Reason) -> Step {
    Step::End(JobState::Failed, why)
}

/// Decides how a job begins.
pub(super) fn begin(
    tx: &Tx<'_>,
    job: &JobId,
    (change, account): (&MenuChange, &str),
    now: DateTime<Utc>,
) -> Result<Step, StoreError> {
    if let Some(until) = change.until {
        if until <= now {
            return Ok(fail(Reason::MenuUntilOver { until }));
        }
        let undo = MenuChange::undo_id(job);
        if let Some(id) = undo
            && tx.account_of(&id)?.is_some()
        {
            return Ok(fail(Reason::IdIsTaken { job: id }));
        }
    }
    let if_unchanged = match &change.to {
        // They stand beside the menu for all, which needs no reading.
        NewMenu::Conditional(menu) => {
            return Ok(Step::Call(ApiCall::MenuConditional(menu.clone())));
        }
        NewMenu::WithoutConditional { delete_menuid } => {
            let menuid = delete_menuid.clone();
            return Ok(Step::Call(ApiCall::MenuConditionalDelete { menuid }));
        }
        NewMenu::Menu(_) | NewMenu::Nothing { .. } => false,
        NewMenu::Before { restore, if_unchanged } => {
            let before = before(tx, restore, (account, *if_unchanged))?;
            if let Err(step) = before {
                return Ok(step);
            }
            *if_unchanged
        }
    };
    Ok(Step::Call(ApiCall::MenuRead { needed: if_unchanged || change.until.is_some() }))
}

/// Returns the menu that stood before a job, or what to do if it cannot be put back.
fn before(
    tx: &Tx<'_>,
    restore: &JobId,
    (account, if_unchanged): (&str, bool),
) -> Result<Result<Option<Menu>, Step>, StoreError> {
    let job = || restore.clone();
    let Some(target) = tx.menu_job(restore)? else {
        return Ok(Err(fail(Reason::NoSuchJob { job: job() })));
    };
    let MenuJob { account: of, action, state, before, after } = target;
    if of != account {
        return Ok(Err(fail(Reason::JobOfOtherAccount { job: job(), account: of })));
    }
    if action != "menu" {
        return Ok(Err(fail(Reason::NotAMenu { job: job() })));
    }
    if state.waits() {
        return Ok(Err(Step::Wait(Reason::MenuNotSetYet { job: job(), state })));
    }
    let Some(before) = before else {
        return Ok(Err(fail(Reason::MenuBeforeUnknown { job: job() })));
    };
    if let Some(after) = after.filter(|_| if_unchanged)
        && let Some(job) = tx.menu_changed_since(&after)?
    {
        return Ok(Err(Step::End(JobState::Cancelled, Reason::MenuReplaced { job })));
    }
    Ok(before.menu().map_err(|buttons| fail(Reason::MenuNotCreatable { buttons })))
}

/// Decides what follows once the menu that stands is known, or could not be read.
pub(super) fn after_reading(
    tx: &Tx<'_>,
    api_call: &OpenApiCall,
    account: &str,
    stands: Option<&ReportedMenu>,
) -> Result<Step, StoreError> {
    let action = match &api_call.job {
        Some(job) => tx.action_of_job(job)?,
        None => None,
    };
    let Some(Action::Menu(change)) = action else { return Ok(fail(Reason::ActionUnknown)) };
    if change.until.is_some()
        && let Some(Err(buttons)) = stands.map(ReportedMenu::menu)
    {
        return Ok(fail(Reason::MenuNotCreatable { buttons }));
    }
    let menu = match change.to {
        NewMenu::Menu(menu) => Some(menu),
        NewMenu::Conditional(_) | NewMenu::WithoutConditional { .. } => {
            return Ok(fail(Reason::ActionUnknown));
        }
        NewMenu::Nothing { .. } => None,
        NewMenu::Before { restore, if_unchanged } => {
            match before(tx, &restore, (account, if_unchanged))? {
                Err(step) => return Ok(step),
                Ok(_) if if_unchanged && !is_unchanged(tx, &restore, stands)? => {
                    let why = Reason::MenuChangedElsewhere { job: restore };
                    return Ok(Step::End(JobState::Cancelled, why));
                }
                Ok(menu) => menu,
            }
        }
    };
    Ok(Step::Call(menu.map_or(ApiCall::MenuDelete, ApiCall::Menu)))
}

/// Returns whether the menu of a job is the one that stands.
fn is_unchanged(
    tx: &Tx<'_>,
    job: &JobId,
    stands: Option<&ReportedMenu>,
) -> Result<bool, StoreError> {
    let after = tx.menu_job(job)?.and_then(|job| job.after);
    Ok(after.zip(stands).is_some_and(|(after, stands)| stands.is(after.menu.as_ref())))
}

/// Plans the job that puts the menu back, once the change of its job is done.
pub(super) fn plan_undo(
    tx: &Tx<'_>,
    api_call: &OpenApiCall,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(job) = api_call.job.as_ref().filter(|_| api_call.role == Role::Action) else {
        return Ok(());
    };
    let Some(Action::Menu(MenuChange { until: Some(until), .. })) = tx.action_of_job(job)? else {
        return Ok(());
    };
    let Some(id) = MenuChange::undo_id(job) else { return Ok(()) };
    let spec = undo(id, &tx.job(job)?, until.max(now));
    let if_refused = IfRefused { kind: "menu", told: |why| Told::MenuStays { why } };
    follow_up::plan(tx, (job, &spec), account, &if_refused, now)
}

fn undo(id: JobId, of: &Job, at: DateTime<Utc>) -> JobSpec {
    JobSpec {
        id,
        account: of.account.clone(),
        at: Some(at),
        timezone: of.zone,
        grace: of.grace,
        retry_for: of.retry_for,
        expires: Expires::At(at + (of.expires_at - of.planned_at)),
        on_quota: OnQuota::Defer,
        priority: i8::try_from(-of.rank.neg_priority).unwrap_or_default(),
        approval: false,
        on_full_receivers: OnFullReceivers::Send,
        preview: None,
        speed: None,
        title: None,
        templated: false,
        submitted_by: None,
        action: Action::Menu(MenuChange {
            to: NewMenu::Before { restore: of.id.clone(), if_unchanged: true },
            until: None,
        }),
    }
}
