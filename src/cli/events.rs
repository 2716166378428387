//! Renders the platform's events.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::text;
use crate::calendar;
use crate::store::EventView;
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
        let mut parts = vec![format!("event of broadcast {msg_id}: {words} ({status})")];
        let event = &self.event;
        parts.extend(counted([
            event.total_count,
            event.filter_count,
            event.sent_count,
            event.error_count,
        ]));
        parts.extend(self.check_state.map(checked));
        parts.extend(self.origin());
        parts.join("; ")
    }

    /// Returns when it was written, by whom and to whom, as far as it says so.
    fn origin(&self) -> Option<String> {
        let at = self.created_at.map(calendar::beijing);
        let from = self.from_user.as_deref().map(|name| format!("by {}", text::visible(name)));
        let to = self.to_user.as_deref().map(|name| format!("to {}", text::visible(name)));
        let parts: Vec<_> = [at, from, to].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("written {}", parts.join(" ")))
    }
}

/// Returns the result of the originality check of all articles.
fn checked(state: i64) -> String {
    let words = match state {
        1 => "no reprint, may be sent (未被判为转载, 可以群发)",
        2 => "a reprint, may be sent (被判为转载, 可以群发)",
        3 => "a reprint, may not be sent (被判为转载, 不能群发)",
        _ => return format!("originality check {state}"),
    };
    format!("originality check {state}: {words}")
}

/// Returns an event's counts in words, if there are any.
pub(super) fn counted(counts: [Option<i64>; 4]) -> Option<String> {
    let names = ["in the audience", "after filtering", "reached", "not reached"];
    let counts = counts.into_iter().zip(names);
    let known: Vec<_> = counts.filter_map(|(n, name)| Some(format!("{} {name}", n?))).collect();
    (!known.is_empty()).then(|| known.join(", "))
}
