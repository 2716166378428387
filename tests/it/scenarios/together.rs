//! Files that are taken in one commit, and new jobs that move no other.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use qunfa::config::{AccountConfig, TokenSource};
use qunfa::engine::{Engine, IngestedFile, OfferedFile, Problems};
use qunfa::inbox::{self, ListSource};
use qunfa::model::{Account, ArticlesVia, JobId, Kind, OpenIds};
use qunfa::schedule::Placement;
use qunfa::store::Store;
use secrecy::SecretString;

use crate::world::time;

struct NoFiles;

impl ListSource for NoFiles {
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        Err(format!("no {path}"))
    }
}

/// An account with one broadcast to everyone a day.
fn account() -> Account {
    Account {
        name: "daily".to_owned(),
        appid: "wx0123456789abcdef".to_owned(),
        kind: Kind::Subscription,
        daily_calls: 100,
        history_per_day: Some(1),
        approvals: 0,
        payment: false,
        articles_via: ArticlesVia::Draft,
        openids: OpenIds::Any,
    }
}

fn now() -> DateTime<Utc> {
    time("2027-03-20 12:00")
}

fn engine() -> Engine {
    let config = AccountConfig {
        account: account(),
        secret: Some(SecretString::from("APPSECRET")),
        secret_source: None,
        api_bases: vec!["https://api.weixin.qq.com".to_owned()],
        proxy: None,
        verified: true,
        token: TokenSource::Stable,
        callback: None,
        replaces: None,
    };
    let store = Store::in_memory(now()).unwrap();
    Engine::open(store, vec![config], (None, false), now()).unwrap()
}

/// Takes files of jobs to everyone, each an id and a day of March, in one commit.
fn take(engine: &mut Engine, files: &[&[(&str, u32)]]) -> Vec<Result<IngestedFile, Problems>> {
    let parse = |jobs: &&[(&str, u32)]| {
        let line = |(id, day): &(&str, u32)| {
            format!(
                "  - {{id: {id}, account: daily, at: 2027-03-{day} 20:00, \
                 broadcast: {{filter: {{is_to_all: true}}, text: hello}}}}\n"
            )
        };
        let text = format!("jobs:\n{}", jobs.iter().map(line).collect::<String>());
        inbox::parse("jobs.yaml", text.as_bytes(), &NoFiles, &[&account()])
            .unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
            .jobs
    };
    let parsed: Vec<_> = files.iter().map(parse).collect();
    let offered: Vec<Vec<_>> =
        parsed.iter().map(|jobs| jobs.iter().map(qunfa::daemon::offered).collect()).collect();
    let names: Vec<_> = files.iter().map(|jobs| format!("{}.yaml", jobs[0].0)).collect();
    let all: Vec<_> = names
        .iter()
        .zip(&offered)
        .map(|(name, jobs)| OfferedFile { sha256: name, name, jobs })
        .collect();
    engine.ingest_files(&all, now()).unwrap()
}

fn due(engine: &Engine, id: &str) -> Option<DateTime<Utc>> {
    engine.store().read().job(&JobId::parse(id).unwrap()).ok().map(|job| job.due_at)
}

#[test]
fn of_files_that_are_taken_together_a_bad_one_is_left_out_with_all_its_jobs() {
    let mut engine = engine();

    let outcomes = take(&mut engine, &[&[("a", 21)], &[("b", 22), ("late", 19)], &[("c", 22)]]);

    let refused = outcomes[1].as_ref().unwrap_err();
    assert!(refused[0].1.contains("job late would be missed"), "{refused:?}");
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(due(&engine, "a"), Some(time("2027-03-21 20:00")));
    assert_eq!(due(&engine, "b"), None);
    assert_eq!(due(&engine, "c"), Some(time("2027-03-22 20:00")), "the day of b is free");
    assert_eq!(engine.mark().files, 2);
}

#[test]
fn new_jobs_have_the_places_of_a_schedule_of_all_whether_they_fit_or_not() {
    for (files, moved) in [
        (&[&[("a", 21), ("b", 22)][..], &[("c", 24), ("d", 23)]][..], &[][..]),
        (&[&[("a", 21), ("b", 21)]], &[("b", 22)]),
        (&[&[("a", 21)], &[("b", 22), ("c", 21)]], &[("c", 23)]),
    ] {
        let mut engine = engine();

        take(&mut engine, files);

        for (id, day) in files.iter().copied().flatten() {
            let day = moved.iter().find(|(other, _)| other == id).map_or(*day, |(_, day)| *day);
            assert_eq!(due(&engine, id), Some(time(&format!("2027-03-{day} 20:00"))), "{id}");
        }
        let made = engine.store().read().schedule(&account(), now(), now()).unwrap();
        for (waiting, placement) in made.jobs {
            let stays = matches!(placement, Placement::At(at, _) if at == waiting.job.due_at);
            assert!(stays, "{}: {placement:?}", waiting.job.id);
        }
    }
}
