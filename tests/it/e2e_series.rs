//! A series through the real binary: its file, its dates, a release, and a database that is lost.

use std::fs;

use chrono::{DateTime, FixedOffset, TimeDelta, Timelike as _, Utc};
use serde_json::Value;

use crate::rig::{Rig, club, real_now};

/// A series of every day at the next full minute that leaves some seconds to take it.
fn soon() -> (String, DateTime<Utc>) {
    let beijing = FixedOffset::east_opt(8 * 3_600).unwrap();
    let at = (real_now() + TimeDelta::seconds(75)).with_timezone(&beijing);
    let at = at.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap();
    let cron = format!("{} {} * * *", at.minute(), at.hour());
    let text = format!(
        "jobs:\n  - id: daily\n    account: club\n    cron: {cron}\n    expires: 12h\n    \
         broadcast: {{ filter: {{ tag_id: 2 }}, text: 每天见 }}\n...\n"
    );
    (text, at.to_utc())
}

#[test]
fn a_series_goes_at_its_date_and_survives_a_lost_database_without_going_twice() {
    let mut rig = Rig::running(&[club()]);
    let (text, at) = soon();
    let today = (at + TimeDelta::hours(8)).date_naive();

    rig.drop_file("daily.yaml", &text);
    let receipt = rig.until_file("accepted", "daily.yaml.receipt.json");
    let receipt: Value = serde_json::from_str(&fs::read_to_string(receipt).unwrap()).unwrap();
    assert_eq!(receipt["jobs"][0]["id"], "daily");
    assert_eq!(receipt["jobs"][0]["due"].as_str().unwrap().parse(), Ok(at));
    let first = format!("daily@{today}");
    rig.until_state(&first, "sent");
    assert_eq!(rig.ask(&["jobs", "--json"]).as_array().unwrap().len(), 35);

    assert!(rig.stop().success());
    for name in ["qunfa.db", "qunfa.db-wal", "qunfa.db-shm", "mark"] {
        fs::remove_file(rig.path("state").join(name)).ok();
    }
    rig.start();
    let note = rig.until_attention("series");
    assert_eq!(note["id"], "daily");
    assert_eq!(rig.ask(&["jobs", "--json"]), Value::Array(Vec::new()));

    let said = rig.say(&["retry", "daily"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let tomorrow = format!("daily@{}", today.succ_opt().unwrap());
    assert_eq!(rig.job(&tomorrow)["state"], "planned");
    assert!(rig.ask(&["jobs", "--json"]).as_array().unwrap().iter().all(|job| job["id"] != *first));
    assert_eq!(rig.sends().len(), 1);
}

#[test]
fn an_edit_tells_its_dates_in_the_receipt_and_a_date_is_planned_once_more_as_a_job() {
    let rig = Rig::running(&[club()]);
    let file = |hour: u32, until: &str| {
        format!(
            "jobs:\n  - id: weekly\n    account: club\n    cron: 0 {hour} * * *\n    until: {until}\n    \
             broadcast: {{ filter: {{ tag_id: 2 }}, text: 每天见 }}\n...\n"
        )
    };
    let day = |days| ((real_now() + TimeDelta::days(days)).date_naive()).to_string();
    rig.drop_file("weekly.yaml", &file(20, &day(4)));
    rig.until_file("accepted", "weekly.yaml.receipt.json");

    let path = rig.path("edited.yaml");
    fs::write(&path, file(21, &day(3))).unwrap();
    let said = rig.say(&["submit", path.to_str().unwrap(), "--json"]);

    let answer: Value = serde_json::from_str(&said.out).unwrap();
    let dates = answer["submitted"][0]["receipt"]["jobs"][0]["dates"].as_array().unwrap();
    let time = |date: &Value, key: &str| date[key].as_str().map(|at| at[11..16].to_owned());
    let moved = dates.iter().find(|date| date["id"] == format!("weekly@{}", day(2))).unwrap();
    assert_eq!(
        (time(moved, "from"), time(moved, "to")),
        (Some("12:00".into()), Some("13:00".into()))
    );
    let withdrawn = dates.iter().find(|date| date["id"] == format!("weekly@{}", day(4))).unwrap();
    assert_eq!((time(withdrawn, "from"), time(withdrawn, "to")), (Some("12:00".into()), None));

    let (date, at) = (format!("weekly@{}", day(2)), format!("{} 09:30", day(3)));
    let said = rig.say(&["again", &date, "--id", "special", "--at", &at]);

    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let special = rig.job("special");
    assert_eq!(special["state"], "planned");
    assert!(
        special["at"].as_str().unwrap().starts_with(&format!("{}T09:30:00", day(3))),
        "{special}"
    );
    assert!(rig.path("inbox/accepted/special.yaml").exists());
    let twice = rig.say(&["again", &date, "--id", "special", "--at", &at]);
    assert_eq!(twice.code, Some(1), "{}", twice.out);
}
