//! Job files: checked as they are typed or dropped, then handed in, and what became of them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::answers::Fate;
use super::broadcast;
use super::context::{Asked, Console, read_json};
use super::new_page::{Shown, check_or_put, page};
use super::page::{Frame, Here, html};
use super::request::Fields;
use crate::config::Role;
use crate::l10n::{self, t};
use crate::server::problem::Refusal;

/// The name of a file that was given none; a part of its content's digest is added.
const NAMELESS: &str = "job.yaml";

#[derive(Template)]
#[template(path = "console/file.html")]
struct FilePage {
    frame: Frame,
    fate: Fate,
}

/// Returns the empty form, or that of a job to edit.
pub(super) async fn form(console: &Console, asked: &Asked) -> Result<Response, Refusal> {
    if asked.session.user.role < Role::Editor {
        return Err(Refusal::Role(Role::Editor.name()));
    }
    let shown = match asked.query.get("job") {
        Some(id) => broadcast::edit(console, asked, id).await?,
        None => Shown { is_form: true, ..Shown::default() },
    };
    page(console, asked, StatusCode::OK, shown)
}

/// Checks a file, and hands it in if that was asked for.
pub(super) async fn take(
    console: &Console,
    asked: &Asked,
    mut fields: Fields,
) -> Result<Response, Refusal> {
    if asked.session.user.role < Role::Editor {
        return Err(Refusal::Role(Role::Editor.name()));
    }
    let name = fields.take("name").unwrap_or_else(|| NAMELESS.to_owned());
    // A browser sends each line's end as two characters.
    let text = fields.take("text").unwrap_or_default().replace("\r\n", "\n");
    let is_submitted = fields.get("do") == Some("submit");
    check_or_put(console, asked, Shown { name, text, ..Shown::default() }, is_submitted).await
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
