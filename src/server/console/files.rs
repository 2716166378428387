//! Job files: checked as they are typed or dropped, then handed in, and what became of them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::answers::{Checked, Fate};
use super::context::{Asked, Console, VIA, read_json};
use super::page::{Frame, Here, html, see};
use super::request::Fields;
use crate::config::Role;
use crate::l10n::{self, t};
use crate::server::command::Call;
use crate::server::problem::Refusal;

/// The name of a file that was given none; a part of its content's digest is added.
const NAMELESS: &str = "job.yaml";

#[derive(Template)]
#[template(path = "console/new.html")]
struct NewPage {
    frame: Frame,
    name: String,
    text: String,
    /// What is wrong, with line and caret.
    problems: String,
    checked: Option<Checked>,
}

#[derive(Template)]
#[template(path = "console/file.html")]
struct FilePage {
    frame: Frame,
    fate: Fate,
}

/// Returns the empty form.
pub(super) fn form(console: &Console, asked: &Asked) -> Result<Response, Refusal> {
    if asked.session.user.role < Role::Editor {
        return Err(Refusal::Role(Role::Editor.name()));
    }
    let blank = (String::new(), String::new());
    page(console, asked, blank, (StatusCode::OK, String::new(), None))
}

/// Checks a file, and hands it in if that was asked for.
pub(super) async fn take(
    console: &Console,
    asked: &Asked,
    mut fields: Fields,
) -> Result<Response, Refusal> {
    let user = &asked.session.user;
    if user.role < Role::Editor {
        return Err(Refusal::Role(Role::Editor.name()));
    }
    let lang = asked.looks.lang;
    let name = fields.take("name").unwrap_or_else(|| NAMELESS.to_owned());
    // A browser sends each line's end as two characters.
    let text = fields.take("text").unwrap_or_default().replace("\r\n", "\n");
    let file = (name.clone(), text.clone().into_bytes());
    match console.handler.check(user.clone(), file.clone(), lang).await {
        Ok(()) => {}
        Err(refusal @ (Refusal::File(_) | Refusal::IdTaken(_))) => {
            let (status, _) = refusal.kind();
            let problems = l10n::within(lang, || refusal.detail());
            return page(console, asked, (name, text), (status, problems, None));
        }
        Err(other) => return Err(other),
    }
    if fields.get("do") == Some("submit") {
        let put = console.handler.put(user.clone(), file, lang).await?;
        let name = put["name"].as_str().unwrap_or_default();
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        return Ok(see(&format!("/files/{}", name.replace('+', "%20"))));
    }
    let checked = check(console, asked, &file).await?;
    page(console, asked, (name, text), (StatusCode::OK, String::new(), Some(checked)))
}

/// Has the command check a file, which also says when its jobs go.
async fn check(
    console: &Console,
    asked: &Asked,
    (name, text): &(String, Vec<u8>),
) -> Result<Checked, Refusal> {
    let failed = |error: std::io::Error| Refusal::StorageFailed(error.to_string());
    let folder = tempfile::tempdir().map_err(failed)?;
    let path = folder.path().join(name);
    std::fs::write(&path, text).map_err(failed)?;
    let path = path.display().to_string();
    let words = ["check", "--json", "--", &path].map(str::to_owned).to_vec();
    let who = format!("{} via {VIA}", asked.session.user.name);
    match console.handler.run(Call { words, who, lang: asked.looks.lang }).await {
        Ok(answer) => read_json(&answer),
        // The answer is no if a job would not go; the page says which.
        Err(Refusal::No(answer)) => read_json(answer.as_bytes()),
        Err(other) => Err(other),
    }
}

fn page(
    console: &Console,
    asked: &Asked,
    (name, text): (String, String),
    (status, problems, checked): (StatusCode, String, Option<Checked>),
) -> Result<Response, Refusal> {
    l10n::within(asked.looks.lang, || {
        let frame = console.frame(asked, Here::New, t!("console-new-job"));
        html(status, &NewPage { frame, name, text, problems, checked })
    })
}

/// Returns the page of what became of a file.
pub(super) async fn fate(
    console: &Console,
    asked: &Asked,
    name: &str,
) -> Result<Response, Refusal> {
    let fate = console.handler.fate(asked.session.user.clone(), name.to_owned()).await?;
    let fate: Fate = read_json(fate.to_string().as_bytes())?;
    l10n::within(asked.looks.lang, || {
        let frame = console.frame(asked, Here::New, fate.name.clone());
        html(StatusCode::OK, &FilePage { frame, fate })
    })
}
