//! The HTTP API: the real daemon, asked over real sockets.

use std::fmt::Write as _;
use std::io::{Read as _, Write};
use std::net::{SocketAddr, TcpStream};

use chrono::TimeDelta;
use qunfa::config::Role;
use qunfa::server::endpoint::{BASE, ENDPOINTS, Endpoint, Method, Scope};
use serde_json::{Value, json};

use crate::rig::{
    Rig, at_line, club, daily, exchange, free_address, real_now, to_tag_with, whole_second,
};

/// A rig whose daemon has the API, and the tokens of its users.
struct Served {
    rig: Rig,
    at: SocketAddr,
    tokens: Vec<(&'static str, String)>,
}

/// The users: one of each role, and some of some accounts.
const USERS: &[(&str, &str, &str)] = &[
    ("viewer", "viewer", ""),
    ("editor", "editor", ""),
    ("approver", "approver", ""),
    ("operator", "operator", ""),
    ("clubs", "operator", "\n    accounts: [club]"),
    ("both", "viewer", "\n    accounts: [club, daily]"),
];

struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Served {
    fn new() -> Self {
        let mut rig = Rig::new(&[club(), daily()]);
        let at = free_address();
        let mut config = std::fs::read_to_string(rig.path("config.yaml")).unwrap();
        writeln!(config, "console: {{ listen: {at} }}\nusers:").unwrap();
        let mut tokens = Vec::new();
        for (name, role, accounts) in USERS {
            let made = rig.ask(&["token", name, "--json"]);
            let hash = made["token_hash"].as_str().unwrap();
            writeln!(
                config,
                "  - name: {name}\n    role: {role}\n    token_hash: {hash}{accounts}"
            )
            .unwrap();
            tokens.push((*name, made["token"].as_str().unwrap().to_owned()));
        }
        std::fs::write(rig.path("config.yaml"), config).unwrap();
        rig.start();
        rig.until("the API listens", || TcpStream::connect(at).ok());
        Self { rig, at, tokens }
    }

    fn token(&self, user: &str) -> &str {
        &self.tokens.iter().find(|(name, _)| *name == user).unwrap().1
    }

    /// Sends a request as it is written.
    fn send(&self, head: &str, headers: &str, body: &str) -> Answer {
        let (status, head, body) = exchange(self.at, (head, headers), body);
        let body = serde_json::from_str(&body).unwrap_or_default();
        Answer { status, head: head.to_ascii_lowercase(), body }
    }

    fn ask_as(&self, user: &str, request: &str, body: &str) -> Answer {
        let token = self.token(user);
        let (method, path) = request.split_once(' ').unwrap();
        let headers = format!("authorization: Bearer {token}\r\n");
        self.send(&format!("{method} {BASE}{path}"), &headers, body)
    }

    fn status(&self, user: &str, request: &str) -> u16 {
        self.ask_as(user, request, "").status
    }

    /// Hands in a file, and returns its receipt once it was answered.
    fn hand_in(&self, user: &str, name: &str, text: &str) -> Value {
        let answer = self.ask_as(user, &format!("POST /files?name={name}"), text);
        assert_eq!(answer.status, 202, "{}", answer.body);
        let name = answer.body["name"].as_str().unwrap().to_owned();
        assert_eq!(answer.body["receipt"], format!("{BASE}/files/{name}"));
        self.rig.until("the file is answered", || {
            let answer = self.ask_as(user, &format!("GET /files/{name}"), "");
            assert_eq!(answer.status, 200, "{}", answer.body);
            (answer.body["state"] != "waiting").then_some(answer.body)
        })
    }

    /// Plans a job of each account that waits for its approval.
    fn plan_two(&self) {
        let at = at_line(whole_second(real_now() + TimeDelta::minutes(30)));
        let lines = format!("{at}\n    approval: true");
        for (id, account) in [("spring", "club"), ("autumn", "daily")] {
            let text = to_tag_with(id, account, &lines);
            let receipt = self.hand_in("editor", &format!("{id}.yaml"), &text);
            assert_eq!(receipt["state"], "taken", "{receipt}");
        }
    }
}

/// A request to an endpoint, about an unknown job, so that nothing changes.
fn request(row: &Endpoint) -> String {
    let method = match row.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let path = row.path.replace("{id}", "nobody").replace("{account}", "club");
    format!("{method} {}", path.replace("{name}", "nothing.yaml"))
}

#[test]
fn each_endpoint_takes_those_of_its_role_and_those_above() {
    let served = Served::new();

    for row in ENDPOINTS {
        for role in Role::ALL {
            let answer = served.ask_as(role.name(), &request(row), "");
            let is_refused = answer.body["code"] == "role";
            assert_eq!(is_refused, role < row.role, "{} {:?}", row.path, answer.body);
            assert_eq!(answer.status == 403, role < row.role, "{}", row.path);
            assert!(answer.head.contains("cache-control: no-store"), "{}", answer.head);
            assert!(!answer.head.contains("access-control"), "{}", answer.head);
        }
    }
    let document = served.ask_as("viewer", "GET /openapi.json", "").body;
    for row in ENDPOINTS {
        let method = if row.method == Method::Get { "get" } else { "post" };
        let operation = &document["paths"][format!("{BASE}{}", row.path)][method];
        assert!(operation["responses"].is_object(), "{} is not in the document", row.path);
        for parameter in row.parameters {
            assert!(operation.to_string().contains(parameter.name), "{}", row.path);
        }
    }
}

#[test]
fn who_is_for_some_accounts_sees_no_other() {
    let served = Served::new();
    served.plan_two();

    for row in ENDPOINTS.iter().filter(|row| row.scope == Scope::Job) {
        let unknown = served.ask_as("clubs", &request(row), r#"{"to":"2099-01-01 10:00"}"#);
        let body =
            if row.path.ends_with("reschedule") { r#"{"to":"2099-01-01 10:00"}"# } else { "" };
        let others = served.ask_as("clubs", &request(row).replace("nobody", "autumn"), body);
        let unknown =
            if body.is_empty() { served.ask_as("clubs", &request(row), "") } else { unknown };
        assert_eq!((others.status, &others.body), (404, &unknown.body), "{}", row.path);
    }
    for row in ENDPOINTS.iter().filter(|row| row.scope == Scope::Account) {
        let path = request(row).replace("club", "daily");
        let others = served.ask_as("clubs", &path, "");
        let unknown = served.ask_as("clubs", &path.replace("daily", "nobody"), "");
        assert_eq!((others.status, others.body), (404, unknown.body), "{path}");
    }
    for path in ["GET /status", "GET /jobs", "GET /jobs/spring", "GET /quota/club"] {
        let answer = served.ask_as("clubs", path, "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        // Some quotas have `daily` in their names.
        let text = answer.body.to_string().replace("daily_", "");
        assert!(!text.contains("daily") && !text.contains("autumn"), "{path}: {text}");
    }
    assert_eq!(served.status("clubs", "GET /jobs?account=daily"), 404);
    assert_eq!(served.status("clubs", "GET /status?account=daily"), 404);
    assert_eq!(served.status("clubs", "GET /plan"), 403);
    assert_eq!(served.ask_as("both", "GET /jobs", "").body["code"], "name-account");
    assert_eq!(served.status("both", "GET /jobs?account=daily"), 200);

    // A file about another account is as wrong as one about none.
    let at = at_line(whole_second(real_now() + TimeDelta::minutes(30)));
    let theirs = to_tag_with("winter", "daily", &at);
    let answer = served.ask_as("clubs", "POST /files?name=w.yaml", &theirs);
    assert_eq!((answer.status, &answer.body["code"]), (422, &json!("invalid-file")));
    let taken = to_tag_with("autumn", "club", &at);
    let answer = served.ask_as("clubs", "POST /files?name=w.yaml", &taken);
    assert_eq!((answer.status, &answer.body["code"]), (409, &json!("id-taken")));
    assert!(!answer.body.to_string().contains("daily"), "{}", answer.body);
    let handed_in = served.ask_as("editor", "POST /files?name=w.yaml", &theirs);
    let name = handed_in.body["name"].as_str().unwrap();
    assert_eq!(served.status("clubs", &format!("GET /files/{name}")), 404);
}

#[test]
fn an_approval_over_http_lets_a_job_go_and_is_stored_with_who() {
    let served = Served::new();
    let text = to_tag_with("spring", "club", "approval: true");
    let receipt = served.hand_in("editor", "spring.yaml", &text);
    assert_eq!(receipt["state"], "taken", "{receipt}");

    // The same file again is the same file.
    assert_eq!(served.hand_in("editor", "spring.yaml", &text), receipt);
    let accepted = crate::rig::files_under(&served.rig.path("inbox/accepted"));
    assert_eq!(accepted.len(), 2, "{accepted:?}");

    let answer = served.ask_as("approver", "POST /jobs/spring/approve", r#"{"why":"well read"}"#);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body["answer"].as_str().unwrap().contains("is approved"), "{}", answer.body);
    served.rig.until_state("spring", "sent");
    assert_eq!(served.rig.accepted().len(), 1);

    let story = served.rig.ask(&["show", "spring", "--json"]).to_string();
    assert!(story.contains("approver via API") && story.contains("well read"), "{story}");
    let again = served.ask_as("approver", "POST /jobs/spring/approve", "");
    assert_eq!((again.status, &again.body["code"]), (409, &json!("refused")), "{}", again.body);
    for path in ["GET /status", "GET /jobs", "GET /jobs/spring", "GET /plan", "GET /quota/club"] {
        let answer = served.ask_as("viewer", path, "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(!answer.body.is_null(), "{path} has no JSON");
    }
    assert_eq!(served.status("viewer", "GET /qrcodes/club"), 200);
    // They were read, or are not yet.
    assert!([200, 409].contains(&served.status("viewer", "GET /followers/club")));
    let log = served.rig.log();
    assert!(served.tokens.iter().all(|(_, token)| !log.contains(token.as_str())), "{log}");
}

#[test]
fn where_two_must_approve_who_handed_it_in_may_not() {
    let served = Served::new();
    let path = served.rig.path("config.yaml");
    let config = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = config.split_once("  club:\n").unwrap();
    std::fs::write(&path, format!("{head}  club:\n    approval: 2\n{rest}")).unwrap();
    served.rig.reload("the config was reloaded");
    let text = to_tag_with("spring", "club", "title: Spring");
    served.hand_in("operator", "spring.yaml", &text);
    served.rig.until_state("spring", "held");
    let approve = |user| served.ask_as(user, "POST /jobs/spring/approve", "");

    let own = approve("operator");
    assert_eq!((own.status, &own.body["code"]), (403, &json!("own-job")), "{}", own.body);
    let first = approve("approver");
    assert_eq!(first.status, 200, "{}", first.body);
    assert!(first.body["answer"].as_str().unwrap().contains("1 of 2"), "{}", first.body);
    let again = approve("approver");
    assert_eq!((again.status, &again.body["code"]), (409, &json!("refused")), "{}", again.body);
    for (path, job) in [("GET /jobs/spring", ""), ("GET /status", "/to_approve/0")] {
        let answer = served.ask_as("viewer", path, "").body;
        let approvals = &answer.pointer(job).unwrap()["approvals"];
        assert_eq!(approvals["needed"], 2, "{answer}");
        assert_eq!(approvals["given"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(approvals["given"][0]["who"], "approver via API", "{answer}");
    }
    let shown = served.rig.say(&["show", "spring"]).out;
    assert!(shown.contains("1 of 2: approver via API"), "{shown}");
    assert!(served.rig.sends().is_empty());

    assert_eq!(approve("clubs").status, 200);
    served.rig.until_state("spring", "sent");
}

#[test]
fn decisions_of_an_operator_are_done() {
    let served = Served::new();
    served.plan_two();
    let decide = |path: &str, body: &str| {
        let answer = served.ask_as("operator", &format!("POST {path}"), body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(answer.body["answer"].is_string(), "{path}: {}", answer.body);
    };
    let later = whole_second(real_now() + TimeDelta::hours(2)).to_rfc3339();

    decide("/jobs/spring/reschedule", &json!({"to": later, "why": "rain"}).to_string());
    decide("/accounts/club/hold", "{}");
    assert_eq!(served.ask_as("viewer", "GET /quota/club", "").body[0]["held"], true);
    decide("/accounts/club/resume", "");
    decide("/jobs/spring/cancel", r#"{"why":"--all"}"#);

    let job = served.ask_as("viewer", "GET /jobs/spring", "").body;
    assert_eq!(job["state"], "cancelled");
    assert!(job.to_string().contains("operator via API"), "{job}");
    let nothing = served.ask_as("operator", "POST /jobs/autumn/resolve", r#"{"not_sent":true}"#);
    assert_eq!((nothing.status, &nothing.body["code"]), (409, &json!("refused")));
    let unsaid = served.ask_as("operator", "POST /jobs/autumn/resolve", "");
    assert_eq!((unsaid.status, &unsaid.body["code"]), (400, &json!("usage")));
}

#[test]
fn a_reload_takes_a_user_s_access_and_gives_it_to_another() {
    let mut served = Served::new();
    assert_eq!(served.status("viewer", "GET /status"), 200);
    let made = served.rig.ask(&["token", "newcomer", "--json"]);
    let path = served.rig.path("config.yaml");
    let config = std::fs::read_to_string(&path).unwrap();
    let start = config.find("  - name: viewer").unwrap();
    let end = config.find("  - name: editor").unwrap();
    let hash = made["token_hash"].as_str().unwrap();
    let other = format!("  - name: newcomer\n    role: viewer\n    token_hash: {hash}\n");
    std::fs::write(&path, format!("{}{other}{}", &config[..start], &config[end..])).unwrap();
    served.tokens.push(("newcomer", made["token"].as_str().unwrap().to_owned()));

    served.rig.reload("the config was reloaded");

    assert_eq!(served.status("viewer", "GET /status"), 401);
    assert_eq!(served.status("newcomer", "GET /status"), 200);
}

#[test]
fn hostile_requests_reach_no_command() {
    let served = Served::new();
    let long = "a".repeat(2_000);

    for id in ["--config", "-", "--", "..", "%2e%2e%2fconfig", "--help", "a%20b", "%F0%9F%98%80"] {
        let status = served.status("operator", &format!("GET /jobs/{id}"));
        assert_eq!(status, 404, "{id}");
        assert_eq!(served.status("operator", &format!("POST /accounts/{id}/hold")), 404, "{id}");
        assert_eq!(served.status("operator", &format!("GET /files/{id}")), 404, "{id}");
    }
    for id in ["%00", "a%0Ab", &long, "%ff"] {
        let status = served.status("operator", &format!("GET /jobs/{id}"));
        assert_eq!(status, 400, "{id}");
    }
    for query in ["config=/etc/passwd", "out=x", "html=x", "with=x", "days=7&days=8", "days=x%0A"] {
        let status = served.status("operator", &format!("GET /plan?{query}"));
        assert_eq!(status, 400, "{query}");
    }
    assert_eq!(served.status("operator", "GET /plan?days=--help"), 400);
    assert_eq!(served.status("operator", "POST /jobs/nobody/cancel?why=x"), 400);
    for name in ["x.txt", ".hidden.yaml", "..%2Fx.yaml", "x.receipt.json", "%00.yaml", ""] {
        let request = format!("POST /files?name={name}");
        let status = served.ask_as("operator", &request, "jobs: []\n").status;
        assert!([400, 422].contains(&status), "{name}: {status}");
    }
    let broken = served.ask_as("operator", "POST /files?name=x.yaml", "jobs: [\n");
    assert_eq!((broken.status, &broken.body["code"]), (422, &json!("invalid-file")));
    let inbox = std::fs::read_dir(served.rig.path("inbox")).unwrap();
    let files = inbox.filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    assert_eq!(files, 0);

    let body = format!("{{\"why\":\"{}\"}}", "a".repeat(100_000));
    assert_eq!(served.ask_as("operator", "POST /jobs/nobody/cancel", &body).status, 413);
    let claim = format!("authorization: Bearer {}\r\nx: y\r\n", served.token("operator"));
    let mut stream = TcpStream::connect(served.at).unwrap();
    let head = format!(
        "POST {BASE}/files?name=x.yaml HTTP/1.1\r\nhost: api\r\n{claim}content-length: 99999999\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn a_stranger_learns_nothing_and_is_slowed_down() {
    let served = Served::new();
    let wrong = "authorization: Bearer qunfa_0000\r\naccept-language: zh-CN\r\n";

    for (path, headers) in
        [("/status", ""), ("/status", wrong), ("/nothing", ""), ("/jobs/nobody", wrong)]
    {
        let answer = served.send(&format!("GET {BASE}{path}"), headers, "");
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthorized")));
        assert!(answer.head.contains("application/problem+json"), "{}", answer.head);
        let is_chinese = answer.body["detail"].as_str().unwrap().contains("令牌");
        assert_eq!(is_chinese, headers == wrong);
    }
    let last = (0..10).map(|_| served.send(&format!("DELETE {BASE}/jobs"), wrong, "").status);
    assert_eq!(last.collect::<Vec<_>>().last(), Some(&429));

    assert_eq!(served.status("viewer", "GET /status"), 200);
    assert_eq!(served.status("viewer", "GET /nothing"), 404);
    assert_eq!(served.status("viewer", "DELETE /jobs"), 405);
}

#[test]
fn the_client_prints_what_the_command_prints() {
    let served = Served::new();
    served.plan_two();
    let url = format!("http://{}", served.at);
    let file = served.rig.path("token");
    std::fs::write(&file, format!("{}\n", served.token("operator"))).unwrap();
    let remote = ["--server", &url, "--token-file", file.to_str().unwrap()];
    let say = |words: &[&str]| served.rig.say(&[&remote[..], words].concat());

    let here = served.rig.ask(&["jobs", "--json"]);
    let there = say(&["jobs", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&there.out).unwrap(), here, "{}", there.err);
    let approved = say(&["approve", "spring", "--why", "well read"]);
    assert_eq!(approved.code, Some(0), "{}", approved.err);
    assert!(approved.out.starts_with("Job spring is approved"), "{}", approved.out);
    let job = served.rig.path("more.yaml");
    let at = at_line(whole_second(real_now() + TimeDelta::minutes(40)));
    std::fs::write(&job, to_tag_with("more", "club", &at)).unwrap();
    let submitted = say(&["submit", job.to_str().unwrap()]);
    assert_eq!(submitted.code, Some(0), "{}", submitted.err);
    served.rig.until_state("more", "planned");

    for (words, part) in [
        (&["show", "nobody"][..], "404"),
        (&["hold", "--all"], "--all"),
        (&["quota", "record", "club", "--none"], "quota"),
        (&["check", "x.yaml"], "check"),
        (&["plan", "--html", "x"], "--html"),
    ] {
        let said = say(words);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{words:?}");
        assert!(said.err.contains(part), "{words:?}: {}", said.err);
    }
    let plain = served.rig.say(&["--server", "http://example.com", "status"]);
    assert!(plain.err.contains("http://example.com"), "{}", plain.err);
}
