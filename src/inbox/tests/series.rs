//! Jobs with `cron:`.

use super::*;
use crate::calendar::Recurrence;

fn job(keys: &str) -> String {
    format!(
        "jobs:\n  - id: weekly\n    account: club\n{keys}    broadcast: {{filter: {{tag_id: 2}}, text: 春}}\n"
    )
}

fn series(keys: &str) -> ParsedJob {
    parse_text(&job(keys)).unwrap_or_else(|error| panic!("{error}")).jobs.remove(0)
}

fn dates(recurrence: &Recurrence, count: usize) -> Vec<String> {
    let dates = recurrence.after(at(0)).take(count);
    dates.map(|date| format!("{} {}", date.date, date.at.to_rfc3339())).collect()
}

#[test]
fn a_job_with_cron_is_a_series_in_its_own_zone() {
    let weekly =
        series("    cron: 0 20 * * FRI\n    timezone: Europe/Paris\n    from: 2027-03-20\n");

    assert_eq!(weekly.spec.at, None);
    assert_eq!(
        dates(&weekly.recurrence.unwrap(), 2),
        ["2027-03-26 2027-03-26T19:00:00+00:00", "2027-04-02 2027-04-02T18:00:00+00:00"]
    );
    assert_eq!(series("    at: 2027-03-20 20:00\n").recurrence, None);
}

#[test]
fn a_bound_is_a_whole_day_or_an_instant() {
    for (keys, expected) in [
        ("    from: 2027-03-05\n    until: 2027-03-06\n", vec!["2027-03-05", "2027-03-06"]),
        ("    from: 2027-03-05 20:00\n    until: 2027-03-06 19:59\n", vec!["2027-03-05"]),
        ("    from: 2027-03-05 20:01\n    until: 2027-03-06T12:00:00Z\n", vec!["2027-03-06"]),
    ] {
        let found = series(&format!("    cron: 0 20 * * *\n{keys}")).recurrence.unwrap();
        let found: Vec<_> = found.after(at(0)).take(9).map(|date| date.date.to_string()).collect();
        assert_eq!(found, expected, "{keys}");
    }
}

#[test]
fn what_no_series_can_have_is_refused_at_its_place() {
    let long = "w".repeat(54);
    for (keys, expected) in [
        (
            "    at: 2027-03-20 20:00\n    cron: 0 20 * * FRI\n",
            "f.yaml:4:5: `at` cannot stand beside `cron`",
        ),
        (
            "    cron: 0 0 20 * * FRI\n",
            "f.yaml:4:11: `0 0 20 * * FRI` has 6 instead of five fields",
        ),
        (
            "    cron: 0 8,20 * * *\n",
            "f.yaml:4:11: `0 8,20 * * *` comes at more than one time of a day, and a series comes at one",
        ),
        (
            "    cron: 0 20 13 * FRI\n",
            "f.yaml:4:11: `0 20 13 * FRI` names days of the month and days of the week",
        ),
        ("    cron: 0 20 30 2 *\n", "f.yaml:4:11: `0 20 30 2 *` never comes"),
        ("    cron: 每周五\n", "f.yaml:4:11: `每周五` has 1 instead of five fields"),
        ("    cron:\n", "f.yaml:4:5: `cron` is empty"),
        ("    from: 2027-03-20\n", "f.yaml:4:5: `from` needs `cron`"),
        ("    until: 2027-03-20\n", "f.yaml:4:5: `until` needs `cron`"),
        ("    cron: 0 20 * * FRI\n    from: 2027-02-30\n", "f.yaml:5:11: `2027-02-30` is no date"),
        ("    cron: 0 20 * * FRI\n    until: soon\n", "f.yaml:5:12: `soon` is no date"),
        (
            "    cron: 0 20 * * FRI\n    from: 2027-03-06\n    until: 2027-03-11\n",
            "f.yaml:4:11: no date of `cron` lies between `from` and `until`",
        ),
        (
            "    cron: 0 20 * * FRI\n    expires: 2027-04-01 00:00\n",
            "f.yaml:5:14: `expires` of a series must be a duration",
        ),
    ] {
        let found = parse_text(&job(keys)).unwrap_err();
        assert!(found.starts_with(expected), "{keys}{found}");
        assert_eq!(found.matches("f.yaml:").count(), 1, "{found}");
    }
    for (id, expected) in [
        (long.as_str(), "f.yaml:2:9: the id of a series has at most 53 characters"),
        ("a@2027-03-05", "f.yaml:2:9: `a@2027-03-05` reads like one date of a series"),
    ] {
        let text = job("    cron: 0 20 * * FRI\n").replace("weekly", id);
        let found = parse_text(&text).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_deletion_is_no_series_and_a_speed_is() {
    let head = "jobs:\n  - id: weekly\n    account: club\n    cron: 0 20 * * FRI\n";

    let found = parse_text(&format!("{head}    delete: {{job: a}}\n")).unwrap_err();
    assert!(found.starts_with("f.yaml:5:5: `delete` cannot be a series"), "{found}");
    let menu = "menu: {button: [{type: click, name: 春, key: SPRING}]}";
    let found = parse_text(&format!("{head}    {menu}\n")).unwrap_err();
    assert!(found.starts_with("f.yaml:5:5: `menu` cannot be a series in this version"), "{found}");
    assert!(parse_text(&format!("{head}    speed: 4\n")).is_ok());
}

#[test]
fn a_draft_and_an_approval_are_told_of_once() {
    let text = job("    cron: 0 20 * * FRI\n    approval: true\n")
        .replace("text: 春", "mpnews: {media_id: DRAFT}");

    let notes = parse_text(&text).unwrap().jobs.remove(0).notes;

    assert!(notes[0].starts_with("a draft goes with its first broadcast"), "{notes:?}");
    assert_eq!(notes[1], "each of its dates waits for an approval of its own");
}
