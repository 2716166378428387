//! Renders the platform's events.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::text;
use crate::calendar;
use crate::l10n::t;
use crate::store::EventView;
use crate::text::names;
use crate::wechat::callback::{self, Incoming, MassEvent};

/// One event, with the fields that only its body has.
#[derive(Debug, Serialize)]
pub(super) struct EventStory {
    #[serde(flatten)]
    event: EventView,
    /// The platform's time in it (`CreateTime`).
    #[serde(serialize_with = "calendar::json::maybe_rfc3339")]
    created_at: Option<DateTime<Utc>>,
    /// The sender that it names (`FromUserName`).
    from_user: Option<String>,
    /// The account that it names (`ToUserName`).
    to_user: Option<String>,
    /// The originality check of all articles together (`CheckState`).
    check_state: Option<i64>,
}

impl From<EventView> for EventStory {
    fn from(event: EventView) -> Self {
        let said = match callback::parse(&event.raw) {
            Ok(Incoming::MassSendJobFinish(said)) => Some(said),
            Ok(Incoming::Scan(_) | Incoming::Other) | Err(_) => None,
        };
        let created = |said: &MassEvent| {
            DateTime::from_timestamp(said.create_time, 0).filter(|_| said.create_time > 0)
        };
        let name = |name: &String| (!name.is_empty()).then(|| name.clone());
        Self {
            created_at: said.as_ref().and_then(created),
            from_user: said.as_ref().and_then(|said| name(&said.from_user)),
            to_user: said.as_ref().and_then(|said| name(&said.to_user)),
            check_state: said.and_then(|said| said.copyright?.check_state),
            event,
        }
    }
}

impl EventStory {
    /// Returns when it was received.
    pub(super) fn at(&self) -> DateTime<Utc> {
        self.event.at
    }

    /// Returns its content in words.
    pub(super) fn words(&self) -> String {
        let EventView { msg_id, words, status, .. } = &self.event;
        let mut parts = vec![t!(
            "event-of",
            id = %msg_id,
            words = words.as_str(),
            status = status.as_str()
        )];
        let event = &self.event;
        parts.extend(counted([
            event.total_count,
            event.filter_count,
            event.sent_count,
            event.error_count,
        ]));
        parts.extend(self.check_state.map(checked));
        parts.extend(self.origin());
        parts.join(&t!("resume-separator"))
    }

    /// Returns when it was written, by whom and to whom, as far as it says so.
    fn origin(&self) -> Option<String> {
        let at = self.created_at.map(calendar::beijing);
        let from = self.from_user.as_deref().map(|name| t!("event-by", name = text::visible(name)));
        let to = self.to_user.as_deref().map(|name| t!("event-to", name = text::visible(name)));
        let parts: Vec<_> = [at, from, to].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| t!("event-written", parts = parts.join(" ")))
    }
}

/// Returns the result of the originality check of all articles.
fn checked(state: i64) -> String {
    match state {
        1 => t!("event-check-1"),
        2 => t!("event-check-2"),
        3 => t!("event-check-3"),
        _ => t!("event-check-other", state = %state),
    }
}

/// Returns an event's counts in words, if there are any.
pub(super) fn counted(counts: [Option<i64>; 4]) -> Option<String> {
    let [all, filtered, reached, not_reached] = counts;
    let known: Vec<_> = [
        all.map(|n| t!("event-audience", count = %n)),
        filtered.map(|n| t!("event-filtered", count = %n)),
        reached.map(|n| t!("event-reached", count = %n)),
        not_reached.map(|n| t!("event-not-reached", count = %n)),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!known.is_empty()).then(|| names::list(&known))
}
