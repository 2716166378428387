//! The planted design bugs still fit the code that they are planted into.
//!
//! Whether the simulation finds them takes minutes to show: that is `tests/planted/run.sh`.

use std::path::Path;
use std::process::Command;

#[test]
fn every_planted_bug_still_applies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(root.join("tests/planted")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "patch") {
            continue;
        }
        count += 1;
        // Outside of a repository `git apply` works on plain files too.
        let check = Command::new("git")
            .args(["apply", "--check", "--include=src/**"])
            .arg(&path)
            .current_dir(root)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&check.stderr);
        assert!(check.status.success() && told.is_empty(), "{}: {told}", path.display());
    }
    assert!(count >= 12, "{count} are left");
}
