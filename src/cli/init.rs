//! `init`: writes a first config, with what an operator answers or what the flags say.

mod prompt;
mod written;

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::config_file;
use super::text::{Page, Tone};
use super::{Json, Problem, Terminal};
use crate::durable_file;
use crate::l10n::{self, t};
use crate::model::Kind;
use crate::model::console;
use prompt::Prompt;
use written::{Plan, Secret};

/// A folder that only its owner may use.
const PRIVATE_FOLDER: u32 = 0o700;
/// A secret that only its owner may read.
const PRIVATE_FILE: u32 = 0o600;
/// The config holds no secrets, and the daemon's user reads root's.
const CONFIG_FILE: u32 = 0o644;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The account's name in job files
    #[arg(long, value_name = "NAME", value_parser = written::account)]
    account: Option<String>,
    /// subscription (订阅号) or service (服务号)
    #[arg(long, value_name = "KIND", value_parser = written::kind)]
    kind: Option<Kind>,
    /// The account's appid
    #[arg(long, value_name = "APPID", value_parser = written::appid)]
    appid: Option<String>,
    /// The file with the secret; at a terminal, one that is not there is made
    #[arg(long, value_name = "FILE", conflicts_with = "secret_env")]
    secret_file: Option<PathBuf>,
    /// The environment variable with the secret
    #[arg(long, value_name = "NAME", value_parser = written::variable)]
    secret_env: Option<String>,
    /// The folder of config, database and inbox; left out: qunfa in the XDG state folder
    #[arg(long, value_name = "DIR", conflicts_with = "system")]
    dir: Option<PathBuf>,
    /// Write the config of the systemd unit, /etc/qunfa/config.yaml
    #[arg(long)]
    system: bool,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct InitView {
    config: String,
    account: String,
    /// The file with the secret, if it was made.
    made_secret: Option<String>,
    notes: Vec<String>,
    /// The next commands.
    next: Vec<String>,
}

/// Where the files of an installation are.
#[derive(Debug)]
struct Places {
    config: PathBuf,
    /// The folders to make, as far as they are missing.
    folders: Vec<PathBuf>,
    /// The folder of secrets.
    secrets: PathBuf,
    system: bool,
}

impl Places {
    fn system() -> Self {
        Self {
            config: PathBuf::from("/etc/qunfa/config.yaml"),
            folders: vec![PathBuf::from("/etc/qunfa")],
            secrets: PathBuf::from("/etc/qunfa/credentials"),
            system: true,
        }
    }

    fn user(dir: &Path) -> Self {
        Self {
            config: dir.join("config.yaml"),
            folders: vec![dir.to_owned(), dir.join("state"), dir.join("inbox")],
            secrets: dir.to_owned(),
            system: false,
        }
    }

    fn of(options: &Options) -> Result<Self, Problem> {
        if options.system {
            return Ok(Self::system());
        }
        let dir = match &options.dir {
            Some(dir) => dir.clone(),
            None => state_home(|name| env::var_os(name).map(PathBuf::from))
                .ok_or_else(|| Problem::No(t!("init-no-home")))?,
        };
        let whole = std::path::absolute(&dir);
        whole.map(|dir| Self::user(&dir)).map_err(|error| failed(&dir, &error))
    }
}

/// Returns the folder for qunfa in the XDG state folder.
fn state_home(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // The specification ignores paths that are not absolute.
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME");
    let state = state.or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("qunfa"))
}

/// Writes a config, or refuses to touch one that exists.
pub(super) fn run(options: &Options, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let places = Places::of(options)?;
    if places.config.symlink_metadata().is_ok() {
        return Err(exists(&places.config));
    }
    let mut prompt = Prompt::new(terminal);
    let plan = Plan {
        account: prompt.value(
            "account",
            options.account.clone(),
            &t!("init-account"),
            written::account,
        )?,
        kind: prompt.value("kind", options.kind, &t!("init-kind"), written::kind)?,
        appid: prompt.value("appid", options.appid.clone(), &t!("init-appid"), written::appid)?,
        secret: Secret::Unit,
        system: places.system,
        lang: l10n::lang(),
    };
    let (secret, new) = secret(options, &places, &plan.account, &mut prompt)?;
    let plan = Plan { secret, ..plan };
    for folder in &places.folders {
        make(folder)?;
    }
    if let Some((path, text)) = &new {
        make(durable_file::folder(path))?;
        create(path, PRIVATE_FILE, text.expose_secret().as_bytes())?;
    }
    create(&places.config, CONFIG_FILE, plan.text().as_bytes())?;
    let view = InitView {
        config: places.config.display().to_string(),
        made_secret: new.map(|(path, _)| path.display().to_string()),
        notes: notes(&plan, &places),
        next: next(&places),
        account: plan.account,
    };
    terminal.answer(options.json, &view, render)
}

/// A secret to write, and its file.
type NewSecret = (PathBuf, secrecy::SecretString);

/// Returns where the secret is, and the file to make if there is none yet.
fn secret(
    options: &Options,
    places: &Places,
    account: &str,
    prompt: &mut Prompt<'_, '_>,
) -> Result<(Secret, Option<NewSecret>), Problem> {
    if let Some(name) = &options.secret_env {
        return Ok((Secret::Variable(name.clone()), None));
    }
    let usual = places.secrets.join(format!("{account}.secret"));
    let file = match &options.secret_file {
        Some(file) => std::path::absolute(file).map_err(|error| failed(file, &error))?,
        None if places.system && !prompt.can_ask() => return Ok((Secret::Unit, None)),
        None if prompt.can_ask() => {
            let what = t!("init-secret-env");
            let variable = |text: &str| match text {
                "" => Ok(None),
                name => written::variable(name).map(Some),
            };
            if let Some(name) = prompt.value("secret-env", None, &what, variable)? {
                return Ok((Secret::Variable(name), None));
            }
            usual.clone()
        }
        None => return Err(Problem::No(t!("init-no-terminal-secret"))),
    };
    let place =
        if places.system && file == usual { Secret::Unit } else { Secret::File(file.clone()) };
    if file.exists() {
        return Ok((place, None));
    }
    if !prompt.can_ask() {
        return Err(Problem::No(t!("init-no-secret-file", file = %file.display())));
    }
    let text = prompt.hidden(&t!("init-secret", keys = %console::keys()))?;
    Ok((place, Some((file, text))))
}

fn make(folder: &Path) -> Result<(), Problem> {
    let made = fs::DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder);
    made.map_err(|error| failed(folder, &error))
}

fn create(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), Problem> {
    durable_file::create(path, mode, bytes)
        .and_then(|()| durable_file::sync(durable_file::folder(path)))
        .map_err(|error| {
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            if is_there { exists(path) } else { failed(path, &error) }
        })
}

fn exists(path: &Path) -> Problem {
    Problem::No(t!("init-exists", file = %path.display()))
}

fn failed(path: &Path, error: &io::Error) -> Problem {
    let file = path.display();
    Problem::Cannot(if error.kind() == io::ErrorKind::PermissionDenied {
        t!("init-denied", file = %file, error = %error)
    } else {
        t!("init-failed", file = %file, error = %error)
    })
}

fn notes(plan: &Plan, places: &Places) -> Vec<String> {
    let secret = match &plan.secret {
        Secret::File(_) => None,
        Secret::Variable(name) if places.system => {
            Some(t!("init-set-for-unit", name = name.as_str()))
        }
        Secret::Variable(name) => Some(t!("init-set-before", name = name.as_str())),
        Secret::Unit => {
            let file = places.secrets.join(format!("{}.secret", plan.account));
            (!file.exists()).then(|| t!("init-write-secret", file = %file.display()))
        }
    };
    let list = t!("init-add-address", keys = %console::keys());
    secret.into_iter().chain([list]).collect()
}

fn next(places: &Places) -> Vec<String> {
    if places.system {
        let doctor = config_file::with_secrets_of_the_unit("doctor");
        return vec![doctor, "sudo systemctl enable --now qunfa".to_owned()];
    }
    let config = written::shell(&places.config.display().to_string());
    ["doctor", "run"].map(|command| format!("qunfa --config {config} {command}")).to_vec()
}

fn render(page: &mut Page, view: &InitView) {
    let account = &view.account;
    page.lines(
        Tone::Good,
        0,
        &t!("init-made", file = view.config.as_str(), account = account.as_str()),
    );
    if let Some(secret) = &view.made_secret {
        page.lines(Tone::Good, 0, &t!("init-made-secret", file = secret.as_str()));
    }
    for note in &view.notes {
        page.lines(Tone::Plain, 0, note);
    }
    page.blank_line();
    page.lines(Tone::Plain, 0, &t!("init-next"));
    for command in &view.next {
        // It is copied, so it is not broken into lines.
        page.raw(&format!("  {command}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_its_files_in_the_state_folder() {
        for (xdg, home, expected) in [
            (Some("/x/state"), Some("/home/a"), Some("/x/state/qunfa")),
            (Some("relative"), Some("/home/a"), Some("/home/a/.local/state/qunfa")),
            (None, Some("/home/a"), Some("/home/a/.local/state/qunfa")),
            (None, None, None),
        ] {
            let found = state_home(|name| {
                let value = if name == "HOME" { home } else { xdg };
                value.map(PathBuf::from)
            });

            assert_eq!(found, expected.map(PathBuf::from), "{xdg:?} {home:?}");
        }
    }

    #[test]
    fn the_units_files_are_where_the_package_has_them() {
        let places = Places::system();

        assert_eq!(places.config, Path::new("/etc/qunfa/config.yaml"));
        assert!(next(&places)[0].contains("LoadCredential=qunfa:/etc/qunfa/credentials"));
    }
}
