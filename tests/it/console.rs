//! The console: the real daemon's pages, asked as a browser asks.

mod forms;
mod links;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use chrono::TimeDelta;
use qunfa::server::endpoint::{Action, ENDPOINTS};
use serde_json::Value;

use crate::rig::{
    Rig, at_line, club, daily, exchange, free_address, real_now, to_tag_with, whole_second,
};

const PASSWORD: &str = "correct horse battery";

/// A rig whose daemon has the console.
struct Served {
    rig: Rig,
    at: SocketAddr,
    tokens: Vec<(&'static str, String)>,
}

/// The users: one of each role, and one of one account. All have the same password.
const USERS: &[(&str, &str, &str)] = &[
    ("viewer", "viewer", ""),
    ("editor", "editor", ""),
    ("approver", "approver", ""),
    ("operator", "operator", ""),
    ("clubs", "operator", "\n    accounts: [club]"),
];

/// What was answered.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns a cookie that it sets.
    fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut set = lines.filter(|(known, _)| known.eq_ignore_ascii_case("set-cookie"));
        let start = format!("{name}=");
        set.find_map(|(_, value)| value.strip_prefix(&start)?.split(';').next())
    }

    /// Returns the value of a field that a page has.
    fn field(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\" value=\"");
        let rest =
            self.body.split_once(&start).unwrap_or_else(|| panic!("no {name}: {}", self.body));
        rest.1.split('"').next().unwrap()
    }
}

/// Somebody's browser.
struct Browser<'s> {
    served: &'s Served,
    cookies: String,
    csrf: String,
}

impl Served {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// The same with another config.
    fn with(change: impl FnOnce(&Rig, &mut String)) -> Self {
        let mut rig = Rig::new(&[club(), daily()]);
        let at = free_address();
        let mut config = std::fs::read_to_string(rig.path("config.yaml")).unwrap();
        writeln!(config, "console: {{ listen: {at} }}\nusers:").unwrap();
        std::fs::write(rig.path("password"), format!("{PASSWORD}\n")).unwrap();
        let file = rig.path("password");
        let made = rig.ask(&["token", "all", "--password-file", file.to_str().unwrap(), "--json"]);
        let password = made["password_hash"].as_str().unwrap();
        let mut tokens = Vec::new();
        for (name, role, accounts) in USERS {
            let made = rig.ask(&["token", name, "--json"]);
            let hash = made["token_hash"].as_str().unwrap();
            writeln!(
                config,
                "  - name: {name}\n    role: {role}\n    token_hash: {hash}\n    password_hash: \
                 \"{password}\"{accounts}"
            )
            .unwrap();
            tokens.push((*name, made["token"].as_str().unwrap().to_owned()));
        }
        change(&rig, &mut config);
        std::fs::write(rig.path("config.yaml"), config).unwrap();
        rig.start();
        rig.until("the console listens", || TcpStream::connect(at).ok());
        Self { rig, at, tokens }
    }

    fn token(&self, user: &str) -> &str {
        &self.tokens.iter().find(|(name, _)| *name == user).unwrap().1
    }

    /// Sends a request as it is written.
    fn send(&self, request: &str, headers: &str, body: &str) -> Answer {
        let (status, head, body) = exchange(self.at, (request, headers), body);
        Answer { status, head, body }
    }

    /// Tries to sign in.
    fn try_login(&self, name: &str, secret: &str) -> Answer {
        let form = self.send("GET /login", "", "");
        let cookie = format!("cookie: qunfa_form={}\r\n", form.cookie("qunfa_form").unwrap());
        let body = encode(&[("csrf", form.field("csrf")), ("name", name), ("secret", secret)]);
        self.send("POST /login", &cookie, &body)
    }

    fn login(&self, name: &str) -> Browser<'_> {
        let answer = self.try_login(name, self.token(name));
        assert_eq!(answer.status, 303, "{}", answer.body);
        let session = answer.cookie("qunfa_session").unwrap();
        let mut browser = Browser {
            served: self,
            cookies: format!("qunfa_session={session}"),
            csrf: String::new(),
        };
        browser.csrf = browser.get("/").field("csrf").to_owned();
        browser
    }

    /// Plans a job of each account that waits for its approval.
    fn plan_two(&self) {
        let at = at_line(whole_second(real_now() + TimeDelta::minutes(30)));
        let lines =
            format!("title: <script>alert('{{}}')</script>&\"\n    {at}\n    approval: true");
        for (id, account) in [("spring", "club"), ("autumn", "daily")] {
            let text = to_tag_with(id, account, &lines.replace("{}", id));
            std::fs::write(self.rig.path(&format!("inbox/{id}.yaml")), text).unwrap();
            self.rig.until_state(id, "held");
        }
    }
}

impl Browser<'_> {
    fn get(&self, path: &str) -> Answer {
        self.served.send(&format!("GET {path}"), &format!("cookie: {}\r\n", self.cookies), "")
    }

    fn get_in(&self, path: &str, lang: &str) -> Answer {
        let headers = format!("cookie: {}; qunfa_lang={lang}\r\n", self.cookies);
        self.served.send(&format!("GET {path}"), &headers, "")
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let with_csrf = [&[("csrf", self.csrf.as_str())], fields].concat();
        self.post_as_it_is(path, &with_csrf, "")
    }

    fn post_as_it_is(&self, path: &str, fields: &[(&str, &str)], headers: &str) -> Answer {
        let headers = format!("cookie: {}\r\n{headers}", self.cookies);
        self.served.send(&format!("POST {path}"), &headers, &encode(fields))
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

const PAGES: &[&str] = &[
    "/",
    "/month",
    "/jobs",
    "/approvals",
    "/series",
    "/accounts",
    "/accounts/club",
    "/decisions",
    "/jobs/spring",
    "/jobs/spring/content",
    "/new",
];

#[test]
fn somebody_signs_in_with_a_password_or_a_token_and_out_again() {
    let served = Served::new();

    let answer = served.try_login("viewer", PASSWORD);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.body);
    let set = answer.head.to_ascii_lowercase();
    assert!(set.contains("httponly; samesite=strict") && !set.contains("secure"), "{set}");
    let browser = served.login("viewer");
    assert!(browser.get("/").body.contains("<h1>Today</h1>"));

    let out = browser.post("/logout", &[]);
    assert_eq!((out.status, out.header("location")), (303, Some("/login")));
    for path in PAGES {
        let answer = browser.get(path);
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").unwrap().starts_with("/login"), "{path}");
        assert_eq!(answer.body, "", "{path}");
    }
    assert_eq!(browser.get("/events").status, 204);
    let proxied = served.send("GET /login", "x-forwarded-proto: https\r\n", "");
    assert!(proxied.head.contains("; Secure"), "{}", proxied.head);
    let log = served.rig.log();
    assert!(!log.contains(PASSWORD) && !log.contains(served.token("viewer")), "{log}");
}

#[test]
fn who_guesses_is_stopped_and_learns_nothing() {
    let served = Served::new();

    let unknown = served.try_login("nobody", "guess");
    let known = served.try_login("viewer", "guess");
    let of_another = served.try_login("viewer", served.token("operator"));
    for answer in [&unknown, &known, &of_another] {
        assert_eq!(answer.status, 401);
        assert!(answer.cookie("qunfa_session").is_none());
        assert!(answer.body.contains("do not belong together"), "{}", answer.body);
    }
    for _ in 0..3 {
        assert_eq!(served.try_login("viewer", "guess").status, 401);
    }
    // Not even the right password counts now, but a token does, and so does another user's password.
    assert_eq!(served.try_login("viewer", PASSWORD).status, 429);
    assert_eq!(served.try_login("viewer", served.token("viewer")).status, 303);
    assert_eq!(served.try_login("editor", PASSWORD).status, 303);

    let without_cookie = encode(&[("csrf", "x"), ("name", "viewer"), ("secret", PASSWORD)]);
    assert_eq!(served.send("POST /login", "", &without_cookie).status, 403);
    let elsewhere = served.send("GET /login?next=//evil.example", "", "");
    assert_eq!(elsewhere.field("next"), "/");
}

#[test]
fn a_form_of_another_site_or_session_does_nothing() {
    let served = Served::new();
    served.plan_two();
    let (browser, other) = (served.login("operator"), served.login("operator"));
    let path = "/jobs/spring/cancel";

    for (fields, headers) in [
        (&[][..], ""),
        (&[("csrf", "")], ""),
        (&[("csrf", other.csrf.as_str())], ""),
        (&[("csrf", browser.csrf.as_str())], "sec-fetch-site: cross-site\r\n"),
        (&[("csrf", browser.csrf.as_str())], "sec-fetch-site: same-site\r\n"),
    ] {
        let answer = browser.post_as_it_is(path, fields, headers);
        assert_eq!(answer.status, 403, "{fields:?} {headers}");
    }
    assert_eq!(served.send(&format!("POST {path}"), "", "csrf=x").status, 303);
    assert_eq!(browser.get(path).status, 405);
    assert_eq!(served.rig.ask(&["show", "spring", "--json"])["state"], "held");
    let fields = [("csrf", browser.csrf.as_str()), ("back", "/jobs/spring")];
    let done = browser.post_as_it_is(path, &fields, "sec-fetch-site: same-origin\r\n");
    assert_eq!((done.status, done.header("location")), (303, Some("/jobs/spring")));
    let back = browser.post("/preferences", &[("back", "https://evil.example"), ("theme", "dark")]);
    assert_eq!(back.header("location"), Some("/"));
    assert_eq!(back.cookie("qunfa_theme"), Some("dark"));
}

#[test]
fn each_role_does_what_the_api_lets_it_do() {
    let served = Served::new();

    for (user, role, _) in &USERS[..4] {
        let browser = served.login(user);
        for row in ENDPOINTS.iter().filter(|row| matches!(row.action, Action::Sentences(_))) {
            let path = row.path.replace("{id}", "nobody").replace("{account}", "nothing");
            let to =
                if path.ends_with("reschedule") { &[("to", "2099-01-01 10:00")][..] } else { &[] };
            let status = browser.post(&path, to).status;
            let may =
                qunfa::config::Role::ALL.iter().any(|one| one.name() == *role && *one >= row.role);
            assert_eq!(status, if may { 404 } else { 403 }, "{user} {path}");
        }
        let expected = if *role == "viewer" { 403 } else { 200 };
        assert_eq!(browser.get("/new").status, expected, "{user}");
        assert_eq!(browser.get("/").body.contains("href=\"/new\""), expected == 200, "{user}");
    }
    let viewer = served.login("viewer");
    let fields = [("do", "submit"), ("text", "jobs: []")];
    assert_eq!(viewer.post("/new", &fields).status, 403);
}

#[test]
fn who_is_for_some_accounts_sees_no_other() {
    let served = Served::new();
    served.plan_two();
    let browser = served.login("clubs");

    for path in PAGES {
        let answer = browser.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let text = answer.body.replace("daily_", "");
        assert!(!text.contains("daily") && !text.contains("autumn"), "{path}: {text}");
    }
    for path in [
        "/jobs/autumn",
        "/jobs/autumn/content",
        "/accounts/daily",
        "/jobs?account=daily",
        "/decisions?account=daily",
        "/files/autumn.yaml",
    ] {
        let unknown = path.replace("autumn", "nobody").replace("daily", "nobody");
        let (theirs, nobodys) = (browser.get(path), browser.get(&unknown));
        assert_eq!((theirs.status, nobodys.status), (404, 404), "{path}");
        let told = |answer: &Answer| answer.body.split_once("role=\"alert\"").unwrap().1.to_owned();
        assert_eq!(told(&theirs), told(&nobodys), "{path}");
    }
    for row in ENDPOINTS.iter().filter(|row| matches!(row.action, Action::Sentences(_))) {
        let path = row.path.replace("{id}", "autumn").replace("{account}", "daily");
        let to = if path.ends_with("reschedule") { &[("to", "2099-01-01 10:00")][..] } else { &[] };
        assert_eq!(browser.post(&path, to).status, 404, "{path}");
    }
    let theirs = to_tag_with("winter", "daily", "approval: true");
    for what in ["check", "submit"] {
        let fields = [("do", what), ("name", "w.yaml"), ("text", theirs.as_str())];
        assert_eq!(browser.post("/new", &fields).status, 422, "{what}");
    }
    assert_eq!(served.rig.ask(&["show", "autumn", "--json"])["state"], "held");
}

#[test]
fn what_others_wrote_is_text_and_every_answer_says_what_it_may_do() {
    let served = Served::new();
    served.plan_two();
    let browser = served.login("operator");
    let why = "<img src=x onerror=alert(1)>";
    let held = browser.post("/accounts/club/hold", &[("why", why), ("back", "/accounts/club")]);
    assert_eq!(held.status, 303, "{}", held.body);

    let mut shown = 0;
    for path in PAGES {
        let answer = browser.get(path);
        assert!(!answer.body.contains("<script>alert"), "{path}: {}", answer.body);
        assert!(!answer.body.contains("<img src=x"), "{path}: {}", answer.body);
        shown += usize::from(answer.body.contains("&#60;script&#62;alert"));
    }
    assert!(shown >= 4, "{shown}");
    let decisions = browser.get("/decisions").body;
    assert!(decisions.contains("&#60;img src=x"), "{decisions}");
    assert!(decisions.contains("operator via console"), "{decisions}");

    let paths =
        ["/nothing", "/static/console.css", "/static/console.js", "/login", "/api/v1/nothing"];
    for path in PAGES.iter().chain(&paths) {
        let answer = browser.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-eval") && policy.contains("base-uri 'none'"), "{path}");
        let is_content = path.ends_with("/content");
        assert_eq!(policy.contains("unsafe-inline"), is_content, "{path}: {policy}");
        assert_eq!(policy.ends_with("sandbox"), is_content, "{path}: {policy}");
        let framed = if is_content { "SAMEORIGIN" } else { "DENY" };
        assert_eq!(answer.header("x-frame-options"), Some(framed), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        let is_static = path.starts_with("/static/");
        let keep = answer.header("cache-control").unwrap();
        assert_eq!(keep == "no-store", !is_static, "{path}: {keep}");
        if !is_content {
            assert!(
                !answer.body.contains("style=\"") && !answer.body.contains("onclick"),
                "{path}"
            );
        }
    }
    let job = browser.get("/jobs/spring").body;
    assert!(job.contains("<iframe class=\"content\" sandbox src="), "{job}");
}

#[test]
fn an_approval_is_of_the_content_that_was_shown() {
    let served = Served::new();
    served.plan_two();
    let browser = served.login("approver");
    let read = browser.get("/jobs/spring");
    let content = browser.get("/jobs/spring/content").body;
    assert!(content.contains("class=\"bubble\""), "{content}");
    let digest = read.field("digest").to_owned();

    let at = at_line(whole_second(real_now() + TimeDelta::minutes(45)));
    let other =
        to_tag_with("spring", "club", &format!("title: other\n    {at}\n    approval: true"));
    std::fs::write(served.rig.path("inbox/other.yaml"), other).unwrap();
    served.rig.until("the file is taken", || {
        (served.rig.ask(&["show", "spring", "--json"])["title"] == "other").then_some(())
    });
    let stale = browser.post("/jobs/spring/approve", &[("digest", &digest)]);
    assert_eq!(stale.status, 409, "{}", stale.body);
    assert_eq!(served.rig.ask(&["show", "spring", "--json"])["state"], "held");

    let digest = browser.get("/jobs/spring").field("digest").to_owned();
    let fields = [("digest", digest.as_str()), ("why", "well read"), ("back", "/jobs/spring")];
    let done = browser.post("/jobs/spring/approve", &fields);
    assert_eq!(done.status, 303, "{}", done.body);
    let page = browser.get("/jobs/spring").body;
    assert!(page.contains("role=\"status\"") && page.contains("is approved"), "{page}");
    assert!(!browser.get("/jobs/spring").body.contains("role=\"status\""));
    let story = served.rig.ask(&["decisions", "--json"]);
    let decision = &story.as_array().unwrap()[0];
    assert_eq!(decision["who"], "approver via console");
    assert_eq!((&decision["what"], &decision["job"]), (&"approve".into(), &"spring".into()));
    assert_eq!(decision["why"], "well read");
}

#[test]
fn a_pasted_file_is_checked_before_it_is_handed_in() {
    let served = Served::new();
    let browser = served.login("editor");
    let wrong = "jobs:\r\n  - id: spring\r\n    acount: club\r\n";
    let answer = browser.post("/new", &[("do", "submit"), ("name", "a.yaml"), ("text", wrong)]);
    assert_eq!(answer.status, 422);
    let told = &answer.body;
    assert!(told.contains("a.yaml:3:5") && told.contains("^^^^^^"), "{told}");
    assert!(told.contains("acount: club"), "the text is still there: {told}");

    let at = at_line(whole_second(real_now() + TimeDelta::minutes(30)));
    let right = to_tag_with("spring", "club", &at).replace('\n', "\r\n");
    let fields = [("name", "a.yaml"), ("text", right.as_str())];
    let checked = browser.post("/new", &[&[("do", "check")], &fields[..]].concat());
    assert_eq!(checked.status, 200, "{}", checked.body);
    assert!(checked.body.contains("value=\"submit\""), "{}", checked.body);
    assert!(served.rig.ask(&["jobs", "--json"]).as_array().unwrap().is_empty());

    let done = browser.post("/new", &[&[("do", "submit")], &fields[..]].concat());
    assert_eq!(done.status, 303, "{}", done.body);
    let path = done.header("location").unwrap().to_owned();
    let page = served.rig.until("the file is answered", || {
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{}", page.body);
        (!page.body.contains("data-live")).then_some(page.body)
    });
    assert!(page.contains("href=\"/jobs/spring\""), "{page}");
}

#[test]
fn every_page_is_in_both_languages() {
    let served = Served::new();
    served.plan_two();
    let browser = served.login("operator");

    for path in PAGES.iter().filter(|path| !path.ends_with("/content")) {
        let (english, chinese) = (browser.get_in(path, "en"), browser.get_in(path, "zh-CN"));
        assert_eq!((english.status, chinese.status), (200, 200), "{path}");
        assert!(english.body.contains("<html lang=\"en\""), "{path}");
        assert!(chinese.body.contains("<html lang=\"zh-CN\""), "{path}");
        assert!(english.body.contains(">Approvals</a>"), "{path}");
        assert!(chinese.body.contains(">待审核</a>"), "{path}");
    }
    let login = served.send("GET /login", "accept-language: zh\r\n", "");
    assert!(login.body.contains("登录"), "{}", login.body);
    let dark = served.send("GET /login", "cookie: qunfa_theme=dark\r\n", "");
    assert!(dark.body.contains("data-theme=\"dark\""), "{}", dark.body);
}

#[test]
fn an_open_page_is_told_of_a_change_and_does_not_keep_the_daemon_from_ending() {
    let mut served = Served::new();
    let browser = served.login("viewer");
    let mut stream = TcpStream::connect(served.at).unwrap();
    let request =
        format!("GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {}\r\n\r\n", browser.cookies);
    stream.write_all(request.as_bytes()).unwrap();
    let mut told = String::new();
    let mut read_until = |count: usize| {
        let mut bytes = [0; 1024];
        while told.matches("event: change").count() < count {
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "{told}");
            told.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    };
    read_until(1);

    assert_eq!(served.rig.say(&["hold", "club"]).code, Some(0));
    read_until(2);
    drop(browser);
    assert!(served.rig.stop().success());
    assert!(told.contains("text/event-stream"), "{told}");
    let value: Value = served.rig.ask(&["quota", "club", "--json"]);
    assert_eq!(value[0]["held"], true);
}
