//! The folders of `systemd/`, with three users: the daemon's, and two who drop job files.
//!
//! Needs root, to become them, and systemd's tools, which make the users and folders in a root of
//! their own. Where that cannot be, the tests say that they are skipped.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::rig::{Rig, club, skipped, to_tag};
use crate::unit::setting;

const INSTALL: &str = include_str!("../../docs/install.md");

/// Users who are not the daemon's.
const ANNE: u32 = 64_001;
const BERT: u32 = 64_002;

/// A rig whose folders are those of the unit.
struct Installed {
    rig: Rig,
    /// The daemon's user, and the group that drops files.
    daemon: u32,
    group: u32,
}

impl Installed {
    /// Installs the folders; none, loudly, where that needs what is not here.
    fn new(test: &str) -> Option<Self> {
        let rig = Rig::new(&[club()]);
        let root = rig.path("root");
        open_to_all(rig.path("").as_path());
        let missing = match ["systemd-tmpfiles", "setpriv"].into_iter().find(|tool| !has(tool)) {
            Some(tool) => Some(format!("{tool} is not installed")),
            None => (!rustix::process::geteuid().is_root()).then(|| "this is not root".to_owned()),
        };
        if let Some(missing) = missing {
            skipped(test, &missing);
            return None;
        }
        install(&root);
        let id = |file: &str, name: &str| {
            let text = fs::read_to_string(root.join(file)).unwrap();
            let line = text.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap();
            line.split(':').nth(2).unwrap().parse().unwrap()
        };
        let (daemon, group) = (id("etc/passwd", "qunfa"), id("etc/group", "qunfa-submit"));
        let config = fs::read_to_string(rig.path("config.yaml")).unwrap();
        let config = config
            .replace("state_dir: state", "state_dir: root/var/lib/qunfa")
            .replace("inbox: inbox", "inbox: root/var/spool/qunfa");
        fs::write(rig.path("config.yaml"), config).unwrap();
        Some(Self { rig, daemon, group })
    }

    fn start(&mut self) {
        let [umask] = setting("UMask")[..] else { panic!("the unit has one UMask=") };
        let script = format!("umask {umask}; exec {} run", self.program());
        self.rig.start_through(as_user(self.daemon, self.group, &["sh", "-c", &script]));
    }

    /// The binary where the installation puts it.
    fn program(&self) -> String {
        self.rig.path("root/usr/local/bin/qunfa").display().to_string()
    }

    fn inbox(&self, name: &str) -> PathBuf {
        self.rig.path("root/var/spool/qunfa").join(name)
    }

    /// Runs a script in the inbox, as somebody of the group.
    fn script(&self, user: u32, script: &str) -> Output {
        let mut command = as_user(user, self.group, &["sh", "-ec", script]);
        command.current_dir(self.inbox("")).output().unwrap()
    }

    fn until_there(&self, name: &str) {
        self.rig.until(name, || self.inbox(name).exists().then_some(()));
    }
}

/// Follows the commands of the documentation, in a root of their own.
fn install(root: &Path) {
    let (root, binary) = (root.display(), env!("CARGO_BIN_EXE_qunfa"));
    let install = INSTALL.split("## Install\n").nth(1).unwrap().split("```").nth(1).unwrap();
    let commands = install.lines().filter_map(|line| line.strip_prefix("sudo "));
    // What is not about files needs a running system.
    let commands = commands.filter(|command| !command.starts_with("systemctl"));
    let script: Vec<_> = commands
        .map(|command| {
            command
                .replace(" /", &format!(" {root}/"))
                .replace("target/release/qunfa", binary)
                .replace("systemd-sysusers", &format!("systemd-sysusers --root={root}"))
                .replace("systemd-tmpfiles", &format!("systemd-tmpfiles --root={root}"))
        })
        .collect();
    assert_eq!(script.len(), 6, "{script:?}");
    let mut shell = Command::new("sh");
    shell.args(["-ec", &script.join("\n")]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A command of a user who is in one group beside the own one.
fn as_user(user: u32, group: u32, words: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={user}")]);
    command.args([&format!("--groups={group}"), "--no-new-privs", "--"]).args(words);
    command
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_group_drops_files_that_only_the_daemon_finds() {
    let Some(mut installed) = Installed::new("a_group_drops_files_that_only_the_daemon_finds")
    else {
        return;
    };
    installed.start();
    installed.rig.until_listening();
    let spring = to_tag("spring", "club");
    let drop = |user, umask: &str, name: &str, text: &str| {
        let script =
            format!("umask {umask}; cat > .{name} <<'END'\n{text}END\nmv .{name} {name}\n");
        let output = installed.script(user, &script);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };

    drop(ANNE, "0027", "spring.yaml", &spring);
    installed.until_there("accepted/spring.yaml.receipt.json");
    drop(ANNE, "0022", "broken.yaml", "jobs: [\n...\n");
    installed.until_there("rejected/broken.yaml.error.txt");
    drop(BERT, "0077", "hidden.yaml", &to_tag("hidden", "club"));
    installed.until_there("rejected/hidden.yaml.error.txt");
    let folder = "umask 0002; mkdir .list; cd .list; printf '%s\\n' oAAAAAAAAAAAAAAAAAAAAAAAAAAA oBBBBBBBBBBBBBBBBBBBBBBBBBBB > vip.txt; cat > list.yaml";
    let list = to_tag("list", "club").replace("filter: { tag_id: 2 }", "touser_file: vip.txt");
    let dropped =
        installed.script(ANNE, &format!("{folder} <<'END'\n{list}END\ncd ..; mv .list list\n"));
    assert!(dropped.status.success(), "{}", String::from_utf8_lossy(&dropped.stderr));
    installed.until_there("accepted/list.receipt.json");

    // Who knows a name finds the answer; nobody finds a name, or takes what is another's.
    drop(ANNE, "0027", "later.yaml.part", &spring);
    let said = |script: &str| installed.script(BERT, script);
    assert!(said("cat rejected/hidden.yaml.error.txt").status.success());
    assert!(said("cat accepted/spring.yaml.receipt.json").status.success());
    for forbidden in [
        "ls .",
        "ls accepted",
        "ls rejected",
        "rm -f later.yaml.part",
        "mv later.yaml.part mine.yaml",
        "mv accepted elsewhere",
        "rm rejected/broken.yaml.error.txt",
        "touch accepted/x",
        "ls ../../lib/qunfa",
        "ls ../../../etc/qunfa/credentials",
    ] {
        assert!(!said(forbidden).status.success(), "{forbidden}");
    }
    let reason = fs::read_to_string(installed.inbox("rejected/hidden.yaml.error.txt")).unwrap();
    assert!(reason.contains("qunfa may not read it"), "{reason}");
}

#[test]
fn whoever_is_not_the_owner_is_told_whom_to_be() {
    let Some(mut installed) = Installed::new("whoever_is_not_the_owner_is_told_whom_to_be") else {
        return;
    };
    installed.start();
    installed.rig.until_listening();
    let config = installed.rig.path("config.yaml");
    let program = installed.program();
    let ask = |user, word: &str| {
        let mut command = as_user(user, user, &[&program, word]);
        command.env("QUNFA_CONFIG", &config).output().unwrap()
    };
    let err = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    for word in ["status", "jobs"] {
        let owner = ask(installed.daemon, word);
        assert_eq!(owner.status.code(), Some(0), "{}", err(&owner));
        for user in [0, ANNE] {
            let other = ask(user, word);
            assert_eq!(other.status.code(), Some(3), "{}", err(&other));
            assert!(err(&other).contains("run as its owner: sudo -u "), "{}", err(&other));
        }
    }
    installed.rig.stop();
    let run = ask(0, "run");
    assert_eq!(run.status.code(), Some(3), "{}", err(&run));
    assert!(err(&run).contains("run as its owner: systemctl start qunfa"), "{}", err(&run));
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let unread = ask(ANNE, "status");
    assert_eq!(unread.status.code(), Some(3), "{}", err(&unread));
    assert!(err(&unread).contains("sudo -u qunfa qunfa"), "{}", err(&unread));
}
