//! What stands beside a broadcast, and jobs that are none.

use super::*;
use crate::model::{Action, Deletion, Preview, Speed, Viewer};

/// What it is, the file, and what is said.
pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "a preview to nobody",
        r"jobs:
  - id: a
    account: club
    preview: {before: 10m}
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:5: `to` is missing
      preview: {before: 10m}
      ^^^^^^^
help: OpenIDs or WeChat names: `to: [anne, …]`",
    ),
    (
        "a preview to a name with a space",
        r"jobs:
  - id: a
    account: club
    preview: {to: [anne, two names]}
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:26: this is neither an OpenID nor a WeChat name
      preview: {to: [anne, two names]}
                           ^^^^^^^^^
help: 28 characters that begin with o are an OpenID, others a WeChat name; `openid:` or `wxname:` before it says which",
    ),
    (
        "a coupon's preview without its card_ext",
        r"jobs:
  - id: a
    account: club
    preview: {to: anne}
    broadcast: {filter: {is_to_all: true}, wxcard: {card_id: C}}
",
        "f.yaml:4:5: a coupon's preview needs `card_ext`
      preview: {to: anne}
      ^^^^^^^
help: its JSON as text: `card_ext: '{\"code\": \"\", …, \"signature\": \"…\"}'`",
    ),
    (
        "a speed beyond the slowest",
        r"jobs:
  - {id: a, account: club, speed: 5}
",
        r"f.yaml:2:35: `speed` must be a number from 0 to 4
    - {id: a, account: club, speed: 5}
                                    ^",
    ),
    (
        "a deletion by number",
        r"jobs:
  - {id: a, account: club, delete: {msg_id: 30124}}
",
        r"f.yaml:2:28: `job` is missing
    - {id: a, account: club, delete: {msg_id: 30124}}
                             ^^^^^^
help: the id of the job that sent it

f.yaml:2:37: `delete` names a job, not a number
    - {id: a, account: club, delete: {msg_id: 30124}}
                                      ^^^^^^
help: write `job: …`; what was not sent by a job is deleted on the website",
    ),
    (
        "a ninth article",
        r"jobs:
  - {id: a, account: club, delete: {job: b, article_idx: 9}}
",
        r"f.yaml:2:58: `article_idx` must be a number from 0 to 8
    - {id: a, account: club, delete: {job: b, article_idx: 9}}
                                                           ^",
    ),
    (
        "two actions",
        r"jobs:
  - id: a
    account: club
    delete: {job: b}
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:5: `delete` cannot stand beside another action
      delete: {job: b}
      ^^^^^^
help: write a job of its own for it",
    ),
    (
        "a preview of nothing",
        r"jobs:
  - {id: a, account: club, speed: 4, preview: {to: anne}}
",
        r"f.yaml:2:38: `preview` needs a `broadcast` to show
    - {id: a, account: club, speed: 4, preview: {to: anne}}
                                       ^^^^^^^
help: take it out",
    ),
];

fn spec(rest: &str) -> crate::model::JobSpec {
    let file = format!("jobs: [{{id: a, account: club, {rest}}}]");
    parse_text(&file).unwrap().jobs.remove(0).spec
}

#[test]
fn a_job_is_a_deletion_or_a_speed_and_nothing_else() {
    let job = crate::model::JobId::parse("spring").unwrap();
    for (rest, expected) in [
        (
            "delete: {job: spring, article_idx: 1}",
            Action::Delete(Deletion { job: job.clone(), article_idx: Some(1), force: false }),
        ),
        (
            "delete: {job: spring, force: true}",
            Action::Delete(Deletion { job, article_idx: None, force: true }),
        ),
        ("speed: 4", Action::Speed(Speed::new(4).unwrap())),
    ] {
        let spec = spec(rest);

        assert_eq!((spec.action, spec.speed), (expected, None), "{rest}");
    }
}

#[test]
fn a_speed_beside_a_broadcast_is_the_one_that_it_goes_at() {
    let spec = spec("speed: 2, broadcast: {filter: {tag_id: 2}, text: x}");

    assert_eq!(spec.speed, Speed::new(2));
    assert_eq!(spec.action.name(), "broadcast");
}

#[test]
fn a_preview_names_each_person_once() {
    let spec =
        spec("preview: {to: [anne, anne, 'openid:o1']}, broadcast: {filter: {tag_id: 2}, text: x}");

    let to = vec![Viewer::Wxname("anne".into()), Viewer::Openid("o1".into())];
    assert_eq!(spec.preview, Some(Preview { to, before: TimeDelta::minutes(30), card_ext: None }));
}

#[test]
fn a_job_without_preview_and_speed_has_the_digest_that_it_always_had() {
    // Another digest would make every planned job that is dropped again look edited.
    let spec = spec("at: 2027-03-20 20:00, broadcast: {filter: {tag_id: 2}, text: x}");

    let json = serde_json::to_value(&spec).unwrap();
    assert_eq!(json.get("preview"), None);
    assert_eq!(json.get("speed"), None);
    assert_eq!(json["action"]["broadcast"]["audience"]["tag"], 2);
    assert_eq!(json["id"], "a");
}
