//! A person's decisions at the command line, and what they are told.

use qunfa::model::{JobId, JobState};
use qunfa::store::Tx;

use crate::cli::{JOBS, World, accounts, assert_golden, evening};
use crate::views::written;

#[test]
fn retry_says_what_it_did_and_what_happens_next() {
    let world = World::new();
    world.evening();

    let text = world.text(&["retry", "club-evening"]);

    assert_eq!(
        text,
        "Job club-evening is planned again, due 2027-03-20 19:57:00 +08:00: 1 batch to be asked for.\n\
         Account brand-club is paused (40164 (IP 不在白名单)): `qunfa resume brand-club`.\n"
    );
    assert_eq!(world.json(&["show", "club-evening", "--json"])["batches"][0]["generation"], 1);
}

#[test]
fn retry_of_a_job_that_nobody_approved_says_that_it_waits_for_that() {
    let world = World::new();
    world.take(JOBS);
    let refused = world.problem(&["retry", "club-approval"]);
    assert!(refused.message().contains("`qunfa approve club-approval`"), "{refused}");
    let failed = |tx: &Tx<'_>| -> Result<(), qunfa::store::StoreError> {
        let job = tx.job(&JobId::parse("club-approval").unwrap())?;
        let [_, club] = accounts();
        tx.finish_job(
            &job,
            &club,
            JobState::Missed,
            &written("nobody approved it in time"),
            evening(),
        )
    };
    world.store().transaction(failed).unwrap();

    let text = world.text(&["retry", "club-approval"]);

    assert!(text.starts_with("Job club-approval is held again, due 2027-03-25 09:00"), "{text}");
    assert!(
        text.contains("It was never approved: `qunfa approve club-approval` in time"),
        "{text}"
    );
}

#[test]
fn retry_is_refused_for_what_may_have_gone_out() {
    let world = World::new();
    world.evening();

    let problem = world.problem(&["retry", "club-news"]);

    assert_eq!(problem.exit_code(), 1);
    assert!(problem.message().contains("job club-news is sent"), "{}", problem.message());
}

#[test]
fn an_unknown_job_is_answered_with_those_that_may_be_meant() {
    let world = World::new();
    world.evening();

    for command in ["show", "retry", "approve", "cancel"] {
        let problem = world.problem(&[command, "spring-launc"]);

        assert_eq!(problem.exit_code(), 1);
        let expected = "no job has the id spring-launc; there is spring-launch";
        assert_eq!(problem.message(), expected);
    }
}

#[test]
fn resume_lifts_a_pause_and_names_what_goes_now() {
    let world = World::new();
    world.evening();

    let text = world.text(&["resume", "brand-club"]);

    assert!(text.starts_with("Account brand-club goes on. It was paused since 2027-03-20 19:45"));
    assert!(text.contains("The daemon is not running"), "{text}");
    assert!(text.contains("Due now: 晚安: club-late."), "{text}");
    assert_eq!(world.json(&["status", "--json"])["accounts"][1]["paused"], false);
}

#[test]
fn resume_of_one_account_leaves_a_hold_on_all() {
    let world = World::new();
    world.evening();
    world
        .store()
        .transaction(|tx| tx.hold(None, &written("这台机器像是恢复的"), evening()))
        .unwrap();

    let text = world.text(&["resume", "brand-club"]);
    assert!(text.contains("Nothing goes before the hold is lifted"), "{text}");
    assert_eq!(world.json(&["status", "--json"])["accounts"][0]["held"], true);

    world.text(&["resume", "--all"]);
    assert_eq!(world.json(&["status", "--json"])["accounts"][0]["held"], false);
}

#[test]
fn hold_says_since_when_and_what_lifts_it() {
    let world = World::new();
    world.take(JOBS);

    let text = world.text(&["hold", "brand-daily", "--why", "今天不发"]);
    assert!(text.starts_with("Account brand-daily is on hold since 2027-03-20 19:57"), "{text}");
    assert!(text.contains("`qunfa resume brand-daily` lets the jobs go on"), "{text}");
    let again = world.text(&["hold", "brand-daily"]);
    assert!(again.starts_with("Account brand-daily was on hold already, since"), "{again}");

    let status = world.json(&["status", "--json"]);
    assert_eq!(status["accounts"][0]["held"], true);
    assert_eq!(status["accounts"][1]["held"], false);
    let what = status["attention"][0]["what"].as_str().unwrap();
    assert!(what.ends_with(": \"今天不发\"") && what.contains("on hold: held by "), "{what}");
    world.text(&["hold", "--all"]);
    assert_eq!(world.json(&["status", "--json"])["accounts"][1]["held"], true);
    world.run(&["resume", "--all"]).0.unwrap();
    assert_eq!(world.json(&["status", "--json"])["accounts"][0]["held"], false);
}

#[test]
fn approve_says_when_the_job_goes_and_show_says_who_approved() {
    let world = World::new();
    world.take(JOBS);

    let text = world.text(&["approve", "club-approval", "--why", "read it"]);

    assert!(text.starts_with("Job club-approval is approved and goes at 2027-03-25 09:00"));
    assert!(text.contains("The daemon is not running"), "{text}");
    assert!(world.text(&["show", "club-approval"]).contains(": \"read it\""));
    let text = {
        world.take(&JOBS.replace("{id: ", "{id: held-"));
        world.text(&["hold", "brand-club"]);
        world.text(&["approve", "held-club-approval"])
    };
    assert!(text.contains("`qunfa resume brand-club`"), "{text}");
    let problem = world.problem(&["approve", "club-approval"]);
    assert_eq!(problem.exit_code(), 1);
    assert!(problem.message().contains("waits for no approval"), "{}", problem.message());
}

#[test]
fn cancel_calls_off_what_waits_and_refuses_what_is_out() {
    let world = World::new();
    world.evening();

    let text = world.text(&["cancel", "spring-launch", "--why", "the launch moved"]);

    let moved = "\"回声\" (spring-echo) comes forward from 2027-03-21 20:30 to 2027-03-20 20:30.\n";
    let expected = format!("Job spring-launch is cancelled: nothing of it goes out.\n{moved}");
    assert_eq!(text, expected);
    assert!(world.text(&["show", "spring-launch"]).contains("the launch moved\""));
    // Its day is free again.
    assert_eq!(world.json(&["show", "spring-echo", "--json"])["due"], "2027-03-20T20:30:00+08:00");
    for (id, hint) in
        [("club-news", "cannot be called back"), ("spring-launch", "goes out any more")]
    {
        let problem = world.problem(&["cancel", id]);
        assert_eq!(problem.exit_code(), 1);
        assert!(problem.message().contains(hint), "{}", problem.message());
    }
}

#[test]
fn show_and_status_name_the_commands_that_settle_an_uncertain_job() {
    let world = World::new();
    world.uncertain();

    assert_golden("show-uncertain.txt", &world.text(&["show", "club-news"]));
    let show = world.json(&["show", "club-news", "--json"]);
    assert_eq!(show["candidates"][0]["msg_id"], 3_147_483_650_i64);
    let status = world.json(&["status", "--json"]);
    let note = status["attention"].as_array().unwrap().iter().find(|n| n["id"] == "club-news");
    let advice = note.unwrap()["do"].as_str().unwrap();
    assert!(advice.contains("`qunfa resolve club-news --sent MSG_ID`"), "{advice}");
    assert!(advice.contains("`qunfa resolve club-news --not-sent`"), "{advice}");
}

#[test]
fn resolve_says_what_became_of_the_job_and_its_charges() {
    for (verdict, expected) in [
        (
            vec!["--sent", "3147483650"],
            "Job club-news is accepted.\n\
             Its charges are kept, and the platform is asked for its result.\n",
        ),
        (
            vec!["--sent"],
            "Job club-news is sent.\n\
             Its charges are kept; without its number nothing more is known of it.\n\
             The events kept back count as sends made elsewhere.\n",
        ),
        (
            vec!["--not-sent", "--batch", "1"],
            "Job club-news is missed.\nWhat it had reserved is returned.\n\
             `qunfa retry club-news` asks for it again.\n\
             `qunfa resolve club-news --sent` takes this back until then.\n\
             The events kept back count as sends made elsewhere.\n",
        ),
    ] {
        let world = World::new();
        world.uncertain();
        let mut arguments = vec!["resolve", "club-news", "--why", "looked it up"];
        arguments.extend(verdict);

        assert_eq!(world.text(&arguments), expected);
        assert!(world.text(&["show", "club-news"]).contains("looked it up"));
        let problem = world.problem(&arguments);
        assert_eq!(problem.exit_code(), 1);
        assert!(problem.message().contains("nothing of it is in doubt"), "{}", problem.message());
    }
}

#[test]
fn approve_says_when_the_job_goes_also_after_its_due_time() {
    let world = World::new();
    let job = |id: &str, at: &str| {
        format!(
            "  - {{id: {id}, account: brand-club, approval: true, at: 2027-03-20 {at}, \
             broadcast: {{filter: {{tag_id: 2}}, text: {id}}}}}\n"
        )
    };
    let jobs = [job("later", "21:00"), job("overdue", "19:50"), job("over", "18:00")];
    world.take(&format!("jobs:\n{}", jobs.concat()));

    for (id, said) in [
        ("later", "Job later is approved and goes at 2027-03-20 21:00:00 +08:00.\n"),
        (
            "overdue",
            "Job overdue is approved and goes at once: it was due 2027-03-20 19:50:00 +08:00.\n",
        ),
        (
            "over",
            "Job over is approved, but it was due 2027-03-20 18:00:00 +08:00 and its grace has \
             passed: it becomes missed.\n",
        ),
    ] {
        let text = world.text(&["approve", id]).replace('\n', " ");

        assert!(text.starts_with(said.trim_end()), "{text}");
    }
    let resumed = world.text(&["resume", "--all"]);
    assert!(!resumed.contains("goes at"), "{resumed}");
}
