use super::*;
use crate::alert::{Route, Severity};
use crate::config::{Channel, CommandLine};
use crate::daemon::next_look;
use crate::store::{Alert, Store};

/// How soon after its cause a message is sent at the latest, as the documentation promises.
const PROMISED: TimeDelta = TimeDelta::seconds(10);

fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_805_544_000_000 + milliseconds).unwrap()
}

/// Returns when the loop tells people, over a minute in which the next request leaves as `leaves` says.
fn passed(leaves: impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>>) -> Vec<DateTime<Utc>> {
    let (mut looked_at, mut passed_at) = (at(0), at(0));
    let mut all = vec![at(0)];
    for now in (1..60_000).map(at) {
        let leaves_at = leaves(now);
        if now < next_look(looked_at, leaves_at, now) {
            continue;
        }
        looked_at = now;
        if passes(leaves_at.is_none(), passed_at, now) {
            passed_at = now;
            all.push(now);
        }
    }
    all
}

#[test]
fn the_loop_tells_people_soon_enough_however_many_requests_leave() {
    let after = |milliseconds| move |now| Some(now + TimeDelta::milliseconds(milliseconds));
    let in_bursts = |now: DateTime<Utc>| {
        (now.timestamp_millis() / 700 % 2 == 0).then(|| now + TimeDelta::milliseconds(5))
    };
    let gaps = |times: Vec<DateTime<Utc>>| {
        let after = times.iter().skip(1).copied().chain([at(60_000)]);
        times.iter().zip(after).map(|(one, next)| next - *one).max().unwrap()
    };
    let idle = gaps(passed(|_| None));
    let busy = [0, 1, 20, 49, 51, 400, 999, 1_500].map(|ahead| gaps(passed(after(ahead))));
    let bursts = gaps(passed(in_bursts));

    assert!(idle <= TimeDelta::milliseconds(1_001), "{idle}");
    for gap in busy.into_iter().chain([bursts]) {
        assert!(gap < PROMISED - TimeDelta::seconds(2), "{gap}");
    }
}

/// An engine, and deliveries to one receiver: a program that takes anything.
fn telling(to: mpsc::Sender<Input>, now: DateTime<Utc>) -> (Engine, Deliveries) {
    let mut store = Store::in_memory(now).unwrap();
    store.transaction(|tx| tx.ensure_account("club")).unwrap();
    let engine = Engine::open(store, Vec::new(), (None, false), now).unwrap();
    let line = CommandLine {
        program: "true".to_owned(),
        arguments: Vec::new(),
        timeout: TimeDelta::minutes(1),
    };
    let receiver =
        Receiver { name: "ops".to_owned(), channel: Channel::Command(line), approver: None };
    let route = Route {
        to: vec!["ops".to_owned()],
        severity: Severity::Note,
        accounts: Vec::new(),
        kinds: Vec::new(),
        quiet: None,
    };
    let alerts = Alerts { receivers: vec![receiver], routes: vec![route], ..Alerts::default() };
    let clock: Now = Arc::new(move || now);
    let deliveries = Deliveries::new((alerts, Lang::En), &engine, &clock, to);
    (engine, deliveries)
}

#[tokio::test]
async fn one_pass_sends_what_was_raised_before_it() {
    let (to, mut inputs) = mpsc::channel(8);
    let (mut engine, mut deliveries) = telling(to, at(0));
    deliveries.pass(&mut engine, true, at(0)).unwrap();
    let told = Told::CallbackSilent;
    let alert = Alert { account: Some("club"), job: None, kind: "clock", told: &told };
    engine.change(|tx| tx.raise_alert(&alert, at(10))).unwrap();

    // Requests leave all the time.
    deliveries.pass(&mut engine, false, at(2_000)).unwrap();
    assert!(inputs.try_recv().is_err());
    deliveries.pass(&mut engine, false, at(3_000)).unwrap();

    let Some(Input::Delivery(attempt)) = inputs.recv().await else { panic!("no delivery") };
    assert_eq!(attempt.receiver, "ops");
    assert_eq!((attempt.numbers.len(), attempt.outcome), (1, DeliveryOutcome::Delivered));
}
