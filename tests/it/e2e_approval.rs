//! An approval is for what was read: another content needs another one.

use chrono::TimeDelta;

use crate::rig::{Rig, at_line, club, real_now, to_tag_with, whole_second};

#[test]
fn an_edit_of_an_approved_job_needs_a_new_approval() {
    let rig = Rig::running(&[club()]);
    let at = at_line(whole_second(real_now() + TimeDelta::minutes(30)));
    let text = to_tag_with("spring", "club", &format!("{at}\n    approval: true"));
    rig.drop_file("spring.yaml", &text);
    rig.until_state("spring", "held");
    assert_eq!(rig.say(&["approve", "spring"]).code, Some(0));

    // The same words again are the ones that were approved.
    rig.drop_file("same.yaml", &text);
    rig.until_file("accepted", "same.yaml");
    assert_eq!(rig.job("spring")["state"], "planned");

    rig.drop_file("spring.yaml", &text.replace("words of spring", "other words"));
    let job = rig.until_state("spring", "held");
    assert_eq!(job["batches"][0]["attempts"], 0);
    assert_eq!(rig.say(&["approve", "spring"]).code, Some(0));
    assert_eq!(rig.job("spring")["state"], "planned");
    assert!(rig.sends().is_empty());
}
