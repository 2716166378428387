//! The forecast with files that are not submitted yet, and the forecast as a file.

use std::collections::BTreeSet;
use std::fs;

use qunfa::cli::{Answer, Screen};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::cli::{JOBS, World, assert_fits, assert_golden};

/// Takes the day of `spring-launch`.
const URGENT: &str = "jobs:
  - {id: urgent, account: brand-daily, at: 2027-03-20 21:00, priority: 5, broadcast: {filter: {is_to_all: true}, text: 急}}
";

fn times(moved: &Value) -> Vec<(String, String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let moved = moved.as_array().unwrap().iter();
    moved.map(|one| (word(&one["id"]), word(&one["from"]), word(&one["to"]))).collect()
}

#[test]
fn plan_with_a_file_shows_its_jobs_and_whom_they_move() {
    let world = World::new();
    world.take(JOBS);
    let path = world.file("urgent.yaml", URGENT);

    assert_golden("plan-with.txt", &world.text(&["plan", "--with", &path]));
    let list = world.text(&["plan", "--list", "--with", &path]);
    let json = world.json(&["plan", "--json", "--with", &path]);

    assert!(list.contains("With these files planned jobs get other times:"), "{list}");
    let moved = &json["moved"];
    let launch = ("spring-launch", "2027-03-20T20:00:00+08:00", "2027-03-21T20:00:00+08:00");
    assert!(times(moved).contains(&(launch.0.into(), launch.1.into(), launch.2.into())), "{moved}");
    assert_eq!(moved[0]["reason_code"], "deferred");
    let of_files = |job: &&Value| job["of_files"] == true;
    let jobs: Vec<_> = json["jobs"].as_array().unwrap().iter().filter(of_files).collect();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0]["goes_at"], "2027-03-20T21:00:00+08:00");
}

#[test]
fn plan_with_files_stores_nothing() {
    let world = World::new();
    world.take(JOBS);
    let path = world.file("urgent.yaml", URGENT);
    let before = (world.json(&["jobs", "--json"]), world.json(&["plan", "--json"]));

    world.json(&["plan", "--json", "--with", &path]);

    assert_eq!((world.json(&["jobs", "--json"]), world.json(&["plan", "--json"])), before);
}

#[test]
fn each_job_is_told_once_and_only_if_it_is_planned_already() {
    let world = World::new();
    world.take(JOBS);
    let first = world.file("first.yaml", URGENT);
    // It takes the day of the first one, which is of a file itself, and gives way by that alone.
    let second = URGENT.replace("urgent", "second").replace("priority: 5", "priority: 9");
    let second = world.file("second.yaml", &second);

    let json = world.json(&["plan", "--json", "--with", &first, &second]);

    let moved = times(&json["moved"]);
    let ids: BTreeSet<_> = moved.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!(ids.len(), moved.len(), "{moved:?}");
    assert!(ids.contains("spring-launch") && !ids.contains("urgent"), "{moved:?}");
    let harmless = world.file("third.yaml", &URGENT.replace("03-20 21", "03-24 21"));
    let text = world.text(&["plan", "--with", &harmless]);
    assert!(text.contains("With these files every planned job keeps its time."), "{text}");
    assert!(text.contains("21:00 +急"), "{text}");
}

#[test]
fn a_file_that_the_inbox_would_refuse_has_no_plan() {
    let world = World::new();
    let path = world.file("bad.yaml", "jobs:\n  - id: 春\n");

    let (answer, text) = world.run(&["plan", "--with", &path]);
    let (_, json) = world.run(&["plan", "--json", "--with", &path]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert_fits(&text);
    assert!(text.contains("bad.yaml:2:9: `春` cannot be an id"), "{text}");
    let view: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&view["ok"], &view["diagnostics"][0]["line"]), (&json!(false), &json!(2)));
}

#[test]
fn the_days_reach_to_the_last_job_of_the_files() {
    let world = World::new();
    for (at, days, expected) in [
        ("2027-03-21 21:00", None, 7),
        ("2027-04-10 21:00", None, 22),
        ("2027-04-10 21:00", Some("3"), 3),
        ("2028-04-10 21:00", None, 62),
    ] {
        let path = world.file("a.yaml", &URGENT.replace("2027-03-20 21:00", at));
        let given = days.map(|days| ["--days", days]);
        let given = given.as_ref().map_or(&[][..], |given| given);

        let json = world.json(&[&["plan", "--json"], given, &["--with", &path]].concat());

        assert_eq!(json["days"], expected, "{at} {days:?}");
    }
}

#[test]
fn dates_of_a_series_of_the_files_are_marked() {
    let world = World::new();
    let path = world.file(
        "weekly.yaml",
        "jobs:\n  - {id: weekly, account: brand-daily, cron: '0 20 * * FRI', broadcast: {filter: {tag_id: 2}, text: 周五}}\n",
    );

    let json = world.json(&["plan", "--json", "--with", &path]);

    let jobs = json["jobs"].as_array().unwrap();
    assert_eq!((jobs.len(), &jobs[0]["id"]), (1, &json!("weekly@2027-03-26")));
    assert_eq!(jobs[0]["of_files"], true);
}

/// A world of many accounts with Chinese names, two of which have a job.
fn many(accounts: usize) -> World {
    let world = World::new();
    let lines: String = (0..accounts)
        .map(|number| format!("  品牌日报{number}: {{kind: subscription, appid: wx{number:03}, secret_file: secret}}\n"))
        .collect();
    world.file("config.yaml", &format!("state_dir: state\naccounts:\n{lines}"));
    world
}

#[test]
fn the_grid_of_many_accounts_shows_those_with_jobs_and_counts_the_others() {
    let world = many(200);
    let job = |account: usize| {
        format!(
            "  - {{id: j{account}, account: 品牌日报{account}, at: 2027-03-21 20:00, broadcast: {{filter: {{is_to_all: true}}, text: 春天来了春天来了}}}}\n"
        )
    };
    let path = world.file("jobs.yaml", &format!("jobs:\n{}{}", job(7), job(190)));
    for screen in
        [|| Some(Screen { columns: 80, rows: 24 }), || Some(Screen { columns: 100, rows: 24 })]
            as [fn() -> Option<Screen>; 2]
    {
        let (answer, text) = world.run_on(screen, &["plan", "--with", &path]);

        answer.unwrap();
        let columns = screen().unwrap().columns;
        assert!(text.lines().all(|line| line.width() <= columns), "{text}");
        assert!(text.contains("品牌日报7") && text.contains("品牌日报190"), "{text}");
        assert!(text.contains("198 accounts have no job on these days"), "{text}");
        assert!(text.lines().count() < 30, "{text}");
    }
    assert_eq!(world.json(&["plan", "--json"])["grid"].as_array().unwrap().len(), 200);
}

#[test]
fn the_grid_of_one_account_has_one_column() {
    let world = many(1);

    let text = world.text(&["plan"]);

    assert!(text.contains("\nday        品牌日报0\nSat 03-20  free\n"), "{text}");
}

/// The page that `plan --html` writes.
fn page(world: &World, arguments: &[&str]) -> String {
    let path = world.path("plan.html");
    let said = world.text(&[&["plan", "--html", path.to_str().unwrap()], arguments].concat());
    assert!(said.contains("plan.html: ") && said.lines().count() <= 2, "{said}");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_of_the_plan_is_whole() {
    let world = World::new();
    world.evening();

    let page = page(&world, &[]);

    let (head, rest) = page.split_once("<style>").unwrap();
    let (style, body) = rest.split_once("</style>").unwrap();
    assert!(style.contains("prefers-color-scheme: dark"), "{style}");
    assert_golden("plan.html", &format!("{head}<style></style>{body}"));
}

#[test]
fn the_page_loads_nothing_and_escapes_every_text() {
    let world = World::new();
    world.take(
        "jobs:\n  - {id: a@b, account: brand-club, at: 2027-03-21 20:00, title: \"<script>alert(1)</script> & \\\"x\\\"\", broadcast: {filter: {tag_id: 2}, text: x}}\n",
    );
    let urgent = world.file("urgent.yaml", &URGENT.replace("急", "<b>急</b>"));

    let page = page(&world, &["--with", &urgent]);

    for absent in ["<script", "http://", "https://", " src=", "<link", "@import", "url(", "<b>急"]
    {
        assert!(!page.contains(absent), "{absent}\n{page}");
    }
    assert!(page.contains("script&#62;alert(1)"), "{page}");
    assert!(page.contains("<html lang=\"en\">") && page.contains("<title>qunfa plan, 2027"));
    let heads = page.matches("<th ").count();
    assert_eq!(page.matches("<th scope=").count(), heads);
    let ids: Vec<_> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for target in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next()) {
        assert!(ids.contains(&target), "{target:?}");
    }
}

/// The calendar that `plan --ics` writes, and its lines as they were before they were folded.
fn ics(world: &World, arguments: &[&str]) -> (String, Vec<String>) {
    let path = world.path("plan.ics");
    world.text(&[&["plan", "--ics", path.to_str().unwrap()], arguments].concat());
    let text = fs::read_to_string(path).unwrap();
    let lines = text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect();
    (text, lines)
}

#[test]
fn the_calendar_keeps_to_its_format() {
    let world = World::new();
    world.evening();
    world.take(
        "jobs:\n  - {id: long, account: brand-club, at: 2027-03-22 20:00, title: \"春天来了, 真的; 一\\\\二春天来了春天来了春天来了春天来了\", broadcast: {filter: {tag_id: 2}, text: x}}\n",
    );

    let (text, lines) = ics(&world, &[]);

    assert!(text.ends_with("END:VCALENDAR\r\n"));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
    for line in text.split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(std::str::from_utf8(line.as_bytes()).is_ok());
    }
    assert_golden("plan.ics.txt", &(lines.join("\n") + "\n"));
    assert!(lines.iter().any(|line| line.starts_with("SUMMARY:春天来了\\, 真的\\; 一\\\\二")));
    let read: icalendar::Calendar = text.parse().unwrap();
    let events = read.components.iter().filter_map(|one| one.as_event());
    let uids: BTreeSet<_> = events.filter_map(icalendar::Component::get_uid).collect();
    assert_eq!(uids.len(), text.matches("BEGIN:VEVENT").count());
    assert!(uids.contains("spring-echo.brand-daily@qunfa"), "{uids:?}");
}

#[test]
fn a_job_that_moves_keeps_its_event() {
    let world = World::new();
    world.take(JOBS);
    let urgent = world.file("urgent.yaml", URGENT);
    let launch = |lines: &[String]| {
        let at = lines.iter().position(|line| line == "UID:spring-launch.brand-daily@qunfa");
        let at = at.unwrap_or_else(|| panic!("{lines:#?}"));
        let begin = lines[..at].iter().rposition(|line| line == "BEGIN:VEVENT").unwrap();
        lines[begin..].iter().find(|line| line.starts_with("DTSTART")).unwrap().clone()
    };

    assert_eq!(launch(&ics(&world, &[]).1), "DTSTART:20270320T120000Z");
    assert_eq!(launch(&ics(&world, &["--with", &urgent]).1), "DTSTART:20270321T120000Z");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let world = World::new();

    let problem = world.problem(&["plan", "--html", "/nowhere/at/all.html"]);

    assert_eq!(problem.exit_code(), 3);
    assert!(problem.message().contains("/nowhere/at/all.html cannot be written"), "{problem}");
}
