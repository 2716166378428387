//! Spare addresses and a proxy with the real binary.

use std::fs;

use crate::rig::{Rig, club, to_tag};

#[test]
fn a_broadcast_goes_by_a_spare_address_and_status_names_it() {
    let mut rig = Rig::new(&[club()]);
    let sandbox = rig.sandbox();
    let config = fs::read_to_string(rig.path("config.yaml")).unwrap();
    let bases = format!("api_bases: [\"http://127.0.0.1:1\", \"http://{sandbox}\"]");
    let config = config.replace(&format!("api_base: http://{sandbox}"), &bases);
    fs::write(rig.path("config.yaml"), config).unwrap();
    rig.start();

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    assert_eq!(rig.accepted().len(), 1);
    let account = &rig.ask(&["status", "--json"])["accounts"][0];
    assert_eq!(account["spare_api_base"], format!("http://{sandbox}"));
    let status = rig.say(&["status"]).out;
    assert!(status.contains(&format!("by http://{sandbox}")), "{status}");
    let doctor = rig.say(&["doctor", "club"]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.out);
    assert!(doctor.out.contains("warning  club: connection: "), "{}", doctor.out);
}

#[test]
fn a_proxy_is_known_to_the_checks_and_its_password_is_shown_nowhere() {
    let rig = Rig::new(&[club()]);
    fs::write(rig.path("proxy"), "http://me:CANARY@127.0.0.1:1\n").unwrap();
    let config = fs::read_to_string(rig.path("config.yaml")).unwrap();
    let api_base = format!("api_base: http://{}", rig.sandbox());
    fs::write(rig.path("config.yaml"), config.replace(&api_base, "proxy_file: proxy")).unwrap();

    let checked = rig.say(&["config", "check"]);
    let doctor = rig.say(&["doctor", "club"]);

    assert!(checked.code == Some(0) && checked.out.contains("proxy"), "{checked:?}");
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    assert!(doctor.out.contains("the proxy"), "{doctor:?}");
    assert!(!format!("{checked:?} {doctor:?}").contains("CANARY"));
}
