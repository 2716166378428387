//! The first hour: `config check`, `init`, `doctor`.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;

use chrono::TimeDelta;
use qunfa::cli::Answer;
use qunfa::sandbox::{Fault, FaultKind, Kind};
use serde_json::{Value, json};

use crate::cli::{World, assert_fits};
use crate::rig::{Account, Rig, SECRET, club, daily};

#[test]
fn config_check_shows_the_accounts_and_no_secret() {
    let world = World::new();

    let text = world.text(&["config", "check"]);
    let view = world.json(&["config", "check", "--json"]);

    assert!(text.contains("can be used: 2 accounts."), "{text}");
    assert!(!text.contains("s3cret") && !view.to_string().contains("s3cret"));
    assert_eq!(view["accounts"][0]["account"], "brand-daily");
    assert_eq!(view["accounts"][1]["kind"], "service");
    assert_eq!(view["ok"], true);
    assert!(text.contains("Nobody is told of alerts"), "{text}");
}

#[test]
fn config_check_names_who_is_told_of_alerts_without_their_urls() {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    world.file("url", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robot-canary");
    let alerts =
        "alerts:\n  receivers:\n    ops: {wecom: {url_file: url}}\n  routes:\n    - {to: [ops]}\n";
    world.file("config.yaml", &format!("{config}{alerts}"));

    let text = world.text(&["config", "check"]);
    let view = world.json(&["config", "check", "--json"]);

    assert!(text.contains("Alerts go to ops (wecom)."), "{text}");
    assert_eq!(view["alerts"], json!([{"receiver": "ops", "channel": "wecom"}]));
    assert!(!text.contains("canary") && !view.to_string().contains("canary"));
}

#[test]
fn config_check_warns_of_what_is_legal_and_hardly_meant() {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    world.file("config.yaml", &format!("listen: 0.0.0.0:8071\ninbox: nowhere\n{config}"));
    fs::set_permissions(world.path("secret"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(world.path("state"), fs::Permissions::from_mode(0o755)).unwrap();

    let (answer, text) = world.run(&["config", "check"]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert_fits(&text);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "can read `secret_file`",
        "state_dir: other users",
        "nowhere does not exist",
        "0.0.0.0:8071",
    ] {
        assert!(words.contains(part), "{part}: {text}");
    }
}

#[test]
fn config_check_tells_a_wrong_config_from_one_that_cannot_be_read() {
    let world = World::new();
    let config = fs::read_to_string(world.path("config.yaml")).unwrap();
    world.file("config.yaml", &config.replace("kind: service", "kind: other"));

    let (answer, text) = world.run(&["config", "check"]);

    assert_eq!(answer.unwrap(), Answer::No);
    assert!(text.contains("config.yaml:4:") && text.contains("other"), "{text}");
    assert_eq!(world.run(&["config", "check", "--json"]).0.unwrap(), Answer::No);
    fs::remove_file(world.path("config.yaml")).unwrap();
    assert_eq!(world.problem(&["config", "check"]).exit_code(), 3);
}

#[test]
fn config_check_leaves_the_secrets_that_only_the_unit_has() {
    let world = World::new();
    world.file(
        "config.yaml",
        "state_dir: state\ninbox: state\naccounts:\n  a: {kind: service, appid: wx1, secret_file: '${CREDENTIALS_DIRECTORY}/qunfa_a.secret'}\n",
    );

    let output =
        world.program(&["config", "check"]).env_remove("CREDENTIALS_DIRECTORY").output().unwrap();

    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("were not read") && text.contains("systemd-run"), "{text}");
}

/// What `config check` says of another config than the world's.
fn check(world: &World, config: &str) -> Value {
    let mut command = world.program(&["config", "check", "--json"]);
    let output = command.env("QUNFA_CONFIG", config).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs `init` with a folder of its own, and returns the answer and the folder.
fn init(world: &World, rest: &[&str]) -> (Result<Answer, qunfa::cli::Problem>, String, String) {
    let dir = world.path("new");
    let arguments: Vec<_> =
        ["init", "--dir", dir.to_str().unwrap()].iter().chain(rest).copied().collect();
    let (answer, text) = world.run(&arguments);
    (answer, text, dir.join("config.yaml").to_str().unwrap().to_owned())
}

#[test]
fn init_writes_by_its_flags_a_config_that_check_takes() {
    let world = World::new();
    let secret = world.file("the secret", "s3cret\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let flags =
        ["--account", "春天", "--kind", "服务号", "--appid", "wx0123", "--secret-file", &secret];

    let (answer, text, config) = init(&world, &flags);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert!(text.contains(" doctor\n") && text.contains(" run\n"), "{text}");
    let view = check(&world, &config);
    assert_eq!(view["accounts"][0]["account"], "春天");
    assert_eq!((&view["errors"], &view["warnings"]), (&json!([]), &json!([])));
    let written = fs::read_to_string(&config).unwrap();
    // A second one changes nothing.
    let (again, ..) = init(&world, &flags);
    assert_eq!(again.unwrap_err().exit_code(), 1);
    assert_eq!(fs::read_to_string(&config).unwrap(), written);
}

#[test]
fn init_asks_at_a_terminal_and_keeps_the_secret_private() {
    let world = World::new();
    let dir = world.path("new");
    let typed = "no good\nbrand\nother\nsubscription\n0123\nwx0123\n\ns3cret\n";

    let (answer, text, remarks) =
        world.run_with(|| None, Some(typed), &["init", "--dir", dir.to_str().unwrap(), "--json"]);

    assert_eq!(answer.unwrap(), Answer::Yes, "{remarks}");
    assert!(remarks.contains("a name is") && remarks.contains("an appid is"), "{remarks}");
    let secret = dir.join("brand.secret");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "s3cret");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let view: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(view["made_secret"], secret.to_str().unwrap());
    let config = dir.join("config.yaml");
    let check = check(&world, config.to_str().unwrap());
    assert_eq!((&check["ok"], &check["warnings"]), (&json!(true), &json!([])));
}

#[test]
fn init_writes_nothing_as_long_as_something_is_missing() {
    let world = World::new();
    let all = ["--account", "a", "--kind", "service", "--appid", "wx1"];
    for (flags, part) in [
        (&[][..], "--account"),
        (&all[..4], "--appid"),
        (&all[..], "--secret-file or --secret-env"),
        (&[&all[..], &["--secret-file", "/nowhere/secret"]].concat(), "does not exist"),
    ] {
        let (answer, _, config) = init(&world, flags);

        let problem = answer.unwrap_err();
        assert_eq!(problem.exit_code(), 1);
        assert!(problem.message().contains(part), "{problem}");
        assert!(!fs::exists(config).unwrap());
    }
}

/// What `doctor` says of a check: its verdict, its text and its advice.
fn finding(view: &Value, check: &str) -> (String, String) {
    let all = view["findings"].as_array().unwrap();
    let found = all.iter().find(|found| found["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check} in {view:#}"));
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), format!("{} {}", text("what"), text("advice")))
}

fn doctor(rig: &Rig, code: i32) -> Value {
    let said = rig.say(&["doctor", "--json"]);
    assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn doctor_finds_nothing_bad_where_all_is_well() {
    let mut rig = Rig::new(&[club(), daily().without_callback()]);
    let view = doctor(&rig, 0);
    rig.start();
    rig.until("the daemon listens", || {
        (finding(&doctor(&rig, 0), "listen").1.contains("the daemon serves")).then_some(())
    });

    let said = rig.say(&["doctor", "club"]);

    assert_eq!(view["ok"], true);
    for check in [
        "config",
        "secrets",
        "state_dir",
        "inbox",
        "listen",
        "database",
        "zone data",
        "DNS",
        "connection",
        "clock",
        "token",
        "IP list",
        "rights",
        "callback",
    ] {
        assert_eq!(finding(&view, check).0, "good", "{check}: {view:#}");
    }
    let callbacks = view["findings"].as_array().unwrap().iter();
    assert_eq!(callbacks.filter(|found| found["check"] == "callback").count(), 1);
    assert_eq!(said.code, Some(0));
    assert!(said.out.contains("good     club: rights: ") && !said.out.contains("daily: "));
    assert!(!said.out.contains(SECRET));
    // It asks, and does not act: nothing is forced, nothing of the mass-send family is called.
    let platform = rig.platform();
    let mut asked: Vec<_> = platform.requests().iter().map(|one| one.path.as_str()).collect();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked, ["/cgi-bin/callback/check", "/cgi-bin/stable_token", "/cgi-bin/tags/get"]);
}

#[test]
fn doctor_says_what_is_wrong_with_an_account_and_where_it_is_corrected() {
    let rig = Rig::new(&[club().without_callback()]);
    let refuses = |code, path: &str| {
        rig.platform().inject(Fault::new(FaultKind::Errcode(code)).on_path(path));
    };
    for (code, path, check, part) in [
        (40_125, "stable_token", "token", "开发密钥"),
        (40_164, "stable_token", "IP list", "add 203.0.113.7 to it"),
        (40_164, "tags/get", "IP list", "as 203.0.113.7, which is not on"),
        (48_001, "tags/get", "rights", "接口权限与额度"),
    ] {
        refuses(code, path);

        let view = doctor(&rig, 1);

        let all = view["findings"].as_array().unwrap();
        let bad = all.iter().find(|found| found["verdict"] == "bad").unwrap();
        assert_eq!(bad["check"], check, "{code}: {view:#}");
        let text = format!("{}{}", bad["what"], bad["advice"]);
        assert!(text.contains(part), "{code}: {text}");
    }
    rig.set_sandbox_ahead(TimeDelta::minutes(5));
    assert_eq!(finding(&doctor(&rig, 1), "clock").0, "bad");
}

#[test]
fn doctor_tells_a_wrong_secret_by_itself() {
    let mut account: Account = Account::new("club", Kind::Service).without_callback();
    account.spec.secret = Some("another".to_owned());
    let rig = Rig::new(&[account]);

    let (verdict, text) = finding(&doctor(&rig, 1), "token");

    assert_eq!(verdict, "bad");
    assert!(text.contains("40125") && !text.contains(SECRET), "{text}");
}

#[test]
fn doctor_says_where_the_way_to_the_platform_ends() {
    let accounts = [club()];
    let rig = Rig::new(&accounts);
    // Bound and never listened on by anybody once it is dropped.
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    rig.write_config(&accounts, closed);

    let view = doctor(&rig, 1);

    assert_eq!(finding(&view, "DNS").0, "good");
    assert_eq!(finding(&view, "connection").0, "bad");
    let checks = view["findings"].as_array().unwrap();
    assert!(checks.iter().all(|found| found["check"] != "token"), "{view:#}");
}

#[test]
fn doctor_reports_a_port_that_another_program_has() {
    let rig = Rig::new(&[club()]);
    let _other = TcpListener::bind(rig.listen).unwrap();

    let (verdict, text) = finding(&doctor(&rig, 1), "listen");

    assert_eq!(verdict, "bad");
    assert!(text.contains("ss -ltnp"), "{text}");
}
