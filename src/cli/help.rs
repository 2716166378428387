//! The help of the command line in the language of the moment.
//!
//! The English text stands beside each command and option; another language has it in its catalogue,
//! under `help-COMMAND` and `help-COMMAND--OPTION`.

mod of_clap;

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory as _};

pub use self::of_clap::text;
pub(super) use self::of_clap::{built, manual_page};
use super::Arguments;
use crate::l10n::{self, Lang};

/// Returns the command line's definition with its help in the language of the moment, ready to
/// parse with.
pub fn command() -> Command {
    built(unbuilt())
}

/// Returns the definition without what clap adds to it.
pub(super) fn unbuilt() -> Command {
    match l10n::lang() {
        Lang::En => Arguments::command(),
        Lang::ZhCn => translated("help", Arguments::command()),
    }
}

/// Returns the language that the arguments name, before anything else is read from them.
pub fn language(arguments: impl Iterator<Item = OsString>) -> Option<Lang> {
    // A name of a file need not be UTF-8.
    let mut arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--lang") {
            Some("") => return arguments.next().and_then(|name| Lang::parse(&name)),
            Some(rest) => return rest.strip_prefix('=').and_then(Lang::parse),
            None if argument == "--" => return None,
            None => {}
        }
    }
    None
}

/// Returns the name of an argument's help in the catalogues.
fn id_of(path: &str, argument: &Arg) -> String {
    format!("{path}--{}", argument.get_id().as_str().replace('_', "-"))
}

fn translated(path: &str, command: Command) -> Command {
    let about = other(path);
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    let after = other(&format!("{path}-after"));
    let command = match after {
        Some(after) => command.after_help(after),
        None => command,
    };
    command
        .mut_args(|argument| translated_argument(&id_of(path, &argument), argument))
        .mut_subcommands(|sub| {
            let path = format!("{path}-{}", sub.get_name());
            translated(&path, sub)
        })
}

fn translated_argument(id: &str, argument: Arg) -> Arg {
    let notes = of_clap::notes(&argument).concat();
    let long = other(&format!("{id}-long"));
    let argument = match other(id) {
        Some(help) => argument.help(help + &notes),
        None => argument,
    };
    let argument = match long {
        Some(long) => argument.long_help(long + &notes),
        None => argument,
    };
    if argument.get_action().takes_values() {
        argument.hide_default_value(true).hide_possible_values(true).hide_env(true)
    } else {
        argument
    }
}

fn other(id: &str) -> Option<String> {
    l10n::other_than_english(id, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `look` with each name that a catalogue needs.
    fn each_id(path: &str, command: &Command, look: &mut impl FnMut(String)) {
        look(path.to_owned());
        if command.get_after_help().is_some() {
            look(format!("{path}-after"));
        }
        for argument in command.get_arguments() {
            let id = id_of(path, argument);
            if argument.get_long_help().is_some() {
                look(format!("{id}-long"));
            }
            look(id);
        }
        for sub in command.get_subcommands() {
            each_id(&format!("{path}-{}", sub.get_name()), sub, look);
        }
    }

    #[test]
    fn the_chinese_catalogue_has_the_help_of_each_command_and_option_and_no_other() {
        let mut needed = std::collections::BTreeSet::new();
        each_id("help", &Arguments::command(), &mut |id| {
            needed.insert(id);
        });

        let missing: Vec<_> =
            l10n::within(Lang::ZhCn, || needed.iter().filter(|id| other(id).is_none()).collect());
        assert!(missing.is_empty(), "{missing:#?}");
        let catalogue = include_str!("../l10n/zh-CN.ftl");
        let ids = catalogue.lines().filter_map(|line| line.split_once(" ="));
        let stale: Vec<_> = ids
            .map(|(id, _)| id)
            .filter(|id| id.starts_with("help") && !id.starts_with(of_clap::AREA))
            .filter(|id| !needed.contains(*id))
            .collect();
        assert!(stale.is_empty(), "{stale:#?}");
    }

    #[test]
    fn the_language_is_read_from_the_arguments_before_anything_else() {
        for (line, lang) in [
            ("qunfa status --lang zh", Some(Lang::ZhCn)),
            ("qunfa --lang=en status", Some(Lang::En)),
            ("qunfa --lang=de status", None),
            ("qunfa status", None),
            ("qunfa --lang", None),
            ("qunfa show -- --lang=zh", None),
        ] {
            let arguments = line.split(' ').map(OsString::from);
            assert_eq!(language(arguments), lang, "{line}");
        }
    }
}
