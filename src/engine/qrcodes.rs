//! Jobs of many QR codes: each code, then its picture, then the next code.
//!
//! The next call is stored together with the answer to the one before. What was made is not made
//! again, also after a `retry`. With the last picture goes the list of all codes, so that a folder
//! with a list is complete.

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Told;
use crate::calls::Role;
use crate::model::{
    ASK_WITHIN, Account, Action, ApiCall, Expires, JobId, JobSpec, JobState, OnFullReceivers,
    OnQuota, Picture, Qrcode, Qrcodes, renewal_id,
};
use crate::plan::Job;
use crate::reason::Reason;
use crate::store::{CodeRow, OpenApiCall, StoreError, Tx};

use super::follow_up::{self, IfRefused};
use super::menu::Step;

/// Decides how a job begins: with what an earlier release did not make.
pub(super) fn begin(
    tx: &Tx<'_>,
    (job, account): (&JobId, &str),
    codes: &Qrcodes,
) -> Result<Step, StoreError> {
    let next = next(tx, (job, account), codes, 0)?;
    Ok(next.map_or(Step::End(JobState::Failed, Reason::ActionUnknown), Step::Call))
}

/// Returns the first call from a place on that was not made.
fn next(
    tx: &Tx<'_>,
    (job, account): (&JobId, &str),
    codes: &Qrcodes,
    from: usize,
) -> Result<Option<ApiCall>, StoreError> {
    for place in from..codes.scenes.count() {
        let Some(code) = codes.code(place) else { break };
        let made = tx.code_of_job(account, job, &code)?;
        let ticket = made.as_ref().and_then(|answer| answer["ticket"].as_str());
        let Some(ticket) = ticket else { return Ok(Some(ApiCall::Qrcode(code))) };
        let picture = picture(job, codes, &code, ticket);
        if !tx.has_picture(account, job, &picture)? {
            return Ok(Some(ApiCall::Picture(picture)));
        }
    }
    Ok(None)
}

fn picture(job: &JobId, codes: &Qrcodes, code: &Qrcode, ticket: &str) -> Picture {
    let file = format!("{}/{}", codes.folder(job), code.scene.file_name());
    Picture { scene: code.scene.clone(), ticket: ticket.to_owned(), file }
}

/// Returns the picture that follows a code, if its job makes many.
pub(super) fn after_code(
    tx: &Tx<'_>,
    job: &JobId,
    (code, ticket): (&Qrcode, &str),
) -> Result<Option<ApiCall>, StoreError> {
    let Some(codes) = tx.codes_of_job(job)? else { return Ok(None) };
    Ok(Some(ApiCall::Picture(picture(job, &codes, code, ticket))))
}

/// Returns the code that follows a picture, and shows how many are made.
pub(super) fn after_picture(
    tx: &Tx<'_>,
    (job, account): (&JobId, &str),
    picture: &Picture,
) -> Result<Option<ApiCall>, StoreError> {
    let Some(codes) = tx.codes_of_job(job)? else { return Ok(None) };
    let Some(place) = codes.scenes.place(&picture.scene) else { return Ok(None) };
    tx.show_codes_made(job, (place + 1, codes.scenes.count()))?;
    next(tx, (job, account), &codes, place + 1)
}

/// Returns the list that is written after a picture: with the last one, all codes of the job.
pub(super) fn list_after(
    tx: &Tx<'_>,
    (job, account): (&JobId, &str),
    picture: &Picture,
) -> Result<Option<(String, String)>, StoreError> {
    let Some(codes) = tx.codes_of_job(job)? else { return Ok(None) };
    let Some(place) = codes.scenes.place(&picture.scene) else { return Ok(None) };
    if next(tx, (job, account), &codes, place + 1)?.is_some() {
        return Ok(None);
    }
    let name = codes.list_file(job);
    let mut rows = tx.codes(account, Some(job))?;
    for row in rows.iter_mut().filter(|row| row.ticket == picture.ticket) {
        row.file = Some(picture.file.clone());
    }
    rows.retain(|row| row.file.is_some());
    Ok(Some((name, list(&rows))))
}

/// Plans the job that makes codes anew before they expire, once all of a job are made.
pub(super) fn plan_renewal(
    tx: &Tx<'_>,
    api_call: &OpenApiCall,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(job) = api_call.job.as_ref().filter(|_| api_call.role == Role::Action) else {
        return Ok(());
    };
    let life = match tx.action_of_job(job)? {
        Some(Action::Qrcode(Qrcode { renew: true, expire_seconds: Some(life), .. })) => life,
        Some(Action::Qrcodes(Qrcodes { renew: true, expire_seconds: Some(life), .. })) => life,
        Some(
            Action::Qrcode(_)
            | Action::Qrcodes(_)
            | Action::Broadcast(_)
            | Action::Delete(_)
            | Action::Speed(_)
            | Action::Menu(_),
        )
        | None => return Ok(()),
    };
    let of = tx.job(job)?;
    let (true, Some(id)) = (of.state == JobState::Sent, renewal_id(job)) else { return Ok(()) };
    let codes = tx.codes(&account.name, Some(job))?;
    let ends = codes.iter().filter_map(|code| code.expires_at.as_deref());
    let ends = ends.filter_map(|at| DateTime::parse_from_rfc3339(at).ok()).min();
    let life = TimeDelta::seconds(life.into());
    let ends = ends.map_or(now + life, |at| at.to_utc());
    let spec = renewal(tx, (&of, id), (ends, life))?;
    let if_refused = IfRefused { kind: "qrcodes", told: |why| Told::CodesNotRenewed { why } };
    follow_up::plan(tx, (job, &spec), account, &if_refused, now)
}

/// Returns the job that makes the codes of a job anew: a tenth of their life before the first of
/// them expires, so that an operator who learns that it failed has time.
fn renewal(
    tx: &Tx<'_>,
    (of, id): (&Job, JobId),
    (ends, life): (DateTime<Utc>, TimeDelta),
) -> Result<JobSpec, StoreError> {
    let ahead = life / 10;
    let retry_for = ahead.min(ASK_WITHIN);
    let action = tx.action_of_job(&of.id)?;
    Ok(JobSpec {
        id,
        account: of.account.clone(),
        at: Some(ends - ahead),
        timezone: of.zone,
        grace: retry_for / 2,
        retry_for,
        expires: Expires::At(ends),
        on_quota: OnQuota::Defer,
        priority: i8::try_from(-of.rank.neg_priority).unwrap_or_default(),
        approval: false,
        submitted_by: None,
        on_full_receivers: OnFullReceivers::Send,
        preview: None,
        speed: None,
        title: tx.title(of.id.as_str())?,
        templated: false,
        action: action.expect("the caller has read it"),
    })
}

/// Returns codes as CSV, with the names of their files.
fn list(rows: &[CodeRow]) -> String {
    let mut text = "scene,ticket,url,file,expires\r\n".to_owned();
    for row in rows {
        let file = row.file.as_deref().and_then(|file| file.rsplit('/').next());
        let url = row.url.as_deref().unwrap_or_default();
        let expires = row.expires_at.as_deref().unwrap_or_default();
        let cells = [&row.scene, &row.ticket, url, file.unwrap_or_default(), expires].map(csv);
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Returns a cell. A spreadsheet must not take a scene for a formula.
fn csv(cell: &str) -> String {
    let cell = match cell.chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{cell}"),
        Some(_) | None => cell.to_owned(),
    };
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}
