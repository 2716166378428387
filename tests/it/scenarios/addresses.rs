//! Spare API addresses: used where the first cannot be reached, and never for what may have arrived.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};

use crate::world::{BASES, World};

/// The addresses of the mass sends so far.
fn sends(world: &World) -> Vec<usize> {
    let sends = world.went_to.iter().filter(|(_, path)| path.ends_with("/sendall"));
    sends.map(|(base, _)| *base).collect()
}

fn spare(world: &mut World) -> Option<String> {
    world.engine().store().read().spare_base("brand").unwrap()
}

#[test]
fn a_broadcast_goes_in_time_by_a_spare_address_and_the_first_is_used_again_later() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();
    world.job("b").at("2027-03-21 20:00").submit();
    world.unreachable = vec![0];

    world.run_until("2027-03-20 20:00:05");

    assert_eq!(sends(&world), [1]);
    assert_eq!(world.accepted().len(), 1);
    assert_eq!(spare(&mut world).as_deref(), Some(BASES[1]));
    world.unreachable = Vec::new();
    world.run_until("2027-03-21 20:05");
    assert_eq!(sends(&world), [1, 0]);
    assert_eq!(spare(&mut world), None);
    assert_eq!(world.state("b"), JobState::Sent);
}

#[test]
fn a_send_that_certainly_did_not_leave_is_made_at_the_next_address() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    world.unreachable = vec![0];

    world.run_until("2027-03-20 20:05");

    assert_eq!(sends(&world), [0, 1]);
    assert_eq!(world.state("a"), JobState::Sent);
}

#[test]
fn a_send_that_may_have_arrived_is_asked_again_at_its_own_address_only() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:30");
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("sendall"));
    world.run_until("2027-03-20 20:00:30");
    world.unreachable = vec![0];

    world.run_until("2027-03-20 20:20");
    world.crash(TimeDelta::minutes(1));
    world.run_until("2027-03-20 20:40");

    let asked = sends(&world);
    assert!(asked.len() > 3 && asked.iter().all(|base| *base == 0), "{asked:?}");
    assert!(world.went_to.iter().any(|(base, _)| *base == 1), "the other requests go elsewhere");
    world.unreachable = Vec::new();
    world.run_until("2027-03-20 21:30");
    assert_eq!((world.state("a"), world.accepted().len()), (JobState::Sent, 1));
}

#[test]
fn an_address_that_is_not_on_the_ip_list_is_named_to_the_operator() {
    let mut world = World::with(Kind::Service);
    world.job("a").at("2027-03-20 20:00").submit();
    world.platform.inject(Fault::new(FaultKind::Errcode(40_164)).on_path("stable_token"));

    world.run_until("2027-03-20 20:05");

    let now = world.now();
    let attention = world.engine().store().read().attention(now).unwrap();
    let paused = attention.iter().find(|alert| alert.kind == "paused").expect("it is paused");
    assert!(paused.what.contains("invalid ip 203.0.113.7"), "{}", paused.what);
    assert!(paused.advice.contains("IP list"), "{}", paused.advice);
    // A refusal is an answer: no other address is tried.
    assert!(world.went_to.iter().all(|(base, _)| *base == 0), "{:?}", world.went_to);
}
