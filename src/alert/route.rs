//! Which receivers are told of a message, and when.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Message, Severity};
use crate::calendar;

/// Hours of the day in which only pages are delivered at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    pub from: NaiveTime,
    /// When they end; earlier than `from` if midnight lies between.
    pub to: NaiveTime,
    /// The zone of both.
    pub zone: Tz,
}

impl QuietHours {
    /// Returns when the quiet hours end in which `at` lies; none if it lies in no quiet hours.
    pub fn end(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&self.zone).naive_local();
        let (day, time) = (local.date(), local.time());
        let over_midnight = self.to <= self.from;
        let day = match (over_midnight, time >= self.from, time < self.to) {
            (false, true, true) | (true, false, true) => day,
            (true, true, _) => day.checked_add_days(Days::new(1))?,
            (false, ..) | (true, false, false) => return None,
        };
        // A clock change that skips the hour lets the messages come an hour later.
        let end = day.and_time(self.to);
        let end = calendar::instant(end, self.zone)
            .or_else(|_| calendar::instant(end + TimeDelta::hours(1), self.zone));
        end.ok().filter(|end| *end > at)
    }
}

/// One rule on who is told what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The names of the receivers.
    pub to: Vec<String>,
    /// The least urgent messages that are told.
    pub severity: Severity,
    /// The accounts; none means all.
    pub accounts: Vec<String>,
    /// The kinds; none means all.
    pub kinds: Vec<String>,
    /// When only pages are told at once.
    pub quiet: Option<QuietHours>,
}

impl Route {
    /// Returns whether it is about a message. What concerns no single account concerns all.
    fn matches(&self, message: &Message) -> bool {
        let any =
            |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
        message.severity <= self.severity
            && message.account.as_ref().is_none_or(|account| any(&self.accounts, account))
            && any(&self.kinds, &message.kind)
    }
}

/// Returns when a receiver is told of a message, by all routes to it; none if it is not told.
pub fn deliver_at(
    routes: &[Route],
    receiver: &str,
    message: &Message,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let to_receiver = |route: &&Route| route.to.iter().any(|name| name == receiver);
    let matching = routes.iter().filter(to_receiver).filter(|route| route.matches(message));
    let times = matching.map(|route| {
        let quiet = route.quiet.filter(|_| message.severity != Severity::Page);
        quiet.and_then(|quiet| quiet.end(now)).unwrap_or(now)
    });
    times.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Event, Fact};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hours(from: &str, to: &str) -> QuietHours {
        let time = |text: &str| text.parse().unwrap();
        QuietHours { from: time(from), to: time(to), zone: chrono_tz::Asia::Shanghai }
    }

    fn message(kind: &str, severity: Severity, account: Option<&str>) -> Message {
        Message {
            id: "1".to_owned(),
            event: Event::Raised,
            kind: kind.to_owned(),
            severity,
            account: account.map(str::to_owned),
            job: None,
            title: None,
            at: at("2027-03-20T12:00:00Z"),
            until: None,
            fact: Fact::ApprovalDue,
            advice: None,
            link: None,
        }
    }

    fn route(to: &str) -> Route {
        Route {
            to: vec![to.to_owned()],
            severity: Severity::Note,
            accounts: Vec::new(),
            kinds: Vec::new(),
            quiet: None,
        }
    }

    #[test]
    fn quiet_hours_end_on_the_same_day_or_the_next() {
        // Beijing is 8 h ahead.
        for (from, to, now, end) in [
            ("22:00:00", "08:00:00", "2027-03-20T13:59:59Z", None),
            ("22:00:00", "08:00:00", "2027-03-20T14:00:00Z", Some("2027-03-21T00:00:00Z")),
            ("22:00:00", "08:00:00", "2027-03-20T17:00:00Z", Some("2027-03-21T00:00:00Z")),
            ("22:00:00", "08:00:00", "2027-03-21T00:00:00Z", None),
            ("12:00:00", "14:00:00", "2027-03-20T05:00:00Z", Some("2027-03-20T06:00:00Z")),
            ("12:00:00", "14:00:00", "2027-03-20T07:00:00Z", None),
            ("12:00:00", "12:00:00", "2027-03-20T07:00:00Z", Some("2027-03-21T04:00:00Z")),
        ] {
            assert_eq!(hours(from, to).end(at(now)), end.map(at), "{from} {to} {now}");
        }
    }

    #[test]
    fn a_route_tells_by_severity_account_and_kind() {
        let pages = Route { severity: Severity::Page, ..route("ops") };
        let of_club = Route { accounts: vec!["club".to_owned()], ..route("ops") };
        let moves = Route { kinds: vec!["moved".to_owned()], ..route("ops") };
        let failed = message("failed", Severity::Page, Some("daily"));
        let moved = message("moved", Severity::Note, Some("club"));
        let inbox = message("inbox", Severity::Page, None);

        for (route, told) in [
            (pages, [true, false, true]),
            (of_club, [false, true, true]),
            (moves, [false, true, false]),
        ] {
            let now = at("2027-03-20T12:00:00Z");
            let found = [&failed, &moved, &inbox].map(|message| {
                deliver_at(std::slice::from_ref(&route), "ops", message, now).is_some()
            });
            assert_eq!(found, told, "{route:?}");
            assert_eq!(deliver_at(&[route], "boss", &inbox, now), None);
        }
    }

    #[test]
    fn quiet_hours_hold_back_everything_but_pages() {
        let night = at("2027-03-20T15:00:00Z");
        let quiet = Route { quiet: Some(hours("22:00:00", "08:00:00")), ..route("ops") };
        let moved = message("moved", Severity::Note, None);
        let failed = message("failed", Severity::Page, None);

        let told = |routes: &[Route], message| deliver_at(routes, "ops", message, night);

        assert_eq!(told(std::slice::from_ref(&quiet), &moved), Some(at("2027-03-21T00:00:00Z")));
        assert_eq!(told(std::slice::from_ref(&quiet), &failed), Some(night));
        assert_eq!(told(&[quiet, route("ops")], &moved), Some(night), "another route is not quiet");
    }
}
