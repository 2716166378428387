//! The claims of this module.

use std::path::PathBuf;

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;
use crate::model::Kind;

const EXAMPLE: &str = include_str!("../../config.example.yaml");

/// A folder with secrets, and the environment that names it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["qunfa_brand-daily.secret", "qunfa_brand-club.callback", "s"] {
        fs::write(folder.path().join(name), format!("{}-word\n", &name[..1])).unwrap();
    }
    fs::write(folder.path().join("key"), format!("{}\n", "a".repeat(43))).unwrap();
    folder
}

fn load_text(folder: &TempDir, text: &str) -> Result<Config, ConfigError> {
    let path = folder.path().join("config.yaml");
    fs::write(&path, text).unwrap();
    let directory = folder.path().display().to_string();
    load(
        &path,
        &|name| match name {
            "CREDENTIALS_DIRECTORY" => Some(directory.clone()),
            "BRAND_CLUB_SECRET" => Some("club-word".to_owned()),
            "OLD_KEY" => Some("b".repeat(43)),
            "BAD_KEY" => Some(format!("{}!bad", "a".repeat(39))),
            "EMPTY" => Some("\n".to_owned()),
            _ => None,
        },
        Secrets::Read,
    )
}

/// Returns the problems of a text, without the folder's name.
fn problems(text: &str) -> String {
    let folder = folder();
    let error = load_text(&folder, text).unwrap_err();
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

/// A config with these lines in its one account.
fn account(lines: &str) -> String {
    let lines = lines.replace('\n', "\n    ");
    format!("state_dir: /s\naccounts:\n  a:\n    appid: wx1\n    {lines}\n")
}

#[test]
fn the_example_loads() {
    let folder = folder();

    let config = load_text(&folder, EXAMPLE).unwrap();

    assert_eq!(config.state_dir, PathBuf::from("/var/lib/qunfa"));
    assert_eq!(config.inbox, PathBuf::from("/var/spool/qunfa"));
    assert_eq!(config.listen, Some("127.0.0.1:8071".parse().unwrap()));
    assert!(!config.inbox_end_marker_required);
    let [daily, club] = &config.accounts[..] else { panic!("two accounts") };
    assert_eq!(daily.account.kind, Kind::Subscription);
    assert_eq!(daily.secret.as_ref().unwrap().expose_secret(), "q-word");
    assert!(daily.callback.is_none());
    assert_eq!(club.account.name, "brand-club");
    let file = folder.path().join("qunfa_brand-daily.secret");
    let file = format!("`secret_file` {}", file.display());
    assert_eq!(daily.secret_source.as_deref(), Some(&*file));
    assert_eq!(club.secret_source.as_deref(), Some("`secret_env` BRAND_CLUB_SECRET"));
    assert_eq!(club.secret.as_ref().unwrap().expose_secret(), "club-word");
    assert_eq!(club.callback.as_ref().unwrap().token.expose_secret(), "q-word");
    assert_eq!(club.token, TokenSource::Stable);
    assert!(club.verified && !club.account.payment);
}

#[test]
fn what_is_left_out_has_its_default() {
    let folder = folder();

    let config = load_text(&folder, &account("kind: 服务号\nsecret_file: s")).unwrap();

    assert_eq!(config.inbox, PathBuf::from("/s/inbox"));
    assert_eq!(config.listen, None);
    let account = &config.accounts[0];
    assert_eq!(account.api_bases, PLATFORM);
    assert_eq!((account.account.daily_calls, account.account.history_per_day), (100, Some(1)));
}

/// The platform's address, and its spare domains in their order.
const PLATFORM: [&str; 5] = [
    "https://api.weixin.qq.com",
    "https://api2.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://sz.api.weixin.qq.com",
    "https://hk.api.weixin.qq.com",
];

#[test]
fn only_the_platforms_own_address_has_spares_that_the_config_does_not_give() {
    let folder = folder();
    for (keys, expected) in [
        ("api_base: https://api.weixin.qq.com/", &PLATFORM[..]),
        ("api_base: https://gate.example", &["https://gate.example"]),
        ("api_bases: [https://api.weixin.qq.com]", &["https://api.weixin.qq.com"]),
        (
            "api_bases: [https://gate.example/, http://127.0.0.1:8/a]",
            &["https://gate.example", "http://127.0.0.1:8/a"],
        ),
    ] {
        let text = account(&format!("kind: service\nsecret_file: s\n{keys}"));

        let config = load_text(&folder, &text).unwrap();

        assert_eq!(config.accounts[0].api_bases, expected, "{keys}");
    }
}

#[test]
fn a_proxys_password_is_read_like_other_secrets() {
    let folder = folder();
    fs::write(folder.path().join("proxy"), "socks5h://me:pw@gate.example:1080\n").unwrap();
    for (keys, expected) in [
        ("proxy: http://127.0.0.1:3128", "http://127.0.0.1:3128"),
        ("proxy_file: proxy", "socks5h://me:pw@gate.example:1080"),
    ] {
        let text = account(&format!("kind: service\nsecret_file: s\n{keys}"));

        let config = load_text(&folder, &text).unwrap();

        let Some(Proxy::Url(url)) = &config.accounts[0].proxy else { panic!("{keys}") };
        assert_eq!(url.expose_secret(), expected);
        assert!(!format!("{:?}", config.accounts[0]).contains("me:pw"));
    }
}

#[test]
fn relative_paths_start_in_the_configs_folder() {
    let folder = folder();
    let text = account("kind: service\nsecret_file: s").replace("/s\n", "state\n");

    let config = load_text(&folder, &text).unwrap();

    assert_eq!(config.state_dir, folder.path().join("state"));
}

#[test]
fn limits_and_token_sources_are_taken() {
    let folder = folder();
    let text = account(
        "kind: service\ntoken: {url: http://127.0.0.1:9/t}\napi_base: http://localhost:8/\n\
         limits: {daily_calls: 500, history_per_day: 0}",
    );

    let config = load_text(&folder, &text).unwrap();

    let account = &config.accounts[0];
    assert_eq!(account.account.history_per_day, None);
    assert_eq!(account.account.daily_calls, 500);
    assert_eq!(account.token, TokenSource::Url("http://127.0.0.1:9/t".to_owned()));
    assert!(account.secret.is_none());
    assert_eq!(account.api_bases, ["http://localhost:8"]);
}

#[test]
fn every_kind_has_its_words() {
    for (word, kind) in KINDS_EXPECTED {
        let config = load_text(&folder(), &account(&format!("kind: {word}\nsecret_file: s")));

        assert_eq!(config.unwrap().accounts[0].account.kind, kind, "{word}");
    }
}

const KINDS_EXPECTED: [(&str, Kind); 5] = [
    ("subscription", Kind::Subscription),
    ("service", Kind::Service),
    ("订阅号", Kind::Subscription),
    ("公众号", Kind::Subscription),
    ("服务号", Kind::Service),
];

#[test]
#[expect(clippy::too_many_lines, reason = "a table: one row for each mistake")]
fn a_wrong_account_is_told_with_its_place() {
    for (lines, expected) in [
        ("secret_file: s", "config.yaml:3:3: `kind` is missing"),
        ("kind: both\nsecret_file: s", "config.yaml:5:11: `both` is no value of `kind`"),
        ("kind: service", "config.yaml:3:3: the account has no secret"),
        ("kind: service\nsecret_file: gone.s", "config.yaml:6:18: `secret_file` gone.s: No such"),
        (
            "kind: service\nsecret_env: GONE",
            "config.yaml:6:17: `secret_env`: the variable is not set",
        ),
        (
            "kind: service\nsecret_env: EMPTY",
            "config.yaml:6:17: `secret_env`: it does not hold one word",
        ),
        ("kind: service\nsecret_file: ${GONE}/s", "config.yaml:6:18: ${GONE} is not set"),
        (
            "kind: service\nsecret_file: s\nsecret_env: GONE",
            "config.yaml:7:5: `secret_file` and `secret_env` cannot stand together",
        ),
        (
            "kind: service\nsecret_file: s\napi_base: http://api.weixin.qq.com",
            "config.yaml:7:15: `http://api.weixin.qq.com` is not https",
        ),
        (
            "kind: service\nsecret_file: s\napi_base: http://127.0.0.1.evil.com",
            "config.yaml:7:15: `http://127.0.0.1.evil.com` is not https",
        ),
        (
            "kind: service\nsecret_file: s\napi_base: https://me:pw@api.weixin.qq.com",
            "config.yaml:7:15: a URL with a user or password in it is not taken",
        ),
        (
            "kind: service\nsecret_file: s\napi_base: https://a\napi_bases: [https://b]",
            "config.yaml:8:5: `api_base` and `api_bases` cannot stand together",
        ),
        (
            "kind: service\nsecret_file: s\napi_bases: []",
            "config.yaml:7:16: `api_bases` must be a list of words",
        ),
        (
            "kind: service\nsecret_file: s\napi_bases: [https://b, https://b/]",
            "config.yaml:7:16: `https://b` stands in the list twice",
        ),
        (
            "kind: service\nsecret_file: s\nproxy: ftp://h:1",
            "config.yaml:7:12: this is no URL of a proxy",
        ),
        (
            "kind: service\nsecret_file: s\nproxy: http://me:pw@h:1",
            "config.yaml:7:12: a proxy's user and password do not belong into the config",
        ),
        (
            "kind: service\nsecret_file: s\nproxy: http://h:1\nproxy_file: s",
            "config.yaml:8:5: `proxy` and `proxy_file` cannot stand together",
        ),
        (
            "kind: service\nsecret_file: s\ntoken: {url: https://t}",
            "config.yaml:6:5: the secret is not needed: the token server of `token` has it",
        ),
        (
            "kind: subscription\nsecret_file: s\nlimits: {history_per_day: 0}",
            "config.yaml:7:31: `history_per_day: 0` is for service accounts",
        ),
        (
            "kind: service\nsecret_file: s\nlimits: {dayly_calls: 1}",
            "config.yaml:7:14: unknown key `dayly_calls` in `limits`",
        ),
        (
            "kind: service\nsecret_file: s\nlimits: {daily_calls: 0}",
            "config.yaml:7:27: `daily_calls` must be a number from 1 to 4294967295",
        ),
        (
            "kind: service\nsecret_file: s\ncallback: {token_file: s}",
            "config.yaml:7:5: a callback needs a listener",
        ),
        (
            "kind: service\nsecret_file: s\narticles_via: post",
            "config.yaml:7:19: `post` is no value of `articles_via`",
        ),
        (
            "kind: service\nsecret_file: s\nopenids: short",
            "config.yaml:7:14: `short` is no value of `openids`",
        ),
        (
            "kind: service\nsecret_file: s\nverified: yes",
            "config.yaml:7:15: `verified` must be true or false",
        ),
    ] {
        let found = problems(&account(lines));

        assert!(found.starts_with(expected), "{lines}: {found}");
        assert_eq!(found.matches("config.yaml:").count(), 1, "{found}");
    }
}

/// A config with a listener and one account whose callback has these keys.
fn with_callback(keys: &str) -> String {
    let lines = format!("kind: service\nsecret_file: s\ncallback: {{token_file: s, {keys}}}");
    format!("listen: 127.0.0.1:8071\n{}", account(&lines))
}

#[test]
fn a_callback_has_its_keys_in_order_and_the_handler_behind_it() {
    let folder = folder();
    let text = with_callback(
        "previous_aes_key_env: OLD_KEY, encoding_aes_key_file: key, forward_to: 'http://10.0.0.1:8080/wx?k=1'",
    );

    let config = load_text(&folder, &text).unwrap();

    let callback = config.accounts[0].callback.as_ref().unwrap();
    assert_eq!(callback.keys.len(), 2);
    assert_eq!(callback.forward_to.as_ref().unwrap().as_str(), "http://10.0.0.1:8080/wx?k=1");
    assert!(!format!("{config:?}").contains("aaaa"), "{config:?}");
}

#[test]
fn a_wrong_key_or_handler_is_told_and_never_shown() {
    for (keys, expected) in [
        (
            "encoding_aes_key_file: s",
            "`encoding_aes_key_file` s: an EncodingAESKey has 43 characters, and this has 6",
        ),
        (
            "encoding_aes_key_env: BAD_KEY",
            "`encoding_aes_key_env`: an EncodingAESKey has letters and digits only",
        ),
        ("encoding_aes_key_file: none.key", "`encoding_aes_key_file` none.key: No such file"),
        ("encoding_aes_key_file: key, encoding_aes_key_env: BAD_KEY", "cannot stand together"),
        ("previous_aes_key_file: key", "a previous key stands beside the present one only"),
        ("encoding_aes_key: CANARY", "a key does not belong into the config"),
        ("mode: safe", "the mode is not written here"),
        ("forward_to: CANARY", "this is no URL of a handler"),
        ("forward_to: 'ftp://CANARY/'", "this is no URL of a handler"),
        ("forward_to: 'http://me:CANARY@h/'", "a URL with a user or password in it is not taken"),
        ("forward_to: 'http://127.0.0.1:8071/CANARY'", "this is qunfa's own listener"),
        ("forward_to: 'http://localhost:8071/callback/a'", "this is qunfa's own listener"),
    ] {
        let found = problems(&with_callback(keys));

        assert!(found.contains(expected), "{keys}: {found}");
        assert!(!found.contains("CANARY") && !found.contains("!bad"), "{keys}: {found}");
    }
}

#[test]
fn a_handler_on_this_machine_or_on_the_own_port_elsewhere_is_taken() {
    for url in ["http://127.0.0.1:8080/wx", "https://handler.example/wx", "http://10.0.0.1:8071/"] {
        load_text(&folder(), &with_callback(&format!("forward_to: '{url}'"))).unwrap();
    }
}

#[test]
fn a_command_that_leaves_the_secrets_alone_needs_no_key() {
    let folder = folder();
    let path = folder.path().join("config.yaml");
    fs::write(&path, with_callback("encoding_aes_key_file: none, previous_aes_key_file: none"))
        .unwrap();

    load(&path, &|_| None, Secrets::Leave).unwrap();
}

#[test]
fn an_appid_is_wx_and_letters_or_digits_and_stands_once() {
    for appid in ["gh_1", "wx", "wx 1", "wx-1", "ｗx1"] {
        let text = account("kind: service\nsecret_file: s").replace("wx1", appid);
        assert!(problems(&text).contains("is no appid"), "{appid}");
    }
    let twice = format!(
        "{}  b: {{appid: wx1, kind: service, secret_file: s}}\n",
        account("kind: service\nsecret_file: s")
    );
    assert_eq!(
        problems(&twice),
        "config.yaml:7:3: wx1 is already the account `a`\n\
         \x20   b: {appid: wx1, kind: service, secret_file:…\n\
         \x20   ^\n\
         help: two names of one account would each count its quota alone"
    );
}

#[test]
fn a_secret_s_file_is_named_where_it_cannot_be_read_and_never_a_secret() {
    let folder = folder();
    let told = |path: &str| {
        let text = account(&format!("kind: service\nsecret_file: {path}"));
        let error = load_text(&folder, &text).unwrap_err().to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    };
    fs::create_dir(folder.path().join("d")).unwrap();

    for (path, expected) in [
        ("gone.secret", "`secret_file` gone.secret: No such file"),
        ("${CREDENTIALS_DIRECTORY}/gone", "`secret_file` gone: No such file"),
        ("d", "`secret_file` d: "),
        ("/gone/a.secret", "`secret_file` /gone/a.secret: No such file"),
        ("./none/a", "`secret_file` ./none/a: No such file"),
        // As a secret with a stroke in it would be written.
        ("none/a", "`secret_file` (in a folder that is not there;"),
        ("gone_secret", "`secret_file` gone_secret: No such file"),
    ] {
        assert!(told(path).contains(expected), "{path}: {}", told(path));
    }
    let secret = "0123456789abcdef0123456789abcdef";
    let expected = format!(
        "`secret_file` (the name, which may be the secret itself, is not shown) in {}: No such file",
        folder.path().display()
    );
    assert!(told(secret).contains(&expected), "{}", told(secret));
    assert!(!told(secret).contains(secret), "{}", told(secret));
}

#[test]
fn a_secret_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let path = folder.path().join("s");
    let text = account("kind: service\nsecret_file: s");
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();

        let warnings = load_text(&folder, &text).unwrap().warnings;

        assert_eq!(warnings.len(), usize::from(warned), "{mode:o}: {warnings:?}");
        assert!(warnings.iter().all(|told| told.contains("/s (mode 644): chmod o-rwx")));
    }
}

#[test]
fn a_name_that_changes_hands_says_whose_it_was() {
    let of = |replaced: &str| {
        account(&format!(
            "kind: service\nsecret_env: BRAND_CLUB_SECRET\nreplaces_appid: {replaced}"
        ))
    };

    let config = load_text(&folder(), &of("wx0")).unwrap();

    assert_eq!(config.accounts[0].replaces.as_deref(), Some("wx0"));
    for (replaced, expected) in [("gh_1", "is no appid"), ("wx1", "the account's own appid")] {
        let told = problems(&of(replaced));
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn an_unknown_key_is_told_with_its_line_and_what_was_meant() {
    assert_eq!(
        problems("state_dir: /s\nlisten_on: 127.0.0.1:1\naccounts: {}\nInbox: x\n"),
        "config.yaml:2:1: unknown key `listen_on` in the config\n  listen_on:…\n  \
         ^^^^^^^^^\nhelp: did you mean `listen`?\n\n\
         config.yaml:3:1: there is no account in `accounts`\n  accounts: {}\n  ^^^^^^^^\n\
         help: write `accounts:` and below it each account's name with its keys\n\n\
         config.yaml:4:1: unknown key `Inbox` in the config\n  Inbox: x\n  ^^^^^\n\
         help: did you mean `inbox`?"
    );
}

#[test]
fn a_secret_in_the_config_is_refused_and_never_shown() {
    for line in [
        "secret: CANARY",
        "appsecret: CANARY",
        "\"secret\": CANARY",
        "token: CANARY",
        "callback: {token: CANARY}",
        "secret: \"CANARY",
        "secret： CANARY",
        "AppSecret: CANARY",
        "APP_SECRET: CANARY",
        "AppSecret:CANARY",
        "AppSecret CANARY",
        "AppSecret=CANARY",
        "secert: CANARY",
        "secert: [CANARY",
        "secert: 'CANARY",
        "secert: *CANARY",
        "secert: &CANARY x",
        "secert: !CANARY x",
        "secert: @CANARY",
        "secert: `CANARY",
        "secert: a: CANARY",
        "secert: [a] CANARY",
        "secert: \"a\" CANARY",
        "secert: &a !a CANARY",
        "secert: &CANARY [*CANARY]",
        "secert: |\n  CANARY",
        "secert:\n  CANARY",
        "secert: {a: CANARY, b: [CANARY}",
        "\"AppSecret\": \"x, kind: CANARY\"",
        "limits: {secert: CANARY}",
        "daily_calls: 1 # CANARY",
        "secret_file: CANARY",
        "secret_file: [CANARY]",
        "secret_file: {CANARY: CANARY}",
        "secret_env: CANARY",
        "token: {url: CANARY}",
        "token: {url: http://h/?key=CANARY, x: 1}",
        "token: [CANARY]",
        "api_base: https://me:CANARY@h",
        "api_base: https://me:CANARY@h:x",
        "api_bases: [https://h, https://me:CANARY@h]",
        "proxy: http://me:CANARY@h:1",
        "proxy: CANARY",
        "proxy_env: CANARY",
        "callback: {token_file: CANARY}",
        "callback: {token_env: CANARY}",
        "callback: {tokn: CANARY}",
        "callback: CANARY",
    ] {
        let found = problems(&account(&format!("kind: service\n{line}")));

        assert!(!found.contains("CANARY"), "{line}: {found}");
    }
}

#[test]
fn a_line_is_shown_up_to_the_first_value_that_may_be_a_secret() {
    for (line, expected) in [
        ("    kind: both", "    kind: both"),
        ("    Kind: both", "    Kind: both"),
        ("    api_base: https://h:80/a=b", "    api_base: https://h:80/a=b"),
        (
            "  a: {kind: both, limits: {daily_calls: 0}}",
            "  a: {kind: both, limits: {daily_calls: 0}}",
        ),
        ("  a: {kind: both, AppSecret: x}", "  a: {kind: both, AppSecret:"),
        ("    appid: wx1 AppSecret: x", "    appid:"),
        ("    secret_file：x", "    secret_file："),
        ("    x", "    "),
        ("…x", ""),
        ("accounts:", "accounts:"),
    ] {
        assert_eq!(&line[..shown(line)], expected);
    }
}

#[test]
fn a_caret_stands_below_what_is_shown() {
    let flow = "state_dir: /s\naccounts: {a: {kind: service, appid: wx0123456789abcdef, secret_file: gone.s}}\n";
    for text in [flow, &account("kind: service\nsecret_file: gone.s")] {
        let found = problems(text);

        let lines: Vec<_> = found.lines().collect();
        assert_eq!(lines.len(), 3, "{found}");
        assert!(lines[2].chars().count() <= lines[1].chars().count(), "{found}");
    }
}

#[test]
fn a_file_that_is_no_config_is_an_error() {
    for (text, expected) in [
        ("", "config.yaml:1:1: the config is empty"),
        ("- a", "config.yaml:1:1: the config must have keys, not a list"),
        ("accounts: {a: {kind: service}}", "config.yaml:1:1: `state_dir` is missing"),
        ("state_dir: [", "config.yaml:1:"),
        ("state_dir: \u{202e}", "config.yaml:1:12: the text direction character U+202E"),
    ] {
        assert!(problems(text).starts_with(expected), "{text}: {}", problems(text));
    }
    let gone = load(&PathBuf::from("/gone/config.yaml"), &|_| None, Secrets::Read).unwrap_err();
    assert_eq!(gone.to_string(), "the config /gone/config.yaml cannot be read");
}

#[test]
fn a_command_loads_the_config_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    fs::write(&path, account("kind: service\nsecret_file: ${CREDENTIALS_DIRECTORY}/gone")).unwrap();

    let config = load(&path, &|_| None, Secrets::Leave).unwrap();

    assert_eq!(config.accounts[0].account.name, "a");
    assert!(load(&path, &|_| None, Secrets::Read).is_err());
}

/// A config whose accounts are files of a folder beside it.
fn with_files(files: &[(&str, &str)], text: &str) -> (TempDir, Result<Config, ConfigError>) {
    let folder = folder();
    fs::create_dir(folder.path().join("accounts")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join("accounts").join(name), text).unwrap();
    }
    let loaded = load_text(&folder, &format!("state_dir: /s\n{text}"));
    (folder, loaded)
}

#[test]
fn accounts_may_come_from_a_folder_of_files() {
    let files = [
        (
            "b.yaml",
            "b1: {kind: service, appid: wxb1, secret_file: ../s}\nb2: {kind: service, appid: wxb2, secret_file: ../s}\n",
        ),
        ("a.yml", "a: {kind: service, appid: wxa, secret_file: ../s}\n"),
        (".c.yaml", "not read"),
        ("d.yaml.bak", "not read"),
    ];
    let own = "accounts:\n  own: {kind: service, appid: wxown, secret_file: s}\n";
    for (text, expected) in [
        (String::from("accounts_from: accounts\n"), vec!["a", "b1", "b2"]),
        (format!("{own}accounts_from: accounts\n"), vec!["own", "a", "b1", "b2"]),
    ] {
        let (_folder, loaded) = with_files(&files, &text);

        let config = loaded.unwrap();
        let names: Vec<_> = config.accounts.iter().map(|one| one.account.name.as_str()).collect();
        assert_eq!(names, expected);
        assert!(config.accounts.iter().all(|account| account.secret.is_some()));
    }
}

#[test]
fn a_wrong_file_of_accounts_is_told_with_its_name_and_place() {
    let good = ("a.yaml", "a: {kind: service, appid: wxa, secret_file: ../s}\n");
    for (files, expected) in [
        (vec![], "accounts holds no .yaml file"),
        (
            vec![good, ("b.yaml", "a: {kind: service, appid: wxb, secret_file: ../s}\n")],
            "b.yaml:1:1: another file has an account `a` already",
        ),
        (
            vec![good, ("b.yaml", "b: {kind: service, appid: wxa, secret_file: ../s}\n")],
            "b.yaml:1:1: wxa is already the account `a`",
        ),
        (vec![("b.yaml", "b: {kind: servise, appid: wxb, secret_file: ../s}\n")], "b.yaml:1:11:"),
        (vec![("b.yaml", "- b\n")], "there is no account in this file"),
    ] {
        let (_folder, loaded) = with_files(&files, "accounts_from: accounts\n");

        let told = loaded.unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
    }
    let (folder, _) = with_files(&[good], "accounts_from: accounts\n");
    fs::create_dir(folder.path().join("accounts/c.yaml")).unwrap();
    let loaded = load_text(&folder, "state_dir: /s\naccounts_from: accounts\n");
    assert!(loaded.unwrap_err().to_string().contains("c.yaml is not a file"));
    let (_folder, loaded) = with_files(&[good], "accounts_from: elsewhere\n");
    assert!(loaded.unwrap_err().to_string().contains("elsewhere cannot be read"));
}

/// The commented-out `alerts` of the example.
fn example_alerts() -> String {
    let start = EXAMPLE.find("# alerts:").unwrap();
    let lines = EXAMPLE[start..].lines().filter_map(|line| line.strip_prefix("# "));
    lines.map(|line| format!("{line}\n")).collect()
}

fn load_alerts(alerts: &str) -> Result<Config, ConfigError> {
    let folder = folder();
    for name in ["qunfa_ops.wecom", "url"] {
        fs::write(folder.path().join(name), "https://robot.example/send?key=url-canary").unwrap();
    }
    for name in ["qunfa_ops.feishu", "qunfa_mail.password"] {
        fs::write(folder.path().join(name), "word").unwrap();
    }
    let path = folder.path().join("config.yaml");
    fs::write(&path, account("kind: service\nsecret_file: s") + alerts).unwrap();
    let directory = folder.path().display().to_string();
    let env = |name: &str| match name {
        "CREDENTIALS_DIRECTORY" => Some(directory.clone()),
        "PLAIN" => Some("http://robot.example/send?key=url-canary".to_owned()),
        name if name.ends_with("SECRET") => Some("whsec_c2VjcmV0".to_owned()),
        _ => Some("https://robot.example/send?key=url-canary".to_owned()),
    };
    load(&path, &env, Secrets::Read)
}

#[test]
fn the_alerts_of_the_example_load() {
    let alerts = load_alerts(&example_alerts()).unwrap().alerts;

    let names: Vec<_> = alerts.receivers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["ops-wecom", "ops-feishu", "ops-dingtalk", "pager", "mail", "program"]);
    assert_eq!(alerts.routes.len(), 3);
    assert!(alerts.routes.iter().all(|route| route.quiet.is_some()));
    assert_eq!(alerts.ping.unwrap().every, TimeDelta::minutes(1));
    assert_eq!(alerts.summary_at, chrono::NaiveTime::from_hms_opt(9, 0, 0));
    let Channel::Email(mail) = &alerts.receivers[4].channel else { panic!("mail is mail") };
    assert_eq!((mail.port, mail.security), (587, Security::Starttls));
}

#[test]
fn without_routes_everybody_is_told_everything() {
    let config = load_alerts("alerts:\n  receivers:\n    a: {wecom: {url_file: url}}\n").unwrap();

    assert_eq!(config.alerts.routes.len(), 1);
    assert_eq!(config.alerts.routes[0].to, ["a"]);
}

#[test]
fn a_mistake_in_alerts_is_refused_with_its_help_and_without_the_secret() {
    for (alerts, message, help) in [
        ("receivers: {a: {wecom: {url: https://x/url-canary}}}", "is a secret", "url_file"),
        ("receivers: {a: {wecom: {url_env: PLAIN}}}", "does not hold an https URL", "127.0.0.1"),
        ("receivers: {a: {}}", "no channel", "wecom"),
        (
            "receivers: {a: {wecom: {url_file: url}, feishu: {url_file: url}}}",
            "has one channel",
            "of its own",
        ),
        (
            "receivers: {a: {webhook: {url_file: url, secret_env: URL}}}",
            "is no secret of a webhook",
            "whsec_",
        ),
        (
            "receivers: {a: {email: {server: smtp.example.com, security: none, from: a@b.c, to: [d@e.f]}}}",
            "unprotected",
            "starttls",
        ),
        ("receivers: {a: {command: []}}", "list of words", "[one, two]"),
        (
            "receivers: {ops: {wecom: {url_file: url}}}\n  routes: [{to: [oops]}]",
            "is no receiver",
            "`ops`",
        ),
        (
            "receivers: {a: {wecom: {url_file: url}}}\n  routes: [{to: [a], kinds: [uncertan]}]",
            "no kind of alert",
            "`uncertain`",
        ),
        ("quiet_hours: {from: 25:00, to: 08:00}", "no time of day", "22:00"),
        ("dead_man: {url_file: url, every: 0s}", "no duration", "60s"),
    ] {
        let error = load_alerts(&format!("alerts:\n  {alerts}\n")).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(help), "{alerts}: {error}");
        assert!(!error.contains("url-canary"), "{error}");
    }
}

#[test]
fn every_key_is_on_the_page_of_the_config() {
    let page = include_str!("../../docs/config.md");
    let shapes = [
        &FILE,
        &account::ACCOUNT,
        &account::CALLBACK,
        &account::LIMITS,
        &account::TOKEN,
        &alerts::ALERTS,
        &alerts::RECEIVER,
        &alerts::HOOK,
        &alerts::EMAIL,
        &alerts::ROUTE,
        &alerts::QUIET,
        &alerts::PING,
        &upkeep::RETENTION,
        &upkeep::BACKUP,
    ];
    let keys = shapes.iter().flat_map(|shape| shape.known);

    let missing: Vec<_> = keys.filter(|key| !page.contains(&format!("`{key}`"))).collect();

    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_example_on_the_page_of_the_config_is_accepted() {
    let page = include_str!("../../docs/config.md");
    let key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
    let mut count = 0;
    for example in page.split("```yaml config\n").skip(1) {
        let example = example.split("\n```").next().unwrap();
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("brand-daily.secret", "s3cret"),
            ("dingtalk.url", "https://oapi.dingtalk.com/robot/send?access_token=a"),
            ("dingtalk.secret", "s3cret"),
            ("qunfa_brand-daily.secret", "s3cret"),
            ("qunfa_brand-club.callback", "word"),
            ("qunfa_brand-club.aes", key),
            ("qunfa_brand-club.aes.old", key),
        ] {
            fs::write(dir.path().join(file), text).unwrap();
        }
        let path = dir.path().join("config.yaml");
        fs::write(&path, example).unwrap();
        let env = |name: &str| match name {
            "CREDENTIALS_DIRECTORY" => Some(dir.path().display().to_string()),
            "PAGER_SECRET" => Some("whsec_cXVuZmE=".to_owned()),
            name if name.ends_with("SECRET") || name.ends_with("PASSWORD") => {
                Some("s3cret".to_owned())
            }
            _ => Some("https://example.com/hook".to_owned()),
        };

        let loaded = load(&path, &env, Secrets::Read);

        assert!(loaded.is_ok(), "{example}\n{}", loaded.unwrap_err());
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn what_is_kept_and_copied_is_read_and_has_defaults() {
    let folder = folder();
    let base = account("kind: service\nsecret_file: s");
    let loaded = |lines: &str| load_text(&folder, &format!("{base}{lines}")).unwrap();
    let days = |days| Some(TimeDelta::days(days));
    for (lines, expected) in [
        ("", days(400)),
        ("retention: {}\n", days(400)),
        ("retention: {history: 62d}\n", days(62)),
        ("retention: {history: 100 weeks}\n", days(700)),
        ("retention: {history: forever}\n", None),
    ] {
        assert_eq!(loaded(lines).retention, expected, "{lines}");
    }
    assert_eq!(loaded("").backup, None);
    let time = |hour, minute| chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    let dir = folder.path().join("b");
    for (lines, at, keep) in [
        ("backup: {dir: b}\n", time(3, 30), 7),
        ("backup: {dir: b, at: \"23:05\", keep: 30}\n", time(23, 5), 30),
    ] {
        let expected = Backups { dir: dir.clone(), at, keep };
        assert_eq!(loaded(lines).backup, Some(expected), "{lines}");
    }
}

#[test]
fn a_mistake_in_what_is_kept_and_copied_is_refused_with_its_help() {
    for (lines, message, help) in [
        ("retention: {history: 61d}", "neither a duration of 62 days", "400d"),
        ("retention: {history: 0}", "neither a duration of 62 days", "400d"),
        ("retention: {historie: 400d}", "historie", "history"),
        ("backup: {at: 03:30}", "`dir`", "/var/lib/qunfa/backups"),
        ("backup: {dir: b, at: 3.30}", "no time of day", "22:00"),
        ("backup: {dir: b, keep: 0}", "from 1 to 1000", ""),
        ("backup: {dir: b, kept: 7}", "kept", "keep"),
    ] {
        let told = problems(&format!("{}{lines}\n", account("kind: service\nsecret_file: s")));
        assert!(told.contains(message) && told.contains(help), "{lines}: {told}");
    }
}

/// A config with a console and these users.
fn users(lines: &str) -> String {
    let console = "console: {listen: 127.0.0.1:8073}\nusers:\n";
    format!("{}{console}{lines}", account("kind: service\nsecret_file: s"))
}

#[test]
fn a_user_has_a_role_a_digest_and_maybe_accounts() {
    let folder = folder();
    let hash = "0f".repeat(32);
    let lines = format!(
        "  - {{name: anne, role: approver, token_hash: \"sha256:{hash}\"}}\n  - {{name: bert, role: \
         viewer, accounts: [a, b], token_hash: \"sha256:{}\"}}\n",
        "a0".repeat(32)
    );

    let config = load_text(&folder, &users(&lines)).unwrap();

    let console = config.console.unwrap();
    let [anne, bert] = console.users.as_slice() else { panic!("not two") };
    assert_eq!(
        (anne.role, anne.token_hash, anne.sees("b")),
        (Role::Approver, Some([15; 32]), true)
    );
    assert_eq!((bert.role, bert.sees("b"), bert.sees("c")), (Role::Viewer, true, false));
    let of_users = config.warnings.iter().filter(|warning| warning.contains("the user bert"));
    assert_eq!(of_users.count(), 1, "{:?}", config.warnings);
}

#[test]
fn what_is_wrong_with_a_user_is_told() {
    let hash = format!("token_hash: \"sha256:{}\"", "0f".repeat(32));
    for (lines, part) in [
        (format!("  - {{name: a b, role: viewer, {hash}}}\n"), "cannot be a user's name"),
        (format!("  - {{name: a, role: admin, {hash}}}\n"), "is no value of `role`"),
        ("  - {name: a, role: viewer, token: t}\n".to_owned(), "a token is a secret"),
        ("  - {name: a, role: viewer, token_hash: x}\n".to_owned(), "64 hexadecimal digits"),
        ("  - {name: a, role: viewer, password: p}\n".to_owned(), "a password is a secret"),
        ("  - {name: a, role: viewer, password_hash: p}\n".to_owned(), "`$argon2id$`"),
        ("  - {name: a, role: viewer}\n".to_owned(), "neither `token_hash` nor `password_hash`"),
        (format!("  - {{name: a, role: viewer, accounts: [], {hash}}}\n"), "list of words"),
        (
            format!(
                "  - {{name: a, role: viewer, {hash}}}\n  - {{name: b, role: viewer, {hash}}}\n"
            ),
            "the same token",
        ),
    ] {
        let told = problems(&users(&lines));
        assert!(told.contains(part), "{lines}: {told}");
    }
}

#[test]
fn an_account_says_how_many_must_approve() {
    let folder = folder();
    for (line, approvals) in
        [("", 0), ("\napproval: false", 0), ("\napproval: true", 1), ("\napproval: 2", 2)]
    {
        let text = account(&format!("kind: service\nsecret_file: s{line}"));
        let config = load_text(&folder, &text).unwrap();
        assert_eq!(config.accounts[0].account.approvals, approvals, "{line}");
    }
    let told = problems(&account("kind: service\nsecret_file: s\napproval: 3"));
    assert!(told.contains("is no value of `approval`"), "{told}");
}

#[test]
fn an_approver_is_a_user_who_may_approve_and_links_lead_somewhere() {
    let folder = folder();
    let user = |role: &str| {
        format!(
            "users:\n  - {{name: anne, role: {role}, token_hash: \"sha256:{}\"}}\n",
            "0f".repeat(32)
        )
    };
    let text = |console: &str, user: &str, approver: &str| {
        let receivers =
            format!("alerts:\n  receivers: {{a: {{command: [x], approver: {approver}}}}}\n");
        let account = account("kind: service\nsecret_file: s");
        format!("{account}console: {{listen: 127.0.0.1:8073{console}}}\n{user}{receivers}")
    };
    let url = ", url: \"https://qunfa.example.com/\"";

    let config = load_text(&folder, &text(url, &user("approver"), "anne")).unwrap();
    let approver = config.alerts.receivers[0].approver.as_ref().unwrap();
    assert_eq!(approver.url, "https://qunfa.example.com");
    assert_eq!(approver.user.name, "anne");
    for (text, part) in [
        (text("", &user("approver"), "anne"), "needs the address"),
        (text(url, &user("editor"), "anne"), "is no user who may approve"),
        (text(url, &user("approver"), "bert"), "is no user who may approve"),
        (text(", proxy_from: [127.0.0.1]", &user("viewer"), "anne"), "belong together"),
        (
            text(", proxy_user_header: \"a b\", proxy_from: [127.0.0.1]", "", "x"),
            "no name of a header",
        ),
        (text(", proxy_user_header: a, proxy_from: [proxy]", "", "x"), "list of IP addresses"),
    ] {
        let told = problems(&text);
        assert!(told.contains(part), "{told}");
    }
    let by_proxy = text(
        ", url: \"https://a.example\", proxy_user_header: X-User, proxy_from: [\"::1\"]",
        "users: [{name: anne, role: operator}]\n",
        "anne",
    );
    let console = load_text(&folder, &by_proxy).unwrap().console.unwrap();
    assert_eq!(console.proxy.unwrap().header, "x-user");
}
