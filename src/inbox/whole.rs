//! Decides from its bytes whether a job file is complete.
//!
//! A file that was cut short (a full disk, a transfer that broke off, a writer that pauses) must
//! never be taken as something other than its author wrote. What proves the end:
//!
//! * a line `...`, YAML's own end marker: nothing that was cut before it has it;
//! * the closing brace of a file that is one `{…}`, JSON or not: no strict prefix of it parses.
//!
//! Any other file is block YAML, whose prefix at the end of a line may be block YAML too. No reader
//! can distinguish it from a file that was meant so, which is why the marker exists and can be
//! required. What can be found out without the marker is refused, once no more has come for
//! [`LONG_QUIET`]:
//!
//! * a last line without its line end: a writer that stopped inside a line was cut off;
//! * a file that announces its marker, with a comment `# ends with ...` above its first key. With
//!   it no strict prefix is ever taken: before the comment is complete there is no key, and after
//!   it the marker is missing;
//! * a last job in block style that sets the speed and nothing else: `speed` is the one action that
//!   may come before another one, so the rest of a broadcast may be missing after it.
//!
//! What remains are files without that comment that break off exactly after a line. If a writer
//! pauses there for two seconds and then continues, this is noticed: the file has changed, so it is
//! handed out and read again as a later version.

use chrono::TimeDelta;

use super::{Parsed, ends_with_marker, is_json};
use crate::l10n::{Sentence, t};
use crate::model::Action;

/// How long a file that may be cut short must be unchanged before it is refused.
pub(super) const LONG_QUIET: TimeDelta = TimeDelta::seconds(6);
/// The comment that announces the end marker.
const PROMISE: &[u8] = b"# ends with ...";
const HELP: Sentence = || t!("inbox-job-file-ends-line-least");

/// Returns why a file may be cut short, and what would prove that it is not.
pub(super) fn doubt(name: &str, bytes: &[u8], parsed: Option<&Parsed>) -> Option<(String, String)> {
    if is_json(name) || ends_with_marker(bytes) {
        return None;
    }
    let mut written = lines(bytes).filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let first = written.next()?;
    if promises(bytes) {
        return Some((t!("inbox-file-promises-end-line-does"), HELP()));
    }
    if first.starts_with(b"{") {
        return None;
    }
    if !bytes.ends_with(b"\n") && !bytes.ends_with(b"\r") {
        return Some((t!("inbox-file-ends-middle-line-so"), HELP()));
    }
    let last = written.last().unwrap_or(first);
    let closes = last.ends_with(b"}") || last.ends_with(b"]");
    if !closes && parsed.is_some_and(sets_speed_last) {
        let message = t!("inbox-last-job-sets-speed-nothing");
        return Some((message, t!("inbox-if-job-whole-end-file")));
    }
    None
}

/// Returns whether a comment above the first key announces the end marker.
fn promises(bytes: &[u8]) -> bool {
    lines(bytes)
        .take_while(|line| line.is_empty() || line.starts_with(b"#"))
        .any(|line| line == PROMISE)
}

fn sets_speed_last(parsed: &Parsed) -> bool {
    let last = parsed.jobs.iter().max_by_key(|job| job.line);
    last.is_some_and(|job| matches!(job.spec.action, Action::Speed(_)))
}

/// Returns the lines without surrounding blanks, and without the mark that a file may begin with.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii)
}
