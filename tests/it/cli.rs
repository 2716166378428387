//! The commands, as people and programs meet them: whole texts, JSON keys, exit codes.

use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::views::{advised, telling, written};
use assert_cmd::Command;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser as _;
use qunfa::cli::{self, Answer, Arguments, JobFiles, Problem, Screen, Terminal};
use qunfa::daemon;
use qunfa::engine;
use qunfa::inbox::{self, NoLists};
use qunfa::model::{Account, ArticlesVia, Credence, JobId, Kind, OpenIds};
use qunfa::store::{
    Alert, ArticleResult, EventIn, ResponseFields, SendStatus, Source, Start, Store, Tx,
};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// What the platform says of a broadcast that went out.
const FINISHED: &[u8] = b"<xml><ToUserName><![CDATA[gh_4d00ed8d6399]]></ToUserName>\
    <FromUserName><![CDATA[mphelper]]></FromUserName><CreateTime>1805536805</CreateTime>\
    <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[MASSSENDJOBFINISH]]></Event>\
    <MsgID>3147483650</MsgID><Status><![CDATA[send success]]></Status><CopyrightCheckResult>\
    <Count>0</Count><ResultList></ResultList><CheckState>2</CheckState></CopyrightCheckResult></xml>";

pub(crate) const JOBS: &str = "jobs:
  - {id: spring-launch, account: brand-daily, at: 2027-03-20 20:00, broadcast: {filter: {is_to_all: true}, text: 春天来了}}
  - {id: spring-echo, account: brand-daily, at: 2027-03-20 20:30, broadcast: {filter: {tag_id: 2}, text: 回声}}
  - {id: club-news, account: brand-club, at: 2027-03-20 18:00, broadcast: {touser: [oAAAAAAAAAAAAAAAAAAAAAAAAAAA, oBBBBBBBBBBBBBBBBBBBBBBBBBBB], text: 新闻}}
  - {id: club-evening, account: brand-club, at: 2027-03-20 19:30, broadcast: {filter: {is_to_all: true}, text: 晚上好}}
  - {id: club-late, account: brand-club, at: 2027-03-20 19:50, broadcast: {filter: {tag_id: 2}, text: 晚安}}
  - {id: club-approval, account: brand-club, approval: true, at: 2027-03-25 09:00, broadcast: {filter: {tag_id: 2}, text: 审批}}
";

/// A list of two OpenIDs.
pub(crate) const LIST: &str = "oAAAAAAAAAAAAAAAAAAAAAAAAAAA\noBBBBBBBBBBBBBBBBBBBBBBBBBBB\n";

/// The same, where none of them is past at 19:57.
pub(crate) fn coming() -> String {
    JOBS.replace("2027-03-20 18:00", "2027-03-20 21:00")
}

/// 19:57 in Beijing.
pub(crate) fn evening() -> DateTime<Utc> {
    "2027-03-20T11:57:00Z".parse().unwrap()
}

fn account(name: &str, appid: &str, kind: Kind) -> Account {
    Account {
        name: name.into(),
        appid: appid.into(),
        kind,
        daily_calls: 100,
        history_per_day: Some(1),
        approvals: 0,
        payment: false,
        articles_via: ArticlesVia::Draft,
        openids: OpenIds::Usual,
    }
}

pub(crate) fn accounts() -> [Account; 2] {
    [account("brand-daily", "wx1", Kind::Subscription), account("brand-club", "wx2", Kind::Service)]
}

/// A config and a state directory of its own.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("state")).unwrap();
        fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
        fs::write(
            folder.path().join("config.yaml"),
            "state_dir: state\naccounts:\n  brand-daily: {kind: subscription, appid: wx1, secret_file: secret}\n  brand-club: {kind: service, appid: wx2, secret_file: secret}\n",
        )
        .unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.path("state/qunfa.db"), evening() - TimeDelta::hours(9)).unwrap()
    }

    /// Takes a job file in the morning.
    pub(crate) fn take(&self, text: &str) {
        take(&mut self.store(), text, evening() - TimeDelta::hours(9));
    }

    /// The evening of the golden texts: one sent, one in doubt, one refused, an account paused.
    pub(crate) fn evening(&self) {
        let mut store = self.store();
        take(&mut store, JOBS, evening() - TimeDelta::hours(9));
        let [_, club] = accounts();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let done = |tx: &Tx<'_>| -> Result<(), qunfa::store::StoreError> {
            let sent = ask(tx, "club-news", at("2027-03-20T10:00:00Z"));
            let word = ResponseFields {
                errcode: Some(0),
                errmsg: "send job submission success",
                msg_id: Some(3_147_483_650),
                msg_data_id: Some(2_455_891_298),
                dated: Some(at("2027-03-20T10:00:01Z")),
                ..ResponseFields::default()
            };
            tx.accept(sent, &club, &word, false, at("2027-03-20T10:00:01Z"))?;
            let event = EventIn {
                account: "brand-club",
                raw: FINISHED,
                msg_id: 3_147_483_650,
                created_at: at("2027-03-20T10:00:06Z"),
                status: "send success",
                credence: Credence::Hint,
                word: SendStatus::Success,
                advice: "",
                words: "the platform says it went out",
                counts: [Some(2), Some(2), Some(2), Some(0)],
                articles: &[ArticleResult {
                    article_idx: 1,
                    url: Some("http://mp.weixin.qq.com/s/abc".to_owned()),
                    user_declare_state: Some(1),
                    audit_state: Some(11),
                    ..ArticleResult::default()
                }],
            };
            tx.receive(&event, &club, at("2027-03-20T10:00:06Z"))?;
            let result = tx.begin_result("brand-club", at("2027-03-20T10:00:16Z"))?.unwrap();
            let success = SendStatus::Success;
            tx.settle_result(result, &club, success, at("2027-03-20T10:00:16Z"))?;
            let refused = ask(tx, "club-evening", at("2027-03-20T11:30:00Z"));
            let word = ResponseFields {
                errcode: Some(40_007),
                errmsg: "invalid media_id \u{1b}[31m春 rid: 6b02db98",
                ..ResponseFields::default()
            };
            tx.refuse(refused, &club, &word, at("2027-03-20T11:30:01Z"))?;
            let why = "40164 (IP 不在白名单)";
            let advice =
                "add this machine's address to the IP list (IP 白名单) on mp.weixin.qq.com";
            tx.pause("brand-club", &written(why), &advised(advice), at("2027-03-20T11:45:00Z"))
        };
        store.transaction(done).unwrap();
    }

    /// A job in doubt whose time has run out, and an event that may be its own.
    pub(crate) fn uncertain(&self) {
        self.take(JOBS);
        self.uncertain_only();
    }

    /// The same of jobs that were taken before.
    pub(crate) fn uncertain_only(&self) {
        let [_, club] = accounts();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let done = |tx: &Tx<'_>| -> Result<(), qunfa::store::StoreError> {
            let attempt = ask(tx, "club-news", at("2027-03-20T10:00:00Z"));
            tx.doubt(attempt, "no answer within 30 s", at("2027-03-20T10:00:30Z"))?;
            let event = EventIn {
                account: "brand-club",
                raw: b"<xml/>",
                msg_id: 3_147_483_650,
                created_at: at("2027-03-20T10:00:06Z"),
                status: "send success",
                credence: Credence::Hint,
                word: SendStatus::Success,
                advice: "",
                words: "the platform says it went out",
                counts: [Some(2), Some(2), Some(2), Some(0)],
                articles: &[],
            };
            tx.receive(&event, &club, at("2027-03-20T10:00:36Z"))?;
            let job = tx.job(&JobId::parse("club-news").unwrap())?;
            tx.run_out(&job, &club, at("2027-03-20T11:50:00Z"))
        };
        self.store().transaction(done).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (Result<Answer, Problem>, String) {
        self.run_on(|| None, arguments)
    }

    pub(crate) fn run_on(
        &self,
        screen: fn() -> Option<Screen>,
        arguments: &[&str],
    ) -> (Result<Answer, Problem>, String) {
        let (answer, out, _) = self.run_with(screen, None, arguments);
        (answer, out)
    }

    /// Runs a command before a person who types this when asked, and returns its remarks too.
    pub(crate) fn run_with(
        &self,
        screen: fn() -> Option<Screen>,
        typed: Option<&str>,
        arguments: &[&str],
    ) -> (Result<Answer, Problem>, String, String) {
        let config = self.path("config.yaml");
        let start = ["qunfa", "--config", config.to_str().unwrap()];
        let arguments = Arguments::parse_from(start.iter().chain(arguments));
        let (mut out, mut remarks) = (Vec::new(), Vec::new());
        let mut typed = typed.map(str::as_bytes);
        let terminal = Terminal {
            now: Arc::new(evening),
            out: &mut out,
            remarks: &mut remarks,
            answers: typed.as_mut().map(|typed| typed as &mut (dyn BufRead + Send)),
            colours: false,
            screen,
            who: None,
            files: JobFiles::default(),
        };
        let answer = cli::run(arguments, terminal);
        let [out, remarks] = [out, remarks].map(|bytes| String::from_utf8(bytes).unwrap());
        (answer, out, remarks)
    }

    /// Runs a command that works, and holds its text against the rules of every text.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let (answer, text) = self.run(arguments);
        answer.unwrap();
        assert_fits(&text);
        text
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let (answer, text) = self.run(arguments);
        answer.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn problem(&self, arguments: &[&str]) -> Problem {
        self.run(arguments).0.unwrap_err()
    }

    /// The program itself, with the real clock.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program(&self.path("config.yaml"));
        command.args(arguments);
        command
    }
}

fn program(config: &Path) -> Command {
    let mut command = Command::cargo_bin("qunfa").unwrap();
    command.env_remove("QUNFA_LOG").env("QUNFA_CONFIG", config).env("LC_ALL", "C");
    command
}

fn take(store: &mut Store, text: &str, now: DateTime<Utc>) {
    let accounts = accounts();
    let known: Vec<&Account> = accounts.iter().collect();
    let parsed = inbox::parse("evening.yaml", text.as_bytes(), &NoLists, &known).unwrap();
    let taken = |tx: &Tx<'_>| -> Result<(), qunfa::store::StoreError> {
        for account in &accounts {
            tx.ensure_account(&account.name)?;
        }
        for job in &parsed.jobs {
            let account = accounts.iter().find(|a| a.name == job.spec.account).unwrap();
            let source = Source { file: "evening.yaml", line: job.line, first_taken_at: now };
            engine::take(tx, &daemon::offered(job), (account, source), now)?;
        }
        accounts.iter().try_for_each(|account| tx.place_taken(account, now))
    };
    store.transaction(taken).unwrap();
}

pub(crate) fn ask(tx: &Tx<'_>, job: &str, now: DateTime<Utc>) -> i64 {
    let [_, club] = accounts();
    let id = JobId::parse(job).unwrap();
    let job = tx.job(&id).unwrap();
    let batches = tx.batches(&id).unwrap();
    begun(tx.begin(&job, &club, &batches[0], now).unwrap())
}

/// The attempt that was begun.
pub(crate) fn begun(start: Start) -> i64 {
    match start {
        Start::Begun(begun) => begun.attempt,
        Start::Refused(refusal) => panic!("{refusal:?}"),
    }
}

pub(crate) fn assert_fits(text: &str) {
    for line in text.lines() {
        // An address is copied, and so never wrapped.
        let fits = line.width() <= 100 || line.contains("/cgi-bin/showqrcode?ticket=");
        assert!(fits, "{} columns: {line}", line.width());
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert_eq!(line, line.trim_end());
    }
}

pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(name);
    if std::env::var_os("QUNFA_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "QUNFA_BLESS=1 accepts the new text of {}", path.display());
}

#[test]
fn status_reads_as_it_always_did() {
    let world = World::new();
    world.evening();

    assert_golden("status.txt", &world.text(&["status"]));
}

#[test]
fn jobs_reads_as_it_always_did() {
    let world = World::new();
    world.evening();

    assert_golden("jobs.txt", &world.text(&["jobs"]));
}

#[test]
fn show_tells_a_story_with_its_result() {
    let world = World::new();
    world.evening();

    assert_golden("show-sent.txt", &world.text(&["show", "club-news"]));
}

#[test]
fn show_tells_what_helps_and_makes_control_characters_visible() {
    let world = World::new();
    world.evening();

    assert_golden("show-failed.txt", &world.text(&["show", "club-evening"]));
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(crate) fn has_keys(value: &Value, wanted: &str) {
    let found = keys(value);
    for key in wanted.split(' ') {
        assert!(found.contains(&key), "{key} is not in {found:?}");
    }
}

#[test]
fn the_json_of_jobs_has_the_keys_that_programs_rely_on() {
    let world = World::new();
    world.evening();

    let jobs = world.json(&["jobs", "--json"]);

    let sent = jobs.as_array().unwrap().iter().find(|job| job["id"] == "club-news").unwrap();
    has_keys(sent, "id account action state at due expires reason batches");
    has_keys(&sent["batches"][0], "clientmsgid state msg_id attempts");
    assert_eq!(sent["batches"][0]["msg_id"], 3_147_483_650_i64);
    assert_eq!(sent["at"], "2027-03-20T18:00:00+08:00");
    assert_eq!(sent["state"], "sent");
}

#[test]
fn the_json_of_status_has_the_keys_that_programs_rely_on() {
    let world = World::new();
    world.evening();

    let status = world.json(&["status", "--json"]);

    has_keys(&status, "daemon accounts jobs next attention");
    has_keys(&status["daemon"], "running pid since version");
    assert_eq!(status["daemon"]["running"], false);
    has_keys(&status["accounts"][1], "name kind paused held rules");
    assert_eq!(status["accounts"][1]["paused"], true);
    has_keys(
        &status["accounts"][0]["rules"][0],
        "rule window used unconfirmed claimed limit resets_at",
    );
    assert_eq!(status["jobs"]["sent"], 1);
    has_keys(&status["next"][0], "id account action due reason");
    has_keys(&status["attention"][0], "id account kind since what do");
}

#[test]
fn the_json_of_show_has_the_keys_that_programs_rely_on() {
    let world = World::new();
    world.evening();

    let show = world.json(&["show", "club-news", "--json"]);

    has_keys(&show, "id account action state at due expires reason batches");
    has_keys(&show["history"][0], "at from to why");
    has_keys(&show["attempts"][0], "batch at errcode errmsg outcome");
    has_keys(&show["charges"][0], "rule window state");
    assert_eq!(show["events"][0]["sent_count"], 2);
    assert_eq!(show["events"][0]["created_at"], "2027-03-20T18:00:05+08:00");
    assert_eq!(show["events"][0]["from_user"], "mphelper");
    assert_eq!(show["events"][0]["to_user"], "gh_4d00ed8d6399");
    assert_eq!(show["events"][0]["check_state"], 2);
    assert_eq!(show["batches"][0]["msg_data_id"], 2_455_891_298_i64);
    assert_eq!(show["result"]["sent_count"], 2);
    assert_eq!(world.json(&["show", "spring-launch", "--json"])["result"], Value::Null);
}

fn reason(world: &World, id: &str) -> Value {
    let jobs = world.json(&["jobs", "--json"]);
    jobs.as_array().unwrap().iter().find(|job| job["id"] == id).unwrap()["reason"].clone()
}

#[test]
fn a_due_job_of_a_paused_account_says_so() {
    let world = World::new();
    world.evening();

    assert_eq!(reason(&world, "club-late"), "account brand-club is paused: 40164 (IP 不在白名单)");
    assert_eq!(reason(&world, "spring-launch"), Value::Null);
}

#[test]
fn a_due_job_says_that_the_clock_is_wrong() {
    let world = World::new();
    world.take(JOBS);
    let what = "our clock is 30 h ahead of the platform's";
    let told = telling(what, "set the clock");
    let note = Alert { account: Some("brand-club"), job: None, kind: "clock", told: &told };
    world.store().transaction(|tx| tx.raise_alert(&note, evening())).unwrap();

    assert_eq!(reason(&world, "club-late"), what);
}

#[test]
fn everything_works_before_anything_was_taken() {
    let world = World::new();
    fs::remove_dir(world.path("state")).unwrap();

    assert_eq!(world.json(&["jobs", "--json"]), serde_json::json!([]));
    assert_eq!(world.json(&["status", "--json"])["next"], serde_json::json!([]));
    assert!(world.text(&["status"]).contains("No job was taken yet."));
    assert!(world.text(&["jobs"]).contains("No job was taken yet"));
    assert_eq!(world.problem(&["show", "x"]).exit_code(), 1);
    assert_eq!(world.problem(&["retry", "x"]).exit_code(), 1);
    world.text(&["resume", "--all"]);
    assert!(!world.path("state").exists());
}

#[test]
fn an_unknown_account_is_answered_with_those_of_the_config() {
    let problem = World::new().problem(&["resume", "brand"]);

    assert_eq!(problem.exit_code(), 1);
    assert!(problem.message().contains("brand-daily, brand-club"));
}

#[test]
fn the_jobs_of_an_unknown_account_are_no_empty_list() {
    let world = World::new();
    let problem = world.problem(&["jobs", "--account", "brand"]);
    assert_eq!(problem.exit_code(), 1);
    assert!(problem.message().contains("brand-daily, brand-club"));

    world.take(JOBS);
    assert_eq!(world.problem(&["jobs", "--account", "brand"]).exit_code(), 1);
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    world.file("config.yaml", &config.replace("brand-club", "other-club"));
    assert!(world.text(&["jobs", "--account", "brand-club"]).contains("club-news"));
    assert!(world.text(&["jobs", "--account", "other-club"]).contains("No job is like that."));
}

#[test]
fn the_program_ends_with_the_code_that_says_what_to_do() {
    let world = World::new();
    let bad = world.file("bad.yaml", "jobs:\n");
    let good = world.file("good.yaml", &JOBS.replace("2027", "2099"));
    world.take(JOBS);
    for (code, arguments) in [
        (0, vec!["status"]),
        (0, vec!["jobs", "--json"]),
        (0, vec!["check", good.as_str()]),
        (1, vec!["check", bad.as_str()]),
        (1, vec!["show", "nothing"]),
        (1, vec!["retry", "spring-launch"]),
        (1, vec!["resume", "nobody"]),
        (2, vec!["resume"]),
        (1, vec!["hold", "nobody"]),
        (2, vec!["hold", "brand-daily", "--all"]),
        (1, vec!["approve", "spring-launch"]),
        (1, vec!["resolve", "spring-launch", "--not-sent"]),
        (2, vec!["resolve", "spring-launch"]),
        (2, vec!["resolve", "spring-launch", "--sent", "--not-sent"]),
        (2, vec!["resolve", "spring-launch", "--sent", "0"]),
        (2, vec!["jobs", "--state", "flying"]),
        (2, vec!["sandbox", "--listen", "127.0.0.1:0", "--account", "wx1:neither"]),
        (3, vec!["sandbox", "--listen", "0.0.0.0:0"]),
        (3, vec!["--config", "/nowhere/config.yaml", "status"]),
    ] {
        let mut command = program(&world.path("config.yaml"));
        if arguments.contains(&"--config") {
            command.env_remove("QUNFA_CONFIG");
        }

        let output = command.args(&arguments).output().unwrap();

        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
}

#[test]
fn a_damaged_or_newer_database_is_code_3() {
    let damaged = World::new();
    damaged.file("state/qunfa.db", &"this is no database ".repeat(200));
    damaged.program(&["status"]).assert().code(3);

    let newer = World::new();
    let db = rusqlite::Connection::open(newer.path("state/qunfa.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let output = newer.program(&["jobs"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("install the newer qunfa"));
}

#[test]
fn another_users_directory_is_refused_with_its_owners_name() {
    // Only root can give a directory away.
    let world = World::new();
    if std::os::unix::fs::chown(world.path("state"), Some(65_534), None).is_err() {
        return;
    }

    let output = world.program(&["status"]).output().unwrap();

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("run as its owner: sudo -u nobody qunfa"), "{said}");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let world = World::new();
    world.take(JOBS);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("qunfa"));
    let command = command.arg("jobs").env("QUNFA_CONFIG", world.path("config.yaml"));

    let output = command.stdout(writer).output().unwrap();

    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn colours_appear_only_where_they_were_asked_for() {
    let world = World::new();
    world.evening();
    let config = world.path("config.yaml");
    let arguments = ["qunfa", "--config", config.to_str().unwrap(), "status"];
    let (mut out, mut remarks) = (Vec::new(), std::io::sink());
    let terminal = Terminal {
        now: Arc::new(evening),
        out: &mut out,
        remarks: &mut remarks,
        answers: None,
        colours: true,
        screen: || None,
        who: None,
        files: JobFiles::default(),
    };

    cli::run(Arguments::parse_from(arguments), terminal).unwrap();

    let coloured = String::from_utf8(out).unwrap();
    assert!(coloured.contains("\u{1b}["));
    assert!(!world.text(&["status"]).contains('\u{1b}'));
}

#[test]
fn the_sandbox_says_its_address_first_and_ends_when_told() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let mut sandbox = std::process::Command::new(assert_cmd::cargo::cargo_bin("qunfa"))
        .args(["sandbox", "--listen", "127.0.0.1:0", "--account", "wx1:service:10"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sandbox.stdout.take().unwrap());
    let mut address = String::new();
    lines.read_line(&mut address).unwrap();
    let host = address.trim_end().strip_prefix("http://").unwrap();

    let mut client = std::net::TcpStream::connect(host).unwrap();
    write!(
        client,
        "GET /cgi-bin/token?grant_type=client_credential&appid=wx1&secret=x HTTP/1.0\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let pid = rustix::process::Pid::from_child(&sandbox);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();

    assert!(answer.contains("access_token"), "{answer}");
    assert!(sandbox.wait().unwrap().success());
}
