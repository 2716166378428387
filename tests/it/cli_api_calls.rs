//! `preview`, `delete` and `speed` at the command line, and what the other commands tell of them.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::calendar::{Span, Window};
use qunfa::calls::{Effect, Role};
use qunfa::cli::Answer;
use qunfa::model::{
    Action, ApiCall, Credence, Deletion, JobId, MenuChange, NewMenu, Speed, Viewer,
};
use qunfa::reason::Reason;
use qunfa::store::{
    ApiCallFailure, ArticleResult, DecidedBy, EventIn, NewApiCall, ResponseFields, SendStatus,
    StoreError, Tx,
};
use serde_json::{Value, json};

use crate::cli::{World, accounts, ask, assert_golden, begun, evening};
use crate::views::{advised, written};

const JOBS: &str = "jobs:
  - {id: news, account: brand-club, at: 2027-03-20 18:00, broadcast: {filter: {tag_id: 2}, mpnews: {media_id: SPRING}}}
  - {id: news-again, account: brand-club, at: 2027-03-20 18:10, broadcast: {filter: {tag_id: 100}, mpnews: {media_id: SPRING}}}
  - {id: video, account: brand-club, at: 2027-03-20 18:20, broadcast: {filter: {tag_id: 2}, mpvideo: {media_id: V}}}
  - {id: words, account: brand-club, at: 2027-03-20 18:30, broadcast: {filter: {tag_id: 2}, text: 新闻}}
  - {id: coming, account: brand-club, at: 2027-03-20 20:30, preview: {to: [anne]}, speed: 4, broadcast: {filter: {tag_id: 2}, images: {media_ids: [A, B]}}}
  - {id: coupon, account: brand-club, at: 2027-03-20 21:30, broadcast: {filter: {tag_id: 2}, wxcard: {card_id: C}}}
  - {id: pull, account: brand-club, at: 2027-03-20 19:00, delete: {job: news, article_idx: 0, force: true}}
  - {id: slow, account: brand-daily, at: 2027-03-20 20:15, speed: 4}
";

const OPENID: &str = "oAbCdEfGhIjKlMnOpQrStUvWxY01";

/// The same jobs a day later, when none of them is past its grace.
fn tomorrow(jobs: &str) -> String {
    jobs.replace("2027-03-20", "2027-03-21")
}

fn at(text: &str) -> DateTime<Utc> {
    format!("2027-03-20T{text}Z").parse().unwrap()
}

/// Lets a job go out, with an event of so many articles.
fn send(tx: &Tx<'_>, job: &str, when: DateTime<Utc>, articles: i64) -> Result<(), StoreError> {
    finish(tx, ask(tx, job, when), when, (articles, SendStatus::Success))
}

/// Lets an attempt be accepted, and end as the platform says when it is asked.
fn finish(
    tx: &Tx<'_>,
    sent: i64,
    when: DateTime<Utc>,
    (articles, result_word): (i64, SendStatus),
) -> Result<(), StoreError> {
    let [_, club] = accounts();
    let msg_id = when.timestamp();
    let soon = when + TimeDelta::seconds(1);
    let word = ResponseFields {
        errcode: Some(0),
        errmsg: "send job submission success",
        msg_id: Some(msg_id),
        dated: Some(soon),
        ..ResponseFields::default()
    };
    tx.accept(sent, &club, &word, false, soon)?;
    let articles: Vec<_> = (1..=articles)
        .map(|article_idx| ArticleResult {
            article_idx,
            url: Some(format!("https://mp.weixin.qq.com/s/{article_idx}")),
            ..ArticleResult::default()
        })
        .collect();
    let event = EventIn {
        account: "brand-club",
        raw: b"<xml/>",
        credence: Credence::Hint,
        msg_id,
        created_at: soon,
        status: "send success",
        word: SendStatus::Success,
        words: "the platform says it went out",
        advice: "",
        counts: [Some(2), Some(2), Some(2), Some(0)],
        articles: &articles,
    };
    tx.receive(&event, &club, soon)?;
    let result = tx.begin_result("brand-club", soon)?.unwrap();
    tx.settle_result(result, &club, result_word, soon)
}

/// The evening on which four broadcasts were sent.
fn sent() -> World {
    let world = World::new();
    world.take(JOBS);
    let send_all = |tx: &Tx<'_>| {
        send(tx, "news", at("10:00:00"), 2)?;
        send(tx, "news-again", at("10:10:00"), 2)?;
        send(tx, "video", at("10:20:00"), 0)?;
        send(tx, "words", at("10:30:00"), 0)
    };
    world.store().transaction(send_all).unwrap();
    world
}

#[test]
fn without_a_daemon_nothing_is_asked_and_nothing_is_left_behind() {
    let world = sent();
    for arguments in [
        &["preview", "coming", "--to", "anne"][..],
        &["delete", "video"],
        &["speed", "brand-club"],
        &["speed", "brand-club", "4"],
    ] {
        let problem = world.problem(arguments);

        assert!(problem.message().contains("the daemon is not running"), "{arguments:?}");
        assert_eq!(problem.exit_code(), 1);
        assert_eq!(world.store().read().next_api_call("brand-club", evening()).unwrap(), None);
    }
}

#[test]
fn no_wait_leaves_it_for_the_daemon() {
    let world = sent();

    let (answer, text) = world.run(&["preview", "coming", "--to", "anne", OPENID, "--no-wait"]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert_eq!(
        text,
        "Preview to WeChat name anne is written down for the daemon.\n\
         Preview to OpenID oAbC..xY01 is written down for the daemon.\n\
         The platform's preview takes one picture: it shows the first of 2.\n"
    );
    let story = world.json(&["show", "coming", "--json"]);
    let states: Vec<_> =
        story["errands"].as_array().unwrap().iter().map(|e| e["state"].clone()).collect();
    assert_eq!(states, ["planned", "planned"]);
}

#[test]
fn a_deletion_that_cannot_work_or_ends_others_is_refused_with_its_reason() {
    let world = sent();
    for (arguments, why) in [
        (&["delete", "coming"][..], "only what was sent can be deleted: `qunfa cancel coming`"),
        (&["delete", "coming", "--force"], "job coming is planned"),
        (&["delete", "words"], "articles (mpnews) and videos (mpvideo) only; `--force`"),
        (
            &["delete", "news"],
            "is not known (its event names 2, and need not name all), and none was named",
        ),
        (
            &["delete", "news", "--article", "2"],
            "sent by news-again too, and one deletion ends all",
        ),
        (&["delete", "pull"], "job pull is no broadcast"),
        (&["delete", "nobody"], "no job has the id nobody"),
    ] {
        let problem = world.problem(arguments);

        assert!(problem.message().contains(why), "{arguments:?}: {}", problem.message());
        assert_eq!(problem.exit_code(), 1);
    }
}

#[test]
fn a_forced_deletion_names_what_ends_with_it() {
    let world = sent();

    let text = world.text(&["delete", "news", "--article", "2", "--force", "--no-wait"]);

    assert_eq!(
        text,
        "Deletion of article 2 of job news is written down for the daemon.\n\
         The same media was sent by news-again: it ends there too.\n"
    );
    world.text(&["delete", "video", "--no-wait"]);
}

#[test]
fn an_article_that_is_named_is_never_taken_for_all_of_them() {
    let world = World::new();
    world.take(JOBS);
    world.store().transaction(|tx| send(tx, "news", at("10:00:00"), 1)).unwrap();

    let text = world.text(&["delete", "news", "--article", "1", "--no-wait"]);

    assert_eq!(text, "Deletion of article 1 of job news is written down for the daemon.\n");
    let story = world.store().read().due_api_call("brand-club", evening()).unwrap().unwrap();
    let ApiCall::Delete(deletion) = story.api_call else { panic!("{story:?}") };
    assert_eq!(deletion.article(), Some(1));
    let problem = world.problem(&["delete", "news"]);
    assert!(problem.message().contains("its event names 1, and need"), "{}", problem.message());
}

#[test]
fn of_a_job_of_several_broadcasts_the_rest_is_deleted_and_each_told_apart() {
    let world = World::new();
    let names: Vec<_> = (0..10_002).map(|n| format!("o{n:027}")).collect();
    let names = names.join(", ");
    world.take(&format!(
        "jobs:\n  - {{id: big, account: brand-club, at: 2027-03-20 18:00, \
         broadcast: {{touser: [{names}], mpvideo: {{media_id: V, title: T, description: D}}}}}}\n"
    ));
    let [_, club] = accounts();
    let id = JobId::parse("big").unwrap();
    let send_all = |tx: &Tx<'_>| -> Result<(), StoreError> {
        for (batch, word) in [(0, SendStatus::Success), (1, SendStatus::Deleted)] {
            let when = at("10:00:00") + TimeDelta::minutes(i64::try_from(batch).unwrap());
            let (job, batches) = (tx.job(&id)?, tx.batches(&id)?);
            let sent = begun(tx.begin(&job, &club, &batches[batch], when)?);
            finish(tx, sent, when, (0, word))?;
        }
        Ok(())
    };
    world.store().transaction(send_all).unwrap();

    let story = world.text(&["show", "big"]);
    let text = world.text(&["delete", "big", "--no-wait"]);

    assert!(story.starts_with("big is partly deleted\n"), "{story}");
    assert_eq!(story.lines().filter(|line| line.trim() == "deleted").count(), 1, "{story}");
    assert_eq!(
        text,
        "Deletion of the broadcast of job big (batch 1) is written down for the daemon.\n\
         Job big is 2 broadcasts: this ends 1 of them in 1 call, 1 ended before.\n"
    );
    let view = world.json(&["show", "big", "--json"]);
    assert_eq!(view["deleted"], false);
    assert_eq!(
        (&view["batches"][0]["deleted"], &view["batches"][1]["deleted"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn a_preview_that_the_platform_would_refuse_is_refused_at_once() {
    let world = sent();

    let coupon = world.problem(&["preview", "coupon", "--to", "anne"]);
    let speed = world.problem(&["preview", "slow", "--to", "anne"]);

    assert!(coupon.message().contains("needs --card-ext"), "{}", coupon.message());
    assert!(speed.message().contains("job slow is no broadcast"), "{}", speed.message());
}

#[test]
fn a_paused_account_is_told_instead_of_waited_for() {
    let world = sent();
    let pause = |tx: &Tx<'_>| {
        tx.pause("brand-club", &written("40164"), &advised("add the address"), evening())
    };
    world.store().transaction(pause).unwrap();

    let problem = world.problem(&["speed", "brand-club", "--no-wait"]);

    assert!(problem.message().contains("account brand-club is paused"), "{}", problem.message());
}

#[test]
fn the_stories_of_a_deletion_and_of_what_died_with_it() {
    let world = sent();
    let [_, club] = accounts();
    let id = JobId::parse("pull").unwrap();
    let done = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let deletion =
            Deletion { job: JobId::parse("news").unwrap(), article_idx: Some(0), force: true };
        let batch = tx.deletion_facts(&deletion.job)?.unwrap().batches[0].id;
        tx.begin_action(&id, (&ApiCall::Delete(deletion), Some(batch)), at("11:00:00"))?;
        let api_call = tx.due_api_call("brand-club", at("11:00:00"))?.unwrap();
        let ask = tx.begin_api_call(&api_call, "brand-club", at("11:00:00"))?;
        tx.api_call_done(ask, &club, &json!({"msg_id": null}), at("11:00:01"))
    };
    world.store().transaction(done).unwrap();

    assert_golden("show-delete.txt", &world.text(&["show", "pull"]));
    assert_golden("show-deleted.txt", &world.text(&["show", "news"]));
    assert_golden("jobs-errands.txt", &world.text(&["jobs"]));
    assert_eq!(world.json(&["show", "news-again", "--json"])["deleted"], true);
}

#[test]
fn a_failed_preview_and_one_under_way_stand_in_the_story_and_under_attention() {
    let world = sent();
    let id = JobId::parse("coming").unwrap();
    let to = |name: &str| ApiCall::Preview(Viewer::parse(name).unwrap(), None);
    let (bad, good) = (to("示例的微信号"), to("anne"));
    let done = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let of_job = NewApiCall {
            account: "brand-club",
            api_call: &bad,
            role: Role::PreSend,
            job: Some(&id),
            batch: None,
            said: None,
        };
        tx.write_api_call(&of_job, at("11:30:00"))?;
        let open = tx.due_api_call("brand-club", at("11:30:00"))?.unwrap();
        let ask = tx.begin_api_call(&open, "brand-club", at("11:30:00"))?;
        let errmsg = "invalid wechat id".to_owned();
        let why = &Reason::ApiCallAnswered { errcode: Some(40_132), errmsg };
        let word = ApiCallFailure { errcode: Some(40_132), why, effect: Effect::Call };
        tx.api_call_failed(&open, Some(ask), word, at("11:30:01"))?;
        let said = DecidedBy { who: "alice", why: None };
        let of_person =
            NewApiCall { api_call: &good, role: Role::Command, said: Some(said), ..of_job };
        tx.write_api_call(&of_person, at("11:56:00")).map(drop)
    };
    world.store().transaction(done).unwrap();

    assert_golden("show-preview.txt", &world.text(&["show", "coming"]));
    let attention = world.json(&["status", "--json"])["attention"].clone();
    let note = attention.as_array().unwrap().iter().find(|note| note["kind"] == "preview");
    assert_eq!(note.unwrap()["id"], "coming");
}

#[test]
fn check_tells_what_jobs_beside_the_broadcasts_do() {
    let world = World::new();
    let path = world.file("more.yaml", &tomorrow(JOBS));

    let (answer, text) = world.run(&["check", &path]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    assert!(text.contains("deletion of the broadcast of job news\n"), "{text}");
    assert!(text.contains("speed 4 (10w a minute)\n"), "{text}");
    let view: Value = world.json(&["check", &path, "--json"]);
    let slow = &view["files"][0]["jobs"][7];
    assert_eq!((&slow["action"], &slow["batches"]), (&json!("speed"), &json!(0)));
    assert_eq!(slow["warnings"], json!([]));
}

#[test]
fn plan_and_status_show_jobs_beside_the_broadcasts_at_their_time() {
    let world = sent();

    let plan = world.json(&["plan", "--json"]);

    let slow = plan["jobs"].as_array().unwrap().iter().find(|job| job["id"] == "slow").unwrap();
    assert_eq!((&slow["action"], &slow["outlook"]), (&json!("speed"), &json!("goes")));
    assert_eq!(slow["goes_at"], "2027-03-20T20:15:00+08:00");
    assert!(world.text(&["status"]).contains("slow"));
    assert_eq!(world.json(&["show", "pull", "--json"])["receivers"], Value::Null);
}

#[test]
fn a_failed_job_beside_the_broadcasts_is_asked_for_again_by_a_retry() {
    let world = sent();
    let id = JobId::parse("slow").unwrap();
    let failed = |tx: &Tx<'_>| -> Result<(), StoreError> {
        let speed = ApiCall::SpeedSet(Speed::new(4).unwrap());
        tx.begin_action(&id, (&speed, None), at("11:50:00"))?;
        let api_call = tx.due_api_call("brand-daily", at("11:50:00"))?.unwrap();
        let ask = tx.begin_api_call(&api_call, "brand-daily", at("11:50:00"))?;
        let why = &written("the platform answered 45085 (系统繁忙)");
        let word = ApiCallFailure { errcode: Some(45_085), why, effect: Effect::Call };
        tx.api_call_failed(&api_call, Some(ask), word, at("11:50:01"))
    };
    world.store().transaction(failed).unwrap();
    assert!(world.text(&["jobs", "--state", "failed"]).contains("speed 4 (10w a minute) failed"));

    let text = world.text(&["retry", "slow"]);

    assert!(text.starts_with("Job slow is planned again, due 2027-03-20 20:15:00"), "{text}");
}

#[test]
fn check_and_submit_warn_of_a_deletion_that_will_delete_nothing() {
    let world = World::new();
    world.take(JOBS);
    fs::create_dir(world.path("state/inbox")).unwrap();
    let file = |name: &str, jobs: &[(&str, &str)]| {
        let line = |(id, job): &(&str, &str)| {
            let delete = format!("delete: {{job: {job}, article_idx: 0}}");
            format!("  - {{id: {id}, account: brand-club, at: 2027-03-21 09:00, {delete}}}\n")
        };
        let jobs: String = jobs.iter().map(line).collect();
        world.file(name, &format!("jobs:\n{jobs}"))
    };
    let pulls = file("pulls.yaml", &[("a", "news"), ("b", "nwes"), ("c", "slow"), ("d", "later")]);
    let later = world.file(
        "set-off.yaml",
        "jobs:\n  - {id: later, account: brand-club, at: 2027-03-20 22:00, broadcast: {filter: {tag_id: 2}, mpnews: {media_id: L}}}\n",
    );

    for command in ["check", "submit"] {
        let (answer, text) = world.run(&[command, "--json", &pulls, &later]);
        assert_eq!(answer.unwrap(), Answer::Yes);
        let view: Value = serde_json::from_str(&text).unwrap();
        let jobs = view["files"][0]["jobs"].as_array().unwrap();
        let warnings: Vec<_> = jobs.iter().map(|job| &job["warnings"]).collect();
        assert_eq!(
            warnings,
            [
                &json!([]),
                &json!(["it deletes nothing: no job has the id nwes"]),
                &json!(["it deletes nothing: job slow is of account brand-daily"]),
                &json!([]),
            ],
            "{command}"
        );
    }
}

const MENUS: &str = "jobs:
  - id: menu
    account: brand-club
    at: 2027-03-20 19:00
    menu: {button: [{type: click, name: 今日新歌榜, key: V1}, {name: 菜单, sub_button: [{type: view, name: 搜索, url: 'http://www.soso.com/'}]}]}
  - {id: door, account: brand-club, at: 2027-03-20 19:10, qrcode: {action_name: QR_LIMIT_STR_SCENE, action_info: {scene: {scene_str: 门店-1}}}}
  - {id: poster, account: brand-club, at: 2027-03-20 19:20, qrcode: {expire_seconds: 604800, action_name: QR_SCENE, action_info: {scene: {scene_id: 123}}}}
";

/// The menu that stood before the one of that file, made on the website.
fn stood_before() -> Value {
    json!([
        { "type": "text", "name": "今日新歌榜", "value": "明天见" },
        { "name": "菜单", "sub_button": [
            { "type": "view", "name": "搜索", "url": "http://www.soso.com/" },
            { "type": "click", "name": "赞一下我们", "key": "V1001_GOOD" },
        ] },
    ])
}

/// Lets the jobs of that file be done; each code is answered so.
fn menus_done(tx: &Tx<'_>) -> Result<(), StoreError> {
    let [_, club] = accounts();
    let code = |expires: Value, seconds: Value| {
        json!({
            "ticket": "gQH47joAAAAAAAAAASxodHRwOi8vd2VpeGluLnFxLmNvbS9xLzAyd1BG==",
            "url": "http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI",
            "expire_seconds": seconds,
            "expires_at": expires,
            "picture": "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH47joAAAAAAAAAASxodHRwOi8vd2VpeGluLnFxLmNvbS9xLzAyd1BG%3D%3D",
        })
    };
    for (id, hour, answer) in [
        ("menu", "11:00", json!({ "msg_id": null })),
        ("door", "11:10", code(Value::Null, Value::Null)),
        ("poster", "11:20", code(json!("2027-03-27T19:20:01+08:00"), json!(604_800))),
    ] {
        let job = JobId::parse(id).unwrap();
        let (now, soon) = (at(&format!("{hour}:00")), at(&format!("{hour}:01")));
        let action = tx.action_of_job(&job)?.unwrap();
        let (first, next) = if let Action::Qrcode(code) = action {
            (ApiCall::Qrcode(code), None)
        } else {
            let Action::Menu(MenuChange { to: NewMenu::Menu(menu), .. }) = action else {
                panic!("{action:?}")
            };
            (ApiCall::MenuRead { needed: false }, Some(ApiCall::Menu(menu)))
        };
        tx.begin_action(&job, (&first, None), now)?;
        let mut open = tx.due_api_call("brand-club", now)?.unwrap();
        let mut ask = tx.begin_api_call(&open, "brand-club", now)?;
        if let Some(next) = next {
            tx.write_next_call(&open, &next, now)?;
            tx.api_call_done(ask, &club, &json!({ "menu": stood_before() }), now)?;
            open = tx.due_api_call("brand-club", now)?.unwrap();
            ask = tx.begin_api_call(&open, "brand-club", now)?;
        }
        tx.api_call_done(ask, &club, &answer, soon)?;
    }
    Ok(())
}

#[test]
fn check_tells_what_a_phone_cuts_of_a_menu() {
    let world = World::new();
    let path = world.file("menus.yaml", &tomorrow(MENUS));

    let (answer, text) = world.run(&["check", &path]);

    assert_eq!(answer.unwrap(), Answer::Yes);
    let (_, jobs) = text.split_once('\n').unwrap();
    assert_golden("check-menus.txt", jobs);
}

#[test]
fn the_stories_of_a_menu_and_of_codes() {
    let world = World::new();
    world.take(MENUS);
    world.store().transaction(menus_done).unwrap();

    assert_golden("show-menu.txt", &world.text(&["show", "menu"]));
    assert_golden("show-door.txt", &world.text(&["show", "door"]));
    assert_golden("show-poster.txt", &world.text(&["show", "poster"]));
    assert_golden("quota-menus.txt", &world.text(&["quota", "brand-club"]));
    let jobs = world.json(&["jobs", "--json"]);
    let actions: Vec<_> = jobs.as_array().unwrap().iter().map(|job| &job["action"]).collect();
    assert_eq!(actions, ["menu", "qrcode", "qrcode"]);
}

#[test]
fn the_result_of_a_code_is_its_ticket() {
    let world = World::new();
    world.take(MENUS);
    assert_eq!(world.json(&["show", "door", "--json"])["result"], Value::Null);
    world.store().transaction(menus_done).unwrap();

    let poster = world.json(&["show", "poster", "--json"])["result"].clone();

    assert_eq!(poster["expires_at"], "2027-03-27T19:20:01+08:00");
    assert_eq!(poster["expire_seconds"], 604_800);
    assert!(poster["picture"].as_str().unwrap().ends_with("BG%3D%3D"), "{poster}");
    let menu = world.json(&["show", "menu", "--json"]);
    assert_eq!(menu["result"], Value::Null);
    assert_eq!(menu["menu"]["before"], stood_before());
    assert_eq!(menu["menu"]["after"][0]["key"], "V1");
    let differences = menu["menu"]["differences"].as_array().unwrap();
    let buttons: Vec<_> = differences.iter().map(|one| one["button"].as_str().unwrap()).collect();
    assert_eq!(buttons, ["今日新歌榜", "菜单 / 赞一下我们"]);
    let status = world.json(&["status", "--json"]);
    let rules = status["accounts"][1]["rules"].as_array().unwrap();
    let ever = rules.iter().find(|rule| rule["rule"] == "permanent_qrcodes").unwrap();
    assert_eq!((&ever["used"], &ever["limit"]), (&json!(1), &json!(100_000)));
    assert_eq!((&ever["window"], &ever["resets_at"]), (&json!("ever"), &Value::Null));
}

#[test]
fn a_permanent_code_that_no_longer_fits_is_told_when_it_is_checked() {
    let world = World::new();
    world.take(&tomorrow(MENUS));
    let db = rusqlite::Connection::open(world.path("state/qunfa.db")).unwrap();
    let sql = "INSERT INTO charge (account, rule, \"window\", amount, state)
               VALUES ('brand-club', 'permanent_qrcodes', 'ever', 99999, 'kept')";
    db.execute(sql, []).unwrap();
    let more = tomorrow(
        "jobs:
  - {id: more, account: brand-club, at: 2027-03-20 19:00, qrcode: {action_name: QR_LIMIT_SCENE, action_info: {scene: {scene_id: 5}}}}
",
    );
    let path = world.file("more.yaml", &more);

    let (answer, text) = world.run(&["check", &path]);

    assert_eq!(answer.unwrap(), Answer::No, "{text}");
    let told = "permanent_qrcodes is used up for ever, with what earlier or higher-priority jobs have reserved";
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{text}");
    let status = world.json(&["status", "--json"]);
    let rules = status["accounts"][1]["rules"].as_array().unwrap();
    let ever = rules.iter().find(|rule| rule["rule"] == "permanent_qrcodes").unwrap();
    assert_eq!((&ever["used"], &ever["claimed"]), (&json!(99_999), &json!(1)));
}

#[test]
fn codes_of_a_subscription_account_are_warned_of_and_those_of_a_service_account_are_not() {
    let world = World::new();
    for (account, warned) in [("brand-daily", true), ("brand-club", false)] {
        let job = format!(
            "jobs:\n  - {{id: code, account: {account}, at: 2027-03-21 20:00, qrcode: \
             {{action_name: QR_LIMIT_SCENE, action_info: {{scene: {{scene_id: 5}}}}}}}}\n"
        );
        let path = world.file("code.yaml", &job);

        let (answer, text) = world.run(&["check", &path]);

        assert_eq!(answer.unwrap(), Answer::Yes, "{text}");
        assert_eq!(text.contains("48001"), warned, "{account}: {text}");
    }
}

#[test]
fn the_codes_of_an_account_are_listed_with_what_they_brought() {
    let world = World::new();
    assert!(world.text(&["qrcodes", "brand-club"]).contains("has no codes"));
    world.take(MENUS);
    world.store().transaction(menus_done).unwrap();
    let day = Window::containing(Span::Day, at("11:00:00"));
    let scans = |tx: &Tx<'_>| -> Result<(), StoreError> {
        for (scene, event) in
            [("门店-1", "subscribe"), ("门店-1", "scan"), ("门店-1", "scan"), ("old", "scan")]
        {
            tx.count_scan("brand-club", (scene, event), day)?;
        }
        tx.count_scan("brand-club", ("门店-1", "scan"), day.next())
    };
    world.store().transaction(scans).unwrap();

    let shown = world.text(&["qrcodes", "brand-club"]);
    let folder = world.path("state/qrcodes").display().to_string();
    assert_golden("qrcodes.txt", &shown.replace(&folder, "STATE/qrcodes"));
    let told = world.json(&["qrcodes", "brand-club", "--json"]);
    let codes = told["codes"].as_array().unwrap();
    let scenes: Vec<_> = codes.iter().map(|code| code["scene"].as_str().unwrap()).collect();
    assert_eq!(scenes, ["123", "old", "门店-1"]);
    assert_eq!((&codes[2]["subscribed"], &codes[2]["scanned"]), (&json!(1), &json!(3)));
    let days = json!([
        { "day": "2027-03-20", "subscribed": 1, "scanned": 2 },
        { "day": "2027-03-21", "subscribed": 0, "scanned": 1 },
    ]);
    assert_eq!(codes[2]["days"], days);
    assert_eq!((&codes[2]["job"], &codes[1].get("job")), (&json!("door"), &None));
}

#[test]
fn a_job_that_leaves_few_permanent_codes_is_warned_of() {
    let world = World::new();
    world.take(&tomorrow(MENUS));
    for (last, warned) in [(89_999, true), (89_998, false)] {
        let job = format!(
            "jobs:\n  - {{id: codes, account: brand-club, at: 2027-03-21 20:00, qrcode: \
             {{action_name: QR_LIMIT_SCENE, scenes: {{from: 80001, to: {last}}}}}}}\n"
        );
        let db = rusqlite::Connection::open(world.path("state/qunfa.db")).unwrap();
        let sql = "INSERT INTO charge (account, rule, \"window\", amount, state)
                   VALUES ('brand-club', 'permanent_qrcodes', 'ever', 80000, 'kept')";
        db.execute("DELETE FROM charge", []).unwrap();
        db.execute(sql, []).unwrap();
        let path = world.file("codes.yaml", &job);

        let (answer, text) = world.run(&["check", &path]);

        assert_eq!(answer.unwrap(), Answer::Yes, "{text}");
        assert_eq!(text.contains("permanent codes are used"), warned, "{text}");
    }
}
