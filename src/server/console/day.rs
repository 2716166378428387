//! Whether the day of a form is free, as the schedule with its job says.

use chrono::NaiveDate;

use super::answers::{At, Plan};
use super::form::Form;
use crate::l10n::t;
use crate::text::names;

/// The furthest day that is looked at, and how many days after it a job may be moved to.
const DAYS_MOST: i64 = 366;
const DAYS_AFTER: i64 = 31;

/// What else goes on the day of a form.
pub(super) struct Day {
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// Returns how many days a plan needs to show the day of a form.
pub(super) fn days_until(form: &Form, today: NaiveDate) -> Option<i64> {
    let days = (day_of(form)? - today).num_days();
    (0..DAYS_MOST).contains(&days).then_some(days + DAYS_AFTER)
}

fn day_of(form: &Form) -> Option<NaiveDate> {
    form.at.get(..10)?.parse().ok()
}

/// Returns whether the day of a form is free, as the schedule with its job says.
pub(super) fn day(plan: &Plan, form: &Form) -> Option<Day> {
    let day = day_of(form)?;
    let account = plan.grid.iter().find(|one| one.account == form.account)?;
    let days = account.days.iter().find(|one| one.day.parse() == Ok(day))?;
    let own = plan.jobs.iter().find(|job| job.id == form.id)?;
    let goes_at = own.outlook.goes_at;
    let titled = |id: &String| {
        let job = plan.jobs.iter().find(|job| job.id == *id)?;
        let at = job.outlook.goes_at.unwrap_or(job.due).clock();
        Some(t!("console-day-job", title = job.title.as_str(), at = at))
    };
    let others = days.jobs.iter().filter(|id| **id != form.id);
    let mut others: Vec<_> = others.map(|id| titled(id).unwrap_or_else(|| id.clone())).collect();
    others.extend(days.used_by.iter().filter(|id| **id != form.id).cloned());
    if days.elsewhere > 0 {
        others.push(t!("console-day-elsewhere"));
    }
    Some(said((day, goes_at), &others))
}

fn said((day, goes_at): (NaiveDate, Option<At>), others: &[String]) -> Day {
    let names = names::list(others);
    let goes = match goes_at {
        Some(at) => t!("console-day-goes", at = at.full()),
        None => t!("console-day-no-place"),
    };
    match (goes_at.is_some_and(|at| at.day() == day), others.is_empty()) {
        (true, true) => Day { class: "good", text: t!("console-day-free", day = %day) },
        (true, false) => {
            Day { class: "plain", text: t!("console-day-also", day = %day, names = names) }
        }
        (false, true) => {
            Day { class: "warn", text: t!("console-day-full", day = %day, goes = goes) }
        }
        (false, false) => Day {
            class: "warn",
            text: t!("console-day-taken", day = %day, names = names, goes = goes),
        },
    }
}
