//! The dates of a series: what its file says, changed by what operators decided about single dates.
//!
//! [`SeriesDates::within`] is the one function from a definition and a span to the dates in it. The
//! jobs that are planned ahead and every forecast come from it, for any horizon and without the
//! database.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{Date, DateKey, Recurrence};

/// What an operator decided about one date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateChange {
    /// It comes at this instant instead of its own.
    Moved(DateTime<Utc>),
    /// It does not come.
    Skipped,
}

/// What operators decided about a series; an edit of its file keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DateChanges {
    /// The dates that are moved or skipped.
    pub dates: BTreeMap<DateKey, DateChange>,
    /// From this local date on, no date comes.
    pub ends_on: Option<NaiveDate>,
}

/// Everything that defines the dates of a series.
#[derive(Clone, Copy, Debug)]
pub struct SeriesDates<'a> {
    /// What its file says.
    pub recurrence: &'a Recurrence,
    /// What operators decided.
    pub changes: &'a DateChanges,
}

impl<'a> SeriesDates<'a> {
    /// Returns the dates in a span, by the instants at which they come.
    pub fn within(self, span: Range<DateTime<Utc>>) -> impl Iterator<Item = Date> + 'a {
        let end = span.end;
        let before = span.start - TimeDelta::milliseconds(1);
        self.after(before).take_while(move |date| date.at < end)
    }

    /// Returns the dates after an instant, by the instants at which they come.
    pub fn after(self, instant: DateTime<Utc>) -> impl Iterator<Item = Date> + 'a {
        let Self { recurrence, changes } = self;
        let ends_on = changes.ends_on;
        let mut unchanged = recurrence
            .after(instant)
            .take_while(move |date| ends_on.is_none_or(|end| date.date.date < end))
            .filter(|date| !changes.dates.contains_key(&date.date))
            .peekable();
        let mut moved: Vec<_> = changes.dates.keys().filter_map(|key| self.moved(*key)).collect();
        moved.retain(|date| date.at > instant);
        moved.sort_by_key(|date| (date.at, date.date));
        let mut moved = moved.into_iter().peekable();
        std::iter::from_fn(move || match (unchanged.peek(), moved.peek()) {
            (Some(date), Some(other)) if other.at < date.at => moved.next(),
            (Some(_), _) => unchanged.next(),
            (None, _) => moved.next(),
        })
    }

    /// Returns when one of its dates comes, if it does.
    pub fn on(self, key: DateKey) -> Option<DateTime<Utc>> {
        match self.changes.dates.get(&key) {
            Some(DateChange::Skipped) => None,
            Some(DateChange::Moved(_)) => self.moved(key).map(|date| date.at),
            None if self.ends_before(key) => None,
            None => self.recurrence.on(key),
        }
    }

    /// Returns a date that was moved, as long as its file contains it.
    fn moved(self, key: DateKey) -> Option<Date> {
        let DateChange::Moved(at) = *self.changes.dates.get(&key)? else { return None };
        let is_left = !self.ends_before(key) && self.recurrence.on(key).is_some();
        is_left.then_some(Date { date: key, at })
    }

    fn ends_before(self, key: DateKey) -> bool {
        self.changes.ends_on.is_some_and(|end| key.date >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Bounds, Cron};
    use chrono::NaiveDateTime;
    use chrono_tz::Tz;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{text}:00+08:00")).unwrap().to_utc()
    }

    fn key(text: &str) -> DateKey {
        DateKey::parse(text).unwrap()
    }

    /// A definition as a line of words: `cron EXPR`, `from T`, `until T`, `count N`, `except D`,
    /// `move KEY T`, `skip KEY`, `end D`.
    fn definition(words: &str) -> (Recurrence, DateChanges) {
        let (mut crons, mut bounds, mut changes) =
            (Vec::new(), Bounds::default(), DateChanges::default());
        let wall = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
        for part in words.split(';') {
            let (word, rest) = part.trim().split_once(' ').unwrap();
            match word {
                "cron" => crons.push(Cron::parse(rest).unwrap()),
                "from" => bounds.from = Some(wall(rest)),
                "until" => bounds.until = Some(wall(rest)),
                "count" => bounds.count = Some(rest.parse().unwrap()),
                "except" => {
                    bounds.except = rest.split(' ').map(|date| date.parse().unwrap()).collect();
                }
                "move" => {
                    let (date, at) = rest.split_once(' ').unwrap();
                    changes.dates.insert(key(date), DateChange::Moved(utc(at)));
                }
                "skip" => drop(changes.dates.insert(key(rest), DateChange::Skipped)),
                "end" => changes.ends_on = Some(rest.parse().unwrap()),
                other => panic!("{other}"),
            }
        }
        (Recurrence::new(crons, Tz::Asia__Shanghai, bounds), changes)
    }

    #[test]
    fn a_definition_and_a_span_give_the_dates_in_it() {
        // In March 2027 the Fridays are the 5th, 12th, 19th and 26th.
        let march = "2027-03-01T00:00 2027-04-01T00:00";
        for (words, span, expected) in [
            ("cron 0 20 * * FRI", march, "05T20:00 12T20:00 19T20:00 26T20:00"),
            // The first instant of a span is in it, and the last is not.
            ("cron 0 20 * * FRI", "2027-03-05T20:00 2027-03-12T20:00", "05T20:00"),
            (
                "cron 0 8,20 * * FRI",
                "2027-03-05T09:00 2027-03-12T09:00",
                "05-2000T20:00 12-0800T08:00",
            ),
            (
                "cron 0 8 * * MON; cron 0 20 * * FRI; until 2027-03-12T20:00",
                march,
                "01-0800T08:00 05-2000T20:00 08-0800T08:00 12-2000T20:00",
            ),
            // A time that two expressions name comes once.
            ("cron 0 20 * * FRI; cron 0 20 12 * *", march, "05T20:00 12T20:00 19T20:00 26T20:00"),
            ("cron 0 20 * * FRI; from 2027-03-05T20:01; count 2", march, "12T20:00 19T20:00"),
            // What is left out does not count, and what an operator skips does.
            (
                "cron 0 20 * * FRI; from 2027-03-01T00:00; count 2; except 2027-03-05 2027-03-06",
                march,
                "12T20:00 19T20:00",
            ),
            (
                "cron 0 20 * * FRI; from 2027-03-01T00:00; count 2; skip 2027-03-05",
                march,
                "12T20:00",
            ),
            // The count goes on before the span.
            ("cron 0 20 * * FRI; from 2027-02-01T00:00; count 6", march, "05T20:00 12T20:00"),
            (
                "cron 0 8,20 * * *; from 2027-03-01T12:00; count 2",
                march,
                "01-2000T20:00 02-0800T08:00",
            ),
            (
                "cron 0 20 * * FRI; move 2027-03-12 2027-03-13T09:30; skip 2027-03-19",
                march,
                "05T20:00 12T09:30 26T20:00",
            ),
            // A date is moved out of the span, into it, and across another one.
            (
                "cron 0 20 * * FRI; move 2027-03-26 2027-04-02T08:00",
                march,
                "05T20:00 12T20:00 19T20:00",
            ),
            ("cron 0 20 5 3,4 *; move 2027-04-05 2027-03-31T08:00", march, "05T20:00 05T08:00"),
            (
                "cron 0 20 * * FRI; move 2027-03-05 2027-03-20T08:00; until 2027-03-19T20:00",
                march,
                "12T20:00 19T20:00 05T08:00",
            ),
            // A move of a date that the file does not contain has no effect.
            (
                "cron 0 20 * * FRI; move 2027-03-06 2027-03-07T08:00; until 2027-03-05T23:00",
                march,
                "05T20:00",
            ),
            (
                "cron 0 20 * * FRI; end 2027-03-12; move 2027-03-19 2027-03-02T08:00",
                march,
                "05T20:00",
            ),
        ] {
            let (recurrence, changes) = definition(words);
            let dates = SeriesDates { recurrence: &recurrence, changes: &changes };
            let (start, end) = span.split_once(' ').unwrap();
            let found: Vec<_> = dates.within(utc(start)..utc(end)).collect();
            let told = |date: &Date| {
                let time = (date.at + TimeDelta::hours(8)).format("T%H:%M");
                format!("{}{time}", &date.date.to_string()[8..])
            };
            assert_eq!(found.iter().map(told).collect::<Vec<_>>().join(" "), expected, "{words}");
            assert!(found.iter().all(|date| dates.on(date.date) == Some(date.at)), "{words}");
        }
    }

    #[test]
    fn a_year_of_dates_needs_no_more_than_its_definition() {
        let (recurrence, changes) =
            definition("cron 0 8,20 * * *; from 2027-01-01T00:00; count 700");
        let dates = SeriesDates { recurrence: &recurrence, changes: &changes };
        let year = utc("2027-01-01T00:00")..utc("2028-01-01T00:00");
        assert_eq!(dates.within(year).count(), 700);
    }
}
