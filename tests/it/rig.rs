//! The real binary against the sandbox: real sockets, real files, real signals, real time.
//!
//! A [`Rig`] has a directory and a sandbox of its own, so rigs run side by side. Nothing waits a
//! fixed time: [`Rig::until`] looks until something holds, and gives up after minutes, with the
//! daemon's log. What a rig starts it also ends and reaps.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, TimeDelta, Timelike as _, Utc};
use qunfa::sandbox::server::{self, Callback, Style, Target};
use qunfa::sandbox::{Accepted, AccountSpec, Fault, FaultKind, Kind, Logged, Platform};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// The token that callbacks are signed with.
pub(crate) const CALLBACK_TOKEN: &str = "callback-token-canary";
/// The key that callbacks are encrypted with; its last character has bits that mean nothing.
pub(crate) const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// The secret of every account.
pub(crate) const SECRET: &str = "app-secret-canary";
/// How long anything may take before a test gives up: long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(240);
/// How often something is looked at that needs no process for it.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often the daemon is asked, by a command.
const ASK_EVERY: Duration = Duration::from_millis(400);

/// An account of the config and of the sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) spec: AccountSpec,
    pub(crate) callback: bool,
    /// The mode of its callback, and XML or JSON.
    pub(crate) style: (&'static str, &'static str),
    /// The handler for what is not ours.
    pub(crate) forward_to: Option<SocketAddr>,
}

impl Account {
    /// An account whose results the platform pushes.
    pub(crate) fn new(name: &'static str, kind: Kind) -> Self {
        let mut spec = AccountSpec::new(&format!("wx00{}", name.replace('-', "0")), kind);
        (spec.job_s, spec.event_delay_s) = (1, 0);
        Self { name, spec, callback: true, style: ("plain", "xml"), forward_to: None }
    }

    /// The same with a callback in another mode and format.
    pub(crate) fn pushing(mut self, mode: &'static str, format: &'static str) -> Self {
        self.style = (mode, format);
        self
    }

    /// The same with a handler behind the callback.
    pub(crate) fn forwarding_to(mut self, handler: SocketAddr) -> Self {
        self.forward_to = Some(handler);
        self
    }

    /// An account whose results must be asked for.
    pub(crate) fn without_callback(mut self) -> Self {
        self.callback = false;
        self
    }
}

/// A service account named `club`.
pub(crate) fn club() -> Account {
    Account::new("club", Kind::Service)
}

/// A subscription account named `daily`.
pub(crate) fn daily() -> Account {
    Account::new("daily", Kind::Subscription)
}

/// The real clock, which the sandbox may be put beside.
#[expect(clippy::disallowed_methods, reason = "the binary under test runs in real time")]
pub(crate) fn real_now() -> DateTime<Utc> {
    Utc::now()
}

/// The instant from which something is measured.
#[expect(clippy::disallowed_methods, reason = "the binary under test runs in real time")]
pub(crate) fn started() -> Instant {
    Instant::now()
}

/// Waits over the minutes around Beijing midnight, in which nothing is released.
pub(crate) fn clear_of_midnight() {
    let beijing = FixedOffset::east_opt(8 * 3_600).unwrap();
    loop {
        let minute = real_now().with_timezone(&beijing).time();
        let minute = minute.hour() * 60 + minute.minute();
        if (3..24 * 60 - 6).contains(&minute) {
            return;
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct DecidedBy {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A directory, a sandbox, and at most one daemon.
pub(crate) struct Rig {
    dir: tempfile::TempDir,
    platform: Arc<Mutex<Platform>>,
    ahead_ms: Arc<AtomicI64>,
    sandbox: SocketAddr,
    served: JoinHandle<io::Result<()>>,
    /// Where the daemon listens.
    pub(crate) listen: SocketAddr,
    daemon: Option<Child>,
    environment: Vec<(&'static str, String)>,
}

impl Rig {
    /// A sandbox with these accounts, and a config for them; no daemon yet.
    pub(crate) fn new(accounts: &[Account]) -> Self {
        clear_of_midnight();
        let dir = tempfile::tempdir().unwrap();
        let mut platform = Platform::new(1);
        let listen = free_address();
        let mut callback = Callback::default();
        for account in accounts {
            platform.add_account(account.spec.clone());
            let url = format!("http://{listen}/callback/{}", account.name);
            let (mode, format) = account.style;
            let style = Style { mode: Some(mode), key: Some(AES_KEY), format: Some(format) };
            let target = Target::new(&url, CALLBACK_TOKEN).styled(style).unwrap();
            callback = callback.with(Some(&account.spec.appid), target);
        }
        let platform = Arc::new(Mutex::new(platform));
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let listener =
            runtime().block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let sandbox = listener.local_addr().unwrap();
        let ahead = Arc::clone(&ahead_ms);
        let clock: server::Clock =
            Arc::new(move || real_now() + TimeDelta::milliseconds(ahead.load(Ordering::SeqCst)));
        let served = Arc::clone(&platform);
        let served = runtime().spawn(server::serve(
            listener,
            served,
            clock,
            Some(callback),
            std::future::pending(),
        ));
        let rig = Self {
            dir,
            platform,
            ahead_ms,
            sandbox,
            served,
            listen,
            daemon: None,
            environment: Vec::new(),
        };
        fs::write(rig.path("secret"), SECRET).unwrap();
        fs::write(rig.path("callback-token"), CALLBACK_TOKEN).unwrap();
        fs::write(rig.path("aes-key"), AES_KEY).unwrap();
        fs::create_dir(rig.path("inbox")).unwrap();
        rig.write_config(accounts, sandbox);
        rig
    }

    /// The same with the daemon running and job files dropped.
    pub(crate) fn running(accounts: &[Account]) -> Self {
        let mut rig = Self::new(accounts);
        rig.start();
        rig
    }

    /// Writes a config whose platform is at this address.
    pub(crate) fn write_config(&self, accounts: &[Account], api: SocketAddr) {
        let mut text =
            format!("state_dir: state\ninbox: inbox\nlisten: {}\naccounts:\n", self.listen);
        for account in accounts {
            let kind = match account.spec.kind {
                Kind::Subscription => "subscription",
                Kind::Service => "service",
            };
            let mut callback = String::new();
            if account.callback {
                callback.push_str("    callback:\n      token_file: callback-token\n");
            }
            if account.callback && account.style.0 != "plain" {
                callback.push_str("      encoding_aes_key_file: aes-key\n");
            }
            if let Some(handler) = account.forward_to {
                writeln!(callback, "      forward_to: http://{handler}/wx?key=url-canary").unwrap();
            }
            write!(
                text,
                "  {}:\n    kind: {kind}\n    appid: {}\n    secret_file: secret\n    \
                 api_base: http://{api}\n{callback}",
                account.name, account.spec.appid
            )
            .unwrap();
        }
        fs::write(self.path("config.yaml"), text).unwrap();
    }

    fn send_signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Sends SIGHUP, and waits until the log has one more line with this in it.
    pub(crate) fn reload(&self, said: &str) {
        let count = || self.log().matches(said).count();
        let before = count();
        self.send_signal(rustix::process::Signal::HUP);
        self.until(&format!("{said} is logged"), || (count() > before).then_some(()));
    }

    /// A path in the rig's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where the sandbox listens.
    pub(crate) fn sandbox(&self) -> SocketAddr {
        self.sandbox
    }

    /// The platform.
    pub(crate) fn platform(&self) -> MutexGuard<'_, Platform> {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the platform misbehave at mass sends.
    pub(crate) fn fault_on(&self, path: &str, kind: FaultKind) {
        self.platform().inject(Fault::new(kind).on_path(path));
    }

    /// Puts the sandbox's clock beside the real one.
    pub(crate) fn set_sandbox_ahead(&self, ahead: TimeDelta) {
        self.ahead_ms.store(ahead.num_milliseconds(), Ordering::SeqCst);
    }

    /// Every broadcast that the platform took.
    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.platform().accepted().to_vec()
    }

    /// Every mass send that reached the platform.
    pub(crate) fn sends(&self) -> Vec<Logged> {
        let is_send = |path: &str| path.ends_with("/sendall") || path.ends_with("/mass/send");
        let platform = self.platform();
        platform.requests().iter().filter(|request| is_send(&request.path)).cloned().collect()
    }

    /// Sets a variable for the daemon.
    pub(crate) fn set_environment(&mut self, name: &'static str, value: &str) {
        self.environment.push((name, value.to_owned()));
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qunfa"));
        command
            .env("QUNFA_CONFIG", self.path("config.yaml"))
            .env_remove("QUNFA_LOG")
            .env_remove("RUST_LOG")
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Starts the daemon; its output goes on in the same files.
    pub(crate) fn start(&mut self) {
        let mut command = self.command();
        command.arg("run");
        self.start_as(command);
    }

    /// Starts the daemon through a program that becomes it, with its own environment.
    pub(crate) fn start_through(&mut self, mut launcher: Command) {
        launcher
            .env("QUNFA_CONFIG", self.path("config.yaml"))
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null());
        self.start_as(launcher);
    }

    fn start_as(&mut self, mut command: Command) {
        assert!(self.daemon.is_none(), "a rig has one daemon");
        let append = |name| {
            File::options()
                .create(true)
                .append(true)
                .open(self.path(name))
                .map(Stdio::from)
                .unwrap()
        };
        command.stdout(append("out.log")).stderr(append("err.log"));
        self.daemon = Some(command.spawn().unwrap());
    }

    /// Starts the daemon so that a file too large is an error and not a signal.
    pub(crate) fn start_with_errors_for_full_disks(&mut self) {
        let err = File::options().create(true).append(true).open(self.path("err.log")).unwrap();
        let script = "trap '' XFSZ; exec \"$0\" run";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_qunfa")]).stdin(Stdio::null());
        command.env("QUNFA_CONFIG", self.path("config.yaml")).stderr(err);
        self.daemon = Some(command.spawn().unwrap());
    }

    /// The daemon's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.daemon.as_ref().expect("a daemon was started").id()
    }

    /// Ends the daemon without a word.
    pub(crate) fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
        }
    }

    /// Tells the daemon to end, and returns how it did.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal();
        self.wait()
    }

    /// Tells the daemon to end.
    pub(crate) fn signal(&self) {
        self.send_signal(rustix::process::Signal::TERM);
    }

    /// Returns how the daemon ended, once it has.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.wait_while(|| ())
    }

    /// The same, with something to be done meanwhile.
    pub(crate) fn wait_while(&mut self, mut meanwhile: impl FnMut()) -> ExitStatus {
        let mut daemon = self.daemon.take().expect("a daemon was started");
        let since = started();
        loop {
            meanwhile();
            if let Some(status) = daemon.try_wait().unwrap() {
                return status;
            }
            if since.elapsed() > PATIENCE {
                self.daemon = Some(daemon);
                panic!("the daemon did not end\n{}", self.log());
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Everything that the daemon logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("err.log")).unwrap_or_default()
    }

    /// Runs another command.
    pub(crate) fn say(&self, arguments: &[&str]) -> DecidedBy {
        let output = self.command().args(arguments).output().unwrap();
        DecidedBy {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs another command that answers in JSON.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Value {
        let said = self.say(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
    }

    /// The job as `jobs --json` has it; null where there is none.
    pub(crate) fn job(&self, id: &str) -> Value {
        let jobs = self.ask(&["jobs", "--json"]);
        let found = jobs.as_array().unwrap().iter().find(|job| job["id"] == id);
        found.cloned().unwrap_or_default()
    }

    /// Drops a file into the inbox as programs should: written elsewhere, then renamed.
    pub(crate) fn drop_file(&self, name: &str, text: &str) {
        let inbox = self.path("inbox");
        fs::write(inbox.join(format!(".{name}")), text).unwrap();
        fs::rename(inbox.join(format!(".{name}")), inbox.join(name)).unwrap();
    }

    /// Waits until something holds.
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        self.until_every(LOOK_EVERY, what, &mut look)
    }

    fn until_every<T>(
        &self,
        pause: Duration,
        what: &str,
        look: &mut dyn FnMut() -> Option<T>,
    ) -> T {
        let since = started();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if since.elapsed() > PATIENCE {
                let jobs = self.say(&["jobs"]);
                panic!("in vain: {what}\n{}{}\n{}", jobs.out, jobs.err, self.log());
            }
            thread::sleep(pause);
        }
    }

    /// Waits until a job is in a state, and returns it.
    pub(crate) fn until_state(&self, id: &str, state: &str) -> Value {
        self.until_every(ASK_EVERY, &format!("{id} becomes {state}"), &mut || {
            let job = self.job(id);
            let now = job["state"].as_str().unwrap_or_default();
            let ended = ["sent", "failed", "partial", "missed", "expired", "cancelled"];
            assert!(
                now == state || !ended.contains(&now),
                "{id} became {now}, not {state}: {}\n{}",
                job["reason"],
                self.log()
            );
            (now == state).then_some(job)
        })
    }

    /// Waits until a job's reason contains something.
    pub(crate) fn until_reason(&self, id: &str, part: &str) -> Value {
        self.until_every(ASK_EVERY, &format!("{id} waits because of {part}"), &mut || {
            let job = self.job(id);
            job["reason"].as_str().is_some_and(|reason| reason.contains(part)).then_some(job)
        })
    }

    /// Says that nothing was sent before the daemon knew the account, which it asks of new ones.
    pub(crate) fn answer_first(&self, account: &str) {
        let said = self.say(&["quota", "record", account, "--none"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }

    /// Waits until something needs a person, and returns it.
    pub(crate) fn until_attention(&self, kind: &str) -> Value {
        self.until_every(ASK_EVERY, &format!("attention of kind {kind}"), &mut || {
            let status = self.ask(&["status", "--json"]);
            status["attention"]
                .as_array()
                .unwrap()
                .iter()
                .find(|note| note["kind"] == kind)
                .cloned()
        })
    }

    /// Waits until a file of this name is in the inbox's folder for it.
    pub(crate) fn until_file(&self, folder: &str, name: &str) -> PathBuf {
        let path = self.path("inbox").join(folder).join(name);
        self.until(&format!("{} appears", path.display()), || path.exists().then(|| path.clone()))
    }

    /// Waits until the daemon listens.
    pub(crate) fn until_listening(&self) {
        self.until("the daemon listens", || TcpStream::connect(self.listen).ok());
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.kill();
        self.served.abort();
    }
}

/// One job file with a broadcast to one tag, due at once.
pub(crate) fn to_tag(id: &str, account: &str) -> String {
    format!(
        "jobs:\n  - id: {id}\n    account: {account}\n    broadcast: {{ filter: {{ tag_id: 2 }}, \
         text: words of {id} }}\n...\n"
    )
}

/// The same with more lines in the job.
pub(crate) fn to_tag_with(id: &str, account: &str, lines: &str) -> String {
    to_tag(id, account).replace("    broadcast:", &format!("    {lines}\n    broadcast:"))
}

/// The line of a job that plans it for an instant.
pub(crate) fn at_line(at: DateTime<Utc>) -> String {
    format!("at: {}", at.format("%Y-%m-%dT%H:%M:%SZ"))
}

/// An instant without its fraction, as job files write it.
pub(crate) fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap()
}

/// Everything under a directory.
pub(crate) fn files_under(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Lets a process write no byte more, as a full disk does.
pub(crate) fn fill_the_disk(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap());
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::prlimit(pid, rustix::process::Resource::Fsize, none).unwrap();
}

/// Tells that a test cannot be run here, past the test runner, which shows nothing of what passes.
pub(crate) fn skipped(test: &str, why: &str) {
    let mut terminal = io::stderr();
    writeln!(terminal, "SKIPPED {test}: {why}").unwrap();
}

/// A claim that takes a minute to show.
pub(crate) type Claim = (&'static str, fn());

/// Shows several claims side by side, and names those that do not hold.
pub(crate) fn together(claims: &[Claim]) {
    let failed: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> =
            claims.iter().map(|(name, claim)| (*name, scope.spawn(claim))).collect();
        running.into_iter().filter_map(|(name, claim)| claim.join().err().map(|_| name)).collect()
    });
    assert!(failed.is_empty(), "these do not hold: {failed:?}");
}

/// The runtime that every sandbox lives in.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    })
}

/// Sends a request as it is written; returns the status, the head and the body of the response.
pub(crate) fn exchange(
    at: SocketAddr,
    (request, headers): (&str, &str),
    body: &str,
) -> (u16, String, String) {
    let mut stream = TcpStream::connect(at).unwrap();
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: {at}\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

/// An address that nobody else takes while a daemon is down: a loopback address of this rig's own.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let [high, low] = NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes();
    let listener = std::net::TcpListener::bind((Ipv4Addr::new(127, 71, high, low), 0)).unwrap();
    listener.local_addr().unwrap()
}
