//! What is not YAML, or YAML that is refused. Each with everything that is said about it.

/// What it is, the file, and what is said.
pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "an empty file",
        "",
        r"f.yaml:1:1: no job in this file
  
  ^
help: a job file is `jobs:` and a list of at least one job",
    ),
    (
        "comments only",
        r"# later
",
        r"f.yaml:1:1: no job in this file
  # later
  ^
help: a job file is `jobs:` and a list of at least one job",
    ),
    (
        "a bare document",
        r"---
",
        r"f.yaml:1:1: no job in this file
  ---
  ^
help: a job file is `jobs:` and a list of at least one job",
    ),
    (
        "an empty list",
        r"jobs: []
",
        r"f.yaml:1:1: no job in this file
  jobs: []
  ^
help: a job file is `jobs:` and a list of at least one job",
    ),
    (
        "jobs that are no list",
        r"jobs:
  id: a
",
        r"f.yaml:1:1: `jobs` must be a list
  jobs:
  ^^^^
help: start each job with `- `",
    ),
    (
        "a list without its key",
        r"- id: a
",
        r"f.yaml:1:1: a job file must have keys, not a list
  - id: a
  ^
help: its keys are: jobs",
    ),
    (
        "a job at the top",
        r"id: a
account: club
",
        r"f.yaml:1:1: a job stands in the list `jobs`
  id: a
  ^^
help: start the file with `jobs:` and `  - id: …`

f.yaml:2:1: unknown key `account` in a job file
  account: club
  ^^^^^^^
help: its keys are: jobs",
    ),
    (
        "a second document",
        r"jobs:
  - id: a
    account: club
    broadcast:
      filter: {is_to_all: true}
      text: 春天
---
jobs:
  - id: a
    account: club
    broadcast:
      filter: {is_to_all: true}
      text: 春天
",
        r"f.yaml:7:1: a second document starts here
  ---
  ^^^
help: put its jobs into a file of their own",
    ),
    (
        "a key after a no-break space",
        "{\"jobs\": [{\"id\": \"a\", \"account\": \"club\", \"broadcast\": {
  \"filter\": {\"tag_id\": 2}, \"text\": \"x\",
\u{a0} \"msgtype\": \"text\"}}]}
",
        "f.yaml:3:1: unknown key `\u{a0} \"msgtype\"` in a broadcast
  \u{a0} \"msgtype\": \"text\"}}]}
  ^^^^^^^^^^^
help: a no-break space (U+00A0) stands here, as in text from a web page: write plain ones",
    ),
    (
        "a no-break space before a map",
        "{\"jobs\": [{\"id\": \"a\", \"account\": \"club\", \"broadcast\": {
\u{a0} \"filter\":{\"tag_id\": 2}, \"text\": \"x\"}}]}
",
        "f.yaml:2:11: this is not YAML: ':' may not precede any of `[{` in flow mapping
  \u{a0} \"filter\":{\"tag_id\": 2}, \"text\": \"x\"}}]}
            ^
help: a no-break space (U+00A0) stands here, as in text from a web page: write plain ones",
    ),
    (
        "a full-width space before a key",
        "jobs:
  - id: a
    account: club
    broadcast: {filter: {is_to_all: true}, text: x}
    \u{3000}priority: 1
",
        "f.yaml:5:5: unknown key `\u{3000}priority` in a job
      \u{3000}priority: 1
      ^^^^^^^^^^
help: a full-width space (U+3000) stands here: write plain ones",
    ),
    (
        "a repeated key",
        r"jobs:
  - id: a
    account: club
    account: daily
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:5: the key `account` is already there on line 3
      account: daily
      ^^^^^^^
help: keep one of the two",
    ),
    (
        "a directive",
        r"%YAML 1.2
---
jobs:
  - id: a
    account: club
    broadcast:
      filter: {is_to_all: true}
      text: 春天
",
        r"f.yaml:1:1: this is not YAML: YAML directives are disallowed
  %YAML 1.2
  ^",
    ),
    (
        "nesting",
        r"jobs: [[[[[[[[[[[[[[[[[[
",
        r"f.yaml:1:23: this is not YAML: recursion limit exceeded
  jobs: [[[[[[[[[[[[[[[[[[
                        ^
help: nothing in a job file lies that deep",
    ),
    (
        "a full-width colon",
        r"jobs:
  - id: a
    account：club
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:3:5: this is not YAML: simple key expected ':'
      account：club
      ^
help: `：` is a full-width colon; after a key goes `:` and a space",
    ),
    (
        "a tab",
        "jobs:\n\
         \t- id: a\n\
         ",
        r"f.yaml:2:2: this is not YAML: tabs disallowed within this context (block indentation)
   - id: a
   ^
help: indent with spaces, here and on the next line",
    ),
    (
        "a quote that is not closed",
        r#"jobs:
  - id: a
    account: club
    at: "2027-03-20 20:00
    broadcast: {filter: {is_to_all: true}, text: 春天}
"#,
        r"f.yaml:5:5: this is not YAML: invalid indentation in multiline quoted scalar
      broadcast: {filter: {is_to_all: true}, text: 春天}
      ^
help: perhaps a quote is not closed",
    ),
    (
        "a bracket that is not closed",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {is_to_all: true}, text: 春天
",
        r"f.yaml:4:16: this is not YAML: unclosed bracket '{'
      broadcast: {filter: {is_to_all: true}, text: 春天
                 ^
help: perhaps the file was cut short",
    ),
    (
        "a control character",
        "jobs:\n\
         \x20 - id: a\n\
         \x20   account: club\n\
         \x20   broadcast: {filter: {is_to_all: true}, text: 春\u{1b}天}\n\
         ",
        r"f.yaml:4:51: the control character U+001B is not allowed
      broadcast: {filter: {is_to_all: true}, text: 春\u{1b}天}
                                                     ^^^^^^
help: take it out",
    ),
    (
        "an escaped control character",
        r#"jobs:
  - id: a
    account: club
    broadcast: {filter: {is_to_all: true}, text: "春\e天"}
"#,
        r#"f.yaml:4:50: the control character U+001B is not allowed
      broadcast: {filter: {is_to_all: true}, text: "春\e天"}
                                                   ^^^^^^^^
help: take its escape out"#,
    ),
    (
        "a bidi override",
        "jobs:\n\
         \x20 - id: a\n\
         \x20   account: club\n\
         \x20   broadcast: {filter: {is_to_all: true}, text: 春\u{202e}天}\n\
         ",
        r"f.yaml:4:51: the text direction character U+202E is not allowed
      broadcast: {filter: {is_to_all: true}, text: 春\u{202e}天}
                                                     ^^^^^^^^
help: take it out",
    ),
];
