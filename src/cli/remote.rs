//! `--server`: runs a command on a server, over its HTTP API.
//!
//! The table of endpoints says which commands a server runs and what they take; the command line is
//! read as always. A server's answer is shown as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use clap::parser::ValueSource;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::{Host, Url};

use super::{Answer, Problem, Terminal, help, text, wait};
use crate::l10n::{self, t};
use crate::server::endpoint::{Action, Argument, BASE, ENDPOINTS, Endpoint, Method, Parameter};
use crate::server::mcp::{self, SendToServer};
use crate::text::stored;
use crate::wechat::client;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A server, and the file that has the token for it.
pub(super) struct Remote<'a> {
    pub(super) url: &'a str,
    pub(super) token_file: Option<&'a Path>,
}

/// What is asked of a server.
struct Question {
    method: Method,
    url: Url,
    body: Vec<u8>,
    /// The media type of the body.
    media: &'static str,
}

const JSON: &str = "application/json";

/// Runs the command of a command line on a server.
pub(super) fn run(
    remote: &Remote<'_>,
    matches: &ArgMatches,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let base = address(remote.url)?;
    let token = token(remote.token_file)?;
    let question = question(base, matches)?;
    let (status, body) = ask(question, &token).map_err(|error| {
        Problem::Cannot(t!("api-client-failed", url = remote.url, error = error))
    })?;
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !(200..300).contains(&status) {
        let detail = text::visible(value["detail"].as_str().unwrap_or_default());
        return Err(Problem::No(t!("api-client-refused", status = status, detail = detail)));
    }
    let mut answer = match value["answer"].as_str() {
        Some(answer) => answer.to_owned(),
        None => String::from_utf8_lossy(&body).into_owned(),
    };
    if !answer.ends_with('\n') {
        answer.push('\n');
    }
    terminal.write(&answer)?;
    Ok(Answer::Yes)
}

impl Remote<'_> {
    /// Returns what sends calls of tools to the server.
    pub(super) fn tools(&self) -> Result<SendToServer, Problem> {
        let (url, token) = (at(address(self.url)?, mcp::PATH), token(self.token_file)?);
        let (shown, lang) = (self.url.to_owned(), l10n::lang());
        Ok(Arc::new(move |body| {
            let question = Question { method: Method::Post, url: url.clone(), body, media: JSON };
            l10n::within(lang, || {
                let (status, body) = ask(question, &token).map_err(|error| {
                    t!("api-client-failed", url = shown.as_str(), error = error)
                })?;
                if (200..300).contains(&status) {
                    return Ok(body);
                }
                let value: Value = serde_json::from_slice(&body).unwrap_or_default();
                let detail = text::visible(value["detail"].as_str().unwrap_or_default());
                Err(t!("api-client-refused", status = status, detail = detail))
            })
        }))
    }
}

/// Returns the address of a server: a token goes over TLS, or stays on this machine.
fn address(text: &str) -> Result<Url, Problem> {
    let refuse = || Problem::No(t!("api-client-url", url = text::visible(text)));
    let url = Url::parse(text).map_err(|_| refuse())?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        _ => Err(refuse()),
    }
}

fn token(file: Option<&Path>) -> Result<String, Problem> {
    let Some(path) = file else { return Err(Problem::No(t!("api-client-token"))) };
    let shown = path.display().to_string();
    let token = fs::read_to_string(path).map_err(|error| {
        Problem::Cannot(t!("api-client-token-unreadable", path = shown.as_str(), error = %error))
    })?;
    let token = token.trim();
    if token.is_empty() || token.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(Problem::Cannot(t!("api-client-token-empty", path = shown)));
    }
    Ok(token.to_owned())
}

/// Returns what a command line asks of a server.
fn question(base: Url, matches: &ArgMatches) -> Result<Question, Problem> {
    let (command, matches) = matches.subcommand().expect("a command line has a command");
    let answers = |row: &&Endpoint| match row.action {
        Action::Submit => command == "submit",
        Action::Json(name) | Action::Sentences(name) => command == name,
        Action::Receipt | Action::OpenApi => false,
    };
    let row = ENDPOINTS.iter().find(answers).filter(|_| matches.subcommand().is_none());
    let Some(row) = row else {
        return Err(Problem::No(t!("api-client-none", command = command)));
    };
    refuse_others(row, command, matches)?;
    if row.action == Action::Submit {
        return submit(base, row, matches);
    }
    let mut path = format!("{BASE}{}", row.path);
    let mut others = Vec::new();
    for parameter in row.parameters {
        let Some(value) = value(parameter, matches) else { continue };
        if row.has_in_path(parameter.name) {
            let value = utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
            path = path.replace(&format!("{{{}}}", parameter.name), &value);
        } else {
            others.push((parameter.name, value));
        }
    }
    if path.contains('{') {
        return Err(Problem::No(t!("api-client-none", command = command)));
    }
    let mut url = at(base, &path);
    let mut body = Vec::new();
    match row.method {
        Method::Get if others.is_empty() => {}
        Method::Get => {
            url.query_pairs_mut().extend_pairs(others);
        }
        Method::Post => {
            let fields: Map<_, _> =
                others.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            body = Value::Object(fields).to_string().into_bytes();
        }
    }
    Ok(Question { method: row.method, url, body, media: JSON })
}

/// Returns the argument's id of a parameter.
fn id(parameter: &Parameter) -> &'static str {
    if parameter.name == "id" { "job" } else { parameter.name }
}

/// Refuses what the command line says and a server does not take.
fn refuse_others(row: &Endpoint, command: &str, matches: &ArgMatches) -> Result<(), Problem> {
    let definition = help::command();
    let arguments = definition.find_subcommand(command).into_iter().flat_map(|c| c.get_arguments());
    let arguments = arguments.filter(|argument| !argument.is_global_set());
    for argument in arguments.map(|argument| argument.get_id().as_str()) {
        let is_said = matches.value_source(argument) == Some(ValueSource::CommandLine);
        let is_file = row.action == Action::Submit && argument == "files";
        let is_taken = argument == "json"
            || is_file
            || row.parameters.iter().any(|parameter| id(parameter) == argument);
        if is_said && !is_taken {
            let option = argument.replace('_', "-");
            return Err(Problem::No(t!("api-client-option", option = option)));
        }
    }
    Ok(())
}

/// Returns the value that the command line has for a parameter.
fn value(parameter: &Parameter, matches: &ArgMatches) -> Option<String> {
    if matches.value_source(id(parameter)) != Some(ValueSource::CommandLine) {
        return None;
    }
    if let Argument::Flag(_) = parameter.argument {
        return Some("true".to_owned());
    }
    let word = matches.get_raw(id(parameter)).and_then(|mut words| words.next());
    Some(word.map_or_else(|| "true".to_owned(), |word| word.to_string_lossy().into_owned()))
}

fn submit(base: Url, row: &Endpoint, matches: &ArgMatches) -> Result<Question, Problem> {
    let files: Vec<PathBuf> = matches.get_many("files").into_iter().flatten().cloned().collect();
    let [file] = files.as_slice() else {
        return Err(Problem::No(t!("api-client-one-file")));
    };
    let body = fs::read(file).map_err(|error| {
        let path = text::visible(&file.display().to_string());
        Problem::Cannot(t!("api-client-file", path = path, error = %error))
    })?;
    let mut url = at(base, &format!("{BASE}{}", row.path));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    url.query_pairs_mut().append_pair("name", &name);
    Ok(Question { method: row.method, url, body, media: "application/yaml" })
}

fn at(mut base: Url, path: &str) -> Url {
    let prefix = base.path().trim_end_matches('/').to_owned();
    base.set_path(&format!("{prefix}{path}"));
    base
}

fn ask(question: Question, token: &str) -> Result<(u16, Vec<u8>), String> {
    let runtime = wait::runtime().map_err(|problem| problem.message())?;
    let client = client::builder(question.url.scheme() == "https").timeout(TIMEOUT).build();
    let told = |error| stored::failure(&client::failure(error).to_string());
    let client = client.map_err(told)?;
    let request = match question.method {
        Method::Get => client.get(question.url),
        Method::Post => {
            client.post(question.url).header("content-type", question.media).body(question.body)
        }
    };
    let request = request
        .header("authorization", format!("Bearer {token}"))
        .header("accept-language", l10n::lang().name())
        .header("accept", "application/json, text/event-stream");
    runtime.block_on(async {
        let response = request.send().await.map_err(told)?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(told)?;
        Ok((status, body.to_vec()))
    })
}
