//! Jobs that are wrong outside their broadcast. Each with everything that is said about it.

/// What it is, the file, and what is said.
pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "a misspelt key",
        r"jobs:
  - id: a
    account: club
    pririty: 5
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:5: unknown key `pririty` in a job
      pririty: 5
      ^^^^^^^
help: did you mean `priority`?",
    ),
    (
        "an empty menu",
        r"jobs:
  - id: a
    account: club
    menu: {button: []}
",
        r"f.yaml:4:12: `button` must be a list of 1 to 3 buttons
      menu: {button: []}
             ^^^^^^
help: this has 0",
    ),
    (
        "no id",
        r"jobs:
  - account: club
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:2:5: `id` is missing
    - account: club
      ^
help: 1 to 64 characters of A-Z a-z 0-9 . _ @ -",
    ),
    (
        "an id with a space",
        r"jobs:
  - id: 春 launch
    account: club
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:2:9: `春 launch` cannot be an id
    - id: 春 launch
          ^^^^^^^^^
help: an id is 1 to 64 characters of A-Z a-z 0-9 . _ @ -",
    ),
    (
        "an id twice",
        r"jobs:
  - id: a
    account: club
    broadcast:
      filter: {is_to_all: true}
      text: 春天
  - id: a
    account: club
    broadcast:
      filter: {is_to_all: true}
      text: 春天
",
        r"f.yaml:7:9: the id `a` is already used on line 2
    - id: a
          ^
help: each job needs an id of its own",
    ),
    (
        "an unknown account",
        r"jobs:
  - id: a
    account: clubb
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:3:14: there is no account `clubb`
      account: clubb
               ^^^^^
help: the config has: club, daily",
    ),
    (
        "a time without its value",
        r"jobs:
  - id: a
    account: club
    at:
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:5: `at` is empty
      at:
      ^^
help: give it a value, or take the key out",
    ),
    (
        "a time of JSON null",
        r"jobs:
  - id: a
    account: club
    at: null
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:9: `at` is empty
      at: null
          ^^^^
help: give it a value, or take the key out",
    ),
    (
        "a date without a time",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:9: `2027-03-20` is no time
      at: 2027-03-20
          ^^^^^^^^^^
help: a time of day is missing: write it as 2027-03-20 20:00",
    ),
    (
        "a day that does not exist",
        r"jobs:
  - id: a
    account: club
    at: 2027-02-30 20:00
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:9: `2027-02-30 20:00` is no date of the calendar
      at: 2027-02-30 20:00
          ^^^^^^^^^^^^^^^^
help: check the month and the day",
    ),
    (
        "the hour 24",
        r"jobs:
  - id: a
    account: club
    at: 2027-12-31 24:00
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:9: `2027-12-31 24:00` has no hour 24
      at: 2027-12-31 24:00
          ^^^^^^^^^^^^^^^^
help: write 2028-01-01 00:00",
    ),
    (
        "a skipped hour",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-14 02:30
    timezone: America/New_York
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:9: `2027-03-14 02:30` does not exist in America/New_York: the clocks go forward there
      at: 2027-03-14 02:30
          ^^^^^^^^^^^^^^^^
help: write the one that is meant: `2027-03-14T02:30:00-05:00`, which is 2027-03-14 03:30 there, or `2027-03-14T02:30:00-04:00`, 2027-03-14 01:30",
    ),
    (
        "a zone that is none",
        r"jobs:
  - id: a
    account: club
    timezone: Asia/Beijing
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:15: `Asia/Beijing` is no time zone
      timezone: Asia/Beijing
                ^^^^^^^^^^^^
help: did you mean `Asia/Shanghai`?",
    ),
    (
        "a grace of nothing",
        r"jobs:
  - id: a
    account: club
    grace: 0s
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:12: `grace` must be longer than nothing
      grace: 0s
             ^^",
    ),
    (
        "a grace without a unit",
        r"jobs:
  - id: a
    account: club
    grace: 30
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:12: `30` is no duration
      grace: 30
             ^^
help: write it as 30m, 2h or 7d",
    ),
    (
        "a grace longer than retry_for",
        r"jobs:
  - id: a
    account: club
    grace: 3h
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:12: `grace` must be shorter than `retry_for`
      grace: 3h
             ^^
help: left out, `grace` is 30m and `retry_for` is 2h",
    ),
    (
        "a retry_for over 20 hours",
        r"jobs:
  - id: a
    account: club
    retry_for: 21h
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:16: `retry_for` must be at most 20h
      retry_for: 21h
                 ^^^
help: the platform forgets a request after 24 h; a later one could be a second broadcast",
    ),
    (
        "an end before its beginning",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    expires: 2027-03-20 19:00
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:5:14: `expires` must be at least `grace` after `at`
      expires: 2027-03-20 19:00
               ^^^^^^^^^^^^^^^^
help: left out, it is 7d after `at`",
    ),
    (
        "an expires shorter than grace",
        r"jobs:
  - id: a
    account: club
    expires: 10m
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:14: `expires` must be at least `grace` after `at`
      expires: 10m
               ^^^
help: left out, it is 7d after `at`",
    ),
    (
        "a priority out of range",
        r"jobs:
  - id: a
    account: club
    priority: 101
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:15: `priority` must be a number from -100 to 100
      priority: 101
                ^^^",
    ),
    (
        "an approval that is no boolean",
        r"jobs:
  - id: a
    account: club
    approval: yes
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:15: `approval` must be true or false
      approval: yes
                ^^^
help: without quotes; `yes` and `1` are neither",
    ),
    (
        "a wrong choice",
        r"jobs:
  - id: a
    account: club
    on_quota: wait
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:15: `wait` is no value of `on_quota`
      on_quota: wait
                ^^^^
help: it is one of `defer`, `fail`",
    ),
];
