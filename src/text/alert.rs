//! Renders messages to people: a headline, and a text of a few lines.
//!
//! No text shows an OpenID, or the text of a broadcast.

use chrono::{DateTime, Utc};

use super::reason;
use crate::alert::{Event, Fact, Message, Severity, redact};
use crate::calendar::{self, Window};
use crate::model::JobId;
use crate::quota::Rule;
use crate::reason::{NamedJob, Reason};

/// Returns the first line of a message, which stands alone in the subject of a mail.
pub fn headline(message: &Message) -> String {
    format!("qunfa {}: {}", urgency(message), subject(message))
}

/// Returns a message as a text of a few lines.
pub fn body(message: &Message) -> String {
    lines(message)
}

/// Returns what happened, as one sentence without a full stop.
pub fn what(message: &Message) -> String {
    redact::text(&happened(message))
}

/// Returns what an operator can do, if there is something.
pub fn advice(message: &Message) -> Option<String> {
    message.advice.as_deref().map(redact::text)
}

/// Why messages to a receiver are given up that the config does not have any more.
pub const RECEIVER_GONE: &str = "the config has no such receiver any more";

/// Returns that a receiver is not reached, and what an operator can do.
pub fn unreached(receiver: &str, error: &str, given_up: bool) -> (String, String) {
    let what = if given_up {
        format!("messages to the receiver {receiver} were given up: {error}")
    } else {
        format!("messages do not reach the receiver {receiver}: {error}")
    };
    let advice = format!(
        "correct it under `alerts` in the config and restart the daemon, then \
         `qunfa alert test {receiver}`; `qunfa alert list` shows the messages"
    );
    (what, advice)
}

/// What happened if a callback brings no events.
pub const CALLBACK_SILENT: &str = "broadcasts of the last day were sent, and the callback brought no \
    event of any: their results were asked for instead";

/// What an operator can do about that.
pub const SEE_CALLBACK: &str = "compare the callback's URL and token on the platform with the config, \
    and see whether the proxy forwards /callback/ to the daemon";

/// What an operator can do if another program keeps the database locked.
pub const FREE_DATABASE: &str = "end that program, or let it finish; the daemon goes on by itself";

/// What is told instead of a message that cannot be made or read.
pub const NOT_READ: &str = "what happened is stored in a form that this version cannot read";

/// What an operator can do then.
pub const SEE_STATUS: &str = "`qunfa status` shows what needs a person; report it with the log";

/// What an operator can do if the daemon ended because its storage failed.
pub const SEE_DISK: &str = "look at the disk and at the daemon's log; the service manager starts the \
    daemon again, and what was under way is settled then";

/// Returns that a window is nearly used up.
pub fn quota_low(rule: Rule, window: Window, (used, limit): (u32, u32)) -> String {
    let left = limit.saturating_sub(used);
    format!("{used} of {limit} of {rule} in {window} are used, {left} are left")
}

/// Returns how to read about an account's quotas.
pub fn see_quota(account: &str) -> String {
    format!("`qunfa quota {account}` shows what used it")
}

/// Returns how to approve a job.
pub fn approve(job: &str) -> String {
    format!("`qunfa show {job}` shows it, `qunfa approve {job}` lets it go")
}

/// Returns how to read about a job.
pub fn show(job: &str) -> String {
    format!("`qunfa show {job}` tells the whole story")
}

/// Returns what to do about a refused file.
pub fn mend(file: &str) -> String {
    format!(
        "read {file}.error.txt in the inbox's rejected/, correct the file and drop it again under \
         this name, or `qunfa ack {file}`"
    )
}

fn urgency(message: &Message) -> &'static str {
    match (message.event, message.severity) {
        (Event::Over, _) => "over",
        (Event::Test, _) => "test",
        (Event::Raised, Severity::Page) => "act now",
        (Event::Raised, Severity::Look) => "look today",
        (Event::Raised, Severity::Note) => "note",
    }
}

/// Returns the kind and what it is about.
fn subject(message: &Message) -> String {
    let kind = message.kind.replace('_', " ");
    match (name(message), &message.account) {
        (Some(job), Some(account)) => format!("{kind}, job {job} of {account}"),
        (Some(job), None) => format!("{kind}, job {job}"),
        (None, Some(account)) => format!("{kind}, account {account}"),
        (None, None) => kind,
    }
}

fn name(message: &Message) -> Option<String> {
    let id = message.job.as_deref()?;
    Some(match JobId::parse(id) {
        Some(id) => reason::job_name(&NamedJob { id, title: message.title.clone() }),
        None => id.to_owned(),
    })
}

fn lines(message: &Message) -> String {
    let mut lines = vec![headline(message), what(message)];
    let until = message.until.map(|until| format!(", until {}", minute(until)));
    lines.push(format!("at {}{}", minute(message.at), until.unwrap_or_default()));
    lines.extend(advice(message).map(|advice| format!("do: {advice}")));
    lines.push(format!("id {}", message.id));
    lines.join("\n")
}

fn minute(at: DateTime<Utc>) -> String {
    calendar::beijing(at)
}

fn happened(message: &Message) -> String {
    let because = |why: &Reason| reason::sentence(why);
    match &message.fact {
        Fact::Job { state, why: Some(why) } => format!("the job is {state}: {}", because(why)),
        Fact::Job { state, why: None } => format!("the job is {state}"),
        Fact::Sent { receivers, sent, failed } => counts(*receivers, *sent, *failed),
        Fact::Moved { why, .. } if why.is_without_place() => {
            format!("the job is not sent at its time: {}", because(why))
        }
        Fact::Moved { to, why } => {
            format!("the job goes at {}: {}", minute(*to), because(why.behind_deferral()))
        }
        Fact::Stopped { why } => format!("{} {}: {}", whom(message), stopped(message), because(why)),
        Fact::ApprovalDue => "the job waits for an approval; without one it is missed".to_owned(),
        Fact::ConfirmDue => "the broadcast was accepted and has no result. If the account has \
                             broadcast protection (API群发保护), its administrator must confirm it on \
                             the phone; without that it fails"
            .to_owned(),
        Fact::RefusedFile { name, problems, line } => {
            let things = if *problems == 1 { "problem" } else { "problems" };
            let first = match line {
                0 => String::new(),
                line => format!(", the first in line {line}"),
            };
            format!("the inbox refused {name}: {problems} {things}{first}")
        }
        Fact::Summary { day, sent, reached, moved, undone, waiting } => format!(
            "{day}: {sent} broadcasts were sent to {reached} followers, {moved} jobs moved, {undone} \
             were not sent as planned, {waiting} wait"
        ),
        Fact::Written { text } => text.clone(),
        Fact::Over { state: Some(state) } => {
            format!("the alert ({}) is over: the job is {state}", message.kind.replace('_', " "))
        }
        Fact::Over { state: None } => {
            format!("the alert ({}) is over", message.kind.replace('_', " "))
        }
        Fact::Test { .. } => "this is a test: messages arrive here".to_owned(),
    }
}

fn whom(message: &Message) -> &'static str {
    if message.account.is_some() { "the account is" } else { "all accounts are" }
}

fn stopped(message: &Message) -> &'static str {
    if message.kind == "hold" { "on hold" } else { "paused" }
}

fn counts(receivers: Option<u64>, sent: Option<u64>, failed: Option<u64>) -> String {
    match (sent, receivers) {
        (Some(sent), Some(receivers)) => {
            let failed = failed.filter(|failed| *failed > 0);
            let failed = failed.map_or_else(String::new, |failed| format!(", {failed} failed"));
            format!("the broadcast was sent to {sent} of {receivers} followers{failed}")
        }
        (Some(sent), None) => format!("the broadcast was sent to {sent} followers"),
        (None, _) => "the broadcast was sent; the platform gave no counts".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::JobState;

    fn message(kind: &str, fact: Fact) -> Message {
        Message {
            id: "a1b2".to_owned(),
            event: Event::Raised,
            kind: kind.to_owned(),
            severity: crate::alert::severity(kind, None),
            account: Some("club".to_owned()),
            job: Some("spring".to_owned()),
            title: Some("春天".to_owned()),
            at: "2027-03-20T12:00:00Z".parse().unwrap(),
            until: None,
            fact,
            advice: Some("`qunfa show spring` tells why".to_owned()),
        }
    }

    #[test]
    fn a_message_says_what_happened_to_what_until_when_and_what_helps() {
        let fact = Fact::Job { state: JobState::Missed, why: Some(Reason::RetryWindowOver) };
        let until = "2027-03-20T12:30:00Z".parse().ok();

        let text = body(&Message { until, ..message("missed", fact) });

        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "qunfa act now: missed, job \"春天\" (spring) of club");
        assert!(lines[1].starts_with("the job is missed: "), "{text}");
        assert!(lines[2].contains("2027-03-20 20:00:00") && lines[2].contains("until"), "{text}");
        assert_eq!(lines[3], "do: `qunfa show spring` tells why");
        assert_eq!(lines[4], "id a1b2");
    }

    #[test]
    fn no_text_shows_an_openid() {
        let errmsg = "invalid openid oGZUI0egBJY1zhBYw2KhdUfwVJJE".to_owned();
        let why = Some(Reason::PlatformRefused { errcode: Some(40003), errmsg });

        let text = body(&message("failed", Fact::Job { state: JobState::Failed, why }));

        assert!(text.contains("[OpenID]") && !text.contains("oGZUI0"), "{text}");
    }

    #[test]
    fn what_was_sent_is_told_with_its_counts() {
        for (fact, expected) in [
            ((Some(10), Some(9), Some(1)), "sent to 9 of 10 followers, 1 failed"),
            ((Some(10), Some(10), Some(0)), "sent to 10 of 10 followers"),
            ((None, None, None), "gave no counts"),
        ] {
            let (receivers, sent, failed) = fact;
            let text = what(&message("sent", Fact::Sent { receivers, sent, failed }));
            assert!(text.ends_with(expected), "{text}");
        }
    }
}
