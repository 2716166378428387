//! Shell completions and manual pages, generated from the command line's definition.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Problem, Terminal};

#[derive(Debug, Args)]
pub(super) struct CompletionsOptions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManOptions {
    /// Write one page for each command into this directory instead
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints a completion script.
pub(super) fn completions(
    options: &CompletionsOptions,
    mut command: Command,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "qunfa", &mut script);
    terminal.write(&String::from_utf8_lossy(&script))
}

/// Prints the main manual page, or writes all of them.
pub(super) fn man(
    options: &ManOptions,
    command: Command,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let Some(folder) = &options.out else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        return terminal.write(&String::from_utf8_lossy(&page));
    };
    fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder)).map_err(
        |error| Problem::Cannot(format!("{} cannot be written to: {error}", folder.display())),
    )?;
    terminal.write(&format!("The pages are in {}.\n", folder.display()))
}
