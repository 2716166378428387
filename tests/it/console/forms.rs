//! The form for the usual broadcast: it makes a job file, is checked like one, and edits a job.

use chrono::TimeDelta;

use super::Served;
use crate::rig::{at_line, real_now, to_tag_with};

const HOSTILE: &str = "春天 # no: \"comment\" {date}\r\n- 'two' \\n <b>lines</b>";

/// A time of the next week, as a browser's field has it.
fn next_week() -> String {
    let at = real_now() + TimeDelta::days(7) + TimeDelta::hours(8);
    format!("{}T20:00", at.format("%Y-%m-%d"))
}

/// The same for everyone of the account that sends once a day.
fn of_daily((name, value): (&'static str, String)) -> (&'static str, String) {
    match name {
        "account" => (name, "daily".to_owned()),
        "audience" => (name, "everyone".to_owned()),
        _ => (name, value),
    }
}

#[test]
fn the_form_makes_a_job_that_is_checked_first_and_can_be_edited() {
    let served = Served::new();
    let browser = served.login("editor");
    let page = browser.get("/new").body;
    assert!(page.contains("name=\"audience\"") && !page.contains("value=\"everyone\" checked"));
    let at = next_week();
    let fields =
        |id: &'static str, edits: &'static str, words: &'static str, what: &'static str| {
            [
                ("form", "broadcast".to_owned()),
                ("account", "club".to_owned()),
                ("audience", "tag".to_owned()),
                ("tag", "2".to_owned()),
                ("content", "text".to_owned()),
                ("at", at.clone()),
                ("id", id.to_owned()),
                ("edits", edits.to_owned()),
                ("words", words.to_owned()),
                ("do", what.to_owned()),
            ]
        };
    let post = |fields: &[(&str, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/new", &fields)
    };

    let wrong = fields("spring", "", "x", "submit").map(|(name, value)| match name {
        "tag" => (name, "two".to_owned()),
        _ => (name, value),
    });
    let told = post(&wrong);
    assert_eq!(told.status, 422, "{}", told.body);
    assert!(told.body.contains("tag_id: ") && told.body.contains("^^^^"), "{}", told.body);

    let checked = post(&fields("", "", HOSTILE, "check"));
    assert_eq!(checked.status, 200, "{}", checked.body);
    assert!(checked.body.contains("is free."), "{}", checked.body);
    assert!(checked.field("id").starts_with("broadcast-20"), "{}", checked.field("id"));
    assert!(served.rig.ask(&["jobs", "--json"]).as_array().unwrap().is_empty());

    let done = post(&fields("spring", "", HOSTILE, "submit"));
    assert_eq!(done.status, 303, "{}", done.body);
    served.rig.until_state("spring", "planned");
    let content = browser.get("/jobs/spring/content").body;
    assert!(content.contains("{date}") && content.contains("&lt;b&gt;lines"), "{content}");

    // The same day is not free any more, and the id is taken.
    let also = post(&fields("summer", "", "x", "check")).body;
    assert!(also.contains("like 春天"), "{also}");
    let taken = post(&fields("spring", "", "x", "submit"));
    assert_eq!(taken.status, 409, "{}", taken.body);

    let page = browser.get("/new?job=spring");
    assert_eq!((page.field("edits"), page.field("id")), ("spring", "spring"));
    assert!(page.body.contains("&#60;b&#62;lines") || page.body.contains("&lt;b&gt;lines"));
    let edited = post(&fields("spring", "spring", "other words", "submit"));
    assert_eq!(edited.status, 303, "{}", edited.body);
    served.rig.until("the edit is taken", || {
        let content = browser.get("/jobs/spring/content").body;
        content.contains("other words").then_some(())
    });
    // And back to the words before: the same content is a new edit.
    assert_eq!(post(&fields("spring", "spring", HOSTILE, "submit")).status, 303);
    served.rig.until("the edit is taken back", || {
        let content = browser.get("/jobs/spring/content").body;
        content.contains("{date}").then_some(())
    });
    // A day that is full says whose it is, and where the job would go instead.
    let first = fields("first", "", "first words", "submit").map(of_daily);
    assert_eq!(post(&first).status, 303);
    served.rig.until_state("first", "planned");
    let second = post(&fields("second", "", "x", "check").map(of_daily)).body;
    assert!(second.contains("is taken by first words (20:00). It would go at 20"), "{second}");
    let viewer = served.login("viewer");
    assert_eq!(viewer.get("/new?job=spring").status, 403);
    assert!(!viewer.get("/jobs/spring").body.contains("/new?job="));
    let limited = served.login("clubs");
    assert_eq!(limited.get("/new?job=autumn").status, 404);
}

#[test]
fn what_the_form_cannot_say_is_edited_as_a_file() {
    let served = Served::new();
    let at = at_line(real_now() + TimeDelta::days(7));
    let text = to_tag_with("spring", "club", &format!("{at}\n    grace: 20m"));
    served.rig.drop_file("spring.yaml", &text);
    served.rig.until_state("spring", "planned");
    let browser = served.login("editor");
    let page = browser.get("/new?job=spring");

    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("<details open>"), "{}", page.body);
    assert!(page.body.contains("grace: 20m"), "{}", page.body);
    assert_eq!(page.field("edits"), "");
}

#[test]
fn a_draft_is_chosen_from_the_draft_box_which_is_read_once() {
    let served = Served::new();
    let appid = crate::rig::club().spec.appid;
    let drafts = [("SPRING", "春天来了"), ("SUMMER", "夏天")];
    for (id, title) in drafts {
        served.rig.platform().write_draft(&appid, (id, &[title]), real_now());
    }
    let browser = served.login("editor");
    let fields = [("form", "broadcast"), ("account", "club"), ("do", "drafts")];
    let asked = || {
        let platform = served.rig.platform();
        platform.requests().iter().filter(|one| one.path.contains("/draft/")).count()
    };

    let page = browser.post("/new", &fields);
    assert_eq!(page.status, 200, "{}", page.body);
    for (id, title) in drafts {
        assert!(page.body.contains(title), "{}", page.body);
        assert!(page.body.contains(&format!("name=\"draft\" value=\"{id}\"")), "{}", page.body);
    }
    let once = asked();
    assert!(once > 0);
    assert!(browser.post("/new", &fields).body.contains("夏天"));
    assert_eq!(asked(), once);

    let limited = served.login("clubs");
    let theirs = [("form", "broadcast"), ("account", "daily"), ("do", "drafts")];
    let refused = limited.post("/new", &theirs).body;
    assert!(refused.contains("role=\"alert\"") && !refused.contains("value=\"SPRING\""));
    let viewer = served.login("viewer");
    assert_eq!(viewer.post("/new", &fields).status, 403);

    let at = next_week();
    let chosen = [
        ("form", "broadcast"),
        ("account", "club"),
        ("audience", "everyone"),
        ("content", "draft"),
        ("draft", "SPRING"),
        ("id", "spring"),
        ("at", at.as_str()),
        ("do", "submit"),
    ];
    assert_eq!(browser.post("/new", &chosen).status, 303);
    let job = served.rig.until_state("spring", "planned");
    assert_eq!((&job["msgtype"], &job["audience"]), (&"mpnews".into(), &"everyone".into()));
}
