//! The process: logging, the one real clock, and errors turned into exit codes.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use qunfa::cli::{self, Arguments, Screen, Terminal};
use qunfa::daemon::Now;
use qunfa::log::Lines;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let lines = log(arguments.log_levels());
    let (mut out, mut remarks) = (io::stdout(), io::stderr());
    let colours = colourful(&out);
    let terminal = Terminal { now: clock(), out: &mut out, remarks: &mut remarks, colours, screen };
    let outcome = cli::run(arguments, terminal);
    lines.finish();
    match outcome {
        Ok(answer) => answer.exit_code().into(),
        Err(problem) => {
            if !problem.is_silent() {
                // There is nobody left to tell that even this failed.
                writeln!(io::stderr(), "qunfa: {}", problem.message()).ok();
            }
            problem.exit_code().into()
        }
    }
}

/// Returns the clock that everything else is handed.
#[expect(clippy::disallowed_methods, reason = "the process's only reading of the real clock")]
fn clock() -> Now {
    Arc::new(chrono::Utc::now)
}

/// Logs to stderr, at the levels that `QUNFA_LOG` names, or these; a stderr that is gone harms nothing.
fn log(levels: &str) -> Lines {
    let lines = Lines::to(io::stderr());
    let filter = EnvFilter::try_from_env("QUNFA_LOG").unwrap_or_else(|_| EnvFilter::new(levels));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines.clone())
        .with_ansi(colourful(&io::stderr()))
        .log_internal_errors(false)
        .init();
    lines
}

/// Returns the size of the terminal that answers go to, if they go to one.
fn screen() -> Option<Screen> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok()?;
    // A terminal that does not tell its size says 0.
    let known = |cells: u16, usual: usize| if cells == 0 { usual } else { cells.into() };
    Some(Screen { columns: known(size.ws_col, 80), rows: known(size.ws_row, 24) })
}

/// Says whether a stream wants colours: a terminal does, unless `NO_COLOR` or `TERM` say no.
fn colourful(stream: &impl io::IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !refused && !dumb
}
