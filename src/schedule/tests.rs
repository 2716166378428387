use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::model::{ArticlesVia, Kind, OnFullReceivers, OpenIds};

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("2027-{text}:00+08:00")).unwrap().to_utc()
}

fn account(kind: Kind) -> Account {
    Account {
        name: "brand".into(),
        appid: "wx1".into(),
        kind,
        daily_calls: 3,
        history_per_day: Some(1),
        approvals: 0,
        payment: false,
        articles_via: ArticlesVia::Draft,
        openids: OpenIds::Usual,
    }
}

/// A broadcast to everyone; the number in its id is its place in the order of taking.
fn job(number: u8, time: &str) -> Waiting {
    let planned_at = at(time);
    Waiting {
        job: Job {
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
            expires_at: planned_at + TimeDelta::days(7),
            on_quota: OnQuota::Defer,
            on_full_receivers: OnFullReceivers::Send,
            demand: Demand { everyone: true, calls: 1, codes: 0 },
            first_attempt_at: None,
            asked: false,
            anytime: false,
            recall_until: None,
        },
        title: None,
        calls_left: 1,
        placed: true,
        without_place: false,
        in_doubt: false,
    }
}

fn with(mut waiting: Waiting, change: impl FnOnce(&mut Waiting)) -> Waiting {
    change(&mut waiting);
    waiting
}

/// One word for each placement.
fn words(placements: &[Placement]) -> Vec<String> {
    let words = placements.iter().map(|placement| match placement {
        Placement::Stays => "stays".to_owned(),
        Placement::At(at, _) => calendar::beijing(*at)[5..16].replace(' ', "T"),
        Placement::Fails(_) => "fails".to_owned(),
        Placement::Expires(_) => "expires".to_owned(),
        Placement::Never(_) => "never".to_owned(),
    });
    words.collect()
}

fn made(kind: Kind, ledger: &Ledger, waiting: &[Waiting], now: &str) -> Vec<String> {
    words(&schedule(&account(kind), ledger, waiting, at(now)))
}

const NOW: &str = "03-01T08:00";

#[test]
fn each_job_has_its_own_day_where_no_better_rank_wants_it() {
    let first = || job(1, "03-02T20:00");
    for (case, waiting, expected) in [
        ("alone", vec![first()], vec!["03-02T20:00"]),
        (
            "the one of a shared day that was taken later moves alone",
            vec![first(), job(2, "03-02T21:00"), job(3, "03-03T20:00"), job(4, "03-04T20:00")],
            vec!["03-02T20:00", "03-05T21:00", "03-03T20:00", "03-04T20:00"],
        ),
        (
            "a higher priority takes the day",
            vec![first(), with(job(2, "03-02T21:00"), |job| job.job.rank.neg_priority = -5)],
            vec!["03-03T20:00", "03-02T21:00"],
        ),
        (
            "but not a third one's own day, whatever its rank",
            vec![
                with(job(1, "03-02T20:00"), |job| job.job.rank.neg_priority = -9),
                with(job(2, "03-02T21:00"), |job| job.job.rank.neg_priority = -5),
                job(3, "03-03T20:00"),
            ],
            vec!["03-02T20:00", "03-04T21:00", "03-03T20:00"],
        ),
        (
            "one that may not be deferred fails",
            vec![first(), with(job(2, "03-02T21:00"), |job| job.job.on_quota = OnQuota::Fail)],
            vec!["03-02T20:00", "fails"],
        ),
        (
            "one without a window before its expires",
            vec![
                first(),
                with(job(2, "03-02T21:00"), |job| job.job.expires_at = at("03-03T20:00")),
            ],
            vec!["03-02T20:00", "expires"],
        ),
    ] {
        let made = made(Kind::Subscription, &Ledger::default(), &waiting, NOW);

        assert_eq!(made, expected, "{case}");
    }
}

#[test]
fn what_happened_to_a_job_decides_about_its_place() {
    for (case, waiting, expected) in [
        (
            "one that was attempted keeps its place against any priority",
            vec![
                with(job(1, "03-01T20:00"), |job| {
                    job.job.asked = true;
                    job.job.due_at = at("03-02T20:00");
                }),
                with(job(2, "03-02T21:00"), |job| job.job.rank.neg_priority = -5),
            ],
            vec!["03-02T20:00", "03-03T21:00"],
        ),
        (
            "one that may have been accepted stays whatever the day holds",
            vec![
                with(job(1, "03-02T20:00"), |job| job.job.asked = true),
                with(job(2, "03-02T21:00"), |job| (job.job.asked, job.in_doubt) = (true, true)),
                job(3, "03-02T22:00"),
            ],
            vec!["03-02T20:00", "03-02T21:00", "03-03T22:00"],
        ),
        (
            "one whose time is over owns nothing",
            vec![
                job(1, "03-01T07:00"),
                with(job(2, "03-01T20:00"), |job| job.job.on_quota = OnQuota::Fail),
            ],
            vec!["stays", "03-01T20:00"],
        ),
        (
            "one that the platform refused for that day comes later",
            vec![
                with(job(1, "03-02T20:00"), |job| job.job.not_before = Some(at("03-04T20:00"))),
                job(2, "03-02T21:00"),
            ],
            vec!["03-04T20:00", "03-02T21:00"],
        ),
    ] {
        let made = made(Kind::Subscription, &Ledger::default(), &waiting, NOW);

        assert_eq!(made, expected, "{case}");
    }
}

#[test]
fn a_job_without_a_time_takes_no_slot_and_keeps_its_own() {
    let anytime = |number, due: &str, placed| {
        with(job(number, NOW), |job| {
            job.job.anytime = true;
            job.job.due_at = at(due);
            job.placed = placed;
        })
    };
    let tomorrow = || job(2, "03-02T20:00");
    let mut today = Ledger::default();
    today.charge(Rule::DailySend, Window::containing(Span::Day, at(NOW)), 1);
    let free = Ledger::default();
    for (case, ledger, waiting, expected) in [
        ("a free day", &free, vec![anytime(1, NOW, false)], vec!["03-01T08:00"]),
        (
            "the first day that nobody owns, also none of a lower priority",
            &today,
            vec![with(anytime(3, NOW, false), |job| job.job.rank.neg_priority = -9), tomorrow()],
            vec!["03-03T08:00", "03-02T20:00"],
        ),
        (
            "that day is its own from then on",
            &today,
            vec![anytime(1, "03-02T08:00", true), tomorrow()],
            vec!["03-02T08:00", "03-03T20:00"],
        ),
        (
            "it never comes forward into a day that the platform refused",
            &today,
            vec![with(anytime(1, "03-05T08:00", true), |job| {
                job.job.not_before = Some(at("03-04T08:00"));
            })],
            vec!["03-04T08:00"],
        ),
        (
            "it comes forward into a day that nobody owns",
            &today,
            vec![anytime(1, "03-05T08:00", true), tomorrow()],
            vec!["03-03T08:00", "03-02T20:00"],
        ),
    ] {
        let made = made(Kind::Subscription, ledger, &waiting, NOW);

        assert_eq!(made, expected, "{case}");
    }
}

#[test]
fn all_jobs_without_a_time_come_forward_at_once() {
    let anytime = |number: u8| {
        with(job(number, NOW), |job| {
            job.job.anytime = true;
            job.job.due_at += TimeDelta::days(i64::from(number));
            job.job.expires_at += TimeDelta::days(90);
        })
    };
    let waiting: Vec<_> = (1..40).map(anytime).collect();

    let made = schedule(&account(Kind::Subscription), &Ledger::default(), &waiting, at(NOW));

    for (days, placement) in (0..).zip(made) {
        assert_eq!(placement, Placement::At(at(NOW) + TimeDelta::days(days), None));
    }
}

#[test]
fn months_and_calls_are_windows_like_days() {
    let calls = |number, time, calls| {
        with(job(number, time), |job| {
            job.job.demand = Demand { everyone: false, calls, codes: 0 };
            job.calls_left = calls;
        })
    };
    let month = |days: [&str; 5]| {
        let jobs = (1..).zip(days).map(|(number, day)| job(number, day));
        jobs.map(|one| with(one, |one| one.job.expires_at += TimeDelta::days(60)))
            .collect::<Vec<_>>()
    };
    for (case, waiting, expected) in [
        (
            "the fifth of a month goes on the first day of the next",
            month(["03-02T20:00", "03-03T20:00", "03-04T20:00", "03-05T20:00", "03-06T20:00"]),
            vec!["03-02T20:00", "03-03T20:00", "03-04T20:00", "03-05T20:00", "04-01T20:00"],
        ),
        (
            "calls of one day",
            vec![
                calls(1, "03-02T09:00", 2),
                calls(2, "03-02T10:00", 2),
                calls(3, "03-02T11:00", 1),
            ],
            vec!["03-02T09:00", "03-03T10:00", "03-02T11:00"],
        ),
        ("more calls than a day has", vec![calls(1, "03-02T09:00", 4)], vec!["never"]),
        (
            "the calls that a job in release has left are kept for it",
            vec![
                with(calls(1, "03-01T07:59", 3), |job| {
                    job.job.state = JobState::Releasing;
                    job.job.asked = true;
                    job.calls_left = 2;
                }),
                calls(2, "03-01T10:00", 2),
            ],
            vec!["stays", "03-02T10:00"],
        ),
    ] {
        let made = made(Kind::Service, &Ledger::default(), &waiting, NOW);

        assert_eq!(made, expected, "{case}");
    }
}

#[test]
fn who_owns_the_day_is_named() {
    let titled = with(job(1, "03-02T20:00"), |job| job.title = Some("春季特卖".into()));
    let waiting = [titled, job(2, "03-02T21:00"), job(3, "03-03T20:00")];

    let made = schedule(&account(Kind::Subscription), &Ledger::default(), &waiting, at(NOW));

    let Placement::At(_, Some(cause)) = &made[1] else { panic!("{made:?}") };
    let day = Window::containing(Span::Day, at("03-02T20:00"));
    assert_eq!(
        cause.by,
        [NamedJob { id: waiting[0].job.id.clone(), title: Some("春季特卖".into()) }]
    );
    assert_eq!((cause.own.window, cause.own.because), (day, Because::Claimed));
    assert_eq!(cause.others, Some((day.next(), day.next())));
}

#[test]
fn thousands_of_jobs_for_one_day_are_placed_at_once() {
    let waiting: Vec<_> = (0..3_000_u32)
        .map(|number| {
            with(job(0, "03-02T20:00"), |job| {
                job.job.rank.taken = number.into();
                job.job.expires_at = at("03-02T20:00") + TimeDelta::days(4_000);
            })
        })
        .collect();

    let made = schedule(&account(Kind::Subscription), &Ledger::default(), &waiting, at(NOW));

    let Placement::At(last, _) = made[2_999] else { panic!("{:?}", made[2_999]) };
    assert_eq!(last, at("03-02T20:00") + TimeDelta::days(2_999));
}

prop_compose! {
    fn any_job()(
        hours in 0_i64..240, priority in -1_i32..=1, everyone: bool, calls in 1_u32..=3,
        anytime in prop::bool::weighted(0.2), fail in prop::bool::weighted(0.2), taken in 1_u8..=200,
    ) -> Waiting {
        with(job(taken, NOW), |job| {
            let start = job.job.planned_at;
            job.job.rank.neg_priority = -priority;
            job.job.demand = Demand { everyone, calls, codes: 0 };
            job.job.anytime = anytime;
            job.job.on_quota = if fail { OnQuota::Fail } else { OnQuota::Defer };
            if !anytime {
                job.job.planned_at = start + TimeDelta::hours(hours);
            }
            job.job.due_at = job.job.planned_at;
            job.job.expires_at = job.job.planned_at + TimeDelta::days(7);
            job.placed = false;
        })
    }
}

fn applied(waiting: &[Waiting], placements: &[Placement]) -> Vec<Waiting> {
    let jobs = waiting.iter().cloned().zip(placements);
    jobs.filter_map(|(mut one, placement)| {
        match placement {
            Placement::At(at, _) => one.job.due_at = *at,
            Placement::Fails(_) if one.job.anytime => return None,
            Placement::Stays | Placement::Fails(_) => {}
            Placement::Expires(_) | Placement::Never(_) => return None,
        }
        one.placed = true;
        Some(one)
    })
    .collect()
}

proptest! {
    /// No window holds more than its limit, a schedule is its own successor, and a job that has
    /// room beside everything moves nobody.
    #[test]
    fn a_schedule_keeps_the_limits_and_changes_only_what_it_must(
        jobs in prop::collection::vec(any_job(), 1..25), extra in any_job(), service: bool,
    ) {
        let kind = if service { Kind::Service } else { Kind::Subscription };
        let (account, now) = (account(kind), at(NOW));
        let mut jobs = jobs;
        for (taken, job) in (1..).zip(&mut jobs) {
            job.job.rank.taken = taken;
            job.job.id = JobId::parse(&format!("j{taken}")).unwrap();
        }
        let first = schedule(&account, &Ledger::default(), &jobs, now);
        let jobs = applied(&jobs, &first);

        let second = schedule(&account, &Ledger::default(), &jobs, now);

        let mut owned: HashMap<(Rule, Window), u32> = HashMap::new();
        for (one, placement) in jobs.iter().zip(&second) {
            if let Placement::At(at, _) = placement {
                prop_assert_eq!(one.job.due_at, *at);
                for need in quota::needs(&account, one.job.demand, *at) {
                    *owned.entry((need.rule, need.window)).or_default() += need.amount;
                }
            }
        }
        for ((rule, window), amount) in &owned {
            prop_assert!(*amount <= quota::limit(*rule, &account).unwrap(), "{} {}", rule, window);
        }

        let mut extra = extra;
        extra.job.rank.taken = 1_000;
        extra.job.id = JobId::parse("extra").unwrap();
        let room = quota::needs(&account, extra.job.demand, extra.job.planned_at).iter().all(|need| {
            let owned = owned.get(&(need.rule, need.window)).copied().unwrap_or(0);
            owned + need.amount <= quota::limit(need.rule, &account).unwrap()
        });
        let more: Vec<_> = jobs.iter().cloned().chain([extra]).collect();
        let third = schedule(&account, &Ledger::default(), &more, now);
        if room {
            for (one, placement) in jobs.iter().zip(&third) {
                if let Placement::At(at, _) = placement {
                    prop_assert_eq!(one.job.due_at, *at);
                }
            }
            prop_assert!(matches!(third.last(), Some(Placement::At(..))));
        }
    }
}
