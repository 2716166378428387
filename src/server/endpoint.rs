//! The endpoints of the HTTP API, one row each.
//!
//! A row says which command answers, who may ask, and what a request may say. The routes, the
//! `OpenAPI` document and the client of the command line are all made from these rows, so a parameter
//! that is in no row reaches no command.

use crate::config::Role;

/// What every path begins with.
pub const BASE: &str = "/api/v1";

/// One endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// Its method.
    pub method: Method,
    /// Its path after [`BASE`], with the names of path parameters in braces.
    pub path: &'static str,
    /// What answers.
    pub action: Action,
    /// The least role.
    pub role: Role,
    /// Which accounts an answer is about.
    pub scope: Scope,
    /// What a request may say.
    pub parameters: &'static [Parameter],
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes something.
    Post,
}

/// What answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A command that writes JSON.
    Json(&'static str),
    /// A command that writes sentences, which the answer has as `answer`.
    Sentences(&'static str),
    /// The inbox, which takes a file.
    Submit,
    /// The inbox, which says what became of a file.
    Receipt,
    /// The table itself.
    OpenApi,
}

/// Which accounts an answer is about, so that a user who may see only some sees no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// That of the job, series or date that the parameter `id` names.
    Job,
    /// The one that the parameter `account` names.
    Account,
    /// All, or the one that the parameter `account` names.
    Selection,
    /// All; a user who may see only some is refused.
    All,
    /// Those of the jobs in the file.
    File,
    /// None.
    Nothing,
}

/// Something that a request may say.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in a path, a query or a body, and on the command line (`job` there for `id`).
    pub name: &'static str,
    /// How the command gets it.
    pub argument: Argument,
    /// Whether a request must have it.
    pub required: bool,
    /// What it is, for the `OpenAPI` document.
    pub about: &'static str,
}

/// How a command gets a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// By its place.
    Positional,
    /// As the value of an option; the second is used if a request does not say it.
    Value(&'static str, Option<&'static str>),
    /// As an option without a value.
    Flag(&'static str),
    /// As an option with or without a value: `true` is without.
    Either(&'static str),
    /// Not at all: it is not for a command.
    Own,
}

const ID: Parameter = Parameter {
    name: "id",
    argument: Argument::Positional,
    required: true,
    about: "The id of a job, a series or a date of a series",
};
const ACCOUNT: Parameter = Parameter {
    name: "account",
    argument: Argument::Positional,
    required: true,
    about: "The account's name",
};
const ONLY: Parameter = Parameter {
    name: "account",
    argument: Argument::Value("--account", None),
    required: false,
    about: "Only this account; a user of some accounts must name one of them",
};
const WHY: Parameter = Parameter {
    name: "why",
    argument: Argument::Value("--why", None),
    required: false,
    about: "Why; it is stored and shown with who decided",
};

const fn optional(name: &'static str, argument: Argument, about: &'static str) -> Parameter {
    Parameter { name, argument, required: false, about }
}

const fn get(
    path: &'static str,
    action: Action,
    scope: Scope,
    parameters: &'static [Parameter],
) -> Endpoint {
    Endpoint { method: Method::Get, path, action, role: Role::Viewer, scope, parameters }
}

const fn decide(
    (path, command): (&'static str, &'static str),
    role: Role,
    scope: Scope,
    parameters: &'static [Parameter],
) -> Endpoint {
    let action = Action::Sentences(command);
    Endpoint { method: Method::Post, path, action, role, scope, parameters }
}

/// What a request for the plan may say.
pub(super) const PLAN: &[Parameter] =
    &[optional("days", Argument::Value("--days", None), "How many Beijing days, 7 otherwise")];

/// The endpoints.
pub const ENDPOINTS: &[Endpoint] = &[
    get("/openapi.json", Action::OpenApi, Scope::Nothing, &[]),
    get(
        "/status",
        Action::Json("status"),
        Scope::Selection,
        &[
            ONLY,
            optional("limit", Argument::Value("--limit", None), "At most so many accounts"),
            optional("after", Argument::Value("--after", None), "Begin after this account"),
        ],
    ),
    get(
        "/jobs",
        Action::Json("jobs"),
        Scope::Selection,
        &[
            ONLY,
            optional("state", Argument::Value("--state", None), "Only those in one state"),
            optional(
                "limit",
                Argument::Value("--limit", Some("1000")),
                "At most so many, those due nearest to now; 1000 if it is not said",
            ),
        ],
    ),
    get("/jobs/{id}", Action::Json("show"), Scope::Job, &[ID]),
    get("/series", Action::Json("series"), Scope::Selection, &[ONLY]),
    get(
        "/decisions",
        Action::Json("decisions"),
        Scope::Selection,
        &[
            ONLY,
            optional("before", Argument::Value("--before", None), "Only those before this time"),
            optional("limit", Argument::Value("--limit", None), "At most so many, 50 otherwise"),
        ],
    ),
    get("/plan", Action::Json("plan"), Scope::All, PLAN),
    get("/quota/{account}", Action::Json("quota"), Scope::Account, &[ACCOUNT]),
    get("/followers/{account}", Action::Json("followers"), Scope::Account, &[ACCOUNT]),
    get("/qrcodes/{account}", Action::Json("qrcodes"), Scope::Account, &[ACCOUNT]),
    Endpoint {
        method: Method::Post,
        path: "/files",
        action: Action::Submit,
        role: Role::Editor,
        scope: Scope::File,
        parameters: &[Parameter {
            name: "name",
            argument: Argument::Own,
            required: true,
            about: "The file's name, which ends in .yaml, .yml or .json",
        }],
    },
    get(
        "/files/{name}",
        Action::Receipt,
        Scope::File,
        &[Parameter {
            name: "name",
            argument: Argument::Own,
            required: true,
            about: "The file's name in the inbox",
        }],
    ),
    decide(
        ("/jobs/{id}/approve", "approve"),
        Role::Approver,
        Scope::Job,
        &[
            ID,
            optional(
                "until",
                Argument::Value("--until", None),
                "The dates of a series up to this one, also those that are not planned yet",
            ),
            optional(
                "digest",
                Argument::Value("--digest", None),
                "Only if the job still has this digest, as it was shown",
            ),
            WHY,
        ],
    ),
    decide(
        ("/jobs/{id}/cancel", "cancel"),
        Role::Operator,
        Scope::Job,
        &[
            ID,
            optional(
                "from",
                Argument::Value("--from", None),
                "Only the dates of a series from this one on",
            ),
            WHY,
        ],
    ),
    decide(
        ("/jobs/{id}/reschedule", "reschedule"),
        Role::Operator,
        Scope::Job,
        &[
            ID,
            Parameter {
                name: "to",
                argument: Argument::Positional,
                required: true,
                about: "The time, as 2027-03-13 20:00 in the job's own zone, or with an offset",
            },
            WHY,
        ],
    ),
    decide(("/jobs/{id}/retry", "retry"), Role::Operator, Scope::Job, &[ID, WHY]),
    decide(
        ("/jobs/{id}/resolve", "resolve"),
        Role::Operator,
        Scope::Job,
        &[
            ID,
            optional(
                "sent",
                Argument::Either("--sent"),
                "It went out: the platform's number of it, or true",
            ),
            optional("not_sent", Argument::Flag("--not-sent"), "It did not go out: true"),
            optional("batch", Argument::Value("--batch", None), "Only this batch, from 1"),
            WHY,
        ],
    ),
    decide(("/accounts/{account}/hold", "hold"), Role::Operator, Scope::Account, &[ACCOUNT, WHY]),
    decide(
        ("/accounts/{account}/resume", "resume"),
        Role::Operator,
        Scope::Account,
        &[ACCOUNT, WHY],
    ),
];

impl Endpoint {
    /// Returns whether a parameter is a part of the path.
    pub fn has_in_path(&self, name: &str) -> bool {
        self.path.split('/').any(|part| {
            part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name)
        })
    }

    /// Returns the command that answers, if one does.
    pub const fn command(&self) -> Option<&'static str> {
        match self.action {
            Action::Json(command) | Action::Sentences(command) => Some(command),
            Action::Submit | Action::Receipt | Action::OpenApi => None,
        }
    }

    /// Returns the arguments of the command for what a request says.
    ///
    /// An option and its value are one word, and places come after `--`, so no value is ever taken
    /// for an option.
    pub fn arguments(&self, said: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut words: Vec<_> = self.command().into_iter().map(str::to_owned).collect();
        if let Action::Json(_) = self.action {
            words.push("--json".to_owned());
        }
        let mut places = vec!["--".to_owned()];
        for parameter in self.parameters {
            let said = said(parameter.name);
            match (parameter.argument, said.as_deref()) {
                (Argument::Positional, Some(value)) => places.push(value.to_owned()),
                (Argument::Value(option, usual), value) => {
                    words.extend(value.or(usual).map(|value| format!("{option}={value}")));
                }
                (Argument::Flag(option) | Argument::Either(option), Some("true")) => {
                    words.push(option.to_owned());
                }
                (Argument::Either(option), Some(value)) => words.push(format!("{option}={value}")),
                (Argument::Flag(_) | Argument::Own, Some(_)) | (_, None) => {}
            }
        }
        words.extend(places);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str) -> &'static Endpoint {
        ENDPOINTS.iter().find(|row| row.path == path).unwrap()
    }

    fn words(path: &str, said: &[(&str, &str)]) -> String {
        let of = |name: &str| {
            said.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        row(path).arguments(of).join(" ")
    }

    #[test]
    fn a_value_is_one_word_with_its_option_and_places_come_last() {
        for (path, said, expected) in [
            ("/jobs", &[][..], "jobs --json --limit=1000 --"),
            (
                "/jobs",
                &[("limit", "5"), ("state", "--config=x")],
                "jobs --json --state=--config=x --limit=5 --",
            ),
            ("/jobs/{id}", &[("id", "--config")], "show --json -- --config"),
            ("/jobs/{id}", &[("id", "a"), ("out", "/etc/x")], "show --json -- a"),
            ("/jobs/{id}/resolve", &[("id", "a"), ("sent", "true")], "resolve --sent -- a"),
            ("/jobs/{id}/resolve", &[("id", "a"), ("sent", "7")], "resolve --sent=7 -- a"),
            ("/jobs/{id}/resolve", &[("id", "a"), ("not_sent", "true")], "resolve --not-sent -- a"),
            ("/jobs/{id}/resolve", &[("id", "a"), ("not_sent", "false")], "resolve -- a"),
            ("/jobs/{id}/reschedule", &[("to", "T"), ("id", "a")], "reschedule -- a T"),
        ] {
            assert_eq!(words(path, said), expected, "{path} {said:?}");
        }
    }

    #[test]
    fn whoever_limits_an_answer_names_a_parameter_of_the_row() {
        for row in ENDPOINTS {
            let needed = match row.scope {
                Scope::Job => "id",
                Scope::Account | Scope::Selection => "account",
                Scope::File => "name",
                Scope::All | Scope::Nothing => continue,
            };
            assert!(row.parameters.iter().any(|one| one.name == needed), "{}", row.path);
        }
    }

    #[test]
    fn a_row_that_changes_something_is_not_for_viewers() {
        for row in ENDPOINTS {
            assert_eq!(row.method == Method::Post, row.role > Role::Viewer, "{}", row.path);
        }
    }
}
