//! SIGKILL around intent, request and record: whatever a daemon was doing, the next one makes
//! exactly one broadcast of every job, and ends by knowing it.
//!
//! A tap between daemon and sandbox gives the exact moments around a request; sweeps of short
//! delays cover what lies between them. All deaths are died side by side, each with a sandbox of
//! its own, and the counting comes last, when the slowest has asked again.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::sandbox::{Logged, openid};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::rig::{
    Account, Rig, at_line, clear_of_midnight, club, daily, real_now, to_tag, to_tag_with, together,
    whole_second,
};
use crate::tap::{Moment, Tap};

/// When the daemon dies.
#[derive(Clone, Debug)]
enum Death {
    /// At a moment of the nth request to a path, and this much later.
    Request { path: &'static str, nth: usize, moment: Moment, after: Duration },
    /// When a request to a path has come, which the platform then never sees.
    Unseen { path: &'static str },
    /// This long after the job was due.
    Due { after: Duration },
    /// This long after its file was dropped.
    Dropped { after: Duration },
}

const NOW: Duration = Duration::ZERO;

fn at(path: &'static str, nth: usize, moment: Moment) -> Death {
    Death::Request { path, nth, moment, after: NOW }
}

fn deaths() -> Vec<Death> {
    let mut deaths = Vec::new();
    for moment in [Moment::Arrived, Moment::Decided, Moment::Answered] {
        deaths.push(at("stable_token", 1, moment));
        deaths.push(at("sendall", 1, moment));
        deaths.push(at("mass/get", 1, moment));
    }
    deaths.push(Death::Unseen { path: "sendall" });
    // From the answer's leaving on, over its way into the database.
    for ms in [1, 2, 3, 4, 6, 8, 11, 15] {
        let after = Duration::from_millis(ms);
        let (path, moment) = ("sendall", Moment::Answered);
        deaths.push(Death::Request { path, nth: 1, moment, after });
    }
    deaths.extend((0..=75).step_by(3).map(|ms| Death::Due { after: Duration::from_millis(ms) }));
    deaths.extend(
        (0..=900).step_by(60).map(|ms| Death::Dropped { after: Duration::from_millis(ms) }),
    );
    deaths
}

#[test]
fn a_killed_daemon_leaves_exactly_one_broadcast() {
    clear_of_midnight();
    together(&[
        ("one of every job", every_death_leaves_one_broadcast),
        ("one of every batch", a_death_between_batches_leaves_one_of_each),
    ]);
}

fn every_death_leaves_one_broadcast() {
    let survivors: Vec<_> = thread::scope(|scope| {
        let dying: Vec<_> = deaths()
            .into_iter()
            .map(|death| {
                let name = format!("{death:?}");
                (name, scope.spawn(move || die_and_go_on(&death)))
            })
            .collect();
        dying.into_iter().map(|(name, life)| (name, life.join())).collect()
    });

    let mut wrong = String::new();
    for (name, life) in &survivors {
        match life {
            Ok(life) => tell(&mut wrong, name, verdict(life, 1)),
            Err(_) => writeln!(wrong, "{name}: its job did not end").unwrap(),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn a_death_between_batches_leaves_one_of_each() {
    let deaths = [
        at("mass/send", 1, Moment::Answered),
        at("mass/send", 2, Moment::Arrived),
        at("mass/send", 2, Moment::Decided),
        at("mass/send", 3, Moment::Decided),
        Death::Request {
            path: "mass/send",
            nth: 1,
            moment: Moment::Answered,
            after: Duration::from_millis(8),
        },
    ];
    let mut club = club();
    club.spec.followers = 20_001;

    let survivors: Vec<_> = thread::scope(|scope| {
        let club = &club;
        let dying: Vec<_> = deaths
            .iter()
            .map(|death| {
                let text = to_all_listed("spring", club);
                scope.spawn(move || live(club, death, move |_| text))
            })
            .collect();
        dying.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });

    let mut wrong = String::new();
    for (death, life) in deaths.iter().zip(&survivors) {
        let name = format!("{death:?}");
        match life {
            Ok(life) => tell(&mut wrong, &name, verdict(life, 3)),
            Err(_) => writeln!(wrong, "{name}: its job did not end").unwrap(),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What a death left behind, and what came of it.
struct Life {
    rig: Rig,
    /// A moment before the second daemon was started.
    restarted: DateTime<Utc>,
    /// How often the first daemon had asked, by its own record: the intent is on disk before a
    /// request leaves.
    asked: HashMap<String, usize>,
}

/// Lives through one death, and returns once the job is sent.
fn die_and_go_on(death: &Death) -> Life {
    match death {
        Death::Request { path: "mass/get", .. } => {
            live(&club().without_callback(), death, |_| to_tag("spring", "club"))
        }
        Death::Request { .. } | Death::Unseen { .. } | Death::Dropped { .. } => {
            live(&club(), death, |_| to_tag("spring", "club"))
        }
        Death::Due { .. } => live(&daily(), death, |due| {
            to_tag_with("spring", "daily", &at_line(due)).replace("tag_id: 2", "is_to_all: true")
        }),
    }
}

fn live(account: &Account, death: &Death, file: impl FnOnce(DateTime<Utc>) -> String) -> Life {
    let mut rig = Rig::new(std::slice::from_ref(account));
    let pid = Arc::new(AtomicI32::new(0));
    let tap = Tap::start(rig.sandbox(), killer(death, &pid));
    rig.write_config(std::slice::from_ref(account), tap.address);
    rig.start();
    pid.store(i32::try_from(rig.pid()).unwrap(), Ordering::SeqCst);
    rig.until_listening();
    // Far enough for the token to be there when it is due.
    let due = whole_second(real_now()) + TimeDelta::seconds(6);
    rig.drop_file("spring.yaml", &file(due));
    match death {
        Death::Request { .. } | Death::Unseen { .. } => assert!(!rig.wait().success()),
        Death::Due { after } => {
            let instant = due + TimeDelta::from_std(*after).unwrap();
            let left = (instant - real_now()).to_std().unwrap_or_default();
            thread::sleep(left);
            rig.kill();
        }
        Death::Dropped { after } => {
            thread::sleep(*after);
            rig.kill();
        }
    }
    pid.store(0, Ordering::SeqCst);
    let asked = asked(&rig);
    let restarted = real_now();
    rig.start();
    rig.until_state("spring", "sent");
    assert!(rig.path("inbox/accepted").join("spring.yaml").exists(), "{}", rig.log());
    assert!(!rig.path("inbox/spring.yaml").exists());
    Life { rig, restarted, asked }
}

fn asked(rig: &Rig) -> HashMap<String, usize> {
    let shown = rig.say(&["show", "spring", "--json"]);
    let Ok(shown) = serde_json::from_str::<Value>(&shown.out) else { return HashMap::new() };
    let batches = shown["batches"].as_array().cloned().unwrap_or_default();
    let asked = batches.iter().map(|batch| {
        let attempts = usize::try_from(batch["attempts"].as_u64().unwrap()).unwrap();
        (batch["clientmsgid"].as_str().unwrap().to_owned(), attempts)
    });
    asked.collect()
}

/// Kills the process at the request that the death waits for.
fn killer(
    death: &Death,
    pid: &Arc<AtomicI32>,
) -> impl Fn(Moment, &str) -> bool + Send + Sync + 'static {
    let (death, pid) = (death.clone(), Arc::clone(pid));
    let seen = AtomicUsize::new(0);
    move |now, path| {
        let (wanted, nth, moment, after) = match &death {
            Death::Request { path, nth, moment, after } => (path, *nth, *moment, *after),
            Death::Unseen { path } => (path, 1, Moment::Arrived, NOW),
            Death::Due { .. } | Death::Dropped { .. } => return true,
        };
        if now != moment || !path.ends_with(wanted) {
            return true;
        }
        if seen.fetch_add(1, Ordering::SeqCst) + 1 != nth {
            return true;
        }
        let pid = Pid::from_raw(pid.load(Ordering::SeqCst)).expect("the daemon was started");
        thread::sleep(after);
        // It may be gone already, by another reason: then the test says so.
        kill_process(pid, Signal::KILL).ok();
        !matches!(death, Death::Unseen { .. })
    }
}

/// What the platform's log says against "once each", if anything.
///
/// The platform may log a request of the first daemon late, even after the second was started: on a
/// machine with too much to do, and on a slow network. So the second daemon's wait is measured from
/// its start. What arrived within a minute of that is the first daemon's, if that had asked.
fn verdict(Life { rig, restarted, asked }: &Life, batches: usize) -> Result<(), String> {
    let (accepted, sends) = (rig.accepted(), rig.sends());
    if accepted.len() != batches {
        return Err(format!("{} broadcasts: {accepted:?}", accepted.len()));
    }
    let ids: BTreeSet<_> =
        sends.iter().map(|send| (&send.clientmsgid, &send.body_digest)).collect();
    if ids.len() != batches || accepted.iter().any(|one| one.clientmsgid.is_empty()) {
        return Err(format!("the ids asked with: {ids:?}"));
    }
    let minute = TimeDelta::seconds(60);
    for (id, _) in ids {
        let id = id.as_deref().unwrap_or_default();
        let of_id = sends.iter().filter(|send| send.clientmsgid.as_deref() == Some(id));
        let first = asked.get(id).copied().unwrap_or(0);
        let (before, after): (Vec<_>, Vec<_>) =
            of_id.partition(|send| first > 0 && send.at < *restarted + minute);
        let is_soon = |pair: &[&Logged]| pair[1].at - pair[0].at < minute;
        if before.len() > first || after.windows(2).any(is_soon) {
            return Err(format!("asked again within a minute, {restarted}: {sends:?}"));
        }
    }
    Ok(())
}

fn tell(wrong: &mut String, name: &str, verdict: Result<(), String>) {
    if let Err(why) = verdict {
        writeln!(wrong, "{name}: {why}").unwrap();
    }
}

fn to_all_listed(id: &str, account: &Account) -> String {
    let mut text = format!(
        "jobs:\n  - id: {id}\n    account: {}\n    broadcast:\n      text: words\n      touser:\n",
        account.name
    );
    for follower in 0..account.spec.followers {
        writeln!(text, "        - {}", openid(&account.spec.appid, follower)).unwrap();
    }
    text.push_str("...\n");
    text
}
