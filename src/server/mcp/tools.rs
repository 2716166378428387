//! The tools for agents, one row each.
//!
//! A tool is a command with `--json`, as an endpoint of the API is; where there is such an endpoint, it
//! is that. No tool approves, cancels, moves or releases anything.

use serde_json::{Map, Value, json};

use crate::config::Role;
use crate::server::endpoint::{Action, Argument, ENDPOINTS, Endpoint, Method, Parameter, Scope};

/// The most bytes of a job file's name or a path.
const NAME_MOST: u32 = 150;

/// One tool.
#[derive(Debug)]
pub(super) struct Tool {
    /// Its name, which is that of its command.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) effect: Effect,
    pub(super) inputs: &'static [Input],
}

/// What a call may change, as the hints tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Reads,
    /// Nothing, but the platform is asked.
    AsksPlatform,
    /// Jobs: a file may replace what was planned. The same file again changes nothing.
    Plans,
}

/// Something that a call may say.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A short text, which goes to the command.
    Text,
    /// A whole number in these bounds, which goes to the command.
    Number(u32, u32),
    /// The job file's name.
    Name,
    /// The job file's text.
    Content,
    /// The files that it names.
    Files,
}

const fn input(name: &'static str, kind: Kind, required: bool, about: &'static str) -> Input {
    Input { name, kind, required, about }
}

const NAME: Input = input(
    "name",
    Kind::Name,
    true,
    "The job file's name without folders; it ends in .yaml, .yml or .json: `spring.yaml`",
);
const CONTENT: Input =
    input("content", Kind::Content, true, "The job file's whole text; no path is ever read");
const FILES: Input = input(
    "files",
    Kind::Files,
    false,
    "The files that the job file names (articles, pictures, lists of OpenIDs), each with its path as \
     the job file writes it, and either `text` or `base64`",
);
const ACCOUNT: Input = input("account", Kind::Text, true, "The account's name");

/// The tools.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "check",
        title: "Check a job file",
        about: "Checks a job file as the inbox would: every mistake with its line and column, or when \
                each of its jobs would be sent and which other jobs would get another time. Nothing \
                is kept. Use it before `submit`.",
        effect: Effect::Reads,
        inputs: &[NAME, CONTENT, FILES],
    },
    Tool {
        name: "render",
        title: "Show what a job file would send",
        about: "Returns the articles of a job file as their HTML would be uploaded, with what would be \
                taken out of them. Nothing is kept or uploaded.",
        effect: Effect::Reads,
        inputs: &[NAME, CONTENT, FILES],
    },
    Tool {
        name: "submit",
        title: "Submit a job file for approval",
        about: "Checks a job file and hands it in. Its jobs are planned, and each waits until a person \
                approves it: nothing is sent before, whatever the file says. A job that is known by \
                its id is replaced as long as it was not asked for, and needs an approval again. No \
                tool approves: tell the person the job's id, who approves it in the console or with \
                `qunfa approve JOB`.",
        effect: Effect::Plans,
        inputs: &[NAME, CONTENT, FILES],
    },
    Tool {
        name: "plan",
        title: "Forecast the coming days",
        about: "Returns when each planned job will really be sent and why, day by day (Beijing days).",
        effect: Effect::Reads,
        inputs: &[input("days", Kind::Number(1, 366), false, "How many days; 7 if left out")],
    },
    Tool {
        name: "status",
        title: "Show the state of all accounts",
        about: "Returns the daemon's state, each account's quotas, the next jobs, the jobs that wait \
                for an approval, and what needs a person.",
        effect: Effect::Reads,
        inputs: &[
            input("account", Kind::Text, false, "Only this account"),
            input("limit", Kind::Number(1, 100_000), false, "At most so many accounts"),
            input("after", Kind::Text, false, "Begin after this account"),
        ],
    },
    Tool {
        name: "show",
        title: "Tell one job's story",
        about: "Returns everything about one job or series: its state and times, each decision, \
                request and event, and its result.",
        effect: Effect::Reads,
        inputs: &[input("id", Kind::Text, true, "The id of a job, a series or a date of a series")],
    },
    Tool {
        name: "quota",
        title: "Show what used an account's quotas",
        about: "Returns an account's quotas with each send and planned job that counts, and when they \
                are free again.",
        effect: Effect::Reads,
        inputs: &[ACCOUNT],
    },
    Tool {
        name: "drafts",
        title: "List an account's drafts",
        about: "Returns the draft box (草稿箱) of an account as the platform has it now: titles and \
                media ids, which a job file can name.",
        effect: Effect::AsksPlatform,
        inputs: &[ACCOUNT],
    },
];

const OF_FILE: Parameter = Parameter {
    name: "name",
    argument: Argument::Positional,
    required: true,
    about: "The job file's name",
};

const fn own(
    command: &'static str,
    role: Role,
    scope: Scope,
    parameters: &'static [Parameter],
) -> Endpoint {
    let (method, path) = (Method::Post, "");
    Endpoint { method, path, action: Action::Json(command), role, scope, parameters }
}

/// The rows of the tools that the API has no endpoint for.
static OWN: [Endpoint; 4] = [
    own("check", Role::Viewer, Scope::File, &[OF_FILE]),
    own("render", Role::Viewer, Scope::File, &[OF_FILE]),
    own(
        "submit",
        Role::Editor,
        Scope::File,
        &[
            OF_FILE,
            Parameter {
                name: "wait",
                argument: Argument::Value("--wait", Some("10")),
                required: false,
                about: "How many seconds the daemon's answer is waited for",
            },
        ],
    ),
    own(
        "drafts",
        Role::Editor,
        Scope::Account,
        &[Parameter {
            name: "account",
            argument: Argument::Positional,
            required: true,
            about: "The account's name",
        }],
    ),
];

/// Returns the tool of a name.
pub(super) fn named(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

impl Tool {
    /// Returns what answers it.
    pub(super) fn row(&self) -> &'static Endpoint {
        let is_it = |row: &&Endpoint| row.action == Action::Json(self.name);
        OWN.iter().chain(ENDPOINTS).find(is_it).expect("each tool has its row")
    }

    /// Returns whether it is about a job file that comes with the call.
    pub(super) fn is_about_file(&self) -> bool {
        self.inputs.iter().any(|input| input.kind == Kind::Content)
    }

    /// Returns the schema of its arguments.
    pub(super) fn schema(&self) -> Map<String, Value> {
        let properties: Map<String, Value> =
            self.inputs.iter().map(|input| (input.name.to_owned(), input.schema())).collect();
        let required = self.inputs.iter().filter(|input| input.required).map(|input| input.name);
        Map::from_iter([
            ("type".to_owned(), json!("object")),
            ("properties".to_owned(), properties.into()),
            ("required".to_owned(), json!(required.collect::<Vec<_>>())),
            ("additionalProperties".to_owned(), json!(false)),
        ])
    }
}

impl Input {
    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            Kind::Text => json!({"type": "string", "minLength": 1, "maxLength": 1000}),
            Kind::Number(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Kind::Name => json!({"type": "string", "minLength": 1, "maxLength": NAME_MOST}),
            Kind::Content => json!({"type": "string"}),
            Kind::Files => json!({"type": "array", "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string", "minLength": 1},
                    "text": {"type": "string"},
                    "base64": {"type": "string", "contentEncoding": "base64"},
                },
                "required": ["path"],
                "oneOf": [{"required": ["text"]}, {"required": ["base64"]}],
                "additionalProperties": false,
            }}),
        };
        schema["description"] = self.about.into();
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_says_only_what_its_command_takes() {
        for tool in TOOLS {
            let row = tool.row();
            for input in tool.inputs {
                let is_of_file = matches!(input.kind, Kind::Content | Kind::Files);
                let is_taken = row.parameters.iter().any(|one| one.name == input.name);
                assert_eq!(is_taken, !is_of_file, "{} {}", tool.name, input.name);
            }
            for parameter in row.parameters.iter().filter(|one| one.required) {
                assert!(tool.inputs.iter().any(|one| one.name == parameter.name && one.required));
            }
        }
    }

    #[test]
    fn no_tool_decides_for_a_person() {
        for tool in TOOLS {
            let row = tool.row();
            assert!(matches!(row.action, Action::Json(_)), "{}", tool.name);
            assert!(row.role <= Role::Editor, "{}", tool.name);
            assert_eq!(row.role == Role::Editor, tool.effect != Effect::Reads, "{}", tool.name);
        }
    }
}
