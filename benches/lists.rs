//! What a release of a list costs whose receivers had many lists in the month already.
//!
//! `cargo bench --bench lists` takes jobs to the same 10,000 OpenIDs into a database with
//! `synchronous=FULL`, and times the two steps of each release: the intent, and the answer.

#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has no figure")]

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::engine::bodies;
use qunfa::model::{
    Account, Action, ArticlesVia, Audience, Broadcast, Content, Expires, JobId, JobSpec, Kind,
    OnFullReceivers, OnQuota, OpenIds,
};
use qunfa::store::{Source, Store, Word};

const LISTS: i64 = 16;
const RECEIVERS: usize = 10_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let now = Utc::now();
    let mut store = Store::open(&folder.path().join("qunfa.db"), now).unwrap();
    let account = Account {
        name: "brand".to_owned(),
        appid: "wx1".to_owned(),
        kind: Kind::Service,
        daily_calls: 100,
        history_per_day: Some(1),
        payment: false,
        articles_via: ArticlesVia::Draft,
        openids: OpenIds::Usual,
    };
    store.step(|step| step.know_account(&account.name)).unwrap();
    for number in 1..=LISTS {
        let at = now + TimeDelta::minutes(number);
        let spec = list(number, at);
        let source = Source { file: "lists.yaml", line: 1, first_taken_at: now };
        store.step(|step| step.take(&spec, &account, &bodies(&spec), source, now)).unwrap();
        let begun = Instant::now();
        let attempt = store
            .step(|step| {
                let job = step.job(&spec.id)?;
                let batch = step.batches(&spec.id)?.remove(0);
                step.begin(&job, &account, &batch, at)
            })
            .unwrap();
        let (intent, begun) = (begun.elapsed(), Instant::now());
        let Ok(attempt) = attempt.map(|begun| begun.attempt) else {
            println!("  list {number}: {intent:?} to find that all receivers are full");
            continue;
        };
        let word = Word { errcode: Some(0), msg_id: Some(number), ..Word::default() };
        store.step(|step| step.accept(attempt, &account, &word, false, at)).unwrap();
        println!("  list {number}: the intent {intent:?}, the answer {:?}", begun.elapsed());
    }
}

fn list(number: i64, at: DateTime<Utc>) -> JobSpec {
    JobSpec {
        title: None,
        id: JobId::parse(&format!("list-{number}")).unwrap(),
        account: "brand".to_owned(),
        at: Some(at),
        timezone: chrono_tz::Asia::Shanghai,
        grace: TimeDelta::minutes(30),
        retry_for: TimeDelta::hours(2),
        expires: Expires::After(TimeDelta::days(7)),
        on_quota: OnQuota::Defer,
        priority: 0,
        approval: false,
        on_full_receivers: OnFullReceivers::Send,
        preview: None,
        speed: None,
        action: Action::Broadcast(Broadcast {
            audience: Audience::List((0..RECEIVERS).map(|n| format!("o6{n:026}")).collect()),
            content: Content::Text { content: format!("text {number}") },
            send_ignore_reprint: false,
        }),
    }
}
