//! The help of the command line in the language of the moment.
//!
//! The English text stands beside each command and option; another language has it in its catalogue,
//! under `help-COMMAND` and `help-COMMAND--OPTION`.

use clap::{Arg, Command, CommandFactory as _};

use super::Arguments;
use crate::l10n::{self, Lang};

/// Returns the command line's definition with its help in the language of the moment.
pub fn command() -> Command {
    match l10n::lang() {
        Lang::En => Arguments::command(),
        Lang::ZhCn => translated("help", Arguments::command()),
    }
}

/// Returns the language that the arguments name, before anything else is read from them.
pub fn language(mut arguments: impl Iterator<Item = String>) -> Option<Lang> {
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
    let about = l10n::other_than_english(path);
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    let after = l10n::other_than_english(&format!("{path}-after"));
    let command = match after {
        Some(after) => command.after_help(after),
        None => command,
    };
    let command =
        command.mut_args(|argument| match l10n::other_than_english(&id_of(path, &argument)) {
            Some(help) => argument.help(help),
            None => argument,
        });
    let names: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        let path = format!("{path}-{name}");
        command.mut_subcommand(&name, |sub| translated(&path, sub))
    })
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
        command.get_arguments().for_each(|argument| look(id_of(path, argument)));
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

        let missing: Vec<_> = l10n::within(Lang::ZhCn, || {
            needed.iter().filter(|id| l10n::other_than_english(id).is_none()).collect()
        });
        assert!(missing.is_empty(), "{missing:#?}");
        let catalogue = include_str!("../l10n/zh-CN.ftl");
        let ids = catalogue.lines().filter_map(|line| line.split_once(" ="));
        let stale: Vec<_> = ids
            .map(|(id, _)| id)
            .filter(|id| id.starts_with("help") && !needed.contains(*id))
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
            let arguments = line.split(' ').map(str::to_owned);
            assert_eq!(language(arguments), lang, "{line}");
        }
    }
}
