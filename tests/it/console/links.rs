//! One-time links in alerts, and a proxy that signs users in.

use std::fs;

use chrono::TimeDelta;
use serde_json::Value;

use super::Served;
use crate::rig::{at_line, files_under, real_now, to_tag_with, whole_second};

/// A console whose alerts reach a person who approves, and a group.
fn served(four_eyes: bool) -> Served {
    Served::with(|rig, config| {
        if four_eyes {
            *config = config.replace("  club:\n", "  club:\n    approval: 2\n");
        }
        let (start, rest) = config.split_once("console: { listen: ").unwrap();
        let (at, rest) = rest.split_once(" }").unwrap();
        let out = |name: &str| rig.path(name).display().to_string();
        let told = |name: &str| format!("command: [/bin/sh, -c, \"cat >> {}\"]", out(name));
        *config = format!(
            "{start}console: {{ listen: {at}, url: \"http://{at}/\" }}{rest}alerts:\n  approval: 7d\n  \
             receivers:\n    boss: {{ {}, approver: approver }}\n    group: {{ {} }}\n",
            told("boss.json"),
            told("group.json"),
        );
    })
}

fn half_an_hour() -> String {
    at_line(whole_second(real_now() + TimeDelta::minutes(30)))
}

impl Served {
    fn plan(&self, id: &str, at: &str, words: &str) {
        let text = to_tag_with(id, "club", &format!("{at}\n    approval: true"));
        let text = text.replace(&format!("words of {id}"), words);
        self.rig.drop_file(&format!("{id}.yaml"), &text);
        self.rig.until_state(id, "held");
    }

    /// What a receiver was told of approvals.
    fn told(&self, receiver: &str) -> Vec<Value> {
        let told = fs::read_to_string(self.rig.path(&format!("{receiver}.json")));
        let told = told.unwrap_or_default();
        let documents = serde_json::Deserializer::from_str(&told).into_iter::<Value>();
        let data = documents.filter_map(Result::ok).map(|document| document["data"].clone());
        data.filter(|data| data["kind"] == "approval_due").collect()
    }

    /// The paths of the links to a job that were sent.
    fn links(&self, id: &str) -> Vec<String> {
        let (told, start) = (self.told("boss"), format!("http://{}", self.at));
        let links = told.iter().filter(|told| told["job"] == id).filter_map(|told| {
            Some(told["approve_url"].as_str()?.strip_prefix(&start).unwrap().to_owned())
        });
        links.collect()
    }

    fn link(&self, id: &str) -> String {
        self.rig.until("a link is sent", || self.links(id).pop())
    }

    fn post_to(&self, path: &str, digest: &str, headers: &str) -> super::Answer {
        self.send(&format!("POST {path}"), headers, &super::encode(&[("digest", digest)]))
    }

    fn state(&self) -> String {
        self.rig.ask(&["show", "spring", "--json"])["state"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_link_approves_what_it_shows_once_and_reading_it_changes_nothing() {
    let served = served(false);
    served.plan("spring", &half_an_hour(), "words");
    let path = served.link("spring");
    let token = path.rsplit('/').next().unwrap();

    let page = served.send(&format!("GET {path}"), "", "");
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("You approve as approver"), "{}", page.body);
    let digest = page.field("digest").to_owned();
    let content = served.send(&format!("GET {path}/content"), "", "");
    assert!(content.body.contains("words"), "{}", content.body);
    let wrong = format!("/approve/{}", "0".repeat(64));
    for (answer, status) in [
        (served.send(&format!("HEAD {path}"), "", ""), 200),
        (served.post_to(&path, "", ""), 404),
        (served.post_to(&path, &"0".repeat(64), ""), 404),
        (served.post_to(&path, &digest, "sec-fetch-site: cross-site\r\n"), 403),
        (served.post_to(&wrong, &digest, ""), 404),
        (served.send(&format!("GET {wrong}"), "", ""), 404),
        (served.send("GET /approve/x", "", ""), 404),
    ] {
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert_eq!(served.state(), "held");
    served.rig.until("the group is told", || served.told("group").pop());
    assert!(served.told("group").iter().all(|told| told["approve_url"].is_null()));

    let done = served.post_to(&path, &digest, "sec-fetch-site: same-origin\r\n");
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("Job spring is approved."), "{}", done.body);
    assert_eq!(served.state(), "planned");
    assert_eq!(served.rig.ask(&["decisions", "--json"])[0]["who"], "approver via link");
    assert_eq!(served.post_to(&path, &digest, "").status, 404);
    assert_eq!(served.send(&format!("GET {path}"), "", "").status, 404);
    assert!(!served.rig.log().contains(token));
    for file in files_under(&served.rig.path("state")) {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(token.len()).any(|part| part == token.as_bytes());
        assert!(!found, "{} has the token", file.display());
    }
}

#[test]
fn a_link_is_one_approval_of_two_and_ends_with_a_change_of_the_job() {
    let (served, at) = (served(true), half_an_hour());
    let digest =
        |path: &str| served.send(&format!("GET {path}"), "", "").field("digest").to_owned();
    served.plan("spring", &at, "words");
    let path = served.link("spring");
    let done = served.post_to(&path, &digest(&path), "");
    assert!(done.body.contains("1 of 2"), "{}", done.body);
    assert_eq!(served.state(), "held");
    assert_eq!(served.send(&format!("GET {path}"), "", "").status, 404);

    served.plan("summer", &at, "words");
    let path = served.link("summer");
    let shown = digest(&path);
    served.plan("summer", &at, "other words");
    served.rig.until("the edit is taken", || {
        let story = served.rig.ask(&["show", "summer", "--json"]);
        (story["digest"] != shown.as_str()).then_some(())
    });
    assert_eq!(served.post_to(&path, &shown, "").status, 404);
    // The new version is asked for anew, with another link.
    served.rig.until("another link is sent", || {
        let path = served.links("summer").pop()?;
        let page = served.send(&format!("GET {path}"), "", "");
        (page.status == 200 && page.field("digest") != shown).then_some(())
    });
    for _ in 0..30 {
        served.send("GET /approve/wrong", "", "");
    }
    assert_eq!(served.send("GET /approve/wrong", "", "").status, 429);
}

#[test]
fn a_proxy_signs_users_in_from_its_own_address_only() {
    let behind = |from: &'static str| {
        Served::with(move |_, config| {
            let (start, rest) = config.split_once("console: { listen: ").unwrap();
            let (at, rest) = rest.split_once(" }").unwrap();
            *config = format!(
                "{start}console: {{ listen: {at}, proxy_user_header: X-Forwarded-User, proxy_from: \
                 [{from}] }}{rest}"
            );
        })
    };
    let served = behind("127.0.0.1");
    served.plan("spring", &half_an_hour(), "words");
    let header = |name: &str| format!("x-forwarded-user: {name}\r\n");

    let page = served.send("GET /jobs/spring", &header("approver"), "");
    assert_eq!(page.status, 200, "{}", page.body);
    let (csrf, digest) = (page.field("csrf").to_owned(), page.field("digest").to_owned());
    for name in ["nobody", "", "approver\r\nx-forwarded-user: operator"] {
        assert_eq!(served.send("GET /", &header(name), "").status, 303, "{name}");
    }
    assert_eq!(served.send("GET /api/v1/status", &header("operator"), "").status, 401);
    let approve = |name: &str, csrf: &str| {
        let body = super::encode(&[("csrf", csrf), ("digest", &digest)]);
        served.send("POST /jobs/spring/approve", &header(name), &body).status
    };
    assert_eq!(approve("approver", ""), 403);
    assert_eq!(approve("operator", &csrf), 403);
    assert_eq!(approve("approver", &csrf), 303);
    assert_eq!(served.state(), "planned");
    assert_eq!(served.rig.ask(&["decisions", "--json"])[0]["who"], "approver via console");

    let elsewhere = behind("10.0.0.9");
    assert_eq!(elsewhere.send("GET /", &header("operator"), "").status, 303);
}
