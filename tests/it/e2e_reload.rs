//! A config that changes under a running daemon.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;

use serde_json::Value;

use crate::rig::{Account, Rig, club, daily, to_tag, to_tag_with};
use crate::tap::{Moment, Tap};

const DONE: &str = "the config was reloaded";
const REFUSED: &str = "the daemon continues with the config that it has";

fn change_config(rig: &Rig, change: impl Fn(&str) -> String) {
    let path = rig.path("config.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "nothing is changed");
    fs::write(path, changed).unwrap();
}

fn attention(rig: &Rig, kind: &str) -> Vec<String> {
    let status = rig.ask(&["status", "--json"]);
    let notes = status["attention"].as_array().unwrap().clone();
    let what = |note: &Value| note["what"].as_str().unwrap().to_owned();
    notes.iter().filter(|note| note["kind"] == kind).map(what).collect()
}

/// A rig whose platform knows both accounts, while the config has the first alone.
fn with_one_of(accounts: &[Account; 2]) -> Rig {
    let mut rig = Rig::new(accounts);
    rig.write_config(&accounts[..1], rig.sandbox());
    rig.start();
    rig.until_listening();
    rig
}

#[test]
fn an_account_that_is_added_sends_and_gets_its_events() {
    let accounts = [club(), daily()];
    let rig = with_one_of(&accounts);

    rig.write_config(&accounts, rig.sandbox());
    rig.reload(DONE);
    rig.drop_file("spring.yaml", &to_tag("spring", "daily"));

    rig.until_state("spring", "sent");
}

#[test]
fn a_send_under_way_survives_the_removal_of_its_account_and_its_return() {
    let accounts = [daily(), club().without_callback()];
    let mut rig = Rig::new(&accounts);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Mutex::new(released);
    let tap = Tap::start(rig.sandbox(), move |moment, path| {
        if moment == Moment::Decided && path.ends_with("/sendall") {
            // A test that is over lets everything pass.
            released.lock().unwrap().recv().ok();
        }
        true
    });
    rig.write_config(&accounts, tap.address);
    rig.start();
    rig.until_listening();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until("the request is under way", || (!rig.sends().is_empty()).then_some(()));

    rig.write_config(&accounts[..1], tap.address);
    rig.reload(DONE);
    release.send(()).unwrap();
    // Its response is settled, although the account is gone.
    rig.until("the response is settled", || {
        rig.log().contains("the answer to a mass send: accepted").then_some(())
    });
    rig.drop_file("summer.yaml", &to_tag("summer", "club"));
    rig.until_file("rejected", "summer.yaml.error.txt");
    rig.write_config(&accounts, tap.address);
    rig.reload(DONE);

    rig.until_state("spring", "sent");
    assert_eq!((rig.sends().len(), rig.accepted().len()), (1, 1));
    assert!(rig.stop().success());
}

#[test]
fn a_bad_config_changes_nothing_and_says_why_until_it_is_corrected() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    let good = fs::read_to_string(rig.path("config.yaml")).unwrap();

    change_config(&rig, |text| text.replace("    kind:", "    knid:"));
    rig.reload(REFUSED);
    assert!(rig.log().contains("knid"), "{}", rig.log());
    // The commands read the file, too.
    fs::write(rig.path("config.yaml"), good).unwrap();
    let told = attention(&rig, "config");
    assert!(matches!(&told[..], [what] if what.contains("config.yaml")), "{told:?}");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    rig.reload(DONE);

    assert!(attention(&rig, "config").is_empty());
}

#[test]
fn what_needs_a_restart_is_named_and_the_rest_is_taken() {
    let accounts = [club(), daily()];
    let rig = with_one_of(&accounts);

    rig.write_config(&accounts, rig.sandbox());
    let good = fs::read_to_string(rig.path("config.yaml")).unwrap();
    let listen = format!("listen: {}", rig.listen);
    change_config(&rig, |text| {
        text.replace("state_dir: state", "state_dir: other").replace(&listen, "listen: 127.0.0.1:1")
    });
    rig.reload(DONE);

    rig.until("it is logged", || {
        rig.log().contains("needs a restart: state_dir, listen;").then_some(())
    });
    fs::write(rig.path("config.yaml"), good).unwrap();
    rig.drop_file("spring.yaml", &to_tag("spring", "daily"));
    rig.until_state("spring", "sent");
    let told = attention(&rig, "config");
    assert!(matches!(&told[..], [what] if what.contains("state_dir, listen")), "{told:?}");
}

#[test]
fn a_secret_is_read_again() {
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    let bodies = || {
        let platform = rig.platform();
        let tokens = platform.requests().iter().filter(|one| one.path.ends_with("/stable_token"));
        tokens.map(|one| one.body_digest.clone()).collect::<BTreeSet<_>>()
    };
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    assert_eq!(bodies().len(), 1);

    fs::write(rig.path("secret"), "another").unwrap();
    rig.reload(DONE);
    rig.drop_file("summer.yaml", &to_tag("summer", "club"));

    // The token of the former secret is not used any more.
    rig.until("the other secret is sent", || (bodies().len() == 2).then_some(()));
    rig.until_state("summer", "sent");
}

#[test]
fn a_kind_that_changes_has_the_rules_that_a_restart_gives_it() {
    let mut rig = Rig::running(&[club()]);
    rig.until_listening();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    for name in ["one", "two", "three"] {
        let text = to_tag_with(name, "club", "at: 2037-03-03 20:00");
        rig.drop_file(&format!("{name}.yaml"), &text);
        rig.until_state(name, "planned");
    }
    let planned = |rig: &Rig| {
        let jobs = rig.ask(&["jobs", "--json"]);
        let line = |job: &Value| format!("{} {} {}", job["id"], job["state"], job["due"]);
        jobs.as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let before = planned(&rig);

    change_config(&rig, |text| text.replace("kind: service", "kind: subscription"));
    rig.reload(DONE);
    let reloaded = planned(&rig);
    assert!(rig.stop().success());
    rig.start();
    rig.until_listening();

    assert_eq!(reloaded, planned(&rig));
    assert_ne!(before, reloaded, "three on one day are too many for a subscription account");
}

#[test]
fn a_config_is_refused_and_warned_of_in_the_language_of_people_and_logged_in_english() {
    let mut rig = Rig::new(&[club()]);
    fs::set_permissions(rig.path("secret"), Permissions::from_mode(0o600)).unwrap();
    change_config(&rig, |text| format!("lang: zh-CN\n{text}"));
    let good = fs::read_to_string(rig.path("config.yaml")).unwrap();
    rig.start();
    rig.until_listening();

    change_config(&rig, |text| format!("{text}unknown: 1\n"));
    rig.reload(REFUSED);
    // The commands read the file, too.
    fs::write(rig.path("config.yaml"), good).unwrap();
    let (refused, log) = (attention(&rig, "config").concat(), rig.log());
    fs::set_permissions(rig.path("secret"), Permissions::from_mode(0o644)).unwrap();
    rig.reload(DONE);
    let warned = attention(&rig, "config").concat();
    rig.reload(DONE);

    assert!(refused.contains("里没有键"), "{refused}");
    assert!(log.contains("unknown key") && !log.contains("没有键"), "{log}");
    assert!(warned.contains("本机所有用户都能读取"), "{warned}");
    assert!(rig.log().contains("chmod o-rwx") && !rig.log().contains("本机所有用户"));
    assert!(attention(&rig, "config").is_empty(), "it is no news");
}
