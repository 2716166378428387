//! `token`: makes the token of a user of the HTTP API and the console, or the hash of a password for
//! the console. Only hashes are for the config, so nobody can show a token again.

use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
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
    /// Print the hash of the password in this file, for the console, and make no token
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// The fewest characters of a password.
const PASSWORD_LEAST: usize = 12;

/// The whole answer.
#[derive(Debug, Serialize)]
struct TokenView<'a> {
    name: &'a str,
    token: String,
    /// What the config has of it.
    token_hash: String,
}

/// The answer for a password.
#[derive(Debug, Serialize)]
struct PasswordView<'a> {
    name: &'a str,
    password_hash: String,
}

/// Makes a token, and shows it with the lines for the config.
pub(super) fn run(options: &Options, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let name = options.name.as_str();
    if !is_user_name(name) {
        let name = super::text::visible(name);
        return Err(Problem::No(t!("api-token-name", name = name)));
    }
    if let Some(file) = &options.password_file {
        let view = PasswordView { name, password_hash: password_hash(file)? };
        return terminal.answer(options.json, &view, |page, view| {
            page.lines(Tone::Plain, 0, &t!("api-token-config"));
            for_config(page, view.name, &format!("password_hash: \"{}\"", view.password_hash));
        });
    }
    let token = format!("qunfa_{}", hex(&random::<32>()?));
    let token_hash = format!("sha256:{}", hex(&Sha256::digest(token.as_bytes())));
    terminal.answer(options.json, &TokenView { name, token, token_hash }, render)
}

/// Returns the hash of the password in a file.
fn password_hash(file: &Path) -> Result<String, Problem> {
    let path = super::text::visible(&file.display().to_string());
    let text = std::fs::read_to_string(file).map_err(|error| {
        Problem::No(t!("api-password-unreadable", path = path.as_str(), error = %error))
    })?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.chars().count() < PASSWORD_LEAST || password.contains('\n') {
        return Err(Problem::No(t!("api-password-short", path = path, least = PASSWORD_LEAST)));
    }
    let salt = random::<16>()?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| Problem::Cannot(error.to_string()))
}

fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut random = [0; N];
    let filled = ring::default_provider().secure_random.fill(&mut random);
    filled.map_err(|_| Problem::Cannot(t!("api-no-random")))?;
    Ok(random)
}

fn render(page: &mut Page, view: &TokenView<'_>) {
    page.lines(Tone::Plain, 0, &t!("api-token", name = view.name));
    page.raw(&view.token);
    page.blank_line();
    page.lines(Tone::Plain, 0, &t!("api-token-config"));
    for_config(page, view.name, &format!("token_hash: {}", view.token_hash));
}

fn for_config(page: &mut Page, name: &str, hash: &str) {
    page.raw(&format!("  - name: {name}"));
    page.raw("    role: viewer                      # or editor, approver, operator");
    page.raw(&format!("    {hash}"));
}
