//! `status --watch` on a terminal: a real one (a pty), with a window, a Ctrl-C and a hangup.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::cli::{JOBS, World};
use crate::rig::skipped;

const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
const HOME: &str = "\x1b[H";
/// How many pictures are looked at before a test gives up.
const PICTURES: usize = 240;

/// A terminal with a watch in its foreground.
struct Screen {
    keyboard: File,
    child: Child,
    /// All that was written to it.
    seen: String,
}

impl Screen {
    /// None where this machine has no `setsid` to give the watch a terminal of its own.
    fn watching(world: &World, (rows, columns): (u16, u16)) -> Option<Self> {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = File::options()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(OsStr::from_bytes(name.as_bytes()))
            .unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&slave, size).unwrap();
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_qunfa"), "status", "--watch"])
            .env("QUNFA_CONFIG", world.path("config.yaml"))
            .env("TERM", "xterm")
            .stdin(slave.try_clone().unwrap())
            .stderr(slave.try_clone().unwrap())
            .stdout(slave)
            .spawn()
            .ok()?;
        Some(Self { keyboard: master.into(), child, seen: String::new() })
    }

    /// Reads until something was seen so often; false where the terminal was closed before, or
    /// minutes of one picture a second did not show it.
    fn sees(&mut self, part: &str, times: usize) -> bool {
        let mut bytes = [0; 4_096];
        while self.seen.matches(part).count() < times {
            match self.keyboard.read(&mut bytes) {
                Ok(0) | Err(_) => return false,
                Ok(_) if self.seen.matches(HOME).count() > PICTURES => return false,
                Ok(some) => self.seen.push_str(&String::from_utf8_lossy(&bytes[..some])),
            }
        }
        true
    }

    /// Reads to the end, and returns whether the watch ended well.
    fn ends_well(&mut self) -> bool {
        self.sees("no terminal says this", 1);
        self.child.wait().unwrap().success()
    }
}

fn watching(size: (u16, u16)) -> Option<(World, Screen)> {
    let world = World::new();
    world.take(JOBS);
    let screen = Screen::watching(&world, size);
    if screen.is_none() {
        skipped("a watch on a terminal", "there is no setsid");
    }
    screen.map(|screen| (world, screen))
}

#[test]
fn a_watch_draws_in_place_and_gives_the_terminal_back_at_ctrl_c() {
    let Some((_world, mut screen)) = watching((40, 120)) else { return };

    assert!(screen.sees("The daemon is NOT RUNNING", 3), "{:?}", screen.seen);
    screen.keyboard.write_all(b"\x03").unwrap();
    assert!(screen.ends_well(), "{:?}", screen.seen);

    let seen = &screen.seen;
    assert!(seen.starts_with(ENTER), "{seen:?}");
    assert!(seen.ends_with(LEAVE), "{seen:?}");
    assert_eq!((seen.matches(ENTER).count(), seen.matches(LEAVE).count()), (1, 1), "{seen:?}");
    assert!(seen.matches(HOME).count() >= 3, "{seen:?}");
}

#[test]
fn a_window_that_is_made_smaller_is_drawn_anew_and_never_scrolls() {
    let Some((_world, mut screen)) = watching((40, 120)) else { return };
    assert!(screen.sees("QUOTAS", 1), "{:?}", screen.seen);

    let size = Winsize { ws_row: 7, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&screen.keyboard, size).unwrap();
    assert!(screen.sees("arrows scroll", 1), "{:?}", screen.seen);
    assert!(screen.sees(HOME, screen.seen.matches(HOME).count() + 1));
    screen.keyboard.write_all(b"\x03").unwrap();
    assert!(screen.ends_well());

    let small = screen.seen.split(HOME).filter(|drawn| drawn.contains("arrows scroll"));
    let heights: Vec<_> = small.map(|drawn| drawn.matches("\r\n").count()).collect();
    assert!(heights.iter().all(|feeds| *feeds < 7), "{heights:?}");
}

#[test]
fn q_ends_a_watch_and_a_filter_is_written_before() {
    let Some((_world, mut screen)) = watching((24, 80)) else { return };
    assert!(screen.sees("spring-echo", 1), "{:?}", screen.seen);

    screen.keyboard.write_all("/q晚安\r".as_bytes()).unwrap();
    assert!(screen.sees("only \"q晚安\"", 1), "{:?}", screen.seen);
    screen.keyboard.write_all(b"\x1b").unwrap();
    assert!(screen.sees("only", screen.seen.matches("only").count()));
    screen.keyboard.write_all(b"q").unwrap();
    assert!(screen.ends_well(), "{:?}", screen.seen);

    assert!(screen.seen.ends_with(LEAVE), "{:?}", screen.seen);
    let modes = rustix::termios::tcgetattr(&screen.keyboard).unwrap();
    let wanted = rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO;
    assert!(modes.local_modes.contains(wanted), "{modes:?}");
}
