//! The commands: parse the arguments, read or change the database, and print the result.
//!
//! Every command reads the database itself, so it works while the daemon is down; the daemon finds
//! there what the command writes. Each list is one value, shown as text or as JSON. An answer is
//! written to the given `out`, and an error is returned to the caller, which knows its exit code;
//! nothing here reads a clock. What is absent on purpose: decisions. The core makes them.

mod again;
mod alert;
mod alerts;
mod api_calls;
mod articles;
mod backup;
mod check;
mod component;
mod config_check;
mod config_file;
mod database;
mod decision_log;
mod decisions;
mod doctor;
mod drafts;
mod events;
mod finding;
mod fleet;
mod followers;
mod forecast;
mod format;
pub mod help;
mod init;
mod job_files;
mod jobs;
mod lookup;
mod manual;
mod mcp;
mod media;
mod menus;
mod moves;
mod places;
mod plan;
mod qrcodes;
mod quota;
mod rehearsal;
mod remote;
mod render;
mod reply;
mod reschedule;
mod resume;
mod retry;
mod sandbox;
mod schedules;
mod series;
mod served;
mod show;
mod status;
mod submit;
mod text;
mod token;
mod wait;
mod watch;
mod zone_data;

pub use self::job_files::JobFiles;

use std::fmt::Write as _;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgMatches, Args, Parser, Subcommand};
use serde::Serialize;

use crate::config::{self, Config, ConfigError, Secrets};
use crate::daemon::{self, Now, RunError};
use crate::demo;
use crate::inbox;
use crate::l10n::{self, Lang, t};
use crate::store::StoreError;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "qunfa", version)]
#[command(
    about = "Release planned WeChat broadcasts (群发) inside the platform's quotas, never twice"
)]
#[command(after_help = "Exit codes: 0 done; 1 the answer is no; 2 usage; 3 cannot run, and \
                        restarting will not help; 4 storage failed.")]
pub struct Arguments {
    /// The config file
    #[arg(long, global = true, value_name = "FILE", env = "QUNFA_CONFIG")]
    #[arg(default_value = "/etc/qunfa/config.yaml")]
    config: PathBuf,
    #[arg(help = "The language: en or zh-CN; default: `lang` of the config, else LC_ALL, \
                  LC_MESSAGES or LANG")]
    #[arg(long, global = true, value_name = "LANG", value_parser = language)]
    lang: Option<Lang>,
    /// Run the command on the server at this address
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// The file with the token for the server
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

impl Arguments {
    /// Returns the log levels for the command: a rehearsal reports its events in its own output.
    pub fn log_levels(&self) -> &'static str {
        match self.command {
            Command::Demo => "warn",
            Command::Run
            | Command::Sandbox(_)
            | Command::Init(_)
            | Command::Config(_)
            | Command::Doctor(_)
            | Command::Component(_)
            | Command::Status(_)
            | Command::Check(_)
            | Command::Render(_)
            | Command::Plan(_)
            | Command::Jobs(_)
            | Command::Series(_)
            | Command::Decisions(_)
            | Command::Followers(_)
            | Command::Drafts(_)
            | Command::Qrcodes(_)
            | Command::Show(_)
            | Command::Retry(_)
            | Command::Resume(_)
            | Command::Hold(_)
            | Command::Approve(_)
            | Command::Cancel(_)
            | Command::Reschedule(_)
            | Command::Again(_)
            | Command::Quota(_)
            | Command::Preview(_)
            | Command::Delete(_)
            | Command::Speed(_)
            | Command::Menu(_)
            | Command::Submit(_)
            | Command::Backup(_)
            | Command::Fleet(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Schema
            | Command::Token(_)
            | Command::Mcp
            | Command::Ack(_)
            | Command::Alert(_)
            | Command::Resolve(_) => "info,tokio_cron_scheduler=warn",
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon in the foreground
    Run,
    /// Show the daemon at work against an embedded sandbox, in under 30 s
    Demo,
    /// Serve the platform on this machine, to rehearse with
    Sandbox(sandbox::Options),
    /// Write a config with one account
    Init(init::Options),
    /// Check the config
    Config(config_check::Options),
    /// Check the installation, the network and what the platform answers each account
    Doctor(doctor::Options),
    /// Show a third-party platform (第三方平台), or make a link to authorise it
    Component(component::Options),
    /// Show the next jobs, what needs a person, and the quotas
    Status(status::Options),
    /// Check job files as the inbox would, and say when their jobs will go
    Check(check::Options),
    /// Show the messages of a job file as a phone shows them
    Render(render::Options),
    /// Check job files and put them into the inbox
    Submit(submit::Options),
    /// Forecast when each job will really go, day by day
    Plan(plan::Options),
    /// List the jobs
    Jobs(jobs::Options),
    /// List the series, with the next date of each
    Series(series::Options),
    /// List who decided what, the newest first
    Decisions(decision_log::Options),
    /// Tell one job's whole story
    Show(show::Options),
    /// Count an account's followers and tags, as last read from the platform
    Followers(followers::Options),
    /// List an account's draft box
    Drafts(drafts::Options),
    /// List an account's QR codes, and how many users each brought
    Qrcodes(qrcodes::Options),
    /// Ask again for what was refused, failed or missed
    Retry(reply::JobOptions),
    /// Lift holds and pauses, so that jobs are released again
    Resume(resume::Options),
    /// Stop the releases of an account, or of all, at once
    Hold(decisions::HoldOptions),
    /// Let a job go that waits for an approval
    Approve(decisions::ApproveOptions),
    /// Call a job off, as far as it is certainly not out
    Cancel(decisions::CancelOptions),
    /// Move a job, or one date of a series, to another time
    Reschedule(reschedule::Options),
    /// Plan a job once more, under another id and at another time
    Again(again::Options),
    /// Say what became of a job that may have gone out
    Resolve(decisions::ResolveOptions),
    /// Take something out of attention, until something new happens to it
    Ack(alerts::Options),
    /// List the alerts that people were told of, or try whether messages arrive
    Alert(alert::Options),
    /// Show a job's content to people before it goes
    Preview(api_calls::PreviewOptions),
    /// Delete a broadcast that was sent
    Delete(api_calls::DeleteOptions),
    /// Show or set an account's mass-send speed
    Speed(api_calls::SpeedOptions),
    /// Show the menu of an account, or the one that a follower sees
    Menu(api_calls::MenuOptions),
    /// Show what the quotas were used for; enter and correct it
    Quota(quota::Options),
    /// Copy the database into a file, while the daemon runs
    Backup(backup::Options),
    /// Show the daemons of a shared database; move a database into it and out of it
    Fleet(fleet::Options),
    /// Make a token for a user of the HTTP API, and print it once
    Token(token::Options),
    /// Serve agents on stdin and stdout (MCP): they read and submit, a person approves
    Mcp,
    /// Print the completions of a shell
    Completions(manual::CompletionsOptions),
    /// Print the manual page
    Man(manual::ManOptions),
    /// Print the JSON Schema of job files, for editors
    Schema,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Args)]
struct Json {
    /// Write JSON for programs
    #[arg(long)]
    json: bool,
}

/// The answers that agree, in any language.
const YES: [&str; 4] = ["y", "yes", "是", "好"];

/// What a command is given in addition to its arguments.
pub struct Terminal<'a> {
    /// The clock.
    pub now: Now,
    /// The output for answers.
    pub out: &'a mut (dyn Write + Send),
    /// The output for remarks that are not part of an answer; losing them does no harm.
    pub remarks: &'a mut (dyn Write + Send),
    /// Whether answers are coloured.
    pub colours: bool,
    /// What a person at the terminal types; none if nobody can be asked.
    pub answers: Option<&'a mut (dyn BufRead + Send)>,
    /// The size of the terminal that answers are written to; none if it is not a terminal.
    pub screen: fn() -> Option<Screen>,
    /// Who decides; none is the user whom the system reports.
    pub who: Option<&'a str>,
    /// Where job files are read.
    pub files: JobFiles<'a>,
}

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its width.
    pub columns: usize,
    /// Its height.
    pub rows: usize,
}

impl Terminal<'_> {
    /// Begins a page that fits the terminal.
    fn page(&self) -> text::Page {
        text::Page::new(self.colours, (self.screen)().map(|screen| screen.columns))
    }

    /// Writes an answer that is one value, as JSON or as text.
    fn answer<T: Serialize>(
        &mut self,
        json: Json,
        value: &T,
        text: impl FnOnce(&mut text::Page, &T),
    ) -> Result<(), Problem> {
        let written = if json.json {
            let mut json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
            json.push('\n');
            json
        } else {
            let mut page = self.page();
            text(&mut page, value);
            page.finish()
        };
        self.write(&written)
    }

    /// Asks a person a question whose usual answer is no; none if nobody can be asked.
    fn confirms(&mut self, question: &str) -> Result<Option<bool>, Problem> {
        let Some(answers) = &mut self.answers else { return Ok(None) };
        write!(self.remarks, "{}", t!("cli-question", question = question))?;
        self.remarks.flush()?;
        let mut answer = String::new();
        answers.read_line(&mut answer)?;
        let answer = answer.trim().to_ascii_lowercase();
        Ok(Some(YES.contains(&answer.as_str())))
    }

    fn write(&mut self, text: &str) -> Result<(), Problem> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }
}

/// The answer of a command that could be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Yes,
    /// The answer is no, and was written.
    No,
}

impl Answer {
    /// Returns the process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
        }
    }
}

/// Why a command ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The answer is no, in a sentence.
    #[error("{0}")]
    No(String),
    /// An operator has to do something before any command can work.
    #[error("{0}")]
    Cannot(String),
    /// The answer is no, because it is the work of whoever asks.
    #[error("{0}")]
    Own(String),
    /// There is no usable config.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used, or refuses the request.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The daemon ended by itself.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The answer cannot be written.
    #[error("{}", t!("cli-unwritten"))]
    Output(#[from] io::Error),
    /// The demo or the sandbox could not go on.
    #[error(transparent)]
    Rehearsal(anyhow::Error),
    /// One of these, as its message and exit code in the language of the command.
    #[error("{1}")]
    Said(u8, String),
}

impl Problem {
    /// Makes the message now: the config may have chosen the language of this command alone.
    fn said(self) -> Self {
        match self {
            Self::No(_) | Self::Cannot(_) | Self::Own(_) | Self::Said(..) => self,
            Self::Config(_)
            | Self::Store(_)
            | Self::Run(_)
            | Self::Output(_)
            | Self::Rehearsal(_) => match self.is_silent() {
                true => self,
                false => Self::Said(self.exit_code(), self.message()),
            },
        }
    }

    /// Returns the process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::No(_)
            | Self::Own(_)
            | Self::Store(StoreError::Refused(_) | StoreError::Conflict(_)) => 1,
            Self::Run(error) => error.exit_code(),
            Self::Said(code, _) => *code,
            Self::Store(
                StoreError::Failed(_)
                | StoreError::Busy(_)
                | StoreError::Unreachable(_)
                | StoreError::Unseated(_)
                | StoreError::Shared(_)
                | StoreError::Corrupt(_),
            ) => 4,
            Self::Output(_) if self.is_silent() => 0,
            Self::Output(_) => 4,
            Self::Cannot(_)
            | Self::Config(_)
            | Self::Rehearsal(_)
            | Self::Store(
                StoreError::Damaged(..)
                | StoreError::Newer(..)
                | StoreError::Older(..)
                | StoreError::Access(..)
                | StoreError::Unfit(_)
                | StoreError::Lookup(..),
            ) => 3,
        }
    }

    /// Returns whether nobody can receive a message: the reader of the answer has closed it.
    pub fn is_silent(&self) -> bool {
        match self {
            Self::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
            Self::Rehearsal(error) => error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe),
            Self::No(_)
            | Self::Cannot(_)
            | Self::Own(_)
            | Self::Config(_)
            | Self::Store(_)
            | Self::Run(_)
            | Self::Said(..) => false,
        }
    }

    /// Returns the whole chain as one message, each link once.
    pub fn message(&self) -> String {
        let mut message = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            let link = error.to_string();
            if !message.contains(&link) {
                write!(message, ": {link}").expect("a String takes everything");
            }
            source = error.source();
        }
        message
    }
}

/// Runs one command.
///
/// # Errors
/// See [`Problem`].
pub fn run(arguments: Arguments, terminal: Terminal<'_>) -> Result<Answer, Problem> {
    // The daemon's log is English; what it writes for people, it writes in the config's language.
    let lang = if matches!(arguments.command, Command::Run) {
        Lang::En
    } else {
        arguments.lang.unwrap_or_else(l10n::lang)
    };
    l10n::within(lang, || dispatch(arguments, terminal).map_err(Problem::said))
}

/// Runs the command of a command line: here, or on the server that it names.
///
/// # Errors
/// See [`Problem`].
pub fn run_parsed(
    matches: &ArgMatches,
    arguments: Arguments,
    mut terminal: Terminal<'_>,
) -> Result<Answer, Problem> {
    let Some(url) = &arguments.server else { return run(arguments, terminal) };
    let remote = remote::Remote { url, token_file: arguments.token_file.as_deref() };
    let lang = arguments.lang.unwrap_or_else(l10n::lang);
    l10n::within(lang, || {
        if matches!(arguments.command, Command::Mcp) {
            return mcp::run_remote(&remote).map(|()| Answer::Yes);
        }
        remote::run(&remote, matches, &mut terminal)
    })
}

fn dispatch(arguments: Arguments, mut terminal: Terminal<'_>) -> Result<Answer, Problem> {
    let path = arguments.config;
    // What is wrong with a config is told in its language, too.
    let of_config = config::lang_of(&path).filter(|_| arguments.lang.is_none());
    if let Some(lang) = of_config.filter(|_| !matches!(arguments.command, Command::Run)) {
        l10n::choose(lang);
    }
    let config = || load(&path, Secrets::Leave);
    let terminal = &mut terminal;
    let who = terminal.who.map_or_else(reply::person, str::to_owned);
    match arguments.command {
        Command::Run => {
            // Its warnings are lines of the log.
            let config = l10n::within(Lang::En, || load(&path, Secrets::Read))?;
            let commands = served::commands(&path, &terminal.now, run);
            let variable = |name: &str| std::env::var(name).ok();
            let reload = Arc::new(move || config::load(&path, &variable, Secrets::Read));
            daemon::run(config, terminal.now.clone(), (reload, commands))?;
        }
        Command::Demo => {
            demo::run(&terminal.now, terminal.out).map_err(Problem::Rehearsal)?;
        }
        Command::Sandbox(options) => sandbox::run(&options, terminal)?,
        Command::Init(options) => init::run(&options, terminal)?,
        Command::Config(options) => return config_check::run(&options, &path, terminal),
        Command::Doctor(options) => return doctor::run(&options, &path, terminal),
        Command::Component(options) => component::run(&options, &config()?, terminal)?,
        Command::Status(options) if options.watch => {
            watch::run(options.json, (&config()?, options.selection()), terminal)?;
        }
        Command::Status(options) => status::run(options, &config()?, terminal)?,
        Command::Plan(options) => return plan::run(&options, &config()?, terminal),
        Command::Check(options) => return check::run(&options, &config()?, &who, terminal),
        Command::Render(options) => return render::run(&options, &config()?, terminal),
        Command::Submit(options) => return submit::run(&options, &config()?, &who, terminal),
        Command::Jobs(options) => jobs::run(&options, &config()?, terminal)?,
        Command::Series(options) => series::list(&options, &config()?, terminal)?,
        Command::Decisions(options) => decision_log::run(&options, &config()?, terminal)?,
        Command::Show(options) => show::run(&options, &config()?, terminal)?,
        Command::Followers(options) => followers::run(&options, &config()?, terminal)?,
        Command::Drafts(options) => drafts::run(&options, &config()?, &who, terminal)?,
        Command::Qrcodes(options) => qrcodes::run(&options, &config()?, terminal)?,
        Command::Retry(options) => retry::run(&options, &config()?, &who, terminal)?,
        Command::Resume(options) => resume::run(&options, &config()?, &who, terminal)?,
        Command::Hold(options) => decisions::hold(&options, &config()?, &who, terminal)?,
        Command::Resolve(options) => decisions::resolve(&options, &config()?, &who, terminal)?,
        Command::Ack(options) => alerts::acknowledge(&options, &config()?, &who, terminal)?,
        Command::Alert(options) => return alert::run(&options, &config()?, terminal),
        Command::Again(options) => return again::run(&options, &config()?, &who, terminal),
        Command::Reschedule(options) => reschedule::run(&options, &config()?, &who, terminal)?,
        Command::Cancel(options) => decisions::cancel(&options, &config()?, &who, terminal)?,
        Command::Preview(options) => {
            return api_calls::preview(&options, &config()?, &who, terminal);
        }
        Command::Delete(options) => return api_calls::delete(&options, &config()?, &who, terminal),
        Command::Speed(options) => return api_calls::speed(&options, &config()?, &who, terminal),
        Command::Menu(options) => return api_calls::menu(&options, &config()?, &who, terminal),
        Command::Quota(options) => quota::run(&options, &config()?, &who, terminal)?,
        Command::Backup(options) => backup::run(&options, (&config()?, &path), terminal)?,
        Command::Fleet(options) => fleet::run(&options, &config()?, terminal)?,
        Command::Completions(options) => {
            manual::completions(&options, help::command(), terminal)?;
        }
        Command::Man(options) => manual::man(&options, help::unbuilt(), terminal)?,
        Command::Schema => terminal.write(inbox::SCHEMA)?,
        Command::Token(options) => token::run(&options, terminal)?,
        Command::Mcp => {
            let commands = served::commands(&path, &terminal.now, run);
            mcp::run(&config()?, (commands, who), &terminal.now)?;
        }
        Command::Approve(options) => decisions::approve(&options, &config()?, &who, terminal)?,
    }
    Ok(Answer::Yes)
}

fn language(name: &str) -> Result<Lang, String> {
    Lang::parse(name).ok_or_else(|| t!("cli-languages"))
}

fn load(path: &std::path::Path, secrets: Secrets) -> Result<Config, Problem> {
    config::load(path, &|name| std::env::var(name).ok(), secrets).map_err(unusable)
}

/// Returns the problem of a config that cannot be loaded.
fn unusable(error: ConfigError) -> Problem {
    match &error {
        ConfigError::Unreadable { source, .. }
            if source.kind() == io::ErrorKind::PermissionDenied =>
        {
            Problem::Cannot(t!("cli-config-denied", error = %error, source = %source))
        }
        ConfigError::Unreadable { .. } | ConfigError::Invalid(_) => error.into(),
    }
}
