//! When the jobs of one minute are sent: an account makes only so many calls in a minute.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{DateTime, Utc};

use super::{Placement, Waiting};
use crate::calendar;
use crate::model::{JobId, JobState};
use crate::quota::{Counted, Limit, Rule};

/// Returns when the first call of each job is made that has to wait for a minute with room.
pub fn paced(
    schedule: &[(Waiting, Placement)],
    now: DateTime<Utc>,
) -> HashMap<JobId, DateTime<Utc>> {
    let row = Rule::PerMinute.row();
    let (Counted::Sliding(span), Limit::Fixed(limit)) = (row.counted, row.limit) else {
        return HashMap::new();
    };
    let mut queue = BTreeMap::new();
    for (Waiting { job, calls_left, .. }, placement) in schedule {
        let at = match placement {
            Placement::At(at, _) => (*at).max(now),
            Placement::Stays if job.state == JobState::Releasing => now,
            Placement::Stays
            | Placement::Fails(_)
            | Placement::Expires(_)
            | Placement::Never(_) => continue,
        };
        if job.is_broadcast() {
            let at = calendar::guard_end(at).unwrap_or(at);
            queue.insert((at, job.rank), (job, *calls_left));
        }
    }
    let mut paced = HashMap::new();
    // The latest calls, the oldest first.
    let mut calls: VecDeque<DateTime<Utc>> = VecDeque::new();
    for ((due, _), (job, calls_left)) in queue {
        let mut first = None;
        for _ in 0..calls_left {
            let mut at = calls.back().map_or(due, |last| due.max(*last));
            while calls.front().is_some_and(|oldest| *oldest + span <= at) {
                calls.pop_front();
            }
            if calls.len() >= limit as usize
                && let Some(oldest) = calls.pop_front()
            {
                at = oldest + span;
            }
            calls.push_back(at);
            first = first.or(Some(at));
        }
        if let Some(at) = first.filter(|at| *at > due) {
            paced.insert(job.id.clone(), at);
        }
    }
    paced
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::model::{OnFullReceivers, OnQuota};
    use crate::plan::{Job, Rank};
    use crate::quota::Demand;

    const NOON: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// A job that is due so many seconds after noon, with so many calls.
    fn placed(number: u32, seconds: i64, calls: u32) -> (Waiting, Placement) {
        let at = NOON + TimeDelta::hours(4) + TimeDelta::seconds(seconds);
        let job = Job {
            id: JobId::parse(&format!("j{number}")).unwrap(),
            account: "brand".into(),
            state: JobState::Planned,
            rank: Rank { neg_priority: 0, taken: number.into() },
            planned_at: at,
            due_at: at,
            not_before: None,
            zone: chrono_tz::Asia::Shanghai,
            grace: TimeDelta::minutes(30),
            retry_for: TimeDelta::hours(2),
            expires_at: at + TimeDelta::days(7),
            on_quota: OnQuota::Defer,
            on_full_receivers: OnFullReceivers::Send,
            demand: Demand { everyone: false, calls, codes: 0 },
            first_attempt_at: None,
            asked: false,
            anytime: false,
            recall_until: None,
        };
        let calls_left = calls;
        let waiting = Waiting {
            job,
            title: None,
            calls_left,
            placed: true,
            without_place: false,
            in_doubt: false,
        };
        (waiting, Placement::At(at, None))
    }

    /// The seconds by which jobs wait, by their numbers.
    fn waits(schedule: &[(Waiting, Placement)]) -> Vec<(usize, i64)> {
        let paced = paced(schedule, NOON);
        let waits = schedule.iter().enumerate().filter_map(|(index, (waiting, _))| {
            let at = paced.get(&waiting.job.id)?;
            Some((index, (*at - waiting.job.due_at).num_seconds()))
        });
        waits.collect()
    }

    #[test]
    fn sixty_calls_are_made_in_a_minute_and_the_others_after_it() {
        let jobs = |count: u32| (0..count).map(|n| placed(n, 0, 1)).collect::<Vec<_>>();

        assert_eq!(waits(&jobs(60)), []);
        assert_eq!(waits(&jobs(62)), [(60, 62), (61, 62)]);
        assert_eq!(waits(&jobs(121))[58..], [(118, 62), (119, 62), (120, 124)]);
    }

    #[test]
    fn a_job_waits_for_all_calls_before_it_and_not_for_those_after() {
        let jobs = [placed(1, 0, 59), placed(2, 30, 2), placed(3, 61, 1), placed(4, 62, 1)];
        assert_eq!(waits(&jobs), [(2, 1)]);

        let jobs = [placed(1, 60, 100), placed(2, 0, 1)];
        assert_eq!(waits(&jobs), []);
    }
}
