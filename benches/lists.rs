//! What a release of a list costs the daemon's loop, whatever the month's lists before it were.
//!
//! `cargo bench --bench lists` releases lists of 10,000 and of 100,000 OpenIDs (ten batches) into a
//! database with `synchronous=FULL`. A release is the intent, the request's bytes and the answer of
//! one batch; where all receivers had their four, it is what finding that takes. The figure is CPU
//! time of the one thread that does it all, which the other work of a shared machine hardly changes;
//! waiting for the disk is not in it. Each course is made several times, and each of its releases
//! counts with its median. It ends with an error where one of those is over the limit.

#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has no figure")]

use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cpu_time::ThreadTime;
use qunfa::engine::bodies;
use qunfa::model::{
    Account, Action, ArticlesVia, Audience, Broadcast, Content, Expires, JobId, JobSpec, Kind,
    OnFullReceivers, OnQuota, OpenIds,
};
use qunfa::plan::Job;
use qunfa::store::{ResponseFields, SendStatus, Source, Start, Store};
use qunfa::wechat::protocol::with_clientmsgid;

/// The most that a release may cost.
const LIMIT: Duration = Duration::from_millis(20);
/// How often each course is made.
const TIMES: usize = 3;

/// Lists of one kind, one after the other in one month.
struct Course {
    what: &'static str,
    lists: usize,
    receivers: usize,
    /// Whether every list names the same OpenIDs.
    same: bool,
    /// Whether the platform says of each that it went out, before the next one.
    settled: bool,
    on_full: OnFullReceivers,
}

const COURSES: [Course; 5] = [
    Course {
        what: "the same 10,000, no results yet",
        lists: 20,
        receivers: 10_000,
        same: true,
        settled: false,
        on_full: OnFullReceivers::Send,
    },
    Course {
        what: "the same 10,000, all went out: full from the fifth on",
        lists: 20,
        receivers: 10_000,
        same: true,
        settled: true,
        on_full: OnFullReceivers::Send,
    },
    Course {
        what: "always another 10,000, each looked up in all lists before",
        lists: 20,
        receivers: 10_000,
        same: false,
        settled: true,
        on_full: OnFullReceivers::Defer,
    },
    Course {
        what: "the same 100,000, no results yet",
        lists: 12,
        receivers: 100_000,
        same: true,
        settled: false,
        on_full: OnFullReceivers::Send,
    },
    Course {
        what: "the same 100,000, all went out: full from the fifth on",
        lists: 8,
        receivers: 100_000,
        same: true,
        settled: true,
        on_full: OnFullReceivers::Send,
    },
];

fn main() -> ExitCode {
    let mut within = true;
    for course in &COURSES {
        let mut runs: Vec<_> = (0..TIMES).map(|_| course.run()).collect();
        let medians: Vec<_> = (0..course.lists)
            .map(|list| {
                let mut costs: Vec<_> = runs.iter_mut().map(|run| run[list]).collect();
                costs.sort_unstable();
                costs[TIMES / 2]
            })
            .collect();
        println!("{}:", course.what);
        for number in [1, 4, 5, 8, 12, 20].into_iter().filter(|number| *number <= course.lists) {
            println!("  list {number}: {:?}", medians[number - 1]);
        }
        let most = medians.iter().max().unwrap();
        println!("  the dearest {most:?} (limit {LIMIT:?})");
        within &= *most <= LIMIT;
    }
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Course {
    /// Returns what the dearest release of each list cost.
    fn run(&self) -> Vec<Duration> {
        let folder = tempfile::tempdir().unwrap();
        let now: DateTime<Utc> = "2027-03-02T04:00:00Z".parse().unwrap();
        let store = Store::open(&folder.path().join("qunfa.db"), now).unwrap();
        let account = Account {
            name: "brand".to_owned(),
            appid: "wx1".to_owned(),
            kind: Kind::Service,
            daily_calls: 1_000,
            history_per_day: Some(1),
            approvals: 0,
            payment: false,
            articles_via: ArticlesVia::Draft,
            openids: OpenIds::Usual,
        };
        let mut month = Month { store, account, msg_id: 0 };
        month.store.transaction(|tx| tx.ensure_account("brand")).unwrap();
        (0..self.lists)
            .map(|number| {
                let at = now + TimeDelta::hours(i64::try_from(number).unwrap());
                month.release(&self.list(number, at), self.settled, at)
            })
            .collect()
    }

    fn list(&self, number: usize, at: DateTime<Utc>) -> JobSpec {
        let first = if self.same { 0 } else { number * self.receivers };
        let receivers = first..first + self.receivers;
        JobSpec {
            title: None,
            templated: false,
            submitted_by: None,
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
            on_full_receivers: self.on_full,
            preview: None,
            speed: None,
            action: Action::Broadcast(Broadcast {
                audience: Audience::List(receivers.map(|n| format!("o6{n:026}")).collect()),
                content: Content::Text { content: format!("text {number}") },
                send_ignore_reprint: false,
            }),
        }
    }
}

/// The account's month as far as it is released.
struct Month {
    store: Store,
    account: Account,
    msg_id: i64,
}

impl Month {
    /// Takes a list and releases its batches; returns what the dearest of them cost.
    fn release(&mut self, spec: &JobSpec, settled: bool, at: DateTime<Utc>) -> Duration {
        let source = Source { file: "lists.yaml", line: 1, first_taken_at: at };
        let Self { store, account, msg_id } = self;
        store.transaction(|tx| tx.take(spec, account, &bodies(spec), source, at)).unwrap();
        let mut dearest = Duration::ZERO;
        for index in 0..store.read().batches(&spec.id).unwrap().len() {
            let begun_at = ThreadTime::now();
            let begun = store.transaction(|tx| {
                let job: Job = tx.job(&spec.id)?;
                let batch = tx.batches(&spec.id)?.remove(index);
                tx.begin(&job, account, &batch, at)
            });
            let Start::Begun(begun) = begun.unwrap() else {
                return begun_at.elapsed();
            };
            let request = with_clientmsgid(&begun.body, &begun.clientmsgid);
            *msg_id += 1;
            let word = ResponseFields {
                errcode: Some(0),
                msg_id: Some(*msg_id),
                ..ResponseFields::default()
            };
            store.transaction(|tx| tx.accept(begun.attempt, account, &word, false, at)).unwrap();
            dearest = dearest.max(begun_at.elapsed());
            drop(request);
        }
        let ask = |store: &mut Store| store.transaction(|tx| tx.begin_result("brand", at)).unwrap();
        while let Some(ask) = settled.then(|| ask(store)).flatten() {
            let success = SendStatus::Success;
            store.transaction(|tx| tx.settle_result(ask, account, success, at)).unwrap();
        }
        dearest
    }
}
