//! Checks the folders and the address of a config on this machine, without changing anything.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::Access;

use super::database;
use super::finding::Finding;
use crate::l10n::t;

/// The bits of a folder's mode that let other users into it.
const OTHERS: u32 = 0o007;

/// What this user can do with a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Folder {
    /// It can be used; its mode.
    Usable(u32),
    /// It is not there; whether it can be made.
    Missing { can_be_made: bool },
    /// It belongs to this user.
    Foreign { owner: String, by_root: bool },
    /// It cannot be written to.
    Denied,
    /// There is something else.
    Other,
    /// It cannot be looked at.
    Unknown(String),
}

/// Checks the folder of the database.
pub(super) fn state_dir(folder: &Path) -> Finding {
    state_dir_is(folder, &look(folder))
}

/// Checks the folder that job files are dropped into.
pub(super) fn inbox(folder: &Path) -> Finding {
    inbox_is(folder, &look(folder))
}

fn look(folder: &Path) -> Folder {
    let metadata = match fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let nearest = folder.ancestors().skip(1).find(|above| above.exists());
            return Folder::Missing { can_be_made: nearest.is_some_and(is_writable) };
        }
        Err(error) => return Folder::Unknown(error.to_string()),
    };
    let user = rustix::process::geteuid();
    if !metadata.is_dir() {
        Folder::Other
    } else if metadata.uid() != user.as_raw() {
        let owner = database::user(metadata.uid());
        Folder::Foreign { owner, by_root: user.is_root() }
    } else if is_writable(folder) {
        Folder::Usable(metadata.mode())
    } else {
        Folder::Denied
    }
}

fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

fn state_dir_is(folder: &Path, found: &Folder) -> Finding {
    const CHECK: &str = "state_dir";
    let shown = folder.display();
    match found {
        Folder::Usable(mode) if mode & OTHERS != 0 => Finding::warning(
            CHECK,
            t!("place-others-look", folder = %shown),
            format!("chmod o-rwx {shown}"),
        ),
        // The daemon runs as the owner; root may look at it.
        Folder::Foreign { owner, by_root: true } => {
            Finding::good(CHECK, t!("place-owner-runs", folder = %shown, owner = owner.as_str()))
        }
        Folder::Foreign { owner, by_root: false } => Finding::warning(
            CHECK,
            t!("place-only-owner-runs", folder = %shown, owner = owner.as_str()),
            t!("place-run-as-owner", owner = owner.as_str()),
        ),
        Folder::Usable(_)
        | Folder::Missing { .. }
        | Folder::Denied
        | Folder::Other
        | Folder::Unknown(_) => any_folder(CHECK, folder, found),
    }
}

fn inbox_is(folder: &Path, found: &Folder) -> Finding {
    const CHECK: &str = "inbox";
    let shown = folder.display();
    match found {
        Folder::Foreign { owner, by_root } if *by_root || is_writable(folder) => {
            Finding::good(CHECK, t!("place-belongs", folder = %shown, owner = owner.as_str()))
        }
        Folder::Foreign { owner, .. } => Finding::warning(
            CHECK,
            t!("place-not-writable", folder = %shown, owner = owner.as_str()),
            t!("place-join-group", owner = owner.as_str()),
        ),
        Folder::Missing { can_be_made: true } => Finding::warning(
            CHECK,
            t!("place-made-at-start", folder = %shown),
            t!("place-other-meant"),
        ),
        Folder::Usable(_)
        | Folder::Missing { .. }
        | Folder::Denied
        | Folder::Other
        | Folder::Unknown(_) => any_folder(CHECK, folder, found),
    }
}

fn any_folder(check: &'static str, folder: &Path, found: &Folder) -> Finding {
    let shown = folder.display();
    let correct = || t!("place-correct", key = check);
    match found {
        Folder::Usable(_) => Finding::good(check, t!("place-usable", folder = %shown)),
        Folder::Missing { can_be_made: true } => {
            Finding::good(check, t!("place-made-at-start", folder = %shown))
        }
        Folder::Missing { can_be_made: false } => Finding::warning(
            check,
            t!("place-cannot-make", folder = %shown),
            t!("place-make", key = check),
        ),
        Folder::Foreign { owner, .. } => {
            let what = t!("place-belongs", folder = %shown, owner = owner.as_str());
            Finding::warning(check, what, correct())
        }
        Folder::Denied => Finding::warning(check, t!("place-denied", folder = %shown), correct()),
        Folder::Other => Finding::warning(check, t!("place-no-folder", folder = %shown), correct()),
        Folder::Unknown(error) => {
            let what = t!("place-unknown", folder = %shown, error = error.as_str());
            Finding::warning(check, what, correct())
        }
    }
}

/// Checks who can reach the listener; none without one.
pub(super) fn listen(address: Option<SocketAddr>) -> Option<Finding> {
    let address = address.filter(|address| !address.ip().is_loopback())?;
    Some(Finding::warning(
        "listen",
        t!("place-not-loopback", address = %address),
        t!("place-listen"),
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_folder_is_judged_by_what_the_daemon_needs_of_it() {
        let foreign = |by_root| Folder::Foreign { owner: "qunfa".to_owned(), by_root };
        for (found, state, inbox) in [
            (Folder::Usable(0o40_700), Verdict::Good, Verdict::Good),
            (Folder::Usable(0o43_733), Verdict::Warning, Verdict::Good),
            (Folder::Missing { can_be_made: true }, Verdict::Good, Verdict::Warning),
            (Folder::Missing { can_be_made: false }, Verdict::Warning, Verdict::Warning),
            (foreign(true), Verdict::Good, Verdict::Good),
            (foreign(false), Verdict::Warning, Verdict::Warning),
            (Folder::Denied, Verdict::Warning, Verdict::Warning),
            (Folder::Other, Verdict::Warning, Verdict::Warning),
            (Folder::Unknown("no".to_owned()), Verdict::Warning, Verdict::Warning),
        ] {
            let folder = Path::new("/nowhere/at/all");
            let judged = (state_dir_is(folder, &found), inbox_is(folder, &found));

            assert_eq!((judged.0.verdict, judged.1.verdict), (state, inbox), "{found:?}");
            for finding in [judged.0, judged.1] {
                let has_advice = finding.advice.is_some();
                assert_eq!(has_advice, finding.verdict != Verdict::Good, "{finding:?}");
            }
        }
    }

    #[test]
    fn a_folder_is_looked_at_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();

        assert_eq!(look(dir.path()), Folder::Usable(0o40_700));
        assert_eq!(look(&dir.path().join("a/b")), Folder::Missing { can_be_made: true });
        assert_eq!(look(&file), Folder::Other);
        assert!(matches!(look(&file.join("below")), Folder::Unknown(_)));
    }

    #[test]
    fn only_a_listener_that_others_reach_is_warned_of() {
        for (address, warned) in [
            (None, false),
            (Some("127.0.0.1:8071"), false),
            (Some("[::1]:8071"), false),
            (Some("0.0.0.0:8071"), true),
            (Some("192.0.2.1:80"), true),
        ] {
            let address = address.map(|text| text.parse().unwrap());

            assert_eq!(listen(address).is_some(), warned, "{address:?}");
        }
    }
}
