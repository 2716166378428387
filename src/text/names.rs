//! The names of states, rules and windows as people read them; JSON and the schema have their own.

use chrono::Weekday;

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

/// Returns a window as it is stored.
pub fn stored_window(word: &str) -> String {
    Window::parse(word).map_or_else(|| word.to_owned(), window)
}

/// Returns a rule as it is stored.
pub fn stored_rule(word: &str) -> String {
    Rule::parse(word).map_or_else(|| word.to_owned(), rule)
}

/// Returns a job's state as it is stored.
pub fn stored_state(word: &str) -> String {
    JobState::parse(word).map_or_else(|| word.to_owned(), job_state)
}

/// Returns the state of an API call.
pub fn api_call_state(word: &str) -> String {
    match word {
        "waiting" => t!("call-state-waiting"),
        "planned" => t!("call-state-planned"),
        "asking" => t!("call-state-asking"),
        "in_doubt" => t!("call-state-in-doubt"),
        "done" => t!("call-state-done"),
        "failed" => t!("call-state-failed"),
        "dropped" => t!("call-state-dropped"),
        other => other.to_owned(),
    }
}

/// Returns what an upload is for.
pub fn upload_kind(word: &str) -> String {
    match word {
        "picture" => t!("show-kind-picture"),
        "cover" => t!("show-kind-cover"),
        "image" => t!("show-kind-image"),
        "voice" => t!("show-kind-voice"),
        "video" => t!("show-kind-video"),
        "mpvideo" => t!("show-kind-mpvideo"),
        "draft" => t!("show-kind-draft"),
        "news" => t!("show-kind-news"),
        other => other.to_owned(),
    }
}

/// Returns the outcome of a request for a batch.
pub fn attempt_outcome(word: &str) -> String {
    match word {
        "accepted" => t!("show-outcome-accepted"),
        "adopted" => t!("show-outcome-adopted"),
        "in_doubt" => t!("show-outcome-in-doubt"),
        "later" => t!("show-outcome-later"),
        "refused" => t!("show-outcome-refused"),
        "token" => t!("show-outcome-token"),
        other => other.to_owned(),
    }
}

/// Returns the state of a charge, or of all charges of an entry.
pub fn charge_state(word: &str) -> String {
    match word {
        "reserved" => t!("charge-reserved"),
        "kept" => t!("charge-kept"),
        "returned" => t!("charge-returned"),
        "unconfirmed" => t!("charge-unconfirmed"),
        other => other.to_owned(),
    }
}

/// Returns the action of a job.
pub fn action(word: &str) -> String {
    match word {
        "broadcast" => t!("action-broadcast"),
        "delete" => t!("action-delete"),
        "menu" => t!("action-menu"),
        "qrcode" => t!("action-qrcode"),
        "speed" => t!("action-speed"),
        other => other.to_owned(),
    }
}

/// Returns a day of the week.
pub fn weekday(day: Weekday) -> String {
    match day {
        Weekday::Mon => t!("weekday-monday"),
        Weekday::Tue => t!("weekday-tuesday"),
        Weekday::Wed => t!("weekday-wednesday"),
        Weekday::Thu => t!("weekday-thursday"),
        Weekday::Fri => t!("weekday-friday"),
        Weekday::Sat => t!("weekday-saturday"),
        Weekday::Sun => t!("weekday-sunday"),
    }
}

/// Returns a day of the week in short.
pub fn weekday_short(day: Weekday) -> String {
    match day {
        Weekday::Mon => t!("weekday-short-monday"),
        Weekday::Tue => t!("weekday-short-tuesday"),
        Weekday::Wed => t!("weekday-short-wednesday"),
        Weekday::Thu => t!("weekday-short-thursday"),
        Weekday::Fri => t!("weekday-short-friday"),
        Weekday::Sat => t!("weekday-short-saturday"),
        Weekday::Sun => t!("weekday-short-sunday"),
    }
}

/// Returns an operator's decision with its reason, if one was given.
pub fn because(decision: String, why: Option<&str>) -> String {
    match why {
        Some(why) => t!("operation-because", operation = decision, why = why),
        None => decision,
    }
}

/// Returns a list as people write it.
pub fn list(parts: &[String]) -> String {
    parts.join(&t!("list-separator"))
}

/// Returns facts one after the other.
pub fn clauses(parts: &[String]) -> String {
    parts.join(&t!("clause-separator"))
}

/// Returns sentences one after the other.
pub fn sentences(parts: &[String]) -> String {
    parts.join(&t!("sentence-separator"))
}
