//! The form for the usual broadcast: checked, then handed in as a job file that it stands for.
//!
//! An edit hands in a job of the same id again, as anybody may by dropping a file.

use axum::http::StatusCode;
use axum::response::Response;

use super::answers::{Draft, Drafts, Job};
use super::context::{Asked, Console, VIA, read_json, reads};
use super::form::{Form, Kind};
use super::new_page::{Shown, check_or_put, page};
use super::request::Fields;
use super::session::random;
use crate::config::Role;
use crate::l10n::{self, t};
use crate::model::JobId;
use crate::server::command::Call;
use crate::server::problem::Refusal;
use crate::server::request::Said;

/// How many digits make an id that nobody else has.
const DIGITS: usize = 6;

/// Takes the form: reads drafts, checks, or hands in.
pub(super) async fn take(
    console: &Console,
    asked: &Asked,
    mut fields: Fields,
) -> Result<Response, Refusal> {
    if asked.session.user.role < Role::Editor {
        return Err(Refusal::Role(Role::Editor.name()));
    }
    let mut form = Form::of(&mut fields);
    let now = (console.handler.now)();
    if fields.get("do") == Some("drafts") {
        form.content = Kind::Draft;
        let read = read_drafts(console, asked, &form.account).await;
        let (drafts, problems) = match read {
            Ok(drafts) => (Some(drafts), String::new()),
            Err(refusal @ (Refusal::No(_) | Refusal::NoAccount)) => {
                (None, l10n::within(asked.looks.lang, || refusal.detail()))
            }
            Err(other) => return Err(other),
        };
        let shown = Shown { form, is_form: true, drafts, told: problems, ..Shown::default() };
        return page(console, asked, StatusCode::OK, shown);
    }
    if form.id.is_empty() {
        form.id = new_id(&form)?;
    }
    let name = &asked.session.user.name;
    // An edit back makes a file of its own, however soon it comes.
    let text = form.job_file(&format!("{name}, {}", now.format("%Y-%m-%dT%H:%M:%S%.6fZ")));
    let drafts = console.draft_boxes.known(&form.account, now);
    let mut shown = Shown { form, is_form: true, drafts, text, ..Shown::default() };
    if let Some(told) = taken(console, asked, &shown.form).await? {
        shown.told = told;
        return page(console, asked, StatusCode::CONFLICT, shown);
    }
    shown.name = file_name(&shown.form.id);
    let is_submitted = fields.get("do") == Some("submit");
    check_or_put(console, asked, shown, is_submitted).await
}

/// Returns the drafts of an account, which the daemon reads if they are not known.
async fn read_drafts(
    console: &Console,
    asked: &Asked,
    account: &str,
) -> Result<Vec<Draft>, Refusal> {
    let user = &asked.session.user;
    if !user.sees(account) || !console.handler.files.has_account(account) {
        return Err(Refusal::NoAccount);
    }
    if let Some(known) = console.draft_boxes.known(account, (console.handler.now)()) {
        return Ok(known);
    }
    let words = ["drafts", "--json", "--", account].map(str::to_owned).to_vec();
    let who = format!("{} via {VIA}", user.name);
    let written = console.handler.run(Call { words, who, lang: asked.looks.lang }).await?;
    let drafts = read_json::<Drafts>(&written)?.drafts;
    console.draft_boxes.keep(account, (console.handler.now)(), &drafts);
    Ok(drafts)
}

/// Returns that there is a job of the id, unless it is the one that is edited.
async fn taken(console: &Console, asked: &Asked, form: &Form) -> Result<Option<String>, Refusal> {
    if form.edits == form.id || console.handler.owner(&form.id).await?.is_none() {
        return Ok(None);
    }
    let told = || t!("console-id-taken", id = form.id.as_str());
    Ok(Some(l10n::within(asked.looks.lang, told)))
}

/// Returns an id for a job that was given none.
fn new_id(form: &Form) -> Result<String, Refusal> {
    let random = random()?;
    let day: String = form.at.chars().take(10).filter(char::is_ascii_digit).collect();
    let day = if day.len() == 8 { day } else { "next".to_owned() };
    Ok(format!("broadcast-{day}-{}", &random[..DIGITS]))
}

/// Returns the name of the file for a job.
fn file_name(id: &str) -> String {
    let fits = JobId::parse(id).is_some() && !id.starts_with('.');
    if fits { format!("{id}.yaml") } else { "job.yaml".to_owned() }
}

/// Returns what to show to whoever edits a job: its form, or its file if the form cannot say it.
pub(super) async fn edit(console: &Console, asked: &Asked, id: &str) -> Result<Shown, Refusal> {
    let row = reads("/jobs/{id}");
    let user = &asked.session.user;
    console.handler.limit(row, user, &mut Said::of(row, &[("id", id)])?).await?;
    let job: Job = console.json(row, asked, &[("id", id)]).await?;
    let refuse = || Refusal::No(l10n::within(asked.looks.lang, || t!("console-not-editable")));
    if !job.state.is("planned") && !job.state.is("held") {
        return Err(refuse());
    }
    let written = console.handler.written(user.clone(), job.file).await?.ok_or_else(refuse)?;
    let spec = written.jobs.iter().find(|spec| spec.id.as_str() == id);
    let form = spec.and_then(|spec| Some((spec, Form::of_job(spec)?)));
    // What the form does not say would be lost.
    let form = form.filter(|(spec, form)| {
        let again = console.handler.files.job_of(&form.job_file(""));
        again.is_some_and(|again| again.digest() == spec.digest())
    });
    Ok(match form {
        Some((_, form)) => {
            let drafts = console.draft_boxes.known(&form.account, (console.handler.now)());
            Shown { form, is_form: true, drafts, ..Shown::default() }
        }
        None => Shown { name: file_name(id), text: written.text, ..Shown::default() },
    })
}
