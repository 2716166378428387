//! What the service manager is told, heard on a socket as systemd has one.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;

use chrono::TimeDelta;
use rusqlite::Connection;

use crate::rig::{Rig, at_line, club, daily, real_now, to_tag, to_tag_with, whole_second};

/// The socket, and all that was said on it.
struct Notifier {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Notifier {
    /// Listens in the rig's directory; a daemon started from now on speaks to it.
    fn of(rig: &mut Rig) -> Self {
        let path = rig.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        rig.set_environment("NOTIFY_SOCKET", path.to_str().unwrap());
        rig.set_environment("WATCHDOG_USEC", "60000000");
        Self { socket, heard: Vec::new() }
    }

    /// Hears what was said since; returns how many messages these were.
    fn listen(&mut self) -> usize {
        let before = self.heard.len();
        let mut message = [0; 4096];
        loop {
            match self.socket.recv(&mut message) {
                Ok(length) => {
                    self.heard.push(String::from_utf8(message[..length].to_vec()).unwrap());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.heard.len() - before
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.heard.iter().flat_map(|message| message.lines())
    }

    fn count(&self, line: &str) -> usize {
        self.lines().filter(|found| *found == line).count()
    }

    fn until_heard(&mut self, rig: &Rig, part: &str) {
        rig.until(&format!("{part} is said"), || {
            self.listen();
            self.lines().any(|line| line.contains(part)).then_some(())
        });
    }
}

#[test]
fn a_daemon_that_can_release_says_so_once_and_goes_on_saying_that_it_lives() {
    let mut rig = Rig::new(&[club(), daily()]);
    let mut manager = Notifier::of(&mut rig);
    rig.start();

    manager.until_heard(&rig, "READY=1");
    // A listener that accepts, and an inbox that takes, were there before.
    std::net::TcpStream::connect(rig.listen).unwrap();
    rig.until("the watchdog is fed", || {
        manager.listen();
        (manager.count("WATCHDOG=1") >= 4).then_some(())
    });

    assert_eq!(manager.count("READY=1"), 1, "{:?}", manager.heard);
    assert!(manager.lines().any(|line| line == "STATUS=2 accounts, no job waits"));
    assert_eq!(manager.lines().filter(|line| line.starts_with("STATUS=")).count(), 1);
    assert!(rig.stop().success());
    manager.listen();
    assert_eq!(manager.count("STOPPING=1"), 1, "{:?}", manager.heard);
}

#[test]
fn the_status_names_the_next_job_and_what_is_on_hold() {
    let mut rig = Rig::new(&[club()]);
    let mut manager = Notifier::of(&mut rig);
    rig.start();
    let at = whole_second(real_now() + TimeDelta::minutes(200));

    rig.drop_file("spring.yaml", &to_tag_with("spring", "club", &at_line(at)));
    manager.until_heard(&rig, "STATUS=1 account, next spring at ");
    assert_eq!(rig.say(&["hold", "club"]).code, Some(0));
    manager.until_heard(&rig, "STATUS=1 account, club ON HOLD, next spring at ");
    assert_eq!(rig.say(&["hold", "--all"]).code, Some(0));
    manager.until_heard(&rig, "STATUS=on hold: ");

    assert!(manager.lines().any(|line| line.ends_with("(in 3 h)")), "{:?}", manager.heard);
}

#[test]
fn who_cannot_release_is_never_ready() {
    let mut rig = Rig::running(&[daily()]);
    rig.until_listening();
    let mut manager = Notifier::of(&mut rig);

    let second = rig.say(&["run"]);
    let config = std::fs::read_to_string(rig.path("config.yaml")).unwrap();
    std::fs::write(rig.path("config.yaml"), config.replace("kind:", "kimd:")).unwrap();
    let misspelt = rig.say(&["run"]);
    let elsewhere = config
        .replace("state_dir: state", "state_dir: state2")
        .replace("inbox: inbox", "inbox: inbox2");
    std::fs::write(rig.path("config.yaml"), elsewhere).unwrap();
    let taken = rig.say(&["run"]);

    for said in [&second, &misspelt, &taken] {
        assert_eq!(said.code, Some(3), "{}", said.err);
    }
    assert!(taken.err.contains("cannot listen"), "{}", taken.err);
    assert_eq!(manager.listen(), 0, "{:?}", manager.heard);
}

#[test]
fn a_daemon_that_another_program_locks_out_says_so_and_is_not_killed_for_it() {
    let mut rig = Rig::new(&[club()]);
    let mut manager = Notifier::of(&mut rig);
    rig.start();
    manager.until_heard(&rig, "WATCHDOG=1");
    let other = Connection::open(rig.path("state/qunfa.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    manager.until_heard(&rig, "keeps the database locked");
    let alive = manager.count("WATCHDOG=1");
    rig.until("the watchdog is fed meanwhile", || {
        manager.listen();
        (manager.count("WATCHDOG=1") > alive + 2).then_some(())
    });
    drop(other);

    rig.until_state("spring", "sent");
    assert_eq!(manager.count("STOPPING=1"), 0, "{:?}", manager.heard);
}

#[test]
fn a_manager_that_reads_nothing_holds_up_nobody() {
    let mut rig = Rig::new(&[club()]);
    let mut manager = Notifier::of(&mut rig);
    // The queue of a datagram socket is short: it is full before the daemon starts.
    let filler = UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    let mut fillers = 0;
    while filler.send_to(b"FILLER=1\n", rig.path("notify")).is_ok() {
        fillers += 1;
    }
    rig.start();

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    // What could not be said is said once there is room.
    assert_eq!(manager.listen(), fillers);
    manager.until_heard(&rig, "READY=1");
}

#[test]
fn an_abstract_socket_is_spoken_to_as_well() {
    use std::os::linux::net::SocketAddrExt as _;

    let mut rig = Rig::new(&[club()]);
    let name = format!("qunfa-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_nonblocking(true).unwrap();
    rig.set_environment("NOTIFY_SOCKET", &format!("@{name}"));
    let mut manager = Notifier { socket, heard: Vec::new() };
    rig.start();

    manager.until_heard(&rig, "READY=1");
}

#[test]
fn a_reload_is_begun_and_ended_with_the_time_of_its_beginning() {
    let mut rig = Rig::new(&[club()]);
    let mut manager = Notifier::of(&mut rig);
    rig.start();
    manager.until_heard(&rig, "READY=1");
    let pid = rustix::process::Pid::from_raw(i32::try_from(rig.pid()).unwrap()).unwrap();
    let clock = || {
        let at = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        i128::from(at.tv_sec) * 1_000_000 + i128::from(at.tv_nsec) / 1_000
    };

    let before = clock();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    rig.until("the reload is over", || {
        manager.listen();
        (manager.count("READY=1") == 2).then_some(())
    });

    let message = manager.heard.iter().position(|one| one.starts_with("RELOADING=1\n")).unwrap();
    let at = manager.heard[message].lines().nth(1).unwrap();
    let at: i128 = at.strip_prefix("MONOTONIC_USEC=").unwrap().parse().unwrap();
    assert!((before..=clock()).contains(&at), "{at} is not in {before}..");
    let ready = manager.heard.iter().rposition(|one| one.contains("READY=1")).unwrap();
    assert!(message < ready, "{:?}", manager.heard);
    // A config that cannot be used ends the reload, too: the manager must not wait.
    std::fs::write(rig.path("config.yaml"), "no: config").unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    rig.until("the reload is over", || {
        manager.listen();
        (manager.count("READY=1") == 3).then_some(())
    });
    assert!(rig.stop().success());
}
