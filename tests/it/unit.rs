//! The daemon under the limits of its unit.
//!
//! The limits are read from `systemd/qunfa.service`, and its groups of system calls expanded by
//! systemd itself, so the unit is what is tested. The daemon is started by this test binary, which
//! puts the filters on and becomes it. Under the unit a forbidden call is an error; here it kills,
//! so that none goes unnoticed. Where systemd is not installed the tests say that they are skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;
use std::str::FromStr as _;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use syscalls::Sysno;

use crate::rig::{Rig, club, daily, skipped, to_tag};

const UNIT: &str = include_str!("../../systemd/qunfa.service");
/// The name of the launcher below, as the test runner knows it.
const LAUNCHER: &str = "unit::becomes_a_program_under_the_units_filters";
const PROGRAM: &str = "QUNFA_TEST_PROGRAM";
/// How the launcher ends where the kernel, or a container, allows no filters.
const NO_FILTERS: i32 = 77;

/// `PROT_WRITE` and `PROT_EXEC`, `SHM_EXEC`, `EPERM`, `EAFNOSUPPORT`, from Linux's headers.
const WRITE: u64 = 2;
const EXEC: u64 = 4;
const SHM_EXEC: u64 = 0o100_000;
const EPERM: u32 = 1;
const NO_SUCH_FAMILY: u32 = 97;
const FAMILIES: [(&str, u64); 3] = [("AF_UNIX", 1), ("AF_INET", 2), ("AF_INET6", 10)];

/// The values of a setting, in the unit's order.
pub(crate) fn setting(name: &str) -> Vec<&'static str> {
    let value = |line: &'static str| line.strip_prefix(name)?.strip_prefix('=');
    UNIT.lines().filter_map(value).collect()
}

/// Says whether the filters can be made and put on here; if not, tells which test is skipped.
fn can_filter(test: &str) -> bool {
    let found = Command::new("systemd-analyze").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        skipped(test, "systemd-analyze is not installed");
        return false;
    }
    let tried = launcher(&["true"]).output().unwrap();
    if tried.status.code() == Some(NO_FILTERS) {
        skipped(test, &String::from_utf8_lossy(&tried.stderr));
        return false;
    }
    true
}

/// The system calls of a group, with those of the groups in it; a name is itself.
fn expand(word: &str, into: &mut BTreeSet<String>) {
    if !word.starts_with('@') {
        into.insert(word.to_owned());
        return;
    }
    let output = Command::new("systemd-analyze").args(["syscall-filter", word]).output().unwrap();
    assert!(output.status.success(), "{word}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let members = text.lines().skip(1).map(str::trim);
    for member in members.filter(|member| !member.is_empty() && !member.starts_with('#')) {
        expand(member, into);
    }
}

/// The system calls that the unit allows, as systemd reads its lines.
fn allowed() -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    expand("@default", &mut allowed);
    let lines = setting("SystemCallFilter");
    assert!(
        !lines[0].starts_with('~'),
        "the first line decides that this is a list of what may be"
    );
    for line in lines {
        let (words, denied) = match line.strip_prefix('~') {
            Some(words) => (words, true),
            None => (line, false),
        };
        let mut named = BTreeSet::new();
        words.split_whitespace().for_each(|word| expand(word, &mut named));
        if denied {
            allowed.retain(|name| !named.contains(name));
        } else {
            allowed.extend(named);
        }
    }
    allowed
}

fn number(name: &str) -> Option<i64> {
    // Names of other machines' calls have no number here.
    Sysno::from_str(name).ok().map(|number| i64::from(number.id()))
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    mismatch: SeccompAction,
    matched: SeccompAction,
) -> BpfProgram {
    let arch = std::env::consts::ARCH.try_into().unwrap();
    SeccompFilter::new(rules, mismatch, matched, arch).unwrap().try_into().unwrap()
}

fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Vec<SeccompRule> {
    let condition = |(argument, operator, value): &(u8, SeccompCmpOp, u64)| {
        let length = SeccompCmpArgLen::Dword;
        SeccompCondition::new(*argument, length, operator.clone(), *value).unwrap()
    };
    vec![SeccompRule::new(conditions.iter().map(condition).collect()).unwrap()]
}

/// What `SystemCallFilter=` says: anything else kills.
fn calls() -> BpfProgram {
    let mut names = allowed();
    // As root, SQLite gives its files to the owner of the database. The unit's user is never root,
    // and gets the error that it gets here.
    names.insert("fchown".to_owned());
    let rules = names.iter().filter_map(|name| Some((number(name)?, Vec::new()))).collect();
    program(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

fn no_fchown() -> BpfProgram {
    let rules = BTreeMap::from([(number("fchown").unwrap(), Vec::new())]);
    program(rules, SeccompAction::Allow, SeccompAction::Errno(EPERM))
}

/// What `MemoryDenyWriteExecute=yes` says.
fn memory() -> BpfProgram {
    assert_eq!(setting("MemoryDenyWriteExecute"), ["yes"]);
    let has = |bits| SeccompCmpOp::MaskedEq(bits);
    let rules = [
        ("mmap", rule(&[(2, has(WRITE | EXEC), WRITE | EXEC)])),
        ("mprotect", rule(&[(2, has(EXEC), EXEC)])),
        ("pkey_mprotect", rule(&[(2, has(EXEC), EXEC)])),
        ("shmat", rule(&[(2, has(SHM_EXEC), SHM_EXEC)])),
    ];
    let rules = rules.into_iter().map(|(name, rule)| (number(name).unwrap(), rule)).collect();
    program(rules, SeccompAction::Allow, SeccompAction::KillProcess)
}

/// What `RestrictAddressFamilies=` says; libraries try others and expect to be refused.
fn families() -> BpfProgram {
    let [line] = setting("RestrictAddressFamilies")[..] else { panic!("one line names them") };
    let number_of = |name: &str| FAMILIES.iter().find(|(known, _)| *known == name).unwrap().1;
    let others: Vec<_> =
        line.split_whitespace().map(|name| (0, SeccompCmpOp::Ne, number_of(name))).collect();
    let rules = BTreeMap::from([(number("socket").unwrap(), rule(&others))]);
    program(rules, SeccompAction::Allow, SeccompAction::Errno(NO_SUCH_FAMILY))
}

/// A command that becomes another under the unit's filters.
fn launcher(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", LAUNCHER, "--ignored", "--nocapture"]).env(PROGRAM, words.join("\n"));
    command
}

#[test]
#[ignore = "becomes the program that the tests beside it start"]
fn becomes_a_program_under_the_units_filters() {
    let Some(words) = std::env::var_os(PROGRAM).map(OsString::into_string) else { return };
    let words = words.unwrap();
    let words: Vec<_> = words.lines().collect();
    let filters = [no_fchown(), memory(), families(), calls()];
    for filter in &filters {
        if let Err(error) = seccompiler::apply_filter(filter) {
            let mut told = std::io::stderr();
            writeln!(told, "this machine takes no filters: {error}").unwrap();
            std::process::exit(NO_FILTERS);
        }
    }
    let error = Command::new(words[0]).args(&words[1..]).env_remove(PROGRAM).exec();
    panic!("{} could not be started: {error}", words[0]);
}

#[test]
fn a_broadcast_goes_out_under_the_units_filters_and_sigterm_ends_the_daemon() {
    if !can_filter("a_broadcast_goes_out_under_the_units_filters_and_sigterm_ends_the_daemon") {
        return;
    }
    // One account by name, which is looked up, and one over TLS, which nobody there speaks.
    let mut rig = Rig::new(&[club(), daily().without_callback()]);
    let config = fs::read_to_string(rig.path("config.yaml")).unwrap();
    let (head, tail) = config.split_once("  daily:").unwrap();
    let head = head.replace("http://127.0.0.1:", "http://localhost:");
    let tail = tail.replace("http://127.0.0.1:", "https://localhost:");
    fs::write(rig.path("config.yaml"), format!("{head}  daily:{tail}")).unwrap();
    rig.start_through(launcher(&[env!("CARGO_BIN_EXE_qunfa"), "run"]));

    rig.until_listening();
    let status = fs::read_to_string(format!("/proc/{}/status", rig.pid())).unwrap();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.drop_file("autumn.yaml", &to_tag("autumn", "daily"));
    rig.drop_file("broken.yaml", "jobs: [\n...\n");
    let job = rig.until_state("spring", "sent");
    let note = rig.until_attention("platform");
    rig.until_file("rejected", "broken.yaml.error.txt");

    let filters = |line: &&str| line.starts_with("Seccomp_filters:");
    assert_eq!(status.lines().find(filters), Some("Seccomp_filters:\t4"), "{status}");
    assert_eq!(job["batches"][0]["msg_id"], rig.accepted()[0].msg_id);
    let told = rig.ask(&["show", "spring", "--json"]);
    assert_eq!(told["events"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(note["account"], "daily", "{note}");
    assert!(rig.stop().success(), "{}", rig.log());
}

#[test]
fn a_call_that_the_unit_forbids_is_deadly_here() {
    if !can_filter("a_call_that_the_unit_forbids_is_deadly_here") {
        return;
    }
    const SIGSYS: i32 = 31;
    let dir = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| launcher(words).output().unwrap().status;

    assert!(run(&["true"]).success());
    let file = dir.path().to_str().unwrap();
    assert_eq!(run(&["chown", "0", file]).signal(), Some(SIGSYS));
    assert_eq!(run(&["nice", "-n", "5", "true"]).signal(), Some(SIGSYS));
}
