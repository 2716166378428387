//! `demo`: the real daemon against the sandbox, on a clock that skips idle time.
//!
//! Only the clock and the platform are simulated: a job file is dropped, the daemon takes it, and
//! each job's history is printed as it grows in the database. The rehearsal ends by itself, and
//! with an error if a job did not end as it must.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use unicode_width::UnicodeWidthStr as _;

use crate::calendar::{self, Span, Window};
use crate::config::{self, Secrets};
use crate::daemon::{self, Now, Options};
use crate::l10n::{Sentence, t};
use crate::model::JobState;
use crate::sandbox::server::{self, Callback};
use crate::sandbox::{self, AccountSpec, Fault, FaultKind, Platform};
use crate::store::Store;
use crate::text::{names, reason};

const CALLBACK_TOKEN: &str = "rehearsal";
/// How often the history is read.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// A rehearsal that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(28);

const ACCOUNTS: [(&str, &str, sandbox::Kind); 3] = [
    ("brand-daily", "wx00000000000daily", sandbox::Kind::Subscription),
    ("brand-club", "wx00000000000club", sandbox::Kind::Service),
    ("brand-shop", "wx00000000000shop", sandbox::Kind::Service),
];

const JOBS: [(&str, Sentence); 4] = [
    ("spring-launch", || t!("demo-in-time")),
    ("spring-echo", || t!("demo-deferred")),
    ("club-evening", || t!("demo-too-fast")),
    ("shop-news", || t!("demo-answer-lost")),
];
/// How wide the column of states is.
const STATE: usize = 10;

/// Runs the rehearsal, and prints it to `out`.
///
/// # Errors
/// If something could not be set up, or a job did not end as it must.
pub fn run(now: &Now, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let runtime = daemon::runtime()?;
    let outcome = runtime.block_on(play(now, out));
    // It must not wait for threads: under a faked clock such a wait need not end.
    runtime.shutdown_background();
    outcome
}

/// A clock that runs with the real one, ahead of it by the time that was skipped.
struct Clock {
    real: Now,
    ahead: Mutex<TimeDelta>,
}

impl Clock {
    fn starting_at(real: &Now, start: DateTime<Utc>) -> Arc<Self> {
        let ahead = Mutex::new(start - real());
        Arc::new(Self { real: Arc::clone(real), ahead })
    }

    fn now(&self) -> DateTime<Utc> {
        (self.real)() + *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jump(&self, to: DateTime<Utc>) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.real)() + *ahead;
        if to > now {
            *ahead += to - now;
        }
    }
}

async fn play(real: &Now, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let today = Window::containing(Span::Day, real());
    let clock = Clock::starting_at(real, today.start() + TimeDelta::minutes(19 * 60 + 58));
    let dir = tempfile::tempdir().with_context(|| t!("demo-no-folder"))?;
    let platform = Arc::new(Mutex::new(rehearsed_platform()));
    let ours = Arc::clone(&clock);
    let now: Now = Arc::new(move || ours.now());
    let sandbox = TcpListener::bind("127.0.0.1:0").await?;
    let config = write_config(dir.path(), sandbox.local_addr()?)?;
    let (stop, stopped) = watch::channel(false);
    let (told, listening) = oneshot::channel();
    let options = Options {
        now: Arc::clone(&now),
        jump: Some(jumping(&clock, &platform)),
        reload: None,
        on_listen: Some(told),
        commands: None,
        stop: stopped.clone(),
    };
    drop_jobs(&config.inbox, today)?;
    let daemon = tokio::spawn(daemon::serve(config, options));
    let listening = listening.await.with_context(|| t!("demo-not-started"))?;
    let callback = ACCOUNTS.iter().fold(Callback::default(), |callback, (name, appid, _)| {
        let url = format!("http://{listening}/callback/{name}");
        callback.for_appid(appid, &url, CALLBACK_TOKEN)
    });
    let mut ended = stopped;
    let served = tokio::spawn(server::serve(
        sandbox,
        Arc::clone(&platform),
        now,
        Some(callback),
        async move { ended.wait_for(|over| *over).await.map(drop).unwrap_or_default() },
    ));
    introduce(out)?;
    let told = tell(dir.path(), &clock, out).await;
    stop.send_replace(true);
    daemon.await??;
    served.abort();
    told?;
    conclude(&platform, out)
}

fn rehearsed_platform() -> Platform {
    let mut platform = Platform::new(1);
    for (_, appid, kind) in ACCOUNTS {
        platform.add_account(AccountSpec::new(appid, kind));
    }
    let faults = [(FaultKind::Errcode(45066), 1), (FaultKind::AnswerLost, 2)];
    for (kind, account) in faults {
        platform.inject(Fault::new(kind).on_path("sendall").for_appid(ACCOUNTS[account].1));
    }
    platform
}

/// Jumps to the daemon's next wake, but never over an event that the platform is about to push.
fn jumping(clock: &Arc<Clock>, platform: &Arc<Mutex<Platform>>) -> daemon::Jump {
    let (clock, platform) = (Arc::clone(clock), Arc::clone(platform));
    Arc::new(move |wake| {
        let event = platform.lock().unwrap_or_else(PoisonError::into_inner).next_event_at();
        clock.jump(event.map_or(wake, |event| event.min(wake)));
    })
}

fn write_config(dir: &Path, sandbox: SocketAddr) -> anyhow::Result<config::Config> {
    let mut token = File::options();
    let token = token.write(true).create_new(true).mode(0o600).open(dir.join("callback.token"));
    token?.write_all(CALLBACK_TOKEN.as_bytes())?;
    let mut text = "state_dir: state\ninbox: inbox\nlisten: 127.0.0.1:0\naccounts:\n".to_owned();
    for (name, appid, kind) in ACCOUNTS {
        let kind = match kind {
            sandbox::Kind::Subscription => "subscription",
            sandbox::Kind::Service => "service",
        };
        writeln!(
            text,
            "  {name}: {{ kind: {kind}, appid: {appid}, secret_env: SECRET, api_base: \"http://{sandbox}\", \
             callback: {{ token_file: callback.token }} }}"
        )?;
    }
    let path = dir.join("config.yaml");
    std::fs::write(&path, text)?;
    let env = |name: &str| (name == "SECRET").then(|| "rehearsal".to_owned());
    Ok(config::load(&path, &env, Secrets::Read)?)
}

fn drop_jobs(inbox: &Path, today: Window) -> anyhow::Result<()> {
    let jobs = format!(
        "jobs:
  - {{ id: spring-launch, account: brand-daily, at: {today} 20:00,
      broadcast: {{ filter: {{ is_to_all: true }}, text: 春天来了 }} }}
  - {{ id: spring-echo, account: brand-daily, at: {today} 20:05,
      broadcast: {{ filter: {{ is_to_all: true }}, text: 春天又来了 }} }}
  - {{ id: club-evening, account: brand-club, at: {today} 20:10,
      broadcast: {{ filter: {{ tag_id: 2 }}, mpnews: {{ media_id: evening-articles }} }} }}
  - {{ id: shop-news, account: brand-shop, at: {today} 20:30,
      broadcast: {{ filter: {{ is_to_all: true }}, text: 新品上架 }} }}
...
"
    );
    std::fs::create_dir_all(inbox)?;
    std::fs::write(inbox.join("spring.yaml"), jobs)?;
    Ok(())
}

fn introduce(out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{}\n", t!("demo-introduction"))?;
    for (id, what) in JOBS {
        writeln!(out, "  {id:<14} {}", what())?;
    }
    writeln!(out)?;
    Ok(())
}

/// Prints each job's history as it grows, until all have ended.
async fn tell(dir: &Path, clock: &Clock, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let database = dir.join("state/qunfa.db");
    let began = tokio::time::Instant::now();
    let mut told = [0; JOBS.len()];
    let mut store = None;
    loop {
        ensure!(began.elapsed() < LONGEST, t!("demo-too-long", seconds = %LONGEST.as_secs()));
        tokio::time::sleep(LOOK_EVERY).await;
        if store.is_none() {
            store = Store::open_existing(&database, clock.now())?;
        }
        let Some(store) = &store else { continue };
        let tx = store.read();
        let mut sent = 0;
        for ((id, _), told) in JOBS.iter().zip(&mut told) {
            for line in tx.history(id)?.iter().skip(*told) {
                *told += 1;
                let at = calendar::beijing(line.at);
                let state = names::stored_state(&line.to);
                let fill = " ".repeat(STATE.saturating_sub(state.width()));
                writeln!(out, "{at}  {id:<14} {state}{fill} {}", reason::sentence(&line.why))?;
            }
            match tx.job_view(id)?.map(|job| job.state) {
                Some(JobState::Sent) => sent += 1,
                Some(state) if state.is_final() => {
                    bail!(t!("demo-ended-as", job = *id, state = names::job_state(state)))
                }
                Some(_) | None => {}
            }
        }
        if sent == JOBS.len() {
            return Ok(());
        }
    }
}

fn conclude(platform: &Mutex<Platform>, out: &mut dyn Write) -> anyhow::Result<()> {
    let platform = platform.lock().unwrap_or_else(PoisonError::into_inner);
    let broadcasts = platform.accepted().len();
    let requests =
        platform.requests().iter().filter(|request| request.path.ends_with("/sendall")).count();
    let conclusion = t!(
        "demo-conclusion",
        jobs = %JOBS.len(),
        requests = %requests,
        broadcasts = %broadcasts
    );
    writeln!(out, "\n{conclusion}")?;
    ensure!(
        broadcasts == JOBS.len(),
        t!("demo-miscounted", broadcasts = %broadcasts, jobs = %JOBS.len())
    );
    Ok(())
}
