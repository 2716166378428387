//! The inbox through the real binary: what is taken, what is refused, and what changes nothing.

use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::thread;
use std::time::Duration;

use qunfa::sandbox::openid;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::rig::{Rig, at_line, club, daily, real_now, started, to_tag, to_tag_with};

#[test]
fn a_taken_file_moves_to_accepted_with_a_receipt() {
    let rig = Rig::running(&[club()]);

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    let receipt = rig.until_file("accepted", "spring.yaml.receipt.json");

    let receipt: Value = serde_json::from_str(&fs::read_to_string(receipt).unwrap()).unwrap();
    assert_eq!(receipt["jobs"][0]["id"], "spring", "{receipt}");
    let kept = fs::read_to_string(rig.until_file("accepted", "spring.yaml")).unwrap();
    assert_eq!(kept, to_tag("spring", "club"));
    assert!(!rig.path("inbox/spring.yaml").exists());
    rig.until_state("spring", "sent");
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let rig = Rig::running(&[club()]);
    let text = to_tag("spring", "club");
    rig.drop_file("spring.yaml", &text);
    rig.until_state("spring", "sent");

    rig.drop_file("spring.yaml", &text);
    rig.drop_file("copy.yaml", &text);
    rig.until("both are answered", || {
        let waits = |name| rig.path("inbox").join(name).exists();
        (!waits("spring.yaml") && !waits("copy.yaml")).then_some(())
    });

    assert_eq!(rig.job("spring")["state"], "sent");
    assert_eq!(rig.sends().len(), 1);
    assert!(fs::read_dir(rig.path("inbox/rejected")).unwrap().next().is_none());
}

#[test]
fn another_content_edits_a_planned_job_and_is_refused_once_it_is_sent() {
    let rig = Rig::running(&[club()]);
    let later = at_line(real_now() + chrono::TimeDelta::hours(3));
    rig.drop_file("spring.yaml", &to_tag_with("spring", "club", &later));
    rig.until_file("accepted", "spring.yaml");

    rig.drop_file("edit.yaml", &to_tag("spring", "club").replace("words", "better words"));
    rig.until_state("spring", "sent");
    rig.drop_file("late.yaml", &to_tag("spring", "club").replace("words", "late words"));
    let error = rig.until_file("rejected", "late.yaml.error.txt");

    let error = fs::read_to_string(error).unwrap();
    assert!(error.contains("late.yaml:2:"), "{error}");
    assert!(error.contains("spring"), "{error}");
    assert_eq!(rig.sends().len(), 1);
}

#[test]
fn bad_files_of_every_kind_are_refused_with_a_place_and_send_nothing() {
    let rig = Rig::running(&[club(), daily()]);
    let good = to_tag("spring", "club");
    let bad: &[(&str, String, &str)] = &[
        ("syntax.yaml", "jobs: [\n".to_owned(), "syntax.yaml:"),
        ("empty.yaml", String::new(), "empty.yaml"),
        ("nojobs.yaml", "jobs: []\n...\n".to_owned(), "nojobs.yaml:1:"),
        ("key.yaml", good.replace("account:", "acount:"), "key.yaml:3:5"),
        ("account.yaml", good.replace("club", "clubb"), "account.yaml:3:14"),
        ("everyone.yaml", good.replace("tag_id: 2", ""), "everyone.yaml:4:"),
        ("both.yaml", good.replace("tag_id: 2", "is_to_all: true, tag_id: 2"), "both.yaml:4:"),
        ("day.yaml", to_tag_with("spring", "club", "at: 2027-02-30 20:00"), "day.yaml:4:9"),
        ("id.yaml", good.replace("id: spring", "id: 春天"), "id.yaml:2:9"),
        ("twice.yaml", good.replace("    account", "    id: x\n    account"), "twice.yaml:3:5"),
        (
            "list.yaml",
            good.replace("club", "daily")
                .replace("filter: { tag_id: 2 }", "touser: [oAAAAAAAAAA, oBBBBBBBBBB]"),
            "list.yaml:4:",
        ),
        ("chinese.yaml", good.replace("text: words", "正文: 你好, txet: words"), "chinese.yaml:4:"),
        ("late.yaml", to_tag_with("spring", "club", "retry_for: 21h"), "late.yaml:4:"),
        (
            "music.yaml",
            good.replace("text: words of spring", "music: { media_id: X }"),
            "music.yaml:4:",
        ),
        ("notes.txt", "not a job".to_owned(), "notes.txt"),
        ("json.json", "[]".to_owned(), "json.json:1:"),
    ];
    for (name, text, _) in bad {
        rig.drop_file(name, text);
    }
    fs::write(rig.path("inbox/bytes.yaml"), b"jobs:\n  - id: \xff\n...\n").unwrap();
    symlink("/etc/passwd", rig.path("inbox/link.yaml")).unwrap();

    for (name, _, place) in bad {
        let error = rig.until_file("rejected", &format!("{name}.error.txt"));
        let error = fs::read_to_string(error).unwrap();
        assert!(error.contains(place), "{name}: {place} is not in\n{error}");
        rig.until_file("rejected", name);
    }
    let error = fs::read_to_string(rig.until_file("rejected", "bytes.yaml.error.txt")).unwrap();
    assert!(error.contains("bytes.yaml:2:9"), "{error}");
    rig.until_file("rejected", "link.yaml.error.txt");
    assert!(rig.ask(&["jobs", "--json"]).as_array().unwrap().is_empty());
    rig.drop_file("spring.yaml", &good);
    rig.until_state("spring", "sent");
    assert_eq!(rig.sends().len(), 1);
}

#[test]
fn a_file_is_taken_whole_or_not_at_all() {
    let rig = Rig::running(&[club()]);
    let two = format!(
        "{}{}",
        to_tag("good", "club").trim_end_matches("...\n"),
        to_tag("bad", "nobody").trim_start_matches("jobs:\n")
    );

    rig.drop_file("two.yaml", &two);
    let error = fs::read_to_string(rig.until_file("rejected", "two.yaml.error.txt")).unwrap();

    assert!(error.contains("two.yaml:6:"), "{error}");
    assert!(rig.ask(&["jobs", "--json"]).as_array().unwrap().is_empty());
}

#[test]
fn a_folder_brings_its_list_along() {
    let club = club();
    let appid = club.spec.appid.clone();
    let rig = Rig::running(&[club]);
    let folder = rig.path(".folder");
    fs::create_dir(&folder).unwrap();
    let text = to_tag("vip", "club").replace("filter: { tag_id: 2 }", "touser_file: vip.txt");
    fs::write(folder.join("job.yaml"), text).unwrap();
    let list: Vec<_> = (0..7).map(|follower| openid(&appid, follower)).collect();
    fs::write(folder.join("vip.txt"), list.join("\n")).unwrap();

    fs::rename(&folder, rig.path("inbox/vip")).unwrap();
    rig.until_state("vip", "sent");

    assert_eq!(rig.accepted()[0].total, 7);
    rig.until_file("accepted/vip", "vip.txt");
}

#[test]
fn a_folder_that_is_still_uploaded_waits_for_its_list() {
    let club = club();
    let appid = club.spec.appid.clone();
    let rig = Rig::running(&[club]);
    let text = to_tag("vip", "club").replace("filter: { tag_id: 2 }", "touser_file: vip.txt");
    let list: Vec<_> = (0..7).map(|follower| openid(&appid, follower)).collect();
    let [late, other] = ["inbox/late", "inbox/other"].map(|name| rig.path(name));
    fs::create_dir(&late).unwrap();
    fs::write(late.join("vip.txt.filepart"), &list[0]).unwrap();
    fs::write(late.join("job.yaml"), text).unwrap();

    // What came later is taken, so this one would have been.
    fs::create_dir(&other).unwrap();
    fs::write(other.join("job.yaml"), to_tag("other", "club")).unwrap();
    rig.until_state("other", "sent");
    assert!(late.join("job.yaml").exists());
    fs::write(late.join("vip.txt.filepart"), list.join("\n")).unwrap();
    fs::rename(late.join("vip.txt.filepart"), late.join("vip.txt")).unwrap();
    rig.until_state("vip", "sent");

    assert_eq!(rig.accepted()[1].total, 7);
}

#[test]
fn a_file_written_slowly_in_place_is_taken_when_it_is_whole() {
    let rig = Rig::running(&[club()]);
    let text = to_tag("spring", "club") + &to_tag("summer", "club");
    let text = text.replace("...\njobs:\n", "").trim_end_matches("...\n").to_owned();

    // A writer that this machine held up for long looks like one that has finished: once more.
    while !write_slowly(&rig, text.as_bytes()) {}
    rig.until_state("spring", "sent");
    rig.until_state("summer", "sent");

    assert_eq!(rig.accepted().len(), 2);
    assert!(fs::read_dir(rig.path("inbox/rejected")).unwrap().next().is_none());
}

/// Writes a file piece by piece over four seconds; false where one piece took too long.
fn write_slowly(rig: &Rig, text: &[u8]) -> bool {
    let path = rig.path("inbox/slow.yaml");
    let mut file = fs::File::create(&path).unwrap();
    for piece in text.chunks(text.len().div_ceil(16)) {
        let since = started();
        file.write_all(piece).unwrap();
        thread::sleep(Duration::from_millis(250));
        if since.elapsed() > Duration::from_millis(1_500) {
            for place in ["inbox", "inbox/rejected", "inbox/accepted"] {
                for name in ["slow.yaml", "slow.yaml.error.txt", "slow.yaml.receipt.json"] {
                    fs::remove_file(rig.path(place).join(name)).ok();
                }
            }
            return false;
        }
    }
    true
}

#[test]
fn unfinished_names_are_left_alone() {
    let rig = Rig::running(&[club()]);
    let names = [".hidden.yaml", "a.yaml.tmp", "b.yaml.part", "c.yaml~"];
    for name in names {
        fs::write(rig.path("inbox").join(name), "jobs: [").unwrap();
    }

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    for name in names {
        assert!(rig.path("inbox").join(name).exists(), "{name}");
    }
}

#[test]
fn what_was_dropped_while_the_daemon_was_down_is_taken_at_its_start() {
    let mut rig = Rig::new(&[club()]);
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));

    rig.start();

    rig.until_state("spring", "sent");
}

#[test]
fn an_inbox_that_is_moved_away_is_made_anew_and_read() {
    let rig = Rig::running(&[club()]);
    rig.drop_file("first.yaml", &to_tag("first", "club"));
    rig.until_state("first", "sent");

    fs::rename(rig.path("inbox"), rig.path("old-inbox")).unwrap();
    rig.until("the inbox is made anew", || rig.path("inbox/accepted").exists().then_some(()));
    rig.drop_file("second.yaml", &to_tag("second", "club"));
    rig.until_state("second", "sent");

    assert_eq!(rig.accepted().len(), 2);
}

#[test]
fn a_file_that_cannot_be_archived_stands_under_attention_until_it_can() {
    let rig = Rig::running(&[club()]);
    // Where the answer is written first.
    let in_the_way = [".answer.tmp", ".answer.2.tmp", ".answer.3.tmp"]
        .map(|name| rig.path("inbox/accepted").join(name));
    rig.drop_file("first.yaml", &to_tag("first", "club"));
    rig.until_state("first", "sent");
    in_the_way.iter().for_each(|folder| fs::create_dir(folder).unwrap());
    let told = || rig.ask(&["status", "--json"])["attention"].to_string().contains("spring.yaml");

    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    rig.until("it stands under attention", || told().then_some(()));
    fs::remove_dir(&in_the_way[1]).unwrap();
    rig.until("it is archived", || rig.path("inbox/accepted/spring.yaml").exists().then_some(()));
    rig.until("nothing is under attention any more", || (!told()).then_some(()));

    assert_eq!(rig.accepted().len(), 2);
}

#[test]
fn of_many_versions_each_is_taken_or_replaced_and_only_what_was_read_is_archived() {
    const VERSIONS: usize = 150;
    let rig = Rig::running(&[club()]);
    let line = at_line(real_now() + chrono::TimeDelta::hours(3));
    let text = |version: usize| {
        let words = format!("words of version {version}.");
        to_tag_with("spring", "club", &line).replace("words of spring", &words)
    };
    let version_of = |text: &str| -> usize {
        let (_, rest) = text.split_once("version ").unwrap();
        rest.split_once('.').unwrap().0.parse().unwrap()
    };

    // Some on each other's heels, some after a while: each moment of taking is hit.
    for version in 0..VERSIONS {
        rig.drop_file("spring.yaml", &text(version));
        thread::sleep(Duration::from_millis((version as u64 * 7) % 40));
    }
    rig.until("the last one is taken", || {
        let archived = fs::read_to_string(rig.path("inbox/accepted/spring.yaml")).ok()?;
        (version_of(&archived) == VERSIONS - 1 && !rig.path("inbox/spring.yaml").exists())
            .then_some(())
    });

    let mut archived = Vec::new();
    for entry in fs::read_dir(rig.path("inbox/accepted")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".receipt.json") {
            continue;
        }
        // What lies there is what its receipt tells of.
        let receipt = path.with_file_name(format!("{name}.receipt.json"));
        let receipt: Value = serde_json::from_str(&fs::read_to_string(receipt).unwrap()).unwrap();
        let bytes = fs::read(&path).unwrap();
        let digest: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(receipt["sha256"], digest.as_str(), "{name}");
        let number = name.strip_prefix("spring.yaml.").map_or(usize::MAX, |n| n.parse().unwrap());
        archived.push((number, version_of(&String::from_utf8(bytes).unwrap())));
    }
    archived.sort_unstable();
    let order: Vec<_> = archived.iter().map(|(_, version)| *version).collect();
    assert!(order.is_sorted(), "taken out of order: {order:?}");
    // The database has the last version, after each that was taken.
    let story = rig.ask(&["show", "spring", "--json"]);
    assert_eq!(story["history"].as_array().unwrap().len(), order.len(), "{story}");
    let db = rusqlite::Connection::open(rig.path("state/qunfa.db")).unwrap();
    let body: String = db.query_row("SELECT body FROM body", [], |row| row.get(0)).unwrap();
    assert_eq!(version_of(&body), VERSIONS - 1, "{body}");
    assert!(fs::read_dir(rig.path("inbox/.moving")).unwrap().next().is_none());
}

#[test]
fn a_new_file_is_taken_while_thousands_that_sort_before_it_still_lie_there() {
    let mut rig = Rig::new(&[club()]);
    // Refused ones, and a folder with a large file.
    for n in 0..3_000 {
        fs::write(rig.path("inbox").join(format!("a{n:05}.yaml")), "jobs: [\n...\n").unwrap();
    }
    let folder = rig.path("inbox/afolder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("huge.bin"), vec![0; 15 << 20]).unwrap();
    rig.start();
    rig.until_file("rejected", "a00000.yaml");

    rig.drop_file("zzz.yaml", &to_tag("last", "club"));
    rig.until_file("accepted", "zzz.yaml");

    let names = fs::read_dir(rig.path("inbox")).unwrap();
    let left = names.filter(|name| name.as_ref().unwrap().file_name().as_bytes()[0] == b'a');
    assert!(left.count() > 1, "all others were worked off before it");
}

#[test]
fn a_file_that_is_renamed_when_its_transfer_is_done_is_taken_and_its_halves_are_not() {
    let rig = Rig::running(&[club()]);
    let inbox = rig.path("inbox");
    let names = ["a.yaml.filepart", "b.YAML.FilePart", "c.yaml.crdownload", "Thumbs.db"];
    for name in names {
        fs::write(inbox.join(name), "jobs: [\n").unwrap();
    }
    fs::create_dir(inbox.join("@eaDir")).unwrap();
    fs::write(inbox.join("job.yaml.filepart"), to_tag("spring", "club")).unwrap();

    fs::rename(inbox.join("job.yaml.filepart"), inbox.join("job.yaml")).unwrap();
    rig.until_state("spring", "sent");

    for name in names.into_iter().chain(["@eaDir"]) {
        assert!(inbox.join(name).exists(), "{name}");
    }
    assert!(fs::read_dir(rig.path("inbox/rejected")).unwrap().next().is_none());
}
