//! Answers that come and cannot be read.

use chrono::TimeDelta;
use qunfa::model::{JobState, Kind};
use qunfa::sandbox::{Fault, FaultKind};

use crate::world::World;

fn garbage(bytes: &[u8], path: &str, times: u32) -> Fault {
    let kind = FaultKind::Garbage { bytes: bytes.to_vec(), processed: true };
    Fault::new(kind).on_path(path).times(times)
}

#[test]
fn an_answer_with_raw_control_characters_is_read() {
    let mut world = World::with(Kind::Service);
    let body = b"{\"errcode\":40007,\"errmsg\":\"invalid media_id \x07\n hint\"}";
    world.platform.inject(
        Fault::new(FaultKind::Garbage { bytes: body.to_vec(), processed: false })
            .on_path("sendall"),
    );
    world.job("a").at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.state("a"), JobState::Failed);
}

#[test]
fn answers_that_cannot_be_read_again_and_again_are_told() {
    let mut world = World::with(Kind::Service);
    world.job("a").list(3).at("2027-03-20 20:00").submit();
    world.platform.inject(garbage(b"<html>", "mass/send", 3));

    world.run_until("2027-03-20 20:01");
    assert!(!world.attention().contains(&"unreadable".to_owned()));
    world.run_until("2027-03-20 20:05");
    let now = world.now();
    let notes = world.engine().store().read().attention(now).unwrap();
    let note = notes.iter().find(|note| note.kind == "unreadable").unwrap();
    assert!(note.what.contains("3 answers in a row to mass sends for brand"), "{}", note.what);

    world.run_for(TimeDelta::hours(1));
    assert_eq!(world.state("a"), JobState::Sent);
    assert!(!world.attention().contains(&"unreadable".to_owned()));
}

#[test]
fn a_reading_that_waits_says_why() {
    let mut world = World::with(Kind::Service);
    world.run_for(TimeDelta::minutes(1));
    world.platform.inject(garbage(b"<html>", "tags/get", 2));

    world.request_sync(Some(0));
    world.run_for(TimeDelta::seconds(3));

    let view = world.engine().store().read().followers_view("brand").unwrap();
    let how = view.under_way.unwrap();
    assert!(how.contains("asked once without a clear answer"), "{how}");
    assert!(how.contains("not a JSON object"), "{how}");
    world.run_for(TimeDelta::minutes(30));
    let view = world.engine().store().read().followers_view("brand").unwrap();
    assert!(view.read_at.is_some() && view.failed.is_none(), "{view:?}");
}
