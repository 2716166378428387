//! Who submitted a folder, if an agent did: a file in the folder says so.
//!
//! It goes with the jobs wherever the folder goes, also into the archive and back from it. What an
//! agent submits waits for a person's approval, whatever its job file says; and until then nothing of
//! it reaches anybody, nor takes the time of a person's job.

use super::job::ParsedJob;
use crate::l10n::t;

/// The file's name.
pub(super) const FILE: &str = "submitted-by";
/// What the file begins with.
const AGENT: &str = "agent:";
/// How many characters a name may have.
const LONGEST: usize = 100;

/// The content of the file says nothing that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown;

/// Returns who submitted a folder, as its file says.
pub(super) fn read(bytes: &[u8]) -> Result<&str, Unknown> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unknown)?;
    let who = text.strip_suffix('\n').unwrap_or(text);
    let name = who.strip_prefix(AGENT).ok_or(Unknown)?;
    let is_name = (1..=LONGEST).contains(&name.chars().count())
        && !name.chars().any(crate::yaml::diagnostic::is_hidden);
    if is_name { Ok(who) } else { Err(Unknown) }
}

/// Returns what the file says of an agent.
pub(super) fn of_agent(name: &str) -> Vec<u8> {
    let shown = |c: &char| !crate::yaml::diagnostic::is_hidden(*c);
    let name: String = name.chars().filter(shown).take(LONGEST).collect();
    format!("{AGENT}{name}\n").into_bytes()
}

/// Marks the jobs of an agent's file, and returns the line of each that is refused, and why.
pub(super) fn mark(jobs: &mut [ParsedJob], who: &str) -> Vec<(usize, String, String)> {
    let mut refused = Vec::new();
    for job in jobs {
        let spec = &mut job.spec;
        if spec.preview.is_some() {
            let help = t!("inbox-agent-preview-help", id = spec.id.as_str());
            refused.push((job.line, t!("inbox-agent-preview"), help));
        }
        if spec.priority > 0 {
            refused.push((job.line, t!("inbox-agent-priority"), t!("inbox-agent-priority-help")));
        }
        spec.approval = true;
        spec.submitted_by = Some(who.to_owned());
        job.notes.push(t!("inbox-agent-waits", who = who));
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_agent_is_known() {
        for (bytes, expected) in [
            (&b"agent:anne\n"[..], Ok("agent:anne")),
            (b"agent:anne", Ok("agent:anne")),
            (b"agent:anne (uid 1000)\n", Ok("agent:anne (uid 1000)")),
            (b"agent:\n", Err(Unknown)),
            (b"anne\n", Err(Unknown)),
            (b"agent:a\nb\n", Err(Unknown)),
            (b"agent:\xff\n", Err(Unknown)),
            (b"", Err(Unknown)),
        ] {
            assert_eq!(read(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_written_of_an_agent_is_read_again() {
        for name in ["anne", "安妮", "a\nb", &"a".repeat(300)] {
            assert!(read(&of_agent(name)).is_ok(), "{name}");
        }
    }
}
