//! The page for new jobs: a form or a file, checked as it will be taken, with what that changes.

use askama::Template;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::answers::{At, Checked, Draft};
use super::context::{Asked, Console, VIA, read_json};
use super::day::{self, Day};
use super::form::{Form, Kind};
use super::page::{COVERS_POLICY, Frame, Here, html, see};
use crate::l10n::{self, t};
use crate::server::command::Call;
use crate::server::problem::Refusal;

/// What the page for new jobs shows.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) form: Form,
    /// Whether the form was filled in, and not a file.
    pub(super) is_form: bool,
    /// The drafts of the form's account, if they are known.
    pub(super) drafts: Option<Vec<Draft>>,
    /// The name and the text of the file.
    pub(super) name: String,
    pub(super) text: String,
    /// Why the form does not go on.
    pub(super) told: String,
    /// What is wrong with the file, with line and caret.
    pub(super) problems: String,
    pub(super) checked: Option<Checked>,
    pub(super) day: Option<Day>,
}

impl Shown {
    /// Returns whether what was checked is ready to be handed in: the form, or else the file.
    fn is_ready(&self, is_form: bool) -> bool {
        self.checked.is_some() && self.is_form == is_form
    }

    /// Returns whether the chosen draft is not among those that are listed.
    fn is_other_draft(&self) -> bool {
        let chosen = &self.form.draft;
        let mut listed = self.drafts.iter().flatten();
        !chosen.is_empty() && !listed.any(|draft| draft.media_id == *chosen)
    }
}

#[derive(Template)]
#[template(path = "console/new.html")]
struct NewPage {
    frame: Frame,
    shown: Shown,
    accounts: Vec<String>,
}

/// Checks the file of a page, and hands it in if that was asked for.
pub(super) async fn check_or_put(
    console: &Console,
    asked: &Asked,
    mut shown: Shown,
    is_submitted: bool,
) -> Result<Response, Refusal> {
    let (user, lang) = (&asked.session.user, asked.looks.lang);
    let file = (shown.name.clone(), shown.text.clone().into_bytes());
    match console.handler.check(user.clone(), file.clone(), lang).await {
        Ok(()) => {}
        Err(refusal @ (Refusal::File(_) | Refusal::IdTaken(_))) => {
            let (status, _) = refusal.kind();
            shown.problems = l10n::within(lang, || refusal.detail());
            return page(console, asked, status, shown);
        }
        Err(other) => return Err(other),
    }
    if is_submitted {
        let put = console.handler.put(user.clone(), file, lang).await?;
        let name = put["name"].as_str().unwrap_or_default();
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        return Ok(see(&format!("/files/{}", name.replace('+', "%20"))));
    }
    let checked = |path: &str| ["check", "--json", "--", path].map(str::to_owned).to_vec();
    shown.checked = Some(rehearse(console, asked, &file, checked).await?);
    let today = At::of((console.handler.now)()).day();
    let days = day::days_until(&shown.form, today).filter(|_| shown.is_form);
    if let Some(days) = days {
        let planned = |path: &str| {
            let days = days.to_string();
            ["plan", "--json", "--days", &days, "--with", path].map(str::to_owned).to_vec()
        };
        let plan = rehearse(console, asked, &file, planned).await?;
        shown.day = l10n::within(lang, || day::day(&plan, &shown.form));
    }
    page(console, asked, StatusCode::OK, shown)
}

/// Has a command look at a file that is not handed in.
async fn rehearse<T: DeserializeOwned>(
    console: &Console,
    asked: &Asked,
    (name, text): &(String, Vec<u8>),
    words: impl Fn(&str) -> Vec<String>,
) -> Result<T, Refusal> {
    let failed = |error: std::io::Error| Refusal::StorageFailed(error.to_string());
    let folder = tempfile::tempdir().map_err(failed)?;
    let path = folder.path().join(name);
    std::fs::write(&path, text).map_err(failed)?;
    let words = words(&path.display().to_string());
    let who = format!("{} via {VIA}", asked.session.user.name);
    match console.handler.run(Call { words, who, lang: asked.looks.lang }).await {
        Ok(answer) => read_json(&answer),
        // The answer is no if a job would not go; the page says which.
        Err(Refusal::No(answer)) => read_json(answer.as_bytes()),
        Err(other) => Err(other),
    }
}

/// Returns the page for new jobs.
pub(super) fn page(
    console: &Console,
    asked: &Asked,
    status: StatusCode,
    shown: Shown,
) -> Result<Response, Refusal> {
    let user = &asked.session.user;
    let mut accounts = console.handler.files.account_names();
    accounts.retain(|name| user.sees(name));
    let mut response = l10n::within(asked.looks.lang, || {
        let is_edit = !shown.form.edits.is_empty();
        let title = if is_edit { t!("console-edit-job") } else { t!("console-new-job") };
        let frame = console.frame(asked, Here::New, title);
        html(status, &NewPage { frame, shown, accounts })
    })?;
    let policy = HeaderValue::from_static(COVERS_POLICY);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
