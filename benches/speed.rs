//! How fast the daemon is: the real binary, real sockets over loopback, `synchronous=FULL`.
//!
//! `cargo bench --bench speed` runs all of it (some minutes), `cargo bench --bench speed -- herd`
//! one part; `--list` names them. Each line says what was measured, the figure, and the limit that
//! we hold ourselves to. Lateness is from a job's due time to the instant at which the sandbox,
//! which lives in this process, has read the request. Nothing here is part of the tests: what a
//! loaded machine does to these figures says nothing about the daemon.

#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has no figure")]

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use qunfa::sandbox::{Logged, Platform, server};
use tokio::runtime::Runtime;

/// The future jobs that a large database holds.
const MANY: usize = 1_000_000;
/// The jobs of the large file.
const LARGE_FILE: usize = 10_000;
/// The accounts of the herd.
const HERD: usize = 2_000;
/// The accounts of which one is put on hold.
const CROWD: usize = 20_000;

/// A part's name, what it does, and the part.
type Part = (&'static str, &'static str, fn());

const PARTS: [Part; 6] = [
    ("idle", "lateness with an empty database, and idle CPU", idle),
    ("hold", "a start with 20,000 accounts, and one `hold` beside them", hold),
    ("herd", "2,000 accounts due in the same second", herd),
    ("large-file", "one file of 10,000 jobs", large_file),
    ("small-files", "1,000 files of one job", small_files),
    ("million", "lateness, start and memory with 1,000,000 future jobs", million),
];

fn main() {
    let wanted: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    for (name, what, part) in PARTS {
        if wanted.iter().any(|word| word == "--list") {
            println!("{name}: {what}");
        } else if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            println!("{name}: {what}");
            part();
        }
    }
}

fn idle() {
    let mut rig = Rig::new(40);
    rig.start();
    rig.lateness(120);
    rig.idle_cpu();
}

fn hold() {
    let mut rig = Rig::new(CROWD);
    let begun = Instant::now();
    rig.start();
    let pulse = rig.path("state/pulse");
    rig.until(|_| pulse.exists());
    told("first start with 20,000 accounts, s", begun.elapsed().as_secs_f64(), 5.0);
    // Every account is looked at once, and then nothing is under way.
    std::thread::sleep(Duration::from_secs(10));
    for n in 0..3 {
        let before = rig.cpu();
        rig.command(&["hold", &format!("a{n}")]);
        std::thread::sleep(Duration::from_secs(6));
        told("CPU in the 6 s after one hold, s", rig.cpu() - before, 0.05);
    }
}

fn herd() {
    let mut rig = Rig::new(HERD);
    rig.start();
    let due = (Utc::now() + TimeDelta::seconds(20)).trunc_subsecs(0);
    let jobs = (0..HERD).map(|n| job(&format!("herd-{n}"), n, due));
    rig.drop_file("herd.yaml", jobs);
    rig.until_accepted(HERD);
    let late = lateness(&rig.sends(), |_| due);
    told("the first of 2,000 out", late[0], 0.6);
    told("the half of them", late[HERD / 2], 0.6);
    told("the last of 2,000 out", late[HERD - 1], 0.6);
}

fn large_file() {
    let mut rig = Rig::new(200);
    rig.start();
    let far = Utc::now() + TimeDelta::days(30);
    let jobs = (0..LARGE_FILE).map(|n| job(&format!("large-{n}"), n % 200, far + spread(n / 200)));
    let taken = rig.take("large.yaml", jobs);
    told("one file of 10,000 jobs taken", taken, 1.0);
}

fn small_files() {
    let mut rig = Rig::new(200);
    rig.start();
    let far = Utc::now() + TimeDelta::days(30);
    let staged = rig.path("staged");
    fs::create_dir(&staged).unwrap();
    for n in 0..1_000 {
        let one = job(&format!("small-{n}"), n % 200, far + spread(n / 200));
        fs::write(staged.join(format!("small-{n}.yaml")), file([one])).unwrap();
    }
    let begun = Instant::now();
    for n in 0..1_000 {
        let name = format!("small-{n}.yaml");
        fs::rename(staged.join(&name), rig.path("inbox").join(&name)).unwrap();
    }
    rig.until(|rig| count(&rig.path("inbox/accepted"), "yaml") == 1_000);
    told("1,000 files of one job taken", begun.elapsed().as_secs_f64(), 2.0);
}

fn million() {
    let accounts = 2_000;
    let mut rig = Rig::new(accounts);
    rig.start();
    let far = Utc::now() + TimeDelta::days(30);
    let begun = Instant::now();
    for part in 0..MANY / LARGE_FILE {
        let jobs = (0..LARGE_FILE).map(|n| {
            let n = part * LARGE_FILE + n;
            job(&format!("far-{n}"), n % accounts, far + spread(n / accounts))
        });
        rig.take(&format!("far-{part}.yaml"), jobs);
    }
    println!("  (1,000,000 jobs taken in {:.0} s)", begun.elapsed().as_secs_f64());
    let size = fs::metadata(rig.path("state/qunfa.db")).unwrap().len();
    println!("  (the database has {} MiB)", size >> 20);
    rig.lateness(120);
    rig.tell_memory("resident with them stored");
    for _ in 0..3 {
        rig.first_release();
    }
    rig.tell_memory("resident after a start");
    rig.idle_cpu();
}

fn told(what: &str, figure: f64, limit: f64) {
    let verdict = if figure <= limit { "within" } else { "OVER" };
    println!("  {what}: {figure:.4} ({verdict} {limit})");
}

/// A week's distance for each round, at a time of day that no two accounts must share.
fn spread(round: usize) -> TimeDelta {
    TimeDelta::days(i64::try_from(round).unwrap())
}

/// One job of a file: a tag's text, on an account of the rig.
fn job(id: &str, account: usize, at: DateTime<Utc>) -> String {
    let at = at.format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "  - {{ id: {id}, account: a{account}, at: {at}, \
         broadcast: {{ filter: {{ tag_id: 2 }}, text: 春天来了 }} }}\n"
    )
}

fn file(jobs: impl IntoIterator<Item = String>) -> String {
    let mut text = "jobs:\n".to_owned();
    text.extend(jobs);
    text.push_str("...\n");
    text
}

/// How late each request came, in seconds, the earliest first.
fn lateness(sends: &[Logged], due: impl Fn(usize) -> DateTime<Utc>) -> Vec<f64> {
    let late =
        |(n, sent): (usize, &Logged)| (sent.at - due(n)).num_microseconds().unwrap() as f64 / 1e6;
    let mut late: Vec<_> = sends.iter().enumerate().map(late).collect();
    late.sort_by(f64::total_cmp);
    late
}

fn count(dir: &Path, extension: &str) -> usize {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.path().extension() == Some(extension.as_ref()))
        })
        .count()
}

/// A directory, a sandbox and a daemon.
struct Rig {
    dir: tempfile::TempDir,
    platform: Arc<Mutex<Platform>>,
    _runtime: Runtime,
    daemon: Option<Child>,
    accounts: usize,
    rounds: usize,
}

impl Rig {
    fn new(accounts: usize) -> Self {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let platform = Arc::new(Mutex::new(Platform::new(1)));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let served = Arc::clone(&platform);
        runtime.spawn(server::serve(
            listener,
            served,
            Arc::new(Utc::now),
            None,
            std::future::pending(),
        ));
        let rig = Self { dir, platform, _runtime: runtime, daemon: None, accounts, rounds: 0 };
        fs::create_dir(rig.path("inbox")).unwrap();
        fs::write(rig.path("secret"), "benchmark-secret").unwrap();
        // The daemon warns of one that everybody can read, for each account.
        fs::set_permissions(rig.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(rig.path("config.yaml"), config(accounts, address)).unwrap();
        rig
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let daemon = Command::new(env!("CARGO_BIN_EXE_qunfa"))
            .arg("--config")
            .arg(self.path("config.yaml"))
            .arg("run")
            .env("QUNFA_LOG", "warn")
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        self.daemon = Some(daemon);
    }

    /// Runs a command beside the daemon.
    fn command(&self, arguments: &[&str]) {
        let done = Command::new(env!("CARGO_BIN_EXE_qunfa"))
            .arg("--config")
            .arg(self.path("config.yaml"))
            .args(arguments)
            .stdout(Stdio::null())
            .status();
        assert!(done.unwrap().success(), "{arguments:?}");
    }

    fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let pid = rustix::process::Pid::from_child(&daemon);
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
            daemon.wait().unwrap();
        }
    }

    /// Drops a file as a person should: written beside, then renamed.
    fn drop_file(&self, name: &str, jobs: impl IntoIterator<Item = String>) {
        let beside = self.path("inbox").join(format!(".{name}"));
        fs::write(&beside, file(jobs)).unwrap();
        fs::rename(beside, self.path("inbox").join(name)).unwrap();
    }

    /// Drops a file and returns how long it took until its receipt stood beside it, in seconds.
    fn take(&mut self, name: &str, jobs: impl IntoIterator<Item = String>) -> f64 {
        let accepted = self.path("inbox/accepted").join(name);
        self.drop_file(name, jobs);
        let begun = Instant::now();
        self.until(|_| accepted.exists());
        begun.elapsed().as_secs_f64()
    }

    /// Waits until something holds, as long as the daemon lives.
    fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert!(begun.elapsed() < Duration::from_secs(300), "it did not happen in 5 min");
            if let Some(daemon) = &mut self.daemon {
                let ended = daemon.try_wait().unwrap();
                assert!(ended.is_none(), "the daemon ended: {ended:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn sends(&self) -> Vec<Logged> {
        let platform = self.platform.lock().unwrap();
        platform
            .requests()
            .iter()
            .filter(|request| request.clientmsgid.is_some())
            .cloned()
            .collect()
    }

    fn accepted(&self) -> usize {
        self.platform.lock().unwrap().accepted().len()
    }

    fn until_accepted(&mut self, count: usize) {
        self.until(|rig| rig.accepted() >= count);
    }

    /// Measures how late single jobs go, one a second.
    fn lateness(&mut self, samples: usize) {
        let before = self.accepted();
        self.rounds += 1;
        let first = (Utc::now() + TimeDelta::seconds(10)).trunc_subsecs(0);
        let due = |n: usize| first + TimeDelta::seconds(i64::try_from(n).unwrap());
        let round = self.rounds;
        let jobs =
            (0..samples).map(|n| job(&format!("late-{round}-{n}"), n % self.accounts, due(n)));
        self.drop_file(&format!("late-{round}.yaml"), jobs);
        self.until_accepted(before + samples);
        let late = lateness(&self.sends()[before..], due);
        let part = |share: usize| late[(late.len() * share / 100).min(late.len() - 1)] * 1e3;
        told("lateness p50, ms", part(50), 5.0);
        told("lateness p99, ms", part(99), 5.0);
        println!("  (the latest: {:.2} ms)", part(100));
    }

    /// Measures how soon after its start a daemon releases what is due.
    fn first_release(&mut self) {
        let before = self.accepted();
        self.rounds += 1;
        let due = Utc::now().trunc_subsecs(0) + TimeDelta::seconds(5);
        let one = job(&format!("first-{}", self.rounds), self.rounds, due);
        self.take(&format!("first-{}.yaml", self.rounds), [one]);
        self.stop();
        self.until(|_| Utc::now() > due);
        let begun = Utc::now();
        self.start();
        self.until_accepted(before + 1);
        let sent = self.sends().last().unwrap().at;
        let after = (sent - begun).num_microseconds().unwrap() as f64 / 1e6;
        told("first release after a start, s", after, 0.2);
    }

    /// Waits until no request was made for a while: results and followers are read after a start.
    fn until_idle(&self) {
        let requests = |rig: &Self| rig.platform.lock().unwrap().requests().len();
        let mut last = (requests(self), Instant::now());
        while last.1.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_secs(1));
            if requests(self) != last.0 {
                last = (requests(self), Instant::now());
            }
        }
    }

    fn idle_cpu(&self) {
        self.until_idle();
        let before = self.cpu();
        std::thread::sleep(Duration::from_secs(20));
        told("CPU in 20 idle seconds, s", self.cpu() - before, 0.3);
    }

    /// Returns the CPU seconds that the daemon has used.
    fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(self.proc("stat")).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
        // The kernel counts in hundredths of a second for programs.
        f64::from(ticks) / 100.0
    }

    fn tell_memory(&self, what: &str) {
        told(&format!("{what}, MiB"), self.memory_mib("VmRSS:"), 48.0);
        println!("  (the most it ever was: {:.1} MiB)", self.memory_mib("VmHWM:"));
    }

    fn memory_mib(&self, field: &str) -> f64 {
        let status = fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.daemon.as_ref().unwrap().id()))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill().ok();
            daemon.wait().ok();
        }
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        if !log.is_empty() {
            println!("  (the daemon's log: {})", log.chars().take(2_000).collect::<String>());
        }
    }
}

fn config(accounts: usize, api: SocketAddr) -> String {
    let mut text = "state_dir: state\ninbox: inbox\naccounts:\n".to_owned();
    for n in 0..accounts {
        writeln!(
            text,
            "  a{n}: {{ kind: service, appid: wxbench{n}, secret_file: secret, api_base: 'http://{api}' }}"
        )
        .unwrap();
    }
    text
}
