//! The forecast as a calendar (RFC 5545): an event for each job that waits.
//!
//! An event's UID follows from the job alone, so that a calendar that is read again moves the event.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _, EventStatus};

use super::{PlanView, PlannedView};
use crate::cli::forecast::ForecastStatus;
use crate::cli::text;
use crate::l10n::{self, Lang, t};
use crate::text::names;

const PRODUCT: &str = concat!("-//qunfa//plan ", env!("CARGO_PKG_VERSION"));
/// A job takes no time, but programs show events without a length badly.
const LENGTH: &str = "PT5M";

/// Returns the name of the program, with the language of the texts.
fn product() -> String {
    let language = match l10n::lang() {
        Lang::En => "EN",
        Lang::ZhCn => "ZH",
    };
    format!("{PRODUCT}//{language}")
}

/// Returns the text of the calendar.
pub(super) fn calendar(view: &PlanView) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", product().as_str()))
        .append_property(("CALSCALE", "GREGORIAN"))
        .name("qunfa");
    for job in &view.jobs {
        calendar.push(event(job, view.from));
    }
    calendar.to_string()
}

fn event(job: &PlannedView, now: DateTime<Utc>) -> Event {
    let visible = |text: &str| text::visible(text);
    let mut event = Event::new();
    event
        .uid(&format!("{}.{}@qunfa", job.id, job.account))
        .timestamp(now)
        .summary(&visible(&job.title))
        .description(&description(job))
        .starts(job.next_run())
        .add_property("DURATION", LENGTH)
        .add_property("TRANSP", "TRANSPARENT")
        .categories([visible(&job.account), names::action(&job.action)])
        .status(status(job.forecast.status));
    event.done()
}

/// Returns whether a job is sent at its time, as far as is known.
fn status(status: ForecastStatus) -> EventStatus {
    match status {
        ForecastStatus::Goes | ForecastStatus::UnderWay => EventStatus::Confirmed,
        ForecastStatus::Interrupted
        | ForecastStatus::NeedsApproval
        | ForecastStatus::NeedsFiles
        | ForecastStatus::Stopped
        | ForecastStatus::WillDefer => EventStatus::Tentative,
        ForecastStatus::RunsOut
        | ForecastStatus::TooLate
        | ForecastStatus::WillFail
        | ForecastStatus::WillExpire => EventStatus::Cancelled,
    }
}

fn description(job: &PlannedView) -> String {
    let outlook = job.forecast.status.words().unwrap_or_else(|| t!("plan-goes"));
    let lines = [
        t!("plan-ics-account", account = job.account.as_str()),
        t!("plan-ics-job", job = format!("{}{}", job.id, job.what())),
        t!("plan-ics-state", state = names::job_state(job.state), outlook = outlook),
    ];
    let lines: Vec<_> =
        lines.into_iter().chain(job.reasons()).map(|line| text::visible(&line)).collect();
    lines.join("\n")
}
