//! Runs commands for the HTTP API: each with a terminal that is a buffer, and nobody to ask.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use clap::Parser as _;

use super::{Answer, Arguments, JobFiles, Problem, Terminal};
use crate::daemon::Now;
use crate::inbox::Package;
use crate::l10n;
use crate::server::Commands;
use crate::server::command::{Call, Outcome};

/// The longest answer.
const LONGEST: usize = 32 << 20;

/// Runs one command.
type Run = fn(Arguments, Terminal<'_>) -> Result<Answer, Problem>;

/// Returns what runs commands with the config at a path.
pub(super) fn commands(config: &Path, now: &Now, run: Run) -> Commands {
    let (config, now) = (config.to_owned(), Arc::clone(now));
    Arc::new(move |call, files| {
        l10n::within(call.lang, || answer((call, files), &config, &now, run))
    })
}

fn answer(
    (call, files): (&Call, Option<&[Package]>),
    config: &Path,
    now: &Now,
    run: Run,
) -> Outcome {
    let start = ["qunfa", "--lang", call.lang.name(), "--config"].map(OsString::from);
    let words = start.into_iter().chain([config.into()]);
    let words = words.chain(call.words.iter().map(OsString::from));
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => return Outcome::Usage(usage(&error)),
    };
    let mut out = Buffer::default();
    let terminal = Terminal {
        now: Arc::clone(now),
        out: &mut out,
        remarks: &mut io::sink(),
        colours: false,
        answers: None,
        screen: || None,
        who: Some(&call.who),
        files: JobFiles(files),
    };
    match run(arguments, terminal) {
        Ok(Answer::Yes) => Outcome::Done(out.0),
        Ok(Answer::No) => Outcome::No(String::from_utf8_lossy(&out.0).trim_end().to_owned()),
        Err(Problem::Output(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
            Outcome::TooLong
        }
        Err(Problem::Own(told)) => Outcome::Own(told),
        Err(problem) => match problem.exit_code() {
            1 => Outcome::No(problem.message()),
            4 => Outcome::StorageFailed(problem.message()),
            _ => Outcome::Unavailable(problem.message()),
        },
    }
}

/// Returns what is wrong with the arguments, without the help on options that the API may not have.
fn usage(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.trim_start_matches("error: ").to_owned()
}

/// An answer, up to the longest one.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
