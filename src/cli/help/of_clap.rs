//! What clap itself says, in the language of the moment: headings, notes, and what is wrong in a
//! command line.
//!
//! In English clap says it. Another language has it in its catalogue, under `help-clap-…`.

use clap::builder::PossibleValue;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

use crate::l10n::{self, Args, Lang};

/// How the names of these messages begin.
#[cfg(test)]
pub(super) const AREA: &str = "help-clap-";

/// The headings and place holders that clap writes, each with its message.
const MARKS: [(&str, &str); 6] = [
    ("Usage:", "help-clap-usage"),
    ("Commands:", "help-clap-commands"),
    ("Arguments:", "help-clap-arguments"),
    ("Options:", "help-clap-options"),
    ("[OPTIONS]", "help-clap-some-options"),
    ("<COMMAND>", "help-clap-a-command"),
];

/// The headings of a manual page.
const SECTIONS: [(&str, &str); 7] = [
    (".SH NAME\n", "help-clap-man-name"),
    (".SH SYNOPSIS\n", "help-clap-man-synopsis"),
    (".SH DESCRIPTION\n", "help-clap-man-description"),
    (".SH OPTIONS\n", "help-clap-man-options"),
    (".SH SUBCOMMANDS\n", "help-clap-man-commands"),
    (".SH EXTRA\n", "help-clap-man-notes"),
    (".SH VERSION\n", "help-clap-man-version"),
];

/// Returns what clap writes for a line that it does not accept, or that asks for help, with its
/// colours.
pub fn text(error: &clap::Error) -> String {
    let of_clap = || error.render().ansi().to_string();
    match l10n::lang() {
        Lang::En => of_clap(),
        Lang::ZhCn => marked(explained(error).unwrap_or_else(of_clap)),
    }
}

/// Adds what clap adds by itself, with its help in the language of the moment.
pub(in crate::cli) fn built(mut command: Command) -> Command {
    command.build();
    match l10n::lang() {
        Lang::En => command,
        Lang::ZhCn => own_help(command),
    }
}

/// Returns a manual page with its headings in the language of the moment.
pub(in crate::cli) fn manual_page(page: &str) -> String {
    SECTIONS.iter().fold(page.to_owned(), |page, (heading, id)| {
        match l10n::other_than_english(id, &[]) {
            Some(other) => page.replace(heading, &format!(".SH {other}\n")),
            None => page,
        }
    })
}

/// Returns the notes behind an option's help: its default, its values, its environment variable.
pub(super) fn notes(argument: &Arg) -> Vec<String> {
    if !argument.get_action().takes_values() {
        return Vec::new();
    }
    let defaults = argument.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy().into_owned()).collect();
    let values = argument.get_possible_values();
    let values: Vec<_> = values.iter().map(PossibleValue::get_name).map(str::to_owned).collect();
    let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
    let listed = [
        ("help-clap-default", defaults),
        ("help-clap-values", values),
        ("help-clap-variable", Vec::from_iter(variable)),
    ];
    let listed = listed.into_iter().filter(|(_, values)| !values.is_empty());
    listed.map(|(id, values)| said(id, &[("values", values.join("、").into())])).collect()
}

fn said(id: &str, args: &Args<'_>) -> String {
    l10n::other_than_english(id, args).unwrap_or_else(|| id.to_owned())
}

fn marked(text: String) -> String {
    let text = MARKS.iter().fold(text, |text, (mark, id)| text.replace(mark, &said(id, &[])));
    // A full-width colon has its space with it.
    text.replace("：\u{1b}[0m ", "：\u{1b}[0m").replace("用法： ", "用法：")
}

fn own_help(command: Command) -> Command {
    command.mut_args(own_option).mut_subcommands(|sub| {
        let sub = if sub.get_name() == "help" {
            sub.about(said("help-clap-help-command", &[]))
        } else {
            sub
        };
        own_help(sub)
    })
}

fn own_option(argument: Arg) -> Arg {
    match argument.get_action() {
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong => {
            if argument.get_long_help().is_some() {
                argument
                    .help(said("help-clap-help-more", &[]))
                    .long_help(said("help-clap-help-less", &[]))
            } else {
                argument.help(said("help-clap-help", &[]))
            }
        }
        ArgAction::Version => argument.help(said("help-clap-version", &[])),
        // The argument of `help` itself, which names a command.
        _ if argument.get_id() == "subcommand" => {
            argument.help(said("help-clap-help-command", &[]))
        }
        ArgAction::Set
        | ArgAction::Append
        | ArgAction::SetTrue
        | ArgAction::SetFalse
        | ArgAction::Count
        | _ => argument,
    }
}

/// Returns what is wrong with a line and what was perhaps meant; none if it is left to clap.
fn explained(error: &clap::Error) -> Option<String> {
    let mut text = said("help-clap-error", &[("what", what(error)?.into())]);
    for (kind, id) in [
        (ContextKind::SuggestedSubcommand, "help-clap-tip-command"),
        (ContextKind::SuggestedArg, "help-clap-tip-option"),
        (ContextKind::SuggestedValue, "help-clap-tip-value"),
    ] {
        if let Some(meant) = listed(error, kind) {
            text += "\n  ";
            text += &said(id, &[("meant", meant.into())]);
        }
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        text += "\n\n";
        text += &usage.ansi().to_string();
    }
    text += "\n\n";
    text += &said("help-clap-try", &[]);
    text.push('\n');
    Some(text)
}

/// Returns what a context holds as text: several values as a list.
fn listed(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(several) if several.is_empty() => None,
        ContextValue::Strings(several) => Some(several.join("、")),
        ContextValue::Number(number) => Some(number.to_string()),
        ContextValue::None
        | ContextValue::Bool(_)
        | ContextValue::StyledStr(_)
        | ContextValue::StyledStrs(_)
        | _ => None,
    }
}

fn what(error: &clap::Error) -> Option<String> {
    let of = |kind| listed(error, kind);
    let argument = || of(ContextKind::InvalidArg);
    let value = || of(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => {
            Some(said("help-clap-unknown", &[("argument", argument()?.into())]))
        }
        ErrorKind::InvalidSubcommand => {
            let command = of(ContextKind::InvalidSubcommand)?;
            Some(said("help-clap-no-command", &[("command", command.into())]))
        }
        ErrorKind::MissingRequiredArgument => {
            Some(said("help-clap-missing", &[("arguments", argument()?.into())]))
        }
        ErrorKind::ArgumentConflict => conflict(&argument()?, of(ContextKind::PriorArg)),
        ErrorKind::InvalidValue => {
            invalid(&argument()?, &value()?, of(ContextKind::ValidValue).as_deref())
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string)?;
            let (argument, value) = (argument()?, value()?);
            let why = reason(&value, why);
            Some(said(
                "help-clap-refused",
                &[("argument", argument.into()), ("value", value.into()), ("why", why.into())],
            ))
        }
        ErrorKind::TooManyValues => Some(said(
            "help-clap-too-many",
            &[("argument", argument()?.into()), ("value", value()?.into())],
        )),
        ErrorKind::TooFewValues => Some(said(
            "help-clap-too-few",
            &[("argument", argument()?.into()), ("needed", of(ContextKind::MinValues)?.into())],
        )),
        ErrorKind::WrongNumberOfValues => Some(said(
            "help-clap-too-few",
            &[
                ("argument", argument()?.into()),
                ("needed", of(ContextKind::ExpectedNumValues)?.into()),
            ],
        )),
        ErrorKind::InvalidUtf8 => Some(said("help-clap-not-utf8", &[])),
        // What asks for help is no error; the rest does not come up, or fails in the system.
        ErrorKind::NoEquals
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelp
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayVersion
        | ErrorKind::Io
        | ErrorKind::Format
        | _ => None,
    }
}

fn conflict(argument: &str, earlier: Option<String>) -> Option<String> {
    Some(match earlier {
        Some(earlier) if earlier == argument => {
            said("help-clap-twice", &[("argument", argument.into())])
        }
        Some(earlier) => said(
            "help-clap-conflict",
            &[("argument", argument.into()), ("earlier", earlier.into())],
        ),
        None => return None,
    })
}

fn invalid(argument: &str, value: &str, valid: Option<&str>) -> Option<String> {
    Some(match (value, valid) {
        ("", _) => said("help-clap-no-value", &[("argument", argument.into())]),
        (_, Some(valid)) => said(
            "help-clap-invalid-of",
            &[("argument", argument.into()), ("value", value.into()), ("valid", valid.into())],
        ),
        (_, None) => {
            said("help-clap-invalid", &[("argument", argument.into()), ("value", value.into())])
        }
    })
}

/// Returns why a value is refused: our own parsers say it in the language of the moment, those of
/// numbers in English.
fn reason(value: &str, why: String) -> String {
    let range = why.strip_prefix(value).and_then(|rest| rest.strip_prefix(" is not in "));
    match range.map(|range| range.split_once("..=").unwrap_or((range, ""))) {
        Some((least, "")) => {
            let least = least.trim_end_matches("..").to_owned();
            said("help-clap-at-least", &[("least", least.into())])
        }
        Some((least, most)) => {
            let (least, most) = (least.to_owned(), most.to_owned());
            said("help-clap-range", &[("least", least.into()), ("most", most.into())])
        }
        None if why.contains(" digit ") || why.contains("integer") => {
            said("help-clap-no-number", &[])
        }
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        l10n::within(Lang::ZhCn, || {
            let error = super::super::command().try_get_matches_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), if error.use_stderr() { 2 } else { 0 }, "{line}");
            anstream::adapter::strip_str(&text(&error)).to_string()
        })
    }

    /// Returns whether a text is Chinese, but for names and examples of commands.
    fn foreign(text: &str) -> Vec<&str> {
        let words = text.split(|c: char| !c.is_ascii_alphabetic());
        let words = words.filter(|word| word.chars().any(|c| c.is_ascii_lowercase()));
        let known = ["error", "Usage", "For", "Print", "default", "values", "possible", "argument"];
        words.filter(|word| known.contains(word)).collect()
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_in_chinese() {
        for (line, said) in [
            ("qunfa statsu", "没有 “statsu” 这个命令"),
            ("qunfa status --acount a", "没有 “--acount” 这个参数"),
            ("qunfa status --account", "“--account <NAME>” 需要一个值"),
            ("qunfa show", "缺少参数：<JOB>"),
            ("qunfa completions basch", "可选值：bash、elvish、fish、powershell、zsh"),
            ("qunfa plan --days 0", "须在 1 到 1000 之间"),
            ("qunfa plan --days many", "不是整数"),
            ("qunfa alert list --limit 0", "须在 1 到 "),
            ("qunfa submit a --wait 3 --no-wait", "不能与 “--no-wait” 同时使用"),
            ("qunfa show a --json --json", "只能用一次"),
        ] {
            let text = refused(line);
            assert!(text.contains(said), "{line}: {text}");
            assert!(text.starts_with("错误：") && text.contains("--help"), "{line}: {text}");
            assert_eq!(foreign(&text), Vec::<&str>::new(), "{line}: {text}");
        }
        assert!(refused("qunfa statsu").contains("是否想用：status"));
        assert!(refused("qunfa status --acount a").contains("是否想用：--account"));
    }

    #[test]
    fn what_clap_adds_to_the_help_is_chinese() {
        let mut commands = vec![vec!["qunfa".to_owned()]];
        while let Some(path) = commands.pop() {
            for option in ["-h", "--help"] {
                let text = refused(&(path.join(" ") + " " + option));
                assert!(text.contains("用法：") && text.contains("选项："), "{text}");
                assert_eq!(foreign(&text), Vec::<&str>::new(), "{text}");
            }
            let all = l10n::within(Lang::ZhCn, super::super::command);
            let found = path[1..].iter().fold(&all, |at, name| at.find_subcommand(name).unwrap());
            let subs = found.get_subcommands().map(Command::get_name).filter(|sub| *sub != "help");
            commands.extend(subs.map(|sub| [path.clone(), vec![sub.to_owned()]].concat()));
        }
        assert!(refused("qunfa help status").contains("用法：qunfa status"));
    }

    #[test]
    fn in_english_clap_speaks_for_itself() {
        let line = ["qunfa", "status", "--acount", "a"];
        let error = super::super::command().try_get_matches_from(line).unwrap_err();

        assert_eq!(text(&error), error.render().ansi().to_string());
    }
}
