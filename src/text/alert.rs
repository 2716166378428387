//! Renders messages to people: a headline, and a text of a few lines.
//!
//! No text shows an OpenID, or the text of a broadcast.

use chrono::{DateTime, Utc};

use super::told::{self, About};
use super::{names, reason, stored};
use crate::alert::{self, Event, Fact, Message, Severity, redact};
use crate::calendar;
use crate::l10n::{self, t};
use crate::model::JobId;
use crate::reason::{NamedJob, Reason};

/// Returns the first line of a message, which stands alone in the subject of a mail.
pub fn headline(message: &Message) -> String {
    let subject = redact::line(&subject(message));
    t!("alert-headline", urgency = %urgency(message), subject = subject)
}

/// Returns the first line of a message, which stands for others as well.
pub fn headline_of_many(message: &Message, others: usize) -> String {
    t!("alert-headline-of-many", headline = %headline(message), others = %others)
}

/// Returns a message as a text of a few lines.
pub fn body(message: &Message) -> String {
    lines(message)
}

/// Returns what happened, as one sentence without a full stop.
pub fn what(message: &Message) -> String {
    redact::line(&happened(message))
}

/// Returns what an operator can do, if there is something.
pub fn advice(message: &Message) -> Option<String> {
    let told = match &message.fact {
        Fact::Told { told } => told::advice(told, about(message)),
        Fact::Job { .. }
        | Fact::Sent { .. }
        | Fact::Moved { .. }
        | Fact::Stopped { .. }
        | Fact::ApprovalDue
        | Fact::FilesDue { .. }
        | Fact::ConfirmDue
        | Fact::RefusedFile { .. }
        | Fact::Summary { .. }
        | Fact::Written { .. }
        | Fact::Over { .. }
        | Fact::Test { .. } => None,
    };
    told.or_else(|| message.advice.clone()).as_deref().map(redact::line)
}

fn about(message: &Message) -> About<'_> {
    About { account: message.account.as_deref(), job: message.job.as_deref() }
}

/// Returns why messages to a receiver are given up that the config does not have any more.
pub fn receiver_gone() -> String {
    t!("alert-receiver-gone")
}

/// Returns that a receiver is not reached.
pub fn unreached(receiver: &str, error: &str, given_up: bool) -> String {
    let error = stored::failure(error);
    if given_up {
        t!("alert-given-up", receiver = %receiver, error = %error)
    } else {
        t!("alert-not-reaching", receiver = %receiver, error = %error)
    }
}

/// Returns what an operator can do about that.
pub fn correct_receiver(receiver: &str) -> String {
    t!("alert-correct-receiver", receiver = %receiver)
}

/// Returns how to approve a job.
pub fn approve(job: &str) -> String {
    t!("alert-approve", job = %job)
}

/// Returns how the files of a date come.
pub fn bring_files() -> String {
    t!("alert-bring-files")
}

/// Returns how to read about a job.
pub fn show(job: &str) -> String {
    t!("alert-show", job = %job)
}

/// Returns what to do about a refused file.
pub fn mend(file: &str) -> String {
    t!("alert-mend", file = %file)
}

fn urgency(message: &Message) -> String {
    match (message.event, message.severity) {
        (Event::Over, _) => t!("alert-urgency-over"),
        (Event::Test, _) => t!("alert-urgency-test"),
        (Event::Raised, Severity::Page) => t!("alert-urgency-page"),
        (Event::Raised, Severity::Look) => t!("alert-urgency-look"),
        (Event::Raised, Severity::Note) => t!("alert-urgency-note"),
    }
}

/// Returns the kind and what it is about.
fn subject(message: &Message) -> String {
    let kind = kind(&message.kind);
    match (name(message), &message.account) {
        (Some(job), Some(account)) => t!(
            "alert-subject-job-of",
            kind = %kind,
            job = %job,
            account = %account
        ),
        (Some(job), None) => t!("alert-subject-job", kind = %kind, job = %job),
        (None, Some(account)) => t!("alert-subject-account", kind = %kind, account = %account),
        (None, None) => kind,
    }
}

/// Returns a kind of alert.
pub fn kind(word: &str) -> String {
    let words = word.replace('_', " ");
    // An older version may have had others.
    match alert::is_kind(word) {
        true => l10n::message(&format!("alert-kind-{}", words.replace(' ', "-")), &[]),
        false => words,
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
    lines.push(match message.until {
        None => t!("alert-at", at = %minute(message.at)),
        Some(until) => t!("alert-at-until", at = %minute(message.at), until = %minute(until)),
    });
    lines.extend(advice(message).map(|advice| t!("alert-do", advice = %advice)));
    let link = message.link.as_ref();
    lines.extend(link.map(|link| t!("alert-link", link = %link.expose())));
    lines.push(t!("alert-id", id = %message.id));
    lines.join("\n")
}

fn minute(at: DateTime<Utc>) -> String {
    calendar::beijing(at)
}

fn happened(message: &Message) -> String {
    let because = |why: &Reason| reason::sentence(why);
    match &message.fact {
        Fact::Job { state, why: Some(why) } => t!(
            "alert-job-because",
            state = %names::job_state(*state),
            because = %because(why)
        ),
        Fact::Job { state, why: None } => t!("alert-job", state = %names::job_state(*state)),
        Fact::Sent { receivers, sent, failed } => counts(*receivers, *sent, *failed),
        Fact::Moved { why, .. } if why.is_without_place() => {
            t!("alert-job-not-sent", because = %because(why))
        }
        Fact::Moved { from: Some(from), to, why } => t!(
            "alert-job-moved-from",
            from = %minute(*from),
            at = %minute(*to),
            because = %because(why.behind_deferral())
        ),
        Fact::Moved { from: None, to, why } => {
            t!("alert-job-moved", at = %minute(*to), because = %because(why.behind_deferral()))
        }
        Fact::Stopped { why } => stopped(message, &because(why)),
        Fact::ApprovalDue => t!("alert-approval-due"),
        Fact::FilesDue { files } => t!("alert-files-due", files = %names::list(files)),
        Fact::ConfirmDue => t!("alert-confirm-due"),
        Fact::RefusedFile { name, problems, line } => {
            let problems = i64::try_from(*problems).unwrap_or(i64::MAX);
            match line {
                0 => t!("alert-refused-file", name = %name, problems = problems),
                line => {
                    t!("alert-refused-file-line", name = %name, problems = problems, line = %line)
                }
            }
        }
        Fact::Summary { day, sent, reached, moved, undone, waiting } => t!(
            "alert-summary",
            day = %day,
            sent = %sent,
            reached = %reached,
            moved = %moved,
            undone = %undone,
            waiting = %waiting
        ),
        Fact::Told { told } => told::what(told, about(message)),
        Fact::Written { text } => text.clone(),
        Fact::Over { state: Some(state) } => {
            t!("alert-over-job", kind = %kind(&message.kind), state = %names::job_state(*state))
        }
        Fact::Over { state: None } => {
            t!("alert-over", kind = %kind(&message.kind))
        }
        Fact::Test { .. } => t!("alert-test"),
    }
}

fn stopped(message: &Message, because: &str) -> String {
    match (message.kind == "hold", message.account.is_some()) {
        (true, true) => t!("alert-account-on-hold", because = %because),
        (true, false) => t!("alert-all-on-hold", because = %because),
        (false, true) => t!("alert-account-paused", because = %because),
        (false, false) => t!("alert-all-paused", because = %because),
    }
}

fn counts(receivers: Option<u64>, sent: Option<u64>, failed: Option<u64>) -> String {
    match (sent, receivers) {
        (Some(sent), Some(receivers)) => match failed.filter(|failed| *failed > 0) {
            None => t!("alert-sent-to", sent = %sent, receivers = %receivers),
            Some(failed) => t!(
                "alert-sent-to-failed",
                sent = %sent,
                receivers = %receivers,
                failed = %failed
            ),
        },
        (Some(sent), None) => t!("alert-sent-to-all", sent = %sent),
        (None, _) => t!("alert-sent-without-counts"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::JobState;

    fn message(kind: &str, fact: Fact) -> Message {
        Message {
            id: "a1b2".to_owned(),
            event: Event::Raised,
            kind: kind.to_owned(),
            severity: alert::severity(kind, None),
            account: Some("club".to_owned()),
            job: Some("spring".to_owned()),
            title: Some("春天".to_owned()),
            at: "2027-03-20T12:00:00Z".parse().unwrap(),
            until: None,
            fact,
            advice: Some("`qunfa show spring` tells why".to_owned()),
            link: None,
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
    fn every_kind_of_alert_has_a_name() {
        let catalogue = include_str!("../l10n/en.ftl").lines();
        let named =
            catalogue.filter_map(|line| line.split_once(" = ")?.0.strip_prefix("alert-kind-"));

        let named: BTreeSet<_> = named.map(|name| name.replace('-', "_")).collect();
        assert_eq!(named, alert::kinds().map(str::to_owned).collect());
    }

    #[test]
    fn a_message_is_told_in_the_language_of_the_moment() {
        let why = Some(Reason::NotApprovedInTime { late_s: 1_860 });
        let message = message("missed", Fact::Job { state: JobState::Missed, why });

        let text = l10n::within(l10n::Lang::ZhCn, || body(&message));

        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "qunfa 立即处理：任务错过，账号 club 的任务 spring（春天）");
        assert_eq!(lines[1], "任务已错过：未及时审核：原定时间是 31 分钟前");
        assert_eq!(lines[2], "时间：2027-03-20 20:00:00 +08:00");
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
