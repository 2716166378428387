//! The names of states, rules and windows as people read them; JSON and the schema have their own.

use crate::calendar::{Span, Window};
use crate::l10n::t;
use crate::model::{BatchState, JobState};
use crate::quota::Rule;

/// Returns a job's state.
pub fn job_state(state: JobState) -> String {
    match state {
        JobState::Planned => t!("state-planned"),
        JobState::Held => t!("state-held"),
        JobState::Releasing => t!("state-releasing"),
        JobState::Accepted => t!("state-accepted"),
        JobState::Sent => t!("state-sent"),
        JobState::Failed => t!("state-failed"),
        JobState::Partial => t!("state-partial"),
        JobState::Uncertain => t!("state-uncertain"),
        JobState::Cancelled => t!("state-cancelled"),
        JobState::Expired => t!("state-expired"),
        JobState::Missed => t!("state-missed"),
    }
}

/// Returns a batch's state.
pub fn batch_state(state: BatchState) -> String {
    match state {
        BatchState::Planned => t!("state-planned"),
        BatchState::Asking => t!("state-asking"),
        BatchState::InDoubt => t!("state-in-doubt"),
        BatchState::Refused => t!("state-refused"),
        BatchState::Accepted => t!("state-accepted"),
        BatchState::Sent => t!("state-sent"),
        BatchState::Failed => t!("state-failed"),
    }
}

/// Returns a rule.
pub fn rule(rule: Rule) -> String {
    match rule {
        Rule::DailySend => t!("rule-daily-send"),
        Rule::DailyHistory => t!("rule-daily-history"),
        Rule::MonthlyHistory => t!("rule-monthly-history"),
        Rule::MonthlyReceiver => t!("rule-monthly-receiver"),
        Rule::DailyCalls => t!("rule-daily-calls"),
        Rule::PerMinute => t!("rule-per-minute"),
        Rule::DailyPreviews => t!("rule-daily-previews"),
        Rule::DailyDeletes => t!("rule-daily-deletes"),
        Rule::ForcedToken => t!("rule-forced-token"),
        Rule::FollowerPages => t!("rule-follower-pages"),
        Rule::DailyDrafts => t!("rule-daily-drafts"),
        Rule::DailyUploadnews => t!("rule-daily-uploadnews"),
        Rule::DailyMenus => t!("rule-daily-menus"),
        Rule::DailyDraftReads => t!("rule-daily-draft-reads"),
        Rule::DailyDraftPages => t!("rule-daily-draft-pages"),
        Rule::DailyQrcodes => t!("rule-daily-qrcodes"),
        Rule::PermanentQrcodes => t!("rule-permanent-qrcodes"),
    }
}

/// Returns a window: a day, a month, or all of time.
pub fn window(window: Window) -> String {
    match window.span() {
        Span::Day | Span::Month => window.to_string(),
        Span::Ever => t!("window-ever"),
    }
}

/// Returns a list as people write it.
pub fn list(parts: &[String]) -> String {
    parts.join(&t!("list-separator"))
}
