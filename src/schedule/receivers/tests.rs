use std::convert::Infallible;

use chrono::TimeDelta;

use super::*;
use crate::model::JobState;
use crate::quota::Demand;

/// The planned lists by the letters of their receivers, and those that were accepted in March.
#[derive(Default)]
struct Letters {
    accepted: Vec<&'static str>,
    planned: HashMap<JobId, &'static str>,
    missed: bool,
    reported: bool,
}

impl Source for Letters {
    type Key = char;
    type Error = Infallible;

    fn accepted(&self, month: Window) -> Result<usize, Infallible> {
        Ok(if month.to_string() == "2027-03" { self.accepted.len() } else { 0 })
    }

    fn month(&self, month: Window) -> Result<Deliveries<char>, Infallible> {
        let march = month.to_string() == "2027-03";
        let missed = self.missed && march;
        let mut deliveries = Deliveries::new(4, 0, (missed, self.reported));
        for list in self.accepted.iter().filter(|_| march) {
            deliveries.add(&list.chars().collect::<Vec<_>>());
        }
        Ok(deliveries)
    }

    fn receivers(&self, job: &JobId) -> Result<Vec<char>, Infallible> {
        Ok(self.planned[job].chars().collect())
    }
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("2027-{text}:00+08:00")).unwrap().to_utc()
}

/// A list at 20:00 of a day in March; its number is its place in the order of taking.
fn list(number: u8, day: u32) -> Planned {
    let planned_at = at(&format!("03-{day:02}T20:00"));
    let job = Job {
        id: JobId::parse(&format!("j{number}")).unwrap(),
        account: "brand".into(),
        state: JobState::Planned,
        rank: Rank { neg_priority: 0, taken: number.into() },
        planned_at,
        due_at: planned_at,
        not_before: None,
        zone: chrono_tz::Asia::Shanghai,
        grace: TimeDelta::minutes(30),
        retry_for: TimeDelta::hours(2),
        expires_at: planned_at + TimeDelta::days(70),
        on_quota: OnQuota::Defer,
        on_full_receivers: OnFullReceivers::Send,
        demand: Demand { everyone: false, calls: 1, codes: 0 },
        first_attempt_at: None,
        asked: false,
        anytime: false,
        recall_until: None,
    };
    Planned { job, at: planned_at, is_list: true }
}

fn with(mut list: Planned, change: impl FnOnce(&mut Job)) -> Planned {
    change(&mut list.job);
    list
}

fn policy(list: Planned, policy: OnFullReceivers) -> Planned {
    with(list, |job| job.on_full_receivers = policy)
}

/// One word for each list, in the order given.
fn told(mut letters: Letters, lists: &[(Planned, &'static str)]) -> Vec<String> {
    for (list, receivers) in lists {
        letters.planned.insert(list.job.id.clone(), receivers);
    }
    let all = lists.iter().map(|(list, _)| list.clone()).collect();
    let Ok(fates) = foretell(all, (4, at("03-01T08:00")), &letters);
    let word = |fate: &Fate| match fate {
        Fate::Goes => "goes".to_owned(),
        Fate::Later(month, at) => format!("{month}: {}", &calendar::beijing(*at)[5..16]),
        Fate::Expires(month) => format!("{month}: expires"),
        Fate::Fails(month) => format!("{month}: fails"),
    };
    lists.iter().map(|(list, _)| fates.get(&list.job.id).map_or_else(String::new, word)).collect()
}

/// Lists to the same receivers on the first days of March, before those of the case.
fn after_four(
    receivers: &'static str,
    case: Vec<(Planned, &'static str)>,
) -> Vec<(Planned, &'static str)> {
    (1..=4).map(|n| (list(n, n.into()), receivers)).chain(case).collect()
}

const APRIL: &str = "2027-03: 04-01 20:00";

#[test]
fn the_lists_before_it_decide_what_becomes_of_a_list() {
    for (case, lists, expected) in [
        ("all had their four", vec![(list(5, 10), "ab")], vec![APRIL]),
        ("some had", vec![(list(5, 10), "abc")], vec!["goes"]),
        (
            "some had, and its author wants all",
            vec![(policy(list(5, 10), OnFullReceivers::Defer), "abc")],
            vec![APRIL],
        ),
        (
            "those who had are taken out, and the others are not counted twice",
            vec![(policy(list(5, 10), OnFullReceivers::Drop), "abcd"), (list(6, 11), "ab")],
            vec!["goes", APRIL],
        ),
        (
            "it expires before the next month",
            vec![(with(list(5, 10), |job| job.expires_at = at("03-31T20:00")), "ab")],
            vec!["2027-03: expires"],
        ),
        (
            "it may not be deferred",
            vec![(with(list(5, 10), |job| job.on_quota = OnQuota::Fail), "ab")],
            vec!["2027-03: fails"],
        ),
        (
            "one that was attempted goes on",
            vec![(with(list(5, 10), |job| job.asked = true), "ab"), (list(6, 11), "ab")],
            vec!["goes", APRIL],
        ),
        (
            "others are not concerned",
            vec![(list(5, 10), "cd"), (list(6, 11), "ab")],
            vec!["goes", APRIL],
        ),
    ] {
        let told = told(Letters::default(), &after_four("ab", lists));

        assert_eq!(told[..4], ["goes"; 4], "{case}");
        assert_eq!(told[4..], expected, "{case}");
    }
}

#[test]
fn times_decide_and_not_ranks() {
    let mut lists = after_four("ab", vec![(list(5, 10), "ab")]);
    lists[0].0 = list(1, 20);

    let told = told(Letters::default(), &lists);

    assert_eq!(told, [APRIL, "goes", "goes", "goes", "goes"]);
}

#[test]
fn what_was_accepted_in_the_month_counts() {
    let letters =
        |missed| Letters { accepted: vec!["ab", "ab", "ab"], missed, ..Letters::default() };
    let lists = [(list(1, 10), "ab"), (list(2, 11), "ab")];

    assert_eq!(told(letters(false), &lists), ["goes", APRIL]);
    // It is unknown who was missed.
    assert_eq!(told(letters(true), &lists), ["goes", "goes"]);
}

#[test]
fn once_the_platform_reports_that_a_list_missed_some_nobody_is_certainly_full() {
    for (reported, expected) in [(false, ["goes", APRIL]), (true, ["goes", "goes"])] {
        let letters = Letters { reported, ..Letters::default() };
        let lists = after_four("ab", vec![(list(5, 10), "abc"), (list(6, 11), "ab")]);

        assert_eq!(told(letters, &lists)[4..], expected);
    }
}

#[test]
fn a_list_after_a_broadcast_to_everyone_may_miss_receivers_of_three_lists() {
    for (reported, expected) in [(false, APRIL), (true, "goes")] {
        let letters = Letters { reported, ..Letters::default() };
        let everyone = Planned { is_list: false, ..list(9, 4) };
        let lists = [
            (list(1, 1), "ab"),
            (list(2, 2), "ab"),
            (list(3, 3), "ab"),
            (everyone, ""),
            (list(4, 5), "ab"),
            (list(5, 10), "ab"),
        ];

        assert_eq!(told(letters, &lists)[5], expected);
    }
}

#[test]
fn lists_that_wait_for_a_month_fill_it_in_their_order() {
    let lists: Vec<_> = (1..=9).map(|n| (list(n, n.into()), "ab")).collect();

    let told = told(Letters::default(), &lists);

    let april = APRIL;
    assert_eq!(told[4..], [april, april, april, april, "2027-03: 05-01 20:00"]);
}
