//! Notifies the service manager: readiness, watchdog, and a status line for `systemctl status`.
//!
//! Only the loop reports here, after a pass and a successful database read. So a loop or a database
//! that has stopped sends nothing and is restarted. The protocol (`sd_notify(3)`) is a datagram of
//! lines. Nothing waits until it is read, for a manager that stalls must not delay a broadcast.
//! Without `NOTIFY_SOCKET` nothing is sent. The usual crate for this (sd-notify) waits if the
//! manager does not read, and finds no abstract socket.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar;
use crate::daemon::LockedOut;
use crate::engine::Engine;
use crate::model::JobState;
use crate::store::{JobView, StoreError, Tx};
use crate::text::reason;

/// How often it is notified.
const TELL_EVERY: TimeDelta = TimeDelta::seconds(1);
/// The longest text for `systemctl status`, in characters.
const STATUS_MOST: usize = 300;

/// The service manager, if there is one.
pub(super) struct Notifier {
    to: Option<(UnixDatagram, SocketAddr)>,
    told_at: Option<DateTime<Utc>>,
    ready: bool,
    status: String,
}

impl Notifier {
    /// Finds the service manager that started this process, if it runs as a service; a rehearsal does
    /// not.
    pub(super) fn of_this_process(is_service: bool) -> Self {
        let socket =
            std::env::var_os("NOTIFY_SOCKET").filter(|name| is_service && !name.is_empty());
        let to = socket.and_then(|name| match open(&name) {
            Ok(to) => Some(to),
            Err(error) => {
                tracing::warn!("the service manager cannot be told anything: {error}");
                None
            }
        });
        Self { to, ..Self::disabled() }
    }

    /// Notifies nobody.
    fn disabled() -> Self {
        Self { to: None, told_at: None, ready: false, status: String::new() }
    }

    /// Reports at most once a second that the loop has made a pass, and what has changed.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) fn tell(
        &mut self,
        engine: &Engine,
        locked_out: Option<&LockedOut>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let recent = |at: DateTime<Utc>| at <= now && now - at < TELL_EVERY;
        if self.to.is_none() || self.told_at.is_some_and(recent) {
            return Ok(());
        }
        self.told_at = Some(now);
        let status = match locked_out {
            Some(locked_out) => locked_out.sentence(),
            None => status(engine, now)?,
        };
        let mut lines = String::from("WATCHDOG=1\n");
        if !self.ready {
            lines.push_str("READY=1\n");
        }
        if self.status != status {
            lines.push_str("STATUS=");
            lines.push_str(&status);
            lines.push('\n');
        }
        // A message that could not be sent is sent a second later.
        if self.say(&lines) {
            self.ready = true;
            self.status = status;
        }
        Ok(())
    }

    /// Reports that the daemon has started and stands by; the watchdog goes on.
    pub(super) fn stands_by(&mut self, status: &str, now: DateTime<Utc>) {
        let mut lines = String::from("WATCHDOG=1\n");
        if !self.ready {
            lines.push_str("READY=1\n");
        }
        if self.status != status {
            lines = format!("{lines}STATUS={status}\n");
        }
        self.told_at = Some(now);
        if self.say(&lines) {
            self.ready = true;
            status.clone_into(&mut self.status);
        }
    }

    /// Reports that the config is being read again.
    pub(super) fn reloading(&self) {
        // The manager takes the READY that follows for this reload's by the time in here.
        let at = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let at_usec = i128::from(at.tv_sec) * 1_000_000 + i128::from(at.tv_nsec) / 1_000;
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={at_usec}\n"));
    }

    /// Reports that the config was taken or refused: the daemon continues in either case.
    pub(super) fn reloaded(&self) {
        self.say("READY=1\n");
    }

    /// Reports that the daemon ends because it was asked to.
    pub(super) fn stopping(&self) {
        self.say("STOPPING=1\nSTATUS=ending: answers under way are awaited\n");
    }

    fn say(&self, lines: &str) -> bool {
        let Some((socket, address)) = &self.to else { return false };
        let sent = socket.send_to_addr(lines.as_bytes(), address);
        sent.inspect_err(|error| tracing::debug!("the service manager was not told: {error}"))
            .is_ok()
    }
}

fn open(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

/// Returns the daemon's condition, on one line.
fn status(engine: &Engine, now: DateTime<Utc>) -> Result<String, StoreError> {
    let store = engine.store().read();
    let names: Vec<_> = engine.accounts().map(|config| config.account.name.as_str()).collect();
    let text = match stops(&store, &names)? {
        Stopped::All(why) => format!("on hold: {why}"),
        Stopped::Some(stopped) => {
            let next = store.next_jobs(None, 1)?;
            let next =
                next.first().map_or_else(|| "no job waits".to_owned(), |job| waits(job, now));
            let accounts = if names.len() == 1 { "account" } else { "accounts" };
            let parts: Vec<_> =
                [format!("{} {accounts}", names.len())].into_iter().chain(stopped).collect();
            format!("{}, {next}", parts.join(", "))
        }
    };
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    Ok(text.chars().take(STATUS_MOST).map(printable).collect())
}

/// Which accounts release nothing.
enum Stopped {
    /// All of them, and why.
    All(String),
    /// These, as text.
    Some(Vec<String>),
}

fn stops(store: &Tx<'_>, names: &[&str]) -> Result<Stopped, StoreError> {
    if let Some(why) = store.hold_on_all()? {
        return Ok(Stopped::All(reason::sentence(&why)));
    }
    let all = store.stopped_accounts()?;
    let mut stopped = Vec::new();
    for name in names.iter().filter(|name| all.contains(**name)) {
        let stops = store.stops(name)?;
        match (stops.hold, stops.paused) {
            (Some(_), _) => stopped.push(format!("{name} ON HOLD")),
            (None, Some(_)) => stopped.push(format!("{name} PAUSED")),
            (None, None) => {}
        }
    }
    Ok(Stopped::Some(stopped))
}

fn waits(job: &JobView, now: DateTime<Utc>) -> String {
    let wants = if job.state == JobState::Held { ", waits for approval" } else { "" };
    let (due, distance) = (calendar::beijing(job.due), distance(job.due - now));
    format!("next {} at {due} ({distance}){wants}", job.id)
}

/// Returns how far away an instant is; coarse, so that it seldom changes.
fn distance(left: TimeDelta) -> String {
    match left.num_minutes() {
        minutes if minutes >= 48 * 60 => format!("in {} d", minutes / (24 * 60)),
        minutes if minutes >= 60 => format!("in {} h", minutes / 60),
        minutes if minutes >= 1 => format!("in {minutes} min"),
        0 if left > TimeDelta::zero() => "in under a minute".to_owned(),
        _ => "due".to_owned(),
    }
}
