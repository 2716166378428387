//! Shell completions and manual pages, generated from the command line's definition.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Problem, Terminal, help};
use crate::l10n::t;

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
        return terminal.write(&page(&Man::new(help::built(command)))?);
    };
    let command = help::built(command.disable_help_subcommand(true));
    fs::create_dir_all(folder).and_then(|()| write_pages(command, folder)).map_err(|error| {
        Problem::Cannot(t!("cli-man-unwritable", folder = %folder.display(), error = %error))
    })?;
    terminal.write(&t!("cli-man-written", folder = %folder.display()))?;
    terminal.write("\n")
}

fn page(man: &Man) -> io::Result<String> {
    let mut page = Vec::new();
    man.render(&mut page)?;
    Ok(help::manual_page(&String::from_utf8_lossy(&page)))
}

fn write_pages(command: Command, folder: &Path) -> io::Result<()> {
    for sub in command.get_subcommands().cloned() {
        write_pages(sub, folder)?;
    }
    let man = Man::new(command);
    fs::write(folder.join(man.get_filename()), page(&man)?)
}
