//! Jobs with `cron:`.

use super::*;
use crate::calendar::Recurrence;
use crate::model::{JobId, JobSpec};

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
            "    cron: 0 8-20 * * *\n",
            "f.yaml:4:11: `0 8-20 * * *` has a pattern for its time of a day",
        ),
        ("    cron: [0 8 * * *, 0 x * * *]\n", "f.yaml:4:23: `0 x * * *` has no time of a day"),
        ("    cron: [0 8 * * *, 0  8 * * *]\n", "f.yaml:4:23: `0  8 * * *` stands twice"),
        ("    cron: []\n", "f.yaml:4:11: `cron` is empty"),
        ("    count: 3\n", "f.yaml:4:5: `count` needs `cron`"),
        ("    except: 2027-03-05\n", "f.yaml:4:5: `except` needs `cron`"),
        ("    cron: 0 20 * * FRI\n    count: 3\n", "f.yaml:5:5: `count` needs `from`"),
        (
            "    cron: 0 20 * * FRI\n    except: [2027-03-05, friday]\n",
            "f.yaml:5:26: `friday` is no date",
        ),
        (
            "    cron: 0 20 * * FRI\n    except: 2027-03-05..2027-03-04\n",
            "f.yaml:5:13: `2027-03-05..2027-03-04` ends before it begins",
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
        (long.as_str(), "f.yaml:2:9: the id of this series has at most 53 characters"),
        ("a@2027-03-05", "f.yaml:2:9: `a@2027-03-05` reads like one date of a series"),
        ("a@2027-03-05-2000", "f.yaml:2:9: `a@2027-03-05-2000` reads like one date of a series"),
    ] {
        let text = job("    cron: 0 20 * * FRI\n").replace("weekly", id);
        let found = parse_text(&text).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_series_has_several_expressions_and_hours_a_count_and_exceptions() {
    for (keys, expected) in [
        ("cron: 0 8,20 * * FRI", "2027-03-05-0800 2027-03-05-2000 2027-03-12-0800"),
        ("cron: [0 8 * * MON, 30 20 * * FRI]", "2027-03-01-0800 2027-03-05-2030 2027-03-08-0800"),
        // Two expressions of one time of day need no time in the ids.
        ("cron: [0 8 * * MON, 0 8 * * FRI]", "2027-03-01 2027-03-05 2027-03-08"),
        ("cron: 0 20 * * FRI\n    count: 2", "2027-03-05 2027-03-12"),
        ("cron: 0 20 * * FRI\n    except: 2027-03-12", "2027-03-05 2027-03-19 2027-03-26"),
        (
            "cron: 0 20 * * FRI\n    except: [2027-03-05, 2027-03-19..2027-04-02]",
            "2027-03-12 2027-04-09 2027-04-16",
        ),
    ] {
        let found = series(&format!("    {keys}\n    from: 2027-03-01\n")).recurrence.unwrap();
        let found: Vec<_> = found.after(at(0)).take(3).map(|date| date.date.to_string()).collect();
        assert_eq!(found.join(" "), expected, "{keys}");
    }
    let long = "w".repeat(49);
    let text = job("    cron: 0 8,20 * * FRI\n").replace("weekly", &long);
    let found = parse_text(&text).unwrap_err();
    assert!(found.starts_with("f.yaml:2:9: the id of this series has at most 48 char"), "{found}");
}

#[test]
fn placeholders_that_no_date_can_fill_in_are_refused_at_their_place() {
    let long = format!("{}{{date}}{{n}}", "题".repeat(50));
    for (from, title, expected) in [
        ("", "第{n}期", "f.yaml:5:12: `{n}` needs `from`"),
        ("    from: 2027-03-01\n", "{day}", "f.yaml:6:12: there is no placeholder `{day}`"),
        ("", "{date:%Q}", "f.yaml:5:12: a date cannot be written as `%Q`"),
        ("    from: 2027-03-01\n", &long, "f.yaml:6:12: a date would have `题题"),
    ] {
        let keys = format!("    cron: 0 20 * * FRI\n{from}    title: \"{title}\"\n");
        let found = parse_text(&job(&keys)).unwrap_err();
        assert!(found.starts_with(expected), "{title}{found}");
    }
    let plain = series("    cron: 0 20 * * FRI\n    title: \"{1} { } {中}\"\n");
    assert!(!plain.spec.templated);
    let noted = series("    at: 2027-03-20 20:00\n    title: \"{date}\"\n");
    assert!(noted.notes.iter().any(|note| note.contains("is sent as it is")), "{:?}", noted.notes);
}

const HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//gov//holidays//CN\r\n\
    BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20270101T000000Z\r\nDTSTART;VALUE=DATE:20271001\r\n\
    DTEND;VALUE=DATE:20271008\r\nSUMMARY:国庆节（休）\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20270101T000000Z\r\nDTSTART;VALUE=DATE:20271009\r\n\
    SUMMARY:国庆节（班）\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:3\r\nDTSTAMP:20270101T000000Z\r\nDTSTART:20271011T020000Z\r\n\
    SUMMARY:会议\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn exceptions_come_from_a_file_of_dates_or_of_public_holidays() {
    let marked = HOLIDAYS
        .replace("SUMMARY:国庆节（休）", "SUMMARY:国庆节\r\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY")
        .replace("SUMMARY:国庆节（班）", "SUMMARY:重阳节");
    for (file, content, note) in [
        (
            "holidays.ics",
            HOLIDAYS,
            "holidays.ics leaves out 7 dates, 2027-10-01 to 2027-10-07; a working day (班) in it is \
             not left out",
        ),
        ("apple.ics", &marked, "apple.ics leaves out 7 dates, 2027-10-01 to 2027-10-07"),
        (
            "dates.txt",
            "# 国庆节\n2027-10-01..2027-10-07 # 一周\n\n",
            "dates.txt leaves out 7 dates, 2027-10-01 to 2027-10-07",
        ),
    ] {
        let keys = format!("    cron: 0 20 * * *\n    from: 2027-09-30\n    except: {file}\n");
        let parsed = parse_bytes("f.yaml", job(&keys).as_bytes(), &OneList(content));
        let job = parsed.unwrap_or_else(|error| panic!("{error}")).jobs.remove(0);
        let recurrence = job.recurrence.unwrap();
        let found: Vec<_> =
            recurrence.after(at(0)).take(4).map(|date| date.date.to_string()).collect();
        assert_eq!(found, ["2027-09-30", "2027-10-08", "2027-10-09", "2027-10-10"], "{file}");
        assert_eq!(job.notes[0], note);
    }
    for (file, content, expected) in [
        ("a.ics", "BEGIN", "f.yaml:5:13: `a.ics` is no calendar: "),
        ("a.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "f.yaml:5:13: `a.ics` contains no date"),
        ("a.txt", "2027-10-01\nsoon", "f.yaml:5:13: a.txt, line 2: `soon` is no date"),
        ("../a.txt", "", "f.yaml:5:13: "),
    ] {
        let keys = format!("    cron: 0 20 * * *\n    except: {file}\n");
        let found = parse_bytes("f.yaml", job(&keys).as_bytes(), &OneList(content)).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
    }
    let yearly = HOLIDAYS.replace("UID:1", "RRULE:FREQ=YEARLY\r\nUID:1");
    let keys = "    cron: 0 20 * * *\n    except: a.ics\n";
    let found = parse_bytes("f.yaml", job(keys).as_bytes(), &OneList(&yearly)).unwrap_err();
    assert!(found.starts_with("f.yaml:5:13: `国庆节（休）` recurs in `a.ics`"), "{found}");
}

#[test]
fn a_deletion_and_a_permanent_code_are_no_series_and_other_calls_are() {
    let head = "jobs:\n  - id: weekly\n    account: club\n    cron: 0 20 * * FRI\n";

    let found = parse_text(&format!("{head}    delete: {{job: a}}\n")).unwrap_err();
    assert!(found.starts_with("f.yaml:5:5: `delete` cannot be a series"), "{found}");
    let permanent = "qrcode: {action_name: QR_LIMIT_SCENE, action_info: {scene: {scene_id: 7}}}";
    let found = parse_text(&format!("{head}    {permanent}\n")).unwrap_err();
    assert!(found.starts_with("f.yaml:5:5: a permanent code cannot be a series"), "{found}");
    for call in [
        "speed: 4",
        "menu: {button: [{type: click, name: 春, key: SPRING}]}",
        "qrcode: {expire_seconds: 2592000, action_name: QR_SCENE, action_info: {scene: {scene_id: 7}}}",
    ] {
        let parsed = parse_text(&format!("{head}    {call}\n"));
        assert!(parsed.unwrap().jobs[0].recurrence.is_some(), "{call}");
    }
}

#[test]
fn a_draft_and_an_approval_are_told_of_once() {
    let text = job("    cron: 0 20 * * FRI\n    approval: true\n")
        .replace("text: 春", "mpnews: {media_id: DRAFT}");

    let notes = parse_text(&text).unwrap().jobs.remove(0).notes;

    assert!(notes[0].starts_with("a draft goes with its first broadcast"), "{notes:?}");
    assert_eq!(notes[1], "each of its dates waits for an approval of its own");
}

#[test]
fn a_job_is_written_once_more_with_everything_but_its_id_and_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.yaml");
    let file =
        job("    cron: 0 20 * * FRI\n    priority: 5\n    approval: true\n    expires: 1d\n")
            .replace("text: 春", "text: {content: \"春: 'yes', [1]\\n007\"}");
    std::fs::write(&path, &file).unwrap();
    let accounts = accounts();
    let accounts = [&accounts[0], &accounts[1]];
    let package = read_path(&path).unwrap();
    let [id, new, other] = ["weekly", "special", "other"].map(|id| JobId::parse(id).unwrap());

    let again = package.again(&id, &new, "2027-03-13 20:00").unwrap();

    let old = package.parse(&accounts).unwrap().jobs.remove(0);
    let found = parse_text(&again.job).unwrap_or_else(|error| panic!("{error}")).jobs.remove(0);
    let at = "2027-03-13T12:00:00Z".parse().ok();
    assert_eq!(found.spec, JobSpec { id: new.clone(), at, ..old.spec });
    assert_eq!(found.recurrence, None);
    assert!(again.files.is_empty() && package.again(&other, &new, "2027-03-13 20:00").is_none());
}
