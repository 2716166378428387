//! The process: logging, the one real clock, and exit codes.

use std::env;
use std::io::{self, BufReader, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::stream::RawStream;
use clap::FromArgMatches as _;
use qunfa::cli::{self, Arguments, JobFiles, Screen, Terminal, help};
use qunfa::daemon::Now;
use qunfa::l10n::{self, Lang};
use qunfa::log::Lines;
use qunfa::log::journal::{self, Entries, Journal};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    l10n::choose(help::language(env::args_os()).unwrap_or_else(of_environment));
    let found = help::command().try_get_matches();
    let arguments = found
        .and_then(|found| Arguments::from_arg_matches(&found).map(|arguments| (arguments, found)));
    let (arguments, matches) = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return said_by_clap(&error),
    };
    let lines = log(arguments.log_levels());
    let (mut out, mut remarks) = (io::stdout(), io::stderr());
    // A question is written to stderr, so that it is seen also if stdout is a pipe.
    let asks = io::stdin().is_terminal() && remarks.is_terminal();
    let mut answers = BufReader::new(io::stdin());
    let colours = colourful(&out);
    let terminal = Terminal {
        now: clock(),
        out: &mut out,
        remarks: &mut remarks,
        answers: if asks { Some(&mut answers) } else { None },
        colours,
        screen,
        who: None,
        files: JobFiles::default(),
    };
    let outcome = cli::run_parsed(&matches, arguments, terminal);
    lines.finish();
    match outcome {
        Ok(answer) => answer.exit_code().into(),
        Err(problem) => {
            if !problem.is_silent() {
                // If even this fails, there is nowhere left to report it.
                writeln!(io::stderr(), "qunfa: {}", problem.message()).ok();
            }
            problem.exit_code().into()
        }
    }
}

/// Writes the help that was asked for, or what is wrong with the command line.
fn said_by_clap(error: &clap::Error) -> ExitCode {
    let text = help::text(error);
    // If this fails, there is nowhere left to report it.
    if error.use_stderr() {
        anstream::stderr().write_all(text.as_bytes()).ok();
    } else {
        anstream::stdout().write_all(text.as_bytes()).ok();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn of_environment() -> Lang {
    Lang::of_environment(|name| env::var(name).ok())
}

/// Returns the clock that the rest of the program receives.
#[expect(clippy::disallowed_methods, reason = "the process's only reading of the real clock")]
fn clock() -> Now {
    Arc::new(chrono::Utc::now)
}

/// Logs to stderr, at the levels that `QUNFA_LOG` names, or at these; a closed stderr does no harm.
///
/// `QUNFA_LOG_FORMAT` is `text`, `json` or `journal`. If stderr is the journal's, `journal` is the
/// default: its priorities and fields are more useful than lines.
fn log(levels: &str) -> Lines {
    let filter = EnvFilter::try_from_env("QUNFA_LOG").unwrap_or_else(|_| EnvFilter::new(levels));
    // Otherwise it logs the calls of agents with all that they say.
    let filter = filter.add_directive("rmcp=error".parse().expect("this is a directive"));
    let wanted = env::var("QUNFA_LOG_FORMAT").unwrap_or_default();
    let to_journal = wanted == "journal" || (wanted.is_empty() && stderr_is_the_journal());
    let journal = to_journal.then(|| Journal::at(Path::new(journal::SOCKET), io::stderr()));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    match journal {
        Some(Ok(journal)) => {
            let lines = Lines::to_journal(journal);
            builder.event_format(Entries).with_writer(lines.clone()).init();
            lines
        }
        Some(Err(_)) | None => {
            let lines = Lines::to(io::stderr());
            if wanted == "json" {
                builder.json().flatten_event(true).with_writer(lines.clone()).init();
            } else {
                let ansi = colourful(&io::stderr());
                builder.with_writer(lines.clone()).with_ansi(ansi).init();
                if !["", "text", "journal"].contains(&wanted.as_str()) {
                    tracing::warn!("QUNFA_LOG_FORMAT is text, json or journal; this is text");
                }
            }
            lines
        }
    }
}

/// Returns whether stderr is the stream to the journal that the service manager named.
fn stderr_is_the_journal() -> bool {
    let Ok(told) = env::var("JOURNAL_STREAM") else { return false };
    let is_it = |stat: rustix::fs::Stat| format!("{}:{}", stat.st_dev, stat.st_ino) == told;
    rustix::fs::fstat(io::stderr()).is_ok_and(is_it)
}

/// Returns the size of the terminal that output is written to, if it is one.
fn screen() -> Option<Screen> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok()?;
    // A terminal that does not report its size returns 0.
    let known = |cells: u16, usual: usize| if cells == 0 { usual } else { cells.into() };
    Some(Screen { columns: known(size.ws_col, 80), rows: known(size.ws_row, 24) })
}

/// Returns whether a stream uses colours, by the same rule as clap: a terminal does, unless
/// `NO_COLOR`, `CLICOLOR` or `TERM` forbid it, and anything does if `CLICOLOR_FORCE` is set.
fn colourful(stream: &impl RawStream) -> bool {
    anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
}
