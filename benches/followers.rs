//! What a million followers cost: disk, memory, and the longest that one step of a reading takes.
//!
//! `cargo bench --bench followers` reads them page by page into a database with `synchronous=FULL`,
//! as the daemon does, with two tags, then once more. Disk is the database with its write-ahead log,
//! at its largest; memory is how far this process grew. Both together must stay under 64 MiB.

#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has no figure")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use qunfa::store::{FollowersAsk, Store, StoreError, SyncNext, TagTold, Tx};
use qunfa::wechat::protocol::followers::{Listed, Page, read_page};
use qunfa::wechat::protocol::{HttpResponse, Reply};
use sha2::{Digest as _, Sha256};

const FOLLOWERS: usize = 1_000_000;
const PAGE: usize = 10_000;
const PART: usize = 1_000;
const LIMIT_KIB: u64 = 64 * 1024;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("qunfa.db");
    let mut bench = Bench { store: Store::open(&path, now()).unwrap(), steps: Vec::new(), disk: 0 };
    let before = memory_kib();
    for which in ["first", "second"] {
        let begun = Instant::now();
        bench.read(&path);
        bench.steps.sort_unstable();
        println!(
            "  {which} reading: {:?} in {} steps; the longest {:?}, 99 of 100 under {:?}",
            begun.elapsed(),
            bench.steps.len(),
            bench.steps[bench.steps.len() - 1],
            bench.steps[bench.steps.len() * 99 / 100],
        );
        bench.steps.clear();
    }
    let grown = memory_kib() - before;
    let disk = bench.disk / 1024;
    println!(
        "  disk {disk} KiB, memory {grown} KiB, together {} (limit {LIMIT_KIB})",
        disk + grown
    );
}

struct Bench {
    store: Store,
    steps: Vec<Duration>,
    disk: u64,
}

impl Bench {
    fn transaction<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> T {
        let begun = Instant::now();
        let done = self.store.transaction(work).unwrap();
        self.steps.push(begun.elapsed());
        done
    }

    fn read(&mut self, path: &Path) {
        self.transaction(|tx| tx.request_sync("brand", now()));
        while let Some((_, next)) = self.transaction(|tx| tx.next_of_sync("brand", now())) {
            match next {
                SyncNext::Tags(ask) => {
                    let tag = |id, every| TagTold {
                        id,
                        name: format!("标签{id}"),
                        count: (FOLLOWERS / every) as u64,
                    };
                    self.transaction(|tx| tx.list_tags(ask.sync, &[tag(2, 2), tag(10, 10)]));
                }
                SyncNext::Page(ask, after) => self.page(ask, &after),
                SyncNext::Count(sync) => {
                    self.transaction(|tx| tx.count_shard("brand", sync, now()));
                }
            }
            self.disk = self.disk.max(size(path));
        }
        while self.transaction(|tx| tx.forget_syncs("brand")) {}
    }

    fn page(&mut self, ask: FollowersAsk, after: &str) {
        let every = ask.tag().map_or(1, |tag| usize::try_from(tag).unwrap());
        let from = if after.is_empty() { 0 } else { after[2..9].parse::<usize>().unwrap() + every };
        let answer = answer(from, every);
        let begun = Instant::now();
        let Listed::Listed(Page { openids, total, next }) = read_page(&answer, after) else {
            panic!("the page cannot be read");
        };
        self.steps.push(begun.elapsed());
        let mut parts = 0;
        for part in openids.chunks(PART) {
            let told = total.unwrap_or(0);
            self.transaction(|tx| tx.keep_part(("brand", ask), parts, part, told));
            parts += 1;
        }
        let counts = (parts, openids.len() as u64, total);
        self.transaction(|tx| tx.end_page(ask, counts, next.as_deref()));
    }
}

/// A page as the platform would write it, of OpenIDs as long as its own.
fn answer(from: usize, every: usize) -> HttpResponse {
    let mut body = String::new();
    let ids: Vec<_> = (from..FOLLOWERS).step_by(every).take(PAGE).map(openid).collect();
    let total = if every == 1 { format!(r#""total":{FOLLOWERS},"#) } else { String::new() };
    match ids.last() {
        None => write!(body, r#"{{{total}"count":0,"next_openid":""}}"#).unwrap(),
        Some(last) => {
            let list = ids.join("\",\"");
            let count = ids.len();
            write!(
                body,
                r#"{{{total}"count":{count},"data":{{"openid":["{list}"]}},"next_openid":"{last}"}}"#
            )
            .unwrap();
        }
    }
    HttpResponse { reply: Reply::Http { status: 200, body: body.into_bytes() }, date: None }
}

fn openid(number: usize) -> String {
    let digest = Sha256::digest(number.to_string());
    let mut id = format!("o6{number:07}");
    for byte in digest.iter().take(19) {
        id.push(char::from(b'a' + byte % 26));
    }
    id
}

fn now() -> DateTime<Utc> {
    Utc::now()
}

fn size(path: &Path) -> u64 {
    let beside = |ending: &str| {
        let name = format!("{}{ending}", path.display());
        std::fs::metadata(name).map_or(0, |found| found.len())
    };
    beside("") + beside("-wal") + beside("-shm")
}

/// The most memory that this process ever used.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
