//! A third-party platform through the real binary and real sockets: from its first ticket to a broadcast,
//! and without a secret in any place where none belongs.

use std::fs;

use serde_json::{Value, json};

use crate::rig::{AES_KEY, Account, CALLBACK_TOKEN, Rig, SECRET, club, exchange, real_now, to_tag};

const COMPONENT: &str = "wxcagency";
/// What each kind of secret that the sandbox makes begins with.
const CANARIES: [&str; 5] =
    ["refreshtoken@@@", "ticket@@@", "component@@@", "queryauthcode@@@", SECRET];

/// Lets the account be one that the component acts for, on both sides.
fn agency(account: &Account) -> Rig {
    let rig = Rig::new(std::slice::from_ref(account));
    let (listen, api, appid) = (rig.listen, rig.sandbox(), &account.spec.appid);
    let config = format!(
        "state_dir: state\ninbox: inbox\nlisten: {listen}\ncomponents:\n  agency:\n    appid: \
         {COMPONENT}\n    secret_file: secret\n    token_file: callback-token\n    aes_key_file: \
         aes-key\n    url: http://{listen}\n    api_base: http://{api}\naccounts:\n  club:\n    kind: \
         service\n    appid: {appid}\n    component: agency\n    api_base: http://{api}\n"
    );
    fs::write(rig.path("config.yaml"), config).unwrap();
    let callback = |of: &str, path: &str| {
        let body = json!({
            "appid": of, "url": format!("http://{listen}/component/agency/{path}"),
            "token": CALLBACK_TOKEN, "encoding_aes_key": AES_KEY, "component": COMPONENT,
        });
        let done =
            exchange(api, ("POST /sandbox/callback", "connection: close\r\n"), &body.to_string());
        assert_eq!(done.0, 200, "{}", done.2);
    };
    callback(COMPONENT, "events");
    callback(appid, &format!("callback/{appid}"));
    rig
}

impl Rig {
    fn component(&self) -> Value {
        self.ask(&["component", "agency", "--json"])
    }

    fn get(&self, url: &str) -> (u16, String) {
        let path = url.strip_prefix(&format!("http://{}", self.listen)).unwrap();
        let (status, _, body) =
            exchange(self.listen, (&format!("GET {path}"), "connection: close\r\n"), "");
        (status, body)
    }

    /// An administrator follows the link of the command, and comes back with the code.
    fn administrator_agrees(&self, appid: &str) {
        let link = self.ask(&["component", "agency", "link", "club", "--json"]);
        let scan = link["scan"].as_str().unwrap();
        let (status, page) = self.get(link["start"].as_str().unwrap());
        assert_eq!(status, 200);
        assert!(page.contains("https://mp.weixin.qq.com/cgi-bin/componentloginpage"), "{page}");
        let url = url::Url::parse(scan).unwrap();
        let asked = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.unwrap_or_else(|| panic!("no {name}: {url}")).1.into_owned()
        };
        assert_eq!(
            (asked("component_appid"), asked("biz_appid")),
            (COMPONENT.into(), appid.into())
        );
        assert!(asked("pre_auth_code").starts_with("preauthcode@@@"));
        let code = self.platform().authorize(COMPONENT, appid, &[2, 7, 11], real_now()).unwrap();
        let landing = format!("{}?auth_code={code}&expires_in=3600", asked("redirect_uri"));
        assert_eq!(self.get(&landing).0, 200, "{landing}");
        assert_eq!(self.get(&format!("{}x", asked("redirect_uri"))).0, 400);
    }

    fn until_account_is(&self, state: &str) {
        self.until(&format!("the account is {state}"), || {
            (self.component()["authorizers"][0]["state"] == state).then_some(())
        });
    }
}

#[test]
fn an_account_is_authorised_sends_and_ends_its_authorization() {
    let account = club();
    let appid = account.spec.appid.clone();
    let mut rig = agency(&account);
    rig.start();
    rig.until_listening();
    rig.platform().add_component(COMPONENT, Some(SECRET), real_now());
    rig.until("the component has a token", || rig.component()["token_until"].as_str().map(drop));
    rig.until_attention("paused");

    rig.administrator_agrees(&appid);
    rig.until_account_is("authorized");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    let told = rig.ask(&["show", "spring", "--json"]);
    assert_eq!(told["events"][0]["proven"], true, "{told}");

    rig.kill();
    rig.start();
    rig.drop_file("summer.yaml", &to_tag("summer", "club"));
    rig.until_state("summer", "sent");
    assert_eq!(rig.accepted().len(), 2);
    let own = |path: &str| path.ends_with("/stable_token") || path.ends_with("/cgi-bin/token");
    assert!(!rig.platform().requests().iter().any(|request| own(&request.path)));

    assert_eq!(rig.say(&["doctor", "club"]).code, Some(0), "{}", rig.say(&["doctor", "club"]).out);
    nothing_is_told(&rig);
    rig.platform().unauthorize(COMPONENT, &appid, real_now());
    rig.until_attention("paused");
    rig.until_account_is("unauthorized");
    let status = rig.ask(&["status", "--json"]);
    let mut notes = status["attention"].as_array().unwrap().iter();
    let paused = notes.find(|note| note["kind"] == "paused").unwrap();
    assert_eq!(paused["reason_code"], "not_authorized", "{status}");
    assert!(paused["do"].as_str().unwrap().contains("qunfa component agency link club"));
    let found = rig.say(&["doctor", "club"]);
    assert_eq!(found.code, Some(1), "{}", found.out);
    assert!(rig.stop().success());
}

/// No secret is in the log, in an answer or in a backup, though the database has them.
fn nothing_is_told(rig: &Rig) {
    let backup = rig.path("copy.db");
    assert_eq!(rig.say(&["backup", backup.to_str().unwrap()]).code, Some(0));
    let mut texts = vec![("the log", rig.log().into_bytes())];
    for command in [
        &["component", "agency"][..],
        &["component", "agency", "--json"],
        &["status", "--json"],
        &["doctor", "--json"],
        &["config", "check", "--json"],
    ] {
        let said = rig.say(command);
        texts.push(("an answer", (said.out + &said.err).into_bytes()));
    }
    texts.push(("the backup", fs::read(&backup).unwrap()));
    let has =
        |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    for (place, bytes) in &texts {
        for canary in CANARIES {
            assert!(!has(bytes, canary), "{canary} is in {place}");
        }
    }
    let database = ["qunfa.db", "qunfa.db-wal"].map(|name| rig.path("state").join(name));
    let bytes: Vec<_> =
        database.iter().flat_map(|path| fs::read(path).unwrap_or_default()).collect();
    assert!(has(&bytes, "refreshtoken@@@"), "this test would find nothing");
}
