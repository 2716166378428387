//! `token`: makes the token of a user of the HTTP API. Only its digest is for the config, so nobody can
//! show it again.

use clap::Args;
use rustls::crypto::ring;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::text::{Page, Tone};
use super::{Json, Problem, Terminal};
use crate::config::is_user_name;
use crate::l10n::t;
use crate::model::hex;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The user's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct TokenView<'a> {
    name: &'a str,
    token: String,
    /// What the config has of it.
    token_hash: String,
}

/// Makes a token, and shows it with the lines for the config.
pub(super) fn run(options: &Options, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let name = options.name.as_str();
    if !is_user_name(name) {
        let name = super::text::visible(name);
        return Err(Problem::No(t!("api-token-name", name = name)));
    }
    let mut random = [0; 32];
    let filled = ring::default_provider().secure_random.fill(&mut random);
    filled.map_err(|error| Problem::Cannot(format!("{error:?}")))?;
    let token = format!("qunfa_{}", hex(&random));
    let token_hash = format!("sha256:{}", hex(&Sha256::digest(token.as_bytes())));
    terminal.answer(options.json, &TokenView { name, token, token_hash }, render)
}

fn render(page: &mut Page, view: &TokenView<'_>) {
    page.lines(Tone::Plain, 0, &t!("api-token", name = view.name));
    page.raw(&view.token);
    page.blank_line();
    page.lines(Tone::Plain, 0, &t!("api-token-config"));
    page.raw(&format!("  - name: {}", view.name));
    page.raw("    role: viewer                      # or editor, approver, operator");
    page.raw(&format!("    token_hash: {}", view.token_hash));
}
